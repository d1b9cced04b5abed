"""Two cards next to each other: what both say, what they contradict each other in, what only one of them says."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

from textual.content import Content

from partners_crm.tui.display import cell, joined, label, stacked, wrapped

if TYPE_CHECKING:
    from partners_crm.services.cards import Card  # the first paint does not wait for it

LABEL = 12
MARK = 6
LEFT_OUT = frozenset({"As it came", "Merged into it"})
"""Sections of a card that tell where a record comes from, and not what it is."""
QUIET = "$foreground 60%"

Mark = Literal["same", "differ", "one"]
_WORDS: dict[Mark, str] = {"same": "same", "differ": "differ", "one": "only"}


class Facing(NamedTuple):
    """One line of two cards: the values of both under one label, "" where a card has none."""

    section: str
    label: str
    first: str
    second: str
    mark: Mark


def faced(first: Card, second: Card) -> list[Facing]:
    """The lines of two cards next to each other, in the order of the sections; what both say comes first of a label."""
    sections = list(dict.fromkeys(each.title for card in (first, second) for each in card.sections))
    found = []
    for section in sections:
        if section in LEFT_OUT:
            continue
        mine, theirs = (_values(card, section) for card in (first, second))
        for name in dict.fromkeys([*mine, *theirs]):
            found += _of_label(section, name, mine.get(name, []), theirs.get(name, []))
    return found


def _values(card: Card, section: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in card.sections:
        if each.title == section:
            for row in each.rows:
                found.setdefault(row.label, []).append(row.value)
    return found


def _of_label(section: str, name: str, mine: list[str], theirs: list[str]) -> list[Facing]:
    both = [value for value in mine if value in theirs]
    rows = [Facing(section, name, value, value, "same") for value in both]
    rest = zip_longest(
        [value for value in mine if value not in both], [value for value in theirs if value not in both], fillvalue=""
    )
    return rows + [Facing(section, name, one, other, "differ" if one and other else "one") for one, other in rest]


def facing_content(first: Card, second: Card, width: int) -> Content:
    """Two cards in lines of at most `width` cells: their names, then every line of them under its section."""
    side = max(8, (width - LABEL - MARK - 3) // 2)
    rows = [
        *_lines("", "", f"{first.entity} {first.id}", f"{second.entity} {second.id}", side, "$accent"),
        *_lines("", "", first.title, second.title, side, "bold"),
    ]
    if first.subtitle or second.subtitle:
        rows += _lines("", "", first.subtitle, second.subtitle, side, "$accent")
    section = ""
    for each in faced(first, second):
        if each.section != section:
            section = each.section
            rows.append(label(section, "bold $secondary"))
        style = {"same": QUIET, "differ": "bold", "one": ""}[each.mark]
        rows += _lines(each.label, _WORDS[each.mark], each.first, each.second, side, style)
    return stacked(rows)


def _lines(name: str, mark: str, first: str, second: str, side: int, style: str) -> list[Content]:
    parts = zip_longest(wrapped(first, side), wrapped(second, side), fillvalue="")
    return [
        joined(
            [
                (cell(name if place == 0 else "", LABEL) + " ", QUIET),
                (cell(mark if place == 0 else "", MARK) + " ", style),
                (cell(one, side) + " ", style),
                (other, style),
            ]
        )
        for place, (one, other) in enumerate(parts)
    ]
