"""The private table of keys: what leads where, how much of a key is remembered, and two ways of learning that agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from partners_crm.store.clues import Clues

MOST = 3
BATCHES = st.lists(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 9)), max_size=12), max_size=5)


def test_a_key_leads_to_the_first_records_of_it_and_an_unknown_one_nowhere() -> None:
    clues = Clues(lambda _: MOST)
    clues.learn([("hope", 7), ("hope", 5), ("hope", 7), ("elm", 1), ("hope", 9), ("hope", 2)])
    assert clues.find(["elm", "hope", "oak"]) == {"elm": [1], "hope": [5, 7, 9]}
    clues.close()


@given(BATCHES, st.sets(st.sampled_from("abcde")))
def test_what_was_asked_for_is_learnt_as_anything_else_is(
    batches: list[list[tuple[str, int]]], asked: set[str]
) -> None:
    plain, quick = Clues(lambda _: MOST), Clues(lambda _: MOST)
    for pairs in batches:
        keys = sorted(asked | {key for key, record in pairs if record % 2})
        assert plain.find(keys) == quick.find(keys)
        plain.learn(pairs)
        quick.learn_asked(pairs)
    assert plain.find(list("abcde")) == quick.find(list("abcde"))
    plain.close()
    quick.close()
