"""What a backup costs, against SQLite's own `VACUUM INTO`, and what a coalition's checks add to opening it.

Backup: `back_up` of a coalition of 65,000 organizations with their sites and districts, from its start to the verified
copy under its name: copied, opened, checked for integrity, counted, hashed. The other side is `VACUUM INTO` of the same
file, made durable by one fsync, with nothing checked.

Opening: `open_store` and `close_store`, with a setting read between them, against a peewee database of the same class
with the same pragmas that is connected, asked the same and closed. The file is current and nobody else has it open.
Wall time decides in both.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure, stopwatch

ROUNDS = 5
ORGANIZATIONS = 65_000
BACKUP_LIMIT = 2.0
OPEN_LIMIT = 1.2
OPENINGS = 200
"""Times a file is opened in one round."""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Both figures."""
    path = measuring.coalition(folder, ORGANIZATIONS)
    backups = folder / "backups"
    size = path.stat().st_size / 1e6
    costs = measuring.interleave(
        {"ours": lambda: ours(path, backups), "vacuum": lambda: vacuum(path, folder / "vacuum.db")}, rounds
    )
    what = f"backup of {ORGANIZATIONS:,} organizations ({size:.0f} MB), verified / VACUUM INTO"
    small = measuring.coalition(make(folder / "small"))
    opening = measuring.interleave({"ours": opened(small, checked), "plain": opened(small, plain)}, rounds * 3)
    return [
        measuring.figure(what, costs["ours"], costs["vacuum"], BACKUP_LIMIT),
        measuring.figure(
            "opening a current coalition / without the checks", opening["ours"], opening["plain"], OPEN_LIMIT
        ),
    ]


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def ours(path: Path, backups: Path) -> Cost:
    """A verified backup."""
    from partners_crm.crm import Crm
    from partners_crm.store.copying import delete_backup

    found: list[Cost] = []
    with Crm.open(path) as crm:
        with stopwatch(found):
            made = crm.back_up(backups)
        if made.rows["organization"] != ORGANIZATIONS:
            raise CannotMeasure(f"the backup has {made.rows['organization']} organizations")
    delete_backup(made)
    return found[0]


def vacuum(path: Path, copy: Path) -> Cost:
    """SQLite's own copy."""
    found: list[Cost] = []
    with closing(sqlite3.connect(path)) as connection, stopwatch(found):
        connection.execute("VACUUM INTO ?", (str(copy),))
        descriptor = os.open(copy, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    copy.unlink()
    return found[0]


def opened(path: Path, way: Callable[[Path], str]) -> Callable[[], Cost]:
    """So many openings, one after the other."""

    def side() -> Cost:
        found: list[Cost] = []
        with stopwatch(found):
            for _ in range(OPENINGS):
                if way(path) != "Bench Coalition":
                    raise CannotMeasure("the coalition has another name")
        return found[0]

    return side


def checked(path: Path) -> str:
    """As every command opens it."""
    from partners_crm.store.maps import setting
    from partners_crm.store.open import _OPENED, close_store, open_store

    _OPENED.clear()  # a command opens a file that its process has not had open before
    db = open_store(path)
    name = setting(db, "name")
    close_store(db)
    return name


def plain(path: Path) -> str:
    """The same class, the same pragmas, no question asked."""
    from partners_crm.model import Setting
    from partners_crm.normalize.text import fold
    from partners_crm.store.open import PRAGMAS, Handle

    db = Handle(str(path), pragmas=PRAGMAS, autoconnect=False, returning_clause=True, lock_type="IMMEDIATE")
    db.register_function(fold, "fold", 1, deterministic=True)
    db.connect()
    ((name,),) = db.execute(Setting.select(Setting.setting).where(Setting.key == "name")).fetchall()  # type: ignore[no-untyped-call]
    db.close()
    return str(name)


if __name__ == "__main__":
    measuring.run(measuring.options(__doc__, ROUNDS), measure)
