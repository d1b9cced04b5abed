"""The calendar of district plans: which there were, by what law, and when their lawmakers were first seated.

New members are seated on the second Wednesday of January after the election (Illinois Constitution, article IV,
section 5). `seated_until` is exclusive. A plan without boundaries in the program still stands here, so that a date in
its time is answered with its name instead of with silence.

Sources: 10 ILCS 91 (act of 2011) and 10 ILCS 92 (acts of 2021).
"""

from __future__ import annotations

from typing import NamedTuple


class Plan(NamedTuple):
    """One district plan."""

    code: str
    name: str
    state: str
    state_name: str
    base: str
    """The chamber whose borders define the plan."""
    counts: tuple[tuple[str, int], ...]
    """(chamber, number of districts), the base chamber first."""
    nested: int
    """Base districts in one district of the other chamber; 0 where nothing nests."""
    law: str
    enacted: str
    first_election: str
    """Year; "" for a plan that was never used."""
    seated_from: str
    seated_until: str


_ILLINOIS = (("house", 118), ("senate", 59))

CALENDAR = (
    Plan(
        "il-2001", "Illinois 2001", "il", "Illinois", "house", _ILLINOIS, 2, "", "", "2002", "2003-01-08", "2013-01-09"
    ),
    Plan(
        "il-2011",
        "Illinois 2011",
        "il",
        "Illinois",
        "house",
        _ILLINOIS,
        2,
        "P.A. 97-6",
        "2011-06-03",
        "2012",
        "2013-01-09",
        "2023-01-11",
    ),
    Plan(
        "il-2021a",
        "Illinois June 2021",
        "il",
        "Illinois",
        "house",
        _ILLINOIS,
        2,
        "P.A. 102-10",
        "2021-06-04",
        "",
        "",
        "",
    ),
    Plan(
        "il-2021",
        "Illinois 2021",
        "il",
        "Illinois",
        "house",
        _ILLINOIS,
        2,
        "P.A. 102-663",
        "2021-09-24",
        "2022",
        "2023-01-11",
        "",
    ),
)


def plan(code: str) -> Plan | None:
    """The plan of a code, or None."""
    return next((each for each in CALENDAR if each.code == code), None)
