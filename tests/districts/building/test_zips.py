"""ZIP code areas: shares of districts by area, what is left out, and files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("shapely")
pytest.importorskip("shapefile")

import shapely
from tests.districts.building.drawn import Feature, box, built, feature, grid, loaded, members, write_geojson, write_zip

from partners_crm.districts.building.zips import read_zips, shares, zip_areas
from partners_crm.errors import FileRefused

HALVES = {1: shapely.box(0, 0, 1, 1), 2: shapely.box(1, 0, 2, 1)}


def area(code: object, *bounds: float, field: str = "ZCTA5") -> Feature:
    west, south, east, north = bounds
    return feature(code, box(west, south, east, north), field)


def test_an_area_is_shared_by_the_districts_it_touches(tmp_path: Path) -> None:
    features = [
        area("60001", 0.1, 0.1, 0.9, 0.9),
        area("60002", 0.25, 0, 1.25, 1),
        area("60003", 0.5, 0, 1.001, 1),  # a sliver beyond the border is none of it
        area("60004", -0.4, 0, 0.6, 1),  # partly outside: shares of the part inside
        area("60005", -0.6, 0, 0.4, 1),  # for the larger part outside
        area("60006", 5, 5, 6, 6),
        area("00501", 0.5, -0.4, 1.5, 0.6),
    ]
    for field in ("ZCTA5", "ZCTA5CE20", "ZCTA5CE10", "zcta5ce20"):
        named = [
            {"properties": {field: each["properties"]["ZCTA5"]}, "geometry": each["geometry"]} for each in features
        ]
        for path in (
            write_geojson(tmp_path / "z.geojson.gz", named),
            write_zip(tmp_path / "z.zip", members(named), "tl_2024_us_zcta520"),
        ):
            assert zip_areas(path, HALVES) == {
                "60001": ((1, 1.0),),
                "60002": ((1, 0.75), (2, 0.25)),
                "60003": ((1, 1.0),),
                "60004": ((1, 1.0),),
                "00501": ((1, 0.5), (2, 0.5)),
            }


def test_shares_are_of_the_area_on_the_ground() -> None:
    south, north = shapely.box(0, 0, 1, 30), shapely.box(0, 30, 1, 90)
    # Half of the northern hemisphere lies below 30 degrees.
    found = shares({"60001": flat(0, 0, 1, 90)}, {1: south, 2: north})
    assert found == {"60001": ((1, 0.5), (2, 0.5))}


def flat(*bounds: float) -> Any:
    from partners_crm.districts.building.zips import _flat

    return _flat(shapely.box(*bounds))


@given(cuts=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=9, unique=True))
def test_shares_always_sum_to_the_whole(cuts: list[float]) -> None:
    edges = [0.0, *sorted(cuts), 1.0]
    strips = {number: shapely.box(edges[number - 1], 0, edges[number], 1) for number in range(1, len(edges))}
    (parts,) = shares({"60001": flat(0, 0, 1, 1)}, strips).values()
    assert sum(round(share * 10_000) for _, share in parts) == 10_000
    for number, share in parts:
        assert share == pytest.approx(edges[number] - edges[number - 1], abs=0.004 * len(edges))


def test_a_map_is_built_with_its_zip_codes(tmp_path: Path) -> None:
    house = write_geojson(tmp_path / "house.geojson", grid(2, 2))
    zips = write_geojson(
        tmp_path / "zcta.geojson", [area("68001", -99.5, 38.5, -97.5, 39.5), area("68002", 0, 0, 1, 1)]
    )
    made = built([house], zips_file=zips)
    assert loaded(made).zips == {"house": {"68001": ((1, 0.75), (2, 0.25))}}
    assert made.info.zip_source == "ZIP code areas of zcta.geojson"
    assert len(made.info.source_sha256) == 2
    assert "1 of 2 ZIP code areas lie for the larger part in the map" in made.report.said
    assert built([house], zips_file=zips, zip_source="a drawing").info.zip_source == "a drawing"


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([area("60001", 0, 0, 1, 1, field="ZIP")], "feature 1 has none of ZCTA5"),
        ([area("6000", 0, 0, 1, 1)], "feature 1 has the ZIP code '6000'; five digits are needed"),
        ([area("60001", 0, 0, 1, 1)] * 2, "feature 2 is ZIP code 60001, which occurred before"),
        ([area("60001", 0, 0, 500, 1)], "feature 1 is not in longitude and latitude"),
        ([], "holds no feature"),
    ],
)
def test_files_of_other_areas_are_refused(tmp_path: Path, features: list[Feature], words: str) -> None:
    path = write_geojson(tmp_path / "z.geojson", features)
    with pytest.raises(FileRefused, match=words):
        read_zips(path)
