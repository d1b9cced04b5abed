"""What the other modules ask about visits, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from partners_crm.plugins import PluginContext

ENTITY = "example_visit"


class Visit(NamedTuple):
    """One visit, as plain values."""

    id: int
    organization: int
    """The id of what was visited."""
    day: str
    """An ISO date; a month, a year, or "" where no more is known."""
    note: str


def visits(context: PluginContext, query: str = "") -> list[Visit]:
    """The visits that a query means, the latest first."""
    # `values` reads nothing but these fields, however many records there are.
    found = context.values(ENTITY, query, "id", "organization", "day", "note")
    return sorted((Visit(*row) for row in found), key=lambda visit: (visit.day, visit.id), reverse=True)


def last_days(context: PluginContext) -> dict[int, str]:
    """The last day on which each organization was visited, by its id; who was never visited is missing."""
    found: dict[int, str] = {}
    for visit in visits(context):
        found.setdefault(visit.organization, visit.day)
    return found


def last_days_of(context: PluginContext, ids: Iterable[int]) -> dict[int, str]:
    """The same of some organizations: nothing is read but what hangs on them, however many visits there are."""
    found: dict[int, str] = {}
    for organization, day in context.linked(ENTITY, "organization", ids, "organization", "day"):
        found[organization] = max(day, found.get(organization, ""))
    return found


def names(context: PluginContext) -> dict[int, str]:
    """What each organization is called, by its id."""
    return dict(context.values("organization", "", "id", "name"))
