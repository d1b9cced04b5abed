"""Given and family names: the rules, and that any text is split without a word appearing from nowhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from tests.normalize.strings import texts

from partners_crm.normalize.names import split_name


@pytest.mark.parametrize(
    ("full", "given", "family"),
    [
        ("Dana Reyes", "Dana", "Reyes"),
        ("  Dana   Reyes ", "Dana", "Reyes"),
        ("Reyes, Dana", "Dana", "Reyes"),
        ("Reyes, Dana, MSW", "Dana", "Reyes"),
        ("Dana Reyes, MSW, LCSW", "Dana", "Reyes"),
        ("Dr. Dana Q. Reyes Jr.", "Dana Q.", "Reyes"),
        ("Rev. Dr. Dana Reyes", "Dana", "Reyes"),
        ("Juan de la Cruz", "Juan", "de la Cruz"),
        ("Maria van der Berg", "Maria", "van der Berg"),
        ("Dana (Dee) Reyes", "Dana", "Reyes"),
        ('Dana "Dee" Reyes', "Dana", "Reyes"),
        ("The Honorable Dana Reyes", "Dana", "Reyes"),
        ("Dana", "Dana", ""),
        ("Ms. Reyes", "", "Reyes"),
        ("Sister Mary", "", "Mary"),
        ("Sr.", "Sr.", ""),
        ("O’Neill, Dana", "Dana", "O’Neill"),
        ("Jean-Luc Smith-Jones", "Jean-Luc", "Smith-Jones"),
        ("", "", ""),
        ("  ", "", ""),
        (",", "", ""),
        (", Dana", "Dana", ""),
        ("(see note)", "", ""),
    ],
)
def test_a_name_is_split(full: str, given: str, family: str) -> None:
    assert split_name(full) == (given, family)


def test_capitals_are_never_changed() -> None:
    assert split_name("DANA mcREYES") == ("DANA", "mcREYES")
    assert split_name("bell hooks") == ("bell", "hooks")


def test_no_name_is_too_strange_and_no_word_comes_from_nowhere(scale: Callable[[int], int]) -> None:
    pieces = (
        "Dana ",
        "Reyes ",
        "de ",
        "la ",
        ", ",
        "Jr. ",
        "Dr. ",
        "the ",
        "Hon. ",
        "(",
        ")",
        '"',
        "“",
        "MSW ",
        "Q. ",
        "é ",
    )
    for text in (*texts(scale(100_000), 61), *texts(scale(100_000), 62, pieces, 7)):
        given, family = split_name(text)
        assert Counter(given + family) - Counter(text) <= Counter(" " * len(text))
        assert all(part == " ".join(part.split()) for part in (given, family))
        assert {*given.split(), *family.split()} <= set(re.sub(r"\([^()]*\)|\"[^\"]*\"|“[^“”]*”|,", " ", text).split())
