"""Partial dates as text (`2011`, `2011-07`, `2011-07-14`): reading them, their first and last day, validity on a day.

The text sorts as the dates do. A year or a month is kept as such: nothing here invents a day.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Literal

from partners_crm.errors import InvalidValue

Validity = Literal["yes", "possible", "no"]
"""Whether a dated fact holds on a day: certain, undecided by the dates at hand, certainly not."""

UNKNOWN = "unknown"
"""The end of a tie that is known to be over, or may be, without anybody knowing since when."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        1,
    )
    for name in names.split()
}
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_LENGTH = 60

_PARTIAL = re.compile(r"([12]\d\d\d)(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TIME = re.compile(
    r"(?<=\d)[T ]\d?\d(?::\d\d){1,2}(?:\.\d{1,9})?(?: ?[AP]\.?M\.?)?(?: ?Z| ?UTC| ?[+-]\d\d:?\d\d)?$",
    re.ASCII | re.IGNORECASE,
)
_WEEKDAY = re.compile(r"(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\.?,? ", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d\d?)(?:\2(\d\d?))?", re.ASCII)
_NUMBERS = re.compile(r"(\d\d?)([-/.])(\d\d?)\2(\d{4}|\d\d)", re.ASCII)
_MONTH_YEAR = re.compile(r"(\d\d?)[-/.](\d{4})", re.ASCII)
_COMPACT = re.compile(r"([12]\d\d\d)(\d\d)(\d\d)", re.ASCII)
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (?:(\d\d?)(?:st|nd|rd|th)?,? )?(\d{4})", re.ASCII | re.IGNORECASE)
_DAY_FIRST = re.compile(
    r"(\d\d?)(?:st|nd|rd|th)?[ -](?:of )?([a-z]{3,9})\.?,?[ -](\d{4}|\d\d)", re.ASCII | re.IGNORECASE
)
_FISCAL = re.compile(r"(?:s?fy|fiscal year) ?'?\d{2,4}(?:[-/]\d{2,4})?", re.ASCII | re.IGNORECASE)


def parse_date(text: str, day_first: bool = False) -> str:
    """The partial date a text means: `7/14/2011`, `July 14th, 2011`, `14 Jul 2011`, `2011-07-14T00:00`, `Jul 2011`.

    `day_first` decides `07/04/2011`, where both readings are possible; a number above 12 decides by itself.
    Two-digit years up to 68 belong to this century (the rule of POSIX). A time of day is left out, the day stays
    as written. Fiscal years and serial numbers of a spreadsheet are refused: a year's start is the coalition's
    to say, and the first day of the count the workbook's.

    Raises:
        InvalidValue: the text is no date, or no such day exists.
    """
    words = " ".join(text.split())
    if not words or len(words) > _MAX_LENGTH:
        raise InvalidValue("date", text[:_MAX_LENGTH], "is not a date", _HINT)
    if _PARTIAL.fullmatch(words):
        return _checked(text, *words.split("-"))
    if _FISCAL.fullmatch(words):
        raise InvalidValue("date", text, "is a fiscal year, not a date", "give the day or the month it starts")
    words = _WEEKDAY.sub("", _TIME.sub("", words), count=1) if words[0].isalpha() else _TIME.sub("", words)
    if found := _YEAR_FIRST.fullmatch(words):
        return _checked(text, found[1], found[3], found[4] or "")
    if found := _NUMBERS.fullmatch(words):
        first, second = found[1], found[3]
        if int(first) > 12 or (day_first and int(second) <= 12):
            first, second = second, first
        return _checked(text, _year(found[4]), first, second)
    if found := _MONTH_FIRST.fullmatch(words):
        return _checked(text, found[3], _month(found[1], text), found[2] or "")
    if found := _DAY_FIRST.fullmatch(words):
        return _checked(text, _year(found[3]), _month(found[2], text), found[1])
    if found := _MONTH_YEAR.fullmatch(words):
        return _checked(text, found[2], found[1])
    if found := _COMPACT.fullmatch(words):
        return _checked(text, *found.groups())
    raise InvalidValue("date", text, "is not a date", _HINT)


