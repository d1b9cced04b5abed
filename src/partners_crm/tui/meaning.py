"""What a query that is being typed means, and what could be typed next: worked out away from the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from partners_crm.errors import QueryError
from partners_crm.model import Table
from partners_crm.tui.display import explained

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.services.queries import Suggestion


class Meaning(NamedTuple):
    """What a text means, as far as it is typed."""

    text: str
    is_typing: bool
    """Whether its end was still being typed."""
    sentence: str
    """In plain words, ending in an ellipsis where the last term is not finished; "" where it does not run."""
    trouble: str
    """Why it does not run; "" where it does."""
    offers: tuple[Suggestion, ...]


def meaning(crm: Crm, table: type[Table], text: str, cursor: int | None, *, is_typing: bool) -> Meaning:
    """What a query means and what could be typed at its cursor; without a cursor nothing could."""
    offers = () if cursor is None else crm.complete(table, text, cursor)
    try:
        return Meaning(text, is_typing, said(crm.sentence(table, text)), "", offers)
    except QueryError as error:
        trouble = said(explained(error))
    if is_typing:
        try:
            crm.listing(table, text, typing=True)
            return Meaning(text, is_typing, unfinished(crm, table, text), "", offers)
        except QueryError as error:
            trouble = said(explained(error))
    return Meaning(text, is_typing, "", trouble, offers)


def unfinished(crm: Crm, table: type[Table], text: str) -> str:
    """The sentence of what stands before the term that is being typed."""
    before = text.rstrip().rpartition(" ")[0]
    try:
        return f"{said(crm.sentence(table, before))}, …" if before.strip() else "…"
    except QueryError:
        return "…"


def said(sentence: str) -> str:
    """A sentence with a capital letter."""
    return sentence[:1].upper() + sentence[1:]
