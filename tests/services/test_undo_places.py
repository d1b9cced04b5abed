"""Undo where sites stand: after any of it a site has the districts that follow from it, and a map is whole or gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.made_maps import two_layers

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, FileRefused
from partners_crm.model import Assignment, District, DistrictMap, MapFigure, Organization, Site
from partners_crm.services import placing, records
from partners_crm.services.districts import decide, place_all, take_in
from partners_crm.store.read import where

LOOP = {"latitude": 41.8839, "longitude": -87.6270}
PEORIA = {"latitude": 40.6936, "longitude": -89.5890}
SPRINGFIELD = {"latitude": 39.7990, "longitude": -89.6440}


def test_a_move_undone_below_a_later_one_leaves_one_district(crm: Crm) -> None:
    place = site(crm, **LOOP)
    first = edit(crm, place, **PEORIA)
    edit(crm, place, **SPRINGFIELD)
    now = standing(crm)
    report = crm.undo(first)
    assert any("edited since" in line for line in report.kept)
    assert standing(crm) == now
    nothing_is_left_to_place(crm)


def test_a_decision_undone_after_a_move_leaves_the_new_place(crm: Crm) -> None:
    place = site(crm, **LOOP)
    with crm.changes("decide") as unit:
        decide(unit, place, 53, "house", "asked", "il-2021", crm.today)
        decided = unit.operation
    edit(crm, place, **PEORIA)
    crm.undo(decided)
    fresh = site(crm, **PEORIA)
    assert districts_of_site(crm, place) == districts_of_site(crm, fresh)
    nothing_is_left_to_place(crm)


def test_of_two_decisions_that_both_come_back_the_last_stands(crm: Crm) -> None:
    place = site(crm, **LOOP)
    (map_2021,) = where(crm.db, DistrictMap, code="il-2021")
    with crm.changes("decide") as unit:
        decide(unit, place, 53, "house", "asked", "il-2021", crm.today)
    with crm.changes("withdraw") as unit:
        placing.withdraw(unit, place, map_2021)
        withdrawn = unit.operation
    with crm.changes("decide otherwise") as unit:
        last = decide(unit, place, 54, "house", "asked again", "il-2021", crm.today)
    crm.undo(withdrawn)
    manual = [each for each in where(crm.db, Assignment, site=place.id, method="manual") if not each.replaced_at]
    assert [each.id for each in manual] == [last.id]


def test_a_map_goes_whole_though_sites_were_placed_on_it_since(crm: Crm, second_map: Path) -> None:
    with crm.changes("a map") as unit:
        added, _ = take_in(unit, str(second_map))
        installed = unit.operation
    place = site(crm, **LOOP, postal_code="60647")
    assert any(each.map == added.id for each in districts_of_site(crm, place))
    before = dump(crm)
    report = crm.undo(installed)
    assert (report.kept, report.refused) == ([], [])
    assert where(crm.db, DistrictMap, code="il-two") == []
    assert where(crm.db, MapFigure) == []
    nothing_is_left_to_place(crm)
    assert not crm.redo().refused
    assert dump(crm) == before


def test_a_map_that_a_decision_hangs_on_stays_whole(crm: Crm, second_map: Path) -> None:
    with crm.changes("a map") as unit:
        take_in(unit, str(second_map))
        installed = unit.operation
    place = site(crm, **LOOP)
    with crm.changes("decide") as unit:
        decide(unit, place, 1, "house", "asked", "il-two", crm.today)
    before, last = dump(crm), crm.operations()[0].id
    with pytest.raises(Conflict, match=r"the map il-two is in use: district .*1 assignment was added"):
        crm.undo(installed)
    assert (dump(crm), crm.operations()[0].id) == (before, last)


def test_the_file_of_a_map_whose_borders_are_lost_brings_them_back(crm: Crm, second_map: Path) -> None:
    with crm.changes("a map") as unit:
        take_in(unit, str(second_map))
    site(crm, **LOOP)
    before = dump(crm)[Assignment.entity.name]
    with crm.changes("lost") as unit:
        unit.delete(where(crm.db, MapFigure)[0])
    with crm.changes("again") as unit:
        take_in(unit, str(second_map))
    assert len(where(crm.db, MapFigure)) == 1
    assert dump(crm)[Assignment.entity.name] == before


def test_a_map_with_a_district_that_has_no_borders_is_refused(crm: Crm, tmp_path: Path) -> None:
    path = tmp_path / "bare.map"
    path.write_bytes(two_layers(senate_districts=3))
    with pytest.raises(FileRefused, match="districts without borders: senate 3"), crm.changes("a map") as unit:
        take_in(unit, str(path))


@pytest.fixture
def second_map(tmp_path: Path) -> Path:
    path = tmp_path / "two.map"
    path.write_bytes(two_layers())
    return path


def site(crm: Crm, **values: Any) -> Site:
    with crm.changes("a site") as unit:
        body = records.add(unit, Organization, name=f"House {len(crm.organizations())}")
        return records.add(unit, Site, organization=body.id, **{"kind": "hq", **values})


def edit(crm: Crm, place: Site, **values: Any) -> int:
    with crm.changes("edit") as unit:
        records.edit(unit, crm.find(Site, place.id), **values)
        return unit.operation


def standing(crm: Crm) -> set[tuple[int, int, str]]:
    return {(each.site, each.district, each.method) for each in where(crm.db, Assignment, replaced_at="")}


def districts_of_site(crm: Crm, place: Site) -> list[District]:
    own = {each.id: each for each in where(crm.db, District)}
    found = [own[each.district] for each in where(crm.db, Assignment, site=place.id, replaced_at="")]
    return sorted(found, key=lambda each: int(each.id))


def dump(crm: Crm) -> dict[str, list[dict[str, Any]]]:
    """Every record but for its version."""
    tables = (DistrictMap, MapFigure, District, Site, Assignment)
    return {each.entity.name: [{**row.stored(), "version": 0} for row in where(crm.db, each)] for each in tables}


def nothing_is_left_to_place(crm: Crm) -> None:
    with crm.changes("anew") as unit:
        assert place_all(unit).written == 0
