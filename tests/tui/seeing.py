"""What a test asks of the Districts screen: the district of a place, the answer that is shown, its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.districts.tiles import Cell
from partners_crm.services.coverage import Coverage
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.screens.districts import Districts
from partners_crm.tui.widgets.text import Line
from partners_crm.tui.widgets.tiles import Tiles
from tests.conftest import NOW
from tests.tui.driving import screen_text, settled

LOOP = (41.8837, -87.6289)
"""In House 5 of il-2021."""


def house_of(path: Path, place: tuple[float, float] = LOOP) -> int:
    from partners_crm.services.maps import index_of
    from partners_crm.store.maps import map_for

    with Crm.open(path, clock=lambda: NOW) as crm:
        found = index_of(crm.db, map_for(crm.db, crm.today), "house").locate(*place)
        assert found is not None
        return found.number


def screen(pilot: Pilot[Any]) -> Districts:
    return cast("Districts", cast("PartnersApp", pilot.app).screen)


def covered(pilot: Pilot[Any]) -> Coverage:
    found = screen(pilot).found
    assert found is not None
    return found.coverage


async def go_to(pilot: Pilot[Any], cell: Cell) -> None:
    """Put the cursor of the tiles on a district, and let it rest."""
    screen(pilot).query_one(Tiles).choose(cell)
    await pilot.pause(0.15)
    await settled(pilot)


def text_of(pilot: Pilot[Any]) -> str:
    """The screen in one line, for words that are wrapped."""
    return " ".join(screen_text(pilot.app).split())


def beside(pilot: Pilot[Any]) -> str:
    """What stands beside the picture, in one line."""
    return " ".join(str(screen(pilot).query_one("#aside-text", Line).content).split())


def head(pilot: Pilot[Any]) -> str:
    """The first line of the screen: of a card, what it is about."""
    return screen_text(pilot.app).splitlines()[0]
