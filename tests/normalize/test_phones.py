"""Phone numbers: the cheap path says what the library says, nothing typed is lost, and nothing is guessed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.normalize.strings import texts

from partners_crm.normalize.phones import MAX_PHONE, Phone, format_phone, parse_phone, split_phones

PHONE_PIECES = (
    *"0123456789" * 3,
    *" -.()+/,;•|\n:#x*",
    *(
        "312",
        "906",
        "2364",
        "(773) ",
        "+1 ",
        "1-",
        "ext. ",
        " ext",
        "p ",
        " f",
        "fax",
        "tel: ",
        " or ",
        " and ",
        "cell",
    ),
)
SHAPES = (
    "{a}{e}{l}",
    "{a}-{e}-{l}",
    "{a}.{e}.{l}",
    "{a} {e} {l}",
    "{a} {e}{l}",
    "({a}) {e}-{l}",
    "({a}){e}-{l}",
    "+1{a}{e}{l}",
    "1-{a}-{e}-{l}",
    "+1 ({a}) {e}-{l}",
)
TAILS = ("", " x{x}", " ext. {x}", " ext {x}", ", ext. {x}", "x{x}", " X{x}", " Ext{x}")


def by_library(text: str) -> tuple[str, str]:
    """What phonenumbers alone makes of a text."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return "", ""
    if not phonenumbers.is_valid_number(number):
        return "", ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number.extension or ""


def test_the_cheap_path_says_what_the_library_says(scale: Callable[[int], int]) -> None:
    draw = random.Random(12)
    valid = 0
    for number in range(scale(100_000)):
        text = (SHAPES[number % len(SHAPES)] + draw.choice(TAILS)).format(
            a=draw.choice(("312", "773", "217", "555", "800", "999", "211", str(draw.randint(100, 999)))),
            e=draw.choice(("906", "555", "211", str(draw.randint(100, 999)))),
            l=f"{draw.randrange(10_000):04}",
            x=str(draw.randrange(10 ** draw.randint(1, 6))),
        )
        phone = parse_phone(text)
        assert (phone.e164, phone.extension) == by_library(text), text
        assert phone.valid is bool(phone.e164)
        assert phone.valid is not bool(phone.reason)
        valid += phone.valid
    assert valid > scale(100_000) // 10


@pytest.mark.parametrize(
    ("text", "e164", "extension", "use"),
    [
        ("312-906-2364", "+13129062364", "", ""),
        ("(312) 906-2364", "+13129062364", "", ""),
        ("3129062364", "+13129062364", "", ""),
        ("3129062364.0", "+13129062364", "", ""),
        ("13129062364.0", "+13129062364", "", ""),
        ("1 312 906 2364", "+13129062364", "", ""),
        ("+1.312.906.2364", "+13129062364", "", ""),
        ("312-906-2364 x12", "+13129062364", "12", ""),
        ("312-906-2364, ext. 012", "+13129062364", "012", ""),
        ("312-906-2364 p", "+13129062364", "", "voice"),
        ("312-876-0721 f", "+13128760721", "", "fax"),
        ("312-876-0721 (fax)", "+13128760721", "", "fax"),
        ("Fax: 312-876-0721", "+13128760721", "", "fax"),
        ("(f) 312-876-0721", "+13128760721", "", "fax"),
        ("Tel. (312) 906-2364", "+13129062364", "", "voice"),
        ("cell 312-906-2364", "+13129062364", "", "mobile"),
        ("TTY: 312-906-2364", "+13129062364", "", "tty"),
        ("+49 30 901820", "+4930901820", "", ""),
        ("+44 20 7946 0958", "+442079460958", "", ""),
    ],
)
def test_a_number_is_understood(text: str, e164: str, extension: str, use: str) -> None:
    assert parse_phone(text) == Phone(text, e164, extension, use, valid=True, reason="")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("999 9999999", "has an area code that is not in use"),
        ("999-999-9999", "has an area code that is not in use"),
        ("906-2364", "has no area code"),
        ("312", "is too short"),
        ("12", "is too short"),
        ("31290623641234567890", "is too long"),
        ("+999 123456789", "has a country code that does not exist"),
        ("call Dana", "is not a phone number"),
        ("n/a", "is not a phone number"),
        ("", "is not a phone number"),
        ("312-906-236O", "is too short"),
        ("3" * (MAX_PHONE + 1), "is too long for a phone number"),
    ],
)
def test_a_bad_number_is_kept_and_says_why(text: str, reason: str) -> None:
    phone = parse_phone(text)
    assert phone.raw == text
    assert (phone.e164, phone.extension, phone.valid) == ("", "", False)
    assert reason in phone.reason


