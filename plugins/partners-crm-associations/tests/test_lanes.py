"""Lanes on a day, contested members, bridges, and the two sides of an issue."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from partners_crm_associations.lanes import (
    Lane,
    Recorded,
    bridges,
    conflict,
    contested,
    folded,
    lanes_on_day,
    of_issue,
    rivalry,
    sides,
)
from partners_crm_associations.ties import Tie, members_by_association, overlap

checked: Callable[..., Callable[..., None]] = settings(deadline=None, derandomize=True, max_examples=100)
ties = st.lists(st.builds(Tie, st.integers(1, 10), st.integers(101, 105), st.booleans()), max_size=40)
days = st.sampled_from(("", "2010", "2011", "2011-07", "2011-07-14"))
recorded = st.lists(
    st.builds(
        Recorded,
        st.integers(1, 99),
        st.integers(101, 105),
        st.sampled_from(("Late payments", "late  Payments", "Rates")),
        st.sampled_from(("", "beds", "Beds ", "grants")),
        days,
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)

TORN = Tie(1, 101, True), Tie(1, 102, True)
"""Organization 1 in two associations."""
BEDS = Recorded(1, 101, "Rates", "beds", "2011", True)
GRANTS = Recorded(2, 102, "Rates", "grants", "2011", True)


def test_the_newest_lane_counts_and_an_empty_one_ends_it() -> None:
    later = Recorded(3, 101, "rates", "grants", "2012-03", True)
    assert lanes_on_day([later, BEDS])["rates"][101].lane == "grants"
    assert 101 not in lanes_on_day([BEDS, later._replace(lane=" ")])["rates"]


def test_a_later_lane_that_may_have_begun_leaves_the_certain_one_possible() -> None:
    later = Recorded(3, 101, "Rates", "grants", "2026", False)
    assert lanes_on_day([BEDS, later])["Rates"][101] == Lane(101, "beds", False, BEDS.id)
    assert lanes_on_day([BEDS, later._replace(lane="BEDS")])["Rates"][101] == Lane(101, "beds", True, BEDS.id)
    assert lanes_on_day([later])["Rates"][101] == Lane(101, "grants", False, later.id)


def test_an_issue_and_a_lane_are_the_same_however_they_are_spelled() -> None:
    lanes = lanes_on_day([BEDS, Recorded(2, 102, " RATES ", "Beds", "2012", True)])
    assert list(lanes) == ["RATES"]
    assert contested(members_by_association(TORN), lanes) == []
    assert list(of_issue(lanes, "rates")) == ["RATES"]
    assert of_issue(lanes, "other") == {}


def test_who_is_in_two_associations_with_two_lanes_is_contested() -> None:
    (found,) = contested(members_by_association(TORN), lanes_on_day([BEDS, GRANTS]))
    assert (found.organization, found.issue, found.sure) == (1, "Rates", True)
    assert [side.lane for side in found.sides] == ["beds", "grants"]


def test_what_is_only_possible_makes_it_possible() -> None:
    lanes = lanes_on_day([BEDS, GRANTS])
    maybe = [TORN[0], TORN[1]._replace(sure=False)]
    assert [each.sure for each in contested(members_by_association(maybe), lanes)] == [False]
    unsure = lanes_on_day([BEDS._replace(sure=False), GRANTS])
    assert [each.sure for each in contested(members_by_association(TORN), unsure)] == [False]


def test_a_lane_that_nobody_recorded_is_no_conflict_and_is_said() -> None:
    members = members_by_association(TORN)
    lanes = lanes_on_day([BEDS])
    assert contested(members, lanes) == []
    (bridge,) = bridges(members, lanes)
    assert (bridge.associations, bridge.unknown) == ((101, 102), (102,))


@checked
@given(ties, recorded)
def test_everybody_in_several_associations_is_contested_or_a_bridge(some: list[Tie], notes: list[Recorded]) -> None:
    members, lanes = members_by_association(some), lanes_on_day(notes)
    torn = {each.organization for each in contested(members, lanes)}
    joined = {each.organization for each in bridges(members, lanes)}
    several = {key for key in range(1, 11) if sum(key in own for own in members.values()) > 1}
    assert torn | joined == several
    assert not torn & joined


@checked
@given(ties, recorded)
def test_contested_is_what_some_pair_of_its_associations_says(some: list[Tie], notes: list[Recorded]) -> None:
    members, lanes = members_by_association(some), lanes_on_day(notes)
    found = {(each.organization, each.issue) for each in contested(members, lanes)}
    expected = {
        (who, issue)
        for issue, own in lanes.items()
        for one in own
        for other in own
        if conflict(own, one, other)
        for who in set(members.get(one, ())) & set(members.get(other, ()))
    }
    assert found == expected


@checked
@given(ties, recorded)
def test_no_rivalry_is_whole_exactly_where_nobody_is_contested(some: list[Tie], notes: list[Recorded]) -> None:
    members, lanes = members_by_association(some), lanes_on_day(notes)
    torn = {each.issue for each in contested(members, lanes)}
    for issue, own in lanes.items():
        found = rivalry(overlap(members), own)
        assert 0 <= found.free <= 1
        assert (found.free < 1) is (issue in torn)


@checked
@given(recorded)
def test_a_lane_on_a_day_is_never_empty_and_was_recorded(notes: list[Recorded]) -> None:
    for issue, own in lanes_on_day(notes).items():
        for key, lane in own.items():
            assert lane.association == key
            assert any(each.id == lane.record and folded(each.issue) == folded(issue) for each in notes)
            assert folded(lane.lane)


def test_an_ask_favours_a_side_that_has_all_who_gain() -> None:
    own = {101: Lane(101, "beds", True, 1), 102: Lane(102, "Grants", True, 2), 103: Lane(103, "Beds", True, 3)}
    members = members_by_association([Tie(1, 101, True), Tie(2, 102, True), Tie(3, 103, False)])
    beds, grants = sides(own, members, {1, 3, 101})
    assert (beds.lane, beds.associations, beds.gaining) == ("beds", (101, 103), (1, 3, 101))
    assert (grants.lane, grants.gaining) == ("Grants", ())


def test_nothing_shared_is_no_rivalry() -> None:
    assert rivalry(overlap({}), {}).free == 1.0
