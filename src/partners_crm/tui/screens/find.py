"""Find anything: what begins with the words that are typed, whatever it is; Enter opens it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.timer import Timer

from partners_crm.errors import PartnersError
from partners_crm.services.finding import SHOWN, Answer, Found, find_anything
from partners_crm.services.listing import Column
from partners_crm.tui.display import label
from partners_crm.tui.screens.base import Box
from partners_crm.tui.screens.records import SORTS
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet

if TYPE_CHECKING:
    from partners_crm.tui.app import PartnersApp

QUIET_S = 0.08
"""Seconds the typing rests before it is looked for."""
HOW = "Type the beginnings of words: a name, a town, a street, a phone, a mail address, a note."
MORE = "The first ones. Another word narrows it."


class AnswerSource:
    """What was found, or what else may have been meant; a row's id is its place."""

    columns: Sequence[Column] = (
        Column("title", "Name", 28),
        Column("entity", "What", 13),
        Column("where", "Where it says so", 28),
    )

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._cells = [(each.title, each.entity.replace("_", " "), each.where) for each in answer.found]
        self._cells += [(each, "did you mean?", "") for each in answer.suggestions]

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first places."""
        return range(min(limit, len(self._cells)))

    def all_ids(self) -> array[int]:
        """All places."""
        return array("q", range(len(self._cells)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Name, entity, and where the words stand."""
        return {place: self._cells[place] for place in ids if place < len(self._cells)}


class Find(Box):
    """A line and, under it, the first records that hold what is typed; the keys stay with the line."""

    DEFAULT_CSS = """
    Find { align: center top; }
    Find Sheet { width: 100; margin: 1 0 0 0; }
    Find VirtualTable { height: 14; max-height: 50vh; }
    Find #said { max-height: 3; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("down", "move(1)", "Next", show=False, priority=True, id="find.down"),
        Binding("up", "move(-1)", "The one before", show=False, priority=True, id="find.up"),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True, id="find.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True, id="find.page_up"),
        Binding("tab", "take", "Take the spelling", show=False, priority=True, id="find.take"),
        Binding("ctrl+f", "close", "Close", show=False, id="find.close"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._source = AnswerSource(Answer("", (), ()))
        self._typing: Timer | None = None
        self._wants_open = False
        """Whether Enter was pressed before the answer came."""

    def compose(self) -> ComposeResult:
        """The line, what was found, what is to be said of it, keys."""
        with Sheet():
            yield Line("Find anything", classes="title")
            yield Entry(placeholder="words, or their beginnings", id="words")
            yield VirtualTable(self._source, empty="")
            yield Line(HOW, id="said")
            yield Line("↑ ↓ choose   Enter open   Esc back", classes="keys")

    @property
    def _list(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    @property
    def _line(self) -> Entry:
        return self.query_one(Entry)

    def on_mount(self) -> None:
        """Put the cursor in the line."""
        self._list.can_focus = False
        self._line.focus()

    def on_input_changed(self, _message: Any) -> None:
        """Look for it, once the typing rests."""
        self._wants_open = False
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(QUIET_S, self._look)

    def action_reload(self) -> None:
        """Look for it anew."""
        self._look()

    def _look(self) -> None:
        text = self._line.typed
        if not text.strip():
            self._show(Answer(text, (), ()))
            return
        is_shared = self.house.plugins.is_shared  # while others look on, what is for staff is not found
        self.house.background(lambda crm: find_anything(crm.db, text, for_everyone=is_shared), self._show)

    def _show(self, answer: Answer) -> None:
        if not self.is_running or answer.text != self._line.typed:
            return  # something else is typed by now
        self._source = AnswerSource(answer)
        self._list.cursor = 0
        self._list.show_source(self._source)
        self._say()
        if self._wants_open and answer.found:
            self._open(answer.found[0])

    def _say(self) -> None:
        """Say where the words stand in the record under the cursor, or what came of them."""
        answer, place = self._source.answer, self._list.cursor_id
        here = answer.found[place].where if place is not None and place < len(answer.found) else ""
        self.query_one("#said", Line).put(label(here or _said(answer)))

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
        """The cursor of these rows is no matter of the screen below."""
        message.stop()
        self._say()

    def on_virtual_table_counted(self, message: VirtualTable.Counted) -> None:
        """Nor is their number."""
        message.stop()

    # ---------------------------------------------------------------- keys

    def action_move(self, step: int) -> None:
        """Choose another row."""
        self._list.action_move(step)

    def action_page(self, step: int) -> None:
        """Choose a row a page further."""
        self._list.action_page(step)

    def action_take(self) -> None:
        """Take the spelling under the cursor."""
        place = self._list.cursor_id
        if self._source.answer.suggestions and place is not None:
            self._line.put(self._source.answer.suggestions[place])

    def on_input_submitted(self, message: Any) -> None:
        """Open the record under the cursor, or take the spelling; an answer that is still to come is waited for."""
        message.stop()
        if self._source.answer.text != self._line.typed:
            self._wants_open = True
        elif self._list.cursor_id is not None:
            self._chosen(self._list.cursor_id)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """A click on the chosen row opens it."""
        message.stop()
        self._chosen(message.record_id)

    def _chosen(self, place: int) -> None:
        answer = self._source.answer
        if answer.suggestions:
            self.action_take()
        elif place < len(answer.found):
            self._open(answer.found[place])

    def _open(self, found: Found) -> None:
        house = self.house
        self.dismiss(None)
        house.call_later(open_found, house, found)


def _said(answer: Answer) -> str:
    if not answer.text.strip():
        return HOW
    if answer.found:
        return MORE if len(answer.found) == SHOWN else "Found in its own name or text."
    if answer.suggestions:
        return f"Nothing holds “{answer.text}”. Tab or Enter looks for what is spelled like it."
    return f"Nothing holds “{answer.text}”, nor anything spelled like it."


def open_found(house: PartnersApp, found: Found) -> None:
    """Open the card of a record that was found; a saved search opens its list."""
    from partners_crm.model import SavedSearch
    from partners_crm.store.read import by_id
    from partners_crm.tui.screens.card import CardScreen
    from partners_crm.tui.screens.records import Records

    if found.entity == SavedSearch.entity.name:
        try:
            search = by_id(house.crm.db, SavedSearch, found.id)
            house.crm.listing(search.applies_to, search.query)
        except PartnersError as error:
            house.fault(error)
            return
        if search.applies_to in SORTS:
            house.push_screen(Records(search.applies_to, search.query))
            return
    house.push_screen(CardScreen(found.entity, found.id))
