"""Open and create the SQLite file of a coalition, and translate its faults into our errors.

A handle is a peewee database whose connection belongs to the thread that opened it; every function of the store is
given one. Nothing here keeps a global.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from partners_crm.errors import (
    ConfigError,
    PartnersError,
    PermissionRefused,
    SchemaTooNew,
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreUnavailable,
)
from partners_crm.model import ENTITIES, JOURNAL
from partners_crm.model.orm import peewee
from partners_crm.normalize.text import fold

SCHEMA_VERSION = 1
APPLICATION_ID = 0x50434D31
"""Written into the file header (PRAGMA application_id): a file of ours is known by it. ASCII "PCM1"."""
HEADER_BYTES = 100
"""Size of the header of every SQLite file."""
BUSY_MS = 5000
"""How long a write waits for another program, in milliseconds."""

_PRAGMAS = (
    ("journal_mode", "wal"),
    ("synchronous", 2),
    ("secure_delete", 1),
    ("foreign_keys", 1),
    ("busy_timeout", BUSY_MS),
)


class Handle(peewee.SqliteDatabase):
    """A database of ours. Each thread that uses it has a connection of its own."""

    path: Path
    inode: int
    """The file it was opened on: a file deleted or replaced underneath is noticed before a write."""

    @property
    def driver(self) -> sqlite3.Connection:
        """The calling thread's connection, below peewee."""
        # peewee's stubs leave the connection untyped.
        return cast("sqlite3.Connection", cast("Any", self).connection())

    def pragma_value(self, name: str) -> int:
        """The whole number a pragma stands at."""
        ((value,),) = self.driver.execute(f"PRAGMA {name}").fetchall()
        return int(value)


def open_store(path: Path) -> Handle:
    """A handle to an existing database, connected in this thread.

    Raises:
        ConfigError: the path is a URL.
        StoreUnavailable: nothing is there, or it is a directory.
        StoreDamaged: the file is not a database of this program.
        SchemaTooNew: a newer version of the program wrote it.
        PermissionRefused: its mode forbids reading.
    """
    _refuse_url(path)
    path = path.resolve() if path.is_symlink() else path
    _check_file(path)
    db = _handle(path)
    connect(db)
    try:
        _check_ours(db, path)
    except BaseException:
        db.close()
        raise
    return db


def create_store(path: Path) -> Handle:
    """A new database with the present schema and no records, connected in this thread; the file has mode 0600.

    Raises:
        ConfigError: the path is a URL.
        StoreUnavailable: something is already there, or the folder cannot be made.
        PermissionRefused: the folder refuses a new file.
    """
    _refuse_url(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of this one.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        raise StoreUnavailable(f"{path} exists already", "open it with --db, or choose another name") from None
    except PermissionError:
        raise PermissionRefused(f"{path.parent} does not allow a new file", "choose another place with --db") from None
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be created: {error.strerror}", "choose another place") from None
    db = _handle(path)
    try:
        connect(db)
        with faults(db):
            create_schema(db)
            db.driver.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.driver.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        db.close()
        path.unlink(missing_ok=True)
        raise
    return db


def create_schema(db: Handle) -> None:
    """Make every table and index of the present declarations."""
    tables: tuple[Any, ...] = (*ENTITIES, *JOURNAL)
    for table in tables:
        type(table._schema)(table, database=db).create_all(safe=False)


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
            raise StoreUnavailable(f"{db.path} {gone} while it was open", "put it back, or open the coalition again")
    with faults(db):
        db.connect(reuse_if_open=True)


@contextmanager
def session(db: Handle) -> Iterator[Handle]:
    """A connection of the calling thread for the length of a block, closed at its end when this opened it."""
    fresh = db.is_closed()
    connect(db)
    try:
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


def translate(db: Handle, error: BaseException) -> StoreError | PermissionRefused:
    """Our error for a fault of SQLite, by its symbolic name where it has one."""
    raw = _sqlite_error(error)
    name = getattr(raw, "sqlite_errorname", "") or ""
    path = db.database
    text = str(raw)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLocked(
            f"{path} is in use by another program",
            f"waited {BUSY_MS / 1000:.0f} seconds; close the other program or try again",
        )
    if name.startswith("SQLITE_READONLY"):
        return PermissionRefused(f"{path} or its folder is read-only", "give yourself write permission on both")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or "malformed" in text or "not a database" in text:
        return StoreDamaged(
            f"{path} is not a readable database: {text}", "restore a backup; the file was left as it is"
        )
    if name.startswith("SQLITE_FULL"):
        return StoreUnavailable(f"the disk of {path} is full; nothing was saved", "free some space and try again")
    if "UNIQUE constraint failed" in text:
        return StoreUnavailable(f"{text.rpartition(': ')[2]}: the value is taken already", "nothing was saved")
    if name.startswith("SQLITE_CANTOPEN"):
        return PermissionRefused(f"{path} cannot be opened", "check the modes of the file and of its folder")
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


def _refuse_url(path: Path) -> None:
    # Path("postgresql://host/db") keeps one slash of the two.
    if ":/" in str(path):
        raise ConfigError(f"{path} is a URL, not a file", "name a SQLite file: --db coalition.db")


def _handle(path: Path) -> Handle:
    db = Handle(str(path), pragmas=_PRAGMAS, autoconnect=False, returning_clause=True, lock_type="IMMEDIATE")
    db.path = path
    db.inode = path.stat().st_ino
    db.register_function(fold, "fold", 1, deterministic=True)
    return db


def _check_file(path: Path) -> None:
    """Refuse what is no file of this program before SQLite touches it: opening one changes its journal mode."""
    try:
        if path.is_dir():
            raise StoreUnavailable(f"{path} is a directory, not a database", "name a file: --db FILE")
        with path.open("rb") as stream:
            header = stream.read(HEADER_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise StoreUnavailable(
            f"there is no coalition at {path}",
            "create one with: partners init, or look at one with: partners demo",
        ) from None
    except PermissionError:
        raise PermissionRefused(f"{path} cannot be opened", "check the modes of the file and of its folder") from None
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be opened: {error.strerror}", "choose another file with --db") from None
    if not header:
        raise StoreDamaged(f"{path} is empty, not a database", "restore a backup, or choose another name")
    if not header.startswith(b"SQLite format 3\0") or len(header) < HEADER_BYTES:
        raise StoreDamaged(f"{path} is not a database", "name the file of a coalition with --db")
    # The header's application id may be older than the log beside the file; then SQLite has to be asked.
    application = int.from_bytes(header[68:72], "big")
    if application != APPLICATION_ID and not path.with_name(f"{path.name}-wal").exists():
        raise StoreDamaged(f"{path} is a database of another program", "name the file of a coalition with --db")


def _check_ours(db: Handle, path: Path) -> None:
    with faults(db):
        application, version = db.pragma_value("application_id"), db.pragma_value("user_version")
    if application != APPLICATION_ID:
        raise StoreDamaged(f"{path} is a database of another program", "name the file of a coalition with --db")
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{path} was written by a newer version (schema {version}, this program knows {SCHEMA_VERSION})",
            "update partners-crm",
        )