def test_digits_of_other_scripts_are_read_as_the_library_reads_them() -> None:
    assert by_library("312-906-236٤") == ("+13129062364", "")
    assert parse_phone("312-906-236٤").e164 == "+13129062364"


def test_a_use_given_from_outside_yields_to_the_word_in_the_text() -> None:
    assert parse_phone("312-906-2364", use="voice").use == "voice"
    assert parse_phone("312-906-2364 f", use="voice").use == "fax"
    assert parse_phone("999 9999999 f").use == "fax"


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("", []),
        ("  ", []),
        ("312-906-2364", [("+13129062364", "")]),
        ("312-906-2364; 312-876-0721", [("+13129062364", ""), ("+13128760721", "")]),
        ("312-906-2364 / 312-876-0721", [("+13129062364", ""), ("+13128760721", "")]),
        ("312-906-2364/312-876-0721", [("+13129062364", ""), ("+13128760721", "")]),
        ("312-906-2364, 312-876-0721", [("+13129062364", ""), ("+13128760721", "")]),
        ("312-906-2364 or 312-876-0721", [("+13129062364", ""), ("+13128760721", "")]),
        ("312-906-2364 p • 312-876-0721 f", [("+13129062364", "voice"), ("+13128760721", "fax")]),
        ("p 312-906-2364\nf 312-876-0721", [("+13129062364", "voice"), ("+13128760721", "fax")]),
        ("312-906-2364, ext. 12", [("+13129062364", "")]),
        ("312-906-2364; ask for Dana", [("", "")]),
        ("999 9999999", [("", "")]),
    ],
)
def test_the_numbers_of_a_cell(cell: str, numbers: list[tuple[str, str]]) -> None:
    assert [(phone.e164, phone.use) for phone in split_phones(cell)] == numbers


def test_nothing_typed_is_lost(scale: Callable[[int], int]) -> None:
    for text in (*texts(scale(20_000), 21, PHONE_PIECES, 14), *texts(scale(10_000), 22)):
        found = split_phones(text)
        assert parse_phone(text).raw == text
        assert bool(found) is bool(text.strip())
        if len(found) == 1:
            assert found[0].raw.strip() == text.strip()
        assert re.findall(r"\d", "".join(phone.raw for phone in found)) == re.findall(r"\d", text)
        for phone in found:
            assert phone.valid is bool(phone.e164)
            assert phone.valid is not bool(phone.reason)
            assert phone.e164 == "" or re.fullmatch(r"\+[1-9]\d{6,14}", phone.e164, re.ASCII)


@given(st.text(st.characters(exclude_categories=()), max_size=300), st.sampled_from(["US", "CA", "DE", "ZZ"]))
def test_no_text_is_too_strange(text: str, region: str) -> None:
    phone = parse_phone(text, region)
    assert phone.raw == text
    assert phone.valid is bool(phone.e164)


@given(
    st.from_regex(r"\+1[2-9]\d{2}[2-9]\d{6}", fullmatch=True, alphabet="+0123456789"), st.text("0123456789", max_size=6)
)
def test_a_number_written_for_reading_is_read_back(e164: str, extension: str) -> None:
    read = parse_phone(format_phone(e164, extension))
    if read.valid:
        assert (read.e164, read.extension) == (e164, extension)
    else:
        assert by_library(e164) == ("", "")


def test_a_number_is_grouped_for_reading() -> None:
    assert format_phone("+13129062364") == "312-906-2364"
    assert format_phone("+13129062364", "12") == "312-906-2364 x12"
    assert format_phone("+4930901820") == "+49 30 901820"
    assert format_phone("+999") == "+999"
    assert format_phone("") == ""
