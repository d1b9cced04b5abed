"""The check of coverage: the answer to a coverage statement as findings, doubts, and what is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from partners_crm.normalize.dates import written_day
from partners_crm.normalize.text import few
from partners_crm.services.checks.check import Answer, Case, Finding, Terms
from partners_crm.services.coverage import Coverage, DistrictCoverage, Rule, coverage, coverage_by_silo
from partners_crm.services.coverage.rule import ALL_SILOS
from partners_crm.store.open import Handle

NAMED = 3
"""Organizations named for one district."""


def refuse(db: Handle, terms: Terms) -> None:
    """Refuse terms that a coalition cannot be asked.

    Raises:
        InvalidValue, NotFound: with the term and what it can be.
    """
    # Only saving a rule asks these without the answer.
    from partners_crm.errors import NotFound
    from partners_crm.services.coverage.evidence import silo_id
    from partners_crm.services.coverage.judging import association_name
    from partners_crm.store.maps import map_codes

    rule = Rule.of_terms(terms)
    if rule.silo and rule.silo != ALL_SILOS:
        silo_id(db, rule.silo)
    if rule.map and rule.map not in map_codes(db):
        raise NotFound(f"there is no district map {rule.map} in this coalition", f"maps: {', '.join(map_codes(db))}")
    association_name(db, rule)


def run(case: Case, terms: Terms) -> Answer:
    """The answer of a saved coverage statement."""
    rule = Rule.of_terms(terms)
    if rule.silo == ALL_SILOS:
        return covered(coverage_by_silo(case.db, case.as_of, rule), case.today)
    return covered({"": coverage(case.db, case.as_of, rule)}, case.today)


def covered(answers: Mapping[str, Coverage], today: date) -> Answer:
    """The answer of one coverage statement, by "", or of one for each silo, by its code."""
    findings, doubts, well = [], [], []
    for silo, found in answers.items():
        words = f"{silo}, " if silo else ""
        for each in found.districts:
            key, name = key_of(silo, each), words + each.name
            if each.state == "gap":
                findings.append(Finding(key, f"{name}: {_lacking(each)}", _how(found, each, "gaps", today)))
            elif each.state == "possible":
                text = f"{name}: possible, not certain: {_named(each.organizations + each.possible)}"
                doubts.append(Finding(key, text, _how(found, each, "explain NUMBER", today)))
            else:
                well.append((key, f"{name}: {_named(each.organizations)}"))
    lost: dict[int, str] = {}
    for found in answers.values():
        allowed = found.rule.max_unassigned
        if allowed is not None and len(found.unassigned) > allowed:
            lost |= dict(found.unassigned)  # one may be in several silos
    doubts += [_lost(key, name) for key, name in lost.items()]
    statement, why = _statement(answers), next((each.why for each in answers.values() if each.why), "")
    on = next((map_of(each) for each in answers.values()), "")
    if findings or not why:
        return Answer("findings" if findings else "met", statement, tuple(findings), tuple(doubts), tuple(well), on)
    return Answer("undecided", f"{statement} Undecided: {why}.", (), tuple(doubts), tuple(well), on)


def key_of(silo: str, each: DistrictCoverage) -> str:
    """The key of a district in the answer of a silo, "" where none is asked about."""
    return f"{silo} {each.ocd_id}".strip()


def map_of(found: Coverage) -> str:
    """The map of an answer, as `Answer.map` has it."""
    return f"{found.map_code} {found.map_sha256}".strip()


def _statement(answers: Mapping[str, Coverage]) -> str:
    first = next(iter(answers.values()), None)
    if first is None:
        return "The coalition has no silo."
    if "" in answers:
        return " ".join(first.sentence(chamber) for chamber in first.chambers)
    figures = "; ".join(f"{silo} {_figures(each)}" for silo, each in answers.items())
    return f"Silo by silo, on {written_day(first.as_of)}, on the map {first.map_code}: {figures} districts."


def _figures(found: Coverage) -> str:
    """The figures of a silo: 3 of 118 House, 2 of 59 Senate."""
    totals = [(*found.total(chamber), found.chamber_names[chamber]) for chamber in found.chambers]
    return ", ".join(f"{confirmed} of {everything} {name}" for confirmed, everything, name in totals)


def _lacking(each: DistrictCoverage) -> str:
    some = each.organizations + each.possible
    return f"only {_named(some)}" if some else "no member"


def _how(found: Coverage, each: DistrictCoverage, verb: str, today: date) -> str:
    """The command that says more about the districts of a chamber that are in the same case."""
    # What is undecided does not change what a district is.
    rule = replace(found.rule, chamber=each.chamber, strict=False, max_unassigned=None)
    day = "" if found.as_of == today else f" --as-of {found.as_of.isoformat()}"
    what = "who would close it" if verb == "gaps" else "why"
    return f"see {what}: partners coverage {verb} {rule.options}{day}"


def _lost(key: int, name: str) -> Finding:
    return Finding(
        f"organization {key}",
        f"{name} (organization {key}) has no district",
        "partners check places says what to do for each",
    )


def _named(pairs: tuple[tuple[int, str], ...]) -> str:
    return few([name for _, name in pairs], NAMED)
