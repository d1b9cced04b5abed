"""Migrations: what they lead to is what a new coalition has, and one that fails leaves everything as it was."""

from __future__ import annotations

import gzip
import re
import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import StoreDamaged
from partners_crm.model import ENTITIES, JOURNAL
from partners_crm.services import records
from partners_crm.store import journal, read
from partners_crm.store.copying import backups_of, known_backups, verified
from partners_crm.store.migrating import HISTORY, MIGRATIONS, altered, migrate
from partners_crm.store.open import SCHEMA_VERSION

RELEASED = sorted((Path(__file__).parent / "released").glob("schema-*.db.gz"))
PLUGIN = "schema_migration_demo"
FIRST = 'def up(migrator, db):\n    db.execute_sql("CREATE TABLE extra (x INTEGER) STRICT")\n'
SECOND = 'def up(migrator, db):\n    db.execute_sql("ALTER TABLE extra ADD COLUMN y TEXT")\n'
FAILS = SECOND + '    db.execute_sql("INSERT INTO extra (x) VALUES (1)")\n    raise RuntimeError("half way")\n'
BREAKS_A_LINK = 'def up(migrator, db):\n    db.execute_sql("UPDATE site SET organization_id = 999999")\n'


@pytest.fixture(params=RELEASED, ids=[path.name for path in RELEASED])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Each file that was ever released."""
    packed: Path = request.param
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    path.chmod(0o600)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of migrations."""
    made = tmp_path / "migrations"
    made.mkdir()
    (made / "0001_first.py").write_text(FIRST)
    return made


def form(path: Path) -> dict[str, Any]:
    """What SQLite says of every table and index."""
    connection = sqlite3.connect(path)

    def rows(pragma: str) -> list[tuple[Any, ...]]:
        return connection.execute(f"PRAGMA {pragma}").fetchall()

    found: dict[str, Any] = {}
    for _, name, kind, columns, without_id, strict in rows("table_list"):
        if name.startswith("sqlite_"):
            continue
        indexes = {}
        for _, index, unique, origin, partial in rows(f'index_list("{name}")'):
            key = "its key" if index.startswith("sqlite_autoindex") else index
            indexes[key] = (unique, origin, partial, rows(f'index_xinfo("{index}")'))
        found[name] = {
            "of": (kind, columns, without_id, strict),
            "columns": rows(f'table_xinfo("{name}")'),
            "indexes": indexes,
            "links": sorted(row[2:] for row in rows(f'foreign_key_list("{name}")')),
        }
    connection.close()
    return found


