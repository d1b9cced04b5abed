"""What bundled plugins may know, and who may know the plugin library: told by the syntax tree."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from partners_crm.plugins.discovery import BUNDLED, folded

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "partners_crm"
PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").exists())
OFFERED = frozenset({"partners_crm", "partners_crm.plugins", "partners_crm.errors"})
"""What a third party can use, and therefore all that bundled plugins use."""
TESTING = "partners_crm.testing"
"""What their tests use besides, with every module in it."""
BEHIND = frozenset({"peewee", "playhouse", "textual", "rich", "pluggy", "sqlite3"})
"""What the core is made of: another major version of one must not break a plugin."""
TOOLS = frozenset({"pytest", "hypothesis", "_pytest"})


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            assert node.args, f"{path}: an import without a name"
            assert isinstance(node.args[0], ast.Constant), f"{path}: an import whose name is made at run time"
            yield str(node.args[0].value)


def dependencies(folder: Path) -> set[str]:
    """The top names of the distributions that a plugin depends on, as far as they are called like their modules."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    names = [each.partition(">")[0].partition("[")[0].partition("=")[0].strip() for each in project["dependencies"]]
    return {folded(name).replace("-", "_") for name in names} | {folded(name).replace("python-", "") for name in names}


def test_there_are_bundled_plugins_and_the_program_knows_their_distributions() -> None:
    assert {path.name for path in PLUGINS} == BUNDLED


@pytest.mark.parametrize(
    ("path", "folder"),
    [(path, folder) for folder in PLUGINS for path in sorted(folder.rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)) if path.suffix else "",
)
def test_a_bundled_plugin_imports_only_what_a_third_party_can(path: Path, folder: Path) -> None:
    is_test = "tests" in path.relative_to(folder).parts
    own = {each.name for each in (folder / "src").iterdir()}
    tools = TOOLS | {"openpyxl", "tests"} if is_test else frozenset[str]()
    for name in imported(path):
        top = name.partition(".")[0]
        if top == "partners_crm":
            assert name in OFFERED or (is_test and f"{name}.".startswith(f"{TESTING}.")), (
                f"{name} is no part of what plugins are offered"
            )
        else:
            assert top not in BEHIND or (is_test and top == "sqlite3"), name
            assert top in own | sys.stdlib_module_names | dependencies(folder) | tools, f"{name} is no dependency"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_plugin_room_knows_the_plugin_library(path: Path) -> None:
    if path.relative_to(SOURCE).parts[0] != "plugins":
        assert "pluggy" not in {name.partition(".")[0] for name in imported_anyhow(path)}


@pytest.mark.parametrize("path", sorted((SOURCE / "plugins").rglob("*.py")), ids=lambda path: path.name)
def test_the_plugin_room_knows_no_screen_and_no_database_library(path: Path) -> None:
    found = {name.partition(".")[0] for name in imported_anyhow(path)}
    assert not found & {"textual", "rich", "peewee", "playhouse", "sqlite3"}


def test_the_core_imports_no_bundled_plugin() -> None:
    for path in SOURCE.rglob("*.py"):
        for name in imported_anyhow(path):
            assert not name.startswith("partners_crm_"), f"{path}: {name}"


def imported_anyhow(path: Path) -> Iterator[str]:
    """The modules that a file of the core imports; one whose name is made at run time is looked over."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
