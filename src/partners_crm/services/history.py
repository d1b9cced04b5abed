"""What was done: by an operation, to a record, and since a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from partners_crm.errors import InvalidValue
from partners_crm.model import CustomValue, Table
from partners_crm.services.naming import Called, called
from partners_crm.services.settings import zone
from partners_crm.services.values import show_value
from partners_crm.store import journal
from partners_crm.store.journal import Recorded
from partners_crm.store.merges import Folded, folded_into
from partners_crm.store.open import Handle
from partners_crm.store.record_types import is_held

_DAYS_AGO = re.compile(r"(\d{1,7})d")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a record, as a person reads it."""

    operation: int
    at: str
    """UTC, ISO 8601."""
    actor: str
    title: str
    action: str
    """insert, update or delete; merge where another record went into it."""
    fields: tuple[tuple[str, str, str], ...]
    """(label, before, after) of each field that was touched; of a merge what was not taken of the other record."""


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """What became of one record over some operations, or in one: the net effect."""

    entity: str
    """Singular."""
    record: int
    title: str
    """What it is called now, or was called last; "" for one that is named by its owner alone."""
    what: str
    """added, changed or deleted."""
    fields: tuple[tuple[str, str, str], ...]
    """(label, first before, last after) of each field that has another value now."""
    of: str = ""
    """Whose it is, such as the organization of a phone; "" for nobody's."""


def record_history(db: Handle, record: Table) -> list[Entry]:
    """Every change of a record, newest first."""
    return entity_history(db, type(record), record.id)


def entity_history(db: Handle, table: type[Table], record_id: int) -> list[Entry]:
    """Every change of a record that may be gone by now, and what was merged into it, newest first."""
    found = journal.changes_to(db, table.entity.name, record_id)
    merged = [each for each in folded_into(db, table, record_id) if each.kept == record_id]
    told = [(each.operation, each.action, _fields(table, each)) for each in reversed(found)]
    told += [(each.operation, "merge", _left(each)) for each in merged]
    told.sort(key=lambda each: -each[0])
    by_id = {done.id: done for done in journal.operations(db, sorted({each[0] for each in told}))}
    entries = []
    for operation, action, fields in told:
        done = by_id.get(operation)
        # The head of an operation may have been lost with a damaged file.
        at, actor, title = (done.at, done.actor, done.title) if done else ("", "", "(lost)")
        entries.append(Entry(operation, at, actor, title, action, fields))
    return entries


def _left(each: Folded) -> tuple[tuple[str, str, str], ...]:
    """Which record went into another, and what of it was not taken."""
    name = f"{each.entity.replace('_', ' ')} {each.lost}{_quoted(each.title)}"
    return (("Merged from", name, ""), *((f"{label}, not taken", value, "") for label, value in each.values))


def operation_lines(db: Handle, number: int, limit: int) -> list[str]:
    """What an operation did, a line for each record, at most `limit` of them and then how many more there are."""
    lines = [_line(_ACTIONS[each.what], each) for each in operation_changes(db, number, limit)]
    more = number_of_changes(db, number) - limit
    if more > 0:
        lines.append(f"… and {more:,} more")
    return lines


def operation_changes(db: Handle, number: int, limit: int | None = None) -> list[ChangedRecord]:
    """What an operation did, change by change in their order, at most `limit` of them.

    Raises:
        NotFound: there is no such operation.
    """
    journal.operation(db, number)
    made = journal.changes_of(db, number, limit)
    names = called(db, {(each.entity, each.record): each.after or each.before or {} for each in made})
    return [
        _changed(
            (each.entity, each.record), names, _WHAT[each.action], _telling(_fields(db.by_name.get(each.entity), each))
        )
        for each in made
    ]


def number_of_changes(db: Handle, number: int) -> int:
    """How many changes an operation made.

    Raises:
        NotFound: there is no such operation.
    """
    return journal.operation(db, number).changes


_WHAT = {"insert": "added", "update": "changed", "delete": "deleted"}
_ACTIONS = {what: action for action, what in _WHAT.items()}


def _changed(
    key: tuple[str, int],
    names: Mapping[tuple[str, int], Called],
    what: str,
    fields: tuple[tuple[str, str, str], ...],
) -> ChangedRecord:
    title, of = names[key]
    if key[0] == CustomValue.entity.name:
        # Which field it is, and whose, is said already; its value goes by the label of that field.
        value = CustomValue.declarations()["value"].label
        fields = tuple((title or label, before, after) for label, before, after in fields if label == value)
    return ChangedRecord(*key, title, what, fields, of)


# -------------------------------------------------------------------- what changed since


