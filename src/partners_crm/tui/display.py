"""The one door to the screen: every value from outside becomes harmless, literal content here.

Textual reads markup in plain strings and passes control characters on to the terminal. What comes out of this module
has neither: `Content` is literal, and `show` has made every control character visible.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.filter import LineFilter
from textual.strip import Strip

from partners_crm.errors import PartnersError
from partners_crm.normalize.text import show, show_lines

CELL_CHARACTERS = 300
"""Characters of a value that are measured for one table cell; no column is wider."""


def label(value: object, style: str = "") -> Content:
    """A value as one line of literal content."""
    return Content.styled(show(value), style) if style else Content(show(value))


def lines(value: object) -> Content:
    """A text of several lines as literal content."""
    return Content("\n".join(show_lines(value)))


def joined(parts: Iterable[tuple[object, str]], separator: str = "") -> Content:
    """(value, style) pairs as one line; a style is one of ours, such as "bold" or "$accent"."""
    return Content(separator).join([label(value, style) for value, style in parts])


def stacked(rows: Iterable[Content]) -> Content:
    """Lines of content under each other."""
    return Content("\n").join(list(rows))


def explained(error: PartnersError) -> str:
    """What went wrong and what to do, as one text; whoever shows it passes it through `label`."""
    return f"{error.message}: {error.hint}" if error.hint else error.message


def wrapped(value: object, width: int) -> list[str]:
    """A text as lines of at most `width` terminal cells, broken between words where that can be; never empty."""
    found = []
    for line in show_lines(value):
        for part in textwrap.wrap(line, width) or [""]:
            found += chop_cells(part, width) if cell_len(part) > width else [part]
    return found or [""]


def cell(value: object, width: int, align: str = "left") -> str:
    """A value as exactly `width` terminal cells, clipped with an ellipsis or padded."""
    text = show(value, CELL_CHARACTERS)
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, max(0, width - 1)) + "…" if width else ""
    blanks = " " * (width - size)
    return blanks + text if align == "right" else text + blanks


def cells(value: object) -> int:
    """The terminal cells that a value takes as one line, at most those of a table cell."""
    return cell_len(show(value, CELL_CHARACTERS))


def strip(pieces: Iterable[tuple[object, Style]], width: int, rest: Style) -> Strip:
    """(text, style) pairs as one drawn line of exactly `width` cells; what is left over is blank in the last style."""
    return Strip([Segment(show(text), style) for text, style in pieces]).adjust_cell_length(width, rest)


def ink(fore: str, back: str = "") -> Style:
    """A style of drawn lines from colours written as #rrggbb; without `back` the ground shows through."""
    return Style(color=fore, bgcolor=back or None)


def halves(upper: str, lower: str) -> Style:
    """The style in which an upper half block shows two colours, written as #rrggbb."""
    return Style.from_color(Color.parse(upper), Color.parse(lower))


def mixed(one: str, other: str, part: float) -> str:
    """A colour between two, all written as #rrggbb; `part` is how much of it is the first."""
    pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a * part + b * (1 - part)):02x}" for a, b in pairs)


class NoColour(LineFilter):
    """Takes every colour out of what is drawn; weight and reversal stay."""

    def apply(self, segments: list[Any], background: Any) -> list[Any]:  # noqa: ARG002  # the signature is Textual's
        """The segments without colour."""
        found = []
        for text, style, control in segments:
            plain = style
            if style is not None:
                dark_on_light = style.bgcolor is not None and style.bold
                plain = Style(
                    bold=style.bold,
                    italic=style.italic,
                    underline=style.underline,
                    reverse=dark_on_light or style.reverse,
                )
            found.append(Segment(text, plain, control))
        return found
