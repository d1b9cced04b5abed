"""What the views, tabs, columns and actions show of a coalition that is counted by hand: see `story` in conftest.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from partners_crm import Crm
from partners_crm.errors import InvalidValue
from partners_crm.plugins import PluginContext, Said, Selection, Show, blocks
from partners_crm_associations.acting import ACTIONS
from partners_crm_associations.tabs import COLUMN, TABS
from partners_crm_associations.views import VIEWS

Story = dict[str, int]


def view(context: PluginContext, name: str, **answers: str) -> tuple[Any, ...]:
    found = next(each for each in VIEWS if each.name == name)
    chosen = {choice.name: choice.values[0][0] for choice in found.choices} | answers
    return tuple(found.blocks(context, chosen))


def chosen(context: PluginContext, name: str, key: str, answers: Mapping[str, str] | None = None) -> Any:
    found = next(each for each in VIEWS if each.name == name)
    assert found.select is not None
    return found.select(context, Selection(block=0, key=key), answers or {})


def tab(context: PluginContext, name: str, key: int) -> tuple[Any, ...]:
    found = next(each for each in TABS if each.name == name)
    return tuple(found.blocks(context, context.record("organization", key)))


def act(context: PluginContext, name: str, *refs: blocks.Ref, **answers: str) -> Any:
    found = next(each for each in ACTIONS if each.name == name)
    return found.run(context, refs, answers)


def text(cell: blocks.Text) -> str:
    return cell if isinstance(cell, str) else cell.text


def organization(key: int) -> blocks.Ref:
    return blocks.Ref("organization", key)


def test_the_matrix_shows_shared_members_and_enter_names_them(plugin_context: PluginContext, story: Story) -> None:
    (matrix,) = view(plugin_context, "overlap")
    assert [text(each) for each in matrix.columns] == ["AG", "BL", "CC"]
    assert [[text(cell) for cell in row] for row in matrix.cells] == [
        ["2 +1?", "1", "1"],
        ["1", "1", "."],
        ["1", ".", "1"],
    ]
    shown = chosen(plugin_context, "overlap", matrix.cells[0][1].key)
    assert isinstance(shown, Show)
    wants, members = shown.blocks
    assert isinstance(members, blocks.Table)
    assert [row.ref for row in members.rows] == [organization(story["amber"])]
    assert isinstance(wants, blocks.Table)
    assert [text(cell) for cell in wants.rows[0].cells] == ["Rates", "beds", "grants", "differ"]


def test_the_matrix_with_everybody_and_a_higher_least(plugin_context: PluginContext, story: Story) -> None:
    (matrix,) = view(plugin_context, "overlap", who="all")
    assert text(matrix.cells[1][1]) == "4"
    (card,) = view(plugin_context, "overlap", least="5")
    assert card.words == "No two associations share 5 or more."


def test_contested_members_stand_under_their_issue(plugin_context: PluginContext, story: Story) -> None:
    issue, members = view(plugin_context, "contested")
    assert issue.title == "Rates"
    assert [(line.label, text(line.value)) for line in issue.lines] == [
        ("Alder Guild", "beds"),
        ("Birch League", "grants"),
    ]
    assert [row.ref for row in members.rows] == [organization(story["amber"])]
    _, bridges = view(plugin_context, "contested", what="bridges")
    assert [row.ref for row in bridges.rows] == [organization(story["brook"])]
    said, alone = view(plugin_context, "contested", what="none")
    assert said.words.startswith("1 of 4 members are in no association")
    assert [row.ref for row in alone.rows] == [organization(story["clover"]), organization(story["gale"])]


def test_reach_draws_the_gaps_and_enter_says_who(plugin_context: PluginContext, story: Story) -> None:
    terms, bars, house, senate = view(plugin_context, "reach")
    first = bars.bars[0]
    assert (text(first.label), first.value, first.of) == ("Birch League", 2, 175)
    assert [text(house.values[number]) for number in (50, 83)] == ["+?", "+?"]
    assert sorted({text(cell) for cell in house.values.values()}) == ["#", "+?", ".", "1"]
    assert len(senate.values) == 59
    assert "on the map il-2021" in terms.words
    assert house.legend == senate.legend
    assert house.legend in terms.words
    assert (house.title, senate.title) == ("House: who would close a gap", "Senate: who would close a gap")
    shown = chosen(plugin_context, "reach", bars.bars[0].key)
    card, table, *tiles = shown.blocks
    assert "1 of our 117 House gaps" in card.words
    assert {text(row.cells[2]) for row in table.rows} == {"Dune Road Works", "Elm Court Center"}
    assert [tile.chamber for tile in tiles] == ["house", "senate"]
    assert sorted({text(cell) for cell in tiles[0].values.values()}) == ["+", "+?", ".", "="]


def test_the_ladder_is_a_board(plugin_context: PluginContext, story: Story) -> None:
    head, board = view(plugin_context, "postures")
    assert head.words == (
        "For staff only. hostile 1, wary 0, observing 0, consulting 1, collaborating 0, co-leading 0, unknown 2."
    )
    standing = {text(lane.label): [card.ref.id for card in lane.cards] for lane in board.lanes}
    # Nobody is above consulting: those steps are left out, but not those between.
    assert list(standing) == ["hostile", "wary", "observing", "consulting", "unknown"]
    assert standing["unknown"] == [story["birch"], story["cedar"]]
    assert standing["hostile"] == [story["office"]]
    assert standing["consulting"] == [story["alder"]]


@pytest.mark.parametrize("name", ["contested", "postures", "competition"])
def test_on_a_shared_screen_nothing_for_staff_is_shown(plugin_context: PluginContext, story: Story, name: str) -> None:
    shared = replace(plugin_context, show_private=False)
    (card,) = view(shared, name)
    assert card.words == "Not on a shared screen: this is for staff only."
    assert next(each for each in VIEWS if each.name == name).staff_only


def test_the_card_of_an_association(plugin_context: PluginContext, story: Story) -> None:
    about, silos, members = tab(plugin_context, "association", story["birch"])
    lines = {line.label: text(line.value) for line in about.lines}
    assert lines["Members"] == "4"
    assert lines["Lanes"] == "Rates: grants"
    assert lines["House"] == "3 +2? of 118, ours 1, both 1"
    assert [(text(bar.label), bar.value) for bar in silos.bars] == [("Housing", 2.0), ("Child welfare", 1.0)]
    assert len(members.rows) == 4
    shared = replace(plugin_context, show_private=False)
    hidden = {line.label for line in tab(shared, "association", story["birch"])[0].lines}
    assert not hidden & {"Posture", "Lanes"}
    assert tab(plugin_context, "association", story["amber"]) == ()


def test_the_card_of_a_member(plugin_context: PluginContext, story: Story) -> None:
    ties, torn, rivals = tab(plugin_context, "affiliations", story["amber"])
    assert [row.ref for row in ties.rows] == [organization(story["alder"]), organization(story["birch"])]
    assert text(torn.lines[0].value) == "Alder Guild: beds / Birch League: grants"
    assert [text(row.cells[0]) for row in rivals.rows] == ["Emergency beds", "Meals contract"]
    shared = replace(plugin_context, show_private=False)
    assert len(tab(shared, "affiliations", story["amber"])) == 1
    assert tab(plugin_context, "affiliations", story["office"]) == ()


def test_the_posture_beside_its_evidence(plugin_context: PluginContext, story: Story) -> None:
    head, timeline = tab(plugin_context, "posture", story["alder"])
    assert (head.title, head.words) == ("For staff only. On 24 November 2026", "consulting")
    assert [(event.day, text(event.text), event.words) for event in timeline.events] == [
        ("2026-03", "consulting (2 up)", "a letter"),
        ("2024", "wary", "a letter"),
    ]
    _, empty = tab(plugin_context, "posture", story["cedar"])
    assert empty.events == ()
    assert tab(plugin_context, "posture", story["amber"]) == ()
    assert tab(replace(plugin_context, show_private=False), "posture", story["alder"]) == ()


def test_the_column_tells_of_a_page(plugin_context: PluginContext, story: Story) -> None:
    ids = plugin_context.ids("organization")
    assert {key: text(cell) for key, cell in COLUMN.values(plugin_context, ids).items()} == {story["amber"]: "Rates"}
    assert COLUMN.values(plugin_context, (story["brook"],)) == {}
    assert COLUMN.values(replace(plugin_context, show_private=False), ids) == {}


def test_a_competition_is_recorded_found_and_ended(plugin_context: PluginContext, story: Story, crm: Crm) -> None:
    two = organization(story["dune"]), organization(story["elm"])
    said = act(plugin_context, "record-competition", *two, resource="Rent line", what="grant")
    assert said == Said(text="recorded: Dune Road Works and Elm Court Center compete for Rent line", hint="u undoes it")
    shown = act(plugin_context, "competitors", two[0])
    assert [[text(cell) for cell in row.cells][:3] for row in shown.blocks[1].rows] == [
        ["Dune Road Works", "Elm Court Center", "Rent line"]
    ]
    _, table = view(plugin_context, "competition")
    ref = next(row.ref for row in table.rows if text(row.cells[0]) == "Rent line")
    assert act(plugin_context, "end-competition", ref).text == "the last day of 1 competition is 2026-11-24"
    later = replace(plugin_context, as_of=plugin_context.as_of.replace(year=2027))
    assert "Rent line" not in [text(row.cells[0]) for row in view(later, "competition")[1].rows]
    crm.undo()
    assert "Rent line" in [text(row.cells[0]) for row in view(later, "competition")[1].rows]


def test_one_alone_competes_with_whom_it_is_said(plugin_context: PluginContext, story: Story) -> None:
    amber = organization(story["amber"])
    act(plugin_context, "record-competition", amber, other=str(story["gale"]), resource="Beds")
    with pytest.raises(InvalidValue, match="needs two organizations"):
        act(plugin_context, "record-competition", amber, resource="Beds")


@pytest.mark.parametrize("refs", [0, 1])
def test_nobody_competes_with_itself(plugin_context: PluginContext, story: Story, refs: int) -> None:
    amber = story["amber"]
    named = {"other": str(amber)} if refs else {"one": str(amber), "other": str(amber)}
    with pytest.raises(InvalidValue, match="'Amber Lake Homes' cannot compete with itself"):
        act(plugin_context, "record-competition", *[organization(amber)] * refs, resource="Beds", **named)


def test_a_posture_says_whose_it_is_and_is_that_of_one(plugin_context: PluginContext, story: Story) -> None:
    two = organization(story["birch"]), organization(story["cedar"])
    said = act(plugin_context, "record-posture", two[0], level="wary", since="2026-11")
    assert said.text == "recorded: Birch League is wary since 2026-11"
    with pytest.raises(InvalidValue, match="of one association or agency at a time, and 2 are chosen"):
        act(plugin_context, "record-posture", *two, level="hostile")
    _, board = view(plugin_context, "postures")
    wary = next(lane for lane in board.lanes if text(lane.label) == "wary")
    assert [card.ref for card in wary.cards] == [two[0]]


def test_the_column_says_in_words_what_is_only_possible(plugin_context: PluginContext, story: Story) -> None:
    with plugin_context.changes("Gale may be in Alder, and is in Birch") as unit:
        unit.add("affiliation", organization=story["gale"], association=story["birch"], since="2020")
    cells = COLUMN.values(plugin_context, (story["amber"], story["gale"]))
    assert {key: (text(cell), cell.tone) for key, cell in cells.items() if isinstance(cell, blocks.Cell)} == {
        story["amber"]: ("Rates", "bad"),
        story["gale"]: ("Rates (possibly)", "doubt"),
    }


def test_without_a_lane_it_says_how_there_comes_to_be_one(plugin_context: PluginContext) -> None:
    (card,) = view(plugin_context, "contested")
    assert "choose “Lanes (associations)” on this screen and press n there" in card.words
    assert "partners add associations_lane" in card.words


def test_titles_are_short_enough_for_a_screen(plugin_context: PluginContext, story: Story) -> None:
    drawn = [*view(plugin_context, "contested", what="bridges"), *view(plugin_context, "contested", what="none")]
    drawn += [each for some in VIEWS for each in view(plugin_context, some.name)]
    drawn += view(plugin_context, "overlap", who="all")
    drawn += [each for some in TABS for each in tab(plugin_context, some.name, story["alder"])]
    drawn += [each for some in TABS for each in tab(plugin_context, some.name, story["amber"])]
    assert len(drawn) > 20
    assert [each.title for each in drawn if len(each.title) >= 40] == []
