"""Two texts beside each other, passage by passage, with what is different marked in the text itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from partners_crm.normalize.text import show, show_lines
from partners_crm.plugins.blocks import Piece, TextCompare
from partners_crm.plugins.drawing.base import (
    CELL_CHARACTERS,
    GUTTER,
    TEXT_CHARACTERS,
    Chosen,
    Listed,
    Look,
    Place,
    Room,
    Span,
    Spans,
    gutter,
)

WIDE = 97
"""The width from which the texts stand side by side: that of a page on a screen of 100 columns, without its edges."""
NAMES = 14
"""Cells that the names of the texts take at most before them; longer ones stand above."""
BETWEEN = " │ "
SIGNS = {"removed": "~~", "added": "**"}
"""What stands around words that are on one side alone."""
MISSING = "(not in this one)"


class CompareLayout(Listed):
    """Passages below each other, each with both its texts."""

    def __init__(self, block: TextCompare, room: Room) -> None:
        super().__init__(room)
        self.title(block.title)
        beside = room.width >= WIDE
        names = [show(name, CELL_CHARACTERS) for name in (block.left, block.right)]
        self._named = max(map(room.size, names)) + 2
        """Cells of the names before the texts, where these stand one below the other."""
        if self._named > NAMES:
            self._named = 0
        side = (room.width - GUTTER - len(BETWEEN)) // 2 if beside else room.width - GUTTER - self._named
        side = max(1, side)
        if beside:
            left, right = (room.fit(name, side) for name in names)
            self.pinned = range(len(self._lines), len(self._lines) + 1)
            self.add(gutter(), Span(left, "head"), Span(BETWEEN, "frame"), Span(right, "head"))
        for number, each in enumerate(block.passages):
            place = self.place(Place(number), Chosen(each.ref, each.key))
            if number:
                self.add(Span(" "))
            begun = False
            if each.label:
                for text in room.wrap(each.label, room.width - GUTTER):
                    self.add(gutter() if begun else gutter(place), Span(text, "label", place, lit=True))
                    begun = True
            texts = [marked(pieces, side, room) for pieces in (each.left, each.right)]
            rows = self._beside(texts, side, place) if beside else self._below(texts, names, place)
            for spans in rows:
                self.add(gutter() if begun else gutter(place), *spans)
                begun = True
        if not block.passages:
            self.add(gutter(), Span("Nothing to compare.", "quiet"))
        self.done()
        self.overhang = range(self.pinned.stop, self.height) if beside else range(0)

    def _beside(self, texts: Sequence[list[Spans]], side: int, place: Place) -> Iterator[Spans]:
        for left, right in zip_longest(*texts, fillvalue=[]):
            spare = side - sum(self.room.size(span.text) for span in left)
            between = [Span(" " * spare), Span(BETWEEN, "frame")]
            yield [span._replace(place=place) for span in [*left, *between, *right]]

    def _below(self, texts: Sequence[list[Spans]], names: Sequence[str], place: Place) -> Iterator[Spans]:
        for name, lines in zip(names, texts, strict=True):
            if not self._named:
                yield [Span(self.room.fit(name, self.room.width - GUTTER).rstrip(), "head", place)]
            for count, spans in enumerate(lines):
                before = Span(self.room.fit("" if count else name, self._named), "head")
                yield [span._replace(place=place) for span in (before, *spans)]


def marked(pieces: Sequence[Piece], width: int, room: Room) -> list[Spans]:
    """The pieces of a text as lines of at most `width` cells; a text that is missing says so."""
    if not any(piece.text for piece in pieces):
        return [[Span(text, "quiet")] for text in room.wrap(MISSING, width)]
    lines: list[Spans] = [[]]
    used = 0
    pending = False  # whether a blank stands before the next word
    for text, look in _words(pieces):
        if text == "\n":
            lines.append([])
            used, pending = 0, False
            continue
        if text == " ":
            pending = used > 0
            continue
        if pending and used + 1 + room.size(text) <= width:
            _put(lines[-1], " ", _joined(lines[-1], look))
            used += 1
        elif used and (pending or used + room.size(text) > width):
            lines.append([])
            used = 0
        pending = False
        if room.size(text) > width:
            *parts, text = room.chopped(text, width)
            lines += [[Span(part, look)] for part in parts]
            lines.append([])
        _put(lines[-1], text, look)
        used += room.size(text)
    return lines


def _joined(line: Spans, look: Look) -> Look:
    """The look of a blank: that of the words on both sides of it, where it is the same."""
    return look if line and line[-1].look == look else "plain"


def _put(line: Spans, text: str, look: Look) -> None:
    if line and line[-1].look == look:
        line[-1] = Span(line[-1].text + text, look)
    elif text:
        line.append(Span(text, look))


def _words(pieces: Sequence[Piece]) -> Iterator[tuple[str, Look]]:
    """The words of a text with their looks, " " between them and a line feed between lines; marks are part of words."""
    for piece in pieces:
        sign = SIGNS.get(piece.change, "")
        look: Look = "plain" if piece.change == "same" else piece.change
        for count, line in enumerate(show_lines(piece.text, TEXT_CHARACTERS)):
            if count:
                yield "\n", "plain"
            words = line.split()
            if line[:1].isspace():
                yield " ", "plain"
            for place, word in enumerate(words):
                if place:
                    yield " ", look
                before = sign if place == 0 else ""
                after = sign if place == len(words) - 1 else ""
                yield f"{before}{word}{after}", look
            if words and line[-1:].isspace():
                yield " ", "plain"
