"""Records of a plugin's type on the screen: a list, a card and a form like those of any other record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Organization, Posture
from partners_crm.services import records
from partners_crm.services.record_types import install_types
from partners_crm.store.read import where
from partners_crm.tui.screens.form import Form
from partners_crm.tui.screens.records import Records
from tests.conftest import NOW
from tests.services.exporting.everything import LANES
from tests.tui.driving import drive, press, screen_text, settled

SIZE = (150, 50)


@pytest.fixture
def coalition(database: Path) -> Path:
    """An association with a lane and a posture."""
    with Crm.open(database, clock=lambda: NOW) as crm:
        install_types(crm.db, "associations", "1.0", LANES, clock=crm.clock)
        with crm.changes("a lane") as unit:
            union = records.add(unit, Organization, name="Union of Homes", kind="association")
            lane = crm.db.by_name["associations_lane"]
            records.add(unit, lane, organization=union.id, issue="Rent [b]control[/b]", stance="for")
            records.add(unit, Posture, organization=union.id, level="co_leading", since="2025")
    return database


def lanes(path: Path) -> list[tuple[str, str]]:
    with Crm.open(path, clock=lambda: NOW) as crm:
        return [(each["issue"], each["stance"]) for each in where(crm.db, crm.db.by_name["associations_lane"])]


def test_a_list_leads_to_the_card_and_to_the_form(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        pilot.app.push_screen(Records("associations_lanes"))
        await settled(pilot)
        assert "Rent [b]control[/b]" in screen_text(pilot.app)
        await press(pilot, "enter")
        text = screen_text(pilot.app)
        assert "Union of Homes" in text
        assert "For" in text
        await press(pilot, "e")
        assert isinstance(pilot.app.screen, Form)
        pilot.app.screen._field("issue").put("Zoning")
        await press(pilot, "ctrl+s")

    drive(coalition, script, SIZE)
    assert lanes(coalition) == [("Zoning", "for")]


def test_a_form_of_a_type_asks_for_its_fields(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        crm: Crm = pilot.app.crm  # type: ignore[attr-defined]  # the application is ours
        pilot.app.push_screen(Form(crm.db.by_name["associations_lane"], preset={"organization": 1}))
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "Stance" in text
        assert "Votes" in text
        assert isinstance(pilot.app.screen, Form)
        pilot.app.screen._field("issue").put("Beds")
        pilot.app.screen._field("stance").put("against")
        await press(pilot, "ctrl+s")

    drive(coalition, script, SIZE)
    assert ("Beds", "against") in lanes(coalition)


def test_the_card_of_an_organization_names_them_and_its_posture(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter")
        text = screen_text(pilot.app)
        assert "ASSOCIATIONS LANES" in text
        assert "Rent [b]control[/b]" in text
        assert "POSTURE" in text
        assert "Co-leading, since 2025" in text

    drive(coalition, script, SIZE)
