"""Putting another file in the place of a coalition: nobody else has it open, and at no moment is there neither."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC
from pathlib import Path

from partners_crm.errors import PartnersError, SchemaTooNew, StoreDamaged, StoreLocked
from partners_crm.store import copying, files, locks
from partners_crm.store.clock import Clock
from partners_crm.store.files import side
from partners_crm.store.open import Handle, faults, open_as_it_is

_SETTLING = 0.5
"""Seconds in which a program that is just ending may close the coalition."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """A block in which no other program has a coalition open, nor can open it.

    Raises:
        StoreLocked: one has.
        PermissionRefused, StoreUnavailable: the folder takes no file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = locks.hold_open(str(path), 0o600)
    try:
        if not held.alone(_SETTLING):
            raise StoreLocked(
                f"{path} is open in {locks.described(path)}; nothing was changed", "close it there, then try again"
            )
        try:
            yield
        finally:
            held.forget(path)
    finally:
        held.release()


@contextmanager
def as_it_is(path: Path) -> Iterator[Handle]:
    """An open coalition of whatever schema, closed with its log emptied into it. The caller holds it alone.

    Raises:
        StoreLocked: a program that does not know our lock files has it open.
        StoreError: it cannot be read.
    """
    db = open_as_it_is(path)
    try:
        with faults(db):
            # In write-ahead mode SQLite grants this only where no other connection is open at all.
            db.driver.execute("PRAGMA busy_timeout = 500")
            db.driver.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            db.driver.execute("BEGIN EXCLUSIVE")
            db.driver.execute("COMMIT")
        yield db
        with faults(db):
            db.driver.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        db.close()


def is_unreadable(error: PartnersError) -> bool:
    """Whether an error says that the file is no coalition that could be copied."""
    return isinstance(error, StoreDamaged | SchemaTooNew)


def set_aside(path: Path, folder: Path, clock: Clock) -> Path:
    """Move a file that cannot be read, with what SQLite keeps beside it, into the folder of backups."""
    stamp = clock().astimezone(UTC).strftime(copying.STAMP)
    target = copying.free_name(folder, f"{path.stem}-{stamp}-damaged")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A second name: the file stays in its place until another takes it. Its log must not be applied to that one.
        os.link(path, target)
        for suffix in files.SIDES:
            with suppress(FileNotFoundError):
                side(path, suffix).rename(side(target, suffix))
    except OSError as error:
        raise files.refused(target, error) from None
    return target


def put(source: Path, path: Path) -> None:
    """Copy a database, with its log if it has one, to the place of a coalition.

    Raises:
        StoreDamaged: the copy is not whole.
        StoreUnavailable, PermissionRefused: the disk refuses; what was there is there.
    """
    draft = side(path, ".new")
    files.remove(draft)
    with copying.drafted(draft):
        files.new_file(draft)
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as origin,
            closing(sqlite3.connect(draft, isolation_level=None)) as target,
            copying.writing_to(draft),
        ):
            origin.execute("BEGIN")
            rows = copying.count_rows(origin)
            origin.backup(target)
            target.execute("PRAGMA journal_mode = DELETE").fetchall()
        copying.check_copy(draft, rows)
        files.sync(draft)
        for suffix in files.SIDES:
            side(path, suffix).unlink(missing_ok=True)
        files.put_in_place(draft, path)
