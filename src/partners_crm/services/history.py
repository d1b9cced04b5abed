"""What was done, the history of a record, and taking an operation back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from partners_crm.errors import Conflict, NotFound
from partners_crm.model import BY_NAME, Assignment, DistrictMap, Site, Table
from partners_crm.services import placing
from partners_crm.services.records import links_to
from partners_crm.services.values import show_value
from partners_crm.store import journal
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.journal import Done, Recorded
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, tuples
from partners_crm.store.work import Changes, changes


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a record, as a person reads it."""

    operation: int
    at: str
    """UTC, ISO 8601."""
    actor: str
    title: str
    action: str
    """insert, update or delete."""
    fields: tuple[tuple[str, str, str], ...]
    """(label, before, after) of each field that was touched."""


@dataclass(slots=True)
class UndoReport:
    """The answer of an undo in three buckets; every record of the operation is in one of them."""

    undone: Done
    operation: int | None = None
    """Id of the operation that took it back; None when nothing could be."""
    reversed: int = 0
    """Records that are as they were before."""
    kept: list[str] = field(default_factory=list)
    """Values left alone because somebody edited them since."""
    refused: list[str] = field(default_factory=list)
    """Records that could not be put back, each with its reason."""


def record_history(db: Handle, record: Table) -> list[Entry]:
    """Every change of a record, newest first."""
    return entity_history(db, type(record), record.id)


def entity_history(db: Handle, table: type[Table], record_id: int) -> list[Entry]:
    """Every change of a record that may be gone by now, newest first."""
    found = journal.changes_to(db, table.entity.name, record_id)
    by_id = {done.id: done for done in journal.operations(db, sorted({each.operation for each in found}))}
    entries = []
    for each in reversed(found):
        done = by_id.get(each.operation)
        # The head of an operation may have been lost with a damaged file.
        at, actor, title = (done.at, done.actor, done.title) if done else ("", "", "(lost)")
        entries.append(Entry(each.operation, at, actor, title, each.action, _fields(table, each)))
    return entries


def last_standing(db: Handle) -> Done:
    """The newest operation that an undo would take back.

    Raises:
        NotFound: there is none.
    """
    ground = journal.verified_from(db)
    for done in journal.operations(db):
        if done.undoes is None and done.undone_by is None and done.id > ground:
            return done
    raise NotFound("there is nothing to undo")


def last_undo(db: Handle) -> Done:
    """The undo that a redo would take back: the newest operation, when it is an undo that stands.

    Raises:
        NotFound: the newest operation is no undo.
    """
    for done in journal.operations(db):
        if done.undoes is None:
            break
        if done.undone_by is None and journal.operation(db, done.undoes).undoes is None:
            return done
    raise NotFound("there is nothing to redo", "a redo follows an undo, before anything else is changed")


def undo(db: Handle, number: int | None = None, *, by: str = "", clock: Clock = utc_now) -> UndoReport:
    """Take an operation back, by default the newest that stands. What was edited since is kept.

    Raises:
        NotFound: there is no such operation, or nothing to undo.
        Conflict: it was undone already, or it set the coalition up or recovered it, or is older than that; or it took
            in a map that something hangs on since.
    """
    return _undo(db, lambda: last_standing(db) if number is None else journal.operation(db, number), by, clock)


def _undo(db: Handle, choose: Callable[[], Done], by: str, clock: Clock) -> UndoReport:
    """Take back what `choose` names, which is asked under the lock: of two at once, the second finds the first done."""
    with changes(db, "", by=by, clock=clock) as unit:
        done = choose()
        _refuse_ground(done, journal.verified_from(db))
        if done.undone_by is not None:
            raise Conflict(f"operation {done.id} was undone already, by operation {done.undone_by}")
        unit.title, unit.undoes = _undo_title(db, done), done.id
        report = UndoReport(done)
        touched = set()
        recorded = journal.changes_of(db, done.id)
        dropped = _drop_computed(unit, recorded)
        for each in reversed(recorded):
            if (each.entity, each.record) in dropped:
                continue
            before = unit.count
            try:
                _reverse(unit, BY_NAME[each.entity], each, report)
            except Conflict as error:
                report.refused.append(f"{each.entity} {each.record}: {error.message}")
            if unit.count > before:
                touched.add((each.entity, each.record))
        _keep_maps_whole(db, recorded, report)
        report.reversed = len(touched) + len(dropped)
        _place_what_moved_since(unit, recorded)
        if unit.count:
            report.operation = unit.operation
    return report


