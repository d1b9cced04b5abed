"""Importers and exporters of plugins as the plain readers and writers that services are given.

Each call passes the boundary. Rows of a file come through it in batches, so that a long file costs a change of thread
for each thousand of them and not for each; a batch ends early where its rows are long, so that memory does not grow.
Rows that are to be written are fetched in batches by the thread that calls, for it holds what is read.
"""

from __future__ import annotations

import errno
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar, cast

from partners_crm.plugins.answers import MAX_WHOLE, Misfit, one, plain, whole
from partners_crm.plugins.attended import Ask, attended
from partners_crm.plugins.boundary import failure_of
from partners_crm.plugins.context import PluginContext
from partners_crm.plugins.failures import PluginFailed
from partners_crm.plugins.headless import Exporter, Importer
from partners_crm.plugins.policy import Owned
from partners_crm.plugins.registry import PluginRegistry, what
from partners_crm.services.formats import Formats, Page, Reader, Writer, Written
from partners_crm.services.importing.input_files import InputFile, Known, Progress, Reading, ReadOptions, Row
from partners_crm.services.importing.limits import MAX_ROWS
from partners_crm.services.rows import Problem

F = TypeVar("F", Importer, Exporter)

FIRST = 64
"""Rows of the first batch: a header is looked for among few."""
BATCH = 1000
"""Rows of the other batches."""
STEP = 128
"""Rows that are taken at once, if they are short."""
ROOM = 1 << 20
"""Characters of a batch, about: after so many it ends."""
BYTES_A_SECOND = 1_000_000
"""A reader may be silent for a second more for so many bytes of its file."""
ROWS_A_SECOND = 5_000
"""A writer may be silent for a second more for so many rows that it has: it may have to pack them at the end."""
CLOSING = 2.0
"""Seconds that a reader may take to close."""

_OF_A_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE}
    | {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ENODEV, errno.ENXIO, errno.ESTALE}
)
"""What a disk refuses with: that is no failure of the plugin."""


def formats_of(registry: PluginRegistry) -> Formats:
    """Every format that plugins read and write; of a name that two of them have, neither, and both are named for it."""
    return Formats(
        readers=tuple(_reader(registry, each) for each in _distinct(registry, registry.importers())),
        writers=tuple(_writer(registry, each) for each in _distinct(registry, registry.exporters())),
    )


def _distinct(registry: PluginRegistry, found: tuple[Owned[F], ...]) -> list[Owned[F]]:
    """Those whose name nobody else has, in the order of their names."""
    counts = Counter(each.item.name for each in found)
    for each in found:
        if counts[each.item.name] > 1:
            plugins = sorted({other.owner.plugin for other in found if other.item.name == each.item.name})
            reason = f"{' and '.join(plugins)} offer the same name: neither is used; disable one of them"
            if len(plugins) == 1:
                reason = "it offers the same name twice: neither is used"
            failure = failure_of(each.owner, what(each.item), "conflict", reason)
            if failure not in registry.failures:
                registry.boundary.count(failure)
    return sorted((each for each in found if counts[each.item.name] == 1), key=lambda each: each.item.name)


# -------------------------------------------------------------------- reading


def _reader(registry: PluginRegistry, owned: Owned[Importer]) -> Reader:
    item = owned.item

    def recognizes(file: InputFile, options: ReadOptions) -> bool:
        return registry.call(owned, lambda context: one(item.recognizes(context, file, options), bool, "yes or no"))

    def read(file: InputFile, options: ReadOptions, known: Known, progress: Progress | None) -> Reading:
        def work(context: PluginContext, ask: Ask) -> Reading:
            def told(done: int, total: int) -> None:
                some = whole(done, "a progress", 0, MAX_WHOLE), whole(total, "a progress", 0, MAX_WHOLE)
                # Without anybody to tell it still says that the reader is at work.
                ask(lambda: None if progress is None else progress(*some))

            return _checked(one(item.read(context, file, options, known, told), Reading, "a Reading"))

        reading = attended(registry, owned, work, limit=lambda: registry.policy.limit + file.size / BYTES_A_SECOND)
        source = _Source(registry, owned, file, reading)
        return replace(reading, records=source.rows, close=source.close)

    return Reader(
        name=item.name,
        title=item.title,
        recognizes=recognizes,
        read=read,
        yields=item.yields,
        owner=owned.owner.plugin,
    )


