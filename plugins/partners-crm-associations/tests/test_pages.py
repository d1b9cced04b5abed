"""What the commands answer about a coalition that is counted by hand: see `story` in conftest.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from partners_crm import Crm
from partners_crm.errors import Ambiguous, InvalidValue, NotFound
from partners_crm.plugins import Outcome, PluginContext, Sheet
from partners_crm_associations.commands import COMMAND

Ask = Callable[..., Outcome]


@pytest.fixture
def ask(plugin_context: PluginContext, story: dict[str, int]) -> Ask:
    """Run a verb on the story, on a day."""
    verbs = {verb.name: verb for verb in COMMAND.verbs}

    def run(name: str, day: str = "", **options: str) -> Outcome:
        context = replace(plugin_context, as_of=date.fromisoformat(day)) if day else plugin_context
        given = {option.name: option.default for option in verbs[name].options}
        return verbs[name].run(context, given | {key.replace("_", "-"): value for key, value in options.items()})

    return run


def rows(sheet: Sheet, *columns: str) -> list[tuple[Any, ...]]:
    places = [sheet.columns.index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in sheet.rows]


def test_the_list_counts_members_certain_possible_and_ours(ask: Ask) -> None:
    (sheet,) = ask("list").sheets
    assert rows(sheet, "association", "members", "possible", "ours", "silos") == [
        ("Alder Guild", 2, 1, 3, 2),
        ("Birch League", 4, 0, 1, 2),
        ("Cedar Circle", 1, 0, 1, 1),
    ]
    assert "3 associations on 24 November 2026" in sheet.note
    assert "on the map il-2021" in sheet.note


def test_the_list_tells_the_districts_closed_and_the_posture_which_is_for_staff(ask: Ask) -> None:
    (sheet,) = ask("list").sheets
    # Dune alone is in a district that we lack: one of the House and, with it, one of the Senate. Fern is closed. Elm
    # may be in two of each.
    assert rows(sheet, "house", "closes", "possibly_closes", "posture") == [
        (1, 0, 0, "consulting"),
        (3, 2, 4, "unknown"),
        (1, 0, 0, "unknown"),
    ]
    assert sheet.private == ("posture",)


def test_on_an_earlier_day_other_ties_hold(ask: Ask) -> None:
    (sheet,) = ask("list", day="2015-06-30").sheets
    # Amber joined Alder in some month of 2015, Brook in March; Birch had Dune, Elm and Fern.
    assert rows(sheet, "association", "members", "possible") == [
        ("Alder Guild", 1, 1),
        ("Birch League", 3, 0),
        ("Cedar Circle", 0, 0),
    ]


def test_before_the_first_map_the_list_stands_without_districts(ask: Ask) -> None:
    outcome = ask("list", day="1990-01-01")
    assert "house" not in outcome.sheets[0].columns
    assert outcome.notes[0].startswith("No districts are told")


def test_an_association_beside_the_coalition(ask: Ask) -> None:
    about, silos, districts, closes, members = ask("show", key="Birch League").sheets
    assert rows(about, "members", "ours", "not_ours", "lanes") == [(4, 1, 3, "Rates: grants")]
    assert rows(silos, "silo", "organizations", "percent") == [("Housing", 2, 67), ("Child welfare", 1, 33)]
    # Theirs: Amber's, Dune's and Fern's district; ours: Amber's, which is Brook's too.
    assert rows(districts, "chamber", "theirs", "theirs_possible", "ours", "both") == [
        ("house", 3, 2, 1, 1),
        ("senate", 3, 2, 1, 1),
    ]
    assert {row[3] for row in closes.rows} == {"closes", "possibly closes"}
    assert rows(members, "organization", "ours", "other_associations") == [
        ("Amber Lake Homes", "yes", "Alder Guild"),
        ("Dune Road Works", "no", ""),
        ("Elm Court Center", "no", ""),
        ("Fern Way House", "no", ""),
    ]


def test_overlap_counts_our_members_or_everybody(ask: Ask) -> None:
    pairs, matrix = ask("overlap").sheets
    assert rows(pairs, "association", "other", "shared", "possible") == [
        ("Alder Guild", "Birch League", 1, 0),
        ("Alder Guild", "Cedar Circle", 1, 0),
    ]
    assert [row[1:] for row in matrix.rows] == [
        ("Alder Guild", 3, 1, 1),
        ("Birch League", 1, 1, 0),
        ("Cedar Circle", 1, 0, 1),
    ]
    assert ask("overlap", min_shared="2").sheets[0].rows == ()
    assert [row[3] for row in ask("overlap", who="all").sheets[1].rows] == [1, 4, 0]


def test_who_is_contested_and_who_is_a_bridge(ask: Ask) -> None:
    torn, bridges = ask("contested").sheets
    assert rows(torn, "issue", "organization", "lanes", "certain") == [
        ("Rates", "Amber Lake Homes", "Alder Guild: beds / Birch League: grants", "yes")
    ]
    assert "no rivalry 50%" in torn.note
    assert rows(bridges, "organization", "no_lane_known") == [("Brook Street Table", "Cedar Circle")]
    assert set(torn.private) == set(torn.columns)
    assert ask("contested", issue="RATES").sheets[0].rows == torn.rows
    named = ask("contested", issue="RATES").sheets[1]
    assert "want nothing different on Rates, as far as lanes are recorded" in named.note


def test_an_issue_without_a_lane_is_refused_with_those_that_have_one(ask: Ask) -> None:
    for verb, given in (("contested", {}), ("favours", {"query": "Gale"})):
        with pytest.raises(NotFound) as refused:
            ask(verb, issue="Late payments", **given)
        assert refused.value.message == "no lane is recorded on Late payments"
        assert refused.value.hint == "issues with lanes: Rates"


def test_before_the_lanes_nobody_is_contested(ask: Ask) -> None:
    torn, bridges = ask("contested", day="2019-06-30").sheets
    assert torn.rows == ()
    assert "No lane is recorded" in torn.note
    assert [row[1] for row in bridges.rows] == ["Amber Lake Homes", "Brook Street Table"]


def test_reach_names_the_district_and_who_is_there(ask: Ask) -> None:
    (sheet,) = ask("reach").sheets
    certain = [row for row in sheet.rows if row[3] == "closes"]
    assert {row[4] for row in certain} == {"Dune Road Works"}
    assert {row[2].split()[0] for row in certain} == {"House", "Senate"}
    assert {row[2] for row in sheet.rows if row[3] == "possibly closes" and row[2].startswith("House")} == {
        "House 50",
        "House 83",
    }
    assert "1 of our 117 House gaps and 1 of our 58 Senate gaps, and possibly 4 more" in sheet.note


def test_what_is_closed_is_covered_once_they_join(ask: Ask, crm: Crm, plugin_context: PluginContext) -> None:
    (sheet,) = ask("reach").sheets
    names = {what: {row[2] for row in sheet.rows if row[3] == what} for what in ("closes", "possibly closes")}
    before = {each.name: each.state for each in crm.coverage().districts}
    with plugin_context.changes("they join") as unit:
        for name in ("Dune Road Works", "Elm Court Center"):
            unit.add("membership", organization=plugin_context.record("organization", name).id, since="2026-11-01")
    after = {each.name: each.state for each in crm.coverage().districts}
    changed = {name: state for name, state in after.items() if state != before[name]}
    assert {name for name, state in changed.items() if state == "confirmed"} == names["closes"]
    assert {name for name, state in changed.items() if state == "possible"} == names["possibly closes"]


def test_reach_keeps_to_its_terms(ask: Ask) -> None:
    (sheet,) = ask("reach", key="Birch League", basis="service").sheets
    assert sheet.rows == ()
    assert "with a service site there" in sheet.note
    (house,) = ask("reach", key="Birch League", chamber="house").sheets
    assert {row[2].split()[0] for row in house.rows} == {"House"}
    with pytest.raises(InvalidValue, match="min-match"):
        ask("reach", min_match="high")


def test_the_ladder_on_a_day_and_its_history(ask: Ask) -> None:
    (sheet,) = ask("posture").sheets
    assert rows(sheet, "organization", "posture", "change") == [
        ("Alder Guild", "consulting", "2 up"),
        ("Birch League", "unknown", ""),
        ("Cedar Circle", "unknown", ""),
        ("Office of Invented Services", "hostile", ""),
    ]
    (before,) = ask("posture", day="2026-03-10").sheets
    assert rows(before, "posture")[0] == ("wary, possibly consulting",)
    (history,) = ask("posture", key="Alder Guild").sheets
    assert rows(history, "posture", "since", "change", "evidence") == [
        ("wary", "2024", "", "a letter"),
        ("consulting", "2026-03", "2 up", "a letter"),
    ]


def test_a_posture_is_recorded_and_undone(ask: Ask, plugin_context: PluginContext, crm: Crm) -> None:
    outcome = ask("record-posture", key="Birch League", level="co-leading", since="2026-02", reasons="a joint letter")
    assert outcome.notes == ("recorded: Birch League is co-leading since 2026-02", "undo it with: partners undo")
    assert rows(ask("posture").sheets[0], "posture")[1] == ("co-leading",)
    crm.undo()
    assert rows(ask("posture").sheets[0], "posture")[1] == ("unknown",)
    with pytest.raises(InvalidValue, match="no step of the ladder"):
        ask("record-posture", key="Birch League", level="friendly")


@pytest.mark.parametrize("verb", ["posture", "record-posture"])
def test_none_but_associations_and_agencies_are_offered(ask: Ask, verb: str) -> None:
    given = {"level": "wary"} if verb == "record-posture" else {}
    with pytest.raises(NotFound) as refused:
        ask(verb, key="amber", **given)
    assert refused.value.message == "no association or agency is called amber"
    every = "1 Alder Guild, 2 Birch League, 3 Cedar Circle, 4 Office of Invented Services"
    assert sorted(refused.value.hint.removeprefix("there are: ").split(", ")) == every.split(", ")
    with pytest.raises(NotFound) as refused:
        ask(verb, key="invented", **given)
    assert refused.value.hint == "there are: 4 Office of Invented Services"
    with pytest.raises(NotFound, match="Amber Lake Homes is no association or agency"):
        ask(verb, key="Amber Lake Homes", **given)


def test_the_beginning_of_several_names_is_not_enough(ask: Ask, plugin_context: PluginContext) -> None:
    with plugin_context.changes("another one") as unit:
        other = unit.add("organization", name="Alder Union", kind="association").id
    with pytest.raises(Ambiguous) as refused:
        ask("record-posture", key="alder", level="wary")
    assert refused.value.message == "alder stands for more than one association or agency"
    assert refused.value.hint == f"use the number: 1 Alder Guild, {other} Alder Union"


def test_a_competition_is_recorded_by_name_and_none_with_itself(ask: Ask) -> None:
    given = {"resource": "Rent line", "what": "grant"}
    outcome = ask("record-competition", one="Dune Road Works", other="Elm Court Center", **given)
    assert outcome.notes[0] == "recorded: Dune Road Works and Elm Court Center compete for Rent line"
    assert rows(ask("favours", query="Dune").sheets[0], "loses", "what") == [
        ("Elm Court Center", "Grant or request for proposals")
    ]
    with pytest.raises(InvalidValue, match="'Dune Road Works' cannot compete with itself"):
        ask("record-competition", one="Dune Road Works", other="Dune Road Works", **given)


def test_one_posture_is_told_in_the_singular(plugin_context: PluginContext) -> None:
    with plugin_context.changes("one alone") as unit:
        unit.add("organization", name="Alder Guild", kind="association")
    posture = next(verb for verb in COMMAND.verbs if verb.name == "posture")
    (sheet,) = posture.run(plugin_context, {"key": ""}).sheets
    assert "How 1 association or agency relates to us on" in sheet.note


def test_an_ask_that_favours_one_side_is_a_finding(ask: Ask) -> None:
    outcome = ask("favours", query="Amber")
    assert outcome.findings
    assert rows(outcome.sheets[0], "gains", "loses", "resource") == [
        ("Amber Lake Homes", "Brook Street Table", "Meals contract"),
        ("Amber Lake Homes", "Clover Hill Center", "Emergency beds"),
    ]
    assert not ask("favours", query="Gale").findings
    # Clover gains alone against Amber; of the three together nobody loses.
    assert not ask("favours", query="id:5,6,7").findings


def test_an_ask_favours_the_lane_that_has_all_who_gain(ask: Ask) -> None:
    outcome = ask("favours", query="Gale", issue="rates")
    assert outcome.findings
    assert "it favours beds and leaves grants with nothing" in outcome.sheets[1].note
    with pytest.raises(NotFound, match="no lane is recorded on taxes"):
        ask("favours", query="Gale", issue="taxes")


def test_who_is_in_no_association(ask: Ask) -> None:
    (sheet,) = ask("unaffiliated").sheets
    assert rows(sheet, "organization", "certain") == [("Clover Hill Center", "yes"), ("Gale Point House", "possibly")]
    assert sheet.note.startswith("1 of 4 members are in no association on 24 November 2026, and 1 more possibly")


def test_what_is_no_association_is_named(ask: Ask) -> None:
    with pytest.raises(NotFound, match="Amber Lake Homes is no association"):
        ask("show", key="Amber Lake Homes")


def test_a_closed_association_that_became_another_is_history(ask: Ask, plugin_context: PluginContext) -> None:
    with plugin_context.changes("Old Guild became Alder Guild") as unit:
        unit.add("organization", name="Old Guild", kind="association", successor=1)
    assert "Old Guild" not in [row[1] for row in ask("list").sheets[0].rows]


def test_nothing_for_staff_is_read_on_a_shared_screen(plugin_context: PluginContext, story: dict[str, int]) -> None:
    from partners_crm_associations.reading import Associations

    on = Associations(replace(plugin_context, show_private=False))
    assert not on.lanes
    assert not on.postures
    assert not on.competitions
