"""Random histories of record types, in any version, filled, renamed, deleted: an undo leaves everything as before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.services import graphs

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue
from partners_crm.model import Organization, Table
from partners_crm.model.record_types import RecordType, fields
from partners_crm.services import records
from partners_crm.services.history import record_history
from partners_crm.services.record_types import drop_type, install_types, retire_types
from partners_crm.store import health, journal
from partners_crm.store.read import where

KINDS: tuple[Callable[..., Any], ...] = (
    fields.text,
    fields.note,
    fields.day,
    fields.whole,
    fields.decimal,
    fields.flag,
)
TEXTS = ("", "2011", "12", "yes", "no", "1.5", "heavy")


def declarations(dice: Random) -> list[RecordType]:
    """Some version of a plugin: names come and go, kinds change."""
    own = {"organization": fields.link("Organization", "organization", required=True, on_delete="cascade")}
    for name in ("amount", "words", "seen"):
        if dice.random() < 0.7:
            own[name] = dice.choice(KINDS)(name.capitalize())
    were = {}
    if dice.random() < 0.4:
        own["sum"] = dice.choice(KINDS)("Sum")
        own.pop("amount", None)
        were = {"sum": "amount"}
    if dice.random() < 0.5:
        codes = dice.sample(("red", "blue", "green"), dice.randint(1, 3))
        own["colour"] = fields.choice("Colour", tuple((code, code) for code in codes))
    renamed = dice.random() < 0.4
    first = RecordType(
        name="stance" if renamed else "lane",
        plural="stances" if renamed else "lanes",
        about="The first.",
        fields=own,
        was=("lane",) if renamed else (),
        fields_were=were,
    )
    second = RecordType(
        name="vote",
        plural="votes",
        about="The second.",
        visibility=dice.choice(("everyone", "staff")),
        fields={"lane": fields.link("Lane", first.name, on_delete="cascade"), "yes": fields.whole("Yes")},
    )
    return [first, second] if dice.random() < 0.8 else [first]


def dump(crm: Crm) -> dict[str, list[tuple[Any, ...]]]:
    """Every table; of those of plugins the columns by name, for a column that comes back stands last."""
    found = graphs.dump(crm.db)
    for table in types(crm):
        key = table.entity.key
        names = sorted(name for _, name, *_ in crm.db.driver.execute(f'PRAGMA table_info("{key}")'))
        found[key] = crm.db.driver.execute(f'SELECT {", ".join(names)} FROM "{key}" ORDER BY id').fetchall()
    return found


def types(crm: Crm) -> list[type[Table]]:
    return [table for table in crm.db.entities if table.entity.plugin]


def fill(crm: Crm, dice: Random) -> None:
    """Add, edit or delete a record of a plugin's type."""
    table = dice.choice(types(crm))
    found = where(crm.db, table)
    with crm.changes("fill") as unit:
        if found and dice.random() < 0.2:
            records.remove(unit, dice.choice(found))
            return
        values = {name: value(crm, dice, table, name) for name in table.declarations()}
        if found and dice.random() < 0.5:
            names = dice.sample(sorted(values), 1)
            records.edit(unit, dice.choice(found), **{name: values[name] for name in names})
        else:
            records.add(unit, table, **values)


def value(crm: Crm, dice: Random, table: type[Table], name: str) -> Any:
    how = table.declarations()[name]
    if how.kind == "link":
        found = where(crm.db, table.links()[name])
        return dice.choice(found).id if found and (how.required or dice.random() < 0.7) else None
    drawn: dict[str, Any] = {
        "flag": dice.random() < 0.5,
        "whole": dice.choice((None, 0, 12)),
        "decimal": dice.choice((None, 1.5, 12.0)),
        "day": dice.choice(("", "2011", "2011-07-14")),
        "choice": dice.choice(("", *(code for code, _ in how.choices))),
    }
    return drawn.get(how.kind, dice.choice(TEXTS))


def step(crm: Crm, dice: Random) -> None:
    """One operation, which may be refused."""
    chosen = dice.random()
    with suppress(InvalidValue, Conflict):
        if chosen < 0.25 or not types(crm):
            install_types(crm.db, "acme", str(chosen), declarations(dice), clock=crm.clock)
        elif chosen < 0.3:
            retire_types(crm.db, "acme", clock=crm.clock)
        elif chosen < 0.35:
            drop_type(crm.db, dice.choice(types(crm)).entity.name, force=dice.random() < 0.5, clock=crm.clock)
        else:
            fill(crm, dice)


def whole(crm: Crm) -> None:
    with health.snapshot(crm.db):
        assert list(health.astray(crm.db)) == []
        assert health.schema_differences(crm.db) == []
    assert journal.first_break(crm.db) is None
    assert crm.db.driver.execute("PRAGMA foreign_key_check").fetchall() == []
    for table in types(crm):
        for record in where(crm.db, table):
            assert record_history(crm.db, record)[-1].action == "insert"


def test_any_history_is_whole_and_its_last_step_is_taken_back(
    blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory, scale: Callable[[int], int]
) -> None:
    folder = tmp_path_factory.mktemp("histories")

    @settings(max_examples=scale(100), deadline=None)
    @given(seed=st.integers(0, 2**32))
    def run(seed: int) -> None:
        path = folder / f"{seed}.db"
        path.write_bytes(blank_coalition.read_bytes())
        path.chmod(0o600)
        dice = Random(seed)
        with Crm.open(path, clock=lambda: NOW) as crm:
            with crm.changes("bodies") as unit:
                for name in ("One", "Two"):
                    records.add(unit, Organization, name=name)
            for _ in range(dice.randint(4, 16)):
                before, last = dump(crm), crm.operations()[0].id
                step(crm, dice)
                done = crm.operations()[0].id
                if done == last:
                    assert dump(crm) == before  # refused: nothing was written
                    continue
                whole(crm)
                taken_back(crm, done, before)
        path.unlink()

    run()


def taken_back(crm: Crm, done: int, before: dict[str, list[tuple[Any, ...]]]) -> None:
    """The last operation is undone exactly, or refused whole; and then brought back exactly."""
    after = dump(crm)
    try:
        report = crm.undo(done)
    except Conflict:
        assert dump(crm) == after
        return
    assert (report.kept, report.refused) == ([], [])
    assert dump(crm) == before
    whole(crm)
    report = crm.redo()
    assert (report.kept, report.refused) == ([], [])
    assert dump(crm) == after
