"""Choosing the columns of a list, and their order."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding

from partners_crm.services.listing import Column
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet


class Offer(NamedTuple):
    """A column that a list may have."""

    name: str
    label: str
    owner: str = ""
    """The plugin that brings it; "" for the core's."""


class OfferSource:
    """Columns as the rows of a table; a row's id is its place."""

    columns: Sequence[Column] = (Column("shown", "", 5), Column("label", "Column", 24), Column("owner", "Plugin", 16))

    def __init__(self, offers: Sequence[Offer], shown: set[str]) -> None:
        self._offers = offers
        self._shown = shown

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first places."""
        return range(min(limit, len(self._offers)))

    def all_ids(self) -> array[int]:
        """All places."""
        return array("q", range(len(self._offers)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Whether it is shown, what it is called, whose it is."""
        return {
            place: ("shown" if each.name in self._shown else "", each.label, each.owner)
            for place in ids
            for each in [self._offers[place]]
        }


class Columns(Box):
    """Gives back the names of the columns that are to be shown, in order."""

    DEFAULT_CSS = "Columns Sheet { width: 60; } Columns VirtualTable { height: 16; max-height: 70vh; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("space", "turn", "Show the column, or hide it", show=False, id="columns.turn"),
        Binding("minus", "shift(-1)", "Further to the front", show=False, id="columns.forward"),
        Binding("plus", "shift(1)", "Further to the back", show=False, id="columns.back"),
        Binding("ctrl+s", "take", "Take it so", show=False, id="columns.take"),
    ]

    def __init__(self, offers: Sequence[Offer], shown: Sequence[str]) -> None:
        super().__init__()
        places = {name: place for place, name in enumerate(shown)}
        is_default = [each.name for each in offers if each.name in places] == list(shown)
        # What was put into another order stands in that order, with what is hidden behind it.
        self._offers = (
            list(offers) if is_default else sorted(offers, key=lambda each: places.get(each.name, len(places)))
        )
        self._shown = set(shown)

    def compose(self) -> ComposeResult:
        """Title, columns, keys."""
        with Sheet():
            yield Line("Columns of the list", classes="title")
            yield VirtualTable(OfferSource(self._offers, self._shown))
            yield Line("Space show, hide   - + move   Enter take it   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor on the columns."""
        self.query_one(VirtualTable).focus()

    def _renew(self, place: int) -> None:
        self.query_one(VirtualTable).show_source(OfferSource(self._offers, self._shown), keep_id=place)

    def action_turn(self) -> None:
        """Show the column under the cursor, or hide it."""
        place = self.query_one(VirtualTable).cursor_id
        if place is not None:
            self._shown ^= {self._offers[place].name}
            self._renew(place)

    def action_shift(self, step: int) -> None:
        """Move the column under the cursor."""
        place = self.query_one(VirtualTable).cursor_id
        if place is not None and 0 <= place + step < len(self._offers):
            self._offers.insert(place + step, self._offers.pop(place))
            self._renew(place + step)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Take it so."""
        message.stop()
        self.action_take()

    def action_take(self) -> None:
        """Take it so; a list without any column is none."""
        names = tuple(each.name for each in self._offers if each.name in self._shown)
        if names:
            self.dismiss(names)
        else:
            self.house.notice("a list needs a column", "Space shows one")
