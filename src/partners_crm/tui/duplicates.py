"""The queue of possible duplicates as the screen shows it, and what becomes of many pairs at once."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import DistinctPair, Operation, Table
from partners_crm.normalize.text import few
from partners_crm.services import duplicates
from partners_crm.services.duplicates import Pair, Pairs, hundredths
from partners_crm.services.listing import Column
from partners_crm.services.merging import MergePlan, merge, plan_merge, title_of_merges
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, records, title_of, tuples

LIKELY = 0.8
"""The probability from which on a pair is called likely."""
_NAMED = 4


class Ids(NamedTuple):
    """The two records of a pair, the smaller first."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Two:
    """A pair that somebody said of that it is two."""

    first: int
    second: int
    first_title: str
    second_title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Queue:
    """The pairs of one kind of record as they were after some operation."""

    newest: int
    """The operation after which they were read: until another one is there, nothing can have changed."""
    found: Pairs
    two: tuple[Two, ...]
    """The pairs that are known to be two, in the order of their names."""


def read_queue(crm: Crm, table: type[Table], known: Queue | None) -> Queue:
    """The queue as it is now: the known one itself where nothing was done since."""
    newest = _newest(crm.db)
    if known is not None and known.newest == newest:
        return known
    return Queue(newest, duplicates.possible_duplicates(crm.db, table), _two(crm.db, table))


def _newest(db: Handle) -> int:
    found = tuples(db, Operation.select(Operation.id).order_by(Operation.id.desc()).limit(1))
    return int(found[0][0]) if found else 0


def _two(db: Handle, table: type[Table]) -> tuple[Two, ...]:
    one, other = table.entity.name, f"other_{table.entity.name}"
    found = records(db, DistinctPair.select().where(DistinctPair._meta.fields[one].is_null(False)))
    there = by_ids(db, table, {key for each in found for key in (each[one], each[other])})
    two = [
        Two(each[one], each[other], title_of(there[each[one]]), title_of(there[each[other]]), each.reason)
        for each in found
        if each[one] in there and each[other] in there
    ]
    return tuple(sorted(two, key=lambda each: (each.first_title.casefold(), each.first, each.second)))


def score_words(score: float) -> str:
    """A probability as a word and a number: "likely .97"."""
    return f"{'likely' if score >= LIKELY else 'perhaps'} .{hundredths(score):02}"


# -------------------------------------------------------------------- as rows of a table


class PairSource:
    """The pairs that may be one; a row's id is its place."""

    columns: Sequence[Column] = (
        Column("mark", "", 1),
        Column("score", "One?", 11),
        Column("first", "Name", 21),
        Column("second", "Other name", 21),
        Column("why", "Evidence", 15),
    )

    def __init__(self, pairs: Sequence[Pair], marked: Collection[Ids]) -> None:
        self.pairs = pairs
        self._marked = marked

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first pairs."""
        return range(min(limit, len(self.pairs)))

    def all_ids(self) -> array[int]:
        """All pairs."""
        return array("q", range(len(self.pairs)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Mark, score, names and evidence."""
        found = {}
        for place in ids:
            each = self.pairs[place]
            mark = "✓" if Ids(each.first, each.second) in self._marked else ""
            found[place] = (mark, score_words(each.score), each.first_title, each.second_title, each.why)
        return found


class TwoSource:
    """The pairs that are known to be two; a row's id is its place."""

    columns: Sequence[Column] = (
        Column("mark", "", 1),
        Column("first", "Name", 24),
        Column("second", "Other name", 24),
        Column("reason", "How it is known", 20),
    )

    def __init__(self, two: Sequence[Two]) -> None:
        self.two = two

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first pairs."""
        return range(min(limit, len(self.two)))

    def all_ids(self) -> array[int]:
        """All pairs."""
        return array("q", range(len(self.two)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Names and reason."""
        return {
            place: ("", self.two[place].first_title, self.two[place].second_title, self.two[place].reason)
            for place in ids
        }


# -------------------------------------------------------------------- many at once


@dataclass(frozen=True, slots=True)
class Sorted:
    """Marked pairs by whether they can be merged without asking anybody."""

    ready: tuple[Ids, ...]
    left: tuple[str, ...]
    """Of each of the others its names, and why it needs a person."""


def sort_out(crm: Crm, table: type[Table], pairs: Sequence[Ids]) -> Sorted:
    """Which pairs contradict each other in nothing, so that they can be merged as they are."""
    ready, left = [], []
    for pair in pairs:
        try:
            plan = plan_merge(crm.db, table, *pair)
        except PartnersError as error:
            left.append(error.message)
            continue
        if why := needs_a_person(plan):
            left.append(f"{plan.keep_title} and {plan.lose_title}: {why}")
        else:
            ready.append(pair)
    return Sorted(tuple(ready), tuple(left))


def needs_a_person(plan: MergePlan) -> str:
    """Why a merge is not to be done without looking at it; "" where it may be."""
    if plan.refusal:
        return "declared not the same"
    if differing := plan.differing():
        return f"they differ in {few([each.label.lower() for each in differing], _NAMED)}"
    return plan.warnings[0] if plan.warnings else ""


def merge_many(crm: Crm, table: type[Table], pairs: Sequence[Ids]) -> tuple[int, int]:
    """Merge the newer record of each pair into the older one, as one operation: (merged, left).

    Each pair is looked at again under the lock; of three records that are one, the oldest stays.
    """
    into: dict[int, int] = {}
    plans = []
    left = 0
    with crm.changes("merge") as unit:
        for pair in pairs:
            keep, lose = sorted(_end(into, key) for key in pair)
            if keep == lose:
                continue
            plan = plan_merge(unit.db, table, keep, lose)
            if needs_a_person(plan):
                left += 1
                continue
            merge(unit, plan)
            into[lose] = keep
            plans.append(plan)
        several = f"merge {len(plans)} pairs of {table.entity.plural}"
        unit.title = title_of_merges(plans) if len(plans) == 1 else several
    return len(plans), left


def _end(into: Mapping[int, int], key: int) -> int:
    while key in into:
        key = into[key]
    return key


def dismiss_many(crm: Crm, table: type[Table], pairs: Sequence[Ids], title: str, reason: str) -> None:
    """Keep of each pair that it is two, as one operation.

    Raises:
        InvalidValue, NotFound: one was dismissed already, or a record is gone; nothing was written.
    """
    with crm.changes(title) as unit:
        for pair in pairs:
            duplicates.dismiss(unit, table, *pair, reason)
