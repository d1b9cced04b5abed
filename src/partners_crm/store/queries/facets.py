"""What can be asked of a record itself: its declared fields, its title, the coalition's own fields."""

# ruff: noqa: ARG002  # every facet is given what any of them needs
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from partners_crm.errors import QueryError
from partners_crm.model import CustomField, CustomValue, Declared, Site, Table
from partners_crm.model.custom import choices_of, declared_of
from partners_crm.model.orm import peewee
from partners_crm.normalize.dates import UNKNOWN
from partners_crm.normalize.numbers import number_text
from partners_crm.normalize.text import fold
from partners_crm.store.custom import choice_of, owner_of
from partners_crm.store.queries.asked import (
    Asked,
    Condition,
    contains,
    matching,
    must_be_there,
    near,
    pick,
    titles_of,
    unlike,
)
from partners_crm.store.queries.days import DAY_HELP, DAY_WORDS, Days, Numbers, read_days, read_numbers
from partners_crm.store.queries.phrasing import a_or_an, days_words, either, numbers_words, quoted
from partners_crm.store.queries.tree import Value
from partners_crm.store.read import by_ids, called, is_key, parts, tuples

SWITCH = {"yes": True, "no": False, "true": True, "false": False}
Suggested = tuple[str, str]
"""A value as it is typed, without quotes, and what it is."""


@dataclass(frozen=True)
class Facet(ABC):
    """Something that can be asked of the records of an entity."""

    table: type[Table]
    name: str
    """How the query calls it."""

    @property
    def noun(self) -> str:
        """What it is in a sentence: whose NOUN is ..."""
        return self.name.replace("_", " ")

    @abstractmethod
    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The condition on the entity's table that a value means.

        Raises:
            QueryError: the value means nothing.
        """

    def given(self, asked: Asked) -> Condition | None:
        """The condition that a record says anything here; None where every record does."""
        return None

    @abstractmethod
    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """What the values mean, as said of records."""

    def naming(self, asked: Asked, values: Sequence[Value]) -> str:
        """What the values name, where they name records: the tag Food. Else ""."""
        return ""

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Values that begin so."""
        return []

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """What records say here, by id; who says nothing is left out. Free words show where `values` stand."""
        return {}


@dataclass(frozen=True)
class NounFacet(Facet):
    """A facet that is spoken of by its noun: whose address contains “oak”."""

    @abstractmethod
    def says(self, asked: Asked, values: Sequence[Value], *, negated: bool) -> str:
        """The end of a sentence about its noun: contains “oak”."""

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """What the values mean, as said of records."""
        return f"whose {self.noun} {self.says(asked, values, negated=negated)}"


def is_or_not(negated: bool) -> str:
    """The verb of a clause."""
    return "is not" if negated else "is"


def refuse(facet: Facet, value: Value, hint: str) -> QueryError:
    """A value that a field cannot have."""
    return QueryError(f"{facet.name} cannot be {value.text}", hint)


# -------------------------------------------------------------------- comparing


def on_days(field: Any, days: Days) -> Condition:
    """A field with partial dates, compared: 2011-07 is not after 2011, nor is it before."""
    first, end = days.first, f"{days.last}~"
    if days.operator == "":
        return field.startswith(first)
    sides = {"<": field < first, "<=": field < end, ">": field > end, ">=": field >= first}
    known = (field != "") & (field != UNKNOWN)
    if days.operator in sides:
        return known & sides[days.operator]
    from_first = known & (field >= first) if first else known
    return from_first & (field < end) if days.last else from_first


def on_numbers(field: Any, numbers: Numbers) -> Condition:
    """A field with numbers, compared; one that is empty is never meant."""
    first, last = numbers.first, numbers.last
    sides = {"": field == first, "<": field < first, "<=": field <= first, ">": field > first, ">=": field >= first}
    if numbers.operator in sides:
        return field.is_null(False) & sides[numbers.operator]
    found = field.is_null(False)
    if first is not None:
        found &= field >= first
    return found if last is None else found & (field <= last)


def days_of(facet: Facet, asked: Asked, value: Value) -> Days:
    """The days that a value of a date means.

    Raises:
        QueryError: it means none.
    """
    try:
        days = read_days(value.text, asked.today)
    except ValueError:
        raise refuse(facet, value, DAY_HELP) from None
    if days.is_turned:
        raise _turned(facet, value)
    return days


def numbers_of(facet: Facet, value: Value, *, whole: bool) -> Numbers:
    """The numbers that a value means.

    Raises:
        QueryError: it means none.
    """
    try:
        numbers = read_numbers(value.text, whole=whole)
    except ValueError:
        raise refuse(facet, value, "it is a number: 5, >5, <=5, 2..5") from None
    if numbers.is_turned:
        raise _turned(facet, value)
    return numbers


