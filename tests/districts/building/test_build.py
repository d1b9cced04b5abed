"""Whole maps from drawn districts: chambers, nesting, seams, shared borders, and what is refused about the whole."""

from __future__ import annotations

import builtins
import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("shapely")
pytest.importorskip("shapefile")

from tests.districts.building.drawn import (
    Feature,
    Ring,
    box,
    built,
    feature,
    grid,
    loaded,
    members,
    write_geojson,
    write_zip,
)

from partners_crm.districts.building import build_map, plan_from
from partners_crm.districts.building.simplifying import metres_per_unit
from partners_crm.districts.calendar import plan
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import OUTSIDE, SCALE, Chamber, load_map
from partners_crm.errors import ConfigError, FileRefused

SENATE = [feature(f"{row + 1:03}", box(-100, 38 + row, -96, 39 + row), "SLDUST", STATEFP="98") for row in range(4)]
"""Each made of three districts of a house of 3 x 4."""
WEST = [(0.0, 0.0), (0.5, 0.0), (0.50002, 0.5), (0.5, 1.0), (0.0, 1.0), (0.0, 0.0)]
EAST = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0), (0.50002, 0.5), (0.5, 0.0)]


def at(index: DistrictIndex, latitude: float, longitude: float) -> int | None:
    placed = index.locate(latitude, longitude)
    return placed.number if placed else None


def house(tmp_path: Path, features: list[Feature] | None = None) -> Path:
    return write_geojson(tmp_path / "house.geojson", features or grid(3, 4))


def senate(tmp_path: Path, features: list[Feature] | None = None) -> Path:
    return write_zip(tmp_path / "senate.zip", members(features or SENATE))


# -------------------------------------------------------------------- chambers


def test_a_state_of_one_chamber(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", members(grid(7, 7, "SLDUST")))
    made = built([path], "senate=Legislature:49")
    assert made.info.chambers == (Chamber("senate", "Legislature", 49),)
    assert list(made.info.tiles) == ["senate"]
    index = DistrictIndex(loaded(made))
    assert [at(index, 38.1 + 4 * row / 7, -99.9 + 4 * row / 7) for row in range(7)] == [1, 9, 17, 25, 33, 41, 49]
    assert "counted" not in made.report.said[0]


def test_the_chambers_are_those_of_the_files_where_nobody_names_them(tmp_path: Path) -> None:
    made = built([senate(tmp_path), house(tmp_path)])
    assert made.info.chambers == (Chamber("house", "House", 12), Chamber("senate", "Senate", 4))
    assert [layer.chamber for layer in made.info.layers] == ["house", "senate"]
    assert "12 House districts, counted in the file" in made.report.said[0]


def test_chambers_that_do_not_nest_have_borders_and_tiles_of_their_own(tmp_path: Path) -> None:
    upper = write_geojson(tmp_path / "upper.geojson", grid(1, 5, "SLDUST"))
    made = built([house(tmp_path), upper], "house=Assembly:12", "senate=Senate:5")
    assert [layer.chamber for layer in made.info.layers] == ["house", "senate"]
    assert [len(made.info.tiles[code]) for code in ("house", "senate")] == [12, 5]
    lower_index, upper_index = (DistrictIndex(loaded(made), code) for code in ("house", "senate"))
    assert (at(lower_index, 39.9, -99), at(upper_index, 39.9, -99)) == (4, 3)
    assert len(made.info.source_sha256) == 2


def test_a_chamber_that_is_made_of_another_needs_no_file(tmp_path: Path) -> None:
    made = built([house(tmp_path)], "house=House:12", "senate=Senate:4", nests=3)
    assert made.info.counts == {"house": 12, "senate": 4}
    assert [layer.chamber for layer in made.info.layers] == ["house"]
    rows = {number: row for number, _, row in made.info.tiles["senate"]}
    assert list(made.info.tiles) == ["senate"]
    assert rows[1] > rows[2] > rows[4] and rows[2] >= rows[3] >= rows[4]  # noqa: PT018
    assert "no file of the Senate to hold this against" in " ".join(made.report.said)


def test_a_file_of_the_chamber_that_others_make_is_held_against_them(tmp_path: Path) -> None:
    chambers = ("senate=Senate", "house=House")
    made = built([senate(tmp_path), house(tmp_path)], *chambers, nests=3)
    assert made.report.nesting == 0
    assert [layer.chamber for layer in made.info.layers] == ["house"]
    assert [(layer.chamber, layer.stored) for layer in made.report.layers] == [("house", True), ("senate", False)]
    assert len(made.info.source_sha256) == 2
    turned = copy.deepcopy(SENATE)
    turned[1]["properties"]["SLDUST"], turned[2]["properties"]["SLDUST"] = "003", "002"
    with pytest.raises(FileRefused, match=r"record 3 \(district 2\) is not made of the House districts 4, 5, 6: 200"):
        built([senate(tmp_path, turned), house(tmp_path)], *chambers, nests=3)


def test_files_that_differ_by_roundings_still_nest(tmp_path: Path) -> None:
    near = copy.deepcopy(SENATE)
    for each in near:
        each["geometry"]["coordinates"] = [[(x + 1e-4, y) for x, y in each["geometry"]["coordinates"][0]]]
    made = built([senate(tmp_path, near), house(tmp_path)], "house", "senate", nests=3)
    assert made.report.nesting is not None
    assert 0 < made.report.nesting < 1e-4
    for each in near:
        each["geometry"]["coordinates"] = [[(x + 1e-2, y) for x, y in each["geometry"]["coordinates"][0]]]
    with pytest.raises(FileRefused, match=r"record 1 .* is not made of the House districts 1, 2, 3"):
        built([senate(tmp_path, near), house(tmp_path)], "house", "senate", nests=3)


def test_without_the_file_of_the_chamber_below_only_the_upper_one_is_known(tmp_path: Path) -> None:
    made = built([senate(tmp_path)], "house=House:12", "senate=Senate:4", nests=3)
    assert made.info.chambers == (Chamber("senate", "Senate", 4),)
    assert "no file for the House: the map does not have it" in made.report.said


def test_districts_that_do_not_make_whole_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="12 districts, 5 for each of the Senate, do not make 2"):
        built([house(tmp_path)], "house", "senate", nests=5)
    with pytest.raises(FileRefused, match="12 districts, 3 for each of the Senate, do not make 5"):
        built([house(tmp_path)], "house", "senate=Senate:5", nests=3)


