"""The rules and saved searches that ask for a record that a merge lets go: they would no longer find it.

A rule is read as a text. A saved search is read as the query it is: a number, a uid or a name in it is that of a record
only where the field is one of that entity, or a link to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from partners_crm.errors import QueryError
from partners_crm.model import Organization, Rule, SavedSearch, Site, Table, Tag
from partners_crm.normalize.text import fold
from partners_crm.store.queries.asked import Asked
from partners_crm.store.queries.facets import Facet, FieldFacet, KeyFacet, TitleFacet
from partners_crm.store.queries.fields import TieFacet, resolve
from partners_crm.store.queries.grammar import parse
from partners_crm.store.queries.tree import Term, Value, terms_of
from partners_crm.store.read import is_key, tuples

if TYPE_CHECKING:
    from partners_crm.services.merging.working import Row, Working

_UID = 6
"""Digits of a uid by which a record is known."""


def named_by(work: Working) -> list[str]:
    """Rules and saved searches that name the record that goes, or the survivor by a name that it gives up."""
    naming = _Naming(work)
    asked = [
        ("saved search", name, query)
        for name, lists, query in tuples(
            work.db, SavedSearch.select(SavedSearch.name, SavedSearch.applies_to, SavedSearch.query)
        )
        if naming.in_query(lists, query)
    ]
    if work.table in {Organization, Tag}:
        rules = tuples(work.db, Rule.select(Rule.name, Rule.terms))
        asked = [*(("rule", name, terms) for name, terms in rules if naming.in_terms(terms)), *asked]
    return [f"the {what} {name} names it: {text}" for what, name, text in asked]


class _Naming:
    """What one record is called by that goes."""

    def __init__(self, work: Working) -> None:
        self._table = work.table
        self._id = int(work.lose["id"])
        self._uid = str(work.lose["uid"])
        after = {**work.keep, **work.chosen.values}
        # A name that the survivor has in the end leads to it as before.
        stay = set(_names(work.table, after))
        self._names = {*_names(work.table, work.lose), *_names(work.table, work.keep)} - stay
        self._asked = Asked(work.db, "", date.min)
        """Fields are looked up in it alone, for which neither map nor day counts."""

    def in_terms(self, terms: str) -> bool:
        """Whether the terms of a rule name it."""
        by_number = self._table is Organization and f"of={self._id}" in terms.split()
        return by_number or self._is_named(terms)

    def in_query(self, lists: str, query: str) -> bool:
        """Whether a query on an entity names it; no for one that cannot be read."""
        table = self._asked.db.by_name.get(lists)
        if table is None:
            return False
        try:
            terms = [term for term, _ in terms_of(parse(query))]
        except QueryError:
            return False
        # A name may be typed as several words.
        words = " ".join(value.text for term in terms if not term.field for value in term.values)
        return self._is_named(words) or any(self._in_term(table, term) for term in terms if term.field)

    def _in_term(self, table: type[Table], term: Term) -> bool:
        try:
            field = resolve(self._asked, table, term.field, term.as_of)
        except QueryError:
            return False
        facets = [facet for way in field.ways for facet in self._about(way.facet)]
        return any(self._is_meant(facet, value) for facet in facets for value in term.values)

    def _about(self, facet: Facet) -> Iterator[Facet]:
        """What is asked of the record's own entity; of a tie what it ties."""
        if isinstance(facet, TieFacet):
            for target in facet.table.links().values():
                if target is self._table and target.entity.title:
                    yield TitleFacet(target, facet.name)
        elif facet.table is self._table:
            yield facet

    def _is_meant(self, facet: Facet, value: Value) -> bool:
        text = value.text.strip()
        if isinstance(facet, KeyFacet):
            return is_key(text) and int(text) == self._id
        if isinstance(facet, TitleFacet):
            if facet.by_key and is_key(text) and not value.is_quoted:
                return int(text) == self._id
            is_uid = len(text) >= _UID and self._uid.startswith(text.lower())
            return is_uid or self._is_named(text)
        is_title = isinstance(facet, FieldFacet) and facet.name in _titles(self._table)
        return is_title and self._is_named(text)

    def _is_named(self, text: str) -> bool:
        """Whether one of the names stands in a text, whole."""
        words = f" {fold(text)} "
        return any(f" {name} " in words for name in self._names)


def _titles(table: type[Table]) -> tuple[str, ...]:
    """The fields by which people name a record: of a site, which often has no name, also where it is."""
    return ("name", "address") if table is Site else (table.entity.title,)


def _names(table: type[Table], row: Row) -> Iterable[str]:
    return filter(None, (fold(str(row[name])) for name in _titles(table)))