_HINT = "write 2011, 2011-07, 2011-07-14 or 7/14/2011"


def _year(digits: str) -> str:
    if len(digits) == 4:
        return digits
    return f"20{digits}" if int(digits) <= 68 else f"19{digits}"


def _month(name: str, text: str) -> str:
    number = _MONTHS.get(name.lower())
    if number is None:
        raise InvalidValue("date", text, "is not a date", f"{name} is no month")
    return str(number)


def _checked(text: str, year: str, month: str = "", day: str = "") -> str:
    if not 1000 <= int(year) <= 2999:
        raise InvalidValue("date", text, f"is not a date: the year {year} is out of range", "open-ended is left empty")
    if not month:
        return year
    if not 1 <= int(month) <= 12:
        raise InvalidValue("date", text, f"is not a date: there is no month {int(month)}")
    if not day:
        return f"{year}-{int(month):02}"
    if not 1 <= int(day) <= _last_day(int(year), int(month)):
        raise InvalidValue("date", text, f"is not a date: {year}-{int(month):02} has no day {int(day)}")
    return f"{year}-{int(month):02}-{int(day):02}"


def _last_day(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else _DAYS[month - 1]


@lru_cache(maxsize=4096)
def _span(partial: str) -> tuple[str, str]:
    found = _PARTIAL.fullmatch(partial)
    if found is None:
        raise InvalidValue("date", partial[:_MAX_LENGTH], "is not a year, a month or a day", _HINT)
    year, month, day = found.groups()
    _checked(partial, year, month or "", day or "")
    if day:
        return partial, partial
    if month:
        return f"{partial}-01", f"{partial}-{_last_day(int(year), int(month))}"
    return f"{partial}-01-01", f"{partial}-12-31"


def starts(partial: str) -> str:
    """The first day of a year, a month or a day: `2011-07` gives `2011-07-01`.

    Raises:
        InvalidValue: the text is not `2011`, `2011-07` or `2011-07-14`.
    """
    return _span(partial)[0]


def ends(partial: str) -> str:
    """The last day of a year, a month or a day: `2012-02` gives `2012-02-29`.

    Raises:
        InvalidValue: the text is not `2011`, `2011-07` or `2011-07-14`.
    """
    return _span(partial)[1]


def covers(since: str, until: str, on: str, recorded_on: str = "") -> Validity:
    """Whether a fact dated `since` to `until` holds on the day `on`.

    - `until` is the LAST day of the fact: it still holds on that day, and on every day of a year or month
      that it may have lasted to. Empty means open-ended; `UNKNOWN` means that it may have ended any day.
    - An empty (or `UNKNOWN`) `since` is an unknown start: possible, and certain from the day the fact was
      recorded (`recorded_on`, a date or an instant) where that is given.
    - A partial date leaves the days inside it undecided: since `2011-07` is "possible" from July 1st, "yes"
      from July 31st.

    Raises:
        InvalidValue: a date is not `2011`, `2011-07` or `2011-07-14`, or `on` is not a whole day.
    """
    first, last = _span(on)
    if first != last:
        raise InvalidValue("date", on, "is not a single day", "write 2011-07-14")
    certain = True
    if since and since != UNKNOWN:
        earliest, latest = _span(since)
        if on < earliest:
            return "no"
        certain = on >= latest
    else:
        certain = bool(recorded_on) and on >= _span(recorded_on[:10])[1]
    if until == UNKNOWN:
        certain = False
    elif until:
        earliest, latest = _span(until)
        if on > latest:
            return "no"
        certain = certain and on <= earliest
    return "yes" if certain else "possible"


def written_day(day: date) -> str:
    """A day as a sentence names it: `24 November 2026`."""
    return f"{day.day} {day:%B %Y}"
