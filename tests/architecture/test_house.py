"""What keeps the house in order: floors at run time, no side effects of an import, sizes, and the law of the store."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "partners_crm"
MODULES = sorted(SOURCE.rglob("*.py"))
HEADLESS = sorted(
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in MODULES
    if "tui" not in path.parts and path.name != "__main__.py"
)
HEAVY = ("textual", "rich", "phonenumbers", "usaddress", "psycopg", "psycopg2", "click", "shapely", "numpy")


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_coverage_check_loads_no_screen_parser_or_driver(database: Path) -> None:
    pytest.importorskip("psycopg", reason="the check is worth more where a driver could be loaded")
    code = f"""
import sys
from partners_crm.cli.app import run
code = run(["--db", sys.argv[1], "coverage", "check"])
print("loaded:", sorted(set({HEAVY!r}) & set(sys.modules)))
assert code == 1, code
"""
    result = run_python(code, str(database))
    assert result.returncode == 0, result.stderr
    assert "loaded: []" in result.stdout


def test_importing_every_headless_module_loads_no_screen_and_no_parser() -> None:
    code = f"import importlib, sys\nfor name in {HEADLESS!r}: importlib.import_module(name)\n"
    code += f"print('loaded:', sorted(set({HEAVY!r}) & set(sys.modules)))"
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert "loaded: []" in result.stdout


def test_importing_has_no_side_effects() -> None:
    code = f"""
import importlib, socket, sqlite3, builtins
import partners_crm.model.orm, argparse, zoneinfo  # what the standard library and peewee read is theirs
def refuse(*arguments, **options): raise AssertionError(f"an import acted: {{arguments[:1]}}")
sqlite3.connect = socket.socket.connect = refuse
kept = builtins.open
builtins.open = lambda file, mode="r", *a, **k: refuse(file) if set(mode) & set("wax+") else kept(file, mode, *a, **k)
for name in {HEADLESS!r}: importlib.import_module(name)
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 600
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            assert (node.end_lineno or 0) - node.lineno + 1 - docstring <= 80, node.name


BANNED = (
    ".create(",
    ".save(",
    "bulk_create(",
    "bulk_update(",
    "prefetch(",
    "get_or_create(",
    "get_by_id(",
    "create_tables(",
    ".atomic(",
    "bind_ctx(",
    "DatabaseProxy(",
)


@pytest.mark.parametrize("folder", ["store", "services", "model"])
def test_the_store_keeps_to_its_law(folder: str) -> None:
    for path in (SOURCE / folder).rglob("*.py"):
        if path.parent.name == "migrations":
            continue  # each carries frozen tables of its own
        text = path.read_text("utf-8")
        found = [word for word in BANNED if word in text]
        assert not found, f"{path.name}: {found}"


def test_nothing_below_the_faces_prints() -> None:
    for path in MODULES:
        if not {"cli", "tui"} & set(path.parts):
            calls = [
                node
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            ]
            assert not calls, path


def test_public_names_load_when_used() -> None:
    code = (
        "import sys, partners_crm; assert 'peewee' not in sys.modules; partners_crm.Crm; assert 'peewee' in sys.modules"
    )
    assert run_python(code).returncode == 0
