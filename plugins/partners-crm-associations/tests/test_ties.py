"""Members by association, what two of them share, and who is in none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from partners_crm_associations.ties import (
    Members,
    Tie,
    among,
    associations_by_member,
    members_by_association,
    overlap,
    unaffiliated,
)

checked: Callable[..., Callable[..., None]] = settings(deadline=None, derandomize=True, max_examples=100)
ties = st.lists(st.builds(Tie, st.integers(1, 12), st.integers(101, 106), st.booleans()), max_size=60)


@checked
@given(ties)
def test_members_are_the_ties_and_the_surest_counts(some: list[Tie]) -> None:
    found = members_by_association(some)
    assert {(key, who) for key, own in found.items() for who in own} == {(tie[1], tie[0]) for tie in some}
    for key, own in found.items():
        for who, sure in own.items():
            assert sure is any(tie.sure for tie in some if tie[:2] == (who, key))


@checked
@given(ties)
def test_the_other_way_round_and_back_is_the_same(some: list[Tie]) -> None:
    found = members_by_association(some)
    assert associations_by_member(associations_by_member(found)) == found


def plainly_shared(members: Members, one: int, other: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    both = sorted(set(members[one]) & set(members[other]))
    sure = tuple(key for key in both if members[one][key] and members[other][key])
    return sure, tuple(key for key in both if key not in sure)


@checked
@given(ties)
def test_the_overlap_is_what_the_sets_say(some: list[Tie]) -> None:
    members = members_by_association(some)
    found = overlap(members)
    for one in members:
        assert found.between(one, one).count == len(members[one])
    for one, other in combinations(sorted(members), 2):
        shared = found.between(one, other)
        assert (shared.certain, shared.possible) == plainly_shared(members, one, other)
        assert found.between(other, one) == shared


@checked
@given(ties, st.integers(0, 6))
def test_a_higher_minimum_leaves_fewer_pairs_and_no_others(some: list[Tie], least: int) -> None:
    found = overlap(members_by_association(some))
    more, fewer = found.sharing(least), found.sharing(least + 1)
    assert [each for each in more if each in fewer] == fewer
    assert all(shared.count >= max(1, least) for _, _, shared in more)
    assert [shared.count for _, _, shared in more] == sorted((shared.count for _, _, shared in more), reverse=True)
    assert found.linked(least) == {key for one, other, _ in more for key in (one, other)}


@checked
@given(ties, st.sets(st.integers(1, 12)))
def test_only_some_of_them_never_adds_a_member_or_loses_an_association(some: list[Tie], only: set[int]) -> None:
    members = members_by_association(some)
    found = among(members, only)
    assert set(found) == set(members)
    assert all(set(found[key]) == set(members[key]) & only for key in members)


@checked
@given(ties, st.sets(st.integers(1, 14)))
def test_everybody_of_a_roster_is_certainly_in_one_or_possibly_or_in_none(some: list[Tie], roster: set[int]) -> None:
    found = unaffiliated(roster, members_by_association(some))
    sure = {tie.organization for tie in some if tie.sure}
    tied = {tie.organization for tie in some}
    assert set(found.certain) == roster - tied
    assert set(found.possible) == (roster & tied) - sure


def test_a_worked_matrix() -> None:
    members = members_by_association([Tie(1, 101, True), Tie(1, 102, True), Tie(2, 101, True), Tie(2, 102, False)])
    found = overlap(members)
    assert found.between(102, 101).certain == (1,)
    assert found.between(101, 102).possible == (2,)
    assert found.between(101, 101).count == 2
    assert found.between(101, 103).count == 0
    assert found.sharing(3) == []
