"""`partners history`, `undo` and `redo`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read, to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, add_private, leaves_private_out, whole_number
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, NotFound
from partners_crm.normalize.neutral import neutral
from partners_crm.services.history import (
    ChangedRecord,
    changed_lines,
    changed_since,
    entity_history,
    number_of_changes,
    operation_before,
    operation_changes,
    operation_lines,
    record_history,
)
from partners_crm.services.listing import entity_of
from partners_crm.services.settings import zone
from partners_crm.services.source_rows import number_of_rows, rows_of
from partners_crm.services.times import local
from partners_crm.services.undoing import UndoReport

LIMIT = 30
"""Operations that are listed unless it is said otherwise."""
CHANGES = 1000
"""Changes of one operation that are printed unless it is said otherwise."""


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of one of the three commands."""
    if name == "history":
        parser.add_argument("entity", nargs="?", help="with KEY: the history of one record")
        parser.add_argument("key", nargs="?", help="its number, its uid or its name")
        parser.add_argument(
            "--limit",
            type=whole_number,
            metavar="N",
            help=f"at most N operations (default {LIMIT}; all with --since), or changes or rows of one (default "
            f"{CHANGES:,} in a table, all in CSV and JSON)",
        )
        parser.add_argument(
            "--since",
            metavar="WHEN",
            help="the operations since a day (2026-11-01), since so many days ago (7d), or after an operation (12)",
        )
        parser.add_argument("--records", action="store_true", help="with --since: the records that changed, and how")
        parser.add_argument("--operation", type=whole_number, metavar="N", help="what operation N did")
        parser.add_argument("--rows", action="store_true", help="with --operation: the rows of the file it read")
        add_private(parser)
        return
    if name == "undo":
        parser.add_argument("operation", nargs="?", type=whole_number, help="its number; by default the newest")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen; nothing is written")


def run(options: argparse.Namespace) -> int:
    """Carry one of the three commands out."""
    with to_write(options) if options.command in {"undo", "redo"} else to_read(options) as crm:
        if options.command == "undo":
            return _report(options, crm.undo(options.operation, preview=options.dry_run))
        if options.command == "redo":
            return _report(options, crm.redo(preview=options.dry_run))
        return _history(crm, options)


def _history(crm: Crm, options: argparse.Namespace) -> int:
    named = [options.entity is not None, options.since is not None, options.operation is not None]
    if sum(named) > 1:
        raise ConfigError("one of a record, --since and --operation", "ask for them one after the other")
    if options.records and options.since is None:
        raise ConfigError("--records of what time?", "partners history --since 7d --records")
    if options.rows and options.operation is None:
        raise ConfigError("--rows of which operation?", "partners history --operation 7 --rows")
    if options.operation is not None:
        return _one_operation(crm, options)
    if options.entity:
        if not options.key:
            raise ConfigError("which record?", "partners history organization 12")
        return _record(crm, options)
    after = 0 if options.since is None else operation_before(crm.db, options.since, crm.today)
    return _changed(crm, options, after) if options.records else _operations(crm, options, after)


def _operations(crm: Crm, options: argparse.Namespace, after: int) -> int:
    found = [done for done in crm.operations() if done.id > after]
    limit = options.limit if options.limit is not None else LIMIT if options.since is None else len(found)
    found = found[: max(0, limit)]
    if leaves_private_out(options):
        from partners_crm.services.exporting.whole import FOR_STAFF, for_staff  # a table is for whoever sits before it

        hidden = for_staff(crm.db)
        found = [replace(done, title=FOR_STAFF) if done.id in hidden else done for done in found]
    if options.format == "json":
        out_json([asdict(done) for done in found])
        return exit_codes.DONE
    where = zone(crm.db)
    rows = [
        (
            done.id,
            local(done.at, where),
            done.who,
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


def _one_operation(crm: Crm, options: argparse.Namespace) -> int:
    limit = CHANGES if options.limit is None and options.format == "table" else options.limit
    limit = None if limit is None else max(0, limit)
    if options.rows:
        return _source_rows(crm, options, limit)
    if options.format == "table":
        for line in operation_lines(crm.db, options.operation, limit or 0):
            out(line)
        return exit_codes.DONE
    found = operation_changes(crm.db, options.operation, limit)
    _tell_more(len(found), number_of_changes(crm.db, options.operation))
    return _write_changed(crm, options, found)


def _source_rows(crm: Crm, options: argparse.Namespace, limit: int | None) -> int:
    """Print the rows of a file as they came, and what became of each."""
    found = list(rows_of(crm.db, options.operation, limit))
    total = number_of_rows(crm.db, options.operation)
    if options.format == "json":
        out_json([asdict(row) for row in found])
    elif options.format == "csv":
        headers = list(dict.fromkeys(header for row in found for header in row.cells))
        out_csv(
            ["file", "line", "outcome", "reason", "entity", "record", *map(neutral, headers)],
            [
                (*(row.file, row.line, row.outcome, row.reason, row.entity, row.record), *map(row.cells.get, headers))
                for row in found
            ],
        )
    else:
        for row in found:
            about = f"{row.entity.replace('_', ' ')} {row.record}" if row.record is not None else ""
            out("  ".join(filter(None, (row.place, row.outcome, about, row.reason))))
            for header, cell in row.filled:
                for number, line in enumerate(cell.splitlines()):
                    out(f"  {header if number == 0 else '':24} {line}".rstrip())
        if not total:
            say(f"operation {options.operation} keeps no rows of a file")
    _tell_more(len(found), total)
    return exit_codes.DONE


def _tell_more(shown: int, total: int) -> None:
    if total > shown:
        say(f"… and {total - shown:,} more; --limit {total} prints all")


def _changed(crm: Crm, options: argparse.Namespace, after: int) -> int:
    found = changed_since(crm.db, after)
    if options.limit is not None and options.format != "table":
        found = found[: max(0, options.limit)]
    if options.format == "table":
        for line in changed_lines(found, len(found) if options.limit is None else max(0, options.limit)):
            out(line)
        return exit_codes.DONE
    return _write_changed(crm, options, found)


def _write_changed(crm: Crm, options: argparse.Namespace, found: Sequence[ChangedRecord]) -> int:
    """Print records and their fields for a program, without those that are for staff unless that is asked."""
    if leaves_private_out(options):
        hidden = {table.entity.name for table in crm.db.entities if table.entity.visibility != "everyone"}
        shown = [each for each in found if each.entity not in hidden]
        if len(shown) < len(found):
            say(f"{len(found) - len(shown)} records for staff left out (--include-private takes them along)")
        found = shown
    if options.format == "json":
        out_json([asdict(each) for each in found])
    else:
        out_csv(
            ["what", "entity", "record", "title", "of", "field", "before", "after"],
            [
                (each.what, each.entity, each.record, each.title, each.of, *row)
                for each in found
                for row in (each.fields or (("", "", ""),))
            ],
        )
    return exit_codes.DONE


def _record(crm: Crm, options: argparse.Namespace) -> int:
    table = entity_of(crm.db, options.entity)
    if leaves_private_out(options) and table.entity.visibility != "everyone":
        words = table.entity.plural.replace("_", " ")
        raise ConfigError(f"for staff, not for everyone: {words}", "--include-private prints it as data all the same")
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
        words = "would be" if report.preview else "are"
        done = report.undone
        out(f'{report.reversed} records {words} as they were before operation {done.id}, "{done.title}"')
        for title, lines in (("kept", report.kept), ("refused", report.refused)):
            for line in lines:
                say(f"{title}: {line}")
    return exit_codes.FINDINGS if report.kept or report.refused else exit_codes.DONE
