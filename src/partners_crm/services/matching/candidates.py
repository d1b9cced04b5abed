"""Which pairs are compared: those that share a key, such as a phone, or the beginnings of a name and of a street.

Each record has a dozen keys or so, and two records of one body share at least one of them, whatever is misspelled. A
key that many records have says nothing and is left out, so that the pairs grow with the list and not with its square.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

MOST = 60
"""Records that share a key from which on it says nothing: everybody in Chicago."""

Pair = tuple[int, int]
"""Two places in a list, the smaller first."""
Space = Iterable[tuple[int, str]]
"""Keys that may be the same, each with the place of its record; "" is none, and a record may have several."""


def candidates(spaces: Iterable[Space], most: int = MOST) -> set[Pair]:
    """The pairs that share a key."""
    found: set[Pair] = set()
    for space in spaces:
        blocks: dict[str, list[int]] = {}
        for number, key in space:
            if key:
                if key in blocks:
                    blocks[key].append(number)
                else:
                    blocks[key] = [number]
        for block in blocks.values():
            if len(block) == 2:
                one, other = block
                if one != other:
                    found.add((one, other) if one < other else (other, one))
            elif 2 < len(block) <= most:
                found.update(combinations(sorted(set(block)), 2))
    return found