def test_two_files_of_one_chamber_or_of_none_of_the_map_are_refused(tmp_path: Path) -> None:
    path = house(tmp_path)
    with pytest.raises(FileRefused, match=r"is of the house, as .* is"):
        built([path, path])
    with pytest.raises(FileRefused, match="is of the house; the map xx-1 has senate"):
        built([path], "senate")
    with pytest.raises(ConfigError, match="needs a file"):
        built([])


# -------------------------------------------------------------------- counts and seams


@pytest.mark.parametrize(
    ("numbers", "expected", "words"),
    [
        (range(1, 12), 12, "11 districts of the house instead of 12; missing: 12"),
        ([1, 2, 4, 5], 0, "4 districts of the house instead of 5; missing: 3"),
        (range(1, 13), 11, r"12 districts of the house instead of 11; too many: 12 \(feature 12\)"),
        ([9], 0, "missing: 1, 2, 3, 4, 5, 6, 7, 8"),
        ([12], 0, "missing: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1 more"),
    ],
)
def test_missing_and_surplus_districts_are_refused(tmp_path: Path, numbers: Any, expected: int, words: str) -> None:
    features = [grid(3, 4)[number - 1] for number in numbers]
    with pytest.raises(FileRefused, match=words):
        built([house(tmp_path, features)], f"house=House:{expected}" if expected else "house")


def two(edge_west: float, edge_east: float) -> list[Feature]:
    """Two districts beside a frame of a third, the first up to one longitude, the second from another."""
    frame: Feature = {
        "properties": {"SLDLST": "003"},
        "geometry": {"type": "Polygon", "coordinates": [box(0, 0, 4, 3), box(1, 1, 3, 2)[::-1]]},
    }
    return [feature("001", box(1, 1, edge_west, 2)), feature("002", box(edge_east, 1, 3, 2)), frame]


def test_gaps_and_overlaps_are_refused_with_their_place(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"a gap of 123.\d\d km2 at 1.5\d*, 2.00\d* between the districts 1, 2, 3"):
        built([house(tmp_path, two(2, 2.01))])
    with pytest.raises(FileRefused, match=r"feature 1 \(district 1\) and feature 2 \(district 2\) overlap by 123"):
        built([house(tmp_path, two(2.01, 2))])


