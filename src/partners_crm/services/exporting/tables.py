"""The records that a query means, as rows of a table: which columns there are, and what stands in each.

The query language and the columns are those of every list (`services/listing`). A record is known by its uid, which
survives every export, and so has the first column; a link gives two columns, what its target is called and the
target's uid. What a list computes stands under headers that an import does not take for data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from partners_crm.errors import ConfigError, NotFound
from partners_crm.model import Contact, Declared, Organization, Table, is_private
from partners_crm.model.custom import declared_of
from partners_crm.services.exporting.fields import Field, FieldKind
from partners_crm.services.listing import Listing, OwnColumn, columns_of, some_json
from partners_crm.services.rows import COMPUTED
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Words, no_words
from partners_crm.store.queries.grammar import parse
from partners_crm.store.queries.selecting import leaves_archived_out
from partners_crm.store.read import by_ids, parts, title_of

_MANY = {
    "silos": "Codes of its silos, the heaviest first.",
    "house": "Numbers of its house districts.",
    "senate": "Numbers of its senate districts.",
}
_RELATED = {
    Organization: {
        **_MANY,
        "status": "Code of its membership today.",
        "city": "Of its first site.",
        "phone": "The first one understood.",
        "contact": "Who to call first.",
        "associations": "Those it belongs to.",
    },
    Contact: {
        "organization": "Where the contact works first of all.",
        "title": "The job there.",
        "phone": "The first one.",
        "email": "The first one.",
    },
}
"""Columns of a list that are no field of the entity, with what they say."""


class Selected:
    """The records of an entity that a query means, with the columns to export."""

    def __init__(
        self,
        db: Handle,
        table: type[Table],
        query: str,
        *,
        today: date,
        columns: Sequence[str] = (),
        include_private: bool = False,
        words: Words = no_words,
        more_columns: Sequence[OwnColumn] = (),
    ) -> None:
        """Find what the query means; words of queries and columns may be somebody else's.

        Raises:
            QueryError: the query names something unknown.
            NotFound: there is no such column.
            ConfigError: the records, or a column, are for staff, and nobody asked for what is not for everyone.
        """
        if table.entity.visibility != "everyone" and not include_private:
            raise ConfigError(
                f"{table.entity.plural.replace('_', ' ')} are for staff, not for everyone",
                "--include-private exports them all the same",
            )
        self.listing = Listing(db, table, query, today=today, words=words, more_columns=more_columns)
        self.listing.is_strict = True  # a file is whole or not there
        self.table = table
        own = {key: declared_of(field) for key, field in self.listing.own.items()}
        declared = {**own, **table.declarations()}
        hidden = {name for name, how in own.items() if is_private(how)} | table.private()
        self.private = () if include_private else tuple(name for name in declared if name in hidden)
        """Fields left out because not everyone may see them."""
        shown = {name: how for name, how in declared.items() if how.kind != "data" and name not in self.private}
        self._links = {name: target for name, target in table.links().items() if name in shown}
        self._own = tuple(name for name in own if name in shown)
        known = {field.name: field for field in _fields(table, shown, own)}
        known |= {each.column.name: _brought(each) for each in self.listing.more_columns}
        columns = tuple(name.removeprefix(COMPUTED) for name in columns)
        for each in self.listing.more_columns:
            if each.private and each.column.name in columns and not include_private:
                raise ConfigError(
                    f"the column {each.column.name} is for staff, not for everyone",
                    "--include-private exports it all the same",
                )
        for name in columns:
            if name not in known:
                plural = table.entity.plural.replace("_", " ")
                raise NotFound(f"{plural} have no column {name}", f"columns: {', '.join(known)}")
        asked = dict.fromkeys(columns)
        named = asked if "uid" in asked else ("uid", *asked)
        self.fields = tuple(known[name] for name in named) if columns else tuple(known.values())

    @property
    def means(self) -> str:
        """Which records these are and on what terms, in a sentence."""
        what = self.table.entity.plural.replace("_", " ")
        query = self.listing.query
        if leaves_archived_out(self.table, parse(query)):
            what += " that are not archived"
        words = f"{what[0].upper()}{what[1:]} for the query: {query}" if query else f"All {what}"
        terms = [f"as of {self.listing.today.isoformat()}"]
        if self.table is Organization and self.listing.map_code:
            terms.append(f"districts of the map {self.listing.map_code}")
        return f"{words}; {', '.join(terms)}."

    def rows(self, db: Handle) -> Iterator[dict[str, Any]]:
        """Each record as values by the name of their column, in the order of the list; a page at a time."""
        names = [field.name for field in self.fields]
        for some in parts(self.listing.ids(db)):
            found = some_json(db, self.listing, some)
            linked = {
                name: by_ids(db, target, {row[name] for row in found if row[name] is not None})
                for name, target in self._links.items()
            }
            for row in found:
                own = row.get("own", {})
                row |= {name: own.get(name, "") for name in self._own}
                for name, targets in linked.items():
                    target = targets.get(row[name])
                    row[name] = "" if target is None else title_of(target)
                    row[f"{name}_uid"] = "" if target is None else target.uid
                yield {name: row.get(name, "") for name in names}


def _fields(table: type[Table], shown: Mapping[str, Declared], own: Mapping[str, Declared]) -> Iterator[Field]:
    yield Field("uid", "uid", "text", "Names the record for good, in every export.")
    for name, how in shown.items():
        if name in own:
            continue
        if how.kind == "link":
            target = table.links()[name].entity.name.replace("_", " ")
            yield Field(name, how.label, "text", how.help or f"What the {target} is called.")
            yield Field(f"{name}_uid", f"{how.label}: uid", "text", f"The uid of the {target}.")
        else:
            yield _field(name, how)
    about = _RELATED.get(table, {})
    for column in columns_of(table):
        if column.name not in table.declarations():
            kind: FieldKind = "many" if table is Organization and column.name in _MANY else "text"
            said = f"Computed by the list. {about.get(column.name, '')}".rstrip()
            yield Field(column.name, column.label, kind, said, header=COMPUTED + column.name)
    for name, how in own.items():
        if name in shown:
            yield _field(name, how)


def _brought(own: OwnColumn) -> Field:
    name = own.column.name
    return Field(name, own.column.label, "text", f"Of the plugin {own.owner}.", header=COMPUTED + name)


def _field(name: str, how: Declared) -> Field:
    return Field(name, how.label, _KINDS[how.kind], how.help, tuple(code for code, _ in how.choices))


_KINDS: dict[str, FieldKind] = {
    "text": "text",
    "note": "text",
    "choice": "choice",
    "day": "day",
    "whole": "whole",
    "decimal": "decimal",
    "flag": "flag",
}
