"""The documentation: its links lead somewhere, its examples run and print what it says, nothing is left out."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from partners_crm.cli import coverage_formats
from partners_crm.cli.app import COMMANDS
from partners_crm.crm import Crm
from partners_crm.model import ENTITIES
from partners_crm.services import settings
from partners_crm.store.queries.asked import MAX_ALL, MAX_SAVED, Asked
from partners_crm.store.queries.fields import ABOUT, names_of
from partners_crm.store.queries.grammar import MAX_DEPTH, MAX_LENGTH, MAX_TERMS
from tests.conftest import NOW

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("fixtures/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)```", re.DOTALL)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def blocks(path: Path) -> list[re.Match[str]]:
    return list(BLOCK.finditer(path.read_text("utf-8")))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        if not target.startswith(("https://", "#")):
            assert (path.parent / target.partition("#")[0]).exists(), target


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {(ROOT / target).resolve() for target in LINK.findall((ROOT / "README.md").read_text("utf-8"))}
    assert set(ROOT.glob("docs/**/*.md")) <= linked


@pytest.mark.parametrize(
    "path",
    [path for path in PAGES if any(each["kind"] == "console" for each in blocks(path))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_console_example_prints_what_the_page_says(path: Path, tmp_path: Path, home: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"}
    checker = doctest.OutputChecker()
    ran = 0
    for block in blocks(path):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"], "utf-8")
        elif block["kind"] == "console":
            for example in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                command, _, wanted = example.partition("\n")
                if command.startswith("export "):
                    name, _, value = command.removeprefix("export ").partition("=")
                    environment[name] = value
                    continue
                done = subprocess.run(
                    ["sh", "-c", f"{command} 2>&1"],
                    cwd=tmp_path,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                ran += 1
                flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
                # Words go to stderr and may overtake the data: the lines are compared as a set of lines in order.
                assert checker.check_output(ordered(wanted), ordered(done.stdout), flags), f"$ {command}\n{done.stdout}"
    assert ran


def ordered(text: str) -> str:
    """Lines for the person (to stderr) first, the rest in order; so the two streams compare whatever their mixing."""
    lines = text.splitlines(keepends=True)
    words = [line for line in lines if line.startswith(("rejected:", "kept"))]
    return "".join([*words, *(line for line in lines if line not in words)])


@pytest.mark.parametrize(
    "path",
    [path for path in PAGES if any(each["kind"] == "python" for each in blocks(path))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_python_example_prints_what_the_page_says(path: Path, tmp_path: Path) -> None:
    found = blocks(path)
    for place, block in enumerate(found):
        if block["kind"] == "python":
            done = subprocess.run(
                [sys.executable, "-c", block["text"]],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout == found[place + 1]["text"]


def test_every_command_entity_and_setting_is_in_the_reference() -> None:
    commands, entities, known = (page(f"reference/{name}.md") for name in ("commands", "entities", "settings"))
    for name in COMMANDS:
        assert f"\n## {name}\n" in commands
    for table in ENTITIES:
        assert f"\n## {table.entity.name}\n" in entities
        for field in table.declarations():
            assert f"| `{field}` |" in entities
    for key in settings.KNOWN:
        assert f"| `{key}` |" in known


def test_every_query_field_is_in_the_reference(crm: Crm) -> None:
    rows = [line for line in page("reference/queries.md").splitlines() if line.startswith("|")]
    everywhere = page("reference/queries.md")
    for table in ENTITIES:
        (row,) = (line for line in rows if line.startswith(f"| {table.entity.plural} |"))
        for field, _ in names_of(Asked(crm.db, "il-2021", NOW.date()), table):
            assert f"`{field}`" in row or (field in ABOUT and f"`{field}` (" in everywhere), f"{table} {field}"


def test_the_limits_of_queries_are_in_the_reference() -> None:
    words = " ".join(page("reference/queries.md").split())
    for limit in (
        f"{MAX_LENGTH} characters",
        f"{MAX_TERMS} conditions",
        f"{MAX_DEPTH} parentheses",
        f"{MAX_SAVED} deep",
        f"{MAX_ALL} conditions at most",
    ):
        assert limit in words


def test_every_key_of_the_json_of_coverage_is_in_the_reference(crm: Crm) -> None:
    text = page("reference/json.md")
    for key in coverage_formats.as_json(crm.coverage()):
        assert f"`{key}`" in text, key


def test_no_page_names_a_place_on_somebodys_machine() -> None:
    for path in PAGES:
        assert not re.search(r"/(?:home|Users|root|work|tmp)/\w", path.read_text("utf-8")), path
