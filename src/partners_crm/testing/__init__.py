r"""What authors of plugins test with: fixtures for pytest, and contract suites that they subclass.

from partners_crm.testing import ImporterContract

class TestCards(ImporterContract):
    name = "cards"
    files = {"visits.cards": b"# cards\nOrganization = Prairie Friends\n"}

The fixtures (`crm`, `sample_crm`, `registry`, `plugin_context`) come with the package; a project says which plugin is
under test with one fixture of its own, `plugin`, in its `conftest.py`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partners_crm.testing.contract import Contract, PluginContract
    from partners_crm.testing.formats import ExporterContract, ImporterContract
    from partners_crm.testing.geocoders import GeocoderContract
    from partners_crm.testing.headless import CheckContract, CommandContract, QueryFieldContract, ReportContract
    from partners_crm.testing.hostile import TEXTS
    from partners_crm.testing.record_types import RecordTypeContract
    from partners_crm.testing.screens import ActionContract, ColumnContract, TabContract, ViewContract
    from partners_crm.testing.stage import Stage

_PLACES = {
    "contract": ("Contract", "PluginContract"),
    "formats": ("ExporterContract", "ImporterContract"),
    "geocoders": ("GeocoderContract",),
    "headless": ("CheckContract", "CommandContract", "QueryFieldContract", "ReportContract"),
    "hostile": ("TEXTS",),
    "record_types": ("RecordTypeContract",),
    "screens": ("ActionContract", "ColumnContract", "TabContract", "ViewContract"),
    "stage": ("Stage",),
}
_HOME = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a suite when it is asked for: pytest reads this package before any test of anybody."""
    if name not in _HOME:
        raise AttributeError(f"partners_crm.testing has no {name}")
    return getattr(import_module(f"partners_crm.testing.{_HOME[name]}"), name)


__all__ = [
    "TEXTS",
    "ActionContract",
    "CheckContract",
    "ColumnContract",
    "CommandContract",
    "Contract",
    "ExporterContract",
    "GeocoderContract",
    "ImporterContract",
    "PluginContract",
    "QueryFieldContract",
    "RecordTypeContract",
    "ReportContract",
    "Stage",
    "TabContract",
    "ViewContract",
]
