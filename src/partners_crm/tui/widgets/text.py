"""Lines and paragraphs of literal text."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from partners_crm.tui.display import label


class Line(Static):
    """One line or several of literal text; a plain value passes the door, content has passed it already."""

    DEFAULT_CSS = "Line { height: auto; width: 1fr; }"

    def __init__(self, value: object = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(_content(value), markup=False, id=id, classes=classes)

    def put(self, value: object) -> None:
        """Show another value."""
        self.update(_content(value))


def _content(value: object) -> Content:
    return value if isinstance(value, Content) else label(value)