def test_what_rounding_tears_is_mended_and_said(tmp_path: Path) -> None:
    for edges, word in (((2, 2.00000005), "gap"), ((2.00000005, 2), "overlap")):
        made = built([house(tmp_path, two(*edges))])
        seams = made.report.layers[0].seams
        assert (seams.gaps, seams.overlaps) == ((1, 0) if word == "gap" else (0, 1))
        assert 400 < seams.gap_m2 + seams.overlap_m2 < 800
        assert any(f"1 {word}(s), 6" in line for line in made.report.said), made.report.said
        borders = loaded(made).borders["house"]
        assert {frozenset(pair) for pair in zip(borders.left, borders.right, strict=True)} == {
            frozenset(pair) for pair in ((1, 2), (1, 3), (2, 3), (3, OUTSIDE))
        }


def test_a_gap_wide_enough_for_the_grid_goes_to_a_neighbour(tmp_path: Path) -> None:
    # Two units wide and short: a piece of its own between the faces.
    gap = [(2, 1.5), (2.00002, 1.5), (2.00002, 1.5001), (2, 1.5001)]
    west, _, frame = two(2, 2)
    east = feature("002", [(2, 1), (2, 1.5), *gap[1:], (2, 2), (3, 2), (3, 1), (2, 1)])
    made = built([house(tmp_path, [west, east, frame])])
    assert made.report.layers[0].slivers == 1
    index = DistrictIndex(loaded(made))
    assert at(index, 1.50005, 2.00001) in {1, 2}


def test_water_inside_the_state_is_no_gap(tmp_path: Path) -> None:
    lake = feature("ZZZ", box(1, 1, 3, 2))
    made = built([house(tmp_path, [{**two(2, 2)[2], "properties": {"SLDLST": "001"}}, lake])])
    index = DistrictIndex(loaded(made))
    assert (at(index, 0.5, 0.5), at(index, 1.5, 2)) == (1, None)
    assert made.report.layers[0].water == 1


def test_islands_and_enclaves_keep_their_district(tmp_path: Path) -> None:
    inner = box(1, 1, 2, 2)
    features: list[Feature] = [
        {"properties": {"SLDLST": "001"}, "geometry": {"type": "Polygon", "coordinates": [box(0, 0, 3, 3), inner]}},
        {
            "properties": {"SLDLST": "002"},
            "geometry": {"type": "MultiPolygon", "coordinates": [[inner], [box(4, 0, 5, 1)], [box(4, 2, 5, 3)]]},
        },
    ]
    index = DistrictIndex(loaded(built([house(tmp_path, features)])))
    places = [(0.5, 0.5), (1.5, 1.5), (0.5, 4.5), (2.5, 4.5), (1.5, 4.5), (1.5, 2.5)]
    assert [at(index, *place) for place in places] == [1, 2, 2, 2, None, 1]


# -------------------------------------------------------------------- borders


def test_the_shared_border_is_stored_once_and_its_shift_measured(tmp_path: Path) -> None:
    path = house(tmp_path, [feature("001", WEST), feature("002", EAST)])
    made = built([path], source="a drawing")
    borders = loaded(made).borders["house"]
    sides = [frozenset(pair) for pair in zip(borders.left, borders.right, strict=True)]
    assert len(sides) == 3
    assert set(sides) == {frozenset({1, 2}), frozenset({1, OUTSIDE}), frozenset({2, OUTSIDE})}
    # The one point between the two is 2.2 m from the line without it: it goes, and the header says by how much.
    assert 2.2 <= made.info.border_shift_m <= 2.4
    assert (made.info.source, made.info.tolerance_m, made.info.zip_source) == ("a drawing", 4.0, "")


def test_without_tolerance_no_border_moves(tmp_path: Path) -> None:
    path = house(tmp_path, [feature("001", WEST), feature("002", EAST)])
    made = built([path], tolerance_m=0.0)
    borders = loaded(made).borders["house"]
    # Rounded up from the dust of floating point; every point of the drawing is still there.
    assert made.info.border_shift_m <= 0.1
    assert {(x, y) for ring in (WEST, EAST) for x, y in ring} == {
        (x / SCALE, y / SCALE) for x, y in zip(borders.lon, borders.lat, strict=True)
    }


def test_a_file_name_that_cannot_be_printed_stays_out_of_the_header(tmp_path: Path) -> None:
    made = built([write_geojson(tmp_path / "a\x1bb.geojson", grid(2, 2))])
    assert made.info.source.startswith("a?b.geojson, ")
    assert loaded(made).info == made.info


