"""Loading a roster: each seat's holder is compared with its term of the day, and what differs is written.

The same person: nothing is written, but for what was not known. Another one: the old term ends the day before, and
a new one begins. A seat of a chamber that the roster does not name is vacant from the day of the roster on. A seat
whose term a person entered or edited is left alone. Terms that a roster brought and the next one contradicts from
their first day on are withdrawn; the journal keeps them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from partners_crm.model import Change, Contact, ContactPoint, Operation, Role, Seat, Term
from partners_crm.normalize.dates import ends, starts
from partners_crm.normalize.text import fold
from partners_crm.services import records
from partners_crm.services.formats import Formats
from partners_crm.services.rows import Problem, column_names, kept_cells
from partners_crm.services.seats.holding import Held, in_office, person_of, source_of
from partners_crm.services.seats.posts import Posts, leave_for, make_room
from partners_crm.services.seats.roster import Entry, Roster, SeatKey, person_key, read_roster
from partners_crm.services.seats.spans import Span, day_before, is_over, without
from partners_crm.services.settings import zone
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, tuples, where
from partners_crm.store.read import records as select
from partners_crm.store.work import Changes, Source, changes

WHOLE = 0.5
"""The part of a chamber's seats that a roster must name for the absence of one to say that it is vacant."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a roster changed, or would change."""

    file: str
    described: str
    """How the file was read: encoding and delimiter."""
    as_of: str
    rows: int
    """Rows with any text: taken + unchanged + problems."""
    taken: int
    """Rows that brought something new."""
    unchanged: int
    """Rows that say what was known, or are about a seat that is left alone."""
    filled: int
    """Seats with a new holder."""
    updated: int
    """Seats whose term or holder was completed."""
    vacated: int
    """Seats that are vacant from now on."""
    contacts: int
    """People that were not known."""
    nobody: tuple[str, ...]
    """Seats that the roster does not name."""
    kept: tuple[str, ...]
    """Seats left alone, with who holds them and since when that stands so."""
    partial: tuple[str, ...]
    """Chambers of which the roster names so few seats that it is taken for a part."""
    withdrawn: tuple[str, ...]
    """Terms of earlier rosters that this one contradicts from their first day on."""
    private: int
    """Phones of offices that are not public, left out."""
    unmapped: tuple[str, ...]
    """Headers of columns kept in the source rows only."""
    problems: tuple[Problem, ...]
    changes: int
    operation: int | None
    """Id of the operation; None when nothing was written."""
    preview: bool


def load_roster(
    db: Handle,
    path: Path,
    *,
    as_of: date,
    formats: Formats,
    encoding: str = "",
    preview: bool = False,
    by: str = "",
    clock: Clock = utc_now,
) -> LoadReport:
    """Load a roster as it stood on a day.

    Raises:
        FileRefused: a fault of the file; nothing was written.
        StoreError: the database refuses; nothing was written.
    """
    known = select(db, Seat.select().order_by(Seat.chamber, Seat.number))
    roster = read_roster(path, map(_key, known), as_of, formats=formats, encoding=encoding)
    sheet = roster.sheet
    source = Source(sheet.name, sheet.sha256)
    with changes(db, f"load roster {sheet.name}", by=by, source=source, clock=clock, keep=not preview) as unit:
        loader = _Loader(unit, roster, known, as_of)
        loader.load()
        return loader.report(preview=preview)


