"""Saying by hand who holds a seat: it stands against every roster that is loaded later."""

from __future__ import annotations

from datetime import date

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.model import Contact, Seat, Term
from partners_crm.normalize.dates import ends, starts
from partners_crm.services import records
from partners_crm.services.seats.holding import seat_of
from partners_crm.services.seats.posts import Posts, leave_for, make_room
from partners_crm.services.seats.roster import person_key
from partners_crm.services.seats.spans import is_over
from partners_crm.store.read import by_id, find, is_key, where
from partners_crm.store.read import records as select
from partners_crm.store.work import Changes


def set_holder(
    unit: Changes,
    chamber: str,
    number: int,
    *,
    holder: str = "",
    party: str = "",
    since: str = "",
    until: str = "",
    status: str = "elected",
    today: date,
) -> Term:
    """Say who holds a seat; without a holder it is vacant. The terms that are in the way end, or go.

    `holder` is a contact's name or number; a name that nobody has becomes a new contact. `since` and `until` are
    partial dates; where no first day is known, the term before ends yesterday.

    Raises:
        NotFound: there is no such seat, or no contact of that number.
        Ambiguous: several contacts are called so.
        InvalidValue: the dates do not fit each other.
    """
    if since and until and ends(until) < starts(since):
        raise InvalidValue("Until", until, f"lies before {since}")
    seat = by_id(unit.db, Seat, seat_of(unit.db, chamber, number, today).seat)
    terms = where(unit.db, Term, seat=seat.id)
    contact = _contact(unit, terms, holder) if holder else None
    if contact is None:
        since, status = since or today.isoformat(), "vacant"
    wanted = {
        "contact": contact, "status": status, "party": party, "since": since, "until": until, "source": ""
    }  # fmt: skip
    for term in terms:
        if all(term[name] == value for name, value in wanted.items()):
            return term
    # Of a time whose first day nobody knows, the last one is known, or that it lasts.
    first = since or (until if is_over(until, today) else today.isoformat())
    ended = make_room(unit, terms, (first, until))
    added = records.add(unit, Term, seat=seat.id, **wanted)
    seats = {each.id: each for each in select(unit.db, Seat.select())}
    posts = Posts(unit, today)
    leave_for(posts, unit, ended, seats, today)
    if contact is not None and not is_over(until, today):
        posts.take(contact, seat, since, until)
    return added


def _contact(unit: Changes, terms: list[Term], holder: str) -> int:
    """The contact a person means: one who has held the seat first, then any of that name, then a new one."""
    own = {term.contact for term in terms if term.contact is not None}
    named = [key for key in own if person_key(by_id(unit.db, Contact, key).name) == person_key(holder)]
    if len(named) == 1:
        return named[0]
    try:
        return find(unit.db, Contact, holder).id
    except NotFound:
        if is_key(holder.strip()):
            raise
        return records.add(unit, Contact, name=holder.strip()).id
