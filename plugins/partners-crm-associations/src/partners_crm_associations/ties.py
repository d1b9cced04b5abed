"""Who belongs to which association on a day, and which members associations share.

Nothing here reads a coalition: ties are plain values, and each says whether it certainly holds. An id stands for an
organization; whether it is an association is for who calls to know.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Tie(NamedTuple):
    """An affiliation that holds, or may hold, on the day."""

    organization: int
    association: int
    sure: bool


Members = Mapping[int, Mapping[int, bool]]
"""By association its members, each with whether it certainly is one."""


def members_by_association(ties: Iterable[Tie]) -> dict[int, dict[int, bool]]:
    """The members of each association; of several ties of one pair the surest counts."""
    found: dict[int, dict[int, bool]] = {}
    for organization, association, sure in ties:
        members = found.setdefault(association, {})
        members[organization] = members.get(organization, False) or sure
    return found


def associations_by_member(members: Members) -> dict[int, dict[int, bool]]:
    """The associations of each organization that is in any, each with whether it certainly is in it."""
    return members_by_association(
        Tie(association, organization, sure)
        for association, some in members.items()
        for organization, sure in some.items()
    )


def among(members: Members, only: Container[int]) -> dict[int, dict[int, bool]]:
    """The same, of some organizations alone; an association that has none of them stays, empty."""
    return {
        association: {key: sure for key, sure in some.items() if key in only} for association, some in members.items()
    }


@dataclass(frozen=True, slots=True)
class Shared:
    """The members that two associations share; of one with itself, all its members."""

    certain: tuple[int, ...] = ()
    """Organizations that certainly are in both, by id."""
    possible: tuple[int, ...] = ()
    """Organizations that may be in both, by id."""

    @property
    def count(self) -> int:
        """How many there are, the possible ones too."""
        return len(self.certain) + len(self.possible)


@dataclass(frozen=True, slots=True)
class Overlap:
    """The members that each two associations share."""

    pairs: Mapping[tuple[int, int], Shared]
    """By (lower id, higher id), where there are any; an association with itself too."""

    def between(self, one: int, other: int) -> Shared:
        """What two associations share, in either order."""
        return self.pairs.get((min(one, other), max(one, other)), _NOTHING)

    def sharing(self, least: int) -> list[tuple[int, int, Shared]]:
        """The pairs of two associations that share at least so many members: most first, then by id."""
        some = [
            (one, other, shared)
            for (one, other), shared in self.pairs.items()
            if one != other and shared.count >= max(1, least)
        ]
        return sorted(some, key=lambda each: (-each[2].count, each[0], each[1]))

    def linked(self, least: int) -> set[int]:
        """The associations that share at least so many members with any other."""
        return {key for one, other, _ in self.sharing(least) for key in (one, other)}


_NOTHING = Shared()


def overlap(members: Members) -> Overlap:
    """What each two associations share: one pass over the organizations, whatever their number."""
    certain: dict[tuple[int, int], list[int]] = {}
    possible: dict[tuple[int, int], list[int]] = {}
    by_member = associations_by_member(members)
    for organization in sorted(by_member):
        own = sorted(by_member[organization].items())
        for place, (one, sure) in enumerate(own):
            for other, also in own[place:]:
                (certain if sure and also else possible).setdefault((one, other), []).append(organization)
    return Overlap(
        {
            pair: Shared(tuple(certain.get(pair, ())), tuple(possible.get(pair, ())))
            for pair in sorted({*certain, *possible})
        }
    )


@dataclass(frozen=True, slots=True)
class Unaffiliated:
    """Organizations that no association speaks for."""

    certain: tuple[int, ...]
    """In none, by id."""
    possible: tuple[int, ...]
    """In one at most possibly, by id."""


def unaffiliated(roster: Iterable[int], members: Members) -> Unaffiliated:
    """Who of a roster is in no association."""
    by_member = associations_by_member(members)
    none, doubtful = [], []
    for key in sorted(set(roster)):
        own = by_member.get(key)
        if own is None:
            none.append(key)
        elif not any(own.values()):
            doubtful.append(key)
    return Unaffiliated(tuple(none), tuple(doubtful))
