"""Hostile text in every field of every block: it is shown literally, and does nothing."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from partners_crm.plugins.blocks import Block, Heading, Table, TableRow
from tests.plugins import sample_blocks as sample
from tests.tui.blocks.pages import PageApp, drive

NAME = "ACME [/foo] [@click=app.quit]x[/]"
ESCAPES = "\x1b]52;c;cm0gLXJmIH4K\x07\x1b]0;owned\x07\x9b2J\x1b[31m"
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What may never be drawn: controls and direction overrides; a line feed ends each drawn line."""
POISON = Path(__file__).parents[3] / "fixtures" / "poison" / "poison.csv"


def test_poison_in_every_text_of_every_block_is_shown_literally_and_does_nothing() -> None:
    blocks = sample.hostile(NAME + ESCAPES)

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.pause()
        text = app.shown()
        assert text.count("ACME [/foo] [@click=app.quit]x[/]␛]52;c;cm0gLXJmIH4K␇␛]0;owned␇") >= len(blocks)
        assert not ACTS.search(text.replace("\n", ""))
        for at in range(2, 198, 40):
            await pilot.click(offset=(8, at))
        await pilot.press("G", "enter", "g", "right", "space")
        assert not ACTS.search(app.shown().replace("\n", ""))
        assert app.is_running

    assert drive(blocks, script, (160, 200)).return_code in {None, 0}


def test_every_hostile_name_of_the_fixture_is_harmless_on_one_page() -> None:
    with POISON.open(encoding="utf-8", newline="") as file:
        names = [cell for row in csv.reader(file) for cell in row if cell]
    blocks = [block for name in (names[8], names[15], max(names, key=len)) for block in sample.hostile(name)]

    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        for _ in range(4):
            text = app.shown()
            assert not ACTS.search(text.replace("\n", ""))
            await pilot.press("pagedown")
        assert app.is_running

    drive([sample_table(names), *blocks], script, (100, 60))


def sample_table(names: list[str]) -> Block:
    return Table(headings=(Heading(label="Name"),), rows=tuple(TableRow(cells=(name,)) for name in names))


def test_what_is_pasted_into_a_form_is_harmless() -> None:
    async def script(pilot: Pilot[Any], app: PageApp) -> None:
        await pilot.press("enter")
        assert app.focused is not None
        app.focused.post_message(events.Paste(f"wary{ESCAPES}"))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert not ACTS.search(app.shown().replace("\n", ""))

    app = drive([sample.form()], script)
    assert all(not ACTS.search(answer) for _, answers in app.answered for answer in answers.values())
