"""Coverage of several groups at once: the answers of one question for each, read once."""

from __future__ import annotations

from datetime import date

import pytest
from tests.services.coverage.test_judging import LOOP, PEORIA, member, states

from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue
from partners_crm.model import Affiliation, Organization
from partners_crm.services import records
from partners_crm.services.coverage import Rule
from partners_crm.services.coverage.groups import coverage_of_groups

DAY = date(2026, 11, 24)


def test_the_members_as_a_group_are_answered_as_by_coverage(crm: Crm) -> None:
    found = {member(crm, name, point).id: True for name, point in (("Loop", LOOP), ("River", PEORIA))}
    answer = coverage_of_groups(crm.db, DAY, Rule(), {"all": found})["all"]
    assert answer == crm.coverage(as_of=DAY)


def test_each_group_stands_by_its_own_organizations(crm: Crm) -> None:
    loop, river = member(crm, "Loop", LOOP), member(crm, "River", PEORIA)
    groups = {"one": {loop.id: True}, "both": {loop.id: True, river.id: False}, "none": {}}
    answers = coverage_of_groups(crm.db, DAY, Rule(chamber="house"), groups)
    (first,) = states(answers["one"])["confirmed"]
    assert states(answers["both"])["confirmed"] == [first]
    assert len(states(answers["both"])["possible"]) == 1
    assert len(states(answers["none"])["gap"]) == 118
    assert [answers[key].members for key in groups] == [1, 2, 0]


def test_an_association_as_a_group_is_answered_as_by_name(crm: Crm) -> None:
    body = member(crm, "Loop", LOOP)
    with crm.changes("an association") as unit:
        guild = records.add(unit, Organization, name="Alder Guild", kind="association")
        records.add(unit, Affiliation, organization=body.id, association=guild.id, since="2020")
    named = crm.coverage(of="Alder Guild", as_of=DAY)
    grouped = coverage_of_groups(crm.db, DAY, Rule(), {guild.id: {body.id: True}})[guild.id]
    assert grouped.districts == named.districts


def test_a_silo_narrows_every_group_and_who_is_gone_is_left_out(crm: Crm) -> None:
    body = member(crm, "Loop", LOOP)
    answers = coverage_of_groups(crm.db, DAY, Rule(silo="housing"), {1: {body.id: True}})
    assert answers[1].members == 0
    assert coverage_of_groups(crm.db, DAY, Rule(), {1: {987654321: True}})[1].members == 0


def test_a_rule_about_an_association_is_refused(crm: Crm) -> None:
    with pytest.raises(InvalidValue, match="no term of a question about groups"):
        coverage_of_groups(crm.db, DAY, Rule(of="Alder Guild"), {})
