"""How rare an agreement by chance is: the rarer the value, the more it says."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.services.matching.rarity import BY_CHANCE, POPULATION, Values, Words, information, population


def test_a_short_list_stands_for_more_than_it_shows() -> None:
    assert [population(records) for records in (0, 3, POPULATION, 4_000)] == [POPULATION, POPULATION, POPULATION, 4_000]


def test_the_two_that_are_compared_say_nothing_of_how_often_chance_makes_others_agree() -> None:
    assert information(1, 1_000) == information(2, 1_000) == pytest.approx(-log(BY_CHANCE / 1_000))
    assert information(1_000, 1_000) == pytest.approx(0.0, abs=0.01)


@given(having=st.integers(0, 500), more=st.integers(0, 500), records=st.integers(1, 5_000))
def test_a_commoner_value_never_says_more(having: int, more: int, records: int) -> None:
    assert information(having, records) >= information(having + more, records) >= 0.0


def test_a_value_is_counted_in_its_column() -> None:
    values = Values(["peoria"] * 90 + ["cairo"] * 10, 100)
    assert values.information("peoria") < values.information("cairo") < values.information("alton")
    assert values.shared("peoria", "cairo") == values.shared("cairo", "peoria") == values.information("peoria")
    assert Values([], 0).information("peoria") == 0.0


def test_words_together_say_no_more_than_records_have_them_together() -> None:
    texts = [{"child", "care", f"name{number}"} for number in range(POPULATION)]
    words = Words(texts, POPULATION)
    assert [words.count(word) for word in ("child", "name7", "elder")] == [POPULATION, 1, 0]
    assert words.information(["child", "care"]) == pytest.approx(0.0, abs=0.03)
    assert words.information(["child", "care", "name7"]) == words.information(["name7"])
    assert words.telling(["child"]) < words.telling(["child", "name7"])
    assert words.telling([]) == words.telling(["elder"]) == 0.0


@given(
    texts=st.lists(st.sets(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=30),
    some=st.sets(st.sampled_from("abcdefg")),
    more=st.sets(st.sampled_from("abcdefg")),
)
def test_to_share_more_words_never_says_less(texts: list[set[str]], some: set[str], more: set[str]) -> None:
    words = Words(texts, len(texts))
    assert words.information(some | more) >= words.information(some) - 1e-9
