"""Postal addresses of the United States: what was typed, its parts, and one spelling to compare by.

usaddress tags the parts; the spelling of directions, street types and units follows USPS Publication 28, the public
standard of postal addressing. A plain street line is read by a short expression, which agrees with the tagger and is
much cheaper. Nothing is thrown away: a text that cannot be read is kept, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from partners_crm.normalize.text import fold

MAX_ADDRESS = 500
"""Characters read at most: the tagger is quadratic on hostile text (200,000 brackets take half a minute)."""

Kind = Literal["street", "po_box", "rural", "intersection", "unknown"]

_DIRECTIONS = {
    "north": "N",
    "south": "S",
    "east": "E",
    "west": "W",
    "northeast": "NE",
    "northwest": "NW",
    "southeast": "SE",
    "southwest": "SW",
    **{word: word.upper() for word in ("n", "s", "e", "w", "ne", "nw", "se", "sw")},
}
_TYPES = {
    "alley": "Aly",
    "avenue": "Ave",
    "av": "Ave",
    "boulevard": "Blvd",
    "bridge": "Brg",
    "center": "Ctr",
    "centre": "Ctr",
    "circle": "Cir",
    "court": "Ct",
    "crossing": "Xing",
    "drive": "Dr",
    "expressway": "Expy",
    "freeway": "Fwy",
    "highway": "Hwy",
    "lane": "Ln",
    "parkway": "Pkwy",
    "pkway": "Pkwy",
    "pwy": "Pkwy",
    "pike": "Pike",
    "place": "Pl",
    "plaza": "Plz",
    "road": "Rd",
    "square": "Sq",
    "street": "St",
    "str": "St",
    "terrace": "Ter",
    "trail": "Trl",
    "turnpike": "Tpke",
    "way": "Way",
    **{
        word: word.capitalize()
        for word in (
            "aly ave blvd brg ctr cir ct xing dr expy fwy hwy ln pkwy pl plz rd sq st ter trl tpke".split()  # noqa: SIM905
        )
    },
}
_UNITS = {
    "apartment": "Apt",
    "apt": "Apt",
    "building": "Bldg",
    "bldg": "Bldg",
    "department": "Dept",
    "dept": "Dept",
    "floor": "Fl",
    "fl": "Fl",
    "flr": "Fl",
    "lower": "Lowr",
    "room": "Rm",
    "rm": "Rm",
    "space": "Spc",
    "suite": "Ste",
    "ste": "Ste",
    "unit": "Unit",
    "#": "Unit",
    "upper": "Uppr",
}
_STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "district of columbia": "DC", "florida": "FL", "georgia": "GA",
    "hawaii": "HI", "idaho": "ID", "illinois": "IL", "ill": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS",
    "kentucky": "KY", "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI",
    "minnesota": "MN", "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV",
    "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY", "north carolina": "NC",
    "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhode island": "RI",
    "south carolina": "SC", "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT",
    "virginia": "VA", "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
    "puerto rico": "PR",
}  # fmt: skip
_TYPES_FOLDED = frozenset((*_TYPES, "sts", "aves"))
_IN_FULL = {
    **{short.lower(): word for word, short in reversed(_TYPES.items()) if word != short.lower()},
    **{short.lower(): word for word, short in _DIRECTIONS.items() if word != short.lower()},
}
_ASIDES = frozenset(("and", "at", "between", "bet", "corner", "near", "off"))
_ORDINALS = {
    word: f"{number}{ending}"
    for number, ending, word in (
        (1, "st", "first"), (2, "nd", "second"), (3, "rd", "third"), (4, "th", "fourth"), (5, "th", "fifth"),
        (6, "th", "sixth"), (7, "th", "seventh"), (8, "th", "eighth"), (9, "th", "ninth"), (10, "th", "tenth"),
    )
}  # fmt: skip
_CODES = frozenset(_STATES.values())
_KINDS: dict[str, Kind] = {"Street Address": "street", "PO Box": "po_box", "Intersection": "intersection"}
_ZIP = re.compile(r"(\d{5})(?:-?(\d{4}))?", re.ASCII)
_PO_BOX = re.compile(r"\s*p(?:ost)?\.?\s*o(?:ffice)?\.?\s*box\s+#?\s*(\w+)\s*", re.IGNORECASE)
_TOWN = r"(?:,\s*(?P<city>[A-Z]{3,}(?:\s[A-Z]{3,}){0,2}),\s*(?P<state>[A-Z]{2})\s+(?P<zip>\d{5}(?:-\d{4})?))?"
# NUMBER [DIRECTION] NAME TYPE[, UNIT][, TOWN, STATE ZIP]: nothing in it can be read in two ways.
_PLAIN = re.compile(
    r"(?P<number>\d{1,6}(?:-\d{1,6})?)\s+(?:(?P<road>(?-i:County Road) \d{1,4})"
    r"|(?:(?P<direction>[NSEW]|North|South|East|West)\.?\s+)?"
    r"(?P<name>[A-Z][a-z']+|[A-Z][A-Z']+|\d{1,3}(?:st|nd|rd|th))\s+"
    r"(?P<type>St|Ave|Blvd|Dr|Rd|Ln|Ct|Pl|Street|Avenue|Boulevard|Drive|Road|Lane|Court|Place)\.?"
    r"(?:,?\s+(?P<unit>(?:(?:Suite|Ste|Apt|Unit|Fl|Floor|Room|Rm)\.?\s+|#\s?)\d{1,4}[A-Z]?))?)"
    rf"{_TOWN}",
    re.IGNORECASE,
)
_PLAIN_BOX = re.compile(rf"p(?:ost)?\.?\s*o(?:ffice)?\.?\s*box\s+(?P<box>\d{{1,6}}){_TOWN}", re.IGNORECASE | re.ASCII)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.IGNORECASE)
_NAMES_THAT_MEAN_MORE = {*_DIRECTIONS, *_TYPES, *_UNITS, "us", "route", "rt", "county", "state", "old", "box"}


@dataclass(frozen=True, slots=True)
class StreetLine:
    """What a street line is told from others by."""

    number: str
    """Of the house, or of the box; "" without one."""
    words: tuple[str, ...]
    """Of the street, without its type, its direction and the unit where anything is left."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address and what was understood of it."""

    raw: str
    """As typed; never changed."""
    street: str
    """In one spelling: "560 W Lake St", "PO Box 12"; what was typed when it was not understood."""
    unit: str
    """"Fl 6", "Ste 200"; "" without one."""
    city: str
    state: str
    """Two letters where it is a state's name or code."""
    postal_code: str
    """"60661" or "60661-1234"."""
    kind: Kind
    parsed: bool
    reason: str
    """Why it was not understood, or what was repaired, in words; "" when all is well."""


