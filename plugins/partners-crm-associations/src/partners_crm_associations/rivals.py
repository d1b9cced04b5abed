"""Who competes with whom for which line or contract, and whether an ask favours one side."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple


class Link(NamedTuple):
    """A competition that holds, or may hold, on the day."""

    id: int
    first: int
    second: int
    what: str
    """line, contract, grant or other."""
    resource: str
    """What the line or contract is called."""
    fiscal_year: str
    sure: bool
    until: str = ""
    """The last day, where it is known."""
    note: str = ""


class Favour(NamedTuple):
    """A competition of which one side alone would gain."""

    link: Link
    gains: int
    loses: int


def favours(links: Iterable[Link], gaining: Collection[int]) -> list[Favour]:
    """The competitions of which exactly one side is among those that would gain, by (who gains, who loses, id)."""
    found = []
    for link in links:
        first, second = link.first in gaining, link.second in gaining
        if first != second:
            found.append(Favour(link, *((link.first, link.second) if first else (link.second, link.first))))
    return sorted(found, key=lambda each: (each.gains, each.loses, each.link.id))


def of(links: Iterable[Link], some: Collection[int]) -> list[Link]:
    """The competitions that any of these is in, by id."""
    return sorted((link for link in links if link.first in some or link.second in some), key=lambda each: each.id)


def rivals(links: Iterable[Link], some: Collection[int]) -> dict[int, list[Link]]:
    """By organization that competes with any of these, on what; of two of these that compete, both are there."""
    found: dict[int, list[Link]] = {}
    for link in of(links, some):
        if link.first in some:
            found.setdefault(link.second, []).append(link)
        if link.second in some:
            found.setdefault(link.first, []).append(link)
    return found
