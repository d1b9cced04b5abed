"""What is read of a coalition, once for each question: as plain values, whatever the number of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from partners_crm.plugins import PluginContext
from partners_crm_associations import ladder, lanes, rivals
from partners_crm_associations.dating import Dates
from partners_crm_associations.kinds import COMPETITION, LANE
from partners_crm_associations.ties import Members, Tie, among, members_by_association

CAN_JOIN = ("provider", "advocacy", "other")
"""Kinds of organizations that could be members, and so close a gap."""


def ties_of(context: PluginContext, only: Iterable[int] | None = None, dates: Dates | None = None) -> list[Tie]:
    """The affiliations that hold, or may hold, on the day: all of them, or those of some organizations alone.

    What is wrong with any is kept in `dates`, where they are given.
    """
    names = ("organization", "association", "since", "until", "confirmed_on", "id")
    dates = dates or Dates(context)
    if only is None:
        rows = context.values("affiliation", "", *names)
    else:
        rows = context.linked("affiliation", "organization", only, *names)
    day = context.as_of.isoformat()
    put_away = context.values_of("organization", {row[0] for row in rows}, "archived_on")
    away = {key for key, (archived_on,) in put_away.items() if archived_on and archived_on <= day}
    found = []
    for organization, association, since, until, confirmed_on, key in rows:
        # What is known now of an unknown beginning holds now: a list that was imported says who is in.
        holds = dates.holds(f"affiliation {key}", since, until, confirmed_on or context.today.isoformat())
        if holds != "no" and organization not in away:
            found.append(Tie(organization, association, holds == "yes"))
    return found


@dataclass(frozen=True)
class Associations:
    """The coalition and its associations on the day of a context; each part is read when it is first asked for."""

    context: PluginContext

    @cached_property
    def dates(self) -> Dates:
        """Judges what is read, and keeps what is wrong with any of it."""
        return Dates(self.context)

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong with records that were read so far: each costs its own row alone."""
        return tuple(self.dates.findings)

    @cached_property
    def ours(self) -> Mapping[int, bool]:
        """The coalition's members, each with whether it certainly is one."""
        return self.context.members()

    @cached_property
    def members(self) -> Members:
        """The members of each association, those without any too, by name of the association."""
        found = members_by_association(ties_of(self.context, dates=self.dates))
        names: dict[int, str] = dict(self._named)
        names.update(self.names_of(set(found) - set(names)))
        keys = sorted((key for key in {*self._named, *found} if key in names), key=lambda key: (names[key], key))
        # One that became another and has nobody left is history.
        gone = {key for key in keys if key not in found and self._became.get(key)}
        return {key: found.get(key, {}) for key in keys if key not in gone}

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The names of the associations."""
        return self.names_of(self.members)

    @cached_property
    def shared(self) -> Members:
        """The members of each association that are ours."""
        return among(self.members, self.ours)

    @cached_property
    def outside(self) -> Members:
        """The members of each association that are not ours and could be: bodies that can join and were not closed."""
        some = {key for own in self.members.values() for key in own} - set(self.ours)
        kinds = self.context.values_of("organization", some, "kind")
        # Of several ties the newest counts.
        closed = dict(self.context.values("membership", "", "organization", "status"))
        can = {key for key, (kind,) in kinds.items() if kind in CAN_JOIN and closed.get(key) != "closed"}
        return among(self.members, can)

    @cached_property
    def lanes(self) -> Mapping[str, Mapping[int, lanes.Lane]]:
        """The lanes by issue and association. For staff only."""
        rows = self._private(LANE, "id", "association", "issue", "lane", "since", "until")
        return lanes.lanes_on_day(
            lanes.Recorded(key, association, issue, lane, since, holds == "yes", self.dates.is_date(since))
            for key, association, issue, lane, since, until in rows
            if (holds := self._holds(LANE, key, since, until)) != "no"
        )

    @cached_property
    def competitions(self) -> tuple[rivals.Link, ...]:
        """Who competes with whom; one with itself is no competition, but a finding. For staff only."""
        names = ("id", "first", "second", "what", "resource", "fiscal_year", "since", "until", "note")
        found = [
            rivals.Link(key, first, second, what, resource, year, holds == "yes", until, note)
            for key, first, second, what, resource, year, since, until, note in self._private(COMPETITION, *names)
            if (holds := self._holds(COMPETITION, key, since, until)) != "no"
        ]
        own = [link for link in found if link.first == link.second]
        called = self.names_of({link.first for link in own})
        for link in own:
            self.dates.find(f"{COMPETITION} {link.id}: {called.get(link.first, link.first)} competes with itself")
        return tuple(link for link in found if link.first != link.second)

    @cached_property
    def postures(self) -> tuple[ladder.Recorded, ...]:
        """Every posture that was recorded, of any day. For staff only."""
        rows = self._private("posture", "id", "organization", "level", "since", "evidence", "reasons")
        return tuple(
            ladder.Recorded(
                key, organization, level, since, self._began(key, since), evidence, reasons, self.dates.is_date(since)
            )
            for key, organization, stored, since, evidence, reasons in rows
            if (level := ladder.level_of(stored))
        )

    @cached_property
    def standings(self) -> Mapping[int, ladder.Standing]:
        """The posture of each body on the day, where one is recorded. For staff only."""
        return ladder.standings(self.postures)

    @cached_property
    def bodies(self) -> Mapping[int, str]:
        """The names of every association and agency, and of whoever else has a posture."""
        found = dict(self.context.values("organization", "kind:association,agency", "id", "name"))
        found.update(self.names)
        found.update(self.names_of({each.organization for each in self.postures} - set(found)))
        return {key: name for key, name in found.items() if key in self.members or key not in self._named}

    @cached_property
    def silos(self) -> Mapping[int, str]:
        """What the silos are called, in their order."""
        return dict(self.context.values("silo", "", "id", "name"))

    @cached_property
    def silo_shares(self) -> tuple[tuple[int, int, float | None], ...]:
        """Every (organization, silo, weight)."""
        return self.context.values("silo_share", "", "organization", "silo", "weight")

    def names_of(self, ids: Iterable[int]) -> dict[int, str]:
        """What organizations are called, by id; one that is gone is missing."""
        return {key: name for key, (name,) in self.context.values_of("organization", ids, "name").items()}

    def _began(self, key: int, since: str) -> ladder.Holds:
        # A posture without a day holds as far back as is known.
        return self.dates.holds(f"posture {key}", since, "") if since else "yes"

    def _private(self, entity: str, *names: str) -> tuple[tuple[Any, ...], ...]:
        """Values of what is for staff only: none on a shared screen."""
        return self.context.values(entity, "", *names) if self.context.show_private else ()

    def _holds(self, entity: str, key: int, since: str, until: str) -> ladder.Holds:
        # As of affiliations.
        return self.dates.holds(f"{entity} {key}", since, until, self.context.today.isoformat())

    @cached_property
    def _associations(self) -> tuple[tuple[int, str, int | None], ...]:
        return self.context.values("organization", "kind:association", "id", "name", "successor")

    @cached_property
    def _named(self) -> Mapping[int, str]:
        return {key: name for key, name, _ in self._associations}

    @cached_property
    def _became(self) -> Mapping[int, int | None]:
        return {key: successor for key, _, successor in self._associations}
