"""A small coalition whose facts the tests of queries know by heart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    District,
    DistrictMap,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
)
from partners_crm.services import records
from partners_crm.services.custom_fields import define, set_values
from partners_crm.store.queries.sentence import sentence_of

FOUNDED = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
TODAY = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
CHICAGO = {"address": "1840 W Oak St", "city": "Chicago", "state": "IL", "postal_code": "60612"}
PEORIA = {"address": "12 Water St", "city": "Peoria", "state": "IL", "postal_code": "61602"}
Found = Callable[..., list[str]]


@pytest.fixture(scope="module")
def house(blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The coalition; nothing writes to it but a test that says so, and takes it back."""
    path = tmp_path_factory.mktemp("house") / "coalition.db"
    path.write_bytes(blank_coalition.read_bytes())
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: FOUNDED) as crm:
        _fill(crm)
    with Crm.open(path, clock=lambda: TODAY) as crm:
        with crm.changes("a later note", by="Ana Pavlova") as unit:
            records.edit(unit, crm.find(Organization, "River Table"), note="Called back, 50% done_soon")
        yield crm


def _fill(crm: Crm) -> None:
    silos = {each.code: each.id for each in crm.records(Silo)}
    with crm.changes("begin", by="Ben Cole") as unit:

        def add(table: type[Table], **values: Any) -> int:
            return records.add(unit, table, **values).id

        define(unit, Organization, "Budget", "number")
        define(unit, Organization, "Level", "choice", choices=("Gold", "Silver"))
        define(unit, Site, "Beds", "number")
        alpha = add(Organization, name="Alpha Association", kind="association")
        near = add(Organization, name="Near West Homes", note="10:30 group, shelter (OR housing)")
        river = add(Organization, name="River Table", parent=near)
        quiet = add(Organization, name="Quiet House")
        gone = add(Organization, name="Gone Kitchen", archived_on="2020-01-01")
        set_values(unit, crm.find(Organization, str(near)), {"budget": "1000000", "level": "Gold"})
        set_values(unit, crm.find(Organization, str(river)), {"budget": "5000"})
        add(OtherName, organization=near, name="NWH", kind="acronym")
        add(Identifier, organization=near, system="ein", value="36-1234567")
        west = add(Site, organization=near, kind="hq", latitude=41.8839, longitude=-87.6270, **CHICAGO)
        add(Site, organization=near, name="Annex", since="2001", until="2009", city="Alton", state="IL")
        add(Site, organization=river, kind="hq", latitude=40.6936, longitude=-89.5890, **PEORIA)
        set_values(unit, crm.find(Site, str(west)), {"beds": "12"})
        add(SiloShare, organization=near, silo=silos["housing"], weight=0.6)
        add(SiloShare, organization=near, silo=silos["aging"], weight=0.4)
        add(SiloShare, organization=river, silo=silos["aging"], weight=1.0)
        add(ServiceLine, organization=near, site=west, name="Family services", silo=silos["housing"], fiscal_year=2012)
        add(Membership, organization=near, status="active", since="2009-02")
        add(Membership, organization=river, status="lapsed", since="2008", until="2011-06-30")
        add(Membership, organization=gone, status="active", since="2008", until="2010")
        add(Affiliation, organization=near, association=alpha, since="2005")
        add(Affiliation, organization=river, association=alpha, since="2005", until="2010-12-31")
        dana = add(Contact, name="Dana Reyes")
        zoe = add(Contact, name="Zoë Muñoz", do_not_contact=True)
        add(Role, contact=dana, organization=near, title="Executive Director", since="2004")
        add(Role, contact=zoe, organization=river, title="Housing Counselor", since="2001", until="2012")
        add(ContactPoint, organization=near, kind="phone", raw="(312) 555-0142")
        add(ContactPoint, site=west, kind="email", raw="west@example.org")
        add(ContactPoint, contact=dana, kind="email", raw="dana@example.org")
        food, lobby = add(Tag, name="Food"), add(Tag, name="Lobby day, spring")
        add(Tagging, tag=food, organization=river)
        add(Tagging, tag=lobby, organization=near)
        add(Tagging, tag=lobby, contact=dana)
        assert quiet


@pytest.fixture
def found(house: Crm) -> Found:
    """The names of the records that a query means, by the alphabet."""

    def call(query: str, table: type[Table] = Organization, *, typing: bool = False) -> list[str]:
        listing = house.listing(table, query, typing=typing)
        ids = set(listing.ids(house.db))
        title = table.entity.title or "id"
        return sorted(str(record[title]) for record in house.records(table, "") if record.id in ids) + sorted(
            str(record[title])
            for record in (house.records(table, "is:archived") if "archived_on" in table.declarations() else [])
            if record.id in ids
        )

    return call


@pytest.fixture
def sentence(house: Crm) -> Callable[..., str]:
    """What a query means, in plain words."""

    def call(query: str, table: type[Table] = Organization) -> str:
        return sentence_of(house.db, table, query, map_code="il-2021", today=house.today)

    return call


def district_of(crm: Crm, city: str, chamber: str) -> int:
    """The number of the district of today's map that a city's site stands in."""
    (site,) = crm.records(Site, f"city:{city}")
    assignments = crm.records(
        District, f"chamber:{chamber} map:il-2021 (site.id:{site.id} OR district_by_parent.site.id:{site.id})"
    )
    assert crm.records(DistrictMap, "code:il-2021")
    return int(assignments[0].number or 0)
