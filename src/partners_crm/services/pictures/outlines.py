"""The borders of a map, light enough to draw: laid on a picture, simplified arc by arc, as drawing commands.

An arc is simplified once for the districts on both its sides and keeps its ends, so that no gap opens between two
districts. A picture is a plane: degrees of longitude are narrowed by the cosine of the middle latitude.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from partners_crm.districts.geometry import Point
from partners_crm.districts.maps import OUTSIDE, SCALE, Arc, Borders
from partners_crm.districts.raster import Pixels, Window


class Frame(NamedTuple):
    """A window of the earth laid on a rectangle of the picture, which should have the same shape (`raster.fitted`)."""

    window: Window
    left: float
    top: float
    width: float
    height: float

    def point(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a place (degrees) lies in the picture."""
        up, across = self.window.size
        x = self.left + (longitude - self.window.west) * self.width / across
        return x, self.top + (self.window.north - latitude) * self.height / up

    def box(self, other: Window) -> tuple[float, float, float, float]:
        """(left, top, width, height) of another window in the picture."""
        left, top = self.point(other.west, other.north)
        right, bottom = self.point(other.east, other.south)
        return left, top, right - left, bottom - top


Box = tuple[float, float, float, float]
"""(left, top, width, height) in units of a picture."""


def laid(borders: Borders, frame: Frame, tolerance: float, shown: Box | None = None) -> Borders:
    """Every arc in whole units of the picture, at most `tolerance` units from where it was (and half a unit rounded).

    Where only a box is shown, an arc beside it becomes a straight line, which changes nothing inside.
    """
    up, across = frame.window.size
    east, south = frame.width / across / SCALE, -frame.height / up / SCALE
    x0, y0 = frame.left - frame.window.west * SCALE * east, frame.top - frame.window.north * SCALE * south
    xs, ys = [x0 + x * east for x in borders.lon], [y0 + y * south for y in borders.lat]
    found = Borders(*(array("i") for _ in Borders._fields))
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        way = list(zip(xs[start : start + size], ys[start : start + size], strict=True))
        start += size
        kept = simplified(way, tolerance) if shown is None or reaches(way, shown) else [way[0], way[-1]]
        points = [point for point, _ in groupby((round(x), round(y)) for x, y in kept)]
        if len(points) > 1:
            found.sizes.append(len(points))
            found.left.append(left)
            found.right.append(right)
            found.lon.extend(x for x, _ in points)
            found.lat.extend(y for _, y in points)
    return found


def arcs(borders: Borders) -> Iterator[Arc]:
    """The arcs one by one."""
    start = 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        yield left, right, list(zip(borders.lon[start : start + size], borders.lat[start : start + size], strict=True))
        start += size


def simplified(points: Sequence[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    """Some of the points, both ends among them, such that none of the others is farther than `tolerance` from the way.

    The farthest point from the straight way is kept, and both halves are looked at again (Douglas and Peucker 1973).
    """
    kept = {0, len(points) - 1}
    open_ways = [(0, len(points) - 1)]
    limit = tolerance * tolerance
    while open_ways:
        first, last = open_ways.pop()
        if last - first < 2:
            continue
        far, place = _farthest(points, first, last)
        if far > limit:
            kept.add(place)
            open_ways += [(first, place), (place, last)]
    return [points[place] for place in sorted(kept)]


def reaches(way: Sequence[tuple[float, float]], box: Box) -> bool:
    """Whether the rectangle around a way meets a box."""
    left, top, wide, high = box
    xs, ys = [x for x, _ in way], [y for _, y in way]
    return min(xs) <= left + wide and max(xs) >= left and min(ys) <= top + high and max(ys) >= top


def path(ways: Iterable[Sequence[Point]]) -> str:
    """The drawing commands of ways, in relative steps; one that ends where it began is closed."""
    parts = []
    for way in ways:
        closed = way[0] == way[-1]
        steps = []
        for (x, y), (next_x, next_y) in pairwise(way[:-1] if closed else way):
            dx, dy = next_x - x, next_y - y
            steps.append(f"{'' if dx < 0 else ' '}{dx}{'' if dy < 0 else ' '}{dy}")
        parts.append(f"M{way[0][0]} {way[0][1]}l{''.join(steps).lstrip()}{'z' if closed else ''}")
    return "".join(parts)


def spots(pixels: Pixels) -> dict[int, tuple[float, float, int]]:
    """Where the number of each district is best written: (column, row, room) in pixels.

    The room is the number of pixels from there to the nearest one of another district.
    """
    height, width = len(pixels), len(pixels[0])
    room = [[0] * width for _ in range(height)]
    for rows, step in ((range(height), 1), (range(height - 1, -1, -1), -1)):
        for row in rows:
            for column in range(width) if step > 0 else range(width - 1, -1, -1):
                room[row][column] = _room(pixels, room, row, column, step)
    best: dict[int, tuple[int, list[Point]]] = {}
    for row, (numbers, rooms) in enumerate(zip(pixels, room, strict=True)):
        for column, (number, free) in enumerate(zip(numbers, rooms, strict=True)):
            most, places = best.setdefault(number, (free, []))
            if free > most:
                best[number] = (free, [(column, row)])
            elif free == most:
                places.append((column, row))
    return {number: (*_middle(places), free) for number, (free, places) in best.items() if number != OUTSIDE}


def _middle(places: Sequence[Point]) -> tuple[float, float]:
    """The middle of the pixel that lies nearest to the middle of them all."""
    x, y = (sum(each) / len(places) for each in zip(*places, strict=True))
    column, row = min(places, key=lambda place: (place[0] - x) ** 2 + (place[1] - y) ** 2)
    return column + 0.5, row + 0.5


def _room(pixels: Pixels, room: list[list[int]], row: int, column: int, step: int) -> int:
    """How far a pixel is from another district, as the pixels behind it know; the second pass keeps the smaller one."""
    number, back, side = pixels[row][column], row - step, column - step
    if not (0 <= back < len(pixels) and 0 <= side < len(pixels[0])):
        return 1
    near = 1 + room[row][side] if pixels[row][side] == number else 1
    for other in (column - 1, column, column + 1):
        if not 0 <= other < len(pixels[0]):
            return 1
        near = min(near, 1 + room[back][other] if pixels[back][other] == number else 1)
    return near if step > 0 else min(near, room[row][column])


def _farthest(points: Sequence[tuple[float, float]], first: int, last: int) -> tuple[float, int]:
    """(square of the distance, place) of the point farthest from the straight way between two others."""
    (x0, y0), (x1, y1) = points[first], points[last]
    wide, high = x1 - x0, y1 - y0
    length = wide * wide + high * high
    best, place = -1.0, first
    for number in range(first + 1, last):
        x, y = points[number]
        dx, dy = x - x0, y - y0
        along = (dx * wide + dy * high) / length if length else 0.0
        if along > 1:
            dx, dy = x - x1, y - y1
        elif along > 0:
            dx, dy = dx - along * wide, dy - along * high
        far = dx * dx + dy * dy
        if far > best:
            best, place = far, number
    return best, place
