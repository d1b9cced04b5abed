"""One block on the screen: the lines that are in sight, with the cursor, the marks, and the headings kept in sight."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from partners_crm.plugins.blocks import Block, Timeline
from partners_crm.plugins.drawing import GridOf, Layout, Room, layout_of, no_grid, weight
from partners_crm.plugins.drawing.base import Box, Direction, Place, Span
from partners_crm.plugins.drawing.lists import TreeLayout
from partners_crm.plugins.screens import Selection
from partners_crm.tui.display import CELL_CHARACTERS, cells, strip

CURSOR, MARK = "▸", "✓"
OPEN, CLOSE = "[", "]"
"""What stands around a cell under the cursor: it is seen without colour too."""
LOOKS = ("title", "head", "label", "quiet", "good", "doubt", "bad", "removed", "added", "bar", "frame", "sign")
LEAST = 20
"""Cells that a block is laid out for at least; what is narrower cuts it off."""
LINES_KEPT = 2000
"""Drawn lines that are kept at most."""
LARGE = 300
"""About the lines from which a block is laid out in a thread: as many take a few milliseconds."""
WAITING = Timeline(events=(), empty="…")
"""What stands in the place of a large block until it is laid out."""


class DrawnBlock(Widget):
    """One block. It has no focus and no keys of its own: the page moves its cursor."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"block--{look}" for look in (*LOOKS, "cursor", "here")}
    DEFAULT_CSS = """
    DrawnBlock { height: auto; width: 1fr; margin: 0 0 1 0; background: $surface; color: $foreground; }
    DrawnBlock > .block--title { text-style: bold; color: $primary; }
    DrawnBlock > .block--head { text-style: bold; background: $panel; }
    DrawnBlock > .block--label, DrawnBlock > .block--quiet { color: $foreground 60%; }
    DrawnBlock > .block--frame { color: $foreground 40%; }
    DrawnBlock > .block--good { color: $success; }
    DrawnBlock > .block--doubt { color: $warning; }
    DrawnBlock > .block--bad { color: $error; }
    DrawnBlock > .block--removed { color: $error; text-style: strike; }
    DrawnBlock > .block--added { color: $success; text-style: underline; }
    DrawnBlock > .block--bar { color: $primary; }
    DrawnBlock > .block--sign { color: $accent; }
    DrawnBlock > .block--cursor { background: $primary; color: $background; text-style: bold; }
    DrawnBlock > .block--here { background: $primary 30%; }
    """

    class Clicked(Message):
        """A place was clicked; None beside all of them."""

        def __init__(self, number: int, place: Place | None) -> None:
            super().__init__()
            self.number = number
            self.place = place

    class Laid(Message):
        """A large block is laid out now."""

    def __init__(self, block: Block, number: int, grid_of: GridOf = no_grid) -> None:
        super().__init__()
        self.block = block
        self.number = number
        """Its place on the page, counted from 0."""
        self._cursor: Place | None = None
        self.marked: set[Place] = set()
        self._grid_of = grid_of
        self._weight = weight(block)
        self._made: Layout | None = None
        """The newest layout; of a large block that of before, until the next one is there."""
        self._waits = layout_of(WAITING, Room(LEAST, cells_of))
        self._width = 0
        """The cells it is laid out for; 0 before it is."""
        self._turn = 0
        """Counts the layouts that were asked for."""
        self._is_asked = False
        """Whether a thread will be begun once the width is settled."""
        self._state = ""
        self._pin = 0
        self._drawn = 0

    # ---------------------------------------------------------------- what the page calls

    def put(self, block: Block) -> None:
        """Show another block in its place; the cursor stays where it was, if that is still there."""
        self.block = block
        self._weight = weight(block)
        self.marked.clear()
        self._lay(self._width, anew=True)
        self.refresh(layout=True)

    def forget(self) -> None:
        """Show nothing of the block any more, until another one is put in its place."""
        self._turn += 1
        self._made, self._cursor = None, None
        self.block, self._weight = WAITING, 0
        self.marked.clear()
        self.refresh(layout=True)

    @property
    def laid(self) -> Layout:
        """The block as it is laid out now; a sign that it is awaited before it is, or has no room yet."""
        if self._made is None:
            self._lay(self._width)
        return self._made or self._waits

    @property
    def cursor(self) -> Place | None:
        """Where the cursor of the block is; None where nothing can be chosen."""
        return self._cursor if self._made is not None else self.laid.first()

    @property
    def selection(self) -> Selection:
        """What is under the cursor."""
        return self.selection_at(self.cursor)

    def selection_at(self, place: Place | None) -> Selection:
        """What is at a place; the block alone where there is none."""
        if place is None:
            return Selection(block=self.number)
        ref, key = self.laid.chosen(place)
        return Selection(block=self.number, ref=ref, key=key, row=place.row, column=place.column)

    def box(self) -> Box:
        """Where the cursor is; all of a block without places."""
        return Box(0, 0, self._width, max(1, self.laid.height)) if self.cursor is None else self.laid.box(self.cursor)

    def lead(self) -> int:
        """The lines above the cursor that are wanted in sight with it: all at the beginning, else the headings."""
        if self.cursor is None:
            return 0
        y = self.laid.box(self.cursor).y
        if self.cursor == self.laid.first() or y <= self.laid.overhang.start:
            return y
        return len(self.laid.pinned) if y in self.laid.overhang else 0

    def moved(self, direction: Direction) -> Place | None:
        """Where an arrow key goes from the cursor; None where it leaves the block."""
        return None if self.cursor is None else self.laid.moved(self.cursor, direction)

    def go(self, place: Place | None) -> bool:
        """Put the cursor on a place; whether the block is of another height for it."""
        before, self._cursor = self.cursor, place
        height = self.laid.height
        if place is not None and self.laid.reveal(place):
            self.refresh(layout=self.laid.height != height)
            return self.laid.height != height
        for each in (before, place):
            if each is not None and self.laid.has(each):
                self._repaint(self.laid.box(each))
        return False

    def toggle(self, open: bool | None = None) -> bool:  # noqa: A002  # the word for it
        """Open or close what is below the cursor; whether there was anything to do."""
        laid = self.laid
        if self._weight >= LARGE and isinstance(laid, TreeLayout):
            if self.cursor is None or not laid.turn(self.cursor, open):
                return False
            self._lay(self._width, anew=True)
        elif self.cursor is None or not laid.toggle(self.cursor, open):
            return False
        self.refresh(layout=True)
        return True

    def mark(self, places: Sequence[Place], on: bool | None = None) -> None:
        """Mark places or not, or turn each mark round."""
        for place in places:
            if on if on is not None else place not in self.marked:
                self.marked.add(place)
            else:
                self.marked.discard(place)
        self.refresh()

    def state(self, state: str) -> None:
        """Show the cursor as that of the page with the focus ("cursor"), of another ("here"), or not at all ("")."""
        if state != self._state:
            self._state = state
            self.refresh()

    def pin(self, top: int, high: int) -> None:
        """Keep the headings in sight when `top` is the first line of the block that is, if a page so high has room."""
        heads = len(self.laid.pinned)
        before, self._pin = self._pin, max(0, top) if 2 * heads <= high else 0
        if heads and before != self._pin:
            self.refresh(*(Region(0, line, self._width, heads) for line in (before, self._pin)))

    # ---------------------------------------------------------------- drawing

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  # Textual's
        """The lines of the block at a width."""
        self._lay(width)
        # While a large one is awaited it has about the height it will have, so that its scrollbar has its room.
        return max(1, self._weight if self._made is None else self._made.height)

    def _lay(self, width: int, *, anew: bool = False) -> None:
        """Lay the block out for a width, a large one in a thread; the cursor and what was opened stay."""
        if width <= 1 or (width == self._width and not anew and (self._made is not None or self._is_asked)):
            return  # it is not on the screen yet, or all is known
        is_wanted = anew or width != self._width
        self._width = width
        if self._weight < LARGE:
            self._turn += 1
            self._take(self._laid_out())
        elif is_wanted:
            self._turn += 1
            if not self._is_asked:
                self._is_asked = True
                self.call_after_refresh(self._begin)  # the width changes a few times while a page is arranged

    def _laid_out(self) -> Layout:
        return layout_of(self.block, Room(max(LEAST, self._width), cells_of), self._grid_of, self._made)

    def _begin(self) -> None:
        """Lay the block out in a thread; what is there stays until then."""
        self._is_asked = False
        turn, app, work = self._turn, self.app, self._laid_out

        def run() -> None:
            try:
                laid: Layout | Exception = work()
            except Exception as error:  # a fault of ours must reach the crash path, not die in the thread
                laid = error
            with contextlib.suppress(RuntimeError):  # the loop of a program that has ended takes nothing any more
                app.call_later(self._arrived, turn, laid)

        # A daemon: nobody waits for it when the program ends.
        threading.Thread(target=run, name="lay out", daemon=True).start()

    def _arrived(self, turn: int, laid: Layout | Exception) -> None:
        if isinstance(laid, Exception):
            raise laid
        if turn == self._turn and self.is_mounted:
            self._take(laid)
            self.refresh(layout=True)
            self.post_message(self.Laid())

    def _take(self, laid: Layout) -> None:
        self._made = laid
        self._cursor = laid.near(self._cursor)
        if self._cursor is not None:
            laid.reveal(self._cursor)

    def _repaint(self, box: Box) -> None:
        self.refresh(Region(0, box.y, self._width, box.height), *self._heads())

    def _heads(self) -> list[Region]:
        """The lines that tell where the cursor is, or are drawn over others."""
        told = [Region(0, self.laid.told, self._width, 1)] if self.laid.told >= 0 else []
        heads = len(self.laid.pinned)
        return [*told, Region(0, self._pin, self._width, heads)] if heads else told

    def _line_at(self, y: int) -> int:
        """The line of the layout that is drawn at a line of the widget: headings stay in sight."""
        pinned, over = self.laid.pinned, self.laid.overhang
        if len(pinned) and pinned.start < self._pin < over.stop - len(pinned):
            at = y - self._pin
            return pinned.start + at if 0 <= at < len(pinned) else y
        return y

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        self._drawn += 1
        if self._drawn > LINES_KEPT:
            self._drawn = 0
            self.call_later(self.refresh)  # forgets the lines that were drawn before
        width, ground = self.size.width, self.rich_style
        line = self._line_at(y)
        if not 0 <= line < self.laid.height:
            return Strip.blank(width, ground)
        pieces = [self._piece(span, ground) for span in self.laid.line(line)]
        if line == self.laid.told and self._state and self.cursor is not None:
            quiet = self.get_component_rich_style("block--quiet")
            spare = width - sum(cells_of(text) for text, _ in pieces)
            pieces.append((self.laid.room.fit(f"   {self.laid.about(self.cursor)}", spare), quiet))
        return strip(pieces, width, ground)

    def _piece(self, span: Span, ground: Any) -> tuple[str, Any]:
        text, here = span.text, self._state != "" and span.place is not None and span.place == self.cursor
        if span.look == "sign":
            home = None if self.cursor is None else self.laid.sign_of(self.cursor)
            on = self._state != "" and span.place is not None and span.place == home
            text = (CURSOR if on else " ") + (MARK if span.place in self.marked else " ")
        elif here and span.framed:
            text = f"{OPEN}{text[1:-1]}{CLOSE}"
        if here and span.lit:
            return text, self.get_component_rich_style(f"block--{self._state}")
        return text, ground if span.look == "plain" else self.get_component_rich_style(f"block--{span.look}")

    # ---------------------------------------------------------------- the mouse

    def on_click(self, event: events.Click) -> None:
        """Say which place was clicked."""
        event.stop()
        self.post_message(self.Clicked(self.number, self.laid.at(event.x, self._line_at(event.y))))


def cells_of(text: str) -> int:
    """The cells that the terminal library counts for a harmless text of any length."""
    if text.isascii():
        return len(text)
    return sum(cells(text[at : at + CELL_CHARACTERS]) for at in range(0, len(text), CELL_CHARACTERS))
