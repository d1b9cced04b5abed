"""Which plugins are there, found without importing any; and what their source says, read as text."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_type_hints

import pytest

from partners_crm.errors import ConfigError
from partners_crm.plugins import discovery, groups, scan_cache, sources
from partners_crm.plugins.discovery import Candidate, folded, in_folder, installed
from partners_crm.plugins.specs import HeadlessHooks, ScreenHooks
from tests.plugins.bad_plugins import FAULTS, GOOD, HOOKS, write_bad_plugins, write_plugin

SLOW = "import time; time.sleep(600)"


def names(found: list[Candidate]) -> list[str]:
    return [each.name for each in found]


def test_the_names_of_the_hooks_are_those_of_the_specifications() -> None:
    def of(spec: type) -> list[str]:
        return [name for name in vars(spec) if name.startswith(("register_", "plugin_"))]

    assert of(HeadlessHooks) == list(groups.HEADLESS_HOOKS)
    assert of(ScreenHooks) == list(groups.SCREEN_HOOKS)
    assert get_type_hints(discovery.Candidate)["headless"] is str
    assert set(HOOKS) == set(groups.HOOKS) - {groups.INFO_HOOK}


def test_installed_plugins_are_found_with_their_hooks_and_none_is_imported(site: Path) -> None:
    bad = write_bad_plugins(site)
    found = installed([str(site)])
    assert names(found) == sorted([*bad, GOOD])
    assert not [name for name in sys.modules if name.startswith("module_of_")]
    good = next(each for each in found if each.name == GOOD)
    assert good.hooks == ("plugin_info", *HOOKS)
    assert (good.distribution, good.version, good.headless) == (
        "partners-crm-good-neighbour",
        "1.0",
        "module_of_good_neighbour",
    )
    assert len(found) == len(FAULTS) + 1


def test_the_bundled_plugins_are_found_where_the_program_is_installed() -> None:
    found = {each.name: each for each in installed() if each.is_bundled}
    assert set(found) == {"tabular", "associations", "example"}
    assert {folded(each.distribution) for each in found.values()} == set(discovery.BUNDLED)


def test_a_distribution_twice_on_the_path_counts_once_and_the_first_one_holds(tmp_path: Path) -> None:
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        write_plugin(tmp_path / folder, "acme", "", distribution="Partners.CRM_acme", version=version)
    (found,) = installed([str(tmp_path / "first"), str(tmp_path / "second")])
    assert (found.version, found.distribution) == ("2.0", "Partners.CRM_acme")


def test_one_name_in_two_distributions_is_two_candidates(site: Path) -> None:
    write_plugin(site, "acme", "", distribution="acme-one", module="module_of_one")
    write_plugin(site, "acme", "", distribution="acme-two", module="module_of_two")
    assert [(each.name, each.distribution) for each in installed([str(site)])] == [
        ("acme", "acme-one"),
        ("acme", "acme-two"),
    ]


def test_both_groups_of_a_name_are_one_plugin(site: Path) -> None:
    write_plugin(site, "acme", "", groups=("partners_crm",))
    entries = "[partners_crm]\nacme = acme [extra]\n[partners_crm.tui]\nacme = acme.screens:plugin\n[other]\nx = y\n"
    (site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt").write_text(entries, "utf-8")
    (found,) = installed([str(site)])
    assert (found.headless, found.screen) == ("acme", "acme.screens:plugin")


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ("[partners_crm]\nAcme Plugin! = acme\n", "its name is no word"),
        ("[partners_crm]\nacme = not a module\n", "its entry point names no module"),
        ("[partners_crm]\nacme = os; import os\n", "its entry point names no module"),
        ("[partners_crm]\nacme\n", "its entry_points.txt cannot be read"),
    ],
)
def test_a_broken_entry_point_is_a_plugin_with_a_fault(site: Path, entries: str, fault: str) -> None:
    write_plugin(site, "good", "")
    write_plugin(site, "acme", "")
    (site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt").write_text(entries, "utf-8")
    found = {each.distribution: each for each in installed([str(site)])}
    assert found["partners-crm-good"].fault == ""
    assert fault in found["partners-crm-acme"].fault


def test_metadata_that_cannot_be_read_stops_nobody(site: Path) -> None:
    write_plugin(site, "good", "")
    write_plugin(site, "acme", "")
    (site / "partners_crm_acme-1.0.dist-info" / "entry_points.txt").write_bytes(b"[partners_crm]\xff\xfe\nacme = a\n")
    assert names(installed([str(site), str(site / "missing"), ""])) == ["good"]


def test_a_plugins_folder_has_files_and_folders_and_hidden_ones_are_left_out(tmp_path: Path) -> None:
    for name in ("acme.py", "json.py", "_draft.py", ".hidden.py", "notes.txt", "two-words.py"):
        (tmp_path / name).write_text("", "utf-8")
    for name in ("lanes", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "lanes" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "lanes" / "screens.py").write_text("", "utf-8")
    found = {each.name: each for each in in_folder(tmp_path)}
    assert set(found) == {"acme", "json", "lanes", "two-words"}
    assert found["lanes"].screen == "partners_crm_local.lanes.screens"
    assert found["acme"].screen == ""
    assert found["two-words"].fault == "its file is called like no module: write _ instead of -"
    assert all(each.is_local and not each.is_bundled for each in found.values())
    assert {each.distribution for each in found.values()} == {str(tmp_path)}


@pytest.mark.parametrize("what", ["missing", "a file"])
def test_a_plugins_folder_that_is_none_is_named(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "own"
    if what == "a file":
        folder.write_text("", "utf-8")
    with pytest.raises(ConfigError, match="own: the plugins in it cannot be listed"):
        in_folder(folder)


@pytest.mark.parametrize(("one", "other"), [("Partners_CRM.acme", "partners-crm-acme"), ("a--b", "a.b"), ("X", "x")])
def test_names_are_folded_as_distributions_are(one: str, other: str) -> None:
    assert folded(one) == folded(other)


# -------------------------------------------------------------------- source read as text


def read(tmp_path: Path, text: str) -> sources.Source:
    path = tmp_path / "acme.py"
    path.write_text(text, "utf-8")
    return sources.of_modules([path])


def test_hooks_are_read_from_the_source(tmp_path: Path) -> None:
    text = """
