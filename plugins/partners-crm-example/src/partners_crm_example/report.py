"""A report for `partners report`: how many visits there were in each month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from partners_crm.plugins import Option, Outcome, PluginContext, Report, Sheet
from partners_crm_example.visits import visits

UNKNOWN = "unknown"


def run(context: PluginContext, options: Mapping[str, str]) -> Outcome:
    """A row for each month, or each year."""
    length = len("2026") if options["by"] == "year" else len("2026-11")
    found: dict[str, list[int]] = defaultdict(list)
    for visit in visits(context):
        found[visit.day[:length] or UNKNOWN].append(visit.organization)
    rows = tuple((when, len(some), len(set(some))) for when, some in sorted(found.items()))
    note = f"{sum(row[1] for row in rows)} visits, as of {context.as_of.isoformat()}."
    return Outcome(sheets=(Sheet(title="Visits", columns=("when", "visits", "organizations"), rows=rows, note=note),))


report = Report(
    name="visits",
    title="Visits by month",
    run=run,
    options=(Option(name="by", help="what a row stands for", default="month", choices=("month", "year")),),
)
