"""Open, create and close the SQLite file of a coalition, and translate its faults into our errors.

A handle is a peewee database whose connection belongs to the thread that opened it; every function of the store is
given one.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from partners_crm.errors import (
    PartnersError,
    PermissionRefused,
    SchemaTooNew,
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreReplaced,
    StoreUnavailable,
)
from partners_crm.model import ENTITIES, JOURNAL, Table
from partners_crm.model.orm import peewee
from partners_crm.normalize.text import fold
from partners_crm.store import files, locks
from partners_crm.store.files import APPLICATION_ID, LOGGED_ID, OURS
from partners_crm.store.places import Place, place_of

if TYPE_CHECKING:
    from partners_crm.store.record_types import Types

SCHEMA_VERSION = 6
"""The form of the tables, in PRAGMA user_version; `store/migrations` holds the way to it from every earlier one."""
BUSY_MS = 5000
"""How long a write waits for another program, in milliseconds."""

PRAGMAS = (
    ("synchronous", 2),
    ("secure_delete", 1),
    ("foreign_keys", 1),
    ("busy_timeout", BUSY_MS),
)
"""What every connection is set to."""
_DAMAGED = (
    "malformed",
    "not a database",
    "unsupported file format",
    "no such table",
    "no such column",
    "has no column named",
)
"""Words of SQLite for a damaged file, where it gives no name of the error: what it is asked for was there once."""
_GLANCE = 0.2
"""Seconds between two looks whether another program brought a coalition up to date."""
_SCARCE = 100_000
"""Bytes left on a disk that SQLite's own files beside a coalition may not fit into."""
_OPENED: set[tuple[int, int]] = set()
"""Device and inode of every file this process has opened as a database: its bytes must not be read in another way,
for closing a second descriptor drops SQLite's locks, which belong to the process (see `store/files`)."""


class OfThread(threading.local):
    """What each thread that uses a handle has of its own beside its connection."""

    writing: bool = False
    """Whether a unit of work is open in it."""
    let_go: Callable[[], None] | None = None
    """While one is: lets go of the write lock, from whichever thread."""
    search: Any = None
    """Its connection to the search index, where it asked for one: see `store/fulltext`."""
    types: Types | None = None
    """The entities as its open unit of work has made them; nobody else sees them before it is written."""


