"""Site visits: what the plugin offers everywhere. Each hook hands over what another module describes.

A hook imports its module when it is asked, so that a command pays only for what it uses. To leave something out, delete
its module and its hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from partners_crm.plugins import hookimpl

if TYPE_CHECKING:
    from partners_crm.plugins import (
        Command,
        Exporter,
        Geocoder,
        Importer,
        PluginCheck,
        PluginInfo,
        QueryField,
        RecordType,
        Report,
    )


@hookimpl
def plugin_info() -> PluginInfo:
    """Say what the plugin is, and what can be set."""
    from partners_crm.plugins import PluginInfo, Setting

    # Written out here, so that `partners plugins list` can read it without importing anything.
    return PluginInfo(
        title="Site visits",
        about="Who was visited when, who was not, and cards to take along.",
        api=(1, 1),
        settings=(
            Setting(
                name="gazetteer",
                label="Gazetteer",
                help="A CSV file of points, with the columns street, city, zip, latitude and longitude.",
            ),
        ),
    )


@hookimpl
def register_record_types() -> list[RecordType]:
    """Visits."""
    from partners_crm_example.record_type import visit

    return [visit]


@hookimpl
def register_importers() -> list[Importer]:
    """Read files of cards: `partners import visits.cards --as cards`."""
    from partners_crm_example.importer import importer

    return [importer]


@hookimpl
def register_exporters() -> list[Exporter]:
    """Write files of cards: `partners export members.cards`."""
    from partners_crm_example.exporter import exporter

    return [exporter]


@hookimpl
def register_geocoders() -> list[Geocoder]:
    """Look points up in a file: `partners points find --with gazetteer`."""
    from partners_crm_example.geocoder import geocoder

    return [geocoder]


@hookimpl
def register_checks() -> list[PluginCheck]:
    """Ask whether every member was visited: `partners check visited`."""
    from partners_crm_example.check import check

    return [check]


@hookimpl
def register_reports() -> list[Report]:
    """Count visits: `partners report visits`."""
    from partners_crm_example.report import report

    return [report]


@hookimpl
def register_commands() -> list[Command]:
    """List and note visits: `partners visits list`."""
    from partners_crm_example.command import command

    return [command]


@hookimpl
def register_query_fields() -> list[QueryField]:
    """Find who was visited: `partners list organizations visited:no`."""
    from partners_crm_example.query_field import query_field

    return [query_field]
