"""Where a point lies: one answer, the rule of the tie, borders, edges of the state, and the exact published maps."""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made_maps import map_of

from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import OUTSIDE, SCALE, load_map

EXACT = {"il-2011": "il_sldl_2016.geojson.gz", "il-2021": "il_sldl_2023.geojson.gz"}
CODES = sorted(EXACT)
METRES = 111_200
"""Metres of a degree of latitude, near enough for the made-up maps."""


@lru_cache(maxsize=4)
def index_of(code: str) -> DistrictIndex:
    """The index of a bundled map, built once."""
    return DistrictIndex(load_map(code))


@pytest.fixture(scope="module")
def three() -> DistrictIndex:
    """Near the equator: 1 in the west and 2 in the east of a square degree, divided at 0.5, and 3 north of both."""
    low, mid, high, top = 0, SCALE // 2, SCALE, 2 * SCALE
    arcs = [
        (1, 2, [(mid, low), (mid, high)]),
        (3, 1, [(low, high), (mid, high)]),
        (3, 2, [(mid, high), (high, high)]),
        (1, OUTSIDE, [(low, high), (low, low), (mid, low)]),
        (2, OUTSIDE, [(mid, low), (high, low), (high, high)]),
        (3, OUTSIDE, [(high, high), (high, top), (low, top), (low, high)]),
    ]
    return DistrictIndex(map_of(arcs))


def exact_districts(path: Path) -> dict[int, Any]:
    """The published polygons in degrees, by number."""
    shapely = pytest.importorskip("shapely")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        features = json.load(stream)["features"]
    named = ((feature["properties"]["SLDLST"], feature["geometry"]) for feature in features)
    return {int(code): shapely.geometry.shape(geometry) for code, geometry in named if code != "ZZZ"}


@pytest.fixture(scope="module", params=CODES)
def exact(request: pytest.FixtureRequest, shared_data: Path) -> tuple[str, dict[int, Any]]:
    """A bundled map's code and the polygons it was made from."""
    path = shared_data / EXACT[request.param]
    if not path.is_file():
        pytest.skip(f"{path.name} is not beside this checkout")
    return request.param, exact_districts(path)


def in_metres(geometry: Any, latitude: float, longitude: float) -> Any:
    """A geometry in metres around a point; exact enough within some kilometres."""
    import shapely

    angle = math.radians(latitude)
    kx = 111_412.84 * math.cos(angle) - 93.5 * math.cos(3 * angle)
    ky = 111_132.92 - 559.82 * math.cos(2 * angle) + 1.175 * math.cos(4 * angle)
    return shapely.transform(geometry, lambda points: (points - (longitude, latitude)) * (kx, ky))


def covering(polygons: dict[int, Any], points: list[tuple[float, float]]) -> list[set[int]]:
    """The districts of each (latitude, longitude), on the polygons themselves."""
    import shapely

    numbers = sorted(polygons)
    shapes = [polygons[number] for number in numbers]
    shapely.prepare(shapes)
    there = shapely.points([(longitude, latitude) for latitude, longitude in points])
    found: list[set[int]] = [set() for _ in points]
    for place, which in zip(*shapely.STRtree(shapes).query(there), strict=True):
        if shapely.intersects(shapes[which], there[place]):
            found[place].add(numbers[which])
    return found


def test_a_point_in_a_made_up_map(three: DistrictIndex) -> None:
    found = three.locate(0.25, 0.25)
    assert found is not None
    assert (found.number, found.on_border, found.snapped_m) == (1, False, None)


@pytest.mark.parametrize(
    ("latitude", "longitude", "number", "neighbour"),
    [(0.25, 0.499, 1, 2), (0.25, 0.501, 2, 1), (0.999, 0.25, 1, 3), (1.001, 0.75, 3, 2)],
)
def test_the_nearest_other_district(
    three: DistrictIndex, latitude: float, longitude: float, number: int, neighbour: int
) -> None:
    found = three.locate(latitude, longitude)
    assert found is not None
    assert (found.number, found.neighbour) == (number, neighbour)
    assert found.border_m == pytest.approx(0.001 * METRES, rel=0.01)


@pytest.mark.parametrize(
    ("latitude", "longitude", "number", "neighbour"), [(0.25, 0.5, 1, 2), (1.0, 0.25, 1, 3), (1.0, 0.75, 2, 3)]
)
def test_the_lowest_number_takes_a_point_on_the_line(
    three: DistrictIndex, latitude: float, longitude: float, number: int, neighbour: int
) -> None:
    found = three.locate(latitude, longitude)
    assert found is not None
    assert (found.number, found.neighbour, found.border_m, found.on_border) == (number, neighbour, 0.0, True)


def test_the_edge_of_the_state_is_no_border(three: DistrictIndex) -> None:
    found = three.locate(0.25, 0.00001)
    assert found is not None
    assert (found.number, found.border_m, found.neighbour) == (1, None, None)


def test_a_point_just_outside_is_snapped_and_flagged(three: DistrictIndex) -> None:
    found = three.locate(0.25, -0.0005)
    assert found is not None
    assert (found.number, found.on_border) == (1, False)
    assert found.snapped_m == pytest.approx(0.0005 * METRES, rel=0.01)


@pytest.mark.parametrize(("latitude", "longitude"), [(0.25, -0.001), (2.001, 0.5), (-0.5, 0.5), (0.5, 1.001)])
def test_a_point_farther_outside_is_in_no_district(three: DistrictIndex, latitude: float, longitude: float) -> None:
    assert three.locate(latitude, longitude) is None


