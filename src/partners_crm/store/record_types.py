"""The record types a coalition holds: read from its own records, and their tables kept as those say.

A table is made, altered and dropped in the transaction of the unit of work that writes the declaration. What its
columns are follows from the declaration alone, so that an undo of the one settles the other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from partners_crm.errors import Conflict, InvalidValue
from partners_crm.model import BY_NAME, ENTITIES, Declared, InstalledType, Table

if TYPE_CHECKING:
    from partners_crm.model.record_types import FieldDeclared, KeptType
    from partners_crm.store.journal import Recorded
    from partners_crm.store.open import Handle
    from partners_crm.store.work import Changes

Mark = tuple[tuple[int, int], ...]
"""(id, version) of every declaration: it differs where they do."""


@dataclass(frozen=True, slots=True)
class Types:
    """The entities of a coalition: the core's, and those of plugins."""

    entities: tuple[type[Table], ...]
    """In such an order that a record stands after everything its required links point to."""
    by_name: Mapping[str, type[Table]]
    """By singular and plural, and by the names that they had before, where no other has them now."""
    by_key: Mapping[str, type[Table]]
    """By what the journal calls them."""
    installed: Mapping[str, KeptType]
    """By entity name."""
    mark: Mark
    broken: tuple[str, ...] = ()
    """Names of declarations that cannot be read, or link to what is not there: their records are out of reach."""


CORE = Types(ENTITIES, BY_NAME, {table.entity.key: table for table in ENTITIES}, {}, ())
"""Where no plugin brought any."""


def read_types(db: Handle) -> Types:
    """The entities of a coalition, as its declarations stand in the calling thread's transaction."""
    rows = _rows(db)
    if not rows:
        return CORE
    return types_of({name: text for _, _, name, text in rows}, tuple((key, version) for key, version, *_ in rows))


def mark_of(db: Handle) -> Mark:
    """What tells whether the declarations are those that were read."""
    return tuple(db.driver.execute("SELECT id, version FROM installed_type ORDER BY id").fetchall())


def owner_of(db: Handle, name: str) -> str:
    """The plugin whose record type has this entity name, also one that cannot be read; "" where there is none."""
    row = db.driver.execute("SELECT plugin FROM installed_type WHERE name = ?", (name,)).fetchone()
    return "" if row is None else str(row[0])


def _rows(db: Handle) -> list[tuple[int, int, str, str]]:
    try:
        return db.driver.execute("SELECT id, version, name, declaration FROM installed_type ORDER BY id").fetchall()
    except sqlite3.OperationalError as error:
        # A coalition of an earlier schema, which is about to be copied or brought up to date.
        if "no such table" in str(error):
            return []
        raise


def types_of(texts: Mapping[str, str], mark: Mark = ()) -> Types:
    """The entities that declarations make, by entity name; one that cannot be read is left out, and named."""
    from partners_crm.model.record_types import kept_from_json  # most coalitions have none

    kept: dict[str, KeptType] = {}
    broken, keys = [], set[str]()
    for name, text in texts.items():
        try:
            each = kept_from_json(text)
        except InvalidValue:
            broken.append(name)
            continue
        # Two types in one table would each make it theirs.
        if each.name == name and each.key not in keys:
            kept[name] = each
            keys.add(each.key)
        else:
            broken.append(name)
    tables, lost = _tables(kept)
    broken += lost
    kept = {name: each for name, each in kept.items() if name not in lost}
    entities = (*ENTITIES, *tables)
    names: dict[str, type[Table]] = {}
    for table in tables:
        for pair in kept[table.entity.name].names_were:
            names |= dict.fromkeys(pair, table)
    for table in tables:
        names |= {table.entity.name: table, table.entity.plural: table}
    by_key = {table.entity.key: table for table in entities}
    return Types(entities, {**names, **BY_NAME}, by_key, kept, mark, tuple(broken))


def _tables(kept: Mapping[str, KeptType]) -> tuple[tuple[type[Table], ...], list[str]]:
    """The tables of types, and the names of those that can have none."""
    from partners_crm.model.record_types import tables_of

    core = {table.entity.name: table for table in ENTITIES}
    try:
        return tables_of(kept.values(), core), []
    except InvalidValue:
        # Something in them does not fit together: as many as do.
        good: dict[str, KeptType] = {}
        waiting = dict(kept)
        found: tuple[type[Table], ...] = ()
        while waiting:
            before = len(good)
            for name, each in list(waiting.items()):
                try:
                    found = tables_of([*good.values(), each], core)
                except InvalidValue:
                    continue
                good[name] = waiting.pop(name)
            if len(good) == before:
                break
        return found, list(waiting)


