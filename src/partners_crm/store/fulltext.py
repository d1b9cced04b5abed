"""Full-text search: which records hold a word, whatever its accents, apostrophes and hyphens.

The index is FTS5 on folded text, in a file of its own beside the coalition, named as it with `-search` behind it. What
is in it follows from the coalition: whoever asks for a word brings it up to date from the journal first, and whoever
deletes it loses nothing. No write waits for it. Where it cannot be written, or is behind, the records that changed
since are looked at one by one: an answer is never older than the coalition. It is kept in rollback mode, where the file
alone is whole between two writes, and a reader meets a writer for milliseconds.

What of a record is indexed says `store/indexed`: nothing that is not for everyone.

Everything that knows of SQLite's full-text tables is in here; a server with its own offers the same functions:

- `mentions(db, table, text, *, prefix)`: a select of the ids of an entity's records that hold words in a row;
- `found_first(db, text, limit, among)`: the first records that hold what is being typed, for each entity;
- `spelled_like(db, word, limit)`: words of the coalition that are spelled like one;
- `catch_up(db, *, wait)`: bring the index up to date, `rebuild(db)`: make it anew;
- `astray(db)`: what in it is not as the coalition says.
"""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple, TypeVar

from partners_crm.errors import PartnersError
from partners_crm.model import CustomField, CustomValue, Table
from partners_crm.model.orm import peewee
from partners_crm.normalize.text import fold
from partners_crm.store import files
from partners_crm.store.indexed import LONGEST_WORD, holds, searched, shape_of, texts, tokens
from partners_crm.store.open import Handle, faults
from partners_crm.store.read import parts, tuples

T = TypeVar("T")

SUFFIX = "-search"
AT_ONCE = 2_000
"""Changes that a question takes up on the way; more are for somebody who waits, or for a thread of their own."""

_SPAN = 1 << 52
"""A document has the id of its record plus this times the place of its entity in `searched`: each entity has a range of
the index, which is read without the others. There is room for 2,048 entities."""
_BATCH = 5_000  # records, or changes, of one transaction
_TOLD = 50_000
"""Records, or changes, from which on indexing them takes long enough to say so."""
_PATIENCE = 0.1  # seconds that a question waits for somebody who writes the index; then it does without
_INDEXED = 6
"""Letters of the longest beginnings that the index has in order. Of longer ones it looks up that many, and what it
finds is looked at.

Of a million names of three words the index takes 42 MB with `prefix='2 3'` and 86 MB with 1 to 6, and 6 s instead of 3
to build; beginnings that are not in it are gathered from every word that begins so before the first hit, 2 to 16 ms
where it takes 0.03 ms with them."""
_ENOUGH = 5, 50
"""How many times as many records as are asked for are looked at where only the whole words decide, and where only the
first letters of a beginning do. Without the first the answers to three words take 1.5 times as long."""
_FEW_PAGES = 16_000
"""Pages of 4,096 bytes of an index all words of which are looked at for a misspelled one: 64 MB, as of 65,000
organizations with their sites and people. It takes some 60 ms then."""
_SHREDDED = 1_000
"""Pages of an index that is written anew, 8 ms for each megabyte, when words are gone from it, so that none stay in the
file; `_FEW_PAGES` where whole records are gone and somebody waits. Of a larger one they go when segments are merged."""
_SCHEMA = f"""
CREATE TABLE state (id INTEGER PRIMARY KEY, change INTEGER, operation INTEGER, uid TEXT, shape TEXT);
CREATE TABLE document (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
    text, content='document', content_rowid='id', prefix='{" ".join(map(str, range(1, _INDEXED + 1)))}',
    tokenize='ascii');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row');
INSERT INTO words(words, rank) VALUES ('pgsz', 1000);
"""  # noqa: S608  # numbers of ours
# A page of a list is read to find one record in it: with 1,000 bytes instead of 4,050 two words take half as long.
# What is indexed is folded: words of letters and digits between single blanks. The tokenizer `ascii` cuts at the blanks
# and takes every letter of other alphabets as it is; `unicode61` knows only those that were in Unicode ten years ago.
_KEPT_ERRORS = ("BUSY", "LOCKED", "FULL", "READONLY", "CANTOPEN", "IOERR", "PERM", "NOMEM", "INTERRUPT")
"""Errors of SQLite, without their SQLITE_, that do not mean that the index is damaged."""
_CAN_SHRED = sqlite3.sqlite_version_info >= (3, 42)
"""Whether FTS5 can forget what is deleted from it at once, and not only when its segments are merged."""

