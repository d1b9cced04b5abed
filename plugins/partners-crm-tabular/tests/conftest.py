"""What the tests of the plugin need beside what comes with partners_crm.testing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).parents[4] / "shared" / "data"

settings.register_profile(
    "tabular", deadline=None, derandomize=True, max_examples=30, suppress_health_check=list(HealthCheck)
)
if settings.get_current_profile_name() == "default":
    settings.load_profile("tabular")


@pytest.fixture(scope="session")
def plugin() -> str:
    """The name of its entry point."""
    return "tabular"


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """The count of a repeated check: all of it under --soak, else a tenth."""
    soak = bool(request.config.getoption("--soak", default=False))
    return lambda count: count if soak else max(1, count // 10)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return SHARED
