"""Reading a row: every cell becomes typed values, and everything that follows from them, without the database.

This is where the time of an import goes (addresses, phones), and so it runs before the lock is taken. What can be
wrong with a row by itself is found here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from partners_crm.errors import InvalidValue
from partners_crm.model import ContactPoint, Declared, Site
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.contact_values import split_emails
from partners_crm.normalize.letterhead import address_in, parse_letterhead
from partners_crm.normalize.neutral import restored
from partners_crm.normalize.phones import split_phones
from partners_crm.normalize.text import fold, reject_reason, tidy
from partners_crm.services.importing import cells as reading
from partners_crm.services.importing.cells import Read, is_blank, names_in
from partners_crm.services.importing.keys import name_clue, place_clue, point_clue
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.sheets import Row
from partners_crm.services.importing.targets import PERSONAL, Target
from partners_crm.services.records import ends_before, understood, understood_phone
from partners_crm.services.rows import Problem, Refusal
from partners_crm.services.values import read_plain

_OF_ORGANIZATIONS = frozenset(("site", "membership", "identifier", "other_name", "service_line", "silo"))
"""Kinds of columns that say something of an organization alone."""
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


class _Plain(NamedTuple):
    """A column that is one field of a record."""

    number: int
    header: str
    record: tuple[str, int]
    """(entity, which of the people of the row)."""
    name: str
    how: Declared
    read: Callable[[_Reader, _Plain, str], Any]


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
        self.plain: list[_Plain] = []
        self.several: list[tuple[int, Target]] = []
        people = set()
        for number, (header, use) in enumerate(zip(mapping.headers, mapping.uses, strict=True)):
            if (target := use.target) is None:
                continue
            self._by_target[target] = (*self._by_target.get(target, ()), _Column(number, header))
            how = target.declared
            if how is not None and target.kind not in {"identifier", "other_name", "service_line"}:
                record = (target.kind, target.person)
                self.plain.append(_Plain(number, header, record, target.name, how, _reader_of(target, how)))
            elif target.kind in {"silo", "own", "other_name", "service_line"} or target.name in _WORDS:
                self.several.append((number, target))
            if target.kind in {"contact", "role"} or target.name in _OF_PEOPLE:
                people.add(target.person)
        self.people = [
            _Personal(number, *(self.columns("", name, number) for name in _Personal._fields[1:]))
            for number in sorted(people)
        ]
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

    def hash_of(self, row: Row) -> bytes:
        """What the row says and how it is read, in 16 bytes: a row with the same hash says nothing new."""
        return self._hash(_said(row))

    def prepare(self, row: Row) -> Prepared:
        """Read a row; what refuses it stands in `refusal`."""
        said = _said(row)
        made = Prepared(row.line, row.cells, self._hash(said), marks=row.marks)
        try:
            _Reader(self, made, self._texts(row.cells, said)).read()
        except Refusal as why:
            made.refusal = why.at(row.line)
            # What was remarked about a row that stays out is no news.
            made.remarks.clear()
        return made

    def columns(self, kind: str, name: str, person: int = 1) -> tuple[_Column, ...]:
        """The columns that mean a target."""
        return self._by_target.get(Target(kind, name, person), ())

    def _hash(self, said: str) -> bytes:
        return hashlib.sha256(self._salt + said.encode("utf-8", "surrogatepass")).digest()[:16]

    def _texts(self, cells: tuple[str, ...], said: str) -> list[str]:
        """The text of the cell under each header.

        Raises:
            Refusal: the row has too many cells, or one that cannot be stored.
        """
        headers = self.mapping.headers
        missing = len(headers) - len(cells)
        if missing < 0 and any(map(str.strip, cells[len(headers) :])):
            reason = f"has {len(cells)} cells, the header has {len(headers)}"
            raise Refusal("", "", reason, "a comma may need quotes around it")
        # Most rows are short and plain in all their cells: they are looked at together.
        if not (len(said) < _SHORT and said.isascii() and "\0" not in said):
            for number, cell in enumerate(cells):
                if reason := reject_reason(cell):
                    raise Refusal(headers[number] if number < len(headers) else "", cell[:40], reason)
        texts = list(map(restored, cells)) if "'" in said else list(cells)
        return texts + [""] * missing if missing > 0 else texts


_OF_PEOPLE = PERSONAL | {"email_status"}
_WORDS = frozenset({"silo", "association", "tag"})
"""Values of which one cell holds several."""


def _said(row: Row) -> str:
    return "\x1f".join((*row.cells, *sorted(row.marks)) if row.marks else row.cells)


class _Reader:
    """One row on its way into a `Prepared`."""

    __slots__ = ("made", "owner", "texts")

    def __init__(self, owner: Preparer, made: Prepared, texts: list[str]) -> None:
        self.owner = owner
        self.made = made
        self.texts = texts

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
        self._site(records.get(("site", 1), {}))
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
        made = self.made
        if note := made.organization.pop("note", ""):
            made.people[0].contact.setdefault("note", note)
        for number, use in enumerate(self.owner.mapping.uses):
            text = self.texts[number].strip() if use.target and number < len(self.texts) else ""
            if text and use.target and use.target.kind in _OF_ORGANIZATIONS and not is_blank(text):
                reason = "belongs to an organization, and the row names none; kept in the source row"
                self._remark(self.owner.mapping.headers[number], text, reason)
        if self.owner.names_organizations:
            self._remark(column, "", "is empty: taken as a person without an organization", serious=True)

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

    def _cells(self, columns: tuple[_Column, ...]) -> Iterator[tuple[str, str]]:
        """(header, text) of each of some columns that says something."""
        for number, header in columns:
            if text := self.texts[number].strip():
                yield header, text

    def _remark(self, column: str, value: str, reason: str, *, serious: bool = False) -> None:
        self.made.remarks.append(Problem(self.made.line, column, value, reason, serious=serious))

    def _told(self, column: str, text: str, read: Read) -> str:
        if read.said:
            self._remark(column, text, read.said, serious=read.serious)
        return read.value

    def _records(self) -> dict[tuple[str, int], dict[str, Any]]:
        found: dict[tuple[str, int], dict[str, Any]] = {}
        texts = self.texts
        for column in self.owner.plain:
            is_note = column.how.kind == "note"
            text = texts[column.number].strip() if is_note else tidy(texts[column.number])
            if not text:
                continue
            value = column.read(self, column, text)
            if value in (None, ""):
                continue
            values = found.setdefault(column.record, {})
            if is_note and values.get(column.name):
                value = f"{values[column.name]}\n{value}"
            values[column.name] = value
        for (kind, person), values in found.items():
            until = values.get("until")
            if until and (since := values.get("since")) and (reason := ends_before(since, until)):
                raise Refusal(self.owner.mapping.header(kind, "until", person), until, reason)
        return found

    # ---------------------------------------------------------------- what becomes records of its own

    def _several(self) -> None:
        made, mapping = self.made, self.owner.mapping
        for number, target in self.owner.several:
            text = self.texts[number].strip()
            if not text:
                continue
            if target.kind == "silo":
                mark = reading.read_mark(text)
                if mark is None:
                    self._remark(mapping.headers[number], text, "is no mark; kept in the source row", serious=True)
                elif mark:
                    made.silos.append(target.name)
            elif target.kind == "own":
                if not is_blank(text):
                    made.own[target.name] = text
            elif target == Target("", "silo"):
                made.silos += [part for part in reading.SPLIT.split(text) if part and not is_blank(part)]
            elif target == Target("", "association"):
                made.associations += names_in(text)
            elif target == Target("", "tag"):
                made.tags += [part.lstrip("* ") for part in reading.SPLIT.split(text) if part.strip("* ")]
            elif target == Target("other_name", "name"):
                made.other_names += [] if is_blank(text) else [tidy(text)]
            elif target == Target("service_line", "name"):
                made.programs += [] if is_blank(text) else [tidy(text)]

    def _numbers(self) -> None:
        for header, text in self._cells(self.owner.ein):
            if value := self._told(header, text, reading.ein(text)):
                self.made.numbers.append(("ein", value))
        for header, text in self._cells(self.owner.member_id):
            if reading.lost_digits(text):
                self._remark(header, text, "has lost digits in a spreadsheet", serious=True)
            elif not is_blank(text):
                self.made.numbers.append((self.owner.mapping.source, tidy(text).removesuffix(".0")))

    def _districts(self) -> None:
        for chamber, columns in self.owner.chambers:
            for header, text in self._cells(columns):
                if is_blank(text):
                    continue
                if chamber == "district" and (found := reading.districts_by_chamber(text)):
                    for said, number in found.items():
                        self.made.districts.setdefault(said, (number, text))
                elif reading.is_area(text):
                    self._remark(header, text, "is an area, not the district of a place; kept as the service area")
                    self.made.districts.setdefault("area", (0, reading.area(text, chamber)))
                else:
                    self._district(header, text, "" if chamber == "district" else chamber)

    def _district(self, header: str, text: str, chamber: str) -> None:
        number, said = reading.read_district(text, chamber)
        if not said:
            self._remark(header, text, "does not say of which chamber it is; kept in the source row", serious=True)
            return
        if said != chamber:
            self._remark(header, text, f"was read as a {said} district, whatever the column says")
        self.made.districts[said] = (number, text)

    def _site(self, values: dict[str, Any]) -> None:
        made = self.made
        _, area = made.districts.pop("area", (0, ""))
        if area and not values.get("service_area"):
            values["service_area"] = area
        if not made.districts and not any(values.get(name) not in (None, "") for name in _SITE_SAYS):
            return
        if place := reading.town_state_zip(values.get("postal_code", "")):
            for name, text in zip(("city", "state", "postal_code"), place, strict=True):
                if name == "postal_code" or not values.get(name):
                    values[name] = text
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

    def _lost_zeros(self, values: dict[str, Any]) -> None:
        """A ZIP code of New England without its zero, which a spreadsheet drops; anywhere else four digits are none."""
        text = values.get("postal_code", "")
        if not (text.isdecimal() and len(text) in {3, 4}):
            return
        column = self.owner.mapping.header("site", "postal_code")
        if reading.has_leading_zeros(values.get("state", "")):
            values["postal_code"] = text.zfill(5)
            self._remark(column, text, f"was read as {text.zfill(5)}, with the zero a spreadsheet drops")
        else:
            self._remark(column, text, "is no ZIP code: a digit is missing; kept as typed", serious=True)

    def _person(self, columns: _Personal, contact: dict[str, Any], role: dict[str, Any]) -> None:
        middle, ending = self._cell(columns.middle_name), self._cell(columns.name_ending)
        parts = (contact.get("given_name", ""), middle, contact.get("family_name", ""), ending)
        name = contact.get("name") or " ".join(filter(None, map(tidy, parts)))
        points: list[dict[str, Any]] = []
        marked = self._marked(columns.unsubscribed)
        status = reading.MAIL_WORDS.get(fold(self._cell(columns.email_status)), "")
        for header, text in self._cells(columns.email):
            if is_blank(text):
                continue
            for part in split_emails(text):
                values = {"kind": "email", "raw": part}
                if status == "bounced":
                    values["status"] = "bounced"
                self._point(points, header, values)
        self._phones(points, columns.contact_phone)
        person = Person(
            {**contact, "name": name} if name else {},
            {key: role[key] for key in _ROLES if key in role},
            points,
            self._marked(columns.do_not_contact),
            marked or status == "unsubscribed",
        )
        if name or points:
            self.made.people.append(person)
        elif person.do_not_contact:
            self.made.is_silent = True

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
        for header, text in self._cells(owner.web):
            if not is_blank(text):
                self._point(made.webs, header, {"kind": "web", "raw": text})

    def _phones(
        self, into: list[dict[str, Any]], columns: tuple[_Column, ...], use: str = "", extension: str = ""
    ) -> None:
        for header, text in self._cells(columns):
            if is_blank(text):
                continue
            if reading.lost_digits(text):
                self._remark(header, text, "has lost digits in a spreadsheet; kept as typed", serious=True)
            phones = split_phones(text)
            for phone in phones:
                self._keep(into, header, understood_phone(phone, use, extension if len(phones) == 1 else ""))

    def _point(self, into: list[dict[str, Any]], header: str, values: dict[str, Any]) -> None:
        self._keep(into, header, understood(ContactPoint, values))

    def _keep(self, into: list[dict[str, Any]], header: str, point: dict[str, Any]) -> None:
        if point["status"] == "unreadable":
            self._remark(header, point["raw"], f"{point['problem'] or 'not understood'}; kept as typed")
        into.append(point)


# -------------------------------------------------------------------- the fields of records


def _reader_of(target: Target, how: Declared) -> Callable[[_Reader, _Plain, str], Any]:
    """How a cell of a column becomes a value."""
    if how.kind == "note":
        return _as_it_is
    if how.kind == "day":
        return _read_day
    if how.kind == "flag":
        return _read_flag
    if how.kind != "text":
        return _read_status if target == Target("membership", "status") else _read_typed
    if target == Target("site", "postal_code"):
        return _read_postal_code
    if target.name in {"name", "given_name", "family_name"}:
        return _read_name
    return _as_it_is if target.name == "title" else _read_text


def _as_it_is(_row: _Reader, _column: _Plain, text: str) -> str:
    return text


def _read_text(_row: _Reader, _column: _Plain, text: str) -> str:
    return "" if is_blank(text) else text


def _read_postal_code(row: _Reader, column: _Plain, text: str) -> str:
    return "" if is_blank(text) else row._told(column.header, text, reading.postal_code(text))


def _read_name(row: _Reader, column: _Plain, text: str) -> str:
    plain = row._told(column.header, text, reading.plain_name(text))
    is_person = column.record[0] == "contact"
    if doubt := reading.doubtful_name(plain, is_person=is_person):
        row._remark(column.header, text, doubt, serious=True)
    if not is_blank(plain):
        return plain
    # Null and None are names of people; a row of stars may be that of an organization.
    return plain if (plain.isalpha() if is_person else len(plain) > 2 and not fold(plain)) else ""


def _read_day(row: _Reader, column: _Plain, text: str) -> str:
    if is_blank(text) or reading.is_no_day(text):
        return ""
    if serial := reading.serial_day(text, row.owner.epoch):
        row._remark(column.header, text, f"was read as {serial}")
        return serial
    from partners_crm.normalize.dates import parse_date  # only files with dates pay for it

    try:
        return parse_date(text, day_first=row.owner.mapping.day_first)
    except InvalidValue as error:
        row._remark(column.header, text, f"{error.reason}; kept in the source row")
        return ""


def _read_flag(row: _Reader, column: _Plain, text: str) -> bool | None:
    mark = reading.read_mark(text)
    if mark is None:
        row._remark(column.header, text, "is neither yes nor no; kept in the source row", serious=True)
    return mark or None


def _read_status(row: _Reader, column: _Plain, text: str) -> Any:
    try:
        return read_plain(column.how, row._told(column.header, text, reading.status(text)))
    except InvalidValue as error:
        raise Refusal(column.header, text, error.reason, error.hint) from None


def _read_typed(row: _Reader, column: _Plain, text: str) -> Any:
    if is_blank(text):
        return None
    try:
        return read_plain(column.how, text)
    except InvalidValue as error:
        if column.how.kind != "choice":
            raise Refusal(column.header, text, error.reason, error.hint) from None
        row._remark(column.header, text, f"{error.reason}; kept in the source row", serious=True)
        return None


Progress = Callable[[str, int, int], None]
"""Told a stage in words, how many rows of it are done, and of how many (0: nobody knows)."""
