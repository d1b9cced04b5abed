"""How the coalition grew: who joined and who left in each month or year, and how many members there were after it.

Nothing is dated that nobody dated. A tie known to the year stands in a row of the year, not in one of its months; one
of unknown start counts from the day it was first known, in a column of its own; one that ended nobody knows when was a
member on no day that can be named, and stands in no row.

So the last row has every member that coverage is certain of on that day, and of those that it calls possible the ones
that nothing speaks against. Coverage counts more where dates are not whole: one whose status says that it left in the
month or year that still goes on, and one of unknown start on a day before it was known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from partners_crm.errors import InvalidValue
from partners_crm.model import Membership, Organization
from partners_crm.normalize.dates import ends, starts
from partners_crm.normalize.text import fold, tidy
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

PERIODS = ("month", "year")
PUT_AWAY = "put away"
"""The reason of a member that was archived."""
NO_REASON = "no reason given"
_YEAR, _MONTH = 4, 7


@dataclass(frozen=True, slots=True)
class Period:
    """One month or year."""

    period: str
    """"2011-07" or "2011"; a year among months holds what is known to the year only."""
    joined: int
    """Members that came in it, those of unknown start among them."""
    start_unknown: int
    """Those of them whose start is unknown: they were first known then."""
    left: int
    """Members whose last day lies in it."""
    members: int
    """Members that go on after it: those before it, plus joined, less left."""
    recruiters: tuple[tuple[str, int], ...]
    """(who recruited, how many of the joined), the most first."""
    reasons: tuple[tuple[str, int], ...]
    """(why, how many of the left), the most first."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The coalition's members, period by period."""

    by: str
    since: str
    """The first day asked about, "" for all."""
    as_of: date
    before: int
    """Members before the first period."""
    periods: tuple[Period, ...] = field(repr=False)
    undated_left: tuple[str, ...]
    """Organizations that left nobody knows when: they are in no period."""
    undated_joined: int
    """Members whose start is unknown and of whom nobody knows since when they are known: they count as `before`."""

    @property
    def members(self) -> int:
        """Members at the end."""
        return self.periods[-1].members if self.periods else self.before

    @property
    def joined(self) -> int:
        """Members that came in all the periods."""
        return sum(each.joined for each in self.periods)

    @property
    def left(self) -> int:
        """Members that left in all the periods."""
        return sum(each.left for each in self.periods)


class Spell(NamedTuple):
    """An uninterrupted time of an organization as a member."""

    organization: str
    since: str
    """A partial date: the start, or where it is unknown when the tie was first known; "" for neither."""
    known: bool
    """Whether `since` is the start."""
    until: str
    """The last day, a partial date; "" while it lasts."""
    recruiter: str
    reason: str


def growth(db: Handle, as_of: date, *, by: str = "month", since: str = "") -> Growth:
    """Count who joined and left, period by period up to a day.

    Raises:
        InvalidValue: `by` is no period, or `since` no date that lies before `as_of`.
    """
    if by not in PERIODS:
        raise InvalidValue("by", by, "is no period", f"one of: {', '.join(PERIODS)}")
    if since and starts(since) > as_of.isoformat():
        raise InvalidValue("since", since, f"lies after {as_of.isoformat()}")
    spells, lost = _spells(db, as_of)
    return tally(spells, as_of, by=by, since=since, lost=lost)


def tally(spells: Iterable[Spell], as_of: date, *, by: str, since: str = "", lost: Iterable[str] = ()) -> Growth:
    """Growth from spells, which begin on `as_of` at the latest."""
    size = _MONTH if by == "month" else _YEAR
    first = starts(since)[:size] if since else ""
    counts: dict[str, _Count] = {}
    before = undated = 0
    for spell in spells:
        undated += not spell.since
        joined, left = spell.since[:size], spell.until[:size]
        if left and _order(left) < _order(joined):
            # It came in that year, before it left: the month is not known.
            left = joined
        for sign, period in ((1, joined), (-1, left)):
            if sign < 0 and not spell.until:
                continue
            if not period or (first and _order(period) < _order(first)):
                before += sign
            else:
                counts.setdefault(period, _Count()).take(spell, joined=sign > 0)
    periods, total = [], before
    for name in _names(counts, first, as_of, size):
        count = counts.get(name, _Count())
        total += count.joined - count.left
        recruiters, reasons = _ranked(count.recruiters), _ranked(count.reasons)
        periods.append(Period(name, count.joined, count.unknown, count.left, total, recruiters, reasons))
    return Growth(by, since, as_of, before, tuple(periods), tuple(sorted(lost, key=fold)), undated)


