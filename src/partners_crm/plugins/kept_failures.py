"""The last failures of plugins, kept from run to run, so that who lists plugins without loading any is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from partners_crm.plugins.failures import LOAD_STAGES, PluginFailure
from partners_crm.plugins.kept_files import read_json, turn, write_json

FILE = "failures.json"
SCHEMA_VERSION = 1
PER_PLUGIN = 5
"""Failures that are kept of one plugin, the last ones."""
KEPT = 200
"""Failures that are kept in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A failure of an earlier run."""

    plugin: str
    distribution: str
    version: str
    hook: str
    stage: str
    reason: str
    at: str
    """When, UTC, ISO 8601."""

    @property
    def keeps_off(self) -> bool:
        """Whether it kept the plugin from being loaded."""
        return self.stage in LOAD_STAGES

    @property
    def text(self) -> str:
        """What failed, in one line."""
        return f"{self.hook}: {self.reason}" if self.hook else self.reason


class KeptFailures:
    """The file of the last failures; a damaged one is begun anew, for nothing hangs on it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self) -> tuple[Kept, ...]:
        """The last failures, the oldest first."""
        try:
            found = read_json(self.path)
            if found["schema_version"] != SCHEMA_VERSION:
                return ()
            return tuple(Kept(**{name: _text(each[name]) for name in Kept.__slots__}) for each in found["failures"])
        except (OSError, ValueError, KeyError, TypeError):
            return ()

    def by_plugin(self) -> Mapping[tuple[str, str, str], tuple[Kept, ...]]:
        """The last failures by (plugin, distribution, version): those of an older version say nothing of a newer."""
        found: dict[tuple[str, str, str], tuple[Kept, ...]] = {}
        for each in self.read():
            key = (each.plugin, each.distribution, each.version)
            found[key] = (*found.get(key, ()), each)
        return found

    def add(self, failure: PluginFailure, at: str) -> None:
        """Keep a failure; one that was kept before moves to the end."""
        values = asdict(failure)
        new = Kept(at=at, **{name: str(values[name]) for name in Kept.__slots__ if name != "at"})
        with suppress(OSError), turn(self.path):
            others = [each for each in self.read() if (each.plugin, each.text) != (new.plugin, new.text)]
            mine = [each for each in others if each.plugin == new.plugin]
            dropped = set(mine[: max(0, len(mine) - PER_PLUGIN + 1)])
            self._write([*(each for each in others if each not in dropped), new])

    def forget(self, plugins: Iterable[str], *, loading: bool = False) -> None:
        """Drop what is kept of plugins; with `loading` only what kept them from being loaded."""
        names = set(plugins)
        with suppress(OSError), turn(self.path):
            found = self.read()
            kept = [each for each in found if each.plugin not in names or (loading and not each.keeps_off)]
            if len(kept) < len(found):
                self._write(kept)

    def _write(self, kept: list[Kept]) -> None:
        with suppress(OSError):  # a disk that refuses must not be the failure that people see
            write_json(
                self.path, {"schema_version": SCHEMA_VERSION, "failures": [asdict(each) for each in kept[-KEPT:]]}
            )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value
