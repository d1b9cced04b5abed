"""The answer for every district under a rule, for all members together or silo by silo."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from partners_crm.districts.coverage import DistrictState, Evidence, judge, lift
from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import DistrictMap, Organization, Silo, SiloShare
from partners_crm.normalize.dates import written_day
from partners_crm.services.coverage import evidence as what
from partners_crm.services.coverage.rule import Rule, sentence
from partners_crm.store.maps import Districts, Placed, districts_of, map_for
from partners_crm.store.open import Handle
from partners_crm.store.read import find, tuples


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
    chamber_names: dict[str, str]
    """What the districts of each chamber answered for are called."""
    association: str
    """Name of the association asked about; "" for this coalition."""
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

    @property
    def verdict(self) -> str:
        """met, gaps or undecided: a proven gap wins over what is undecided."""
        if self.gaps:
            return "gaps"
        return "undecided" if self.why else "met"

    @property
    def why(self) -> str:
        """What leaves the rule undecided, "" when nothing does."""
        allowed, lost = self.rule.max_unassigned, len(self.unassigned)
        if self.rule.strict and self.possible:
            return f"{len(self.possible)} districts are possible, not certain"
        if allowed is not None and lost > allowed:
            return f"{lost} members have no district, at most {allowed} may"
        return ""

    def of(self, chamber: str) -> tuple[DistrictCoverage, ...]:
        """The districts of a chamber."""
        return tuple(each for each in self.districts if each.chamber == chamber)

    def total(self, chamber: str) -> tuple[int, int]:
        """(confirmed, all) districts of a chamber."""
        own = self.of(chamber)
        return sum(each.state == "confirmed" for each in own), len(own)

    @property
    def chambers(self) -> tuple[str, ...]:
        """The chambers answered for, in order."""
        return tuple(self.chamber_names)

    def sentence(self, chamber: str) -> str:
        """The figure of a chamber as a statement with its terms."""
        day = written_day(self.as_of)
        return sentence(
            self.rule, self.chamber_names[chamber], *self.total(chamber), day, self.map_code, self.association
        )


class Question(NamedTuple):
    """What a rule asks of a database on a day, read once."""

    as_of: date
    rule: Rule
    map: DistrictMap
    districts: Districts
    members: dict[int, what.Member]
    rows: list[what.Place]
    voters: dict[int, bool] | None
    """Organizations with somebody who may vote for them, and whether that is certain; None where nobody asks."""

    @property
    def shift(self) -> float:
        """Metres a border may lie off."""
        return self.map.border_shift_m or 0.0


def ask(db: Handle, as_of: date, rule: Rule) -> Question:
    """Read what a rule asks about.

    Raises:
        CannotDecide: no map with boundaries holds on the day, or the level is not recorded.
        NotFound: the named map, silo, association or chamber does not exist.
        InvalidValue: a term of the rule is none.
    """
    rule.check()
    if rule.level > 2:
        needs = "who knows the lawmaker" if rule.level == 3 else "who was in touch with the lawmaker"
        raise CannotDecide(f"level {rule.level} is not recorded: {needs} is not kept", "ask at level 1 or 2")
    chosen = map_for(db, as_of, code=rule.map, by=rule.map_by)
    districts = districts_of(db, chosen)
    if rule.chamber != "both" and rule.chamber not in districts.chambers:
        raise NotFound(f"the map {chosen.code} has no {rule.chamber}", f"its chambers: {', '.join(districts.chambers)}")
    found = what.members(db, as_of, rule)
    if rule.of and not found and not rule.silo:
        raise CannotDecide(
            f"no members of {association_name(db, rule)} are recorded on {as_of.isoformat()}",
            "add them: partners add affiliation organization=N association=N",
        )
    voting = what.voters(db, as_of) if rule.level == 2 else None
    return Question(as_of, rule, chosen, districts, found, what.places(db, chosen), voting)


def coverage(db: Handle, as_of: date, rule: Rule | None = None) -> Coverage:
    """Judge every district of a map on a day.

    Raises:
        CannotDecide, NotFound, InvalidValue: as `ask`.
    """
    rule = rule or Rule()
    return answer(ask(db, as_of, rule), association_name(db, rule))


def coverage_by_silo(db: Handle, as_of: date, rule: Rule | None = None) -> dict[str, Coverage]:
    """Judge every district for every silo by itself, by the silos' codes in their order.

    Raises:
        CannotDecide, NotFound, InvalidValue: as `ask`.
    """
    rule = replace(rule or Rule(), silo="")
    question, association = ask(db, as_of, rule), association_name(db, rule)
    codes = dict(tuples(db, Silo.select(Silo.id, Silo.code).order_by(Silo.id)))
    own: dict[int, set[int]] = {key: set() for key in codes}
    for silo, organization in tuples(db, SiloShare.select(SiloShare.silo, SiloShare.organization)):
        own[silo].add(organization)
    spoken = speak(question)
    found = {}
    for key, code in codes.items():
        some = {number: member for number, member in question.members.items() if number in own[key]}
        part = question._replace(rule=replace(rule, silo=code), members=some)
        evidence = {
            chamber: [each for each in each_one if each.organization in some]
            for chamber, each_one in spoken.evidence.items()
        }
        found[code] = _answer(part, what.Spoken(evidence, spoken.placed), association)
    return found


def silo_codes(db: Handle) -> list[str]:
    """The codes of the coalition's silos, in its order."""
    return [code for (code,) in tuples(db, Silo.select(Silo.code).order_by(Silo.id))]


