"""The command as a process of its own, which may be without the administrator's powers over files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import Result
from tests.faults.nursery import Child, powerless

LIMIT = 60.0
"""Seconds after which a command is taken to hang."""


def command(path: Path, *words: str | Path, powers: bool = True, umask: int = -1) -> Result:
    """Run a command on a coalition to its end; without `powers` file modes stop it, whoever runs the tests."""
    line = words_of(path, *words)
    ended = subprocess.run(
        line if powers else powerless(line),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=LIMIT,
        umask=umask,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return Result(ended.returncode, ended.stdout, ended.stderr)


def words_of(path: Path, *words: str | Path) -> list[str]:
    """The command line of a command on a coalition."""
    return [sys.executable, "-m", "partners_crm", "--db", str(path), *map(str, words)]


@contextmanager
def beside(code: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A program that runs for the length of a block, from when it printed its first line; then it is killed."""
    program = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        assert program.stdout.readline(), "the other program ended before it said anything"
        yield program
    finally:
        program.kill()
        program.wait(LIMIT)
        program.stdin.close()
        program.stdout.close()


def heard(child: Child, word: str, seconds: float) -> None:
    """Wait until a child printed or said a word; its files are made a moment after it is."""
    end = time.monotonic() + seconds
    while word not in "".join(path.read_text() for path in child.base.parent.glob(f"{child.base.name}.[oe]*")):
        assert time.monotonic() < end, f"{word!r} was not said in {seconds} seconds"
        time.sleep(0.01)
