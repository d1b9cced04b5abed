"""`partners check`: the rules of the coalition, and the checks behind them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.check_formats import CHECK_FORMATS, SCHEMA_VERSION, whole, write
from partners_crm.cli.coalition import to_read
from partners_crm.cli.output import FORMATS, out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser, day_of
from partners_crm.cli.paths import database
from partners_crm.cli.since_last import against_last, remember
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, PartnersError, PluginError
from partners_crm.normalize.text import fold
from partners_crm.services.checks import CHECKS, Case, Check, Planned, Ran, run_checks, saved_rules
from partners_crm.services.last_runs import Run, Subject

WORST_FIRST = (
    exit_codes.INTERNAL,
    exit_codes.DAMAGED,
    exit_codes.UNAVAILABLE,
    exit_codes.PERMISSION,
    exit_codes.USAGE,
    exit_codes.PLUGIN,
    exit_codes.FINDINGS,
    exit_codes.UNDECIDED,
    exit_codes.DONE,
)
"""The exit codes of rules, the worst first: the worst one is that of the run.

A rule that could not be asked is worse than findings: it would stay unseen for as long as another rule has any. A
proven finding wins over an undecided rest.
"""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `check`."""
    parser.formats = CHECK_FORMATS
    parser.add_argument("names", nargs="*", metavar="NAME", help="saved rules, or checks; by default all")
    parser.add_argument("--list", action="store_true", help="name the saved rules, and the checks with their terms")
    parser.add_argument("--as-of", default="", metavar="DATE", help="the day that is asked about (default today)")
    parser.add_argument(
        "--since-last", action="store_true", help="print only what was lost and gained since the last such run"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing when every rule is met")


def run(options: argparse.Namespace) -> int:
    """Run rules; the worst answer decides the exit code."""
    if options.list:
        return _list(options)
    with to_read(options) as crm:
        day = day_of(options.as_of) if options.as_of else crm.today
        case = Case(crm.db, day, crm.today, crm.clock, database(options.db))
        checks = CHECKS if _are_ours(crm, options.names) else (*CHECKS, *_brought(options, crm))
        done = run_checks(case, options.names, checks)
        if options.debug:
            _raise_internal(done)
        codes = [code_of(ran) for ran in done]
        code = worst(codes)
        shown = [whole(ran, own) for ran, own in zip(done, codes, strict=True)]
        runs: dict[Subject, Run] = {}
        if options.since_last:
            shown, runs = against_last(crm, shown, day.isoformat() if options.as_of else "")
        if options.quiet:
            shown = [] if code == exit_codes.DONE else [each for each in shown if each.matters]
        if shown or not options.quiet:
            write(shown, options.format, as_of=day.isoformat(), database=str(crm.path), code=code)
            sys.stdout.flush()
        remember(crm, runs)  # only now: what a person could not read stays to be said
    return code


def _are_ours(crm: Crm, names: Sequence[str]) -> bool:
    """Whether names mean rules and checks of the core alone: then no plugin is loaded."""
    kinds = {check.name for check in CHECKS}
    known = kinds | {fold(rule.name) for rule in saved_rules(crm.db) if rule.kind in kinds}
    return bool(names) and all(name in kinds or fold(name) in known for name in names)


def _brought(options: argparse.Namespace, crm: Crm | None) -> tuple[Check, ...]:
    """The checks that plugins bring."""
    from partners_crm.cli.plugins import registry_of  # a check of ours from cron loads no plugin
    from partners_crm.plugins.binding import checks_of

    return checks_of(registry_of(options, crm=crm))


def code_of(ran: Ran) -> int:
    """The exit code of one rule."""
    if isinstance(ran.error, PluginError):
        return exit_codes.PLUGIN
    if isinstance(ran.error, PartnersError):
        return exit_codes.code_of(ran.error)
    if isinstance(ran.error, OSError):
        return exit_codes.UNAVAILABLE
    if not ran.answered:
        return exit_codes.PLUGIN if ran.owner else exit_codes.INTERNAL
    return {"met": exit_codes.DONE, "findings": exit_codes.FINDINGS}.get(ran.answer.verdict, exit_codes.UNDECIDED)


def worst(codes: Iterable[int]) -> int:
    """The exit code of several rules together; 0 of none."""
    return min(codes, key=WORST_FIRST.index, default=exit_codes.DONE)


def _raise_internal(done: list[Ran]) -> None:
    for ran in done:
        if ran.error is not None and not isinstance(ran.error, PartnersError):
            raise ran.error


# -------------------------------------------------------------------- what there is


def _list(options: argparse.Namespace) -> int:
    """Name the saved rules of the coalition, where there is one, and every check with its terms."""
    if options.format not in FORMATS:
        raise ConfigError(f"--list has no format {options.format}", f"one of: {', '.join(FORMATS)}")
    rules: list[Planned] = []
    checks = (*CHECKS, *_brought(options, None))
    if database(options.db).exists():
        with to_read(options) as crm:
            rules = saved_rules(crm.db)
    if options.format == "json":
        out_json({"schema_version": SCHEMA_VERSION, "rules": _rules_json(rules), "checks": _checks_json(checks)})
        return exit_codes.DONE
    terms = [
        (check.name, term.name, term.default, _about(term.about, term.allowed))
        for check in checks
        for term in check.terms
    ]
    if options.format == "csv":
        rows = [("rule", rule.kind, rule.name, rule.terms, "") for rule in rules]
        rows += [("check", check.name, check.name, "", _about_check(check)) for check in checks]
        rows += [("term", check, name, default, about) for check, name, default, about in terms]
        out_csv(["what", "check", "name", "value", "about"], rows)
        return exit_codes.DONE
    if rules:
        out_table(["rule", "check", "terms"], [(rule.name, rule.kind, rule.terms) for rule in rules])
    else:
        out(
            'no rule is saved; such as: partners add rule name="Every House district" kind=coverage terms=chamber=house'
        )
    out()
    out_table(["check", "what it proves"], [(check.name, _about_check(check)) for check in checks])
    out()
    out_table(["check", "term", "default", "about"], terms)
    return exit_codes.DONE


def _about(about: str, allowed: tuple[str, ...]) -> str:
    return f"{about}: {', '.join(allowed)}" if allowed else about


def _about_check(check: Check) -> str:
    about = check.about if check.by_default else f"{check.about}; only when it is named, or saved as a rule"
    return f"{about} (plugin {check.owner})" if check.owner else about


def _rules_json(rules: list[Planned]) -> list[dict[str, str]]:
    return [{"name": rule.name, "kind": rule.kind, "terms": rule.terms} for rule in rules]


def _checks_json(checks: Iterable[Check]) -> list[dict[str, Any]]:
    return [
        {
            "name": check.name,
            "about": check.about,
            "by_default": check.by_default,
            "plugin": check.owner or None,
            "terms": [
                {"name": term.name, "about": term.about, "default": term.default, "allowed": list(term.allowed)}
                for term in check.terms
            ],
        }
        for check in checks
    ]
