"""What speaks for which district on a day: who is a member, which sites count, and where each may stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from partners_crm.districts.coverage import Evidence
from partners_crm.districts.uncertainty import MANUAL, SHARE_FLOOR, radius_m, share_beyond
from partners_crm.errors import NotFound
from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    District,
    DistrictMap,
    Membership,
    Organization,
    Role,
    Silo,
    SiloShare,
    Site,
)
from partners_crm.normalize.dates import covers
from partners_crm.services.coverage.rule import ALL_SILOS, Rule
from partners_crm.store.maps import Districts
from partners_crm.store.open import Handle
from partners_crm.store.read import find, tuples

KINDS = {"any": ("hq", "service"), "hq": ("hq",), "service": ("service",)}
"""Kinds of sites that count, by basis."""


@dataclass(frozen=True, slots=True)
class Member:
    """An organization whose membership holds, or may hold, on the day."""

    name: str
    unit: int
    """What counts once."""
    sure: bool


class Place(NamedTuple):
    """One assignment of a site that may count, as it stands in the database."""

    assignment: int
    site: int
    organization: int
    kind: str
    since: str
    until: str
    chamber: str
    number: int
    match_level: int | None
    share: float | None
    border_m: float | None
    neighbour: int | None
    method: str
    snapped_m: float | None
    on_border: bool


def members(db: Handle, as_of: date, rule: Rule) -> dict[int, Member]:
    """Organizations that are, or may be, members on the day: of the coalition, or of the association asked about.

    Raises:
        NotFound: there is no such silo or association.
    """
    day = as_of.isoformat()
    query = _affiliated(db, rule.of) if rule.of else _own()
    query = query.where((Organization.archived_on == "") | (Organization.archived_on > day))
    if rule.silo and rule.silo != ALL_SILOS:
        tie = Affiliation if rule.of else Membership
        query = query.where(tie.organization.in_(in_silo(db, rule.silo)))
    unit_of = units(db, rule)
    found: dict[int, Member] = {}
    for key, since, until, recorded, name in tuples(db, query):
        holds = covers(since, until, day, recorded_on=recorded)
        if holds != "no" and not (key in found and found[key].sure):
            found[key] = Member(name, unit_of(key), holds == "yes")
    return found


def units(db: Handle, rule: Rule) -> Callable[[int], int]:
    """What counts once, by organization: it itself, or the body at the head of its family."""
    if rule.unit != "family":
        return lambda key: key
    query = Organization.select(Organization.id, Organization.parent).where(Organization.parent.is_null(False))
    parents = dict(tuples(db, query))

    def head(key: int) -> int:
        seen = {key}
        while (above := parents.get(key)) is not None and above not in seen:
            seen.add(above)
            key = above
        return key

    return head


def _own() -> Any:
    return (
        Membership.select(
            Membership.organization,
            Membership.since,
            Membership.until,
            Membership.recorded_on,
            Organization.name,
        )
        .join(Organization, on=(Membership.organization == Organization.id))
        .where(
            # A tie that has ended held until its last day; one that ended nobody knows when says nothing of any day.
            (Membership.status == "active") | (Membership.status.in_(("lapsed", "closed")) & (Membership.until != ""))
        )
    )


def _affiliated(db: Handle, name: str) -> Any:
    association = find(db, Organization, name)
    return (
        Affiliation.select(
            Affiliation.organization,
            Affiliation.since,
            Affiliation.until,
            Affiliation.confirmed_on,
            Organization.name,
        )
        .join(Organization, on=(Affiliation.organization == Organization.id))
        .where(Affiliation.association == association.id)
    )


def in_silo(db: Handle, word: str) -> Any:
    """The organizations of a silo, as a query.

    Raises:
        NotFound: there is no such silo.
    """
    return SiloShare.select(SiloShare.organization).where(SiloShare.silo == silo_id(db, word))


def silo_id(db: Handle, word: str) -> int:
    """The id of a silo by its code or label.

    Raises:
        NotFound: there is none; the hint names those there are.
    """
    found = tuples(db, Silo.select(Silo.id).where((Silo.code == word) | (Silo.label == word)))
    if not found:
        codes = ", ".join(code for (code,) in tuples(db, Silo.select(Silo.code).order_by(Silo.id)))
        raise NotFound(f"there is no silo {word}", f"silos: {codes}")
    return int(found[0][0])


def places(db: Handle, district_map: DistrictMap) -> list[Place]:
    """Every assignment that holds under a map, but those of mailing addresses."""
    query = (
        Assignment.select(
            Assignment.id,
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
            Assignment.on_border,
        )
        .join(Site, on=(Assignment.site == Site.id))
        .join(District, on=(Assignment.district == District.id))
        .where((District.map == district_map.id) & (Assignment.replaced_at == "") & (Site.kind != "mailing"))
    )
    return [Place._make(row) for row in tuples(db, query)]


class Spoken(NamedTuple):
    """What the places of members say."""

    evidence: dict[str, list[Evidence]]
    """By the chamber with borders that the districts are of."""
    placed: set[int]
    """Organizations that have any district, whatever the basis."""


class Heard(NamedTuple):
    """A place of a member, and what it is worth on the day."""

    row: Place
    chamber: str
    """The chamber with borders whose districts the alternatives are."""
    member: Member
    holds: str
    """Whether the site was there on the day: yes or possible."""
    sure: bool
    """The membership and the site certainly hold, and the point is no guess from outside the state."""
    alternatives: list[tuple[int, float]]
    """(number, share) of the districts it may stand in."""


def heard(
    rows: list[Place], who: dict[int, Member], as_of: date, shift: float, districts: Districts
) -> Iterator[Heard]:
    """The places of members that may count; `shift` is the map's border shift in metres.

    A point outweighs what a file states of its site; several stated districts of one site are candidates, none
    certain. A district that others are nested in speaks for each of those alike, and so, whole, for itself.
    """
    below = {above: code for code, above in districts.nested_in.items()}
    day = as_of.isoformat()
    outweighed, candidates = _weigh(rows, below)
    for row in rows:
        member = who.get(row.organization)
        if member is None or row.assignment in outweighed:
            continue
        holds = covers(row.since, row.until, day, recorded_on=day) if row.since or row.until else "yes"
        if holds != "no":
            sure = member.sure and holds == "yes" and _is_inside(row, shift)
            some = _alternatives(row, shift, candidates[row.site, row.chamber])
            layer = below.get(row.chamber, row.chamber)
            if layer != row.chamber:
                nested = [number for number, up in districts.parents[layer].items() if up == row.number]
                some = [(number, share / len(nested)) for _, share in some for number in nested]
            yield Heard(row, layer, member, holds, sure, some)


def speak(
    rows: list[Place], who: dict[int, Member], as_of: date, rule: Rule, shift: float, districts: Districts
) -> Spoken:
    """The evidence of places for districts under a rule."""
    kinds = KINDS[rule.basis]
    found: dict[str, list[Evidence]] = {}
    placed: set[int] = set()
    for row, chamber, member, _, sure, alternatives in heard(rows, who, as_of, shift, districts):
        placed.add(row.organization)
        if row.kind in kinds:
            level = row.match_level or 0
            found.setdefault(chamber, []).extend(
                [
                    Evidence(row.organization, member.unit, row.site, number, level, share, sure)
                    for number, share in alternatives
                ]
            )
    return Spoken(found, placed)


def _weigh(rows: list[Place], below: Mapping[str, str]) -> tuple[set[int], Counter[tuple[int, str]]]:
    """The assignments that a point or a person outweighs, and how many districts are stated of (site, chamber).

    Chambers that do not nest speak for themselves: a decision on one says nothing of what is stated of another.
    """
    stated = [row for row in rows if row.method == "stated"]
    known = {(row.site, below.get(row.chamber, row.chamber)) for row in rows if row.method in {"point", "manual"}}
    outweighed = {row.assignment for row in stated if (row.site, below.get(row.chamber, row.chamber)) in known}
    return outweighed, Counter((row.site, row.chamber) for row in stated)


def _is_inside(row: Place, shift: float) -> bool:
    """Whether a point just outside the state was taken to its edge from no farther than its own uncertainty."""
    return (row.snapped_m or 0) <= radius_m(row.match_level or 0) + shift


def _alternatives(row: Place, shift: float, stated: int) -> list[tuple[int, float]]:
    """(number, share) of the districts that an assignment speaks for."""
    if row.method == "stated":
        return [(row.number, 1 / max(1, stated))]
    if row.share is not None:
        return [(row.number, row.share)]
    level = row.match_level or 0
    reach = radius_m(level) + shift
    # An assignment of before, or one whose uncertainty was set larger since: its one neighbour stands for all.
    if row.border_m is not None and row.neighbour is not None and row.border_m <= reach and level < MANUAL:
        beyond = max(SHARE_FLOOR, share_beyond(row.border_m, reach))
        return [(row.number, 1 - beyond), (row.neighbour, beyond)]
    return [(row.number, 1.0)]


def voters(db: Handle, as_of: date) -> dict[int, bool]:
    """Organizations with somebody who may vote for them on the day, and whether that is certain."""
    day = as_of.isoformat()
    query = (
        Role.select(Role.organization, Role.since, Role.until)
        .join(Contact, on=(Role.contact == Contact.id))
        .where(Role.votes_for & ((Contact.archived_on == "") | (Contact.archived_on > day)))
    )
    found: dict[int, bool] = {}
    for key, since, until in tuples(db, query):
        holds = covers(since, until, day, recorded_on=day)
        if holds != "no":
            found[key] = found.get(key, False) or holds == "yes"
    return found
