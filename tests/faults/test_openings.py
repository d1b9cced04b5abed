"""Openings that meet each other, or what a killed program left: each a fault that the kills here found."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import NOW
from tests.faults.conftest import Looking, fresh
from tests.faults.nursery import DIE_BEFORE, DROP, Arming, Nursery

from partners_crm.crm import Crm
from partners_crm.store import copying, files
from partners_crm.store.open import SCHEMA_VERSION

WRITERS = "ABCDE"
LONG_AGO = 7200
"""Seconds after which a draft is taken for abandoned, with room to spare."""


def test_case_48_programs_that_take_the_log_away_at_once_do_not_lock_each_other_out(
    nursery: Nursery, look: Looking, blank_coalition: Path, tmp_path: Path, scale: Callable[[int], int]
) -> None:
    for number in range(scale(60)):
        # It comes from another place, in write-ahead mode: whoever opens it first has to change that.
        path = fresh(blank_coalition, tmp_path / f"{number}" / "Dropbox")
        children = [nursery.start("writers", path=path, name=name, count=3) for name in WRITERS]
        ended = [nursery.wait(child) for child in children]
        assert [each.code for each in ended] == [0] * len(WRITERS), [each.err for each in ended]
        found = look(path)
        assert found.mode == "delete"
        assert len(found.contents["organization"]) == 3 * len(WRITERS)


def test_case_52_programs_that_stay_open_after_a_migration_do_not_lock_each_other_out(
    nursery: Nursery, released: Path, tmp_path: Path, scale: Callable[[int], int]
) -> None:
    for number in range(scale(40)):
        path = fresh(released, tmp_path / f"{number}")
        begun = time.monotonic()
        children = [nursery.start("hold_open", path=path, seconds=60) for _ in range(3)]
        try:
            for child in children:
                child.said("held", 4)
            assert time.monotonic() - begun < 4
        finally:
            for child in children:
                nursery.wait(child, 0, kill=True)
        assert [each.why for each in copying.known_backups(copying.backups_of(path))] == [
            f"before-schema-{SCHEMA_VERSION}"
        ]


def test_case_55_a_file_that_is_moved_and_opened_again_by_the_same_program_changes_its_ways(
    blank_coalition: Path, tmp_path: Path
) -> None:
    home = fresh(blank_coalition, tmp_path / "home")
    away = tmp_path / "Nextcloud" / "coalition.db"
    away.parent.mkdir()
    for path, mode in ((home, "wal"), (away, "delete"), (home, "wal")):
        if not path.exists():
            shutil.move(away if path == home else home, path)
        with Crm.open(path) as crm:
            assert crm.db.driver.execute("PRAGMA journal_mode").fetchone() == (mode,)


@pytest.mark.usefixtures("failing")
def test_case_43_a_file_that_a_killed_write_left_short_of_its_header_is_rolled_back(
    nursery: Nursery, look: Looking, blank_coalition: Path, tmp_path: Path
) -> None:
    path = fresh(blank_coalition, tmp_path / "Dropbox")
    before = look(path)
    # Killed when everything is in the file, and the journal that undoes it is to be deleted.
    arm = Arming(path.parent, 1, DIE_BEFORE, DROP)
    assert nursery.run("edit_and_stay", path=path, name="House", seconds=0, arm=arm).code == -9
    journal = files.side(path, "-journal")
    assert journal.stat().st_size
    size = path.stat().st_size
    # The header's size is that of the write; the file is not, as when the kill comes between the two.
    os.truncate(path, size - 4096)
    assert files.read_header(path).application in files.OURS
    found = look(path)
    assert (found.contents, found.hashes) == (before.contents, before.hashes)
    assert not journal.exists()


def test_case_43_what_a_killed_backup_left_is_in_nobodys_way_and_goes(blank_coalition: Path, tmp_path: Path) -> None:
    path = fresh(blank_coalition, tmp_path / "here")
    folder = tmp_path / "copies"
    folder.mkdir()
    draft = folder / f"coalition-{NOW.astimezone(UTC).strftime(copying.STAMP)}-by-hand.db.part"
    left = [draft, files.side(draft, "-journal"), folder / draft.name.replace(".part", ".json")]
    foreign = folder / "film.part"
    for each in (*left, foreign):
        each.write_bytes(b"half")
    with Crm.open(path) as crm:
        # The same second, and so the same name: the draft may be another program's, which is at it.
        made = copying.back_up(crm.db, folder, "by-hand", clock=lambda: NOW)
        assert copying.verified(made.path) == made
        assert [each.read_bytes() for each in left] == [b"half"] * 3
        assert copying.known_backups(folder) == [made]
        long_ago = datetime.now(UTC).timestamp() - LONG_AGO
        for each in (*left, foreign):
            os.utime(each, (long_ago, long_ago))
        copying.back_up(crm.db, folder, "by-hand", clock=lambda: NOW + timedelta(days=1))
        assert not any(each.exists() for each in left)
        assert foreign.exists()


def test_case_70_backups_of_the_same_second_do_not_take_each_others_drafts(
    nursery: Nursery, blank_coalition: Path, tmp_path: Path
) -> None:
    path = fresh(blank_coalition, tmp_path / "here")
    children = [nursery.start("backups", path=path, folder=tmp_path / "copies", count=4) for _ in range(4)]
    promised = []
    for child in children:
        ended = nursery.wait(child)
        assert ended.code == 0, ended.err
        promised += [Path(line.removeprefix("backup ")) for line in ended.out.splitlines()]
    assert len(set(promised)) == 16
    assert {each.path for each in copying.known_backups(tmp_path / "copies")} == set(promised)
    for each in promised:
        copying.verified(each)
