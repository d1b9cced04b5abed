"""The import screen as a person works in it: preview, meanings, own fields, policies, problems, import, undo."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.errors import FileRefused
from partners_crm.model import CustomField, Organization, Site
from partners_crm.services import records
from partners_crm.services.importing.applying import Options
from partners_crm.store.custom import values_of
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.screens.first_look import FirstLookScreen
from partners_crm.tui.screens.import_mapping import AskOwnField, ChooseMeaning
from partners_crm.tui.screens.import_work import Run, Stopped, carry_out, look
from partners_crm.tui.screens.importing import ImportFile
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.text import Line
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.importing import (
    ACTS,
    HOSTILE,
    counts,
    go_to_column,
    go_to_number,
    is_on,
    many,
    name_file,
    names,
    operations,
    preview,
    preview_of,
    shown,
    toasts,
    words,
    written,
)
from tests.tui.seeing import text_of
from tests.tui.terminal import Terminal

# -------------------------------------------------------------------- from the path to the undo


def test_a_file_is_previewed_mended_imported_and_taken_back(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        seen = await preview(pilot, members)
        assert counts(seen) == (2, 1, 0, 1, 2)
        assert "Nothing written" in words(pilot)

        await go_to_column(pilot, "Town")
        await press(pilot, "enter")
        assert is_on(pilot, ChooseMeaning)
        await type_text(pilot, "site zip")
        assert "ZIP" in screen_text(pilot.app)  # the column that has it now
        await press(pilot, *["backspace"] * 8)
        await type_text(pilot, "site city")
        await press(pilot, "enter")
        assert preview_of(pilot).columns[5].meaning == "site city"

        await go_to_column(pilot, "Dues")
        await press(pilot, "f")
        assert is_on(pilot, AskOwnField)
        assert pilot.app.screen.query_one("#own-kind", Entry).value == "number"
        await type_text(pilot, " paid")
        await press(pilot, "ctrl+s")
        assert preview_of(pilot).columns[4].meaning == "own field dues_paid"
        assert preview_of(pilot).columns[4].counts[0] == 2

        await press(pilot, "p")
        assert preview_of(pilot).options.policy == "update"
        assert names(database) == []

        await press(pilot, "ctrl+s")
        assert is_on(pilot, FirstLookScreen)
        assert "u takes it back" in toasts(pilot)
        await press(pilot, "escape")
        assert "Imported as operation" in words(pilot)
        assert "known from now on" in words(pilot)
        assert names(database) == ["Alder House", "Cedar Kitchen"]
        with Crm.open(database, clock=lambda: NOW) as crm:
            (field,) = crm.records(CustomField)
            assert (field.label, field.kind, field.applies_to) == ("Dues paid", "number", "organization")
            ids = [each.id for each in crm.records(Organization)]
            said = values_of(crm.db, Organization, ids).values()
            assert sorted(each["dues_paid"] for each in said) == ["250", "75"]
            assert {each.city for each in crm.records(Site)} == {"Chicago"}

        await press(pilot, "u")
        assert "Nothing written" in words(pilot)

    drive(database, script, (140, 40))
    assert names(database) == []


def test_the_numbers_have_their_rows(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        for key, expected in (
            ("new", "2 Alder House · 312-555-0111 · 60647"),
            ("changed", "6 Alder House · 312-555-0199"),
            ("rejected", "3 House district: '999' is no house district"),
            ("left", "7 a total"),
            ("read", "read as utf-8, comma separated"),
        ):
            await go_to_number(pilot, key)
            await press(pilot, "enter")
            assert expected in text_of(pilot), key
            await press(pilot, "escape")
        await go_to_number(pilot, "left")
        await press(pilot, "enter", "down")
        assert "line 7" in text_of(pilot)
        await press(pilot, "escape", "escape")
        assert not is_on(pilot, ImportFile)

    drive(database, script)


def test_a_wide_screen_shows_the_rows_beside_the_numbers(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_number(pilot, "rejected")
        line = next(each for each in screen_text(pilot.app).splitlines() if "'999' is no" in each)
        assert "Birch Homes" in line
        await press(pilot, "up")
        assert "'999' is no" not in screen_text(pilot.app)

    drive(database, script, (140, 40))


def test_the_columns_say_why_and_show_examples(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await go_to_column(pilot, "Dues")
        assert "stays in source rows" in screen_text(pilot.app)
        assert "such as: 250 | 100 | 75" in text_of(pilot)

    drive(database, script)


def test_the_same_file_again_has_no_impact(database: Path, members: Path) -> None:
    written(members, "Organization,Phone\nAlder House,312-555-0111\n")
    with Crm.open(database, clock=lambda: NOW) as crm:
        crm.import_file(members)

    async def script(pilot: Pilot[Any]) -> None:
        assert counts(await preview(pilot, members))[2] == 1
        assert words(pilot).startswith("NO IMPACT")
        await press(pilot, "ctrl+s")
        assert "nothing was written" in toasts(pilot)
        assert is_on(pilot, ImportFile)

    drive(database, script)
    assert len(operations(database)) == 2


def test_what_changes_on_many_rows_is_said_first(database: Path, tmp_path: Path) -> None:
    head = "Organization,Address,City,ZIP,Phone\n"
    before = "".join(f"Home {number},{number} Main St,Peoria,61602,309-555-0101\n" for number in range(10))
    with Crm.open(database, clock=lambda: NOW) as crm:
        crm.import_file(written(tmp_path / "before.csv", head + before))
    path = written(tmp_path / "after.csv", (head + before).replace("Home", "New Home"))

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, path)
        assert words(pilot).startswith("MAJOR: 10 of 10 rows are new")

    drive(database, script)


# -------------------------------------------------------------------- stopping, and what stands in the way


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
def test_stopping_a_preview_leaves_nothing(database: Path, tmp_path: Path, key: str) -> None:
    path = many(tmp_path / "many.csv", 8_000)

    async def script(pilot: Pilot[Any]) -> None:
        await name_file(pilot, path)
        # Not through the pilot: it would wait until the reading is over.
        shown(pilot)._look(path)
        assert str(shown(pilot).query_one("#keys", Line).content).startswith("Esc, Ctrl+C stop it")
        pilot.app.simulate_key(key)
        await settled(pilot)
        assert words(pilot).startswith("Stopped. Everything is as it was")
        assert shown(pilot).seen is None
        await press(pilot, "escape")
        assert not is_on(pilot, ImportFile)

    drive(database, script)
    assert operations(database) == ["set up Test Coalition"]


def test_stopping_an_import_leaves_nothing(database: Path, tmp_path: Path) -> None:
    path = many(tmp_path / "many.csv", 1_500)

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, path)
        shown(pilot).action_apply()
        shown(pilot).action_back()  # before the worker can have come to the end
        await settled(pilot)
        assert words(pilot).startswith("Stopped")
        assert preview_of(pilot).operation is None

    drive(database, script)
    assert names(database) == []


def test_closing_the_terminal_in_an_import_leaves_nothing(database: Path, tmp_path: Path) -> None:
    path = many(tmp_path / "many.csv", 6_000)
    with Terminal(database, columns=80, rows=24) as terminal:
        terminal.wait_for("No organizations here")
        terminal.send(b"i")
        terminal.wait_for("Enter reads the file")
        terminal.send(str(path).encode() + b"\r")
        terminal.wait_for("Nothing written")
        terminal.send(b"\x13")
        terminal.wait_for("writing 1,000 of 6,000 rows")
        assert terminal.hang_up() == 130
    assert names(database) == []
    assert operations(database) == ["set up Test Coalition"]


def test_stopping_an_import_that_is_written_already_is_told_what_was_done(crm: Crm, members: Path) -> None:
    class Late(Run):
        """Is stopped right after the last batch."""

        def __call__(self, stage: str, done: int, total: int) -> None:
            super().__call__(stage, done, total)
            self.is_stopped = stage == "writing"

    seen = look(crm, members, Options(), Run("reading"))
    done = carry_out(crm, seen, Late("importing"))
    assert done.operation is not None
    assert counts(done) == counts(seen)
    assert len(crm.records(Organization)) == 2


def test_a_stopped_run_raises_at_its_next_word() -> None:
    run = Run("reading")
    run("reading", 1_200, 0)
    assert run.told == "reading 1,200 rows"
    run("writing", 500, 1_200)
    assert run.told == "writing 500 of 1,200 rows"
    run.stop()
    with pytest.raises(Stopped):
        run("writing", 600, 1_200)
    assert run.told == "stopping…"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nowhere.csv", None, "nowhere.csv"),
        ("empty.csv", b"", "is empty"),
        ("program.xlsx", b"\x7fELF\x02\x01", "is a program"),
        ("broken.xlsx", b"PK\x03\x04 and then nothing", "broken.xlsx"),
        ("quote.csv", b'Organization\n"never closed', "quote"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    database: Path, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    async def script(pilot: Pilot[Any]) -> None:
        seen = await preview(pilot, path)
        assert seen.report is None
        assert said in words(pilot)
        await press(pilot, "ctrl+s")
        assert is_on(pilot, ImportFile)
        await press(pilot, "tab", "f", "w", "enter")
        assert pilot.app.is_running

    drive(database, script)
    assert names(database) == []


def test_the_home_of_nobody_is_the_name_of_a_file(database: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert (await preview(pilot, "~nobody at all/members.csv")).report is None
        assert "~nobody at all/members.csv" in words(pilot)

    drive(database, script)


def test_a_file_that_names_nobody_can_be_told_who_is_named(database: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "odd.csv", "Who,Amount\nAlder House,1\nBirch Homes,2\n")

    async def script(pilot: Pilot[Any]) -> None:
        seen = await preview(pilot, path)
        if seen.report is None:
            assert "no column names an organization" in words(pilot)
            assert "Enter on a column says what it means" in words(pilot)
        await go_to_column(pilot, "Who")
        await press(pilot, "enter")
        await type_text(pilot, "organization name")
        await press(pilot, "enter")
        assert counts(preview_of(pilot))[0] == 2
        await press(pilot, "ctrl+s")

    drive(database, script)
    assert names(database) == ["Alder House", "Birch Homes"]


def test_a_file_that_changed_since_its_preview_is_not_imported(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        written(members, "Organization\nNever Shown\n")
        await press(pilot, "ctrl+s")
        assert "was changed since" in words(pilot)
        await press(pilot, "p")
        assert "was changed since" in words(pilot)
        await press(pilot, "r", "ctrl+s")

    drive(database, script)
    assert names(database) == ["Never Shown"]


def test_a_preview_left_open_blocks_nobody_and_the_notice_has_the_real_counts(database: Path, members: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert counts(await preview(pilot, members))[:2] == (2, 1)
        with Crm.open(database, clock=lambda: NOW) as other, other.changes("meanwhile") as unit:
            records.add(unit, Organization, name="Alder House", kind="provider")
        await press(pilot, "ctrl+s")
        assert "imported: 1 new, 2 changed, 0 same, 1 rejected" in toasts(pilot)

    drive(database, script, (140, 40))


# -------------------------------------------------------------------- problems, whole exports, ways in


def test_the_rejected_rows_are_written_to_a_file_that_can_be_mended(database: Path, members: Path) -> None:
    place = members.with_name("members-problems.csv")

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await press(pilot, "w")
        assert "Write 1 rejected row to" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert place.exists()
        await press(pilot, "w", "enter")
        assert "Enter again replaces it" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert is_on(pilot, ImportFile)
        await press(pilot, "w")
        pilot.app.screen.query_one("#place", Entry).put(str(place.parent))
        await press(pilot, "enter")
        assert "That is a folder" in screen_text(pilot.app)
        await press(pilot, "escape", "ctrl+s", "escape", "escape")

        rows = list(csv.DictReader(place.read_text("utf-8").splitlines()))
        assert [row["Organization"] for row in rows] == ["Birch Homes"]
        written(place, place.read_text("utf-8").replace(",999,", ",95,"))
        await preview(pilot, place)
        await press(pilot, "w")
        assert "there is no rejected row to write" in toasts(pilot)
        await press(pilot, "ctrl+s")

    drive(database, script)
    assert names(database) == ["Alder House", "Birch Homes", "Cedar Kitchen"]


def test_the_rejected_rows_take_the_place_of_no_other_file(database: Path, members: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.csv", "mine")
    before = members.read_bytes()

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        for place, why in ((members, "is the file that is read"), (other, "exists already"), (database, "coalition")):
            await press(pilot, "w")
            pilot.app.screen.query_one("#place", Entry).put(str(place))
            await press(pilot, "enter", "enter")
            assert why in toasts(pilot), place

    drive(database, script)
    assert (members.read_bytes(), other.read_text("utf-8")) == (before, "mine")
    assert names(database) == []


def test_a_whole_coalition_is_previewed_and_loaded(database: Path, tmp_path: Path) -> None:
    with Crm.demo(tmp_path / "demo.db", clock=lambda: NOW) as demo:
        demo.export_all(tmp_path / "all.jsonl")
        expected = sorted(each.name for each in demo.records(Organization))

    async def script(pilot: Pilot[Any]) -> None:
        seen = await preview(pilot, tmp_path / "all.jsonl")
        assert seen.is_whole
        assert ("organizations", len(expected)) in [(each.name, each.counts[0]) for each in seen.columns]
        await press(pilot, "f")
        assert "a whole coalition says itself" in toasts(pilot)
        assert names(database) == []
        await press(pilot, "p", "p", "p", "p", "ctrl+s")
        assert is_on(pilot, FirstLookScreen)
        assert names(database) == expected
        await press(pilot, "u")

    drive(database, script)
    assert names(database) == []


def test_a_whole_coalition_that_changed_since_is_not_loaded(crm: Crm, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    with Crm.demo(tmp_path / "demo.db", clock=lambda: NOW) as demo:
        demo.export_all(path)
    seen = look(crm, path, Options(), Run("reading"))
    written(path, path.read_text("utf-8") + "\n")
    with pytest.raises(FileRefused, match="was changed since"):
        carry_out(crm, seen, Run("importing"))
    assert look(crm, path, Options(), Run("reading"), seen.sha256).error is not None
    path.unlink()
    with pytest.raises(FileRefused, match="cannot be read"):
        carry_out(crm, seen, Run("importing"))


def test_the_first_run_can_begin_with_an_import(tmp_path: Path, members: Path) -> None:
    path = tmp_path / "new" / "coalition.db"

    async def script(pilot: Pilot[Any]) -> None:
        await type_text(pilot, "Prairie Friends")
        await press(pilot, "enter", "enter", "enter")
        assert is_on(pilot, ImportFile)
        shown(pilot).query_one("#path", Entry).put(str(members))
        await press(pilot, "enter", "ctrl+s", "escape", "escape")
        assert "Alder House" in screen_text(pilot.app)

    drive(path, script)
    assert names(path) == ["Alder House", "Cedar Kitchen"]


def test_another_path_needs_another_preview(database: Path, members: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.csv", "Organization\nDogwood\n")

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, members)
        await press(pilot, "o")
        shown(pilot).query_one("#path", Entry).put(str(other))
        await settled(pilot)
        assert shown(pilot).seen is None
        await press(pilot, "ctrl+s")
        assert counts(preview_of(pilot))[0] == 1
        await press(pilot, "ctrl+s", "escape", "ctrl+s")
        assert "it is imported already" in toasts(pilot)

    drive(database, script)
    assert names(database) == ["Dogwood"]


def test_every_key_is_in_the_help_and_in_the_palette(database: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "i")
        app = cast("PartnersApp", pilot.app)
        palette = {each.title for each in app.get_system_commands(app.screen)}
        assert {each.description for each in ImportFile.BINDINGS} <= palette
        await press(pilot, "f1")
        assert "Make the column a field of your own" in text_of(pilot)

    drive(database, script, (140, 60))


# -------------------------------------------------------------------- hostile text, every size


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
def test_hostile_headers_cells_and_names_stand_literally(database: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "mean [bold] [@click=app.quit].csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["Organization", f"A {HOSTILE}", "Phone"])
        rows.writerow([f"Acme {HOSTILE.replace(chr(27), '')}", f"B {HOSTILE}", f"C {HOSTILE}"])
        rows.writerow(["Plain House", HOSTILE, "312-555-0101"])

    async def check(pilot: Pilot[Any]) -> None:
        text = screen_text(pilot.app)
        assert not ACTS.search(text.replace("\n", "")), ascii(ACTS.findall(text.replace("\n", "")))
        assert pilot.app.is_running

    async def script(pilot: Pilot[Any]) -> None:
        await preview(pilot, path)
        assert "[@click=app.quit]" in screen_text(pilot.app)
        await check(pilot)
        for key in ("new", "rejected", "kept", "look", "read"):
            await go_to_number(pilot, key)
            await press(pilot, "enter")
            await check(pilot)
        shown(pilot).query_one("#columns").focus()
        await press(pilot, "home", "down")
        await check(pilot)
        for keys in (("enter", "escape"), ("f", "ctrl+s"), ("t", "escape"), ("w", "escape")):
            for key in keys:
                await press(pilot, key)
                await check(pilot)
        await press(pilot, "ctrl+s")
        await check(pilot)
        await press(pilot, "escape")
        await check(pilot)

    assert drive(database, script, size).return_code in {None, 0}


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (40, 10), (140, 40), (200, 60), (20, 5), (1, 1)])
def test_the_screen_lives_at_every_size(database: Path, members: Path, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.resize_terminal(80, 24)
        await preview(pilot, members)
        await pilot.resize_terminal(*size)
        await settled(pilot)
        for keys in (("tab", "enter", "escape"), ("tab", "enter", "escape"), ("t", "escape"), ("f", "escape")):
            await press(pilot, *keys)
        assert pilot.app.is_running

    drive(database, script, size)
