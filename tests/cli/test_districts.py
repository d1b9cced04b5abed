"""`partners districts`: maps taken in, points located, sites placed anew, and decisions of a person."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import Arc, Borders, bundled_maps, dump_map, load_info, load_map

SECOND = Path(__file__).parents[2] / "fixtures" / "second" / "zz-2021.map"
POINTS = (
    "id,lat,lon\nloop,41.8839,-87.6270\npeoria,40.6936,-89.5890\nlake,41.9,-86.9\nstl,38.63,-90.25\n"
    "broken,north,-87\nnone,,\ninf,inf,-89\n"
)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_maps_are_listed_with_what_they_are(partners: Partners) -> None:
    found = json.loads(partners("districts", "maps", "--format", "json").out)["maps"]
    assert [(each["code"], each["here"], each["nesting"]) for each in found] == [
        ("il-2011", "installed", "senate = (house + 1) // 2"),
        ("il-2021", "installed", "senate = (house + 1) // 2"),
    ]
    assert all(0 < each["border_shift_m"] <= 15 and len(each["sha256"]) == 64 for each in found)
    assert "118 House, 59 Senate" in partners("districts", "maps").out
    assert partners("config", "set", "map", "il-2011").code == 0
    assert "installed, pinned" in partners("districts", "maps").out


def test_without_a_coalition_the_map_of_today_answers(partners: Partners, tmp_path: Path) -> None:
    result = partners("--db", tmp_path / "none.db", "districts", "locate", "--zip", "60647", "--format", "json")
    (code,) = [each for each in bundled_maps() if load_info(each).holds(date.today().isoformat())]
    assert f"on the map {code}, which is in force today" in result.err
    assert json.loads(result.out)["candidates"]
    assert [load_info("il-2011").holds(day) for day in ("2013-01-08", "2013-01-09", "2023-01-10", "2023-01-11")] == [
        False, True, True, False
    ]  # fmt: skip
    assert_refused(
        partners("--db", tmp_path / "none.db", "districts", "locate", "--zip", "60647", "--map", "x"), 2, "x"
    )


def test_points_of_a_file_are_located_without_a_coalition(
    partners: Partners, write: Callable[..., Path], tmp_path: Path
) -> None:
    result = partners(
        "--db", tmp_path / "none.db", "districts", "locate", "--csv", write(POINTS), "--map", "il-2021",
        "--format", "csv",
    )  # fmt: skip
    assert result.out.splitlines()[0] == '"id","house","senate","status","border_m"'
    found = {row["id"]: row for row in rows(result.out)}
    assert list(found) == ["loop", "peoria", "lake", "stl", "broken", "none", "inf"]
    index = DistrictIndex(load_map("il-2021"))
    for key, point in (("loop", (41.8839, -87.6270)), ("peoria", (40.6936, -89.5890))):
        placed = index.locate(*point)
        assert placed is not None
        assert found[key]["house"] == str(placed.number)
        assert found[key]["senate"] == str((placed.number + 1) // 2)
        assert found[key]["status"] == "confirmed"
    assert {key: found[key]["status"] for key in ("lake", "stl")} == {"lake": "outside", "stl": "outside"}
    assert {found[key]["status"] for key in ("broken", "none", "inf")} == {"unreadable"}
    assert result.code == 1
    assert "line 6: broken" in result.err
    assert not (tmp_path / "none.db").exists()


def test_how_well_a_point_is_known_decides_what_is_near(partners: Partners, write: Callable[..., Path]) -> None:
    index = DistrictIndex(load_map("il-2021"))
    placed = index.locate(41.88, -87.63)
    assert placed is not None
    assert placed.border_m is not None
    level = {"100": "confirmed", "75": "near_border", "110": "confirmed"}
    assert 30 < placed.border_m < 300
    for number, status in level.items():
        result = partners("districts", "locate", "41.88", "-87.63", "--match-level", number, "--format", "json")
        (found,) = json.loads(result.out)
        assert (found["status"], found["house"]) == (status, placed.number)
    sheet = write("lon,match level,id,lat\n-87.63,75,a,41.88\n-87.63,100,b,41.88\n")
    found = rows(partners("districts", "locate", "--csv", sheet, "--format", "csv").out)
    assert [(row["id"], row["status"]) for row in found] == [("a", "near_border"), ("b", "confirmed")]


def test_a_zip_code_gives_its_candidates_and_an_unknown_one_cannot_be_decided(partners: Partners) -> None:
    result = partners("districts", "locate", "--zip", "60647", "--map", "il-2021", "--format", "csv")
    house = {int(row["number"]): float(row["share"]) for row in rows(result.out) if row["chamber"] == "house"}
    senate = {int(row["number"]): float(row["share"]) for row in rows(result.out) if row["chamber"] == "senate"}
    assert len(house) > 1
    assert sum(house.values()) == pytest.approx(1, abs=1e-3)
    assert {(number + 1) // 2 for number in house} == set(senate)
    assert "not of people" in partners("districts", "locate", "--zip", "60647", "--map", "il-2021").out
    assert_refused(partners("districts", "locate", "--zip", "99999"), 3, "does not know the area of ZIP 99999")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["locate"], "locate what"),
        (["locate", "--zip", "60647", "41.8", "-87.6"], "locate what"),
        (["locate", "41.8"], "is no point"),
        (["locate", "here", "there"], "is no point"),
        (["locate", "41.8", "-87.6", "--map", "il-1871"], "il-1871"),
        (["locate", "--csv", "https://example.org/points.csv"], "is a URL"),
        (["install", "https://example.org/x.map"], "is a URL"),
        (["install", "il-1871"], "there is no map il-1871"),
        (["build-map", "https://example.org/x.zip", "--code", "il-2021"], "is a URL"),
        (["build-map", "x.zip", "--code", "Illinois"], "is no code of a map"),
        (["build-map", "x.zip", "--code", "zz-1"], "name of the state"),
        (["decide", "1", "12", "--reason", "asked"], "no site 1"),
        (["decide", "1"], "no site 1"),
        (["frob"], "there is no verb frob"),
        ([], "which verb"),
    ],
)
def test_wrong_words_are_refused(partners: Partners, contents: Contents, words: list[str], said: str) -> None:
    before = contents()
    result = partners("districts", *words)
    assert result.code == 2
    assert said in result.err
    assert contents() == before


def test_a_file_without_the_columns_or_that_is_not_there_is_refused(
    partners: Partners, write: Callable[..., Path], tmp_path: Path
) -> None:
    assert_refused(partners("districts", "locate", "--csv", write("id,x1,y1\n1,2,3\n")), 3, "has no column")
    assert_refused(partners("districts", "locate", "--csv", tmp_path / "none.csv"), 3, "none.csv")
    assert_refused(partners("districts", "locate", "1", "2", "--map", tmp_path / "none.map"), 3, "cannot be read")
    other = tmp_path / "other.map"
    other.write_text("no map")
    assert_refused(partners("districts", "install", other), 3, "is no district map")


def test_sites_are_placed_anew_and_a_decision_stands(members: Partners) -> None:
    assert "0 assignments written, 0 districts changed" in members("districts", "assign").out
    result = members("districts", "decide", "Near West Homes", "13", "--reason", "asked the director")
    assert (result.code, result.out) == (0, "site 1 stands in house district 13: asked the director\n")
    assert "1 decided by a person stand" in members("districts", "assign").out
    assert "decided by a person, asked the director" in members("show", "site", "1").out
    explained = members("coverage", "explain", "13", "--chamber", "house").out
    assert "decided by a person" in explained
    assert_refused(members("districts", "decide", "1", "13"), 2, "must not be empty")
    assert_refused(members("districts", "decide", "1", "119", "--reason", "x"), 2, "no house district 119")
    assert_refused(members("districts", "decide", "1", "--reason", "x"), 2, "which district")
    moved = members("districts", "decide", "1", "--withdraw").out
    assert "House 13 -> 5" in moved
    assert "Senate 7 -> 3" in moved
    assert_refused(members("districts", "decide", "1", "--withdraw"), 2, "has no decision")
    assert members("undo").code == 0
    assert "decided by a person" in members("show", "site", "1").out


def test_an_organization_of_two_sites_must_be_named_by_the_site(members: Partners) -> None:
    assert members("add", "site", "organization=1", "kind=service", "address=2 Some St").code == 0
    result = members("districts", "decide", "Near West Homes", "13", "--reason", "x")
    assert_refused(result, 2, "has 2 sites", "by its number")


def test_a_map_of_another_state_is_refused_and_one_of_its_own_is_taken_in(
    partners: Partners, members: Partners, tmp_path: Path, contents: Contents
) -> None:
    assert_refused(partners("districts", "install", SECOND), 3, "is a map of Plainsland")
    before = contents()
    again = partners("districts", "install", "il-2021")
    assert (again.code, contents()) == (0, before)
    assert "was here already" in again.out
    path = tmp_path / "second.db"
    assert partners("--db", path, "init", "--map", SECOND, "--name", "Plains Friends").code == 0
    assert partners("--db", path, "districts", "install", SECOND).out.startswith("zz-2021: was here already")
    assert_refused(partners("--db", path, "districts", "install", "il-2021"), 3, "is a map of Illinois")


def test_another_map_of_the_state_places_every_site_and_an_undo_takes_it_back(
    members: Partners, tmp_path: Path, contents: Contents
) -> None:
    # The borders of 2011 under a code of their own: a plan that is only proposed.
    drawn = load_map("il-2011")
    header = drawn.info._asdict() | {"code": "il-proposed", "name": "Proposed", "seated_from": "2033-01-12"}
    path = tmp_path / "proposed.map"
    layers = {"house": (arcs_of(drawn.borders["house"]), drawn.zips["house"])}
    path.write_bytes(dump_map({**header, "seated_until": ""}, layers))
    before = contents()
    result = members("districts", "install", path)
    assert result.code == 0
    assert "il-proposed: installed" in result.out
    assert "questions about days from 2033-01-12 on are answered on it" in result.out
    path.unlink()
    listed = json.loads(members("districts", "maps", "--format", "json").out)["maps"]
    assert {each["code"]: each["sites"] for each in listed} == {"il-2011": 2, "il-2021": 2, "il-proposed": 2}
    # Its borders travel with the coalition.
    diff = json.loads(members("coverage", "diff", "il-2021", "il-proposed", "--format", "json").out)
    assert diff["after"]["map"] == "il-proposed"
    assert members("coverage", "gaps", "--map", "il-proposed", "--chamber", "senate").code == 1
    assert members("coverage", "check", "--map", "il-proposed", "--format", "html").code == 1
    located = members("districts", "locate", "40.6936", "-89.5890", "--map", "il-proposed", "--format", "json")
    assert json.loads(located.out)[0]["status"] == "confirmed"
    assert members("doctor", "maps", "sites").out.startswith("maps       ok")
    assert members("undo").code == 0
    listed = json.loads(members("districts", "maps", "--format", "json").out)["maps"]
    assert [each["code"] for each in listed] == ["il-2011", "il-2021"]
    rows = [line for line in contents() if "il-proposed" in line and "INSERT INTO" in line]
    assert all(line.startswith(('INSERT INTO "change_values"', 'INSERT INTO "operation"')) for line in rows)
    assert len(before) < len(contents())


def arcs_of(borders: Borders) -> list[Arc]:
    """Borders in the form `dump_map` takes."""
    found, start = [], 0
    for size, left, right in zip(borders.sizes, borders.left, borders.right, strict=True):
        part = slice(start, start + size)
        found.append((left, right, list(zip(borders.lon[part], borders.lat[part], strict=True))))
        start += size
    return found


def test_a_map_is_built_installed_and_asked(
    partners: Partners, shared_data: Path, tmp_path: Path, members: Partners
) -> None:
    pytest.importorskip("shapely")
    source = shared_data / "tl_2024_17_sldu.zip"
    if not source.exists():
        pytest.skip("the Senate districts are not beside this checkout")
    target = tmp_path / "senate.map"
    built = partners(
        "districts", "build-map", source, "--code", "il-senate", "--state-name", "Illinois",
        "--seated-from", "2035-01-10", "--out", target, "--format", "json",
    )  # fmt: skip
    report = json.loads(built.out)
    assert (built.code, report["chambers"][0]["districts"]) == (0, 59)
    assert any("water" in sentence for sentence in report["said"])
    assert members("districts", "install", target).code == 0
    found = json.loads(members("coverage", "check", "--map", "il-senate", "--format", "json").out)
    assert found["totals"]["senate"] == {"confirmed": 2, "districts": 59, "possible": 0, "gaps": 57}
    same = json.loads(members("coverage", "check", "--chamber", "senate", "--format", "json").out)
    states = [[(each["ocd_id"], each["state"]) for each in one["districts"]] for one in (found, same)]
    assert states[0] == states[1]


def test_a_file_that_lies_is_refused_and_nothing_is_written(partners: Partners, tmp_path: Path) -> None:
    pytest.importorskip("shapely")
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    features = [{"type": "Feature", "properties": {"SLDLST": "001"}, "geometry": square}] * 2
    path = tmp_path / "two.geojson.gz"
    path.write_bytes(gzip.compress(json.dumps({"type": "FeatureCollection", "features": features}).encode()))
    target = tmp_path / "out.map"
    result = partners("districts", "build-map", path, "--code", "zz-1", "--state-name", "Nowhere", "--out", target)
    assert_refused(result, 3, "two.geojson.gz")
    assert not list(tmp_path.glob("out.map*"))
    cut = tmp_path / "cut.map"
    shutil.copyfile(SECOND, cut)
    cut.write_bytes(cut.read_bytes()[:-100])
    assert_refused(partners("districts", "install", cut), 3, "cut.map")


def test_nothing_but_a_map_is_written_over(
    partners: Partners, contents: Contents, database: Path, tmp_path: Path
) -> None:
    pytest.importorskip("shapely")
    square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    feature = {
        "type": "Feature",
        "properties": {"SLDUST": "001"},
        "geometry": {"type": "Polygon", "coordinates": [square]},
    }
    path = tmp_path / "one.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    words = ("districts", "build-map", path, "--code", "zz-1", "--state-name", "Nowhere", "--out")
    before = contents()
    for target in (database, path, tmp_path):
        assert_refused(partners(*words, target), 2, "is there already, and is no map")
    assert contents() == before
    target = tmp_path / "one.map"
    assert partners(*words, target).code == partners(*words, target).code == 0


def test_a_later_plan_answers_from_its_first_day_on(members: Partners, tmp_path: Path) -> None:
    drawn = load_map("il-2021")
    header = drawn.info._asdict() | {
        "code": "il-1-plan",
        "name": "Plan",
        "seated_from": "2033-01-12",
        "first_election": "2032",
    }
    path = tmp_path / "plan.map"
    path.write_bytes(dump_map(header, {"house": (arcs_of(drawn.borders["house"]), drawn.zips["house"])}))
    assert members("districts", "install", path).code == 0
    for day, code in (("2033-01-11", "il-2021"), ("2033-01-12", "il-1-plan"), ("2026-11-24", "il-2021")):
        found = json.loads(members("coverage", "check", "--as-of", day, "--format", "json").out)
        assert found["map"]["id"] == code
    found = json.loads(
        members("coverage", "check", "--as-of", "2032-11-02", "--map-by", "election", "--format", "json").out
    )
    assert found["map"]["id"] == "il-1-plan"
    assert members("config", "set", "map", "il-1-plan").code == 0
    assert "in force only from 2033-01-12" in members("check", "map").out


@pytest.mark.parametrize("level", ["0", "50", "70", "111"])
def test_a_level_that_is_none_of_a_point_is_refused(partners: Partners, write: Callable[..., Path], level: str) -> None:
    assert_refused(partners("districts", "locate", "41.88", "-87.63", "--match-level", level), 2, "is none of a point")
    sheet = write(f"id,lat,lon,match level\na,41.88,-87.63,{level}\nb,41.88,-87.63,\n")
    result = partners("districts", "locate", "--csv", sheet, "--format", "csv")
    assert [row["status"] for row in rows(result.out)] == ["unreadable", "confirmed"]
    assert result.code == 1


def test_a_box_cannot_be_decided_to_stand_anywhere(members: Partners) -> None:
    site = json.loads(members("list", "sites", "address:box", "--format", "json").out)[0]["id"]
    result = members("districts", "decide", str(site), "13", "--reason", "asked")
    assert_refused(result, 2, "is a mailing address or a box")
