"""A coalition with possible duplicates, for the screens that show them, and what a test asks of those screens."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, CustomField, Organization, Role, Site, Table
from partners_crm.services import custom_fields, records
from partners_crm.store.read import tuples
from partners_crm.tui.app import PartnersApp
from partners_crm.tui.screens.merge import MergeScreen
from partners_crm.tui.screens.review import Review
from tests.conftest import NOW
from tests.services.graphs import dump

HAWK, BLACK_HAWK = "Blackhawk Shelter Network", "Black Hawk Shelter Network, Inc."
"""They differ in kind, note, and a field of the coalition's own."""
ROAD, ROAD_INC = "Cermak Road Homes", "Cermak Road Homes, Inc."
"""They differ in the name alone."""
WILLOW = "Willow House"
"""Two of this name, phone and mail contradict each other in nothing."""


def add_pairs(path: Path) -> Path:
    """Three pairs of organizations and one of contacts, and somebody who looks like nobody."""
    with Crm.open(path, clock=lambda: NOW) as crm, crm.changes("pairs") as unit:
        records.add(unit, Organization, name="Prairie Family Kitchen")
        own = records.add(unit, CustomField, applies_to="organization", key="beds", label="Beds", kind="text")
        hawk = records.add(unit, Organization, name=HAWK, kind="provider", note="Knows the ward.")
        black = records.add(unit, Organization, name=BLACK_HAWK, kind="funder", note="Asked to be called at noon.")
        _reach(unit, hawk, black, phone="312-555-0142")
        for body, beds in ((hawk, "12"), (black, "14")):
            custom_fields.set_values(unit, body, {own.key: beds})
        records.add(unit, Site, organization=black.id, name="Main", address="1840 W Invented Ave", city="Chicago")
        person = records.add(unit, Contact, name="Sam Ortiz")
        records.add(unit, Role, contact=person.id, organization=black.id, title="Director")
        road, road_inc = (records.add(unit, Organization, name=name) for name in (ROAD, ROAD_INC))
        _reach(unit, road, road_inc, phone="312-555-0143")
        one, other = (records.add(unit, Organization, name=WILLOW) for _ in range(2))
        _reach(unit, one, other, phone="312-555-0144", email="willow@example.org")
        dana, again = (records.add(unit, Contact, name="Dana Reyes") for _ in range(2))
        for each in (dana, again):
            records.add(unit, ContactPoint, contact=each.id, kind="email", raw="dana@example.org")
    return path


def _reach(unit: Any, *bodies: Organization, **points: str) -> None:
    for body in bodies:
        for kind, raw in points.items():
            records.add(unit, ContactPoint, organization=body.id, kind=kind, raw=raw)


def house(pilot: Pilot[Any]) -> PartnersApp:
    return cast("PartnersApp", pilot.app)


def review(pilot: Pilot[Any]) -> Review:
    return cast("Review", house(pilot).screen)


def merging(pilot: Pilot[Any]) -> MergeScreen:
    return cast("MergeScreen", house(pilot).screen)


def state(pilot: Pilot[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Every table but those of the journal and of the search, as they are now."""
    return dump(house(pilot).crm.db)


def names(pilot: Pilot[Any], table: type[Table] = Organization) -> list[str]:
    """What the records are called, in the order of their ids."""
    field = table._meta.fields["name"]
    return [name for (name,) in tuples(house(pilot).crm.db, table.select(field).order_by(table.id))]


def ids(pilot: Pilot[Any], name: str, table: type[Table] = Organization) -> list[int]:
    field = table._meta.fields["name"]
    found = tuples(house(pilot).crm.db, table.select(table.id).where(field == name).order_by(table.id))
    return [key for (key,) in found]
