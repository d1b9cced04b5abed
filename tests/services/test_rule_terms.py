"""The terms of any rule as text: one grammar, whatever the check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.services.rule_terms import SWITCH, RuleTerm, read_terms, written

TERMS = (
    RuleTerm("name", "any text"),
    RuleTerm("how-many", "a number that is always there", "3", is_number=True),
    RuleTerm("at-most", "a number, or none", is_number=True),
    RuleTerm("deep", "on or off", "no", SWITCH),
)


@given(
    st.fixed_dictionaries({"name": st.text(st.characters(exclude_categories=["Cs"])), "deep": st.sampled_from(SWITCH)})
)
def test_any_values_are_read_as_they_were_written(values: dict[str, str]) -> None:
    every = {"how-many": "4", "at-most": "0", **values}
    assert read_terms("it", TERMS, written(TERMS, every)) == every


def test_what_is_not_given_has_its_default_and_is_not_written() -> None:
    found = read_terms("it", TERMS, "")
    assert found == {"name": "", "how-many": "3", "at-most": "", "deep": "no"}
    assert written(TERMS, found) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("other=1", r"it has no term other \(its terms: name, how-many, at-most, deep\)"),
        ("name", "it has no term name"),
        ("=1", "it has no term "),
        ("how_many=1 how-many=1", "how-many.*is given twice"),
        ("how-many=", "how-many is not a whole number"),
        ("how-many=-1", "'-1' is not a whole number"),
        ("how-many=１", "is not a whole number"),
        ("how-many=1234567890", "is not a whole number"),
        ("deep=perhaps", "one of: no, yes"),
        ("name='a", "Terms.*cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises((InvalidValue, NotFound), match=message):
        read_terms("it", TERMS, text)


def test_what_takes_no_terms_says_so() -> None:
    with pytest.raises(NotFound, match="it takes none"):
        read_terms("it", (), "a=b")
