"""What the layouts of all blocks share: pieces of a drawn line, places of a cursor, and how text fits its room.

A layout lays one block out at a width, and gives its lines one by one: the screen draws those in sight and adds the
cursor, the text form prints them all. Nothing here knows a screen; how many cells a text takes is asked of a function,
so that the screen counts as its terminal library does.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from partners_crm.normalize.text import show, show_lines
from partners_crm.plugins.blocks import Cell, Ref, Text

Look = Literal[
    "plain", "good", "doubt", "bad", "quiet", "title", "head", "label", "removed", "added", "bar", "frame", "sign"
]
"""What a piece is, for its colour; what it means is in its text too."""
Direction = Literal["up", "down", "left", "right"]
SIGNS = {"good": "✓ ", "doubt": "? ", "bad": "! "}
"""What stands before a text of a tone."""
TITLE: Look = "title"
QUIET: Look = "quiet"
GUTTER = 2
"""Cells at the left of what can be chosen, for the sign of the cursor or of a mark."""
CELL_CHARACTERS = 300
"""Characters of a text that are looked at for one line of a table, a label or a title."""
TEXT_CHARACTERS = 20_000
"""Characters of a line of a paragraph that are shown."""
REACH = 32
"""Characters beyond the cells of a line that are looked at for it: some take none."""
_NO_CELL = frozenset({"Mn", "Me", "Cf"})


class Place(NamedTuple):
    """Where a cursor can stand in a block; what the numbers count is the block's."""

    row: int
    column: int = 0


class Box(NamedTuple):
    """The cells of a place, from the corner of the block."""

    x: int
    y: int
    width: int
    height: int


class Span(NamedTuple):
    """A piece of a drawn line."""

    text: str
    look: Look = "plain"
    place: Place | None = None
    """What is chosen by a click here."""
    lit: bool = False
    """Whether it shows the cursor when that is at its place."""
    framed: bool = False
    """Whether its first and its last cell are blanks in which the brackets of the cursor stand."""


Spans = list[Span]


class Chosen(NamedTuple):
    """What stands at a place."""

    ref: Ref | None
    key: str


