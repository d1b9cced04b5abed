"""The bundled plugins: the folders, the extras and dependencies, and the list that is installed name the same set."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from partners_crm.cli.commands.plugins_authors import BUNDLED as TAKEN
from partners_crm.plugins.discovery import BUNDLED
from partners_crm.plugins.groups import PROJECT, SCREEN_GROUP

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
PREFIX = "partners-crm-"


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def test_every_folder_is_a_dependency_or_in_the_extra_of_all() -> None:
    project = read(ROOT / "pyproject.toml")["project"]
    named = {Requirement(text).name for text in (*project["dependencies"], *project["optional-dependencies"]["all"])}
    assert {name for name in named if name.startswith(PREFIX)} == {folder.name for folder in FOLDERS}


def test_the_makefile_installs_every_folder() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "-f", "-", "show"],
        input=f"include {ROOT / 'Makefile'}\nshow:\n\t@echo $(PLUGINS)\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"plugins/{folder.name}" for folder in FOLDERS]


def test_the_program_knows_which_plugins_come_with_it() -> None:
    assert {folder.name for folder in FOLDERS} == BUNDLED
    assert {f"{PREFIX}{name}" for name in TAKEN} == BUNDLED


def test_the_readme_of_the_folder_names_every_plugin() -> None:
    text = (ROOT / "plugins" / "README.md").read_text("utf-8")
    assert re.findall(r"^\| `(partners-crm-[a-z-]+)`", text, re.MULTILINE)
    assert set(re.findall(r"^\| `(partners-crm-[a-z-]+)`", text, re.MULTILINE)) == BUNDLED


def test_mypy_looks_into_every_plugin() -> None:
    assert {f"plugins/{folder.name}/src" for folder in FOLDERS} <= set(
        read(ROOT / "pyproject.toml")["tool"]["mypy"]["mypy_path"]
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_folder_is_a_package_of_its_own(folder: Path) -> None:
    described = read(folder / "pyproject.toml")
    project, name = described["project"], folder.name.removeprefix(PREFIX)
    module = folder.name.replace("-", "_")
    assert project["name"] == folder.name
    points = project["entry-points"]
    assert points[PROJECT] == {name: module}
    assert points.get(SCREEN_GROUP, {name: f"{module}.screens"}) == {name: f"{module}.screens"}
    assert (folder / "src" / module / "py.typed").is_file()
    assert (folder / "README.md").read_text("utf-8").startswith("# ")
    assert list(folder.glob("tests/test_*.py"))
    # A copied-out folder has to be one that can be built.
    assert "uv" not in described.get("tool", {})
    assert described["build-system"] == read(ROOT / "pyproject.toml")["build-system"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_plugin_fits_this_version_and_not_the_next_that_may_take_away(folder: Path) -> None:
    from partners_crm import __version__

    (core,) = (
        wanted
        for text in read(folder / "pyproject.toml")["project"]["dependencies"]
        if (wanted := Requirement(text)).name == "partners-crm"
    )
    here = Version(__version__)
    assert core.specifier.contains(here)
    assert not core.specifier.contains(f"0.{here.minor + 1}" if here.major == 0 else f"{here.major + 1}.0")
