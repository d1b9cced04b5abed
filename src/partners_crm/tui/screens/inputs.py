"""A box that asks for the inputs of a plugin's action."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from partners_crm.normalize.text import show
from partners_crm.plugins.blocks import Form, Input
from partners_crm.tui.blocks.forms import FormBlock
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.text import Line, Sheet


class AskInputs(Box):
    """One form; gives back the answers by name, None when it is left."""

    DEFAULT_CSS = "AskInputs FormBlock { margin: 1 0 0 0; }"

    def __init__(self, title: str, inputs: Sequence[Input]) -> None:
        super().__init__()
        self._form = Form(title=show(title), inputs=tuple(inputs), action="", save="Go on")

    def compose(self) -> ComposeResult:
        """The form, keys."""
        with Sheet():
            yield FormBlock(self._form, 0)
            yield Line("Ctrl+S go on   Tab next   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Begin with the first line."""
        self.call_after_refresh(self.query_one(FormBlock).enter)

    def on_form_block_left(self, message: FormBlock.Left) -> None:
        """Leave it."""
        message.stop()
        self.dismiss(None)

    def on_form_block_saved(self, message: FormBlock.Saved) -> None:
        """Give the answers back."""
        message.stop()
        self.dismiss(dict(message.answers))
