"""What authors of plugins read: the reference names all that there is, and the pages say what the program does."""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from partners_crm import plugins, testing
from partners_crm.plugins import blocks, fields
from partners_crm.plugins.groups import HEADLESS_HOOKS, HOOKS, SCREEN_HOOKS
from partners_crm.plugins.specs import HeadlessHooks, ScreenHooks
from tests.docs.test_docs import LINK, page

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in ROOT.glob("plugins/**/*.md") if not any(part.startswith(".") for part in path.parts))
SPECS = {name: getattr(group, name) for group in (HeadlessHooks, ScreenHooks) for name in vars(group) if name in HOOKS}


def reference() -> str:
    return page("reference/plugins.md")


def test_every_hook_is_in_the_reference() -> None:
    assert set(SPECS) == {*HEADLESS_HOOKS, *SCREEN_HOOKS}
    for name, function in SPECS.items():
        assert f"\n#### `{name}`\n" in reference(), name
        words = " ".join((function.__doc__ or "").split())
        assert words.partition(". ")[0] in reference(), name
        assert "Called " in words, f"{name}: when, and how often?"
        assert re.search(r"Since \d+\.", words), f"{name}: since which version?"


def test_every_public_name_is_in_the_reference() -> None:
    for name in plugins.__all__:
        if name not in {"blocks", "fields"}:
            assert f"\n### `{name}`\n" in reference(), name
    for name, found in vars(blocks).items():
        if is_dataclass(found):
            assert f"\n#### `blocks.{name}`\n" in reference(), name
    for name in ("text", "note", "choice", "day", "whole", "decimal", "flag", "link"):
        assert hasattr(fields, name)
        assert f"| `fields.{name}(" in reference(), name


def test_every_fixture_and_suite_is_in_the_reference() -> None:
    for name in testing.__all__:
        if name.endswith("Contract"):
            assert f"\n### `{name}`\n" in reference(), name
    for name in ("crm", "sample_crm", "plugin_context", "registry", "plugin", "plugin_settings", "plugins_beside"):
        assert f"| `{name}` |" in reference(), name


def test_every_section_of_the_reference_says_something() -> None:
    parts = re.split(r"^(#+ .*)$", reference(), flags=re.MULTILINE)[1:]
    said = dict(zip(parts[::2], parts[1::2], strict=True))
    names = [name for name in said if "`" in name]
    assert len(names) > 80
    assert [name for name in names if not said[name].strip() and "Group" not in name] == []


def test_the_page_for_authors_names_every_description() -> None:
    text = page("how-to/write-a-plugin.md")
    for name in SPECS:
        kind = name.removeprefix("register_")
        assert f"`{name}`" in text or kind in {"tabs", "columns", "actions"}, name
    for name in ("PARTNERS_BARE_PLUGINS", "PARTNERS_TRACE", "--strict-plugins", "--plugins-dir"):
        assert name in text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_plugin_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        if not target.startswith(("https://", "#")):
            assert (path.parent / target.partition("#")[0]).exists(), target
            # The example is copied out: its links stay inside of it.
            assert not target.startswith("..") or path.parent.name != "partners-crm-example", target


def test_the_readme_of_the_example_names_every_module_of_it() -> None:
    folder = ROOT / "plugins" / "partners-crm-example"
    text = (folder / "README.md").read_text("utf-8")
    modules = {path.name for path in folder.glob("src/partners_crm_example/*.py")} - {"__init__.py", "screens.py"}
    assert {name for name in modules if f"`{name}`" not in text} == set()
