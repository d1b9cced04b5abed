"""District maps as files: a header that says everything about the map, and its borders as shared arcs.

A border between two districts is stored once, with the district on its left and the one on its right in the direction
of travel; 0 is outside the state. So a point can never lie in two districts, nor in none along a border.

A map has one chamber or several. The districts of a chamber either have borders of their own, a layer of the file, or
are made of the districts of a chamber nested in them, and then need none.

The file: a line `partners-map 2`, a line of JSON (the header), then zlib-compressed little-endian int32 columns. For
each layer in turn: of each arc its number of points, left and right district; the longitudes and the latitudes of all
points in turn, in 1e-5 degrees, each as the difference from the one before; of each ZIP code area its code and how
many districts it touches; of each such part the district and its share of the area in 1/10,000.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from partners_crm.errors import FileRefused, NotFound

MAGIC = b"partners-map 2\n"
SCALE = 100_000
"""Units of a stored coordinate in one degree."""
OUTSIDE = 0
"""The number that stands for no district."""
SHARES = 10_000
"""Units of a stored share in a whole area."""
FIGURES = Path(__file__).parent / "figures"
MAP_BYTES = 64 * 2**20
"""The largest payload of a map file that is read: some twenty times the full borders of Illinois."""

MOST_DISTRICTS = 1000
"""No chamber has as many; the largest, New Hampshire's House, has some two hundred."""
MOST_METRES = 1000.0

OCD_TYPE = {"house": "sldl", "senate": "sldu"}
"""Open Civic Data division types of the chambers."""


class Chamber(NamedTuple):
    """A chamber of a map, and how its districts lie in those of another."""

    code: str
    """house or senate: the lower and the upper one, or the only one under the name its state gives it."""
    name: str
    """As its districts are called: "House" for House 12."""
    districts: int
    """They are numbered from 1 to this."""
    nested_in: str = ""
    """The chamber whose districts are each made of some of this one; "" where there is none."""
    per: int = 0
    """How many of this chamber's districts make one of that; 0 where nothing nests."""

    def parent(self, number: int) -> int | None:
        """The nesting rule: the district of `nested_in` that a district lies in; None where nothing nests."""
        return (number + self.per - 1) // self.per if self.per else None


class Layer(NamedTuple):
    """What the file holds of one chamber with borders of its own."""

    chamber: str
    arcs: int
    points: int
    zips: int
    """ZIP code areas whose parts are known."""
    parts: int


class MapInfo(NamedTuple):
    """Everything a map's header says."""

    code: str
    name: str
    state: str
    """Two letters."""
    state_name: str
    chambers: tuple[Chamber, ...]
    """The one with borders that the others are made of first."""
    law: str
    enacted: str
    first_election: str
    seated_from: str
    seated_until: str
    """Exclusive; "" while it holds."""
    source: str
    """Where the borders come from, in words."""
    source_sha256: tuple[str, ...]
    """Of the files the map was built from, in hexadecimal."""
    zip_source: str
    """Where the ZIP code areas come from; "" where the map has none."""
    tolerance_m: float
    """Metres by which borders were simplified."""
    border_shift_m: float
    """The largest distance in metres, measured, between a border and the one it was made from."""
    layers: tuple[Layer, ...]
    tiles: Mapping[str, Sequence[Sequence[int]]]
    """For the tile picture of a chamber: (number, column, row) of each of its districts; row 0 is the north."""
    sha256: str
    """Of the header without this, and of the columns, uncompressed, in hexadecimal."""

    @property
    def base(self) -> str:
        """The chamber whose borders come first."""
        return self.chambers[0].code

    @property
    def counts(self) -> dict[str, int]:
        """Districts of each chamber."""
        return {chamber.code: chamber.districts for chamber in self.chambers}

    def holds(self, day: str) -> bool:
        """Whether those elected under the map are seated on a day (ISO)."""
        return bool(self.seated_from) and self.seated_from <= day and (not self.seated_until or day < self.seated_until)

    def chamber(self, code: str) -> Chamber:
        """The chamber of a code.

        Raises:
            NotFound: the map has none such.
        """
        for each in self.chambers:
            if each.code == code:
                return each
        raise NotFound(f"the map {self.code} has no {code}", f"its chambers: {', '.join(self.counts)}")


