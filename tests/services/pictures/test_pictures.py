"""The pictures as files: well formed, harmless, complete, the same every time, and not too large."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from tests.services.pictures.conftest import HOSTILE, Matches, made_up

from partners_crm.districts.maps import SCALE, DistrictMap, load_map
from partners_crm.districts.raster import Window, bounds, raster, seen
from partners_crm.services.coverage import Coverage
from partners_crm.services.pictures import map_svg, text_picture, tiles_svg
from partners_crm.services.pictures.legend import STEPS, by_district, mark, told
from partners_crm.services.pictures.mapping import TOLERANCE, frame_of
from partners_crm.services.pictures.outlines import arcs, laid, path, simplified, spots

SVG = "{http://www.w3.org/2000/svg}"


def titles(element: ElementTree.Element) -> Counter[str]:
    """The titles within, but for that of the whole picture."""
    found = [each for each in element.iter(f"{SVG}title") if "id" not in each.attrib]
    return Counter(each.text or "" for each in found)


def harmless(text: str) -> ElementTree.Element:
    """The element of a picture, in which nothing runs and nothing is loaded."""
    root = ElementTree.fromstring(text)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in {"script", "foreignObject", "image", "use", "a"}
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert name.rpartition("}")[2] not in {"href", "src", "style"}
            assert "script" not in value
    for target in re.findall(r"url\(([^)]*)\)", text):
        assert target.startswith("#")
        assert root.find(f".//*[@id='{target[1:]}']") is not None
    return root


# --------------------------------------------------------------------- tiles


def test_the_tiles_of_the_demo_look_as_they_did(demo: Coverage, illinois: DistrictMap, matches: Matches) -> None:
    matches("demo-tiles.svg", tiles_svg(demo, illinois.info))
    matches("demo-tiles.txt", "\n".join(text_picture(demo, illinois.info)) + "\n")


@pytest.mark.parametrize("code", ["il-2011", "il-2021"])
def test_every_district_stands_once_among_the_tiles(code: str) -> None:
    chosen = load_map(code)
    coverage = made_up(chosen)
    picture = tiles_svg(coverage, chosen.info)
    root = harmless(picture)
    assert titles(root) == Counter(map(told, coverage.districts))
    assert len(picture.encode()) <= 34_000
    for chamber in coverage.chambers:
        assert coverage.sentence(chamber) in (root.findtext(f"{SVG}desc") or "")


def test_tiles_of_one_chamber_and_of_two_apart(single: DistrictMap, apart: DistrictMap) -> None:
    for chosen, places in ((single, True), (apart, False)):
        coverage = made_up(chosen)
        picture = tiles_svg(coverage, chosen.info)
        assert titles(harmless(picture)) == Counter(map(told, coverage.districts))
        assert ("follow the numbers" in picture) != places


@pytest.mark.parametrize("chamber", ["house", "senate"])
def test_one_chamber_of_two_is_drawn_alone(illinois: DistrictMap, chamber: str) -> None:
    coverage = made_up(illinois, chamber=chamber)
    assert titles(harmless(tiles_svg(coverage, illinois.info))) == Counter(map(told, coverage.districts))
    cells = [
        line[place : place + 2] for line in text_picture(coverage, illinois.info)[1::2] for place in range(len(line))
    ]
    assert {mark(each) for each in coverage.districts} <= set(cells)


def test_the_text_picture_has_every_mark(illinois: DistrictMap) -> None:
    coverage = made_up(illinois)
    rows = text_picture(coverage, illinois.info)
    assert len(rows) <= 20
    assert max(map(len, rows)) <= 56
    shown = Counter(word for row in rows[1::2] for word in row.split())
    assert shown == Counter(mark(each).strip() for each in coverage.districts if each.chamber == "house")


def test_tiles_read_without_colour(illinois: DistrictMap) -> None:
    """What a tile says stands in it as text; gaps and possible districts have a pattern too."""
    coverage = made_up(illinois)
    root = harmless(tiles_svg(coverage, illinois.info))
    answers = {told(each): each for each in coverage.districts if each.chamber == "house"}
    for cell in root.iter(f"{SVG}g"):
        title = cell.findtext(f"{SVG}title")
        if title in answers:
            number, figure = (text.text for text in cell.findall(f"{SVG}text"))
            district = answers[title]
            assert number == str(district.number)
            expected = {"gap": "gap", "possible": "?", "confirmed": str(len(district.organizations))}
            assert figure == expected[district.state]
    assert {each.get("id") for each in root.iter(f"{SVG}pattern")} == {"tiles-gap", "tiles-possible"}


# ---------------------------------------------------------------------- maps


def test_a_made_up_map_looks_as_it_did(single: DistrictMap, matches: Matches) -> None:
    matches("made-map.svg", map_svg(made_up(single), single))


@pytest.mark.parametrize("code", ["il-2011", "il-2021"])
@pytest.mark.parametrize("chamber", ["house", "senate"])
def test_every_district_is_drawn_and_the_crowded_ones_twice(code: str, chamber: str) -> None:
    chosen = load_map(code)
    coverage = made_up(chosen)
    picture = map_svg(coverage, chosen, chamber=chamber)
    root = harmless(picture)
    expected = {told(each) for each in coverage.districts if each.chamber == chamber}
    whole, inset = (each for each in root.iter(f"{SVG}g") if each.get("class") == "land")
    assert titles(whole) == Counter(expected)
    assert set(titles(inset)) < expected
    assert max(titles(inset).values()) == 1
    assert len(titles(inset)) >= len(expected) / 3
    assert len(picture.encode()) <= 170_000


def test_maps_of_other_states(single: DistrictMap, apart: DistrictMap) -> None:
    for chosen, chambers in ((single, ("senate",)), (apart, ("house", "senate"))):
        coverage = made_up(chosen)
        for chamber in chambers:
            root = harmless(map_svg(coverage, chosen, chamber=chamber))
            assert titles(root) == Counter(told(each) for each in coverage.districts if each.chamber == chamber)


def test_a_map_of_the_senate_alone_has_no_house(illinois: DistrictMap) -> None:
    coverage = made_up(illinois, chamber="senate")
    assert set(titles(harmless(map_svg(coverage, illinois)))) == set(map(told, coverage.districts))


def test_the_drawn_borders_are_those_of_the_map(illinois: DistrictMap) -> None:
    """Laid on a picture and rastered there, the simplified arcs show what the map shows, but for pixels at borders."""

    borders = illinois.borders["house"]
    frame = frame_of(bounds(borders))
    drawn = laid(borders, frame, TOLERANCE)
    assert {*drawn.left, *drawn.right} == {*borders.left, *borders.right}
    size = (round(frame.width / 10), round(frame.height / 10))
    # The picture grows downwards: as a map of the earth it stands on its head, and left is right.
    upright = drawn._replace(lat=type(drawn.lat)("i", [-y for y in drawn.lat]))
    edges = (-frame.top - frame.height, frame.left, -frame.top, frame.left + frame.width)
    window = Window(*(edge / SCALE for edge in edges))
    here, there = raster(upright, window, *size), raster(borders, frame.window, *size)
    pixels = [(mine, its) for row, other in zip(here, there, strict=True) for mine, its in zip(row, other, strict=True)]
    assert sum(mine != its for mine, its in pixels) < 0.02 * len(pixels)
    assert seen(here) == seen(there) == set(range(1, 119))
    assert sum(drawn.sizes) < 0.5 * sum(borders.sizes)


def test_simplifying_keeps_the_ends_and_stays_near() -> None:
    way = [(float(x), (x * x * 7 % 13) / 4) for x in range(60)]
    kept = simplified(way, 1.0)
    assert (kept[0], kept[-1]) == (way[0], way[-1])
    assert set(kept) < set(way)
    for x, y in way:
        (x0, y0), (x1, y1) = next(pair for pair in pairwise(kept) if pair[0][0] <= x <= pair[1][0])
        assert abs(y - (y0 + (y1 - y0) * (x - x0) / (x1 - x0))) <= 1.0 * 2
    assert simplified(way, 0.0) == way
    ring = [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0), (0.0, 0.0)]
    assert simplified(ring, 1.0) == ring


def test_drawing_commands_are_relative_and_close_rings() -> None:
    assert path([[(1, 2), (4, -2), (3, 0)]]) == "M1 2l3-4-1 2"
    assert path([[(0, 0), (5, 0), (5, 5), (0, 0)], [(9, 9), (8, 8)]]) == "M0 0l5 0 0 5zM9 9l-1-1"


def test_a_number_stands_in_the_middle_of_its_district() -> None:
    square = [[1] * 5 + [2] * 3 for _ in range(5)]
    assert spots(square) == {1: (2.5, 2.5, 3), 2: (6.5, 2.5, 2)}
    assert spots([[0, 0], [0, 3]]) == {3: (1.5, 1.5, 1)}


def test_arcs_come_out_as_they_went_in(single: DistrictMap) -> None:
    borders = single.borders["senate"]
    found = list(arcs(borders))
    assert [len(points) for _, _, points in found] == list(borders.sizes)
    assert [x for _, _, points in found for x, _ in points] == list(borders.lon)


# ----------------------------------------------------------------------- both


def test_the_same_coverage_gives_the_same_bytes(demo: Coverage, illinois: DistrictMap) -> None:
    again = load_map("il-2021")
    assert tiles_svg(demo, illinois.info) == tiles_svg(replace(demo), again.info)
    assert map_svg(demo, illinois) == map_svg(replace(demo), again)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_from_a_map_file_do_nothing(single: DistrictMap, name: str) -> None:
    info = single.info
    chambers = tuple(each._replace(name=name) for each in info.chambers)
    poisoned = single._replace(info=info._replace(name=name, code=name, chambers=chambers))
    coverage = made_up(poisoned)
    for picture in (tiles_svg(coverage, poisoned.info), map_svg(coverage, poisoned)):
        root = harmless(picture)
        assert set(titles(root)) == {told(each).translate(SHOWN) for each in coverage.districts}
        assert picture.isprintable() or not set(picture) & set("\x00\x07\x08\x1b\u202e\ud800\uffff")


SHOWN = {
    **{code: chr(0x2400 + code) for code in (0x00, 0x07, 0x08, 0x1B)},
    **dict.fromkeys((0x202E, 0xD800, 0xFFFF), "\ufffd"),
}


def test_every_step_of_the_legend_is_in_both_pictures(single: DistrictMap) -> None:
    coverage = made_up(single)
    for picture in (tiles_svg(coverage, single.info), map_svg(coverage, single)):
        for step in STEPS:
            assert f'class="{step.code}"' in picture
            assert f">{step.words}</text>" in picture
    assert set(by_district(coverage)) == {("senate", number) for number in range(1, 50)}
