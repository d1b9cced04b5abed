"""Which plugin is under test; the rest comes with partners_crm.testing."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def plugin() -> str:
    """The name of its entry point."""
    return "example"