class Handle(peewee.SqliteDatabase):
    """A database of ours. Each thread that uses it has a connection of its own."""

    own: OfThread
    path: Path
    inode: int
    """The file it was opened on: a file deleted or replaced underneath is noticed before a write."""
    place: Place
    """Where it lies; only on a disk of this machine has it a log beside it."""
    held: locks.Held
    """Our place among the programs that have it open."""
    word: locks.Word
    """Is told what takes time: waiting for another program, a backup, a migration."""
    read_only: bool
    warnings: list[str]
    """What a person should know about this file: where it lies, that it is a copy without its log."""
    lacks_log: bool
    """Whether it is a copy without its log, whose answers may be of an earlier day."""
    waits: bool = True
    """Whether a question may take the seconds that bringing the search index up to date can need; a screen may not."""
    marked: bool
    """Whether the file itself says by now that a log belongs to it."""
    wrote: bool
    """Whether something was written through it."""
    unsettled: bool = False
    """Whether it was closed, and its log belongs to the file until a thread of this program has stopped reading."""

    _types: Types | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.own = OfThread()
        self._users: set[int] = set()
        self._closing = threading.RLock()
        super().__init__(*args, **kwargs)

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Connect the calling thread; whether it was not before."""
        opened = bool(super().connect(reuse_if_open=reuse_if_open))
        self._users.add(threading.get_ident())
        return opened

    @property
    def is_shared(self) -> bool:
        """Whether another thread of this program has a connection too."""
        return any(each.ident in self._users for each in threading.enumerate() if each.ident != threading.get_ident())

    def close(self) -> bool:
        """Close the calling thread's connection, and the one to the search index.

        The last one of a handle that is closed says in the file that no log belongs to it any more, and lets go of it.
        """
        if self.own.search is not None:
            self.own.search.close()
            self.own.search = None
        with self._closing:
            became = None
            if self.unsettled and not self.is_closed():
                from partners_crm.store.transaction import settle  # who wrote has loaded it; it works through this

                became = settle(self)
            closed = bool(super().close())
            self._users.discard(threading.get_ident())
            if became == "waits":
                with suppress(StoreLocked):
                    self.held.shared()  # whoever opens the file meanwhile is not kept out
            elif became is not None:
                self.unsettled = False
                if became == "whole":
                    self.held.forget(self.path)
                self.held.release()
        return closed

    @property
    def types(self) -> Types:
        """The record types there are in this coalition, with what they are called; read once, when first asked for."""
        found = self.own.types or self._types
        if found is None:
            from partners_crm.store.record_types import read_types  # it reads through this module

            with session(self), faults(self):
                found = read_types(self)
            if self.own.writing:
                self.own.types = found
            else:
                self._types = found
        return found

    @property
    def entities(self) -> tuple[type[Table], ...]:
        """The core's entities and those of plugins; each stands after everything its required links point to."""
        return self.types.entities

    @property
    def by_name(self) -> Mapping[str, type[Table]]:
        """The entities by their singular and plural names."""
        return self.types.by_name

    def take_over_types(self, *, keep: bool) -> None:
        """At the end of a unit of work: let everybody see the types that it made, or forget them."""
        if self.own.types is not None:
            if keep:
                self._types = self.own.types
            self.own.types = None

    def forget_old_types(self) -> bool:
        """Read the types anew where another program has changed them since, and give whether it has."""
        if self._types is not None:
            from partners_crm.store.record_types import mark_of  # as above

            with suppress(sqlite3.Error):
                if mark_of(self) != self._types.mark:
                    self._types = None
                    return True
        return False

    @property
    def driver(self) -> sqlite3.Connection:
        """The calling thread's connection, below peewee."""
        # peewee's stubs leave the connection untyped.
        return cast("sqlite3.Connection", cast("Any", self).connection())

    def pragma_value(self, name: str) -> int:
        """The whole number a pragma stands at."""
        ((value,),) = self.driver.execute(f"PRAGMA {name}").fetchall()
        return int(value)


def silent(_text: str) -> None:
    """The word of a handle that nobody listens to."""


def open_store(path: Path, word: locks.Word = silent) -> Handle:
    """A handle to an existing database, connected in this thread; an older one is backed up and brought up to date.

    Raises:
        ConfigError: the path is a URL.
        StoreUnavailable: nothing is there, or it is a directory.
        StoreLocked: another program has it alone.
        StoreDamaged: the file is not a database of this program.
        SchemaTooNew: a newer version of the program wrote it.
        PermissionRefused: its mode forbids reading, or it is older and may not be written.
    """
    files.refuse_url(path)
    path = path.resolve() if os.path.islink(path) else path  # noqa: PTH114  # every opening passes here
    held = locks.hold_open(str(path), files.stat_of(path).st_mode)
    db = None
    try:
        # Looked at under the lock: whoever was waited for may have put another file here.
        found = files.stat_of(path)
        header = None if (found.st_dev, found.st_ino) in _OPENED else files.read_header(path)
        has_log, has_journal = files.has_log(path), files.has_journal(path)
        db = _handle(path, found, held, word)
        if has_log and not db.read_only:
            files.let_write_sides(path, found)
        if header is not None and not db.read_only and header.logged != db.place.is_safe:
            _set_log(db)
        with faults(db):
            db.connect()
            if (header is None or has_journal) and not db.read_only:
                # Moved to another place since this process opened it, or its change of mode was cut off.
                ((mode,),) = db.driver.execute("PRAGMA journal_mode").fetchall()
                if (mode == "wal") != db.place.is_safe:
                    db.close()
                    _set_log(db)
                    db.connect()
        # What lies beside the file may be newer than its header, or older.
        _check_ours(db, None if has_log or has_journal else header, has_log=has_log)
    except BaseException:
        if db is not None:
            db.close()
        if held.alone(stay=False):
            held.forget(path)
        held.release()
        raise
    return db


