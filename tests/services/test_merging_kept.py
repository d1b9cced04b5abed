"""What a merge must not leave behind: two of what is one, values that nobody kept, questions that find nothing."""

from __future__ import annotations

import pytest
from tests.services.merged import PEORIA, add, choice, merged, two

from partners_crm.crm import Crm
from partners_crm.model import (
    Contact,
    ContactPoint,
    CustomValue,
    Membership,
    Organization,
    OtherName,
    Role,
    Rule,
    SavedSearch,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
)
from partners_crm.services import custom_fields, records
from partners_crm.services.history import record_history
from partners_crm.services.merging import plan_merge
from partners_crm.services.merging.plan import Fold, left_of, not_taken
from partners_crm.store.merges import folded_into
from partners_crm.store.read import by_id, where

CHICAGO = {"address": "1 Oak St", "city": "Chicago", "postal_code": "60602"}

# -------------------------------------------------------------------- one of what is one


@pytest.mark.parametrize("until", ["", "2020"])
def test_a_contact_of_both_does_not_become_a_second_primary_one(crm: Crm, until: str) -> None:
    keep, lose = two(crm)
    ana, bo = (add(crm, Contact, name=name).id for name in ("Ana", "Bo"))
    add(crm, Role, contact=ana, organization=keep, is_primary=True)
    add(crm, Role, contact=bo, organization=keep, until=until)
    gone = add(crm, Role, contact=bo, organization=lose, until=until, is_primary=True)
    plan = merged(crm, keep, lose)
    found = {each.contact: each.is_primary for each in where(crm.db, Role, organization=keep)}
    # Of a job that is over it is a fact of the past.
    assert found == {ana: True, bo: bool(until)}
    assert [line for line in plan.mended if "primary" in line] == (
        [] if until else ["one primary contact: the survivor's stays, that of the other stays a contact"]
    )
    (fold,) = plan.folds
    assert fold.lost == gone.id
    assert (("Primary contact", "no", "yes") in fold.left) is not bool(until)


def test_the_survivors_primary_contact_stays_among_several_of_the_other(crm: Crm) -> None:
    keep, lose = two(crm)
    ana, bo, cy = (add(crm, Contact, name=name).id for name in ("Ana", "Bo", "Cy"))
    # The one that is promoted by the other's word stands before the survivor's own.
    add(crm, Role, contact=bo, organization=keep)
    add(crm, Role, contact=ana, organization=keep, is_primary=True)
    for contact in (ana, bo, cy):
        add(crm, Role, contact=contact, organization=lose, is_primary=True)
    plan = merged(crm, keep, lose)
    assert {each.contact: each.is_primary for each in where(crm.db, Role, organization=keep)} == {
        bo: False,
        ana: True,
        cy: False,
    }
    assert [line for line in plan.mended if line.startswith("one primary contact")] == [
        "one primary contact: the survivor's stays, the primary contact of the other comes as a contact",
        "one primary contact: the survivor's stays, that of the other stays a contact",
    ]


def test_a_site_of_both_does_not_become_a_second_headquarters(crm: Crm) -> None:
    keep, lose = two(crm)
    peoria = add(crm, Site, organization=keep, kind="service", **PEORIA)
    oak = add(crm, Site, organization=keep, kind="hq", **CHICAGO)
    add(crm, Site, organization=lose, kind="hq", **PEORIA)
    plan = merged(crm, keep, lose)
    assert {each.id: each.kind for each in where(crm.db, Site, organization=keep)} == {
        oak.id: "hq",
        peoria.id: "service",
    }
    assert plan.mended == ("one headquarters: the survivor's stays, that of the other stays what it was here",)
    assert ("Kind", "Headquarters") in folded_into(crm.db, Site, peoria.id)[0].values


# -------------------------------------------------------------------- what was given up


def test_what_the_survivor_gives_up_is_kept_and_told(crm: Crm) -> None:
    keep, lose = two(crm, {"kind": "provider", "archived_on": "2020-01"}, {"kind": "advocacy"})
    with crm.changes("own") as unit:
        custom_fields.define(unit, Organization, "Budget", "text")
        for key, said in ((keep, "100"), (lose, "250")):
            custom_fields.set_values(unit, by_id(crm.db, Organization, key), {"budget": said})
    plan = merged(crm, keep, lose, takes={"name": "other", "budget": "other"})
    assert not_taken(plan) == {
        "Name, the survivor's": "Alder House",
        "Kind": "Advocacy group",
        "Archived on, the survivor's": "2020-01",
        "Budget, the survivor's": "100",
    }
    (told,) = folded_into(crm.db, Organization, keep)
    assert dict(told.values) == not_taken(plan)
    card = crm.card(Organization, keep)
    section = next(each for each in card.sections if each.title == "Merged into it")
    assert "not taken: Budget, the survivor's: 100" in [row.value for row in section.rows]
    history = record_history(crm.db, by_id(crm.db, Organization, keep))
    entry = next(each for each in history if each.action == "merge")
    assert ("Name, the survivor's, not taken", "Alder House", "") in entry.fields
    (value,) = where(crm.db, CustomValue)
    assert folded_into(crm.db, CustomValue, value.id)[0].values == (("Value, the survivor's", "100"),)
    crm.undo()
    assert folded_into(crm.db, Organization, keep) == ()


