"""Merging two records: what is taken, what follows, what is mended, and that it can be seen afterwards."""

from __future__ import annotations

import pytest
from tests.services.merged import PEORIA, add, choice, merged, two

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue, NotFound
from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    CustomValue,
    DistinctPair,
    District,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    Rule,
    Silo,
    SiloShare,
    Site,
    Tag,
    Tagging,
)
from partners_crm.services import custom_fields, placing, records
from partners_crm.services.merging import plan_merge
from partners_crm.store.merges import folded_into, survivor_of
from partners_crm.store.read import by_id, where

# -------------------------------------------------------------------- fields


def test_blanks_are_filled_and_what_the_survivor_says_stays(crm: Crm) -> None:
    above = add(crm, Organization, name="Above", kind="association")
    keep, lose = two(crm, {"kind": "provider"}, {"kind": "advocacy", "parent": above.id})
    plan = plan_merge(crm.db, Organization, keep, lose)
    told = {each.name: (each.kept, each.other, each.state, each.taken, each.result) for each in plan.fields}
    assert told == {
        "name": ("Alder House", "Alder Homes", "differ", "kept", "Alder House"),
        "kind": ("Provider", "Advocacy group", "differ", "kept", "Provider"),
        "parent": ("", "Above", "only other", "other", "Above"),
        "successor": ("", "", "empty", "none", ""),
        "note": ("", "", "empty", "none", ""),
        "archived_on": ("", "", "empty", "none", ""),
    }
    assert [each.name for each in plan.differing()] == ["name", "kind"]
    merged(crm, keep, lose)
    survivor = by_id(crm.db, Organization, keep)
    assert (survivor.name, survivor.kind, survivor.parent) == ("Alder House", "provider", above.id)


def test_a_person_takes_the_other_value(crm: Crm) -> None:
    keep, lose = two(crm, {"kind": "provider", "note": "mine"}, {"kind": "advocacy", "note": "theirs"})
    plan = merged(crm, keep, lose, takes={"name": "other", "kind": "other", "note": "kept"})
    survivor = by_id(crm.db, Organization, keep)
    assert (survivor.name, survivor.kind, survivor.note) == ("Alder Homes", "advocacy", "mine")
    assert choice(plan, "name").why == "as was asked"
    # The name that was not taken is the survivor's own.
    assert [each.name for each in where(crm.db, OtherName, organization=keep)] == ["Alder House"]


@pytest.mark.parametrize(
    ("mine", "theirs", "result"),
    [
        ("one", "two", "one\n\ntwo"),
        ("", "two", "two"),
        ("one", "", "one"),
        ("one and two", "two", "one and two"),
        ("one", "one", "one"),
    ],
)
def test_notes_are_joined(crm: Crm, mine: str, theirs: str, result: str) -> None:
    keep, lose = two(crm, {"note": mine}, {"note": theirs})
    merged(crm, keep, lose)
    assert by_id(crm.db, Organization, keep).note == result


@pytest.mark.parametrize(
    ("mine", "theirs", "result"),
    [("2020-01", "2021-02", "2020-01"), ("", "2021-02", ""), ("2020-01", "", "")],
)
def test_put_away_only_where_both_are(crm: Crm, mine: str, theirs: str, result: str) -> None:
    keep, lose = two(crm, {"archived_on": mine}, {"archived_on": theirs})
    merged(crm, keep, lose)
    assert by_id(crm.db, Organization, keep).archived_on == result


@pytest.mark.parametrize(
    ("name", "kind"),
    [("AH", "acronym"), ("Alder Homes", "other"), ("ALDER  house", None), ("alder-house", None)],
)
def test_the_other_name_stays_known(crm: Crm, name: str, kind: str | None) -> None:
    keep, lose = two(crm, second={"name": name})
    merged(crm, keep, lose)
    found = [(each.name, each.kind) for each in where(crm.db, OtherName, organization=keep)]
    assert found == ([] if kind is None else [(name, kind)])


