"""What counts as evidence for a district, and what leaves it in doubt: points, statements, dates, ended ties."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.made_maps import two_layers

from partners_crm.crm import Crm
from partners_crm.model import Assignment, District, DistrictMap, Membership, Organization, Site
from partners_crm.services import placing, records
from partners_crm.services.districts import decide, take_in
from partners_crm.store.read import where


def test_a_point_outweighs_what_a_file_states(crm: Crm) -> None:
    _, site = member(crm, "A House", latitude=None)
    with crm.changes("stated") as unit:
        placing.state_district(unit, site, district(crm, 101))
    assert numbers_of(crm, min_match=70) == {101}
    with crm.changes("a point") as unit:
        records.edit(unit, site, latitude=41.8837, longitude=-87.6289)
    assert 101 not in numbers_of(crm, min_match=70)
    assert len(numbers_of(crm, min_match=70)) == 1


def test_of_several_stated_districts_none_is_certain(crm: Crm) -> None:
    _, site = member(crm, "A House", latitude=None)
    with crm.changes("stated") as unit:
        placing.state_district(unit, site, district(crm, 50))
        placing.state_district(unit, site, district(crm, 83))
    assert numbers_of(crm, min_match=0) == set()
    assert {each.number for each in crm.coverage(chamber="house", min_match=0).possible} == {50, 83}


def test_chambers_that_do_not_nest_speak_for_themselves(crm: Crm, tmp_path: Path) -> None:
    path = tmp_path / "two.map"
    path.write_bytes(two_layers())
    with crm.changes("a map") as unit:
        added, _ = take_in(unit, str(path))
    _, site = member(crm, "A House", latitude=None)
    keys = {(each.chamber, each.number): each.id for each in where(crm.db, District, map=added.id)}
    with crm.changes("stated and decided") as unit:
        placing.state_district(unit, site, keys["house", 3])
        decide(unit, site, 2, "senate", "asked", "il-two", crm.today)
    found = crm.coverage(map="il-two", min_match=70)
    confirmed = {(each.chamber, each.number) for each in found.districts if each.state == "confirmed"}
    assert confirmed == {("house", 3), ("senate", 2)}


def test_a_decision_goes_before_a_statement_which_waits_behind_it(crm: Crm) -> None:
    _, site = member(crm, "A House", latitude=None)
    (map_2021,) = where(crm.db, DistrictMap, code="il-2021")
    with crm.changes("stated") as unit:
        placing.state_district(unit, site, district(crm, 50))
    with crm.changes("decided") as unit:
        decide(unit, site, 83, "house", "asked", "il-2021", crm.today)
    assert numbers_of(crm, min_match=70) == {83}
    with crm.changes("withdrawn") as unit:
        placed = placing.withdraw(unit, site, map_2021)
    assert numbers_of(crm, min_match=70) == {50}
    assert placed.written == 0


def test_what_a_later_file_states_replaces_what_an_earlier_one_did(crm: Crm) -> None:
    _, site = member(crm, "A House", latitude=None)
    for number in (50, 83):
        with crm.changes(f"stated {number}") as unit:
            assert placing.state_district(unit, site, district(crm, number))
    assert numbers_of(crm, min_match=70) == {83}
    # A Senate district that holds along with it takes nothing away.
    with crm.changes("the Senate district") as unit:
        (senate,) = [each for each in crm.records(District) if each.name == "Senate 42" and each.map == 2]
        placing.state_district(unit, site, senate.id)
    assert numbers_of(crm, min_match=70) == {83}


def test_a_box_that_was_an_office_is_in_no_district_any_more(crm: Crm) -> None:
    key, site = member(crm, "A House", latitude=None)
    with crm.changes("stated and decided") as unit:
        placing.state_district(unit, site, district(crm, 50))
        decide(unit, site, 12, "house", "asked", "il-2011", crm.today)
    with crm.changes("a box") as unit:
        site = records.edit(unit, site, street="PO Box 12")
        assert not placing.state_district(unit, site, district(crm, 83))
    assert [each.replaced_at for each in crm.records(Assignment)].count("") == 0
    assert crm.coverage(min_match=0).unassigned == ((key, "A House"),)


def test_a_point_far_outside_the_state_settles_nothing(crm: Crm) -> None:
    member(crm, "Calumet House", latitude=41.6186, longitude=-87.5244)
    found = crm.coverage(chamber="house")
    assert found.total("house")[0] == 0
    assert len(found.possible) <= 1


@pytest.mark.parametrize(
    ("status", "since", "until", "confirmed"),
    [
        ("lapsed", "2020-01-01", "2026-06-30", True),
        ("closed", "2020-01-01", "2026-06-30", True),
        ("lapsed", "2020-01-01", "2023-12-31", False),
        ("lapsed", "2020-01-01", "", False),
        ("prospect", "2020-01-01", "", False),
    ],
)
def test_an_ended_membership_held_until_its_last_day(
    crm: Crm, status: str, since: str, until: str, confirmed: bool
) -> None:
    member(crm, "A House", status=status, since=since, until=until)
    on = crm.coverage(chamber="house", as_of=date(2024, 1, 2))
    assert bool(on.total("house")[0]) == confirmed
    assert crm.coverage(chamber="house").total("house")[0] == 0


def test_an_organization_put_away_today_was_a_member_before(crm: Crm) -> None:
    body, _ = member(crm, "A House", since="2020-01-01")
    with crm.changes("away") as unit:
        records.archive(unit, crm.find(Organization, body), crm.today)
    assert crm.coverage(chamber="house").total("house")[0] == 0
    assert crm.coverage(chamber="house", as_of=date(2024, 1, 2)).total("house")[0] == 1


def test_a_site_that_may_not_have_been_there_yet_is_in_doubt(crm: Crm) -> None:
    _, site = member(crm, "A House", since="2020-01-01")
    with crm.changes("since") as unit:
        records.edit(unit, site, since="2026")
    found = crm.coverage(chamber="house", as_of=date(2026, 1, 2))
    assert (found.total("house")[0], len(found.possible)) == (0, 1)


def test_a_service_site_is_a_district_whatever_the_basis(crm: Crm) -> None:
    member(crm, "A House", kind="service")
    found = crm.coverage(chamber="house", basis="hq")
    assert (found.total("house")[0], found.unassigned) == (0, ())


def member(
    crm: Crm, name: str, *, status: str = "active", since: str = "", until: str = "", kind: str = "hq", **point: Any
) -> tuple[int, Site]:
    place = {"latitude": 41.8837, "longitude": -87.6289, **point}
    if place["latitude"] is None:
        place = {}
    with crm.changes("member") as unit:
        body = records.add(unit, Organization, name=name)
        recorded = crm.today.isoformat()
        records.add(
            unit, Membership, organization=body.id, status=status, since=since, until=until, recorded_on=recorded
        )
        site = records.add(unit, Site, organization=body.id, kind=kind, **place)
    return body.id, site


def district(crm: Crm, number: int) -> int:
    (found,) = [each for each in crm.records(District) if each.name == f"House {number}" and each.map == 2]
    return int(found.id)


def numbers_of(crm: Crm, **terms: Any) -> set[int]:
    found = crm.coverage(chamber="house", **terms)
    return {each.number for each in found.districts if each.state == "confirmed"}
