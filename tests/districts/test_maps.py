"""Map files: both maps of Illinois come whole, a file reads back as it was written, a damaged one is refused."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.districts.calendar import plan
from partners_crm.districts.maps import (
    FIGURES,
    MAGIC,
    OUTSIDE,
    SCALE,
    Arc,
    Areas,
    Chamber,
    DistrictMap,
    bundled_maps,
    dump_map,
    load_info,
    load_map,
    ocd_id,
)
from partners_crm.errors import FileRefused, NotFound

CODES = ("il-2011", "il-2021")
Arcs = list[Arc]
SQUARE = [(0, 0), (SCALE, 0), (SCALE, SCALE), (0, SCALE), (0, 0)]
TEXTS = ("law", "enacted", "first_election", "seated_from", "seated_until", "source", "zip_source")
HEADER: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    "code": "xx-1",
    "name": "Made up",
    "state": "xx",
    "state_name": "Nowhere",
    "chambers": (Chamber("house", "House", 500, "senate", 2), Chamber("senate", "Senate", 250)),
    "source_sha256": ("ab" * 32,),
    "tolerance_m": 1.0,
    "border_shift_m": 0.5,
    "tiles": {"senate": [(1, 0, 0), (2, 1, 0)]},
}
AREAS: Areas = {"00501": ((2, 0.75), (1, 0.25)), "60647": ((1, 1.0),)}
ONE = {"house": ([(1, OUTSIDE, SQUARE)], AREAS)}


def arcs_of(loaded: DistrictMap, chamber: str = "house") -> Arcs:
    """The borders of a map in the form `dump_map` takes."""
    borders = loaded.borders[chamber]
    found, start = [], 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        part = slice(start, start + size)
        found.append((left, right, list(zip(borders.lon[part], borders.lat[part], strict=True))))
        start += size
    return found


def nested(house: int, per: int, senate: int, **above: Any) -> list[dict[str, Any]]:
    """The chambers of a header where House districts lie in Senate districts."""
    return [
        {"code": "house", "name": "House", "districts": house, "nested_in": "senate", "per": per},
        {"code": "senate", "name": "Senate", "districts": senate, **above},
    ]


def refusal(path: Path) -> FileRefused:
    """What is said about a file that is none."""
    with pytest.raises(FileRefused) as caught:
        load_map(path)
    assert "\n" not in caught.value.message
    assert "\n" not in caught.value.hint
    assert str(path) in caught.value.message
    return caught.value


def test_both_illinois_maps_come_with_the_program() -> None:
    assert bundled_maps() == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_bundled_map_is_whole(code: str) -> None:
    loaded = load_map(code)
    borders, (layer,) = loaded.borders["house"], loaded.info.layers
    assert loaded.info == load_info(code)
    assert loaded.info.base == layer.chamber == "house"
    assert loaded.info.counts == {"house": 118, "senate": 59}
    assert {*borders.left, *borders.right} == {OUTSIDE, *range(1, 119)}
    assert sum(borders.sizes) == len(borders.lon) == len(borders.lat) == layer.points
    assert len(borders.sizes) == layer.arcs
    assert min(borders.sizes) >= 2
    assert 0 < loaded.info.tolerance_m <= loaded.info.border_shift_m <= 15
    assert all(left != right for left, right, _ in arcs_of(loaded))
    assert "Census" in loaded.info.source
    assert [len(digest) for digest in loaded.info.source_sha256] == [64, 64]


@pytest.mark.parametrize("code", CODES)
def test_a_bundled_map_knows_the_zip_codes_of_the_chicago_region(code: str) -> None:
    loaded = load_map(code)
    areas = loaded.zips["house"]
    assert len(areas) == loaded.info.layers[0].zips > 300
    assert "seven-county Chicago region" in loaded.info.zip_source
    assert len(areas["60647"]) >= 3
    for parts in areas.values():
        assert sum(share for _, share in parts) == pytest.approx(1, abs=1e-9)
        assert [share for _, share in parts] == sorted((share for _, share in parts), reverse=True)
        assert len({number for number, _ in parts}) == len(parts)
    split = [parts for parts in areas.values() if sum(share >= 0.01 for _, share in parts) > 1]
    # Most ZIP codes are in several districts: the reason why one is never taken for a district.
    assert len(split) > 0.7 * len(areas)


@pytest.mark.parametrize("code", CODES)
def test_a_bundled_map_has_one_tile_for_each_senate_district(code: str) -> None:
    tiles = load_info(code).tiles
    assert list(tiles) == ["senate"]
    assert [number for number, _, _ in tiles["senate"]] == list(range(1, 60))
    assert len({(column, row) for _, column, row in tiles["senate"]}) == 59
    assert max(column for _, column, _ in tiles["senate"]) < 8
    assert max(row for _, _, row in tiles["senate"]) < 10


def test_the_bundled_maps_stay_small_enough_to_ship() -> None:
    assert sum((FIGURES / f"{code}.map").stat().st_size for code in CODES) <= 450_000


@pytest.mark.parametrize("code", CODES)
def test_the_borders_of_every_district_close(code: str) -> None:
    ends: dict[int, dict[tuple[int, int], int]] = {}
    for left, right, line in arcs_of(load_map(code)):
        for number in {left, right}:
            for end in (line[0], line[-1]):
                counted = ends.setdefault(number, {})
                counted[end] = counted.get(end, 0) + 1
    assert set(ends) == set(range(119))
    assert all(count % 2 == 0 for counted in ends.values() for count in counted.values())


@pytest.mark.parametrize("code", CODES)
def test_a_map_file_agrees_with_the_calendar(code: str) -> None:
    info, entry = load_info(code), plan(code)
    assert entry is not None
    for name in entry._fields:
        assert getattr(info, name) == getattr(entry, name), name


@pytest.mark.parametrize("code", CODES)
def test_writing_what_was_read_gives_the_same_file(code: str) -> None:
    content = (FIGURES / f"{code}.map").read_bytes()
    loaded = load_map(code)
    fields = {key: value for key, value in loaded.info._asdict().items() if key not in {"layers", "sha256"}}
    written = dump_map(fields, {"house": (arcs_of(loaded), loaded.zips["house"])})
    magic, header, payload = content.split(b"\n", 2)
    again = written.split(b"\n", 2)
    assert again[:2] == [magic, header]
    # Another build of zlib may compress in other words; what it says is the same.
    assert zlib.decompress(again[2]) == zlib.decompress(payload)


@given(
    arcs=st.lists(
        st.tuples(
            st.integers(0, 500),
            st.integers(0, 500),
            st.lists(
                st.tuples(st.integers(-180 * SCALE, 180 * SCALE), st.integers(-90 * SCALE, 90 * SCALE)),
                min_size=2,
                max_size=9,
            ),
        ),
        min_size=1,
        max_size=9,
    ),
    name=st.text(max_size=30).filter(str.isprintable),
    areas=st.dictionaries(
        st.from_regex(r"[0-9]{5}", fullmatch=True),
        st.lists(st.tuples(st.integers(1, 500), st.integers(1, 10_000)), min_size=1, max_size=4),
        max_size=5,
    ),
)
def test_any_map_reads_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, arcs: Arcs, name: str, areas: dict[str, list[tuple[int, int]]]
) -> None:
    path = tmp_path_factory.mktemp("round") / "x.map"
    known = {code: tuple((number, share / 10_000) for number, share in parts) for code, parts in areas.items()}
    apart = (Chamber("house", "House", 500), Chamber("senate", "Senate", 250))
    header = {**HEADER, "name": name, "chambers": apart}
    path.write_bytes(dump_map(header, {"house": (arcs, known), "senate": ([(1, OUTSIDE, SQUARE)], {})}))
    loaded = load_map(path)
    assert arcs_of(loaded) == arcs
    assert arcs_of(loaded, "senate") == [(1, OUTSIDE, SQUARE)]
    assert loaded.zips == {"house": known, "senate": {}}
    assert loaded.info.name == name
    assert loaded.info.layers[0][1:3] == (len(arcs), sum(len(line) for _, _, line in arcs))


def test_the_nesting_rule_of_illinois() -> None:
    house = load_info("il-2021").chamber("house")
    assert [house.parent(number) for number in (1, 2, 3, 4, 117, 118)] == [1, 1, 2, 2, 59, 59]
    with pytest.raises(NotFound, match="no assembly"):
        load_info("il-2021").chamber("assembly")


def test_a_chamber_by_itself_nests_nothing() -> None:
    assert Chamber("senate", "Legislature", 49).parent(49) is None


def test_three_districts_may_nest_in_one() -> None:
    chamber = Chamber("house", "House", 9, "senate", 3)
    assert [chamber.parent(number) for number in range(1, 8)] == [1, 1, 1, 2, 2, 2, 3]


def test_identifiers_are_not_padded() -> None:
    assert ocd_id("il", "house", 9) == "ocd-division/country:us/state:il/sldl:9"
    assert ocd_id("il", "senate", 59) == "ocd-division/country:us/state:il/sldu:59"


@pytest.mark.parametrize("code", ["il-1999", "", "../il-2021", "IL-2021", "figures/il-2021", "il-2021.map", ".."])
def test_an_unknown_code_is_named_with_the_known_ones(code: str) -> None:
    for read in (load_info, load_map):
        with pytest.raises(NotFound) as caught:
            read(code)
        assert caught.value.message == f"no district map {code} comes with the program"
        assert caught.value.hint == "maps: il-2011, il-2021"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no district map of this program"),
        (b"\n\n", "no district map of this program"),
        (b"PK\x03\x04", "no district map of this program"),
        (b"partners-map 1\n{}\n", "a map of another version"),
        (b"partners-map x\n{}\n", "a map of another version"),
        (MAGIC, "the header of the map is damaged"),
        (MAGIC + b"[]\n", "the header of the map is damaged"),
        (MAGIC + b"{}\n", "the header of the map is damaged"),
        (MAGIC + b'{"arcs": 1}', "the header of the map is damaged"),
        (MAGIC + b"[" * 100_000 + b"\n", "the header of the map is damaged"),
        (MAGIC + b"\xff\xfe{}\n", "the header of the map is damaged"),
    ],
)
def test_a_foreign_file_is_refused_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.map"
    path.write_bytes(content)
    assert words in refusal(path).message


def changed(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A map file with another header."""
    magic, header, payload = content.split(b"\n", 2)
    fields = json.loads(header)
    change(fields)
    return b"\n".join((magic, json.dumps(fields).encode(), payload))


