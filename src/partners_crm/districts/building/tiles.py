"""The tile picture: one tile of equal size for each district, so that a crowded city is seen as well as the land.

Each district starts from a blend of its place and its rank, which spreads the crowd, and districts are matched with
the cells of a grid at the least total squared distance. Then single tiles are moved and exchanged as long as that
brings more neighbours together without turning them round. The layout is frozen in the map: a border that moves by a
metre may change what comes out.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from partners_crm.districts.building.reading import Polygons

COLUMNS = 8
ROWS = 10
"""A grid of 56 x 20 terminal cells at 7 x 2 a tile; larger only where there are more districts than it holds well."""
HELD = 68
"""Districts that such a grid holds and still shows the shape of the state."""
SHARED_M = 100.0
"""Neighbours share a border of at least this length: districts that meet in a corner do not."""
BLENDS = (0.3, 0.5, 0.7, 0.85, 1.0)

_TOUCH, _COMPASS, _EDGE, _STRAY = 1.0, 6.0, 0.25, 0.02
"""What one pair of neighbours counts that touches, that keeps its direction, that shares an edge; and what a squared
cell of distance from where a district would like to be costs."""


class Layout(NamedTuple):
    """Where each tile lies, and how true the picture is."""

    tiles: list[tuple[int, int, int]]
    """(district, column, row); row 0 is the north."""
    pairs: int
    """Districts that share a border."""
    touching: float
    """Share of these pairs whose tiles touch, corners included."""
    compass: float
    """Share of these pairs whose tiles lie in a direction less than 90 degrees from the true one."""


class _Plane(NamedTuple):
    numbers: list[int]
    places: Any
    """Of an inner point of each district, in metres: array (n, 2), north up."""
    proportions: float
    """Width of the state by its height."""
    pairs: list[tuple[int, int]]


def lay_out(polygons: Polygons) -> Layout:
    """The best layout that was found, the same at every call, and its figures."""
    import numpy as np

    plane = _plane(polygons)
    best, best_value = None, -math.inf
    for columns, rows in _grids(plane):
        cells = np.array([(column, row) for row in range(rows) for column in range(columns)])
        for blend in BLENDS:
            wanted = _wanted(plane.places, blend) * (columns - 1, rows - 1)
            cost = ((wanted[:, None, :] - cells[None, :, :]) ** 2).sum(axis=2)
            at = _improve(plane, cells, cost, assign(cost))
            value = _value(plane, cells, cost, at)
            if value > best_value + 1e-9:
                best, best_value = cells[at], value
    assert best is not None  # there is always a grid
    touching, compass = _figures(plane, best)
    best = best - best.min(axis=0)
    tiles = [(number, int(x), int(y)) for number, (x, y) in zip(plane.numbers, best, strict=True)]
    return Layout(tiles, len(plane.pairs), touching, compass)


def assign(cost: Any) -> Any:
    """For each row of a cost matrix its column, no column twice, at the least total (shortest augmenting paths)."""
    import numpy as np

    count, width = cost.shape
    cost = np.hstack([np.zeros((count, 1)), cost])  # column 0 stands for the row that is being placed
    row_price, column_price = np.zeros(count), np.zeros(width + 1)
    taker = np.full(width + 1, -1)
    for row in range(count):
        taker[0] = row
        reach, came = np.full(width + 1, np.inf), np.zeros(width + 1, int)
        done = np.zeros(width + 1, bool)
        column = 0
        while taker[column] >= 0:
            done[column] = True
            holder = taker[column]
            ahead = cost[holder] - row_price[holder] - column_price
            nearer = ~done & (ahead < reach)
            reach[nearer], came[nearer] = ahead[nearer], column
            column = int(np.where(done, np.inf, reach).argmin())
            step = reach[column]
            row_price[taker[done]] += step
            column_price[done] -= step
            reach[~done] -= step
        while column:
            taker[column] = taker[came[column]]
            column = int(came[column])
    found = np.zeros(count, int)
    for column in range(1, width + 1):
        if taker[column] >= 0:
            found[taker[column]] = column - 1
    return found


def _grids(plane: _Plane) -> list[tuple[int, int]]:
    """(columns, rows) of grids that hold the districts with not too much room to spare."""
    count = len(plane.numbers)
    stretch = math.sqrt(max(1.0, count / HELD))
    widest, tallest = round(COLUMNS * stretch), round(ROWS * stretch)
    while widest * tallest < count:
        tallest += 1
    fitting = [
        (columns, rows)
        for columns in range(1, widest + 1)
        for rows in range(1, tallest + 1)
        if count <= columns * rows <= max(count * 1.4, count + 2)
    ]
    # A grid of the proportions of the state, or up to twice as wide or tall.
    like = math.log(plane.proportions)
    off = {grid: abs(math.log(grid[0] / grid[1]) - like) for grid in fitting}
    near = [grid for grid in fitting if off[grid] <= math.log(2)]
    return near or [min(fitting, key=lambda grid: (off[grid], grid))]


def _plane(polygons: Polygons) -> _Plane:
    import numpy as np
    import shapely

    numbers = sorted(polygons)
    bounds = np.array([polygons[number].bounds for number in numbers])
    middle = (bounds[:, 1].min() + bounds[:, 3].max()) / 2
    factors = np.array([111_320 * math.cos(math.radians(middle)), 111_132.0])
    shapes = shapely.transform([polygons[number] for number in numbers], lambda points: points * factors)
    tree = shapely.STRtree(shapes)
    pairs = []
    for first, second in sorted(zip(*(each.tolist() for each in tree.query(shapes, "intersects")), strict=True)):
        if first < second:
            common = shapely.intersection(shapes[first], shapes[second])
            # Two copies of one border overlap and leave gaps by turns: where they overlap they share it as well.
            if common.length > SHARED_M:
                pairs.append((first, second))
    west, south, east, north = shapely.total_bounds(shapes)
    places = shapely.get_coordinates(shapely.point_on_surface(shapes))
    return _Plane(numbers, places, (east - west) / (north - south), pairs)


def _wanted(places: Any, blend: float) -> Any:
    """Where each district would like to be, 0..1 from the west and from the north."""
    import numpy as np

    columns = []
    for values in (places[:, 0], -places[:, 1]):
        ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(1, len(values) - 1)
        span = values.max() - values.min()
        columns.append((1 - blend) * (values - values.min()) / (span or 1.0) + blend * ranks)
    return np.column_stack(columns)


def _pair_value(true: Any, step: Any) -> float:
    dx, dy = step
    far = max(abs(dx), abs(dy))
    value = _TOUCH if far <= 1 else -0.1 * far
    value += _COMPASS if true[0] * dx - true[1] * dy > 0 else 0.0
    return value + (_EDGE if abs(dx) + abs(dy) == 1 else 0.0)


def _value(plane: _Plane, cells: Any, cost: Any, at: Any) -> float:
    places = plane.places.tolist()
    spots = cells[at].tolist()
    total = -_STRAY * float(cost[range(len(at)), at].sum())
    for first, second in plane.pairs:
        (ax, ay), (bx, by) = places[first], places[second]
        total += _pair_value(
            (ax - bx, ay - by), (spots[first][0] - spots[second][0], spots[first][1] - spots[second][1])
        )
    return total


def _figures(plane: _Plane, spots: Any) -> tuple[float, float]:
    if not plane.pairs:
        return 1.0, 1.0
    touching = kept = 0
    for first, second in plane.pairs:
        true, step = plane.places[first] - plane.places[second], spots[first] - spots[second]
        touching += bool(abs(step).max() <= 1)
        kept += bool(true[0] * step[0] - true[1] * step[1] > 0)
    return touching / len(plane.pairs), kept / len(plane.pairs)


def _improve(plane: _Plane, cells: Any, cost: Any, start: Any) -> Any:
    """Move tiles to free cells and exchange them in a fixed order, as long as one such step betters the picture."""
    import numpy as np

    places = plane.places.tolist()
    spots = cells.tolist()
    stray = (_STRAY * cost).tolist()
    beside: list[list[tuple[int, tuple[float, float]]]] = [[] for _ in places]
    for first, second in plane.pairs:
        away = (places[first][0] - places[second][0], places[first][1] - places[second][1])
        beside[first].append((second, away))
        beside[second].append((first, (-away[0], -away[1])))
    at = start.tolist()
    holder = dict.fromkeys(range(len(cells)), -1) | {cell: each for each, cell in enumerate(at)}

    def around(some: tuple[int, ...]) -> float:
        total = 0.0
        for one in some:
            x, y = spots[at[one]]
            total -= stray[one][at[one]]
            for other, away in beside[one]:
                # A pair of two moved tiles is met from both of them and counts half each time.
                weight = 0.5 if other in some else 1.0
                total += weight * _pair_value(away, (x - spots[at[other]][0], y - spots[at[other]][1]))
        return total

    def put(one: int, cell: int) -> None:
        other, home = holder[cell], at[one]
        at[one], holder[cell], holder[home] = cell, one, other
        if other >= 0:
            at[other] = home

    changed = True
    while changed:
        changed = False
        for one in range(len(at)):
            for cell in range(len(cells)):
                home, other = at[one], holder[cell]
                if cell == home:
                    continue
                some = (one, other) if other >= 0 else (one,)
                before = around(some)
                put(one, cell)
                if around(some) > before + 1e-9:
                    changed = True
                else:
                    put(one, home)
    return np.array(at)