Key = tuple[type[Table], int]


class Hit(NamedTuple):
    """A record that holds what is looked for."""

    table: type[Table]
    id: int
    text: str
    """Its text as it is indexed: folded, with a sign between two fields."""


class _State(NamedTuple):
    """How far the index has followed the journal."""

    change: int
    """The last change it knows."""
    operation: int
    uid: str
    """The uid of that operation: in another coalition, or a restored one, its number has another."""


# -------------------------------------------------------------------- asking


def mentions(db: Handle, table: type[Table], text: str, *, prefix: bool) -> Any:
    """A peewee select of the ids of an entity's records whose own text holds the words in a row.

    With `prefix` the last word may go on. Of a text the first `MOST_CHARACTERS` are looked at. Never raises for any
    text; one without a letter or digit is in no record.
    """
    words = tokens(text)
    ids = _mentioning(db, table, words, prefix=prefix) if words else []
    return table.select(table.id).where(table.id.in_(peewee.SQL("(SELECT value FROM json_each(?))", [json.dumps(ids)])))


def found_first(
    db: Handle, text: str, limit: int, among: Sequence[type[Table]] | None = None, *, loose: bool = False
) -> list[Hit]:
    """The first records of each entity, `limit` at most, that hold every word of a text, the last as a beginning.

    A `loose` question takes every word for a beginning. They stand in the order of the index, without a rank: who types
    sees the first page at once, whatever the number of records.
    """
    words, among = tokens(text), searched(db) if among is None else among
    if not words or limit < 1:
        return []
    open_from = 0 if loose else len(words) - 1

    def held(form: str) -> bool:
        return all(holds(form, [word], prefix=place >= open_from) for place, word in enumerate(words))

    def asked(index: _Index, changed: set[Key]) -> list[Hit]:
        there = index.there()
        hits: list[Hit] = []
        for table in among:
            fresh = sorted(key for other, key in changed if other is table)
            if table in there:
                of_it = index.first(table, words, open_from, limit + len(fresh), held)
                hits += [hit for hit in of_it if (table, hit.id) not in changed][:limit] if changed else of_it
            hits += _scanned(db, table, fresh, held)
        return hits

    hits = _asked(db, asked)
    if hits is None:
        hits = [hit for table in among for hit in _scanned(db, table, None, held, limit)]
    return hits


def spelled_like(db: Handle, word: str, limit: int = 5) -> list[str]:
    """Words of the coalition that are spelled like one that is in none of its records, the nearest first.

    Those with the same first letter are looked at, for a slip of the pen seldom hits it; where none of them is near,
    all words, unless the index is large. Where the index cannot be used nothing is known.
    """
    word = fold(word).replace(" ", "")[:LONGEST_WORD]
    if len(word) < 3:
        return []
    from rapidfuzz import fuzz, process  # only who finds nothing needs it

    def near(index: _Index, first: str, last: str) -> list[str]:
        query = "SELECT term FROM vocabulary WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?"
        terms = [term for (term,) in index.rows(query, (first, last, len(word) - 2, len(word) + 2))]
        # A number in which a digit differs is another number.
        terms = [term for term in terms if term != word and not term.isdigit()]
        return [str(term) for term, *_ in process.extract(word, terms, scorer=fuzz.ratio, limit=limit, score_cutoff=70)]

    def asked(index: _Index, _: set[Key]) -> list[str]:
        found = near(index, word[0], f"{word[0]}\U0010ffff")
        ((pages,),) = index.rows("PRAGMA page_count")
        return found or (near(index, "", "\U0010ffff") if pages <= _FEW_PAGES else [])

    return _asked(db, asked) or []


