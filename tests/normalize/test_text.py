"""Text from outside: what reaches a terminal, the folded form, the keys of names, the check of cells."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.normalize.strings import texts

from partners_crm.normalize.text import (
    MAX_CELL_BYTES,
    MAX_SHOWN,
    few,
    fold,
    name_key,
    reject_reason,
    show,
    show_lines,
    tidy,
)

DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
INVISIBLE = {*map(chr, (0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF)), *map(chr, range(0x2060, 0x2070))}
anything = st.text(st.characters(exclude_categories=()), max_size=60)
values = st.one_of(
    anything, st.none(), st.binary(max_size=30), st.integers(), st.floats(), st.lists(anything, max_size=3)
)


def acts(character: str) -> bool:
    """Whether a character can move a cursor, turn the direction of a line, or hide."""
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in DIRECTIONS
        or character in INVISIBLE
        or 0xE0000 <= ord(character) <= 0xE007F
    )


ACTING = frozenset(chr(code) for code in range(sys.maxunicode + 1) if acts(chr(code)))


def test_every_character_that_acts_on_a_terminal_is_replaced() -> None:
    assert {"\x1b", "\x9b", "\n", "\u202e", "\u200b", "\ud800", "\U000e0041"} <= ACTING
    for character in ACTING:
        shown = show(f"a{character}b")
        assert len(shown) == 3
        assert not ACTING & set(shown), hex(ord(character))


FILLERS = {0x115F, 0x1160, 0x3164, 0xFFA0}
"""Letters to Unicode, blanks to the eye."""


def test_every_other_letter_of_the_world_stays() -> None:
    for code in range(0x20, 0x30000):
        character = chr(code)
        if character.isprintable() and code not in FILLERS:
            assert show(character) == character, hex(code)
    for joined in ("می\u200cخواهم", "👩\u200d👧", "🏳\ufe0f", "e\u0301", "a\xa0b"):
        assert show(joined) == joined


def test_no_text_brings_a_character_that_acts(scale: Callable[[int], int]) -> None:
    for text in texts(scale(300_000), 1):
        shown = show(text)
        assert not ACTING & set(shown)
        assert len(shown) == len(text)
        assert show(shown) == shown


def test_no_note_brings_a_character_that_acts(scale: Callable[[int], int]) -> None:
    for text in texts(scale(50_000), 2):
        lines = show_lines(text)
        assert not ACTING & set("".join(lines))
        assert len(lines) == len(re.split(r"\r\n|\r|\n", text))
        assert show_lines("\n".join(lines)) == lines


@given(values, st.integers(-3, 40))
def test_any_value_is_shown_within_its_limit(value: object, limit: int) -> None:
    shown = show(value, limit)
    assert len(shown) <= max(limit, 0)
    assert not ACTING & set(shown)
    assert show(shown, limit) == shown
    if value is None:
        assert shown == ""


@given(values, st.integers(1, 20), st.integers(1, 5))
def test_any_note_is_shown_within_its_limits(value: object, limit: int, max_lines: int) -> None:
    lines = show_lines(value, limit, max_lines)
    assert 1 <= len(lines) <= max_lines + 1
    assert all(len(line) <= limit for line in lines[:max_lines])
    assert not ACTING & set("".join(lines))
    if len(lines) > max_lines:
        assert re.fullmatch(r"… [\d,]+ more lines", lines[-1])


def test_long_texts_are_cut_and_say_so() -> None:
    assert show("x" * MAX_SHOWN) == "x" * MAX_SHOWN
    assert show("x" * (MAX_SHOWN + 1)) == "x" * (MAX_SHOWN - 1) + "…"
    assert show("abcdef", 4) == "abc…"
    assert show_lines("a\n" * 2000)[-1] == "… 1,001 more lines"
    assert show_lines("\t" * 5000) == [" " * (MAX_SHOWN - 1) + "…"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("a\tb\nc", "a␉b␊c"),
        ("\x1b[31mred\x7f", "␛[31mred␡"),
        ("\x9bA", "\ufffdA"),
        ("pay\u202etxt", "pay\ufffdtxt"),
        ("half \ud83d", "half \ufffd"),
        (b"\x1b", "b'\\x1b'"),
        (7, "7"),
        (True, "True"),
    ],
)
def test_how_a_value_is_shown(value: object, shown: str) -> None:
    assert show(value) == shown


def test_an_object_that_cannot_be_shown_is_named() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no words")

    class Liar(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "\x1b[2J"

        def isprintable(self) -> bool:
            return True

    assert show(Broken()) == "<Broken that cannot be shown>"
    assert show(type("\x1b[2J", (Broken,), {})()) == "<␛[2J that cannot be shown>"
    assert show(Liar("a\x1b")) == "a␛"
    assert show(10**5000) == "<int that cannot be shown>"


@pytest.mark.parametrize("code", [0x115F, 0x1160, 0x3164, 0xFFA0, 0x1BCA0, 0x1D173])
def test_every_other_invisible_character_is_replaced(code: int) -> None:
    assert show(f"a{chr(code)}b") == "a\ufffdb"


def test_an_object_whose_text_lies_is_shown_safely() -> None:
    class Text(str):
        __slots__ = ()

        def isprintable(self) -> bool:
            return True

    class Thing:
        def __str__(self) -> str:
            return Text("\x1b[2J")

    assert show(Thing()) == "␛[2J"


def test_tabs_of_a_note_are_widened() -> None:
    assert show_lines("a\tb\r\nc\rd\n") == ["a   b", "c", "d", ""]
    assert show_lines(None) == [""]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Muñoz-O’Connor & Søn", "munoz oconnor and son"),
        ("  The  Y.M.C.A. ", "the y m c a"),
        ("ŁÓDŹ Straße", "lodz strasse"),
        ("İstanbul ı", "istanbul i"),
        ("ﬁne ① ½", "fine 1 1 2"),
        ("ʻOhana O`Neil", "ohana oneil"),
        ("e\u0301cole ÉCOLE", "ecole ecole"),
        ("zero\u200bwidth", "zerowidth"),
        ("हिन्दी", "हिनदी"),
        ("北京", "北京"),
        ("!?—…", ""),
        ("", ""),
    ],
)
def test_how_a_text_folds(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_twice_changes_nothing(scale: Callable[[int], int]) -> None:
    for text in texts(scale(300_000), 3):
        folded = fold(text)
        assert fold(folded) == folded
        assert folded == folded.strip()
        assert "  " not in folded


@given(anything)
def test_a_fold_does_not_depend_on_how_accents_are_written(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(st.characters(max_codepoint=0x24F), max_size=40))
def test_a_fold_does_not_depend_on_capitals(text: str) -> None:
    assert fold(text.upper()) == fold(text) == fold(text.lower())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The Y.M.C.A., Inc.", "YMCA"),
        ("Near West Homes NFP", "near west homes"),
        ("Near West Homes, Not-For-Profit", "Near West Homes"),
        ("Smith & Sons Co., Ltd.", "Smith and Sons"),
        ("O'Neill House", "O’NEILL HOUSE"),
        ("Casa Corazón", "casa corazon"),
        ("J. B. Woods", "JB Woods"),
    ],
)
def test_two_spellings_of_one_name_share_a_key(first: str, second: str) -> None:
    assert name_key(first) == name_key(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("North Side Homes", "South Side Homes"), ("House 1", "House 2"), ("The Company", "Inc"), ("A", "B")],
)
def test_two_names_have_two_keys(first: str, second: str) -> None:
    assert name_key(first) != name_key(second)


@pytest.mark.parametrize("name", ["The", "Inc.", "Co", "The The", "LLC LLC", "Not for Profit", "A"])
def test_a_name_of_nothing_but_endings_keeps_a_key(name: str) -> None:
    assert name_key(name)


def test_a_key_is_stable_and_never_lost(scale: Callable[[int], int]) -> None:
    words = ("the ", "The ", "Inc", "LLC ", " Co", " not for profit", "a ", "B. ", "c", " nfp", "and", "1 ", ", ", "é")
    for text in (*texts(scale(100_000), 4), *texts(scale(100_000), 5, words, 8)):
        key = name_key(text)
        assert name_key(key) == key
        assert bool(key) is bool(fold(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("é" * (MAX_CELL_BYTES // 2), ""),
        ("x" * MAX_CELL_BYTES, ""),
        ("x" * (MAX_CELL_BYTES + 1), "is longer than 64 KB"),
        ("é" * (MAX_CELL_BYTES // 2) + "x", "is longer than 64 KB"),
        ("a\0b", "holds a NUL character"),
        ("a\ud800b", "holds half a character (a lone surrogate)"),
        ("\x1b", ""),
    ],
)
def test_why_a_cell_cannot_be_stored(text: str, reason: str) -> None:
    assert reject_reason(text) == reason


def test_a_cell_without_a_reason_can_be_stored(scale: Callable[[int], int]) -> None:
    for text in texts(scale(100_000), 6):
        halves = any("\ud800" <= character <= "\udfff" for character in text)
        assert bool(reject_reason(text)) is ("\0" in text or halves)


@given(anything)
def test_a_tidy_value_is_one_line_with_the_same_letters(text: str) -> None:
    tidied = tidy(text)
    assert tidied.split() == text.split()
    assert tidied == tidied.strip()
    assert "\n" not in tidied
    assert tidy(tidied) == tidied


@pytest.mark.parametrize(
    ("names", "most", "words"),
    [
        ([], 3, ""),
        (["A"], 3, "A"),
        (["A", "B", "C"], 3, "A, B, C"),
        (["A", "B", "C", "D"], 3, "A, B, C and 1 more"),
        (["A"] * 1_502, 2, "A, A and 1,500 more"),
    ],
)
def test_a_few_names_and_how_many_more_there_are(names: list[str], most: int, words: str) -> None:
    assert few(names, most) == words
