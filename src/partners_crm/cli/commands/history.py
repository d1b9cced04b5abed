"""`partners history`, `undo` and `redo`."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read, to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, whole_number
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, NotFound
from partners_crm.services.history import UndoReport, entity_history, record_history
from partners_crm.services.listing import entity_of
from partners_crm.services.settings import zone
from partners_crm.services.times import local


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of one of the three commands."""
    if name == "history":
        parser.add_argument("entity", nargs="?", help="with KEY: the history of one record")
        parser.add_argument("key", nargs="?", help="its number, its uid or its name")
        parser.add_argument(
            "--limit", type=whole_number, default=30, metavar="N", help="at most N operations (default 30)"
        )
    elif name == "undo":
        parser.add_argument("operation", nargs="?", type=whole_number, help="its number; by default the newest")


def run(options: argparse.Namespace) -> int:
    """Carry one of the three commands out."""
    with to_write(options) if options.command in {"undo", "redo"} else to_read(options) as crm:
        if options.command == "undo":
            return _report(options, crm.undo(options.operation))
        if options.command == "redo":
            return _report(options, crm.redo())
        if options.entity:
            if not options.key:
                raise ConfigError("which record?", "partners history organization 12")
            return _record(crm, options)
        return _operations(crm, options)


def _operations(crm: Crm, options: argparse.Namespace) -> int:
    found = crm.operations()[: max(0, options.limit)]
    if options.format == "json":
        out_json([asdict(done) for done in found])
        return exit_codes.DONE
    where = zone(crm.db)
    rows = [
        (
            done.id,
            local(done.at, where),
            done.actor,
            done.changes,
            done.title,
            f"by {done.undone_by}" if done.undone_by else "",
        )
        for done in found
    ]
    headers = ["operation", "when", "who", "changes", "what", "undone"]
    if options.format == "csv":
        out_csv(headers, rows)
    else:
        out_table(headers, rows, frozenset({0, 3}))
    return exit_codes.DONE


def _record(crm: Crm, options: argparse.Namespace) -> int:
    table = entity_of(options.entity)
    try:
        entries = record_history(crm.db, crm.find(table, options.key))
    except NotFound:
        # A record that was deleted has a history too; it is known by its number alone.
        entries = entity_history(crm.db, table, int(options.key)) if options.key.isdecimal() else []
        if not entries:
            raise
    if options.format == "json":
        out_json([asdict(entry) for entry in entries])
        return exit_codes.DONE
    rows = [
        (entry.operation, local(entry.at, zone(crm.db)), entry.actor, entry.action, label, before, after)
        for entry in entries
        for label, before, after in (entry.fields or (("", "", ""),))
    ]
    headers = ["operation", "when", "who", "action", "field", "before", "after"]
    if options.format == "csv":
        out_csv(headers, rows)
    else:
        out_table(headers, rows, frozenset({0}))
    return exit_codes.DONE


def _report(options: argparse.Namespace, report: UndoReport) -> int:
    if options.format == "json":
        out_json({"schema_version": 1, **asdict(report)})
    else:
        out(f'{report.reversed} records are as they were before operation {report.undone.id}, "{report.undone.title}"')
        for title, lines in (("kept", report.kept), ("refused", report.refused)):
            for line in lines:
                say(f"{title}: {line}")
    return exit_codes.FINDINGS if report.kept or report.refused else exit_codes.DONE
