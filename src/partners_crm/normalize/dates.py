"""Partial dates as text (`2011`, `2011-07`, `2011-07-14`): their first and last day, validity on a day.

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

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_LENGTH = 60

PARTIAL = re.compile(r"([12]\d\d\d)(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
"""A partial date as it is stored."""
HINT = "write 2011, 2011-07, 2011-07-14 or 7/14/2011"


def checked(text: str, year: str, month: str = "", day: str = "") -> str:
    """The partial date of a year, a month and a day in digits; `text` is what they were read from.

    Raises:
        InvalidValue: no such day exists.
    """
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
    found = PARTIAL.fullmatch(partial)
    if found is None:
        raise InvalidValue("date", partial[:_MAX_LENGTH], "is not a year, a month or a day", HINT)
    year, month, day = found.groups()
    checked(partial, year, month or "", day or "")
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
