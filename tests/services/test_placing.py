"""Placing: points, borders, ZIP codes, statements and decisions become facts that are replaced and never deleted."""

from __future__ import annotations

from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.districts.maps import load_map
from partners_crm.districts.uncertainty import radius_m
from partners_crm.errors import InvalidValue
from partners_crm.model import Assignment, District, DistrictMap, Membership, Organization, Site
from partners_crm.services import placing, records
from partners_crm.services.districts import decide, described, place_all
from partners_crm.store.read import where

LOOP = {"latitude": 41.8839, "longitude": -87.6270}
PEORIA = {"latitude": 40.6936, "longitude": -89.5890}
SPLIT_ZIP = "60647"


def site(crm: Crm, **values: Any) -> Site:
    with crm.changes("a site") as unit:
        body = records.add(unit, Organization, name=f"House {len(crm.organizations())}")
        records.add(unit, Membership, organization=body.id, since="2020")
        return records.add(unit, Site, organization=body.id, **{"kind": "hq", **values})


def map_of(crm: Crm, code: str = "il-2021") -> DistrictMap:
    (found,) = where(crm.db, DistrictMap, code=code)
    return found


def standing(crm: Crm, place: Site, code: str = "il-2021", *, all_of_them: bool = False) -> list[Assignment]:
    """The assignments of a site under a map, those that hold alone or with those of before."""
    own = {each.id for each in where(crm.db, District, map=map_of(crm, code).id)}
    found = [each for each in where(crm.db, Assignment, site=place.id) if each.district in own]
    return [each for each in found if all_of_them or not each.replaced_at]


def numbers(crm: Crm, some: list[Assignment]) -> dict[int, float | None]:
    """The shares by district number."""
    districts = {each.id: each.number for each in crm.records(District)}
    return {districts[each.district] or 0: each.share for each in some}


