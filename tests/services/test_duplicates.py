"""Which records of a coalition may be one, which are known to be two, and that a pair once dismissed stays so."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, InvalidValue, NotFound
from partners_crm.model import (
    Contact,
    ContactPoint,
    DistinctPair,
    Identifier,
    Organization,
    OtherName,
    Role,
    Site,
    Table,
)
from partners_crm.services import records
from partners_crm.services.duplicates import MOST, Pair, Pairs, dismiss, dismissed_pairs, possible_duplicates, take_back
from partners_crm.services.first_look import first_look
from partners_crm.store.work import Changes


def body(unit: Changes, name: str, **values: Any) -> int:
    return records.add(unit, Organization, name=name, **values).id


def at(unit: Changes, key: int, address: str, city: str = "Peoria", postal_code: str = "61602") -> int:
    records.add(unit, Site, organization=key, address=address, city=city, postal_code=postal_code)
    return key


def person(unit: Changes, name: str, organization: int | None = None, **values: Any) -> int:
    key = records.add(unit, Contact, name=name, **values).id
    if organization is not None:
        records.add(unit, Role, contact=key, organization=organization, title="Director")
    return key


def point(unit: Changes, kind: str, raw: str, **values: Any) -> int:
    return records.add(unit, ContactPoint, kind=kind, raw=raw, **values).id


def number(unit: Changes, key: int, value: str, system: str = "ein") -> None:
    records.add(unit, Identifier, organization=key, system=system, value=value)


Said = tuple[str, str, AbstractSet[str]]


def paired(crm: Crm, table: type[Table] = Organization, **options: Any) -> list[Said]:
    """The titles of each pair and what speaks for it."""
    found = possible_duplicates(crm.db, table, **options)
    return [said(each) for each in found.pairs]


def said(pair: Pair) -> Said:
    return pair.first_title, pair.second_title, frozenset(pair.evidence)


def two_doors(crm: Crm) -> tuple[int, int]:
    """A pair that nobody would doubt."""
    with crm.changes("two doors") as unit:
        first = at(unit, body(unit, "Open Door Shelter"), "560 West Lake Street")
        second = at(unit, body(unit, "The Open Door Shelter, Inc."), "560 W Lake St")
    return first, second


# -------------------------------------------------------------------- organizations


def test_the_same_number_is_a_pair_whatever_the_names(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name, ein in (
            ("Blackhawk Shelter Network", "36-1234567"),
            ("BSN of Peoria", "361234567"),
            ("Other House", "36-7654321"),
            ("No Number", "00-0000000"),
            ("None Either", "00-0000000"),
        ):
            number(unit, body(unit, name), ein)
    ((first, second, evidence),) = paired(crm)
    assert (first, second) == ("Blackhawk Shelter Network", "BSN of Peoria")
    assert "same number" in evidence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Blackhawk Shelter Network", "Blackhawk Shelter Netwrok, Inc."),
        ("Family Services of Peoria", "Famly Svcs. Peoria"),
        ("St. Mary's Home", "Saint Mary Home"),
        ("Near West Homes", "Nearwest Homes"),
        ("Peoria Area Food Bank", "PAFB"),
        ("Quillmere Child Development Center", "Quillmere CDC"),
        ("Quillmere Senior Housing Partners", "Quillmere Seior Housing Partners"),
        ("Quillmere Neighborhood Partners", "Quillmere Neighborhood Part"),
        ("Quillmere - Wickerfold Day Care", "Wickerfold Daycare (Quillmere)"),
    ],
)
def test_one_body_spelled_differently_is_a_pair_with_a_phone_or_an_address(crm: Crm, one: str, other: str) -> None:
    with crm.changes("x") as unit:
        first, second = body(unit, one), body(unit, other)
        at(unit, first, "560 West Lake Street")
        at(unit, second, "560 W Lake St, Suite 3")
    ((first_title, second_title, evidence),) = paired(crm)
    assert (first_title, second_title) == (one, other)
    assert "same street address" in evidence
    assert evidence & {"same name", "similar name", "name within the other"}
    with crm.changes("y") as unit:
        for key in (first, second):
            point(unit, "phone", "312-555-0142", organization=key)
    ((_, _, evidence),) = paired(crm)
    assert evidence >= {"same street address", "same phone"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Catholic Aid of Peoria", "Catholic Aid Housing of Peoria"),
        ("Lakeside Clinic", "Lakeside Clinic Foundation"),
        ("Lakeside Clinic", "Lakeside Clinic of Kane County"),
        ("Lakeside Clinic North", "Lakeside Clinic South"),
        ("Western Elder Table", "Eastern Elder Table"),
        ("Housing Post 12", "Housing Post 14"),
        ("Boys Club of Peoria", "Girls Club of Peoria"),
        ("Prairie Family Housing", "River Table"),
    ],
)
def test_a_parent_and_its_affiliate_under_one_roof_are_no_pair(crm: Crm, one: str, other: str) -> None:
    with crm.changes("x") as unit:
        for name in (one, other):
            key = at(unit, body(unit, name), "560 W Lake St")
            point(unit, "phone", "312-555-0142", organization=key)
            point(unit, "email", "info@example.org", organization=key)
    assert paired(crm) == []


@pytest.mark.parametrize("tie", ["parent", "successor"])
def test_who_is_known_to_belong_together_is_no_pair(crm: Crm, tie: str) -> None:
    with crm.changes("x") as unit:
        known = body(unit, "Catholic Aid")
        tied = body(unit, "Catholic Aid, Inc.", **{tie: known})
        for key in (known, tied):
            number(unit, key, "36-1234567")
    assert paired(crm) == []
    with crm.changes("y") as unit:
        unit.update(crm.find(Organization, str(tied)), **{tie: None})
    assert len(paired(crm)) == 1


def test_one_name_in_two_towns_is_no_pair_and_in_one_town_it_is(crm: Crm) -> None:
    with crm.changes("x") as unit:
        at(unit, body(unit, "Open Door"), "1 First St", "Peoria", "61602")
        at(unit, body(unit, "The Open Door, NFP"), "9 Ninth St", "Joliet", "60432")
    assert paired(crm) == []
    with crm.changes("y") as unit:
        at(unit, body(unit, "Open Door Inc"), "", "Joliet", "60432")
    assert paired(crm) == [("The Open Door, NFP", "Open Door Inc", frozenset({"same town", "same name"}))]


def test_two_numbers_of_one_system_are_two_bodies(crm: Crm) -> None:
    first, second = two_doors(crm)
    assert len(paired(crm)) == 1
    with crm.changes("x") as unit:
        number(unit, first, "36-1234567")
        number(unit, second, "36-1234568")
    assert paired(crm) == []


def test_a_former_name_counts(crm: Crm) -> None:
    with crm.changes("x") as unit:
        first, second = body(unit, "Harbor House"), body(unit, "Lakeside Shelter")
        records.add(unit, OtherName, organization=first, name="Lakeside Shelter", kind="former")
        for key in (first, second):
            point(unit, "phone", "312-555-0142", organization=key)
    assert paired(crm) == [("Harbor House", "Lakeside Shelter", frozenset({"same phone", "same name"}))]


def test_a_mailbox_makes_no_pair_of_two_names(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name, mail in (
            ("Harbor House", "j.quill@example.org"),
            ("Lakeside Shelter", "J.Quill@example.org"),
            ("Grove Kitchen", "kitchen@example.org"),
            ("Grove Kitchn", "Kitchen@example.org"),
        ):
            point(unit, "email", mail, organization=body(unit, name))
    assert paired(crm) == [("Grove Kitchen", "Grove Kitchn", frozenset({"same mail", "similar name"}))]


def test_a_switchboard_makes_no_pairs_but_of_equal_names(crm: Crm) -> None:
    with crm.changes("x") as unit:
        letters = "abcdefghijklmnopqrstuvwxyz"
        names = [f"{letters[n % 26] * 3}mere {letters[-n // 2 - 1] * 3}wick Center" for n in range(40)]
        for name in [*names, names[0]]:
            point(unit, "phone", "312-555-0142", organization=body(unit, name))
    found = possible_duplicates(crm.db, Organization, threshold=0.0)
    assert said(found.pairs[0])[:2] == (names[0], names[0])
    assert all(each.score < 0.5 for each in found.pairs[1:])


def test_the_list_is_cut_and_says_so(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for place in range(8):
            for name in (f"{'abcdefgh'[place] * 4}mere House", f"{'abcdefgh'[place] * 4}mere Houze"):
                point(unit, "phone", f"312-555-01{place:02}", organization=body(unit, name))
    found = possible_duplicates(crm.db, Organization, limit=3)
    assert (len(found.pairs), found.found, found.looked_at) == (3, 8, 16)
    assert MOST >= 100
    assert [each.score for each in found.pairs] == sorted((each.score for each in found.pairs), reverse=True)


def test_archived_records_are_no_pair(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for archived in ("", "2020-01-01"):
            at(unit, body(unit, "Open Door", archived_on=archived), "1 First St")
    found = possible_duplicates(crm.db, Organization)
    assert (found.found, found.looked_at) == (0, 1)


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


def test_a_pair_says_what_speaks_for_it_and_what_against(crm: Crm) -> None:
    first, second = two_doors(crm)
    with crm.changes("x") as unit:
        for key, phone in ((first, "312-555-0142"), (second, "773-555-0199")):
            point(unit, "phone", phone, organization=key)
    (pair,) = possible_duplicates(crm.db, Organization).pairs
    assert set(pair.evidence) == {"same name", "same street address"}
    assert pair.against == ("another phone",)
    assert pair.why == " and ".join(pair.evidence)
    weights = [abs(each.weight) for each in pair.agreements]
    assert weights == sorted(weights, reverse=True)
    assert (pair.entity, pair.first, pair.second) == ("organization", first, second)


# -------------------------------------------------------------------- people


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
    shared = {"same mail", "same phone", "same organization"}
    assert sorted(paired(crm, Contact)) == [
        ("Dana Reyes", "Reyes, Dana M.", {*shared, "same name"}),
        ("Dr. Odell Mossgate", "Odell Mosgate", {*shared, "similar name"}),
    ]


def test_father_and_son_with_one_mailbox_are_two(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name in ("Pell Winter Sr.", "Pell Winter Jr."):
            point(unit, "email", "winter@example.org", contact=person(unit, name))
    assert paired(crm, Contact) == []


def test_two_people_who_share_a_mailbox_are_no_pair_unless_they_share_a_name(crm: Crm) -> None:
    with crm.changes("x") as unit:
        for name, mail in (
            ("Ben Cole", "b.cole@example.org"),
            ("Mei Tan", "b.cole@example.org"),
            ("Dana Reyes", "dana@example.org"),
            ("Dana Mossgate", "dana@example.org"),  # who married
        ):
            point(unit, "email", mail, contact=person(unit, name))
    assert paired(crm, Contact) == [("Dana Reyes", "Dana Mossgate", {"same mail", "same given name"})]


# -------------------------------------------------------------------- of some of them


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
    (pair,) = possible_duplicates(crm.db, Organization, among={last}).pairs
    assert row.detail == f"Grove (organization {last}): {pair.why}"


def test_the_threshold_only_cuts(crm: Crm) -> None:
    two_doors(crm)
    with crm.changes("x") as unit:
        body(unit, "Open Door Shelter")
    every = possible_duplicates(crm.db, Organization, threshold=0.0).pairs
    assert len(every) == 3
    for least in (0.5, 0.99, 1.0):
        found = possible_duplicates(crm.db, Organization, threshold=least)
        assert found.pairs == tuple(each for each in every if each.score >= least)


def test_the_questions_do_not_grow_with_the_records(crm: Crm) -> None:
    def asked() -> int:
        found: list[str] = []
        crm.db.driver.set_trace_callback(found.append)
        for table in (Organization, Contact):
            possible_duplicates(crm.db, table)
        crm.db.driver.set_trace_callback(None)
        return len(found)

    two_doors(crm)
    before = asked()
    with crm.changes("many") as unit:
        for place in range(40):
            key = at(unit, body(unit, f"House {place}"), f"{place} First St")
            point(unit, "phone", "312-555-0142", contact=person(unit, f"Ann Quill{place}", key))
    assert asked() == before


# -------------------------------------------------------------------- known to be two


def test_a_pair_that_is_two_is_never_proposed_again_until_it_is_taken_back(crm: Crm) -> None:
    first, second = two_doors(crm)
    with crm.changes("they are two") as unit:
        made = dismiss(unit, Organization, second, first, "one moved in with the other")
    assert (made.organization, made.other_organization, made.reason) == (first, second, "one moved in with the other")
    assert dismissed_pairs(crm.db, Organization) == {(first, second)}
    found = possible_duplicates(crm.db, Organization)
    assert (found.pairs, found.found, found.dismissed, found.looked_at) == ((), 0, 1, 2)
    with crm.changes("or are they") as unit:
        take_back(unit, Organization, second, first)
    found = possible_duplicates(crm.db, Organization)
    assert (found.found, found.dismissed) == (1, 0)
    assert crm.records(DistinctPair) == []


def test_undo_brings_a_dismissed_pair_back(crm: Crm) -> None:
    first, second = two_doors(crm)
    with crm.changes("they are two") as unit:
        dismiss(unit, Organization, first, second)
    assert paired(crm) == []
    crm.undo()
    assert len(paired(crm)) == 1
    crm.redo()
    assert paired(crm) == []


def test_importing_the_list_again_proposes_no_dismissed_pair(crm: Crm, tmp_path: Path) -> None:
    table = tmp_path / "members.csv"
    head = "Organization,Address,City,ZIP,Phone,Contact\n"
    one = "Open Door Shelter,560 West Lake Street,Peoria,61602,312-555-0142,Dana Reyes\n"
    other = "Open Door,560 W Lake St,Peoria,61602,,Dana Reyez\n"
    table.write_text(head + one + other, encoding="utf-8")
    assert crm.import_file(table).new == 2
    (pair,) = possible_duplicates(crm.db, Organization).pairs
    with crm.changes("they are two") as unit:
        dismiss(unit, Organization, pair.first, pair.second)
    table.write_text(head + other + one.replace("Dana", "Danah"), encoding="utf-8")
    crm.import_file(table)
    found = possible_duplicates(crm.db, Organization)
    assert (found.found, found.dismissed, found.looked_at) == (0, 1, 2)


def test_a_dismissed_pair_of_contacts_says_nothing_of_organizations(crm: Crm) -> None:
    first, second = two_doors(crm)
    with crm.changes("x") as unit:
        people = person(unit, "Dana Reyes", first), person(unit, "Dana Reyes", first)
        dismiss(unit, Contact, *people)
    assert (dismissed_pairs(crm.db, Contact), dismissed_pairs(crm.db, Organization)) == (
        frozenset({people}),
        frozenset(),
    )
    assert paired(crm, Contact) == []
    assert [(each.first, each.second) for each in possible_duplicates(crm.db, Organization).pairs] == [(first, second)]


def test_what_cannot_be_dismissed_or_taken_back_is_refused(crm: Crm) -> None:
    first, second = two_doors(crm)
    with crm.changes("x") as unit:
        with pytest.raises(NotFound, match="organization 99 does not exist"):
            dismiss(unit, Organization, first, 99)
        with pytest.raises(InvalidValue):
            dismiss(unit, Organization, first, first)
        with pytest.raises(InvalidValue, match="was never dismissed"):
            take_back(unit, Organization, first, second)
        dismiss(unit, Organization, first, second)
        with pytest.raises(InvalidValue):
            dismiss(unit, Organization, second, first)
        with pytest.raises(ConfigError, match="sites are not compared"):
            dismiss(unit, Site, 1, 2)
    with pytest.raises(ConfigError, match="contact points are not compared"):
        possible_duplicates(crm.db, ContactPoint)
