"""Reading the journal: operations, changes with their values, and whether the chain still holds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from partners_crm.errors import NotFound, StoreDamaged
from partners_crm.model import ENTITIES, Change, ChangeValues, Ledger, Operation, SourceRow
from partners_crm.model.orm import peewee
from partners_crm.store.journalling import change_bytes, operation_hash, salted_digest, source_row_bytes
from partners_crm.store.open import Handle, faults
from partners_crm.store.read import parts, streamed, tuples
from partners_crm.store.rows import as_named

RawChange = tuple[int, str, int, str, str | None, str | None, bytes | None, bytes | None, bytes | None]
"""A change as it lies there: (id, entity, record, action, before, after, salt, digest of before, of after).

Entity and fields have the names that the journal has for them; the values are JSON objects.
"""
_CORE = frozenset(table.entity.name for table in ENTITIES)
"""Entities that are called now as they always were."""
_VERSION = re.compile(r'"version":(\d+)[,}]')


@dataclass(frozen=True, slots=True)
class Recorded:
    """One change as the journal holds it, under the names of now; erased values are None on both sides.

    An entity that is no more keeps its name of then.
    """

    id: int
    operation: int
    entity: str
    record: int
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Done:
    """One operation, and whether it still stands."""

    id: int
    uid: str
    at: str
    """UTC, ISO 8601."""
    actor: str
    title: str
    source: str
    plugin: str
    """The plugin that wrote it; "" for the core."""
    undoes: int | None
    changes: int
    undone_by: int | None
    """The operation that took it back, while that one itself stands."""

    @property
    def who(self) -> str:
        """Who did it, and with which plugin."""
        return f"{self.actor} ({self.plugin})" if self.plugin else self.actor


def operations(db: Handle, ids: list[int] | None = None) -> list[Done]:
    """Operations, newest first: all of them, or those named."""
    undone = undone_by(db)
    columns = (
        Operation.id,
        Operation.uid,
        Operation.at,
        Operation.actor,
        Operation.title,
        Operation.source,
        Operation.plugin,
        Operation.undoes,
        Operation.changes,
    )
    query = Operation.select(*columns).order_by(Operation.id.desc())
    if ids is not None:
        query = query.where(Operation.id.in_(ids))
    return [Done(*(*row, undone.get(row[0]))) for row in tuples(db, query)]


def operation(db: Handle, number: int) -> Done:
    """One operation.

    Raises:
        NotFound: there is none of that number.
    """
    found = operations(db, [number]) if 0 < number < 2**63 else []
    if not found:
        raise NotFound(f"there is no operation {number}", "list them with: partners history")
    return found[0]


@dataclass(frozen=True, slots=True)
class End:
    """Where the chain of the journal ends."""

    operation: int
    """The newest operation; 0 when there is none."""
    hash: str


def end(db: Handle) -> End:
    """Where the chain of the journal ends."""
    found = tuples(db, Operation.select(Operation.id, Operation.hash).order_by(Operation.id.desc()).limit(1))
    return End(*found[0]) if found else End(0, "")


def newest(db: Handle) -> int:
    """The number of the newest operation, 0 when there is none."""
    return end(db).operation


def undone_by(db: Handle) -> dict[int, int]:
    """For each operation that is taken back at present, the operation that did it.

    An undo may be undone in turn, so the newest decides.
    """
    pairs = tuples(
        db,
        Operation.select(Operation.id, Operation.undoes)
        .where(Operation.undoes.is_null(False))
        .order_by(Operation.id.desc()),
    )
    standing: dict[int, int] = {}
    for number, target in pairs:
        if number not in standing:
            standing[target] = number
    return standing


def changes_of(db: Handle, number: int, limit: int | None = None) -> list[Recorded]:
    """The changes of an operation, in the order they were made, at most `limit` of them."""
    return list(_recorded(db, (Change.operation == number), limit))


def changes_among(db: Handle, number: int, entity: str) -> list[Recorded]:
    """The changes of an operation to the records of one entity, in the order they were made."""
    return list(_recorded(db, (Change.operation == number) & (Change.entity == key_of(db, entity))))


def changes_to(db: Handle, entity: str, record: int) -> list[Recorded]:
    """The changes to one record, oldest first."""
    return list(_recorded(db, (Change.entity == key_of(db, entity)) & (Change.record == record)))


def last_values(db: Handle, entity: str, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What records that were deleted said last, by id; one whose values were erased is left out."""
    found: dict[int, dict[str, Any]] = {}
    for some in parts(sorted(ids)):
        gone = (Change.entity == key_of(db, entity)) & Change.record.in_(some) & (Change.action == "delete")
        found |= {each.record: each.before for each in _recorded(db, gone) if each.before}
    return found


def changes_after(db: Handle, number: int) -> Iterator[Recorded]:
    """Every change of the operations after one, in the order they were made; nothing may be written meanwhile."""
    return _recorded(db, Change.operation > number)


