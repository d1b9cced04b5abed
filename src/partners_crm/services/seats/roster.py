"""Reading a roster of lawmakers: a table with one row for each person, or for each person and office.

Nothing is written here. What a row cannot say clearly is a problem: the seat it names is left as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from partners_crm.errors import FileRefused, InvalidValue
from partners_crm.normalize.date_words import parse_date
from partners_crm.normalize.dates import ends, starts
from partners_crm.normalize.names import split_name
from partners_crm.normalize.text import fold, reject_reason, tidy
from partners_crm.services.formats import Formats
from partners_crm.services.importing.sheets import ReadOptions, Row, Sheet, read_sheet
from partners_crm.services.rows import Problem, Refusal

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "person": ("id", "person id", "member id", "legislator id", "openstates id", "ocd person id"),
    "name": ("name", "full name", "legislator", "lawmaker", "member", "holder", "senator", "representative"),
    "given": ("first name", "given name", "first"),
    "family": ("last name", "family name", "surname", "last"),
    "chamber": ("chamber", "current chamber", "body", "house or senate"),
    "district": ("district", "current district", "district number", "dist", "seat", "seat number"),
    "since": ("start", "start date", "since", "from", "term start", "in office since", "seated"),
    "until": ("end", "end date", "until", "to", "term end"),
    "party": ("party", "current party", "political party"),
    "status": ("status", "seated by"),
    "office": ("office", "office type", "office kind"),
    "email": ("email", "e mail", "email address", "mail"),
    "phone": (
        "phone", "voice", "telephone", "phone number", "capitol voice", "capitol phone", "district voice",
        "district phone", "springfield phone",
    ),
}  # fmt: skip
"""What a column can be, and the header names it goes by, folded; several columns can be a phone or an e-mail."""

CHAMBER_WORDS: Mapping[str, tuple[str, ...]] = {
    "house": ("house", "lower", "h", "hd", "sldl", "assembly", "general assembly", "house of delegates", "rep",
              "representative", "representatives", "house of representatives", "state house"),
    "senate": ("senate", "upper", "s", "sd", "sldu", "sen", "senator", "legislative", "state senate"),
}  # fmt: skip
"""What a chamber is called in rosters, folded."""
ONLY_CHAMBER = frozenset({"legislature", "unicameral"})
"""What the chamber of a state with one chamber is called."""
VACANT_WORDS = frozenset({"vacant", "vacancy", "vacant seat", "open seat", "seat vacant"})
PRIVATE_OFFICES = frozenset({"home", "residence", "personal", "private", "cell", "mobile"})
"""Offices that are no public ones: their phones are not taken."""
PARTY_LIMIT = 100
"""Characters of a name or a party; more is no name."""

_DISTRICT = re.compile(r"(?!\W*-)([^\d]{0,120})(\d{1,4})(?:\.0|st|nd|rd|th)?(?: district)?", re.ASCII | re.IGNORECASE)
_NO_CHAMBER = frozenset({"district", "dist", "no", "number", "state"})
_STATUSES = {"elected": "elected", "appointed": "appointed", "elect": "elect", "member elect": "elect", "": ""}

SeatKey = tuple[str, int]
"""(chamber, number)."""


@dataclass(slots=True)
class Entry:
    """What a roster says of one seat."""

    seat: SeatKey
    name: str
    """"" where it says that the seat is vacant."""
    person: str
    """The person's id in the roster, "" without one."""
    given: str
    family: str
    party: str
    since: str
    until: str
    status: str
    """elected, appointed or elect; "" where the roster does not say."""
    lines: list[int] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    """As typed, each once."""
    phones: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Roster:
    """A roster read whole."""

    sheet: Sheet
    rows: list[Row]
    """Those with any text."""
    entries: dict[SeatKey, Entry] = field(default_factory=dict)
    spoilt: set[SeatKey] = field(default_factory=set)
    """Seats that a problem row names: nothing is concluded from their absence."""
    problems: list[Problem] = field(default_factory=list)
    unmapped: tuple[str, ...] = ()
    """Headers of columns that were not understood; they are kept with the rows in the journal."""
    private: int = 0
    """Phones and addresses of offices that are not public, left out."""


def read_roster(path: Path, seats: Iterable[SeatKey], as_of: date, *, formats: Formats, encoding: str = "") -> Roster:
    """Read a roster about the given seats as it stood on a day.

    Raises:
        FileRefused: a fault of the file, or it has no columns of a roster.
    """
    words = {word for names in COLUMNS.values() for word in names}
    sheet = read_sheet(path, ReadOptions(encoding=encoding), lambda header: fold(header) in words, formats=formats)
    columns = _columns(sheet)
    named = {number for some in columns.values() for number in some}
    unmapped = tuple(each for number, each in enumerate(sheet.headers) if each and number not in named)
    roster = Roster(sheet, [row for row in sheet.rows() if row.cells], unmapped=unmapped)
    _Reader(roster, columns, frozenset(seats), as_of).read()
    return roster


def person_key(name: str) -> str:
    """The key under which two spellings of a person's name meet: `Reyes, Dana` and `Dana Reyes` give `dana reyes`."""
    return fold(" ".join(split_name(name)) if "," in name else name)


