"""Numbers as people type them (`$1,250,000`, `(300)`, `1.200,50`, `1.5E+06`) and the one text that stands for each."""

from __future__ import annotations

import re
from decimal import Decimal

from partners_crm.errors import InvalidValue

LARGEST = 2**53
"""From here on a floating-point number no longer tells whole numbers apart."""
_MAX_LENGTH = 60
_SIGNS = r"[$€£]?"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?){_SIGNS} ?(?P<minus>-?)"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+"
    r"|(?P<european>\d{1,3}(?:\.\d{3})+,\d{1,2}|\d+,\d{1,2}))"
    rf"(?P<power>E[-+]?\d{{1,3}})? ?{_SIGNS}",
    re.ASCII | re.IGNORECASE,
)
_BOOKED = re.compile(r"[$€£]? ?\((.*)\)|(.*)-")
"""A negative number as bookkeepers write it: (300), $(300) or 300-."""


def parse_number(text: str) -> str:
    """The text that stands for a number: plain digits, a point, as many places as it takes, no zeros at the end.

    Commas must group three digits, or one stands before one or two at the end: `1.200,50` is European. A sign of
    dollars, euros or pounds is left out. Idempotent.

    Raises:
        InvalidValue: the text is no number, or one of 2**53 or more.
    """
    words = text.strip().replace("\u2212", "-")
    if not words or len(words) > _MAX_LENGTH * 6:
        raise InvalidValue("number", text[:_MAX_LENGTH], "is not a number")
    booked = _BOOKED.fullmatch(words)
    found = _NUMBER.fullmatch((booked[1] or booked[2] or "").strip() if booked else words)
    if found is None or ((booked or found["sign"]) and (found["minus"] or (booked and found["sign"]))):
        raise InvalidValue("number", text[:_MAX_LENGTH], "is not a number", "write it like 1250 or 12.5")
    digits = found["digits"].replace(".", "").replace(",", ".") if found["european"] else found["digits"]
    number = float(digits.replace(",", "") + (found["power"] or ""))
    if number >= LARGEST:
        raise InvalidValue("number", text[:_MAX_LENGTH], "is out of range")
    return number_text(-number if booked or "-" in (found["sign"], found["minus"]) else number)


def number_text(number: float) -> str:
    """The text that stands for a number; reading it with `float` gives the same number."""
    plain = format(Decimal(repr(float(number))), "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain
