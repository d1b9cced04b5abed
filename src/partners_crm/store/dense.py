"""Which records are meant by many ids: in pieces of a list, or by a range where the ids lie close together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from partners_crm.store.read import MANY, parts

_SPREAD = 4
"""Ids in a range, for each that is wanted, up to which reading all of them is cheaper than naming each."""


def among(field: Any, ids: Collection[int]) -> Iterator[Any]:
    """Conditions on a field of ids that together hold of every wanted one, and perhaps of others: drop those."""
    ordered = sorted(ids)
    if len(ordered) > MANY and ordered[-1] - ordered[0] < _SPREAD * len(ordered):
        yield field.between(ordered[0], ordered[-1])
        return
    for part in parts(ordered):
        yield field.in_(part)
