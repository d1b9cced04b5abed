"""Which trade association a name in a file means: one whose name is spelled otherwise, or one of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from partners_crm.normalize.spelling import Difference, difference
from partners_crm.services.importing.keys import organization_key

COMMONER = 3
"""How many times as often as a name with a wrong letter the right one occurs at least."""


def meant(counts: Mapping[str, int], known: Iterable[str]) -> dict[str, str]:
    """For each name that is another one in other letters, that one: a known one, or the commonest of the file.

    `counts` says how often a file has each name. Abbreviations and a letter dropped, doubled or swapped are no other
    name; in a short word, or where a letter stands for another, that is a slip only if the name that is meant is far
    commoner; where it is both, as in Macon and Mason, never.
    """
    often: Counter[str] = Counter()
    for name, number in counts.items():
        often[organization_key(name)] += number
    settled = list(known)
    keys = set(map(organization_key, settled))
    found: dict[str, str] = {}
    for name in sorted(counts, key=lambda each: -often[organization_key(each)]):
        key = organization_key(name)
        if key in keys:
            continue
        other = _nearest(name, settled, often)
        if other:
            found[name] = other
        else:
            settled.append(name)
            keys.add(key)
    return found


def _nearest(name: str, settled: Iterable[str], often: Mapping[str, int]) -> str:
    """The one of some names that a name means; "" where it means none of them."""
    number = often[organization_key(name)]
    ranked = sorted(((difference(name, other), rank, other) for rank, other in enumerate(settled)))
    for how, _, other in ranked:
        if how <= Difference.SLIP:
            return other
        if how <= Difference.SHORT and often.get(organization_key(other), 0) >= COMMONER * number:
            return other
    return ""


def is_remarkable(name: str, other: str) -> bool:
    """Whether it should be said that a name was taken for another: the two differ in more than an abbreviation."""
    return difference(name, other) > Difference.NONE