# -------------------------------------------------------------------- names


def is_free(db: Handle, key: str) -> bool:
    """Whether nothing is, or was, kept under a name: no table, and no record in the journal."""
    from partners_crm.model.record_types import is_of_the_core  # most coalitions have none

    if is_of_the_core(key):
        return False
    here = db.driver.execute("SELECT 1 FROM sqlite_schema WHERE lower(name) = ?", (key,)).fetchone()
    return (
        here is None and db.driver.execute("SELECT 1 FROM change WHERE entity = ? LIMIT 1", (key,)).fetchone() is None
    )


# -------------------------------------------------------------------- tables


def settle(db: Handle) -> Types:
    """Make the tables what the declarations say, in the open unit of work, and give what there is now.

    A table that no declaration has any more is dropped, and so is a column: whoever took the declaration away has
    looked that nothing is lost. One whose declaration cannot be read is left as it is.

    Raises:
        InvalidValue: a declaration names a table of the core.
        Conflict: a link that holds something points to another table by now.
    """
    before, now = db.types, read_types(db)
    keys = {table.entity.key for table in now.entities}
    for table in before.entities[len(ENTITIES) :]:
        if table.entity.key in keys or table.entity.name in now.broken:
            continue
        if _columns(db, _own(table.entity.key)):
            db.driver.execute(f"DROP TABLE {_quoted(table.entity.key)}")
    for table in now.entities[len(ENTITIES) :]:
        settle_table(db, table)
    db.own.types = now
    return now


def make_tables(db: Handle, tables: Iterable[type[Table]]) -> None:
    """Make the tables of types, and their indexes."""
    for table in tables:
        settle_table(db, table)


def settle_table(db: Handle, table: type[Table]) -> None:
    """Make a table what its declaration says; a column that holds another kind of values is left alone.

    Raises:
        InvalidValue: it is a table of the core.
        Conflict: a link that holds something points to another table by now.
    """
    key, wanted = _own(table.entity.key), {field.column_name: field for field in table._meta.sorted_fields}
    here = _columns(db, key)
    for name in _linked_elsewhere(db, table) if here else ():
        replace_column(db, table, name)
    if not here:
        columns = ", ".join(_defined(field) for field in wanted.values())
        db.driver.execute(f"CREATE TABLE {_quoted(key)} ({columns}) STRICT")
    indexes = {f"{key}_{field.column_name}": field for field in wanted.values() if field.index or field.unique}
    for name, unique in _indexes(db, key).items():
        if name not in indexes or bool(indexes[name].unique) != unique:
            db.driver.execute(f"DROP INDEX {_quoted(name)}")
    if here:
        for column in here.keys() - wanted.keys():
            db.driver.execute(f"ALTER TABLE {_quoted(key)} DROP COLUMN {_quoted(column)}")
        for column, field in wanted.items():
            if column not in here:
                db.driver.execute(f"ALTER TABLE {_quoted(key)} ADD COLUMN {_defined(field)}")
    there = _indexes(db, key)
    for name, field in indexes.items():
        if name not in there:
            once = "UNIQUE " if field.unique else ""
            db.driver.execute(f"CREATE {once}INDEX {_quoted(name)} ON {_quoted(key)} ({_quoted(field.column_name)})")


def _linked_elsewhere(db: Handle, table: type[Table]) -> list[str]:
    """The links whose column points to another table than they do.

    Raises:
        Conflict: one of them holds something.
    """
    key, found = table.entity.key, []
    rows = db.driver.execute(f"PRAGMA foreign_key_list({_quoted(key)})").fetchall()
    there = {column: target for _, _, target, column, *_ in rows}
    for name, target in table.links().items():
        column = table._meta.fields[name].column_name
        if there.get(column, target._meta.table_name) != target._meta.table_name:
            query = f"SELECT 1 FROM {_quoted(key)} WHERE {_quoted(column)} IS NOT NULL LIMIT 1"  # noqa: S608
            if db.driver.execute(query).fetchone():
                raise Conflict(f"the link {name} of {table.entity.plural} points to something else", "empty it first")
            found.append(name)
    return found


def replace_column(db: Handle, table: type[Table], name: str) -> None:
    """Give a field a new, empty column that holds its kind of values, in the place of the one it has."""
    field = table._meta.fields[name]
    key, column = _quoted(_own(table.entity.key)), _quoted(field.column_name)
    for index in (f"{table.entity.key}_{field.column_name}",):
        db.driver.execute(f"DROP INDEX IF EXISTS {_quoted(index)}")
    db.driver.execute(f"ALTER TABLE {key} DROP COLUMN {column}")
    db.driver.execute(f"ALTER TABLE {key} ADD COLUMN {_defined(field)}")


