"""What the programs of this folder share: invented data, costs of both sides of a ratio in one run, and the report.

Only ratios are judged, so that a figure means the same on every machine: both sides run in turn, round by round, and
the figure is the median over the rounds of what one side cost divided by what the other cost in the same round. One
round before them warms the caches of the disk and is thrown away. Nothing of the person who runs this is read or
written: the home folders of every program that is started lie in a temporary folder.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

PYTHON = sys.executable
BARE = (PYTHON, "-c", "pass")
"""The start of an interpreter that does nothing."""
COLUMNS = ("name", "address", "city", "state", "zip", "phone", "email")
POINT_COLUMNS = ("latitude", "longitude")
ORGANIZATIONS = 650
"""Members of the coalition that the figures are about."""

_TOWNS = (
    ("Aurora", "60505"), ("Belleville", "62220"), ("Bloomington", "61701"), ("Carbondale", "62901"),
    ("Champaign", "61820"), ("Chicago", "60608"), ("Chicago", "60647"), ("Danville", "61832"), ("Decatur", "62521"),
    ("Elgin", "60120"), ("Galesburg", "61401"), ("Joliet", "60432"), ("Kankakee", "60901"), ("Moline", "61265"),
    ("Naperville", "60540"), ("Peoria", "61602"), ("Quincy", "62301"), ("Rockford", "61101"),
    ("Springfield", "62701"), ("Waukegan", "60085"),
)  # fmt: skip
_NEAR = ("Aurora", "Chicago", "Elgin", "Joliet", "Naperville", "Waukegan")
_AREAS = ("217", "309", "312", "618", "630", "708", "773", "815", "847", "872")
_FIRST = (
    "Amber", "Birch", "Cedar", "Dawn", "Ember", "Fern", "Garnet", "Hazel", "Indigo", "Juniper", "Kestrel", "Linden",
    "Maple", "North", "Opal", "Prairie", "Quarry", "River", "Sable", "Tallgrass", "Umber", "Violet", "Willow", "Yarrow",
)  # fmt: skip
_SECOND = ("Arch", "Bridge", "Corner", "Door", "Field", "Gate", "Harbor", "Lane", "Path", "Row", "Step", "Trail")
_THIRD = ("Alliance", "Center", "House", "Network", "Partners", "Project", "Services", "Works")
_STREETS = (
    "Adams", "Birch", "Clinton", "Dearborn", "Elm", "Franklin", "Grove", "Hickory", "Jackson", "Kedzie", "Lincoln",
    "Madison", "Monroe", "Oak", "Pulaski", "Randolph", "Spruce", "Union", "Walnut", "Washington",
)  # fmt: skip
_TYPES = ("St", "Ave", "Blvd", "Dr", "Rd", "Street", "Avenue", "Ct")
_CITY_BOX = (41.66, -87.86, 41.98, -87.70)
_STATE_BOX = (38.20, -89.80, 42.40, -88.10)
"""(south, west, north, east) of two rectangles that lie in Illinois whole: two points in five fall in the first."""


class CannotMeasure(Exception):
    """A side did not do what it should have done, so that its cost means nothing."""


class Cost(NamedTuple):
    """What one run of a side took, in seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One ratio, and its limit where it has one."""

    what: str
    wall: float
    cpu: float
    subject: Cost
    """Medians of the side that is judged."""
    reference: Cost
    """Medians of the side that it is compared with."""
    limit: float | None
    by: Literal["wall", "cpu"]
    rounds: int

    @property
    def verdict(self) -> str:
        """Whether the limit is kept, in a word."""
        if self.limit is None:
            return "no limit"
        return "ok" if getattr(self, self.by) <= self.limit else "MISSED"

    @property
    def line(self) -> str:
        """The figure for a person."""
        limit = "" if self.limit is None else f" <= {self.limit:g}x"
        ratios = {"wall": self.wall, "cpu": self.cpu}
        other = "cpu" if self.by == "wall" else "wall"
        subject, reference = (getattr(side, self.by) * 1000 for side in (self.subject, self.reference))
        return (
            f"{self.what}: {ratios[self.by]:.2f}x{limit} {self.verdict}"
            f"  ({self.by} {subject:.1f} ms / {reference:.1f} ms; {other} {ratios[other]:.2f}x; {self.rounds} rounds)"
        )


class Peak(Figure):
    """A ratio of two peaks of memory; what a `Cost` holds in seconds are mebibytes here."""

    @property
    def line(self) -> str:
        """The figure for a person."""
        limit = "" if self.limit is None else f" <= {self.limit:g}x"
        return (
            f"{self.what}: {self.wall:.2f}x{limit} {self.verdict}"
            f"  ({self.subject.wall:.1f} MiB / {self.reference.wall:.1f} MiB; {self.rounds} rounds)"
        )


# -------------------------------------------------------------------- running


def options(about: str | None, rounds: int, rows: int = 0) -> argparse.Namespace:
    """The options every program has: `rounds` and `json`; and `rows`, where there is a default for it."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"measured rounds (default {rounds})")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    if rows:
        parser.add_argument("--rows", type=int, default=rows, help=f"rows of the file (default {rows:,})")
    found = parser.parse_args()
    if found.rounds < 1:
        parser.error("--rounds must be 1 or more")
    return found


