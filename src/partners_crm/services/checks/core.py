"""The checks of the core; each reads through the module that answers the same question elsewhere.

What a check reads is imported when it runs: saving a rule, or running one of them, must not load all the others.
"""

from __future__ import annotations

from datetime import UTC

from partners_crm.errors import CannotDecide
from partners_crm.normalize.dates import written_day
from partners_crm.services.checks import coverage as covering
from partners_crm.services.checks.check import Answer, Case, Check, Finding, Terms
from partners_crm.services.coverage import coverage
from partners_crm.services.coverage.rule import CHAMBERS, TERMS
from partners_crm.services.rule_terms import RuleTerm
from partners_crm.store.open import Handle

VACANT = ("allowed", "finding")
"""What a seat that is vacant can be."""


# -------------------------------------------------------------------- maps and places


def _map(case: Case, _terms: Terms) -> Answer:
    # The doctor looks at the disk too, and loads what that takes.
    from partners_crm.services.doctor.case import Case as Looked
    from partners_crm.services.doctor.places import map_faults
    from partners_crm.store.maps import map_for

    looked = Looked(case.db, case.as_of, case.clock().astimezone(UTC), case.asked)
    findings = tuple(Finding(key, each.message, each.remedy) for key, each in map_faults(looked))
    day = written_day(case.as_of)
    if findings:
        return Answer("findings", f"Not everything is right with the maps of {day}.", findings)
    chosen = map_for(case.db, case.as_of)
    code = chosen.code
    if chosen.seated_from > case.as_of.isoformat():
        about = f"the pinned map {code} is in force only from {chosen.seated_from}"
        remedy = "take the map of the day: partners config set map ''"
        return Answer("findings", f"Not everything is right with the maps of {day}.", (Finding(code, about, remedy),))
    return Answer(
        "met",
        f"The map {code} holds on {day}, and the borders of every map are those that sites were placed by.",
        map=f"{code} {chosen.sha256}".strip(),
    )


def _places(case: Case, terms: Terms) -> Answer:
    found = coverage(case.db, case.as_of)
    sites = _sites_of(case.db, [key for key, _ in found.unassigned])
    lost = tuple(
        Finding(f"organization {key}", f"{name} (organization {key}) has no district", _placing(key, sites.get(key)))
        for key, name in found.unassigned
    )
    placed = found.members - len(lost)
    statement = (
        f"{placed} of {found.members} members on {written_day(case.as_of)} have a district on the map"
        f" {found.map_code}, for certain or possibly."
    )
    on = covering.map_of(found)
    if len(lost) > int(terms["max-unassigned"]):
        return Answer("findings", statement, lost, map=on)
    return Answer("met", statement, (), lost, map=on)


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


# -------------------------------------------------------------------- seats


def _seats(case: Case, terms: Terms) -> Answer:
    from partners_crm.services.seats import seats

    chamber = "" if terms["chamber"] == "both" else terms["chamber"]
    found, day = seats(case.db, case.as_of, chamber), written_day(case.as_of)
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
        covering.run,
        TERMS,
        covering.refuse,
    ),
    Check("map", "a map holds on the day, the pin has not ended, and sites were placed by its borders", _map),
    Check(
        "places",
        "every member stands in a district, for certain or possibly",
        _places,
        (RuleTerm("max-unassigned", "members without any district that are no finding", "0", is_number=True),),
    ),
    Check(
        "seats",
        "every seat has a known holder, or is known to be vacant",
        _seats,
        (
            RuleTerm("chamber", "the seats of which chamber", "both", CHAMBERS),
            RuleTerm("vacant", "what a recorded vacancy is", "allowed", VACANT),
        ),
    ),
    Check(
        "doctor",
        "the coalition and its files are sound, as partners doctor sees them",
        _doctor,
        (RuleTerm("checks", "only these of the doctor's checks, such as backups,modes; empty: all"),),
        _refuse_doctor,
        by_default=False,  # it reads the whole file, some seconds of a large coalition, and has a command of its own
        one_moment=False,
    ),
)
"""Every check of the core, in the order they are run."""
