"""`partners recover`: what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Partners, assert_refused
from tests.wrecks import damaged

from partners_crm.crm import Crm
from partners_crm.services.recovering import LEFTOVER
from partners_crm.store.files import side
from partners_crm.store.pages import Pages

HOSTILE = "\x1b[31mEvil \u202eHouse\x07"


@pytest.fixture
def broken(members: Partners, database: Path) -> Path:
    """The file of three organizations, two pages of it lost: the organizations, and what the journal says of them."""
    with Crm.open(database) as crm, crm.changes("name it") as unit:
        unit.update(crm.organizations("")[0], name=HOSTILE)
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        ((page,),) = connection.execute(query, ("organization",)).fetchall()
        ((change,),) = connection.execute("SELECT min(id) FROM change WHERE entity = 'organization'").fetchall()
        ((values,),) = connection.execute(query, ("change_values",)).fetchall()
    with Pages(database) as pages:
        leaves = pages.walk(values).leaves
        (leaf,) = [each for each in leaves if any(row and row.id == change for row in pages.rows(each))]
    database.write_bytes(damaged(database.read_bytes(), page, leaf))
    return database


def test_a_file_that_is_fine_is_recovered_with_code_0(members: Partners, database: Path) -> None:
    result = members("recover")
    new = database.with_name("coalition.recovered.db")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].split() == ["entity", "found", "rebuilt", "lost", "unproven", "unknown"]
    assert "organizations       3        0     0         0        0" in lines
    assert "nothing is missing" in lines
    assert lines[-2] == f"look at it: partners --db {new} ui"
    assert lines[-1] == f"then put it in the coalition's place: partners --db {database} restore {new}"
    assert members("--db", new, "list", "organizations").out == members("list", "organizations").out


def test_case_51_a_damaged_file_is_recovered_with_code_1_and_restored(partners: Partners, broken: Path) -> None:
    before = broken.read_bytes()
    new = broken.with_name("new file.db")
    result = partners("recover", broken, "--into", new)
    assert result.code == 1
    assert broken.read_bytes() == before
    assert "lost: organization" in result.out
    assert "its row is lost" in result.out
    assert f"what could be read and not be used is in {side(new, LEFTOVER)}" in result.out
    assert f"restore '{new}'" in result.out
    assert new.stat().st_mode & 0o777 == 0o600
    assert partners("restore", new).code == 0
    assert partners("list", "organizations").code == 0


def test_case_51_names_from_a_damaged_file_do_not_act_on_a_terminal(partners: Partners, broken: Path) -> None:
    for kind in ("table", "csv", "json"):
        result = partners("recover", "--into", broken.with_name(f"{kind}.db"), "--format", kind)
        assert result.code == 1
        assert not {"\x1b", "\x07", "\u202e"} & set(result.out + result.err)


def test_the_json_and_the_csv_have_all_of_it(partners: Partners, broken: Path) -> None:
    result = partners("recover", "--into", broken.with_name("a.db"), "--format", "json")
    assert (result.code, result.err) == (1, "")
    found = json.loads(result.out)
    assert (found["schema_version"], found["complete"]) == (1, False)
    assert found["file"] == str(broken)
    assert Path(found["into"]) == broken.with_name("a.db")
    assert Path(found["leftover"]).exists()
    lost = {(each["entity"], each["id"]) for each in found["lost"]}
    assert {entity for entity, _ in lost} >= {"organization", "site", "membership"}
    result = partners("recover", "--into", broken.with_name("b.db"), "--format", "csv")
    assert result.code == 1
    assert "lost: organization" in result.err
    rows = {row["entity"]: row for row in csv.DictReader(io.StringIO(result.out))}
    assert {each["entity"] for each in found["entities"]} >= set(rows)
    for each in found["entities"]:
        if each["entity"] in rows:
            row = rows[each["entity"]]
            assert int(row["found"]) == each["found"]
            assert int(row["unproven"]) == len(each["unproven"])
    assert sum(int(row["found"]) + int(row["rebuilt"]) for row in rows.values()) == found["records"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("missing.db", None, 4),
        ("empty.db", b"", 5),
        ("noise.db", bytes(range(256)) * 100, 5),
        ("members.csv", b"Organization\nA\n", 5),
    ],
)
def test_case_51_what_cannot_be_recovered_is_refused(
    partners: Partners, tmp_path: Path, name: str, data: bytes | None, code: int
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    before = sorted(tmp_path.iterdir())
    assert_refused(partners("recover", path), code, str(path))
    assert sorted(tmp_path.iterdir()) == before


def test_case_51_a_foreign_database_is_refused(partners: Partners, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE song (id INTEGER PRIMARY KEY, name TEXT)")
    assert_refused(partners("recover", path), 5, "another program")


def test_what_is_there_is_not_overwritten(members: Partners, database: Path) -> None:
    there = database.with_name("coalition.recovered.db")
    there.write_bytes(b"mine")
    assert_refused(members("recover"), 4, str(there), "--into")
    assert_refused(members("recover", "--into", database), 4, str(database))
    assert there.read_bytes() == b"mine"


def test_a_coalition_in_use_is_not_recovered(members: Partners, database: Path) -> None:
    with Crm.open(database):
        assert_refused(members("recover"), 4, "is open in")


def test_a_url_is_no_file(partners: Partners) -> None:
    assert_refused(partners("recover", "postgresql://host/db"), 2, "is a URL")