def run(chosen: argparse.Namespace, measure: Callable[[Path, int], Sequence[Figure]]) -> NoReturn:
    """Measure in a temporary folder, print one line for each figure, and exit; only a failure to measure is 1."""
    with tempfile.TemporaryDirectory(prefix="partners-bench-") as name:
        folder = Path(name)
        set_homes(folder)
        try:
            figures = measure(folder, chosen.rounds)
        except CannotMeasure as error:
            sys.exit(f"{Path(sys.argv[0]).name}: cannot measure: {error}")
    if chosen.json:
        print(json.dumps([as_data(figure) for figure in figures], indent=1))
    else:
        for figure in figures:
            print(figure.line)
    sys.exit(0)


def as_data(figure: Figure) -> dict[str, object]:
    """A figure for a program."""
    return {
        "what": figure.what,
        "ratio": round(getattr(figure, figure.by), 3),
        "limit": figure.limit,
        "verdict": figure.verdict,
        "by": figure.by,
        "wall_ratio": round(figure.wall, 3),
        "cpu_ratio": round(figure.cpu, 3),
        "subject_s": figure.subject._asdict(),
        "reference_s": figure.reference._asdict(),
        "rounds": figure.rounds,
    }


def set_homes(folder: Path) -> None:
    """Move the home folders of this process, and so of every program it starts, into a folder."""
    for name in list(os.environ):
        if name.startswith(("PARTNERS_", "XDG_", "PYTHON", "COVERAGE_")):
            del os.environ[name]
    home = folder / "home"
    for name, part in (
        ("HOME", ""),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
    ):
        place = home / part
        place.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(place)


def interleave(sides: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, list[Cost]]:
    """The costs of every side, round by round; every other round runs backwards, so that no side is always second."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        names = list(sides) if number % 2 else list(sides)[::-1]
        for name in names:
            cost = sides[name]()
            if number:
                costs[name].append(cost)
    return costs


def figure(
    what: str,
    subject: Sequence[Cost],
    reference: Sequence[Cost],
    limit: float | None,
    by: Literal["wall", "cpu"] = "wall",
) -> Figure:
    """The median over the rounds of the ratio of two sides."""
    pairs = list(zip(subject, reference, strict=True))
    return Figure(
        what,
        statistics.median(one.wall / other.wall for one, other in pairs),
        statistics.median(one.cpu / other.cpu for one, other in pairs),
        middle(subject),
        middle(reference),
        limit,
        by,
        len(pairs),
    )


def peak(what: str, subject: Sequence[Cost], reference: Sequence[Cost], limit: float | None) -> Peak:
    """The figure of two peaks of memory."""
    found = figure(what, subject, reference, limit)
    return Peak(what, found.wall, found.cpu, found.subject, found.reference, limit, "wall", found.rounds)


def used_mib() -> float:
    """The most memory that this process ever had, in MiB."""
    # In KiB, but for macOS, where it is in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each kind of cost."""
    return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))


