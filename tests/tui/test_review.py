"""The queue of possible duplicates: what it shows, what is decided there, and that all of it is taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.dirty import books, messy
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Organization
from partners_crm.services import duplicates, records
from partners_crm.tui.duplicates import Ids, score_words
from partners_crm.tui.screens.merge import MergeScreen
from partners_crm.tui.screens.review import Review
from partners_crm.tui.side_by_side import faced
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.pairs import BLACK_HAWK, HAWK, ROAD, ROAD_INC, WILLOW, add_pairs, house, ids, names, review, state
from tests.tui.seeing import head, text_of

NARROW, WIDE = (80, 24), (140, 40)


@pytest.fixture
def pairs(database: Path) -> Path:
    return add_pairs(database)


async def shown(pilot: Pilot[Any]) -> str:
    """The screen, once the pair follows the cursor."""
    await pilot.pause(0.15)
    await settled(pilot)
    return text_of(pilot)


async def go_to(pilot: Pilot[Any], name: str) -> None:
    """Put the cursor on the pair whose first is called so."""
    place = next(place for place, each in enumerate(review(pilot).shown) if getattr(each, "first_title", "") == name)
    await press(pilot, "home", *["down"] * place)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_the_pair_under_the_cursor_is_shown_side_by_side_with_its_evidence(pairs: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8")
        text = await shown(pilot)
        assert "3 pairs of 7 organizations may be one · 0 dismissed" in text
        for name in (HAWK[:15], ROAD, WILLOW):
            assert name in text
        await go_to(pilot, HAWK)
        text = await shown(pilot)
        assert "same phone" in text
        assert "Kind differ Provider Funder" in text
        assert "Phone same 312-555-0142 312-555-0142" in text or size == NARROW
        await press(pilot, "tab", "end")
        assert "Sam Ortiz" in await shown(pilot), "the pair scrolls"
        await press(pilot, "escape", "up")
        assert HAWK not in (await shown(pilot)).split("One?")[1].split("Overview")[1]

    drive(pairs, script, size)


def test_what_two_cards_say_stands_next_to_each_other(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm:
        hawk, black = (crm.find(Organization, name) for name in (HAWK, BLACK_HAWK))
        lines = faced(crm.card(Organization, hawk.id), crm.card(Organization, black.id))
    said = {(each.section, each.label): (each.first, each.second, each.mark) for each in lines}
    assert said["Overview", "Name"] == (HAWK, BLACK_HAWK, "differ")
    assert said["Overview", "Kind"] == ("Provider", "Funder", "differ")
    assert said["Own fields", "Beds"] == ("12", "14", "differ")
    assert said["Reach", "Phone"] == ("312-555-0142", "312-555-0142", "same")
    assert any(first == "" and "Invented" in second and mark == "one" for first, second, mark in said.values())


@pytest.mark.parametrize("key", ["left_square_bracket", "right_square_bracket"])
def test_the_brackets_go_to_the_pairs_of_contacts_and_back(pairs: Path, key: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8", key)
        text = await shown(pilot)
        assert "1 pair of 3 contacts may be one" in text
        assert "Email same dana@example.org dana@example.org" in text
        await press(pilot, key)
        assert "3 pairs of 7 organizations" in await shown(pilot)

    drive(pairs, script)


def test_where_nothing_looks_alike_the_page_says_what_that_means(database: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8")
        assert "There are no two organizations to compare yet." in await shown(pilot)
        with house(pilot).crm.changes("two") as unit:
            for name in ("Birch Homes", "Prairie Kitchen"):
                records.add(unit, Organization, name=name)
        await press(pilot, "r")
        assert "No two of 2 organizations look like one and the same." in await shown(pilot)
        await press(pilot, "v")
        assert "Of no pair of organizations was said that it is two." in await shown(pilot)
        for each in ("enter", "t", "o", "O", "space", "a", "A", "x", "M"):
            await press(pilot, each)
        assert isinstance(pilot.app.screen, Review), "no key does anything to an empty list"

    drive(database, script)


def test_a_dismissed_pair_is_kept_with_its_reason_and_taken_back(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await press(pilot, "8")
        await go_to(pilot, HAWK)
        await press(pilot, "t")
        assert "never proposed again" in text_of(pilot)
        await type_text(pilot, "two wards")
        await press(pilot, "enter")
        text = await shown(pilot)
        assert "2 pairs of 7 organizations may be one · 1 dismissed" in text
        assert duplicates.dismissed_pairs(house(pilot).crm.db, Organization) == {
            (*ids(pilot, HAWK), *ids(pilot, BLACK_HAWK))
        }
        await press(pilot, "v")
        text = await shown(pilot)
        assert "Dismissed pairs" in text
        assert "known to be two: two wards" in text
        assert "Kind differ Provider Funder" in text
        await press(pilot, "t")
        assert "Of no pair of organizations was said" in await shown(pilot)
        await press(pilot, "v")
        assert "3 pairs of 7 organizations may be one · 0 dismissed" in await shown(pilot)
        await press(pilot, "u", "u")
        assert state(pilot) == before
        assert "3 pairs" in await shown(pilot)
        await press(pilot, "U")
        assert "2 pairs of 7 organizations may be one · 1 dismissed" in await shown(pilot)

    drive(pairs, script, WIDE)


def test_who_leaves_the_question_dismisses_nothing_and_no_reason_is_needed(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8", "t", "escape")
        assert "3 pairs of 7 organizations may be one · 0 dismissed" in await shown(pilot)
        await press(pilot, "t", "enter")
        assert "2 pairs of 7 organizations may be one · 1 dismissed" in await shown(pilot)

    drive(pairs, script, WIDE)


def test_the_cards_of_both_open(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8")
        await go_to(pilot, HAWK)
        await press(pilot, "o")
        assert head(pilot).strip().startswith(f"{HAWK} ")
        await press(pilot, "escape", "O")
        assert head(pilot).strip().startswith(BLACK_HAWK)
        await press(pilot, "escape")
        chosen = review(pilot).chosen
        assert chosen is not None
        assert chosen.first_title == HAWK, "the cursor stays on its pair"

    drive(pairs, script)


@pytest.mark.parametrize("key", ["enter", "M"])
def test_a_merge_from_the_queue_leaves_it_and_its_undo_brings_the_pair_back(pairs: Path, key: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await press(pilot, "8")
        await go_to(pilot, ROAD)
        await press(pilot, key)
        assert isinstance(pilot.app.screen, MergeScreen)
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, Review)
        assert "2 pairs of 6 organizations may be one" in await shown(pilot)
        assert names(pilot).count(ROAD) == 1
        assert ROAD_INC not in names(pilot)
        await press(pilot, "u")
        assert state(pilot) == before
        assert "3 pairs of 7 organizations may be one" in await shown(pilot)

    drive(pairs, script)


def test_the_queue_is_kept_until_something_is_done(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8")
        await settled(pilot)
        before = review(pilot).queue
        await press(pilot, "2", "8", "r")
        assert review(pilot).queue is before
        await press(pilot, "2")
        with house(pilot).crm.changes("another") as unit:
            body = records.add(unit, Organization, name=WILLOW)
            records.add(unit, ContactPoint, organization=body.id, kind="phone", raw="312-555-0144")
        await press(pilot, "8")
        after = review(pilot).queue
        assert after is not None
        assert after is not before
        assert after.found.looked_at == 8
        assert after.found.found == 5

    drive(pairs, script)


def test_in_bulk_only_pairs_that_contradict_each_other_in_nothing_are_merged(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        older = ids(pilot, WILLOW)[0]
        await press(pilot, "8", "a")
        assert "3 marked" in text_of(pilot)
        assert screen_text(pilot.app).count("✓") == 3
        await press(pilot, "x")
        assert "3 marked pairs" in text_of(pilot)
        await press(pilot, "enter")
        text = text_of(pilot)
        assert "Merge 1 of 3 pairs?" in text
        assert "2 are left for you to decide:" in text
        assert "they differ in name" in text
        assert state(pilot) == before, "nothing is done before it is agreed to"
        await press(pilot, "y")
        text = await shown(pilot)
        assert "merged 1 pair" in text
        assert "2 marked · 2 pairs of 6 organizations may be one" in text
        assert ids(pilot, WILLOW) == [older]
        await press(pilot, "A")
        assert "marked" not in (await shown(pilot)).split("may be one")[0].rsplit("│", 1)[-1]
        await press(pilot, "u")
        assert state(pilot) == before

    drive(pairs, script, WIDE)


def test_marked_pairs_are_dismissed_as_one_operation(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await press(pilot, "8", "space", "space", "x", "down", "enter")
        assert "2 pairs of organizations are two?" in text_of(pilot)
        await type_text(pilot, "asked both")
        await press(pilot, "enter")
        assert "1 pair of 7 organizations may be one · 2 dismissed" in await shown(pilot)
        await press(pilot, "u")
        assert state(pilot) == before
        assert "3 pairs of 7 organizations may be one · 0 dismissed" in await shown(pilot)

    drive(pairs, script, WIDE)


def test_where_every_marked_pair_needs_a_person_nothing_is_merged(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await press(pilot, "8")
        await go_to(pilot, HAWK)
        await press(pilot, "x", "enter")
        text = text_of(pilot)
        assert "none of them can be merged without a decision" in text
        assert isinstance(pilot.app.screen, Review)
        assert state(pilot) == before

    drive(pairs, script, WIDE)


def test_of_three_that_are_one_the_oldest_stays(database: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("three") as unit:
        for _ in range(3):
            person = records.add(unit, Contact, name="Dana Reyes")
            records.add(unit, ContactPoint, contact=person.id, kind="email", raw="dana@example.org")

    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        oldest = ids(pilot, "Dana Reyes", Contact)[0]
        await press(pilot, "8", "right_square_bracket", "a", "x", "enter")
        assert "Merge 3 of 3 pairs?" in text_of(pilot)
        await press(pilot, "y")
        assert ids(pilot, "Dana Reyes", Contact) == [oldest]
        assert "0 pairs of 1 contact may be one" in await shown(pilot)
        await press(pilot, "u")
        assert state(pilot) == before

    drive(database, script, WIDE)


def test_a_pair_that_goes_while_it_is_looked_at_is_no_fault(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8")
        await go_to(pilot, ROAD)
        with house(pilot).crm.changes("gone") as unit:
            records.remove(unit, house(pilot).crm.find(Organization, ROAD_INC))
        await press(pilot, "enter")
        assert "there is no organization" in text_of(pilot)
        assert "2 pairs of 6 organizations may be one" in await shown(pilot)
        assert isinstance(pilot.app.screen, Review)

    drive(pairs, script, WIDE)


def test_the_queue_of_a_messy_member_list_is_worked_off(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    books.write_csv(messy.build().rows, file)
    with Crm.open(database, clock=lambda: NOW) as crm:
        crm.import_file(file)
        found = duplicates.possible_duplicates(crm.db, Organization)
        people = duplicates.possible_duplicates(crm.db, Contact)
    assert found.found, "the list has records that an import leaves to a person"

    async def script(pilot: Pilot[Any]) -> None:
        before = state(pilot)
        await press(pilot, "8")
        assert f"{found.found:,} pair" in await shown(pilot)
        first = review(pilot).chosen
        assert first is not None
        await press(pilot, "enter", "ctrl+s")
        if not isinstance(pilot.app.screen, Review):
            await press(pilot, "y")
        assert Ids(first.first, first.second) not in [Ids(each.first, each.second) for each in review(pilot).shown]
        await press(pilot, "u")
        assert state(pilot) == before
        await press(pilot, "right_square_bracket")
        assert f"{people.found:,} pair" in await shown(pilot)

    drive(database, script, WIDE)


@pytest.mark.parametrize(
    ("score", "words"),
    [(0.5, "perhaps .50"), (0.799, "perhaps .79"), (0.8, "likely .80"), (0.97, "likely .97"), (1.0, "likely .99")],
)
def test_a_score_is_a_word_and_a_number(score: float, words: str) -> None:
    assert score_words(score) == words


@pytest.mark.parametrize("size", [(60, 15), (40, 10), (200, 60)])
def test_it_stands_any_size(pairs: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8", "down")
        assert "may be one" in await shown(pilot) or size[0] < 60
        await pilot.resize_terminal(1, 1)
        await settled(pilot)
        await pilot.resize_terminal(*NARROW)
        assert "may be one" in await shown(pilot)

    drive(pairs, script, size)
