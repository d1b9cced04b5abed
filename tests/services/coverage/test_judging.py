"""Coverage: three answers, terms that matter, and figures that add up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import CannotDecide, InvalidValue, NotFound
from partners_crm.model import Membership, Organization, Silo, SiloShare, Site
from partners_crm.services import placing, records
from partners_crm.services.coverage import Coverage

LOOP = (41.8839, -87.6270)
PEORIA = (40.6936, -89.5890)


def member(crm: Crm, name: str, point: tuple[float, float] | None = LOOP, **site: Any) -> Organization:
    with crm.changes(f"add {name}") as unit:
        organization = records.add(unit, Organization, name=name)
        records.add(unit, Membership, organization=organization.id, since="2020")
        if point:
            records.add(
                unit,
                Site,
                organization=organization.id,
                latitude=point[0],
                longitude=point[1],
                **{"kind": "hq", **site},
            )
    return organization


def states(found: Coverage, chamber: str = "house") -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {"confirmed": [], "possible": [], "gap": []}
    for each in found.districts:
        if each.chamber == chamber:
            grouped[each.state].append(each.number)
    return grouped


def test_an_empty_coalition_has_a_gap_everywhere(crm: Crm) -> None:
    found = crm.coverage()
    assert found.total("house") == (0, 118)
    assert found.total("senate") == (0, 59)
    assert len(found.gaps) == 177


def test_a_member_covers_its_house_and_senate_district(crm: Crm) -> None:
    member(crm, "Loop Services")
    found = crm.coverage()
    (house,) = states(found)["confirmed"]
    assert states(found, "senate")["confirmed"] == [(house + 1) // 2]
    assert "on the map il-2021" in found.sentence("house")


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"kind": "mailing"}, "gap"),
        ({"match_level": 75}, "possible"),
        ({"match_level": 70}, "gap"),
        ({"since": "2027"}, "gap"),
        ({"until": "2025"}, "gap"),
    ],
)
def test_a_site_that_does_not_settle_a_district(crm: Crm, change: dict[str, Any], state: str) -> None:
    member(crm, "Loop Services", **change)
    found = states(crm.coverage())
    assert not found["confirmed"]
    assert bool(found["possible"]) is (state == "possible")


def test_the_terms_of_the_question_matter(crm: Crm) -> None:
    loop = member(crm, "Loop Services", kind="service")
    member(crm, "River Services", PEORIA)
    assert len(states(crm.coverage())["confirmed"]) == 2
    assert len(states(crm.coverage(basis="hq"))["confirmed"]) == 1
    assert len(states(crm.coverage(basis="service"))["confirmed"]) == 1
    assert not states(crm.coverage(min_count=2))["confirmed"]
    assert not states(crm.coverage(silo="housing"))["confirmed"]
    with crm.changes("silo") as unit:
        records.add(unit, SiloShare, organization=loop.id, silo=crm.find(Silo, "housing").id, weight=1.0)
    assert len(states(crm.coverage(silo="HO"))["confirmed"]) == 1
    assert not states(crm.coverage(as_of=date(2019, 1, 1), map="il-2021"))["confirmed"]


def test_affiliates_of_one_parent_count_once_as_a_family(crm: Crm) -> None:
    parent = member(crm, "Parent")
    child = member(crm, "Child")
    with crm.changes("affiliate") as unit:
        records.edit(unit, child, parent=parent.id)
    assert states(crm.coverage(min_count=2))["confirmed"]
    assert not states(crm.coverage(min_count=2, unit="family"))["confirmed"]
    # A family has one head, however many floors it has.
    grandchild = member(crm, "Grandchild")
    with crm.changes("affiliate") as unit:
        records.edit(unit, grandchild, parent=child.id)
    assert not states(crm.coverage(min_count=2, unit="family"))["confirmed"]
    assert states(crm.coverage(min_count=3))["confirmed"]


def test_a_membership_of_unknown_start_counts_from_the_day_it_was_recorded(crm: Crm) -> None:
    organization = member(crm, "Loop Services")
    (tie,) = [each for each in crm.records(Membership) if each.organization == organization.id]
    with crm.changes("unknown start") as unit:
        records.edit(unit, tie, since="", recorded_on="2026-11-24")
    assert states(crm.coverage(as_of=date(2026, 11, 24)))["confirmed"]
    assert states(crm.coverage(as_of=date(2026, 11, 23)))["possible"]


def test_a_member_without_a_district_is_named(crm: Crm) -> None:
    member(crm, "Nowhere Yet", None)
    assert [name for _, name in crm.coverage().unassigned] == ["Nowhere Yet"]


def test_a_date_outside_every_map_is_undecided_and_a_pin_decides_it(crm: Crm) -> None:
    with pytest.raises(CannotDecide, match="2011-07-14"):
        crm.coverage(as_of=date(2011, 7, 14))
    assert crm.coverage(as_of=date(2014, 7, 14)).map_code == "il-2011"
    assert crm.coverage(as_of=date(2022, 11, 8), map_by="election").map_code == "il-2021"
    assert crm.coverage(as_of=date(2022, 11, 8)).map_code == "il-2011"
    from partners_crm.services.settings import change_setting

    with crm.changes("pin") as unit:
        change_setting(unit, "map", "il-2011")
    assert crm.coverage(as_of=date(2011, 7, 14)).map_code == "il-2011"


def test_terms_that_do_not_exist_are_named(crm: Crm) -> None:
    with pytest.raises(NotFound, match="silo nosuch"):
        crm.coverage(silo="nosuch")
    with pytest.raises(NotFound, match="il-1871"):
        crm.coverage(map="il-1871")
    with pytest.raises(InvalidValue, match="basis"):
        crm.coverage(basis="everything")
    with pytest.raises(InvalidValue, match="at least 1"):
        crm.coverage(min_count=0)


def test_a_moved_site_changes_its_district_and_an_undo_brings_it_back(crm: Crm) -> None:
    organization = member(crm, "Loop Services")
    before = states(crm.coverage())["confirmed"]
    (site,) = [each for each in crm.records(Site) if each.organization == organization.id]
    with crm.changes("move") as unit:
        records.edit(unit, site, latitude=PEORIA[0], longitude=PEORIA[1])
    assert states(crm.coverage())["confirmed"] != before
    crm.undo()
    assert states(crm.coverage())["confirmed"] == before


def test_swapped_coordinates_are_refused_and_another_state_is_not(crm: Crm) -> None:
    with pytest.raises(InvalidValue):
        placing.check_point(crm.db, -87.6, 41.9)
    placing.check_point(crm.db, 38.63, -90.2)
    assert placing.look_outside(38.63, -90.2, placing.indexes(crm.db))[:2] == (True, False)
