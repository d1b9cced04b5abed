"""The transaction of a unit of work: our turn to write, SQLite's lock, and whether the file is still the same one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from partners_crm.errors import PermissionRefused, SchemaTooNew, StoreReplaced
from partners_crm.store import locks
from partners_crm.store.open import BUSY_MS, SCHEMA_VERSION, Handle


@contextmanager
def turn(db: Handle, title: str) -> Iterator[None]:
    """The write lock, and an open transaction under it."""
    if db.read_only:
        raise PermissionRefused(f"{db.path} is read-only; nothing was saved", "give yourself write permission on it")
    same_file(db)
    with locks.turn(db.path, title, db.word):
        _begin(db)
        version = db.pragma_value("user_version")
        if version != SCHEMA_VERSION:
            db.driver.execute("ROLLBACK")
            raise SchemaTooNew(
                f"{db.path} was brought up to date by a newer version while it was open; nothing was saved",
                "update partners-crm and open it again",
            )
        db.own.writing = True
        try:
            yield
        finally:
            db.own.writing = False


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
    if db.marked or not db.place.is_safe:
        return
    # What was committed stays committed when this cannot be done.
    with suppress(sqlite3.Error):
        ((busy, length, moved),) = db.driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        db.marked = not busy and length == moved


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
