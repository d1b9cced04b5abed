"""`partners duplicates merge`: its arguments, what it prints of a plan, and carrying it out."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from partners_crm.cli import exit_codes
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser
from partners_crm.errors import ConfigError, Conflict
from partners_crm.normalize.text import few

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.services.merging import Fold, MergePlan  # the parser needs none of it

FIELDS = "custom_value"
"""The entity of values that are told with the record they are of."""
SHOWN = 20
"""Folded records that are told one by one; JSON holds all of them."""


def add_merge_arguments(parser: Parser) -> None:
    """Declare the arguments of `merge`."""
    parser.add_argument("keep", metavar="KEEP", help="the record that stays: its number, its uid or its name")
    parser.add_argument("lose", metavar="LOSE", nargs="+", help="the record that goes into it; several one by one")
    parser.add_argument(
        "--entity",
        default="organizations",
        metavar="ENTITY",
        help="what they are: organizations (the default), contacts, sites or tags",
    )
    parser.add_argument(
        "--take",
        action="append",
        default=[],
        metavar="FIELD=SIDE",
        help="whose value of a field stands: kept, other, or both of a note",
    )
    parser.add_argument("--dry-run", action="store_true", help="do everything, print the plan, keep nothing")
    parser.add_argument("--force", action="store_true", help="also what was declared not the same")


def run_merge(options: argparse.Namespace) -> int:
    """Merge, or with --dry-run say what it would do.

    Raises:
        NotFound, Ambiguous: a record, or a field, is none or several.
        ConfigError, InvalidValue: the two cannot be merged, or a decision cannot be.
        Conflict: they were declared not the same.
    """
    from partners_crm.cli.coalition import to_read, to_write

    with to_read(options) if options.dry_run else to_write(options) as crm:
        return _merge(crm, options)


def _merge(crm: Crm, options: argparse.Namespace) -> int:
    from partners_crm.services.listing import entity_of

    table, takes = entity_of(crm.db, options.entity), _takes(options.take)
    keep = crm.find(table, options.keep).id
    lose = [crm.find(table, key).id for key in options.lose]
    # What a refused dry run would do is worth seeing: the refusal comes last.
    plans = crm.merge(table, keep, *lose, takes=takes, force=options.force or options.dry_run, preview=options.dry_run)
    _print(options, plans, merged=not options.dry_run)
    refused = next((plan.refusal for plan in plans if plan.refusal), "")
    if options.dry_run and refused and not options.force:
        raise Conflict(refused, "--force merges them all the same")
    if not options.dry_run and options.format != "json":
        say("partners undo takes it back")
    return exit_codes.DONE


def _takes(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        name, equals, side = word.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"--take {word} is not FIELD=SIDE", "for example: --take name=other")
        found[name.strip()] = side.strip()
    return found


def _print(options: argparse.Namespace, plans: tuple[MergePlan, ...], *, merged: bool) -> None:
    if options.format == "json":
        out_json({"schema_version": 1, "merged": merged, "merges": [plan_json(plan) for plan in plans]})
        return
    if options.format == "csv":
        rows_of_all = [(plan.lose, *row) for plan in plans for row in field_rows(plan)]
        out_csv(["lose", "field", "kept", "other", "taken", "why"], rows_of_all)
        return
    for plan in plans:
        out(f"{'merged' if merged else 'would merge'}: {plan.title.removeprefix('merge ')}")
        rows = field_rows(plan)
        if rows:
            out_table(["field", "kept", "other", "taken", "why"], rows)
        for line in describe_plan(plan):
            out(line)
        for warning in plan.warnings:
            say(f"look at this: {warning}")


def field_rows(plan: MergePlan) -> list[tuple[str, str, str, str, str]]:
    """(label, what stays said, what the other says, whose is taken, why) of each field in which anything is said."""
    return [(each.label, each.kept, each.other, each.taken, each.why) for each in plan.fields if each.state != "empty"]


def describe_plan(plan: MergePlan) -> list[str]:
    """What becomes of everything but the fields, a line each."""
    lines = []
    for each in plan.relations:
        name = each.entity.replace("_", " ")
        words = [
            f"{count:,} {word}"
            for count, word in ((each.moved, "moved"), (each.folded, "folded"), (each.dropped, "dropped"))
            if count
        ]
        lines.append(f"{name} ({each.label.lower()}): {', '.join(words)}")
    if plan.new_name:
        lines.append(f"other name: {plan.new_name}")
    lines += plan.mended
    left = [each.label.lower() for each in plan.fields if each.is_left]
    if left:
        lines.append(f"not taken, and kept in the history and on the card: {', '.join(left)}")
    told = [fold for fold in plan.folds if fold.entity != FIELDS and (fold.filled or fold.left or fold.given_up)]
    lines += [_fold_line(fold) for fold in told[:SHOWN]]
    if len(told) > SHOWN:
        lines.append(f"… and {len(told) - SHOWN:,} more folded records; --format json tells all")
    return lines


def _fold_line(fold: Fold) -> str:
    name = fold.entity.replace("_", " ")
    words = [f"takes {few([f'{label} {value}' for label, value in fold.filled], 5)}"] if fold.filled else []
    words += [f"{label} stays {kept or '(empty)'}, not {lost}" for label, kept, lost in fold.left]
    words += [f"{label} becomes {kept or '(empty)'} instead of {own}" for label, kept, own in fold.given_up]
    return f"{name} {fold.lost}{f' {fold.title}' if fold.title else ''} into {fold.kept}: {'; '.join(words)}"


def plan_json(plan: MergePlan) -> dict[str, Any]:
    """A plan as plain data, without the versions it stands on."""
    from partners_crm.services.merging import not_taken  # the parser needs none of it

    found = asdict(plan)
    del found["versions"]
    return {**found, "title": plan.title, "moved": plan.moved, "folded": plan.folded, "not_taken": not_taken(plan)}
