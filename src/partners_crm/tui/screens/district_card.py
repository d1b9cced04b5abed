"""The card of a district and the list of gaps: every line about an organization opens it."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from partners_crm.crm import Crm
from partners_crm.districts.maps import OCD_TYPE
from partners_crm.districts.tiles import Cell
from partners_crm.errors import PartnersError
from partners_crm.services.cards import Card, Row
from partners_crm.services.listing import Column
from partners_crm.tui.asking import Found, Terms, ask, terms_line
from partners_crm.tui.display import cell, explained, joined, label, wrapped
from partners_crm.tui.district_lines import EVERYBODY, district_card, gaps_card, spelled_out
from partners_crm.tui.screens.base import WIDE, MainScreen
from partners_crm.tui.screens.card import LABEL, CardScreen
from partners_crm.tui.widgets.table import GAP, VirtualTable
from partners_crm.tui.widgets.text import Line

SPACIOUS = 30
"""Lines of the screen from which the sentences stand over the lines."""


class Lines:
    """The lines of a card, each whole in one column; a row's id is its place."""

    def __init__(self, card: Card | None, width: int) -> None:
        room = max(10, width - LABEL - 3 - 2 * GAP)
        self.columns: Sequence[Column] = (Column("line", "", max(1, width - 2)),)
        self.rows_of: list[Row] = []
        """What each line is about; its value is the line as it is shown."""
        for section in card.sections if card else ():
            if self.rows_of:
                self.rows_of.append(Row("", ""))
            self.rows_of.append(Row("", section.title.upper()))
            for row in section.rows:
                for place, line in enumerate(wrapped(row.value, room)):
                    name = cell(row.label if place == 0 else "", LABEL - 2)
                    self.rows_of.append(row._replace(value=f"  {name} {line}"))

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first lines."""
        return range(min(limit, len(self.rows_of)))

    def all_ids(self) -> array[int]:
        """All lines."""
        return array("q", range(len(self.rows_of)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The one cell of each line."""
        return {place: (self.rows_of[place].value,) for place in ids if place < len(self.rows_of)}


