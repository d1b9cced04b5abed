"""Files of districts: what is read from them, and every kind of bad file refused in one line that says where."""

from __future__ import annotations

import gzip
import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("shapely")
pytest.importorskip("shapefile")

import shapefile
from tests.districts.building.drawn import (
    PROJECTED,
    Feature,
    Members,
    box,
    built,
    feature,
    grid,
    members,
    write_geojson,
    write_zip,
)

from partners_crm.districts.building.reading import read_chapter
from partners_crm.districts.building.shapefiles import MAX_BYTES, MAX_VERTICES
from partners_crm.errors import FileRefused, PartnersError

GOOD = members(grid(3, 4))
RECORD = 8 + 44 + 4 + 5 * 16
"""Bytes of a record of one ring of five points, its header included."""


def refused(path: Path, state: str = "xx") -> str:
    """What is said about a file."""
    with pytest.raises(FileRefused) as caught:
        read_chapter(path, state)
    assert "\n" not in str(caught.value)
    assert caught.value.message.startswith(f"{path}: ")
    return caught.value.message.removeprefix(f"{path}: ")


# -------------------------------------------------------------------- what is read


@pytest.mark.parametrize("field", ["SLDLST", "SLDLST20", "sldlst", "SLDUST", "SLDUST18"])
@pytest.mark.parametrize("kind", ["zip", "geojson", "geojson.gz"])
def test_the_chamber_is_told_by_the_field_and_water_is_set_apart(tmp_path: Path, field: str, kind: str) -> None:
    features = [*grid(3, 4, field)[::-1], feature("ZZZ", box(-96, 38, -95, 42), field, STATEFP="98")]
    path = tmp_path / f"x.{kind}"
    made = write_zip(path, members(features)) if kind == "zip" else write_geojson(path, features)
    chapter = read_chapter(made, "xx")
    assert chapter.chamber == ("house" if field.upper().startswith("SLDL") else "senate")
    assert sorted(chapter.polygons) == list(range(1, 13))
    assert (len(chapter.water), chapter.vertices) == (1, 60)
    assert chapter.polygons[1].bounds == (-100, 38, -100 + 4 / 3, 39)
    assert chapter.places[12].endswith(" 1")


def test_islands_lakes_and_heights_are_read(tmp_path: Path) -> None:
    lake = {"type": "Polygon", "coordinates": [box(0, 0, 4, 4), box(1, 1, 2, 2)[::-1]]}
    islands = {"type": "MultiPolygon", "coordinates": [[box(5, 0, 6, 1)], [box(7, 0, 8, 1)]]}
    features: list[Feature] = [
        {"properties": {"SLDUST": "001"}, "geometry": lake},
        {"properties": {"SLDUST": "002"}, "geometry": islands},
    ]
    high = [
        {
            "properties": row["properties"],
            "geometry": {
                "type": "Polygon",
                "coordinates": [[(x, y, 7.0) for x, y in row["geometry"]["coordinates"][0]]],
            },
        }
        for row in grid(1, 2, "SLDUST")
    ]
    for path in (write_zip(tmp_path / "x.zip", members(features)), write_geojson(tmp_path / "x.json", features)):
        chapter = read_chapter(path, "xx")
        assert [chapter.polygons[number].area for number in (1, 2)] == [15, 2]
    chapter = read_chapter(write_zip(tmp_path / "z.zip", members(high, kind=shapefile.POLYGONZ)), "xx")
    assert [chapter.polygons[number].has_z for number in (1, 2)] == [False, False]


