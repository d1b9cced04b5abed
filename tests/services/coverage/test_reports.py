"""Why a district is judged so, who would close a gap, how two answers differ, and answers that were kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import load_map
from partners_crm.errors import CannotDecide, InvalidValue, NotFound, StoreDamaged
from partners_crm.model import (
    Affiliation,
    Contact,
    District,
    Membership,
    Organization,
    Role,
    Silo,
    SiloShare,
    Site,
    Snapshot,
)
from partners_crm.services import placing, records
from partners_crm.services.coverage import Rule, coverage_by_silo, silo_codes
from partners_crm.services.coverage.comparing import diff
from partners_crm.services.coverage.explaining import explain
from partners_crm.services.coverage.gaps import gaps
from partners_crm.services.coverage.snapshots import keep, named
from partners_crm.services.settings import change_setting

LOOP = (41.8839, -87.6270)
PEORIA = (40.6936, -89.5890)
ROCKFORD = (42.2711, -89.0940)
HOUSE = Rule(chamber="house")


def body(crm: Crm, name: str, point: tuple[float, float] | None = LOOP, *, status: str = "active", **site: Any) -> int:
    with crm.changes(f"add {name}") as unit:
        made = records.add(unit, Organization, name=name, kind=site.pop("organization_kind", "provider"))
        if status:
            until = {"lapsed": "2024-05-31", "closed": "2024-05-31"}.get(status, "")
            records.add(unit, Membership, organization=made.id, since="2020", until=until, status=status)
        if point:
            place = {"kind": "hq", "latitude": point[0], "longitude": point[1], **site}
            records.add(unit, Site, organization=made.id, **place)
    return made.id


def house_of(point: tuple[float, float], code: str = "il-2021") -> int:
    found = DistrictIndex(load_map(code)).locate(*point)
    assert found is not None
    return found.number


def is_so(crm: Crm, rule: Rule, number: int) -> str:
    return crm.coverage(rule).of("house")[number - 1].state


# -------------------------------------------------------------------- terms


@pytest.mark.parametrize("level", [3, 4])
def test_what_is_not_recorded_is_undecided_and_never_a_gap(crm: Crm, level: int) -> None:
    body(crm, "Loop Services")
    with pytest.raises(CannotDecide, match="not recorded"):
        crm.coverage(level=level)


def test_level_two_asks_for_headquarters_or_somebody_who_may_vote(crm: Crm) -> None:
    service = body(crm, "Loop Services", kind="service")
    number = house_of(LOOP)
    assert is_so(crm, Rule(), number) == "confirmed"
    assert is_so(crm, Rule(level=2), number) == "gap"
    with crm.changes("a voter") as unit:
        person = records.add(unit, Contact, name="Wren Applegrove")
        records.add(unit, Role, contact=person.id, organization=service, votes_for=True, until="2026-12-31")
    assert is_so(crm, Rule(level=2), number) == "confirmed"
    assert "may vote for it" in crm.coverage(level=2).sentence("house")
    with crm.changes("gone") as unit:
        records.edit(unit, crm.records(Role)[0], until="2025-01-01")
    assert is_so(crm, Rule(level=2), number) == "gap"
    (witness,) = explain(crm.db, crm.today, Rule(level=2), "house", number).witnesses
    assert (witness.certain, witness.counts) == (False, False)
    with crm.changes("this year, some day") as unit:
        records.edit(unit, crm.records(Role)[0], until=str(crm.today.year))
    assert is_so(crm, Rule(level=2), number) == "possible"
    (witness,) = explain(crm.db, crm.today, Rule(level=2), "house", number).witnesses
    assert (witness.certain, witness.counts) == (False, True)
    with crm.changes("away") as unit:
        records.archive(unit, crm.records(Contact)[0], crm.today)
    assert is_so(crm, Rule(level=2), number) == "gap"
    body(crm, "Loop House", kind="hq")
    assert is_so(crm, Rule(level=2), number) == "confirmed"


def test_the_members_of_an_association_are_asked_about_instead(crm: Crm) -> None:
    association = body(crm, "A05 Council of Keepers", None, status="", organization_kind="association")
    theirs = body(crm, "Not Ours", PEORIA, status="")
    body(crm, "Ours")
    with crm.changes("tie") as unit:
        records.add(unit, Affiliation, organization=theirs, association=association, since="2019-01-01", until="2030")
    found = crm.coverage(HOUSE, as_of=date(2026, 11, 24))
    assert found.of("house")[house_of(LOOP) - 1].state == "confirmed"
    found = crm.coverage(Rule(chamber="house", of="a05 council of keepers"))
    assert [each.number for each in found.districts if each.state == "confirmed"] == [house_of(PEORIA)]
    assert "member of A05 Council of Keepers" in found.sentence("house")
    with pytest.raises(CannotDecide, match="no members of A05 Council of Keepers are recorded on 2018"):
        crm.coverage(Rule(of=str(association), map="il-2021"), as_of=date(2018, 1, 1))
    with pytest.raises(NotFound, match="No Such"):
        crm.coverage(of="No Such")


def test_every_silo_by_itself_is_what_each_silo_asked_alone_says(crm: Crm) -> None:
    keys = [body(crm, f"House {place}", point) for place, point in enumerate((LOOP, PEORIA, ROCKFORD))]
    silos = crm.records(Silo)
    with crm.changes("silos") as unit:
        for place, key in enumerate(keys):
            records.add(unit, SiloShare, organization=key, silo=silos[place % 2].id, weight=1.0)
        records.add(unit, SiloShare, organization=keys[0], silo=silos[4].id, weight=0.5)
    for rule in (Rule(), Rule(chamber="senate", basis="hq", min_match=100), Rule(level=2)):
        together = coverage_by_silo(crm.db, crm.today, rule)
        assert list(together) == silo_codes(crm.db)
        for code, found in together.items():
            alone = crm.coverage(Rule(**{**rule.as_data(), "silo": code}))  # type: ignore[arg-type]  # its own terms
            assert found == alone


def test_a_day_under_the_old_map_and_one_under_the_new_say_so(crm: Crm) -> None:
    body(crm, "Loop Services")
    old, new = (crm.coverage(HOUSE, as_of=day) for day in (date(2022, 6, 1), date(2023, 6, 1)))
    assert (old.map_code, new.map_code) == ("il-2011", "il-2021")
    assert "on the map il-2011" in old.sentence("house")
    assert [each.number for each in old.districts if each.state == "confirmed"] == [house_of(LOOP, "il-2011")]
    assert [each.number for each in new.districts if each.state == "confirmed"] == [house_of(LOOP)]
    with pytest.raises(CannotDecide):
        crm.coverage(as_of=date(2012, 6, 1))


def test_the_verdict_and_why_it_is_undecided(crm: Crm) -> None:
    body(crm, "Loop Services")
    assert crm.coverage().verdict == "gaps"
    senate = Rule(chamber="senate", min_match=0, strict=True, max_unassigned=0)
    everywhere = [each for each in crm.records(District) if each.chamber == "house" and each.map == 2]
    with crm.changes("a site in every district") as unit:
        for each in everywhere:
            place = records.add(unit, Site, organization=1, kind="service", address=f"{each.number} Some St")
            placing.state_district(unit, place, each.id)
    assert crm.coverage(senate).verdict == "met"
    body(crm, "Nowhere", None)
    found = crm.coverage(senate)
    assert (found.verdict, found.why) == ("undecided", "1 members have no district, at most 0 may")
    assert crm.coverage(Rule(chamber="senate", strict=True)).verdict == "undecided"
    assert crm.coverage(Rule(chamber="senate")).verdict == "met"


# -------------------------------------------------------------------- explain


def test_a_confirmed_district_names_its_witness_and_a_gap_none(crm: Crm) -> None:
    body(crm, "Loop Services")
    number = house_of(LOOP)
    found = explain(crm.db, crm.today, Rule(), "house", number)
    (witness,) = found.witnesses
    assert (witness.name, witness.certain, witness.doubts, witness.share) == ("Loop Services", True, (), 1.0)
    assert witness.membership == "since 2020"
    assert found.sentence == (
        f"House {number} is covered: it has 1 organization that was a member on 24 November 2026 and has a site inside"
        " the district, on the map il-2021, with a match of street level or better."
    )
    narrow = explain(crm.db, crm.today, Rule(silo="aging", basis="hq", min_match=75), "house", number)
    assert "has no organization of the silo aging that" in narrow.sentence
    assert "has headquarters inside" in narrow.sentence
    above = explain(crm.db, crm.today, Rule(), "senate", (number + 1) // 2)
    assert above.witnesses == found.witnesses
    empty = explain(crm.db, crm.today, Rule(), "house", 99)
    assert (empty.witnesses, empty.district.state) == ((), "gap")
    assert empty.sentence.startswith("House 99 is a gap: it has no organization that was a member on")


@pytest.mark.parametrize(
    ("membership", "site", "rule", "doubt"),
    [
        ({}, {"match_level": 80}, {"min_match": 100}, "known by street level only, rooftop is asked for"),
        ({"since": "2026"}, {}, {}, "may not have been a member on that day"),
        ({}, {"since": "2026-11"}, {}, "may not have been there on that day"),
    ],
)
def test_a_doubt_is_told(
    crm: Crm, membership: dict[str, str], site: dict[str, Any], rule: dict[str, Any], doubt: str
) -> None:
    key = body(crm, "Loop Services", **site)
    if membership:
        (tie,) = [each for each in crm.records(Membership) if each.organization == key]
        with crm.changes("dates") as unit:
            records.edit(unit, tie, **membership)
    (witness,) = explain(crm.db, crm.today, Rule(**rule), "house", house_of(LOOP)).witnesses
    assert not witness.certain
    assert any(doubt in each for each in witness.doubts), witness.doubts


def test_a_zip_code_is_a_doubt_with_its_share(crm: Crm) -> None:
    body(crm, "Somewhere in it", None)
    with crm.changes("by ZIP") as unit:
        records.add(unit, Site, organization=1, kind="hq", postal_code="60647")
    number, share = load_map("il-2021").zips["house"]["60647"][0]
    (witness,) = explain(crm.db, crm.today, Rule(), "house", number).witnesses
    assert f"{share:.0%} of the area of ZIP 60647 lies here" in witness.doubts


def test_a_district_that_is_not_there_is_named(crm: Crm) -> None:
    for chamber, number in (("house", 119), ("house", 0), ("senate", 60)):
        with pytest.raises(NotFound, match=f"no {chamber} district {number}"):
            explain(crm.db, crm.today, Rule(), chamber, number)


# -------------------------------------------------------------------- gaps


def test_each_gap_names_who_would_close_it(crm: Crm) -> None:
    body(crm, "Loop Services")
    body(crm, "Old Friend", PEORIA, status="lapsed")
    body(crm, "New Friend", PEORIA, status="prospect")
    stranger = body(crm, "Stranger", ROCKFORD, status="")
    body(crm, "Maybe Here", None)
    with crm.changes("by ZIP") as unit:
        records.add(unit, Site, organization=stranger + 1, kind="hq", postal_code="60647")
        association = records.add(unit, Organization, name="A04 Ring of Helpers", kind="association")
        records.add(unit, Affiliation, organization=stranger, association=association.id)
    found = gaps(crm.db, crm.today, HOUSE)
    by_number = {each.district.number: each for each in found.closings}
    assert len(by_number) == 117
    peoria, rockford = by_number[house_of(PEORIA)], by_number[house_of(ROCKFORD)]
    assert [name for _, name in peoria.lapsed] == ["Old Friend"]
    assert [name for _, name in peoria.prospects] == ["New Friend"]
    assert [name for _, name in rockford.others] == ["Stranger"]
    assert [(one.name, one.members) for one in rockford.associations] == [("A04 Ring of Helpers", 1)]
    best = load_map("il-2021").zips["house"]["60647"][0][0]
    assert [name for _, name in by_number[best].ambiguous] == ["Maybe Here"]
    assert all([near.name for near in each.nearest] == ["Loop Services"] for each in found.closings)
    closed = {name for step in found.steps for name in step.closes}
    assert closed == {f"House {house_of(PEORIA)}", f"House {house_of(ROCKFORD)}"}
    # Who was a member or was asked already comes first; of two in one district one is enough.
    assert [step.name for step in found.steps] == ["New Friend", "Stranger"]
    assert found.closable == 2


def test_the_nearest_member_is_measured_to_the_border_and_not_to_a_centre(crm: Crm) -> None:
    body(crm, "Loop Services")
    index = DistrictIndex(load_map("il-2021"))
    found = {each.district.number: each.nearest for each in gaps(crm.db, crm.today, HOUSE).closings}
    for number in (4, 53, 99, 118):
        assert found[number][0].km == round(index.distance_m(number, *LOOP) / 1000, 1)
    senate = {each.district.number: each.nearest for each in gaps(crm.db, crm.today, Rule(chamber="senate")).closings}
    assert senate[50][0].km == min(found[99][0].km, found[100][0].km)


def test_two_are_needed_where_the_rule_says_two(crm: Crm) -> None:
    body(crm, "Loop Services")
    for name in ("First", "Second", "Third"):
        body(crm, name, status="prospect")
    number = house_of(LOOP)
    one = gaps(crm.db, crm.today, Rule(chamber="house", min_count=2)).steps
    assert [(step.name, step.closes, step.helps) for step in one] == [("First", (f"House {number}",), ())]
    three = gaps(crm.db, crm.today, Rule(chamber="house", min_count=3)).steps
    assert [(step.closes, step.helps) for step in three] == [((), (f"House {number}",)), ((f"House {number}",), ())]


def test_what_counts_once_helps_a_district_once(crm: Crm) -> None:
    body(crm, "Loop Services")
    head = body(crm, "Head", None, status="")
    families = [body(crm, name, status="prospect") for name in ("First", "Second")]
    ours = body(crm, "Ours", status="prospect")
    with crm.changes("families") as unit:
        for key in families:
            records.edit(unit, crm.find(Organization, key), parent=head)
        records.edit(unit, crm.find(Organization, ours), parent=crm.find(Organization, "Loop Services").id)
    steps = gaps(crm.db, crm.today, Rule(chamber="house", min_count=3, unit="family")).steps
    assert [step.name for step in steps] == ["First"]
    steps = gaps(crm.db, crm.today, Rule(chamber="house", min_count=4)).steps
    assert [step.name for step in steps] == ["First", "Ours", "Second"]


def test_a_member_of_another_silo_or_of_the_coalition_is_nobody_to_win_back(crm: Crm) -> None:
    first, second = (body(crm, name, point) for name, point in (("Ours", LOOP), ("Other", PEORIA)))
    association = body(crm, "A05 Council of Keepers", None, status="", organization_kind="association")
    left = body(crm, "Left Them", ROCKFORD)
    codes = crm.records(Silo)
    with crm.changes("silos") as unit:
        records.add(unit, SiloShare, organization=first, silo=codes[0].id)
        records.add(unit, SiloShare, organization=second, silo=codes[1].id)
        records.add(unit, Affiliation, organization=first, association=association, since="2020")
        records.add(unit, Affiliation, organization=left, association=association, since="2020", until="2022-12-31")
    assert gaps(crm.db, crm.today, Rule(chamber="house", silo=codes[0].code)).steps == ()
    steps = gaps(crm.db, crm.today, Rule(chamber="house", of=str(association))).steps
    assert [(step.name, step.status) for step in steps] == [("Left Them", "lapsed"), ("Other", "")]


# -------------------------------------------------------------------- diff and snapshots


def test_two_days_show_what_was_lost_and_gained(crm: Crm) -> None:
    body(crm, "Old Friend", PEORIA, status="lapsed")
    with crm.changes("new") as unit:
        made = records.add(unit, Organization, name="Newcomer")
        records.add(unit, Membership, organization=made.id, since="2025-02-01")
        records.add(unit, Site, organization=made.id, kind="hq", latitude=LOOP[0], longitude=LOOP[1])
    found = diff(crm.db, crm.today, HOUSE, "2024-01-15", "today")
    assert [(each.name, each.left) for each in found.lost] == [(f"House {house_of(PEORIA)}", ("Old Friend",))]
    assert [(each.name, each.came) for each in found.gained] == [(f"House {house_of(LOOP)}", ("Newcomer",))]
    assert found.lost_their_only == found.lost
    assert found.movers == ()
    assert not diff(crm.db, crm.today, HOUSE, "today", "today").changes


def test_two_maps_are_a_rehearsal_of_redistricting(crm: Crm) -> None:
    points = [LOOP, PEORIA, ROCKFORD, (41.7606, -88.3201), (38.6245, -90.1507)]
    keys = [body(crm, f"House {place}", point) for place, point in enumerate(points)]
    found = diff(crm.db, crm.today, Rule(), "il-2011", "il-2021")
    assert (found.before.map_code, found.after.map_code) == ("il-2011", "il-2021")
    moved = {each.organization: (each.before, each.after) for each in found.movers if each.chamber == "house"}
    expected = {
        key: ((house_of(point, "il-2011"),), (house_of(point),))
        for key, point in zip(keys, points, strict=True)
        if house_of(point, "il-2011") != house_of(point)
    }
    assert moved == expected
    assert expected
    old, new = ({house_of(point, code) for point in points} for code in ("il-2011", "il-2021"))
    assert {each.number for each in found.lost if each.chamber == "house"} == old - new
    only = diff(crm.db, crm.today, Rule(chamber="senate"), "il-2011", "il-2021")
    assert {each.chamber for each in only.movers} | {each.chamber for each in only.changes} <= {"senate"}


def test_an_answer_is_kept_compared_and_taken_back(crm: Crm) -> None:
    key = body(crm, "Loop Services")
    with crm.changes("keep") as unit:
        keep(unit, crm.coverage(HOUSE), "before the lobby day")
    kept = named(crm.db, "before the lobby day")
    assert kept.statements == (crm.coverage(HOUSE).sentence("house"),)
    assert (kept.as_of, kept.map_code, kept.terms) == ("2026-11-24", "il-2021", "chamber=house")
    with crm.changes("away") as unit:
        records.archive(unit, crm.find(Organization, key), date(2026, 11, 24))
    found = diff(crm.db, crm.today, HOUSE, "before the lobby day", "today")
    assert [each.number for each in found.lost] == [house_of(LOOP)]
    with pytest.raises(InvalidValue, match="is taken"), crm.changes("again") as unit:
        keep(unit, crm.coverage(HOUSE), "before the lobby day")
    with pytest.raises(InvalidValue, match="must not be empty"), crm.changes("again") as unit:
        keep(unit, crm.coverage(HOUSE), " ")
    crm.undo()
    crm.undo()
    assert crm.records(Snapshot) == []


@pytest.mark.parametrize("name", ["2026-13-01", "il-1871", "yesterday", ""])
def test_a_side_that_is_nothing_is_refused(crm: Crm, name: str) -> None:
    with pytest.raises((NotFound, InvalidValue)):
        diff(crm.db, crm.today, Rule(), name, "today")


def test_a_snapshot_that_was_damaged_says_so(crm: Crm) -> None:
    with crm.changes("keep") as unit:
        made = keep(unit, crm.coverage(HOUSE), "one")
        unit.update(made, answer="{")
    with pytest.raises(StoreDamaged, match="snapshot one cannot be read"):
        diff(crm.db, crm.today, HOUSE, "one", "today")


def test_the_pinned_map_answers_for_every_day(crm: Crm) -> None:
    body(crm, "Loop Services")
    with crm.changes("pin") as unit:
        change_setting(unit, "map", "il-2011")
    found = diff(crm.db, crm.today, HOUSE, "2011-07-14", "today")
    assert {found.before.map_code, found.after.map_code} == {"il-2011"}
