"""Build a map file from Census district polygons. A maintainer's program; it needs the extra `geo` (shapely).

    python -m partners_crm.districts.builder HOUSE.geojson[.gz] --code il-2021 --source "..." --out FILE

Borders are cut into arcs, each shared by the two districts beside it, and each arc is simplified once for both sides
(Douglas-Peucker), so that no gap and no overlap can arise. The largest distance between a border and the one it was
made from is measured and written into the header.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from partners_crm.districts.calendar import Plan, plan
from partners_crm.districts.maps import OUTSIDE, SCALE, dump_map
from partners_crm.errors import FileRefused, NotFound, PartnersError

TOLERANCE_M = 9.5
"""Leaves half a metre for rounding to 1e-5 degrees below a shift of ten metres."""
LARGEST_SHIFT_M = 15.0
CODE_FIELDS = ("SLDLST", "SLDUST")
WATER = "ZZZ"
"""District code of water that belongs to no district; such records are dropped, and said."""

Point = tuple[float, float]
Line = list[Point]
Polygons = dict[int, Any]
"""Shapely geometries by district number."""


def read_polygons(path: Path, expected: int) -> tuple[Polygons, int]:
    """The district polygons of a GeoJSON file in degrees, and how many water records were dropped.

    Raises:
        FileRefused: it is no such file, a record is damaged, or districts are missing or doubled.
    """
    from shapely.geometry import shape

    try:
        data = path.read_bytes()
        features = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)["features"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileRefused(f"{path}: is no GeoJSON file of districts: {error}") from None
    found: Polygons = {}
    water = 0
    for number, feature in enumerate(features, 1):
        code = _district_code(path, number, feature)
        if code == WATER:
            water += 1
            continue
        try:
            geometry = shape(feature["geometry"])
            district = int(code)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FileRefused(f"{path}: feature {number} cannot be read: {error}") from None
        if geometry.is_empty or not geometry.is_valid or not all(map(math.isfinite, geometry.bounds)):
            raise FileRefused(f"{path}: feature {number} (district {district}) is not a valid polygon")
        if district in found:
            raise FileRefused(f"{path}: district {district} occurs twice")
        found[district] = geometry
    if sorted(found) != list(range(1, expected + 1)):
        missing = sorted(set(range(1, expected + 1)) - set(found))
        raise FileRefused(f"{path}: {len(found)} districts instead of {expected}; missing: {missing[:10]}")
    return found, water


def _district_code(path: Path, number: int, feature: Any) -> str:
    try:
        properties = feature["properties"]
    except (TypeError, KeyError):
        raise FileRefused(f"{path}: feature {number} has no properties") from None
    for name in CODE_FIELDS:
        if name in properties:
            return str(properties[name])
    raise FileRefused(f"{path}: feature {number} has none of {', '.join(CODE_FIELDS)}")


def build(polygons: Polygons, header: Plan, source: str, tolerance_m: float = TOLERANCE_M) -> bytes:
    """The bytes of a map file made from polygons in degrees.

    Raises:
        FileRefused: borders move too far, or districts are lost.
    """
    exact = _arcs(_faces(polygons))
    arcs = [_Arc(left, right, line) for left, right, line in exact]
    for arc in arcs:
        arc.simplify(tolerance_m)
    _untangle(arcs, tolerance_m)
    shift = max(arc.shift_m() for arc in arcs)
    if shift > LARGEST_SHIFT_M:
        raise FileRefused(f"a border would move {shift:.1f} m, at most {LARGEST_SHIFT_M} m are allowed")
    kept = {arc.left for arc in arcs} | {arc.right for arc in arcs}
    if lost := sorted(set(polygons) - kept):
        raise FileRefused(f"simplifying loses the districts {lost}")
    fields: dict[str, Any] = header._asdict()
    fields["counts"] = dict(header.counts)
    fields |= {"source": source, "tolerance_m": tolerance_m, "border_shift_m": math.ceil(shift * 10) / 10}
    ordered = sorted(arcs, key=lambda arc: (arc.left, arc.right, arc.units))
    return dump_map(fields, [(arc.left, arc.right, arc.units) for arc in ordered])


# -------------------------------------------------------------------- from polygons to arcs


def _faces(polygons: Polygons) -> list[tuple[int, Any]]:
    """The polygons noded against each other: (district, face) pairs without gaps or overlaps.

    A sliver between two copies of one border belongs to the district that covers most of it, or, where none does,
    to the one it shares the longest border with.
    """
    import shapely

    numbers = sorted(polygons)
    shapes = [polygons[number] for number in numbers]
    lines = shapely.node(shapely.union_all([shape.boundary for shape in shapes]))
    faces = [face for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))) if face.area > 0]
    tree = shapely.STRtree(shapes)
    found, slivers = [], []
    for face in faces:
        around = tree.query(face, predicate="intersects")
        shares = sorted(((shapes[place].intersection(face).area, numbers[place]) for place in around), reverse=True)
        if shares and shares[0][0] > face.area / 2:
            found.append((shares[0][1], face))
        else:
            slivers.append((face, [numbers[place] for place in around]))
    for face, around in slivers:
        # A hole that is no sliver is a lake or an enclave of another state: it stays outside.
        if face.area < 1e-7 and around:
            longest = max(
                around, key=lambda number: (polygons[number].boundary.intersection(face.boundary).length, -number)
            )
            found.append((longest, face))
    return found


def _arcs(faces: Iterable[tuple[int, Any]]) -> list[tuple[int, int, Line]]:
    """(left, right, line) of every border, from one junction to the next."""
    from shapely.geometry.polygon import orient

    left_of: dict[tuple[Point, Point], int] = {}
    for number, face in faces:
        oriented = orient(face, 1.0)
        for ring in (oriented.exterior, *oriented.interiors):
            points = [(float(x), float(y)) for x, y in ring.coords]
            for edge in pairwise(points):
                left_of[edge] = number
    sides: dict[tuple[Point, Point], tuple[int, int]] = {}
    around: dict[Point, list[Point]] = defaultdict(list)
    for (a, b), left in left_of.items():
        right = left_of.get((b, a), OUTSIDE)
        if left != right:
            if (b, a) not in sides:
                sides[a, b] = (left, right)
            around[a].append(b)
            if (b, a) not in left_of:
                around[b].append(a)
    return _chains(sides, around)


def _chains(
    sides: dict[tuple[Point, Point], tuple[int, int]], around: dict[Point, list[Point]]
) -> list[tuple[int, int, Line]]:
    def pair(a: Point, b: Point) -> tuple[int, int]:
        if (a, b) in sides:
            return sides[a, b]
        left, right = sides[b, a]
        return right, left

    def is_junction(point: Point) -> bool:
        neighbours = around[point]
        return len(neighbours) != 2 or pair(neighbours[0], point) != pair(point, neighbours[1])

    done: set[tuple[Point, Point]] = set()
    found = []

    def walk(a: Point, b: Point) -> None:
        line = [a, b]
        done.update(((a, b), (b, a)))
        while not is_junction(line[-1]) and line[-1] != line[0]:
            before, here = line[-2:]
            ahead = next(point for point in around[here] if point != before)
            line.append(ahead)
            done.update(((here, ahead), (ahead, here)))
        left, right = pair(a, b)
        found.append((left, right, line))

    junctions = sorted(point for point in around if is_junction(point))
    for point in junctions:
        for neighbour in sorted(around[point]):
            if (point, neighbour) not in done:
                walk(point, neighbour)
    # What is left are rings without a junction: an island, or a district inside another.
    for edge in sorted(sides):
        if edge not in done:
            walk(*edge)
    return found


# -------------------------------------------------------------------- simplifying


class _Arc:
    """One border: its exact line, and the simplified one in stored units."""

    def __init__(self, left: int, right: int, line: Line) -> None:
        self.left = left
        self.right = right
        self.line = line
        self.tolerance = 0.0
        self.units: list[tuple[int, int]] = []
        middle = sum(y for _, y in line) / len(line)
        self._kx = 111_320 * math.cos(math.radians(middle))
        self._ky = 111_132.0

    def simplify(self, tolerance_m: float) -> None:
        self.tolerance = tolerance_m
        parts = [self.line]
        if self.line[0] == self.line[-1]:
            # A ring would collapse onto its one end: it is cut at the point farthest from it.
            x0, y0 = self.line[0]
            far = max(
                range(len(self.line)),
                key=lambda place: math.hypot(
                    (self.line[place][0] - x0) * self._kx, (self.line[place][1] - y0) * self._ky
                ),
            )
            parts = [self.line[: far + 1], self.line[far:]]
        kept: Line = []
        for part in parts:
            simple = self._douglas_peucker(part, tolerance_m)
            kept += simple[1:] if kept else simple
        units = [(round(x * SCALE), round(y * SCALE)) for x, y in kept]
        self.units = [here for place, here in enumerate(units) if place == 0 or here != units[place - 1]]

    def _douglas_peucker(self, part: Line, tolerance_m: float) -> Line:
        from shapely import LineString

        if len(part) < 3 or tolerance_m <= 0:
            return part
        scaled = LineString([(x * self._kx, y * self._ky) for x, y in part])
        simple = scaled.simplify(tolerance_m, preserve_topology=False)
        kept = set(simple.coords)
        return [point for point, metres in zip(part, scaled.coords, strict=True) if metres in kept]

    def drawn(self) -> Any:
        """The simplified line in stored units; None when it has shrunk to a point."""
        from shapely import LineString

        return LineString(self.units) if len(self.units) > 1 else None

    def shift_m(self) -> float:
        """The largest distance between the exact and the simplified line, in metres, both ways."""
        import shapely

        exact = shapely.LineString([(x * self._kx, y * self._ky) for x, y in self.line])
        stored = [(x / SCALE * self._kx, y / SCALE * self._ky) for x, y in self.units]
        simple = shapely.LineString(stored) if len(stored) > 1 else shapely.Point(stored[0])
        there = shapely.distance(shapely.points(shapely.get_coordinates(exact)), simple)
        dense = shapely.segmentize(simple, 20.0) if len(stored) > 1 else simple
        back = shapely.distance(shapely.points(shapely.get_coordinates(dense)), exact)
        return float(max(there.max(), back.max()))


def _untangle(arcs: list[_Arc], tolerance_m: float) -> None:
    """Simplify arcs that touch each other elsewhere than at shared ends less and less, until none does."""
    for _ in range(12):
        tangled = _tangled(arcs)
        if not tangled:
            return
        for place in tangled:
            arc = arcs[place]
            arc.simplify(arc.tolerance / 2 if arc.tolerance > tolerance_m / 64 else 0.0)
    raise FileRefused(f"{len(_tangled(arcs))} borders still touch each other without simplification")


def _tangled(arcs: list[_Arc]) -> set[int]:
    import numpy as np
    import shapely

    drawn = np.array([arc.drawn() for arc in arcs], dtype=object)
    found = {
        place
        for place, (arc, line) in enumerate(zip(arcs, drawn, strict=True))
        if line is None or not line.is_simple or (arc.units[0] == arc.units[-1] and len(arc.units) < 4)
    }
    tree = shapely.STRtree(drawn)
    for first, second in zip(*tree.query(drawn, predicate="intersects"), strict=True):
        if first < second:
            ends = {arcs[first].units[0], arcs[first].units[-1]} & {arcs[second].units[0], arcs[second].units[-1]}
            common = shapely.intersection(drawn[first], drawn[second])
            touched = {(round(x), round(y)) for x, y in shapely.get_coordinates(common)}
            if common.length > 0 or not touched <= ends:
                found |= {int(first), int(second)}
    return found


def main(arguments: list[str] | None = None) -> int:
    """Build one map file from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build a district map file from Census GeoJSON.")
    parser.add_argument("house", type=Path, help="polygons of the base chamber, GeoJSON or GeoJSON.gz")
    parser.add_argument("--code", required=True, help="a code of the calendar, such as il-2021")
    parser.add_argument("--source", required=True, help="where the polygons come from, in words")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        header = plan(options.code)
        if header is None:
            raise NotFound(f"the calendar has no plan {options.code}")
        polygons, water = read_polygons(options.house, dict(header.counts)[header.base])
        if water:
            print(f"{water} water record(s) ({WATER}) left out")
        data = build(polygons, header, options.source)
    except PartnersError as error:
        print(error, file=sys.stderr)
        return 3
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(data)
    print(f"{options.out}: {len(data):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
