"""Plugins that answer oddly, while others look on, and forms that are not saved yet: nothing ends the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.tui.blocks.page import BlockPage
from partners_crm.tui.screens.card import CardScreen
from partners_crm.tui.screens.records import Records
from partners_crm.tui.screens.shown import Shown
from partners_crm.tui.screens.views import Views
from tests.plugins.bad_plugins import write_plugin
from tests.tui.driving import drive, press, screen_text, type_text
from tests.tui.gardens import garden, house, loaded, make, press_until, until
from tests.tui.test_plugins import shows

WIDE = (130, 50)


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """The gardens answer again, and the next test has plugins of the same names in another folder."""
    yield
    if "partners_crm_local.garden.screens" in sys.modules:
        garden().HELD.set()
        garden().GOES_WRONG.clear()
    for name in [name for name in sys.modules if name.startswith("partners_crm_local.") and "garden" not in name]:
        del sys.modules[name]


def told(pilot: Pilot[Any], words: str) -> Callable[[], bool]:
    """Whether something was said with these words: a toast breaks them anywhere."""
    return lambda: any(words in each.message for each in pilot.app._notifications)


# -------------------------------------------------------------------- where it goes

DOORS = """
from partners_crm.plugins import *

WHERE = {
    "query": lambda: Open(entity="organization", query="nosuch:field"),
    "entity": lambda: Open(entity="nosuch"),
    "id": lambda: Open(entity="organization", id=10**30),
    "ref": lambda: Show(title="R", blocks=(blocks.Card(title="R", ref=blocks.Ref("organization", 10**30)),)),
    "gone": lambda: Open(entity="organization", id=2**63 - 1),
    "list": lambda: Open(entity="organizations", query="Birch"),
}

def doors(context, answers):
    rows = [blocks.TableRow(cells=(name,), key=name) for name in WHERE]
    rows.append(blocks.TableRow(cells=("no kind",), ref=blocks.Ref("nosuch", 1)))
    return [blocks.Table(headings=(blocks.Heading(label="Door"),), rows=tuple(rows))]

@hookimpl
def register_views():
    ask = lambda context, selection, answers: WHERE[selection.key]() if selection.key else None
    return [View(name="all", title="All doors", blocks=doors, select=ask)]
"""


def test_what_a_plugin_opens_may_be_nowhere(coalition: Path, tmp_path: Path) -> None:
    write_plugin(tmp_path / "more", "doors", DOORS, style="folder")

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "no kind"), "5")
        await press_until(pilot, told(pilot, "have no field nosuch"), "enter", "enter")
        assert isinstance(pilot.app.screen, Views)
        await press_until(pilot, told(pilot, "there are no nosuch"), "down", "enter")
        await press_until(pilot, told(pilot, "Open whose id is no id of a record"), "down", "enter")
        await press_until(pilot, told(pilot, "Ref whose id is no id of a record"), "down", "enter")
        await press_until(pilot, told(pilot, f"organization {2**63 - 1} is gone"), "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Views))
        await press_until(pilot, lambda: isinstance(pilot.app.screen, Records), "down", "enter")
        await until(pilot, shows(pilot, "Birch Homes"))
        await press_until(pilot, lambda: isinstance(pilot.app.screen, Views), "escape", "escape")
        await press(pilot, "down", "enter")
        assert isinstance(pilot.app.screen, Views)

    drive(coalition, script, WIDE, plugins=make(tmp_path / "more"))


# -------------------------------------------------------------------- what it offers

TWISTED = """
from partners_crm.plugins import *

class Odd(str):
    def __len__(self):
        raise RuntimeError("Dana Reyes")
    def __hash__(self):
        raise RuntimeError("Dana Reyes")
    def __eq__(self, other):
        raise RuntimeError("Dana Reyes")

def nothing(*given):
    return []
"""
OFFERS = {"a_key": "register_actions", "a_title": "register_views", "a_class": "register_views"}
GIVEN = {
    "a_key": '[Action(name="odd", title="Odd action", run=nothing, scopes=("organizations",), key_hint=Odd("o"))]',
    "a_title": '[View(name="odd", title=Odd("Odd title"), blocks=nothing)]',
    "a_class": "[made()]",
}
MADE = """
def made():
    found = View(name="odd", title="Odd class", blocks=nothing)
    class Turning(type(found)):
        __slots__ = ()
        def __getattribute__(self, name):
            import traceback
            if any(frame.name == "_plain" for frame in traceback.extract_stack()):
                raise SystemExit(3)
            return super().__getattribute__(name)
    return Turning(name="odd", title="Odd class", blocks=nothing)
"""


def test_descriptions_that_act_when_they_are_looked_at_cost_nobody_else_anything(
    coalition: Path, tmp_path: Path
) -> None:
    for name, hook in OFFERS.items():
        text = f"{TWISTED}{MADE}\n@hookimpl\ndef {hook}():\n    return {GIVEN[name]}\n"
        write_plugin(tmp_path / "bad", name, text, style="folder")

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        registry = house(pilot).plugins.registry
        assert registry is not None
        reasons = {each.plugin: each.reason for each in registry.failures}
        assert reasons["a_class"] == "it tried to end the program (SystemExit)"
        # Texts of a class of their own are plain texts by now: nothing of theirs is ever called by a screen.
        offered = house(pilot).plugins.offered
        titles: list[object] = [each.item.title for each in offered.views]
        titles += [each.item.title for each in offered.actions]
        assert {type(each) for each in titles} == {str}
        assert "garden.grown" in {each.full_name for each in offered.views}
        assert house(pilot).plugins.of_key("organizations", "o") is not None or "a_key" in reasons
        await press_until(pilot, shows(pilot, "What grows", "Birch Homes", "spring"), "5", "home")
        assert "Dana Reyes" not in screen_text(pilot.app)

    drive(coalition, script, WIDE, plugins=make(tmp_path / "bad"))


# -------------------------------------------------------------------- while others look on

SLOW = """
import threading
from partners_crm.plugins import *

