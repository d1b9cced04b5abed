"""The checks of the core; each reads through the module that answers the same question elsewhere.

What a check reads is imported when it runs: saving a rule, or running one of them, must not load all the others.
"""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING

from partners_crm.errors import CannotDecide, InvalidValue
from partners_crm.services.checks.check import Answer, Case, Check, CheckTerm, Finding, Terms
from partners_crm.services.checks.terms import quoted
from partners_crm.services.coverage.rule import ALL_SILOS, BASES, CHAMBERS, LEVELS, MAP_BY, UNITS
from partners_crm.services.coverage.rule import Rule as CoverageRule
from partners_crm.store.open import Handle

if TYPE_CHECKING:
    from partners_crm.services.coverage import Coverage, DistrictCoverage

NAMED = 3
"""Organizations named for one district."""
VACANT = ("allowed", "finding")
"""What a seat that is vacant can be."""


# -------------------------------------------------------------------- coverage


COVERAGE_TERMS = (
    CheckTerm("chamber", "the districts of which chamber", "both", CHAMBERS),
    CheckTerm("basis", "which sites count", "any", BASES),
    CheckTerm("silo", f"organizations of one silo; {ALL_SILOS}: every silo by itself"),
    CheckTerm("of", "the members of an association instead of ours"),
    CheckTerm("unit", "family: affiliates of one parent count once", "org", UNITS),
    CheckTerm("min-count", "organizations a district needs", "1"),
    CheckTerm("min-match", "match level that settles a district", "80"),
    CheckTerm("level", "1 a member, 2 at home there", "1", tuple(map(str, LEVELS))),
    CheckTerm("map", "the district map; empty: the pinned one, else that of the day"),
    CheckTerm("map-by", "how a day picks its map", "seated", MAP_BY),
    CheckTerm("strict", "districts that are only possible are undecided", "no", ("no", "yes")),
    CheckTerm("max-unassigned", "more members without any district are undecided; empty: any number"),
)


def _coverage_rule(terms: Terms) -> CoverageRule:
    """The rule of a coverage check.

    Raises:
        InvalidValue: a term cannot have its value.
    """
    return CoverageRule.read(" ".join(f"{name}={quoted(value)}" for name, value in terms.items() if value))


def _refuse_coverage(db: Handle, terms: Terms) -> None:
    from partners_crm.errors import NotFound
    from partners_crm.services.coverage.evidence import silo_id
    from partners_crm.services.coverage.judging import association_name
    from partners_crm.store.maps import map_codes

    rule = _coverage_rule(terms)
    if rule.silo and rule.silo != ALL_SILOS:
        silo_id(db, rule.silo)
    if rule.map and rule.map not in map_codes(db):
        raise NotFound(f"there is no district map {rule.map} in this coalition", f"maps: {', '.join(map_codes(db))}")
    association_name(db, rule)


def _coverage(case: Case, terms: Terms) -> Answer:
    from partners_crm.services.coverage import coverage, coverage_by_silo

    rule = _coverage_rule(terms)
    if rule.silo != ALL_SILOS:
        return _covered(case, {"": coverage(case.db, case.as_of, rule)})
    return _covered(case, coverage_by_silo(case.db, case.as_of, rule))


def _covered(case: Case, answers: dict[str, Coverage]) -> Answer:
    """The answer of a coverage statement, or of one for each silo."""
    findings, doubts, well = [], [], []
    for silo, found in answers.items():
        prefix, words = (f"{silo} ", f"{silo}, ") if silo else ("", "")
        for each in found.districts:
            key, name = prefix + each.ocd_id, words + each.name
            if each.state == "gap":
                findings.append(Finding(key, f"{name}: {_lacking(each)}", _how(case, found, each, "gaps")))
            elif each.state == "possible":
                text = f"{name}: possible, not certain: {_named(each.organizations + each.possible)}"
                doubts.append(Finding(key, text, _how(case, found, each, "explain NUMBER")))
            else:
                well.append((key, f"{name}: {_named(each.organizations)}"))
    lost: dict[int, str] = {}
    for found in answers.values():
        allowed = found.rule.max_unassigned
        if allowed is not None and len(found.unassigned) > allowed:
            lost |= dict(found.unassigned)  # one may be in several silos
    doubts += [_lost(key, name) for key, name in lost.items()]
    statement, why = _statement(case, answers), next((each.why for each in answers.values() if each.why), "")
    if findings or not why:
        return Answer("findings" if findings else "met", statement, tuple(findings), tuple(doubts), tuple(well))
    return Answer("undecided", f"{statement} Undecided: {why}.", (), tuple(doubts), tuple(well))


