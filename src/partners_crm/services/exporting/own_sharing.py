"""What reaches a place or an organization, and what else takes rows: shared out among the rows that name it.

What is too much for the columns of one row (a second web address, a phone that was not understood beside one that was)
goes into the next row of the same site, or into one more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from partners_crm.model import Contact, ContactPoint, Role, ServiceLine, Site, Table
from partners_crm.normalize.contact_values import split_emails
from partners_crm.normalize.letterhead import address_in, parse_letterhead
from partners_crm.services.exporting import own_cells as cells
from partners_crm.services.exporting.own_facts import Body, Came
from partners_crm.services.exporting.own_headers import (
    DIRECT,
    EMAIL,
    EXTENSION,
    FAX,
    OTHER_NAME,
    PHONE,
    PROGRAM,
    WEB,
    Cells,
    Columns,
)
from partners_crm.services.importing.targets import Target

T = TypeVar("T")


@dataclass(slots=True)
class Person:
    """One of the people of a row, with what of them the row has room for."""

    contact: Contact | None
    """None: mail addresses of the place."""
    role: Role | None = None
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    wish: str = ""
    """What the columns say of the mail addresses: bounced, unsubscribed."""


@dataclass(slots=True)
class Slot:
    """A row to be."""

    site: Site | None
    people: list[Person | None]
    came: list[Came] = field(default_factory=list)
    """The source rows that named the same, the newest first."""
    phones: Cells = field(default_factory=dict)
    lines: list[ServiceLine] = field(default_factory=list)
    more: Cells = field(default_factory=dict)


class Sharing:
    """Shares what belongs to a place or an organization out among its rows."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def own_points(self, body: Body, kinds: tuple[str, ...] = ("phone", "email")) -> list[ContactPoint]:
        """The phones and mail addresses of the organization itself."""
        if body.organization is None:
            key = next(iter(body.contacts))
            if self._columns.has("", "contact_phone"):
                return []
            return [
                point
                for point in body.points.get(("contact", key), ())
                if point.kind in kinds and point.kind == "phone"
            ]
        points = body.points.get(("organization", body.organization.id), [])
        return [point for point in points if point.kind in kinds]

    def give_phones(self, body: Body, slots: list[Slot]) -> None:
        """Phones and faxes of a place; rows that there is none left for say the first ones again."""
        for group in list(_by_site(slots).values()):
            site = group[0].site
            points = self._place_points(body, site, slots, "phone")
            faxes = [point for point in points if point.use == "fax" and self._columns.count(FAX)]
            phones = [point for point in points if point not in faxes] if self._columns.count(PHONE) else []
            fax_cells = [cells.phone_cell(point, "fax") for point in faxes]
            chunks = self._phone_chunks(phones)
            others = cells.packed(fax_cells, self._columns.count(FAX), cells.phones_in) if faxes else []
            for number in range(max(len(chunks), len(others))):
                slot = _room(body, slots, group, number)
                slot.phones = {**turn(chunks, number, {}), FAX: turn(others, number, [])}
            for number, slot in enumerate(group):
                if number >= max(len(chunks), len(others)) and group[0].phones:
                    slot.phones = group[0].phones

    def give_mails(self, body: Body, slots: list[Slot]) -> None:
        """Mail addresses of the place stand in rows that name nobody."""
        for group in list(_by_site(slots).values()):
            bare = [slot for slot in group if not any(slot.people)]
            mails = self._mails_of(body, group[0].site, slots)
            phones = self._bare_phones(body, group[0].site, slots)
            for number in range(max(len(mails), len(phones))):
                slot = bare[number] if number < len(bare) else _room(body, slots, group, len(group))
                wish, emails = turn(mails, number, ("", []))
                slot.people = [None] * self._columns.people
                slot.people[self._columns.phone_seat - 1] = Person(None, None, [], turn(phones, number, []))
                person = Person(None, None, emails, [], wish)
                if self._columns.mail_seat == self._columns.phone_seat:
                    person.phones = turn(phones, number, [])
                slot.people[self._columns.mail_seat - 1] = person
                slot.phones = slot.phones or group[0].phones

    def give_lines(self, body: Body, slots: list[Slot]) -> None:
        """What is done at each site."""
        size = self._columns.count(PROGRAM)
        if not size:
            return
        groups = _by_site(slots)
        for key, group in groups.items():
            is_all = key is None and not self._columns.tells_sites
            here = [line for line in body.lines if is_all or line["site"] == key]
            if group[0] is slots[0] and None not in groups:
                here += [line for line in body.lines if line["site"] is None]
            chunks = [here[start : start + size] for start in range(0, len(here), size)]
            for number, chunk in enumerate(chunks):
                slot = _room(body, slots, group, number)
                slot.lines, slot.phones = chunk, slot.phones or group[0].phones
            for slot in group[len(chunks) :]:
                slot.lines = chunks[0] if chunks else []

    def give_others(self, body: Body, slots: list[Slot]) -> None:
        """Web addresses and further names, which never share a cell."""
        if body.organization is None:
            return
        points = body.points.get(("organization", body.organization.id), [])
        sited = chain.from_iterable(self._of_site(body, site, "web") for site in body.sites)
        webs = [cells.web_text(point) for point in chain((each for each in points if each.kind == "web"), sited)]
        kinds = Target("other_name", "kind")
        queues: list[list[Cells]] = [
            [{WEB: list(some)} for some in parted(list(dict.fromkeys(webs)), self._columns.count(WEB))],
            [
                {OTHER_NAME: [each.name for each in some], kinds: [shown(each, "kind") for each in some]}
                for some in parted(body.other_names, self._columns.count(OTHER_NAME))
            ],
        ]
        for number in range(max(map(len, queues))):
            if number >= len(slots):
                first = slots[0]
                slots.append(Slot(first.site, [None], [], first.phones, first.lines))
        for number, slot in enumerate(slots):
            for queue in queues:
                slot.more |= turn(queue, number, {})

    def is_for_place(self, body: Body, site: Site | None, slots: Sequence[Slot]) -> bool:
        """Whether a site needs a row that names nobody."""
        return bool(self._mails_of(body, site, slots) or self._bare_phones(body, site, slots))

    def mail_chunks(self, points: Sequence[ContactPoint], seat: int, *, named: bool) -> list[tuple[str, list[str]]]:
        """(what is to be said of them, texts) of mail addresses that fit one row."""
        columns = self._columns.count(EMAIL._replace(person=seat))
        # Of who has no other name, the mail address is the name, as it was typed.
        is_name = named and not self._columns.names_people
        groups: dict[str, list[cells.Cell]] = {"": []}
        for point in points if columns else ():
            groups.setdefault(self._wish(point, named=named), []).append(cells.email_cell(point, typed=is_name))
        return [(wish, chunk) for wish, some in groups.items() for chunk in cells.packed(some, columns, split_emails)]

    def _wish(self, point: ContactPoint, *, named: bool) -> str:
        words = []
        if point.status == "bounced" and "email_status" in self._columns.wishes:
            words.append("bounced")
        if point.do_not_contact and (self._columns.wishes or (not named and self._columns.has("", "do_not_contact"))):
            words.append("unsubscribed")
        return " ".join(words)

    def _place_points(self, body: Body, site: Site | None, slots: Sequence[Slot], kind: str) -> list[ContactPoint]:
        """What reaches a place: that of the organization itself stands where no site does, else at the first site."""
        own = self.own_points(body, (kind,))
        if site is None:
            if self._columns.tells_sites:
                return own
            sited = [point for each in body.sites for point in self._of_site(body, each, kind)]
            values = {(point.value, point.extension) for point in own if point.value}
            return own + [point for point in sited if (point.value, point.extension) not in values]
        found = self._of_site(body, site, kind)
        is_first = next((slot.site for slot in slots), None) is site
        if is_first and all(slot.site is not None for slot in slots):
            values = {(point.value, point.extension) for point in found if point.value}
            found = found + [point for point in own if (point.value, point.extension) not in values]
        return found

    def _of_site(self, body: Body, site: Site, kind: str) -> list[ContactPoint]:
        points = [point for point in body.points.get(("site", site.id), ()) if point.kind == kind]
        if kind == "phone" or not points or address_in(site.address) == site.address:
            return points
        # What stands in the address comes back with it.
        told = {(each["kind"], each["raw"]) for each in parse_letterhead(site.address).points()}
        return [point for point in points if (kind, point.raw) not in told]

    def _phone_chunks(self, points: Sequence[ContactPoint]) -> list[Cells]:
        if not self._columns.count(EXTENSION):
            found = [cells.phone_cell(point) for point in points]
            return [{PHONE: some} for some in cells.packed(found, self._columns.count(PHONE), cells.phones_in)]
        if len(points) == 1:
            return [{PHONE: [cells.phone_cell(points[0], extension=False).text], EXTENSION: [points[0].extension]}]
        # An extension in a column of its own belongs to every number of the row.
        apart = [point for point in points if point.extension and not point.value]
        found = [cells.phone_cell(point) for point in points if point not in apart]
        together = cells.packed(found, self._columns.count(PHONE), cells.phones_in)
        chunks: list[Cells] = [{PHONE: some} for some in together]
        return chunks + [{PHONE: [str(point.raw)], EXTENSION: [point.extension]} for point in apart]

    def _mails_of(self, body: Body, site: Site | None, slots: Sequence[Slot]) -> list[tuple[str, list[str]]]:
        if body.organization is None:
            return []
        points = self._place_points(body, site, slots, "email")
        return self.mail_chunks(points, self._columns.mail_seat, named=False)

    def _bare_phones(self, body: Body, site: Site | None, slots: Sequence[Slot]) -> list[list[str]]:
        """Phones of the place that only a column for those of people can hold."""
        columns = self._columns.count(DIRECT._replace(person=self._columns.phone_seat))
        if self._columns.count(PHONE) or not columns or body.organization is None:
            return []
        points = self._place_points(body, site, slots, "phone")
        found = [cells.phone_cell(point) for point in points if point.use != "fax" or not self._columns.count(FAX)]
        return cells.packed(found, columns, cells.phones_in)