def speak(question: Question) -> what.Spoken:
    """The evidence of a question, as its rule and level have it."""
    rule = question.rule
    spoken = what.speak(question.rows, question.members, question.as_of, rule, question.shift, question.districts)
    if question.voters is None:
        return spoken
    seats = {row.site for row in question.rows if row.kind == "hq"}
    near: dict[str, list[Evidence]] = {}
    for chamber, some in spoken.evidence.items():
        for each in some:
            if each.site in seats or question.voters.get(each.organization):
                near.setdefault(chamber, []).append(each)
            elif each.organization in question.voters:
                near.setdefault(chamber, []).append(each._replace(sure=False))
    return what.Spoken(near, spoken.placed)


def answer(question: Question, association: str = "") -> Coverage:
    """The answer to a question."""
    return _answer(question, speak(question), association)


def by_chamber(question: Question, spoken: what.Spoken) -> dict[str, list[Evidence]]:
    """The evidence for the districts of every chamber, those that others are nested in too."""
    found = {}
    for chamber in question.districts.chambers:
        found[chamber] = spoken.evidence.get(chamber, [])
        for below, above in question.districts.nested_in.items():
            if above == chamber:
                found[chamber] = lift(spoken.evidence.get(below, []), question.districts.parents[below])
    return found


def _answer(question: Question, spoken: what.Spoken, association: str) -> Coverage:
    rule, chosen, districts = question.rule, question.map, question.districts
    names = {key: member.name for key, member in question.members.items()}
    asked = districts.chambers if rule.chamber == "both" else (rule.chamber,)
    states: dict[tuple[str, int], DistrictState] = {}
    evidence = by_chamber(question, spoken)
    for chamber in asked:
        numbers = districts.numbers[chamber]
        for state in judge(evidence[chamber], numbers, min_count=rule.min_count, min_match=rule.min_match):
            states[chamber, state.number] = state
    return Coverage(
        rule,
        question.as_of,
        chosen.code,
        chosen.sha256,
        question.shift,
        len(question.members),
        tuple(sorted(((key, names[key]) for key in names if key not in spoken.placed), key=_by_name)),
        {chamber: districts.names[chamber] for chamber in asked},
        association,
        tuple(
            _district(each, states[each.chamber, each.number], names)
            for each in districts.rows
            if each.chamber in asked
        ),
    )


def _district(district: Placed, state: DistrictState, names: dict[int, str]) -> DistrictCoverage:
    certain = tuple(sorted(((key, names[key]) for key in state.certain), key=_by_name))
    doubtful = tuple(sorted(((key, names[key]) for key in state.doubtful), key=_by_name))
    return DistrictCoverage(
        district.ocd_id, district.chamber, district.number, district.name, state.state, certain, doubtful
    )


def association_name(db: Handle, rule: Rule) -> str:
    """The name of the association a rule asks about; "" for the coalition."""
    return find(db, Organization, rule.of).name if rule.of else ""


def _by_name(pair: tuple[int, str]) -> tuple[str, int]:
    return pair[1].casefold(), pair[0]
