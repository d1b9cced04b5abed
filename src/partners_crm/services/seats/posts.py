"""What a term brings with it: the holder's role in a body of the legislature, and room among the terms of the seat."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from partners_crm.districts.calendar import CALENDAR
from partners_crm.districts.maps import bundled_maps, load_info
from partners_crm.model import Organization, Role, Seat, Term
from partners_crm.normalize.dates import ends, starts
from partners_crm.normalize.text import fold
from partners_crm.services import records
from partners_crm.services.maps import borders_of, has_borders
from partners_crm.services.seats.spans import Span, is_over, without
from partners_crm.store.maps import maps_of, setting
from partners_crm.store.open import Handle
from partners_crm.store.read import where
from partners_crm.store.work import Changes

TITLES = {"house": "Representative", "senate": "Senator"}


class Posts:
    """The roles of lawmakers in the bodies of the legislature, one body for each chamber, as of a day."""

    def __init__(self, unit: Changes, on: date) -> None:
        self._unit = unit
        self._on = on
        self._bodies: dict[str, Organization] = {}

    def body(self, seat: Seat) -> Organization | None:
        """The body of a seat's chamber, where it is known."""
        if seat.chamber not in self._bodies:
            wanted = fold(body_name(self._unit.db, seat))
            bodies = where(self._unit.db, Organization, kind="legislature")
            # The Illinois House of Representatives is the Illinois House.
            known = [each for each in bodies if f"{fold(each.name)} ".startswith(f"{wanted} ")]
            if known:
                self._bodies[seat.chamber] = min(known, key=lambda each: (fold(each.name) != wanted, each.id))
        return self._bodies.get(seat.chamber)

    def take(self, contact: int, seat: Seat, since: str, until: str) -> None:
        """Give a holder a role in the body of the seat, unless there is one that lasts."""
        body = self.body(seat)
        if body is None:
            name = body_name(self._unit.db, seat)
            body = self._bodies[seat.chamber] = records.add(self._unit, Organization, name=name, kind="legislature")
        if not self._lasting(contact, body):
            values = {"contact": contact, "organization": body.id, "title": TITLES[seat.chamber]}
            records.add(self._unit, Role, **values, since=since, until=until)

    def leave(self, contact: int, seat: Seat, last: str) -> None:
        """End the holder's roles in the body of the seat; one that would end before it began goes."""
        body = self.body(seat)
        for role in self._lasting(contact, body) if body else ():
            if role.since and role.since[: len(last)] > last:
                records.remove(self._unit, role)
            elif not role.until or ends(role.until) > ends(last):
                records.edit(self._unit, role, until=last)

    def _lasting(self, contact: int, body: Organization) -> list[Role]:
        roles = where(self._unit.db, Role, contact=contact, organization=body.id)
        return [role for role in roles if not is_over(role.until, self._on)]


def make_room(unit: Changes, terms: Iterable[Term], taken: Span) -> list[tuple[Term, str]]:
    """Take a span out of terms: they end before it, go on after it, or go; gives (term, its last day) of the ended.

    The last day of one that went is "".
    """
    ended = []
    for term in terms:
        left = without((term.since, term.until), taken)
        if left == [(term.since, term.until)]:
            continue
        if not left:
            records.remove(unit, term)
            ended.append((term, ""))
            continue
        for since, until in left[1:]:
            values = {name: term[name] for name in ("seat", "contact", "status", "party", "source")}
            records.add(unit, Term, **values, since=since, until=until)
        since, until = left[0]
        after = records.edit(unit, term, since=since, until=until)
        if len(left) == 1 and after.until != term.until:
            ended.append((after, until))
    return ended


def leave_for(posts: Posts, unit: Changes, ended: Iterable[tuple[Term, str]], seats: dict[int, Seat], on: date) -> None:
    """End the roles of those whose term has ended, unless they have another one in the same chamber."""
    for term, last in ended:
        if term.contact is None:
            continue
        seat = seats[term.seat]
        others = where(unit.db, Term, contact=term.contact)
        if not any(seats[other.seat].chamber == seat.chamber and not is_over(other.until, on) and other.id != term.id
                   for other in others):  # fmt: skip
            posts.leave(term.contact, seat, last or starts(on.isoformat()))


def body_name(db: Handle, seat: Seat) -> str:
    """What the body of a seat's chamber is called: "Illinois Senate"."""
    return f"{_state_name(db)} {seat.name.rpartition(' ')[0] or seat.name}"


def _state_name(db: Handle) -> str:
    state = setting(db, "state")
    for plan in CALENDAR:
        if plan.state == state:
            return plan.state_name
    for each in maps_of(db):
        if each.code in bundled_maps():
            return load_info(each.code).state_name
        if has_borders(db, each):
            return borders_of(db, each).info.state_name
    return state.upper()
