"""Why a district is judged so: every organization and site that speaks for it, and what each lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from partners_crm.districts.coverage import WHOLE
from partners_crm.districts.uncertainty import radius_m
from partners_crm.errors import NotFound
from partners_crm.model import Assignment, Membership, Site
from partners_crm.normalize.dates import written_day
from partners_crm.services.cards import site_line
from partners_crm.services.coverage.evidence import KINDS, Heard, heard
from partners_crm.services.coverage.judging import Coverage, DistrictCoverage, Question, answer, ask, association_name
from partners_crm.services.coverage.rule import LEVEL_WORD, Rule, terms_in_words
from partners_crm.services.seats import Holder, seat_of
from partners_crm.store.journal import operations
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, parts, tuples

NO_VOTE = "does not count: neither its headquarters are here nor has it somebody who may vote for it"
MAYBE_VOTES = "may have had nobody who may vote for it on that day"


@dataclass(frozen=True, slots=True)
class Witness:
    """A site that speaks for a district."""

    organization: int
    name: str
    site: int
    place: str
    """The site on one line."""
    kind: str
    """hq or service."""
    certain: bool
    counts: bool
    """Whether it is evidence at the level asked for."""
    share: float
    """Of where the site may stand; 1 where all of it lies in the district."""
    method: str
    """point, zip, stated or manual."""
    match_level: int
    border_m: float | None
    """Metres to the nearest other district."""
    membership: str
    """From when to when it is a member."""
    decision: str
    """Of a district that a person decided: why, who, and on which day; else ""."""
    doubts: tuple[str, ...]
    """What keeps it from being certain, or from counting; empty when it is."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one district, and everything behind it."""

    coverage: Coverage
    district: DistrictCoverage
    witnesses: tuple[Witness, ...]
    """Certain ones first, then possible ones, each by name, then those that do not count."""
    lawmaker: Holder

    @property
    def sentence(self) -> str:
        """The answer as a statement."""
        each, found = self.district, self.coverage
        rule, certain, possible = found.rule, len(each.organizations), len(each.possible)
        heads = {
            "confirmed": f"is covered: it has {_counted(certain)}",
            "possible": f"may be covered: {_counted(certain) if certain else 'none'} for certain, and possibly"
            f" {_counted(possible)}",
            "gap": "is a gap: it has no organization"
            if rule.min_count == 1
            else f"is a gap: it has fewer than {rule.min_count} organizations",
        }
        several = max(certain, possible, rule.min_count if each.state == "gap" else 0) > 1
        day = written_day(found.as_of)
        terms = terms_in_words(rule, day, found.map_code, found.association, several=several)
        return f"{each.name} {heads[each.state]}{terms}"


def explain(db: Handle, as_of: date, rule: Rule, chamber: str, number: int) -> Explanation:
    """Explain the answer for one district under a rule.

    Raises:
        NotFound: the map has no such district.
        CannotDecide, InvalidValue: as `coverage`.
    """
    question = ask(db, as_of, rule)
    found = answer(question, association_name(db, rule))
    district = next((each for each in found.of(chamber) if each.number == number), None)
    if district is None:
        numbers = question.districts.numbers.get(chamber, [])
        what = f"from 1 to {len(numbers)}" if numbers else f"its chambers: {', '.join(question.districts.chambers)}"
        raise NotFound(f"the map {found.map_code} has no {chamber} district {number}", what)
    return Explanation(found, district, _witnesses(db, question, chamber, number), seat_of(db, chamber, number, as_of))


