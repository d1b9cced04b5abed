"""Who has a coalition open, and whose turn it is to write: two small files beside the database.

`coalition.db-open` is held, shared, by every program that has the coalition open; who needs it alone (a migration, a
restore) takes it exclusively. `coalition.db-write` is held by the one that writes, and says who that is. SQLite's own
locks keep the file whole without them; they are there because SQLite does not say who holds it, and because in its
versions 3.7.0 to 3.51.2 a write and a checkpoint of two programs at once may damage a file (the WAL-reset fault,
https://www.sqlite.org/wal.html): those happen under the write lock alone.

Paths are plain text here, which costs a third of pathlib: every opening of a coalition passes through.

Locks are flock(2), which ends with the process, and are left out where the file system has none. The last program that
closes a coalition deletes the files.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from partners_crm.errors import StoreLocked

OPEN = "-open"
WRITE = "-write"
PATIENCE = 5.0
"""Seconds that a program waits for another one."""
UNNOTICED = 0.3
"""Seconds of waiting of which no word is said."""
STEP = 0.02
"""Seconds between two looks."""
_WRITING = "120"
"""The byte of SQLite's shared memory that a writer locks."""
_NO_LOCKS = {
    errno.ENOTSUP,
    errno.ENOLCK,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSYS,
    errno.EINVAL,
    errno.EBADF,
}

Word = Callable[[str], object]
"""Is told, once, what a program waits for."""


class Held:
    """A lock file that this program holds; `None` where none could be had."""

    def __init__(self, path: str, descriptor: int | None) -> None:
        self.path = path
        self.descriptor = descriptor

    def alone(self, patience: float = 0.0, *, stay: bool = True) -> bool:
        """Hold it exclusively instead of shared; False when others still hold it after that many seconds.

        Where that fails it is held shared again, unless the caller does not mean to `stay`.

        Raises:
            StoreLocked: somebody else has it alone for longer than `PATIENCE`.
        """
        if self.descriptor is None:
            return True
        end = time.monotonic() + patience
        while _wait(self.descriptor, fcntl.LOCK_EX, max(0.0, end - time.monotonic())):
            if _is_there(self.descriptor, self.path):
                return True
            # A program that closed the coalition meanwhile deleted the file: a lock on it keeps nobody out.
            os.close(self.descriptor)
            self.descriptor = _descriptor(self.path, 0o600)
            if self.descriptor is None:
                return True
        if stay:
            self.shared()  # a conversion that fails may have dropped the lock it began with
        return False

    def shared(self) -> None:
        """Hold it with others again.

        Raises:
            StoreLocked: somebody else has it alone for longer than `PATIENCE`.
        """
        if self.descriptor is not None and not _wait(self.descriptor, fcntl.LOCK_SH, PATIENCE):
            raise StoreLocked(
                f"{self.path.removesuffix(OPEN)} is being restored or brought up to date by another program",
                "wait until it is done, then try again",
            )

    def forget(self, path: Path) -> None:
        """Delete the lock files of a coalition that this program holds alone."""
        with suppress(OSError):
            if os.path.lexists(f"{path}{WRITE}"):
                os.unlink(f"{path}{WRITE}")  # noqa: PTH108
            os.unlink(f"{path}{OPEN}")  # noqa: PTH108

    def release(self) -> None:
        """Let go."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def hold_open(path: str, mode: int) -> Held:
    """Be counted among the programs that have a coalition open, waiting for one that has it alone.

    The lock file gets the file's `mode`.

    Raises:
        StoreLocked: somebody has it alone for longer than `PATIENCE`.
    """
    lock = f"{path}{OPEN}"
    while True:
        descriptor = _descriptor(lock, mode)
        if descriptor is not None and not _wait(descriptor, fcntl.LOCK_SH, PATIENCE):
            os.close(descriptor)
            raise StoreLocked(
                f"{path} is being restored or brought up to date by another program{_named(lock)}",
                "wait until it is done, then try again",
            )
        if descriptor is None or _is_there(descriptor, lock):
            return Held(lock, descriptor)
        os.close(descriptor)  # the last program that closed the coalition deleted it meanwhile


@contextmanager
def turn(path: Path, what: str, word: Word) -> Iterator[Callable[[], None]]:
    """Hold the write lock for the length of a block; `word` is told when that means to wait.

    Gives what lets go of it before the end of the block, from whichever thread.

    Raises:
        StoreLocked: another program writes for longer than `PATIENCE`; it is named.
    """
    lock = f"{path}{WRITE}"
    descriptor = _descriptor(lock, os.stat(path).st_mode)  # noqa: PTH116
    if descriptor is None:
        yield lambda: None
        return

    def let_go() -> None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    try:
        if not _wait(descriptor, fcntl.LOCK_EX, UNNOTICED):
            word(f"waiting for {_writer(descriptor)}")
            if not _wait(descriptor, fcntl.LOCK_EX, PATIENCE - UNNOTICED):
                raise StoreLocked(
                    f"{path} is in use by {_writer(descriptor)}",
                    f"waited {PATIENCE:.0f} seconds; close the other program or try again",
                )
        with suppress(OSError):  # on a full disk the lock is held without saying by whom
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\t{_user()}\t{_host()}\t{what}\n".encode(), 0)
        yield let_go
    finally:
        os.close(descriptor)


def holders(lock: str) -> list[int]:
    """The processes of this machine that hold a lock file, by Linux's list; empty where there is none.

    This process is not counted.
    """
    return _holding(lock, "FLOCK")


def _holding(path: str, *words: str) -> list[int]:
    """The other processes with a lock on a file whose line in Linux's list has these words."""
    try:
        inode = os.stat(path).st_ino  # noqa: PTH116
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return []
    found = set()
    for line in lines:
        fields = line.split()  # 1: FLOCK ADVISORY READ 1234 08:02:131074 0 EOF
        if len(fields) > 6 and fields[5].rpartition(":")[2] == str(inode) and set(words) <= set(fields):
            found.add(int(fields[4]))
    return sorted(found - {os.getpid(), 0, -1})


