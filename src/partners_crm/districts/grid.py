"""The cells that a map is cut into, so that a point meets only the borders near it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from partners_crm.districts.geometry import metres_per_unit
from partners_crm.districts.maps import AGAIN, SCALE, Borders
from partners_crm.errors import FileRefused

ON_BORDER_M = 0.01
"""A point this near to a border lies on it."""
CELLS_PER_POINT = 4
"""Cells for each point of the borders: more are quicker to search and slower to fill. Measured on both maps of
Illinois as they come and in full: from 2 to 8 building and searching together cost about the same."""
FEWEST_CELLS, MOST_CELLS, SMALLEST_CELL = 1_000, 4_000_000, 50
"""Cells of the smallest and of the largest grid; and the least side of a cell in stored units, some 50 metres."""


class Grid(NamedTuple):
    """Cells, about square on the ground, over a map and one more on each side. In stored units.

    A cell's place is its row from the south times `columns`, and its column from the west.
    """

    south: int
    """Of the borders, as are the next three."""
    west: int
    north: int
    east: int
    bottom: int
    """Where the first row begins."""
    first: int
    """Where the first column begins."""
    height: int
    width: int
    rows: int
    columns: int
    slack: float
    """Units, east or north, beyond which a point is more than `ON_BORDER_M` away."""

    def home(self, x: float, y: float) -> int:
        """The cell of a point, or the one nearest to it."""
        row = int((min(max(y, self.south), self.north) - self.bottom) / self.height)
        return row * self.columns + int((min(max(x, self.west), self.east) - self.first) / self.width)


def grid_over(borders: Borders) -> Grid:
    """The grid of some borders; it has as many cells as they have points, times `CELLS_PER_POINT`.

    Raises:
        FileRefused: there are no borders.
    """
    if not borders.lon:
        raise FileRefused("the map has no borders", AGAIN)
    south, west, north, east = min(borders.lat), min(borders.lon), max(borders.lat), max(borders.lon)
    kx, ky = metres_per_unit((south + north) / 2 / SCALE)
    wanted = min(MOST_CELLS, max(FEWEST_CELLS, CELLS_PER_POINT * len(borders.lon)))
    side = math.sqrt(max(1, north - south) * ky * max(1, east - west) * kx / wanted)
    height, width = max(SMALLEST_CELL, round(side / ky)), max(SMALLEST_CELL, round(side / kx))
    bottom, first = south - height, west - width
    # No edge comes within one unit of the last row and column.
    rows, columns = (north + 1 - bottom) // height + 2, (east + 1 - first) // width + 2
    highest = min(90.0, max(abs(south), abs(north)) / SCALE)
    slack = 1.01 * ON_BORDER_M / metres_per_unit(highest)[0]
    return Grid(south, west, north, east, bottom, first, height, width, rows, columns, slack)


@lru_cache(maxsize=64)
def ring_of_cells(step: int, columns: int) -> list[int]:
    """How far the places of the cells lie from that of the cell they surround, so many steps away.

    Past an end of a row they are cells of the next one: farther ones, whose edges are measured like any other.
    """
    if step == 0:
        return [0]
    ends = [row * columns + column for row in (-step, step) for column in range(-step, step + 1)]
    sides = [row * columns + column for row in range(1 - step, step) for column in (-step, step)]
    return ends + sides
