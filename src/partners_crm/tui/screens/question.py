"""Boxes that ask: choose one of several, or say yes to what cannot be overlooked."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from partners_crm.crm import Crm
from partners_crm.model import Table
from partners_crm.services import records
from partners_crm.services.listing import Column
from partners_crm.store.read import by_id
from partners_crm.tui.display import label, stacked
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet


class Names:
    """A few names as the rows of a table; a row's id is its place."""

    columns: Sequence[Column] = (Column("name", "", 40),)

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first places."""
        return range(min(limit, len(self._names)))

    def all_ids(self) -> array[int]:
        """All places."""
        return array("q", range(len(self._names)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Each name."""
        return {place: (self._names[place],) for place in ids}


class Choose(Box):
    """One of several; gives back its place."""

    DEFAULT_CSS = "Choose Sheet { width: 56; } Choose VirtualTable { height: auto; max-height: 70vh; }"

    def __init__(self, title: str, names: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._names = names

    def compose(self) -> ComposeResult:
        """Title, names, keys."""
        with Sheet():
            yield Line(self._title, classes="title")
            table = VirtualTable(Names(self._names))
            table.styles.height = len(self._names) + 1
            yield table
            yield Line("Enter choose   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor on the names."""
        self.query_one(VirtualTable).focus()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Give the chosen one back."""
        message.stop()
        self.dismiss(message.record_id)


class Confirm(Box):
    """Says what will happen; gives True back for `y`."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("y", "yes", "Yes", show=False, id="confirm.yes"),
        Binding("n", "close", "No", show=False, id="confirm.no"),
    ]

    def __init__(self, title: str, lines: Sequence[str], word: str) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._word = word

    def compose(self) -> ComposeResult:
        """Title, consequences, keys."""
        with Sheet():
            yield Line(self._title, classes="title")
            yield Line(stacked([label(line) for line in self._lines]))
            yield Line(f"y {self._word}   Esc leave", classes="keys")

    def action_yes(self) -> None:
        """Agree."""
        self.dismiss(True)


class Ask(Box):
    """Asks for one line; gives its text back, which may be empty."""

    def __init__(self, title: str, lines: Sequence[str], placeholder: str, word: str) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._placeholder = placeholder
        self._word = word

    def compose(self) -> ComposeResult:
        """Title, what is asked, the line, keys."""
        from partners_crm.tui.widgets.entry import Entry  # a box without a line to type in does not pay for it

        with Sheet():
            yield Line(self._title, classes="title")
            if self._lines:
                yield Line(stacked([label(line) for line in self._lines]))
            yield Entry(placeholder=self._placeholder, id="asked")
            yield Line(f"Enter {self._word}   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor in the line."""
        self.query_one("#asked").focus()

    def on_input_submitted(self, message: Any) -> None:
        """Give the text back."""
        message.stop()
        self.dismiss(message.value.strip())


def delete(house: Any, table: type[Table], record_id: int, then: Callable[[int | None], None]) -> None:
    """Delete a record once the person has read what goes with it; `then` gets its id, None when it stays."""

    def look(crm: Crm) -> tuple[str, list[str]]:
        record = by_id(crm.db, table, record_id)
        touched = records.touched_by_removal(crm.db, record)
        return records.describe(record), [each.described() for each in touched] or ["Nothing else hangs on it."]

    def ask(found: tuple[str, list[str]]) -> None:
        name, lines = found
        house.push_screen(Confirm(f"Delete {name}?", [*lines, "u brings all of it back."], "delete it"), answered)

    def answered(yes: bool | None) -> None:
        if yes:
            house.background(carry_out, done)
        else:
            then(None)

    def carry_out(crm: Crm) -> str:
        record = by_id(crm.db, table, record_id)
        name = records.describe(record)
        with crm.changes(f"delete {name}") as unit:
            records.remove(unit, record)
        return name

    def done(name: str) -> None:
        house.notice(f"deleted: {name}", "u brings it back")
        then(record_id)

    house.background(look, ask)
