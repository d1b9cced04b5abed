"""How long the first page of what is being typed takes, against the plain FTS5 statement over the same index.

The coalition has 650,000 organizations and 1,040,000 contacts under invented names: a few words are very common, most
are rare, as in any list. What is typed are the beginnings of names: one to three words of a record, the last one cut
anywhere. Three sides answer the same questions in one run:

- `found_first`: a page of 20 for each entity, as `partners find` and the screen ask it;
- the plain statement, `SELECT rowid, text FROM words WHERE words MATCH ? LIMIT 20`, with the same words quoted alike
  and no rank, on a connection of its own;
- the same plain statement with `ORDER BY rank`, for some of the questions, which tells why there is none.

A figure compares the times below which 95 of 100 questions stay. What a hundred times the records cost is told by the
same questions, asked of 10,000 names and of 1,000,000, the first of which are those: next to nothing for one word,
whose first 20 records stand in a row. Several words must be sought in each other's lists, which costs FTS5 itself more
in longer lists; of up to two words and of the middle of all that is judged, of all of them it is told for both sides
without a limit. What a whole answer of `find_anything` takes, with what is read of the records and with suggestions
where nothing is found, and what it costs to bring the index up to date after one edit and to build it, are told against
other work of the same run. Wall time decides.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import measuring
from bench.measuring import CannotMeasure, Cost, Figure

from partners_crm.crm import Crm
from partners_crm.model import ENTITIES, Contact, Organization, Table
from partners_crm.services.finding import find_anything
from partners_crm.store import files, fulltext
from partners_crm.store.indexed import texts

ROUNDS = 3
NAMES = 1_690_000
GROWN = 10_000, 1_000_000
"""Names of the two coalitions that tell what growing costs, where there are `NAMES` in the largest."""
QUESTIONS = 400
RANKED = 20
PAGE = 20
TIMES = 3
"""How often each question is asked."""
PLAIN, GROWTH = 2.0, 3.0
_COMMON = (
    "services", "center", "family", "community", "house", "health", "network", "alliance", "county", "north", "south",
    "saint", "legal", "aid", "youth", "home", "care", "housing", "project", "partners",
)  # fmt: skip
_STARTS = ("b", "br", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w")
_ENDS = ("a", "an", "ar", "e", "el", "en", "er", "i", "in", "o", "on", "or", "u", "un")


def names(count: int, seed: int) -> Iterator[str]:
    """Invented names of three words; the word of rank n is drawn with a weight of 1/n."""
    chance = random.Random(650)
    syllables = [start + end for start in _STARTS for end in _ENDS]
    made = {"".join(chance.choices(syllables, k=chance.choice((2, 2, 3)))) for _ in range(30_000)}
    words = [*_COMMON, *sorted(made)]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    drawn = random.Random(seed).choices(words, cum_weights=weights, k=3 * count)
    return (" ".join(drawn[start : start + 3]).title() for start in range(0, 3 * count, 3))


def coalition(folder: Path, count: int) -> Crm:
    """A coalition with so many names, written past the journal: the index is built from the records alone."""
    path = folder / f"coalition-{count}.db"
    crm = Crm.create(path, "Bench Coalition")
    organizations = count * 5 // 13
    for table, share, seed in ((Organization, organizations, 1), (Contact, count - organizations, 2)):
        fill(crm, table, names(share, seed))
    return crm


def fill(crm: Crm, table: type[Table], called: Iterator[str]) -> None:
    """Write records of an entity that have a name and nothing else."""
    fields = table._meta.sorted_fields
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    marks = ",".join("?" * len(fields))
    values = {field.name: field.default for field in fields}
    rows = (
        [{**values, "id": key, "uid": f"{key:032x}", "version": 1, "name": name}[field.name] for field in fields]
        for key, name in enumerate(called, 1)
    )
    connection = crm.db.driver
    connection.execute("BEGIN")
    connection.executemany(f'INSERT INTO "{table._meta.table_name}" ({columns}) VALUES ({marks})', rows)
    connection.execute("COMMIT")


def questions(crm: Crm) -> list[str]:
    """Beginnings of names of the coalition, one to three words, the last one cut anywhere."""
    chance = random.Random(20)
    found = []
    for _ in range(QUESTIONS):
        table = chance.choice((Organization, Contact))
        ((top,),) = crm.db.driver.execute(f'SELECT max(id) FROM "{table._meta.table_name}"').fetchall()
        query = f'SELECT name FROM "{table._meta.table_name}" WHERE id = ?'  # names of ours
        ((name,),) = crm.db.driver.execute(query, (chance.randint(1, top),)).fetchall()
        words = name.lower().split()[: chance.randint(1, 3)]
        found.append(" ".join([*words[:-1], words[-1][: chance.randint(1, len(words[-1]))]]))
    return found


def each_timed(ask: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """The seconds that each question took, the least of three times: what the program takes, and not its neighbours."""
    found = []
    for text in texts:
        times = []
        for _ in range(TIMES):
            start = time.perf_counter()
            ask(text)
            times.append(time.perf_counter() - start)
        found.append(min(times))
    return found


def side(ask: Callable[[str], object], texts: Sequence[str], part: float = 0.95) -> Callable[[], Cost]:
    """A side whose cost is the time below which a part of the questions stay."""

    def run() -> Cost:
        cpu = time.process_time()
        times = sorted(each_timed(ask, texts))
        spent = (time.process_time() - cpu) / len(texts) / TIMES
        return Cost(times[min(len(times) - 1, int(part * len(times)))], spent)

    return run


def plain(connection: sqlite3.Connection, order: str = "") -> Callable[[str], object]:
    """The statement that asks for the first page and for nothing else."""
    query = f"SELECT rowid, text FROM words WHERE words MATCH ? {order} LIMIT {PAGE}"

    def ask(text: str) -> list[tuple[int, str]]:
        words = [f'"{word}"' for word in text.split()]
        return connection.execute(query, (" ".join(words) + "*",)).fetchall()

    return ask


def page(crm: Crm) -> Callable[[str], object]:
    """The first page of each entity, as it is asked for while somebody types."""
    return lambda text: fulltext.found_first(crm.db, text, PAGE)


def mentioned(crm: Crm) -> Callable[[str], object]:
    """The ids of all organizations that hold a word, as a query asks for them."""
    return lambda text: fulltext.mentions(crm.db, Organization, text, prefix=True)


def plainly_mentioned(connection: sqlite3.Connection) -> Callable[[str], object]:
    """The statement for the same."""
    low = [table for table in ENTITIES if table.entity.searched].index(Organization) << 58
    query = f"SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN {low} AND {low + (1 << 58) - 1}"
    return lambda text: connection.execute(query, (f'"{text}"*',)).fetchall()


def anything(crm: Crm) -> Callable[[str], object]:
    """A whole answer."""
    return lambda text: find_anything(crm.db, text)


def of_words(texts: Sequence[str], most: int) -> list[str]:
    """The questions of so many words at most."""
    return [text for text in texts if text.count(" ") < most]


def misspelled(texts: Sequence[str]) -> list[str]:
    """Questions with a letter doubled in each word of four letters or more: nothing is called so."""
    chance = random.Random(21)
    found = []
    for text in texts:
        words = [word for word in text.split() if len(word) > 3]
        places = [chance.randrange(1, len(word)) for word in words]
        found.append(" ".join(word[:at] + "q" + word[at:] for word, at in zip(words, places, strict=True)))
    return [text for text in found if text][:RANKED]


def check(crm: Crm, ask: Callable[[str], object], texts: Sequence[str]) -> None:
    """That both sides find something, and ours only what holds the words.

    Raises:
        CannotMeasure: they do not.
    """
    for text in texts:
        *whole, begun = text.split()
        hits = fulltext.found_first(crm.db, text, PAGE)
        if not hits or not ask(text):
            raise CannotMeasure(f"nothing was found for {text!r}")
        for hit in hits:
            words = hit.text.split()
            if not all(word in words for word in whole) or not any(word.startswith(begun) for word in words):
                raise CannotMeasure(f"{hit.text!r} was found for {text!r}")


def edited(crm: Crm) -> Callable[[], Cost]:
    """What bringing the index up to date costs after one edit."""
    turn = itertools.count()

    def run() -> Cost:
        record = crm.find(Organization, 7)
        with crm.changes("edit", by="bench") as unit:
            unit.update(record, name=f"Edited {next(turn)}")
        found: list[Cost] = []
        with measuring.stopwatch(found):
            fulltext.catch_up(crm.db)
        return found[0]

    return run


def edit(crm: Crm) -> Callable[[], Cost]:
    """What the edit itself costs."""
    turn = itertools.count()

    def run() -> Cost:
        record = crm.find(Organization, 8)
        found: list[Cost] = []
        with measuring.stopwatch(found), crm.changes("edit", by="bench") as unit:
            unit.update(record, name=f"Changed {next(turn)}")
        return found[0]

    return run


def timed(work: Callable[[], object]) -> Callable[[], Cost]:
    """A side that is run once a round."""

    def run() -> Cost:
        found: list[Cost] = []
        with measuring.stopwatch(found):
            work()
        return found[0]

    return run


def measure(folder: Path, rounds: int) -> list[Figure]:
    """The figures."""
    found: list[Figure] = []
    fewer, more = (max(500, count * CHOSEN.rows // NAMES) for count in GROWN)
    with closing(indexed(folder, CHOSEN.rows)) as large:
        path = files.side(large.path, fulltext.SUFFIX)
        size = f"index {files.amount(path.stat().st_size)}, coalition {files.amount(large.path.stat().st_size)}"
        with closing(sqlite3.connect(path)) as bare:
            found += of_pages(large, bare, rounds, size)
        found += of_writing(large, rounds)
    with closing(indexed(folder, fewer)) as small, closing(indexed(folder, more)) as grown:
        return [*found, *of_growing(small, grown, rounds)]


def indexed(folder: Path, count: int) -> Crm:
    """A coalition with its index."""
    crm = coalition(folder, count)
    if not fulltext.rebuild(crm.db):
        raise CannotMeasure(f"the index of {crm.path} could not be built")
    return crm


def of_pages(large: Crm, bare: sqlite3.Connection, rounds: int, size: str) -> list[Figure]:
    """The figures of questions; `bare` is the same index, opened by itself."""
    asked = questions(large)
    check(large, plain(bare), asked)
    whole = [text for text in of_words(asked, 1) if len(text) > 2][:RANKED]
    costs = measuring.interleave(
        {
            "page": side(page(large), asked),
            "plain": side(plain(bare), asked),
            "ranked": side(plain(bare, "ORDER BY rank"), asked[:RANKED]),
            "anything": side(anything(large), asked),
            "nothing": side(anything(large), misspelled(asked), 0.5),
            "mentions": side(mentioned(large), whole, 0.5),
            "plain mentions": side(plainly_mentioned(bare), whole, 0.5),
        },
        rounds,
    )
    of = f"{CHOSEN.rows:,} names ({size})"
    return [
        measuring.figure(f"{of}: first page / plain FTS5, p95", costs["page"], costs["plain"], PLAIN),
        measuring.figure("plain FTS5 by rank / first page, p95", costs["ranked"], costs["page"], None),
        measuring.figure("a whole answer / first page, p95", costs["anything"], costs["page"], None),
        measuring.figure("an answer with suggestions, p50 / first page, p95", costs["nothing"], costs["page"], None),
        measuring.figure("a word of a query / plain FTS5, p50", costs["mentions"], costs["plain mentions"], None),
    ]


def of_growing(small: Crm, grown: Crm, rounds: int) -> list[Figure]:
    """The figures of the same questions, asked of few names and of a hundred times as many."""
    asked = questions(small)
    indexes = [sqlite3.connect(files.side(crm.path, fulltext.SUFFIX)) for crm in (small, grown)]
    sides: dict[str, Callable[[], Cost]] = {}
    for name, crm, bare in zip(("small", "grown"), (small, grown), indexes, strict=True):
        check(crm, plain(bare), asked)
        sides[f"two, {name}"] = side(page(crm), of_words(asked, 2))
        sides[f"one, {name}"] = side(page(crm), of_words(asked, 1))
        sides[f"half, {name}"] = side(page(crm), asked, 0.5)
        sides[f"all, {name}"] = side(page(crm), asked)
        sides[f"plain, {name}"] = side(plain(bare), asked)
        sides[f"anything, {name}"] = side(anything(crm), asked)
    costs = measuring.interleave(sides, rounds)
    for bare in indexes:
        bare.close()
    of = f"{CHOSEN.rows * GROWN[1] // NAMES:,} names / {CHOSEN.rows * GROWN[0] // NAMES:,}"
    told: dict[str, tuple[str, float | None]] = {
        "two": (f"{of}: first page of one word or two, p95", GROWTH),
        "one": (f"{of}: of one word, p95", GROWTH),
        "half": (f"{of}: of one word to three, p50", GROWTH),
        "all": (f"{of}: of one word to three, p95", None),
        "plain": (f"{of}: plain FTS5 of one word to three, p95", None),
        "anything": (f"{of}: a whole answer, p95", None),
    }
    return [
        measuring.figure(what, costs[f"{name}, grown"], costs[f"{name}, small"], limit)
        for name, (what, limit) in told.items()
    ]


def of_writing(crm: Crm, rounds: int) -> list[Figure]:
    """The figures of bringing the index up to date."""
    costs = measuring.interleave(
        {
            "catch up": edited(crm),
            "edit": edit(crm),
        },
        min(rounds, 2),
    )
    whole = measuring.interleave(
        {
            "build": timed(lambda: fulltext.rebuild(crm.db)),
            "read": timed(lambda: [sum(1 for _ in texts(crm.db, table)) for table in (Organization, Contact)]),
        },
        1,
    )
    return [
        measuring.figure("taking up one edit / the edit itself", costs["catch up"], costs["edit"], None),
        measuring.figure("building the index / reading and folding every record", whole["build"], whole["read"], None),
    ]


if __name__ == "__main__":
    CHOSEN = measuring.options(__doc__, ROUNDS, NAMES)
    if CHOSEN.rows < 1000:
        sys.exit("bench_search.py: --rows must be 1000 or more")
    measuring.run(CHOSEN, measure)
