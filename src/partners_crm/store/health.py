"""What can be wrong inside the file of a coalition: its pages, links, tables, and records against the journal.

Everything here only reads, and nothing is held in memory that grows with the coalition.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from partners_crm.model import ENTITIES, Change, ChangeValues, Table
from partners_crm.store.migrating import HISTORY
from partners_crm.store.open import Handle, create_schema, faults
from partners_crm.store.read import streamed
from partners_crm.store.record_types import make_tables

MESSAGES = 20
"""Faults of the integrity check that are read at most; also the first ids that are kept of broken links."""

Shape = dict[str, dict[str, Any]]
"""What makes up each table, by its name: see `schema_of`."""

_CACHE_KB = 16384


@dataclass(frozen=True, slots=True)
class Dangling:
    """Rows of a table whose link points to nothing."""

    table: str
    column: str
    target: str
    """The table the link points to."""
    count: int
    first: tuple[int, ...]
    """The ids of the first of them, at most `MESSAGES`."""


@dataclass(frozen=True, slots=True)
class Astray:
    """A record that is not what the journal says of it."""

    entity: str
    """As the journal names it."""
    id: int
    what: str
    """`changed`, `missing`, `unknown` to the journal, `unreadable` in the journal, or of a `foreign` entity."""
    fields: tuple[str, ...] = ()
    """Names of the fields that differ, of one that was changed."""


@contextmanager
def snapshot(db: Handle) -> Iterator[None]:
    """A block that sees one state of the coalition, however much is written meanwhile.

    Text that is no UTF-8 any more is read with U+FFFD in it: so it differs from what it was, and nothing fails on it.
    """
    connection = db.driver
    kept = connection.text_factory
    with faults(db):
        connection.text_factory = _lenient
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.text_factory = kept
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def integrity(db: Handle) -> list[str]:
    """What `PRAGMA integrity_check` finds: pages, tables against their indexes, constraints; empty when all is well.

    Raises:
        StoreDamaged: so much is damaged that SQLite does not come to its end.
    """
    with faults(db):
        size = db.pragma_value("cache_size")
        db.driver.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        try:
            found = [str(row[0]) for row in db.driver.execute(f"PRAGMA integrity_check({MESSAGES})")]
        finally:
            db.driver.execute(f"PRAGMA cache_size = {size}")
    return [] if found == ["ok"] else found


def dangling(db: Handle) -> list[Dangling]:
    """The links that point to nothing, by the table and column they are in."""
    counts: dict[tuple[str, int, str], int] = {}
    first: dict[tuple[str, int, str], list[int]] = {}
    with faults(db):
        for table, row, target, link in db.driver.execute("PRAGMA foreign_key_check"):
            key = (table, link, target)
            counts[key] = counts.get(key, 0) + 1
            if counts[key] <= MESSAGES:
                first.setdefault(key, []).append(row)
        columns = {
            (table, link[0]): str(link[3])
            for table in {table for table, _, _ in counts}
            for link in db.driver.execute(f'PRAGMA foreign_key_list("{table}")')
        }
    return [
        Dangling(table, columns[table, link], target, count, tuple(first[table, link, target]))
        for (table, link, target), count in sorted(counts.items())
    ]


def journal_mode(db: Handle) -> str:
    """How SQLite keeps a write whole: `wal` where a log lies beside the file, else mostly `delete`."""
    with faults(db):
        ((mode,),) = db.driver.execute("PRAGMA journal_mode").fetchall()
    return str(mode)


def sqlite_version() -> tuple[int, int, int]:
    """Of the SQLite in use."""
    first, second, third = sqlite3.sqlite_version_info[:3]
    return first, second, third


def has_reset_fault(version: tuple[int, int, int]) -> bool:
    """Whether a version of SQLite has the WAL-reset fault (https://www.sqlite.org/wal.html, "The WAL-Reset Bug").

    It came with 3.7.0 and went with 3.51.3; 3.44.6 and 3.50.7 were mended too.
    """
    mended = version[:2] in {(3, 44), (3, 50)} and version >= {44: (3, 44, 6), 50: (3, 50, 7)}[version[1]]
    return (3, 7, 0) <= version < (3, 51, 3) and not mended


# -------------------------------------------------------------------- schema


def schema_differences(db: Handle) -> list[str]:
    """How the tables and indexes differ from the declarations, in words; empty when they do not.

    The tables in which migrations are written down are ours too, and are passed over.
    """
    fresh = Handle(":memory:", autoconnect=False)
    fresh.connect()
    try:
        create_schema(fresh)
        make_tables(fresh, db.entities[len(ENTITIES) :])
        wanted = schema_of(fresh.driver)
    finally:
        fresh.close()
    with faults(db):
        found = {name: shape for name, shape in schema_of(db.driver).items() if not name.startswith(HISTORY)}
    words = [f"the declaration of the record type {name} cannot be read" for name in db.types.broken]
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            words.append(f"table {name} is missing")
        elif name not in wanted:
            words.append(f"{found[name]['kind']} {name} is none of this program")
        else:
            words.extend(f"table {name} {difference}" for difference in _differences(wanted[name], found[name]))
    return words


def schema_of(connection: sqlite3.Connection) -> Shape:
    """Everything that makes up the tables and views of a database, in a form that is equal where they are.

    For each: `kind`, `strict`, `columns` (by name: type, required, default, place in the key; their order says
    nothing), `indexes` (columns, unique, partial; their names say nothing), `links`, `deferred` (how many of those are
    checked at the end) and `triggers`.
    """
    found: Shape = {}
    # https://www.sqlite.org/pragma.html: table_list gives (schema, name, type, columns, WITHOUT ROWID, STRICT).
    for _, name, kind, _, keyless, strict in connection.execute("PRAGMA main.table_list").fetchall():
        if name.startswith("sqlite_"):
            continue
        (text,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        found[name] = {
            "kind": kind,
            "strict": (strict, keyless),
            "columns": {
                column: tuple(more) for _, column, *more in connection.execute(f'PRAGMA table_xinfo("{name}")')
            },
            "indexes": sorted(_indexes(connection, name)),
            "links": sorted(
                (column, target, key, *actions)
                for _, _, target, column, key, *actions in connection.execute(f'PRAGMA foreign_key_list("{name}")')
            ),
            # No pragma tells of it.
            "deferred": (text or "").upper().count("INITIALLY DEFERRED"),
            "triggers": sorted(
                each
                for (each,) in connection.execute(
                    "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", (name,)
                )
            ),
        }
    return found


def _indexes(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, int, int]]:
    for _, name, unique, _, partial in connection.execute(f'PRAGMA index_list("{table}")').fetchall():
        # (place, column number, column, descending, collation, whether part of the key)
        columns = [
            (column or "an expression") + (" descending" if down else "") + ("" if order == "BINARY" else f" {order}")
            for _, _, column, down, order, key in connection.execute(f'PRAGMA index_xinfo("{name}")')
            if key
        ]
        yield ", ".join(columns), unique, partial


def _differences(wanted: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    if found["kind"] != wanted["kind"]:
        yield f"is a {found['kind']}"
    if found["strict"] != wanted["strict"]:
        yield "is not STRICT"
    for name in sorted(wanted["columns"].keys() | found["columns"].keys()):
        here, there = found["columns"].get(name), wanted["columns"].get(name)
        if here is None:
            yield f"has no column {name}"
        elif there is None:
            yield f"has a column {name}, which is none of this program"
        elif here != there:
            yield f"has another kind of column {name}"
    for part, word in (("indexes", "index on"), ("links", "link"), ("triggers", "trigger")):
        for each in wanted[part]:
            if each not in found[part]:
                yield f"has no {_called(word, each)}"
        for each in found[part]:
            if each not in wanted[part]:
                yield f"has {_called(word, each)}, which is none of this program"
    if found["deferred"] != wanted["deferred"]:
        yield "has links that are checked at another time"


def _called(word: str, each: Any) -> str:
    if isinstance(each, str):
        return f"{word} {each}"
    return f"{'unique ' if word == 'index on' and each[1] else ''}{word} {each[0]}"


# -------------------------------------------------------------------- records


def astray(db: Handle) -> Iterator[Astray]:
    """Every record that differs from what the journal says of it, is missing, or is unknown to the journal.

    The journal is read once, in the order of its index, and each table once, in the order of its key; to be called in
    a `snapshot`. Where values were erased from the journal the fields cannot be judged and are passed over. A field
    the journal never spoke of, because a migration added it, is passed over too.
    """
    tables = dict(sorted(db.types.by_key.items()))
    told, stored = _told(db), _stored(db, tables)
    said, here = next(told, None), next(stored, None)
    while said is not None or here is not None:
        if said is not None and said.entity not in tables:
            # A record type may have been deleted since, with all its records.
            if said.exists:
                yield Astray(said.entity, said.id, "foreign")
            said = next(told, None)
        elif here is None or (said is not None and (said.entity, said.id) < here[:2]):
            assert said is not None
            if said.exists:
                yield Astray(tables[said.entity].entity.name, said.id, "missing")
            said = next(told, None)
        elif said is None or here[:2] < (said.entity, said.id):
            yield Astray(tables[here[0]].entity.name, here[1], "unknown")
            here = next(stored, None)
        else:
            found = _compared(said, here[2], here[3])
            if found is not None:
                yield _called_now(tables[said.entity], found)
            said, here = next(told, None), next(stored, None)


@dataclass(slots=True)
class _Told:
    """What the journal says of one record, all its changes together."""

    entity: str
    id: int
    exists: bool = False
    values: dict[str, Any] | None = None
    """By field; None where some were erased or cannot be read."""
    readable: bool = True

    def learn(self, action: str, after: str | None) -> None:
        """Take in one change; `after` is None where nothing is after it, or its values were erased."""
        self.exists = action != "delete"
        if action == "delete":
            self.values = {}
            return
        try:
            values = None if after is None else json.loads(after)
        except (ValueError, RecursionError):
            values = None
        if after is not None and not isinstance(values, dict):
            values, self.readable = None, False
        if action == "insert" or values is None:
            self.values = values
        elif self.values is not None:
            self.values.update(values)


def _told(db: Handle) -> Iterator[_Told]:
    query = (
        Change.select(Change.entity, Change.record, Change.action, ChangeValues.after)
        .join(ChangeValues, "LEFT OUTER JOIN", on=(Change.id == ChangeValues.id))
        .order_by(Change.entity, Change.record, Change.id)
    )
    told: _Told | None = None
    for entity, record, action, after in streamed(db, query):
        if told is None or record != told.id or entity != told.entity:
            if told is not None:
                yield told
            told = _Told(entity, record)
        told.learn(action, after)
    if told is not None:
        yield told


def _stored(db: Handle, tables: dict[str, type[Table]]) -> Iterator[tuple[str, int, tuple[str, ...], tuple[Any, ...]]]:
    """(entity, id, names of its fields, their values) of every record, by entity and id; named as in the journal."""
    for entity, table in tables.items():
        keys = table.kept_keys()
        names = tuple(keys.get(field.name, field.name) for field in table._meta.sorted_fields)
        place = names.index("id")
        for row in streamed(db, table.select().order_by(table.id)):
            yield entity, row[place], names, row


def _called_now(table: type[Table], found: Astray) -> Astray:
    names = {key: name for name, key in table.kept_keys().items()}
    return Astray(table.entity.name, found.id, found.what, tuple(names.get(name, name) for name in found.fields))


def _compared(said: _Told, names: tuple[str, ...], row: tuple[Any, ...]) -> Astray | None:
    if not said.exists:
        return Astray(said.entity, said.id, "unknown")
    if not said.readable:
        return Astray(said.entity, said.id, "unreadable")
    values = said.values
    if values is None:
        return None
    # A flag is 0 or 1 here and true or false in the journal, which are equal in Python.
    if tuple(map(values.get, names)) == row:
        return None
    wrong = tuple(name for name, value in zip(names, row, strict=True) if name in values and values[name] != value)
    return Astray(said.entity, said.id, "changed", wrong) if wrong else None
