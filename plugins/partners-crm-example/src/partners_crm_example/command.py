"""A command beside those of the core: `partners visits list`, `partners visits add`."""

from __future__ import annotations

from collections.abc import Mapping

from partners_crm.plugins import Command, Option, Outcome, PluginContext, Sheet, Verb
from partners_crm_example.visits import ENTITY, names, visits


def list_visits(context: PluginContext, options: Mapping[str, str]) -> Outcome:
    """The visits, the latest first; of one organization where one is named."""
    query = ""
    if options["organization"]:
        # It raises NotFound or Ambiguous, which the person reads with what to do.
        query = f"organization:{context.record('organization', options['organization']).id}"
    called = names(context)
    rows = tuple((each.id, each.day, called.get(each.organization, ""), each.note) for each in visits(context, query))
    return Outcome(sheets=(Sheet(title="Visits", columns=("id", "day", "organization", "note"), rows=rows),))


def add_visit(context: PluginContext, options: Mapping[str, str]) -> Outcome:
    """Note a visit: one unit of work, which `partners undo` takes back."""
    organization = context.record("organization", options["organization"])
    with context.changes(f"visit to {context.title(organization)}") as changes:
        day = options["day"] or context.today.isoformat()
        changes.add(ENTITY, organization=organization.id, day=day, note=options["note"])
    return Outcome(notes=(f"noted a visit to {context.title(organization)}; partners undo takes it back",))


command = Command(
    name="visits",
    about="visits to organizations",
    verbs=(
        Verb(
            name="list",
            about="list visits",
            run=list_visits,
            options=(Option(name="organization", help="of this one alone: its id or name"),),
        ),
        Verb(
            name="add",
            about="note a visit",
            run=add_visit,
            writes=True,
            options=(
                Option(name="organization", help="who was visited: id or name", is_word=True, required=True),
                Option(name="day", help="when; today where it is not said"),
                Option(name="note", help="what was seen"),
            ),
        ),
    ),
)