def refuse_loss(db: Handle, before: KeptType, after: KeptType | None) -> None:
    """Refuse a declaration that would leave records, or values, without a place.

    Raises:
        Conflict: with what holds them.
    """
    if not _columns(db, before.key):
        return
    if after is None:
        if number := count(db, before):
            words = (before.name if number == 1 else before.plural).replace("_", " ")
            raise Conflict(f"{number:,} {words} {'is' if number == 1 else 'are'} there", "delete what it holds first")
        return
    left = {after.column(name) for name in after.all_fields}
    for name in before.all_fields:
        if before.column(name) not in left and (number := filled(db, before, name)):
            held = f"{number:,} {before.plural if number > 1 else before.name}".replace("_", " ")
            raise Conflict(f"its field {name} says something in {held}", "empty it first")


# -------------------------------------------------------------------- what records say


def count(db: Handle, kept: KeptType) -> int:
    """How many records of a type there are."""
    ((number,),) = db.driver.execute(f"SELECT count(*) FROM {_quoted(kept.key)}").fetchall()  # noqa: S608  # a slug
    return int(number)


def ids(db: Handle, kept: KeptType) -> list[int]:
    """The ids of all records of a type, in order."""
    return [key for (key,) in db.driver.execute(f"SELECT id FROM {_quoted(kept.key)} ORDER BY id").fetchall()]  # noqa: S608


def values(db: Handle, kept: KeptType, name: str) -> dict[int, Any]:
    """What every record of a type says in a field, as the column holds it, by id."""
    sql = f"SELECT id, {_column_of(kept, name)} FROM {_quoted(kept.key)} ORDER BY id"  # noqa: S608  # slugs
    return dict(db.driver.execute(sql).fetchall())


def filled(db: Handle, kept: KeptType, name: str) -> int:
    """How many records of a type say something in a field."""
    each = kept.all_fields[name]
    column = _column_of(kept, name)
    nothing = "0" if each.how.kind == "flag" else "''"
    sql = f"SELECT count(*) FROM {_quoted(kept.key)} WHERE {column} IS NOT NULL AND {column} <> {nothing}"  # noqa: S608
    ((number,),) = db.driver.execute(sql).fetchall()
    return int(number)


def _column_of(kept: KeptType, name: str) -> str:
    """The column of a field, quoted."""
    is_link = kept.all_fields[name].how.kind == "link"
    return _quoted(f"{kept.column(name)}_id" if is_link else kept.column(name))


# -------------------------------------------------------------------- taking a declaration back


def is_installation(db: Handle, number: int) -> bool:
    """Whether an operation is one of a plugin on its record types: it is taken back whole, or not at all."""
    query = "SELECT 1 FROM operation WHERE id = ? AND plugin <> ''"
    return _changes_types(db, number) and db.driver.execute(query, (number,)).fetchone() is not None


def _changes_types(db: Handle, number: int) -> bool:
    """Whether an operation changed a declaration; asked of the few changes of declarations, not of all of its own."""
    query = "SELECT 1 FROM change WHERE entity = ? AND +operation = ? LIMIT 1"
    return db.driver.execute(query, (InstalledType.entity.key, number)).fetchone() is not None


def reverse(unit: Changes, each: Recorded, run: Callable[[], None], *, exact: bool) -> None:
    """Reverse one change of a declaration with `run`, and settle the tables; for an undo alone.

    Raises:
        Conflict: records or values would be lost, or what links to the type would point nowhere; and, where it is to
            be `exact`, that it was changed since.
    """
    db = unit.db
    current = unit.current(InstalledType, each.record)
    if exact and current is not None and each.after is not None and current["version"] != each.after["version"]:
        raise Conflict(f"the record type {current['name']} was changed since", "take that back first")
    now = None if current is None else db.types.installed.get(current["name"])
    then = _declared({**(current or {}), **(each.before or {})}) if each.action != "insert" else None
    if now is not None:
        refuse_loss(db, now, then)
    refuse_breaking(db, now, then)
    run()
    settle(db)


