"""The duplicates of a coalition: pairs that may be one record, the likeliest first, and pairs that are known to be two.

A pair with a score of `THRESHOLD` or more is called a duplicate. Nothing is ever merged by itself. What somebody said
of a pair, that it is two, is kept, and the pair is never proposed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from partners_crm.errors import ConfigError, InvalidValue, NotFound
from partners_crm.model import Contact, DistinctPair, Organization, Table
from partners_crm.services import records
from partners_crm.services.matching.candidates import Pair as Ids
from partners_crm.services.matching.coalition import known_records
from partners_crm.services.matching.weighing import Agreement, Weights
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, tuples, where
from partners_crm.store.work import Changes

THRESHOLD = 0.5
"""The score, a probability, from which on a pair is called a duplicate: the same for every list."""
MOST = 300
"""Pairs of one kind of record that are listed: more than a person looks at in an afternoon."""
COMPARED: tuple[type[Table], ...] = (Organization, Contact)
"""The entities whose records are compared."""
_IN_ONE_WORD = {
    frozenset(("same given name", "same family name")): "same name",
    frozenset(("same given name", "similar family name")): "similar name",
    frozenset(("similar given name", "same family name")): "similar name",
    frozenset(("similar given name", "similar family name")): "similar name",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one."""

    entity: str
    first: int
    """The smaller id."""
    second: int
    first_title: str
    second_title: str
    score: float
    """The probability that they are one."""
    agreements: tuple[Agreement, ...]
    """What speaks for it and what against it, the weightiest first."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """What speaks for it, in words: ("same phone", "similar name")."""
        return said_of([each for each in self.agreements if each.weight > 0])

    @property
    def against(self) -> tuple[str, ...]:
        """What speaks against it, in words: ("another street",)."""
        return said_of([each for each in self.agreements if each.weight < 0])

    @property
    def why(self) -> str:
        """The evidence as one text."""
        *most, last = self.evidence or ("",)
        return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one kind of record, the likeliest first."""

    pairs: tuple[Pair, ...]
    found: int
    """How many there are; more than `pairs` where the list was cut."""
    looked_at: int
    """Records that were compared."""
    dismissed: int
    """Pairs that were left out because they are known to be two."""


def hundredths(score: float) -> int:
    """A score as people read it, in hundredths: cut off, and never the certainty that it is not."""
    return min(99, int(score * 100))


def said_of(agreements: Sequence[Agreement]) -> tuple[str, ...]:
    """What agreements say, in words, each once; of a person's two names in one."""
    words = list(dict.fromkeys(each.words for each in agreements if each.words))
    for both, one in _IN_ONE_WORD.items():
        if both.issubset(words):
            place = min(map(words.index, both))
            words = [*(word for word in words[:place] if word not in both), one, *words[place:]]
            words = [word for word in words if word not in both]
    return tuple(words)


def possible_duplicates(
    db: Handle,
    table: type[Table],
    among: AbstractSet[int] | None = None,
    limit: int | None = MOST,
    threshold: float = THRESHOLD,
) -> Pairs:
    """The pairs of organizations or of contacts that may be one, the likeliest first; archived records are left out.

    With `among` only pairs that one of these ids is part of. What is read is read in a few questions, whatever the
    number of records.

    Raises:
        ConfigError: records of this entity are not compared.
    """
    _refuse_others(table)
    known = known_records(db, table)
    weights = Weights(known.records)
    places = sorted(known.records.pairs())
    found: list[tuple[float, str, Ids, Ids]] = []
    two = dismissed_pairs(db, table)
    dismissed = 0
    for score, place in zip(weights.score(places), places, strict=True):
        ids = known.ids[place[0]], known.ids[place[1]]
        pair = ids if ids[0] < ids[1] else ids[::-1]
        if score < threshold or pair in known.apart or (among is not None and among.isdisjoint(pair)):
            continue
        if pair in two:
            dismissed += 1
            continue
        found.append((-score, known.titles[pair[0]].casefold(), pair, place))
    found.sort()
    listed = []
    for score, _, (first, second), place in found[:limit]:
        agreements = sorted(weights.explain(place), key=lambda each: -abs(each.weight))
        titles = known.titles[first], known.titles[second]
        listed.append(Pair(table.entity.name, first, second, *titles, -score, tuple(agreements)))
    return Pairs(tuple(listed), len(found), len(known.ids), dismissed)


# -------------------------------------------------------------------- pairs that are two


def dismissed_pairs(db: Handle, table: type[Table], key: int | None = None) -> frozenset[Ids]:
    """The pairs of ids that are known to be two, the smaller first; with `key` those of one record."""
    first, second = (DistinctPair._meta.fields[name] for name in _links(table))
    query = DistinctPair.select(first, second).where(first.is_null(False))
    if key is not None:
        query = query.where((first == key) | (second == key))
    return frozenset((min(row), max(row)) for row in tuples(db, query))


def dismiss(changes: Changes, table: type[Table], first: int, second: int, reason: str = "") -> DistinctPair:
    """Keep that two records are two: they are never proposed again.

    Raises:
        ConfigError: records of this entity are not compared.
        InvalidValue: it is one record, or the pair is known already.
        NotFound: one of them does not exist.
    """
    one, other = _links(table)
    there = by_ids(changes.db, table, (first, second))
    for key in (first, second):
        if key not in there:
            raise NotFound(f"{table.entity.name} {key} does not exist")
    if (min(first, second), max(first, second)) in dismissed_pairs(changes.db, table):
        raise InvalidValue("Pair", f"{first} and {second}", "was dismissed already", "--take-back forgets it")
    return records.add(changes, DistinctPair, **{one: min(first, second), other: max(first, second)}, reason=reason)


def take_back(changes: Changes, table: type[Table], first: int, second: int) -> None:
    """Forget that two records are two: they may be proposed again.

    Raises:
        ConfigError: records of this entity are not compared.
        InvalidValue: nobody said it of them.
    """
    one, other = _links(table)
    found = where(changes.db, DistinctPair, **{one: min(first, second), other: max(first, second)})
    if not found:
        raise InvalidValue("Pair", f"{first} and {second}", "was never dismissed", "see: partners list distinct_pairs")
    for each in found:
        changes.delete(each)


def _links(table: type[Table]) -> tuple[str, str]:
    _refuse_others(table)
    return table.entity.name, f"other_{table.entity.name}"


def _refuse_others(table: type[Table]) -> None:
    if table not in COMPARED:
        words = " and ".join(each.entity.plural for each in COMPARED)
        raise ConfigError(f"{table.entity.plural.replace('_', ' ')} are not compared", f"{words} are")
