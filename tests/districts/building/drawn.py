"""Drawn districts for the tests of the builder, as GeoJSON features, GeoJSON files and zipped shapefiles."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import shapefile

from partners_crm.districts.building import Built, build_map, plan_from
from partners_crm.districts.maps import DistrictMap, parse_map

GEOGRAPHIC = 'GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983"],UNIT["Degree",0.017453292519943295]]'
PROJECTED = 'PROJCS["NAD_1983_StatePlane_Illinois_East_FIPS_1201_Feet",GEOGCS["GCS_North_American_1983"]]'
Feature = dict[str, Any]
Ring = list[tuple[float, float]]
Members = dict[str, bytes]


def feature(code: object, ring: Ring, field: str = "SLDLST", **more: object) -> Feature:
    """A district of one ring."""
    return {"properties": {field: code, **more}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def box(west: float, south: float, east: float, north: float) -> Ring:
    """A rectangle."""
    return [(west, south), (west, north), (east, north), (east, south), (west, south)]


def grid(columns: int, rows: int, field: str = "SLDLST", **more: object) -> list[Feature]:
    """Districts numbered from the south-west, in a state of 4 x 4 degrees; all corners are points of all borders."""
    found = []
    for row in range(rows):
        for column in range(columns):
            west, east = -100 + 4 * column / columns, -100 + 4 * (column + 1) / columns
            south, north = 38 + 4 * row / rows, 38 + 4 * (row + 1) / rows
            found.append(
                feature(
                    f"{row * columns + column + 1:03}",
                    box(west, south, east, north),
                    field,
                    **{"STATEFP": "98", **more},
                )
            )
    return found


def write_geojson(path: Path, features: Iterable[Feature], crs: str = "") -> Path:
    """A GeoJSON file; gzipped where its name says so."""
    plain: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
    if crs:
        plain["crs"] = {"type": "name", "properties": {"name": crs}}
    data = json.dumps(plain).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def members(features: Iterable[Feature], prj: str = GEOGRAPHIC, kind: int = shapefile.POLYGON) -> Members:
    """The parts of a shapefile by suffix."""
    streams = {"shp": io.BytesIO(), "shx": io.BytesIO(), "dbf": io.BytesIO()}
    rows = list(features)
    with shapefile.Writer(**streams, shapeType=kind) as writer:
        for name in rows[0]["properties"]:
            writer.field(name, "C", size=20)
        for row in rows:
            if kind == shapefile.POLYGONZ:
                writer.polyz(row["geometry"]["coordinates"])
            else:
                writer.shape(row["geometry"])
            writer.record(*row["properties"].values())
        # pyshp closes what it is given, so it is read before.
        writer.close()
        made = {f".{name}": stream.getvalue() for name, stream in streams.items()}
    return made | ({".prj": prj.encode()} if prj else {})


def write_zip(path: Path, parts: Mapping[str, bytes], stem: str = "tl_2024_98_sldl") -> Path:
    """A zip as the Census Bureau makes it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, data in parts.items():
            archive.writestr(stem + suffix, data)
    return path


def built(files: Iterable[Path], *chambers: str, nests: int = 0, **more: Any) -> Built:
    """A map of the invented state xx."""
    return build_map(list(files), plan_from("xx-1", state_name="Nowhere", chambers=chambers, nests=nests), **more)


def loaded(made: Built) -> DistrictMap:
    """What a map file says when it is read."""
    return parse_map(made.data, "x.map")


Write = Callable[[list[Feature]], Path]
