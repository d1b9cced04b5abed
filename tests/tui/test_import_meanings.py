"""The import screen: what the columns mean, and how the file is read, chosen by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import CustomField, Membership, Organization
from partners_crm.services import records
from partners_crm.services.importing import mapping as mappings
from partners_crm.services.importing.applying import Options
from partners_crm.tui.screens.first_look import FirstLookScreen
from partners_crm.tui.screens.import_mapping import AskOwnField, matching, meanings
from partners_crm.tui.screens.import_work import Run, look
from partners_crm.tui.screens.importing import ImportFile
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.text import Line
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, type_text
from tests.tui.importing import (
    MEMBERS,
    counts,
    go_to_column,
    is_on,
    names,
    preview,
    preview_of,
    toasts,
    words,
    written,
)
from tests.tui.seeing import text_of


def test_the_meanings_are_kept_for_next_month(database: Path, members: Path, tmp_path: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Town")
        await press(pilot, "enter")
        await type_text(pilot, "site city")
        await press(pilot, "enter", "ctrl+s", "escape", "escape")
        july = written(tmp_path / "members 2.csv", MEMBERS.replace("Cedar Kitchen", "Dogwood"))
        seen = await preview(pilot, july)
        assert seen.columns[5].meaning == "site city"
        assert "as saved in" in seen.columns[5].reason
        await press(pilot, "b")
        assert preview_of(pilot).mapping is not None
        assert "as saved" not in preview_of(pilot).columns[5].reason

    drive(database, script)
    (saved,) = mappings.folder_of(database).iterdir()
    assert 'Town = "site.city"' in saved.read_text("utf-8").replace('"Town"', "Town")


def test_a_saved_meaning_that_is_changed_takes_the_place_of_the_saved_one(database: Path, members: Path) -> None:
    async def choose(pilot: Pilot[Any], meaning: str) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Town")
        await press(pilot, "enter")
        await type_text(pilot, meaning)
        await press(pilot, "enter", "ctrl+s")
        while is_on(pilot, ImportFile | FirstLookScreen):
            await press(pilot, "escape")

    async def script(pilot: Pilot[Any]) -> None:
        await choose(pilot, "site city")
        written(members, MEMBERS + "Elm Street,,60601,,,Joliet\n")
        await choose(pilot, "nothing")

    drive(database, script)
    (saved,) = mappings.folder_of(database).iterdir()
    found = mappings.read(saved, MEMBERS.splitlines()[0].split(","))
    assert found.uses[5].target is None


def test_a_guess_that_was_asked_for_leaves_what_was_saved(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Phone")
        await press(pilot, "enter")
        await type_text(pilot, "nothing")
        await press(pilot, "enter", "ctrl+s", "escape", "escape")
        written(members, MEMBERS + "Elm Street,,60601,,,Joliet\n")
        await preview(pilot, members)
        await press(pilot, "b", "ctrl+s")
        assert "what was saved for its columns stays" in toasts(pilot)

    drive(database, script)
    (saved,) = mappings.folder_of(database).iterdir()
    found = mappings.read(saved, MEMBERS.splitlines()[0].split(","))
    assert found.uses[1].target is None


def test_what_was_chosen_is_given_up_only_when_asked_twice(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Phone")
        await press(pilot, "enter")
        await type_text(pilot, "nothing")
        await press(pilot, "enter", "escape")
        assert words(pilot).startswith("Not imported yet")
        await press(pilot, "q")
        assert not is_on(pilot, ImportFile)

    drive(database, script)


def test_a_meaning_is_found_by_its_words_and_its_header_names(crm: Crm, members: Path) -> None:
    seen = look(crm, members, Options(), Run("reading"))
    assert seen.mapping is not None
    found = meanings(crm, seen.mapping)
    assert found[0].target is None
    assert matching(found, "site zip")[0].words == "site zip"
    assert "house" in [each.words for each in matching(found, "hd")]
    assert any(each.words.startswith("mark in silo") for each in matching(found, "silo aging"))
    assert "contact name (person 2)" in [each.words for each in matching(found, "person 2 name")]
    assert {each.words: each.has for each in found}["organization name"] == "Organization"
    assert matching(found, "no such thing at all") == []
    texts = [each.target.text for each in found if each.target]
    assert len(texts) == len(set(texts))


def test_an_own_field_that_cannot_be_is_refused_where_it_is_asked(database: Path, members: Path) -> None:
    async def fill(pilot: Pilot[Any], line: str, text: str) -> str:
        box = pilot.app.screen
        box.query_one(f"#own-{line}", Entry).put(text)
        await press(pilot, "ctrl+s")
        assert is_on(pilot, AskOwnField)
        return " ".join(str(box.query_one("#wrong", Line).content).split())

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Dues")
        await press(pilot, "f")
        assert "Label is missing" in await fill(pilot, "label", " ")
        assert "is a field of organizations already" in await fill(pilot, "label", "Name")
        assert "Kind: 'wild' is none of them" in await fill(pilot, "kind", "wild")
        pilot.app.screen.query_one("#own-label", Entry).put("Rank")
        assert "Choices are missing" in await fill(pilot, "kind", "choice")
        pilot.app.screen.query_one("#own-choices", Entry).put("250; 100; 75")
        assert "Of: 'house' is none of them" in await fill(pilot, "entity", "house")
        pilot.app.screen.query_one("#own-entity", Entry).put("organization")
        pilot.app.screen.query_one("#own-visibility", Entry).put("staff")
        await press(pilot, "ctrl+s", "ctrl+s")

    drive(database, script)
    with Crm.open(database, clock=lambda: NOW) as crm:
        (field,) = crm.records(CustomField)
        assert (field.key, field.kind, field.choices.split("\n")) == ("rank", "choice", ["250", "100", "75"])
        assert field.visibility == "staff"


def test_an_own_field_that_was_made_can_be_changed_before_the_import(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Dues")
        await press(pilot, "f", "ctrl+s", "f")
        pilot.app.screen.query_one("#own-kind", Entry).put("text")
        await press(pilot, "ctrl+s")
        mapping = preview_of(pilot).mapping
        assert mapping is not None
        assert [(each.key, each.kind) for each in mapping.own] == [("dues", "text")]

    drive(database, script)


# -------------------------------------------------------------------- terms


def test_the_terms_are_one_key_each_and_are_previewed_at_once(database: Path, members: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("one") as unit:
        records.add(unit, Organization, name="Alder House", kind="provider")

    async def script(pilot: Pilot[Any]) -> None:
        assert counts(await preview(pilot, members))[:4] == (1, 2, 0, 1)
        await press(pilot, "N")
        assert counts(preview_of(pilot))[3] == 2
        assert "new ones rejected" in screen_text(pilot.app)
        await press(pilot, "N", "M")
        assert "not as members" in screen_text(pilot.app)
        found = [preview_of(pilot).options.policy]
        for _ in range(4):
            await press(pilot, "p")
            found.append(preview_of(pilot).options.policy)
        assert found == ["fill", "update", "skip", "create", "fill"]
        await press(pilot, "ctrl+s")

    drive(database, script)
    with Crm.open(database, clock=lambda: NOW) as crm:
        assert crm.records(Membership) == []


def test_another_worksheet_can_be_named(database: Path, tmp_path: Path) -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "Members"
    first.append(["Organization", "City"])
    first.append(["Alder House", "Peoria"])
    other = book.create_sheet("Old ones")
    other.append(["Organization", "City"])
    other.append(["Birch Homes", "Joliet"])
    book.save(tmp_path / "book.xlsx")

    async def script(pilot: Pilot[Any]) -> None:
        seen = await preview(pilot, tmp_path / "book.xlsx")
        assert 'sheet "Members"' in seen.described
        await press(pilot, "t")
        assert 'sheet not read: "Old ones"' in text_of(pilot)
        await type_text(pilot, "old")
        await press(pilot, "right")
        assert pilot.app.screen.query_one("#reading-sheet", Entry).value == "Old ones"
        await press(pilot, "ctrl+s")
        assert 'sheet "Old ones"' in preview_of(pilot).described
        await press(pilot, "t")
        pilot.app.screen.query_one("#reading-sheet", Entry).put("7")
        await press(pilot, "ctrl+s")
        assert "has no sheet '7'" in words(pilot)
        await press(pilot, "t")
        pilot.app.screen.query_one("#reading-sheet", Entry).put("2")
        await press(pilot, "ctrl+s", "ctrl+s")

    drive(database, script)
    assert names(database) == ["Birch Homes"]


def test_another_encoding_can_be_named(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "mac.csv"
    path.write_bytes("Organization,City\nCafé Niñez,Peoria\n".encode("mac_roman"))

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, path)
        await press(pilot, "t")
        for name, text, said in (
            ("header", "first", "Header line"),
            ("delimiter", "comma or so", "Delimiter"),
            ("flags", "perhaps", "neither yes nor no"),
        ):
            field = pilot.app.screen.query_one(f"#reading-{name}", Entry)
            before = field.value
            field.put(text)
            await press(pilot, "ctrl+s")
            assert said in str(pilot.app.screen.query_one("#wrong", Line).content)
            field.put(before)
        pilot.app.screen.query_one("#reading-encoding", Entry).put("mac_roman")
        await press(pilot, "ctrl+s", "ctrl+s")

    drive(database, script)
    assert names(database) == ["Café Niñez"]


def test_meanings_stay_when_only_the_flags_are_asked_for(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Town")
        await press(pilot, "enter")
        await type_text(pilot, "site city")
        await press(pilot, "enter", "t")
        pilot.app.screen.query_one("#reading-flags", Entry).put("yes")
        await press(pilot, "ctrl+s")
        assert preview_of(pilot).options.read.flags
        assert preview_of(pilot).columns[5].meaning == "site city"
        await press(pilot, "t")
        pilot.app.screen.query_one("#reading-delimiter", Entry).put("comma")
        await press(pilot, "ctrl+s")
        assert preview_of(pilot).columns[5].reason != "chosen by hand"

    drive(database, script)
