"""`partners list` and `partners show`."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser
from partners_crm.crm import Crm
from partners_crm.errors import NotFound
from partners_crm.services.listing import entity_of, listing_json


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of `list` or `show`."""
    if name == "show":
        parser.add_argument("entity", help="what it is: organization, contact, site, ...")
        parser.add_argument("key", nargs="+", help="its number, its uid or its name")
        return
    parser.add_argument("entity", help="what to list: organizations, contacts, sites, silos, ...")
    parser.add_argument(
        "query", nargs="*", default=[], help='for example: silo:housing district:sldu:5 -status:lapsed "family"'
    )
    parser.add_argument("--sort", default="", metavar="COLUMN", help="the column to sort by")
    parser.add_argument("--reverse", action="store_true", help="the last first")
    parser.add_argument("--columns", default="", metavar="A,B", help="the columns to print, in this order")


def run(options: argparse.Namespace) -> int:
    """List records, or show one."""
    with to_read(options) as crm:
        return _show(crm, options) if options.command == "show" else _list(crm, options)


def _list(crm: Crm, options: argparse.Namespace) -> int:
    query = " ".join(options.query)
    listing = crm.listing(options.entity, query, order=options.sort, descending=options.reverse)
    if options.format == "json":
        out_json(listing_json(crm.db, listing))
        return exit_codes.DONE
    names = [column.name for column in listing.columns]
    chosen = [name.strip() for name in options.columns.split(",") if name.strip()] or names
    for name in chosen:
        if name not in names:
            raise NotFound(f"{listing.table.entity.plural} have no column {name}", f"columns: {', '.join(names)}")
    ids = listing.ids(crm.db)
    cells = listing.rows(crm.db, ids)
    places = [names.index(name) for name in chosen]
    rows = [(key, *(cells[key][place] for place in places)) for key in ids if key in cells]
    if options.format == "csv":
        out_csv(["id", *chosen], rows)
        return exit_codes.DONE
    columns = [listing.columns[place] for place in places]
    right = frozenset({0, *(number + 1 for number, column in enumerate(columns) if column.align == "right")})
    out_table(["id", *(column.label for column in columns)], rows, right)
    entity = listing.table.entity
    words = (entity.name if len(rows) == 1 else entity.plural).replace("_", " ")
    out(f"{len(rows)} {words}" + (f" for {query}" if query else ""))
    return exit_codes.DONE


def _show(crm: Crm, options: argparse.Namespace) -> int:
    table = entity_of(options.entity)
    card = crm.card(table, crm.find(table, " ".join(options.key)).id)
    if options.format == "json":
        out_json({"schema_version": 1, **asdict(card)})
    elif options.format == "csv":
        out_csv(
            ["section", "label", "value"],
            [(section.title, label, value) for section in card.sections for label, value, *_ in section.rows],
        )
    else:
        out(f"{card.title}  ({card.entity} {card.id})")
        if card.subtitle:
            out(card.subtitle)
        for section in card.sections:
            out()
            out(section.title)
            for label, value, *_ in section.rows:
                for number, line in enumerate(value.splitlines() or [""]):
                    out(f"  {label if number == 0 else '':24} {line}".rstrip())
    return exit_codes.DONE
