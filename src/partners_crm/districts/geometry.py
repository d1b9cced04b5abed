"""Shapes of districts, in pure Python: rings put together from shared arcs, and distances to them in metres.

Coordinates are stored units (1e-5 degrees), longitude before latitude, unless a name says otherwise.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from partners_crm.districts.maps import AGAIN, SCALE, Borders
from partners_crm.errors import FileRefused

CHUNK = 16
"""Segments under one bounding box: passing over a box costs about as much as measuring one segment."""

Point = tuple[int, int]
Ring = list[Point]
"""Closed: the first point is the last one too. The district lies on its left: outer rings run against the clock."""


def metres_per_unit(latitude: float) -> tuple[float, float]:
    """Metres of one stored unit of longitude and of latitude (series of the WGS84 ellipsoid, good to 0.01 %)."""
    angle = math.radians(latitude)
    north = 111_132.92 - 559.82 * math.cos(2 * angle) + 1.175 * math.cos(4 * angle)
    east = 111_412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle)
    return max(east, 1.0) / SCALE, north / SCALE


def segment_distance(ax: float, ay: float, bx: float, by: float) -> float:
    """Distance from the origin to the segment from (ax, ay) along (bx, by)."""
    length = bx * bx + by * by
    along = 0.0 if length == 0 else min(1.0, max(0.0, -(ax * bx + ay * by) / length))
    return math.hypot(ax + along * bx, ay + along * by)


# -------------------------------------------------------------------- rings


def rings_of(borders: Borders, number: int) -> list[Ring]:
    """The closed rings of a district, outer and inner; none of a number that the map does not have.

    No ring meets itself, not even in a point.

    Raises:
        FileRefused: its borders do not close.
    """
    lines: list[Ring] = []
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        if (left == number) != (right == number):
            part = slice(start, start + size)
            line = list(zip(borders.lon[part], borders.lat[part], strict=True))
            lines.append(line if left == number else line[::-1])
        start += size
    leaving: dict[Point, list[Ring]] = defaultdict(list)
    for line in lines:
        leaving[line[0]].append(line)
    found: list[Ring] = []
    for line in lines:
        if line in leaving[line[0]]:
            found += _walk(line, leaving, number)
    return found


def _walk(line: Ring, leaving: dict[Point, list[Ring]], number: int) -> Iterator[Ring]:
    """The rings on a walk along borders; where it comes back to a point of itself, what it went round is a ring."""
    path: list[Ring] = []
    places: dict[Point, int] = {}
    while True:
        leaving[line[0]].remove(line)
        places[line[0]] = len(path)
        path.append(line)
        here = line[-1]
        if here in places:
            first = places[here]
            yield [path[first][0], *(point for each in path[first:] for point in each[1:])]
            for each in path[first:]:
                del places[each[0]]
            del path[first:]
            if not path:
                return
            line = path[-1]
        options = leaving.get(here)
        if not options:
            raise FileRefused(f"the borders of district {number} do not close at {_words(here)}", AGAIN)
        line = options[0] if len(options) == 1 else _sharpest(line, options)


def _sharpest(line: Ring, options: Sequence[Ring]) -> Ring:
    """The first border met when turning with the clock from the way back: the inside lies between the two."""
    x, y = line[-1]
    back = math.atan2(line[-2][1] - y, line[-2][0] - x)

    def turn(option: Ring) -> float:
        return (back - math.atan2(option[1][1] - y, option[1][0] - x)) % math.tau or math.tau

    return min(options, key=turn)


def _words(point: Point) -> str:
    return f"{point[1] / SCALE:.5f}, {point[0] / SCALE:.5f}"


def doubled_area(ring: Ring) -> int:
    """Twice the area in square units: positive for an outer ring, negative for an inner one."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))