def test_a_file_without_a_prj_is_taken_for_longitude_and_latitude(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", members(grid(3, 4), prj=""))
    assert len(read_chapter(path, "xx").polygons) == 12


# -------------------------------------------------------------------- shapefiles that lie


def put(suffix: str, place: int, form: str, *values: Any) -> Callable[[Members], None]:
    """A change of some bytes of a shapefile."""

    def change(parts: Members) -> None:
        data = bytearray(parts[suffix])
        struct.pack_into(form, data, place, *values)
        parts[suffix] = bytes(data)

    return change


def cut_to(suffix: str, size: int) -> Callable[[Members], None]:
    def change(parts: Members) -> None:
        parts[suffix] = parts[suffix][:size]

    return change


def without(suffix: str) -> Callable[[Members], None]:
    def change(parts: Members) -> None:
        del parts[suffix]

    return change


FIFTH = 100 + 4 * RECORD


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without(".dbf"), "the shapefile lacks its .dbf"),
        (without(".shx"), "the shapefile lacks its .shx"),
        (without(".shp"), "holds 0 shapefiles instead of one"),
        (cut_to(".shp", 0), "the .shp is empty or none"),
        (cut_to(".shp", 99), "the .shp is empty or none"),
        (cut_to(".shp", FIFTH + 50), "cut off or damaged: its header says 1,732 bytes, there are 694; record 5 is not"),
        (cut_to(".shp", FIFTH), "record 4 is the last one"),
        (cut_to(".shp", FIFTH + 4), "record 5 is not whole"),
        (put(".shp", 24, ">i", 5000), "its header says 10,000 bytes"),
        (put(".shp", 0, ">i", 9993), "the .shp is empty or none"),
        (put(".shp", FIFTH, ">i", 77), "record 5 calls itself 77"),
        (put(".shp", FIFTH + 4, ">i", 2**30), "record 5 claims 2,147,483,648 bytes"),
        (put(".shp", FIFTH + 4, ">i", -4), "record 5 claims -8 bytes"),
        (put(".shp", FIFTH + 8, "<i", 0), "record 5 has no shape"),
        (put(".shp", FIFTH + 8, "<i", 3), "record 5 is no polygon \\(shape type 3\\)"),
        (put(".shp", FIFTH + 44, "<i", 900), "record 5 claims 900 parts and 5 vertices"),
        (put(".shp", FIFTH + 44, "<i", 0), "record 5 claims 0 parts"),
        (put(".shp", FIFTH + 48, "<i", 6), "record 5 claims 1 parts and 6 vertices, which do not fit its 128 bytes"),
        (
            put(".shp", FIFTH + 48, "<i", 10_000_000),
            "record 5 brings the file to 10,000,020 vertices; at most 5,000,000",
        ),
        (put(".shp", FIFTH + 52, "<i", 3), "record 5 has parts that do not follow each other"),
        (put(".shp", FIFTH + 56, "<d", float("nan")), "record 5 has a coordinate that is no number \\(vertex "),
        (put(".shp", FIFTH + 72, "<d", float("inf")), "record 5 has a coordinate that is no number \\(vertex "),
        (
            put(".shp", FIFTH + 72, "<d", -1000.0),
            "record 5 \\(district 5\\) is not in longitude and latitude: x from -1000",
        ),
        (put(".shx", 100 + 8 * 4, ">i", 1), "record 5 does not lie where the .shx says"),
        (cut_to(".shx", 150), "the .shx is cut off or damaged"),
        (put(".dbf", 4, "<I", 11), "the .shp holds 12 records, the .dbf 11"),
        (put(".dbf", 4, "<I", 2**31), "the .shp holds 12 records, the .dbf 2147483648"),
        (cut_to(".dbf", 20), "the .dbf is cut off: 20 bytes"),
        (cut_to(".dbf", 97 + 41 * 4 + 7), "the .dbf is cut off in record 5"),
        (put(".dbf", 10, "<H", 0), "the .dbf is cut off in record 1"),
    ],
)
def test_a_shapefile_that_is_cut_off_or_lies_is_refused(
    tmp_path: Path, change: Callable[[Members], None], words: str
) -> None:
    parts = dict(GOOD)
    change(parts)
    said = refused(write_zip(tmp_path / "x.zip", parts))
    assert re.search(words, said), said


def test_a_shapefile_of_two_sizes_of_table_is_refused(tmp_path: Path) -> None:
    parts = GOOD | {".dbf": members(grid(3, 4)[:11])[".dbf"]}
    assert "the .shp holds 12 records, the .dbf 11" in refused(write_zip(tmp_path / "x.zip", parts))


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "flipped", "two", "none", "bare", "folder", "missing"])
def test_what_is_no_zip_of_a_shapefile_is_refused(tmp_path: Path, kind: str) -> None:
    path = write_zip(tmp_path / "x.zip", GOOD)
    data = path.read_bytes()
    words = "cannot be read"
    if kind == "empty":
        path.write_bytes(b"")
        words = "is empty"
    elif kind == "text":
        path.write_bytes(b"<html>not found</html>")
        words = "is no zip"
    elif kind == "cut":
        path.write_bytes(data[:-40])
    elif kind == "flipped":
        path.write_bytes(data[:60] + bytes([data[60] ^ 0x55]) + data[61:])
        words = "the zip "
    elif kind == "two":
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("other.shp", b"")
        words = "holds 2 shapefiles instead of one"
    elif kind == "none":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "nothing here")
        words = "holds 0 shapefiles instead of one"
    elif kind == "bare":
        path.write_bytes(GOOD[".shp"])
        words = "is a part of a shapefile"
    elif kind == "folder":
        path, words = tmp_path, "is no file"
    else:
        path = tmp_path / "none.zip"
    assert words in refused(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", GOOD)
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the bit of the first member that says so, here and in the directory at the end
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    for place in range(len(data) - 4):
        if data[place : place + 4] == b"PK\x01\x02":
            data[place + 8] |= 1
    path.write_bytes(data)
    assert "the zip cannot be read" in refused(path)


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    zeros = bytes(2**24)
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for suffix in (".shx", ".dbf"):
            archive.writestr("x" + suffix, GOOD[suffix])
        with archive.open("x.shp", "w") as member:
            for _ in range(MAX_BYTES // len(zeros) + 1):
                member.write(zeros)
    assert path.stat().st_size < 2**22
    assert "unpacks to 285," in refused(path)
    packed = tmp_path / "x.geojson.gz"
    with gzip.open(packed, "wb", compresslevel=1) as file:
        for _ in range(MAX_BYTES // len(zeros) + 1):
            file.write(zeros)
    assert "unpacks to more than" in refused(packed)


# -------------------------------------------------------------------- GeoJSON that is none


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[]", "is no GeoJSON file of areas"),
        (b"{", "is no GeoJSON file of areas"),
        (b"\xff\xff", "is no GeoJSON file of areas"),
        (b'{"type": "Feature"}', "is no GeoJSON file of areas: it has no list of features"),
        (b'{"features": 7}', "is no GeoJSON file of areas"),
        (b'{"features": [], "crs": 5}', "is no GeoJSON file of areas"),
        (b'{"features": []}', "holds no feature"),
        (b'{"features": [7]}', "feature 1 has no properties"),
        (b'{"features": [{"properties": null}]}', "feature 1 has no properties"),
        (b"[" * 100_000, "is no GeoJSON file of areas"),
    ],
)
def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    plain, packed = tmp_path / "x.geojson", tmp_path / "x.geojson.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    assert words in refused(plain)
    assert words in refused(packed)


def test_a_gzip_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "x.geojson.gz", grid(3, 4))
    path.write_bytes(path.read_bytes()[:-12])
    assert "the gzip is cut off" in refused(path)