def _statement(case: Case, answers: dict[str, Coverage]) -> str:
    first = next(iter(answers.values()), None)
    if first is None:
        return "The coalition has no silo."
    if "" in answers:
        return " ".join(first.sentence(chamber) for chamber in first.chambers)
    figures = "; ".join(f"{silo} {_figures(each)}" for silo, each in answers.items())
    return f"Silo by silo, on {_written_day(case.as_of)}, on the map {first.map_code}: {figures} districts."


def _figures(found: Coverage) -> str:
    """The figures of a silo: 3 of 118 House, 2 of 59 Senate."""
    totals = [(*found.total(chamber), found.chamber_names[chamber]) for chamber in found.chambers]
    return ", ".join(f"{confirmed} of {everything} {name}" for confirmed, everything, name in totals)


def _lacking(each: DistrictCoverage) -> str:
    some = each.organizations + each.possible
    return f"only {_named(some)}" if some else "no member"


def _how(case: Case, found: Coverage, each: DistrictCoverage, verb: str) -> str:
    """The command that says more about the districts of a chamber that are in the same case."""
    rule = found.rule
    terms = [(name, getattr(rule, name)) for name in ("basis", "silo", "of", "unit", "min_count", "min_match", "map")]
    default = CoverageRule()
    words = [
        f" --{name.replace('_', '-')} {quoted(str(value))}" for name, value in terms if value != getattr(default, name)
    ]
    day = "" if case.as_of == case.today else f" --as-of {case.as_of.isoformat()}"
    what = "who would close it" if verb == "gaps" else "why"
    return f"see {what}: partners coverage {verb} --chamber {each.chamber}{''.join(words)}{day}"


def _lost(key: int, name: str) -> Finding:
    return Finding(
        f"organization {key}",
        f"{name} (organization {key}) has no district",
        "partners check places says what to do for each",
    )


def _named(pairs: tuple[tuple[int, str], ...]) -> str:
    names = ", ".join(name for _, name in pairs[:NAMED])
    return names + (f" and {len(pairs) - NAMED} more" if len(pairs) > NAMED else "")


def _written_day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


# -------------------------------------------------------------------- maps and places


def _map(case: Case, _terms: Terms) -> Answer:
    # The doctor looks at the disk too, and loads what that takes.
    from partners_crm.services.doctor.case import Case as Looked
    from partners_crm.services.doctor.places import map_faults
    from partners_crm.store.maps import map_for

    looked = Looked(case.db, case.as_of, case.clock().astimezone(UTC), case.asked)
    findings = tuple(Finding(key, each.message, each.remedy) for key, each in map_faults(looked))
    day = _written_day(case.as_of)
    if findings:
        return Answer("findings", f"Not everything is right with the maps of {day}.", findings)
    chosen = map_for(case.db, case.as_of)
    code = chosen.code
    if chosen.seated_from > case.as_of.isoformat():
        about = f"the pinned map {code} is in force only from {chosen.seated_from}"
        remedy = "take the map of the day: partners config set map ''"
        return Answer("findings", f"Not everything is right with the maps of {day}.", (Finding(code, about, remedy),))
    return Answer(
        "met", f"The map {code} holds on {day}, and the borders of every map are those that sites were placed by."
    )


def _places(case: Case, terms: Terms) -> Answer:
    from partners_crm.services.coverage import coverage

    found = coverage(case.db, case.as_of)
    sites = _sites_of(case.db, [key for key, _ in found.unassigned])
    lost = tuple(
        Finding(f"organization {key}", f"{name} (organization {key}) has no district", _placing(key, sites.get(key)))
        for key, name in found.unassigned
    )
    placed = found.members - len(lost)
    statement = (
        f"{placed} of {found.members} members on {_written_day(case.as_of)} have a district on the map"
        f" {found.map_code}, for certain or possibly."
    )
    if len(lost) > _whole("max-unassigned", terms["max-unassigned"]):
        return Answer("findings", statement, lost)
    return Answer("met", statement, (), lost)


def _sites_of(db: Handle, organizations: list[int]) -> dict[int, list[int]]:
    """The sites that can be placed, by organization: no mailing address."""
    from partners_crm.model import Site
    from partners_crm.store.read import parts, tuples

    found: dict[int, list[int]] = {}
    for part in parts(organizations):
        query = Site.select(Site.organization, Site.id).where(Site.organization.in_(part) & (Site.kind != "mailing"))
        for organization, site in tuples(db, query.order_by(Site.id)):
            found.setdefault(organization, []).append(site)
    return found


