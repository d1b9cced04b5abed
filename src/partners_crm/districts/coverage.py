"""Coverage arithmetic: from evidence about sites to an answer for every district.

A district is confirmed, possible or a gap:

- confirmed: at least `min_count` distinct organizations reach it with evidence that is certain;
- possible: it is not confirmed, but certain and doubtful evidence together, or doubtful evidence alone, reach it;
- gap: nothing reaches it.

Evidence is certain when the membership is certain on the day, the place is known at least as well as `min_match`, and
the whole of where the site may stand lies in the district. A site nearer to a border than its own uncertainty, or known
by its ZIP code alone, speaks for several districts, each with a share, and for none of them with certainty. A district
of a nesting chamber is reached by whatever reaches a district nested in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

MIN_SHARE = 0.05
"""The share of a ZIP code's area below which a district is not even a candidate."""
WHOLE = 1 - 1e-9
"""From this share on nothing is left for another district."""


class Evidence(NamedTuple):
    """One site of one organization, and one district it speaks for."""

    organization: int
    unit: int
    """What counts once: the organization, or its family."""
    site: int
    number: int
    """Number of the district in the evidence's chamber."""
    match_level: int
    share: float
    """Of where the site may stand; below 1 for one candidate of several."""
    sure: bool
    """The membership, and the site, certainly hold on the day."""


class DistrictState(NamedTuple):
    """The answer for one district."""

    number: int
    state: str
    """confirmed, possible or gap."""
    certain: tuple[int, ...]
    """Organizations that are certainly in it, by id."""
    doubtful: tuple[int, ...]
    """Organizations that may be in it, by id; none of them is among the certain."""


def is_certain(each: Evidence, min_match: int) -> bool:
    """Whether evidence settles its district."""
    return each.sure and each.match_level >= min_match and each.share >= WHOLE


def judge(
    evidence: Iterable[Evidence], numbers: Sequence[int], *, min_count: int, min_match: int
) -> list[DistrictState]:
    """The state of every district of the chamber the evidence is about, in the order of `numbers`."""
    certain: dict[int, dict[int, int]] = {number: {} for number in numbers}
    doubtful: dict[int, dict[int, int]] = {number: {} for number in numbers}
    for each in evidence:
        if each.number in certain:
            found = certain if each.sure and each.match_level >= min_match and each.share >= WHOLE else doubtful
            found[each.number][each.organization] = each.unit
    return [_state(number, certain[number], doubtful[number], min_count) for number in numbers]


def lift(evidence: Iterable[Evidence], parents: Mapping[int, int]) -> list[Evidence]:
    """The same evidence about the nesting chamber; `parents` maps each district to the one it is nested in.

    The shares of one site add up: a site on the border between two districts of the same parent stands in the parent
    for certain.
    """
    found: dict[tuple[int, int], Evidence] = {}
    for each in evidence:
        number = parents.get(each.number)
        if number is not None:
            before = found.get((each.site, number))
            share = each.share if before is None else min(1.0, before.share + each.share)
            found[each.site, number] = each._replace(number=number, share=share)
    return list(found.values())


def _state(number: int, certain: Mapping[int, int], doubtful: Mapping[int, int], min_count: int) -> DistrictState:
    sure = len(set(certain.values()))
    maybe = len({*certain.values(), *doubtful.values()}) if doubtful else sure
    state = "confirmed" if sure >= min_count else "possible" if maybe >= min_count else "gap"
    return DistrictState(
        number, state, tuple(sorted(certain)), tuple(sorted(key for key in doubtful if key not in certain))
    )
