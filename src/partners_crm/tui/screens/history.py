"""History: every operation of the journal, and what each of them did."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll

from partners_crm.crm import Crm
from partners_crm.services.exporting.whole import FOR_STAFF, for_staff
from partners_crm.services.history import changed_lines, changed_since, operation_lines
from partners_crm.services.listing import Column
from partners_crm.services.settings import zone
from partners_crm.services.times import local
from partners_crm.store.journal import Done
from partners_crm.tui.display import joined, label, stacked
from partners_crm.tui.screens.base import GOING, Box, MainScreen
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet

LINES = 500
"""Changes of one operation, or records changed since, that are shown; the command prints as many as it is asked for."""


class OperationSource:
    """The operations, newest first; a row's id is the operation's."""

    columns: Sequence[Column] = (
        Column("what", "What", 40),
        Column("when", "When", 16),
        Column("changes", "Changes", 7, "right"),
        Column("who", "Who", 12),
        Column("undone", "Undone", 8),
    )

    def __init__(self, rows: Mapping[int, Sequence[str]]) -> None:
        self._rows = rows

    def first_ids(self, limit: int) -> Sequence[int]:
        """The newest operations."""
        return list(self._rows)[:limit]

    def all_ids(self) -> array[int]:
        """All operations."""
        return array("q", self._rows)

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """What each operation was."""
        return {key: self._rows[key] for key in ids}


class History(MainScreen):
    """What was done; `u` takes the operation under the cursor back."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("w", "since", "What changed since this operation", show=False, id="history.since"),
    ]

    def compose(self) -> ComposeResult:
        """Head, operations, status, keys."""
        yield Line(id="head", classes="head")
        yield VirtualTable(OperationSource({}), empty="Nothing was done yet.")
        yield Line(label(GOING), classes="status")
        yield Line("Enter what it did  w what changed since  u undo it  U redo  ? help  q leave", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor on the operations."""
        self.query_one("#head", Line).put(joined([("History", "bold"), (f"  {self.crm.name}", "")]))
        self.query_one(VirtualTable).focus()
        self.action_reload()

    def on_screen_resume(self) -> None:
        """Another screen may have added operations."""
        self.action_reload()

    def action_reload(self) -> None:
        """Read the operations anew."""
        table = self.query_one(VirtualTable)
        is_shared = self.house.plugins.is_shared
        self.house.background(lambda crm: _read(crm, is_shared), lambda rows: table.show_source(OperationSource(rows)))

    def action_undo(self) -> None:
        """Take the operation under the cursor back."""
        chosen = self.query_one(VirtualTable).cursor_id
        if chosen is not None:
            self.house.undo(chosen)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Show what an operation did."""
        number = message.record_id
        is_shared = self.house.plugins.is_shared

        def work(crm: Crm) -> list[str]:
            if is_shared and number in for_staff(crm.db):
                return [f"what it did is {FOR_STAFF[1:-1]}: others look at this screen (P shows it again)"]
            return operation_lines(crm.db, number, LINES)

        self.house.background(work, lambda lines: self.house.push_screen(Did(f"Operation {number}", lines)))

    def action_since(self) -> None:
        """Show what changed after the operation under the cursor."""
        number = self.query_one(VirtualTable).cursor_id
        if number is None:
            return
        if self.house.plugins.is_shared:
            self.house.notice("what changed may be for staff: others look at this screen", "P shows it again")
            return

        def work(crm: Crm) -> list[str]:
            return changed_lines(changed_since(crm.db, number), LINES) or ["nothing"]

        title = f"Changed since operation {number}"
        self.house.background(work, lambda lines: self.house.push_screen(Did(title, lines)))


class Did(Box):
    """What one operation did, or what changed since, record by record."""

    DEFAULT_CSS = "Did VerticalScroll { height: auto; max-height: 80vh; } Did Sheet { width: 96; }"

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._heading = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        with Sheet():
            yield Line(self._heading, classes="title")
            with VerticalScroll():
                yield Line(stacked([label(line) for line in self._lines]))
            yield Line("Esc back", classes="keys")

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        self.query_one(VerticalScroll).focus()


def _read(crm: Crm, is_shared: bool) -> dict[int, tuple[Any, ...]]:
    where, hidden = zone(crm.db), for_staff(crm.db) if is_shared else frozenset()
    return {
        done.id: _row(done, local(done.at, where), FOR_STAFF if done.id in hidden else done.title)
        for done in crm.operations()
    }


def _row(done: Done, when: str, what: str) -> tuple[str, ...]:
    return what, when, str(done.changes), done.who, f"by {done.undone_by}" if done.undone_by else ""
