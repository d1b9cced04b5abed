"""Partial dates: what people write, the days they span, and whether a fact holds on a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.normalize.strings import texts

from partners_crm.errors import InvalidValue
from partners_crm.normalize.date_words import parse_date
from partners_crm.normalize.dates import UNKNOWN, covers, ends, starts, written_day

days = st.dates(date(1000, 1, 1), date(2999, 12, 31))
partials = st.builds(lambda day, length: day.isoformat()[:length], days, st.sampled_from([4, 7, 10]))
near = st.builds(
    lambda offset, length: (date(2011, 1, 1) + timedelta(days=offset)).isoformat()[:length],
    st.integers(0, 1200),
    st.sampled_from([4, 7, 10]),
)


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        ("2011", "2011"),
        ("2011-07", "2011-07"),
        ("2011-07-14", "2011-07-14"),
        (" 2011-07-14 ", "2011-07-14"),
        ("2011-07-14T00:00", "2011-07-14"),
        ("2011-07-14 23:59:59.123+02:00", "2011-07-14"),
        ("2011-07-14T00:00:00Z", "2011-07-14"),
        ("7/14/2011", "2011-07-14"),
        ("07/14/2011 12:00 PM", "2011-07-14"),
        ("14/7/2011", "2011-07-14"),
        ("7-4-2011", "2011-07-04"),
        ("7.4.2011", "2011-07-04"),
        ("7/14/11", "2011-07-14"),
        ("7/14/68", "2068-07-14"),
        ("7/14/69", "1969-07-14"),
        ("2011/7/4", "2011-07-04"),
        ("2011.7", "2011-07"),
        ("20110714", "2011-07-14"),
        ("7/2011", "2011-07"),
        ("Jul 2011", "2011-07"),
        ("July 2011", "2011-07"),
        ("Sept. 2011", "2011-09"),
        ("July 14th, 2011", "2011-07-14"),
        ("july 14 2011", "2011-07-14"),
        ("14 Jul 2011", "2011-07-14"),
        ("14-Jul-11", "2011-07-14"),
        ("14th of July, 2011", "2011-07-14"),
        ("Thursday, July 14, 2011", "2011-07-14"),
        ("29 Feb 2012", "2012-02-29"),
    ],
)
def test_a_date_is_understood(text: str, partial: str) -> None:
    assert parse_date(text) == partial


def test_the_order_of_day_and_month_is_the_readers_where_both_are_possible() -> None:
    assert parse_date("07/04/2011") == "2011-07-04"
    assert parse_date("07/04/2011", day_first=True) == "2011-04-07"
    for day_first in (True, False):
        assert parse_date("14/07/2011", day_first) == "2011-07-14"
        assert parse_date("07/14/2011", day_first) == "2011-07-14"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a date"),
        ("  ", "is not a date"),
        ("soon", "is not a date"),
        ("40738", "is not a date"),
        ("2011-13", "there is no month 13"),
        ("2011-00-10", "there is no month 0"),
        ("2011-02-29", "2011-02 has no day 29"),
        ("1900-02-29", "1900-02 has no day 29"),
        ("2011-04-31", "2011-04 has no day 31"),
        ("13/13/2011", "there is no month 13"),
        ("Jly 2011", "is not a date"),
        ("FY2011", "is a fiscal year"),
        ("SFY 11-12", "is a fiscal year"),
        ("0999-01-01", "the year 0999 is out of range"),
        ("9999-12-31", "the year 9999 is out of range"),
        ("2011-07-14 2012", "is not a date"),
        ("٢٠١١", "is not a date"),
        ("2011" * 40, "is not a date"),
    ],
)
def test_what_is_no_date_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_date(text)
    assert reason in caught.value.reason
    assert caught.value.field == "date"


@given(days)
def test_a_day_is_read_back_from_every_way_of_writing_it(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day.month}/{day.day}/{day.year}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}" if day.year >= 1000 else day.isoformat(),
        f"{day:%B} {day.day}, {day.year}",
        f"{day.day} {day:%b} {day.year}",
        f"{day:%A}, {day:%B} {day.day}, {day.year}",
        f"{day.isoformat()} 13:45:00",
    ):
        assert parse_date(text) == day.isoformat(), text
    assert parse_date(f"{day:%b} {day.year}") == day.isoformat()[:7]


def test_no_text_is_too_strange(scale: Callable[[int], int]) -> None:
    pieces = (*"0123456789-/., :TZ", "2011", "07", "14", "Jul", "July", "th", "of ", "FY", "Mon ", "PM", "é", "\0")
    found = 0
    for text in (*texts(scale(50_000), 71), *texts(scale(250_000), 72, pieces, 7)):
        try:
            partial = parse_date(text)
        except InvalidValue:
            continue
        found += 1
        assert parse_date(partial) == partial
        assert starts(partial) <= ends(partial)
    assert found > scale(250_000) // 500


@given(partials)
def test_the_span_of_a_partial_date_is_that_of_the_calendar(partial: str) -> None:
    first, last = date.fromisoformat(starts(partial)), date.fromisoformat(ends(partial))
    assert starts(partial).startswith(partial)
    assert ends(partial).startswith(partial)
    assert not (first - timedelta(days=1)).isoformat().startswith(partial)
    if last < date(2999, 12, 31):
        assert not (last + timedelta(days=1)).isoformat().startswith(partial)


@pytest.mark.parametrize("text", ["", "11", "2011-7", "2011-07-14T00:00", "2011-13", "2011-02-30", UNKNOWN])
def test_what_is_not_partial_has_no_span(text: str) -> None:
    for read in (starts, ends):
        with pytest.raises(InvalidValue):
            read(text)


@pytest.mark.parametrize(
    ("since", "until", "on", "recorded_on", "holds"),
    [
        ("2011-07-14", "", "2011-07-13", "", "no"),
        ("2011-07-14", "", "2011-07-14", "", "yes"),
        ("2011-07", "", "2011-06-30", "", "no"),
        ("2011-07", "", "2011-07-01", "", "possible"),
        ("2011-07", "", "2011-07-31", "", "yes"),
        ("2011", "", "2011-06-01", "", "possible"),
        ("2011", "", "2012-01-01", "", "yes"),
        ("2011", "2012-02-10", "2012-02-10", "", "yes"),
        ("2011", "2012-02-10", "2012-02-11", "", "no"),
        ("2011", "2012-02", "2012-02-01", "", "yes"),
        ("2011", "2012-02", "2012-02-29", "", "possible"),
        ("2011", "2012-02", "2012-03-01", "", "no"),
        ("2011", UNKNOWN, "2012-03-01", "", "possible"),
        ("2011", UNKNOWN, "2010-03-01", "", "no"),
        ("", "", "2012-03-01", "", "possible"),
        (UNKNOWN, "", "2012-03-01", "", "possible"),
        ("", "", "2012-03-01", "2012-03-01T15:00:00Z", "yes"),
        ("", "", "2012-03-01", "2012-03-02", "possible"),
        ("", "2012-02", "2012-03-01", "2011-01-01", "no"),
        ("", UNKNOWN, "2012-03-01", "2011-01-01", "possible"),
        ("2013", "", "2012-03-01", "2011-01-01", "no"),
    ],
)
def test_whether_a_fact_holds(since: str, until: str, on: str, recorded_on: str, holds: str) -> None:
    assert covers(since, until, on, recorded_on) == holds


@given(near, near, st.dates(date(2010, 6, 1), date(2014, 12, 31)))
def test_the_answer_is_that_of_every_day_the_dates_may_mean(since: str, until: str, day: date) -> None:
    on = day.isoformat()
    begun = {starts(since) <= on, ends(since) <= on}
    lasting = {on <= starts(until), on <= ends(until)}
    expected = "no" if begun == {False} or lasting == {False} else "yes" if begun == lasting == {True} else "possible"
    assert covers(since, until, on) == expected


@given(near, st.sampled_from(["", UNKNOWN]), st.dates(date(2010, 6, 1), date(2014, 12, 31)))
def test_an_open_end_never_ends_and_an_unknown_one_is_never_certain(since: str, until: str, day: date) -> None:
    answer = covers(since, until, day.isoformat())
    assert (answer == "no") is (day.isoformat() < starts(since))
    assert answer != "yes" or until == ""


@given(near, near, st.dates(date(2010, 6, 1), date(2014, 12, 31)))
def test_the_day_of_recording_settles_only_an_unknown_start(since: str, recorded: str, day: date) -> None:
    on = day.isoformat()
    assert covers(since, "", on, recorded) == covers(since, "", on)
    assert covers("", "", on, recorded) == ("yes" if on >= ends(recorded) else "possible")


@pytest.mark.parametrize("on", ["", "2011", "2011-07", UNKNOWN, "today"])
def test_a_question_is_about_a_single_day(on: str) -> None:
    with pytest.raises(InvalidValue):
        covers("2011", "", on)


@given(days)
def test_a_day_in_words_is_read_back(day: date) -> None:
    assert parse_date(written_day(day)) == day.isoformat()


def test_a_day_in_words_has_no_nought() -> None:
    assert written_day(date(2026, 2, 3)) == "3 February 2026"
