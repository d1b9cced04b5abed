"""From the file of a chamber to polygons by district number: TIGER/Line zips and GeoJSON, each record checked.

Coordinates are degrees of longitude and latitude; NAD83 is taken for WGS84, about a metre apart.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import stat
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from partners_crm.districts.building.shapefiles import (
    AGAIN,
    MAX_BYTES,
    MAX_VERTICES,
    Record,
    open_zip,
    projection,
    records,
)
from partners_crm.districts.building.states import EASTERN, STATE_CODES
from partners_crm.errors import FileRefused

WATER = "ZZZ"
"""District code of water that belongs to no district; such records are dropped, and said."""
Polygons = dict[int, Any]
"""Shapely polygons or multipolygons in degrees, by district number."""

_CODE = re.compile(r"SLD([LU])ST(\d\d)?", re.IGNORECASE)
_STATE = re.compile(r"STATEFP(\d\d)?", re.IGNORECASE)
_CHAMBER = {"L": "house", "U": "senate"}
_MARKS = {"LSAD": {"LL": "house", "LU": "senate"}, "MTFCC": {"G5220": "house", "G5210": "senate"}}
"""What other fields of a record call the chamber."""
_DEGREES = re.compile(r"(4269|4326|CRS:?84|CRS:?83)$", re.IGNORECASE)
"""Ends of the names of NAD83 and WGS84 in longitude and latitude (EPSG and OGC)."""
_GEOGRAPHIC = re.compile(r"(GEOGCS|GEOGCRS|GEODCRS)(?!.*(1927|NAD27|NAD_27|CLARKE))", re.IGNORECASE | re.DOTALL)
"""Longitude and latitude of any datum of today; that of 1927 lies up to 100 m away from it."""
_NUMBER = re.compile(r"0{0,2}[1-9]|0?[1-9][0-9]|[1-9][0-9]{2}")


class Chapter(NamedTuple):
    """What a file holds of one chamber."""

    path: Path
    sha256: str
    chamber: str
    """house or senate: SLDL or SLDU."""
    polygons: Polygons
    water: tuple[Any, ...]
    """The polygons of dropped records."""
    vertices: int
    """Of the districts, each border counted on both sides."""
    places: dict[int, str]
    """What each district's record is called in a message: "record 7"."""


class AreaFile(NamedTuple):
    """The records of any file of areas, before their geometry is built."""

    sha256: str
    word: str
    """What its records are called: record or feature."""
    found: Iterable[Record]


