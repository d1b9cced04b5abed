"""Coverage arithmetic: from evidence about sites to an answer for every district.

A district is confirmed, possible or a gap:

- confirmed: at least `min_count` distinct organizations reach it with evidence that is certain;
- possible: it is not confirmed, but certain and doubtful evidence together, or doubtful evidence alone, reach it;
- gap: nothing reaches it.

Evidence is certain when the membership is certain on the day, the point is known at least as well as `min_match`, and
the point lies farther from the nearest other district than its own uncertainty. The uncertainty is the radius of the
match level plus the map's largest border shift; nearer points speak for both districts, as possible. A district of the
nesting chamber is reached by whatever reaches a district nested in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

RADIUS_M = ((110, 0.0), (100, 15.0), (80, 50.0))
"""Uncertainty in metres of a point by match level (MANUAL, ROOFTOP, STREET): starting values, to be tuned on data."""
MIN_SHARE = 0.05
"""The share of an area below which a candidate district is not even possible."""


class Evidence(NamedTuple):
    """One site of one organization, and one district it speaks for."""

    organization: int
    unit: int
    """What counts once: the organization, or its family."""
    number: int
    """Number of the district in the evidence's chamber."""
    match_level: int
    share: float | None
    """Below 1 for one candidate of several."""
    border_m: float | None
    """Metres to the nearest other district; None: far away, or not known because the district was stated."""
    neighbour: int | None
    sure: bool
    """The membership certainly holds on the day."""


class DistrictState(NamedTuple):
    """The answer for one district."""

    number: int
    state: str
    """confirmed, possible or gap."""
    certain: tuple[int, ...]
    """Organizations that are certainly in it, by id."""
    doubtful: tuple[int, ...]
    """Organizations that may be in it, by id; none of them is among the certain."""


def radius_m(match_level: int) -> float:
    """Uncertainty of a point in metres by its match level; a level below STREET has that of STREET."""
    for level, metres in RADIUS_M:
        if match_level >= level:
            return metres
    return RADIUS_M[-1][1]


def judge(
    evidence: Iterable[Evidence],
    numbers: Sequence[int],
    *,
    min_count: int,
    min_match: int,
    border_shift_m: float,
) -> list[DistrictState]:
    """The state of every district of the chamber the evidence is about, in the order of `numbers`."""
    certain: dict[int, dict[int, int]] = {number: {} for number in numbers}
    doubtful: dict[int, dict[int, int]] = {number: {} for number in numbers}
    for each in evidence:
        for number, sure in _reached(each, min_match, border_shift_m):
            if number in certain:
                (certain if sure else doubtful)[number][each.organization] = each.unit
    return [_state(number, certain[number], doubtful[number], min_count) for number in numbers]


def lift(evidence: Iterable[Evidence], parents: Mapping[int, int]) -> list[Evidence]:
    """The same evidence about the nesting chamber; `parents` maps each district to the one it is nested in.

    A border between two districts of the same parent is none of the parent's: a site on it stands in the parent for
    certain. Only the nearest other district of a point is known, so a corner where a third district of another parent
    meets the two is not seen.
    """
    found = []
    for each in evidence:
        if each.number in parents:
            number = parents[each.number]
            # A neighbour that is nested nowhere stays a neighbour, as a district that does not exist.
            neighbour = None if each.neighbour is None else parents.get(each.neighbour, 0)
            same = neighbour == number
            found.append(
                each._replace(
                    number=number, border_m=None if same else each.border_m, neighbour=None if same else neighbour
                )
            )
    return found


def _reached(each: Evidence, min_match: int, border_shift_m: float) -> list[tuple[int, bool]]:
    if each.share is not None and each.share < MIN_SHARE:
        return []
    good = each.sure and each.match_level >= min_match and (each.share is None or each.share >= 1)
    near = each.border_m is not None and each.border_m <= radius_m(each.match_level) + border_shift_m
    # A person who decided has looked at the border.
    if near and each.match_level < RADIUS_M[0][0] and each.neighbour is not None:
        return [(each.number, False), (each.neighbour, False)]
    return [(each.number, good)]


def _state(number: int, certain: Mapping[int, int], doubtful: Mapping[int, int], min_count: int) -> DistrictState:
    sure = len(set(certain.values()))
    maybe = len({*certain.values(), *doubtful.values()})
    state = "confirmed" if sure >= min_count else "possible" if maybe >= min_count else "gap"
    return DistrictState(
        number, state, tuple(sorted(certain)), tuple(sorted(key for key in doubtful if key not in certain))
    )
