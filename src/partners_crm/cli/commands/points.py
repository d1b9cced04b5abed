"""`partners points`: addresses out to a batch geocoder, and its points in."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import back_up_daily, to_read, to_write
from partners_crm.cli.output import out, out_json, say
from partners_crm.cli.parsing import Parser
from partners_crm.services.geocoding import AnswerReport, export_batch, import_answers
from partners_crm.store.files import refuse_url

SHOWN = 20
"""Problems printed; JSON holds all of them."""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `points`."""
    export = parser.verb("export", "write addresses for the Census batch geocoder", formats=("table", "json"))
    export.add_argument("file", type=Path, help="the file to write; beyond 10,000 rows others stand beside it")
    export.add_argument("--missing", action="store_true", help="sites without a point only")
    answers = parser.verb("import", "take the points of the geocoder's answer over", formats=("table", "json"))
    answers.add_argument("file", type=Path, help="the answer of the Census batch geocoder")
    answers.add_argument("--replace", action="store_true", help="replace better points too")
    answers.add_argument("--dry-run", action="store_true", help="do everything, print the result, keep nothing")


def run(options: argparse.Namespace) -> int:
    """Carry a verb of `points` out."""
    refuse_url(options.file, "the program touches no network: name a file")
    return _export(options) if options.verb == "export" else _import(options)


def _export(options: argparse.Namespace) -> int:
    with to_read(options) as crm:
        report = export_batch(crm.db, options.file, missing=options.missing)
    if options.format == "json":
        out_json({"schema_version": 1, **asdict(report)})
        return exit_codes.DONE
    for file, rows in report.files:
        out(f"{file}: {rows} addresses")
    left = sum(number for _, number in report.left_out)
    out(f"sites {report.sites} = {report.written} written + {left} left out")
    if report.left_out:
        out("left out: " + ", ".join(f"{number} {reason}" for reason, number in report.left_out))
    if not report.files:
        out("no file was written: there is no address to ask for")
    return exit_codes.DONE


def _import(options: argparse.Namespace) -> int:
    with to_read(options) if options.dry_run else to_write(options) as crm:
        report = import_answers(crm.db, options.file, replace=options.replace, preview=options.dry_run, clock=crm.clock)
        if report.operation is not None:
            back_up_daily(crm)
    if options.format == "json":
        out_json({"schema_version": 1, **asdict(report)})
    else:
        _print(report)
    return exit_codes.FINDINGS if report.problems else exit_codes.DONE


def _print(report: AnswerReport) -> None:
    would = "would be " if report.preview else ""
    out(
        f"{report.file}: rows in {report.rows} = {report.placed} {would}placed + {report.unchanged} unchanged"
        f" + {report.kept} kept + {report.not_found} not found + {report.ties} ties + {len(report.problems)} problems"
    )
    if report.kept:
        out("kept: a better point is known; --replace takes the file's")
    if report.ties:
        out("ties: the address matches several places; make it more exact and export it again")
    for problem in report.problems[:SHOWN]:
        say(f"rejected: {problem.described(report.file)}")
    if len(report.problems) > SHOWN:
        say(f"rejected: {len(report.problems) - SHOWN} more, all of them with --format json")
    if report.operation is not None:
        out(f"{report.changes} changes, operation {report.operation}; partners undo takes it back")
