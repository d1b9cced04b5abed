"""A fault of ours ends the screen with one line, a report without data, and the terminal as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from textual.app import App

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.crash import CRASHES_KEPT, write_crash
from tests.conftest import NOW
from tests.tui.terminal import Terminal

SECRET = "Confidential Shelter"
PROGRAM = """
import sys
from partners_crm.tui.screens.records import Records
def fail(self):
    name = {secret!r}
    {fault}
Records.action_sort = fail
from partners_crm.cli.app import run
sys.exit(run(["--db", sys.argv[1], "ui"]))
"""
FAULTS = {
    "on the screen": "raise RuntimeError(name)",
    "in a worker": "self.house.background(lambda crm: {}[name], print)",
}


@pytest.fixture
def coalition(database: Path) -> Path:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("one") as unit:
        records.add(unit, Organization, name=SECRET)
    return database


@pytest.mark.parametrize("where", FAULTS)
def test_case_14_a_crash_is_one_line_and_a_report_without_data(coalition: Path, home: Path, where: str) -> None:
    code = PROGRAM.format(secret=SECRET, fault=FAULTS[where])
    with Terminal(coalition, columns=80, rows=24, command=[sys.executable, "-c", code, str(coalition)]) as terminal:
        terminal.wait_for(SECRET)
        before = len(terminal.written)
        terminal.send(b"s")
        assert terminal.exit_code() == 70
    left = terminal.written[terminal.written.rindex(b"\x1b[?1049l") :]
    assert before < len(terminal.written)
    assert b"partners: internal error" in left
    assert b"Traceback" not in left
    assert SECRET.encode() not in left
    (report,) = home.rglob("crash-*.txt")
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text("utf-8")
    assert SECRET not in text
    assert "Error" in text
    assert "records.py" in text or "<string>" in text


def test_only_the_newest_reports_are_kept(tmp_path: Path) -> None:
    for _ in range(CRASHES_KEPT + 3):
        write_crash(tmp_path / "crashes", RuntimeError("x"))
    assert len(list((tmp_path / "crashes").iterdir())) == CRASHES_KEPT


def test_a_folder_that_cannot_be_made_costs_no_second_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert write_crash(tmp_path / "file" / "crashes", RuntimeError()) is None


def test_the_private_methods_this_stands_on_are_there() -> None:
    for name in ("_fatal_error", "_handle_exception", "_close_messages_no_wait", "_screen_stacks"):
        assert hasattr(App, name) or name in vars(App()), name
    assert PartnersApp._fatal_error is not App._fatal_error
