"""What a plan consists of: records to come or to change, and what becomes of each row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from partners_crm.model import Table
from partners_crm.services.importing.prepare import Prepared
from partners_crm.services.rows import Problem


class Ref:
    """A record of a plan: one that is stored, or one that will be. A batch has one ref for each stored record."""

    __slots__ = ("id", "table")

    def __init__(self, table: type[Table], record_id: int | None) -> None:
        self.table = table
        self.id = record_id
        """None until it is stored."""


@dataclass(slots=True)
class Step:
    """One record to add, or the fields to change in one that exists."""

    table: type[Table]
    ref: Ref
    values: dict[str, Any]
    """Typed values; a link to a record of this plan is its Ref."""
    existing: Table | None = None


@dataclass(slots=True)
class RowResult:
    """What becomes of a row."""

    row: Prepared
    outcome: str
    """new, changed, same or rejected."""
    reason: str = ""
    problem: Problem | None = None
    """Why it is rejected."""
    about: Ref | None = None
    """The organization, or the contact, that it is about."""
    wrote: set[int] = field(default_factory=set)
    """The columns of which something was written, counted from 0."""


@dataclass(slots=True)
class Stated:
    """A file states the district of a site."""

    site: Ref
    district: int
    result: RowResult | None
    """The row that says so."""
    columns: tuple[int, ...]


@dataclass(slots=True)
class Batch:
    """What some rows of a file will do."""

    steps: list[Step] = field(default_factory=list)
    results: list[RowResult] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    clues: list[tuple[str, Ref]] = field(default_factory=list)
    """Keys under which records will be known to the rows after this batch."""


class Defaulted(dict[str, Any]):
    """The values of a planned record; a field that is not among them has its default."""

    def __init__(self, table: type[Table], values: dict[str, Any]) -> None:
        super().__init__(values)
        self._table = table

    def __missing__(self, name: str) -> Any:
        return self._table._meta.fields[name].default
