"""The whole coalition as JSON Lines: every record of every entity, known by its uid; settings stay with their machine.

The first line says what follows. Then come the records, entity by entity in the order of `model.ENTITIES`, each entity
by uid; a link is the uid of its target. Nothing in the file tells of a time, a machine or the order of work: the same
coalition gives the same bytes. `services/importing/whole` loads it.

With the history follow the operations of the journal, their changes with the values before and after, and the rows of
imported files, for people and programs to read; the loader leaves them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from partners_crm.errors import ConfigError
from partners_crm.model import (
    ENTITIES,
    Change,
    ChangeValues,
    CustomField,
    CustomValue,
    Operation,
    Setting,
    SourceRow,
    Table,
)
from partners_crm.services.exporting.in_place import draft_of
from partners_crm.services.exporting.json_lines import line_of
from partners_crm.store.files import sha256_of
from partners_crm.store.open import Handle
from partners_crm.store.read import count, one_state, streamed

SCHEMA_VERSION = 1
ENTITIES_EXPORTED: tuple[type[Table], ...] = tuple(table for table in ENTITIES if table is not Setting)
"""Those of the core; the record types of plugins follow, whose declarations stand before all of them."""
SUFFIXES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class WholeExported:
    """What was exported."""

    file: str
    """Where it lies; "-" for standard output."""
    records: int
    entities: tuple[tuple[str, int], ...]
    """(name, number of records) of every entity, in the order of the file."""
    private: bool
    """Whether what not everyone may see is in it."""
    left_out: tuple[tuple[str, int], ...]
    """What was left out because not everyone may see it: (field, 0), and (entity, number) of whole records."""
    journal: tuple[tuple[str, int], ...] = ()
    """(kind, number) of the lines of the journal."""
    size: int | None = None
    """Bytes."""
    sha256: str = ""


def export_all(
    db: Handle, path: Path, *, include_private: bool = False, with_history: bool = False, force: bool = False
) -> WholeExported:
    """Write the whole coalition into a file of mode 0600, whole or not at all.

    Raises:
        ConfigError: the name does not end in .jsonl, or something has it already.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: everything is exported as JSON Lines", "name a file that ends in .jsonl")
    with draft_of(path, db.path, force=force) as draft:
        with draft.path.open("wb") as stream:
            done = export_all_to(db, stream, include_private=include_private, with_history=with_history)
        size, digest = draft.path.stat().st_size, sha256_of(draft.path)
    return WholeExported(
        str(path), done.records, done.entities, done.private, done.left_out, done.journal, size, digest
    )


def export_all_to(
    db: Handle, stream: BinaryIO, *, include_private: bool = False, with_history: bool = False
) -> WholeExported:
    """As `export_all`, into a stream; what is in memory does not grow with the coalition."""
    with one_state(db):
        tables = exported(db, include_private=include_private)
        entities = tuple((table.entity.name, count(db, _selection(table, include_private))) for table in tables)
        head = {
            "partners_crm": "export",
            "schema_version": SCHEMA_VERSION,
            "entities": {table.entity.plural: number for table, (_, number) in zip(tables, entities, strict=True)},
            "private": include_private,
            "history": with_history,
        }
        stream.write(line_of(head))
        for table in tables:
            stream.writelines(_records(db, table, include_private))
        journal: dict[str, int] = {}
        for kind, line in _journal(db, include_private) if with_history else ():
            stream.write(line)
            journal[kind] = journal.get(kind, 0) + 1
        left_out = () if include_private else tuple(_left_out(db, with_history))
    total = sum(number for _, number in entities)
    return WholeExported("-", total, entities, include_private, left_out, tuple(journal.items()))


def exported(db: Handle, *, include_private: bool) -> tuple[type[Table], ...]:
    """The entities whose records are exported, in the order of the file; those for staff only where that is asked."""
    return tuple(
        table
        for table in db.entities
        if table is not Setting and (include_private or table.entity.visibility == "everyone")
    )


# -------------------------------------------------------------------- records


def _selection(table: type[Table], include_private: bool) -> Any:
    query = table.select()
    if table is CustomValue and not include_private:
        query = query.where(CustomValue.field.not_in(_private_fields()))
    return query


def _private_fields() -> Any:
    return CustomField.select(CustomField.id).where(CustomField.visibility != "everyone")


