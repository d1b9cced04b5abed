"""Blocks that a plugin answered, on a screen of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from partners_crm.tui.blocks.page import BlockPage
from partners_crm.tui.display import joined
from partners_crm.tui.screens.base import MainScreen
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from partners_crm.plugins.policy import Owned
    from partners_crm.plugins.screens import Show


class Shown(MainScreen):
    """What `Show` shows; Enter opens the record under the cursor."""

    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "leave", "Back", show=False, id="shown.back")]

    def __init__(self, owned: Owned[Any], show: Show) -> None:
        super().__init__()
        self._owned = owned
        self._show = show
        self._is_over = False
        """Whether others have begun to look on since."""
        self._warned = False
        """Whether it was said that a form is not saved yet."""

    def compose(self) -> ComposeResult:
        """Head, blocks, keys."""
        yield Line(id="head", classes="head")
        yield BlockPage(self._show.blocks)
        yield Line("Enter open   Esc back   ? keys", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor on the blocks."""
        self.query_one("#head", Line).put(
            joined([(self._show.title, "bold"), (f"  {self._owned.owner.plugin}", "$foreground 70%")])
        )
        self.query_one(BlockPage).focus()

    def action_leave(self) -> None:
        """Go back; what was typed into a form is given up only when it is asked for twice."""
        if self.query_one(BlockPage).is_unsaved and not self._warned:
            self._warned = True
            self.house.notice("not saved yet", "Ctrl+S in the form saves, Esc again gives it up")
        else:
            super().action_leave()

    def others_look_on(self) -> None:
        """What stands here may be for staff only, and nobody can be asked again: it is gone at once."""
        self._is_over = True
        page = self.query_one(BlockPage)
        page.display = False
        self.query_one("#head", Line).put("Hidden while others look on")
        if self.is_current:
            self.house.pop_screen()

    def on_screen_resume(self) -> None:
        """What stood above it is closed: so is this, where it has nothing to show any more."""
        if self._is_over:
            self.call_after_refresh(self._end)

    def _end(self) -> None:
        if self.is_current:
            self.house.pop_screen()

    def on_block_page_chosen(self, message: BlockPage.Chosen) -> None:
        """Open the record."""
        from partners_crm.tui.plugged.actions import open_record

        message.stop()
        if message.selection.ref is not None:
            open_record(self.house, message.selection.ref)

    def on_block_page_answered(self, message: BlockPage.Answered) -> None:
        """Run the action of a form."""
        from partners_crm.tui.plugged.actions import run_form

        message.stop()
        run_form(self.house, self._owned.owner.plugin, message)
