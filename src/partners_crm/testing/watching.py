"""Notices what code does beside the coalition: files that it writes or removes, and the network.

Python tells such things to audit hooks (PEP 578). A hook cannot be taken away again, so there is one for the process,
and it does nothing while nobody watches. What a C library writes by itself is not seen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PLACES = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
}
"""Events that change a folder, and how many of their arguments are paths."""
_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


@dataclass(slots=True)
class Watch:
    """What was seen for the length of a block."""

    allowed: tuple[str, ...]
    """What a path may begin with."""
    written: list[str] = field(default_factory=list)
    """Files and folders that were written, made or removed, and were not allowed to be."""
    network: list[str] = field(default_factory=list)
    """What was asked of the network."""

    def see(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take an event down that counts."""
        if event == "open":
            path, _, flags = (*arguments, None, None)[:3]
            if isinstance(flags, int) and flags & _WRITES:
                self._path(path)
        elif event in _PLACES:
            for each in arguments[: _PLACES[event]]:
                self._path(each)
        elif event in _NETWORK:
            self.network.append(event)

    def _path(self, path: object) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return  # a descriptor: it was opened before
        text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # a Path would cost each open of a file more
        if text.startswith((*self.allowed, "/dev/")) or "__pycache__" in text:
            return
        if Path(tempfile.gettempdir()) in (Path(text), Path(text).parent):  # of some, the folder itself is opened
            return  # files without a name
        self.written.append(text)


_watches: list[Watch] = []
"""Who watches; the last one sees."""


@cache
def _hooked() -> None:
    def see(event: str, arguments: tuple[object, ...]) -> None:
        if _watches:
            _watches[-1].see(event, arguments)

    sys.addaudithook(see)


@contextmanager
def watched(*allowed: Path) -> Iterator[Watch]:
    """See what the block does; what begins with one of the paths may be written: a folder, a file and what is by it."""
    _hooked()
    watch = Watch(tuple({str(path) for each in allowed for path in (each.absolute(), each.resolve())}))
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)
