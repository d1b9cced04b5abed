"""Whether the districts of a file are whole: their count, gaps and overlaps between them, and how they nest."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from partners_crm.districts.building.reading import Chapter, Polygons
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import Chamber, bundled_maps, load_info, load_map
from partners_crm.errors import FileRefused

LARGEST_FAULT_M2 = 1000.0
"""A gap or an overlap of a larger area is no rounding: the file is refused."""
NESTING_TOLERANCE = 1e-3
"""Share of its area by which a district may differ from those it is made of: files of one year differ by none, those
of different years or roundings by up to 0.063 % in Illinois."""
RADIUS_M = 6_371_007.0
"""Of the sphere with the area of the earth."""


class Seams(NamedTuple):
    """How well the districts of a file fit together."""

    uneven: int
    """Districts with a border that has points which the other side lacks; it need not have an area."""
    overlaps: int
    overlap_m2: float
    gaps: int
    gap_m2: float


def check_count(chapter: Chapter, expected: int) -> None:
    """Refuse districts that are not numbered from 1 to `expected`, or to their own count where that is 0.

    Raises:
        FileRefused: districts are missing, or there are too many.
    """
    numbers = set(chapter.polygons)
    last = expected or max(numbers)
    missing, more = sorted(set(range(1, last + 1)) - numbers), sorted(numbers - set(range(1, last + 1)))
    words = [f"missing: {_some(missing)}"] if missing else []
    if more:
        words.append(f"too many: {_some(more)} ({chapter.places[more[0]]})")
    if words:
        raise FileRefused(
            f"{chapter.path}: {len(numbers)} districts of the {chapter.chamber} instead of {last}; {'; '.join(words)}",
            "give the file of the right chamber, state and year",
        )


def check_seams(chapter: Chapter) -> Seams:
    """Measure overlaps and gaps between the districts of a file.

    A hole that a water record fills is no gap.

    Raises:
        FileRefused: one of them is larger than LARGEST_FAULT_M2.
    """
    import shapely

    numbers = sorted(chapter.polygons)
    shapes = [chapter.polygons[number] for number in numbers]
    whole = shapely.coverage_is_valid(shapes)
    uneven = 0 if whole else int((~shapely.is_empty(shapely.coverage_invalid_edges(shapes))).sum())
    overlaps = [] if whole else _overlaps(chapter, numbers, shapes)
    together = shapely.coverage_union_all(shapes) if whole else shapely.union_all(shapes)
    water = shapely.union_all(chapter.water) if chapter.water else None
    gaps = []
    for part in shapely.get_parts(together):
        for ring in part.interiors:
            hole = shapely.Polygon(ring)
            if water is not None:
                hole = shapely.difference(hole, water)
            area = area_m2(hole)
            if area > LARGEST_FAULT_M2:
                touched = shapely.STRtree(shapes).query(hole, predicate="intersects")
                beside = [numbers[place] for place in sorted(touched)]
                raise FileRefused(
                    f"{chapter.path}: a gap of {_area(area)} at {_where(hole)} between the districts {_some(beside)}",
                    "give a file without gaps, such as a TIGER/Line file of the Census Bureau",
                )
            if area:
                gaps.append(area)
    return Seams(uneven, len(overlaps), sum(overlaps), len(gaps), sum(gaps))


def check_vintage(chapter: Chapter, code: str) -> None:
    """Refuse the districts of another plan under the code of a map that comes with the program.

    Raises:
        FileRefused: more than one district in ten lies elsewhere than on that map.
    """
    if code not in bundled_maps() or chapter.chamber not in {layer.chamber for layer in load_info(code).layers}:
        return
    index = DistrictIndex(load_map(code), chapter.chamber)
    points = {number: shape.representative_point() for number, shape in chapter.polygons.items()}
    strange = [number for number, point in points.items() if index.number_at(point.y, point.x) != number]
    if len(strange) > len(points) / 10:
        raise FileRefused(
            f"{chapter.path}: {len(strange)} of {len(points)} districts lie elsewhere than on the map {code} of the"
            " program: it is another plan",
            "give it a code of its own: --code",
        )


def check_nesting(children: Chapter, chamber: Chamber, parents: Chapter | None) -> tuple[Polygons, float | None]:
    """The districts that those of `chamber` make up, and the largest share by which they miss their own polygons.

    The share is None where there are no polygons to compare with.

    Raises:
        FileRefused: they are other districts than those of the file of the other chamber.
    """
    import shapely

    members: dict[int, list[Any]] = {}
    for number, shape in sorted(children.polygons.items()):
        members.setdefault(chamber.parent(number) or 0, []).append(shape)
    made = {number: shapely.union_all(shapes) for number, shapes in members.items()}
    if parents is None:
        return made, None
    worst = 0.0
    for number, shape in sorted(parents.polygons.items()):
        if number not in made:
            raise FileRefused(f"{parents.path}: no {chamber.name} district makes district {number}")
        share = shapely.symmetric_difference(shape, made[number]).area / shape.area
        if share > NESTING_TOLERANCE:
            pair = [each for each in sorted(children.polygons) if chamber.parent(each) == number]
            raise FileRefused(
                f"{parents.path}: {parents.places[number]} (district {number}) is not made of the {chamber.name}"
                f" districts {_some(pair)}: {share:.2%} of its area differs",
                "give both chambers of one plan, or a plan in which nothing nests",
            )
        worst = max(worst, share)
    return made, worst


def area_m2(shape: Any) -> float:
    """The area of a small shape in degrees, in square metres of a sphere."""
    if shape.is_empty:
        return 0.0
    _, south, _, north = shape.bounds
    side = math.radians(1) * RADIUS_M
    return float(shape.area * side * side * math.cos(math.radians((south + north) / 2)))


def _overlaps(chapter: Chapter, numbers: list[int], shapes: list[Any]) -> list[float]:
    import shapely

    found = []
    tree = shapely.STRtree(shapes)
    for first, second in sorted(zip(*map(list, tree.query(shapes, predicate="intersects")), strict=True)):
        if first >= second:
            continue
        common = shapely.intersection(shapes[first], shapes[second])
        area = area_m2(common)
        if area > LARGEST_FAULT_M2:
            raise FileRefused(
                f"{chapter.path}: {chapter.places[numbers[first]]} (district {numbers[first]}) and"
                f" {chapter.places[numbers[second]]} (district {numbers[second]}) overlap by {_area(area)}"
                f" at {_where(common)}"
            )
        if area:
            found.append(area)
    return found


def _where(shape: Any) -> str:
    point = shape.representative_point()
    return f"{point.y:.5f}, {point.x:.5f}"


def _area(square_metres: float) -> str:
    return f"{square_metres / 1e6:,.2f} km2" if square_metres >= 100_000 else f"{square_metres:,.0f} m2"


def _some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
