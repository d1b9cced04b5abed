"""A query with whose each brought word is: `contested:yes` becomes `acme.contested:yes`."""

from __future__ import annotations

from partners_crm.errors import QueryError
from partners_crm.model import Table
from partners_crm.store.queries.asked import Asked
from partners_crm.store.queries.fields import MAX_STEPS, field_of
from partners_crm.store.queries.grammar import FIELD, MAX_LENGTH, parse
from partners_crm.store.queries.own_words import OwnWordFacet
from partners_crm.store.queries.tree import Term, terms_of


def with_owners(asked: Asked, table: type[Table], text: str) -> str:
    """A query that means the same and names the owner of each word that somebody else brings.

    Raises:
        QueryError: it cannot be read, or names an unknown field.
    """
    terms = sorted((term for term, _ in terms_of(parse(text)) if term.field), key=lambda term: -term.start)
    for term in terms:
        owned = _owned(asked, table, term)
        named = FIELD.match(text, term.start)
        if owned and named is not None and owned.count(".") <= MAX_STEPS:
            text = f"{text[: named.start(1)]}{owned}{text[named.end(1) :]}"
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"with the names of who brings its words the query has more than {MAX_LENGTH} characters", "make it shorter"
        )
    return text


def _owned(asked: Asked, table: type[Table], term: Term) -> str:
    """The name of a term with the owner before its last part; "" where nobody else brings it, or it says so."""
    facet = field_of(asked, table, term).ways[0].facet
    if not isinstance(facet, OwnWordFacet):
        return ""
    lead = term.field.rpartition(".")[0]
    if f".{lead}".endswith(f".{facet.word.full_name.partition('.')[0]}"):
        return ""
    return f"{lead}.{facet.word.full_name}" if lead else facet.word.full_name
