"""No command asks anything where nobody can answer.

As cron does: LANG=C, an empty home, nothing to read from, no terminal.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from partners_crm.cli.app import COMMANDS
from partners_crm.crm import Crm
from tests.docs.unattended import (
    Run,
    ended,
)

CODES = {0, 1, 2, 3, 4, 5, 6}
"""Of a command that ended by itself."""


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_waits_for_an_answer(name: str, run: Run) -> None:
    assert run("partners", name, "--help").code == 0
    assert run("partners", name).code in CODES


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["delete", "organization", "Rock River Family Bridge"], 2),
        (["delete", "organization", "Rock River Family Bridge", "--yes"], 0),
        (["restore", "nowhere.db"], 4),
        (["restore", "nowhere.db", "--other"], 4),
        (["ui"], 2),
        (["demo", "--fresh"], 0),
        (["init", "--name", "Twice"], 4),
        (["recover", "nowhere.db"], 4),
        (["import", "-"], 3),
        (["export", "-"], 0),
        (["config", "set", "name"], 2),
        (["districts", "decide", "1"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
@pytest.mark.parametrize("closed", ["", "<&-", "<&- >&-", "<&- >&- 2>&-"])
def test_what_might_ask_ends_with_a_code(
    words: list[str], code: int, closed: str, coalition: Path, tmp_path: Path
) -> None:
    """Also where a service manager gave it no input or output at all."""
    line = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "partners_crm", *words]
    done = ended(line, tmp_path, HOME=str(tmp_path), PARTNERS_DB=str(coalition))
    assert done.code == code, done.err
    with Crm.open(coalition) as crm:
        there = [each.name for each in crm.organizations()]
    assert ("Rock River Family Bridge" in there) == ("--yes" not in words)
