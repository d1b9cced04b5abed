"""How gaps would be closed: for each district without a certain member, who would close it, the cheapest way first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from partners_crm.districts.coverage import is_certain
from partners_crm.model import Affiliation, Membership, Organization, Site
from partners_crm.normalize.dates import covers
from partners_crm.services.coverage import evidence as what
from partners_crm.services.coverage.judging import (
    Coverage,
    DistrictCoverage,
    Question,
    answer,
    ask,
    association_name,
    by_chamber,
    speak,
)
from partners_crm.services.coverage.rule import ALL_SILOS, Rule
from partners_crm.services.maps import has_borders, index_of
from partners_crm.services.seats import Holder, holders
from partners_crm.store.open import Handle
from partners_crm.store.read import find, tuples

NEAREST = 3
"""Members named for a gap by their distance."""
JOINING = "joining"
"""The status of a membership that begins after the day."""
ENDED = ("lapsed",)
COMING = (JOINING, "prospect", "invited")


@dataclass(frozen=True, slots=True)
class Near:
    """A member near a district that has none."""

    organization: int
    name: str
    km: float
    """From the site to the border of the district."""


@dataclass(frozen=True, slots=True)
class Present:
    """An association that reaches a district through organizations of its own."""

    association: int
    name: str
    members: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A district without a certain member, and who would close it."""

    district: DistrictCoverage
    ambiguous: tuple[tuple[int, str], ...]
    """(id, name) of members that may be in it already: their places would settle it."""
    nearest: tuple[Near, ...]
    lapsed: tuple[tuple[int, str], ...]
    prospects: tuple[tuple[int, str], ...]
    others: tuple[tuple[int, str], ...]
    """Organizations in it that were never asked."""
    associations: tuple[Present, ...]
    lawmaker: Holder | None
    """Who holds the seat; None where the seat is not known."""


@dataclass(frozen=True, slots=True)
class Step:
    """An organization to win, and what that does."""

    organization: int
    name: str
    status: str
    """lapsed, joining, prospect, invited, or "" for one that was never asked."""
    closes: tuple[str, ...]
    """Names of the districts that have enough members with it and with those before it."""
    helps: tuple[str, ...]
    """Names of the districts that need more members still."""


@dataclass(frozen=True, slots=True)
class GapReport:
    """Every gap with its remedies, and the smallest set of organizations found that closes most."""

    coverage: Coverage
    closings: tuple[Closing, ...]
    steps: tuple[Step, ...]
    """Each closes as many gaps as any would at its place; together they close all that can be closed."""

    @property
    def closable(self) -> int:
        """How many districts the steps close together."""
        return sum(len(step.closes) for step in self.steps)


def gaps(db: Handle, as_of: date, rule: Rule) -> GapReport:
    """Say for each district that is a gap, or only possible, who would close it.

    Raises:
        CannotDecide, NotFound, InvalidValue: as `coverage`.
    """
    question = ask(db, as_of, rule)
    found = answer(question, association_name(db, rule))
    open_ones = [each for each in found.districts if each.state != "confirmed"]
    outside = _outsiders(db, question)
    inside = _inside(question, outside.members)
    seats = holders(db, as_of)
    near = _nearest(db, question, open_ones)
    reached = _associations(db, question)
    closings = []
    for each in open_ones:
        here = sorted(inside.get((each.chamber, each.number), ()), key=lambda key: outside.members[key].name.casefold())
        named = {key: (key, outside.members[key].name) for key in here}
        closings.append(
            Closing(
                each,
                each.possible,
                near.get((each.chamber, each.number), ()),
                tuple(named[key] for key in here if outside.status.get(key) in ENDED),
                tuple(named[key] for key in here if outside.status.get(key) in COMING),
                tuple(named[key] for key in here if key not in outside.status),
                reached.get((each.chamber, each.number), ()),
                seats.get((each.chamber, each.number)),
            )
        )
    return GapReport(found, tuple(closings), _steps(open_ones, question, inside, outside))


@dataclass(frozen=True, slots=True)
class _Outsiders:
    """Organizations that are no members on the day and could be."""

    members: Mapping[int, what.Member]
    status: Mapping[int, str]
    """What their newest tie to the coalition says; absent where there never was one."""


def _outsiders(db: Handle, question: Question) -> _Outsiders:
    day, rule = question.as_of.isoformat(), question.rule
    query = Organization.select(Organization.id, Organization.name).where(
        Organization.kind.in_(("provider", "advocacy", "other"))
        & ((Organization.archived_on == "") | (Organization.archived_on > day))
    )
    if rule.silo and rule.silo != ALL_SILOS:
        query = query.where(Organization.id.in_(what.in_silo(db, rule.silo)))
    unit_of = what.units(db, rule)
    found = {
        key: what.Member(name, unit_of(key), sure=True)
        for key, name in tuples(db, query)
        if key not in question.members
    }
    status = {}
    for key, state, since in _ties(db, rule):
        # An active tie that does not hold on the day has ended, or begins later.
        status[key] = state if state != "active" else JOINING if since > day else "lapsed"
    # A body that is closed closes no gap.
    return _Outsiders({key: each for key, each in found.items() if status.get(key) != "closed"}, status)


