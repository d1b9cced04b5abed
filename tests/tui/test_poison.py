"""Text from outside never acts: hostile names and notes on every screen, by what is drawn and by the bytes written."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pyte
import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    Organization,
    OtherName,
    Role,
    SavedSearch,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Tag,
    Tagging,
)
from partners_crm.services import records
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text, settled, type_text
from tests.tui.terminal import Terminal

POISON = Path(__file__).parents[2] / "fixtures" / "poison" / "poison.csv"
NAME = "ACME [/foo] [@click=app.quit]x[/]"
ESCAPES = "\x1b]52;c;cm0gLXJmIH4K\x07\x1b]0;owned\x07\x9b2J\x1b[31m"
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What may never be drawn: controls and direction overrides; a line feed ends each drawn line."""


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coalition whose own name, and whose every kind of text, is hostile."""
    path = tmp_path_factory.mktemp("poison") / "coalition.db"
    with Crm.create(path, f"{NAME}{ESCAPES}", clock=lambda: NOW) as crm:
        crm.import_file(POISON)
        with crm.changes(f"{NAME}{ESCAPES} did it", by=NAME) as unit:
            body = crm.find(Organization, NAME)
            records.edit(unit, body, note=f"{ESCAPES}\n{NAME}\n[bold]")
            other = records.add(unit, Organization, name=f"A {NAME}{ESCAPES}", kind="association", parent=body.id)
            site = records.add(
                unit, Site, organization=body.id, name=NAME + ESCAPES, address=ESCAPES, latitude=41.9, longitude=-87.65
            )
            silo = records.edit(unit, crm.records(Silo)[0], name=NAME, label="[/]" + ESCAPES)
            records.add(unit, SiloShare, organization=body.id, silo=silo.id, weight=1.0)
            records.add(unit, Affiliation, organization=body.id, association=other.id, source=NAME + ESCAPES)
            person = records.add(unit, Contact, name=f"Pat {NAME}{ESCAPES}")
            records.add(unit, Role, contact=person.id, organization=body.id, title=NAME + ESCAPES)
            records.add(unit, ServiceLine, organization=body.id, name=NAME + ESCAPES, site=site.id)
            tag = records.add(unit, Tag, name=NAME + ESCAPES)
            records.add(unit, Tagging, tag=tag.id, organization=body.id)
            records.add(unit, OtherName, organization=other.id, name=NAME)
            for key in (body.id, other.id):
                records.add(unit, ContactPoint, organization=key, kind="phone", raw="312-555-0142")
            for name, query in ((f"A {NAME}{ESCAPES}", f"acme {ESCAPES}"), (f"B {NAME}", f"silo:{NAME}")):
                records.add(
                    unit, SavedSearch, name=name, applies_to="organizations", query=query, note=f"{ESCAPES}\n{NAME}"
                )
        crm.db.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def coalition(poisoned: Path, tmp_path: Path) -> Path:
    path = tmp_path / "coalition.db"
    shutil.copyfile(poisoned, path)
    return path


FIND = "-kind:association acme"
"""A filter that leaves the poisoned organization alone in the list."""
SCREENS: dict[str, tuple[str, tuple[str, ...], str]] = {
    # Screen: what is typed into the filter first, keys, what must stand there.
    "organizations": (FIND, (), NAME),
    "contacts": ("", ("3",), "Pat ACME [/foo]"),
    "districts": ("", ("4", "m", "m", "c", "end", "m"), "ACME [/foo]"),
    "districts as a table": ("", ("4", "m", "m", "c", "end"), "ACME [/foo]"),
    "districts on the map": ("", ("4", "m", "m", "c", "end", "m", "m"), "ACME [/foo]"),
    "district card": ("", ("4", "m", "m", "c", "end", "enter"), "ACME [/foo]"),
    "gaps": ("", ("4", "f"), "ACME [/foo]"),
    "associations": ("", ("4", "O"), "A ACME [/foo]"),
    "figures in words": ("", ("4", "v"), "What the figures mean"),
    "day": ("", ("4", "t"), "Who was a member on which day?"),
    "history": ("", ("H",), f"{NAME}␛]52"[:38]),
    "operation": ("", ("H", "enter"), "␛]52;c;cm0gLXJmIH4K"),
    "first look": ("", ("F", "down"), "Sites without a district"),
    "organizations without a contact": ("", ("F", "down", "down", "enter"), "ACME [/foo]"),
    "possible duplicates": ("", ("F", *["down"] * 8, "enter"), f"{NAME} "[:20]),
    "card": (FIND, ("enter",), NAME),
    "card of a contact": ("", ("3", "enter"), NAME),
    "form": (FIND, ("e",), NAME),
    "what to add": (FIND, ("enter", "n"), "Add to this record"),
    "confirmation": (FIND, ("d",), f'Delete organization 1 "{NAME}"?'),
    "import": ("", ("i",), "Enter reads the file"),
    "help": ("", ("question_mark",), "Keys"),
}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("screen", SCREENS)
def test_poison_is_shown_literally_and_does_nothing(coalition: Path, screen: str, size: tuple[int, int]) -> None:
    words, keys, expected = SCREENS[screen]

    async def script(pilot: Pilot[Any]) -> None:
        if words:
            await press(pilot, "slash")
            await type_text(pilot, words)
            await press(pilot, "enter")
        await press(pilot, *keys)
        text = screen_text(pilot.app)
        assert not ACTS.search(text.replace("\n", "")), ascii(ACTS.findall(text.replace("\n", "")))
        assert expected in text
        await pilot.click(offset=(12, 3))
        await settled(pilot)
        assert pilot.app.is_running

    assert drive(coalition, script, size).return_code in {None, 0}


ASKED: dict[str, tuple[tuple[str, ...], str]] = {
    # What is open: keys, and texts to type behind a blank; what must stand there.
    "names of fields": (("slash", " si"), "silo:"),
    "values of a field": (("slash", " city:", "down"), "Chicago"),
    "names as values": (("slash", " name:a", "down"), "[/foo]"),
    "saved searches as values": (("slash", " saved:", "down"), '▸"B ACME [/foo]'),
    "a query that does not run": (("slash", f" silo:{NAME}x"), "cannot be"),
    "why": (("slash", f" {FIND}", "enter", "w"), f"{NAME} is in the list of"),
    "why, on the card": (("slash", f" {FIND}", "enter", "enter", "w"), f"{NAME} is in the list of"),
    "why not": (("slash", " silo:housing", "enter", "W", f" {NAME}", "enter"), f"{NAME} is not in the list of"),
    "why not nobody": (("W", f" {NAME}!", "enter"), "[/foo]"),
    "saved searches": (("b",), NAME[:20]),
    "saved searches, applied": (("b", "enter"), NAME[:20]),
    "saved searches, refused": (("b", "down", "enter"), "no longer runs"),
    "saved searches, edited": (("b", "e"), "Edit the saved search A ACME [/foo]"),
    "saved searches, to be deleted": (("b", "d"), "Delete the saved search A ACME [/foo]"),
    "saved searches, deleted": (("b", "d", "y"), "deleted the search A ACME [/foo]"),
    "a query to be saved": (("slash", f" acme {NAME}", "enter", "b", "n"), "Save as a search: acme ACME [/foo]"),
    "finding": (("ctrl+f", " acme", "down"), "[/foo]"),
    "finding nothing": (("ctrl+f", " [bold]qqqxxqqq[/]"), "[bold]qqqxxqqq[/]"),
    "found": (("ctrl+f", " acme", "enter"), "ACME [/foo]"),
}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("screen", ASKED)
def test_poison_is_literal_in_what_is_asked_and_found(coalition: Path, screen: str, size: tuple[int, int]) -> None:
    steps, expected = ASKED[screen]

    async def script(pilot: Pilot[Any]) -> None:
        for each in steps:
            await (type_text(pilot, each[1:]) if each[0] == " " else press(pilot, each))
        text = screen_text(pilot.app)
        assert not ACTS.search(text.replace("\n", "")), ascii(ACTS.findall(text.replace("\n", "")))
        assert expected in " ".join(text.split())
        await pilot.click(offset=(12, 7))
        await settled(pilot)
        assert pilot.app.is_running

    assert drive(coalition, script, size).return_code in {None, 0}


TWICE = f"Twice {NAME}{ESCAPES}"
PAIRED: dict[str, tuple[tuple[str, ...], str]] = {
    # What is open on two organizations and two contacts of one hostile name: keys, and what must stand there.
    "review": (("8",), "Twice ACME [/foo]"),
    "review of contacts": (("8", "right_square_bracket"), "Twice ACME [/foo]"),
    "they are two": (("8", "t"), "how it is known"),
    "dismissed pairs": (("8", "t", "enter", "v"), "Twice ACME [/foo]"),
    "in bulk": (("8", "x", "enter"), "none of them can be"),
    "merge": (("8", "enter"), "Twice ACME [/foo]"),
    "a note of the merge": (("8", "enter", "end"), "[bold]"),
    "merge with": (("8", "o", "M"), "with…"),
    "merged": (("8", "enter", "ctrl+s"), "merged:"),
}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("screen", PAIRED)
def test_poison_is_literal_in_possible_duplicates(coalition: Path, screen: str, size: tuple[int, int]) -> None:
    keys, expected = PAIRED[screen]
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("twice") as unit:
        for note in ("[bold]", f"[bold]{ESCAPES}\n{NAME}"):
            body = records.add(unit, Organization, name=TWICE, note=note)
            person = records.add(unit, Contact, name=f"Pat {TWICE}")
            records.add(unit, Role, contact=person.id, organization=body.id, title=NAME + ESCAPES)
            for owner in ({"organization": body.id}, {"contact": person.id}):
                records.add(unit, ContactPoint, **owner, kind="phone", raw="312-555-0177")
                records.add(unit, ContactPoint, **owner, kind="email", raw="twice@example.org")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, *keys)
        await pilot.pause(0.15)
        await settled(pilot)
        text = screen_text(pilot.app)
        assert not ACTS.search(text.replace("\n", "")), ascii(ACTS.findall(text.replace("\n", "")))
        assert expected in " ".join(text.replace("│", " ").split())
        await pilot.click(offset=(12, 3))
        await settled(pilot)
        assert pilot.app.is_running

    assert drive(coalition, script, size).return_code in {None, 0}


def test_poison_is_literal_where_it_looks_like_what_is_typed(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("one") as unit:
        records.add(unit, Organization, name="Zebra [/foo] Quarry\x1b\x07")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n")
        pilot.app.screen.query_one("#field-name").put("Zebra [/foo] Quarry")  # type: ignore[attr-defined]  # an entry
        await pilot.pause(0.3)
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "looks like Zebra [/foo] Quarry␛␇" in text
        assert not ACTS.search(text.replace("\n", ""))

    drive(coalition, script)


def test_a_poisoned_file_is_previewed_and_imported_literally(database: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "i")
        await type_text(pilot, str(POISON))
        await press(pilot, "enter")
        assert "Nothing written; Ctrl+S imports" in screen_text(pilot.app)
        for _ in range(8):
            await press(pilot, "enter")
            assert not ACTS.search(screen_text(pilot.app).replace("\n", ""))
            await press(pilot, "escape", "down")
        await press(pilot, "ctrl+s", "escape")
        assert "Imported as operation" in screen_text(pilot.app)
        assert not ACTS.search(screen_text(pilot.app).replace("\n", ""))
        await press(pilot, "escape")
        text = screen_text(pilot.app)
        assert NAME in text
        assert not ACTS.search(text.replace("\n", ""))

    drive(database, script)


def test_a_pasted_escape_does_not_reach_the_field(database: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        from textual import events

        await press(pilot, "n")
        pilot.app.screen.focused.post_message(events.Paste(f"Ben{ESCAPES}"))  # type: ignore[union-attr]
        await settled(pilot)
        assert not ACTS.search(screen_text(pilot.app).replace("\n", ""))
        await press(pilot, *["tab"] * 4)
        pilot.app.screen.focused.post_message(events.Paste(f"first\n{ESCAPES}"))  # type: ignore[union-attr]
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "␛]52" in text
        assert not ACTS.search(text.replace("\n", ""))

    drive(database, script)


OWN_OSC = re.compile(rb"\x1b\](?!(?:8|10|11|22);)[^\x07\x1b]*")
"""Operating-system commands but for hyperlinks, the query of the terminal's colours and the pointer's shape."""


def test_no_byte_of_the_data_acts_on_a_real_terminal(coalition: Path) -> None:
    with Terminal(coalition, columns=100, rows=30) as terminal:
        terminal.wait_for("[@click=app.quit]")
        for keys in (
            b"\r",
            b"\x1b",
            b"3",
            b"4",
            b"f",
            b"\x1b",
            b"m",
            b"m",
            b"\r",
            b"\x1b",
            b"H",
            b"\r",
            b"\x1b",
            b"2",
            b"e",
        ):
            terminal.send(keys)
            terminal.rest()
        terminal.send(b"\x1b")
        terminal.rest()
        screen = terminal.screen()
        terminal.send(b"\x11")
        assert terminal.exit_code() == 0
    assert b"cm0gLXJmIH4K" in terminal.written, "the poison was not drawn at all"
    assert not OWN_OSC.findall(terminal.written)
    assert b"\xc2\x9b" not in terminal.written
    assert "[@click=app.quit]" in screen


COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;m])")


def test_no_color_means_no_colour_at_all(coalition: Path) -> None:
    with Terminal(coalition, columns=80, rows=24, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("ACME")
        terminal.send(b"4")
        terminal.wait_for("of 118 House")
        terminal.send(b"m")
        terminal.wait_for("the whole map")
        terminal.send(b"m")
        terminal.wait_for("Members")
        terminal.send(b"\x11")
        assert terminal.exit_code() == 0
    assert not COLOUR.findall(terminal.written)


def test_a_terminal_without_it_gets_colour(coalition: Path) -> None:
    with Terminal(coalition, columns=80, rows=24) as terminal:
        terminal.wait_for("ACME")
        terminal.send(b"\x11")
        assert terminal.exit_code() == 0
    assert COLOUR.findall(terminal.written)


def test_the_terminal_is_left_as_it_was(coalition: Path) -> None:
    with Terminal(coalition, columns=80, rows=24) as terminal:
        terminal.wait_for("ACME")
        terminal.send(b"\x11")
        assert terminal.exit_code() == 0
    for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?1003h", b"\x1b[?1003l")):
        assert terminal.written.rfind(off) > terminal.written.rfind(on) >= 0


def test_pyte_sees_what_the_application_draws(coalition: Path) -> None:
    """The pty tests look through pyte; it must not be blind."""
    stream = pyte.Stream(screen := pyte.Screen(20, 2))
    stream.feed("\x1b[1mACME")
    assert screen.display[0].startswith("ACME")
    assert os.environ["TERM"] == "xterm-256color"
