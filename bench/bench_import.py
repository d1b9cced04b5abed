"""What an import of many rows costs, against the parsers' own time and plain SQL, and what importing it again costs.

A row has a name, an address in one line, a phone and a fax; its ZIP code is one whose area the maps do not know, so
that there is nothing to place. The one side is `Crm.open`, `import_file` and `close` on a new coalition: reading the
CSV, planning, checking, writing, the journal, the kept source rows, the commit. The other side is the sum of two:

- the parsers themselves, called once for each value without anything of ours around them: `phonenumbers.parse`,
  `is_valid_number` and `format_number` for both phones, `usaddress.tag` for the address;
- the same rows, ready in memory, through one `sqlite3.executemany` in one transaction into one plain table of the same
  columns in a new file of the same journal mode (WAL), its commit and close among them.

"Again" is the import of the same file into the same coalition, opened anew: every row is known by its hash. Memory is
the peak of the process, less what it had after the libraries were loaded; it grows with the batch, not with the file,
so that five times the rows take about as much.

A last figure, without a limit, is of 10,000 plain rows of seven columns: name, address, city, state, ZIP, phone, mail.

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
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure, stopwatch

ROUNDS = 2
ROWS = 100_000
PLAIN_ROWS = 10_000
LINE_COLUMNS = ("organization", "address", "phone", "fax")
LIMIT = 1.3
AGAIN_LIMIT = 0.05
AREAS = ("217", "309", "312", "618", "630", "708", "773", "815", "847", "872")


class Job(NamedTuple):
    """What a side has to do."""

    sheet: Path
    database: Path
    rows: int


def measure(folder: Path, rounds: int, *, rows: int) -> list[Figure]:
    """The figures."""
    from partners_crm.crm import Crm

    blank = folder / "blank.db"
    Crm.create(blank, "Bench Coalition").close()
    again: list[Cost] = []
    peaks: dict[str, list[Cost]] = {"lines": [], "few": []}

    def side(name: str, sheet: str, count: int) -> Callable[[], Cost]:
        def work() -> Cost:
            database = folder / f"{name}.db"
            for suffix in ("", "-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            if SIDES[name] is import_rows:
                shutil.copyfile(blank, database)
                database.chmod(0o600)
            found = run_apart(name, Job(folder / f"{sheet}.csv", database, count))
            if name in peaks:
                again.extend(found[1:2] if name == "lines" else ())
                peaks[name].append(found[-1])
            return found[0]

        return work

    few = max(rows // 5, 1)
    files = {"lines": rows, "few": few, "plain": PLAIN_ROWS}
    for name, count in files.items():
        # In a process of its own, too: a child begins with the peak of its parent.
        run_apart("write", Job(folder / f"{name}.csv", folder, count))
    sides = {
        "lines": side("lines", "lines", rows),
        "few": side("few", "few", few),
        "lines_table": side("lines_table", "lines", rows),
        "lines_parsers": side("lines_parsers", "lines", rows),
        "plain": side("plain", "plain", PLAIN_ROWS),
        "plain_table": side("plain_table", "plain", PLAIN_ROWS),
        "plain_parsers": side("plain_parsers", "plain", PLAIN_ROWS),
    }
    costs = measuring.interleave(sides, rounds)

    def both(name: str) -> list[Cost]:
        pairs = zip(costs[f"{name}_table"], costs[f"{name}_parsers"], strict=True)
        return [Cost(one.wall + other.wall, one.cpu + other.cpu) for one, other in pairs]

    what = f"import of {rows:,} rows with one address and two phones"
    first = costs["lines"]
    # The first round warms the caches, as on every side.
    return [
        measuring.figure(f"{what} / the parsers + executemany", first, both("lines"), LIMIT, by="cpu"),
        measuring.figure("the same file again / the first import", again[1:], first, AGAIN_LIMIT, by="cpu"),
        measuring.peak(f"memory for {rows:,} rows / for {few:,}", peaks["lines"][1:], peaks["few"][1:], None),
        measuring.figure(
            f"import of {PLAIN_ROWS:,} plain rows of seven columns / the parsers + executemany",
            costs["plain"],
            both("plain"),
            None,
            by="cpu",
        ),
    ]


def run_apart(name: str, job: Job) -> list[Cost]:
    """What a side found, run in a process of its own.

    Raises:
        CannotMeasure: it failed.
    """
    words = [measuring.PYTHON, __file__, "--side", name, str(job.sheet), str(job.database), str(job.rows)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"the side {name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return [Cost(*each) for each in json.loads(done.stdout)]


# -------------------------------------------------------------------- the sides, each in a process of its own


def write_sheet(job: Job) -> list[Cost]:
    """The file of the other sides: seven columns where it is named plain, else the address in one line."""
    rows = measuring.rows(job.rows, near=False)
    if job.sheet.stem == "plain":
        measuring.write_csv(job.sheet, rows, measuring.COLUMNS)
        return []
    lines = (
        (
            name,
            f"{address}, {city}, {state} {postal_code}",
            phone,
            f"{AREAS[number % 10]}-555-01{number // 10 % 100:02}",
        )
        for number, (name, address, city, state, postal_code, phone, _) in enumerate(rows)
    )
    measuring.write_csv(job.sheet, list(lines), LINE_COLUMNS)
    return []


def import_rows(job: Job) -> list[Cost]:
    """Ours, once and again, and the memory of the first."""
    import phonenumbers  # noqa: F401  # loaded before the clock starts, as on the other side
    import usaddress  # noqa: F401

    import partners_crm.plugins.formats  # the plugins themselves are looked for and loaded while it runs
    import partners_crm.services.importing.applying  # noqa: F401
    from partners_crm.crm import Crm

    found: list[Cost] = []
    loaded = measuring.used_mib()
    with stopwatch(found), Crm.open(job.database) as crm:
        report = crm.import_file(job.sheet)
    # Amber Arch and Ember Arch with one phone are taken for the same: there are a few of those.
    if report.new < 0.99 * job.rows or report.rejected:
        raise CannotMeasure(f"{report.new} rows were added and {report.rejected} rejected")
    used = measuring.used_mib() - loaded
    del report
    with stopwatch(found), Crm.open(job.database) as crm:
        report = crm.import_file(job.sheet)
    if report.unchanged != job.rows or report.changes:
        raise CannotMeasure(f"{report.unchanged} rows were known again and {report.changes} changes made")
    return [*found, Cost(used, used)]


def store_rows(job: Job) -> list[Cost]:
    """The rows in a plain table."""
    header, *table = read(job.sheet)
    names, marks = ", ".join(f'"{name}"' for name in header), ", ".join("?" * len(header))
    found: list[Cost] = []
    with stopwatch(found):
        connection = sqlite3.connect(job.database, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"CREATE TABLE plain (id INTEGER PRIMARY KEY, {names})")
        connection.executemany(f"INSERT INTO plain ({names}) VALUES ({marks})", table)
        connection.execute("COMMIT")
        connection.close()
    return found


def parse_rows(job: Job) -> list[Cost]:
    """The parsers themselves."""
    import phonenumbers
    import usaddress

    header, *table = read(job.sheet)
    phones = [number for number, name in enumerate(header) if name in {"phone", "fax"}]
    values = [(row[1], [row[number] for number in phones]) for row in table]
    found: list[Cost] = []
    unread = 0
    with stopwatch(found):
        for address, texts in values:
            for text in texts:
                number = phonenumbers.parse(text, "US")
                phonenumbers.is_valid_number(number)
                phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            try:
                usaddress.tag(address)
            except usaddress.RepeatedLabelError:
                unread += 1
    if unread > len(values) // 20:
        raise CannotMeasure(f"{unread} addresses of {len(values)} could not be tagged: the rows are not plain")
    return found


SIDES: dict[str, Callable[[Job], list[Cost]]] = {
    "write": write_sheet,
    "lines": import_rows,
    "few": import_rows,
    "lines_table": store_rows,
    "lines_parsers": parse_rows,
    "plain": import_rows,
    "plain_table": store_rows,
    "plain_parsers": parse_rows,
}


def read(sheet: Path) -> list[list[str]]:
    """The rows of a sheet, its header first."""
    with sheet.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def run_side(words: list[str]) -> None:
    """Run one side and print what it cost; `measure` starts this program so."""
    parser = argparse.ArgumentParser(description="Run one side once.")
    parser.add_argument("--side", choices=SIDES, required=True)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("rows", type=int)
    chosen = parser.parse_args(words)
    print(json.dumps(SIDES[chosen.side](Job(chosen.sheet, chosen.database, chosen.rows))))


if __name__ == "__main__":
    if "--side" in sys.argv:
        run_side(sys.argv[1:])
    else:
        options = measuring.options(__doc__, ROUNDS, rows=ROWS)
        measuring.run(options, partial(measure, rows=options.rows))
