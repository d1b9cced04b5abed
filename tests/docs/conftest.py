"""A demo coalition, and what runs on it as from cron."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from partners_crm.crm import Crm
from tests.conftest import Result
from tests.docs.unattended import Run, ended, line_of


@pytest.fixture(scope="session")
def built_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo coalition; copied, never written to."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    with Crm.demo(path) as crm:
        crm.db.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def coalition(built_demo: Path, tmp_path: Path) -> Path:
    """A demo coalition of this test."""
    path = tmp_path / "coalition.db"
    shutil.copyfile(built_demo, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def run(coalition: Path, tmp_path: Path) -> Run:
    """A program or a command, run as cron runs it, in the folder of the test; its coalition is that of the test."""
    empty = tmp_path / "empty"
    empty.mkdir()

    def call(program: str, *words: str | Path, **variables: str) -> Result:
        line = [*line_of(program), *map(str, words)]
        return ended(line, tmp_path, **{"HOME": str(empty), "PARTNERS_DB": str(coalition), **variables})

    return call
