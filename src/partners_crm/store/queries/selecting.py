"""The records that a query means."""

from __future__ import annotations

from datetime import date
from typing import Any

from partners_crm.model import Table
from partners_crm.normalize.text import fold
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Asked, Condition, Words, any_of, both, negated, no_words
from partners_crm.store.queries.facets import nothing
from partners_crm.store.queries.fields import field_of
from partners_crm.store.queries.grammar import parse
from partners_crm.store.queries.tree import All, Node, Not, Term, terms_of
from partners_crm.store.read import present


def selection(
    db: Handle,
    table: type[Table],
    text: str,
    *,
    map_code: str,
    today: date,
    typing: bool = False,
    words: Words = no_words,
) -> Any:
    """A peewee select of the ids of an entity that a query means.

    Records that were archived are left out unless the query names `archived_on` or `is:archived`. With `typing` the
    end of the query is still being typed: it means what begins so, and is no error while it can become something.

    Raises:
        QueryError: the query cannot be read, or names an unknown field or value.
    """
    return selected(Asked(db, map_code, today, words=words), table, parse(text, typing=typing))


def selected(asked: Asked, table: type[Table], tree: Node) -> Any:
    """As `selection`, for a tree.

    Raises:
        QueryError: as `selection`.
    """
    every = present(table) if leaves_archived_out(table, tree) else table.select(table.id)
    return every.where(compiled(asked, table, tree))


def compiled(asked: Asked, table: type[Table], tree: Node, *, is_negated: bool = False) -> Condition:
    """The condition on an entity that a tree means; a negation is carried to its terms.

    Raises:
        QueryError: a field or a value means nothing, or it is too deep.
    """
    if isinstance(tree, Term):
        field = field_of(asked, table, tree)
        if not is_negated:
            return field.condition(asked, tree)
        # What does not choose yet leaves nothing out.
        term = field.settled(asked, tree)
        return negated(field.condition(asked, term)) if term.values else nothing()
    if isinstance(tree, Not):
        return compiled(asked, table, tree.of, is_negated=not is_negated)
    if not tree.parts:
        return negated(nothing()) if is_negated else nothing()
    inner = asked.deeper()
    parts = [compiled(inner, table, part, is_negated=is_negated) for part in tree.parts]
    return both(parts) if isinstance(tree, All) != is_negated else any_of(parts)


def leaves_archived_out(table: type[Table], tree: Node) -> bool:
    """Whether a query on an entity means only what was not put away."""
    return "archived_on" in table.declarations() and not any(_asks_for_archived(term) for term, _ in terms_of(tree))


def _asks_for_archived(term: Term) -> bool:
    if term.field != "is":
        return term.field == "archived_on"
    words = [fold(value.text) for value in term.values]
    return "archived" in words or (term.is_open and any(word and "archived".startswith(word) for word in words[-1:]))
