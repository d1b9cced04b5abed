"""`partners recover`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import database
from partners_crm.services.recovering import Missing, RecoverReport, recover, recovered_name

NAMED = 20
"""Records that are named at most; the JSON has all."""
HEADERS = ("entity", "found", "rebuilt", "lost", "unproven", "unknown")


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `recover`."""
    parser.add_argument(
        "file", nargs="?", type=Path, help="the damaged file, which is only read; by default the database"
    )
    parser.add_argument(
        "--into", type=Path, metavar="NEW", help="the new file; by default beside it, as NAME.recovered.db"
    )


def run(options: argparse.Namespace) -> int:
    """Recover a file, and say what is missing."""
    damaged = (options.file or database(options.db)).expanduser()
    report = recover(damaged, (options.into or recovered_name(damaged)).expanduser())
    # What was never there needs no line.
    counted = [each for each in report.entities if each.found or each.rebuilt or each.lost or each.unknown]
    rows = [(each.entity, each.found, each.rebuilt, each.lost, len(each.unproven), each.unknown) for each in counted]
    if options.format == "json":
        out_json(_as_json(report))
    elif options.format == "csv":
        out_csv(HEADERS, rows)
        for line in _sentences(report):
            say(line)
    else:
        out_table(HEADERS, rows, right=frozenset(range(1, len(HEADERS))))
        out()
        for line in (*_sentences(report), *_next(report, options.db)):
            out(line)
    return exit_codes.DONE if report.is_whole else exit_codes.FINDINGS


def _as_json(report: RecoverReport) -> dict[str, Any]:
    leftover = None if report.leftover is None else str(report.leftover)
    paths = {"file": str(report.file), "into": str(report.into), "leftover": leftover}
    return {"schema_version": 1, "complete": report.is_whole, "records": report.records, **asdict(report), **paths}


def _sentences(report: RecoverReport) -> Iterator[str]:
    yield f"recovered {_some(report.records, 'record')} of {report.file} into {report.into}"
    if report.log:
        name = "write-ahead log" if report.log == "log" else "rollback journal"
        yield f"the {name} beside it was read with it"
    if report.damaged_log:
        yield "what lies beside it is damaged in part: the last changes may be missing"
    if report.lacks_log:
        yield f"it was copied without its log ({report.file.name}-wal): the last changes may be missing"
    if report.unreadable_pages:
        yield f"{report.unreadable_pages:,} of {_some(report.pages, 'page')} could not be read or are missing"
    if report.unreadable_rows:
        yield f"{_some(report.unreadable_rows, 'row')} of tables and of the journal could not be read"
    yield from _named(report.lost, "lost")
    yield from _named(report.cut_links, "link cleared")
    if unproven := sum(len(each.unproven) for each in report.entities):
        yield f"of {_some(unproven, 'record')} the journal is lost: nothing proves that this is how they were last"
    if unknown := sum(each.unknown for each in report.entities):
        yield f"of {_some(unknown, 'number')} there is no trace: the records were deleted earlier, or are lost"
    if report.unplaced_rows:
        yield f"{_some(report.unplaced_rows, 'row')} could be read, but not what they are"
    yield from _history(report)
    if report.leftover:
        yield f"what could be read and not be used is in {report.leftover}, a JSON object on each line"
    if report.is_whole:
        yield "nothing is missing"


def _history(report: RecoverReport) -> Iterator[str]:
    if report.missing_operations or not report.operations:
        missing = f"{report.missing_operations:,} are missing" if report.missing_operations else "nothing else is known"
        yield f"of the history {_some(report.operations, 'operation')} are kept; {missing}"
    if report.missing_changes:
        yield f"{_some(report.missing_changes, 'change')} of the operations that are kept are missing"
    altered = report.altered_operations
    if altered and not report.missing_changes:
        named = ", ".join(map(str, altered[:NAMED])) + (" ..." if len(altered) > NAMED else "")
        yield f"not as they were written: operation {named}"


def _next(report: RecoverReport, db: str | None) -> Iterator[str]:
    new = shlex.quote(str(report.into))
    place = f"--db {shlex.quote(db)} " if db else ""
    yield f"look at it: partners --db {new} ui"
    yield f"then put it in the coalition's place: partners {place}restore {new}"


def _named(missing: tuple[Missing, ...], word: str) -> Iterator[str]:
    for each in missing[:NAMED]:
        title = f' "{each.title}"' if each.title else ""
        yield f"{word}: {each.entity.replace('_', ' ')} {each.id}{title}: {each.why}"
    if len(missing) > NAMED:
        yield f"{word}: {len(missing) - NAMED:,} more; --format json names all"


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
