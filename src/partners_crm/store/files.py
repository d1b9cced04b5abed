"""Files of a coalition as files: what stands beside one, what its first bytes say, and how a new one is made.

Beside `coalition.db` stand SQLite's log and memory while it is open (`-wal`, `-shm`, or `-journal`), our two lock
files (`-open`, `-write`, empty or one line), the folder of its backups (`-backups`) and that of the meanings of the
columns of its spreadsheets (`-mappings`).

Nothing here reads a database that this process has open: closing a second descriptor would drop SQLite's locks on it
(https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from partners_crm.errors import ConfigError, PermissionRefused, StoreDamaged, StoreError, StoreUnavailable

APPLICATION_ID = 0x50434D31
"""Written into the file header (PRAGMA application_id): a file of ours is known by it. ASCII "PCM1"."""
LOGGED_ID = 0x50434D2B
"""The same from the first write until the last program closes the file: part of it may lie in the log beside it. A file
that says so and has no log is a copy that was made without it. ASCII "PCM+"."""
OURS = frozenset({APPLICATION_ID, LOGGED_ID})
HEADER_BYTES = 100
"""Size of the header of every SQLite file."""
SIDES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database while it is in use; parts of it are nowhere else."""
BESIDE = (*SIDES, "-open", "-write", "-backups", "-mappings", "-search")
"""What a name ends in that belongs to a coalition: the files and folders beside it."""

_MAGIC = b"SQLite format 3\0"


class Header(NamedTuple):
    """What the first bytes of a database say (https://www.sqlite.org/fileformat.html, section 1.3)."""

    application: int
    schema: int
    logged: bool
    """Whether the file is in write-ahead mode."""


def side(path: Path, suffix: str) -> Path:
    """A file or folder that belongs to a database, by its suffix."""
    return path.with_name(path.name + suffix)


def has_log(path: Path) -> bool:
    """Whether a write-ahead log lies beside a database."""
    return os.path.lexists(f"{path}-wal")


def has_journal(path: Path) -> bool:
    """Whether a rollback journal lies beside a database: a write was cut off, and the file is as it left it."""
    return os.path.lexists(f"{path}-journal")


def let_write_sides(path: Path, found: os.stat_result) -> None:
    """Give what SQLite keeps beside a database its mode: who read it while it was read-only left it read-only too."""
    for each in (side(path, suffix) for suffix in SIDES):
        with suppress(OSError):  # what cannot be changed is said when SQLite meets it
            mode = each.lstat().st_mode
            if stat.S_ISREG(mode) and not mode & stat.S_IWUSR:
                each.chmod(found.st_mode & 0o666)


