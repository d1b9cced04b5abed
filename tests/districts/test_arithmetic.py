"""Coverage arithmetic against a plain reading of its rules, on made-up evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.districts.coverage import DistrictState, Evidence, judge, lift, radius_m

NUMBERS = range(1, 9)
ORDER = {"gap": 0, "possible": 1, "confirmed": 2}

evidence = st.builds(
    Evidence,
    organization=st.integers(1, 9),
    unit=st.integers(1, 5),
    number=st.integers(1, 10),
    match_level=st.sampled_from([110, 105, 100, 90, 80, 79, 75, 70, 0]),
    share=st.sampled_from([None, 1.0, 0.999, 0.5, 0.05, 0.049, 0.0]),
    border_m=st.sampled_from([None, 0.0, 9.9, 10.1, 24.9, 25.1, 59.9, 60.1, 2000.0]),
    neighbour=st.one_of(st.none(), st.integers(1, 10)),
    sure=st.booleans(),
)
counts = st.integers(1, 3)
matches = st.sampled_from([70, 80, 100, 110])


def one(**changed: Any) -> Evidence:
    """Certain evidence for district 3, with some of it changed."""
    plain = Evidence(
        organization=1, unit=1, number=3, match_level=100, share=None, border_m=None, neighbour=None, sure=True
    )
    return plain._replace(**changed)


def plainly(some: Sequence[Evidence], number: int, min_count: int, min_match: int, shift: float) -> DistrictState:
    """The rules once more, district by district, without any of the code under test."""
    certain: dict[int, int] = {}
    doubtful: dict[int, int] = {}
    for each in some:
        if each.share is not None and each.share < 0.05:
            continue
        radius = 0.0 if each.match_level >= 110 else 15.0 if each.match_level >= 100 else 50.0
        torn = (
            each.match_level < 110
            and each.neighbour is not None
            and each.border_m is not None
            and each.border_m <= radius + shift
        )
        settled = each.sure and each.match_level >= min_match and each.share in {None, 1.0}
        if torn:
            if number in {each.number, each.neighbour}:
                doubtful[each.organization] = each.unit
        elif number == each.number:
            (certain if settled else doubtful)[each.organization] = each.unit
    if len({*certain.values()}) >= min_count:
        state = "confirmed"
    else:
        state = "possible" if len({*certain.values(), *doubtful.values()}) >= min_count else "gap"
    return DistrictState(number, state, tuple(sorted(certain)), tuple(sorted(set(doubtful) - set(certain))))


@given(some=st.lists(evidence, max_size=14), min_count=counts, min_match=matches, shift=st.sampled_from([0.0, 10.0]))
def test_the_answer_is_that_of_the_rules_read_plainly(
    some: list[Evidence], min_count: int, min_match: int, shift: float
) -> None:
    # An organization counts as one unit throughout a question.
    units = {each.organization: each.unit for each in some}
    some = [each._replace(unit=units[each.organization]) for each in some]
    found = judge(some, NUMBERS, min_count=min_count, min_match=min_match, border_shift_m=shift)
    assert found == [plainly(some, number, min_count, min_match, shift) for number in NUMBERS]


@given(some=st.lists(evidence, max_size=14), more=st.lists(evidence, max_size=4), min_count=counts, min_match=matches)
def test_more_evidence_never_makes_a_district_less_covered(
    some: list[Evidence], more: list[Evidence], min_count: int, min_match: int
) -> None:
    units = {each.organization: each.unit for each in (*some, *more)}
    some, more = ([each._replace(unit=units[each.organization]) for each in part] for part in (some, more))
    before = judge(some, NUMBERS, min_count=min_count, min_match=min_match, border_shift_m=10.0)
    after = judge([*some, *more], NUMBERS, min_count=min_count, min_match=min_match, border_shift_m=10.0)
    assert all(ORDER[old.state] <= ORDER[new.state] for old, new in zip(before, after, strict=True))


@given(some=st.lists(evidence, max_size=14), min_count=counts, data=st.data())
def test_the_order_of_the_evidence_does_not_matter(some: list[Evidence], min_count: int, data: st.DataObject) -> None:
    units = {each.organization: each.unit for each in some}
    some = [each._replace(unit=units[each.organization]) for each in some]
    shuffled = data.draw(st.permutations(some))
    answers = [
        judge(order, NUMBERS, min_count=min_count, min_match=80, border_shift_m=10.0) for order in (some, shuffled)
    ]
    assert answers[0] == answers[1]


@given(some=st.lists(evidence, max_size=14), low=matches, high=matches, few=counts, many=counts)
def test_stricter_terms_never_cover_more(some: list[Evidence], low: int, high: int, few: int, many: int) -> None:
    low, high = sorted((low, high))
    few, many = sorted((few, many))
    loose = judge(some, NUMBERS, min_count=few, min_match=low, border_shift_m=0.0)
    strict = judge(some, NUMBERS, min_count=many, min_match=high, border_shift_m=0.0)
    assert all(ORDER[old.state] >= ORDER[new.state] for old, new in zip(loose, strict, strict=True))


PARENTS = {number: (number + 1) // 2 for number in NUMBERS}


@given(house=st.lists(evidence, max_size=10), min_count=counts)
def test_a_nesting_district_is_reached_by_all_that_reaches_its_own(house: list[Evidence], min_count: int) -> None:
    terms: Any = {"min_count": min_count, "min_match": 80, "border_shift_m": 10.0}
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
    ("number", "neighbour", "expected"), [(3, 4, {2: "confirmed"}), (3, 2, {1: "possible", 2: "possible"})]
)
def test_a_border_inside_a_nesting_district_is_none_of_its_own(
    number: int, neighbour: int, expected: dict[int, str]
) -> None:
    near = one()._replace(number=number, border_m=0.0, neighbour=neighbour)
    found = judge(lift([near], PARENTS), range(1, 5), min_count=1, min_match=80, border_shift_m=10.0)
    assert {state.number: state.state for state in found if state.state != "gap"} == expected


def test_a_neighbour_that_is_nested_nowhere_stays_a_doubt() -> None:
    near = one()._replace(number=3, border_m=0.0, neighbour=99)
    found = judge(lift([near], PARENTS), range(1, 5), min_count=1, min_match=80, border_shift_m=10.0)
    assert [state.state for state in found] == ["gap", "possible", "gap", "gap"]


@pytest.mark.parametrize(
    ("changed", "states"),
    [
        ({}, {3: "confirmed"}),
        ({"sure": False}, {3: "possible"}),
        ({"share": 1.0}, {3: "confirmed"}),
        ({"share": 0.99}, {3: "possible"}),
        ({"share": 0.05}, {3: "possible"}),
        ({"share": 0.049}, {}),
        ({"match_level": 80}, {3: "confirmed"}),
        ({"match_level": 79}, {3: "possible"}),
        ({"border_m": 25.0, "neighbour": 4}, {3: "possible", 4: "possible"}),
        ({"border_m": 25.1, "neighbour": 4}, {3: "confirmed"}),
        ({"border_m": 60.0, "neighbour": 4, "match_level": 80}, {3: "possible", 4: "possible"}),
        ({"border_m": 60.1, "neighbour": 4, "match_level": 80}, {3: "confirmed"}),
        ({"border_m": 0.0, "neighbour": 4, "match_level": 110}, {3: "confirmed"}),
        ({"border_m": 5.0, "neighbour": 9}, {3: "possible"}),
        ({"number": 9}, {}),
    ],
)
def test_what_one_piece_of_evidence_settles(changed: dict[str, Any], states: dict[int, str]) -> None:
    found = judge([one(**changed)], NUMBERS, min_count=1, min_match=80, border_shift_m=10.0)
    assert {state.number: state.state for state in found if state.state != "gap"} == states


def test_sites_of_one_organization_and_bodies_of_one_family_count_once() -> None:
    terms: Any = {"min_count": 2, "min_match": 80, "border_shift_m": 10.0}
    for second, state in ((one(), "gap"), (one(organization=2), "gap"), (one(organization=2, unit=2), "confirmed")):
        assert judge([one(), second], [3], **terms)[0].state == state
    half = judge([one(), one(organization=2, unit=2, sure=False)], [3], **terms)
    assert half == [DistrictState(3, "possible", (1,), (2,))]


def test_a_certain_organization_is_not_named_among_the_doubtful() -> None:
    (state,) = judge([one(sure=False), one()], [3], min_count=1, min_match=80, border_shift_m=10.0)
    assert (state.certain, state.doubtful) == ((1,), ())


def test_the_radius_grows_as_the_match_gets_worse() -> None:
    levels = [radius_m(level) for level in range(130, -1, -1)]
    assert levels == sorted(levels)
    assert [radius_m(level) for level in (110, 109, 100, 99, 80, 79, 0)] == [0.0, 15.0, 15.0, 50.0, 50.0, 50.0, 50.0]
