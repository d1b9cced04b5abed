"""The true map on the screen: two districts' colours to a cell, or a character of the legend for each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple

from textual import events
from textual.geometry import Size
from textual.strip import Strip

from partners_crm.districts.maps import OUTSIDE, SCALE, Borders
from partners_crm.districts.raster import (
    Pixels,
    Window,
    borders_of,
    bounds,
    crowded,
    fitted,
    paired,
    panned,
    raster,
    seen,
    zoomed,
)
from partners_crm.districts.tiles import Cell, Direction, Grid
from partners_crm.errors import NotFound
from partners_crm.services.pictures.legend import step_of
from partners_crm.tui.asking import Found
from partners_crm.tui.display import cell as fit
from partners_crm.tui.display import halves, ink, strip
from partners_crm.tui.widgets.board import Board
from partners_crm.tui.widgets.palette import palette
from partners_crm.tui.widgets.picture import Picture

INSET = 20
"""Cells across from which an inset is worth its room."""
BETWEEN = 2
"""Blank cells between the map and its inset."""
PAN = 1 / 8
"""The part of the window that an arrow key moves it by."""
INNER = 0.4
"""The part of a district that is not its edge, below which its edge is not drawn."""
CROSS = "┼"
"""The middle of a window that can be moved: the district there is under the cursor."""
BLOCK = "▀"


class _Frame(NamedTuple):
    """A window drawn in some columns of the widget."""

    x: int
    width: int
    window: Window
    pixels: Pixels
    """Edges of districts are negative."""


class Outline(Picture):
    """The districts of the cursor's chamber as they lie."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.in_characters = False
        """Whether a character, not a colour, shows the state of a district."""
        self.zoom: Window | None = None
        """The part that is shown; None for the whole map."""
        self.trouble = ""
        self._borders: Borders | None = None
        self._known: dict[tuple[str, str], Borders] = {}
        """Borders by map and chamber."""
        self._frames: tuple[_Frame, ...] = ()
        self._framed: object = None
        """What the frames were made for."""
        self._strips: list[Strip] = []
        self._walk = Board((), ())

    # ---------------------------------------------------------------- what others call

    def put(self, found: Found | None, cell: Cell | None) -> None:
        """Show an answer, with the cursor on a district or one near it."""
        before, self.found = self._borders, found
        self._borders, self.trouble = None, found.trouble if found else ""
        if found is not None and found.drawn is not None:
            chamber = cell.chamber if cell is not None and cell.chamber in found.coverage.chambers else ""
            chamber = chamber or found.coverage.chambers[0]
            own = [grid.undivided() if grid.chamber.code == chamber else grid for grid in found.grids]
            answered = {key for key in found.answers if key[0] == chamber}
            mine = [
                grid for grid in own if grid.chamber.code == chamber or (grid.nested and grid.nested.code == chamber)
            ]
            self._walk = Board(mine, answered)
            cell = cell if cell in answered else self._walk.near(cell)
            key = (found.coverage.map_sha256, chamber)
            try:
                if key not in self._known:
                    self._known[key] = borders_of(found.drawn, chamber)
                self._borders = self._known[key]
            except NotFound as error:
                self.trouble = error.message
        if before is not self._borders:
            self.zoom = None
        self.cell = cell
        self.recolour()

    def step(self, direction: Direction) -> None:
        """Move the window where it is a part of the map, else the cursor."""
        if self._borders is None or self.cell is None:
            return
        if self.zoom is None:
            self.choose(self._walk.moved(self.cell, direction))
            return
        east = {"left": -PAN, "right": PAN}.get(direction, 0.0)
        north = {"down": -PAN, "up": PAN}.get(direction, 0.0)
        self.zoom = panned(self.zoom, east, north, _around(bounds(self._borders), self.zoom))
        self.recolour()
        if self._frames and (middle := self._middle()):
            self.choose(middle)

    def nearer(self, factor: float) -> None:
        """Show a part of the map about the cursor, `factor` times as near as now; the whole map when that is all."""
        if self._borders is None or self.cell is None:
            return
        whole = fitted(bounds(self._borders), *self._room(self.size.width, self._high), tall=self._tall)
        window = self.zoom or _about(whole, _middle_of(self._borders, self.cell.number))
        near = zoomed(window, factor, _around(whole, whole))
        self.zoom = None if near.size[0] >= whole.size[0] else near
        self.recolour()

    def whole(self) -> None:
        """Show the whole map."""
        self.zoom = None
        self.recolour()

    @property
    def magnified(self) -> float:
        """How many times as near as the whole map."""
        if self.zoom is None or self._borders is None:
            return 1.0
        whole = fitted(bounds(self._borders), *self._room(self.size.width, self._high), tall=self._tall)
        return whole.size[0] / self.zoom.size[0]

    def shows(self, cell: Cell) -> bool:
        """Whether a district is seen at all."""
        return any(number == cell.number for frame in self._frames for number in map(abs, seen(frame.pixels)))

    def recolour(self) -> None:
        """Draw anew; the pixels are kept while the window and the size stay."""
        self.virtual_size = Size(self.size.width, self.size.height)
        self._frame()
        self._strips = self._draw()
        self.refresh()

    def follow(self) -> None:
        """Draw the cursor where it is now."""
        self.recolour()

    def at(self, x: int, y: int) -> Cell | None:
        """The district drawn at a place of the widget."""
        if self.cell is None or y < 1:
            return None
        for frame in self._frames:
            row = (y - 1) * (1 if self.in_characters else 2)
            if frame.x <= x < frame.x + frame.width and row < len(frame.pixels):
                number = abs(frame.pixels[row][x - frame.x])
                return Cell(self.cell.chamber, number) if number else None
        return None

    def on_resize(self, _event: events.Resize) -> None:
        """Draw for the new size."""
        self.recolour()

    # ---------------------------------------------------------------- pixels

    @property
    def _high(self) -> int:
        """Lines of the map: the first one of the widget says what is shown."""
        return max(1, self.size.height - 1)

    @property
    def _tall(self) -> float:
        return 2.0 if self.in_characters else 1.0

    def _room(self, width: int, high: int) -> tuple[int, int]:
        """The pixels of so many cells."""
        return max(1, width), high if self.in_characters else 2 * high

    def _frame(self) -> None:
        """Make the pixels, unless those there are for the same window and size."""
        wanted = (id(self._borders), self.zoom, self.size, self.in_characters)
        if wanted == self._framed:
            return
        self._framed = wanted
        self._frames = ()
        if self._borders is None or self.size.width < 2:
            return
        width, high = self.size.width, self._high
        if self.zoom is not None:
            self._frames = (self._pixels(0, width, self.zoom),)
            return
        whole = bounds(self._borders)
        needed = math.ceil(whole.shape * 2 * high) + 1
        room = width - needed - BETWEEN
        inset = None
        if room >= INSET:
            main = fitted(whole, *self._room(needed, high), tall=self._tall)
            inset = crowded(self._borders, main, self._room(needed, high), self._room(room, high))
        if inset is None:
            self._frames = (self._pixels(0, width, whole),)
        else:
            self._frames = (self._pixels(0, needed, whole), self._pixels(needed + BETWEEN, room, inset))

    def _pixels(self, x: int, width: int, window: Window) -> _Frame:
        assert self._borders is not None
        size = self._room(width, self._high)
        window = fitted(window, *size, tall=self._tall)
        return _Frame(x, width, window, _edged(raster(self._borders, window, *size)))

    def _middle(self) -> Cell | None:
        """The district in the middle of the window."""
        pixels = self._frames[0].pixels
        number = abs(pixels[len(pixels) // 2][len(pixels[0]) // 2])
        return Cell(self.cell.chamber, number) if number and self.cell else None

    # ---------------------------------------------------------------- drawing

    def render_line(self, y: int) -> Strip:
        """Draw one line; line 0 says what is shown."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def _draw(self) -> list[Strip]:
        width, ground = self.size.width, self.rich_style
        quiet = self.get_component_rich_style("picture--quiet")
        if self._borders is None or self.found is None or self.cell is None:
            words = f" {self.trouble or 'no map'}; m shows the districts as a table" if self.found else ""
            return [strip([(fit(words, width), quiet)], width, ground)]
        found = [strip(self._captions(quiet), width, ground)]
        rows = [self._rows(frame) for frame in self._frames]
        middle = self._high // 2 if self.zoom is not None else None
        for y in range(self._high):
            pieces: list[tuple[object, Any]] = []
            upto = 0
            for frame, own in zip(self._frames, rows, strict=True):
                pieces.append((" " * (frame.x - upto), ground))
                pieces += own[y] if y < len(own) else [(" " * frame.width, ground)]
                upto = frame.x + frame.width
            line = strip(pieces, width, ground)
            if y == middle:
                cursor = self.get_component_rich_style("picture--cursor")
                half = width // 2
                cross = strip([(CROSS, cursor)], 1, cursor)
                line = Strip.join([line.crop(0, half), cross, line.crop(half + 1, width)])
            found.append(line)
        return found

    def _captions(self, style: Any) -> list[tuple[object, Any]]:
        assert self.found is not None
        assert self.cell is not None
        name = self.found.coverage.chamber_names[self.cell.chamber]
        if self.zoom is not None:
            return [(f" {name}, {self.magnified:.0f} times as near: arrows move, 0 the whole map", style)]
        if len(self._frames) < 2:
            return [(f" {name}, the whole map: + goes nearer", style)]
        _, inset = self._frames
        whole = f" {name}, the whole map"
        return [
            (fit(whole if len(whole) < inset.x else f" {name}", inset.x), style),
            (fit("the crowded part; + goes nearer", inset.width), style),
        ]

    def _rows(self, frame: _Frame) -> list[list[tuple[object, Any]]]:
        """The pieces of each line of a frame."""
        ground = self.rich_style
        back = ground.bgcolor.get_truecolor().hex if ground.bgcolor else "#000000"
        look = palette(self.app.current_theme.dark)
        codes = self._codes()
        cursor = self.get_component_rich_style("picture--cursor")
        mine = self.cell.number if self.cell else OUTSIDE
        if self.in_characters:
            shades = {number: step.shade for number, step in codes.items()}
            inks = {number: ground + ink(look.areas[step.code]) for number, step in codes.items()}
            inks[mine], inks[OUTSIDE], shades[OUTSIDE] = cursor, ground, " "
            return [
                [(shades[number] * len(list(run)), inks[number]) for number, run in groupby(map(abs, row))]
                for row in frame.pixels
            ]
        colours = {number: look.areas[step.code] for number, step in codes.items()}
        colours |= {-number: look.edges[step.code] for number, step in codes.items()}
        colours[OUTSIDE] = back
        if mine and cursor.bgcolor:
            colours[mine] = colours[-mine] = cursor.bgcolor.get_truecolor().hex
        styles: dict[tuple[str, str], Any] = {}
        found = []
        for row in paired(frame.pixels):
            pieces: list[tuple[object, Any]] = []
            for pair, run in groupby([(colours[up], colours[down]) for up, down in row]):
                if pair not in styles:
                    styles[pair] = halves(*pair)
                pieces.append((BLOCK * len(list(run)), styles[pair]))
            found.append(pieces)
        return found

    def _codes(self) -> dict[int, Any]:
        """The step of each district of the chamber drawn."""
        assert self.found is not None
        assert self.cell is not None
        return {
            number: step_of(each) for (code, number), each in self.found.answers.items() if code == self.cell.chamber
        }


def _alone(grids: Sequence[Grid], chamber: str) -> list[Grid]:
    """The tiles of one chamber, or those whose cells it is."""
    own = (grid.undivided() if grid.chamber.code == chamber else grid for grid in grids)
    return [grid for grid in own if chamber in {grid.chamber.code, grid.nested.code if grid.nested else ""}]


def _edged(pixels: Pixels) -> Pixels:
    """The pixels with those negative whose neighbour to the east or below is of another district.

    Districts that would have little but edges keep their own colour.
    """
    found = []
    for place, row in enumerate(pixels):
        below: Sequence[int] = pixels[place + 1] if place + 1 < len(pixels) else row
        found.append(
            [
                here if here == east == south else -here
                for here, east, south in zip(row, [*row[1:], row[-1]], below, strict=True)
            ]
        )
    whole, inner = Counter(chain.from_iterable(pixels)), Counter(chain.from_iterable(found))
    small = {-number for number, count in whole.items() if inner[number] < INNER * count}
    return [[-here if here in small else here for here in row] for row in found]


def _middle_of(borders: Borders, number: int) -> tuple[float, float]:
    """(latitude, longitude) of the middle of the box around a district."""
    lat: list[int] = []
    lon: list[int] = []
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        if number in (left, right):
            lat += borders.lat[start : start + size]
            lon += borders.lon[start : start + size]
        start += size
    return (min(lat) + max(lat)) / 2 / SCALE, (min(lon) + max(lon)) / 2 / SCALE


def _about(window: Window, middle: tuple[float, float]) -> Window:
    """A window of the same size about a middle."""
    up, across = (side / 2 for side in window.size)
    latitude, longitude = middle
    return Window(latitude - up, longitude - across, latitude + up, longitude + across)


def _around(whole: Window, window: Window) -> Window:
    """A map with so much ground around it that every point of it can be in the middle of a window."""
    up, across = (side / 2 for side in window.size)
    return Window(whole.south - up, whole.west - across, whole.north + up, whole.east + across)
