"""What a query means, why a record is in its list, and what could be typed next: for every face."""

from __future__ import annotations

from datetime import date

from partners_crm.model import Table
from partners_crm.store.maps import map_code_of
from partners_crm.store.open import Handle
from partners_crm.store.queries import complete as completing
from partners_crm.store.queries import sentence, why
from partners_crm.store.queries.asked import Words, no_words
from partners_crm.store.queries.complete import Suggestion
from partners_crm.store.queries.own_words import OwnWord
from partners_crm.store.queries.why import Reason, Why


def sentence_of(db: Handle, table: type[Table], query: str, *, today: date, words: Words = no_words) -> str:
    """What a query means, in plain words.

    Raises:
        QueryError: the query does not run.
    """
    return sentence.sentence_of(db, table, query, map_code=map_code_of(db, today), today=today, words=words)


def explained(
    db: Handle, table: type[Table], query: str, record_id: int, *, today: date, words: Words = no_words
) -> Why:
    """Whether a record is in the list of a query, with a reason for each of its terms.

    Raises:
        QueryError: the query does not run.
        NotFound: there is no such record.
    """
    return why.explained(db, table, query, record_id, map_code=map_code_of(db, today), today=today, words=words)


def complete(
    db: Handle, table: type[Table], text: str, cursor: int, *, today: date, words: Words = no_words
) -> tuple[Suggestion, ...]:
    """What could be typed at a place of a query, the likeliest first; nothing where nothing could."""
    return completing.complete(db, table, text, cursor, map_code=map_code_of(db, today), today=today, words=words)


__all__ = ["OwnWord", "Reason", "Suggestion", "Why", "complete", "explained", "sentence_of"]
