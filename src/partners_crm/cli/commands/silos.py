"""`partners silos`: the silos beside each other."""

from __future__ import annotations

import argparse

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read
from partners_crm.cli.commands.seats import day_of
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser
from partners_crm.services.silos import (
    Balance,
    DistrictMatrix,
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
    spread = parser.verb("balance", "how evenly the members spread over the silos, and which one is left out")
    spread.add_argument("--of", default="", metavar="ASSOCIATION", help="the members of an association instead")
    for verb in (matrix, spread):
        verb.add_argument("--as-of", default="", metavar="DATE", help="who was a member on that day (default today)")


def run(options: argparse.Namespace) -> int:
    """Carry a verb of `silos` out."""
    with to_read(options) as crm:
        on = day_of(options.as_of) or crm.today
        if options.verb == "balance":
            found = balance(crm.db, on, of=options.of)
            {"json": _balance_json, "csv": _balance_csv, "table": _balance_table}[options.format](found)
        elif options.beside == "silos":
            shared = silo_matrix(crm.db, on)
            {"json": _silos_json, "csv": _silos_csv, "table": _silos_table}[options.format](shared)
        else:
            matrix = district_matrix(crm.db, on, chamber=options.chamber)
            {"json": _matrix_json, "csv": _matrix_csv, "table": _matrix_table}[options.format](matrix)
    return exit_codes.DONE


# -------------------------------------------------------------------- silos and districts


def sentence(found: DistrictMatrix) -> str:
    """How full the matrix is, as a statement with its terms."""
    return (
        f"cells filled {found.filled:,} of {found.cells:,}: {len(found.silos)} silos in {len(found.rows)}"
        f" {found.chamber_name} districts, members on {found.as_of.isoformat()}, map {found.map_code or 'none'}"
    )


def _matrix_table(found: DistrictMatrix) -> None:
    signs = {"possible": POSSIBLE, "gap": GAP}
    rows: list[list[object]] = [
        [row.name, *(signs.get(state) or count for state, count in zip(row.states, row.members, strict=True))]
        for row in found.rows
    ]
    rows.append([f"of {len(found.rows)}", *(found.filled_of(place) for place in range(len(found.silos)))])
    out_table(["District", *(silo.label for silo in found.silos)], rows, _right(found.silos))
    out(f"{GAP} no member, {POSSIBLE} one that may be there")
    _legend(found.silos)
    out(sentence(found))


def _matrix_csv(found: DistrictMatrix) -> None:
    rows = [[row.ocd_id, found.chamber, row.number, *row.members] for row in found.rows]
    out_csv(["ocd_id", "chamber", "number", *(silo.code for silo in found.silos)], rows)


def _matrix_json(found: DistrictMatrix) -> None:
    codes = [silo.code for silo in found.silos]
    out_json(
        {
            "schema_version": 1,
            "as_of": found.as_of.isoformat(),
            "map": {"id": found.map_code, "sha256": found.map_sha256},
            "chamber": found.chamber,
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
    out(f"members in both silos, of {found.members} members on {found.as_of.isoformat()}")


def _silos_csv(found: SiloMatrix) -> None:
    rows = [[silo.code, *counts] for silo, counts in zip(found.silos, found.shared, strict=True)]
    out_csv(["silo", *(silo.code for silo in found.silos)], rows)


def _silos_json(found: SiloMatrix) -> None:
    codes = [silo.code for silo in found.silos]
    out_json(
        {
            "schema_version": 1,
            "as_of": found.as_of.isoformat(),
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
        *(f"{chamber.capitalize()} of {number}" for chamber, number in chambers),
    ]
    rows = [[part.name, *_counts(part), f"{part.share:.1%}", *_covered(part)] for part in found.parts]
    out_table(labels, rows, frozenset(range(1, len(labels))))
    whose = f" of {found.association}" if found.association else ""
    out(
        f"{found.members} members{whose} on {found.as_of.isoformat()}, {found.in_no_silo} in no silo;"
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
