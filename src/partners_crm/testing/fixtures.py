"""The fixtures of the pytest plugin; the core is imported when one is used.

A project says which plugin is under test with a fixture `plugin` of its own: the name of its entry point, or the path
of its file. What is set is given by a fixture `plugin_settings`, and what the plugin requires by `plugins_beside`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.plugins import PluginContext
    from partners_crm.plugins.registry import PluginRegistry
    from partners_crm.testing.stage import Stage

pytest.register_assert_rewrite(
    *(
        f"partners_crm.testing.{name}"
        for name in ("contract", "formats", "geocoders", "headless", "record_types", "screens", "stage")
    )
)


@pytest.fixture(scope="session")
def plugin() -> str | Path:
    """The plugin under test; every project has a fixture of this name of its own."""
    raise pytest.UsageError(
        "which plugin is under test? write a fixture `plugin` in conftest.py that returns the name of its entry point"
    )


@pytest.fixture
def plugin_settings() -> Mapping[str, str]:
    """What the plugin under test is set to; override it where it needs any."""
    return {}


@pytest.fixture(scope="session")
def plugins_beside() -> tuple[str, ...]:
    """Other plugins that are loaded with the one under test: those that it requires."""
    return ()


@pytest.fixture(scope="session")
def _empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty coalition; copied, never opened again."""
    from partners_crm.crm import Crm
    from partners_crm.testing.stage import NOW

    path = tmp_path_factory.mktemp("partners-empty") / "coalition.db"
    Crm.create(path, "Test Coalition", clock=lambda: NOW).close()
    return path


@pytest.fixture(scope="session")
def _sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo; copied, never opened again."""
    from partners_crm.crm import Crm
    from partners_crm.testing.stage import NOW

    path = tmp_path_factory.mktemp("partners-sample") / "coalition.db"
    Crm.demo(path, clock=lambda: NOW).close()
    return path


@pytest.fixture
def empty_stage(
    _empty_file: Path,
    plugin: str | Path,
    plugin_settings: Mapping[str, str],
    plugins_beside: tuple[str, ...],
    tmp_path: Path,
) -> Iterator[Stage]:
    """The plugin under test in an empty coalition."""
    from partners_crm.testing.stage import copied, staged

    path = copied(_empty_file, tmp_path / "empty.db")
    with staged(path, plugin, tmp_path / "plugins", plugin_settings, plugins_beside) as stage:
        yield stage


@pytest.fixture
def sample_stage(
    _sample_file: Path,
    plugin: str | Path,
    plugin_settings: Mapping[str, str],
    plugins_beside: tuple[str, ...],
    tmp_path: Path,
) -> Iterator[Stage]:
    """The plugin under test in the demo coalition, which is invented and small."""
    from partners_crm.testing.stage import copied, staged

    path = copied(_sample_file, tmp_path / "sample.db")
    with staged(path, plugin, tmp_path / "plugins-sample", plugin_settings, plugins_beside) as stage:
        yield stage


@pytest.fixture
def crm(empty_stage: Stage) -> Crm:
    """An open, empty coalition whose clock stands still, with the record types of the plugin under test."""
    return empty_stage.crm


@pytest.fixture
def sample_crm(sample_stage: Stage) -> Crm:
    """The demo coalition, open, with the record types of the plugin under test; built once, copied for each test."""
    return sample_stage.crm


@pytest.fixture
def registry(empty_stage: Stage) -> PluginRegistry:
    """The plugin under test, loaded, on the coalition of `crm`, without a boundary."""
    return empty_stage.registry


@pytest.fixture
def plugin_context(empty_stage: Stage) -> PluginContext:
    """What the plugin under test is given, on the coalition of `crm`."""
    return empty_stage.context
