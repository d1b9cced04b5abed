"""From polygons to arcs: rounded to stored units, noded against each other, and cut where districts meet.

All borders are rounded to 1e-5 degrees together (snap rounding), so that what comes out are lines that meet in their
ends alone. Each face between them belongs to one district or to none, and each arc to the two faces beside it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from partners_crm.districts.building.checking import LARGEST_FAULT_M2, area_m2
from partners_crm.districts.building.reading import Polygons
from partners_crm.districts.maps import OUTSIDE, SCALE

SLIVER_M2 = 1.5 * LARGEST_FAULT_M2
"""A face of no district below this lies in a gap that was let pass, and rounded; a larger one is a hole."""


class RawArc(NamedTuple):
    """One border, from one junction to the next."""

    left: int
    right: int
    points: Any
    """int64 array (n, 2): longitude and latitude in stored units."""


class Faces(NamedTuple):
    """The plane cut into what belongs to each district."""

    numbers: list[int]
    shapes: list[Any]
    slivers: int
    """Faces in a gap or an overlap, which were given to one district."""


def faces(polygons: Polygons) -> Faces:
    """The districts in stored units, without gaps or overlaps.

    What two districts cover belongs to the lower number, what lies in a gap to the one with the longest border to it.
    """
    import numpy as np
    import shapely

    numbers = np.array(sorted(polygons))
    shapes = shapely.transform(np.array([polygons[number] for number in numbers]), lambda points: points * SCALE)
    noded = shapely.union_all(_lines(shapes), grid_size=1.0)
    cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    tree = shapely.STRtree(shapes)
    inner = shapely.point_on_surface(cells)
    cell, place = tree.query(inner, predicate="intersects")
    hits = np.bincount(cell, minlength=len(cells))
    owner = np.full(len(cells), -1)
    np.maximum.at(owner, cell, -place + len(numbers))  # the lowest place wins
    owner = np.where(owner >= 0, len(numbers) - owner, -1)
    slivers = int((hits > 1).sum())
    for each in np.flatnonzero(hits == 0):
        if area_m2(shapely.transform(cells[each], lambda points: points / SCALE)) < SLIVER_M2:
            beside = tree.query(cells[each], predicate="dwithin", distance=1.0)
            shared = [(shapely.intersection(cells[each].boundary, cells[owner == one].tolist()), one) for one in beside]
            lengths = [(sum(shapely.length(lines)), -one) for lines, one in shared]
            if lengths and max(lengths)[0] > 0:
                owner[each] = -max(lengths)[1]
                slivers += 1
    kept = np.flatnonzero(owner >= 0)
    return Faces([int(numbers[owner[each]]) for each in kept], [cells[each] for each in kept], slivers)


def _lines(shapes: Any) -> Any:
    """The borders of all shapes as lines in whole units: what two districts share stands once.

    Joined to long lines before they are noded, which takes a thirtieth of the time that single pieces would.
    """
    import numpy as np
    import shapely

    points, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shapes)), return_index=True)
    whole = np.rint(points).astype(np.int64)
    follows = np.flatnonzero(ring[1:] == ring[:-1])
    pairs = np.concatenate([whole[follows], whole[follows + 1]], axis=1)
    swap = (pairs[:, 0] > pairs[:, 2]) | ((pairs[:, 0] == pairs[:, 2]) & (pairs[:, 1] > pairs[:, 3]))
    pairs[swap] = pairs[swap][:, [2, 3, 0, 1]]
    pairs = np.unique(pairs, axis=0)
    pairs = pairs[(pairs[:, :2] != pairs[:, 2:]).any(axis=1)]
    pieces = shapely.linestrings(pairs.reshape(-1, 2, 2).astype(float))
    return shapely.line_merge(shapely.multilinestrings(pieces))


def cut(found: Faces) -> list[RawArc]:
    """The borders between faces of different districts, each once, cut in the points where three of them meet."""
    import numpy as np
    import shapely

    oriented = shapely.orient_polygons(np.array(found.shapes))
    rings, cell = shapely.get_rings(oriented, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    whole = np.rint(points).astype(np.int64)
    vertices, code = np.unique(whole, axis=0, return_inverse=True)
    follows = np.flatnonzero(ring[1:] == ring[:-1])
    start, end = code.ravel()[follows], code.ravel()[follows + 1]
    left = np.array(found.numbers)[cell[ring[follows]]]
    # Each edge stands once for each face beside it, in opposite directions.
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((start, high, low))
    start, end, left, low, high = (each[order] for each in (start, end, left, low, high))
    first = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])]
    heads = np.flatnonzero(first)
    twice = np.r_[heads[1:], len(start)] - heads == 2
    right = np.where(twice, left[np.minimum(heads + 1, len(left) - 1)], OUTSIDE)
    border = left[heads] != right
    heads, right = heads[border], right[border]
    return [
        RawArc(one, other, vertices[line])
        for one, other, line in _chains(
            start[heads].tolist(), end[heads].tolist(), left[heads].tolist(), right.tolist()
        )
    ]


def _chains(start: list[int], end: list[int], left: list[int], right: list[int]) -> list[tuple[int, int, list[int]]]:
    """(left, right, vertices) of every chain of edges from one junction to the next."""
    around: list[list[int]] = [[] for _ in range(max((*start, *end)) + 1)]
    for edge, (a, b) in enumerate(zip(start, end, strict=True)):
        around[a].append(edge)
        around[b].append(edge)
    done = [False] * len(start)
    found = []

    def walk(vertex: int, edge: int) -> None:
        forward = start[edge] == vertex
        sides = (left[edge], right[edge]) if forward else (right[edge], left[edge])
        line = [vertex]
        while True:
            done[edge] = True
            vertex = end[edge] if start[edge] == vertex else start[edge]
            line.append(vertex)
            if len(around[vertex]) != 2 or vertex == line[0]:
                break
            edge = next(each for each in around[vertex] if each != edge)
        found.append((*sides, line))

    for vertex, edges in enumerate(around):
        if len(edges) not in {0, 2}:
            for edge in edges:
                if not done[edge]:
                    walk(vertex, edge)
    # What is left are rings without a junction: an island, or a district inside another.
    for edge in range(len(start)):
        if not done[edge]:
            walk(min(start[edge], end[edge]), edge)
    return found


def district_lines(arcs: list[RawArc]) -> dict[int, Any]:
    """All edges of each district's border: float array (n, 2, 2) in stored units."""
    import numpy as np

    parts: dict[int, list[Any]] = {}
    for arc in arcs:
        edges = np.stack([arc.points[:-1], arc.points[1:]], axis=1).astype(float)
        for number in {arc.left, arc.right} - {OUTSIDE}:
            parts.setdefault(number, []).append(edges)
    return {number: np.concatenate(edges) for number, edges in parts.items()}
