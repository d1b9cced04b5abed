"""Coverage arithmetic against a plain reading of its rules, on made-up evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.districts.coverage import DistrictState, Evidence, is_certain, judge, lift

NUMBERS = range(1, 9)
ORDER = {"gap": 0, "possible": 1, "confirmed": 2}

evidence = st.builds(
    Evidence,
    organization=st.integers(1, 9),
    unit=st.integers(1, 5),
    site=st.integers(1, 12),
    number=st.integers(1, 10),
    match_level=st.sampled_from([110, 105, 100, 90, 80, 79, 75, 70, 0]),
    share=st.sampled_from([1.0, 0.999, 0.5, 0.05]),
    sure=st.booleans(),
)
counts = st.integers(1, 3)
matches = st.sampled_from([70, 80, 100, 110])


@st.composite
def sites(draw: st.DrawFn) -> list[Evidence]:
    """Sites of organizations as they are: one place each, known in one way, whose shares sum to 1."""
    units = draw(st.lists(st.integers(1, 5), min_size=9, max_size=9))
    found = []
    for site in range(draw(st.integers(0, 10))):
        organization = draw(st.integers(1, 9))
        numbers = draw(st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True))
        level, sure = draw(st.sampled_from([110, 100, 80, 75, 70])), draw(st.booleans())
        for number in numbers:
            share = 1 / len(numbers)
            found.append(Evidence(organization, units[organization - 1], site, number, level, share, sure))
    return found


def one(**changed: Any) -> Evidence:
    """Certain evidence for district 3, with some of it changed."""
    plain = Evidence(organization=1, unit=1, site=1, number=3, match_level=100, share=1.0, sure=True)
    return plain._replace(**changed)


def of_one_unit(some: Sequence[Evidence]) -> list[Evidence]:
    """An organization counts as one unit throughout a question."""
    units = {each.organization: each.unit for each in some}
    return [each._replace(unit=units[each.organization]) for each in some]


def plainly(some: Sequence[Evidence], number: int, min_count: int, min_match: int) -> DistrictState:
    """The rules once more, district by district, without any of the code under test."""
    certain: dict[int, int] = {}
    doubtful: dict[int, int] = {}
    for each in some:
        if number == each.number:
            settled = each.sure and each.match_level >= min_match and each.share == 1
            (certain if settled else doubtful)[each.organization] = each.unit
    if len({*certain.values()}) >= min_count:
        state = "confirmed"
    else:
        state = "possible" if len({*certain.values(), *doubtful.values()}) >= min_count else "gap"
    return DistrictState(number, state, tuple(sorted(certain)), tuple(sorted(set(doubtful) - set(certain))))


@given(some=st.lists(evidence, max_size=14), min_count=counts, min_match=matches)
def test_the_answer_is_that_of_the_rules_read_plainly(some: list[Evidence], min_count: int, min_match: int) -> None:
    some = of_one_unit(some)
    found = judge(some, NUMBERS, min_count=min_count, min_match=min_match)
    assert found == [plainly(some, number, min_count, min_match) for number in NUMBERS]


@given(some=st.lists(evidence, max_size=14), min_count=counts, min_match=matches)
def test_confirmed_possible_and_gap_partition_the_districts(
    some: list[Evidence], min_count: int, min_match: int
) -> None:
    found = judge(some, NUMBERS, min_count=min_count, min_match=min_match)
    assert [state.number for state in found] == list(NUMBERS)
    assert {state.state for state in found} <= set(ORDER)
    assert all(not set(state.certain) & set(state.doubtful) for state in found)


@given(some=st.lists(evidence, max_size=14), more=st.lists(evidence, max_size=4), min_count=counts, min_match=matches)
def test_more_evidence_never_makes_a_district_less_covered(
    some: list[Evidence], more: list[Evidence], min_count: int, min_match: int
) -> None:
    both = of_one_unit([*some, *more])
    before = judge(both[: len(some)], NUMBERS, min_count=min_count, min_match=min_match)
    after = judge(both, NUMBERS, min_count=min_count, min_match=min_match)
    assert all(ORDER[old.state] <= ORDER[new.state] for old, new in zip(before, after, strict=True))


@given(some=st.lists(evidence, max_size=14), min_count=counts, data=st.data())
def test_the_order_of_the_evidence_does_not_matter(some: list[Evidence], min_count: int, data: st.DataObject) -> None:
    some = of_one_unit(some)
    shuffled = data.draw(st.permutations(some))
    answers = [judge(order, NUMBERS, min_count=min_count, min_match=80) for order in (some, shuffled)]
    assert answers[0] == answers[1]


@given(some=st.lists(evidence, max_size=14), low=matches, high=matches, few=counts, many=counts)
def test_stricter_terms_never_cover_more(some: list[Evidence], low: int, high: int, few: int, many: int) -> None:
    low, high = sorted((low, high))
    few, many = sorted((few, many))
    loose = judge(some, NUMBERS, min_count=few, min_match=low)
    strict = judge(some, NUMBERS, min_count=many, min_match=high)
    assert all(ORDER[old.state] >= ORDER[new.state] for old, new in zip(loose, strict, strict=True))


PARENTS = {number: (number + 1) // 2 for number in NUMBERS}


@given(house=sites(), min_count=counts)
def test_a_nesting_district_is_the_union_of_its_own(house: list[Evidence], min_count: int) -> None:
    terms: Any = {"min_count": min_count, "min_match": 80}
    nested = {state.number: state for state in judge(house, NUMBERS, **terms)}
    for state in judge(lift(house, PARENTS), range(1, 5), **terms):
        pair = [nested[2 * state.number - 1], nested[2 * state.number]]
        certain = {key for part in pair for key in part.certain}
        reached = certain | {key for part in pair for key in part.doubtful}
        assert certain <= set(state.certain)
        assert {*state.certain, *state.doubtful} == reached
        # What became certain stood in doubt on both sides of a border inside the pair.
        for key in set(state.certain) - certain:
            assert key in pair[0].doubtful
            assert key in pair[1].doubtful
        assert ORDER[state.state] >= max(ORDER[part.state] for part in pair)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({3: 1.0}, {2: "confirmed"}),
        ({3: 0.7, 4: 0.3}, {2: "confirmed"}),
        ({3: 0.7, 2: 0.3}, {1: "possible", 2: "possible"}),
        ({3: 0.6, 4: 0.3, 5: 0.1}, {2: "possible", 3: "possible"}),
        ({3: 0.95}, {2: "possible"}),
        ({3: 0.7, 99: 0.3}, {2: "possible"}),
    ],
)
def test_the_shares_of_a_site_add_up_in_the_nesting_district(
    shares: dict[int, float], expected: dict[int, str]
) -> None:
    some = [one(number=number, share=share) for number, share in shares.items()]
    found = judge(lift(some, PARENTS), range(1, 5), min_count=1, min_match=80)
    assert {state.number: state.state for state in found if state.state != "gap"} == expected


def test_shares_of_different_sites_do_not_add_up() -> None:
    some = [one(site=1, number=3, share=0.5), one(site=2, number=4, share=0.5)]
    found = judge(lift(some, PARENTS), range(1, 5), min_count=1, min_match=80)
    assert [state.state for state in found] == ["gap", "possible", "gap", "gap"]


@pytest.mark.parametrize(
    ("changed", "states"),
    [
        ({}, {3: "confirmed"}),
        ({"sure": False}, {3: "possible"}),
        ({"share": 0.99}, {3: "possible"}),
        ({"share": 0.05}, {3: "possible"}),
        ({"match_level": 80}, {3: "confirmed"}),
        ({"match_level": 79}, {3: "possible"}),
        ({"match_level": 110}, {3: "confirmed"}),
        ({"number": 9}, {}),
    ],
)
def test_what_one_piece_of_evidence_settles(changed: dict[str, Any], states: dict[int, str]) -> None:
    found = judge([one(**changed)], NUMBERS, min_count=1, min_match=80)
    assert {state.number: state.state for state in found if state.state != "gap"} == states
    assert is_certain(one(**changed), 80) is ("confirmed" in states.values() or "number" in changed)


def test_sites_of_one_organization_and_bodies_of_one_family_count_once() -> None:
    terms: Any = {"min_count": 2, "min_match": 80}
    for second, state in ((one(), "gap"), (one(organization=2), "gap"), (one(organization=2, unit=2), "confirmed")):
        assert judge([one(), second], [3], **terms)[0].state == state
    half = judge([one(), one(organization=2, unit=2, sure=False)], [3], **terms)
    assert half == [DistrictState(3, "possible", (1,), (2,))]


def test_a_certain_organization_is_not_named_among_the_doubtful() -> None:
    (state,) = judge([one(sure=False), one()], [3], min_count=1, min_match=80)
    assert (state.certain, state.doubtful) == ((1,), ())
