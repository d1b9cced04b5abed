"""A damaged coalition file as tables: which page belongs to which, and which rows are what their table declares.

A page is known by the tree of its table where that can be followed, else by the shape of its rows. Nothing here is
written, and rows are handed out one at a time.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from partners_crm.model import ENTITIES, JOURNAL, Change, ChangeValues, Operation, SourceRow, Table
from partners_crm.model.journal import ACTIONS
from partners_crm.store.files import OURS
from partners_crm.store.migrating import HISTORY
from partners_crm.store.open import Handle, create_schema
from partners_crm.store.pages import INTERIOR, LEAF, Pages, Row
from partners_crm.store.record_types import make_tables

LARGEST_ID = 2**53
"""Ids beyond it are taken for damaged; the next one must still have a number."""
LOOKED_AT = 8
"""Rows of a page that are compared with the journal to know its table."""

_SCHEMA = "sqlite_schema"
_COLUMN = re.compile(r'"(\w+)" (?:INTEGER|TEXT|REAL|BLOB)\b')
_UID = re.compile(r"[0-9a-f]{32}")
_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Of an entity: of the core's, or of a plugin's that nobody may know any more."""


class Found(NamedTuple):
    """A row that stands in the pages of a table."""

    id: int
    """0 of a row that cannot be read at all."""
    values: dict[str, Any] | None
    """By field; None where they are not what the table declares."""
    raw: list[Any]
    """As they were read."""
    in_tree: bool
    """Whether the tree of its table leads to it, rather than its shape."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of a table may hold."""

    name: str
    """Of the field, which a link's column has with `_id`."""
    type: str
    """INTEGER, REAL, TEXT or BLOB."""
    required: bool
    kind: str
    """Of the declared field; "uid" and "id" of those, "" of any other."""
    choices: frozenset[str]
    default: str | int | None = None
    """What stands in a row that was written before the column was added; None where nothing can."""
    stored: str = ""
    """Its name in the table."""

    def fits(self, value: Any, *, strict: bool = False) -> bool:
        """Whether a value may stand here; `strict` holds it to the choices of today."""
        if value is None:
            return not self.required
        if self.type == "TEXT":
            return isinstance(value, str) and _is_text(value) and self._means(value, strict)
        if self.type == "BLOB":
            return isinstance(value, bytes)
        if isinstance(value, bool) or not isinstance(value, int | float if self.type == "REAL" else int):
            return self.kind == "flag" and isinstance(value, bool)
        if self.kind == "flag":
            return value in {0, 1}
        if self.kind in {"id", "link"}:
            return 0 < value < LARGEST_ID
        return math.isfinite(value) and -(2**63) <= value < 2**63

    def _means(self, value: str, strict: bool) -> bool:
        if self.kind == "uid":
            return _UID.fullmatch(value) is not None
        return not (strict and self.choices) or value in self.choices


class Shape(NamedTuple):
    """The columns of a table, in the order they are declared."""

    columns: tuple[Column, ...]
    sound: Callable[[dict[str, Any]], bool]
    """Whether the values of a row agree with each other."""


