"""A plugin of the tests: the gardens of organizations. It keeps a list of the threads that it was called in."""

from __future__ import annotations

import threading

from partners_crm.plugins import Answer, PluginCheck, PluginInfo, RecordType, fields, hookimpl

THREADS: list[int] = []
"""The thread of every call."""


def called() -> None:
    """Take down the calling thread."""
    THREADS.append(threading.get_ident())


@hookimpl
def plugin_info() -> PluginInfo:
    """What it is."""
    called()
    return PluginInfo(title="Gardens", about="What organizations grow, bed by bed.")


@hookimpl
def register_record_types() -> list[RecordType]:
    """Beds."""
    called()
    return [
        RecordType(
            name="bed",
            plural="beds",
            title="label",
            about="A bed of a garden.",
            fields={
                "label": fields.text("Label", required=True),
                "organization": fields.link("Organization", "organization", required=True, on_delete="cascade"),
            },
        )
    ]


@hookimpl
def register_checks() -> list[PluginCheck]:
    """Nothing is looked for; there is a check so that the plugin is no screen alone."""
    called()
    return [
        PluginCheck(
            name="weeds",
            about="no weeds",
            run=lambda _context, _terms: Answer(verdict="met", statement="There are no weeds."),
        )
    ]
