"""What an edit by hand may not do, what follows from one, and what two people may do at once."""

from __future__ import annotations

from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    Organization,
    Seat,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
    Term,
)
from partners_crm.services import records


@pytest.fixture
def two(crm: Crm) -> tuple[int, int]:
    with crm.changes("two") as unit:
        first = records.add(unit, Organization, name="A House")
        second = records.add(unit, Organization, name="B House", parent=first.id)
    return first.id, second.id


def add(crm: Crm, table: type[Table], **values: Any) -> Any:
    with crm.changes("add") as unit:
        return records.add(unit, table, **values)


def edit(crm: Crm, table: type[Table], key: int, **values: Any) -> Any:
    with crm.changes("edit") as unit:
        return records.edit(unit, crm.find(table, key), **values)


def test_what_cannot_be_is_refused(crm: Crm, two: tuple[int, int]) -> None:
    first, second = two
    site = add(crm, Site, organization=first, name="Main")
    add(crm, Tag, name="red")
    tag = crm.records(Tag)[0].id
    add(crm, Tagging, tag=tag, organization=first)
    silo, other = (each.id for each in crm.records(Silo)[:2])
    add(crm, SiloShare, organization=first, silo=silo, weight=0.5)
    seat = crm.records(Seat)[0].id
    person = add(crm, Contact, name="Dana Reyes").id
    refused: list[tuple[type[Table], dict[str, Any]]] = [
        (SiloShare, {"organization": first, "silo": other, "weight": 60.0}),
        (SiloShare, {"organization": first, "silo": other, "weight": -1.0}),
        (SiloShare, {"organization": first, "silo": silo, "weight": 0.5}),
        (Affiliation, {"organization": first, "association": first}),
        (ContactPoint, {"raw": "312-555-0101"}),
        (ContactPoint, {"raw": "312-555-0101", "organization": first, "site": site.id}),
        (Tagging, {"tag": tag}),
        (Tagging, {"tag": tag, "organization": first}),
        (Tag, {"name": "RED"}),
        (Silo, {"code": "housing", "name": "Housing again"}),
        (Site, {"organization": first, "latitude": 41.88}),
        (Site, {"organization": first, "latitude": -87.6, "longitude": 41.9}),
        (Site, {"organization": first, "match_level": 999}),
        (ServiceLine, {"organization": second, "site": site.id, "name": "Meals"}),
        (ServiceLine, {"organization": first, "name": "Meals", "fiscal_year": 12}),
        (Term, {"seat": seat, "status": "vacant", "contact": person}),
    ]
    before = crm.operations()
    for table, values in refused:
        with pytest.raises(InvalidValue):
            add(crm, table, **values)
    for table, key, values in (
        (Organization, first, {"parent": first}),
        (Organization, first, {"parent": second}),
        (Organization, first, {"successor": first}),
        (Silo, silo, {"code": "shelter"}),
    ):
        with pytest.raises(InvalidValue):
            edit(crm, table, key, **values)
    assert crm.operations() == before


def test_a_new_number_takes_no_extension_of_the_old_one(crm: Crm, two: tuple[int, int]) -> None:
    point = add(crm, ContactPoint, organization=two[0], raw="312-555-0142 x3")
    assert point.extension == "3"
    assert edit(crm, ContactPoint, point.id, raw="773-555-0100").extension == ""
    typed = edit(crm, ContactPoint, point.id, raw="773-555-0101", extension="9")
    assert (typed.value, typed.extension) == ("+17735550101", "9")


def test_a_new_address_is_understood_anew_and_its_point_is_no_longer_certain(crm: Crm, two: tuple[int, int]) -> None:
    site = add(
        crm, Site, organization=two[0], address="560 W Lake St, Fl 6, Chicago, IL 60661", latitude=41.8857,
        longitude=-87.6422,
    )  # fmt: skip
    near = edit(crm, Site, site.id, address="600 W Lake St, Chicago, IL 60661")
    assert (near.street, near.unit, near.match_level) == ("600 W Lake St", "", 75)
    far = edit(crm, Site, site.id, address="100 N Main St, Peoria, IL 61602")
    assert (far.city, far.postal_code, far.latitude) == ("Peoria", "61602", None)
    assert "District" not in str(crm.card(Site, site.id))


def test_a_typed_town_stays_when_the_street_changes(crm: Crm, two: tuple[int, int]) -> None:
    site = add(crm, Site, organization=two[0], address="560 W Lake St", city="Chicago", postal_code="60661")
    assert edit(crm, Site, site.id, address="1 S State St").city == "Chicago"


def test_a_new_name_has_its_own_parts(crm: Crm) -> None:
    person = add(crm, Contact, name="Dana Reyes")
    renamed = edit(crm, Contact, person.id, name="Sam Lee")
    assert (renamed.given_name, renamed.family_name) == ("Sam", "Lee")
    assert add(crm, Contact, given_name="Ana", family_name="Ruiz").name == "Ana Ruiz"


def test_a_mail_address_is_known_as_one(crm: Crm, two: tuple[int, int]) -> None:
    assert add(crm, ContactPoint, organization=two[0], raw="office@example.org").kind == "email"


def test_a_letterhead_in_an_address_gives_its_phones(crm: Crm, two: tuple[int, int]) -> None:
    line = "560 West Lake Street, 6th Floor, Chicago, IL 60661 • 312-906-2364 p • 312-876-0721 f"
    site = add(crm, Site, organization=two[0], address=line)
    assert (site.address, site.street, site.unit) == (line, "560 W Lake St", "Fl 6")
    assert {each.value: each.use for each in crm.records(ContactPoint)} == {
        "+13129062364": "voice",
        "+13128760721": "fax",
    }


def test_edits_of_different_fields_from_one_reading_both_stay(crm: Crm, two: tuple[int, int]) -> None:
    mine = crm.find(Organization, two[0])
    edit(crm, Organization, two[0], name="A House, renamed")
    with crm.changes("mine") as unit:
        records.edit(unit, mine, note="seen today")
    now = crm.find(Organization, two[0])
    assert (now.name, now.note) == ("A House, renamed", "seen today")
    with pytest.raises(Conflict), crm.changes("mine again") as unit:
        records.edit(unit, mine, name="mine")
