"""File modes, the umask and links: what may not be read or written is named, and nobody else reads what is ours."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import assert_refused
from tests.faults.conftest import fresh
from tests.processes import beside, command

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.store.copying import backups_of, known_backups, manifest_of, verified
from partners_crm.store.files import SIDES, side

READ = ("list", "organizations")
WRITE = ("add", "organization", "name=A")
KEEP_OPEN = """
import sys
from partners_crm.crm import Crm
from partners_crm.model import Organization
with Crm.open(sys.argv[1]) as crm, crm.changes("write") as unit:
    unit.add(Organization, name="Meanwhile")
    print("open")
    sys.stdin.readline()
"""


@pytest.fixture
def path(blank_coalition: Path, tmp_path: Path) -> Iterator[Path]:
    """A coalition in a folder of its own, whose modes are given back at the end."""
    found = fresh(blank_coalition, tmp_path / "place")
    yield found
    found.parent.chmod(0o700)


def names(path: Path) -> list[str]:
    with Crm.open(path) as crm:
        return [each.name for each in crm.organizations()]


def others_may(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode) & 0o077


# -------------------------------------------------------------------- 47


def test_case_47_a_read_only_file_is_read_and_not_written(path: Path) -> None:
    assert command(path, *WRITE).code == 0
    before = path.read_bytes()
    path.chmod(0o400)
    found = command(path, *READ, powers=False)
    assert found.code == 0, found.err
    assert "1 organization" in found.out
    assert_refused(command(path, *WRITE, powers=False), 6, f"{path} is read-only", "nothing was saved")
    assert_refused(command(path, "undo", powers=False), 6, f"{path} is read-only")
    assert path.read_bytes() == before


def test_case_47_a_read_only_file_can_be_backed_up(path: Path) -> None:
    path.chmod(0o400)
    found = command(path, "backup", powers=False)
    assert found.code == 0, found.err
    (made,) = known_backups(backups_of(path))
    assert verified(made.path) == made


def test_case_47_a_file_that_was_read_only_can_be_written_again(path: Path) -> None:
    path.chmod(0o400)
    assert command(path, *READ, powers=False).code == 0
    path.chmod(0o600)
    found = command(path, *WRITE, powers=False)
    assert found.code == 0, found.err
    assert names(path) == ["A"]
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_case_47_a_folder_that_takes_no_log_is_named(path: Path, mode: int) -> None:
    before = path.read_bytes()
    path.chmod(mode)
    path.parent.chmod(0o500)
    for words in (READ, WRITE, ("backup",)):
        assert_refused(command(path, *words, powers=False), 6, str(path), f"its folder {path.parent}")
    path.parent.chmod(0o700)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("shut", ["file", "folder"])
def test_case_47_without_permission_the_path_is_named(path: Path, shut: str) -> None:
    before = path.read_bytes()
    (path if shut == "file" else path.parent).chmod(0)
    for words in (READ, WRITE, ("backup",)):
        assert_refused(command(path, *words, powers=False), 6, f"{path} cannot be opened", "modes")
    path.parent.chmod(0o700)
    path.chmod(0o600)
    assert path.read_bytes() == before


def test_case_47_a_folder_of_backups_that_takes_none_is_named_and_work_goes_on(path: Path) -> None:
    assert command(path, *WRITE).code == 0
    backups_of(path).mkdir(mode=0o500)
    assert_refused(command(path, "backup", powers=False), 6, f"{backups_of(path)} does not allow a new file")
    found = command(path, "add", "organization", "name=B", powers=False)
    assert found.code == 0
    assert f"warning: no backup was made today: {backups_of(path)} does not allow" in found.err
    assert names(path) == ["A", "B"]
    assert list(backups_of(path).iterdir()) == []


def test_case_47_a_missing_folder_and_a_folder_are_no_coalitions(path: Path) -> None:
    assert_refused(command(path.parent / "none" / "x.db", *READ, powers=False), 4, "there is no coalition at")
    assert_refused(command(path.parent, *READ, powers=False), 4, "is a directory")


# -------------------------------------------------------------------- 68, 69


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_case_68_69_nobody_else_may_read_what_is_ours_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    folder.chmod(0o777)
    path = folder / "coalition.db"
    before = os.umask(umask)
    try:
        for words in (("init",), WRITE, ("backup",)):
            found = command(path, *words, umask=umask)
            assert found.code == 0, found.err
        with beside(KEEP_OPEN, path):
            open_now = {each.name.removeprefix(path.name): others_may(each) for each in folder.iterdir()}
    finally:
        os.umask(before)
    assert open_now == dict.fromkeys(("", "-wal", "-shm", "-open", "-write", "-backups"), 0)
    (made,) = known_backups(backups_of(path))
    assert {others_may(each) for each in (made.path, manifest_of(made.path))} == {0}


def test_case_68_what_stands_beside_a_file_has_no_wider_mode_than_the_file(path: Path) -> None:
    path.chmod(0o640)
    before = os.umask(0)
    try:
        with beside(KEEP_OPEN, path):
            modes = {each.name: others_may(each) for each in path.parent.iterdir() if each.is_file()}
    finally:
        os.umask(before)
    assert len(modes) == 5
    assert set(modes.values()) == {0o040}


def test_case_68_a_link_to_a_coalition_is_the_coalition(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    assert command(link, *WRITE).code == 0
    assert command(link, "backup").code == 0
    assert link.is_symlink()
    assert [each.name for each in link.parent.iterdir()] == ["link.db"]
    assert names(path) == ["A"]
    assert len(known_backups(backups_of(path))) == 1


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
@pytest.mark.parametrize("suffix", ["-open", "-write", *SIDES, "-backups"])
def test_case_68_a_planted_link_is_never_followed(path: Path, tmp_path: Path, suffix: str, there: bool) -> None:
    victim = tmp_path / "victim"
    if there:
        victim.write_text("precious")
        victim.chmod(0o644)
    side(path, suffix).symlink_to(victim)
    for words in (WRITE, ("backup",)):
        found = command(path, *words)
        assert found.code in {0, 2, 4}, found.err
        if found.code and suffix in SIDES:
            assert_refused(found, 4, f"{side(path, suffix)} is a symbolic link", "delete it")
        elif found.code:
            assert_refused(found, found.code, str(side(path, suffix)))
    assert victim.exists() is there
    if there:
        assert victim.read_text() == "precious"
        assert stat.S_IMODE(victim.stat().st_mode) == 0o644
    # Once it is out of the way, the work is done.
    side(path, suffix).unlink(missing_ok=True)
    assert command(path, "add", "organization", "name=After").code == 0
    assert "After" in names(path)


def test_case_68_no_new_coalition_is_made_through_a_link(tmp_path: Path) -> None:
    link, victim = tmp_path / "new.db", tmp_path / "victim"
    link.symlink_to(victim)
    assert_refused(command(link, "init"), 4, f"{link} exists already")
    assert not victim.exists()


def test_case_68_a_backup_does_not_take_the_name_of_a_planted_link(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    with Crm.open(path) as crm:
        made = crm.back_up()
        folder = backups_of(path)
        for name in (made.path.name, f"{made.path.name}.part", f"{made.path.name}.json"):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(victim)
        with crm.changes("add") as unit:
            records.add(unit, Organization, name="A")
        again = crm.back_up()
    assert not victim.exists()
    assert not again.path.is_symlink()
    assert verified(again.path) == again