def test_what_a_folded_record_makes_the_other_give_up_is_kept(crm: Crm) -> None:
    keep, lose = two(crm)
    silo = where(crm.db, Silo)[0].id
    add(crm, SiloShare, organization=keep, silo=silo, weight=0.5)
    add(crm, SiloShare, organization=keep, silo=where(crm.db, Silo)[1].id, weight=0.5)
    add(crm, SiloShare, organization=lose, silo=silo, weight=0.2)
    add(crm, SiloShare, organization=lose, silo=where(crm.db, Silo)[2].id, weight=0.8)
    add(crm, Membership, organization=keep, recorded_on="2024")
    add(crm, Membership, organization=lose, recorded_on="2020")
    point = add(crm, ContactPoint, organization=keep, raw="312-555-0142", status="former")
    add(crm, ContactPoint, organization=lose, raw="312-555-0142", status="bounced")
    plan = merged(crm, keep, lose)
    given_up = {fold.entity: fold.given_up for fold in plan.folds}
    assert given_up == {
        "silo_share": (("Weight", "0.35", "0.5"),),
        "membership": (("Recorded on", "2020", "2024"),),
        "contact_point": (("Status", "Bounced", "No longer in use"),),
    }
    (share,) = [each for each in where(crm.db, SiloShare, organization=keep) if each.silo == silo]
    assert folded_into(crm.db, SiloShare, share.id)[0].values == (("Weight", "0.2"), ("Weight, the survivor's", "0.5"))
    assert folded_into(crm.db, ContactPoint, point.id)[0].values == (("Status, the survivor's", "No longer in use"),)


def test_what_a_folded_site_says_in_a_field_of_the_coalition_is_kept_with_it(crm: Crm) -> None:
    bodies = two(crm)
    sites = [add(crm, Site, organization=body, **PEORIA) for body in bodies]
    with crm.changes("own") as unit:
        for label in ("Beds", "Van"):
            custom_fields.define(unit, Site, label, "text")
        custom_fields.set_values(unit, sites[0], {"beds": "12"})
        custom_fields.set_values(unit, sites[1], {"beds": "14", "van": "yes"})
    plan = merged(crm, *bodies)
    assert [fold.left for fold in plan.folds if fold.entity == "site"] == [(("Beds", "12", "14"),)]
    assert custom_fields.values_of(crm.db, Site, [sites[0].id])[sites[0].id] == {"beds": "12", "van": "yes"}
    assert folded_into(crm.db, Site, sites[0].id)[0].values == (("Beds", "14"),)
    section = next(each for each in crm.card(Site, sites[0].id).sections if each.title == "Merged into it")
    assert "not taken: Beds: 14" in [row.value for row in section.rows]


def test_no_value_hides_another_one_of_the_same_label(crm: Crm) -> None:
    keep, lose = two(crm, {"kind": "provider"}, {"kind": "advocacy"})
    with crm.changes("own") as unit:
        custom_fields.define(unit, Organization, "Kind", "text", key="kind_of_home")
        for key, said in ((keep, "large"), (lose, "small")):
            custom_fields.set_values(unit, by_id(crm.db, Organization, key), {"kind_of_home": said})
    assert not_taken(merged(crm, keep, lose)) == {
        "Name": "Alder Homes",
        "Kind": "Advocacy group",
        "Kind (2)": "small",
    }
    both = Fold("role", 1, 2, "", (), (("Title", "Chair", "Aide"),), (("Title", "Chair", "Clerk"),))
    assert left_of(both) == {"Title": "Aide", "Title, the survivor's": "Clerk"}


