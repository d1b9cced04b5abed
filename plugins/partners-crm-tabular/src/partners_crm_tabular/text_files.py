"""Reading a delimited text file: its encoding, its delimiter and its records, as a stream.

Two short rules beat every detection library tried on made and real files: a byte order mark, zero bytes on one side,
strict UTF-8, else Windows-1252; and the delimiter that gives most rows the same number of columns. A file of which some
lines are UTF-8 and others are not is two exports pasted together: it is decoded line by line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import BinaryIO

from partners_crm.errors import ConfigError
from partners_crm.plugins import InputFile, Known, Progress, Reading, ReadOptions, Row, guess_encoding, limits
from partners_crm_tabular.recognizing import is_binary

MIXED = "utf-8 and cp1252"
"""Name of the encoding of a file that is UTF-8 in some lines and Windows-1252 in others."""
TWICE = "utf-8 twice"
"""Name of the encoding of a file that was UTF-8, was taken for Windows-1252, and was saved as UTF-8 again."""
DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_END = "\x1cend of file\x1c"
_START = 65_536
"""Characters from which the delimiter is told."""
_PIECE = 1 << 20
_CHANCE = 20
"""So many lines that are no UTF-8, for one that is, make a file of one encoding: the one line is so by chance."""

# UTF-8 taken for Windows-1252: the letter that stands for a first byte, and what stands for those that follow it. Only
# first bytes of western letters, of punctuation and of emoji count: others meet in good text, as in « CAFÉ».
_FOLLOWING = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xC0))
_DOUBLED = re.compile(f"[ÂÃÄÅ][{_FOLLOWING}]|â[€‚„ˆ][{_FOLLOWING}]|ðŸ[{_FOLLOWING}]{{2}}")
_OF_A_MAC = re.compile(r"\w*[A-Za-z](?:[ŽŠŸ‡†]|(?<=[a-z])Õ)[a-z]\w*")
"""What letters of Mac Roman look like when they are taken for Windows-1252: in no language inside a word."""


@dataclass(slots=True)
class _Encoding:
    name: str
    notes: list[str] = field(default_factory=list)
    line_ends: int = 0


def read_text(file: InputFile, options: ReadOptions, known: Known, progress: Progress | None) -> Reading:
    """How a text file is read.

    Raises:
        ConfigError: the encoding or the delimiter named is none, or a sheet is named.
        FileRefused: it is binary, or not of the encoding.
    """
    if options.sheet:
        raise ConfigError(f"{file.path} is no workbook: it has no sheet to choose")
    if options.delimiter and (len(options.delimiter) > 1 or options.delimiter in '"\r\n\0'):
        raise ConfigError(f"{options.delimiter!r} is no delimiter", "it is one character: , ; | or a tab")
    encoding = _examine(file, options.encoding, progress)
    table = _Table(file, encoding.name)
    with_start = _start(table)
    said = _separator(with_start[0]) if with_start else ""
    table.delimiter = options.delimiter or said or guess_delimiter(with_start[1:] if said else with_start, known)
    table.separator_line = bool(said)
    name = DELIMITER_NAMES.get(table.delimiter, table.delimiter)
    return Reading(
        described=f"{encoding.name}, {name} separated",
        records=table.records,
        encoding=encoding.name,
        delimiter=table.delimiter,
        notes=tuple(encoding.notes),
        about=encoding.line_ends + 1,
        close=file.close,
    )


def guess_delimiter(lines: Sequence[str], known: Known = lambda _: False) -> str:
    """The delimiter that gives most of the first rows the same number of columns, more than one."""
    best, best_score = ",", (0.0, 0)
    for candidate in DELIMITERS:
        rows = [row for row in csv.reader(lines, delimiter=candidate) if any(map(str.strip, row))]
        if not rows:
            continue
        widths = Counter(map(len, rows))
        width, times = widths.most_common(1)[0]
        # The header counts: a delimiter that it does not hold splits prose, not columns.
        holds = len(rows[0]) > 1 or any(_known_cells(row, known) > 1 for row in rows[:25])
        if width > 1 and holds and (times / len(rows), width) > best_score:
            best, best_score = candidate, (times / len(rows), width)
    return best


def _known_cells(row: Sequence[str], known: Known) -> int:
    return sum(map(known, {" ".join(cell.split()) for cell in row}))


def repaired(text: str) -> str:
    """Text without the damage of being taken for Windows-1252 once: `CorazÃ³n` gives `Corazón`."""
    return text if text.isascii() else _DOUBLED.sub(_once, text)


def _once(found: re.Match[str]) -> str:
    try:
        # The bytes that Windows-1252 leaves out came through as control characters.
        return b"".join(
            letter.encode("latin-1" if letter < "\xa0" else "cp1252") for letter in found[0]
        ).decode("utf-8")  # fmt: skip
    except UnicodeDecodeError:
        return found[0]


@dataclass(slots=True)
class _Table:
    file: InputFile
    encoding: str
    delimiter: str = ","
    separator_line: bool = False
    """The first line is an instruction to a spreadsheet program."""

    def records(self) -> Iterator[Row]:
        """Every record.

        Raises:
            FileRefused: an open quote, a cell or a line that is too long, too many rows.
        """
        lines = _Lines(self)
        csv.field_size_limit(limits.MAX_FIELD)
        # Not strict, an open quote swallows what follows, and ends at the next quote or at the end of the file.
        reader = csv.reader(lines.ended_by_mark(), delimiter=self.delimiter, strict=True)
        line, count = 1, 0
        while True:
            try:
                for cells in reader:
                    if lines.ended:
                        self.file.check()
                        return
                    yield Row(line, tuple(cells))
                    line = reader.line_num + 1
                    count += 1
                    if count > limits.MAX_ROWS:
                        raise self.file.refused(f"has more than {limits.MAX_ROWS:,} rows", "split it")
            except csv.Error as error:
                yield Row(line, self._mended(lines, error, line, reader.line_num))
                line = reader.line_num + 1

    def _mended(self, lines: _Lines, error: csv.Error, first: int, last: int) -> tuple[str, ...]:
        """The cells of a row of one line with a quote inside quotes: `"a 5" pipe",b`.

        Raises:
            FileRefused: the row has several lines, some of which a quote may have swallowed; or a cell is too long.
        """
        if str(error).startswith("field larger"):
            hint = f"a quote may be open; a cell may have {limits.MAX_FIELD >> 20} million characters"
            raise self.file.refused(f"cannot be read: {error}", hint, line=first) from None
        cells = next(csv.reader([lines.last, _END], delimiter=self.delimiter))
        if lines.ended or last > first or _END in cells[-1]:
            raise self.file.refused(
                "a quote opened in this row is never closed, or stands inside a cell",
                "close it, or write it twice, and try again",
                line=first,
            ) from None
        return tuple(cells)

    def lines(self) -> Iterator[str]:
        """Its lines with their ends.

        Raises:
            FileRefused: a line is too long, or the file was changed.
        """
        with self.file.open() as binary:
            for number, line in enumerate(self._decoded(binary), 1):
                if len(line) >= limits.MAX_LINE:
                    raise self.file.refused(
                        f"is longer than {limits.MAX_LINE >> 20} million characters", "it is no list", line=number
                    )
                yield line

    def _decoded(self, binary: BinaryIO) -> Iterator[str]:
        if self.encoding == MIXED:
            for _, line in _byte_lines(binary):
                yield _either(line)
            return
        try:
            with io.TextIOWrapper(binary, "utf-8" if self.encoding == TWICE else self.encoding, newline="") as stream:
                lines = iter(partial(stream.readline, limits.MAX_LINE), "")
                yield from map(repaired, lines) if self.encoding == TWICE else lines
        except UnicodeError:
            # All of it could be decoded when it was looked at.
            raise self.file.changed() from None


class _Lines:
    """The lines of a table; knows the last one that was given, and whether they have ended."""

    def __init__(self, table: _Table) -> None:
        self.table = table
        self.ended = False
        self.last = ""

    def ended_by_mark(self) -> Iterator[str]:
        lines = self.table.lines()
        if self.table.separator_line:
            # The line becomes a blank one, so that the others keep their numbers.
            next(lines)
            yield "\n"
        for line in lines:
            self.last = line
            yield line
        self.ended = True
        yield _END


def _start(table: _Table) -> list[str]:
    """The first lines, as the delimiter is told from them: 50 with text, and no more than 64 KB."""
    found: list[str] = []
    size = 0
    for line in islice((line for line in table.lines() if line.strip()), 50):
        found.append(line[: _START - size])
        size += len(found[-1])
        if size >= _START:
            break
    return found


def _separator(line: str) -> str:
    # "sep=;" in the first line is an instruction to a spreadsheet program.
    return line[4] if line[:4].lower() == "sep=" and line[4:5] in DELIMITERS and line[5:].strip() == "" else ""


# -------------------------------------------------------------------- the encoding


def _examine(file: InputFile, asked: str, progress: Progress | None) -> _Encoding:
    """Read a file once: its digest, its encoding, and what is odd about its text."""
    name = "utf-8" if asked in {MIXED, TWICE} else asked or guess_encoding(file.start)
    try:
        b"x".decode(name, "replace")
        decoder = codecs.getincrementaldecoder(name)()
    except (LookupError, ValueError, UnicodeError):
        raise ConfigError(f"{asked!r} is no encoding", "such as utf-8, cp1252, mac_roman, latin-1 or utf-16") from None
    fault: UnicodeError | None = None
    doubled, feeds, returns = "", 0, 0
    for block in file.blocks(progress):
        feeds, returns = feeds + block.count(b"\n"), returns + block.count(b"\r")
        if fault is None:
            try:
                text = decoder.decode(block)
            except UnicodeError as error:
                fault = error
            else:
                doubled = doubled or _doubled_word(text)
    if fault is None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            fault = error
    found = _Encoding(asked or name, line_ends=max(feeds, returns))
    if fault is not None and asked != MIXED:
        if asked or not name.startswith("utf-8"):
            raise _undecodable(file, name, fault, asked=bool(asked))
        _by_lines(file, found)
    elif doubled and asked != TWICE:
        found.notes.append(
            f"the text looks damaged: {doubled!r} may have been {repaired(doubled)!r}; "
            f'it is read as it is, and mended with the encoding "{TWICE}"'
        )
    _refuse_binary(file, found.name)
    return found


def _doubled_word(text: str) -> str:
    """The first word of a text that seems to be UTF-8 taken for something else."""
    found = None if text.isascii() else _DOUBLED.search(text)
    if found is None or repaired(found[0]) == found[0]:
        return ""
    before, after = re.search(r"\w*$", text[: found.start()]), re.match(r"\w*", text[found.end() :])
    return (before[0][-20:] if before else "") + found[0] + (after[0][:20] if after else "")


def _undecodable(file: InputFile, name: str, fault: UnicodeError, *, asked: bool) -> Exception:
    if not asked:
        return file.refused("is binary, not a text file", "export the list as CSV and import that")
    return file.refused(f"cannot be read as {name}: {getattr(fault, 'reason', fault)}",
                        "name its encoding with --encoding")  # fmt: skip


def _by_lines(file: InputFile, found: _Encoding) -> None:
    """Tell a file in Windows-1252 from one that is UTF-8 but for some lines."""
    utf8, other, numbers = 0, 0, list[int]()
    neither: tuple[int, int] | None = None
    of_a_mac = ""
    with file.open() as binary:
        for number, line in _byte_lines(binary):
            if line.isascii():
                continue
            if _is_utf8(line):
                utf8 += 1
                continue
            other += 1
            if len(numbers) < 5:
                numbers.append(number)
            try:
                text = line.decode("cp1252")
            except UnicodeDecodeError as error:
                neither = neither or (number, line[error.start])
            else:
                of_a_mac = of_a_mac or next(iter(_OF_A_MAC.findall(text)), "")
    if neither is not None:
        _refuse_binary(file, "latin-1")
        raise file.refused(
            f"byte 0x{neither[1]:02x} is text neither in UTF-8 nor in Windows-1252",
            "name its encoding with --encoding, such as mac_roman",
            line=neither[0],
        )
    if found.name == "utf-8" and (not utf8 or utf8 * _CHANCE < other):
        found.name = "cp1252"
    else:
        found.name = MIXED
        lines = ", ".join(map(str, numbers)) + (" ..." if other > len(numbers) else "")
        what = f"line {lines} is" if other == 1 else f"{other:,} lines are"
        found.notes.append(f"{what} not UTF-8 and read as cp1252" + (f": {lines}" if other > 1 else ""))
    if of_a_mac:
        found.notes.append(f"{of_a_mac!r} is no spelling: if the file comes from an old Mac, its encoding is mac_roman")


def _byte_lines(binary: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number, line with its end): lines end as `newline=""` has it, in LF, CR or both."""
    rest, number = b"", 0
    while block := binary.readline(_PIECE):
        lines = (rest + block).splitlines(keepends=True)
        # A piece without LF at its end may go on, or its CR be half of a line end.
        rest = b"" if block.endswith(b"\n") else lines.pop()
        if len(rest) >= limits.MAX_LINE:
            lines.append(rest)
            rest = b""
        for line in lines:
            number += 1
            yield number, line
    if rest:
        yield number + 1, rest


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _either(line: bytes) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        # A mark that begins the file says UTF-8, and is no text.
        return line.decode("cp1252", "replace")
    return text.removeprefix("\ufeff")


def _refuse_binary(file: InputFile, encoding: str) -> None:
    if is_binary(file.start, {MIXED: "cp1252", TWICE: "utf-8"}.get(encoding, encoding)):
        raise file.refused("is binary, not a text file", "export the list as CSV and import that")
