"""Where everything stands in the tile picture, and where an arrow key goes from there."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import NamedTuple

from partners_crm.districts.tiles import GAP, GLYPH, Cell, Direction, Grid, Tile

MARGIN = 1
"""Blank cells around the picture: the cursor's brackets stand there."""
HEAD = -1
"""The part of a tile that is its own number; its cells are 0, 1, ..."""


class Box(NamedTuple):
    """Where a district stands, in cells of the terminal from the picture's corner."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a point lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


class Piece(NamedTuple):
    """A text at a place of a line."""

    x: int
    text: str
    cell: Cell | None
    """The district it is about; None for words."""


class _Place(NamedTuple):
    grid: int
    tile: Tile
    part: int


class Board:
    """The tiles of one answer. Roomy tiles show the number of every cell too."""

    def __init__(self, grids: Sequence[Grid], answered: Container[tuple[str, int]], *, roomy: bool = False) -> None:
        self.grids = grids
        self.roomy = roomy
        self.boxes: dict[Cell, Box] = {}
        """The districts that can be chosen, in reading order."""
        self.words: list[tuple[int, str]] = []
        """(line, text) of what stands over the tiles of a chamber."""
        self._numbers: list[tuple[Box, str]] = []
        self._places: dict[Cell, _Place] = {}
        self.width = self.height = 0
        for place, grid in enumerate(grids):
            if len(grids) > 1:
                self.words.append((self.height, f"{grid.chamber.name} districts"))
                self.height += 1
            self._set(place, grid, answered)

    def _set(self, place: int, grid: Grid, answered: Container[tuple[str, int]]) -> None:
        wide = self._cell_width(grid)
        most = max((len(tile.cells) for tile in grid.tiles), default=1)
        # A number of three figures and a sign have room in every tile.
        width = max((wide + 1) * most - 1, len(str(len(grid.tiles))) + 2, GLYPH)
        lines = 3 if self.roomy and grid.nested else 2
        for tile in grid.tiles:
            x = MARGIN + tile.column * (width + GAP)
            y = self.height + tile.row * lines
            head = Cell(grid.chamber.code, tile.number)
            if grid.nested is None:
                self._add(head, Box(x, y, width, lines), _Place(place, tile, 0))
                continue
            box = Box(x, y, width, 1)
            if head in answered:
                self._add(head, box, _Place(place, tile, HEAD))
            else:
                self._numbers.append((box, str(tile.number)))
            for part, cell in enumerate(tile.cells):
                self._add(cell, Box(x + part * (wide + 1), y + 1, wide, lines - 1), _Place(place, tile, part))
        self.width = max(self.width, 2 * MARGIN + grid.columns * (width + GAP) - GAP)
        self.height += grid.rows * lines

    def _add(self, cell: Cell, box: Box, place: _Place) -> None:
        self.boxes[cell] = box
        self._places[cell] = place

    def _cell_width(self, grid: Grid) -> int:
        return GLYPH + (1 if self.roomy and grid.nested else 0)

    # ---------------------------------------------------------------- drawing

    def lines(self, mark_of: Callable[[Cell], str], sign_of: Callable[[Cell], str]) -> list[list[Piece]]:
        """The picture, a list of pieces for each line.

        `mark_of` gives the two characters of a cell, `sign_of` the one beside the number of a tile with cells.
        """
        found: list[list[Piece]] = [[] for _ in range(self.height)]
        for y, text in self.words:
            found[y].append(Piece(MARGIN, text, None))
        for box, text in self._numbers:
            found[box.y].append(Piece(box.x, text.center(box.width), None))
        for cell, box in self.boxes.items():
            for y, text in self._texts(cell, box, mark_of, sign_of):
                found[box.y + y].append(Piece(box.x, text, cell))
        return found

    def _texts(
        self, cell: Cell, box: Box, mark_of: Callable[[Cell], str], sign_of: Callable[[Cell], str]
    ) -> Iterator[tuple[int, str]]:
        place = self._places[cell]
        number = str(cell.number)
        if place.part == HEAD:
            before = " " * ((box.width - len(number)) // 2)
            yield 0, f"{before}{number}{sign_of(cell)}".ljust(box.width)
        elif self.grids[place.grid].nested is None:
            yield 0, number.center(box.width)
            yield 1, mark_of(cell).center(box.width)
        elif self.roomy:
            yield 0, number.rjust(box.width)
            yield 1, mark_of(cell).rjust(box.width)
        else:
            yield 0, mark_of(cell)

    # ---------------------------------------------------------------- moving

    def is_head(self, cell: Cell) -> bool:
        """Whether a district is the number of a tile that has cells of its own."""
        return self._places[cell].part == HEAD

    def at(self, x: int, y: int) -> Cell | None:
        """The district at a place of the picture."""
        return next((cell for cell, box in self.boxes.items() if box.holds(x, y)), None)

    def near(self, cell: Cell | None) -> Cell | None:
        """A district itself where it can be chosen, else one that shares its tile, else the first one."""
        if cell in self.boxes:
            return cell
        for grid in self.grids:
            tile = grid.by_cell.get(cell) if cell is not None else None
            if tile is not None:
                return next(each for each in (*tile.cells, Cell(grid.chamber.code, tile.number)) if each in self.boxes)
        inside = (each for each in self.boxes if not self.is_head(each))
        return next(inside, None)

    def moved(self, cell: Cell, direction: Direction) -> Cell:
        """Where an arrow key goes from a district.

        Across: to the next cell of the tile, then to the next tile. Up and down: from the cells to the number of their
        tile and on to the next tile.
        """
        place = self._places[cell]
        grid, tile, part = self.grids[place.grid], place.tile, place.part
        if direction in ("left", "right"):
            step = 1 if direction == "right" else -1
            if part != HEAD and 0 <= part + step < len(tile.cells):
                return tile.cells[part + step]
            other = grid.by_number[grid.neighbour(tile.number, direction)]
            if other is tile:
                return cell
            return self._part(place.grid, other, HEAD if part == HEAD else 0 if step > 0 else len(other.cells) - 1)
        head = Cell(grid.chamber.code, tile.number)
        has_head = grid.nested is not None and head in self.boxes
        if has_head and direction == "up" and part != HEAD:
            return head
        if part == HEAD and direction == "down":
            return tile.cells[0]
        other = grid.by_number[grid.neighbour(tile.number, direction)]
        if other is tile:
            return self._beyond(place.grid, cell, 1 if direction == "down" else -1)
        return self._part(place.grid, other, HEAD if has_head and direction == "down" else max(part, 0))

    def _part(self, place: int, tile: Tile, part: int) -> Cell:
        if part == HEAD:
            return Cell(self.grids[place].chamber.code, tile.number)
        return tile.cells[min(part, len(tile.cells) - 1)]

    def _beyond(self, place: int, cell: Cell, step: int) -> Cell:
        """The first or last tile of the chamber drawn below or above; the same district where there is none."""
        if not 0 <= place + step < len(self.grids):
            return cell
        own = [each for each, where in self._places.items() if where.grid == place + step]
        return own[0] if step > 0 else own[-1]