def dumped(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_there_is_a_released_file_of_every_earlier_schema() -> None:
    numbers = [int(re.findall(r"\d+", path.name)[0]) for path in RELEASED]
    assert set(range(1, SCHEMA_VERSION)) <= set(numbers)
    names = [path.name for path in sorted(MIGRATIONS.glob("0*.py"))]
    assert [int(name[:4]) for name in names] == list(range(2, SCHEMA_VERSION + 1))


def test_case_52_a_migrated_file_has_the_form_of_a_new_one(old: Path, database: Path) -> None:
    Crm.open(old).close()
    found, wanted = form(old), form(database)
    assert sorted(found) == sorted(wanted)
    for name, each in wanted.items():
        assert found[name] == each, name
    assert {name for name, each in found.items() if not each["of"][3]} <= {"sqlite_schema"}, "every table is STRICT"


def test_case_52_the_form_says_when_something_differs(old: Path, database: Path) -> None:
    wanted = form(database)
    for statement in (
        "ALTER TABLE ledger ADD COLUMN more TEXT",
        "CREATE INDEX another ON organization (note)",
        "ALTER TABLE silo RENAME COLUMN name TO called",
    ):
        connection = sqlite3.connect(database)
        connection.execute(statement)
        connection.commit()
        connection.close()
        assert form(database) != wanted
        wanted = form(database)


def test_case_52_peewee_finds_nothing_to_change_in_a_migrated_file(old: Path) -> None:
    diff_models = import_module("playhouse.schema_diff").diff_models
    with Crm.open(old) as crm:
        models: list[Any] = [*ENTITIES, *JOURNAL]
        with crm.db.bind_ctx(models, bind_refs=False, bind_backrefs=False):
            assert not diff_models(crm.db, models)
            crm.db.driver.execute("ALTER TABLE ledger ADD COLUMN more TEXT")
            assert diff_models(crm.db, models)


def test_case_52_every_released_file_opens_and_can_be_worked_in(old: Path) -> None:
    before = sqlite3.connect(old)
    schema = before.execute("PRAGMA user_version").fetchone()[0]
    there = {name for (name,) in before.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    rows = {name: 0 for table in ENTITIES if (name := table._meta.table_name) not in there}
    for name in {table._meta.table_name for table in ENTITIES} & there:
        rows[name] = before.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
    last = before.execute("SELECT id, hash FROM operation ORDER BY id DESC LIMIT 1").fetchone()
    before.close()
    with Crm.open(old, clock=lambda: NOW) as crm:
        assert {table._meta.table_name: len(read.records(crm.db, table.select())) for table in ENTITIES} == rows
        assert rows["organization"] > 5
        assert journal.first_break(crm.db) is None
        assert (journal.end(crm.db).operation, journal.end(crm.db).hash) == last
        first = crm.organizations()[0]
        with crm.changes("edit", by="ada") as unit:
            records.edit(unit, first, note="of a new time")
        assert crm.organizations()[0].note == "of a new time"
        assert not crm.undo(by="ada").refused
        assert crm.organizations()[0].note == first.note
        assert journal.first_break(crm.db) is None
        assert crm.db.driver.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert crm.db.pragma_value("user_version") == SCHEMA_VERSION
    made = known_backups(backups_of(old))
    assert [each.why for each in made] == ([f"before-schema-{SCHEMA_VERSION}"] if schema < SCHEMA_VERSION else [])
    assert all(verified(each.path).schema == schema for each in made)


def test_case_53_a_migration_that_raises_half_way_leaves_the_schema_as_it_was(database: Path, folder: Path) -> None:
    with Crm.open(database) as crm:
        assert migrate(crm.db, folder, PLUGIN) == ["0001_first"]
    before = dumped(database)
    (folder / "0002_second.py").write_text(FAILS)
    with Crm.open(database) as crm, pytest.raises(RuntimeError, match="half way"):
        migrate(crm.db, folder, PLUGIN)
    assert dumped(database) == before
    (folder / "0002_second.py").write_text(SECOND)
    with Crm.open(database) as crm:
        assert migrate(crm.db, folder, PLUGIN) == ["0002_second"]
        assert migrate(crm.db, folder, PLUGIN) == []
        assert crm.db.driver.execute("SELECT y FROM extra").fetchall() == []
        assert crm.db.pragma_value("user_version") == SCHEMA_VERSION, "a plugin does not change our own number"


def test_case_53_of_two_migrations_the_one_before_the_failure_stays(database: Path, folder: Path) -> None:
    (folder / "0002_second.py").write_text(FAILS)
    with Crm.open(database) as crm:
        with pytest.raises(RuntimeError, match="half way"):
            migrate(crm.db, folder, PLUGIN)
        assert not crm.db.driver.in_transaction
        assert crm.db.driver.execute(f"SELECT name FROM {PLUGIN}").fetchall() == [("0001_first",)]
        assert crm.db.driver.execute("SELECT * FROM extra").description == (("x", *[None] * 6),)


def test_case_53_a_failing_migration_of_our_own_leaves_schema_and_number(
    old: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    connection = sqlite3.connect(old)
    ((schema,),) = connection.execute("PRAGMA user_version").fetchall()
    connection.close()
    for path in sorted(MIGRATIONS.glob("0*.py")):
        if int(path.name[:4]) <= schema + 1:
            fails = '    raise RuntimeError("half way")\n' if int(path.name[:4]) == schema + 1 else ""
            (own / path.name).write_text(path.read_text() + fails)
    monkeypatch.setattr(migrate, "__defaults__", (own, HISTORY))
    before = form(old)
    with pytest.raises(RuntimeError, match="half way"):
        Crm.open(old)
    assert {**form(old), HISTORY: ...} == {**before, HISTORY: ...}
    assert [each.why for each in known_backups(backups_of(old))] == [f"before-schema-{schema + 1}"]
    monkeypatch.undo()
    with Crm.open(old) as crm:
        assert journal.first_break(crm.db) is None
    assert sorted(form(old)) == sorted(form(database))


def test_case_53_a_migration_that_leaves_a_link_to_nothing_is_rolled_back(old: Path, folder: Path) -> None:
    with Crm.open(old) as crm:
        before = crm.db.driver.execute("SELECT id, organization_id FROM site").fetchall()
        assert before
        (folder / "0002_second.py").write_text(BREAKS_A_LINK)
        crm.db.driver.execute("PRAGMA foreign_keys = 0")
        with pytest.raises(Exception, match="point to nothing, first in site"):
            migrate(crm.db, folder, PLUGIN)
        assert crm.db.driver.execute("SELECT id, organization_id FROM site").fetchall() == before


def test_case_52_a_migration_whose_file_was_changed_is_refused(database: Path, folder: Path) -> None:
    with Crm.open(database) as crm:
        migrate(crm.db, folder, PLUGIN)
        assert altered(crm.db, folder, PLUGIN) == []
        (folder / "0001_first.py").write_text(FIRST + "# another\n")
        (folder / "0002_second.py").write_text(SECOND)
        assert altered(crm.db, folder, PLUGIN) == ["0001_first"]
        with pytest.raises(StoreDamaged, match="0001_first is not the one that was applied"):
            migrate(crm.db, folder, PLUGIN)
        assert crm.db.driver.execute(f"SELECT name FROM {PLUGIN}").fetchall() == [("0001_first",)]
        assert crm.db.driver.execute("SELECT * FROM extra").description == (("x", *[None] * 6),)


def test_nothing_pending_writes_nothing(database: Path) -> None:
    before = dumped(database)
    with Crm.open(database) as crm:
        assert migrate(crm.db) == []
    assert dumped(database) == before
    assert not backups_of(database).exists()
