"""Districts as shapes: rings from arcs, polygons with holes, distances to them, the nearest of many, what is near."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made_maps import Crooked, crooked, map_of

from partners_crm.districts.geometry import doubled_area, polygons_of, rings_of
from partners_crm.districts.index import SNAP_M, DistrictIndex
from partners_crm.districts.maps import OUTSIDE, SCALE, Arc, load_map
from partners_crm.errors import FileRefused, NotFound

CODES = ["il-2011", "il-2021"]
WEST, SOUTH = -8_900_000, 4_000_000
Numbers = dict[tuple[int, int], int]


@lru_cache(maxsize=2)
def index_of(code: str) -> DistrictIndex:
    """The index of a bundled map, built once."""
    return DistrictIndex(load_map(code))


@st.composite
def made(draw: st.DrawFn) -> tuple[Crooked, Numbers]:
    """Crooked squares, given to few districts and to nobody: districts in parts, with holes, touching in corners."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    random = Random(draw(st.integers(0, 10**6)))
    size = random.choice((300, 3_000))
    squares = crooked(rows, columns, draw(st.integers(1, 4)), random, west=WEST, south=SOUTH, size=size)
    most = draw(st.integers(1, 4))
    numbers = {(r, c): draw(st.integers(0, most)) for r in range(rows) for c in range(columns)}
    return squares, numbers | {(0, 0): 1}


def truth(squares: Crooked, numbers: Numbers) -> dict[int, Any]:
    """The polygons of the districts in stored units, by shapely."""
    shapely = pytest.importorskip("shapely")
    found = {}
    for number in set(numbers.values()) - {OUTSIDE}:
        some = [shapely.Polygon(squares.square(*place)) for place, each in numbers.items() if each == number]
        found[number] = shapely.union_all(some)
    return found


def around(number: int, *rings: list[tuple[int, int]]) -> list[Arc]:
    """The borders of a district alone in the world: rings that it lies on the left of."""
    return [(number, OUTSIDE, [*ring, ring[0]]) for ring in rings]


SQUARE = [(0, 0), (9000, 0), (9000, 9000), (0, 9000)]
HOLE = [(3000, 3000), (3000, 6000), (6000, 6000), (6000, 3000)]
ISLAND = [(4000, 4000), (5000, 4000), (5000, 5000), (4000, 5000)]
CORNER_HOLE = [(0, 0), (3000, 6000), (6000, 3000)]
"""It touches the square around it in one corner."""


# -------------------------------------------------------------------- rings


def test_a_ring_is_closed_and_runs_against_the_clock() -> None:
    index = DistrictIndex(map_of(around(1, SQUARE)))
    assert index.rings(1) == [[(x / SCALE, y / SCALE) for x, y in (*SQUARE, SQUARE[0])]]


@pytest.mark.parametrize("rings", [(SQUARE, HOLE), (SQUARE, HOLE, ISLAND), (SQUARE, CORNER_HOLE)])
def test_holes_and_islands_are_rings_of_their_own(rings: tuple[list[tuple[int, int]], ...]) -> None:
    made_map = map_of(around(1, *rings))
    found = rings_of(made_map.borders["house"], 1)
    assert sorted(map(doubled_area, found)) == sorted(doubled_area([*ring, ring[0]]) for ring in rings)
    polygons = polygons_of(found)
    assert [len(polygon) for polygon in polygons] == ([2, 1] if ISLAND in rings else [2])
    assert [doubled_area(polygon[0]) for polygon in polygons] == [162_000_000, 2_000_000][: len(polygons)]
    index = DistrictIndex(made_map)
    assert index.number_at(0.01, 0.04) == 1
    assert index.number_at(0.039, 0.035) == OUTSIDE
    assert index.number_at(0.0451, 0.045) == (OUTSIDE if HOLE in rings and ISLAND not in rings else 1)
    assert index.distance_m(1, 0.039, 0.035) > 0
    assert (index.distance_m(1, 0.0451, 0.045) == 0) == (index.number_at(0.0451, 0.045) == 1)