def operation_before(db: Handle, since: str, today: date) -> int:
    """The operation after which a time begins: "2026-11-01", "7d" (days ago) or the number of an operation.

    A day begins at midnight where the coalition is; 0 stands before the first operation.

    Raises:
        NotFound: there is no operation of that number.
        InvalidValue: it is none of the three.
    """
    if since.isascii() and since.isdigit():
        return journal.operation(db, int(since)).id if int(since) else 0
    try:
        ago = _DAYS_AGO.fullmatch(since)
        day = today - timedelta(days=int(ago[1])) if ago else date.fromisoformat(since)
        begin = datetime.combine(day, time.min, zone(db)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(
            "--since", since, "is no day", "write it as 2026-11-01, 7d for seven days ago, or an operation number"
        ) from None
    return journal.newest_before(db, begin.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


@dataclass(slots=True)
class _Net:
    """What is known of a record over some operations."""

    was_there: bool
    is_there: bool = True
    is_erased: bool = False
    first: dict[str, Any] = field(default_factory=dict)
    """Values from before the first change of each field."""
    last: dict[str, Any] = field(default_factory=dict)
    """Values of now."""

    def take(self, each: Recorded) -> None:
        """Take in the next change."""
        self.is_erased |= each.before is None and each.after is None
        if self.was_there:
            for name, value in (each.before or {}).items():
                self.first.setdefault(name, value)
        self.is_there = each.action != "delete"
        if each.action == "update":
            self.last |= each.after or {}
        else:
            self.last = dict(each.after or {})


def changed_since(db: Handle, operation: int) -> list[ChangedRecord]:
    """The net effect of every operation after one, by entity and record.

    Records that were added and deleted in between, and those that are as they were, are left out.
    """
    found: dict[tuple[str, int], _Net] = {}
    for each in journal.changes_after(db, operation):
        key = (each.entity, each.record)
        if key not in found:
            found[key] = _Net(was_there=each.action != "insert")
        found[key].take(each)
    tables = db.by_name
    changed = {
        key: (net, fields)
        for key, net in found.items()
        if (net.was_there or net.is_there)
        and (
            (fields := _telling(_net_fields(tables.get(key[0]), net))) or net.was_there != net.is_there or net.is_erased
        )
    }
    names = called(db, {key: net.last if net.is_there else net.first for key, (net, _) in changed.items()})
    places = {table.entity.name: place for place, table in enumerate(db.entities)}
    ordered = sorted(changed.items(), key=lambda item: (places.get(item[0][0], len(places)), item[0]))
    return [
        _changed(key, names, "added" if not net.was_there else "changed" if net.is_there else "deleted", fields)
        for key, (net, fields) in ordered
    ]


def _net_fields(table: type[Table] | None, net: _Net) -> tuple[tuple[str, str, str], ...]:
    if net.was_there and net.is_there:
        names = net.first.keys() & net.last.keys()
        return _differing(table, {name: net.first[name] for name in names}, {name: net.last[name] for name in names})
    return _differing(table, net.first if net.was_there else {}, net.last if net.is_there else {})


def changed_lines(changed: Iterable[ChangedRecord], limit: int) -> list[str]:
    """A line for each record that changed, at most `limit` of them and then how many more there are."""
    changed = list(changed)
    lines = [_line(each.what, each) for each in changed[:limit]]
    if len(changed) > limit:
        lines.append(f"… and {len(changed) - limit:,} more")
    return lines


# -------------------------------------------------------------------- values in words


def _line(what: str, each: ChangedRecord) -> str:
    """What became of a record; of a value in a custom field also where it was added or deleted."""
    words = f"{what}  {each.entity.replace('_', ' ')} {each.record}{_quoted(each.title)}"
    words += f" of{_quoted(each.of)}" if each.of else ""
    if each.entity == CustomValue.entity.name:
        return words + "".join(f"  {_edit(before, after)}" for _, before, after in each.fields)
    return words + (_edits(each.fields) if each.what == "changed" else "")


def _quoted(title: str) -> str:
    return f' "{title}"' if title else ""


def _edits(fields: tuple[tuple[str, str, str], ...]) -> str:
    edits = "; ".join(f"{label} {_edit(before, after)}" for label, before, after in fields)
    return f"  {edits}" if edits else ""


def _edit(before: str, after: str) -> str:
    return f"{before or '(empty)'} → {after or '(empty)'}"


def _fields(table: type[Table] | None, each: Recorded) -> tuple[tuple[str, str, str], ...]:
    return _differing(table, each.before or {}, each.after or {})


def _telling(fields: tuple[tuple[str, str, str], ...]) -> tuple[tuple[str, str, str], ...]:
    """Without the fields of a record that was added or deleted which had no value."""
    return tuple(each for each in fields if each[1] != each[2])


def _differing(
    table: type[Table] | None, before: dict[str, Any], after: dict[str, Any]
) -> tuple[tuple[str, str, str], ...]:
    """The fields of an entity that changed; of one that is no more nobody knows what it showed of them."""
    return (
        ()
        if table is None
        else tuple(
            (how.label, _shown(how, before.get(name)), _shown(how, after.get(name)))
            for name, how in table.declarations().items()
            if (name in before or name in after) and before.get(name) != after.get(name)
        )
    )


def _shown(how: Any, value: Any) -> str:
    if value is None:
        return ""
    # A field of a plugin may have held another kind of values then.
    return show_value(how, value) if is_held(how, value) else str(value)
