"""`partners list` and `partners show`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict

from partners_crm.cli import exit_codes
from partners_crm.cli.brought import columns_named, entity_named
from partners_crm.cli.coalition import to_read
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, add_private, leaves_private_out
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, NotFound
from partners_crm.model import Table
from partners_crm.services.listing import Listing, OwnColumn, entity_of, listing_json


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of `list` or `show`."""
    add_private(parser)
    if name == "show":
        parser.add_argument("entity", help="what it is: organization, contact, site, ...")
        parser.add_argument("key", nargs="+", help="its number, its uid or its name")
        return
    parser.terms_anywhere = True
    parser.set_defaults(refuse=parser.error)
    parser.add_argument("entity", nargs="?", help="what to list: organizations, contacts, sites, silos, ...")
    parser.add_argument(
        "query", nargs="*", default=[], help='for example: silo:housing district:sldu:5 -status:lapsed "family"'
    )
    parser.add_argument("--saved", default="", metavar="NAME", help="a saved search; a query narrows it")
    parser.add_argument("--sort", default="", metavar="COLUMN", help="the column to sort by")
    parser.add_argument("--reverse", action="store_true", help="the last first")
    parser.add_argument(
        "--columns", default="", metavar="A,B", help="the columns to print, in this order; PLUGIN.NAME for a plugin's"
    )
    parser.add_argument("--explain", action="store_true", help="say first, to stderr, what the query means")
    parser.add_argument("--why", default="", metavar="KEY", help="why this record is in the list, or why not")


def run(options: argparse.Namespace) -> int:
    """List records, or show one; as data without what is for staff, unless that is asked for."""
    if options.command == "list" and not options.entity and not options.saved:
        options.refuse("the following arguments are required: entity")
    with to_read(options) as crm:
        return _show(crm, options) if options.command == "show" else _list(crm, options)


def _list(crm: Crm, options: argparse.Namespace) -> int:
    listing = _listing(crm, options)
    if leaves_private_out(options):
        _refuse_private(listing.table, listing.more_columns)
    if options.why:
        return _why(crm, listing, options)
    if options.explain:
        say(crm.sentence(listing.table, listing.query))
    if options.format == "json":
        out_json(listing_json(crm.db, listing))
        return exit_codes.DONE
    names = [column.name for column in listing.columns]
    chosen = _chosen(options) or names
    for name in chosen:
        if name not in names:
            plugin, point, _ = name.partition(".")
            hint = f"columns: {', '.join(names)}"
            if point:
                hint = f"the plugin {plugin} brings none of that name here: partners plugins list; {hint}"
            raise NotFound(f"{listing.table.entity.plural} have no column {name}", hint)
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
    out(f"{len(rows)} {words}" + (f" for {listing.query}" if listing.query else ""))
    return exit_codes.DONE


def _refuse_private(table: type[Table], columns: Iterable[OwnColumn] = ()) -> None:
    """Refuse records and columns that are for staff.

    Raises:
        ConfigError: these are.
    """
    private = [each.column.name for each in columns if each.private]
    if table.entity.visibility != "everyone":
        private = [table.entity.plural.replace("_", " ")]
    if private:
        hint = "--include-private prints it as data all the same"
        raise ConfigError(f"for staff, not for everyone: {', '.join(private)}", hint)


def _chosen(options: argparse.Namespace) -> list[str]:
    """The columns that are asked for, in order."""
    return [name.strip() for name in options.columns.split(",") if name.strip()]


def _listing(crm: Crm, options: argparse.Namespace) -> Listing:
    """The records that the words mean: of an entity by a query, or of a saved search."""
    words, brought = list(options.query), columns_named(crm, _chosen(options))
    if not options.saved:
        return crm.listing(
            entity_named(crm, options.entity),
            " ".join(words),
            order=options.sort,
            descending=options.reverse,
            more_columns=brought,
        )
    from partners_crm.services.searches import find_search, opened  # most lists are typed

    search = find_search(crm.db, options.saved)
    if options.entity and options.entity not in crm.db.by_name:
        words.insert(0, options.entity)  # what it lists is known: a word that is no entity belongs to the query
    elif options.entity and entity_of(crm.db, options.entity).entity.plural != search.applies_to:
        raise NotFound(f"the saved search {search.name} lists {search.applies_to}, not {options.entity}")
    more = " ".join(words)
    return opened(
        crm.db,
        search,
        crm.today,
        more=more,
        order=options.sort,
        descending=options.reverse,
        words=crm.words,
        more_columns=brought,
    )


def _why(crm: Crm, listing: Listing, options: argparse.Namespace) -> int:
    """Each term of the query, whether a record fulfils it, and what of the record shows it."""
    record = crm.find(listing.table, options.why)
    found = crm.why(listing.table, listing.query, record.id)
    sentence = crm.sentence(listing.table, listing.query)
    if options.explain:
        say(sentence)
    if options.format == "json":
        out_json(
            {
                "schema_version": 1,
                "entity": listing.table.entity.name,
                "id": record.id,
                "title": found.title,
                "query": listing.query,
                "sentence": sentence,
                "listed": found.is_listed,
                "reasons": [asdict(reason) for reason in found.reasons],
            }
        )
        return exit_codes.DONE
    rows = [(each.term, "yes" if each.holds else "no", each.evidence) for each in found.reasons]
    if options.format == "csv":
        out_csv(["term", "holds", "evidence"], rows)
        return exit_codes.DONE
    out_table(["Term", "Holds", "Because"], rows)
    out(f"{found.title} is {'' if found.is_listed else 'not '}in the list of {sentence}")
    return exit_codes.DONE


def _show(crm: Crm, options: argparse.Namespace) -> int:
    table = entity_named(crm, options.entity)
    card = crm.card(table, crm.find(table, " ".join(options.key)).id)
    if leaves_private_out(options):
        from partners_crm.services.cards import for_everyone  # lists do not need it

        _refuse_private(table)
        card = for_everyone(crm.db, card)
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
