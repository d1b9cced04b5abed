"""Which districts have a member: a claim with its terms, and the evidence behind each district.

This module is on the path of a check from cron: nothing here may load a parser, a screen or a driver.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from partners_crm.districts.coverage import DistrictState, Evidence, judge, lift, radius_m
from partners_crm.errors import InvalidValue, NotFound
from partners_crm.model import (
    Assignment,
    District,
    DistrictMap,
    Membership,
    Organization,
    Silo,
    SiloShare,
    Site,
)
from partners_crm.normalize.dates import covers
from partners_crm.store.maps import map_for
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

SCHEMA_VERSION = 1
BASES = ("any", "hq", "service")
UNITS = ("org", "family")
CHAMBER_WORD = {"house": "House", "senate": "Senate"}
LEVEL_WORD = {
    110: "a person's decision",
    100: "rooftop",
    80: "street level",
    75: "ZIP+4 or stated",
    70: "ZIP code",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """The terms of a coverage statement; each is printed with every answer."""

    chamber: str = "both"
    """house, senate or both."""
    basis: str = "any"
    """Which sites count: any, hq or service; a mailing address never does."""
    silo: str = ""
    """A silo's code; empty for all."""
    unit: str = "org"
    """What counts once: org, or family (an organization and its affiliates)."""
    min_count: int = 1
    """Distinct organizations a district needs."""
    min_match: int = 80
    """The match level from which a point settles its district."""


@dataclass(frozen=True, slots=True)
class DistrictCoverage:
    """The answer for one district, with the organizations behind it."""

    ocd_id: str
    chamber: str
    number: int
    name: str
    state: str
    """confirmed, possible or gap."""
    organizations: tuple[tuple[int, str], ...]
    """(id, name) of those certainly in it, by name."""
    possible: tuple[tuple[int, str], ...]
    """(id, name) of those that may be in it, by name."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer for every district of the chambers asked about."""

    rule: Rule
    as_of: date
    map_code: str
    map_sha256: str
    border_shift_m: float
    members: int
    """Organizations whose membership holds, or may hold, on the day and that pass the rule."""
    unassigned: tuple[tuple[int, str], ...]
    """(id, name) of those members without any district."""
    districts: tuple[DistrictCoverage, ...] = field(repr=False)
    """By chamber and number: every district, covered or not."""

    @property
    def gaps(self) -> tuple[DistrictCoverage, ...]:
        """The districts that nobody reaches."""
        return tuple(each for each in self.districts if each.state == "gap")

    @property
    def possible(self) -> tuple[DistrictCoverage, ...]:
        """The districts that only doubtful evidence reaches."""
        return tuple(each for each in self.districts if each.state == "possible")

    def total(self, chamber: str) -> tuple[int, int]:
        """(confirmed, all) districts of a chamber."""
        own = [each for each in self.districts if each.chamber == chamber]
        return sum(each.state == "confirmed" for each in own), len(own)

    @property
    def chambers(self) -> tuple[str, ...]:
        """The chambers answered for, in order."""
        return tuple(dict.fromkeys(each.chamber for each in self.districts))

    def sentence(self, chamber: str) -> str:
        """The figure of a chamber as a statement with its terms."""
        confirmed, everything = self.total(chamber)
        rule = self.rule
        one = rule.min_count == 1
        need = "at least one organization" if one else f"at least {rule.min_count} organizations"
        if rule.unit == "family":
            need += " (affiliates counted once)"
        was, has = ("was a", "has") if one else ("were each a", "have")
        site = {"any": "a site", "hq": "headquarters", "service": "a service site"}[rule.basis]
        silo = f" of the silo {rule.silo}" if rule.silo else ""
        level = LEVEL_WORD.get(rule.min_match, f"match level {rule.min_match}")
        return (
            f"{confirmed} of {everything} {CHAMBER_WORD.get(chamber, chamber)} districts have {need}{silo} that {was}"
            f" member on {self.as_of.day} {self.as_of:%B %Y} and {has} {site} inside the district, on the map"
            f" {self.map_code}, with a match of {level} or better."
        )