class Wreck:
    """A damaged file, open for reading."""

    def __init__(self, path: Path) -> None:
        """Open a file and find its tables.

        Raises:
            OSError: the system refuses.
        """
        self.pages = Pages(path)
        """The file, page by page."""
        self.shapes = shapes()
        """The tables of ours that are known."""
        self.tables: dict[str, list[int]] = {}
        """The leaf pages of each of them, those of its tree first."""
        self.whole: set[str] = set()
        """Tables whose tree leads to every page."""
        self.doubtful: dict[int, list[str]] = {}
        """Leaf pages whose rows have the shape of several tables, or of none."""
        self._orders: dict[str, tuple[str, ...]] = {}
        self._placed: set[int] = set()
        try:
            self._leaves, self.strange = self.pages.survey()
            roots = self._place()
            self.is_foreign = self.pages.has_header and self.pages.application not in OURS and not roots
            """Whether it is a sound database of another program."""
        except BaseException:
            self.pages.close()
            raise

    def know(self, entities: tuple[type[Table], ...]) -> None:
        """Look at the pages anew, with the tables of record types that the file was found to hold."""
        self.shapes = shapes(entities)
        self._place()

    def _place(self) -> dict[str, int]:
        """Give each page to a table; gives the first page of each table that is led to."""
        self.tables = {name: [] for name in self.shapes}
        self.whole, self.doubtful, self._orders, self._placed = set(), {}, {}, set()
        roots = self._roots()
        self._follow(roots)
        self._place_the_rest()
        return roots

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.pages.close()

    def rows(self, name: str) -> Iterator[Found]:
        """The rows of a table, those of its tree first."""
        for number in self.tables[name]:
            for row in self.pages.rows(number):
                if row is None:
                    yield Found(0, None, [], number not in self._placed)
                else:
                    yield Found(row.id, self._fitted(name, row), row.values, number not in self._placed)

    def unplaced(self) -> Iterator[Row | None]:
        """The rows of the pages that are of no table that is known."""
        for number in self.doubtful:
            yield from self.pages.rows(number)

    def settle(self, known: Callable[[str, int, str], bool]) -> None:
        """Decide what is doubtful by asking whether an entity (its table) has a record of an id and a uid."""
        for number, names in list(self.doubtful.items()):
            for name in names:
                fitted = [(row.id, self._fitted(name, row)) for row in self.pages.rows(number) if row]
                some = [(key, values["uid"]) for key, values in fitted if values and "uid" in values][:LOOKED_AT]
                if any(known(name, key, uid) for key, uid in some):
                    self._take(number, name)
                    break

    def newest_migration(self) -> str:
        """The last of the migrations that were applied to the file, "" where none can be read."""
        return max((str(row.values[0]) for row in self._history if row.values), default="")

    # ---------------------------------------------------------------- which page is whose

    def _roots(self) -> dict[str, int]:
        """The first page of each table of ours, from the table of tables or from what is left of it."""
        branch = self.pages.walk(1) if self.pages.kind(1) in {LEAF, INTERIOR} else None
        leaves = branch.leaves if branch else []
        roots: dict[str, int] = {}
        self._reached: dict[int, set[str]] = {number: {_SCHEMA} for number in leaves}
        self._history: list[Row] = []
        rest = [] if branch and branch.whole else [each for each in self._leaves if each not in self._reached]
        for number in (*leaves, *rest):
            for row in filter(None, self.pages.rows(number)):
                if not _is_schema(row.values):
                    continue
                self._reached[number] = {_SCHEMA}
                kind, name, _, root, text = row.values
                if kind == "table" and name in self.tables and name not in roots:
                    roots[name] = root
                    self._orders[name] = _order(self.shapes[name], text)
                elif kind == "table" and name == HISTORY:
                    for leaf in self.pages.walk(root).leaves:
                        self._reached[leaf] = {HISTORY}
                        self._history.extend(filter(None, self.pages.rows(leaf)))
        return roots

    def _follow(self, roots: dict[str, int]) -> None:
        """Give each table the pages its tree leads to, unless their rows say otherwise."""
        branches = {name: self.pages.walk(root) for name, root in roots.items()}
        for name, branch in branches.items():
            for number in branch.leaves:
                self._reached.setdefault(number, set()).add(name)
        for name, branch in branches.items():
            trusted = [number for number in branch.leaves if len(self._reached[number]) == 1]
            trusted = [number for number in trusted if not self.pages.cells(number) or self._score(number, name)[0]]
            self.tables[name] = trusted
            if branch.whole and len(trusted) == len(branch.leaves):
                self.whole.add(name)

    def _place_the_rest(self) -> None:
        """Give every page that no tree leads to, or that two do, to the table whose rows are of its shape."""
        taken = {number for leaves in self.tables.values() for number in leaves}
        sound = {_SCHEMA}, {HISTORY}
        for number in self._leaves:
            if number in taken or self._reached.get(number) in sound or not self.pages.cells(number):
                continue
            claimed = self._reached.get(number, set()) & self.tables.keys()
            wanted = claimed if len(claimed) > 1 else self.tables.keys() - self.whole
            names = self._likeliest(number, wanted) or self._likeliest(number, set(self.tables))
            self.doubtful[number] = names
            if len(names) == 1:
                self._take(number, names[0])

    def _likeliest(self, number: int, names: set[str]) -> list[str]:
        scores = {name: self._score(number, name) for name in sorted(names)}
        best = max(scores.values(), default=(0, 0))
        return [name for name, score in scores.items() if score == best] if best[0] else []

    def _score(self, number: int, name: str) -> tuple[int, int]:
        """How many rows of a page fit a table, and how many of them in every column and choice of today."""
        rows = [row for row in self.pages.rows(number) if row]
        fitting = [row for row in rows if self._fitted(name, row) is not None]
        width = len(self.shapes[name].columns)
        exact = sum(len(row.values) == width and self._fitted(name, row, strict=True) is not None for row in fitting)
        return len(fitting), exact

    def _take(self, number: int, name: str) -> None:
        del self.doubtful[number]
        self.tables[name].append(number)
        self._placed.add(number)

    # ---------------------------------------------------------------- whether a row is what its table declares

    def _fitted(self, name: str, row: Row, *, strict: bool = False) -> dict[str, Any] | None:
        shape = self.shapes[name]
        order = self._orders.get(name) or tuple(column.name for column in shape.columns)
        if len(row.values) > len(order):
            return None
        # A row that was written before a column was added ends before it (section 2.3: "Missing columns").
        found = dict(zip(order, row.values, strict=False))
        return fitted(shape, {**found, "id": row.id} if found.get("id") is None else {}, strict=strict)