def newest_before(db: Handle, at: str) -> int:
    """The newest operation that was done before an instant (UTC, ISO 8601 with microseconds), 0 when there is none."""
    ((number,),) = tuples(db, Operation.select(peewee.fn.max(Operation.id)).where(Operation.at < at))
    return int(number or 0)


def newest_first(db: Handle, number: int, size: int = 1000) -> Iterator[list[RawChange]]:
    """The changes of an operation, the newest first, so many at a time; the unit that asks may write meanwhile."""
    values = (ChangeValues.before, ChangeValues.after, ChangeValues.salt)
    digests = (Change.before_digest, Change.after_digest)
    query = (
        Change.select(Change.id, Change.entity, Change.record, Change.action, *values, *digests)
        .join(ChangeValues, "LEFT OUTER JOIN", on=(Change.id == ChangeValues.id))
        .order_by(Change.id.desc())
        .limit(size)
    )
    here = Change.operation == number
    found = tuples(db, query.where(here))
    while found:
        yield cast("list[RawChange]", found)
        last = found[-1][0]
        found = tuples(db, query.where(here & (Change.id < last))) if len(found) == size else []


def recorded(db: Handle, number: int, raw: RawChange) -> Recorded:
    """A change of an operation with its values read."""
    key, entity, record, action, before, after, *_ = raw
    return _named(db, number, (key, number, entity, record, action, before, after))


def are_unspoilt(changes: Iterable[RawChange]) -> bool:
    """Whether the values of all these changes are there, and are those that were once written."""
    sha256 = hashlib.sha256
    for _, _, _, _, before, after, salt, old, new in changes:
        # What `salted_digest` does, without its call: every change of an operation that is taken back passes here.
        if (
            salt is None
            or (before is not None and sha256(salt + before.encode()).digest() != old)
            or (after is not None and sha256(salt + after.encode()).digest() != new)
        ):
            return False
    return True


def version_in(text: str) -> int:
    """The version in the values of one side of a change, without reading the others.

    Within a text the quotes around the word would stand behind a backslash.
    """
    found = _VERSION.search(text)
    return int(found[1]) if found else -1


def touched_twice(db: Handle, number: int) -> set[tuple[str, int]]:
    """The (entity, record)s that an operation changed more than once."""
    own = Change.select(Change.entity, Change.record).where(Change.operation == number)
    actions = tuples(db, Change.select(Change.action).where(Change.operation == number).distinct())
    if len(actions) == 1 and actions[0][0] != "update":
        return set()  # what is inserted, or deleted, is so once
    twice = own.group_by(Change.entity, Change.record).having(peewee.fn.count(Change.id) > 1)
    return {(entity, record) for entity, record in tuples(db, twice)}


def records_of(db: Handle, number: int, entity: str, action: str, among: Iterable[int] | None = None) -> list[int]:
    """The records of an entity that an operation inserted, updated or deleted; of those named, where some are."""
    key = key_of(db, entity)
    own = (Change.operation == number) & (Change.entity == key) & (Change.action == action)
    if among is None:
        return [record for (record,) in tuples(db, Change.select(Change.record).where(own).order_by(Change.id))]
    found: list[int] = []
    for some in parts(sorted(among)):
        named = Change.select(Change.record).where((Change.record.in_(some)) & (Change.entity == key))
        found += [
            record for (record,) in tuples(db, named.where((Change.operation == number) & (Change.action == action)))
        ]
    return found


def linked(db: Handle, number: int, entity: str, link: str) -> set[int]:
    """What a link pointed to, before or after, in the changes of an operation to records of an entity."""
    own = (Change.operation == number) & (Change.entity == key_of(db, entity))
    found: set[int] = set()
    for side in (ChangeValues.before, ChangeValues.after):
        value = peewee.fn.json_extract(side, f"$.{link}")
        query = Change.select(value).join(ChangeValues, on=(Change.id == ChangeValues.id)).where(own).distinct()
        found |= {key for (key,) in tuples(db, query) if key is not None}
    return found


def known_rows(db: Handle) -> Iterator[tuple[bytes, str, int | None, int, bool]]:
    """(row_hash, entity, record, operation, whether nothing is to be said of it) of every row known by its hash.

    Those of operations that are undone at present are left out.
    """
    known = SourceRow.row_hash.is_null(False)
    if gone := sorted(undone_by(db)):
        kept = {number for (number,) in tuples(db, SourceRow.select(SourceRow.operation).distinct())}
        known &= SourceRow.operation.not_in([number for number in gone if number in kept])
    clear = (SourceRow.reason == "") & (SourceRow.outcome != "rejected")
    columns = (SourceRow.row_hash, SourceRow.entity, SourceRow.record, SourceRow.operation, clear)
    yield from streamed(db, SourceRow.select(*columns).where(known))