def test_a_point_in_a_hole_is_as_far_as_the_edge_of_the_hole() -> None:
    index = DistrictIndex(map_of(around(1, SQUARE, HOLE)))
    assert index.distance_m(1, 0.045, 0.045) == pytest.approx(0.015 * 110_574, rel=0.001)
    assert index.locate(0.045, 0.045) is None


def test_lobes_that_touch_in_a_point_are_two_rings() -> None:
    touch = (1000, 1000)
    arcs: list[Arc] = [
        (1, OUTSIDE, [touch, (0, 1000), (0, 0), (1000, 0), touch]),
        (OUTSIDE, 1, [touch, (1000, 2000), (2000, 2000)]),
        (1, OUTSIDE, [touch, (2000, 1000), (2000, 2000)]),
    ]
    found = rings_of(map_of(arcs).borders["house"], 1)
    assert [doubled_area(ring) for ring in found] == [2_000_000, 2_000_000]


@given(made())
def test_rings_are_those_of_the_polygons(drawn: tuple[Crooked, Numbers]) -> None:
    shapely = pytest.importorskip("shapely")
    squares, numbers = drawn
    index = DistrictIndex(map_of(squares.arcs(numbers)))
    for number, polygon in truth(squares, numbers).items():
        rings = rings_of(index.borders, number)
        assert index.rings(number) == [[(x / SCALE, y / SCALE) for x, y in ring] for ring in rings]
        for ring in rings:
            assert ring[0] == ring[-1]
            assert shapely.LinearRing(ring).is_simple
        shape = shapely.MultiPolygon([(outer, inner) for outer, *inner in polygons_of(rings)])
        assert shape.is_valid
        assert sum(map(doubled_area, rings)) / 2 == pytest.approx(polygon.area)
        assert shapely.symmetric_difference(shape, polygon).area == pytest.approx(0, abs=polygon.area / 10**9)


@pytest.mark.parametrize("code", CODES)
def test_the_rings_of_a_state_fill_it(code: str) -> None:
    index = index_of(code)
    edges: dict[tuple[tuple[float, float], tuple[float, float]], int] = {}
    for number in range(1, 119):
        rings = index.rings(number)
        assert all(ring[0] == ring[-1] for ring in rings)
        for ring in rings:
            for edge in pairwise(ring):
                assert edge not in edges
                edges[edge] = number
    lonely = [(a, b) for a, b in edges if (b, a) not in edges]
    borders = index.borders
    outer = sum(
        size - 1
        for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True)
        if OUTSIDE in (left, right)
    )
    assert len(lonely) == outer


@pytest.mark.parametrize("number", [0, 119, -1])
def test_a_district_that_the_map_does_not_have_is_refused(number: int) -> None:
    index = index_of("il-2021")
    for call in (index.rings, lambda each: index.distance_m(each, 40, -89), lambda each: index.nearest(each, [], 3)):
        with pytest.raises(NotFound, match=f"the map il-2021 has no borders of the house district {number}"):
            call(number)


def test_borders_that_do_not_close_are_refused() -> None:
    index = DistrictIndex(map_of([(1, OUTSIDE, [(0, 0), (9000, 0), (9000, 9000)])]))
    with pytest.raises(FileRefused, match=r"the borders of district 1 do not close at 0\.09000, 0\.09000"):
        index.rings(1)


# -------------------------------------------------------------------- distances


def haversine(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two (latitude, longitude) on a sphere of the earth's mean radius: good to 0.5 %."""
    (one, first), (other, second) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    half = math.sin((other - one) / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin((second - first) / 2) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(half))


def in_metres(geometry: Any, latitude: float, longitude: float) -> Any:
    """A geometry in metres around a point; exact enough within some kilometres."""
    import shapely

    angle = math.radians(latitude)
    kx = 111_412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle)
    ky = 111_132.92 - 559.82 * math.cos(2 * angle) + 1.175 * math.cos(4 * angle)
    return shapely.transform(geometry, lambda points: (points - (longitude, latitude)) * (kx, ky))


