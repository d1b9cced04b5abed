"""Trade associations beside the coalition: overlap, contested members, reach, postures and competition.

The hooks that need no screen. What they describe is loaded when it is first asked for: a command that needs none of it
pays for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from partners_crm.plugins import hookimpl

if TYPE_CHECKING:
    from partners_crm.plugins import Command, PluginCheck, PluginInfo, QueryField, RecordType, Report


@hookimpl
def plugin_info() -> PluginInfo:
    """What this plugin is."""
    from partners_crm.plugins import PluginInfo

    return PluginInfo(
        title="Trade associations",
        about="Trade associations beside the coalition: overlap, contested members, reach, postures, competition.",
    )


@hookimpl
def register_record_types() -> list[RecordType]:
    """Lanes and competitions."""
    from partners_crm_associations.kinds import RECORD_TYPES

    return list(RECORD_TYPES)


@hookimpl
def register_commands() -> list[Command]:
    """`partners associations`."""
    from partners_crm_associations.commands import COMMAND

    return [COMMAND]


@hookimpl
def register_reports() -> list[Report]:
    """`partners report associations`."""
    from partners_crm_associations.commands import REPORT

    return [REPORT]


@hookimpl
def register_checks() -> list[PluginCheck]:
    """`partners check affiliations`."""
    from partners_crm_associations.checking import CHECK

    return [CHECK]


@hookimpl
def register_query_fields() -> list[QueryField]:
    """contested, competes-with, posture-today."""
    from partners_crm_associations.asking import QUERY_FIELDS

    return list(QUERY_FIELDS)
