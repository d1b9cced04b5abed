"""Many ids as conditions: every wanted record is met, however the ids lie."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from partners_crm.model import Organization
from partners_crm.store.dense import among
from partners_crm.store.read import MANY


def met(ids: set[int]) -> tuple[int, set[int]]:
    """How many conditions there are, and which ids they hold of."""
    found: set[int] = set()
    conditions = list(among(Organization.id, ids))
    for each in conditions:
        if each.op == "BETWEEN":
            first, last = (node for node in each.rhs.nodes if isinstance(node, int))
            found.update(range(first, last + 1))
        else:
            found.update(each.rhs)
    return len(conditions), found


@given(st.sets(st.integers(1, 400)), st.integers(1, 9), st.booleans())
def test_every_wanted_id_is_met(some: set[int], step: int, more: bool) -> None:
    ids = {each * step for each in some} | (set(range(1000, 1000 + step * (MANY + 1), step)) if more else set())
    _, found = met(ids)
    assert ids <= found
    assert len(found) <= max(4 * len(ids), len(ids))


def test_ids_that_lie_together_are_one_range() -> None:
    assert met(set(range(1, 2001))) == (1, set(range(1, 2001)))
    assert met(set(range(1, MANY + 1)))[0] == 1
    assert met(set(range(1, 10 * (MANY + 1), 10)))[0] == 2
    assert met(set()) == (0, set())
