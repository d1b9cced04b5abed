"""`partners find`: records of any kind that hold some words."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, add_private, leaves_private_out, whole_number
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, InvalidValue, PermissionRefused
from partners_crm.normalize.text import fold
from partners_crm.services.finding import SHOWN, Answer
from partners_crm.services.listing import entity_of
from partners_crm.store.fulltext import rebuild

SCHEMA_VERSION = 1
COLUMNS = ("entity", "id", "title", "where")
LABELS = ("Entity", "id", "Name", "Where")


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `find`."""
    parser.add_argument("words", nargs="*", default=[], help="words, or a beginning: names, towns, phones, mail, notes")
    parser.add_argument(
        "--entity", action="append", default=[], metavar="ENTITY", help="only organizations, contacts, sites, ..."
    )
    parser.add_argument("--limit", type=whole_number, default=SHOWN, metavar="N", help=f"records at most ({SHOWN})")
    parser.add_argument("--archived", action="store_true", help="archived records too")
    add_private(parser)
    parser.add_argument("--rebuild", action="store_true", help="make the search index anew first")


def run(options: argparse.Namespace) -> int:
    """Find records, or only make the index anew."""
    if options.limit < 1:
        raise InvalidValue("--limit", str(options.limit), "is less than 1")
    text = " ".join(options.words)
    if not fold(text) and (text or not options.rebuild):
        raise ConfigError("there is no letter and no digit to look for", "name a word: partners find oak")
    with to_read(options) as crm:
        entities = [entity_of(crm.db, word) for word in options.entity]
        if options.rebuild:
            _rebuild(crm)
        if text:
            found = crm.search(
                text,
                entities=entities,
                limit=options.limit,
                archived=options.archived,
                for_everyone=leaves_private_out(options),
            )
            _print(found, options.format)
    return exit_codes.DONE


def _rebuild(crm: Crm) -> None:
    if not rebuild(crm.db):
        raise PermissionRefused(
            f"the search index of {crm.path} cannot be written", f"give yourself write permission on {crm.path.parent}"
        )
    say("the search index was made anew")


def _print(answer: Answer, form: str) -> None:
    rows = [(each.entity.replace("_", " "), each.id, each.title, each.where) for each in answer.found]
    if form == "json":
        found = [asdict(each) for each in answer.found]
        out_json({"schema_version": SCHEMA_VERSION, "found": found, "suggestions": list(answer.suggestions)})
        return
    if form == "csv":
        out_csv(COLUMNS, [(each.entity, *row[1:]) for each, row in zip(answer.found, rows, strict=True)])
    else:
        if rows:
            out_table(LABELS, rows, frozenset({1}))
        out(f"{len(rows)} {'record' if len(rows) == 1 else 'records'}")
    if answer.suggestions:
        say(f"did you mean: {', '.join(answer.suggestions)}")
