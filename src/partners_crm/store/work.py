"""The unit of work: the one way to write.

One unit is one BEGIN IMMEDIATE transaction and one Operation of the journal. It is the store's own transaction, not
peewee's `atomic()`: that one rolls back what SQLite has already rolled back, and so hides a full disk.
"""

from __future__ import annotations

import getpass
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from partners_crm.errors import Conflict, NotFound
from partners_crm.model import Table
from partners_crm.model.journal import JournalTable
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.files import LOGGED_ID
from partners_crm.store.journalling import BATCH, JournalWriter, Logged, Values
from partners_crm.store.open import Handle, faults
from partners_crm.store.rows import among, as_kept, assignments, columns, defaults, filled, quoted, typed
from partners_crm.store.transaction import mark, same_file, turn

T = TypeVar("T", bound=Table)
_UIDS = (16, 4096)
"""Uids that a unit draws at first, and at most, at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file an operation came from."""

    name: str
    sha256: str


class _Inlet:
    """How rows of one table are inserted by a unit."""

    __slots__ = ("entity", "is_renamed", "names", "next_id", "statement", "values_of", "waiting")

    def __init__(self, table: type[Table]) -> None:
        self.entity = table.entity.key
        self.is_renamed = bool(table.kept_keys())
        """Whether the journal has other names for some fields."""
        self.names, listed = columns(table)
        marks = ",".join("?" * len(self.names))
        self.statement = f"INSERT INTO {quoted(table)} ({listed}) VALUES ({marks})"  # noqa: S608
        self.values_of: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*self.names)
        self.next_id = 0
        """The id of the next record; 0 where it was not asked for."""
        self.waiting: list[tuple[Any, ...]] = []
        """Rows to insert."""

    def write(self, connection: Any) -> None:
        """Insert the rows that wait; they are forgotten also where they are refused."""
        rows, self.waiting = self.waiting, []
        connection.executemany(self.statement, rows)


@contextmanager
def changes(
    db: Handle,
    title: str,
    *,
    by: str = "",
    source: Source | None = None,
    plugin: str = "",
    undoes: int | None = None,
    clock: Clock = utc_now,
    keep: bool = True,
) -> Iterator[Changes]:
    """One unit of work. It commits at the end of the block, unless the block raises or nothing changed.

    With `keep=False` it always rolls back: that is how a preview runs the real thing.

    Raises:
        Conflict: a record was changed by somebody else meanwhile.
        StoreLocked, StoreUnavailable, PermissionRefused: the database refuses; nothing was written.
    """
    connection = db.driver
    with faults(db), turn(db, title):
        unit = None
        try:
            db.forget_old_types()
            unit = Changes(db, title, by or _actor(), source or Source("", ""), plugin, undoes, clock)
            yield unit
            if keep and (unit.count or unit.insists):
                unit.seal()
                # After waiting and working, for what is committed to a file that was deleted meanwhile is lost.
                same_file(db)
                connection.execute("COMMIT")
                db.take_over_types(keep=True)
                mark(db)
            else:
                connection.execute("ROLLBACK")
        except BaseException:
            # SQLite itself rolls back on a full disk; a second rollback would hide that cause.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            db.take_over_types(keep=False)
            if unit is not None:
                unit.end()


