"""How long the districts of 100,000 points take, against the idiom that everybody writes first.

The idiom: `STRtree(polygons).query(points, predicate="intersects")`, with its tree built anew. The districts are those
of the House of Illinois in full, where the shared data lies beside the checkout, else invented ones with as many
vertices. Both sides get the same borders and the same points, drawn alike from the box around each district, and each
builds all it needs: the idiom from polygons, ours from the arcs of a map. Both must give the same answers: a point for
which they differ lies within a centimetre of a border. Beside them, without a limit, stand prepared polygons and the
placements with their distances. Wall time decides; the start of shapely and numpy counts for nobody.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure
from tests.made_maps import crooked, map_of

from partners_crm.districts.bulk import BulkIndex
from partners_crm.districts.geometry import polygons_of, rings_of
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import DistrictMap

ROUNDS = 5
POINTS = 100_000
PURE, GEO = 0.833, 0.066
"""At least 1.2 and 15 times as fast: at most these parts of the time."""
FULL = Path(__file__).parents[2] / "shared" / "data" / "il_sldl_2023.geojson.gz"
VERTICES = 278_560
"""Vertices of the polygons of Illinois."""
ROWS, COLUMNS = 12, 10


def illinois() -> DistrictMap:
    """The House of Illinois of 2021 with every vertex."""
    from shapely.geometry import shape

    from partners_crm.districts.building.arcs import cut, faces

    with gzip.open(FULL, "rt", encoding="utf-8") as stream:
        features = json.load(stream)["features"]
    named = ((each["properties"]["SLDLST"], shape(each["geometry"])) for each in features)
    arcs = cut(faces({int(code): geometry for code, geometry in named if code != "ZZZ"}))
    return map_of([(arc.left, arc.right, [(int(x), int(y)) for x, y in arc.points]) for arc in arcs])


def invented() -> DistrictMap:
    """A state of 120 crooked squares with as many vertices."""
    steps = VERTICES // (4 * ROWS * COLUMNS)
    squares = crooked(ROWS, COLUMNS, steps, random.Random(4), west=-9_150_000, south=3_700_000, size=45_000)
    places = [(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    return map_of(squares.arcs({place: number for number, place in enumerate(places, 1)}))


def polygons(district_map: DistrictMap) -> list[Any]:
    """The districts from 1 on, in degrees."""
    import shapely

    borders = district_map.borders["house"]
    found = []
    for number in range(1, district_map.info.counts["house"] + 1):
        parts = [(outer, inner) for outer, *inner in polygons_of(rings_of(borders, number))]
        found.append(shapely.MultiPolygon(parts) if len(parts) > 1 else shapely.Polygon(*parts[0]))
    return list(shapely.transform(found, lambda units: units / 100_000))


def drawn(shapes: Sequence[Any]) -> tuple[list[float], list[float]]:
    """Latitudes and longitudes, as many from the box around each district."""
    chance = random.Random(8)
    boxes = [shape.bounds for shape in shapes]
    some = [boxes[turn % len(boxes)] for turn in range(POINTS)]
    return [chance.uniform(box[1], box[3]) for box in some], [chance.uniform(box[0], box[2]) for box in some]


def numbered(pairs: Any) -> list[int]:
    """The district of each point from (point, polygon) pairs: the lowest of several, 0 where there is none."""
    found = [0] * POINTS
    for point, polygon in sorted(zip(*(each.tolist() for each in pairs), strict=True), reverse=True):
        found[point] = polygon + 1
    return found


def timed(work: Callable[[], Any], answers: dict[str, Any], name: str) -> Callable[[], Cost]:
    """A side that keeps what it answered."""

    def side() -> Cost:
        found: list[Cost] = []
        with measuring.stopwatch(found):
            answers[name] = work()
        return found[0]

    return side


def measure(_: Path, rounds: int) -> list[Figure]:
    """The figures of both engines."""
    try:
        import shapely
    except ImportError:
        raise CannotMeasure("shapely is not installed: install partners-crm[geo]") from None
    district_map = illinois() if FULL.is_file() else invented()
    given = polygons(district_map)
    latitudes, longitudes = drawn(given)
    there = shapely.points(longitudes, latitudes)

    # Preparing a polygon stays with it: each round has its own copies.
    copies = [shapely.from_wkb(shapely.to_wkb(given)) for _ in range(rounds + 1)]

    def naive() -> Any:
        return shapely.STRtree(given).query(there, predicate="intersects")

    def prepared() -> Any:
        shapes = copies.pop()
        shapely.prepare(shapes)
        point, polygon = shapely.STRtree(shapes).query(there)
        hits = shapely.intersects(shapes[polygon], there[point])
        return point[hits], polygon[hits]

    def pure() -> list[int]:
        return list(map(DistrictIndex(district_map).number_at, latitudes, longitudes))

    answers: dict[str, Any] = {}
    sides = {
        "naive": timed(naive, answers, "naive"),
        "prepared": timed(prepared, answers, "prepared"),
        "pure": timed(pure, answers, "pure"),
        "geo": timed(lambda: BulkIndex(district_map).numbers_at(latitudes, longitudes), answers, "geo"),
        "placements": timed(lambda: BulkIndex(district_map).placements(latitudes, longitudes), answers, "placements"),
    }
    costs = measuring.interleave(sides, rounds)
    check(district_map, answers, latitudes, longitudes)
    where = "Illinois in full" if FULL.is_file() else "an invented state"
    what = f"{POINTS:,} points, {sum(map(shapely.get_num_coordinates, given)):,} vertices ({where})"
    found = []
    for name, said, limit in (
        ("pure", "pure Python", PURE),
        ("geo", "[geo]", GEO),
        ("prepared", "prepared polygons", None),
        ("placements", "[geo] with distances", None),
    ):
        each = measuring.figure("", costs[name], costs["naive"], limit)
        title = f"{what}, {said} / naive idiom, {1 / each.wall:.1f} times as fast"
        found.append(measuring.figure(title, costs[name], costs["naive"], limit))
    return found


def check(district_map: DistrictMap, answers: dict[str, Any], latitudes: list[float], longitudes: list[float]) -> None:
    """That all sides gave the same districts.

    Raises:
        CannotMeasure: they did not.
    """
    naive, pure = numbered(answers["naive"]), answers["pure"]
    if answers["geo"] != pure or numbered(answers["prepared"]) != naive:
        raise CannotMeasure("two sides that should agree on every point do not")
    index = DistrictIndex(district_map)
    for place, (one, other) in enumerate(zip(naive, pure, strict=True)):
        if one != other and index.distance_m(max(one, other), latitudes[place], longitudes[place]) > 0.01:
            raise CannotMeasure(f"{latitudes[place]}, {longitudes[place]} lies in {one} or in {other}")


if __name__ == "__main__":
    measuring.run(measuring.options(__doc__, ROUNDS), measure)
