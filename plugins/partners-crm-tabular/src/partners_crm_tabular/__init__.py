"""CSV, TSV, workbooks and JSON Lines in; CSV, workbooks and JSON Lines out, for partners_crm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partners_crm.plugins import hookimpl

if TYPE_CHECKING:
    from partners_crm.plugins import Exporter, Importer, PluginInfo


@hookimpl
def plugin_info() -> PluginInfo:
    """Say what it is."""
    from partners_crm.plugins import PluginInfo  # each hook loads what it needs when it is called

    about = "Reads CSV, TSV, workbooks and JSON Lines, and writes CSV, workbooks and JSON Lines."
    return PluginInfo(title="Spreadsheets", about=about)


@hookimpl
def register_importers() -> list[Importer]:
    """Offer to read delimited text, workbooks and JSON Lines."""
    from partners_crm_tabular.offers import importers

    return importers()


@hookimpl
def register_exporters() -> list[Exporter]:
    """Offer to write CSV, workbooks and JSON Lines."""
    from partners_crm_tabular.offers import exporters

    return exporters()
