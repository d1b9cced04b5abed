"""Where a point lies: a grid over the arcs of a map, in pure Python.

The state is cut into cells, and each cell lists the edges that come into it. A cell without edges lies in one district
whole: once that is known, a lookup is one look at an array. Elsewhere the nearest edge to the east of the point
decides: the district on its west side is the answer, and where a cell has none, the search goes on in the next one.
There is one answer by construction. Edges are half open (low <= y < high), so that a vertex belongs to one of the two
edges that meet in it.

A point exactly on a border, or within a centimetre of it, belongs to the district of the lowest number there, and is
flagged; so does a point where three or more meet. The edge of the state belongs to the district inside it.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from partners_crm.districts import uncertainty
from partners_crm.districts.geometry import Outline, metres_per_unit, rings_of, segment_distance
from partners_crm.districts.grid import ON_BORDER_M, grid_over, ring_of_cells
from partners_crm.districts.maps import OUTSIDE, SCALE, Borders, DistrictMap
from partners_crm.errors import NotFound

BORDER_LIMIT_M = 2000.0
"""Another district farther away than this is not looked for."""
SNAP_M = 100.0
"""A point outside the state is taken for the nearest district within this distance, and flagged."""
UNKNOWN, DIVIDED = -1, -2
"""What is noted of a cell that lies in one district not yet known, and of one that has edges."""

_Edge = tuple[int, int, int, float, float, int, int, int, int]
"""(low, high, x at low, slope, x-distance below which a point may be on it, west and east district, dx, dy)"""


class Placement(NamedTuple):
    """Where a point lies on a map."""

    number: int
    """District of the chamber the index is of."""
    border_m: float | None
    """Metres to the nearest other district; None beyond 2 km. The edge of the state is no border."""
    neighbour: int | None
    """Number of that nearest other district, the lowest one of several."""
    on_border: bool
    """The point lies on the line; the lowest of the numbers was taken."""
    snapped_m: float | None
    """Metres from the district for a point just outside the state, else None."""


class DistrictIndex:
    """The index of one chamber of a map; building takes some hundredths of a second, a lookup some microseconds."""

    def __init__(self, district_map: DistrictMap, chamber: str = "") -> None:
        self.info = district_map.info
        self.chamber = chamber or self.info.base
        """The chamber whose borders these are; by default the base one."""
        self.borders = district_map.borders[self.chamber]
        self._outlines: dict[int, Outline] = {}
        self._grid = grid = grid_over(self.borders)
        self._whole = [UNKNOWN] * (grid.rows * grid.columns)
        """Of each cell the district it lies in whole, or what is known of it."""
        self._cells: defaultdict[int, list[_Edge]] = defaultdict(list)
        self._fill(self.borders)
        for place in self._cells:
            self._whole[place] = DIVIDED
        for place in range(grid.columns - 1, len(self._whole), grid.columns):
            self._whole[place] = OUTSIDE  # the last column lies east of the map: there the search ends
        low, high = grid.south - grid.slack, grid.north + grid.slack
        scales = (1 / grid.height, 1 / grid.width, grid.columns)
        self._frame = (low, high, grid.west - grid.slack, grid.east + grid.slack, grid.bottom, grid.first, *scales)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(south, west, north, east) of the map in degrees."""
        south, west, north, east = self._grid[:4]
        return south / SCALE, west / SCALE, north / SCALE, east / SCALE

    # ---------------------------------------------------------------- one point

    def number_at(self, latitude: float, longitude: float) -> int:
        """The district of a point (degrees, WGS84); OUTSIDE where there is none, without snapping."""
        return self._number(longitude * SCALE, latitude * SCALE)

    def locate(self, latitude: float, longitude: float) -> Placement | None:
        """Where a point (degrees, WGS84) lies; None when it is farther than 100 m outside every district."""
        x, y = longitude * SCALE, latitude * SCALE
        number, snapped = self._own(x, y)
        if number == OUTSIDE:
            return None
        metres, other = self._nearest(x, y, BORDER_LIMIT_M, number)
        if other == OUTSIDE:
            return Placement(number, None, None, on_border=False, snapped_m=snapped)
        return Placement(number, metres, other, on_border=metres == 0, snapped_m=snapped)

    def near(self, latitude: float, longitude: float, metres: float) -> list[tuple[int, float]]:
        """Every other district within so many metres of a point, with its distance: the nearest first.

        For a point in no district, not even a snapped one, every district is another.
        """
        x, y = longitude * SCALE, latitude * SCALE
        return self._near(x, y, metres, self._own(x, y)[0])

    def candidates(self, latitude: float, longitude: float, radius_m: float) -> tuple[tuple[int, float], ...]:
        """The districts a point may lie in that is known within a radius, with shares that sum to 1, largest first.

        How they are shared out: `uncertainty.shares`. Nothing where no district is within the radius.
        """
        x, y = longitude * SCALE, latitude * SCALE
        own, _ = self._own(x, y)
        return uncertainty.shares(own or None, self._near(x, y, radius_m, own), radius_m)

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
        kx, ky = metres_per_unit(latitude)
        dx = max(west - longitude, 0, longitude - east) * SCALE * kx
        dy = max(south - latitude, 0, latitude - north) * SCALE * ky
        away = f", {math.hypot(dx, dy) / 1000:,.0f} km away" if dx or dy else ""
        return False, f"is not in {self.info.state_name}{away}: no district"

    # ---------------------------------------------------------------- one district

    def rings(self, number: int) -> list[list[tuple[float, float]]]:
        """The closed rings of a district as (longitude, latitude) in degrees.

        The district lies on the left of its rings: the outer ones run against the clock, the inner ones with it.

        Raises:
            NotFound: the map has no such district.
            FileRefused: the borders of the district do not close.
        """
        return [[(x / SCALE, y / SCALE) for x, y in ring] for ring in self._rings(number)]

    def distance_m(self, number: int, latitude: float, longitude: float) -> float:
        """Metres from a point to a district: 0 inside, infinite from what is no place.

        Raises:
            NotFound: the map has no such district.
            FileRefused: the borders of the district do not close.
        """
        outline = self._outline(number)
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # what is no number is neither
            return math.inf
        x, y = longitude * SCALE, latitude * SCALE
        return 0.0 if self._number(x, y) == number else outline.distance(x, y)

    def nearest(self, number: int, points: Sequence[tuple[float, float]], count: int) -> list[tuple[int, float]]:
        """The nearest of many (latitude, longitude) to a district: (place among the points, metres), nearest first.

        Points that are no place are left out; the earlier of two at the same distance comes first.

        Raises:
            NotFound: the map has no such district.
            FileRefused: the borders of the district do not close.
        """
        scaled = [(longitude * SCALE, latitude * SCALE) for latitude, longitude in points]
        farthest: list[tuple[float, int]] = []
        for bound, place in self._outline(number).bounds_of(scaled):
            if len(farthest) >= count and (count <= 0 or bound > -farthest[0][0]):
                break
            metres = self.distance_m(number, *points[place])
            if metres < math.inf:
                heapq.heappush(farthest, (-metres, -place))
                if len(farthest) > count:
                    heapq.heappop(farthest)
        return [(-place, -metres) for metres, place in sorted(farthest, reverse=True)]

    def _rings(self, number: int) -> list[list[tuple[int, int]]]:
        found = rings_of(self.borders, number) if number != OUTSIDE else []
        if not found:
            raise NotFound(f"the map {self.info.code} has no borders of the {self.chamber} district {number}")
        return found

    def _outline(self, number: int) -> Outline:
        if number not in self._outlines:
            self._outlines[number] = Outline(self._rings(number))
        return self._outlines[number]

    # ---------------------------------------------------------------- building

    def _fill(self, borders: Borders) -> None:
        """List each edge in every cell that it comes within one unit of."""
        lon, lat, cells = borders.lon, borders.lat, self._cells
        _, _, _, _, bottom, left_side, height, width, _, columns, slack = self._grid
        start = 0
        for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
            x1, y1 = lon[start], lat[start]
            for x2, y2 in zip(lon[start + 1 : start + size], lat[start + 1 : start + size], strict=True):
                if y1 < y2:
                    slope = (x2 - x1) / (y2 - y1)
                    edge = (y1, y2, x1, slope, slack * (1 + abs(slope)), left, right, x2 - x1, y2 - y1)
                elif y2 < y1:
                    slope = (x1 - x2) / (y1 - y2)
                    edge = (y2, y1, x2, slope, slack * (1 + abs(slope)), right, left, x1 - x2, y1 - y2)
                else:
                    edge = (y1, y1, x1, 0.0, math.inf, left, right, x2 - x1, 0)
                low, high = edge[0], edge[1]
                first, last = (x1, x2) if x1 < x2 else (x2, x1)
                column, beyond = (first - 1 - left_side) // width, (last + 1 - left_side) // width
                row, above = (low - 1 - bottom) // height, (high + 1 - bottom) // height
                if column == beyond and row == above:
                    cells[row * columns + column].append(edge)
                elif column == beyond or row == above or low == high:
                    for place in range(row * columns, above * columns + 1, columns):
                        for each in range(place + column, place + beyond + 1):
                            cells[each].append(edge)
                else:
                    for place in self._crossed(edge, row, above):
                        cells[place].append(edge)
                x1, y1 = x2, y2
            start += size

    def _crossed(self, edge: _Edge, row: int, above: int) -> Iterator[int]:
        """The cells of a sloping edge that crosses several rows, row after row."""
        low, high, x_low, slope = edge[:4]
        grid = self._grid
        for each in range(row, above + 1):
            floor = grid.bottom + each * grid.height
            one, other = (x_low + slope * (min(max(y, low), high) - low) for y in (floor - 1, floor + grid.height + 1))
            column = int((min(one, other) - 1 - grid.first) // grid.width)
            beyond = int((max(one, other) + 1 - grid.first) // grid.width)
            yield from range(each * grid.columns + column, each * grid.columns + beyond + 1)

    # ---------------------------------------------------------------- searching

    def _number(self, x: float, y: float) -> int:
        low, high, first, last, south, west, per_height, per_width, columns = self._frame
        if not (low <= y <= high and first <= x <= last):  # what is no number is nowhere
            return OUTSIDE
        place = int((y - south) * per_height) * columns + int((x - west) * per_width)
        number = self._whole[place]
        return number if number >= 0 else self._search(place, x, y)

    def _search(self, place: int, x: float, y: float) -> int:
        """The district of a point in a cell that is divided or not yet known."""
        if self._whole[place] == UNKNOWN:
            return self._eastward(place, x, y)
        best, best_slope, answer = math.inf, math.inf, UNKNOWN
        grid, touched = self._grid, False
        slack = grid.slack
        for low, high, x_low, slope, reach, west, _, _, _ in self._cells[place]:
            if low - slack <= y <= high + slack:
                crossing = x_low + slope * (y - low)
                if -reach <= crossing - x <= reach:
                    touched = True
                # Of edges that leave one vertex the westernmost just above it decides.
                if low <= y < high and x <= crossing <= best and (crossing < best or slope < best_slope):
                    best, best_slope, answer = crossing, slope, west
        if answer == UNKNOWN or best > grid.first + (place % grid.columns + 1) * grid.width:
            answer = self._eastward(place + 1, x, y)
        if touched and (there := self._touching(place, x, y)):
            return min(there | {answer} - {OUTSIDE})
        return answer

    def _eastward(self, place: int, x: float, y: float) -> int:
        """The district of a point that no edge parts from a cell to its east, or its own cell."""
        whole, cells, grid = self._whole, self._cells, self._grid
        best, best_slope, answer = math.inf, math.inf, UNKNOWN
        passed = []
        while whole[place] < 0:
            if whole[place] == UNKNOWN:
                passed.append(place)
            else:
                for low, high, x_low, slope, _, west, _, _, _ in cells[place]:
                    if low <= y < high:
                        crossing = x_low + slope * (y - low)
                        if x <= crossing <= best and (crossing < best or slope < best_slope):
                            best, best_slope, answer = crossing, slope, west
                if best <= grid.first + (place % grid.columns + 1) * grid.width:
                    break
            place += 1
        else:
            answer = whole[place]
        for each in passed:
            whole[each] = answer
        return answer

    def _own(self, x: float, y: float) -> tuple[int, float | None]:
        """The district that a point is taken for, and its distance where it was snapped."""
        number = self._number(x, y)
        if number != OUTSIDE:
            return number, None
        metres, number = self._nearest(x, y, SNAP_M, OUTSIDE)
        return number, metres if number != OUTSIDE else None

    def _touching(self, place: int, x: float, y: float) -> set[int]:
        """The districts whose border a point of a cell lies on."""
        found: set[int] = set()
        kx, ky = metres_per_unit(y / SCALE)
        for low, _, x_low, _, _, west, east, dx, dy in self._cells[place]:
            if segment_distance((x_low - x) * kx, (low - y) * ky, dx * kx, dy * ky) < ON_BORDER_M:
                found |= {west, east}
        return found - {OUTSIDE}

    def _reached(self, x: float, y: float, kx: float, ky: float) -> Iterator[tuple[float, list[list[_Edge]]]]:
        """The cells with edges around a point, ring after ring, as (metres that none of them is nearer than, edges)."""
        grid = self._grid
        up = (min(max(y, grid.south), grid.north) - grid.bottom) % grid.height
        along = (min(max(x, grid.west), grid.east) - grid.first) % grid.width
        # From the point to the sides of its own cell; a metre less, for a cell lists what comes near it too.
        inner = min(min(up, grid.height - up) * ky, min(along, grid.width - along) * kx) - 1.0
        size = min(grid.height * ky, grid.width * kx)
        home, get = grid.home(x, y), self._cells.get
        for step in range(max(grid.rows, grid.columns)):
            around = ring_of_cells(step, grid.columns)
            bound = inner + (step - 1) * size if step else 0.0
            yield bound, [edges for each in around if (edges := get(home + each)) is not None]

    def _nearest(self, x: float, y: float, limit_m: float, own: int) -> tuple[float, int]:
        """(metres, number) of the nearest district other than `own`, the lowest of several; OUTSIDE where none is."""
        if not (abs(y) <= 90 * SCALE and abs(x) <= 180 * SCALE):  # what is no number is neither
            return limit_m, OUTSIDE
        kx, ky = metres_per_unit(y / SCALE)
        best, other, slack = limit_m, OUTSIDE, self._grid.slack
        for bound, ring in self._reached(x, y, kx, ky):
            if bound > best:
                break
            for edges in ring:
                reach = best / kx + slack
                first, last = x - reach, x + reach
                for low, _, x_low, _, _, west, east, dx, dy in edges:
                    if (x_low < first and x_low + dx < first) or (x_low > last and x_low + dx > last):
                        continue
                    number = east if west in (own, OUTSIDE) else west if east in (own, OUTSIDE) else min(west, east)
                    if number not in (own, OUTSIDE):
                        metres = segment_distance((x_low - x) * kx, (low - y) * ky, dx * kx, dy * ky)
                        if metres < ON_BORDER_M:
                            metres = 0.0
                        if metres < best or (metres == best and number < other):
                            best, other = metres, number
        return best, other

    def _near(self, x: float, y: float, limit_m: float, own: int) -> list[tuple[int, float]]:
        """(number, metres) of every district other than `own` within a limit, the nearest first."""
        found: dict[int, float] = {}
        if abs(y) <= 90 * SCALE and abs(x) <= 180 * SCALE:  # what is no number is neither
            kx, ky = metres_per_unit(y / SCALE)
            for bound, ring in self._reached(x, y, kx, ky):
                if bound > limit_m:
                    break
                for low, _, x_low, _, _, west, east, dx, dy in chain.from_iterable(ring):
                    metres = segment_distance((x_low - x) * kx, (low - y) * ky, dx * kx, dy * ky)
                    if metres < ON_BORDER_M:
                        metres = 0.0
                    if metres <= limit_m:
                        for number in (west, east):
                            if metres < found.get(number, math.inf):
                                found[number] = metres
        found = {number: metres for number, metres in found.items() if number not in (own, OUTSIDE)}
        return sorted(found.items(), key=lambda each: (each[1], each[0]))