class _Loader:
    def __init__(self, unit: Changes, roster: Roster, seats: list[Seat], as_of: date) -> None:
        self.unit = unit
        self.roster = roster
        self.seats = seats
        self.by_id = {seat.id: seat for seat in seats}
        self.as_of = as_of
        self.today = as_of.isoformat()
        self.posts = Posts(unit, as_of)
        self.people = _People(unit, roster)
        self.terms = self._terms()
        self.counted: Counter[str] = Counter()
        self.nobody: list[str] = []
        self.kept: list[str] = []
        self.withdrawn: list[str] = []
        self.ended: list[tuple[Term, str]] = []
        named = Counter(chamber for chamber, _ in roster.entries)
        sizes = Counter(seat.chamber for seat in seats)
        self.whole = {chamber for chamber, number in named.items() if number >= WHOLE * sizes[chamber]}
        self.partial = sorted(named.keys() - self.whole)
        self.written: set[int] = set()
        """Lines of rows that brought something."""

    def _terms(self) -> dict[int, list[Term]]:
        """The terms of each seat as they stand now."""
        found: dict[int, list[Term]] = {}
        for term in select(self.unit.db, Term.select().order_by(Term.id)):
            found.setdefault(term.seat, []).append(term)
        return found

    def load(self) -> None:
        # What people have left is in nobody's way when the seats are filled.
        self._leave_other_seats()
        self.terms = self._terms()
        for seat in self.seats:
            entry = self.roster.entries.get(_key(seat))
            before = self.unit.count
            self._load_seat(seat, entry)
            if entry is not None and self.unit.count > before:
                self.written.update(entry.lines)
        leave_for(self.posts, self.unit, self.ended, self.by_id, self.as_of)
        if self.unit.count:
            self.unit.keep_source_rows(self._source_rows())

    def _load_seat(self, seat: Seat, entry: Entry | None) -> None:
        terms = self.terms.get(seat.id, [])
        current = self._current(terms, entry)
        speaks = entry is not None or (seat.chamber in self.whole and _key(seat) not in self.roster.spoilt)
        if not speaks:
            return
        if current is not None and self._is_by_hand(current):
            self.kept.append(self._kept(seat, current))
        elif entry is not None and entry.name:
            self._seat(seat, entry, terms)
        else:
            if entry is None:
                self.nobody.append(seat.name)
            since = (entry.since if entry else "") or self.today
            announced = any(
                term.source and term.status == "vacant" and term.since == since and not is_over(term.until, self.as_of)
                for term in terms
            )
            if not announced and (current is None or current.status != "vacant"):
                self._vacate(seat, terms, since)

    def _current(self, terms: list[Term], entry: Entry | None) -> Term | None:
        """The term that covers the day of the roster, or the first day that an entry announces."""
        day = max(self.today, starts(entry.since)) if entry is not None and entry.since else self.today
        held, _ = in_office(map(_held, terms), date.fromisoformat(day))
        return next((each for each in terms if held is not None and each.id == held.id), None)

    def _seat(self, seat: Seat, entry: Entry, terms: list[Term]) -> None:
        """Let the person of an entry hold a seat."""
        own = self._own(entry, terms)
        again = [each for each in terms if each.source and each.since and each.since == entry.since]
        again = [each for each in again if self._is(each, entry)]
        before = self.unit.count
        known = self._current(own, entry) or own[-1] if own else None
        if known is not None and not self._comes_back(known, entry, terms):
            term = self._complete(seat, known, entry, terms)
            kind = "updated"
        else:
            contact = self.people.find_or_add(entry)
            others = [each for each in terms if each not in again[-1:]]
            until = self._make_room(others, entry.since, entry.until)
            kind = "filled"
            if again:
                term = records.edit(self.unit, again[-1], until=until)
                term = self._complete(seat, term, entry, where(self.unit.db, Term, seat=seat.id))
            else:
                values = {"contact": contact, "status": self._status(entry), "party": entry.party}
                term = self._add(seat, terms, entry.person, (entry.since, until), **values)
        if term.contact is not None:
            self.posts.take(term.contact, seat, term.since, term.until)
            self.people.reach(term.contact, entry)
        if self.unit.count > before:
            self.counted[kind] += 1

    def _comes_back(self, term: Term, entry: Entry, terms: list[Term]) -> bool:
        """Whether a term is a later one than that of which the roster tells: somebody else's lies between."""
        if entry.status == "elect" or starts(entry.since or self.today) > self.today:
            return False
        now = self._current(terms, entry)
        if now is not None and now.id == term.id:
            return False
        return any(
            each.since
            and self.today < starts(each.since)
            and (not term.since or starts(each.since) < starts(term.since))
            and (not term.until or starts(each.since) <= ends(term.until))
            for each in terms
            if each.id != term.id
        )

    def _complete(self, seat: Seat, term: Term, entry: Entry, terms: list[Term]) -> Term:
        """Take over what the roster knows better of a term that goes on."""
        values: dict[str, Any] = {}
        others = [each for each in terms if each.id != term.id]
        now = self._current(terms, entry)
        since = entry.since
        if not since and entry.status != "elect" and (now is None or now.id != term.id):
            # Who was to come later, and is named among those who hold a seat, holds it by now.
            since = self.today
        span = (since, term.until)
        # A person's word stays where it is, and nobody's later term is run into.
        if span[0] and (not term.since or starts(span[0]) < starts(term.since)) and _around(others, span) == [span]:
            self._make_room(others, *span)
            others = [each for each in where(self.unit.db, Term, seat=seat.id) if each.id != term.id]
            # Of an unknown start, today is no more than the latest.
            values["since"] = since if entry.since or term.since else ""
        span = (values.get("since", term.since), entry.until)
        if span[1] and _around(others, span, every=True) == [span] and not _came_after(others, term.until):
            values["until"] = entry.until
        if entry.party:
            values["party"] = entry.party
        if entry.status or term.status == "elect":
            values["status"] = self._status(entry)
        return records.edit(self.unit, term, **values) if values else term

    def _status(self, entry: Entry) -> str:
        coming = bool(entry.since) and starts(entry.since) > self.today
        return "elect" if coming else {"elect": "elect", "appointed": "appointed"}.get(entry.status, "elected")

    def _vacate(self, seat: Seat, terms: list[Term], since: str) -> None:
        until = self._make_room(terms, since, "")
        self._add(seat, terms, "", (since, until), status="vacant")
        self.counted["vacated"] += 1

    def _add(self, seat: Seat, terms: list[Term], person: str, span: Span, **values: Any) -> Term:
        """Add a term around what a person entered; gives its last part."""
        values |= {"seat": seat.id, "source": source_of(self.roster.sheet.name, person)}
        parts = _around(terms, span) or [span]
        return [records.add(self.unit, Term, since=since, until=until, **values) for since, until in parts][-1]

    def _make_room(self, terms: list[Term], since: str, until: str) -> str:
        """End the terms of rosters that are in the way of a new one; gives the last day of the new one.

        It lasts until a term that begins after the day of the roster, for that one was learnt later.
        """
        first = since or self.today
        begin = max(starts(first), self.today)
        later = [each.since for each in terms if each.since and starts(each.since) > begin]
        until = until or (day_before(min(later, key=starts)) if later else "")
        self._end([each for each in terms if each.source], (first, until))
        return until

    def _end(self, terms: list[Term], taken: Span) -> None:
        """Take a span out of terms; those that go whole are withdrawn."""
        ended = make_room(self.unit, terms, taken)
        self.ended += ended
        for term, last in ended:
            if not last:
                said = f"{self.by_id[term.seat].name}, {self.people.name(term.contact) or 'vacant'}"
                self.withdrawn.append(said + (f" since {term.since}" if term.since else ""))

    def _leave_other_seats(self) -> None:
        """End what is left of the terms of known people whom the roster seats elsewhere."""
        for seat in self.seats:
            entry = self.roster.entries.get(_key(seat))
            if entry is None or not entry.name:
                continue
            terms = self.terms.get(seat.id, [])
            current = self._current(terms, entry)
            if current is not None and self._is_by_hand(current):
                continue
            own = self._own(entry, terms)
            contact = self.people.find(entry, own[-1].contact if own else None)
            others = [] if contact is None else where(self.unit.db, Term, contact=contact)
            left = [
                each
                for each in others
                if each.seat != seat.id
                and not is_over(each.until, self.as_of)
                and (not each.since or starts(each.since) <= self.today)
                and not self._is_by_hand(each)
            ]
            before = self.unit.count
            self._end(left, (entry.since or self.today, ""))
            if self.unit.count > before:
                self.written.update(entry.lines)

    def _own(self, entry: Entry, terms: list[Term]) -> list[Term]:
        """The terms of rosters that the person of an entry has among those of a seat, and that are not over."""
        return [each for each in terms if each.source and self._is(each, entry) and not is_over(each.until, self.as_of)]

    def _is(self, term: Term, entry: Entry) -> bool:
        """Whether a term is of the person of an entry: by the id of the roster, or by the name."""
        if term.contact is None:
            return False
        if entry.person and entry.person == person_of(term.source):
            return True
        return person_key(self.people.name(term.contact)) == person_key(entry.name)

    def _is_by_hand(self, term: Term) -> bool:
        """Whether a person entered a term, or was the last to edit it; what a correction left over of one is not."""
        if not term.source or self._operation(term)[1]:
            return not term.source
        query = Change.select(Change.id).where(
            (Change.operation == term.version)
            & (Change.entity == Term.entity.name)
            & (Change.record == term.id)
            & (Change.action == "insert")
        )
        return not tuples(self.unit.db, query)

    def _operation(self, term: Term) -> tuple[str, str]:
        """(instant, source file) of the operation that last wrote a term; of this one nothing is known yet."""
        if term.version == self.unit.operation:
            return "", self.roster.sheet.name
        query = Operation.select(Operation.at, Operation.source).where(Operation.id == term.version)
        found = tuples(self.unit.db, query)
        return (str(found[0][0]), str(found[0][1])) if found else ("", term.source)

    def _kept(self, seat: Seat, term: Term) -> str:
        who = "vacant" if term.contact is None else self.people.name(term.contact)
        at, _ = self._operation(term)
        day = datetime.fromisoformat(at).astimezone(zone(self.unit.db)).date().isoformat() if at else "an unknown day"
        return f"{seat.name}, {who}, by hand on {day}"

    def _source_rows(self) -> Iterable[tuple[int, str, str, Contact | None, dict[str, str], None]]:
        sheet = self.roster.sheet
        reasons = {each.line: f"{each.column}: {each.reason}" for each in self.roster.problems}
        entries = {line: entry for entry in self.roster.entries.values() for line in entry.lines}
        names = column_names(sheet.headers)
        for row in self.roster.rows:
            outcome = "rejected" if row.line in reasons else "added" if row.line in self.written else "merged"
            entry = entries.get(row.line)
            contact = None if entry is None else self.people.found.get((entry.person, entry.name))
            record = None if contact is None else by_id(self.unit.db, Contact, contact)
            yield row.line, outcome, reasons.get(row.line, ""), record, kept_cells(names, row.cells), None

    def report(self, *, preview: bool) -> LoadReport:
        """What was done."""
        sheet, rows = self.roster.sheet, len(self.roster.rows)
        problems = len(self.roster.problems)
        return LoadReport(
            file=sheet.name,
            described=sheet.described,
            as_of=self.today,
            rows=rows,
            taken=len(self.written),
            unchanged=rows - len(self.written) - problems,
            filled=self.counted["filled"],
            updated=self.counted["updated"],
            vacated=self.counted["vacated"],
            contacts=self.people.added,
            nobody=tuple(self.nobody),
            kept=tuple(self.kept),
            partial=tuple(self.partial),
            withdrawn=tuple(self.withdrawn),
            private=self.roster.private,
            unmapped=self.roster.unmapped,
            problems=tuple(self.roster.problems),
            changes=self.unit.count,
            operation=None if preview or not self.unit.count else self.unit.operation,
            preview=preview,
        )


