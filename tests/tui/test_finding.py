"""Find anything: from every main screen, over all entities, with a word for what is spelled wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Organization, Role, Site
from partners_crm.services import records, searches
from partners_crm.services.finding import Answer, Found
from partners_crm.store import fulltext
from partners_crm.store.files import side
from partners_crm.tui import app as application
from partners_crm.tui.screens.find import Find
from partners_crm.tui.widgets.entry import Entry
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.seeing import head, text_of

NARROW, WIDE = (80, 24), (140, 40)


@pytest.fixture
def told(coalition: Path) -> Path:
    """The coalition with an address, a person, her phone, and a saved search."""
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("more") as unit:
        body = crm.find(Organization, "Cedar Kitchen")
        records.add(unit, Site, organization=body.id, name="Annex", address="12 Willowbrook Ln", city="Alton")
        person = records.add(unit, Contact, name="Dana Reyes")
        records.add(unit, Role, contact=person.id, organization=body.id, title="Director")
        records.add(unit, ContactPoint, contact=person.id, kind="phone", raw="312-555-0142")
        searches.save(unit, "Tenant groups", "organizations", "silo:housing", today=crm.today)
    return coalition


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("keys", [(), ("3",), ("4",), ("H",), ("F",), ("enter",), ("4", "enter"), ("slash",)])
def test_it_opens_from_every_screen_and_escape_leads_back(
    told: Path, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, *keys)
        before = head(pilot)
        await press(pilot, "ctrl+f")
        assert isinstance(pilot.app.screen, Find)
        await press(pilot, "escape")
        assert head(pilot) == before
        assert not isinstance(pilot.app.screen, Find)

    drive(told, script, size)


def test_a_form_keeps_the_key_to_itself(told: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "ctrl+f")
        assert not isinstance(pilot.app.screen, Find)

    drive(told, script)


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize(
    ("typed", "shown", "title"),
    [
        ("birch", "▸Birch Homes organization", "Birch Homes"),
        ("willowbr", "▸Cedar Kitchen organization site: ", "Cedar Kitchen"),
        ("dana", "▸Dana Reyes contact", "Dana Reyes"),
        ("555-0142", "▸Dana Reyes contact contact point: ", "Dana Reyes"),
    ],
)
def test_enter_opens_the_record_or_what_it_hangs_on(
    told: Path, typed: str, shown: str, title: str, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+f")
        await type_text(pilot, typed)
        assert shown in text_of(pilot)
        await press(pilot, "enter")
        assert head(pilot).strip().startswith(title)
        await press(pilot, "escape")
        assert head(pilot).strip().startswith("Organizations")

    drive(told, script, size)


def test_the_arrows_choose_and_typing_goes_on(told: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+f")
        await type_text(pilot, "ho")
        lines = [each for each in screen_text(pilot.app).splitlines() if "▸" in each]
        await press(pilot, "down")
        assert [each for each in screen_text(pilot.app).splitlines() if "▸" in each] != lines
        await type_text(pilot, "mes")
        assert "▸Birch Homes" in text_of(pilot)
        assert pilot.app.screen.query_one(Entry).value == "homes"

    drive(told, script)


@pytest.mark.parametrize("key", ["tab", "enter"])
def test_a_word_spelled_wrong_is_answered_by_one_that_is_there(told: Path, key: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "ctrl+f")
        await type_text(pilot, "willowbrok")
        text = text_of(pilot)
        assert "did you mean?" in text
        assert "Nothing holds “willowbrok”" in text
        await press(pilot, key)
        await pilot.pause(0.15)
        await settled(pilot)
        assert pilot.app.screen.query_one(Entry).value == "willowbrook"
        assert "▸Cedar Kitchen" in text_of(pilot)

    drive(told, script)


def test_nothing_like_it_is_said_so(told: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+f")
        await type_text(pilot, "qqqqxxqqqq")
        assert "nor anything spelled like it" in text_of(pilot)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Find)
        await press(pilot, "ctrl+u")
        await pilot.pause(0.15)
        assert "Type the beginnings of words" in text_of(pilot)

    drive(told, script)


def test_an_answer_to_another_text_is_dropped_and_an_early_enter_waits(told: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+f")
        await type_text(pilot, "dana")
        screen = cast("Find", pilot.app.screen)
        screen._show(Answer("dan", (Found("organization", 1, "Somebody else", ""),), ()))
        assert "Somebody else" not in text_of(pilot)
        await press(pilot, "ctrl+u")
        await pilot.press(*"birch", "enter")
        await pilot.pause(0.3)
        await settled(pilot)
        assert head(pilot).strip().startswith("Birch Homes")

    drive(told, script)


def test_a_saved_search_opens_its_list(told: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+f")
        await type_text(pilot, "tenant gr")
        await press(pilot, "enter")
        text = text_of(pilot)
        assert "silo:housing" in head(pilot)
        assert "Birch Homes" in text
        assert "Dogwood" not in text
        await press(pilot, "escape")
        assert "silo:housing" not in head(pilot)

    drive(told, script)


def test_the_palette_and_the_help_know_it(told: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert "Find anything" in {each.title for each in pilot.app.get_system_commands(pilot.app.screen)}
        await press(pilot, "question_mark", *["pagedown"] * 4)
        assert "Ctrl+f Find anything" in text_of(pilot)

    drive(told, script)


def test_the_index_is_made_soon_after_the_start(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "INDEX_AFTER", 0.05)

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.2)
        await settled(pilot)
        assert side(told, fulltext.SUFFIX).exists()

    drive(told, script)


def test_the_index_is_made_and_followed_in_the_background_and_no_list_waits_for_it(
    told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "INDEX_AFTER", 3600.0)
    # Too much for a question on the way.
    monkeypatch.setattr(fulltext, "AT_ONCE", 0)
    index = side(told, fulltext.SUFFIX)

    def add(name: str) -> None:
        with Crm.open(told, clock=lambda: NOW) as crm, crm.changes("add") as unit:
            records.add(unit, Organization, name=name)

    async def script(pilot: Pilot[Any]) -> None:
        house = cast("application.PartnersApp", pilot.app)
        assert not house.crm.db.waits
        assert not index.exists()
        # Asked before there is an index, records are looked at.
        assert [each.title for each in house.crm.search("willowbrook").found] == ["Cedar Kitchen"]
        assert not index.exists()
        house.changed()
        await settled(pilot)
        assert index.exists()
        add("Willowbrook Farm")
        before = index.read_bytes()
        assert len(house.crm.search("willowbrook").found) == 2
        assert index.read_bytes() == before
        house.changed()
        await settled(pilot)
        assert b"willowbrook farm" in index.read_bytes()

    drive(told, script)


def test_an_index_that_cannot_be_made_disturbs_nobody(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "INDEX_AFTER", 0.05)
    side(told, fulltext.SUFFIX).mkdir()

    async def script(pilot: Pilot[Any]) -> None:
        before = text_of(pilot)
        await pilot.pause(0.2)
        await settled(pilot)
        assert text_of(pilot) == before
        assert not pilot.app._notifications
        await press(pilot, "ctrl+f")
        await type_text(pilot, "willowb")
        assert "Cedar Kitchen" in text_of(pilot)

    drive(told, script)
