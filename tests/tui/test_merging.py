"""The merge of two records on the screen: field by field, what moves, refusals, conflicts, and its undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Organization, Role, Site, Tag, Tagging
from partners_crm.services import custom_fields, duplicates, records
from partners_crm.services.merging import Relation
from partners_crm.store.read import by_id, where
from partners_crm.tui.screens.card import CardScreen
from partners_crm.tui.screens.first_look import FirstLookScreen
from partners_crm.tui.screens.merge import MergeScreen, moved_words
from partners_crm.tui.screens.merge_with import MergeWith, others
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.pairs import BLACK_HAWK, HAWK, ROAD, ROAD_INC, WILLOW, add_pairs, house, ids, merging, names, state
from tests.tui.seeing import head, text_of

NARROW, WIDE = (80, 24), (140, 40)


@pytest.fixture
def pairs(database: Path) -> Path:
    return add_pairs(database)


def is_on(pilot: Pilot[Any], kind: type[Screen[Any]]) -> bool:
    """Whether a screen of this kind is shown."""
    return isinstance(pilot.app.screen, kind)


async def open_merge(pilot: Pilot[Any], keep: str = HAWK, lose: str = BLACK_HAWK) -> None:
    screen = MergeScreen(Organization, ids(pilot, keep)[0], ids(pilot, lose)[-1])
    house(pilot).push_screen(screen)
    await settled(pilot)


async def go_to(pilot: Pilot[Any], label: str) -> None:
    """Put the cursor on a field."""
    source: Any = merging(pilot).fields.source
    place = next(place for place, each in enumerate(source.choices) if each.label == label)
    await press(pilot, "home", *["down"] * place)


def row(pilot: Pilot[Any], label: str) -> str:
    """The line of a field, in words."""
    lines = [line.strip("▸ ") for line in screen_text(pilot.app).splitlines()]
    return " ".join(next(line for line in lines if line.startswith(f"{label} ")).split())


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_every_field_says_what_each_says_and_what_will_stand(pairs: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await open_merge(pilot)
        text = text_of(pilot)
        assert "Ctrl+S merges 2 records into one; u undoes it · 4 fields differ" in text
        assert row(pilot, "Kind") == "Kind differ ✓ Provider Funder Provider"
        assert row(pilot, "Beds") == "Beds differ ✓ 12 14 12"
        assert row(pilot, "Note").count("✓") == 2, "a note keeps both"
        assert "1 site and 1 role move." in text
        assert "1 contact point is there already, and is folded into it." in text
        await press(pilot, "tab", "end")
        assert "Not taken, and kept in the history and on the card: name, kind, beds." in text_of(pilot)

    drive(pairs, script, size)


def test_arrows_and_space_choose_the_side_and_the_merge_follows(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await open_merge(pilot)
        await go_to(pilot, "Name")
        await press(pilot, "right")
        assert row(pilot, "Name").endswith(f"✓ {BLACK_HAWK} {BLACK_HAWK}")
        await go_to(pilot, "Kind")
        await press(pilot, "space")
        assert row(pilot, "Kind") == "Kind differ Provider ✓ Funder Funder"
        await press(pilot, "left")
        assert row(pilot, "Kind") == "Kind differ ✓ Provider Funder Provider"
        await go_to(pilot, "Beds")
        await press(pilot, "enter")
        assert row(pilot, "Beds") == "Beds differ 12 ✓ 14 14"
        await go_to(pilot, "Note")
        for signs, side in (("✓ Knows the ward. Asked", "kept"), ("✓ Asked", "other"), ("✓", "both")):
            await press(pilot, "space")
            assert signs in row(pilot, "Note"), side
        assert row(pilot, "Note").count("✓") == 2
        await press(pilot, "ctrl+s")
        crm = house(pilot).crm
        merged = crm.find(Organization, BLACK_HAWK)
        assert [merged.id] == ids(pilot, BLACK_HAWK)
        assert (merged.kind, merged.note) == ("provider", "Knows the ward.\n\nAsked to be called at noon.")
        assert custom_fields.values_of(crm.db, Organization, [merged.id])[merged.id]["beds"] == "14"
        assert [site.name for site in where(crm.db, Site, organization=merged.id)] == ["Main"]
        assert "u takes it back" in text_of(pilot)
        await press(pilot, "u")
        assert state(pilot) == before

    drive(pairs, script, WIDE)


def test_w_lets_the_other_one_stay_and_decisions_stand(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        black = ids(pilot, BLACK_HAWK)
        await open_merge(pilot)
        await go_to(pilot, "Kind")
        await press(pilot, "right", "w")
        assert f"into {black[0]} {BLACK_HAWK}" in text_of(pilot)
        assert row(pilot, "Kind") == "Kind differ ✓ Funder Provider Funder"
        await press(pilot, "ctrl+s")
        assert ids(pilot, BLACK_HAWK) == black
        assert HAWK not in names(pilot)

    drive(pairs, script, WIDE)


@pytest.mark.parametrize("key", ["escape", "q"])
def test_who_leaves_merges_nothing(pairs: Path, key: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await open_merge(pilot)
        await press(pilot, "right", key)
        assert not isinstance(pilot.app.screen, MergeScreen)
        assert state(pilot) == before

    drive(pairs, script)


def test_what_both_say_is_not_chosen_and_what_no_merge_takes_back_stays(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm, crm.changes("mark") as unit:
        first = by_id(crm.db, Contact, crm.contacts("dana")[0].id)
        records.edit(unit, first, do_not_contact=True)

    async def script(pilot: Pilot[Any]) -> None:
        keys = ids(pilot, "Dana Reyes", Contact)
        house(pilot).push_screen(MergeScreen(Contact, keys[0], keys[1]))
        await settled(pilot)
        await go_to(pilot, "Name")
        await press(pilot, "right")
        assert "both say the same" in text_of(pilot)
        await go_to(pilot, "Do not contact")
        await press(pilot, "right")
        assert "survives every merge" in text_of(pilot)
        assert merging(pilot).takes == {}
        await press(pilot, "ctrl+s")
        assert where(house(pilot).crm.db, Contact, name="Dana Reyes")[0].do_not_contact

    drive(pairs, script, WIDE)


def test_what_was_declared_not_the_same_is_merged_only_after_a_second_yes(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm, crm.changes("two") as unit:
        hawk, black = (crm.find(Organization, name).id for name in (HAWK, BLACK_HAWK))
        duplicates.dismiss(unit, Organization, hawk, black, "two wards")

    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await open_merge(pilot)
        assert "were declared not the same: two wards. Ctrl+S asks once more." in text_of(pilot)
        await press(pilot, "ctrl+s")
        assert "Merge them all the same?" in text_of(pilot)
        await press(pilot, "escape")
        assert is_on(pilot, MergeScreen)
        assert state(pilot) == before
        await press(pilot, "ctrl+s", "y")
        assert BLACK_HAWK not in names(pilot)
        await press(pilot, "u")
        assert state(pilot) == before

    drive(pairs, script, WIDE)


def test_a_change_meanwhile_is_said_and_the_plan_is_read_anew(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await open_merge(pilot)
        await go_to(pilot, "Beds")
        await press(pilot, "right")
        crm = house(pilot).crm
        with crm.changes("meanwhile") as unit:
            records.edit(unit, crm.find(Organization, HAWK), kind="agency")
        await press(pilot, "ctrl+s")
        text = text_of(pilot)
        assert "since the merge was planned" in text
        assert is_on(pilot, MergeScreen)
        assert "Public agency" in row(pilot, "Kind") or "agency" in row(pilot, "Kind").lower()
        assert row(pilot, "Beds") == "Beds differ 12 ✓ 14 14", "what was decided stands"
        assert BLACK_HAWK in names(pilot)
        await press(pilot, "ctrl+s")
        assert BLACK_HAWK not in names(pilot)

    drive(pairs, script, WIDE)


def test_a_record_that_goes_meanwhile_ends_the_merge(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await open_merge(pilot)
        crm = house(pilot).crm
        with crm.changes("gone") as unit:
            records.remove(unit, crm.find(Organization, BLACK_HAWK))
        await press(pilot, "ctrl+s")
        assert not isinstance(pilot.app.screen, MergeScreen)
        assert HAWK in names(pilot)

    drive(pairs, script, WIDE)


# -------------------------------------------------------------------- the ways to it


def test_from_the_card_by_typing_the_name_of_the_other(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        hawk = ids(pilot, HAWK)
        house(pilot).push_screen(CardScreen("organization", hawk[0]))
        await settled(pilot)
        await press(pilot, "M")
        assert f"Merge {HAWK} with…" in text_of(pilot)
        assert BLACK_HAWK in text_of(pilot), "whom it looks like is offered before anything is typed"
        await type_text(pilot, "cermak")
        text = text_of(pilot).split("with…")[1]
        assert ROAD_INC in text
        assert BLACK_HAWK not in text
        await press(pilot, *["backspace"] * 6)
        await type_text(pilot, "black hawk")
        await press(pilot, "enter")
        assert is_on(pilot, MergeScreen)
        assert (merging(pilot).keep, merging(pilot).lose) == (hawk[0], ids(pilot, BLACK_HAWK)[0])
        await press(pilot, "ctrl+s")
        assert is_on(pilot, CardScreen)
        assert head(pilot).strip().startswith(HAWK)
        assert "Invented Ave" in text_of(pilot), "the card is read anew"
        await press(pilot, "u")
        assert state(pilot) == before

    drive(pairs, script, WIDE)


def test_the_card_of_what_went_gives_way_to_that_of_what_stays(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        house(pilot).push_screen(CardScreen("organization", ids(pilot, BLACK_HAWK)[0]))
        await settled(pilot)
        await press(pilot, "M")
        await type_text(pilot, "blackhawk")
        await press(pilot, "enter", "w", "ctrl+s")
        assert head(pilot).strip().startswith(f"{HAWK} ")
        await press(pilot, "escape")
        assert head(pilot).strip().startswith("Organizations")

    drive(pairs, script, WIDE)


def test_enter_before_the_list_is_there_waits_for_it(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        house(pilot).push_screen(CardScreen("organization", ids(pilot, HAWK)[0]))
        await settled(pilot)
        await press(pilot, "M")
        await pilot.press(*"prairie", "enter")
        await settled(pilot)
        assert is_on(pilot, MergeScreen)
        assert merging(pilot).lose == ids(pilot, "Prairie Family Kitchen")[0]

    drive(pairs, script)


def test_who_may_be_meant(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm:
        hawk, black, road = (crm.find(Organization, name).id for name in (HAWK, BLACK_HAWK, ROAD))
        assert [each.id for each in others(crm, Organization, hawk, "")] == [black]
        assert [each.id for each in others(crm, Organization, hawk, str(road))] == [road]
        assert [each.id for each in others(crm, Organization, hawk, "9" * 40)] == []
        assert others(crm, Organization, hawk, str(hawk)) == [], "never itself"
        assert others(crm, Organization, hawk, '"(*:') == []
        with crm.changes("sites") as unit:
            more = records.add(unit, Site, organization=black, name="Annex", address="12 Oak St")
        main = where(crm.db, Site, name="Main")[0]
        assert [each.id for each in others(crm, Site, main.id, "")] == [more.id]
        assert [each.id for each in others(crm, Site, main.id, "oak")] == [more.id]
        assert others(crm, Site, main.id, "elm") == []


def test_what_cannot_be_merged_says_so(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm, crm.changes("tag") as unit:
        tag = records.add(unit, Tag, name="north")
        records.add(unit, Tagging, tag=tag.id, organization=crm.find(Organization, HAWK).id)

    async def script(pilot: Pilot[Any]) -> None:
        role = where(house(pilot).crm.db, Role, title="Director")[0]
        house(pilot).push_screen(CardScreen("role", role.id))
        await settled(pilot)
        await press(pilot, "M")
        assert "roles are not merged from here" in text_of(pilot)
        assert not isinstance(pilot.app.screen, MergeWith)

    drive(pairs, script, WIDE)


def test_from_the_first_look(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F", "M")
        assert "only a possible duplicate can be merged here" in text_of(pilot)
        await press(pilot, *["down"] * 8, "enter")
        place = next(
            place
            for place, line in enumerate(screen_text(pilot.app).splitlines()[2:])
            if f"{ROAD} " in line or ROAD in line
        )
        await press(pilot, *["down"] * place, "M")
        assert is_on(pilot, MergeScreen)
        assert merging(pilot).keep == ids(pilot, ROAD)[0]
        await press(pilot, "ctrl+s")
        assert is_on(pilot, FirstLookScreen)
        assert ROAD_INC not in text_of(pilot).split("merged:")[0]

    drive(pairs, script, WIDE)


def test_sites_of_two_organizations_are_refused_in_words(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm, crm.changes("site") as unit:
        other = records.add(unit, Site, organization=crm.find(Organization, ROAD).id, name="Main")

    async def script(pilot: Pilot[Any]) -> None:
        mine = where(house(pilot).crm.db, Site, organization=ids(pilot, BLACK_HAWK)[0])[0]
        house(pilot).push_screen(MergeScreen(Site, mine.id, other.id))
        await settled(pilot)
        assert not isinstance(pilot.app.screen, MergeScreen)
        assert "organization" in text_of(pilot)

    drive(pairs, script, WIDE)


def test_two_that_say_the_same_merge_too(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await open_merge(pilot, WILLOW, WILLOW)
        text = text_of(pilot)
        assert "nothing differs" in text
        assert "2 contact points are there already, and are folded into them." in text
        await press(pilot, "ctrl+s")
        assert len(ids(pilot, WILLOW)) == 1
        points = where(house(pilot).crm.db, ContactPoint, organization=ids(pilot, WILLOW)[0])
        assert {each.kind for each in points} == {"phone", "email"}
        assert len(points) == 2

    drive(pairs, script, WIDE)


def test_what_moves_is_counted_in_words() -> None:
    found = moved_words(
        [
            Relation("site", "organization", "Organization", 3, 0, 0),
            Relation("role", "organization", "Organization", 2, 0, 0),
            Relation("contact_point", "organization", "Organization", 0, 1, 0),
            Relation("affiliation", "organization", "Organization", 0, 0, 1),
            Relation("affiliation", "association", "Association", 0, 0, 1),
        ]
    )
    assert found == [
        "3 sites and 2 roles move.",
        "1 contact point is there already, and is folded into it.",
        "2 affiliations would say nothing any more, and go.",
    ]
    assert moved_words([]) == []


@pytest.mark.parametrize("size", [(60, 15), (40, 10), (200, 60)])
def test_it_stands_any_size(pairs: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await open_merge(pilot)
        await press(pilot, "down", "right")
        await pilot.resize_terminal(1, 1)
        await settled(pilot)
        await pilot.resize_terminal(*WIDE)
        await settled(pilot)
        assert row(pilot, "Kind") == "Kind differ Provider ✓ Funder Funder"

    drive(pairs, script, size)