def _drop_computed(unit: Changes, recorded: list[Recorded]) -> set[tuple[str, int]]:
    """Drop where sites were found to stand, since, on a map that is about to go; it would follow from the map again."""
    maps = [each.record for each in recorded if each.entity == DistrictMap.entity.name and each.action == "insert"]
    since = [each.id for each in placing.computed_on(unit.db, maps) if each.version != unit.undoes]
    for key in since:
        unit.remove(Assignment, key)
    return {(Assignment.entity.name, key) for key in since}


def _keep_maps_whole(db: Handle, recorded: list[Recorded], report: UndoReport) -> None:
    """Refuse to take back the half of a map: with all of its districts it stays, or goes.

    Raises:
        Conflict: something hangs on the map since.
    """
    for each in recorded:
        if each.entity == DistrictMap.entity.name and each.action == "insert" and report.refused:
            left = tuples(db, DistrictMap.select(DistrictMap.code).where(DistrictMap.id == each.record))
            if left:
                raise Conflict(
                    f"the map {left[0][0]} is in use: {report.refused[0]}",
                    "take that back first, or leave the map: another can be pinned beside it",
                )


def _place_what_moved_since(unit: Changes, recorded: list[Recorded]) -> None:
    """Place the sites of an operation anew where they, or their districts, were changed after it."""
    sites = {each.record for each in recorded if each.entity == Site.entity.name}
    for each in recorded:
        if each.entity == Assignment.entity.name:
            sites |= {values["site"] for values in (each.before, each.after) if values and "site" in values}
            if row := unit.current(Assignment, each.record):
                sites.add(row["site"])
    there = by_ids(unit.db, Site, sites)
    since = {each.id for each in there.values() if each.version > (unit.undoes or 0)}
    since |= placing.assigned_since(unit.db, there, unit.undoes or 0)
    if since:
        placing.place(unit, [there[key] for key in sorted(since)])


def _refuse_ground(done: Done, ground: int) -> None:
    """Refuse the operation every other stands on, and what is older: the first, or the one of a recovery."""
    if done.id == ground == 1:
        raise Conflict("the operation that set the coalition up cannot be undone", "delete the file instead")
    if done.id == ground:
        raise Conflict("the operation that recovered the coalition cannot be undone", "delete the file instead")
    if done.id < ground:
        raise Conflict(
            f"operation {done.id} is older than operation {ground}, which recovered the coalition: it cannot be undone",
            "correct by hand what it did wrong: partners edit",
        )


def _undo_title(db: Handle, done: Done) -> str:
    """What taking an operation back is called: an undo, or, when that is itself an undo, a redo, and so on in turn."""
    word, first = "undo", done
    while first.undoes is not None:
        word = "redo" if word == "undo" else "undo"
        first = journal.operation(db, first.undoes)
    return f"{word} {first.title}"


def redo(db: Handle, *, by: str = "", clock: Clock = utc_now) -> UndoReport:
    """Take the last undo back.

    Raises:
        NotFound: there is nothing to redo.
    """
    return _undo(db, lambda: last_undo(db), by, clock)


def _reverse(unit: Changes, table: type[Table], each: Recorded, report: UndoReport) -> None:
    name = f"{table.entity.name} {each.record}"
    if each.before is None and each.after is None:
        report.refused.append(f"{name}: its values were erased")
        return
    current = unit.current(table, each.record)
    if each.action == "insert":
        _take_out(unit, table, each, current, name, report)
    elif each.action == "delete":
        _bring_back(unit, table, each, current, name, report)
    elif current is None:
        report.refused.append(f"{name}: was deleted since")
    else:
        _put_back(unit, table, each, current, name, report)