class _Reader:
    def __init__(
        self, roster: Roster, columns: Mapping[str, list[int]], seats: frozenset[SeatKey], as_of: date
    ) -> None:
        self.roster = roster
        self.columns = columns
        self.seats = seats
        self.chambers = sorted({chamber for chamber, _ in seats})
        self.as_of = as_of.isoformat()
        self.held: dict[str, Entry] = {}
        """Entries by their person."""

    def read(self) -> None:
        for row in self.roster.rows:
            seat: SeatKey | None = None
            try:
                self._check_cells(row)
                seat = self._seat(row)
                self._take(row, seat)
            except Refusal as refusal:
                self.roster.problems.append(refusal.at(row.line))
                if seat is not None:
                    self.roster.spoilt.add(seat)

    def _check_cells(self, row: Row) -> None:
        for number, cell in enumerate(row.cells):
            if reason := reject_reason(cell):
                headers = self.roster.sheet.headers
                column = headers[number] if number < len(headers) else f"column {number + 1}"
                raise Refusal(column, "", reason, "mend the cell")

    def _cell(self, row: Row, name: str) -> str:
        return next(iter(self._cells(row, name)), "")

    def _cells(self, row: Row, name: str) -> list[str]:
        found = [row.cells[number] for number in self.columns.get(name, ()) if number < len(row.cells)]
        return [text for cell in found if (text := tidy(cell))]

    def _seat(self, row: Row) -> SeatKey:
        text = self._cell(row, "district")
        found = _DISTRICT.fullmatch(text)
        if found is None:
            raise Refusal("district", text, "names no district" if text else "is missing", "write its number")
        chamber = self._chamber(self._cell(row, "chamber"), found[1])
        number = int(found[2])
        if (chamber, number) not in self.seats:
            own = [each for code, each in self.seats if code == chamber]
            raise Refusal("district", text, f"is no {chamber} district", f"they run from {min(own)} to {max(own)}")
        return chamber, number

    def _chamber(self, text: str, before: str) -> str:
        """The chamber of a row: its own cell says it, else the words before the number, such as SD."""
        word = fold(text)
        if not word:
            said = [each for each in fold(before).split() if each not in _NO_CHAMBER]
            word = said[-1] if said else ""
        if len(self.chambers) == 1 and (not word or word in ONLY_CHAMBER):
            return self.chambers[0]
        for chamber in self.chambers:
            if word in CHAMBER_WORDS[chamber]:
                return chamber
        shown = text or before.strip()
        reason = "is no chamber of this state" if shown else "is missing"
        raise Refusal("chamber", shown, reason, f"write {' or '.join(self.chambers)}")

    def _take(self, row: Row, seat: SeatKey) -> None:
        entry = self._entry(row, seat)
        key = entry.person or person_key(entry.name)
        present = self.roster.entries.get(seat)
        if present is not None:
            if key != (present.person or person_key(present.name)):
                who = present.name or "nobody"
                raise Refusal("district", self._cell(row, "district"), f"is held by {who} in line {present.lines[0]}",
                              "leave one of the two out")  # fmt: skip
        elif key and key in self.held:
            other = self.held[key]
            raise Refusal("name", entry.name, f"holds {other.seat[0]} {other.seat[1]} in line {other.lines[0]}",
                          "leave one out; two people of one name need a column id")  # fmt: skip
        else:
            present = self.roster.entries[seat] = entry
            if key:
                self.held[key] = entry
        present.lines.append(row.line)
        self._take_points(row, present)

    def _entry(self, row: Row, seat: SeatKey) -> Entry:
        given, family = self._cell(row, "given"), self._cell(row, "family")
        name = self._cell(row, "name") or " ".join(filter(None, (given, family)))
        if not fold(name):
            raise Refusal("name", name, "names nobody", "write vacant where nobody holds the seat")
        vacant = fold(name) in VACANT_WORDS
        party = self._cell(row, "party")
        for column, text in (("name", name), ("party", party)):
            if len(text) > PARTY_LIMIT:
                raise Refusal(column, text, f"is longer than {PARTY_LIMIT} characters", "is a quote open?")
        since, until = self._day(row, "since"), self._day(row, "until")
        if since and until and ends(until) < starts(since):
            raise Refusal("until", until, f"lies before {since}", "mend the dates")
        if until and ends(until) < self.as_of:
            raise Refusal("until", until, "is over", "a roster names who holds the seat; leave former holders out")
        status = _STATUSES.get(fold(self._cell(row, "status")), "")
        if vacant:
            return Entry(seat, "", "", "", "", "", since, until, "vacant")
        return Entry(seat, name, self._cell(row, "person"), given, family, party, since, until, status)

    def _day(self, row: Row, name: str) -> str:
        text = self._cell(row, name)
        try:
            return parse_date(text) if text else ""
        except InvalidValue as error:
            raise Refusal(name, text, error.reason, error.hint) from None

    def _take_points(self, row: Row, entry: Entry) -> None:
        from partners_crm.normalize.contact_values import split_emails

        emails = [each for cell in self._cells(row, "email") for each in split_emails(cell)]
        phones = self._cells(row, "phone")
        if fold(self._cell(row, "office")) in PRIVATE_OFFICES:
            self.roster.private += len(phones)
            phones = []
        if entry.name:
            entry.emails += [each for each in emails if each not in entry.emails]
            entry.phones += [each for each in phones if each not in entry.phones]


def _columns(sheet: Sheet) -> dict[str, list[int]]:
    headers = [fold(each) for each in sheet.headers]
    found: dict[str, list[int]] = {}
    for name, words in COLUMNS.items():
        numbers = [headers.index(word) for word in words if word in headers]
        if numbers:
            found[name] = numbers if name in {"phone", "email"} else numbers[:1]
    missing = [] if "name" in found or {"given", "family"} <= found.keys() else ["name"]
    missing += [] if "district" in found else ["district"]
    if missing:
        raise FileRefused(
            f"{sheet.name}: has no column {' and no column '.join(missing)}",
            "a roster has the columns name, chamber and district: "
            + "; ".join(", ".join(COLUMNS[each][:4]) for each in missing),
        )
    return found