def _turned(facet: Facet, value: Value) -> QueryError:
    first, _, last = value.text.partition("..")
    return QueryError(
        f"{facet.name} cannot be {value.text}: the range is turned round", f"write {last.strip()}..{first.strip()}"
    )


_ALWAYS = peewee.SQL("1 = 1")


def nothing() -> Condition:
    """The condition that always holds, one and the same: a value that is still being typed does not choose yet."""
    return _ALWAYS


# -------------------------------------------------------------------- declared fields


@dataclass(frozen=True)
class FieldFacet(NounFacet):
    """A declared field that is no link."""

    how: Declared

    @property
    def field(self) -> Any:
        """The column."""
        return self.table._meta.fields[self.name]

    @property
    def noun(self) -> str:
        """Its label, as a word in a sentence."""
        return {"since": "start", "until": "end"}.get(self.name) or lowered(self.how.label)

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """As its kind is compared."""
        kind, field = self.how.kind, self.field
        if kind in {"text", "note", "data"}:
            return contains(field, value.text)
        if kind == "choice":
            return field.in_(self.codes([value], is_open=is_open))
        if kind == "flag":
            return field.in_(pick(self.name, value.text, SWITCH, is_open=is_open))
        try:
            if kind == "day":
                return on_days(field, days_of(self, asked, value))
            return on_numbers(field, numbers_of(self, value, whole=kind == "whole"))
        except QueryError:
            if is_open:
                return nothing()
            raise

    @property
    def choices(self) -> dict[str, str]:
        """The code that each word of a choice stands for, codes before labels."""
        return {code: code for code, _ in self.how.choices} | {label: code for code, label in self.how.choices}

    def codes(self, values: Sequence[Value], *, is_open: bool) -> list[str]:
        """The codes that values of a choice name, each once.

        Raises:
            QueryError: one of them names none.
        """
        found = (code for each in values for code in pick(self.name, each.text, self.choices, is_open=is_open))
        return list(dict.fromkeys(found))

    def given(self, asked: Asked) -> Condition | None:
        """Not empty; of a flag, that it is on."""
        if self.how.kind in {"whole", "decimal"}:
            return self.field.is_null(False)
        return self.field == True if self.how.kind == "flag" else self.field != ""  # noqa: E712

    def says(self, asked: Asked, values: Sequence[Value], *, negated: bool) -> str:
        """As its kind is compared."""
        kind = self.how.kind
        if kind in {"text", "note", "data"}:
            return f"{'does not contain' if negated else 'contains'} {either([quoted(each.text) for each in values])}"
        if kind == "choice":
            labels = dict(self.how.choices)
            return f"{is_or_not(negated)} {either([labels[code] for code in self.codes(values, is_open=True)])}"
        if kind == "day":
            words = [days_words(days_of(self, asked, each)) for each in values]
        else:
            words = [numbers_words(numbers_of(self, each, whole=kind == "whole")) for each in values]
        return f"{is_or_not(negated)} {either(words)}"

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """A flag is a mark; other fields have a value."""
        if self.how.kind != "flag":
            return super().clause(asked, values, negated=negated, plural=plural)
        on = {state for each in values for state in pick(self.name, each.text, SWITCH, is_open=True)}
        if len(on) == 2:
            return f"marked “{self.noun}” or not" if not negated else f"neither marked “{self.noun}” nor not"
        return f"{'' if on == {not negated} else 'not '}marked “{self.noun}”"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Choices, words for dates, or what records say."""
        if self.how.kind == "choice":
            return begun([(code, label) for code, label in self.how.choices], prefix)
        if self.how.kind == "flag":
            return begun([("yes", self.how.label), ("no", f"not: {self.how.label}")], prefix)
        if self.how.kind == "day":
            return begun([(word, "a date") for word in (*DAY_WORDS, "<90d")], prefix)
        if self.how.kind == "text":
            counted = matching(asked, self.field, prefix, most)
            return [(text, f"{self.how.label}, {count}") for text, count in counted]
        return []

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """Its value as it is read."""
        found = {}
        for some in parts(ids):
            for key, value in tuples(
                asked.db, self.table.select(self.table.id, self.field).where(self.table.id.in_(some))
            ):
                if (text := shown(self.how, value)) != "":
                    found[key] = text
        return found


def lowered(label: str) -> str:
    """A label within a sentence: Kind is kind, ZIP and OCD id stay."""
    return label if label[:2].isupper() else f"{label[:1].lower()}{label[1:]}"


def shown(how: Declared, value: Any) -> str:
    """A stored value as it is read; "" when it says nothing."""
    if value is None or value == "":
        return ""
    if how.kind == "choice":
        return dict(how.choices).get(value, str(value))
    if how.kind == "flag":
        return "yes" if value else "no"
    return f"{value:g}" if how.kind == "decimal" else str(value)


def begun(values: Sequence[Suggested], prefix: str) -> list[Suggested]:
    """The values that begin so, or that say so of themselves."""
    wanted = fold(prefix.replace("_", " "))
    return (
        [
            (text, about)
            for text, about in values
            if fold(text.replace("_", " ")).startswith(wanted) or (wanted and fold(about).startswith(wanted))
        ]
        if wanted or not prefix.strip()
        else [(text, about) for text, about in values if text.startswith(prefix)]
    )


@dataclass(frozen=True)
class KeyFacet(NounFacet):
    """The number of a record."""

    @property
    def noun(self) -> str:
        """As people say."""
        return "number"

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The number, compared; one that no record has is refused."""
        try:
            numbers = numbers_of(self, value, whole=True)
        except QueryError:
            if is_open:
                return nothing()
            raise
        if numbers.operator == "" and not is_open:
            must_be_there(asked, self.table, self.name, int(numbers.first or 0))
        return on_numbers(self.table.id, numbers)

    def says(self, asked: Asked, values: Sequence[Value], *, negated: bool) -> str:
        """The number."""
        words = [numbers_words(numbers_of(self, each, whole=True)) for each in values]
        return f"{is_or_not(negated)} {either(words)}"

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The number."""
        return {key: str(key) for key in ids}


# -------------------------------------------------------------------- titles


NAMING = frozenset({"name", "code", "label"})
"""Title fields that name a record: what a query calls by one must be there."""


@dataclass(frozen=True)
class TitleFacet(NounFacet):
    """What a record is called; a site is known by its address and its city too."""

    by_key: bool = False
    """Whether a whole number is the number of the record."""

    @property
    def noun(self) -> str:
        """The entity."""
        return self.table.entity.name.replace("_", " ")

    @property
    def title(self) -> Any:
        """The column that names a record."""
        return self.table._meta.fields[self.table.entity.title]

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The title contains the text."""
        return self.condition_among(asked, value, None, is_open=is_open)

    def key_of(self, value: Value) -> int | None:
        """The number of a record that a value is; None for a text, such as one in quotes."""
        return int(value.text) if self.by_key and is_key(value.text) and not value.is_quoted else None

    def condition_among(self, asked: Asked, value: Value, among: Any, *, is_open: bool) -> Condition:
        """As `condition`; where nothing is called so, names of a select of ids are proposed. None: of all."""
        if (key := self.key_of(value)) is not None:
            if not is_open:
                must_be_there(asked, self.table, self.name, key)
            return self.table.id == key
        found = contains(self.title, value.text)
        if self.table is Site:
            return found | contains(Site.address, value.text) | contains(Site.city, value.text)
        if self.table.entity.title in NAMING and not is_open:
            self._must_exist(asked, value, found, among)
        return found

    def _must_exist(self, asked: Asked, value: Value, found: Condition, among: Any) -> None:
        if not fold(value.text) or not tuples(asked.db, self.table.select(self.table.id).where(found).limit(1)):
            hint = near(value.text, titles_of(asked, self.table, among))
            listing = f"list them: partners list {self.table.entity.plural}"
            raise QueryError(f"{self.name}: there is no {self.noun} called {value.text}", hint or listing)

    def says(self, asked: Asked, values: Sequence[Value], *, negated: bool) -> str:
        """Is the one, or is one that is called so."""
        return f"{is_or_not(negated)} {self.naming(asked, values)}"

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """Said of the record itself."""
        return f"{'not ' if negated else ''}called {either([quoted(each.text) for each in values])}"

    def naming(self, asked: Asked, values: Sequence[Value]) -> str:
        """By the name itself where one record has just this name."""
        return either([self._named(asked, each) for each in values])

    def _named(self, asked: Asked, value: Value) -> str:
        title = self.title
        if (key := self.key_of(value)) is not None:
            found = tuples(asked.db, self.table.select(title).where(self.table.id == key))
            name = quoted(found[0][0]) if found and found[0][0] else f"number {value.text}"
            return f"the {self.noun} {name}"
        same = peewee.fn.fold(title) == fold(value.text)
        found = tuples(asked.db, self.table.select(title).where(same).limit(2))
        like = tuples(asked.db, self.table.select(title).where(contains(title, value.text)).limit(2))
        if len(found) == len(like) == 1:
            return f"the {self.noun} {quoted(found[0][0])}"
        return f"{a_or_an(self.noun)} called {quoted(value.text)}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Titles that begin so."""
        return self.suggest_among(asked, prefix, most, None)

    def suggest_among(self, asked: Asked, prefix: str, most: int, among: Any) -> list[Suggested]:
        """Titles that begin so, of the records that a select gives the ids of; None: of all."""
        chosen = None if among is None else lambda: self.table.id.in_(among)
        fields = (Site.name, Site.address, Site.city) if self.table is Site else (self.title,)
        return [(text, self.noun) for each in fields for text, _ in matching(asked, each, prefix, most, chosen)][:most]

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The title."""
        return {key: called(record) for key, record in by_ids(asked.db, self.table, ids).items()}


# -------------------------------------------------------------------- the coalition's own fields


@dataclass(frozen=True)
class OwnFacet(NounFacet):
    """A field that the coalition added."""

    own: CustomField

    @property
    def noun(self) -> str:
        """Its label, as a word in a sentence."""
        return lowered(self.own.label)

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """As a declared field of its kind."""
        try:
            return self.table.id.in_(self._records().where(self._value(asked, value, is_open)))
        except QueryError:
            if is_open and self.own.kind in {"number", "date"}:
                return nothing()
            raise

    def _records(self) -> Any:
        """The ids of the records that say something in it."""
        owner = owner_of(self.table)
        return CustomValue.select(owner).where((CustomValue.field == self.own.id) & owner.is_null(False))

    def _value(self, asked: Asked, value: Value, is_open: bool) -> Condition:
        kind, said = self.own.kind, CustomValue.value
        if kind == "choice":
            return said.in_(self._chosen(value, is_open))
        if kind == "yes_no":
            switch = {"yes": "yes", "no": "no", "true": "yes", "false": "no"}
            return said.in_(pick(self.name, value.text, switch, is_open=is_open))
        if kind == "number":
            return _numbers_as_text(said, numbers_of(self, value, whole=False))
        return on_days(said, days_of(self, asked, value)) if kind == "date" else contains(said, value.text)

    def _chosen(self, value: Value, is_open: bool) -> list[str]:
        choices = choices_of(self.own)
        if (chosen := choice_of(choices, value.text)) is not None:
            return [chosen]
        begins = [each for each in choices if fold(each).startswith(fold(value.text))] if is_open else []
        if not begins:
            raise unlike(self.name, value.text, {each: each for each in choices})
        return begins

    def given(self, asked: Asked) -> Condition | None:
        """Something is said."""
        return self.table.id.in_(self._records())

    def says(self, asked: Asked, values: Sequence[Value], *, negated: bool) -> str:
        """As a declared field of its kind."""
        kind = self.own.kind
        if kind == "text":
            return f"{'does not contain' if negated else 'contains'} {either([quoted(each.text) for each in values])}"
        if kind == "date":
            words = [days_words(days_of(self, asked, each)) for each in values]
        elif kind == "number":
            words = [numbers_words(numbers_of(self, each, whole=False)) for each in values]
        elif kind == "choice":
            words = [text for each in values for text in self._chosen(each, True)]
        else:
            words = ["yes" if fold(each.text) in {"yes", "true"} else "no" for each in values]
        return f"{is_or_not(negated)} {either(words)}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """Choices, words for dates, or what records say."""
        if self.own.kind == "choice":
            return begun([(each, self.own.label) for each in choices_of(self.own)], prefix)
        if self.own.kind == "yes_no":
            return begun([("yes", self.own.label), ("no", f"not: {self.own.label}")], prefix)
        if self.own.kind == "date":
            return begun([(word, "a date") for word in (*DAY_WORDS, "<90d")], prefix)
        if self.own.kind == "number":
            return []
        counted = matching(asked, CustomValue.value, prefix, most, lambda: CustomValue.field == self.own.id)
        return [(text, f"{self.own.label}, {count}") for text, count in counted]

    def said(self, asked: Asked, ids: Sequence[int], values: Sequence[Value]) -> dict[int, str]:
        """The value as it is kept."""
        owner, how = owner_of(self.table), declared_of(self.own)
        query = CustomValue.select(owner, CustomValue.value).where(CustomValue.field == self.own.id)
        found = {}
        for some in parts(ids):
            for key, value in tuples(asked.db, query.where(owner.in_(some))):
                found[key] = value if how.kind in {"flag", "decimal"} else shown(how, value)
        return found


def _numbers_as_text(value: Any, numbers: Numbers) -> Condition:
    # SQLite may read a long number one bit off: what is equal is decided by the texts, of which each number has one.
    number = value.cast("REAL")
    if numbers.operator == "..":
        low = None if numbers.first is None else _numbers_as_text(value, Numbers(">=", numbers.first, None))
        high = None if numbers.last is None else _numbers_as_text(value, Numbers("<=", numbers.last, None))
        return high if low is None else low if high is None else low & high
    first = numbers.first or 0.0
    same = value == number_text(float(first))
    if numbers.operator == "":
        return same
    made = on_numbers(number, numbers)
    return made | same if numbers.operator in {">=", "<="} else made & ~same
