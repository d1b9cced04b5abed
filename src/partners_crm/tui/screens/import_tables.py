"""What the tables of the import screen show: the numbers, the columns of the file, the rows behind a number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping, Sequence

from partners_crm.services.listing import Column
from partners_crm.tui.screens.import_work import Behind, ColumnRow, Number, Preview

STAYS = "stays in source rows"
"""What a column without a meaning becomes."""


class Places(ABC):
    """Rows whose ids are their places."""

    columns: Sequence[Column] = ()

    def __init__(self, size: int) -> None:
        self._size = size

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first places."""
        return range(min(limit, self._size))

    def all_ids(self) -> array[int]:
        """All places."""
        return array("q", range(self._size))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The cells of some places."""
        return {place: self.row(place) for place in ids}

    @abstractmethod
    def row(self, place: int) -> Sequence[str]:
        """The cells of one place."""


class NumberSource(Places):
    """The numbers of a preview; the head says what they add up to."""

    def __init__(self, seen: Preview | None = None) -> None:
        self.numbers: Sequence[Number] = seen.numbers if seen else ()
        super().__init__(len(self.numbers))
        what = "Records" if seen and seen.is_whole else "Rows"
        self.columns = (
            Column("title", f"{what} in the file", 18),
            Column("count", f"{seen.rows:,}" if seen and seen.report else "", 9, "right"),
        )

    def row(self, place: int) -> Sequence[str]:
        """Title and count."""
        number = self.numbers[place]
        return number.title, f"{number.count:,}"


class ColumnSource(Places):
    """The columns of the file, or the entities of a whole export."""

    def __init__(self, seen: Preview | None = None) -> None:
        self.found: Sequence[ColumnRow] = seen.columns if seen else ()
        super().__init__(len(self.found))
        self._is_whole = seen is not None and seen.is_whole
        if self._is_whole:
            heads = ("New", "Changed", "Same", "Rejected")
            self.columns = (Column("name", "Records", 24), *(Column(head, head, 8, "right") for head in heads))
        else:
            heads = ("Written", "Known", "Ignored", "Blank")
            self.columns = (
                Column("name", "Column", 18),
                Column("meaning", "Means", 22),
                *(Column(head, head, 7, "right") for head in heads),
                Column("reason", "Why", 20),
            )

    def row(self, place: int) -> Sequence[str]:
        """Name, meaning, what became of the cells, why."""
        each = self.found[place]
        counts = [f"{count:,}" for count in each.counts] or [""] * 4
        if self._is_whole:
            return each.name, *counts
        return each.name or "(no name)", each.meaning or STAYS, *counts, each.reason


class BehindSource(Places):
    """The rows behind a number."""

    def __init__(self, number: Number | None = None) -> None:
        self.found: Sequence[Behind] = number.rows if number else ()
        super().__init__(len(self.found))
        has_line = any(each.line for each in self.found)
        has_why = any(each.why for each in self.found)
        has_text = any(each.text for each in self.found)
        self._parts = (has_line, has_why, has_text)
        heads = (
            Column("line", "Line", 7, "right"),
            Column("why", "Why" if has_line else "What", 44),
            Column("text", "The row begins", 40),
        )
        shown = [head for head, has in zip(heads, self._parts, strict=True) if has]
        self.columns = tuple(shown) or heads[:1]

    def row(self, place: int) -> Sequence[str]:
        """Line, reason, the first cells: those that any row has."""
        each = self.found[place]
        parts = (f"{each.line:,}" if each.line else "", each.why, each.text)
        return [part for part, has in zip(parts, self._parts, strict=True) if has]
