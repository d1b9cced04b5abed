"""Twelve bad plugins together on the screen: the program starts, names each, and nobody else's result changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.plugins.policy import Policy
from tests.plugins.bad_plugins import AT_LOADING, FAULTS, GOOD, SECRET, WHEN_CALLED, write_bad_plugins, write_plugin
from tests.tui.driving import drive, press, screen_text, settled
from tests.tui.gardens import house, loaded, make, press_until, until
from tests.tui.terminal import Terminal
from tests.tui.test_plugins import shows

SIZE = (130, 50)
LIMIT = 1.0
"""Seconds after which a plugin of these tests has hung."""
QUIT_S = 2.0
"""The longest that a plugin which hangs may hold up the end of the program."""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """The next test has plugins of the same names in another folder."""
    yield
    for name in [name for name in sys.modules if name.startswith("partners_crm_local.") and "garden" not in name]:
        del sys.modules[name]


def status(pilot: Pilot[Any]) -> dict[str, str]:
    return {plugin.name: plugin.status for plugin in house(pilot).plugins.listed}


def failed(pilot: Pilot[Any]) -> set[str]:
    registry = house(pilot).plugins.registry
    assert registry is not None
    return {each.plugin for each in registry.failures}


def test_whoever_goes_wrong_while_it_offers_is_named_and_the_others_are_there(coalition: Path, tmp_path: Path) -> None:
    names = write_bad_plugins(tmp_path / "bad", when="offering", style="folder")
    assert len(names) == len(FAULTS) == 12

    async def script(pilot: Pilot[Any]) -> None:
        assert "Birch Homes" in screen_text(pilot.app)  # the core is there before the plugins are
        await press(pilot, "down", "up")
        await loaded(pilot)
        found = status(pilot)
        assert found["garden"] == found[GOOD] == "loaded"
        # A plugin that only spoils what it is handed offers well, and is handed nothing yet.
        assert failed(pilot) == set(names) - {"bad_changes_input"}
        assert {name for name in names if found[name] not in {"failed", "off"}} <= {"bad_changes_input"}
        await press(pilot, "9")
        text = screen_text(pilot.app)
        for name in (*names, GOOD, "garden"):
            assert name in text
        assert SECRET not in text
        await press_until(pilot, shows(pilot, "What grows", "Birch Homes", "spring"), "5", "down")

    drive(coalition, script, SIZE, plugins=make(tmp_path / "bad", limit=LIMIT, screen_limit=LIMIT))


def test_whoever_goes_wrong_at_work_says_so_in_its_place_and_the_others_answer(coalition: Path, tmp_path: Path) -> None:
    faults = [fault for fault in WHEN_CALLED if fault not in AT_LOADING]
    names = write_bad_plugins(tmp_path / "bad", when="working", style="folder", faults=faults)
    columns = ["garden.letters", *(f"{name}.thing" for name in names)]

    async def script(pilot: Pilot[Any]) -> None:
        await loaded(pilot)
        assert {status(pilot)[name] for name in names} == {"loaded"}
        # Columns: every bad one has its sign, the good one its texts.
        house(pilot).columns["organizations"] = ("name", *columns)
        await press(pilot, "r")
        await until(pilot, lambda: failed(pilot) == set(names) and "…" not in row(pilot, "Cedar Kitchen"))
        assert row(pilot, "Cedar Kitchen").split()[2:][: 2 + len(names)] == ["✓", "13", *["!"] * len(names)]
        # Tabs: each stands alone.
        await press(pilot, "enter")
        await until(pilot, lambda: tabs(pilot).count("!") == len(names))
        await press(pilot, "escape", "5", "home")
        for place, name in enumerate(sorted(names)):
            await press_until(pilot, shows(pilot, f"! {name}.thing failed"), *["down"] * (place > 0))
        assert SECRET not in screen_text(pilot.app)
        await settled(pilot)

    def row(pilot: Pilot[Any], name: str) -> str:
        return next(line for line in screen_text(pilot.app).splitlines() if name in line)

    def tabs(pilot: Pilot[Any]) -> str:
        return next((line for line in screen_text(pilot.app).splitlines() if "Overview" in line), "")

    drive(
        coalition,
        script,
        (260, 50),
        plugins=make(tmp_path / "bad", limit=LIMIT, screen_limit=LIMIT, strikes=9),
    )


HANGS = """
import time
from partners_crm.plugins import *

def hang(*inputs):
    time.sleep(600)

@hookimpl
def register_views():
    return [View(name="swamp", title="The swamp", blocks=hang)]
"""


@pytest.mark.parametrize("text", [HANGS, "import time; time.sleep(600)"], ids=["in a view", "at import"])
def test_a_plugin_that_hangs_does_not_hold_up_the_end(coalition: Path, tmp_path: Path, text: str) -> None:
    write_plugin(tmp_path / "bad", "swamp", text, style="folder")
    command = [
        *(sys.executable, "-m", "partners_crm"),
        *("--db", str(coalition), "--plugins-dir", str(tmp_path / "bad"), "ui"),
    ]
    # No plugin but those of the folder, which was named on purpose; the size is the terminal's, not that of this run.
    alone = {"PARTNERS_PLUGINS": "", "COLUMNS": "110", "LINES": "30"}
    with Terminal(coalition, columns=110, rows=30, command=command, environment=alone) as terminal:
        terminal.wait_for("Birch Homes")
        terminal.send(b"9")
        terminal.wait_for("swamp")
        if text is HANGS:
            terminal.send(b"5")
            terminal.wait_for("The swamp")
            terminal.wait_for("swamp …")
        start = time.monotonic()
        terminal.send(b"\x11")  # ctrl+q
        assert terminal.exit_code() == 0
        assert time.monotonic() - start < QUIT_S


def test_the_limits_of_a_screen_are_those_of_the_issue() -> None:
    assert Policy().screen_limit == QUIT_S
