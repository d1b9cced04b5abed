"""What the coalition asks of itself: rules that are checked again and again, and answers that were kept."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import data, day, note, text


class Rule(Table):
    """A check with its terms, under a name: `partners check` runs every one."""

    entity = EntityInfo("rule", "rules", "name", "A check with its terms, run by partners check.", searched=True)

    name = text("Name", required=True, unique=True)
    kind = text("Check", required=True, help="Which check: see partners check --list.")
    terms = text("Terms", help="As the check takes them, such as: chamber=house silo=housing.")


class Snapshot(Table):
    """A coverage statement as it was on the day it was made, with the answer for every district."""

    entity = EntityInfo(
        "snapshot",
        "snapshots",
        "name",
        "A coverage statement that was kept, with the answer for every district.",
        not_by_hand="use partners coverage snapshot",
    )

    name = text("Name", required=True, unique=True)
    as_of = day("As of")
    taken_at = text("Taken at", help="UTC.")
    map = text("Map", help="Code of the district map.")
    sha256 = text("SHA-256", help="Of the map's border figures.")
    terms = text("Terms", help="The rule it was made under.")
    statement = note("Statement")
    answer = data("Answer", help="JSON: by OCD id the state and the organizations, certain ones and possible ones.")
