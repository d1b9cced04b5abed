"""Blocks that are read from top to bottom: cards, trees, timelines, bars, and forms as text."""

from __future__ import annotations

from collections.abc import Iterable

from partners_crm.normalize.text import show
from partners_crm.plugins.blocks import Bar, Bars, Card, Form, Input, Node, Text, Timeline, Tree
from partners_crm.plugins.drawing.base import (
    CELL_CHARACTERS,
    GUTTER,
    SIGNS,
    Chosen,
    Direction,
    Listed,
    Look,
    Place,
    Room,
    Span,
    chosen_in,
    gutter,
    look_of,
    spelled,
    stands_for,
)

LABELS = 24
"""Cells that labels take at most, and never more than a third of the width."""
INDENT = 2
"""Cells that a level of a tree is set in by."""
DAYS = 12
"""Cells of the days of a timeline: 2011-07-14 and two blanks."""
BAR, LONGEST_BAR = "█", 40
"""A bar, and the cells of the longest one."""
SHORT_BAR = 12
"""Cells of the longest bar, down to which notes have their room beside it."""


class CardLayout(Listed):
    """A card on a page of its own."""

    def __init__(self, block: Card, room: Room) -> None:
        super().__init__(room)
        inner = max(1, room.width - GUTTER)
        place = self.place(Place(0), Chosen(block.ref, block.key))
        for count, text in enumerate(room.wrap(block.title, inner)):
            self.add(gutter(place) if count == 0 else gutter(), Span(text, "title", place, lit=True))
        labels = label_width((line.label for line in block.lines), room)
        for number, line in enumerate(block.lines, 1):
            label = room.fit(show(line.label, CELL_CHARACTERS), labels)
            own = self.place(Place(number), chosen_in(line.value)) if stands_for(line.value) else None
            for count, text in enumerate(_value(line.value, room, inner - labels - 2)):
                head = label if count == 0 else " " * labels
                sign = gutter(own) if count == 0 else gutter()
                self.add(sign, Span(f"{head}  ", "label"), Span(text, look_of(line.value), own, lit=True))
        if block.words:
            for text in room.wrap(block.words, inner):
                self.add(gutter(), Span(text))
        self.done()


