"""Addresses: one spelling to compare by, what was typed beside it, and a reason where it was not understood."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.normalize.strings import whole_texts

from partners_crm.normalize import addresses
from partners_crm.normalize.addresses import MAX_ADDRESS, address_key, parse_address, parse_parts

CASES = (
    ("560 West Lake Street", "560 W Lake St", "", "", "", "", "street"),
    ("560 W. LAKE ST.", "560 W Lake St", "", "", "", "", "street"),
    ("560 w lake st", "560 W lake St", "", "", "", "", "street"),
    ("560 West Lake Street, 6th Floor, Chicago, IL 60661", "560 W Lake St", "Fl 6", "Chicago", "IL", "60661", "street"),
    ("1 Main St Apt 4B, Alton, Illinois 62002-1234", "1 Main St", "Apt 4B", "Alton", "IL", "62002-1234", "street"),
    ("1 Main St, Suite 200, Alton, IL 620021234", "1 Main St", "Ste 200", "Alton", "IL", "62002-1234", "street"),
    ("1 Main St #5, Alton, IL", "1 Main St", "Unit 5", "Alton", "IL", "", "street"),
    ("PO Box 12", "PO Box 12", "", "", "", "", "po_box"),
    ("P.O. Box 12, Peoria, IL 61602", "PO Box 12", "", "Peoria", "IL", "61602", "po_box"),
    ("Post Office Box 12", "PO Box 12", "", "", "", "", "po_box"),
    ("RR 2 Box 15, Cobden, IL 62920", "RR 2 Box 15", "", "Cobden", "IL", "62920", "rural"),
    ("Corner of 5th & Main, Alton IL", "Corner of 5th & Main, Alton IL", "", "Alton", "IL", "", "intersection"),
    ("4100 N 6th Ave", "4100 N 6th Ave", "", "", "", "", "street"),
    ("12-34 N Clark Street", "12-34 N Clark St", "", "", "", "", "street"),
    ("100 Northwest Highway", "100 Northwest Hwy", "", "", "", "", "street"),
    ("P O Box # 12", "PO Box 12", "", "", "", "", "po_box"),
    ("HC 1 Box 5", "HC 1 Box 5", "", "", "", "", "rural"),
    ("Chicago, IL", "", "", "Chicago", "IL", "", "unknown"),
)


@pytest.mark.parametrize(("text", "street", "unit", "city", "state", "postal_code", "kind"), CASES)
def test_an_address_is_understood(
    text: str, street: str, unit: str, city: str, state: str, postal_code: str, kind: str
) -> None:
    found = parse_address(text)
    assert (found.street, found.unit, found.city) == (street, unit, city)
    assert (found.state, found.postal_code, found.kind) == (state, postal_code, kind)
    assert (found.raw, found.parsed, found.reason) == (text, True, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * (MAX_ADDRESS + 1), "is longer than 500 characters"),
        ("n/a", "is not an address that can be read"),
        ("same as above", "is not an address that can be read"),
        ("TBD", "is not an address that can be read"),
        ("12", "is not an address that can be read"),
        ("Unit 5", "is not an address that can be read"),
        ("PO Box", "is not an address that can be read"),
        ("State and Madison", "is not an address that can be read"),
        ("1 Main St, Alton, IL 62002, 2 Elm St, Alton, IL 62002", "holds more than one address"),
    ],
)
def test_an_address_that_is_not_understood_is_kept_and_says_why(text: str, reason: str) -> None:
    found = parse_address(text)
    assert found.raw == text
    assert (found.parsed, found.kind) == (False, "unknown")
    assert reason in found.reason
    assert found.street == text


@pytest.mark.parametrize("text", ["(((((", "???", "-", "..."])
def test_signs_without_letters_are_no_address(text: str) -> None:
    found = parse_address(text)
    assert (found.street, found.parsed) == (text, False)
    assert found.reason


def test_half_a_character_is_kept() -> None:
    assert parse_address("1 Main St\udcff").raw == "1 Main St\udcff"


def test_an_empty_address_is_no_fault() -> None:
    for text in ("", "  ", "\t"):
        found = parse_address(text)
        assert (found.raw, found.street, found.reason) == (text, "", "")


def test_no_text_is_too_strange(scale: Callable[[int], int]) -> None:
    words = (
        "560 ",
        "W ",
        "Lake ",
        "St",
        ", ",
        "Apt ",
        "#",
        "Chicago",
        " IL ",
        "60661",
        "-1234",
        "Box ",
        "PO ",
        "&",
        " and ",
    )
    for text in (*whole_texts(scale(10_000), 41), *whole_texts(scale(10_000), 42, words, 10)):
        found = parse_address(text)
        assert found.raw == text
        assert found.parsed or not found.city
        if not found.parsed:
            assert found.street == " ".join(text.split())
            assert bool(found.reason) is bool(text.split())


@given(st.text(max_size=80))
@settings(max_examples=300)
def test_no_part_is_too_strange(text: str) -> None:
    assert parse_parts(text, text, text, text, text).raw == text
    assert address_key(text, text, text) == address_key(text, text, text)


def test_hostile_text_of_great_length_is_not_read() -> None:
    assert parse_address("(" * 200_000).reason == "is longer than 500 characters"


@pytest.mark.parametrize(
    ("parts", "street", "unit", "city", "state", "postal_code"),
    [
        (("560 W Lake St", "", "Chicago", "IL", "60661"), "560 W Lake St", "", "Chicago", "IL", "60661"),
        (
            ("560 W Lake St Ste 6", "", " Chicago ", "Illinois", "60661.0"),
            "560 W Lake St",
            "Ste 6",
            "Chicago",
            "IL",
            "60661",
        ),
        (
            ("560 W Lake St", "6th floor", "Chicago", "il", "606611234"),
            "560 W Lake St",
            "Fl 6",
            "Chicago",
            "IL",
            "60661-1234",
        ),
        (("560 W Lake St, Chicago, IL 60661", "", "", "", ""), "560 W Lake St", "", "Chicago", "IL", "60661"),
        (("", "", "Chicago", "IL", ""), "", "", "Chicago", "IL", ""),
    ],
)
def test_an_address_in_columns_of_its_own(
    parts: tuple[str, str, str, str, str], street: str, unit: str, city: str, state: str, postal_code: str
) -> None:
    found = parse_parts(*parts)
    assert (found.street, found.unit, found.city, found.state, found.postal_code) == (
        street, unit, city, state, postal_code,
    )  # fmt: skip
    assert (found.raw, found.reason) == (parts[0], "")


@pytest.mark.parametrize(
    ("typed", "kept", "reason"),
    [
        ("1234", "01234", "ZIP 1234 was read as 01234"),
        ("606", "00606", "ZIP 606 was read as 00606"),
        ("6O661", "6O661", "ZIP 6O661 is no ZIP code"),
        ("606612", "606612", "ZIP 606612 is no ZIP code"),
    ],
)
def test_a_damaged_zip_code_is_repaired_or_kept_and_said(typed: str, kept: str, reason: str) -> None:
    found = parse_parts("560 W Lake St", "", "Chicago", "IL", typed)
    assert (found.postal_code, found.reason) == (kept, reason)


SAME = (
    ("560 West Lake Street", "6th Floor", "560 W. Lake St", "FL 6"),
    ("560 WEST LAKE STREET", "Suite 200", "560 West Lake St.", "Ste. 200"),
    ("P.O. Box 12", "", "PO BOX 12", ""),
    ("1 Main St", "# 5", "1 MAIN STREET", "Unit 5"),
)


@pytest.mark.parametrize(("street", "unit", "other", "other_unit"), SAME)
def test_two_spellings_of_one_place_share_a_key(street: str, unit: str, other: str, other_unit: str) -> None:
    assert address_key(street, unit, "60661-1234") == address_key(other, other_unit, "60661")


def test_other_places_have_other_keys() -> None:
    places = [
        ("560 W Lake St", "", "60661"),
        ("560 E Lake St", "", "60661"),
        ("560 W Lake Ave", "", "60661"),
        ("561 W Lake St", "", "60661"),
        ("560 W Lake St", "Fl 6", "60661"),
        ("560 W Lake St", "", "60607"),
    ]
    assert len({address_key(*place) for place in places}) == len(places)
    assert address_key("", "", "") == ""
    assert address_key("", "Fl 6", "") == ""


def test_the_short_expression_reads_whole_lines_as_the_tagger_does() -> None:
    towns = ("Peoria", "Rock Island", "Arlington Heights", "Mount Vernon", "Des Plaines", "Cairo", "Alton", "La Salle")
    streets = ("Adams", "Dearborn", "Invented", "Lake", "Main", "5th", "63rd")
    types = ("St", "Ave", "Blvd", "Drive", "Road", "Ln", "Court")
    units = ("", "", ", Ste 200", " Suite 12A", ", Apt 3", " Unit 7")
    lines = [
        f"{number} {way}{street} {kind}{unit}, {towns[number % len(towns)]}, IL {60000 + number}"
        for number, (way, street, kind, unit) in enumerate(
            itertools.product(("N ", "", "W. ", "East "), streets, types, units), 100
        )
    ]
    lines += [
        f"{box} {number}, Peoria, IL 61602" for box in ("PO Box", "P.O. Box", "Post Office Box") for number in (7, 1234)
    ]
    # Behind Road the tagger takes a # for a part of the name.
    lines += [f"{number} N Adams {kind}, #{number}, Peoria, IL 61602" for number in (7, 12, 140) for kind in types[:3]]
    lines += [f"{number} County Road {number % 40 + 1}, Rock Island, IL 61201-0012" for number in range(100, 140)]
    read_short = 0
    for line in lines:
        short = addresses._plain(line, line)
        if short is None:
            continue
        read_short += 1
        tags, _, reason = addresses._tagged(line)
        state, postal_code, _ = addresses._state_and_zip(tags.get("StateName", ""), tags.get("ZipCode", ""))
        tagged = (addresses._street(tags), addresses._unit(tags), tags.get("PlaceName", ""), state, postal_code)
        assert not reason, line
        assert (short.street, short.unit, short.city, short.state, short.postal_code) == tagged, line
    assert read_short > 0.8 * len(lines)  # La Salle has a word of two letters, which may be a direction


def test_the_short_expression_agrees_with_the_tagger() -> None:
    for number in ("1", "560", "12-34"):
        for direction in ("", "N ", "West ", "e. "):
            for name in ("Lake", "LAKE", "O'Hare", "6th", "22nd"):
                for kind in ("St", "Street", "AVE", "Blvd.", "place"):
                    line = f"{number} {direction}{name} {kind}"
                    plain = parse_address(line)
                    # A comma behind it sends the same line to the tagger.
                    tagged = parse_address(f"{line}, Chicago, IL 60661")
                    assert tagged.city == "Chicago", line
                    assert plain.street == tagged.street, line
