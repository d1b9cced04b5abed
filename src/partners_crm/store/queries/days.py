"""Dates and numbers as a query compares them: `2011`, `>=2011-07`, `2010..2012`, `<90d`, `this-year`, `>1.5`."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Operator = Literal["", "<", "<=", ">", ">=", ".."]
_SIDES: tuple[Operator, ...] = ("<=", ">=", "<", ">")
_AGO = re.compile(r"(\d{1,5})([dwmy])", re.ASCII | re.IGNORECASE)
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TURNED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
LARGEST = 2**63
"""Beyond it SQLite has no whole number."""
DAY_HELP = "a date is 2011, 2011-07, 2011-07-14, 90d (days ago; w, m and y too), today or this-year"
DAY_WORDS = (
    "today",
    "yesterday",
    "tomorrow",
    *(f"{which}-{what}" for what in ("week", "month", "year") for which in ("this", "last", "next")),
)


@dataclass(frozen=True, slots=True)
class Days:
    """Days as they are compared: with `first` alone where the operator is a side, from `first` to `last` else.

    Both are partial dates, such as "2011", and mean all of it; in an open range one of them is "".
    """

    operator: Operator
    first: str
    last: str
    is_ago: bool = False
    """Whether it was written as so long ago."""

    @property
    def is_turned(self) -> bool:
        """Whether the range ends before it begins."""
        return self.operator == ".." and bool(self.last) and self.first > f"{self.last}~"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers as they are compared; in an open range one of them is missing."""

    operator: Operator
    first: float | None
    last: float | None

    @property
    def is_turned(self) -> bool:
        """Whether the range ends before it begins."""
        return self.first is not None and self.last is not None and self.first > self.last


def read_days(text: str, today: date) -> Days:
    """The days that a value means.

    Raises:
        ValueError: it means none.
    """
    operator, rest = _split(text)
    if operator == "" and ".." in rest:
        first, _, last = rest.partition("..")
        if not first.strip() and not last.strip():
            raise ValueError(text)
        return Days(
            "..", _span(first, today)[0] if first.strip() else "", _span(last, today)[1] if last.strip() else ""
        )
    first, last = _span(rest, today)
    is_ago = bool(_AGO.fullmatch(rest.strip()))
    if is_ago:
        # "since:<90d" reads "less than 90 days ago": a later date.
        operator = _TURNED.get(operator, operator)
    if operator in {"", ".."}:
        return Days("" if first == last else "..", first, last, is_ago)
    chosen = last if operator in {">", "<="} else first
    return Days(operator, chosen, chosen, is_ago)


def read_numbers(text: str, *, whole: bool) -> Numbers:
    """The numbers that a value means.

    Raises:
        ValueError: it means none.
    """
    operator, rest = _split(text)
    if operator == "" and ".." in rest:
        first, _, last = rest.partition("..")
        if not first.strip() and not last.strip():
            raise ValueError(text)
        return Numbers(
            "..", _number(first, whole) if first.strip() else None, _number(last, whole) if last.strip() else None
        )
    number = _number(rest, whole)
    return Numbers(operator, number, number)


def _split(text: str) -> tuple[Operator, str]:
    text = text.strip()
    for operator in _SIDES:
        if text.startswith(operator):
            return operator, text[len(operator) :].strip()
    return "", text


def _number(text: str, whole: bool) -> float:
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    number = int(text) if whole else float(text)
    if not abs(number) < LARGEST:  # nan is no number either
        raise ValueError(text)
    return number


def _span(text: str, today: date) -> tuple[str, str]:
    """The first and the last day, partial, of what stands for one date."""
    text = text.strip().lower()
    if ago := _AGO.fullmatch(text):
        day = _before(today, int(ago[1]), ago[2].lower()).isoformat()
        return day, day
    if text in DAY_WORDS:
        return _named(text, today)
    found = _PARTIAL.fullmatch(text)
    if found is None:
        raise ValueError(text)
    date(int(found[1]), int(found[2] or 1), int(found[3] or 1))  # a ValueError where there is no such day
    return text, text


def _before(today: date, count: int, unit: str) -> date:
    try:
        if unit in "dw":
            return today - timedelta(days=count * (7 if unit == "w" else 1))
        months = today.year * 12 + today.month - 1 - count * (12 if unit == "y" else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
    except (OverflowError, ValueError, calendar.IllegalMonthError):
        raise ValueError(f"{count}{unit}") from None


def _named(word: str, today: date) -> tuple[str, str]:
    if word in {"today", "yesterday", "tomorrow"}:
        day = (today + timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[word])).isoformat()
        return day, day
    which, _, what = word.partition("-")
    by = {"last": -1, "this": 0, "next": 1}[which]
    if what == "year":
        return (f"{today.year + by:04}",) * 2
    if what == "month":
        months = today.year * 12 + today.month - 1 + by
        return (f"{months // 12:04}-{months % 12 + 1:02}",) * 2
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * by)
    return monday.isoformat(), (monday + timedelta(days=6)).isoformat()
