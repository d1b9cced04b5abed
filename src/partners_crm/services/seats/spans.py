"""Spans of partial dates: what is left of a term when another one takes days out of it."""

from __future__ import annotations

from datetime import date, timedelta

from partners_crm.normalize.dates import ends, starts

Span = tuple[str, str]
"""(since, until): the first and the last day as partial dates; "" since is unknown, "" until is open."""
_DAY = len("2011-07-14")


def day_before(partial: str) -> str:
    """The last day of what ends where something begins: a year or a month stays one, for the day is not known."""
    return partial if len(partial) < _DAY else (date.fromisoformat(partial) - timedelta(days=1)).isoformat()


def day_after(partial: str) -> str:
    """The first day of what begins where something ends; a year or a month stays one."""
    return partial if len(partial) < _DAY else (date.fromisoformat(partial) + timedelta(days=1)).isoformat()


def is_over(until: str, on: date) -> bool:
    """Whether a last day has certainly passed."""
    return bool(until) and ends(until) < on.isoformat()


def without(span: Span, taken: Span) -> list[Span]:
    """What is left of a span when another one, whose first day is known, is taken out of it: none, one or two.

    A span of unknown start that goes on after the other one is left whole: it may have begun later.
    """
    since, until = span
    first, last = taken
    if (until and ends(until) < starts(first)) or (since and last and starts(since) > ends(last)):
        return [span]
    if not since and last and (not until or ends(until) > ends(last)):
        return [span]
    found = []
    end = day_before(first)
    if until and ends(until) < ends(end):
        end = until
    if not since or since[: len(end)] <= end:
        found.append((since, end))
    if last:
        begin = day_after(last)
        if since and starts(since) > starts(begin):
            begin = since
        if not until or begin[: len(until)] <= until:
            found.append((begin, until))
    return found
