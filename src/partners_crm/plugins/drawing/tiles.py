"""One value for each district of a chamber, where the state's tiles are."""

from __future__ import annotations

from partners_crm.districts.maps import MapInfo
from partners_crm.districts.tiles import Grid, grid
from partners_crm.normalize.text import show
from partners_crm.plugins.blocks import Tiles
from partners_crm.plugins.drawing.base import (
    CELL_CHARACTERS,
    GUTTER,
    Direction,
    Listed,
    Place,
    Room,
    Span,
    Spans,
    chosen_in,
    gutter,
    look_of,
    spelled,
)

GAP = 1
"""Blank cells between tiles, beside those of the cursor's brackets."""
VALUE = 6
"""Cells of a value at most."""


def grid_for(info: MapInfo, chamber: str) -> Grid | None:
    """Where the districts of a chamber are drawn on a map: on its own tiles, or as cells of those it is nested in.

    None where the map has no such chamber.
    """
    found = next((each for each in info.chambers if each.code == chamber), None)
    if found is None:
        return None
    return grid(info, found.nested_in if found.per and found.nested_in else chamber)


def _districts(grid: Grid | None, chamber: str) -> list[int]:
    """The numbers of the districts of a chamber that are on tiles or in them."""
    if grid is None:
        return []
    if grid.chamber.code == chamber:
        return [tile.number for tile in grid.tiles]
    return [cell.number for tile in grid.tiles for cell in tile.cells if cell.chamber == chamber]


class TilesLayout(Listed):
    """Districts where the tiles of the map are; in the order of their numbers where it does not say, or has no room.

    The row of a place is the number of the district.
    """

    def __init__(self, block: Tiles, room: Room, tiles: Grid | None) -> None:
        super().__init__(room)
        self.block = block
        self.told = -1 if room.whole else 0
        self.title(block.title)
        numbers = {*block.values, *_districts(tiles, block.chamber)}
        self._value = max([1, *(min(VALUE, room.size(spelled(text))) for text in block.values.values())])
        self._value = max(self._value, *(len(str(number)) for number in [1, *numbers]))
        spots = None if tiles is None else self._on(tiles)
        wide = self._value + 2
        if spots is None or (max(x for x, _ in spots.values()) + wide) > room.width - GUTTER:
            across = max(1, (room.width - GUTTER + GAP) // (wide + GAP))
            order = enumerate(sorted(numbers))
            spots = {number: (place % across * (wide + GAP), place // across) for place, number in order}
        self._spots = spots
        self._draw()
        for text in room.wrap(block.legend, room.width - GUTTER) if block.legend else ():
            self.add(gutter(), Span(text, "quiet"))
        if not spots:
            self.add(gutter(), Span("No district has a value.", "quiet"))
        self.done()

    def _on(self, grid: Grid) -> dict[int, tuple[int, int]]:
        """The first cell and the row of tiles of each district of the chamber; tiles keep to their cells."""
        own = grid.chamber.code == self.block.chamber
        tiles = (grid.undivided() if own else grid).tiles
        wide = self._value + 2
        most = max((len(tile.cells) for tile in tiles), default=1)
        return {
            cell.number: (tile.column * (most * wide + GAP) + place * wide, tile.row)
            for tile in tiles
            for place, cell in enumerate(tile.cells)
            if cell.chamber == self.block.chamber
        }

    def _draw(self) -> None:
        rows: dict[int, list[tuple[int, int]]] = {}
        for number, (x, row) in self._spots.items():
            rows.setdefault(row, []).append((x, number))
        for row in range(max(rows, default=-1) + 1):
            above: Spans = [gutter()]
            below: Spans = [gutter()]
            upto = 0
            for x, number in sorted(rows.get(row, ())):
                place = self.place(Place(number), chosen_in(self.block.values.get(number, "")))
                text = self.block.values.get(number, "")
                above += [Span(" " * (x - upto)), self._piece(str(number), place)._replace(look="label")]
                value = self._piece(spelled(text), place)
                below += [Span(" " * (x - upto)), value._replace(look=look_of(text), lit=True, framed=True)]
                upto = x + self._value + 2
            self.add(*above)
            self.add(*below)

    def _piece(self, text: str, place: Place) -> Span:
        inner = self.room.centred(self.room.fit(text, min(self.room.size(text), self._value)), self._value)
        return Span(f" {inner} ", "plain", place)

    def moved(self, place: Place, direction: Direction) -> Place | None:
        """The nearest district in a direction."""
        here = self._boxes[place]
        across = direction in ("left", "right")
        sign = 1 if direction in ("right", "down") else -1
        best: tuple[int, int] | None = None
        answer = None
        for other, box in self._boxes.items():
            east, south = box.x - here.x, (box.y - here.y) * 2  # a line is as high as two cells are wide
            ahead, aside = (sign * east, abs(south)) if across else (sign * south, abs(east))
            if ahead > 0 and (best is None or (ahead + 2 * aside, aside) < best):
                best, answer = (ahead + 2 * aside, aside), other
        return answer

    def about(self, place: Place) -> str:
        """The district and its value in full."""
        value = self.block.values.get(place.row, "")
        return f"{show(self.block.chamber, CELL_CHARACTERS)} district {place.row}: {spelled(value) or 'no value'}"
