"""What plugins bring, in the palette: views, lists of their records, and the actions of the present screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from partners_crm.tui.display import label

if TYPE_CHECKING:
    from partners_crm.tui.app import PartnersApp


class Entry(NamedTuple):
    """One entry."""

    name: str
    help: str
    run: Callable[[], object]


class PluginCommands(Provider):
    """The entries; what is not for everyone is left out while others look on."""

    async def discover(self) -> Hits:
        """Every entry."""
        for each in self._entries():
            yield DiscoveryHit(label(each.name), each.run, text=each.name, help=each.help)

    async def search(self, query: str) -> Hits:
        """The entries that what was typed fits."""
        matcher = self.matcher(query)
        for each in self._entries():
            if (score := matcher.match(each.name)) > 0:
                yield Hit(score, label(each.name), each.run, text=each.name, help=each.help)

    def _entries(self) -> Iterator[Entry]:
        house = cast("PartnersApp", self.app)
        for owned in house.plugins.views:
            title = f"{owned.item.title} ({owned.owner.plugin})"
            yield Entry(title, "a view", partial(house.plugins.show_view, owned.full_name))
        for each in house.plugins.record_lists():
            yield Entry(each.title, "a list", partial(house.plugins.show_list, each.plural))
        actions = getattr(self.screen, "plugin_actions", None)
        for title, run in actions() if actions is not None else ():
            yield Entry(title, "of a plugin", run)
