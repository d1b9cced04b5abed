"""How far a point may be from the truth, and which districts it may lie in therefore.

A point is taken for the middle of a disc; its radius depends on how the point was found. Where the disc reaches over
a border, the place may lie in the district beyond, and each district has the share of the disc that lies in it. The
border is taken for a straight line at the distance of its nearest point: the disc is small beside a district, and the
shares rank candidates; they prove nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

MANUAL, ROOFTOP, STREET, ZIP9 = 110, 100, 80, 75

RADIUS_M = ((MANUAL, 0.0), (ROOFTOP, 15.0), (STREET, 50.0), (ZIP9, 300.0))
"""Uncertainty in metres of a point by match level, the best first: starting values, to be tuned on data.

The numbers of the levels, and the 300 m of a nine-digit ZIP code, are those of SAGE, the geocoder of the New York
Senate, which uses this radius for every point.
"""
SHARE_FLOOR = 0.05
"""The least share of a district within reach.

Coverage takes a district below 5 % of an area for not even possible. A border that only just lies within reach leaves
next to nothing of the disc beyond it, yet the place may be there: without a floor it would vanish.
"""


def radius_m(match_level: int) -> float:
    """Uncertainty of a point in metres by its match level; a level below ZIP9 has that of ZIP9."""
    for level, metres in RADIUS_M:
        if match_level >= level:
            return metres
    return RADIUS_M[-1][1]


def share_beyond(distance_m: float, radius_m: float) -> float:
    """The share of a disc that lies beyond a straight border at a distance from its centre: 0.5 down to 0."""
    if distance_m >= radius_m:
        return 0.5 if distance_m <= 0 else 0.0
    ratio = max(0.0, distance_m / radius_m)
    return (math.acos(ratio) - ratio * math.sqrt(1 - ratio * ratio)) / math.pi


def shares(own: int | None, others: Iterable[tuple[int, float]], radius_m: float) -> tuple[tuple[int, float], ...]:
    """The districts a disc reaches, each with its share: the largest first, the lowest number first among equals.

    `others` holds the districts other than `own` with their distances in metres; those beyond the radius do not count.
    `own` is None for a point in no district. What lies outside the state is shared out. The shares sum to 1, and none
    is below `SHARE_FLOOR` unless more than ten districts are within reach.
    """
    near = [(number, metres) for number, metres in others if metres <= radius_m]
    weights = [(number, share_beyond(metres, radius_m)) for number, metres in near]
    if own is not None:
        # Where three districts meet, each of the others has up to half the disc: its own has never less than they.
        weights.append((own, 1 - max((weight for _, weight in weights), default=0.0)))
    whole = sum(weight for _, weight in weights)
    floor = min(SHARE_FLOOR, 1 / (2 * max(1, len(weights))))
    found = [
        (number, floor + (1 - len(weights) * floor) * (weight / whole if whole else 1 / len(weights)))
        for number, weight in weights
    ]
    if len(found) == 1:
        return ((found[0][0], 1.0),)
    return tuple(sorted(found, key=lambda each: (-each[1], each[0])))
