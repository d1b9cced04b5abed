"""What the import screen has done in its worker: a preview with the rows behind each number, then the import of it.

A preview is a value. Nothing is held while somebody looks at it: no connection, no lock, no open file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from partners_crm.crm import Crm
from partners_crm.errors import FileRefused, PartnersError
from partners_crm.model import ENTITIES
from partners_crm.services.formats import Formats
from partners_crm.services.importing.applying import Options, mapping_of
from partners_crm.services.importing.cells import is_blank
from partners_crm.services.importing.keeping import keep
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.report import ImportReport, RejectedRow
from partners_crm.services.importing.sheets import Row, looks_whole, read_sheet
from partners_crm.services.importing.targets import is_known
from partners_crm.services.importing.whole import WholeReport, load_whole
from partners_crm.services.rows import VALUE_SHOWN, Problem, column_names

ROWS_KEPT = 2_000
"""Rows behind a number that are shown; the command prints the lines of all."""
SAMPLE = 500
"""Rows by whose cells the kind of an own field is guessed, and from which the examples come."""
EXAMPLES = 4
CELLS = 8
"""Cells of a row that are shown."""
CELL = 40
"""Characters of each of them."""
TOLD = 500
"""Rows between two words about the progress."""
LEFT_OUT = {"total": "a total", "header": "the header again", "footnote": "a footnote"}
"""The marks of rows that speak of nobody, in words."""
_SINGULAR = {table.entity.plural: table.entity.name for table in ENTITIES}


class Stopped(Exception):
    """The person stopped the work, which ends it before anything is written; caught in the worker."""


class Run:
    """One piece of work: how far it is, and whether it is to stop. Written by the worker, read by the screen."""

    def __init__(self, stage: str) -> None:
        self._told = (stage, 0, 0)
        self.is_stopped = False

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take a word about the progress.

        Raises:
            Stopped: the person has had enough.
        """
        self._told = (stage, done, total)
        if self.is_stopped:
            raise Stopped

    def lines(self, done: int, total: int) -> None:
        """Take a word about the progress through a whole export."""
        self("reading", done, total)

    def stop(self) -> None:
        """Let the work end at its next word."""
        self.is_stopped = True

    @property
    def told(self) -> str:
        """How far it is."""
        stage, done, total = self._told
        if self.is_stopped:
            return "stopping…"
        rows = f" {done:,}" + (f" of {total:,}" if total else "") + " rows" if done else "…"
        return stage + rows


