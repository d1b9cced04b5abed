"""`partners doctor`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import tell
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.cli.paths import database
from partners_crm.crm import Crm
from partners_crm.services.doctor import CHECKS, FINDING, Examined, examine


def add_arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    """Declare the arguments of `doctor`."""
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="only these checks; by default all")
    parser.add_argument("--list", action="store_true", help="name the checks and what each looks at")


def run(options: argparse.Namespace) -> int:
    """Look for faults, and say what to do about each."""
    if options.list:
        return _list(options)
    with Crm.open(database(options.db), word=tell) as crm:
        found = examine(crm.db, crm.today, options.checks, clock=crm.clock)
        path = str(crm.path)
    count = sum(each.level == FINDING for one in found for each in one.findings)
    if options.format == "json":
        checked_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        checks = [asdict(one) for one in found]
        out_json({"schema_version": 1, "database": path, "checked_at": checked_at, "findings": count, "checks": checks})
    elif options.format == "csv":
        rows = [(one.check, each.level, each.message, each.remedy) for one in found for each in one.findings]
        out_csv(["check", "level", "message", "remedy"], rows)
    else:
        _print(found, count)
    return exit_codes.FINDINGS if count else exit_codes.DONE


def _list(options: argparse.Namespace) -> int:
    headers, rows = ["check", "looks whether"], [(check.name, check.about) for check in CHECKS]
    if options.format == "json":
        out_json([{"check": name, "about": about} for name, about in rows])
    elif options.format == "csv":
        out_csv(headers, rows)
    else:
        out_table(headers, rows)
    return exit_codes.DONE


def _print(found: list[Examined], count: int) -> None:
    size = max(len(one.check) for one in found)
    for one in found:
        faulty = any(each.level == FINDING for each in one.findings)
        out(f"{one.check:{size}}  {'FOUND' if faulty else 'note ' if one.findings else 'ok   '}  {one.about}")
        for each in one.findings:
            out(f"{'':{size}}         {each.message}")
            out(f"{'':{size}}         -> {each.remedy}")
    out(f"{count} {'finding' if count == 1 else 'findings'}" if count else "no findings")