def process(*words: str | Path, codes: Sequence[int] = (0,)) -> Cost:
    """The cost of a whole process, from its start to its end, with its output thrown away.

    Raises:
        CannotMeasure: it ended with another code than `codes`.
    """
    arguments = [str(word) for word in words]
    away = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    start = time.perf_counter()
    child = os.posix_spawn(arguments[0], arguments, os.environ, file_actions=away)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in codes:
        raise CannotMeasure(f"{' '.join(arguments)[:200]} ended with {code}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


@contextmanager
def stopwatch(found: list[Cost]) -> Iterator[None]:
    """Append the cost of a block in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    found.append(Cost(time.perf_counter() - wall, time.process_time() - cpu))


def command() -> Path:
    """The installed console script of this interpreter.

    Raises:
        CannotMeasure: it is not installed.
    """
    path = Path(PYTHON).with_name("partners")
    if not path.exists():
        raise CannotMeasure(f"{path} is not there: install the package into this environment")
    return path


# -------------------------------------------------------------------- data


def rows(count: int, seed: int = 650, *, near: bool = True) -> list[tuple[str, ...]]:
    """Invented organizations under `COLUMNS`: the same ones for the same seed, no two of one name.

    Seven towns in twenty are `near` Chicago, where the maps know the areas of ZIP codes: an organization there has
    candidate districts without a point. Without them nothing can be placed.

    Phone numbers are 555-01xx, which is kept free for fiction, in four spellings; mail addresses end in example.org;
    six street lines in ten are plain, three hold a unit, one is a post office box or a county road.
    """
    chance = random.Random(seed)
    towns = [town for town in _TOWNS if near or town[0] not in _NEAR]
    names = [f"{first} {second} {third}" for first in _FIRST for second in _SECOND for third in _THIRD]
    chance.shuffle(names)
    found: list[tuple[str, ...]] = []
    for number in range(count):
        turn, place = divmod(number, len(names))
        name = names[place] + (f" {turn + 1}" if turn else "")
        city, postal_code = chance.choice(towns)
        found.append(
            (name, _address(chance), city, "IL", postal_code, _phone(chance), f"office{number + 1}@example.org")
        )
    return found


def points(count: int, seed: int = 650) -> list[tuple[float, float]]:
    """Latitudes and longitudes in Illinois, with five decimals."""
    chance = random.Random(seed + 1)
    found = []
    for _ in range(count):
        south, west, north, east = _CITY_BOX if chance.random() < 0.4 else _STATE_BOX
        found.append((round(chance.uniform(south, north), 5), round(chance.uniform(west, east), 5)))
    return found


def write_csv(path: Path, table: Sequence[Sequence[object]], columns: Sequence[str]) -> Path:
    """Write a table with its header."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(table)
    return path


def coalition(folder: Path, count: int = ORGANIZATIONS) -> Path:
    """A coalition of so many organizations, each with a silo, a site and its point, and districts unless it is a box.

    Raises:
        CannotMeasure: the import did not take every row, or did not place every site that is no post office box.
    """
    from partners_crm.crm import Crm
    from partners_crm.model import Assignment
    from partners_crm.model.silos import CANONICAL_SILOS

    silos = [code for code, _, _ in CANONICAL_SILOS]
    table = [
        (*row, *point, silos[number % len(silos)])
        for number, (row, point) in enumerate(zip(rows(count), points(count), strict=True))
    ]
    sheet = write_csv(folder / "organizations.csv", table, (*COLUMNS, *POINT_COLUMNS, "silo"))
    path = folder / "coalition.db"
    with Crm.create(path, "Bench Coalition") as crm:
        report = crm.import_file(sheet)
        boxes = sum(str(row[1]).startswith("PO Box") for row in table)
        sites = {each.site for each in crm.records(Assignment)}
        if report.new != count or len(sites) != count - boxes:
            raise CannotMeasure(f"of {count} rows {report.new} were added and {len(sites)} sites were placed")
    return path


def _address(chance: random.Random) -> str:
    shape = chance.random()
    if shape < 0.05:
        return f"PO Box {chance.randint(10, 9_999)}"
    if shape < 0.10:
        return f"{chance.randint(100, 9_999)} County Road {chance.randint(1, 40)}"
    line = f"{chance.randint(1, 9_999)} {chance.choice('NSEW')} {chance.choice(_STREETS)} {chance.choice(_TYPES)}"
    if shape < 0.40:
        unit = chance.choice(
            (f"Ste {chance.randint(100, 990)}", f"Fl {chance.randint(2, 30)}", f"#{chance.randint(1, 60)}")
        )
        return f"{line}, {unit}" if chance.random() < 0.5 else f"{line} {unit}"
    return line


def _phone(chance: random.Random) -> str:
    area, line = chance.choice(_AREAS), f"01{chance.randint(0, 99):02}"
    return chance.choice((f"{area}-555-{line}", f"({area}) 555-{line}", f"{area}.555.{line}", f"+1 {area} 555 {line}"))
