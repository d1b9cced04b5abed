"""A private table of keys and the records they lead to: what an import looks rows up by.

It is SQLite's own temporary database: in memory while it is small, on disk when it grows, gone when it is closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from partners_crm.store.read import parts


class Clues:
    """Keys of texts, each with the ids of the records it leads to, in the order they were learnt."""

    def __init__(self, most: Callable[[str], int]) -> None:
        """`most` says how many records of a key are remembered: the first ones."""
        self._most = most
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA cache_size = -8000")
        self._db.execute("CREATE TABLE clue (key TEXT, record INTEGER, PRIMARY KEY (key, record)) WITHOUT ROWID")
        self._db.execute("BEGIN")
        self._asked: dict[str, list[int]] = {}
        """The records of the keys that were asked for last."""

    def learn(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Remember that keys lead to records; a pair that is known already is left as it is."""
        self._db.executemany(
            "INSERT OR IGNORE INTO clue SELECT ?1, ?2 WHERE (SELECT count(*) FROM clue WHERE key = ?1) < ?3",
            ((key, record, self._most(key)) for key, record in pairs),
        )

    def learn_asked(self, pairs: Iterable[tuple[str, int]]) -> None:
        """`learn` of keys most of which were asked for last: those need not be counted again."""
        new: list[tuple[str, int]] = []
        others: list[tuple[str, int]] = []
        for key, record in pairs:
            there = self._asked.get(key)
            if there is None:
                others.append((key, record))
            elif len(there) < self._most(key) and record not in there:
                there.append(record)
                new.append((key, record))
        self._db.executemany("INSERT INTO clue VALUES (?, ?)", new)
        self.learn(others)

    def find(self, keys: Sequence[str]) -> dict[str, list[int]]:
        """The records of each key that has any, the lowest ids first."""
        found: dict[str, list[int]] = {}
        for some in parts(keys):
            marks = ",".join("?" * len(some))
            query = f"SELECT key, record FROM clue WHERE key IN ({marks}) ORDER BY key, record"  # noqa: S608  # marks alone
            for key, record in self._db.execute(query, tuple(some)):
                found.setdefault(key, []).append(record)
        self._asked = {key: list(found.get(key, ())) for key in keys}
        return found

    def close(self) -> None:
        """Give the table up."""
        self._db.close()
