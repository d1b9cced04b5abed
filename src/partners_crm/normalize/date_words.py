"""Dates as people write them (`7/14/2011`, `July 14th, 2011`, `Jul 2011`), read as the partial dates that they mean.

Only forms, files and questions about a day read such texts: what is stored is compared without them (see `dates`).
"""

from __future__ import annotations

import re

from partners_crm.errors import InvalidValue
from partners_crm.normalize.dates import HINT, PARTIAL, checked

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
_MAX_LENGTH = 60

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
        raise InvalidValue("date", text[:_MAX_LENGTH], "is not a date", HINT)
    if PARTIAL.fullmatch(words):
        return checked(text, *words.split("-"))
    if _FISCAL.fullmatch(words):
        raise InvalidValue("date", text, "is a fiscal year, not a date", "give the day or the month it starts")
    words = _WEEKDAY.sub("", _TIME.sub("", words), count=1) if words[0].isalpha() else _TIME.sub("", words)
    if found := _YEAR_FIRST.fullmatch(words):
        return checked(text, found[1], found[3], found[4] or "")
    if found := _NUMBERS.fullmatch(words):
        first, second = found[1], found[3]
        if int(first) > 12 or (day_first and int(second) <= 12):
            first, second = second, first
        return checked(text, _year(found[4]), first, second)
    if found := _MONTH_FIRST.fullmatch(words):
        return checked(text, found[3], _month(found[1], text), found[2] or "")
    if found := _DAY_FIRST.fullmatch(words):
        return checked(text, _year(found[3]), _month(found[2], text), found[1])
    if found := _MONTH_YEAR.fullmatch(words):
        return checked(text, found[2], found[1])
    if found := _COMPACT.fullmatch(words):
        return checked(text, *found.groups())
    raise InvalidValue("date", text, "is not a date", HINT)


def _year(digits: str) -> str:
    if len(digits) == 4:
        return digits
    return f"20{digits}" if int(digits) <= 68 else f"19{digits}"


def _month(name: str, text: str) -> str:
    number = _MONTHS.get(name.lower())
    if number is None:
        raise InvalidValue("date", text, "is not a date", f"{name} is no month")
    return str(number)
