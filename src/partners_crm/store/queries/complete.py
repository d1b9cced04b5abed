"""What could be typed next in a query: names of fields, then their values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from partners_crm.errors import QueryError
from partners_crm.model import Table
from partners_crm.normalize.text import fold
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Asked, Words, no_words
from partners_crm.store.queries.facets import begun
from partners_crm.store.queries.fields import MAX_STEPS, names_of, resolve, step_of
from partners_crm.store.queries.grammar import FIELD, MAX_LENGTH, OPERATORS, field_name
from partners_crm.store.queries.own_words import OwnWord, words_of

MOST = 20
"""Suggestions at most."""
_QUOTES = '"“”„'
_NEEDS_QUOTES = re.compile(r'[\s(),"“”„]|^[<>]')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that could stand in place of a part of a query."""

    start: int
    """The part that it takes the place of, in characters from 0."""
    end: int
    text: str
    """As it is typed, in quotes where it needs them; a field ends in its colon."""
    about: str
    """What it is, in a few words."""


def complete(
    db: Handle, table: type[Table], text: str, cursor: int, *, map_code: str, today: date, words: Words = no_words
) -> tuple[Suggestion, ...]:
    """What could be typed at a place of a query, at most `MOST`, the likeliest first; never raises `QueryError`."""
    before = text[: max(0, min(cursor, len(text)))]
    if len(before) > MAX_LENGTH:
        return ()
    start = _begin(before)
    while before[start : start + 1] in {"-", "("}:
        start += 1
    typed = before[start:]
    asked = Asked(db, map_code, today, words=words)
    named = FIELD.match(typed)
    if named is not None:
        return _values(asked, table, field_name(named[1]), typed, named.end(), start)
    return _names(asked, table, typed, start)


def _begin(text: str) -> int:
    """Where the term at the end of a text begins: after the last blank that stands in no quotes."""
    begin, is_quoted = 0, False
    for place, sign in enumerate(text):
        if sign in _QUOTES:
            is_quoted = not is_quoted
        elif sign.isspace() and not is_quoted:
            begin = place + 1
    return begin


def _values(asked: Asked, table: type[Table], name: str, typed: str, begin: int, offset: int) -> tuple[Suggestion, ...]:
    place, is_quoted = begin, False
    for here in range(begin, len(typed)):
        if typed[here] in _QUOTES:
            is_quoted = not is_quoted
        elif typed[here] == "," and not is_quoted:
            place = here + 1
    prefix = typed[place:]
    wanted = prefix.lstrip(_QUOTES)
    try:
        field = resolve(asked, table, name)
    except QueryError:
        return ()
    found: dict[str, str] = {}
    for way in field.ways:
        for word, about in way.suggest(asked, wanted, MOST):
            found.setdefault(word, about)
        if way.is_absent_by:
            found |= begun([(way.is_absent_by, "no membership at all")], wanted)
    start, end = offset + place, offset + len(typed)
    return _some((Suggestion(start, end, _written(word, prefix), about) for word, about in found.items()))


def _names(asked: Asked, table: type[Table], typed: str, start: int) -> tuple[Suggestion, ...]:
    end = start + len(typed)
    if typed and not _NAME.fullmatch(typed):
        return ()
    path, _, last = typed.rpartition(".")
    here: type[Table] = table
    for part in path.split(".") if path else ():
        step = step_of(here, field_name(part), asked.db.entities)
        if step is None:
            return _of_owner(asked, here, part, last, end) if path.endswith(part) else ()
        here = step.target
    if typed.count(".") > MAX_STEPS:
        return ()
    wanted = field_name(last)
    known = names_of(asked, here)
    brought = {field_name(each.name): _about(each) for each in words_of(asked, here)}
    known += [(name, about) for name, about in brought.items() if name not in dict(known)]
    shown = [(name, about) for name, about in known if name.startswith(wanted)]
    within = [(name, about) for name, about in known if wanted and f"_{wanted}" in name]
    lead = f"{path}." if path else ""
    found = dict([*shown, *within])
    fields = [Suggestion(start, end, f"{lead}{name}:", about) for name, about in found.items()]
    words = [
        Suggestion(start, end, word, "joins terms") for word in sorted(OPERATORS) if typed and word.startswith(typed)
    ]
    return _some([*words, *fields])


def _of_owner(asked: Asked, table: type[Table], owner: str, last: str, end: int) -> tuple[Suggestion, ...]:
    """The words of somebody whose name stands before the point; they take the place of what follows it."""
    return _some(
        Suggestion(end - len(last), end, f"{field_name(each.name)}:", _about(each))
        for each in words_of(asked, table)
        if field_name(each.owner) == field_name(owner) and field_name(each.name).startswith(field_name(last))
    )


def _about(word: OwnWord) -> str:
    return f"{word.help or word.label} ({word.owner})"


def _written(word: str, prefix: str) -> str:
    """A value as it is typed: in quotes where it needs them, or has them already."""
    opened = prefix[:1] if prefix[:1] in _QUOTES else ""
    is_comparison = word[:1] in {"<", ">"} and not opened
    if (opened or (_NEEDS_QUOTES.search(word) and not is_comparison)) and fold(word):
        return '"' + re.sub(f"[{_QUOTES}]", " ", word).strip() + '"'
    return word


def _some(found: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    return tuple(found)[:MOST]
