"""What queries know through the plugin, and what the check finds: see `story` in conftest.py."""

from __future__ import annotations

import pytest

from partners_crm import Crm
from partners_crm.errors import QueryError
from partners_crm.plugins import PluginContext
from partners_crm_associations.asking import issues
from partners_crm_associations.checking import run

Story = dict[str, int]


def found(crm: Crm, query: str) -> list[str]:
    return [each.name for each in crm.organizations(query)]


def test_queries_know_who_is_contested(crm: Crm, story: Story) -> None:
    assert found(crm, "contested:yes") == ["Amber Lake Homes"]
    assert found(crm, "contested:rates") == ["Amber Lake Homes"]
    assert found(crm, "contested:no") == ["Brook Street Table", "Clover Hill Center", "Gale Point House"]
    with pytest.raises(QueryError, match="contested cannot be taxes"):
        found(crm, "contested:taxes")


def test_queries_tell_what_is_certain_from_what_a_date_leaves_open(
    crm: Crm, plugin_context: PluginContext, story: Story
) -> None:
    with plugin_context.changes("Gale may be in Birch too") as unit:
        unit.add("affiliation", organization=story["gale"], association=story["birch"], since="2020")
    assert found(crm, "contested:yes") == ["Amber Lake Homes"]
    assert found(crm, "contested:possibly") == ["Gale Point House"]
    assert found(crm, "contested:rates") == ["Amber Lake Homes", "Gale Point House"]
    assert found(crm, "contested:no") == ["Brook Street Table", "Clover Hill Center"]
    assert list(issues(plugin_context)) == ["yes", "possibly", "no", "Rates"]


def test_queries_know_who_competes(crm: Crm, story: Story) -> None:
    assert found(crm, 'competes-with:"Amber Lake Homes"') == ["Brook Street Table", "Clover Hill Center"]
    assert found(crm, 'competes-with:"Brook Street Table" silo:housing') == ["Amber Lake Homes"]
    with pytest.raises(QueryError, match="no organization called Nobody"):
        found(crm, "competes-with:Nobody")


def test_queries_know_the_posture_of_today(crm: Crm, story: Story) -> None:
    assert found(crm, "posture-today:consulting") == ["Alder Guild"]
    assert found(crm, "posture-today:wary") == []
    assert found(crm, "posture:wary") == ["Alder Guild"]  # the core's own word: who ever was
    assert found(crm, "posture-today:unknown") == ["Birch League", "Cedar Circle"]
    with pytest.raises(QueryError):
        found(crm, "posture-today:friendly")


def test_the_check_asks_again_for_what_is_old(plugin_context: PluginContext, story: Story) -> None:
    # Gale's affiliation alone began within two years; nobody ever confirmed one.
    answer = run(plugin_context, {"years": "2"})
    assert (answer.verdict, len(answer.findings), len(answer.doubts)) == ("met", 0, 7)
    assert answer.statement.startswith("1 of 8 affiliations that hold on 24 November 2026")
    first, second = plugin_context.records("affiliation")[:2]
    with plugin_context.changes("confirm") as unit:
        unit.update(first, confirmed_on="2024-10")
        unit.update(second, confirmed_on="2024-11-24")
    answer = run(plugin_context, {"years": "2"})
    assert [each.key for each in answer.findings] == [f"affiliation {first.id}"]
    assert "last confirmed 2024-10" in answer.findings[0].text
    assert len(answer.doubts) == 5


def test_the_check_is_undecided_where_not_one_is_confirmed(plugin_context: PluginContext, story: Story) -> None:
    # Gale's is the one that began within two years; nobody confirmed any.
    with plugin_context.changes("Gale leaves") as unit:
        for each in plugin_context.records("affiliation"):
            if each["organization"] == story["gale"]:
                unit.delete(each)
    answer = run(plugin_context, {"years": "2"})
    assert (answer.verdict, len(answer.findings), len(answer.doubts)) == ("undecided", 0, 7)
    assert answer.statement.startswith("0 of 7 affiliations")
    first = plugin_context.records("affiliation")[0]
    with plugin_context.changes("confirm one") as unit:
        unit.update(first, confirmed_on="2026-11-01")
    assert run(plugin_context, {"years": "2"}).verdict == "met"
