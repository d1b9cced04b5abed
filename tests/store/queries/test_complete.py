"""What could be typed next in a query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.crm import Crm
from partners_crm.model import ENTITIES, Contact, Organization, SavedSearch, Site, Table
from partners_crm.services import records
from partners_crm.store.queries.complete import MOST


def texts(house: Crm, text: str, table: type[Table] = Organization, cursor: int | None = None) -> list[str]:
    return [each.text for each in house.complete(table, text, cursor)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sil", ["silo:"]),
        ("-sil", ["silo:"]),
        ("oak (sil", ["silo:"]),
        ("OR", ["OR", "organization_by_parent:"]),
        ("site.ci", ["site.city:"]),
        ("site.organization.na", ["site.organization.name:"]),
        ("program.si", ["program.silo:", "program.site:"]),
        ("silo:", ["child_welfare", "child_development"]),
        ("silo:hou", ["housing"]),
        ("silo:HO", ["housing"]),
        ("silo:mental", ["mental_health_substance_abuse"]),
        ("silo:housing,ag", ["aging"]),
        ("status:", ["prospect", "invited", "active", "lapsed", "closed", "none"]),
        ("kind:pub", ["agency"]),
        ("tag:", ["Food", '"Lobby day, spring"']),
        ("tag:lob", ['"Lobby day, spring"']),
        ('tag:"lob', ['"Lobby day, spring"']),
        ("tag:day", ['"Lobby day, spring"']),
        ("association:", ['"Alpha Association"']),
        ("parent:", ['"Near West Homes"']),
        ("district:sldu:5", ["sldu:5", "sldu:50"]),
        ('district:"house 11', ['"sldl:11"', '"sldl:110"']),
        ("city:", ["Alton", "Chicago", "Peoria"]),
        ("site.city:pe", ["Peoria"]),
        ("level:", ["Gold", "Silver"]),
        ("is:", ["archived"]),
        ("membership.since:this", ["this-week", "this-month", "this-year"]),
        ("changed:<", ["<7d", "<30d", "<90d"]),
        ("sites:", [">1", "0", ">=1"]),
        ("by:an", ['"Ana Pavlova"']),
        ("phone:", ['"(312) 555-0142"']),
        ("has:ph", ["phone"]),
        ("colour:r", []),
        ("nothing.na", []),
        ("a.b.c.d.e", []),
        ('"quoted', []),
        ("10:30", []),
    ],
)
def test_what_comes_first(house: Crm, text: str, first: list[str]) -> None:
    found = texts(house, text)
    assert found[: len(first)] == first if first else found == []


def test_a_value_that_is_proposed_runs(house: Crm) -> None:
    for table in ENTITIES:
        for name in texts(house, "", table):
            for value in texts(house, name, table):
                house.listing(table, f"{name}{value}")


def test_names_of_every_entity_are_proposed(house: Crm) -> None:
    assert texts(house, "is_pri", SavedSearch) == []
    assert texts(house, "organization.si", Contact)[:2] == ["organization.silo:", "organization.site:"]
    assert texts(house, "bed", Site) == ["beds:"]
    for table in ENTITIES:
        for name in table.declarations():
            assert f"{name}:" in texts(house, name, table)


def test_what_is_replaced_is_what_was_typed_of_it(house: Crm) -> None:
    text = 'oak -tag:food,"lob (day) silo:housing'
    (found,) = house.complete(Organization, text, text.index(" silo"))[:1] or ((),)
    assert found == ()  # the quotes are open: nothing is called so
    text = "oak -tag:food,lob silo:housing"
    cursor = text.index(" silo")
    (found, *_) = house.complete(Organization, text, cursor)
    assert text[: found.start] + found.text + text[found.end :] == 'oak -tag:food,"Lobby day, spring" silo:housing'
    (found, *_) = house.complete(Organization, "oak sta", 7)
    assert (found.start, found.end, found.text, found.about) == (4, 7, "status:", "membership.status")


def test_saved_searches_of_the_entity_are_proposed(database: object, crm: Crm) -> None:
    with crm.changes("save") as unit:
        records.add(unit, SavedSearch, name="Housing members", applies_to="organizations", query="silo:housing")
        records.add(unit, SavedSearch, name="People", applies_to="contacts", query="")
    assert [(each.text, each.about) for each in crm.complete(Organization, "saved:")] == [
        ('"Housing members"', "silo:housing")
    ]
    assert crm.complete(Contact, "organization.saved:h")[0].text == '"Housing members"'


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["silo", ":", ".", ",", '"', "(", " ", "tag", "\ud800", "\x00", "<"])).map("".join),
    st.integers(-5, 80),
)
def test_nothing_typed_breaks_it(house: Crm, text: str, cursor: int) -> None:
    for table in (Organization, Contact):
        found = house.complete(table, text, cursor)
        assert len(found) <= MOST
        for each in found:
            assert 0 <= each.start <= each.end <= max(0, min(cursor, len(text)))
            assert each.text
