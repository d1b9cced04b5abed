"""Dates and numbers as a query compares them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.store.queries.days import DAY_WORDS, read_days, read_numbers

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011", ("", "2011", "2011")),
        ("2011-07", ("", "2011-07", "2011-07")),
        ("2011-07-14", ("", "2011-07-14", "2011-07-14")),
        (">2011", (">", "2011", "2011")),
        ("<= 2011-07", ("<=", "2011-07", "2011-07")),
        ("2010..2012", ("..", "2010", "2012")),
        ("2010..", ("..", "2010", "")),
        ("..2012", ("..", "", "2012")),
        ("today", ("", "2026-03-31", "2026-03-31")),
        ("yesterday", ("", "2026-03-30", "2026-03-30")),
        ("tomorrow", ("", "2026-04-01", "2026-04-01")),
        ("this-year", ("", "2026", "2026")),
        ("last-year", ("", "2025", "2025")),
        ("Next-Year", ("", "2027", "2027")),
        ("this-month", ("", "2026-03", "2026-03")),
        ("last-month", ("", "2026-02", "2026-02")),
        ("this-week", ("..", "2026-03-30", "2026-04-05")),
        ("last-week", ("..", "2026-03-23", "2026-03-29")),
        (">last-week", (">", "2026-03-29", "2026-03-29")),
        (">=last-week", (">=", "2026-03-23", "2026-03-23")),
        ("<last-week", ("<", "2026-03-23", "2026-03-23")),
        ("last-year..today", ("..", "2025", "2026-03-31")),
        # Less than so long ago is a later date.
        ("<90d", (">", "2025-12-31", "2025-12-31")),
        (">=2w", ("<=", "2026-03-17", "2026-03-17")),
        ("1m", ("", "2026-02-28", "2026-02-28")),
        ("<1Y", (">", "2025-03-31", "2025-03-31")),
        ("30d..today", ("..", "2026-03-01", "2026-03-31")),
    ],
)
def test_a_date_is_read(text: str, expected: tuple[str, str, str]) -> None:
    found = read_days(text, TODAY)
    assert (found.operator, found.first, found.last) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "..",
        "2011-13",
        "2011-02-30",
        "0000",
        "11",
        "2011-7",
        "20110714",
        "99999y",
        "2011...2012",
        "<",
        "٢٠١١",
        "d",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_days(text, TODAY)


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [
        ("5", True, ("", 5, 5)),
        (">5", True, (">", 5, 5)),
        ("<=-87.5", False, ("<=", -87.5, -87.5)),
        ("2..5", True, ("..", 2, 5)),
        ("2..", True, ("..", 2, None)),
        ("..-5", True, ("..", None, -5)),
        ("1e6", False, ("", 1_000_000, 1_000_000)),
    ],
)
def test_a_number_is_read(text: str, whole: bool, expected: tuple[str, float | None, float | None]) -> None:
    found = read_numbers(text, whole=whole)
    assert (found.operator, found.first, found.last) == expected


@pytest.mark.parametrize("text", ["", "x", "1_0", "nan", "inf", "1e400", "9" * 30, "..", "²", "٣", "1,5", "<>5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    for whole in (True, False):
        with pytest.raises(ValueError, match=r".*"):
            read_numbers(text, whole=whole)


@given(st.text(alphabet="0123456789-<>=.dwmy ", max_size=14) | st.sampled_from(DAY_WORDS), st.dates())
def test_a_date_that_is_read_has_an_order(text: str, today: date) -> None:
    try:
        found = read_days(text, today)
    except ValueError:
        return
    assert found.first or found.last
    assert found.operator in {"", "<", "<=", ">", ">=", ".."}
    if found.operator == "":
        assert found.first == found.last