def test_the_name_of_one_that_became_the_survivor_is_a_former_one(crm: Crm) -> None:
    keep, lose = two(crm)
    with crm.changes("renamed") as unit:
        records.edit(unit, by_id(crm.db, Organization, lose), successor=keep)
    plan = merged(crm, keep, lose)
    assert [each.kind for each in where(crm.db, OtherName, organization=keep)] == ["former"]
    assert by_id(crm.db, Organization, keep).successor is None
    assert any("Became" in line for line in plan.mended)


def test_do_not_contact_survives(crm: Crm) -> None:
    keep, lose = add(crm, Contact, name="Dana Reyes"), add(crm, Contact, name="Dana Reyes", do_not_contact=True)
    with pytest.raises(InvalidValue, match="survives every merge"):
        merged(crm, keep.id, lose.id, Contact, takes={"do_not_contact": "kept"})
    merged(crm, keep.id, lose.id, Contact)
    assert by_id(crm.db, Contact, keep.id).do_not_contact


def test_the_names_of_a_contact_are_of_one_side(crm: Crm) -> None:
    keep = add(crm, Contact, name="Dana Reyes", given_name="Dana", family_name="Reyes")
    lose = add(crm, Contact, name="Daniela Reyes-Okafor", given_name="Daniela", family_name="Reyes-Okafor")
    with pytest.raises(InvalidValue, match="taken from one side"):
        plan_merge(crm.db, Contact, keep.id, lose.id, {"name": "other", "given_name": "kept"})
    merged(crm, keep.id, lose.id, Contact, takes={"family_name": "other"})
    survivor = by_id(crm.db, Contact, keep.id)
    assert (survivor.name, survivor.given_name, survivor.family_name) == (
        "Daniela Reyes-Okafor",
        "Daniela",
        "Reyes-Okafor",
    )


def test_the_parts_of_an_address_are_of_one_side_with_its_point(crm: Crm) -> None:
    body = add(crm, Organization, name="Alder House")
    keep = add(crm, Site, organization=body.id, **PEORIA)
    lose = add(
        crm, Site, organization=body.id, address="1 N State St", city="Chicago", latitude=41.88, longitude=-87.63
    )
    plan = plan_merge(crm.db, Site, keep.id, lose.id)
    # The point is of the other place, and is not put on this one.
    assert choice(plan, "latitude").taken == "kept"
    merged(crm, keep.id, lose.id, Site, takes={"address": "other"})
    survivor = by_id(crm.db, Site, keep.id)
    assert (survivor.city, survivor.postal_code, survivor.latitude) == ("Chicago", "", 41.88)
    assert survivor.street == "1 N State St"
    assert {each.method for each in where(crm.db, Assignment, site=keep.id, replaced_at="")} == {"point"}


def test_a_point_of_the_same_place_is_taken_over(crm: Crm) -> None:
    body = add(crm, Organization, name="Alder House")
    keep = add(crm, Site, organization=body.id, **PEORIA)
    lose = add(crm, Site, organization=body.id, **PEORIA, latitude=40.6936, longitude=-89.589, match_level=80)
    merged(crm, keep.id, lose.id, Site)
    survivor = by_id(crm.db, Site, keep.id)
    assert (survivor.latitude, survivor.longitude, survivor.match_level) == (40.6936, -89.589, 80)
    assert {each.method for each in where(crm.db, Assignment, site=keep.id, replaced_at="")} == {"point"}


def test_a_site_that_lasts_does_not_end_and_a_headquarters_stays_one(crm: Crm) -> None:
    body = add(crm, Organization, name="Alder House")
    keep = add(crm, Site, organization=body.id, since="2011", **PEORIA)
    lose = add(crm, Site, organization=body.id, kind="hq", since="2009", until="2015", **PEORIA)
    merged(crm, keep.id, lose.id, Site)
    survivor = by_id(crm.db, Site, keep.id)
    assert (survivor.kind, survivor.since, survivor.until) == ("hq", "2011", "")
    assert ("Until", "2015") in folded_into(crm.db, Site, keep.id)[0].values


