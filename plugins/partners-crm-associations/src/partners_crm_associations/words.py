"""Words that the pages of this plugin share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

STAFF = "For staff only."
"""Said of every page with postures, lanes or competitions."""
YES, MAYBE, NO = "yes", "possibly", "no"
MOST_LETTERS = 5
"""Of what stands for a name."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 member, 12 members."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def written_day(day: date) -> str:
    """A day as a sentence names it: 24 November 2026."""
    return f"{day.day} {day:%B %Y}"


def certainly(sure: bool) -> str:
    """Whether something certainly holds, as a cell."""
    return YES if sure else MAYBE


def with_possible(certain: int, possible: int) -> str:
    """A figure of what is certain, with what is possible beside it: 12 +3?."""
    return f"{certain:,} +{possible:,}?" if possible else f"{certain:,}"


def joined(names: Iterable[str], most: int = 0) -> str:
    """Names with commas between them, at most so many of them: A, B and 4 more."""
    some = list(names)
    if most and len(some) > most:
        return f"{', '.join(some[:most])} and {len(some) - most:,} more"
    return ", ".join(some)


def short(name: str) -> str:
    """A few letters that stand for a name above a column: its first word where that has a figure, else its initials."""
    words = name.split()
    if words and any(letter.isdigit() for letter in words[0]):
        return words[0][:MOST_LETTERS]
    initials = "".join(word[0] for word in words if word[0].isupper())
    return (initials or name)[:MOST_LETTERS]


def with_short(name: str) -> str:
    """A name with the letters that stand for it before it, where it does not begin with them."""
    letters = short(name)
    return name if name.startswith(letters) and len(letters) > 1 else f"{letters} {name}".strip()
