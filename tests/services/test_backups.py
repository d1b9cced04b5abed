"""Backups: one a day without thinking of it, thinned out with age, verified, and the way back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import (
    ConfigError,
    PartnersError,
    PermissionRefused,
    SchemaTooNew,
    StoreDamaged,
    StoreLocked,
    StoreUnavailable,
)
from partners_crm.model import Organization
from partners_crm.services import backups, records
from partners_crm.store import copying, journal, locks
from partners_crm.store.copying import Backup, backups_of, check_copy, known_backups, manifest_of, verified
from partners_crm.store.journal import first_break

HERE = ZoneInfo("America/Chicago")


def on(path: Path, when: datetime) -> Crm:
    return Crm.open(path, clock=lambda: when)


def add(crm: Crm, name: str) -> None:
    with crm.changes(f"add {name}") as unit:
        records.add(unit, Organization, name=name)


def names(path: Path) -> list[str]:
    with Crm.open(path) as crm:
        return sorted(each.name for each in crm.organizations())


def work(path: Path, when: datetime, *added: str) -> Backup | None:
    """What a writing command does: the backup of the day where it is due, then the writes."""
    with on(path, when) as crm:
        made = crm.back_up_daily()
        for name in added:
            add(crm, name)
    return made


# -------------------------------------------------------------------- day by day


def test_three_days_of_use_leave_the_right_backups(database: Path) -> None:
    monday = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert work(database, monday, "First") is None, "a coalition that holds nothing needs no backup"
    assert work(database, monday + timedelta(hours=1), "Second") is not None
    assert work(database, monday + timedelta(hours=8), "Third") is None, "one a day"
    tuesday = work(database, monday + timedelta(days=1), "Fourth")
    assert tuesday is not None
    wednesday = work(database, monday + timedelta(days=2))
    assert wednesday is not None
    assert work(database, monday + timedelta(days=3)) is None, "nothing was changed since"
    found = known_backups(backups_of(database))
    assert [(each.why, each.at[:10]) for each in found] == [
        ("daily", "2026-11-25"),
        ("daily", "2026-11-24"),
        ("daily", "2026-11-23"),
    ]
    shutil.copyfile(tuesday.path, database.with_name("tuesday.db"))
    assert names(database.with_name("tuesday.db")) == ["First", "Second", "Third"], "the whole of Monday"
    shutil.copyfile(wednesday.path, database.with_name("wednesday.db"))
    assert names(database.with_name("wednesday.db")) == ["First", "Fourth", "Second", "Third"]


def test_a_day_is_one_of_the_coalitions_time_zone(database: Path) -> None:
    evening = datetime(2026, 11, 24, 23, 0, tzinfo=HERE)
    work(database, evening - timedelta(hours=2), "First")
    assert work(database, evening, "Second") is not None
    assert work(database, evening + timedelta(minutes=30), "Third") is None
    assert work(database, evening + timedelta(hours=2), "Fourth") is not None


def test_a_clock_set_back_makes_one_backup_that_day_and_loses_none(database: Path) -> None:
    work(database, NOW, "First")
    assert work(database, NOW, "Second") is not None
    assert work(database, NOW - timedelta(days=400), "Third") is not None, "a day without a backup yet"
    assert work(database, NOW - timedelta(days=400), "Fourth") is None
    assert work(database, NOW + timedelta(days=1), "Fifth") is not None
    assert len(known_backups(backups_of(database))) == 3


def test_a_daily_backup_after_a_restore_to_an_earlier_state_is_made(database: Path) -> None:
    work(database, NOW, "First")
    first = work(database, NOW, "Second")
    assert first is not None
    backups.restore(database, first.path, clock=lambda: NOW)
    assert work(database, NOW + timedelta(days=1), "Other") is None, "it holds what the newest backup holds"
    assert work(database, NOW + timedelta(days=2)) is not None


def made(at: datetime, why: str = "daily") -> Backup:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Backup(Path(f"{stamp}-{why}.db"), why, stamp, 1, "", 2, 1, "", {})


def test_two_years_of_days_keep_seven_days_four_weeks_and_twelve_months() -> None:
    start = datetime(2025, 1, 1, 15, 0, tzinfo=UTC)
    kept: list[Backup] = []
    for number in range(730):
        kept = backups.to_keep([made(start + timedelta(days=number)), *kept], UTC)
    days = [each.at[:10] for each in kept]
    assert days[:7] == [f"2026-12-{day}" for day in range(31, 24, -1)]
    assert len(kept) <= 7 + 4 + 12
    assert {day[:7] for day in days} == {f"2026-{month:02}" for month in range(1, 13)}
    weeks = {datetime.fromisoformat(day).isocalendar()[:2] for day in days}
    assert {(2026, week) for week in (50, 51, 52, 53)} <= weeks


@given(st.lists(st.integers(0, 20_000), unique=True), st.integers(0, 400))
def test_what_is_kept_once_stays_kept_until_newer_ones_come(hours: list[int], later: int) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    found = [made(start + timedelta(hours=hour)) for hour in sorted(hours, reverse=True)]
    kept = backups.to_keep(found, HERE)
    assert backups.to_keep(kept, HERE) == kept, "tidying twice deletes no more"
    assert kept[:1] == found[:1], "the newest is always kept"
    days = {backups.day_of(each, HERE) for each in found}
    for day in sorted(days, reverse=True)[:7]:
        assert any(backups.day_of(each, HERE) == day for each in kept)


def test_what_a_person_asked_for_is_never_deleted_and_others_in_turn() -> None:
    days = [NOW - timedelta(days=number) for number in range(40)]
    by_hand = [made(day, "by-hand") for day in days]
    restores = [made(day, "before-restore") for day in days]
    kept = backups.to_keep([*by_hand, *restores], UTC)
    assert kept == [*by_hand, *restores[: backups.OTHERS_KEPT]]


def test_old_backups_are_deleted_with_their_descriptions(database: Path) -> None:
    work(database, NOW, "First")
    for number in range(1, 20):
        work(database, NOW + timedelta(days=number), f"Day {number}")
    folder = backups_of(database)
    kept = known_backups(folder)
    assert len(kept) == len(backups.to_keep(kept, HERE)) < 19
    assert {path.name for path in folder.iterdir()} == {
        name for each in kept for name in (each.path.name, manifest_of(each.path).name)
    }


# -------------------------------------------------------------------- one backup


def test_case_70_a_backup_is_one_whole_file_that_says_what_is_in_it(crm: Crm) -> None:
    add(crm, "First")
    found = crm.back_up()
    assert found.path.parent == backups_of(crm.path)
    assert sorted(path.name for path in found.path.parent.iterdir()) == [found.path.name, f"{found.path.name}.json"]
    said = json.loads(manifest_of(found.path).read_text())
    assert (said["sha256"], said["operation"], said["rows"]["organization"]) == (found.sha256, 2, 1)
    assert verified(found.path) == found
    connection = sqlite3.connect(found.path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("SELECT name FROM organization").fetchall() == [("First",)]
    connection.close()
    assert found.hash == journal.end(crm.db).hash


def test_case_69_backups_are_readable_by_their_owner_alone(crm: Crm) -> None:
    before = os.umask(0)
    try:
        found = crm.back_up()
    finally:
        os.umask(before)
    assert found.path.stat().st_mode & 0o777 == 0o400
    assert manifest_of(found.path).stat().st_mode & 0o777 == 0o600
    assert found.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_backup_opened_by_mistake_is_not_changed(crm: Crm) -> None:
    found = crm.back_up()
    before = found.path.read_bytes()
    with Crm.open(found.path) as copy:
        assert copy.name == "Test Coalition"
        with pytest.raises(PermissionRefused, match="read-only"), copy.changes("by mistake") as unit:
            records.add(unit, Organization, name="Lost")
    assert found.path.read_bytes() == before
    assert verified(found.path) == found


@pytest.fixture
def busy(database: Path) -> Iterator[threading.Event]:
    """A second program that imports organizations, batch after batch, until it is told to stop."""
    code = """
