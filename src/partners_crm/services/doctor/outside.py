"""Checks of the files: who can reach them, where they lie, what stands beside the database, the room on the disk."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from partners_crm.services.backups import SET_UP
from partners_crm.services.doctor.case import FINDING, NOTE, Case, Finding, counted, listed
from partners_crm.store import copying, files, fulltext, health, journal, locks
from partners_crm.store.copying import Backup, backups_of, manifest_of
from partners_crm.store.files import amount, side

LOG_ALARM = 64_000_000
"""Bytes of a write-ahead log beyond which somebody keeps it from being emptied."""
LEAST_FREE = 100_000_000
"""Bytes that should be free on a disk, however small the coalition is."""
BACKUP_AGE = timedelta(days=7)
"""Age of the newest backup beyond which a coalition that is worked in is not safe."""
LEFT_BEHIND = timedelta(hours=1)
"""Time without a write after which nobody is writing a draft any more."""


def modes(case: Case) -> Iterator[Finding]:
    """Files and folders that others can reach, that belong to somebody else, or that are named through a link."""
    path = case.db.path
    if case.asked.is_symlink():
        yield Finding(
            "modes",
            FINDING,
            f"{case.asked} is a symbolic link to {path}: whoever can change the link decides what is opened",
            f"name the file itself: partners --db {shlex.quote(str(path))}",
        )
    yield from _folder_above(path.parent)
    yield from _reachable(path)
    for suffix in (*files.SIDES, locks.OPEN, locks.WRITE):
        # They are made with the mode of the database, and go with the last program that has it open.
        yield from _reachable(side(path, suffix), known=path.stat().st_mode)
    yield from _reachable(side(path, fulltext.SUFFIX))
    folder = backups_of(path)
    yield from _reachable(folder)
    if folder.is_dir():
        yield from _backup_files(folder)
    if case.db.read_only:
        yield Finding(
            "modes",
            NOTE,
            f"{path} is read-only: it can be looked at, not worked in",
            f"to work in it: chmod 600 {shlex.quote(str(path))}",
        )


def _folder_above(folder: Path) -> Iterator[Finding]:
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield Finding(
            "modes",
            FINDING,
            f"everybody can put another file in the place of one in {folder} (mode {stat.S_IMODE(mode):o})",
            f"chmod o-w {shlex.quote(str(folder))}",
        )


def _reachable(path: Path, known: int = 0) -> Iterator[Finding]:
    """A file or folder that others can reach, in another way than by the bits of a mode that are `known` already."""
    try:
        found = path.lstat()
    except OSError:  # most of them are there only while the coalition is open
        return
    place = shlex.quote(str(path))
    if found.st_mode & 0o077 & ~known and not stat.S_ISLNK(found.st_mode):
        wanted = "700" if stat.S_ISDIR(found.st_mode) else "600" if found.st_mode & stat.S_IWUSR else "400"
        yield Finding(
            "modes",
            FINDING,
            f"{path} can be {_what(found.st_mode)} by others (mode {stat.S_IMODE(found.st_mode):o})",
            f"chmod {wanted} {place}",
        )
    if found.st_uid != os.geteuid():
        yield Finding(
            "modes",
            FINDING,
            f"{path} belongs to {_user(found.st_uid)}, not to {_user(os.geteuid())}",
            f"sudo chown {os.geteuid()} {place}",
        )


def _backup_files(folder: Path) -> Iterator[Finding]:
    """The files in the folder of backups; there may be many, and one command mends them all."""
    found = [(each, state) for each in sorted(folder.iterdir()) if stat.S_ISREG((state := each.lstat()).st_mode)]
    everything = f"{shlex.quote(str(folder))}/*"
    open_ones = [each.name for each, state in found if state.st_mode & 0o077]
    if open_ones:
        yield Finding(
            "modes",
            FINDING,
            f"{counted(len(open_ones), 'file', 'files')} in {folder} can be reached by others:"
            f" {listed(open_ones, len(open_ones))}",
            f"chmod go-rwx {everything}",
        )
    foreign = [each.name for each, state in found if state.st_uid != os.geteuid()]
    if foreign:
        yield Finding(
            "modes",
            FINDING,
            f"{counted(len(foreign), 'file belongs', 'files belong')} to somebody else in {folder}:"
            f" {listed(foreign, len(foreign))}",
            f"sudo chown {os.geteuid()} {everything}",
        )


def _what(mode: int) -> str:
    ways = [word for word, bits in (("read", 0o044), ("written", 0o022)) if mode & bits]
    return " and ".join(ways) or "entered"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def sqlite(case: Case) -> Iterator[Finding]:
    """A version of SQLite with the WAL-reset fault; where there is no log, it cannot happen."""
    version = health.sqlite_version()
    if health.has_reset_fault(version) and health.journal_mode(case.db) == "wal":
        yield Finding(
            "sqlite",
            NOTE,
            f"SQLite {'.'.join(map(str, version))} can damage a file that two programs write to at the same instant"
            " (https://www.sqlite.org/wal.html, the WAL-reset bug). This program takes turns and does not meet it;"
            " another program that writes to the file can",
            "write to the file with this program alone, or move to a Python whose SQLite is 3.51.3 or newer; to see"
            " which one has: python3 -c 'import sqlite3; print(sqlite3.sqlite_version)'",
        )


def place(case: Case) -> Iterator[Finding]:
    """A network share or a copied folder, and a file that is not kept as its place needs."""
    db = case.db
    if not db.place.is_safe:
        yield from _warned(case, "place")
    mode = health.journal_mode(db)
    if (mode == "wal") != db.place.is_safe and not db.read_only:
        wanted = "wal" if db.place.is_safe else "delete"
        yield Finding(
            "place",
            FINDING,
            f"{db.path} is in journal mode {mode}; where it lies it should be in {wanted}",
            f"close it everywhere ({locks.described(db.path)} may have it open); the next opening sets it",
        )


def log(case: Case) -> Iterator[Finding]:
    """A copy that was made without its log, and a log that keeps growing."""
    db = case.db
    if db.lacks_log:
        yield from _warned(case, "log")
    with suppress(FileNotFoundError):
        size = side(db.path, "-wal").stat().st_size
        if size > LOG_ALARM:
            yield Finding(
                "log",
                FINDING,
                f"the log of {db.path} has grown to {amount(size)}: a program reads for long, or wrote very much at"
                " once",
                f"close the coalition in {locks.described(db.path)}: the last one to close it empties the log",
            )


def _warned(case: Case, check: str) -> Iterator[Finding]:
    """What opening the file warned of: the message, and what to do in the brackets that end it."""
    for warning in case.db.warnings:
        message, _, remedy = warning.rpartition(" (")
        yield Finding(check, FINDING, message, remedy.removesuffix(")"))


def space(case: Case) -> Iterator[Finding]:
    """Too little room for a backup, which also precedes every new version of the file."""
    folder, backups_folder = case.db.path.parent, backups_of(case.db.path)
    needed = max(LEAST_FREE, 2 * case.db.path.stat().st_size)
    folders = [folder]
    if backups_folder.is_dir() and backups_folder.stat().st_dev != folder.stat().st_dev:
        folders.append(backups_folder)
    for each in folders:
        free = files.free_bytes(each)
        if free < needed:
            yield Finding(
                "space",
                FINDING,
                f"{amount(free)} are free on the disk of {each}; a backup or a new version may need {amount(needed)}",
                "free some space on it, or move the coalition to another disk",
            )


def leftovers(case: Case) -> Iterator[Finding]:
    """Drafts that nobody has written to for an hour."""
    folder = backups_of(case.db.path)
    draft = side(case.db.path, ".new")
    candidates = [draft, *(side(draft, suffix) for suffix in files.SIDES)]
    for suffix in ("", *files.SIDES):
        candidates += sorted(folder.glob(f"*{copying.DRAFT}{suffix}"))
    candidates += files.drafts_of(side(case.db.path, fulltext.SUFFIX))
    for each in candidates:
        with suppress(FileNotFoundError):
            age = case.now.timestamp() - each.lstat().st_mtime
            if age > LEFT_BEHIND.total_seconds():
                yield Finding(
                    "leftovers",
                    FINDING,
                    f"{each} was left behind by a program that was cut off",
                    f"rm {shlex.quote(str(each))}",
                )


def backups(case: Case) -> Iterator[Finding]:
    """No backup of what could be lost, an old one, or one that is not what it was."""
    last = journal.end(case.db)
    if last.operation <= SET_UP or case.db.read_only:
        return
    folder = backups_of(case.db.path)
    found = _described(folder)
    if not found:
        yield Finding(
            "backups",
            FINDING,
            f"there is no backup in {folder}, and {counted(last.operation, 'operation', 'operations')} to lose",
            "make one: partners backup",
        )
        return
    newest = found[0]
    wrong = _fault_of(newest, case)
    if wrong:
        yield Finding("backups", FINDING, *wrong)
    for older in found[1:]:
        try:
            if older.path.stat().st_ino == case.db.inode:
                continue  # reading it would drop the locks of this process
            altered = files.sha256_of(older.path) != older.sha256
        except OSError:
            altered = True
        if altered:
            message = f"{older.path} is missing, or not as it was made"
            yield Finding("backups", FINDING, message, f"delete it: rm -f {shlex.quote(str(older.path))}*")
    age = case.now - datetime.fromisoformat(newest.at)
    if age > BACKUP_AGE and all((each.operation, each.hash) != (last.operation, last.hash) for each in found):
        yield Finding(
            "backups",
            FINDING,
            f"the newest backup is {age.days} days old and ends with operation {newest.operation};"
            f" the coalition is at operation {last.operation}",
            "make one: partners backup",
        )


def _fault_of(backup: Backup, case: Case) -> tuple[str, str] | None:
    again = "make another: partners backup"
    manifest = manifest_of(backup.path)
    if not backup.path.is_file():
        message = f"the newest backup, {backup.path}, is not there; {manifest.name} still describes it"
        return message, f"{again}; then: rm {shlex.quote(str(manifest))}"
    # The bytes of a file that this process has open must not be read past SQLite.
    if backup.path.stat().st_ino == case.db.inode and backup.path.samefile(case.db.path):
        return f"the newest backup, {backup.path}, is the coalition itself", again
    if files.sha256_of(backup.path) != backup.sha256:
        message = f"the newest backup, {backup.path}, was changed or damaged since it was made: its sha256 is not that"
        return f"{message} of {manifest.name}", again
    return None


def _described(folder: Path) -> list[Backup]:
    """The backups that are described in a folder, newest first, those whose file is gone among them."""
    gone = [path for each in folder.glob("*.db.json") if not (path := each.with_suffix("")).exists()]
    found = [*copying.known_backups(folder), *filter(None, map(copying.read_manifest, gone))]
    return sorted(found, key=lambda each: (each.at, each.operation, each.path.name), reverse=True)
