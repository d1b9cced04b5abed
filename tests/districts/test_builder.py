"""The builder of map files: made-up polygons, files it refuses, and the figures of Illinois built again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("shapely")

from partners_crm.districts.builder import build, main, read_polygons
from partners_crm.districts.calendar import Plan, plan
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import FIGURES, OUTSIDE, SCALE, load_info, load_map
from partners_crm.errors import FileRefused

TWO = Plan("xx-1", "Made up", "xx", "Nowhere", "house", (("house", 2),), 0, "", "", "", "", "")
EXACT = {"il-2011": "il_sldl_2016.geojson.gz", "il-2021": "il_sldl_2023.geojson.gz"}
WEST = [(0.0, 0.0), (0.5, 0.0), (0.50001, 0.5), (0.5, 1.0), (0.0, 1.0), (0.0, 0.0)]
EAST = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0), (0.50001, 0.5), (0.5, 0.0)]


def feature(code: object, ring: Any, field: str = "SLDLST") -> dict[str, Any]:
    return {"properties": {field: code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


GOOD = [feature("001", WEST), feature("002", EAST)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    def call(features: Any) -> Path:
        path = tmp_path / "districts.geojson"
        path.write_text(json.dumps({"features": features}), "utf-8")
        return path

    return call


def test_a_made_up_map_is_built_and_read_back(tmp_path: Path, write: Callable[[Any], Path]) -> None:
    polygons, water = read_polygons(write([*GOOD, feature("ZZZ", EAST)]), 2)
    assert (sorted(polygons), water) == ([1, 2], 1)
    path = tmp_path / "x.map"
    path.write_bytes(build(polygons, TWO, "a drawing"))
    loaded = load_map(path)
    assert (loaded.info.code, loaded.info.source, loaded.info.counts) == ("xx-1", "a drawing", {"house": 2})
    # The one point between the two is a metre from the line without it: it goes, and the header says by how much.
    assert 1.0 <= loaded.info.border_shift_m <= 1.3
    sides = [frozenset(pair) for pair in zip(loaded.left, loaded.right, strict=True)]
    assert len(sides) == 3
    assert set(sides) == {frozenset({1, 2}), frozenset({1, OUTSIDE}), frozenset({2, OUTSIDE})}
    index = DistrictIndex(loaded)
    assert [getattr(index.locate(0.5, x), "number", None) for x in (0.2, 0.4999, 0.5002, 0.9, 1.1)] == [
        1,
        1,
        2,
        2,
        None,
    ]


def test_without_tolerance_no_border_moves(tmp_path: Path, write: Callable[[Any], Path]) -> None:
    polygons, _ = read_polygons(write(GOOD), 2)
    path = tmp_path / "x.map"
    path.write_bytes(build(polygons, TWO, "a drawing", tolerance_m=0.0))
    loaded = load_map(path)
    # Rounded up from the dust of floating point; every point of the drawing is still there.
    assert loaded.info.border_shift_m <= 0.1
    assert {(x, y) for ring in (WEST, EAST) for x, y in ring} == {
        (x / SCALE, y / SCALE) for x, y in zip(loaded.lon, loaded.lat, strict=True)
    }


def test_building_twice_gives_the_same_bytes(write: Callable[[Any], Path]) -> None:
    first, _ = read_polygons(write(GOOD), 2)
    second, _ = read_polygons(write(GOOD[::-1]), 2)
    assert build(first, TWO, "a drawing") == build(second, TWO, "a drawing")


def test_a_border_that_would_move_too_far_is_refused(write: Callable[[Any], Path]) -> None:
    bent = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0), (0.501, 0.5), (0.5, 0.0)]
    rest = [(0.0, 0.0), (0.5, 0.0), (0.501, 0.5), (0.5, 1.0), (0.0, 1.0), (0.0, 0.0)]
    polygons, _ = read_polygons(write([feature("001", rest), feature("002", bent)]), 2)
    with pytest.raises(FileRefused, match=r"would move 1\d\d\.\d m"):
        build(polygons, TWO, "a drawing", tolerance_m=500.0)


BOW = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([GOOD[0]], "1 districts instead of 2; missing: \\[2\\]"),
        ([GOOD[0], GOOD[0]], "district 1 occurs twice"),
        ([*GOOD, feature("003", EAST)], "3 districts instead of 2"),
        ([feature("x1", WEST), GOOD[1]], "feature 1 cannot be read"),
        ([feature("001", BOW), GOOD[1]], "feature 1 \\(district 1\\) is not a valid polygon"),
        ([feature("001", WEST, "WARD"), GOOD[1]], "feature 1 has none of SLDLST, SLDUST"),
        ([{"geometry": {}}, GOOD[1]], "feature 1 has no properties"),
        ([{"properties": {"SLDLST": "001"}}, GOOD[1]], "feature 1 cannot be read"),
        ([{"properties": {"SLDLST": "001"}, "geometry": None}, GOOD[1]], "feature 1 cannot be read"),
    ],
)
def test_polygons_that_cannot_be_used_are_refused(
    write: Callable[[Any], Path], features: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(FileRefused, match=words):
        read_polygons(write(features), 2)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xff", b'{"type": "Feature"}', b"[" * 100_000])
def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path, content: bytes) -> None:
    for name, data in (("x.geojson", content), ("x.geojson.gz", content), ("y.geojson.gz", gzip.compress(content))):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(FileRefused, match="no GeoJSON file of districts"):
            read_polygons(path, 2)


def test_the_program_says_what_is_wrong_and_writes_nothing(
    tmp_path: Path, write: Callable[[Any], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "x.map"
    words = ["--source", "a drawing", "--out", str(out)]
    assert main([str(write(GOOD)), "--code", "il-2021", *words]) == 3
    assert main([str(write(GOOD)), "--code", "il-1999", *words]) == 3
    assert main([str(tmp_path / "none.geojson"), "--code", "il-2021", *words]) == 3
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert "2 districts instead of 118" in said[0]
    assert "no plan il-1999" in said[1]
    assert "none.geojson" in said[2]
    assert not out.exists()


@pytest.mark.parametrize("code", sorted(EXACT))
def test_the_figures_are_what_the_census_polygons_give(
    request: pytest.FixtureRequest, shared_data: Path, code: str
) -> None:
    if not request.config.getoption("--soak"):
        pytest.skip("takes a quarter of a minute for each map; runs under --soak")
    entry = plan(code)
    assert entry is not None
    polygons, _ = read_polygons(shared_data / EXACT[code], 118)
    built = build(polygons, entry, load_info(code).source)
    assert built == (FIGURES / f"{code}.map").read_bytes()
