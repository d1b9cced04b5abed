"""Formulas in cells: none of a file's cells acts, and every one comes back."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from partners_crm.normalize.neutral import is_live, neutral, restored

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", "'", "''", " ", "\ufeff", "\u200b ", "\xa0", "' "])
def test_what_a_spreadsheet_would_compute_gets_one_apostrophe(start: str, before: str) -> None:
    """Case 20."""
    text = f"{before}{start}HYPERLINK(1)"
    assert neutral(text) == f"'{text}"
    assert restored(neutral(text)) == text
    assert is_live(text) is not before.startswith("'")


@pytest.mark.parametrize(
    "text", ["", "-5", "+13129062364", "-0.5", "12", "'tis", "''", "O'Brien", "5-3", "a=b", "'5", "#N/A", "*"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text == restored(text)


@pytest.mark.parametrize("text", ["+1-312-906-2364", "-1-1", "-5 ", "-", "+", "-٣", "-5\n"])
def test_what_is_no_plain_number_is_marked(text: str) -> None:
    assert neutral(text) == f"'{text}"


@settings(max_examples=2000)
@given(st.text() | st.text(alphabet="'=+-@\t\r\n ＝\ufeff\u200b15.a", max_size=8))
@example("'-5")
@example("''-5")
@example("'")
def test_case_20_every_text_comes_back_and_none_acts(text: str) -> None:
    """Case 20: for every text."""
    assert restored(neutral(text)) == text
    assert not is_live(neutral(text))
    # One apostrophe at most is added.
    assert neutral(text) in {text, f"'{text}"}