def test_fields_of_the_coalition_are_fields_of_the_plan(crm: Crm) -> None:
    keep, lose = two(crm)
    with crm.changes("own") as unit:
        for label in ("Chair", "Beds", "Van"):
            custom_fields.define(unit, Organization, label, "text")
        bodies = [by_id(crm.db, Organization, key) for key in (keep, lose)]
        custom_fields.set_values(unit, bodies[0], {"chair": "Dana", "beds": "12"})
        custom_fields.set_values(unit, bodies[1], {"chair": "Lee", "beds": "15", "van": "yes"})
    plan = merged(crm, keep, lose, takes={"beds": "other"})
    assert [(each.name, each.taken, each.result) for each in plan.fields if each.own] == [
        ("chair", "kept", "Dana"),
        ("beds", "other", "15"),
        ("van", "other", "yes"),
    ]
    assert custom_fields.values_of(crm.db, Organization, [keep])[keep] == {"chair": "Dana", "beds": "15", "van": "yes"}
    assert len(where(crm.db, CustomValue)) == 3
    (told,) = folded_into(crm.db, Organization, keep)
    assert ("Chair", "Lee") in told.values


@pytest.mark.parametrize(
    ("takes", "error"),
    [
        ({"color": "other"}, NotFound),
        ({"name": "theirs"}, InvalidValue),
        ({"name": "both"}, InvalidValue),
        ({"id": "other"}, NotFound),
    ],
)
def test_a_decision_that_cannot_be_is_refused(crm: Crm, takes: dict[str, str], error: type[Exception]) -> None:
    keep, lose = two(crm)
    with pytest.raises(error):
        merged(crm, keep, lose, takes=takes)
    assert by_id(crm.db, Organization, lose)


# -------------------------------------------------------------------- relations


def test_what_says_the_same_is_folded_and_what_differs_moves(crm: Crm) -> None:
    keep, lose = two(crm)
    dana, lee = (add(crm, Contact, name=name).id for name in ("Dana Reyes", "Lee Okafor"))
    for body in (keep, lose):
        add(crm, ContactPoint, organization=body, raw="312-555-0142")
        add(crm, Identifier, organization=body, system="list", value="A1")
        add(crm, Role, contact=dana, organization=body, title="Director" if body == lose else "")
        add(crm, Membership, organization=body, status="active", recorded_on="2020" if body == lose else "2024")
    add(crm, ContactPoint, organization=lose, raw="312-555-0199")
    add(crm, Role, contact=lee, organization=lose)
    add(crm, Membership, organization=lose, status="lapsed", since="2001", until="2010")
    plan = merged(crm, keep, lose)
    counts = {(each.entity, each.link): (each.moved, each.folded) for each in plan.relations}
    assert counts == {
        ("identifier", "organization"): (0, 1),
        ("role", "organization"): (1, 1),
        ("contact_point", "organization"): (1, 1),
        ("membership", "organization"): (1, 1),
    }
    assert (plan.moved, plan.folded) == (3, 4)
    assert [(each.contact, each.title) for each in where(crm.db, Role, organization=keep)] == [
        (dana, "Director"),
        (lee, ""),
    ]
    # Both memberships are dated facts; the same one is known since the earlier day.
    assert [(each.status, each.since, each.recorded_on) for each in where(crm.db, Membership, organization=keep)] == [
        ("active", "", "2020"),
        ("lapsed", "2001", ""),
    ]


def test_memberships_that_contradict_each_other_are_both_kept(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, Membership, organization=keep, since="2011", tier="gold")
    add(crm, Membership, organization=lose, since="2011", tier="silver")
    merged(crm, keep, lose)
    assert [each.tier for each in where(crm.db, Membership, organization=keep)] == ["gold", "silver"]


def test_marks_of_an_address_survive_the_folding(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, ContactPoint, organization=keep, raw="a@example.org")
    bad = add(crm, ContactPoint, organization=lose, raw="A@example.org", status="bounced", do_not_contact=True)
    merged(crm, keep, lose)
    (point,) = where(crm.db, ContactPoint, organization=keep)
    assert (point.raw, point.status, point.do_not_contact) == ("a@example.org", "bounced", True)
    assert ("As typed", "A@example.org") in folded_into(crm.db, ContactPoint, point.id)[0].values
    assert survivor_of(crm.db, ContactPoint, bad.id) == point.id


