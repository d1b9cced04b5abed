"""`partners export --like`: back to the user's own columns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import MEMBERS, Partners, assert_refused

COLUMNS = len(MEMBERS.splitlines()[0].split(","))


@pytest.fixture
def like(members: Partners, tmp_path: Path) -> Path:
    """The mapping of the file that the coalition was imported from."""
    path = tmp_path / "like.toml"
    assert members("import", tmp_path / "members.csv", "--save-mapping", path).code == 0
    return path


def test_the_file_comes_back(members: Partners, like: Path, tmp_path: Path) -> None:
    back = tmp_path / "back.csv"
    result = members("export", back, "--like", like)
    assert (result.code, result.err) == (0, "")
    first, means = result.out.splitlines()
    assert first == f"{back}: 3 rows, {COLUMNS} columns"
    assert means.startswith(f"Organizations that are not archived, in the columns of {like}; as of ")
    header, *rows = back.read_text("utf-8").splitlines()
    assert header.replace('"', "") == MEMBERS.splitlines()[0]
    assert [row.partition(",")[0] for row in rows] == ['"Near West Homes"', '"River Table"', '"Quiet House"']
    again = json.loads(members("import", back, "--mapping", like, "--format", "json").out)
    assert json.dumps(again).count('"changes": 0') == 1
    assert not (tmp_path / "datapackage.json").exists()


def test_a_query_to_standard_output(members: Partners, like: Path) -> None:
    result = members("export", "-", "--like", like, "--where", "city:peoria", "--as-of", "2026-01-01")
    assert result.code == 0
    assert [line.partition(",")[0] for line in result.out.splitlines()] == ['"Organization"', '"River Table"']
    assert "1 row, " in result.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["back.jsonl", "--like", "like.toml"], 2, "JSON Lines have no columns of your own"),
        (["back.csv", "--like", "missing.toml"], 2, "there is no mapping missing.toml"),
        (["back.csv", "--like", "like.toml", "--columns", "name"], 2, "--columns does not go with --like"),
        (["back.csv", "--like", "like.toml", "--entity", "sites"], 2, "--entity does not go with --like"),
        (["back.csv", "--map", "il-2021"], 2, "--map goes with --like"),
        (["back.csv", "--as-of", "2026-01-01"], 2, "--as-of goes with --like"),
        (["all.jsonl", "--all", "--like", "like.toml"], 2, "--like does not go with it"),
        (["-", "--like", "like.toml", "--as", "xlsx"], 2, "as CSV alone"),
        (["back.xlsx", "--like", "like.toml", "--excel"], 2, "for CSV files"),
        (["like.toml", "--as", "csv", "--like", "like.toml"], 2, "exists already"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refusals(
    members: Partners,
    like: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert_refused(members("export", *words), code, said)
    assert sorted(tmp_path.iterdir()) == before
