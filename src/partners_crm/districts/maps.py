"""District maps as files: a header that says everything about the map, and its borders as shared arcs.

A border between two districts is stored once, with the district on its left and the one on its right in the direction
of travel; 0 is outside the state. So a point can never lie in two districts, nor in none along a border.

The file: a line `partners-map 1`, a line of JSON (the header), then zlib-compressed little-endian int32 columns: for
each arc its number of points, left and right district; then the longitudes and the latitudes of all points in turn, in
1e-5 degrees, each as the difference from the one before.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from array import array
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from partners_crm.errors import FileRefused, NotFound

MAGIC = b"partners-map 1\n"
SCALE = 100_000
"""Units of a stored coordinate in one degree."""
OUTSIDE = 0
"""The number that stands for no district."""
FIGURES = Path(__file__).parent / "figures"

OCD_TYPE = {"house": "sldl", "senate": "sldu"}
"""Open Civic Data division types of the chambers."""


class MapInfo(NamedTuple):
    """Everything a map's header says."""

    code: str
    name: str
    state: str
    """Two letters."""
    state_name: str
    base: str
    """The chamber whose borders are stored."""
    counts: dict[str, int]
    """Districts of each chamber."""
    nested: int
    """Base districts in one district of the other chamber; 0 where nothing nests."""
    law: str
    enacted: str
    first_election: str
    seated_from: str
    seated_until: str
    """Exclusive; "" while it holds."""
    source: str
    """Where the borders come from."""
    tolerance_m: float
    """Metres by which borders were simplified."""
    border_shift_m: float
    """The largest distance in metres, measured, between a border and the one it was made from."""
    arcs: int
    points: int
    sha256: str
    """Of the columns, uncompressed, in hexadecimal."""


class DistrictMap(NamedTuple):
    """A map with its borders."""

    info: MapInfo
    sizes: array[int]
    """Points of each arc."""
    left: array[int]
    right: array[int]
    lon: array[int]
    """Longitudes of all points, arc after arc, in 1e-5 degrees."""
    lat: array[int]


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
    return _header(_path(code).read_bytes(), code)[0]


def load_map(code: str | Path) -> DistrictMap:
    """A bundled map by its code, or a map file by its path.

    Raises:
        NotFound: no map of that code comes with the program.
        FileRefused: the file is none of ours, newer, or damaged.
    """
    path = code if isinstance(code, Path) else _path(code)
    data = path.read_bytes()
    info, start = _header(data, str(path))
    try:
        payload = zlib.decompress(data[start:])
    except zlib.error as error:
        raise FileRefused(f"{path}: the borders are damaged: {error}", "install the program again") from None
    if hashlib.sha256(payload).hexdigest() != info.sha256 or len(payload) != 4 * (3 * info.arcs + 2 * info.points):
        raise FileRefused(f"{path}: the borders do not fit their checksum", "install the program again")
    columns = array("i")
    columns.frombytes(payload)
    if sys.byteorder == "big":
        columns.byteswap()
    arcs, points = info.arcs, info.points
    sizes, left, right = (columns[number * arcs : (number + 1) * arcs] for number in range(3))
    lon, lat = (
        array("i", accumulate(columns[3 * arcs + number * points : 3 * arcs + (number + 1) * points]))
        for number in range(2)
    )
    return DistrictMap(info, sizes, left, right, lon, lat)


def dump_map(header: dict[str, Any], arcs: list[tuple[int, int, list[tuple[int, int]]]]) -> bytes:
    """The bytes of a map file: `arcs` are (left, right, [(lon, lat) in 1e-5 degrees, ...])."""
    lon = [x for _, _, line in arcs for x, _ in line]
    lat = [y for _, _, line in arcs for _, y in line]
    columns = array("i", [len(line) for _, _, line in arcs])
    columns.extend(left for left, _, _ in arcs)
    columns.extend(right for _, right, _ in arcs)
    for values in (lon, lat):
        columns.extend(now - before for before, now in zip([0, *values], values, strict=False))
    if sys.byteorder == "big":
        columns.byteswap()
    payload = columns.tobytes()
    info = MapInfo(**header, arcs=len(arcs), points=len(lon), sha256=hashlib.sha256(payload).hexdigest())
    line = json.dumps(info._asdict(), sort_keys=True, ensure_ascii=True).encode()
    return MAGIC + line + b"\n" + zlib.compress(payload, 9)


def parent_number(info: MapInfo, number: int) -> int | None:
    """The district of the other chamber that a base district lies in; None where nothing nests."""
    return (number + info.nested - 1) // info.nested if info.nested else None


def ocd_id(state: str, chamber: str, number: int) -> str:
    """The Open Civic Data id of a district; it does not name the map."""
    return f"ocd-division/country:us/state:{state}/{OCD_TYPE[chamber]}:{number}"


def _path(code: str) -> Path:
    path = FIGURES / f"{code}.map"
    if "/" in code or not path.is_file():
        raise NotFound(f"no district map {code} comes with the program", f"maps: {', '.join(bundled_maps())}")
    return path


def _header(data: bytes, name: str) -> tuple[MapInfo, int]:
    if not data.startswith(MAGIC):
        older = data.startswith(MAGIC.split()[0])
        raise FileRefused(
            f"{name}: is {'a map of another version' if older else 'no district map of this program'}",
            "update partners-crm" if older else "",
        )
    end = data.find(b"\n", len(MAGIC))
    try:
        info = MapInfo(**json.loads(data[len(MAGIC) : end]))
    except (ValueError, TypeError, RecursionError):
        raise FileRefused(f"{name}: the header of the map is damaged", "install the program again") from None
    return info, end + 1
