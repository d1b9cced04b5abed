"""What the tests of the registry share: a folder of installed plugins, and registries that see it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from partners_crm.plugins.consent import Consent
from partners_crm.plugins.own_settings import OwnSettings
from partners_crm.plugins.policy import Policy
from partners_crm.plugins.registry import PluginRegistry

LIMIT = 1.0
"""Seconds after which a plugin of the tests has hung, where one is meant to."""
OURS = ("module_of_", "partners_crm_local")


class Told(PluginRegistry):
    """A registry that keeps what it told a person."""

    def __init__(self, policy: Policy, **more: Any) -> None:
        self.words: list[str] = []
        super().__init__(policy, word=self.words.append, **more)


Registry = Callable[..., Told]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path for the plugins of a test; what is imported from it is forgotten again."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.startswith(OURS)]:
        del sys.modules[name]


@pytest.fixture
def policy(tmp_path: Path, site: Path) -> Callable[..., Policy]:
    """A policy that finds the plugins of the test alone, and keeps its files in the test's folder."""

    def call(**more: Any) -> Policy:
        terms: dict[str, Any] = {
            "path": [str(site)],
            "consent": Consent(tmp_path / "config"),
            "settings": OwnSettings(tmp_path / "config"),
            "state_folder": tmp_path / "state",
        }
        return Policy(**{**terms, **more})

    return call


@pytest.fixture
def registry(policy: Callable[..., Policy]) -> Iterator[Registry]:
    """A registry over the plugins of the test, all of which are allowed unless a test says otherwise."""
    made: list[Told] = []

    def call(**more: Any) -> Told:
        given = {name: more.pop(name) for name in ("db", "today", "clock") if name in more}
        made.append(Told(policy(**{"ask": lambda _: True, **more}), **given))
        return made[-1]

    yield call
    for each in made:
        each.close()
