"""The bundled maps against the polygons they were made from: interior points, random points, the build repeated."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import FIGURES, Chamber, load_info, load_map

HOUSE = {"il-2011": "il_sldl_2016.geojson.gz", "il-2021": "il_sldl_2023.geojson.gz"}
SENATE = {"il-2011": "tl_2016_17_sldu.zip", "il-2021": "tl_2024_17_sldu.zip"}
ZIPS = "zcta_cmap_320.geojson.gz"
CODES = sorted(HOUSE)
ROOFTOP_M = 15.0
"""A point known to a rooftop is taken for certain beyond this distance and the border shift of the map."""


@pytest.fixture(scope="module")
def indexes() -> dict[str, DistrictIndex]:
    return {code: DistrictIndex(load_map(code)) for code in CODES}


def house_of(index: DistrictIndex, latitude: float, longitude: float) -> int | None:
    placed = index.locate(latitude, longitude)
    return placed.number if placed else None


def senate_of(index: DistrictIndex, latitude: float, longitude: float) -> int | None:
    house = house_of(index, latitude, longitude)
    return None if house is None else index.info.chamber("house").parent(house)


@pytest.mark.parametrize("code", CODES)
def test_the_inner_point_of_every_senate_district_lies_in_it(
    shared_data: Path, indexes: dict[str, DistrictIndex], code: str
) -> None:
    shapefile = pytest.importorskip("shapefile")
    seen = set()
    with shapefile.Reader(str(shared_data / SENATE[code])) as reader:
        for record in reader.iterRecords():
            if record["SLDUST"] != "ZZZ":
                point = float(record["INTPTLAT"]), float(record["INTPTLON"])
                assert senate_of(indexes[code], *point) == int(record["SLDUST"])
                seen.add(int(record["SLDUST"]))
    assert seen == set(range(1, 60))


def test_the_inner_point_of_every_house_district_of_2011_lies_in_it(
    shared_data: Path, indexes: dict[str, DistrictIndex]
) -> None:
    features = json.loads(gzip.decompress((shared_data / HOUSE["il-2011"]).read_bytes()))["features"]
    rows = [each["properties"] for each in features if each["properties"]["SLDLST"] != "ZZZ"]
    assert len(rows) == 118
    for row in rows:
        point = float(row["INTPTLAT"]), float(row["INTPTLON"])
        assert house_of(indexes["il-2011"], *point) == int(row["SLDLST"])


@pytest.fixture(scope="module")
def polygons(shared_data: Path) -> dict[str, dict[int, Any]]:
    """The full polygons of both House maps."""
    pytest.importorskip("shapely")
    from partners_crm.districts.building.reading import read_chapter

    return {code: read_chapter(shared_data / name, "il").polygons for code, name in HOUSE.items()}


@pytest.mark.parametrize("code", CODES)
def test_a_computed_inner_point_of_every_district_lies_in_it(
    polygons: dict[str, dict[int, Any]], indexes: dict[str, DistrictIndex], code: str
) -> None:
    assert sorted(polygons[code]) == list(range(1, 119))
    for number, polygon in polygons[code].items():
        for point in (polygon.representative_point(), polygon.buffer(-0.002).representative_point()):
            if not point.is_empty:
                assert house_of(indexes[code], point.y, point.x) == number
                assert senate_of(indexes[code], point.y, point.x) == (number + 1) // 2


@pytest.mark.parametrize("code", CODES)
def test_random_points_are_right_and_the_wrong_ones_never_certain(
    polygons: dict[str, dict[int, Any]],
    indexes: dict[str, DistrictIndex],
    code: str,
    scale: Callable[[int], int],
) -> None:
    import numpy as np
    import shapely

    draw = np.random.default_rng(int(code[3:]))
    index, each = indexes[code], scale(118_000) // 118
    wrong, seen = [], 0
    for number, polygon in sorted(polygons[code].items()):
        west, south, east, north = polygon.bounds
        shapely.prepare(polygon)
        points = np.empty((0, 2))
        while len(points) < each:
            some = np.column_stack([draw.uniform(west, east, 2 * each), draw.uniform(south, north, 2 * each)])
            points = np.concatenate([points, some[shapely.contains_xy(polygon, some)]])
        for x, y in points[:each].tolist():
            placed = index.locate(y, x)
            seen += 1
            if placed is None or placed.number != number:
                wrong.append(placed)
    assert seen == 118 * each
    most = 0.0005 * seen
    # A tenth of the points leaves chance its room: three times the scatter of what is counted.
    assert len(wrong) <= (most if each == 1000 else most + 3 * math.sqrt(most))
    for placed in wrong:
        # Just outside the state it would be snapped and flagged; inside it, the border is near.
        assert placed is not None
        assert placed.snapped_m is not None or placed.border_m is not None
        assert placed.snapped_m is not None or placed.border_m <= index.info.border_shift_m < ROOFTOP_M  # type: ignore[operator]


def test_a_real_address_lies_in_a_district_of_its_zip_code(
    shared_data: Path, indexes: dict[str, DistrictIndex]
) -> None:
    areas = load_map("il-2021").zips["house"]
    inside = seen = 0
    with (shared_data / "dfss_delegate_agencies.csv").open(encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            parts = areas.get(row["ZIP"][:5])
            if parts and row["Latitude"] and row["Longitude"]:
                seen += 1
                found = house_of(indexes["il-2021"], float(row["Latitude"]), float(row["Longitude"]))
                inside += found in {number for number, _ in parts}
    assert seen > 1200
    # 98.1 % on the full polygons: the rest were given a wrong ZIP code or a point beside their street.
    assert inside >= 0.975 * seen


@pytest.mark.parametrize("code", CODES)
def test_house_districts_of_either_map_make_those_of_the_senate(
    shared_data: Path, polygons: dict[str, dict[int, Any]], code: str
) -> None:
    pytest.importorskip("shapefile")
    from partners_crm.districts.building.checking import check_nesting
    from partners_crm.districts.building.reading import read_chapter

    house = read_chapter(shared_data / HOUSE[code], "il")
    senate = read_chapter(shared_data / SENATE[code], "il")
    _, worst = check_nesting(house, Chamber("house", "House", 118, "senate", 2), senate)
    assert worst is not None
    # Across sources of other years and roundings, as measured when they were collected.
    assert 0 < worst < 0.0007


@pytest.mark.parametrize("code", CODES)
def test_borders_built_from_a_part_of_the_state_are_those_of_the_map(
    polygons: dict[str, dict[int, Any]], code: str
) -> None:
    from partners_crm.districts.building import arcs, simplifying

    some = {number: polygons[code][number] for number in (1, 2, 3, 4, 5, 6, 9, 10)}
    built = simplifying.simplify(arcs.cut(arcs.faces(some)), load_info(code).tolerance_m)
    borders, start, known = load_map(code).borders["house"], 0, set()
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        part = slice(start, start + size)
        known.add((left, right, tuple(zip(borders.lon[part], borders.lat[part], strict=True))))
        start += size
    inner = {(arc.left, arc.right, tuple(arc.units)) for arc in built if arc.left and arc.right}
    assert len(inner) > 8
    assert inner <= known


@pytest.mark.parametrize("code", CODES)
def test_the_figures_are_what_the_census_polygons_give(
    request: pytest.FixtureRequest, shared_data: Path, code: str
) -> None:
    if not request.config.getoption("--soak"):
        pytest.skip("takes some ten seconds for each map; runs under --soak")
    pytest.importorskip("shapely")
    from partners_crm.districts.building import build_map, plan_from

    info = load_info(code)
    built = build_map(
        [shared_data / HOUSE[code]],
        plan_from(code),
        source=info.source,
        zips_file=shared_data / ZIPS,
        zip_source=info.zip_source,
    )
    assert built.data == (FIGURES / f"{code}.map").read_bytes()


@pytest.mark.parametrize("code", CODES)
def test_full_precision_keeps_every_point(request: pytest.FixtureRequest, shared_data: Path, code: str) -> None:
    if not request.config.getoption("--soak"):
        pytest.skip("takes some ten seconds for each map; runs under --soak")
    pytest.importorskip("shapely")
    pytest.importorskip("shapefile")
    from partners_crm.districts.building import build_map, plan_from

    built = build_map([shared_data / SENATE[code]], plan_from(code), tolerance_m=0.0)
    assert built.info.counts == {"senate": 59}
    assert built.report.layers[0].points == built.report.layers[0].points_before > 100_000
    assert built.info.border_shift_m < 2
