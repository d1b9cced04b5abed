"""Competition links, and asks that favour one side."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from partners_crm_associations.rivals import Link, favours, of, rivals

checked: Callable[..., Callable[..., None]] = settings(deadline=None, derandomize=True, max_examples=100)
links = st.lists(
    st.builds(
        Link,
        st.integers(1, 99),
        st.integers(1, 8),
        st.integers(1, 8),
        st.sampled_from(("line", "contract", "grant", "other")),
        st.just("Emergency beds"),
        st.just("2012"),
        st.booleans(),
    ),
    max_size=20,
    unique_by=lambda each: each.id,
)


def link(key: int, first: int, second: int) -> Link:
    return Link(key, first, second, "line", "Emergency beds", "2012", True)


def test_an_ask_favours_who_gains_alone() -> None:
    (found,) = favours([link(1, 10, 20), link(2, 10, 30), link(3, 40, 50)], {10, 30})
    assert (found.gains, found.loses, found.link.id) == (10, 20, 1)


@checked
@given(links, st.sets(st.integers(1, 8)))
def test_whoever_gains_is_asked_for_and_whoever_loses_is_not(some: list[Link], gaining: set[int]) -> None:
    found = favours(some, gaining)
    assert all(each.gains in gaining and each.loses not in gaining for each in found)
    assert all({each.gains, each.loses} == {each.link.first, each.link.second} for each in found)
    assert len(found) == sum((each.first in gaining) != (each.second in gaining) for each in some)


@checked
@given(links, st.sets(st.integers(1, 8)))
def test_the_two_sides_of_a_link_do_not_matter(some: list[Link], gaining: set[int]) -> None:
    turned = [each._replace(first=each.second, second=each.first) for each in some]
    assert [(each.gains, each.loses, each.link.id) for each in favours(some, gaining)] == [
        (each.gains, each.loses, each.link.id) for each in favours(turned, gaining)
    ]


@checked
@given(links, st.sets(st.integers(1, 8)))
def test_rivals_are_the_other_ends_of_the_links(some: list[Link], asked: set[int]) -> None:
    found = rivals(some, asked)
    own = of(some, asked)
    assert {each.id for each in own} == {each.id for every in found.values() for each in every}
    for key, every in found.items():
        for each in every:
            assert key in (each.first, each.second)
            assert {each.first, each.second} & asked
