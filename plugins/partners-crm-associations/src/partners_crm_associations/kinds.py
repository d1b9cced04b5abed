"""The kinds of records that this plugin brings: lanes and competitions, both for staff only."""

from __future__ import annotations

from partners_crm.plugins import RecordType, fields

LANE = "associations_lane"
COMPETITION = "associations_competition"

WHAT = (
    ("line", "Line of a budget"),
    ("contract", "Contract"),
    ("grant", "Grant or request for proposals"),
    ("other", "Other"),
)
"""What two organizations can compete for."""

RECORD_TYPES = (
    RecordType(
        name="lane",
        plural="lanes",
        title="lane",
        about="What an association wants first on an issue: the sub-pot that is its own.",
        visibility="staff",
        fields={
            "association": fields.link("Association", "organization", required=True, on_delete="cascade"),
            "issue": fields.text("Issue", required=True, help="What is fought over, always spelled alike."),
            "lane": fields.text("Lane", help="The sub-pot it wants first; empty: none of its own, from then on."),
            "since": fields.day("Since"),
            "until": fields.day("Until", help="The last day."),
            "source": fields.text("Source", help="Where this was learned."),
            "note": fields.note("Note"),
        },
    ),
    RecordType(
        name="competition",
        plural="competitions",
        title="resource",
        about="Two organizations that compete for a line, a contract or a grant.",
        visibility="staff",
        fields={
            "first": fields.link("One", "organization", required=True, on_delete="cascade"),
            "second": fields.link("The other", "organization", required=True, on_delete="cascade"),
            "what": fields.choice("For what", WHAT, default="line"),
            "resource": fields.text("Line or contract", required=True, help="What it is called."),
            "fiscal_year": fields.text("Fiscal year", help="Such as 2012, or 2011-2013."),
            "since": fields.day("Since"),
            "until": fields.day("Until", help="The last day."),
            "note": fields.note("Note"),
        },
    ),
)
