"""What a plugin imports: the mark, the descriptions that hooks return, and the context that functions are given.

Everything here is loaded when it is first asked for, so that a plugin pays only for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partners_crm.model.record_types import FieldDeclared, RecordType, fields
    from partners_crm.normalize.neutral import neutral, restored
    from partners_crm.plugins import blocks
    from partners_crm.plugins.context import PluginChanges, PluginContext, Record
    from partners_crm.plugins.headless import (
        Address,
        Answer,
        Command,
        Exporter,
        Found,
        Geocoder,
        Importer,
        Option,
        Outcome,
        Page,
        PluginCheck,
        PluginInfo,
        QueryField,
        Reading,
        ReadOptions,
        Report,
        RuleTerm,
        Setting,
        Sheet,
        Verb,
        Written,
    )
    from partners_crm.plugins.marks import API_VERSION, hookimpl
    from partners_crm.plugins.screens import (
        Action,
        Choice,
        Column,
        Open,
        Said,
        Selection,
        Show,
        Tab,
        View,
    )
    from partners_crm.services.checks.check import Finding
    from partners_crm.services.exporting.fields import Field, text_of
    from partners_crm.services.importing import limits
    from partners_crm.services.importing.headers import find_header
    from partners_crm.services.importing.input_files import (
        NO_MARKS,
        InputFile,
        Known,
        Merge,
        Progress,
        Row,
        Spool,
    )
    from partners_crm.services.importing.signatures import guess_encoding, signature
    from partners_crm.services.rows import Problem

_PLACES = {
    "partners_crm.plugins.marks": ("API_VERSION", "hookimpl"),
    "partners_crm.plugins.context": ("PluginChanges", "PluginContext", "Record"),
    "partners_crm.model.record_types": ("FieldDeclared", "RecordType", "fields"),
    "partners_crm.plugins.headless": (
        "Address",
        "Answer",
        "Command",
        "Exporter",
        "Found",
        "Geocoder",
        "Importer",
        "Option",
        "Outcome",
        "Page",
        "PluginCheck",
        "PluginInfo",
        "QueryField",
        "Reading",
        "ReadOptions",
        "Report",
        "RuleTerm",
        "Setting",
        "Sheet",
        "Verb",
        "Written",
    ),
    "partners_crm.plugins.screens": (
        "Action",
        "Choice",
        "Column",
        "Open",
        "Said",
        "Selection",
        "Show",
        "Tab",
        "View",
    ),
    "partners_crm.services.checks.check": ("Finding",),
    "partners_crm.normalize.neutral": ("neutral", "restored"),
    "partners_crm.services.exporting.fields": ("Field", "text_of"),
    "partners_crm.services.importing.headers": ("find_header",),
    "partners_crm.services.importing.input_files": (
        "NO_MARKS",
        "InputFile",
        "Known",
        "Merge",
        "Progress",
        "Row",
        "Spool",
    ),
    "partners_crm.services.importing.signatures": ("guess_encoding", "signature"),
    "partners_crm.services.rows": ("Problem",),
}
_HOME = {name: module for module, names in _PLACES.items() for name in names}
_MODULES = {"blocks": "partners_crm.plugins.blocks", "limits": "partners_crm.services.importing.limits"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOME:
        raise AttributeError(f"partners_crm.plugins has no {name}")
    return getattr(import_module(_HOME[name]), name)


__all__ = [
    "API_VERSION",
    "NO_MARKS",
    "Action",
    "Address",
    "Answer",
    "Choice",
    "Column",
    "Command",
    "Exporter",
    "Field",
    "FieldDeclared",
    "Finding",
    "Found",
    "Geocoder",
    "Importer",
    "InputFile",
    "Known",
    "Merge",
    "Open",
    "Option",
    "Outcome",
    "Page",
    "PluginChanges",
    "PluginCheck",
    "PluginContext",
    "PluginInfo",
    "Problem",
    "Progress",
    "QueryField",
    "ReadOptions",
    "Reading",
    "Record",
    "RecordType",
    "Report",
    "Row",
    "RuleTerm",
    "Said",
    "Selection",
    "Setting",
    "Sheet",
    "Show",
    "Spool",
    "Tab",
    "Verb",
    "View",
    "Written",
    "blocks",
    "fields",
    "find_header",
    "guess_encoding",
    "hookimpl",
    "limits",
    "neutral",
    "restored",
    "signature",
    "text_of",
]
