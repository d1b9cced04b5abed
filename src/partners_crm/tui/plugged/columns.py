"""Columns of plugins in a list: one call for a page of rows, in the background, with "…" until it has answered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from partners_crm.errors import PartnersError
from partners_crm.plugins.blocks import Cell, Text
from partners_crm.services.listing import Column as Listed
from partners_crm.tui.plugged.answers import texts_of

if TYPE_CHECKING:
    from partners_crm.plugins.policy import Owned
    from partners_crm.plugins.screens import Column
    from partners_crm.tui.plugged.bridge import Plugins

WAITING = "…"
FAILED = "!"
"""In every cell of a column that failed or did not answer in time."""
PAGES_KEPT = 64
SIGNS: Mapping[str, str] = {"good": "✓ ", "doubt": "? ", "bad": "! "}
"""What a tone is shown by in a list, where a row has one colour."""


class PluginColumns:
    """The columns of plugins that one list shows now, with what is known of their cells."""

    def __init__(
        self,
        plugins: Plugins,
        columns: Sequence[Owned[Column]],
        arrived: Callable[[Sequence[int]], object],
        failed: Callable[[Owned[Column], PartnersError], object],
    ) -> None:
        """`arrived` is told of the ids whose cells are there now, `failed` of a column that is not asked again."""
        self._plugins = plugins
        self._owned = tuple(columns)
        self._arrived = arrived
        self._failed = failed
        self._off: set[str] = set()
        self._pages: OrderedDict[tuple[int, ...], dict[str, Mapping[int, Text]]] = OrderedDict()
        self.columns = tuple(
            Listed(each.full_name, each.item.label, each.item.width, each.item.align) for each in columns
        )

    def cells(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """What is known of a page of rows; what is not known yet is asked for, once."""
        page = tuple(ids)
        known = self._pages.get(page)
        if known is None:
            known = self._pages[page] = {}
            if len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
            for owned in self._owned:
                if owned.full_name not in self._off:
                    self._ask(owned, page, known)
        return {key: tuple(self._cell(owned, known, key) for owned in self._owned) for key in page}

    def _cell(self, owned: Owned[Column], known: Mapping[str, Mapping[int, Text]], key: int) -> str:
        name = owned.full_name
        if name in self._off:
            return FAILED
        return WAITING if name not in known else shown(known[name].get(key, ""))

    def _ask(self, owned: Owned[Column], page: tuple[int, ...], known: dict[str, Mapping[int, Text]]) -> None:
        def done(texts: Mapping[int, Text]) -> None:
            known[owned.full_name] = texts
            self._arrived(page)

        def failed(error: PartnersError) -> None:
            is_first = owned.full_name not in self._off
            self._off.add(owned.full_name)
            self._arrived(page)
            if is_first:
                self._failed(owned, error)

        self._plugins.ask(owned, lambda context: texts_of(owned.item.values(context, page), page), done, failed)


def shown(text: Text) -> str:
    """A text of a plugin as a cell of a list; its tone has a sign."""
    return SIGNS.get(text.tone, "") + text.text if isinstance(text, Cell) else text
