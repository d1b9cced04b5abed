"""Which plugins are installed, found without importing any of them.

A plugin is an entry point of the group `partners_crm`, or of `partners_crm.tui`, or of both under one name; or a file
or a folder of a plugins folder that a person named. The working directory is never looked into by itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from partners_crm.errors import ConfigError
from partners_crm.plugins import sources
from partners_crm.plugins.groups import PROJECT, SCREEN_GROUP
from partners_crm.plugins.sources import Source
from partners_crm.version import __version__

BUNDLED = frozenset({"partners-crm-tabular", "partners-crm-associations", "partners-crm-example"})
"""The distributions that come with the program: allowed without being asked for."""
TEMPLATE = "partners-crm-example"
"""The one of them that is there to be copied: it is off until a person turns it on."""
LOCAL_PACKAGE = f"{PROJECT}_local"
"""The package that plugins of a plugins folder are loaded into."""
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""What a plugin may be called: its name stands in commands and before the names of what it offers."""
MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*(\.[^\W\d]\w*)*)?")


@dataclass(frozen=True)
class Candidate:
    """A plugin that is there, loaded or not."""

    name: str
    """As people type it: the name of its entry point."""
    distribution: str
    """What brought it; of a plugin from a plugins folder that folder."""
    version: str
    headless: str = ""
    """What is imported for every command: `partners_crm_acme`, `partners_crm_acme:plugin`; "" for nothing."""
    screen: str = ""
    """What is imported for the terminal UI."""
    path: Path | None = None
    """Of a plugin from a plugins folder: its file, or its folder."""
    fault: str = ""
    """Why it cannot be loaded whatever a person says; "" where nothing speaks against it."""

    @property
    def is_bundled(self) -> bool:
        """Whether it comes with the program: all of them are released together, under one version."""
        return self.path is None and folded(self.distribution) in BUNDLED and self.version == __version__

    @property
    def is_local(self) -> bool:
        """Whether it comes from a plugins folder."""
        return self.path is not None

    @property
    def whose(self) -> str:
        """Its distribution with the version."""
        return f"{self.distribution} {self.version}".strip()

    @cached_property
    def source(self) -> Source:
        """What its text says; read once."""
        if self.path is not None:
            screen = self.path / "screens.py"
            return sources.of_modules((self.path, screen) if self.screen else (self.path,))
        modules = dict.fromkeys(filter(None, (self.headless, self.screen)))
        # What an object in a module implements is not seen in the text of the module.
        return sources.of_modules(None if ":" in each else sources.place_of(each) for each in modules)

    @property
    def hooks(self) -> tuple[str, ...]:
        """The hooks that its source implements, read as text; empty where the source cannot be read."""
        return self.source.hooks


def folded(name: str) -> str:
    """A name as distributions are compared: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(path: Sequence[str] | None = None) -> list[Candidate]:
    """Every plugin of an entry point, by name, then by distribution; one distribution twice on the path counts once."""
    from importlib.metadata import distributions  # it loads the mail parser: a command without plugins does without

    found: list[Candidate] = []
    seen: set[str] = set()
    for each in distributions(path=list(sys.path if path is None else path)):
        try:
            # Most distributions are none of ours: reading their metadata would take longer than all the rest.
            if PROJECT in (each.read_text("entry_points.txt") or ""):
                distribution = each.metadata["Name"] or ""
                if folded(distribution) not in seen:
                    seen.add(folded(distribution))
                    found += _of_distribution(each, distribution)
        except (OSError, UnicodeDecodeError):
            continue  # what cannot be read declares nothing
    return sorted(found, key=lambda each: (each.name, each.distribution))


def _of_distribution(distribution: Any, name: str) -> list[Candidate]:
    """The plugins of a distribution; one whose list of entry points is broken is a plugin with a fault."""
    found: dict[str, dict[str, str]] = {}
    try:
        version = str(distribution.version or "")
        for entry in distribution.entry_points:
            if entry.group in {PROJECT, SCREEN_GROUP}:
                found.setdefault(entry.name, {})[entry.group] = entry.value.partition("[")[0].strip()
    except Exception:  # the parser of entry points answers a broken file with whatever it stumbles over
        return [Candidate(folded(name), name, "", fault="its entry_points.txt cannot be read")]
    return [_checked(each, name, version, groups) for each, groups in found.items()]


def _checked(name: str, distribution: str, version: str, groups: Mapping[str, str]) -> Candidate:
    headless, screen = groups.get(PROJECT, ""), groups.get(SCREEN_GROUP, "")
    fault = ""
    if NAME.fullmatch(name) is None:
        fault = "its name is no word of small letters, digits, - and _"
    elif any(value and MODULE.fullmatch(value) is None for value in (headless, screen)):
        fault = "its entry point names no module"
    return Candidate(name, distribution, version, headless, screen, fault=fault)


def in_folder(folder: Path) -> list[Candidate]:
    """Every plugin of a plugins folder: each `NAME.py`, and each folder with an `__init__.py`; hidden ones are not.

    A folder may have a `screens.py`, which is loaded with the terminal UI alone.

    Raises:
        ConfigError: there is no such folder, or it cannot be read.
    """
    found = []
    try:
        for path in sorted(folder.iterdir()):
            if path.name.startswith((".", "_")):
                continue
            if path.is_dir() and (path / "__init__.py").is_file():
                found.append(_local(path.name, folder, path, has_screen=(path / "screens.py").is_file()))
            elif path.suffix == ".py" and path.is_file():
                found.append(_local(path.stem, folder, path))
    except OSError as error:
        raise ConfigError(
            f"{folder}: the plugins in it cannot be listed: {error.strerror}", "name a folder with --plugins-dir"
        ) from None
    return found


def _local(name: str, folder: Path, path: Path, has_screen: bool = False) -> Candidate:
    module = f"{LOCAL_PACKAGE}.{name}"
    fault = "" if NAME.fullmatch(name) else "its name is no word of small letters, digits, - and _"
    if "-" in name:
        fault = "its file is called like no module: write _ instead of -"
    screen = f"{module}.screens" if has_screen else ""
    return Candidate(name, str(folder.absolute()), "", module, screen, path, fault)


def by_name(candidates: Iterable[Candidate]) -> Mapping[str, list[Candidate]]:
    """The candidates of each name: more than one are a conflict."""
    found: dict[str, list[Candidate]] = {}
    for each in candidates:
        found.setdefault(each.name, []).append(each)
    return found