# -------------------------------------------------------------------- memberships


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("mine", "theirs", "dates"),
    [
        ({}, {"since": "2023-05"}, [("2023-05", "")]),
        ({"tier": "gold"}, {"tier": "Gold", "since": "2023-05"}, [("2023-05", "")]),
        ({"status": "lapsed"}, {"status": "lapsed", "since": "2001", "until": "2010"}, [("2001", "2010")]),
        ({"recorded_on": "2025"}, {"since": "2023-05"}, [("2023-05", "")]),
        # These are two.
        ({"since": "2021"}, {"since": "2023-05"}, [("2021", ""), ("2023-05", "")]),
        ({"since": "2023"}, {"since": "2023-05"}, [("2023", ""), ("2023-05", "")]),
        ({"tier": "gold"}, {"tier": "silver", "since": "2023-05"}, [("", ""), ("2023-05", "")]),
        ({"tier": "gold"}, {"since": "2023-05"}, [("", ""), ("2023-05", "")]),
        ({"status": "lapsed"}, {"since": "2023-05"}, [("", ""), ("2023-05", "")]),
        # One that lasts is not ended by one that is over, nor was it known before it began.
        ({}, {"since": "2001", "until": "2010"}, [("", ""), ("2001", "2010")]),
        ({"recorded_on": "2019"}, {"since": "2023-05"}, [("", ""), ("2023-05", "")]),
    ],
)
def test_a_membership_without_dates_is_the_dated_one(
    crm: Crm, mine: dict[str, str], theirs: dict[str, str], dates: list[tuple[str, str]], turned: bool
) -> None:
    keep, lose = two(crm)
    for body, values in zip((keep, lose), (theirs, mine) if turned else (mine, theirs), strict=True):
        add(crm, Membership, organization=body, **values)
    plan = merged(crm, keep, lose)
    assert sorted((each.since, each.until) for each in where(crm.db, Membership, organization=keep)) == sorted(dates)
    assert len(plan.folds) == 2 - len(dates)
    crm.undo()
    assert [each.organization for each in where(crm.db, Membership)] == [keep, lose]


def test_two_memberships_of_one_body_do_not_become_one_over_a_third(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, Membership, organization=keep)
    for since in ("2011", "2023-05", ""):
        add(crm, Membership, organization=lose, since=since)
    merged(crm, keep, lose)
    assert sorted(each.since for each in where(crm.db, Membership, organization=keep)) == ["", "2011", "2023-05"]


def test_the_membership_of_the_same_day_comes_before_the_one_without(crm: Crm) -> None:
    keep, lose = two(crm)
    ids = [add(crm, Membership, organization=keep, since=since).id for since in ("", "2011")]
    add(crm, Membership, organization=lose, since="2011")
    plan = merged(crm, keep, lose)
    assert [fold.kept for fold in plan.folds] == [ids[1]]
    assert [each.since for each in where(crm.db, Membership, organization=keep)] == ["", "2011"]


# -------------------------------------------------------------------- nothing to take

NOTHING = "the other says nothing; the survivor's stays"


def test_what_the_other_does_not_say_cannot_be_taken(crm: Crm) -> None:
    above = add(crm, Organization, name="Above")
    keep, lose = two(crm, {"note": "mine", "parent": above.id})
    with crm.changes("own") as unit:
        custom_fields.define(unit, Organization, "Budget", "text")
        custom_fields.set_values(unit, by_id(crm.db, Organization, keep), {"budget": "100"})
    names = ("note", "parent", "budget")
    plan = merged(crm, keep, lose, takes=dict.fromkeys(names, "other"))
    assert {name: (choice(plan, name).taken, choice(plan, name).why) for name in names} == dict.fromkeys(
        names, ("kept", NOTHING)
    )
    survivor = by_id(crm.db, Organization, keep)
    assert (survivor.note, survivor.parent) == ("mine", above.id)
    assert not_taken(plan) == {"Name": "Alder Homes"}


def test_nor_what_a_site_does_not_say(crm: Crm) -> None:
    body = add(crm, Organization, name="Alder House")
    keep = add(crm, Site, organization=body.id, unit="Suite 2", name="Main", **PEORIA)
    lose = add(crm, Site, organization=body.id, address="12 Water Street")
    plan = plan_merge(crm.db, Site, keep.id, lose.id, {"address": "other", "name": "other"})
    assert [(each.taken, each.why) for each in (choice(plan, name) for name in ("address", "unit", "name"))] == [
        ("other", "as was asked"),
        ("kept", NOTHING),
        ("kept", NOTHING),
    ]


# -------------------------------------------------------------------- questions that name it


def _saved(crm: Crm, **values: str) -> None:
    """A saved search, whether it runs or not: what it names may have gone since."""
    with crm.changes("add") as unit:
        unit.add(SavedSearch, **values)