GO = threading.Event()

@hookimpl
def register_views():
    GO.wait(10)
    say = lambda context, answers: [blocks.Card(title="PRIVATE" if context.show_private else "for everyone")]
    return [View(name="slow", title="Slowly", blocks=say)]
"""


def test_others_may_begin_to_look_on_while_plugins_are_loaded(coalition: Path, tmp_path: Path) -> None:
    write_plugin(tmp_path / "more", "slow", SLOW, style="folder")

    async def script(pilot: Pilot[Any]) -> None:
        name = "partners_crm_local.slow"
        await until(pilot, lambda: hasattr(sys.modules.get(name), "GO"))
        assert house(pilot).plugins.state == "loading"
        await press(pilot, "P")
        sys.modules[name].GO.set()
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "for everyone"), "5", "end", "up")
        assert "PRIVATE" not in screen_text(pilot.app)
        # Loaded anew meanwhile: neither the registry of before nor the new one says what is for staff.
        house(pilot).plugins.renew()
        await loaded(pilot)
        registry = house(pilot).plugins.registry
        assert registry is not None
        assert not registry.show_private
        await press_until(pilot, shows(pilot, "for everyone"), "r")
        await press_until(pilot, shows(pilot, "PRIVATE"), "P")

    drive(coalition, script, WIDE, plugins=make(tmp_path / "more"))


def test_what_was_shown_and_what_was_asked_before_is_gone_when_others_look_on(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Birch Homes"), "5")
        # A page that stays open.
        await press_until(pilot, shows(pilot, "For spring."), "enter", "tab", "enter")
        garden().HELD.clear()
        await press(pilot, "P")
        assert not isinstance(pilot.app.screen, Shown)
        assert "Birch Homes" not in screen_text(pilot.app)  # the view is asked anew, and has not answered yet
        garden().HELD.set()
        await until(pilot, shows(pilot, "Birch Homes"))
        # An answer that is on its way.
        await press(pilot, "P")
        await until(pilot, lambda: not house(pilot).plugins.is_asking)
        garden().HELD.clear()
        await press(pilot, "tab", "enter", "P")
        garden().HELD.set()
        await until(pilot, lambda: not house(pilot).plugins.is_asking)
        assert isinstance(pilot.app.screen, Views)
        assert "For spring." not in screen_text(pilot.app)

    drive(coalition, script, WIDE, plugins=make())


def test_a_page_below_another_screen_is_closed_when_that_is(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Birch Homes"), "5")
        await press_until(pilot, shows(pilot, "For spring."), "enter", "tab", "enter")
        house(pilot).push_screen(CardScreen("organization", 1))
        await until(pilot, shows(pilot, "MEMBERSHIP"))
        await press(pilot, "P", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Views))

    drive(coalition, script, WIDE, plugins=make())


# -------------------------------------------------------------------- words

TALKS = """
from partners_crm.plugins import *

def water(context, refs, answers):
    context.notify("watered")

def fail(context, refs, answers):
    raise ValueError("Dana Reyes")

@hookimpl
def register_actions():
    return [
        Action(name="water", title="Water", run=water, scopes=("organizations",), key_hint="o"),
        Action(name="fail", title="Fail", run=fail, scopes=("organizations",), key_hint="y"),
    ]
"""


def test_a_word_of_a_plugin_is_no_failure(coalition: Path, tmp_path: Path) -> None:
    write_plugin(tmp_path / "more", "talks", TALKS, style="folder")

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, told(pilot, "watered"), "o")
        assert severities(pilot, "watered") == {"information"}
        await press_until(pilot, told(pilot, "the plugin talks failed"), "y")
        assert severities(pilot, "the plugin talks failed") == {"error"}

    def severities(pilot: Pilot[Any], words: str) -> set[str]:
        return {each.severity for each in pilot.app._notifications if words in each.message}

    drive(coalition, script, WIDE, plugins=make(tmp_path / "more"))


# -------------------------------------------------------------------- forms and keys


def test_a_form_is_empty_once_its_action_has_taken_it_and_asks_before_it_is_given_up(coalition: Path) -> None:
    def unsaved(pilot: Pilot[Any]) -> bool:
        return pilot.app.screen.query_one(BlockPage).is_unsaved

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Dig a bed"), "5")
        await press(pilot, "enter", "tab", "tab")
        await type_text(pilot, "roses")
        await press(pilot, "down")
        await type_text(pilot, "Birch Homes")
        await press_until(pilot, shows(pilot, "roses  garden_bed 1"), "ctrl+s")
        await press_until(pilot, lambda: isinstance(pilot.app.screen, Views), "escape")
        assert not unsaved(pilot)
        await until(pilot, lambda: not house(pilot).plugins.is_asking)
        pilot.app.screen.query_one(BlockPage).focus()
        await press(pilot, "home", "tab", "tab")
        await type_text(pilot, "beans")
        assert unsaved(pilot)
        await press(pilot, "escape", "escape")
        await press_until(pilot, shows(pilot, "not saved yet", "beans"), "down")
        await press(pilot, "enter")
        await until(pilot, shows(pilot, "Where the roses are"))
        assert not unsaved(pilot)

    drive(coalition, script, WIDE, plugins=make())


def test_the_help_of_a_view_has_the_keys_of_blocks_and_forms(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        await press_until(pilot, shows(pilot, "Birch Homes"), "5")
        await press_until(pilot, shows(pilot, "Mark the row", "Leave the form"), "question_mark")

    drive(coalition, script, (130, 90), plugins=make())
