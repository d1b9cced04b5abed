"""Reading the pages of an SQLite file: as SQLite does where it is whole, and to an end whatever stands in it."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.wrecks import flipped

from partners_crm.store.pages import INTERIOR, SIZES, Pages
from partners_crm.store.salvage import Wreck

VALUES: tuple[Any, ...] = (
    None,
    0,
    1,
    -1,
    127,
    -129,
    32_768,
    8_388_608,
    -2_147_483_649,
    2**47,
    2**63 - 1,
    -(2**63),
    0.5,
    -1e300,
    "",
    "é" * 100,
    b"\0\xff",
    "long " * 5000,
    b"\r" * 9000,
)


def make(path: Path, size: int = 4096, rows: int = 400) -> list[tuple[int, Any, Any]]:
    """A file with a table of every kind of value and an index on it; gives its rows."""
    chosen = random.Random(size)
    made = [(key * 7 - 50, chosen.choice(VALUES), f"row {key}") for key in range(rows)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {size}")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, any, name TEXT)")
        connection.execute("CREATE INDEX i ON t (any)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", made)
        connection.execute("COMMIT")
    return made


def read(pages: Pages, root: int = 2) -> list[tuple[int, Any, Any]]:
    branch = pages.walk(root)
    rows = [row for number in branch.leaves for row in pages.rows(number)]
    return [(row.id, *row.values[1:]) for row in rows if row is not None]


def whole(path: Path) -> list[tuple[int, Any, Any]]:
    with Pages(path) as pages:
        assert pages.walk(2).whole
        return read(pages)


@pytest.mark.parametrize("size", SIZES)
def test_rows_are_those_that_sqlite_reads(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.db"
    rows = make(path, size)
    with Pages(path) as pages:
        assert (pages.page_size, pages.has_header, pages.missing) == (size, True, 0)
        assert read(pages) == rows
        assert pages.survey()[1] == 0


@pytest.mark.parametrize("size", SIZES)
def test_case_51_the_size_of_a_page_is_found_without_the_header(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.db"
    rows = make(path, size, rows=3000)
    data = bytearray(path.read_bytes())
    data[:100] = bytes(100)
    path.write_bytes(data)
    with Pages(path) as pages:
        assert (pages.page_size, pages.has_header) == (size, False)
        assert read(pages) == rows


def test_free_pages_are_known_for_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path, 1024)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = 1")
        connection.execute("DELETE FROM t WHERE id > 100")
        ((free,),) = connection.execute("PRAGMA freelist_count").fetchall()
    assert free > 10
    with Pages(path) as pages:
        assert pages.survey()[1] == 0


# -------------------------------------------------------------------- what lies beside


@pytest.fixture
def logged(tmp_path: Path) -> tuple[Path, list[tuple[int, Any, Any]]]:
    """A copy of a file in use, whose last rows are in the log alone; and its rows."""
    path, copy = tmp_path / "a.db", tmp_path / "copy.db"
    rows = make(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        for key in range(10_000, 10_020):
            connection.execute("INSERT INTO t VALUES (?, ?, ?)", (key, "x" * key, "late"))
            rows.append((key, "x" * key, "late"))
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    return copy, rows


def test_what_was_committed_to_the_log_is_read(logged: tuple[Path, list[Any]]) -> None:
    path, rows = logged
    assert whole(path) == rows
    with Pages(path) as pages:
        assert (pages.log, pages.damaged_log) == ("log", False)
        assert pages.survey()[1] == 0


def test_what_was_not_committed_to_the_log_is_not_read(tmp_path: Path, logged: tuple[Path, list[Any]]) -> None:
    path, rows = logged
    again = tmp_path / "again.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("BEGIN")
        connection.execute("UPDATE t SET name = 'never'")
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{again}{suffix}")
        connection.execute("ROLLBACK")
    assert (again.with_name("again.db-wal")).stat().st_size > 0
    assert whole(again) == rows


def test_frames_from_before_the_log_was_begun_anew_are_not_read(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.db", tmp_path / "copy.db"
    make(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("UPDATE t SET name = 'old' || id")
        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        connection.execute("UPDATE t SET name = 'new' WHERE id = 6")
        wanted = connection.execute("SELECT id, any, name FROM t ORDER BY id").fetchall()
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    assert whole(copy) == wanted
    with Pages(copy) as pages:
        assert not pages.damaged_log


@pytest.mark.parametrize("place", [3, 20, 40, 60, 32 + 24 + 4096 + 2000])
def test_case_51_a_damaged_log_gives_what_is_sound_of_it(logged: tuple[Path, list[Any]], place: int) -> None:
    path, rows = logged
    log = path.with_name("copy.db-wal")
    log.write_bytes(flipped(log.read_bytes(), [place]))
    with Pages(path) as pages:
        assert pages.damaged_log
        found = {row[0]: row for row in read(pages)}
        assert all(found[row[0]] == row for row in rows[:300])
        assert len(found) > 410


def test_case_51_a_log_cut_short_ends_with_its_last_commit(logged: tuple[Path, list[Any]]) -> None:
    path, rows = logged
    log = path.with_name("copy.db-wal")
    log.write_bytes(log.read_bytes()[:-9000])
    found = whole(path)
    assert 400 < len(found) < len(rows)
    assert found == rows[: len(found)]


def test_a_write_that_was_cut_off_is_taken_back_from_its_journal(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.db", tmp_path / "copy.db"
    rows = make(path, 1024)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("BEGIN")
        connection.execute("UPDATE t SET name = 'never'")
        connection.execute("INSERT INTO t SELECT id + 100000, any, 'never' FROM t")
        for suffix in ("", "-journal"):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        connection.execute("ROLLBACK")
    assert copy.read_bytes() != path.read_bytes()
    with Pages(copy) as pages:
        assert (pages.log, pages.damaged_log) == ("journal", False)
        assert read(pages) == rows
    journal = copy.with_name("copy.db-journal")
    journal.write_bytes(flipped(journal.read_bytes(), [512 + 4 + 1024 - 200]))
    with Pages(copy) as pages:
        assert pages.damaged_log


def test_a_link_beside_the_file_is_not_followed(tmp_path: Path, logged: tuple[Path, list[Any]]) -> None:
    path, rows = logged
    log = path.with_name("copy.db-wal")
    log.rename(tmp_path / "elsewhere")
    log.symlink_to(tmp_path / "elsewhere")
    with Pages(path) as pages:
        assert pages.log == ""
        assert read(pages) == rows[:400]


# -------------------------------------------------------------------- whatever stands in it


def test_case_51_pages_that_lead_back_to_themselves_end(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    rows = make(path, 512, rows=900)
    with Pages(path) as pages:
        inner = [number for number in range(1, pages.count + 1) if pages.kind(number) == INTERIOR]
        long = [number for number in range(2, pages.count + 1) if not pages.kind(number)]
    data = bytearray(path.read_bytes())
    for number in inner[1:]:
        data[(number - 1) * 512 + 8 : (number - 1) * 512 + 12] = inner[0].to_bytes(4, "big")
    for number in long[::9]:
        data[(number - 1) * 512 : (number - 1) * 512 + 4] = number.to_bytes(4, "big")
    data[32:36] = long[0].to_bytes(4, "big")
    path.write_bytes(data)
    with Pages(path) as pages:
        assert not pages.walk(2).whole
        assert set(read(pages)) <= set(rows)
        pages.survey()


def test_two_rows_do_not_share_a_page(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, any, name TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, '')", [(1, "a" * 6000), (2, "b" * 6000)])
    data = bytearray(path.read_bytes())
    # Both rows have one overflow page; the second is told that it has the first's.
    first, second = data.index(b"\0\0\0\3", 4096), data.index(b"\0\0\0\4", 4096)
    data[first : first + 4], data[second : second + 4] = b"\0\0\0\4", b"\0\0\0\4"
    path.write_bytes(data)
    with Pages(path) as pages:
        found = list(pages.rows(2))
        assert found.count(None) == 1


def test_an_id_that_does_not_rise_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, any, name TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, 'v', 'name')", [(key,) for key in range(1, 20)])
    data = bytearray(path.read_bytes())
    # A cell begins with its size and its id, and the newest stands first.
    for key, wrong in ((5, 100), (12, 3)):
        cell = 2 * 4096 - key * (len("vname") + 6)
        assert data[cell + 1] == key
        data[cell + 1] = wrong
    path.write_bytes(data)
    with Pages(path) as pages:
        assert [row.id for row in pages.rows(2) if row] == [key for key in range(1, 20) if key not in {5, 12}]


@pytest.mark.parametrize("data", [b"", b"\0", b"SQLite format 3\0", bytes(5000), b"\r" * 70_000, b"\xff" * 4097])
def test_case_51_what_is_no_database_has_no_rows(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(data)
    with Wreck(path) as wreck:
        assert not any(row.values for name in wreck.tables for row in wreck.rows(name))
        assert list(wreck.unplaced()) == []


@given(
    edits=st.lists(st.tuples(st.integers(0, 2**32), st.binary(min_size=1, max_size=6)), max_size=40), head=st.booleans()
)
@limits(max_examples=60)
def test_case_51_no_bytes_make_the_reader_fail_or_hang(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, bytes]], head: bool
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "a.db"
    make(path, 512, rows=60)
    data = bytearray(path.read_bytes())
    for place, new in edits:
        at = place % (4096 if head else len(data))
        data[at : at + len(new)] = new
    path.write_bytes(data)
    with Pages(path) as pages:
        leaves, _ = pages.survey()
        for number in leaves:
            list(pages.rows(number))
        for number in range(-1, 20):
            pages.walk(number)


def test_case_51_noise_has_no_rows(tmp_path: Path, scale: Callable[[int], int]) -> None:
    path = tmp_path / "a.db"
    for seed in range(scale(100)):
        noise = random.Random(seed)
        path.write_bytes(noise.randbytes(noise.randrange(1, 200_000)))
        path.with_name("a.db-wal").write_bytes(noise.randbytes(20_000))
        path.with_name("a.db-journal").write_bytes(noise.randbytes(20_000))
        with Wreck(path) as wreck:
            assert not any(row.values for name in wreck.tables for row in wreck.rows(name))
