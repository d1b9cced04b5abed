"""Which column of a file is which field: guessed from the header names that the declarations list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from partners_crm.model import (
    Contact,
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
    ),
    "fax": ("fax", "fax number"),
    "extension": ("phone extension", "extension", "ext", "phone ext"),
    "email": ("email", "e mail", "email address", "e mail address", "mail", "contact email"),
    "web": ("website", "web", "url", "web site", "homepage", "web address"),
    "contact_phone": ("contact phone", "cell", "mobile", "cell phone", "mobile phone", "direct phone"),
    "silo": ("silo", "silos", "sector", "service area type", "primary silo", "service silo"),
    "association": ("association", "associations", "trade association", "trade associations"),
    "tag": ("tag", "tags", "labels"),
    "house": (
        "house district",
        "hd",
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
        "state senate district",
        "legislative district",
        "senate",
        "sldu",
    ),
}
"""Columns that are not one field of one record: what a cell means, and the header names it goes by."""


class Target(NamedTuple):
    """What a column means."""

    table: type[Table] | None
    """The entity of a field; None for one of `VALUES`."""
    name: str

    @property
    def described(self) -> str:
        """The target in words."""
        if self.table is None:
            return self.name.replace("_", " ")
        return f"{self.table.entity.name.replace('_', ' ')} {self.table.declarations()[self.name].label.lower()}"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Targets by column number; a column without one is kept in the source row."""

    targets: dict[int, Target]
    unmapped: tuple[int, ...]

    def column(self, table: type[Table] | None, name: str) -> int | None:
        """The number of the column that fills a field, counted from 0."""
        for number, target in self.targets.items():
            if target.table is table and target.name == name:
                return number
        return None


def guess(headers: Sequence[str]) -> Mapping:
    """The mapping of a file by its headers alone; of two columns for one field the better known name wins."""
    rank = _known_names()
    best: dict[Target, tuple[int, int]] = {}
    for number, header in enumerate(headers):
        found = rank.get(fold(header))
        if found is not None:
            target, order = found
            if target not in best or order < best[target][0]:
                best[target] = (order, number)
    person = Target(Contact, "name")
    for number, header in enumerate(headers):
        # Beside a column that names the organization, "Name" is a person's.
        if fold(header) == "name" and person not in best and best[Target(Organization, "name")][1] != number:
            best[person] = (0, number)
    targets = {number: target for target, (_, number) in sorted(best.items(), key=lambda item: item[1][1])}
    return Mapping(targets, tuple(number for number in range(len(headers)) if number not in targets))


def _known_names() -> dict[str, tuple[Target, int]]:
    found: dict[str, tuple[Target, int]] = {}
    for table in RECORDS:
        for name, how in table.declarations().items():
            for order, header in enumerate(how.headers):
                found.setdefault(fold(header), (Target(table, name), order))
    for name, headers in VALUES.items():
        for order, header in enumerate(headers):
            found.setdefault(fold(header), (Target(None, name), order))
    return found
