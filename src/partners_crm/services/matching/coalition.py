"""The organizations and contacts of a coalition as they are compared, read in a few questions whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from partners_crm.model import Contact, ContactPoint, Identifier, Organization, OtherName, Role, Site, Table
from partners_crm.normalize.names import generation_of
from partners_crm.normalize.text import fold
from partners_crm.services.matching.bodies import Bodies, Body, name_of, place_of
from partners_crm.services.matching.candidates import Pair
from partners_crm.services.matching.people import GENERATION, People
from partners_crm.services.matching.weighing import Records
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, tuples

_ISSUERS = frozenset(("ein", "fein", "federal ein", "tax id", "uei", "duns", "gata", "npi"))
"""Systems, folded, that give a body one number; any other one is a list, which may have a body twice."""
_SHORTEST_NUMBER = 4
"""Characters of a number that is one: N/A and 0 stand for "none"."""


@dataclass(slots=True)
class Facts:
    """What is known of one organization or contact that it can be told by."""

    title: str = ""
    names: list[str] = field(default_factory=list)
    split: tuple[str, str] = ("", "")
    """Given and family name of a contact."""
    places: list[tuple[str, str, str]] = field(default_factory=list)
    """(street, town, ZIP) of each site."""
    points: dict[str, set[str]] = field(default_factory=dict)
    """What it is reached by, by kind: phone, email, web."""
    numbers: dict[str, set[str]] = field(default_factory=dict)
    """By system."""
    organizations: set[str] = field(default_factory=set)
    """Those a contact has a role in, by id."""
    apart: set[int] = field(default_factory=set)
    """Records that are known to be others: its parent, its successor."""

    def reached(self, kind: str) -> frozenset[str]:
        """What it is reached by, of one kind."""
        return frozenset(self.points.get(kind, ()))


@dataclass(frozen=True, slots=True)
class Known:
    """The records of one entity that are not archived, ready to be compared."""

    ids: tuple[int, ...]
    """Of each place in the list."""
    titles: Mapping[int, str]
    """By id."""
    records: Records
    apart: frozenset[Pair]
    """Pairs of ids, the smaller first, that are known to be two: a parent and its part, a body and its successor."""


def known_records(db: Handle, table: type[Table]) -> Known:
    """The organizations, or the contacts, of a coalition."""
    facts = facts_of(db, table)
    apart = {(min(key, each), max(key, each)) for key, known in facts.items() for each in known.apart}
    titles = {key: known.title for key, known in facts.items()}
    return Known(tuple(facts), titles, as_records(table, list(facts.values())), frozenset(apart))


def facts_of(db: Handle, table: type[Table], ids: Sequence[int] | None = None) -> dict[int, Facts]:
    """What is known of the records that are not archived, by id; of those with these ids, where they are given."""
    return _organizations(db, ids) if table is Organization else _contacts(db, ids)


def as_records(table: type[Table], facts: Sequence[Facts], total: int = 0) -> Records:
    """Records as they are compared; `total`: how many there are, where these are some of them."""
    if table is Organization:
        return Bodies([_body(each) for each in facts], total)
    plain = {
        "given": [_given(each.split[0]) for each in facts],
        "family": [fold(each.split[1]).replace(" ", "") for each in facts],
        GENERATION: [generation_of(each.names[0] if each.names else "") for each in facts],
    }
    several = {
        "mail": [each.reached("email") for each in facts],
        "phone": [each.reached("phone") for each in facts],
        "organization": [frozenset(each.organizations) for each in facts],
    }
    return People(len(facts), plain, several, total)


def number_of(text: str) -> str:
    """The letters and digits of a number that stands for a record; "" where it stands for none."""
    digits = "".join(filter(str.isalnum, text)).casefold()
    return digits if len(digits) >= _SHORTEST_NUMBER and len(set(digits)) > 1 else ""


# -------------------------------------------------------------------- reading


def _organizations(db: Handle, ids: Sequence[int] | None) -> dict[int, Facts]:
    columns = (Organization.id, Organization.name, Organization.parent, Organization.successor)
    found: dict[int, Facts] = {}
    for key, name, *tied in _read(db, ids, *columns, only=Organization.archived_on == ""):
        found[key] = Facts(name, [name], apart={each for each in tied if each is not None})
    for key, name in _read(db, ids, OtherName.organization, OtherName.name):
        if key in found:
            found[key].names.append(name)
    sited = (Site.organization, Site.street, Site.address, Site.city, Site.postal_code)
    for key, street, address, city, postal_code in _read(db, ids, *sited):
        if key in found:
            found[key].places.append((street or address, city, postal_code))
    for key, system, value in _read(db, ids, Identifier.organization, Identifier.system, Identifier.value):
        if key in found and (number := number_of(value)):
            found[key].numbers.setdefault(fold(system), set()).add(number)
    own = _read(db, ids, ContactPoint.organization, *_POINT, only=ContactPoint.organization.is_null(False))
    _add_points(found, own)
    sites = ContactPoint.select(Site.organization, *_POINT).join(Site, on=(ContactPoint.site == Site.id))
    for some in (None,) if ids is None else parts(ids):
        _add_points(found, tuples(db, sites if some is None else sites.where(Site.organization.in_(some))))
    return found


def _contacts(db: Handle, ids: Sequence[int] | None) -> dict[int, Facts]:
    found: dict[int, Facts] = {}
    columns = (Contact.id, Contact.name, Contact.given_name, Contact.family_name)
    for key, name, given, family in _read(db, ids, *columns, only=Contact.archived_on == ""):
        found[key] = Facts(name, [name], (given, family))
    for key, organization in _read(db, ids, Role.contact, Role.organization):
        if key in found:
            found[key].organizations.add(str(organization))
    _add_points(found, _read(db, ids, ContactPoint.contact, *_POINT, only=ContactPoint.contact.is_null(False)))
    return found


_POINT = (ContactPoint.kind, ContactPoint.value, ContactPoint.extension)


def _read(db: Handle, ids: Sequence[int] | None, by: Any, *columns: Any, only: Any = None) -> Iterator[tuple[Any, ...]]:
    """Rows of one entity, `by` being the first column; those where it is one of the ids, where they are given."""
    query = by.model.select(by, *columns)
    if only is not None:
        query = query.where(only)
    for some in (None,) if ids is None else parts(ids):
        yield from tuples(db, query if some is None else query.where(by.in_(some)))


def _add_points(found: Mapping[int, Facts], rows: Iterable[tuple[Any, ...]]) -> None:
    for key, kind, value, extension in rows:
        if key in found and value:
            found[key].points.setdefault(kind, set()).add(reached_by(kind, value, extension))


def reached_by(kind: str, value: str, extension: str = "") -> str:
    """A way to be reached, in the form it is compared in: of a page in the web its domain."""
    if kind == "phone":
        return f"{value} {extension}".strip()
    text = value.casefold()
    return text.partition("://")[2].removeprefix("www.").partition("/")[0] or text if kind == "web" else text


def _body(known: Facts) -> Body:
    towns = " ".join(fold(city) for _, city, _ in known.places)
    return Body(
        names=tuple(name for each in known.names if (name := name_of(each, towns)).words),
        places=tuple(dict.fromkeys(place_of(*place) for place in known.places)),
        phones=known.reached("phone"),
        mails=known.reached("email"),
        webs=known.reached("web"),
        numbers={system: frozenset(values) for system, values in known.numbers.items() if system in _ISSUERS},
        listed=frozenset(
            f"{system}:{value}"
            for system, values in known.numbers.items()
            if system not in _ISSUERS
            for value in values
        ),
    )


def _given(text: str) -> str:
    """The given name without the initials behind it, which one list has and another has not."""
    first, *rest = fold(text).split() or [""]
    return "".join([first, *(word for word in rest if len(word) > 1)])
