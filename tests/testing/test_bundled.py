"""Every bundled plugin is held to the contracts: a suite for each thing that it offers, and for nothing else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from partners_crm.plugins.policy import Policy
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.testing import Contract, PluginContract
from partners_crm.testing.contract import OFFERED, SHOWN

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.parent.name.removeprefix("partners-crm-") for path in ROOT.glob("plugins/*/pyproject.toml"))


def modules(name: str) -> list[ModuleType]:
    found = []
    for path in sorted((ROOT / "plugins" / f"partners-crm-{name}" / "tests").glob("test_contract*.py")):
        title = f"contracts_of_{name}_{path.stem}"
        spec = importlib.util.spec_from_file_location(title, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[title] = module
        spec.loader.exec_module(module)
        found.append(module)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_suite_for_each_thing_that_it_offers(name: str, tmp_path: Path) -> None:
    registry = PluginRegistry(Policy(only=(name,), bare=True, state_folder=tmp_path))
    registry.load_screen()
    offered = {
        (hook, each.item.name)
        for hook in (*OFFERED, *SHOWN)
        for each in getattr(registry, hook)()
        if each.owner.plugin == name
    }
    registry.close()
    suites = [each for module in modules(name) for each in vars(module).values() if isinstance(each, type)]
    tested = {(each.hook, each.name) for each in suites if issubclass(each, Contract) and each.name}
    assert offered
    assert tested == offered
    assert any(issubclass(each, PluginContract) and each is not PluginContract for each in suites)
