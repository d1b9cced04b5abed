"""What your spreadsheet could not tell you: the sections, and the records behind the number of the chosen one."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from partners_crm.districts.tiles import Cell
from partners_crm.errors import PartnersError
from partners_crm.model import District
from partners_crm.services.first_look import FirstLook, Row, Section, first_look
from partners_crm.services.listing import Column
from partners_crm.store.read import by_id
from partners_crm.tui.display import explained, joined, label, stacked
from partners_crm.tui.screens.base import GOING, WIDE, MainScreen, table_of
from partners_crm.tui.widgets.table import PaneTable
from partners_crm.tui.widgets.text import Line

TITLE = "What your spreadsheet could not tell you"
KEYS = "Enter its records  u undo  r reload  Esc back  ? keys"
ROW_KEYS = "Enter open  o the other of a pair  M merge the pair  Esc the sections  r reload  ? keys"


class SectionSource:
    """The sections; a row's id is its place."""

    columns: Sequence[Column] = (
        Column("title", "Section", 34),
        Column("count", "Found", 7, "right"),
        Column("total", "Of", 7, "right"),
    )

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = sections

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first sections."""
        return range(min(limit, len(self.sections)))

    def all_ids(self) -> array[int]:
        """All sections."""
        return array("q", range(len(self.sections)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Title and numbers."""
        return {
            place: (self.sections[place].title, f"{self.sections[place].count:,}", f"{self.sections[place].total:,}")
            for place in ids
        }


class RowSource:
    """The records of a section; a row's id is its place."""

    def __init__(self, found: Sequence[Row]) -> None:
        self.found = found
        name = found[0].entity.replace("_", " ").capitalize() if found else ""
        self.columns: Sequence[Column] = (Column("title", name, 30), Column("detail", "In detail", 40))

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first records."""
        return range(min(limit, len(self.found)))

    def all_ids(self) -> array[int]:
        """All records."""
        return array("q", range(len(self.found)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Name and detail."""
        return {place: (self.found[place].title, self.found[place].detail) for place in ids}


