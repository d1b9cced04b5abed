"""A query as a tree: terms, what joins them, and where each stood in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a term."""

    text: str
    """Without its quotes."""
    is_quoted: bool = False
    """Whether it stood in quotes: then nothing in it is an operator, and a word is a whole one."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a query: a field with its values, or a free word."""

    field: str
    """Name of a field, "" for a free word."""
    values: tuple[Value, ...]
    """What it must be: one of them. Only a term that is being typed may have none."""
    as_of: str = ""
    """The date that its relations are asked for, partial, or "ever"; "" for today."""
    start: int = 0
    """Where it begins in the text, counted from 0."""
    end: int = 0
    is_open: bool = False
    """Whether it is still being typed."""

    @property
    def value(self) -> str:
        """The text of its first value."""
        return self.values[0].text if self.values else ""


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    of: Node


@dataclass(frozen=True, slots=True)
class All:
    """What must hold together; nothing at all selects everything."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """What must hold in one of its parts at least."""

    parts: tuple[Node, ...]


Node = Term | Not | All | Either


def terms_of(node: Node, *, negated: bool = False) -> Iterator[tuple[Term, bool]]:
    """Every term from left to right, with whether it stands under an odd number of negations."""
    if isinstance(node, Term):
        yield node, negated
    elif isinstance(node, Not):
        yield from terms_of(node.of, negated=not negated)
    else:
        for part in node.parts:
            yield from terms_of(part, negated=negated)
