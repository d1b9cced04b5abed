"""Full-text indexes in tests: what is found with them and without, and whether they are right."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.model import (
    Organization,
    Table,
)
from partners_crm.services import records
from partners_crm.store import files, fulltext, health, indexed
from partners_crm.store.fulltext import SUFFIX, astray, catch_up, mentions
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, tuples


def ids(db: Handle, text: str, table: type[Table] = Organization, *, prefix: bool = False) -> list[int]:
    return sorted(key for (key,) in tuples(db, mentions(db, table, text, prefix=prefix)))


def scanned(db: Handle, text: str, table: type[Table], *, prefix: bool) -> list[int]:
    """What `mentions` must answer: every record looked at."""
    words = indexed.tokens(text)
    forms = indexed.texts(db, table)
    return [key for key, form in forms if words and indexed.holds(form, words, prefix=prefix)]


def add(crm: Crm, table: type[Table] = Organization, **values: Any) -> int:
    with crm.changes("add", by="ann") as unit:
        return records.add(unit, table, **values).id


def edit(crm: Crm, table: type[Table], key: int, **values: Any) -> None:
    with crm.changes("edit", by="ann") as unit:
        records.edit(unit, by_id(crm.db, table, key), **values)


def is_right(crm: Crm) -> bool:
    """Whether the index is there, up to date, and holds what the coalition says."""
    assert catch_up(crm.db)
    with health.snapshot(crm.db):
        return index_of(crm).exists() and not list(astray(crm.db))


def index_of(crm: Crm) -> Path:
    return files.side(crm.path, SUFFIX)


def index_connection(crm: Crm) -> sqlite3.Connection:
    """The connection to the index that this thread keeps."""
    connection: sqlite3.Connection = crm.db.own.search.connection
    return connection


def from_index(db: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on no record is looked at: what is found is in the index."""

    def none(*_: object) -> Iterator[tuple[int, str]]:
        raise AssertionError("records were looked at")

    assert catch_up(db)
    monkeypatch.setattr(fulltext, "texts", none)