def near_border(code: str = "il-2021", metres: tuple[float, float] = (3.0, 10.0)) -> tuple[float, float, int, int]:
    """A point so many metres from the border of two districts of different Senate districts, and their numbers."""
    from partners_crm.districts.index import DistrictIndex

    index = DistrictIndex(load_map(code))
    borders = load_map(code).borders["house"]
    for lon, lat in list(zip(borders.lon, borders.lat, strict=True))[::7]:
        for dx, dy in ((6e-5, 0), (-6e-5, 0), (0, 6e-5), (0, -6e-5)):
            latitude, longitude = lat / 100_000 + dy, lon / 100_000 + dx
            found = index.locate(latitude, longitude)
            if found and found.border_m and found.neighbour and metres[0] < found.border_m < metres[1]:
                pair = {(found.number + 1) // 2, (found.neighbour + 1) // 2}
                if len(pair) == 2 and len(index.candidates(latitude, longitude, 25)) == 2:
                    return latitude, longitude, found.number, found.neighbour
    raise AssertionError("no such point")


def test_a_point_far_from_a_border_has_one_district_under_every_map(crm: Crm) -> None:
    place = site(crm, **PEORIA)
    for code in ("il-2011", "il-2021"):
        (one,) = standing(crm, place, code)
        assert (one.method, one.match_level, one.share, one.replaced_at) == ("point", 100, None, "")


def test_a_point_within_its_uncertainty_of_a_border_has_candidates_whose_shares_sum_to_one(crm: Crm) -> None:
    latitude, longitude, own, other = near_border()
    place = site(crm, latitude=latitude, longitude=longitude)
    shares = numbers(crm, standing(crm, place))
    assert set(shares) == {own, other}
    assert sum(share or 0 for share in shares.values()) == pytest.approx(1, abs=1e-3)
    assert (shares[own] or 0) > (shares[other] or 0) > 0
    found = {each.number: each.state for each in crm.coverage(chamber="house").districts if each.state != "gap"}
    assert found == {own: "possible", other: "possible"}
    senate = {each.number: each.state for each in crm.coverage(chamber="senate").districts if each.state != "gap"}
    assert senate == {(own + 1) // 2: "possible", (other + 1) // 2: "possible"}


def test_the_uncertainty_includes_the_border_shift_of_the_map(crm: Crm) -> None:
    shift = map_of(crm).border_shift_m or 0
    reach = radius_m(100) + shift
    assert 0 < shift <= 15
    latitude, longitude, _, _ = near_border(metres=(15.0, reach))
    assert len(standing(crm, site(crm, latitude=latitude, longitude=longitude))) == 2


def test_a_zip_code_alone_gives_candidates_and_never_one_district(crm: Crm) -> None:
    place = site(crm, postal_code=f"{SPLIT_ZIP}-1234", city="Chicago", state="IL")
    some = standing(crm, place)
    assert len(some) > 1
    assert {(each.method, each.match_level) for each in some} == {("zip", 70)}
    # What is no candidate keeps its share: the others never sum to a whole.
    area = dict(load_map("il-2021").zips["house"][SPLIT_ZIP])
    expected = {number: share for number, share in area.items() if share >= 0.05}
    assert sum(area.values()) == pytest.approx(1, abs=1e-3)
    assert numbers(crm, some) == pytest.approx(expected, abs=1e-4)
    found = crm.coverage(chamber="house")
    assert {each.number for each in found.possible} == set(expected)
    assert not found.total("house")[0]
    # Not even where every match level counts: the area does not lie in one district.
    assert not crm.coverage(chamber="house", min_match=0).total("house")[0]


def test_a_zip_code_whose_area_lies_in_one_district_settles_it_at_its_own_level(crm: Crm) -> None:
    areas = load_map("il-2021").zips["house"]
    code, ((number, _),) = next((code, parts) for code, parts in areas.items() if len(parts) == 1)
    site(crm, postal_code=code)
    assert [each.number for each in crm.coverage(chamber="house").possible] == [number]
    (covered,) = [each for each in crm.coverage(chamber="house", min_match=70).districts if each.state == "confirmed"]
    assert covered.number == number


def test_coordinates_known_by_the_zip_code_alone_are_no_point(crm: Crm) -> None:
    place = site(crm, **LOOP, match_level=70, postal_code=SPLIT_ZIP)
    assert {each.method for each in standing(crm, place)} == {"zip"}
    assert not standing(crm, site(crm, **LOOP, match_level=50))


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "mailing", **LOOP},
        {"kind": "mailing", "postal_code": SPLIT_ZIP},
        {"address": "PO Box 12", "city": "Chicago", "state": "IL", "postal_code": SPLIT_ZIP},
        {"address": "P.O. Box 12, Chicago, IL 60647", **LOOP},
    ],
)
def test_a_box_and_a_mailing_address_place_nobody(crm: Crm, values: dict[str, Any]) -> None:
    place = site(crm, **values)
    assert standing(crm, place, all_of_them=True) == []
    assert len(crm.coverage().unassigned) == 1


def test_a_mailing_address_that_turns_out_to_be_an_office_is_placed(crm: Crm) -> None:
    place = site(crm, kind="mailing", **PEORIA)
    with crm.changes("an office") as unit:
        place = records.edit(unit, place, kind="service")
    assert len(standing(crm, place)) == 1
    with crm.changes("a letter box after all") as unit:
        records.edit(unit, place, kind="mailing")
    assert standing(crm, place) == []
    assert len(standing(crm, place, all_of_them=True)) == 1


def test_a_new_assignment_takes_the_place_of_the_old_one_and_nothing_is_deleted(crm: Crm) -> None:
    place = site(crm, **LOOP)
    (before,) = standing(crm, place)
    with crm.changes("move") as unit:
        records.edit(unit, place, **PEORIA)
    (after,) = standing(crm, place)
    everything = standing(crm, place, all_of_them=True)
    assert {each.id for each in everything} == {before.id, after.id}
    assert {each.id: bool(each.replaced_at) for each in everything} == {before.id: True, after.id: False}
    crm.undo()
    (again,) = standing(crm, place)
    assert (again.id, again.replaced_at) == (before.id, "")


