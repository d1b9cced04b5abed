"""What a query is asked of, and the texts by which a value that means nothing is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from partners_crm.errors import NotFound, QueryError
from partners_crm.model import Table
from partners_crm.model.orm import peewee
from partners_crm.normalize.text import few, fold
from partners_crm.store.open import Handle
from partners_crm.store.queries.grammar import MAX_DEPTH
from partners_crm.store.read import by_id, tuples

if TYPE_CHECKING:
    from partners_crm.store.queries.own_words import OwnWord

T = TypeVar("T")
Condition = Any
"""A peewee expression."""
MAX_ALL = 96
"""Conditions of a query together with those of the saved searches it names."""
MAX_SAVED = 4
"""Saved searches that name one another."""
NEAR = 5
"""Names that an error proposes at most."""
_MAX_COMPARED = 20_000
"""Names among which near ones are looked for."""


Words = Callable[[], "Sequence[OwnWord]"]
"""Where words come from that are not the core's; called only when it matters."""


def no_words() -> tuple[OwnWord, ...]:
    """No words but those of the core and of the coalition."""
    return ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A coalition on a day, and who is asking."""

    db: Handle
    map_code: str
    """The district map that districts are of; "" where none holds on the day."""
    today: date
    saved: tuple[str, ...] = ()
    """The saved searches that are being followed, the outermost first."""
    depth: int = 0
    """How deep in parentheses the present part of the query stands, those of the saved searches around it counted."""
    spent: list[int] = field(default_factory=lambda: [0], compare=False)
    """How many conditions were made."""
    words: Words = field(default=no_words, compare=False)
    """The words that others bring; asked when a query names one that nobody here knows, and for the completion."""
    meant: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict, compare=False)
    """The ids that each value of such a word means, once they were asked for."""

    def deeper(self) -> Asked:
        """The same one parenthesis further in.

        Raises:
            QueryError: that is too deep.
        """
        if self.depth > MAX_DEPTH:
            raise QueryError(
                f"a query nests at most {MAX_DEPTH} deep together with the saved searches it names",
                "save fewer parentheses within each other",
            )
        return replace(self, depth=self.depth + 1)

    def spend(self) -> None:
        """Count one more condition.

        Raises:
            QueryError: there are too many.
        """
        self.spent[0] += 1
        if self.spent[0] > MAX_ALL:
            raise QueryError(
                f"a query has at most {MAX_ALL} conditions together with the saved searches it names",
                "name fewer of them",
            )


def contains(field: Any, text: str) -> Condition:
    """The folded field contains the folded text; nothing but the letters of the text means anything.

    Raises:
        QueryError: the text has neither letters nor figures, and would be in every one.
    """
    wanted = fold(text)
    if not wanted:
        raise QueryError(f"{text} says nothing", "texts are compared by their letters and figures")
    return peewee.fn.instr(peewee.fn.fold(field), wanted) > 0


def both(conditions: Sequence[Condition]) -> Condition:
    """All of the conditions, none of them within another: SQLite reads parentheses to a certain depth only."""
    return conditions[0] if len(conditions) == 1 else peewee.NodeList(conditions, glue=" AND ", parens=True)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """One of the conditions at least, none of them within another."""
    return conditions[0] if len(conditions) == 1 else peewee.NodeList(conditions, glue=" OR ", parens=True)


def negated(condition: Condition) -> Condition:
    """A condition does not hold, nor can it be told that it does."""
    return peewee.fn.COALESCE(condition, 0) == 0


def spelled(text: str) -> str:
    """The form by which codes and labels are known again."""
    return fold(text.replace("_", " "))


def pick(name: str, text: str, values: Mapping[str, T], *, is_open: bool = False) -> list[T]:
    """The values that a text names by their spelling; where it is being typed, those that begin so.

    Raises:
        QueryError: it names none of them.
    """
    wanted = spelled(text)
    same = [value for word, value in values.items() if spelled(word) == wanted][:1]
    if not same and is_open:
        same = list(dict.fromkeys(value for word, value in values.items() if spelled(word).startswith(wanted)))
    if not same:
        raise unlike(name, text, values)
    return same


def unlike(name: str, text: str, values: Mapping[str, object]) -> QueryError:
    """A text that names none of the values; the hint calls each by the first of its words."""
    first: dict[object, str] = {}
    for word, value in values.items():
        first.setdefault(value, word)
    like = did_you_mean(text, {word: first[value] for word, value in values.items()})
    return QueryError(f"{name} cannot be {text}", f"{like}{'; ' if like else ''}it can be: {', '.join(first.values())}")


def did_you_mean(text: str, names: Mapping[str, str]) -> str:
    """A hint that proposes what the words spelled most like a text stand for, each once; "" where none is like it."""
    from rapidfuzz import fuzz, process  # only a query that means nothing needs it

    known = {word: fold(word) for word in names if word}
    found = process.extract(fold(text), known, scorer=fuzz.WRatio, limit=NEAR, score_cutoff=70)
    return f"did you mean: {'; '.join(dict.fromkeys(names[word] for _, _, word in found))}" if found else ""


def near(text: str, names: Iterable[str]) -> str:
    """A hint that names those that are spelled most like a text, or the first of all; "" where there are none."""
    known = {name: name for name in names if name}
    return did_you_mean(text, known) or (f"there are: {few(sorted(known), NEAR)}" if known else "")


def titles_of(asked: Asked, table: type[Table], among: Any = None) -> list[str]:
    """What the records of an entity are called, at most so many as are compared; of a select of ids, of those."""
    query = table.select(table._meta.fields[table.entity.title])
    query = query if among is None else query.where(table.id.in_(among))
    return [str(name) for (name,) in tuples(asked.db, query.limit(_MAX_COMPARED))]


def must_be_there(asked: Asked, table: type[Table], name: str, key: int) -> None:
    """Refuse the number of a record that is not there.

    Raises:
        QueryError: it is not; the hint says into which it was merged, if it was.
    """
    try:
        by_id(asked.db, table, key)
    except NotFound as error:
        raise QueryError(f"{name}: {error.message}", error.hint) from None


def matching(
    asked: Asked, field: Any, prefix: str, most: int, condition: Callable[[], Condition] | None = None
) -> list[tuple[str, int]]:
    """Texts of a field that begin so, those with a later word that begins so after them, with how often they occur."""
    wanted = fold(prefix)
    folded = peewee.fn.fold(field)
    begins = (peewee.fn.instr(folded, wanted) == 1) if wanted else (field != "")
    later = peewee.fn.instr(folded, f" {wanted}") > 0
    found: dict[str, int] = {}
    for test in (begins, later) if wanted else (begins,):
        query = field.model.select(field, peewee.fn.COUNT(peewee.SQL("*"))).where((field != "") & test)
        if condition is not None:
            query = query.where(condition())
        counted = peewee.fn.COUNT(peewee.SQL("*"))
        for text, count in tuples(asked.db, query.group_by(field).order_by(counted.desc(), field).limit(most)):
            found.setdefault(str(text), count)
        if len(found) >= most:
            break
    return list(found.items())[:most]
