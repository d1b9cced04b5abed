"""Writing the journal of one unit of work: its changes in batches, their digests, and the bytes that a hash covers.

What stands here is the form of the journal on disk; `store/journal` reads it and asks whether it still fits.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # typeshed lacks the first
from typing import Any

BATCH = 1000
"""Changes that wait to be written together: what a unit holds in memory, however many it makes."""

_VARIABLES = 700
"""Values of one statement at most; every SQLite allows 999."""
Values = Mapping[str, Any] | str | None
"""The values of one side of a change: by field, or as the journal has them already; None where it has no such side."""
Logged = tuple[str, int, str, Values, Values]
"""(entity, record, action, before, after) of a change."""
SourceCells = tuple[int, str, str, str, int | None, Mapping[str, str], bytes | None]
"""(line, outcome, reason, entity, record, cells, row_hash) of a source row."""


class JournalWriter:
    """The changes of one unit, written batch by batch, and the running digest of all of them."""

    def __init__(self, connection: Any, operation: int, first: int) -> None:
        self._connection = connection
        self.operation = operation
        self.first = first
        """Id of its first change."""
        self.count = 0
        """Changes that were logged, whether they are written or wait."""
        self._digest = hashlib.sha256()
        self.pending: list[Logged] = []
        """The changes that wait; their mappings must stay as they are."""
        self._source_rows: Any = None

    def begin_anew(self, operation: int, first: int) -> None:
        """Be the journal of another operation, of which nothing is written yet."""
        self.operation, self.first = operation, first

    def flush(self) -> None:
        """Write the changes that wait."""
        pending = self.pending
        if not pending:
            return
        sha256, encode, operation = hashlib.sha256, _json, self.operation
        salts = os.urandom(16 * len(pending))
        key = self.first + self.count - len(pending)
        place = 0
        rows: list[Any] = []
        values: list[Any] = []
        covered = []
        for entity, record, action, before, after in pending:
            salt = salts[place : place + 16]
            place += 16
            old = new = None
            if before is not None:
                before = before if isinstance(before, str) else encode(before)
                old = sha256(salt + before.encode()).digest()
            if after is not None:
                after = after if isinstance(after, str) else encode(after)
                new = sha256(salt + after.encode()).digest()
            rows += (key, operation, entity, record, action, old, new)
            values += (key, salt, before, after)
            covered.append(b"|".join((f"{entity}|{record}|{action}".encode(), old or b"", new or b"")))
            key += 1
        insert_rows(
            self._connection,
            "INSERT INTO change (id, operation, entity, record, action, before_digest, after_digest)",
            7,
            rows,
        )
        insert_rows(self._connection, "INSERT INTO change_values (id, salt, before, after)", 4, values)
        self._digest.update(b"".join(covered))
        pending.clear()

    def keep_source_rows(self, rows: Iterable[SourceCells]) -> None:
        """Write source rows."""
        kept: list[tuple[Any, ...]] = []
        for line, outcome, reason, entity, record, cells, row_hash in rows:
            kept.append((self.operation, line, outcome, reason, entity, record, _json(cells), row_hash))
            if len(kept) == BATCH:
                self._write_source_rows(kept)
                kept = []
        if kept:
            self._write_source_rows(kept)

    def _write_source_rows(self, kept: list[tuple[Any, ...]]) -> None:
        self._connection.executemany(
            "INSERT INTO source_row (operation, line, outcome, reason, entity, record, cells, row_hash)"
            " VALUES (?,?,?,?,?,?,?,?)",
            kept,
        )
        self._source_rows = self._source_rows or hashlib.sha256()
        # What the row said covers its hash too, which follows from it.
        self._source_rows.update(b"".join(source_row_bytes(row[:-1]) for row in kept))

    def close(self, head: Mapping[str, Any]) -> dict[str, Any]:
        """Write what waits; gives the row of the operation, whose fields but the hashes `head` holds."""
        self.flush()
        digest = self._source_rows.digest() if self._source_rows is not None else None
        return {**head, "hash": operation_hash(head, self._digest.digest(), digest), "source_digest": digest}


def insert_rows(connection: Any, head: str, width: int, values: list[Any]) -> None:
    """Insert rows of so many columns, whose values stand one behind the other; `head` is the statement before VALUES.

    Some tens of rows in each statement: a third less of the time than a step of `executemany` for each.
    """
    rows = max(1, _VARIABLES // width)
    size = rows * width
    for start in range(0, len(values), size):
        some = values[start : start + size]
        connection.execute(_inserting(head, width, len(some) // width), some)


@lru_cache(maxsize=256)
def _inserting(head: str, width: int, rows: int) -> str:
    row = f"({','.join('?' * width)})"
    return f"{head} VALUES {','.join([row] * rows)}"


def salted_digest(salt: bytes, text: str) -> bytes:
    """SHA-256 of the values of one side of a change; without the salt it says nothing about them."""
    return hashlib.sha256(salt + text.encode()).digest()


def change_bytes(entity: str, record: int, action: str, before: bytes | None, after: bytes | None) -> bytes:
    """What the hash of an operation covers of one change."""
    return b"|".join((f"{entity}|{record}|{action}".encode(), before or b"", after or b""))


def source_row_bytes(row: tuple[Any, ...]) -> bytes:
    """What the hash of an operation covers of one source row: all its columns but the id and the hash of the row."""
    return _ENCODER.encode(row).encode() + b"\n"


def operation_hash(head: Mapping[str, Any], changes_digest: bytes, source_digest: bytes | None = None) -> str:
    """Hash of an operation: over its fields, the hash of the one before among them, and the digests of its rows."""
    return hashlib.sha256(_json(head).encode() + changes_digest + (source_digest or b"")).hexdigest()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# `encode` makes this for each call anew, which takes longer than what it does for a record.
_encode: Any = c_make_encoder and c_make_encoder(
    None, _ENCODER.default, encode_basestring, None, ":", ",", False, False, True
)


def _json(values: Mapping[str, Any]) -> str:
    return "".join(_encode(values, 0)) if _encode is not None else _ENCODER.encode(values)