def open_as_it_is(path: Path) -> Handle:
    """A handle to a coalition of any schema that the caller holds alone, connected in this thread.

    Raises:
        StoreUnavailable, StoreDamaged, PermissionRefused: as `open_store`.
    """
    files.read_header(path)
    db = _handle(path, path.stat(), locks.Held("", None), silent)
    connect(db)
    return db


def close_store(db: Handle) -> None:
    """Close the connection of the calling thread and let other programs have the file.

    The last program that closes a file says in it that no log belongs to it any more; SQLite deletes the log. Where a
    thread of this program still reads what was before, as a plugin that hangs, the log stays beside the file, the file
    says so, and the last thread that closes its connection does what is left.
    """
    alone = not db.is_closed() and db.held.alone(stay=False)
    if alone and not db.read_only and (db.marked or (db.wrote and db.place.is_safe)):
        with db._closing:
            db.unsettled = True
            db.close()  # it lets go of the file too
        return
    db.close()
    if alone:
        db.held.forget(db.path)
    db.held.release()


def create_store(path: Path) -> Handle:
    """A new database with the present schema and no records, connected in this thread; the file has mode 0600.

    Raises:
        ConfigError: the path is a URL.
        StoreUnavailable: something is already there, or the folder cannot be made.
        PermissionRefused: the folder refuses a new file.
    """
    from partners_crm.store.migrating import begin_history  # opening a coalition does not need it

    files.refuse_url(path)
    files.new_file(path)
    found = path.stat()
    held = locks.hold_open(str(path), found.st_mode)
    db = _handle(path, found, held, silent)
    try:
        _set_log(db)
        connect(db)
        with faults(db):
            create_schema(db)
            begin_history(db)
            db.driver.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.driver.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            # Into the file itself: a copy of it alone is known for what it is.
            db.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _warn_of_place(db)
    except BaseException:
        db.close()
        held.release()
        files.remove(path)
        raise
    return db


def create_schema(db: Handle) -> None:
    """Make every table and index of the present declarations."""
    tables: tuple[Any, ...] = (*ENTITIES, *JOURNAL)
    for table in tables:
        type(table._schema)(table, database=db).create_all(safe=False)
    db.driver.execute("INSERT INTO ledger (id, operation, hash, verified_from) VALUES (1, 0, '', 1)")


def connect(db: Handle) -> None:
    """Connect the handle in the calling thread; every thread that reads or writes has its own connection."""
    if db.is_closed():
        # SQLite would make a new, empty file where the coalition was taken away.
        try:
            here = db.path.stat().st_ino
        except OSError:
            here = None
        if here != db.inode:
            gone = "was deleted or moved" if here is None else "was replaced"
            raise StoreReplaced(f"{db.path} {gone} while it was open", "put it back, or open the coalition again")
    with faults(db):
        db.connect(reuse_if_open=True)


@contextmanager
def session(db: Handle) -> Iterator[Handle]:
    """A connection of the calling thread for the length of a block, closed at its end when this opened it."""
    fresh = db.is_closed()
    connect(db)
    try:
        if fresh:
            db.forget_old_types()  # another program may have brought a plugin's since
        yield db
    finally:
        if fresh:
            db.close()


@contextmanager
def faults(db: Handle) -> Iterator[None]:
    """Turn an error of SQLite or peewee into ours, naming the file and the true cause."""
    try:
        yield
    except PartnersError:
        raise
    except (peewee.DatabaseError, sqlite3.Error) as error:
        raise translate(db, error) from error
    except UnicodeDecodeError as error:
        # The driver failed to read SQLite's own words, which quote a damaged schema.
        if b"malformed" not in error.object:
            raise
        raise translate(db, sqlite3.DatabaseError("malformed database schema")) from None