def fitted(shape: Shape, found: dict[str, Any], *, strict: bool = False) -> dict[str, Any] | None:
    """The values of a row by field, or None where they are not what its table declares."""
    values = {column.name: found.get(column.name, column.default) for column in shape.columns}
    if not all(column.fits(values[column.name], strict=strict) for column in shape.columns):
        return None
    for column in shape.columns:
        if column.kind == "flag":
            values[column.name] = bool(values[column.name])
        elif column.type == "REAL" and isinstance(number := values[column.name], int):
            values[column.name] = float(number)
    return values if shape.sound(values) else None


@cache
def shapes(entities: tuple[type[Table], ...] = ENTITIES) -> dict[str, Shape]:
    """The shape of every table of ours, by its name."""
    fresh = Handle(":memory:", autoconnect=False)
    fresh.connect()
    tables: tuple[Any, ...] = (*entities, *JOURNAL)
    try:
        create_schema(fresh)
        make_tables(fresh, entities[len(ENTITIES) :])
        return {
            table._meta.table_name: Shape(tuple(_columns(fresh, table)), _SOUND.get(table, _is_anything))
            for table in tables
        }
    finally:
        fresh.close()


def _columns(fresh: Handle, table: Any) -> Iterator[Column]:
    names = {field.column_name: name for name, field in table._meta.fields.items()}
    declarations = table.declarations() if issubclass(table, Table) else {}
    for _, column, kind, required, default, _ in fresh.driver.execute(f'PRAGMA table_info("{table._meta.table_name}")'):
        name = names[column]
        how = declarations.get(name)
        choices = frozenset(code for code, _ in how.choices) | {""} if how and how.choices else frozenset[str]()
        meant = how.kind if how else name if name in {"id", "uid"} else ""
        yield Column(name, kind, bool(required), meant, choices, _stands(kind, default), column)


def _stands(kind: str, default: str | None) -> str | int | None:
    """What a default of a column, as SQLite writes it down, stands for."""
    if default is None:
        return None
    return int(default) if kind == "INTEGER" else default.strip("'")


def _order(shape: Shape, text: str) -> tuple[str, ...]:
    """The fields of a table in the order of its columns in the file, () where the text is not what it should be.

    A column that a migration added stands last, wherever it is declared.
    """
    columns = shape.columns
    names = {column.stored: column.name for column in columns}
    found = tuple(names.get(stored, stored) for stored in _COLUMN.findall(text))
    needed = {column.name for column in columns if column.required and column.default is None}
    return found if needed <= set(found) <= {column.name for column in columns} else ()


def _is_schema(values: list[Any]) -> bool:
    """Whether a row is one of the table of tables (section 2.6)."""
    return len(values) == 5 and values[0] == "table" and isinstance(values[3], int) and isinstance(values[4], str)


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_object(text: str | None) -> bool:
    if text is None:
        return True
    with suppress(ValueError, RecursionError):
        return isinstance(json.loads(text), dict)
    return False


def _is_anything(_values: dict[str, Any]) -> bool:
    return True


def _is_operation(values: dict[str, Any]) -> bool:
    hashes = _HASH.fullmatch(values["hash"]) and (not values["previous"] or _HASH.fullmatch(values["previous"]))
    with suppress(ValueError):
        when = datetime.fromisoformat(values["at"])
        return bool(hashes) and when.tzinfo is not None and len(values["source_digest"] or bytes(32)) == 32
    return False


def _is_change(values: dict[str, Any]) -> bool:
    digests = (values["before_digest"] or bytes(32), values["after_digest"] or bytes(32))
    words = bool(_NAME.fullmatch(values["entity"])) and values["action"] in ACTIONS
    return words and values["operation"] > 0 and values["record"] > 0 and {len(each) for each in digests} == {32}


def _is_values(values: dict[str, Any]) -> bool:
    return len(values["salt"]) == 16 and _is_object(values["before"]) and _is_object(values["after"])


def _is_source_row(values: dict[str, Any]) -> bool:
    return bool(not values["entity"] or _NAME.fullmatch(values["entity"])) and _is_object(values["cells"])


_SOUND: dict[Any, Callable[[dict[str, Any]], bool]] = {
    Operation: _is_operation,
    Change: _is_change,
    ChangeValues: _is_values,
    SourceRow: _is_source_row,
}
