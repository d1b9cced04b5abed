"""Who is known already is named while a record is typed: quietly, never of what no longer stands there."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import BY_NAME, ContactPoint, Identifier, Organization, Site
from partners_crm.services import duplicates, records
from partners_crm.services.lookalikes import Lookalike
from partners_crm.store.read import where
from partners_crm.tui.screens import alike as watching
from partners_crm.tui.screens.alike import REST_S, WATCHED
from partners_crm.tui.screens.card import CardScreen
from partners_crm.tui.screens.form import Form, edit
from partners_crm.tui.widgets.text import Line
from tests.conftest import NOW
from tests.tui.driving import drive, press, settled
from tests.tui.pairs import WILLOW, add_pairs, house, ids, names
from tests.tui.seeing import head, text_of

NARROW, WIDE = (80, 24), (140, 40)


@pytest.fixture
def pairs(database: Path) -> Path:
    return add_pairs(database)


def form(pilot: Pilot[Any]) -> Form:
    return cast("Form", house(pilot).screen)


async def put(pilot: Pilot[Any], field: str, text: str) -> str:
    """Put a text into a field, let the typing rest, and give what is said of it."""
    widget: Any = form(pilot).query_one(f"#field-{field}")
    widget.focus()
    widget.put(text)
    return await rested(pilot)


async def rested(pilot: Pilot[Any]) -> str:
    await pilot.pause(REST_S + 0.1)
    await settled(pilot)
    lines = [line for line in pilot.app.screen.query(".alike").results(Line) if line.display]
    return " ".join(str(line.content) for line in lines)


async def new(pilot: Pilot[Any], entity: str, **preset: int) -> None:
    house(pilot).push_screen(Form(BY_NAME[entity], preset=preset))
    await settled(pilot)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_a_known_name_is_said_under_the_field_and_gone_when_it_no_longer_holds(
    pairs: Path, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        assert "looks like" not in await rested(pilot), "nothing was typed yet"
        key = ids(pilot, "Prairie Family Kitchen")[0]
        said = await put(pilot, "name", "Prairie Family Kitchen")
        assert said == f"looks like Prairie Family Kitchen (organization {key}): same name  Ctrl+O opens it"
        text = text_of(pilot)
        assert text.index("Name *") < text.index("looks like") < text.index("Kind *")
        assert "looks like" not in await put(pilot, "name", "Quarry Dental Clinic")
        assert "looks like" not in await put(pilot, "name", "")

    drive(pairs, script, size)


def test_it_opens_the_card_and_what_was_typed_stays(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        await put(pilot, "note", "Met at the fair.")
        await put(pilot, "name", "Prairie Family Kitchen")
        await press(pilot, "ctrl+o")
        assert isinstance(pilot.app.screen, CardScreen)
        assert head(pilot).strip().startswith("Prairie Family Kitchen")
        await press(pilot, "escape")
        assert (form(pilot).text_of("name"), form(pilot).text_of("note")) == (
            "Prairie Family Kitchen",
            "Met at the fair.",
        )
        assert "looks like Prairie Family Kitchen" in await rested(pilot)
        await press(pilot, "ctrl+s")
        assert names(pilot).count("Prairie Family Kitchen") == 2, "it stops nobody from saving"

    drive(pairs, script)


def test_of_several_one_is_chosen(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm, crm.changes("more") as unit:
        third = records.add(unit, Organization, name=f"{WILLOW}, LLC")

    async def script(pilot: Pilot[Any]) -> None:
        await new(pilot, "contact_point", organization=third.id)
        assert "and like 1 more  Ctrl+O shows them" in await put(pilot, "raw", "312-555-0144")
        await press(pilot, "ctrl+o")
        assert "It looks like" in text_of(pilot)
        await press(pilot, "down", "enter")
        assert head(pilot).strip().startswith(WILLOW)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, Form)

    drive(pairs, script, WIDE)


def test_with_nobody_to_open_the_key_says_so(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n", "ctrl+o")
        assert "nobody is known who looks like this" in text_of(pilot)
        assert isinstance(pilot.app.screen, Form)

    drive(pairs, script, WIDE)


def test_a_record_that_is_changed_is_not_told_of_itself_nor_of_whom_it_is_known_to_differ_from(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        crm = house(pilot).crm
        first, second = ids(pilot, WILLOW)
        edit(house(pilot), Organization, first, lambda _record: None)
        await settled(pilot)
        assert "looks like" not in await rested(pilot), "nothing was typed yet"
        text = await put(pilot, "name", f"{WILLOW} Inc.")
        assert f"looks like {WILLOW} (organization {second})" in text
        with crm.changes("two") as unit:
            duplicates.dismiss(unit, Organization, first, second)
        assert "looks like" not in await put(pilot, "name", f"{WILLOW} LLC")

    drive(pairs, script, WIDE)


def test_every_kind_of_record_that_tells_who_it_is_about_is_watched(pairs: Path) -> None:
    with Crm.open(pairs, clock=lambda: NOW) as crm, crm.changes("more") as unit:
        body = crm.find(Organization, "Prairie Family Kitchen")
        records.add(unit, Identifier, organization=body.id, system="ein", value="12-3456789")
        records.add(unit, ContactPoint, organization=body.id, kind="phone", raw="312-555-0145")
        records.add(unit, Site, organization=body.id, name="Main", address="77 Spruce Ave", city="Alton", state="IL")
        fresh = records.add(unit, Organization, name="Prairie Kitchen")

    async def script(pilot: Pilot[Any]) -> None:
        known = f"looks like Prairie Family Kitchen (organization {body.id})"
        await new(pilot, "other_name", organization=fresh.id)
        assert known in await put(pilot, "name", "Prairie Family Kitchen")
        await press(pilot, "escape", "escape")
        await new(pilot, "identifier", organization=fresh.id)
        await put(pilot, "system", "ein")
        assert known in await put(pilot, "value", "123456789")
        await press(pilot, "escape", "escape")
        await new(pilot, "site", organization=fresh.id)
        await put(pilot, "city", "Alton")
        assert known in await put(pilot, "address", "77 Spruce Avenue")
        await press(pilot, "escape", "escape")
        await new(pilot, "contact_point", organization=fresh.id)
        said = await put(pilot, "raw", "(312) 555-0145")
        assert known in said
        assert "same phone" in said
        await press(pilot, "escape", "escape")
        await new(pilot, "contact")
        assert "looks like Dana Reyes (contact " in await put(pilot, "name", "Dana Reyes")

    drive(pairs, script, WIDE)


def test_the_watched_fields_are_fields_of_their_records() -> None:
    for table, fields in WATCHED.items():
        assert set(fields) <= set(table.declarations())


def test_one_question_at_a_time_and_no_answer_to_what_no_longer_stands_there(
    pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first question is held until its text has been replaced twice."""
    asked: list[str] = []
    running: list[int] = []
    go = threading.Event()
    real = watching.alike

    def held(crm: Any, table: Any, record: Any, preset: Any, texts: Any) -> tuple[Lookalike, ...]:
        running.append(1)
        assert sum(running) == 1, "two questions at once"
        asked.append(texts["name"])
        assert go.wait(20)
        found = real(crm, table, record, preset, texts)
        running.append(-1)
        return found

    monkeypatch.setattr(watching, "alike", held)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        field: Any = form(pilot).query_one("#field-name")
        for text in ("Prairie Family Kitchen", "Quarry", "Quarry Dental Clinic"):
            field.put(text)
            await pilot.pause(REST_S + 0.1)
            assert "looks like" not in text_of(pilot)
        go.set()
        assert "looks like" not in await rested(pilot)
        assert asked == ["Prairie Family Kitchen", "Quarry Dental Clinic"]

    drive(pairs, script)


def test_a_question_that_is_under_way_when_the_form_closes_is_no_fault(
    pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    real = watching.alike

    def held(*arguments: Any) -> tuple[Lookalike, ...]:
        assert go.wait(20)
        return real(*arguments)

    monkeypatch.setattr(watching, "alike", held)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        field: Any = form(pilot).query_one("#field-name")
        field.put("Prairie Family Kitchen")
        await pilot.pause(REST_S + 0.1)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Form)
        go.set()
        await settled(pilot)
        assert pilot.app.is_running

    drive(pairs, script)


def test_a_form_that_watches_nothing_saves_as_before(pairs: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await new(pilot, "tag")
        await put(pilot, "name", "north")
        await press(pilot, "ctrl+s")
        assert [each.stored()["name"] for each in where(house(pilot).crm.db, BY_NAME["tag"])] == ["north"]

    drive(pairs, script)
