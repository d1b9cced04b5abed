"""How long the check takes that runs while a new organization is typed, against a key press in the list.

The coalition has 65,000 organizations, each with a site and a phone. The one side is the check itself, as the form asks
it in its worker: whom does what is typed so far look like? The names of some organizations are typed letter by letter,
and after each letter one check is made; so are their addresses and phones, of a record that has none yet. The other
side is `partners ui` on the same file in a pseudo-terminal of 140 columns and 45 rows: the time from pressing the down
arrow in the list until the last byte of the repaint has come out. A repaint is over after 60 ms of silence, which are
not counted.

The figure compares what a check and a key press take on the average of a round. The second one has no limit: the check
below which 95 of 100 stay. Wall time decides.
"""

from __future__ import annotations

import fcntl
import os
import pty
import random
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.bench_search import names
from bench.measuring import CannotMeasure, Cost, Figure

from partners_crm.crm import Crm
from partners_crm.model import ContactPoint, Organization, Site, Table
from partners_crm.services.lookalikes import draft_of, lookalikes
from partners_crm.store import fulltext

ROUNDS = 5
ORGANIZATIONS = 65_000
TYPED = 12
"""Names that are typed."""
LIMIT = 5.0
SIZE = (45, 140)
PRESSES = 30
DOWN = b"\x1b[B"
SILENCE_S = 0.06
PATIENCE_S = 60.0
Typed = tuple[type[Table], dict[str, str], int]
"""What is typed into which form, and the record whose name it is once it is whole; 0 before."""


def coalition(folder: Path) -> Path:
    """The coalition, with its full-text index."""
    rows = measuring.rows(ORGANIZATIONS, near=False)
    table = [
        (f"{name} {place}", *row[1:]) for place, (name, row) in enumerate(zip(names(len(rows), 1), rows, strict=True))
    ]
    sheet = measuring.write_csv(folder / "organizations.csv", table, measuring.COLUMNS)
    path = folder / "coalition.db"
    with Crm.create(path, "Bench Coalition") as crm:
        report = crm.import_file(sheet)
        if report.new < ORGANIZATIONS * 0.99:
            raise CannotMeasure(f"of {ORGANIZATIONS} rows only {report.new} were added")
        fulltext.catch_up(crm.db, wait=True)
    return path


def drafts(crm: Crm) -> list[Typed]:
    """What is typed, letter by letter: the fields of a form after each of them."""
    chance = random.Random(8)
    found: list[Typed] = []
    rows = crm.db.driver.execute("SELECT id, name FROM organization ORDER BY id").fetchall()
    for key, name in chance.sample(rows, TYPED):
        words: list[tuple[type[Table], str, str]] = [(Organization, "name", name)]
        asked: tuple[tuple[type[Table], str, str], ...] = (
            (Site, "address", "SELECT address FROM site WHERE organization_id = ?"),
            (ContactPoint, "raw", "SELECT raw FROM contact_point WHERE organization_id = ? AND kind = 'phone'"),
        )
        for table, field, sql in asked:
            words += [(table, field, text) for (text,) in crm.db.driver.execute(sql, (key,)).fetchall()[:1]]
        for kind, field, text in words:
            whole = key if kind is Organization else 0
            found += [(kind, {field: text[:end]}, whole if end == len(text) else 0) for end in range(1, len(text) + 1)]
    return found


def checks(crm: Crm, typed: list[Typed], part: float | None = None) -> Cost:
    """What one check takes: on the average, or the one below which a part of them stays.

    Raises:
        CannotMeasure: a name that is known, typed whole, looks like nobody.
    """
    times = []
    cpu = time.process_time()
    for table, values, whole in typed:
        start = time.perf_counter()
        draft = draft_of(crm.db, table, values)
        found = lookalikes(crm.db, draft) if draft is not None else ()
        times.append(time.perf_counter() - start)
        if whole and whole not in {each.id for each in found}:
            raise CannotMeasure(f"{values['name']} is typed whole, and its record is not named")
    times.sort()
    wall = sum(times) / len(times) if part is None else times[int(part * len(times))]
    return Cost(wall, (time.process_time() - cpu) / len(typed))


class List:
    """`partners ui` in a terminal, with the cursor in its list."""

    def __init__(self, path: Path, awaited: str) -> None:
        self._above, below = pty.openpty()
        rows, columns = SIZE
        fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.ttyname(below), os.O_RDWR, 0)]
        actions.extend((os.POSIX_SPAWN_DUP2, 0, stream) for stream in (1, 2))  # type: ignore[misc]  # shapes differ
        words = [str(measuring.command()), "--db", str(path), "ui"]
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self._child = os.posix_spawn(words[0], words, environment, file_actions=actions, setsid=True)
        os.close(below)
        seen, end = b"", time.perf_counter() + PATIENCE_S
        while awaited.encode() not in seen:
            if time.perf_counter() > end:
                raise CannotMeasure(f"the list did not show {awaited!r}")
            seen += self._read(1.0)
        while self._read(1.0):
            pass  # the list is counted, the card beside it is read

    def _read(self, patience: float) -> bytes:
        if not select.select([self._above], [], [], patience)[0]:
            return b""
        try:
            return os.read(self._above, 1 << 16)
        except OSError:  # Linux: the program has closed its side
            raise CannotMeasure("the program ended") from None

    def press(self) -> Cost:
        """What a press of the down arrow takes on the average until its repaint is whole.

        Raises:
            CannotMeasure: nothing was drawn.
        """
        taken = 0.0
        cpu = _cpu_of(self._child)
        for _ in range(PRESSES):
            start = time.perf_counter()
            os.write(self._above, DOWN)
            last = 0.0
            while self._read(SILENCE_S if last else 4.0):
                last = time.perf_counter() - start
            if not last:
                raise CannotMeasure("nothing was drawn after a key")
            taken += last
        return Cost(taken / PRESSES, (_cpu_of(self._child) - cpu) / PRESSES)

    def close(self) -> None:
        """End the program."""
        os.kill(self._child, signal.SIGKILL)
        os.wait4(self._child, 0)
        os.close(self._above)


def _cpu_of(process: int) -> float:
    """Seconds of CPU that a process took so far.

    Raises:
        CannotMeasure: this system does not tell.
    """
    try:
        words = Path(f"/proc/{process}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    except OSError:
        raise CannotMeasure("the CPU time of a running program is read from /proc, which is not there") from None
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures."""
    path = coalition(folder)
    with Crm.open(path) as crm:
        ((first,),) = crm.db.driver.execute(
            "SELECT name FROM organization ORDER BY name COLLATE NOCASE LIMIT 1"
        ).fetchall()
        typed = drafts(crm)
        shown = List(path, first[:12])
        try:
            costs = measuring.interleave(
                {
                    "key": shown.press,
                    "check": lambda: checks(crm, typed),
                    "slow": lambda: checks(crm, typed, 0.95),
                },
                rounds,
            )
        finally:
            shown.close()
    what = f"duplicate check while typing, {ORGANIZATIONS:,} organizations"
    return [
        measuring.figure(f"{what} / a key press in the list", costs["check"], costs["key"], LIMIT),
        measuring.figure(f"{what}, 95 of 100 / a key press in the list", costs["slow"], costs["key"], None),
    ]


if __name__ == "__main__":
    measuring.run(measuring.options(__doc__, ROUNDS), measure)
