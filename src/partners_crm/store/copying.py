"""Copies of a coalition: taken while others write, verified before they get their name, and described beside.

A backup is one file of mode 0400, in rollback mode, so that nothing belongs to it but itself. Beside it stands a small
JSON file that says what must be found in it.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from partners_crm.errors import StoreDamaged, StoreError, StoreUnavailable
from partners_crm.store import files
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.files import side
from partners_crm.store.open import Handle, faults
from partners_crm.version import __version__

BACKUPS = "-backups"
DRAFT = ".part"
"""What a backup is called by until it is whole."""
STAMP = "%Y%m%dT%H%M%SZ"
_ABANDONED = 3600
"""Seconds without a write after which the program that wrote a draft is taken to have been killed."""
_OUR_DRAFT = re.compile(r".+-\d{8}T\d{6}Z-[a-z0-9-]+\.db\.part")


class Checked(NamedTuple):
    """What a look at all of a copy brought."""

    sha256: str
    schema: int
    operation: int
    hash: str


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup."""

    path: Path
    why: str
    """daily, by-hand, before-restore, before-schema-N."""
    at: str
    """UTC, ISO 8601."""
    size: int
    """Bytes."""
    sha256: str
    schema: int
    operation: int
    """The newest operation in it; 0 when there is none."""
    hash: str
    """The hash of that operation, with which the chain of the journal ends."""
    rows: dict[str, int]
    """How many rows each table has."""


def backups_of(path: Path) -> Path:
    """The folder of a coalition's own backups, beside it."""
    return side(path, BACKUPS)


def manifest_of(path: Path) -> Path:
    """The file that describes a backup."""
    return side(path, ".json")


def back_up(db: Handle, folder: Path, why: str, *, clock: Clock = utc_now) -> Backup:
    """Copy a coalition into a folder, as it stands between two writes; others may go on writing.

    The copy is opened, checked for integrity, counted against the original and hashed before it gets its name.

    Raises:
        StoreUnavailable, PermissionRefused: the folder or its disk refuses; nothing is left there.
        StoreDamaged: the copy is not whole, so that the original is not either.
    """
    now = clock().astimezone(UTC)
    sweep(folder)
    path = _begun(folder, f"{db.path.stem}-{now.strftime(STAMP)}-{why}")
    draft = side(path, DRAFT)
    with drafted(draft), writing_to(path):
        rows = copy_into(db, draft)
        with writing_to(draft), ThreadPoolExecutor(1) as pool:
            synced = pool.submit(files.sync, draft)  # the disk writes it while it is checked
            try:
                found = check_copy(draft, rows)
            except StoreDamaged as error:
                why = error.message.replace(str(draft), "the copy")
                raise StoreDamaged(
                    f"{db.path} cannot be backed up: {why}",
                    "restore a backup: partners restore; or save what is left: partners recover",
                ) from None
            synced.result()
        draft.chmod(0o400)
        at, size = now.strftime("%Y-%m-%dT%H:%M:%SZ"), draft.stat().st_size
        made = Backup(path, why, at, size, *found, rows)
        _write_manifest(made)
        files.put_in_place(draft, path)
    return made


def copy_into(db: Handle, path: Path) -> dict[str, int]:
    """Copy a coalition into an empty file, and give the number of rows of each table in the copied state.

    The disk may still be writing it when this returns: see `files.sync`.

    Raises:
        StoreUnavailable, PermissionRefused: the file cannot be written.
    """
    source = db.driver
    with closing(sqlite3.connect(path, isolation_level=None)) as target, faults(db):
        # One transaction sees one state, however much is written meanwhile: counted and copied from the same.
        source.execute("BEGIN")
        try:
            rows = count_rows(source)
            with writing_to(path):
                target.execute("PRAGMA synchronous = OFF")  # a draft that is cut off is thrown away
                source.backup(target)
                # A copy is one file: out of write-ahead mode, and no log belongs to it.
                target.execute("PRAGMA journal_mode = DELETE").fetchall()
                target.execute(f"PRAGMA application_id = {files.APPLICATION_ID}")
        finally:
            if source.in_transaction:
                source.execute("ROLLBACK")
    return rows


