"""`partners coverage`: which districts have a member, why, who would close a gap, and how two answers differ."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read, to_write
from partners_crm.cli.coverage_formats import CHECK_FORMATS, write, write_by_silo
from partners_crm.cli.output import FORMATS, say
from partners_crm.cli.parsing import Parser
from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue
from partners_crm.services.coverage import BASES, CHAMBERS, LEVELS, UNITS, Coverage, Rule
from partners_crm.services.coverage.rule import ALL_SILOS, MAP_BY

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
    explain.add_argument("number", type=int, metavar="NUMBER", help="the district, such as 34")
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
    terms = parser.add_argument_group("terms")
    terms.add_argument("--chamber", choices=CHAMBERS, default="both")
    terms.add_argument("--basis", choices=BASES, default="any", help="which sites count (a mailing address never does)")
    terms.add_argument("--silo", metavar="CODE", help=f"organizations of one silo; {ALL_SILOS}: every silo by itself")
    terms.add_argument("--of", metavar="ASSOCIATION", help="the members of an association instead of ours")
    terms.add_argument("--unit", choices=UNITS, default="org", help="family: affiliates of one parent count once")
    terms.add_argument("--min-count", type=int, default=1, metavar="N", help="organizations a district needs")
    terms.add_argument("--min-match", type=int, default=80, metavar="N", help="match level that settles a district")
    terms.add_argument("--level", type=int, choices=LEVELS, default=1, help="1 a member, 2 at home there, 3, 4 (later)")
    terms.add_argument("--as-of", metavar="DATE", help="who was a member on that day (default: today)")
    terms.add_argument("--map", metavar="CODE", help="the district map (default: pinned, else of the date)")
    terms.add_argument("--map-by", choices=MAP_BY, default="seated", help="how a date picks its map")
    terms.add_argument("--strict", action="store_true", help="districts that are only possible are undecided (exit 3)")
    terms.add_argument("--max-unassigned", type=int, metavar="N", help="more members without a district: exit 3")


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
    for name in ("silo", "of", "map", "as_of"):
        # A variable of a script that is not set would ask a broader question in silence.
        if getattr(options, name) == "":
            raise InvalidValue(f"--{name.replace('_', '-')}", "", "must not be empty", "leave the option out")
    names = ("chamber", "basis", "unit", "min_count", "min_match", "level", "map_by", "strict", "max_unassigned")
    terms = {name: getattr(options, name) for name in names}
    return Rule(**terms, silo=options.silo or "", of=options.of or "", map=options.map or "")


def day_of(text: str) -> date:
    """The day of `--as-of`.

    Raises:
        InvalidValue: it is no day of the calendar.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue("--as-of", text, "is no date", "write it as 2026-11-24") from None


def code_of(*found: Coverage) -> int:
    """The exit code of answers: a proven gap wins over what is undecided."""
    verdicts = {each.verdict for each in found}
    if "gaps" in verdicts:
        return exit_codes.FINDINGS
    return exit_codes.UNDECIDED if "undecided" in verdicts else exit_codes.DONE


def _check(crm: Crm, options: argparse.Namespace, rule: Rule, day: date) -> int:
    found: dict[str, Coverage]
    if rule.silo == ALL_SILOS:
        from partners_crm.services.coverage import coverage_by_silo

        found = coverage_by_silo(crm.db, day, rule)
    else:
        found = {"": crm.coverage(rule, as_of=day)}
    code = code_of(*found.values())
    if options.since_last:
        _write_changes(crm, options, rule, found)
    elif code != exit_codes.DONE or not options.quiet:
        _write(crm, options, rule, found)
    if code == exit_codes.UNDECIDED:
        for why in dict.fromkeys(each.why for each in found.values() if each.why):
            say(f"cannot decide: {why}")
    return code


def _write(crm: Crm, options: argparse.Namespace, rule: Rule, found: dict[str, Coverage]) -> None:
    if rule.silo == ALL_SILOS:
        write_by_silo(found, options.format)
    else:
        write(crm, found[""], options.format)


def _write_changes(crm: Crm, options: argparse.Namespace, rule: Rule, found: dict[str, Coverage]) -> None:
    from partners_crm.cli import since_last  # it keeps a file, which a plain check does not

    since_last.check_format(options.format)
    subject, before = since_last.earlier(crm, rule, options.as_of or "")
    if before is not None:
        since_last.write_changes(crm, found, before, options.format, quiet=options.quiet)
    elif not (options.quiet and code_of(*found.values()) == exit_codes.DONE):
        say("there is no earlier run to compare with: everything is new")
        _write(crm, options, rule, found)
    sys.stdout.flush()  # what a person could not read stays to be said
    since_last.remember(crm, subject, since_last.run_of(crm, found))
