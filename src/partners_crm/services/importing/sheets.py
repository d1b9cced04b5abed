"""Reading a file of rows, whatever its format: its header, and its rows as a stream that may be run through again.

The first bytes say what a file is, never its name; a reader of that format makes rows of it, and what comes out is the
same for each. Memory does not grow with the file.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from partners_crm.errors import FileRefused, PartnersError
from partners_crm.services.formats import Formats
from partners_crm.services.importing.headers import LOOKED_AT, collapsed, find_header, header_rows, header_texts, marker
from partners_crm.services.importing.input_files import Epoch as Epoch
from partners_crm.services.importing.input_files import InputFile, Known, Progress, Reading
from partners_crm.services.importing.input_files import ReadOptions as ReadOptions
from partners_crm.services.importing.input_files import Row as Row
from partners_crm.services.importing.limits import MAX_COLUMNS
from partners_crm.services.importing.signatures import guess_encoding

WHOLE = "partners_crm"
"""The key in the first line of a file that holds a whole coalition."""

_NO_OPTIONS = ReadOptions()
_ABOVE = 1_000
"""Rows above the header that are kept at most."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose header is known, and whose rows can be read as often as wanted; close it when they were."""

    name: str
    path: Path
    sha256: str
    """Of the file, in hexadecimal."""
    described: str
    """How the file was read, in words: its encoding and delimiter, or the worksheet."""
    headers: tuple[str, ...]
    """In one line each; a group above several columns is the first word of each: `Director Phone`."""
    header_line: int
    """Line of the header, of the second one if there are two; 0 where the format has none."""
    epoch: Epoch
    """The year with which numbers of days begin."""
    notes: tuple[str, ...]
    """What was done or noticed, in words."""
    encoding: str
    """"" for a workbook."""
    delimiter: str
    """"" for a workbook."""
    above: tuple[Row, ...]
    """Rows with text above the header: titles."""
    about: int
    """How many rows there are, roughly: a measure for a progress bar."""
    _reading: Reading = field(repr=False, compare=False)
    _header: tuple[Row, ...] = field(repr=False, compare=False)
    _skip: int = field(repr=False, compare=False)
    """Records down to the header."""

    def rows(self) -> Iterator[Row]:
        """Every row below the header, blank ones too, which have no cells.

        Raises:
            FileRefused: a fault of the file: an open quote, too many rows or columns, a change since it was looked at.
        """
        mark = marker(self.headers, self._header) if self._header else None
        width = max(MAX_COLUMNS, len(self.headers))
        for row in islice(self._reading.records(), self._skip, None):
            first = next(filter(str.strip, row.cells), None)
            if first is None:
                yield Row(row.line, (), row.marks)
                continue
            if len(row.cells) > width:
                row = _narrow(self.path, row)
            if mark is not None and (found := mark(row, first)):
                row = Row(row.line, row.cells, row.marks | {found})
            yield row

    def sample(self, count: int = 200) -> tuple[Row, ...]:
        """The first rows below the header.

        Raises:
            FileRefused: a fault of the file in one of them.
        """
        return tuple(islice(self.rows(), count))

    def close(self) -> None:
        """Delete what was unpacked for it; it goes with the sheet in any case."""
        self._reading.close()

    def __enter__(self) -> Sheet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _nothing(_: str) -> bool:
    return False


def read_sheet(
    path: Path,
    options: ReadOptions = _NO_OPTIONS,
    known: Known = _nothing,
    progress: Progress | None = None,
    *,
    formats: Formats,
) -> Sheet:
    """Look at a file: what it is, how it is read, and where its header stands.

    `known` says whether a header is one that the program knows: by that the header, the delimiter and the worksheet are
    told. `progress` is called with bytes done and bytes in all; what it raises ends the reading and leaves nothing.

    Raises:
        ConfigError: the path is a URL, an option does not fit the file, or no format is at hand, or more than one.
        FileRefused: it is missing, a folder, empty, of another format, damaged, or beyond a limit.
        PartnersError: its reader failed.
    """
    file = InputFile(path)
    try:
        reading = formats.reader(file, options).read(file, options, known, progress)
        if not file.sha256:  # a reader need not have come to the end
            deque(file.blocks(progress), 0)
    except BaseException:
        file.close()
        raise
    try:
        return _sheet(file, reading, options, known)
    except BaseException:
        reading.close()
        raise


