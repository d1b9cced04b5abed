"""A small box that asks for a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from textual.app import ComposeResult

from partners_crm.errors import InvalidValue
from partners_crm.normalize.date_words import parse_date
from partners_crm.tui.display import explained, label
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.text import Line, Sheet

TODAY = "today"


class AskDay(Box):
    """Asks for a day; gives back an ISO date, or "" for today."""

    DEFAULT_CSS = "AskDay Sheet { width: 60; } AskDay #wrong { color: $error; height: auto; }"

    def __init__(self, title: str, day: str) -> None:
        super().__init__()
        self._title = title
        self._day = day

    def compose(self) -> ComposeResult:
        """Title, the day, what is wrong with it, keys."""
        with Sheet():
            yield Line(self._title, classes="title")
            yield Entry(self._day, placeholder="2026-11-24, or today", id="day")
            yield Line(id="wrong")
            yield Line("Enter take this day   Esc keep the one before", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor in the field."""
        self.query_one(Entry).focus()

    def on_input_submitted(self, message: Any) -> None:
        """Take the day, or say what is wrong with it."""
        message.stop()
        try:
            self.dismiss(day_of(self.query_one(Entry).typed))
        except InvalidValue as error:
            self.query_one("#wrong", Line).put(label(explained(error), "$error"))


def day_of(text: str) -> str:
    """The ISO date that a person means; "" for today.

    Raises:
        InvalidValue: it is no day.
    """
    if text.strip().casefold() in {"", TODAY}:
        return ""
    found = parse_date(text)
    try:
        return date.fromisoformat(found).isoformat()
    except ValueError:
        raise InvalidValue("date", text, "is no single day", f"such as {(found + '-01-01')[:10]}") from None
