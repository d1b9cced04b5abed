"""What installed plugins cost: at the start, and in a column over a million rows.

Startup: the one side is a whole process, or a start in a pseudo-terminal up to the first organization of the list, with
the plugins that come with the program installed; the other side is the same with `--no-plugins`. Both on a coalition of
650 organizations; wall time decides.

Columns: a list of so many organizations (`--rows`) is paged through on the screen, without a terminal, with the column
of a plugin in it. Every call of the column is counted. A row costs no call of its own: there are as many calls as pages
of rows that came into sight. That is a count, not a time, and it is the same on every machine.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.bench_first_paint import first_paint
from bench.measuring import CannotMeasure, Cost, Figure

ROUNDS = 9
ROWS = 1_000_000
LIMIT = 1.2
PAGES_DOWN = 60
"""Screenfuls that are paged through, before the jumps to the end and back."""
COLUMN = """
from partners_crm.plugins import Column, hookimpl

CALLS = []

def values(context, ids):
    CALLS.append(ids)
    return {key: str(key) for key in ids}

@hookimpl
def register_columns():
    return [Column(name="number", entity="organization", label="Number", values=values)]
"""


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures of the start."""
    from partners_crm.crm import Crm

    partners, path = str(measuring.command()), str(measuring.coalition(folder))
    with Crm.open(path) as crm:
        first = crm.organizations()[0].name
    lists = (partners, "--db", path, "list", "organizations")
    screen = [partners, "--db", path, "ui"]
    sides = {
        "list": lambda: measuring.process(*lists),
        "list without": lambda: measuring.process(*lists, "--no-plugins"),
        "paint": lambda: first_paint(screen, first),
        "paint without": lambda: first_paint([*screen, "--no-plugins"], first),
    }
    costs: dict[str, list[Cost]] = measuring.interleave(sides, rounds)
    many = f"{measuring.ORGANIZATIONS} organizations"
    return [
        measuring.figure(
            f"partners list organizations, {many}, all plugins / --no-plugins",
            costs["list"],
            costs["list without"],
            LIMIT,
        ),
        measuring.figure(
            f"first paint, {many}, all plugins / --no-plugins", costs["paint"], costs["paint without"], LIMIT
        ),
    ]


def count_calls(folder: Path, rows: int) -> str:
    """How often a column is called while a long list is paged through, in a line.

    Raises:
        CannotMeasure: a page was asked for twice, or a call was for less than a page.
    """
    from partners_crm.crm import Crm
    from partners_crm.plugins.policy import Policy
    from partners_crm.plugins.registry import PluginRegistry
    from partners_crm.tui.app import PartnersApp
    from partners_crm.tui.widgets.table import PAGE, VirtualTable

    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "counting.py").write_text(COLUMN, "utf-8")
    path = folder / "many.db"
    _filled(path, rows)

    def make(crm: Crm) -> PluginRegistry:
        return PluginRegistry(Policy(path=[], folders=(plugins,)), db=crm.db, clock=crm.clock)

    seen: set[int] = set()

    async def go() -> None:
        app = PartnersApp(path, demo_path=folder / "none.db", plugins=make)
        async with app.run_test(size=(120, 40)) as pilot:
            while app.plugins.state != "loaded" or not app.screen.query_one(VirtualTable)._complete:
                await pilot.pause(0.05)
            app.columns["organizations"] = ("name", "counting.number", "silos")
            await pilot.press("r")
            table = app.screen.query_one(VirtualTable)
            while not table._complete:
                await pilot.pause(0.05)
            for key in (*["pagedown"] * PAGES_DOWN, "end", "pageup", "home"):
                await pilot.press(key)
                await pilot.pause()
                top = table.scroll_offset.y
                seen.update(row // PAGE for row in range(top, min(top + table.size.height - 1, table.row_count)))
            while app.plugins.is_asking:
                await pilot.pause(0.01)

    asyncio.run(go())
    calls: list[Sequence[int]] = _module().CALLS
    if len(set(map(tuple, calls))) != len(calls):
        raise CannotMeasure("a page was asked for twice")
    asked = sum(map(len, calls))
    return (
        f"a plugin's column over {rows:,} rows: {len(calls)} calls for {len(seen)} pages of {PAGE} rows in sight"
        f" {'ok' if len(calls) <= len(seen) else 'MISSED'}  ({asked:,} rows asked for)"
    )


def _module() -> Any:
    return sys.modules["partners_crm_local.counting"]


def _filled(path: Path, rows: int) -> None:
    """A coalition of so many organizations; all but the first are written past the journal, as copies of it."""
    from partners_crm.crm import Crm
    from partners_crm.model import Organization
    from partners_crm.services import records

    with Crm.create(path, "Bench Coalition") as crm:
        with crm.changes("the first one") as unit:
            first = records.add(unit, Organization, name="Organization 0000001", kind="provider")
        own = {"id": "i", "uid": "printf('%032x', i)", "name": "printf('Organization %07d', i)"}
        columns = [field.column_name for field in Organization._meta.sorted_fields]
        taken = ", ".join(own.get(name, f'o."{name}"') for name in columns)
        crm.db.driver.execute(
            f"INSERT INTO organization ({', '.join(columns)}) "
            "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            f"SELECT {taken} FROM n, organization AS o WHERE o.id = ?",
            (first.id + 1, rows, first.id),
        )


def main() -> None:
    """Print the count of calls, then the ratios."""
    chosen = measuring.options(__doc__, ROUNDS, ROWS)

    def both(folder: Path, rounds: int) -> list[Figure]:
        print(count_calls(folder, chosen.rows), file=sys.stderr if chosen.json else sys.stdout)
        return measure(folder, rounds)

    measuring.run(chosen, both)


if __name__ == "__main__":
    main()