@lru_cache(maxsize=2)
def shapes_of(code: str) -> dict[int, Any]:
    """The districts of a bundled map as shapely polygons in degrees."""
    shapely = pytest.importorskip("shapely")
    index = index_of(code)
    found = {}
    for number in range(1, 119):
        polygons = polygons_of(rings_of(index.borders, number))
        scaled = [[[(x / SCALE, y / SCALE) for x, y in ring] for ring in polygon] for polygon in polygons]
        found[number] = shapely.MultiPolygon([(outer, inner) for outer, *inner in scaled])
    return found


def state_points(count: int, draw: Random) -> list[tuple[float, float]]:
    """Points in and around Illinois, most of them in Chicago."""
    boxes = [(41.6, 42.1, -87.9, -87.5), (41.6, 42.1, -87.9, -87.5), (36.9, 42.6, -91.6, -87.4)]
    some = (draw.choice(boxes) for _ in range(count))
    return [(draw.uniform(south, north), draw.uniform(west, east)) for south, north, west, east in some]


@pytest.mark.parametrize("code", CODES)
def test_the_distance_of_a_district_is_that_of_its_polygon(code: str, scale: Callable[[int], int]) -> None:
    shapely = pytest.importorskip("shapely")
    index, shapes = index_of(code), shapes_of(code)
    draw = Random(code)
    near = 0
    for latitude, longitude in state_points(scale(2_000), draw):
        for number in draw.sample(sorted(shapes), 8):
            metres = index.distance_m(number, latitude, longitude)
            if metres < 5_000:
                expected = shapely.distance(in_metres(shapes[number], latitude, longitude), shapely.Point(0, 0))
                assert metres == pytest.approx(expected, abs=0.02 + expected / 1000)
                near += 1
            else:
                vertices = shapely.get_coordinates(shapely.segmentize(shapes[number], 0.02))
                x, y = min(vertices, key=lambda each: haversine((latitude, longitude), (each[1], each[0])))
                assert metres == pytest.approx(haversine((latitude, longitude), (y, x)), rel=0.006, abs=100)
    assert near > 50


