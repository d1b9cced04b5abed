"""What a run has to go by, what becomes of each plugin under it, and what a plugin offers with whose it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from partners_crm.plugins.boundary import LIMIT, SCREEN_LIMIT, STRIKES, Owner, Traced
from partners_crm.plugins.consent import Consent
from partners_crm.plugins.discovery import Candidate
from partners_crm.plugins.own_settings import OwnSettings

if TYPE_CHECKING:
    from partners_crm.plugins.headless import PluginInfo

T = TypeVar("T")
Status = Literal["loaded", "disabled", "left out", "not allowed yet", "conflict", "failed", "off", "killed", "empty"]
STATUSES: Mapping[Status, str] = {
    "loaded": "may be loaded, or is",
    "disabled": "a person turned it off",
    "left out": "PARTNERS_PLUGINS does not name it",
    "not allowed yet": "nobody has allowed it yet",
    "conflict": "two distributions bring it, and nobody has said which one to take",
    "failed": "it cannot be loaded",
    "off": "it failed too often in this run",
    "killed": "it was running when the program ended without a word",
    "empty": "it is installed and declares nothing",
}
"""What can become of a plugin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a run has to go by; whoever composes it has read options, environment and files."""

    only: tuple[str, ...] | None = None
    """PARTNERS_PLUGINS: only these, by name or distribution; () for none, None where it is not set."""
    folders: tuple[Path, ...] = ()
    """--plugins-dir: plugins that were named on purpose, and are allowed by that."""
    none: bool = False
    """--no-plugins."""
    bundled_only: bool = False
    """Only those that come with the program, and those of `folders`: what a script has that names no others."""
    bare: bool = False
    """For authors: calls pass no boundary."""
    consent: Consent | None = None
    settings: OwnSettings | None = None
    ask: Callable[[Candidate], bool | None] | None = None
    """Asks a person whether a plugin may be used: yes, no, or None for not now. None where nobody is there."""
    state_folder: Path | None = None
    """Where it is written who is running and what failed, and where plugins have their folders."""
    cache_file: Path | None = None
    """Where the list of installed plugins is kept."""
    path: Sequence[str] | None = None
    """Where distributions are looked for; None for `sys.path`."""
    limit: float = LIMIT
    """Seconds that a call may take where nobody waits at a screen."""
    screen_limit: float = SCREEN_LIMIT
    """Seconds that a call may take where somebody does."""
    strikes: int = STRIKES
    """Failures after which a plugin is off for the run."""
    on_call: Callable[[Traced], None] | None = None
    """Is told of every call, by who traces."""


@dataclass(frozen=True, slots=True)
class Owned(Generic[T]):
    """What a plugin described, with whose it is."""

    owner: Owner
    item: T

    @property
    def full_name(self) -> str:
        """As people see it: acme.dues."""
        name = getattr(self.item, "name", "")
        return f"{self.owner.plugin}.{name}"


@dataclass(slots=True)
class Plugin:
    """A plugin that is there, and what became of it."""

    candidate: Candidate
    status: Status
    reason: str = ""
    info: PluginInfo | None = None
    """What it says of itself; None until it is loaded."""
    modules: dict[str, Any] = field(default_factory=dict)
    """What was imported, by its group."""
    hooks: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """What it implements, by the name of the hook; those of the terminal UI once that is loaded."""

    @property
    def name(self) -> str:
        """As people type it."""
        return self.candidate.name

    @property
    def owner(self) -> Owner:
        """Whose code it is."""
        each = self.candidate
        return Owner(plugin=each.name, distribution=each.distribution, version=each.version)