def _checked(reading: Reading) -> Reading:
    """A reading of texts and calls.

    Raises:
        Misfit: something in it is none.
    """
    texts = [reading.described, reading.encoding, reading.delimiter, *reading.notes, *(reading.headers or ())]
    if not all(isinstance(each, str) for each in texts):
        raise Misfit("it answered a Reading with something else than text in it")
    if not (callable(reading.records) and callable(reading.close)):
        raise Misfit("it answered a Reading without rows")
    if reading.epoch not in {1900, 1904}:
        raise Misfit("it answered a Reading with a number that is none")
    return replace(
        reading,
        described=plain(reading.described),
        encoding=plain(reading.encoding),
        delimiter=plain(reading.delimiter),
        notes=tuple(map(plain, reading.notes)),
        headers=None if reading.headers is None else tuple(map(plain, reading.headers)),
        merged=tuple(reading.merged),
        epoch=1904 if reading.epoch == 1904 else 1900,
        about=whole(reading.about, "a number of rows", 0, MAX_WHOLE),
    )


@dataclass(slots=True)
class _Source:
    """The rows of a file, through the boundary."""

    registry: PluginRegistry
    owned: Owned[Importer]
    file: InputFile
    reading: Reading
    is_closed: bool = False

    def rows(self) -> Iterator[Row]:
        """Every row, again at each call.

        Raises:
            PluginFailed: the reader failed, or took too long for a batch.
            FileRefused: a fault of the file, or more rows than a file may have.
            ValueError: it is closed.
        """
        if self.is_closed:
            raise ValueError("the file is closed")
        boundary, limit, name = self.registry.boundary, self.registry.policy.limit, what(self.owned.item)
        batches = _Batches(self.reading.records)
        count = 0
        try:
            while found := boundary.call(self.owned.owner, name, batches.take, limit=limit):
                count += found
                if count > MAX_ROWS + 1:
                    raise self.file.refused(f"has more than {MAX_ROWS:,} rows", "split it")
                yield from batches.handed_over()
        finally:
            if batches.close is not None and not sys.is_finalizing():
                with suppress(PluginFailed, RuntimeError):  # no thread can be started when the program ends
                    boundary.call(self.owned.owner, name, batches.close, limit=CLOSING)

    def close(self) -> None:
        """Let go of what was unpacked for it."""
        if self.is_closed:
            return
        self.is_closed = True
        # What the reader fails in is told by the boundary; whoever has read the rows has them.
        with suppress(PluginFailed):
            self.registry.boundary.call(self.owned.owner, what(self.owned.item), self.reading.close, limit=CLOSING)
        self.file.close()