def plain_size(text: str) -> int:
    """Terminal cells of a text: wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(letter) in _NO_CELL else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def spelled(text: Text) -> str:
    """A text as one harmless line, with the sign of its tone."""
    if isinstance(text, Cell):
        return SIGNS.get(text.tone, "") + show(text.text, CELL_CHARACTERS)
    return show(text, CELL_CHARACTERS)


def look_of(text: Text, otherwise: Look = "plain") -> Look:
    """The look of a text: that of its tone where it has one."""
    return text.tone if isinstance(text, Cell) and text.tone != "plain" else otherwise


def chosen_in(text: Text) -> Chosen:
    """What a text stands for."""
    return Chosen(text.ref, text.key) if isinstance(text, Cell) else Chosen(None, "")


def stands_for(text: Text) -> bool:
    """Whether a text can be chosen by itself."""
    return isinstance(text, Cell) and (text.ref is not None or text.key != "")


class Room(NamedTuple):
    """The room a block is laid out in."""

    width: int
    """Cells, at least 1."""
    size: Callable[[str], int] = plain_size
    """Cells of a text."""
    whole: bool = False
    """Whether nothing is left out for want of room: the text form."""

    def fit(self, text: str, width: int, align: str = "left") -> str:
        """A harmless text as exactly `width` cells, clipped with an ellipsis or padded."""
        width = max(0, width)
        if (size := self.size(text)) > width:
            text = self.head(text, width - 1) + "…" if width else ""
            size = self.size(text)
        blanks = " " * (width - size)
        return blanks + text if align == "right" else text + blanks

    def head(self, text: str, width: int) -> str:
        """The beginning of a text that takes at most `width` cells."""
        if text.isascii():
            return text[: max(0, width)]
        end = bisect_right(range(1, len(text) + 1), width, key=lambda end: self.size(text[:end]))
        return text[:end]

    def chopped(self, word: str, width: int) -> list[str]:
        """A word in parts of at most `width` cells, or one character where that is wider."""
        found, at = [], 0
        while at < len(word):
            found.append(self.head(word[at : at + 2 * width + REACH], width) or word[at])
            at += len(found[-1])
        return found

    def centred(self, text: str, width: int) -> str:
        """A harmless text in the middle of `width` cells."""
        spare = width - self.size(text)
        return self.fit(text, width) if spare <= 0 else " " * (spare // 2) + text + " " * (spare - spare // 2)

    def titled(self, text: str, note: str = "") -> list[Span]:
        """The line above a block: its title, and a word about it."""
        width = max(1, self.width - GUTTER)
        note = self.fit(note, min(self.size(note), width))
        title = show(text, CELL_CHARACTERS)
        title = self.fit(title, min(self.size(title), width - self.size(note) - (2 if note else 0)))
        between = "  " if title and note else ""
        return [Span(each, look) for each, look in ((title + between, TITLE), (note, QUIET)) if each]

    def wrap(self, value: str, width: int, most: int = 0) -> list[str]:
        """A text as harmless lines of at most `width` cells, broken between words where that can be; never empty.

        With `most`, no more lines than these; the last one says with an ellipsis that there is more.
        """
        width = max(1, width)
        found: list[str] = []
        for line in show_lines(value, TEXT_CHARACTERS):
            found += self._wrapped(line, width)
            if most and len(found) > most:
                return [*found[: most - 1], self.fit(found[most - 1] + " …", width).rstrip()]
        return found or [""]

    def _wrapped(self, line: str, width: int) -> list[str]:
        if self.size(line) <= width:
            return [line]
        found, now = [], ""
        for word in line.split():
            if now and self.size(now) + 1 + self.size(word) <= width:
                now += f" {word}"
                continue
            if now:
                found.append(now)
            if self.size(word) > width:
                *parts, word = self.chopped(word, width)
                found += parts
            now = word
        return [*found, now] if now or not found else found


class Layout(ABC):
    """One block, laid out at a width."""

    room: Room
    height: int = 0
    """Lines of it."""
    pinned: range = range(0)
    """Lines that stay in sight while those below them are: the headings."""
    overhang: range = range(0)
    """Lines below the pinned ones which these head."""
    told: int = -1
    """The line on which a screen says what is under the cursor in full; -1 for none."""

    @abstractmethod
    def line(self, y: int) -> Sequence[Span]:
        """The pieces of a line."""

    @abstractmethod
    def first(self) -> Place | None:
        """The first place; None where nothing can be chosen."""

    @abstractmethod
    def last(self) -> Place | None:
        """The last place."""

    @abstractmethod
    def moved(self, place: Place, direction: Direction) -> Place | None:
        """The next place in a direction; None where there is none."""

    @abstractmethod
    def box(self, place: Place) -> Box:
        """Where a place is."""

    @abstractmethod
    def chosen(self, place: Place) -> Chosen:
        """What stands at a place."""

    def near(self, place: Place | None) -> Place | None:
        """A place of before, where it still is one, or one close by."""
        return place if place is not None and self.has(place) else self.first()

    @abstractmethod
    def has(self, place: Place) -> bool:
        """Whether there is such a place."""

    def at(self, x: int, y: int) -> Place | None:
        """The place drawn at a cell."""
        upto = 0
        for span in self.line(y) if 0 <= y < self.height else ():
            upto += self.room.size(span.text)
            if x < upto:
                return span.place
        return None

    def beside(self, y: int, x: int = 0) -> Place | None:
        """The place on a line that is nearest to a cell of it; None where there is none."""
        found: list[tuple[int, Place]] = []
        start = 0
        for span in self.line(y):
            end = start + self.room.size(span.text)
            if span.place is not None:
                found.append((max(start - x, x - end + 1, 0), span.place))
            start = end
        return min(found, key=lambda each: each[0])[1] if found else None

    def sign_of(self, place: Place) -> Place:
        """The place whose gutter shows that the cursor is at a place."""
        return place

    def marks(self) -> Iterable[Place]:
        """The places that can be marked."""
        return ()

    def about(self, _place: Place) -> str:
        """What stands at a place in full, where the picture has too little room for it."""
        return ""

    def reveal(self, _place: Place) -> bool:
        """Bring a place into the part that is drawn; whether that changed what is drawn."""
        return False

    def toggle(self, _place: Place, _open: bool | None = None) -> bool:
        """Open or close what is below a place; whether that changed what is drawn."""
        return False

    def parts(self) -> Iterable[Layout]:
        """The whole block, in parts below each other: more than one where it is wider than the room."""
        return (self,)


class Listed(Layout):
    """A layout whose lines are all made at once; its places follow each other."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._lines: list[Spans] = []
        self._places: dict[Place, Chosen] = {}
        self._order: list[Place] = []
        self._boxes: dict[Place, Box] = {}

    def add(self, *spans: Span) -> None:
        """Put a line below the others."""
        self._lines.append([span for span in spans if span.text])

    def title(self, text: str, note: str = "") -> None:
        """Put the title above; nothing for none."""
        if text or note or self.told >= 0:
            self._lines.append(self.room.titled(text, note))

    def place(self, place: Place, chosen: Chosen) -> Place:
        """Make a place, after those there are."""
        self._places[place] = chosen
        self._order.append(place)
        return place

    def done(self) -> None:
        """Find out where the places are."""
        self.height = len(self._lines)
        corners: dict[Place, list[int]] = {}
        for y, spans in enumerate(self._lines):
            x = 0
            for span in spans:
                end = x + self.room.size(span.text)
                if span.place is not None:
                    box = corners.setdefault(span.place, [x, y, end, y + 1])
                    box[0], box[2], box[3] = min(box[0], x), max(box[2], end), y + 1
                x = end
        self._boxes = {
            place: Box(left, top, right - left, bottom - top) for place, (left, top, right, bottom) in corners.items()
        }
        self._order = [place for place in self._order if place in self._boxes]
        self._ranks = {place: rank for rank, place in enumerate(self._order)}

    def line(self, y: int) -> Sequence[Span]:
        """The pieces of a line."""
        return self._lines[y]

    def first(self) -> Place | None:
        """The first place."""
        return self._order[0] if self._order else None

    def last(self) -> Place | None:
        """The last place."""
        return self._order[-1] if self._order else None

    def has(self, place: Place) -> bool:
        """Whether there is such a place."""
        return place in self._boxes

    def moved(self, place: Place, direction: Direction) -> Place | None:
        """The place before or after; none to the sides."""
        if direction in ("left", "right"):
            return None
        rank = self._ranks[place] + (1 if direction == "down" else -1)
        return self._order[rank] if 0 <= rank < len(self._order) else None

    def box(self, place: Place) -> Box:
        """Where a place is."""
        return self._boxes[place]

    def chosen(self, place: Place) -> Chosen:
        """What stands at a place."""
        return self._places[place]


def gutter(place: Place | None = None) -> Span:
    """The gutter of a line: that of a place shows the sign of the cursor."""
    return Span(" " * GUTTER, "sign", place, lit=place is not None)
