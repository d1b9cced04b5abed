"""`partners seats`: who holds the seats, loading a roster, and correcting one by hand."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import back_up_daily, to_read, to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, day_of, whole_number
from partners_crm.errors import ConfigError, InvalidValue
from partners_crm.normalize.date_words import parse_date
from partners_crm.services.seats import Holder, seats
from partners_crm.store.files import refuse_url

if TYPE_CHECKING:
    from partners_crm.services.seats.loading import LoadReport  # a list reads no roster

NO_NETWORK = "download it first"
SHOWN = 20
"""Problems and seats printed each; JSON holds all of them."""
COLUMNS = ("chamber", "number", "name", "party", "since", "until", "status", "source")


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `seats`."""
    listing = parser.verb("list", "every seat and who holds it, vacant ones too")
    listing.add_argument("--chamber", choices=("house", "senate"), default="", help="one chamber only")
    listing.add_argument("--as-of", default="", metavar="DATE", help="who held them on that day (default today)")
    load = parser.verb("load", "load a roster of lawmakers", formats=("table", "json"))
    load.add_argument("file", type=Path, help="a CSV file: one row for each person, or for each person and office")
    load.add_argument("--dry-run", action="store_true", help="do everything, print the result, keep nothing")
    load.add_argument("--as-of", default="", metavar="DATE", help="the day of which the roster tells (default today)")
    load.add_argument("--encoding", default="", help="the file's encoding, when the guess is wrong")
    correct = parser.verb(
        "set", "say by hand who holds a seat; later rosters leave it alone", formats=("table", "json")
    )
    correct.add_argument("chamber", choices=("house", "senate"), help="the chamber of the seat: house or senate")
    correct.add_argument("number", type=whole_number, help="the number of the seat")
    who = correct.add_mutually_exclusive_group(required=True)
    who.add_argument("--holder", default="", metavar="NAME", help="a contact's name or number; a new name is added")
    who.add_argument("--vacant", action="store_true", help="nobody holds it")
    correct.add_argument("--appointed", action="store_true", help="the holder was appointed, not elected")
    correct.add_argument("--party", default="", metavar="PARTY", help="the holder's party")
    correct.add_argument("--since", default="", metavar="DATE", help="the first day; a year or a month will do")
    correct.add_argument("--until", default="", metavar="DATE", help="the last day")


def run(options: argparse.Namespace) -> int:
    """Carry a verb of `seats` out."""
    return {"list": _list, "load": _load, "set": _set}[options.verb](options)


def partial_day(text: str, option: str) -> str:
    """The partial date an option names, "" where it is not given.

    Raises:
        InvalidValue: it is no date.
    """
    try:
        return parse_date(text) if text else ""
    except InvalidValue as error:
        raise InvalidValue(option, text, error.reason, error.hint) from None


def _list(options: argparse.Namespace) -> int:
    with to_read(options) as crm:
        on = day_of(options.as_of) if options.as_of else crm.today
        found = seats(crm.db, on, options.chamber)
    if options.format == "json":
        out_json({"schema_version": 1, "as_of": on.isoformat(), "seats": [_as_data(each) for each in found]})
    elif options.format == "csv":
        out_csv(["ocd_id", *COLUMNS], [[each.ocd_id, *_cells(each)] for each in found])
    else:
        rows = [[each.seat_name, *_cells(each)[2:]] for each in found]
        out_table(["Seat", "Holder", "Party", "Since", "Until", "Status", "Source"], rows)
        held = sum(each.contact is not None and each.status != "elect" for each in found)
        vacant = sum(each.status == "vacant" for each in found)
        out(
            f"{len(found)} seats on {on.isoformat()}: {held} held, {vacant} vacant,"
            f" {len(found) - held - vacant} unknown"
        )
    return exit_codes.DONE


def _cells(each: Holder) -> list[object]:
    return [each.chamber, each.number, each.name, each.party, each.since, each.until, each.status, each.source]


def _as_data(each: Holder) -> dict[str, object]:
    return {
        "ocd_id": each.ocd_id,
        "chamber": each.chamber,
        "number": each.number,
        "seat": each.seat_name,
        "status": each.status,
        "sure": each.sure,
        "holder": None if each.contact is None else {"id": each.contact, "name": each.name},
        "party": each.party,
        "since": each.since,
        "until": each.until,
        "source": each.source,
        "term": each.term,
    }


def _load(options: argparse.Namespace) -> int:
    from partners_crm.services.seats.loading import load_roster

    refuse_url(options.file, NO_NETWORK)
    with to_read(options) if options.dry_run else to_write(options) as crm:
        report = load_roster(
            crm.db,
            options.file,
            as_of=day_of(options.as_of) if options.as_of else crm.today,
            formats=crm.formats,
            encoding=options.encoding,
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


def _print(report: LoadReport) -> None:
    would = "would be " if report.preview else ""
    out(f"{report.file}: {report.described}")
    out(
        f"rows in {report.rows} = {report.taken} {would}taken + {report.unchanged} unchanged"
        f" + {len(report.problems)} problems"
    )
    out(
        f"{report.changes} changes: {report.filled} new holders, {report.updated} completed, {report.vacated} found"
        f" vacant; {report.contacts} new contacts"
    )
    for title, some in (
        ("{}: nobody in the roster", report.nobody),
        ("kept: {}", report.kept),
        ("withdrawn: {}", report.withdrawn),
        ("{}: the roster names few of its seats, so none of them was found vacant", report.partial),
    ):
        for each in some[:SHOWN]:
            out(title.format(each))
        if len(some) > SHOWN:
            out(f"{len(some) - SHOWN} more, all of them with --format json")
    if report.private:
        out(f"{report.private} phones of offices that are not public were left out")
    if report.unmapped:
        out("not understood, kept with the rows in the journal only: " + ", ".join(report.unmapped))
    for problem in report.problems[:SHOWN]:
        say(f"rejected: {problem.described(report.file)}")
    if len(report.problems) > SHOWN:
        say(f"rejected: {len(report.problems) - SHOWN} more, all of them with --format json")
    if report.operation is not None:
        out(f"operation {report.operation}; partners undo takes it back")


def _set(options: argparse.Namespace) -> int:
    from partners_crm.services.seats.correcting import set_holder

    since, until = partial_day(options.since, "--since"), partial_day(options.until, "--until")
    if options.vacant and (options.party or options.appointed):
        raise ConfigError(
            "a vacant seat has no party and nobody who was appointed", "leave --party and --appointed out"
        )
    if not options.vacant and not options.holder.strip():
        raise ConfigError("--holder needs a name", "or say --vacant")
    with to_write(options) as crm:
        with crm.changes(f"set {options.chamber} {options.number}") as unit:
            set_holder(
                unit,
                options.chamber,
                options.number,
                holder=options.holder.strip(),
                party=options.party.strip(),
                since=since,
                until=until,
                status="appointed" if options.appointed else "elected",
                today=crm.today,
            )
            changed = unit.count
        (now,) = [
            each
            for each in seats(crm.db, crm.today, options.chamber)
            if (each.chamber, each.number) == (options.chamber, options.number)
        ]
    if options.format == "json":
        out_json({"schema_version": 1, "changes": changed, "seat": _as_data(now)})
    else:
        who = f"{now.name}, {now.party}" if now.party else now.name or now.status
        since_words = f" since {now.since}" if now.since else ""
        out(f"{now.seat_name}: {who}{since_words}" + ("" if changed else " (unchanged)"))
    return exit_codes.DONE