class Behind(NamedTuple):
    """One row behind a number, or one remark."""

    line: int
    """0 for what stands on no line."""
    text: str
    """The first cells of the row."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """One of the numbers of a preview, with the rows behind it."""

    key: str
    title: str
    count: int
    sentence: str
    rows: tuple[Behind, ...] = ()
    """The first `ROWS_KEPT` of them."""


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file, what it is taken for and what became of its cells; or an entity of a whole export."""

    name: str
    meaning: str
    counts: tuple[int, ...] = ()
    """Written, known, ignored, blank; of an entity new, changed, same, rejected; none before the file is understood."""
    reason: str = ""
    replaced: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What importing a file would do, or did."""

    path: Path
    options: Options
    sha256: str = ""
    """Of the file, in hexadecimal; "" where it could not be read."""
    described: str = ""
    notes: tuple[str, ...] = ()
    headline: str = ""
    rows: int = 0
    numbers: tuple[Number, ...] = ()
    columns: tuple[ColumnRow, ...] = ()
    mapping: ColumnMapping | None = None
    """None for a whole export, and for a file that cannot be read."""
    report: ImportReport | WholeReport | None = None
    error: PartnersError | None = None
    """Why there is no report."""
    is_whole: bool = False
    sample: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    """The cells of the first rows."""
    remembered: str = ""
    """What was said when the mapping was saved."""

    @property
    def rejected(self) -> int:
        """Rows that stay out."""
        return self.report.rejected if self.report else 0

    @property
    def operation(self) -> int | None:
        """The operation that wrote it; None for a preview, and where nothing was written."""
        return self.report.operation if self.report else None

    def told(self, *keys: str) -> str:
        """Some of the numbers in words: `12 new, 40 changed`."""
        counts = {each.key: each.count for each in self.numbers}
        return ", ".join(f"{counts.get(key, 0):,} {key}" for key in keys)

    def cells_of(self, column: int) -> list[str]:
        """The filled cells of a column, as far as they were looked at."""
        return [row[column].strip() for row in self.sample if column < len(row) and not is_blank(row[column])]


# -------------------------------------------------------------------- in the worker


def look(crm: Crm, path: Path, options: Options, run: Run, sha256: str = "") -> Preview:
    """Preview a file; what stands in the way is part of the preview. `sha256` is that of a file seen before.

    Raises:
        Stopped: by the person; nothing was written.
    """
    if not sha256 and isinstance(options.mapping, ColumnMapping) and not _has_columns(crm, path, options):
        options = replace(options, mapping=None)  # the file may be another by now
    try:
        if looks_whole(path):
            if sha256:
                _check_same(path, sha256)
            whole = load_whole(crm.db, path, policy=options.policy, preview=True, clock=crm.clock, progress=run.lines)
            return _of_whole(path, options, whole)
        report = crm.import_file(path, options=options, preview=True, sha256=sha256, progress=run)
    except PartnersError as error:
        return _not_understood(crm, path, options, error)
    return _of_report(crm, path, options, report, run)


def carry_out(crm: Crm, seen: Preview, run: Run) -> Preview:
    """Import what was previewed, and keep how its columns are read for the next file like it.

    Raises:
        FileRefused: the file is not the one that was seen; nothing was written.
        StoreError: the database refuses; nothing was written.
        Stopped: by the person; nothing was written.
    """
    if seen.is_whole:
        _check_same(seen.path, seen.sha256)
        policy = seen.options.policy
        whole = load_whole(crm.db, seen.path, policy=policy, clock=crm.clock, progress=run.lines)
        return _of_whole(seen.path, seen.options, whole)
    # What was shown is what is done, whatever mapping was saved meanwhile.
    options = replace(seen.options, mapping=seen.mapping)
    report = crm.import_file(seen.path, options=options, sha256=seen.sha256, progress=run)
    # It is written: who stops it now is too late, and is told what was done.
    done = _of_report(crm, seen.path, options, report, Run("importing"))
    return replace(done, remembered=keep(crm.db, report, seen.options).told)


def _has_columns(crm: Crm, path: Path, options: Options) -> bool:
    assert isinstance(options.mapping, ColumnMapping)
    try:
        with read_sheet(path, options.read, is_known, formats=crm.formats) as sheet:
            return sheet.headers == options.mapping.headers
    except PartnersError:
        return False


def _check_same(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused(f"{path}: cannot be read: {error.strerror}") from None
    if found != sha256:
        raise FileRefused(f"{path.name} was changed since it was looked at", "look at it again")


# -------------------------------------------------------------------- a list


def _not_understood(crm: Crm, path: Path, options: Options, error: PartnersError) -> Preview:
    """A preview without numbers; with the columns, where the file can be read as such: their meaning can be mended."""
    try:
        with read_sheet(path, options.read, is_known, formats=crm.formats) as sheet:
            mapping = mapping_of(crm.db, sheet, options)
            sample = tuple(row.cells for row in sheet.sample(SAMPLE))
            notes, described, sha256 = sheet.notes, sheet.described, sheet.sha256
    except PartnersError:
        return Preview(path, options, error=error)
    seen = Preview(
        path,
        options,
        sha256,
        described,
        notes,
        mapping=mapping,
        error=error,
        sample=sample,
        numbers=(_how(described, notes),),
    )
    columns = tuple(
        ColumnRow(name, use.target.described if use.target else "", (), use.reason, 0, _examples(seen, number))
        for number, (name, use) in enumerate(zip(column_names(mapping.headers), mapping.uses, strict=True))
    )
    return replace(seen, columns=columns)


def _of_report(crm: Crm, path: Path, options: Options, report: ImportReport, run: Run) -> Preview:
    found = _Rows(report)
    with suppress(PartnersError):  # it was moved away meanwhile: the numbers hold, the rows behind them are not shown
        found.read(path, options, run, crm.formats)
    seen = Preview(
        path,
        options,
        report.sha256,
        report.described,
        report.notes,
        report.headline,
        report.rows,
        _numbers(report, found),
        mapping=report.mapping,
        report=report,
        sample=tuple(found.sample),
    )
    columns = tuple(
        ColumnRow(
            name,
            each.meaning,
            (each.written, each.known, each.ignored, each.blank),
            each.reason,
            each.replaced,
            _examples(seen, number),
        )
        for number, (name, each) in enumerate(zip(column_names(report.headers), report.columns, strict=True))
    )
    return replace(seen, columns=columns)


class _Rows:
    """The rows behind the numbers of a report, read from the file once more."""

    def __init__(self, report: ImportReport) -> None:
        self._report = report
        self._wanted = {line: key for key, lines in report.lines.items() for line in lines[:ROWS_KEPT]}
        self.by_number: dict[str, list[Behind]] = {key: [] for key in report.lines}
        self.left_out: list[Behind] = []
        self.sample: list[tuple[str, ...]] = []

    def read(self, path: Path, options: Options, run: Run, formats: Formats) -> None:
        """Read them.

        Raises:
            FileRefused: the file is gone, or not the same any more.
            Stopped: by the person.
        """
        with read_sheet(path, options.read, is_known, formats=formats) as sheet:
            if sheet.sha256 != self._report.sha256:
                return
            for number, row in enumerate(sheet.rows()):
                if number % TOLD == 0:
                    run("looking at", number, 0)
                self._take(row)

    def _take(self, row: Row) -> None:
        why = next((words for mark, words in LEFT_OUT.items() if mark in row.marks), "")
        if not any(cell.strip() for cell in row.cells):
            why = "a blank row"
        if len(self.sample) < SAMPLE and not why:
            self.sample.append(row.cells)
        if why:
            if len(self.left_out) < ROWS_KEPT:
                self.left_out.append(Behind(row.line, first_cells(row.cells), why))
        elif key := self._wanted.get(row.line):
            self.by_number[key].append(Behind(row.line, first_cells(row.cells)))


def first_cells(cells: Sequence[str]) -> str:
    """The first filled cells of a row, each clipped."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return " · ".join(cell if len(cell) <= CELL else cell[: CELL - 1] + "…" for cell in filled[:CELLS])


