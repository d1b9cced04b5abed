"""The first run: a name, a state, and what to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.tui.display import explained, label
from partners_crm.tui.screens.base import House
from partners_crm.tui.screens.question import Names
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet

BEGINNINGS = (
    "Import a spreadsheet of member organizations now",
    "Start with an empty coalition",
    "Look at the demo first (in a file of its own)",
)
IMPORT, EMPTY, DEMO = range(3)


class FirstRun(House, Screen[None]):
    """Creates the coalition that the program was asked to open and that is not there yet."""

    DEFAULT_CSS = "FirstRun { align: center middle; }"
    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "close", "Leave", show=False, id="first.leave")]

    def __init__(self, path: Path, demo_path: Path) -> None:
        super().__init__()
        self.path = path
        self.demo_path = demo_path

    def compose(self) -> ComposeResult:
        """Three questions."""
        with Sheet():
            yield Line("Welcome. There is no coalition here yet:", classes="title")
            yield Line(label(self.path))
            yield Line("")
            yield Line("1  What is your coalition called?")
            yield Entry(placeholder="Illinois Partners for Human Service", id="name")
            yield Line("2  In which state?")
            yield Entry("il", id="state")
            yield Line("3  How would you like to begin?")
            table = VirtualTable(Names(BEGINNINGS))
            table.styles.height = len(BEGINNINGS) + 1
            yield table
            yield Line(id="wrong", classes="error")
            yield Line("Enter next   Tab, Shift+Tab move   Esc leave without creating anything", classes="keys")

    def on_mount(self) -> None:
        """Begin with the name."""
        self.query_one("#name", Entry).focus()

    def on_input_submitted(self, message: Any) -> None:
        """Go to the next question."""
        (self.query_one("#state") if message.input.id == "name" else self.query_one(VirtualTable)).focus()

    def action_close(self) -> None:
        """Leave the program; nothing was created."""
        self.house.exit(0)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Begin as was chosen."""
        message.stop()
        wrong = self.query_one("#wrong", Line)
        name = self.query_one("#name", Entry).value.strip()
        if message.record_id != DEMO and not name:
            wrong.put("The coalition needs a name.")
            self.query_one("#name", Entry).focus()
            return
        try:
            path = self._create(message.record_id, name, self.query_one("#state", Entry).value.strip().lower())
        except PartnersError as error:
            wrong.put(explained(error))
            return
        self.house.begin(path)
        if message.record_id == IMPORT:
            from partners_crm.tui.screens.importing import ImportFile

            self.house.push_screen(ImportFile())

    def _create(self, choice: int, name: str, state: str) -> Path:
        if choice == DEMO:
            Crm.demo(self.demo_path).close()
            return self.demo_path
        Crm.create(self.path, name, state=state).close()
        return self.path
