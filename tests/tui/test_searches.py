"""Saved searches on the screen: save, apply, edit, delete, undo, and one that no longer runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Contact, SavedSearch
from partners_crm.services import records, searches
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, type_text
from tests.tui.seeing import head, text_of

NARROW, WIDE = (80, 24), (140, 40)


@pytest.fixture
def saved(coalition: Path) -> Path:
    """Two searches of organizations, of which one names the other, and one of contacts."""
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("three searches") as unit:
        today = crm.today
        searches.save(
            unit, "Housing members", "organizations", "silo:housing", today=today, sort="-city", note="For the board"
        )
        searches.save(unit, "Near the Loop", "organizations", 'saved:"Housing members" chicago', today=today)
        searches.save(unit, "Everybody", "contacts", "", today=today)
    return coalition


def kept(path: Path) -> dict[str, tuple[str, str, str]]:
    """(query, sort, note) of the saved searches, by name."""
    with Crm.open(path, clock=lambda: NOW) as crm:
        return {each.name: (each.query, each.sort, each.note) for each in crm.records(SavedSearch)}


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_the_picker_lists_the_searches_of_this_list_and_enter_applies_one(saved: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b")
        text = text_of(pilot)
        assert "▸Housing members 1 Organizations in the silo Housing" in text
        assert "Near the Loop 0 " in text
        assert "Everybody" not in text
        assert "query: silo:housing" in text
        assert "For the board" in text
        await press(pilot, "enter")
        lines = screen_text(pilot.app).splitlines()
        assert lines[0].strip().endswith("Housing members: silo:housing")
        assert lines[2].strip(" │") == "silo:housing"
        assert lines[4].strip() == "Organizations in the silo Housing"
        assert lines[-2].strip().startswith("1 organization · by city, reversed ")
        await press(pilot, "s")
        assert "1 organization · by silos, reversed " in text_of(pilot)

    drive(saved, script, size)


def test_the_head_names_the_search_only_while_its_query_stands(saved: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "enter", "slash", "end")
        await type_text(pilot, " birch")
        assert head(pilot).strip().endswith("Test Coalition   silo:housing birch")
        await press(pilot, "escape", "escape")
        assert "silo" not in head(pilot)

    drive(saved, script)


def test_the_picker_of_contacts_has_those_of_contacts(saved: Path) -> None:
    with Crm.open(saved, clock=lambda: NOW) as crm, crm.changes("one") as unit:
        records.add(unit, Contact, name="Dana Reyes")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "3", "b")
        assert "▸Everybody 1 All contacts that are not archived" in text_of(pilot)
        assert "Housing members" not in text_of(pilot)

    drive(saved, script)


def test_n_saves_the_present_query_with_its_order_and_u_takes_it_back(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_text(pilot, "silo:housing")
        await press(pilot, "enter", "s", "S", "b")
        assert "None yet. n saves the present query." in text_of(pilot)
        await press(pilot, "n")
        assert "Save as a search: silo:housing" in text_of(pilot)
        await type_text(pilot, "Housing members")
        await press(pilot, "enter")
        await type_text(pilot, "For the board")
        await press(pilot, "enter")
        assert "▸Housing members 1 Organizations in the silo Housing" in text_of(pilot)
        assert kept(coalition) == {"Housing members": ("silo:housing", "-house", "For the board")}
        await press(pilot, "u")
        assert "None yet." in text_of(pilot)

    drive(coalition, script)
    assert kept(coalition) == {}


def test_a_name_that_is_taken_is_given_the_query_only_when_asked_twice(saved: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_text(pilot, "status:active")
        await press(pilot, "enter", "b", "n", "ctrl+s")
        assert "Name must not be empty" in text_of(pilot)
        await type_text(pilot, "housing members")
        await press(pilot, "ctrl+s")
        assert "is taken: Ctrl+S again gives it this query" in text_of(pilot)
        await press(pilot, "escape")
        assert kept(saved)["Housing members"][0] == "silo:housing"
        await press(pilot, "n")
        await type_text(pilot, "housing members")
        await press(pilot, "ctrl+s", "ctrl+s")
        assert kept(saved)["Housing members"][0] == "status:active"

    drive(saved, script)


def test_a_query_that_does_not_run_is_not_saved(saved: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_text(pilot, "colour:red")
        await pilot.app.screen.run_action("searches")
        await press(pilot, "n")
        await type_text(pilot, "Red ones")
        await press(pilot, "ctrl+s")
        assert "organizations have no field colour" in text_of(pilot)

    drive(saved, script)
    assert "Red ones" not in kept(saved)


def test_e_edits_name_query_and_note_as_one_operation(saved: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "e", "end")
        await type_text(pilot, " 2027")
        await press(pilot, "enter", "end")
        await type_text(pilot, " status:active")
        await press(pilot, "enter", "ctrl+u", "enter")
        assert "▸Housing members 2027 1 " in text_of(pilot)
        assert "Near the Loop no longer runs: " in text_of(pilot)
        assert any("which Near the Loop named by its old name" in each.message for each in pilot.app._notifications)
        assert kept(saved)["Housing members 2027"] == ("silo:housing status:active", "-city", "")
        await press(pilot, "u")

    drive(saved, script)
    assert kept(saved)["Housing members"] == ("silo:housing", "-city", "For the board")


def test_one_that_no_longer_runs_says_why_and_refuses_until_it_is_corrected(saved: Path) -> None:
    with Crm.open(saved, clock=lambda: NOW) as crm, crm.changes("rename") as unit:
        searches.rename(unit, "Housing members", "Homes")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "down")
        text = text_of(pilot)
        assert "▸Near the Loop no longer runs: " in text
        assert "there is no saved search called Housing members" in text.replace(" │ │ ", " ")
        await press(pilot, "enter")
        assert "Saved searches of organizations" in text_of(pilot)
        assert "e corrects its query" in text_of(pilot)
        await press(pilot, "e", "end")
        await type_text(pilot, "x")
        await press(pilot, "down", "down")
        await type_text(pilot, "Its note")
        await press(pilot, "ctrl+s")
        assert kept(saved)["Near the Loopx"][2] == "Its note"
        await press(pilot, "e", "enter", "ctrl+u")
        await type_text(pilot, "saved:homes")
        await press(pilot, "ctrl+s", "enter")
        assert "Near the Loopx: saved:homes" in head(pilot)

    drive(saved, script)


def test_d_deletes_after_naming_who_names_it_and_u_brings_it_back(saved: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "d")
        text = text_of(pilot)
        assert "Delete the saved search Housing members?" in text
        assert "Near the Loop names it, and will no longer run." in text
        await press(pilot, "escape")
        assert "Housing members" in kept(saved)
        await press(pilot, "d", "y")
        assert "Housing members" not in kept(saved)
        assert "▸Near the Loop no longer runs: " in text_of(pilot)
        await press(pilot, "u")
        assert "Housing members 1 " in text_of(pilot)

    drive(saved, script)
    assert "Housing members" in kept(saved)


def test_a_search_that_was_deleted_meanwhile_is_not_edited(saved: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "e", "end")
        with Crm.open(saved, clock=lambda: NOW) as crm, crm.changes("theirs") as unit:
            searches.delete(unit, "Housing members")
        await press(pilot, "ctrl+s")
        assert "Edit the saved search Housing members" in text_of(pilot)
        await type_text(pilot, "x")
        await press(pilot, "ctrl+s")
        assert "there is no saved search called Housing members" in text_of(pilot)

    drive(saved, script)
    assert set(kept(saved)) == {"Near the Loop", "Everybody"}
