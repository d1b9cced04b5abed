"""Many points at once: the grid of `districts.index`, searched column by column with numpy, of the extra `geo`.

The same cells, the same edges and the same arithmetic as the pure index, so that both give the same answers, on
borders and vertices too. Points in a cell without edges are answered by one look at an array. Each other point is
paired with the edges of its cell, then of the cells around it, and all pairs are computed in one go. Prepared polygons
take as long for numbers alone (bench/bench_index.py has both figures), but they know no distances in metres, and settle
a point on a border in their own way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from partners_crm.districts.grid import ON_BORDER_M, Grid, grid_over, ring_of_cells
from partners_crm.districts.index import BORDER_LIMIT_M, SNAP_M, Placement
from partners_crm.districts.maps import OUTSIDE, SCALE, Borders, DistrictMap

if TYPE_CHECKING:  # numpy comes with an extra
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

BULK_FROM = 15_000
"""Points from which `placements` pays in a process that has to load numpy first, on the bundled maps. On a map with
every vertex it pays from a third of that; `numbers_at` alone pays from some 250,000, so quick is the pure index."""
BLOCK = 8_192
"""Points whose distances are measured in one go: enough to make numpy worth its while, few enough to bound memory."""


def bulk_available() -> bool:
    """Whether numpy is installed."""
    return find_spec("numpy") is not None


class _Edges(NamedTuple):
    """The edges of all borders, column by column; what they mean: `index._Edge`."""

    low: Ints
    high: Ints
    x_low: Ints
    slope: Floats
    reach: Floats
    west: Ints
    east: Ints
    dx: Ints
    dy: Ints


class BulkIndex:
    """The index of one chamber of a map for many points at once.

    Raises:
        ImportError: numpy is not installed; `bulk_available` tells before.
    """

    def __init__(self, district_map: DistrictMap, chamber: str = "") -> None:
        import numpy as np

        self.chamber = chamber or district_map.info.base
        """The chamber whose borders these are; by default the base one."""
        borders = district_map.borders[self.chamber]
        self._grid = grid = grid_over(borders)
        self._edges = edges = _edges_of(borders, grid)
        owners, places = _cells_of(edges, grid)
        cells = grid.rows * grid.columns
        self._members: Ints = owners[np.argsort(places, kind="stable")]
        """Edges by cell: those of a cell from its `_starts` on."""
        counts = np.bincount(places, minlength=cells)
        self._counts: Ints = counts
        self._starts: Ints = np.cumsum(counts) - counts
        # The cell, at or to the east of each, in which the search goes on: one with edges, or the last of the row.
        stops = counts > 0
        stops[grid.columns - 1 :: grid.columns] = True
        everywhere = np.arange(cells)
        onward = np.minimum.accumulate(np.where(stops, everywhere, cells)[::-1])[::-1]
        self._onward: Ints = onward
        self._whole: Ints = self._answers(onward)

    def numbers_at(self, latitudes: Sequence[float], longitudes: Sequence[float]) -> list[int]:
        """The district of each point (degrees, WGS84), as `DistrictIndex.number_at` gives it.

        Raises:
            ValueError: there are not as many longitudes as latitudes.
        """
        x, y = _scaled(latitudes, longitudes)
        found: list[int] = self._numbers(x, y).tolist()
        return found

    def placements(self, latitudes: Sequence[float], longitudes: Sequence[float]) -> list[Placement | None]:
        """Where each point (degrees, WGS84) lies, as `DistrictIndex.locate` says; the distances to a millimetre.

        Raises:
            ValueError: there are not as many longitudes as latitudes.
        """
        import numpy as np

        x, y = _scaled(latitudes, longitudes)
        number = self._numbers(x, y)
        outside = np.flatnonzero((number == OUTSIDE) & (abs(y) <= 90 * SCALE) & (abs(x) <= 180 * SCALE))
        snapped = np.full(len(x), math.nan)
        snapped[outside], number[outside] = self._nearest(x[outside], y[outside], SNAP_M, number[outside])
        border, other = np.zeros(len(x)), np.zeros(len(x), np.int64)
        there = np.flatnonzero(number != OUTSIDE)
        border[there], other[there] = self._nearest(x[there], y[there], BORDER_LIMIT_M, number[there])
        columns = (number.tolist(), border.tolist(), other.tolist(), snapped.tolist())
        found: list[Placement | None] = []
        for own, metres, neighbour, away in zip(*columns, strict=True):
            beside = None if away != away else away  # what is no number was not snapped
            if own == OUTSIDE:
                found.append(None)
            elif neighbour == OUTSIDE:
                found.append(Placement(own, None, None, on_border=False, snapped_m=beside))
            else:
                found.append(Placement(own, metres, neighbour, on_border=metres == 0, snapped_m=beside))
        return found

    # ---------------------------------------------------------------- numbers

    def _answers(self, onward: Ints) -> Ints:
        """Of each cell without edges the district it lies in; the same number for a whole run of them."""
        import numpy as np

        grid = self._grid
        stops = np.flatnonzero((onward[1:] == onward[:-1]) & (onward[1:] == np.arange(1, len(onward)))) + 1
        row, column = stops // grid.columns, stops % grid.columns
        # From the west side of the cell that ends the run, at half its height.
        x = np.asarray(grid.first + column * grid.width - 1.5, np.float64)
        y = np.asarray(grid.bottom + (row + 0.5) * grid.height, np.float64)
        answers = np.zeros(len(onward), np.int64)
        answers[stops] = self._eastward(stops, x, y)
        return np.asarray(answers[onward])

    def _numbers(self, x: Floats, y: Floats) -> Ints:
        import numpy as np

        grid = self._grid
        found = np.zeros(len(x), np.int64)
        low, high, slack = grid.south - grid.slack, grid.north + grid.slack, grid.slack
        # What is no number is nowhere.
        inside = np.flatnonzero((low <= y) & (y <= high) & (grid.west - slack <= x) & (x <= grid.east + slack))
        x, y = x[inside], y[inside]
        rows = ((y - grid.bottom) * (1 / grid.height)).astype(np.int64)
        places = rows * grid.columns + ((x - grid.first) * (1 / grid.width)).astype(np.int64)
        answers = self._whole[places]
        divided = np.flatnonzero(self._counts[places] > 0)
        x, y, places = x[divided], y[divided], places[divided]
        beyond = self._eastward(places, x, y)
        answers[divided] = self._settled(places, x, y, beyond)
        found[inside] = answers
        return found

    def _pairs(self, places: Ints) -> tuple[Ints, Ints]:
        """(point, edge) of each point with each edge of its cell, point after point."""
        points, step = _spread(self._counts[places])
        return points, self._members[self._starts[places[points]] + step]

    def _eastward(self, places: Ints, x: Floats, y: Floats) -> Ints:
        """The district west of the first edge to the east of each point, from the edges of a cell on."""
        import numpy as np

        grid, edges = self._grid, self._edges
        found = np.zeros(len(places), np.int64)
        pending, places = np.arange(len(places)), places.copy()
        while len(pending):
            points, members = self._pairs(places[pending])
            points = pending[points]
            there = (edges.low[members] <= y[points]) & (y[points] < edges.high[members])
            points, members = points[there], members[there]
            slope = edges.slope[members]
            crossing = edges.x_low[members] + slope * (y[points] - edges.low[members])
            side = grid.first + (places[points] % grid.columns + 1) * grid.width
            there = (x[points] <= crossing) & (crossing <= side)
            points, members, slope, crossing = points[there], members[there], slope[there], crossing[there]
            # Of edges that leave one vertex the westernmost just above it decides.
            reached, leading = _least(points, crossing, slope)
            found[reached] = edges.west[members[leading]]
            over = self._counts[places] == 0  # the last cell of a row
            over[reached] = True
            pending = pending[~over[pending]]
            places[pending] = self._onward[places[pending] + 1]
        return found

    def _settled(self, places: Ints, x: Floats, y: Floats, numbers: Ints) -> Ints:
        """The numbers of points, but for those on a border: the lowest number there."""
        import numpy as np

        grid, edges = self._grid, self._edges
        points, members = self._pairs(places)
        rise = y[points] - edges.low[members]
        there = (-grid.slack <= rise) & (y[points] <= edges.high[members] + grid.slack)
        away = edges.x_low[members] + edges.slope[members] * rise - x[points]
        there &= abs(away) <= edges.reach[members]
        points, members = points[there], members[there]
        kx, ky = _metres_per_unit(y[points])
        touching = self._distances(x[points], y[points], kx, ky, members) < ON_BORDER_M
        points, members = points[touching], members[touching]
        outside = np.iinfo(np.int64).max
        settled = np.where(numbers == OUTSIDE, outside, numbers)
        for sides in (edges.west[members], edges.east[members]):
            np.minimum.at(settled, points, np.where(sides == OUTSIDE, outside, sides))
        return np.where(settled == outside, OUTSIDE, settled)

    # ---------------------------------------------------------------- distances

    def _distances(self, x: Floats, y: Floats, kx: Floats, ky: Floats, members: Ints) -> Floats:
        """Metres from each point to its edge."""
        import numpy as np

        edges = self._edges
        ax, ay = (edges.x_low[members] - x) * kx, (edges.low[members] - y) * ky
        bx, by = edges.dx[members] * kx, edges.dy[members] * ky
        length = np.maximum(bx * bx + by * by, 1e-300)
        along = np.clip(-(ax * bx + ay * by) / length, 0.0, 1.0)
        return np.hypot(ax + along * bx, ay + along * by)

    def _nearest(self, x: Floats, y: Floats, limit_m: float, own: Ints) -> tuple[Floats, Ints]:
        """(metres, number) of the nearest district other than the own of each point; (nan, OUTSIDE) where none is."""
        import numpy as np

        metres, other = np.full(len(x), math.nan), np.zeros(len(x), np.int64)
        for start in range(0, len(x), BLOCK):
            part = slice(start, start + BLOCK)
            best, number = self._nearest_of_block(x[part], y[part], limit_m, own[part])
            metres[part], other[part] = np.where(number == OUTSIDE, math.nan, best), number
        return metres, other

    def _nearest_of_block(self, x: Floats, y: Floats, limit_m: float, own: Ints) -> tuple[Floats, Ints]:
        import numpy as np

        edges = self._edges
        kx, ky = _metres_per_unit(y)
        best, other = np.full(len(x), limit_m), np.full(len(x), OUTSIDE)
        for pending, places in self._around(x, y, kx, ky, best):
            points, members = self._pairs(places)
            points = pending[points]
            west, east, mine = edges.west[members], edges.east[members], own[points]
            first = np.where((west == mine) | (west == OUTSIDE), east, west)
            second = np.where((east == mine) | (east == OUTSIDE), first, east)
            numbers = np.minimum(first, second)
            there = (numbers != mine) & (numbers != OUTSIDE)
            points, members, numbers = points[there], members[there], numbers[there]
            metres = self._distances(x[points], y[points], kx[points], ky[points], members)
            metres = np.where(metres < ON_BORDER_M, 0.0, metres)
            reached, leading = _least(points, metres, numbers)
            metres, numbers = metres[leading], numbers[leading]
            better = (metres < best[reached]) | ((metres == best[reached]) & (numbers < other[reached]))
            best[reached[better]], other[reached[better]] = metres[better], numbers[better]
        return best, other

    def _around(self, x: Floats, y: Floats, kx: Floats, ky: Floats, best: Floats) -> Iterator[tuple[Ints, Ints]]:
        """Points with cells around them, ring after ring, as long as `best`, which the caller lowers, allows.

        Yields (points, cells): a point once for each cell of a ring that has edges.
        """
        import numpy as np

        grid = self._grid
        up = np.clip(y, grid.south, grid.north) - grid.bottom
        along = np.clip(x, grid.west, grid.east) - grid.first
        home = (up / grid.height).astype(np.int64) * grid.columns + (along / grid.width).astype(np.int64)
        up, along = up % grid.height, along % grid.width
        # From the point to the sides of its own cell; a metre less, for a cell lists what comes near it too.
        inner = np.minimum(np.minimum(up, grid.height - up) * ky, np.minimum(along, grid.width - along) * kx) - 1.0
        size = np.minimum(grid.height * ky, grid.width * kx)
        for step in range(max(grid.rows, grid.columns)):
            pending = np.flatnonzero((inner + (step - 1) * size <= best) if step else best >= 0)
            if not len(pending):
                return
            offsets = np.array(ring_of_cells(step, grid.columns))
            places = (home[pending, None] + offsets).ravel()
            points = np.repeat(pending, len(offsets))
            there = (places >= 0) & (places < len(self._counts))
            points, places = points[there], places[there]
            there = self._counts[places] > 0
            yield points[there], places[there]


def _scaled(latitudes: Sequence[float], longitudes: Sequence[float]) -> tuple[Floats, Floats]:
    import numpy as np

    with np.errstate(over="ignore"):  # what is too large becomes infinite, which is nowhere
        y, x = (np.asarray(each, np.float64) * SCALE for each in (latitudes, longitudes))
    if x.shape != y.shape:
        raise ValueError(f"{len(y)} latitudes, but {len(x)} longitudes")
    return x, y


def _least(points: Ints, first: Floats, second: Floats | Ints) -> tuple[Ints, Ints]:
    """(point, place) of the pair of each point with the least first, then second, value; pairs lie point by point."""
    import numpy as np

    if not len(points):
        return points, points
    starts = np.flatnonzero(np.diff(points, prepend=-1))
    least = np.repeat(np.minimum.reduceat(first, starts), np.diff(starts, append=len(points)))
    ties = np.flatnonzero(first == least)
    fresh = np.diff(points[ties], prepend=-1) > 0
    if not fresh.all():
        ties = ties[np.lexsort((second[ties], points[ties]))]
        fresh = np.diff(points[ties], prepend=-1) > 0
    return points[starts], ties[fresh]


def _metres_per_unit(y: Floats) -> tuple[Floats, Floats]:
    """`geometry.metres_per_unit` of many points."""
    import numpy as np

    angle = np.radians(y / SCALE)
    north = 111_132.92 - 559.82 * np.cos(2 * angle) + 1.175 * np.cos(4 * angle)
    east = 111_412.84 * np.cos(angle) - 93.5 * np.cos(3 * angle)
    return np.maximum(east, 1.0) / SCALE, north / SCALE


def _edges_of(borders: Borders, grid: Grid) -> _Edges:
    import numpy as np

    lon, lat = (np.frombuffer(each, np.dtype("i")).astype(np.int64) for each in (borders.lon, borders.lat))
    sizes = np.frombuffer(borders.sizes, np.dtype("i"))
    within = np.ones(len(lon), bool)
    within[np.cumsum(sizes) - 1] = False  # from the end of an arc no edge goes on
    start = np.flatnonzero(within)
    left, right = (
        np.repeat(np.frombuffer(each, np.dtype("i")).astype(np.int64), sizes)[start]
        for each in (borders.left, borders.right)
    )
    x1, y1, x2, y2 = lon[start], lat[start], lon[start + 1], lat[start + 1]
    down = y2 < y1
    low, high = np.minimum(y1, y2), np.maximum(y1, y2)
    x_low, dx, dy = np.where(down, x2, x1), np.where(down, x1 - x2, x2 - x1), high - low
    level = dy == 0
    slope = np.where(level, 0.0, dx / np.where(level, 1, dy))
    reach = np.where(level, math.inf, grid.slack * (1 + abs(slope)))
    west, east = np.where(down, right, left), np.where(down, left, right)
    return _Edges(low, high, x_low, slope, reach, west, east, dx, dy)


def _cells_of(edges: _Edges, grid: Grid) -> tuple[Ints, Ints]:
    """(edge, cell) of each edge with each cell that it comes within one unit of."""
    import numpy as np

    row, above = (edges.low - 1 - grid.bottom) // grid.height, (edges.high + 1 - grid.bottom) // grid.height
    owners, step = _spread(above - row + 1)
    rows = row[owners] + step
    low, high, x_low, slope = edges.low[owners], edges.high[owners], edges.x_low[owners], edges.slope[owners]
    floor = grid.bottom + rows * grid.height
    one, other = (
        x_low + slope * (np.minimum(np.maximum(y, low), high) - low) for y in (floor - 1, floor + grid.height + 1)
    )
    # A level edge has no slope: its cells are those from end to end.
    level = edges.dy[owners] == 0
    one, other = np.where(level, x_low, one), np.where(level, x_low + edges.dx[owners], other)
    column = ((np.minimum(one, other) - 1 - grid.first) // grid.width).astype(np.int64)
    beyond = ((np.maximum(one, other) + 1 - grid.first) // grid.width).astype(np.int64)
    parts, step = _spread(beyond - column + 1)
    return owners[parts], rows[parts] * grid.columns + column[parts] + step


def _spread(counts: Ints) -> tuple[Ints, Ints]:
    """(place, step) of each of so many steps of each place: (0, 0), (0, 1), (1, 0) for counts of 2 and 1."""
    import numpy as np

    places = np.repeat(np.arange(len(counts)), counts)
    return places, np.arange(len(places)) - (np.cumsum(counts) - counts)[places]
