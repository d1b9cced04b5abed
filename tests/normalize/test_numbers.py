"""Numbers as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import InvalidValue
from partners_crm.normalize.numbers import LARGEST, number_text, parse_number


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12", "12"),
        (" 12.50 ", "12.5"),
        ("12.", "12"),
        (".5", "0.5"),
        ("+7", "7"),
        ("-0", "0"),
        ("0.0", "0"),
        ("007", "7"),
        ("1,250", "1250"),
        ("$1,250,000.75", "1250000.75"),
        ("-$300", "-300"),
        ("($300)", "-300"),
        ("300-", "-300"),
        ("\u221215", "-15"),
        ("$ -5", "-5"),
        ("$(5)", "-5"),
        ("€ 5", "5"),
        ("5 €", "5"),
        ("1,25", "1.25"),
        ("1.200,50", "1200.5"),
        ("(1.200,50)", "-1200.5"),
        ("1.5E+06", "1500000"),
        ("2e-7", "0.0000002"),
        ("0.1", "0.1"),
        (str(LARGEST - 1), str(LARGEST - 1)),
    ],
)
def test_a_number_has_one_text(typed: str, meant: str) -> None:
    assert parse_number(typed) == meant
    assert parse_number(meant) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "-", "$", "1,2500", "12,345,6", "1 250", "12 %", "1_000", "nan", "inf", "0x10", "٣"),
        *(
            "1.2.3",
            "(-5)",
            "-(5)",
            "()",
            "--5",
            "(5",
            "5)",
            "-$-5",
            "10 20",
            "2011 2012",
            "1,2,3",
            "1.20,5",
            "1e999",
            str(LARGEST),
            "9" * 500,
        ),
    ],
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidValue, match="number"):
        parse_number(typed)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**53) + 1, max_value=2.0**53 - 1))
def test_the_text_of_a_number_reads_as_that_number(number: float) -> None:
    text = number_text(number)
    assert float(text) == number
    assert parse_number(text) == text
    assert set(text) <= set("-.0123456789")


@given(st.text(max_size=30))
def test_any_text_is_a_number_once_and_for_all_or_refused(text: str) -> None:
    try:
        meant = parse_number(text)
    except InvalidValue as error:
        assert error.reason  # noqa: PT017  # what is refused is refused in words
    else:
        assert parse_number(meant) == meant
