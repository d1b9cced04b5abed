"""`partners searches`: queries that are saved under a name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read, to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser
from partners_crm.crm import Crm
from partners_crm.model import SavedSearch
from partners_crm.services.searches import Checked, delete, find_search, opened, rename, save

COLUMNS = ("name", "applies_to", "query", "sort", "note")
LABELS = ("Name", "Lists", "Query", "Sorted by", "Note")


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `searches`."""
    parser.verb("list", "the saved searches")
    shown = parser.verb("show", "what a saved search means, and how many records it lists")
    saved = parser.verb("save", "save a query under a name; one that does not run is refused")
    renamed = parser.verb("rename", "give a saved search another name")
    deleted = parser.verb("delete", "delete a saved search")
    parser.verb("check", "which saved searches no longer run, and why")
    for verb in (shown, saved, renamed, deleted):
        verb.add_argument("name", help="its name")
    renamed.add_argument("new", help="its new name")
    saved.add_argument("entity", help="what it lists: organizations, contacts, sites, ...")
    saved.add_argument("query", nargs="*", default=[], help="as after partners list")
    saved.add_argument("--sort", default="", metavar="COLUMN", help="its order; -COLUMN is the last first")
    saved.add_argument("--note", default="", metavar="TEXT", help="what it is for")
    saved.add_argument("--replace", action="store_true", help="take the place of one that has the name already")


def run(options: argparse.Namespace) -> int:
    """Carry a verb of `searches` out."""
    with to_read(options) if options.verb in {"list", "show", "check"} else to_write(options) as crm:
        if options.verb == "list":
            return _list(crm, options)
        if options.verb == "show":
            return _show(crm, options)
        if options.verb == "check":
            return _check(crm, options)
        return _write(crm, options)


def _list(crm: Crm, options: argparse.Namespace) -> int:
    searches = [each.search for each in crm.searches()]
    rows = [[search[name] for name in COLUMNS] for search in searches]
    if options.format == "json":
        out_json({"schema_version": 1, "searches": [_json(each) for each in searches]})
    elif options.format == "csv":
        out_csv(COLUMNS, rows)
    else:
        out_table(LABELS, rows)
        out(f"{len(rows)} saved {'search' if len(rows) == 1 else 'searches'}")
    return exit_codes.DONE


def _show(crm: Crm, options: argparse.Namespace) -> int:
    search = find_search(crm.db, options.name)
    listing = opened(crm.db, search, crm.today, words=crm.words)
    sentence = crm.sentence(listing.table, search.query)
    count = len(listing.ids(crm.db))
    if options.format == "json":
        out_json({"schema_version": 1, **_json(search), "sentence": sentence, "count": count})
        return exit_codes.DONE
    rows = [*zip(COLUMNS, [search[name] for name in COLUMNS], strict=True), ("sentence", sentence), ("count", count)]
    if options.format == "csv":
        out_csv(["field", "value"], rows)
        return exit_codes.DONE
    for label, (_, value) in zip((*LABELS, "Means", "Records"), rows, strict=True):
        if value != "":
            out(f"{label:10} {value}")
    return exit_codes.DONE


def _check(crm: Crm, options: argparse.Namespace) -> int:
    found = crm.searches()
    broken = [each for each in found if not each.runs]
    if options.format == "json":
        out_json({"schema_version": 1, "searches": [_checked_json(each) for each in found]})
    elif options.format == "csv":
        out_csv(["name", "runs", "problem", "hint"], [_row(each) for each in found])
    else:
        if broken:
            out_table(
                ["Name", "Problem", "What to do"], [(each.search.name, each.problem, each.hint) for each in broken]
            )
        out(f"{len(found) - len(broken)} of {len(found)} saved searches run")
    return exit_codes.FINDINGS if broken else exit_codes.DONE


def _row(each: Checked) -> tuple[str, str, str, str]:
    return each.search.name, "yes" if each.runs else "no", each.problem, each.hint


def _json(search: SavedSearch) -> dict[str, object]:
    return {"id": search.id, "uid": search.uid, **{name: search[name] for name in COLUMNS}}


def _checked_json(each: Checked) -> dict[str, object]:
    return {**_json(each.search), "runs": each.runs, "problem": each.problem, "hint": each.hint}


def _write(crm: Crm, options: argparse.Namespace) -> int:
    holders: Sequence[str] = ()
    if options.verb == "save":
        query = " ".join(options.query)
        with crm.changes(f"save the search {options.name}") as unit:
            search = save(
                unit, options.name, options.entity, query,
                today=crm.today, sort=options.sort, note=options.note, replace=options.replace, words=crm.words,
            )  # fmt: skip
    elif options.verb == "rename":
        with crm.changes(f"rename the search {options.name}") as unit:
            search, holders = rename(unit, options.name, options.new)
    else:
        with crm.changes(f"delete the search {options.name}") as unit:
            search, holders = delete(unit, options.name)
    word = {"save": "saved", "rename": "renamed", "delete": "deleted"}[options.verb]
    if options.format == "json":
        out_json({"schema_version": 1, "action": word, "search": _json(search), "broken": list(holders)})
    else:
        out(f"{word} search {search.name}")
    for name in holders:
        say(f"warning: the saved search {name} names it, and no longer runs: see partners searches check")
    return exit_codes.DONE
