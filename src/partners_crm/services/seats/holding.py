"""Who holds a seat on a day: a person, nobody (vacant), or no term says (unknown).

This is on the path of a coverage check's details: nothing here may load a parser.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import Contact, Seat, Term
from partners_crm.normalize.dates import covers, ends, starts
from partners_crm.store.maps import districts_of, map_for
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

STATUSES = ("elected", "appointed", "elect", "vacant", "unknown")
"""What a seat can be on a day; "unknown" where no term covers it."""
ELECT_DAYS = 366
"""A member-elect is named that many days before the first day in office at most."""
_MARK = " #"
"""Between the roster's name and the person's id in it, in the source of a term."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A seat on a day, and who holds it."""

    seat: int
    """Id of the seat."""
    chamber: str
    number: int
    seat_name: str
    """Such as "House 12"."""
    ocd_id: str
    status: str
    """One of `STATUSES`."""
    contact: int | None
    """Id of the holder; None of a seat that is vacant or unknown."""
    name: str
    """"" of a seat that is vacant or unknown."""
    party: str
    since: str
    """A partial date, "" when not known."""
    until: str
    """The last day, a partial date; "" when it is not over."""
    source: str
    """The roster it was loaded from; "" for what a person entered, and for unknown."""
    term: int | None
    """Id of the term that says so."""
    sure: bool
    """Whether the dates of the term leave no doubt that it holds on the day."""


class Held(NamedTuple):
    """A term as it stands in the database."""

    id: int
    seat: int
    contact: int | None
    status: str
    party: str
    since: str
    until: str
    source: str


def holders(db: Handle, on: date) -> dict[tuple[str, int], Holder]:
    """Every seat of the coalition's state on a day, by (chamber, number), whoever holds it."""
    by_seat: dict[int, list[Held]] = {}
    for held in _terms(db):
        by_seat.setdefault(held.seat, []).append(held)
    names = _names(db)
    return {
        (row[1], row[2]): _holder(row, by_seat.get(row[0], []), names, on)
        for row in tuples(db, _seats().order_by(Seat.chamber, Seat.number))
    }


def seat_of(db: Handle, chamber: str, number: int, on: date) -> Holder:
    """One seat on a day.

    Raises:
        NotFound: the state has no such seat.
    """
    found = tuples(db, _seats().where((Seat.chamber == chamber) & (Seat.number == number)))
    if not found:
        known: dict[str, list[int]] = {}
        for _, code, each, *_ in tuples(db, _seats()):
            known.setdefault(code, []).append(each)
        hint = "; ".join(f"{code} {min(some)} to {max(some)}" for code, some in sorted(known.items()))
        raise NotFound(f"there is no seat {chamber} {number}", f"seats: {hint}" if hint else "install a map")
    held = _terms(db, found[0][0])
    return _holder(found[0], held, _names(db, held), on)


def seats(db: Handle, on: date, chamber: str = "") -> list[Holder]:
    """The seats of the map of a day, by chamber and number; all there are where no map holds on the day.

    Raises:
        NotFound: there is no such chamber.
    """
    found = holders(db, on)
    try:
        known = set(districts_of(db, map_for(db, on)).ids())
    except (CannotDecide, NotFound):
        known = set(found)
    chambers = sorted({code for code, _ in found})
    if chamber and chamber not in chambers:
        raise NotFound(f"there is no {chamber} in this coalition", f"its chambers: {', '.join(chambers)}")
    return [each for key, each in found.items() if key in known and chamber in {"", each.chamber}]


def in_office(held: Iterable[Held], on: date) -> tuple[Held | None, bool]:
    """The term that covers a day, and whether its dates leave no doubt of that.

    One that certainly covers it wins over one that may, what a person entered over a roster, then the later start.
    """
    some, day = list(held), on.isoformat()
    best: tuple[tuple[bool, bool, str, int], Held] | None = None
    for each in some:
        if each.status == "elect" and not each.since:
            continue
        holds = covers(each.since, each.until, day)
        if holds == "no" or (not each.since and _began_later(each, some, day)):
            continue
        rank = (holds == "yes", not each.source, each.since, each.id)
        if best is None or rank > best[0]:
            best = rank, each
    return (None, False) if best is None else (best[1], best[0][0])


def source_of(roster: str, person: str) -> str:
    """The source of a term: the roster's name, and the person's id in it where it has one."""
    return f"{roster}{_MARK}{person}" if person else roster


def roster_of(source: str) -> str:
    """The name of the roster in a term's source."""
    return source.rpartition(_MARK)[0] or source


def person_of(source: str) -> str:
    """The person's id in a term's source; "" where it has none."""
    roster, _, person = source.rpartition(_MARK)
    return person if roster else ""


def _began_later(term: Held, others: Sequence[Held], day: str) -> bool:
    """Whether a term of unknown start began after a day: somebody else began after that day, and it was held since.

    Where one ended in the month or year in which the other one began, it may as well have been held before.
    """
    return any(
        other.since and starts(other.since) > day and (not term.until or starts(term.until) >= ends(other.since))
        for other in others
        if other.id != term.id
    )


def _elect(held: Iterable[Held], on: date) -> Held | None:
    """The member-elect of a seat that nobody is known to hold."""
    latest = (on + timedelta(days=ELECT_DAYS)).isoformat()
    coming = [
        each
        for each in held
        if each.status == "elect" and (not each.since or on.isoformat() < starts(each.since) <= latest)
    ]
    return min(coming, key=lambda each: (each.since or "~", each.id), default=None)


def _holder(row: tuple[int, str, int, str, str], held: list[Held], names: dict[int, str], on: date) -> Holder:
    term, sure = in_office(held, on)
    # Who was elected is in office from the first day on.
    status = "unknown" if term is None else "elected" if term.status == "elect" else term.status
    if term is None and (term := _elect(held, on)) is not None:
        status = "elect"
    if term is None:
        return Holder(*row, status, None, "", "", "", "", "", None, sure=False)
    if status != "vacant" and term.contact is None:
        status = "vacant"
    name = "" if term.contact is None else names.get(term.contact, "")
    source = roster_of(term.source)
    return Holder(*row, status, term.contact, name, term.party, term.since, term.until, source, term.id, sure=sure)


def _seats() -> Any:
    return Seat.select(Seat.id, Seat.chamber, Seat.number, Seat.name, Seat.ocd_id)


def _terms(db: Handle, seat: int | None = None) -> list[Held]:
    query = Term.select(Term.id, Term.seat, Term.contact, Term.status, Term.party, Term.since, Term.until, Term.source)
    if seat is not None:
        query = query.where(Term.seat == seat)
    return [Held(*row) for row in tuples(db, query)]


def _names(db: Handle, held: Iterable[Held] | None = None) -> dict[int, str]:
    query = Contact.select(Contact.id, Contact.name)
    if held is None:
        query = query.where(Contact.id.in_(Term.select(Term.contact)))
    else:
        query = query.where(Contact.id.in_([each.contact for each in held if each.contact is not None]))
    return dict(tuples(db, query))