def polygons_of(rings: Sequence[Ring]) -> list[list[Ring]]:
    """Rings of a district as polygons, the largest first: each an outer ring and the inner ones in it."""
    outer = sorted((ring for ring in rings if doubled_area(ring) > 0), key=doubled_area)
    found = [[ring] for ring in outer]
    for hole in rings:
        if doubled_area(hole) < 0:
            # The smallest ring around a hole is its own; a ring within the hole does not go around it.
            for ring, polygon in zip(outer, found, strict=True):
                if _goes_around(ring, hole):
                    polygon.append(hole)
                    break
    return found[::-1]


def _goes_around(ring: Ring, hole: Ring) -> bool:
    corners = set(ring)
    # Rings of a district touch in single points at most.
    x, y = next((point for point in hole if point not in corners), hole[0])
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 <= y) != (y2 <= y) and x < x1 + (x2 - x1) * (y - y1) / (y2 - y1):
            inside = not inside
    return inside


# -------------------------------------------------------------------- distances


class _Chunk(NamedTuple):
    """Some segments in a row, and the box around them."""

    west: int
    south: int
    east: int
    north: int
    segments: list[tuple[int, int, int, int]]
    """(x, y, dx, dy)"""


class Outline:
    """The border of a district, ready to be measured to."""

    def __init__(self, rings: Sequence[Ring]) -> None:
        self._chunks = [
            _chunk(ring[start : start + CHUNK + 1]) for ring in rings for start in range(0, len(ring) - 1, CHUNK)
        ]
        self.west = min(chunk.west for chunk in self._chunks)
        self.south = min(chunk.south for chunk in self._chunks)
        self.east = max(chunk.east for chunk in self._chunks)
        self.north = max(chunk.north for chunk in self._chunks)

    def distance(self, x: float, y: float) -> float:
        """Metres from a point to the nearest point of the border.

        The nearest point is looked for on a plane whose scale is that of the latitude halfway between the point and
        the district. Its distance is measured at the latitude halfway between the two: good to 0.1 % within a state.
        """
        beside = min(max(y, self.south), self.north)
        kx, ky = metres_per_unit((y + beside) / 2 / SCALE)
        bounds = []
        for place, (west, south, east, north, _) in enumerate(self._chunks):
            gap_x = (west - x if x < west else x - east if x > east else 0.0) * kx
            gap_y = (south - y if y < south else y - north if y > north else 0.0) * ky
            bounds.append((gap_x * gap_x + gap_y * gap_y, place))
        bounds.sort()
        best, vector = math.inf, (0.0, 0.0)
        for bound, place in bounds:
            if bound >= best:
                break
            for x1, y1, dx, dy in self._chunks[place].segments:
                ax, ay, bx, by = (x1 - x) * kx, (y1 - y) * ky, dx * kx, dy * ky
                part = -(ax * bx + ay * by) / (bx * bx + by * by)
                if part > 0:
                    part = min(part, 1.0)
                    ax += part * bx
                    ay += part * by
                if ax * ax + ay * ay < best:
                    best, vector = ax * ax + ay * ay, (ax, ay)
        along, up = vector[0] / kx, vector[1] / ky
        kx, ky = metres_per_unit((y + up / 2) / SCALE)
        return math.hypot(along * kx, up * ky)

    def bounds_of(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, int]]:
        """(metres, place) of each (x, y), the smallest first: none is farther from the border than that at least."""
        if not points:
            return []
        west, south, east, north = self.west, self.south, self.east, self.north
        latitudes = [abs(y) for _, y in points] + [abs(south), abs(north)]
        # A degree of longitude is shortest where it is farthest from the equator, one of latitude the other way.
        kx, ky = metres_per_unit(min(90.0, max(latitudes) / SCALE))[0], metres_per_unit(0.0)[1]
        found = []
        for place, (x, y) in enumerate(points):
            gap_x = west - x if x < west else x - east if x > east else 0.0
            gap_y = south - y if y < south else y - north if y > north else 0.0
            found.append((math.hypot(gap_x * kx, gap_y * ky), place))
        found.sort()
        return found


def _chunk(points: Sequence[Point]) -> _Chunk:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    segments = [(x1, y1, x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(points) if (x1, y1) != (x2, y2)]
    return _Chunk(min(xs), min(ys), max(xs), max(ys), segments)
