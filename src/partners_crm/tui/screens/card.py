"""The card of a record as a list: every line about another record opens or edits that record."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from partners_crm.errors import NotFound
from partners_crm.services.cards import Card, Row
from partners_crm.services.listing import Column
from partners_crm.tui.display import joined, label, wrapped
from partners_crm.tui.plugged.screen import PluginScreen
from partners_crm.tui.plugged.shared import is_for_all, shared_card
from partners_crm.tui.screens.base import WIDE, table_of
from partners_crm.tui.widgets.table import GAP, VirtualTable
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.plugins.blocks import Ref
    from partners_crm.services.merging import MergePlan  # only who merges needs it
    from partners_crm.tui.plugged.card_tabs import CardTabs

LABEL = 18
"""Cells of the labels."""
PARTS = {
    "organization": (
        "site",
        "contact",
        "contact_point",
        "role",
        "membership",
        "silo_share",
        "service_line",
        "affiliation",
        "tagging",
        "other_name",
        "identifier",
    ),
    "site": ("contact_point",),
    "contact": ("contact_point", "role", "tagging"),
}
"""What can be added to a record from its card."""


class CardSource:
    """The lines of a card; a row's id is its place."""

    def __init__(self, card: Card | None, width: int) -> None:
        room = max(10, width - LABEL - 2 - 2 * GAP)
        self.columns: Sequence[Column] = (Column("label", "", LABEL), Column("value", "", room))
        self.lines: list[Row] = []
        for section in card.sections if card else ():
            if self.lines:
                self.lines.append(Row("", ""))
            self.lines.append(Row(section.title.upper(), ""))
            for row in section.rows:
                for place, line in enumerate(wrapped(row.value, room)):
                    self.lines.append(row._replace(label=f"  {row.label}" if place == 0 else "", value=line))

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first lines."""
        return range(min(limit, len(self.lines)))

    def all_ids(self) -> array[int]:
        """All lines."""
        return array("q", range(len(self.lines)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The two cells of each line."""
        return {place: self.lines[place][:2] for place in ids if place < len(self.lines)}


