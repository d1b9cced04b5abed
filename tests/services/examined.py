"""Coalitions to examine, and what one check of the doctor finds in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.model import Organization, Site
from partners_crm.services import doctor, records
from partners_crm.services.doctor import Finding

CHICAGO = {"latitude": 41.8839, "longitude": -87.627}


def opened(path: Path, when: datetime = NOW) -> Crm:
    return Crm.open(path, clock=lambda: when)


def look(crm: Crm, check: str, **options: object) -> list[Finding]:
    """What one check finds."""
    (found,) = doctor.examine(crm.db, [check], clock=crm.clock, **options)  # type: ignore[arg-type]  # as examine's
    assert found.check == check
    assert all(each.check == check and each.message and each.remedy for each in found.findings)
    return list(found.findings)


def one(crm: Crm, check: str, **options: object) -> Finding:
    """The one finding of a check."""
    (found,) = look(crm, check, **options)
    return found


def raw(path: Path, *statements: str) -> None:
    """Change a coalition as another program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)


def organization(crm: Crm, name: str, **values: object) -> Organization:
    with crm.changes(f"add {name}") as unit:
        return records.add(unit, Organization, name=name, **values)


def site(crm: Crm, body: Organization, **values: object) -> Site:
    with crm.changes("add a site") as unit:
        return records.add(unit, Site, organization=body.id, **values)
