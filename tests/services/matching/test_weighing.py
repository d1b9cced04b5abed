"""What agreements weigh: a score is a probability, learned from the pairs, and has no direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from fixtures.dirty.words import COMPOUNDS, FAMILY, GIVEN
from fixtures.lookalikes.make import build
from hypothesis import given
from hypothesis import strategies as st
from tests.services.matching.lists import PEOPLE, every_pair, people

from partners_crm.services.matching import columns, tables
from partners_crm.services.matching.candidates import Pair
from partners_crm.services.matching.weighing import UNKNOWN, Feature, Records, Weights

FEATURES = (Feature("name", (0.1, 0.2, 0.7), ("another name", "similar name", "same name")),)


class Given:
    """Records of which the agreements are given: of each pair a level, and its information."""

    def __init__(self, records: int, pairs: Mapping[Pair, tuple[int, float]]) -> None:
        self.records = records
        self.features: tuple[Feature, ...] = FEATURES
        self._pairs = pairs

    def pairs(self) -> set[Pair]:
        return set(self._pairs)

    def agreements(self, pair: Pair) -> tuple[list[int], list[float]]:
        level, information = self._pairs[pair]
        return [level], [information]


def scored(records: Records) -> dict[Pair, float]:
    pairs = sorted(records.pairs())
    return dict(zip(pairs, Weights(records).score(pairs), strict=True))


LEVELS = st.tuples(st.integers(UNKNOWN, 2), st.floats(0.0, 20.0))


@given(found=st.lists(LEVELS, max_size=20), records=st.integers(21, 3_000))
def test_a_score_is_a_probability_and_levels_stay_a_distribution(found: list[tuple[int, float]], records: int) -> None:
    given_pairs = {(0, number + 1): each for number, each in enumerate(found)}
    weights = Weights(Given(records, given_pairs))
    assert all(0.0 <= score <= 1.0 for score in weights.score(sorted(given_pairs)))
    (levels,) = weights.levels
    assert sum(levels) == pytest.approx(1.0)
    assert min(levels) > 0.0
    assert 1.0 <= weights.duplicates <= records * records / 2


@given(found=st.lists(LEVELS, min_size=1, max_size=20))
def test_of_two_pairs_of_one_level_the_rarer_agreement_scores_higher(found: list[tuple[int, float]]) -> None:
    scores = scored(Given(50, {(0, number + 1): each for number, each in enumerate(found)}))
    by_level = sorted((level, information, scores[0, number + 1]) for number, (level, information) in enumerate(found))
    for (level, _, less), (other, _, more) in pairwise(by_level):
        assert level != other or less <= more


def test_levels_are_learned_from_the_list() -> None:
    slips = {(number, number + 100): (1, 30.0) for number in range(100)}
    weights = Weights(Given(200, slips))
    assert weights.levels == [[0.1, 0.2, 0.7]]
    weights.score(sorted(slips))
    (levels,) = weights.levels
    # Twenty pairs are held for the prior, a hundred were seen.
    assert levels[1] == pytest.approx((20 * 0.2 + 100) / 120, abs=0.01)
    assert weights.duplicates == pytest.approx(100.0, abs=0.1)


def test_a_few_pairs_teach_nothing() -> None:
    weights = Weights(Given(50, {(0, 1): (2, 12.0), (0, 2): (0, 0.0)}))
    before = [list(levels) for levels in weights.levels]
    likely, unlikely = weights.judge([(0, 1), (0, 2)])
    assert weights.levels == before
    assert unlikely < 0.01 < 0.5 < likely
    assert weights.judge([]) == weights.score([]) == []


def test_a_pair_is_explained_by_what_is_known_and_the_weights_add_up() -> None:
    records = Given(50, {(0, 1): (1, 12.0), (0, 2): (UNKNOWN, 0.0)})
    weights = Weights(records)
    (agreement,) = weights.explain((0, 1))
    assert (agreement.feature, agreement.words) == ("name", "similar name")
    assert agreement.weight == pytest.approx(12.0 - 1.609, abs=0.001)
    assert weights.explain((0, 2)) == []


# -------------------------------------------------------------------- of whole lists


def providers(seed: int, count: int) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    made = build(seed, count)
    rows: list[tuple[str, ...]] = [(key, *record) for key, record in zip(made.ids, made.records, strict=True)]
    return ("id", *made.records[0]._fields), rows


def by_id(headers: Sequence[str], rows: Sequence[tuple[str, ...]]) -> dict[tuple[str, str], float]:
    found = columns.guess(headers, rows)
    assert found is not None
    made = tables.people_of(rows, found) if found.kind == "people" else tables.bodies_of(rows, found)
    return {
        (min(ids), max(ids)): score
        for ids, score in (((rows[one][0], rows[other][0]), score) for (one, other), score in scored(made).items())
    }


@pytest.mark.parametrize("kind", ["people", "providers"])
def test_the_order_of_the_rows_changes_nothing(kind: str) -> None:
    headers, rows = (PEOPLE, people(3, 200)[0]) if kind == "people" else providers(3, 150)
    straight, turned = by_id(headers, rows), by_id(headers, rows[::-1])
    assert straight.keys() == turned.keys()
    for pair, score in straight.items():
        assert turned[pair] == pytest.approx(score, abs=1e-6)


def test_an_unrelated_record_changes_little() -> None:
    headers, rows = providers(4, 150)
    before = by_id(headers, rows)
    after = by_id(headers, [*rows, ("new", "list A", "Kestrel Arboretum Trust", "7 Xylem Way", "Cairo", "62914", "")])
    assert not [pair for pair in after if "new" in pair and after[pair] > 0.01]
    for pair, score in before.items():
        assert after.get(pair, 0.0) == pytest.approx(score, abs=0.05)


NAMES = st.tuples(st.sampled_from(GIVEN[:3]), st.sampled_from(FAMILY[:3]), st.sampled_from(COMPOUNDS[:3]))


@given(rows=st.lists(NAMES, max_size=10))
def test_small_lists_of_equal_rows_are_scored(rows: list[tuple[str, str, str]]) -> None:
    table = [(str(number), *row) for number, row in enumerate(rows)]
    found = columns.guess(("id", "given name", "family name", "address"), table)
    assert found is not None
    made = tables.people_of(table, found)
    scores = Weights(made).score(every_pair(len(table)))
    assert all(0.0 <= score <= 1.0 for score in scores)
