"""Blocks laid out as lines: the one truth of how each looks, for the screen and for plain text."""

from __future__ import annotations

from collections.abc import Callable

from partners_crm.districts.tiles import Grid
from partners_crm.plugins.blocks import (
    Bars,
    Block,
    Board,
    Card,
    Form,
    Matrix,
    Table,
    TextCompare,
    Tiles,
    Timeline,
    Tree,
)
from partners_crm.plugins.drawing.base import Layout, Room
from partners_crm.plugins.drawing.boards import BoardLayout
from partners_crm.plugins.drawing.compare import CompareLayout
from partners_crm.plugins.drawing.lists import BarsLayout, CardLayout, FormLayout, TimelineLayout, TreeLayout
from partners_crm.plugins.drawing.tables import MatrixLayout, TableLayout
from partners_crm.plugins.drawing.tiles import TilesLayout, grid_for

GridOf = Callable[[str], Grid | None]
"""The tiles of a chamber, by its code, on the map of the day; None where there is no such map or chamber."""

LINE = 80
"""Characters that about make a line."""


def no_grid(_chamber: str) -> Grid | None:
    """No tiles: districts follow their numbers."""
    return None


def weight(block: Block) -> int:
    """About how many lines a block is laid out in at once; 0 for those of which the lines in sight are."""
    match block:
        case Card():
            return len(block.lines) + _lines(block.words)
        case Tree():
            return len(block.walk())
        case Board():
            cards = [card for lane in block.lanes for card in lane.cards]
            return sum(1 + len(card.lines) + _lines(card.words) for card in cards)
        case Timeline():
            return sum(1 + _lines(event.words) for event in block.events)
        case TextCompare():
            sides = [side for each in block.passages for side in (each.left, each.right)]
            return sum(1 + _lines(piece.text) for side in sides for piece in side)
        case Bars():
            return len(block.bars)
        case Tiles():
            return len(block.values)
        case _:
            return 0


def _lines(text: str) -> int:
    return len(text) // LINE


def layout_of(block: Block, room: Room, grid_of: GridOf = no_grid, before: Layout | None = None) -> Layout:
    """A block laid out in some room; what was opened and closed in the layout of before stays so."""
    match block:
        case Table():
            return TableLayout(block, room)
        case Card():
            return CardLayout(block, room)
        case Form():
            return FormLayout(block, room)
        case Matrix():
            return MatrixLayout(block, room)
        case Tree():
            return TreeLayout(block, room, before if isinstance(before, TreeLayout) else None)
        case Board():
            return BoardLayout(block, room)
        case Timeline():
            return TimelineLayout(block, room)
        case TextCompare():
            return CompareLayout(block, room)
        case Bars():
            return BarsLayout(block, room)
        case Tiles():
            return TilesLayout(block, room, grid_of(block.chamber))


__all__ = ["GridOf", "Layout", "Room", "grid_for", "layout_of", "no_grid", "weight"]