def _mentioning(db: Handle, table: type[Table], words: Sequence[str], *, prefix: bool) -> list[int]:
    def held(form: str) -> bool:
        return holds(form, words, prefix=prefix)

    def asked(index: _Index, changed: set[Key]) -> list[int]:
        fresh = sorted(key for other, key in changed if other is table)
        known = index.holding(table, words, prefix=prefix)
        if fresh:
            known = [key for key in known if (table, key) not in changed]
        return known + [hit.id for hit in _scanned(db, table, fresh, held)]

    found = _asked(db, asked) if table in searched(db) else None
    return [hit.id for hit in _scanned(db, table, None, held)] if found is None else found


def _scanned(
    db: Handle, table: type[Table], ids: Sequence[int] | None, held: Callable[[str], bool], limit: int = 0
) -> list[Hit]:
    """Records that hold something, looked at one by one: those with these ids, or all; at most `limit` if given."""
    found: list[Hit] = []
    for key, form in texts(db, table, ids) if ids is None or ids else ():
        if held(form):
            found.append(Hit(table, key, form))
            if len(found) == limit:
                break
    return found


def _asked(db: Handle, question: Callable[[_Index, set[Key]], T]) -> T | None:
    """The answer of the index, which is told the records that it knows wrongly; None where it cannot be used."""
    if db.own.writing:
        # What an open unit of work wrote is not in the journal yet.
        return None
    for is_last in (False, True):
        try:
            index = _opened(db)
            if index is not None:
                # In one transaction, so that the answer is of the state it is held against.
                with index.one_state():
                    state, newest = index.state(), _newest(db)
                    if state is not None and _follows(db, state) and (is_last or state.change == newest):
                        return question(index, set(_touched(db, state.change, newest)))
            if not is_last:
                catch_up(db, wait=db.waits)
        except sqlite3.Error as error:
            _give_up(db, error)
    return None


# -------------------------------------------------------------------- the file of the index


