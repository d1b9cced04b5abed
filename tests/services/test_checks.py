"""The runner of all checks: which rules run, what each check of the core proves, and checks that break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import Ambiguous, CannotDecide, InvalidValue, NotFound, PartnersError, StoreDamaged
from partners_crm.model import District, DistrictMap, Membership, Organization, Rule, Silo, SiloShare, Site
from partners_crm.services import records
from partners_crm.services.checks import (
    CHECKS,
    Answer,
    Case,
    Check,
    Finding,
    Planned,
    Ran,
    RuleTerm,
    Terms,
    planned,
    run_checks,
    saved_rules,
)
from partners_crm.services.checks.running import terms_of
from partners_crm.services.coverage.rule import Rule as CoverageRule
from partners_crm.services.rule_terms import written
from partners_crm.services.seats.correcting import set_holder
from partners_crm.services.settings import change_setting

LOOP = (41.8839, -87.6270)
BY_NAME = {check.name: check for check in CHECKS}
TODAY = NOW.date()


def case_of(crm: Crm, as_of: date = TODAY) -> Case:
    return Case(crm.db, as_of, crm.today, crm.clock, crm.path)


def one(crm: Crm, name: str, as_of: date = TODAY) -> Ran:
    """The one rule of a name, run."""
    (found,) = run_checks(case_of(crm, as_of), [name])
    return found


def rule(crm: Crm, name: str, kind: str, terms: str = "") -> Rule:
    with crm.changes(f"add rule {name}") as unit:
        return records.add(unit, Rule, name=name, kind=kind, terms=terms)


def member(crm: Crm, name: str, point: tuple[float, float] | None = LOOP, **site: Any) -> Organization:
    with crm.changes(f"add {name}") as unit:
        organization = records.add(unit, Organization, name=name)
        records.add(unit, Membership, organization=organization.id, since="2020")
        if point:
            site |= {"latitude": point[0], "longitude": point[1]}
        if site:
            records.add(unit, Site, organization=organization.id, **{"kind": "hq", **site})
    return organization


def answering(answer: Answer) -> Callable[[Case, Terms], Answer]:
    return lambda _case, _terms: answer


def raising(error: BaseException) -> Callable[[Case, Terms], Answer]:
    def run(_case: Case, _terms: Terms) -> Answer:
        raise error

    return run


# -------------------------------------------------------------------- which rules run


def test_without_names_every_check_runs_with_its_defaults_but_the_doctor(crm: Crm) -> None:
    assert planned(crm.db) == [Planned(name, name, "", saved=False) for name in ("coverage", "map", "places", "seats")]


def test_a_saved_rule_stands_for_its_check(crm: Crm) -> None:
    rule(crm, "two each", "coverage", "min-count=2")
    rule(crm, "Every House district", "coverage", "chamber=house")
    rule(crm, "Backups", "doctor", "checks=backups")
    assert [each.name for each in planned(crm.db)] == [
        "Every House district",
        "two each",
        "map",
        "places",
        "seats",
        "Backups",
    ]
    assert [each.name for each in saved_rules(crm.db)] == ["Backups", "Every House district", "two each"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["every house DISTRICT"], ["Every House district"]),
        (["coverage"], ["Every House district", "two each"]),
        (["two each", "map", "two each"], ["two each", "map"]),
        (["doctor"], ["doctor"]),
        (["seats", "doctor", "map"], ["map", "seats", "doctor"]),
    ],
)
def test_a_name_is_that_of_a_rule_or_of_a_check(crm: Crm, names: list[str], found: list[str]) -> None:
    rule(crm, "two each", "coverage", "min-count=2")
    rule(crm, "Every House district", "coverage", "chamber=house")
    assert [each.name for each in planned(crm.db, names)] == found


def test_a_name_that_nothing_has_is_refused_with_those_there_are(crm: Crm) -> None:
    with pytest.raises(NotFound) as refused:
        planned(crm.db, ["teeth"])
    assert "teeth" in refused.value.message
    assert all(name in refused.value.hint for name in BY_NAME)
    for number in range(25):
        rule(crm, f"Rule {number:02}", "map")
    with pytest.raises(NotFound) as refused:
        run_checks(case_of(crm), ["map", "teeth"])
    assert "Rule 19 and 5 more; checks: " in refused.value.hint
    assert "Rule 20" not in refused.value.hint


def test_a_rule_of_a_check_that_is_not_there_fails_and_the_others_run(crm: Crm) -> None:
    rule(crm, "Maps", "map")
    few = [check for check in CHECKS if check.name != "map"]
    found = run_checks(case_of(crm), checks=few)
    assert [each.name for each in found] == ["coverage", "places", "seats", "Maps"]
    assert found[-1].answer.verdict == "failed"
    assert "there is no check map" in found[-1].answer.statement
    assert isinstance(found[-1].error, NotFound)
    assert [each.name for each in run_checks(case_of(crm), ["Maps"], few)] == ["Maps"]


def brought(name: str) -> Check:
    plugin = name.partition(".")[0]
    return Check(name, "a plugin's", lambda _case, _terms: Answer("met", "well"), owner=plugin)


def test_a_check_of_somebody_else_is_called_by_its_own_name_where_it_is_the_only_one(crm: Crm) -> None:
    checks = (*CHECKS, brought("acme.late"), brought("acme.map"), brought("zeta.soon"), brought("acme.soon"))
    assert [each.name for each in run_checks(case_of(crm), ["late"], checks)] == ["acme.late"]
    assert [each.name for each in run_checks(case_of(crm), ["map"], checks)] == ["map"]
    assert [each.name for each in run_checks(case_of(crm), ["acme.map"], checks)] == ["acme.map"]
    with pytest.raises(Ambiguous, match=r"soon is a check of zeta\.soon, acme\.soon"):
        run_checks(case_of(crm), ["soon"], checks)
    rule(crm, "Late", "acme.late")
    assert [each.name for each in run_checks(case_of(crm), ["late"], checks)] == ["Late"]
    assert [each.name for each in run_checks(case_of(crm), ["acme.late"], checks)] == ["Late"]


def test_a_rule_whose_plugin_is_gone_says_whose_it_was(crm: Crm) -> None:
    rule(crm, "Late", "acme.late")
    (gone,) = run_checks(case_of(crm), ["Late"])
    assert (gone.answer.verdict, gone.owner, gone.answered) == ("failed", "acme", False)
    assert "there is no check acme.late: the plugin acme is not in use" in gone.answer.statement
    (there,) = run_checks(case_of(crm), ["Late"], (*CHECKS, brought("acme.late")))
    assert (there.answer.verdict, there.owner) == ("met", "acme")


@pytest.mark.parametrize("kind", ["late", "acme.", ".late", "acme.late.more", "Acme.late", "acme late", "acme./late"])
def test_what_cannot_be_the_name_of_a_plugins_check_is_refused(crm: Crm, kind: str) -> None:
    with pytest.raises(InvalidValue, match="is no check"):
        rule(crm, "Late", kind)


# -------------------------------------------------------------------- saving rules


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "teeth"}, ["teeth", "coverage, map, places, seats, doctor"]),
        ({"kind": "coverage", "terms": "chamber=hous"}, ["chamber", "both, house, senate"]),
        ({"kind": "coverage", "terms": "chmber=house"}, ["chmber", "min-count"]),
        ({"kind": "coverage", "terms": "house"}, ["no term house"]),
        ({"kind": "coverage", "terms": "chamber=house chamber=senate"}, ["chamber", "twice"]),
        ({"kind": "coverage", "terms": "min-count=few"}, ["min-count", "few"]),
        ({"kind": "coverage", "terms": "min-count="}, ["min-count", "not a whole number"]),
        ({"kind": "coverage", "terms": "min-count=0"}, ["min-count", "at least 1"]),
        ({"kind": "coverage", "terms": "silo=moon"}, ["moon", "housing"]),
        ({"kind": "coverage", "terms": "map=il-1812"}, ["il-1812", "il-2021"]),
        ({"kind": "coverage", "terms": "of=Nobody"}, ["Nobody"]),
        ({"kind": "coverage", "terms": 'of="Nobody'}, ["Terms", "cannot be read"]),
        ({"kind": "map", "terms": "chamber=house"}, ["chamber", "it takes none"]),
        ({"kind": "places", "terms": "max-unassigned=-1"}, ["max-unassigned", "-1"]),
        ({"kind": "seats", "terms": "vacant=maybe"}, ["vacant", "allowed, finding"]),
        ({"kind": "doctor", "terms": "checks=modes,teeth"}, ["teeth", "backups"]),
        ({"kind": "map", "name": "Coverage"}, ["Coverage", "name of a check"]),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_rule_that_cannot_be_run_is_not_saved(crm: Crm, values: dict[str, str], words: list[str]) -> None:
    with pytest.raises(PartnersError) as refused, crm.changes("add rule") as unit:
        records.add(unit, Rule, **{"name": "Mine", **values})
    assert all(word in str(refused.value) for word in words), refused.value
    assert crm.records(Rule) == []


def test_an_edit_is_checked_too_and_everything_else_of_records_works(crm: Crm) -> None:
    made = rule(crm, "Mine", "coverage", "chamber=house silo=housing min_count=2")
    with pytest.raises(InvalidValue), crm.changes("edit rule") as unit:
        records.edit(unit, made, terms="chamber=moon")
    with pytest.raises(NotFound), crm.changes("edit rule") as unit:
        records.edit(unit, made, kind="seats")  # which takes no silo
    with crm.changes("edit rule") as unit:
        records.edit(unit, made, terms="chamber=senate")
    assert one(crm, "Mine").terms == "chamber=senate"
    crm.undo()
    assert one(crm, "Mine").terms == "chamber=house silo=housing min-count=2"
    crm.undo()
    with pytest.raises(NotFound):
        one(crm, "Mine")
    crm.redo()
    assert one(crm, "Mine").kind == "coverage"


def test_terms_are_read_and_written_the_same() -> None:
    check = BY_NAME["coverage"]
    terms = terms_of(check, 'of="Children\'s Voice" min_count=2 chamber=both')
    assert (terms["of"], terms["min-count"], terms["chamber"], terms["basis"]) == (
        "Children's Voice",
        "2",
        "both",
        "any",
    )
    assert terms_of(check, written(check.terms, terms)) == terms
    assert written(check.terms, terms_of(check, "")) == ""


def test_the_coverage_check_takes_the_terms_of_a_coverage_rule_with_its_defaults() -> None:
    check = BY_NAME["coverage"]
    assert [term.name for term in check.terms] == [each.name.replace("_", "-") for each in fields(CoverageRule)]
    words = " ".join(f"{term.name}={term.default}" for term in check.terms if term.default)
    assert CoverageRule.read(words) == CoverageRule()


# -------------------------------------------------------------------- coverage


def test_coverage_finds_every_gap_and_says_the_sentence_it_proves(crm: Crm) -> None:
    member(crm, "Loop Services")
    rule(crm, "House", "coverage", "chamber=house")
    ran = one(crm, "House")
    expected = crm.coverage(chamber="house")
    assert ran.answer.verdict == "findings"
    assert ran.answer.statement == expected.sentence("house")
    assert [each.key for each in ran.answer.findings] == [each.ocd_id for each in expected.gaps]
    assert len(ran.answer.findings) == 117
    assert ran.answer.findings[0].text.endswith(": no member")
    assert {each.remedy for each in ran.answer.findings} == {
        "see who would close it: partners coverage gaps --chamber house"
    }
    ((key, text),) = ran.answer.well
    assert key.startswith("ocd-division/")
    assert text.endswith(": Loop Services")


def test_a_district_that_hangs_on_one_member_is_a_finding_that_names_it(crm: Crm) -> None:
    member(crm, "Loop Services")
    rule(crm, "Two each", "coverage", "min-count=2 chamber=senate")
    findings = one(crm, "Two each", date(2026, 1, 1)).answer.findings
    assert len(findings) == 59
    assert [each.text.partition(": ")[2] for each in findings if "no member" not in each.text] == ["only Loop Services"]
    assert findings[0].remedy.endswith("--chamber senate --min-count 2 --as-of 2026-01-01")


def test_a_proven_gap_wins_over_what_the_terms_leave_undecided(crm: Crm) -> None:
    lost = member(crm, "Nowhere House", None)
    rule(crm, "Unplaced", "coverage", "max-unassigned=0")
    answer = one(crm, "Unplaced").answer
    assert answer.verdict == "findings"
    assert [each.key for each in answer.doubts] == [f"organization {lost.id}"]


def test_the_remedy_names_every_term_that_changes_what_a_district_is(crm: Crm) -> None:
    member(crm, "Loop Services")
    asked = CoverageRule(chamber="house", basis="hq", level=2, map="il-2021", map_by="election", strict=True)
    rule(crm, "At home", "coverage", asked.text)
    (remedy,) = {each.remedy for each in one(crm, "At home").answer.findings}
    assert remedy == (
        "see who would close it: partners coverage gaps"
        " --chamber house --basis hq --level 2 --map il-2021 --map-by election"
    )


@pytest.mark.parametrize("kind", ["coverage", "map", "places"])
def test_an_answer_names_the_map_it_was_answered_on(crm: Crm, kind: str) -> None:
    member(crm, "Loop Services")
    (chosen,) = [each for each in crm.records(DistrictMap) if each.code == "il-2021"]
    assert one(crm, kind).answer.map == f"il-2021 {chosen.sha256}"


@pytest.fixture
def loop_alone(crm: Crm) -> Crm:
    """A coalition whose map has but one district, the one of the Loop, with one member in it."""
    body = member(crm, "Loop Services")
    (covered,) = [each for each in crm.coverage(chamber="house").districts if each.state == "confirmed"]
    with crm.changes("one district") as unit:
        for each in sorted(crm.records(District), key=lambda one: one.chamber):  # what is nested goes first
            if (each.chamber, each.number) != ("house", covered.number):
                records.remove(unit, each)
    assert body.id == covered.organizations[0][0]
    return crm


def test_without_a_gap_the_rule_is_met(loop_alone: Crm) -> None:
    rule(loop_alone, "House", "coverage", "strict=yes max-unassigned=0")
    answer = one(loop_alone, "House").answer
    assert (answer.verdict, answer.findings, answer.doubts) == ("met", (), ())
    assert answer.statement.startswith("1 of 1 House districts has at least one organization")


def test_more_members_without_a_district_than_may_be_are_undecided_and_named(loop_alone: Crm) -> None:
    rule(loop_alone, "House", "coverage", "max-unassigned=0")
    lost = member(loop_alone, "Nowhere House", None)
    answer = one(loop_alone, "House").answer
    assert (answer.verdict, answer.findings) == ("undecided", ())
    assert [each.key for each in answer.doubts] == [f"organization {lost.id}"]
    assert "Undecided: 1 members have no district, at most 0 may." in answer.statement
    assert one(loop_alone, "House").answered  # what is in doubt is known, and can be compared


def test_a_district_that_is_only_possible_is_a_doubt_and_undecided_where_the_terms_are_strict(loop_alone: Crm) -> None:
    rule(loop_alone, "Rooftops", "coverage", "min-match=110")
    rule(loop_alone, "Strict", "coverage", "min-match=110 strict=yes")
    met, strict = one(loop_alone, "Rooftops").answer, one(loop_alone, "Strict").answer
    assert (met.verdict, strict.verdict) == ("met", "undecided")
    assert met.doubts == strict.doubts
    assert [each.text.partition(": ")[2] for each in met.doubts] == ["possible, not certain: Loop Services"]
    assert "partners coverage explain NUMBER --chamber house --min-match 110" in met.doubts[0].remedy


def test_silo_by_silo_each_key_names_its_silo(crm: Crm) -> None:
    body = member(crm, "Loop Services")
    (housing,) = [each for each in crm.records(Silo) if each.code == "housing"]
    with crm.changes("in a silo") as unit:
        records.add(unit, SiloShare, organization=body.id, silo=housing.id)
    rule(crm, "All silos", "coverage", "silo=all chamber=house")
    answer = one(crm, "All silos").answer
    silos = len(crm.records(Silo))
    assert len(answer.findings) == silos * 118 - 1
    assert len({each.key for each in answer.findings}) == silos * 118 - 1
    assert [key.split()[0] for key, _ in answer.well] == ["housing"]
    assert "housing 1 of 118 House" in answer.statement
    assert {each.remedy for each in answer.findings if each.key.startswith("aging ")} == {
        "see who would close it: partners coverage gaps --chamber house --silo aging"
    }


@pytest.mark.parametrize(
    ("terms", "as_of"), [("level=3", TODAY), ("level=4", TODAY), ("", date(1990, 1, 1))], ids=["3", "4", "no map"]
)
def test_what_cannot_be_decided_is_undecided_with_the_reason(crm: Crm, terms: str, as_of: date) -> None:
    rule(crm, "Mine", "coverage", terms)
    ran = one(crm, "Mine", as_of)
    assert ran.answer.verdict == "undecided"
    assert isinstance(ran.error, CannotDecide)
    assert ran.error.message in ran.answer.statement
    assert not ran.answered


def test_a_rule_whose_silo_vanished_fails_and_names_it(crm: Crm) -> None:
    rule(crm, "Mine", "coverage", "silo=housing")
    (housing,) = [each for each in crm.records(Silo) if each.code == "housing"]
    with crm.changes("delete silo") as unit:
        records.remove(unit, housing)
    ran = one(crm, "Mine")
    assert (ran.answer.verdict, ran.terms) == ("failed", "silo=housing")
    assert "there is no silo housing" in ran.answer.statement


# -------------------------------------------------------------------- maps, places, seats, doctor


def test_the_map_of_the_day_holds(crm: Crm) -> None:
    answer = one(crm, "map").answer
    assert (answer.verdict, answer.findings) == ("met", ())
    assert "il-2021 holds on 24 November 2026" in answer.statement
    assert "il-2011 holds on 1 June 2022" in one(crm, "map", date(2022, 6, 1)).answer.statement


def test_a_day_without_a_map_is_a_finding_whose_key_does_not_name_the_day(crm: Crm) -> None:
    one_day, other = (one(crm, "map", date(1990, 1, day)).answer for day in (1, 2))
    assert [each.key for each in one_day.findings] == [each.key for each in other.findings] == ["none"]
    assert "1990-01-01" in one_day.findings[0].text


def test_a_pin_that_has_ended_and_borders_that_changed_are_findings(crm: Crm) -> None:
    with crm.changes("pin") as unit:
        change_setting(unit, "map", "il-2011")
    assert [each.key for each in one(crm, "map").answer.findings] == ["ended il-2011"]
    (old,) = [each for each in crm.records(DistrictMap) if each.code == "il-2011"]
    with crm.changes("other borders") as unit:
        unit.update(old, sha256="0" * 64)
    found = one(crm, "map").answer.findings
    assert [each.key for each in found] == ["borders il-2011", "ended il-2011"]
    assert all(each.remedy for each in found)


def test_every_member_without_a_district_is_named_with_what_helps_it(crm: Crm) -> None:
    member(crm, "Loop Services")
    lost = member(crm, "Quiet House", None)
    vague = member(crm, "Vague House", None, address="12 Somewhere Rd")
    (site,) = [each for each in crm.records(Site) if each.organization == vague.id]
    answer = one(crm, "places").answer
    assert answer.statement.startswith("1 of 3 members on 24 November 2026 have a district on the map il-2021")
    assert [each.key for each in answer.findings] == [f"organization {lost.id}", f"organization {vague.id}"]
    assert f"partners add site organization={lost.id}" in answer.findings[0].remedy
    assert f"partners edit site {site.id} latitude=LAT" in answer.findings[1].remedy


def test_so_many_members_without_a_district_may_be_allowed(crm: Crm) -> None:
    member(crm, "Quiet House", None)
    rule(crm, "One may", "places", "max-unassigned=1")
    answer = one(crm, "One may").answer
    assert (answer.verdict, answer.findings, len(answer.doubts)) == ("met", (), 1)
    member(crm, "Second House", None)
    answer = one(crm, "One may").answer
    assert (answer.verdict, len(answer.findings)) == ("findings", 2)


def test_seats_without_any_term_are_undecided_never_all_empty(crm: Crm) -> None:
    answer = one(crm, "seats").answer
    assert (answer.verdict, answer.findings) == ("undecided", ())
    assert "partners seats load FILE" in answer.statement


def test_a_seat_is_held_vacant_or_unknown(crm: Crm) -> None:
    rule(crm, "Held", "seats", "chamber=house")
    rule(crm, "Filled", "seats", "chamber=house vacant=finding")
    with crm.changes("seats") as unit:
        for number in range(1, 117):
            set_holder(unit, "house", number, holder=f"Holder {number}", since="2025-01-08", today=TODAY)
        set_holder(unit, "house", 117, since="2026-01-01", today=TODAY)
    held, filled = one(crm, "Held").answer, one(crm, "Filled").answer
    assert held.statement == "117 of 118 seats have a known holder or a recorded vacancy on 24 November 2026."
    assert [each.text for each in held.findings] == ["House 118: nobody is known to hold it"]
    assert filled.statement == "116 of 118 seats have a known holder on 24 November 2026."
    assert [each.text for each in filled.findings] == ["House 117: vacant", "House 118: nobody is known to hold it"]
    with crm.changes("the last") as unit:
        set_holder(unit, "house", 118, holder="Holder 118", since="2025", today=TODAY)
    assert one(crm, "Held").answer.verdict == "met"


def test_a_term_whose_dates_are_vague_is_a_doubt(crm: Crm) -> None:
    with crm.changes("seats") as unit:
        set_holder(unit, "senate", 3, holder="Holder", since="2026", today=TODAY)
    rule(crm, "Senate", "seats", "chamber=senate")
    answer = one(crm, "Senate", date(2026, 6, 1)).answer
    assert [each.text for each in answer.doubts] == [
        "Senate 3: the dates of the term leave open whether Holder holds it"
    ]
    assert len(answer.findings) == 58


def test_the_doctor_is_asked_for_some_of_its_checks(crm: Crm, database: Path) -> None:
    rule(crm, "Files", "doctor", "checks=modes,schema")
    assert one(crm, "Files").answer.statement == "The doctor found no fault in 2 checks: modes, schema."
    database.chmod(0o644)
    database.parent.chmod(0o777)
    answer = one(crm, "Files").answer
    assert [each.key for each in answer.findings] == ["modes", "modes 2"]
    assert answer.findings[0].text.startswith("modes: ")
    assert all(each.remedy for each in answer.findings)


# -------------------------------------------------------------------- checks that break


MET = Check("good", "it is", answering(Answer("met", "All is well.")))


@pytest.mark.parametrize(
    ("error", "verdict", "words"),
    [
        (CannotDecide("no map", "name one"), "undecided", "no map (name one)"),
        (StoreDamaged("page 7 is broken", "restore"), "failed", "page 7 is broken (restore)"),
        (OSError(13, "Permission denied", "/x"), "failed", "/x cannot be looked at: Permission denied"),
        (KeyError("Dana Reyes 312-555-0142"), "failed", "internal error in the check bad: KeyError"),
        (RecursionError("Dana Reyes"), "failed", "internal error in the check bad: RecursionError"),
    ],
    ids=["CannotDecide", "StoreDamaged", "OSError", "KeyError", "RecursionError"],
)
def test_a_check_that_raises_is_one_line_and_the_others_still_run(
    crm: Crm, error: Exception, verdict: str, words: str
) -> None:
    bad = Check("bad", "it is not", raising(error))
    found = run_checks(case_of(crm), checks=[bad, MET])
    assert [(each.name, each.answer.verdict) for each in found] == [("bad", verdict), ("good", "met")]
    assert found[0].answer.statement == words
    assert found[0].error is error
    assert not found[0].answered
    assert found[1].answered
    assert "Dana" not in found[0].answer.statement


def test_a_plugin_that_breaks_or_answers_nothing_is_named(crm: Crm) -> None:
    bad = Check("bad", "it is not", raising(ZeroDivisionError()), owner="alerts")
    mute = Check("mute", "it is not", lambda _case, _terms: None, owner="alerts")  # type: ignore[arg-type,return-value]  # as a plugin may
    found = run_checks(case_of(crm), checks=[bad, mute, MET])
    assert [each.answer.statement for each in found[:2]] == [
        "the plugin alerts failed in the check bad: ZeroDivisionError",
        "the plugin alerts failed in the check mute: TypeError",
    ]
    assert [each.owner for each in found] == ["alerts", "alerts", ""]


def test_an_interruption_is_no_answer(crm: Crm) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_checks(case_of(crm), checks=[Check("bad", "it is not", raising(KeyboardInterrupt()))])


def test_a_check_is_given_its_terms_and_what_it_writes_about_is_of_one_moment(crm: Crm) -> None:
    seen: list[Any] = []

    def run(case: Case, terms: Terms) -> Answer:
        seen.extend((dict(terms), case.as_of, case.db.driver.in_transaction))
        return Answer("met", "Looked.")

    check = Check("looking", "looks", run, (RuleTerm("deep", "how deep", "1"), RuleTerm("wide", "how wide", "no")))
    run_checks(case_of(crm, date(2025, 1, 1)), checks=[check])
    assert seen == [{"deep": "1", "wide": "no"}, date(2025, 1, 1), True]
    assert not crm.db.driver.in_transaction


@pytest.mark.parametrize(
    ("verdict", "findings"),
    [("met", (Finding("a", "b"),)), ("undecided", (Finding("a", "b"),)), ("findings", ()), ("splendid", ())],
)
def test_an_answer_cannot_contradict_itself(verdict: Any, findings: tuple[Finding, ...]) -> None:
    with pytest.raises(ValueError, match=r"proven|verdict"):
        Answer(verdict, "", findings)


def test_running_checks_writes_nothing(crm: Crm) -> None:
    rule(crm, "Mine", "doctor", "checks=links")
    before = crm.operations()
    run_checks(case_of(crm))
    assert crm.operations() == before
