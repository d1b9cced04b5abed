"""What the command refuses: one line, one hint, the promised exit code, and a coalition left as it was."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused
from tests.processes import command

from partners_crm.cli.app import COMMANDS

FILES: tuple[tuple[str, bytes | None, str], ...] = (
    ("missing.csv", None, "there is no such file"),
    ("folder", None, "is a folder"),
    ("empty.csv", b"", "is empty"),
    ("blank.csv", b"\xef\xbb\xbf \r\n\r\n", "is empty"),
    ("binary.csv", bytes(range(256)) * 20, "binary"),
    ("book.xlsx", b"PK\x03\x04rest", "workbook"),
    ("paper.pdf", b"%PDF-1.7\n", "PDF"),
    ("store.db", b"SQLite format 3\0" + bytes(84), "a database"),
    ("colours.csv", b"Colour,Size\nred,3\n", "no column names an organization"),
    ("open.csv", b'Organization,City\n"Open,Peoria\nB,C\n', "never closed"),
)


@pytest.mark.parametrize(("name", "data", "words"), FILES, ids=[name for name, _, _ in FILES])
def test_a_file_that_cannot_be_imported_is_refused_with_code_3(
    partners: Partners, contents: Contents, tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    path = tmp_path / "in" / name
    path.parent.mkdir()
    if name == "folder":
        path.mkdir()
    elif data is not None:
        path.write_bytes(data)
    before = contents()
    for extra in ([], ["--dry-run"], ["--format", "json"]):
        assert_refused(partners("import", path, *extra), 3, words, name)
    assert contents() == before


def test_a_file_that_may_not_be_read_is_refused(database: Path, contents: Contents, write: Callable[..., Path]) -> None:
    path = write("Organization\nA\n")
    path.chmod(0)
    before = contents()
    assert_refused(command(database, "import", path, powers=False), 3, "members.csv")
    assert contents() == before


USAGE: tuple[tuple[list[str], str], ...] = (
    (["frob"], "there is no command frob"),
    (["lst", "organizations"], "there is no command lst"),
    (["list"], "entity"),
    (["list", "organizations", "--frob"], "--frob"),
    (["--format", "xml", "list", "organizations"], "xml"),
    (["list", "organizations", "--format", "xml"], "xml"),
    (["list", "frobs"], "there are no frobs"),
    (["list", "organizations", "--columns", "name,colour"], "no column colour"),
    (["list", "organizations", "--sort", "colour"], "cannot be sorted by colour"),
    (["list", "organizations", "colour:red"], "no field colour"),
    (["show", "organization"], "key"),
    (["show", "organization", "999"], "there is no organization 999"),
    (["show", "organization", "Nobody"], "no organization called Nobody"),
    (["show", "frob", "1"], "there are no frob"),
    (["add", "frob", "name=A"], "there are no frob"),
    (["add", "organization"], "must not be empty"),
    (["add", "organization", "name"], "name is not FIELD=VALUE"),
    (["add", "organization", "=A"], "=A is not FIELD=VALUE"),
    (["add", "organization", "name=A", "colour=red"], "no field colour"),
    (["add", "organization", "name=A", "kind=castle"], "is not a choice"),
    (["add", "organization", "name=A", "parent=Nobody"], "no organization called Nobody"),
    (["add", "site", "organization=Near West Homes", "kind=hq", "latitude=north"], "is not a number"),
    (["add", "site", "organization=Near West Homes", "kind=hq", "latitude=nan"], "is out of range"),
    (["add", "membership", "organization=Near West Homes", "since=soon"], "is not a date"),
    (["edit", "organization", "Near West Homes"], "nothing to change"),
    (["edit", "organization", "Near West Homes", "name="], "must not be empty"),
    (["edit", "organization", "Near West Homes", "colour=red"], "no field colour"),
    (["edit", "organization", "Nobody", "name=A"], "no organization called Nobody"),
    (["archive", "silo", "housing"], "are not archived"),
    (["archive", "organization", "Nobody"], "no organization called Nobody"),
    (["delete", "organization", "Nobody", "--yes"], "no organization called Nobody"),
    (["history", "organization"], "which record"),
    (["history", "--limit", "many"], "many"),
    (["undo", "999"], "there is no operation 999"),
    (["undo", "first"], "first"),
    (["redo"], "nothing to redo"),
    (["coverage"], "verb"),
    (["coverage", "frob"], "frob"),
    (["coverage", "check", "--min-count", "0"], "at least 1"),
    (["coverage", "check", "--silo", "nosuch"], "nosuch"),
    (["coverage", "check", "--map", "il-1871"], "il-1871"),
    (["coverage", "check", "--as-of", "2026-13-01"], "is no date"),
    (["coverage", "check", "--basis", "dream"], "dream"),
    (["config", "get"], "which setting"),
    (["config", "get", "colour"], "there is no setting colour"),
    (["config", "set", "colour", "red"], "there is no setting colour"),
    (["config", "set", "theme"], "which value of theme"),
    (["config", "set", "theme", "pink"], "is not a choice"),
    (["config", "set", "demo", "tiny"], "is set once"),
    (["config", "set", "map", "il-1871"], "no district map il-1871"),
    (["config", "set", "time_zone", "Mars/Base"], "is no time zone"),
    (["config", "set", "fiscal_year_start", "13-01"], "is no month and day"),
    (["config", "set", "name", " "], "must not be empty"),
    (["completion", "tcsh"], "tcsh"),
    (["import"], "FILE"),
    (["demo", "--size", "vast"], "vast"),
    (["demo"], "holds a coalition that is no demo"),
    (["ui"], "needs a terminal"),
    (["init", "--state", "zz"], "exists already"),
)


@pytest.mark.parametrize(("words", "said"), USAGE, ids=[" ".join(words) for words, _ in USAGE])
def test_wrong_usage_is_refused_in_a_line(members: Partners, contents: Contents, words: list[str], said: str) -> None:
    before = contents()
    assert_refused(members(*words), 4 if words[0] == "init" else 2, said)
    assert contents() == before


def test_the_operation_that_set_the_coalition_up_stays(partners: Partners, contents: Contents) -> None:
    before = contents()
    assert_refused(partners("undo", "1"), 1, "cannot be undone")
    assert contents() == before


def test_a_name_that_stands_for_two_is_refused_and_both_are_listed(members: Partners, contents: Contents) -> None:
    assert members("add", "organization", "name=River Table").code == 0
    before = contents()
    assert_refused(members("archive", "organization", "River Table"), 2, "River Table")
    assert contents() == before


def test_a_day_without_a_map_cannot_be_decided(members: Partners, contents: Contents) -> None:
    before = contents()
    assert_refused(members("coverage", "check", "--as-of", "1999-01-01"), 3, "1999-01-01", "--map")
    assert contents() == before


# Commands that read or change a coalition, with words each accepts.
ON_A_COALITION: dict[str, list[str]] = {
    "import": ["members.csv"],
    "export": ["out.csv"],
    "report": ["first-look"],
    "list": ["organizations"],
    "show": ["organization", "1"],
    "add": ["organization", "name=A"],
    "edit": ["organization", "1", "name=B"],
    "archive": ["organization", "1"],
    "delete": ["organization", "1", "--yes"],
    "history": [],
    "undo": [],
    "redo": [],
    "coverage": ["check"],
    "districts": ["maps"],
    "check": [],
    "points": ["export", "out.csv"],
    "seats": ["list"],
    "members": ["growth"],
    "silos": ["balance"],
    "searches": ["list"],
    "duplicates": ["list"],
    "find": ["word"],
    "backup": [],
    "doctor": [],
    "config": ["set", "name", "A"],
}


def test_every_command_is_of_a_known_kind() -> None:
    assert set(COMMANDS) == set(ON_A_COALITION) | {
        "init",
        "where",
        "completion",
        "ui",
        "demo",
        "restore",
        "recover",
        "plugins",
    }


@pytest.mark.parametrize("name", ON_A_COALITION)
def test_a_missing_coalition_is_refused_with_code_4(partners: Partners, tmp_path: Path, name: str) -> None:
    path = tmp_path / "none" / "missing.db"
    assert_refused(partners("--db", path, name, *ON_A_COALITION[name]), 4, "there is no coalition at", "partners init")
    assert not path.parent.exists()


@pytest.mark.parametrize("name", ON_A_COALITION)
def test_a_folder_is_no_coalition(partners: Partners, tmp_path: Path, name: str) -> None:
    assert_refused(partners("--db", tmp_path, name, *ON_A_COALITION[name]), 4, "is a directory")


def foreign(database: Path, path: Path, kind: str) -> None:
    """Put something at a path that is no coalition this program can use."""
    if kind == "newer":
        shutil.copyfile(database, path)
    elif kind == "garbage":
        path.write_bytes(b"no database at all\n" * 400)
    elif kind == "empty":
        path.touch()
    elif kind == "torn":
        path.write_bytes(database.read_bytes()[:1000])
    if kind in {"newer", "foreign"}:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE IF NOT EXISTS another (x)")
        connection.commit()
        connection.close()


@pytest.mark.parametrize("name", ON_A_COALITION)
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("newer", "newer version (schema 99"),
        ("garbage", "is not a database"),
        ("empty", "is empty, not a database"),
        ("torn", "is cut short"),
    ],
)
def test_what_is_no_coalition_of_ours_is_refused_with_code_5_and_left_alone(
    partners: Partners, database: Path, tmp_path: Path, name: str, kind: str, words: str
) -> None:
    path = tmp_path / f"{kind}.db"
    foreign(database, path, kind)
    before = path.read_bytes()
    assert_refused(partners("--db", path, name, *ON_A_COALITION[name]), 5, words, path.name)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ON_A_COALITION)
def test_a_database_of_another_program_is_refused(
    partners: Partners, database: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "other.db"
    foreign(database, path, "foreign")
    assert_refused(partners("--db", path, name, *ON_A_COALITION[name]), 5, "of another program", path.name)


def test_a_database_of_another_program_is_left_alone(partners: Partners, database: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    foreign(database, path, "foreign")
    before = path.read_bytes()
    assert partners("--db", path, "list", "organizations").code == 5
    assert path.read_bytes() == before


@pytest.mark.parametrize("url", ["postgresql://somewhere/coalition", "https://example.org/x.db"])
def test_a_url_is_no_file(partners: Partners, url: str) -> None:
    assert_refused(partners("--db", url, "list", "organizations"), 2, "is a URL")
    assert_refused(partners("--db", url, "init"), 2, "is a URL")


def test_a_coalition_that_may_not_be_written_is_refused_with_code_6(database: Path, contents: Contents) -> None:
    before = contents()
    database.chmod(0o400)
    database.parent.chmod(0o500)
    try:
        assert_refused(command(database, "add", "organization", "name=A", powers=False), 6, str(database))
    finally:
        database.parent.chmod(0o700)
        database.chmod(0o600)
    assert contents() == before


def test_a_coalition_that_may_not_be_read_is_refused_with_code_6(database: Path) -> None:
    database.chmod(0)
    assert_refused(command(database, "list", "organizations", powers=False), 6, str(database))


def test_a_folder_that_takes_no_new_file_is_refused_with_code_6(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    assert_refused(command(folder / "x.db", "init", powers=False), 6, "does not allow a new file")


LONG = "x" * 300
BROKEN: tuple[tuple[list[str], int], ...] = (
    (["--db", LONG, "list", "organizations"], 4),
    (["undo", "9" * 30], 2),
    (["config", "set", "name", "\udcff"], 2),
    (["coverage", "check", "--silo", "\udcff"], 2),
    (["add", "site", "organization=Near West Homes", "kind=hq", "address=1 Main St\udcff"], 2),
)


@pytest.mark.parametrize(("words", "code"), BROKEN)
def test_an_odd_word_is_refused_like_any_other(
    members: Partners, contents: Contents, words: list[str], code: int
) -> None:
    before = contents()
    assert_refused(members(*words), code)
    assert contents() == before


def test_a_file_whose_name_is_no_text_is_imported_or_refused(
    partners: Partners, tmp_path: Path, write: Callable[..., Path]
) -> None:
    path = tmp_path / "members\udcff.csv"
    try:
        write("Organization\nA\n").rename(path)
    except OSError:
        pytest.skip("this file system takes text alone for names")
    assert partners("import", path).code in {0, 2}