def first_break(db: Handle) -> int | None:
    """The id of the first operation that is missing or whose hash, changes, values or source rows do not fit.

    None when the whole chain holds. Values that were erased are no break: their digests stay in the chain.
    """
    with faults(db):
        heads = list(Operation.select().order_by(Operation.id).dicts().execute(db))
        ((first, last, end),) = tuples(db, Ledger.select(Ledger.verified_from, Ledger.operation, Ledger.hash))
    previous, expected = "", first
    for head in heads:
        number = int(head["id"])
        if number < first:
            continue
        if head["previous"] != previous or number != expected or not is_as_written(db, head):
            return number
        previous, expected = head["hash"], number + 1
    return None if (last, end) == (expected - 1, previous) else expected


def is_as_written(db: Handle, head: Mapping[str, Any]) -> bool:
    """Whether an operation, given by its columns, fits its hash and its changes, values and source rows fit it.

    The operation before it is not looked at.
    """
    rows = _bytes(head["source_digest"])
    digest, count = _digest(db, head["id"])
    if digest is None or head["changes"] != count or operation_hash(_ordered(head), digest, rows) != head["hash"]:
        return False
    return rows is None or _source_digest(db, head["id"]) == rows


def verified_from(db: Handle) -> int:
    """The operation with which the chain begins: 1, or the one that recovered the coalition."""
    ((number,),) = tuples(db, Ledger.select(Ledger.verified_from))
    return int(number)


def _source_digest(db: Handle, number: int) -> bytes:
    columns = (SourceRow.operation, SourceRow.line, SourceRow.outcome, SourceRow.reason)
    more = (SourceRow.entity, SourceRow.record, SourceRow.cells)
    total = hashlib.sha256()
    query = SourceRow.select(*columns, *more).where(SourceRow.operation == number).order_by(SourceRow.id)
    for row in streamed(db, query):
        total.update(source_row_bytes(row))
    return total.digest()


def _ordered(head: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "id",
        "uid",
        "at",
        "actor",
        "title",
        "source",
        "source_sha256",
        "plugin",
        "undoes",
        "changes",
        "previous",
    )
    return {name: head[name] for name in names}


def _digest(db: Handle, number: int) -> tuple[bytes | None, int]:
    total, count = hashlib.sha256(), 0
    query = (
        Change.select(
            Change.entity,
            Change.record,
            Change.action,
            Change.before_digest,
            Change.after_digest,
            ChangeValues.salt,
            ChangeValues.before,
            ChangeValues.after,
        )
        .join(ChangeValues, "LEFT OUTER JOIN", on=(Change.id == ChangeValues.id))
        .where(Change.operation == number)
        .order_by(Change.id)
    )
    for entity, record, action, old, new, salt, before, after in streamed(db, query):
        old, new = _bytes(old), _bytes(new)
        if salt is not None:
            for text, digest in ((before, old), (after, new)):
                if text is not None and salted_digest(_bytes(salt) or b"", text) != digest:
                    return None, count
        total.update(change_bytes(entity, record, action, old, new))
        count += 1
    return total.digest(), count


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _recorded(db: Handle, where: Any, limit: int | None = None) -> Iterator[Recorded]:
    query = (
        Change.select(
            Change.id,
            Change.operation,
            Change.entity,
            Change.record,
            Change.action,
            ChangeValues.before,
            ChangeValues.after,
        )
        .join(ChangeValues, "LEFT OUTER JOIN", on=(Change.id == ChangeValues.id))
        .where(where)
        .order_by(Change.id)
        .limit(limit)
    )
    for row in streamed(db, query):
        yield _named(db, row[1], row)


def _named(db: Handle, number: int, row: tuple[Any, ...]) -> Recorded:
    key, _, entity, record, action, *sides = row
    before, after = (_values(db, number, text) for text in sides)
    if entity in _CORE:
        return Recorded(key, number, entity, record, action, before, after)
    table = db.types.by_key.get(entity)
    if table is None:
        return Recorded(key, number, entity, record, action, before, after)
    named = (None if side is None else as_named(table, side) for side in (before, after))
    return Recorded(key, number, table.entity.name, record, action, *named)


def key_of(db: Handle, entity: str) -> str:
    """What the journal calls an entity; one that is no more, by the name it had."""
    if entity in _CORE:
        return entity
    table = db.by_name.get(entity)
    return entity if table is None else table.entity.key


def cells_in(db: Handle, number: int, text: str) -> dict[str, str]:
    """The cells of a source row of an operation, by header."""
    return cast("dict[str, str]", _values(db, number, text))


def _values(db: Handle, number: int, text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreDamaged(
            f"{db.path} is damaged: the journal of operation {number} cannot be read",
            "restore a backup: partners restore; or save what is left: partners recover",
        )
    return found
