"""Plugins on the screen: views, tabs, columns and actions, drawn and carried out by the core."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.plugins.binding import bring_types
from partners_crm.plugins.consent import Consent
from partners_crm.services import records
from partners_crm.tui.screens.plugins import PluginsScreen
from partners_crm.tui.widgets.table import PAGE, VirtualTable
from tests.conftest import NOW
from tests.plugins.bad_plugins import write_plugin
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.gardens import garden, house, loaded, make, press_until, until

WIDE = (130, 36)


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """Whatever a test changed of the gardens is as before for the next one."""
    yield
    if "partners_crm_local.garden.screens" in sys.modules:
        garden().HELD.set()
        garden().GOES_WRONG.clear()
        garden().PAGES.clear()


def shows(pilot: Pilot[Any], *words: str) -> Callable[[], bool]:
    """Whether the screen shows words, in any place."""
    return lambda: all(word in screen_text(pilot.app) for word in words)


def beds(path: Path) -> list[str]:
    with Crm.open(path, clock=lambda: NOW) as crm:
        table = crm.db.by_name["garden_bed"]
        return sorted(str(each["label"]) for each in crm.records(table))


def dig(path: Path) -> None:
    """A bed of Birch Homes, dug by another program."""
    with Crm.open(path, clock=lambda: NOW, plugins=make()) as crm:
        bring_types(crm.plugins, crm.db, say=lambda _text: None)
        with crm.changes("a bed") as unit:
            records.add(unit, crm.db.by_name["garden_bed"], label="Tulips", organization=1)


# -------------------------------------------------------------------- views


def test_a_view_is_drawn_with_its_switches_and_its_words_do_not_act(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "What grows", "garden", "Birch Homes", "spring"), "5")
        assert "[@click=app.quit]Rake[/]" in screen_text(pilot.app)
        assert "Season: Spring (b)" in screen_text(pilot.app)
        await press_until(pilot, shows(pilot, "Season: Fall (b)", "Birch Homes", "fall"), "b")
        await press_until(pilot, shows(pilot, "Season: Spring (b)"), "v", "enter")

    drive(coalition, script, WIDE, plugins=make())


def test_enter_opens_what_stands_for_a_record_and_asks_the_view_about_the_rest(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Birch Homes"), "5")
        await press_until(pilot, shows(pilot, "Birch Homes  organization 1"), "enter", "enter")
        await press_until(pilot, shows(pilot, "What grows"), "escape")
        await press_until(pilot, shows(pilot, "The rake", "For spring."), "tab", "enter")
        await press_until(pilot, shows(pilot, "What grows"), "escape")

    drive(coalition, script, WIDE, plugins=make())


def test_in_a_narrow_terminal_the_list_comes_first_and_the_view_after_it(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "5")
        assert "Birch Homes" not in screen_text(pilot.app)
        await press_until(pilot, shows(pilot, "Birch Homes"), "enter")
        assert "Roses" not in screen_text(pilot.app)
        await press_until(pilot, shows(pilot, "Roses"), "escape")
        await press(pilot, "escape")
        assert house(pilot).is_home

    drive(coalition, script, plugins=make())


def test_a_form_is_checked_saved_and_taken_back(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Dig a bed"), "5")
        await press(pilot, "enter", "tab", "tab", "enter")
        await press_until(pilot, shows(pilot, "is required"), "ctrl+s")
        await type_text(pilot, "roses")
        await press(pilot, "down")
        await type_text(pilot, "Birch")
        await press_until(pilot, shows(pilot, "no organization called Birch"), "ctrl+s")
        await type_text(pilot, " Homes")
        await press_until(pilot, shows(pilot, "roses  garden_bed 1"), "ctrl+s")
        assert "u takes it back" in screen_text(pilot.app)
        await press_until(pilot, shows(pilot, "undid: dig a bed"), "u")

    drive(coalition, script, WIDE, plugins=make())
    assert beds(coalition) == []


def test_a_view_that_fails_says_so_in_its_place_and_asks_again(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        garden().GOES_WRONG.append("grown")
        await press_until(pilot, shows(pilot, "! garden.grown failed", "it raised ValueError"), "5")
        assert "Dana Reyes" not in screen_text(pilot.app)
        garden().GOES_WRONG.clear()
        await press_until(pilot, shows(pilot, "Birch Homes"), "r")

    drive(coalition, script, WIDE, plugins=make())


def test_a_view_at_work_says_so_and_nobody_waits_for_it(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        garden().HELD.clear()
        await press_until(pilot, shows(pilot, "garden …"), "5")
        await press(pilot, "2")
        assert house(pilot).is_home
        garden().HELD.set()
        await press_until(pilot, shows(pilot, "Birch Homes", "spring"), "5")

    drive(coalition, script, WIDE, plugins=make())


# -------------------------------------------------------------------- tabs


def test_a_tab_is_there_where_it_has_something_to_say(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: "Beds" not in screen_text(pilot.app))
        dig(coalition)
        await press_until(pilot, shows(pilot, "Overview   Beds"), "r")
        await press_until(pilot, shows(pilot, "Tulips"), "right_square_bracket")
        await press_until(pilot, shows(pilot, "Tulips  garden_bed 1"), "enter")
        await press(pilot, "escape", "left_square_bracket")
        await until(pilot, shows(pilot, "MEMBERSHIP"))

    drive(coalition, script, WIDE, plugins=make())


def test_what_is_deleted_on_a_tab_is_what_stands_there(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        dig(coalition)
        await press(pilot, "enter")
        await until(pilot, shows(pilot, "Beds"))
        await press_until(pilot, shows(pilot, "Tulips"), "right_square_bracket")
        await press_until(pilot, shows(pilot, "Delete garden_bed 1"), "d")
        await press_until(pilot, shows(pilot, "deleted: "), "y")

    drive(coalition, script, WIDE, plugins=make())
    assert beds(coalition) == []


# -------------------------------------------------------------------- columns


def test_a_column_is_asked_once_for_a_page_and_waited_for_by_nobody(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("many") as unit:
        for number in range(2 * PAGE):
            records.add(unit, Organization, name=f"Zoo {number:03}", kind="provider")

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        garden().PAGES.clear()
        garden().HELD.clear()
        await press(pilot, "c", "down", "space")
        await press_until(pilot, shows(pilot, "Letters", "…"), "enter")
        garden().HELD.set()
        await until(pilot, shows(pilot, "✓ 11"))  # Birch Homes
        await press(pilot, "end")
        await until(pilot, lambda: shows(pilot, "✓ 7")() and "…" not in screen_text(pilot.app).splitlines()[10])
        pages = garden().PAGES
        assert [len(page) for page in pages[:1]] == [PAGE]
        assert len(pages) == len(set(pages)) <= 3
        assert house(pilot).columns["organizations"][:2] == ("name", "garden.letters")

    drive(coalition, script, WIDE, plugins=make())


def test_a_column_that_fails_leaves_the_rest_of_its_list_alone(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        garden().GOES_WRONG.append("counted")
        await press(pilot, "c", "down", "space")
        await press_until(pilot, shows(pilot, "! garden.letters failed", "Birch Homes", "Letters"), "enter")
        rows = [line for line in screen_text(pilot.app).splitlines() if "Cedar Kitchen" in line]
        assert "!" in rows[0]

    drive(coalition, script, WIDE, plugins=make())


def test_columns_of_the_core_can_be_hidden_and_moved(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "c", "down", "down", "space", "down", "minus", "minus", "minus", "enter")
        head = screen_text(pilot.app).splitlines()[1]
        assert "Silo" not in head
        assert head.split()[:2] == ["House", "Name"]
        await press(pilot, "c")
        assert "Letters" in screen_text(pilot.app)

    drive(coalition, script, WIDE, plugins=make())


# -------------------------------------------------------------------- actions


def test_an_action_asks_for_what_it_needs_says_how_many_and_how_to_undo(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "space", "space", "p")
        await type_text(pilot, "beans")
        await press(pilot, "ctrl+s")
        assert "Plant in 2 gardens?" in screen_text(pilot.app)
        await press_until(pilot, shows(pilot, "planted beans 2 times", "u takes it back"), "y")
        await press_until(pilot, shows(pilot, "2 marked"), "escape")

    drive(coalition, script, WIDE, plugins=make())
    assert beds(coalition) == ["beans", "beans"]


def test_a_key_of_the_core_is_never_taken_and_the_clash_is_listed(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Delete organization 1"), "d")
        await press(pilot, "escape", "9")
        text = " ".join(screen_text(pilot.app).split())
        assert "Keys it would like and does not get" in text
        assert "d garden.mow: the program has it for: Delete" in text

    drive(coalition, script, WIDE, plugins=make())


def test_a_dangerous_action_is_marked_and_asked_about(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "x")
        assert "! Mow (garden)" in screen_text(pilot.app)
        assert "Plant (garden)  p" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "Look twice" in screen_text(pilot.app)
        await press_until(pilot, shows(pilot, "mowed 1"), "y")

    drive(coalition, script, WIDE, plugins=make())


def test_the_card_offers_the_actions_of_its_record(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "enter", "x")
        assert "Plant (garden)" in screen_text(pilot.app)
        assert "Mow" not in screen_text(pilot.app)

    drive(coalition, script, WIDE, plugins=make())


def test_the_palette_and_the_help_know_what_plugins_bring(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "question_mark")
        assert "Plant (garden)" in screen_text(pilot.app)
        await press(pilot, "escape", "colon")
        await type_text(pilot, "garden")
        await until(pilot, shows(pilot, "What grows (garden)", "Beds (garden)", "Plant (garden)"))
        await press(pilot, "escape", "colon")
        await type_text(pilot, "Beds")
        await until(pilot, shows(pilot, "Beds (garden)"))
        await press_until(pilot, shows(pilot, "No beds here"), "enter", "enter")

    drive(coalition, script, WIDE, plugins=make())


def test_records_of_a_plugin_have_a_list_a_form_and_a_card(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press(pilot, "5", "end", "enter", "n")
        await type_text(pilot, "Dahlias")
        await press(pilot, "down")
        await type_text(pilot, "Birch Homes")
        await press(pilot, "ctrl+s")
        await until(pilot, shows(pilot, "Beds (garden)", "1 bed", "Dahlias"))
        await press_until(pilot, shows(pilot, "Dahlias  garden_bed 1"), "enter")
        await press(pilot, "escape", "s", "slash")
        await type_text(pilot, "dahl")
        await until(pilot, shows(pilot, "1 bed"))

    drive(coalition, script, WIDE, plugins=make())


# -------------------------------------------------------------------- while others look on


def test_what_is_for_staff_only_is_hidden_while_others_look_on(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Roses"), "5")
        await press_until(pilot, lambda: "Roses" not in screen_text(pilot.app), "P")
        assert "SHARED SCREEN" in screen_text(pilot.app)
        await press_until(pilot, lambda: "Organizations  " in screen_text(pilot.app), "2")
        await until(pilot, shows(pilot, "SHARED SCREEN"))
        await press_until(pilot, lambda: "Views" in screen_text(pilot.app), "5")
        registry = house(pilot).plugins.registry
        assert registry is not None
        assert not registry.show_private
        await press_until(pilot, shows(pilot, "Roses"), "P")
        assert registry.show_private

    drive(coalition, script, WIDE, plugins=make())


# -------------------------------------------------------------------- screen 9


FINE = """
from partners_crm.plugins import *