def test_one_primary_contact_stays(crm: Crm) -> None:
    keep, lose = two(crm)
    for body, name in ((keep, "Dana"), (lose, "Lee"), (lose, "Ana")):
        add(crm, Role, contact=add(crm, Contact, name=name).id, organization=body, is_primary=name != "Ana")
    past = add(crm, Contact, name="Bo")
    add(crm, Role, contact=past.id, organization=lose, is_primary=True, until="2020")
    plan = merged(crm, keep, lose)
    assert [each.is_primary for each in where(crm.db, Role, organization=keep)] == [True, False, False, True]
    assert any(line.startswith("one primary contact") for line in plan.mended)


def test_the_only_primary_contact_stays_one(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, Role, contact=add(crm, Contact, name="Lee").id, organization=lose, is_primary=True)
    plan = merged(crm, keep, lose)
    assert [each.is_primary for each in where(crm.db, Role, organization=keep)] == [True]
    assert plan.mended == ()


@pytest.mark.parametrize(
    ("mine", "theirs", "result"),
    [
        ({0: 1.0}, {1: 1.0}, {0: 0.5, 1: 0.5}),
        ({0: 0.75, 1: 0.25}, {0: 1.0}, {0: 0.75, 1: 0.25}),
        ({0: 1.0}, {0: 0.5, 1: 0.5}, {0: 0.75, 1: 0.25}),
        ({0: None, 1: None}, {0: 0.8, 1: 0.2}, {0: 0.8, 1: 0.2}),
        ({0: None}, {1: None}, {0: None, 1: None}),
        ({0: None}, {1: 1.0}, {0: 0.5, 1: 0.5}),
        ({}, {1: 1.0}, {1: 1.0}),
    ],
)
def test_the_weights_of_the_silos(
    crm: Crm, mine: dict[int, float | None], theirs: dict[int, float | None], result: dict[int, float | None]
) -> None:
    keep, lose = two(crm)
    silos = [each.id for each in where(crm.db, Silo)]
    for body, some in ((keep, mine), (lose, theirs)):
        for place, weight in some.items():
            add(crm, SiloShare, organization=body, silo=silos[place], weight=weight)
    merged(crm, keep, lose)
    found = {silos.index(each.silo): each.weight for each in where(crm.db, SiloShare, organization=keep)}
    assert found == pytest.approx(result) if None not in result.values() else found == result


def test_one_headquarters_stays(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, Site, organization=keep, kind="hq", **PEORIA)
    other = add(crm, Site, organization=lose, kind="hq", address="1 N State St", city="Chicago", postal_code="60602")
    plan = merged(crm, keep, lose)
    assert (by_id(crm.db, Site, other.id).kind, by_id(crm.db, Site, other.id).organization) == ("service", keep)
    assert any(line.startswith("one headquarters") for line in plan.mended)


def test_the_same_site_is_one_with_what_hangs_on_it(crm: Crm) -> None:
    keep, lose = two(crm)
    mine = add(crm, Site, organization=keep, **PEORIA)
    theirs = add(crm, Site, organization=lose, name="Main", kind="hq", **PEORIA | {"address": "12 Water Street"})
    add(crm, ContactPoint, site=mine.id, raw="312-555-0142")
    add(crm, ContactPoint, site=theirs.id, raw="(312) 555-0142")
    add(crm, ContactPoint, site=theirs.id, raw="312-555-0199")
    district = where(crm.db, District, chamber="house")[4]
    with crm.changes("decide") as unit:
        placing.decide(unit, theirs, district.id, "asked the director")
    merged(crm, keep, lose)
    (site,) = where(crm.db, Site, organization=keep)
    assert (site.id, site.name, site.kind, site.address) == (mine.id, "Main", "hq", "12 Water St")
    assert [each.raw for each in where(crm.db, ContactPoint, site=site.id)] == ["312-555-0142", "312-555-0199"]
    # What a person decided holds, though the other site knew it; what was computed beside it does not.
    held = where(crm.db, Assignment, site=site.id, replaced_at="")
    same_map = {each.id for each in where(crm.db, District, map=district.map)}
    assert [(each.district, each.method) for each in held if each.district in same_map] == [(district.id, "manual")]


def test_a_mailing_address_is_no_site(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, Site, organization=keep, kind="service", **PEORIA)
    add(crm, Site, organization=lose, kind="mailing", **PEORIA)
    merged(crm, keep, lose)
    assert sorted(each.kind for each in where(crm.db, Site, organization=keep)) == ["mailing", "service"]


