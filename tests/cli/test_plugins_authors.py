"""`partners plugins new` and `partners plugins check`: a copy that is a plugin of its own, and what is said of one."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import tomllib
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Result

from partners_crm.cli.commands import plugins_authors

EXAMPLE = Path(__file__).parents[2] / "plugins" / "partners-crm-example"
Partners = Callable[..., Result]

GOOD = """
from partners_crm.plugins import Answer, PluginCheck, hookimpl


@hookimpl
def register_checks():
    return [PluginCheck(name="fine", about="it is fine", run=lambda context, terms: Answer("met", "Fine."))]
"""


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith((".", "__py")) for part in path.relative_to(folder).parts)
    }


@pytest.mark.parametrize("name", ["dues", "site-log", "a1"])
def test_a_copy_has_its_own_names_everywhere(name: str, partners: Partners, tmp_path: Path) -> None:
    done = partners("plugins", "new", name, "--in", tmp_path)
    assert done.code == 0
    folder = tmp_path / f"partners-crm-{name}"
    assert done.out == f"made {folder}\n"
    assert f"pip install -e {folder}" in done.err
    assert f"partners plugins enable {name}" in done.err
    made, module = texts(folder), f"partners_crm_{name.replace('-', '_')}"
    assert len(made) == len(texts(EXAMPLE))
    described = tomllib.loads(made["pyproject.toml"])["project"]
    assert described["name"] == folder.name
    assert described["entry-points"] == {
        "partners_crm": {name: module},
        "partners_crm.tui": {name: f"{module}.screens"},
    }
    assert f"src/{module}/__init__.py" in made
    for path, text in made.items():
        assert not re.search(r"(?i)\bexample\b|_example|-example|site visits|maintainers", text), path
        if path.endswith(".py"):
            ast.parse(text)
    assert not list(tmp_path.glob(".*"))


def test_a_copy_is_the_example_but_for_its_names() -> None:
    there = texts(EXAMPLE)
    assert {path: plugins_authors.renamed(text, "example") for path, text in there.items() if path.endswith(".py")} == {
        path: text.replace("Site visits", "Example") for path, text in there.items() if path.endswith(".py")
    }


@pytest.mark.parametrize(
    "name",
    ["", "Dues", "9lives", "a_b", "a--b", "-a", "a-", "dues plan", "../dues", "ключ", "x" * 31, "example", "tabular"],
)
def test_a_name_that_is_none_is_refused(name: str, partners: Partners, tmp_path: Path) -> None:
    done = partners("plugins", "new", "--in", tmp_path, "--", name)
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") >= 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("partners-crm")] == []


def test_what_is_there_is_left_alone(partners: Partners, tmp_path: Path) -> None:
    folder = tmp_path / "partners-crm-dues"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", "utf-8")
    done = partners("plugins", "new", "dues", "--in", tmp_path)
    assert done.code == 2
    assert "is there already" in done.err
    assert texts(folder) == {"mine.txt": "mine"}
    assert partners("plugins", "new", "dues", "--in", tmp_path / "nowhere").code == 2


def test_nothing_is_left_of_a_copy_that_fails(
    partners: Partners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "pyproject.toml")

    monkeypatch.setattr(Path, "write_text", full)
    assert partners("plugins", "new", "dues", "--in", tmp_path).code == 4
    assert [path.name for path in tmp_path.iterdir() if "dues" in path.name] == []


def test_new_as_json(partners: Partners, tmp_path: Path) -> None:
    done = partners("plugins", "new", "dues", "--in", tmp_path, "--format", "json")
    folder = str(tmp_path / "partners-crm-dues")
    assert json.loads(done.out) == {"schema_version": 1, "name": "dues", "folder": folder}


def test_a_plugin_that_keeps_the_contracts_passes(partners: Partners, tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(GOOD, "utf-8")
    done = partners("plugins", "check", tmp_path / "fine.py", "--format", "json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["schema_version"] == 1
    assert {each["outcome"] for each in found["tests"]} == {"passed"}
    assert {each["suite"] for each in found["tests"]} == {"TestPlugin", "TestPluginCheckFine"}
    assert re.fullmatch(r"\d+ tests: \d+ passed, 0 failed, 0 skipped\n", done.err)


def test_a_plugin_that_breaks_one_is_told_which(partners: Partners, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "__init__.py").write_text(GOOD.replace('"Fine."', '""'), "utf-8")
    done = partners("plugins", "check", folder, "--format", "csv")
    assert done.code == 1
    rows = list(csv.DictReader(io.StringIO(done.out)))
    failed = {row["test"]: row["why"] for row in rows if row["outcome"] == "failed"}
    assert "an answer is a sentence" in failed["it answers the same twice"]
    assert "TestPluginCheckFine: it answers the same twice: an answer is a sentence" in done.err


def test_the_own_tests_of_a_folder_are_run_on_that_folder(partners: Partners, tmp_path: Path) -> None:
    """The folder is what is tested: it need not be installed, and another version that is does not count."""
    partners("plugins", "new", "dues", "--in", tmp_path)
    folder = tmp_path / "partners-crm-dues"
    contracts = folder / "tests" / "test_contracts.py"
    kept = contracts.read_text("utf-8")
    contracts.write_text(kept[: kept.index("class TestImporter")], "utf-8")
    done = partners("plugins", "check", folder)
    assert done.code == 0, done.err
    assert done.out.splitlines()[2].split()[:2] == ["passed", "TestPlugin"]
    module = folder / "src" / "partners_crm_dues" / "__init__.py"
    module.write_text(module.read_text("utf-8") + "\nimport peewee\n", "utf-8")
    done = partners("plugins", "check", folder)
    assert done.code == 1
    assert "peewee" in done.err


def test_what_is_no_plugin_is_refused(partners: Partners, tmp_path: Path) -> None:
    assert partners("plugins", "check", tmp_path / "nowhere").code == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    done = partners("plugins", "check", empty)
    assert done.code == 2
    assert "holds no plugin" in done.err
    (empty / "pyproject.toml").write_text("[project\n", "utf-8")
    assert partners("plugins", "check", empty).code == 3


def test_a_plugin_that_cannot_be_imported_is_told(partners: Partners, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("import nothing_of_this_name\n", "utf-8")
    done = partners("plugins", "check", tmp_path / "odd.py")
    assert done.code == 1
    assert "doctor: the plugin: it raised ModuleNotFoundError" in done.err
    assert "Traceback" not in done.err


def test_tests_that_cannot_be_run_are_told(partners: Partners, tmp_path: Path) -> None:
    partners("plugins", "new", "dues", "--in", tmp_path)
    folder = tmp_path / "partners-crm-dues"
    (folder / "tests" / "test_contracts.py").write_text("from partners_crm.testing import NothingOfThisName\n", "utf-8")
    (folder / "tests" / "test_visits.py").unlink()
    done = partners("plugins", "check", folder)
    assert done.code == 2
    assert "the tests of partners-crm-dues could not be run" in done.err
    assert "Traceback" not in done.err


def test_without_pytest_it_says_what_to_install(
    partners: Partners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name, *more: None if name == "pytest" else real(name, *more))
    done = partners("plugins", "check", tmp_path)
    assert done.code == 2
    assert "pip install pytest" in done.err


def test_declaring_the_verbs_loads_no_test_runner() -> None:
    source = ast.parse(Path(plugins_authors.__file__).read_text("utf-8"))
    names = {
        alias.name for node in source.body if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    }
    assert not names & {"subprocess", "tempfile", "shutil", "pytest", "tomllib", "resources"}


def test_a_file_is_checked_alone_whatever_lies_beside_it(partners: Partners, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "fine.py").write_text(
        "from partners_crm.plugins import *\n\n\n"
        "def find(context, value):\n    return context.ids('organizations')\n\n\n"
        "@hookimpl\ndef register_query_fields():\n"
        "    return [QueryField(name='any', entity='organization', label='Any', find=find)]\n"
    )
    (folder / "broken.py").write_text("raise SystemExit\n")
    assert partners("plugins", "check", folder / "fine.py").code == 0
    broken = partners("plugins", "check", folder / "broken.py")
    assert broken.code == 1
    assert "it tried to end the program" in broken.err
