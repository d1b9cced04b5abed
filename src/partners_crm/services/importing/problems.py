"""Rejected rows as a file: each as it came, with where it stands and why, to be corrected and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from partners_crm.normalize.neutral import neutral
from partners_crm.services.importing.report import ImportReport, RejectedRow
from partners_crm.services.importing.whole import WholeReport
from partners_crm.services.rows import column_names
from partners_crm.store import files

WHERE, WHY = "Where the row came from", "Problem of the row"
"""Headers of the two columns that are added; an import leaves them out."""
_START = 1 << 20
"""Bytes of a file in which its header ends."""


def write_problems(
    path: Path, reports: Sequence[ImportReport | WholeReport], database: Path, read: Iterable[Path] = ()
) -> int:
    """Write the rejected rows of some imports into one CSV file; returns how many there are.

    The columns are those of the files, in the order they came; of a line of a whole export it is said where it stands
    and why it was rejected. Without a rejected row nothing is written, but an older file of such rows is left with a
    header alone.

    Raises:
        ConfigError: as `check_place`.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
    """
    check_place(path, database, read)
    # What is corrected and rejected again gets its two columns anew.
    names = list(dict.fromkeys(name for report in reports for name in _names(report) if name not in {WHERE, WHY}))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(map(neutral, [*names, WHERE, WHY]))
    count = 0
    for report in reports:
        own = _names(report)
        for reject in _rejects(report):
            # Cells beyond the header have no column to go back to; they stay in the source row of the journal.
            cells = dict(zip(own, reject.cells, strict=False))
            problem = reject.problem
            where = ":".join(filter(None, (Path(report.file).name, str(problem.line), problem.column)))
            why = " ".join(filter(None, (problem.reason, f"({problem.hint})" if problem.hint else "")))
            writer.writerow([neutral(cells.get(name, "")) for name in names] + [neutral(where), neutral(why)])
            count += 1
    if count or path.exists():
        files.write_whole(path, stream.getvalue().encode("utf-8", "backslashreplace"))
    return count


def check_place(path: Path, database: Path, read: Iterable[Path] = ()) -> None:
    """Refuse a path that no rejected rows may be written to: only a file of such rows is ever replaced.

    Raises:
        ConfigError: something else is there, it belongs to a coalition, or it is a file of `read`.
    """
    files.refuse_over(path, database, replaces=_is_ours, read=read)


def _is_ours(path: Path) -> bool:
    """Whether a file begins with a header that has our two columns, whoever saved it since."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_START).decode("utf-8-sig", "replace")
        readers = (csv.reader(io.StringIO(start, newline=""), delimiter=each) for each in ",;\t")
        return any({WHERE, WHY} <= set(next(reader, ())) for reader in readers)
    except (OSError, csv.Error):
        return False


def _names(report: ImportReport | WholeReport) -> list[str]:
    return column_names(report.headers) if isinstance(report, ImportReport) else []


def _rejects(report: ImportReport | WholeReport) -> Iterator[RejectedRow]:
    if isinstance(report, ImportReport):
        return iter(report.rejects)
    return (RejectedRow((), problem) for problem in report.problems)
