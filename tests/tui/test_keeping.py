"""What the screen keeps: what was typed, over every way the program can end, and the coalition, by its backups."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.errors import StoreUnavailable
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store import copying
from partners_crm.store.copying import backups_of, known_backups
from partners_crm.tui import app as application
from partners_crm.tui.drafts import Draft, draft_file, keep, kept
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.terminal import Terminal


@pytest.fixture
def coalition(database: Path) -> Path:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("one") as unit:
        records.add(unit, Organization, name="Alder House")
    return database


def names(path: Path) -> list[str]:
    with Crm.open(path, clock=lambda: NOW) as crm:
        return sorted(each.name for each in crm.organizations())


async def leave_a_draft(pilot: Pilot[Any]) -> None:
    await press(pilot, "e")
    await type_text(pilot, " East")
    pilot.app.exit(0)


# -------------------------------------------------------------------- what was typed


def end_by_signal(number: signal.Signals, terminal: Terminal) -> int:
    os.kill(terminal.pid, number)
    return terminal.exit_code()


ENDS = {
    "SIGTERM": lambda terminal: end_by_signal(signal.SIGTERM, terminal),
    "SIGHUP": lambda terminal: end_by_signal(signal.SIGHUP, terminal),
    "SIGINT": lambda terminal: end_by_signal(signal.SIGINT, terminal),
    "the terminal is closed": Terminal.hang_up,
}


@pytest.mark.parametrize("how", ENDS)
def test_case_44_an_edit_that_is_cut_off_is_kept_and_taken_up_again(coalition: Path, home: Path, how: str) -> None:
    with Terminal(coalition, columns=80, rows=24) as terminal:
        terminal.wait_for("Alder House")
        terminal.send(b"e")
        terminal.wait_for("Ctrl+S save")
        terminal.send(b" West")
        terminal.wait_for("Alder House West")
        assert ENDS[how](terminal) == 130
    assert names(coalition) == ["Alder House"], "nothing was written that was not saved"
    (draft,) = home.rglob("draft-*.json")
    assert draft.stat().st_mode & 0o777 == 0o600
    with Terminal(coalition, columns=80, rows=24) as terminal:
        terminal.wait_for("Alder House West")
        assert "and not saved" in terminal.screen()
        terminal.send(b"\x13")
        terminal.wait_for("saved: organization 1")
        terminal.send(b"\x11")
        assert terminal.exit_code() == 0
    assert names(coalition) == ["Alder House West"]
    assert not list(home.rglob("draft-*"))


def test_quitting_with_an_open_form_keeps_it_and_giving_it_up_forgets_it(coalition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drafts"

    async def type_and_quit(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        await type_text(pilot, "Birch Homes")
        await press(pilot, "ctrl+q")

    async def give_up(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        assert "Birch Homes" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "Esc again gives it up" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "Birch Homes" not in screen_text(pilot.app)

    drive(coalition, type_and_quit, draft_folder=folder)
    (draft,) = kept(folder, coalition)
    assert (draft.entity, draft.record, draft.typed) == ("organization", None, {"name": "Birch Homes"})
    drive(coalition, give_up, draft_folder=folder)
    assert kept(folder, coalition) == []
    assert names(coalition) == ["Alder House"]


def test_a_form_in_which_nothing_was_typed_leaves_no_draft(coalition: Path, tmp_path: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        await press(pilot, "ctrl+q")

    drive(coalition, script, draft_folder=tmp_path)
    assert list(tmp_path.glob("draft-*")) == []


def test_a_draft_of_a_record_that_was_changed_since_says_what_it_is_now(coalition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    drive(coalition, leave_a_draft, draft_folder=folder)
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("rename") as unit:
        records.edit(unit, crm.organizations()[0], name="Elder House")

    async def script(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "Alder House East" in text
        assert "Name is now: Elder House" in text

    drive(coalition, script, (100, 30), draft_folder=folder)
    assert len(kept(folder, coalition)) == 1, "it is there until it is saved or given up"


def test_a_draft_of_a_record_that_is_gone_does_not_stop_the_program(coalition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    drive(coalition, leave_a_draft, draft_folder=folder)
    with Crm.open(coalition, clock=lambda: NOW) as crm:
        crm.undo()

    async def script(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        assert "0 organizations" in screen_text(pilot.app)

    drive(coalition, script, draft_folder=folder)


@pytest.mark.parametrize("text", ["", "[]", '{"drafts": 3}', '{"drafts": [{"entity": "x"}]}', "\x00"])
def test_a_file_of_drafts_that_is_none_is_passed_over(coalition: Path, tmp_path: Path, text: str) -> None:
    draft_file(tmp_path, coalition).write_text(text)
    assert kept(tmp_path, coalition) == []
    assert keep(tmp_path / "file" / "x", coalition, []) is True
    (tmp_path / "plain").write_text("x")
    assert keep(tmp_path / "plain", coalition, []) is False


def test_case_44_what_is_typed_survives_a_kill(coalition: Path, home: Path) -> None:
    with Terminal(coalition, columns=80, rows=24) as terminal:
        terminal.wait_for("Alder House")
        terminal.send(b"e")
        terminal.wait_for("Ctrl+S save")
        terminal.send(b" West")
        terminal.wait_for("Alder House West")
        end = time.monotonic() + 20
        while not list(home.rglob("draft-*.json")):
            assert time.monotonic() < end, "nothing was written down while it was typed"
            time.sleep(0.05)
        os.kill(terminal.pid, signal.SIGKILL)
        assert terminal.exit_code() == -signal.SIGKILL
    with Terminal(coalition, columns=80, rows=24) as terminal:
        terminal.wait_for("Alder House West")


def test_a_draft_is_not_opened_in_another_coalition(coalition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    drive(coalition, leave_a_draft, draft_folder=folder)
    own = coalition.read_bytes()
    coalition.unlink()
    with Crm.create(coalition, "Another", clock=lambda: NOW) as crm, crm.changes("one") as unit:
        records.add(unit, Organization, name="Zinnia Hall")

    async def elsewhere(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        assert "Alder House East" not in screen_text(pilot.app)

    async def at_home(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        assert "Alder House East" in screen_text(pilot.app)

    drive(coalition, elsewhere, draft_folder=folder)
    assert len(kept(folder, coalition)) == 1
    coalition.write_bytes(own)
    drive(coalition, at_home, draft_folder=folder)


def test_of_two_drafts_none_is_lost_when_the_first_is_left_again(coalition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    drafts = [Draft("organization", None, {}, {"name": ""}, {"name": name}, "2026-11-24T15:00:00Z") for name in "AB"]
    assert keep(folder, coalition, drafts)

    async def quit_again(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await press(pilot, "ctrl+q")

    async def give_up_the_first(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await press(pilot, "escape", "escape")

    drive(coalition, quit_again, draft_folder=folder)
    assert [each.typed["name"] for each in kept(folder, coalition)] == ["A", "B"]
    drive(coalition, give_up_the_first, draft_folder=folder)
    assert [each.typed["name"] for each in kept(folder, coalition)] == ["B"]


# -------------------------------------------------------------------- the file underneath


def test_case_54_an_edit_survives_a_file_replaced_underneath(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        await type_text(pilot, " East")
        copy = coalition.with_name("copy.db")
        shutil.copyfile(coalition, copy)
        copy.chmod(0o600)
        copy.replace(coalition)
        await press(pilot, "ctrl+s")
        text = screen_text(pilot.app)
        assert "was replaced while it was open" in text
        assert "Alder House East" in text
        await press(pilot, "f5", "ctrl+s")
        assert "saved: organization 1" in screen_text(pilot.app)

    drive(coalition, script, (100, 30))
    assert names(coalition) == ["Alder House East"]


def test_case_54_an_edit_survives_a_file_that_is_away_for_a_while(coalition: Path) -> None:
    away = coalition.with_name("away.db")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        await type_text(pilot, " East")
        coalition.rename(away)
        await press(pilot, "ctrl+s")
        assert "was deleted or moved" in screen_text(pilot.app)
        await press(pilot, "f5")
        assert "there is no coalition at" in screen_text(pilot.app)
        away.rename(coalition)
        await press(pilot, "ctrl+s")
        assert "saved: organization 1" in screen_text(pilot.app)

    drive(coalition, script, (100, 30))
    assert names(coalition) == ["Alder House East"]


def test_case_48_a_form_that_has_to_wait_says_for_whom(coalition: Path) -> None:
    code = """