def translate(db: Handle, error: BaseException) -> StoreError | PermissionRefused:
    """Our error for a fault of SQLite, by its symbolic name where it has one."""
    raw = _sqlite_error(error)
    name = getattr(raw, "sqlite_errorname", "") or ""
    path = db.path
    text = str(raw)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLocked(
            f"{path} is in use by {locks.writer(path)}",
            f"waited {BUSY_MS / 1000:.0f} seconds; close the other program or try again",
        )
    if name.startswith("SQLITE_READONLY"):
        return PermissionRefused(
            f"{path} or its folder {path.parent} is read-only", "give yourself write permission on both"
        )
    if text.startswith(("no such table", "no such column")) and db.forget_old_types():
        return StoreUnavailable(f"{path}: record types were changed meanwhile", "do it again")
    if text.startswith("Could not decode to UTF-8"):
        text = "a text in it is not UTF-8"  # SQLite's words quote the text, which is a person's data
        name = "SQLITE_CORRUPT"
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or any(word in text for word in _DAMAGED):
        return StoreDamaged(
            f"{path} is damaged: {text}",
            "restore a backup: partners restore; or save what is left: partners recover",
        )
    if name.startswith("SQLITE_FULL"):
        free = files.amount(files.free_bytes(path.parent))
        return StoreUnavailable(
            f"the disk of {path} is full ({free} free); nothing was saved", "free some space and try again"
        )
    if "UNIQUE constraint failed" in text:
        return StoreUnavailable(f"{text.rpartition(': ')[2]}: the value is taken already", "nothing was saved")
    if name.startswith("SQLITE_CANTOPEN"):
        for each in (files.side(path, suffix) for suffix in files.SIDES):
            if each.is_symlink():
                return StoreUnavailable(f"{each} is a symbolic link, which is never followed", "delete it")
        if os.access(path, os.R_OK) and os.access(path.parent, os.W_OK | os.X_OK):
            free = files.amount(files.free_bytes(path.parent))
            return StoreUnavailable(
                f"{path} cannot be opened with the files that belong to it: {files.disk_refusal(path.parent)}"
                f" ({free} free)",
                "free some space, or look after the disk",
            )
        return PermissionRefused(
            f"{path} cannot be opened", f"check the modes of the file and of its folder {path.parent}"
        )
    if name.startswith("SQLITE_IOERR"):
        # A commit whose last step failed may be found whole when the file is opened again.
        left = files.free_bytes(path.parent)
        cause = f"the disk is full, {text}" if left < _SCARCE else text
        return StoreUnavailable(
            f"{path}: {cause} ({files.amount(left)} free)",
            "look after the disk; whether the last change was saved says: partners history",
        )
    return StoreUnavailable(f"{path}: {text}", "nothing was saved")


def _sqlite_error(error: BaseException) -> BaseException:
    # peewee wraps the driver's error, and a failing rollback hides the first one: the true cause is the earliest.
    found: BaseException = error
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, sqlite3.Error):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found


def _handle(path: Path, found: os.stat_result, held: locks.Held, word: locks.Word) -> Handle:
    # A backup has mode 0400 so that nobody works in it, the administrator neither, whom no mode stops.
    read_only = not found.st_mode & stat.S_IWUSR or not os.access(path, os.W_OK)
    place = place_of(path, found.st_dev)
    pragmas = (*PRAGMAS, ("query_only", 1)) if read_only else PRAGMAS
    name, uri = str(path), False
    if read_only and os.statvfs(path).f_flag & os.ST_RDONLY:
        # No log can be made beside it, and nobody can write to it.
        name, uri = f"{path.absolute().as_uri()}?immutable=1", True
    db = Handle(
        name,
        pragmas=pragmas,
        uri=uri,
        autoconnect=False,
        returning_clause=True,
        lock_type="IMMEDIATE",
        # Each thread has its own; another one may take back what a thread that hangs has begun (`transaction`).
        check_same_thread=False,
    )
    db.path, db.place, db.held, db.word = path, place, held, word
    db.read_only, db.warnings, db.lacks_log, db.marked, db.wrote = read_only, [], False, False, False
    db.inode = found.st_ino
    _OPENED.add((found.st_dev, found.st_ino))
    db.register_function(fold, "fold", 1, deterministic=True)
    return db


