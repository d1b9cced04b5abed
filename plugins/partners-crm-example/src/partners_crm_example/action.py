"""An action: note a visit to the organizations that are chosen or marked."""

from __future__ import annotations

from collections.abc import Mapping

from partners_crm.plugins import Action, PluginContext, Said, blocks
from partners_crm_example.visits import ENTITY


def run(context: PluginContext, refs: tuple[blocks.Ref, ...], answers: Mapping[str, str]) -> Said:
    """Note a visit to each; one unit of work, so that one undo takes all of it back."""
    # Somebody may have deleted one of them since it was chosen.
    there = context.by_ids("organization", [ref.id for ref in refs if ref.entity == "organization"])
    if not there:
        return Said(text="no organization is chosen", hint="choose one in the list, or mark several")
    day = answers["day"] or context.today.isoformat()
    with context.changes(f"visits to {len(there)} organizations") as changes:
        for key in there:
            changes.add(ENTITY, organization=key, day=day, note=answers["note"])
    return Said(text=f"noted {len(there)} visits", hint="u takes it back")


action = Action(
    name="note_visit",
    title="Note a visit",
    run=run,
    scopes=("organizations", "organization", "view:visits"),
    inputs=(
        blocks.Input(name="day", label="Day", kind="day", help="today where it is left empty"),
        blocks.Input(name="note", label="Note", kind="note"),
    ),
)