class Borders(NamedTuple):
    """The borders of one chamber's districts."""

    sizes: array[int]
    """Points of each arc."""
    left: array[int]
    right: array[int]
    lon: array[int]
    """Longitudes of all points, arc after arc, in 1e-5 degrees."""
    lat: array[int]


Areas = dict[str, tuple[tuple[int, float], ...]]
"""By ZIP code: the districts its area lies in, each with its share of the area (land and water, not people)."""


class DistrictMap(NamedTuple):
    """A map with its borders, and what is known of ZIP codes, by chamber."""

    info: MapInfo
    borders: dict[str, Borders]
    zips: dict[str, Areas]

    def bare(self) -> tuple[tuple[str, int], ...]:
        """(chamber, number) of the districts that should have borders and have none."""
        return tuple(
            (chamber, number)
            for chamber, some in self.borders.items()
            for number in sorted(set(range(1, self.info.counts[chamber] + 1)) - {*some.left, *some.right})
        )


Arc = tuple[int, int, list[tuple[int, int]]]
"""(left, right, [(lon, lat) in 1e-5 degrees, ...])"""


@lru_cache(maxsize=1)
def bundled_maps() -> tuple[str, ...]:
    """The codes of the maps that come with the program."""
    return tuple(sorted(path.stem for path in FIGURES.glob("*.map")))


@lru_cache(maxsize=16)
def load_info(code: str) -> MapInfo:
    """The header of a bundled map.

    Raises:
        NotFound: no map of that code comes with the program.
        FileRefused: the file is damaged.
    """
    return read_header(_path(code).read_bytes(), code)[0]


def load_map(code: str | Path) -> DistrictMap:
    """A bundled map by its code, or a map file by its path.

    Raises:
        NotFound: no map of that code comes with the program.
        FileRefused: the file is none of ours, newer, or damaged.
    """
    path = code if isinstance(code, Path) else _path(code)
    return parse_map(read_map_file(path), str(path))


def read_map_file(path: Path) -> bytes:
    """The bytes of a map file.

    Raises:
        FileRefused: it cannot be read, or is far too large for one.
    """
    try:
        if path.stat().st_size > MAP_BYTES:
            raise FileRefused(f"{path}: is too large for a district map ({path.stat().st_size:,} bytes)")
        return path.read_bytes()
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}") from None


def parse_map(data: bytes, name: str) -> DistrictMap:
    """A map from the bytes of its file, which `name` stands for in what is said of it.

    Raises:
        FileRefused: the bytes are none of ours, newer, or damaged.
    """
    info, start = read_header(data, name)
    unpacked = zlib.decompressobj()
    try:
        payload = unpacked.decompress(data[start:], MAP_BYTES)
    except zlib.error as error:
        raise FileRefused(f"{name}: the borders are damaged: {error}", AGAIN) from None
    if not unpacked.eof or unpacked.unused_data:
        raise FileRefused(f"{name}: the borders are damaged: they do not end where the file does", AGAIN)
    if _digest(info, payload) != info.sha256 or len(payload) != 4 * sum(map(_size, info.layers)):
        raise FileRefused(f"{name}: the borders do not fit their checksum", AGAIN)
    columns = array("i")
    columns.frombytes(payload)
    if sys.byteorder == "big":
        columns.byteswap()
    borders, zips, place = {}, {}, 0
    for layer in info.layers:
        try:
            some, areas = _layer(columns[place : place + _size(layer)], layer)
            if not _fits(some, areas, layer, info.counts[layer.chamber]):
                raise ValueError
        except (ValueError, OverflowError):
            raise FileRefused(f"{name}: the borders do not fit the header of the map", AGAIN) from None
        borders[layer.chamber], zips[layer.chamber] = some, areas
        place += _size(layer)
    return DistrictMap(info, borders, zips)


