"""Coalitions for the tests of the services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.services.examined import CHICAGO, opened, organization, site

from partners_crm.crm import Crm


@pytest.fixture
def worked(database: Path) -> Path:
    """A closed coalition of one organization with a placed site; newest operation 4."""
    with opened(database) as crm:
        body = organization(crm, "Near West Homes", note="A quiet word")
        site(crm, body, kind="hq", **CHICAGO)
        organization(crm, "River Table")
    return database


@pytest.fixture
def sound(worked: Path) -> Iterator[Crm]:
    """An open coalition that nothing is wrong with."""
    with opened(worked) as crm:
        crm.back_up()
        yield crm
