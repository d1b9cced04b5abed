"""What became one: the records that were folded into others, as the journal tells it.

A merge keeps, for each record that went into another, a row of the journal beside the deletion: of `SourceRow` the
entity, in `line` the id of the one that went, in `record` the id of the one that stayed, and as cells its uid, what it
was called, and the values that were not taken. So an undo of the operation takes the knowledge back with the records.
A merge has no source file, which tells its operation from an import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partners_crm.model import Operation, SourceRow, Table
from partners_crm.normalize.text import fold
from partners_crm.store import journal
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, tuples

FOLDED = "folded"
"""The outcome of such a row."""
UID, TITLE = "@uid", "@title"
"""The cells that are no values of fields."""
_DEEP = 100
"""Merges one after the other that are followed at most."""


@dataclass(frozen=True, slots=True)
class Folded:
    """One record that went into another."""

    operation: int
    entity: str
    """Singular."""
    lost: int
    """Id of the one that went."""
    kept: int
    """Id of the one that stayed."""
    uid: str
    """Of the one that went."""
    title: str
    """What it was called."""
    values: tuple[tuple[str, str], ...]
    """(label, value) of what it said and the one that stayed does not."""


def cells_of(uid: str, title: str, values: Mapping[str, str]) -> dict[str, str]:
    """The cells of the row that is kept of a record that goes."""
    return {**values, TITLE: title, UID: uid}


def folded_into(db: Handle, table: type[Table], record: int) -> tuple[Folded, ...]:
    """What went into a record, the last first, and what had gone into those before; what was undone is left out."""
    found: list[Folded] = []
    wanted = {record}
    for _ in range(_DEEP):
        here = [each for each in _standing(db, table, SourceRow.record, wanted) if each not in found]
        if not here:
            break
        found += here
        wanted = {each.lost for each in here}
    return tuple(sorted(found, key=lambda each: -each.operation))


def survivor_of(db: Handle, table: type[Table], record: int) -> int | None:
    """The record into which one that is gone was merged, over any number of merges; None where it was not."""
    here, steps = record, 0
    while steps < _DEEP and (found := _standing(db, table, SourceRow.line, {here})):
        here, steps = found[-1].kept, steps + 1
    return here if steps else None


def survivors(db: Handle, table: type[Table]) -> dict[str, int]:
    """For the uid of every record that was merged into another one, the id of that which is there."""
    return _resolved(_standing(db, table))


def former_titles(db: Handle, table: type[Table]) -> dict[int, list[str]]:
    """What the records were called that were merged into others, by the id of that which is there."""
    rows = _standing(db, table)
    kept = _resolved(rows)
    found: dict[int, list[str]] = {}
    for each in rows:
        found.setdefault(kept[each.uid], []).append(each.title)
    return found


def all_survivors(db: Handle) -> dict[str, dict[str, int]]:
    """`survivors` of every entity, by its singular name."""
    found: dict[str, list[Folded]] = {}
    for each in _rows(db, SourceRow.outcome == FOLDED):
        found.setdefault(each.entity, []).append(each)
    return {entity: _resolved(rows) for entity, rows in found.items()}


def _resolved(rows: Iterable[Folded]) -> dict[str, int]:
    rows = list(rows)
    into = {each.lost: each.kept for each in rows}
    found = {}
    for each in rows:
        here, steps = each.kept, 0
        while here in into and steps < _DEEP:
            here, steps = into[here], steps + 1
        found[each.uid] = here
    return found


def _standing(db: Handle, table: type[Table], column: Any = None, among: Iterable[int] | None = None) -> list[Folded]:
    here = (SourceRow.outcome == FOLDED) & (SourceRow.entity == table.entity.key)
    if among is None:
        return list(_rows(db, here))
    return [each for some in parts(sorted(among)) for each in _rows(db, here & column.in_(some))]


def _rows(db: Handle, where: Any) -> Iterator[Folded]:
    # Only operations without a file are asked for: the rows of files are many, and found by their operation.
    own = Operation.select(Operation.id).where(Operation.source_digest.is_null(False) & (Operation.source == ""))
    columns = (SourceRow.operation, SourceRow.entity, SourceRow.line, SourceRow.record, SourceRow.cells)
    query = SourceRow.select(*columns).where(SourceRow.operation.in_(own) & where).order_by(SourceRow.id)
    found = tuples(db, query)
    undone = journal.undone_by(db) if found else {}
    for operation, entity, lost, kept, text in found:
        if operation in undone:
            continue
        cells = journal.cells_in(db, operation, text)
        uid, title = cells.pop(UID, ""), cells.pop(TITLE, "")
        yield Folded(operation, entity, lost, kept, uid, title, tuple(cells.items()))


def survivor_by_key(db: Handle, table: type[Table], key: str) -> int | None:
    """The record into which the one was merged that a number, a uid (or six digits or more of it) or a name meant."""
    if key.isascii() and key.isdigit() and len(key) < 16 and (last := survivor_of(db, table, int(key))) is not None:
        return last
    rows, called = _standing(db, table), fold(key)
    meant = {each.uid for each in rows if called and fold(each.title) == called}
    if len(key) >= 6:
        meant |= {each.uid for each in rows if each.uid.startswith(key.lower())}
    kept = _resolved(rows)
    found = {kept[uid] for uid in meant}
    return found.pop() if len(found) == 1 else None
