"""The transaction of a unit of work: our turn to write, SQLite's lock, and whether the file is still the same one.

What was written lies in the log beside the file first. The file says so from the first write on, until the last one
that closes it has moved the log into it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from partners_crm.errors import PermissionRefused, SchemaTooNew, StoreLocked, StoreReplaced
from partners_crm.model.orm import peewee
from partners_crm.store import locks
from partners_crm.store.files import APPLICATION_ID, LOGGED_ID
from partners_crm.store.open import BUSY_MS, SCHEMA_VERSION, Handle, silent

_UNCLOSED: list[int] = []
"""Descriptors that stay open until the process ends: closing one would drop SQLite's locks on its file."""
_APPLICATION_AT = 68
"""Where in a file SQLite keeps the application id."""


@contextmanager
def turn(db: Handle, title: str) -> Iterator[None]:
    """The write lock, and an open transaction under it."""
    if db.read_only:
        raise PermissionRefused(f"{db.path} is read-only; nothing was saved", "give yourself write permission on it")
    same_file(db)
    with locks.turn(db.path, title, db.word) as let_go:
        _begin(db)
        version = db.pragma_value("user_version")
        if version != SCHEMA_VERSION:
            db.driver.execute("ROLLBACK")
            raise SchemaTooNew(
                f"{db.path} was brought up to date by a newer version while it was open; nothing was saved",
                "update partners-crm and open it again",
            )
        db.own.writing, db.own.let_go = True, let_go
        try:
            yield
        finally:
            db.own.writing, db.own.let_go = False, None


def taking_back(db: Handle) -> Callable[[], None]:
    """What takes the open transaction of the calling thread back from another thread, where that one hangs.

    To be called while the transaction is open. Nothing can be written through its connection after that, neither in a
    transaction nor outside of one. SQLite allows it: its connections may be used by any thread (`sqlite3.threadsafety`
    is 3), and by one at a time: the other waits.
    """
    connection, let_go = db.driver, db.own.let_go

    def take_back() -> None:
        # A file that went bad meanwhile rolls back by itself when the connection is closed.
        with suppress(sqlite3.Error):
            connection.interrupt()  # a statement that runs ends now
            connection.execute("PRAGMA query_only = ON")
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if let_go is not None:
            let_go()

    return take_back


def _begin(db: Handle) -> None:
    """BEGIN IMMEDIATE; a program that does not know our lock file is waited for as well."""
    connection = db.driver
    connection.execute(f"PRAGMA busy_timeout = {locks.UNNOTICED * 1000:.0f}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
        db.word(f"waiting for {locks.writer(db.path)} to let go of {db.path.name}")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")


def mark(db: Handle) -> None:
    """After the first write: bring into the file itself that a log belongs to it, unless a reader is in the way."""
    db.wrote = True
    if db.marked or not db.place.is_safe:
        return
    # What was committed stays committed when this cannot be done.
    with suppress(sqlite3.Error):
        ((busy, length, moved),) = db.driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        db.marked = not busy and length == moved


def settle(db: Handle) -> Literal["whole", "waits", "logged"]:
    """Move the log into the file, and say there that none belongs to it; what became of it.

    It `waits` for another thread of this program that reads or writes; else, where a program that knows no locks of
    ours or the disk is in the way, it stays `logged`. So it does where the file is opened elsewhere by now.
    """
    if not db.held.alone(stay=False):
        return "logged"
    with suppress(sqlite3.Error, peewee.DatabaseError, OSError, StoreLocked):
        driver = db.driver
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        driver.execute("PRAGMA query_only = OFF")  # of a thread whose transaction was taken back; it writes no more
        driver.execute("PRAGMA busy_timeout = 0")  # who hangs is not waited for
        driver.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        with locks.turn(db.path, "close it", silent):
            ((_, length, moved),) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if length == moved:
                db.marked = False
                return "whole"
            driver.execute(f"PRAGMA application_id = {LOGGED_ID}")
            if not db.marked:
                _mark_beside_readers(db)
    return "waits" if db.is_shared else "logged"


def _mark_beside_readers(db: Handle) -> None:
    """Write into the file itself that a log belongs to it, where a reader keeps SQLite from doing so.

    The four bytes of the application id mean nothing to SQLite (https://www.sqlite.org/fileformat2.html, 1.3.13): who
    reads the file without its log goes on reading what was there. The caller has the file alone, and the turn to write.
    """
    descriptor = os.open(db.path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    _UNCLOSED.append(descriptor)
    if os.fstat(descriptor).st_ino == db.inode:
        os.pwrite(descriptor, LOGGED_ID.to_bytes(4, "big"), _APPLICATION_AT)
        os.fsync(descriptor)
        db.marked = True


def same_file(db: Handle) -> None:
    """Refuse to go on where the file was taken away or replaced underneath.

    Raises:
        StoreReplaced: with what became of it.
    """
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
