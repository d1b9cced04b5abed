"""What the columns of a list mean for comparing its records, guessed from their names and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from partners_crm.normalize.text import fold

Kind = Literal["people", "organizations"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "record id", "row id", "uid", "number", "no"),
    "given": ("given name", "first name", "firstname", "fname", "given", "forename", "first"),
    "family": ("family name", "surname", "last name", "lastname", "lname", "family", "last"),
    "person": ("full name", "person", "contact", "contact name", "person name"),
    "name": (
        *("name", "organization", "organization name", "organisation", "organisation name", "org", "org name"),
        *("employer", "agency", "agency name", "business name", "company", "company name", "provider", "provider name"),
        *("site name", "program name", "facility", "facility name", "member", "member name", "legal name", "title"),
    ),
    "other name": ("other name", "other names", "acronym", "dba", "aka", "also known as", "former name", "trade name"),
    "number": ("street number", "house number", "street no", "house no", "building number"),
    "street": (
        *("address", "address 1", "address1", "address line 1", "addr", "addr1", "street", "street address"),
        *("street name", "mailing address", "site address", "full address", "location"),
    ),
    "extra": ("address 2", "address2", "address line 2", "addr2", "unit", "suite", "apt"),
    "city": ("city", "town", "suburb", "locality", "municipality", "place"),
    "zip": ("zip", "zip code", "zipcode", "zip5", "postal code", "postcode", "postalcode"),
    "state": ("state", "st", "province"),
    "date": ("date of birth", "dob", "birth date", "birthdate", "birthday", "born"),
    "phone": ("phone", "phone number", "telephone", "tel", "main phone", "mobile", "cell", "fax"),
    "mail": ("email", "e mail", "mail", "email address", "e mail address"),
    "web": ("web", "website", "web site", "url", "homepage", "domain"),
    "key": ("ein", "fein", "federal ein", "tax id", "uei", "duns", "ssn", "soc sec id", "npi"),
}
"""By what a column is compared as: names it is seen under, folded."""
_BY_NAME = {name: field for field, names in _NAMES.items() for name in names}
_SEVERAL = frozenset(("phone", "mail", "web", "other name", "text", "key"))
"""What a list may have several columns of."""
_OF: Mapping[Kind, frozenset[str]] = {
    "people": frozenset(_NAMES) - {"id", "other name", "web"},
    "organizations": frozenset(_NAMES) - {"id", "given", "family", "person", "extra", "state", "date"} | {"text"},
}
"""What records of each kind are compared by."""
_SURE = 0.8
"""The share of the values of a column that must look alike before they decide what it is."""
_SAMPLE = 200
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("mail", re.compile(r"[^@\s]+@[^@\s]+\.\w+")),
    ("web", re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)),
    ("phone", re.compile(r"(\+?1[ .-]?)?(\(\d{3}\)|\d{3})?[ .-]?\d{3}[ .-]\d{4}|\d{10}", re.ASCII)),
    ("key", re.compile(r"\d\d-\d{7}", re.ASCII)),
    ("zip", re.compile(r"\d{5}(-\d{4})?", re.ASCII)),
)
_MOST_TEXTS = 3
_OF_THE_LIST = frozenset(("source", "list", "file", "origin"))
"""Columns that say where a row comes from, and nothing of what it is about."""
_TEXT_REPEATS = 0.5
"""The share of different values from which on a column tells records apart, rather than kinds of them."""
_TEXT_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what."""

    kind: Kind
    id: int | None
    """None: records are known by their place in the list."""
    used: Mapping[str, tuple[int, ...]]
    """By what they are compared as, such as "city"; "text" for others that say something of a record's kind."""
    headers: tuple[str, ...]

    def __getitem__(self, field: str) -> tuple[int, ...]:
        return self.used.get(field, ())

    @property
    def left_out(self) -> tuple[str, ...]:
        """Headers of the columns that say nothing here."""
        taken = {number for numbers in self.used.values() for number in numbers}
        return tuple(header for place, header in enumerate(self.headers) if place not in taken and place != self.id)


def is_known(header: str) -> bool:
    """Whether a header is the name of a column that records are compared by."""
    return _by_header(header) != ""


def guess(headers: Sequence[str], rows: Sequence[Sequence[str]], kind: Kind | None = None) -> Columns | None:
    """What the columns mean; None where none of them holds a name."""
    found: dict[str, list[int]] = {}
    taken: set[int] = set()

    def take(place: int, field: str) -> None:
        if field and place not in taken and (field in _SEVERAL or field not in found):
            found.setdefault(field, []).append(place)
            taken.add(place)

    # A name that is known whole goes before one that ends in a known one.
    for read in (_exactly, _by_header):
        for place, header in enumerate(headers):
            take(place, read(header))
    for place in range(len(headers)):
        take(place, _by_values([row[place] for row in rows[:_SAMPLE] if row[place]]))
    kind = kind or _kind(found)
    if kind == "people" and not found.keys() & {"given", "family"}:
        found["person"] = found.get("person") or found.pop("name", [])
    needed = ("name",) if kind == "organizations" else ("given", "family", "person")
    if not any(map(found.get, needed)):
        return None
    if kind == "organizations":
        for place in _texts(headers, rows, taken):
            take(place, "text")
    known = {field: tuple(places) for field, places in found.items() if places and field in _OF[kind]}
    own = _unique(found.get("id", []), rows)
    return Columns(kind, own, known, tuple(headers))


def _kind(found: Mapping[str, Sequence[int]]) -> Kind:
    people = [place for each in ("given", "family", "date") for place in found.get(each, ())]
    if not people:
        return "people" if "person" in found and "name" not in found else "organizations"
    # A list of organizations may name a person in each row, after the organization.
    return "organizations" if "name" in found and found["name"][0] < min(people) else "people"


def _exactly(header: str) -> str:
    return _BY_NAME.get(fold(header), "")


def _by_header(header: str) -> str:
    words = fold(header).split()
    for start in range(min(len(words), 4)):
        if (field := _BY_NAME.get(" ".join(words[start:]))) and not (start and field == "id"):
            return field
    return ""


def _by_values(sample: Sequence[str]) -> str:
    for field, shape in _SHAPES:
        if sample and sum(shape.fullmatch(value.strip()) is not None for value in sample) >= _SURE * len(sample):
            return field
    return ""


def _texts(headers: Sequence[str], rows: Sequence[Sequence[str]], taken: set[int]) -> Iterator[int]:
    """Columns that say of what kind a record is."""
    number = 0
    for place, header in enumerate(headers):
        if place in taken or fold(header) in _OF_THE_LIST:
            continue
        values = [fold(row[place]) for row in rows if row[place]]
        words = [value for value in values if any(map(str.isalpha, value))]
        if not words or len(words) < len(values) / 2 or sum(map(len, words)) > _TEXT_LENGTH * len(words):
            continue
        if 1 < len(set(words)) <= max(2, _TEXT_REPEATS * len(words)):
            yield place
            number += 1
            if number == _MOST_TEXTS:
                return


def _unique(places: Sequence[int], rows: Sequence[Sequence[str]]) -> int | None:
    for place in places:
        values = [row[place] for row in rows]
        if all(values) and len(set(values)) == len(values):
            return place
    return None
