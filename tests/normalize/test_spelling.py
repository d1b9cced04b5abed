"""Names in two spellings: what is a slip of the pen, and what is another name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.normalize.spelling import (
    ABBREVIATIONS,
    ALIKE,
    OPPOSED,
    Difference,
    difference,
    likeness,
    same_by_spelling,
)

SAME = (
    ("The Hope House, Inc.", "Hope House"),
    ("St. Anne Ctr. for Families", "Saint Anne Center for Families"),
    ("Arts & Letters Assn", "Arts and Letters Association"),
    ("Adams Family Services", "Adams Family Service"),
    ("Adams Family Servcies", "Adams Family Services"),
    ("Association oof Downstate Nurseries", "Association of Downstate Nurseries"),
    ("Prairie Council f Children", "Prairie Council of Children"),
)
OTHER = (
    ("Northern Illinois Housing", "Southern Illinois Housing"),
    ("Northeast Clinic", "Northwest Clinic"),
    ("Adams Care", "Adams Care Foundation"),
    ("Head Start Site 1", "Head Start Site 2"),
    ("Boys Club of Alton", "Girls Club of Alton"),
    ("Hope", "Hops"),
    ("Elm House", "Oak House"),
    ("Amber Arch Services", "Ember Arch Services"),
    ("Joe Smith Jr", "Joe Smith Sr"),
    ("Macon County Center", "Mason County Center"),
    ("Marion County Center", "Marian County Center"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert same_by_spelling(one, other)
    assert same_by_spelling(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_names_that_differ_by_little_and_are_two(one: str, other: str) -> None:
    assert not same_by_spelling(one, other)
    assert not same_by_spelling(other, one)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("Hope Center", "The Hope Ctr., Inc.", Difference.NONE),
        ("Adams Family Servcies", "Adams Family Services", Difference.SLIP),
        ("Riverside Housing Works", "River Side Housing Works", Difference.SLIP),
        ("Prairie Counsil for Children", "Prairie Council for Children", Difference.LETTER),
        ("Oak Street Center", "Oaks Street Center", Difference.SHORT),
        ("Macon County Center", "Mason County Center", Difference.DOUBTFUL),
        ("Macon County Center", "Peoria Food Bank", Difference.OTHER),
    ],
)
def test_what_two_names_differ_by(one: str, other: str, wanted: Difference) -> None:
    assert difference(one, other) is difference(other, one) is wanted


@given(st.text(max_size=40), st.text(max_size=40))
def test_it_is_symmetric_and_every_name_is_itself(one: str, other: str) -> None:
    assert same_by_spelling(one, one)
    assert same_by_spelling(one, other) == same_by_spelling(other, one)
    assert 0 <= likeness(one, other) <= 100


def test_an_abbreviation_is_no_word_that_means_something_else() -> None:
    assert not set(ABBREVIATIONS) & set(ABBREVIATIONS.values())
    assert not set(ABBREVIATIONS) & frozenset().union(*OPPOSED)
    assert ALIKE > 75