def check_copy(path: Path, rows: dict[str, int] | None = None) -> Checked:
    """Open a copy, check it whole, count its rows and hash it.

    Raises:
        StoreDamaged: it is not whole, is not a coalition, or has other rows than it should.
    """
    header = files.read_header(path)
    if header.application not in files.OURS:
        raise StoreDamaged(f"{path} is a database of another program", "name a backup of a coalition")
    try:
        with closing(_reader(path)) as copy:
            found = count_rows(copy)
            if rows is not None and found != rows:
                wrong = next(name for name in (*rows, *found) if rows.get(name) != found.get(name))
                raise StoreDamaged(
                    f"{path} is not the copy it should be: {wrong} has {found.get(wrong, 0)} rows"
                    f" instead of {rows.get(wrong, 0)}",
                    "use another backup",
                )
            sha256 = _whole(path, sorted(found, key=lambda name: -found[name]))
            ((schema,),) = copy.execute("PRAGMA user_version").fetchall()
            last = copy.execute("SELECT id, hash FROM operation ORDER BY id DESC LIMIT 1").fetchone() or (0, "")
            return Checked(sha256, int(schema), int(last[0]), str(last[1]))
    except sqlite3.Error as error:
        raise StoreDamaged(f"{path} is damaged: {error}", "use another backup") from None


def _whole(path: Path, tables: Sequence[str]) -> str:
    """SHA-256 of a file that nobody writes to, after SQLite's integrity check of all of it.

    Table by table, with its indexes, and once for the pages as a whole, on as many cores as there are: SQLite and the
    hash let go of the interpreter while they work.

    Raises:
        StoreDamaged: the check found a fault.
    """

    def check(pragma: str) -> list[str]:
        with closing(_reader(path)) as reader:
            reader.execute("PRAGMA cache_size = -16384")
            return [str(row[0]) for row in reader.execute(pragma) if row[0] != "ok"]

    # The longest first, so that no core waits at the end.
    pragmas = ["PRAGMA quick_check", *(f'PRAGMA integrity_check("{name}")' for name in tables)]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        sha256 = pool.submit(files.sha256_of, path)
        for wrong in (wrong for found in pool.map(check, pragmas) for wrong in found):
            raise StoreDamaged(f"{path} is damaged: {wrong}", "use another backup")
        return sha256.result()


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)


class Identity(NamedTuple):
    """Which coalition a file is."""

    uid: str
    """Of its first operation; "" where that is lost."""
    name: str


