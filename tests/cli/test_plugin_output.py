"""What plugins print: never between the data of a command; and the end of a thread that a plugin started itself."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Partners
from tests.plugins.bad_plugins import write_plugin

PRINTING = """
import sys, threading
from partners_crm.plugins import *
print("at import")
def fail():
    raise ValueError("Dana Reyes")
def run(context, terms):
    print("while it works", end="\\x1b[2J\\n", flush=True)
    sys.stdout.writelines(["many ", "lines\\n"])
    sys.stdout.buffer.write(b"in bytes\\n")
    sys.stdout.buffer.flush()
    for work in (fail, lambda: print("of its own thread"), lambda: sys.exit(3)):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    return Outcome(sheets=(Sheet(title="Dues", columns=("a",), rows=((1,),)),))
@hookimpl
def register_reports():
    print("when it is asked")
    return [Report(name="dues", title="Dues", run=run)]
"""
SAID = ("at import", "when it is asked", "while it works", "many lines", "in bytes", "of its own thread")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of plugins; what is imported from it is forgotten again."""
    yield tmp_path / "site"
    for name in [name for name in sys.modules if name.startswith("partners_crm_local")]:
        del sys.modules[name]


def test_what_a_plugin_prints_is_no_part_of_the_data(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", PRINTING, style="folder")
    before = sys.stdout, threading.excepthook
    done = partners("report", "dues", "--format", "json", "--plugins-dir", site)
    assert done.code == 0, done.err
    assert json.loads(done.out)
    for word in SAID:
        assert word in done.err
        assert word not in done.out
    assert "\x1b" not in done.err
    assert (sys.stdout, threading.excepthook) == before


def test_the_end_of_a_thread_of_a_plugin_is_one_line_without_values(partners: Partners, site: Path) -> None:
    write_plugin(site, "acme", PRINTING, style="folder")
    done = partners("report", "dues", "--format", "json", "--plugins-dir", site)
    ends = [line for line in done.err.splitlines() if "a thread that was started by a plugin" in line]
    assert ends == ["partners: a thread that was started by a plugin ended: it raised ValueError"]
    assert "Traceback" not in done.err
    assert "Dana" not in done.err


LATE = """
import threading, time
from partners_crm.plugins import *
def work():
    while True:
        print("late", flush=True)
        time.sleep(0.001)
def run(context, terms):
    threading.Thread(target=work, daemon=True).start()
    print("in time")
    return Outcome(sheets=(Sheet(title="Dues", columns=("a",), rows=((1,),)),))
@hookimpl
def register_reports():
    return [Report(name="dues", title="Dues", run=run)]
"""


def test_until_a_process_ends_nothing_of_a_plugin_comes_among_its_data(database: Path, site: Path) -> None:
    write_plugin(site, "acme", LATE, style="folder")
    words = ["--db", str(database), "--plugins-dir", str(site), "report", "dues", "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "partners_crm", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert "in time" in done.stderr