def read_areas(path: Path) -> AreaFile:
    """The records of a zipped shapefile or a GeoJSON file, gzipped or not, told apart by their first bytes.

    Raises:
        FileRefused: it is neither, is too large, damaged, or not in longitude and latitude.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused(f"{path}: is no file")
        if found.st_size > MAX_BYTES:
            raise FileRefused(f"{path}: has {found.st_size:,} bytes; at most {MAX_BYTES:,} are read")
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused(f"{path}: cannot be read: {error.strerror or error}") from None
    if not start:
        raise FileRefused(f"{path}: is empty")
    if start == b"\0\0\x27\x0a":
        raise FileRefused(f"{path}: is a part of a shapefile", "give the zip that it came in")
    if start[:2] == b"PK":
        opened = open_zip(path)
        wkt = projection(opened)
        if wkt and not _GEOGRAPHIC.match(wkt):
            raise FileRefused(f"{path}: is not in longitude and latitude of today: its .prj says {wkt[:60]}", CONVERT)
        return AreaFile(digest, "record", records(opened))
    if path.suffix.lower() == ".zip":
        raise FileRefused(f"{path}: is no zip", AGAIN)
    return AreaFile(digest, "feature", _features(path))


CONVERT = "convert it to NAD83 or WGS84 longitude and latitude (EPSG:4269 or 4326) first"


def read_chapter(path: Path, state: str) -> Chapter:
    """The districts of one chamber from its file; `state` is two letters, and unknown ones are not checked.

    Raises:
        FileRefused: the file is none of districts, or a record is damaged, doubled or of another state.
    """
    areas = read_areas(path)
    polygons: Polygons = {}
    places: dict[int, str] = {}
    water = []
    chamber = owner = ""
    for record in areas.found:
        place = f"{areas.word} {record.number}"
        refuse = _refusal(path, place)
        own, code = _district(record.fields, refuse)
        chamber = chamber or own
        if own != chamber:
            raise refuse(f"is of the {own}, those before are of the {chamber}")
        owner = _state(record.fields, owner, state, refuse)
        if code == WATER:
            water.append(polygon(record.geometry, refuse))
            continue
        if not _NUMBER.fullmatch(code):
            raise refuse(f"has the district {code[:20]!r}; districts are numbers from 1 to the last one")
        number = int(code)
        if number in polygons:
            raise refuse(f"is district {number}, as {places[number]} is")
        polygons[number] = polygon(record.geometry, _refusal(path, f"{place} (district {number})"))
        places[number] = place
    if not polygons:
        raise FileRefused(f"{path}: holds no district")
    _check_axes(path, polygons, state)
    return Chapter(path, areas.sha256, chamber, polygons, tuple(water), _vertices(polygons), places)


def polygon(geometry: Any, refuse: Callable[[str], FileRefused]) -> Any:
    """A valid shapely polygon or multipolygon from a GeoJSON geometry; `refuse` makes the error from a reason."""
    import numpy as np
    import shapely
    from shapely.geometry import shape

    try:
        made = shapely.force_2d(shape(geometry))
        points = shapely.get_coordinates(made)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, shapely.errors.ShapelyError) as error:
        if isinstance(geometry, dict) and not _is_finite(geometry.get("coordinates")):
            raise refuse("has a coordinate that is no number") from None
        said = isinstance(error, (ValueError, shapely.errors.ShapelyError))
        raise refuse(
            f"has a shape that cannot be read: {error if said else 'it is not made of rings of points'}"
        ) from None
    if made.geom_type not in {"Polygon", "MultiPolygon"} or made.is_empty:
        raise refuse("has no polygon")
    wrong = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(wrong):
        raise refuse(f"has a coordinate that is no number (vertex {wrong[0] + 1})")
    west, south, east, north = made.bounds
    if not (south >= -90 and north <= 90 and west >= -180 and east <= 180):
        swapped = west >= -90 and east <= 90 and south >= -180 and north <= 180
        reason = "has latitude and longitude swapped" if swapped else "is not in longitude and latitude"
        raise refuse(f"{reason}: x from {west:.6g} to {east:.6g}, y from {south:.6g} to {north:.6g}")
    if not made.is_valid:
        raise refuse(f"is no valid polygon: {shapely.is_valid_reason(made)}")
    return made


def _is_finite(value: Any, depth: int = 0) -> bool:
    """Whether every number in nested lists is one; what lies deeper than in any polygon is not looked at."""
    if isinstance(value, list | tuple):
        return depth > 4 or all(_is_finite(each, depth + 1) for each in value)
    return not isinstance(value, float) or math.isfinite(value)


def _refusal(path: Path, place: str) -> Callable[[str], FileRefused]:
    return lambda reason: FileRefused(f"{path}: {place} {reason}")


def _district(fields: dict[str, Any], refuse: Callable[[str], FileRefused]) -> tuple[str, str]:
    """(chamber, district code) of a record."""
    named = {found[1].upper(): name for name in fields if (found := _CODE.fullmatch(name))}
    if not named:
        known = ", ".join(sorted(map(str, fields))[:12]) or "nothing"
        raise refuse(f"has neither SLDLST nor SLDUST; it has {known}")
    marks = {
        chamber
        for field, words in _MARKS.items()
        for chamber in (words.get(str(fields.get(field, "")).strip()),)
        if chamber
    }
    if len(named) > 1:
        named = {letter: name for letter, name in named.items() if _CHAMBER[letter] in marks}
    if len(named) != 1 or len(marks) > 1:
        raise refuse("says of both chambers that it is theirs")
    letter, name = named.popitem()
    if marks and marks != {_CHAMBER[letter]}:
        raise refuse(f"has {name}, yet LSAD or MTFCC says {marks.pop()}")
    return _CHAMBER[letter], str(fields[name] if fields[name] is not None else "").strip()


def _state(fields: dict[str, Any], owner: str, state: str, refuse: Callable[[str], FileRefused]) -> str:
    """The Census code of the state of all records so far."""
    name = next((name for name in fields if _STATE.fullmatch(name)), "")
    if not name:
        return owner
    own = str(fields[name]).strip()
    expected = owner or STATE_CODES.get(state, own)
    if own != expected:
        whose = next((letters.upper() for letters, code in STATE_CODES.items() if code == own), "unknown")
        raise refuse(f"is of another state: {name} {own} ({whose}) instead of {expected}")
    return own


def _check_axes(path: Path, polygons: Polygons, state: str) -> None:
    bounds = [each.bounds for each in polygons.values()]
    west, east = min(each[0] for each in bounds), max(each[2] for each in bounds)
    south, north = min(each[1] for each in bounds), max(each[3] for each in bounds)
    if north < -60 and west > 0:
        raise FileRefused(
            f"{path}: latitude and longitude are swapped: y goes from {south:.6g} to {north:.6g}", CONVERT
        )
    if state in STATE_CODES and state not in EASTERN and (east > 0 or south < 0):
        raise FileRefused(
            f"{path}: does not lie in {state.upper()}: x from {west:.6g} to {east:.6g}, y from {south:.6g} to"
            f" {north:.6g}; longitude comes first, and is negative in America",
            CONVERT,
        )


def _vertices(polygons: Polygons) -> int:
    import shapely

    return int(sum(map(shapely.get_num_coordinates, polygons.values())))


# -------------------------------------------------------------------- GeoJSON


def _features(path: Path) -> list[Record]:
    data = _unpacked(path)
    _count(path, data)
    try:
        plain = json.loads(data)
        features = plain["features"]
        name = (plain.get("crs") or {}).get("properties", {}).get("name", "")
        if not isinstance(features, list) or not isinstance(name, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        words = error if isinstance(error, ValueError) else "it has no list of features"
        raise FileRefused(f"{path}: is no GeoJSON file of areas: {words}") from None
    if name and not _DEGREES.search(name):
        raise FileRefused(f"{path}: is not in longitude and latitude of today: its crs is {name[:60]}", CONVERT)
    if not features:
        raise FileRefused(f"{path}: holds no feature")
    found = []
    for number, feature in enumerate(features, 1):
        fields = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(fields, dict):
            raise FileRefused(f"{path}: feature {number} has no properties")
        found.append(Record(number, fields, feature.get("geometry")))
    return found


def _unpacked(path: Path) -> bytes:
    """The content of a GeoJSON file, gunzipped if need be, at most MAX_BYTES of it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileRefused(f"{path}: cannot be read: {error.strerror or error}") from None
    if data[:2] == b"\x1f\x8b":
        unpacking = zlib.decompressobj(wbits=31)
        try:
            data = unpacking.decompress(data, MAX_BYTES + 1)
        except zlib.error as error:
            raise FileRefused(f"{path}: is no GeoJSON file of areas: {error}", AGAIN) from None
        if len(data) <= MAX_BYTES and not unpacking.eof:
            raise FileRefused(f"{path}: is no GeoJSON file of areas: the gzip is cut off", AGAIN)
    if len(data) > MAX_BYTES:
        raise FileRefused(f"{path}: unpacks to more than {MAX_BYTES:,} bytes, which are not read")
    return data


def _count(path: Path, data: bytes) -> None:
    """Refuse a file of too many vertices before anything is made of it: each vertex opens one bracket."""
    if data.count(b",") > 5 * MAX_VERTICES or data.count(b"{") > MAX_VERTICES:
        raise FileRefused(f"{path}: holds more values than {MAX_VERTICES:,} vertices have")
    if data.count(b"[") <= MAX_VERTICES:
        return
    vertices, feature = 0, 0
    for found in re.finditer(rb'"geometry"|\[\s*-?\d', data):
        if found[0] == b'"geometry"':
            feature += 1
        else:
            vertices += 1
            if vertices > MAX_VERTICES:
                raise FileRefused(f"{path}: feature {feature} brings the file to more than {MAX_VERTICES:,} vertices")
