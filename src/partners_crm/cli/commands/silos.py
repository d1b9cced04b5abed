"""`partners silos`: the silos beside each other."""

from __future__ import annotations

import argparse
from dataclasses import replace

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser, day_of, whole_number
from partners_crm.errors import ConfigError, InvalidValue
from partners_crm.services.coverage import BASES, Rule
from partners_crm.services.silos import (
    Balance,
    DistrictMatrix,
    Row,
    SiloMatrix,
    SiloName,
    SiloPart,
    balance,
    district_matrix,
    silo_matrix,
)

GAP, POSSIBLE = ".", "?"
"""What stands in a cell without a member, and in one that a member may be in."""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `silos`."""
    matrix = parser.verb("matrix", "how many members of each silo stand in each district")
    matrix.add_argument(
        "--with", dest="beside", choices=("districts", "silos"), default="districts",
        help="silos: how many members each two silos share",
    )  # fmt: skip
    matrix.add_argument(
        "--chamber", choices=("house", "senate"), default="", help="whose districts (default the map's first)"
    )
    matrix.add_argument("--basis", choices=BASES, help="which sites count (a mailing address never does)")
    matrix.add_argument("--min-match", type=whole_number, metavar="N", help="match level that settles a district")
    matrix.add_argument("--map", metavar="CODE", help="the district map (default: pinned, else of the date)")
    spread = parser.verb("balance", "how evenly the members spread over the silos, and which one is left out")
    for verb in (matrix, spread):
        verb.add_argument("--of", metavar="ASSOCIATION", help="the members of an association instead of ours")
        verb.add_argument("--as-of", default="", metavar="DATE", help="who was a member on that day (default today)")


def run(options: argparse.Namespace) -> int:
    """Carry a verb of `silos` out."""
    if options.of == "":
        # A variable of a script that is not set would ask of the whole coalition in silence.
        raise InvalidValue("--of", "", "must not be empty", "leave the option out")
    of = options.of or ""
    rule = None if options.verb == "balance" else _rule(options)
    with to_read(options) as crm:
        on = day_of(options.as_of) if options.as_of else crm.today
        if rule is None:
            found = balance(crm.db, on, of=of)
            {"json": _balance_json, "csv": _balance_csv, "table": _balance_table}[options.format](found)
        elif options.beside == "silos":
            shared = silo_matrix(crm.db, on, of=of)
            {"json": _silos_json, "csv": _silos_csv, "table": _silos_table}[options.format](shared)
        else:
            matrix = district_matrix(crm.db, on, chamber=options.chamber, rule=rule)
            {"json": _matrix_json, "csv": _matrix_csv, "table": _matrix_table}[options.format](matrix)
    return exit_codes.DONE


def _rule(options: argparse.Namespace) -> Rule:
    """The terms of a matrix."""
    given = {name: getattr(options, name) for name in ("basis", "min_match", "map", "of")}
    given = {name: value for name, value in given.items() if value is not None}
    if given.get("map") == "":
        raise InvalidValue("--map", "", "must not be empty", "leave the option out")
    districts = {"chamber": options.chamber, **given}
    if options.beside == "silos" and (asked := [name for name in districts if name != "of" and districts[name]]):
        raise ConfigError(f"--{asked[0].replace('_', '-')} is about districts", "leave --with silos or the option out")
    return Rule(**given)


# -------------------------------------------------------------------- silos and districts


def sentence(found: DistrictMatrix) -> str:
    """How full the matrix is, as a statement with its terms."""
    return (
        f"cells filled {found.filled:,} of {found.cells:,}: {len(found.silos)} silos in {len(found.rows)}"
        f" {found.chamber_name} districts, members{_whose(found)} on {found.as_of.isoformat()},"
        f" map {found.map_code or 'none'}{_terms(found.rule)}"
    )


def _whose(found: DistrictMatrix | SiloMatrix | Balance) -> str:
    return f" of {found.association}" if found.association else ""


def _terms(rule: Rule) -> str:
    """The terms that are others than the usual ones and that the sentence does not say yet."""
    terms = replace(rule, chamber="both", of="", map="").text
    return f", {terms}" if terms else ""


def _matrix_table(found: DistrictMatrix) -> None:
    rows: list[list[object]] = [[row.name, *_cells(row, GAP)] for row in found.rows]
    rows.append([f"of {len(found.rows)}", *(found.filled_of(place) for place in range(len(found.silos)))])
    out_table(["District", *(silo.label for silo in found.silos)], rows, _right(found.silos))
    out(f"{GAP} no member, {POSSIBLE} one that may be there")
    _legend(found.silos)
    out(sentence(found))


def _cells(row: Row, gap: object) -> list[object]:
    """A district silo by silo: how many members, `gap` without one, or that one may be there."""
    signs = {"possible": POSSIBLE, "gap": gap}
    return [signs.get(state, count) for state, count in zip(row.states, row.members, strict=True)]


def _matrix_csv(found: DistrictMatrix) -> None:
    rows = [[row.ocd_id, found.chamber, row.number, *_cells(row, 0)] for row in found.rows]
    out_csv(["ocd_id", "chamber", "number", *(silo.code for silo in found.silos)], rows)


def _matrix_json(found: DistrictMatrix) -> None:
    codes = [silo.code for silo in found.silos]
    out_json(
        {
            "schema_version": 1,
            "as_of": found.as_of.isoformat(),
            "map": {"id": found.map_code, "sha256": found.map_sha256},
            "chamber": found.chamber,
            "of": found.association or None,
            "rule": found.rule.as_data(),
            "statement": sentence(found),
            "filled": found.filled,
            "cells": found.cells,
            "silos": [
                {"code": silo.code, "name": silo.name, "label": silo.label, "districts": found.filled_of(place)}
                for place, silo in enumerate(found.silos)
            ],
            "districts": [
                {
                    "ocd_id": row.ocd_id,
                    "number": row.number,
                    "members": dict(zip(codes, row.members, strict=True)),
                    "possible": dict(zip(codes, row.possible, strict=True)),
                    "states": dict(zip(codes, row.states, strict=True)),
                }
                for row in found.rows
            ],
        }
    )


# -------------------------------------------------------------------- silos and silos


def _silos_table(found: SiloMatrix) -> None:
    rows = [[silo.name, *counts] for silo, counts in zip(found.silos, found.shared, strict=True)]
    out_table(["Silo", *(silo.label for silo in found.silos)], rows, _right(found.silos))
    out(f"members in both silos, of {found.members} members{_whose(found)} on {found.as_of.isoformat()}")


def _silos_csv(found: SiloMatrix) -> None:
    rows = [[silo.code, *counts] for silo, counts in zip(found.silos, found.shared, strict=True)]
    out_csv(["silo", *(silo.code for silo in found.silos)], rows)


def _silos_json(found: SiloMatrix) -> None:
    codes = [silo.code for silo in found.silos]
    out_json(
        {
            "schema_version": 1,
            "as_of": found.as_of.isoformat(),
            "of": found.association or None,
            "members": found.members,
            "silos": [{"code": silo.code, "name": silo.name, "label": silo.label} for silo in found.silos],
            "shared": {
                code: dict(zip(codes, counts, strict=True)) for code, counts in zip(codes, found.shared, strict=True)
            },
        }
    )


# -------------------------------------------------------------------- balance


def _balance_table(found: Balance) -> None:
    chambers = [(chamber, everything) for chamber, _, everything in found.parts[0].districts] if found.parts else []
    labels = [
        "Silo",
        "Primary",
        "Any",
        "Share",
        *(f"{found.chamber_names[chamber]} of {number}" for chamber, number in chambers),
    ]
    rows = [[part.name, *_counts(part), f"{part.share:.1%}", *_covered(part)] for part in found.parts]
    out_table(labels, rows, frozenset(range(1, len(labels))))
    out(
        f"{found.members} members{_whose(found)} on {found.as_of.isoformat()}, {found.in_no_silo} in no silo;"
        f" map {found.map_code or 'none'}"
    )
    if found.weakest:
        out(f"weakest: {', '.join(found.weakest)}")
    if found.breadth is None:
        out("breadth: cannot be said of fewer than two silos, or without a member in one")
    else:
        out(f"breadth {found.breadth:.2f}, from 0 (all in one silo) to 1 (the same in each)")


def _counts(part: SiloPart) -> list[int]:
    return [part.primary, part.any]


def _covered(part: SiloPart) -> list[int]:
    return [covered for _, covered, _ in part.districts]


def _balance_csv(found: Balance) -> None:
    chambers = [chamber for chamber, _, _ in found.parts[0].districts] if found.parts else []
    rows = [
        [part.code, *_counts(part), round(part.weight, 6), round(part.share, 6), *_covered(part)]
        for part in found.parts
    ]
    out_csv(["silo", "primary", "any", "weight", "share", *chambers], rows)


def _balance_json(found: Balance) -> None:
    out_json(
        {
            "schema_version": 1,
            "as_of": found.as_of.isoformat(),
            "of": found.association or None,
            "map": found.map_code,
            "members": found.members,
            "in_no_silo": found.in_no_silo,
            "breadth": None if found.breadth is None else round(found.breadth, 6),
            "weakest": list(found.weakest),
            "silos": [
                {
                    "code": part.code,
                    "name": part.name,
                    "label": part.label,
                    "primary": part.primary,
                    "any": part.any,
                    "weight": round(part.weight, 6),
                    "share": round(part.share, 6),
                    "districts": {
                        chamber: {"confirmed": covered, "districts": everything}
                        for chamber, covered, everything in part.districts
                    },
                }
                for part in found.parts
            ],
        }
    )


def _right(silos: tuple[SiloName, ...]) -> frozenset[int]:
    return frozenset(range(1, len(silos) + 1))


def _legend(silos: tuple[SiloName, ...]) -> None:
    out("; ".join(f"{silo.label} {silo.name}" for silo in silos))