@pytest.mark.parametrize("code", CODES)
def test_the_nearest_of_many_points_are_those_that_measuring_all_gives(code: str, scale: Callable[[int], int]) -> None:
    index, draw = index_of(code), Random(code)
    points = state_points(600, draw)
    points += points[:50]  # the earlier of two at one place comes first
    for number in range(1, 119, 118 // min(118, scale(118))):
        measured = sorted((index.distance_m(number, *point), place) for place, point in enumerate(points))
        for count in (1, 3, 40):
            expected = [(place, metres) for metres, place in measured[:count]]
            assert index.nearest(number, points, count) == expected


def test_the_nearest_of_few_points() -> None:
    index = index_of("il-2021")
    points = [(math.nan, 1.0), (41.9, -87.6), (91.0, 0.0), (38.0, -89.0), (-40.0, 92.0)]
    found = index.nearest(118, points, 9)
    assert [place for place, _ in found] == [3, 1, 4]
    assert index.nearest(118, points, 0) == []
    assert index.nearest(118, points, -1) == []
    assert index.nearest(118, [], 3) == []


@pytest.mark.parametrize("point", [(math.nan, -89.0), (40.0, math.inf), (91.0, -89.0), (40.0, 181.0)])
def test_what_is_no_place_is_infinitely_far(point: tuple[float, float]) -> None:
    index = index_of("il-2021")
    assert index.distance_m(1, *point) == math.inf
    assert index.near(*point, 1000.0) == []
    assert index.candidates(*point, 1000.0) == ()


# -------------------------------------------------------------------- what is near


@pytest.mark.parametrize("code", CODES)
def test_what_is_near_is_every_district_within_reach(code: str, scale: Callable[[int], int]) -> None:
    index = index_of(code)
    draw = Random(code)
    thirds = 0
    for point in state_points(scale(1_500), draw):
        reach = draw.choice((0.0, 50.0, 300.0, 3_000.0, 20_000.0))
        placed = index.locate(*point)
        found = index.near(*point, reach)
        own = placed.number if placed is not None else OUTSIDE
        measured = {number: index.distance_m(number, *point) for number in range(1, 119) if number != own}
        for number, metres in found:
            assert metres == pytest.approx(measured[number], abs=0.01, rel=0.003)
        assert found == sorted(found, key=lambda each: (each[1], each[0]))
        numbers = {number for number, _ in found}
        assert len(numbers) == len(found)
        assert numbers >= {number for number, metres in measured.items() if metres < reach * 0.996}
        assert numbers <= {number for number, metres in measured.items() if metres <= reach * 1.004 + 0.01}
        if placed is not None and placed.border_m is not None and placed.border_m <= reach:
            assert found[0] == (placed.neighbour, placed.border_m)
        thirds += len(found) > 1
    assert thirds > 10


@given(made(), st.floats(0, 1), st.floats(0, 1), st.floats(0, 5_000), st.floats(0, 5_000))
def test_candidates_hold_what_is_within_reach(
    drawn: tuple[Crooked, Numbers], up: float, along: float, one: float, other: float
) -> None:
    index = DistrictIndex(map_of(drawn[0].arcs(drawn[1])))
    south, west, north, east = index.bounds
    point = (south + up * (north - south), west + along * (east - west))
    placed = index.locate(*point)
    before: dict[int, float] = {}
    for radius in sorted((one, other)):
        found = dict(index.candidates(*point, radius))
        near = index.near(*point, radius)
        own = {placed.number} if placed is not None else set()
        assert set(found) == {number for number, _ in near} | own
        assert not found or sum(found.values()) == pytest.approx(1)
        assert set(before) <= set(found)
        if placed is not None:
            assert found[placed.number] == pytest.approx(max(found.values()))
            assert found[placed.number] <= before.get(placed.number, 1.0) + 1e-9
            assert near or found == {placed.number: 1.0}
        before = found


def test_three_districts_that_meet_share_their_corner() -> None:
    index = index_of("il-2021")
    borders = index.borders
    ends: dict[tuple[int, int], set[int]] = {}
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        for place in (start, start + size - 1):
            ends.setdefault((borders.lon[place], borders.lat[place]), set()).update((left, right))
        start += size
    corners = {point: numbers - {OUTSIDE} for point, numbers in ends.items() if len(numbers - {OUTSIDE}) > 2}
    assert len(corners) > 100
    for (x, y), numbers in corners.items():
        found = index.candidates(y / SCALE, x / SCALE, 0.0)
        assert [number for number, _ in found] == sorted(numbers)
        assert [share for _, share in found] == pytest.approx([1 / len(numbers)] * len(numbers))
        placed = index.locate(y / SCALE, x / SCALE)
        assert placed is not None
        assert (placed.number, placed.neighbour) == tuple(sorted(numbers)[:2])
        assert (placed.on_border, placed.border_m) == (True, 0.0)


def test_a_point_outside_may_lie_in_the_districts_its_disc_reaches() -> None:
    arcs: list[Arc] = [
        (1, OUTSIDE, [(5000, 9000), (0, 9000), (0, 0), (5000, 0)]),
        (2, 1, [(5000, 9000), (5000, 0)]),
        (2, OUTSIDE, [(5000, 0), (9000, 0), (9000, 9000), (5000, 9000)]),
    ]
    index = DistrictIndex(map_of(arcs))
    below = -2 * SNAP_M / 111_000
    assert index.locate(below, 0.05) is None
    assert index.candidates(below, 0.05, 100.0) == ()
    assert dict(index.candidates(below, 0.05, 300.0)) == {1: pytest.approx(0.5), 2: pytest.approx(0.5)}
    assert index.candidates(below, 0.02, 300.0) == ((1, 1.0),)
    # Where it is snapped to one, that is its own.
    assert [number for number, _ in index.candidates(below / 4, 0.051, 300.0)] == [2, 1]
    assert index.near(below / 4, 0.051, 300.0)[0][0] == 1