def _take_out(
    unit: Changes,
    table: type[Table],
    each: Recorded,
    current: dict[str, Any] | None,
    name: str,
    report: UndoReport,
) -> None:
    if current is None:
        report.kept.append(f"{name}: was deleted since")
        return
    called = f'{name} "{current.get(table.entity.title, "")}"' if table.entity.title else name
    if each.after is None or current["version"] != each.after["version"]:
        report.kept.append(f"{called}: was edited since")
        return
    for other, link, _ in links_to(table):
        if hanging := unit.holding(other, link, each.record):
            words = f"1 {other.entity.name} was" if hanging == 1 else f"{hanging} {other.entity.plural} were"
            report.refused.append(f"{called}: {words.replace('_', ' ')} added to it since")
            return
    unit.remove(table, each.record)


def _bring_back(
    unit: Changes,
    table: type[Table],
    each: Recorded,
    current: dict[str, Any] | None,
    name: str,
    report: UndoReport,
) -> None:
    values = each.before or {}
    if current is not None:
        report.kept.append(f"{name}: exists again")
        return
    # Changes are reversed last first, so what was deleted along with this record, but after it, is back already.
    if gone := _gone(unit, table, each.record, values):
        report.refused.append(f"{name}: its {gone} was deleted since")
        return
    unit.restore(table, values)


def _gone(unit: Changes, table: type[Table], record: int, values: Mapping[str, Any]) -> str:
    """The label of a link whose target is no longer there, "" when all are."""
    for link, target in table.links().items():
        key = values.get(link)
        if key is not None and not (key == record and target is table) and unit.current(target, key) is None:
            return table.declarations()[link].label.lower()
    return ""


def _put_back(
    unit: Changes, table: type[Table], each: Recorded, current: dict[str, Any], name: str, report: UndoReport
) -> None:
    before, after = each.before or {}, each.after or {}
    if gone := _gone(unit, table, each.record, before):
        report.refused.append(f"{name}: its {gone} was deleted since")
        return
    if current["version"] == after["version"]:
        unit.put_back(table, each.record, before)
        return
    labels = table.declarations()
    untouched = {key: old for key, old in before.items() if key != "version" and current[key] == after[key]}
    edited = [labels[key].label for key in before if key != "version" and key not in untouched]
    if untouched:
        unit.put_back(table, each.record, {**untouched, "version": unit.operation})
    if edited:
        report.kept.append(f"{name}: {', '.join(edited)} edited since")


def operation_lines(db: Handle, number: int, limit: int) -> list[str]:
    """What an operation did, a line for each record, at most `limit` of them and then how many more there are."""
    lines = []
    for each in journal.changes_of(db, number, limit):
        table = BY_NAME[each.entity]
        values = each.after or each.before or {}
        name = str(values.get(table.entity.title) or "")
        fields = _fields(table, each) if each.action == "update" else ()
        edits = "; ".join(f"{label} {before or '(empty)'} → {after or '(empty)'}" for label, before, after in fields)
        title = f' "{name}"' if name else ""
        words = each.entity.replace("_", " ")
        lines.append(f"{each.action}  {words} {each.record}{title}{'  ' + edits if edits else ''}")
    more = journal.operation(db, number).changes - limit
    if more > 0:
        lines.append(f"… and {more:,} more")
    return lines


def _fields(table: type[Table], each: Recorded) -> tuple[tuple[str, str, str], ...]:
    if each.before is None and each.after is None:
        return ()
    before, after = each.before or {}, each.after or {}
    return tuple(
        (how.label, _shown(how, before.get(name)), _shown(how, after.get(name)))
        for name, how in table.declarations().items()
        if (name in before or name in after) and before.get(name) != after.get(name)
    )


def _shown(how: Any, value: Any) -> str:
    return "" if value is None else show_value(how, value)