def coverage(
    db: Handle, as_of: date, rule: Rule | None = None, *, map_code: str = "", map_by: str = "seated"
) -> Coverage:
    """Judge every district of a map on a day.

    Raises:
        CannotDecide: no map with boundaries holds on the day.
        NotFound: the named map or silo does not exist.
        InvalidValue: a term of the rule is none.
    """
    rule = rule or Rule()
    _check(rule)
    chosen = map_for(db, as_of, code=map_code, by=map_by)
    districts = _districts(db, chosen)
    chambers = list(dict.fromkeys(each[1] for each in districts))
    if rule.chamber != "both" and rule.chamber not in chambers:
        raise NotFound(f"the map {chosen.code} has no {rule.chamber}", f"its chambers: {', '.join(chambers)}")
    members = _members(db, as_of, rule)
    shift = chosen.border_shift_m or 0.0
    evidence, placed = _evidence(db, chosen, members, as_of, rule, shift)
    states = _states(districts, evidence, chosen.base_chamber, rule, shift)
    names = {key: member.name for key, member in members.items()}
    answers = tuple(
        _answer(district, states[district[1], district[2]], names)
        for district in districts
        if rule.chamber in {"both", district[1]}
    )
    unassigned = tuple(sorted(((key, names[key]) for key in members if key not in placed), key=_by_name))
    return Coverage(rule, as_of, chosen.code, chosen.sha256, shift, len(members), unassigned, answers)


def silo_codes(db: Handle) -> list[str]:
    """The codes of the coalition's silos, in its order."""
    return [code for (code,) in tuples(db, Silo.select(Silo.code).order_by(Silo.id))]


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    unit: int
    sure: bool


def _check(rule: Rule) -> None:
    for name, value, allowed in (
        ("basis", rule.basis, BASES),
        ("unit", rule.unit, UNITS),
        ("chamber", rule.chamber, ("house", "senate", "both")),
    ):
        if value not in allowed:
            raise InvalidValue(name, value, "is unknown", f"one of: {', '.join(allowed)}")
    if not 0 <= rule.min_match <= max(LEVEL_WORD):
        raise InvalidValue("min-match", rule.min_match, "is no match level", f"from 0 to {max(LEVEL_WORD)}")
    if rule.min_count < 1:
        raise InvalidValue("min-count", rule.min_count, "must be at least 1")


def _members(db: Handle, as_of: date, rule: Rule) -> dict[int, _Member]:
    """Organizations that are, or may be, members on the day."""
    query = (
        Membership.select(
            Membership.organization,
            Membership.since,
            Membership.until,
            Membership.recorded_on,
            Organization.name,
            Organization.parent,
        )
        .join(Organization, on=(Membership.organization == Organization.id))
        .where(
            # A tie that has ended held until its last day; one that ended nobody knows when says nothing of any day.
            (Membership.status == "active") | (Membership.status.in_(("lapsed", "closed")) & (Membership.until != ""))
        )
        .where((Organization.archived_on == "") | (Organization.archived_on > as_of.isoformat()))
    )
    if rule.silo:
        silo = tuples(db, Silo.select(Silo.id).where((Silo.code == rule.silo) | (Silo.label == rule.silo)))
        if not silo:
            raise NotFound(f"there is no silo {rule.silo}", f"silos: {', '.join(silo_codes(db))}")
        shares = SiloShare.select(SiloShare.organization).where(SiloShare.silo == silo[0][0])
        query = query.where(Membership.organization.in_(shares))
    day = as_of.isoformat()
    found: dict[int, _Member] = {}
    for key, since, until, recorded, name, parent in tuples(db, query):
        holds = covers(since, until, day, recorded_on=recorded)
        if holds != "no" and not (key in found and found[key].sure):
            unit = parent if rule.unit == "family" and parent else key
            found[key] = _Member(name, unit, holds == "yes")
    return found


