"""A page of blocks: one cursor walks through all that can be chosen on it, and says what it is on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding
from textual.message import Message

from partners_crm.plugins.blocks import Block, Form, Ref, Table
from partners_crm.plugins.drawing import GridOf, no_grid
from partners_crm.plugins.drawing.base import Direction, Place
from partners_crm.plugins.screens import Answers, Selection
from partners_crm.tui.blocks.drawn import DrawnBlock
from partners_crm.tui.blocks.forms import FormBlock
from partners_crm.tui.blocks.stack import BlockStack

NEAR = 3
"""Lines beyond the edge up to which the cursor goes to what is there; before that, the page moves."""


class PageMessage(Message):
    """Word of a page of blocks."""

    def __init__(self, page: BlockPage) -> None:
        super().__init__()
        self.page = page

    @property
    def control(self) -> BlockPage:
        """The page."""
        return self.page


class BlockPage(BlockStack, can_focus=True):
    """Blocks below each other. It has the focus itself, or a line of one of its forms has it."""

    DEFAULT_CSS = """
    BlockPage { height: 1fr; background: $surface; color: $foreground; scrollbar-size-vertical: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("down,j", "move('down')", "Down", show=False, id="blocks.down"),
        Binding("up,k", "move('up')", "Up", show=False, id="blocks.up"),
        Binding("left", "move('left')", "Left; close what is below", show=False, id="blocks.left"),
        Binding("right", "move('right')", "Right; open what is below", show=False, id="blocks.right"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="blocks.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="blocks.page_up"),
        Binding("home,g", "edge(0)", "First", show=False, id="blocks.first"),
        Binding("end,G", "edge(1)", "Last", show=False, id="blocks.last"),
        Binding("tab", "block(1)", "Next block", show=False, id="blocks.next"),
        Binding("shift+tab", "block(-1)", "Block before", show=False, id="blocks.previous"),
        Binding("enter", "choose", "Open", show=False, id="blocks.open"),
        Binding("space", "mark", "Mark the row", show=False, id="blocks.mark"),
        Binding("a", "mark_all(1)", "Mark all rows", show=False, id="blocks.mark_all"),
        Binding("A", "mark_all(0)", "Mark none", show=False, id="blocks.mark_none"),
    ]

    class Moved(PageMessage):
        """The cursor is on something else."""

        def __init__(self, page: BlockPage, selection: Selection) -> None:
            super().__init__(page)
            self.selection = selection

    class Chosen(PageMessage):
        """Something was asked for, by Enter or a second click."""

        def __init__(self, page: BlockPage, selection: Selection) -> None:
            super().__init__(page)
            self.selection = selection

    class Marked(PageMessage):
        """Other rows are marked."""

        def __init__(self, page: BlockPage, count: int) -> None:
            super().__init__(page)
            self.count = count
            """Marked rows of all tables of the page."""

    class Answered(PageMessage):
        """A form was filled in and saved. A `record` is answered as it was typed: `read_answers` finds its id."""

        def __init__(self, page: BlockPage, form: Form, answers: Answers) -> None:
            super().__init__(page)
            self.form = form
            self.action = form.action
            """Name of the action that gets the answers."""
            self.answers = answers

    def __init__(
        self,
        blocks: Iterable[Block] = (),
        *,
        grid_of: GridOf = no_grid,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(blocks, grid_of, id=id, classes=classes)

    # ---------------------------------------------------------------- what others call

    async def put(self, blocks: Iterable[Block]) -> None:
        """Show other blocks. Where they are of the same kinds as before, cursor and place on the page stay."""
        old, self.blocks = self.blocks, tuple(blocks)
        if len(old) == len(self.blocks) and all(
            type(one) is type(other) and (not isinstance(other, Form) or one == other)
            for one, other in zip(old, self.blocks, strict=True)
        ):
            for part, block in zip(self._parts, self.blocks, strict=True):
                if isinstance(part, DrawnBlock):
                    part.put(block)
            self.call_after_refresh(self._follow)
            return
        self.at = 0
        if not self.is_mounted:
            self._parts = self._made()
            return
        had_focus = any(part.is_entered for part in self._parts if isinstance(part, FormBlock))
        with self.app.batch_update():
            await self.remove_children()
            self._parts = self._made()
            await self.mount(*self._parts)
        if had_focus:
            self.focus(scroll_visible=False)
        self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self._show_cursor()

    def forget(self) -> None:
        """Show nothing of what was put here; what was typed into its forms stays."""
        for part in self._parts:
            if isinstance(part, DrawnBlock):
                part.forget()

    def taken(self, form: Form) -> None:
        """What was typed into a form was taken: it holds again what it held at first."""
        for part in self._parts:
            if isinstance(part, FormBlock) and part.block is form:
                part.reset()

    @property
    def selection(self) -> Selection:
        """What the cursor is on; the block alone where nothing can be chosen."""
        part = self._part
        return Selection(block=self.at) if part is None else part.selection

    @property
    def marked(self) -> tuple[Selection, ...]:
        """The marked rows of all tables of the page, in order."""
        return tuple(
            part.selection_at(place)
            for part in self._parts
            if isinstance(part, DrawnBlock)
            for place in sorted(part.marked)
        )

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The records that an action is given: those of the marked rows, else the one under the cursor; each once."""
        found = self.marked or (self.selection,)
        return tuple(dict.fromkeys(each.ref for each in found if each.ref is not None))

    @property
    def is_unsaved(self) -> bool:
        """Whether something was typed into a form and not saved."""
        return any(isinstance(part, FormBlock) and part.is_changed for part in self._parts)

    def about(self) -> str:
        """What is under the cursor in full, where its block has too little room for it; "" for nothing more."""
        part = self._part
        if not isinstance(part, DrawnBlock) or part.cursor is None:
            return ""
        return part.laid.about(part.cursor)

    # ---------------------------------------------------------------- moving

    def on_focus(self) -> None:
        """Show the cursor as that of the focus."""
        self._show_cursor()

    def on_blur(self) -> None:
        """Show the cursor as that of another part of the screen."""
        self._show_cursor()

    def action_move(self, direction: Direction) -> None:
        """Move the cursor, from block to block too; what lies between is not skipped unseen."""
        part = self._part
        if part is None:
            return
        if isinstance(part, FormBlock) and (
            direction in ("left", "right") or (part.is_entered and part.step(1 if direction == "down" else -1))
        ):
            return
        if isinstance(part, DrawnBlock):
            if direction in ("left", "right"):
                if not part.toggle(direction == "right") and (place := part.moved(direction)) is not None:
                    self._go(self.at, place)
                return
            if (place := part.moved(direction)) is not None:
                self._towards(self.at, place, direction)
                return
        step = 1 if direction == "down" else -1
        other = self.at + step
        if not 0 <= other < len(self._parts):
            self._scroll(self.scroll_offset.y + step * self._high)
            return
        self._towards(other, self._edge_of(other, last=step < 0), direction)

    def _edge_of(self, number: int, *, last: bool) -> Place | None:
        part = self._parts[number]
        if isinstance(part, FormBlock):
            return None
        return part.laid.last() if last else part.laid.first()

    def _towards(self, number: int, place: Place | None, direction: Direction) -> None:
        """Go to a place; when it is far beyond the edge, move the page by half its height instead."""
        part = self._parts[number]
        y, high = part.virtual_region.y, 1
        if isinstance(part, DrawnBlock) and place is not None:
            box = part.laid.box(place)
            y, high = y + box.y, box.height
        elif direction == "up":
            y += max(0, part.virtual_region.height - 1)
        top, half = self.scroll_offset.y, max(1, self._high // 2)
        if direction == "down" and y > top + self._high - 1 + NEAR:
            self._scroll(top + min(half, y - (top + self._high - 1)))
        elif direction == "up" and y + high < top - NEAR:
            self._scroll(top - min(half, top - (y + high)))
        else:
            self._go(number, place)

    def _go(self, number: int, place: Place | None) -> None:
        """Put the cursor on a place of a block, or on a form, which Enter goes into."""
        self.at = number
        part = self._parts[number]
        if isinstance(part, DrawnBlock) and part.go(place):
            self.call_after_refresh(self._follow)
        if any(each.is_entered for each in self._parts if isinstance(each, FormBlock)):
            self.focus(scroll_visible=False)
        self._show_cursor()
        self._follow()
        self.post_message(self.Moved(self, self.selection))

    def action_page(self, step: int) -> None:
        """Move by a screenful."""
        part = self._part
        if part is None:
            return
        line, x = part.virtual_region.y, 0
        if isinstance(part, DrawnBlock) and part.cursor is not None:
            box = part.laid.box(part.cursor)
            line, x = line + box.y, box.x
        jump = step * max(1, self._high - 2)
        self._scroll(self.scroll_offset.y + jump)
        found = self._near_line(line + jump, x)
        if found is not None:
            self._go(*found)

    def action_edge(self, last: int) -> None:
        """Go to the beginning or the end of the page."""
        if not self._parts:
            return
        number = len(self._parts) - 1 if last else 0
        self._go(number, self._edge_of(number, last=bool(last)))
        self._scroll(self.max_scroll_y if last else 0)

    def action_block(self, step: int) -> None:
        """Go to the next block, through the lines of a form; from the last one to the next part of the screen."""
        part = self._part
        if isinstance(part, FormBlock) and part.is_entered and part.step(step):
            return
        other = self.at + step
        if not 0 <= other < len(self._parts):
            if self._leave(step) or not self._parts:
                return
            other %= len(self._parts)
        there = self._parts[other]
        self._go(other, there.cursor if isinstance(there, DrawnBlock) else None)
        if isinstance(there, FormBlock):
            there.enter(last=step < 0)

    def _leave(self, step: int) -> bool:
        """Go to the next part of the screen; whether there is one."""
        chain = self.screen.focus_chain
        here = chain.index(self)
        around = [*chain[here + 1 :], *chain[:here]][::step]
        other = next((each for each in around if self not in each.ancestors), None)
        if other is None:
            return False
        other.focus()
        return True

    # ---------------------------------------------------------------- choosing and marking

    def action_choose(self) -> None:
        """Ask for what is under the cursor; an entry of a tree that stands for nothing opens or closes."""
        part = self._part
        if isinstance(part, FormBlock):
            part.enter()
        elif part is not None and part.cursor is not None:
            found = part.selection
            if found.ref is None and not found.key and part.toggle():
                return
            self.post_message(self.Chosen(self, found))

    def action_mark(self) -> None:
        """Mark the row under the cursor, or no longer, and go to the next one."""
        part = self._part
        if not isinstance(part, DrawnBlock) or part.cursor is None:
            return
        if isinstance(part.block, Table):
            part.mark([part.laid.sign_of(part.cursor)])
            if (below := part.moved("down")) is not None:
                self._go(self.at, below)
            self._tell_marks()

    def action_mark_all(self, on: int) -> None:
        """Mark all rows of the table, or none of any."""
        part = self._part
        if on and isinstance(part, DrawnBlock):
            part.mark(list(part.laid.marks()), on=True)
        for each in () if on else self._parts:
            if isinstance(each, DrawnBlock):
                each.mark(list(each.marked), on=False)
        self._tell_marks()

    def _tell_marks(self) -> None:
        count = sum(len(part.marked) for part in self._parts if isinstance(part, DrawnBlock))
        self.post_message(self.Marked(self, count))

    def on_drawn_block_clicked(self, message: DrawnBlock.Clicked) -> None:
        """Put the cursor on what was clicked; a click on what has it asks for it."""
        message.stop()
        self.focus(scroll_visible=False)
        part = self._parts[message.number]
        if message.place is None or not isinstance(part, DrawnBlock):
            return
        if message.number == self.at and message.place == part.cursor:
            self.action_choose()
        else:
            self._go(message.number, message.place)

    def on_drawn_block_laid(self, message: DrawnBlock.Laid) -> None:
        """A large block is there now: the cursor is on it, in sight."""
        message.stop()
        self._show_cursor()
        self.call_after_refresh(self._follow)

    def on_form_block_entered(self, message: FormBlock.Entered) -> None:
        """The cursor is in a form now."""
        message.stop()
        if self.at != message.number:
            self.at = message.number
            self._show_cursor()
            self.post_message(self.Moved(self, self.selection))

    def on_form_block_left(self, message: FormBlock.Left) -> None:
        """Esc in a form: the page itself has the focus again."""
        message.stop()
        self.focus(scroll_visible=False)
        self._show_cursor()

    def on_form_block_saved(self, message: FormBlock.Saved) -> None:
        """Hand the answers on."""
        message.stop()
        self.post_message(self.Answered(self, message.form, message.answers))


__all__ = ["BlockPage"]
