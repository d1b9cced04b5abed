"""Putting another file in the place of a coalition: nobody else has it open, and at no moment is there neither.

In this order, so that whatever stops it leaves what was there: the new file is made whole beside its place, what is
there is kept, and only then does the new one take the name.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC
from pathlib import Path

from partners_crm.errors import ConfigError, StoreDamaged, StoreLocked
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
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise files.refused(path, error) from None
    held = locks.hold_open(str(path), path.stat().st_mode if path.exists() else 0o600)
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
    """An open, whole coalition of whatever schema, closed with its log emptied into it. The caller holds it alone.

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
            db.driver.execute(f"PRAGMA application_id = {files.APPLICATION_ID}")
            db.driver.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        db.close()


def is_whole(path: Path, *, any_file: bool = False) -> bool:
    """Whether what is at a path is a coalition that can be copied; looked at without writing, its log neither.

    With `any_file` what is no coalition at all is one that is not whole.

    Raises:
        ConfigError: it is no coalition, and nothing tells that it was one.
    """
    try:
        copying.check_copy(path)
    except StoreDamaged:
        if not (any_file or copying.backups_of(path).is_dir() or _was_ours(path)):
            raise ConfigError(
                f"{path} is no coalition; nothing was changed",
                "name another file with --db, or replace it all the same with: partners restore --other FILE",
            ) from None
        return False
    return True


def _was_ours(path: Path) -> bool:
    with path.open("rb") as stream:
        return int.from_bytes(stream.read(files.HEADER_BYTES)[68:72], "big") in files.OURS


def prepare(source: Path, path: Path) -> Path:
    """Copy a database, with its log if it has one, whole and checked beside the place of a coalition.

    Raises:
        StoreDamaged: the copy is not whole.
        StoreUnavailable, PermissionRefused: the disk refuses.
    """
    draft = side(path, ".new")
    files.remove(draft)
    with copying.drafted(draft):
        files.new_file(draft)
        with copying.writing_to(draft):
            with (
                closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as origin,
                closing(sqlite3.connect(draft, isolation_level=None)) as target,
            ):
                origin.execute("BEGIN")
                rows = copying.count_rows(origin)
                origin.backup(target)
                target.execute("PRAGMA journal_mode = DELETE").fetchall()
            copying.check_copy(draft, rows)
            if path.exists():
                draft.chmod(path.stat().st_mode & 0o666)
            files.sync(draft)
    return draft


def swap(draft: Path, path: Path) -> None:
    """Give a prepared draft the name of a coalition whose log was emptied or set aside."""
    with copying.writing_to(path):
        files.put_in_place(draft, path)


def set_aside(path: Path, folder: Path, clock: Clock) -> Path:
    """Keep a file that cannot be read, with what SQLite keeps beside it, in the folder of backups, as it is.

    The file itself stays in its place until another takes it; its log must not be applied to that one.
    """
    stamp = clock().astimezone(UTC).strftime(copying.STAMP)
    target = copying.free_name(folder, f"{path.stem}-{stamp}-damaged")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            try:
                os.link(path, target)
            except OSError:  # another disk, or one without second names
                shutil.copyfile(path, target)
                target.chmod(0o600)
                files.sync(target)
        for suffix in files.SIDES:
            with suppress(FileNotFoundError):
                shutil.move(side(path, suffix), side(target, suffix))
        files.sync(folder)
    except OSError as error:
        raise files.refused(target, error) from None
    return target


def has_sides(path: Path) -> bool:
    """Whether anything of SQLite's lies beside a path."""
    return any(side(path, suffix).exists() for suffix in files.SIDES)
