"""The pages of an SQLite file, read from its bytes however damaged they are; SQLite itself never sees the file.

Numbers of sections are those of https://www.sqlite.org/fileformat.html. Nothing that stands in a file makes this raise
or go on forever: what does not fit the format is left out, a page is visited once, and an overflow page belongs to
one row alone. What lies beside the file is laid over it: the committed frames of a write-ahead log, or the pages that
a rollback journal kept of a write that was cut off.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from partners_crm.store.files import side

MAGIC = b"SQLite format 3\0"
LEAF, INTERIOR = 0x0D, 0x05
"""Types of the pages that make up a table."""
INDEX_LEAF, INDEX_INTERIOR = 0x0A, 0x02
SIZES = (4096, 1024, 2048, 8192, 512, 16384, 32768, 65536)
"""Sizes a page may have, in bytes, the likeliest first."""
LONGEST = 64_000_000
"""Bytes of a row beyond which it is taken for garbage."""

_WINDOW = 65536
_WINDOWS = 64
_HEAD = {LEAF: 8, INDEX_LEAF: 8, INTERIOR: 12, INDEX_INTERIOR: 12}
"""Bytes of a page's own header (section 1.6)."""
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of a whole number by its serial type (section 2.1)."""
_LOG_ORDER = {0x377F0682: "<", 0x377F0683: ">"}
_BEGUN = 100_000
"""How often a log may have been begun anew since a frame in it was written."""
_LOCK_BYTE = 1 << 30
"""Where a page lies that holds nothing (section 1.4)."""
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


class Row(NamedTuple):
    """One row of a table as it is stored."""

    id: int
    """Its rowid; a column that is the integer key is NULL among the values."""
    values: list[Any]
    """int, float, bytes, None, or str; bytes of a text that are no UTF-8 are surrogates in it (PEP 383)."""


class Branch(NamedTuple):
    """What a walk through the tree of a table found."""

    leaves: list[int]
    """Numbers of its leaf pages, in the order of their rows."""
    whole: bool
    """Whether every page of the tree could be followed."""


class Pages:
    """The pages of one file, open for reading alone. Pages are numbered from 1."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            OSError: the system refuses.
        """
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._over: dict[int, tuple[int, int]] = {}
        """Pages that lie elsewhere: the descriptor and the offset of each."""
        self._beside: list[int] = []
        self._owners: dict[int, tuple[int, int]] = {}
        """The cell that an overflow page belongs to: its page and its place on it."""
        self.size = os.fstat(self._file).st_size
        """Bytes of the file."""
        self.log = ""
        """What lay beside the file and was laid over it: "log", "journal" or nothing."""
        self.damaged_log = False
        """Whether something lay beside it, parts of which could not be used."""
        self.count = 0
        """Pages there are, those in the log among them."""
        try:
            header = _read(self._file, 100, 0)
            found = int.from_bytes(header[16:18], "big")
            self.page_size = 65536 if found == 1 else found
            """Bytes of a page."""
            if not header.startswith(MAGIC) or self.page_size not in SIZES:
                self.page_size = self._guess()
            self._lay_over(path)
            if not self.log:
                self.count = -(-self.size // self.page_size)
        except BaseException:
            self.close()
            raise
        header = self.page(1)[:100]
        self.has_header = header.startswith(MAGIC)
        """Whether the first page says that this is an SQLite file."""
        reserved = header[20] if self.has_header else 0
        # Section 1.3.4: at least 480 bytes are left.
        self.usable = self.page_size - (reserved if self.page_size - reserved >= 480 else 0)
        """Bytes of a page that hold data."""
        self.application = int.from_bytes(header[68:72], "big") if self.has_header else 0
        """The application id."""
        agreed = self.has_header and header[24:28] == header[92:96]
        said = int.from_bytes(header[28:32], "big") if agreed else 0
        self.missing = max(0, said - self.count) if said < 1000 * (self.count + 100) else 0
        """Pages that the header speaks of and that are not there: the file was cut short."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of what lies beside it."""
        for descriptor in (self._file, *self._beside):
            with suppress(OSError):
                os.close(descriptor)

    def page(self, number: int) -> bytes:
        """The bytes of a page, filled up with zeros where the file ends or cannot be read."""
        if not 1 <= number <= self.count:
            return bytes(self.page_size)
        descriptor, offset = self._over.get(number, (self._file, (number - 1) * self.page_size))
        return _read(descriptor, self.page_size, offset).ljust(self.page_size, b"\0")

    def kind(self, number: int) -> int:
        """The type of a page of a b-tree, 0 of a page that is none (section 1.6)."""
        return _kind(self.page(number), _start(number), self.usable)

    def cells(self, number: int) -> int:
        """How many rows a leaf page of a table says it has."""
        return _count(self.page(number), number)

    def rows(self, number: int) -> Iterator[Row | None]:
        """The rows of a leaf page of a table, None for each that cannot be read.

        Rows stand in the order of their ids; one that does not is taken for damaged.
        """
        page = self.page(number)
        if _kind(page, _start(number), self.usable) != LEAF:
            return
        cells = [self._cell(page, number, place) for place in range(_count(page, number))]
        kept = _rising([cell[0] if cell else None for cell in cells])
        for place, cell in enumerate(cells):
            values = _record(cell[1]) if cell and place in kept else None
            yield None if values is None or cell is None else Row(cell[0], values)

    def walk(self, root: int) -> Branch:
        """The pages of the table whose tree begins at a page (section 1.6)."""
        leaves: list[int] = []
        seen: set[int] = set()
        waiting, whole = [root], True
        while waiting:
            number = waiting.pop()
            kind = 0 if number in seen else self.kind(number)
            seen.add(number)
            if kind == LEAF:
                leaves.append(number)
            elif kind == INTERIOR:
                waiting.extend(reversed(self._children(number)))
            else:
                whole = False
        return Branch(leaves, whole)

    def survey(self) -> tuple[list[int], int]:
        """Look at every page once: the numbers of the leaf pages of tables, and how many pages are none of anything.

        A page is something when it is part of a tree, holds the rest of a long cell, or is free.
        """
        leaves, strange = [], []
        for number in range(1, self.count + 1):
            page = self.page(number)
            kind = _kind(page, _start(number), self.usable)
            if kind == LEAF:
                leaves.append(number)
            if kind in {LEAF, INDEX_LEAF, INDEX_INTERIOR}:
                for place in range(_count(page, number)):
                    self._cell(page, number, place)
            elif kind != INTERIOR and (number - 1) * self.page_size != _LOCK_BYTE:
                strange.append(number)
        known = {*self._owners, *self._free()}
        return leaves, sum(number not in known for number in strange)

    # ---------------------------------------------------------------- inside a page

    def _children(self, number: int) -> list[int]:
        page, start = self.page(number), _start(number)
        found = []
        for place in range(_count(page, number)):
            at = _pointer(page, number, place)
            found.append(int.from_bytes(page[at : at + 4], "big"))
        return [*found, int.from_bytes(page[start + 8 : start + 12], "big")]

    def _cell(self, page: bytes, number: int, place: int) -> tuple[int, bytes] | None:
        """The rowid (0 in an index) and the whole record of a cell; None where it does not fit the format."""
        kind = page[_start(number)]
        at = _pointer(page, number, place) + (4 if kind == INDEX_INTERIOR else 0)
        if not _HEAD[LEAF] < at < self.usable:
            return None
        size, at = _varint(page, at)
        key = 0
        if kind == LEAF:
            key, at = _varint(page, at)
            key -= (key >> 63) << 64
        if not 0 < size <= min(LONGEST, self.count * self.page_size):
            return None
        here = self._local(size, kind)
        if at + here + (4 if here < size else 0) > self.usable:
            return None
        if here == size:
            return key, page[at : at + size]
        rest = self._rest(int.from_bytes(page[at + here : at + here + 4], "big"), size - here, (number, place))
        return None if rest is None else (key, page[at : at + here] + rest)

    def _local(self, size: int, kind: int) -> int:
        """Bytes of a record that lie on the page of its cell (section 1.6, "U", "X", "M" and "K")."""
        usable = self.usable
        least = (usable - 12) * 32 // 255 - 23
        most = usable - 35 if kind == LEAF else (usable - 12) * 64 // 255 - 23
        if size <= most:
            return size
        fitting = least + (size - least) % (usable - 4)
        return fitting if fitting <= most else least

    def _rest(self, number: int, size: int, owner: tuple[int, int]) -> bytes | None:
        """What lies on a chain of overflow pages (section 1.7); None where the chain does not hold."""
        parts: list[bytes] = []
        while size > 0:
            if not 2 <= number <= self.count or self._owners.setdefault(number, owner) != owner:
                return None
            page = self.page(number)
            parts.append(page[4 : min(self.usable, 4 + size)])
            size -= len(parts[-1])
            number = int.from_bytes(page[:4], "big")
            if len(parts) > self.count:
                return None
        # The last page of a chain points nowhere.
        return b"".join(parts) if number == 0 else None

    def _free(self) -> set[int]:
        """The pages in the list of free ones (section 1.5)."""
        trunk = int.from_bytes(self.page(1)[32:36], "big") if self.has_header else 0
        found: set[int] = set()
        trunks: set[int] = set()
        while 2 <= trunk <= self.count and trunk not in trunks:
            trunks.add(trunk)
            page = self.page(trunk)
            listed = min(int.from_bytes(page[4:8], "big"), self.usable // 4 - 2)
            found.update(struct.unpack(f">{listed}I", page[8 : 8 + 4 * listed]))
            trunk = int.from_bytes(page[:4], "big")
        return found | trunks

    # ---------------------------------------------------------------- the file as a whole

    def _guess(self) -> int:
        """The size of a page at which most rows can be read, in windows spread over the file."""
        step = max(_WINDOW, self.size // _WINDOWS // _WINDOW * _WINDOW)
        windows = [_read(self._file, _WINDOW, offset) for offset in range(0, self.size, step)]

        def readable(size: int) -> int:
            pages = (window[at : at + size] for window in windows for at in range(0, len(window), size))
            return sum(_fitting_rows(page) for page in pages if len(page) == size)

        return max(SIZES, key=readable)

    def _lay_over(self, path: Path) -> None:
        for suffix, lay in (("-wal", self._lay_log), ("-journal", self._lay_journal)):
            try:
                descriptor = os.open(side(path, suffix), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except OSError:
                continue
            self._beside.append(descriptor)
            if not self.log and os.fstat(descriptor).st_size:
                lay(descriptor, os.fstat(descriptor).st_size)

    def _lay_log(self, log: int, size: int) -> None:
        """Lay the committed frames of a write-ahead log over the pages (section 4).

        The checksum of a frame goes on from that of the frame before as it is written there, so that one damaged
        frame takes only itself, and perhaps the next, with it.
        """
        header = _read(log, 32, 0).ljust(32, b"\0")
        magic, _, said, _, *salts = struct.unpack(">6I", header[:24])
        order = _LOG_ORDER.get(magic, "<")
        sums: tuple[int, int] = struct.unpack(">2I", header[24:32])
        if magic in _LOG_ORDER and _checksum(order, header[:24], (0, 0)) == sums and said in SIZES:
            self.page_size = said
        else:
            self.damaged_log = True
            salts = list(struct.unpack(">2I", _read(log, 8, 40).ljust(8, b"\0")))
        self.damaged_log |= (size - 32) % (24 + self.page_size) != 0
        frames: dict[int, tuple[int, int]] = {}
        skipped = False
        for offset in range(32, size - 24 - self.page_size + 1, 24 + self.page_size):
            frame = _read(log, 24 + self.page_size, offset)
            number, pages, first, second, *after = struct.unpack(">6I", frame[:24])
            if [first, second] != salts:
                # Left from before the log was begun anew, which raises the first salt by one; else it is damaged.
                skipped, self.damaged_log = True, self.damaged_log or not 0 < salts[0] - first & 0xFFFFFFFF < _BEGUN
                continue
            self.damaged_log |= skipped
            before, sums = sums, (after[0], after[1])
            if _checksum(order, frame[:8] + frame[24:], before) != sums:
                self.damaged_log = True
                continue
            frames[number] = (log, offset + 24)
            if pages:
                self._over.update(frames)
                frames.clear()
                self.count, self.log = pages, "log"
        self.count = min(self.count, 1 + (self.size + size) // self.page_size)

    def _lay_journal(self, journal: int, size: int) -> None:
        """Lay the pages that a rollback journal kept over those of a write that was cut off (section 3)."""
        at = 0
        while at + 28 <= size:
            head = _read(journal, 28, at)
            records, nonce, pages, sector, page_size = struct.unpack(">5I", head[8:])
            if not head.startswith(_JOURNAL_MAGIC) or page_size not in SIZES or not 32 <= sector <= 65536:
                # A journal whose head is zeros is over; where the next part of one has none, it ends.
                self.damaged_log |= at == 0 and any(head)
                return
            if at == 0:
                self.page_size, self.log = page_size, "journal"
                self.count = min(pages, 1 + (self.size + size) // page_size)
            at += sector
            length = 8 + page_size
            for _ in range(min(records, max(0, size - at) // length)):  # 0xffffffff: as many as there are
                record = _read(journal, length, at)
                kept, said = record[4:-4], int.from_bytes(record[-4:], "big")
                if nonce + sum(kept[page_size - 200 : 0 : -200]) & 0xFFFFFFFF == said:
                    # The first copy of a page is the one of before the write.
                    self._over.setdefault(int.from_bytes(record[:4], "big"), (journal, at + 4))
                else:
                    self.damaged_log = True
                at += length
            at = -(-at // sector) * sector


def _read(descriptor: int, size: int, offset: int) -> bytes:
    # A disk that cannot read a sector has lost it: it counts as zeros, as the rest of a file that was cut short does.
    try:
        return os.pread(descriptor, size, offset)
    except OSError:
        return bytes(size)


def _start(number: int) -> int:
    """Where the tree's part of a page begins: the first page has the header of the file before it."""
    return 100 if number == 1 else 0


def _kind(page: bytes, start: int, usable: int) -> int:
    """The type of a page of a b-tree, 0 where its header does not fit one."""
    kind = page[start]
    if kind not in _HEAD:
        return 0
    free, cells, content = struct.unpack(">3H", page[start + 1 : start + 7])
    end = start + _HEAD[kind] + 2 * cells
    return kind if end <= (content or 65536) <= usable and free < usable else 0


def _count(page: bytes, number: int) -> int:
    start = _start(number)
    return int.from_bytes(page[start + 3 : start + 5], "big")


def _pointer(page: bytes, number: int, place: int) -> int:
    start = _start(number)
    at = start + _HEAD[page[start]] + 2 * place
    return int.from_bytes(page[at : at + 2], "big")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends (section 1.6); 0 where the data ends before it does."""
    value = 0
    for place, byte in enumerate(data[at : at + 9]):
        if place == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return 0, len(data)


def _record(data: bytes) -> list[Any] | None:
    """The values of a record (section 2); None where it does not fit the format."""
    end, at = _varint(data, 0)
    if not at <= end <= len(data):
        return None
    types = []
    while at < end:
        kind, at = _varint(data, at)
        types.append(kind)
    if at != end:
        return None
    values: list[Any] = []
    for kind in types:
        size = _INTEGERS.get(kind, 0) if kind < 7 else 8 if kind == 7 else max(0, (kind - 12) // 2)
        part = data[at : at + size]
        at += size
        if len(part) < size or kind in {10, 11}:
            return None
        values.append(_value(kind, part))
    return values if at == len(data) else None


def _value(kind: int, part: bytes) -> Any:
    if kind == 0:
        return None
    if kind < 7:
        return int.from_bytes(part, "big", signed=True)
    if kind == 7:
        return struct.unpack(">d", part)[0]
    if kind < 10:
        return kind - 8
    return part.decode("utf-8", "surrogateescape") if kind % 2 else part


def _rising(ids: list[int | None]) -> set[int]:
    """The places of the ids that rise, without those that do not fit their neighbours: they are damaged."""
    kept: list[tuple[int, int]] = []
    for place, here in enumerate(ids):
        if here is None:
            continue
        if kept and kept[-1][1] >= here:
            # Either this one is too small, or the one before it was too large.
            if len(kept) > 1 and kept[-2][1] >= here:
                continue
            kept.pop()
        kept.append((place, here))
    return {place for place, _ in kept}


def _fitting_rows(page: bytes) -> int:
    """How many rows can be read of a page of a table, from it alone; 0 where it is none."""
    if _kind(page, 0, len(page)) != LEAF:
        return 0
    found = 0
    for place in range(_count(page, 2)):
        size, at = _varint(page, _pointer(page, 2, place))
        _, at = _varint(page, at)
        found += 0 < size <= len(page) - at and _record(page[at : at + size]) is not None
    return found


def _checksum(order: str, data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    """The running checksum of a write-ahead log (section 4.2)."""
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = first + even + second & 0xFFFFFFFF
        second = second + odd + first & 0xFFFFFFFF
    return first, second
