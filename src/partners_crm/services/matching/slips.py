"""How near two spellings are: by letters left out, put in, changed, or swapped with their neighbour."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

NONE, WEAK, CLOSE, SAME = range(4)
"""The levels of likeness of two values."""
WORDS = ("another", "similar", "similar", "same")
"""What they are called before the name of a field."""


@cache
def edits() -> Callable[..., int]:
    """The number of slips between two texts (optimal string alignment), one more than `score_cutoff` beyond it."""
    from rapidfuzz.distance import OSA  # only a comparison pays for it

    return OSA.distance


def of_words(one: str, other: str) -> int:
    """The likeness of two names or words that are not the same."""
    longer = max(len(one), len(other))
    slips = edits()(one, other, score_cutoff=3)
    if (slips == 1 and longer >= 4) or (slips == 2 and longer >= 6):
        return CLOSE
    if (slips == 3 and longer >= 10) or (slips == 2 and longer >= 4):
        return WEAK
    short, long = (one, other) if len(one) < len(other) else (other, one)
    return WEAK if len(short) >= 3 and long.startswith(short) else NONE


def of_digits(one: str, other: str) -> int:
    """The likeness of two codes of digits that are not the same: a ZIP code, a phone."""
    return CLOSE if len(one) > 2 and edits()(one, other, score_cutoff=1) == 1 else NONE


def of_numbers(one: str, other: str) -> int:
    """The likeness of two numbers of houses that are not the same."""
    return WEAK if edits()(one, other, score_cutoff=1) == 1 else NONE


def of_dates(one: str, other: str) -> int:
    """The likeness of two dates that are not the same, digits alone."""
    slips = edits()(one, other, score_cutoff=2)
    return CLOSE if slips == 1 else WEAK if slips == 2 else NONE


def of_codes(_one: str, _other: str) -> int:
    """Two codes that are not the same: a state."""
    return NONE
