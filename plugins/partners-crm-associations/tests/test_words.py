"""Words that the pages share: short names, counted nouns, figures with what is possible beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners_crm_associations.words import MOST_LETTERS, counted, joined, short, with_possible, with_short

checked: Callable[..., Callable[..., None]] = settings(deadline=None, derandomize=True, max_examples=100)


@pytest.mark.parametrize(
    ("name", "letters", "whole"),
    [
        ("Alder Guild", "AG", "AG Alder Guild"),
        ("A02 Association of Community Caretakers", "A02", "A02 Association of Community Caretakers"),
        ("Association of Shelter Keepers", "ASK", "ASK Association of Shelter Keepers"),
        ("alder", "alder", "alder"),
        ("友邻之家", "友邻之家", "友邻之家"),
        ("Alder", "A", "A Alder"),
        ("", "", ""),
    ],
)
def test_a_name_is_cut_short(name: str, letters: str, whole: str) -> None:
    assert short(name) == letters
    assert with_short(name) == whole


@checked
@given(st.text(max_size=40))
def test_what_stands_for_a_name_is_short_and_stands_before_it(name: str) -> None:
    assert len(short(name)) <= MOST_LETTERS
    assert with_short(name).startswith(short(name).strip())


def test_numbers_in_words() -> None:
    assert counted(1, "pair") == "1 pair"
    assert counted(1200, "pair") == "1,200 pairs"
    assert counted(0, "agency", "agencies") == "0 agencies"
    assert with_possible(12, 0) == "12"
    assert with_possible(12, 3) == "12 +3?"
    assert joined(["A", "B", "C"], 2) == "A, B and 1 more"
    assert joined(["A", "B"], 2) == "A, B"