@hookimpl
def plugin_info():
    return PluginInfo(title="Ponds", about="Where frogs are.")

@hookimpl
def register_views():
    return [View(name="frogs", title="Frogs", blocks=lambda context, answers: [blocks.Card(title="Frogs are here")])]
"""


def test_a_new_plugin_is_asked_about_and_turned_off_again(coalition: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_plugin(site, "pond", FINE, groups=("partners_crm", "partners_crm.tui"), module="module_of_pond_on_screen")
    sys.path.insert(0, str(site))
    consent = Consent(tmp_path / "config")
    plugins = make(path=[str(site)], consent=consent)

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await until(pilot, shows(pilot, "the plugin pond is new"))
        await press_until(pilot, shows(pilot, "not allowed yet"), "9", "end")
        await press(pilot, "t")
        text = screen_text(pilot.app)
        assert "Allow the plugin pond?" in text
        assert "partners-crm-pond 1.0" in text
        assert "register_views" in text
        await press(pilot, "y")
        await loaded(pilot)
        await until(pilot, lambda: status(pilot, "pond") == "loaded")
        await press_until(pilot, shows(pilot, "Frogs"), "5")
        await press(pilot, "9", "end", "t", "y")
        await until(pilot, lambda: status(pilot, "pond") == "disabled")
        await press_until(pilot, lambda: "Frogs" not in screen_text(pilot.app), "5")

    try:
        drive(coalition, script, WIDE, plugins=plugins)
    finally:
        sys.path.remove(str(site))
    assert consent.said()["pond"].state == "disabled"


def status(pilot: Pilot[Any], name: str) -> str:
    return next(plugin.status for plugin in house(pilot).plugins.listed if plugin.name == name)


def test_without_plugins_the_screens_say_so(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "9")
        assert isinstance(pilot.app.screen, PluginsScreen)
        assert "started without them" in screen_text(pilot.app)
        await press(pilot, "5")
        assert "No plugin brings a view" in screen_text(pilot.app)
        await press(pilot, "2", "x")
        assert "no plugin offers anything" in screen_text(pilot.app)

    drive(coalition, script, WIDE)


# -------------------------------------------------------------------- the thread of the screen


def test_no_plugin_is_ever_called_in_the_thread_of_the_screen(coalition: Path) -> None:
    screens = []

    async def script(pilot: Pilot[Any]) -> None:
        screens.append(threading.get_ident())
        await loaded(pilot)
        sys.modules["partners_crm_local.garden"].THREADS.clear()
        await press(pilot, "c", "down", "space", "enter")
        await until(pilot, shows(pilot, "✓ 11"))
        await press(pilot, "p")
        await type_text(pilot, "beans")
        await press(pilot, "ctrl+s")
        await press_until(pilot, shows(pilot, "planted"), "y")
        await press(pilot, "enter")
        await until(pilot, shows(pilot, "Beds"))
        await press(pilot, "escape")
        await press_until(pilot, shows(pilot, "Birch Homes", "spring"), "5")
        await press(pilot, "enter", "tab")
        await press_until(pilot, shows(pilot, "The rake"), "enter")
        assert isinstance(pilot.app.screen.query(VirtualTable), object)
        await settled(pilot)

    drive(coalition, script, WIDE, plugins=make())
    threads = sys.modules["partners_crm_local.garden"].THREADS
    assert len(threads) >= 5
    assert not set(screens) & set(threads)


def test_the_first_screen_loads_nothing_of_plugins(coalition: Path) -> None:
    code = (
        "import sys, asyncio\n"
        "from pathlib import Path\n"
        "from partners_crm.tui.app import PartnersApp\n"
        "async def go():\n"
        f"    app = PartnersApp(Path({str(coalition)!r}), demo_path=Path('none'))\n"
        "    async with app.run_test() as pilot:\n"
        "        await pilot.pause()\n"
        "        found = [name for name in sys.modules if name.startswith(('pluggy', 'partners_crm.plugins'))]\n"
        "        assert not found, found\n"
        "asyncio.run(go())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
