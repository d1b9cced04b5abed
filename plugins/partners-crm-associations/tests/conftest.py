"""Which plugin is under test, and a coalition with associations to ask about: all of it invented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from partners_crm.plugins import PluginContext

Tell = Callable[[PluginContext], dict[str, int]]

LOOP = {"latitude": 41.8839, "longitude": -87.6270, "match_level": 100}
PEORIA = {"latitude": 40.6936, "longitude": -89.5890, "match_level": 100}
SPRINGFIELD = {"latitude": 39.7990, "longitude": -89.6470, "match_level": 100}
SPLIT_ZIP = {"city": "Aurora", "state": "IL", "postal_code": "60506"}
"""A ZIP code that lies in the house districts 50 and 83, of two senate districts."""


@pytest.fixture(scope="session")
def plugin() -> str:
    """The name of its entry point."""
    return "associations"


@pytest.fixture
def story(plugin_context: PluginContext, tell: Tell) -> dict[str, int]:
    """The story, told in an empty coalition."""
    return tell(plugin_context)


@pytest.fixture(scope="session")
def tell() -> Tell:
    """Tells the story in a coalition."""
    return _told


def _told(context: PluginContext) -> dict[str, int]:
    """A coalition on 24 November 2026, by first names; what it must answer is counted by hand in the tests.

    Alder wants beds and Birch grants; of Cedar nothing is known. Amber is in Alder and Birch, Brook in Alder and Cedar,
    Clover in none, Gale in Alder since some day of 2026: the members. Dune (Peoria), Elm (known by a split ZIP code)
    and Fern (closed) are in Birch and not ours.
    """
    silos = {code: key for key, code in context.values("silo", "", "id", "code")}
    with context.changes("a story") as unit:

        def body(
            name: str, kind: str = "provider", status: str = "", silo: str = "", site: dict[str, Any] | None = None
        ) -> int:
            made = unit.add("organization", name=name, kind=kind)
            if status:
                until = {"until": "2020-12-31"} if status == "closed" else {}
                unit.add("membership", organization=made.id, status=status, since="2010", **until)
            if silo:
                unit.add("silo_share", organization=made.id, silo=silos[silo], weight=1.0)
            if site:
                unit.add("site", organization=made.id, kind="hq", **site)
            return made.id

        found = {
            "alder": body("Alder Guild", "association"),
            "birch": body("Birch League", "association"),
            "cedar": body("Cedar Circle", "association"),
            "office": body("Office of Invented Services", "agency"),
            "amber": body("Amber Lake Homes", status="active", silo="housing", site=LOOP),
            "brook": body("Brook Street Table", status="active", silo="aging", site=LOOP),
            "clover": body("Clover Hill Center", status="active", silo="aging"),
            "gale": body("Gale Point House", status="active", silo="housing"),
            "dune": body("Dune Road Works", silo="housing", site=PEORIA),
            "elm": body("Elm Court Center", silo="child_welfare", site=SPLIT_ZIP),
            "fern": body("Fern Way House", status="closed", site=SPRINGFIELD),
        }
        for who, where, since in (
            ("amber", "alder", "2015"),
            ("amber", "birch", "2016"),
            ("brook", "alder", "2015-03"),
            ("brook", "cedar", "2018"),
            ("gale", "alder", "2026"),
            ("dune", "birch", "2012"),
            ("elm", "birch", "2012"),
            ("fern", "birch", "2012"),
        ):
            unit.add("affiliation", organization=found[who], association=found[where], since=since)
        for who, lane in (("alder", "beds"), ("birch", "grants")):
            unit.add("associations_lane", association=found[who], issue="Rates", lane=lane, since="2020")
        for who, level, since in (
            ("alder", "wary", "2024"),
            ("alder", "consulting", "2026-03"),
            ("office", "hostile", "2025"),
        ):
            unit.add("posture", organization=found[who], level=level, since=since, evidence="a letter")
        for one, other, resource in (("amber", "clover", "Emergency beds"), ("amber", "brook", "Meals contract")):
            unit.add("associations_competition", first=found[one], second=found[other], resource=resource, since="2025")
    return found
