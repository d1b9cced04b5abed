"""A page of blocks in an application of its own: what it shows, and what it says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from textual.app import App, ComposeResult
from textual.filter import LineFilter, Monochrome
from textual.pilot import Pilot

from partners_crm.plugins.blocks import Block
from partners_crm.plugins.drawing import GridOf, no_grid
from partners_crm.plugins.screens import Selection
from partners_crm.tui.blocks.page import BlockPage
from partners_crm.tui.display import NoColour
from partners_crm.tui.theme import DARK

Script = Callable[[Pilot[Any], "PageApp"], Awaitable[None]]


class PageApp(App[None]):
    """One page of blocks, and nothing else."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, blocks: Iterable[Block], grid_of: GridOf = no_grid) -> None:
        super().__init__()
        self.page = BlockPage(blocks, grid_of=grid_of)
        self.moved: list[Selection] = []
        self.chosen: list[Selection] = []
        self.marks: list[int] = []
        self.answered: list[tuple[str, dict[str, str]]] = []
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield self.page

    def get_line_filters(self) -> list[LineFilter]:
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome)]
        return [*filters, NoColour()] if os.environ.get("NO_COLOR") else filters

    def on_block_page_moved(self, message: BlockPage.Moved) -> None:
        self.moved.append(message.selection)

    def on_block_page_chosen(self, message: BlockPage.Chosen) -> None:
        self.chosen.append(message.selection)

    def on_block_page_marked(self, message: BlockPage.Marked) -> None:
        self.marks.append(message.count)

    def on_block_page_answered(self, message: BlockPage.Answered) -> None:
        self.answered.append((message.action, dict(message.answers)))

    def shown(self) -> str:
        """What stands on the screen, line by line."""
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def drive(
    blocks: Iterable[Block], script: Script, size: tuple[int, int] = (80, 24), grid_of: GridOf = no_grid
) -> PageApp:
    """Show a page, carry out a script on it, and end it."""
    app = PageApp(blocks, grid_of)

    async def go() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(pilot, app)

    asyncio.run(go())
    return app


def seen(blocks: Iterable[Block], size: tuple[int, int] = (80, 24), *keys: str, grid_of: GridOf = no_grid) -> str:
    """What a page shows after some keys."""
    found: list[str] = []

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        found.append(app.shown())

    drive(blocks, script, size, grid_of)
    return found[0]
