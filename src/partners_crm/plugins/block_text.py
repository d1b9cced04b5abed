"""Blocks as plain lines of text: what the command prints of a view, and what a plain screen reads out.

The same layouts as on the screen, without cursor and colour. What a screen has beyond its edge stands below here, so
that nothing is left out for want of room but the last columns of a table, and it says so.
"""

from __future__ import annotations

from collections.abc import Iterable

from partners_crm.normalize.text import show
from partners_crm.plugins.blocks import Block
from partners_crm.plugins.drawing import GridOf, Room, layout_of, no_grid
from partners_crm.plugins.drawing.base import GUTTER

WIDTH = 100
"""Cells of a line where nobody says how many."""
LEAST = 24
"""Cells of a line at least."""
LONGEST = 100_000
"""Characters of a line at most."""


def block_lines(block: Block, width: int = WIDTH, grid_of: GridOf = no_grid) -> list[str]:
    """One block as lines of at most `width` cells, or 24 where that is more; every character in them is harmless."""
    # Lines begin with the gutter of the cursor, which text does not need.
    room = Room(max(LEAST, width) + GUTTER, whole=True)
    found: list[str] = []
    for count, part in enumerate(layout_of(block, room, grid_of).parts()):
        if count:
            found.append("")
        for y in range(part.height):
            spans = part.line(y)
            if spans and spans[0].look == "sign":
                spans = spans[1:]
            found.append(show("".join(span.text for span in spans), LONGEST).rstrip())
    return found


def text_lines(blocks: Iterable[Block], width: int = WIDTH, grid_of: GridOf = no_grid) -> list[str]:
    """Blocks below each other, with a blank line between two."""
    found: list[str] = []
    for count, block in enumerate(blocks):
        if count:
            found.append("")
        found += block_lines(block, width, grid_of)
    return found


__all__ = ["WIDTH", "block_lines", "text_lines"]