def test_the_same_districts_give_the_same_borders_in_any_order_and_format(tmp_path: Path) -> None:
    features = grid(3, 4)
    made = [
        built([house(tmp_path, features)]),
        built([house(tmp_path, features[::-1])]),
        built([write_zip(tmp_path / "x.zip", members(features))]),
        built([write_geojson(tmp_path / "x.geojson.gz", features)]),
    ]
    assert len({each.data.split(b"\n", 2)[2] for each in made}) == 1
    assert len({str(each.info.tiles) for each in made}) == 1
    assert built([house(tmp_path, features)]).data == made[0].data


def test_a_border_that_would_move_too_far_is_refused(tmp_path: Path) -> None:
    # Rounding to a grid of a metre moves nothing far, so what tears a border away is a tolerance near the limit.
    step = 14.5 / (metres_per_unit(0.5)[0] * SCALE)
    bent = [(0.5 + step, 0.5) if point == (0.50002, 0.5) else point for point in WEST]
    rest = [(0.5 + step, 0.5) if point == (0.50002, 0.5) else point for point in EAST]
    path = house(tmp_path, [feature("001", bent), feature("002", rest)])
    assert 14.4 < built([path], tolerance_m=14.6).info.border_shift_m <= 15
    for tolerance in (15.5, -1.0, float("nan")):
        with pytest.raises(ConfigError, match="cannot be simplified by"):
            built([path], tolerance_m=tolerance)


def test_a_district_smaller_than_a_metre_is_refused(tmp_path: Path) -> None:
    speck = [(x, y) for x, y in box(1, 1, 1.000002, 1.000002)]
    rest: Feature = {
        "properties": {"SLDLST": "001"},
        "geometry": {"type": "Polygon", "coordinates": [box(0, 0, 3, 3), speck[::-1]]},
    }
    with pytest.raises(FileRefused, match=r"feature 2 \(district 2\) is smaller than a metre"):
        built([house(tmp_path, [rest, feature("002", speck)])])


def quilt(draw: Random, steps: int, wobble: float) -> list[Feature]:
    """Nine districts whose shared borders wander at random by some metres, an enclave hard by one of them."""
    corners = {(x, y): (float(x), float(y)) for x in range(4) for y in range(4)}

    def wander(a: tuple[float, float], b: tuple[float, float]) -> Ring:
        between = [(a[0] + (b[0] - a[0]) * k / steps, a[1] + (b[1] - a[1]) * k / steps) for k in range(1, steps)]
        return [a, *((x + draw.uniform(-wobble, wobble), y + draw.uniform(-wobble, wobble)) for x, y in between), b]

    across = {(x, y): wander(corners[x, y], corners[x + 1, y]) for x in range(3) for y in range(4)}
    down = {(x, y): wander(corners[x, y], corners[x, y + 1]) for x in range(4) for y in range(3)}
    found = []
    for x in range(3):
        for y in range(3):
            ring = across[x, y] + down[x + 1, y][1:] + across[x, y + 1][::-1][1:] + down[x, y][::-1][1:]
            found.append(feature(f"{3 * y + x + 1:03}", ring))
    small = box(1.5, 1 + 1.1 * wobble, 1.5 + wobble, 1 + 2 * wobble)
    found[4]["geometry"]["coordinates"].append(small)
    return [*found, feature("010", small)]


@given(seed=st.integers(0, 2**32), steps=st.integers(2, 60), tolerance=st.sampled_from([0.0, 1.0, 4.0, 14.0]))
def test_simplified_borders_never_touch_and_points_far_from_them_keep_their_district(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int, tolerance: float
) -> None:
    import shapely
    from shapely.geometry import shape

    draw = Random(seed)
    features = quilt(draw, steps, 0.0001)
    made = built([house(tmp_path_factory.mktemp("quilt"), features)], tolerance_m=tolerance)
    index = DistrictIndex(loaded(made))
    shapes = {int(each["properties"]["SLDLST"]): shape(each["geometry"]) for each in features}
    # Within some 30 m of the lines, where the two disagree if ever.
    for _ in range(40):
        x, y = draw.choice([1, 2]) + draw.uniform(-3e-4, 3e-4), draw.uniform(0.1, 2.9)
        x, y = draw.choice([(x, y), (y, x)])
        point = shapely.Point(x, y)
        inside = [number for number, each in shapes.items() if each.contains(point)]
        line_m = min(each.boundary.distance(point) for each in shapes.values()) * 111_320
        if line_m > made.info.border_shift_m + 0.1:
            assert [at(index, y, x)] == inside
        else:
            placed = index.locate(y, x)
            assert placed is not None
            assert placed.border_m is not None
            assert placed.border_m <= 2 * made.info.border_shift_m + 0.2


# -------------------------------------------------------------------- what the map says of itself


