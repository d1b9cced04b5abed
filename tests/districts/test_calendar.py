"""The calendar of plans: one map for every day since 2013, by who is seated and by who stands for election."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from partners_crm.crm import Crm
from partners_crm.districts.calendar import CALENDAR, plan
from partners_crm.districts.maps import bundled_maps, load_info
from partners_crm.errors import CannotDecide, NotFound
from partners_crm.store.maps import map_for


def test_every_plan_has_a_code_of_its_own() -> None:
    codes = [entry.code for entry in CALENDAR]
    assert len(set(codes)) == len(codes)
    assert [plan(code) for code in codes] == list(CALENDAR)
    assert plan("il-1999") is None
    assert plan("") is None


def test_every_bundled_map_stands_in_the_calendar_and_two_plans_have_no_borders() -> None:
    codes = {entry.code for entry in CALENDAR}
    assert set(bundled_maps()) <= codes
    assert codes - set(bundled_maps()) == {"il-2001", "il-2021a"}


def test_plans_follow_each_other_without_a_day_between() -> None:
    used = sorted((entry for entry in CALENDAR if entry.seated_from), key=lambda entry: entry.seated_from)
    for before, after in pairwise(used):
        assert before.seated_until == after.seated_from
        assert before.first_election < after.first_election
    assert [entry.seated_until for entry in used].count("") == 1
    assert used[-1].seated_until == ""


def test_members_are_seated_on_the_second_wednesday_of_january_after_their_first_election() -> None:
    for entry in CALENDAR:
        if entry.seated_from:
            first = date(int(entry.first_election) + 1, 1, 1)
            second_wednesday = first + timedelta(days=(2 - first.weekday()) % 7 + 7)
            assert entry.seated_from == second_wednesday.isoformat(), entry.code


def test_a_law_comes_before_the_first_election_under_it() -> None:
    for entry in CALENDAR:
        if entry.enacted and entry.first_election:
            assert entry.enacted < entry.first_election


@pytest.mark.parametrize(
    ("day", "by", "code"),
    [
        ("2013-01-09", "seated", "il-2011"),
        ("2022-11-08", "seated", "il-2011"),
        ("2023-01-10", "seated", "il-2011"),
        ("2023-01-11", "seated", "il-2021"),
        ("2031-05-05", "seated", "il-2021"),
        ("2012-01-01", "election", "il-2011"),
        ("2021-12-31", "election", "il-2011"),
        ("2022-01-01", "election", "il-2021"),
        ("2022-11-08", "election", "il-2021"),
        ("2031-05-05", "election", "il-2021"),
    ],
)
def test_the_map_of_a_day(crm: Crm, day: str, by: str, code: str) -> None:
    assert map_for(crm.db, date.fromisoformat(day), by=by).code == code


@pytest.mark.parametrize(
    ("day", "by"), [("2013-01-08", "seated"), ("1999-01-01", "seated"), ("2011-12-31", "election")]
)
def test_a_day_before_the_first_borders_cannot_be_decided(crm: Crm, day: str, by: str) -> None:
    with pytest.raises(CannotDecide, match=day) as caught:
        map_for(crm.db, date.fromisoformat(day), by=by)
    assert "il-2011, il-2021" in caught.value.hint


def test_exactly_one_map_holds_on_every_day(crm: Crm) -> None:
    infos = [load_info(code) for code in bundled_maps()]
    day = date(2013, 1, 9)
    while day < date(2025, 1, 1):
        text = day.isoformat()
        holding = [
            info.code
            for info in infos
            if info.seated_from <= text and (not info.seated_until or text < info.seated_until)
        ]
        assert [map_for(crm.db, day).code] == holding
        day += timedelta(days=29)


def test_a_named_map_wins_over_the_date_and_an_unknown_one_is_refused(crm: Crm) -> None:
    assert map_for(crm.db, date(1990, 1, 1), code="il-2011").code == "il-2011"
    with pytest.raises(NotFound, match="il-2021a"):
        map_for(crm.db, date(2024, 1, 1), code="il-2021a")
