"""The filter line: what could be typed next, what the query means, and why a record is in the list or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records, searches
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.meaning import Meaning, meaning
from partners_crm.tui.screens.records import Records
from partners_crm.tui.widgets.completing import Completing, Offers
from partners_crm.tui.widgets.text import Line
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.seeing import head, text_of

NARROW, WIDE = (80, 24), (140, 40)


def line(pilot: Pilot[Any]) -> Completing:
    return pilot.app.screen.query_one(Completing)


def offers(pilot: Pilot[Any]) -> list[str]:
    """The offers that are shown, each without what it is about."""
    box = pilot.app.screen.query_one(Offers)
    return [row.lstrip(" ▸").split("  ")[0] for row in str(box.content).splitlines()] if box.display else []


def meant(pilot: Pilot[Any]) -> str:
    return str(pilot.app.screen.query_one("#meaning", Line).content)


def listed(pilot: Pilot[Any]) -> str:
    return screen_text(pilot.app).splitlines()[-2].strip()


async def filter_by(pilot: Pilot[Any], text: str) -> None:
    await press(pilot, "slash")
    await type_text(pilot, text)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_a_field_and_then_its_value_are_completed_with_tab(coalition: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "sil")
        assert offers(pilot)[0] == "silo:"
        await press(pilot, "tab")
        await pilot.pause(0.15)
        await settled(pilot)
        assert line(pilot).value == "silo:"
        assert "housing" in offers(pilot)
        assert listed(pilot).startswith("5 organizations")  # a field without a value asks for nothing yet
        await type_text(pilot, "hou")
        assert offers(pilot) == ["housing"]
        await press(pilot, "tab")
        await pilot.pause(0.15)
        await settled(pilot)
        assert line(pilot).value == "silo:housing "
        assert offers(pilot) == []
        assert meant(pilot) == "Organizations in the silo Housing"
        assert listed(pilot).startswith("1 organization ")
        assert line(pilot).has_focus

    drive(coalition, script, size)


def test_at_most_eight_offers_are_shown_and_the_arrows_go_through_all(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        assert offers(pilot) == []  # nobody began a word
        await press(pilot, "down")
        first = offers(pilot)
        assert len(first) == 8
        await press(pilot, *["down"] * 8)
        assert offers(pilot)[:7] == first[1:]
        await press(pilot, *["up"] * 8)
        assert offers(pilot) == first
        await press(pilot, "up")
        last = offers(pilot)
        assert first[0] not in last
        await press(pilot, "enter")
        assert line(pilot).value == last[-1]
        assert line(pilot).has_focus

    drive(coalition, script)


def test_enter_takes_an_offer_only_when_an_arrow_chose_it(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "na")
        assert offers(pilot)
        await press(pilot, "enter")
        assert line(pilot).value == "na"
        assert not line(pilot).has_focus
        assert offers(pilot) == []
        await press(pilot, "escape")
        await filter_by(pilot, "silo:")
        await press(pilot, "down", "down", "enter")
        assert line(pilot).value == "silo:child_development "
        assert line(pilot).has_focus

    drive(coalition, script)


def test_escape_closes_the_offers_first_and_the_filter_next(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "na")
        await press(pilot, "escape")
        assert offers(pilot) == []
        assert line(pilot).value == "na"
        await type_text(pilot, "m")
        assert offers(pilot)[0] == "name:"
        await press(pilot, "escape", "escape")
        assert not pilot.app.screen.query("#filter, #meaning, #offers")
        assert listed(pilot).startswith("5 organizations")

    drive(coalition, script)


def test_a_click_takes_an_offer(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "silo:hou")
        region = pilot.app.screen.query_one(Offers).region
        await pilot.click(offset=(region.x + 3, region.y))
        await settled(pilot)
        assert line(pilot).value == "silo:housing "

    drive(coalition, script)


def test_a_tab_before_the_offers_are_there_waits_for_them(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await pilot.press("s", "i", "l", "o", "colon", "h", "o", "u", "tab")
        await pilot.pause(0.3)
        await settled(pilot)
        assert line(pilot).value == "silo:housing "
        assert line(pilot).has_focus

    drive(coalition, script)


def test_tab_never_leaves_the_line_for_the_list(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "silo:housing ")
        assert offers(pilot) == []
        await press(pilot, "tab")
        assert offers(pilot)[0] == "status:"
        await press(pilot, "escape")
        await type_text(pilot, "nothingbeginsso")
        await press(pilot, "tab", "tab")
        assert line(pilot).has_focus
        await press(pilot, "shift+tab")
        assert not line(pilot).has_focus

    drive(coalition, script)


def test_offers_for_another_text_are_dropped(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "sil")
        late = cast("PartnersApp", pilot.app).crm.complete("organizations", "ci")
        screen = cast("Records", pilot.app.screen)
        screen._show_meaning(Meaning("ci", True, "organizations of the past", "", late))
        assert offers(pilot)[0] == "silo:"
        assert "past" not in meant(pilot)

    drive(coalition, script)


def test_an_unfinished_term_is_no_error_and_a_wrong_one_says_why(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "silo:housing status:")
        assert meant(pilot) == "Organizations in the silo Housing, …"
        assert listed(pilot).startswith("1 organization ")
        await type_text(pilot, "zebra")  # no status begins so: wrong from the first letter on, however slow the typing
        assert "status" in meant(pilot).lower()
        assert "zebra" in meant(pilot)
        assert listed(pilot).startswith("the list is as it was: 1 organization ")
        assert "Birch Homes" in screen_text(pilot.app)

    drive(coalition, script)


def test_the_last_word_is_a_beginning_while_it_is_typed_and_enter_asks_for_a_whole_query(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "silo:hou")
        assert listed(pilot).startswith("1 organization ")
        await press(pilot, "enter")
        assert line(pilot).has_focus
        assert meant(pilot).startswith("Silo cannot be hou")
        await press(pilot, "tab")
        await pilot.pause(0.15)
        await press(pilot, "enter")
        assert not line(pilot).has_focus
        assert head(pilot).strip().endswith("silo:housing")
        assert meant(pilot) == "Organizations in the silo Housing"

    drive(coalition, script)


def test_what_a_text_means_is_worked_out_without_a_screen(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm:
        found = meaning(crm, Organization, "(silo:hou", 9, is_typing=True)
        assert (found.sentence, found.trouble, [each.text for each in found.offers]) == ("…", "", ["housing"])
        found = meaning(crm, Organization, "silo:housing", None, is_typing=False)
        assert (found.sentence, found.offers) == ("Organizations in the silo Housing", ())
        assert meaning(crm, Organization, "(silo:housing", None, is_typing=False).trouble.startswith("The ( at")
        assert meaning(crm, Organization, "", 0, is_typing=True).sentence == "All organizations that are not archived"


# -------------------------------------------------------------------- why


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_w_says_why_the_row_is_here(coalition: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "silo:housing -status:lapsed")
        await press(pilot, "enter", "w")
        text = text_of(pilot)
        assert "Birch Homes is in the list of" in text
        assert "organizations in the silo Housing, whose membership is not lapsed" in text.replace(" │ │ ", " ")
        assert "yes silo:housing" in text
        assert "yes -status:lapsed" in text
        await press(pilot, "escape", "enter")
        assert head(pilot).strip().startswith("Birch Homes")
        await press(pilot, "w")
        assert "yes silo:housing" in text_of(pilot)

    drive(coalition, script, size)


def test_w_without_a_filter_says_that_the_list_asks_for_nothing(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "w")
        assert "The list asks for nothing, so that everything is in it." in text_of(pilot)

    drive(coalition, script)


def test_capital_w_asks_for_a_name_and_says_why_it_is_not_here(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "silo:housing")
        await press(pilot, "enter", "W")
        await type_text(pilot, "Dogwod")
        await press(pilot, "enter")
        assert "Dogwod" in text_of(pilot)
        assert "there is no organization" in text_of(pilot).lower()
        await press(pilot, "ctrl+u")
        await type_text(pilot, "Dogwood")
        await press(pilot, "enter")
        text = text_of(pilot)
        assert "Dogwood is not in the list of" in text
        assert "no silo:housing" in text
        await press(pilot, "escape")
        assert head(pilot).strip().startswith("Organizations")

    drive(coalition, script)


def test_an_archived_record_says_that_it_is_put_away(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("put away") as unit:
        records.archive(unit, crm.find(Organization, "Dogwood"), crm.today)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "W")
        await type_text(pilot, "Dogwood")
        await press(pilot, "enter")
        text = text_of(pilot)
        assert "no -is:archived" in text
        assert "archived on 2026-11-24" in text
        assert "leaves out what was archived" in text

    drive(coalition, script)


def test_w_on_an_empty_list_and_on_a_card_without_a_list_says_so(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "nobody-is-called-so")
        await press(pilot, "enter", "w")
        assert "the list is empty" in text_of(pilot)
        await press(pilot, "escape", "4", "enter")
        await press(pilot, "escape", "F", "down", "down", "enter", "enter", "w")
        assert "this card was not opened from a list" in text_of(pilot)

    drive(coalition, script)


def test_the_list_stays_when_something_that_its_filter_names_vanishes(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("one") as unit:
        searches.save(unit, "Housing", "organizations", "silo:housing", today=crm.today)

    async def script(pilot: Pilot[Any]) -> None:
        await filter_by(pilot, "saved:housing")
        await press(pilot, "enter")
        assert listed(pilot).startswith("1 organization ")
        crm = cast("PartnersApp", pilot.app).crm
        with crm.changes("delete it") as unit:
            searches.delete(unit, "Housing")
        await press(pilot, "r")
        assert listed(pilot).startswith("the list is as it was: 1 organization ")
        assert meant(pilot).startswith("Saved: there is no saved search called housing")
        await press(pilot, "w")
        assert "there is no saved search called housing" in text_of(pilot).removeprefix(meant(pilot))

    drive(coalition, script)