def described(path: Path) -> str:
    """The programs that have a coalition open, for a message; "another program" where the system does not say."""
    return _described(holders(f"{path}{OPEN}"))


def writer(path: Path) -> str:
    """The program that holds SQLite's own lock for writing; where the system does not say, those that have it open."""
    # In write-ahead mode it is a byte of the shared memory, else the file (https://www.sqlite.org/walformat.html, 2.3).
    found = _holding(f"{path}-shm", "POSIX", "WRITE", _WRITING) or _holding(str(path), "POSIX", "WRITE")
    return _described(found) if found else described(path)


def _described(processes: list[int]) -> str:
    return f"process {', '.join(map(str, processes))}" if processes else "another program"


def _descriptor(lock: str, mode: int) -> int | None:
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode & 0o666)
    except OSError:
        # A folder or a lock file that may not be written: who only reads can hold a file that is there.
        try:
            return os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None


def _wait(descriptor: int, how: int, patience: float) -> bool:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(STEP)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            return True
        else:
            return True


def _is_there(descriptor: int, lock: str) -> bool:
    try:
        return os.fstat(descriptor).st_ino == os.stat(lock).st_ino  # noqa: PTH116
    except OSError:
        return False


def _named(lock: str) -> str:
    found = holders(lock)
    return f" (process {', '.join(map(str, found))})" if found else ""


def _writer(descriptor: int) -> str:
    """Who wrote its name into the write lock: `process 1234 of ada on desk7 (import members.xlsx)`."""
    try:
        fields = os.pread(descriptor, 1000, 0).decode("utf-8", "replace").strip().split("\t")
    except OSError:
        fields = []
    if len(fields) < 4 or not fields[0].isdigit():
        return "another program"
    process, user, host, what = fields[:4]
    place = "" if host == _host() else f" on {host}"
    return f"process {process} of {user}{place}" + (f" ({what})" if what else "")


def _user() -> str:
    import getpass  # a program that only reads does not say who it is

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _host() -> str:
    return os.uname().nodename
