"""What records are called where they are spoken of one by one: by themselves, and by whose they are.

A record that is gone is called what the journal knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from partners_crm.model import BY_NAME, Table
from partners_crm.store.journal import last_values
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids

Key = tuple[str, int]
"""The name of an entity and the id of a record."""
Values = Mapping[str, Any]

_OWNERS = ("organization", "contact", "site", "seat", "map")
"""Links to whose a record is; of several the first that is set."""
_NAMED_BY = {
    "silo_share": "silo",
    "role": "contact",
    "affiliation": "association",
    "tagging": "tag",
    "assignment": "district",
    "term": "contact",
    "custom_value": "field",
}
"""The link by which a record is told from others of its owner."""


class Called(NamedTuple):
    """What a record is called."""

    title: str
    """"" for one that is named by its owner alone."""
    of: str
    """Whose it is: an organization, a contact, a site with its organization, a seat or a map; "" for nobody's."""


def called(db: Handle, wanted: Mapping[Key, Values]) -> dict[Key, Called]:
    """What records are called, each given with the values that are known of it, which may be some of its fields."""
    known = _gathered(db, wanted)
    return {key: Called(_title(key, known), _owner(key, known)) for key in wanted}


def _gathered(db: Handle, wanted: Mapping[Key, Values]) -> dict[Key, Values]:
    """The values of records, and of all that their names are made of."""
    known = dict(wanted)
    partial = [key for key, values in wanted.items() if not _needed(BY_NAME[key[0]]) <= values.keys()]
    for key, values in _loaded(db, partial).items():
        known[key] = {**values, **wanted[key]}
    reached: Iterable[Key] = wanted
    while reached:
        missing = {target for key in reached for target in _targets(key, known) if target not in known}
        found = _loaded(db, missing)
        # What nothing is known of any more is not looked for again.
        known |= {key: found.get(key, {}) for key in missing}
        reached = missing
    return known


def _needed(table: type[Table]) -> set[str]:
    """The fields that the name of a record is made of."""
    links = {name for name in (*_OWNERS, _NAMED_BY.get(table.entity.name, "")) if name in table.links()}
    return links | ({table.entity.title} if table.entity.title else set())


def _loaded(db: Handle, keys: Iterable[Key]) -> dict[Key, Values]:
    """The values of records as they are, or were when they were deleted."""
    by_entity: dict[str, list[int]] = {}
    for entity, record in keys:
        by_entity.setdefault(entity, []).append(record)
    found: dict[Key, Values] = {}
    for entity, ids in by_entity.items():
        stored = by_ids(db, BY_NAME[entity], ids)
        gone = last_values(db, entity, [record for record in ids if record not in stored])
        found |= {(entity, record): values for record, values in gone.items()}
        found |= {(entity, record): each.stored() for record, each in stored.items()}
    return found


def _targets(key: Key, known: Mapping[Key, Values]) -> Iterator[Key]:
    links, values = BY_NAME[key[0]].links(), known[key]
    for name in (_owning(key, known), _NAMED_BY.get(key[0], "")):
        if name and values.get(name) is not None:
            yield links[name].entity.name, values[name]


def _owning(key: Key, known: Mapping[Key, Values]) -> str:
    """The link to whose a record is; "" for nobody's."""
    links = BY_NAME[key[0]].links()
    return next((name for name in _OWNERS if name in links and known[key].get(name) is not None), "")


def _owner(key: Key, known: Mapping[Key, Values]) -> str:
    name = _owning(key, known)
    if not name:
        return ""
    owner = (BY_NAME[key[0]].links()[name].entity.name, known[key][name])
    title = _title(owner, known) or f"{owner[0].replace('_', ' ')} {owner[1]}"
    above = _owner(owner, known) if name == "site" else ""
    return f"{title} ({above})" if above else title


def _title(key: Key, known: Mapping[Key, Values]) -> str:
    table, values = BY_NAME[key[0]], known[key]
    by = _NAMED_BY.get(key[0], "")
    if by and values.get(by) is not None:
        named = _title((table.links()[by].entity.name, values[by]), known)
        if named:
            return named
    title = str(values.get(table.entity.title) or "") if table.entity.title else ""
    if not title and key[0] == "site":
        return ", ".join(filter(None, (values.get("street") or values.get("address"), values.get("city"))))
    return title
