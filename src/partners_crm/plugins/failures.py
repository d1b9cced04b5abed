"""What goes wrong with a plugin, as a value that names the culprit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from partners_crm.errors import PluginError

Stage = Literal["found", "imported", "hooks", "version", "requires", "conflict", "call", "killed"]
LOAD_STAGES: tuple[Stage, ...] = ("found", "imported", "hooks", "version", "requires")
"""Failures that keep a plugin off until it is mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginFailure:
    """One failure of a plugin."""

    plugin: str
    distribution: str
    version: str
    hook: str
    """The hook or the described object that failed: `register_views`, `view overlap`; "" for the plugin as a whole."""
    stage: Stage
    reason: str
    """One line for a person, without values of records."""
    detail: str = ""
    """Where in the plugin it happened: file, line and function of each frame, without values."""


class PluginFailed(PluginError):
    """A call of a plugin failed: it raised, took too long, or answered something else than it should."""

    def __init__(self, failure: PluginFailure) -> None:
        where = f" in {failure.hook}" if failure.hook else ""
        super().__init__(
            f"the plugin {failure.plugin} failed{where}: {failure.reason}",
            f"see: partners plugins doctor; leave it out: partners plugins disable {failure.plugin}",
        )
        self.failure = failure
