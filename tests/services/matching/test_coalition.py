"""The records of a coalition as they are compared: everything they can be told by, and nothing of the archived."""

from __future__ import annotations

from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Identifier, Organization, OtherName, Role, Site
from partners_crm.normalize.names import generation_of
from partners_crm.services import records
from partners_crm.services.matching.bodies import Bodies
from partners_crm.services.matching.coalition import (
    as_records,
    facts_of,
    known_records,
    number_of,
    reached_by,
)
from partners_crm.services.matching.people import People
from partners_crm.services.matching.slips import SAME
from partners_crm.services.matching.weighing import UNKNOWN
from partners_crm.store.read import count


@pytest.fixture
def filled(crm: Crm) -> dict[str, int]:
    """Two organizations, one archived, and two contacts; gives their ids."""
    with crm.changes("x") as unit:

        def add(table: Any, **values: Any) -> int:
            return int(records.add(unit, table, **values).id)

        parent = add(Organization, name="Grove Charities")
        grove = add(Organization, name="Grove Shelter", parent=parent)
        gone = add(Organization, name="Gone Shelter", archived_on="2020-01-01")
        for owner in (grove, gone):
            add(OtherName, organization=owner, name="The Old Mill", kind="former")
            add(Identifier, organization=owner, system="EIN", value="36-1234567")
            add(Identifier, organization=owner, system="roster", value="A-1017")
            add(Identifier, organization=owner, system="uei", value="n/a")
            site = add(Site, organization=owner, address="560 West Lake Street", city="Peoria", postal_code="61602")
            add(ContactPoint, organization=owner, kind="phone", raw="312-555-0142")
            add(ContactPoint, site=site, kind="phone", raw="312-555-0143 x7")
            add(ContactPoint, organization=owner, kind="web", raw="https://www.grove.example.org/about")
        dana = add(Contact, name="Dana Reyes Jr.")
        add(Contact, name="Gone Person", archived_on="2019")
        add(Role, contact=dana, organization=grove)
        add(ContactPoint, contact=dana, kind="email", raw="Dana@Example.org")
    return {"parent": parent, "grove": grove, "gone": gone, "dana": dana}


def test_what_is_known_of_an_organization(crm: Crm, filled: dict[str, int]) -> None:
    facts = facts_of(crm.db, Organization)
    assert set(facts) == {filled["parent"], filled["grove"]}
    grove = facts[filled["grove"]]
    assert (grove.title, grove.names) == ("Grove Shelter", ["Grove Shelter", "The Old Mill"])
    assert [(city, code) for _, city, code in grove.places] == [("Peoria", "61602")]
    assert grove.points == {"phone": {"+13125550142", "+13125550143 7"}, "web": {"grove.example.org"}}
    assert grove.numbers == {"ein": {"361234567"}, "roster": {"a1017"}}
    assert grove.apart == {filled["parent"]}
    assert facts_of(crm.db, Organization, [filled["grove"]]) == {filled["grove"]: grove}
    assert facts_of(crm.db, Organization, [filled["gone"]]) == {}


def test_what_is_known_of_a_contact(crm: Crm, filled: dict[str, int]) -> None:
    (dana,) = facts_of(crm.db, Contact).values()
    assert (dana.title, dana.split[0]) == ("Dana Reyes Jr.", "Dana")
    assert dana.points == {"email": {"dana@example.org"}}
    assert dana.organizations == {str(filled["grove"])}


def test_records_that_are_known_to_be_others(crm: Crm, filled: dict[str, int]) -> None:
    known = known_records(crm.db, Organization)
    assert known.ids == (filled["parent"], filled["grove"])
    assert known.apart == {(filled["parent"], filled["grove"])}
    assert isinstance(known.records, Bodies)
    assert isinstance(known_records(crm.db, Contact).records, People)
    assert (count(crm.db, Organization.select()), count(crm.db, Contact.select())) == (3, 2)


def test_a_few_records_are_as_rare_as_in_the_whole(crm: Crm, filled: dict[str, int]) -> None:
    facts = [*facts_of(crm.db, Organization).values()] * 2
    few, among_many = as_records(Organization, facts), as_records(Organization, facts, 60_000)
    assert among_many.records == 60_000
    pair = (1, 3)
    levels, information = few.agreements(pair)
    of_many, more = among_many.agreements(pair)
    assert levels == of_many
    assert sum(more) > sum(information)
    assert facts[pair[0]].title == facts[pair[1]].title == "Grove Shelter"
    assert filled["grove"]


def test_numbers_of_issuers_and_of_lists_are_told_apart(crm: Crm, filled: dict[str, int]) -> None:
    with crm.changes("y") as unit:
        for system, value in (("roster", "A-1018"), ("ein", "36-1234567")):
            key = records.add(unit, Organization, name="Grove Shelter").id
            records.add(unit, Identifier, organization=key, system=system, value=value)
    known = known_records(crm.db, Organization)
    place = known.ids.index(filled["grove"])
    names = [feature.name for feature in known.records.features]

    def number(other: int) -> int:
        return known.records.agreements((place, other))[0][names.index("number")]

    assert (number(2), number(3)) == (UNKNOWN, SAME)


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("Pell Winter Jr.", "jr"),
        ("Pell Winter, Senior", "sr"),
        ("Pell Winter III", "iii"),
        ("Pell Winter", ""),
        ("", ""),
    ],
)
def test_the_generation_of_a_name(name: str, generation: str) -> None:
    assert generation_of(name) == generation


@pytest.mark.parametrize(
    ("text", "number"),
    [("36-1234567", "361234567"), ("ABC 12", "abc12"), ("00-0000000", ""), ("n/a", ""), ("0", ""), ("", "")],
)
def test_a_number_that_stands_for_none(text: str, number: str) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("kind", "value", "extension", "reached"),
    [
        ("phone", "+13125550142", "", "+13125550142"),
        ("phone", "+13125550142", "7", "+13125550142 7"),
        ("email", "Dana@Example.org", "", "dana@example.org"),
        ("web", "https://www.grove.example.org/about", "", "grove.example.org"),
        ("web", "grove.example.org", "", "grove.example.org"),
    ],
)
def test_the_form_in_which_ways_to_be_reached_are_compared(kind: str, value: str, extension: str, reached: str) -> None:
    assert reached_by(kind, value, extension) == reached
