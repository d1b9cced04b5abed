"""Reading a file of rows: delimited text, a sheet of a workbook, or JSON Lines.

The first bytes say what a file is, never its name. What comes out is the same for each: headers, and rows as a stream
that may be run through several times. Memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType

from partners_crm.errors import ConfigError, FileRefused, PartnersError
from partners_crm.services.importing.headers import LOOKED_AT, collapsed, find_header, header_rows, header_texts, marker
from partners_crm.services.importing.input_files import OLE, ZIP, InputFile, Known, Progress, Reading
from partners_crm.services.importing.input_files import Epoch as Epoch
from partners_crm.services.importing.input_files import ReadOptions as ReadOptions
from partners_crm.services.importing.input_files import Row as Row
from partners_crm.services.importing.json_rows import first_object, looks_like_json, read_json
from partners_crm.services.importing.limits import MAX_COLUMNS
from partners_crm.services.importing.text_files import read_text

WHOLE = "partners_crm"
"""The key in the first line of a file that holds a whole coalition."""

_OTHER_FORMATS = (
    (b"\x7fELF", "a program", "name a file with a list in it"),
    (b"%PDF", "a PDF", "export the list as CSV from the program it comes from"),
    (b"SQLite format 3", "a database", "open it with --db, or export a list from it as CSV"),
    (b"\x1f\x8b", "a compressed file", "unpack it first"),
    (b"{\\rtf", "a text document (.rtf)", "save its table as CSV"),
)
_PAGES = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<head", b"<meta")
_CARDS = b"begin:vcard"
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
) -> Sheet:
    """Look at a file: what it is, how it is read, and where its header stands.

    `known` says whether a header is one that the program knows: by that the header, the delimiter and the worksheet are
    told. `progress` is called with bytes done and bytes in all; what it raises ends the reading and leaves nothing.

    Raises:
        ConfigError: the path is a URL, or an option does not fit the file.
        FileRefused: it is missing, a folder, empty, of another format, damaged, or beyond a limit.
    """
    file = InputFile(path)
    try:
        reading = _reading(file, options, known, progress)
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


def _reading(file: InputFile, options: ReadOptions, known: Known, progress: Progress | None) -> Reading:
    start = file.start
    for magic, what, hint in _OTHER_FORMATS:
        if start.startswith(magic):
            raise file.refused(f"is {what}, not a list", hint)
    # In UTF-16, every other byte of it is zero.
    plain = start[:64].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").replace(b"\0", b"").lower()
    if plain.startswith(_CARDS):
        raise file.refused("is a file of address cards (vCard), not a list", "export the list as CSV")
    if plain.startswith(_PAGES):
        raise file.refused(
            "is a web page (HTML or XML), whatever its name says",
            "open it in a spreadsheet program and save it as .xlsx",
        )
    if start.startswith((ZIP, OLE)):
        if options.encoding or options.delimiter:
            raise ConfigError(f"{file.path} is a workbook: it has no encoding or delimiter to choose")
        from partners_crm.services.importing.workbooks import read_workbook  # only a workbook pays for it

        return read_workbook(file, options, known, progress)
    if options.sheet:
        raise ConfigError(f"{file.path} is no workbook: it has no sheet to choose")
    if not options.delimiter and looks_like_json(start):
        return read_json(file, progress)
    return read_text(file, options, known, progress)


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
