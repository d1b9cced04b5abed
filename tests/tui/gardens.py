"""The plugin of the screen tests, and driving the application with plugins."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from textual.pilot import Pilot

# Loaded here, in one thread: pytest rewrites what it imports, and CPython 3.11 cannot do that in two at once.
import partners_crm.services.record_types
import partners_crm.tui.plugged.actions
import partners_crm.tui.plugged.card_tabs
import partners_crm.tui.plugged.columns
import partners_crm.tui.screens.card
import partners_crm.tui.screens.plugins
import partners_crm.tui.screens.views  # noqa: F401
from partners_crm.crm import Crm
from partners_crm.plugins.policy import Policy
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.plugged.bridge import Make
from tests.tui.driving import press, screen_text, settled

FOLDER = Path(__file__).with_name("plugin_folder")
PATIENCE_S = 5.0
LIMIT = 0.4
"""Seconds after which a plugin of these tests has hung."""


def make(*folders: Path, **more: Any) -> Make:
    """Registries over the gardens and the plugins of other folders, which see nothing that is installed."""

    def call(crm: Crm) -> PluginRegistry:
        terms: dict[str, Any] = {"path": [], "folders": (FOLDER, *folders)}
        return PluginRegistry(Policy(**{**terms, **more}), db=crm.db, clock=crm.clock)

    return call


def garden() -> Any:
    """The module of the gardens' screens, once it is loaded."""
    return sys.modules["partners_crm_local.garden.screens"]


def house(pilot: Pilot[Any]) -> PartnersApp:
    """The application."""
    return cast("PartnersApp", pilot.app)


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait until something holds: calls of plugins are no workers that could be waited for."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"it did not come about; the screen:\n{screen_text(pilot.app)}"
        await pilot.pause(0.02)
    await settled(pilot)


async def loaded(pilot: Pilot[Any]) -> None:
    """Wait until the plugins are there."""
    await until(pilot, lambda: house(pilot).plugins.state == "loaded")


async def press_until(pilot: Pilot[Any], holds: Callable[[], bool], *keys: str) -> None:
    """Press keys, and wait until something holds."""
    await press(pilot, *keys)
    await until(pilot, holds)