class LinesScreen(MainScreen):
    """A card that is read only: its lines open records."""

    KEYS = "Enter open the organization  u undo  r reload  Esc back  ? keys"
    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "leave", "Back", show=False, id="district.back")]

    def __init__(self, terms: Terms, found: Found | None = None) -> None:
        super().__init__()
        self.terms = terms
        self._given = found
        """An answer of just now, for the first reading."""
        self._shown: Found | None = None
        """The answer that is shown."""
        self._card: Card | None = None
        self._source = Lines(None, WIDE)

    def compose(self) -> ComposeResult:
        """Head, sentence, lines, keys."""
        yield Line(id="head", classes="head")
        yield Line(id="sentence")
        yield VirtualTable(self._source, empty="Counting…")
        yield Line(self.KEYS, classes="keys")

    def on_mount(self) -> None:
        """Put the cursor on the lines."""
        self.query_one("#sentence").styles.padding = (0, 1)
        self.query_one(VirtualTable).focus()

    def on_screen_resume(self) -> None:
        """A card above may have changed what stands here."""
        self.action_reload()

    def action_reload(self) -> None:
        """Read everything anew."""
        self.house.background(self.read, self.show)

    def read(self, crm: Crm) -> Card | PartnersError:
        """Read the card, in a thread."""
        given, self._given = self._given, None
        answer = ask(crm, self.terms) if given is None else None
        found = given or (answer.found if answer else None)
        try:
            if found is None:
                assert answer is not None
                assert answer.error is not None
                return answer.error
            self._shown = found
            return self.card_of(crm, found)
        except PartnersError as error:
            return error

    @abstractmethod
    def card_of(self, crm: Crm, found: Found) -> Card:
        """The card of an answer, in a thread."""

    def tight(self, card: Card) -> Card:
        """The card where its sentence would push the lines out of sight: the terms stand over it."""
        return card

    def show(self, card: Card | PartnersError) -> None:
        """Show what was read."""
        if isinstance(card, PartnersError):
            self._card = None
            self._source = Lines(None, WIDE)
            self.query_one("#sentence", Line).put(label(explained(card), "$error"))
            self.query_one(VirtualTable).show_source(self._source)
            return
        first = self._card is None
        self._card = card
        name = self.crm.name
        room = len(card.title) + len(name) + 4 <= self.size.width
        self.query_one("#head", Line).put(joined([(card.title, "bold"), (f"  {name}" if room else "", "")]))
        self._fit(first=first)

    def on_resize(self) -> None:
        """Wrap the lines to the new width."""
        if self._card is not None:
            self._fit(first=False)

    def _fit(self, *, first: bool) -> None:
        card = self._card
        words = card.subtitle if card else ""
        if card and self._shown and self.size.height < SPACIOUS and len(words) > 2 * self.size.width:
            card, words = self.tight(card), terms_line(self._shown.coverage)
        self._source = Lines(card, self.size.width - 1)
        self.query_one("#sentence", Line).put(label(words, "$foreground 80%"))
        table = self.query_one(VirtualTable)
        opens = next((place for place, row in enumerate(self._source.rows_of) if row.entity), 0)
        table.show_source(self._source, keep_id=opens if first else table.cursor_id)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open the record that the line is about."""
        row = self._source.rows_of[message.record_id]
        if row.entity == EVERYBODY:
            self.open_everybody()
        elif row.entity and row.id is not None:
            self.house.push_screen(CardScreen(row.entity, row.id))
        else:
            self.house.notice("this line is about no record", "Enter opens organizations and people")

    def open_everybody(self) -> None:
        """Open every organization of the district, where the card is of one."""


class DistrictCard(LinesScreen):
    """One district: why it is answered so, who would close it, who holds its seat."""

    def __init__(self, terms: Terms, cell: Cell, found: Found | None = None) -> None:
        super().__init__(terms, found)
        self.cell = cell

    def card_of(self, crm: Crm, found: Found) -> Card:
        """Why the district is answered so; who would close a gap is read afterwards."""
        return self._explained(crm, found, waiting=self._is_open(found) and found.report is None)

    def tight(self, card: Card) -> Card:
        """The card with its sentence under the names."""
        return spelled_out(card)

    def _explained(self, crm: Crm, found: Found, *, waiting: bool) -> Card:
        return district_card(found.explain(crm, self.cell), found.closing(self.cell), waiting=waiting)

    def _is_open(self, found: Found) -> bool:
        each = found.answers.get((self.cell.chamber, self.cell.number))
        return each is not None and each.state != "confirmed"

    def show(self, card: Card | PartnersError) -> None:
        """Show what was read, then who would close it."""
        super().show(card)
        found = self._shown
        if isinstance(card, PartnersError) or found is None or found.report is not None or not self._is_open(found):
            return

        def read_more(crm: Crm) -> Card | PartnersError:
            try:
                found.ask_for_gaps(crm)
                return self._explained(crm, found, waiting=False)
            except PartnersError as error:
                return error

        self.house.background(read_more, self.show)

    def open_everybody(self) -> None:
        """List every organization of the district, members or not."""
        from partners_crm.tui.screens.records import Records

        if self._shown is not None:
            self.house.push_screen(Records("organizations", query_of(self._shown, self.cell)))


class Gaps(LinesScreen):
    """Who closes the gaps: the cheapest way first, then every gap by itself."""

    def card_of(self, crm: Crm, found: Found) -> Card:
        """The whole report."""
        return gaps_card(found.ask_for_gaps(crm))


def query_of(found: Found, cell: Cell) -> str:
    """The query for every organization of a district."""
    return f"district:{found.coverage.map_code}:{OCD_TYPE.get(cell.chamber, cell.chamber)}:{cell.number}"