class _Count:
    def __init__(self) -> None:
        self.joined = self.left = self.unknown = 0
        self.recruiters: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def take(self, spell: Spell, *, joined: bool) -> None:
        if joined:
            self.joined += 1
            self.unknown += not spell.known
            if spell.recruiter:
                self.recruiters[spell.recruiter] += 1
        else:
            self.left += 1
            self.reasons[spell.reason or NO_REASON] += 1


def _ranked(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], fold(pair[0]), pair[0])))


def _order(period: str) -> str:
    """Sorts a year behind its months."""
    return period if len(period) > _YEAR else f"{period}-99"


def _names(counts: Iterable[str], first: str, as_of: date, size: int) -> list[str]:
    """Every period from the first to that of the day, empty ones too, and the years that stand among months."""
    known = set(counts)
    begin = first or min(known, default="")
    if not begin:
        return []
    year, month = int(begin[:_YEAR]), int(begin[5:_MONTH] or 1)
    while (year, month) <= (as_of.year, as_of.month):
        known.add(f"{year:04}" if size == _YEAR else f"{year:04}-{month:02}")
        year, month = (year + 1, month) if size == _YEAR else (year + month // 12, month % 12 + 1)
    return sorted(known, key=_order)


# -------------------------------------------------------------------- from memberships to spells


class _Tie(NamedTuple):
    status: str
    since: str
    until: str
    recorded_on: str
    reason: str
    recruiter: str


def _spells(db: Handle, as_of: date) -> tuple[list[Spell], list[str]]:
    """The spells of every organization, and the names of those that left nobody knows when."""
    names = ("status", "since", "until", "recorded_on", "reason", "recruited_by")
    query = (
        Membership.select(
            Membership.organization,
            Organization.name,
            Organization.archived_on,
            *(Membership._meta.fields[name] for name in names),
        )
        .join(Organization, on=(Membership.organization == Organization.id))
        .where(Membership.status.in_(("active", "lapsed", "closed")))
        .order_by(Organization.id, Membership.id)
    )
    ties: dict[tuple[int, str, str], list[_Tie]] = {}
    for key, name, archived, *values in tuples(db, query):
        ties.setdefault((key, name, archived), []).append(_Tie(*values))
    spells: list[Spell] = []
    lost: list[str] = []
    spelling: dict[str, str] = {}
    for (_, name, archived), some in ties.items():
        own = [each for tie in some if (each := _spell(name, archived, tie, as_of, spelling)) is not None]
        spells += _joined_up(own)
        # One that came back is known to be there.
        if not own and any(tie.status != "active" and not tie.until for tie in some):
            lost.append(name)
    return spells, lost


def _spell(name: str, archived: str, tie: _Tie, as_of: date, spelling: dict[str, str]) -> Spell | None:
    """The spell of a membership as it is known on a day; None where it says nothing of any day up to it."""
    day = as_of.isoformat()
    since = tie.since or tie.recorded_on[:10]
    if (since and starts(since) > day) or (tie.status != "active" and not tie.until):
        return None
    until, reason = tie.until, tidy(tie.reason) or tie.status.replace("active", "")
    if archived and (not until or starts(until) >= starts(archived)):
        last = starts(archived) if len(archived) < len("2011-07-14") else _yesterday(archived)
        until, reason = last, PUT_AWAY
        if since and starts(since) > ends(until):
            return None
    if until and not _has_left(until, tie.status, day):
        until = ""
    if until and since and starts(since) > ends(until):
        # It was first known after it had left.
        since = ""
    recruiter = tidy(tie.recruiter)
    recruiter = spelling.setdefault(fold(recruiter), recruiter) if recruiter else ""
    return Spell(name, since, bool(tie.since), until, recruiter, reason if until else "")


def _has_left(until: str, status: str, day: str) -> bool:
    """Whether a last day has passed; of a year or a month that goes on, the status says whether it has."""
    return ends(until) < day or (status != "active" and starts(until) < day)


def _yesterday(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _joined_up(spells: list[Spell]) -> list[Spell]:
    """Spells that overlap, or follow each other without a day between, as one: a new tier is no leaving."""
    found: list[Spell] = []
    for spell in sorted(spells, key=lambda each: (each.since and starts(each.since), each.until or "~")):
        last = found[-1] if found else None
        if last is not None and (not last.until or not spell.since or _touches(last.until, spell.since)):
            later = spell if last.until and (not spell.until or ends(spell.until) > ends(last.until)) else last
            found[-1] = last._replace(until=later.until, reason=later.reason)
        else:
            found.append(spell)
    return found


def _touches(until: str, since: str) -> bool:
    return date.fromisoformat(starts(since)) <= date.fromisoformat(ends(until)) + timedelta(days=1)