@pytest.mark.parametrize("key", ["arcs", "points", "zips", "parts", "sha256"])
def test_a_header_that_does_not_fit_its_borders_is_refused(tmp_path: Path, key: str) -> None:
    def change(fields: dict[str, Any]) -> None:
        if key == "sha256":
            fields[key] = "0" * 64
        else:
            fields["layers"][0][key] += 1

    path = tmp_path / "x.map"
    path.write_bytes(changed(dump_map(HEADER, ONE), change))
    assert "do not fit their checksum" in refusal(path).message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("code", "../x"),
        ("code", ""),
        ("state", "illinois"),
        ("name", "two\nlines"),
        ("law", None),
        ("source_sha256", [1]),
        ("source_sha256", 5),
        ("tolerance_m", "much"),
        ("tolerance_m", -1),
        ("border_shift_m", float("nan")),
        ("border_shift_m", 1e9),
        ("chambers", []),
        ("chambers", [{"code": "house", "name": "House", "districts": 10**9}]),
        ("chambers", [{"code": "house", "name": "House", "districts": 2.5}]),
        ("chambers", [{"code": "city", "name": "City", "districts": 2}]),
        ("chambers", [{"code": "house", "name": "House", "districts": 2, "nested_in": "senate", "per": 2}]),
        ("chambers", [{"code": "house", "name": "House", "districts": 2}] * 2),
        ("chambers", [{"code": "senate", "name": "Senate", "districts": 2}]),
        ("chambers", [{"code": "house", "name": " ", "districts": 500}]),
        ("chambers", [{"code": "house", "name": "House", "districts": 500, "nested_in": "house", "per": 1}]),
        ("chambers", nested(500, 2, 249)),
        ("chambers", nested(500, 2, 251)),
        ("chambers", nested(500, 500, 1, nested_in="house")),
        ("chambers", [{"code": "house", "name": "House", "districts": 500}, *nested(500, 2, 250)[1:]]),
        ("enacted", "Sept 2021"),
        ("seated_from", "2023-1-11"),
        ("seated_until", "2033-02-30"),
        ("first_election", "in 2022"),
        ("layers", []),
        ("layers", [{"chamber": "house", "arcs": -1, "points": 5, "zips": 0, "parts": 0}]),
        ("layers", [{"chamber": "house", "arcs": 10**9, "points": 10**9, "zips": 0, "parts": 0}]),
        ("layers", [{"chamber": "house"}]),
        ("layers", 7),
        ("tiles", {"city": [[1, 0, 0]]}),
        ("tiles", {"senate": [[1, 0]]}),
        ("tiles", {"senate": [[0, 0, 0]]}),
        ("tiles", {"senate": [[251, 0, 0]]}),
        ("tiles", {"senate": [[1, 0, -4]]}),
        ("tiles", {"senate": [[1, 0, 1e300]]}),
        ("tiles", []),
        ("more", 1),
    ],
)
def test_a_header_that_cannot_be_ours_is_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "x.map"
    path.write_bytes(changed(dump_map(HEADER, ONE), lambda fields: fields.update({key: value})))
    assert "the header of the map is damaged" in refusal(path).message