class _People:
    """The contacts that a roster may mean: by its id, by the name of a lawmaker, by name and mail address."""

    def __init__(self, unit: Changes, roster: Roster) -> None:
        self.unit = unit
        self.added = 0
        self.found: dict[tuple[str, str], int] = {}
        """The contact of each (id, name) of the roster."""
        db = unit.db
        self.names: dict[int, str] = dict(tuples(db, Contact.select(Contact.id, Contact.name)))
        self.by_person: dict[str, int] = {}
        lawmakers = {key for (key,) in tuples(db, Term.select(Term.contact).where(Term.contact.is_null(False)))}
        for contact, source in tuples(db, Term.select(Term.contact, Term.source).where(Term.contact.is_null(False))):
            if person := person_of(source):
                self.by_person[person] = contact
        lawmakers |= {key for (key,) in tuples(db, _roles_of_lawmakers())}
        self.by_name: dict[str, set[int]] = {}
        for key in lawmakers:
            self.by_name.setdefault(person_key(self.names[key]), set()).add(key)
        self.points: dict[int, set[tuple[str, str, str]]] = {}
        self.by_mail: dict[tuple[str, str], int] = {}
        columns = (
            ContactPoint.contact,
            ContactPoint.kind,
            ContactPoint.value,
            ContactPoint.raw,
            ContactPoint.extension,
        )
        for contact, *values in tuples(db, ContactPoint.select(*columns).where(ContactPoint.contact.is_null(False))):
            point = _point(*values)
            self.points.setdefault(contact, set()).add(point)
            if point[0] == "email":
                self.by_mail.setdefault((person_key(self.names[contact]), fold(point[1])), contact)
        persons = {entry.person for entry in roster.entries.values()}
        self.others = {contact for person, contact in self.by_person.items() if person in persons}
        """Contacts that the roster means by their ids."""

    def name(self, contact: int | None) -> str:
        """What a contact is called."""
        return "" if contact is None else self.names.get(contact, "")

    def find(self, entry: Entry, known: int | None = None) -> int | None:
        """The contact of an entry, which may be known from its seat; None where nobody is known of that name."""
        key = (entry.person, entry.name)
        found = self.found.get(key) or known or self._known(entry)
        if found is not None:
            self.found[key] = found
        return found

    def find_or_add(self, entry: Entry) -> int:
        """The contact of an entry."""
        known = self.find(entry)
        if known is None:
            values = {"name": entry.name}
            if entry.given and entry.family:
                values |= {"given_name": entry.given, "family_name": entry.family}
            known = records.add(self.unit, Contact, **values).id
            self.names[known] = entry.name
            self.added += 1
            self.found[entry.person, entry.name] = known
        return known

    def reach(self, contact: int, entry: Entry) -> None:
        """Add the mail addresses and phones of an entry that the contact has not."""
        self.found[entry.person, entry.name] = contact
        known = self.points.setdefault(contact, set())
        for kind, some in (("email", entry.emails), ("phone", entry.phones)):
            for raw in some:
                values = records.complete(ContactPoint, {"contact": contact, "kind": kind, "raw": raw})
                point = _point(kind, values["value"], raw, values["extension"])
                if point not in known:
                    known.add(point)
                    self.unit.add(ContactPoint, **values)

    def _known(self, entry: Entry) -> int | None:
        if entry.person and entry.person in self.by_person:
            return self.by_person[entry.person]
        key = person_key(entry.name)
        taken = set(self.found.values()) | self.others
        named = self.by_name.get(key, set()) - taken
        if len(named) == 1:
            return next(iter(named))
        mailed = {self.by_mail.get((key, fold(each))) for each in entry.emails} - {None} - taken
        return mailed.pop() if len(mailed) == 1 else None


def _roles_of_lawmakers() -> Any:
    from partners_crm.model import Organization

    bodies = Organization.select(Organization.id).where(Organization.kind == "legislature")
    return Role.select(Role.contact).where(Role.organization.in_(bodies))


def _point(kind: str, value: str, raw: str, extension: str) -> tuple[str, str, str]:
    return kind, value or fold(raw), extension


def _around(terms: Iterable[Term], span: Span, *, every: bool = False) -> list[Span]:
    """What is left of a span when the terms that a person entered, or every one, are taken out of it."""
    parts = [span]
    for term in terms:
        if term.since and (every or not term.source):
            parts = [left for part in parts for left in without(part, (term.since, term.until))]
    return parts


def _came_after(terms: Iterable[Term], until: str) -> bool:
    """Whether one of the terms, of unknown start, goes on after a last day: it may have begun then."""
    return bool(until) and any(not each.since and (not each.until or ends(each.until) > ends(until)) for each in terms)


def _key(seat: Seat) -> SeatKey:
    return seat.chamber, seat.number or 0


def _held(term: Term) -> Held:
    return Held(term.id, term.seat, term.contact, term.status, term.party, term.since, term.until, term.source)
