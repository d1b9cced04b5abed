"""`partners doctor` as it is typed: what it prints in each form, its exit codes, and that it changes nothing."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

from partners_crm.cli.commands.doctor import as_json
from partners_crm.services.doctor import CHECKS
from partners_crm.store import health
from partners_crm.store.copying import backups_of

NAMES = [check.name for check in CHECKS]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"


@pytest.fixture(autouse=True)
def current_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SQLite in use has no fault, whichever it is."""
    monkeypatch.setattr(health, "sqlite_version", lambda: (3, 51, 3))


@pytest.fixture
def sound(members: Partners) -> Partners:
    """The command on a coalition that nothing is wrong with."""
    assert members("edit", "site", "3", "kind=hq", "address=1 Main St", "latitude=38.89", "longitude=-90.18").code == 0
    assert members("backup").code == 0
    return members


def raw(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_sound_coalition_is_told_line_by_line_with_exit_code_0(sound: Partners) -> None:
    result = sound("doctor")
    assert (result.code, result.err) == (0, "")
    assert result.out == "".join(f"{name:9}  ok\n" for name in NAMES) + "no findings\n"


def test_findings_are_told_under_their_check_with_the_remedy_and_exit_code_1(sound: Partners, database: Path) -> None:
    database.chmod(0o644)
    raw(database, "DROP INDEX organization_name")
    raw(database, "DROP INDEX site_city")
    result = sound("doctor")
    lines = result.out.splitlines()
    assert (result.code, result.err) == (1, "")
    place = lines.index("modes      1 finding")
    assert lines[place + 1] == f"  {database} can be read by others (mode 644)"
    assert lines[place + 2] == f"    -> chmod 600 {database}"
    place = lines.index("schema     2 findings")
    assert lines[place + 1] == "  table organization has no index on name"
    assert lines[-1] == "3 findings in 2 checks"


def test_a_note_is_told_and_is_no_finding(sound: Partners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "sqlite_version", lambda: (3, 40, 1))
    result = sound("doctor", "sqlite")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "sqlite     1 note"
    assert "SQLite 3.40.1" in lines[1]
    assert lines[-1] == "no findings"


def test_only_the_named_checks_are_run(sound: Partners, database: Path) -> None:
    database.chmod(0o644)
    result = sound("doctor", "schema", "links")
    assert (result.code, result.out) == (0, "links      ok\nschema     ok\nno findings\n")
    assert sound("doctor", "modes").out.splitlines()[-1] == "1 finding in 1 check"


def test_the_json_holds_everything_and_every_key_is_in_the_reference(sound: Partners, database: Path) -> None:
    assert json.loads(sound("doctor", "--format", "json").out)["findings"] == 0
    database.chmod(0o644)
    result = sound("doctor", "--format", "json")
    found = json.loads(result.out)
    assert result.code == 1
    assert found["schema_version"] == 1
    assert found["database"] == str(database)
    assert datetime.fromisoformat(found["checked_at"]).utcoffset() is not None
    assert found["sqlite"] == "3.51.3"
    assert found["findings"] == 1
    assert [each["check"] for each in found["checks"]] == NAMES
    (modes,) = [each for each in found["checks"] if each["findings"]]
    assert modes == {
        "check": "modes",
        "about": CHECKS[0].about,
        "findings": [
            {
                "level": "finding",
                "message": f"{database} can be read by others (mode 644)",
                "remedy": f"chmod 600 {database}",
            }
        ],
    }
    text = PAGE.read_text("utf-8").partition("partners doctor")[2].partition("\n\n")[0]
    for key in {*as_json([], ""), *modes, *modes["findings"][0]}:
        assert f"`{key}`" in text, key


def test_the_csv_has_a_row_for_each_finding(sound: Partners, database: Path) -> None:
    assert sound("doctor", "--format", "csv").out == '"check","level","message","remedy"\r\n'
    database.chmod(0o644)
    result = sound("doctor", "--format", "csv")
    rows = list(csv.reader(io.StringIO(result.out)))
    assert result.code == 1
    assert [row[:2] for row in rows[1:]] == [["modes", "finding"]]
    assert rows[1][3] == f"chmod 600 {database}"


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_quiet_prints_nothing_when_there_is_no_finding(sound: Partners, database: Path, form: str) -> None:
    result = sound("doctor", "--quiet", "--format", form)
    assert (result.code, result.out, result.err) == (0, "", "")
    database.chmod(0o644)
    result = sound("doctor", "--quiet", "--format", form)
    assert result.code == 1
    assert "modes" in result.out


def test_the_checks_are_listed_without_a_coalition(partners: Partners, tmp_path: Path) -> None:
    def listed(form: str) -> str:
        result = partners("--db", tmp_path / "none.db", "doctor", "--list", "--format", form)
        assert (result.code, result.err) == (0, "")
        return result.out

    assert json.loads(listed("json")) == [{"check": check.name, "about": check.about} for check in CHECKS]
    assert [row[0] for row in csv.reader(io.StringIO(listed("csv")))] == ["check", *NAMES]
    assert [line.split()[0] for line in listed("table").splitlines()[2:]] == NAMES


def test_a_check_that_does_not_exist_is_refused_with_code_2(partners: Partners, tmp_path: Path) -> None:
    assert_refused(partners("doctor", "teeth"), 2, "there is no check teeth", *NAMES)
    assert_refused(partners("--db", tmp_path / "none.db", "doctor", "teeth"), 2, "there is no check teeth")


def test_a_coalition_without_a_backup_and_with_lost_sites_says_what_to_do(members: Partners, database: Path) -> None:
    shutil.rmtree(backups_of(database))
    result = members("doctor", "backups", "sites")
    assert result.code == 1
    assert "there is no backup in" in result.out
    assert "-> make one: partners backup\n" in result.out
    assert "Quiet House (organization 3, site 3)" in result.out
    assert result.out.endswith("2 findings in 2 checks\n")


def test_case_68_a_coalition_named_through_a_link_is_told(sound: Partners, database: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(database)
    result = sound("--db", link, "doctor", "modes")
    assert result.code == 1
    assert f"{link} is a symbolic link to {database}" in result.out


def test_it_never_writes(sound: Partners, database: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    raw(database, "DELETE FROM assignment WHERE id = 1")
    before, data = contents(), database.read_bytes()
    files = sorted(database.parent.rglob("*"))
    assert sound("doctor").code == 1
    assert contents() == before
    assert database.read_bytes() == data
    assert sorted(database.parent.rglob("*")) == files


def test_names_from_outside_do_not_act_on_a_terminal(partners: Partners) -> None:
    assert partners("add", "organization", "name=Red\x1b[31m\x9b\u202eHouse").code == 0
    assert partners("add", "site", "organization=1", "kind=hq", "address=1 Main St").code == 0
    result = partners("doctor", "sites")
    assert result.code == 1
    assert "Red␛[31m" in result.out
    assert not set("\x1b\x9b\u202e") & set(result.out + result.err)
    assert partners("doctor", "sites", "--format", "json").out.isascii()


def test_the_shell_completes_the_checks(bare: Partners) -> None:
    script = bare("completion", "bash").out
    (line,) = [line for line in script.splitlines() if line.strip().startswith("doctor)")]
    assert {*NAMES, "--list", "--quiet"} <= set(line.split('"')[1].split())


@pytest.mark.parametrize("text", ["A\nB", "x" * 5000])
def test_a_finding_stays_on_its_line(partners: Partners, database: Path, text: str, write: Callable[..., Path]) -> None:
    raw(database, f"UPDATE operation SET title = '{text}'")
    lines = partners("doctor", "journal").out.splitlines()
    assert len(lines) == 4
    assert lines[0] == "journal    1 finding"
    assert lines[3] == "1 finding in 1 check"