class _Index:
    """A connection to the index, of one thread."""

    def __init__(self, path: Any, inode: int, tables: tuple[type[Table], ...]) -> None:
        self.inode, self.tables = inode, tables
        self.connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE, isolation_level=None
        )
        self.rows("PRAGMA secure_delete = ON")
        self.rows("PRAGMA synchronous = NORMAL")
        self._there: tuple[int, frozenset[type[Table]]] = (-1, frozenset())

    def close(self) -> None:
        """Close it."""
        self.connection.close()

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        return self.connection.execute(query, parameters).fetchall()

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """A block that sees the index as it is."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def state(self) -> _State | None:
        """How far it is; None where it has another form."""
        found = self.rows("SELECT change, operation, uid, shape FROM state")
        return _State(*found[0][:3]) if len(found) == 1 and found[0][3] == shape_of(self.tables) else None

    def there(self) -> frozenset[type[Table]]:
        """The entities of which it has anything."""
        ((change,),) = self.rows("SELECT change FROM state")
        if self._there[0] != change:
            query = "SELECT 1 FROM document WHERE id BETWEEN ? AND ? LIMIT 1"
            lows = ((table, place * _SPAN) for place, table in enumerate(self.tables))
            found = frozenset(table for table, low in lows if self.rows(query, (low, low + _SPAN - 1)))
            self._there = (change, found)
        return self._there[1]

    def holding(self, table: type[Table], words: Sequence[str], *, prefix: bool) -> list[int]:
        """The ids of an entity's records that hold words in a row."""
        low = self.tables.index(table) * _SPAN
        query = "SELECT rowid - ? FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
        asked = _quoted(" ".join(words)) + ("*" if prefix else "")
        return [key for (key,) in self.rows(query, (low, asked, low, low + _SPAN - 1))]

    def first(
        self, table: type[Table], words: Sequence[str], open_from: int, limit: int, held: Callable[[str], bool]
    ) -> list[Hit]:
        """The first records of an entity that hold words, those from a place on as beginnings."""
        low = self.tables.index(table) * _SPAN
        query = "SELECT rowid, text FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?"
        for asked, most in _ways(words, open_from, limit):
            hits, seen = [], 0
            for key, form in self.connection.execute(query, (asked, low, low + _SPAN - 1, most or limit)):
                seen += 1
                if not most or held(form):
                    hits.append(Hit(table, key - low, form))
                    if len(hits) == limit:
                        break
            if seen < most or len(hits) == limit:
                break
        return hits

    def take_up(self, db: Handle, newest: int, *, wait: bool = True) -> int:
        """Take up the next changes, in one transaction; gives the last one that it knows then."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            # Another program may have brought it up to date meanwhile.
            state = self.state()
            if state is None or state.change >= newest:
                return newest
            last = min(newest, state.change + _BATCH)
            words, records = self._write(db, set(_touched(db, state.change, last)))
            if words and not _CAN_SHRED:
                ((pages,),) = self.rows("PRAGMA page_count")
                most = _FEW_PAGES if records and wait else _SHREDDED
                # What is not for everyone any more goes whatever the size.
                if pages <= most or _hides(db, state.change, last):
                    self.shred()
            self.write_state(_state_of(db, last))
            self.connection.execute("COMMIT")
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        return last

    def _write(self, db: Handle, touched: Iterable[Key]) -> tuple[int, int]:
        """Write what records say now; of how many records words of before are gone, and how many are gone whole."""
        changed = gone = 0
        by_table: dict[type[Table], list[int]] = {}
        for table, record in touched:
            by_table.setdefault(table, []).append(record)
        for table, ids in by_table.items():
            low = self.tables.index(table) * _SPAN
            for some in parts(sorted(ids)):
                now = {low + key: form for key, form in texts(db, table, some) if form}
                keys = [low + key for key in some]
                query = f"SELECT id, text FROM document WHERE id IN ({','.join('?' * len(keys))})"  # noqa: S608
                before = dict(self.rows(query, keys))
                old = [(key, text) for key, text in before.items() if now.get(key) != text]
                self.connection.executemany("INSERT INTO words(words, rowid, text) VALUES ('delete', ?, ?)", old)
                self.connection.executemany("DELETE FROM document WHERE id = ?", [(key,) for key, _ in old])
                self.add([(key, text) for key, text in now.items() if before.get(key) != text])
                changed += len(old)
                gone += len(before.keys() - now.keys())
        return changed, gone

    def shred(self) -> None:
        """Write all in one segment: a question is answered in half the time, and nothing deleted is in the file."""
        self.connection.execute("INSERT INTO words(words) VALUES ('optimize')")

    def add(self, rows: Sequence[tuple[int, str]]) -> None:
        """Take in documents that are not there."""
        self.connection.executemany("INSERT INTO document(id, text) VALUES (?, ?)", rows)
        self.connection.executemany("INSERT INTO words(rowid, text) VALUES (?, ?)", rows)

    def write_state(self, state: _State) -> None:
        """Say how far it is."""
        self.connection.execute("INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?)", (*state, shape_of(self.tables)))


def _ways(words: Sequence[str], open_from: int, limit: int) -> Iterator[tuple[str, int]]:
    """What to ask the index for words, and of how many records the text decides; 0 where the index does."""

    def asked(room: int) -> str:
        forms = (f"{_quoted(word[:room])}*" if at >= open_from else _quoted(word) for at, word in enumerate(words))
        return " ".join(forms)

    if open_from > 1:
        # Few records hold two words; what begins so is in a great many of them, among which each is sought.
        yield " ".join(_quoted(word) for word in words[:open_from]), limit * _ENOUGH[0]
    if any(len(word) > _INDEXED for word in words[open_from:]):
        yield asked(_INDEXED), limit * _ENOUGH[1]
    yield asked(LONGEST_WORD), 0


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _opened(db: Handle) -> _Index | None:
    """The index of a coalition, where there is one; the thread keeps its connection."""
    index: _Index | None = db.own.search
    path = files.side(db.path, SUFFIX)
    try:
        found = path.lstat()
        # A link is not followed, and what is no file is no index.
        inode = found.st_ino if stat.S_ISREG(found.st_mode) else 0
    except OSError:
        inode = 0
    if index is not None and (index.inode, index.tables) != (inode, searched(db)):
        index.close()
        index = db.own.search = None
    if index is None and inode:
        index = db.own.search = _Index(path, inode, searched(db))
    return index


def _give_up(db: Handle, error: sqlite3.Error) -> None:
    """After a fault of the index: delete one that is damaged, for it is built anew; leave one that somebody writes."""
    name = (getattr(error, "sqlite_errorname", "") or "").removeprefix("SQLITE_")
    if not name.startswith(_KEPT_ERRORS) and not db.read_only:
        _drop(db)


def _drop(db: Handle) -> None:
    if db.own.search is not None:
        db.own.search.close()
        db.own.search = None
    for suffix in ("", *files.SIDES):
        with suppress(OSError):
            files.side(db.path, SUFFIX + suffix).unlink(missing_ok=True)


def _rows(db: Handle, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Rows of the coalition itself, whose faults are not those of the index."""
    with faults(db):
        return db.driver.execute(query, parameters).fetchall()


