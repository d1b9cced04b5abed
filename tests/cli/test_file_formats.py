"""File formats that plugins bring, at the command line: picked by name, missing without plugins, loaded when used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Result

Partners = Callable[..., Result]

LIST = "Organization,City\nPrairie Friends,Peoria\nRock River Bridge,Dixon\n"
PARSERS = ("python_calamine", "xlsxwriter", "partners_crm_tabular.text_files", "partners_crm_tabular.workbooks")


@pytest.fixture
def members(tmp_path: Path) -> Path:
    path = tmp_path / "members.csv"
    path.write_text(LIST)
    return path


def test_a_format_is_picked_by_name(partners: Partners, tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text('{"Organization",City\nPrairie Friends,Peoria\n')
    result = partners("import", path)
    assert result.code == 3
    assert "odd.txt:1: is no JSON" in result.err
    assert partners("import", path, "--as", "csv", "--header-line", "1", "--dry-run").code == 0


def test_a_format_that_there_is_not_is_a_usage_error(
    partners: Partners, members: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNERS_PLUGINS", "tabular")
    result = partners("import", members, "--as", "cards99")
    assert result.code == 2
    assert result.err == "partners: nothing reads files as cards99\n  --as csv, jsonl, xlsx\n"
    result = partners("export", tmp_path / "out.csv", "--as", "cards99")
    assert result.code == 2
    assert result.err.endswith("in which format?\n  --as csv, jsonl, xlsx; or a name that ends so: members.csv\n")


def test_a_whole_coalition_has_no_format_to_pick(partners: Partners, tmp_path: Path) -> None:
    path = tmp_path / "everything.jsonl"
    assert partners("export", path, "--all").code == 0
    result = partners("import", path, "--as", "jsonl")
    assert result.code == 2
    assert f"--as does not apply to {path}, which is a whole coalition" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "members.csv"), "members.csv: no plugin reads files here"),
        (("import", "members.csv", "--dry-run"), "members.csv: no plugin reads files here"),
        (("export", "out.csv"), "out.csv: no plugin writes files here"),
        (("export", "-"), "-: no plugin writes files here"),
        (("duplicates", "score", "--csv", "members.csv"), "members.csv: no plugin reads files here"),
        (("districts", "locate", "--csv", "members.csv"), "members.csv: no plugin reads files here"),
        (("seats", "load", "members.csv"), "members.csv: no plugin reads files here"),
        (("points", "import", "members.csv"), "members.csv: no plugin reads files here"),
    ],
)
def test_without_plugins_one_line_says_what_to_do(
    partners: Partners, members: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(members.parent)
    result = partners("--no-plugins", *words)
    assert result.code == 2
    hint = "leave --no-plugins away, or turn on a plugin that does: partners plugins list"
    assert result.err == f"partners: {said}\n  {hint}\n"
    assert result.out == ""
    assert sorted(each.name for each in members.parent.iterdir() if each.name.startswith("out")) == []


def test_without_plugins_the_formats_of_the_core_are_there(partners: Partners, members: Path, tmp_path: Path) -> None:
    assert partners("import", members).code == 0
    path = tmp_path / "everything.jsonl"
    assert partners("--no-plugins", "export", path, "--all").code == 0
    assert partners("--no-plugins", "import", path, "--dry-run").code == 0
    result = partners("--no-plugins", "--format", "csv", "list", "organizations", "--columns", "name")
    assert result.code == 0
    assert "Prairie Friends" in result.out


@pytest.mark.parametrize("words", [["--help"], ["list", "organizations"], ["plugins", "list"], ["import", "--help"]])
def test_no_parser_is_loaded_where_no_file_is_read(database: Path, words: list[str]) -> None:
    code = f"""
import sys
from partners_crm.cli.app import run
try:
    run(["--db", sys.argv[1], *{words!r}])
except SystemExit:
    pass
print("loaded:", sorted(set({PARSERS!r}) & set(sys.modules)))
"""
    line = [sys.executable, "-c", code, str(database)]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "loaded: []" in ended.stdout


def test_a_list_of_text_loads_nothing_of_workbooks(database: Path, members: Path) -> None:
    code = """
import sys
from partners_crm.cli.app import run
assert run(["--db", sys.argv[1], "import", sys.argv[2]]) == 0
assert run(["--db", sys.argv[1], "export", "-"]) == 0
print("loaded:", sorted({"python_calamine", "xlsxwriter", "partners_crm_tabular.workbooks"} & set(sys.modules)))
"""
    line = [sys.executable, "-c", code, str(database), str(members)]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "loaded: []" in ended.stdout