def _examples(seen: Preview, column: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text[:CELL] for text in seen.cells_of(column)))[:EXAMPLES]


def _numbers(report: ImportReport, found: _Rows) -> tuple[Number, ...]:
    unchanged = f"; {report.unchanged:,} were imported before, word for word" if report.unchanged else ""
    rows: Mapping[str, list[Behind]] = found.by_number
    serious = [each for each in report.remarks if each.serious]
    others = [each for each in report.remarks if not each.serious]
    return (
        Number("new", "New", report.new, "Rows that bring a new organization, or a new contact.", tuple(rows["new"])),
        Number(
            "changed",
            "Changed",
            report.changed,
            "Rows about what is known, from the coalition or an earlier row, that add something.",
            tuple(rows["changed"]),
        ),
        Number("same", "Same", report.same, f"Rows that say nothing new{unchanged}.", tuple(rows["same"])),
        Number(
            "rejected",
            "Rejected",
            report.rejected,
            "Rows that stay out. w writes them to a file, to be corrected and imported.",
            tuple(map(_rejected, report.rejects[:ROWS_KEPT])),
        ),
        Number(
            "look",
            "To look at",
            len(serious),
            "What a row says and what was not taken of it; the rest of the row goes in.",
            tuple(map(_remark, serious[:ROWS_KEPT])),
        ),
        Number(
            "kept",
            "Remarks",
            len(others),
            "What was read in another way than it is typed, or kept as it is typed.",
            tuple(map(_remark, others[:ROWS_KEPT])),
        ),
        Number(
            "left",
            "Left out",
            report.left_out,
            "Blank rows, totals, repeated headers and footnotes: they speak of nobody.",
            tuple(found.left_out),
        ),
        _how(report.described, report.notes, _made(report), *_mapped(report.mapping)),
    )


