"""Fields of the coalition's own in the form, the list and the card."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Contact, CustomField, Organization
from partners_crm.services import records
from partners_crm.services.custom_fields import define, set_values, values_of
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, type_text

SIZE = (150, 50)
BROAD = (440, 50)
"""So wide that the list shows every column."""
HOSTILE = "Chair [/foo] [@click=app.quit]x[/]\x1b]0;owned\x07\u202e"


@pytest.fixture
def coalition(database: Path) -> Path:
    """Two organizations, one of which says something in each of three fields."""
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("two") as unit:
        define(unit, Organization, "Board chair", "text", help="Who leads the board.")
        define(unit, Organization, "Budget", "number")
        define(unit, Organization, "Level", "choice", choices=("Gold", "Silver"))
        body = records.add(unit, Organization, name="Alder House")
        set_values(unit, body, {"board_chair": "Dana Reyes", "budget": "1200", "level": "Gold"})
        records.add(unit, Organization, name="Birch Homes")
    return database


def said(path: Path, name: str) -> dict[str, str]:
    with Crm.open(path, clock=lambda: NOW) as crm:
        record = crm.find(Organization, name)
        return values_of(crm.db, Organization, [record.id]).get(record.id, {})


def put(pilot: Pilot[Any], key: str, text: str) -> None:
    pilot.app.screen._field(key).put(text)  # type: ignore[attr-defined]  # the screen is a Form


async def go_to(pilot: Pilot[Any], key: str) -> None:
    pilot.app.screen._field(key).focus()  # type: ignore[attr-defined]  # as above
    await pilot.pause()


def test_own_fields_stand_in_list_card_and_form(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert "Board chair" in screen_text(pilot.app)
        await press(pilot, "enter")
        text = screen_text(pilot.app)
        assert re.search(r"OWN FIELDS\s+Board chair\s+Dana Reyes\s+Budget\s+1200\s+Level\s+Gold", text)
        await press(pilot, "e")
        await go_to(pilot, "board_chair")
        text = screen_text(pilot.app)
        assert "Who leads the board." in text
        text = text[text.index("Archived on") :]
        assert text.index("Board chair") < text.index("Budget")
        await go_to(pilot, "level")
        assert "one of: Gold, Silver" in screen_text(pilot.app)

    drive(coalition, script, BROAD)


def test_an_edit_of_both_kinds_of_field_is_one_operation(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        put(pilot, "name", "Alder Place")
        put(pilot, "budget", "$1,500")
        put(pilot, "level", "")
        await press(pilot, "ctrl+s")
        assert said(coalition, "Alder Place") == {"board_chair": "Dana Reyes", "budget": "1500"}
        await press(pilot, "u")
        assert said(coalition, "Alder House") == {"board_chair": "Dana Reyes", "budget": "1200", "level": "Gold"}
        await press(pilot, "U")
        assert said(coalition, "Alder Place") == {"board_chair": "Dana Reyes", "budget": "1500"}

    drive(coalition, script, SIZE)


def test_what_is_wrong_stands_under_its_field_and_nothing_is_saved(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        put(pilot, "name", "Alder Place")
        put(pilot, "budget", "much")
        put(pilot, "level", "Bronze")
        await press(pilot, "ctrl+s")
        lines = screen_text(pilot.app)
        assert "'much' is not a number" in lines
        assert "'Bronze' is not a choice" in lines
        assert said(coalition, "Alder House")["budget"] == "1200"
        put(pilot, "budget", "7")
        put(pilot, "level", "silver")
        await press(pilot, "ctrl+s")
        assert said(coalition, "Alder Place") == {"board_chair": "Dana Reyes", "budget": "7", "level": "Silver"}

    drive(coalition, script, SIZE)


def test_a_new_record_is_asked_for_own_fields_too(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        put(pilot, "name", "Cedar Kitchen")
        await go_to(pilot, "board_chair")
        await type_text(pilot, "Amal")
        await press(pilot, "ctrl+s")
        assert said(coalition, "Cedar Kitchen") == {"board_chair": "Amal"}
        await press(pilot, "u")
        with Crm.open(coalition, clock=lambda: NOW) as crm:
            assert [each.name for each in crm.organizations()] == ["Alder House", "Birch Homes"]

    drive(coalition, script, SIZE)


def test_somebody_elses_value_is_named_and_never_lost_unseen(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        put(pilot, "board_chair", "Mine")
        with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("theirs") as unit:
            set_values(unit, crm.find(Organization, "Alder House"), {"board_chair": "Theirs", "budget": "9"})
        await press(pilot, "ctrl+s")
        text = screen_text(pilot.app)
        assert "changed by somebody else" in text
        assert "Board chair is now: Theirs" in text
        assert said(coalition, "Alder House")["board_chair"] == "Theirs"
        await press(pilot, "ctrl+s")
        assert said(coalition, "Alder House") == {"board_chair": "Mine", "budget": "9", "level": "Gold"}

    drive(coalition, script, SIZE)


def test_a_field_that_was_deleted_meanwhile_is_named(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        put(pilot, "board_chair", "Mine")
        with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("gone") as unit:
            records.remove(unit, crm.find(CustomField, "Board chair"))
        await press(pilot, "ctrl+s")
        assert "organizations have no field board_chair" in screen_text(pilot.app)
        assert said(coalition, "Alder House") == {"budget": "1200", "level": "Gold"}

    drive(coalition, script, SIZE)


def test_the_filter_asks_for_own_fields(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_text(pilot, "level:gold")
        text = screen_text(pilot.app)
        assert "1 organization " in text
        assert "Alder House" in text

    drive(coalition, script, SIZE)


def test_a_draft_of_an_own_field_is_taken_up_again(coalition: Path, tmp_path: Path) -> None:
    async def leave(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        put(pilot, "board_chair", "Typed and not saved")
        pilot.app.exit()

    async def come_back(pilot: Pilot[Any]) -> None:
        assert pilot.app.screen._field("board_chair").typed == "Typed and not saved"  # type: ignore[attr-defined]
        await press(pilot, "ctrl+s")

    folder = tmp_path / "drafts"
    drive(coalition, leave, SIZE, draft_folder=folder)
    drive(coalition, come_back, SIZE, draft_folder=folder)
    assert said(coalition, "Alder House")["board_chair"] == "Typed and not saved"


def test_the_form_says_that_a_contact_is_not_to_be_contacted(database: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("one") as unit:
        records.add(unit, Contact, name="Dana Reyes")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "3", "e")
        await go_to(pilot, "do_not_contact")
        assert "Survives every import and merge." in screen_text(pilot.app)
        put(pilot, "do_not_contact", "yes")
        await press(pilot, "ctrl+s")
        assert "yes" in next(line for line in screen_text(pilot.app).splitlines() if "Dana Reyes" in line)
        await press(pilot, "enter")
        assert screen_text(pilot.app).splitlines()[1].strip() == "Do not contact"

    drive(database, script, BROAD)


def test_a_hostile_label_and_value_are_literal_text_everywhere(database: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("hostile") as unit:
        define(unit, Organization, HOSTILE, "choice", choices=(HOSTILE, "plain"), help=HOSTILE, key="hostile")
        set_values(unit, records.add(unit, Organization, name="Alder House"), {"hostile": HOSTILE})

    async def script(pilot: Pilot[Any]) -> None:
        shown = [screen_text(pilot.app)]
        await press(pilot, "enter")
        shown.append(screen_text(pilot.app))
        await press(pilot, "e")
        await go_to(pilot, "hostile")
        shown.append(screen_text(pilot.app))
        put(pilot, "hostile", "[/wrong]" + HOSTILE)
        await press(pilot, "ctrl+s")
        shown.append(screen_text(pilot.app))
        assert all("Chair [/" in text for text in shown)
        for text in shown:
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)

    drive(database, script, BROAD)
