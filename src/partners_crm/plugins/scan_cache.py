"""The list of installed plugins, kept from one start to the next: looking for them takes longer than a short command.

A scan holds as long as every place it looked into has the time of its last change: whoever installs or removes a
distribution changes a folder of the path. What is kept is trusted no further: whatever does not fit is scanned anew.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from partners_crm.plugins import discovery
from partners_crm.plugins.discovery import Candidate
from partners_crm.plugins.kept_files import read_json, write_json

SCHEMA_VERSION = 1
SETTLED = 2.0
"""Seconds: a place that changed later than that may change again within one tick of its clock, and is not kept."""
_FIELDS = ("name", "distribution", "version", "headless", "screen", "fault")


def installed(path: Sequence[str] | None, file: Path | None) -> list[Candidate]:
    """Every installed plugin, from what is kept in a file where that still holds; without a file always scanned."""
    if file is None:
        return discovery.installed(path)
    whole = [str(Path(place or ".").absolute()) for place in (sys.path if path is None else path)]
    places = [[place, _time_of(place)] for place in whole]
    key = [list(sys.version_info[:3]), places]
    kept = _kept(file, key)
    if kept is not None:
        return kept
    found = discovery.installed(path)
    newest = max((when for _, when in places if isinstance(when, int)), default=0)
    if time.time() - newest / 1e9 > SETTLED:
        plugins = [{name: value for name, value in asdict(each).items() if name in _FIELDS} for each in found]
        with suppress(OSError, ValueError):  # a disk that refuses costs the next start its time, and nothing else
            write_json(file, {"schema_version": SCHEMA_VERSION, "key": key, "plugins": plugins})
    return found


def _kept(file: Path, key: list[Any]) -> list[Candidate] | None:
    """What is kept under a key; None where it is not, or not to be read."""
    try:
        found = read_json(file)
        if found["schema_version"] != SCHEMA_VERSION or found["key"] != key:
            return None
        return [_candidate([_text(each[name]) for name in _FIELDS]) for each in found["plugins"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _candidate(texts: Sequence[str]) -> Candidate:
    name, distribution, version, headless, screen, fault = texts
    return Candidate(name, distribution, version, headless, screen, fault=fault)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value


def _time_of(place: str) -> int | None:
    """When a place of the path last changed, in nanoseconds; None where there is nothing."""
    try:
        return Path(place).stat().st_mtime_ns
    except (OSError, ValueError):
        return None
