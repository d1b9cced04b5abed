"""What an association does and where: its silos, its districts beside the coalition's, and the gaps it would close.

The states of districts come from coverage: confirmed, possible or gap. Confirmed and possible stay apart in every
figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

District = tuple[str, int]
"""(chamber, number)."""
States = Mapping[District, str]
"""confirmed, possible or gap, of every district."""


class SiloShare(NamedTuple):
    """How much of a group lies in a silo."""

    silo: int
    organizations: int
    """How many of the group are in it at all."""
    weight: float
    """The sum of their weights: in whole organizations."""


def silo_shares(group: Collection[int], shares: Iterable[tuple[int, int, float | None]]) -> list[SiloShare]:
    """The silos of a group, heaviest first, then by id; `shares` are (organization, silo, weight).

    A weight that is not known counts as an even part of what the known ones leave of 1.
    """
    own: dict[int, list[tuple[int, float | None]]] = {}
    for organization, silo, weight in shares:
        if organization in group:
            own.setdefault(organization, []).append((silo, weight))
    counts: dict[int, int] = {}
    weights: dict[int, float] = {}
    for some in own.values():
        open_ones = sum(weight is None for _, weight in some)
        rest = max(0.0, 1 - sum(weight for _, weight in some if weight is not None)) / (open_ones or 1)
        for silo, weight in some:
            counts[silo] = counts.get(silo, 0) + 1
            weights[silo] = weights.get(silo, 0.0) + (rest if weight is None else weight)
    found = [SiloShare(silo, counts[silo], weights[silo]) for silo in counts]
    return sorted(found, key=lambda each: (-round(each.weight, 9), each.silo))


@dataclass(frozen=True, slots=True)
class Chamber:
    """The districts of one chamber: an association's beside the coalition's."""

    chamber: str
    districts: int
    theirs: int
    """Confirmed by the association's members."""
    theirs_possible: int
    ours: int
    """Confirmed by the coalition's members."""
    ours_possible: int
    both: int
    """Confirmed by both."""


def beside(theirs: States, ours: States) -> list[Chamber]:
    """The figures of each chamber, in the order in which the districts come."""
    found = []
    for chamber in dict.fromkeys(chamber for chamber, _ in ours):
        own = [district for district in ours if district[0] == chamber]
        found.append(
            Chamber(
                chamber,
                len(own),
                sum(theirs.get(each) == "confirmed" for each in own),
                sum(theirs.get(each) == "possible" for each in own),
                sum(ours[each] == "confirmed" for each in own),
                sum(ours[each] == "possible" for each in own),
                sum(theirs.get(each) == ours[each] == "confirmed" for each in own),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Closing:
    """The districts of the coalition that an association's members who are not ours would close."""

    certain: tuple[District, ...]
    """Gaps in which one of them certainly is."""
    possible: tuple[District, ...]
    """Gaps in which one of them may be."""
    settled: tuple[District, ...]
    """Districts that are only possible for us, and in which one of them certainly is."""


def closing(outside: States, ours: States) -> Closing:
    """What those who are not ours would close, in the order in which the districts come."""
    gaps = [each for each, state in ours.items() if state == "gap"]
    return Closing(
        tuple(each for each in gaps if outside.get(each) == "confirmed"),
        tuple(each for each in gaps if outside.get(each) == "possible"),
        tuple(each for each, state in ours.items() if state == "possible" and outside.get(each) == "confirmed"),
    )
