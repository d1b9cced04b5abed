"""Every check of the doctor: silent on a sound coalition, and each of its findings by really causing the fault."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import NOW
from tests.services.examined import look, one, opened, organization, raw

from partners_crm.crm import Crm
from partners_crm.errors import NotFound
from partners_crm.model import Organization
from partners_crm.services import doctor, records
from partners_crm.services.doctor import outside
from partners_crm.store import files, fulltext, health, places
from partners_crm.store.copying import backups_of, known_backups, manifest_of
from partners_crm.store.files import side
from partners_crm.store.open import connect

ONE = NOW + timedelta(days=1)


# -------------------------------------------------------------------- all together


def test_a_sound_coalition_has_no_finding(sound: Crm) -> None:
    found = doctor.examine(sound.db, clock=sound.clock)
    assert [each.check for each in found] == [check.name for check in doctor.CHECKS]
    assert [each for one in found for each in one.findings if each.level == doctor.FINDING] == []
    assert {each.check for one in found for each in one.findings} <= {"sqlite"}


def test_the_demo_has_none_but_its_site_without_a_place_and_no_backup(tmp_path: Path) -> None:
    with Crm.demo(tmp_path / "demo.db", clock=lambda: NOW) as crm:
        found = doctor.examine(crm.db, clock=crm.clock)
    assert {one.check for one in found if one.count} == {"sites", "backups"}


def test_the_checks_are_run_in_their_order_whatever_order_they_are_named_in(sound: Crm) -> None:
    found = doctor.examine(sound.db, ["sites", "modes", "sites"], clock=sound.clock)
    assert [each.check for each in found] == ["modes", "sites"]


def test_a_check_that_does_not_exist_is_refused_with_the_names(sound: Crm) -> None:
    with pytest.raises(NotFound) as refused:
        doctor.examine(sound.db, ["modes", "teeth"])
    assert "teeth" in refused.value.message
    assert all(check.name in refused.value.hint for check in doctor.CHECKS)


def test_case_51_a_check_that_fails_on_a_damaged_page_is_a_finding_and_the_others_still_run(worked: Path) -> None:
    damage(worked, "organization")
    with opened(worked) as crm:
        found = {each.check: each for each in doctor.examine(crm.db, clock=crm.clock)}
    assert len(found) == len(doctor.CHECKS)
    for check in ("integrity", "records"):
        assert found[check].count
        assert "damaged" in found[check].findings[0].message
        assert "partners restore" in found[check].findings[0].remedy
    for check in ("modes", "place", "log", "space", "leftovers", "schema", "journal"):
        assert not found[check].count, check


def test_settings_that_cannot_be_read_are_no_reason_to_give_up(worked: Path) -> None:
    damage(worked, "setting")
    with opened(worked) as crm:
        found = {each.check: each for each in doctor.examine(crm.db, clock=crm.clock)}
    assert found["integrity"].count
    assert found["modes"].count == 0


def damage(path: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(path)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    with path.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)


def test_what_the_system_refuses_is_a_finding(sound: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(files, "sha256_of", refuse)
    found = one(sound, "backups")
    assert "cannot be looked at: Permission denied" in found.message
    assert found.level == doctor.FINDING


# -------------------------------------------------------------------- modes


def test_case_68_files_of_their_owner_alone_are_no_finding(sound: Crm) -> None:
    organization(sound, "Another")  # with a log and locks beside it
    assert side(sound.path, "-wal").exists()
    assert look(sound, "modes") == []


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-open", "-write"])
@pytest.mark.parametrize(("mode", "words"), [(0o644, "read by others (mode 644)"), (0o622, "written by others")])
def test_case_68_a_file_that_others_can_reach_is_named_with_the_command_that_mends_it(
    sound: Crm, suffix: str, mode: int, words: str
) -> None:
    organization(sound, "Another")
    path = side(sound.path, suffix)
    path.chmod(mode)
    found = one(sound, "modes")
    assert words in found.message
    assert found.remedy == f"chmod 600 {path}"
    subprocess.run(["sh", "-c", found.remedy], check=True)
    assert look(sound, "modes") == []


def test_case_68_what_sqlite_made_with_the_mode_of_the_database_is_not_told_again(worked: Path) -> None:
    worked.chmod(0o644)
    with opened(worked) as crm:
        organization(crm, "Another")
        assert side(worked, "-wal").stat().st_mode & 0o777 == 0o644
        assert one(crm, "modes").remedy == f"chmod 600 {worked}"
        worked.chmod(0o600)
        assert f"chmod 600 {worked}-wal" in [each.remedy for each in look(crm, "modes")]


def test_case_68_the_folder_is_not_everybodys_unless_it_is_sticky(sound: Crm) -> None:
    folder = sound.path.parent
    folder.chmod(0o777)
    found = one(sound, "modes")
    assert found.remedy == f"chmod o-w {folder}"
    folder.chmod(0o1777)
    assert look(sound, "modes") == []
    folder.chmod(0o755)
    assert look(sound, "modes") == []


def test_case_69_backups_that_others_can_reach_are_named_together(sound: Crm) -> None:
    folder = backups_of(sound.path)
    folder.chmod(0o755)
    found = one(sound, "modes")
    assert "can be read by others (mode 755)" in found.message
    assert found.remedy == f"chmod 700 {folder}"
    folder.chmod(0o711)
    assert "entered by others" in one(sound, "modes").message
    folder.chmod(0o700)
    for each in folder.iterdir():
        each.chmod(0o644)
    found = one(sound, "modes")
    assert found.message.startswith("2 files in ")
    subprocess.run(["sh", "-c", found.remedy], check=True)
    assert look(sound, "modes") == []


def test_case_68_files_of_somebody_else_are_named(sound: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = 54_321
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    found = look(sound, "modes")
    assert f"sudo chown {stranger} {sound.path}" in [each.remedy for each in found]
    assert f"sudo chown {stranger} {backups_of(sound.path)}/*" in [each.remedy for each in found]
    assert all(f"user {stranger}" in each.message or "somebody else" in each.message for each in found)


def test_case_68_a_database_named_through_a_link_is_a_finding(worked: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(worked)
    with opened(link) as crm:
        found = one(crm, "modes", asked=link)
        assert look(crm, "modes", asked=worked) == []
    assert str(link) in found.message
    assert found.remedy == f"name the file itself: partners --db {worked}"


def test_a_name_with_blanks_and_quotes_is_quoted_in_the_command(worked: Path) -> None:
    path = worked.with_name("it's ours.db")
    shutil.copyfile(worked, path)
    path.chmod(0o640)
    with opened(path) as crm:
        found = look(crm, "modes")
        subprocess.run(["sh", "-c", found[0].remedy], check=True)
        side(path, "-wal").unlink(missing_ok=True)
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_read_only_is_told_and_is_no_finding(worked: Path) -> None:
    worked.chmod(0o400)
    with opened(worked) as crm:
        found = one(crm, "modes")
        assert look(crm, "place") == []
        assert look(crm, "backups") == []
    assert found.level == doctor.NOTE
    assert "read-only" in found.message


def test_a_file_that_is_read_only_stays_so_when_others_are_kept_out(worked: Path) -> None:
    worked.chmod(0o444)
    with opened(worked) as crm:
        found = [each for each in look(crm, "modes") if each.level == doctor.FINDING]
    assert f"chmod 400 {worked}" in [each.remedy for each in found]


# -------------------------------------------------------------------- sqlite, place, log


def test_case_56_a_sqlite_with_the_reset_fault_is_told(sound: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "sqlite_version", lambda: (3, 51, 2))
    found = one(sound, "sqlite")
    assert found.level == doctor.NOTE
    assert "3.51.2" in found.message
    assert "3.51.3" in found.remedy
    monkeypatch.setattr(health, "sqlite_version", lambda: (3, 51, 3))
    assert look(sound, "sqlite") == []


def test_case_56_without_a_log_the_reset_fault_cannot_be_met(worked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "sqlite_version", lambda: (3, 40, 1))
    with opened(moved(worked, "Dropbox")) as crm:
        assert look(crm, "sqlite") == []


def moved(path: Path, folder: str) -> Path:
    """A closed coalition in another folder."""
    target = path.parent / folder / path.name
    target.parent.mkdir(mode=0o700)
    return path.rename(target)


def test_case_55_a_folder_that_is_copied_is_a_finding(worked: Path) -> None:
    with opened(moved(worked, "Dropbox")) as crm:
        found = one(crm, "place")
        assert look(crm, "log") == []
        assert f"{found.message} ({found.remedy})" in crm.warnings
    assert "Dropbox" in found.message
    assert "partners backup" in found.remedy


def test_case_55_a_network_share_is_a_finding(worked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = f"36 35 0:44 / {worked.parent} rw,relatime shared:1 - nfs4 server:/crm rw\n"
    monkeypatch.setattr(places, "_mounts", lambda: mounts)
    monkeypatch.setattr(os, "major", lambda _device: 0)
    with opened(worked) as crm:
        found = one(crm, "place")
    assert "a network share (NFS)" in found.message


def test_a_journal_mode_that_does_not_fit_the_place_is_a_finding(worked: Path) -> None:
    with opened(worked) as crm:
        assert look(crm, "place") == []
        crm.db.close()
        raw(worked, "PRAGMA journal_mode = DELETE")
        connect(crm.db)
        found = one(crm, "place")
    assert "journal mode delete" in found.message
    assert "in wal" in found.message


def test_case_70_a_copy_without_its_log_is_a_finding(sound: Crm) -> None:
    assert look(sound, "log") == []
    organization(sound, "Another")
    copy = sound.path.with_name("copy.db")
    # Another process reads the file: closing it in this one would drop the locks of SQLite.
    subprocess.run(["cp", sound.path, copy], check=True)
    with opened(copy) as crm:
        found = one(crm, "log")
        assert look(crm, "place") == []
    assert "without its log" in found.message
    assert found.remedy == "copy with: partners backup"


def test_case_50_a_log_that_a_reader_keeps_from_being_emptied_is_a_finding(
    sound: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "LOG_ALARM", 50_000)
    with closing(sqlite3.connect(sound.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM organization").fetchone()
        organization(sound, "Long", note="x" * 60_000)
        found = one(sound, "log")
        reader.execute("ROLLBACK")
    assert re.search(r"has grown to \d+ kB", found.message)
    assert "close the coalition in" in found.remedy


# -------------------------------------------------------------------- space, leftovers, backups


@pytest.mark.parametrize(("free", "enough"), [(99_999_999, False), (100_000_000, True)])
def test_case_46_a_disk_that_is_nearly_full_is_a_finding(
    sound: Crm, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool
) -> None:
    monkeypatch.setattr(files, "free_bytes", lambda _folder: free)
    assert (look(sound, "space") == []) is enough


def test_case_46_a_large_coalition_needs_twice_its_size(sound: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sound.path.stat().st_size
    monkeypatch.setattr(outside, "LEAST_FREE", 0)
    monkeypatch.setattr(files, "free_bytes", lambda _folder: 2 * size - 1)
    found = one(sound, "space")
    assert str(sound.path.parent) in found.message
    monkeypatch.setattr(files, "free_bytes", lambda _folder: 2 * size)
    assert look(sound, "space") == []


def test_case_46_the_disk_of_the_backups_counts_as_well(worked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == worked.parent.stat().st_dev:
        pytest.skip("this machine has one disk")
    folder = backups_of(worked)
    folder.symlink_to(elsewhere)
    monkeypatch.setattr(files, "free_bytes", lambda each: 1 if each == folder else 10**12)
    with opened(worked) as crm:
        found = one(crm, "space")
    assert str(folder) in found.message


def test_drafts_that_nobody_writes_to_any_more_are_named(sound: Crm) -> None:
    folder = backups_of(sound.path)
    old = [
        folder / "coalition-20261101T000000Z-daily.db.part",
        folder / "coalition-20261101T000000Z-daily.db.part-journal",
        side(sound.path, ".new"),
        side(sound.path, ".new-wal"),
    ]
    fresh = folder / "coalition-20261124T150000Z-daily.db.part"
    other = folder / "letter.txt"
    for each in (*old, fresh, other):
        each.write_bytes(b"")
        each.chmod(0o600)
        age = timedelta(minutes=59 if each == fresh else 61)
        os.utime(each, ((NOW - age).timestamp(),) * 2)
    found = look(sound, "leftovers")
    assert {each.remedy for each in found} == {f"rm {path}" for path in old}
    subprocess.run(["sh", "-ec", "\n".join(each.remedy for each in found)], check=True)
    assert look(sound, "leftovers") == []
    assert fresh.exists()
    assert other.exists()


def test_a_coalition_that_was_only_set_up_needs_no_backup(crm: Crm) -> None:
    assert look(crm, "backups") == []


def test_case_70_work_without_a_backup_is_a_finding(worked: Path) -> None:
    with opened(worked) as crm:
        found = one(crm, "backups")
        assert "there is no backup" in found.message
        assert "4 operations" in found.message
        assert found.remedy == "make one: partners backup"
        crm.back_up()
        assert look(crm, "backups") == []


def test_case_70_an_old_backup_is_a_finding_once_the_journal_went_on(worked: Path) -> None:
    with opened(worked) as crm:
        crm.back_up()
    with opened(worked, NOW + timedelta(days=30)) as crm:
        assert look(crm, "backups") == []
        organization(crm, "Another")
        found = one(crm, "backups")
        assert "30 days old and ends with operation 4; the coalition is at operation 5" in found.message
    with opened(worked, NOW + timedelta(days=7)) as crm:
        assert look(crm, "backups") == []


def test_a_coalition_restored_from_an_old_backup_has_one(worked: Path) -> None:
    with opened(worked) as crm:
        crm.back_up()
    with opened(worked, ONE) as crm:
        organization(crm, "Another")
        crm.back_up()
        crm.undo()
    shutil.copyfile(min(backups_of(worked).glob("*.db")), worked)
    worked.chmod(0o600)
    with opened(worked, NOW + timedelta(days=90)) as crm:
        assert crm.operations()[0].id == 4
        assert look(crm, "backups") == []


def test_case_70_a_newest_backup_that_is_gone_or_changed_is_a_finding(sound: Crm) -> None:
    (backup,) = backups_of(sound.path).glob("*.db")
    backup.chmod(0o600)
    with backup.open("r+b") as stream:
        stream.seek(5000)
        stream.write(b"\0")
        stream.seek(5001)
        stream.write(b"\1")
    assert "its sha256 is not that of" in one(sound, "backups").message
    backup.unlink()
    found = one(sound, "backups")
    assert "is not there" in found.message
    subprocess.run(["sh", "-c", found.remedy.partition("then: ")[2]], check=True)
    assert "there is no backup" in one(sound, "backups").message


def test_a_backup_that_is_the_open_coalition_itself_is_not_read(sound: Crm) -> None:
    (backup,) = backups_of(sound.path).glob("*.db")
    backup.unlink()
    os.link(sound.path, backup)
    assert "is the coalition itself" in one(sound, "backups").message
    organization(sound, "Still locked and writable")


def test_a_description_of_a_backup_without_a_date_describes_none(sound: Crm) -> None:
    (backup,) = backups_of(sound.path).glob("*.db")
    manifest = manifest_of(backup)
    manifest.write_text(re.sub(r'"at": "[^"]*"', '"at": "yesterday"', manifest.read_text("utf-8")), "utf-8")
    assert "there is no backup in" in one(sound, "backups").message


def test_an_older_backup_that_was_altered_is_a_finding(sound: Crm) -> None:
    sound.back_up()
    older = known_backups(backups_of(sound.path))[1].path
    data = bytearray(older.read_bytes())
    data[-1] ^= 1
    older.chmod(0o600)
    older.write_bytes(data)
    older.chmod(0o400)
    found = one(sound, "backups")
    assert f"{older} is missing, or not as it was made" in found.message
    assert found.remedy.startswith("delete it: rm -f ")


# -------------------------------------------------------------------- what is in the file


def test_case_51_a_damaged_index_is_a_finding_with_the_way_out(worked: Path) -> None:
    raw(
        worked,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, '\"name\"', '\"kind\"') WHERE name = 'organization_name'",
    )
    with opened(worked) as crm:
        found = look(crm, "integrity")
    assert found
    assert all("organization_name" in each.message for each in found)
    assert all("partners restore" in each.remedy and "partners recover" in each.remedy for each in found)


def test_links_that_point_to_nothing_are_counted(worked: Path) -> None:
    raw(worked, "DELETE FROM organization WHERE id = 1")
    with opened(worked) as crm:
        found = one(crm, "links")
    assert found.message == "1 row of site points to no organization, in organization_id: 1"


def test_a_schema_that_differs_and_a_migration_that_was_changed_are_findings(worked: Path) -> None:
    raw(worked, "DROP INDEX organization_name", "UPDATE schema_migration SET sha256 = 'x' WHERE name = '0002_ledger'")
    with opened(worked) as crm:
        index, migration = look(crm, "schema")
    assert index.message == "table organization has no index on name"
    assert "0002_ledger is not the one that was applied" in migration.message


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE operation SET title = 'nothing' WHERE id = 3", 'operation 3 of 2026-11-24 09:00 by .*, "nothing"'),
        ("UPDATE operation SET actor = 'nobody' WHERE id = 2", "operation 2 of 2026-11-24 09:00 by nobody"),
        ("UPDATE operation SET at = 'once' WHERE id = 3", "operation 3 of once by"),
        ("UPDATE change SET record = 9 WHERE operation = 2", "operation 2 .* does not hold"),
        ("DELETE FROM change WHERE operation = 4", "operation 4 .* does not hold"),
        ("UPDATE change_values SET after = replace(after, 'quiet', 'silly')", "operation 2 .* does not hold"),
        ("DELETE FROM operation WHERE id = 3", "operation 3 is missing in the journal"),
        ("DELETE FROM operation WHERE id = 1", "operation 1 is missing in the journal"),
        ("DELETE FROM operation WHERE id = 4", "operation 4 is missing at the end of the journal"),
        ("UPDATE ledger SET operation = 9", "operation 5 is missing at the end of the journal"),
        ("DELETE FROM ledger", "the end of the journal is not written down"),
    ],
)
def test_case_75_a_journal_row_edited_or_deleted_is_named(worked: Path, statement: str, words: str) -> None:
    with opened(worked) as crm:
        assert look(crm, "journal") == []
    raw(worked, statement)
    with opened(worked) as crm:
        found = one(crm, "journal")
    assert re.search(words, found.message), found.message
    assert found.level == doctor.FINDING


def test_case_75_operations_that_changed_places_are_named(worked: Path) -> None:
    raw(
        worked,
        "UPDATE operation SET id = 99 WHERE id = 2",
        "UPDATE operation SET id = 2 WHERE id = 4",
        "UPDATE operation SET id = 4 WHERE id = 99",
    )
    with opened(worked) as crm:
        assert "operation 2 of" in one(crm, "journal").message


def test_case_75_values_that_are_no_text_any_more_break_the_chain(worked: Path) -> None:
    raw(
        worked,
        "UPDATE change_values SET after = CAST(replace(CAST(after AS TEXT), 'quiet', x'FF') AS TEXT)"
        " WHERE id IN (SELECT id FROM change WHERE operation = 2)",
    )
    with opened(worked) as crm:
        assert "operation 2 of" in one(crm, "journal").message


def test_a_journal_that_begins_with_a_recovery_is_told(worked: Path) -> None:
    raw(worked, "UPDATE ledger SET verified_from = 3", "UPDATE operation SET previous = '' WHERE id = 3")
    with opened(worked) as crm:
        found = look(crm, "journal")
    assert found[-1].level == doctor.NOTE
    assert "can be verified from operation 3 on" in found[-1].message


def test_a_record_changed_outside_the_program_is_named_without_its_values(worked: Path) -> None:
    raw(worked, "UPDATE organization SET note = 'A loud word', archived_on = '2020' WHERE id = 1")
    with opened(worked) as crm:
        found = one(crm, "records")
    assert found.message == "1 organization is not what the journal says: 1 (Note, Archived on)"
    assert "word" not in found.message + found.remedy
    assert "partners history" in found.remedy


def test_what_was_changed_outside_is_put_right_as_the_remedy_says(worked: Path) -> None:
    raw(worked, "UPDATE organization SET note = 'x' WHERE id = 1")
    with opened(worked) as crm:
        with crm.changes("put right") as unit:
            records.edit(unit, crm.find(Organization, 1), note="A quiet word")
        assert look(crm, "records") == []


def test_records_missing_unknown_unreadable_and_of_nothing_known_are_findings(worked: Path) -> None:
    raw(
        worked,
        "DELETE FROM assignment",
        "INSERT INTO tag (id, uid, version, name) VALUES (7, 'x', 1, 'mine')",
        "INSERT INTO change (id, operation, entity, record, action) VALUES (100000, 2, 'castle', 5, 'insert')",
        "UPDATE change_values SET after = '' WHERE id IN (SELECT id FROM change WHERE entity = 'site')",
    )
    with opened(worked) as crm:
        found = [each.message for each in look(crm, "records")]
    assert found == [
        "2 assignments are in the journal and are not there: 1, 2",
        "1 castle is told of by the journal and is nothing this program knows: 5",
        "1 site cannot be compared: what the journal says is unreadable: 1",
        "1 tag is there and is unknown to the journal: 7",
    ]


def test_many_records_are_one_finding_that_names_the_first(worked: Path) -> None:
    with opened(worked) as crm, crm.changes("many") as unit:
        for number in range(40):
            unit.add(Organization, name=f"House {number}")
    raw(worked, "UPDATE organization SET note = 'x'")
    with opened(worked) as crm:
        found = one(crm, "records")
    assert found.message.startswith("42 organizations are not what the journal says: 1 (Note), 2 (Note), ")
    assert found.message.endswith(" and 37 more")


# -------------------------------------------------------------------- the search index


def test_a_search_index_that_says_something_else_is_a_finding_until_it_is_made_anew(sound: Crm) -> None:
    organization(sound, "Oak House")
    assert look(sound, "search") == []
    assert fulltext.catch_up(sound.db)
    assert look(sound, "search") == []
    index = side(sound.path, fulltext.SUFFIX)
    raw(index, "UPDATE document SET text = 'elm house' WHERE text = 'oak house'")
    found = one(sound, "search")
    assert str(index) in found.message
    assert "elm" not in found.message
    assert found.remedy.endswith("partners find --rebuild")
    assert fulltext.rebuild(sound.db)
    assert look(sound, "search") == []


def test_a_search_index_that_others_can_read_and_a_draft_of_one_are_findings(sound: Crm) -> None:
    assert fulltext.catch_up(sound.db)
    index = side(sound.path, fulltext.SUFFIX)
    index.chmod(0o644)
    assert one(sound, "modes").remedy == f"chmod 600 {index}"
    assert look(sound, "leftovers") == []
    draft = files.draft_beside(index)
    assert look(sound, "leftovers") == []
    early = (NOW - timedelta(hours=2)).timestamp()
    os.utime(draft, (early, early))
    assert one(sound, "leftovers").remedy == f"rm {draft}"
