"""The command as a process of its own: streams that close, terminals that cannot show everything, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Partners

PROGRAM = [sys.executable, "-m", "partners_crm"]


def call(
    *words: str | Path, variables: dict[str, str] | None = None, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        capture_output=True,
        env={**os.environ, **(variables or {})},
        stdin=stdin,
        timeout=60,
        check=False,
    )


def test_the_version_and_the_module_answer_alike() -> None:
    from partners_crm import __version__

    result = call("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"partners {__version__}\n".encode(), b"")
    script = Path(sys.executable).with_name("partners")
    if script.exists():
        installed = subprocess.run([script, "--version"], capture_output=True, timeout=60, check=False)
        assert installed.stdout == result.stdout


def test_the_exit_code_is_that_of_the_process(database: Path, tmp_path: Path) -> None:
    assert call("--db", database, "list", "organizations").returncode == 0
    assert call("--db", database, "coverage", "check").returncode == 1
    assert call("frob").returncode == 2
    assert call("--db", database, "import", tmp_path / "none.csv").returncode == 3
    missing = call("--db", tmp_path / "none.db", "list", "organizations")
    assert (missing.returncode, missing.stdout) == (4, b"")
    assert missing.stderr.count(b"\n") == 2


@pytest.mark.parametrize("words", [["list", "organizations"], ["coverage", "check", "--format", "json"], ["--help"]])
def test_a_reader_that_goes_away_is_no_fault(members: Partners, database: Path, words: list[str]) -> None:
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            [*PROGRAM, "--db", str(database), *words] if words[0] != "--help" else [*PROGRAM, *words],
            stdout=writing,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
    finally:
        os.close(reading)
        os.close(writing)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"")


def test_head_takes_its_line_and_nobody_complains(
    partners: Partners, database: Path, write: Callable[..., Path]
) -> None:
    names = "".join(f"Organization of the long name with the number {number}\n" for number in range(3000))
    assert partners("import", write(f"Organization\n{names}")).code == 0
    process = subprocess.Popen(
        [*PROGRAM, "--db", str(database), "list", "organizations"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.readline().startswith(b"  id  Name")
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (130, b"")


@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_case_12_a_terminal_of_plain_letters_shows_escapes_and_does_not_fail(
    partners: Partners, database: Path, variables: dict[str, str]
) -> None:
    assert partners("add", "organization", "name=Corazón 北京").code == 0
    for words in (
        ["list", "organizations", "--format", "csv"],
        ["show", "organization", "1"],
        ["history", "--format", "json"],
        ["show", "organization", "é"],
    ):
        result = call("--db", database, *words, variables=variables)
        assert result.returncode == (2 if words[-1] == "é" else 0), result.stderr
        assert (result.stdout + result.stderr).isascii()
        assert b"Traceback" not in result.stderr
    assert rb"Coraz\xf3n \u5317\u4eac" in call("--db", database, "list", "organizations", variables=variables).stdout


def test_a_csv_on_a_terminal_does_not_act_on_it(partners: Partners, database: Path) -> None:
    pty = pytest.importorskip("pty")
    assert partners("add", "organization", "name=Red\x1b[31m\x1b]0;owned\x07").code == 0
    for words in (
        ["list", "organizations", "--format", "csv"],
        ["list", "organizations"],
        ["history", "--format", "csv"],
    ):
        master, slave = pty.openpty()
        try:
            result = subprocess.run(
                [*PROGRAM, "--db", str(database), *words],
                stdout=slave,
                stderr=slave,
                stdin=subprocess.DEVNULL,
                timeout=60,
                check=False,
            )
            shown = os.read(master, 100_000)
        finally:
            os.close(slave)
            os.close(master)
        assert result.returncode == 0
        assert "␛[31m" in shown.decode()
        assert b"\x1b" not in shown
        assert b"\x07" not in shown


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"yes\n", 0), (b"\n", 2), (b"n\n", 2), (b"\x04", 2)])
def test_a_deletion_asks_at_a_terminal(partners: Partners, database: Path, answer: bytes, code: int) -> None:
    pty = pytest.importorskip("pty")
    assert partners("add", "organization", "name=Near West Homes").code == 0
    master, slave = pty.openpty()
    try:
        os.write(master, answer)
        result = call("--db", database, "delete", "organization", "1", stdin=slave)
    finally:
        os.close(slave)
        os.close(master)
    assert result.returncode == code
    assert b"Delete? [y/N]" in result.stderr
    assert (partners("show", "organization", "1").code == 0) is (code == 2)


def test_the_screen_refuses_a_terminal_that_is_dumb(database: Path) -> None:
    result = call("--db", database, "ui", variables={"TERM": "dumb"})
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.count(b"\n") <= 2
    assert b"needs a terminal" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_without_room_for_the_output_is_named(members: Partners, database: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*PROGRAM, "--db", str(database), "list", "organizations"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert result.returncode == 4
    assert b"internal error" not in result.stderr


def test_a_closed_output_is_no_fault(members: Partners, database: Path) -> None:
    words = " ".join([*PROGRAM, "--db", str(database), "list", "organizations"])
    result = subprocess.run(["sh", "-c", f"{words} >&-"], capture_output=True, timeout=60, check=False)
    assert b"internal error" not in result.stderr
    assert result.returncode in {0, 130}
