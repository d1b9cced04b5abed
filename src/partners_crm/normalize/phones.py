"""Phone numbers: what was typed, what it means, and which use it names.

Common North American shapes are read by a short expression, twenty times cheaper than the library; everything else,
and the validity of every area code, is left to phonenumbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_PHONE = 250
"""Characters read at most; a longer text is kept and not understood."""

_PLAIN = re.compile(
    r"(?:\+?1[ .-]?)?(?:\((?P<bracket>[2-9]\d\d)\)|(?P<area>[2-9]\d\d))[ .-]{0,2}"
    r"(?P<exchange>[2-9]\d\d)[ .-]?(?P<line>\d{4})"
    r"(?:[ ,]{0,2}(?:ext\.?|x)[ ]?(?P<extension>\d{1,7}))?",
    re.IGNORECASE | re.ASCII,
)
_USES = {
    "p": "voice",
    "ph": "voice",
    "phone": "voice",
    "tel": "voice",
    "telephone": "voice",
    "t": "voice",
    "o": "voice",
    "office": "voice",
    "main": "voice",
    "v": "voice",
    "voice": "voice",
    "w": "voice",
    "work": "voice",
    "direct": "voice",
    "f": "fax",
    "fax": "fax",
    "c": "mobile",
    "cell": "mobile",
    "m": "mobile",
    "mobile": "mobile",
    "tty": "tty",
    "tdd": "tty",
}
_USE_WORD = "|".join(sorted(_USES, key=len, reverse=True))
_USE_BEFORE = re.compile(rf"\(?\b({_USE_WORD})\b\)?\.?\s*:?\s*(?=[+(\d])", re.IGNORECASE)
_USE_AFTER = re.compile(rf"(?<=[\d)])\s*[-,]?\s*\(?({_USE_WORD})\)?\.?$", re.IGNORECASE)
_SEPARATORS = re.compile(
    r"\s*(?:::+|[;•|\n\r]|\s/\s|/(?=\s*[+(]?\d{3})|,(?=\s*[+(\w])|\bor\b|\band\b)\s*", re.IGNORECASE
)
_SPREADSHEET = re.compile(r"(1?\d{10})\.0", re.ASCII)
_ASIDE = re.compile(r"(?<=\d)\s*\([^()\d]*\)$")
"""A remark behind a number: 312-555-0111 (ask for Ann)."""
_REASONS = {
    0: "has a country code that does not exist",
    1: "is not a phone number",
    2: "is too short after the dialling prefix",
    3: "is too short",
    4: "is too long",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone number."""

    raw: str
    """As typed; never changed."""
    e164: str
    """Such as +13129062364; "" when it was not understood."""
    extension: str
    """Digits, "" without one."""
    use: str
    """voice, fax, mobile or tty; "" when nothing says so."""
    valid: bool
    reason: str
    """Why it was not understood, in words; "" when it was."""


def parse_phone(raw: str, region: str = "US", use: str = "") -> Phone:
    """Read one phone number; any text is accepted and kept, and a bad one says why it was not understood.

    `use` is taken when the text itself names none.
    """
    return _parsed(raw, region, use)


# An import reads a cell first to split it, then as the number it is.
@lru_cache(maxsize=1024)
def _parsed(raw: str, region: str, use: str) -> Phone:
    stripped = raw.strip()
    if region == "US" and (plain := _PLAIN.fullmatch(stripped)):
        return _by_shape(raw, plain, use)
    text, said = _without_use(_SPREADSHEET.sub(r"\1", stripped))
    text = _ASIDE.sub("", text)
    use = said or use
    if len(text) > MAX_PHONE:
        return Phone(raw, "", "", use, valid=False, reason="is too long for a phone number")
    if region == "US" and (plain := _PLAIN.fullmatch(text)):
        return _by_shape(raw, plain, use)
    return _by_library(raw, text, region, use)


def _by_shape(raw: str, plain: re.Match[str], use: str) -> Phone:
    bracket, area, exchange, line, extension = plain.groups()
    area = bracket or area
    if _known_area(area, exchange):
        return Phone(raw, f"+1{area}{exchange}{line}", extension or "", use, valid=True, reason="")
    return Phone(raw, "", "", use, valid=False, reason="has an area code that is not in use")


def split_phones(raw: str) -> list[Phone]:
    """Every number of a cell. When a part of it is no number, the whole cell is kept as one."""
    whole = parse_phone(raw)
    if whole.valid or not raw.strip():
        return [whole] if raw.strip() else []
    parts = [part for part in _SEPARATORS.split(raw.strip()) if part]
    if len(parts) > 1:
        read = [parse_phone(part) for part in parts]
        if all(phone.valid for phone in read):
            return read
    return [whole]


def format_phone(e164: str, extension: str = "") -> str:
    """A number for reading: 312-906-2364 x12 for North America, grouped after the country code elsewhere."""
    if re.fullmatch(r"\+1\d{10}", e164):
        shown = f"{e164[2:5]}-{e164[5:8]}-{e164[8:]}"
    else:
        shown = e164 if not e164.startswith("+") else _international(e164)
    return f"{shown} x{extension}" if extension else shown


def _without_use(text: str) -> tuple[str, str]:
    """The text without a word that names a use, and that use."""
    if before := _USE_BEFORE.match(text):
        return text[before.end() :].strip(), _USES[before[1].lower()]
    if after := _USE_AFTER.search(text):
        return text[: after.start()].strip(), _USES[after[1].lower()]
    return text, ""


@lru_cache(maxsize=4096)
def _known_area(area: str, exchange: str) -> bool:
    """Whether phonenumbers takes a number of this area code and exchange for valid.

    Its rules for North America look at the first six digits alone, so one number stands for ten thousand.
    """
    import phonenumbers

    return bool(phonenumbers.is_valid_number(phonenumbers.parse(f"+1{area}{exchange}1212")))


def _by_library(raw: str, text: str, region: str, use: str) -> Phone:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return Phone(raw, "", "", use, valid=False, reason=_REASONS.get(error.error_type, "is not a phone number"))
    if not phonenumbers.is_valid_number(number):
        return Phone(raw, "", "", use, valid=False, reason=_why_invalid(number))
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(raw, e164, number.extension or "", use, valid=True, reason="")


def _why_invalid(number: object) -> str:
    import phonenumbers

    result = phonenumbers.is_possible_number_with_reason(number)  # type: ignore[arg-type]  # a PhoneNumber by its maker
    if result == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return "has no area code"
    if result == phonenumbers.ValidationResult.TOO_SHORT:
        return "is too short"
    if result == phonenumbers.ValidationResult.TOO_LONG:
        return "is too long"
    return "is no number in use"


def _international(e164: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
