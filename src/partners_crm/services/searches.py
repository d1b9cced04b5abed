"""Saved searches: queries under a name, asked anew each time, which refuse when something they name is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from partners_crm.errors import InvalidValue, NotFound, QueryError
from partners_crm.model import SavedSearch
from partners_crm.normalize.text import fold, tidy
from partners_crm.services import records
from partners_crm.services.listing import Listing, OwnColumn, entity_of
from partners_crm.store.maps import map_code_of
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Asked, Words, no_words
from partners_crm.store.queries.grammar import parse
from partners_crm.store.queries.qualifying import with_owners
from partners_crm.store.queries.saved import find_search, named_searches, searches
from partners_crm.store.queries.selecting import selected

if TYPE_CHECKING:
    from partners_crm.store.work import Changes  # asking writes nothing

MAX_NAME = 80
"""Characters of the name of a saved search."""
_FORBIDDEN = frozenset('"“”„')


@dataclass(frozen=True, slots=True)
class Checked:
    """A saved search, and whether it still runs."""

    search: SavedSearch
    problem: str = ""
    """Why it does not, naming what is gone; empty where it does."""
    hint: str = ""
    """What to do about it."""

    @property
    def runs(self) -> bool:
        """Whether it lists records."""
        return not self.problem


def save(
    changes: Changes,
    name: str,
    entity: str,
    query: str,
    *,
    today: date,
    sort: str = "",
    note: str = "",
    replace: bool = False,
    words: Words = no_words,
) -> SavedSearch:
    """Save a query under a name; `replace` gives a name that is taken this query.

    A word that somebody else brings (`words`) is saved with whose it is in front, `acme.contested:yes`: so that it
    can be told whose it was when it is gone.

    Raises:
        NotFound: there is no such entity.
        QueryError: the query or the sort does not run.
        InvalidValue: the name is taken, or cannot be typed in a query.
    """
    table = entity_of(changes.db, entity)
    asked = Asked(changes.db, map_code_of(changes.db, today), today, words=words)
    query = with_owners(asked, table, query.strip())
    values = {"applies_to": table.entity.plural, "query": query, "sort": sort, "note": note}
    same = [each for each in searches(changes.db) if fold(each.name) == fold(name)]
    _refuse(changes.db, values, same[0].name if same else tidy(name), today, words)
    if same and replace:
        return records.edit(changes, same[0], **values)
    return records.add(changes, SavedSearch, name=tidy(name), **values)


def rename(changes: Changes, name: str, new: str) -> tuple[SavedSearch, tuple[str, ...]]:
    """Give a saved search another name; returns it with the names of those that name it by the old one.

    Those are left as they are, and refuse to run until they are saved anew.

    Raises:
        NotFound: nothing was saved under the name.
        InvalidValue: the new name is taken, or cannot be typed in a query.
    """
    search = find_search(changes.db, name)
    holders = naming(changes.db, search.name)
    return records.edit(changes, search, name=tidy(new)), holders if fold(new) != fold(search.name) else ()


def delete(changes: Changes, name: str) -> tuple[SavedSearch, tuple[str, ...]]:
    """Delete a saved search; returns it with the names of those that name it, which no longer run.

    Raises:
        NotFound: nothing was saved under the name.
    """
    search = find_search(changes.db, name)
    holders = naming(changes.db, search.name)
    records.remove(changes, search)
    return search, holders


def naming(db: Handle, name: str) -> tuple[str, ...]:
    """The names of the saved searches that name one."""
    return tuple(each.name for each in searches(db) if fold(name) in named_searches(each.query))


def check_searches(db: Handle, today: date, *, words: Words = no_words) -> tuple[Checked, ...]:
    """Every saved search, in the order of names, with why it no longer runs."""
    return tuple(_checked(db, each, today, words) for each in searches(db))


def _checked(db: Handle, search: SavedSearch, today: date, words: Words) -> Checked:
    try:
        opened(db, search, today, words=words)
    except (QueryError, NotFound) as error:
        return Checked(search, error.message, error.hint)
    return Checked(search)


def opened(
    db: Handle,
    search: SavedSearch,
    today: date,
    *,
    more: str = "",
    order: str = "",
    descending: bool = False,
    words: Words = no_words,
    more_columns: Sequence[OwnColumn] = (),
) -> Listing:
    """The listing of a saved search, in its own order unless another is given; `more` terms narrow it.

    Raises:
        QueryError: it no longer runs; the message names it and what is gone.
    """
    table = db.by_name.get(search.applies_to)
    if table is None:
        raise QueryError(f"the saved search {search.name} no longer runs: there are no {search.applies_to}")
    if not order:
        order, descending = search.sort.removeprefix("-"), search.sort.startswith("-") != descending
    if order == search.sort.removeprefix("-"):
        try:
            Listing(db, table, "", today=today, order=order)
        except QueryError as error:
            raise QueryError(f"the saved search {search.name} no longer runs: {error.message}", error.hint) from None
    query = f"{term_of(search)} ({more})" if more.strip() else term_of(search)
    return Listing(
        db,
        table,
        query,
        today=today,
        order=order,
        descending=descending,
        words=words,
        more_columns=more_columns,
    )


def term_of(search: SavedSearch) -> str:
    """The term of a query that means a saved search: saved:"Housing members"."""
    return f'saved:"{search.name}"'


def check_search(db: Handle, values: Mapping[str, Any], key: int | None) -> None:
    """Refuse a saved search that cannot be as `values` say; `key` is that of an edited one.

    One that only does not run, because something it names is not there, is let through: it may have been exported so.

    Raises:
        InvalidValue: the name is taken or cannot be typed, or it lists nothing that there is.
        QueryError: the query cannot be read.
    """
    name, plural = str(values["name"]), str(values["applies_to"])
    if not fold(name) or len(name) > MAX_NAME or _FORBIDDEN & set(name):
        raise InvalidValue(
            "Name", name, "cannot be typed in a query", f"letters or figures, no quotes, at most {MAX_NAME} characters"
        )
    for other in searches(db):
        if other.id != key and fold(other.name) == fold(name):
            raise InvalidValue("Name", name, f"is taken by saved search {other.id}", "replace it, or choose another")
    table = db.by_name.get(plural)
    if table is None or table.entity.plural != plural:
        raise InvalidValue("Lists", plural, "is no entity in the plural", "for example organizations")
    parse(str(values["query"]))


def _refuse(db: Handle, values: Mapping[str, Any], name: str, today: date, words: Words) -> None:
    """Refuse a saved search that does not run.

    Raises:
        QueryError: why.
    """
    table, sort = db.by_name[values["applies_to"]], values["sort"]
    listing = Listing(db, table, "", today=today, order=sort.removeprefix("-"))
    # A query that leads to its own name leads back to itself, though the search is not there yet.
    selected(Asked(db, listing.map_code, today, (name,), words=words), table, parse(values["query"]))


__all__ = [
    "Checked",
    "check_search",
    "check_searches",
    "delete",
    "find_search",
    "naming",
    "opened",
    "rename",
    "save",
    "searches",
    "term_of",
]
