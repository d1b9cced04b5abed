"""Saved searches within a query: `saved:"Housing members"` means what the saved query means."""

# ruff: noqa: ARG002  # every facet is given what any of them needs
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from partners_crm.errors import NotFound, PluginError, QueryError
from partners_crm.model import SavedSearch
from partners_crm.normalize.text import fold
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import MAX_SAVED, Asked, Condition, near
from partners_crm.store.queries.facets import Facet, Suggested, begun, nothing
from partners_crm.store.queries.grammar import parse
from partners_crm.store.queries.phrasing import either, quoted
from partners_crm.store.queries.selecting import compiled
from partners_crm.store.queries.tree import Value, terms_of
from partners_crm.store.read import records


def searches(db: Handle) -> list[SavedSearch]:
    """The saved searches, in the order of their names."""
    return records(db, SavedSearch.select().order_by(SavedSearch.name))


def find_search(db: Handle, name: str) -> SavedSearch:
    """The saved search of a name, in any spelling.

    Raises:
        NotFound: nothing was saved under it; the hint proposes near names.
    """
    found = _called(db, name)
    if found is None:
        hint = near(name, [each.name for each in searches(db)]) or "save one: partners searches save"
        raise NotFound(f"there is no saved search called {name}", hint)
    return found


def _called(db: Handle, name: str) -> SavedSearch | None:
    known = searches(db)
    same = [each for each in known if each.name == name] or [each for each in known if fold(each.name) == fold(name)]
    return same[0] if same else None


def named_searches(query: str) -> frozenset[str]:
    """The saved searches that a query names, folded; none where it cannot be read."""
    try:
        terms = list(terms_of(parse(query)))
    except QueryError:
        return frozenset()
    return frozenset(
        fold(value.text) for term, _ in terms if term.field.rpartition(".")[2] == "saved" for value in term.values
    )


@dataclass(frozen=True)
class SavedFacet(Facet):
    """A saved search of the entity, by its name."""

    def condition(self, asked: Asked, value: Value, *, is_open: bool) -> Condition:
        """The condition of the saved query.

        Raises:
            QueryError: nothing was saved so, or it no longer runs; the message names the search and why.
        """
        found = self.search(asked, value, is_open=is_open)
        return nothing() if found is None else followed(asked, found, self)

    def search(self, asked: Asked, value: Value, *, is_open: bool = False) -> SavedSearch | None:
        """The saved search of a name; None for one that is being typed."""
        if (found := _called(asked.db, value.text)) is not None:
            return found
        names = [each.name for each in searches(asked.db)]
        if is_open and any(fold(name).startswith(fold(value.text)) for name in names):
            return None
        hint = near(value.text, names) or "save one: partners searches save"
        raise QueryError(f"saved: there is no saved search called {value.text}", hint)

    def clause(self, asked: Asked, values: Sequence[Value], *, negated: bool, plural: bool) -> str:
        """By the name of the search, with what it means."""
        # A sentence is made of fields, of which this is one.
        from partners_crm.store.queries.sentence import clause_of

        words = []
        for value in values:
            if (search := self.search(asked, value, is_open=True)) is not None:
                inner = replace(asked, saved=(*asked.saved, search.name))
                meant = clause_of(inner, self.table, parse(search.query))
                words.append(f"{quoted(search.name)}{f' ({meant})' if meant else ''}")
        return f"{'not ' if negated else ''}in the saved search {either(words)}"

    def suggest(self, asked: Asked, prefix: str, most: int) -> list[Suggested]:
        """The saved searches of the entity."""
        of_this = [each for each in searches(asked.db) if each.applies_to == self.table.entity.plural]
        return begun([(each.name, each.note or each.query) for each in of_this], prefix)


def followed(asked: Asked, search: SavedSearch, facet: SavedFacet) -> Condition:
    """The condition of a saved search.

    Raises:
        QueryError: it no longer runs; the message names the search and why.
    """
    plural = facet.table.entity.plural
    if search.applies_to != plural:
        raise QueryError(f"the saved search {search.name} lists {search.applies_to}, not {plural}", "name one of them")
    if search.name in asked.saved:
        around = " names ".join((*asked.saved[asked.saved.index(search.name) :], search.name))
        raise QueryError(f"the saved search {search.name} leads back to itself", around)
    if len(asked.saved) >= MAX_SAVED:
        raise QueryError(
            f"saved searches name one another at most {MAX_SAVED} deep, and {search.name} is one more",
            "write its query in place of its name",
        )
    try:
        inner = replace(asked, saved=(*asked.saved, search.name))
        return compiled(inner, facet.table, parse(search.query))
    except QueryError as error:
        if isinstance(error, PluginError):
            raise  # it runs as soon as the plugin does
        said = error.message
        if not said.startswith("the saved search"):
            said = f"the saved search {search.name} no longer runs: {said}"
        raise QueryError(said, error.hint) from None
