"""`partners backup` and `partners restore`: what they print, their codes, and the backup that nobody asked for."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

from partners_crm.store.copying import backups_of, known_backups, verified

KEYS = {"schema_version", "path", "why", "at", "size", "sha256", "schema", "operation", "hash", "rows"}


def test_a_backup_says_where_it_is_and_what_is_in_it(members: Partners, database: Path) -> None:
    done = members("backup")
    assert done.code == 0
    (found,) = [each for each in known_backups(backups_of(database)) if each.why == "by-hand"]
    first, second, third = done.out.splitlines()
    assert first == f"backed up Test Coalition to {found.path}"
    assert "every page and index checked" in second
    assert third == f"newest operation 2; sha256 {found.sha256}"


def test_a_backup_as_json_goes_where_it_is_told(members: Partners, tmp_path: Path) -> None:
    folder = tmp_path / "stick" / "deep"
    said = json.loads(members("backup", folder, "--format", "json").out)
    assert set(said) == KEYS
    found = verified(Path(said["path"]))
    assert found.path.parent == folder
    assert (found.sha256, found.rows, found.operation) == (said["sha256"], said["rows"], 2)


def test_a_backup_into_a_file_is_refused(members: Partners, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    assert_refused(members("backup", path), 2, "is a file, not a folder")
    assert path.read_text() == "mine"


def test_the_first_change_of_a_day_makes_a_backup_and_reading_none(members: Partners, database: Path) -> None:
    first = known_backups(backups_of(database))
    assert [(each.why, each.operation) for each in first] == [("daily", 2)], "the first import is in it"
    for words in (["list", "organizations"], ["coverage", "check"], ["history"], ["doctor"]):
        members(*words)
    assert known_backups(backups_of(database)) == first
    assert members("edit", "organization", "River Table", "name=River Tables").code == 0
    assert members("undo").code == 0
    assert known_backups(backups_of(database)) == first, "one a day"
    for path in backups_of(database).iterdir():
        path.unlink()
    assert members("edit", "organization", "River Table", "name=River Tables").code == 0
    (found,) = known_backups(backups_of(database))
    assert (found.why, found.operation) == ("daily", 4), "made before the change"


def test_a_day_without_room_for_a_backup_is_said_and_the_change_is_made(members: Partners, database: Path) -> None:
    shutil.rmtree(backups_of(database))
    backups_of(database).write_text("in the way")
    done = members("add", "organization", "name=New House")
    assert done.code == 0
    assert done.err.startswith("warning: no backup was made today: ")
    assert 'added organization 4 "New House"' in done.out


def test_what_backups_there_are(members: Partners, database: Path) -> None:
    shutil.rmtree(backups_of(database))
    none = members("restore")
    assert (none.code, none.out) == (0, "")
    assert "there is no backup in" in none.err
    members("backup")
    members("delete", "organization", "River Table", "--yes")
    listed = members("restore")
    assert listed.code == 0
    assert sorted(line.split()[4] for line in listed.out.splitlines()[2:]) == ["by-hand", "daily"]
    rows = list(csv.DictReader(io.StringIO(members("restore", "--format", "csv").out)))
    assert {row["why"] for row in rows} == {"daily", "by-hand"}
    assert [each["why"] for each in json.loads(members("restore", "--format", "json").out)] == [
        each.why for each in known_backups(backups_of(database))
    ]


def test_case_71_there_and_back_again(members: Partners, contents: Contents, database: Path) -> None:
    before = contents()
    members("backup")
    name = known_backups(backups_of(database))[0].path.name
    members("delete", "organization", "River Table", "--yes")
    after = contents()
    restored = members("restore", name)
    assert restored.code == 0
    assert contents() == before
    assert f"restored Test Coalition in {database}" in restored.out
    kept = next(word for word in restored.out.split() if "before-restore" in word)
    again = members("restore", kept, "--format", "json")
    said = json.loads(again.out)
    assert set(said) == {
        "schema_version",
        "database",
        "backup",
        "safety_copy",
        "safety_copy_whole",
        "operation_before",
    }
    assert said["operation_before"] == 2
    assert contents() == after


def test_what_cannot_be_restored(members: Partners, contents: Contents, database: Path, tmp_path: Path) -> None:
    before = contents()
    assert_refused(members("restore", "nothing.db"), 4, "there is no backup nothing.db")
    (tmp_path / "text.db").write_text("no database at all " * 20)
    refused = members("restore", tmp_path / "text.db")
    assert refused.code == 5
    assert "is not a database" in refused.err
    assert_refused_after_looking(members, database, 2, "is the coalition itself")
    assert contents() == before


def assert_refused_after_looking(members: Partners, path: Path, code: int, words: str) -> None:
    result = members("restore", path)
    assert (result.code, result.out) == (code, "")
    assert words in result.err


def test_case_71_over_a_coalition_that_is_open(members: Partners, contents: Contents, database: Path) -> None:
    members("backup")
    name = known_backups(backups_of(database))[0].path.name
    members("delete", "organization", "River Table", "--yes")
    before = contents()
    code = "import sys; from partners_crm import Crm\nwith Crm.open(sys.argv[1]): print('open', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    try:
        refused = members("restore", name)
    finally:
        other.communicate("\n")
    assert refused.code == 4
    assert f"is open in process {other.pid}; nothing was changed" in refused.err
    assert contents() == before


def test_case_55_a_coalition_in_a_copied_folder_is_warned_about_where_it_is_changed(
    partners: Partners, tmp_path: Path
) -> None:
    path = tmp_path / "OneDrive - Firm" / "coalition.db"
    created = partners("--db", path, "init")
    assert created.code == 0
    assert "is in a folder copied by OneDrive" in created.err
    assert [each.name for each in path.parent.iterdir()] == ["coalition.db"]
    added = partners("--db", path, "add", "organization", "name=A")
    assert added.code == 0
    assert "partners backup FOLDER" in added.err
    listed = partners("--db", path, "list", "organizations")
    assert (listed.code, listed.err) == (0, ""), "a question from cron is answered without a word"


@pytest.mark.parametrize("words", [["list", "organizations"], ["add", "organization", "name=B"]])
def test_case_70_a_copy_without_its_log_is_told_apart_wherever_it_is_opened(
    partners: Partners, database: Path, tmp_path: Path, words: list[str]
) -> None:
    from partners_crm.crm import Crm
    from partners_crm.model import Organization

    copy = tmp_path / "copy.db"
    with Crm.open(database) as crm:
        for name in ("First", "Second"):
            with crm.changes("add") as unit:
                unit.add(Organization, name=name)
        copy.write_bytes(subprocess.run(["cat", str(database)], capture_output=True, check=True).stdout)
    said = partners("--db", copy, *words)
    assert said.code == 0
    assert f"warning: {copy} is a copy that was made while it was in use, without its log" in said.err
    whole = partners("list", "organizations")
    assert whole.err == ""
    assert "2 organizations" in whole.out