class Changes:
    """The open unit of work: `add`, `update`, `delete`, and what was read under its lock."""

    def __init__(
        self,
        db: Handle,
        title: str,
        actor: str,
        source: Source,
        plugin: str,
        undoes: int | None,
        clock: Clock,
    ) -> None:
        self.db = db
        self.title = title
        self.actor = actor
        self.source = source
        self.plugin = plugin
        self.undoes = undoes
        self.insists = False
        """Whether it is written even if nothing changed: the source rows it keeps are worth it."""
        self.at = clock().astimezone(UTC)
        self._connection: Any = db.driver
        last = self._one("SELECT id, hash FROM operation ORDER BY id DESC LIMIT 1")
        self.operation: int = 1 + (last[0] if last else 0)
        """Id of the operation being written; the version of every record it writes."""
        self._previous: str = last[1] if last else ""
        self._journal = JournalWriter(self._connection, self.operation, self._next_change())
        self._inlets: dict[type[Table], _Inlet] = {}
        self._together = False
        """Whether rows wait to be inserted, table by table."""
        self._spoiled = False
        self._verified_from: int | None = None
        """The operation the chain begins with from now on; None when it goes on."""
        self._uids: list[str] = []
        self._uids_drawn = 0

    @property
    def count(self) -> int:
        """How many changes the unit holds so far."""
        return self._journal.count

    # ---------------------------------------------------------------- writing

    def add(self, table: type[T], **values: Any) -> T:
        """Insert a record and return it; fields that are not named take their declared default."""
        return self.insert(table, values)

    def insert(self, table: type[T], values: Mapping[str, Any]) -> T:
        """`add` of values that stand in a mapping already."""
        return table.sealed(self._insert_new(table, values))

    def insert_id(self, table: type[Table], values: Mapping[str, Any]) -> int:
        """`insert` where only the id of the new record is asked for."""
        return int(self._insert_new(table, values)["id"])

    def insert_many(self, table: type[Table], rows: Iterable[Mapping[str, Any]]) -> range:
        """`insert` of many records of one entity, whose ids follow each other; nothing else may add to it meanwhile."""
        inlet = self._inlet(table)
        with self.together():
            first = inlet.next_id or self._first_id(table, inlet)
            for values in rows:
                self._insert_new(table, values)
        return range(first, inlet.next_id)

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block of many `add`s, whose records are inserted table by table, some thousand at a time.

        Inside it nothing but this unit may read what it adds.
        """
        outer, self._together = self._together, True
        try:
            yield
            if not outer:
                self._insert_waiting()
        except BaseException:
            # The journal holds what was not inserted: this unit must not be written.
            self._spoiled = True
            raise
        finally:
            self._together = outer

    def end(self) -> None:
        """Let go of the connection: what is written through this unit later must fail, not bypass the journal."""
        self._connection = _Ended()

    def restore(self, table: type[Table], values: Mapping[str, Any]) -> None:
        """Insert a record exactly as it was: same id, uid and version. For undo and recovery alone.

        Raises:
            Conflict: another record has a value that only one can have.
        """
        with _taken(table):
            # The journal of before does not know the fields that were added since.
            row = {**defaults(table), **values}
            self._insert(table, row, self._inlet(table))

    def update(self, record: T, **values: Any) -> T:
        """Change fields of a record and return it as it is now; fields that already have the value are left out.

        Somebody else's change of other fields is kept. A change of the same field since the record was read is a
        conflict.

        Raises:
            Conflict: the record is gone, or a named field was changed meanwhile.
        """
        table = type(record)
        row = self.current(table, record.id)
        if row is None:
            raise Conflict(
                f"{table.entity.name} {record.id} was deleted meanwhile", "add it again, or undo the deletion"
            )
        touched = {name: value for name, value in values.items() if row[name] != value}
        if row["version"] != record.version:
            stale = [name for name in touched if row[name] != record[name]]
            if stale:
                labels = ", ".join(table.declarations()[name].label for name in stale)
                raise Conflict(
                    f"{labels} of {table.entity.name} {record.id} was changed by somebody else meanwhile",
                    "reload the record, look at the new value, and edit again",
                )
        if not touched:
            return table.sealed(row)
        return self._write(table, row, {**touched, "version": self.operation})

    def put_back(self, table: type[Table], record_id: int, values: Mapping[str, Any]) -> None:
        """Set fields, the version among them, to what they were. For undo alone.

        Raises:
            Conflict: another record has a value that only one can have.
        """
        row = self.current(table, record_id)
        if row is None:
            raise NotFound(f"{table.entity.name} {record_id} does not exist")
        with _taken(table):
            self._write(table, row, dict(values))

    def delete(self, record: Table) -> None:
        """Delete one record; what depends on it must be dealt with before (see `services.records.remove`).

        Raises:
            Conflict: the record is gone already.
        """
        self.remove(type(record), record.id)

    def keep_source_rows(
        self, rows: Iterable[tuple[int, str, str, Table | None, Mapping[str, str], bytes | None]]
    ) -> None:
        """Keep rows of the source file: (line, outcome, reason, the record it became, cells as they came, row_hash).

        By its hash an unchanged row is known again (see `journal.known_rows`); None where nobody will ask.
        """
        self._journal.keep_source_rows(
            (line, outcome, reason, *((type(record).entity.key, record.id) if record else ("", None)), cells, row_hash)
            for line, outcome, reason, record, cells, row_hash in rows
        )

    # ---------------------------------------------------------------- recovering

    def keep(self, table: type[JournalTable], rows: Iterable[Mapping[str, Any]]) -> int:
        """Write rows of an earlier journal as they were; of those with the same id the first. Gives how many.

        For a recovery alone, which lets the chain begin anew after them.
        """
        names = table._meta.sorted_field_names
        columns, marks = ", ".join(f'"{name}"' for name in names), ",".join("?" * len(names))
        statement = f'INSERT OR IGNORE INTO "{table._meta.table_name}" ({columns}) VALUES ({marks})'  # noqa: S608
        return int(self._connection.executemany(statement, map(itemgetter(*names), rows)).rowcount)

    def begin_anew(self, operation: int) -> None:
        """Be the operation of that number and the first of the chain: what was kept before it cannot be verified."""
        self.operation = self._verified_from = operation
        self._previous = ""
        self._journal.begin_anew(operation, self._next_change())

    def lose(self, table: type[Table], record_id: int, values: Mapping[str, Any] | None) -> None:
        """Write into the journal that a record is no longer there, and what was known of it. For a recovery alone."""
        self._log(table, record_id, "delete", values, None)

    # ---------------------------------------------------------------- reading under the lock

    def current(self, table: type[Table], record_id: int) -> dict[str, Any] | None:
        """The stored values of a record by field name, or None when there is none."""
        self._insert_waiting()
        names, listed = columns(table)
        row = self._one(f"SELECT {listed} FROM {quoted(table)} WHERE id = ?", record_id)  # noqa: S608
        return None if row is None else typed(table, dict(zip(names, row, strict=True)))

    def holding(self, table: type[Table], link: str, record_id: int) -> int:
        """How many records of an entity point to a record through a link."""
        self._insert_waiting()
        column = table._meta.fields[link].column_name
        return int(self._one(f'SELECT count(*) FROM {quoted(table)} WHERE "{column}" = ?', record_id)[0])  # noqa: S608

    def remove(self, table: type[Table], record_id: int) -> None:
        """Delete a record by its id, as it stands. For undo alone, which has looked at it under the lock."""
        row = self.current(table, record_id)
        if row is None:
            raise Conflict(f"{table.entity.name} {record_id} was deleted meanwhile")
        self._connection.execute(f"DELETE FROM {quoted(table)} WHERE id = ?", (record_id,))  # noqa: S608
        self._log(table, record_id, "delete", row, None)

    # ---------------------------------------------------------------- many at once, for undo and merging alone

    def stand_at(self, table: type[Table], ids: Sequence[int], version: int) -> bool:
        """Whether all records with these ids are there, and at that version."""
        sql = f"SELECT count(*) FROM {quoted(table)} WHERE version = ? AND "  # noqa: S608
        there = (self._one(sql + part, version, *values)[0] for part, values in among("id", ids, room=1))
        return bool(sum(there) == len(ids))

    def versions(self, table: type[Table], ids: Sequence[int]) -> dict[int, int]:
        """The versions of the records with these ids, of those that exist; it may hold some others between them."""
        found: dict[int, int] = {}
        for condition, values in among("id", ids):
            sql = f"SELECT id, version FROM {quoted(table)} WHERE {condition}"  # noqa: S608
            found.update(self._connection.execute(sql, values).fetchall())
        return found

    def holders(self, table: type[Table], link: str, ids: Sequence[int]) -> list[tuple[int, int, int]]:
        """The records of an entity that point to these, and it may be to some between, through a link.

        (the other's id, own id, own version) of each.
        """
        found: list[tuple[int, int, int]] = []
        column = table._meta.fields[link].column_name
        for condition, values in among(column, ids):
            sql = f'SELECT "{column}", id, version FROM {quoted(table)} WHERE {condition}'  # noqa: S608
            found += self._connection.execute(sql, values).fetchall()
        return found

    def remove_many(self, table: type[Table], entries: Sequence[tuple[int, Values]]) -> None:
        """Delete records as they stand: (id, its values) of each."""
        ids = [record for record, _ in entries]
        if max(ids) - min(ids) == len(ids) - 1:
            sql = f"DELETE FROM {quoted(table)} WHERE id BETWEEN ? AND ?"  # noqa: S608
            self._connection.execute(sql, (min(ids), max(ids)))
        else:
            sql = f"DELETE FROM {quoted(table)} WHERE id = ?"  # noqa: S608
            self._connection.executemany(sql, [(record,) for record in ids])
        entity = table.entity.key
        self._log_many([(entity, record, "delete", text, None) for record, text in entries])

    def restore_many(self, table: type[Table], entries: Sequence[tuple[Mapping[str, Any], str]]) -> None:
        """`restore` many: (every value, the same as the journal has them) of each.

        Raises:
            Conflict: another record has a value that only one can have; some may be there, and the unit is spoiled.
        """
        inlet = self._inlet(table)
        with self._all_or_spoiled(table):
            self._connection.executemany(inlet.statement, [inlet.values_of(values) for values, _ in entries])
        self._log_many([(inlet.entity, values["id"], "insert", None, text) for values, text in entries])

    def put_back_many(self, table: type[Table], entries: Sequence[tuple[int, dict[str, Any], Values, Values]]) -> None:
        """Set fields of many: (id, the values they get, what they had and what they get for the journal) of each.

        Raises:
            Conflict: another record has a value that only one can have; some may be put back, and the unit is spoiled.
        """
        with self._all_or_spoiled(table):
            for names, some in groupby(entries, lambda entry: tuple(entry[1])):
                sql = f"UPDATE {quoted(table)} SET {assignments(table, names)} WHERE id = ?"  # noqa: S608
                rows = [(*values.values(), record) for record, values, _, _ in some]
                self._connection.executemany(sql, rows)
        entity = table.entity.key
        self._log_many([(entity, record, "update", now, before) for record, _, now, before in entries])

    @contextmanager
    def _all_or_spoiled(self, table: type[Table]) -> Iterator[None]:
        spoiled, self._spoiled = self._spoiled, True
        with _taken(table):
            yield
        self._spoiled = spoiled

    # ---------------------------------------------------------------- the journal

    def seal(self) -> None:
        """Write the journal of the unit: its changes, then the operation that closes the hash chain.

        Raises:
            Conflict: an insertion failed before, so that the journal would tell of records that are not there.
        """
        if self._spoiled:
            raise Conflict("an earlier part of this operation failed; nothing was saved", "do it again")
        head = {
            "id": self.operation,
            "uid": new_uid(),
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "actor": self.actor,
            "title": self.title,
            "source": self.source.name,
            "source_sha256": self.source.sha256,
            "plugin": self.plugin,
            "undoes": self.undoes,
            "changes": self._journal.count,
            "previous": self._previous,
        }
        row = self._journal.close(head)
        marks = ",".join("?" * len(row))
        self._connection.execute(
            f"INSERT INTO operation ({','.join(row)}) VALUES ({marks})",  # noqa: S608  # column names are ours
            tuple(row.values()),
        )
        self._connection.execute(
            "UPDATE ledger SET operation = ?, hash = ?, verified_from = coalesce(?, verified_from)",
            (self.operation, row["hash"], self._verified_from),
        )
        if self.db.place.is_safe and not self.db.marked:
            self._connection.execute(f"PRAGMA application_id = {LOGGED_ID}")

    def _insert_new(self, table: type[Table], values: Mapping[str, Any]) -> dict[str, Any]:
        inlet = self._inlets.get(table) or self._inlet(table)
        number = inlet.next_id or self._first_id(table, inlet)
        uid = self._uids.pop() if self._uids else self._draw_uids()
        row = {"id": number, "uid": uid, "version": self.operation, **values}
        if len(row) != len(inlet.names) or row["id"] != number or row["version"] != self.operation:
            row = filled(table, row, values, number, self.operation)
        inlet.next_id = number + 1
        if self._together:
            # What `_insert` and `_log` do, without the calls: every record of an import passes here.
            inlet.waiting.append(inlet.values_of(row))
            journal = self._journal
            after = as_kept(table, row) if inlet.is_renamed else row
            journal.pending.append((inlet.entity, number, "insert", None, after))
            journal.count += 1
            if len(journal.pending) >= BATCH:
                self._flush()
        else:
            self._insert(table, row, inlet)
        return row

    def _insert(self, table: type[Table], row: dict[str, Any], inlet: _Inlet) -> None:
        inlet.waiting.append(inlet.values_of(row))
        if not self._together:
            inlet.write(self._connection)
        self._log(table, row["id"], "insert", None, row)

    def _insert_waiting(self) -> None:
        if self._together:
            for inlet in self._inlets.values():
                if inlet.waiting:
                    inlet.write(self._connection)

    def _write(self, table: type[T], row: dict[str, Any], new: dict[str, Any]) -> T:
        self._connection.execute(
            f"UPDATE {quoted(table)} SET {assignments(table, new)} WHERE id = ?",  # noqa: S608
            (*new.values(), row["id"]),
        )
        self._log(table, row["id"], "update", {name: row[name] for name in new}, new)
        return table.sealed({**row, **new})

    def _log(self, table: type[Table], record: int, action: str, before: Values, after: Values) -> None:
        self._log_many([(table.entity.key, record, action, as_kept(table, before), as_kept(table, after))])

    def _log_many(self, changes: Sequence[Logged]) -> None:
        journal = self._journal
        journal.pending += changes
        journal.count += len(changes)
        if len(journal.pending) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        self._insert_waiting()
        self._journal.flush()

    # ---------------------------------------------------------------- helpers

    def _inlet(self, table: type[Table]) -> _Inlet:
        found = self._inlets.get(table)
        if found is None:
            found = self._inlets[table] = _Inlet(table)
        return found

    def _first_id(self, table: type[Table], inlet: _Inlet) -> int:
        # An id is never used twice, also after its record was deleted: the journal remembers the largest one. So
        # an undo can always bring a record back under its own id.
        self._flush()
        here = self._one(f"SELECT max(id) FROM {quoted(table)}")[0] or 0  # noqa: S608
        ever = self._one("SELECT max(record) FROM change WHERE entity = ?", inlet.entity)[0] or 0
        inlet.next_id = 1 + max(here, ever)
        return inlet.next_id

    def _next_change(self) -> int:
        return 1 + int(self._one("SELECT max(id) FROM change")[0] or 0)

    def _draw_uids(self) -> str:
        """Draw uids for this unit and give one: asking the system for each costs more than what is done with it.

        They are given in their order: the index of a batch of records is then written from its begin to its end.
        """
        size = min(max(_UIDS[0], 4 * self._uids_drawn), _UIDS[1])
        self._uids_drawn = size
        digits = os.urandom(16 * size).hex()
        self._uids = sorted((digits[place : place + 32] for place in range(0, 32 * size, 32)), reverse=True)
        return self._uids.pop()

    def _one(self, sql: str, *parameters: Any) -> Any:
        return self._connection.execute(sql, parameters).fetchone()


class _Ended:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError("the block of this unit of work has ended: open another one with changes()")


@contextmanager
def _taken(table: type[Table]) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise Conflict(f"another {table.entity.name.replace('_', ' ')} has its value by now") from None


def new_uid() -> str:
    """A new name for a record that survives export: 32 hexadecimal digits of randomness."""
    return os.urandom(16).hex()


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return f"user {os.getuid()}"
