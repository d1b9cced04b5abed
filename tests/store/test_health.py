"""What is looked at inside the file: tables against declarations, links, records against the journal, one moment."""

from __future__ import annotations

import gzip
import re
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import StoreDamaged
from partners_crm.model import Organization, ServiceLine, Site
from partners_crm.services import records
from partners_crm.store import health
from partners_crm.store.health import Astray

RELEASED = Path(__file__).parent / "released"
NOTE = "Quarterly meeting in the back room"


def outside(path: Path, *statements: str) -> None:
    """Change a closed coalition as another program would, without the journal and without any check."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)


def opened(path: Path) -> Crm:
    return Crm.open(path, clock=lambda: NOW)


def differences(path: Path) -> list[str]:
    with opened(path) as crm:
        return health.schema_differences(crm.db)


def strays(path: Path) -> list[Astray]:
    with opened(path) as crm, health.snapshot(crm.db):
        return list(health.astray(crm.db))


@pytest.fixture
def filled(database: Path) -> Path:
    """A closed coalition in which everything happened: adding, editing, deleting, undoing, a flag, a point."""
    with opened(database) as crm:
        with crm.changes("add") as unit:
            first = records.add(unit, Organization, name="Near West Homes", note=NOTE)
            records.add(unit, Site, organization=first.id, kind="hq", latitude=41.8839, longitude=-87.627)
            records.add(unit, ServiceLine, organization=first.id, name="Beds", active=True)
            records.add(unit, Organization, name="River Table")
            records.add(unit, Organization, name="Soon gone")
        with crm.changes("edit") as unit:
            records.edit(unit, crm.find(Organization, 2), name="River Table of Peoria", note="moved")
            records.edit(unit, crm.find(ServiceLine, 1), active=False)
        crm.undo()
        with crm.changes("delete") as unit:
            records.remove(unit, crm.find(Organization, 3))
        crm.undo()
        crm.redo()
    return database


# -------------------------------------------------------------------- SQLite


@pytest.mark.parametrize(
    ("version", "faulty"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
        ((4, 0, 0), False),
    ],
)
def test_case_56_the_versions_with_the_reset_fault_are_known(version: tuple[int, int, int], faulty: bool) -> None:
    assert health.has_reset_fault(version) is faulty


def test_the_version_is_that_of_the_library_in_use(crm: Crm) -> None:
    ((version,),) = crm.db.driver.execute("SELECT sqlite_version()").fetchall()
    assert ".".join(map(str, health.sqlite_version())) == version


def test_a_whole_file_has_no_fault_and_a_damaged_index_is_found(filled: Path) -> None:
    with opened(filled) as crm:
        assert health.integrity(crm.db) == []
        size = crm.db.pragma_value("cache_size")
        health.integrity(crm.db)
        assert crm.db.pragma_value("cache_size") == size
    outside(
        filled,
        "UPDATE sqlite_schema SET sql = replace(sql, '\"name\"', '\"kind\"') WHERE name = 'organization_name'",
    )
    with opened(filled) as crm:
        assert any("organization_name" in each for each in health.integrity(crm.db))


def test_links_that_point_to_nothing_are_counted_with_the_first_ids(filled: Path) -> None:
    with opened(filled) as crm:
        assert health.dangling(crm.db) == []
        with crm.changes("many") as unit:
            for number in range(30):
                records.add(unit, Site, organization=1, name=f"Site {number}")
    outside(filled, "DELETE FROM organization WHERE id = 1")
    with opened(filled) as crm:
        found = {(each.table, each.column): each for each in health.dangling(crm.db)}
    assert set(found) == {("site", "organization_id"), ("service_line", "organization_id")}
    site = found["site", "organization_id"]
    assert (site.target, site.count, site.first) == ("organization", 31, tuple(range(1, 21)))
    assert found["service_line", "organization_id"].first == (1,)


# -------------------------------------------------------------------- schema


def test_a_new_coalition_has_the_declared_schema(database: Path) -> None:
    assert differences(database) == []


@pytest.mark.parametrize("packed", sorted(RELEASED.glob("schema-*.db.gz")), ids=lambda path: path.name)
def test_a_migrated_coalition_has_the_schema_of_a_new_one(packed: Path, database: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.write_bytes(gzip.decompress(packed.read_bytes()))
    old.chmod(0o600)
    with opened(old) as migrated, opened(database) as fresh:
        assert health.schema_of(migrated.db.driver) == health.schema_of(fresh.db.driver)
        assert health.schema_differences(migrated.db) == []
        with health.snapshot(migrated.db):
            assert list(health.astray(migrated.db)) == []


_SITE = "UPDATE sqlite_schema SET sql = replace(sql, '{}', '{}') WHERE name = 'site'"
_LINK = ', FOREIGN KEY ("organization_id") REFERENCES "organization" ("id") DEFERRABLE INITIALLY DEFERRED'


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP TABLE tagging", "table tagging is missing"),
        ("CREATE TABLE mine (x)", "table mine is none of this program"),
        ("CREATE VIEW mine AS SELECT 1", "view mine is none of this program"),
        ("DROP INDEX organization_name", "table organization has no index on name"),
        ("DROP INDEX setting_key", "table setting has no unique index on key"),
        ("CREATE INDEX mine ON site (address)", "table site has index on address, which is none of this program"),
        (
            "CREATE INDEX mine ON site (address COLLATE NOCASE DESC)",
            "table site has index on address descending NOCASE, which is none of this program",
        ),
        (
            "CREATE TRIGGER mine AFTER INSERT ON site BEGIN DELETE FROM tag; END",
            "table site has trigger mine, which is none of this program",
        ),
        (
            "ALTER TABLE site ADD COLUMN colour TEXT",
            "table site has a column colour, which is none of this program",
        ),
        ("ALTER TABLE site DROP COLUMN address_note", "table site has no column address_note"),
        (_SITE.format('"latitude" REAL', '"latitude" TEXT'), "table site has another kind of column latitude"),
        (_SITE.format('"kind" TEXT NOT NULL', '"kind" TEXT'), "table site has another kind of column kind"),
        (_SITE.format(" STRICT", ""), "table site is not STRICT"),
        (_SITE.format(" DEFERRABLE INITIALLY DEFERRED", ""), "table site has links that are checked at another time"),
        (_SITE.format(_LINK, ""), "table site has no link organization_id"),
    ],
)
def test_whatever_differs_from_the_declarations_is_named(database: Path, statement: str, words: str) -> None:
    outside(database, statement)
    found = differences(database)
    assert words in found
    assert len(found) <= 2  # a link that is gone is one deferred link less as well


def test_the_tables_of_migrations_are_ours(database: Path) -> None:
    outside(database, "CREATE TABLE schema_migration_letters (name TEXT NOT NULL PRIMARY KEY) STRICT")
    assert differences(database) == []


def test_the_order_of_columns_and_the_names_of_indexes_say_nothing() -> None:
    shapes = []
    for columns, index in (("a INTEGER, b TEXT", "one"), ("b TEXT, a INTEGER", "two")):
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute(f"CREATE TABLE t ({columns}) STRICT")
            connection.execute(f"CREATE INDEX {index} ON t (b)")
            shapes.append(health.schema_of(connection))
    assert shapes[0] == shapes[1]


# -------------------------------------------------------------------- records


def test_records_that_only_the_program_wrote_are_as_the_journal_says(filled: Path) -> None:
    assert strays(filled) == []


def test_a_field_changed_outside_the_program_is_named(filled: Path) -> None:
    outside(
        filled, "UPDATE organization SET note = 'x', archived_on = '2026' WHERE id = 1", "UPDATE site SET uid = 'x'"
    )
    assert strays(filled) == [
        Astray("organization", 1, "changed", ("note", "archived_on")),
        Astray("site", 1, "changed", ("uid",)),
    ]


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("UPDATE service_line SET active = 1 - active", "active"),
        ("UPDATE site SET latitude = latitude + 1e-9", "latitude"),
        ("UPDATE site SET match_level = 0", "match_level"),
        ("UPDATE organization SET version = version + 1 WHERE id = 1", "version"),
        ("UPDATE organization SET parent_id = 2 WHERE id = 1", "parent"),
        ("UPDATE organization SET name = 'near west homes' WHERE id = 1", "name"),
    ],
)
def test_every_kind_of_field_is_compared(filled: Path, statement: str, field: str) -> None:
    outside(filled, statement)
    assert [each.fields for each in strays(filled)] == [(field,)]


def test_a_record_that_is_missing_and_one_that_nobody_added_are_named(filled: Path) -> None:
    outside(
        filled,
        "DELETE FROM service_line",
        "INSERT INTO tag (id, uid, version, name) VALUES (7, 'x', 1, 'mine')",
        "INSERT INTO organization SELECT 3, 'y', version, 'Back again', kind, NULL, NULL, note, archived_on"
        " FROM organization WHERE id = 1",
        "INSERT INTO term (id, uid, version, seat_id, status, party, since, until)"
        " VALUES (1, 'z', 1, 1, 'elected', '', '', '')",
    )
    assert strays(filled) == [
        Astray("organization", 3, "unknown"),
        Astray("service_line", 1, "missing"),
        Astray("tag", 7, "unknown"),
        Astray("term", 1, "unknown"),
    ]


def test_what_the_journal_says_of_nothing_known_or_says_unreadably_is_named(filled: Path) -> None:
    outside(
        filled,
        "INSERT INTO change (id, operation, entity, record, action) VALUES (100000, 2, 'castle', 5, 'insert')",
        "INSERT INTO change (id, operation, entity, record, action) VALUES (100001, 2, 'zoo', 5, 'insert')",
        "UPDATE change_values SET after = '{\"name\":' WHERE id ="
        " (SELECT max(id) FROM change WHERE entity = 'organization' AND record = 2)",
        "UPDATE change_values SET after = '[1]' WHERE id = (SELECT min(id) FROM change WHERE entity = 'service_line')",
    )
    assert set(strays(filled)) == {
        Astray("castle", 5, "foreign"),
        Astray("organization", 2, "unreadable"),
        Astray("service_line", 1, "unreadable"),
        Astray("zoo", 5, "foreign"),
    }


@pytest.mark.parametrize(
    "erase", ["DELETE FROM change_values WHERE id IN ({})", "UPDATE change_values SET after = NULL WHERE id IN ({})"]
)
def test_fields_whose_values_were_erased_are_not_judged(filled: Path, erase: str) -> None:
    erased = erase.format("SELECT id FROM change WHERE entity = 'organization' AND record = 1")
    outside(filled, erased, "UPDATE organization SET note = 'x' WHERE id = 1")
    assert strays(filled) == []
    outside(filled, "DELETE FROM organization WHERE id = 1")
    assert strays(filled) == [Astray("organization", 1, "missing")]


def test_a_field_that_the_journal_never_spoke_of_is_not_judged(filled: Path) -> None:
    outside(
        filled,
        "UPDATE change_values SET after = json_remove(after, '$.note') WHERE id ="
        " (SELECT min(id) FROM change WHERE entity = 'organization')",
        "UPDATE organization SET note = 'what a migration put there' WHERE id = 1",
    )
    assert strays(filled) == []


def flip(path: Path, text: str, bit: int) -> None:
    """Flip one bit of a text in its record, which no index holds; the journal keeps another copy of it."""
    data = bytearray(path.read_bytes())
    found = [each.start() for each in re.finditer(re.escape(text.encode()), data)]
    (place,) = [each for each in found if not data[:each].endswith(b'"note":"')]
    data[place + 4] ^= 1 << bit
    path.write_bytes(data)


@pytest.mark.parametrize("bit", [0, 7])
def test_case_51_a_bit_flipped_in_text_that_no_index_holds_is_named(filled: Path, bit: int) -> None:
    flip(filled, NOTE, bit)
    with opened(filled) as crm:
        assert health.integrity(crm.db) == []
    assert strays(filled) == [Astray("organization", 1, "changed", ("note",))]


def test_the_records_are_read_a_few_at_a_time(database: Path) -> None:
    with opened(database) as crm:
        with crm.changes("many") as unit, unit.together():
            for number in range(3_000):
                unit.add(Organization, name=f"House {number}", note="a long note " * 200)
        tracemalloc.start()
        try:
            with health.snapshot(crm.db):
                assert list(health.astray(crm.db)) == []
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 1_000_000  # the notes alone are 7 MB, twice


def test_a_table_that_cannot_be_read_is_a_fault_of_the_store(filled: Path) -> None:
    outside(filled, "DROP TABLE site")
    with (
        opened(filled) as crm,
        pytest.raises(Exception, match="no such table: site"),
        health.snapshot(crm.db),
    ):
        list(health.astray(crm.db))


# -------------------------------------------------------------------- one moment


def test_a_snapshot_sees_one_moment_while_another_program_writes(filled: Path) -> None:
    code = """
