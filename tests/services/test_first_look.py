"""What a spreadsheet could not tell: every section on a coalition made by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from tests.services.examined import CHICAGO, look

from partners_crm.crm import Crm
from partners_crm.errors import NotFound
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    Membership,
    Organization,
    Role,
    Seat,
    Silo,
    SiloShare,
    Site,
    Term,
)
from partners_crm.services import records
from partners_crm.services.first_look import KEYS, FirstLook, Section, first_look
from partners_crm.store.work import Changes


@dataclass(frozen=True)
class Made:
    """A coalition made by hand, with what its records are called."""

    crm: Crm
    operation: int
    """The one that made all but what was there before."""

    def look(self, operation: int | None = None) -> FirstLook:
        return first_look(self.crm.db, self.crm.today, operation)

    def section(self, key: str) -> Section:
        return self.look().section(key)


def body(unit: Changes, name: str, **values: Any) -> int:
    return records.add(unit, Organization, name=name, **values).id


def member(unit: Changes, name: str, since: str = "2011-03-01", **values: Any) -> int:
    key = body(unit, name, **values)
    records.add(unit, Membership, organization=key, status="active", since=since)
    return key


def person(unit: Changes, name: str, organization: int | None = None, **values: Any) -> int:
    key = records.add(unit, Contact, name=name, **values).id
    if organization is not None:
        records.add(unit, Role, contact=key, organization=organization, title="Director")
    return key


def point(unit: Changes, kind: str, raw: str, **values: Any) -> int:
    return records.add(unit, ContactPoint, kind=kind, raw=raw, **values).id


@pytest.fixture
def made(crm: Crm) -> Made:
    """Six organizations, of them four members, and seven people."""
    with crm.changes("before") as unit:
        # A lawmaker without a job is nobody's contact.
        holder = records.add(unit, Contact, name="Rep. Quill Ashgrove").id
        records.add(unit, Term, seat=crm.records(Seat)[0].id, contact=holder, since="2025-01-08")
        body(unit, "Archived House", archived_on="2020-01-01")
    with crm.changes("import members.csv") as unit:
        housing = next(each for each in crm.records(Silo) if each.code == "housing").id
        guild = body(unit, "Guild of Shelters", kind="association")
        union = body(unit, "Union of Kitchens", kind="association")
        birch = member(unit, "Birch Homes")
        cedar = member(unit, "Cedar Kitchen", since="")
        elm = member(unit, "Elm Street Clinic")
        body(unit, "Fir Prospects")
        records.add(unit, SiloShare, organization=birch, silo=housing, weight=1.0)
        for association in (guild, union):
            records.add(unit, Affiliation, organization=birch, association=association)
        records.add(unit, Affiliation, organization=cedar, association=guild)
        records.add(unit, Affiliation, organization=cedar, association=union, until="2015")
        records.add(unit, Site, organization=birch, name="Main", kind="hq", match_level=100, **CHICAGO)
        records.add(unit, Site, organization=cedar, address="PO Box 12", city="Alton", postal_code="62002")
        records.add(unit, Site, organization=cedar, kind="mailing", address="1 Back St")
        records.add(unit, Site, organization=elm, name="East", address="somewhere, near the mill, by the church, 5")
        records.add(
            unit, Site, organization=elm, name="North", address="12 Water St", city="Peoria", postal_code="00601"
        )
        records.add(unit, Site, organization=elm, name="Nowhere")
        records.add(unit, Site, organization=elm, name="Past", until="2012")
        records.add(unit, Site, organization=elm, name="Gary", latitude=41.6, longitude=-87.3, match_level=100)
        dana = person(unit, "Dana Reyes", birch)
        ben = person(unit, "Ben Cole", birch, do_not_contact=True)
        mei = person(unit, "Mei Tan", cedar)
        odell = person(unit, "Odell Moss")
        person(unit, "Gone Person", birch, archived_on="2019")
        point(unit, "email", "dana@example.org", contact=dana)
        point(unit, "phone", "312-555-0142", contact=ben)
        point(unit, "email", "ben(at)example", contact=ben)
        point(unit, "email", "mei@example.org", contact=mei, status="bounced")
        point(unit, "email", "odell@example.org", contact=odell, do_not_contact=True)
        point(unit, "phone", "ask the desk", organization=cedar)
        point(unit, "web", "no site yet", organization=cedar)
    return Made(crm, crm.operations()[0].id)


def titles(section: Section) -> list[str]:
    return [row.title for row in section.rows]


def test_the_page_has_every_section_in_order_and_each_says_its_number(made: Made) -> None:
    found = made.look()
    assert tuple(each.key for each in found.sections) == KEYS
    for each in found.sections:
        assert each.sentence.endswith(".")
        assert str(each.count) in each.sentence or each.key == "districts"
        assert len(each.rows) == each.count
        assert bool(each.remedy) == bool(each.count)
        assert each.count <= each.total


def test_districts_without_a_confirmed_member(made: Made) -> None:
    section = made.section("districts")
    covered = made.crm.coverage()
    assert (section.total, section.count) == (177, 175)
    assert {row.title for row in section.rows} == {each.name for each in covered.districts if each.state != "confirmed"}
    own = next(each.number for each in covered.of("house") if each.state == "confirmed")
    assert f"117 of 118 House districts have no confirmed member: 1-{own - 1}, {own + 1}-118." in section.sentence
    assert "58 of 59 Senate districts have no confirmed member" in section.sentence
    assert {row.detail for row in section.rows} == {"no member"}


def test_what_is_possible_is_named_as_possible(crm: Crm) -> None:
    with crm.changes("a ZIP code") as unit:
        records.add(unit, Site, organization=member(unit, "Cedar Kitchen"), postal_code="60647")
    section = first_look(crm.db, crm.today).section("districts")
    perhaps = [row for row in section.rows if row.detail == "possible: Cedar Kitchen"]
    assert len(perhaps) == len(crm.coverage().possible) > 1
    assert "; possible are " in section.sentence


def test_sites_without_a_district_and_why(made: Made) -> None:
    section = made.section("sites")
    # Birch Homes is placed; the site of the past, the mailing address beside another site and Gary do not count.
    assert (section.count, section.total) == (4, 5)
    why = {row.title: row.detail for row in section.rows}
    assert why["Cedar Kitchen"] == "a post office box places nobody: PO Box 12, Alton, 62002"
    assert re.match(r"(address not read, it |no coordinates, and no ZIP)", why["Elm Street Clinic, East"])
    assert why["Elm Street Clinic, North"] == (
        "no coordinates, and ZIP 00601 has no area on the map: 12 Water St, Peoria, 00601"
    )
    assert why["Elm Street Clinic, Nowhere"] == "no address, and no coordinates"


def test_the_doctor_counts_the_same_sites(made: Made) -> None:
    (finding,) = look(made.crm, "sites")
    assert finding.message.startswith(f"{made.section('sites').count} sites have no district")


def test_a_mailing_address_counts_where_there_is_no_other_site(crm: Crm) -> None:
    with crm.changes("mail") as unit:
        records.add(unit, Site, organization=body(unit, "Alder"), kind="mailing", address="5 Oak St", city="Joliet")
    (row,) = first_look(crm.db, crm.today).section("sites").rows
    assert row.detail == "only a mailing address is known: 5 Oak St, Joliet"


def test_organizations_without_a_contact_or_a_silo(made: Made) -> None:
    section = made.section("no-contact")
    assert section.total == 4
    assert {row.title: row.detail for row in section.rows} == {
        "Elm Street Clinic": "Peoria; no phone, no mail",
        "Fir Prospects": "no phone, no mail",
    }
    assert titles(made.section("no-silo")) == ["Cedar Kitchen", "Elm Street Clinic", "Fir Prospects"]


def test_contacts_without_mail_and_those_nobody_can_reach(made: Made) -> None:
    section = made.section("no-mail")
    assert section.total == 4
    assert {row.title: row.detail for row in section.rows} == {
        "Ben Cole": "Birch Homes; not understood: ben(at)example; call 312-555-0142",
        "Mei Tan": "Cedar Kitchen; bounced: mei@example.org; no phone either",
    }
    assert [(row.title, row.detail) for row in made.section("unreachable").rows] == [("Mei Tan", "Cedar Kitchen")]


def test_members_of_unknown_start(made: Made) -> None:
    section = made.section("unknown-start")
    assert section.total == 3
    (row,) = section.rows
    assert (row.entity, row.title) == ("organization", "Cedar Kitchen")
    assert re.fullmatch(r"counts (from 2026-11-24|as possible only); membership \d+", row.detail)


def test_odd_phones_and_mail_with_the_text_and_whose_they_are(made: Made) -> None:
    section = made.section("odd")
    assert section.total == 6
    assert [row.title for row in section.rows] == ["ask the desk", "ben(at)example"]
    assert re.fullmatch(r"phone of Cedar Kitchen \(organization \d+\): .+", section.rows[0].detail)
    assert re.fullmatch(r"email of Ben Cole \(contact \d+\): no e-mail address: it has no @", section.rows[1].detail)


def test_contested_members(made: Made) -> None:
    (row,) = made.section("contested").rows
    assert (row.title, row.detail) == ("Birch Homes", "Guild of Shelters, Union of Kitchens")


def test_who_is_not_to_be_contacted(made: Made) -> None:
    assert titles(made.section("do-not-contact")) == ["Ben Cole"]
    (row,) = made.section("unsubscribed").rows
    assert row.title == "odell@example.org"
    assert "Odell Moss" in row.detail


def test_a_query_beside_a_section_lists_the_same_records(made: Made) -> None:
    said = [each for each in made.look().sections if each.listed]
    assert {each.key for each in said} == {"no-contact", "no-silo", "odd", "do-not-contact", "unsubscribed"}
    for each in said:
        entity, _, query = each.listed.partition(" ")
        assert sorted(made.crm.listing(entity, query).ids(made.crm.db)) == sorted(row.id for row in each.rows)
        assert each.rows


def test_of_an_operation_only_what_it_touched_is_looked_at(made: Made) -> None:
    with made.crm.changes("one more") as unit:
        grove = member(unit, "Grove Shelter", since="")
        point(unit, "phone", "no phone", organization=grove)
    newest = made.look(made.crm.operations()[0].id)
    assert newest.scope.startswith(f"what operation {made.operation + 1} touched (one more)")
    figures = {each.key: (each.count, each.total) for each in newest.sections if each.key != "districts"}
    assert figures == {
        "sites": (0, 0),
        "no-contact": (1, 1),
        "no-mail": (0, 0),
        "unreachable": (0, 0),
        "no-silo": (1, 1),
        "unknown-start": (1, 1),
        "odd": (1, 1),
        "duplicate-organizations": (0, 7),
        "duplicate-contacts": (0, 5),
        "contested": (0, 1),
        "do-not-contact": (0, 0),
        "unsubscribed": (0, 1),
    }
    assert all(not each.listed for each in newest.sections)
    assert newest.section("districts") == made.section("districts")
    # What the first operation touched is the rest.
    whole, first = made.look(), made.look(made.operation)
    for key in ("sites", "no-contact", "no-mail", "no-silo", "odd", "contested"):
        assert whole.section(key).count == first.section(key).count + newest.section(key).count


def test_an_operation_touches_whom_it_adds_something_to(made: Made) -> None:
    with made.crm.changes("a phone") as unit:
        point(unit, "phone", "312-555-0199", contact=made.crm.find(Contact, "Mei Tan").id)
    assert titles(made.look(made.crm.operations()[0].id).section("no-mail")) == ["Mei Tan"]


def test_an_operation_or_a_section_that_is_not_there_is_refused(made: Made) -> None:
    with pytest.raises(NotFound, match="no operation 99"):
        made.look(99)
    with pytest.raises(NotFound, match="no section gossip"):
        made.section("gossip")


def test_without_a_map_of_the_day_the_rest_is_said_all_the_same(made: Made) -> None:
    found = first_look(made.crm.db, date(1999, 1, 1))
    for key in ("districts", "sites"):
        assert "no district map with boundaries holds on 1999-01-01" in found.section(key).sentence
        assert found.section(key).rows == ()
    assert found.section("odd").count == 2


def test_an_empty_coalition_has_only_gaps(crm: Crm) -> None:
    assert [(each.key, each.count) for each in first_look(crm.db, crm.today).sections if each.count] == [
        ("districts", 177)
    ]


def test_the_questions_do_not_grow_with_the_records(made: Made) -> None:
    def asked() -> int:
        found: list[str] = []
        made.crm.db.driver.set_trace_callback(found.append)
        made.look()
        made.crm.db.driver.set_trace_callback(None)
        return len(found)

    before = asked()
    with made.crm.changes("many") as unit:
        for number in range(40):
            key = member(unit, f"House {number}", since="")
            records.add(unit, Site, organization=key, address="PO Box 7", city="Alton")
            point(unit, "phone", "no phone", contact=person(unit, f"Ann {number}", key))
    assert asked() <= before + 3
    assert made.section("odd").count == 42