def remove(path: Path) -> None:
    """Delete a database with everything SQLite keeps beside it; what is not there is no fault.

    The sides go first: a log left without its file would be applied to the next file of that name.
    """
    for suffix in SIDES:
        side(path, suffix).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def new_file(path: Path) -> None:
    """An empty file of mode 0600 where nothing is yet; SQLite gives its own files beside it the same mode.

    Raises:
        StoreUnavailable: something is already there, the folder cannot be made, or the disk is full.
        PermissionRefused: the folder refuses a new file.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise StoreUnavailable(f"{path.parent} is in the way: it is no folder", "move it away") from None
    except OSError as error:
        raise refused(path, error) from None
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        raise StoreUnavailable(f"{path} exists already", "open it with --db, or choose another name") from None
    except OSError as error:
        raise refused(path, error) from None


def refused(path: Path, error: OSError) -> StoreError | PermissionRefused:
    """Our error for a folder that does not take a file."""
    if isinstance(error, PermissionError) or (error.strerror or "").startswith("Read-only"):
        return PermissionRefused(f"{path.parent} does not allow a new file", "choose another place, or its modes")
    left = "" if error.errno != 28 else f"; {amount(free_bytes(path.parent))} are free"
    return StoreUnavailable(f"{path} cannot be written: {error.strerror}{left}", "free some space, or choose another")


def disk_refusal(folder: Path) -> str:
    """Why a folder's disk takes no new file, in the system's words: SQLite does not say. Looked at after a failure."""
    probe = folder / f".partners-{os.getpid()}"
    try:
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
        probe.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return "the disk refuses a file"


def refuse_url(path: Path, hint: str = "name a SQLite file: --db coalition.db") -> None:
    """Refuse what is no path; `hint` says what to do instead.

    Raises:
        ConfigError: it is a URL.
    """
    # Path("postgresql://host/db") keeps one slash of the two.
    if ":/" in str(path):
        # What stands before the host may be a password.
        text = re.sub(r"(?<=://)[^/]*@", "***@", str(path).replace(":/", "://", 1))
        raise ConfigError(f"{text} is a URL, not a file", hint)


def refuse_over(
    path: Path,
    database: Path,
    *,
    replaces: Callable[[Path], bool],
    read: Iterable[Path] = (),
    hint: str = "name another file",
) -> None:
    """Refuse a path that somebody names for a new file, where writing there would destroy something.

    That is a coalition, this or another one, what the program keeps beside it, a file of `read`, and whatever else is
    there, unless it is an ordinary file of which `replaces` says that it may go; `hint` says what to do where it may
    not.

    Raises:
        ConfigError: it cannot be written there.
    """
    refuse_url(path, "name a file on this machine")
    place = Path(os.path.realpath(path))
    if _is_same(place, database):
        raise ConfigError(f"{path} is the coalition itself", "name another file")
    for each in (place, *place.parents):
        if (owner := _owner_of(each, database)) is not None:
            raise ConfigError(f"{path} belongs to the coalition {owner}", "name another file")
    if any(_is_same(place, each) for each in read):
        raise ConfigError(f"{path} is the file that is read", "name another file")
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # nothing is there; what else is wrong is said when it is written
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a symbolic link" if stat.S_ISLNK(mode) else "no ordinary file"
        raise ConfigError(f"{path} is {what}", "name a new file")
    if _is_database(path):
        raise ConfigError(f"{path} is a database", "name another file")
    if not replaces(path):
        raise ConfigError(f"{path} exists already", hint)


def _is_same(path: Path, other: Path) -> bool:
    """Whether two names are of one file, whether or not it is there."""
    try:
        return path.samefile(other)
    except OSError:
        return path == Path(os.path.realpath(other))


def _owner_of(path: Path, database: Path) -> Path | None:
    """The database that a file or folder lies beside as a part of it, if any."""
    for suffix in BESIDE:
        name = path.name.removesuffix(suffix)
        if name and name != path.name:
            owner = path.with_name(name)
            if _is_same(owner, database) or _is_database(owner):
                return owner
    return None


def _is_database(path: Path) -> bool:
    """Whether a file is a SQLite database. One that is open has a lock file of ours beside it, and is not read."""
    if os.path.lexists(f"{path}-open"):
        return True
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_header(path: Path) -> Header:
    """Refuse what is no file of this program before SQLite touches it: opening a file may change it.

    Raises:
        StoreUnavailable: nothing is there, or it is a directory.
        StoreDamaged: the file is not a database of this program.
        PermissionRefused: its mode forbids reading.
    """
    with _reading(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            header = os.read(descriptor, HEADER_BYTES)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
    if not header:
        raise StoreDamaged(f"{path} is empty, not a database", "restore a backup, or choose another name")
    if not header.startswith(_MAGIC) or len(header) < HEADER_BYTES:
        raise StoreDamaged(
            f"{path} is not a database",
            "name the file of a coalition; if it was one, see: partners restore, partners recover",
        )
    if not {header[18], header[19]} <= {1, 2}:
        raise StoreDamaged(
            f"{path} is damaged: its header tells of an unknown form of file",
            "restore a backup: partners restore; or save what is left: partners recover",
        )
    found = Header(int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big"), header[18] == 2)
    # The header's application id may be older than the log beside the file; then SQLite has to be asked.
    if has_log(path):
        return found
    if found.application not in OURS:
        if found.application == 0 and found.logged and int.from_bytes(header[28:32], "big") <= 1:
            raise StoreDamaged(
                f"{path} holds no table: it looks like a copy made without its log ({path.name}-wal)",
                "copy both, or copy with: partners backup",
            )
        raise StoreDamaged(f"{path} is a database of another program", "name the file of a coalition with --db")
    whole = _size(header)
    if size < whole and not has_journal(path):
        raise StoreDamaged(
            f"{path} is cut short: {size:,} of {whole:,} bytes",
            "restore a backup: partners restore; or save what is left: partners recover",
        )
    return found


def stat_of(path: Path) -> os.stat_result:
    """What the system says of a database.

    Raises:
        StoreUnavailable, PermissionRefused: as `read_header`.
    """
    with _reading(path):
        return os.stat(path)  # noqa: PTH116  # every opening passes here


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise StoreUnavailable(
            f"there is no coalition at {path}",
            "create one with: partners init, or look at one with: partners demo",
        ) from None
    except IsADirectoryError:
        raise StoreUnavailable(f"{path} is a directory, not a database", "name a file: --db FILE") from None
    except PermissionError:
        raise PermissionRefused(f"{path} cannot be opened", "check the modes of the file and of its folder") from None
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be opened: {error.strerror}", "choose another file with --db") from None


def _size(header: bytes) -> int:
    """Bytes the file should have, 0 where its header does not say (section 1.3.7: two counters must agree)."""
    if header[24:28] != header[92:96]:
        return 0
    page = int.from_bytes(header[16:18], "big")
    return int.from_bytes(header[28:32], "big") * (65536 if page == 1 else page)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, before going on.

    Raises:
        StoreUnavailable, PermissionRefused: the disk refuses.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise refused(path, error) from None


def put_in_place(draft: Path, path: Path) -> None:
    """Give a finished draft its name, replacing what has it, and have the disk keep that.

    Raises:
        StoreUnavailable, PermissionRefused: the disk refuses.
    """
    try:
        draft.replace(path)
    except OSError as error:
        raise refused(path, error) from None
    sync(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, replacing what has its name; only its owner may read it.

    Raises:
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
    """
    draft = draft_beside(path)
    try:
        try:
            with draft.open("wb") as stream:
                stream.write(data)
        except OSError as error:
            raise refused(path, error) from None
        sync(draft)
        put_in_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def draft_beside(path: Path) -> Path:
    """A new empty file of mode 0600 in the folder of a path, hidden, under a name that nobody else has.

    Raises:
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
    """
    draft = path.with_name(f"{_drafted(path)}{os.urandom(8).hex()}.new")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise refused(path, error) from None
    return draft


def drafts_of(path: Path) -> list[Path]:
    """What `draft_beside` made for a path and nobody took away, with what SQLite keeps beside it."""
    begun = _drafted(path)
    return sorted(each for each in path.parent.iterdir() if each.name.startswith(begun) and ".new" in each.name)


def _drafted(path: Path) -> str:
    # A long name of the path leaves no room for more: a name has 255 bytes at most on every common file system.
    return f".{path.name[:40]}."


def free_bytes(folder: Path) -> int:
    """Bytes left on the disk of a folder, or of the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    disk = os.statvfs(folder)  # shutil loads four compression libraries with it
    return disk.f_bavail * disk.f_frsize


def amount(count: int) -> str:
    """A number of bytes as a person reads it: 1.2 MB."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
