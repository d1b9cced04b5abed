"""The columns of a person's own spreadsheet, by what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from partners_crm.normalize.neutral import restored
from partners_crm.services.exporting.own_facts import Came
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.targets import Target
from partners_crm.services.rows import column_names

NAMES = ("name", "given_name", "family_name", "middle_name", "name_ending")
"""The names of the targets that make up the name of a person."""
PHONE, FAX, DIRECT = Target("", "phone"), Target("", "fax"), Target("", "contact_phone")
EXTENSION, EMAIL, WEB = Target("", "extension"), Target("", "email"), Target("", "web")
OTHER_NAME, PROGRAM = Target("other_name", "name"), Target("service_line", "name")

_PLACES = ("name", "address", "city", "postal_code", "latitude", "service_area")

Cells = dict[Target, list[str]]
"""The texts of the columns of each target, in the order of the columns."""


class Columns:
    """What can be said in the columns of a mapping."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        self.names = column_names(mapping.headers)
        self.targets: Sequence[Target | None] = [use.target for use in mapping.uses]
        self.counts: dict[Target, int] = {}
        """How many columns each target has."""
        self._named: dict[Target, list[str]] = {}
        self.places: list[int] = []
        """For each column, which of those of its target it is."""
        for name, target in zip(self.names, self.targets, strict=True):
            self.places.append(self.count(target) if target else 0)
            if target:
                self.counts[target] = self.places[-1] + 1
                self._named.setdefault(target, []).append(name)
        self.names_people = any(self.has(name_kind(name), name) for name in NAMES)
        self.people = max((target.person for target in self.counts), default=1)
        """How many people a row can speak of."""
        numbers = range(1, self.people + 1)
        self.seats = tuple(number for number in numbers if self._names(number)) or (1,)
        """Those of them whom it names, counted from 1."""
        self.fullest = max(self.seats, key=lambda seat: (self._tells(seat), -seat))
        """The one of whom the columns say most."""
        self.mail_seat, self.phone_seat = (
            next((number for number in numbers if target._replace(person=number) in self.counts), 1)
            for target in (EMAIL, DIRECT)
        )
        """Where a mail address stands that is nobody's, and where such a phone."""
        self.tells_sites = any(map(speaks_of_site, self.counts))
        self.wishes = {name for name in ("email_status", "unsubscribed") if self.has("", name)}
        """The targets that say who does not want to be written to."""

    def count(self, target: Target) -> int:
        """How many columns mean a target."""
        return self.counts.get(target, 0)

    def has(self, kind: str, name: str) -> bool:
        """Whether any column means a target, of whichever person."""
        return any(target.kind == kind and target.name == name for target in self.counts)

    def _names(self, person: int) -> bool:
        return any(Target(name_kind(name), name, person) in self.counts for name in NAMES)

    def _tells(self, person: int) -> int:
        own = {target._replace(person=1) for target in self.counts if target.person == person}
        whole = Target("contact", "name") in own or {Target("contact", part) for part in NAMES[1:3]} <= own
        return 3 * whole + (EMAIL in own) + (DIRECT in own)

    def said(self, came: Came, target: Target) -> list[str]:
        """What a row of a file says in the columns of a target."""
        return [text for text in self.all_said(came, target) if text]

    def all_said(self, came: Came, target: Target) -> list[str]:
        """The cells of a row of a file in the columns of a target."""
        return [restored(came.cells.get(name, "")).strip() for name in self._named.get(target, ())]


def speaks_of_site(target: Target) -> bool:
    """Whether a row that says something in such a column speaks of a site."""
    if target.kind == "site":
        return target.name in _PLACES
    return not target.kind and target.name in {"house", "senate", "district"}


def name_kind(name: str) -> str:
    """Which columns hold a part of the name of a person: fields of a contact, or values."""
    return "contact" if name in NAMES[:3] else ""
