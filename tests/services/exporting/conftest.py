"""Coalitions to export."""

from __future__ import annotations

import pytest
from tests.services.exporting.everything import fill_everything

from partners_crm.crm import Crm


@pytest.fixture
def full(crm: Crm) -> Crm:
    """An open coalition with a record of every entity."""
    fill_everything(crm)
    return crm