def _placing(organization: int, sites: list[int] | None) -> str:
    if not sites:
        return f"add the place where it works: partners add site organization={organization} address=ADDRESS"
    return (
        f"give its site a point: partners edit site {sites[0]} latitude=LAT longitude=LON; a post office box cannot be"
        " placed"
    )


def _refuse_places(_db: Handle, terms: Terms) -> None:
    _whole("max-unassigned", terms["max-unassigned"])


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise InvalidValue(name, value, "is not a whole number", "0 or more")
    return int(value)


# -------------------------------------------------------------------- seats


def _seats(case: Case, terms: Terms) -> Answer:
    from partners_crm.services.seats import seats

    chamber = "" if terms["chamber"] == "both" else terms["chamber"]
    found, day = seats(case.db, case.as_of, chamber), _written_day(case.as_of)
    if all(each.status == "unknown" for each in found):
        raise CannotDecide(
            f"nobody is recorded as the holder of any seat on {day}", "load a roster: partners seats load FILE"
        )
    findings, doubts, well = [], [], []
    for each in found:
        remedy = f"say who holds it: partners seats set {each.chamber} NUMBER --holder NAME"
        if each.status == "unknown":
            findings.append(Finding(each.ocd_id, f"{each.seat_name}: nobody is known to hold it", remedy))
        elif each.status == "elect":
            text = f"{each.seat_name}: nobody is known to hold it until {each.name} is seated"
            findings.append(Finding(each.ocd_id, text, remedy))
        elif each.status == "vacant" and terms["vacant"] == "finding":
            findings.append(Finding(each.ocd_id, f"{each.seat_name}: vacant", remedy))
        elif not each.sure:
            text = f"{each.seat_name}: the dates of the term leave open whether {each.name or 'nobody'} holds it"
            doubts.append(
                Finding(
                    each.ocd_id,
                    text,
                    f"give the dates: partners seats set {each.chamber} NUMBER --holder NAME --since DATE",
                )
            )
        else:
            well.append((each.ocd_id, f"{each.seat_name}: {each.name or 'vacant'}"))
    held = len(found) - len(findings)
    or_vacant = " or a recorded vacancy" if terms["vacant"] == "allowed" else ""
    statement = f"{held} of {len(found)} seats have a known holder{or_vacant} on {day}."
    return Answer("findings" if findings else "met", statement, tuple(findings), tuple(doubts), tuple(well))


# -------------------------------------------------------------------- doctor


def _doctor_names(terms: Terms) -> list[str]:
    return [name for name in terms["checks"].replace(",", " ").split() if name]


def _refuse_doctor(_db: Handle, terms: Terms) -> None:
    from partners_crm.services.doctor import named

    named(_doctor_names(terms))


def _doctor(case: Case, terms: Terms) -> Answer:
    from partners_crm.services.doctor import FINDING, examine

    found = examine(case.db, _doctor_names(terms), case.today, case.clock, asked=case.asked)
    findings = []
    for one in found:
        faults = [each for each in one.findings if each.level == FINDING]
        for number, each in enumerate(faults, 1):
            # Messages hold counts and days; the place among the faults of a check stays the same.
            key = one.check if number == 1 else f"{one.check} {number}"
            findings.append(Finding(key, f"{one.check}: {each.message}", each.remedy))
    if findings:
        faulty = sum(one.count > 0 for one in found)
        return Answer("findings", f"{faulty} of {len(found)} checks of the doctor found faults.", tuple(findings))
    return Answer("met", f"The doctor found no fault in {len(found)} checks: {', '.join(one.check for one in found)}.")


CHECKS = (
    Check(
        "coverage",
        "every district has a member, under the terms of a coverage statement",
        _coverage,
        COVERAGE_TERMS,
        _refuse_coverage,
    ),
    Check("map", "a map holds on the day, the pin has not ended, and sites were placed by its borders", _map),
    Check(
        "places",
        "every member stands in a district, for certain or possibly",
        _places,
        (CheckTerm("max-unassigned", "members without any district that are no finding", "0"),),
        _refuse_places,
    ),
    Check(
        "seats",
        "every seat has a known holder, or is known to be vacant",
        _seats,
        (
            CheckTerm("chamber", "the seats of which chamber", "both", CHAMBERS),
            CheckTerm("vacant", "what a recorded vacancy is", "allowed", VACANT),
        ),
    ),
    Check(
        "doctor",
        "the coalition and its files are sound, as partners doctor sees them",
        _doctor,
        (CheckTerm("checks", "only these of the doctor's checks, such as backups,modes; empty: all"),),
        _refuse_doctor,
        by_default=False,  # it reads the whole file, some seconds of a large coalition, and has a command of its own
        one_moment=False,
    ),
)
"""Every check of the core, in the order they are run."""
