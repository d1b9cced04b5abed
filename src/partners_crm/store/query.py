"""The one query language: what a person types becomes a condition on records.

    query  = term*                          every term must hold
    term   = ["-"] (field ":" value | word) a leading minus: must not hold
    value  = word | '"' any text '"'        numbers and dates may begin with < <= > >= and read "90d" as days ago

Words without a field are looked for in what the entity is known by. A field or a value that does not exist is an
error that names it; a query never means "everything" by accident.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from partners_crm.errors import QueryError
from partners_crm.model import Declared, Table
from partners_crm.model.orm import peewee
from partners_crm.normalize.text import fold

_TERM = re.compile(r'(-?)(?:([A-Za-z_][A-Za-z0-9_]*):)?("[^"]*"?|\S+|(?<=:)(?=\s|$))')
_COMPARED = re.compile(r"(<=|>=|<|>)?(.*)", re.DOTALL)
_DAYS_AGO = re.compile(r"(\d{1,5})d")
MAX_LENGTH = 500
MAX_TERMS = 32
LARGEST = 2**63
"""Beyond it SQLite has no whole number."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a query."""

    field: str
    """Name of a field, "" for a free word."""
    value: str
    """What it must be, without quotes."""
    negated: bool = False


Condition = Any
"""A peewee expression."""
Compiler = Callable[[Term], Condition]


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a query; an empty query has none and selects all.

    Raises:
        QueryError: the query is too long, or a term of it says nothing.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"a query has at most {MAX_LENGTH} characters, this one has {len(text)}")
    terms = []
    for minus, field, value in _TERM.findall(text):
        if value.startswith('"'):
            value = value.strip('"')
        if not field and not fold(value):
            raise QueryError(f"{minus}{value or text.strip()} says nothing", "a term is a word, or field:value")
        # A field without a value is an error named later.
        if field or fold(value):
            terms.append(Term(field.lower(), value, bool(minus)))
    if len(terms) > MAX_TERMS:
        raise QueryError(f"a query has at most {MAX_TERMS} conditions, this one has {len(terms)}")
    return tuple(terms)


def condition(
    table: type[Table], terms: tuple[Term, ...], special: Mapping[str, Compiler], words: Compiler, today: date
) -> list[Condition]:
    """The conditions of a query on an entity, one for each term.

    `special` compiles the fields that are relations; `words` compiles a free word. Declared fields need neither.

    Raises:
        QueryError: a field or a value does not exist.
    """
    found = []
    for term in terms:
        if not term.field:
            made = words(term)
        elif term.field in special:
            _need_value(term)
            made = special[term.field](term)
        elif (how := table.declarations().get(term.field)) is not None:
            _need_value(term)
            made = _declared(table, term, how, today)
        else:
            known = ", ".join(sorted({*special, *table.declarations()}))
            raise QueryError(f"{table.entity.plural} have no field {term.field}", f"known fields: {known}")
        found.append(~made if term.negated else made)
    return found


def contains(field: Any, text: str) -> Condition:
    """The folded field contains the folded text; nothing but the letters of the text means anything."""
    return peewee.fn.instr(peewee.fn.fold(field), fold(text)) > 0


def is_key(text: str) -> bool:
    """Whether a text can be the number of a record."""
    return text.isascii() and text.isdecimal() and int(text) < LARGEST


def pick(term: Term, values: Mapping[str, Any]) -> Any:
    """The value a term names, by its folded spelling.

    Raises:
        QueryError: it names none of them.
    """
    wanted = fold(term.value.replace("_", " "))
    for name, value in values.items():
        if fold(name.replace("_", " ")) == wanted:
            return value
    raise QueryError(f"{term.field} cannot be {term.value}", f"it can be: {', '.join(dict.fromkeys(map(str, values)))}")


def _need_value(term: Term) -> None:
    if not term.value:
        raise QueryError(f"{term.field}: needs a value", f"for example {term.field}:something")


def _declared(table: type[Table], term: Term, how: Declared, today: date) -> Condition:
    field = table._meta.fields[term.field]
    if how.kind in {"text", "note", "data"}:
        return contains(field, term.value)
    if how.kind == "choice":
        names = {code: code for code, _ in how.choices} | {label: code for code, label in how.choices}
        return field == pick(term, names)
    if how.kind == "flag":
        return field == pick(term, {"yes": True, "no": False, "true": True, "false": False})
    if how.kind == "link":
        target: type[Table] = field.rel_model
        if is_key(term.value):
            return field == int(term.value)
        title = target._meta.fields[target.entity.title or "uid"]
        return field.in_(target.select(target.id).where(contains(title, term.value)))
    return compared(field, term, how, today)


def compared(field: Any, term: Term, how: Declared, today: date) -> Condition:
    """A field with a number or a date, compared as the term says.

    Raises:
        QueryError: the value is no number or date.
    """
    operator, text = _COMPARED.fullmatch(term.value).groups()  # type: ignore[union-attr]  # it matches any text
    if how.kind == "day":
        if ago := _DAYS_AGO.fullmatch(text):
            text = (today - timedelta(days=int(ago[1]))).isoformat()
            # "touched:<90d" reads "less than 90 days ago": a later date.
            operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator or "", operator)
        if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text):
            raise QueryError(f"{term.field} cannot be {term.value}", "a date is 2011, 2011-07 or 2011-07-14")
        value: Any = text
    else:
        try:
            value = float(text) if how.kind == "decimal" else int(text)
            if not abs(value) < LARGEST:  # nan is no number either
                raise ValueError
        except ValueError:
            raise QueryError(f"{term.field} cannot be {term.value}", "it is a number") from None
    if operator is None:
        return field.startswith(value) if how.kind == "day" else field == value
    if how.kind == "day":
        # A date may be partial, and so may the stored one: 2011-07 is not after 2011, nor is it before.
        end = f"{value}~"
        days = {"<": field < value, "<=": field < end, ">": field > end, ">=": field >= value}
        return (field != "") & days[operator]
    numbers = {"<": field < value, "<=": field <= value, ">": field > value, ">=": field >= value}
    return field.is_null(False) & numbers[operator]