def identity(path: Path) -> Identity:
    """Which coalition a whole file is.

    Raises:
        StoreDamaged: it cannot be read.
    """
    try:
        with closing(_reader(path)) as copy:
            first = copy.execute("SELECT uid FROM operation WHERE id = 1").fetchone()
            name = copy.execute("SELECT setting FROM setting WHERE key = 'name'").fetchone()
    except sqlite3.Error as error:
        raise StoreDamaged(f"{path} is damaged: {error}", "use another backup") from None
    return Identity(str(first[0]) if first else "", str(name[0]) if name else "a coalition without a name")


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has, by its name."""
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
    ]
    return {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}  # noqa: S608


def verified(path: Path) -> Backup:
    """What is in a backup, or any copy of a coalition, after looking at all of it.

    Raises:
        StoreUnavailable: there is no such file.
        StoreDamaged: it is damaged, or not what the file beside it says.
    """
    files.refuse_url(path)
    said = read_manifest(path)
    found = check_copy(path, said.rows if said else None)
    if said and found.sha256 != said.sha256:
        raise StoreDamaged(
            f"{path} was changed or damaged since it was made: its sha256 is not that of {manifest_of(path).name}",
            "use another backup; to take this one as it is, move that file away",
        )
    return said or Backup(path, "copy", "", path.stat().st_size, *found, {})


def read_manifest(path: Path) -> Backup | None:
    """What the file beside a backup says of it; None where there is none that can be read."""
    try:
        said = json.loads(manifest_of(path).read_text("utf-8"))
        found = Backup(path, **{name: said[name] for name in Backup.__slots__ if name != "path"})
        words = (found.why, found.at, found.sha256, found.hash)
        numbers = (found.size, found.schema, found.operation, *found.rows.values())
        is_ours = all(isinstance(each, str) for each in words) and all(isinstance(each, int) for each in numbers)
        return found if is_ours and datetime.fromisoformat(found.at).tzinfo else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def known_backups(folder: Path) -> list[Backup]:
    """The backups in a folder, newest first, as the files beside them describe them."""
    found = [said for path in folder.glob("*.db") if (said := read_manifest(path)) is not None]
    return sorted(found, key=lambda each: (each.at, each.operation, each.path.name), reverse=True)


def delete_backup(backup: Backup) -> None:
    """Delete a backup and its description."""
    backup.path.unlink(missing_ok=True)
    manifest_of(backup.path).unlink(missing_ok=True)


def _write_manifest(backup: Backup) -> None:
    said: dict[str, Any] = {"schema_version": 1, "program": __version__, **asdict(backup)}
    del said["path"]
    text = json.dumps(said, indent=2) + "\n"
    manifest = manifest_of(backup.path)
    with writing_to(manifest):
        descriptor = os.open(manifest, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)


def free_name(folder: Path, name: str) -> Path:
    """A path in a folder that no backup has yet, and none that is being made or was abandoned."""
    number, path = 1, folder / f"{name}.db"
    while any(os.path.lexists(each) for each in (path, manifest_of(path), side(path, DRAFT))):
        number += 1
        path = folder / f"{name}-{number}.db"
    return path


def sweep(folder: Path) -> None:
    """Delete the drafts that a program which was killed left in a folder; nothing else of that name is touched."""
    for draft in folder.glob(f"*{DRAFT}"):
        with suppress(OSError):  # what cannot be deleted now is deleted another day
            if _OUR_DRAFT.fullmatch(draft.name) and time.time() - draft.lstat().st_mtime > _ABANDONED:
                _drop_draft(draft)


def _begun(folder: Path, name: str) -> Path:
    """The path of a new backup, whose draft is there and empty."""
    while True:
        path = free_name(folder, name)
        try:
            files.new_file(side(path, DRAFT))
        except StoreUnavailable:
            if not os.path.lexists(side(path, DRAFT)):
                raise
        else:
            return path


def _drop_draft(draft: Path) -> None:
    final = draft.with_name(draft.name.removesuffix(DRAFT))
    files.remove(draft)
    if not os.path.lexists(final):
        manifest_of(final).unlink(missing_ok=True)


@contextmanager
def drafted(draft: Path) -> Iterator[None]:
    """A block that fills a draft; whatever stops it leaves neither the draft nor its description."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            _drop_draft(draft)
        raise


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """A fault in this block is one of the file that is written, not of the coalition it comes from."""
    try:
        yield
    except OSError as error:
        raise files.refused(path, error) from None
    except sqlite3.Error as error:
        raise _copy_failed(path, error) from None


def _copy_failed(path: Path, error: sqlite3.Error) -> StoreError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreDamaged(f"the coalition could not be copied to {path}: {error}", "see: partners doctor")
    free = files.amount(files.free_bytes(path.parent))
    what = "its disk is full" if name.startswith("SQLITE_FULL") else str(error)
    if name.startswith("SQLITE_CANTOPEN"):
        what = files.disk_refusal(path.parent)
    return StoreUnavailable(f"{path} cannot be written: {what} ({free} free)", "free some space, or choose another")
