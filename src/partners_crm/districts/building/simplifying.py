"""Simplifying arcs, each once for both sides, and measuring how far that moves a border.

Douglas-Peucker, whose error is a distance: every point left out lies within the tolerance of the piece that replaces
it, and every point of that piece within the same distance of the line it replaces. Arcs that would touch each other,
and faces that would change sides, are simplified less.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from partners_crm.districts.building.arcs import RawArc
from partners_crm.districts.building.reading import Polygons
from partners_crm.districts.maps import SCALE
from partners_crm.errors import FileRefused

TOLERANCE_M = 4.0
"""Metres by which borders are simplified unless told otherwise."""
LARGEST_SHIFT_M = 15.0
"""A border may move no farther than this, rounding included."""
ROUNDS = 16

_SMALLEST_M = 0.25
"""A tolerance below this is no tolerance: stored units are a metre."""


class SimpleArc:
    """One border: all its points, and which of them are kept."""

    def __init__(self, raw: RawArc) -> None:
        self.left = raw.left
        self.right = raw.right
        self.points = raw.points
        self.tolerance = 0.0
        self.shift_m = 0.0
        """The largest distance of a point left out from what is kept."""
        self.kept = raw.points
        kx, ky = metres_per_unit(float(raw.points[:, 1].mean()) / SCALE)
        self._metres = raw.points * (kx, ky)

    @property
    def units(self) -> list[tuple[int, int]]:
        """The kept points in stored units."""
        return [(int(x), int(y)) for x, y in self.kept]

    def simplify(self, tolerance_m: float) -> None:
        """Keep as few points as leave none out by more than the tolerance."""
        import numpy as np

        self.tolerance = tolerance_m if tolerance_m >= _SMALLEST_M else 0.0
        if not self.tolerance:
            self.kept, self.shift_m = self.points, 0.0
            return
        last = len(self.points) - 1
        stops = [0, last]
        if (self.points[0] == self.points[last]).all():
            # A ring would collapse onto its one end: it is cut at the point farthest from it, and again between.
            far = int(np.hypot(*(self._metres - self._metres[0]).T).argmax())
            stops = sorted({0, far, last, self._farthest(0, far)[1], self._farthest(far, last)[1]})
        kept, self.shift_m = set(stops), 0.0
        waiting = list(pairwise(stops))
        while waiting:
            first, end = waiting.pop()
            metres, place = self._farthest(first, end)
            if metres > self.tolerance:
                kept.add(place)
                waiting += [(first, place), (place, end)]
            else:
                self.shift_m = max(self.shift_m, metres)
        self.kept = self.points[sorted(kept)]

    def _farthest(self, first: int, end: int) -> tuple[float, int]:
        """(metres, place) of the point between two others that is farthest from the segment between them."""
        import numpy as np

        if end - first < 2:
            return 0.0, first
        here = self._metres[first]
        ahead = self._metres[end] - here
        between = self._metres[first + 1 : end] - here
        length = float(ahead @ ahead)
        along = np.clip(between @ ahead / length, 0.0, 1.0) if length else np.zeros(len(between))
        away = between - along[:, None] * ahead
        square = (away * away).sum(axis=1)
        place = int(square.argmax())
        return math.sqrt(float(square[place])), first + 1 + place


def simplify(raw: list[RawArc], tolerance_m: float) -> list[SimpleArc]:
    """All arcs simplified, none touching another but in its ends, and each face still on the side of its district.

    Raises:
        FileRefused: borders touch each other even without simplification.
    """
    arcs = [SimpleArc(each) for each in raw]
    for arc in arcs:
        arc.simplify(tolerance_m)
    doubtful = list(range(len(arcs))) if tolerance_m else []
    for _ in range(ROUNDS):
        if not doubtful:
            return arcs
        wrong = _tangled(arcs, doubtful) or _turned(arcs)
        doubtful = [place for place in sorted(wrong) if arcs[place].tolerance]
        if wrong and not doubtful:
            break
        for place in doubtful:
            arcs[place].simplify(arcs[place].tolerance / 2)
    raise FileRefused("the borders touch each other even where nothing is simplified")


def metres_per_unit(latitude: float) -> tuple[float, float]:
    """Metres of one stored unit of longitude and of latitude (the first terms of the series of the ellipsoid)."""
    angle = math.radians(latitude)
    east = 111_412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle)
    return east / SCALE, (111_132.92 - 559.82 * math.cos(2 * angle)) / SCALE


def rounding_shift_m(polygons: Polygons, lines: dict[int, Any]) -> float:
    """The largest distance in metres, both ways, between the borders of polygons and what rounding made of them.

    `lines` holds the edges of each district in stored units.
    """
    import numpy as np
    import shapely

    worst = 0.0
    for number, polygon in polygons.items():
        middle = (polygon.bounds[1] + polygon.bounds[3]) / 2
        factors = np.array(metres_per_unit(middle))
        borders = shapely.get_rings(shapely.get_parts(polygon))
        rings = [shapely.get_coordinates(ring) * SCALE * factors for ring in borders]
        exact = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
        rounded = lines[number] * factors
        for some, others in ((exact, rounded), (rounded, exact)):
            tree = shapely.STRtree(shapely.linestrings(others))
            points = shapely.points(some[:, 0])
            (_, _), metres = tree.query_nearest(points, return_distance=True, all_matches=False)
            worst = max(worst, float(metres.max()))
    return worst


def _tangled(arcs: list[SimpleArc], doubtful: list[int]) -> set[int]:
    """Arcs that cross themselves, or that touch another elsewhere than in an end of both, among the doubtful ones."""
    import numpy as np
    import shapely

    drawn = np.array([shapely.linestrings(arc.kept.astype(float)) for arc in arcs], dtype=object)
    found = {
        place
        for place in doubtful
        if not drawn[place].is_simple or (len(arcs[place].kept) < 4 and _is_ring(arcs[place]))
    }
    tree = shapely.STRtree(drawn)
    chosen = np.array(doubtful)
    for one, other in zip(*tree.query(drawn[chosen], predicate="intersects"), strict=True):
        first, second = int(chosen[one]), int(other)
        if first == second:
            continue
        common = shapely.intersection(drawn[first], drawn[second])
        touched = {(round(x), round(y)) for x, y in shapely.get_coordinates(common)}
        if common.length > 0 or not touched <= (_ends(arcs[first]) & _ends(arcs[second])):
            found |= {first, second}
    return found


def _turned(arcs: list[SimpleArc]) -> set[int]:
    """Arcs beside a face that not all of its borders give to the same district: something small changed sides."""
    import shapely

    sides: dict[tuple[tuple[float, float], tuple[float, float]], tuple[int, int]] = {}
    for place, arc in enumerate(arcs):
        points = [(float(x), float(y)) for x, y in arc.kept]
        for a, b in pairwise(points):
            sides[a, b] = (place, arc.left)
            sides[b, a] = (place, arc.right)
    lines = [shapely.linestrings(arc.kept.astype(float)) for arc in arcs]
    found: set[int] = set()
    for face in shapely.get_parts(shapely.polygonize(lines)):
        around: list[tuple[int, int]] = []
        for ring in shapely.get_rings(shapely.orient_polygons(face)):
            points = list(ring.coords)
            around += [sides[edge] for edge in pairwise(points)]
        if len({number for _, number in around}) > 1:
            found |= {place for place, _ in around}
    return found


def _is_ring(arc: SimpleArc) -> bool:
    return bool((arc.kept[0] == arc.kept[-1]).all())


def _ends(arc: SimpleArc) -> set[tuple[int, int]]:
    return {(int(x), int(y)) for x, y in arc.kept[[0, -1]]}
