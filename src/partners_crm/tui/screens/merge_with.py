"""Choosing the record that another one is merged with: by its name, as it is typed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.timer import Timer

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import Contact, Organization, Site, Table
from partners_crm.services.finding import find_anything
from partners_crm.services.listing import Column
from partners_crm.services.lookalikes import draft_of, lookalikes
from partners_crm.services.merging import MergePlan
from partners_crm.store.read import by_id, by_ids, title_of, where
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet

REST_S = 0.12
"""Seconds the typing rests before it is looked for."""
OFFERED = 10
ASKED: tuple[type[Table], ...] = (Organization, Contact, Site)
"""What can be merged from its card."""


class Other(NamedTuple):
    """A record that may be meant."""

    id: int
    name: str
    why: str
    """What speaks for it, or where the words were found."""


class OtherSource:
    """The records that may be meant; a row's id is the record's."""

    columns: Sequence[Column] = (Column("id", "", 6, "right"), Column("name", "Name", 34), Column("why", "", 24))

    def __init__(self, found: Sequence[Other]) -> None:
        self._found = {each.id: each for each in found}

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first ones."""
        return list(self._found)[:limit]

    def all_ids(self) -> array[int]:
        """All of them."""
        return array("q", self._found)

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Number, name, and why each is there."""
        return {key: (str(key), self._found[key].name, self._found[key].why) for key in ids}


class MergeWith(Box):
    """Asks for another record of the same kind; gives its id back."""

    DEFAULT_CSS = "MergeWith VirtualTable { height: 12; margin: 1 0 0 0; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("down", "move(1)", "Next record", show=False, id="merge_with.down"),
        Binding("up", "move(-1)", "Record before", show=False, id="merge_with.up"),
    ]

    def __init__(self, table: type[Table], record_id: int, name: str) -> None:
        super().__init__()
        self.table = table
        self.record_id = record_id
        self._called = name
        self._rest: Timer | None = None
        self._reading = self._again = False
        self._listed: str | None = None
        """The text that the list is about."""
        self._entered = False
        """Whether Enter was pressed before the list was there."""

    def compose(self) -> ComposeResult:
        """What is asked, the line to type in, who may be meant, keys."""
        from partners_crm.tui.widgets.entry import Entry  # as the other boxes: only who types pays for it

        with Sheet():
            yield Line(f"Merge {self._called} with…", classes="title")
            yield Entry(placeholder="the name or the number of the other one", id="other")
            yield VirtualTable(OtherSource(()), empty="Type the name of the other one.")
            yield Line("↑ ↓ choose   Enter look at the merge   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Begin with whom it looks like."""
        self.query_one("#other").focus()
        self._read()

    def on_input_changed(self, _message: Any) -> None:
        """Look for it, once the typing rests."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._read)

    def _read(self) -> None:
        if self._reading:
            self._again = True
            return
        self._reading = True
        text, table, key = self._typed, self.table, self.record_id
        self.house.background(
            lambda crm: others(crm, table, key, text), lambda found: self._found(text, found), self._failed, always=True
        )

    @property
    def _typed(self) -> str:
        from partners_crm.tui.widgets.entry import Entry

        return self.query_one("#other", Entry).typed.strip()

    def _found(self, text: str, found: Sequence[Other]) -> None:
        self._reading = False
        if not self.is_running:
            return
        if self._again:
            self._again = False
            self._read()
            return
        table = self.query_one(VirtualTable)
        table.cursor = 0
        table.empty = "Nothing is called so."
        table.show_source(OtherSource(found))
        self._listed = text
        if self._entered and found:
            self._take(found[0].id)
        self._entered = False

    def _failed(self, error: PartnersError) -> None:
        self._reading = self._again = self._entered = False
        self.house.fault(error)

    def action_move(self, step: int) -> None:
        """Go to another one of those who may be meant."""
        self.query_one(VirtualTable).action_move(step)

    def on_input_submitted(self, message: Any) -> None:
        """Take the one under the cursor, once the list is that of what is typed."""
        message.stop()
        if self._typed == self._listed:
            self._take(self.query_one(VirtualTable).cursor_id)
        else:
            self._entered = True
            self._read()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Take the one that was clicked."""
        message.stop()
        self._take(message.record_id)

    def _take(self, record_id: int | None) -> None:
        if record_id is not None:
            self.dismiss(record_id)


def others(crm: Crm, table: type[Table], key: int, text: str) -> list[Other]:
    """Who may be meant by a text; by none whom the record looks like, and of a site the others of its organization."""
    db = crm.db
    record = by_id(db, table, key)
    if table is Site:
        known = [
            Other(each.id, title_of(each), each.address)
            for each in where(db, Site, organization=record["organization"])
        ]
        found = [each for each in known if text.casefold() in f"{each.id} {each.name} {each.why}".casefold()]
    elif text.isdecimal():
        found = [Other(number, title_of(each), "") for number, each in by_ids(db, table, [int(text[:18])]).items()]
    elif text:
        answer = find_anything(db, text, entities=(table,), limit=OFFERED + 1)
        found = [Other(each.id, each.title, each.where) for each in answer.found]
    else:
        draft = draft_of(db, table, {name: record[name] for name in table.declarations()}, key)
        alike = lookalikes(db, draft, OFFERED) if draft is not None else ()
        found = [Other(each.id, each.title, ", ".join(each.why)) for each in alike]
    return [each for each in found if each.id != key][:OFFERED]


def merge_with(
    house: Any, table: type[Table], record_id: int, then: Callable[[MergePlan], object] | None = None
) -> None:
    """Ask for the other record, and look at the merge with it; `then` gets the plan that was carried out."""
    from partners_crm.tui.screens.merge import MergeScreen

    if table not in ASKED:
        house.notice(f"{table.entity.plural.replace('_', ' ')} are not merged from here")
        return

    def ask(name: str) -> None:
        house.push_screen(MergeWith(table, record_id, name), chosen)

    def chosen(other: int | None) -> None:
        if other is not None:
            house.push_screen(MergeScreen(table, record_id, other, then))

    def called(crm: Crm) -> str:
        return title_of(by_id(crm.db, table, record_id))

    house.background(called, ask)
