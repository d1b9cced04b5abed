"""Tables and matrices of any size: only the lines that are asked for are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from partners_crm.normalize.text import show
from partners_crm.plugins.blocks import Matrix, Table, Text
from partners_crm.plugins.drawing.base import (
    CELL_CHARACTERS,
    GUTTER,
    Box,
    Chosen,
    Direction,
    Layout,
    Place,
    Room,
    Span,
    Spans,
    chosen_in,
    gutter,
    look_of,
    spelled,
    stands_for,
)

GAP = 2
"""Blank cells between columns of a table."""
MEASURED = 500
"""Rows at the beginning, and as many spread over the rest, that are measured for the widths of columns."""
NARROW = 8
"""Cells that a column gives way down to."""
WIDEST = 60
"""Cells that a column takes at most where nothing says how many it would like."""
LABEL_LINES = 4
"""Lines that the labels of a matrix' columns take at most on a screen."""
LEAST, ROOMY = 5, 14
"""Cells of a column of a matrix, with the brackets of the cursor: at least, and at most for the sake of a cell."""
LABEL = 12
"""Cells of a column's label that are wished for where there is room."""


class TableLayout(Layout):
    """Rows under headings. Column 0 of a place is the row as a whole, the others are its cells, from 1."""

    def __init__(self, block: Table, room: Room) -> None:
        self.room = room
        self.block = block
        self._widths, self._hidden = self._fit()
        self._above: list[Spans] = []
        if block.title or self._hidden:
            count = len(block.rows)
            note = f"{count:,} {'row' if count == 1 else 'rows'}"
            if self._hidden:
                note += f", {self._hidden} more {'column' if self._hidden == 1 else 'columns'} where it is wider"
            self._above.append(room.titled(block.title, note))
        shown = zip(block.headings, self._widths, strict=False)
        heads = [room.fit(show(each.label, CELL_CHARACTERS), width, each.align) for each, width in shown]
        self._above.append([gutter(), Span((" " * GAP).join(heads), "head")])
        self._below = [] if block.rows else room.wrap(block.empty, room.width - GUTTER)
        self.height = len(self._above) + (len(block.rows) or len(self._below))
        self.pinned = range(len(self._above) - 1, len(self._above))
        self.overhang = range(len(self._above), self.height)

    def _fit(self) -> tuple[list[int], int]:
        """The width of each column that has room, and how many have none."""
        block, room = self.block, self.room
        rows: Sequence[int] = range(min(MEASURED, len(block.rows)))
        if len(block.rows) > MEASURED:
            rows = [*rows, *range(MEASURED, len(block.rows), max(1, len(block.rows) // MEASURED))]
        wanted = []
        for place, heading in enumerate(block.headings):
            need = max((room.size(spelled(block.rows[row].cells[place])) for row in rows), default=0)
            own = room.size(show(heading.label, CELL_CHARACTERS))
            wanted.append(max(1, int(heading.width) or min(WIDEST, max(need, own))))
        if room.whole and room.width <= 0:
            return wanted, 0
        shown = len(wanted)
        free = room.width - GUTTER
        while shown > 1 and sum(min(NARROW, each) for each in wanted[:shown]) + GAP * (shown - 1) > free:
            shown -= 1
        return narrowed(wanted[:shown], free - GAP * (shown - 1)), len(wanted) - shown

    def line(self, y: int) -> Sequence[Span]:
        """The pieces of a line."""
        if y < len(self._above):
            return self._above[y]
        number = y - len(self._above)
        if not self.block.rows:
            return [gutter(), Span(self._below[number], "quiet")]
        row, place = self.block.rows[number], Place(number)
        found = [gutter(place)]
        for column, width in enumerate(self._widths):
            text, heading = row.cells[column], self.block.headings[column]
            own = Place(number, column + 1) if stands_for(text) else place
            found.append(Span(self.room.fit(spelled(text), width, heading.align), look_of(text), own, lit=True))
            found.append(Span(" " * GAP, "plain", place, lit=True))
        return found[:-1]

    def first(self) -> Place | None:
        """The first row."""
        return Place(0) if self.block.rows else None

    def last(self) -> Place | None:
        """The last row."""
        return Place(len(self.block.rows) - 1) if self.block.rows else None

    def has(self, place: Place) -> bool:
        """Whether there is such a place."""
        return 0 <= place.row < len(self.block.rows) and place.column in (0, *self._own(place.row))

    def _own(self, row: int) -> list[int]:
        """The cells of a row that can be chosen by themselves, from 1."""
        shown = enumerate(self.block.rows[row].cells[: len(self._widths)], 1)
        return [column for column, text in shown if stands_for(text)]

    def moved(self, place: Place, direction: Direction) -> Place | None:
        """The row below or above; the cell to the side that stands for something."""
        if direction in ("left", "right"):
            stops = [0, *self._own(place.row)]
            rank = stops.index(place.column) + (1 if direction == "right" else -1)
            return Place(place.row, stops[rank]) if 0 <= rank < len(stops) else None
        row = place.row + (1 if direction == "down" else -1)
        if not 0 <= row < len(self.block.rows):
            return None
        return Place(row, place.column if place.column in self._own(row) else 0)

    def box(self, place: Place) -> Box:
        """Where a row or a cell is."""
        y = len(self._above) + place.row
        if not place.column:
            return Box(0, y, self.room.width, 1)
        before = sum(self._widths[: place.column - 1]) + GAP * (place.column - 1)
        return Box(GUTTER + before, y, self._widths[place.column - 1], 1)

    def chosen(self, place: Place) -> Chosen:
        """What a row or a cell stands for; a row that says nothing stands for the first cell that does."""
        row = self.block.rows[place.row]
        if place.column:
            return chosen_in(row.cells[place.column - 1])
        if row.ref is None and not row.key:
            return next((chosen_in(text) for text in row.cells if stands_for(text)), Chosen(None, ""))
        return Chosen(row.ref, row.key)

    def sign_of(self, place: Place) -> Place:
        """The row of a cell."""
        return Place(place.row)

    def marks(self) -> Iterable[Place]:
        """Every row."""
        return map(Place, range(len(self.block.rows)))


class MatrixLayout(Layout):
    """Cells under columns and beside rows. A place counts cells from 0; the labels are row -1 and column -1."""

    def __init__(self, block: Matrix, room: Room, first: int = 0) -> None:
        self.room = room
        self.block = block
        corner = [show(block.corner, CELL_CHARACTERS)]
        most = max(map(room.size, [*map(spelled, block.rows), *corner]), default=1)
        self._labels = max(1, min(most, max(LEAST, room.width // 3)))
        self._cell = self._cell_width()
        free = room.width - GUTTER - self._labels - 1
        self.shown = max(1, min(len(block.columns), free // self._cell))
        """Columns that have room."""
        self.start = 0
        """The first column drawn."""
        self._start_at(first)

    def _cell_width(self) -> int:
        block, room = self.block, self.room
        rows = block.cells if len(block.cells) <= MEASURED else block.cells[:: len(block.cells) // MEASURED + 1]
        need = max((room.size(spelled(text)) for row in rows for text in row), default=0)
        label = max((room.size(spelled(text)) for text in block.columns), default=0)
        free = room.width - GUTTER - self._labels - 1
        fair = free // max(1, len(block.columns))  # where all columns have this room
        wished = min(label, LABEL) + 2
        width = max(min(need + 2, ROOMY), LEAST, min(wished, max(fair, LEAST + 3)))
        return max(1, min(width, max(LEAST, free)))

    def _start_at(self, first: int) -> None:
        block, room = self.block, self.room
        self.start = max(0, min(first, len(block.columns) - self.shown))
        inner = self._cell - 2
        most = 0 if room.whole else LABEL_LINES
        every = [room.wrap(spelled(text), inner, most) for text in block.columns]
        heads = every[self.start : self.start + self.shown]
        lines = max(map(len, heads if room.whole else every), default=1)
        self._above: list[Spans] = []
        note = self._note()
        self.told = -1 if room.whole else 0
        if block.title or note or not room.whole:
            self._above.append(room.titled(block.title, note))
        for count in range(lines):
            corner = show(block.corner, CELL_CHARACTERS) if count == lines - 1 else ""
            spans = [gutter(), Span(room.fit(corner, self._labels) + " ", "label")]
            for column, head in enumerate(heads, self.start):
                at = count - (lines - len(head))  # they stand on the cells
                text = room.fit(head[at] if at >= 0 else "", inner, "right")
                place = Place(-1, column) if stands_for(block.columns[column]) else None
                spans.append(Span(f" {text} ", "head", place, lit=True, framed=True))
            self._above.append(spans)
        self.height = len(self._above) + len(block.rows)
        self.pinned = range(len(self._above))
        self._labelled = len(self._above) - lines
        self.overhang = range(len(self._above), self.height)

    def _note(self) -> str:
        count = len(self.block.columns)
        if self.shown >= count:
            return "" if count and self.block.rows else "Nothing to compare."
        return f"columns {self.start + 1} to {self.start + self.shown} of {count:,}"

    def line(self, y: int) -> Sequence[Span]:
        """The pieces of a line."""
        if y < len(self._above):
            return self._above[y]
        row = y - len(self._above)
        label = self.block.rows[row]
        head = Place(row, -1) if stands_for(label) else None
        text = self.room.fit(spelled(label), self._labels)
        found = [gutter(head), Span(f"{text} ", look_of(label, "label"), head, lit=True)]
        for column in range(self.start, min(self.start + self.shown, len(self.block.columns))):
            cell = self.block.cells[row][column]
            text = self.room.fit(spelled(cell), self._cell - 2, "right")
            found.append(Span(f" {text} ", look_of(cell), Place(row, column), lit=True, framed=True))
        return found

    def first(self) -> Place | None:
        """The first cell."""
        return Place(0, 0) if self.block.rows and self.block.columns else None

    def last(self) -> Place | None:
        """The cell at the end."""
        first = self.first()
        return first and Place(len(self.block.rows) - 1, len(self.block.columns) - 1)

    def has(self, place: Place) -> bool:
        """Whether there is such a place."""
        row, column = place
        if not (-1 <= row < len(self.block.rows) and -1 <= column < len(self.block.columns)) or row == column == -1:
            return False
        label = self._label(place)
        return label is None or stands_for(label)

    def _label(self, place: Place) -> Text | None:
        """The label that a place is; None where it is a cell."""
        if place.row < 0:
            return self.block.columns[place.column]
        return self.block.rows[place.row] if place.column < 0 else None

    def moved(self, place: Place, direction: Direction) -> Place | None:
        """The next cell, or the next label that stands for something."""
        down = {"down": 1, "up": -1}.get(direction, 0)
        right = {"right": 1, "left": -1}.get(direction, 0)
        row, column = place.row + down, place.column + right
        while -1 <= row < len(self.block.rows) and -1 <= column < len(self.block.columns):
            if self.has(Place(row, column)):
                return Place(row, column)
            row, column = row + down, column + right
        return None

    def box(self, place: Place) -> Box:
        """Where a cell or a label is."""
        y = self._labelled if place.row < 0 else len(self._above) + place.row
        high = len(self._above) - self._labelled if place.row < 0 else 1
        if place.column < 0:
            return Box(0, y, GUTTER + self._labels, high)
        x = GUTTER + self._labels + 1 + (place.column - self.start) * self._cell
        return Box(x, y, self._cell, high)

    def chosen(self, place: Place) -> Chosen:
        """What a cell or a label stands for."""
        label = self._label(place)
        return chosen_in(self.block.cells[place.row][place.column] if label is None else label)

    def about(self, place: Place) -> str:
        """The cell in full, with its labels."""
        label = self._label(place)
        if label is not None:
            return spelled(label)
        row, column = self.block.rows[place.row], self.block.columns[place.column]
        return f"{spelled(row)} × {spelled(column)}: {spelled(self.block.cells[place.row][place.column]) or 'nothing'}"

    def reveal(self, place: Place) -> bool:
        """Draw other columns where a cell has no room; whether that was so."""
        if place.column < 0 or self.start <= place.column < self.start + self.shown:
            return False
        self._start_at(place.column if place.column < self.start else place.column - self.shown + 1)
        return True

    def parts(self) -> Iterable[Layout]:
        """All columns, as many beside each other as there is room for."""
        count = len(self.block.columns)
        for start in range(0, count or 1, self.shown):
            part = MatrixLayout(self.block, self.room, start)
            yield part if part.start == start else part.only(start)

    def only(self, start: int) -> MatrixLayout:
        """The same with the columns from one on alone, at the end of a matrix in parts."""
        columns = self.block.columns[start:]
        cells = tuple(row[start:] for row in self.block.cells)
        block = Matrix(columns=columns, rows=self.block.rows, cells=cells, corner=self.block.corner)
        return MatrixLayout(block, self.room)


def narrowed(wanted: Sequence[int], free: int) -> list[int]:
    """Widths that come to no more than what is free: the widest give way first, each down to 1 at least."""
    widths = list(wanted)
    over = sum(widths) - max(len(widths), free)
    while over > 0:
        widest = max(widths)
        wide = [place for place, width in enumerate(widths) if width == widest]
        second = max((width for width in widths if width < widest), default=1)
        step = min(widest - second or widest - 1, max(1, over // len(wide)))
        for place in wide:
            cut = min(step, over)
            widths[place] -= cut
            over -= cut
    return widths
