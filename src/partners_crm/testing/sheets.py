"""What the core makes of a file through a plugin: its header and its rows, as an import sees them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from partners_crm.plugins import Known, Progress, ReadOptions
from partners_crm.plugins.formats import formats_of
from partners_crm.plugins.policy import Policy
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.services.formats import Formats
from partners_crm.services.importing.sheets import Sheet
from partners_crm.services.importing.sheets import read_sheet as read

_NO_OPTIONS = ReadOptions()


def _unknown(_header: str) -> bool:
    return False


@cache
def formats_by(plugin: str = "tabular") -> Formats:
    """The formats that one installed plugin reads and writes, through its entry point and the boundary."""
    return formats_of(PluginRegistry(Policy(only=(plugin,))))


def read_sheet(
    path: Path,
    options: ReadOptions = _NO_OPTIONS,
    known: Known = _unknown,
    progress: Progress | None = None,
    *,
    plugin: str = "tabular",
) -> Sheet:
    """Look at a file with the importers of one installed plugin; `known` says which headers the program knows.

    Raises:
        ConfigError: an option does not fit the file.
        FileRefused: a fault of the file.
    """
    return read(path, options, known, progress, formats=formats_by(plugin))


__all__ = ["Sheet", "formats_by", "read_sheet"]
