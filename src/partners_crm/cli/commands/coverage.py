"""`partners coverage check`: the question a script asks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read
from partners_crm.cli.output import out, out_csv, out_json
from partners_crm.errors import InvalidValue
from partners_crm.services.coverage import BASES, SCHEMA_VERSION, UNITS, Coverage

LINE = 100
"""Characters of a printed line of gaps."""
NAMED = 3
"""Organizations named for a possible district; JSON names all."""


def add_arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    """Declare the arguments of `coverage`."""
    parser.add_argument("verb", choices=("check",), help="check: which districts have no member?")
    parser.add_argument("--chamber", choices=("house", "senate", "both"), default="both")
    parser.add_argument(
        "--basis", choices=BASES, default="any", help="which sites count (a mailing address never does)"
    )
    parser.add_argument("--silo", default="", metavar="CODE", help="organizations of one silo only")
    parser.add_argument("--unit", choices=UNITS, default="org", help="family: affiliates of one parent count once")
    parser.add_argument("--min-count", type=int, default=1, metavar="N", help="organizations a district needs")
    parser.add_argument("--min-match", type=int, default=80, metavar="N", help="match level that settles a district")
    parser.add_argument("--as-of", default="", metavar="DATE", help="who was a member on that day (default today)")
    parser.add_argument(
        "--map", default="", metavar="CODE", help="the district map (default: pinned, else of the date)"
    )
    parser.add_argument("--map-by", choices=("seated", "election"), default="seated", help="how a date picks its map")
    parser.add_argument("--strict", action="store_true", help="districts that are only possible are undecided (exit 3)")
    parser.add_argument("--max-unassigned", type=int, metavar="N", help="more members without a district: exit 3")
    parser.add_argument("--quiet", action="store_true", help="print nothing when the rule is met")


def run(options: argparse.Namespace) -> int:
    """Check coverage: 0 the rule is met, 1 gaps, 3 cannot decide."""
    with to_read(options) as crm:
        found = crm.coverage(
            as_of=_day(options.as_of) if options.as_of else None,
            map_code=options.map,
            map_by=options.map_by,
            chamber=options.chamber,
            basis=options.basis,
            silo=options.silo,
            unit=options.unit,
            min_count=options.min_count,
            min_match=options.min_match,
        )
    code = _code(found, options)
    if code != exit_codes.DONE or not options.quiet:
        {"json": _json, "csv": as_csv, "table": report}[options.format](found)
    return code


def report(found: Coverage) -> None:
    """Print coverage as words: the statement of each chamber, its gaps as ranges, and who may close which."""
    import textwrap

    for chamber in found.chambers:
        out(found.sentence(chamber))
        own = [each for each in found.districts if each.chamber == chamber]
        gaps = [each.number for each in own if each.state == "gap"]
        possible = [each for each in own if each.state == "possible"]
        if gaps:
            words = textwrap.fill(ranges(gaps), LINE, initial_indent="  ", subsequent_indent="  ")
            out(f"{len(gaps)} gaps:")
            for line in words.splitlines():
                out(line)
        if possible:
            out(f"{len(possible)} possible, not certain:")
            for each in possible:
                names = ", ".join(name for _, name in each.possible[:NAMED])
                more = f" and {len(each.possible) - NAMED} more" if len(each.possible) > NAMED else ""
                out(f"  {each.name}: {names}{more}")
        out()
    out(f"{len(found.unassigned)} of {found.members} members have no district")


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as ranges: 1-3, 5, 8-9."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1] = [found[-1][0], number]
        else:
            found.append([number])
    return ", ".join("-".join(map(str, each)) for each in found)


def _code(found: Coverage, options: argparse.Namespace) -> int:
    if found.gaps:
        return exit_codes.FINDINGS
    if options.strict and found.possible:
        return exit_codes.UNDECIDED
    if options.max_unassigned is not None and len(found.unassigned) > options.max_unassigned:
        return exit_codes.UNDECIDED
    return exit_codes.DONE


def as_json(found: Coverage) -> dict[str, Any]:
    """Coverage as plain data, the same for the same database and day."""
    rule = found.rule
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": found.as_of.isoformat(),
        "map": {"id": found.map_code, "sha256": found.map_sha256, "border_shift_m": found.border_shift_m},
        "rule": {
            "chamber": rule.chamber,
            "basis": rule.basis,
            "silo": rule.silo or None,
            "unit": rule.unit,
            "min_count": rule.min_count,
            "min_match": rule.min_match,
        },
        "statements": [found.sentence(chamber) for chamber in found.chambers],
        "totals": {
            "members": found.members,
            "unassigned": len(found.unassigned),
            **{
                chamber: dict(zip(("confirmed", "districts"), found.total(chamber), strict=True))
                for chamber in found.chambers
            },
            "possible": len(found.possible),
            "gaps": len(found.gaps),
        },
        "districts": [
            {
                "ocd_id": each.ocd_id,
                "chamber": each.chamber,
                "number": each.number,
                "state": each.state,
                "count": len(each.organizations),
                "organizations": [{"id": key, "name": name} for key, name in each.organizations],
                "possible": [{"id": key, "name": name} for key, name in each.possible],
            }
            for each in found.districts
        ],
        "unassigned": [{"id": key, "name": name} for key, name in found.unassigned],
    }


def _json(found: Coverage) -> None:
    out_json(as_json(found))


def as_csv(found: Coverage) -> None:
    """Print every district as a row."""
    rows = [
        (each.ocd_id, each.chamber, each.number, each.state, len(each.organizations), len(each.possible))
        for each in found.districts
    ]
    out_csv(["ocd_id", "chamber", "number", "state", "confirmed", "possible"], rows)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue("--as-of", text, "is no date", "write it as 2026-11-24") from None
