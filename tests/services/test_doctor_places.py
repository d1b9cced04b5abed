"""The checks of the geography: the map of today, and sites that stand nowhere on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.services.examined import CHICAGO, look, one, opened, organization, raw, site

from partners_crm.crm import Crm
from partners_crm.model import Organization, Site
from partners_crm.services import records
from partners_crm.services.districts import decide, take_in
from partners_crm.services.settings import change_setting

# -------------------------------------------------------------------- maps and sites


def test_a_day_without_a_map_is_a_finding(sound: Crm) -> None:
    assert look(sound, "maps") == []
    found = one(sound, "maps", today=date(1999, 1, 1))
    assert "no district map with boundaries holds on 1999-01-01" in found.message
    assert "partners config set map" in found.remedy
    assert look(sound, "sites", today=date(1999, 1, 1)) == []


def test_a_pinned_map_that_has_ended_or_is_gone_is_a_finding(sound: Crm) -> None:
    with sound.changes("pin") as unit:
        change_setting(unit, "map", "il-2011")
    found = one(sound, "maps")
    assert "pinned map il-2011 ended on 2023-01-11" in found.message
    assert look(sound, "maps", today=date(2023, 1, 10)) == []
    raw(sound.path, "UPDATE setting SET setting = 'il-2099' WHERE key = 'map'")
    assert "no district map il-2099" in one(sound, "maps").message
    with sound.changes("as the remedy says") as unit:
        change_setting(unit, "map", "")
    assert look(sound, "maps") == []


def without(path: Path, code: str) -> None:
    """Take a map out of a coalition with everything that hangs on it."""
    raw(
        path,
        "DELETE FROM assignment WHERE district_id IN (SELECT d.id FROM district d JOIN district_map m ON m.id ="
        f" d.map_id WHERE m.code = '{code}')",
        f"DELETE FROM district WHERE map_id = (SELECT id FROM district_map WHERE code = '{code}')",
        f"DELETE FROM district_map WHERE code = '{code}'",
    )


def test_a_map_that_the_coalition_lacks_is_a_finding_and_can_be_added(worked: Path) -> None:
    without(worked, "il-2011")
    with opened(worked) as crm:
        found = one(crm, "maps")
        assert "the map il-2011 comes with the program" in found.message
        assert "partners districts install il-2011" in found.remedy
        with crm.changes("add a map") as unit:
            take_in(unit, "il-2011")
        assert look(crm, "maps") == []


def test_borders_that_differ_from_those_of_the_program_or_are_unknown_to_it_are_findings(worked: Path) -> None:
    raw(worked, "UPDATE district_map SET sha256 = 'x' WHERE code = 'il-2011'")
    with opened(worked) as crm:
        assert "the borders of the map il-2011" in one(crm, "maps").message
    raw(worked, "UPDATE district_map SET code = 'il-2012' WHERE code = 'il-2011'")
    with opened(worked) as crm:
        found = [each.message for each in look(crm, "maps")]
    assert any("the map il-2011 comes with the program" in each for each in found)
    assert any("the borders of the map il-2012 do not come" in each for each in found)


def test_a_decision_older_than_the_place_it_was_about_is_a_finding(worked: Path) -> None:
    with opened(worked) as crm:
        with crm.changes("decide") as unit:
            decide(unit, crm.find(Site, 1), 12, "house", "asked", "il-2021", crm.today)
        with crm.changes("another name") as unit:
            records.edit(unit, crm.find(Site, 1), name="Front house")
        assert look(crm, "sites") == []
        with crm.changes("a move") as unit:
            records.edit(unit, crm.find(Site, 1), city="Rockford")
        assert "Near West Homes (organization 1, site 1, House 12)" in one(crm, "sites").message
        with crm.changes("as the remedy says") as unit:
            decide(unit, crm.find(Site, 1), 68, "house", "asked again", "il-2021", crm.today)
        assert look(crm, "sites") == []


def test_sites_placed_on_another_map_alone_are_a_finding_until_they_are_placed(worked: Path) -> None:
    raw(
        worked,
        "DELETE FROM assignment WHERE district_id IN"
        " (SELECT d.id FROM district d JOIN district_map m ON m.id = d.map_id WHERE m.code = 'il-2021')",
    )
    with opened(worked) as crm:
        found = one(crm, "maps")
        assert found.message == (
            "1 site has a district under another map and none under il-2021: Near West Homes (organization 1, site 1)"
        )
        assert look(crm, "sites") == []
        with crm.changes("as the remedy says") as unit:
            records.edit(unit, crm.find(Site, 1), **CHICAGO)
        assert look(crm, "maps") == []


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"kind": "service", "address": "12 Water St"}, True),
        ({"kind": "mailing", "address": "PO Box 12"}, True),
        ({"kind": "hq", "latitude": 41.0, "longitude": -89.0, "match_level": 70}, True),
        ({"kind": "hq", **CHICAGO}, False),
        ({"kind": "hq", "latitude": 39.77, "longitude": -86.16}, False),  # Indianapolis
        ({"kind": "hq", "address": "1 Old St", "until": "2020"}, False),
        ({"kind": "hq", "address": "1 New St", "since": "2030"}, False),
        ({"kind": "hq", "address": "1 Old St", "until": "2030"}, True),
    ],
)
def test_a_site_that_could_have_a_district_and_has_none_is_a_finding(
    crm: Crm, values: dict[str, object], wanted: bool
) -> None:
    site(crm, organization(crm, "Quiet House"), **values)
    found = look(crm, "sites")
    assert [each.message for each in found] == (
        ["1 site has no district: Quiet House (organization 1, site 1)"] if wanted else []
    )
    assert all("latitude" in each.remedy and "post office box" in each.remedy for each in found)


def test_a_mailing_address_beside_another_site_needs_no_district(crm: Crm) -> None:
    body = organization(crm, "Quiet House")
    site(crm, body, kind="mailing", address="PO Box 12")
    assert len(look(crm, "sites")) == 1
    site(crm, body, kind="hq", **CHICAGO)
    assert look(crm, "sites") == []


def test_sites_of_an_archived_organization_do_not_count(crm: Crm) -> None:
    body = organization(crm, "Quiet House")
    site(crm, body, kind="hq", address="12 Water St")
    with crm.changes("archive") as unit:
        records.edit(unit, crm.find(Organization, body.id), archived_on="2026-11-25")
    assert len(look(crm, "sites")) == 1  # tomorrow
    with crm.changes("archive") as unit:
        records.edit(unit, crm.find(Organization, body.id), archived_on="2026-11-24")
    assert look(crm, "sites") == []


def test_many_sites_are_one_finding_that_names_the_first_by_name(crm: Crm) -> None:
    for number in (7, 6, 5, 4, 3, 2, 1):
        site(crm, organization(crm, f"House {number}"), kind="hq", address="12 Water St")
    found = one(crm, "sites")
    assert found.message.startswith("7 sites have no district: House 1 (organization 7, site 7), House 2 ")
    assert found.message.endswith(" and 2 more")
    assert "partners edit site 7 latitude=LAT" in found.remedy
