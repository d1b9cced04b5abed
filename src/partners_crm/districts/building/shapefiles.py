"""Zipped shapefiles, as the Census Bureau hands them out: what their headers claim is held against what is there.

pyshp reads what it is given; a file that was cut off, or whose headers lie about lengths and counts, is found here
before it reads (Esri, ESRI Shapefile Technical Description, 1998; the dBASE III header of the attribute table).
"""

from __future__ import annotations

import io
import logging
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from partners_crm.errors import FileRefused

MAX_BYTES = 256 * 2**20
"""The largest unpacked content that is read: far more than MAX_VERTICES take."""
MAX_VERTICES = 5_000_000
"""Vertices of the largest file that is read: some twenty times what the districts of Illinois have."""
PARTS = (".shp", ".shx", ".dbf")
AGAIN = "download the file again"

_QUIET = logging.NullHandler()
"""pyshp logs how it understood a doubtful polygon; what is wrong with one we say ourselves."""
_POLYGONS = (5, 15, 25)
"""Shape types: polygon, and polygon with heights or measures."""
_HEADER = 100
_SHAPE = 44
"""Bytes of a polygon record before its parts: type, bounds, number of parts, number of points."""


class Record(NamedTuple):
    """One record of a file of areas."""

    number: int
    """From 1, in the order of the file."""
    fields: dict[str, Any]
    geometry: Any
    """A mapping as in GeoJSON."""


class Shapefile(NamedTuple):
    """The members of one zip."""

    name: str
    members: dict[str, bytes]
    """By suffix."""


