"""The tile picture: every district once, the keys reach every tile, and its text fits the screen."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.districts.maps import Chamber, MapInfo, bundled_maps, load_info
from partners_crm.districts.tiles import Cell, Direction, Grid, grid, grids, text_rows
from partners_crm.errors import NotFound

CODES = bundled_maps()
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


def made(*chambers: Chamber, **tiles: Any) -> MapInfo:
    """A map of some chambers, with the tiles of some of them."""
    return load_info("il-2021")._replace(chambers=chambers, tiles=tiles)


def reached(picture: Grid, start: int) -> set[int]:
    """Every tile that arrow keys lead to."""
    found, waiting = {start}, [start]
    while waiting:
        number = waiting.pop()
        new = {picture.neighbour(number, direction) for direction in DIRECTIONS} - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize("code", CODES)
def test_a_map_has_one_picture_with_every_district_of_both_chambers(code: str) -> None:
    (picture,) = grids(load_info(code))
    assert picture.placed
    assert [tile.number for tile in sorted(picture.tiles)] == list(range(1, 60))
    assert len({(tile.column, tile.row) for tile in picture.tiles}) == 59
    for tile in picture.tiles:
        assert tile.cells == (Cell("house", 2 * tile.number - 1), Cell("house", 2 * tile.number))
    assert len(picture.by_cell) == 118 + 59
    assert picture.by_cell[Cell("house", 53)] == picture.by_cell[Cell("senate", 27)] == picture.by_number[27]


@pytest.mark.parametrize("code", CODES)
def test_arrow_keys_reach_every_tile_from_every_other(code: str) -> None:
    (picture,) = grids(load_info(code))
    everything = set(picture.by_number)
    for tile in picture.tiles:
        assert reached(picture, tile.number) == everything


@pytest.mark.parametrize("code", CODES)
def test_an_arrow_key_is_stuck_only_at_the_edge_and_never_goes_back(code: str) -> None:
    (picture,) = grids(load_info(code))
    ahead = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
    for tile in picture.tiles:
        for direction in DIRECTIONS:
            x, y = ahead[direction]
            gains = {
                other.number: (other.column - tile.column) * x + (other.row - tile.row) * y for other in picture.tiles
            }
            answer = picture.neighbour(tile.number, direction)
            assert (gains[answer] > 0) if max(gains.values()) > 0 else answer == tile.number
            beside = [
                other.number for other in picture.tiles if (other.column, other.row) == (tile.column + x, tile.row + y)
            ]
            assert not beside or [answer] == beside


@pytest.mark.parametrize("code", CODES)
def test_the_text_picture_fits_a_screen_of_80_by_24(code: str) -> None:
    (picture,) = grids(load_info(code))
    rows = text_rows(picture, lambda chamber, number: "··" if number % 2 else f"{number % 100:2}")
    assert len(rows) <= 20
    assert max(map(len, rows)) <= 56
    assert "".join(rows).count("··") == 59


def test_each_number_stands_above_its_cells() -> None:
    info = made(
        Chamber("house", "House", 4, "senate", 2),
        Chamber("senate", "Senate", 2),
        senate=[(1, 1, 0), (2, 0, 1)],
    )
    assert text_rows(grid(info, "senate"), lambda chamber, number: f"{chamber[0]}{number}") == [
        "         1",
        "       h1 h2",
        "  2",
        "h3 h4",
    ]


def test_three_districts_in_one_make_a_wider_tile() -> None:
    info = made(
        Chamber("house", "House", 6, "senate", 3), Chamber("senate", "Senate", 2), senate=[(1, 0, 0), (2, 1, 0)]
    )
    assert text_rows(grid(info, "senate"), lambda _, number: f" {number}") == [
        "   1         2",
        " 1  2  3   4  5  6",
    ]


def test_one_chamber_has_one_cell_in_a_tile() -> None:
    info = made(Chamber("senate", "Legislature", 49), senate=[(n + 1, n % 7, n // 7) for n in range(49)])
    (picture,) = grids(info)
    assert picture.nested is None
    assert [tile.cells for tile in picture.tiles] == [(Cell("senate", n),) for n in range(1, 50)]
    assert picture.neighbour(1, "down") == 8
    rows = text_rows(picture, lambda _, number: f"{number:2}")
    assert len(rows) == 14
    assert [row.split() for row in rows[::2]] == [row.split() for row in rows[1::2]]


def test_two_chambers_without_nesting_have_two_pictures() -> None:
    info = made(Chamber("house", "House", 40), Chamber("senate", "Senate", 12))
    house, senate = grids(info)
    assert (house.chamber.code, len(house.tiles), house.placed) == ("house", 40, False)
    assert (senate.chamber.code, len(senate.tiles), senate.placed) == ("senate", 12, False)
    assert max(house.columns, senate.columns) <= 8


@pytest.mark.parametrize(
    "tiles",
    [[], [(1, 0, 0)], [(1, 0, 0), (2, 0, 0)], [(1, 0, 0), (3, 1, 0)], [(1, 0, 0), (2, -1, 0)], [(1, 0, 0)] * 2],
    ids=["none", "too few", "one place", "another number", "outside", "twice"],
)
def test_tiles_that_are_not_whole_are_not_used(tiles: list[tuple[int, int, int]]) -> None:
    picture = grid(made(Chamber("senate", "Senate", 2), senate=tiles), "senate")
    assert not picture.placed
    assert [(tile.number, tile.column, tile.row) for tile in picture.tiles] == [(1, 0, 0), (2, 1, 0)]


def test_an_undivided_picture_keeps_its_places() -> None:
    picture = grid(load_info("il-2021"), "senate")
    whole = picture.undivided()
    assert [tile[:3] for tile in whole.tiles] == [tile[:3] for tile in picture.tiles]
    assert all(tile.cells == (Cell("senate", tile.number),) for tile in whole.tiles)


def test_a_chamber_that_the_map_has_not_is_refused() -> None:
    with pytest.raises(NotFound):
        grid(made(Chamber("senate", "Senate", 59)), "house")


@given(count=st.integers(1, 200))
def test_without_places_arrow_keys_still_reach_everything(count: int) -> None:
    picture = grid(made(Chamber("senate", "Senate", count)), "senate")
    assert len(picture.by_number) == len({(tile.column, tile.row) for tile in picture.tiles}) == count
    assert reached(picture, count) == set(range(1, count + 1))
