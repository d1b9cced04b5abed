"""What is said of a row of a file that is read, and how the row is kept in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

VALUE_SHOWN = 80
"""Characters of a cell that a problem quotes."""
COMPUTED = "list: "
"""Before the header of a column that an export computed from other records, and that no import takes for data."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be taken, or a remark about one that was."""

    line: int
    """Line on which it starts; the first line of the file is 1."""
    column: str
    value: str
    reason: str
    hint: str = ""
    serious: bool = False
    """Of a remark: somebody should look, for the cell says something that was not taken."""

    def described(self, file: str) -> str:
        """file:line: column: what, why, what to do."""
        words = " ".join(filter(None, (repr(self.value[:VALUE_SHOWN]) if self.value else "", self.reason)))
        parts = ": ".join(filter(None, (f"{file}:{self.line}", self.column, words)))
        return f"{parts} ({self.hint})" if self.hint else parts


class Refusal(Exception):
    """Why a row cannot be taken; caught where the rows are read."""

    def __init__(self, column: str, value: str, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.column = column
        self.value = value
        self.reason = reason
        self.hint = hint

    def at(self, line: int) -> Problem:
        """The problem of the row on a line."""
        return Problem(line, self.column, self.value, self.reason, self.hint)


def column_names(headers: Sequence[str]) -> list[str]:
    """A name for each column, unlike all others: its header; a repeated or empty one goes by the column number."""
    taken = set(headers)
    names: list[str] = []
    seen: set[str] = set()
    for number, header in enumerate(headers, 1):
        name, place = header, number
        if not header or header in seen:
            while (name := f"{header} column {place}".strip()) in taken:
                place += 1
        names.append(name)
        taken.add(name)
        seen.add(header)
    return names


def kept_cells(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by the name of their column; a cell beyond them goes by its number.

    A lone surrogate cannot be stored as UTF-8: the cell is kept in escaped form.
    """
    found = dict(zip(names, cells, strict=False))
    for number in range(len(names), len(cells)):
        found[f"column {number + 1}"] = cells[number]
    return {
        key if key.isascii() else _escaped(key): text if text.isascii() else _escaped(text)
        for key, text in found.items()
    }


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
