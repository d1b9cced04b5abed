"""What is left of the journal of a damaged file: kept in the new one, and asked what it says of each record.

The digests of the journal show which of its values are what was once written. So it can be asked whether a row of a
table is, and it can bring back one that is not there.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from partners_crm.model import Change, ChangeValues, Operation, SourceRow, Table
from partners_crm.store import journal
from partners_crm.store.journalling import salted_digest
from partners_crm.store.open import Handle
from partners_crm.store.read import MANY, streamed, tuples
from partners_crm.store.rows import as_named
from partners_crm.store.salvage import LARGEST_ID, Shape, Wreck, fitted, shapes
from partners_crm.store.work import Changes

_NEAR = 10_000
"""Operations by which a number may lie beyond those that were found; one further away was read wrongly."""


_FIXED = frozenset({"id", "uid"})
"""Fields that no change touches."""


@dataclass(slots=True)
class Past:
    """How much of the journal is left."""

    operations: int = 0
    """Operations that were found."""
    missing: int = 0
    """Operations that were not."""
    altered: list[int] = field(default_factory=list)
    """Operations that were found and are not as they were written: something of them was lost or changed."""
    entries: int = 0
    """Changes that were found with their values."""
    missing_entries: int = 0
    """Changes of the operations that were found that were not."""
    stray: int = 0
    """Rows of the journal that were read and belong to nothing, or are not what was written."""
    highest: int = 0
    """The newest operation there is a trace of."""
    verified: set[int] = field(default_factory=set)
    """Operations that are as they were written."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """The first and the last of each row of changes that are missing, in rising order."""
    ends: dict[int, int] = field(default_factory=dict)
    """The last change of each operation that was found."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is missing."""
        return not (self.missing or self.altered or self.missing_entries or self.gaps)

    def is_last_word(self, told: Told) -> bool:
        """Whether nothing can be missing that came after what is told of a record."""
        return not self.gaps or told.last > self.gaps[-1][1]

    def is_last_of_version(self, told: Told, until: int = LARGEST_ID) -> bool:
        """Whether nothing is missing, up to a change, that the operation of a record's version did to it later.

        A version says what a record was like, also after an undo, but for what its operation did to it after that.
        """
        following = bisect_right(self.gaps, told.last, key=itemgetter(1))
        # A gap that follows what was found of the operation may begin with the rest of it.
        end = self.ends.get(told.values.get("version", 0), told.last)
        return following == len(self.gaps) or self.gaps[following][0] > min(end + 1, until)


@dataclass(slots=True)
class Told:
    """What the journal says of one record, all that is left of its changes together."""

    table: type[Table]
    values: dict[str, Any] = field(default_factory=dict)
    """By field, as far as they are known."""
    exists: bool = False
    whole: bool = False
    """Whether all the values are known."""
    sure: bool = True
    """Whether nothing can have happened to it that is not known."""
    last: int = 0
    """The change it was told of last."""

    def learn(self, past: Past, key: int, operation: int, action: str, before: str | None, after: str | None) -> None:
        """Take in one change, in the order they were made."""
        old: dict[str, Any] = as_named(self.table, json.loads(before) if before else {})
        new: dict[str, Any] = as_named(self.table, json.loads(after) if after else {})
        if action == "insert":
            self.values, self.whole, self.sure = new, bool(new), True
        else:
            # An entry that was damaged may speak of another record than it says.
            fits = all(self.values[name] == value for name, value in old.items() if name in self.values)
            self.sure &= fits and operation in past.verified
            if not (fits and new and past.is_last_of_version(self, key)) and action == "update":
                # Something that was done to it in between is lost.
                self.values, self.whole = {name: self.values[name] for name in _FIXED & self.values.keys()}, False
            self.values.update(old if action == "delete" else new)
        self.last, self.exists = key, action != "delete"

    def record(self, shape: Shape, key: int) -> dict[str, Any] | None:
        """The record as it is told, by field; None where not all of it is known, or it is another's."""
        return fitted(shape, self.values) if self.whole and self.values.get("id") == key else None


def keep(unit: Changes, wreck: Wreck) -> Past:
    """Keep what is left of the journal, with its numbers, and let the chain begin anew after it."""
    past = Past()
    heads, end = _heads(wreck, past)
    unit.keep(Operation, heads.values())
    limit = end or max(heads, default=0) + _NEAR
    unit.keep(Change, (row for row in _sound(wreck, "change", past) if row["operation"] <= limit))
    unit.keep(ChangeValues, _verified(unit.db, wreck, past))
    unit.keep(SourceRow, (row for row in _sound(wreck, "source_row", past) if row["operation"] <= limit))
    _take_stock(unit.db, wreck, past, heads, end)
    unit.begin_anew(past.highest + 1)
    return past


def told(db: Handle, table: type[Table], past: Past) -> dict[int, Told]:
    """What the journal says of every record of an entity, by its id."""
    columns = (Change.record, Change.id, Change.operation, Change.action, ChangeValues.before, ChangeValues.after)
    query = (
        Change.select(*columns)
        .join(ChangeValues, "LEFT OUTER JOIN", on=(Change.id == ChangeValues.id))
        .where(Change.entity == table.entity.key)
        .order_by(Change.record, Change.id)
    )
    found: dict[int, Told] = {}
    for record, key, operation, action, before, after in streamed(db, query):
        found.setdefault(record, Told(table)).learn(past, key, operation, action, before, after)
    for each in found.values():
        each.sure &= past.is_last_word(each)
    return found


