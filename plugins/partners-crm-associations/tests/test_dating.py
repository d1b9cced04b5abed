"""A date that cannot be read costs its own row: it is possible, named once, and everything else is answered."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from partners_crm import Crm
from partners_crm.plugins import PluginContext
from partners_crm_associations.checking import run
from partners_crm_associations.commands import COMMAND, REPORT
from partners_crm_associations.dating import ANY_DAY, Dates
from partners_crm_associations.reading import Associations
from partners_crm_associations.tabs import TABS
from partners_crm_associations.views import VIEWS

Story = dict[str, int]
BAD = "posture 2: since '2026-13' is no date"


def stored(crm: Crm, table: str, key: int, **values: Any) -> None:
    """Put values into a row as an earlier release, or another program, may have left them."""
    assignments = ", ".join(f"{name} = ?" for name in values)
    with sqlite3.connect(crm.path) as raw:
        raw.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", (*values.values(), key))
    raw.close()


def ask(context: PluginContext, name: str, **given: str) -> Any:
    verb = next(verb for verb in COMMAND.verbs if verb.name == name)
    return verb.run(context, {option.name: option.default for option in verb.options} | given)


@pytest.fixture
def spoiled(crm: Crm, story: Story) -> Story:
    """The story, where the second posture of Alder has no date that can be read."""
    stored(crm, "posture", 2, since="2026-13")
    return story


def test_a_posture_without_a_date_that_can_be_read_is_possible(plugin_context: PluginContext, spoiled: Story) -> None:
    outcome = ask(plugin_context, "posture")
    assert [row[2] for row in outcome.sheets[0].rows] == [
        "wary, possibly consulting", "unknown", "unknown", "hostile",
    ]  # fmt: skip
    assert outcome.notes == (BAD,)


def test_the_list_the_report_and_the_history_name_it_once(plugin_context: PluginContext, spoiled: Story) -> None:
    listed = ask(plugin_context, "list")
    assert [row[-1] for row in listed.sheets[0].rows] == ["wary, possibly consulting", "unknown", "unknown"]
    assert listed.notes == (BAD,)
    assert REPORT.run(plugin_context, {}).notes.count(BAD) == 1
    assert ask(plugin_context, "posture", key="alder").notes == (BAD,)


def test_a_further_posture_can_be_recorded(plugin_context: PluginContext, spoiled: Story) -> None:
    said = ask(plugin_context, "record-posture", key="birch", level="wary", since="2026-02").notes[0]
    assert said == "recorded: Birch League is wary since 2026-02"


def test_every_view_and_card_still_stands(plugin_context: PluginContext, spoiled: Story) -> None:
    drawn: dict[str, tuple[Any, ...]] = {each.name: tuple(each.blocks(plugin_context, {})) for each in VIEWS}
    assert drawn["postures"][-1].words == BAD
    record = plugin_context.record("organization", spoiled["alder"])
    assert all(tuple(each.blocks(plugin_context, record)) for each in TABS if each.name != "affiliations")


def test_ties_lanes_and_competitions_are_read_alike(crm: Crm, plugin_context: PluginContext, story: Story) -> None:
    stored(crm, "affiliation", 2, since="soon")
    stored(crm, "associations_lane", 1, until="2026-02-30")
    stored(crm, "associations_competition", 1, since="2025-00")
    on = Associations(plugin_context)
    assert not on.members[story["birch"]][story["amber"]]
    assert not on.lanes["Rates"][story["alder"]].sure
    assert [link.sure for link in on.competitions] == [False, True]
    assert on.findings == (
        "affiliation 2: since 'soon' is no date",
        "associations_lane 1: until '2026-02-30' is no date",
        "associations_competition 1: since '2025-00' is no date",
    )
    shared = Associations(replace(plugin_context, show_private=False))
    assert not shared.lanes
    assert not shared.findings


def test_one_that_competes_with_itself_is_a_finding(crm: Crm, plugin_context: PluginContext, story: Story) -> None:
    stored(crm, "associations_competition", 1, second_id=story["amber"])
    outcome = ask(plugin_context, "favours", query="Amber")
    assert [row[5] for row in outcome.sheets[0].rows] == ["Meals contract"]
    assert outcome.notes == ("associations_competition 1: Amber Lake Homes competes with itself",)
    view = next(each for each in VIEWS if each.name == "competition")
    drawn: tuple[Any, ...] = tuple(view.blocks(plugin_context, {}))
    assert drawn[-1].words == outcome.notes[0]


def test_the_check_doubts_what_it_cannot_read(crm: Crm, plugin_context: PluginContext, story: Story) -> None:
    stored(crm, "affiliation", 1, confirmed_on="last spring")
    stored(crm, "affiliation", 5, since="2026-13")  # Gale's, the one that began of late
    answer = run(plugin_context, {"years": "2"})
    assert answer.verdict == "undecided"
    told = {each.key: each.text for each in answer.doubts}
    assert told["affiliation 1"].endswith("nobody knows when it was confirmed; confirmed_on 'last spring' is no date")
    assert told["affiliation 5"].endswith("never confirmed; since '2026-13' is no date")


@pytest.mark.parametrize(
    ("since", "until", "recorded_on", "holds"),
    [
        ("2026-13", "", "", "possible"),
        ("2026-13", "2020", "", "no"),  # an end that can be read rules the day out
        ("2027", "never", "", "no"),
        ("2020", "never", "", "possible"),
        ("", "", "once", "possible"),
        ("2020", "", "once", "yes"),  # a beginning that is known asks for nothing else
        ("2020", ANY_DAY, "", "possible"),
    ],
)
def test_what_can_be_read_still_counts(
    plugin_context: PluginContext, since: str, until: str, recorded_on: str, holds: str
) -> None:
    assert Dates(plugin_context).holds("posture 5", since, until, recorded_on) == holds
