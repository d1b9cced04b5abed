"""A kind of record of the plugin's own: the core gives it a table, forms, lists, search, history, undo and exports."""

from __future__ import annotations

from partners_crm.plugins import RecordType, fields

# The name of the plugin stands before it: the entity is called example_visit.
visit = RecordType(
    name="visit",
    plural="visits",
    about="A visit to an organization: when, and what was seen.",
    fields={
        # "cascade": with the organization goes what is known of the visits to it.
        "organization": fields.link("Organization", "organization", required=True, on_delete="cascade"),
        "day": fields.day("Day", help="On which it was visited; a month or a year where no more is known."),
        "note": fields.note("Note", help="What was seen."),
    },
)