def test_millions_of_vertices_are_counted_before_anything_is_made_of_them(tmp_path: Path) -> None:
    row = json.dumps(grid(1, 1)[0]).encode()
    start, end = row[: row.index(b"[[[") + 2], row[row.index(b"]]]") :]
    many = b"[1,2]," * (MAX_VERTICES // 2)
    path = tmp_path / "x.geojson"
    path.write_bytes(b'{"features":[' + b",".join(start + many + b"[1,2]" + end[1:] for _ in range(3)) + b"]}")
    assert refused(path) == f"feature 2 brings the file to more than {MAX_VERTICES:,} vertices"


def test_values_are_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    for filling in (b"0," * (5 * MAX_VERTICES + 1), b"{} " * MAX_VERTICES + b"{},"):
        path.write_bytes(b'{"features":[' + filling + b"0]}")
        assert "holds more values than" in refused(path)


def test_a_file_of_any_size_is_not_even_hashed(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with path.open("wb") as file:
        file.truncate(2**40)  # sparse: it takes no room
    assert "has 1,099,511,627,776 bytes; at most" in refused(path)


# -------------------------------------------------------------------- records that cannot be districts


def both(tmp_path: Path, features: list[Feature]) -> list[Path]:
    """The features as a shapefile and as GeoJSON."""
    return [
        write_zip(tmp_path / "x.zip", members(features)),
        write_geojson(tmp_path / "x.geojson", features),
    ]


def changed(number: int, **fields: object) -> list[Feature]:
    """The grid with other fields in one record."""
    features = grid(3, 4, LSAD="LL", MTFCC="G5220")
    features[number - 1]["properties"].update(fields)
    return features


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (changed(7, SLDLST="01A"), "7 has the district '01A'; districts are numbers"),
        (changed(7, SLDLST="000"), "7 has the district '000'"),
        (changed(7, SLDLST="1234"), "7 has the district '1234'"),
        (changed(7, SLDLST=""), "7 has the district ''"),
        (changed(7, SLDLST="٣"), "7 has the district '٣'"),
        (changed(7, SLDLST="003"), "7 is district 3, as {word} 3 is"),
        (changed(7, STATEFP="29"), "7 is of another state: STATEFP 29 (MO) instead of 98"),
        (changed(7, MTFCC="G5210"), "7 says of both chambers that it is theirs"),
        (changed(7, MTFCC="G5210", LSAD="LU"), "7 has SLDLST, yet LSAD or MTFCC says senate"),
        (grid(3, 4, "WARD"), "1 has neither SLDLST nor SLDUST; it has STATEFP, WARD"),
        (grid(3, 4, SLDUST="001"), "1 says of both chambers that it is theirs"),
        ([feature("ZZZ", box(0, 0, 1, 1))], "holds no district"),
    ],
)
def test_records_that_cannot_be_districts_are_refused(tmp_path: Path, features: list[Feature], words: str) -> None:
    for path, word in zip(both(tmp_path, features), ("record", "feature"), strict=True):
        assert words.format(word=word) in refused(path)


