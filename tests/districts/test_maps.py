"""Map files and what can be asked of a map without searching in it."""

from __future__ import annotations

import json
import zlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.districts.calendar import CALENDAR, plan
from partners_crm.districts.maps import (
    FIGURES,
    OUTSIDE,
    SCALE,
    Chamber,
    MapInfo,
    bundled_maps,
    children,
    dump_map,
    load_info,
    load_map,
    map_on,
    ocd_id,
    parent_number,
)
from partners_crm.errors import CannotDecide, FileRefused, InvalidValue, NotFound

CODES = ("il-2011", "il-2021")
SQUARE = [(0, 0), (SCALE, 0), (SCALE, SCALE), (0, SCALE), (0, 0)]


def fields_of(counts: dict[str, int], nested: int) -> dict[str, object]:
    """The fields of a made-up map's header."""
    texts = ("law", "enacted", "first_election", "seated_from", "seated_until", "source")
    named = {"code": "xx-1", "name": "Made up", "state": "xx", "state_name": "Nowhere", "base": next(iter(counts))}
    shifts = {"tolerance_m": 1.0, "border_shift_m": 0.5}
    return {**dict.fromkeys(texts, ""), **named, **shifts, "counts": counts, "nested": nested}


def info_of(tmp_path: Path, counts: dict[str, int], nested: int) -> MapInfo:
    """What a made-up map of a square says about itself; its borders do not matter here."""
    path = tmp_path / f"{next(iter(counts))}-{nested}.map"
    path.write_bytes(dump_map(fields_of(counts, nested), [(1, OUTSIDE, SQUARE)]))
    return load_info(path)


def test_both_illinois_maps_come_with_the_program() -> None:
    assert bundled_maps() == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_bundled_map_is_whole(code: str) -> None:
    loaded = load_map(code)
    assert loaded.info == load_info(code)
    assert loaded.info.counts == {Chamber.HOUSE: 118, Chamber.SENATE: 59}
    assert {*loaded.left, *loaded.right} == set(range(119))
    assert sum(loaded.sizes) == len(loaded.lon) == len(loaded.lat)
    assert 0 < loaded.info.border_shift_m <= 15
    assert (FIGURES / f"{code}.map").stat().st_size < 200_000


@pytest.mark.parametrize("code", CODES)
def test_a_map_file_agrees_with_the_calendar(code: str) -> None:
    info, entry = load_info(code), plan(code)
    assert entry is not None
    for name in ("name", "state", "law", "enacted", "first_election", "seated_from", "seated_until", "nested"):
        assert getattr(info, name) == getattr(entry, name), name


@pytest.mark.parametrize("code", CODES)
def test_writing_what_was_read_gives_the_same_file(code: str) -> None:
    content = (FIGURES / f"{code}.map").read_bytes()
    loaded, start, arcs = load_map(code), 0, []
    for size, left, right in zip(loaded.sizes, loaded.left, loaded.right, strict=True):
        part = slice(start, start + size)
        arcs.append((left, right, list(zip(loaded.lon[part], loaded.lat[part], strict=True))))
        start += size
    first, header, payload = content.split(b"\n", 2)
    written = dump_map(json.loads(header), arcs).split(b"\n", 2)
    assert written[:2] == [first, header]
    assert zlib.decompress(written[2]) == zlib.decompress(payload)


def test_every_house_district_nests_in_one_senate_district() -> None:
    info = load_info("il-2021")
    assert (parent_number(info, 1), parent_number(info, 9), parent_number(info, 118)) == (1, 5, 59)
    nested = [number for senate in range(1, 60) for number in children(info, senate)]
    assert nested == list(range(1, 119))
    assert all(parent_number(info, number) == senate for senate in range(1, 60) for number in children(info, senate))