class TreeLayout(Listed):
    """Entries with entries below them. Rows of places count all nodes, also those that are not shown."""

    def __init__(self, block: Tree, room: Room, before: TreeLayout | None = None) -> None:
        """What was opened and closed before stays so, where there is an entry of that name still."""
        super().__init__(room)
        self._nodes = block.walk()
        self._opened: dict[int, bool] = {}
        """By the number of the node; the others are as they say."""
        self._title = block.title
        for number, is_open in dict(before._opened).items() if before is not None else ():
            assert before is not None
            if number < len(self._nodes) and self._nodes[number][1].label == before._nodes[number][1].label:
                self._opened[number] = is_open
        self._lay()

    def _lay(self) -> None:
        self._lines, self._places, self._order = [], {}, []
        self.title(self._title)
        closed: int | None = None
        for number, (depth, node) in enumerate(self._nodes):
            if closed is not None and depth > closed:
                continue
            is_open = self.is_open(number)
            closed = None if is_open or not node.children else depth
            self._node(number, depth, node, is_open)
        self.done()

    def _node(self, number: int, depth: int, node: Node, is_open: bool) -> None:
        inset = min(depth * INDENT, max(0, self.room.width // 2))
        place = self.place(Place(number), self._stands(node))
        hint = f"  ({len(node.children):,} below)" if node.children and not is_open else ""
        sign = "  " if not node.children else "- " if is_open else "+ "
        text = self.room.fit(spelled(node.label), self.room.width - GUTTER - inset - 2 - len(hint)).rstrip()
        self.add(
            gutter(place),
            Span(" " * inset, place=place),
            Span(sign, "frame", place, lit=True),
            Span(text, look_of(node.label), place, lit=True),
            Span(hint, "quiet", place, lit=True),
        )

    @staticmethod
    def _stands(node: Node) -> Chosen:
        inner = chosen_in(node.label)
        return Chosen(node.ref or inner.ref, node.key or inner.key)

    def moved(self, place: Place, direction: Direction) -> Place | None:
        """The entry before or after; to the left the one it is below, to the right the first one below it."""
        if direction in ("up", "down"):
            return super().moved(place, direction)
        depth = self._nodes[place.row][0]
        if direction == "right":
            below = Place(place.row + 1)
            return below if self.has(below) and self._nodes[below.row][0] > depth else None
        above = (row for row in range(place.row - 1, -1, -1) if self._nodes[row][0] < depth)
        return next(map(Place, above), None)

    def is_open(self, number: int) -> bool:
        """Whether what is below a node is shown."""
        return self.room.whole or self._opened.get(number, self._nodes[number][1].is_open)

    def turn(self, place: Place, open: bool | None = None) -> bool:  # noqa: A002  # the word for it
        """Have what is below a node be opened or closed by the next layout; whether there was anything to do."""
        is_open = self.is_open(place.row)
        if not self._nodes[place.row][1].children or is_open == open:
            return False
        self._opened[place.row] = not is_open
        return True

    def toggle(self, place: Place, open: bool | None = None) -> bool:  # noqa: A002  # the word for it
        """Open or close what is below a node; whether that changed what is drawn."""
        if not self.turn(place, open):
            return False
        self._lay()
        return True


class TimelineLayout(Listed):
    """Events below each other, each with its day."""

    def __init__(self, block: Timeline, room: Room) -> None:
        super().__init__(room)
        self.title(block.title)
        days = min(DAYS, max(1, room.width // 3))
        inner = room.width - GUTTER - days - 2
        for number, event in enumerate(block.events):
            own = chosen_in(event.text)
            place = self.place(Place(number), Chosen(event.ref or own.ref, event.key or own.key))
            day = room.fit(show(event.day, CELL_CHARACTERS) or "no date", days - 1) + " "
            for count, text in enumerate(_value(event.text, room, inner)):
                head = Span(day if count == 0 else " " * days, "label", place, lit=count == 0)
                sign = gutter(place) if count == 0 else gutter()
                self.add(sign, head, Span("│ ", "frame"), Span(text, look_of(event.text), place, lit=True))
            for text in room.wrap(event.words, inner) if event.words else ():
                self.add(gutter(), Span(" " * days), Span("│ ", "frame"), Span(text, "quiet", place))
        if not block.events:
            for text in room.wrap(block.empty, room.width - GUTTER):
                self.add(gutter(), Span(text, "quiet"))
        self.done()


class BarsLayout(Listed):
    """Bars below each other: label, bar, numbers, and a note where it has room, else below."""

    def __init__(self, block: Bars, room: Room) -> None:
        super().__init__(room)
        self.title(block.title)
        longest = max((bar.of or bar.value for bar in block.bars), default=0)
        self._label = label_width((spelled(bar.label) for bar in block.bars), room)
        numbers = _aligned([_numbers(bar) for bar in block.bars])
        self._figures = max(map(len, numbers), default=0)
        spare = room.width - GUTTER - self._label - self._figures - 4
        notes = max((room.size(show(bar.note, CELL_CHARACTERS)) + 2 for bar in block.bars if bar.note), default=0)
        if spare - notes >= SHORT_BAR:
            spare -= notes
        self._bar = max(0, min(LONGEST_BAR, spare))
        for number, bar in enumerate(block.bars):
            own = chosen_in(bar.label)
            place = self.place(Place(number), Chosen(bar.ref or own.ref, bar.key or own.key))
            self._draw(bar, place, numbers[number], bar.of or longest)
        if not block.bars:
            self.add(gutter(), Span("Nothing to compare.", "quiet"))
        self.done()

    def _draw(self, bar: Bar, place: Place, figures: str, whole: float) -> None:
        room, inner = self.room, self.room.width - GUTTER - self._label - 2
        length = round(self._bar * min(1.0, bar.value / whole)) if whole else 0
        drawn = room.fit(BAR * (length or (1 if bar.value and self._bar else 0)), self._bar)
        note = show(bar.note, CELL_CHARACTERS)
        below: list[tuple[str, Look]] = []
        after = figures
        if self._figures > inner:  # no room for the numbers beside the label
            below, after = [(text, "plain") for text in room.wrap(figures, inner)], ""
        is_beside = note and self._bar + 2 + self._figures + 2 + room.size(note) <= inner
        if note and not is_beside:
            below += [(text, "quiet") for text in room.wrap(bar.note, inner)]
        self.add(
            gutter(place),
            Span(room.fit(spelled(bar.label), self._label), look_of(bar.label), place, lit=True),
            Span("  ", place=place),
            Span(f"{drawn}  " if self._bar else "", "bar", place),
            Span(after, "plain", place),
            Span(f"  {note}" if is_beside else "", "quiet", place),
        )
        for text, look in below:
            self.add(gutter(), Span(" " * (self._label + 2)), Span(text, look, place))


class FormLayout(Listed):
    """A form as text: what is asked, and what it holds. The screen has lines to type in instead."""

    def __init__(self, block: Form, room: Room) -> None:
        super().__init__(room)
        self.title(block.title)
        labels = label_width((_asked(each) for each in block.inputs), room)
        for number, each in enumerate(block.inputs):
            place = self.place(Place(number), Chosen(None, each.name))
            label = room.fit(_asked(each), labels)
            for count, text in enumerate(room.wrap(held(each) or "____", room.width - GUTTER - labels - 2)):
                sign = gutter(place) if count == 0 else gutter()
                self.add(
                    sign,
                    Span(f"{label if count == 0 else ' ' * labels}  ", "label"),
                    Span(text, "plain" if each.value else "quiet", place, lit=True),
                )
            for text in room.wrap(help_of(each), room.width - GUTTER - labels - 2) if help_of(each) else ():
                self.add(gutter(), Span(" " * (labels + 2)), Span(text, "quiet", place))
        place = self.place(Place(len(block.inputs)), Chosen(None, ""))
        self.add(gutter(place), Span(f"[ {show(block.save, CELL_CHARACTERS)} ]", "head", place, lit=True))
        self.done()


def held(asked: Input) -> str:
    """What a question holds at first, as a person reads it."""
    if asked.kind == "choice":
        return dict(asked.choices).get(asked.value, asked.value)
    return asked.value


KIND_HELP = {
    "day": "A date, or part of one: 2011, 2011-07, 2011-07-14.",
    "flag": "yes or no",
    "whole": "A whole number.",
    "record": "A number, or a name.",
}


def help_of(asked: Input) -> str:
    """What a question is about, and what it can hold."""
    words = [asked.help or KIND_HELP.get(asked.kind, "")]
    if asked.choices:
        words.append("one of: " + ", ".join(label for _, label in asked.choices))
    return "  ".join(word for word in words if word)


def label_width(labels: Iterable[str], room: Room) -> int:
    """The cells of a column of labels."""
    most = max((room.size(show(each, CELL_CHARACTERS)) for each in labels), default=0)
    return max(1, min(most, LABELS, max(1, room.width // 3)))


def _asked(each: Input) -> str:
    return show(each.label, CELL_CHARACTERS) + (" *" if each.required else "")


def _value(text: Text, room: Room, width: int) -> list[str]:
    return room.wrap(text if isinstance(text, str) else SIGNS.get(text.tone, "") + text.text, width)


def _numbers(bar: Bar) -> tuple[str, str]:
    """The numbers beside a bar: 71 of 118, and 60 %."""
    value = _figure(bar.value)
    return (f"{value} of {_figure(bar.of)}", f"{100 * bar.value / bar.of:.0f} %") if bar.of else (value, "")


def _aligned(numbers: list[tuple[str, str]]) -> list[str]:
    """Numbers below each other, each column to the right."""
    values, parts = (max((len(pair[side]) for pair in numbers), default=0) for side in (0, 1))
    return [
        f"{value:>{values}}  {part:>{parts}}".rstrip() if parts else f"{value:>{values}}" for value, part in numbers
    ]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0")