def _set_log(db: Handle) -> None:
    """Put the file into write-ahead mode, or out of it where it lies in a place that has none.

    One program at a time: two that did it at once would each wait for the other to let go of the file.
    """
    connection = sqlite3.connect(db.path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        with faults(db), locks.turn(db.path, "open it", db.word):
            if not db.place.is_safe:
                # A connection that is alone needs no shared memory, which a network share does not have.
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute(f"PRAGMA journal_mode = {'wal' if db.place.is_safe else 'delete'}").fetchall()
    finally:
        connection.close()


def _check_ours(db: Handle, header: files.Header | None, *, has_log: bool) -> None:
    with faults(db):
        if header is None:
            application, version = db.pragma_value("application_id"), db.pragma_value("user_version")
        else:
            application, version = header.application, header.schema
    if application not in OURS:
        raise StoreDamaged(f"{db.path} is a database of another program", "name the file of a coalition with --db")
    if version < SCHEMA_VERSION:
        version = _bring_up_to_date(db)
    if version > SCHEMA_VERSION:
        raise _too_new(db, version)
    if application == LOGGED_ID:
        db.marked = has_log
        db.lacks_log = not has_log and db.place.is_safe
        if db.lacks_log:
            db.warnings.append(
                f"{db.path} is a copy that was made while it was in use, without its log: the last changes may be"
                " missing (copy with: partners backup)"
            )
    _warn_of_place(db)


def _warn_of_place(db: Handle) -> None:
    if not db.place.is_safe:
        what = "is on" if db.place.kind == "share" else "is in a folder copied by"
        db.warnings.append(
            f"{db.path} {what} {db.place.name}: two people who write at once can lose work there (keep the coalition"
            " on your own disk, and its backups there: partners backup FOLDER)"
        )


def _too_new(db: Handle, version: int) -> SchemaTooNew:
    """The refusal of a newer file; its history of migrations names the program that wrote it."""
    needed = ""
    with suppress(sqlite3.Error):
        row = db.driver.execute("SELECT program FROM schema_migration ORDER BY name DESC LIMIT 1").fetchone()
        needed = str(row[0]) if row else ""
    return SchemaTooNew(
        f"{db.path} was written by a newer version (schema {version}, this program knows {SCHEMA_VERSION})",
        f"update partners-crm to {needed} or newer" if needed else "update partners-crm",
    )


def _bring_up_to_date(db: Handle) -> int:
    """Bring an older coalition up to date, unless another program just did; gives the schema it has then."""
    if db.read_only:
        raise PermissionRefused(
            f"{db.path} was written by an older version and has to be brought up to date, but is read-only",
            "give yourself write permission on it and on its folder, or restore it: partners restore",
        )
    from partners_crm.store.migrating import migrate  # an older file is rare; it loads playhouse

    db.close()
    end = time.monotonic() + locks.PATIENCE
    while not db.held.alone(_GLANCE):
        connect(db)
        with faults(db):
            version = db.pragma_value("user_version")
        if version >= SCHEMA_VERSION:
            return version  # another program did it, and has it open still
        db.close()
        if time.monotonic() >= end:
            raise StoreLocked(
                f"{db.path} has to be brought up to date, but {locks.described(db.path)} has it open",
                "close the other program, then try again",
            )
    try:
        connect(db)
        migrate(db)
        with faults(db):
            return db.pragma_value("user_version")
    finally:
        db.held.shared()