def _room(body: Body, slots: list[Slot], group: list[Slot], number: int) -> Slot:
    """The row of that number of a site; one more where there are not so many."""
    if number < len(group):
        return group[number]
    # A person of no organization is named in each row.
    slot = Slot(group[0].site, [None] if body.organization else group[0].people)
    slots.append(slot)
    group.append(slot)
    return slot


def _by_site(slots: list[Slot]) -> dict[int | None, list[Slot]]:
    found: dict[int | None, list[Slot]] = {}
    for slot in slots:
        found.setdefault(slot.site.id if slot.site else None, []).append(slot)
    return found


def shown(record: Table, name: str) -> str:
    """The text of a field of a record; "" for a link."""
    how = type(record).declarations()[name]
    return "" if how.kind == "link" else cells.value_text(how, record[name])


def in_seat(person: Person, seat: int) -> list[Person | None]:
    """The people of a row that speaks of one person alone."""
    return [*[None] * (seat - 1), person]


def parted(values: Sequence[T], size: int) -> list[Sequence[T]]:
    """Values in parts of a size; none where there is no room for any."""
    return [values[start : start + size] for start in range(0, len(values), size)] if size else []


def turn(values: Sequence[T], number: int, otherwise: T) -> T:
    """The value of that number; after the last the first again."""
    if not values:
        return otherwise
    return values[number] if number < len(values) else values[0]