@lru_cache(maxsize=20_000)
def parse_address(raw: str) -> Address:
    """Read an address that stands in one text; any text is accepted and kept."""
    text = " ".join(raw.strip().replace("\n", ", ").split())
    if len(text) > MAX_ADDRESS:
        return _unread(raw, f"is longer than {MAX_ADDRESS} characters")
    if not text:
        return _unread(raw, "")
    if plain := _plain(raw, text):
        return plain
    tags, kind, reason = _tagged(text)
    if reason:
        return _unread(raw, reason)
    street = _street(tags) if kind != "intersection" else text
    state, postal_code, repaired = _state_and_zip(tags.get("StateName", ""), tags.get("ZipCode", ""))
    unit = _unit(tags)
    return Address(raw, street, unit, tags.get("PlaceName", ""), state, postal_code, kind, parsed=True, reason=repaired)


def parse_parts(street: str, unit: str, city: str, state: str, postal_code: str) -> Address:
    """Read an address whose parts have columns of their own; a street line that holds its unit is split."""
    found = parse_address(street)
    code, zip_code, repaired = _state_and_zip(state or found.state, postal_code or found.postal_code)
    own_unit = _unit_text(unit) if unit.strip() else found.unit
    return Address(
        street,
        found.street,
        own_unit,
        " ".join(city.split()) or found.city,
        code,
        zip_code,
        found.kind,
        found.parsed,
        "; ".join(filter(None, (found.reason, repaired))),
    )


