"""Who stands with whom in a row of a person's own spreadsheet.

A row names an organization, one of its sites and as many people as the mapping has columns for. The rows of the file
that an organization came in say which site and which people stand together; what they do not name follows in rows of
its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from partners_crm.model import Contact, Site
from partners_crm.normalize.contact_values import split_emails
from partners_crm.normalize.text import fold
from partners_crm.services.exporting import own_cells as cells
from partners_crm.services.exporting.own_facts import Body, Came
from partners_crm.services.exporting.own_headers import DIRECT, NAMES, PROGRAM, Columns, name_kind, speaks_of_site
from partners_crm.services.exporting.own_sharing import Person, Sharing, Slot, in_seat, turn
from partners_crm.services.importing.cells import postal_code
from partners_crm.services.importing.targets import Target


@dataclass(slots=True)
class _Told:
    """What there is to say of a person in a seat, and how often it was said."""

    entries: list[Person]
    used: int = 0


Made = dict[tuple[int, int], _Told]
"""By contact and seat."""


class Seating:
    """Gives the sites and the people of an organization their rows."""

    def __init__(self, columns: Columns, sharing: Sharing) -> None:
        self._columns = columns
        self._sharing = sharing

    def slots(self, body: Body) -> list[Slot]:
        """The rows, each with its site and its people."""
        made: Made = {}
        slots = [
            Slot(site, [self._next(body, made, key, seat) for seat, key in enumerate(keys, 1)], came)
            for site, keys, came in self._told(body)
        ]
        home = body.sites[0] if body.sites and self._columns.tells_sites else None
        seen = {slot.site.id for slot in slots if slot.site}
        sites: list[Site | None] = [site for site in body.sites if self._columns.tells_sites and site.id not in seen]
        groups = self._into_bare(body, slots, self._left(body, made))
        for number in range(max(len(sites), len(groups), not slots)):
            site = sites[number] if number < len(sites) else home
            slots.append(Slot(site, groups[number] if number < len(groups) else [None]))
        return slots

    def _people(self, body: Body) -> dict[int, Contact]:
        """The people that rows can name."""
        return body.contacts if self._columns.names_people or body.organization is None else {}

    def _next(self, body: Body, made: Made, key: int | None, seat: int) -> Person | None:
        """The next of what there is to say of a person in a seat; after the last the first again."""
        if key is None:
            return None
        told = made.setdefault((key, seat), _Told(self._entries(body, key, seat)))
        told.used += 1
        return turn(told.entries, told.used - 1, None)

    def _left(self, body: Body, made: Made) -> list[list[Person | None]]:
        """Who stands in no row yet, as many in a row as it has room for; then what is too much for one row."""
        seats = self._columns.seats if body.organization else (self._columns.fullest,)
        seated = {key for key, _ in made}
        waiting = [key for key in self._people(body) if key not in seated]
        groups: list[list[Person | None]] = []
        for start in range(0, len(waiting), len(seats)):
            row: list[Person | None] = [None] * self._columns.people
            for seat, key in zip(seats, waiting[start:], strict=False):
                row[seat - 1] = self._next(body, made, key, seat)
            groups.append(row)
        for (_, seat), told in made.items():
            groups += [in_seat(person, seat) for person in told.entries[told.used :]]
        return groups

    def _into_bare(self, body: Body, slots: list[Slot], groups: list[list[Person | None]]) -> list[list[Person | None]]:
        """Put people into rows that have none, but where those rows are for mail addresses of the place."""
        for slot in slots:
            if groups and not any(slot.people) and not self._sharing.is_for_place(body, slot.site, slots):
                slot.people = groups[0]
                groups = groups[1:]
        return groups

    def _told(self, body: Body) -> Iterator[tuple[Site | None, list[int | None], list[Came]]]:
        """What the rows of files put together, as far as a newer file does not say it otherwise."""
        covered: set[tuple[str, object]] = set()
        fresh: set[tuple[str, object]] = set()
        operation = 0
        needs_none = any(self._sharing.own_points(body)) or any(line["site"] is None for line in body.lines)
        lines = {(line["site"], fold(line.name)) for line in body.lines}
        combined: dict[tuple[int, tuple[int | None, ...]], list[Came]] = {}
        found: list[tuple[Site | None, list[int | None], list[Came]]] = []
        for came in body.came:
            if came.operation != operation:
                covered |= fresh
                operation, fresh = came.operation, set()
            site = self._site_of(body, came)
            people = [self._person_of(body, came, number) for number in range(1, self._columns.people + 1)]
            says: set[tuple[str, object]] = {("contact", key) for key in people if key is not None}
            if site is not None or needs_none:
                says.add(("site", site.id if site else None))
            for name in self._columns.said(came, PROGRAM):
                for where in {site.id if site else None, None} if not site else {site.id}:
                    if (where, fold(name)) in lines:
                        says.add(("line", (where, fold(name))))
            key = (site.id if site else 0, tuple(people))
            combined.setdefault(key, []).append(came)
            if says - covered:
                found.append((site, people, [came]))
            fresh |= says
        if not found and body.came:
            # A row that says nothing but the organization.
            found = [(None, [None] * self._columns.people, [body.came[0]])]
        for site, people, rows in found:
            older = combined[site.id if site else 0, tuple(people)]
            rows += [each for each in older if each.operation != rows[0].operation]
        yield from found[:1] if body.organization is None else found

    def _site_of(self, body: Body, came: Came) -> Site | None:
        if not body.sites or not self._columns.tells_sites:
            return None
        said = {
            target.name: " ".join(self._columns.said(came, target))
            for target in self._columns.counts
            if speaks_of_site(target)
        }
        if not any(said.values()):
            return None
        said["postal_code"] = postal_code(said.get("postal_code", "")).value
        if len(body.sites) == 1:
            return body.sites[0]
        names = ("name", *cells.PLACE, "service_area")

        def likeness(site: Site) -> tuple[int, int]:
            """How much of a site the row says; then how little else there is."""
            stored = {name: str(site[name]) for name in names if site[name]}
            same = sum(fold(text) == fold(said.get(name, "")) for name, text in stored.items())
            return same, -sum(not said.get(name) for name in stored if name != "service_area")

        return max(body.sites, key=likeness)

    def _person_of(self, body: Body, came: Came, number: int) -> int | None:
        parts = {name: " ".join(self._columns.said(came, Target(name_kind(name), name, number))) for name in NAMES}
        people = self._people(body)
        if body.organization is None:
            return next(iter(people)) if number == self._columns.fullest else None
        name = fold(parts["name"] or " ".join(parts[each] for each in cells.NAME_PARTS))
        told = self._columns.said(came, Target("", "email", number))
        mails = {text.lower() for cell in told for text in split_emails(cell)}
        for key, contact in people.items():
            if name and fold(contact.name) == name:
                return key
        for key in people:
            if any(point.value.lower() in mails for point in body.points.get(("contact", key), ())):
                return key
        return None

    def _entries(self, body: Body, key: int, seat: int) -> list[Person]:
        """What there is to say of a person in the columns of a seat, as many rows as it takes."""
        contact = body.contacts[key]
        points = body.points.get(("contact", key), [])
        mails = self._sharing.mail_chunks([point for point in points if point.kind == "email"], seat, named=True)
        phones = [cells.phone_cell(point) for point in points if point.kind == "phone"]
        chunks = cells.packed(phones, self._columns.count(DIRECT._replace(person=seat)), cells.phones_in)
        roles = body.jobs.get(key, [])
        made = []
        for number in range(max(1, len(mails), len(chunks), len(roles))):
            wish, emails = turn(mails, number, ("", []))
            role = roles[number if number < len(roles) else 0] if roles else None
            made.append(Person(contact, role, emails, turn(chunks, number, []), wish))
        return made
