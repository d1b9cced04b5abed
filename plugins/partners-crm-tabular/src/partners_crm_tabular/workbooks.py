"""Reading a workbook in a child process: a hostile one can cost the child its life, and the parent one line.

Before the child is started, the directory of the file is looked at, and nothing is unpacked: a part may lie about its
size, and then the child has too little memory for it.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from partners_crm.errors import CannotDecide, ConfigError
from partners_crm.plugins import (
    NO_MARKS,
    InputFile,
    Known,
    Merge,
    Progress,
    Reading,
    ReadOptions,
    Row,
    Spool,
    find_header,
)
from partners_crm.plugins import limits as of_files
from partners_crm_tabular import limits
from partners_crm_tabular.recognizing import OLE

_AS_CSV = "open it in a spreadsheet program and save the sheet as CSV"
_AS_NEW = "open it in a spreadsheet program and save it again as .xlsx"
_TICK = 0.05
_SLOW = 4
"""How many times longer than its processor time a child may take: the machine has other work."""
_END_RECORD = struct.Struct("<4s4H2LH")
_ENTRY = 46
"""Bytes of the directory that a part takes at least."""
_CODE = """\
import sys
sys.path += sys.argv[1:-1]
from partners_crm_tabular.workbook_child import main
main()
"""


def read_workbook(file: InputFile, options: ReadOptions, known: Known, progress: Progress | None) -> Reading:
    """How a workbook is read: one of its sheets, which lies unpacked in a private file.

    Raises:
        ConfigError: an encoding or a delimiter is named.
        FileRefused: it is no workbook, damaged, encrypted, or beyond a limit; there is no such sheet.
        CannotDecide: no child can be started.
    """
    if options.encoding or options.delimiter:
        raise ConfigError(f"{file.path} is a workbook: it has no encoding or delimiter to choose")
    inflated = check_before(file)
    for _ in file.blocks(progress):
        pass
    spool = Spool()
    try:
        with _Child(file, spool, inflated, options, progress) as child:
            return _read(child, options, known)
    except BaseException:
        spool.close()
        raise


def check_before(file: InputFile) -> int:
    """Refuse by its directory alone what is no workbook or too large; gives its size unpacked, in bytes.

    Raises:
        FileRefused: why.
    """
    if file.start.startswith(OLE):
        return _check_old(file)
    try:
        with file.open() as stream:
            _check_directory(file, stream.seek(max(0, file.size - 66_000)), stream.read())
            stream.seek(0)
            with zipfile.ZipFile(stream) as archive:
                parts = archive.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, EOFError, OverflowError):
        raise file.refused("looks like a workbook or another zip file, and is damaged or cut off", _AS_NEW) from None
    names = {part.filename for part in parts}
    if any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise file.refused("is a zip file with a part outside of it: no spreadsheet program writes that")
    inflated = sum(part.file_size for part in parts)
    if inflated > limits.MAX_INFLATED:
        raise file.refused(f"holds more than {limits.MAX_INFLATED // 1_000_000} MB when unpacked", _AS_CSV)
    if inflated > limits.RATIO_FROM and inflated > limits.MAX_RATIO * file.size:
        raise file.refused(f"becomes more than {limits.MAX_RATIO} times larger when unpacked", _AS_CSV)
    _check_kind(file, names)
    if any(part.flag_bits & 1 for part in parts):
        raise file.refused("is encrypted with a password", "save it without one")
    return inflated


def _check_directory(file: InputFile, before: int, tail: bytes) -> None:
    """Look at the last record of a zip file before its directory is loaded: there may be millions of parts in it."""
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise zipfile.BadZipFile
    _, _, _, _, count, size, at, _ = _END_RECORD.unpack_from(tail, place)
    # The larger form of the record repeats the numbers that do not fit, and no workbook needs it.
    if count > limits.MAX_PARTS or size > limits.MAX_PARTS * (_ENTRY + 500):
        raise file.refused(f"has more than {limits.MAX_PARTS:,} parts", _AS_CSV)
    if at + size > before + place:
        raise zipfile.BadZipFile


def _check_kind(file: InputFile, names: set[str]) -> None:
    for inside, what in (
        ("word/", "is a text document (.docx)"),
        ("ppt/", "is a presentation (.pptx)"),
        ("Index/", "is a spreadsheet of Apple Numbers"),
    ):
        if any(name.startswith(inside) for name in names):
            raise file.refused(what, "save its table as .xlsx or CSV")
    if not names & {"[Content_Types].xml", "content.xml"}:
        raise file.refused("is a zip file without a workbook in it", "unpack it first")


def _check_old(file: InputFile) -> int:
    """Tell an old workbook from the other files that Office wraps the same way, by names in its directory."""
    found: set[str] = set()
    names = ("EncryptedPackage", "Workbook", "Book")
    rest = b""
    with file.open() as stream:
        while block := stream.read(1 << 20):
            found |= {name for name in names if name.encode("utf-16-le") in rest + block}
            rest = block[-64:]
    if "EncryptedPackage" in found:
        raise file.refused("is encrypted with a password", "save it without one")
    if not found:
        raise file.refused("looks like an old workbook (.xls), and holds no sheet", _AS_NEW)
    return file.size


def _read(child: _Child, options: ReadOptions, known: Known) -> Reading:
    about = child.answer()
    sheets = about["sheets"]
    place, looked, notes = _choose(child, sheets, options.sheet, known)
    name = next(each["name"] for each in sheets if each["place"] == place)
    taken = child.ask({"take": place})
    if taken["filled"]:
        notes.append(f"{taken['filled']:,} merged cell{'s' if taken['filled'] > 1 else ''} filled down")
    if not taken["flags"]:
        notes.append("strike-out and colours are read from .xlsx and .xlsm only")
    child.file.check()
    spool, file = child.spool, child.file

    def close() -> None:
        spool.close()
        file.close()

    return Reading(
        described=f'workbook, sheet "{name}"',
        records=lambda: spooled_rows(spool),
        epoch=1904 if about["epoch"] == 1904 else 1900,
        notes=tuple(notes),
        merged=_merged(looked),
        about=int(looked["rows"]),
        close=close,
    )


def _choose(
    child: _Child, sheets: list[dict[str, Any]], wanted: str, known: Known
) -> tuple[int, dict[str, Any], list[str]]:
    """(place, first look, notes) of the sheet to read: the one wanted, else the one whose header is known best."""
    if wanted:
        named = [each for each in sheets if each["name"] == wanted]
        named = named or [each for each in sheets if each["name"].casefold() == wanted.casefold()]
        if not named and wanted.isdecimal() and 1 <= int(wanted) <= len(sheets):
            named = [sheets[int(wanted) - 1]]
        if not named:
            names = ", ".join(f'"{each["name"]}"' for each in sheets)
            raise child.file.refused(f"has no sheet {wanted!r}", f"its sheets: {names}")
        looked = child.ask({"look": named[0]["place"]})
        if not looked["head"]:
            raise child.file.refused(f"sheet {named[0]['name']!r} is empty", "name another sheet with --sheet")
        return int(named[0]["place"]), looked, []
    found: list[tuple[tuple[int, int, int], dict[str, Any]]] = []
    # The child keeps the sheet that it looked at last: most often the first one is taken.
    for each in reversed([each for each in sheets if each["visible"]]):
        looked = child.ask({"look": each["place"]})
        if rows := _head(looked):
            header = find_header(rows, known)
            found.append(((header.known, header.filled if not header.known else 0, -each["place"]), looked))
    if not found:
        hidden = any(not each["visible"] for each in sheets)
        raise child.file.refused("is empty", "name a hidden sheet with --sheet" if hidden else "export the list again")
    best, looked = max(found, key=lambda pair: pair[0])
    place = -best[2]
    others = [each for each in sheets if each["place"] != place]
    return place, looked, [_unread(others)] if others else []


def _unread(others: list[dict[str, Any]]) -> str:
    names = ", ".join(f'"{each["name"]}"' + ("" if each["visible"] else " (hidden)") for each in others)
    return f"sheet{'s' if len(others) > 1 else ''} not read: {names}"


def _head(looked: dict[str, Any]) -> list[Row]:
    return [Row(line, tuple(cells)) for line, cells in looked["head"] if any(map(str.strip, cells))][:25]


def _merged(looked: dict[str, Any]) -> tuple[Merge, ...]:
    return tuple((top, left, bottom, right) for top, left, bottom, right in looked["merged"])


def spooled_rows(spool: Spool) -> Iterator[Row]:
    """The rows that a child wrote, and the blank ones between them."""
    csv.field_size_limit(of_files.MAX_FIELD)
    expected = 1
    with io.TextIOWrapper(spool.open(), "utf-8", "surrogatepass", newline="") as stream:
        for number, marks, *cells in csv.reader(stream):
            line = int(number)
            for blank in range(expected, line):
                yield Row(blank, ())
            expected = line + 1
            yield Row(line, tuple(cells), frozenset(marks.split()) if marks else NO_MARKS)


class _Child:
    """The program that reads; it does not outlive the `with` block."""

    def __init__(
        self, file: InputFile, spool: Spool, inflated: int, options: ReadOptions, progress: Progress | None
    ) -> None:
        self.file = file
        self.spool = spool
        self.progress = progress
        self.seconds = round(limits.CHILD_SECONDS + limits.CHILD_SECONDS_PER_MB * inflated / 1_000_000)
        self.deadline = time.monotonic() + _SLOW * self.seconds
        self._text = b""
        descriptor, self._let_go = file.held()
        # Without a name there is no suffix either: the reader goes by the bytes.
        job = {
            "path": f"/dev/fd/{descriptor}",
            "spool": spool.descriptor,
            "flags": options.flags,
            "seconds": self.seconds,
        }
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the child
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", _CODE, *_roots(), json.dumps(job)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=_environment(),
                cwd="/",
                pass_fds=[spool.descriptor, descriptor],
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            self._let_go()
            raise CannotDecide(f"{file.path}: the reader of workbooks cannot be started: {error.strerror}") from None

    def __enter__(self) -> _Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()
        self._errors.close()
        self._let_go()

    def ask(self, order: dict[str, int]) -> dict[str, Any]:
        """Give an order and wait for the answer.

        Raises:
            FileRefused: the child refuses the workbook, has died, or takes too long.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._died()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Wait for a line; the limits of `ask` hold."""
        assert self._process.stdout is not None
        source = self._process.stdout.fileno()
        while b"\n" not in self._text:
            ready, _, _ = select.select([source], [], [], _TICK)
            if self.progress is not None:
                self.progress(self.file.size, self.file.size)
            if ready:
                block = os.read(source, 1 << 16)
                if not block:
                    self._died()
                self._text += block
            elif time.monotonic() > self.deadline:
                raise self.file.refused(f"takes longer than {self.seconds} s to be read", _AS_CSV)
        line, _, self._text = self._text.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise self.file.refused(str(answer["refused"]), _AS_NEW)
        return answer

    def _died(self) -> NoReturn:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read(65_536).decode("utf-8", "replace")
        if code in {-signal.SIGXCPU, -signal.SIGKILL}:
            raise self.file.refused(f"takes longer than {self.seconds} s to be read", _AS_CSV)
        if "memory" in said or "MemoryError" in said:
            raise self.file.refused(
                f"needs more than {limits.CHILD_BYTES >> 20} MB of memory to be read: "
                "a cell may stand far outside the data",
                _AS_CSV,
            )
        last = (said.strip().splitlines() or [f"code {code}"])[-1][:200]
        raise self.file.refused(f"cannot be read as a workbook: its reader has died ({last})", _AS_CSV)


def _roots() -> list[str]:
    """Where the child finds this package, the program's and the one that reads: it looks nowhere else."""
    found = {str(Path(__file__).parents[1]): None}
    for name in ("partners_crm", "python_calamine"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            found[str(Path(spec.origin).parents[1])] = None
    return list(found)


def _environment() -> dict[str, str]:
    # Nothing of ours is the child's business; without these two, some builds of Python do not start.
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
