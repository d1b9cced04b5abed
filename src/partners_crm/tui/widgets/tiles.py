"""The tile picture on the screen: every district the same size, near its neighbours."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip

from partners_crm.districts.tiles import Cell, Direction
from partners_crm.services.pictures.legend import mark, step_of
from partners_crm.tui.asking import Found
from partners_crm.tui.display import cell as cell_of
from partners_crm.tui.display import strip
from partners_crm.tui.widgets.board import Board, Piece
from partners_crm.tui.widgets.palette import palette
from partners_crm.tui.widgets.picture import Picture

OPEN, CLOSE = "[", "]"
"""What stands around the district under the cursor: it is seen without colour too."""


class Tiles(Picture):
    """The tiles; too many for the room, they scroll."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.board = Board((), ())
        self._lines: list[list[Piece]] = []
        self._styles: dict[Cell, Any] = {}

    def put(self, found: Found | None, cell: Cell | None) -> None:
        """Show an answer, with the cursor on a district or one near it."""
        self.found = found
        self._set()
        self.cell = self.board.near(cell)
        self.follow()

    def _set(self) -> None:
        """Lay the tiles out in the room there is: with the numbers of all cells where they fit."""
        if self.found is None:
            self.board, self._lines = Board((), ()), []
        else:
            answers, grids = self.found.answers, self.found.grids
            roomy = Board(grids, answers, roomy=True)
            fits = roomy.width <= self.size.width and roomy.height <= self.size.height
            self.board = roomy if fits else Board(grids, answers)
            self._lines = self.board.lines(
                lambda cell: mark(answers[cell]),
                lambda cell: "" if answers[cell].state == "confirmed" else step_of(answers[cell]).shade,
            )
        self.virtual_size = Size(self.board.width, self.board.height)
        self.recolour()

    def recolour(self) -> None:
        """Take the colours of the present look."""
        look = palette(self.app.current_theme.dark)
        answers = self.found.answers if self.found else {}
        self._styles = {}
        for cell in self.board.boxes:
            styles = look.heads if self.board.is_head(cell) else look.cells
            self._styles[cell] = styles[step_of(answers[cell]).code]
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Lay the tiles out anew."""
        self._set()
        self.follow()

    def step(self, direction: Direction) -> None:
        """Move the cursor to the neighbour."""
        if self.cell is not None:
            self.choose(self.board.moved(self.cell, direction))

    def edge(self, last: bool) -> None:
        """Move the cursor to the first or the last tile."""
        cells = list(self.board.boxes)
        if cells:
            self.choose(cells[-1 if last else 0])

    def at(self, x: int, y: int) -> Cell | None:
        """The district drawn at a place of the widget."""
        return self.board.at(x + self.scroll_offset.x, y + self.scroll_offset.y)

    def follow(self) -> None:
        """Scroll to the district under the cursor, and the number of its tile."""
        if self.cell is not None:
            box = self.board.boxes[self.cell]
            around = Region(box.x - 1, max(0, box.y - 1), box.width + 2, box.height + 1)
            self.scroll_to_region(around, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, line = self.size.width, y + self.scroll_offset.y
        ground = self.rich_style
        if not self._lines and y == 1 and self.found is not None:
            trouble = f" {self.found.trouble or 'nothing to draw'}; m shows the districts as a table"
            return strip([(cell_of(trouble, width), ground)], width, ground)
        if line >= len(self._lines):
            return Strip.blank(width, ground)
        cursor = self.get_component_rich_style("picture--cursor")
        words = self.get_component_rich_style("picture--quiet")
        parts: list[tuple[object, Any]] = []
        upto = 0
        for piece in sorted(self._lines[line]):
            x, text, cell = piece
            here = cell is not None and cell == self.cell
            if here:
                x, text = x - 1, f"{OPEN}{text}{CLOSE}"
            if x < upto:  # the bracket of the cell before stands in the blank between them
                text = text[upto - x :]
                x = upto
            parts.append((" " * (x - upto), ground))
            parts.append((text, cursor if here else words if cell is None else ground + self._styles[cell]))
            upto = x + len(text)
        left = self.scroll_offset.x
        return strip(parts, max(self.board.width, left + width), ground).crop(left, left + width)
