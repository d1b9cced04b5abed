"""A small coalition for the screens that show districts."""

from __future__ import annotations

from pathlib import Path

import pytest

from partners_crm.crm import Crm
from partners_crm.model import Affiliation, Membership, Organization, Silo, SiloShare, Site
from partners_crm.services import records
from tests.conftest import NOW
from tests.tui.importing import MEMBERS, written
from tests.tui.seeing import LOOP


@pytest.fixture
def coalition(database: Path) -> Path:
    """A member in the Loop, one that is known by its ZIP code, one that has lapsed, and a prospect near by."""
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("four") as unit:
        housing = next(each for each in crm.records(Silo) if each.code == "housing")
        for name, status, since, place in (
            ("Birch Homes", "active", "2020-03-01", {"latitude": LOOP[0], "longitude": LOOP[1], "match_level": 100}),
            ("Cedar Kitchen", "active", "2019", {"postal_code": "60647"}),
            ("Dogwood", "lapsed", "2010", {"latitude": 39.8, "longitude": -89.65, "match_level": 100}),
            ("Elm Street", "prospect", "", {"latitude": 40.69, "longitude": -89.59, "match_level": 100}),
        ):
            body = records.add(unit, Organization, name=name, kind="provider")
            until = "2015-06-30" if status == "lapsed" else ""
            records.add(unit, Membership, organization=body.id, status=status, since=since, until=until)
            kind = "hq" if name == "Birch Homes" else "service"
            records.add(unit, Site, organization=body.id, name="Main", kind=kind, **place)
            if name == "Birch Homes":
                records.add(unit, SiloShare, organization=body.id, silo=housing.id, weight=1.0)
                guild = records.add(unit, Organization, name="Guild of Landlords", kind="association")
                records.add(unit, Affiliation, organization=body.id, association=guild.id, since="2001")
    return database


@pytest.fixture
def members(tmp_path: Path) -> Path:
    """The sheet of the tests of the import screen."""
    return written(tmp_path / "members.csv", MEMBERS)
