"""Reading records: by id, by what a person calls them, by any query, and several of one state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from partners_crm.errors import Ambiguous, NotFound
from partners_crm.model import Site, Table
from partners_crm.model.orm import peewee
from partners_crm.normalize.text import fold
from partners_crm.store.open import Handle, faults

T = TypeVar("T", bound=Table)
Row = TypeVar("Row", bound=peewee.Model)
Key = TypeVar("Key", int, str)

MANY = 500
"""How many values one `IN (...)` carries; SQLite's usual limit is 32,766 variables a statement."""

LARGEST_KEY = 2**63
"""From here on there is no whole number in a database."""


def is_key(text: str) -> bool:
    """Whether a text can be the number of a record."""
    # Python reads no number of some thousand digits.
    return text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < LARGEST_KEY


@contextmanager
def one_state(db: Handle) -> Iterator[None]:
    """A block that sees the coalition as it is at its first reading, however much is written meanwhile."""
    connection = db.driver
    with faults(db):
        connection.execute("BEGIN")
        try:
            yield
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def records(db: Handle, query: peewee.ModelSelect[Row]) -> list[Row]:
    """The sealed records a query selects."""
    with faults(db):
        return list(query.execute(db))


def tuples(db: Handle, query: Any) -> list[tuple[Any, ...]]:
    """The plain rows a query selects: several times cheaper than records."""
    with faults(db):
        # peewee's own rows pass a converter for each value; SQLite's values are already what a plain row holds.
        return cast("list[tuple[Any, ...]]", cast("Any", db).execute(query).fetchall())


def streamed(db: Handle, query: Any) -> Iterator[tuple[Any, ...]]:
    """As `tuples`, but a row at a time: for what may be larger than memory. Nothing may be written meanwhile."""
    with faults(db):
        yield from cast("Any", db).execute(query)


def count(db: Handle, query: Any) -> int:
    """How many rows a query selects."""
    with faults(db):
        return int(query.count(db))


def present(table: type[Table]) -> Any:
    """A select of the ids of the records of an entity that were not put away."""
    query = table.select(table.id)
    return query.where(table._meta.fields["archived_on"] == "") if "archived_on" in table.declarations() else query


def by_id(db: Handle, table: type[T], record_id: int) -> T:
    """The record with an id.

    Raises:
        NotFound: there is none.
    """
    with faults(db):
        found = table.select().where(table.id == record_id).get_or_none(db)
    if found is None:
        raise _missing(db, table, str(record_id))
    return found


def by_ids(db: Handle, table: type[T], ids: Iterable[int]) -> dict[int, T]:
    """The records with these ids, by id; ids that do not exist are left out."""
    return {
        record.id: record
        for part in parts(list(ids))
        for record in records(db, table.select().where(table.id.in_(part)))
    }


def where(db: Handle, table: type[T], **values: object) -> list[T]:
    """The records whose fields have these values, by id."""
    query = table.select().order_by(table.id)
    for name, value in values.items():
        query = query.where(table._meta.fields[name] == value)
    return records(db, query)


def find(db: Handle, table: type[T], key: str) -> T:
    """The record a person means: its id, its uid (or the first six digits or more of it), or its name.

    A name is compared in its folded form, whole: a deletion must not hit what merely begins so.

    Raises:
        NotFound: nothing is called so.
        Ambiguous: several are; the hint lists the first few with their ids.
    """
    entity = table.entity
    key = key.strip()
    if is_key(key):
        numbered = records(db, table.select().where(table.id == int(key)))
        if numbered:
            return numbered[0]
    found = records(db, table.select().where(table.uid.startswith(key.lower())).limit(3)) if len(key) >= 6 else []
    if not found and entity.title and fold(key):
        title = peewee.fn.fold(table._meta.fields[entity.title])
        found = records(db, table.select().where(title == fold(key)).limit(6))
    if not found:
        # What looks like a number was one that is gone, unless something is called so.
        if is_key(key):
            raise _missing(db, table, key)
        return _nothing(db, table, key)
    if len(found) > 1:
        names = "; ".join(f"{record.id} {title_of(record)}" for record in found[:5])
        raise Ambiguous(f"{key} stands for more than one {entity.name}", f"use the number: {names}")
    return found[0]


def title_of(record: Table) -> str:
    """What a record is called: the value of its title field, or its entity and number."""
    title = type(record).entity.title
    return (title and str(record[title])) or f"{type(record).entity.name} {record.id}"


def called(record: Table) -> str:
    """What a record is called: of a site, which often has no name, where it is."""
    if isinstance(record, Site):
        return ", ".join(filter(None, (record.name, record.address, record.city))) or title_of(record)
    return title_of(record)


def titles(db: Handle, table: type[Table], limit: int) -> list[str]:
    """What the records of an entity are called, the first in the order of the alphabet."""
    if not table.entity.title:
        return []
    field = table._meta.fields[table.entity.title]
    return [str(name) for (name,) in tuples(db, table.select(field).order_by(field).limit(limit))]


def parts(ids: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """A list of ids in pieces that fit one statement."""
    for start in range(0, len(ids), MANY):
        yield ids[start : start + MANY]


def _missing(db: Handle, table: type[Table], key: str) -> NotFound:
    """What to raise where no record has a number."""
    hint = _merged(db, table, key) or "it may have been deleted: see partners history"
    return NotFound(f"there is no {table.entity.name} {int(key)}", hint)


def _merged(db: Handle, table: type[Table], key: str) -> str:
    """Into what the record was merged that is meant by an id or a uid, in words; "" where it was not."""
    from partners_crm.store.merges import survivor_by_key  # it reads the journal, which reads through this module

    kept = survivor_by_key(db, table, key)
    name = table.entity.name.replace("_", " ")
    return "" if kept is None else f"it was merged into {name} {kept}: partners show {table.entity.name} {kept}"


def _nothing(db: Handle, table: type[T], key: str) -> T:
    merged = _merged(db, table, key)
    hint = merged or f"list them with: partners list {table.entity.plural}"
    if not merged and table.entity.title and fold(key):
        title = peewee.fn.fold(table._meta.fields[table.entity.title])
        near = records(db, table.select().where(title.startswith(fold(key))).limit(5))
        if near:
            hint = "names that begin so: " + "; ".join(f"{record.id} {title_of(record)}" for record in near)
    raise NotFound(f"there is no {table.entity.name.replace('_', ' ')} called {key}", hint)
