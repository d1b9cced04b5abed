"""Commands that read: every format of each, what reaches a terminal, and what a spreadsheet gets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Partners, assert_refused

from partners_crm.cli.app import COMMANDS, parser_of
from partners_crm.model import ENTITIES

DAY = ["--as-of", "2031-01-01"]


def sheet(text: str) -> list[list[str]]:
    """The rows of a CSV text, which must all be of one length."""
    assert text.endswith("\n")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    return rows


def test_the_overview_names_every_command(bare: Partners) -> None:
    for words in ([], ["--help"], ["-h"]):
        result = bare(*words)
        assert (result.code, result.err) == (0, "")
        for name, (_, about) in COMMANDS.items():
            assert f"  {name}" in result.out
            assert about in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(bare: Partners, name: str) -> None:
    result = bare(name, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"usage: partners {name}")
    assert COMMANDS[name][1].lower() in " ".join(result.out.lower().split())
    helps = [result.out]
    if verbs := parser_of(name).verbs:
        assert all(f"\n    {verb}" in result.out for verb in verbs)
        helps = [bare(name, verb, "--help").out for verb in verbs]
    assert all("--db" in text for text in helps)


def test_the_version_is_told(bare: Partners) -> None:
    from partners_crm import __version__

    assert (bare("--version").code, bare("--version").out) == (0, f"partners {__version__}\n")


READING: tuple[list[str], ...] = (
    ["list", "organizations"],
    ["list", "contacts"],
    ["show", "organization", "Near", "West", "Homes"],
    ["history"],
    ["history", "organization", "Near West Homes"],
    ["coverage", "check", *DAY],
    ["config", "list"],
    ["where"],
)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_reading_command_speaks_every_format(members: Partners, words: list[str]) -> None:
    expected = 1 if words[0] == "coverage" else 0
    results = {name: members(*words, "--format", name) for name in ("table", "json", "csv")}
    assert {result.code for result in results.values()} == {expected}
    assert {result.err for result in results.values()} == {""}
    assert results["table"].out == members(*words).out != ""
    assert json.loads(results["json"].out)
    assert results["json"].out.isascii()
    assert len(sheet(results["csv"].out)) > 1
    # The format may stand before the command, too.
    assert members("--format", "json", *words).out == results["json"].out


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.entity.plural)
def test_every_entity_can_be_listed(members: Partners, table: Any) -> None:
    asked = () if table.entity.visibility == "everyone" else ("--include-private",)
    for word in (table.entity.plural, table.entity.name, table.entity.plural.replace("_", "-")):
        result = members("list", word, "--format", "csv", *asked)
        assert result.code == 0
        rows = sheet(result.out)
    assert rows[0][0] == "id"
    shown = members("list", table.entity.plural)
    words = table.entity.name if len(rows) == 2 else table.entity.plural
    assert f"{len(rows) - 1} {words.replace('_', ' ')}" in shown.out.splitlines()[-1]
    assert members("list", table.entity.plural, "--format", "json", *asked).code == 0


def test_a_list_is_chosen_sorted_and_cut_to_columns(members: Partners) -> None:
    def names(*words: str) -> list[list[str]]:
        return [row[1:] for row in sheet(members("list", "organizations", *words, "--format", "csv").out)[1:]]

    assert names("--columns", "name") == [["Near West Homes"], ["Quiet House"], ["River Table"]]
    assert names("--columns", "name", "--sort", "name", "--reverse")[0] == ["River Table"]
    assert names("silo:housing", "--columns", "city, name") == [["Chicago", "Near West Homes"]]
    assert names("city:peoria", "--columns", "name") == [["River Table"]]
    assert names("house", "--columns", "name") == [["Quiet House"]]
    assert names("-silo:housing", "-name:house", "--columns", "name") == [["River Table"]]
    assert names("--columns", "name", "-silo:housing -name:house") == [["River Table"]]
    assert members("list", "organizations", "zzz").out.endswith("0 organizations for zzz\n")


def test_a_record_is_shown_by_its_number_its_uid_and_its_name(members: Partners) -> None:
    by_name = members("show", "organization", "Near West Homes")
    assert by_name.code == 0
    for word in ("1840 W Invented Ave", "312-555-0142", "dana@example.org", "Dana Reyes", "36-1234567"):
        assert word in by_name.out
    card = json.loads(members("show", "organization", "Near West Homes", "--format", "json").out)
    assert card["schema_version"] == 1
    assert members("show", "organization", str(card["id"])).out == by_name.out
    assert members("show", "organization", "near west homes").out == by_name.out


def test_coverage_counts_add_up(members: Partners) -> None:
    result = members("coverage", "check", *DAY, "--format", "json")
    found = json.loads(result.out)
    assert (result.code, found["schema_version"], found["as_of"]) == (1, 1, "2031-01-01")
    assert found["map"]["id"] == "il-2021"
    states = [(each["chamber"], each["state"]) for each in found["districts"]]
    for chamber, districts in (("house", 118), ("senate", 59)):
        gaps = districts - 2
        assert found["totals"][chamber] == {"confirmed": 2, "districts": districts, "possible": 0, "gaps": gaps}
        assert states.count((chamber, "confirmed")) == 2
        assert sum(1 for here, _ in states if here == chamber) == districts
    assert found["totals"]["gaps"] == sum(1 for _, state in states if state == "gap")
    assert [each["name"] for each in found["unassigned"]] == ["Quiet House"]
    confirmed = [each for each in found["districts"] if each["state"] == "confirmed"]
    assert all(each["count"] == len(each["organizations"]) == 1 for each in confirmed)


def test_coverage_is_the_same_byte_for_byte(members: Partners) -> None:
    words = ["coverage", "check", *DAY, "--format"]
    for name in ("json", "csv", "table"):
        assert members(*words, name).out == members(*words, name).out


def test_the_exit_codes_of_coverage(partners: Partners, write: Callable[..., Path]) -> None:
    rows = "".join(f"Member {number},{number}\n" for number in range(1, 119))
    assert partners("import", write(f"Organization,House district\n{rows}")).code == 0
    check = ["coverage", "check", *DAY]
    # A district that was only stated is possible; accepted as it is, it settles everything.
    assert partners(*check).code == 0
    assert partners(*check, "--strict").code == 3
    assert partners(*check, "--strict", "--min-match", "75").code == 0
    assert partners(*check, "--min-match", "75", "--min-count", "2", "--chamber", "house").code == 1
    assert partners(*check, "--min-match", "75", "--min-count", "2", "--chamber", "senate").code == 0
    quiet = partners(*check, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert partners(*check, "--max-unassigned", "0").code == 0
    assert partners("add", "organization", "name=Nowhere").code == 0
    assert partners("add", "membership", "organization=Nowhere", "since=2020").code == 0
    assert partners(*check, "--max-unassigned", "0").code == 3
    assert partners(*check, "--max-unassigned", "1").code == 0
    assert partners(*check, "--max-unassigned", "0", "--min-count", "2", "--chamber", "house").code == 1


HOSTILE = "Red\x1b[31m\x1b]0;owned\x07 \u202eLAMP\u200b\x9b2J\nline"


@pytest.fixture
def hostile(partners: Partners) -> Partners:
    """A coalition whose every text tries to act on the terminal."""
    for words in (
        ["add", "organization", f"name={HOSTILE}", f"note={HOSTILE}"],
        ["add", "contact", f"name={HOSTILE}"],
        ["add", "site", "organization=1", "kind=hq", f"address={HOSTILE}", f"name={HOSTILE}"],
        ["add", "contact-point", "organization=1", "kind=phone", f"raw={HOSTILE}"],
        ["add", "tag", f"name={HOSTILE}"],
        ["add", "other-name", "organization=1", f"name={HOSTILE}"],
        ["config", "set", "name", HOSTILE],
        ["edit", "organization", "1", f"note=changed {HOSTILE}"],
    ):
        result = partners(*words)
        assert result.code == 0, result.err
        assert "\x1b" not in result.out + result.err
    return partners


@pytest.mark.parametrize(
    "words",
    [
        *(["list", table.entity.plural] for table in ENTITIES),
        ["show", "organization", "1"],
        ["show", "contact", "1"],
        ["show", "site", "1"],
        ["show", "organization", HOSTILE],
        ["show", "organization", f"no {HOSTILE}"],
        ["list", "organizations", HOSTILE],
        ["list", HOSTILE],
        ["list", "organizations", "--sort", HOSTILE],
        ["list", "organizations", f"colour{HOSTILE}:x"],
        ["history"],
        ["history", "organization", "1"],
        ["coverage", "check"],
        ["coverage", "check", "--silo", HOSTILE],
        ["config", "list", "--origin"],
        ["config", "get", "name"],
        ["config", "set", HOSTILE, "x"],
        ["delete", "organization", "1"],
        ["import", f"/nowhere/{HOSTILE}.csv"],
        ["--db", f"/nowhere/{HOSTILE}.db", "list", "organizations"],
        ["add", "organization", HOSTILE],
        ["undo"],
        [HOSTILE],
    ],
    ids=lambda words: ascii(" ".join(words))[:40],
)
def test_no_text_of_the_data_acts_on_the_terminal(hostile: Partners, words: list[str]) -> None:
    for name in ("table", "json"):
        result = hostile(*words, "--format", name)
        assert result.out + result.err
        for character in "\x1b\x07\x9b\u202e\u200b":
            assert character not in result.out + result.err
        assert "internal error" not in result.err


def test_the_report_of_an_import_does_not_act_on_the_terminal(partners: Partners, write: Callable[..., Path]) -> None:
    # Enough plain text around them that the file does not pass for a binary one.
    plain = "".join(f"Member {number},,,\n" for number in range(100))
    header = "Organization,Lat,Lon,D\x1b[2Jog\n"
    path = write(f"{header}A\x1b[31m,1,\nB,x\x1b]0;\x07,2\nC\x1b[31m\n{plain}", "n\x1b[31m.csv")
    result = partners("import", path)
    assert result.code == 1
    assert result.err.count("rejected: ") == 2
    assert "\x1b" not in result.out + result.err
    assert "\x07" not in result.out + result.err


@pytest.mark.parametrize("name", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "＝1", " =1", "'=1"])
def test_no_cell_of_a_csv_is_a_formula(partners: Partners, name: str) -> None:
    assert partners("add", "tag", f"name=x{name}").code == 0
    assert partners("edit", "tag", "1", f"name={name}").code == 0
    cells = [cell for row in sheet(partners("list", "tags", "--format", "csv").out)[1:] for cell in row]
    stored = json.loads(partners("edit", "tag", "1", f"name={name}", "--format", "json").out)["record"]["name"]
    assert "'" + stored in cells
    assert stored not in cells


def test_plain_numbers_of_a_csv_stay_numbers(members: Partners) -> None:
    rows = sheet(members("list", "sites", "--format", "csv").out)
    place = rows[0].index("longitude")
    assert [row[place] for row in rows[1:]][:2] == ["-87.627", "-89.589"]


def test_a_usage_error_of_a_command_names_the_command(bare: Partners) -> None:
    result = bare("list")
    assert_refused(result, 2, "partners list: ", "see: partners list --help")
