"""`partners points`: addresses out to a batch geocoder and its points in, or asked of the geocoder of a plugin."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import back_up_daily, to_read, to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, whole_number
from partners_crm.errors import InvalidValue
from partners_crm.services.geocoding import AnswerReport, export_batch, import_answers
from partners_crm.store.files import refuse_url

if TYPE_CHECKING:
    from partners_crm.services.pointing import PointsReport  # the files of the batch geocoder do without

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
    find = parser.verb("find", "ask the geocoder of a plugin for points; it may send addresses away", ("table", "json"))
    find.add_argument("--with", default="", metavar="NAME", dest="geocoder", help="which; without it they are listed")
    find.add_argument("--limit", type=whole_number, metavar="N", help="how many addresses are asked for at most")
    find.add_argument(
        "--replace", action="store_true", help="ask for sites with a point too, and replace better points"
    )
    find.add_argument("--dry-run", action="store_true", help="ask, print the result, keep nothing")
    parser.verb("geocoders", "the geocoders that plugins bring")


def run(options: argparse.Namespace) -> int:
    """Carry a verb of `points` out."""
    if options.verb == "geocoders" or (options.verb == "find" and not options.geocoder):
        return _geocoders(options)
    if options.verb == "find":
        return _find(options)
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
        report = import_answers(
            crm.db,
            options.file,
            formats=crm.formats,
            replace=options.replace,
            preview=options.dry_run,
            clock=crm.clock,
        )
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


# -------------------------------------------------------------------- geocoders of plugins


def _geocoders(options: argparse.Namespace) -> int:
    from partners_crm.cli.plugins import registry_of  # the files of the batch geocoder need no plugin
    from partners_crm.plugins.binding import geocoders_of

    found = geocoders_of(registry_of(options))
    if options.format == "json":
        known = [{"name": each.name, "title": each.title, "plugin": each.owner} for each in found]
        out_json({"schema_version": 1, "geocoders": known})
    elif options.format == "csv":
        out_csv(["name", "title", "plugin"], [(each.name, each.title, each.owner) for each in found])
    elif found:
        out_table(["geocoder", "what it is", "plugin"], [(each.name, each.title, each.owner) for each in found])
        out("ask one: partners points find --with NAME")
    else:
        out("no plugin brings a geocoder; by hand: partners points export FILE")
    return exit_codes.DONE


def _find(options: argparse.Namespace) -> int:
    from partners_crm.cli.plugins import registry_of
    from partners_crm.plugins.binding import geocoder_of
    from partners_crm.services.pointing import find_points

    if options.limit is not None and options.limit < 0:
        raise InvalidValue("--limit", str(options.limit), "is less than 0")
    with to_read(options) if options.dry_run else to_write(options) as crm:
        geocoder = geocoder_of(registry_of(options, crm=crm), options.geocoder)
        report = find_points(
            crm.db,
            geocoder,
            plugin=geocoder.owner,
            limit=options.limit,
            replace=options.replace,
            preview=options.dry_run,
            clock=crm.clock,
        )
        if report.operation is not None:
            back_up_daily(crm)
    if options.format == "json":
        out_json({"schema_version": 1, "plugin": geocoder.owner, **asdict(report)})
    else:
        _print_found(report)
    return exit_codes.FINDINGS if report.refused else exit_codes.DONE


def _print_found(report: PointsReport) -> None:
    would = "would be " if report.preview else ""
    left = sum(number for _, number in report.left_out)
    out(f"sites {report.sites} = {report.asked} asked + {left} left out + {report.beyond} beyond the limit")
    if report.left_out:
        out("left out: " + ", ".join(f"{number} {reason}" for reason, number in report.left_out))
    out(
        f"{report.geocoder}: asked {report.asked} = {report.placed} {would}placed + {report.unchanged} unchanged"
        f" + {report.kept} kept + {report.not_found} not found + {report.meanwhile} changed meanwhile"
        f" + {len(report.refused)} refused"
    )
    if report.kept:
        out("kept: a better point is known; --replace takes the one that was found")
    for each in report.refused[:SHOWN]:
        say(f"refused: site {each.site}: {each.reason}")
    if len(report.refused) > SHOWN:
        say(f"refused: {len(report.refused) - SHOWN} more, all of them with --format json")
    if report.operation is not None:
        out(f"{report.changes} changes, operation {report.operation}; partners undo takes it back")
