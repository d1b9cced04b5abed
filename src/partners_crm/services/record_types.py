"""Installing the record types that a plugin declares, and letting go of them.

What a coalition holds is compared with what the plugin declares now. Whatever differs is written as one operation:
declarations, tables, and the values of fields whose kind changed. It refuses what would lose something, and then
writes nothing. What a plugin no longer declares stays while it holds data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from partners_crm.errors import Conflict, InvalidValue, NotFound
from partners_crm.model import InstalledType, Table
from partners_crm.model.record_types import KeptType, RecordType, kept_from_json, kept_json, own_name
from partners_crm.services.record_type_changes import Planned, is_as_declared, plan_types
from partners_crm.store import record_types
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle
from partners_crm.store.read import records, where
from partners_crm.store.rows import as_kept
from partners_crm.store.work import Changes, changes

_AT_ONCE = 1000
"""Records that are deleted, or converted, at a time."""


@dataclass(frozen=True, slots=True)
class InstallReport:
    """What became of the record types of a plugin."""

    plugin: str
    operation: int | None = None
    """Id of the operation; None where everything was as declared."""
    added: tuple[str, ...] = ()
    """Entity names, as all of these."""
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    """(before, now) of each."""
    retired: tuple[str, ...] = ()
    """Types that the plugin no longer declares; their records stay."""
    kept: tuple[str, ...] = ()
    """Fields that it no longer declares and that hold data: `associations_lane.reason`."""
    converted: int = field(default=0)
    """Records in which a field holds another kind of value now."""

    def described(self) -> str:
        """What was done, in a sentence; "" for nothing."""
        said = [f"adds {_listed(self.added)}"] if self.added else []
        said += [f"renames {before} to {now}".replace("_", " ") for before, now in self.renamed]
        said += [f"changes {_listed(self.changed)}"] if self.changed else []
        said += [f"no longer declares {_listed(self.retired)}, whose records stay"] if self.retired else []
        said += [f"keeps {_listed(self.kept)}, which it no longer declares"] if self.kept else []
        return f"the plugin {self.plugin} {'; '.join(said)}" if said else ""


@dataclass(frozen=True, slots=True)
class TypeStatus:
    """A record type that a coalition holds."""

    entity: str
    plural: str
    plugin: str
    release: str
    """Of the plugin that declared it so."""
    records: int
    retired_on: str
    """When the plugin went, or stopped declaring it; "" while it does."""
    gone: tuple[str, ...]
    """Fields that are no longer declared, but hold data."""


def install_types(
    db: Handle, plugin: str, version: str, types: Sequence[RecordType], *, by: str = "", clock: Clock = utc_now
) -> InstallReport:
    """Make the record types of a plugin what it declares now; one operation, or none where they are so already.

    Raises:
        InvalidValue: a declaration that cannot be, or that does not fit what records say.
        Conflict: a name is taken by something else.
        StoreLocked, StoreUnavailable, PermissionRefused: the database refuses; nothing was written.
    """
    if is_as_declared(_installed(db, plugin), own_name(plugin), types):
        return InstallReport(plugin)
    title = f"record types of the plugin {plugin} {version}".strip()
    with changes(db, title, by=by, plugin=plugin, clock=clock) as unit:
        # What was compared before may have changed before the lock was ours.
        planned = plan_types(db, own_name(plugin), version, types, _installed(db, plugin))
        written = _write(unit, plugin, planned, unit.at.date().isoformat())
        operation = unit.operation if unit.count else None
    converted = sum(len(rows) for rows in written)
    return InstallReport(
        plugin,
        operation,
        tuple(each.after.name for each in planned.types if each.before is None),
        tuple(each.after.name for each in planned.types if each.before is not None and each.is_changed),
        tuple(
            (each.before.name, each.after.name)
            for each in planned.types
            if each.before is not None and each.before.name != each.after.name
        ),
        tuple(each.name for each in planned.retired),
        tuple(f"{each.after.name}.{name}" for each in planned.types for name in each.newly_gone),
        converted,
    )


def retire_types(db: Handle, plugin: str, *, by: str = "", clock: Clock = utc_now) -> tuple[str, ...]:
    """Note that a plugin is gone; its records stay, and are listed, found, exported and deleted as before.

    Gives the entity names. Raises what `changes` raises.
    """
    here = [each for each in where(db, InstalledType, plugin=plugin) if not each.retired_on]
    if not here:
        return ()
    with changes(db, f"the plugin {plugin} is gone; its records stay", by=by, plugin=plugin, clock=clock) as unit:
        for each in here:
            unit.update(each, retired_on=unit.at.date().isoformat())
        record_types.settle(db)
    return tuple(each.name for each in here)


def drop_type(db: Handle, name: str, *, force: bool = False, by: str = "", clock: Clock = utc_now) -> int:
    """Delete a record type with its records, whose number it gives. An undo brings all of them back.

    Raises:
        NotFound: there is no such type.
        Conflict: it has records and nobody insists, or another type links to it.
    """
    table = db.by_name.get(name)
    kept = db.types.installed.get(table.entity.name) if table is not None else None
    if table is None or kept is None:
        known = ", ".join(db.types.installed) or "none"
        raise NotFound(f"there is no record type {name} of a plugin", f"known: {known}")
    plural = kept.plural.replace("_", " ")
    plugin = record_types.owner_of(db, kept.name)
    with changes(db, f"delete the record type {kept.name}", by=by, plugin=plugin, clock=clock) as unit:
        record_types.refuse_breaking(db, kept, None)
        number = record_types.count(db, kept)
        if number and not force:
            raise Conflict(f"there are {number:,} {plural}", "export them first, then insist: --force")
        _delete_all(unit, table)
        (row,) = where(db, InstalledType, name=kept.name)
        unit.delete(row)
        record_types.settle(db)
    return number


def types_in(db: Handle) -> tuple[TypeStatus, ...]:
    """The record types that a coalition holds, in the order of their entities."""
    rows = {each.name: each for each in records(db, InstalledType.select())}
    found = []
    for name, kept in db.types.installed.items():
        number, row = record_types.count(db, kept), rows[name]
        found.append(TypeStatus(name, kept.plural, row.plugin, kept.release, number, row.retired_on, tuple(kept.gone)))
    return tuple(found)


def _installed(db: Handle, plugin: str) -> dict[str, tuple[InstalledType, KeptType]]:
    """The types of a plugin with their records, by entity name.

    Raises:
        InvalidValue: a declaration cannot be read.
    """
    found = {}
    for each in where(db, InstalledType, plugin=plugin):
        try:
            found[each.name] = (each, kept_from_json(each.declaration))
        except InvalidValue as error:
            whose = f"Declaration of the record type {each.name} of the plugin {plugin}"
            raise InvalidValue(whose, "", f"cannot be read: {error.message}", "restore a backup, or undo") from None
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names).replace("_", " ")


# -------------------------------------------------------------------- writing


def _write(unit: Changes, plugin: str, planned: Planned, today: str) -> list[dict[int, dict[str, Any]]]:
    """Write declarations, tables and the values that change with them, which it gives by record."""
    db = unit.db
    broken = set(db.types.broken)
    stored = {each.name: each for each in where(db, InstalledType, plugin=plugin)}
    # A name that one type gives up may be that of a new one.
    for each in sorted(planned.types, key=lambda one: one.before is None):
        text = kept_json(each.after)
        if each.before is None:
            unit.add(InstalledType, name=each.after.name, plugin=plugin, declaration=text)
        else:
            row = stored[each.before.name]
            unit.update(row, name=each.after.name, declaration=text, retired_on="")
    for kept in planned.retired:
        unit.update(stored[kept.name], retired_on=today)
    db.own.types = now = record_types.read_types(db)
    _refuse_broken(db, planned, [name for name in now.broken if name not in broken], now.broken)
    for each in planned.types:
        for name in each.replaced:
            record_types.replace_column(db, now.by_name[each.after.name], name)
    record_types.settle(db)
    for each in planned.types:
        _convert(unit, now.by_name[each.after.name], each.values)
    return [each.values for each in planned.types]


def _refuse_broken(db: Handle, planned: Planned, anew: Sequence[str], broken: Sequence[str]) -> None:
    """Refuse declarations that leave a type without its records; another's that was so before is no fault of theirs.

    Raises:
        InvalidValue: with the type, and whose it is.
    """
    ours = {each.after.name for each in planned.types}
    for name in (name for name in broken if name in ours or name in anew):
        whose = record_types.owner_of(db, name)
        reason = f"would link to what is not there, or in a circle; it is of the plugin {whose}"
        raise InvalidValue("Record type", name, reason, f"see what the plugin {whose} requires")


def _convert(unit: Changes, table: type[Table], values: dict[int, dict[str, Any]]) -> None:
    """Write the values that change with the declaration: by record those of before and of now."""
    if not values:
        return
    versions = unit.versions(table, sorted(values))
    entries = []
    for key, row in values.items():
        before = as_kept(table, {name: old for name, (old, _) in row.items()} | {"version": versions[key]})
        now = {name: new for name, (_, new) in row.items()} | {"version": unit.operation}
        entries.append((key, now, before, as_kept(table, now)))
    for start in range(0, len(entries), _AT_ONCE):
        unit.put_back_many(table, entries[start : start + _AT_ONCE])


def _delete_all(unit: Changes, table: type[Table]) -> None:
    while some := records(unit.db, table.select().order_by(table.id).limit(_AT_ONCE)):
        # Whole, as an undo gives them back.
        unit.remove_many(table, [(each.id, as_kept(table, each.stored())) for each in some])