@given(st.floats(-0.1, 1.1), st.floats(-0.1, 2.1))
def test_one_answer_everywhere(three: DistrictIndex, longitude: float, latitude: float) -> None:
    found = three.locate(latitude, longitude)
    if not (-0.001 < longitude < 1.001 and -0.001 < latitude < 2.001):
        assert found is None
    elif 0 <= longitude <= 1 and 0 <= latitude <= 2:
        assert found is not None
        near = found.on_border or (found.border_m is not None and found.border_m < 1)
        assert near or found.number == (3 if latitude > 1 else 1 if longitude < 0.5 else 2)


@pytest.mark.parametrize(
    ("latitude", "longitude", "words"),
    [
        (0, 0, "0, 0"),
        (-87.6, 41.9, "swapped"),
        (41.9, -80.0, "not in Illinois, .* km"),
        (200, 10, "no place on earth"),
        (math.nan, 10, "no place on earth"),
    ],
)
def test_the_reason_of_a_point_outside(latitude: float, longitude: float, words: str) -> None:
    mistaken, reason = index_of("il-2021").explain_outside(latitude, longitude)
    assert re.search(words, reason)
    assert mistaken == ("not in Illinois" not in words)


AROUND = {
    "St. Louis": (38.627, -90.199),
    "Gary": (41.602, -87.337),
    "Milwaukee": (43.039, -87.906),
    "Paducah": (37.083, -88.600),
    "Dubuque": (42.501, -90.665),
    "the North Pole": (90.0, 0.0),
    "the far side": (-40.0, 92.0),
}


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("code", CODES)
def test_a_place_outside_the_state_is_in_no_district(code: str, place: str) -> None:
    assert index_of(code).locate(*AROUND[place]) is None


@pytest.mark.parametrize(
    "latitude",
    [
        math.nan,
        math.inf,
        -math.inf,
        1e300,
        1e308,
    ],
)
def test_what_is_no_number_of_degrees_is_in_no_district(latitude: float) -> None:
    assert index_of("il-2021").locate(latitude, -87.6) is None
    assert index_of("il-2021").locate(40.0, latitude) is None


def test_bounds_are_those_of_the_state() -> None:
    south, west, north, east = index_of("il-2021").bounds
    assert (round(south), round(west), round(north), round(east)) == (37, -92, 43, -87)


@pytest.mark.parametrize("code", CODES)
def test_no_vertex_is_without_an_answer(code: str) -> None:
    borders, index = load_map(code).borders["house"], index_of(code)
    touching: dict[tuple[int, int], set[int]] = {}
    place = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        for point in zip(borders.lon[place : place + size], borders.lat[place : place + size], strict=True):
            touching.setdefault(point, set()).update({left, right} - {OUTSIDE})
        place += size
    for (x, y), numbers in touching.items():
        found = index.locate(y / SCALE, x / SCALE)
        assert found is not None
        assert found.number == index.number_at(y / SCALE, x / SCALE) == min(numbers)
        assert found.snapped_m is None
        assert found.on_border == (len(numbers) > 1)
        assert found.neighbour == min(numbers - {found.number}, default=found.neighbour)


def test_provider_sites_stand_where_the_published_map_says(
    exact: tuple[str, dict[int, Any]], shared_data: Path
) -> None:
    code, polygons = exact
    with (shared_data / "dfss_delegate_agencies.csv").open(encoding="utf-8-sig", newline="") as stream:
        sites = [(float(row["Latitude"]), float(row["Longitude"])) for row in csv.DictReader(stream) if row["Latitude"]]
    assert len(sites) == 1341
    index = index_of(code)
    for site, numbers in zip(sites, covering(polygons, sites), strict=True):
        found = index.locate(*site)
        assert found is not None
        assert {found.number} == numbers


def test_random_points_differ_only_within_the_border_shift(
    exact: tuple[str, dict[int, Any]], scale: Callable[[int], int]
) -> None:
    import shapely

    code, polygons = exact
    draw = random.Random(7)
    points = []
    for _ in range(scale(1000)):
        for polygon in polygons.values():
            west, south, east, north = polygon.bounds
            points.append((draw.uniform(south, north), draw.uniform(west, east)))
    index = index_of(code)
    differing = 0
    for (latitude, longitude), numbers in zip(points, covering(polygons, points), strict=True):
        found = index.locate(latitude, longitude)
        mine = {found.number} if found is not None and found.snapped_m is None else set()
        if mine != numbers and not mine & numbers:
            differing += 1
            boundaries = [polygons[number].boundary for number in mine | numbers]
            here = shapely.Point(0, 0)
            away = [shapely.distance(in_metres(each, latitude, longitude), here) for each in boundaries]
            assert max(away) <= index.info.border_shift_m
    assert differing <= len(points) / 500


def test_border_distances_agree_with_the_published_map(
    exact: tuple[str, dict[int, Any]], scale: Callable[[int], int]
) -> None:
    import shapely

    code, polygons = exact
    draw = random.Random(11)
    index = index_of(code)
    numbers = sorted(polygons)
    tree = shapely.STRtree([polygons[number] for number in numbers])
    compared = 0
    for own in numbers:
        west, south, east, north = polygons[own].bounds
        for _ in range(scale(20)):
            latitude, longitude = draw.uniform(south, north), draw.uniform(west, east)
            found = index.locate(latitude, longitude)
            if found is None or found.snapped_m is not None or found.border_m is None:
                continue
            around = tree.query(shapely.box(longitude - 0.03, latitude - 0.03, longitude + 0.03, latitude + 0.03))
            others = [polygons[numbers[place]] for place in around if numbers[place] != found.number]
            nearest = min(
                shapely.distance(in_metres(each, latitude, longitude), shapely.Point(0, 0)) for each in others
            )
            assert abs(nearest - found.border_m) <= index.info.border_shift_m + 0.5
            compared += 1
    assert compared > len(numbers) // 4