def test_a_file_of_another_state_is_refused(tmp_path: Path) -> None:
    for path in both(tmp_path, grid(3, 4)):
        assert "1 is of another state: STATEFP 98 (unknown) instead of 17" in refused(path, "il")


BOW = [(-100.0, 38.0), (-99.0, 39.0), (-99.0, 38.0), (-100.0, 39.0), (-100.0, 38.0)]


def test_a_bowtie_is_refused_and_says_where(tmp_path: Path) -> None:
    features = grid(3, 4)
    features[4]["geometry"]["coordinates"] = [BOW]
    for path in both(tmp_path, features):
        said = refused(path)
        assert "5 (district 5) is no valid polygon: Self-intersection[-99.5 38.5]" in said


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "Polygon", "coordinates": [[["a", "b"]] * 4]},
        {"type": "Polygon", "coordinates": {"x": 1}},
        {"type": "Polygon", "coordinates": [[[0, float("nan")], [1, 1], [1, 0], [0, float("nan")]]]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Blob", "coordinates": []},
        7,
    ],
)
def test_a_shape_that_is_none_is_refused(tmp_path: Path, geometry: Any) -> None:
    features = grid(3, 4)
    features[4]["geometry"] = geometry
    assert refused(write_geojson(tmp_path / "x.geojson", features)).startswith("feature 5 ")


# -------------------------------------------------------------------- not longitude and latitude


def test_a_projection_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", members(grid(3, 4), prj=PROJECTED))
    assert "is not in longitude and latitude of today: its .prj says PROJCS" in refused(path)
    path = write_geojson(tmp_path / "x.geojson", grid(3, 4), crs="urn:ogc:def:crs:EPSG::3435")
    assert "its crs is urn:ogc:def:crs:EPSG::3435" in refused(path)
    old = 'GEOGCS["GCS_North_American_1927",DATUM["D_North_American_1927",SPHEROID["Clarke_1866",6378206.4,294.97]]]'
    assert "of today" in refused(write_zip(tmp_path / "old.zip", members(grid(3, 4), prj=old)))
    for known in ("urn:ogc:def:crs:EPSG::4269", "urn:ogc:def:crs:OGC:1.3:CRS84"):
        assert read_chapter(write_geojson(path, grid(3, 4), crs=known), "xx").polygons


def moved(change: Callable[[float, float], tuple[float, float]]) -> list[Feature]:
    features = grid(3, 4)
    for each in features:
        each["geometry"]["coordinates"] = [[change(x, y) for x, y in each["geometry"]["coordinates"][0]][::-1]]
    return features


def test_metres_and_swapped_axes_are_refused(tmp_path: Path) -> None:
    for path in both(tmp_path, moved(lambda x, y: (x * 1e4, y * 1e4))):
        assert "1 (district 1) is not in longitude and latitude: x from -1e+06" in refused(path)
    for path in both(tmp_path, moved(lambda x, y: (y, x))):
        assert "1 (district 1) has latitude and longitude swapped" in refused(path)
    # Illinois with swapped axes lies within what latitudes can be.
    for path in both(tmp_path, moved(lambda x, y: (y, x + 11))):
        assert "latitude and longitude are swapped: y goes from -89" in refused(path)


def test_a_state_without_its_minus_is_refused(tmp_path: Path) -> None:
    features = moved(lambda x, y: (-x, y))
    for each in features:
        each["properties"]["STATEFP"] = "17"
    for path in both(tmp_path, features):
        assert "does not lie in IL: x from 96" in refused(path, "il")
        assert read_chapter(path, "xx").polygons


# -------------------------------------------------------------------- anything


def test_any_damage_ends_in_a_map_or_in_a_refusal(tmp_path: Path, scale: Callable[[int], int]) -> None:
    draw = Random(4)
    text = json.dumps({"features": grid(2, 2)}).encode()
    ends = {"read": 0, "refused": 0}
    for turn in range(scale(6000)):
        if turn % 3:
            parts = dict(GOOD)
            suffix = draw.choice([".shp", ".shp", ".shx", ".dbf"])
            data = bytearray(parts[suffix])
            for _ in range(draw.randint(1, 3)):
                data[draw.randrange(len(data))] = draw.choice([0, 1, 5, 127, 128, 255, draw.randrange(256)])
            parts[suffix] = bytes(data)
            path = write_zip(tmp_path / "x.zip", parts)
        else:
            data = bytearray(text)
            for _ in range(draw.randint(1, 3)):
                data[draw.randrange(len(data))] = draw.choice(b'0-9e{}[]",:. \x00\xff')
            path = tmp_path / "x.geojson"
            path.write_bytes(data)
        try:
            built([path])
            ends["read"] += 1
        except PartnersError as error:
            ends["refused" if "\n" not in error.message else error.message] += 1
    assert min(ends.values()) > 0.05 * sum(ends.values()), ends
