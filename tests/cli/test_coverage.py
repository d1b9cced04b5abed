"""`partners coverage`: formats that state the sentence they prove, exit codes, and the other verbs."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

from partners_crm.crm import Crm
from partners_crm.model import District
from partners_crm.services import records

SECOND = Path(__file__).parents[2] / "fixtures" / "second" / "zz-2021.map"
SENTENCE = "2 of 118 House districts have at least one organization that was a member on"


@pytest.mark.parametrize("form", ["table", "json", "csv", "junit", "markdown", "svg", "map-svg", "html"])
def test_every_output_states_the_sentence_it_proves_and_is_the_same_twice(members: Partners, form: str) -> None:
    words = ("coverage", "check", "--as-of", "2031-01-01", "--format", form)
    first, second = members(*words), members(*words)
    assert (first.code, first.out) == (1, second.out)
    assert SENTENCE in " ".join(first.out.split())
    assert "il-2021" in first.out


def test_junit_has_a_case_for_each_district(members: Partners) -> None:
    document = ET.fromstring(members("coverage", "check", "--format", "junit").out)  # it is our own
    cases = list(document.iter("testcase"))
    assert len(cases) == 118 + 59
    assert len(list(document.iter("failure"))) == 118 + 59 - 4
    assert len({case.get("classname") for case in cases}) == 177


def test_csv_has_every_district_in_a_stable_order(members: Partners) -> None:
    rows = list(csv.DictReader(io.StringIO(members("coverage", "check", "--format", "csv").out)))
    assert [row["number"] for row in rows if row["chamber"] == "house"] == [str(number) for number in range(1, 119)]
    assert sum(row["state"] == "confirmed" for row in rows) == 4


def test_every_silo_in_every_district(members: Partners) -> None:
    result = members("coverage", "check", "--silo", "all", "--chamber", "house")
    assert result.code == 1
    assert "2 of 1,062 cells of silo and House district are filled." in result.out
    found = json.loads(members("coverage", "check", "--silo", "all", "--format", "json").out)["silos"]
    assert len(found) == 9
    assert found["housing"]["totals"]["house"] == {"confirmed": 1, "districts": 118, "possible": 0, "gaps": 117}
    rows = list(csv.DictReader(io.StringIO(members("coverage", "check", "--silo", "all", "--format", "csv").out)))
    assert len(rows) == 9 * 177
    assert len({(row["silo"], row["ocd_id"]) for row in rows}) == len(rows)
    suites = ET.fromstring(members("coverage", "check", "--silo", "all", "--format", "junit").out)
    assert len(list(suites.iter("testsuite"))) == 18
    assert "silo housing" in members("coverage", "check", "--silo", "all", "--format", "markdown").out
    assert_refused(members("coverage", "check", "--silo", "all", "--format", "html"), 2, "one answer at a time")


@pytest.mark.parametrize("level", ["3", "4"])
@pytest.mark.parametrize("verb", [["check"], ["gaps"], ["explain", "5"]])
def test_what_is_not_recorded_cannot_be_decided(members: Partners, verb: list[str], level: str) -> None:
    result = members("coverage", *verb, "--level", level)
    assert_refused(result, 3, "is not recorded")
    assert "%" not in result.out


def test_dates_under_two_maps_and_under_none(members: Partners) -> None:
    old = json.loads(members("coverage", "check", "--as-of", "2022-06-01", "--format", "json").out)
    new = json.loads(members("coverage", "check", "--as-of", "2023-06-01", "--format", "json").out)
    assert (old["map"]["id"], new["map"]["id"]) == ("il-2011", "il-2021")
    assert old["map"]["sha256"] != new["map"]["sha256"]
    assert_refused(members("coverage", "check", "--as-of", "2011-07-14"), 3, "no district map with boundaries holds")
    assert members("coverage", "check", "--as-of", "2022-11-08", "--map-by", "election").out.count("il-2021") == 2


def test_a_proven_gap_wins_over_what_is_undecided(members: Partners) -> None:
    assert members("coverage", "check", "--strict", "--max-unassigned", "0").code == 1


def test_only_what_was_lost_and_gained_since_the_last_run_is_printed(
    members: Partners, write: Callable[..., Path], contents: Contents
) -> None:
    words = ("coverage", "check", "--chamber", "house", "--since-last")
    before = contents()
    first = members(*words)
    assert (first.code, SENTENCE in first.out, "no earlier run" in first.err) == (1, True, True)
    again = members(*words)
    assert again.code == 1
    assert again.out.splitlines()[0].startswith("0 lost, 0 gained since ")
    assert members(*words, "--quiet").out == ""
    assert contents() == before
    sheet = write("Organization,Lat,Lon\nQuad Friends,41.5067,-90.5151\n", "more.csv")
    assert members("import", sheet).code == 0
    assert members("archive", "organization", "River Table").code == 0
    changed = members(*words, "--format", "json")
    found = json.loads(changed.out)
    assert (changed.code, len(found["lost"]), len(found["gained"])) == (1, 1, 1)
    assert found["lost"][0]["state"] == "gap"
    # Other terms are another question.
    assert "no earlier run" in members(*words, "--basis", "hq").err
    assert members(*words, "--quiet").out == ""
    assert members("undo").code == 0
    changed = members(*words, "--quiet")
    assert "\ngained: House" in changed.out
    assert SENTENCE.removeprefix("2") in changed.out
    assert "housing" in members(*words, "--silo", "all").out
    lines = members(*words, "--silo", "all").out.splitlines()
    assert lines[0].startswith("0 lost, 0 gained since ")
    assert lines[1].startswith("Silo by silo, on ")
    assert_refused(members(*words, "--format", "svg"), 2, "--since-last has no format svg")


def test_since_last_says_the_same_in_every_format(members: Partners) -> None:
    words = ("coverage", "check", "--chamber", "house", "--since-last")

    def found(form: str) -> str:
        result = members(*words, "--format", form)
        assert (result.code, result.err) == (1, "")
        return result.out

    first = members(*words, "--format", "json")
    assert "no earlier run" in first.err
    since_ever = json.loads(first.out)
    assert (since_ever["since"], len(since_ever["lost"]), since_ever["gained"]) == (None, 116, [])
    # Each run has another side of the same change.
    assert members("archive", "organization", "River Table").code == 0
    (lost,) = json.loads(found("json"))["lost"]
    assert (lost["silo"], lost["state"], lost["key"]) == (None, "gap", lost["ocd_id"])
    assert lost["remedy"] == "see who would close it: partners coverage gaps --chamber house"
    assert members("undo").code == 0
    (gained,) = csv.DictReader(io.StringIO(found("csv")))
    assert (gained["state"], gained["key"]) == ("gained", lost["ocd_id"])
    assert SENTENCE in gained["statement"]
    assert members("redo").code == 0
    (suite,) = ET.fromstring(found("junit"))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert members("undo").code == 0
    markdown = found("markdown")
    assert f"| gained | {gained['text']} |" in markdown
    assert SENTENCE in markdown


def test_since_last_of_a_silo_names_it_and_a_day_is_another_question(members: Partners) -> None:
    words = ("coverage", "check", "--chamber", "house", "--silo", "all", "--since-last", "--format", "json")
    members(*words)
    assert "no earlier run" in members(*words, "--as-of", "2026-11-01").err
    assert members(*words, "--as-of", "today").err == ""
    assert members("archive", "organization", "River Table").code == 0
    (lost,) = json.loads(members(*words).out)["lost"]
    assert (lost["silo"], lost["key"]) == ("aging", f"aging {lost['ocd_id']}")
    assert lost["text"].startswith("aging, House ")


def test_members_without_a_district_are_lost_and_gained_too(members: Partners) -> None:
    words = ("coverage", "check", "--max-unassigned", "0", "--since-last")
    members(*words)
    assert members("edit", "organization", "3", "name=Quieter House").code == 0
    assert members(*words, "--quiet").out == ""
    assert members("add", "site", "organization=3", "latitude=38.8906", "longitude=-90.1843").code == 0
    gained = json.loads(members(*words, "--format", "json").out)["gained"]
    assert [(each["key"], each["ocd_id"], each["state"]) for each in gained if not each["ocd_id"]] == [
        ("organization 3", None, None)
    ]


def test_another_map_is_said_in_one_line(members: Partners) -> None:
    words = ("coverage", "check", "--chamber", "house", "--since-last")
    members(*words)
    assert members("config", "set", "map", "il-2011").code == 0
    lines = members(*words, "--quiet").out.splitlines()
    assert lines[1] == "answered on the map il-2011; the last run was on il-2021"
    assert members(*words, "--quiet").out == ""
    assert members("undo").code == 0
    found = json.loads(members(*words, "--format", "json").out)
    assert found["note"] == "answered on the map il-2021; the last run was on il-2011"


@pytest.fixture
def covered(members: Partners, database: Path) -> Partners:
    """The command on a coalition whose map has but the House district of Near West Homes."""
    with Crm.open(database) as crm:
        number = next(each.number for each in crm.coverage(chamber="house").districts if each.organizations)
        with crm.changes("one district") as unit:
            for each in sorted(crm.records(District), key=lambda one: one.chamber):  # what is nested goes first
                if (each.chamber, each.number) != ("house", number):
                    records.remove(unit, each)
    return members


def test_quiet_tells_what_cannot_be_decided_once(covered: Partners) -> None:
    words = ("coverage", "check", "--chamber", "house", "--min-match", "110", "--strict", "--quiet")
    for _ in range(2):
        result = covered(*words)
        assert (result.code, result.err) == (3, "cannot decide: 1 districts are possible, not certain\n")
    first, second = (covered(*words, "--since-last") for _ in range(2))
    assert (first.code, second.code) == (3, 3)
    assert first.err.endswith("cannot decide: 1 districts are possible, not certain\n")
    assert (second.out, second.err) == ("", "")
    # A rule that is met has nothing to say the first time.
    met = covered("coverage", "check", "--chamber", "house", "--since-last", "--quiet")
    assert (met.code, met.out, met.err) == (0, "", "")


def test_a_district_is_explained(members: Partners) -> None:
    confirmed = json.loads(members("coverage", "check", "--chamber", "house", "--format", "json").out)["districts"]
    number = next(each["number"] for each in confirmed if each["state"] == "confirmed")
    result = members("coverage", "explain", str(number), "--chamber", "house")
    assert result.code == 0
    assert f"House {number} is covered: it has 1 organization" in result.out
    assert "headquarters" in result.out or "service site" in result.out
    found = json.loads(members("coverage", "explain", str(number), "--format", "json").out)["districts"]
    assert [each["name"] for each in found] == [f"House {number}"] + [f"Senate {number}"] * (number <= 59)
    assert found[0]["legislator"] is None
    rows = list(csv.DictReader(io.StringIO(members("coverage", "explain", str(number), "--format", "csv").out)))
    assert rows[0]["certain"] == "yes"
    assert rows[0]["statement"].startswith(f"House {number} is covered")
    gap = members("coverage", "explain", "118", "--chamber", "house")
    assert (gap.code, "House 118 is a gap" in gap.out) == (1, True)
    assert_refused(members("coverage", "explain", "119"), 2, "no house district 119")


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_gaps_say_who_would_close_them(members: Partners, write: Callable[..., Path], form: str) -> None:
    sheet = write("Organization,Lat,Lon,Status\nQuad Friends,41.5067,-90.5151,prospect\n", "more.csv")
    assert members("import", sheet).code == 0
    result = members("coverage", "gaps", "--chamber", "house", "--format", form)
    assert result.code == 1
    assert "Quad Friends" in result.out
    assert "River Table" in result.out
    if form == "json":
        (step,) = json.loads(result.out)["steps"]
        assert (step["name"], step["status"], len(step["closes"])) == ("Quad Friends", "prospect", 1)


def test_a_snapshot_is_kept_and_compared_with(members: Partners) -> None:
    kept = members("coverage", "snapshot", "before", "--chamber", "house")
    assert kept.code == 0
    assert SENTENCE in kept.out
    assert_refused(members("coverage", "snapshot", "before"), 2, "is taken by another snapshot")
    assert members("archive", "organization", "River Table").code == 0
    result = members("coverage", "diff", "before", "--chamber", "house")
    assert result.code == 1
    assert "1 lost, 0 gained; 1 lost their only member" in result.out
    assert "River Table (its only member)" in result.out
    for form in ("json", "csv", "markdown"):
        assert "River Table" in members("coverage", "diff", "before", "--chamber", "house", "--format", form).out
    assert members("coverage", "diff", "today", "today").code == 0
    assert_refused(members("coverage", "diff", "nothing"), 2, "is no day, no map and no snapshot")


def test_a_rehearsal_of_redistricting_names_who_changes_lawmaker(members: Partners, write: Callable[..., Path]) -> None:
    rows = "Fox House,41.7606,-88.3201\nMetro House,38.6245,-90.1507\nNorth House,42.2711,-89.0940\n"
    assert members("import", write(f"Organization,Lat,Lon\n{rows}", "more.csv")).code == 0
    found = json.loads(members("coverage", "diff", "il-2011", "il-2021", "--format", "json").out)
    assert found["movers"]
    assert all(each["before"] != each["after"] for each in found["movers"])
    shown = members("coverage", "diff", "il-2011", "il-2021").out
    assert " -> " in shown
    assert "members that get another district (" in shown
    assert "member, house" in members("coverage", "diff", "il-2011", "il-2021", "--format", "csv").out


def test_reading_verbs_write_nothing(members: Partners, contents: Contents) -> None:
    before = contents()
    for words in (["check"], ["explain", "5"], ["gaps"], ["diff", "il-2011", "il-2021"], ["check", "--silo", "all"]):
        members("coverage", *words)
    assert contents() == before


def test_one_chamber_of_49_districts_answers_every_verb(
    partners: Partners, tmp_path: Path, write: Callable[..., Path]
) -> None:
    path = tmp_path / "second.db"
    assert partners("--db", path, "init", "--map", SECOND, "--name", "Plains Friends").code == 0
    from partners_crm.districts.index import DistrictIndex
    from partners_crm.districts.maps import load_map

    south, west, north, east = DistrictIndex(load_map(SECOND)).bounds
    middle = f"{(south + north) / 2},{(west + east) / 2}"
    sheet = write(f"Organization,Lat,Lon\nMiddle House,{middle}\n", "plains.csv")
    assert partners("--db", path, "import", sheet).code == 0

    def call(*words: str, code: int) -> str:
        result = partners("--db", path, "coverage", *words)
        assert result.code == code, result.err
        return result.out

    for form in ("table", "json", "csv", "junit", "markdown", "svg", "map-svg", "html"):
        assert "Legislature" in call("check", "--format", form, code=1) or form == "csv"
    assert "1 of 49 Legislature districts has" in call("check", code=1)
    found = json.loads(call("check", "--format", "json", code=1))
    number = next(each["number"] for each in found["districts"] if each["state"] == "confirmed")
    assert len(found["districts"]) == 49
    assert f"Legislature {number} is covered" in call("explain", str(number), code=0)
    assert "Legislature" in call("gaps", code=1)
    call("snapshot", "one", code=0)
    call("diff", "one", code=0)
    call("check", "--silo", "all", code=1)
    assert_refused(partners("--db", path, "coverage", "check", "--chamber", "house"), 2, "has no house")


def test_a_decision_about_a_senate_district_keeps_the_house_possible(members: Partners) -> None:
    assert members("districts", "decide", "1", "4", "--chamber", "senate", "--reason", "the director said so").code == 0
    found = json.loads(members("coverage", "check", "--format", "json").out)["districts"]
    states = {(each["chamber"], each["number"]): each["state"] for each in found}
    assert states["senate", 4] == "confirmed"
    assert {states["house", 7], states["house", 8]} == {"possible"}
    shown = members("coverage", "explain", "7", "--chamber", "house").out
    assert "known to lie in Senate 4 only" in shown
    assert "the director said so" in shown


@pytest.mark.parametrize("name", ["today", "il-2021", "2020-01-01"])
def test_a_snapshot_is_not_called_like_a_day_or_a_map(members: Partners, name: str) -> None:
    assert_refused(members("coverage", "snapshot", name), 2, "stands for a day or a map already")


def test_a_snapshot_is_compared_under_its_own_terms_and_forgotten(members: Partners) -> None:
    assert members("coverage", "snapshot", "homes", "--silo", "housing", "--chamber", "house").code == 0
    found = json.loads(members("coverage", "diff", "homes", "--format", "json").out)
    assert (found["after"]["rule"], found["changes"]) == ("chamber=house silo=housing", [])
    assert_refused(members("coverage", "diff", "homes", "--silo", "aging"), 2, "are not those of the snapshot homes")
    assert members("coverage", "snapshot", "homes", "--delete").code == 0
    assert_refused(members("coverage", "diff", "homes"), 2, "is no day, no map and no snapshot")
    assert members("undo").code == 0
    assert members("coverage", "diff", "homes").code == 0


@pytest.mark.parametrize("option", ["--silo", "--of", "--map", "--as-of"])
def test_an_empty_term_is_no_broader_question(members: Partners, option: str) -> None:
    assert_refused(members("coverage", "check", option, ""), 2, "must not be empty")


def test_one_answer_at_a_time_but_for_the_check(members: Partners) -> None:
    for words in (["gaps"], ["explain", "5"], ["snapshot", "one"], ["diff", "today"]):
        assert_refused(members("coverage", *words, "--silo", "all"), 2, "coverage check alone")


def test_a_traceback_does_not_change_the_exit_code(members: Partners) -> None:
    for words, code in ((["--map", "zz"], 2), (["--as-of", "2010-01-01"], 3)):
        plain, traced = members("coverage", "check", *words), members("coverage", "check", *words, "--debug")
        assert (plain.code, traced.code) == (code, code)
        assert "Traceback" in traced.err
        assert "Traceback" not in plain.err
