"""What each screen looks like on the demo, at the two sizes people use.

A changed screen fails here with a difference to read; `PARTNERS_SNAPSHOTS=write` writes the new look down.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.plugins.consent import Consent, Said
from partners_crm.services import records, searches
from partners_crm.services.record_types import install_types
from tests.conftest import NOW
from tests.plugins.bad_plugins import write_plugin
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.gardens import house, loaded, make, until
from tests.tui.pairs import add_pairs

FOLDER = Path(__file__).parent / "snapshots"
WRITE = os.environ.get("PARTNERS_SNAPSHOTS") == "write"
SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
KEYS: dict[str, tuple[str, ...]] = {
    "organizations": ("down", "down"),
    "card": ("enter",),
    "contacts": ("3",),
    "districts": ("4",),
    "districts-silo": ("4", "o", "b"),
    "districts-map": ("4", "m", "z"),
    "districts-table": ("4", "m", "m"),
    "districts-day": ("4", "t"),
    "districts-words": ("4", "v"),
    "district-card": ("4", "enter"),
    "district-gap": ("4", "c", "c", "G", "enter"),
    "gaps": ("4", "f"),
    "history": ("H",),
    "operation": ("H", "enter"),
    "first-look": ("F", "down"),
    "first-look-records": ("F", "down", "down", "down", "enter"),
    "form": ("e",),
    "form-wrong": ("e", "ctrl+a", "ctrl+k", "ctrl+s"),
    "delete": ("d",),
    "add-to": ("enter", "n"),
    "import": ("i",),
    "help": ("question_mark",),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("snapshots") / "demo.db"
    Crm.demo(path, clock=lambda: NOW).close()
    return path


def check(name: str, size: str, text: str) -> None:
    path = FOLDER / f"{name}-{size}.txt"
    if WRITE:
        path.write_text(text + "\n", "utf-8")
    assert path.exists(), f"no snapshot {path.name}: write it with PARTNERS_SNAPSHOTS=write"
    assert text + "\n" == path.read_text("utf-8")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", KEYS)
def test_the_screen_looks_as_it_did(demo: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: str) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, *KEYS[name])
        await pilot.pause(0.15)
        await settled(pilot)
        check(name, size, screen_text(pilot.app))

    drive(demo, script, SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_the_filtered_list_looks_as_it_did(demo: Path, size: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_text(pilot, "silo:housing")
        check("filtered", size, screen_text(pilot.app))

    drive(demo, script, SIZES[size])


TYPED: dict[str, tuple[str, ...]] = {
    # Keys, and texts to type behind a blank.
    "completing": ("slash", " si"),
    "completing-values": ("slash", " silo:housing status:", "down"),
    "filter-wrong": ("slash", " silo:lodging"),
    "filter-fields": ("slash", "down"),
    "why": ("slash", " silo:housing -status:lapsed", "enter", "w"),
    "why-not": ("slash", " silo:housing -status:lapsed", "enter", "W", " Sangamon Ability Works", "enter"),
    "searches": ("b",),
    "searches-broken": ("b", "down", "down", "down"),
    "search-applied": ("b", "enter"),
    "search-save": ("slash", " status:active", "enter", "b", "n"),
    "search-edit": ("b", "e"),
    "find": ("ctrl+f", " chica", "down"),
    "find-spelled": ("4", "ctrl+f", " lanten"),
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with saved searches, of which one names another one that is gone."""
    path = tmp_path_factory.mktemp("searched") / "demo.db"
    with Crm.demo(path, clock=lambda: NOW) as crm, crm.changes("saved searches") as unit:
        for name, query, note in (
            ("Housing members", "silo:housing status:active", "For the letter to the housing committee."),
            ("Lapsed", "status:lapsed", ""),
            ("Members of old", "status@2010:active", "Thanked at the meeting in May."),
            ("Near the river", "river", ""),
        ):
            searches.save(unit, name, "organizations", query, today=crm.today, note=note)
        searches.save(unit, "Old and near", "organizations", 'saved:"Near the river"', today=crm.today)
        searches.delete(unit, "Near the river")
    return path


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", TYPED)
def test_what_is_asked_and_found_looks_as_it_did(searched: Path, name: str, size: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for each in TYPED[name]:
            await (type_text(pilot, each[1:]) if each[0] == " " else press(pilot, each))
        await pilot.pause(0.15)
        await settled(pilot)
        check(name, size, screen_text(pilot.app))

    drive(searched, script, SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_the_first_run_looks_as_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    monkeypatch.chdir(tmp_path)

    async def script(pilot: Pilot[Any]) -> None:
        check("first-run", size, screen_text(pilot.app))

    drive(Path("coalition.db"), script, SIZES[size])


MEMBERS = """Organization,Contact,Phone,ZIP,House Dist,Yearly dues,Housing
Near West Homes,Dana Reyes,312-555-0142,60647,4,250,X
River Table,Sam Ortiz,217-555-0117,62701,999,100,
Fox Valley Child Circle,Pat Alder,309-555-0110,61602,,75,X

Near West Homes,Kim Stone,312-555-0143,60647,4,250,
Total,,,,,425,
"""
IMPORTING: dict[str, tuple[str, ...]] = {
    "import-preview": (),
    "import-rejected": ("down", "down", "down", "enter"),
    "import-columns": ("tab", *["down"] * 5),
    "import-meaning": ("tab", *["down"] * 5, "enter"),
    "import-own": ("tab", *["down"] * 5, "f"),
    "import-reading": ("t",),
    "import-problems": ("w",),
}
"""Keys after the preview of a file."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", IMPORTING)
def test_the_import_screen_looks_as_it_did(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("members.csv").write_text(MEMBERS, "utf-8")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "i")
        await type_text(pilot, "members.csv")
        await press(pilot, "enter", *IMPORTING[name])
        check(name, size, screen_text(pilot.app))

    drive(demo, script, SIZES[size])


PAIRED: dict[str, tuple[str, ...]] = {
    "review": ("8",),
    "review-marked": ("8", "space", "space", "x"),
    "review-two": ("8", "t"),
    "review-dismissed": ("8", "t", "enter", "v"),
    "review-empty": ("8", "v"),
    "merge": ("8", "down", "enter", "down"),
    "merge-with": ("8", "o", "M"),
    "alike": ("n",),
}


@pytest.fixture(scope="module")
def paired(blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("paired") / "coalition.db"
    shutil.copyfile(blank_coalition, path)
    path.chmod(0o600)
    return add_pairs(path)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAIRED)
def test_possible_duplicates_look_as_they_did(paired: Path, tmp_path: Path, name: str, size: str) -> None:
    path = tmp_path / "copy.db"
    shutil.copyfile(paired, path)
    path.chmod(0o600)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, *PAIRED[name])
        if name == "alike":
            await type_text(pilot, "Prairie Family Kitchen")
        await pilot.pause(0.3)
        await settled(pilot)
        check(name, size, screen_text(pilot.app))

    drive(path, script, SIZES[size])


PLUGGED: dict[str, tuple[str, ...]] = {
    "views": ("5",),
    "view": ("5", "enter", "b"),
    "view-switch": ("5", "enter", "v"),
    "view-list": ("5", "end", "enter"),
    "columns": ("c",),
    "column": ("c", "down", "space", "enter"),
    "marked": ("space", "space", "x"),
    "action": ("space", "space", "p"),
    "card-tab": ("end", "enter", "right_square_bracket"),
    "shared": ("5", "P"),
    "plugins": ("9",),
    "plugins-failed": ("9", "down"),
    "plugins-new": ("9", "end", "t"),
}
"""Keys on the demo with the gardens, a plugin that fails, and a new one."""
FAILS = """
from partners_crm.plugins import *

@hookimpl
def plugin_info():
    return PluginInfo(title="Brambles", about="Where nobody gets through.")

@hookimpl
def register_views():
    raise ValueError("thorns")
"""


@pytest.fixture(scope="module")
def planted(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with a bed of the gardens' plugin."""
    path = tmp_path_factory.mktemp("planted") / "demo.db"
    shutil.copyfile(demo, path)
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW, plugins=make()) as crm:
        for owned in crm.plugins.record_types():
            install_types(crm.db, owned.owner.plugin, "", [owned.item], clock=crm.clock)
        with crm.changes("a bed") as unit:
            last = crm.organizations()[-1].id
            records.add(unit, crm.db.by_name["garden_bed"], label="Tulips", organization=last)
    return path


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PLUGGED)
def test_what_plugins_bring_looks_as_it_did(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    site = tmp_path / "site"
    write_plugin(site, "brambles", FAILS, module="module_of_brambles_seen")
    write_plugin(site, "pond", FAILS, module="module_of_pond_seen")
    monkeypatch.syspath_prepend(site)
    consent = Consent(tmp_path / "config")
    consent.say("brambles", Said("allowed"))
    is_nine = name.startswith("plugins")
    # The folder of the gardens has another name on every machine.
    plugins = make(path=[str(site)], folders=(), consent=consent) if is_nine else make()

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await until(pilot, lambda: not pilot.app._notifications or is_nine)
        pilot.app.clear_notifications()
        await press(pilot, *PLUGGED[name])
        await until(pilot, lambda: not house(pilot).plugins.is_asking)
        pilot.app.clear_notifications()
        await pilot.pause(0.15)
        await settled(pilot)
        check(name, size, screen_text(pilot.app))

    drive(planted, script, SIZES[size], plugins=plugins)


def test_no_snapshot_is_left_over() -> None:
    names = {*KEYS, *TYPED, *PAIRED, *IMPORTING, *PLUGGED, "filtered", "first-run"}
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}-{size}.txt" for name in names for size in SIZES}
