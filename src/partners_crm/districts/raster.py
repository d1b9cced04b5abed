"""A true map as rows of small numbers: which district each pixel shows, from the shared arcs in one pass.

Each edge is met once. Where it crosses the middle line of a row of pixels, the row notes the crossing and the district
to its west; the crossings in order then fill the row. So a pixel has one answer, the one of the point in its middle.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from partners_crm.districts.geometry import metres_per_unit
from partners_crm.districts.maps import OUTSIDE, SCALE, Borders, DistrictMap
from partners_crm.errors import NotFound

Pixels = list[list[int]]
"""The number of the district in each pixel, 0 outside the state; row 0 is the north."""

VISIBLE = 4
"""Pixels below which a district is not seen: a spot that no eye finds and no colour shows."""
FRACTIONS = (1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3)
"""How large an inset may be, as a part of the whole map."""
FEW = 0.9
"""Of two insets, the smaller one is better while it shows this share of what the larger one shows."""
LEAST = 1 / 256
"""The smallest window, as a part of the whole map."""


class Window(NamedTuple):
    """A part of the earth, in degrees."""

    south: float
    west: float
    north: float
    east: float

    @property
    def middle(self) -> tuple[float, float]:
        """(latitude, longitude)."""
        return (self.south + self.north) / 2, (self.west + self.east) / 2

    @property
    def size(self) -> tuple[float, float]:
        """(height, width)."""
        return self.north - self.south, self.east - self.west

    @property
    def shape(self) -> float:
        """Its width by its height on the ground, as long as its middle."""
        up, across = self.size
        east, north = metres_per_unit(self.middle[0])
        return across * east / (up * north)


# ------------------------------------------------------------------- windows


def bounds(borders: Borders) -> Window:
    """The window that holds every district."""
    lon, lat = borders.lon, borders.lat
    return Window(min(lat) / SCALE, min(lon) / SCALE, max(lat) / SCALE, max(lon) / SCALE)


def fitted(window: Window, width: int, height: int, *, tall: float = 1.0) -> Window:
    """The window made wider or higher, about its middle, so that nothing is stretched in so many pixels.

    `tall` is the height of a pixel by its width: 1 for half blocks and the dots of braille, 2 for whole cells.
    """
    up, across = window.size
    latitude, longitude = window.middle
    more = width / (height * tall) / window.shape
    up, across = up / min(more, 1) / 2, across * max(more, 1) / 2
    return Window(latitude - up, longitude - across, latitude + up, longitude + across)


def zoomed(window: Window, factor: float, whole: Window) -> Window:
    """The window about the same middle, `factor` times as near (2 is in, 0.5 is out), never beyond the whole."""
    up, across = window.size
    most_up, most_across = whole.size
    factor = min(max(factor, up / most_up, across / most_across), up / (most_up * LEAST))
    latitude, longitude = window.middle
    up, across = up / factor / 2, across / factor / 2
    return _within(Window(latitude - up, longitude - across, latitude + up, longitude + across), whole)


def panned(window: Window, east: float, north: float, whole: Window) -> Window:
    """The window moved by parts of its own size, never beyond the whole."""
    up, across = window.size
    north, east = north * up, east * across
    return _within(Window(window.south + north, window.west + east, window.north + north, window.east + east), whole)


def crowded(
    borders: Borders, window: Window, size: tuple[int, int], inset: tuple[int, int] | None = None
) -> Window | None:
    """The window for an inset: where most districts lie that are too small to be seen in `window`.

    `size` is what the window is drawn in, (width, height) in pixels, `inset` the same of the inset; by default they are
    equal. None where every district is seen anyway, or no inset would show one that is not.
    """
    (width, height), (inset_width, inset_height) = size, inset or size
    up, across = window.size
    pixel = (up / height) * (across / width) * SCALE * SCALE
    hidden = [extent for extent in _extents(borders).values() if extent.area < VISIBLE * pixel]
    best, most = None, 0
    for part in FRACTIONS:
        high, wide = up * part, across * part * (inset_width / inset_height) * (height / width)
        pixel = (high / inset_height) * (wide / inset_width) * SCALE * SCALE
        shown = [extent for extent in hidden if extent.area >= VISIBLE * pixel]
        count, found = _fullest(shown, int(high * SCALE), int(wide * SCALE))
        if found is not None and count * FEW > most:
            best, most = found, count
    # Nearer to a pole or to the equator than the middle of the whole, a degree of longitude is another way long.
    tall = width / (height * window.shape)
    return None if best is None else fitted(best, inset_width, inset_height, tall=tall)


class _Extent(NamedTuple):
    """The box around a district, and its area in square units."""

    south: int
    west: int
    north: int
    east: int
    area: float


def _extents(borders: Borders) -> dict[int, _Extent]:
    boxes: dict[int, list[int]] = {}
    areas: dict[int, int] = {}
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        part = slice(start, start + size)
        lon, lat = borders.lon[part], borders.lat[part]
        start += size
        # Twice the area that the arc sweeps, seen from 0, 0: what lies to the left of its way is positive.
        swept = sum(x1 * y2 - x2 * y1 for x1, y1, x2, y2 in zip(lon, lat, lon[1:], lat[1:], strict=False))
        box = (min(lat), min(lon), max(lat), max(lon))
        for number, sign in ((left, 1), (right, -1)):
            if number == OUTSIDE:
                continue
            areas[number] = areas.get(number, 0) + sign * swept
            known = boxes.setdefault(number, list(box))
            known[:] = (*map(min, known[:2], box[:2]), *map(max, known[2:], box[2:]))
    return {
        number: _Extent(south, west, north, east, abs(areas[number]) / 2)
        for number, (south, west, north, east) in boxes.items()
    }


def _fullest(extents: Sequence[_Extent], up: int, across: int) -> tuple[int, Window | None]:
    """The window of a size, in units, that holds most boxes whole; its sides touch the south and the west of some."""
    best: tuple[int, list[_Extent]] = (0, [])
    for south in sorted({each.south for each in extents}):
        band = [each for each in extents if each.south >= south and each.north <= south + up]
        if len(band) <= best[0]:
            continue
        for west in sorted({each.west for each in band}):
            inside = [each for each in band if each.west >= west and each.east <= west + across]
            if len(inside) > best[0]:
                best = (len(inside), inside)
    count, inside = best
    if not count:
        return 0, None
    latitude = (min(each.south for each in inside) + max(each.north for each in inside)) / 2
    longitude = (min(each.west for each in inside) + max(each.east for each in inside)) / 2
    sides = (latitude - up / 2, longitude - across / 2, latitude + up / 2, longitude + across / 2)
    return count, Window(*(side / SCALE for side in sides))


def _within(window: Window, whole: Window) -> Window:
    up, across = window.size
    south = min(max(window.south, whole.south), max(whole.north - up, whole.south))
    west = min(max(window.west, whole.west), max(whole.east - across, whole.west))
    return Window(south, west, south + up, west + across)


# -------------------------------------------------------------------- pixels


def borders_of(district_map: DistrictMap, chamber: str) -> Borders:
    """The borders of a chamber: its own, or those of the chamber nested in it that lie between two of its districts.

    Raises:
        NotFound: the map has no such chamber, or no borders of it.
    """
    info = district_map.info
    name = info.chamber(chamber).name
    if chamber in district_map.borders:
        return district_map.borders[chamber]
    inside = [each for each in info.chambers if each.nested_in == chamber and each.code in district_map.borders]
    if not inside:
        raise NotFound(f"the map {info.code} has no borders of {name} districts")
    (nested, *_) = inside
    borders = district_map.borders[nested.code]
    parents = [OUTSIDE, *(nested.parent(number) or OUTSIDE for number in range(1, nested.districts + 1))]
    found = Borders(*(array("i") for _ in Borders._fields))
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        if parents[left] != parents[right]:
            found.sizes.append(size)
            found.left.append(parents[left])
            found.right.append(parents[right])
            found.lon.extend(borders.lon[start : start + size])
            found.lat.extend(borders.lat[start : start + size])
        start += size
    return found


def raster(borders: Borders, window: Window, width: int, height: int) -> Pixels:
    """The district in the middle of each pixel of a window; the window is taken as it is (see `fitted`)."""
    step = (window.north - window.south) * SCALE / height
    top = window.north * SCALE / step - 0.5
    lines = [math.floor(top - latitude / step) for latitude in borders.lat]
    """The last row whose middle lies at or above each point: an edge crosses the rows between those of its ends."""
    rows = _crossings(borders, lines, (window.north * SCALE - step / 2, step), height)
    west, column = window.west * SCALE, (window.east - window.west) * SCALE / width
    found: Pixels = []
    for crossings in rows:
        crossings.sort()
        row: list[int] = []
        done = 0
        for x, _, number in crossings:
            upto = min(width, math.floor((x - west) / column + 0.5))
            if upto > done:
                row.extend([number] * (upto - done))
                done = upto
                if done == width:
                    break
        row.extend([OUTSIDE] * (width - done))
        found.append(row)
    return found


def paired(pixels: Pixels) -> list[list[tuple[int, int]]]:
    """The pixels as cells of a terminal, (upper, lower) half of each; a missing last row is outside."""
    lower = [*pixels[1::2], *([[OUTSIDE] * len(pixels[-1])] if len(pixels) % 2 else [])]
    return [list(zip(up, down, strict=True)) for up, down in zip(pixels[::2], lower, strict=True)]


def seen(pixels: Pixels) -> set[int]:
    """The districts that have at least one pixel."""
    return {number for row in pixels for number in set(row)} - {OUTSIDE}


def _crossings(
    borders: Borders, lines: Sequence[int], middles: tuple[float, float], height: int
) -> list[list[tuple[float, float, int]]]:
    """(longitude, slope, district to the west) of every edge that crosses the middle line of each row.

    `middles` is the latitude of the first line, in units, and the step to the next one south. Of edges that leave one
    point the slope says which is the westernmost just above it.
    """
    rows: list[list[tuple[float, float, int]]] = [[] for _ in range(height)]
    lon, lat = borders.lon, borders.lat
    first, step = middles
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        stop = start + size
        before = lines[start]
        for place in range(start + 1, stop):
            line = lines[place]
            if line == before:
                continue
            x, y = lon[place], lat[place]
            slope = (x - lon[place - 1]) / (y - lat[place - 1])
            # Northwards the line number falls, and the west is on the left.
            upper, lower, west = (line, before, left) if line < before else (before, line, right)
            for row in range(max(upper + 1, 0), min(lower + 1, height)):
                rows[row].append((x + slope * (first - row * step - y), slope, west))
            before = line
        start = stop
    return rows
