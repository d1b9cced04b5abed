"""Fixtures of the suite: a coalition of its own for each test, the command in this process, the scale of counts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from partners_crm.cli.app import run
from partners_crm.crm import Crm

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SHARED = Path(__file__).parents[2] / "shared" / "data"

settings.register_profile("soak", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.register_profile("suite", settings.get_profile("soak"), max_examples=30)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the full counts; without it about a tenth of them")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--soak"):
        settings.load_profile("soak")


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """The count of a repeated check: all of it under --soak, else a tenth."""
    soak = bool(request.config.getoption("--soak"))
    return lambda count: count if soak else max(1, count // 10)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return SHARED


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, so that no test meets a person's files."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in list(os.environ):
        if name.startswith(("PARTNERS_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TERM", "xterm-256color")
    return folder


@pytest.fixture(scope="session")
def blank_coalition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coalition as `partners init` leaves it; copied, never written to."""
    path = tmp_path_factory.mktemp("blank") / "coalition.db"
    with Crm.create(path, "Test Coalition", clock=lambda: NOW) as crm:
        crm.db.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def database(blank_coalition: Path, tmp_path: Path) -> Path:
    """The file of an empty coalition."""
    path = tmp_path / "coalition.db"
    shutil.copyfile(blank_coalition, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def crm(database: Path) -> Iterator[Crm]:
    """An open, empty coalition whose clock stands still."""
    with Crm.open(database, clock=lambda: NOW) as opened:
        yield opened


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def partners(capfd: pytest.CaptureFixture[str], database: Path) -> Callable[..., Result]:
    """The command, run in this process on the coalition of the test unless --db is given."""

    def call(*words: str | Path) -> Result:
        arguments = [str(word) for word in words]
        if "--db" not in arguments:
            arguments = ["--db", str(database), *arguments]
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return call
