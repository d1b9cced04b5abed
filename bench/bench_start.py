"""How long the command takes to start: each command against a bare interpreter start.

The one side is a whole process of the command, from its start to its end, its output thrown away: `--version` of the
installed console script and of `python -m partners_crm`, and the commands a cron job runs, on a coalition of 650
organizations whose districts are stored. The other side is `python -c pass` with the same interpreter. Every silo in
every district is measured against the check of all members together. Wall time decides; the CPU time of the same
processes is printed beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import Cost, Figure

ROUNDS = 15
VERSION_LIMIT = 2.0
CHECK_LIMIT = 10.0
SILOS_LIMIT = 1.5
"""Of every silo in every district, against the check of all members together."""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures of every command."""
    partners, path = str(measuring.command()), str(measuring.coalition(folder))
    many = f"{measuring.ORGANIZATIONS} organizations"
    check, silos = (f"partners coverage check{more}, {many}" for more in ("", " --silo all"))
    # 1 is the code of a check that found a gap.
    cases: dict[str, tuple[tuple[str, ...], tuple[int, ...], float | None]] = {
        "partners --version": ((partners, "--version"), (0,), VERSION_LIMIT),
        "python -m partners_crm --version": (
            (measuring.PYTHON, "-m", "partners_crm", "--version"),
            (0,),
            VERSION_LIMIT,
        ),
        check: ((partners, "--db", path, "coverage", "check"), (0, 1), CHECK_LIMIT),
        silos: ((partners, "--db", path, "coverage", "check", "--silo", "all"), (0, 1), None),
        f"partners list organizations, {many}": ((partners, "--db", path, "list", "organizations"), (0,), None),
    }

    def side(words: tuple[str, ...], codes: tuple[int, ...]) -> Callable[[], Cost]:
        return lambda: measuring.process(*words, codes=codes)

    sides = {"bare": side(measuring.BARE, (0,))}
    sides.update((name, side(words, codes)) for name, (words, codes, _) in cases.items())
    costs = measuring.interleave(sides, rounds)
    found = [
        measuring.figure(f"{name} / bare start", costs[name], costs["bare"], limit)
        for name, (_, _, limit) in cases.items()
    ]
    return [*found, measuring.figure(f"{silos} / the check", costs[silos], costs[check], SILOS_LIMIT)]


if __name__ == "__main__":
    measuring.run(measuring.options(__doc__, ROUNDS), measure)
