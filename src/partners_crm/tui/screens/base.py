"""What the screens share: their head, status and key bar, and typed access to the application."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen, Screen

from partners_crm.crm import Crm
from partners_crm.model import BY_NAME, Table
from partners_crm.services.listing import entity_of
from partners_crm.tui.display import label
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from partners_crm.tui.app import PartnersApp

WIDE = 100
"""From this width a list and its detail stand side by side."""

GOING = "2 Organizations 3 Contacts 4 Districts 5 Views 8 Review 9 Plugins H History"


def table_of(crm: Crm, word: str) -> type[Table]:
    """The entity of a name, of the core or of a plugin.

    Raises:
        NotFound: the coalition has none of that name.
    """
    # The core's are known without a question to the file: the first paint does not wait for those of plugins.
    return BY_NAME.get(word) or entity_of(crm.db, word)


class House:
    """Typed access to the application, for screens."""

    @property
    def house(self) -> PartnersApp:
        """The application."""
        return cast("PartnersApp", cast("Any", self).app)

    @property
    def crm(self) -> Crm:
        """The open coalition."""
        return self.house.crm


SHARED = "SHARED SCREEN: what is for staff only is hidden; P shows it again"


class MainScreen(House, Screen[None]):
    """A screen of its own: `u` and `U` undo and redo, `q` leaves."""

    DEFAULT_CSS = "MainScreen #shared { dock: top; height: 1; padding: 0 1; background: $warning; color: $background; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("u", "undo", "Undo the last operation", show=False, id="main.undo"),
        Binding("U", "redo", "Redo", show=False, id="main.redo"),
        Binding("r", "reload", "Reload", show=False, id="main.reload"),
        Binding("q", "leave", "Leave", show=False, id="main.leave"),
    ]

    def on_screen_resume(self) -> None:
        """Say at the top whether others look on."""
        self.mark_shared()

    def mark_shared(self) -> None:
        """Say at the top that what is for staff is hidden, or no longer."""
        marks = self.query("#shared")
        if self.house.plugins.is_shared and not marks:
            self.mount(Line(SHARED, id="shared"))
        elif marks and not self.house.plugins.is_shared:
            marks.remove()

    def action_undo(self) -> None:
        """Take the newest operation back."""
        self.house.undo()

    def action_redo(self) -> None:
        """Take the last undo back."""
        self.house.redo()

    def action_leave(self) -> None:
        """Go back, or leave the program from the last screen."""
        if len(self.house.screen_stack) > 1:
            self.house.pop_screen()
        elif not self.house.is_home:
            self.house.action_go_home()
        else:
            self.house.exit(0)


SMALLEST = (40, 10)
"""Columns and rows below which nothing useful can be shown."""


class TooSmall(ModalScreen[None]):
    """Covers everything while the terminal is too small, and says so."""

    DEFAULT_CSS = "TooSmall { background: $background; align: left top; }"

    def compose(self) -> ComposeResult:
        """One line."""
        columns, rows = SMALLEST
        yield Line(f"{columns} x {rows} or more, please")


class Box(House, ModalScreen[Any]):
    """A box over a screen; Esc closes it without a result."""

    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "close", "Close", show=False, id="box.close")]

    def action_close(self) -> None:
        """Close without a result."""
        self.dismiss(None)


class Lines(Box):
    """A box with a line for each thing it asks; Enter and the arrows go from one to the next.

    Its lines are entries with the ids `PREFIX-name`, and a line `help` says what the present one is about.
    """

    PREFIX: ClassVar[str] = ""
    NAMES: ClassVar[Sequence[str]] = ()
    """What is asked, in order."""
    ABOUT: ClassVar[Mapping[str, str]] = {}
    """What each is about."""
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "save", "Take it so", show=False, priority=True, id="lines.save"),
        Binding("down", "next", "Next line", show=False, id="lines.next"),
        Binding("up", "previous", "Line before", show=False, id="lines.previous"),
    ]

    @abstractmethod
    def action_save(self) -> None:
        """Take what was typed, or say what is wrong with it."""

    def on_descendant_focus(self, event: Any) -> None:
        """Say what a line is about."""
        name = (event.widget.id or "").removeprefix(f"{self.PREFIX}-")
        self.query_one("#help", Line).put(label(self.ABOUT.get(name, "")))

    def on_input_submitted(self, message: Any) -> None:
        """Go to the next line; from the last one what was typed is taken."""
        message.stop()
        if message.input.id == f"{self.PREFIX}-{self.NAMES[-1]}":
            self.action_save()
        else:
            self.focus_next()

    def action_next(self) -> None:
        """Go to the next line."""
        self.focus_next()

    def action_previous(self) -> None:
        """Go to the line before."""
        self.focus_previous()
