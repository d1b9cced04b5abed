"""What the tests of recovering share: a coalition with a history, its records, and ways to damage a file."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from partners_crm.crm import Crm
from partners_crm.model import ENTITIES
from partners_crm.services import records
from partners_crm.services.recovering import RecoverReport
from partners_crm.store.journal import first_break
from tests.conftest import NOW

PAGE = 4096
SHEET = "Organization,City,ZIP,Lat,Lon,Phone,Email,Contact,Tags\n" + "".join(
    f"House {row} é,City {row % 7},62{row:03},{38 + row / 100},{-90 + row / 200},618-555-{row:04},"
    f"a{row}@example.org,Ann Person{row},t{row % 3}\n"
    for row in range(80)
)
Records = dict[tuple[str, int], dict[str, Any]]
"""Every record by entity and id; without its version, which says who wrote it last."""


def build(path: Path) -> None:
    """A demo with an import, edits with long texts, a deletion, an undo and a redo."""
    sheet = path.with_name("members.csv")
    sheet.write_text(SHEET, encoding="utf-8")
    with Crm.demo(path, clock=lambda: NOW) as crm:
        crm.import_file(sheet)
        for place, body in enumerate(crm.organizations("")[:12]):
            with crm.changes(f"edit {place}") as unit:
                records.edit(unit, body, note="a long note, in lines\n" * (place * 40))
        with crm.changes("delete some") as unit:
            for body in crm.organizations("")[20:24]:
                records.remove(unit, body)
        crm.undo()
        crm.redo()
        crm.undo(5)


def contents(path: Path) -> Records:
    """Every record of a coalition."""
    found: Records = {}
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        for table in ENTITIES:
            for row in connection.execute(f'SELECT * FROM "{table._meta.table_name}"'):
                values = dict(row)
                del values["version"]
                found[table.entity.name, values["id"]] = values
    return found


def damaged(data: bytes, *pages: int, fill: bytes | None = None, seed: int = 0) -> bytes:
    """A file with some pages overwritten, by noise unless `fill` is given; the first page is 1."""
    made, noise = bytearray(data), random.Random(seed)
    for number in pages:
        made[(number - 1) * PAGE : number * PAGE] = fill or noise.randbytes(PAGE)
    return bytes(made)


def flipped(data: bytes, places: Iterable[int]) -> bytes:
    """A file with one bit of some bytes turned."""
    made = bytearray(data)
    for place in places:
        made[place] ^= 1 << (place % 8)
    return bytes(made)


def check(report: RecoverReport, original: Records) -> Records:
    """Hold a recovered file to its promise: sound, and no record in it that was not so before, or is not named."""
    with closing(sqlite3.connect(report.into)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT operation, verified_from FROM ledger").fetchall() == [
            (report.operation, report.operation)
        ]
        for table in ENTITIES:
            versions = connection.execute(f'SELECT DISTINCT version FROM "{table._meta.table_name}"').fetchall()
            assert versions in ([], [(report.operation,)])
    with Crm.open(report.into, clock=lambda: NOW) as crm:
        assert first_break(crm.db) is None
    names = {table.entity.plural: table.entity.name for table in ENTITIES}
    doubted = {(names[each.entity], key) for each in report.entities for key in each.unproven}
    doubted |= {(each.entity, each.id) for each in report.cut_links}
    found = contents(report.into)
    assert len(found) == report.records
    assert {key: values for key, values in found.items() if key not in doubted and original.get(key) != values} == {}
    gone = original.keys() - found.keys()
    if report.is_whole:
        assert not gone
        assert not doubted
    return found