def _witnesses(db: Handle, question: Question, chamber: str, number: int) -> tuple[Witness, ...]:
    parents = question.districts.parents
    inside: dict[int, tuple[Heard, float]] = {}
    for each in heard(question.rows, question.members, question.as_of, question.shift, question.districts):
        if each.row.kind not in KINDS[question.rule.basis]:
            continue
        for here, share in each.alternatives:
            own = each.chamber == chamber and here == number
            nested = question.districts.nested_in.get(each.chamber) == chamber
            if own or (nested and parents[each.chamber].get(here) == number):
                before = inside.get(each.row.site)
                inside[each.row.site] = (each, min(1.0, share + (before[1] if before else 0.0)))
    sites = by_ids(db, Site, inside)
    decisions = _decisions(db, [each.row.assignment for each, _ in inside.values() if each.row.method == "manual"])
    spans = _spans(db, {each.row.organization for each, _ in inside.values()})
    # A site that was deleted while this was read speaks no more.
    found = [
        _witness(
            question,
            each,
            share,
            sites[key],
            spans.get(each.row.organization, ""),
            decisions.get(each.row.assignment, ""),
        )
        for key, (each, share) in inside.items()
        if key in sites
    ]
    return tuple(sorted(found, key=lambda each: (not each.certain, not each.counts, each.name.casefold(), each.site)))


def _witness(question: Question, each: Heard, share: float, site: Site, membership: str, decision: str) -> Witness:
    row = each.row
    doubts = _doubts(question, each, share, site)
    return Witness(
        row.organization,
        each.member.name,
        row.site,
        site_line(site),
        row.kind,
        not doubts,
        NO_VOTE not in doubts,
        round(share, 4),
        row.method,
        row.match_level or 0,
        row.border_m,
        membership,
        decision,
        tuple(doubts),
    )


def _decisions(db: Handle, assignments: list[int]) -> dict[int, str]:
    """By assignment, why a person decided so, who that was, and when."""
    found = by_ids(db, Assignment, assignments)
    done = {each.id: each for each in operations(db, sorted({each.version for each in found.values()}))}
    return {
        key: f"{each.reason} ({done[each.version].actor if each.version in done else 'somebody'},"
        f" {each.computed_at[:10]})"
        for key, each in found.items()
    }


def _doubts(question: Question, each: Heard, share: float, site: Site) -> list[str]:
    row, rule = each.row, question.rule
    level = row.match_level or 0
    found = []
    if not each.member.sure:
        found.append("may not have been a member on that day")
    if each.holds != "yes":
        found.append("the site may not have been there on that day")
    if level < rule.min_match:
        wanted = LEVEL_WORD.get(rule.min_match, f"match level {rule.min_match}")
        found.append(f"known by {LEVEL_WORD.get(level, f'match level {level}')} only, {wanted} is asked for")
    if share < WHOLE:
        found.append(_why_shared(question, each, share, site))
    if row.snapped_m and not each.sure:
        found.append(f"its point lies {row.snapped_m:,.0f} m outside the state")
    if question.voters is not None and row.kind != "hq" and not question.voters.get(row.organization):
        found.append(MAYBE_VOTES if row.organization in question.voters else NO_VOTE)
    return found


def _why_shared(question: Question, each: Heard, share: float, site: Site) -> str:
    row = each.row
    if row.method == "zip":
        return f"{share:.0%} of the area of ZIP {site.postal_code[:5]} lies here"
    if row.chamber != each.chamber:
        return f"known to lie in {question.districts.names[row.chamber]} {row.number} only"
    if row.method == "stated":
        return "a file states several districts for it"
    reach = radius_m(row.match_level or 0) + question.shift
    border = "on" if row.on_border else "near"
    return f"stands {border} the border: {share:.0%} of the {reach:.0f} m around its point lie here"


def _spans(db: Handle, organizations: set[int]) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for some in parts(sorted(organizations)):
        query = Membership.select(Membership.organization, Membership.since, Membership.until)
        for key, since, until in tuples(db, query.where(Membership.organization.in_(some)).order_by(Membership.id)):
            span = f"since {since}" if since else "start unknown"
            found[key] = span + (f", until {until}" if until else "")
    return found


def _counted(number: int) -> str:
    return "1 organization" if number == 1 else f"{number} organizations"
