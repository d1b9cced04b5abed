"""The raster of a map: the same answers as the index, and windows that stay where they should."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made_maps import crooked, map_of

from partners_crm.districts.geometry import doubled_area, rings_of
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import OUTSIDE, SCALE, Borders, DistrictMap, bundled_maps, load_map
from partners_crm.districts.raster import (
    VISIBLE,
    Pixels,
    Window,
    borders_of,
    bounds,
    crowded,
    fitted,
    paired,
    panned,
    raster,
    seen,
    zoomed,
)
from partners_crm.errors import NotFound

CODES = bundled_maps()
SIZE = (120, 80)
"""Half blocks of a screen of 120 by 40."""


@lru_cache(maxsize=4)
def loaded(code: str) -> DistrictMap:
    return load_map(code)


def house(code: str) -> Borders:
    return loaded(code).borders["house"]


def places(window: Window, width: int, height: int, draw: Random, count: int) -> list[tuple[int, int, float, float]]:
    """(row, column, latitude, longitude) of the middles of some pixels."""
    up, across = window.size
    found = []
    for _ in range(count):
        row, column = draw.randrange(height), draw.randrange(width)
        latitude = window.north - (row + 0.5) * up / height
        found.append((row, column, latitude, window.west + (column + 0.5) * across / width))
    return found


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("near", [False, True])
def test_a_pixel_shows_the_district_in_its_middle(code: str, near: bool, scale: Callable[[int], int]) -> None:
    index, borders = DistrictIndex(loaded(code)), house(code)
    window = fitted(bounds(borders), *SIZE)
    if near:
        found = crowded(borders, window, SIZE)
        assert found is not None
        window = found
    pixels = raster(borders, window, *SIZE)
    assert [len(row) for row in pixels] == [SIZE[0]] * SIZE[1]
    outside = 0
    for row, column, latitude, longitude in places(window, *SIZE, Random(1), scale(20_000)):
        place = index.locate(latitude, longitude)
        # The index takes a point just outside the state to its edge; a picture does not.
        inside = place is not None and place.snapped_m is None
        assert pixels[row][column] == (place.number if place is not None and inside else OUTSIDE)
        outside += not inside
    assert outside


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 5), columns=st.integers(1, 5), steps=st.integers(1, 6))
def test_any_map_is_rastered_as_the_index_answers(seed: int, rows: int, columns: int, steps: int) -> None:
    draw = Random(seed)
    squares = crooked(rows, columns, steps, draw, west=-90 * SCALE, south=40 * SCALE, size=SCALE)
    numbers = {
        place: number
        for number, place in enumerate(((row, column) for row in range(rows) for column in range(columns)), 1)
    }
    made = map_of(squares.arcs(numbers))
    borders, index = made.borders["house"], DistrictIndex(made)
    window = fitted(bounds(borders), 40, 30)
    pixels = raster(borders, window, 40, 30)
    for row, column, latitude, longitude in places(window, 40, 30, draw, 60):
        place = index.locate(latitude, longitude)
        if place is None or (place.snapped_m is None and not place.on_border):
            assert pixels[row][column] == (place.number if place else OUTSIDE)


@pytest.mark.parametrize("code", CODES)
def test_the_senate_is_rastered_from_the_borders_between_its_districts(code: str) -> None:
    of_house, of_senate = house(code), borders_of(loaded(code), "senate")
    window = fitted(bounds(of_house), *SIZE)
    chamber = loaded(code).info.chamber("house")
    lifted = [[chamber.parent(n) if n else 0 for n in row] for row in raster(of_house, window, *SIZE)]
    assert raster(of_senate, window, *SIZE) == lifted
    assert len(of_senate.sizes) < len(of_house.sizes)


def test_borders_that_a_map_has_not_are_refused() -> None:
    made = loaded("il-2021")
    lone = made._replace(
        info=made.info._replace(chambers=tuple(c._replace(nested_in="", per=0) for c in made.info.chambers))
    )
    for wrong in ("senate", "council"):
        with pytest.raises(NotFound):
            borders_of(lone, wrong)


@pytest.mark.parametrize("code", CODES)
def test_the_inset_shows_what_the_whole_hides(code: str) -> None:
    borders = house(code)
    whole = fitted(bounds(borders), *SIZE)
    areas = {number: abs(sum(map(doubled_area, rings_of(borders, number)))) / 2 for number in range(1, 119)}

    def hidden(window: Window) -> set[int]:
        up, across = window.size
        pixel = up * across * SCALE * SCALE / (SIZE[0] * SIZE[1])
        return {number for number, area in areas.items() if area < VISIBLE * pixel}

    window = crowded(borders, whole, SIZE)
    assert window is not None
    shown = seen(raster(borders, window, *SIZE)) - hidden(window)
    small = hidden(whole)
    assert len(small) >= 30
    assert len(small & shown) >= 0.8 * len(small)
    # Both are in and around Chicago: nothing in the program says so.
    assert 41.3 < window.middle[0] < 42.4
    assert -88.6 < window.middle[1] < -87.4
    assert window.shape == pytest.approx(whole.shape)


def test_an_inset_may_have_another_shape() -> None:
    borders = house("il-2021")
    whole = bounds(borders)
    window = crowded(borders, whole, (56, 100), (50, 66))
    assert window is not None
    assert window.shape == pytest.approx(whole.shape * (50 / 66) * (100 / 56))


def test_a_map_that_shows_everything_has_no_inset() -> None:
    squares = crooked(2, 2, 3, Random(4), west=0, south=0, size=SCALE)
    made = map_of(squares.arcs({(0, 0): 1, (0, 1): 2, (1, 0): 3, (1, 1): 4}))
    borders = made.borders["house"]
    assert crowded(borders, bounds(borders), (40, 40)) is None


def test_pixels_pair_to_cells_of_a_terminal() -> None:
    pixels: Pixels = [[1, 2], [3, 4], [5, 6]]
    assert paired(pixels) == [[(1, 3), (2, 4)], [(5, OUTSIDE), (6, OUTSIDE)]]
    assert paired([]) == []


# ------------------------------------------------------------------- windows

windows = st.builds(
    lambda south, west, up, across: Window(south, west, south + up, west + across),
    st.floats(-60, 60),
    st.floats(-170, 100),
    st.floats(0.1, 10),
    st.floats(0.1, 60),
)


@given(windows, st.integers(1, 300), st.integers(1, 300), st.sampled_from([1.0, 2.0]))
def test_a_fitted_window_has_the_shape_and_holds_the_one_it_was(
    window: Window, width: int, height: int, tall: float
) -> None:
    found = fitted(window, width, height, tall=tall)
    assert found.shape == pytest.approx(width / (height * tall))
    assert found.middle == pytest.approx(window.middle)
    assert all(mine >= before - 1e-9 for mine, before in zip(found.size, window.size, strict=True))


@given(
    windows,
    st.lists(st.tuples(st.sampled_from("zp"), st.floats(0.05, 20), st.floats(-3, 3), st.floats(-3, 3)), max_size=12),
)
def test_zooming_and_panning_never_leave_the_whole(whole: Window, moves: list[tuple[str, float, float, float]]) -> None:
    window = whole
    for kind, factor, east, north in moves:
        window = zoomed(window, factor, whole) if kind == "z" else panned(window, east, north, whole)
        assert window.south >= whole.south - 1e-6
        assert window.west >= whole.west - 1e-6
        assert window.north <= whole.north + 1e-6
        assert window.east <= whole.east + 1e-6
        assert window.size[0] / window.size[1] == pytest.approx(whole.size[0] / whole.size[1])
    assert tuple(zoomed(window, 1e-9, whole)) == pytest.approx(tuple(whole), abs=1e-6)


def test_zooming_in_and_out_comes_back() -> None:
    whole = Window(37.0, -91.5, 42.5, -87.5)
    near = panned(zoomed(whole, 4, whole), 0.25, -0.25, whole)
    assert near.size == pytest.approx((5.5 / 4, 1.0))
    assert tuple(zoomed(zoomed(near, 2, whole), 0.5, whole)) == pytest.approx(tuple(near), abs=1e-6)
    assert panned(near, 99, 99, whole)[2:] == pytest.approx(whole[2:])
