"""An open coalition with the plugin under test in it: what the fixtures hand out and the suites call plugins on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from partners_crm.crm import Crm
from partners_crm.model.record_types import RecordType
from partners_crm.plugins.boundary import Owner
from partners_crm.plugins.context import PluginContext
from partners_crm.plugins.policy import Owned, Policy
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.services.record_types import install_types, retire_types
from partners_crm.testing.watching import watched

R = TypeVar("R")

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
"""When the tests take place."""


@dataclass(slots=True)
class Stage:
    """A coalition, and the plugin under test with nothing else beside it but what it requires."""

    crm: Crm
    registry: PluginRegistry
    plugin: str
    """The name of the plugin."""
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def owner(self) -> Owner:
        """Whose code is called."""
        for each in self.registry.plugins:
            if each.candidate.name == self.plugin:
                return each.owner
        raise AssertionError(f"there is no plugin {self.plugin}: install it, for example with pip install -e .")

    @property
    def context(self) -> PluginContext:
        """What the plugin is given; nothing of it is shared with the registry."""
        given = replace(self.registry.context(self.owner), _db=self.crm.db)
        return replace(given, settings=MappingProxyType({**given.settings, **self.settings}))

    def found(self, hook: str, name: str) -> Owned[Any]:
        """What the plugin offers under a name, by a hook: `importers`, `views`."""
        every: tuple[Owned[Any], ...] = getattr(self.registry, hook)()
        failures = [f"{each.hook}: {each.reason} {each.detail}" for each in self.registry.failures]
        assert not failures, f"the plugin {self.plugin} failed: {failures}"
        some = [each for each in every if each.owner.plugin == self.plugin]
        for each in some:
            if each.item.name == name:
                return each
        names = ", ".join(each.item.name for each in some) or "nothing"
        raise AssertionError(f"the plugin {self.plugin} has no {name!r} among its {hook}: it has {names}")

    def call(self, work: Callable[[PluginContext], R], *allowed: Path, writes: bool = False) -> R:
        """What a function of the plugin answers.

        It fails if files were written but those of the coalition, of the plugin's own folder and the allowed ones; and,
        without `writes`, if the coalition was changed.
        """
        context, path = self.context, self.crm.path
        before = self.operations
        # What the core keeps lies beside the coalition, and its drafts are hidden: .coalition.db-search.1234.new
        with watched(path, path.with_name(f".{path.name}"), context.data_dir, *allowed) as seen:
            answer = work(context)
        assert not seen.written, f"it wrote beside the coalition and its own folder: {seen.written}"
        assert not seen.network, f"it used the network: {seen.network}"
        assert writes or self.operations == before, "it changed the coalition, where it was only asked"
        return answer

    def install(self, *instead: RecordType) -> None:
        """Install the record types that the plugin and those beside it declare; some in other forms."""
        by_owner: dict[Owner, list[RecordType]] = {}
        for owned in self.registry.record_types():
            given = {each.name: each for each in instead} if owned.owner.plugin == self.plugin else {}
            by_owner.setdefault(owned.owner, []).append(given.get(owned.item.name, owned.item))
        for owner, types in by_owner.items():
            install_types(self.crm.db, owner.plugin, owner.version, types, clock=self.crm.clock)

    def uninstall(self) -> None:
        """Let the coalition know that the plugin is gone."""
        retire_types(self.crm.db, self.plugin, clock=self.crm.clock)

    @property
    def operations(self) -> int:
        """How many operations the journal holds."""
        return len(self.crm.operations())

    def everything(self) -> Mapping[str, Mapping[int, tuple[Any, ...]]]:
        """The values of every record of the coalition, by the name of its entity and its id."""
        context = self.context
        found: dict[str, Mapping[int, tuple[Any, ...]]] = {}
        for table in self.crm.db.entities:
            names = tuple(table.declarations())
            rows = context.values(table.entity.name, "", "id", *names)
            found[table.entity.name] = {row[0]: row[1:] for row in rows}
        return found


def policy_of(plugin: str | Path, folder: Path, beside: tuple[str, ...] = (), *, bare: bool = True) -> Policy:
    """A policy under which one plugin runs; without a boundary what it raises is seen as it is."""
    folders = (plugin.parent,) if isinstance(plugin, Path) else ()
    return Policy(only=(name_of(plugin), *beside), folders=folders, bare=bare, state_folder=folder)


def name_of(plugin: str | Path) -> str:
    """What a plugin is called: one of a folder goes by its file."""
    return plugin.stem if isinstance(plugin, Path) else plugin


@contextmanager
def staged(
    path: Path, plugin: str | Path, folder: Path, settings: Mapping[str, str], beside: tuple[str, ...] = ()
) -> Iterator[Stage]:
    """Open a coalition with a plugin in it for the length of a block; its record types are installed."""
    policy = policy_of(plugin, folder, beside)

    def registry(crm: Crm) -> PluginRegistry:
        return PluginRegistry(policy, db=crm.db, today=crm.today, clock=crm.clock)

    with Crm.open(path, clock=lambda: NOW, plugins=registry) as crm:
        try:
            stage = Stage(crm, crm.plugins, name_of(plugin), settings)
            stage.install()
            yield stage
        finally:
            crm.plugins.close()


def copied(source: Path, target: Path) -> Path:
    """A coalition of its own, copied from one that nobody has open."""
    shutil.copyfile(source, target)
    target.chmod(0o600)
    return target
