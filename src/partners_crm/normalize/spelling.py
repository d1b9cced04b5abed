"""Names of organizations in two spellings: abbreviations, plurals, and slips of the pen.

Two names that differ in no more than that are the same name; whether they are of the same organization is for somebody
to say who knows more than the names.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import cache, lru_cache
from typing import NamedTuple

from partners_crm.normalize.text import name_key

ABBREVIATIONS = {
    "assn": "association",
    "assoc": "association",
    "ave": "avenue",
    "bldg": "building",
    "centre": "center",
    "cntr": "center",
    "ctr": "center",
    "cmty": "community",
    "coll": "college",
    "dept": "department",
    "dev": "development",
    "ed": "education",
    "fdn": "foundation",
    "ft": "fort",
    "hosp": "hospital",
    "hts": "heights",
    "il": "illinois",
    "ill": "illinois",
    "inst": "institute",
    "intl": "international",
    "min": "ministries",
    "mt": "mount",
    "natl": "national",
    "ntwk": "network",
    "org": "organization",
    "prog": "program",
    "serv": "services",
    "soc": "society",
    "st": "saint",
    "svc": "services",
    "svcs": "services",
    "twp": "township",
    "univ": "university",
}
"""Abbreviations that names of organizations are written with."""
_PLURALS = {"services": "service", "centers": "center", "programs": "program"}
_MEANT = {**_PLURALS, **{short: _PLURALS.get(word, word) for short, word in ABBREVIATIONS.items()}}
OPPOSED = (
    frozenset(
        (
            *("north", "south", "east", "west", "northern", "southern", "eastern", "western", "central", "upper"),
            *("northeast", "northwest", "southeast", "southwest", "lower"),
        )
    ),
    frozenset(("jr", "sr", "junior", "senior", "ii", "iii", "iv")),
    frozenset(("boys", "girls", "men", "women", "mens", "womens", "male", "female")),
)
"""Words that differ by little and mean something else."""
OPPOSED_WORDS = frozenset().union(*OPPOSED)
_SHORTEST_WITH_A_SLIP = 12
"""Letters of a name in which one wrong letter makes no other name."""
_SHORT_WORD = 5
"""Letters of a word that a letter more or less may turn into another name: Oak and Oaks."""
_SHORT_WORD_CHANGED = 6
"""The same where a letter stands for another: Macon and Mason, Marion and Marian."""
LITTLE_WORDS = frozenset(("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"))
"""Words that name nothing: a slip in them makes no other name."""
PERHAPS = 75
"""How alike, of 100, two spellings of one name are at least."""
ALIKE = 85
"""How alike, of 100, two names are that deserve a look."""


class Difference(IntEnum):
    """By what two names differ, the more telling the higher."""

    NONE = 0
    """Abbreviations and plurals, if anything."""
    SLIP = 1
    """A letter, or a blank, that is dropped, doubled or swapped with its neighbour."""
    LETTER = 2
    """One letter stands for another, in a long word."""
    SHORT = 3
    """A letter dropped, doubled or swapped in a short word, where it may make another name: Oak and Oaks."""
    DOUBTFUL = 4
    """One letter stands for another in a short word, where it mostly makes another name: Macon and Mason."""
    OTHER = 5
    """They are two names."""


class _Spelled(NamedTuple):
    """A name as it is compared."""

    words: tuple[str, ...]
    """Folded, without abbreviations and some plurals."""
    spaced: str
    joined: str
    digits: str
    opposed: frozenset[str]
    """Those of its words that mean something else by little."""


def same_by_spelling(one: str, other: str) -> bool:
    """Whether two names differ in abbreviations, plurals or a letter here and there, and not by what makes another."""
    return difference(one, other) < Difference.DOUBTFUL


def difference(one: str, other: str) -> Difference:
    """By what two names differ."""
    first, second = _spelled(one), _spelled(other)
    if first.words == second.words:
        return Difference.NONE
    lengths = len(first.joined), len(second.joined)
    has_same_words = len(first.words) == len(second.words)
    most = max(len(first.words), len(second.words))
    if abs(lengths[0] - lengths[1]) > 2 * most or first.digits != second.digits:
        return Difference.OTHER
    if first.opposed != second.opposed:
        return Difference.OTHER
    if has_same_words and all(map(_same_word, first.words, second.words)):
        return max(map(_between_words, first.words, second.words))
    if min(lengths) < _SHORTEST_WITH_A_SLIP or abs(lengths[0] - lengths[1]) > 1:
        return Difference.SLIP if first.joined == second.joined else Difference.OTHER
    if has_same_words and any(map(_begins_otherwise, first.words, second.words)):
        return Difference.OTHER
    if _edits(first.joined, second.joined, 1) > 1:
        return Difference.OTHER
    if has_same_words:
        return max(map(_between_words, first.words, second.words))
    return Difference.SLIP if lengths[0] != lengths[1] or first.joined == second.joined else Difference.LETTER


def likeness(one: str, other: str) -> float:
    """How alike two names are, from 0 to 100: the share of letters that need no edit."""
    return _rapidfuzz()[1](_spelled(one).spaced, _spelled(other).spaced)


@lru_cache(maxsize=16_384)
def _spelled(name: str) -> _Spelled:
    kept = tuple([_MEANT.get(word, word) for word in name_key(name).split() if word != "and"])
    joined = "".join(kept)
    digits = "" if joined.isalpha() else "".join(filter(str.isdigit, joined))
    return _Spelled(kept, " ".join(kept), joined, digits, OPPOSED_WORDS.intersection(kept))


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    shorter = min(len(one), len(other))
    most = 1 if shorter < 7 else 2
    if shorter < 5 or abs(len(one) - len(other)) > most or _begins_otherwise(one, other):
        return False
    return _edits(one, other, most) <= most


def _between_words(one: str, other: str) -> Difference:
    """By what two words differ that are alike."""
    if one == other:
        return Difference.NONE
    # A letter swapped with its neighbour leaves the letters what they are.
    is_changed = len(one) == len(other) and sorted(one) != sorted(other)
    if one in LITTLE_WORDS or other in LITTLE_WORDS:
        return Difference.SLIP
    longer = max(len(one), len(other))
    if is_changed:
        return Difference.DOUBTFUL if longer <= _SHORT_WORD_CHANGED else Difference.LETTER
    return Difference.SHORT if longer <= _SHORT_WORD else Difference.SLIP


def _begins_otherwise(one: str, other: str) -> bool:
    # Amber and Ember are two words: a slip of the pen seldom hits the first letter, though it may leave it out.
    return len(one) == len(other) and one[0] != other[0]


def _edits(one: str, other: str, most: int) -> int:
    """How many letters were slipped, dropped, added or swapped; one more than `most` where it is more."""
    return int(_rapidfuzz()[0](one, other, score_cutoff=most))


@cache
def _rapidfuzz() -> tuple[Callable[..., int], Callable[..., float]]:
    # Most names are spelled alike, and need it not.
    from rapidfuzz import fuzz
    from rapidfuzz.distance import OSA

    return OSA.distance, fuzz.ratio
