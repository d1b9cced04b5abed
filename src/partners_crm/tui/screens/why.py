"""Why a record is in a list, or why it is not: each term of the query with what shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from partners_crm.errors import PartnersError
from partners_crm.model import Table
from partners_crm.tui.display import explained, joined, label, stacked
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.text import Line, Sheet

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.services.queries import Why
    from partners_crm.tui.app import PartnersApp


class Told(NamedTuple):
    """An answer about one record, with the sentence of the query."""

    query: str
    sentence: str
    why: Why


class Reasons(Box):
    """The terms of a query, each with whether the record fulfils it and what shows that."""

    DEFAULT_CSS = "Reasons VerticalScroll { height: auto; max-height: 66vh; }"

    def __init__(self, told: Told) -> None:
        super().__init__()
        self._told = told

    def compose(self) -> ComposeResult:
        """Verdict, sentence, reasons, keys."""
        why = self._told.why
        rows = [label(self._told.sentence, "$accent"), label("")]
        for reason in why.reasons:
            style = "bold" if reason.holds else "bold $error"
            rows.append(joined([("yes  " if reason.holds else "no   ", style), (reason.term, "bold")]))
            rows.append(label(f"     {reason.evidence}"))
        if not why.reasons:
            rows.append(label("The list asks for nothing, so that everything is in it."))
        elif not self._told.query.strip():
            rows.append(label("The list asks for nothing, and leaves out what was archived."))
        with Sheet():
            where = "is in the list of" if why.is_listed else "is not in the list of"
            yield Line(joined([(why.title, ""), (f" {where}", "")]), classes="title")
            with VerticalScroll():
                yield Line(stacked(rows))
            yield Line("↑ ↓ scroll   Esc back", classes="keys")

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        self.query_one(VerticalScroll).focus()


class AskWhich(Box):
    """Asks for a record that may not be in the list; gives back what was found about it."""

    DEFAULT_CSS = "AskWhich #wrong { color: $error; height: auto; }"

    def __init__(self, table: type[Table], query: str) -> None:
        super().__init__()
        self._table = table
        self._query = query

    def compose(self) -> ComposeResult:
        """What is asked, the name, what is wrong with it, keys."""
        name = self._table.entity.name.replace("_", " ")
        with Sheet():
            yield Line(f"Why is it not in the list? Which {name}?", classes="title")
            yield Entry(placeholder="its name, or its id", id="which")
            yield Line(id="wrong")
            yield Line("Enter tells why   Esc back", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor in the line."""
        self.query_one(Entry).focus()

    def on_input_submitted(self, message: Any) -> None:
        """Find the record, and why it is or is not in the list."""
        message.stop()
        typed, table, query = self.query_one(Entry).typed, self._table, self._query
        if typed.strip():
            self.house.background(
                lambda crm: tell(crm, table, query, crm.find(table, typed.strip()).id), self.dismiss, self._wrong
            )

    def _wrong(self, error: PartnersError) -> None:
        if self.is_current:
            self.query_one("#wrong", Line).put(label(explained(error), "$error"))


def tell(crm: Crm, table: type[Table], query: str, record_id: int) -> Told:
    """Why a record is in the list of a query, or not.

    Raises:
        QueryError: the query does not run.
        NotFound: there is no such record.
    """
    return Told(query, crm.sentence(table, query), crm.why(table, query, record_id))


def show_why(house: PartnersApp, table: type[Table], query: str, record_id: int) -> None:
    """Show why a record is in the list of a query."""
    screen = house.screen

    def show(told: Told) -> None:
        if screen.is_current:
            house.push_screen(Reasons(told))

    house.background(lambda crm: tell(crm, table, query, record_id), show)


def ask_why_not(house: PartnersApp, table: type[Table], query: str) -> None:
    """Ask for a record, then show why it is not in the list of a query."""

    def show(told: Told | None) -> None:
        if told is not None:
            house.push_screen(Reasons(told))

    house.push_screen(AskWhich(table, query), show)
