"""Closing a coalition while a thread of the same program still reads it, as a plugin that hangs does."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store import files
from partners_crm.store.open import session


def write(crm: Crm, name: str) -> None:
    with crm.changes(f"add {name}") as unit:
        records.add(unit, Organization, name=name)


def names(crm: Crm) -> list[str]:
    return [each.name for each in crm.records(Organization)]


def beside(path: Path) -> set[str]:
    """What lies beside a coalition: `-wal` and the like."""
    return {each.name.removeprefix(path.name) for each in path.parent.glob(f"{path.name}-*")}


@contextmanager
def reading(crm: Crm, *, at_last: str = "ROLLBACK") -> Iterator[None]:
    """A thread with a connection of its own that goes on reading what was there, and ends with a statement."""
    begun, ended = threading.Event(), threading.Event()

    def read() -> None:
        with session(crm.db):
            crm.db.driver.execute("BEGIN")
            crm.db.driver.execute("SELECT count(*) FROM organization").fetchall()
            begun.set()
            ended.wait()
            crm.db.driver.execute(at_last)

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("before", [True, False], ids=["written before", "written while it reads"])
def test_a_copy_of_the_file_alone_says_that_it_lacks_its_log(database: Path, tmp_path: Path, before: bool) -> None:
    crm = Crm.open(database, clock=lambda: NOW)
    if before:
        write(crm, "First")
    with reading(crm):
        write(crm, "Last")
        crm.close()
        assert beside(database) == {"-wal", "-shm", "-open", "-write"}
        copy = tmp_path / "copy.db"
        # In another program: this one must not close a second descriptor of an open database.
        subprocess.run(["cp", str(database), str(copy)], check=True)
        with Crm.open(copy) as alone:
            assert alone.db.lacks_log
            assert "Last" not in names(alone)
    assert beside(database) == set()
    assert files.read_header(database).application == files.APPLICATION_ID
    with Crm.open(database) as again:
        assert not again.db.warnings
        assert names(again)[-1] == "Last"


def test_the_coalition_is_opened_again_while_a_thread_of_before_reads(database: Path) -> None:
    crm = Crm.open(database, clock=lambda: NOW)
    with reading(crm):
        write(crm, "First")
        crm.close()
        with Crm.open(database, clock=lambda: NOW) as again:
            assert names(again) == ["First"]
            assert not again.db.lacks_log
            write(again, "Second")
        assert files.side(database, "-wal").exists()
    with Crm.open(database) as last:
        assert names(last) == ["First", "Second"]
        assert not last.db.lacks_log
    assert beside(database) == set()


def test_the_last_of_several_threads_settles_it(database: Path) -> None:
    crm = Crm.open(database, clock=lambda: NOW)
    with reading(crm):
        with reading(crm):
            write(crm, "First")
            crm.close()
        assert "-wal" in beside(database)
    assert beside(database) == set()
    assert files.read_header(database).application == files.APPLICATION_ID


@pytest.mark.parametrize("at_last", ["PRAGMA query_only = ON", "SELECT 1"], ids=["taken back", "not ended"])
def test_a_thread_that_ends_badly_settles_it_too(database: Path, at_last: str) -> None:
    crm = Crm.open(database, clock=lambda: NOW)
    with reading(crm, at_last=at_last):
        write(crm, "First")
        crm.close()
    assert beside(database) == set()
    assert files.read_header(database).application == files.APPLICATION_ID


def test_who_wrote_nothing_leaves_the_file_as_it_is(database: Path) -> None:
    before = database.read_bytes()
    crm = Crm.open(database, clock=lambda: NOW)
    with reading(crm):
        names(crm)
        crm.close()
        assert not crm.db.unsettled
    assert database.read_bytes() == before


def test_a_program_that_knows_no_locks_of_ours_keeps_the_mark_and_nothing_else(database: Path) -> None:
    """Another program's connection reads; ours lets go, and the next one that closes settles it."""
    crm = Crm.open(database, clock=lambda: NOW)
    write(crm, "First")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM organization").fetchall()
    write(crm, "Last")
    crm.close()
    assert crm.db.held.descriptor is None
    assert "-wal" in beside(database)
    other.execute("ROLLBACK")
    with Crm.open(database) as again:
        assert again.db.marked
        assert names(again) == ["First", "Last"]
    other.close()
    with Crm.open(database) as last:
        assert not last.db.lacks_log
