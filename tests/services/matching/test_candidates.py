"""Which pairs are compared at all."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from partners_crm.services.matching.candidates import MOST, candidates

KEYS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(("", "a", "b", "c", "d"))), max_size=80)


@given(keys=KEYS)
def test_pairs_share_a_key_and_stand_once_the_smaller_first(keys: list[tuple[int, str]]) -> None:
    wanted = {
        (one, other)
        for (one, left), (other, right) in combinations(sorted(keys), 2)
        if one != other and left == right != "" and sum(key == left for _, key in keys) <= MOST
    }
    assert candidates([keys]) == wanted
    assert candidates([keys, keys[::-1]]) == wanted


def test_spaces_do_not_mix() -> None:
    assert candidates([[(0, "a")], [(1, "a")]]) == set()
    assert candidates([[(0, "a"), (1, "a")], [(1, "a"), (2, "a")]]) == {(0, 1), (1, 2)}


def test_a_key_of_everybody_says_nothing() -> None:
    assert candidates([[(number, "chicago") for number in range(MOST + 1)]]) == set()
    assert len(candidates([[(number, "cairo") for number in range(MOST)]])) == MOST * (MOST - 1) // 2
