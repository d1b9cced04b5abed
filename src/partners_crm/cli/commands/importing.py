"""`partners import`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import back_up_daily, to_read, to_write
from partners_crm.cli.output import out, out_json, say
from partners_crm.cli.parsing import Parser
from partners_crm.services.importing.applying import ImportReport

SHOWN = 20
"""Problems and remarks printed each; JSON holds all of them."""
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `import`."""
    parser.add_argument("file", type=Path, help="a CSV or TSV file with a header line")
    parser.add_argument("--dry-run", action="store_true", help="do everything, print the result, keep nothing")
    parser.add_argument("--not-members", action="store_true", help="new organizations are no members")
    parser.add_argument("--map", default="", metavar="CODE", help="the map that district columns are about")
    parser.add_argument("--encoding", default="", help="the file's encoding, when the guess is wrong")
    parser.add_argument("--delimiter", choices=DELIMITERS, help="the file's delimiter, when the guess is wrong")


def run(options: argparse.Namespace) -> int:
    """Import a file and say what became of every row."""
    with to_read(options) if options.dry_run else to_write(options) as crm:
        report = crm.import_file(
            options.file,
            members=not options.not_members,
            map_code=options.map,
            encoding=options.encoding,
            delimiter=DELIMITERS.get(options.delimiter or "", ""),
            preview=options.dry_run,
        )
        if report.operation is not None:
            back_up_daily(crm)  # the first import of a coalition is what would be missed most
    if options.format == "json":
        out_json({"schema_version": 1, **asdict(report)})
    else:
        _print(report)
    return exit_codes.FINDINGS if report.rejected else exit_codes.DONE


def _print(report: ImportReport) -> None:
    would = "would be " if report.preview else ""
    out(f"{report.file}: {report.described}")
    out(
        f"rows in {report.rows} = {report.added} {would}added + {report.merged} {would}merged"
        f" + {report.rejected} rejected" + (f"; {report.empty} empty rows left out" if report.empty else "")
    )
    if report.changes:
        made = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in report.records) or "nothing new"
        filled = f"; {report.filled} records filled in" if report.filled else ""
        out(f"{report.changes} changes: {made}{filled}")
    elif not report.rows:
        out("0 changes: the file has a header and no rows")
    elif report.rejected == report.rows:
        out("0 changes: every row was rejected")
    else:
        known = "nothing was taken from it" if report.remarks else "everything in the file was known"
        out(f"0 changes: {known}")
    out("columns: " + "; ".join(f"{header} = {meaning}" for header, meaning in report.mapping))
    if report.unmapped:
        out("not understood, kept with the rows in the journal only: " + ", ".join(report.unmapped))
    for title, problems in (("rejected", report.problems), ("kept, needs a look", report.remarks)):
        for problem in problems[:SHOWN]:
            say(f"{title}: {problem.described(report.file)}")
        if len(problems) > SHOWN:
            say(f"{title}: {len(problems) - SHOWN} more, all of them with --format json")
    if report.operation is not None:
        out(f"operation {report.operation}; partners undo takes it back")
