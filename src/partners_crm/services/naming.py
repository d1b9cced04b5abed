"""What records are called where they are spoken of one by one: by themselves, and by whose they are.

A record that is gone is called what the journal knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from partners_crm.model import Table
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
    known = _Known(db, wanted)
    return {key: Called(known.title(key), known.owner(key)) for key in wanted}


class _Known:
    """The values of records, and of all that their names are made of."""

    def __init__(self, db: Handle, wanted: Mapping[Key, Values]) -> None:
        self._db = db
        self._tables = db.by_name
        """A record type that was deleted since is not here: its records have no name."""
        self._values = dict(wanted)
        partial = [key for key, values in wanted.items() if not self._needed(key[0]) <= values.keys()]
        for key, values in self._loaded(partial).items():
            self._values[key] = {**values, **wanted[key]}
        reached: Iterable[Key] = wanted
        while reached:
            missing = {target for key in reached for target in self._targets(key) if target not in self._values}
            found = self._loaded(missing)
            # What nothing is known of any more is not looked for again.
            self._values |= {key: found.get(key, {}) for key in missing}
            reached = missing

    def _needed(self, entity: str) -> set[str]:
        """The fields that the name of a record is made of."""
        table = self._tables.get(entity)
        if table is None:
            return set()
        links = {name for name in (*_OWNERS, _NAMED_BY.get(entity, "")) if name in table.links()}
        return links | ({table.entity.title} if table.entity.title else set())

    def _loaded(self, keys: Iterable[Key]) -> dict[Key, Values]:
        """The values of records as they are, or were when they were deleted."""
        by_entity: dict[str, list[int]] = {}
        for entity, record in keys:
            by_entity.setdefault(entity, []).append(record)
        found: dict[Key, Values] = {}
        for entity, ids in by_entity.items():
            stored = by_ids(self._db, self._tables[entity], ids) if entity in self._tables else {}
            gone = last_values(self._db, entity, [record for record in ids if record not in stored])
            found |= {(entity, record): values for record, values in gone.items()}
            found |= {(entity, record): each.stored() for record, each in stored.items()}
        return found

    def _links(self, entity: str) -> Mapping[str, type[Table]]:
        return self._tables[entity].links() if entity in self._tables else {}

    def _targets(self, key: Key) -> Iterator[Key]:
        links, values = self._links(key[0]), self._values[key]
        for name in (self._owning(key), _NAMED_BY.get(key[0], "")):
            if name and values.get(name) is not None:
                yield links[name].entity.name, values[name]

    def _owning(self, key: Key) -> str:
        """The link to whose a record is; "" for nobody's."""
        links = self._links(key[0])
        return next((name for name in _OWNERS if name in links and self._values[key].get(name) is not None), "")

    def owner(self, key: Key) -> str:
        """Whose a record is, in words."""
        name = self._owning(key)
        if not name:
            return ""
        owner = (self._links(key[0])[name].entity.name, self._values[key][name])
        title = self.title(owner) or f"{owner[0].replace('_', ' ')} {owner[1]}"
        above = self.owner(owner) if name == "site" else ""
        return f"{title} ({above})" if above else title

    def title(self, key: Key) -> str:
        """What a record is called by itself."""
        table, values = self._tables.get(key[0]), self._values[key]
        if table is None:
            return ""
        by = _NAMED_BY.get(key[0], "")
        if by and values.get(by) is not None:
            named = self.title((table.links()[by].entity.name, values[by]))
            if named:
                return named
        title = str(values.get(table.entity.title) or "") if table.entity.title else ""
        if not title and key[0] == "site":
            return ", ".join(filter(None, (values.get("street") or values.get("address"), values.get("city"))))
        return title
