"""The Districts screen: one answer as tiles, map and table, and its terms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.districts.maps import Chamber, dump_map, load_map, parse_map
from partners_crm.districts.tiles import Cell, Direction, grid, grids
from partners_crm.errors import InvalidValue
from partners_crm.services.pictures.legend import TEXT_LEGEND
from partners_crm.tui.screens.day import day_of
from partners_crm.tui.widgets.board import Board
from partners_crm.tui.widgets.outline import Outline
from partners_crm.tui.widgets.tiles import Tiles
from tests.conftest import NOW
from tests.made_maps import crooked, header
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.seeing import beside, covered, go_to, head, house_of, screen, text_of

DIRECTIONS: tuple[Direction, ...] = ("up", "down", "left", "right")
PLAINSLAND = Path(__file__).parents[2] / "fixtures" / "second" / "zz-2021.map"


# -------------------------------------------------------------------- the picture


def board(code: str, *, roomy: bool = False) -> Board:
    info = load_map(code).info
    answered = {(each.code, number) for each in info.chambers for number in range(1, each.districts + 1)}
    return Board(grids(info), answered, roomy=roomy)


@pytest.mark.parametrize("roomy", [False, True])
@pytest.mark.parametrize("code", ["il-2011", "il-2021"])
def test_arrows_reach_every_district_and_each_way_leads_back(code: str, roomy: bool) -> None:
    picture = board(code, roomy=roomy)
    assert len(picture.boxes) == 177
    for start in (Cell("house", 1), Cell("senate", 59)):
        reached, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            new = {picture.moved(here, direction) for direction in DIRECTIONS} - reached
            reached |= new
            waiting += new
        assert len(reached) == 177


@pytest.mark.parametrize("code", ["il-2011", "il-2021"])
def test_the_compact_tiles_fit_56_by_20_and_no_two_share_a_place(code: str) -> None:
    picture = board(code)
    assert picture.width <= 56
    assert picture.height <= 20
    places = [
        (x, y)
        for box in picture.boxes.values()
        for x in range(box.x, box.x + box.width)
        for y in range(box.y, box.y + box.height)
    ]
    assert len(places) == len(set(places))
    for cell, box in picture.boxes.items():
        assert picture.at(box.x, box.y) == cell


def test_an_arrow_goes_from_half_to_half_then_to_the_next_tile() -> None:
    picture = board("il-2021")
    assert picture.moved(Cell("house", 1), "right") == Cell("house", 2)
    assert picture.moved(Cell("house", 1), "up") == Cell("senate", 1)
    assert picture.moved(Cell("senate", 1), "down") == Cell("house", 1)
    right = picture.moved(Cell("house", 2), "right")
    assert right.chamber == "house"
    assert picture.moved(right, "left") == Cell("house", 2)


def test_chambers_that_do_not_nest_stand_under_each_other() -> None:
    info = load_map("il-2021").info
    answered = {(each.code, number) for each in info.chambers for number in range(1, each.districts + 1)}
    picture = Board((grid(info, "senate").undivided(), grid(info, "house")), answered)
    assert [text for _, text in picture.words] == ["Senate districts", "House districts"]
    reached, waiting = {Cell("senate", 1)}, [Cell("senate", 1)]
    while waiting:
        here = waiting.pop()
        new = {picture.moved(here, direction) for direction in DIRECTIONS} - reached
        reached |= new
        waiting += new
    assert len(reached) == 177


def test_another_theme_brings_other_colours(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        tiles = screen(pilot).query_one(Tiles)
        dark = dict(tiles._styles)
        pilot.app.theme = "partners-light"
        await settled(pilot)
        assert tiles._styles.keys() == dark.keys()
        assert tiles._styles != dark

    drive(coalition, script)


def test_the_tiles_show_the_marks_of_the_answer_and_the_legend(coalition: Path) -> None:
    number = house_of(coalition)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", number))
        text = screen_text(pilot.app)
        assert "[ 1]" in text
        assert "??" in text
        assert TEXT_LEGEND in text
        assert f"House {number}" in text
        assert "Birch Homes" in text
        assert "lawmaker not known" in text

    drive(coalition, script)


def test_keys_move_the_cursor_and_the_description_follows(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "g")
        first = screen(pilot).cell
        assert first is not None
        for key, direction in (("right", "right"), ("j", "down"), ("k", "up"), ("down", "down"), ("left", "left")):
            before = screen(pilot).cell
            assert before is not None
            await press(pilot, key)
            wanted = screen(pilot).query_one(Tiles).board.moved(before, cast("Direction", direction))
            assert screen(pilot).cell == wanted
            name = {"house": "House", "senate": "Senate"}[wanted.chamber]
            assert f"{name} {wanted.number}" in screen_text(pilot.app)
        await press(pilot, "G")
        assert screen(pilot).cell == list(screen(pilot).query_one(Tiles).board.boxes)[-1]

    drive(coalition, script)


def test_a_click_chooses_a_district_and_a_second_one_opens_it(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        tiles = screen(pilot).query_one(Tiles)
        box = tiles.board.boxes[Cell("house", 10)]
        await pilot.click(Tiles, offset=(box.x, box.y))
        await settled(pilot)
        assert screen(pilot).cell == Cell("house", 10)
        await pilot.click(Tiles, offset=(box.x, box.y))
        await settled(pilot)
        assert "House 10: gap, no members" in head(pilot)

    drive(coalition, script)


def test_the_three_views_show_one_answer_and_keep_the_cursor(coalition: Path) -> None:
    number = house_of(coalition)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", number))
        for view in ("outline", "table", "tiles"):
            await press(pilot, "m")
            assert screen(pilot).view == view
            assert screen(pilot).cell == Cell("house", number)
            assert f"House {number}" in screen_text(pilot.app)
        await press(pilot, "m", "m")
        assert f"▸House {number}" in screen_text(pilot.app)
        await press(pilot, "2", "4")
        assert screen(pilot).view == "table"
        assert screen(pilot).cell == Cell("house", number)
        assert f"▸House {number}" in screen_text(pilot.app)

    drive(coalition, script)


def test_the_table_lists_gaps_first_and_its_cursor_is_the_cursor(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "m", "m", "end")
        assert screen(pilot).cell in {
            Cell("senate", (house_of(coalition) + 1) // 2),
            Cell("house", house_of(coalition)),
        }
        await press(pilot, "home", "enter")
        assert "House 1: gap, no members" in head(pilot)

    drive(coalition, script)


# -------------------------------------------------------------------- the true map


def test_the_levels_are_turned_by_their_keys(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        first = screen(pilot).found
        await press(pilot, "L")
        found = screen(pilot).found
        assert first is not None
        assert found is not None
        assert (first.coverage.rule.level, found.coverage.rule.level) == (1, 2)
        assert "L 2" in screen_text(pilot.app)
        await press(pilot, "L", "l")
        found = screen(pilot).found
        assert found is not None
        assert (found.coverage.rule.level, found.coverage.rule.min_match) == (1, 100)

    drive(coalition, script)


def test_the_map_zooms_pans_and_goes_back(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", 100))
        await press(pilot, "m")
        outline = screen(pilot).query_one(Outline)
        assert len(outline._frames) == 2, "the crowded part stands beside it"
        assert "the whole map" in screen_text(pilot.app)
        await press(pilot, "plus", "plus")
        assert "4 times as near" in screen_text(pilot.app)
        assert screen(pilot).cell == Cell("house", 100)
        assert outline.shows(Cell("house", 100))
        for key in ("right", "right", "right", "up", "k", "k"):
            await press(pilot, key)
        assert screen(pilot).cell != Cell("house", 100), "the district in the middle is under the cursor"
        await press(pilot, "minus")
        assert "2 times as near" in screen_text(pilot.app)
        await press(pilot, "0")
        assert outline.zoom is None
        await press(pilot, "plus", "minus", "minus")
        assert outline.zoom is None

    drive(coalition, script)


def test_the_map_in_characters_shows_the_shades_of_the_legend(coalition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "c", "c", "m")
        text = screen_text(pilot.app)
        assert "▀" not in text
        assert "·····" in text
        assert "░ 1 member" in text
        await press(pilot, "z")
        assert "▀" not in screen_text(pilot.app)
        assert "shows no colours" in screen_text(pilot.app)

    drive(coalition, script)


def test_the_map_in_colours_can_be_shown_in_characters(coalition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "m")
        assert "▀▀▀" in screen_text(pilot.app)
        await press(pilot, "z")
        assert "▀▀▀" not in screen_text(pilot.app)

    drive(coalition, script)


def test_the_pixels_are_kept_while_the_size_stays(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "m")
        outline = screen(pilot).query_one(Outline)
        before = outline._frames
        await press(pilot, "b", "right")
        assert outline._frames is before
        await pilot.resize_terminal(100, 30)
        await settled(pilot)
        assert outline._frames is not before

    drive(coalition, script)


def test_a_click_on_the_map_chooses_the_district_there(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "m")
        outline = screen(pilot).query_one(Outline)
        wanted = outline.at(8, 10)
        assert wanted is not None
        await pilot.click(Outline, offset=(8, 10))
        await settled(pilot)
        assert screen(pilot).cell == wanted
        assert outline.at(8, 0) is None
        assert outline.at(500, 10) is None

    drive(coalition, script)


# -------------------------------------------------------------------- terms


def test_every_switch_changes_the_answer_and_its_sentence(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        assert covered(pilot).total("house") == (1, 118)
        assert "1 of 118 House districts has at least one organization" in beside(pilot)
        seen = {screen_text(pilot.app)}
        for keys, total, words in (
            (("b",), (1, 118), "has headquarters inside"),
            (("b",), (0, 118), "has a service site inside"),
            (("b", "o"), (0, 118), "of the silo child_welfare"),
            (("o", "o", "o", "o", "o", "o", "o"), (1, 118), "of the silo housing"),
            (("o", "o", "l"), (1, 118), "a match of rooftop or better"),
            (("l", "l"), (1, 118), "a match of ZIP code or better"),
            (("l", "w"), None, "on the map il-2011"),
        ):
            await press(pilot, *keys)
            if total is not None:
                assert covered(pilot).total("house") == total, words
            assert words in " ".join(covered(pilot).sentence("house").split())
            assert words in beside(pilot)
            text = screen_text(pilot.app)
            assert text not in seen
            seen.add(text)
        await press(pilot, "w", "c")
        assert covered(pilot).chambers == ("house",)
        assert "c House" in screen_text(pilot.app)
        await press(pilot, "c")
        assert covered(pilot).chambers == ("senate",)
        assert "of 59 Senate districts" in beside(pilot)

    drive(coalition, script, (140, 40))


def test_the_day_is_asked_for_and_wrong_text_is_explained(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "t")
        await type_text(pilot, "2019-01-01")
        await press(pilot, "escape")
        assert covered(pilot).as_of == NOW.date()
        await press(pilot, "t")
        await type_text(pilot, "2019")
        await press(pilot, "enter")
        assert "is no single day: such as 2019-01-01" in text_of(pilot)
        await press(pilot, "ctrl+a", "ctrl+k")
        await type_text(pilot, "soon")
        await press(pilot, "enter")
        assert "is not a date" in text_of(pilot)
        await press(pilot, "ctrl+a", "ctrl+k")
        await type_text(pilot, "2019-01-01")
        await press(pilot, "enter")
        assert covered(pilot).as_of.isoformat() == "2019-01-01"
        assert covered(pilot).map_code == "il-2011", "the map follows the day"
        assert "t 1 Jan 2019" in screen_text(pilot.app)
        assert covered(pilot).total("house") == (0, 118)
        await press(pilot, "t", "ctrl+a", "ctrl+k")
        await type_text(pilot, "today")
        await press(pilot, "enter")
        assert covered(pilot).as_of == NOW.date()

    drive(coalition, script)


def test_a_day_without_a_map_is_said_and_left_again(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "t")
        await type_text(pilot, "2009-05-01")
        await press(pilot, "enter")
        assert "no district map with boundaries holds on 2009-05-01" in beside(pilot)
        await press(pilot, "enter", "f", "v", "m", "plus", "right", "m")
        assert screen(pilot).found is None
        await press(pilot, "w")
        assert covered(pilot).map_code in {"il-2011", "il-2021"}
        assert covered(pilot).as_of.isoformat() == "2009-05-01"

    drive(coalition, script)


@pytest.mark.parametrize(
    ("text", "day"), [("", ""), (" Today ", ""), ("7/14/2011", "2011-07-14"), ("2011-07-14", "2011-07-14")]
)
def test_a_day_is_read_as_people_write_it(text: str, day: str) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize("text", ["2011", "2011-07", "2011-02-30", "FY12", "x"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        day_of(text)


def test_the_members_of_an_association_can_be_counted(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "O")
        assert "Guild of Landlords" in screen_text(pilot.app)
        await press(pilot, "down", "enter")
        assert covered(pilot).association == "Guild of Landlords"
        assert "member of Guild of Landlords" in beside(pilot)
        await press(pilot, "O", "enter")
        assert covered(pilot).association == ""

    drive(coalition, script)


def test_figures_are_said_in_words(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "tab", "enter")
        text = text_of(pilot)
        assert "What the figures mean" in text
        assert covered_words in text
        await press(pilot, "escape")
        assert "What the figures mean" not in screen_text(pilot.app)

    covered_words = "1 of 118 House districts has at least one organization"
    drive(coalition, script)


# -------------------------------------------------------------------- other maps and sizes


def made_map(folder: Path, tiles: Mapping[str, list[list[int]]]) -> Path:
    """A made-up state of one chamber of 49 districts."""
    quilt = crooked(7, 7, 3, Random(4), west=-10_000_000, south=4_000_000, size=40_000)
    numbers = {(row, column): 7 * (6 - row) + column + 1 for row in range(7) for column in range(7)}
    described = {
        **header(49), "seated_from": "2013-01-09", "tiles": tiles,
        "chambers": (Chamber("house", "Assembly", 49),),
    }  # fmt: skip
    data = dump_map(described, {"house": (quilt.arcs(numbers), {})})
    parse_map(data, "made up")
    path = folder / "xx-1.map"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("placed", [True, False])
def test_a_state_of_one_chamber_has_the_same_screen(tmp_path: Path, placed: bool) -> None:
    tiles = {"house": [[number, (number - 1) % 7, (number - 1) // 7] for number in range(1, 50)]} if placed else {}
    path = tmp_path / "one.db"
    Crm.create(path, "One", state="", map_file=made_map(tmp_path, tiles), clock=lambda: NOW).close()

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        text = screen_text(pilot.app)
        assert "Assembly   0/49" in text
        assert "c Assembly" in text
        assert ("tiles follow the numbers" in text) is not placed
        await press(pilot, "right", "right", "down", "c", "w")
        assert screen(pilot).cell == Cell("house", 10)
        assert "the map has one chamber" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "Assembly 10: gap, no members" in head(pilot)
        await press(pilot, "escape", "m", "plus", "left", "0", "m", "f")
        assert "49 open districts" in screen_text(pilot.app)

    drive(path, script)


def test_the_second_state_of_the_fixtures_has_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "plains.db"
    Crm.create(path, "Plains", state="", map_file=PLAINSLAND, clock=lambda: NOW).close()

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "right", "m", "m", "m", "enter")
        assert "Legislature 2: gap, no members" in head(pilot)

    drive(path, script)


SIZES = [(60, 15), (140, 40), (200, 60), (100, 24), (40, 10), (1, 1)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_view_lives_at_every_size(coalition: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        await press(pilot, "4")
        for keys in (("right",), ("m",), ("plus", "left"), ("m", "down"), ("enter",), ("escape", "f"), ("escape", "v")):
            await press(pilot, *keys)
            for width, height in ((1, 1), size, (80, 24)):
                await pilot.resize_terminal(width, height)
            await settled(pilot)
        assert pilot.app.is_running

    assert drive(coalition, script, size).return_code in {None, 0}


def test_at_60_by_15_the_tiles_scroll_to_the_cursor(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        for cell in (Cell("house", 117), Cell("house", 1), Cell("house", 67), Cell("senate", 56)):
            await go_to(pilot, cell)
            text = screen_text(pilot.app)
            assert "[" in text
            assert {"house": "House", "senate": "Senate"}[cell.chamber] + f" {cell.number}: gap" in text
            assert "House" in text.splitlines()[1]

    drive(coalition, script, (60, 15))
