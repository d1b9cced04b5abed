"""`partners coverage`: which districts have a member, why, who would close a gap, and how two answers differ."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read, to_write
from partners_crm.cli.coverage_formats import CHECK_FORMATS, code_of, write, write_by_silo
from partners_crm.cli.output import FORMATS, say
from partners_crm.cli.parsing import Parser, day_of, whole_number
from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue
from partners_crm.services.coverage import Coverage, Rule
from partners_crm.services.coverage.rule import ALL_SILOS, TERMS

REPORT_FORMATS = (*FORMATS, "markdown")


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `coverage`."""
    check = parser.verb("check", "which districts have no member?", CHECK_FORMATS)
    _add_terms(check)
    check.add_argument(
        "--since-last", action="store_true", help="print only what was lost and gained since the last such run"
    )
    check.add_argument("--quiet", action="store_true", help="print nothing when the rule is met")
    explain = parser.verb("explain", "the organizations and sites behind the answer for a district")
    explain.add_argument("number", type=whole_number, metavar="NUMBER", help="the district, such as 34")
    _add_terms(explain)
    gaps = parser.verb("gaps", "who would close each gap, the cheapest way first", REPORT_FORMATS)
    _add_terms(gaps)
    diff = parser.verb("diff", "how the answers of two days, two maps or a snapshot differ", REPORT_FORMATS)
    diff.add_argument("before", metavar="BEFORE", help="a day (2022-06-01, today), the code of a map, or a snapshot")
    diff.add_argument("after", nargs="?", default="today", metavar="AFTER", help="the other one (default today)")
    _add_terms(diff)
    snapshot = parser.verb("snapshot", "keep an answer under a name, to compare with later")
    snapshot.add_argument("name", metavar="NAME", help='what to call it, such as "before the lobby day"')
    snapshot.add_argument("--delete", action="store_true", help="forget the answer kept under that name")
    _add_terms(snapshot)


def _add_terms(parser: Parser) -> None:
    group = parser.add_argument_group("terms")
    for term in TERMS:
        about = term.option or term.about
        if term.is_switch:
            group.add_argument(f"--{term.name}", action="store_true", help=about)
            continue
        kind = int if term.is_number else str
        choices = [kind(each) for each in term.allowed] or None
        group.add_argument(f"--{term.name}", type=kind, choices=choices, metavar=term.metavar or None, help=about)
    group.add_argument("--as-of", metavar="DATE", help="who was a member on that day (default: today)")


def run(options: argparse.Namespace) -> int:
    """Answer a question about coverage; `check`: 0 the rule is met, 1 gaps, 3 cannot decide."""
    rule = rule_of(options)
    if rule.silo == ALL_SILOS and options.verb != "check":
        raise InvalidValue("--silo", ALL_SILOS, "is a question of coverage check alone", "name one silo, or none")
    with to_write(options) if options.verb == "snapshot" else to_read(options) as crm:
        day = crm.today if options.as_of in {None, "today"} else day_of(options.as_of)
        if options.verb == "check":
            return _check(crm, options, rule, day)
        # Only a check from cron has to be quick to start.
        from partners_crm.cli import coverage_reports as reports

        if options.verb == "explain":
            return reports.explain(crm, options, rule, day)
        if options.verb == "gaps":
            return reports.gaps(crm, options, rule, day)
        if options.verb == "diff":
            return reports.diff(crm, options, rule, day)
        return reports.snapshot(crm, options, rule, day)


def rule_of(options: argparse.Namespace) -> Rule:
    """The rule that the options of a command stand for."""
    given = {term.field: getattr(options, term.field) for term in TERMS}
    for name, value in (*given.items(), ("as_of", options.as_of)):
        # A variable of a script that is not set would ask a broader question in silence.
        if value == "":
            raise InvalidValue(f"--{name.replace('_', '-')}", "", "must not be empty", "leave the option out")
    return Rule(**{name: value for name, value in given.items() if value is not None})


def _check(crm: Crm, options: argparse.Namespace, rule: Rule, day: date) -> int:
    found: dict[str, Coverage]
    if rule.silo == ALL_SILOS:
        from partners_crm.services.coverage import coverage_by_silo

        found = coverage_by_silo(crm.db, day, rule)
    else:
        found = {"": crm.coverage(rule, as_of=day)}
    code = code_of(*found.values())
    if options.since_last:
        is_told = _write_changes(crm, options, rule, found)
    else:
        is_told = code != exit_codes.DONE or not options.quiet
        if is_told:
            _write(crm, options, rule, found)
    if is_told and code == exit_codes.UNDECIDED:
        for why in dict.fromkeys(each.why for each in found.values() if each.why):
            say(f"cannot decide: {why}")
    return code


def _write(crm: Crm, options: argparse.Namespace, rule: Rule, found: dict[str, Coverage]) -> None:
    if rule.silo == ALL_SILOS:
        write_by_silo(found, options.format)
    else:
        write(crm, found[""], options.format)


def _write_changes(crm: Crm, options: argparse.Namespace, rule: Rule, found: dict[str, Coverage]) -> bool:
    """Print what changed since the last such run, and remember this one; false where quiet has nothing to print."""
    from partners_crm.cli import since_last  # it keeps a file and knows of rules, which a plain check does not

    since_last.check_format(options.format)
    as_of = "" if options.as_of in {None, "today"} else options.as_of
    now = since_last.of_coverage(found, rule, code_of(*found.values()), crm.today)
    (shown,), runs = since_last.against_last(crm, [now], as_of)
    is_told = shown.matters or not options.quiet
    if is_told and not shown.since:
        say("there is no earlier run to compare with: everything is new")
    if is_told and not shown.since and options.format == "table":
        _write(crm, options, rule, found)
    elif is_told:
        since_last.write_coverage(shown, found, options.format)
    sys.stdout.flush()
    since_last.remember(crm, runs)  # only now: what a person could not read stays to be said
    return is_told