def test_a_plan_of_the_calendar_is_taken_and_laid_over() -> None:
    known = plan("il-2021")
    assert plan_from("il-2021") == known
    assert known is not None
    assert plan_from("il-2021", law="another") == known._replace(law="another")


def test_a_plan_of_another_state_is_made_from_options() -> None:
    made = plan_from(
        "ne-2021",
        state_name="Nebraska",
        chambers=["senate=Legislature:49"],
        enacted="2021-09-30",
        first_election="2022",
        seated_from="2023-01-04",
    )
    assert (made.state, made.name, made.chambers) == ("ne", "Nebraska 2021", (Chamber("senate", "Legislature", 49),))
    nested = plan_from("xx-1", state_name="X", chambers=["senate", "house=Assembly:80"], nests=2)
    assert nested.chambers == (Chamber("house", "Assembly", 80, "senate", 2), Chamber("senate", "Senate", 0))


@pytest.mark.parametrize(
    ("code", "options", "words"),
    [
        ("ne", {"state_name": "N"}, "is no code of a map"),
        ("NE-2021", {"state_name": "N"}, "is no code of a map"),
        ("ne-../x", {"state_name": "N"}, "is no code of a map"),
        ("ne-2021", {}, "the name of the state is needed"),
        ("ne-2021", {"state_name": "N", "chambers": ["city"]}, "'city' is no chamber"),
        ("ne-2021", {"state_name": "N", "chambers": ["house=:9"]}, "is no chamber"),
        ("ne-2021", {"state_name": "N", "chambers": ["house", "house"]}, "given twice"),
        ("ne-2021", {"state_name": "N", "chambers": ["house"], "nests": 2}, "2 or more house districts"),
        ("ne-2021", {"state_name": "N", "chambers": ["house", "senate"], "nests": 1}, "2 or more house districts"),
        ("ne-2021", {"state_name": "N\x1b[2J"}, "cannot be printed"),
        ("ne-2021", {"state_name": "N", "law": "P.\nA."}, "cannot be printed"),
        ("ne-2021", {"state_name": "N", "nests": 2}, "needs both chambers"),
        ("ne-2021", {"state_name": "N", "enacted": "2021"}, "enacted: '2021' is no day"),
        ("ne-2021", {"state_name": "N", "enacted": "20210930"}, "is no day"),
        ("ne-2021", {"state_name": "N", "first_election": "22"}, "is no year"),
        ("ne-2021", {"state_name": "N", "seated_from": "2023-01-04", "seated_until": "2023-01-04"}, "before it begins"),
    ],
)
def test_a_plan_that_cannot_be_read_is_refused(code: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        plan_from(code, **options)


def test_without_the_extra_the_way_to_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = builtins.__import__

    def lacking(name: str, *rest: Any, **more: Any) -> Any:
        if name == "shapefile":
            raise ModuleNotFoundError("No module named 'shapefile'", name="shapefile")
        return there(name, *rest, **more)

    path = house(tmp_path)
    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(ConfigError, match="needs shapefile, which is not installed") as caught:
        build_map([path], plan_from("xx-1", state_name="Nowhere"))
    assert "partners-crm[geo]" in caught.value.hint


def test_the_map_of_plainsland_is_what_its_program_makes() -> None:
    from fixtures.second.plainsland import MAP, build, collection

    assert build() == MAP.read_bytes()
    second = load_map(MAP)
    assert (second.info.code, second.info.state_name, second.info.counts) == ("zz-2021", "Plainsland", {"senate": 49})
    assert (second.info.chamber("senate").name, second.info.seated_from) == ("Legislature", "2013-01-09")
    index = DistrictIndex(second)
    from shapely.geometry import shape

    for each in collection()["features"]:
        point = shape(each["geometry"]).representative_point()
        assert at(index, point.y, point.x) == int(each["properties"]["SLDUST"])


def test_another_plan_is_refused_under_the_code_of_a_bundled_map(shared_data: Path) -> None:
    path = shared_data / "il_sldl_2023.geojson.gz"
    if not path.exists():
        pytest.skip("the House districts are not beside this checkout")
    with pytest.raises(FileRefused, match="lie elsewhere than on the map il-2011"):
        build_map([path], plan_from("il-2011"))


def test_a_plan_of_a_known_state_has_its_chambers_whatever_it_is_called() -> None:
    found = plan_from("il-proposed")
    assert (found.state_name, [(each.code, each.districts) for each in found.chambers]) == (
        "Illinois",
        [("house", 118), ("senate", 59)],
    )
