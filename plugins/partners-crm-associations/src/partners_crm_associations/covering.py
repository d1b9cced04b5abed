"""The districts of associations beside the coalition's, judged as every coverage statement is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from partners_crm_associations.reach import Chamber, Closing, District, States, beside, closing
from partners_crm_associations.reading import Associations
from partners_crm_associations.words import counted, written_day

OURS = 0
"""Stands for the coalition among the groups; no record has that id."""


@dataclass(frozen=True)
class Covered:
    """Answers for every district: of the coalition, of associations, and of their members who are not ours."""

    ours: Any
    theirs: Mapping[int, Any]
    """By association; empty where only what they would close was asked for."""
    outside: Mapping[int, Any]

    def beside(self, key: int) -> list[Chamber]:
        """The figures of an association beside the coalition's, chamber by chamber."""
        return beside(states(self.theirs[key]), states(self.ours))

    def closing(self, key: int) -> Closing:
        """The districts that an association would close."""
        return closing(states(self.outside[key]), states(self.ours))

    def who(self, key: int, district: District) -> tuple[tuple[int, str], ...]:
        """The (id, name) of an association's members, none of them ours, who are or may be in a district."""
        found = next(each for each in self.outside[key].districts if (each.chamber, each.number) == district)
        return (*found.organizations, *found.possible)

    def gaps(self, chamber: str = "") -> int:
        """How many districts the coalition has nobody in, of a chamber or of all."""
        return sum(each.state == "gap" and chamber in {"", each.chamber} for each in self.ours.districts)

    def sentence(self, key: int, name: str, chamber: str) -> str:
        """The figure of an association in a chamber as a statement with its terms."""
        found: str = replace(self.theirs[key], association=name).sentence(chamber)
        return found

    @property
    def district_names(self) -> Mapping[District, str]:
        """What each district is called."""
        return {(each.chamber, each.number): each.name for each in self.ours.districts}

    @property
    def terms(self) -> str:
        """The terms of everything here, as the end of a sentence."""
        rule = self.ours.rule
        site = {"any": "a site", "hq": "its headquarters", "service": "a service site"}[rule.basis]
        return (
            f"Inside means with {site} there, on {written_day(self.ours.as_of)}, on the map {self.ours.map_code}, with"
            f" match level {rule.min_match} or better; possibly is what the place or a date leaves open."
        )

    def reach_sentence(self, key: int, name: str) -> str:
        """What an association would close, as a statement."""
        found = self.closing(key)
        would = self._of_gaps(found.certain)
        maybe = f", and possibly {len(found.possible):,} more" if found.possible else ""
        settled = (
            f"; it would settle {counted(len(found.settled), 'district')} in which we only possibly have somebody"
            if found.settled
            else ""
        )
        return f"{name} would close {would}{maybe}, with its members who are not ours{settled}. {self.terms}"

    def together_sentence(self, keys: Sequence[int]) -> str:
        """What several associations would close together, as a statement."""
        certain = {each for key in keys for each in self.closing(key).certain}
        possible = {each for key in keys for each in self.closing(key).possible} - certain
        maybe = f", and possibly {len(possible):,} more" if possible else ""
        return (
            f"{counted(len(keys), 'association')} together would close {self._of_gaps(certain)}{maybe}, with members"
            f" who are not ours. {self.terms}"
        )

    def _of_gaps(self, some: Collection[District]) -> str:
        """Figures of gaps, chamber by chamber: 3 of our 12 House gaps and 1 of our 4 Senate gaps."""
        return " and ".join(
            f"{sum(own == chamber for own, _ in some)} of our {self.gaps(chamber):,} {name} gaps"
            for chamber, name in self.ours.chamber_names.items()
        )


def covered(associations: Associations, keys: Iterable[int], *, closes_only: bool = False, **terms: Any) -> Covered:
    """The districts of some associations beside the coalition's; places are read once for all of them.

    With `closes_only` nothing is told of all their members, but of those who are not ours: half the work.

    Raises:
        CannotDecide: no map with boundaries holds on the day.
        InvalidValue, NotFound: a term is none.
    """
    some = tuple(keys)
    groups: dict[tuple[str, int], Mapping[int, bool]] = {("ours", OURS): associations.ours}
    groups |= {("outside", key): associations.outside[key] for key in some}
    if not closes_only:
        groups |= {("theirs", key): associations.members[key] for key in some}
    found = associations.context.coverage_of(groups, **terms)
    return Covered(
        found["ours", OURS],
        {key: found["theirs", key] for key in some if not closes_only},
        {key: found["outside", key] for key in some},
    )


def states(coverage: Any) -> States:
    """The state of each district of an answer, in its order."""
    return {(each.chamber, each.number): each.state for each in coverage.districts}
