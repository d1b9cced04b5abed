"""What SQLite itself can say about a coalition, and whether its tables and records are what they should be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from partners_crm.model import ENTITIES, Table
from partners_crm.store.migrating import HISTORY
from partners_crm.store.open import Handle, create_schema, faults

MESSAGES = 20
"""Faults of the integrity check that are read at most."""

Shape = dict[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Astray:
    """A record that is not what the journal says of it."""

    entity: str
    id: int
    fields: tuple[str, ...]
    """The fields that differ; empty when the record is missing, or is unknown to the journal."""
    what: str
    """changed, missing or unknown."""


def integrity(db: Handle) -> list[str]:
    """What `PRAGMA integrity_check` finds: pages, tables against their indexes, constraints; empty when all is well."""
    with faults(db):
        found = [str(row[0]) for row in db.driver.execute(f"PRAGMA integrity_check({MESSAGES})")]
    return [] if found == ["ok"] else found


def dangling(db: Handle) -> dict[tuple[str, str], list[int]]:
    """Records whose links point to nothing: for each (table, table pointed to) the ids."""
    found: dict[tuple[str, str], list[int]] = {}
    with faults(db):
        for table, row, target, _ in db.driver.execute("PRAGMA foreign_key_check"):
            found.setdefault((table, target), []).append(row)
    return found


def journal_mode(db: Handle) -> str:
    """How writes are kept safe: `wal` or `delete`."""
    with faults(db):
        ((mode,),) = db.driver.execute("PRAGMA journal_mode").fetchall()
    return str(mode)


def sqlite_version() -> tuple[int, int, int]:
    """Of the SQLite in use."""
    first, second, third = sqlite3.sqlite_version_info[:3]
    return first, second, third


# -------------------------------------------------------------------- schema


def schema_differences(db: Handle) -> list[str]:
    """How the tables and indexes differ from the declarations, in words; empty when they do not."""
    fresh = Handle(":memory:", returning_clause=True)
    fresh.connect()
    try:
        create_schema(fresh)
        expected = schema_of(fresh.driver)
    finally:
        fresh.close()
    with faults(db):
        found = schema_of(db.driver)
    words = []
    for name in sorted(expected.keys() | {name for name in found if not name.startswith(HISTORY)}):
        if name not in found:
            words.append(f"table {name} is missing")
        elif name not in expected:
            words.append(f"table {name} is not one of ours")
        else:
            parts = ("STRICT", "columns", "indexes", "links")
            words.extend(
                f"{part} of table {name} differ"
                for part, here, there in zip(parts, found[name], expected[name], strict=True)
                if here != there
            )
    return words


def schema_of(connection: sqlite3.Connection) -> Shape:
    """(whether it is STRICT, columns in order, indexes, links) of each table, in a form that can be compared."""
    tables = [
        (name, strict)
        for _, name, kind, _, _, strict in connection.execute("PRAGMA main.table_list")
        if kind == "table" and not name.startswith("sqlite_")
    ]
    return {
        name: (
            bool(strict),
            tuple(
                (column, kind, required, default, key)
                for _, column, kind, required, default, key in connection.execute(f'PRAGMA table_info("{name}")')
            ),
            frozenset(_indexes(connection, name)),
            frozenset(row[2:7] for row in connection.execute(f'PRAGMA foreign_key_list("{name}")')),
        )
        for name, strict in tables
    }


def _indexes(connection: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    for _, name, unique, origin, partial in connection.execute(f'PRAGMA index_list("{table}")').fetchall():
        columns = tuple(column for _, _, column in connection.execute(f'PRAGMA index_info("{name}")'))
        yield columns, unique, origin, partial


# -------------------------------------------------------------------- records


def astray(db: Handle) -> Iterator[Astray]:
    """Every record that differs from what the journal says of it, is missing, or is unknown to the journal.

    The journal is read once in the order of its index, and each table in the order of its key, so that nothing is held
    in memory. A record whose values were erased from the journal cannot be judged and is passed over.
    """
    with faults(db):
        for table in ENTITIES:
            yield from _compared(table, _told(db, table), _stored(db, table))


def _compared(
    table: type[Table],
    told: Iterator[tuple[int, dict[str, Any] | None, bool]],
    stored: Iterator[tuple[int, dict[str, Any]]],
) -> Iterator[Astray]:
    name = table.entity.name
    here = next(stored, None)
    for number, values, judged in told:
        while here is not None and here[0] < number:
            yield Astray(name, here[0], (), "unknown")
            here = next(stored, None)
        present = here[1] if here is not None and here[0] == number else None
        if present is not None:
            here = next(stored, None)
        if not judged:
            continue
        if values is None and present is not None:
            yield Astray(name, number, (), "unknown")
        elif values is not None and present is None:
            yield Astray(name, number, (), "missing")
        elif values is not None and present is not None:
            wrong = tuple(field for field, value in values.items() if field in present and present[field] != value)
            if wrong:
                yield Astray(name, number, wrong, "changed")
    while here is not None:
        yield Astray(name, here[0], (), "unknown")
        here = next(stored, None)


def _told(db: Handle, table: type[Table]) -> Iterator[tuple[int, dict[str, Any] | None, bool]]:
    """(id, its values after all its changes or None when it was deleted, whether all of them are there)."""
    rows = db.driver.execute(
        "SELECT c.record, c.action, v.id, v.after FROM change c LEFT JOIN change_values v ON v.id = c.id"
        " WHERE c.entity = ? ORDER BY c.record, c.id",
        (table.entity.name,),
    )
    for number, changes in groupby(rows, key=lambda row: row[0]):
        values: dict[str, Any] | None = None
        judged = True
        for _, action, key, after in changes:
            if action == "delete":
                values, judged = None, True
            elif key is None or after is None:
                judged = False
            elif action == "insert":
                values, judged = json.loads(after), True
            else:
                values = {**(values or {}), **json.loads(after)}
        yield number, values, judged


def _stored(db: Handle, table: type[Table]) -> Iterator[tuple[int, dict[str, Any]]]:
    fields = table._meta.fields
    names = list(fields)
    columns = ", ".join(f'"{fields[name].column_name}"' for name in names)
    with closing(db.driver.cursor()) as cursor:
        for row in cursor.execute(f'SELECT {columns} FROM "{table._meta.table_name}" ORDER BY id'):  # noqa: S608
            values = dict(zip(names, row, strict=True))
            yield values["id"], values