@pytest.mark.parametrize(
    "layer",
    [
        ([(501, OUTSIDE, SQUARE)], {}),
        ([(1, -1, SQUARE)], {}),
        ([(1, OUTSIDE, SQUARE[:1])], {}),
        ([(1, OUTSIDE, [(0, 0), (200 * SCALE, 0)])], {}),
        ([(1, OUTSIDE, [(0, 0), (0, -91 * SCALE)])], {}),
        ([(1, OUTSIDE, SQUARE)], {"60647": ((501, 1.0),)}),
        ([], {}),
    ],
)
def test_borders_that_name_what_the_map_does_not_have_are_refused(tmp_path: Path, layer: Any) -> None:
    path = tmp_path / "x.map"
    path.write_bytes(dump_map(HEADER, {"house": layer}))
    assert "do not fit the header" in refusal(path).message


@pytest.mark.parametrize("code", CODES)
def test_damaged_borders_are_refused(tmp_path: Path, code: str, scale: Callable[[int], int]) -> None:
    content = (FIGURES / f"{code}.map").read_bytes()
    body = content.index(b"\n", len(MAGIC)) + 1
    draw = Random(code)
    path = tmp_path / "x.map"
    for _ in range(scale(1000)):
        damaged = bytearray(content)
        damaged[draw.randrange(body, len(content))] ^= draw.randrange(1, 256)
        path.write_bytes(damaged)
        assert "the borders" in refusal(path).message


@pytest.mark.parametrize("kept", [-1, -4, 5000, 2000])
def test_a_cut_off_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "x.map"
    path.write_bytes((FIGURES / "il-2021.map").read_bytes()[:kept])
    assert "the borders are damaged" in refusal(path).message
