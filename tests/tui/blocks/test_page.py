"""The page of blocks: where the cursor goes, what it says, marks, forms, and pages of any size."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.plugins.blocks import (
    Block,
    Board,
    Card,
    Cell,
    Form,
    Heading,
    Lane,
    Matrix,
    Node,
    Ref,
    Table,
    TableRow,
    TextCompare,
    Tiles,
    Tree,
)
from partners_crm.plugins.screens import Selection
from partners_crm.tui.blocks.drawn import LARGE, DrawnBlock
from partners_crm.tui.widgets.entry import Entry, Notes
from tests.plugins import sample_blocks as sample
from tests.tui.blocks.pages import PageApp, drive, seen


def keys(*pressed: str) -> Any:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press(*pressed)
        await pilot.pause()

    return script


def test_enter_on_a_row_gives_its_record_and_place() -> None:
    app = drive([sample.table()], keys("down", "j", "k", "enter"))
    assert app.chosen == [Selection(block=0, ref=Ref("organization", 101), row=1)]
    assert [each.row for each in app.moved] == [1, 2, 1]


def test_a_cell_of_a_row_that_stands_for_something_is_chosen_by_itself() -> None:
    app = drive([sample.table()], keys("down", "right", "enter", "left", "enter"))
    assert [each.ref for each in app.chosen] == [sample.FOOD, Ref("organization", 101)]


def test_enter_on_a_cell_of_a_matrix_gives_row_and_column() -> None:
    app = drive([sample.matrix()], keys("down", "down", "right", "enter"))
    assert app.chosen == [Selection(block=0, row=2, column=1)]
    assert "[    7]" in seen([sample.matrix()], (80, 24), "down", "down", "right")


def test_a_label_of_a_matrix_is_chosen_where_it_stands_for_something() -> None:
    app = drive([sample.matrix()], keys("left", "enter"))
    assert app.chosen == [Selection(block=0, ref=sample.HOUSING, row=0, column=-1)]


def test_enter_on_a_card_of_a_board_gives_the_card_and_the_lane() -> None:
    app = drive([sample.board()], keys("right", "down", "enter"), (100, 24))
    assert app.chosen == [Selection(block=0, key="fox", row=1, column=2)]


def test_lanes_beyond_the_edge_come_in_with_the_cursor() -> None:
    before = seen([sample.board()], (60, 24))
    after = seen([sample.board()], (60, 24), "right")
    assert "lanes 1 to 2 of 3" in before
    assert "Kitchens United" not in before
    assert "lanes 2 to 3 of 3" in after
    assert "▸ Kitchens United" in after


def test_entries_of_a_tree_open_close_and_are_chosen() -> None:
    app = drive([sample.tree()], keys("down", "down", "enter", "down", "enter", "left", "left", "up", "enter"))
    assert [(each.key, each.row) for each in app.chosen] == [("licences", 3), ("aging", 1)]
    assert "+ Human services  (2 below)" in seen([sample.tree()], (80, 24), "left")


def test_the_value_of_a_card_a_passage_an_event_and_a_bar_are_chosen() -> None:
    blocks: list[Block] = [sample.card(), sample.compare(), sample.timeline(), sample.bars(), sample.tiles()]
    pressed = ["enter", "down", "enter", "tab", "enter", "tab", "down", "enter", "tab", "down", "enter"]
    app = drive(blocks, keys(*pressed, "tab", "right", "right", "enter"), (80, 60))
    assert [(each.block, each.ref, each.key, each.row) for each in app.chosen] == [
        (0, sample.HOUSING, "", 0),
        (0, None, "p", 2),
        (1, None, "4.3", 0),
        (2, sample.FOOD, "", 1),
        (3, None, "senate", 1),
        (4, sample.HOUSING, "", 3),
    ]


def test_the_cursor_walks_from_block_to_block_and_back() -> None:
    blocks: list[Block] = [sample.table(2), sample.card(), sample.bars()]
    app = drive(blocks, keys("down", "down", "down", "down", "up", "up", "up"), (80, 40))
    assert [(each.block, each.row) for each in app.moved] == [(0, 1), (1, 0), (1, 2), (2, 0), (1, 2), (1, 0), (0, 1)]


def test_tab_goes_from_block_to_block_and_comes_back_to_the_same_place() -> None:
    app = drive([sample.table(), sample.bars()], keys("down", "tab", "shift+tab"))
    assert [(each.block, each.row) for each in app.moved] == [(0, 1), (1, 0), (0, 1)]


def test_tab_at_the_end_goes_on_to_the_rest_of_the_screen() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        before, after = Entry(id="before"), Entry(id="after")
        await app.screen.mount(before, before=app.page)
        await app.screen.mount(after, after=app.page)
        app.page.focus()
        await pilot.press("tab", "tab")
        assert app.screen.focused is after
        app.page.focus()
        await pilot.press("shift+tab", "escape", "shift+tab")
        assert app.screen.focused is before
        await pilot.press("tab")
        assert app.page.has_focus

    drive([sample.form(), sample.bars()], script)


def test_what_lies_between_is_not_skipped_unseen() -> None:
    long = Card(title="Long", words="\n".join(f"line {number}" for number in range(60)))
    shown: list[str] = []

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        for _ in range(12):
            shown.append(app.shown())
            await pilot.press("down")

    app = drive([long, sample.bars()], script, (80, 20))
    for number in range(60):
        assert any(re.search(rf" line {number}\b", text) for text in shown), number
    assert app.page.selection.block == 1


def test_marks_are_kept_counted_and_given() -> None:
    app = drive([sample.table(4)], keys("space", "space"))
    assert app.marks == [1, 2]
    assert app.page.refs == (Ref("organization", 100), Ref("organization", 101))
    text = seen([sample.table(4)], (80, 24), "space", "down", "space", "up")
    assert [line[1:3] for line in text.splitlines()[2:6]] == [" ✓", "  ", "▸✓", "  "]
    app = drive([sample.table(4)], keys("a", "space", "A"))
    assert app.marks == [4, 3, 0]
    assert app.page.refs == (Ref("organization", 101),)


def test_what_is_no_row_cannot_be_marked() -> None:
    app = drive([sample.card()], keys("space", "a"))
    assert app.marks == [0]
    assert app.page.marked == ()


def test_a_click_moves_the_cursor_and_a_second_one_chooses() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.click(offset=(6, 3))
        await pilot.pause()
        assert app.chosen == []
        await pilot.click(offset=(6, 3))
        await pilot.pause()

    app = drive([sample.table()], script)
    assert [each.row for each in app.moved] == [1]
    assert app.chosen == [Selection(block=0, ref=Ref("organization", 101), row=1)]


def big_table(rows: int = 100_000) -> Table:
    return Table(
        title="Everyone",
        headings=(Heading(label="Name"), Heading(label="City")),
        rows=tuple(
            TableRow(cells=(f"Member {row}", "Peoria"), ref=Ref("organization", row + 1)) for row in range(rows)
        ),
    )


def test_a_table_of_a_hundred_thousand_rows_draws_what_is_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = DrawnBlock.render_line

    def counted(block: DrawnBlock, y: int) -> Any:
        drawn.append(y)
        return draw(block, y)

    monkeypatch.setattr(DrawnBlock, "render_line", counted)

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("G")
        await pilot.pause()
        text = app.shown()
        assert "▸ Member 99999" in text
        assert "Name          City" in text.splitlines()[0]  # the headings stay
        await pilot.press("pageup")
        await pilot.pause()
        assert "▸ Member 99977" in app.shown()
        await pilot.press("home")
        await pilot.pause()
        assert "Everyone  100,000 rows" in app.shown()

    drive([big_table()], script)
    assert len(drawn) < 300


def test_headings_are_kept_in_sight_only_over_their_own_rows() -> None:
    text = seen([sample.card(), sample.table(40), sample.bars()], (80, 20), "tab", *["pagedown"] * 2)
    assert text.splitlines()[0].split() == ["Member", "Associations", "Issues"]
    assert "Associations" not in seen([sample.table(40), sample.bars(), sample.tree()], (80, 10), "G")


def test_a_matrix_of_sixty_by_sixty_keeps_row_labels_and_headings() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("G", "up", "left", "left", "enter")
        await pilot.pause()
        text = app.shown().splitlines()
        assert text[0].split("   ")[0].strip() == "Shared members  columns 54 to 60 of 60"
        assert text[0].endswith("Association 58 × Association 57: 7")
        assert text[1].split() == ["Associ"] * 7
        assert "Association" in text[3]
        assert any("Association 58 " in line and "[     7]" in line for line in text)

    app = drive([sample.matrix(60)], script)
    assert app.chosen == [Selection(block=0, row=58, column=57)]
    assert app.page.about() == "Association 58 × Association 57: 7"


def test_arrows_pass_a_form_by_and_enter_goes_into_it() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("j")
        assert app.focused is app.page
        assert "▸ Write a posture down" in app.shown()
        await pilot.press("j", "k", "enter")
        assert type(app.focused).__name__ == "Entry"
        await pilot.press(*["down"] * 3, "tab", "down")
        await pilot.pause()
        assert app.focused is app.page

    app = drive([sample.table(1), sample.form(), sample.bars()], script, (80, 40))
    assert [each.block for each in app.moved] == [1, 2, 1, 2]


def put(app: PageApp, text: str) -> None:
    """Fill in the line with the focus."""
    line = app.focused
    assert isinstance(line, Entry | Notes)
    line.put(text)


def test_lanes_of_other_heights_keep_the_cursor_in_sight() -> None:
    cards = tuple(Card(title=f"Card {number}", words="a\nb") for number in range(12))
    lanes = (Lane(label="A", cards=cards[:1]), Lane(label="B", cards=cards[:1]), Lane(label="C", cards=cards))

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("right", "right", "end")
        await pilot.pause()
        assert "▸ Card 11" in app.shown()
        await pilot.press("home")
        await pilot.pause()
        assert "▸ Card 0" in app.shown()

    drive([Board(lanes=lanes)], script, (60, 15))


@pytest.mark.parametrize("high", [2, 4, 7])
def test_headings_are_not_kept_where_they_leave_no_room(high: int) -> None:
    text = seen([sample.matrix(60)], (80, high), *["pagedown"] * 2, "down")
    assert "Associ " not in text
    assert "[" in text


def test_what_was_opened_stays_open_where_it_is_still_there() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("down", "down", "right")
        await app.page.put([sample.tree()])
        await pilot.pause()
        assert "- Child development" in app.shown()
        await app.page.put([Tree(nodes=(Node(label="a"), Node(label="b"), Node(label="c", is_open=False)))])
        await pilot.pause()
        assert app.page.selection.row == 2

    drive([sample.tree()], script)


def test_a_form_is_filled_in_checked_and_handed_on() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("tab", "w", "enter")
        put(app, "2011-13")
        await pilot.press("shift+tab")
        put(app, "wary")
        await pilot.press("ctrl+s")
        assert "there is no month 13" in app.shown()
        assert app.answered == []
        put(app, "7/14/2011")
        await pilot.press("down", "3", "1", "enter")
        put(app, "they said so\non the phone")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.page.is_unsaved
        await app.page.put(app.page.blocks)
        assert app.page.is_unsaved
        form = app.page.blocks[1]
        assert isinstance(form, Form)
        app.page.taken(form)
        assert not app.page.is_unsaved

    app = drive([sample.table(1), sample.form()], script)
    given = {"step": "wary", "since": "2011-07-14", "members": "31", "reason": "they said so\non the phone"}
    assert app.answered == [("set-posture", given)]


def test_what_is_required_is_asked_for_again() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("enter", "ctrl+s")
        await pilot.pause()
        assert "! Posture is required" in app.shown()

    assert drive([sample.form()], script).answered == []


def test_tab_goes_through_a_form_and_on_and_esc_leaves_it() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("tab")
        assert app.focused is not app.page
        await pilot.press("tab", "tab", "tab", "tab", "tab")
        await pilot.pause()
        assert app.focused is app.page
        assert app.page.selection == Selection(block=2, ref=sample.HOUSING)
        await pilot.press("shift+tab", "escape", "j")
        await pilot.pause()
        assert app.focused is app.page
        assert app.page.at == 2

    app = drive([sample.table(1), sample.form(), sample.bars()], script, (80, 40))
    assert [each.block for each in app.moved][:2] == [1, 2]
    assert not app.page.is_unsaved


def test_keys_of_the_page_are_typed_into_a_form() -> None:
    app = drive([sample.form()], keys("enter", *"jAgGa k"))
    assert app.marks == []
    assert app.page.is_unsaved


def test_other_blocks_of_the_same_kinds_keep_the_cursor() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("tab", "down")
        await app.page.put([sample.table(30), sample.bars()])
        await pilot.pause()
        assert app.page.selection == Selection(block=1, key="senate", row=1)
        await app.page.put([sample.bars()])
        await pilot.pause()
        assert app.page.selection == Selection(block=0, ref=sample.HOUSING)
        assert "▸ House" in app.shown()
        await app.page.put([])
        await pilot.press("down", "up", "enter", "tab", "G", "g", "pagedown", "space", "a", "left")
        await pilot.pause()
        assert app.page.selection == Selection(block=0)

    app = drive([sample.table(), sample.bars()], script)
    assert app.chosen == []


def test_fewer_rows_bring_the_cursor_back() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("G")
        await app.page.put([sample.table(2)])
        await pilot.pause()
        assert app.page.selection.row == 0
        await app.page.put([Table(headings=(Heading(label="A"),), rows=(), empty="Nobody yet.")])
        await pilot.press("enter", "space")
        await pilot.pause()
        assert "Nobody yet." in app.shown()

    drive([sample.table(20)], script)


@pytest.mark.parametrize("size", [(60, 15), (1, 1), (200, 60)])
def test_no_size_is_too_small_or_too_large(size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press(
            "down", "right", "tab", "pagedown", "tab", "tab", "escape", "down", "right", "pagedown", "G", "up"
        )
        await pilot.pause()
        assert app.is_running

    drive(sample.every(), script, size)


def test_a_storm_of_sizes_keeps_the_cursor_in_sight() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("tab", "down")
        for size in ((140, 40), (1, 1), (100, 24), (60, 15), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.pause()
        assert "▸ 4.9 Audits" in app.shown()

    drive([sample.table(40), sample.compare()], script)


def test_no_meaning_by_colour_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    colours: list[Any] = []

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        text = app.shown()
        for word in ("✓ fine", "? perhaps", "! late", "~~shall~~", "**may**", "▸ A"):
            assert word in text
        for strip in app.screen._compositor.render_strips():
            colours.extend(each.style.color or each.style.bgcolor for each in strip if each.style)

    row = (Cell(text="fine", tone="good"), Cell(text="perhaps", tone="doubt"), Cell(text="late", tone="bad"))
    matrix = Matrix(columns=("x", "y", "z"), rows=("r",), cells=(row,))
    table = Table(headings=(Heading(label="H"),), rows=(TableRow(cells=("A",)),))
    compare = sample.compare()
    assert isinstance(compare, TextCompare)
    drive([table, matrix, compare], script, (120, 40))
    assert set(colours) == {None}


# -------------------------------------------------------------------- large blocks


def tiles(count: int) -> Tiles:
    return Tiles(chamber="senate", values=dict.fromkeys(range(1, count + 1), "x"), title="Districts")


def test_a_large_block_is_laid_out_in_a_thread_and_a_small_one_at_once() -> None:
    threads: list[int] = []

    def grid_of(_chamber: str) -> None:
        threads.append(threading.get_ident())

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        here = threading.get_ident()
        assert set(threads) == {here}
        threads.clear()
        await app.page.put([tiles(LARGE)])
        await until(pilot, lambda: bool(threads))
        assert here not in threads
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "Districts" in app.shown()

    drive([tiles(3)], script, grid_of=grid_of)


def test_a_large_tree_keeps_the_cursor_and_what_was_opened() -> None:
    nodes = tuple(Node(label=f"Node {n}", children=(Node(label=f"Below {n}"),), is_open=False) for n in range(LARGE))

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await laid_out(pilot, app)
        await pilot.press("down", "right")
        await until(pilot, lambda: "Below 1" in app.shown())
        await app.page.put([Tree(nodes=nodes, title="Again")])
        await until(pilot, lambda: "Again" in app.shown())
        assert "Below 1" in app.shown()
        assert app.page.selection.row == 2
        await pilot.press("left")
        await until(pilot, lambda: "Below 1" not in app.shown())

    drive([Tree(nodes=nodes)], script)


def test_nothing_is_laid_out_before_there_is_room() -> None:
    rooms: list[str] = []

    def grid_of(chamber: str) -> None:
        rooms.append(chamber)

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        app.page.display = False
        await app.page.put([sample.card(), tiles(3)])
        await pilot.pause()
        assert not rooms
        app.page.display = True
        await pilot.pause()
        assert len(rooms) == 1

    drive([sample.card()], script, grid_of=grid_of)


def test_what_is_forgotten_is_gone_and_what_was_typed_is_not() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        app.page.forget()
        await pilot.pause()
        assert "Member" not in app.shown()
        assert app.page.refs == ()
        await app.page.put([big_table(5)])
        await pilot.pause()
        assert "Member 0" in app.shown()

    drive([big_table(5)], script)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        await pilot.pause(0.02)


async def laid_out(pilot: Pilot[Any], app: PageApp) -> None:
    await until(pilot, lambda: not app.shown().strip().startswith("…"))
