"""Finding anything: the first records that hold what is being typed, whatever they are, and what else was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, product

from partners_crm.model import (
    Affiliation,
    ContactPoint,
    CustomField,
    CustomValue,
    Identifier,
    Membership,
    OtherName,
    Posture,
    Role,
    ServiceLine,
    Site,
    Table,
    is_private,
)
from partners_crm.normalize.text import fold
from partners_crm.store import fulltext
from partners_crm.store.fulltext import Hit, Key
from partners_crm.store.indexed import BETWEEN, around, holds, search_form, searched, tokens
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, called

SHOWN = 20
_LOOKED_AT = (50, 1_000)
"""Records of one entity, in the order of the index, of which the best are shown: who types wants them at once. More
where the first ones are not enough, for being archived or of another entity."""
_LOOKED_AT_LAST = 20_000
"""Likewise where entities are named: what hangs on others may come first."""
_SPELLINGS = 3
"""Spellings of a word that are tried."""
_TRIED = 27
_SUGGESTED = 5
_OWNERS: Mapping[type[Table], tuple[str, ...]] = {
    OtherName: ("organization",),
    Identifier: ("organization",),
    Site: ("organization",),
    ServiceLine: ("organization",),
    Membership: ("organization",),
    Affiliation: ("organization",),
    Posture: ("organization",),
    Role: ("contact",),
    ContactPoint: ("contact", "organization", "site"),
    CustomValue: ("organization", "contact", "site"),
}
"""By entity: the links to what is opened instead of it, the first that is there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record that was found."""

    entity: str
    """Singular, as in commands."""
    id: int
    title: str
    where: str
    """What in it, or on it, holds the words: "site: 12 Oak St, Alton", "note: moved to Alton"; "" for its own name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for a text."""

    text: str
    found: tuple[Found, ...]
    suggestions: tuple[str, ...]
    """What else may have been meant, where nothing was found: texts that find something."""


def find_anything(
    db: Handle,
    text: str,
    *,
    entities: Sequence[type[Table]] = (),
    limit: int = SHOWN,
    archived: bool = False,
    for_everyone: bool = False,
) -> Answer:
    """The records one text of which holds every word, the last one as a beginning: what is called so first.

    Where nothing does, every word is taken for a beginning. A record that hangs on another, such as a site, gives the
    one it hangs on, unless it is one of the `entities` that are asked for. Of each entity only the first ones in the
    order of the index are looked at, so that the time does not grow with the coalition. Never raises for any text. With
    `for_everyone` records that are for staff are not looked at.
    """
    wanted = tuple(dict.fromkeys(entities))
    among = [table for table in searched(db) if not wanted or not _leads_to(table).isdisjoint(wanted)]
    if for_everyone:
        among = [table for table in among if table.entity.visibility == "everyone"]
    found = _found(db, text, wanted, among, limit, archived=archived)
    return Answer(text, found, () if found else _suggestions(db, text, wanted, among, archived=archived))


def _found(
    db: Handle, text: str, wanted: tuple[type[Table], ...], among: list[type[Table]], limit: int, *, archived: bool
) -> tuple[Found, ...]:
    found: list[Found] = []
    for room in (*_LOOKED_AT, _LOOKED_AT_LAST) if wanted else _LOOKED_AT:
        most = max(room, limit)
        hits = fulltext.found_first(db, text, most, among) or fulltext.found_first(db, text, most, among, loose=True)
        found = list(islice(_Search(db, text, wanted, archived=archived).best(hits, limit), limit))
        if len(found) == limit or max(Counter(hit.table for hit in hits).values(), default=0) < most:
            break
    return tuple(found)


@cache
def _leads_to(table: type[Table]) -> frozenset[type[Table]]:
    """The entities of which a record of one can be shown, itself among them."""
    links = table.links()
    return frozenset({table}).union(*(_leads_to(links[name]) for name in _OWNERS.get(table, ())))


class _Search:
    """The records to show for one text."""

    def __init__(self, db: Handle, text: str, wanted: tuple[type[Table], ...], *, archived: bool) -> None:
        self._db = db
        self._words = tokens(text)
        self._wanted = wanted
        self._archived = archived
        self._records: dict[Key, Table] = {}

    def best(self, hits: Sequence[Hit], limit: int) -> Iterator[Found]:
        """What hits lead to, each once: what is called so, begins so, holds the words in its name, and the rest."""
        ordered = sorted(hits, key=self._rank)
        seen: set[Key] = set()
        start, count = 0, max(limit, 1)
        while some := [(hit.table, hit.id) for hit in ordered[start : start + count]]:
            start, count = start + count, 2 * count
            self._read_with_owners(some)
            for key in some:
                owner = self._owner(key)
                if owner is None or owner in seen:
                    continue
                seen.add(owner)
                yield Found(owner[0].entity.name, owner[1], called(self._records[owner]), self._where(key, owner))

    def _rank(self, hit: Hit) -> tuple[int, str, int, int]:
        name = hit.text.split(BETWEEN, 1)[0]
        text = " ".join(self._words)
        if name == text:
            rank = 0
        elif name.startswith(text):
            rank = 1
        else:
            rank = 2 if all(holds(name, [word], prefix=True) for word in self._words) else 3
        hangs = hit.table in _OWNERS and hit.table not in self._wanted
        return (rank + 4 * hangs, name, searched(self._db).index(hit.table), hit.id)

    # ---------------------------------------------------------------- what is opened

    def _read_with_owners(self, keys: Iterable[Key]) -> None:
        here = set(keys)
        while here:
            missing: dict[type[Table], set[int]] = {}
            for table, key in here:
                if (table, key) not in self._records:
                    missing.setdefault(table, set()).add(key)
            for table, ids in missing.items():
                self._records.update(((table, key), one) for key, one in by_ids(self._db, table, ids).items())
            here = {above for key in here if (above := self._above(key)) is not None}

    def _above(self, key: Key) -> Key | None:
        """What a record hangs on, if anything."""
        record = self._records.get(key)
        if record is not None:
            for name in _OWNERS.get(key[0], ()):
                if record[name] is not None:
                    return key[0].links()[name], int(record[name])
        return None

    def _owner(self, key: Key) -> Key | None:
        """What is opened for a record: itself, or what it hangs on; None where that is not to be shown."""
        chain = [key]
        while (above := self._above(chain[-1])) is not None:
            chain.append(above)
        records = [self._records.get(each) for each in chain]
        if any(each is None or (not self._archived and each.stored().get("archived_on")) for each in records):
            return None
        if not self._wanted:
            return chain[-1]
        return next((each for each in chain if each[0] in self._wanted), None)

    # ---------------------------------------------------------------- why

    def _where(self, key: Key, owner: Key) -> str:
        record = self._records[key]
        title = called(record)
        missing = [word for word in self._words if not holds(search_form([title]), [word], prefix=True)]
        said = list(self._said(record, missing))
        if key == owner:
            above = self._above(key)
            if above is not None and above in self._records:
                said.insert(0, f"{_word(above[0])}: {called(self._records[above])}")
            return "; ".join(said)
        if isinstance(record, CustomValue):
            fields = by_ids(self._db, CustomField, [record.field])
            return (
                f"{fields[record.field].label if record.field in fields else _word(key[0])}: {around(title, missing)}"
            )
        return f"{_word(key[0])}: {', '.join(filter(None, (title, *(text.partition(': ')[2] for text in said))))}"

    def _said(self, record: Table, words: Sequence[str]) -> Iterator[str]:
        """The texts in which words stand that are not in what the record is called."""
        left = list(words)
        for name, how in type(record).declarations().items():
            if how.kind not in {"text", "note"} or is_private(how) or not left:
                continue
            form = search_form([record[name]])
            held = [word for word in left if holds(form, [word], prefix=True)]
            if held:
                left = [word for word in left if word not in held]
                yield f"{how.label.lower()}: {around(record[name], held)}"


def _word(table: type[Table]) -> str:
    return table.entity.name.replace("_", " ")


# -------------------------------------------------------------------- what else was meant


def _suggestions(
    db: Handle, text: str, wanted: tuple[type[Table], ...], among: list[type[Table]], *, archived: bool
) -> tuple[str, ...]:
    """Texts that find something, in which the words that nothing holds are spelled otherwise."""
    words = tokens(text)
    spelled = []
    for word in words:
        is_known = bool(fulltext.found_first(db, word, 1))
        spelled.append([word] if is_known else fulltext.spelled_like(db, word, _SPELLINGS))
    joined = (
        [*words[:at], words[at] + words[at + 1], *words[at + 2 :]] for at in range(min(len(words) - 1, _SPELLINGS))
    )
    tried = dict.fromkeys(" ".join(each) for each in (*joined, *islice(product(*spelled), _TRIED)))
    tried.pop(fold(text), None)
    finding = (each for each in tried if _found(db, each, wanted, among, 1, archived=archived))
    return tuple(islice(finding, _SUGGESTED))
