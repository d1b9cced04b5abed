"""Blocks as text and as layouts: what they look like, that they keep to their room, that every place is reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.districts.calendar import ILLINOIS
from partners_crm.districts.maps import MapInfo
from partners_crm.districts.tiles import Cell as District
from partners_crm.districts.tiles import Grid, Tile
from partners_crm.normalize.text import UNSAFE
from partners_crm.plugins.block_text import block_lines, text_lines
from partners_crm.plugins.blocks import (
    Bar,
    Bars,
    Block,
    Board,
    Card,
    Cell,
    Compared,
    Heading,
    Lane,
    Matrix,
    Node,
    Piece,
    Ref,
    Table,
    TableRow,
    TextCompare,
    Tiles,
    Tree,
)
from partners_crm.plugins.drawing import Layout, Room, layout_of, no_grid
from partners_crm.plugins.drawing.base import Direction, Place, plain_size
from partners_crm.plugins.drawing.lists import TreeLayout
from partners_crm.plugins.drawing.tables import MatrixLayout, narrowed
from partners_crm.plugins.drawing.tiles import grid_for
from tests.plugins import sample_blocks as sample

HOUSE, SENATE = ILLINOIS
DIRECTIONS: tuple[Direction, ...] = ("up", "down", "left", "right")
NASTY = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
WIDTHS = st.integers(1, 130)


def picture(block: Block, width: int = 76) -> str:
    return "\n".join(block_lines(block, width))


def test_a_table_says_how_many_rows_and_puts_numbers_right() -> None:
    assert picture(sample.table(2)) == (
        "Contested members  2 rows\n"
        "Member    Associations   Issues\n"
        "Member 0  Gamma               0\n"
        "Member 1  ? Alpha, Beta       1"
    )


def test_a_table_without_rows_says_why() -> None:
    block = Table(headings=(Heading(label="Member"),), rows=(), empty="No member is contested. Import lanes first.")
    assert picture(block, 30) == "Member\nNo member is contested. Import\nlanes first."


def test_a_narrow_table_gives_way_and_says_what_is_left_out() -> None:
    headings = tuple(Heading(label=f"Column {number}") for number in range(6))
    block = Table(headings=headings, rows=(TableRow(cells=("a longer text",) * 6),))
    assert picture(block, 40) == (
        "1 row, 2 more columns where it is wider\n"
        "Column 0  Column 1  Column 2   Column 3\n"
        "a longe…  a longe…  a longer…  a longer…"
    )


def test_a_matrix_that_is_too_wide_goes_on_below_in_text() -> None:
    assert picture(sample.matrix(), 24) == (
        "Sh…  columns 1 to 2 of 3\n"
        "Associa…  Alpha   Beta\n"
        "Alpha         0      7\n"
        "Beta          7      0\n"
        "Gamma        14      7\n"
        "\n"
        "Associa…  Gamma\n"
        "Alpha        14\n"
        "Beta          7\n"
        "Gamma         0"
    )


def test_the_texts_of_a_comparison_stand_side_by_side_where_there_is_room() -> None:
    wide = picture(sample.compare(), 104)
    assert "FY11                                               │ FY12\n" in wide
    assert "has approved within ~~sixty (60)~~ days of         │ has approved within **ninety (90)** days of\n" in wide
    narrow = picture(sample.compare(), 76)
    assert (
        "FY11  The Department ~~shall~~ pay each invoice that it has approved within\n"
        "      ~~sixty (60)~~ days of receipt.\n"
        "FY12  The Department **may** pay each invoice that it has approved within\n"
        "      **ninety (90)** days of receipt.\n"
    ) in narrow
    assert "FY11  (not in this one)\nFY12  **Audits are unannounced.**" in narrow


def test_lines_and_parts_of_words_are_kept_in_a_comparison() -> None:
    left = (Piece(text="un"), Piece(text="announced", change="removed"), Piece(text=" audits\n\nare held"))
    block = TextCompare(left="old", right="new", passages=(Compared(left=left),))
    assert picture(block, 40) == "old  un~~announced~~ audits\n\n     are held\nnew  (not in this one)"


def test_a_board_puts_lanes_that_have_no_room_below_in_text() -> None:
    lines = block_lines(sample.board(), 50)
    assert [line for line in lines if "Hostile" in line or "Collaborating" in line] == [
        "! Hostile  0              Wary  1",
        "✓ Collaborating  2",
    ]
    wide = picture(sample.board(), 100)
    assert "empty                             Guild of Landlords                Kitchens United" in wide


def test_a_tree_is_open_in_text() -> None:
    assert picture(sample.tree()) == (
        "Agencies\n- Human services\n    Aging\n  - Child development\n      Licences\n  Public health"
    )


def test_bars_have_their_numbers_below_each_other() -> None:
    block = Bars(
        bars=(Bar(label="House", value=71, of=118), Bar(label="Both", value=1234.5), Bar(label="None", value=0))
    )
    assert picture(block, 60) == (
        "House  ██████████████████████                71 of 118  60 %\n"
        "Both   ████████████████████████████████████    1,234.5\n"
        "None                                                 0"
    )


def senate_grid(_chamber: str) -> Grid:
    places = ((1, 1, 0), (2, 0, 1), (3, 1, 1))
    tiles = tuple(
        Tile(number, x, y, (District("house", 2 * number - 1), District("house", 2 * number)))
        for number, x, y in places
    )
    return Grid(SENATE, HOUSE, tiles, placed=True)


def test_tiles_stand_where_the_map_says() -> None:
    block = Tiles(chamber="senate", values={1: "3", 2: Cell(text="0", tone="bad"), 3: "12"})
    assert block_lines(block, 60, senate_grid) == ["        1", "        3", "  2     3", " ! 0   12"]
    assert block_lines(block, 60) == ["  1     2     3", "  3    ! 0   12"]


def test_districts_of_the_nested_chamber_are_cells_of_the_tiles() -> None:
    block = Tiles(chamber="house", values={1: "3", 4: "5"}, legend="members")
    assert block_lines(block, 60, senate_grid) == ["        1  2", "        3", " 3  4   5  6", "    5", "members"]


def test_blocks_stand_below_each_other_with_a_blank_line_between() -> None:
    one = Card(title="One", words="a")
    assert text_lines([one, one]) == ["One", "a", "", "One", "a"]


@pytest.mark.parametrize(
    "block", sample.hostile("ACME [/foo]\x1b]0;owned\x07\x9b2J\n\u202e漢字"), ids=lambda each: type(each).__name__
)
def test_hostile_text_is_harmless_in_text(block: Block) -> None:
    text = "\n".join(block_lines(block, 60))
    assert not re.search(f"[{UNSAFE}]", text.replace("\n", ""))
    assert "ACME" in text


@given(text=NASTY, width=WIDTHS)
def test_no_line_is_wider_than_its_room_or_acts(text: str, width: int) -> None:
    for block in sample.hostile(text):
        for line in block_lines(block, width):
            assert plain_size(line) <= max(24, width)
            assert not re.search(f"[{UNSAFE}]", line)


@given(width=WIDTHS)
def test_every_place_is_drawn_where_it_is_said_to_be_and_reached_by_keys(width: int) -> None:
    for block in (*sample.every(), sample.matrix(9), sample.table(30)):
        laid = layout_of(block, Room(width))
        reached = walk(laid)
        assert laid.first() in reached
        assert laid.last() in reached
        for place in reached:
            assert laid.has(place)
            laid.reveal(place)
            box = laid.box(place)
            assert 0 <= box.y < box.y + box.height <= laid.height
            drawn = [span for y in range(box.y, box.y + box.height) for span in laid.line(y) if span.place == place]
            assert drawn, (block, place)
            laid.chosen(place)
            assert laid.near(place) == place


def walk(laid: Layout) -> set[Place]:
    first = laid.first()
    assert first is not None
    reached, waiting = {first}, [first]
    while waiting:
        place = waiting.pop()
        for direction in DIRECTIONS:
            other = laid.moved(place, direction)
            if other is not None and other not in reached:
                reached.add(other)
                waiting.append(other)
    return reached


def test_a_row_and_a_cell_say_what_they_stand_for() -> None:
    laid = layout_of(sample.table(), Room(80))
    assert laid.chosen(Place(1)).ref == Ref("organization", 101)
    assert laid.moved(Place(1), "right") == Place(1, 2)
    assert laid.chosen(Place(1, 2)).ref == sample.FOOD
    assert laid.moved(Place(0), "right") is None
    assert laid.moved(Place(1, 2), "down") == Place(2)


def test_labels_of_a_matrix_are_places_where_they_stand_for_something() -> None:
    laid = layout_of(sample.matrix(), Room(80))
    assert laid.moved(Place(0, 0), "left") == Place(0, -1)
    assert laid.chosen(Place(0, -1)).ref == sample.HOUSING
    assert laid.moved(Place(1, 0), "left") is None
    assert laid.moved(Place(0, 0), "up") is None
    assert laid.about(Place(0, 1)) == "Alpha × Beta: 7"


def test_a_matrix_brings_the_column_of_the_cursor_in() -> None:
    laid = layout_of(sample.matrix(60), Room(80))
    assert isinstance(laid, MatrixLayout)
    assert not laid.reveal(Place(0, 0))
    assert laid.reveal(Place(0, 59))
    assert f"columns {61 - laid.shown} to 60 of 60" in "".join(span.text for span in laid.line(0))
    assert laid.box(Place(59, 59)).x + laid.box(Place(59, 59)).width <= 80


def test_entries_of_a_tree_open_and_close() -> None:
    laid = layout_of(sample.tree(), Room(80))
    assert isinstance(laid, TreeLayout)
    assert not laid.has(Place(3))
    assert laid.toggle(Place(2), True)
    assert not laid.toggle(Place(2), True)
    assert laid.has(Place(3))
    assert laid.moved(Place(3), "left") == Place(2)
    assert laid.moved(Place(2), "right") == Place(3)
    assert laid.toggle(Place(0))
    assert [laid.has(Place(row)) for row in range(5)] == [True, False, False, False, True]
    assert not laid.toggle(Place(4))


def test_arrows_go_between_lanes_past_empty_ones() -> None:
    lanes = (
        Lane(label="A", cards=(Card(title="1"), Card(title="2", words="b\nc"))),
        Lane(label="B", cards=()),
        Lane(label="C", cards=(Card(title="3", words="x"), Card(title="4"))),
    )
    laid = layout_of(Board(lanes=lanes), Room(100))
    assert laid.moved(Place(1, 0), "right") == Place(1, 2)
    assert laid.moved(Place(1, 2), "left") == Place(1, 0)
    assert laid.moved(Place(0, 0), "left") is None
    assert laid.moved(Place(1, 0), "down") is None


def test_tiles_are_walked_like_a_map() -> None:
    laid = layout_of(Tiles(chamber="senate", values={1: "1", 2: "2", 3: "3"}), Room(80), senate_grid)
    assert laid.moved(Place(1), "down") == Place(3)
    assert laid.moved(Place(3), "left") == Place(2)
    assert laid.moved(Place(1), "up") is None


@given(wanted=st.lists(st.integers(1, 80), min_size=1, max_size=12), free=st.integers(0, 200))
def test_the_widest_columns_give_way_first(wanted: list[int], free: int) -> None:
    widths = narrowed(wanted, free)
    assert sum(widths) == min(sum(wanted), max(free, len(wanted)))
    assert all(1 <= width <= want for width, want in zip(widths, wanted, strict=True))
    cut = [width for width, want in zip(widths, wanted, strict=True) if width < want]
    kept = [width for width, want in zip(widths, wanted, strict=True) if width == want]
    assert not cut or max(kept, default=0) <= max(cut) + 1 or min(cut) == 1


def test_only_what_is_asked_for_is_made() -> None:
    measured = []

    def size(text: str) -> int:
        measured.append(text)
        return len(text)

    rows = tuple(TableRow(cells=(f"row {number}",)) for number in range(100_000))
    laid = layout_of(Table(headings=(Heading(label="A"),), rows=rows), Room(80, size))
    assert "row 90000" in "".join(span.text for span in laid.line(90_001))
    assert len(measured) < 2_000


def nodes(depth: int) -> Iterator[Node]:
    node = Node(label="the last one")
    for number in range(depth):
        yield node
        node = Node(label=str(number), children=(node,))
    yield node


def test_a_deep_tree_has_room_for_its_words() -> None:
    *_, top = nodes(2000)
    lines = block_lines(Tree(nodes=(top,)), 60)
    assert len(lines) == 2001
    assert lines[-1].strip() == "the last one"
    assert all(len(a) - len(a.lstrip()) <= len(b) - len(b.lstrip()) + 2 for a, b in pairwise(lines))


def test_no_grid_is_no_grid() -> None:
    assert no_grid("senate") is None


def test_an_empty_matrix_board_and_comparison_say_so() -> None:
    assert picture(Matrix(columns=(), rows=(), cells=(), title="Shared")) == "Shared  Nothing to compare.\n"
    assert picture(Board(lanes=())) == "Nothing here."
    assert picture(TextCompare(left="a", right="b", passages=())) == "Nothing to compare."
    assert picture(Bars(bars=())) == "Nothing to compare."
    assert picture(Tiles(chamber="senate", values={})) == "No district has a value."


def test_a_nested_chamber_is_drawn_on_the_tiles_it_is_nested_in() -> None:
    square = {number: (number, (number - 1) % 8, (number - 1) // 8) for number in range(1, 60)}
    info = MapInfo(
        **dict.fromkeys(MapInfo._fields, "")  # type: ignore[arg-type]
        | {"chambers": ILLINOIS, "tiles": {"senate": tuple(square.values())}}
    )
    found = grid_for(info, "house")
    assert found is not None
    assert (found.chamber, found.nested) == (SENATE, HOUSE)
    block = Tiles(chamber="house", values={1: "a", 2: "b", 3: "c"})
    assert block_lines(block, 120, lambda chamber: grid_for(info, chamber))[:2] == [
        "  1    2     3    4     5    6     7    8     9   10    11   12    13   14    15   16",
        "  a    b     c",
    ]
    own = grid_for(info, "senate")
    assert own is not None
    assert own.placed
    assert grid_for(info, "council") is None