def address_key(street: str, unit: str, postal_code: str) -> str:
    """The key under which two spellings of one place meet; "" when nothing is known of the place."""
    return place_key(parse_address(street).street if street else "", unit, postal_code)


def place_key(street: str, unit: str, postal_code: str, city: str = "") -> str:
    """`address_key` of a street that has been understood already; without a ZIP the city tells places apart."""
    where = postal_code[:5] or fold(city)
    if not street and not where:
        return ""
    return "|".join((fold(street), fold(_unit_text(unit)) if unit else "", where))


def street_line(text: str) -> StreetLine:
    """The number and the words of a street line, read by its words alone: for comparing, where a tagger costs too much.

    `560 W. Lake Street, Suite 20` and `560 Lake St` give the same. What follows `between`, `near` or `at`, and a cross
    street behind `&`, is left out.
    """
    words = fold(text[:MAX_ADDRESS]).split()
    if words[:2] == ["po", "box"] or words[:3] == ["p", "o", "box"]:
        return StreetLine(f"box {words[-1]}", ("po", "box"))
    number = ""
    if len(words) > 1 and words[0][0].isdigit() and words[1] not in _TYPES:
        number = words.pop(0)
    if len(words) > 1 and words[0] == "in":
        del words[0]
    for place, word in enumerate(words[1:], 1):
        if word in _ASIDES or word in _UNITS:
            del words[place:]
            break
    told = [word for word in words if word not in _DIRECTIONS and word not in _TYPES_FOLDED]
    return StreetLine(number, tuple(_ORDINALS.get(word, word) for word in told or words))


def spelled_out(street: str) -> str:
    """A street in small letters with its type and direction in full: `12 N Lake St` gives `12 north lake street`.

    For comparing letter by letter: a slip in a word is small, an abbreviation is not.
    """
    return " ".join([_IN_FULL.get(word, word) for word in fold(street[:MAX_ADDRESS]).split()])


def _unread(raw: str, reason: str) -> Address:
    return Address(raw, " ".join(raw.split()), "", "", "", "", "unknown", parsed=False, reason=reason)


def _plain(raw: str, text: str) -> Address | None:
    if found := _PLAIN.fullmatch(text):
        number, road, direction, name, kind, unit, city, state, postal_code = found.groups()
        if name and name.lower() in _NAMES_THAT_MEAN_MORE:
            return None
        named = road or f"{_cased(name)} {_TYPES[kind.lower()]}"
        street = f"{number} {_DIRECTIONS[direction.lower()]} {named}" if direction else f"{number} {named}"
        is_box = False
    elif found := _PLAIN_BOX.fullmatch(text):
        box, city, state, postal_code = found.groups()
        street, unit, is_box = f"PO Box {box}", None, True
    else:
        return None
    state = state.upper() if state else ""
    if city and (city.split()[0].lower() in _NAMES_THAT_MEAN_MORE or state not in _CODES):
        return None
    return Address(
        raw,
        street,
        _unit_text(unit) if unit else "",
        city or "",
        state,
        postal_code or "",
        "po_box" if is_box else "street",
        parsed=True,
        reason="",
    )


def _tagged(text: str) -> tuple[dict[str, str], Kind, str]:
    """(tags, kind, reason): the tagger's refusals are findings, not errors."""
    if box := _PO_BOX.fullmatch(text):
        return {"USPSBoxType": "PO Box", "USPSBoxID": box[1]}, "po_box", ""
    import usaddress

    try:
        # The tagger takes no half characters.
        tags, kind = usaddress.tag(text.encode("utf-8", "replace").decode("utf-8"))
    except usaddress.RepeatedLabelError:
        return {}, "unknown", "holds more than one address, or one part twice"
    found: dict[str, str] = dict(tags)
    if kind == "Ambiguous" and not ({"AddressNumber", "StreetName"} <= found.keys()):
        if found and found.keys() <= {"PlaceName", "StateName", "ZipCode"}:
            return found, "unknown", ""
        return {}, "unknown", "is not an address that can be read"
    if found.get("USPSBoxGroupType"):
        return found, "rural", ""
    return found, _KINDS.get(kind, "street"), ""


