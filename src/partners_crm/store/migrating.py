"""Bringing an older database up to date: a verified backup first, then each migration in a transaction of its own.

The runner is playhouse's. What is added here: the backup, a checksum of every file that was applied, the number in
the file's header written in the transaction of its migration, the foreign keys looked at before that is committed,
and the version of the program, which a program that is too old can name. The caller holds the file alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from partners_crm.errors import StoreDamaged
from partners_crm.model.orm import peewee
from partners_crm.store import copying
from partners_crm.store.files import sha256_of
from partners_crm.store.open import Handle, faults
from partners_crm.version import __version__

MIGRATIONS = Path(__file__).parent / "migrations"
HISTORY = "schema_migration"
"""The table of what was applied; a plugin's is `schema_migration_<plugin>`."""


def migrate(db: Handle, directory: Path = MIGRATIONS, table: str = HISTORY) -> list[str]:
    """Apply every migration that is pending, and give their names; nothing is written when there is none.

    Raises:
        StoreDamaged: a file that was applied has changed since, or a migration left a link that points nowhere.
        StoreError: the backup or the database refuses; the schema is as before the migration that failed.
    """
    with faults(db):
        runner = _runner(db, directory, table)
        applied, here = _applied(db, table), {each.name: each for each in runner.migrations()}
        for name in altered(db, directory, table):
            raise StoreDamaged(
                f"the migration {name} is not the one that was applied to {db.path}",
                "reinstall partners-crm, or restore a backup",
            )
        # A plugin's migrations count for themselves: the number in the header is that of our own tables.
        version = db.pragma_value("user_version") if table == HISTORY else 0
        pending = [name for name, each in here.items() if name not in applied and each.idx > version]
    if not pending:
        return []
    db.word(f"bringing {db.path} up to date, from schema {version} to {here[pending[-1]].idx}")
    kept = copying.back_up(db, copying.backups_of(db.path), f"before-schema-{here[pending[-1]].idx}")
    db.word(f"a backup of it as it was is in {kept.path}")
    with faults(db):
        # A file without a history has been through none of them by this runner, but stands at `version`.
        for name, each in here.items():
            if name not in applied and each.idx <= version:
                runner.up(name, fake=True)
        names: list[str] = runner.up()
        db.driver.execute("PRAGMA optimize")
    return names


def altered(db: Handle, directory: Path = MIGRATIONS, table: str = HISTORY) -> list[str]:
    """The names of the migrations that were applied from another file than the one that is there now, in order."""
    applied = _applied(db, table)
    paths = {name: directory / f"{name}.py" for name in sorted(applied)}
    return [name for name, path in paths.items() if path.is_file() and sha256_of(path) != applied[name]]


def begin_history(db: Handle) -> None:
    """Write down in a new database that it needs none of the migrations there are."""
    with faults(db):
        _runner(db, MIGRATIONS, HISTORY).up(fake=True)


def _applied(db: Handle, table: str) -> dict[str, str]:
    if not db.table_exists(table):
        return {}
    return dict(db.driver.execute(f'SELECT name, sha256 FROM "{table}"').fetchall())  # noqa: S608  # the name is ours


@cache
def _tools() -> Any:
    # mypy has no stubs of it, and it loads the tools of a command line.
    return import_module("playhouse.migrations")


def _runner(db: Handle, directory: Path, table: str) -> Any:
    runner = _tools().Runner(db, str(directory), table)
    runner.History = _history(db, table, lambda name: directory / f"{name}.py")
    return runner


def _history(db: Handle, table: str, file_of: Callable[[str], Path]) -> Any:
    """The table of applied migrations; a row is written in the transaction of its migration."""

    class History(peewee.Model):
        name = peewee.TextField(primary_key=True)
        applied = peewee.TextField()
        sha256 = peewee.TextField()
        program = peewee.TextField()

        class Meta:
            database = db
            table_name = table
            strict_tables = True

        @classmethod
        def create(cls, name: str) -> None:  # type: ignore[override]  # as the runner calls it
            broken = db.driver.execute("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise sqlite3.IntegrityError(
                    f"after {name} {len(broken)} rows point to nothing, first in {broken[0][0]}"
                )
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            cls.insert(name=name, applied=now, sha256=sha256_of(file_of(name)), program=__version__).execute()
            if table == HISTORY:
                db.driver.execute(f"PRAGMA user_version = {int(name[:4])}")

    return History
