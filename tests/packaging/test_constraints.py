"""The pins: names, versions and hashes, nothing else; and the environment of the suite is the one they describe."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OURS = {"partners-crm", *(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))}
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[0-9][^ ;\\]*)(?: ; (?P<marker>[^\\]+?))? \\")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")
COMMENT = re.compile(r"\s*(#.*)?")


@dataclass
class Pin:
    name: str
    version: str
    marker: str
    hashes: int = 0

    @property
    def applies(self) -> bool:
        return not self.marker or Marker(self.marker).evaluate()


def lines() -> list[str]:
    return (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def pins() -> list[Pin]:
    found: list[Pin] = []
    for number, line in enumerate(lines(), 1):
        if pin := PIN.fullmatch(line):
            found.append(Pin(pin["name"], pin["version"], pin["marker"] or ""))
        elif HASH.fullmatch(line):
            found[-1].hashes += 1
        else:
            assert COMMENT.fullmatch(line), f"constraints.txt:{number}: is no pin, hash or comment: {line}"
    return found


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def needed_here(roots: Iterable[str]) -> dict[str, str]:
    """The installed version of everything the requirements lead to in this environment, by canonical name."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [Requirement(text) for text in roots]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            distribution = metadata.distribution(name)
            if name not in OURS:
                found[name] = distribution.version
            for text in distribution.requires or ():
                deeper = Requirement(text)
                if deeper.marker is None or deeper.marker.evaluate({"extra": extra}):
                    queue.append(deeper)
    return found


def test_it_names_no_place_to_download_from_and_sets_no_option() -> None:
    assert [line for line in lines() if "://" in line] == []
    assert [line for line in lines() if line.startswith("-")] == []


def test_every_pin_has_a_hash_and_holds_once_in_any_environment() -> None:
    found = pins()
    assert len(found) > 30
    assert [pin.name for pin in found if not pin.hashes] == []
    here = [pin.name for pin in found if pin.applies]
    assert sorted(here) == sorted(set(here))


def test_our_own_packages_are_not_pinned() -> None:
    assert {pin.name for pin in pins()} & OURS == set()


def test_everything_installed_for_us_is_pinned_at_its_version() -> None:
    described = project()
    extras = ",".join(described["project"]["optional-dependencies"])
    installed = needed_here([f"partners-crm[{extras}]", *described["dependency-groups"]["dev"], "uv"])
    pinned = {pin.name: pin.version for pin in pins() if pin.applies}
    assert {name: pinned.get(name) for name in installed} == installed


def test_what_is_needed_to_build_is_pinned() -> None:
    wanted = [Requirement(text) for text in project()["build-system"]["requires"]]
    pinned = {pin.name: pin.version for pin in pins() if pin.applies}
    for requirement in wanted:
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_direct_requirements_admit_their_pins() -> None:
    described = project()
    groups = [*described["project"]["optional-dependencies"].values(), described["dependency-groups"]["dev"]]
    texts = [*described["project"]["dependencies"], *(text for group in groups for text in group)]
    pinned = {pin.name: pin.version for pin in pins() if pin.applies}
    refused = {
        text
        for text in texts
        if (name := canonicalize_name((wanted := Requirement(text)).name)) not in OURS
        and not wanted.specifier.contains(pinned[name])
    }
    assert refused == set()


@pytest.mark.parametrize(
    "line", ["-e .", "--index-url https://example.org/simple", "textual", "textual>=8 \\", "    --hash=md5:00"]
)
def test_the_reader_of_these_tests_takes_nothing_else_for_a_pin(line: str) -> None:
    assert not any(pattern.fullmatch(line) for pattern in (PIN, HASH, COMMENT))
