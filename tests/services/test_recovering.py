"""Recovering a damaged coalition: what can be read is saved as it was, and what cannot is named."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.wrecks import PAGE, Records, build, check, contents, damaged, flipped

from partners_crm.crm import Crm
from partners_crm.errors import (
    Conflict,
    NotFound,
    SchemaTooNew,
    StoreDamaged,
    StoreLocked,
    StoreUnavailable,
)
from partners_crm.model import ENTITIES, Contact, Organization, Site, Tag
from partners_crm.services import records
from partners_crm.services.history import entity_history
from partners_crm.services.recovering import LEFTOVER, RecoverReport, recover, recovered_name
from partners_crm.store import health
from partners_crm.store.files import sha256_of, side
from partners_crm.store.pages import INTERIOR, Pages
from partners_crm.store.salvage import shapes

RELEASED = sorted((Path(__file__).parents[1] / "store" / "released").glob("*.gz"))
Rescue = Callable[[bytes], tuple[RecoverReport, Records]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coalition with a history; copied, never written to."""
    path = tmp_path_factory.mktemp("original") / "coalition.db"
    build(path)
    return path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "coalition.db"
    Crm.demo(path, clock=lambda: NOW).close()
    return path


@pytest.fixture
def rescue(original: Path, tmp_path: Path) -> Rescue:
    """Recover bytes that were the coalition's, and hold the result to its promise."""
    known, numbers = contents(original), count()

    def call(data: bytes) -> tuple[RecoverReport, Records]:
        folder = tmp_path / f"wreck-{next(numbers)}"
        folder.mkdir()
        path = folder / "coalition.db"
        path.write_bytes(data)
        report = recover(path, recovered_name(path), clock=lambda: NOW)
        assert path.read_bytes() == data
        allowed = {path.name, report.into.name} | ({report.leftover.name} if report.leftover else set())
        assert {each.name for each in folder.iterdir()} == allowed
        assert report.into.stat().st_mode & 0o777 == 0o600
        return report, check(report, known)

    return call


def pages_of(path: Path, name: str) -> list[int]:
    """The pages of a table's tree, its root first."""
    with closing(sqlite3.connect(path)) as connection:
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchall()
    with Pages(path) as pages:
        return list(dict.fromkeys([root, *pages.walk(root).leaves]))


def inner_pages(path: Path) -> list[int]:
    with Pages(path) as pages:
        return [number for number in range(2, pages.count + 1) if pages.kind(number) == INTERIOR]


# -------------------------------------------------------------------- nothing is damaged


def test_a_coalition_that_is_fine_is_recovered_completely(rescue: Rescue, original: Path) -> None:
    report, found = rescue(original.read_bytes())
    assert found == contents(original)
    assert report.is_whole
    assert (report.unreadable_pages, report.unreadable_rows, report.unplaced_rows) == (0, 0, 0)
    assert report.leftover is None
    with Crm.open(original) as before, Crm.open(report.into) as after:
        first, *history = after.operations()
        assert history == before.operations()
        assert (first.id, first.title, first.source) == (report.operation, "recover coalition.db", "coalition.db")
        assert first.id == len(history) + 1
        wanted = [(sha256_of(original),)]
        query = "SELECT source_sha256 FROM operation ORDER BY id DESC LIMIT 1"
        assert after.db.driver.execute(query).fetchall() == wanted
        for table in ("change", "change_values", "source_row"):
            here = f"SELECT * FROM {table} WHERE id <= (SELECT max(id) FROM source.{table})"
            after.db.driver.execute("ATTACH ? AS source", (str(original),))
            assert after.db.driver.execute(f"{here} EXCEPT SELECT * FROM source.{table}").fetchall() == []
            assert after.db.driver.execute(f"SELECT * FROM source.{table} EXCEPT {here}").fetchall() == []
            after.db.driver.execute("DETACH source")


def test_what_was_recovered_can_be_recovered_again(rescue: Rescue, original: Path) -> None:
    once, found = rescue(damaged(original.read_bytes(), *inner_pages(original)[:2], *pages_of(original, "operation")))
    again = recover(once.into, once.into.with_name("again.db"), clock=lambda: NOW)
    assert again.is_whole
    assert again.operation == once.operation + 1
    assert check(again, found) == found


