"""Boards: cards in lanes beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from partners_crm.normalize.text import show
from partners_crm.plugins.blocks import Board, Card, Cell, Lane
from partners_crm.plugins.drawing.base import (
    CELL_CHARACTERS,
    GUTTER,
    SIGNS,
    Box,
    Chosen,
    Direction,
    Layout,
    Place,
    Room,
    Span,
    Spans,
    gutter,
    look_of,
    spelled,
)

LANE = 24
"""Cells of the narrowest lane."""
WIDEST = 48
"""Cells of the widest one."""


class _Lane:
    """One lane, laid out: its lines, and the first line and height of each card."""

    def __init__(self, lane: Lane, column: int, width: int, room: Room) -> None:
        self.lines: list[Spans] = []
        self.cards: list[tuple[int, int]] = []
        inner = width - GUTTER
        for row, card in enumerate(lane.cards):
            top = len(self.lines)
            self._card(card, Place(row, column), inner, room)
            self.cards.append((top, len(self.lines) - top))
            if row + 1 < len(lane.cards):
                self.lines.append(_blank(width))
        if not lane.cards:
            self.lines.append([gutter(), Span(room.fit("empty", inner), "quiet")])

    def _card(self, card: Card, place: Place, inner: int, room: Room) -> None:
        for count, text in enumerate(room.wrap(card.title, inner)):
            sign = gutter(place) if count == 0 else gutter()
            self.lines.append([sign, Span(room.fit(text, inner), "title", place, lit=True)])
        for line in card.lines:
            value = line.value
            spoken = SIGNS.get(value.tone, "") + value.text if isinstance(value, Cell) else value
            label = f"{show(line.label, CELL_CHARACTERS)}: " if line.label else ""
            for text in room.wrap(label + spoken, inner):
                self.lines.append([gutter(), Span(room.fit(text, inner), look_of(value), place)])
        for text in room.wrap(card.words, inner) if card.words else ():
            self.lines.append([gutter(), Span(room.fit(text, inner), "quiet", place)])


class BoardLayout(Layout):
    """Cards in lanes. A place is the card in its lane, and the lane."""

    def __init__(self, block: Board, room: Room, first: int = 0) -> None:
        self.room = room
        self.block = block
        count = max(1, len(block.lanes))
        self.shown = max(1, min(count, (room.width + 1) // (LANE + 1)))
        """Lanes that have room."""
        self._lane = max(1, min(WIDEST, (room.width + 1) // self.shown - 1))
        self.start = 0
        """The first lane drawn."""
        self._known: dict[int, _Lane] = {}
        self._start_at(first)

    def _of(self, column: int) -> _Lane:
        """A lane, laid out when it is first asked for."""
        if column not in self._known:
            self._known[column] = _Lane(self.block.lanes[column], column, self._lane, self.room)
        return self._known[column]

    def _start_at(self, first: int) -> None:
        lanes, room = self.block.lanes, self.room
        self.start = max(0, min(first, len(lanes) - self.shown))
        self._columns = range(self.start, min(len(lanes), self.start + self.shown))
        self._above: list[Spans] = []
        note = "" if self.shown >= len(lanes) else f"lanes {self.start + 1} to {self._columns.stop} of {len(lanes)}"
        if self.block.title or note or not lanes:
            self._above.append(room.titled(self.block.title, note if lanes else "Nothing here."))
        titled = len(self._above)
        heads: Spans = []
        for column in self._columns:
            lane = lanes[column]
            number = f"  {len(lane.cards):,}"
            label = room.fit(
                spelled(lane.label), min(room.size(spelled(lane.label)), self._lane - GUTTER - len(number))
            )
            text = room.fit(label + number, self._lane - GUTTER)
            heads += [gutter(), Span(text, look_of(lane.label, "head")), Span(" ")]
        if heads:
            rule = [gutter(), Span("─" * (self._lane - GUTTER) + " ", "frame")]
            self._above += [heads[:-1], rule * len(self._columns)]
        self._body = max((len(self._of(column).lines) for column in self._columns), default=0)
        self.height = len(self._above) + self._body
        self.pinned = range(titled, len(self._above))
        self.overhang = range(len(self._above), self.height)

    def line(self, y: int) -> Sequence[Span]:
        """The pieces of a line."""
        if y < len(self._above):
            return self._above[y]
        found: Spans = []
        for column in self._columns:
            lines = self._of(column).lines
            at = y - len(self._above)
            found += lines[at] if at < len(lines) else _blank(self._lane)
            found.append(Span(" "))
        return found[:-1]

    def _cards(self, column: int) -> int:
        return len(self.block.lanes[column].cards)

    def first(self) -> Place | None:
        """The first card of the first lane that has one."""
        return next((Place(0, column) for column in range(len(self.block.lanes)) if self._cards(column)), None)

    def last(self) -> Place | None:
        """The last card of the last lane that has one."""
        lanes = range(len(self.block.lanes) - 1, -1, -1)
        return next((Place(self._cards(column) - 1, column) for column in lanes if self._cards(column)), None)

    def has(self, place: Place) -> bool:
        """Whether there is such a card."""
        return 0 <= place.column < len(self.block.lanes) and 0 <= place.row < self._cards(place.column)

    def moved(self, place: Place, direction: Direction) -> Place | None:
        """The next card of the lane; to the sides, the one at the same height in the next lane that has one."""
        if direction in ("up", "down"):
            next_one = Place(place.row + (1 if direction == "down" else -1), place.column)
            return next_one if self.has(next_one) else None
        step = 1 if direction == "right" else -1
        column = place.column + step
        while 0 <= column < len(self.block.lanes):
            if self._cards(column):
                top = self._of(place.column).cards[place.row][0]
                tops = [start for start, _ in self._of(column).cards]
                return Place(min(range(len(tops)), key=lambda row: abs(tops[row] - top)), column)
            column += step
        return None

    def box(self, place: Place) -> Box:
        """Where a card is."""
        top, height = self._of(place.column).cards[place.row]
        return Box((place.column - self.start) * (self._lane + 1), len(self._above) + top, self._lane, height)

    def chosen(self, place: Place) -> Chosen:
        """What a card stands for."""
        card = self.block.lanes[place.column].cards[place.row]
        return Chosen(card.ref, card.key)

    def reveal(self, place: Place) -> bool:
        """Draw other lanes where that of a card has no room; whether that was so."""
        if place.column in self._columns:
            return False
        self._start_at(place.column if place.column < self.start else place.column - self.shown + 1)
        return True

    def parts(self) -> Iterable[Layout]:
        """All lanes, as many beside each other as there is room for."""
        lanes = self.block.lanes
        for start in range(0, len(lanes) or 1, self.shown):
            title = self.block.title if start == 0 else ""
            yield BoardLayout(Board(lanes=lanes[start : start + self.shown], title=title), self.room)


def _blank(width: int) -> Spans:
    """A line of a lane with nothing on it."""
    return [gutter(), Span(" " * (width - GUTTER))]