AGAIN = "install the program again, or build the map again"


def dump_map(header: Mapping[str, Any], layers: Mapping[str, tuple[Iterable[Arc], Areas]]) -> bytes:
    """The bytes of a map file; `layers` holds the arcs and the ZIP code areas of each chamber with borders.

    `header` holds the fields of `MapInfo` but `layers` and `sha256`, which are computed.
    """
    columns, described = array("i"), []
    for chamber, (some, areas) in layers.items():
        arcs = list(some)
        lon = [x for _, _, line in arcs for x, _ in line]
        lat = [y for _, _, line in arcs for _, y in line]
        parts = [part for code in sorted(areas) for part in areas[code]]
        columns.extend(len(line) for _, _, line in arcs)
        columns.extend(left for left, _, _ in arcs)
        columns.extend(right for _, right, _ in arcs)
        for values in (lon, lat):
            columns.extend(now - before for before, now in zip([0, *values], values, strict=False))
        columns.extend(int(code) for code in sorted(areas))
        columns.extend(len(areas[code]) for code in sorted(areas))
        columns.extend(number for number, _ in parts)
        columns.extend(round(share * SHARES) for _, share in parts)
        described.append(Layer(chamber, len(arcs), len(lon), len(areas), len(parts)))
    if sys.byteorder == "big":
        columns.byteswap()
    payload = columns.tobytes()
    info = MapInfo(**{**header, "layers": tuple(described), "sha256": ""})
    line = _written(info._replace(sha256=_digest(info, payload)))
    return MAGIC + line + b"\n" + zlib.compress(payload, 9)


def _written(info: MapInfo) -> bytes:
    """The line of the header."""
    plain = info._asdict()
    plain["chambers"] = [each._asdict() for each in info.chambers]
    plain["layers"] = [each._asdict() for each in info.layers]
    return json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()


def _digest(info: MapInfo, payload: bytes) -> str:
    """The checksum of a map: of all that its header says but this, and of its columns."""
    return hashlib.sha256(_written(info._replace(sha256="")) + b"\n" + payload).hexdigest()


def read_header(data: bytes, name: str) -> tuple[MapInfo, int]:
    """What a map file says of itself, and where its columns begin.

    Raises:
        FileRefused: the bytes are none of ours, newer, or damaged.
    """
    if not data.startswith(MAGIC):
        other = data.startswith(MAGIC.split()[0])
        raise FileRefused(
            f"{name}: is {'a map of another version' if other else 'no district map of this program'}",
            "build it again with this version: partners districts build-map" if other else "",
        )
    end = data.find(b"\n", len(MAGIC))
    try:
        plain = json.loads(data[len(MAGIC) : end])
        plain["chambers"] = tuple(Chamber(**each) for each in plain["chambers"])
        plain["layers"] = tuple(Layer(**each) for each in plain["layers"])
        plain["source_sha256"] = tuple(plain["source_sha256"])
        info = MapInfo(**plain)
        if not _is_sound(info):
            raise ValueError
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise FileRefused(f"{name}: the header of the map is damaged", AGAIN) from None
    return info, end + 1


def ocd_id(state: str, chamber: str, number: int) -> str:
    """The Open Civic Data id of a district; it does not name the map."""
    return f"ocd-division/country:us/state:{state}/{OCD_TYPE[chamber]}:{number}"


