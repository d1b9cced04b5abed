"""The small files of a person: whatever lies in them, they are read, refused in our words, or begun anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import ConfigError
from partners_crm.plugins import kept_files
from partners_crm.plugins.consent import Consent, Said
from partners_crm.plugins.discovery import folded
from partners_crm.plugins.failures import PluginFailure
from partners_crm.plugins.kept_failures import KeptFailures
from partners_crm.plugins.kept_files import MAX_BYTES, read_json, write_json
from partners_crm.plugins.own_settings import OwnSettings
from partners_crm.plugins.sources import of_modules

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["schema_version", "plugins", "settings", "failures", "state", "acme"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the examples of a property share."""
    return tmp_path_factory.mktemp("kept")


def read_or_refused(read: Callable[[], Mapping[str, object]]) -> Mapping[str, object] | ConfigError:
    try:
        return read()
    except ConfigError as error:
        return error


@given(VALUES)
def test_whatever_a_file_holds_it_is_read_or_refused_in_our_words(folder: Path, value: Any) -> None:
    for name in ("plugins.json", "plugin-settings.json", "failures.json"):
        (folder / name).write_text(json.dumps(value), "utf-8")
    for read in (Consent(folder).said, OwnSettings(folder).read):
        found = read_or_refused(read)
        assert isinstance(found, Mapping) or ("cannot be read" in found.message and found.hint)
    assert isinstance(KeptFailures(folder).read(), tuple)


@given(
    st.dictionaries(st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True), st.sampled_from(["allowed", "disabled"]))
)
def test_what_was_said_is_read_as_it_was_said(folder: Path, states: dict[str, Any]) -> None:
    consent = Consent(folder)
    consent.path.unlink(missing_ok=True)
    said = {name: Said(state, f"dist-{name}") for name, state in states.items()}
    for name, each in said.items():
        consent.say(name, each)
    assert consent.said() == said


@given(st.text(max_size=200))
def test_any_text_is_a_source_that_says_something_or_nothing(folder: Path, text: str) -> None:
    path = folder / "source.py"
    path.write_bytes(text.encode("utf-8", "replace"))
    found = of_modules([path])
    assert isinstance(found.hooks, tuple)


@given(st.text())
def test_a_name_that_is_folded_stays_as_it_is(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    assert folded(name.replace("-", "_")) == folded(name)


def coming() -> int:
    """The number of the draft after the next: what is asked here is taken."""
    return next(kept_files._numbers) + 1


def test_many_threads_write_one_file_and_one_of_them_wins_whole(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_json(path, [number] * 1000), range(80)))
    found = read_json(path)
    assert len(found) == 1000
    assert len(set(found)) == 1
    assert [each.name for each in tmp_path.iterdir() if each.name != "home"] == ["kept.json"]


def test_a_file_is_replaced_whole_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "new" / "kept.json"
    write_json(path, {"a": 1})
    (path.parent / f"kept.json.{os.getpid()}-{coming()}.new").write_text("left by another", "utf-8")
    write_json(path, {"a": 2})
    assert read_json(path) == {"a": 2}
    assert [each.name for each in path.parent.iterdir()] == ["kept.json"]
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 2}
    assert [each.name for each in path.parent.iterdir()] == ["kept.json"]


def test_a_draft_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("mine", "utf-8")
    (tmp_path / f"kept.json.{os.getpid()}-{coming()}.new").symlink_to(other)
    write_json(tmp_path / "kept.json", [1])
    assert other.read_text("utf-8") == "mine"
    assert read_json(tmp_path / "kept.json") == [1]


def test_a_file_larger_than_any_of_ours_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(ValueError, match="larger than any of ours"):
        read_json(path)


def test_failures_of_many_plugins_are_bounded(tmp_path: Path) -> None:
    kept = KeptFailures(tmp_path)
    for number in range(210):
        failure = PluginFailure(plugin=f"p{number}", distribution="d", version="1", hook="h", stage="call", reason="r")
        kept.add(failure, "2026-11-24T15:00:00Z")
    found = kept.read()
    assert len(found) == 200
    assert (found[0].plugin, found[-1].plugin) == ("p10", "p209")


def test_programs_that_say_something_at_once_lose_nothing(tmp_path: Path) -> None:
    text = (
        "import sys; from pathlib import Path; from partners_crm.plugins.consent import Consent, Said\n"
        "for number in range(25): Consent(Path(sys.argv[1])).say(f'p{sys.argv[2]}-{number}', Said('allowed'))\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", text, str(tmp_path), str(each)]) for each in range(3)]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert len(Consent(tmp_path).said()) == 75
