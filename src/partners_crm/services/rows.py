"""What is said of a row of a file that is read, and how the row is kept in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

VALUE_SHOWN = 80
"""Characters of a cell that a problem quotes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be taken."""

    line: int
    """Line on which it starts; the first line of the file is 1."""
    column: str
    value: str
    reason: str
    hint: str = ""

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


def kept_cells(headers: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by the name of their column, or by its number; half characters escaped, for they cannot be stored."""
    found: dict[str, str] = {}
    for number, cell in enumerate(cells):
        header = headers[number] if number < len(headers) else ""
        name = header if header and header not in found else f"{header} column {number + 1}".strip()
        text, key = (each.encode("utf-8", "backslashreplace").decode() for each in (cell, name))
        found[key] = text
    return found
