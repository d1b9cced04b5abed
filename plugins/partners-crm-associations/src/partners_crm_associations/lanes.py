"""What associations want first on an issue, and who is torn between two of them.

A lane is the sub-pot that an association wants first on an issue; empty says that it wants none. On a day the newest
lane that certainly holds counts, and it is possible where a later one may have taken its place. Two associations
conflict on an issue where both have a lane and the lanes differ; an organization in both is contested. A lane that
nobody recorded is not known, and never a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from partners_crm_associations.ties import Members, Overlap, associations_by_member


class Recorded(NamedTuple):
    """A lane as it was recorded, that holds, or may hold, on the day."""

    id: int
    association: int
    issue: str
    lane: str
    since: str
    """A date that may be a year or a month; its text sorts as the date does."""
    sure: bool
    is_dated: bool = True
    """Whether `since` can be read; where it cannot, the lane may be the newest one."""


class Lane(NamedTuple):
    """What an association wants first on an issue on the day."""

    association: int
    lane: str
    sure: bool
    record: int
    """The id of the record that says so."""


Lanes = Mapping[str, Mapping[int, Lane]]
"""By issue, as it is spelled, and by association."""


def folded(text: str) -> str:
    """How issues and lanes are compared: whatever the case and the blanks."""
    return " ".join(text.casefold().split())


def lanes_on_day(recorded: Iterable[Recorded]) -> dict[str, dict[int, Lane]]:
    """The lane of each association on each issue; an issue is spelled as its newest record has it."""
    every: dict[str, dict[int, list[Recorded]]] = {}
    spelled: dict[str, str] = {}
    for each in sorted(recorded, key=lambda one: (not one.is_dated, one.since, one.id)):
        issue = folded(each.issue)
        spelled[issue] = each.issue.strip()
        every.setdefault(issue, {}).setdefault(each.association, []).append(each)
    return {
        spelled[issue]: {key: lane for key, some in sorted(own.items()) if folded((lane := _newest(some)).lane)}
        for issue, own in sorted(every.items())
    }


def _newest(some: Sequence[Recorded]) -> Lane:
    """The last lane that certainly holds, certain where no later one may have taken its place; else the last one."""
    certain = [place for place, each in enumerate(some) if each.sure]
    place = certain[-1] if certain else len(some) - 1
    chosen, later = some[place], some[place + 1 :]
    sure = chosen.sure and all(folded(each.lane) == folded(chosen.lane) for each in later)
    return Lane(chosen.association, chosen.lane.strip(), sure, chosen.id)


def of_issue(lanes: Lanes, issue: str) -> dict[str, Mapping[int, Lane]]:
    """The lanes on one issue, however it is spelled; on all where none is named."""
    wanted = folded(issue)
    return {name: own for name, own in lanes.items() if not wanted or folded(name) == wanted}


@dataclass(frozen=True, slots=True)
class Contested:
    """An organization between associations that want different things on an issue."""

    organization: int
    issue: str
    sides: tuple[Lane, ...]
    """The lanes of its associations on the issue, by id of the association."""
    sure: bool
    """Whether it certainly is in two associations whose lanes certainly hold and differ."""


def contested(members: Members, lanes: Lanes) -> list[Contested]:
    """Every organization and issue on which its associations want different things, by issue and id."""
    by_member = associations_by_member(members)
    found = []
    for issue, own in lanes.items():
        for organization in sorted(by_member):
            ties = by_member[organization]
            sides = tuple(own[key] for key in sorted(ties) if key in own)
            if len({folded(side.lane) for side in sides}) > 1:
                certain = {folded(side.lane) for side in sides if side.sure and ties[side.association]}
                found.append(Contested(organization, issue, sides, len(certain) > 1))
    return found


@dataclass(frozen=True, slots=True)
class Bridge:
    """An organization in several associations that want nothing different, as far as is known."""

    organization: int
    associations: tuple[int, ...]
    unknown: tuple[int, ...]
    """Those of them of which no lane is recorded: nobody can say that they agree."""


def bridges(members: Members, lanes: Lanes) -> list[Bridge]:
    """Organizations in two or more associations that are contested on none of the issues, by id."""
    torn = {each.organization for each in contested(members, lanes)}
    known = {key for own in lanes.values() for key in own}
    return [
        Bridge(key, tuple(sorted(own)), tuple(sorted(set(own) - known)))
        for key, own in sorted(associations_by_member(members).items())
        if len(own) > 1 and key not in torn
    ]


@dataclass(frozen=True, slots=True)
class Rivalry:
    """How much of what associations share lies between those that want different things on an issue."""

    torn: int
    """Shared members of the pairs that conflict; an organization counts once for each pair."""
    shared: int
    """Shared members of all pairs."""
    pairs: tuple[tuple[int, int], ...]
    """The pairs that conflict, by id."""

    @property
    def free(self) -> float:
        """The share without a conflict, between 0 and 1; 1 where nothing is shared."""
        return 1.0 if not self.shared else 1 - self.torn / self.shared


def rivalry(shared: Overlap, own: Mapping[int, Lane]) -> Rivalry:
    """No rivalry, U = 1 - sum of n(a, b) over the pairs that conflict / sum of n(a, b) over all pairs."""
    pairs = shared.sharing(1)
    conflicts = [(one, other, each.count) for one, other, each in pairs if conflict(own, one, other)]
    return Rivalry(
        sum(count for _, _, count in conflicts),
        sum(each.count for _, _, each in pairs),
        tuple(sorted((one, other) for one, other, _ in conflicts)),
    )


def conflict(own: Mapping[int, Lane], one: int, other: int) -> bool:
    """Whether two associations want different things on an issue."""
    return one in own and other in own and folded(own[one].lane) != folded(own[other].lane)


@dataclass(frozen=True, slots=True)
class Side:
    """A lane on an issue, and who of those that would gain is behind it."""

    lane: str
    associations: tuple[int, ...]
    gaining: tuple[int, ...]
    """Organizations that would gain and are such an association or a member of one, by id."""


def sides(own: Mapping[int, Lane], members: Members, gaining: Collection[int]) -> list[Side]:
    """Who would gain on each side of an issue, by lane; an ask favours one side where only some have anybody."""
    found: dict[str, tuple[str, list[int], set[int]]] = {}
    for key, lane in sorted(own.items()):
        _, associations, who = found.setdefault(folded(lane.lane), (lane.lane, [], set()))
        associations.append(key)
        who.update(each for each in gaining if each == key or each in members.get(key, ()))
    return [Side(name, tuple(some), tuple(sorted(who))) for _, (name, some, who) in sorted(found.items())]
