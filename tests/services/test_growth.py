"""Growth: every join and leaving once, in the period that is known and in no other, and sums that add up."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue
from partners_crm.model import Membership, Organization
from partners_crm.normalize.dates import ends, starts
from partners_crm.services import records
from partners_crm.services.coverage import Rule
from partners_crm.services.coverage.evidence import members
from partners_crm.services.growth import Growth, Spell, growth, tally

TODAY = NOW.date()


def joins(crm: Crm, name: str, *ties: dict[str, str], archived_on: str = "") -> None:
    with crm.changes("join") as unit:
        body = records.add(unit, Organization, name=name, archived_on=archived_on)
        for tie in ties:
            values: dict[str, Any] = {"status": "active", "recorded_on": "2026-11-01", **tie}
            records.add(unit, Membership, organization=body.id, **values)


def rows(found: Growth) -> dict[str, tuple[int, int, int, int]]:
    """(joined, start unknown, left, members) of the periods in which something happened."""
    return {
        each.period: (each.joined, each.start_unknown, each.left, each.members)
        for each in found.periods
        if each.joined or each.left
    }


def test_months_and_years(crm: Crm) -> None:
    joins(crm, "A", {"since": "2024-03-05", "recruited_by": "Lantern House"})
    joins(crm, "B", {"since": "2024-03", "recruited_by": "LANTERN HOUSE"})
    joins(crm, "C", {"since": "2024-05-01", "until": "2025-02-28", "status": "lapsed", "reason": "dues"})
    found = growth(crm.db, TODAY)
    assert rows(found) == {"2024-03": (2, 0, 0, 2), "2024-05": (1, 0, 0, 3), "2025-02": (0, 0, 1, 2)}
    assert [each.period for each in found.periods][:4] == ["2024-03", "2024-04", "2024-05", "2024-06"]
    assert found.periods[-1].period == "2026-11"
    assert found.periods[0].recruiters == (("Lantern House", 2),)
    assert next(each for each in found.periods if each.left).reasons == (("dues", 1),)
    assert rows(growth(crm.db, TODAY, by="year")) == {"2024": (3, 0, 0, 3), "2025": (0, 0, 1, 2)}


def test_what_is_known_to_the_year_is_in_no_month(crm: Crm) -> None:
    joins(crm, "A", {"since": "2025"})
    joins(crm, "B", {"since": "2025", "until": "2025-06-30", "status": "closed"})
    joins(crm, "C", {"since": "2025-12-01"})
    found = growth(crm.db, TODAY)
    assert rows(found) == {"2025-12": (1, 0, 0, 1), "2025": (2, 0, 1, 2)}
    names = [each.period for each in found.periods]
    assert names[names.index("2025") - 1 : names.index("2025") + 2] == ["2025-12", "2025", "2026-01"]
    assert found.periods[-1].members == 2


def test_an_unknown_start_counts_from_when_it_was_known(crm: Crm) -> None:
    joins(crm, "A", {"recorded_on": "2026-10-02"})
    joins(crm, "B", {"recorded_on": ""})
    joins(crm, "C", {"recorded_on": "2026-10-02", "until": "2019-06-30", "status": "lapsed"})
    found = growth(crm.db, TODAY)
    assert rows(found) == {"2019-06": (0, 0, 1, 1), "2026-10": (1, 1, 0, 2)}
    assert (found.before, found.undated_joined, found.members) == (2, 2, 2)


def test_who_left_nobody_knows_when_is_in_no_period(crm: Crm) -> None:
    joins(crm, "B", {"since": "2020-01-01", "status": "lapsed"})
    joins(crm, "a", {"since": "2020-01-01", "status": "closed"})
    joins(crm, "C", {"since": "2020-01-01", "status": "lapsed"}, {"since": "2024-01-01"})
    found = growth(crm.db, TODAY)
    assert found.undated_left == ("a", "B")
    assert rows(found) == {"2024-01": (1, 0, 0, 1)}


def test_a_new_tier_is_no_leaving_and_coming_back_is(crm: Crm) -> None:
    joins(crm, "A", {"since": "2020-01-01", "until": "2020-12-31", "status": "lapsed"}, {"since": "2021-01-01"})
    joins(crm, "B", {"since": "2020-01-01", "until": "2020-12-31", "status": "lapsed"}, {"since": "2021-02-01"})
    found = growth(crm.db, TODAY)
    assert rows(found) == {"2020-01": (2, 0, 0, 2), "2020-12": (0, 0, 1, 1), "2021-02": (1, 0, 0, 2)}


def test_an_archived_member_has_left(crm: Crm) -> None:
    joins(crm, "A", {"since": "2020-01-01"}, archived_on="2022-05-01")
    found = growth(crm.db, TODAY)
    assert rows(found) == {"2020-01": (1, 0, 0, 1), "2022-04": (0, 0, 1, 0)}
    assert next(each for each in found.periods if each.left).reasons == (("put away", 1),)


def test_prospects_are_no_members_and_the_future_has_not_happened(crm: Crm) -> None:
    joins(crm, "A", {"since": "2020-01-01", "status": "prospect"})
    joins(crm, "B", {"since": "2027-01-01"})
    joins(crm, "C", {"since": "2020-01-01", "until": "2027-01-01"})
    found = growth(crm.db, TODAY)
    assert rows(found) == {"2020-01": (1, 0, 0, 1)}
    assert rows(growth(crm.db, date(2027, 6, 1))) == {
        "2020-01": (1, 0, 0, 1),
        "2027-01": (1, 0, 1, 1),
    }


def test_periods_before_are_counted_together(crm: Crm) -> None:
    joins(crm, "A", {"since": "2019-12-31"})
    joins(crm, "B", {"since": "2020-01-01"})
    found = growth(crm.db, TODAY, since="2020")
    assert (found.before, found.periods[0].period, found.members) == (1, "2020-01", 2)
    empty = growth(crm.db, date(2018, 1, 1))
    assert (empty.members, empty.periods) == (0, ())


def test_it_agrees_with_the_members_of_a_coverage_statement(crm: Crm) -> None:
    joins(crm, "A", {"since": "2019-12-31"})
    joins(crm, "B", {"since": "2020-01-01", "until": "2024-05-31", "status": "lapsed"})
    joins(crm, "C", {"since": "2021-01-01", "status": "closed"})
    joins(crm, "D", {"since": "2021-01-01", "until": TODAY.isoformat()})
    for day in (date(2019, 1, 1), date(2020, 1, 1), date(2024, 5, 31), date(2024, 6, 1), TODAY):
        assert growth(crm.db, day).members == crm.coverage(as_of=day).members, day


def test_of_a_month_that_goes_on_the_status_says_whether_one_left_and_coverage_is_in_doubt(crm: Crm) -> None:
    joins(crm, "A", {"since": "2020-01-01", "until": "2026-11"})
    joins(crm, "B", {"since": "2020-01-01", "until": "2026-11", "status": "lapsed"})
    counts = [(growth(crm.db, day).members, crm.coverage(as_of=day).members) for day in (date(2026, 11, 1), TODAY)]
    assert counts == [(2, 2), (1, 2)]


@given(
    st.sampled_from(["active", "lapsed", "closed"]),
    st.tuples(*[st.sampled_from(["", "2024", "2024-03", "2024-03-05", "2025-03", "2025-03-01"])] * 2),
    st.sampled_from(["", "2024-03-09", "2025-03-31"]),
    st.sampled_from(["2023-12-31", "2024-01-01", "2024-03-01", "2024-03-31", "2024-12-31", "2025-03-01", "2025-04-01"]),
)
def test_whom_coverage_is_certain_of_is_counted_and_whom_it_rules_out_is_not(
    blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory, status: str, span: tuple[str, ...], recorded: str,
    day: str,
) -> None:  # fmt: skip
    since, until = span
    if since and until and ends(until) < starts(since):
        since, until = until, since
    path = tmp_path_factory.mktemp("growth") / "c.db"
    shutil.copyfile(blank_coalition, path)
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        joins(crm, "A", {"status": status, "since": since, "until": until, "recorded_on": recorded})
        on = date.fromisoformat(day)
        asked = members(crm.db, on, Rule()).values()
        assert sum(each.sure for each in asked) <= growth(crm.db, on).members <= len(asked)


@pytest.mark.parametrize(("by", "since"), [("week", ""), ("month", "2027"), ("year", "2026-12-01")])
def test_terms_that_are_none(crm: Crm, by: str, since: str) -> None:
    with pytest.raises(InvalidValue):
        growth(crm.db, TODAY, by=by, since=since)


def partial() -> st.SearchStrategy[str]:
    days = st.dates(date(2019, 1, 1), TODAY).map(date.isoformat)
    return st.one_of(days, days.map(lambda day: day[:7]), days.map(lambda day: day[:4]))


def spells() -> st.SearchStrategy[Spell]:
    def build(since: str, until: str, known: bool) -> Spell:
        if since and until and ends(until) < starts(since):
            since, until = until, since
        return Spell("A", since, known and bool(since), until, "", "")

    return st.builds(build, st.one_of(st.just(""), partial()), st.one_of(st.just(""), partial()), st.booleans())


@given(st.lists(spells(), max_size=12), st.sampled_from(["month", "year"]), st.one_of(st.just(""), partial()))
def test_the_sums_add_up(some: list[Spell], by: str, since: str) -> None:
    found = tally(some, TODAY, by=by, since=since)
    total = found.before
    for each in found.periods:
        total += each.joined - each.left
        assert each.members == total >= 0
        assert 0 <= each.start_unknown <= each.joined
        assert sum(number for _, number in each.reasons) == each.left
    assert found.members == found.before + found.joined - found.left
    assert found.members == len(some) - sum(bool(each.until) for each in some)
    if not since:
        assert found.before == found.undated_joined
        assert found.joined + found.before == len(some)


@given(st.lists(spells(), max_size=12))
def test_the_years_are_the_sums_of_their_months(some: list[Spell]) -> None:
    months, years = tally(some, TODAY, by="month"), tally(some, TODAY, by="year")
    for each in years.periods:
        own = [month for month in months.periods if month.period[:4] == each.period]
        assert each.joined == sum(month.joined for month in own)
        assert each.left == sum(month.left for month in own)
        assert each.members == own[-1].members
