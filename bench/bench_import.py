"""How much CPU an import of 10,000 plain rows takes, against plain SQL and the parsers' own time.

A plain row has a name, address, city, state, zip, phone and email, and a ZIP code whose area the maps do not know, so
that there is nothing to place; what the candidate districts of known ZIP codes add is a figure of its own. The one side
is `Crm.open`, `import_file` and `close` on a new coalition: reading the CSV, planning, checking, writing, the journal,
the kept source rows, the commit.
The other side is the sum of two measurements:

- the same 10,000 rows, ready in memory, through one `sqlite3.executemany` in one transaction into a plain table of the
  same seven columns in a new file of the same journal mode (WAL), its commit and close among them;
- the parsers themselves, called once for each value without anything of ours around them: `phonenumbers.parse`,
  `is_valid_number` and `format_number` for every phone text, `usaddress.tag` for every address text.

A second figure without a limit puts our own readers of the same values (`split_phones` and `parse_parts`, which spare
the parsers where a value is plain) in the parsers' place: what is left there is the price of planning and writing.

Every side runs in a process of its own, so that no cache outlives a round, and counts from after the loading of the
libraries: that counts on neither side. CPU time decides; wall time is printed beside it.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure, stopwatch

ROUNDS = 5
ROWS = 10_000
LIMIT = 3.0


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures."""
    from partners_crm.crm import Crm

    sheets = {
        near: measuring.write_csv(folder / f"{near}.csv", measuring.rows(ROWS, near=near), measuring.COLUMNS)
        for near in (False, True)
    }
    blank = folder / "blank.db"
    Crm.create(blank, "Bench Coalition").close()

    def side(name: str, *, near: bool = False) -> Callable[[], Cost]:
        def work() -> Cost:
            database = folder / f"{name}.db"
            for suffix in ("", "-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            if name == "import":
                shutil.copyfile(blank, database)
                database.chmod(0o600)
            words = [measuring.PYTHON, __file__, "--side", name, str(sheets[near]), str(database)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                raise CannotMeasure(f"the side {name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
            return Cost(*json.loads(done.stdout))

        return work

    sides = {name: side(name) for name in SIDES} | {"placed": side("import", near=True)}
    costs = measuring.interleave(sides, rounds)

    def both(one: str, other: str) -> list[Cost]:
        return [Cost(a.wall + b.wall, a.cpu + b.cpu) for a, b in zip(costs[one], costs[other], strict=True)]

    what = f"import of {ROWS:,} plain rows"
    return [
        measuring.figure(
            f"{what} / executemany + the parsers", costs["import"], both("plain", "parsers"), LIMIT, by="cpu"
        ),
        measuring.figure(
            f"{what} / executemany + our readers", costs["import"], both("plain", "readers"), None, by="cpu"
        ),
        measuring.figure(f"{what} / executemany alone", costs["import"], costs["plain"], None, by="cpu"),
        measuring.figure(
            "the same with 20,000 candidate districts by ZIP code / without",
            costs["placed"],
            costs["import"],
            None,
            by="cpu",
        ),
    ]


# -------------------------------------------------------------------- the sides, each in a process of its own


def import_rows(sheet: Path, database: Path) -> Cost:
    """Ours."""
    import phonenumbers  # noqa: F401  # loaded before the clock starts, as on the other side
    import usaddress  # noqa: F401

    import partners_crm.services.importing.applying  # noqa: F401
    from partners_crm.crm import Crm

    found: list[Cost] = []
    with stopwatch(found), Crm.open(database) as crm:
        report = crm.import_file(sheet)
    if report.added != ROWS or report.rejected:
        raise CannotMeasure(f"{report.added} rows were added and {report.rejected} rejected")
    return found[0]


def plain_rows(sheet: Path, database: Path) -> Cost:
    """The rows in a plain table."""
    table = [tuple(row) for row in read(sheet)]
    names = ", ".join(f'"{name}" TEXT' for name in measuring.COLUMNS)
    marks = ", ".join("?" * len(measuring.COLUMNS))
    found: list[Cost] = []
    with stopwatch(found):
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"CREATE TABLE plain (id INTEGER PRIMARY KEY, {names})")
        connection.executemany(f"INSERT INTO plain ({', '.join(measuring.COLUMNS)}) VALUES ({marks})", table)
        connection.execute("COMMIT")
        connection.close()
    return found[0]


def parse_rows(sheet: Path, _database: Path) -> Cost:
    """The parsers themselves."""
    import phonenumbers
    import usaddress

    values = [(row[1], row[5]) for row in read(sheet)]
    found: list[Cost] = []
    unread = 0
    with stopwatch(found):
        for address, phone in values:
            number = phonenumbers.parse(phone, "US")
            phonenumbers.is_valid_number(number)
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            try:
                usaddress.tag(address)
            except usaddress.RepeatedLabelError:
                unread += 1
    if unread > ROWS // 20:
        raise CannotMeasure(f"{unread} addresses of {ROWS} could not be tagged: the rows are not plain")
    return found[0]


def read_rows(sheet: Path, _database: Path) -> Cost:
    """Our own readers of the same values."""
    import phonenumbers  # noqa: F401
    import usaddress  # noqa: F401

    from partners_crm.normalize.addresses import parse_parts
    from partners_crm.normalize.phones import split_phones

    values = read(sheet)
    found: list[Cost] = []
    with stopwatch(found):
        for _, address, city, state, postal_code, phone, _ in values:
            split_phones(phone)
            parse_parts(address, "", city, state, postal_code)
    return found[0]


SIDES: dict[str, Callable[[Path, Path], Cost]] = {
    "import": import_rows,
    "plain": plain_rows,
    "parsers": parse_rows,
    "readers": read_rows,
}


def read(sheet: Path) -> list[list[str]]:
    """The rows of a sheet without its header."""
    with sheet.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def run_side(words: list[str]) -> None:
    """Run one side and print what it cost; `measure` starts this program so."""
    parser = argparse.ArgumentParser(description="Run one side once.")
    parser.add_argument("--side", choices=SIDES, required=True)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("database", type=Path)
    chosen = parser.parse_args(words)
    print(json.dumps(SIDES[chosen.side](chosen.sheet, chosen.database)))


if __name__ == "__main__":
    if "--side" in sys.argv:
        run_side(sys.argv[1:])
    else:
        measuring.run(measuring.options(__doc__, ROUNDS), measure)
