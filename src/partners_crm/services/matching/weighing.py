"""What the agreements of pairs weigh, estimated from the pairs themselves, and the probability that follows.

A pair is known by its pattern, the level that each of its features has, and by its information: the sum of the
logarithms of how rare each agreement is by chance. Levels say how likely what is seen would be of one record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log
from operator import getitem
from typing import Protocol

from partners_crm.services.matching.candidates import Pair
from partners_crm.services.matching.rarity import population

ROUNDS = 4
"""Of expectation and maximization: on the lists whose truth is known the third moved no score by more than .005, the
fourth none by more than .002, and neither across the threshold."""
_EXPECTED = 0.2
"""Pairs that are one, for each record, before anything is known of a list."""
_LEAST = 0.02
"""Pairs that are one, for each record, in a list that seems to have none: every list that is kept by hand has some."""
_CERTAIN = 40.0
"""Natural logarithm of odds beyond which a probability is written as 0 or 1."""
UNKNOWN = -1
"""The level of a feature that one of the two records does not say."""

Pattern = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that two records may agree in."""

    name: str
    levels: tuple[float, ...]
    """How likely each level is of one record written twice, from no agreement up to the whole: they sum to 1."""
    words: tuple[str, ...]
    """What each level is called; "" for one that is not worth a word."""
    held: float = 20.0
    """Pairs that the levels count as: where the list itself has more to say, it is believed."""


class Records(Protocol):
    """A list of records of one kind, as they are compared."""

    records: int
    features: tuple[Feature, ...]

    def pairs(self) -> set[Pair]:
        """The pairs that are worth comparing: nearly all that are one."""

    def agreements(self, pair: Pair) -> tuple[list[int], list[float]]:
        """By feature: the level that two records have in it, and the information of that.

        The information is the natural logarithm of how rare it is to agree so by chance.
        """


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one feature of a pair says."""

    feature: str
    words: str
    """What the two records have in common, or differ in; "" where that is not worth a word."""
    weight: float
    """For their being one, or against it: a natural logarithm of odds."""


class Weights:
    """What the levels of each feature weigh in one list, learned from its pairs."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.levels = [list(feature.levels) for feature in records.features]
        """As in the features, corrected by the list."""
        self._all_pairs = max(records.records * (population(records.records) - 1) / 2, 1.0)
        self.duplicates = max(records.records * _EXPECTED, 1.0)
        """Pairs of the list that are one, as expected."""

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """The probability of each pair that it is one record, learned from them all."""
        patterns: dict[Pattern, int] = {}
        places, information = [], []
        for pair in pairs:
            levels, found = self._records.agreements(pair)
            places.append(patterns.setdefault(tuple(levels), len(patterns)))
            information.append(sum(found))
        for _ in range(ROUNDS):
            held = [0.0] * len(patterns)
            for place, score in zip(places, self._scores(patterns, places, information), strict=True):
                held[place] += score
            self._learn(patterns, held)
        return self._scores(patterns, places, information)

    def judge(self, pairs: Sequence[Pair]) -> list[float]:
        """The probability of each pair, from what is known already: for a few pairs, which teach nothing."""
        compared = [self._records.agreements(pair) for pair in pairs]
        patterns = [tuple(levels) for levels, _ in compared]
        return self._scores(patterns, range(len(patterns)), [sum(found) for _, found in compared])

    def explain(self, pair: Pair) -> list[Agreement]:
        """What speaks for a pair and what against it, feature by feature; what is not known is left out."""
        found = []
        levels, information = self._records.agreements(pair)
        for place, feature in enumerate(self._records.features):
            if (level := levels[place]) != UNKNOWN:
                weight = log(self.levels[place][level]) + information[place]
                found.append(Agreement(feature.name, feature.words[level], weight))
        return found

    @property
    def _prior(self) -> float:
        return log(self.duplicates / max(self._all_pairs - self.duplicates, 1.0))

    def _scores(self, patterns: Iterable[Pattern], places: Sequence[int], information: Sequence[float]) -> list[float]:
        prior = self._prior
        # The last one is that of `UNKNOWN`, which says nothing.
        logs = [[*map(log, levels), 0.0] for levels in self.levels]
        weighed = [prior + sum(map(getitem, logs, pattern)) for pattern in patterns]
        every = [weighed[place] + more for place, more in zip(places, information, strict=True)]
        # The probability of odds that are given by their natural logarithm.
        return [1 / (1 + exp(-odds)) if -_CERTAIN < odds < _CERTAIN else float(odds > 0) for odds in every]

    def _learn(self, patterns: dict[Pattern, int], held: Sequence[float]) -> None:
        least = max(self._records.records * _LEAST, 1.0)
        self.duplicates = min(max(sum(held), least), self._all_pairs / 2)
        for place, feature in enumerate(self._records.features):
            seen = [feature.held * level for level in feature.levels]
            for pattern, number in patterns.items():
                if pattern[place] != UNKNOWN:
                    seen[pattern[place]] += held[number]
            total = sum(seen)
            self.levels[place] = [each / total for each in seen]
