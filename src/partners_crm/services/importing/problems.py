"""Rejected rows as a file: each as it came, with where it stands and why, to be corrected and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from partners_crm.services.exporting.neutral import neutral
from partners_crm.services.importing.report import ImportReport
from partners_crm.services.rows import column_names
from partners_crm.store import files

WHERE, WHY = "Where the row came from", "Problem of the row"
"""Headers of the two columns that are added; an import leaves them out."""


def write_problems(path: Path, reports: Sequence[ImportReport]) -> int:
    """Write the rejected rows of some imports into one CSV file, in place of what is there; returns how many there are.

    The columns are those of the files, in the order they came; without a rejected row the file has its header alone.

    Raises:
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
    """
    names: list[str] = []
    for report in reports:
        names += [name for name in column_names(report.headers) if name not in names]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(map(neutral, [*names, WHERE, WHY]))
    count = 0
    for report in reports:
        own = column_names(report.headers)
        for reject in report.rejects:
            # Cells beyond the header have no column to go back to; they stay in the source row of the journal.
            cells = dict(zip(own, reject.cells, strict=False))
            problem = reject.problem
            where = ":".join(filter(None, (report.file, str(problem.line), problem.column)))
            why = " ".join(filter(None, (problem.reason, f"({problem.hint})" if problem.hint else "")))
            writer.writerow([neutral(cells.get(name, "")) for name in names] + [neutral(where), neutral(why)])
            count += 1
    files.write_whole(path, stream.getvalue().encode("utf-8", "backslashreplace"))
    return count
