"""`partners check` as it is typed: what it prints in each form, its exit codes, and what changed since the last run."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

from partners_crm.cli import exit_codes
from partners_crm.cli.check_formats import CHECK_FORMATS, Line, Shown, as_json, as_junit, as_markdown, whole
from partners_crm.cli.commands.checking import WORST_FIRST, code_of, worst
from partners_crm.errors import (
    CannotDecide,
    NotFound,
    PartnersError,
    PermissionRefused,
    SchemaTooNew,
    StoreDamaged,
    StoreLocked,
)
from partners_crm.services.checks import CHECKS, Answer, Finding, Ran

PAGES = Path(__file__).parents[2] / "docs"
HOSTILE = "\x1b]0;owned\x07<script>alert(1)</script>|`x`\u202e\n[red]=1+1"
HOUSE = ("name=Every House district", "kind=coverage", "terms=chamber=house")


def ran(verdict: str = "met", error: Exception | None = None, owner: str = "", **answer: object) -> Ran:
    return Ran("rule", "map", "", Answer(verdict, "said", **answer), error, owner)  # type: ignore[arg-type]  # as given


def runs_file(home: Path) -> Path:
    (found,) = (home / ".local" / "share" / "partners-crm" / "last-runs").iterdir()
    return found


@pytest.fixture
def house(members: Partners) -> Partners:
    """The command on three organizations and a rule of the House."""
    assert members("add", "rule", *HOUSE).code == 0
    return members


@pytest.fixture
def calm(partners: Partners) -> Partners:
    """The command on a coalition with one rule, which is met."""
    assert partners("add", "rule", "name=Maps", "kind=map").code == 0
    return partners


# -------------------------------------------------------------------- the exit code


def test_the_order_is_written_and_names_every_code_of_a_rule() -> None:
    assert WORST_FIRST == (70, 5, 4, 6, 2, 7, 1, 3, 0)
    others = {exit_codes.INTERRUPTED}
    known = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert set(WORST_FIRST) == known - others
    words = " > ".join(map(str, WORST_FIRST))
    assert words in (PAGES / "how-to" / "check-rules.md").read_text("utf-8")


@pytest.mark.parametrize(("worse", "better"), list(itertools.combinations(WORST_FIRST, 2)))
def test_the_worse_of_two_answers_decides_whichever_comes_first(worse: int, better: int) -> None:
    assert worst([better, worse, better]) == worse == worst([worse, better])


def test_no_answer_at_all_is_met() -> None:
    assert worst([]) == 0


@pytest.mark.parametrize(
    ("error", "verdict", "owner", "code"),
    [
        (None, "met", "", 0),
        (None, "undecided", "", 3),
        (CannotDecide("x"), "undecided", "", 3),
        (NotFound("x"), "failed", "", 2),
        (PartnersError("x"), "failed", "", 2),
        (StoreLocked("x"), "failed", "", 4),
        (OSError(5, "x"), "failed", "", 4),
        (StoreDamaged("x"), "failed", "", 5),
        (SchemaTooNew("x"), "failed", "", 5),
        (PermissionRefused("x"), "failed", "", 6),
        (KeyError("x"), "failed", "", 70),
        (KeyError("x"), "failed", "alerts", 7),
        (CannotDecide("x"), "undecided", "alerts", 3),
        (None, "failed", "alerts", 7),
        (None, "failed", "", 70),
    ],
)
def test_every_rule_has_its_own_code(error: Exception | None, verdict: str, owner: str, code: int) -> None:
    assert code_of(ran(verdict, error, owner)) == code
    assert code_of(ran("findings", findings=(Finding("a", "b"),))) == 1


def test_a_rule_that_cannot_be_asked_is_worse_than_findings_and_the_others_are_still_told(house: Partners) -> None:
    assert house("add", "rule", "name=Housing", "kind=coverage", "terms=silo=housing").code == 0
    assert house("edit", "rule", "Housing", "terms=silo=aging").code == 0
    assert house("delete", "silo", "aging", "--yes").code == 0 or house("delete", "silo", "6", "--yes").code == 0
    result = house("check", "coverage")
    assert result.code == 2
    assert "Every House district (coverage chamber=house): 116 findings" in result.out
    assert "Housing (coverage silo=aging): failed" in result.out
    assert "there is no silo aging" in result.out
    assert result.out.endswith("2 rules: 1 with findings, 1 failed\n")


def test_a_damaged_table_fails_one_check_with_5_and_the_others_answer(house: Partners, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'term'").fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    with database.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)
    result = house("check", "--format", "json")
    found = {each["name"]: (each["verdict"], each["exit"]) for each in json.loads(result.out)["checks"]}
    assert result.code == 5
    assert found["seats"] == ("failed", 5)
    assert found["map"] == ("met", 0)
    assert found["Every House district"] == ("findings", 1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("teeth",), 2, "there is no rule and no check teeth"),
        (("--as-of", "soon"), 2, "soon"),
        (("--format", "svg"), 2, "svg"),
        (("--list", "--format", "junit"), 2, "junit"),
    ],
)
def test_what_cannot_be_asked_is_refused(partners: Partners, words: tuple[str, ...], code: int, said: str) -> None:
    assert_refused(partners("check", *words), code, said)


def test_a_day_outside_every_map_is_undecided_never_a_gap(house: Partners) -> None:
    result = house("check", "coverage", "--as-of", "1990-01-01")
    assert result.code == 3
    assert "no district map with boundaries holds on 1990-01-01" in result.out
    assert result.out.endswith("1 rule: 1 undecided\n")


# -------------------------------------------------------------------- what is printed


def test_each_rule_is_told_with_its_findings_their_remedy_and_the_counts(house: Partners) -> None:
    result = house("check", "map", "Every House district", "places")
    assert (result.code, result.err) == (1, "")
    lines = [re.sub(r"\d+ [A-Z][a-z]+ \d{4}", "DAY", line) for line in result.out.splitlines()]
    assert lines[0] == "Every House district (coverage chamber=house): 116 findings"
    assert lines[1].startswith("  2 of 118 House districts have at least one organization that was a member on DAY")
    assert re.fullmatch(r"  House [\d, -]+: no member", lines[2])
    assert lines[3:] == [
        "    -> see who would close it: partners coverage gaps --chamber house",
        "map: met",
        "  The map il-2021 holds on DAY, and the borders of every map are those that sites were placed by.",
        "places: 1 finding",
        "  2 of 3 members on DAY have a district on the map il-2021, for certain or possibly.",
        "  Quiet House (organization 3) has no district",
        "    -> add the place where it works: partners add site organization=3 address=ADDRESS",
        "3 rules: 1 met, 2 with findings",
    ]


def test_numbered_findings_that_say_the_same_are_gathered_and_no_number_is_lost(house: Partners) -> None:
    gaps = json.loads(house("check", "coverage", "--format", "json").out)["checks"][0]["findings"]
    (line,) = [each for each in house("check", "coverage").out.splitlines() if each.endswith(": no member")]
    named: set[int] = set()
    for part in line.removeprefix("  House ").removesuffix(": no member").split(", "):
        first, _, last = part.partition("-")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == {int(each["key"].rpartition(":")[2]) for each in gaps}


def test_quiet_prints_nothing_when_every_rule_is_met(calm: Partners) -> None:
    assert calm("check", "Maps").out != ""
    result = calm("check", "Maps", "--quiet")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_quiet_prints_only_the_rules_that_are_not_met(house: Partners) -> None:
    result = house("check", "map", "places", "--quiet")
    assert result.code == 1
    assert "map: met" not in result.out
    assert result.out.startswith("places: 1 finding\n")


def test_the_doctor_runs_only_when_it_is_named(members: Partners) -> None:
    assert "doctor" not in members("check").out
    result = members("check", "doctor")
    assert result.code == 1
    assert "  sites: 1 site has no district: Quiet House (organization 3, site 3)\n    -> give each" in result.out


def test_the_json_is_the_same_every_time_and_its_fields_are_in_the_reference(house: Partners, database: Path) -> None:
    result = house("check", "coverage", "map", "--format", "json")
    found = json.loads(result.out)
    assert result.out == house("check", "coverage", "map", "--format", "json").out
    assert (result.code, found["exit"], found["database"]) == (1, 1, str(database))
    coverage, of_map = found["checks"]
    assert {**coverage, "findings": [], "statement": ""} == {
        "name": "Every House district",
        "kind": "coverage",
        "terms": "chamber=house",
        "verdict": "findings",
        "statement": "",
        "findings": [],
        "doubts": [],
        "exit": 1,
    }
    assert coverage["findings"][0].keys() == {"key", "text", "remedy"}
    assert (of_map["name"], of_map["verdict"], of_map["exit"]) == ("map", "met", 0)
    page = (PAGES / "reference" / "checks.md").read_text("utf-8")
    for key in (*found, *coverage, *coverage["findings"][0], "since", "lost", "gained", "now"):
        assert f"`{key}`" in page, key


def test_the_csv_has_a_row_for_each_finding_and_for_a_rule_without_any(house: Partners) -> None:
    result = house("check", "places", "map", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [(each["rule"], each["verdict"], each["state"], each["key"]) for each in rows] == [
        ("map", "met", "", ""),
        ("places", "findings", "finding", "organization 3"),
    ]
    assert all(each["statement"] for each in rows)


def test_junit_has_a_suite_for_each_rule_and_a_failure_for_each_finding(house: Partners) -> None:
    result = house("check", "coverage", "map", "--format", "junit")
    root = Xml.fromstring(result.out)
    coverage, of_map = root.findall("testsuite")
    assert (coverage.get("name"), coverage.get("failures"), coverage.get("tests")) == (
        "Every House district",
        "116",
        "116",
    )
    properties = {each.get("name"): each.get("value") for each in coverage.iter("property")}
    assert properties["terms"] == "chamber=house"
    assert "2 of 118 House districts" in (properties["statement"] or "")
    assert coverage.findall("testcase")[0].get("name", "").startswith("ocd-division/")
    (case,) = of_map.findall("testcase")
    assert (case.get("name"), list(case)) == ("map", [])


def test_junit_skips_what_nobody_can_tell_and_names_what_broke() -> None:
    shown = [
        whole(ran("met", doubts=(Finding("a", "perhaps"),)), 0),
        whole(ran("undecided", CannotDecide("no map")), 3),
        whole(ran("undecided", doubts=(Finding("a", "perhaps", "look"),)), 3),
        whole(ran("failed", KeyError()), 70),
    ]
    suites = Xml.fromstring(as_junit(shown, "2026-11-24")).findall("testsuite")
    states = [[next(iter([one.tag for one in case]), "passed") for case in suite.iter("testcase")] for suite in suites]
    assert states == [["skipped"], ["skipped"], ["skipped", "skipped"], ["error"]]


def test_markdown_is_a_table_of_the_rules_then_one_for_each_with_findings(house: Partners) -> None:
    result = house("check", "places", "map", "--format", "markdown")
    lines = result.out.splitlines()
    assert lines[0] == "2 rules: 1 met, 1 with findings"
    assert "| Rule | Check | Terms | Answer | Statement |" in lines
    assert any(line.startswith("| map | map |  | met | The map il-2021 holds") for line in lines)
    assert "### places" in lines
    assert any(line.startswith("| finding | Quiet House (organization 3) has no district | add the") for line in lines)


@pytest.mark.parametrize("form", CHECK_FORMATS)
def test_a_hostile_name_acts_in_no_format(partners: Partners, database: Path, form: str) -> None:
    assert partners("add", "organization", "name=Quiet").code == 0
    assert partners("add", "membership", "organization=1", "since=2020").code == 0
    assert partners("add", "rule", "name=Mine", "kind=places").code == 0
    # What no form lets in may stand in a file that somebody hands over.
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE organization SET name = ?", (HOSTILE,))
        connection.execute("UPDATE rule SET name = ?", (HOSTILE,))
    result = partners("check", "--format", form)
    assert result.code == 1
    if form == "csv":  # exact in a file; no cell is a formula
        assert not re.search(r'(?:^|,)"[=+@-]', result.out, re.MULTILINE)
    else:
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", result.out)
    if form in {"junit", "markdown"}:
        assert "<script" not in result.out
    if form == "junit":
        Xml.fromstring(result.out)
    if form == "json":
        assert HOSTILE in [each["name"] for each in json.loads(result.out)["checks"]]


# -------------------------------------------------------------------- since the last run


def test_since_last_tells_what_was_lost_and_gained_over_five_runs(
    house: Partners, home: Path, contents: Contents
) -> None:
    before = contents()
    first = house("check", "coverage", "--since-last")
    assert first.code == 1
    assert first.out.startswith(
        "Every House district (coverage chamber=house): 116 findings; there is no earlier run to compare with\n"
    )
    assert ": no member\n" in first.out
    assert contents() == before  # nothing that an undo would meet
    assert stat.S_IMODE(runs_file(home).stat().st_mode) == 0o600

    second = house("check", "coverage", "--since-last")
    assert second.code == 1  # of the rule as a whole
    assert re.fullmatch(
        r"Every House district \(coverage chamber=house\): nothing lost or gained since \d{4}-\d\d-\d\d \d\d:\d\d;"
        r" now 116 findings\n1 rule: 1 with findings\n",
        second.out,
    )

    assert house("edit", "site", "1", "latitude=40.6936", "longitude=-89.5890", "city=Peoria").code == 0
    third = house("check", "coverage", "--since-last")
    assert third.code == 1
    assert "1 lost, 0 gained" in third.out
    (lost,) = [line for line in third.out.splitlines() if line.startswith("  lost: ")]
    assert re.fullmatch(r"  lost: House \d+: no member", lost)
    assert "    -> see who would close it" in third.out

    assert house("undo").code == 0
    fourth = house("check", "coverage", "--since-last")
    assert "0 lost, 1 gained" in fourth.out
    assert f"  gained: {lost.removeprefix('  lost: ').partition(':')[0]}: Near West Homes\n" in fourth.out
    assert "nothing lost or gained" in house("check", "coverage", "--since-last").out


def test_since_last_is_of_the_terms_and_of_the_day_that_was_named(house: Partners) -> None:
    assert "no earlier run" in house("check", "coverage", "--since-last").out
    assert "no earlier run" in house("check", "coverage", "--since-last", "--as-of", "2026-11-01").out
    assert "nothing lost" in house("check", "coverage", "--since-last", "--as-of", "2026-11-01").out
    assert house("edit", "rule", "1", "terms=chamber=house min-count=2").code == 0
    assert "no earlier run" in house("check", "coverage", "--since-last").out
    assert house("undo").code == 0
    assert "nothing lost" in house("check", "coverage", "--since-last").out


def test_without_since_last_nothing_is_remembered(house: Partners, home: Path) -> None:
    assert house("check", "coverage").code == 1
    assert not (home / ".local" / "share" / "partners-crm" / "last-runs").exists()


def test_quiet_since_last_is_silent_where_nothing_changed_and_keeps_the_code(house: Partners) -> None:
    assert house("check", "coverage", "map", "--since-last", "--quiet").out != ""
    result = house("check", "coverage", "map", "--since-last", "--quiet")
    assert (result.code, result.out, result.err) == (1, "", "")
    assert house("edit", "site", "1", "latitude=40.6936", "longitude=-89.5890").code == 0
    result = house("check", "coverage", "map", "--since-last", "--quiet")
    assert "1 lost, 0 gained" in result.out
    assert "map" not in result.out


def test_a_rule_that_cannot_be_asked_leaves_its_last_run_as_it_was(house: Partners) -> None:
    assert house("check", "coverage", "--since-last").code == 1
    assert house("config", "set", "map", "il-2021").code == 0
    with_code = house("add", "rule", "name=Third", "kind=coverage", "terms=level=3")
    assert with_code.code == 0
    for _ in range(2):
        result = house("check", "Third", "--since-last")
        assert result.code == 3
        assert result.out.startswith("Third (coverage level=3): undecided\n  level 3 is not recorded")
    found = json.loads(house("check", "Third", "--since-last", "--format", "json").out)["checks"][0]
    assert (found["since"], found["lost"], found["gained"]) == (None, [], [])


def test_quiet_since_last_tells_once_that_nobody_can_tell(house: Partners) -> None:
    words = ("check", "seats", "--since-last", "--quiet")
    first, second = house(*words), house(*words)
    assert (first.code, second.code) == (3, 3)
    assert first.out.startswith("seats: undecided\n  nobody is recorded as the holder of any seat")
    assert (second.out, second.err) == ("", "")
    assert house("check", "seats", "--quiet").out == first.out  # without a memory it is always news
    # It is answered, the first time of all, and then it is not any more.
    assert house("seats", "set", "house", "5", "--holder", "Dana Reyes", "--since", "2025-01-08").code == 0
    assert "there is no earlier run to compare with" in house(*words).out
    assert house("undo").code == 0
    assert house(*words).out == first.out
    assert house(*words).out == ""
    # What it is compared with is the last answer.
    assert house("redo").code == 0
    assert house(*words).out == ""
    assert "nothing lost or gained since" in house("check", "seats", "--since-last").out


def test_quiet_since_last_tells_every_time_of_a_rule_that_cannot_be_asked(house: Partners) -> None:
    assert house("add", "rule", "name=Aging", "kind=coverage", "terms=silo=aging").code == 0
    assert house("delete", "silo", "aging", "--yes").code == 0
    for _ in range(2):
        result = house("check", "Aging", "--since-last", "--quiet")
        assert result.code == 2
        assert "there is no silo aging" in result.out


def test_another_map_since_the_last_run_is_said_in_one_line(house: Partners, database: Path) -> None:
    words = ("check", "coverage", "--since-last", "--quiet")
    house(*words)
    assert house("config", "set", "map", "il-2011").code == 0
    assert "\n  answered on the map il-2011; the last run was on il-2021\n" in house(*words).out
    assert house(*words).out == ""
    # Other borders under the same code.
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE district_map SET sha256 = ? WHERE code = 'il-2011'", ("0" * 64,))
    assert "\n  the borders of the map il-2011 are others than in the last run\n" in house(*words).out


def test_what_is_said_of_the_map_is_in_every_form() -> None:
    shown = Shown(ran(), 0, (), True, "2026-11-24T15:00:00Z", "2026-11-24 09:00", "answered on another map")
    assert as_json([shown], as_of="", database="", code=0)["checks"][0]["note"] == "answered on another map"
    assert "answered on another map" in as_junit([shown], "")
    assert "\nanswered on another map\n" in as_markdown([shown])


@pytest.mark.parametrize("content", ["", "{", '{"schema_version": 9}', "[" * 9999])
def test_a_damaged_file_of_the_last_run_is_a_word_and_a_first_run(house: Partners, home: Path, content: str) -> None:
    house("check", "coverage", "--since-last")
    runs_file(home).write_text(content)
    result = house("check", "coverage", "--since-last")
    assert result.code == 1
    assert "is ignored" in result.err
    assert len(result.err.splitlines()) == 1
    assert "no earlier run" in result.out
    assert "nothing lost" in house("check", "coverage", "--since-last").out


def test_a_run_that_cannot_be_remembered_is_a_word_and_keeps_its_code(house: Partners, home: Path) -> None:
    folder = home / ".local" / "share" / "partners-crm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "last-runs").write_text("in the way")
    result = house("check", "coverage", "--since-last")
    assert result.code == 1
    assert "this run is not remembered" in result.err


def test_since_last_in_the_forms_for_other_programs(house: Partners) -> None:
    first = json.loads(house("check", "coverage", "--since-last", "--format", "json").out)["checks"][0]
    assert (first["since"], len(first["lost"]), first["gained"]) == (None, 116, [])
    assert house("edit", "site", "1", "latitude=40.6936", "longitude=-89.5890").code == 0
    second = json.loads(house("check", "coverage", "--since-last", "--format", "json").out)["checks"][0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", second["since"])
    assert [(each["now"], each["text"].partition(": ")[2]) for each in second["lost"]] == [("finding", "no member")]
    assert house("undo").code == 0
    rows = list(csv.DictReader(io.StringIO(house("check", "coverage", "--since-last", "--format", "csv").out)))
    assert [(each["state"], each["text"].partition(": ")[2]) for each in rows] == [("gained", "Near West Homes")]
    assert house("redo").code == 0
    (suite,) = Xml.fromstring(house("check", "coverage", "--since-last", "--format", "junit").out)
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert house("undo").code == 0
    markdown = house("check", "coverage", "--since-last", "--format", "markdown").out
    assert "0 lost, 1 gained since" in markdown
    assert "| gained | House" in markdown


def test_what_is_only_in_doubt_now_was_gained_and_is_still_skipped() -> None:
    line = Line("gained", Finding("a", "House 5: possible"), "doubt")
    shown = Shown(ran("met", doubts=(line.about,)), 0, (line,), compared=True, since="2026-11-24T15:00:00Z")
    (said,) = as_json([shown], as_of="", database="", code=0)["checks"][0]["gained"]
    assert said["now"] == "doubt"
    assert Xml.fromstring(as_junit([shown], "")).get("skipped") == "1"
    assert "| gained | House 5: possible |  |" in as_markdown([shown])


# -------------------------------------------------------------------- rules and lists


def test_a_saved_rule_is_a_record_that_undo_takes_back(calm: Partners) -> None:
    assert calm("check", "Maps").out.startswith("Maps (map): met\n")
    assert calm("list", "rules").out.count("Maps") == 1
    assert calm("undo").code == 0
    assert_refused(calm("check", "Maps"), 2, "there is no rule and no check Maps")
    assert calm("redo").code == 0
    assert calm("check", "maps").code == 0


def test_a_rule_that_cannot_be_run_is_refused_with_the_term_and_its_values(partners: Partners) -> None:
    wrong = partners("add", "rule", "name=Mine", "kind=coverage", "terms=chamber=hous")
    assert_refused(wrong, 2, "chamber", "both, house, senate")
    assert_refused(partners("add", "rule", "name=Mine", "kind=teeth"), 2, "teeth", "coverage, map")


def test_the_list_names_the_rules_and_every_check_with_its_terms(house: Partners) -> None:
    result = house("check", "--list")
    assert (result.code, result.err) == (0, "")
    for check in CHECKS:
        assert check.about in result.out
        assert all(term.about in result.out for term in check.terms)
    assert re.search(r"^Every House district +coverage +chamber=house$", result.out, re.MULTILINE)
    found = json.loads(house("check", "--list", "--format", "json").out)
    assert found["rules"] == [{"name": "Every House district", "kind": "coverage", "terms": "chamber=house"}]
    assert [(each["name"], each["by_default"]) for each in found["checks"] if each["plugin"] is None] == [
        ("coverage", True),
        ("map", True),
        ("places", True),
        ("seats", True),
        ("doctor", False),
    ]
    rows = list(csv.DictReader(io.StringIO(house("check", "--list", "--format", "csv").out)))
    terms = [(check.name, term.name) for check in CHECKS for term in check.terms]
    assert [(each["check"], each["name"]) for each in rows if each["what"] == "term"][: len(terms)] == terms
    assert rows[0]["name"] == "Every House district"


def test_the_checks_are_listed_without_a_coalition(partners: Partners, tmp_path: Path) -> None:
    result = partners("--db", tmp_path / "nothing.db", "check", "--list")
    assert result.code == 0
    assert result.out.startswith("no rule is saved; such as: partners add rule")


def test_where_names_the_folder_of_the_last_runs(partners: Partners, home: Path) -> None:
    rows = json.loads(partners("where", "--format", "json").out)
    (found,) = [each["path"] for each in rows if each["file"] == "last runs"]
    assert found == str(home / ".local" / "share" / "partners-crm" / "last-runs")
