"""A list of records with a filter, and the card of the record under the cursor beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer

from partners_crm.errors import NotFound, PartnersError
from partners_crm.normalize.text import show
from partners_crm.services.listing import Listing
from partners_crm.tui.card_view import card_content
from partners_crm.tui.display import explained, joined, label
from partners_crm.tui.plugged.bridge import record_list
from partners_crm.tui.plugged.listed import PluginList
from partners_crm.tui.screens.base import GOING, WIDE, table_of
from partners_crm.tui.sources import ListingSource, NoRows
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:  # the first paint does not wait for them
    from partners_crm.crm import Crm
    from partners_crm.model import SavedSearch, Table
    from partners_crm.services.cards import Card
    from partners_crm.tui.meaning import Meaning
    from partners_crm.tui.widgets.completing import Completing

SORTS = {"organizations": ("name", "house", "senate", "status", "city", "silos", "kind"), "contacts": ("name",)}
QUIET_S = 0.08
"""Seconds the cursor or the typing rests before the card or the list follows."""
KEYS = "/ filter  Enter open  Space mark  x actions  c columns  b searches  w why  Ctrl+F find  n new  e edit  ? keys"
SHORT_KEYS = "/ filter  Enter open  b searches  w why  Ctrl+F find  n new  e edit  ? keys"


class Records(PluginList):
    """Organizations, contacts, or the records of a plugin."""

    DEFAULT_CSS = """
    Records #card { width: 45%; border-left: solid $panel; padding: 0 1; display: none; }
    Records #card { scrollbar-gutter: stable; }
    Records.wide #card { display: block; }
    Records #filter { height: 3; border: round $primary; }
    Records #meaning { height: 1; padding: 0 2; text-wrap: nowrap; text-overflow: ellipsis; color: $foreground 80%; }
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
        Binding("M", "merge", "Merge the record with another one", show=False, id="records.merge"),
        Binding("w", "why", "Why is this row here?", show=False, id="records.why"),
        Binding("W", "why_not", "Why is one not here?", show=False, id="records.why_not"),
        Binding("b", "searches", "Saved searches", show=False, id="records.searches"),
    ]

    def __init__(self, entity: str, query: str = "") -> None:
        super().__init__()
        self.entity = entity
        self.query_text = self._home = self._listed = query
        self.order = "name"
        self.descending = False
        self._card: Card | None = None
        self._rest: Timer | None = None
        self._typing: Timer | None = None
        self._rows: int | None = None
        self._is_typing = False
        """Whether the end of the query is still being typed."""
        self._line: Completing | None = None
        """The filter line, where it is open."""
        self._meant: Line | None = None
        """What stands under it."""
        self._saved: SavedSearch | None = None
        """The saved search that was applied last."""
        self._turn = 0
        """Counts the lists that were asked for."""

    @cached_property
    def table(self) -> type[Table]:
        """The entity."""
        return table_of(self.crm, self.entity)

    def compose(self) -> ComposeResult:
        """Head, list and card, status, keys."""
        yield Line(id="head", classes="head")
        with Horizontal():
            yield VirtualTable(
                self._first_source(),
                empty=f"No {self._words[1]} here. n adds one, i imports a file, Esc clears the filter.",
            )
            with VerticalScroll(id="card"):
                yield Line(id="card-text")
        yield Line(id="status", classes="status")
        yield Line(id="keys", classes="keys")

    @property
    def _title(self) -> str:
        entity = self.table.entity
        return record_list(entity.plural, entity.plugin, "").title if entity.plugin else self.entity.capitalize()

    @property
    def _words(self) -> tuple[str, str]:
        """What one record is called, and several; those of a plugin without its name before."""
        entity = self.table.entity
        before = f"{entity.plugin.replace('-', '_')}_" if entity.plugin else ""
        return entity.name.removeprefix(before).replace("_", " "), self.entity.removeprefix(before).replace("_", " ")

    @property
    def list(self) -> VirtualTable:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        """Put the cursor on the list."""
        self.list.focus()
        self._say()
        if self.query_text.strip() and self.house.plugins.offered.has_words:
            self.action_reload()

    def on_resize(self, event: events.Resize) -> None:
        """Show the card beside the list where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        if self._card is None and self.list.cursor_id is not None:
            # The list may have been there before it was known that there is room for the card.
            self.on_virtual_table_highlighted(VirtualTable.Highlighted(self.list.cursor_id))
        self.query_one("#keys", Line).put(KEYS if event.size.width > len(KEYS) + 2 else SHORT_KEYS)

    def on_screen_resume(self) -> None:
        """Another screen may have changed the data."""
        if self._rows is not None:
            self.action_reload()

    def _source(self) -> ListingSource:
        """The list, asked for on the screen's own thread; it knows no words of plugins."""
        crm, options = self.crm, self._options()
        return self._with_columns(Listing(crm.db, self.table, self.query_text, today=crm.today, **options))

    def _first_source(self) -> ListingSource:
        """The list at the beginning: where its query may ask a plugin, of all, until that has answered."""
        if not self.house.plugins.offered.has_words:
            return self._source()
        crm = self.crm
        return self._with_columns(Listing(crm.db, self.table, "", today=crm.today))

    def _options(self) -> dict[str, Any]:
        # Without a name, records are in the order in which they were added.
        order = "" if self.order == "name" and "name" not in self.table.declarations() else self.order
        return {"order": order, "descending": self.descending, "typing": self._is_typing}

    def _say(self, trouble: str = "", *, is_behind: bool = False) -> None:
        """Say what the list is of, how many there are, and whether it follows the query."""
        saved = self._saved
        name = f"{saved.name}: " if saved is not None and saved.query == self.query_text else ""
        self.query_one("#head", Line).put(
            joined(
                [
                    (self._title, "bold"),
                    (f"  {self.crm.name}   ", ""),
                    (name, "bold $accent"),
                    (self.query_text, "$accent"),
                ]
            )
        )
        count = "…" if self._rows is None else f"{self._rows:,}"
        words = self._words[0 if self._rows == 1 else 1]
        sort = f"by {self.order}{', reversed' if self.descending else ''}"
        marked = f"{len(self.list.marked):,} marked · " if self.list.marked else ""
        behind = "the list is as it was: " if is_behind else ""
        text = trouble or f"{behind}{count} {words} · {marked}{sort} · {GOING}"
        self.query_one("#status", Line).put(label(text, "$error" if trouble else ""))

    # ---------------------------------------------------------------- what may be shown

    def plugins_changed(self) -> None:
        """Plugins were loaded, or others look on now: what a query or a column says may be known, or hidden, now."""
        plugins = self.house.plugins
        if not plugins.may_show(self.table.entity):
            self.list.show_source(NoRows(self.list.source.columns))
            self._rows = 0
            self._say("hidden while others look on; P shows it again")
        elif self._rows is not None and (plugins.offered.has_words or self._chosen or plugins.is_shared):
            self.action_reload()

    # ---------------------------------------------------------------- the list

    def action_reload(self) -> None:
        """Read the list anew and keep the cursor on its record; the filter line says what the query means."""
        self._read(self._take)

    def _read(self, then: Callable[[ListingSource], object]) -> None:
        """Find out what the query lists; a query that may ask a plugin does so in the background."""
        self._turn += 1
        turn = self._turn
        if not (self.query_text.strip() and self.house.plugins.offered.has_words):
            try:
                source = self._source()
            except PartnersError as error:
                self._refused(error)
            else:
                then(source)
            return
        table, query, options = self.table, self.query_text, self._options()

        def work(crm: Crm) -> Listing | PartnersError:
            try:
                return crm.listing(table, query, **options)
            except PartnersError as error:
                return error

        def done(found: Listing | PartnersError) -> None:
            if turn != self._turn or not self.is_mounted:
                return  # another query was asked meanwhile
            if isinstance(found, PartnersError):
                self._refused(found)
            else:
                then(self._with_columns(found))

        self.house.background(work, done, always=True)

    def _refused(self, error: PartnersError) -> None:
        # Under the filter line it is said why.
        self._say("" if self._line is not None else explained(error), is_behind=True)
        self._think()

    def _take(self, source: ListingSource) -> None:
        if source.listing.query != self._listed:
            self._listed, self._rows = source.listing.query, None
        self.list.show_source(source, keep_id=self.list.cursor_id)
        self._say()
        self._think()

    def action_sort(self) -> None:
        """Sort by the next column that can be sorted by."""
        sorts = SORTS.get(self.entity) or tuple(self.table.declarations())
        here = sorts.index(self.order) if self.order in sorts else -1  # a saved search may have another order
        self.order = sorts[(here + 1) % len(sorts)]
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

    def key_parts(self) -> Sequence[tuple[str, Sequence[Binding]]]:
        """The keys of the filter line, for the help."""
        from partners_crm.tui.screens.help import bindings_of
        from partners_crm.tui.widgets.completing import Completing

        return (("The filter line", bindings_of(Completing)), ("Plugins", self.plugin_keys()))

    def action_filter(self) -> None:
        """Open the filter line above the list."""
        (self._line or self._open_filter()).focus()

    def _open_filter(self) -> Completing:
        from partners_crm.tui.widgets.completing import Completing, Offers

        offers = Offers(id="offers")
        examples = "words, or silo:housing -status:lapsed; ↓ shows what can be asked"
        line = Completing(self.query_text, offers, self._think, placeholder=show(examples), id="filter")
        self._line, self._meant = line, Line(id="meaning")
        self.mount_all([line, self._meant, offers], after=self.query_one("#head"))
        self.call_after_refresh(self._think)
        return line

    def action_clear(self) -> None:
        """Clear the filter and go back to the list."""
        was_open = self._line is not None
        self._line = self._meant = None
        for box in self.query("#filter, #meaning, #offers"):
            box.remove()
        self.list.focus()
        self._is_typing, self._saved = False, None
        if self.query_text != self._home:
            self.query_text = self._home
            self.action_reload()
        elif not was_open and len(self.house.screen_stack) > 1:
            self.house.pop_screen()

    def on_input_changed(self, message: Any) -> None:
        """Filter as one types, once the typing rests."""
        if message.value == self.query_text:
            return  # the line was opened on it
        message.input.typing()
        self.query_text, self._is_typing = message.value, True
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(QUIET_S, self.action_reload)

    def on_input_submitted(self, _message: Any) -> None:
        """Enter goes from the filter to the list, once the query runs as it stands."""
        if self._typing is not None:
            self._typing.stop()
        self._is_typing = False

        def take(source: ListingSource) -> None:
            self._take(source)
            self.list.focus()

        self._read(take)  # where it does not run, it is said under the line, which keeps the cursor

    def on_offers_clicked(self, message: Any) -> None:
        """A click takes an offer."""
        if self._line is not None:
            self._line.clicked(message.place)

    def _think(self) -> None:
        """Work out what the query means and what could be typed next; the last answer asked for is shown."""
        from partners_crm.tui.meaning import meaning

        line, text, table = self._line, self.query_text, self.table
        if line is not None:
            cursor = line.cursor_position if line.has_focus else None
            is_typing = self._is_typing
            self.house.background(
                lambda crm: meaning(crm, table, text, cursor, is_typing=is_typing), self._show_meaning, always=True
            )

    def _show_meaning(self, found: Meaning) -> None:
        line, meant = self._line, self._meant
        if line is None or meant is None or (found.text, found.is_typing) != (self.query_text, self._is_typing):
            return
        words = label(found.trouble, "$error") if found.trouble else label(found.sentence)
        meant.put(words)
        line.receive(found.text, found.offers)

    # ---------------------------------------------------------------- why, and saved searches

    def action_why(self) -> None:
        """Say why the record under the cursor is in the list."""
        from partners_crm.tui.screens.why import show_why

        if self.list.cursor_id is None:
            self.house.notice("the list is empty", "W asks why one is not in it")
        else:
            show_why(self.house, self.table, self.query_text, self.list.cursor_id)

    def action_why_not(self) -> None:
        """Say why a record that is asked for is not in the list."""
        from partners_crm.tui.screens.why import ask_why_not

        ask_why_not(self.house, self.table, self.query_text)

    def action_searches(self) -> None:
        """Choose a saved search, or save the present query."""
        from partners_crm.tui.screens.searches import Searches

        sort = "" if self.order == "name" and not self.descending else f"{'-' * self.descending}{self.order}"
        self.house.push_screen(Searches(self.table, self.query_text, sort), self._apply)

    def _apply(self, search: SavedSearch | None) -> None:
        """List what a saved search means, in its order."""
        if search is None:
            return
        self._saved, self._is_typing = search, False
        self.query_text = search.query
        self.order, self.descending = search.sort.removeprefix("-") or "name", search.sort.startswith("-")
        if (line := self._line) is None:
            self._open_filter()
        else:
            line.put(search.query)
        self.action_reload()
        self.list.focus()

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
        is_shared = self.house.plugins.is_shared

        def work(crm: Crm) -> Card | None:
            try:
                card = crm.card(self.table, record_id)
            except NotFound:
                return None
            if not is_shared:
                return card
            from partners_crm.tui.plugged.shared import shared_card  # only while others look on

            return shared_card(crm, card)

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

        self.house.push_screen(CardScreen(self.table.entity.name, message.record_id, self.query_text))

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

    def action_merge(self) -> None:
        """Ask what the record under the cursor is merged with."""
        from partners_crm.tui.screens.merge_with import merge_with

        if self.list.cursor_id is not None:
            merge_with(self.house, self.table, self.list.cursor_id)

    def action_import(self) -> None:
        """Import a file."""
        from partners_crm.tui.screens.importing import ImportFile

        self.house.push_screen(ImportFile())

    def _edited(self, record_id: int | None) -> None:
        if record_id is not None:
            self.action_reload()
