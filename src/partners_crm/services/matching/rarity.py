"""How rare an agreement is by chance, counted in the list: of whole values, and of words that names share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from math import fsum, log, sqrt

BY_CHANCE = 0.3
"""Records that agree with a pair by chance where no third one does: a list never shows all there are."""
POPULATION = 500
"""Records that a shorter list stands for at least: in one of three, two that agree are not a common thing."""


def population(records: int) -> int:
    """How many records a list of so many stands for."""
    return max(records, POPULATION)


def information(having: int, records: int) -> float:
    """How rare it is to agree in what so many records have by chance: a natural logarithm.

    The two that are compared say nothing of how often chance makes others agree. In a short list several records of
    one body are many of them, and yet not common: it stands for a longer one, half way in the logarithm.
    """
    stands_for = sqrt(records * population(records))
    return max(0.0, -log(max(having - 2, 0) / stands_for + BY_CHANCE / population(records)))


class Values:
    """How often each value stands in a column."""

    def __init__(self, values: Iterable[str], records: int) -> None:
        counts = Counter(values)
        by_count = {count: information(count, records) for count in set(counts.values())}
        self._known = {value: by_count[count] for value, count in counts.items()}
        self._rarest = information(0, records) if records else 0.0

    def information(self, value: str) -> float:
        """Natural logarithm of how rare it is that two records share a value of the column."""
        return self._known.get(value, self._rarest)

    def column(self, values: Iterable[str]) -> list[float]:
        """The same of each value of a column that was counted; 0 of one that is not known."""
        known = self._known
        return [known.get(value, 0.0) for value in values]

    def shared(self, one: str, other: str) -> float:
        """The same where two values are spellings of one: as rare as the commoner of them."""
        return min(self.information(one), self.information(other))


class Words:
    """Which records have each word in a column, and how many have several of them."""

    def __init__(self, texts: Iterable[Iterable[str]], records: int) -> None:
        self.records = records
        self.having: dict[str, set[int]] = {}
        for number, words in enumerate(texts):
            for word in words:
                self.having.setdefault(word, set()).add(number)
        self.together = cache(self._together)
        self._of = cache(self._information)

    def count(self, word: str) -> int:
        """Records that have a word."""
        return len(self.having.get(word, ()))

    def telling(self, words: Iterable[str]) -> float:
        """Natural logarithm of how rare it is that a record has all of these words; 0 of none."""
        known = frozenset(word for word in words if word in self.having)
        return log(population(self.records) / max(1, self.together(known))) if known else 0.0

    def information(self, words: Iterable[str]) -> float:
        """Natural logarithm of how rare it is that two records share all of these words."""
        return self._of(frozenset(words))

    def _information(self, shared: frozenset[str]) -> float:
        # Exact, so that it does not hang on the order in which a set gives its words.
        by_words = fsum(information(self.count(word), self.records) for word in shared)
        return min(by_words, information(self.together(shared), self.records))

    def _together(self, words: frozenset[str]) -> int:
        """Records that have all of these words."""
        sets = sorted((self.having.get(word, set()) for word in words), key=len)
        return len(set.intersection(*sets)) if sets else self.records
