"""Lines and paragraphs of literal text."""

from __future__ import annotations

from textual.containers import Vertical
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


class Sheet(Vertical):
    """The frame of a box: as high as what stands in it, never higher than the screen."""

    DEFAULT_CSS = """
    Sheet { width: 76; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; }
    Sheet { background: $surface; border: round $primary; }
    """


def _content(value: object) -> Content:
    return value if isinstance(value, Content) else label(value)
