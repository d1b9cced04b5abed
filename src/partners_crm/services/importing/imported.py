"""What was imported before: the rows that need not be looked at again, and those that the journal keeps already.

A row is settled when an operation that stands took it without a doubt, as the last one that had anything to say about
its record, and nothing was undone or redone since, nor what a row can mean changed: the silos, the coalition's own
fields, the maps, the settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from partners_crm.model import Contact, CustomField, DistrictMap, Operation, Organization, Setting, Silo, Table
from partners_crm.store.journal import known_rows
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

_MEANT_BY: tuple[type[Table], ...] = (Silo, CustomField, DistrictMap, Setting)


@dataclass(frozen=True, slots=True)
class Imported:
    """The rows of files that the coalition has seen, by their hashes."""

    settled: frozenset[bytes] = field(default=frozenset())
    """They say nothing new."""
    kept: frozenset[bytes] = field(default=frozenset())
    """They lie in the journal, word for word; the settled ones are among them."""


def imported(db: Handle) -> Imported:
    """The rows of every import that stands."""
    there = {
        table.entity.name: {key for (key,) in tuples(db, table.select(table.id))} for table in (Organization, Contact)
    }
    ground = _ground(db)
    newest: dict[tuple[str, int | None], int] = {}
    rows = []
    kept = set()
    for row_hash, entity, record, operation, is_clear in known_rows(db):
        kept.add(row_hash)
        about = (entity, record)
        if newest.get(about, 0) < operation:
            newest[about] = operation
        if is_clear and operation >= ground and record in there.get(entity, ()):
            rows.append((row_hash, about, operation))
    settled = {row_hash for row_hash, about, operation in rows if newest[about] == operation}
    return Imported(frozenset(settled), frozenset(kept))


def _ground(db: Handle) -> int:
    """The first operation whose rows still mean what they meant."""
    changed: list[int] = [0]
    for table in _MEANT_BY:
        changed += [
            version for (version,) in tuples(db, table.select(table.version).order_by(table.version.desc()).limit(1))
        ]
    undone = (
        Operation.select(Operation.id).where(Operation.undoes.is_null(False)).order_by(Operation.id.desc()).limit(1)
    )
    changed += [number + 1 for (number,) in tuples(db, undone)]
    return max(changed)