@given(st.integers(1, 300), st.integers(1, 9))
def test_nesting_belongs_to_the_map(tmp_path_factory: pytest.TempPathFactory, base: int, each: int) -> None:
    parents = -(-base // each)
    info = info_of(tmp_path_factory.mktemp("nested"), {"house": base, "senate": parents}, each)
    groups = [children(info, parent) for parent in range(1, parents + 1)]
    assert [number for group in groups for number in group] == list(range(1, base + 1))
    assert all(parent_number(info, number) == place for place, group in enumerate(groups, 1) for number in group)


def test_a_map_of_one_chamber_nests_nothing(tmp_path: Path) -> None:
    info = info_of(tmp_path, {"senate": 49}, 0)
    assert info.base is Chamber.SENATE
    assert parent_number(info, 49) is None
    with pytest.raises(InvalidValue, match="one chamber"):
        children(info, 1)


@pytest.mark.parametrize("number", [0, -1, 119])
def test_a_district_that_does_not_exist_is_refused(number: int) -> None:
    info = load_info("il-2021")
    with pytest.raises(InvalidValue):
        parent_number(info, number)
    with pytest.raises(InvalidValue):
        children(info, number)


def test_identifiers_are_not_padded() -> None:
    assert ocd_id("il", Chamber.HOUSE, 9) == "ocd-division/country:us/state:il/sldl:9"
    assert ocd_id("il", "senate", 59) == "ocd-division/country:us/state:il/sldu:59"


@pytest.mark.parametrize(
    ("day", "rule", "code"),
    [
        ("2013-01-09", "seated", "il-2011"),
        ("2023-01-10", "seated", "il-2011"),
        ("2023-01-11", "seated", "il-2021"),
        ("2031-05-05", "seated", "il-2021"),
        ("2012-11-06", "election", "il-2011"),
        ("2021-12-31", "election", "il-2011"),
        ("2022-01-01", "election", "il-2021"),
    ],
)
def test_the_map_of_a_day(day: str, rule: str, code: str) -> None:
    assert map_on(date.fromisoformat(day), "il", rule).code == code


@pytest.mark.parametrize(
    ("day", "state", "rule", "words"),
    [
        ("2003-01-07", "il", "seated", "no district map of il is known"),
        ("2012-06-01", "il", "seated", "il-2001, are not at hand"),
        ("2004-11-02", "il", "election", "il-2001, are not at hand"),
        ("1999-01-01", "il", "election", "no district map of il is known"),
        ("2024-01-01", "zz", "seated", "no district map of zz is known"),
    ],
)
def test_a_day_without_borders_cannot_be_decided(day: str, state: str, rule: str, words: str) -> None:
    with pytest.raises(CannotDecide, match=words):
        map_on(date.fromisoformat(day), state, rule)


def test_another_rule_is_refused() -> None:
    with pytest.raises(InvalidValue):
        map_on(date(2024, 1, 1), "il", "sworn")


def test_the_calendar_keeps_maps_without_borders() -> None:
    assert {entry.code for entry in CALENDAR} - set(bundled_maps()) == {"il-2001", "il-2021a"}


def test_an_unknown_code_is_named_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="il-1999.*il-2011, il-2021"):
        load_map("il-1999")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a district map"),
        (b"\n\n", "not a district map"),
        (b"PK\x03\x04", "not a district map"),
        (b"partners-map x\n{}\n", "not a district map"),
        (b"partners-map 2\n{}\n", "format 2; this program reads format 1"),
        (b"partners-map 1\n", "unusable header"),
        (b"partners-map 1\n[]\n", "unusable header"),
        (b'partners-map 1\n{"arcs": 1, "points": 9}\n', "unusable header"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.map"
    path.write_bytes(content)
    for read in (load_info, load_map):
        with pytest.raises(FileRefused, match=words):
            read(path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"counts": {"house": 3, "senate": 5}}, "do not nest"),
        ({"nested": 0}, "do not nest"),
        ({"base": "council"}, "council"),
        ({"border_shift_m": -1}, "metres"),
        ({"border_shift_m": float("nan")}, "metres"),
        ({"seated_from": 2023}, "seated_from"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(tmp_path: Path, changed: dict[str, object], words: str) -> None:
    path = tmp_path / "x.map"
    path.write_bytes(dump_map({**fields_of({"house": 2, "senate": 1}, 2), **changed}, [(1, 2, SQUARE)]))
    with pytest.raises(FileRefused, match=words):
        load_info(path)


@pytest.mark.parametrize(
    ("left", "right", "points", "words"),
    [
        (1, OUTSIDE, SQUARE, "each of its 2 districts"),
        (1, 7, SQUARE, "each of its 2 districts"),
        (1, 2, [(0, 0), (0, 91 * SCALE)], "beyond 90 degrees"),
        (1, 2, [(-181 * SCALE, 0), (0, 0)], "beyond 180 degrees"),
    ],
)
def test_borders_that_make_no_sense_are_refused(
    tmp_path: Path, left: int, right: int, points: list[tuple[int, int]], words: str
) -> None:
    path = tmp_path / "x.map"
    path.write_bytes(dump_map(fields_of({"house": 2}, 0), [(left, right, points)]))
    with pytest.raises(FileRefused, match=words):
        load_map(path)


@given(st.data())
def test_damaged_borders_are_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray((FIGURES / "il-2011.map").read_bytes())
    body = content.index(b"\n", content.index(b"\n") + 1) + 1
    place = data.draw(st.integers(body, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("damaged") / "x.map"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match="damaged"):
        load_map(path)


@pytest.mark.parametrize("change", [slice(0, -1), slice(0, 5000)])
def test_a_cut_off_file_is_refused(tmp_path: Path, change: slice) -> None:
    path = tmp_path / "x.map"
    path.write_bytes((FIGURES / "il-2021.map").read_bytes()[change])
    with pytest.raises(FileRefused, match="damaged"):
        load_map(path)


def test_text_after_the_borders_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.map"
    path.write_bytes((FIGURES / "il-2021.map").read_bytes() + b"more")
    with pytest.raises(FileRefused, match="too long"):
        load_map(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read"):
        load_map(tmp_path / "none.map")


@pytest.mark.parametrize("arcs", [[], [(1, 2, [(0, 0)])]])
def test_an_arc_has_two_points(arcs: list[tuple[int, int, list[tuple[int, int]]]]) -> None:
    with pytest.raises(InvalidValue):
        dump_map({}, arcs)