from __future__ import annotations
import partners_crm.plugins as p
from partners_crm.plugins import hookimpl
from acme.views import register_views, other
@hookimpl
def register_importers(): ...
@p.hookimpl
def register_exporters(): ...
@hookimpl(tryfirst=True)
async def register_checks(): ...
def register_reports(): ...
def helper(): ...
"""
    found = read(tmp_path, text)
    assert found.hooks == ("register_views", "register_importers", "register_exporters", "register_checks")
    assert found.unmarked == ("register_reports",)
    assert found.whole


@pytest.mark.parametrize(
    "text",
    ["if 1:\n  def register_views(): ...\n", "from x import *\n", "def (", "\0", "try:\n  pass\nfinally:\n  pass\n"],
)
def test_a_source_that_says_not_all_says_so(tmp_path: Path, text: str) -> None:
    assert not read(tmp_path, text).whole


def test_what_only_type_checkers_read_hides_no_hook(tmp_path: Path) -> None:
    assert read(tmp_path, "import typing\nif typing.TYPE_CHECKING:\n  import x\nclass A: ...\n").whole


def test_what_a_plugin_says_of_itself_is_read_as_far_as_it_is_written_out(tmp_path: Path) -> None:
    text = """
@hookimpl
def plugin_info():
    return PluginInfo(
        title="Acme " "dues",
        about=ABOUT,
        requires=("tabular",),
        settings=(Setting(name="token", label="Token", kind="secret"), Setting(name="rows", label=LABEL)),
    )
