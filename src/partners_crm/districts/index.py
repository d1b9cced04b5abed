"""Where a point lies: a y-slab index over the arcs of a map, in pure Python.

The state is cut into horizontal slabs, and each slab lists the edges that cross it. To locate a point, take the
nearest edge to its east: the district on that edge's west side is the answer. There is one answer by construction.
Edges are half open (low <= y < high), so that a vertex belongs to one of the two edges that meet in it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from partners_crm.districts.maps import OUTSIDE, SCALE, DistrictMap

SLABS = 2048
BORDER_LIMIT_M = 2000.0
"""Another district farther away than this is not looked for."""
SNAP_M = 100.0
"""A point outside the state is taken for the nearest district within this distance, and flagged."""
ON_BORDER_M = 0.01

_Edge = tuple[int, int, float, float, int]
_Segment = tuple[int, int, int, int, int, int]


class Placement(NamedTuple):
    """Where a point lies on a map."""

    number: int
    """District of the base chamber."""
    border_m: float | None
    """Metres to the nearest other district; None beyond 2 km. The edge of the state is no border."""
    neighbour: int | None
    """Number of that nearest other district."""
    on_border: bool
    """The point lies on the line; the lower of the two numbers was taken."""
    snapped_m: float | None
    """Metres from the district for a point just outside the state, else None."""


class DistrictIndex:
    """The index of one map; building takes some hundredths of a second, a lookup some ten microseconds."""

    def __init__(self, district_map: DistrictMap) -> None:
        self.info = district_map.info
        lon, lat = district_map.lon, district_map.lat
        self._low, self._high = min(lat), max(lat)
        self._west, self._east = min(lon), max(lon)
        self._height = max(1, (self._high - self._low) // SLABS + 1)
        self._edges: list[list[_Edge]] = [[] for _ in range(SLABS)]
        self._segments: list[list[_Segment]] = [[] for _ in range(SLABS)]
        self._build(district_map)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(south, west, north, east) of the map in degrees."""
        return self._low / SCALE, self._west / SCALE, self._high / SCALE, self._east / SCALE

    def locate(self, latitude: float, longitude: float) -> Placement | None:
        """Where a point (degrees, WGS84) lies; None when it is farther than 100 m outside every district."""
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # what is no number is neither
            return None
        x, y = longitude * SCALE, latitude * SCALE
        number = self._inside(x, y)
        if number == OUTSIDE:
            return self._snap(x, y)
        near = self._nearest(x, y, BORDER_LIMIT_M, number)
        if near is None:
            return Placement(number, None, None, on_border=False, snapped_m=None)
        metres, other = near
        if metres < ON_BORDER_M:
            return Placement(min(number, other), 0.0, max(number, other), on_border=True, snapped_m=None)
        return Placement(number, metres, other, on_border=False, snapped_m=None)

    def explain_outside(self, latitude: float, longitude: float) -> tuple[bool, str]:
        """Whether a point in no district is a mistake, and why it is in none, in words."""
        if latitude == 0 and longitude == 0:
            return True, "is 0, 0: a place that was not found"
        south, west, north, east = self.bounds
        if south <= longitude <= north and west <= latitude <= east:
            return True, "looks swapped: latitude is degrees north, longitude degrees east"
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            return True, "is no place on earth"
        if south <= latitude <= north and west <= -longitude <= east:
            return True, "lacks a minus: longitude is degrees east, negative in America"
        kx, ky = _metres_per_unit(latitude)
        dx = max(west - longitude, 0, longitude - east) * SCALE * kx
        dy = max(south - latitude, 0, latitude - north) * SCALE * ky
        away = f", {math.hypot(dx, dy) / 1000:,.0f} km away" if dx or dy else ""
        return False, f"is not in {self.info.state_name}{away}: no district"

    def _build(self, district_map: DistrictMap) -> None:
        lon, lat, low, height = district_map.lon, district_map.lat, self._low, self._height
        edges, segments = self._edges, self._segments
        start = 0
        for size, left, right in zip(district_map.sizes, district_map.left, district_map.right, strict=True):
            x1, y1 = lon[start], lat[start]
            for place in range(start + 1, start + size):
                x2, y2 = lon[place], lat[place]
                if y1 < y2:
                    first, last = (y1 - low) // height, (y2 - low) // height
                    edge = (y1, y2, x1, (x2 - x1) / (y2 - y1), left)
                elif y2 < y1:
                    first, last = (y2 - low) // height, (y1 - low) // height
                    edge = (y2, y1, x2, (x1 - x2) / (y1 - y2), right)
                else:
                    first = last = (y1 - low) // height
                    edge = None
                segment = (x1, y1, x2, y2, left, right)
                for slab in range(first, last + 1):
                    segments[slab].append(segment)
                    if edge is not None:
                        edges[slab].append(edge)
                x1, y1 = x2, y2
            start += size

    def _inside(self, x: float, y: float) -> int:
        if not (self._low <= y <= self._high and self._west <= x <= self._east):
            return OUTSIDE
        best, best_slope, answer = math.inf, math.inf, OUTSIDE
        for low, high, x_low, slope, west in self._edges[int((y - self._low) // self._height)]:
            if low <= y < high:
                crossing = x_low + slope * (y - low)
                # Of edges that leave one vertex the westernmost just above it decides.
                if x <= crossing <= best and (crossing < best or slope < best_slope):
                    best, best_slope, answer = crossing, slope, west
        return answer

    def _nearest(self, x: float, y: float, limit_m: float, own: int) -> tuple[float, int] | None:
        """(metres, district) of the nearest edge of a district other than `own`, slab after slab outwards."""
        kx, ky = _metres_per_unit(y / SCALE)
        best, other = limit_m, OUTSIDE
        home = min(SLABS - 1, max(0, int((y - self._low) // self._height)))
        for step in range(SLABS):
            # Slabs this far up and down lie beyond what was found already, and so do all behind them.
            if (step - 1) * self._height * ky > best:
                break
            for slab in {home - step, home + step}:
                if 0 <= slab < SLABS:
                    best, other = self._scan(slab, (x, y, kx, ky), own, best, other)
        return (best, other) if other != OUTSIDE else None

    def _scan(
        self, slab: int, point: tuple[float, float, float, float], own: int, best: float, other: int
    ) -> tuple[float, int]:
        x, y, kx, ky = point
        reach = best / kx
        west, east = x - reach, x + reach
        for x1, y1, x2, y2, left, right in self._segments[slab]:
            if (x1 < west and x2 < west) or (x1 > east and x2 > east):
                continue
            number = left if left not in (own, OUTSIDE) else right
            if number in (own, OUTSIDE):
                continue
            metres = _distance((x1 - x) * kx, (y1 - y) * ky, (x2 - x1) * kx, (y2 - y1) * ky)
            if metres < best:
                best, other = metres, number
        return best, other

    def _snap(self, x: float, y: float) -> Placement | None:
        near = self._nearest(x, y, SNAP_M, OUTSIDE)
        if near is None:
            return None
        metres, number = near
        if metres < ON_BORDER_M:
            return Placement(number, None, None, on_border=False, snapped_m=0.0)
        beyond = self._nearest(x, y, BORDER_LIMIT_M, number)
        border, neighbour = beyond if beyond is not None else (None, None)
        return Placement(number, border, neighbour, on_border=False, snapped_m=metres)


def _metres_per_unit(latitude: float) -> tuple[float, float]:
    """Metres of one stored unit of longitude and of latitude (series of the WGS84 ellipsoid, good to 0.01 %)."""
    angle = math.radians(latitude)
    north = 111_132.92 - 559.82 * math.cos(2 * angle) + 1.175 * math.cos(4 * angle)
    east = 111_412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle)
    return max(east, 1.0) / SCALE, north / SCALE


def _distance(ax: float, ay: float, bx: float, by: float) -> float:
    """Distance from the origin to the segment from (ax, ay) along (bx, by)."""
    length = bx * bx + by * by
    along = 0.0 if length == 0 else min(1.0, max(0.0, -(ax * bx + ay * by) / length))
    return math.hypot(ax + along * bx, ay + along * by)