def refuse_breaking(db: Handle, now: KeptType | None, then: KeptType | None) -> None:
    """Refuse to let one declaration take the place of another where that would break a link.

    Raises:
        Conflict: a type links to it, or it links to one that is not there.
    """
    from partners_crm.model.record_types import kept_json

    texts = {name: kept_json(kept) for name, kept in db.types.installed.items()}
    if now is not None:
        texts.pop(now.name, None)
    if then is not None:
        if then.name in texts:
            raise Conflict(f"another record type is called {then.name} by now", "take that back first")
        texts[then.name] = kept_json(then)
    broken = [name for name in types_of(texts).broken if name not in db.types.broken]
    if broken:
        raise Conflict(f"the record type {broken[0]} would link to what is not there", "take that back first")


def refuse_undo(db: Handle, number: int) -> None:
    """Refuse to take an operation back that made other kinds of values of what records say.

    Raises:
        Conflict: it did.
    """
    from partners_crm.store.journal import changes_among  # it reads declarations through this module

    for each in changes_among(db, number, InstalledType.entity.name) if _changes_types(db, number) else ():
        before, after = (
            _declared(side) if side and "declaration" in side else None for side in (each.before, each.after)
        )
        if before is None or after is None:
            continue
        holds = {after.column(name): storage(declared) for name, declared in after.all_fields.items()}
        for name, declared in before.all_fields.items():
            if holds.get(before.column(name), storage(declared)) != storage(declared):
                raise Conflict(
                    f"operation {number} made another kind of values of the field {name} of {after.plural}:"
                    " it cannot be undone",
                    f"install the earlier version of the plugin {after.plugin} instead",
                )


def storage(declared: FieldDeclared) -> str:
    """What a column of a field holds, and whether it may hold nothing."""
    from partners_crm.model.record_types import storage_of

    return "FLAG" if declared.how.kind == "flag" else "LINK" if declared.how.kind == "link" else storage_of(declared)


def fits(table: type[Table], values: Mapping[str, Any]) -> bool:
    """Whether values of the journal are of the kinds that the fields of a record type hold now."""
    declared = table.declarations()
    return all(is_held(declared[name], value) for name, value in values.items() if name in declared)


def is_held(how: Declared, value: Any) -> bool:
    """Whether a value is of the kind that a field holds now."""
    return isinstance(value, _HELD[how.kind]) and (type(value) is not bool or how.kind == "flag")


_HELD: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("text", "note", "choice", "day", "data"), (str,)),
    "whole": (int, type(None)),
    "link": (int, type(None)),
    "decimal": (int, float, type(None)),
    "flag": (bool,),
}


def _declared(row: Mapping[str, Any]) -> KeptType | None:
    from partners_crm.model.record_types import kept_from_json

    try:
        return kept_from_json(str(row.get("declaration", "")))
    except InvalidValue:
        return None


# -------------------------------------------------------------------- columns


def _columns(db: Handle, key: str) -> dict[str, str]:
    """The columns of a table with what each holds; empty where there is no such table."""
    return {row[1]: row[2] for row in db.driver.execute(f"PRAGMA table_info({_quoted(key)})").fetchall()}


def _indexes(db: Handle, key: str) -> dict[str, bool]:
    """The indexes of a table that we made, and whether each lets a value be there only once."""
    found = db.driver.execute(f"PRAGMA index_list({_quoted(key)})").fetchall()
    return {name: bool(unique) for _, name, unique, origin, _ in found if origin == "c"}


def _defined(field: Any) -> str:
    """A column as it is created; also one that is added to a table with records can be so."""
    name = _quoted(field.column_name)
    if field.name == "id":
        return f"{name} INTEGER NOT NULL PRIMARY KEY"
    if field.name == "uid":
        return f"{name} TEXT NOT NULL"
    if field.name == "version":
        return f"{name} INTEGER NOT NULL"
    kind = field.declared.kind
    if kind == "link":
        target = _quoted(field.rel_model._meta.table_name)
        return f'{name} INTEGER REFERENCES {target} ("id") DEFERRABLE INITIALLY DEFERRED'
    if kind in {"whole", "decimal"}:
        return f"{name} {'INTEGER' if kind == 'whole' else 'REAL'}"
    return f"{name} INTEGER NOT NULL DEFAULT 0" if kind == "flag" else f"{name} TEXT NOT NULL DEFAULT ''"


def _own(key: str) -> str:
    """The name of a table that may be altered and dropped: one of a record type.

    Raises:
        InvalidValue: it is one of the core's. No declaration that was read says so; nothing here goes past it.
    """
    from partners_crm.model.record_types import is_of_the_core

    if is_of_the_core(key):
        raise InvalidValue("Record types", key, "is a table of the program itself")
    return key


def _quoted(name: str) -> str:
    # Names are slugs: `model/record_types` refuses any other.
    return f'"{name}"'