def open_zip(path: Path) -> Shapefile:
    """The one shapefile in a zip, its lengths and counts checked.

    Raises:
        FileRefused: it is no zip, holds none or several shapefiles, is too large, cut off or contradicts itself.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = _members(path, archive)
            members = {suffix: archive.read(info) for suffix, info in found.items()}
    # zipfile raises NotImplementedError for a compression it does not know, and RuntimeError for a locked member.
    except (
        OSError,
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        struct.error,
    ) as error:
        raise FileRefused(f"{path}: the zip cannot be read: {error or type(error).__name__}", AGAIN) from None
    except Exception as error:  # zlib, lzma and bz2 have errors of their own
        if isinstance(error, FileRefused):
            raise
        raise FileRefused(f"{path}: the zip is damaged: {error}", AGAIN) from None
    opened = Shapefile(str(path), members)
    _check(opened)
    return opened


def records(opened: Shapefile) -> Iterator[Record]:
    """The records of a shapefile.

    Raises:
        FileRefused: a record cannot be read.
    """
    import shapefile

    logging.getLogger("shapefile").addHandler(_QUIET)
    number = 0
    try:
        streams = {suffix[1:]: io.BytesIO(opened.members[suffix]) for suffix in PARTS}
        with shapefile.Reader(**streams, encoding="utf-8", encodingErrors="replace") as reader:
            for number, each in enumerate(reader.iterShapeRecords(), 1):
                yield Record(number, each.record.as_dict(), each.shape.__geo_interface__)
    except (shapefile.ShapefileException, struct.error, ValueError, TypeError, LookupError, AttributeError) as error:
        raise FileRefused(f"{opened.name}: record {number + 1} cannot be read: {error}", AGAIN) from None


def projection(opened: Shapefile) -> str:
    """The text of the .prj; "" where there is none."""
    return opened.members.get(".prj", b"").decode("utf-8", "replace").strip()


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    by_suffix: dict[str, list[zipfile.ZipInfo]] = {}
    for info in archive.infolist():
        by_suffix.setdefault(Path(info.filename).suffix.lower(), []).append(info)
    layers = by_suffix.get(".shp", [])
    if len(layers) != 1:
        raise FileRefused(f"{path}: holds {len(layers)} shapefiles instead of one", "give a zip with one .shp")
    stem = layers[0].filename[:-4]
    wanted = {
        suffix: info for suffix in (*PARTS, ".prj") for info in by_suffix.get(suffix, []) if info.filename[:-4] == stem
    }
    if missing := [suffix for suffix in PARTS if suffix not in wanted]:
        raise FileRefused(f"{path}: the shapefile lacks its {' and '.join(missing)}", AGAIN)
    size = sum(info.file_size for info in wanted.values())
    if size > MAX_BYTES:
        raise FileRefused(f"{path}: unpacks to {size:,} bytes; at most {MAX_BYTES:,} are read")
    return wanted


def _check(opened: Shapefile) -> None:
    starts = _check_shapes(opened)
    _check_index(opened, starts)
    table = opened.members[".dbf"]
    if len(table) < 32:
        raise FileRefused(f"{opened.name}: the .dbf is cut off: {len(table)} bytes", AGAIN)
    count, header, size = struct.unpack_from("<IHH", table, 4)
    if count != len(starts):
        raise FileRefused(f"{opened.name}: the .shp holds {len(starts)} records, the .dbf {count}", AGAIN)
    if header + count * size > len(table) or size == 0:
        whole = max(0, (len(table) - header) // size) if size else 0
        raise FileRefused(
            f"{opened.name}: the .dbf is cut off in record {whole + 1}: {len(table):,} bytes instead of"
            f" {header + count * size:,}",
            AGAIN,
        )


def _check_length(opened: Shapefile, suffix: str) -> None:
    data = opened.members[suffix]
    if len(data) < _HEADER or struct.unpack_from(">i", data)[0] != 9994:
        raise FileRefused(f"{opened.name}: the {suffix} is empty or none", AGAIN)
    claimed = 2 * struct.unpack_from(">i", data, 24)[0]
    if claimed != len(data):
        raise FileRefused(
            f"{opened.name}: the {suffix} is cut off or damaged: its header says {claimed:,} bytes,"
            f" there are {len(data):,}{_last(data) if suffix == '.shp' else ''}",
            AGAIN,
        )


def _last(data: bytes) -> str:
    """Which record a cut-off file ends in, in words."""
    place, number = _HEADER, 0
    while place + 8 <= len(data):
        number += 1
        step = 8 + 2 * struct.unpack_from(">i", data, place + 4)[0]
        if step <= 8 or place + step > len(data):
            return f"; record {number} is not whole"
        place += step
    return f"; record {number + 1} is not whole" if place < len(data) else f"; record {number} is the last one"


def _check_shapes(opened: Shapefile) -> list[tuple[int, int]]:
    """(place, bytes) of the content of each record."""
    _check_length(opened, ".shp")
    data = opened.members[".shp"]
    place, number, vertices = _HEADER, 0, 0
    found = []
    while place < len(data):
        number += 1
        reason = ""
        if place + 8 > len(data):
            reason = "is cut off"
        else:
            own, words = struct.unpack_from(">ii", data, place)
            size = 2 * words
            if own != number:
                reason = f"calls itself {own}"
            elif size < 4 or place + 8 + size > len(data):
                reason = f"claims {size:,} bytes, {len(data) - place - 8:,} are left"
            else:
                reason, points = _check_shape(data, place + 8, size)
                vertices += points
        if vertices > MAX_VERTICES:
            reason = f"brings the file to {vertices:,} vertices; at most {MAX_VERTICES:,} are read"
        if reason:
            raise FileRefused(f"{opened.name}: record {number} {reason}", AGAIN if vertices <= MAX_VERTICES else "")
        found.append((place, size))
        place += 8 + size
    if not found:
        raise FileRefused(f"{opened.name}: holds no record", AGAIN)
    return found


def _check_shape(data: bytes, place: int, size: int) -> tuple[str, int]:
    """What is wrong with one polygon, in words, and how many vertices it claims."""
    import numpy as np

    kind = struct.unpack_from("<i", data, place)[0]
    if kind == 0:
        return "has no shape", 0
    if kind not in _POLYGONS:
        return f"is no polygon (shape type {kind})", 0
    if size < _SHAPE:
        return f"is cut off: {size} bytes", 0
    parts, points = struct.unpack_from("<ii", data, place + 36)
    if parts < 1 or points < 4:
        return f"claims {parts} parts and {points} vertices", 0
    needed = _SHAPE + 4 * parts + 16 * points
    if needed > size or (kind == 5 and needed != size):
        return f"claims {parts:,} parts and {points:,} vertices, which do not fit its {size:,} bytes", points
    firsts = struct.unpack_from(f"<{parts}i", data, place + _SHAPE)
    if firsts[0] != 0 or list(firsts) != sorted(set(firsts)) or firsts[-1] >= points:
        return "has parts that do not follow each other", points
    wrong = np.flatnonzero(~np.isfinite(np.frombuffer(data, "<f8", 2 * points, place + _SHAPE + 4 * parts)))
    return (f"has a coordinate that is no number (vertex {wrong[0] // 2 + 1})" if len(wrong) else ""), points


def _check_index(opened: Shapefile, starts: list[tuple[int, int]]) -> None:
    _check_length(opened, ".shx")
    data = opened.members[".shx"]
    count = (len(data) - _HEADER) // 8
    if count != len(starts) or (len(data) - _HEADER) % 8:
        raise FileRefused(f"{opened.name}: the .shp holds {len(starts)} records, the .shx {count}", AGAIN)
    for number, (place, size) in enumerate(starts, 1):
        offset, length = struct.unpack_from(">ii", data, _HEADER + 8 * (number - 1))
        if (2 * offset, 2 * length) != (place, size):
            raise FileRefused(f"{opened.name}: record {number} does not lie where the .shx says", AGAIN)
