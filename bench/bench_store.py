"""How much CPU the unit of work with its journal takes for 65,000 organizations and 104,000 contacts, and their undo.

The rows of both sides are complete and lie in memory before the clock starts; every side writes them into a copy of
one blank coalition, that is into the same two tables with the same indexes:

- ours: one unit of work, `unit.insert` in a `together` block, with the journal, its digests and the commit;
- raw: `sqlite3.executemany`, table by table in one transaction in WAL mode, nothing else;
- sqlite-utils: `insert_all` of the same rows as dictionaries, table by table;
- undo: `Crm.undo` of what ours has written, against the writing of it in the same process.

Opening the file counts on no side, the commit on every one. Each side runs in a process of its own. CPU time decides;
wall time is printed beside it. How much memory grows with the records of one unit is the peak of a process that writes
80,000 of them, made one after the other, by that of one that writes 20,000; loading the program is in both.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure, stopwatch

ROUNDS = 5
ORGANIZATIONS = 65_000
CONTACTS = 104_000
RAW_LIMIT = 2.5
UTILS_LIMIT = 0.67
"""At least 1.5 times faster than sqlite-utils."""
UNDO_LIMIT = 1.0
FEW, MANY = 20_000, 80_000
MEMORY_LIMIT = 1.25


class Peak(Figure):
    """A ratio of two peaks of memory; what a `Cost` holds in seconds are mebibytes here."""

    @property
    def line(self) -> str:
        """The figure for a person."""
        return (
            f"{self.what}: {self.wall:.2f}x <= {self.limit:g}x {self.verdict}"
            f"  ({self.subject.wall:.1f} MiB / {self.reference.wall:.1f} MiB; {self.rounds} rounds)"
        )


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures."""
    from partners_crm.crm import Crm

    blank = folder / "blank.db"
    Crm.create(blank, "Bench Coalition").close()
    undone: list[Cost] = []

    def side(name: str) -> Callable[[], Cost]:
        def work() -> Cost:
            database = folder / f"{name}.db"
            for suffix in ("", "-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(blank, database)
            database.chmod(0o600)
            words = [measuring.PYTHON, __file__, "--side", name, str(database)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                raise CannotMeasure(f"the side {name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
            found = [Cost(*each) for each in json.loads(done.stdout)]
            undone.extend(found[1:])
            return found[0]

        return work

    costs = measuring.interleave({name: side(name) for name in SIDES}, rounds)
    what = f"{ORGANIZATIONS:,} organizations and {CONTACTS:,} contacts"
    ours = costs["ours"]
    return [
        measuring.figure(f"{what}, journalled / executemany", ours, costs["raw"], RAW_LIMIT, by="cpu"),
        measuring.figure(f"{what}, journalled / sqlite-utils", ours, costs["utils"], UTILS_LIMIT, by="cpu"),
        # The first round warms the caches, as on every side.
        measuring.figure("their undo / the writing of them", undone[1:], ours, UNDO_LIMIT, by="cpu"),
        peak(f"peak memory of {MANY:,} records in one unit / of {FEW:,}", costs["many"], costs["few"]),
    ]


def peak(what: str, subject: list[Cost], reference: list[Cost]) -> Peak:
    """The figure of two peaks."""
    ratio = statistics.median(one.wall / other.wall for one, other in zip(subject, reference, strict=True))
    middles = measuring.middle(subject), measuring.middle(reference)
    return Peak(what, ratio, ratio, *middles, MEMORY_LIMIT, "wall", len(subject))


# -------------------------------------------------------------------- the rows


def organizations(count: int) -> Iterator[dict[str, Any]]:
    """Every field of so many organizations but id, uid and version."""
    names = measuring.rows(count)
    for number, (name, *_) in enumerate(names):
        kind = "provider" if number % 3 else "advocacy"
        note = f"Seen at the meeting of district {number % 59}" if number % 4 == 0 else ""
        yield {"name": name, "kind": kind, "parent": None, "successor": None, "note": note, "archived_on": ""}


def contacts(count: int) -> Iterator[dict[str, Any]]:
    """Every field of so many contacts but id, uid and version."""
    for number, (name, *_) in enumerate(measuring.rows(count, seed=651)):
        given, family = name.split(" ")[:2]
        yield {
            "name": f"{given} {family} {number}",
            "given_name": given,
            "family_name": f"{family} {number}",
            "note": "",
            "archived_on": "",
            "do_not_contact": False,
        }


def complete(table: Any, values: Iterator[dict[str, Any]], first: int) -> list[dict[str, Any]]:
    """The rows by column, with what the unit of work would have given them."""
    from partners_crm.store.work import new_uid

    columns = {name: field.column_name for name, field in table._meta.fields.items()}
    rows = ({"id": number, "uid": new_uid(), "version": 2, **row} for number, row in enumerate(values, first))
    return [{columns[name]: value for name, value in row.items()} for row in rows]


# -------------------------------------------------------------------- the sides, each in a process of its own


def ours(database: Path) -> list[Cost]:
    """The unit of work, and its undo."""
    from partners_crm.crm import Crm
    from partners_crm.model import Contact, Organization

    found: list[Cost] = []
    tables = [(Organization, list(organizations(ORGANIZATIONS))), (Contact, list(contacts(CONTACTS)))]
    with Crm.open(database) as crm:
        import partners_crm.services.undoing  # noqa: F401

        with stopwatch(found), crm.changes("bench") as unit, unit.together():
            for table, rows in tables:
                for values in rows:
                    unit.insert(table, values)
        del tables
        with stopwatch(found):
            report = crm.undo()
        if report.reversed != ORGANIZATIONS + CONTACTS or report.kept or report.refused:
            raise CannotMeasure(f"{report.reversed} records were taken back")
    return found


def both_tables() -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of the other sides."""
    from partners_crm.model import Contact, Organization

    return [
        ("organization", complete(Organization, organizations(ORGANIZATIONS), 1)),
        ("contact", complete(Contact, contacts(CONTACTS), 1)),
    ]


def raw(database: Path) -> list[Cost]:
    """The driver alone."""
    found: list[Cost] = []
    tables = [(name, list(rows[0]), [tuple(row.values()) for row in rows]) for name, rows in both_tables()]
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    with stopwatch(found):
        connection.execute("BEGIN IMMEDIATE")
        for name, columns, rows in tables:
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"
            connection.executemany(statement, rows)
        connection.execute("COMMIT")
    connection.close()
    return found


def utils(database: Path) -> list[Cost]:
    """sqlite-utils."""
    from sqlite_utils import Database

    found: list[Cost] = []
    tables = both_tables()
    connection = Database(str(database))
    connection.enable_wal()
    with stopwatch(found):
        for name, rows in tables:
            connection.table(name).insert_all(rows)
    connection.close()
    return found


def writing(count: int) -> Callable[[Path], list[Cost]]:
    """A side that writes so many records, made one after the other."""

    def work(database: Path) -> list[Cost]:
        from partners_crm.crm import Crm
        from partners_crm.model import Organization

        values = {"kind": "provider", "parent": None, "successor": None, "note": "", "archived_on": ""}
        with Crm.open(database) as crm, crm.changes("bench") as unit, unit.together():
            for number in range(count):
                unit.insert(Organization, {"name": f"House {number}", **values})
        # In KiB, but for macOS, where it is in bytes.
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        return [Cost(used, used)]

    return work


SIDES: dict[str, Callable[[Path], list[Cost]]] = {
    "ours": ours,
    "raw": raw,
    "utils": utils,
    "few": writing(FEW),
    "many": writing(MANY),
}


def run_side(words: list[str]) -> None:
    """Run one side and print what it cost; `measure` starts this program so."""
    parser = argparse.ArgumentParser(description="Run one side once.")
    parser.add_argument("--side", choices=SIDES, required=True)
    parser.add_argument("database", type=Path)
    chosen = parser.parse_args(words)
    print(json.dumps(SIDES[chosen.side](chosen.database)))


if __name__ == "__main__":
    if "--side" in sys.argv:
        run_side(sys.argv[1:])
    else:
        measuring.run(measuring.options(__doc__, ROUNDS), measure)