import sys
import time
from partners_crm import Crm
from partners_crm.model import Organization
with Crm.open(sys.argv[1]) as crm, crm.changes("import members.xlsx") as unit:
    unit.add(Organization, name="Zinnia Hall")
    print("held", flush=True)
    sys.stdin.readline()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(coalition)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        await type_text(pilot, " East")
        await pilot.press("ctrl+s")
        for _ in range(100):
            await pilot.pause(0.05)
            if "waiting for process" in screen_text(pilot.app):
                break
        text = screen_text(pilot.app)
        assert f"waiting for process {other.pid}" in text
        assert "(import members.xlsx)" in " ".join(text.split())
        other.communicate("\n")
        await settled(pilot)
        assert "saved: organization 1" in screen_text(pilot.app)

    try:
        drive(coalition, script, (140, 40))
    finally:
        other.kill()
        other.wait()
    assert names(coalition) == ["Alder House East", "Zinnia Hall"]


# -------------------------------------------------------------------- backups


def test_the_screen_makes_the_backup_of_the_day(coalition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "BACKUP_AFTER", 0.05)
    monkeypatch.setattr(application, "BACKUP_EVERY", 0.05)

    async def script(pilot: Pilot[Any]) -> None:
        for _ in range(10):
            await pilot.pause(0.05)
            await settled(pilot)

    drive(coalition, script)
    (found,) = known_backups(backups_of(coalition))
    assert (found.why, found.operation, found.rows["organization"]) == ("daily", 2, 1)


def test_a_backup_that_fails_is_said_and_the_work_goes_on(coalition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise StoreUnavailable("the disk is full (0 bytes free)", "free some space")

    monkeypatch.setattr(application, "BACKUP_AFTER", 0.05)
    monkeypatch.setattr(copying, "back_up", refuse)

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.pause(0.1)
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "no backup was made today: the disk is full" in " ".join(text.split())
        assert "Alder House" in text

    drive(coalition, script, (140, 40))


def test_case_55_the_screen_says_where_the_file_lies(coalition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Dropbox"
    folder.mkdir()
    shutil.copyfile(coalition, folder / "coalition.db")

    async def script(pilot: Pilot[Any]) -> None:
        (said,) = [each.message for each in pilot.app._notifications]
        assert "is in a folder copied by Dropbox" in said
        assert "▌" in screen_text(pilot.app), "the toast is there to be seen"

    drive(folder / "coalition.db", script, (140, 40))