import sys
from partners_crm.crm import Crm
from partners_crm.model import Organization
with Crm.open(sys.argv[1]) as crm:
    print("ready", flush=True)
    for number in range(10_000):
        with crm.changes("batch") as unit, unit.together():
            for each in range(40):
                unit.add(Organization, name=f"{number} {each}")
"""
    program = subprocess.Popen([sys.executable, "-c", code, str(database)], stdout=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == b"ready\n"
    yield threading.Event()
    program.kill()
    program.wait()
    program.stdout.close()


@pytest.mark.usefixtures("busy")
def test_case_70_a_backup_taken_while_an_import_runs_is_one_state(database: Path) -> None:
    with Crm.open(database) as crm:
        found = [crm.back_up() for _ in range(5)]
    assert found[0].operation < found[-1].operation, "the import was running"
    for each in found:
        assert each.rows["organization"] == 40 * (each.operation - 1), "whole batches only"
        shutil.copyfile(each.path, copy := database.with_name("copy.db"))
        with Crm.open(copy) as restored:
            assert first_break(restored.db) is None
        copy.unlink()


def test_a_copy_that_misses_a_row_is_no_backup(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    add(crm, "First")
    copy_into = copying.copy_into

    def less(db: object, path: Path) -> dict[str, int]:
        rows = copy_into(db, path)  # type: ignore[arg-type]
        connection = sqlite3.connect(path)
        connection.execute("DELETE FROM organization")
        connection.commit()
        connection.close()
        return rows

    monkeypatch.setattr(copying, "copy_into", less)
    with pytest.raises(StoreDamaged, match="organization has 0 rows instead of 1"):
        crm.back_up()
    assert list(backups_of(crm.path).iterdir()) == []


def test_a_backup_whose_index_does_not_fit_its_table_is_not_taken(database: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, '(\"uid\")', '(\"version\")') WHERE name = 'silo_uid'"
    )
    connection.commit()
    connection.close()
    with Crm.open(database) as crm, pytest.raises(StoreDamaged, match="silo"):
        crm.back_up(tmp_path / "bad")
    assert list((tmp_path / "bad").iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="is a file, not a folder"):
        crm.back_up(tmp_path / "file")


def test_two_backups_of_one_second_have_two_names(crm: Crm) -> None:
    assert len({crm.back_up().path for _ in range(3)}) == 3


# -------------------------------------------------------------------- the way back


@pytest.fixture
def kept(database: Path) -> Backup:
    """A backup of a coalition of one organization, which has a second one since."""
    with on(database, NOW) as crm:
        add(crm, "First")
        found = crm.back_up()
        add(crm, "Second")
    return found


def test_case_71_a_restore_brings_back_and_keeps_what_was_there(database: Path, kept: Backup) -> None:
    done = backups.restore(database, kept.path, clock=lambda: NOW)
    assert names(database) == ["First"]
    assert (done.whole, done.before) == (True, 3)
    assert done.safety is not None
    assert sorted(path.name for path in database.parent.glob("coalition.db*")) == [
        "coalition.db",
        "coalition.db-backups",
    ]
    assert database.stat().st_mode & 0o777 == 0o600
    backups.restore(database, done.safety, clock=lambda: NOW)
    assert names(database) == ["First", "Second"]
    with Crm.open(database) as crm:
        assert first_break(crm.db) is None
        assert crm.db.driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_case_71_a_restore_over_an_open_coalition_is_refused(database: Path, kept: Backup) -> None:
    code = (
        "import sys; from partners_crm.crm import Crm\nwith Crm.open(sys.argv[1]):\n print('open', flush=True); input()"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "open\n"
    try:
        with pytest.raises(StoreLocked, match=rf"open in process {program.pid}; nothing was changed"):
            backups.restore(database, kept.path)
    finally:
        program.communicate("\n")
    assert names(database) == ["First", "Second"]
    backups.restore(database, kept.path)
    assert names(database) == ["First"]


def test_case_71_a_program_that_knows_no_lock_file_is_noticed(database: Path, kept: Backup) -> None:
    other = sqlite3.connect(database)
    other.execute("SELECT count(*) FROM organization").fetchall()
    with pytest.raises(StoreLocked):
        backups.restore(database, kept.path)
    other.close()
    assert names(database) == ["First", "Second"]


def test_a_restore_where_nothing_is_left_needs_no_safety_copy(database: Path, kept: Backup) -> None:
    database.unlink()
    done = backups.restore(database, kept.path)
    assert (done.safety, done.before) == (None, None)
    assert names(database) == ["First"]


@pytest.mark.parametrize("damage", ["garbage", "torn", "empty", "pages"])
def test_a_restore_over_a_damaged_file_keeps_that_as_it_was(database: Path, kept: Backup, damage: str) -> None:
    data = database.read_bytes()
    broken = {
        "garbage": b"no database at all\n" * 400,
        "torn": data[: len(data) // 3],
        "empty": b"",
        "pages": data[:4096] + os.urandom(len(data) - 8192) + data[-4096:],
    }[damage]
    database.write_bytes(broken)
    if damage in {"garbage", "empty"}:  # in the other cases SQLite looks at it, and finds nothing to put back
        database.with_name("coalition.db-journal").write_bytes(b"left behind")
    done = backups.restore(database, kept.path)
    assert names(database) == ["First"]
    assert done.safety is not None
    assert not done.whole
    assert done.safety.read_bytes() == broken
    if damage in {"garbage", "empty"}:
        assert done.safety.with_name(f"{done.safety.name}-journal").read_bytes() == b"left behind"
    assert not database.with_name("coalition.db-journal").exists()


def test_a_backup_that_was_altered_is_refused(database: Path, kept: Backup) -> None:
    kept.path.chmod(0o600)
    connection = sqlite3.connect(kept.path)
    connection.execute("UPDATE organization SET name = 'Forged'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreDamaged, match="sha256 is not that of"):
        backups.restore(database, kept.path)
    assert names(database) == ["First", "Second"]


@pytest.mark.parametrize("size", [0, 50, 5_000, 200_000])
def test_a_backup_cut_short_is_refused(database: Path, kept: Backup, size: int) -> None:
    kept.path.chmod(0o600)
    os.truncate(kept.path, size)
    with pytest.raises(StoreDamaged):
        backups.restore(database, kept.path)
    assert names(database) == ["First", "Second"]


def test_other_files_are_no_backups(database: Path, kept: Backup, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        backups.restore(database, tmp_path / "none.db")
    with pytest.raises(ConfigError, match="is the coalition itself"):
        backups.restore(database, database)
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE a (b)")
    connection.close()
    with pytest.raises(StoreDamaged, match="of another program"):
        backups.restore(database, foreign)
    newer = tmp_path / "newer.db"
    shutil.copyfile(kept.path, newer)
    newer.chmod(0o600)
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SchemaTooNew):
        backups.restore(database, newer)
    assert names(database) == ["First", "Second"]


def test_a_plain_copy_with_its_log_can_be_restored(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    with Crm.open(database) as crm:
        for number in range(3):
            add(crm, f"House {number}")
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{database}{suffix}", folder / f"coalition.db{suffix}")
    with Crm.open(database) as crm:
        crm.undo()
    backups.restore(database, folder / "coalition.db")
    assert names(database) == ["House 0", "House 1", "House 2"]


def test_a_restore_that_fails_half_way_changes_nothing(
    database: Path, kept: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, rows: object = None) -> object:
        if path.suffix == ".new":
            raise StoreDamaged(f"{path} is damaged", "")
        return check_copy(path, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(copying, "check_copy", refuse)
    with pytest.raises(PartnersError):
        backups.restore(database, kept.path)
    monkeypatch.undo()
    assert names(database) == ["First", "Second"]
    assert not database.with_name("coalition.db.new").exists()


def test_a_symbolic_link_to_a_coalition_stays_one(database: Path, kept: Backup, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(database)
    backups.restore(link, kept.path)
    assert link.is_symlink()
    assert names(database) == ["First"]


def test_a_restore_never_deletes_the_backup_it_restores(database: Path, kept: Backup) -> None:
    oldest = backups.restore(database, kept.path, clock=lambda: NOW).safety
    assert oldest is not None
    for number in range(1, backups.OTHERS_KEPT):
        with on(database, NOW) as crm:
            add(crm, f"House {number}")
        backups.restore(database, kept.path, clock=lambda: NOW + timedelta(hours=number))  # noqa: B023
    done = backups.restore(database, oldest, clock=lambda: NOW + timedelta(days=1))
    assert oldest.exists()
    assert verified(oldest).path == oldest
    assert done.safety is not None
    assert names(database) == ["First", "Second"]


def test_a_backup_of_another_coalition_has_to_be_asked_for(database: Path, kept: Backup, tmp_path: Path) -> None:
    with Crm.create(tmp_path / "other.db", "Other Coalition") as crm:
        other = crm.back_up().path
    with pytest.raises(ConfigError, match="is of another coalition, Other Coalition, not of Test Coalition"):
        backups.restore(database, other)
    assert names(database) == ["First", "Second"]
    backups.restore(database, other, other=True)
    with Crm.open(database) as crm:
        assert crm.name == "Other Coalition"


@pytest.mark.parametrize("kind", ["text", "database"])
def test_what_is_no_coalition_is_not_replaced(tmp_path: Path, kept: Backup, kind: str) -> None:
    path = tmp_path / "notes.txt"
    if kind == "text":
        path.write_text("my notes " * 100)
    else:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE a (b)")
        connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="is no coalition; nothing was changed"):
        backups.restore(path, kept.path)
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.glob("notes*")) == ["notes.txt"]


@pytest.mark.parametrize("said", ["[]", "{}", "x", '{"why": 1}'])
def test_a_description_that_is_none_stops_nothing(database: Path, kept: Backup, said: str) -> None:
    (backups_of(database) / "odd.db.json").write_text(said)
    (backups_of(database) / "odd.db").write_text(said)
    text = manifest_of(kept.path).read_text().replace(kept.at, "")
    (backups_of(database) / "older.db").write_text("")
    (backups_of(database) / "older.db.json").write_text(text)
    assert [each.path for each in known_backups(backups_of(database))] == [kept.path]
    assert work(database, NOW + timedelta(days=3), "Third") is not None


def test_a_lock_on_a_file_that_was_deleted_meanwhile_is_no_lock(database: Path) -> None:
    first = locks.hold_open(str(database), 0o600)
    second = locks.hold_open(str(database), 0o600)
    assert not first.alone()
    first.release()
    third = locks.hold_open(str(database), 0o600)
    third.release()
    database.with_name(f"{database.name}-open").unlink()  # as the last program that closes a coalition does
    fourth = locks.hold_open(str(database), 0o600)
    assert not second.alone(), "it holds what nobody sees any more"
    fourth.release()
    assert second.alone()
    second.release()
