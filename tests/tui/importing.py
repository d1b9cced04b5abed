"""What the tests of the import screen share: files, ways to a place on the screen, and what is shown there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.screens.import_work import Preview
from partners_crm.tui.screens.importing import ImportFile
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.text import Line
from tests.conftest import NOW
from tests.tui.driving import press, settled

MEMBERS = """Organization,Phone,ZIP,House district,Dues,Town
Alder House,312-555-0111,60647,4,250,Chicago
Birch Homes,217-555-0112,62701,999,100,Springfield
Cedar Kitchen,not a phone,60601,5,75,Chicago

Alder House,312-555-0199,60647,4,250,Chicago
TOTAL,,,,425,
"""
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
HOSTILE = "[/] [@click=app.quit]x[/] \x1b]0;owned\x07\u202e"


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def many(path: Path, rows: int) -> Path:
    lines = [f"House {number},{number} Main Street,Peoria,309-555-01{number % 100:02}" for number in range(rows)]
    return written(path, "\n".join(["Organization,Address,City,Phone", *lines]) + "\n")


def names(path: Path) -> list[str]:
    with Crm.open(path, clock=lambda: NOW) as crm:
        return sorted(each.name for each in crm.records(Organization))


def operations(path: Path) -> list[str]:
    with Crm.open(path, clock=lambda: NOW) as crm:
        return [each.title for each in crm.operations()]


def shown(pilot: Pilot[Any]) -> ImportFile:
    return cast("ImportFile", cast("PartnersApp", pilot.app).screen)


def is_on(pilot: Pilot[Any], kind: Any) -> bool:
    """Whether the screen on top is of a kind."""
    return isinstance(pilot.app.screen, kind)


def preview_of(pilot: Pilot[Any]) -> Preview:
    seen = shown(pilot).seen
    assert seen is not None
    return seen


def words(pilot: Pilot[Any]) -> str:
    """What stands above the panes."""
    return " ".join(str(shown(pilot).query_one("#words", Line).content).split())


def toasts(pilot: Pilot[Any]) -> str:
    """What was said in toasts."""
    return "\n".join(each.message for each in pilot.app._notifications)


async def name_file(pilot: Pilot[Any], path: Path | str) -> None:
    """Open the screen and put a path into its line."""
    await press(pilot, "i")
    shown(pilot).query_one("#path", Entry).put(str(path))
    await settled(pilot)


async def preview(pilot: Pilot[Any], path: Path | str) -> Preview:
    await name_file(pilot, path)
    await press(pilot, "enter")
    return preview_of(pilot)


async def go_to_column(pilot: Pilot[Any], name: str) -> None:
    """Put the cursor on a column of the file."""
    table = shown(pilot).query_one("#columns")
    table.focus()
    found = [each.name for each in preview_of(pilot).columns]
    await press(pilot, "home", *["down"] * found.index(name))


async def go_to_number(pilot: Pilot[Any], key: str) -> None:
    """Put the cursor on a number."""
    shown(pilot).query_one("#numbers").focus()
    found = [each.key for each in preview_of(pilot).numbers]
    await press(pilot, "home", *["down"] * found.index(key))


def counts(seen: Preview) -> tuple[int, ...]:
    found = {each.key: each.count for each in seen.numbers}
    return tuple(found[key] for key in ("new", "changed", "same", "rejected", "left"))
