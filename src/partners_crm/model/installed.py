"""The record types of plugins that a coalition holds: each declaration is a record of the coalition itself."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import data, day, text


class InstalledType(Table):
    """A kind of records that a plugin brought, as this coalition keeps it."""

    entity = EntityInfo(
        "installed_type",
        "installed_types",
        "name",
        "A kind of records that a plugin brought, as this coalition keeps it.",
        not_by_hand="the plugin declares it; partners plugins says what becomes of it",
    )

    name = text("Name", required=True, unique=True, help="Of its entity: associations_lane.")
    plugin = text("Plugin", required=True, help="Which one declared it.")
    declaration = data("Declaration", help="Its fields and what they are called, as the plugin declared them.")
    retired_on = day("Retired on", help="When the plugin went; its records stay.")