def _is_sound(info: MapInfo) -> bool:
    """Whether a header could be one of ours: a map file may come from anywhere."""
    texts = (*info[:4], *info[5:11], info.zip_source, info.sha256, *info.source_sha256)
    metres = (info.tolerance_m, info.border_shift_m)
    counts, stored = info.counts, [layer.chamber for layer in info.layers]
    sizes = [size for layer in info.layers for size in layer[1:]]
    tiles = [(counts[code], tile) for code, layout in info.tiles.items() for tile in layout]
    return (
        all(isinstance(text, str) and text.isprintable() for text in texts)
        and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", info.code) is not None
        and re.fullmatch(r"[a-z]{2}", info.state) is not None
        and all(isinstance(each, int | float) and 0 <= each <= MOST_METRES for each in metres)
        and all(type(each) is int and 0 < each < MOST_DISTRICTS for each in counts.values())
        and all(isinstance(each.name, str) and each.name.strip() and each.name.isprintable() for each in info.chambers)
        and len(counts) == len(info.chambers) == len(counts.keys() & OCD_TYPE.keys())
        and all(_nests(each, info) for each in info.chambers if each.nested_in or each.per)
        and stored[0] == info.base
        # A place is found in the chambers that no other is nested in; in the others it follows.
        and sorted(stored) == sorted(counts.keys() - {each.nested_in for each in info.chambers})
        and all(map(_is_day, (info.enacted, info.seated_from, info.seated_until)))
        and re.fullmatch(r"(\d{4})?", info.first_election) is not None
        and all(type(size) is int and size >= 0 for size in sizes)
        and sum(map(_size, info.layers)) <= MAP_BYTES // 4
        and all(type(each) is int and 0 <= each < MOST_DISTRICTS for _, tile in tiles for each in tile)
        and all(len(tile) == 3 and 1 <= tile[0] <= count for count, tile in tiles)
    )


def _nests(chamber: Chamber, info: MapInfo) -> bool:
    """Whether the districts of a chamber fill those it is nested in, which are nested in no other."""
    above = [each for each in info.chambers if each.code == chamber.nested_in != chamber.code]
    if not above or above[0].nested_in or type(chamber.per) is not int or chamber.per < 1:
        return False
    return chamber.parent(chamber.districts) == above[0].districts


def _is_day(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _fits(borders: Borders, areas: Areas, layer: Layer, districts: int) -> bool:
    """Whether the columns of a layer name only districts of the map and points of the earth."""
    sides = {*borders.left, *borders.right}
    parts = [part for some in areas.values() for part in some]
    return (
        layer.arcs > 0
        and min(borders.sizes) >= 2
        and sum(borders.sizes) == layer.points
        and max(map(abs, borders.lon)) <= 180 * SCALE
        and max(map(abs, borders.lat)) <= 90 * SCALE
        and min(sides) >= OUTSIDE
        and max(sides) <= districts
        and all(1 <= number <= districts and 0 <= share <= 1 for number, share in parts)
        and len(areas) == layer.zips
    )


def _size(layer: Layer) -> int:
    return 3 * layer.arcs + 2 * layer.points + 2 * layer.zips + 2 * layer.parts


def _layer(columns: array[int], layer: Layer) -> tuple[Borders, Areas]:
    place = 0

    def take(count: int) -> array[int]:
        nonlocal place
        place += count
        return columns[place - count : place]

    sizes, left, right = (take(layer.arcs) for _ in range(3))
    lon, lat = (array("i", accumulate(take(layer.points))) for _ in range(2))
    codes, counts = take(layer.zips), take(layer.zips)
    numbers, shares = take(layer.parts), take(layer.parts)
    if min(counts, default=0) < 0 or sum(counts) != layer.parts:
        raise ValueError
    areas: Areas = {}
    first = 0
    for code, count in zip(codes, counts, strict=True):
        some = range(first, first + count)
        areas[f"{code:05}"] = tuple((numbers[each], shares[each] / SHARES) for each in some)
        first += count
    return Borders(sizes, left, right, lon, lat), areas


def _path(code: str) -> Path:
    path = FIGURES / f"{code}.map"
    if "/" in code or not path.is_file():
        raise NotFound(f"no district map {code} comes with the program", f"maps: {', '.join(bundled_maps())}")
    return path