@pytest.mark.parametrize(
    ("lists", "query", "named"),
    [
        ("organizations", "id:{id}", True),
        ("organizations", "kind:provider (id:99 OR -id:7,{id})", True),
        ("organizations", "id:=={id}", False),
        ("organizations", "id:1{id}", False),
        ("organizations", "id:>{id}", False),
        ("organizations", "parent:{id}", True),
        ("organizations", 'parent:"{id}"', False),
        ("contacts", "organization.id:{id}", True),
        ("sites", "organization:{id}", True),
        ("sites", "id:{id}", False),
        ("contacts", 'organization:"alder homes"', True),
        ("contacts", "organization:{uid}", True),
        ("organizations", "name:alder-homes", True),
        ("organizations", "alder homes", True),
        ("organizations", 'association:"ALDER  Homes"', True),
        ("silos", 'silo_share:"Alder Homes"', True),
        ("organizations", "alder", False),
        ("organizations", 'note:"alder homes"', False),
        ("organizations", "employees:{id}", False),
        ("organizations", "tag:{id}", False),
        ("organizations", "((", False),
        ("unheard of", "id:{id}", False),
    ],
)
def test_a_saved_search_that_names_the_one_that_goes_is_told(crm: Crm, lists: str, query: str, named: bool) -> None:
    keep, lose = two(crm)
    text = query.format(id=lose, uid=by_id(crm.db, Organization, lose).uid)
    _saved(crm, name="ours", applies_to=lists, query=text)
    plan = plan_merge(crm.db, Organization, keep, lose)
    assert [line for line in plan.warnings if "saved search" in line] == (
        [f"the saved search ours names it: {text}"] if named else []
    )


@pytest.mark.parametrize(
    ("table", "query"),
    [
        (Contact, "contact:{id}"),
        (Contact, 'contact:"Lee Okafor"'),
        (Site, "site.id:{id}"),
        (Site, 'site:"Second door"'),
        (Tag, "tag:{name}"),
    ],
)
def test_of_every_entity_that_is_merged(crm: Crm, table: type[Table], query: str) -> None:
    body = add(crm, Organization, name="Alder House").id
    own = {"organization": body, "city": "Peoria"} if table is Site else {}
    name = {Contact: "Lee Okafor", Site: "Second door", Tag: "food-bank"}[table]
    keep, lose = (add(crm, table, name=each, **own).id for each in ("First", name))
    lists = "roles" if "contact:" in query else "organizations"
    text = query.format(id=lose, name=name)
    _saved(crm, name="ours", applies_to=lists, query=text)
    assert plan_merge(crm.db, table, keep, lose).warnings == (f"the saved search ours names it: {text}",)


def test_names_are_compared_as_they_are_everywhere(crm: Crm) -> None:
    keep, lose = two(crm, {"name": "Peña & Sons"}, {"name": "PENA and Sons"})
    _saved(crm, name="ours", applies_to="contacts", query='organization:"Peña & Sons"')
    with crm.changes("add") as unit:
        unit.add(Rule, name="theirs", kind="coverage", terms='of="Peña & Sons"')
    # It is the same name: what asks by it finds the survivor.
    assert plan_merge(crm.db, Organization, keep, lose).warnings == ()


def test_the_name_that_is_given_up_is_told_too(crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, Rule, name="mine", kind="coverage", terms='of="alder house"')
    add(crm, Rule, name="theirs", kind="coverage", terms='of="Alder Homes"')
    plan = plan_merge(crm.db, Organization, keep, lose, {"name": "other"})
    assert plan.warnings == ('the rule mine names it: of="alder house"',)


def test_the_edit_of_a_name_does_not_hide_a_number(crm: Crm) -> None:
    keep, lose = two(crm)
    with crm.changes("edit") as unit:
        records.edit(unit, by_id(crm.db, Organization, lose), name="Alder House")
    _saved(crm, name="ours", applies_to="sites", query=f"organization:{lose}")
    add(crm, Rule, name="theirs", kind="coverage", terms=f"chamber=house of={lose}")
    assert plan_merge(crm.db, Organization, keep, lose).warnings == (
        f"the rule theirs names it: chamber=house of={lose}",
        f"the saved search ours names it: organization:{lose}",
    )


@pytest.mark.parametrize(("name", "kind"), [("UWP", "acronym"), ("UWFP", "acronym"), ("UP", "other")])
def test_little_words_count_in_initials_or_do_not(crm: Crm, name: str, kind: str) -> None:
    keep, lose = two(crm, {"name": "United Ways from Peoria"}, {"name": name})
    merged(crm, keep, lose)
    assert [each.kind for each in where(crm.db, OtherName)] == [kind]
