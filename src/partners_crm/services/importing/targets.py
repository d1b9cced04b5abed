"""What a column of a file can mean: one field of a record, or one of the values that become records of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from partners_crm.model import (
    BY_NAME,
    Contact,
    Declared,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    ServiceLine,
    Site,
    Table,
)
from partners_crm.normalize.text import fold

RECORDS: tuple[type[Table], ...] = (
    Organization,
    Site,
    Contact,
    Role,
    Membership,
    Identifier,
    OtherName,
    ServiceLine,
)
"""Entities whose declared header names are recognised, the more important first."""

VALUES: dict[str, tuple[str, ...]] = {
    "phone": (
        "phone",
        "phone number",
        "telephone",
        "tel",
        "main phone",
        "office phone",
        "phones",
        "business phone",
        "company main phone",
    ),
    "fax": ("fax", "fax number", "business fax"),
    "extension": ("phone extension", "extension", "ext", "phone ext"),
    "email": ("email", "e mail", "email address", "e mail address", "mail", "contact email", "emails", "e mails"),
    "web": ("website", "web", "url", "web site", "homepage", "web address", "web page"),
    "contact_phone": ("contact phone", "cell", "mobile", "cell phone", "mobile phone", "mobile number", "direct phone"),
    "middle_name": ("middle name", "middle", "middle initial", "additional name"),
    "name_ending": ("suffix", "name suffix"),
    "silo": ("silo", "silos", "sector", "service area type", "primary silo", "service silo"),
    "association": (
        "association",
        "associations",
        "trade association",
        "trade associations",
        "associations belonged to",
    ),
    "tag": ("tag", "tags", "labels", "group membership"),
    "house": (
        "house district",
        "hd",
        "house dist",
        "rep dist",
        "state house district",
        "representative district",
        "rep district",
        "state representative district",
        "house",
        "sldl",
    ),
    "senate": (
        "senate district",
        "sd",
        "sen dist",
        "senate dist",
        "state senate district",
        "legislative district",
        "senate",
        "sldu",
    ),
    "district": ("district", "districts", "legislative districts", "state districts", "leg district", "leg districts"),
    "uid": ("uid",),
    "member_id": ("member id", "member number", "member no", "record id", "external id", "account id", "id", "vanid"),
    "do_not_contact": ("do not contact", "dnc", "no contact"),
    "unsubscribed": (
        "unsubscribed",
        "unsubscribe",
        "opted out",
        "opt out",
        "email opt out",
        "do not email",
        "no email",
        "unsubscribe date",
        "unsubscribed at",
        "unsub time",
        "unsub",
    ),
    "email_status": ("email status", "subscription status", "email marketing status", "subscriber status"),
}
"""Columns that are not one field of one record: what a cell means, and the header names it goes by."""

SEVERAL = frozenset(
    {"phone", "fax", "email", "web", "contact_phone", "silo", "association", "tag", "do_not_contact", "unsubscribed"}
    | {"other_name.name", "organization.note", "contact.note", "service_line.name"}
)
"""What several columns of one file may mean at once."""

PERSONAL = frozenset({"email", "contact_phone", "middle_name", "name_ending", "do_not_contact", "unsubscribed"})
"""Values that belong to a person of the row; a row may name several people."""

_OF_ORGANIZATIONS = frozenset(
    ("organization", "site", "membership", "identifier", "other_name", "service_line", "silo", "role")
)
_VALUES_OF_ORGANIZATIONS = frozenset(("silo", "association", "web", "house", "senate", "district", "member_id"))

IGNORED = ("where the row came from", "problem of the row")
"""Columns of a file of problems, which are not read again."""

_TEXT = re.compile(r"(?:([a-z_]+)\.)?([a-z0-9_]+)(?:#([1-9]))?", re.ASCII)


class Target(NamedTuple):
    """What a column means."""

    kind: str
    """Name of an entity; "" for one of `VALUES`; "silo" for a mark in one; "own" for a coalition-defined field."""
    name: str
    """A field; one of `VALUES`; the code of a silo; the key of a coalition-defined field."""
    person: int = 1
    """Which of the people of a row, counted from 1."""

    @property
    def text(self) -> str:
        """As written in a saved mapping: "organization.name", "phone", "silo.aging", "own.region", "contact.name#2"."""
        suffix = f"#{self.person}" if self.person > 1 else ""
        return f"{self.kind}.{self.name}{suffix}" if self.kind else f"{self.name}{suffix}"

    @property
    def is_several(self) -> bool:
        """Whether several columns may mean it."""
        return self._replace(person=1).text in SEVERAL

    @property
    def is_of_organizations(self) -> bool:
        """Whether a row that names people alone has no place for it; its name and its notes are left out here."""
        if self.kind == "organization" and self.name in {"name", "note"}:
            return False
        return self.kind in _OF_ORGANIZATIONS or (not self.kind and self.name in _VALUES_OF_ORGANIZATIONS)

    @property
    def declared(self) -> Declared | None:
        """The declaration of the field; None for what is no field of a record."""
        table = BY_NAME.get(self.kind)
        return table.declarations().get(self.name) if table in RECORDS and table is not None else None

    @property
    def described(self) -> str:
        """The target in words."""
        person = f" (person {self.person})" if self.person > 1 else ""
        if self.kind == "silo":
            return f"mark in silo {self.name}"
        if self.kind == "own":
            return f"own field {self.name}"
        how = self.declared
        return (f"{self.kind.replace('_', ' ')} {how.label.lower()}" if how else self.name.replace("_", " ")) + person


def read_target(text: str) -> Target | None:
    """The target that a text of a saved mapping means; None where it means none."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        return None
    target = Target(found[1] or "", found[2], int(found[3] or 1))
    if target.kind in {"silo", "own"} or (not target.kind and target.name in VALUES) or target.declared:
        return target
    return None


def all_targets() -> Iterator[Target]:
    """Every target that does not depend on the coalition."""
    for table in RECORDS:
        for name, how in table.declarations().items():
            if not how.derived and how.kind != "link" and name not in VALUES:
                yield Target(table.entity.name, name)
    for name in VALUES:
        yield Target("", name)


@cache
def known_names() -> dict[str, tuple[Target, int]]:
    """(target, rank among the names of it) by each header name, folded."""
    found: dict[str, tuple[Target, int]] = {}
    for table in RECORDS:
        for name, how in table.declarations().items():
            # A mark that is about a person and all the ways to reach it is more than the field of its name.
            for order, header in enumerate(how.headers if name not in VALUES else ()):
                found.setdefault(fold(header), (Target(table.entity.name, name), order))
    for name, headers in VALUES.items():
        for order, header in enumerate(headers):
            found.setdefault(fold(header), (Target("", name), order))
    return found


def is_known(header: str) -> bool:
    """Whether a text is the header of a column that would be understood."""
    return fold(header) in known_names()
