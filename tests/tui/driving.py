"""Driving the screens in a test: the application on a file, and what it shows as plain text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from partners_crm.tui.app import PartnersApp
from partners_crm.tui.plugged.bridge import Make
from tests.conftest import NOW

Script = Callable[[Pilot[Any]], Awaitable[None]]


def drive(
    path: Path,
    script: Script,
    size: tuple[int, int] = (80, 24),
    *,
    draft_folder: Path | None = None,
    plugins: Make | None = None,
) -> PartnersApp:
    """Run the application without a terminal, carry out a script on it, and end it."""
    app = PartnersApp(
        path,
        demo_path=path.with_name("own-demo.db"),
        draft_folder=draft_folder,
        clock=lambda: NOW,
        plugins=plugins,
    )

    async def go() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            await script(pilot)

    asyncio.run(go())
    return app


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after the other; each has done its work before the next."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type a text into the field that has the focus, then let the typing rest."""
    names = {" ": "space", "/": "slash", ":": "colon", "-": "minus", ".": "full_stop", "_": "underscore"}
    await pilot.press(*(names.get(letter, letter) for letter in text))
    await pilot.pause(0.15)
    await settled(pilot)


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until no worker is at work and no message waits."""
    for _ in range(4):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def screen_text(app: App[Any]) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
