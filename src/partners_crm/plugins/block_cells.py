"""The smallest parts of blocks: a text with what it means, the record that something stands for, label and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from partners_crm.plugins import block_checks as check

Tone = Literal["plain", "good", "doubt", "bad", "quiet"]
"""What a text means. Good, doubt and bad are shown by a sign before the text (✓ ? !) and by colour, never by colour
alone; quiet is of less weight, and means nothing more."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A record that something stands for."""

    entity: str
    """Singular: organization."""
    id: int
    """From 1 to 2^63-1."""

    def __post_init__(self) -> None:
        check.texts(self, "entity")
        check.record_id(self, "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text with what it means and what it stands for."""

    text: str
    tone: Tone = "plain"
    ref: Ref | None = None
    key: str = ""
    """What a selection says of it."""

    def __post_init__(self) -> None:
        check.texts(self, "text", "key")
        check.among(self, "tone", get_args(Tone))
        check.of_kind(self, "ref", Ref | None, "a Ref")


Text = str | Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a card."""

    label: str
    value: Text

    def __post_init__(self) -> None:
        check.texts(self, "label")
        check.of_kind(self, "value", Text, "a text")


def points(part: object) -> None:
    """Hold that what a part stands for is a record, and its key text."""
    check.texts(part, "key")
    check.of_kind(part, "ref", Ref | None, "a Ref")


__all__ = ["Cell", "Line", "Ref", "Text", "Tone", "points"]
