"""The unit of work under failure: a block that fails half way, a unit used too late, two programs at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import Conflict
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store.journal import first_break


def half(crm: Crm) -> None:
    with crm.changes("half") as unit:
        try:
            with unit.together():
                unit.add(Organization, name="Lost")
                raise ZeroDivisionError
        except ZeroDivisionError:
            unit.add(Organization, name="After")


def test_a_unit_whose_bulk_failed_is_never_written(crm: Crm) -> None:
    before = len(crm.operations())
    with pytest.raises(Conflict):
        half(crm)
    assert crm.organizations() == []
    assert len(crm.operations()) == before


def test_what_is_added_together_can_be_read_and_edited_in_the_block(crm: Crm) -> None:
    with crm.changes("bulk") as unit, unit.together():
        first = unit.add(Organization, name="First")
        assert unit.current(Organization, first.id) is not None
        assert unit.holding(Organization, "parent", first.id) == 0
        child = unit.add(Organization, name="Child", parent=first.id)
        assert unit.holding(Organization, "parent", first.id) == 1
        unit.update(child, name="Renamed")
    assert [each.name for each in crm.organizations()] == ["First", "Renamed"]
    assert first_break(crm.db) is None


def test_more_changes_than_one_flush_holds_stay_one_chain(crm: Crm) -> None:
    with crm.changes("many") as unit, unit.together():
        for number in range(5_500):
            unit.add(Organization, name=f"House {number}")
    assert crm.operations()[0].changes == 5_500
    assert first_break(crm.db) is None
    assert crm.undo().reversed == 5_500
    assert crm.organizations() == []


def test_a_unit_cannot_be_used_after_its_block(crm: Crm) -> None:
    with crm.changes("one") as unit:
        unit.add(Organization, name="In time")
    with pytest.raises(RuntimeError, match="has ended"):
        unit.add(Organization, name="Too late")
    assert [each.name for each in crm.organizations()] == ["In time"]


def test_two_programs_that_write_at_once_lose_nothing(database: Path) -> None:
    code = """
import sys
from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
with Crm.open(sys.argv[1]) as crm:
    for number in range(40):
        with crm.changes("write") as unit:
            records.add(unit, Organization, name=f"{sys.argv[2]} {number}")
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(database), name], stderr=subprocess.PIPE) for name in "ABC"
    ]
    for writer in writers:
        _, words = writer.communicate(timeout=120)
        assert writer.returncode == 0, words
    with Crm.open(database, clock=lambda: NOW) as crm:
        assert len(crm.organizations()) == 120
        assert first_break(crm.db) is None
        assert [done.id for done in crm.operations()] == list(range(121, 0, -1))


def test_a_coalition_taken_away_is_not_made_anew(database: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm:
        crm.close()
        database.unlink()
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        with pytest.raises(Exception, match="was deleted or moved"), crm.session():
            records.touched_by_removal(crm.db, Organization(id=1))
    assert not database.exists()
