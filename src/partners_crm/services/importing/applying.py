"""Carrying out a plan in one unit of work; a preview is the same run, rolled back."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from partners_crm.errors import FileRefused
from partners_crm.model import Site, Table
from partners_crm.services import placing
from partners_crm.services.importing.known import Ref
from partners_crm.services.importing.planning import Plan, plan_import
from partners_crm.services.importing.tabular import read_sheet
from partners_crm.services.rows import Problem, column_names, kept_cells
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id
from partners_crm.store.work import Changes, Source, changes


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    file: str
    described: str
    """How the file was read: encoding and delimiter."""
    rows: int
    """Rows with any text: added + merged + rejected."""
    added: int
    """Rows that brought a new organization."""
    merged: int
    """Rows about an organization that was known, from the database or an earlier row."""
    rejected: int
    empty: int
    """Rows without any text, not counted above."""
    changes: int
    """Records added or filled; 0 when the file says nothing new."""
    records: tuple[tuple[str, int], ...]
    """(entity in the plural, how many were added), assignments to districts included."""
    filled: int
    """Stored records that got values for empty fields."""
    mapping: tuple[tuple[str, str], ...]
    """(header, what it means) of each column that was understood."""
    unmapped: tuple[str, ...]
    """Headers of columns kept in the source rows only."""
    problems: tuple[Problem, ...] = field(repr=False)
    remarks: tuple[Problem, ...] = field(repr=False)
    operation: int | None
    """Id of the operation; None when nothing was written."""
    preview: bool
    sha256: str
    """Of the file, in hexadecimal."""


def import_file(
    db: Handle,
    path: Path,
    *,
    today: date,
    members: bool = True,
    map_code: str = "",
    encoding: str = "",
    delimiter: str = "",
    preview: bool = False,
    sha256: str = "",
    by: str = "",
    clock: Clock = utc_now,
) -> ImportReport:
    """Read, plan and apply a file of organizations; `sha256` is that of the file somebody has seen a preview of.

    Raises:
        FileRefused: the file is not the one that was seen, or a fault of the file; nothing was written.
        StoreError: the database refuses; nothing was written.
    """
    with _without_collection():
        sheet = read_sheet(path, encoding=encoding, delimiter=delimiter)
        if sha256 and sheet.sha256 != sha256:
            raise FileRefused(f"{sheet.name} was changed since it was looked at", "look at it again")
        plan = plan_import(db, sheet, today=today, members=members, map_code=map_code)
        source = Source(sheet.name, sheet.sha256)
        with changes(db, f"import {sheet.name}", by=by, source=source, clock=clock, keep=not preview) as unit:
            if unit.operation != plan.operation:
                # Somebody wrote between the plan and the lock: what was new may be known by now.
                plan = plan_import(db, sheet, today=today, members=members, map_code=map_code)
            counted = _apply(unit, plan)
            written, operation = unit.count, unit.operation
        return _report(plan, counted, written, None if preview or not written else operation, preview)


@contextmanager
def _without_collection() -> Iterator[None]:
    """No search for cyclic garbage: a plan is some hundred thousand objects that all live to its end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _apply(unit: Changes, plan: Plan) -> Counter[str]:
    stored: dict[Ref, Table] = {}
    sites: list[Site] = []
    counted: Counter[str] = Counter()
    with unit.together():
        _write_steps(unit, plan, stored, sites, counted)
    for site, district in plan.stated:
        place = stored.get(site) or by_id(unit.db, Site, site.id or 0)
        if isinstance(place, Site) and place.latitude is None:
            counted["assignments"] += placing.state_district(unit, place, district)
    # What is stated outweighs the area of a ZIP code, and so comes first.
    with unit.together():
        counted["assignments"] += placing.place(unit, sites).written
    if unit.count:
        names = column_names(plan.sheet.headers)
        unit.keep_source_rows(
            (
                result.row.line,
                result.outcome,
                result.reason,
                None if result.organization is None else stored.get(result.organization),
                kept_cells(names, result.row.cells),
            )
            for result in plan.rows
        )
    return counted


def _write_steps(unit: Changes, plan: Plan, stored: dict[Ref, Table], sites: list[Site], counted: Counter[str]) -> None:
    """Carry the steps out; fills in what was stored, the sites to be placed, and the counts."""
    for step in plan.steps:
        values = step.values
        for name in step.table.links():
            if isinstance(ref := values.get(name), Ref):
                values[name] = ref.id if ref.id is not None else stored[ref]["id"]
        if step.existing is not None:
            record = unit.update(step.existing, **values)
            counted["filled"] += 1
        else:
            record = unit.insert(step.table, values)
            counted[step.table.entity.plural] += 1
        stored[step.ref] = record
        if isinstance(record, Site):
            sites.append(record)


def _report(plan: Plan, counted: Counter[str], written: int, operation: int | None, preview: bool) -> ImportReport:
    outcomes = Counter(result.outcome for result in plan.rows)
    headers = plan.sheet.headers
    filled = counted.pop("filled", 0)
    return ImportReport(
        file=plan.sheet.name,
        described=plan.sheet.described,
        rows=len(plan.rows),
        added=outcomes["added"],
        merged=outcomes["merged"],
        rejected=outcomes["rejected"],
        empty=plan.sheet.empty,
        changes=written,
        records=tuple((name, number) for name, number in counted.items() if number),
        filled=filled,
        mapping=tuple((headers[number], target.described) for number, target in plan.mapping.targets.items()),
        unmapped=tuple(headers[number] for number in plan.mapping.unmapped if headers[number]),
        problems=tuple(plan.problems),
        remarks=tuple(plan.remarks),
        operation=operation,
        preview=preview,
        sha256=plan.sheet.sha256,
    )
