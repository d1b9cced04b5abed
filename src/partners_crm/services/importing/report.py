"""What an import did, or would do: the rows, the columns, the records, and what a person should know first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from partners_crm.normalize.text import ranges
from partners_crm.services.importing.cells import is_blank
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.steps import RowResult
from partners_crm.services.rows import Problem

MAJOR_SHARE = 0.3
"""The share of the rows in which one field gives way to the file before that is a headline."""
_COMPARABLE = 4
"""A file of less than a quarter of the organizations that are known may well hold none of them."""
Outcome = Literal["new", "changed", "same", "rejected"]
OUTCOMES: tuple[Outcome, ...] = ("new", "changed", "same", "rejected")


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """What became of the cells of one column; together they are the rows of the file."""

    header: str
    target: str
    """As written in a saved mapping; "" for a column that means nothing."""
    meaning: str
    """In words."""
    reason: str
    """Why it was taken for that."""
    written: int
    known: int
    """Cells that said what is known, or another thing than what is known and was kept."""
    ignored: int
    """Cells from which nothing was taken, of a column that means nothing, or of a rejected row: they stay in the source
    rows."""
    blank: int
    replaced: int
    """Of those written: cells that took the place of another value."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that stayed out, as it came."""

    cells: tuple[str, ...]
    problem: Problem


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    file: str
    described: str
    """How the file was read: encoding and delimiter, or the worksheet."""
    notes: tuple[str, ...]
    """What was done while reading: merged cells filled down, titles left out."""
    rows: int
    """Rows that speak of somebody: new + changed + same + rejected."""
    new: int
    """Rows that brought a new organization, or a new contact where they name no organization."""
    changed: int
    """Rows about what was known, from the database or an earlier row, that added something."""
    same: int
    """Rows that said nothing new."""
    rejected: int
    unchanged: int
    """Of the same ones: rows that were imported before, word for word, and were not looked at again."""
    left_out: int
    """Blank rows, totals, repeated headers and footnotes, not counted above."""
    changes: int
    """Records added or changed; 0 when the file says nothing new."""
    records: tuple[tuple[str, int], ...]
    """(entity in the plural, how many were added), assignments to districts included."""
    filled: int
    """Stored records that were changed."""
    headline: str
    """What should be read first: "MAJOR: ..." or "NO IMPACT: ..."; else ""."""
    columns: tuple[ColumnReport, ...]
    lines: dict[str, tuple[int, ...]] = field(repr=False)
    """The rows behind each number: lines by outcome."""
    problems: tuple[Problem, ...] = field(repr=False)
    remarks: tuple[Problem, ...] = field(repr=False)
    headers: tuple[str, ...] = field(repr=False)
    rejects: tuple[RejectedRow, ...] = field(repr=False)
    operation: int | None
    """Id of the operation; None when nothing was written."""
    preview: bool
    sha256: str
    """Of the file, in hexadecimal."""
    mapping: ColumnMapping = field(repr=False)

    @property
    def unmapped(self) -> tuple[str, ...]:
        """Headers of columns that are kept in the source rows only."""
        return tuple(each.header for each in self.columns if not each.target and each.header)

    @property
    def mapped(self) -> tuple[tuple[str, str], ...]:
        """(header, what it means) of each column that was understood."""
        return tuple((each.header, each.meaning) for each in self.columns if each.target)

    @property
    def serious(self) -> int:
        """How many rows a person should look at: the rejected ones, and those with a remark that asks for it."""
        return len({each.line for each in (*self.problems, *(each for each in self.remarks if each.serious))})


class Tally:
    """Counts rows and cells while an import goes on."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        size = len(mapping.headers)
        self.lines: dict[str, list[int]] = {outcome: [] for outcome in OUTCOMES}
        self.unchanged = 0
        self.left_out = 0
        self._counts: list[Counter[str]] = [Counter() for _ in range(size)]
        self._is_mapped = [use.target is not None for use in mapping.uses]
        self._names = {number for number, use in enumerate(mapping.uses) if use.target and use.target.name == "name"}

    @property
    def rows(self) -> int:
        """Rows so far."""
        return sum(map(len, self.lines.values()))

    def row(self, result: RowResult) -> None:
        """Count a row that was planned."""
        self.lines[result.outcome].append(result.row.line)
        is_rejected = result.outcome == "rejected"
        self._cells(result.row.cells, result.wrote, rejected=is_rejected, unread=result.row.unread)

    def row_unchanged(self, line: int, cells: Sequence[str]) -> None:
        """Count a row that was imported before, word for word."""
        self.lines["same"].append(line)
        self.unchanged += 1
        self._cells(cells, (), rejected=False)

    def _cells(
        self, cells: Sequence[str], wrote: Iterable[int], *, rejected: bool, unread: Set[int] = frozenset()
    ) -> None:
        for number, is_mapped in enumerate(self._is_mapped):
            if (
                number >= len(cells)
                or not (cell := cells[number].strip())
                or (is_mapped and number not in self._names and is_blank(cell))
            ):
                self._counts[number]["blank"] += 1
            elif rejected or not is_mapped or number in unread:
                self._counts[number]["ignored"] += 1
            else:
                self._counts[number]["written" if number in wrote else "known"] += 1

    def columns(self, replaced: Counter[int]) -> tuple[ColumnReport, ...]:
        """What became of each column."""
        found = []
        for number, (header, use) in enumerate(zip(self.mapping.headers, self.mapping.uses, strict=True)):
            counts = self._counts[number]
            target = use.target
            found.append(
                ColumnReport(
                    header,
                    target.text if target else "",
                    target.described if target else "",
                    use.reason,
                    counts["written"],
                    counts["known"],
                    counts["ignored"],
                    counts["blank"],
                    replaced[number],
                )
            )
        return tuple(found)


def headline(tally: Tally, columns: Sequence[ColumnReport], known: int, changes: int) -> str:
    """What should be read first about an import into a coalition that knew so many organizations."""
    rows, new = tally.rows, len(tally.lines["new"])
    if rows and not changes:
        return "NO IMPACT: nothing would change" if not tally.lines["rejected"] else ""
    if known and rows > 1 and new == rows and _COMPARABLE * rows >= known:
        return f"MAJOR: {new:,} of {rows:,} rows are new: none of the {known:,} known organizations was recognised"
    most = max(columns, key=lambda each: each.replaced, default=None)
    if most is not None and most.replaced > 1 and most.replaced >= MAJOR_SHARE * rows:
        return f"MAJOR: {most.header} changes on {most.replaced:,} of {rows:,} rows"
    return ""


def report_json(report: ImportReport, mapping: Path | None = None) -> dict[str, Any]:
    """A report as plain data, with the place of its mapping; see `docs/reference/json.md`."""
    left_out = {"mapping", "rejects", "lines", "headers"}
    found = {each.name: getattr(report, each.name) for each in fields(report) if each.name not in left_out}
    for name in ("columns", "problems", "remarks"):
        found[name] = [asdict(each) for each in found[name]]
    return {
        "schema_version": 2,
        **found,
        "records": dict(report.records),
        "lines": {outcome: ranges(lines) for outcome, lines in report.lines.items()},
        "mapping": str(mapping or report.mapping.saved or ""),
        "fingerprint": report.mapping.fingerprint,
        "serious": report.serious,
    }
