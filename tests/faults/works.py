"""What the children of the nursery do. Each work returns its exit code, and prints what it promises to have saved."""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.conftest import NOW

from partners_crm.cli import app, exit_codes
from partners_crm.cli.output import say
from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import ENTITIES, Contact, Organization, Table
from partners_crm.services import records
from partners_crm.store import copying, journal, locks

STEPS = 40
"""Units of the script of edits."""
_LOADED = (
    "partners_crm.cli.commands.importing",
    "partners_crm.cli.commands.editing",
    "partners_crm.cli.commands.history",
    "partners_crm.cli.commands.listing",
    "partners_crm.cli.commands.coverage",
    "partners_crm.cli.commands.backups",
    "partners_crm.services.importing.applying",
    "partners_crm.services.history",
    "partners_crm.services.undoing",
    "partners_crm.store.migrating",
    "playhouse.migrations",
    "phonenumbers",
    "usaddress",
)


def load() -> None:
    """Load what the works need, so that a child begins at once."""
    for name in _LOADED:
        importlib.import_module(name)


def command(words: list[str]) -> int:
    """One command."""
    return app.run(words)


def import_pieces(path: str, pieces: list[str]) -> int:
    """Import files one after the other, each by a command of its own, which prints its `operation N`."""
    for piece in pieces:
        code = app.run(["--db", path, "import", piece])
        if code:
            return code
    return 0


def edits(path: str, limit: int = STEPS) -> int:
    """Small units through one handle, up to the last of the script; each is printed once it is committed.

    Which one is next is read from the coalition, so that whoever was killed goes on where it was.
    """
    with _faults_said() as said, Crm.open(path, clock=lambda: NOW) as crm:
        # Every few units the log is written back to the file: more moments of that kind than in ordinary work.
        crm.db.driver.execute("PRAGMA wal_autocheckpoint = 40")
        while (done := journal.end(crm.db)).operation <= limit:
            _step(crm, done.operation - 1)
            end = journal.end(crm.db)
            print(f"operation {end.operation} {end.hash}", flush=True)
    return said.code


def _step(crm: Crm, number: int) -> None:
    name = f"House {number // 5}"
    match number % 5:
        case 0:
            with crm.changes("add a house", by="ada") as unit:
                organization = records.add(unit, Organization, name=name, note="n" * 9000)
                for each in range(6):
                    records.add(unit, Contact, name=f"Tenant {each} of {name}", note="m" * 3000)
                records.edit(unit, organization, note="corrected")
        case 1:
            with crm.changes("edit the house", by="ada") as unit:
                records.edit(unit, crm.find(Organization, name), note=f"seen {number} times")
        case 2:
            with crm.changes("add a contact", by="ada") as unit:
                records.add(unit, Contact, name=f"Keeper of {name}")
        case 3:
            with crm.changes("delete the contact", by="ada") as unit:
                records.remove(unit, crm.find(Contact, f"Keeper of {name}"))
        case _:
            crm.undo(by="ada")


def migration(path: str) -> int:
    """Open an older coalition, which brings it up to date."""
    with _faults_said() as said, Crm.open(path, word=lambda text: print(text, flush=True)) as crm:
        print(f"schema {crm.db.pragma_value('user_version')}", flush=True)
    return said.code


def backups(path: str, folder: str, count: int) -> int:
    """Backups one after the other; each is printed once it is made."""
    with _faults_said() as said, Crm.open(path) as crm:
        for _ in range(count):
            made = copying.back_up(crm.db, Path(folder), "by-hand")
            print(f"backup {made.path}", flush=True)
    return said.code


def writers(path: str, name: str, count: int) -> int:
    """A number of units, one record each."""
    with _faults_said() as said, Crm.open(path) as crm:
        for number in range(count):
            with crm.changes("write") as unit:
                records.add(unit, Organization, name=f"{name} {number}")
        print(f"saw {len(crm.organizations())}", flush=True)
    return said.code


def hold_write(path: str, seconds: float) -> int:
    """Keep a unit of work open."""
    with Crm.open(path) as crm, crm.changes("think about it", by="ada") as unit:
        unit.add(Organization, name="Thought Of")
        print("held", flush=True)
        time.sleep(seconds)
    return 0


def hold_open(path: str, seconds: float) -> int:
    """Keep a coalition open without doing anything."""
    with Crm.open(path) as crm:
        print(f"held {crm.name}", flush=True)
        time.sleep(seconds)
    return 0


def hold_alone(path: str, seconds: float) -> int:
    """Keep a coalition as a migration does: nobody else may open it."""
    held = locks.hold_open(path, 0o600)
    assert held.alone()
    print("held", flush=True)
    time.sleep(seconds)
    held.release()
    return 0


def hold_foreign(path: str, seconds: float) -> int:
    """Write as a program that knows nothing of our locks."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        time.sleep(seconds)
        connection.execute("ROLLBACK")
    return 0


def edit_and_stay(path: str, name: str, seconds: float) -> int:
    """One unit, and then nothing for a while."""
    with Crm.open(path) as crm:
        with crm.changes("write") as unit:
            records.add(unit, Organization, name=name)
        print("held", flush=True)
        time.sleep(seconds)
    return 0


def limited(words: list[str], size: int) -> int:
    """One command that may make no file larger than some bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return app.run(words)


def put(source: str, folder: str) -> int:
    """An empty folder with a coalition in it, on a disk with nothing else."""
    for each in Path(folder).parent.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    Path(folder).mkdir()
    path = Path(folder) / "coalition.db"
    shutil.copyfile(source, path)
    path.chmod(0o600)
    return 0