@pytest.mark.parametrize("packed", RELEASED, ids=lambda path: path.name)
def test_a_file_of_every_released_schema_is_recovered(packed: Path, tmp_path: Path) -> None:
    path, migrated = tmp_path / "coalition.db", tmp_path / "migrated.db"
    for each in (path, migrated):
        each.write_bytes(gzip.decompress(packed.read_bytes()))
    report = recover(path, tmp_path / "new.db", clock=lambda: NOW)
    Crm.open(migrated).close()
    assert report.is_whole
    assert check(report, contents(migrated)) == contents(migrated)


def test_the_doctor_finds_nothing_wrong_with_what_was_recovered(rescue: Rescue, original: Path) -> None:
    data = original.read_bytes()
    for seed in range(4):
        report, _ = rescue(damaged(data, *random.Random(seed).sample(range(1, len(data) // PAGE), 12)))
        with Crm.open(report.into) as crm, health.snapshot(crm.db):
            assert list(health.astray(crm.db)) == []
            assert health.integrity(crm.db) == []
            assert health.schema_differences(crm.db) == []


def test_work_goes_on_in_what_was_recovered_and_the_recovery_stays(rescue: Rescue, original: Path) -> None:
    report, _ = rescue(damaged(original.read_bytes(), 1))
    with Crm.open(report.into, clock=lambda: NOW) as crm:
        with pytest.raises(NotFound, match="nothing to undo"):
            crm.undo()
        with pytest.raises(NotFound, match="nothing to redo"):
            crm.redo()
        with pytest.raises(Conflict, match="recovered the coalition cannot be undone"):
            crm.undo(report.operation)
        with pytest.raises(Conflict, match="which recovered the coalition"):
            crm.undo(3)
        with crm.changes("add one") as unit:
            body = records.add(unit, Organization, name="New House")
        assert body.id > max(key for entity, key in contents(original) if entity == "organization")
        assert crm.undo().reversed == 1
        assert crm.redo().reversed == 1
        with pytest.raises(Conflict, match="recovered"):
            crm.undo(report.operation)
        assert health.integrity(crm.db) == []
        newest, *_, oldest = entity_history(crm.db, Organization, 1)
        assert (newest.action, newest.operation, oldest.operation) == ("insert", report.operation, 2)


# -------------------------------------------------------------------- case 51: pages


def test_case_51_random_pages_overwritten(rescue: Rescue, original: Path, scale: Callable[[int], int]) -> None:
    data, kept = original.read_bytes(), 0
    for seed in range(scale(60)):
        pages = random.Random(seed).sample(range(1, len(data) // PAGE + 1), 10)
        report, found = rescue(damaged(data, *pages, fill=bytes(PAGE) if seed % 3 == 2 else None, seed=seed))
        assert report.unreadable_pages > 0
        kept += len(found)
    assert kept / scale(60) > 0.97 * len(contents(original))


def test_case_51_pages_in_each_others_place(rescue: Rescue, original: Path, scale: Callable[[int], int]) -> None:
    data = original.read_bytes()
    for seed in range(scale(40)):
        chosen = random.Random(seed)
        made = bytearray(data)
        for _ in range(6):
            here, there = (chosen.randrange(1, len(data) // PAGE) * PAGE for _ in range(2))
            made[here : here + PAGE] = data[there : there + PAGE]
        rescue(bytes(made))


def test_case_51_every_single_page_lost(demo: Path, tmp_path: Path, scale: Callable[[int], int]) -> None:
    data, known = demo.read_bytes(), contents(demo)
    for number in range(1, len(data) // PAGE + 1, 10 // scale(10)):
        path = tmp_path / f"{number}.db"
        path.write_bytes(damaged(data, number))
        report = recover(path, recovered_name(path))
        assert report.unreadable_pages == 1
        # No page holds both a record and what the journal says of it.
        assert check(report, known) == known
        assert not report.lost


def test_case_51_truncated_at_every_nth_page(rescue: Rescue, original: Path, scale: Callable[[int], int]) -> None:
    data, before = original.read_bytes(), 0
    step = 60 // scale(20)
    for number in range(25, len(data) // PAGE, step):
        report, found = rescue(data[: number * PAGE + (number % 3) * 700])
        assert report.unreadable_pages >= len(data) // PAGE - number - 1
        assert not report.is_whole
        before = max(before, len(found))
    assert before > len(contents(original)) // 2


@pytest.mark.parametrize("size", [16, 100])
def test_case_51_the_header_is_destroyed(rescue: Rescue, original: Path, size: int) -> None:
    data = bytearray(original.read_bytes())
    data[:size] = random.Random(1).randbytes(size)
    report, found = rescue(bytes(data))
    assert found == contents(original)
    assert report.is_whole


def test_case_51_the_first_page_is_destroyed(rescue: Rescue, original: Path) -> None:
    report, found = rescue(damaged(original.read_bytes(), 1))
    assert found == contents(original)
    assert report.is_whole
    assert report.unreadable_pages == 1


def test_case_51_the_whole_table_of_tables_is_destroyed(rescue: Rescue, original: Path) -> None:
    data = original.read_bytes()
    with Pages(original) as pages:
        schema = pages.walk(1).leaves
    report, found = rescue(damaged(data, 1, *schema))
    assert found == contents(original)
    assert report.missing_operations == report.missing_changes == 0
    assert not report.lost


def test_case_51_every_inner_page_is_destroyed(rescue: Rescue, original: Path) -> None:
    inner = inner_pages(original)
    assert len(inner) > 8
    report, found = rescue(damaged(original.read_bytes(), *inner))
    assert found == contents(original)
    assert report.is_whole


# -------------------------------------------------------------------- case 51: what the journal brings back


def test_case_51_records_lost_in_their_table_are_rebuilt(rescue: Rescue, original: Path) -> None:
    report, found = rescue(damaged(original.read_bytes(), *pages_of(original, "organization")))
    assert found == contents(original)
    assert report.is_whole
    by_name = {each.entity: each for each in report.entities}
    bodies = sum(entity == "organization" for entity, _ in found)
    assert (by_name["organizations"].found, by_name["organizations"].rebuilt) == (0, bodies)


def test_case_51_without_a_journal_the_tables_are_taken_and_the_doubt_is_said(rescue: Rescue, original: Path) -> None:
    gone = [
        number for name in ("operation", "change", "change_values", "ledger") for number in pages_of(original, name)
    ]
    report, found = rescue(damaged(original.read_bytes(), *gone))
    assert found == contents(original)
    assert not report.is_whole
    assert sum(len(each.unproven) for each in report.entities) == len(found)
    assert (report.operations, report.changes) == (0, 0)


def test_case_51_a_bit_flip_in_a_text_is_noticed_and_taken_back(rescue: Rescue, original: Path) -> None:
    data = original.read_bytes()
    with Pages(original) as pages:
        (*_, leaf) = pages_of(original, "organization")
        place = (leaf - 1) * PAGE + pages.page(leaf).rindex(b"House ")
    for bit in range(8):
        made = bytearray(data)
        made[place] ^= 1 << bit
        report, found = rescue(bytes(made))
        assert found == contents(original)
        assert report.is_whole
        assert sum(each.rebuilt for each in report.entities) == 1


def test_case_51_a_record_lost_in_both_is_named(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"
    known = contents(demo)
    with closing(sqlite3.connect(demo)) as connection:
        query = "SELECT min(c.id) FROM change c WHERE entity = 'organization' AND record = 3"
        ((change,),) = connection.execute(query).fetchall()
    with Pages(demo) as pages:
        (leaf,) = [
            number
            for number in pages_of(demo, "change_values")
            if any(row and row.id == change for row in pages.rows(number))
        ]
    path.write_bytes(damaged(demo.read_bytes(), leaf, *pages_of(demo, "organization")))
    report = recover(path, recovered_name(path))
    found = check(report, known)
    lost = {(each.entity, each.id): each for each in report.lost}
    assert ("organization", 3) in lost
    assert lost["organization", 3].why == "its row is lost"
    assert known.keys() - found.keys() == lost.keys()
    dependent = next(
        each for each in report.lost if each.entity == "site" and known["site", each.id]["organization_id"] == 3
    )
    assert dependent.why == "its organization 3 is lost"
    assert dependent.uid == known["site", dependent.id]["uid"]
    # What hung on it can be read, and is written down.
    assert report.leftover == side(report.into, LEFTOVER)
    assert report.leftover.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in report.leftover.read_text("utf-8").splitlines()]
    line = next(line for line in lines if (line["entity"], line["id"]) == ("site", dependent.id))
    assert line["values"]["address"] == known["site", dependent.id]["address"]
    for each in report.cut_links:
        assert "is lost" in each.why
    # The journal of the new file agrees that they are gone.
    with Crm.open(report.into) as crm:
        assert list(health.astray(crm.db)) == []
        assert entity_history(crm.db, Organization, 3)[0].action == "delete"


def test_a_name_that_two_have_goes_to_the_one_that_is_proven(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"
    shutil.copyfile(demo, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX tag_name")
        ((name,),) = connection.execute("SELECT name FROM tag WHERE id = 1").fetchall()
        connection.execute("DELETE FROM operation")
        connection.execute("DELETE FROM ledger")
        connection.execute("INSERT INTO tag VALUES (900, ?, 2, ?)", ("a" * 32, name))
        connection.commit()
    report = recover(path, recovered_name(path))
    (lost,) = report.lost
    assert (lost.entity, lost.id, lost.title, lost.why) == ("tag", 900, name, "another has its name")
    with Crm.open(report.into) as crm:
        assert crm.find(Tag, 1).name == name


def test_a_text_that_is_no_utf8_is_left_out_and_written_down(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"
    shutil.copyfile(demo, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM change_values")
        connection.execute("UPDATE contact SET note = CAST(x'61ff1b5b62' AS TEXT) WHERE id = 2")
        connection.commit()
    report = recover(path, recovered_name(path))
    assert [(each.entity, each.id) for each in report.lost if each.entity == "contact"] == [("contact", 2)]
    assert report.leftover is not None
    text = report.leftover.read_text("ascii")
    assert "a\\udcff\\u001b[b" in text
    with Crm.open(report.into) as crm, pytest.raises(NotFound):
        crm.find(Contact, 2)


def test_a_row_of_a_deleted_record_does_not_come_back(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"
    shutil.copyfile(original, path)
    known = contents(original)
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT max(record) FROM change WHERE entity = 'tag'"
        ((key,),) = connection.execute(query).fetchall()
        connection.execute("INSERT INTO tag VALUES (?, ?, 2, 'ghost')", (key + 50, "b" * 32))
        connection.commit()
    report = recover(path, recovered_name(path))
    assert check(report, known) == known
    assert report.unreadable_rows == 1


# -------------------------------------------------------------------- case 51: the log


@pytest.fixture
def in_use(original: Path, tmp_path: Path) -> tuple[Path, Records]:
    """A copy of a coalition in use, whose newest operations are in its log alone."""
    path, copy = tmp_path / "used.db", tmp_path / "coalition.db"
    shutil.copyfile(original, path)
    with Crm.open(path, clock=lambda: NOW) as crm:
        crm.db.driver.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(6):
            with crm.changes(f"late {number}") as unit:
                body = records.add(unit, Organization, name=f"Late House {number}")
                records.add(unit, Site, organization=body.id, city="Peoria")
        # Leaving a mark in the header moves the log into the file once; the rest stays in the log.
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    return copy, contents(path)


def test_case_51_the_log_beside_is_read(in_use: tuple[Path, Records]) -> None:
    path, known = in_use
    before = path.with_name("coalition.db-wal").read_bytes()
    report = recover(path, recovered_name(path))
    assert report.log == "log"
    assert report.is_whole
    assert check(report, known) == known
    assert path.with_name("coalition.db-wal").read_bytes() == before


def test_case_51_a_copy_without_its_log_is_said_to_be_one(in_use: tuple[Path, Records]) -> None:
    path, known = in_use
    path.with_name("coalition.db-wal").unlink()
    report = recover(path, recovered_name(path))
    assert report.lacks_log
    assert not report.is_whole
    assert 0 < len(check(report, known)) < len(known)


def test_case_51_the_file_and_the_log_are_damaged(in_use: tuple[Path, Records], scale: Callable[[int], int]) -> None:
    path, known = in_use
    data, log = path.read_bytes(), path.with_name("coalition.db-wal")
    frames = log.read_bytes()
    for seed in range(scale(40)):
        chosen = random.Random(seed)
        path.write_bytes(damaged(data, *chosen.sample(range(1, len(data) // PAGE), 4), seed=seed))
        made = bytearray(frames)
        start = chosen.randrange(len(made))
        made[start : start + 3000] = chosen.randbytes(len(made[start : start + 3000]))
        log.write_bytes(made if seed % 2 else made[:start])
        report = recover(path, path.with_name(f"{seed}.db"))
        check(report, known)
        assert not report.is_whole


# -------------------------------------------------------------------- case 51: no coalition at all


def test_case_51_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmark (id INTEGER PRIMARY KEY, url TEXT)")
        connection.execute("CREATE TABLE moz (uid TEXT, version INTEGER, name TEXT)")
        connection.execute("INSERT INTO bookmark (url) VALUES ('https://example.org')")
        connection.commit()
    refused(path, "another program")


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 9000, b"Organization,City\nA,B\n" * 500, random.Random(3).randbytes(100_000), b"SQLite format 3\0"],
    ids=["empty", "zeros", "text", "noise", "name"],
)
def test_case_51_a_file_without_a_record_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "coalition.db"
    path.write_bytes(data)
    refused(path, str(path))


def refused(path: Path, words: str) -> None:
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match=words):
        recover(path, recovered_name(path))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir() if each.is_file()] == [path.name]


def test_a_file_of_a_newer_version_is_refused(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"
    shutil.copyfile(demo, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO schema_migration VALUES ('9999_far', '', '', '9.0')")
        connection.commit()
    with pytest.raises(SchemaTooNew, match="9999"):
        recover(path, recovered_name(path))


def test_what_is_there_already_is_not_overwritten(demo: Path, tmp_path: Path) -> None:
    path, into = tmp_path / "coalition.db", tmp_path / "new.db"
    shutil.copyfile(demo, path)
    for name in ("new.db", "new.db-wal", f"new.db{LEFTOVER}"):
        (tmp_path / name).write_bytes(b"mine")
        with pytest.raises(StoreUnavailable, match="exists already"):
            recover(path, into)
        assert (tmp_path / name).read_bytes() == b"mine"
        (tmp_path / name).unlink()
    for missing in (tmp_path / "nowhere.db", tmp_path):
        with pytest.raises(StoreUnavailable):
            recover(missing, into)
    with pytest.raises(StoreUnavailable, match="exists already"):
        recover(path, path)


def test_a_file_that_is_open_elsewhere_is_not_read(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"
    shutil.copyfile(demo, path)
    with Crm.open(path), pytest.raises(StoreLocked, match="is open in"):
        recover(path, recovered_name(path))
    assert not recovered_name(path).exists()


def test_a_write_that_fails_leaves_nothing(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "coalition.db"
    data = damaged(demo.read_bytes(), *pages_of(demo, "organization"), *pages_of(demo, "change_values"))
    path.write_bytes(data)

    def full(_path: Path) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr("partners_crm.store.copying.check_copy", full)
    with pytest.raises(StoreUnavailable, match="full"):
        recover(path, recovered_name(path))
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["coalition.db"]


# -------------------------------------------------------------------- any damage


@given(places=st.lists(st.integers(0, 2**32), min_size=1, max_size=120))
@limits(max_examples=25)
def test_case_51_flipped_bits_never_make_a_record_that_was_not_there(
    demo: Path, tmp_path_factory: pytest.TempPathFactory, places: list[int]
) -> None:
    data = demo.read_bytes()
    path = tmp_path_factory.mktemp("flips") / "coalition.db"
    path.write_bytes(flipped(data, {place % len(data) for place in places}))
    try:
        report = recover(path, recovered_name(path))
    except StoreDamaged:
        return
    check(report, contents(demo))


def test_every_link_leads_to_what_is_recovered_before(original: Path) -> None:
    # Entities are recovered in their order, each after what its links point to.
    place = {table: number for number, table in enumerate(ENTITIES)}
    for table in ENTITIES:
        assert shapes()[table.entity.name]
        for name, target in table.links().items():
            assert place[target] < place[table] or (target is table and not table.declarations()[name].required)
