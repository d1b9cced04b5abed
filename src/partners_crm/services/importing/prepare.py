"""Reading a row: every cell becomes typed values, and everything that follows from them, without the database.

This is where the time of an import goes (addresses, phones), and so it runs before the lock is taken. What can be
wrong with a row by itself is found here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from partners_crm.errors import InvalidValue
from partners_crm.model import ContactPoint, Site
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.contact_values import split_emails
from partners_crm.normalize.letterhead import address_in, parse_letterhead
from partners_crm.normalize.neutral import restored
from partners_crm.normalize.phones import split_phones
from partners_crm.normalize.text import fold, reject_reason, tidy
from partners_crm.services.importing import cells as reading
from partners_crm.services.importing.cells import UNTAKEN, Read, is_blank, names_in
from partners_crm.services.importing.field_cells import Plain, reader_of
from partners_crm.services.importing.keys import name_clue, place_clue, point_clue
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.persons import titles_of
from partners_crm.services.importing.prepared import Person, Prepared
from partners_crm.services.importing.sheets import Row
from partners_crm.services.importing.targets import PERSONAL, Target
from partners_crm.services.records import ends_before, understood, understood_phone
from partners_crm.services.rows import Problem, Refusal

__all__ = ["Person", "Prepared", "Preparer", "Progress"]

PENDING = -1
"""Stands for the id of a record that is not known yet."""
_SITE_SAYS = ("address", "name", "city", "postal_code", "latitude", "service_area")
"""A row with none of these speaks of no site."""
_NOWHERE = {"unit": "", "city": "", "postal_code": ""}
_ROLES = ("title", "department", "is_primary", "speaks_for", "votes_for", "since", "until")
_SHORT = 10_000
"""Characters of a row whose cells need no look at their size one by one."""


class _Column(NamedTuple):
    """A column that is read by itself."""

    number: int
    header: str


class _Personal(NamedTuple):
    """The columns of one of the people of a row."""

    number: int
    middle_name: tuple[_Column, ...]
    name_ending: tuple[_Column, ...]
    email: tuple[_Column, ...]
    email_status: tuple[_Column, ...]
    contact_phone: tuple[_Column, ...]
    do_not_contact: tuple[_Column, ...]
    unsubscribed: tuple[_Column, ...]


class Preparer:
    """Reads the rows of one file under one mapping: what is to be done with a cell is decided once for its column."""

    def __init__(self, mapping: ColumnMapping, epoch: Literal[1900, 1904], salt: str) -> None:
        self.mapping = mapping
        self.epoch = epoch
        self._salt = f"{mapping.digest}|{salt}|".encode()
        self._by_target: dict[Target, tuple[_Column, ...]] = {}
        self.plain: list[Plain] = []
        self.several: list[tuple[int, Target]] = []
        people = set()
        for number, (header, use) in enumerate(zip(mapping.headers, mapping.uses, strict=True)):
            if (target := use.target) is None:
                continue
            self._by_target[target] = (*self._by_target.get(target, ()), _Column(number, header))
            how = target.declared
            if how is not None and target.kind not in {"identifier", "other_name", "service_line"}:
                record = (target.kind, target.person)
                self.plain.append(Plain(number, header, record, target.name, how, reader_of(target, how)))
            elif target.kind in {"silo", "own", "other_name", "service_line"} or target.name in _WORDS:
                self.several.append((number, target))
            if target.kind in {"contact", "role"} or target.name in _OF_PEOPLE:
                people.add(target.person)
        self.people = [
            _Personal(number, *(self.columns("", name, number) for name in _Personal._fields[1:]))
            for number in sorted(people)
        ]
        self.of_people: dict[int, list[_Column]] = {}
        for number, (header, use) in enumerate(zip(mapping.headers, mapping.uses, strict=True)):
            if use.target is not None and use.target.kind in {"contact", "role"}:
                self.of_people.setdefault(use.target.person, []).append(_Column(number, header))
        self.titles = titles_of(mapping)
        self.ein = self.columns("identifier", "value")
        self.uid = self.columns("", "uid")
        self.member_id = self.columns("", "member_id")
        self.extension = self.columns("", "extension")
        self.web = self.columns("", "web")
        self.phones = [(name, columns) for name in ("phone", "fax") if (columns := self.columns("", name))]
        self.chambers = [
            (name, columns) for name in ("house", "senate", "district") if (columns := self.columns("", name))
        ]
        self.names_organizations = mapping.has("organization", "name")
        self.of_organizations = [
            (number, use.target)
            for number, use in enumerate(mapping.uses)
            if use.target is not None and use.target.is_of_organizations
        ]
        self.of_sites = [number for number, target in self.of_organizations if target.kind == "site"]

    def hash_of(self, row: Row) -> bytes:
        """What the row says and how it is read, in 16 bytes: a row with the same hash says nothing new."""
        return self._hash(_said(row))

    def prepare(self, row: Row) -> Prepared:
        """Read a row; what refuses it stands in `refusal`."""
        said = _said(row)
        made = Prepared(row.line, row.cells, self._hash(said), marks=row.marks)
        refusals: list[Refusal] = []
        try:
            # What the row says of its people is read in any case: a mark counts in a row that stays out, too.
            _Reader(self, made, self._texts(row.cells, said, refusals), refusals).read()
        except Refusal as why:
            refusals.append(why)
        if refusals:
            made.refusal = refusals[0].at(row.line)
            # What was remarked about a row that stays out is no news.
            made.remarks.clear()
        return made

    def columns(self, kind: str, name: str, person: int = 1) -> tuple[_Column, ...]:
        """The columns that mean a target."""
        return self._by_target.get(Target(kind, name, person), ())

    def _hash(self, said: str) -> bytes:
        return hashlib.sha256(self._salt + said.encode("utf-8", "surrogatepass")).digest()[:16]

    def _texts(self, cells: tuple[str, ...], said: str, refusals: list[Refusal]) -> list[str]:
        """The text of the cell under each header; one that cannot be stored is refused, and read as nothing.

        Raises:
            Refusal: the row has too many cells: nobody knows under which header each of them belongs.
        """
        headers = self.mapping.headers
        missing = len(headers) - len(cells)
        if missing < 0 and any(map(str.strip, cells[len(headers) :])):
            reason = f"has {len(cells)} cells, the header has {len(headers)}"
            raise Refusal("", "", reason, "a comma may need quotes around it")
        # Most rows are short and plain in all their cells: they are looked at together.
        if not (len(said) < _SHORT and said.isascii() and "\0" not in said):
            plain = list(cells)
            for number, cell in enumerate(cells):
                if reason := reject_reason(cell):
                    header = headers[number] if number < len(headers) else ""
                    refusals.append(Refusal(header, cell[:40], reason))
                    plain[number] = ""
            cells = tuple(plain)
        texts = list(map(restored, cells)) if "'" in said else list(cells)
        return texts + [""] * missing if missing > 0 else texts


_OF_PEOPLE = PERSONAL | {"email_status"}
_WORDS = frozenset({"silo", "association", "tag"})
"""Values of which one cell holds several."""


def _said(row: Row) -> str:
    return "\x1f".join((*row.cells, *sorted(row.marks)) if row.marks else row.cells)


class _Reader:
    """One row on its way into a `Prepared`."""

    __slots__ = ("_first", "day_first", "epoch", "made", "owner", "refusals", "texts")

    def __init__(self, owner: Preparer, made: Prepared, texts: list[str], refusals: list[Refusal]) -> None:
        self.owner = owner
        self.made = made
        self.texts = texts
        self.refusals = refusals
        self._first = len(refusals)
        self.epoch = owner.epoch
        self.day_first = owner.mapping.day_first

    def read(self) -> None:
        owner, made = self.owner, self.made
        records = self._records()
        made.organization = records.get(("organization", 1), {})
        made.membership = records.get(("membership", 1), {})
        if owner.several:
            self._several()
        if owner.uid:
            made.uid = self._cell(owner.uid).lower()
        if owner.ein or owner.member_id:
            self._numbers()
        if owner.chambers:
            self._districts()
        if made.organization.get("name"):
            try:
                self._site(records.get(("site", 1), {}))
            except Refusal as why:
                self.refusals.append(why)
        for columns in owner.people:
            number = columns.number
            self._person(columns, records.get(("contact", number), {}), records.get(("role", number), {}))
        self._points()
        if name := made.organization.get("name"):
            made.name_clue = name_clue(name)
        else:
            self._nameless()
        self._clues()

    def _nameless(self) -> None:
        column = self.owner.mapping.header("organization", "name")
        if not self.made.people:
            names_one = self.owner.names_organizations
            raise Refusal(column, "", "the row names no organization" if names_one else "the row names nobody")
        made, person = self.made, self.made.people[0].contact
        if note := made.organization.pop("note", ""):
            person["note"] = "\n".join(filter(None, (person.get("note"), note)))
        for number, target in self.owner.of_organizations:
            if number in made.unread or not (text := self.texts[number].strip()) or is_blank(text):
                continue
            what = "is of somebody's work in an organization" if target.kind == "role" else "belongs to an organization"
            self.leave(number, text, f"{what}, and the row names none")
        # Nothing of it is taken, and so nothing of it refuses the row, or leads to an organization.
        headers = {self.owner.mapping.headers[number] for number, _ in self.owner.of_organizations}
        self.refusals[self._first :] = [why for why in self.refusals[self._first :] if why.column not in headers]
        made.organization.clear()
        made.membership.clear()
        made.site, made.place, made.town = None, "", ""
        made.districts.clear()
        for several in (made.webs, made.other_names, made.programs, made.silos, made.associations):
            several.clear()
        if self.owner.names_organizations:
            self.remark(column, "", "is empty: taken as a person without an organization", serious=True)

    def _clues(self) -> None:
        """What tells which organization the row is about."""
        made = self.made
        # A row says a mail address of the place in its letterhead alone; that leads to it, and proves nothing.
        clues = {clue for point in made.points if (clue := point_clue(point["kind"], point["value"]))}
        if made.people:
            theirs = [point_clue(point["kind"], point["value"]) for person in made.people for point in person.points]
            clues.update(filter(None, theirs))
            made.mails = tuple(sorted({clue for clue in theirs if clue.startswith("email:")}))
        if clues:
            made.phones = tuple(sorted([clue for clue in clues if clue.startswith("phone:")]))
        if place := place_clue(made.place):
            made.places = (place,)
            clues.add(place)
        made.evidence = tuple(clues)

    # ---------------------------------------------------------------- cells

    def _cell(self, columns: tuple[_Column, ...]) -> str:
        """The first text of some columns that says something."""
        return next((text for column in columns if (text := self.texts[column.number].strip())), "")

    def _cells(self, columns: tuple[_Column, ...]) -> Iterator[tuple[_Column, str]]:
        """Each of some columns that says something, with its text."""
        for column in columns:
            if text := self.texts[column.number].strip():
                yield column, text

    def remark(self, column: str, value: str, reason: str, *, serious: bool = False) -> None:
        self.made.remarks.append(Problem(self.made.line, column, value, reason, serious=serious))

    def leave(self, number: int, value: str, reason: str, *, serious: bool = False) -> None:
        """Say of a cell that nothing was taken from it."""
        self.made.unread.add(number)
        self.remark(self.owner.mapping.headers[number], value, f"{reason}; {UNTAKEN}", serious=serious)

    def told(self, column: str, text: str, read: Read) -> str:
        if read.said:
            self.remark(column, text, read.said, serious=read.serious)
        return read.value

    def _records(self) -> dict[tuple[str, int], dict[str, Any]]:
        found: dict[tuple[str, int], dict[str, Any]] = {}
        texts = self.texts
        for column in self.owner.plain:
            is_note = column.how.kind == "note"
            text = texts[column.number].strip() if is_note else tidy(texts[column.number])
            if not text:
                continue
            try:
                value = column.read(self, column, text)
            except Refusal as why:
                self.refusals.append(why)
                continue
            if value in (None, ""):
                # A flag that is not set was read all the same.
                if column.how.kind != "flag":
                    self.made.unread.add(column.number)
                continue
            values = found.setdefault(column.record, {})
            if is_note and values.get(column.name):
                value = f"{values[column.name]}\n{value}"
            values[column.name] = value
        for (kind, person), values in found.items():
            until = values.get("until")
            if until and (since := values.get("since")) and (reason := ends_before(since, until)):
                self.refusals.append(Refusal(self.owner.mapping.header(kind, "until", person), until, reason))
        return found

    # ---------------------------------------------------------------- what becomes records of its own

    def _several(self) -> None:
        made = self.made
        for number, target in self.owner.several:
            text = self.texts[number].strip()
            if not text:
                continue
            if target.kind == "silo":
                mark = reading.read_mark(text)
                if mark is None:
                    self.leave(number, text, "is no mark", serious=True)
                elif mark:
                    made.silos.append(target.name)
            elif target.kind == "own":
                if not is_blank(text):
                    made.own[target.name] = text
            else:
                into, found = self._words(target, text)
                into += found
                if not found:
                    made.unread.add(number)

    def _words(self, target: Target, text: str) -> tuple[list[str], list[str]]:
        """Where the names in a cell go, and the names."""
        made = self.made
        if target == Target("", "silo"):
            return made.silos, [part for part in reading.SPLIT.split(text) if part and not is_blank(part)]
        if target == Target("", "association"):
            return made.associations, names_in(text)
        if target == Target("", "tag"):
            return made.tags, [part.lstrip("* ") for part in reading.SPLIT.split(text) if part.strip("* ")]
        names = [] if is_blank(text) else [tidy(text)]
        return (made.other_names if target == Target("other_name", "name") else made.programs), names

    def _numbers(self) -> None:
        for column, text in self._cells(self.owner.ein):
            if value := self.told(column.header, text, reading.ein(text)):
                self.made.numbers.append(("ein", value))
            else:
                self.made.unread.add(column.number)
        for column, text in self._cells(self.owner.member_id):
            if reading.lost_digits(text):
                self.leave(column.number, text, "has lost digits in a spreadsheet", serious=True)
            elif not is_blank(text):
                self.made.numbers.append((self.owner.mapping.source, tidy(text).removesuffix(".0")))

    def _districts(self) -> None:
        for chamber, columns in self.owner.chambers:
            for column, text in self._cells(columns):
                if is_blank(text):
                    continue
                found = reading.districts_by_chamber(text)
                if len(found) > 1 or (found and chamber == "district"):
                    for said, number in found.items():
                        self.made.districts.setdefault(said, (number, text))
                elif reading.is_area(text):
                    reason = "is an area, not the district of a place; kept as the service area"
                    self.remark(column.header, text, reason)
                    self.made.districts.setdefault("area", (0, reading.area(text, chamber)))
                else:
                    self._district(column, text, "" if chamber == "district" else chamber)

    def _district(self, column: _Column, text: str, chamber: str) -> None:
        number, said = reading.read_district(text, chamber)
        if not said:
            self.leave(column.number, text, "does not say of which chamber it is", serious=True)
            return
        if said != chamber:
            self.remark(column.header, text, f"was read as a {said} district, whatever the column says")
        self.made.districts[said] = (number, text)

    def _site(self, values: dict[str, Any]) -> None:
        made = self.made
        _, area = made.districts.pop("area", (0, ""))
        if area and not values.get("service_area"):
            values["service_area"] = area
        self._towns(values)
        if not made.districts and not any(values.get(name) not in (None, "") for name in _SITE_SAYS):
            for number in self.owner.of_sites if values else ():
                text = self.texts[number].strip()
                if text and number not in made.unread and not is_blank(text):
                    self.leave(number, text, "says nothing of a place without an address or a town")
            return
        self._lost_zeros(values)
        address = values.get("address", "")
        kind = "mailing" if reading.PO_BOX.match(address) else values.get("kind", "")
        own = {**_NOWHERE, **values, "organization": PENDING, "kind": kind or "service"}
        try:
            site = made.site = understood(Site, own)
        except InvalidValue as error:
            raise Refusal(error.field, str(error.value), error.reason, error.hint) from None
        if not kind:
            site["kind"] = ""
        made.place = place_key(site["street"], site["unit"], site["postal_code"], site["city"])
        if site["city"]:
            made.town = fold(site["city"])
        if address and address_in(address) != address:
            for point in parse_letterhead(address).points():
                self._point(made.points, self.owner.mapping.header("site", "address"), dict(point))

    def _towns(self, values: dict[str, Any]) -> None:
        """Take a town, a state and a ZIP code that stand in one cell apart."""
        for name in ("postal_code", "city"):
            text = values.get(name, "")
            if not text or not (place := reading.town_state_zip(text)):
                continue
            values[name] = ""
            for part, said in place._asdict().items():
                if said and not values.get(part):
                    values[part] = said
        text = values.get("postal_code", "")
        if len(text) > 2 and text[:3].isalpha():
            (number,) = self.owner.mapping.columns("site", "postal_code")
            del values["postal_code"]
            header = fold(self.owner.mapping.headers[number]).split()
            if not values.get("city") and not {"city", "town"}.isdisjoint(header):
                values["city"] = text
            else:
                self.leave(number, text, "is no ZIP code", serious=True)

    def _lost_zeros(self, values: dict[str, Any]) -> None:
        """A ZIP code of New England without its zero, which a spreadsheet drops; anywhere else four digits are none."""
        text = values.get("postal_code", "")
        if not (text.isdecimal() and len(text) in {3, 4}):
            return
        column = self.owner.mapping.header("site", "postal_code")
        if reading.has_leading_zeros(values.get("state", "")):
            values["postal_code"] = text.zfill(5)
            self.remark(column, text, f"was read as {text.zfill(5)}, with the zero a spreadsheet drops")
        else:
            self.remark(column, text, "is no ZIP code: a digit is missing; kept as typed", serious=True)

    def _person(self, columns: _Personal, contact: dict[str, Any], role: dict[str, Any]) -> None:
        middle, ending = self._cell(columns.middle_name), self._cell(columns.name_ending)
        parts = (contact.get("given_name", ""), middle, contact.get("family_name", ""), ending)
        name = contact.get("name") or " ".join(filter(None, map(tidy, parts)))
        points: list[dict[str, Any]] = []
        status = self._mail_status(columns)
        for column, text in self._cells(columns.email):
            # Some programs write the name of the place where an address is missing.
            mails = [] if is_blank(text) or reading.is_no_mail(text) else split_emails(text)
            for part in mails:
                values = {"kind": "email", "raw": part}
                if status == "bounced":
                    values["status"] = "bounced"
                self._point(points, column.header, values)
            if not mails:
                self.made.unread.add(column.number)
        self._phones(points, columns.contact_phone)
        person = Person(
            {**contact, "name": name} if name else {},
            {key: role[key] for key in _ROLES if key in role},
            points,
            self._marked(columns.do_not_contact),
            self._marked(columns.unsubscribed) or status == "unsubscribed",
        )
        if not name:
            self._of_nobody(columns.number)
        elif title := self.owner.titles.get(columns.number):
            person.role.setdefault("title", title)
        if name or points:
            self.made.people.append(person)
            return
        if person.do_not_contact:
            self.made.is_silent = True
        for column, text in self._cells(columns.unsubscribed):
            if reading.read_mark(text) is not False:
                self.leave(column.number, text, "says so of nobody: the row names no person and no mail address")

    def _of_nobody(self, number: int) -> None:
        """What the row says of a person and of the work of one whom it does not name is taken from nowhere."""
        for column in self.owner.of_people.get(number, ()):
            text = self.texts[column.number].strip()
            if text and column.number not in self.made.unread and not is_blank(text):
                self.leave(column.number, text, "is of a person, and the row names none")

    def _mail_status(self, columns: _Personal) -> str:
        """What became of the mail address, "" where the row does not say so."""
        for column, text in self._cells(columns.email_status):
            if status := reading.MAIL_WORDS.get(fold(text), ""):
                return status
            if not is_blank(text):
                self.leave(column.number, text, "is no status of a mail address")
        return ""

    def _marked(self, columns: tuple[_Column, ...]) -> bool:
        """Whether any column of a mark says so; a date or any other word in it does, too: better once too often."""
        return any(reading.read_mark(text) is not False for _, text in self._cells(columns))

    def _points(self) -> None:
        owner, made = self.owner, self.made
        for name, columns in owner.phones:
            if name == "phone":
                extension = self._cell(owner.extension).removesuffix(".0") if owner.extension else ""
                self._phones(made.points, columns, "", extension)
            else:
                self._phones(made.points, columns, name)
        for column, text in self._cells(owner.extension):
            if not any(point["extension"] for point in made.points) and not is_blank(text):
                self.leave(column.number, text, "belongs to no phone of the row")
        for column, text in self._cells(owner.web):
            if not is_blank(text):
                self._point(made.webs, column.header, {"kind": "web", "raw": text})

    def _phones(
        self, into: list[dict[str, Any]], columns: tuple[_Column, ...], use: str = "", extension: str = ""
    ) -> None:
        for column, text in self._cells(columns):
            if is_blank(text):
                continue
            if reading.lost_digits(text):
                self.remark(column.header, text, "has lost digits in a spreadsheet; kept as typed", serious=True)
            phones = split_phones(text)
            for phone in phones:
                self._keep(into, column.header, understood_phone(phone, use, extension if len(phones) == 1 else ""))

    def _point(self, into: list[dict[str, Any]], header: str, values: dict[str, Any]) -> None:
        self._keep(into, header, understood(ContactPoint, values))

    def _keep(self, into: list[dict[str, Any]], header: str, point: dict[str, Any]) -> None:
        if point["status"] == "unreadable":
            self.remark(header, point["raw"], f"{point['problem'] or 'not understood'}; kept as typed")
        into.append(point)


Progress = Callable[[str, int, int], None]
"""Told a stage in words, how many rows of it are done, and of how many (0: nobody knows)."""