def fill(folder: str, leave: int) -> int:
    """Fill the disk of a folder until at most so many bytes are left."""
    ballast = Path(folder) / "ballast"
    ballast.unlink(missing_ok=True)
    disk = os.statvfs(folder)
    with ballast.open("wb") as stream:
        stream.write(bytes(max(0, disk.f_bavail * disk.f_bsize - leave)))
    return 0


def files_of(folder: str) -> int:
    """Every file below a folder with its bytes' digest, as JSON."""
    from partners_crm.store.files import sha256_of

    found = {
        str(each.relative_to(folder)): sha256_of(each) for each in sorted(Path(folder).rglob("*")) if each.is_file()
    }
    print(json.dumps(found))
    return 0


def look(path: str) -> int:
    """Open a coalition as any program does and say, as JSON, what is wrong with it and what is in it."""
    with Crm.open(path) as crm:
        found = examined(crm)
    print(json.dumps(found, default=bytes.hex))
    return 0


def look_below(path: str) -> int:
    """The same by SQLite alone, which brings nothing up to date."""
    with closing(sqlite3.connect(path)) as connection:
        found = {"problems": _problems(connection), "contents": _contents(connection), **_heads(connection)}
    print(json.dumps(found, default=bytes.hex))
    return 0


def examined(crm: Crm) -> dict[str, Any]:
    """What is wrong with a coalition, and what is in it."""
    connection = crm.db.driver
    problems = _problems(connection)
    broken = journal.first_break(crm.db)
    if broken is not None:
        problems.append(f"the chain breaks at operation {broken}")
    return {
        "problems": problems,
        "contents": _contents(connection),
        "warnings": list(crm.warnings),
        "mode": connection.execute("PRAGMA journal_mode").fetchone()[0],
        **_heads(connection),
    }


def _heads(connection: sqlite3.Connection) -> dict[str, Any]:
    return {
        "schema": connection.execute("PRAGMA user_version").fetchone()[0],
        "hashes": dict(connection.execute("SELECT id, hash FROM operation").fetchall()),
        "sources": dict(connection.execute("SELECT id, source FROM operation WHERE source <> ''").fetchall()),
    }


def _problems(connection: sqlite3.Connection) -> list[str]:
    """What no unit that is whole can leave: written without the help of the store."""
    problems = [f"integrity: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    problems += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
    for about, statement in {
        "an operation has other changes than it says": (
            "SELECT id FROM operation WHERE changes <> (SELECT count(*) FROM change WHERE operation = operation.id)"
        ),
        "a change of no operation": "SELECT id FROM change WHERE operation NOT IN (SELECT id FROM operation)",
        "a change without values": "SELECT id FROM change WHERE id NOT IN (SELECT id FROM change_values)",
        "values of no change": "SELECT id FROM change_values WHERE id NOT IN (SELECT id FROM change)",
        "a source row of no operation": ("SELECT id FROM source_row WHERE operation NOT IN (SELECT id FROM operation)"),
        "an import without source rows": (
            "SELECT id FROM operation WHERE source <> '' AND id NOT IN (SELECT operation FROM source_row)"
        ),
    }.items():
        problems += [f"{about}: {number}" for (number,) in connection.execute(statement)]
    for table in _there(connection):
        name = table._meta.table_name
        ((count,),) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchall()
        ((expected,),) = connection.execute(
            "SELECT coalesce(sum((action = 'insert') - (action = 'delete')), 0) FROM change WHERE entity = ?",
            (table.entity.name,),
        ).fetchall()
        if count != expected:
            problems.append(f"{name} has {count} rows, its changes tell of {expected}")
    return problems


def _there(connection: sqlite3.Connection) -> list[type[Table]]:
    """The entities that have a table in a file of this schema."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return [table for table in ENTITIES if table._meta.table_name in names]


def _contents(connection: sqlite3.Connection) -> dict[str, list[list[Any]]]:
    """Every record, but for its random uid and the day it was recorded on, and what the journal says was done."""
    found: dict[str, list[list[Any]]] = {}
    for name in [table._meta.table_name for table in _there(connection)] + ["change", "source_row", "operation"]:
        left_out = {
            "uid",
            "recorded_on",
            "computed_at",
            "at",
            "hash",
            "previous",
            "before_digest",
            "after_digest",
            "source_digest",
        }
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")') if row[1] not in left_out]
        listed = ", ".join(f'"{column}"' for column in columns)
        rows = connection.execute(f'SELECT {listed} FROM "{name}" ORDER BY id').fetchall()
        # A column or a table that a migration adds holds nothing yet: without it the contents keep their form.
        if rows:
            found[name] = [[list(pair) for pair in zip(columns, row, strict=True) if pair[1]] for row in rows]
    return found


class _Said:
    """A block whose errors are told as a command tells them."""

    code = 0

    def __enter__(self) -> _Said:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if not isinstance(error, PartnersError):
            return False
        say(f"partners: {error.message}")
        say(f"  {error.hint}")
        self.code = exit_codes.code_of(error)
        return True


def _faults_said() -> _Said:
    return _Said()


WORKS: dict[str, Callable[..., int]] = {
    work.__name__: work
    for work in (
        command,
        import_pieces,
        edits,
        migration,
        backups,
        writers,
        hold_write,
        hold_open,
        hold_alone,
        hold_foreign,
        edit_and_stay,
        limited,
        put,
        fill,
        files_of,
        look,
        look_below,
    )
}
