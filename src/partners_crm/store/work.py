"""The unit of work: the one way to write.

One unit is one BEGIN IMMEDIATE transaction and one Operation of the journal. It is the store's own transaction, not
peewee's `atomic()`: that one rolls back what SQLite has already rolled back, and so hides a full disk.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC
from functools import cache
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # typeshed lacks the first
from operator import itemgetter
from typing import Any, TypeVar

from partners_crm.errors import Conflict, NotFound, PermissionRefused, SchemaTooNew, StoreReplaced
from partners_crm.model import Table
from partners_crm.model.journal import JournalTable
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.files import LOGGED_ID
from partners_crm.store.locks import UNNOTICED, turn, writer
from partners_crm.store.open import BUSY_MS, SCHEMA_VERSION, Handle, faults

T = TypeVar("T", bound=Table)
_FLUSH = 5000
_POOL = 16 * 256


@dataclass(frozen=True, slots=True)
class Source:
    """The file an operation came from."""

    name: str
    sha256: str


@dataclass(slots=True)
class _Journal:
    """Change rows of a unit that are not written yet, and the running digest of all of them."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    values: list[tuple[Any, ...]] = field(default_factory=list)
    changes: list[bytes] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    count: int = 0


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
    with faults(db), _turn(db, title):
        unit = None
        try:
            unit = Changes(db, title, by or _actor(), source or Source("", ""), plugin, undoes, clock)
            yield unit
            if keep and unit.count:
                unit.seal()
                # After waiting and working, for what is committed to a file that was deleted meanwhile is lost.
                _same_file(db)
                connection.execute("COMMIT")
                _mark(db)
            else:
                connection.execute("ROLLBACK")
        except BaseException:
            # SQLite itself rolls back on a full disk; a second rollback would hide that cause.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
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
        self.at = clock().astimezone(UTC)
        self._connection: Any = db.driver
        last = self._one("SELECT id, hash FROM operation ORDER BY id DESC LIMIT 1")
        self.operation: int = 1 + (last[0] if last else 0)
        """Id of the operation being written; the version of every record it writes."""
        self._previous: str = last[1] if last else ""
        self._next_change: int = 1 + (self._one("SELECT max(id) FROM change")[0] or 0)
        self._next_ids: dict[type[Table], int] = {}
        self._journal = _Journal()
        self._waiting: dict[str, list[tuple[Any, ...]]] | None = None
        """Rows to insert by their statement, in a `together` block; else None."""
        self._spoiled = False
        self._source_rows: Any = None
        """Running digest of the source rows kept; None when there are none."""
        self._verified_from: int | None = None
        """The operation the chain begins with from now on; None when it goes on."""
        self._pool = b""
        self._drawn = 0

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
        row = _new_row(table, values, self._random().hex(), self._new_id(table), self.operation)
        self._insert(table, row)
        return table.sealed(row)

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block of many `add`s, whose records are inserted table by table: each statement is prepared once.

        Inside it nothing but this unit may read what it adds.
        """
        self._waiting = {}
        try:
            yield
        except BaseException:
            # The journal holds what was not inserted: this unit must not be written.
            self._spoiled = True
            raise
        self._insert_waiting()
        self._waiting = None

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
            self._insert(table, {**_defaults(table), **values})

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

    def keep_source_rows(self, rows: Iterable[tuple[int, str, str, Table | None, Mapping[str, str]]]) -> None:
        """Keep rows of the source file as they came: (line, outcome, reason, the record it became, cells)."""
        kept = [
            (
                self.operation,
                line,
                outcome,
                reason,
                type(record).entity.name if record else "",
                record.id if record else None,
                _json(cells),
            )
            for line, outcome, reason, record, cells in rows
        ]
        self._connection.executemany(
            "INSERT INTO source_row (operation, line, outcome, reason, entity, record, cells) VALUES (?,?,?,?,?,?,?)",
            kept,
        )
        if kept:
            self._source_rows = self._source_rows or hashlib.sha256()
            self._source_rows.update(b"".join(map(source_row_bytes, kept)))

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
        self._next_change = 1 + (self._one("SELECT max(id) FROM change")[0] or 0)

    def lose(self, table: type[Table], record_id: int, values: Mapping[str, Any] | None) -> None:
        """Write into the journal that a record is no longer there, and what was known of it. For a recovery alone."""
        self._log(table, record_id, "delete", values, None)

    # ---------------------------------------------------------------- reading under the lock

    def current(self, table: type[Table], record_id: int) -> dict[str, Any] | None:
        """The stored values of a record by field name, or None when there is none."""
        self._insert_waiting()
        names, columns = _columns(table)
        row = self._one(f"SELECT {columns} FROM {_quoted(table)} WHERE id = ?", record_id)  # noqa: S608
        return None if row is None else _typed(table, dict(zip(names, row, strict=True)))

    def holding(self, table: type[Table], link: str, record_id: int) -> int:
        """How many records of an entity point to a record through a link."""
        self._insert_waiting()
        column = table._meta.fields[link].column_name
        return int(self._one(f'SELECT count(*) FROM {_quoted(table)} WHERE "{column}" = ?', record_id)[0])  # noqa: S608

    def remove(self, table: type[Table], record_id: int) -> None:
        """Delete a record by its id, as it stands. For undo alone, which has looked at it under the lock."""
        row = self.current(table, record_id)
        if row is None:
            raise Conflict(f"{table.entity.name} {record_id} was deleted meanwhile")
        self._connection.execute(f"DELETE FROM {_quoted(table)} WHERE id = ?", (record_id,))  # noqa: S608
        self._log(table, record_id, "delete", row, None)

    # ---------------------------------------------------------------- the journal

    def seal(self) -> None:
        """Write the journal of the unit: its changes, then the operation that closes the hash chain.

        Raises:
            Conflict: an insertion failed before, so that the journal would tell of records that are not there.
        """
        if self._spoiled:
            raise Conflict("an earlier part of this operation failed; nothing was saved", "do it again")
        self._flush()
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
        digest = self._source_rows.digest() if self._source_rows is not None else None
        row = {**head, "hash": operation_hash(head, self._journal.digest.digest(), digest), "source_digest": digest}
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

    def _insert(self, table: type[Table], row: dict[str, Any]) -> None:
        statement, values_of = _insertion(table)
        if self._waiting is None:
            self._connection.execute(statement, values_of(row))
        else:
            self._waiting.setdefault(statement, []).append(values_of(row))
        self._log(table, row["id"], "insert", None, row)

    def _insert_waiting(self) -> None:
        for statement, rows in (self._waiting or {}).items():
            self._connection.executemany(statement, rows)
            rows.clear()

    def _write(self, table: type[T], row: dict[str, Any], new: dict[str, Any]) -> T:
        columns = ", ".join(f'"{table._meta.fields[name].column_name}" = ?' for name in new)
        self._connection.execute(
            f"UPDATE {_quoted(table)} SET {columns} WHERE id = ?",  # noqa: S608
            (*new.values(), row["id"]),
        )
        self._log(table, row["id"], "update", {name: row[name] for name in new}, new)
        return table.sealed({**row, **new})

    def _log(
        self,
        table: type[Table],
        record: int,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        salt = self._random()
        old = None if before is None else _json(before)
        new = None if after is None else _json(after)
        entity = table.entity.name
        old_digest = None if old is None else salted_digest(salt, old)
        new_digest = None if new is None else salted_digest(salt, new)
        journal = self._journal
        key = self._next_change + journal.count
        journal.rows.append((key, self.operation, entity, record, action, old_digest, new_digest))
        journal.values.append((key, salt, old, new))
        journal.changes.append(change_bytes(entity, record, action, old_digest, new_digest))
        journal.count += 1
        if len(journal.rows) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        journal = self._journal
        self._connection.executemany(
            "INSERT INTO change (id, operation, entity, record, action, before_digest, after_digest)"
            " VALUES (?,?,?,?,?,?,?)",
            journal.rows,
        )
        self._connection.executemany(
            "INSERT INTO change_values (id, salt, before, after) VALUES (?,?,?,?)", journal.values
        )
        journal.digest.update(b"".join(journal.changes))
        journal.rows.clear()
        journal.values.clear()
        journal.changes.clear()

    # ---------------------------------------------------------------- helpers

    def _new_id(self, table: type[Table]) -> int:
        # An id is never used twice, also after its record was deleted: the journal remembers the largest one. So
        # an undo can always bring a record back under its own id.
        number = self._next_ids.get(table)
        if number is None:
            here = self._one(f"SELECT max(id) FROM {_quoted(table)}")[0] or 0  # noqa: S608
            ever = self._one("SELECT max(record) FROM change WHERE entity = ?", table.entity.name)[0] or 0
            number = 1 + max(here, ever)
        self._next_ids[table] = number + 1
        return number

    def _random(self) -> bytes:
        """16 random bytes, from a pool of this unit: asking the system each time costs more than the hash."""
        if self._drawn == len(self._pool):
            self._pool, self._drawn = os.urandom(_POOL), 0
        self._drawn += 16
        return self._pool[self._drawn - 16 : self._drawn]

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


def salted_digest(salt: bytes, text: str) -> bytes:
    """SHA-256 of the values of one side of a change; without the salt it says nothing about them."""
    return hashlib.sha256(salt + text.encode()).digest()


def change_bytes(entity: str, record: int, action: str, before: bytes | None, after: bytes | None) -> bytes:
    """What the hash of an operation covers of one change."""
    return b"|".join((f"{entity}|{record}|{action}".encode(), before or b"", after or b""))


def source_row_bytes(row: tuple[Any, ...]) -> bytes:
    """What the hash of an operation covers of one source row: all its columns but the id."""
    return _ENCODER.encode(row).encode() + b"\n"


def operation_hash(head: Mapping[str, Any], changes_digest: bytes, source_digest: bytes | None = None) -> str:
    """Hash of an operation: over its fields, the hash of the one before among them, and the digests of its rows."""
    return hashlib.sha256(_json(head).encode() + changes_digest + (source_digest or b"")).hexdigest()


def _json(values: Mapping[str, Any]) -> str:
    return "".join(_encode(values, 0)) if _encode is not None else _ENCODER.encode(values)


def _new_row(table: type[Table], values: Mapping[str, Any], uid: str, number: int, operation: int) -> dict[str, Any]:
    row = {"id": number, "uid": uid, "version": operation, **values}
    size = len(_columns(table)[0])
    if len(row) != size or row["id"] != number or row["version"] != operation:
        row = {**_defaults(table), "uid": uid, **values, "id": number, "version": operation}
    if len(row) != size:
        unknown = set(row) - set(_columns(table)[0])
        raise NotFound(f"{table.entity.name} has no field {', '.join(sorted(unknown))}")
    return row


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# `encode` makes this for each call anew, which takes longer than what it does for a record.
_encode: Any = c_make_encoder and c_make_encoder(
    None, _ENCODER.default, encode_basestring, None, ":", ",", False, False, True
)
_DEFAULTS: dict[type[Table], dict[str, Any]] = {}
_COLUMNS: dict[type[Table], tuple[tuple[str, ...], str]] = {}
_FLAGS: dict[type[Table], tuple[str, ...]] = {}


def _defaults(table: type[Table]) -> dict[str, Any]:
    found = _DEFAULTS.get(table)
    if found is None:
        fields = table._meta.fields
        found = _DEFAULTS[table] = {name: fields[name].default for name in table._meta.sorted_field_names}
    return found


def _columns(table: type[Table]) -> tuple[tuple[str, ...], str]:
    found = _COLUMNS.get(table)
    if found is None:
        names = tuple(table._meta.sorted_field_names)
        columns = ", ".join(f'"{table._meta.fields[name].column_name}"' for name in names)
        found = _COLUMNS[table] = (names, columns)
    return found


@cache
def _insertion(table: type[Table]) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]]]:
    """The statement that inserts a record, and what takes its parameters from a row."""
    names, columns = _columns(table)
    marks = ",".join("?" * len(names))
    return f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({marks})", itemgetter(*names)  # noqa: S608


def _typed(table: type[Table], row: dict[str, Any]) -> dict[str, Any]:
    # SQLite has no boolean: a flag read by hand is 0 or 1, and would differ in the journal from what was written.
    flags = _FLAGS.get(table)
    if flags is None:
        flags = _FLAGS[table] = tuple(name for name, how in table.declarations().items() if how.kind == "flag")
    for name in flags:
        row[name] = bool(row[name])
    return row


def _quoted(table: type[Table]) -> str:
    return f'"{table._meta.table_name}"'


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return f"user {os.getuid()}"


@contextmanager
def _turn(db: Handle, title: str) -> Iterator[None]:
    """The write lock, and an open transaction under it."""
    if db.read_only:
        raise PermissionRefused(f"{db.path} is read-only; nothing was saved", "give yourself write permission on it")
    _same_file(db)
    with turn(db.path, title, db.word):
        _begin(db)
        version = db.pragma_value("user_version")
        if version != SCHEMA_VERSION:
            db.driver.execute("ROLLBACK")
            raise SchemaTooNew(
                f"{db.path} was brought up to date by a newer version while it was open; nothing was saved",
                "update partners-crm and open it again",
            )
        yield


def _begin(db: Handle) -> None:
    """BEGIN IMMEDIATE; a program that does not know our lock file is waited for as well."""
    connection = db.driver
    connection.execute(f"PRAGMA busy_timeout = {UNNOTICED * 1000:.0f}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
        db.word(f"waiting for {writer(db.path)} to let go of {db.path.name}")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")


def _mark(db: Handle) -> None:
    """After the first write: bring into the file itself that a log belongs to it, unless a reader is in the way."""
    if db.marked or not db.place.is_safe:
        return
    # What was committed stays committed when this cannot be done.
    with suppress(sqlite3.Error):
        ((busy, length, moved),) = db.driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        db.marked = not busy and length == moved


def _same_file(db: Handle) -> None:
    # A deleted file stays open, and writes would succeed into nothing.
    try:
        inode = db.path.stat().st_ino
    except OSError:
        raise StoreReplaced(
            f"{db.path} was deleted or moved while it was open; the edit was not saved",
            "put the file back, or restore a backup",
        ) from None
    if inode != db.inode:
        raise StoreReplaced(f"{db.path} was replaced while it was open; the edit was not saved", "open it again")
