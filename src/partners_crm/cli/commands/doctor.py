"""`partners doctor`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import tell
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import database
from partners_crm.crm import Crm
from partners_crm.services.doctor import CHECKS, Examined, examine, named
from partners_crm.store import health
from partners_crm.store.clock import utc_now

SCHEMA_VERSION = 1


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `doctor`."""
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="only these checks; by default all")
    parser.add_argument("--list", action="store_true", help="name the checks and what each looks at")
    parser.add_argument("--quiet", action="store_true", help="print findings alone, and nothing when there is none")


def run(options: argparse.Namespace) -> int:
    """Look for faults, and say what to do about each: 0 there is none, 1 there are some."""
    if options.list:
        return _list(options)
    named(options.checks)  # a name that is wrong is said before anything is opened
    asked = database(options.db)
    with Crm.open(asked, word=tell) as crm:
        found = examine(crm.db, options.checks, clock=crm.clock, asked=asked)
        path = str(crm.path)
    count = sum(one.count for one in found)
    if count or not options.quiet:
        if options.format == "json":
            out_json(as_json(found, path))
        elif options.format == "csv":
            rows = [(each.check, each.level, each.message, each.remedy) for one in found for each in one.findings]
            out_csv(["check", "level", "message", "remedy"], rows)
        else:
            _print([one for one in found if one.count] if options.quiet else found)
    return exit_codes.FINDINGS if count else exit_codes.DONE


def as_json(found: list[Examined], path: str) -> dict[str, Any]:
    """What was found as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "database": path,
        "checked_at": utc_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sqlite": ".".join(map(str, health.sqlite_version())),
        "checks": [
            {
                "check": one.check,
                "about": one.about,
                "findings": [
                    {name: value for name, value in asdict(each).items() if name != "check"} for each in one.findings
                ],
            }
            for one in found
        ],
        "findings": sum(one.count for one in found),
    }


def _list(options: argparse.Namespace) -> int:
    rows = [(check.name, check.about) for check in CHECKS]
    if options.format == "json":
        out_json([{"check": name, "about": about} for name, about in rows])
    elif options.format == "csv":
        out_csv(["check", "about"], rows)
    else:
        out_table(["check", "looks at"], rows)
    return exit_codes.DONE


def _print(found: list[Examined]) -> None:
    width = max(len(check.name) for check in CHECKS)
    for one in found:
        out(f"{one.check:{width}}  {_verdict(one)}")
        for each in one.findings:
            out(f"  {each.message}")
            out(f"    -> {each.remedy}")
    count, faulty = sum(one.count for one in found), sum(one.count > 0 for one in found)
    out(f"{_plural(count, 'finding')} in {_plural(faulty, 'check')}" if count else "no findings")


def _verdict(one: Examined) -> str:
    notes = len(one.findings) - one.count
    words = [_plural(number, word) for number, word in ((one.count, "finding"), (notes, "note")) if number]
    return ", ".join(words) or "ok"


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
