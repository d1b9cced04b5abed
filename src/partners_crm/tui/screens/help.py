"""The keys of the present screen and of the program, read from their bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode

from partners_crm.tui.display import joined, stacked
from partners_crm.tui.screens.base import Box, MainScreen
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet

KEY_NAMES = {
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "f1": "F1",
}


class Help(Box):
    """Every key, under the screen or the part it belongs to."""

    DEFAULT_CSS = "Help VerticalScroll { height: auto; max-height: 80vh; }"

    def __init__(self, screen: DOMNode, application: DOMNode) -> None:
        super().__init__()
        self._parts: list[tuple[str, Sequence[Binding]]] = [
            ("This screen", bindings_of_screen(type(screen))),
            *getattr(screen, "key_parts", tuple)(),
            *([("Every screen", bindings_of(MainScreen))] if isinstance(screen, MainScreen) else []),
            ("Lists", bindings_of(VirtualTable)),
            ("The program", bindings_of(type(application))),
        ]

    def compose(self) -> ComposeResult:
        """Keys and what they do."""
        rows = []
        for title, bindings in self._parts:
            if not bindings:
                continue
            rows.append(joined([(title, "bold $secondary")]))
            rows += [
                joined([(f"  {key_words(each):16}", "bold"), (each.description, "")])
                for each in bindings
                if each.description
            ]
        with Sheet():
            yield Line("Keys", classes="title")
            with VerticalScroll():
                yield Line(stacked(rows))
            yield Line("↑ ↓ scroll   Esc back", classes="keys")

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        self.query_one(VerticalScroll).focus()


def bindings_of_screen(kind: type[Any]) -> list[Binding]:
    """The bindings of a screen, with those of the kinds of screen it is one of; what every screen has is left out."""
    found: list[Binding] = []
    for each in kind.__mro__:
        if each in (MainScreen, Box):
            break
        found += bindings_of(each)
    return found


def bindings_of(kind: type[Any]) -> list[Binding]:
    """The bindings a class declares itself."""
    return [each for each in vars(kind).get("BINDINGS", ()) if isinstance(each, Binding)]


def key_words(binding: Binding) -> str:
    """The keys of a binding as a person reads them."""
    return ", ".join(KEY_NAMES.get(key) or key.replace("ctrl+", "Ctrl+") for key in binding.key.split(","))