def _follows(db: Handle, state: _State) -> bool:
    """Whether the index was made from this coalition, and from no later state of it than the present one."""
    if state.operation == 0:
        return state.change == 0
    found = _rows(db, "SELECT uid FROM operation WHERE id = ?", (state.operation,))
    return bool(found) and found[0][0] == state.uid


def _newest(db: Handle) -> int:
    return int(_rows(db, "SELECT max(id) FROM change")[0][0] or 0)


def _state_of(db: Handle, change: int) -> _State:
    query = "SELECT o.id, o.uid FROM operation o JOIN change c ON c.operation = o.id WHERE c.id = ?"
    found = _rows(db, query, (change,))
    return _State(change, *found[0]) if found else _State(change, 0, "")


def _touched(db: Handle, after: int, last: int) -> Iterator[Key]:
    """The records that changed after one change and up to another."""
    by_key = {table.entity.key: table for table in searched(db)}
    query = "SELECT DISTINCT entity, record FROM change WHERE id > ? AND id <= ?"
    for entity, record in _rows(db, query, (after, last)) if last > after else ():
        if entity in by_key:
            yield by_key[entity], record
        elif entity == CustomField.entity.name:
            # Who may see a field decides over its values.
            said = CustomValue.select(CustomValue.id).where(CustomValue.field == record)
            yield from ((CustomValue, key) for (key,) in tuples(db, said))


def _hides(db: Handle, after: int, last: int) -> bool:
    """Whether a field of the coalition changed between two changes, which may have hidden its values."""
    query = "SELECT 1 FROM change WHERE id > ? AND id <= ? AND entity = ? LIMIT 1"
    return bool(_rows(db, query, (after, last, CustomField.entity.name)))


# -------------------------------------------------------------------- bringing it up to date


def catch_up(db: Handle, *, wait: bool = True) -> bool:
    """Bring the index up to date, building it where there is none; whether it is so now.

    Without `wait` only what is quickly done. Nothing is written where the coalition is read-only, where a unit of work
    is open, or while somebody else writes the index.
    """
    if db.read_only or db.own.writing:
        return False
    try:
        index, newest = _opened(db), _newest(db)
        state = index.state() if index is not None else None
        if index is None or state is None or not _follows(db, state):
            # Who looks at an earlier state of the coalition cannot tell whether the index is wrong or ahead of it.
            return not db.driver.in_transaction and _build(db, wait=wait)
        behind = newest - state.change
        if behind > AT_ONCE and not wait:
            return False
        if behind > _TOLD:
            db.word(f"bringing the search index of {db.path.name} up to date: {behind:,} changes")
        while index.take_up(db, newest, wait=wait) < newest:
            pass
    except sqlite3.Error as error:
        _give_up(db, error)
        return False
    return True


