"""A card as lines of literal content."""

from __future__ import annotations

from textual.content import Content

from partners_crm.normalize.text import show_lines
from partners_crm.services.cards import Card
from partners_crm.tui.display import joined, label, stacked

LABEL_WIDTH = 12


def card_content(card: Card) -> Content:
    """The whole card: title, subtitle, then each section under its name."""
    rows = [label(card.title, "bold"), label(card.subtitle, "$accent")]
    for section in card.sections:
        rows += [label(""), label(section.title, "bold $secondary")]
        for name, value, *_ in section.rows:
            for place, line in enumerate(show_lines(value) or [""]):
                shown = name if place == 0 else ""
                rows.append(joined([(f"{shown:{LABEL_WIDTH}} ", "$foreground 60%"), (line, "")]))
    return stacked(rows)
