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
    DistrictMap,
    bundled_maps,
    dump_map,
    load_info,
    load_map,
    ocd_id,
    parent_number,
)
from partners_crm.errors import FileRefused, NotFound

CODES = ("il-2011", "il-2021")
Arcs = list[tuple[int, int, list[tuple[int, int]]]]
SQUARE = [(0, 0), (SCALE, 0), (SCALE, SCALE), (0, SCALE), (0, 0)]
TEXTS = ("law", "enacted", "first_election", "seated_from", "seated_until", "source")
HEADER: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    "code": "xx-1",
    "name": "Made up",
    "state": "xx",
    "state_name": "Nowhere",
    "base": "house",
    "counts": {"house": 2, "senate": 1},
    "nested": 2,
    "tolerance_m": 1.0,
    "border_shift_m": 0.5,
}


def arcs_of(loaded: DistrictMap) -> Arcs:
    """The borders of a map in the form `dump_map` takes."""
    found, start = [], 0
    for size, left, right in zip(loaded.sizes, loaded.left, loaded.right, strict=True):
        part = slice(start, start + size)
        found.append((left, right, list(zip(loaded.lon[part], loaded.lat[part], strict=True))))
        start += size
    return found


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
    assert loaded.info == load_info(code)
    assert loaded.info.counts == {"house": 118, "senate": 59}
    assert {*loaded.left, *loaded.right} == {OUTSIDE, *range(1, 119)}
    assert sum(loaded.sizes) == len(loaded.lon) == len(loaded.lat) == loaded.info.points
    assert len(loaded.sizes) == loaded.info.arcs
    assert min(loaded.sizes) >= 2
    assert 0 < loaded.info.tolerance_m <= loaded.info.border_shift_m <= 15
    assert all(left != right for left, right, _ in arcs_of(loaded))


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
    for name in ("code", "name", "state", "state_name", "base", "law", "enacted", "first_election", "nested"):
        assert getattr(info, name) == getattr(entry, name), name
    assert (info.seated_from, info.seated_until) == (entry.seated_from, entry.seated_until)
    assert info.counts == dict(entry.counts)


@pytest.mark.parametrize("code", CODES)
def test_writing_what_was_read_gives_the_same_file(code: str) -> None:
    content = (FIGURES / f"{code}.map").read_bytes()
    loaded = load_map(code)
    fields = {key: value for key, value in loaded.info._asdict().items() if key not in {"arcs", "points", "sha256"}}
    written = dump_map(fields, arcs_of(loaded))
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
    name=st.text(max_size=30),
)
def test_any_map_reads_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, arcs: Arcs, name: str) -> None:
    path = tmp_path_factory.mktemp("round") / "x.map"
    path.write_bytes(dump_map({**HEADER, "name": name}, arcs))
    loaded = load_map(path)
    assert arcs_of(loaded) == arcs
    assert loaded.info.name == name
    assert (loaded.info.arcs, loaded.info.points) == (len(arcs), sum(len(line) for _, _, line in arcs))


@pytest.mark.parametrize("code", CODES)
def test_two_house_districts_nest_in_each_senate_district(code: str) -> None:
    info = load_info(code)
    parents = [parent_number(info, number) for number in range(1, 119)]
    assert parents == [(number + 1) // 2 for number in range(1, 119)]
    assert sorted(set(filter(None, parents))) == list(range(1, 60))


def test_a_map_of_one_chamber_nests_nothing() -> None:
    info = load_info("il-2021")._replace(nested=0)
    assert parent_number(info, 49) is None


def test_three_districts_may_nest_in_one() -> None:
    info = load_info("il-2021")._replace(nested=3)
    assert [parent_number(info, number) for number in range(1, 8)] == [1, 1, 1, 2, 2, 2, 3]


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
        (b"partners-map 2\n{}\n", "a map of another version"),
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


@pytest.mark.parametrize("key", ["arcs", "points", "sha256"])
def test_a_header_that_does_not_fit_its_borders_is_refused(tmp_path: Path, key: str) -> None:
    magic, header, payload = dump_map(HEADER, [(1, OUTSIDE, SQUARE)]).split(b"\n", 2)
    fields = json.loads(header)
    fields[key] = "0" * 64 if key == "sha256" else fields[key] + 1
    path = tmp_path / "x.map"
    path.write_bytes(b"\n".join((magic, json.dumps(fields).encode(), payload)))
    assert "do not fit their checksum" in refusal(path).message


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