def _street(tags: dict[str, Any]) -> str:
    if "USPSBoxID" in tags or "USPSBoxGroupID" in tags:
        group = " ".join(filter(None, (tags.get("USPSBoxGroupType", ""), tags.get("USPSBoxGroupID", ""))))
        box = tags.get("USPSBoxType", "Box" if group else "PO Box")
        box = "PO Box" if fold(box).replace(" ", "") in {"pobox", "postofficebox"} else box
        return " ".join(filter(None, (group.upper(), box, tags.get("USPSBoxID", "").strip("# "))))
    parts = (tags.get("AddressNumberPrefix"), tags.get("AddressNumber"), tags.get("AddressNumberSuffix"))
    number = " ".join(filter(None, parts))
    words = [
        number,
        _direction(tags.get("StreetNamePreDirectional", "")),
        _cased(tags.get("StreetNamePreModifier", "")),
        _cased(tags.get("StreetNamePreType", "")),
        _cased(tags.get("StreetName", "")),
        _type(tags.get("StreetNamePostType", "")),
        _direction(tags.get("StreetNamePostDirectional", "")),
    ]
    place = tags.get("BuildingName") or tags.get("LandmarkName") or tags.get("Recipient") or ""
    street = " ".join(filter(None, words))
    return ", ".join(filter(None, (_cased(place), street)))


def _unit(tags: dict[str, Any]) -> str:
    parts = [
        f"{tags.get(f'{part}Type', '')} {tags.get(f'{part}Identifier', '')}".strip()
        for part in ("Subaddress", "Occupancy")
    ]
    return ", ".join(_unit_text(part) for part in parts if part)


def _unit_text(text: str) -> str:
    """A unit in one spelling: "6th Floor" and "FL 6" are both "Fl 6"."""
    words = text.replace("#", " # ").replace(".", " ").replace(",", " ").split()
    kind, rest = "", []
    for word in words:
        known = _UNITS.get(word.lower())
        if known and (not kind or kind == "Unit"):
            kind = known
        elif not (known == "Unit" and word == "#"):
            rest.append(word)
    if kind == "Fl":
        rest = [re.sub(r"(?i)(?<=\d)(st|nd|rd|th)$", "", word) for word in rest]
    return " ".join(filter(None, (kind, " ".join(word.upper() if len(word) < 4 else word for word in rest))))


def _direction(text: str) -> str:
    return _DIRECTIONS.get(text.replace(".", "").lower(), text)


def _type(text: str) -> str:
    return " ".join(_TYPES.get(word.strip(".").lower(), _cased(word)) for word in text.split())


def _cased(text: str) -> str:
    """Words in capitals get small letters; anything else stays as it was typed."""
    return " ".join(
        word.lower() if _ORDINAL.fullmatch(word) else word.capitalize() if word.isupper() and len(word) > 2 else word
        for word in text.split()
    )


def _state_and_zip(state: str, postal_code: str) -> tuple[str, str, str]:
    code = state.strip().strip(".")
    code = _STATES.get(code.lower(), code.upper() if code.upper() in _CODES else state.strip())
    text = postal_code.strip().removesuffix(".0")
    if not text or _ZIP.fullmatch(text):
        found = _ZIP.fullmatch(text)
        return code, ("-".join(filter(None, found.groups())) if found else ""), ""
    if text.isdigit() and len(text) in {3, 4}:
        # Spreadsheets drop leading zeros of the north-east.
        return code, text.zfill(5), f"ZIP {postal_code.strip()} was read as {text.zfill(5)}"
    return code, postal_code.strip(), f"ZIP {postal_code.strip()} is no ZIP code"