"""
    assert read(tmp_path, text).info == {
        "title": "Acme dues",
        "requires": ("tabular",),
        "settings": ({"name": "token", "label": "Token", "kind": "secret"}, {"name": "rows"}),
    }
    assert read(tmp_path, "@hookimpl\ndef plugin_info():\n    return INFO\n").info is None


def test_the_source_of_a_module_is_found_without_importing_it_or_its_package(site: Path) -> None:
    package = site / "module_of_acme"
    package.mkdir()
    (package / "__init__.py").write_text(SLOW, "utf-8")
    (package / "screens.py").write_text("", "utf-8")
    assert sources.place_of("module_of_acme") == package / "__init__.py"
    assert sources.place_of("module_of_acme.screens:plugin") == package / "screens.py"
    for missing in ("module_of_acme.missing", "module_of_nobody", "module_of_acme.screens.deep", "sys", "math"):
        assert sources.place_of(missing) is None
    assert "module_of_acme" not in sys.modules


# -------------------------------------------------------------------- the kept scan


@pytest.fixture
def scan(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[list[str], int]]:
    """What a scan with a cache finds, and how often it had to look."""
    looks: list[None] = []
    look = discovery.installed

    def looked(path: list[str] | None) -> list[Candidate]:
        looks.append(None)
        return look(path)

    monkeypatch.setattr(discovery, "installed", looked)

    def call() -> tuple[list[str], int]:
        looks.clear()
        return names(
            scan_cache.installed([str(site), str(tmp_path / "missing")], tmp_path / "cache" / "scan.json")
        ), len(looks)

    return call


def age(place: Path, seconds: float = 100) -> None:
    os.utime(place, (time.time() - seconds,) * 2)


def test_a_scan_is_kept_until_a_folder_of_the_path_changes(
    site: Path, tmp_path: Path, scan: Callable[[], tuple[list[str], int]]
) -> None:
    write_plugin(site, "acme", "", groups=("partners_crm", "partners_crm.tui"))
    age(site)
    assert scan() == (["acme"], 1)
    assert scan() == (["acme"], 0)
    assert (tmp_path / "cache" / "scan.json").stat().st_mode & 0o777 == 0o600
    kept = scan_cache.installed([str(site), str(tmp_path / "missing")], tmp_path / "cache" / "scan.json")
    assert kept == discovery.installed([str(site)])
    write_plugin(site, "other", "")
    age(site, 50)
    assert scan() == (["acme", "other"], 1)
    assert scan() == (["acme", "other"], 0)
    (tmp_path / "missing").mkdir()
    age(tmp_path / "missing")
    assert scan()[1] == 1


def test_a_folder_that_has_just_changed_is_not_kept(site: Path, scan: Callable[[], tuple[list[str], int]]) -> None:
    write_plugin(site, "acme", "")
    assert scan() == (["acme"], 1)
    assert scan() == (["acme"], 1)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"schema_version": 1, "key": 7, "plugins": []}',
        b"[" * 100_000,
        b" " * (5 * 1024 * 1024),
        None,
    ],
)
def test_a_kept_scan_that_is_damaged_is_ignored(
    site: Path, tmp_path: Path, scan: Callable[[], tuple[list[str], int]], damage: bytes | None
) -> None:
    write_plugin(site, "acme", "")
    age(site)
    scan()
    file = tmp_path / "cache" / "scan.json"
    if damage is None:
        damage = file.read_bytes().replace(b'"module_of_acme"', b"7")
    file.write_bytes(damage)
    assert scan() == (["acme"], 1)
    assert scan() == (["acme"], 0)


def test_a_disk_that_refuses_costs_the_next_start_its_time(
    site: Path, tmp_path: Path, scan: Callable[[], tuple[list[str], int]]
) -> None:
    write_plugin(site, "acme", "")
    age(site)
    (tmp_path / "cache").write_text("no folder", "utf-8")
    assert scan() == (["acme"], 1)
    assert scan() == (["acme"], 1)