class CardScreen(PluginScreen):
    """One record with everything around it, and the tabs of plugins about it."""

    DEFAULT_CSS = "CardScreen #tabs { height: 1; padding: 0 1; display: none; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "leave", "Back", show=False, id="card.back"),
        Binding("e", "edit", "Edit what the line is about", show=False, id="card.edit"),
        Binding("n", "new", "Add to this record", show=False, id="card.new"),
        Binding("d", "delete", "Delete what the line is about", show=False, id="card.delete"),
        Binding("M", "merge", "Merge this record with another one", show=False, id="card.merge"),
        Binding("w", "why", "Why is it in the list it was opened from?", show=False, id="card.why"),
        Binding("right_square_bracket", "tab(1)", "Next tab", show=False, id="card.next_tab"),
        Binding("left_square_bracket", "tab(-1)", "Tab before", show=False, id="card.previous_tab"),
    ]

    def __init__(self, entity: str, record_id: int, query: str | None = None) -> None:
        """With `query` the card was opened from the list of that query."""
        super().__init__()
        self.entity = entity
        self.record_id = record_id
        self._query = query
        self._card: Card | None = None
        self._source = CardSource(None, WIDE)
        self._tabs: CardTabs | None = None
        """The tabs of plugins; made when there are some."""

    def compose(self) -> ComposeResult:
        """Head, lines, keys."""
        yield Line(id="head", classes="head")
        yield Line(id="status", classes="status")
        yield Line(id="tabs")
        yield VirtualTable(self._source, empty="Reading…")
        yield Line("Enter open  e edit  n add  d delete  M merge  u undo  Esc back  ? keys", classes="keys")

    def on_mount(self) -> None:
        """Read the card."""
        self.query_one(VirtualTable).focus()

    def on_screen_resume(self) -> None:
        """A card above may have changed what stands here."""
        self.action_reload()

    def action_reload(self) -> None:
        """Read the card anew."""
        self.house.background(self._read, self._show)

    def _read(self, crm: Crm) -> Card | None:
        try:
            table = table_of(crm, self.entity)
            card = crm.card(table, self.record_id)
        except NotFound:
            return None
        if not self.house.plugins.is_shared:
            return card
        return shared_card(crm, card) if is_for_all(table) else None

    def _show(self, card: Card | None) -> None:
        if card is None:
            if self.house.plugins.is_shared:
                self.house.notice("hidden while others look on", "P shows it again")
                self.dismiss(None)
            elif self.is_current:
                self.house.notice(f"{self.entity} {self.record_id} is gone", "u may bring it back")
                self.house.pop_screen()
            return
        self._card = card
        self.query_one("#head", Line).put(joined([(card.title, "bold"), (f"  {card.entity} {card.id}", "")]))
        self.query_one("#status", Line).put(label(card.subtitle, "$accent"))
        self._fit()
        self._ask_tabs()

    def on_resize(self) -> None:
        """Wrap the lines to the new width."""
        if self._card is not None:
            self._fit()

    def _fit(self) -> None:
        self._source = CardSource(self._card, self.size.width - 1)
        table = self.query_one(VirtualTable)
        table.show_source(self._source, keep_id=table.cursor_id)

    # ---------------------------------------------------------------- tabs of plugins

    def plugins_changed(self) -> None:
        """Other tabs may be there now, or may be shown."""
        if self._card is not None:
            self.action_reload()

    def others_look_on(self) -> None:
        """What the tabs show may be for staff only: it is gone at once."""
        if self._tabs is not None:
            self._tabs.blank()

    def _ask_tabs(self) -> None:
        if self._tabs is None and self.house.plugins.tabs(self.entity):
            from partners_crm.tui.plugged.card_tabs import CardTabs  # a card without tabs does without

            self._tabs = CardTabs(self, self.entity, self.record_id)
        if self._tabs is not None:
            self._tabs.ask()

    async def action_tab(self, step: int) -> None:
        """Go to the next tab, or the one before."""
        if self._tabs is None:
            self.house.notice("this card has no other tabs")
        else:
            await self._tabs.go(step)

    @property
    def plugin_scope(self) -> str:
        """The card of the entity."""
        return self.entity

    def plugin_refs(self) -> tuple[Ref, ...]:
        """The record of the card."""
        from partners_crm.plugins.blocks import Ref

        return (Ref(self.entity, self.record_id),)

    def key_parts(self) -> Sequence[tuple[str, Sequence[Binding]]]:
        """The keys of plugins, for the help."""
        return (("Plugins", self.plugin_keys()),)

    def on_block_page_chosen(self, message: Any) -> None:
        """Open the record that something on a tab stands for."""
        message.stop()
        if (ref := message.selection.ref) is not None:
            from partners_crm.tui.plugged.actions import open_record

            open_record(self.house, ref)

    def on_block_page_answered(self, message: Any) -> None:
        """Run the action of a form on a tab."""
        from partners_crm.tui.plugged.actions import run_form

        message.stop()
        if self._tabs is not None and self._tabs.owner:
            run_form(self.house, self._tabs.owner, message)

    # ---------------------------------------------------------------- the lines

    def _row(self) -> Row | None:
        if self._tabs is not None and self._tabs.owner:
            ref = self._tabs.ref
            return Row("", "") if ref is None else Row("", "", ref.entity, ref.id)
        place = self.query_one(VirtualTable).cursor_id
        return self._source.lines[place] if place is not None and place < len(self._source.lines) else None

    def _line(self) -> tuple[str, int] | None:
        """(entity, id) of the record the line under the cursor is about; this record itself where there is none."""
        row = self._row()
        if row is None:
            return None
        return (row.entity, row.id) if row.id is not None else (self.entity, self.record_id)

    def on_virtual_table_opened(self, _message: VirtualTable.Opened) -> None:
        """Open the record the line is about, or edit this one."""
        line = self._line()
        if line is None or line == (self.entity, self.record_id):
            self.action_edit()
        else:
            self.house.push_screen(CardScreen(*line))

    def action_why(self) -> None:
        """Say why the record is in the list that the card was opened from."""
        from partners_crm.tui.screens.why import show_why

        if self._query is None:
            self.house.notice("this card was not opened from a list")
        else:
            show_why(self.house, table_of(self.crm, self.entity), self._query, self.record_id)

    def action_edit(self) -> None:
        """Edit the record the line is about."""
        from partners_crm.tui.screens.form import edit

        if line := self._line():
            edit(self.house, table_of(self.crm, line[0]), line[1], self._edited)

    def action_delete(self) -> None:
        """Delete the record the line is about, after saying what goes with it."""
        from partners_crm.tui.screens.question import delete

        row = self._row()
        if row is None or row.id is None:
            self.house.notice("this line is about no record of its own", "put the cursor on what is to be deleted")
        elif line := self._line():
            delete(self.house, table_of(self.crm, line[0]), line[1], self._edited)

    def action_merge(self) -> None:
        """Ask for the other record, and look at the merge with it."""
        from partners_crm.tui.screens.merge_with import merge_with

        merge_with(self.house, table_of(self.crm, self.entity), self.record_id, self._merged)

    def _merged(self, plan: MergePlan) -> None:
        """Go on with the record that stays, where this one went into it."""
        if plan.lose == self.record_id:
            self.dismiss(None)
            self.house.push_screen(CardScreen(self.entity, plan.keep))

    def action_new(self) -> None:
        """Ask what to add, then for its fields."""
        from partners_crm.tui.screens.question import Choose

        parts = PARTS.get(self.entity, ())
        if not parts:
            self.house.notice(f"nothing can be added to a {self.entity.replace('_', ' ')}")
            return
        names = [table_of(self.crm, part).entity.name.replace("_", " ") for part in parts]
        self.house.push_screen(Choose("Add to this record", names), self._add)

    def _add(self, place: int | None) -> None:
        from partners_crm.tui.screens.form import Form

        if place is None:
            return
        part = PARTS[self.entity][place]
        if part == "contact":
            self.house.push_screen(Form(table_of(self.crm, part)), self._add_role)
        else:
            self.house.push_screen(Form(table_of(self.crm, part), preset={self.entity: self.record_id}), self._edited)

    def _add_role(self, contact: int | None) -> None:
        """A new contact of an organization has a role in it."""
        from partners_crm.tui.screens.form import Form

        if contact is not None:
            preset = {self.entity: self.record_id, "contact": contact}
            self.house.push_screen(Form(table_of(self.crm, "role"), preset=preset), self._edited)

    def _edited(self, record_id: int | None) -> None:
        if record_id is not None:
            self.action_reload()
