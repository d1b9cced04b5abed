"""The plugins of a command: what options, environment and a person's files say of them, and the question to a person.

PARTNERS_PLUGINS names the only ones to load, by name or distribution, with commas; empty for none. PARTNERS_TRACE shows
every call with its time; PARTNERS_STRICT_PLUGINS makes a failure the exit code; PARTNERS_BARE_PLUGINS lets calls pass
without the boundary, for authors who debug.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from partners_crm.cli.output import say
from partners_crm.cli.paths import cache_folder, config_folder, plugin_state
from partners_crm.crm import Crm
from partners_crm.plugins.boundary import Traced
from partners_crm.plugins.consent import Consent
from partners_crm.plugins.discovery import Candidate
from partners_crm.plugins.own_settings import OwnSettings
from partners_crm.plugins.policy import Policy

if TYPE_CHECKING:
    from partners_crm.plugins.registry import PluginRegistry

SCAN = "installed-plugins.json"
"""The file of the cache folder that holds what was found installed."""
TRACE_FILE = "trace.log"
"""Where a trace goes while the terminal UI has the terminal."""
_OFF = frozenset({"", "0", "no", "false", "off"})


def registry_of(options: argparse.Namespace, *, crm: Crm | None = None, screen: bool = False) -> PluginRegistry:
    """The plugins of a run, the same for every caller of one command; `crm` becomes the coalition they are shown.

    With `screen` they belong to the terminal UI: a person is asked now, before the screen takes the terminal.

    Raises:
        ConfigError: a plugins folder is none, or what was said about plugins cannot be read or kept.
    """
    from partners_crm.plugins.registry import PluginRegistry  # who lists plugins, or turns one off, loads none

    registry: PluginRegistry | None = getattr(options, "registry", None)
    if registry is None:
        registry = PluginRegistry(policy_of(options, screen=screen), word=lambda text: say(f"partners: {text}"))
        options.registry = registry
    if crm is not None:
        registry.db, registry.clock = crm.db, crm.clock
    if screen:
        registry.decide()
    return registry


def policy_of(options: argparse.Namespace, *, screen: bool = False) -> Policy:
    """What options, environment and a person's files say of plugins."""
    if not is_on("PARTNERS_BARE_PLUGINS"):  # an author who debugs sees everything as it comes
        from partners_crm.cli.plugin_output import divert  # a command without plugins prints as it is

        divert()
    named = os.environ.get("PARTNERS_PLUGINS")
    return Policy(
        only=None if named is None else tuple(name for name in map(str.strip, named.split(",")) if name),
        folders=tuple(Path(each).expanduser() for each in getattr(options, "plugins_dir", ())),
        none=getattr(options, "no_plugins", False),
        bare=is_on("PARTNERS_BARE_PLUGINS"),
        consent=Consent(config_folder()),
        settings=OwnSettings(config_folder()),
        ask=ask if sys.stdin.isatty() and sys.stderr.isatty() else None,
        state_folder=plugin_state(),
        cache_file=cache_folder() / SCAN,
        on_call=_trace(screen) if is_on("PARTNERS_TRACE") else None,
    )


def is_on(variable: str) -> bool:
    """Whether an environment variable is set to anything but no."""
    return os.environ.get(variable, "").strip().lower() not in _OFF


def is_strict(options: argparse.Namespace) -> bool:
    """Whether a plugin that fails is the exit code of the command."""
    return getattr(options, "strict_plugins", False) or is_on("PARTNERS_STRICT_PLUGINS")


def ask(candidate: Candidate) -> bool | None:
    """Ask a person at the terminal whether a newly installed plugin may be used; None is "not now"."""
    hooks = ", ".join(candidate.hooks) or "(its source does not say)"
    say(f"partners: the plugin {candidate.name} is new: {candidate.whose}, with the hooks {hooks}")
    say("  A plugin runs with all that you may do yourself. Use it from now on?  y yes, n no, Enter not now")
    try:
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
    except (OSError, UnicodeDecodeError):
        return None
    return True if answer in {"y", "yes"} else False if answer in {"n", "no"} else None


def _trace(screen: bool) -> Callable[[Traced], None]:
    """Shows each call with its milliseconds: on stderr, or in a file while a screen has the terminal."""

    def line(call: Traced) -> str:
        return f"{call.plugin}  {call.hook}  {call.seconds * 1000:.1f} ms{'  failed' if call.failed else ''}"

    if not screen:
        return lambda call: say(f"trace: {line(call)}")
    path = plugin_state() / TRACE_FILE

    def write(call: Traced) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
                stream.write(f"{datetime.now():%H:%M:%S}  {line(call)}\n")
        except OSError:
            pass  # a trace that cannot be written must not be the plugin's failure

    return write
