"""A page of blocks that a plugin answers: "…" while it is asked, what failed in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical

from partners_crm.errors import PartnersError
from partners_crm.plugins.blocks import Block, Tiles
from partners_crm.tui.blocks.page import BlockPage
from partners_crm.tui.display import label, stacked
from partners_crm.tui.plugged.answers import blocks_of
from partners_crm.tui.plugged.bridge import failed_line
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from datetime import date

    from partners_crm.districts.tiles import Grid
    from partners_crm.plugins.context import PluginContext
    from partners_crm.plugins.policy import Owned
    from partners_crm.store.open import Handle
    from partners_crm.tui.plugged.bridge import Plugins


class Page(NamedTuple):
    """What is shown: blocks, with the tiles of the chambers they draw."""

    blocks: tuple[Block, ...]
    grids: Mapping[str, Grid]


def read_page(db: Handle, context: PluginContext, blocks: Iterable[object]) -> Page:
    """The blocks of an answer, checked, with what is needed to draw them; for the inside of the boundary."""
    found = blocks_of(blocks)
    chambers = {block.chamber for block in found if isinstance(block, Tiles)}
    return Page(found, _grids(db, context.as_of, chambers) if chambers else {})


def _grids(db: Handle, day: date, chambers: Iterable[str]) -> Mapping[str, Grid]:
    """The tiles of chambers on the map of the day; a chamber that it has not is left out."""
    from partners_crm.plugins.drawing import grid_for
    from partners_crm.services.maps import borders_of
    from partners_crm.store.maps import map_for

    try:
        info = borders_of(db, map_for(db, day)).info
    except PartnersError:
        return {}  # no map with boundaries holds on the day: districts follow their numbers
    found = {chamber: grid_for(info, chamber) for chamber in chambers}
    return {chamber: tiles for chamber, tiles in found.items() if tiles is not None}


class Asked(Vertical):
    """The place of one answer: a page of blocks, or a word."""

    DEFAULT_CSS = """
    Asked { height: 1fr; }
    Asked > #word { padding: 1 2; height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._turn = 0
        self._grids: Mapping[str, Grid] = {}

    def compose(self) -> ComposeResult:
        """A word, and the page."""
        yield Line(id="word")
        page = BlockPage(grid_of=self._grid_of)
        page.display = False
        yield page

    def _grid_of(self, chamber: str) -> Grid | None:
        return self._grids.get(chamber)

    @property
    def page(self) -> BlockPage:
        """The page."""
        return self.query_one(BlockPage)

    @property
    def is_shown(self) -> bool:
        """Whether there are blocks to look at."""
        return self.page.display

    def say(self, text: Any) -> None:
        """Show a word in the place of blocks."""
        self._turn += 1
        self._word(text)

    def blank(self) -> None:
        """Show nothing of what was there: others look on now, and it is asked for anew."""
        self._turn += 1
        self.page.forget()
        if self.is_shown:
            self._word("…")

    def _word(self, text: Any) -> None:
        self.page.display = False
        word = self.query_one("#word", Line)
        word.display = True
        word.put(text)

    def ask(
        self,
        plugins: Plugins,
        owned: Owned[Any],
        work: Callable[[PluginContext], Iterable[object]],
        *,
        keep: bool,
        then: Callable[[Page | None], object],
    ) -> None:
        """Ask a plugin for blocks and show them; with `keep` those of before stay until then.

        `then` is told of them, or of None where it failed; only of the answer that was asked for last.
        """
        self._turn += 1
        turn = self._turn
        if not (keep and self.is_shown):
            self._word("…")

        async def done(page: Page) -> None:
            if turn == self._turn and self.is_mounted:
                await self.put(page)
                then(page)

        def failed(error: PartnersError) -> None:
            if turn == self._turn and self.is_mounted:
                self._word(stacked([label(failed_line(owned), "bold $error"), label(error.message)]))
                then(None)

        db = plugins.db
        plugins.ask(owned, lambda context: read_page(db, context, work(context)), done, failed)

    async def put(self, page: Page) -> None:
        """Show blocks."""
        self._grids = page.grids
        await self.page.put(page.blocks)
        if page.blocks:
            self.query_one("#word", Line).display = False
            self.page.display = True
        else:
            self._word("Nothing here.")
