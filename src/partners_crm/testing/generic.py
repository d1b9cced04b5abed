"""Suites for everything that a plugin offers, made up without a word of its author: what `partners plugins check` runs.

They know no good file of an importer and no address that is found, so they prove less than suites that an author wrote.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from partners_crm.plugins import Action, Command, Report
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.testing.contract import OFFERED, SHOWN, Contract, PluginContract
from partners_crm.testing.formats import ExporterContract, ImporterContract
from partners_crm.testing.geocoders import GeocoderContract
from partners_crm.testing.headless import CheckContract, CommandContract, QueryFieldContract, ReportContract
from partners_crm.testing.record_types import RecordTypeContract
from partners_crm.testing.screens import ActionContract, ColumnContract, TabContract, ViewContract
from partners_crm.testing.stage import name_of, policy_of

_SUITES: dict[str, type[Contract]] = {
    "record_types": RecordTypeContract,
    "importers": ImporterContract,
    "exporters": ExporterContract,
    "geocoders": GeocoderContract,
    "checks": CheckContract,
    "reports": ReportContract,
    "commands": CommandContract,
    "query_fields": QueryFieldContract,
    "views": ViewContract,
    "tabs": TabContract,
    "columns": ColumnContract,
    "actions": ActionContract,
}
_NO_FILE = "no good file of the format is known: subclass ImporterContract with some in tests/test_contracts.py"
_NO_PLACE = "no address that is found is known: subclass GeocoderContract with one in tests/test_contracts.py"


class _Importer(ImporterContract):
    @pytest.fixture
    def paths(self) -> list[Path]:
        pytest.skip(_NO_FILE)


class _Geocoder(GeocoderContract):
    def test_it_finds_what_is_there(self, *_: Any, **__: Any) -> None:
        pytest.skip(_NO_PLACE)


def suites(plugin: str | Path) -> dict[str, type]:
    """A test class for each thing that a plugin offers, by the name of the class."""
    found: dict[str, type] = {"TestPlugin": type("TestPlugin", (PluginContract,), {})}
    with TemporaryDirectory(prefix="partners-offered-") as folder:
        registry = PluginRegistry(policy_of(plugin, Path(folder)))
        registry.load_screen()
        for hook in (*OFFERED, *SHOWN):
            offered = [each.item for each in getattr(registry, hook)() if each.owner.plugin == name_of(plugin)]
            for item in offered:
                members = {"name": item.name, **_known_of(hook, item, registry)}
                base = {"importers": _Importer, "geocoders": _Geocoder}.get(hook, _SUITES[hook])
                title = f"Test{type(item).__name__}{''.join(map(str.capitalize, _words(item.name)))}"
                found[title] = type(title, (base,), members)
        registry.close()
    return found


def _words(name: str) -> list[str]:
    return name.replace("-", "_").split("_")


def _known_of(hook: str, item: Any, registry: PluginRegistry) -> dict[str, Any]:
    """What can be said of a thing without its author."""
    if hook == "exporters":
        is_read = any(each.item.name == item.name for each in registry.importers())
        return {"reads_back": item.name if is_read else "", "is_stable": False}
    if isinstance(item, Report):
        return {"options": {option.name: "1" for option in item.options if option.required}}
    if isinstance(item, Command):
        return {
            "options": {verb.name: {each.name: "1" for each in verb.options if each.required} for verb in item.verbs}
        }
    if isinstance(item, Action):
        return {"answers": {each.name: "1" for each in item.inputs if each.required}}
    return {}