def knows(db: Handle, entity: str, key: int, uid: str) -> bool:
    """Whether the journal tells of a record with an id and a uid; the entity is called as the journal calls it."""
    table = db.types.by_key.get(entity)
    changes = journal.changes_to(db, table.entity.name, key) if table is not None else []
    return any(values.get("uid") == uid for each in changes for values in (each.before or {}, each.after or {}))


def _sound(wreck: Wreck, name: str, past: Past) -> Iterator[dict[str, Any]]:
    for row in wreck.rows(name):
        if row.values is None:
            past.stray += 1
        else:
            yield row.values


def _heads(wreck: Wreck, past: Past) -> tuple[dict[int, dict[str, Any]], int]:
    """The operations by their ids, and the newest of them where that is certain, else 0."""
    heads: dict[int, dict[str, Any]] = {}
    for row in _sound(wreck, "operation", past):
        heads.setdefault(row["id"], row)
    for ledger in _sound(wreck, "ledger", past):
        head = heads.get(ledger["operation"])
        if head and head["hash"] == ledger["hash"]:
            # Beyond the end of the chain is nothing.
            return {key: row for key, row in heads.items() if key <= ledger["operation"]}, ledger["operation"]
    return heads, 0


def _verified(db: Handle, wreck: Wreck, past: Past) -> Iterator[dict[str, Any]]:
    """The values whose change is there and has their digests."""
    waiting: list[dict[str, Any]] = []
    for row in _sound(wreck, "change_values", past):
        waiting.append(row)
        if len(waiting) == MANY:
            yield from _fitting(db, waiting, past)
            waiting.clear()
    yield from _fitting(db, waiting, past)


def _fitting(db: Handle, rows: list[dict[str, Any]], past: Past) -> Iterator[dict[str, Any]]:
    columns = (Change.id, Change.entity, Change.before_digest, Change.after_digest)
    query = Change.select(*columns).where(Change.id.in_([row["id"] for row in rows]))
    known = {key: (entity, old, new) for key, entity, old, new in tuples(db, query)}
    for row in rows:
        entity, old, new = known.get(row["id"], ("", None, None))
        if entity and _is_written(row, "before", old, entity) and _is_written(row, "after", new, entity):
            yield row
        else:
            past.stray += 1


def _is_written(row: dict[str, Any], side: str, digest: bytes | None, entity: str) -> bool:
    """Whether the values of one side of a change are those of its digest, and may be values of its entity."""
    text = row[side]
    if text is None:
        return True  # there are none, or they were erased
    if digest is None or salted_digest(row["salt"], text) != bytes(digest):
        return False
    if entity not in (known := shapes()):
        return True  # what the fields of a plugin hold, nobody knows here
    columns = {column.name: column for column in known[entity].columns}
    values = json.loads(text)
    return all(columns[name].fits(value) for name, value in values.items() if name in columns)


def _take_stock(db: Handle, wreck: Wreck, past: Past, heads: dict[int, dict[str, Any]], end: int) -> None:
    """Count what is there and what is not."""
    first, last = _limits(wreck, heads)
    spoken = [number for (number,) in tuples(db, Change.select(Change.operation).distinct())]
    past.operations, past.highest = len(heads), end or max([last, *heads, *spoken], default=0)
    chain = {key: head for key, head in sorted(heads.items()) if first <= key <= past.highest}
    past.missing = max(0, past.highest - first + 1) - len(chain)
    past.verified = {key for key, head in chain.items() if journal.is_as_written(db, head)}
    past.altered = [key for key in chain if key not in past.verified]
    found: dict[int, int] = {}
    before = start = 0
    query = (
        Change.select(Change.id, Change.operation)
        .join(ChangeValues, on=(Change.id == ChangeValues.id))
        .order_by(Change.id)
    )
    for key, number in streamed(db, query):
        found[number] = found.get(number, 0) + 1
        if number >= first:
            # The changes of all operations are numbered in one row.
            if start and key > before + 1:
                past.gaps.append((before + 1, key - 1))
            start, before = start or key, key
            past.ends[number] = key
    past.entries = sum(found.values())
    lacking = {key: max(0, head["changes"] - found.get(key, 0)) for key, head in chain.items()}
    past.missing_entries = sum(lacking.values())
    if start > 1 and lacking.get(first, 1):
        past.gaps.insert(0, (1, start - 1))
    if not end or lacking.get(end):
        # The last of them may be missing, and then nothing is known of how it ended.
        past.gaps.append((before + 1, LARGEST_ID))


def _limits(wreck: Wreck, heads: dict[int, dict[str, Any]]) -> tuple[int, int]:
    """The operation the chain began with and the newest, as the ledger has them, where that can be believed."""
    first, last = 1, 0
    for row in wreck.rows("ledger"):
        if row.values:
            begun = heads.get(row.values["verified_from"])
            first = row.values["verified_from"] if begun and begun["previous"] == "" else 1
            last = row.values["operation"] if row.values["operation"] <= max(heads, default=0) + _NEAR else 0
            break
    return first, last
