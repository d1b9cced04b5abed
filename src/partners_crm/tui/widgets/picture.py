"""What the tiles and the true map share: one district is under the cursor, moved from, and opened."""

from __future__ import annotations

from abc import abstractmethod

from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView

from partners_crm.districts.tiles import Cell, Direction
from partners_crm.tui.asking import Found


class Picture(ScrollView, can_focus=True):
    """A picture of every district. The keys are the screen's, so that they are the same in each."""

    DEFAULT_CSS = """
    Picture { background: $surface; color: $foreground; height: 1fr; scrollbar-size: 1 1; }
    Picture > .picture--cursor { background: $accent 60%; color: $foreground; text-style: bold; }
    Picture:focus > .picture--cursor { background: $accent; color: $background; text-style: bold; }
    Picture > .picture--quiet { color: $foreground 60%; }
    """
    COMPONENT_CLASSES = {"picture--cursor", "picture--quiet"}  # noqa: RUF012  # as Textual has it

    class Chosen(Message):
        """Another district is under the cursor."""

        def __init__(self, cell: Cell) -> None:
            super().__init__()
            self.cell = cell

    class Opened(Message):
        """A district was asked for, by a second click."""

        def __init__(self, cell: Cell) -> None:
            super().__init__()
            self.cell = cell

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cell: Cell | None = None
        """The district under the cursor."""
        self.found: Found | None = None

    @abstractmethod
    def put(self, found: Found | None, cell: Cell | None) -> None:
        """Show an answer, with the cursor on a district or one near it."""

    @abstractmethod
    def step(self, direction: Direction) -> None:
        """Do what an arrow key means."""

    @abstractmethod
    def at(self, x: int, y: int) -> Cell | None:
        """The district drawn at a place of the widget."""

    def choose(self, cell: Cell) -> None:
        """Put the cursor on a district."""
        if cell != self.cell:
            self.cell = cell
            self.follow()
            self.refresh()
            self.post_message(self.Chosen(cell))

    def follow(self) -> None:
        """Bring the district under the cursor into sight."""

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a district; a click on the one that has it opens it."""
        cell = self.at(event.x, event.y)
        if cell is None:
            return
        if cell == self.cell:
            self.post_message(self.Opened(cell))
        else:
            self.choose(cell)
