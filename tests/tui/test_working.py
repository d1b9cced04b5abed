"""The screens as an organizer works in them: filter, open, edit, add, delete, undo, begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Organization, Silo, Site
from partners_crm.services import records
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text


@pytest.fixture
def coalition(database: Path) -> Path:
    """Three organizations, one of them with a site in House 5 of il-2021."""
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("three") as unit:
        for name in ("Alder House", "Birch Homes", "Cedar Kitchen"):
            body = records.add(unit, Organization, name=name)
            if name == "Birch Homes":
                records.add(unit, Site, organization=body.id, name="Main", latitude=41.8837, longitude=-87.6289)
    return database


def names(path: Path) -> list[str]:
    with Crm.open(path, clock=lambda: NOW) as crm:
        return [each.name for each in crm.organizations()]


def test_the_list_filters_as_one_types_and_escape_clears_it(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert "3 organizations" in screen_text(pilot.app)
        await press(pilot, "slash")
        await type_text(pilot, "birch")
        text = screen_text(pilot.app)
        assert "1 organization " in text
        assert "Birch Homes" in text
        assert "Alder House" not in text
        await press(pilot, "escape")
        assert "3 organizations" in screen_text(pilot.app)

    drive(coalition, script)


def test_a_query_that_names_nothing_says_so_and_keeps_the_list(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_text(pilot, "colour:red")
        text = screen_text(pilot.app)
        assert text.splitlines()[4].strip().startswith("Organizations have no field colour")
        assert "Alder House" in text
        assert text.splitlines()[-2].strip().startswith("the list is as it was: 3 organizations")

    drive(coalition, script)


def test_enter_opens_the_card_with_its_districts(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "enter")
        text = screen_text(pilot.app)
        assert "Birch Homes" in text
        assert "il-2021: House" in text
        assert "il-2011: House" in text
        await press(pilot, "escape")
        assert "Cedar Kitchen" in screen_text(pilot.app)

    drive(coalition, script)


def test_an_edit_is_saved_once_it_is_valid_and_undo_takes_it_back(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "end")
        await type_text(pilot, " West")
        await press(pilot, "tab")
        await type_text(pilot, "x")
        await press(pilot, "ctrl+s")
        assert "is not a choice" in screen_text(pilot.app)
        await press(pilot, "ctrl+a", "ctrl+k")
        await type_text(pilot, "advocacy")
        await press(pilot, "ctrl+s")
        assert "▸Alder House West" in screen_text(pilot.app)
        await press(pilot, "u")
        assert screen_text(pilot.app).splitlines()[2] == " ▸Alder House"

    drive(coalition, script)
    assert names(coalition)[0] == "Alder House"

    async def script_valid(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "end")
        await type_text(pilot, " West")
        await press(pilot, "ctrl+s")

    drive(coalition, script_valid)
    assert names(coalition)[0] == "Alder House West"

    async def undo(pilot: Pilot[Any]) -> None:
        await press(pilot, "u")

    drive(coalition, undo)
    assert names(coalition)[0] == "Alder House"

    async def wrong(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "tab", "home")
        await type_text(pilot, "x")
        await press(pilot, "ctrl+s")
        assert "is not a choice" in screen_text(pilot.app)
        await press(pilot, "escape", "escape")

    drive(coalition, wrong)
    assert names(coalition)[0] == "Alder House"


def test_leaving_a_form_with_edits_asks_once(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "end")
        await type_text(pilot, "x")
        await press(pilot, "escape")
        assert "Not saved yet" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "Not saved yet" not in screen_text(pilot.app)

    drive(coalition, script)
    assert names(coalition)[0] == "Alder House"


def test_somebody_elses_edit_is_named_and_never_lost_unseen(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "end")
        await type_text(pilot, " mine")
        with Crm.open(coalition, clock=lambda: NOW) as crm:
            record = crm.find(Organization, "Alder House")
            with crm.changes("theirs") as unit:
                records.edit(unit, record, name="Alder House theirs")
        await press(pilot, "ctrl+s")
        assert "changed" in screen_text(pilot.app)
        assert names(coalition)[0] == "Alder House theirs"
        await press(pilot, "ctrl+s")

    drive(coalition, script)
    assert names(coalition)[0] == "Alder House mine"


def test_a_record_is_added_with_n(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        await type_text(pilot, "Aspen Rooms")
        await press(pilot, "ctrl+s")

    drive(coalition, script)
    assert "Aspen Rooms" in names(coalition)


def test_a_form_without_its_required_field_says_which(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n", "ctrl+s")
        assert "must not be empty" in screen_text(pilot.app)

    drive(coalition, script)
    assert len(names(coalition)) == 3


def test_a_contact_with_a_role_and_a_new_tag_are_added_from_the_card(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "n", "down", "enter")
        await type_text(pilot, "Dana Reyes")
        await press(pilot, "ctrl+s")
        await type_text(pilot, "Director")
        await press(pilot, "ctrl+s")
        assert "Dana Reyes, Director" in screen_text(pilot.app)
        await press(pilot, "n", *["down"] * 8, "enter")
        await type_text(pilot, "priority")
        await press(pilot, "ctrl+s")
        assert "priority" in screen_text(pilot.app)

    drive(coalition, script)


def test_a_site_is_added_from_the_card(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "n", "enter")
        await type_text(pilot, "Annex")
        await press(pilot, "ctrl+s")
        assert "Annex" in screen_text(pilot.app)

    drive(coalition, script)


def test_delete_says_what_goes_and_undo_brings_it_back(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "d")
        text = screen_text(pilot.app)
        assert 'Delete organization 2 "Birch Homes"?' in text
        assert "1 site goes with it" in text
        await press(pilot, "escape")
        assert "3 organizations" in screen_text(pilot.app)
        await press(pilot, "d", "y")
        assert names(coalition) == ["Alder House", "Cedar Kitchen"]
        await press(pilot, "u")

    drive(coalition, script)
    with Crm.open(coalition, clock=lambda: NOW) as crm:
        assert [site.name for site in crm.records(Site)] == ["Main"]


def test_history_undoes_the_operation_under_the_cursor(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("one more") as unit:
        records.add(unit, Organization, name="Dogwood")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "H")
        assert "one more" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert 'organization 4 "Dogwood"' in screen_text(pilot.app)
        await press(pilot, "escape", "down", "u")

    drive(coalition, script)
    assert names(coalition) == ["Dogwood"]


def test_history_shows_what_changed_since_an_operation(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm:
        with crm.changes("one more") as unit:
            body = records.add(unit, Organization, name="Dogwood")
        with crm.changes("a note") as unit:
            records.edit(unit, body, note="seen")
            records.edit(unit, crm.find(Organization, "Alder House"), note="called")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "H", "w")
        assert "nothing" in screen_text(pilot.app)
        await press(pilot, "escape", "down", "down", "w")
        text = screen_text(pilot.app)
        assert "Changed since operation" in text
        assert 'added  organization 4 "Dogwood"' in text
        assert '"Alder House"  Note (empty) → called' in text

    drive(coalition, script)


def test_redo_takes_an_undo_back(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "u")
        assert names(coalition) == []
        await press(pilot, "U")

    drive(coalition, script)
    assert len(names(coalition)) == 3


def test_the_first_run_asks_three_things_and_creates_the_coalition(tmp_path: Path) -> None:
    path = tmp_path / "new" / "coalition.db"

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "enter", "enter")
        assert "needs a name" in screen_text(pilot.app)
        await type_text(pilot, "Prairie Friends")
        await press(pilot, "enter", "enter", "down", "enter")
        assert "Organizations  Prairie Friends" in screen_text(pilot.app)

    drive(path, script)
    assert path.stat().st_mode & 0o777 == 0o600


def test_leaving_the_first_run_creates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "escape")

    drive(path, script)
    assert not path.exists()


def test_the_first_run_can_show_the_demo_in_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "tab", "tab", "end", "enter")
        assert "12 organizations" in screen_text(pilot.app)

    drive(path, script)
    assert not path.exists()
    assert path.with_name("own-demo.db").exists()


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (140, 40), (200, 60), (20, 5), (1, 1)])
def test_every_screen_lives_at_every_size(coalition: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for keys in (
            ("enter",),
            ("escape", "3"),
            ("4",),
            ("H",),
            ("question_mark",),
            ("escape", "2", "e"),
            ("escape",),
        ):
            await press(pilot, *keys)
            await pilot.resize_terminal(size[0] + 1, size[1])
            await pilot.resize_terminal(*size)
            await settled(pilot)
        assert pilot.app.is_running

    app = drive(coalition, script, size)
    assert app.return_code in {None, 0}


def test_a_database_removed_underneath_is_named_and_the_edit_kept(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "end")
        await type_text(pilot, "x")
        coalition.rename(coalition.with_name("away.db"))
        await press(pilot, "ctrl+s")
        text = screen_text(pilot.app)
        assert "Alder Housex" in text
        assert pilot.app.is_running
        coalition.with_name("away.db").rename(coalition)

    drive(coalition, script)
    assert names(coalition)[0] == "Alder House"


def test_the_cursor_stays_in_sight_however_far_it_goes(database: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("many") as unit:
        for number in range(90):
            records.add(unit, Organization, name=f"House {number:02}")

    async def script(pilot: Pilot[Any]) -> None:
        for keys, expected in (
            (("j",) * 30, "House 30"),
            (("G",), "House 89"),
            (("k", "k"), "House 87"),
            (("pageup",), "House 68"),
            (("g",), "House 00"),
            (("pagedown", "pagedown", "j"), "House 39"),
        ):
            await press(pilot, *keys)
            marked = [line for line in screen_text(pilot.app).splitlines() if "▸" in line]
            assert len(marked) == 1, (keys, marked)
            assert expected in marked[0]

    drive(database, script)


def test_saving_twice_in_a_hurry_saves_once(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        await type_text(pilot, "Zed")
        await pilot.press("ctrl+s", "ctrl+s", "escape")
        await settled(pilot)
        assert "4 organizations" in screen_text(pilot.app)

    drive(coalition, script)
    assert names(coalition).count("Zed") == 1


def test_undo_pressed_twice_in_a_hurry_undoes_one_operation_at_a_time(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("one more") as unit:
        records.add(unit, Organization, name="Dogwood")

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("u", "u")
        await settled(pilot)
        assert "left alone" not in screen_text(pilot.app)

    drive(coalition, script)
    assert "Dogwood" not in names(coalition)


def test_a_card_shows_what_was_changed_on_a_card_above_it(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "enter")
        lines = screen_text(pilot.app).splitlines()
        place = next(number for number, line in enumerate(lines) if "Main" in line)
        await press(pilot, *["down"] * (place - 3), "enter", "e", "tab")
        await press(pilot, "ctrl+a", "ctrl+k")
        await type_text(pilot, "Annex")
        await press(pilot, "ctrl+s", "escape")
        text = screen_text(pilot.app)
        assert "Birch Homes" in text
        assert "Annex" in text

    drive(coalition, script)


def test_a_silo_that_is_gone_is_no_longer_asked_about(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("a silo") as unit:
        records.add(unit, Silo, code="zz", name="Last")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", *["o"] * 10)
        assert "zz" in screen_text(pilot.app)
        await press(pilot, "u", "o")
        assert pilot.app.is_running
        assert "of 118 House" in screen_text(pilot.app)

    drive(coalition, script)


def test_a_terminal_that_is_too_small_is_said_and_comes_back(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.resize_terminal(30, 6)
        await settled(pilot)
        assert "40 x 10 or more, please" in screen_text(pilot.app)
        await pilot.resize_terminal(20, 5)
        await settled(pilot)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "Alder House" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "OVERVIEW" in screen_text(pilot.app)

    drive(coalition, script)


def test_an_undo_started_on_a_card_that_is_left_does_not_block_the_next(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("one more") as unit:
        records.add(unit, Organization, name="Dogwood")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter")
        await pilot.press("u", "escape")
        await settled(pilot)
        await press(pilot, "u")

    drive(coalition, script)
    assert names(coalition) == []
