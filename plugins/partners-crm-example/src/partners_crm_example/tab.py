"""A tab on the card of an organization: the visits to it."""

from __future__ import annotations

from collections.abc import Iterable

from partners_crm.plugins import PluginContext, Record, Tab, blocks
from partners_crm_example.visits import ENTITY, visits


def drawn(context: PluginContext, record: Record) -> Iterable[blocks.Block]:
    """The visits to an organization; without one there is no tab."""
    found = visits(context, f"organization:{record.id}")
    events = [
        blocks.Event(day=each.day, text=each.note or "visited", ref=blocks.Ref(ENTITY, each.id)) for each in found
    ]
    return [blocks.Timeline(events=tuple(events))] if events else []


tab = Tab(name="visits", entity="organization", title="Visits", blocks=drawn)
