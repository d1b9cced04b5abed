"""The program that reads a workbook for `workbooks`, and may die of it.

It has little memory, little time, no environment and no file but the workbook and an unnamed one for the rows. It
answers orders, one a line, each with one line of JSON: `{"look": 2}` with the first rows of the third sheet,
`{"take": 2}` when the rows of that sheet are in the unnamed file. What it finds wrong is an answer too:
`{"refused": "..."}`.

Everything that comes out is text: a number without a trailing `.0`, with an exponent where it has more than the 15
digits that a workbook keeps; a date in ISO form; yes and no; nothing for a formula without a value, and for an error.
"""

from __future__ import annotations

import csv
import json
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from partners_crm.plugins import limits
from partners_crm_tabular import workbook_parts
from partners_crm_tabular.limits import CHILD_BYTES, MAX_SPOOL

LOOKED_AT = 60
"""Rows of a sheet that are shown to tell its header."""
_SHOWN = 2_000
"""Characters of a cell that are shown for that."""


class Refused(Exception):
    """What is wrong with the workbook, in words."""


def main() -> None:
    """Answer orders until there are none; the job is the last argument."""
    job = json.loads(sys.argv[-1])
    _limit(int(job["seconds"]))
    try:
        reader = _Reader(job)
        answer = reader.sheets()
        while True:
            _answer(answer)
            order = sys.stdin.readline()
            if not order:
                return
            answer = reader.obey(json.loads(order))
    except Exception as error:  # whatever it is, it is about this file, and the parent says so in one line
        _answer({"refused": _said(error)})


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _limit(seconds: int) -> None:
    # Written to a full file, an error comes back instead of a signal.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for kind, limit in (
        (resource.RLIMIT_AS, CHILD_BYTES),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, MAX_SPOOL),
        (resource.RLIMIT_CORE, 0),
    ):
        # Not every system has every limit; the parent keeps the time as well.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit, limit))


def _said(error: Exception) -> str:
    if isinstance(error, Refused | workbook_parts.PartRefused):
        return str(error)
    if isinstance(error, PasswordError):
        return "is encrypted with a password"
    if isinstance(error, MemoryError):
        return f"needs more than {CHILD_BYTES >> 20} MB of memory to be read"
    if isinstance(error, OSError) and not isinstance(error, CalamineError):
        return f"cannot be read: {error.strerror or error}"
    return f"cannot be read as a workbook: {' '.join(str(error).split())[:200] or type(error).__name__}"


class _Reader:
    def __init__(self, job: dict[str, Any]) -> None:
        self.path = str(job["path"])
        self.spool = int(job["spool"])
        self.flags = bool(job["flags"])
        self.parts = workbook_parts.open_parts(self.path)
        self.workbook = CalamineWorkbook.from_path(self.path)
        self.parsed: tuple[int, CalamineSheet] | None = None

    def sheets(self) -> dict[str, Any]:
        """The worksheets, and the year with which days begin."""
        found = [
            {"place": place, "name": each.name, "visible": each.visible == SheetVisibleEnum.Visible}
            for place, each in enumerate(self.workbook.sheets_metadata)
            if each.typ == SheetTypeEnum.WorkSheet
        ]
        return {"sheets": found, "epoch": self.parts.epoch if self.parts else 1900}

    def obey(self, order: dict[str, int]) -> dict[str, Any]:
        """Show the first rows of a sheet, or write all of it out."""
        return self._look(order["look"]) if "look" in order else self._take(order["take"])

    def _look(self, place: int) -> dict[str, Any]:
        sheet = self._sheet(place)
        head: list[tuple[int, list[str]]] = []
        for line, cells, _ in _rows(sheet):
            head.append((line, [cell[:_SHOWN] for cell in cells]))
            if len(head) == LOOKED_AT:
                break
        last = head[-1][0] if head else 0
        merged = [
            (top + 1, left, bottom + 1, right)
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
            if top < last and right > left
        ]
        return {"head": head, "merged": merged[:1000], "rows": sheet.height}

    def _take(self, place: int) -> dict[str, Any]:
        sheet = self._sheet(place)
        marks: dict[int, list[str]] = {}
        if self.flags and self.parts:
            marks = self.parts.marks(self.workbook.sheet_names[place])
        count = filled = 0
        with open(self.spool, "w", encoding="utf-8", errors="surrogatepass", newline="", closefd=False) as stream:
            write = csv.writer(stream).writerow
            for line, cells, copied in _rows(sheet):
                write([line, " ".join(marks.get(line, ())), *cells])
                count += 1
                filled += copied
        self.parsed = None
        return {"rows": count, "filled": filled, "flags": bool(self.parts) if self.flags else True}

    def _sheet(self, place: int) -> CalamineSheet:
        if self.parsed is not None and self.parsed[0] == place:
            return self.parsed[1]
        self.parsed = None
        sheet = self.workbook.get_sheet_by_index(place)
        if sheet.end is not None and sheet.end[0] >= limits.MAX_ROWS:
            raise Refused(
                f"sheet {sheet.name!r} has more than {limits.MAX_ROWS:,} rows: a cell stands far below the data"
            )
        self.parsed = place, sheet
        return sheet


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str], int]]:
    """(number, cells, how many of them were filled from above) of each row with text."""
    top, left = sheet.start or (0, 0)
    before = [""] * left
    below: dict[int, tuple[int, str]] = {}
    """By column: the last row of merged cells, and their text."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        if last > first:
            starts.setdefault(first, []).append((column, last))
    for number, values in enumerate(sheet.iter_rows(), top):
        cells = before + [value if type(value) is str else _text(value) for value in values]
        copied = _fill(number, cells, below) if below else 0
        for column, last in starts.get(number, ()):
            if column < len(cells) and cells[column]:
                below[column] = last, cells[column]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > limits.MAX_COLUMNS:
            raise Refused(f"row {number + 1} of sheet {sheet.name!r} has more than {limits.MAX_COLUMNS} columns")
        if cells:
            if max(map(len, cells)) > limits.MAX_FIELD:
                raise Refused(
                    f"row {number + 1} of sheet {sheet.name!r} has a cell of more than {limits.MAX_FIELD:,} characters"
                )
            yield number + 1, cells, copied


def _fill(number: int, cells: list[str], below: dict[int, tuple[int, str]]) -> int:
    # Down only: a text merged across columns belongs to the first of them.
    copied = 0
    for column, (last, text) in list(below.items()):
        if number > last:
            del below[column]
        elif column < len(cells) and not cells[column]:
            cells[column] = text
            copied += 1
    return copied


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else f"{Decimal(value).normalize():E}"
    if isinstance(value, datetime):
        value = _to_the_second(value)
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("seconds")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return "" if value is None else str(value)


def number_text(value: float) -> str:
    """A number as a person would have typed it: 60612.0 gives 60612, 1.234567890123456e+19 gives 1.23456789012346E+19.

    Nothing for what is no number.
    """
    if value != value or value in {float("inf"), float("-inf")}:
        return ""
    if abs(value) >= 1e15:
        # The workbook has lost digits: the exponent says so, and whoever needs all of them can refuse.
        return f"{Decimal(f'{value:.15g}'):E}"
    if value == int(value):
        return str(int(value))
    short = f"{value:.15g}"
    return format(Decimal(short), "f") if "e" in short and abs(value) > 1e-12 else short


def _to_the_second(value: datetime) -> datetime:
    # A time of day is a fraction of a day: 23:59:59.9999 was typed as midnight.
    with suppress(OverflowError):
        value += timedelta(microseconds=500_000)
    return value.replace(microsecond=0)
