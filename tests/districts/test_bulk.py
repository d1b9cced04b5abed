"""Many points at once: the same answers as one at a time, everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from random import Random

import pytest

pytest.importorskip("numpy")

from hypothesis import given
from hypothesis import strategies as st
from tests.made_maps import crooked, map_of

from partners_crm.districts.bulk import BLOCK, BulkIndex, bulk_available
from partners_crm.districts.index import DistrictIndex, Placement
from partners_crm.districts.maps import OUTSIDE, SCALE, DistrictMap, load_map

CODES = ["il-2011", "il-2021"]
Points = list[tuple[float, float]]


@lru_cache(maxsize=2)
def both(code: str) -> tuple[DistrictIndex, BulkIndex]:
    """The two indexes of a bundled map."""
    loaded = load_map(code)
    return DistrictIndex(loaded), BulkIndex(loaded)


def some_points(district_map: DistrictMap, count: int, draw: Random) -> Points:
    """Points all over a map and around it, near borders, on vertices, and on edges between them."""
    borders = district_map.borders[district_map.info.base]
    west, east = min(borders.lon) / SCALE - 0.01, max(borders.lon) / SCALE + 0.01
    south, north = min(borders.lat) / SCALE - 0.01, max(borders.lat) / SCALE + 0.01
    found = [(draw.uniform(south, north), draw.uniform(west, east)) for _ in range(count // 2)]
    edges = [
        (start + place, start + place + 1)
        for start, size in zip(_starts(borders.sizes), borders.sizes, strict=True)
        for place in range(size - 1)
    ]
    for turn in range(count - len(found)):
        first, second = draw.choice(edges)
        part = draw.choice((0.0, 0.5, draw.random()))
        x = borders.lon[first] + part * (borders.lon[second] - borders.lon[first])
        y = borders.lat[first] + part * (borders.lat[second] - borders.lat[first])
        aside = (0.0, 0.0, 0.004, 0.3, 30.0)[turn % 5]
        found.append(((y + draw.uniform(-aside, aside)) / SCALE, (x + draw.uniform(-aside, aside)) / SCALE))
    return found


def _starts(sizes: Iterable[int]) -> list[int]:
    found = [0]
    for size in sizes:
        found.append(found[-1] + size)
    return found[:-1]


def alike(one: Placement | None, other: Placement | None) -> bool:
    """Whether two placements say the same, their distances to a millimetre."""
    if one is None or other is None:
        return one is other
    distances = [(one.border_m, other.border_m), (one.snapped_m, other.snapped_m)]
    return (one.number, one.neighbour, one.on_border) == (other.number, other.neighbour, other.on_border) and all(
        a is b if a is None or b is None else math.isclose(a, b, abs_tol=0.001) for a, b in distances
    )


def check(index: DistrictIndex, bulk: BulkIndex, points: Points) -> list[Placement | None]:
    """That both say the same of every point; what they say."""
    latitudes, longitudes = [each[0] for each in points], [each[1] for each in points]
    expected = [index.number_at(*point) for point in points]
    numbers = bulk.numbers_at(latitudes, longitudes)
    assert [(point, a, b) for point, a, b in zip(points, numbers, expected, strict=True) if a != b] == []
    assert all(type(number) is int for number in numbers)
    placed = [index.locate(*point) for point in points]
    placements = bulk.placements(latitudes, longitudes)
    differing = [each for each in zip(points, placements, placed, strict=True) if not alike(*each[1:])]
    assert differing == []
    for number, found in zip(expected, placed, strict=True):
        assert (number == OUTSIDE) == (found is None or found.snapped_m is not None)
        assert found is None or found.snapped_m is not None or found.number == number
    return placed


@pytest.mark.parametrize("code", CODES)
def test_both_say_the_same_of_100_000_points(code: str, scale: Callable[[int], int]) -> None:
    index, bulk = both(code)
    points = some_points(load_map(code), scale(100_000), Random(code))
    assert len(points) > BLOCK
    placed = check(index, bulk, points)
    # All the kinds of answers were among them.
    assert None in placed
    some = [each for each in placed if each is not None]
    assert any(each.on_border for each in some)
    assert any(each.snapped_m is not None for each in some)
    assert any(each.border_m is None for each in some)
    assert len({each.number for each in some}) == 118


@pytest.mark.parametrize("code", CODES)
def test_both_say_the_same_of_every_vertex(code: str, scale: Callable[[int], int]) -> None:
    borders = load_map(code).borders["house"]
    points = [(y / SCALE, x / SCALE) for x, y in zip(borders.lon, borders.lat, strict=True)]
    check(*both(code), Random(5).sample(points, scale(len(points))))


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4), st.integers(1, 6), st.integers(0, 4))
def test_both_say_the_same_of_any_map(seed: int, rows: int, columns: int, steps: int, districts: int) -> None:
    draw = Random(seed)
    squares = crooked(rows, columns, steps, draw, west=-8_900_000, south=4_000_000, size=draw.choice((40, 400, 9_000)))
    numbers = {(r, c): draw.randint(0, districts) for r in range(rows) for c in range(columns)} | {(0, 0): 1}
    made = map_of(squares.arcs(numbers))
    check(DistrictIndex(made), BulkIndex(made), some_points(made, 120, draw))


@pytest.mark.parametrize("size", [100, 1000, 20_000])
def test_both_say_the_same_of_straight_borders(size: int) -> None:
    # Level and upright borders, and corners where four districts meet, in whole units.
    numbers = {(row, column): 1 + row * 3 + column for row in range(3) for column in range(3)}
    arcs = []
    for (row, column), number in numbers.items():
        x, y = column * size, row * size
        arcs.append((number, numbers.get((row - 1, column), OUTSIDE), [(x, y), (x + size, y)]))
        arcs.append((numbers.get((row, column - 1), OUTSIDE), number, [(x, y), (x, y + size)]))
    for each in range(3):
        arcs.append((OUTSIDE, numbers[2, each], [(each * size, 3 * size), ((each + 1) * size, 3 * size)]))
        arcs.append((numbers[each, 2], OUTSIDE, [(3 * size, each * size), (3 * size, (each + 1) * size)]))
    made = map_of(arcs)
    index, bulk = DistrictIndex(made), BulkIndex(made)
    steps = [part * size / 4 / SCALE for part in range(-1, 14)]
    check(index, bulk, [(y, x) for y in steps for x in steps] + some_points(made, 300, Random(size)))
    corner = index.locate(size / SCALE, size / SCALE)
    assert corner == Placement(1, 0.0, 2, on_border=True, snapped_m=None)


def test_what_is_no_place_is_in_no_district() -> None:
    index, bulk = both("il-2021")
    odd = [math.nan, math.inf, -math.inf, 91.0, -91.0, 181.0, -181.0, 1e300, -1e308, 0.0, 40.0, -89.0]
    points = [(a, b) for a in odd for b in odd]
    placed = check(index, bulk, points)
    assert [point for point, found in zip(points, placed, strict=True) if found is not None] == [
        (40.0, -91.0),
        (40.0, -89.0),
    ]


def test_no_points_are_no_answers() -> None:
    _, bulk = both("il-2021")
    assert bulk.numbers_at([], []) == []
    assert bulk.placements([], []) == []


def test_points_far_away_only_are_no_answers() -> None:
    _, bulk = both("il-2021")
    assert bulk.numbers_at([0.0], [0.0]) == [OUTSIDE]
    assert bulk.placements([0.0], [0.0]) == [None]


def test_columns_of_two_lengths_are_refused() -> None:
    _, bulk = both("il-2021")
    with pytest.raises(ValueError, match="2 latitudes, but 1 longitudes"):
        bulk.numbers_at([40.0, 41.0], [-89.0])


def test_it_says_whether_it_can_be_had() -> None:
    assert bulk_available()