def _ties(db: Handle, rule: Rule) -> list[tuple[int, str, str]]:
    """(organization, status, since) of the ties to the coalition, or to the association asked about.

    Of the one nothing follows for the other.
    """
    if not rule.of:
        ours = Membership.select(Membership.organization, Membership.status, Membership.since)
        return [(key, status, since) for key, status, since in tuples(db, ours.order_by(Membership.id))]
    theirs = Affiliation.select(Affiliation.organization, Affiliation.since).where(
        Affiliation.association == find(db, Organization, rule.of).id
    )
    return [(key, "active", since) for key, since in tuples(db, theirs.order_by(Affiliation.id))]


def _inside(question: Question, who: Mapping[int, what.Member]) -> dict[tuple[str, int], set[int]]:
    """Organizations that certainly stand in each district, by (chamber, number)."""
    other = question._replace(members=dict(who))
    found: dict[tuple[str, int], set[int]] = {}
    for chamber, evidence in by_chamber(other, speak(other)).items():
        for each in evidence:
            if is_certain(each, question.rule.min_match):
                found.setdefault((chamber, each.number), set()).add(each.organization)
    return found


def _nearest(
    db: Handle, question: Question, open_ones: list[DistrictCoverage]
) -> dict[tuple[str, int], tuple[Near, ...]]:
    """The members nearest to each district, measured to its border; of one organization the nearest site."""
    if not has_borders(db, question.map):
        return {}
    kinds = what.KINDS[question.rule.basis]
    query = Site.select(Site.organization, Site.latitude, Site.longitude).where(
        Site.kind.in_(kinds) & Site.latitude.is_null(False) & Site.longitude.is_null(False)
    )
    points = [(key, (y, x)) for key, y, x in tuples(db, query.order_by(Site.id)) if key in question.members]
    below = {above: code for code, above in question.districts.nested_in.items()}
    found: dict[tuple[str, int], tuple[Near, ...]] = {}
    for each in open_ones:
        layer = below.get(each.chamber, each.chamber)
        numbers = [each.number]
        if layer != each.chamber:
            numbers = [own for own, up in question.districts.parents[layer].items() if up == each.number]
        index = index_of(db, question.map, layer)
        best: dict[int, float] = {}
        for number in numbers:
            # Several sites of one organization may be among the nearest.
            for place, metres in index.nearest(number, [point for _, point in points], 4 * NEAREST):
                key = points[place][0]
                best[key] = min(metres, best.get(key, metres))
        here = {key for key, _ in each.organizations}
        ranked = sorted((pair[1], pair[0]) for pair in best.items() if pair[0] not in here)[:NEAREST]
        found[each.chamber, each.number] = tuple(
            Near(key, question.members[key].name, round(metres / 1000, 1)) for metres, key in ranked
        )
    return found


def _associations(db: Handle, question: Question) -> dict[tuple[str, int], tuple[Present, ...]]:
    """The associations that reach each district, those with most organizations there first."""
    day = question.as_of.isoformat()
    ties: dict[int, set[int]] = {}
    who: dict[int, what.Member] = {}
    names = {}
    association = Organization.alias()
    query = (
        Affiliation.select(
            Affiliation.association, association.name, Affiliation.organization, Affiliation.since, Affiliation.until
        )
        .join(association, on=(Affiliation.association == association.id))
        .order_by(Affiliation.id)
    )
    for key, name, organization, since, until in tuples(db, query):
        if covers(since, until, day, recorded_on=day) != "no":
            names[key] = name
            ties.setdefault(organization, set()).add(key)
            who[organization] = what.Member("", organization, sure=True)
    found = {}
    for district, organizations in _inside(question, who).items():
        counted: dict[int, int] = {}
        for organization in organizations:
            for key in ties[organization]:
                counted[key] = counted.get(key, 0) + 1
        ranked = sorted(counted.items(), key=lambda pair: (-pair[1], names[pair[0]].casefold(), pair[0]))
        found[district] = tuple(Present(key, names[key], count) for key, count in ranked)
    return found


def _steps(
    open_ones: list[DistrictCoverage],
    question: Question,
    inside: Mapping[tuple[str, int], set[int]],
    outside: _Outsiders,
) -> tuple[Step, ...]:
    """Organizations in an order in which each helps most of the districts left: the greedy set cover.

    It is within a factor ln n of the smallest set there is (Chvatal 1979). What counts once helps a district once.
    """
    names, needs, counted = {}, {}, {}
    for each in open_ones:
        district = each.chamber, each.number
        names[district] = each.name
        counted[district] = {question.members[key].unit for key, _ in each.organizations}
        needs[district] = max(1, question.rule.min_count - len(counted[district]))
    reach: dict[int, set[tuple[str, int]]] = {}
    for district, units in counted.items():
        for key in inside.get(district, ()):
            if outside.members[key].unit not in units:
                reach.setdefault(key, set()).add(district)
    found = []
    while reach:
        # Who was a member or was asked already is won more easily than who never was.
        best = min(
            reach,
            key=lambda key: (-len(reach[key]), key not in outside.status, outside.members[key].name.casefold(), key),
        )
        taken = sorted(reach.pop(best), key=list(needs).index)
        for district in taken:
            needs[district] -= 1
        done = {district for district in taken if not needs[district]}
        found.append(
            Step(
                best,
                outside.members[best].name,
                outside.status.get(best, ""),
                tuple(names[each] for each in taken if each in done),
                tuple(names[each] for each in taken if each not in done),
            )
        )
        unit = outside.members[best].unit
        spent = {key: done | (set(taken) if outside.members[key].unit == unit else set()) for key in reach}
        reach = {key: left for key, some in reach.items() if (left := some - spent[key])}
    return tuple(found)
