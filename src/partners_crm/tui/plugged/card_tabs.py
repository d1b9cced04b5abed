"""The tabs of plugins on a card: asked for in the background, each on its own, so that one that hangs holds up none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from partners_crm.errors import PartnersError
from partners_crm.plugins.blocks import Block, Ref
from partners_crm.tui.display import joined, label, stacked
from partners_crm.tui.plugged.block_pages import Asked, Page, read_page
from partners_crm.tui.plugged.bridge import failed_line
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from partners_crm.plugins.context import PluginContext
    from partners_crm.plugins.policy import Owned
    from partners_crm.plugins.screens import Tab
    from partners_crm.tui.screens.card import CardScreen


@dataclass(slots=True)
class Answer:
    """A tab with what is known of it."""

    owned: Owned[Tab]
    page: Page | None = None
    error: PartnersError | None = None

    @property
    def is_blank(self) -> bool:
        """Whether it has nothing to say, and so is no tab."""
        return self.page is not None and not self.page.blocks

    @property
    def sign(self) -> str:
        """Behind its title: that it failed, or is not there yet."""
        return " !" if self.error is not None else " …" if self.page is None else ""


class CardTabs:
    """The tabs of one card; the card itself is the first one."""

    def __init__(self, screen: CardScreen, entity: str, record_id: int) -> None:
        self._screen = screen
        self._entity = entity
        self._id = record_id
        self._answers: list[Answer] = []
        self._here = ""
        """The full name of the tab that is shown; "" for the card."""
        self._asked: Asked | None = None
        self._turn = 0

    @property
    def owner(self) -> str:
        """The plugin whose tab is shown; "" for the card."""
        answer = self._current
        return "" if answer is None else answer.owned.owner.plugin

    @property
    def ref(self) -> Ref | None:
        """The record under the cursor of the tab that is shown."""
        return self._asked.page.selection.ref if self._asked is not None and self._asked.is_shown else None

    @property
    def _current(self) -> Answer | None:
        return next((each for each in self._answers if each.owned.full_name == self._here), None)

    def ask(self) -> None:
        """Ask every tab anew; what was there stays until then."""
        self._turn += 1
        plugins = self._screen.house.plugins
        before = {each.owned.full_name: each for each in self._answers}
        self._answers = []
        for owned in plugins.tabs(self._entity):
            old = before.get(owned.full_name)
            self._answers.append(Answer(owned, old.page if old is not None else None))
        for answer in self._answers:
            self._ask(answer, self._turn)
        self._show_bar()
        if self._here and self._current is None:
            self._screen.run_worker(self.show(""), exit_on_error=False)

    def blank(self) -> None:
        """Forget what was answered: others look on now, and it is asked for anew."""
        for answer in self._answers:
            answer.page = answer.error = None
        if self._asked is not None:
            self._asked.blank()

    def _ask(self, answer: Answer, turn: int) -> None:
        entity, record_id, tab = self._entity, self._id, answer.owned.item
        db = self._screen.house.crm.db

        def work(context: PluginContext) -> Page:
            record = context.by_ids(entity, (record_id,)).get(record_id)
            blocks: Iterable[Block] = () if record is None else tab.blocks(context, record)
            return read_page(db, context, blocks)

        async def done(page: Page) -> None:
            answer.page, answer.error = page, None
            await self._arrived(answer, turn)

        async def failed(error: PartnersError) -> None:
            answer.page, answer.error = None, error
            await self._arrived(answer, turn)

        self._screen.house.plugins.ask(answer.owned, work, done, failed)

    async def _arrived(self, answer: Answer, turn: int) -> None:
        if turn != self._turn or not self._screen.is_mounted:
            return
        self._show_bar()
        if answer is self._current:
            await self.show("" if answer.is_blank else self._here)

    def _shown(self) -> list[Answer]:
        return [each for each in self._answers if not each.is_blank]

    def _show_bar(self) -> None:
        line = self._screen.query_one("#tabs", Line)
        some = self._shown()
        line.display = bool(some)
        parts = [("Overview", "" if self._here else "bold reverse")]
        for each in some:
            style = "bold reverse" if each.owned.full_name == self._here else ""
            parts += [("   ", ""), (f"{each.owned.item.title}{each.sign}", style)]
        line.put(joined([*parts, ("   [ ]", "$foreground 60%")]))

    async def go(self, step: int) -> None:
        """Go to the next tab, or the one before; behind the last one stands the card."""
        names = ["", *(each.owned.full_name for each in self._shown())]
        place = names.index(self._here) if self._here in names else 0
        await self.show(names[(place + step) % len(names)])

    async def show(self, name: str) -> None:
        """Show a tab by its full name, or the card."""
        self._here = name
        screen, table = self._screen, self._screen.query_one(VirtualTable)
        answer = self._current
        if answer is not None and self._asked is None:
            self._asked = Asked()
            await screen.mount(self._asked, after=table)
        table.display = answer is None
        if self._asked is not None:
            self._asked.display = answer is not None
        self._show_bar()
        if answer is None or self._asked is None:
            table.focus()
        elif answer.error is not None:
            lines = [label(failed_line(answer.owned), "bold $error"), label(answer.error.message)]
            self._asked.say(stacked(lines))
        elif answer.page is None:
            self._asked.say("…")
        else:
            await self._asked.put(answer.page)
            self._asked.page.focus()
