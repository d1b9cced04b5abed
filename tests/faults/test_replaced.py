"""A file that is taken away or replaced while it is open, and copies that were made without the log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.faults.conftest import fresh
from tests.faults.nursery import Nursery
from tests.processes import beside, command, heard

from partners_crm.crm import Crm
from partners_crm.errors import StoreReplaced
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store import journal
from partners_crm.store.copying import backups_of, known_backups
from partners_crm.store.files import side

LACKS = "is a copy that was made while it was in use, without its log"
EDIT_AND_STAY = """
import sys
from partners_crm.crm import Crm
from partners_crm.model import Organization
with Crm.open(sys.argv[1]) as crm:
    with crm.changes("write") as unit:
        unit.add(Organization, name="First")
    print("saved")
    sys.stdin.readline()
"""

HOLD = """
import sys
from partners_crm.crm import Crm
from partners_crm.model import Organization
with Crm.open(sys.argv[1]) as crm, crm.changes("hold") as unit:
    unit.add(Organization, name="Held")
    print("held")
    sys.stdin.readline()
"""


@pytest.fixture
def path(blank_coalition: Path, tmp_path: Path) -> Path:
    return fresh(blank_coalition, tmp_path / "place")


def add(crm: Crm, name: str) -> None:
    with crm.changes(f"add {name}", by="ada") as unit:
        records.add(unit, Organization, name=name)


def names(path: Path) -> list[str]:
    with Crm.open(path) as crm:
        assert journal.first_break(crm.db) is None
        return sorted(each.name for each in crm.organizations())


def copied(path: Path, folder: Path, *suffixes: str) -> Path:
    """A plain copy, as a person makes one."""
    folder.mkdir()
    for suffix in ("", *suffixes):
        shutil.copyfile(side(path, suffix), side(folder / path.name, suffix))
    (folder / path.name).chmod(0o600)
    return folder / path.name


# -------------------------------------------------------------------- 54


def test_case_54_a_file_that_was_moved_away_takes_no_edit_until_it_is_back(path: Path) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
        path.rename(aside := path.with_name("aside.db"))
        before = aside.read_bytes()
        with pytest.raises(StoreReplaced, match=f"{path} was deleted or moved while it was open; the edit was not"):
            add(crm, "Second")
        assert aside.read_bytes() == before
        assert not path.exists(), "nothing is made in its place"
        aside.rename(path)
        add(crm, "Second")
    assert names(path) == ["First", "Second"]


def test_case_54_a_file_that_was_replaced_takes_no_edit_until_it_is_back(path: Path, blank_coalition: Path) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
        path.rename(aside := path.with_name("aside.db"))
        fresh(blank_coalition, path.parent)
        other, own = path.read_bytes(), aside.read_bytes()
        with pytest.raises(StoreReplaced, match=f"{path} was replaced while it was open; the edit was not saved"):
            add(crm, "Second")
        assert path.read_bytes() == other, "nothing is written to the file that is there now"
        assert aside.read_bytes() == own
        aside.replace(path)
        add(crm, "Second")
    assert names(path) == ["First", "Second"]


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_case_54_a_new_connection_of_a_handle_notices_it_too(path: Path, blank_coalition: Path, replaced: bool) -> None:
    with Crm.open(path) as crm:
        crm.db.close()
        path.rename(path.with_name("aside.db"))
        if replaced:
            fresh(blank_coalition, path.parent)
        before = sorted(each.name for each in path.parent.iterdir())
        with pytest.raises(StoreReplaced, match=str(path)), crm.session():
            pass
        assert sorted(each.name for each in path.parent.iterdir()) == before, "no empty file is made"


def test_case_54_a_file_that_goes_away_while_a_command_waits_takes_no_edit(nursery: Nursery, path: Path) -> None:
    aside = path.with_name("aside.db")
    with beside(HOLD, path) as holder:
        waiting = nursery.start("command", words=["--db", path, "add", "organization", "name=Lost"])
        try:
            heard(waiting, "waiting for", 5)
            path.rename(aside)
            holder.kill()
            holder.wait(30)
        finally:
            ended = nursery.wait(waiting, 10, kill=True)
    assert ended.code == 4, (ended.code, ended.out, ended.err)
    assert ended.out == ""
    assert f"{path} was deleted or moved while it was open; the edit was not saved" in ended.err
    assert not path.exists()
    assert names(aside) == []


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_case_54_a_file_that_goes_away_during_a_unit_of_work_takes_nothing_of_it(
    path: Path, blank_coalition: Path, replaced: bool
) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
        aside = path.with_name("aside.db")

        def long_work() -> None:
            with crm.changes("long", by="ada") as unit:
                unit.add(Organization, name="Second")
                path.rename(aside)
                if replaced:
                    fresh(blank_coalition, path.parent)

        with pytest.raises(StoreReplaced, match="the edit was not saved"):
            long_work()
        assert not crm.db.driver.in_transaction
        aside.replace(path)
        add(crm, "Third")
    assert names(path) == ["First", "Third"]


# -------------------------------------------------------------------- 70


def test_case_70_a_copy_without_its_log_is_recognised(path: Path, tmp_path: Path) -> None:
    with Crm.open(path) as crm:
        assert not crm.db.lacks_log
        add(crm, "First")
        add(crm, "Second")
        copy = copied(path, tmp_path / "copy")
    with Crm.open(copy) as crm:
        assert crm.db.lacks_log
        assert [LACKS in warning for warning in crm.warnings] == [True]
        assert str(copy) in crm.warnings[0]
        assert journal.first_break(crm.db) is None
    found = command(copy, "list", "organizations")
    assert found.code == 0
    assert LACKS in found.err


def test_case_70_a_copy_with_its_log_is_complete_and_no_copy_without(path: Path, tmp_path: Path) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
        add(crm, "Second")
        copy = copied(path, tmp_path / "copy", "-wal")
    with Crm.open(copy) as crm:
        assert not crm.db.lacks_log
        assert crm.warnings == ()
    assert names(copy) == ["First", "Second"]


def test_case_70_a_copy_after_the_file_was_closed_is_complete(path: Path, tmp_path: Path) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
    copy = copied(path, tmp_path / "copy")
    with Crm.open(copy) as crm:
        assert not crm.db.lacks_log
        assert crm.warnings == ()
    assert names(copy) == ["First"]


def test_case_70_a_copy_of_a_file_that_was_only_read_is_complete(path: Path, tmp_path: Path) -> None:
    with Crm.open(path) as crm:
        assert crm.organizations() == []
        copy = copied(path, tmp_path / "copy")
    with Crm.open(copy) as crm:
        assert not crm.db.lacks_log


def test_case_70_after_a_kill_the_file_alone_is_recognised_and_with_its_log_complete(
    path: Path, tmp_path: Path
) -> None:
    with beside(EDIT_AND_STAY, path) as program:
        program.kill()
        program.wait(30)
    assert side(path, "-wal").stat().st_size
    alone = copied(path, tmp_path / "alone")
    both = copied(path, tmp_path / "both", "-wal")
    with Crm.open(alone) as crm:
        assert crm.db.lacks_log
    with Crm.open(both) as crm:
        assert not crm.db.lacks_log
    assert names(both) == ["First"]
    with Crm.open(path) as crm:
        assert not crm.db.lacks_log
        assert crm.warnings == ()
    assert names(path) == ["First"]
    assert not side(path, "-wal").exists()


def test_case_70_the_warning_ends_with_the_first_clean_close(path: Path, tmp_path: Path) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
        copy = copied(path, tmp_path / "copy")
    with Crm.open(copy) as crm:
        assert crm.db.lacks_log
        add(crm, "After")
    with Crm.open(copy) as crm:
        assert not crm.db.lacks_log


def test_case_70_reading_a_copy_does_not_end_the_warning(path: Path, tmp_path: Path) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
        copy = copied(path, tmp_path / "copy")
    for _ in range(3):
        assert LACKS in command(copy, "list", "organizations").err


def test_case_70_a_backup_of_an_open_file_lacks_nothing(path: Path) -> None:
    with Crm.open(path) as crm:
        add(crm, "First")
        crm.back_up()
    (made,) = known_backups(backups_of(path))
    with Crm.open(made.path) as crm:
        assert not crm.db.lacks_log
        assert [each.name for each in crm.organizations()] == ["First"]
