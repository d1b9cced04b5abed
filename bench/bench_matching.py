"""What scoring a list costs, whole process, against a simple matcher with hand-set weights; and its memory and rate.

The one side is `partners duplicates score --csv RECORDS --out PAIRS`, from its start to its end. The other one is a
program beside the checkout that does the same without learning anything from the list, with numpy; where it or its
lists of people are not there, the list of providers of fixtures/lookalikes is scored alone, against a bare start.
A figure of records per second is a ratio of times: at most 1 means at least as many. Memory is the largest of a whole
process, against 64 MiB for the lists of people; the rate of pairs is that of `Weights.score` alone, against 50,000 in
a second. The F1 of both sides at their shipped threshold stands in the name of each figure: what is fast and wrong is
not fast.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure

ROUNDS = 7
BESIDE = Path(__file__).parents[2] / "shared"
LISTS = ("febrl2", "febrl3")
MEMORY = 64.0
"""MiB."""
RATE = 50_000.0
"""Pairs in a second."""
CONTACTS = 5_000
SCORING = """
import json, sys, time
from pathlib import Path
from partners_crm.plugins.formats import formats_of
from partners_crm.plugins.policy import Policy
from partners_crm.plugins.registry import PluginRegistry
from partners_crm.services.importing.sheets import read_sheet
from partners_crm.services.matching import columns, tables
from partners_crm.services.matching.weighing import Weights
formats = formats_of(PluginRegistry(Policy(bundled_only=True)))
with read_sheet(Path(sys.argv[1]), known=columns.is_known, formats=formats) as sheet:
    headers, rows = sheet.headers, [row.cells for row in sheet.rows()]
found = columns.guess(headers, rows)
make = tables.people_of if found.kind == "people" else tables.bodies_of
taken = []
for _ in range(5):
    records = make(rows, found)
    pairs = sorted(records.pairs())
    start = time.perf_counter()
    Weights(records).score(pairs)
    taken.append(time.perf_counter() - start)
print(json.dumps([len(pairs), sorted(taken)[2]]))
"""
SCANNING = """
import sys
from partners_crm import Crm
from partners_crm.model import Contact, Organization
from partners_crm.services.duplicates import possible_duplicates
with Crm.open(sys.argv[1]) as crm:
    found = [possible_duplicates(crm.db, table) for table in (Contact, Organization)]
