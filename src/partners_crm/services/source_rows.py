"""The rows of imported files as they came: those about a record, and those of an import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from partners_crm.model import Operation, SourceRow, Table
from partners_crm.store import journal
from partners_crm.store.merges import FOLDED, folded_into
from partners_crm.store.open import Handle
from partners_crm.store.read import count, streamed, tuples

SHOWN = 5
"""Rows about one record that its card shows."""


@dataclass(frozen=True, slots=True)
class CameRow:
    """One row of a file."""

    operation: int
    """The import that read it."""
    at: str
    """UTC, ISO 8601."""
    file: str
    line: int
    """Line of the file on which it starts; the first line is 1."""
    outcome: str
    """new, changed, same or rejected; folded of a record that a merge let go, whose id is the line."""
    reason: str
    entity: str
    """Singular name of what the row is about; "" where it became nothing."""
    record: int | None
    cells: dict[str, str]
    """By the header of the column, word for word; empty ones too."""

    @property
    def place(self) -> str:
        """File and line."""
        if self.outcome == FOLDED:
            return f"{self.entity.replace('_', ' ')} {self.line}"
        return f"{self.file}, line {self.line}"

    @property
    def filled(self) -> Iterator[tuple[str, str]]:
        """(header, cell) of each cell that holds anything."""
        return ((header, cell) for header, cell in self.cells.items() if cell.strip())


def rows_about(db: Handle, record: Table, limit: int = SHOWN) -> tuple[CameRow, ...]:
    """The rows about a record, or about one that was merged into it, the newest first, at most `limit` of them.

    Left out are rows of operations that are undone at present, and rows that were rejected.
    """
    table = type(record)
    own = [record.id, *(each.lost for each in folded_into(db, table, record.id))]
    here = (SourceRow.entity == table.entity.key) & SourceRow.record.in_(own)
    came = SourceRow.outcome.not_in(("rejected", FOLDED))
    # The numbers come first, without the cells: a row may be read by every import of years.
    keys = tuples(db, SourceRow.select(SourceRow.id, SourceRow.operation).where(here & came))
    undone = journal.undone_by(db) if keys else {}
    newest = sorted((key for key, operation in keys if operation not in undone), reverse=True)[: max(0, limit)]
    return tuple(_rows(db, SourceRow.id.in_(newest), newest_first=True)) if newest else ()


def rows_of(db: Handle, operation: int, limit: int | None = None) -> Iterator[CameRow]:
    """The rows of an import in the order of its file, at most `limit` of them; nothing may be written meanwhile.

    Raises:
        NotFound: there is no such operation.
    """
    journal.operation(db, operation)
    return _rows(db, SourceRow.operation == operation, limit=limit)


def number_of_rows(db: Handle, operation: int) -> int:
    """How many rows of its file an import keeps."""
    return count(db, SourceRow.select().where(SourceRow.operation == operation))


def _rows(db: Handle, where: Any, *, limit: int | None = None, newest_first: bool = False) -> Iterator[CameRow]:
    columns = (SourceRow.line, SourceRow.outcome, SourceRow.reason, SourceRow.entity, SourceRow.record, SourceRow.cells)
    query = (
        SourceRow.select(SourceRow.operation, Operation.at, Operation.source, *columns)
        # The head of an operation may have been lost with a damaged file.
        .join(Operation, "LEFT OUTER JOIN", on=(SourceRow.operation == Operation.id))
        .where(where)
        .order_by(SourceRow.id.desc() if newest_first else SourceRow.id)
        .limit(limit)
    )
    for operation, at, file, line, outcome, reason, entity, record, text in streamed(db, query):
        cells = journal.cells_in(db, operation, text)
        yield CameRow(operation, at or "", file or "", line, outcome, reason, entity, record, cells)
