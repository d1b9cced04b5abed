"""Silos of a group, districts beside ours, and the gaps an association would close."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners_crm_associations.reach import District, SiloShare, beside, closing, silo_shares

checked: Callable[..., Callable[..., None]] = settings(deadline=None, derandomize=True, max_examples=100)
DISTRICTS: tuple[District, ...] = (*(("house", number) for number in range(1, 7)), ("senate", 1), ("senate", 2))
states = st.fixed_dictionaries({each: st.sampled_from(("confirmed", "possible", "gap")) for each in DISTRICTS})


def test_silos_are_weighed_and_counted() -> None:
    shares = [(1, 11, 0.6), (1, 12, 0.4), (2, 12, 1.0), (3, 11, 1.0)]
    assert silo_shares({1, 2}, shares) == [SiloShare(12, 2, 1.4), SiloShare(11, 1, 0.6)]


def test_a_weight_that_is_not_known_is_an_even_part_of_the_rest() -> None:
    (first, second, third) = silo_shares({1}, [(1, 11, 0.5), (1, 12, None), (1, 13, None)])
    assert (first.silo, first.weight) == (11, 0.5)
    assert (second.weight, third.weight) == (0.25, 0.25)


@checked
@given(st.sets(st.integers(1, 8)), st.dictionaries(st.integers(1, 8), st.sets(st.integers(11, 14), min_size=1)))
def test_the_weights_of_a_group_add_up_to_its_organizations(group: set[int], silos: dict[int, set[int]]) -> None:
    shares = [(key, silo, 1 / len(own)) for key, own in silos.items() for silo in own]
    found = silo_shares(group, shares)
    known = [key for key in group if key in silos]
    assert sum(each.weight for each in found) == pytest.approx(len(known))
    assert sum(each.organizations for each in found) == sum(len(silos[key]) for key in known)
    heights = [round(each.weight, 9) for each in found]
    assert heights == sorted(heights, reverse=True)


@checked
@given(states, states)
def test_the_figures_of_a_chamber_add_up(theirs: dict[District, str], ours: dict[District, str]) -> None:
    house, senate = beside(theirs, {each: ours[each] for each in DISTRICTS})
    assert (house.chamber, house.districts, senate.chamber, senate.districts) == ("house", 6, "senate", 2)
    for each in (house, senate):
        assert each.both <= min(each.theirs, each.ours)
        assert each.theirs + each.theirs_possible <= each.districts
        assert each.ours + each.ours_possible <= each.districts


@checked
@given(states, states)
def test_only_gaps_are_closed_and_each_district_stands_in_one_list(
    outside: dict[District, str], ours: dict[District, str]
) -> None:
    found = closing(outside, ours)
    every = [*found.certain, *found.possible, *found.settled]
    assert len(every) == len(set(every))
    assert all(ours[each] == "gap" and outside[each] == "confirmed" for each in found.certain)
    assert all(ours[each] == "gap" and outside[each] == "possible" for each in found.possible)
    assert all(ours[each] == "possible" and outside[each] == "confirmed" for each in found.settled)
    would = {each for each in DISTRICTS if ours[each] != "confirmed" and outside[each] == "confirmed"}
    assert {*found.certain, *found.settled} == would


def test_who_reaches_nothing_closes_nothing() -> None:
    found = closing({}, {("house", 1): "gap", ("house", 2): "possible"})
    assert (found.certain, found.possible, found.settled) == ((), (), ())