def _districts(db: Handle, chosen: DistrictMap) -> list[tuple[int, str, int, str, str, int | None]]:
    query = (
        District.select(District.id, District.chamber, District.number, District.name, District.ocd_id, District.parent)
        .where(District.map == chosen.id)
        .order_by(District.chamber, District.number)
    )
    return tuples(db, query)


def _evidence(
    db: Handle, chosen: DistrictMap, members: dict[int, _Member], as_of: date, rule: Rule, shift: float
) -> tuple[dict[str, list[Evidence]], set[int]]:
    """Evidence by chamber, and the organizations that have any, whatever the basis.

    A point outweighs what a file states of its site; several stated districts of one site are candidates, none certain.
    """
    kinds = {"any": ("hq", "service"), "hq": ("hq",), "service": ("service",)}[rule.basis]
    query = (
        Assignment.select(
            Site.id,
            Site.organization,
            Site.kind,
            Site.since,
            Site.until,
            District.chamber,
            District.number,
            Assignment.match_level,
            Assignment.share,
            Assignment.border_m,
            Assignment.neighbour,
            Assignment.method,
            Assignment.snapped_m,
        )
        .join(Site, on=(Assignment.site == Site.id))
        .join(District, on=(Assignment.district == District.id))
        .where((District.map == chosen.id) & (Site.kind != "mailing"))
    )
    day = as_of.isoformat()
    found: dict[str, list[Evidence]] = {}
    placed: set[int] = set()
    rows = tuples(db, query)
    pointed = {row[0] for row in rows if row[-2] != "stated"}
    candidates = Counter((row[0], row[5]) for row in rows if row[-2] == "stated")
    for row in rows:
        site, organization, kind, since, until, chamber, number, level, share, border_m, neighbour, method, snap = row
        if method == "stated":
            if site in pointed:
                continue
            share = share or 1 / candidates[site, chamber]
        member = members.get(organization)
        holds = covers(since, until, day, recorded_on="") if since or until else "yes"
        if member is None or holds == "no":
            continue
        level = level or 0
        # A point outside the state was taken to its edge: beyond its own uncertainty that is a guess.
        sure = member.sure and holds == "yes" and (snap or 0) <= radius_m(level) + shift
        placed.add(organization)
        if kind not in kinds:
            continue
        found.setdefault(chamber, []).append(
            Evidence(organization, member.unit, number, level, share, border_m, neighbour, sure)
        )
    return found, placed


def _states(
    districts: list[tuple[int, str, int, str, str, int | None]],
    evidence: dict[str, list[Evidence]],
    base: str,
    rule: Rule,
    shift: float,
) -> dict[tuple[str, int], DistrictState]:
    terms: Any = {"min_count": rule.min_count, "min_match": rule.min_match, "border_shift_m": shift}
    numbers: dict[str, list[int]] = {}
    for _, chamber, number, *_ in districts:
        numbers.setdefault(chamber, []).append(number)
    number_of = {key: number for key, _, number, *_ in districts}
    parents = {
        number: number_of[up] for _, chamber, number, _, _, up in districts if chamber == base and up is not None
    }
    judged = {}
    for chamber, some in numbers.items():
        nested = lift(evidence.get(base, []), parents) if chamber != base else []
        judged[chamber] = {state.number: state for state in judge([*evidence.get(chamber, []), *nested], some, **terms)}
    return {(chamber, number): state for chamber, states in judged.items() for number, state in states.items()}


def _answer(
    district: tuple[int, str, int, str, str, int | None], state: DistrictState, names: dict[int, str]
) -> DistrictCoverage:
    _, chamber, number, name, ocd_id, _ = district
    certain = tuple(sorted(((key, names[key]) for key in state.certain), key=_by_name))
    doubtful = tuple(sorted(((key, names[key]) for key in state.doubtful), key=_by_name))
    return DistrictCoverage(ocd_id, chamber, number, name, state.state, certain, doubtful)


def _by_name(pair: tuple[int, str]) -> tuple[str, int]:
    return pair[1].casefold(), pair[0]