def test_placing_again_writes_nothing_and_says_what_moved_when_it_does(crm: Crm) -> None:
    place = site(crm, **LOOP)
    with crm.changes("again") as unit:
        assert place_all(unit) == placing.Placing(0, 0, moved=())
        assert unit.count == 0
    # As if the site had been placed by other borders.
    (one,) = standing(crm, place)
    elsewhere = next(each for each in where(crm.db, District, map=map_of(crm).id, chamber="house") if each.number == 53)
    with crm.changes("as before") as unit:
        unit.update(one, district=elsewhere.id)
    with crm.changes("anew") as unit:
        placed = place_all(unit)
    words = [words for _, code, words in described(crm.db, placed.moved) if code == "il-2021"]
    (house,) = numbers(crm, standing(crm, place))
    assert words == [f"House 53 -> {house}", f"Senate 27 -> {(house + 1) // 2}"]
    assert len(standing(crm, place, all_of_them=True)) == 2


def test_what_a_person_decided_survives_and_says_why(crm: Crm) -> None:
    latitude, longitude, own, other = near_border()
    place = site(crm, latitude=latitude, longitude=longitude)
    with crm.changes("decide") as unit:
        made = decide(unit, place, other, "house", "asked the director", "il-2021", crm.today)
    assert (made.method, made.match_level, made.reason) == ("manual", 110, "asked the director")
    assert crm.coverage(chamber="house").of("house")[other - 1].state == "confirmed"
    with crm.changes("anew") as unit:
        placed = place_all(unit)
    assert (placed.written, placed.kept) == (0, 1)
    with crm.changes("move") as unit:
        records.edit(unit, place, **PEORIA)
    (kept,) = standing(crm, place)
    assert kept.id == made.id
    # The decision was about one map.
    assert {each.method for each in standing(crm, place, "il-2011")} == {"point"}
    with crm.changes("withdraw") as unit:
        placing.withdraw(unit, place, map_of(crm))
    assert {each.method for each in standing(crm, place)} == {"point"}
    assert own != other


def test_a_decision_needs_a_reason_and_a_withdrawal_a_decision(crm: Crm) -> None:
    place = site(crm, **LOOP)
    with pytest.raises(InvalidValue, match="must not be empty"), crm.changes("decide") as unit:
        decide(unit, place, 53, "house", "  ", "il-2021", crm.today)
    with pytest.raises(InvalidValue, match="has no decision"), crm.changes("withdraw") as unit:
        placing.withdraw(unit, place, map_of(crm))
    assert len(standing(crm, place)) == 1


def test_a_stated_district_outweighs_the_area_of_the_zip_code(crm: Crm) -> None:
    place = site(crm, postal_code=SPLIT_ZIP)
    district = next(each for each in where(crm.db, District, map=map_of(crm).id, chamber="house") if each.number == 4)
    with crm.changes("stated") as unit:
        assert placing.state_district(unit, place, district.id)
    (one,) = standing(crm, place)
    assert (one.method, one.match_level) == ("stated", 75)
    with crm.changes("anew") as unit:
        assert place_all(unit).written == 0
        assert not placing.state_district(unit, place, district.id)
    # Under the other map nothing is stated, so the area of the ZIP code counts there.
    assert {each.method for each in standing(crm, place, "il-2011")} == {"zip"}


def test_a_point_taken_away_leaves_what_the_zip_code_says(crm: Crm) -> None:
    place = site(crm, **LOOP, postal_code=SPLIT_ZIP)
    assert {each.method for each in standing(crm, place)} == {"point"}
    with crm.changes("away") as unit:
        records.edit(unit, place, latitude=None, longitude=None)
    assert {each.method for each in standing(crm, place)} == {"zip"}
