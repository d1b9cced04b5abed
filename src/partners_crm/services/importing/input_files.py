"""What every reader starts from and hands over: a file that is looked at, a row, and a place for what was unpacked."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from partners_crm.errors import FileRefused
from partners_crm.services.importing.limits import MAX_BYTES
from partners_crm.store.files import refuse_url

NO_MARKS: frozenset[str] = frozenset()
Epoch = Literal[1900, 1904]
"""The year with which the numbers of days in a workbook begin."""
Known = Callable[[str], bool]
"""Whether a header is one that the program knows."""
Progress = Callable[[int, int], None]
"""Called now and then with how much was done and how much there is; what it raises ends the reading."""
Merge = tuple[int, int, int, int]
"""Merged cells: first row, first column, last row, last column; rows from 1, columns from 0."""

_BLOCK = 1 << 20
_START = 1 << 16


class Row(NamedTuple):
    """One record of a file."""

    line: int
    """Line on which it starts, or the number of the row in its worksheet; the first is 1."""
    cells: tuple[str, ...]
    """As read, not stripped; may be shorter or longer than the header. Empty for a row without any text."""
    marks: frozenset[str] = NO_MARKS
    """What kind of row it is: total, header (repeated), footnote; on request also struck, hidden, colour:FFFF00."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person says about a file; what is left empty is found out."""

    encoding: str = ""
    """A name that Python knows, or one that the reader has for a mixture: "utf-8 and cp1252"."""
    delimiter: str = ""
    """One character."""
    sheet: str = ""
    """Name of a worksheet, or its number counted from 1; a hidden one too."""
    header_line: int = 0
    """The header is the first row with text from this line on; 0 to find it."""
    flags: bool = False
    """Mark rows of a workbook that are struck out, filled with a colour or hidden."""
    reader: str = ""
    """Name of the format that it is read as, whatever its first bytes say: csv."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as its reader understands it, before its header is found."""

    described: str
    records: Callable[[], Iterator[Row]]
    """Every record from the first line on, again at each call."""
    encoding: str = ""
    delimiter: str = ""
    epoch: Epoch = 1900
    notes: tuple[str, ...] = ()
    headers: tuple[str, ...] | None = None
    """Where the format knows its own; None where one of the rows is the header."""
    merged: tuple[Merge, ...] = ()
    """Cells merged across columns near the top: groups of a header, or titles."""
    about: int = 0
    """Rows, roughly, for a progress bar."""
    close: Callable[[], None] = lambda: None


