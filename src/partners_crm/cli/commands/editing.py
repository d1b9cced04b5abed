"""`partners add`, `edit`, `archive` and `delete`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.brought import entity_named
from partners_crm.cli.coalition import to_write
from partners_crm.cli.output import out, out_json, say
from partners_crm.cli.parsing import Parser
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.model import Rule, Table
from partners_crm.model.custom import OWNERS
from partners_crm.services import custom_fields, records
from partners_crm.services.values import read_values


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of one of the four commands."""
    parser.add_argument("entity", help="what it is: organization, site, contact, role, membership, ...")
    if name != "add":
        parser.add_argument("key", help="its number, its uid or its name")
    if name in {"add", "edit"}:
        parser.add_argument(
            "values",
            nargs="*",
            metavar="FIELD=VALUE",
            help='for example: name="Near West Homes" kind=provider',
        )
    if name == "delete":
        parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    """Carry one of the four commands out."""
    with to_write(options) as crm:
        table = entity_named(crm, options.entity, writes=options.command == "add")
        if table.entity.not_by_hand:
            raise ConfigError(
                f"records of {table.entity.plural.replace('_', ' ')} are not changed by hand", table.entity.not_by_hand
            )
        if options.command == "add":
            return _add(crm, table, options)
        record = crm.find(table, options.key)
        if options.command == "edit":
            return _edit(crm, record, options)
        if options.command == "archive":
            with crm.changes(f"archive {records.describe(record)}") as unit:
                record = records.archive(unit, record, crm.today)
            return _done(crm, options, "archived", record)
        return _delete(crm, record, options)


def _add(crm: Crm, table: type[Table], options: argparse.Namespace) -> int:
    texts, own = custom_fields.parted(crm.db, table, _pairs(options.values))
    values = _of_check(crm, table, read_values(crm.db, table, texts), {})
    with crm.changes(f"add {table.entity.name}") as unit:
        record = records.add(unit, table, **values)
        custom_fields.set_values(unit, record, own)
        unit.title = f"add {records.describe(record)}"
    return _done(crm, options, "added", record)


def _edit(crm: Crm, record: Table, options: argparse.Namespace) -> int:
    table = type(record)
    texts, own = custom_fields.parted(crm.db, table, _pairs(options.values))
    values = read_values(crm.db, table, texts)
    if not values and not own:
        known = [*table.declarations(), *(field.key for field in custom_fields.fields_of(crm.db, table))]
        raise ConfigError("nothing to change", f"name a field: {', '.join(known)}")
    values = _of_check(crm, table, values, record.stored())
    with crm.changes(f"edit {records.describe(record)}") as unit:
        after = records.edit(unit, record, **values)
        custom_fields.set_values(unit, after, own)
        changed = unit.count
    return _done(crm, options, "changed" if changed else "unchanged", after)


def _of_check(crm: Crm, table: type[Table], values: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The values of a rule with the whole name of its check, which may be a plugin's; of other records as they are."""
    if table is not Rule or not values:
        return values
    from partners_crm.plugins.binding import rule_kind  # other records have no check

    kind = rule_kind(lambda: crm.plugins, crm.db, {**before, **values})
    return {**values, "kind": kind} if "kind" in values else values


def _delete(crm: Crm, record: Table, options: argparse.Namespace) -> int:
    touched = records.touched_by_removal(crm.db, record)
    say(f"delete {records.describe(record)}")
    for each in touched:
        say(f"  {each.described()}")
    if not options.yes and not _confirmed():
        say("nothing was deleted; --yes deletes without asking")
        return exit_codes.USAGE
    with crm.changes(f"delete {records.describe(record)}") as unit:
        records.remove(unit, record)
    return _done(crm, options, "deleted", record)


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        return False
    say("partners undo takes it back. Delete? [y/N]")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _pairs(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"{word} is not FIELD=VALUE", 'for example: name="Near West Homes"')
        found[name.strip()] = value
    return found


def _done(crm: Crm, options: argparse.Namespace, word: str, record: Table) -> int:
    if options.format == "json":
        own = {}
        if type(record).entity.name in OWNERS:
            own["own"] = custom_fields.typed_values(crm.db, type(record), [record.id]).get(record.id, {})
        out_json(
            {
                "schema_version": 1,
                "action": word,
                "entity": type(record).entity.name,
                "record": {**record.stored(), **own},
            }
        )
    else:
        out(f"{word} {records.describe(record)}")
    return exit_codes.DONE
