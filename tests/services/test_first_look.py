"""What a spreadsheet could not tell: every section on a coalition made by hand, and which pairs may be doubles."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.examined import CHICAGO, look

from partners_crm.crm import Crm
from partners_crm.errors import NotFound
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    Seat,
    Silo,
    SiloShare,
    Site,
    Table,
    Term,
)
from partners_crm.services import records
from partners_crm.services.duplicates import GENERIC, MOST, Pairs, are_alike, possible_duplicates
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


# -------------------------------------------------------------------- possible duplicates


Pairing = Callable[[Callable[[Changes], None]], list[tuple[str, str, str]]]


def paired(crm: Crm, table: type[Table] = Organization, **options: Any) -> list[tuple[str, str, str]]:
    found = possible_duplicates(crm.db, table, **options)
    return [(each.first_title, each.second_title, each.why) for each in found.pairs]


def at(unit: Changes, key: int, address: str, city: str = "Peoria", postal_code: str = "61602") -> int:
    records.add(unit, Site, organization=key, address=address, city=city, postal_code=postal_code)
    return key


def test_the_same_number_is_a_pair_whatever_the_names(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name, ein in (
            ("Blackhawk Shelter Network", "36-1234567"),
            ("BSN of Peoria", "361234567"),
            ("Other House", "36-7654321"),
            ("No Number", "00-0000000"),
            ("None Either", "00-0000000"),
        ):
            records.add(unit, Identifier, organization=body(unit, name), system="ein", value=ein)
    assert paired(crm) == [("Blackhawk Shelter Network", "BSN of Peoria", "same EIN")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Blackhawk Shelter Network", "Blackhawk Shelter Netwrok, Inc."),
        ("Family Services of Peoria", "Famly Svcs. Peoria"),
        ("St. Mary's Home", "Saint Mary Home"),
        ("Near West Homes", "Nearwest Homes"),
        ("Peoria Area Food Bank", "PAFB"),
    ],
)
def test_one_body_spelled_differently_is_a_pair_with_a_phone_or_an_address(crm: Crm, one: str, other: str) -> None:
    assert are_alike(one, other)
    with crm.changes("x") as unit:
        first, second = body(unit, one), body(unit, other)
        at(unit, first, "560 West Lake Street")
        at(unit, second, "560 W Lake St, Suite 3")
    assert paired(crm) == [(one, other, "same street address and similar name")]
    with crm.changes("y") as unit:
        for key in (first, second):
            point(unit, "phone", "312-555-0142", organization=key)
    assert paired(crm) == [(one, other, "same phone, same street address and similar name")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Catholic Aid of Peoria", "Catholic Aid Housing of Peoria"),
        ("Lakeside Clinic North", "Lakeside Clinic South"),
        ("Western Elder Table", "Eastern Elder Table"),
        ("Housing Post 12", "Housing Post 14"),
        ("Boys Club of Peoria", "Girls Club of Peoria"),
        ("Prairie Family Housing", "River Table"),
    ],
)
def test_a_parent_and_its_affiliate_under_one_roof_are_no_pair(crm: Crm, one: str, other: str) -> None:
    assert not are_alike(one, other)
    with crm.changes("x") as unit:
        for name in (one, other):
            key = at(unit, body(unit, name), "560 W Lake St")
            point(unit, "phone", "312-555-0142", organization=key)
            point(unit, "email", "info@example.org", organization=key)
    assert paired(crm) == []


def test_who_is_known_to_belong_together_is_no_pair(crm: Crm) -> None:
    with crm.changes("x") as unit:
        parent = body(unit, "Catholic Aid")
        child = body(unit, "Catholic Aid, Inc.", parent=parent)
        for key in (parent, child):
            records.add(unit, Identifier, organization=key, system="ein", value="36-1234567")
    assert paired(crm) == []


def test_one_name_in_two_towns_is_no_pair_and_in_one_town_it_is(crm: Crm) -> None:
    with crm.changes("x") as unit:
        at(unit, body(unit, "Open Door"), "1 First St", "Peoria", "61602")
        at(unit, body(unit, "The Open Door, NFP"), "9 Ninth St", "Joliet", "60432")
    assert paired(crm) == []
    with crm.changes("y") as unit:
        at(unit, body(unit, "Open Door Inc"), "7 Seventh St", "Joliet", "60435")
    assert paired(crm) == [("The Open Door, NFP", "Open Door Inc", "same town and same name")]


def test_two_numbers_of_one_system_are_two_bodies(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name, ein in (("Open Door", "36-1234567"), ("Open Door", "36-1234568")):
            key = at(unit, body(unit, name), "1 First St")
            records.add(unit, Identifier, organization=key, system="ein", value=ein)
    assert paired(crm) == []


def test_a_former_name_counts(crm: Crm) -> None:
    with crm.changes("x") as unit:
        first, second = body(unit, "Harbor House"), body(unit, "Lakeside Shelter")
        records.add(unit, OtherName, organization=first, name="Lakeside Shelter", kind="former")
        for key in (first, second):
            point(unit, "phone", "312-555-0142", organization=key)
    assert paired(crm) == [("Harbor House", "Lakeside Shelter", "same phone and same name")]


def test_a_mailbox_of_a_name_is_a_key_and_one_of_an_office_is_not(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name, mail in (
            ("Harbor House", "j.quill@example.org"),
            ("Lakeside Shelter", "J.Quill@example.org"),
            ("Grove", "office@example.org"),
            ("Meadow", "office@example.org"),
        ):
            point(unit, "email", mail, organization=body(unit, name))
    assert paired(crm) == [("Harbor House", "Lakeside Shelter", "same mail")]


def test_a_switchboard_makes_no_pairs_but_of_equal_names(crm: Crm) -> None:
    with crm.changes("x") as unit:
        # Each is a slip away from the next: in a small block they would be pairs.
        names = [f"Sunrise {'abcdefghijklmnopqrstuvwxyz'[n % 26]}{'mn'[n // 26]}lendale Center" for n in range(40)]
        for name in [*names, names[0]]:
            point(unit, "phone", "312-555-0142", organization=body(unit, name))
    assert len(names) > GENERIC
    assert paired(crm) == [(names[0], names[0], "same phone and same name")]


def test_the_list_is_cut_and_says_so(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for number in range(8):
            for name in ("Harbor House", "Harbour House"):
                point(unit, "phone", f"312-555-01{number:02}", organization=body(unit, name))
    found = possible_duplicates(crm.db, Organization, limit=3)
    assert (len(found.pairs), found.found, found.looked_at) == (3, 8, 16)
    assert MOST >= 100


def test_archived_records_are_no_pair(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for archived in ("", "2020-01-01"):
            at(unit, body(unit, "Open Door", archived_on=archived), "1 First St")
    assert paired(crm) == []


def test_people_who_may_be_one(crm: Crm) -> None:
    with crm.changes("x") as unit:
        grove, meadow = body(unit, "Grove"), body(unit, "Meadow")
        for name, organization in (
            ("Dana Reyes", grove),
            ("Reyes, Dana M.", grove),
            ("Dr. Odell Mossgate", grove),
            ("Odell Mosgate", grove),
            ("Dana Reyes", meadow),  # another one, as far as anybody knows
            ("Pell Winter Sr.", meadow),
            ("Pell Winter Jr.", meadow),
            ("Mei Tan", meadow),
        ):
            key = person(unit, name, organization)
            if name == "Mei Tan" or organization == grove:
                point(unit, "phone", "312-555-0142", contact=key)
                point(unit, "email", "office@example.org", contact=key)
    assert paired(crm, Contact) == [
        ("Dana Reyes", "Reyes, Dana M.", "same mail, same phone, same organization and similar name"),
        ("Dr. Odell Mossgate", "Odell Mosgate", "same mail, same phone, same organization and similar name"),
    ]


def test_two_people_who_share_a_mailbox_are_no_pair_unless_they_share_a_name(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name, mail in (
            ("Ben Cole", "b.cole@example.org"),
            ("Mei Tan", "b.cole@example.org"),
            ("Dana Reyes", "dana@example.org"),
            ("Dana Mossgate", "dana@example.org"),
        ):
            point(unit, "email", mail, contact=person(unit, name))
    assert paired(crm, Contact) == [("Dana Reyes", "Dana Mossgate", "same mail")]


def test_of_an_operation_only_its_own_pairs(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name in ("Open Door", "Open Door"):
            at(unit, body(unit, name), "1 First St")
    with crm.changes("y") as unit:
        for name in ("Grove", "Grove"):
            last = at(unit, body(unit, name), "2 Second St")
    assert len(paired(crm)) == 2
    assert [pair[0] for pair in paired(crm, among={last})] == ["Grove"]
    (row,) = first_look(crm.db, crm.today, crm.operations()[0].id).section("duplicate-organizations").rows
    assert (row.title, row.other) == ("Grove", last)
    assert row.detail == f"Grove (organization {last}): same street address and same name"


WORDS = st.lists(
    st.sampled_from(["harbor", "house", "north", "south", "st", "svcs", "12", "of", "the", "ymca", "a"]),
    min_size=1,
    max_size=5,
)


@given(one=WORDS, other=WORDS)
def test_likeness_has_no_direction_and_every_name_is_like_itself(one: list[str], other: list[str]) -> None:
    assert are_alike(" ".join(one), " ".join(one))
    assert are_alike(" ".join(one), " ".join(other)) == are_alike(" ".join(other), " ".join(one))


def test_a_pair_stands_once_with_the_smaller_id_first(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for _ in range(3):
            key = at(unit, body(unit, "Open Door"), "1 First St")
            point(unit, "phone", "312-555-0142", organization=key)
    found: Pairs = possible_duplicates(crm.db, Organization)
    pairs = [(each.first, each.second) for each in found.pairs]
    assert pairs == sorted(set(pairs))
    assert all(first < second for first, second in pairs)
    assert len(pairs) == 3
