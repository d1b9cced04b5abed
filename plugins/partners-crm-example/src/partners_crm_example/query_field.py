"""A word of the query language: `visited:no`, `visited:2026-11`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from partners_crm.errors import QueryError
from partners_crm.plugins import PluginContext, QueryField
from partners_crm_example.visits import visits

_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


def find(context: PluginContext, value: str) -> Iterable[int]:
    """The ids of the organizations that were visited at all, never, or in a year, a month or on a day."""
    found = visits(context)
    everyone = {visit.organization for visit in found}
    if value == "yes":
        return everyone
    if value == "no":
        return {key for (key,) in context.values("organization", "", "id")} - everyone
    if _DATE.fullmatch(value):
        return {visit.organization for visit in found if visit.day.startswith(value)}
    raise QueryError(f"visited:{value} is neither yes, no nor a date", "such as: visited:no, visited:2026-11")


def values(context: PluginContext) -> Iterable[str]:
    """What the completion offers: yes, no, and the years in which there was a visit."""
    years = {visit.day[:4] for visit in visits(context) if visit.day}
    return ["yes", "no", *sorted(years, reverse=True)]


query_field = QueryField(
    name="visited",
    entity="organization",
    label="visited",
    find=find,
    values=values,
    help="Visited at all (yes, no), or in a year, a month or on a day.",
)
