"""How far a point may be from the truth: radii, the share of a disc beyond a border, and the shares of districts."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.districts.uncertainty import SHARE_FLOOR, radius_m, share_beyond, shares

DISTANCES = st.lists(st.floats(0, 500), max_size=8).map(lambda found: list(enumerate(found, 2)))


@pytest.mark.parametrize(
    ("level", "metres"), [(110, 0), (105, 15), (100, 15), (80, 50), (99, 50), (75, 300), (79, 300), (70, 300), (0, 300)]
)
def test_a_radius_belongs_to_a_level_and_those_up_to_the_next(level: int, metres: float) -> None:
    assert radius_m(level) == metres


@pytest.mark.parametrize(
    ("distance", "radius", "share"),
    [(0, 50, 0.5), (50, 50, 0), (51, 50, 0), (0, 0, 0.5), (1, 0, 0), (25, 50, 1 / 3 - math.sqrt(3) / (4 * math.pi))],
)
def test_the_share_of_a_disc_beyond_a_border(distance: float, radius: float, share: float) -> None:
    assert share_beyond(distance, radius) == pytest.approx(share)


def test_the_share_of_a_disc_is_what_counting_points_gives() -> None:
    draw = Random(3)
    inside = [
        (x, y) for x, y in ((draw.uniform(-1, 1), draw.uniform(-1, 1)) for _ in range(40_000)) if x * x + y * y < 1
    ]
    for distance in (0.1, 0.4, 0.8):
        assert share_beyond(distance, 1.0) == pytest.approx(
            sum(x > distance for x, _ in inside) / len(inside), abs=0.01
        )


def test_a_district_alone_has_the_whole_share() -> None:
    assert shares(7, [(8, 51.0)], 50.0) == ((7, 1.0),)
    assert shares(None, [(8, 50.0)], 50.0) == ((8, 1.0),)
    assert shares(None, [(8, 51.0)], 50.0) == ()


def test_a_border_that_is_only_just_within_reach_leaves_the_least_share() -> None:
    found = shares(7, [(8, 50.0)], 50.0)
    assert [number for number, _ in found] == [7, 8]
    assert [share for _, share in found] == pytest.approx([1 - SHARE_FLOOR, SHARE_FLOOR])


def test_districts_that_meet_in_a_point_share_it_alike() -> None:
    found = shares(7, [(8, 0.0), (5, 0.0)], 15.0)
    assert [number for number, _ in found] == [5, 7, 8]
    assert [share for _, share in found] == pytest.approx([1 / 3] * 3)


def test_points_on_a_border_belong_to_both_sides_even_where_a_person_decided() -> None:
    assert shares(7, [(8, 0.0)], 0.0) == ((7, 0.5), (8, 0.5))


@given(DISTANCES, st.floats(0, 400), st.booleans())
def test_shares_are_whole_and_ordered(others: list[tuple[int, float]], radius: float, inside: bool) -> None:
    found = shares(1 if inside else None, others, radius)
    reached = {number for number, metres in others if metres <= radius} | ({1} if inside else set())
    assert {number for number, _ in found} == reached
    assert list(found) == sorted(found, key=lambda each: (-each[1], each[0]))
    assert all(share >= SHARE_FLOOR for _, share in found)
    if found:
        assert sum(share for _, share in found) == pytest.approx(1)
    if inside:
        assert dict(found)[1] == pytest.approx(found[0][1])


@given(DISTANCES, st.floats(0, 400), st.floats(0, 400))
def test_a_wider_radius_never_makes_the_own_district_surer(
    others: list[tuple[int, float]], one: float, other: float
) -> None:
    less, more = (dict(shares(1, others, radius)) for radius in sorted((one, other)))
    assert set(less) <= set(more)
    assert more[1] <= less[1] + 1e-9


@given(DISTANCES, st.floats(1, 400))
def test_a_nearer_district_has_no_smaller_share(others: list[tuple[int, float]], radius: float) -> None:
    found = dict(shares(1, others, radius))
    ordered = [found[number] for number, metres in sorted(others, key=lambda each: each[1]) if metres <= radius]
    assert all(before >= after - 1e-12 for before, after in pairwise(ordered))


def test_more_districts_than_floors_fit_into_are_all_kept() -> None:
    found = shares(1, [(number, 299.0) for number in range(2, 42)], 300.0)
    assert len(found) == 41
    assert min(share for _, share in found) > 0
    assert sum(share for _, share in found) == pytest.approx(1)
