"""Who is being called, written where it outlives the process: so that a plugin that kills its program is known.

Each process has a file of its own, held with a lock that ends with it. A file that nobody holds and that still names
plugins was left by a program that ended without a word while one of them ran. A file from before the machine was last
started blames nobody: then it was the power that ended the program.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

PREFIX = "running-"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_numbers = count(1)


class Running:
    """The plugins that this process is calling now; without a folder nothing is written."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._descriptor: int | None = None
        self._now: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def during(self, plugin: str) -> Iterator[None]:
        """Say for the length of a block that a plugin is called."""
        with self._lock:
            self._now[plugin] += 1
            self._write()
        try:
            yield
        finally:
            with self._lock:
                self._now[plugin] -= 1
                self._write()

    def close(self) -> None:
        """Take the file away: the program ends as it should, whoever may still be running."""
        with self._lock:
            self._folder = None
            if self._path is not None:
                with suppress(OSError):
                    self._path.unlink()
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._path = self._descriptor = None

    def _write(self) -> None:
        if self._folder is None:
            return
        if self._descriptor is None and not self._begin(self._folder):
            self._folder = None  # a disk that refuses must not keep plugins from working
            return
        assert self._descriptor is not None, "the file was begun"
        text = "\n".join((_boot(), *(name for name, times in self._now.items() if times > 0))).encode()
        with suppress(OSError):
            os.pwrite(self._descriptor, text, 0)
            os.ftruncate(self._descriptor, len(text))

    def _begin(self, folder: Path) -> bool:
        """Make the file, held before it has the name by which others look for it."""
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        draft = folder / f".{name}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.replace(folder / name)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor, self._path = descriptor, folder / name
        return True


def left_running(folder: Path, record: Callable[[frozenset[str]], object]) -> frozenset[str]:
    """The plugins that were being called when a program ended without a word.

    `record` is told of them before what says so is taken away: should it raise, the next start asks again.
    """
    found: set[str] = set()
    held: list[int] = []
    paths: list[Path] = []
    try:
        for path in sorted(folder.glob(f"{PREFIX}*")):
            with suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                held.append(descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                boot, _, names = os.read(descriptor, 65536).decode("utf-8", "replace").partition("\n")
                found.update(names.split() if boot == _boot() else ())
                paths.append(path)
        if found:
            record(frozenset(found))
        for path in paths:
            with suppress(OSError):
                path.unlink()
    except OSError:
        pass  # the folder cannot be listed: nobody is known to have been running
    finally:
        for descriptor in held:
            os.close(descriptor)
    return frozenset(found)


@cache
def _boot() -> str:
    """What tells this run of the machine from others; "-" where it does not say."""
    try:
        return _BOOT.read_text("ascii").strip() or "-"
    except OSError:
        return "-"