class Spool:
    """A private file without a name: it is gone when nobody holds it, whatever happens to the program."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by the finalizer, at the latest
        self._finalizer = weakref.finalize(self, self._file.close)

    @property
    def descriptor(self) -> int:
        """For a child that fills it."""
        return self._file.fileno()

    def write(self, data: bytes) -> None:
        """Add to its end."""
        self._file.write(data)
        self._file.flush()

    def open(self) -> BinaryIO:
        """A reader with a place of its own: several may read at a time."""
        return io.BufferedReader(_Placed(self), _START)

    def close(self) -> None:
        """Delete it."""
        self._finalizer()


class _Placed(io.RawIOBase):
    """Reads a spool at its own place, whatever place the descriptor has."""

    def __init__(self, spool: Spool) -> None:
        self._spool: Spool | None = spool
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if self._spool is None:
            raise ValueError("the reader is closed")
        before = {os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._spool.descriptor).st_size}
        self._at = max(0, before.get(whence, 0) + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        if self._spool is None:
            raise ValueError("the reader is closed")
        data = os.pread(self._spool.descriptor, len(buffer), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._spool = None
        super().close()


_KEPT: ContextVar[dict[Path, Spool] | None] = ContextVar("kept pipes", default=None)
"""What came out of pipes, by their names, while `kept_pipes` holds."""


@contextmanager
def kept_pipes() -> Iterator[None]:
    """Read a pipe once for the whole block: what came out of it is there for everyone who looks at it after."""
    kept: dict[Path, Spool] = {}
    token = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(token)
        for spool in kept.values():
            spool.close()


def opened(path: Path) -> BinaryIO:
    """The bytes of a file from the first on: of a pipe what came out of it, where `kept_pipes` has it.

    Raises:
        OSError: it cannot be opened.
    """
    spool = (_KEPT.get() or {}).get(path)
    return path.open("rb") if spool is None else spool.open()


class InputFile:
    """A file that a person named: looked at once, read several times, and refused if it changes between."""

    def __init__(self, path: Path) -> None:
        """Look at a file.

        Raises:
            ConfigError: it is a URL.
            FileRefused: it is missing, a folder, too large, empty or may not be read.
        """
        refuse_url(path, "download it first")
        self.path = path
        self.name = path.name
        self.sha256 = ""
        """Of its bytes, in hexadecimal; known when `blocks` has come to its end."""
        self._spool: Spool | None = None
        self._is_kept = False
        with self._faults():
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                raise FileRefused(f"{path}: is a folder", "name a file in it")
            if not stat.S_ISREG(status.st_mode):
                self._copy()
            self._identity = _identity(status)
            self.size = status.st_size if self._spool is None else os.fstat(self._spool.descriptor).st_size
            if self.size > MAX_BYTES:
                raise FileRefused(f"{path}: is larger than {MAX_BYTES // 1_000_000} MB", "split it")
            with self.open() as stream:
                self.start = stream.read(_START)
        if not self.start.strip() and self.size <= _START:
            raise FileRefused(f"{path}: is empty", "export the list again, with its header line")

    def open(self) -> BinaryIO:
        """Its bytes from the first on.

        Raises:
            FileRefused: it is not the file any more that was looked at.
        """
        if self._spool is not None:
            return self._spool.open()
        with self._faults():
            stream = self.path.open("rb")
        if _identity(os.fstat(stream.fileno())) != self._identity:
            stream.close()
            raise self.changed()
        return stream

    def blocks(self, progress: Progress | None = None) -> Iterator[bytes]:
        """Its bytes in blocks; at their end `sha256` is known."""
        digest, done = hashlib.sha256(), 0
        with self._faults(), self.open() as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                done += len(block)
                if progress is not None:
                    progress(done, self.size)
                yield block
        self.sha256 = digest.hexdigest()

    def check(self) -> None:
        """Refuse what was read if the file was changed meanwhile.

        Raises:
            FileRefused: it was.
        """
        if self._spool is None:
            with self._faults():
                status = self.path.stat()
            if _identity(status) != self._identity:
                raise self.changed()

    def changed(self) -> FileRefused:
        """What is said of a file that is not the one it was."""
        return FileRefused(f"{self.path}: was changed while it was read", "read it again when nobody writes to it")

    def refused(self, what: str, hint: str = "", *, line: int = 0) -> FileRefused:
        """What is said of the file, or of one of its lines."""
        return FileRefused(f"{self.path}:{line}: {what}" if line else f"{self.path}: {what}", hint)

    def held(self) -> tuple[int, Callable[[], None]]:
        """A descriptor for another program, which needs no name then, and what closes it.

        Raises:
            FileRefused: it is not the file any more that was looked at.
        """
        if self._spool is not None:
            return self._spool.descriptor, lambda: None
        stream = self.open()
        return stream.fileno(), stream.close

    def close(self) -> None:
        """Let a copy go; a file with a name needs no closing."""
        if self._spool is not None and not self._is_kept:
            self._spool.close()

    def _copy(self) -> None:
        """Keep what comes out of a pipe: it can be read once only."""
        kept = _KEPT.get()
        self._is_kept = kept is not None
        if kept is not None and self.path in kept:
            self._spool = kept[self.path]
            return
        self._spool, size = Spool(), 0
        if kept is not None:
            kept[self.path] = self._spool
        with self.path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                size += len(block)
                self._spool.write(block)
                if size > MAX_BYTES:
                    return

    def _faults(self) -> _Faults:
        return _Faults(self.path)


class _Faults:
    """Turns what the system says about a file into one line about it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise FileRefused(f"{self.path}: there is no such file", "check the name and the folder") from None
        if isinstance(error, PermissionError):
            raise FileRefused(f"{self.path}: may not be read", "check its mode") from None
        if isinstance(error, OSError):
            raise FileRefused(f"{self.path}: cannot be read: {error.strerror or error}") from None
        if isinstance(error, ValueError) and "null byte" in str(error):
            raise FileRefused(f"{self.path}: is no name of a file", "check the name") from None


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