def looks_whole(path: Path) -> bool:
    """Whether a file holds a whole coalition, as `partners export --all` writes it; False for what cannot be read."""
    try:
        file = InputFile(path)
    except PartnersError:
        return False
    try:
        return WHOLE in first_object(file.start)
    finally:
        file.close()


def first_object(start: bytes) -> dict[str, Any]:
    """The object in the first line of a file; an empty one where there is none, or it is longer than `start`."""
    try:
        line = start.decode(guess_encoding(start), "ignore").lstrip("\ufeff").partition("\n")[0]
        found = json.loads(line) if line.lstrip().startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sheet(file: InputFile, reading: Reading, options: ReadOptions, known: Known) -> Sheet:
    header: tuple[Row, ...] = ()
    above: tuple[Row, ...] = ()
    notes, headers, skip, line = list(reading.notes), reading.headers, 0, 0
    if headers is None:
        header, above, skip = _find(file, reading, options.header_line, known)
        headers, line = header_texts(header, reading.merged), header[-1].line
        if above:
            notes.insert(0, _left_out(above))
        if len(header) > 1:
            notes.append("the header has two rows: groups and names are joined")
    if len(headers) > MAX_COLUMNS:
        if any(headers[MAX_COLUMNS:]):
            raise file.refused(f"has {len(headers)} columns, at most {MAX_COLUMNS} are read", "leave some out")
        headers = headers[:MAX_COLUMNS]
    return Sheet(
        name=file.name,
        path=file.path,
        sha256=file.sha256,
        described=reading.described,
        headers=headers,
        header_line=line,
        epoch=reading.epoch,
        notes=tuple(notes),
        encoding=reading.encoding,
        delimiter=reading.delimiter,
        above=above,
        about=reading.about,
        _reading=reading,
        _header=header,
        _skip=skip,
    )


def _find(
    file: InputFile, reading: Reading, header_line: int, known: Known
) -> tuple[tuple[Row, ...], tuple[Row, ...], int]:
    """(rows of the header, rows with text above it, records down to its end)."""
    head: list[tuple[int, Row]] = []
    above: list[Row] = []
    for place, row in enumerate(reading.records()):
        if not any(map(str.strip, row.cells)):
            continue
        if row.line < header_line:
            if len(above) < _ABOVE:
                above.append(row)
            continue
        head.append((place, row))
        if len(head) == (2 if header_line else LOOKED_AT):
            break
    if not head:
        if above:
            raise file.refused(f"has no text from line {header_line} on", "name the line of the header")
        raise file.refused("is empty", "export the list again, with its header line")
    rows = [row for _, row in head]
    found = 0 if header_line else find_header(rows, known).place
    first, last = header_rows(rows, found, reading.merged)
    return tuple(rows[first : last + 1]), (*above, *rows[:first]), head[last][0] + 1


def _left_out(above: tuple[Row, ...]) -> str:
    text = next(cell for cell in above[0].cells if cell.strip())
    return f"{len(above):,} title line{'s' if len(above) > 1 else ''} left out: {collapsed(text)[:80]!r}" + (
        " ..." if len(above) > 1 else ""
    )


def _narrow(path: Path, row: Row) -> Row:
    if any(map(str.strip, row.cells[MAX_COLUMNS:])):
        raise FileRefused(f"{path}:{row.line}: has {len(row.cells)} columns, at most {MAX_COLUMNS} are read")
    return Row(row.line, row.cells[:MAX_COLUMNS], row.marks)