class _Batches:
    """The rows of a reader, some at a time; runs inside the boundary."""

    def __init__(self, records: Callable[[], Iterator[Row]]) -> None:
        self._records = records
        self._rows: Iterator[Row] | None = None
        self._size = FIRST
        self._step = STEP // 8
        self._found: list[Row] = []
        self._fault: BaseException | None = None
        """What was raised behind rows that are handed over first."""
        self.close: Callable[[], None] | None = None
        """Ends the reader where its rows have not come to their end, nor to a failure."""

    def take(self) -> int:
        """Take the next rows; gives their number, 0 at the end. What is raised comes behind the rows before it.

        They are handed over by themselves: whoever keeps what a call answered would keep all rows of the file.

        Raises:
            Misfit: something among them is no row.
        """
        self.close = None
        if self._rows is None:
            self._rows = iter(self._records())
        room = ROOM
        while room > 0 and len(self._found) < self._size and self._fault is None:
            some, is_end = self._some(self._size - len(self._found))
            length = _length(some)
            room -= length
            # A step is a part of the room, as long as the rows are about as long as those before.
            self._step = max(1, min(STEP, ROOM // 16 * len(some) // (length + 1)))
            self._found += some
            if is_end:
                break
        else:
            self.close = getattr(self._rows, "close", None) if self._fault is None else None
        self._size = BATCH
        if self._fault is not None and not self._found:
            raise self._fault
        return len(self._found)

    def _some(self, most: int) -> tuple[list[Row], bool]:
        """A few rows, and whether they are the last."""
        wanted = min(self._step, most)
        some: list[Row] = []
        try:
            some.extend(islice(cast("Iterator[Row]", self._rows), wanted))
        except BaseException as error:
            self._fault = error  # a list keeps what came before
            return some, False
        return some, len(some) < wanted

    def handed_over(self) -> list[Row]:
        """The rows that were taken."""
        found, self._found = self._found, []
        return found


_LINE, _CELLS, _MARKS = map(itemgetter, range(3))


def _length(rows: list[Row]) -> int:
    """Characters of rows, checked without a step of the interpreter for each: a file has a million of them.

    Cells of a class derived from `str` are replaced by what they hold, in place.

    Raises:
        Misfit: one is none, or holds something that a row does not.
    """
    for kind in set(map(type, rows)) - {Row}:
        raise Misfit(f"it gave {kind.__name__} instead of a Row")
    kinds = ((_LINE, int), (_CELLS, tuple), (_MARKS, frozenset))
    if any(set(map(type, map(part, rows))) - {kind} for part, kind in kinds):
        raise Misfit("it gave a Row whose line, cells or marks are none")
    if rows and not 0 <= min(map(_LINE, rows)) <= max(map(_LINE, rows)) <= MAX_WHOLE:
        raise Misfit("it gave a Row whose line is none")
    derived = set(map(type, chain.from_iterable(map(_CELLS, rows)))) - {str}
    if not all(issubclass(kind, str) for kind in derived):
        raise Misfit("it gave a Row with a cell that is no text")
    if derived:
        rows[:] = [row._replace(cells=tuple(map(plain, row.cells))) for row in rows]
    return len("".join(chain.from_iterable(map(_CELLS, rows))))


# -------------------------------------------------------------------- writing


def _writer(registry: PluginRegistry, owned: Owned[Exporter]) -> Writer:
    item = owned.item

    def write(page: Page, path: Path) -> Written:
        fetched = _Fetched(page.rows)

        def work(context: PluginContext, ask: Ask) -> Written | OSError:
            given = replace(page, fields=tuple(page.fields), rows=fetched.through(ask))
            try:
                return _written(one(item.write(context, given, path), Written, "Written"))
            except OSError as error:
                if error.errno not in _OF_A_DISK:
                    raise
                return error

        limit = registry.policy.limit
        done = attended(registry, owned, work, limit=lambda: limit + fetched.count / ROWS_A_SECOND)
        if isinstance(done, OSError):
            raise done
        return done

    return Writer(
        name=item.name,
        title=item.title,
        suffixes=tuple(item.suffixes),
        write=write,
        streams=item.streams,
        takes_mark=item.takes_mark,
        is_described=item.is_described,
        keyed=item.keyed,
        owner=owned.owner.plugin,
    )


class _Fetched:
    """The rows of a page, fetched by the thread that calls."""

    def __init__(self, rows: Iterator[Mapping[str, Any]]) -> None:
        self._rows = rows
        self.count = 0

    def through(self, ask: Ask) -> Iterator[Mapping[str, Any]]:
        """The rows in the thread of the plugin."""
        while some := ask(self._some):
            yield from some

    def _some(self) -> list[Mapping[str, Any]]:
        some = list(islice(self._rows, BATCH))
        self.count += len(some)
        return some


def _written(done: Written) -> Written:
    """What was written, with problems that are some, and a description that JSON can hold.

    Raises:
        Misfit: something in it is none.
    """
    problems = tuple(done.problems)
    if not isinstance(done.rows, int) or not all(isinstance(each, Problem) for each in problems):
        raise Misfit("it answered Written with something else than a number and problems in it")
    try:
        described = json.loads(json.dumps(dict(done.described)))
    except (TypeError, ValueError):
        raise Misfit("it answered Written with a description that is no JSON") from None
    return replace(done, problems=problems, described=described)
