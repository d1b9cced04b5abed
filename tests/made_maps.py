"""Made-up maps for tests and benchmarks: crooked squares, each given to a district or to nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from partners_crm.districts.maps import Arc, Areas, Chamber, DistrictMap, dump_map, parse_map

TEXTS = ("law", "enacted", "first_election", "seated_from", "seated_until", "source", "zip_source")

Line = list[tuple[int, int]]


def header(districts: int) -> dict[str, Any]:
    """What a map file of one chamber says of itself."""
    return {
        **dict.fromkeys(TEXTS, ""),
        "code": "xx-1",
        "name": "Made up",
        "state": "xx",
        "state_name": "Nowhere",
        "chambers": (Chamber("house", "House", districts),),
        "source_sha256": (),
        "tolerance_m": 0.0,
        "border_shift_m": 0.0,
        "tiles": {},
    }


def map_of(arcs: Sequence[Arc]) -> DistrictMap:
    """A map of one chamber, written and read back."""
    districts = max(max(left, right) for left, right, _ in arcs)
    return parse_map(dump_map(header(districts), {"house": (arcs, {})}), "made up")


class Crooked(NamedTuple):
    """Squares with crooked sides: rows from the south, columns from the west."""

    across: Mapping[tuple[int, int], Line]
    """The side south of a square, going east."""
    up: Mapping[tuple[int, int], Line]
    """The side west of a square, going north."""
    rows: int
    columns: int

    def square(self, row: int, column: int) -> Line:
        """The closed ring around a square, against the clock."""
        south, north = self.across[row, column], self.across[row + 1, column]
        west, east = self.up[row, column], self.up[row, column + 1]
        return [*south, *east[1:], *north[::-1][1:], *west[::-1][1:]]

    def arcs(self, numbers: Mapping[tuple[int, int], int]) -> list[Arc]:
        """The borders where each square belongs to a district: by (row, column); to nobody where it is not named."""
        found: list[Arc] = []
        for (row, column), line in self.across.items():
            found.append((numbers.get((row, column), 0), numbers.get((row - 1, column), 0), line))
        for (row, column), line in self.up.items():
            found.append((numbers.get((row, column - 1), 0), numbers.get((row, column), 0), line))
        return [arc for arc in found if arc[0] != arc[1]]


def crooked(rows: int, columns: int, steps: int, draw: Random, *, west: int, south: int, size: int) -> Crooked:
    """So many squares of about `size` stored units; each side has `steps` edges and turns back nowhere."""
    corners = {
        (row, column): (
            west + column * size + draw.randint(-size // 8, size // 8),
            south + row * size + draw.randint(-size // 8, size // 8),
        )
        for row in range(rows + 1)
        for column in range(columns + 1)
    }
    across = {
        (row, column): _side(corners[row, column], corners[row, column + 1], steps, draw)
        for row in range(rows + 1)
        for column in range(columns)
    }
    up = {
        (row, column): _side(corners[row, column], corners[row + 1, column], steps, draw)
        for row in range(rows)
        for column in range(columns + 1)
    }
    return Crooked(across, up, rows, columns)


def _side(start: tuple[int, int], end: tuple[int, int], steps: int, draw: Random) -> Line:
    """Edges from one corner to another, within a slim diamond: sides that meet in a corner do not cross."""
    found = [start]
    for step in range(1, steps):
        part = step / steps
        aside = draw.uniform(-0.25, 0.25) * min(part, 1 - part)
        dx, dy = end[0] - start[0], end[1] - start[1]
        found.append((round(start[0] + part * dx - aside * dy), round(start[1] + part * dy + aside * dx)))
    return [*found, end]


def two_layers(code: str = "il-two", *, senate_districts: int = 2) -> bytes:
    """A map file over the north-east of Illinois: six House and two Senate districts, of which none nests.

    Senate districts beyond the second have no borders.
    """
    squares = crooked(2, 3, 4, Random(1), west=-9_000_000, south=4_000_000, size=100_000)
    house = {(row, column): row * 3 + column + 1 for row in range(2) for column in range(3)}
    senate = {(row, column): (row + column) % 2 + 1 for row, column in house}
    described = {
        **header(6),
        "code": code,
        "state": "il",
        "state_name": "Illinois",
        "chambers": (Chamber("house", "House", 6), Chamber("senate", "Senate", senate_districts)),
        "seated_from": "2030-01-01",
        "first_election": "2029",
    }
    zips: Areas = {"60647": ((1, 0.6), (2, 0.4))}
    return dump_map(described, {"house": (squares.arcs(house), zips), "senate": (squares.arcs(senate), zips)})
