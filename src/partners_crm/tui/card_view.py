"""A card as lines of literal content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from partners_crm.tui.display import joined, label, stacked, wrapped

if TYPE_CHECKING:
    from partners_crm.services.cards import Card  # the first paint does not wait for it

LABEL_WIDTH = 12


def card_content(card: Card, width: int) -> Content:
    """The whole card in lines of at most `width` cells: title, subtitle, then each section under its name."""
    rows = [label(line, "bold") for line in wrapped(card.title, width)]
    if card.subtitle:
        rows += [label(line, "$accent") for line in wrapped(card.subtitle, width)]
    room = max(10, width - LABEL_WIDTH - 1)
    for section in card.sections:
        rows += [label(""), label(section.title, "bold $secondary")]
        for name, value, *_ in section.rows:
            for place, line in enumerate(wrapped(value, room)):
                shown = name if place == 0 else ""
                rows.append(joined([(f"{shown:{LABEL_WIDTH}} ", "$foreground 60%"), (line, "")]))
    return stacked(rows)