def rebuild(db: Handle) -> bool:
    """Make the index anew, whatever state it is in; False where nothing can be written beside the coalition."""
    if db.read_only or db.own.writing or db.driver.in_transaction:
        return False
    return _build(db, wait=True)


def _build(db: Handle, *, wait: bool) -> bool:
    """Make the index anew, beside its place, and put it there when it is whole."""
    path = files.side(db.path, SUFFIX)
    if path.is_dir():
        return False
    total = sum(int(tuples(db, table.select(peewee.fn.COUNT(table.id)))[0][0]) for table in searched(db))
    if total > AT_ONCE and not wait:
        return False
    if total > _TOLD:
        db.word(f"building the search index of {db.path.name}: {total:,} records")
    try:
        draft = files.draft_beside(path)
    except PartnersError:  # a folder that takes no file has no index
        return False
    try:
        # What changes meanwhile is taken up from here on.
        state = _state_of(db, _newest(db))
        with closing(_Index(draft, 0, searched(db))) as made:
            _fill(db, made, state)
        files.sync(draft)
        _drop(db)
        draft.replace(path)
    except (OSError, sqlite3.Error):
        return False
    finally:
        for suffix in ("", *files.SIDES):
            with suppress(OSError):
                files.side(draft, suffix).unlink(missing_ok=True)
    return True


def _fill(db: Handle, index: _Index, state: _State) -> None:
    connection = index.connection
    # Nobody sees it before it is whole.
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.executescript(_SCHEMA)
    if _CAN_SHRED:
        connection.execute("INSERT INTO words(words, rank) VALUES ('secure-delete', 1)")
    connection.execute("BEGIN")
    for place, table in enumerate(index.tables):
        rows: list[tuple[int, str]] = []
        for key, form in texts(db, table):
            if form:
                rows.append((place * _SPAN + key, form))
            if len(rows) >= _BATCH:
                index.add(rows)
                rows.clear()
        index.add(rows)
    index.write_state(state)
    index.shred()
    connection.execute("COMMIT")


# -------------------------------------------------------------------- whether it is right


def astray(db: Handle) -> Iterator[str]:
    """What is wrong with the index, in words without a value; nothing where there is none, or one that is built anew.

    An index that is behind is right as far as it goes. The caller sees one state of the coalition.
    """
    try:
        index = _opened(db)
        if index is None:
            if files.side(db.path, SUFFIX).is_dir():
                yield "a folder stands in its place, which must be moved away"
            return
        with index.one_state():
            state, newest = index.state(), _newest(db)
            if state is None or not _follows(db, state):
                return
            for (message,) in index.rows("PRAGMA quick_check(1)"):
                if message != "ok":
                    yield "it is damaged"
                    return
            index.rows("INSERT INTO words(words, rank) VALUES ('integrity-check', 1)")
            changed = set(_touched(db, state.change, newest))
            for table in index.tables:
                count = _differing(db, index, table, {key for other, key in changed if other is table})
                if count:
                    yield f"it does not hold what {count:,} {table.entity.plural.replace('_', ' ')} say"
    except sqlite3.Error as error:
        name = (getattr(error, "sqlite_errorname", "") or "").removeprefix("SQLITE_")
        if not name.startswith(_KEPT_ERRORS):
            yield "it is damaged"


def _differing(db: Handle, index: _Index, table: type[Table], changed: set[int]) -> int:
    """How many records of an entity have another text in the index; of those that changed since nothing is asked."""
    low = index.tables.index(table) * _SPAN
    query = "SELECT id - ?, text FROM document WHERE id BETWEEN ? AND ? ORDER BY id"
    indexed = index.connection.execute(query, (low, low, low + _SPAN - 1))
    differing = 0
    other = next(indexed, None)
    for key, form in texts(db, table):
        while other is not None and other[0] < key:
            differing += other[0] not in changed
            other = next(indexed, None)
        known = other[1] if other is not None and other[0] == key else ""
        if other is not None and other[0] == key:
            other = next(indexed, None)
        differing += known != form and key not in changed
    while other is not None:
        differing += other[0] not in changed
        other = next(indexed, None)
    return differing
