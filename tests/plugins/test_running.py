"""What no boundary can stop: a plugin that ends its program without a word is known at the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from partners_crm.errors import ConfigError
from partners_crm.plugins import running
from partners_crm.plugins.running import PREFIX, Running, left_running


def nothing(_names: frozenset[str]) -> None:
    """Record nothing."""


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


def start(folder: Path, body: str) -> subprocess.Popen[bytes]:
    code = f"""
import os, sys, time
from pathlib import Path
from partners_crm.plugins.boundary import Boundary, Owner
from partners_crm.plugins.running import Running
boundary = Boundary(running=Running(Path({str(folder)!r})))
def work():
    print("called", flush=True)
    {body}
boundary.call(Owner(plugin="quiet"), "view one", lambda: 7)
boundary.call(Owner(plugin="acme"), "view dues", work, limit=60)
"""
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_plugin_that_calls_os_exit_was_left_running(tmp_path: Path) -> None:
    process = start(tmp_path, "os._exit(0)")
    assert process.communicate(timeout=60)[0] == b"called\n"
    assert left_running(tmp_path, nothing) == {"acme"}
    assert files(tmp_path) == []
    assert left_running(tmp_path, nothing) == frozenset()


def test_a_loop_in_c_that_somebody_kills_was_left_running(tmp_path: Path) -> None:
    # A pattern that takes longer than the universe, in one call that never lets go of the interpreter.
    process = start(tmp_path, "import re; re.match('(a*)*b', 'a' * 64)")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"called\n"
    time.sleep(0.1)
    assert left_running(tmp_path, nothing) == frozenset()  # it runs still: its file is held
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stdout.close()
    process.stderr.close()
    assert left_running(tmp_path, nothing) == {"acme"}


def test_a_program_that_ends_as_it_should_leaves_nothing(tmp_path: Path) -> None:
    found = Running(tmp_path)
    with found.during("acme"):
        assert len(files(tmp_path)) == 1
        found.close()  # whoever is running still, the program ends as it should
        assert files(tmp_path) == []
    assert left_running(tmp_path, nothing) == frozenset()


def test_who_has_answered_is_not_named(tmp_path: Path) -> None:
    found = Running(tmp_path)
    with found.during("acme"), found.during("acme"), found.during("other"):
        pass
    (path,) = tmp_path.glob(f"{PREFIX}*")
    assert path.read_text("utf-8").split()[1:] == []
    assert path.stat().st_mode & 0o777 == 0o600
    found.close()


def test_a_file_from_before_the_machine_was_started_blames_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"{PREFIX}1-1"
    path.write_text("another-run-of-the-machine\nacme", "utf-8")
    assert left_running(tmp_path, nothing) == frozenset()
    assert files(tmp_path) == []
    monkeypatch.setattr(running, "_BOOT", tmp_path / "missing")
    running._boot.cache_clear()
    try:
        path.write_text("-\nacme", "utf-8")  # where the machine does not say, everybody is suspected
        assert left_running(tmp_path, nothing) == {"acme"}
    finally:
        running._boot.cache_clear()


def test_what_cannot_be_recorded_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / f"{PREFIX}1-1"
    path.write_text(f"{running._boot()}\nacme", "utf-8")

    def refuse(names: frozenset[str]) -> None:
        assert names == {"acme"}
        raise ConfigError("read-only")

    with pytest.raises(ConfigError):
        left_running(tmp_path, refuse)
    assert left_running(tmp_path, nothing) == {"acme"}


def test_a_folder_that_refuses_keeps_nobody_from_working(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("no folder", "utf-8")
    found = Running(place)
    with found.during("acme"):
        pass
    found.close()
    assert left_running(place, nothing) == frozenset()
    assert left_running(tmp_path / "missing", nothing) == frozenset()


def test_two_registries_of_one_process_do_not_take_each_other_s_file(tmp_path: Path) -> None:
    first, second = Running(tmp_path), Running(tmp_path)
    with first.during("acme"), second.during("other"):
        assert len(list(tmp_path.glob(f"{PREFIX}{os.getpid()}-*"))) == 2
        first.close()
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 1
    second.close()
