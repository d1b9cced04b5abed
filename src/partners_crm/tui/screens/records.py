"""A list of records with a filter, and the card of the record under the cursor beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer
from textual.widget import Widget

from partners_crm.errors import NotFound, PartnersError
from partners_crm.services.listing import entity_of
from partners_crm.tui.card_view import card_content
from partners_crm.tui.display import explained, joined, label
from partners_crm.tui.screens.base import GOING, WIDE, MainScreen
from partners_crm.tui.sources import ListingSource
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from partners_crm.services.cards import Card  # the first paint does not wait for it

SORTS = {"organizations": ("name", "house", "senate", "status", "city", "silos", "kind"), "contacts": ("name",)}
QUIET_S = 0.08
"""Seconds the cursor or the typing rests before the card or the list follows."""


class Records(MainScreen):
    """Organizations or contacts."""

    DEFAULT_CSS = """
    Records #card { width: 45%; border-left: solid $panel; padding: 0 1; display: none; }
    Records.wide #card { display: block; }
    Records #filter { height: 3; border: round $primary; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("slash", "filter", "Filter the list", show=False, id="records.filter"),
        Binding("escape", "clear", "Clear the filter", show=False, id="records.clear"),
        Binding("n", "new", "New record", show=False, id="records.new"),
        Binding("e", "edit", "Edit", show=False, id="records.edit"),
        Binding("d", "delete", "Delete", show=False, id="records.delete"),
        Binding("s", "sort", "Sort by the next column", show=False, id="records.sort"),
        Binding("S", "reverse", "Reverse the order", show=False, id="records.reverse"),
        Binding("i", "import", "Import a file", show=False, id="records.import"),
    ]

    def __init__(self, entity: str, query: str = "") -> None:
        super().__init__()
        self.entity = entity
        self.table = entity_of(entity)
        self.query_text = self._home = query
        self.order = "name"
        self.descending = False
        self._card: Card | None = None
        self._rest: Timer | None = None
        self._typing: Timer | None = None
        self._rows: int | None = None

    def compose(self) -> ComposeResult:
        """Head, list and card, status, keys."""
        yield Line(id="head", classes="head")
        with Horizontal():
            yield VirtualTable(
                self._source(), empty=f"No {self.entity} here. n adds one, i imports a file, Esc clears the filter."
            )
            with VerticalScroll(id="card"):
                yield Line(id="card-text")
        yield Line(id="status", classes="status")
        yield Line("/ filter  Enter open  n new  e edit  d del  s sort  i import  u undo  ? keys", classes="keys")

    @property
    def list(self) -> VirtualTable:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        """Put the cursor on the list."""
        self.list.focus()
        self._say()

    def on_resize(self, event: events.Resize) -> None:
        """Show the card beside the list where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def on_screen_resume(self) -> None:
        """Another screen may have changed the data."""
        if self._rows is not None:
            self.action_reload()

    def _source(self) -> ListingSource:
        listing = self.crm.listing(self.table, self.query_text, order=self.order, descending=self.descending)
        return ListingSource(self.crm, listing)

    def _say(self, trouble: str = "") -> None:
        title = self.entity.capitalize()
        count = "…" if self._rows is None else f"{self._rows:,}"
        sort = f"by {self.order}{', reversed' if self.descending else ''}"
        self.query_one("#head", Line).put(
            joined([(title, "bold"), (f"  {self.crm.name}", ""), (f"   {self.query_text}", "$accent")])
        )
        words = self.table.entity.name if self._rows == 1 else self.entity
        text = trouble or f"{count} {words} · {sort} · {GOING}"
        self.query_one("#status", Line).put(label(text, "$error" if trouble else ""))

    # ---------------------------------------------------------------- the list

    def action_reload(self) -> None:
        """Read the list anew and keep the cursor on its record."""
        try:
            source = self._source()
        except PartnersError as error:
            self._say(explained(error))
            return
        self.list.show_source(source, keep_id=self.list.cursor_id)
        self._say()

    def action_sort(self) -> None:
        """Sort by the next column that can be sorted by."""
        sorts = SORTS[self.entity]
        self.order = sorts[(sorts.index(self.order) + 1) % len(sorts)]
        self.action_reload()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.descending = not self.descending
        self.action_reload()

    def on_virtual_table_counted(self, message: VirtualTable.Counted) -> None:
        """Say how many records there are."""
        self._rows = message.rows
        self._say()

    def on_virtual_table_failed(self, message: VirtualTable.Failed) -> None:
        """Say what went wrong with the list."""
        self.house.fault(message.error)

    # ---------------------------------------------------------------- the filter

    def action_filter(self) -> None:
        """Open the filter line above the list."""
        from partners_crm.tui.widgets.entry import Entry

        boxes = self.query("#filter")
        if boxes:
            boxes.first(Widget).focus()
            return
        box = Entry(
            self.query_text,
            placeholder='words, or silo:housing district:sldu:5 -status:lapsed "family services"',
            id="filter",
        )
        self.mount(box, after=self.query_one("#head"))
        box.focus()

    def action_clear(self) -> None:
        """Clear the filter and go back to the list."""
        boxed = self.query("#filter")
        for box in boxed:
            box.remove()
        self.list.focus()
        if self.query_text != self._home:
            self.query_text = self._home
            self._filter()
        elif not boxed and len(self.house.screen_stack) > 1:
            self.house.pop_screen()

    def on_input_changed(self, message: Any) -> None:
        """Filter as one types, once the typing rests."""
        self.query_text = message.value
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(QUIET_S, self._filter)

    def on_input_submitted(self, _message: Any) -> None:
        """Enter goes from the filter to the list."""
        self.list.focus()

    def _filter(self) -> None:
        self._rows = None
        self.action_reload()

    # ---------------------------------------------------------------- the card

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
        """Show the card of the record, once the cursor rests."""
        if self._rest is not None:
            self._rest.stop()
        if message.record_id is None:
            self._show_card(None)
        elif self.has_class("wide"):
            record_id = message.record_id
            self._rest = self.set_timer(QUIET_S, lambda: self._load_card(record_id))

    def _load_card(self, record_id: int) -> None:
        def work(crm: Any) -> Card | None:
            try:
                return crm.card(self.table, record_id)  # type: ignore[no-any-return]  # Crm, typed Any for the worker
            except NotFound:
                return None

        def done(card: Card | None) -> None:
            if card is None or card.id == self.list.cursor_id:
                self._show_card(card)

        self.house.background(work, done)

    def _show_card(self, card: Card | None) -> None:
        self._card = card
        box = self.query_one("#card", VerticalScroll)
        width = box.scrollable_content_region.width
        self.query_one("#card-text", Line).put("" if card is None else card_content(card, width))
        box.scroll_home(animate=False)

    # ---------------------------------------------------------------- actions on a record

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open the card of a record."""
        from partners_crm.tui.screens.card import CardScreen

        self.house.push_screen(CardScreen(self.table.entity.name, message.record_id))

    def action_new(self) -> None:
        """Add a record."""
        from partners_crm.tui.screens.form import Form

        self.house.push_screen(Form(self.table), self._edited)

    def action_edit(self) -> None:
        """Edit the record under the cursor."""
        from partners_crm.tui.screens.form import edit

        if self.list.cursor_id is not None:
            edit(self.house, self.table, self.list.cursor_id, self._edited)

    def action_delete(self) -> None:
        """Delete the record under the cursor, after saying what goes with it."""
        from partners_crm.tui.screens.question import delete

        if self.list.cursor_id is not None:
            delete(self.house, self.table, self.list.cursor_id, self._edited)

    def action_import(self) -> None:
        """Import a file."""
        from partners_crm.tui.screens.importing import ImportFile

        self.house.push_screen(ImportFile())

    def _edited(self, record_id: int | None) -> None:
        if record_id is not None:
            self.action_reload()
