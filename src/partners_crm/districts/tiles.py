"""The tile picture: every district the same size, near its neighbours, whatever its area.

On a true map a district of farmland hides a hundred of a city. Here each district of a chamber is a tile, and the
districts nested in it are the cells of the tile, so that one picture shows both chambers. Where each tile stands is
part of the map (`MapInfo.tiles`), so that a picture does not change its shape from one day to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Literal, NamedTuple

from partners_crm.districts.maps import Chamber, MapInfo

Direction = Literal["up", "down", "left", "right"]
GLYPH = 2
"""Characters of one cell in the text picture."""
GAP = 2
"""Blanks between two tiles of the text picture."""
LEAST = 5
"""Characters of the narrowest tile: two cells and the blank between them."""
ASIDE = 2
"""A step aside counts as two ahead: an arrow key keeps its line where it can."""


class Cell(NamedTuple):
    """One district in the picture."""

    chamber: str
    number: int


class Tile(NamedTuple):
    """One district of the picture's chamber, and the cells it is drawn with."""

    number: int
    column: int
    row: int
    """0 is the north."""
    cells: tuple[Cell, ...]
    """The districts nested in it, in the order of their numbers; itself where nothing nests."""


class Grid:
    """The tiles of one chamber of a map."""

    def __init__(self, chamber: Chamber, nested: Chamber | None, tiles: tuple[Tile, ...], *, placed: bool) -> None:
        self.chamber = chamber
        self.nested = nested
        """The chamber whose districts are the cells; None where each tile is one cell."""
        self.tiles = tiles
        """By row and column."""
        self.placed = placed
        """The tiles stand where the map says; without it they follow their numbers, and neighbours mean nothing."""
        self.columns = 1 + max((tile.column for tile in tiles), default=-1)
        self.rows = 1 + max((tile.row for tile in tiles), default=-1)

    @cached_property
    def by_number(self) -> dict[int, Tile]:
        """The tiles by the number of their district."""
        return {tile.number: tile for tile in self.tiles}

    @cached_property
    def by_cell(self) -> dict[Cell, Tile]:
        """The tile in which a district of either chamber is drawn."""
        own = {Cell(self.chamber.code, tile.number): tile for tile in self.tiles}
        return own | {cell: tile for tile in self.tiles for cell in tile.cells}

    def undivided(self) -> Grid:
        """The same tiles, each of them one cell: for a picture of this chamber alone."""
        tiles = (tile._replace(cells=(Cell(self.chamber.code, tile.number),)) for tile in self.tiles)
        return Grid(self.chamber, None, tuple(tiles), placed=self.placed)

    @property
    def width(self) -> int:
        """Characters of one tile in the text picture."""
        most = max((len(tile.cells) for tile in self.tiles), default=1)
        return max(LEAST, (GLYPH + 1) * most - 1)

    def neighbour(self, number: int, direction: Direction) -> int:
        """The number of the nearest tile in a direction; the same number where there is none."""
        start = self.by_number[number]
        across = direction in ("left", "right")
        sign = 1 if direction in ("right", "down") else -1
        best, answer = (math.inf, math.inf), number
        for tile in self.tiles:
            east, south = tile.column - start.column, tile.row - start.row
            ahead, aside = (sign * east, abs(south)) if across else (sign * south, abs(east))
            if ahead > 0 and (ahead + ASIDE * aside, aside) < best:
                best, answer = (ahead + ASIDE * aside, aside), tile.number
        return answer


def grids(info: MapInfo) -> tuple[Grid, ...]:
    """The pictures of a map: one for each chamber that is not nested in another, in the order of the map."""
    return tuple(grid(info, each.code) for each in info.chambers if not each.per or not each.nested_in)


def grid(info: MapInfo, chamber: str) -> Grid:
    """The picture of one chamber, with the districts of the first chamber nested in it as cells.

    Where the map does not say how its tiles stand, they are set row by row in the order of their numbers.

    Raises:
        NotFound: the map has no such chamber.
    """
    own = info.chamber(chamber)
    nested = next((each for each in info.chambers if each.nested_in == chamber and each.per), None)
    inside: dict[int, list[Cell]] = {}
    if nested is not None:
        for number in range(1, nested.districts + 1):
            inside.setdefault(nested.parent(number) or 0, []).append(Cell(nested.code, number))
    placed = _placed(info, own)
    places = placed or _by_number(own.districts)
    tiles = (
        Tile(number, column, row, tuple(inside.get(number, ())) or (Cell(chamber, number),))
        for number, column, row in places
    )
    return Grid(own, nested, tuple(sorted(tiles, key=lambda tile: (tile.row, tile.column))), placed=bool(placed))


def text_rows(picture: Grid, glyph_of: Callable[[str, int], str]) -> list[str]:
    """The picture as lines of text, two for each row of tiles: the numbers, then a glyph for each cell.

    `glyph_of` takes a chamber and a number, and gives the two characters of a cell.
    """
    width = picture.width
    rows = [[("", "")] * picture.columns for _ in range(picture.rows)]
    for tile in picture.tiles:
        glyphs = " ".join(glyph_of(*cell) for cell in tile.cells)
        rows[tile.row][tile.column] = (str(tile.number), glyphs)
    lines = []
    for row in rows:
        lines += [(" " * GAP).join(text.center(width) for text in line).rstrip() for line in zip(*row, strict=True)]
    return lines


def _placed(info: MapInfo, chamber: Chamber) -> list[tuple[int, int, int]]:
    """(number, column, row) of each district as the map has it; empty where it has them not, or not all."""
    found = [(number, column, row) for number, column, row in info.tiles.get(chamber.code, ())]
    numbers = {number for number, _, _ in found}
    places = {(column, row) for _, column, row in found}
    whole = numbers == set(range(1, chamber.districts + 1)) and len(found) == len(places) == chamber.districts
    return found if whole and all(column >= 0 and row >= 0 for column, row in places) else []


def _by_number(count: int) -> list[tuple[int, int, int]]:
    columns = min(8, math.isqrt(max(count - 1, 0)) + 1)
    return [(number, (number - 1) % columns, (number - 1) // columns) for number in range(1, count + 1)]
