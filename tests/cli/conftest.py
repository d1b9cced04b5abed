"""What the tests of the command share: a filled coalition, its contents as text, and what a refusal looks like."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Result

from partners_crm.cli.app import run

Partners = Callable[..., Result]
Contents = Callable[[], list[str]]

MEMBERS = (
    "Organization,EIN,Address,City,State,ZIP,Lat,Lon,Phone,Email,Contact,Title,Silo,Tags\n"
    "Near West Homes,36-1234567,1840 W Invented Ave,Chicago,IL,60612,41.8839,-87.6270,312-555-0142,"
    "dana@example.org,Dana Reyes,Director,housing,lobby day\n"
    "River Table,,12 Water St,Peoria,IL,61602,40.6936,-89.5890,,,,,aging,\n"
    "Quiet House,,PO Box 12,Alton,IL,62002,,,,,,,,\n"
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A file of the test, in UTF-8."""

    def call(text: str, name: str = "members.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return call


@pytest.fixture
def members(partners: Partners, write: Callable[..., Path]) -> Partners:
    """The command on a coalition of three organizations."""
    assert partners("import", write(MEMBERS)).code == 0
    return partners


@pytest.fixture
def bare(capfd: pytest.CaptureFixture[str]) -> Partners:
    """The command with the words as they are, so that it finds its database by itself."""

    def call(*words: str | Path) -> Result:
        capfd.readouterr()
        code = run([str(word) for word in words])
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def contents(database: Path) -> Contents:
    """Every row of every table of the coalition."""

    def call() -> list[str]:
        connection = sqlite3.connect(database)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    return call


def assert_refused(result: Result, code: int, *words: str) -> None:
    """One line that says what, at most one that helps, both on stderr, and no traceback."""
    lines = result.err.splitlines()
    assert result.code == code, result.err
    assert result.out == ""
    assert 1 <= len(lines) <= 2, result.err
    assert lines[0].startswith("partners")
    assert not lines[1:] or lines[1].startswith(("  ", "see: "))
    assert "Traceback" not in result.err
    assert "internal error" not in result.err
    for word in words:
        assert word in result.err
