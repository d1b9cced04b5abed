"""What the command prints: data to stdout, words to stderr, and no character from data that a terminal acts on."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from partners_crm.normalize.text import show

FORMATS = ("table", "json", "csv")
_NO_CELL = frozenset({"Mn", "Me", "Cf"})


def say(text: str) -> None:
    """A line for the person, to stderr."""
    print(show(text), file=sys.stderr)


def out(text: str = "") -> None:
    """A line of data, to stdout."""
    print(show(text))


def out_json(value: Any) -> None:
    """One JSON document; every character outside ASCII is escaped, so it is safe on any terminal and in any locale."""
    import json  # most commands print a table

    print(json.dumps(value, indent=2, ensure_ascii=True))


def out_csv(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A CSV table whose cells no spreadsheet takes for a formula; every cell is quoted."""
    import csv
    import io

    from partners_crm.normalize.neutral import neutral

    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headers)
    for row in rows:
        writer.writerow([neutral("" if cell is None else str(cell)) for cell in row])
    text = buffer.getvalue()
    if sys.stdout.isatty():
        text = "\n".join(show(line, limit=100_000) for line in text.splitlines()) + "\n"
    sys.stdout.write(text)


def out_table(labels: Sequence[str], rows: Iterable[Sequence[Any]], right: frozenset[int] = frozenset()) -> None:
    """A table of plain text; columns numbered in `right` are aligned to the right."""
    room = _room()
    cells = [[show("" if cell is None else cell, limit=200) for cell in row] for row in rows]
    widths = [max([width(label), *(width(row[number]) for row in cells)]) for number, label in enumerate(labels)]
    for row in [list(labels), ["-" * size for size in widths], *cells]:
        line = "  ".join(_padded(cell, widths[number], number in right) for number, cell in enumerate(row))
        print(_clipped(line.rstrip(), room))


def _room() -> int:
    """Cells of a line on a terminal; 0, no limit, where the output goes elsewhere."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0
    except (OSError, ValueError, AttributeError):
        return 0


def _clipped(line: str, room: int) -> str:
    if not room or width(line) <= room:
        return line
    while width(line) >= room:
        line = line[: -max(1, (width(line) - room) // 2)]
    return line + "…"


def width(text: str) -> int:
    """Terminal cells of a text: wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(letter) in _NO_CELL else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _padded(text: str, size: int, right: bool) -> str:
    blanks = " " * (size - width(text))
    return blanks + text if right else text + blanks