def test_a_tie_with_itself_is_dropped_and_said(crm: Crm) -> None:
    keep, lose = two(crm, second={"kind": "association"})
    add(crm, Affiliation, organization=keep, association=lose)
    other = add(crm, Organization, name="Other")
    add(crm, Affiliation, organization=other.id, association=lose)
    plan = merged(crm, keep, lose)
    assert [(each.organization, each.association) for each in where(crm.db, Affiliation)] == [(other.id, keep)]
    assert sum(each.dropped for each in plan.relations) == 1


def test_a_circle_of_parents_is_cut_and_said(crm: Crm) -> None:
    keep, lose = two(crm)
    middle = add(crm, Organization, name="Middle", parent=keep)
    with crm.changes("parents") as unit:
        records.edit(unit, by_id(crm.db, Organization, lose), parent=middle.id)
    plan = merged(crm, keep, lose)
    assert by_id(crm.db, Organization, keep).parent is None
    assert by_id(crm.db, Organization, middle.id).parent == keep
    assert '"Part of" of the other led back to the record itself, and is cut' in plan.mended


def test_an_affiliate_goes_up_into_what_the_other_is_part_of(crm: Crm) -> None:
    above = add(crm, Organization, name="Above")
    keep, lose = two(crm)
    with crm.changes("parents") as unit:
        records.edit(unit, by_id(crm.db, Organization, keep), parent=lose)
        records.edit(unit, by_id(crm.db, Organization, lose), parent=above.id)
    plan = merged(crm, keep, lose)
    assert by_id(crm.db, Organization, keep).parent == above.id
    assert any("an affiliate and its parent" in line for line in plan.warnings)


def test_two_numbers_of_one_system_are_warned_of_and_kept(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, Identifier, organization=keep, system="ein", value="36-1234567")
    add(crm, Identifier, organization=lose, system="ein", value="36-7654321")
    add(crm, Rule, name="theirs", kind="coverage", terms='of="Alder Homes"')
    plan = merged(crm, keep, lose)
    assert any("36-1234567" in line and "36-7654321" in line for line in plan.warnings)
    assert any(line.startswith("the rule theirs names it") for line in plan.warnings)
    assert len(where(crm.db, Identifier, organization=keep)) == 2


def test_what_was_declared_not_the_same_has_to_be_forced(crm: Crm) -> None:
    keep, lose = two(crm)
    other, more = (add(crm, Organization, name=name).id for name in ("Other", "More"))
    add(crm, DistinctPair, organization=keep, other_organization=lose, reason="two towns")
    add(crm, DistinctPair, organization=keep, other_organization=other, reason="mine")
    add(crm, DistinctPair, organization=other, other_organization=lose, reason="theirs")
    add(crm, DistinctPair, organization=more, other_organization=lose, reason="more")
    assert plan_merge(crm.db, Organization, keep, lose).distinct == "two towns"
    with pytest.raises(Conflict, match="were declared not the same: two towns"):
        merged(crm, keep, lose)
    merged(crm, keep, lose, force=True)
    found = [(each.organization, each.other_organization, each.reason) for each in where(crm.db, DistinctPair)]
    assert found == [(keep, other, "mine"), (keep, more, "more")]


def test_tags_become_one_under_either_name(crm: Crm) -> None:
    keep, lose = add(crm, Tag, name="lobby day"), add(crm, Tag, name="Lobby days 2026")
    one, other = two(crm)
    add(crm, Tagging, tag=keep.id, organization=one)
    add(crm, Tagging, tag=lose.id, organization=one)
    add(crm, Tagging, tag=lose.id, organization=other)
    merged(crm, keep.id, lose.id, Tag, takes={"name": "other"})
    assert [each.name for each in where(crm.db, Tag)] == ["Lobby days 2026"]
    assert [(each.tag, each.organization) for each in where(crm.db, Tagging)] == [(keep.id, one), (keep.id, other)]
    crm.undo()
    assert [each.name for each in where(crm.db, Tag)] == ["lobby day", "Lobby days 2026"]
    assert len(where(crm.db, Tagging)) == 3
