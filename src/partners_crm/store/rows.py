"""Rows as statements carry them: columns in order, defaults, and the names that the journal has for fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from partners_crm.errors import NotFound
from partners_crm.model import Table
from partners_crm.store.journalling import Values

_AT_ONCE = 500
"""Ids that one statement names."""
_DEFAULTS: dict[type[Table], dict[str, Any]] = {}
_COLUMNS: dict[type[Table], tuple[tuple[str, ...], str]] = {}
_FLAGS: dict[type[Table], tuple[str, ...]] = {}


def filled(
    table: type[Table], row: Mapping[str, Any], values: Mapping[str, Any], number: int, operation: int
) -> dict[str, Any]:
    """A new row with defaults for what is missing; of its bookkeeping `values` may say the uid alone."""
    found = {**defaults(table), "uid": row["uid"], **values, "id": number, "version": operation}
    names = columns(table)[0]
    if len(found) != len(names):
        unknown = set(found) - set(names)
        raise NotFound(f"{table.entity.name} has no field {', '.join(sorted(unknown))}")
    return found


def defaults(table: type[Table]) -> dict[str, Any]:
    """What each field of a new record has where nothing else is said."""
    found = _DEFAULTS.get(table)
    if found is None:
        fields = table._meta.fields
        found = _DEFAULTS[table] = {name: fields[name].default for name in table._meta.sorted_field_names}
    return found


def columns(table: type[Table]) -> tuple[tuple[str, ...], str]:
    """The names of the fields, and their columns as they stand in a statement, in the same order."""
    found = _COLUMNS.get(table)
    if found is None:
        names = tuple(table._meta.sorted_field_names)
        quoted_columns = ", ".join(f'"{table._meta.fields[name].column_name}"' for name in names)
        found = _COLUMNS[table] = (names, quoted_columns)
    return found


def among(column: str, ids: Sequence[int], *, room: int = 2) -> Iterator[tuple[str, Sequence[int]]]:
    """Conditions, with their values, that together mean "the column is one of these ids", which are different ones.

    With more room than 1 they may mean ids between them too: ids of one operation lie side by side, and one range of an
    index is read faster than a place for each.
    """
    low, high = min(ids, default=0), max(ids, default=0)
    if high - low < room * len(ids):
        yield f'"{column}" BETWEEN ? AND ?', (low, high)
        return
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        yield f'"{column}" IN ({",".join("?" * len(some))})', some


def assignments(table: type[Table], names: Iterable[str]) -> str:
    """Fields as an UPDATE sets them."""
    return ", ".join(f'"{table._meta.fields[name].column_name}" = ?' for name in names)


def typed(table: type[Table], row: dict[str, Any]) -> dict[str, Any]:
    """A row as it was read, with its flags made what they are."""
    # SQLite has no boolean: a flag read by hand is 0 or 1, and would differ in the journal from what was written.
    flags = _FLAGS.get(table)
    if flags is None:
        flags = _FLAGS[table] = tuple(name for name, how in table.declarations().items() if how.kind == "flag")
    for name in flags:
        row[name] = bool(row[name])
    return row


def quoted(table: type[Table]) -> str:
    """The table as it stands in a statement."""
    return f'"{table._meta.table_name}"'


def as_kept(table: type[Table], values: Values) -> Values:
    """Values under the names that the journal has for their fields: those that the fields had first."""
    keys = table.kept_keys()
    if not keys or values is None or isinstance(values, str):
        return values
    return {keys.get(name, name): value for name, value in values.items()}


def as_named(table: type[Table], values: dict[str, Any]) -> dict[str, Any]:
    """Values of the journal under the names that fields have now; of those that are no more there are none."""
    if not table.entity.plugin:
        return values
    renamed = table.kept_keys()
    names = {key: name for name, key in renamed.items()}
    # What is a name of now may have been the first name of another field.
    found = {names.get(key, key): value for key, value in values.items() if key in names or key not in renamed}
    return {name: value for name, value in found.items() if name in table._meta.fields}