def _records(db: Handle, table: type[Table], include_private: bool) -> Iterator[bytes]:
    names, flags, columns = ["entity", "uid"], [False, False], [table.uid]
    query = _selection(table, include_private)
    for name, how in table.declarations().items():
        if name in table.private() and not include_private:
            continue
        field = table._meta.fields[name]
        if target := table.links().get(name):
            other = target.alias()
            query = query.join_from(table, other, "LEFT OUTER JOIN", on=(field == other.id))
            field = other.uid
        names.append(name)
        flags.append(how.kind == "flag")
        columns.append(field)
    entity = table.entity.name
    yes_or_no = [place for place, is_flag in enumerate(flags) if is_flag]
    for row in streamed(db, query.select(*columns).order_by(table.uid)):
        values = [entity, *row]
        for place in yes_or_no:
            values[place] = bool(values[place])  # SQLite has no boolean
        yield line_of(dict(zip(names, values, strict=True)))


def _left_out(db: Handle, with_history: bool) -> Iterator[tuple[str, int]]:
    for table in db.entities:
        if table.entity.visibility == "everyone":
            yield from ((f"{table.entity.name}.{name}", 0) for name in table.declarations() if name in table.private())
        elif number := count(db, table.select()):
            yield table.entity.name, number
    if number := count(db, CustomValue.select().where(CustomValue.field.in_(_private_fields()))):
        yield CustomValue.entity.name, number
    if with_history and (rows := count(db, SourceRow.select())):
        yield "source_row", rows


# -------------------------------------------------------------------- the journal


def _journal(db: Handle, include_private: bool) -> Iterator[tuple[str, bytes]]:
    """(kind, line) of every operation, change and source row.

    Without the private ones the values of private fields are missing from the changes, those of custom fields
    altogether, and with them what would prove them; and so are the source rows, of whose cells nobody can say which
    are private.
    """
    kept_back = frozenset() if include_private else for_staff(db)
    columns = Operation._meta.sorted_field_names
    for row in streamed(db, Operation.select().order_by(Operation.id)):
        if row[columns.index("id")] in kept_back:
            # It may name a record, and what names one of these is not for everyone.
            row = tuple(FOR_STAFF if name == "title" else value for name, value in zip(columns, row, strict=True))
        yield "operation", _line("operation", columns, row)
    names = (
        "id",
        "operation",
        "entity",
        "record",
        "action",
        "before",
        "after",
        "salt",
        "before_digest",
        "after_digest",
    )
    kept = 7 if not include_private else len(names)
    query = (
        Change.select(
            Change.id,
            Change.operation,
            Change.entity,
            Change.record,
            Change.action,
            ChangeValues.before,
            ChangeValues.after,
            ChangeValues.salt,
            Change.before_digest,
            Change.after_digest,
        )
        .join(ChangeValues, "LEFT OUTER JOIN", on=(Change.id == ChangeValues.id))
        .order_by(Change.id)
    )
    hidden = {} if include_private else _hidden(db)
    for row in streamed(db, query):
        before, after = (_values(text, row[2], hidden) for text in row[5:7])
        yield "change", _line("change", names[:kept], (*row[:5], before, after, *row[7:])[:kept])
    if include_private:
        columns = SourceRow._meta.sorted_field_names
        for row in streamed(db, SourceRow.select().order_by(SourceRow.id)):
            yield "source_row", _line("source_row", columns, row, ("cells",))


FOR_STAFF = "(for staff)"
"""What stands for the title of an operation on records that are not for everyone."""


def for_staff(db: Handle) -> frozenset[int]:
    """The operations that changed records of an entity for staff."""
    keys = [table.entity.key for table in db.entities if table.entity.visibility != "everyone"]
    query = Change.select(Change.operation).where(Change.entity.in_(keys)).distinct()
    return frozenset(number for (number,) in streamed(db, query))


def _hidden(db: Handle) -> dict[str, frozenset[str]]:
    """By entity, the fields whose values are not for everyone; both as the journal calls them."""
    found = {
        table.entity.key: frozenset(table.kept_keys().get(name, name) for name in table.private())
        for table in db.entities
    }
    return {**found, CustomValue.entity.name: frozenset(["value"])}


def _values(text: str | None, entity: str, hidden: dict[str, frozenset[str]]) -> Any:
    if text is None:
        return None
    found = json.loads(text)
    return {name: value for name, value in found.items() if name not in hidden.get(entity, ())}


def _line(kind: str, names: Any, row: Any, parsed: tuple[str, ...] = ()) -> bytes:
    values = {name: value.hex() if isinstance(value, bytes) else value for name, value in zip(names, row, strict=True)}
    return line_of({"journal": kind, **values, **{name: json.loads(values[name]) for name in parsed}})