import sys
from partners_crm.crm import Crm
from partners_crm.model import Organization
with Crm.open(sys.argv[1]) as crm, crm.changes("meanwhile") as unit:
    for number in range(50):
        unit.add(Organization, name=f"Meanwhile {number}")
    unit.update(crm.find(Organization, 1), note="meanwhile")
"""

    def names(crm: Crm) -> Iterator[Astray]:
        found = health.astray(crm.db)
        subprocess.run([sys.executable, "-c", code, str(filled)], check=True, timeout=60)
        return found

    with opened(filled) as crm:
        with health.snapshot(crm.db):
            before = crm.db.driver.execute("SELECT count(*) FROM organization").fetchone()
            assert list(names(crm)) == []
            assert crm.db.driver.execute("SELECT count(*) FROM organization").fetchone() == before
        assert len(crm.organizations()) == before[0] + 50


def test_a_snapshot_reads_text_that_is_none_any_more_and_leaves_the_connection_as_it_was(filled: Path) -> None:
    outside(filled, "UPDATE organization SET note = CAST(x'41FF42' AS TEXT) WHERE id = 1")
    query = "SELECT note FROM organization WHERE id = 1"
    with opened(filled) as crm:
        with health.snapshot(crm.db):
            assert crm.db.driver.execute(query).fetchone() == ("A\ufffdB",)
        assert not crm.db.driver.in_transaction
        with pytest.raises(sqlite3.OperationalError, match="UTF-8"):
            crm.db.driver.execute(query).fetchone()
        with pytest.raises(ZeroDivisionError), health.snapshot(crm.db):
            raise ZeroDivisionError
        assert not crm.db.driver.in_transaction
        with crm.changes("still writable") as unit:
            unit.add(Organization, name="New")


def test_a_fault_of_sqlite_in_a_snapshot_is_one_of_ours(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'organization'").fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    with filled.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)
    with opened(filled) as crm, pytest.raises(StoreDamaged, match="damaged"), health.snapshot(crm.db):
        list(health.astray(crm.db))