sys.exit(found[0].looked_at != int(sys.argv[2]))
"""


class Rate(Figure):
    """A rate against the one that is asked for; what a `Cost` holds in seconds is the time of one pair."""

    @property
    def line(self) -> str:
        """The figure for a person."""
        return f"{self.what}: {1 / self.subject.wall:,.0f} a second >= {1 / self.reference.wall:,.0f} {self.verdict}"


class Ended(NamedTuple):
    """What a whole process took."""

    cost: Cost
    peak: float
    """MiB."""


def whole(*words: str | Path) -> Ended:
    """Run a program to its end.

    Raises:
        CannotMeasure: it failed.
    """
    start = time.perf_counter()
    child = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise CannotMeasure(f"{' '.join(map(str, words))[:200]} ended with {child.returncode}")
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Ended(Cost(wall, usage.ru_utime + usage.ru_stime), peak)


def f1(pairs: Path, truth: Path) -> float:
    """How well the pairs of a file agree with the truth, at the threshold of 0.5."""
    called = {_pair(row) for row in _rows(pairs) if float(row[2]) >= 0.5}
    wanted = {_pair(row) for row in _rows(truth)}
    return 2 * len(called & wanted) / (len(called) + len(wanted))


def _pair(row: list[str]) -> tuple[str, str]:
    return min(row[:2]), max(row[:2])


def _rows(path: Path) -> Iterable[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def scored(folder: Path, records: Path, truth: Path, matcher: Path | None, rounds: int) -> list[Figure]:
    """The figures of one list; `matcher` is the program to compare with, where there is one."""
    ours, theirs = folder / "ours.csv", folder / "theirs.csv"
    command = (measuring.command(), "duplicates", "score", "--csv", records, "--out", ours, "--force")
    peaks: list[float] = []

    def run() -> Cost:
        ended = whole(*command)
        peaks.append(ended.peak)
        return ended.cost

    sides = {"ours": run, "bare": lambda: measuring.process(*measuring.BARE)}
    if matcher is not None:
        sides["theirs"] = lambda: whole(measuring.PYTHON, matcher, records, theirs).cost
    costs = measuring.interleave(sides, rounds)
    count = sum(1 for _ in _rows(records))
    median = measuring.middle(costs["ours"]).wall
    what = f"{records.parent.name}, {count:,} records, {count / median:,.0f} a second, F1 {f1(ours, truth):.4f}"
    if matcher is None:
        figures = [measuring.figure(f"{what}, score / bare start", costs["ours"], costs["bare"], None)]
    else:
        what += f" (simple matcher {f1(theirs, truth):.4f})"
        figures = [measuring.figure(f"{what}, score / simple matcher", costs["ours"], costs["theirs"], 1.0)]
    largest = [Cost(each, each) for each in peaks[-rounds:]]
    limit = 1.0 if records.parent.name in LISTS else None
    figures.append(measuring.peak(f"{records.parent.name}, memory", largest, [Cost(MEMORY, MEMORY)] * rounds, limit))
    figures.append(rate(records))
    return figures


def rate(records: Path) -> Figure:
    """How many pairs of a list are scored in a second, once they are known."""
    printed = subprocess.run([measuring.PYTHON, "-c", SCORING, records], check=True, capture_output=True, text=True)
    pairs, seconds = json.loads(printed.stdout)
    each, asked = Cost(seconds / pairs, seconds / pairs), Cost(1 / RATE, 1 / RATE)
    ratio = each.wall / asked.wall
    return Rate(f"{records.parent.name}, {pairs:,} pairs scored", ratio, ratio, each, asked, 1.0, "wall", 5)


def contacts(path: Path, count: int = CONTACTS) -> Path:
    """A coalition of so many contacts, two in each organization.

    Raises:
        CannotMeasure: the import took another number of them.
    """
    from fixtures.dirty.words import FAMILY, GIVEN

    from partners_crm.crm import Crm
    from partners_crm.model import Contact

    draw = random.Random(count)
    table = [
        (
            *row[:6],
            f"{draw.choice(GIVEN)} {draw.choice('ABCDEFGHIJ')}. {draw.choice(FAMILY)}",
            f"p{number}-{turn}@example.org",
        )
        for number, row in enumerate(measuring.rows(count // 2))
        for turn in range(2)
    ]
    sheet = measuring.write_csv(path.with_name("contacts.csv"), table, (*measuring.COLUMNS[:6], "contact", "e-mail"))
    with Crm.create(path, "Bench Coalition") as crm:
        crm.import_file(sheet)
        if (there := len(crm.records(Contact))) != count:
            raise CannotMeasure(f"{there} contacts came of {count} rows")
    return path


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures of every list, and of a whole coalition."""
    matcher = BESIDE / "prototypes" / "simple_matcher.py"
    known = [BESIDE / "data" / "duplicates" / name for name in LISTS]
    compared = matcher.exists() and importlib.util.find_spec("numpy") is not None
    if not compared:
        print(
            "the simple matcher, or numpy that it needs, is not there: only our own side is measured", file=sys.stderr
        )
    figures: list[Figure] = []
    if all(each.is_dir() for each in known):
        for each in known:
            figures += scored(folder, each / "records.csv", each / "truth.csv", matcher if compared else None, rounds)
    else:
        from fixtures.lookalikes.make import write

        write(folder / "lookalikes", count=3_000)
        records = folder / "lookalikes" / "records.csv"
        figures += scored(folder, records, records.with_name("truth.csv"), None, rounds)
    database = contacts(folder / "contacts.db")
    sides = {
        "bare": lambda: measuring.process(*measuring.BARE),
        "scan": lambda: measuring.process(measuring.PYTHON, "-c", SCANNING, database, str(CONTACTS)),
    }
    costs = measuring.interleave(sides, min(rounds, 3))
    what = f"every pair of {CONTACTS:,} contacts and {CONTACTS // 2:,} organizations of a coalition / bare start"
    return [*figures, measuring.figure(what, costs["scan"], costs["bare"], None)]


if __name__ == "__main__":
    measuring.run(measuring.options(__doc__, ROUNDS), measure)
