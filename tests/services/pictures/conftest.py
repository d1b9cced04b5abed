"""Coverages to draw: of the demo, and made up for maps of every kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import pytest
from tests.conftest import NOW
from tests.made_maps import crooked, header

from partners_crm.crm import Crm
from partners_crm.districts.maps import Arc, Areas, Chamber, DistrictMap, dump_map, load_map, ocd_id, parse_map
from partners_crm.services.coverage import Coverage, DistrictCoverage, Rule

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("PARTNERS_GOLDEN") == "write"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "</title></svg><img src=x onerror=alert(1)>",
    "&lt;b&gt; ]]> <!-- --> %00",
    "\x1b]0;title\x07 bell\x08\x00",
    "\u202egnirts desrever",
    "lone \ud800 surrogate \uffff",
    "' onmouseover='alert(1)",
)

Matches = Callable[[str, str], None]


@pytest.fixture
def matches() -> Matches:
    """Compare a text with a golden file; `PARTNERS_GOLDEN=write` writes the new look down."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if WRITE:
            path.write_text(text, "utf-8")
        assert path.exists(), f"no golden file {name}: write it with PARTNERS_GOLDEN=write"
        assert text == path.read_text("utf-8")

    return check


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Coverage:
    """The coverage of the demo coalition on the day of the tests."""
    path = tmp_path_factory.mktemp("pictures") / "demo.db"
    with Crm.demo(path, clock=lambda: NOW) as crm:
        return crm.coverage(map="il-2021")


@pytest.fixture(scope="session")
def illinois() -> DistrictMap:
    """The map in force."""
    return load_map("il-2021")


@pytest.fixture(scope="session")
def single() -> DistrictMap:
    """A state of one chamber with 49 districts, nothing nested, each where its tile says."""
    squares = crooked(7, 7, 4, Random(49), west=-100 * SCALE, south=40 * SCALE, size=SCALE // 2)
    places = {(row, column): 7 * row + column + 1 for row in range(7) for column in range(7)}
    tiles = {"senate": [(number, column, 6 - row) for (row, column), number in places.items()]}
    plain = {**header(1), "chambers": (Chamber("senate", "Legislature", 49),), "tiles": tiles}
    return parse_map(dump_map(plain, {"senate": (squares.arcs(places), {})}), "single")


@pytest.fixture(scope="session")
def apart() -> DistrictMap:
    """A wide state of two chambers that do not nest, without tiles."""
    layers: dict[str, tuple[list[Arc], Areas]] = {}
    for code, rows, columns in (("house", 2, 9), ("senate", 1, 4)):
        squares = crooked(rows, columns, 3, Random(2), west=-100 * SCALE, south=40 * SCALE, size=4 * SCALE // columns)
        places = {(row, column): columns * row + column + 1 for row in range(rows) for column in range(columns)}
        layers[code] = (squares.arcs(places), {})
    plain = {**header(1), "chambers": (Chamber("house", "House", 18), Chamber("senate", "Senate", 4))}
    return parse_map(dump_map(plain, layers), "apart")


SCALE = 100_000


def made_up(
    district_map: DistrictMap, *, names: tuple[str, ...] = (), seed: int = 1, chamber: str = "both"
) -> Coverage:
    """A coverage of a map by lot, with gaps, possible districts and every step of the legend."""
    info, draw = district_map.info, Random(seed)
    pool = [*enumerate(names or [f"Maple Works {number}" for number in range(1, 41)], 1)]
    districts = []
    codes = [each for each in info.chambers if chamber in ("both", each.code)]
    for code, name, count, *_ in codes:
        for number in range(1, count + 1):
            inside = draw.sample(pool, min(len(pool), draw.choice((0, 0, 1, 2, 5, 12))))
            maybe = [] if inside or draw.random() < 0.5 else draw.sample(pool, 1)
            state = "confirmed" if inside else "possible" if maybe else "gap"
            found = DistrictCoverage(
                ocd_id(info.state, code, number), code, number, f"{name} {number}", state, tuple(inside), tuple(maybe)
            )
            districts.append(found)
    return Coverage(
        rule=Rule(chamber=chamber),
        as_of=date(2026, 11, 24),
        map_code=info.code,
        map_sha256=info.sha256,
        border_shift_m=info.border_shift_m,
        members=len(pool),
        unassigned=tuple(pool[:3]),
        chamber_names={each.code: each.name for each in codes},
        association="",
        districts=tuple(districts),
    )