def _rejected(row: RejectedRow) -> Behind:
    return Behind(row.problem.line, first_cells(row.cells), _why(row.problem))


def _remark(problem: Problem) -> Behind:
    return Behind(problem.line, "", _why(problem))


def _why(problem: Problem) -> str:
    words = " ".join(filter(None, (repr(problem.value[:VALUE_SHOWN]) if problem.value else "", problem.reason)))
    said = ": ".join(filter(None, (problem.column, words)))
    return f"{said} ({problem.hint})" if problem.hint else said


def _made(report: ImportReport) -> str:
    """What would be written, in words."""
    if not report.changes:
        return ""
    would = "would be " if report.preview else ""
    made = ", ".join(_counted(number, name) for name, number in report.records) or "nothing"
    filled = f"; {report.filled:,} known records {would}changed" if report.filled else ""
    return f"{would}added: {made}{filled}"


def _counted(number: int, plural: str) -> str:
    return f"{number:,} {(_SINGULAR.get(plural, plural) if number == 1 else plural).replace('_', ' ')}"


def _mapped(mapping: ColumnMapping) -> Iterator[str]:
    """Where the meanings come from, and how many columns have none."""
    if mapping.saved is not None:
        yield f"columns as saved in {mapping.saved.name}; b guesses them anew"
    count = sum(bool(mapping.headers[number]) for number in mapping.unmapped)
    if count:
        columns = "1 column means nothing" if count == 1 else f"{count} columns mean nothing"
        yield f"{columns}: Enter on one says what it is, f makes a field of your own"


def _how(described: str, notes: Sequence[str], *more: str) -> Number:
    said = [f"read as {described}" if described else "", *notes, *more]
    lines = [Behind(0, "", each) for each in said if each]
    return Number("read", "How it was read", len(lines), "What was done while the file was read.", tuple(lines))


# -------------------------------------------------------------------- a whole export


def _of_whole(path: Path, options: Options, report: WholeReport) -> Preview:
    changes = report.new + report.changed + report.removed
    numbers = (
        Number("new", "New", report.new, "Records that are not here yet."),
        Number("changed", "Changed", report.changed, "Known records that get something from the file."),
        Number("same", "Same", report.same, "Records that are here already as they are in the file."),
        Number(
            "rejected",
            "Rejected",
            report.rejected,
            "Lines that stay out.",
            tuple(map(_remark, report.problems[:ROWS_KEPT])),
        ),
        Number("removed", "Removed", report.removed, "Records of the set-up that the file does not have."),
        Number(
            "kept",
            "Remarks",
            len(report.remarks),
            "What is to be said of lines that go in, and of the file.",
            tuple(map(_remark, report.remarks[:ROWS_KEPT])),
        ),
        Number("left", "Left out", report.left_out, "Lines of the journal: they are for people to read."),
        _how("a whole coalition, written by partners export --all", ()),
    )
    columns = tuple(
        ColumnRow(
            each.entity.replace("_", " ") or "(nobody can say)",
            "",
            (each.new, each.changed, each.same, each.rejected),
            "new, changed, same and rejected lines of the file",
        )
        for each in report.entities
    )
    return Preview(
        path,
        options,
        report.sha256,
        "a whole coalition, written by partners export --all",
        (),
        "" if changes or report.rejected or not report.rows else "NO IMPACT: nothing would change",
        report.rows,
        numbers,
        columns,
        report=report,
        is_whole=True,
    )
