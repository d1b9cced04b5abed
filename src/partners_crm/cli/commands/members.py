"""`partners members growth`: who joined and who left, period by period."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read
from partners_crm.cli.commands.seats import partial_day
from partners_crm.cli.formats import markdown_table, markdown_text
from partners_crm.cli.output import FORMATS, out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser, day_of
from partners_crm.services.growth import PERIODS, Growth, Period, growth

LABELS = ("Period", "Joined", "Start unknown", "Left", "Members")
BAR = 30
"""Characters of the longest bar."""
NAMED = 5
"""Recruiters and reasons named at the end of the table; JSON names all."""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `members`."""
    verb = parser.verb("growth", "who joined and left in each month or year", formats=(*FORMATS, "markdown"))
    verb.add_argument("--by", choices=PERIODS, default="month", help="month or year")
    verb.add_argument("--since", default="", metavar="DATE", help="the first period; those before are counted together")
    verb.add_argument("--as-of", default="", metavar="DATE", help="count up to that day (default today)")


def run(options: argparse.Namespace) -> int:
    """Print the growth of the coalition."""
    since = partial_day(options.since, "--since")
    with to_read(options) as crm:
        on = day_of(options.as_of) if options.as_of else crm.today
        found = growth(crm.db, on, by=options.by, since=since)
    {"json": _json, "csv": _csv, "markdown": _markdown, "table": _table}[options.format](found)
    return exit_codes.DONE


def label_of(found: Growth, each: Period) -> str:
    """What a period is called; a year among months says that the month is not known."""
    return f"{each.period}, month unknown" if found.by == "month" and len(each.period) == len("2011") else each.period


def summary(found: Growth) -> list[str]:
    """What the periods come to, in words."""
    sums = f"{found.before} before + {found.joined} joined - {found.left} left"
    lines = [f"{found.members} members on {found.as_of.isoformat()} = {sums}"]
    if found.undated_joined:
        lines.append(f"{found.undated_joined} members of unknown start are counted as before")
    if found.undated_left:
        lines.append(f"left nobody knows when, in no period: {_some([(name, 0) for name in found.undated_left])}")
    for title, of in (("recruited by", "recruiters"), ("left because", "reasons")):
        counted: Counter[str] = Counter()
        for each in found.periods:
            counted.update(dict(getattr(each, of)))
        if counted:
            lines.append(f"{title}: {_some(counted.most_common())}")
    return lines


def _some(pairs: list[tuple[str, int]]) -> str:
    words = [f"{name} {number}" if number else name for name, number in pairs[:NAMED]]
    more = [f"{len(pairs) - NAMED} more"] if len(pairs) > NAMED else []
    return ", ".join([*words, *more])


def _table(found: Growth) -> None:
    largest = max((each.members for each in found.periods), default=0)
    rows = [
        (*_cells(found, each), "#" * round(BAR * each.members / largest) if largest else "") for each in found.periods
    ]
    out_table([*LABELS, ""], rows, right=frozenset({1, 2, 3, 4}))
    for line in summary(found):
        out(line)


def _cells(found: Growth, each: Period) -> tuple[Any, ...]:
    return label_of(found, each), each.joined, each.start_unknown, each.left, each.members


def _markdown(found: Growth) -> None:
    rows = [_cells(found, each) for each in found.periods]
    said = "".join(f"- {markdown_text(line)}\n" for line in summary(found))
    sys.stdout.write(f"{markdown_table(LABELS, rows)}\n{said}")


def _csv(found: Growth) -> None:
    rows = [
        (each.period, *_cells(found, each)[1:], _pairs(each.recruiters), _pairs(each.reasons)) for each in found.periods
    ]
    out_csv(["period", "joined", "start_unknown", "left", "members", "recruiters", "reasons"], rows)


def _pairs(some: tuple[tuple[str, int], ...]) -> str:
    return "; ".join(f"{name}: {number}" for name, number in some)


def _json(found: Growth) -> None:
    out_json(
        {
            "schema_version": 1,
            "as_of": found.as_of.isoformat(),
            "by": found.by,
            "since": found.since or None,
            "before": found.before,
            "joined": found.joined,
            "left": found.left,
            "members": found.members,
            "start_unknown_before": found.undated_joined,
            "left_unknown_when": list(found.undated_left),
            "periods": [
                {
                    "period": each.period,
                    "joined": each.joined,
                    "start_unknown": each.start_unknown,
                    "left": each.left,
                    "members": each.members,
                    "recruiters": dict(each.recruiters),
                    "reasons": dict(each.reasons),
                }
                for each in found.periods
            ],
        }
    )
