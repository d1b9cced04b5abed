"""Commands that write: what they say, what they leave, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import MEMBERS, Contents, Partners


def record(partners: Partners, *words: str) -> dict[str, object]:
    """The record a command answers with in JSON."""
    result = partners(*words, "--format", "json")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    assert answer["schema_version"] == 1
    found: dict[str, object] = answer["record"]
    return found


def test_a_record_is_added_changed_put_away_and_found_again(partners: Partners) -> None:
    added = partners("add", "organization", "name=Near West Homes", "kind=provider")
    assert (added.code, added.out, added.err) == (0, 'added organization 1 "Near West Homes"\n', "")
    changed = partners("edit", "organization", "near west homes", "note=a=b")
    assert (changed.code, changed.out) == (0, 'changed organization 1 "Near West Homes"\n')
    assert partners("edit", "organization", "1", "note=a=b").out == 'unchanged organization 1 "Near West Homes"\n'
    assert record(partners, "edit", "organization", "1", "note=c")["note"] == "c"
    away = partners("archive", "organization", "1")
    assert (away.code, away.out) == (0, 'archived organization 1 "Near West Homes"\n')
    assert "0 organizations" in partners("list", "organizations").out
    assert "Near West Homes" in partners("show", "organization", "1").out


def test_an_unchanged_record_is_no_operation(members: Partners) -> None:
    before = json.loads(members("history", "--format", "json").out)
    assert members("edit", "organization", "Near West Homes", "name=Near West Homes").code == 0
    assert json.loads(members("history", "--format", "json").out) == before


def test_every_writing_command_answers_in_json(members: Partners) -> None:
    assert record(members, "add", "tag", "name=new")["name"] == "new"
    assert record(members, "edit", "tag", "new", "name=newer")["name"] == "newer"
    assert record(members, "archive", "organization", "Quiet House")["name"] == "Quiet House"
    assert record(members, "delete", "tag", "newer", "--yes")["name"] == "newer"
    for words, title in ((["undo"], "delete tag"), (["redo"], "undo delete tag")):
        report = json.loads(members(*words, "--format", "json").out)
        assert (report["schema_version"], report["kept"], report["refused"]) == (1, [], [])
        assert report["undone"]["title"].startswith(title)
        assert report["reversed"] == 1


def test_a_record_put_away_is_printed_as_it_is_now(members: Partners) -> None:
    assert record(members, "archive", "organization", "Quiet House")["archived_on"] != ""


def test_a_deletion_says_first_what_goes_and_without_a_yes_does_nothing(members: Partners, contents: Contents) -> None:
    before = contents()
    refused = members("delete", "organization", "Near West Homes")
    assert (refused.code, refused.out) == (2, "")
    lines = refused.err.splitlines()
    assert lines[0].startswith("delete organization ")
    assert '"Near West Homes"' in lines[0]
    assert "  1 site goes with it" in lines
    assert "  1 membership goes with it" in lines
    assert lines[-1] == "nothing was deleted; --yes deletes without asking"
    assert contents() == before
    done = members("delete", "organization", "Near West Homes", "--yes")
    assert done.code == 0
    assert done.err.splitlines() == lines[:-1]
    assert done.out.startswith("deleted organization ")
    assert members("show", "organization", "Near West Homes").code == 2


def test_what_keeps_a_record_without_its_link_is_told(members: Partners) -> None:
    assert members("edit", "organization", "River Table", "parent=Near West Homes").code == 0
    said = members("delete", "organization", "Near West Homes").err
    assert "  1 organization stays and loses its link" in said.splitlines()


def test_undo_and_redo_say_what_they_did(members: Partners) -> None:
    shown = members("show", "organization", "Near West Homes").out
    assert members("delete", "organization", "Near West Homes", "--yes").code == 0
    undone = members("undo")
    assert (undone.code, undone.err) == (0, "")
    assert "records are as they were before operation" in undone.out
    assert 'delete organization 1 "Near West Homes"' in undone.out
    assert members("show", "organization", "Near West Homes").out == shown
    assert members("redo").code == 0
    assert members("show", "organization", "Near West Homes").code == 2


def test_an_undo_that_would_lose_a_later_edit_keeps_it_and_says_so(members: Partners) -> None:
    operations = json.loads(members("history", "--format", "json").out)
    done = next(each["id"] for each in operations if each["title"].startswith("import"))
    assert members("edit", "organization", "Near West Homes", "note=mine").code == 0
    result = members("undo", str(done))
    assert result.code == 1
    assert any(line.startswith("kept: ") and "edited since" in line for line in result.err.splitlines())
    assert "Near West Homes" in members("list", "organizations").out


def test_the_history_tells_who_did_what(members: Partners) -> None:
    assert members("edit", "organization", "Near West Homes", "note=mine").code == 0
    newest = members("history", "--limit", "1").out
    assert 'edit organization 1 "Near West Homes"' in newest
    assert "import members.csv" not in newest
    assert members("undo").code == 0
    everything = members("history").out
    assert "by " in everything
    assert "import" in everything
    own = members("history", "organization", "Near West Homes").out
    assert "mine" in own


# -------------------------------------------------------------------- import


def test_an_import_accounts_for_every_row(partners: Partners, write: Callable[..., Path]) -> None:
    result = partners("import", write(MEMBERS))
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].endswith("members.csv: utf-8, comma separated")
    assert lines[1] == "rows in 3 = 3 new + 0 changed + 0 same + 0 rejected"
    assert "3 organizations" in lines[2]
    assert re.search(r"Organization +organization name +3 ", result.out)
    assert lines[-1] == "operation 2; partners undo takes it back"


def test_an_import_twice_changes_nothing(members: Partners, write: Callable[..., Path], contents: Contents) -> None:
    before = contents()
    result = members("import", write(MEMBERS))
    assert result.code == 0
    assert "rows in 3 = 0 new + 0 changed + 3 same + 0 rejected" in result.out
    assert "0 changes: everything in the file was known" in result.out
    assert "operation" not in result.out
    assert contents() == before


def test_a_dry_run_says_the_same_and_keeps_nothing(
    partners: Partners, write: Callable[..., Path], contents: Contents
) -> None:
    path, before = write(MEMBERS), contents()
    preview = partners("import", path, "--dry-run")
    assert preview.code == 0
    assert "rows in 3 = 3 would be new + 0 would be changed + 0 same + 0 rejected" in preview.out
    assert contents() == before
    asked = json.loads(partners("import", path, "--dry-run", "--format", "json").out)
    done = json.loads(partners("import", path, "--format", "json").out)
    assert asked["schema_version"] == done["schema_version"] == 2
    assert (asked["preview"], asked["operation"]) == (True, None)
    for key in ("rows", "new", "changed", "same", "rejected", "changes", "records", "columns", "lines"):
        assert asked[key] == done[key], key


FAULTS = (
    ("Organization,City\nGood,Peoria\nToo Many,Peoria,extra\nLast,Alton\n", 3, "has 3 cells, the header has 2"),
    ("Organization,City\nGood,Peoria\n,Alton\nLast,Alton\n", 3, "names no organization"),
    ("Organization,Lat,Lon\nGood,41.88,-87.65\nSwapped,-87.65,41.88\nLast,,\n", 3, "swapped"),
    ("Organization,Lat,Lon\nGood,41.88,-87.65\nFar,0,0\nLast,,\n", 3, "0, 0"),
    ("Organization,Lat,Lon\nGood,41.88,-87.65\nHalf,41.88,\nLast,,\n", 3, "one is missing"),
    ("Organization,Lat,Lon\nGood,41.88,-87.65\nOdd,nan,inf\nLast,,\n", 3, "out of range"),
    ("Organization,House district\nGood,5\nBad,119\nLast,118\n", 3, "is no house district"),
    ("Organization,House district\nGood,HD 5\nBad,Springfield\nLast,\n", 3, "is no house district"),
    ("Organization,Senate district\nGood,5\nBad,60\nLast,\n", 3, "is no senate district"),
    ("Organization,Status\nGood,active\nBad,purple\nLast,\n", 3, "is not a choice"),
    ('Organization,Notes\n"Good","one\ntwo"\nBad,a\0b\nLast,\n', 4, "NUL"),
)


@pytest.mark.parametrize(("text", "line", "reason"), FAULTS, ids=[reason for _, _, reason in FAULTS])
def test_a_bad_row_stays_out_with_its_line_and_reason_and_the_rest_goes_in(
    partners: Partners, write: Callable[..., Path], text: str, line: int, reason: str
) -> None:
    path = write(text)
    result = partners("import", path)
    assert result.code == 1
    assert "rows in 3 = 2 new + 0 changed + 0 same + 1 rejected" in result.out
    (said,) = result.err.splitlines()
    assert said.startswith("rejected: ")
    assert f"members.csv:{line}: " in said
    assert reason in said
    names = partners("list", "organizations", "--columns", "name", "--format", "csv").out
    assert names.splitlines() == ['"id","name"', '"1","Good"', '"2","Last"']
    (problem,) = json.loads(partners("import", path, "--format", "json").out)["problems"]
    assert problem["line"] == line
    assert reason in problem["reason"]


def test_many_bad_rows_are_cut_short_in_words_and_whole_in_json(partners: Partners, write: Callable[..., Path]) -> None:
    path = write("Organization,House district\n" + "".join(f"Bad {number},999\n" for number in range(30)))
    result = partners("import", path)
    assert (result.code, len(result.err.splitlines())) == (1, 21)
    assert result.err.splitlines()[-1] == "rejected: 10 more, all of them with --format json"
    assert len(json.loads(partners("import", path, "--format", "json").out)["problems"]) == 30


def test_the_wishes_of_an_import_are_heard(partners: Partners, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes("Organization;City\nCorazón, Inc;Peoria\n".encode("cp1252"))
    result = partners("import", path, "--encoding", "cp1252", "--delimiter", "semicolon", "--not-members")
    assert result.code == 0
    assert "Corazón, Inc" in partners("list", "organizations").out
    assert "0 memberships" in partners("list", "memberships").out
    assert partners("import", path, "--delimiter", "dot").code == 2


def test_the_chicago_file_goes_in_once_and_out_again(partners: Partners, shared_data: Path, contents: Contents) -> None:
    path = shared_data / "dfss_delegate_agencies.csv"
    tables = [line for line in contents() if not any(f'"{name}' in line for name in ("operation", "change", "ledger"))]
    first = json.loads(partners("import", path, "--format", "json").out)
    assert first["rows"] == 1354 == first["new"] + first["changed"] + first["same"] + first["rejected"]
    second = partners("import", path)
    assert second.code == 0
    assert "rows in 1354 = 0 new + 0 changed + 1354 same + 0 rejected" in second.out
    assert "0 changes" in second.out
    assert f"{first['new']} organizations" in partners("list", "organizations").out.splitlines()[-1]
    undone = partners("undo")
    assert (undone.code, undone.err) == (0, "")
    assert partners("list", "organizations").out.endswith("0 organizations\n")
    assert set(tables) <= set(contents())
