"""A view: the core draws it on screen 5, and as text on the command line. It is described in blocks, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from partners_crm.plugins import Choice, PluginContext, View, blocks
from partners_crm_example.visits import last_days, names, visits

FEW = 200
"""Visits that are shown."""


def drawn(context: PluginContext, answers: Mapping[str, str]) -> Iterable[blocks.Block]:
    """What is shown under the switch."""
    return [waiting(context)] if answers["show"] == "waiting" else [recent(context)]


def recent(context: PluginContext) -> blocks.Block:
    """The last visits. A `ref` says what stands behind a line: Enter opens it."""
    called = names(context)
    events = [
        blocks.Event(
            day=visit.day,
            text=called.get(visit.organization, ""),
            words=visit.note,
            ref=blocks.Ref("organization", visit.organization),
        )
        for visit in visits(context)[:FEW]
    ]
    return blocks.Timeline(title="The last visits" if events else "No visit is noted yet", events=tuple(events))


def waiting(context: PluginContext) -> blocks.Block:
    """The members, who waits longest first."""
    called, last = names(context), last_days(context)
    keys = sorted(context.members(), key=lambda key: (last.get(key, ""), called.get(key, "").casefold()))
    rows = [
        blocks.TableRow(cells=(called.get(key, ""), last.get(key, "never")), ref=blocks.Ref("organization", key))
        for key in keys
    ]
    return blocks.Table(
        title="Who waits for a visit",
        headings=(blocks.Heading(label="Member"), blocks.Heading(label="Last visit", width=10)),
        rows=tuple(rows),
        empty="There are no members yet.",
    )


view = View(
    name="visits",
    title="Visits",
    blocks=drawn,
    choices=(Choice(name="show", label="Show", values=(("recent", "recent visits"), ("waiting", "who waits"))),),
)
