"""How near two spellings are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.services.matching import slips
from partners_crm.services.matching.slips import CLOSE, NONE, WEAK

LIKENESSES = (slips.of_words, slips.of_digits, slips.of_numbers, slips.of_dates, slips.of_codes)


@pytest.mark.parametrize(
    ("likeness", "one", "other", "level"),
    [
        (slips.of_words, "quillmere", "quilmere", CLOSE),
        (slips.of_words, "quillmere", "quillmree", CLOSE),
        (slips.of_words, "quillmere", "qilmere", CLOSE),
        (slips.of_words, "wickerfold", "wickerf", WEAK),
        (slips.of_words, "ann", "annabella", WEAK),
        (slips.of_words, "ada", "ida", NONE),
        (slips.of_words, "ada", "otto", NONE),
        (slips.of_digits, "60612", "60621", CLOSE),
        (slips.of_digits, "60612", "62702", NONE),
        (slips.of_digits, "12", "13", NONE),
        (slips.of_numbers, "107", "170", WEAK),
        (slips.of_numbers, "107", "250", NONE),
        (slips.of_dates, "19460902", "19460903", CLOSE),
        (slips.of_dates, "19460902", "19470912", WEAK),
        (slips.of_dates, "19460902", "19570913", NONE),
        (slips.of_codes, "il", "in", NONE),
    ],
)
def test_levels_of_likeness(likeness: Callable[[str, str], int], one: str, other: str, level: int) -> None:
    assert likeness(one, other) == likeness(other, one) == level


@given(one=st.text(min_size=1), other=st.text(min_size=1), likeness=st.sampled_from(LIKENESSES))
def test_likeness_has_no_direction(one: str, other: str, likeness: Callable[[str, str], int]) -> None:
    assert likeness(one, other) == likeness(other, one)


@given(one=st.text(max_size=12), other=st.text(max_size=12), most=st.integers(0, 3))
def test_slips_beyond_the_cut_are_one_more_than_it(one: str, other: str, most: int) -> None:
    whole = slips.edits()(one, other)
    assert slips.edits()(one, other, score_cutoff=most) == (whole if whole <= most else most + 1)
