"""Carrying a merge out, in one unit of work; everything is worked out again under its lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from partners_crm.errors import ConfigError, Conflict
from partners_crm.model import OtherName, Site, Table
from partners_crm.services import placing, records
from partners_crm.services.merging.fields import GROUPS
from partners_crm.services.merging.mending import REPLACED
from partners_crm.services.merging.plan import MergePlan, folds_of, left_of, not_taken, plan_of
from partners_crm.services.merging.working import Row, Working
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.merges import FOLDED, cells_of
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids
from partners_crm.store.work import Changes, changes


def merge(changes: Changes, plan: MergePlan, *, force: bool = False) -> Table:
    """Carry a plan out, and give the survivor as it is then.

    `force` merges also what was declared not the same.

    Raises:
        Conflict: a record of the plan was changed, added or deleted since, or the two were declared not the same.
        ConfigError: the unit of work is an import.
    """
    work = Working(changes.db, plan.table, plan.keep, plan.lose, plan.takes).run()
    if changed := _changed(plan.versions, work.versions()):
        raise Conflict(f"{changed} since the merge was planned", "look at the new plan, and merge again")
    return _Merge(changes, work).run(force=force)


def merge_pair(
    changes: Changes,
    table: type[Table],
    keep_id: int,
    lose_id: int,
    takes: Mapping[str, str] | None = None,
    *,
    force: bool = False,
) -> MergePlan:
    """Merge a record into another one as things stand, and give the plan that was carried out.

    Raises:
        Conflict: the two were declared not the same.
        ConfigError, NotFound, InvalidValue: as of `plan_merge`.
    """
    carrying = _Merge(changes, Working(changes.db, table, keep_id, lose_id, takes or {}).run())
    carrying.run(force=force)
    return carrying.plan


def merge_all(
    changes: Changes,
    table: type[Table],
    keep_id: int,
    lose_ids: Iterable[int],
    takes: Mapping[str, str] | None = None,
    *,
    force: bool = False,
) -> tuple[MergePlan, ...]:
    """Merge several records into one, one after the other.

    Raises:
        Conflict, ConfigError, NotFound, InvalidValue: as of `merge_pair`.
    """
    return tuple(
        merge_pair(changes, table, keep_id, lose_id, takes, force=force) for lose_id in dict.fromkeys(lose_ids)
    )


def carry_out(
    db: Handle,
    table: type[Table],
    keep_id: int,
    lose_ids: Sequence[int],
    takes: Mapping[str, str] | None = None,
    *,
    force: bool = False,
    by: str = "",
    clock: Clock = utc_now,
    preview: bool = False,
) -> tuple[tuple[MergePlan, ...], int | None]:
    """Merge records into one as an operation of its own: (the plans, its number; None where nothing was kept).

    A preview does the same and rolls back.

    Raises:
        Conflict, ConfigError, NotFound, InvalidValue: as of `merge_all`.
    """
    with changes(db, "merge", by=by, clock=clock, keep=not preview) as unit:
        plans = merge_all(unit, table, keep_id, lose_ids, takes, force=force)
        unit.title = title_of_merges(plans)
        return plans, None if preview else unit.operation


def title_of_merges(plans: Sequence[MergePlan]) -> str:
    """What an operation that carries these out is called."""
    if not plans:
        return "merge"
    first = plans[0]
    if len(plans) == 1:
        return first.title
    return f'merge {len(plans)} {first.table.entity.plural} into {first.keep} "{first.keep_title}"'


def _changed(planned: Mapping[tuple[str, int], int], now: Mapping[tuple[str, int], int]) -> str:
    """The first record that is not as it was planned, in words; "" where all are."""
    for (entity, key), version in now.items():
        known = planned.get((entity, key))
        name = f"{entity.replace('_', ' ')} {key}"
        if known is None:
            return f"{name} was added, or came to one of the two,"
        if known != version:
            return f"{name} was changed"
    gone = next((key for key in planned if key not in now), None)
    return f"{gone[0].replace('_', ' ')} {gone[1]} was deleted, or moved away," if gone else ""


class _Merge:
    """One merge under the lock."""

    def __init__(self, unit: Changes, work: Working) -> None:
        self.unit = unit
        self.work = work
        self.plan = plan_of(work)

    def run(self, *, force: bool) -> Table:
        """Write it. The loser is deleted last, so that an undo, which begins with the end, has it back first.

        Raises:
            Conflict: the two were declared not the same.
            ConfigError: the unit of work is an import.
        """
        plan, work, table = self.plan, self.work, self.work.table
        if self.unit.source.name:
            raise ConfigError("a merge cannot be part of an import", "merge in an operation of its own")
        if plan.refusal and not force:
            raise Conflict(plan.refusal, "--force merges them all the same")
        self._keep_what_was_said()
        for other in self.unit.db.entities:
            self._update(other, work.updates(other))
        edited = self._edited()
        # A name that only one can have is free once the other is gone; nothing else waits for that.
        waits = any(table._meta.fields[name].unique for name in edited)
        survivor = table.sealed(work.keep)
        if not waits:
            survivor = records.edit(self.unit, survivor, **edited)
        if work.to_place:
            placing.place(self.unit, list(by_ids(self.unit.db, Site, sorted(work.to_place)).values()))
        if work.new_name:
            name, kind = work.new_name
            records.add(self.unit, OtherName, organization=plan.keep, name=name, kind=kind)
        for other in reversed(self.unit.db.entities):
            self._delete(other, work.gone(other))
        self._delete(table, [plan.lose])
        return records.edit(self.unit, survivor, **edited) if waits else survivor

    def _edited(self) -> Row:
        """The survivor's fields that change; of fields that mean something together all."""
        work = self.work
        changed = {name for name, value in work.chosen.values.items() if value != work.keep[name]}
        for group in GROUPS.get(work.table, ()):
            if changed & set(group.names):
                changed |= set(group.names)
        return {name: value for name, value in work.chosen.values.items() if name in changed}

    def _update(self, table: type[Table], updates: Mapping[int, Row]) -> None:
        """Write many records of an entity with one statement for each set of fields."""
        unit, rows = self.unit, self.work.before.get(table, {})
        entries = []
        for key, values in sorted(updates.items(), key=lambda each: sorted(each[1])):
            values = {name: unit_time(unit) if value == REPLACED else value for name, value in values.items()}
            new = {**values, "version": unit.operation}
            entries.append((key, new, {name: rows[key][name] for name in new}, new))
        if entries:
            unit.put_back_many(table, entries)

    def _delete(self, table: type[Table], ids: Sequence[int]) -> None:
        if not ids:
            return
        # What was mended or placed on the way stands as it is now.
        stored = {key: record.stored() for key, record in by_ids(self.unit.db, table, ids).items()}
        self.unit.remove_many(table, [(key, stored[key]) for key in ids if key in stored])

    def _keep_what_was_said(self) -> None:
        """Keep in the journal which record went into which, and what of it was not taken."""
        work, plan = self.work, self.plan
        rows = [(plan.lose, work.table, plan.keep, cells_of(plan.lose_uid, plan.lose_title, not_taken(plan)))]
        for fold in folds_of(work):
            table = self.unit.db.by_name[fold.entity]
            uid = str(work.before[table][fold.lost]["uid"])
            rows.append((fold.lost, table, fold.kept, cells_of(uid, fold.title, left_of(fold))))
        self.unit.keep_source_rows(
            (lost, FOLDED, "", table.sealed({"id": kept}), cells, None) for lost, table, kept, cells in rows
        )


def unit_time(unit: Changes) -> str:
    """The moment of a unit of work, as assignments have it."""
    return unit.at.isoformat(timespec="seconds").replace("+00:00", "Z")
