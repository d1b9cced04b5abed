"""The calendar of district plans: which there were, by what law, and when their lawmakers were first seated.

New members are seated on the second Wednesday of January after the election (Illinois Constitution, article IV,
section 5). `seated_until` is exclusive. A plan without boundaries in the program still stands here, so that a date in
its time is answered with its name instead of with silence.

Sources: 10 ILCS 91 (act of 2011) and 10 ILCS 92 (acts of 2021); the nesting of Representative in Legislative Districts:
Illinois Constitution, article IV, section 2(b).
"""

from __future__ import annotations

from typing import NamedTuple

from partners_crm.districts.maps import Chamber


class Plan(NamedTuple):
    """One district plan."""

    code: str
    name: str
    state: str
    state_name: str
    chambers: tuple[Chamber, ...]
    """The one with borders that the others are made of first."""
    law: str = ""
    enacted: str = ""
    first_election: str = ""
    """Year; "" for a plan that was never used."""
    seated_from: str = ""
    seated_until: str = ""


ILLINOIS = (Chamber("house", "House", 118, "senate", 2), Chamber("senate", "Senate", 59))

CALENDAR = (
    Plan(
        "il-2001",
        "Illinois 2001",
        "il",
        "Illinois",
        ILLINOIS,
        first_election="2002",
        seated_from="2003-01-08",
        seated_until="2013-01-09",
    ),
    Plan(
        "il-2011",
        "Illinois 2011",
        "il",
        "Illinois",
        ILLINOIS,
        law="P.A. 97-6",
        enacted="2011-06-03",
        first_election="2012",
        seated_from="2013-01-09",
        seated_until="2023-01-11",
    ),
    Plan("il-2021a", "Illinois June 2021", "il", "Illinois", ILLINOIS, law="P.A. 102-10", enacted="2021-06-04"),
    Plan(
        "il-2021",
        "Illinois 2021",
        "il",
        "Illinois",
        ILLINOIS,
        law="P.A. 102-663",
        enacted="2021-09-24",
        first_election="2022",
        seated_from="2023-01-11",
    ),
)


def plan(code: str) -> Plan | None:
    """The plan of a code, or None."""
    return next((each for each in CALENDAR if each.code == code), None)
