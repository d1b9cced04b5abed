"""The screen of what a spreadsheet could not tell: its panes, what Enter opens, and what follows an edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Organization, Role
from partners_crm.services import records
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.screens.first_look import FirstLookScreen
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled
from tests.tui.seeing import head, text_of

NARROW, WIDE = (80, 24), (140, 40)
NO_CONTACT = ("down",) * 2


def house(pilot: Pilot[Any]) -> PartnersApp:
    return cast("PartnersApp", pilot.app)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_enter_goes_to_the_records_and_opens_one_and_escape_goes_back(coalition: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F", *NO_CONTACT)
        assert "4 of 4 organizations have nobody to talk to." in text_of(pilot)
        assert ("Cedar Kitchen" in text_of(pilot)) == (size == WIDE)
        await press(pilot, "enter", "down")
        assert "▸Cedar Kitchen" in screen_text(pilot.app)
        assert ("Sites without a district" in text_of(pilot)) == (size == WIDE)
        await press(pilot, "enter")
        assert head(pilot).strip().startswith("Cedar Kitchen")
        await press(pilot, "escape")
        assert "▸Cedar Kitchen" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "▸Organizations without a contact" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert head(pilot).strip().startswith("Organizations")

    drive(coalition, script, size)


def test_a_district_opens_its_card(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F", "enter", "enter")
        assert head(pilot).strip().startswith("House 1: gap")

    drive(coalition, script)


def test_what_was_done_about_it_is_gone_from_the_list(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F", *NO_CONTACT, "enter")
        with house(pilot).crm.changes("a contact") as unit:
            person = records.add(unit, Contact, name="Dana Reyes")
            body = house(pilot).crm.find(Organization, "Birch Homes")
            records.add(unit, Role, contact=person.id, organization=body.id)
        await press(pilot, "r")
        assert "3 of 4 organizations have nobody to talk to." in text_of(pilot)
        assert "Birch Homes" not in text_of(pilot)
        assert "▸Cedar Kitchen" in screen_text(pilot.app)
        await press(pilot, "u")
        assert "4 of 4 organizations have nobody to talk to." in text_of(pilot)

    drive(coalition, script)


def test_both_records_of_a_pair_open(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("double") as unit:
        double = records.add(unit, Organization, name="Birch Homes, Inc.")
        for key in (crm.find(Organization, "Birch Homes").id, double.id):
            records.add(unit, ContactPoint, organization=key, kind="phone", raw="312-555-0142")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F", *["down"] * 8, "enter")
        assert "same phone and same name" in text_of(pilot)
        await press(pilot, "o")
        assert head(pilot).strip().startswith("Birch Homes, Inc.")
        await press(pilot, "escape", "enter")
        assert head(pilot).strip().startswith("Birch Homes  organization")
        await press(pilot, "escape", "escape", "o")
        assert "only a possible duplicate has another record" in text_of(pilot)

    drive(coalition, script, WIDE)


def test_of_an_operation_only_what_it_touched(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm:
        with crm.changes("one more") as unit:
            records.add(unit, Organization, name="Grove Shelter")
        newest = crm.operations()[0].id

    async def script(pilot: Pilot[Any]) -> None:
        house(pilot).push_screen(FirstLookScreen(operation=newest))
        await settled(pilot)
        await press(pilot, *NO_CONTACT)
        assert "1 of 1 organizations has nobody to talk to." in text_of(pilot)
        assert "what operation" in text_of(pilot)

    drive(coalition, script, WIDE)


def test_an_operation_that_is_not_there_is_said(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        house(pilot).push_screen(FirstLookScreen(operation=999))
        await settled(pilot)
        assert "there is no operation 999" in text_of(pilot)

    drive(coalition, script)


def test_the_panes_follow_the_width(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F", *NO_CONTACT, "tab")
        await pilot.resize_terminal(*NARROW)
        await settled(pilot)
        text = text_of(pilot)
        assert "Birch Homes" in text
        assert "Sites without a district" not in text
        await press(pilot, "tab")
        assert "Sites without a district" in text_of(pilot)
        await pilot.resize_terminal(60, 15)
        await settled(pilot)
        assert "▸Organizations without a contact" in screen_text(pilot.app)

    drive(coalition, script, WIDE)


def test_it_is_reached_by_the_palette(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        names = [each.title for each in house(pilot).get_system_commands(pilot.app.screen)]
        assert "What the spreadsheet could not tell" in names

    drive(coalition, script)
