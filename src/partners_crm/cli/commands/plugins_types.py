"""`partners plugins types`: the record types that a coalition holds, and dropping one, with or without its plugin."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read, to_write
from partners_crm.cli.output import out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser
from partners_crm.services.record_types import drop_type, types_in

SCHEMA_VERSION = 1
HEADERS = ("type", "plugin", "version", "records", "retired on", "fields no longer declared")


def add_arguments(parser: Parser, _verb: str) -> None:
    """Declare the arguments of `types`."""
    parser.add_argument("--drop", metavar="TYPE", default="", help="delete a record type with all its records")
    parser.add_argument("--force", action="store_true", help="with --drop: also where it holds records")


def run(options: argparse.Namespace) -> int:
    """List the types, or drop one."""
    return _drop(options) if options.drop else _list(options)


def _drop(options: argparse.Namespace) -> int:
    with to_write(options) as crm:
        number = drop_type(crm.db, options.drop, force=options.force, clock=crm.clock)
    say(f"deleted the record type {options.drop} with {number:,} records; partners undo brings them back")
    return exit_codes.DONE


def _list(options: argparse.Namespace) -> int:
    with to_read(options) as crm:
        found = types_in(crm.db)
    if options.format == "json":
        out_json({"schema_version": SCHEMA_VERSION, "types": [asdict(each) for each in found]})
        return exit_codes.DONE
    rows = [
        (each.entity, each.plugin, each.release, each.records, each.retired_on, ", ".join(each.gone)) for each in found
    ]
    if options.format == "csv":
        out_csv(list(HEADERS), rows)
    elif rows:
        out_table(list(HEADERS), rows, frozenset({3}))
    else:
        say("no record type of a plugin is in this coalition: one comes with its first record")
    return exit_codes.DONE