class FirstLookScreen(MainScreen):
    """What is missing, odd or double in the coalition, or in what one operation touched."""

    DEFAULT_CSS = """
    FirstLookScreen #said { height: auto; max-height: 7; padding: 0 1; background: $surface; }
    FirstLookScreen #detail { height: auto; max-height: 3; padding: 0 1; color: $foreground 80%; }
    FirstLookScreen #behind { width: 1fr; display: none; }
    FirstLookScreen.rows #behind { display: block; }
    FirstLookScreen.rows #sections { display: none; }
    FirstLookScreen.wide #sections { display: block; width: 54; border-right: solid $panel; }
    FirstLookScreen.wide #behind { display: block; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", "Back to the sections, or to the screen before", show=False, id="first_look.back"),
        Binding("o", "other", "The other record of a pair", show=False, id="first_look.other"),
        Binding("M", "merge", "Merge a possible duplicate", show=False, id="first_look.merge"),
        Binding("tab", "pane", "The other pane", show=False, id="first_look.pane"),
    ]

    def __init__(self, operation: int | None = None) -> None:
        super().__init__()
        self.operation = operation
        self.found: FirstLook | None = None
        self._shown: Section | None = None
        """The section whose records are shown."""

    def compose(self) -> ComposeResult:
        """Head, sections and the records behind the chosen one, what is said of it, status, keys."""
        yield Line(id="head", classes="head")
        with Horizontal():
            yield PaneTable(SectionSource(()), empty="Reading…", id="sections")
            with Vertical(id="behind"):
                yield PaneTable(RowSource(()), empty="Nothing: all is well here.", id="rows")
                yield Line(id="detail")
        yield Line(id="said")
        yield Line(label(GOING), classes="status")
        yield Line(KEYS, id="keys", classes="keys")

    @property
    def _sections(self) -> PaneTable:
        return self.query_one("#sections", PaneTable)

    @property
    def _rows(self) -> PaneTable:
        return self.query_one("#rows", PaneTable)

    def on_mount(self) -> None:
        """Put the cursor on the sections."""
        self._say_head()
        self._sections.focus()

    def on_screen_resume(self) -> None:
        """Read it; a card above may have changed what stands here."""
        self.action_reload()

    def on_resize(self, event: events.Resize) -> None:
        """Show the records beside the sections where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        self._say_head()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the pane that has the cursor, where there is room for one, and its keys."""
        on_rows = event.widget is self._rows
        self.set_class(on_rows, "rows")
        self._say_head()
        self.query_one("#keys", Line).put(ROW_KEYS if on_rows else KEYS)

    def _say_head(self) -> None:
        """What the page is about; where the records stand alone, what they are."""
        alone = self._shown if self.has_class("rows") and not self.has_class("wide") else None
        of = "" if self.found is None or self.found.operation is None else f"  {self.found.scope}"
        self.query_one("#head", Line).put(
            joined([(alone.title if alone else TITLE, "bold"), (f"  {self.crm.name}", ""), (of, "$accent")])
        )

    def action_reload(self) -> None:
        """Read everything anew."""
        operation = self.operation
        self.house.background(lambda crm: first_look(crm.db, crm.today, operation), self._show, self._failed)

    def _failed(self, error: PartnersError) -> None:
        self.query_one("#said", Line).put(label(explained(error), "$error"))

    def _show(self, found: FirstLook) -> None:
        self.found = found
        self._say_head()
        table = self._sections
        table.show_source(SectionSource(found.sections), keep_id=table.cursor_id)

    # ---------------------------------------------------------------- the chosen section

    def on_pane_table_moved(self, message: PaneTable.Moved) -> None:
        """Show the records of the section, or the whole detail of the record, under the cursor."""
        if message.table is self._sections:
            self._show_section(message.place)
        else:
            self._show_detail(message.place)

    def _show_section(self, place: int | None) -> None:
        if self.found is None or place is None or self.found.sections[place] is self._shown:
            return
        before, section = self._shown, self.found.sections[place]
        self._shown = section
        rows = [label(section.sentence)]
        if section.remedy:
            rows.append(label(f"→ {section.remedy}", "$accent"))
        if section.listed and section.count:
            rows.append(label(f"the same records: partners list {section.listed}", "$foreground 60%"))
        self.query_one("#said", Line).put(stacked(rows))
        # The same section read anew keeps the cursor; another one begins with its first record.
        same = before is not None and before.key == section.key
        self._rows.show_source(RowSource(section.rows), keep_id=self._rows.cursor_id if same else 0)

    def _show_detail(self, place: int | None) -> None:
        row = self._row(place)
        self.query_one("#detail", Line).put(joined([(row.title, "bold"), (f"  {row.detail}", "")]) if row else "")

    def _row(self, place: int | None) -> Row | None:
        source = self._rows.source
        found = source.found if isinstance(source, RowSource) else ()
        return found[place] if place is not None and place < len(found) else None

    def on_pane_table_chosen(self, message: PaneTable.Chosen) -> None:
        """Go to the records of a section, or open one of them."""
        if message.table is self._sections:
            self.action_pane()
        elif row := self._row(message.place):
            self._open(row)

    def _open(self, row: Row) -> None:
        if row.entity == "district":
            self.house.background(lambda crm: by_id(crm.db, District, row.id), self._open_district)
        else:
            self._open_card(row.entity, row.id)

    def _open_card(self, entity: str, record: int) -> None:
        from partners_crm.tui.screens.card import CardScreen

        self.house.push_screen(CardScreen(entity, record))

    def _open_district(self, district: District) -> None:
        from partners_crm.tui.asking import Terms
        from partners_crm.tui.screens.district_card import DistrictCard

        self.house.push_screen(DistrictCard(Terms(), Cell(district.chamber, district.number or 0)))

    # ---------------------------------------------------------------- keys

    def action_pane(self) -> None:
        """Go to the other pane."""
        if self._rows.has_focus:
            self._go_to(self._sections)
        else:
            self._go_to(self._rows)

    def _go_to(self, table: PaneTable) -> None:
        # What is not shown takes no focus.
        self.set_class(table is self._rows, "rows")
        table.focus()

    def action_back(self) -> None:
        """Go back to the sections; from there, to the screen before."""
        if self._rows.has_focus:
            self.action_pane()
        else:
            self.action_leave()

    def action_other(self) -> None:
        """Open the other record of a pair."""
        row = self._row(self._rows.cursor_id) if self._rows.has_focus else None
        if row is not None and row.other is not None:
            self._open_card(row.entity, row.other)
        else:
            self.house.notice("only a possible duplicate has another record")

    def action_merge(self) -> None:
        """Look at the merge of a pair."""
        from partners_crm.tui.screens.merge import MergeScreen

        row = self._row(self._rows.cursor_id) if self._rows.has_focus else None
        if row is not None and row.other is not None:
            self.house.push_screen(MergeScreen(table_of(self.crm, row.entity), row.id, row.other))
        else:
            self.house.notice("only a possible duplicate can be merged here", "M on a card merges it with another one")
