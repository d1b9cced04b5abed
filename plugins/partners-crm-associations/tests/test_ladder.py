"""The ladder of postures: histories, steps, and the posture on a day that may be known by its year only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners_crm_associations.ladder import (
    LEVELS,
    Recorded,
    Standing,
    climbed,
    history,
    level_of,
    on_day,
    standings,
    steps_in_words,
)

checked: Callable[..., Callable[..., None]] = settings(deadline=None, derandomize=True, max_examples=100)
recorded = st.lists(
    st.builds(
        Recorded,
        st.integers(1, 99),
        st.just(7),
        st.sampled_from(LEVELS),
        st.sampled_from(("", "2010", "2010-05", "2011", "2011-07-14")),
        st.sampled_from(("yes", "possible", "no")),
        is_dated=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)


def posture(key: int, level: str, since: str, holds: Literal["yes", "possible", "no"] = "yes") -> Recorded:
    return Recorded(key, 7, level, since, holds)


def test_nothing_recorded_is_unknown() -> None:
    assert on_day([]) == Standing()
    assert on_day([posture(1, "wary", "2027", "no")]).text == "unknown"


def test_the_last_one_that_began_holds_with_its_step() -> None:
    found = on_day(
        [posture(2, "consulting", "2011"), posture(1, "wary", "2009"), posture(3, "co-leading", "2030", "no")]
    )
    assert (found.level, found.since, found.change, found.record) == ("consulting", "2011", 2, 2)
    assert found.text == "consulting"


def test_inside_a_year_the_next_posture_is_possible_beside_the_last_certain_one() -> None:
    found = on_day([posture(1, "wary", "2009"), posture(2, "observing", "2026", "possible")])
    assert found.text == "wary, possibly observing"
    assert on_day([posture(2, "observing", "2026", "possible")]).text == "possibly observing"
    assert on_day([posture(1, "wary", "2009"), posture(2, "wary", "2026", "possible")]).text == "wary"


def test_a_posture_of_which_no_date_can_be_read_may_be_the_latest() -> None:
    unread = posture(1, "hostile", "13/2026", "possible")._replace(is_dated=False)
    assert on_day([unread, posture(2, "wary", "2020")]).text == "wary, possibly hostile"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Co-leading", "co-leading"),
        ("co_leading", "co-leading"),
        ("co leading", "co-leading"),
        ("friend", ""),
        ("", ""),
    ],
)
def test_a_step_is_read_however_it_is_typed(text: str, level: str) -> None:
    assert level_of(text) == level


def test_steps_in_words() -> None:
    assert [steps_in_words(change) for change in (2, -1, 0)] == ["2 up", "1 down", ""]


@checked
@given(recorded)
def test_the_steps_of_a_history_add_up_to_what_it_climbed(some: list[Recorded]) -> None:
    steps = history(some)
    assert sorted(step.recorded.id for step in steps) == sorted(each.id for each in some)
    read = [step.recorded.since for step in steps if step.recorded.is_dated]
    assert read == sorted(each.since for each in some if each.is_dated)
    assert all(step.recorded.is_dated for step in steps[: len(read)])
    if steps:
        first, last = steps[0].recorded.level, steps[-1].recorded.level
        assert climbed(steps) == LEVELS.index(last) - LEVELS.index(first)


@checked
@given(recorded)
def test_a_posture_on_a_day_had_begun_or_may_have(some: list[Recorded]) -> None:
    found = on_day(some)
    begun = [each for each in some if each.holds != "no"]
    assert bool(found.level) is bool(begun)
    if begun:
        chosen = next(each for each in begun if each.id == found.record)
        assert found.sure is (chosen.holds == "yes")
        assert found.sure or all(each.holds != "yes" for each in begun)
        places = {step.recorded.id: place for place, step in enumerate(history(some))}
        later = [each for each in begun if each.holds == "yes" and places[each.id] > places[chosen.id]]
        assert not later


@checked
@given(recorded, recorded)
def test_each_body_stands_by_its_own_postures(some: list[Recorded], others: list[Recorded]) -> None:
    moved = [each._replace(organization=8) for each in others]
    assert standings([*some, *moved]).get(7, Standing()) == on_day(some)
