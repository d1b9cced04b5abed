"""What the rows of a person's own spreadsheet can say, read for some hundred organizations at a time."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    SourceRow,
    Table,
    Tag,
    Tagging,
)
from partners_crm.normalize.dates import UNKNOWN
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.store.custom import fields_of, values_of
from partners_crm.store.journal import undone_by
from partners_crm.store.maps import Districts, districts_of, map_for, standing
from partners_crm.store.merges import FOLDED
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, records, streamed, tuples

T = TypeVar("T", bound=Table)
AT_ONCE = 300
"""Organizations, or people of none, that are read together."""
OWNERS: dict[str, type[Table]] = {"organization": Organization, "site": Site, "contact": Contact}
_ID_BITS = 40


@dataclass(slots=True)
class Came:
    """A row of an imported file, as it came."""

    operation: int
    cells: dict[str, str]


@dataclass(slots=True)
class Body:
    """One organization with all that belongs to it; or a person of none, with `organization` None."""

    organization: Organization | None
    membership: Membership | None = None
    """The newest one."""
    sites: list[Site] = field(default_factory=list)
    """Headquarters first."""
    jobs: dict[int, list[Role]] = field(default_factory=dict)
    """By contact, in the order in which they were recorded; those of today, or all where a column tells their end."""
    contacts: dict[int, Contact] = field(default_factory=dict)
    silos: list[int] = field(default_factory=list)
    associations: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    other_names: list[OtherName] = field(default_factory=list)
    numbers: dict[str, list[str]] = field(default_factory=dict)
    """Numbers by system, in the order in which they were recorded."""
    lines: list[ServiceLine] = field(default_factory=list)
    points: dict[tuple[str, int], list[ContactPoint]] = field(default_factory=dict)
    """By entity and id of the owner; without those that are no longer in use."""
    own: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)
    districts: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    """Numbers by site and chamber, without those of a mere ZIP code; several where files state it otherwise."""
    came: list[Came] = field(default_factory=list)
    """Rows of files that it came in: those of the newest import first, each import in the order of its lines."""


class Facts:
    """Reads what the columns of a mapping can hold."""

    def __init__(self, db: Handle, mapping: ColumnMapping, *, today: date, map_code: str = "") -> None:
        """Look at what holds for all organizations.

        Raises:
            NotFound, CannotDecide: a column is about districts, and there is no such map.
        """
        self._db = db
        self._mapping = mapping
        self._today = today.isoformat()
        self.silos = {silo.id: silo for silo in records(db, Silo.select())}
        self.own = {each.key: each for table in OWNERS.values() for each in fields_of(db, table)}
        self._districts: Districts | None = None
        self.map_code = ""
        if any(mapping.has("", name) for name in ("house", "senate", "district")):
            found = map_for(db, today, code=map_code)
            self.map_code, self._districts = found.code, districts_of(db, found)
        self._came = {name: array("Q") for name in ("organization", "contact")}
        self._index_sources()

    def order(self, entity: str, ids: Iterable[int]) -> list[int]:
        """Ids in the order in which they first came in a file; those that came in none keep theirs, at the end."""
        return sorted(ids, key=lambda key: next(self._rows_of(entity, key), 1 << _ID_BITS))

    def has_come(self, entity: str, key: int) -> bool:
        """Whether a record came in a file, by an import that stands."""
        return next(self._rows_of(entity, key), None) is not None

    def bodies(self, ids: Sequence[int]) -> Iterator[Body]:
        """Organizations with what belongs to them, in this order."""
        for start in range(0, len(ids), AT_ONCE):
            yield from self._bodies(ids[start : start + AT_ONCE])

    def lone(self, ids: Sequence[int]) -> Iterator[Body]:
        """People by themselves, each a body without an organization, in this order."""
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            found = {key: Body(None) for key in some}
            for contact in records(self._db, Contact.select().where(Contact.id.in_(some))):
                found[contact.id].contacts[contact.id] = contact
                found[contact.id].jobs[contact.id] = []
            self._tags(found, Tagging.contact)
            of_contact = {key: [body] for key, body in found.items()}
            self._points("contact", of_contact)
            self._own("contact", of_contact)
            self._sources("contact", found)
            yield from (body for body in found.values() if body.contacts)

    # ---------------------------------------------------------------- reading

    def _bodies(self, ids: Sequence[int]) -> Iterator[Body]:
        db = self._db
        found = {each.id: Body(each) for each in records(db, Organization.select().where(Organization.id.in_(ids)))}
        keys = list(found)
        for tie in records(db, Membership.select().where(Membership.organization.in_(keys)).order_by(Membership.id)):
            found[tie["organization"]].membership = tie
        for site in records(db, _of(Site, keys)):
            if self._is_current(site):
                found[site["organization"]].sites.append(site)
        for body in found.values():
            body.sites.sort(key=lambda site: site.kind != "hq")
        self._people(found)
        shares = SiloShare.select(SiloShare.organization, SiloShare.silo).where(SiloShare.organization.in_(keys))
        for key, silo in tuples(db, shares.order_by(SiloShare.weight.desc(), SiloShare.silo)):
            found[key].silos.append(silo)
        ties = (
            Affiliation.select(Affiliation.organization, Organization.name, Affiliation.until)
            .join(Organization, on=(Affiliation.association == Organization.id))
            .where(Affiliation.organization.in_(keys))
            .order_by(Affiliation.id)
        )
        for key, name, until in tuples(db, ties):
            if not self._is_over(until) and name not in found[key].associations:
                found[key].associations.append(name)
        self._tags(found, Tagging.organization)
        for other in records(db, _of(OtherName, keys)):
            found[other["organization"]].other_names.append(other)
        for number in records(db, _of(Identifier, keys)):
            found[number["organization"]].numbers.setdefault(number.system, []).append(number.value)
        for line in records(db, _of(ServiceLine, keys)):
            found[line["organization"]].lines.append(line)
        self._owned(found)
        self._sources("organization", found)
        yield from (found[key] for key in ids if key in found)

    def _people(self, found: Mapping[int, Body]) -> None:
        roles = [role for role in records(self._db, _of(Role, list(found))) if self._is_current(role)]
        wanted = sorted({role["contact"] for role in roles})
        people = {
            contact.id: contact
            for some in parts(wanted)
            for contact in records(self._db, Contact.select().where(Contact.id.in_(some) & (Contact.archived_on == "")))
        }
        for role in roles:
            body, contact = found[role["organization"]], people.get(role["contact"])
            if contact is not None:
                body.contacts[contact.id] = contact
                body.jobs.setdefault(contact.id, []).append(role)

    def _owned(self, found: Mapping[int, Body]) -> None:
        owners: dict[str, dict[int, list[Body]]] = {"organization": {key: [body] for key, body in found.items()}}
        owners["site"] = {site.id: [body] for body in found.values() for site in body.sites}
        owners["contact"] = defaultdict(list)
        for body in found.values():
            for key in body.contacts:
                owners["contact"][key].append(body)
        for entity, bodies in owners.items():
            self._points(entity, bodies)
            self._own(entity, bodies)
        if self._districts is not None:
            self._placed(owners["site"])

    def _points(self, entity: str, bodies: Mapping[int, list[Body]]) -> None:
        owner = ContactPoint._meta.fields[entity]
        for some in parts(list(bodies)):
            query = ContactPoint.select().where(owner.in_(some) & (ContactPoint.status != "former"))
            for point in records(self._db, query.order_by(ContactPoint.id)):
                for body in bodies[point[entity]]:
                    body.points.setdefault((entity, point[entity]), []).append(point)

    def _own(self, entity: str, bodies: Mapping[int, list[Body]]) -> None:
        if self._mapping.has("own"):
            for key, values in values_of(self._db, OWNERS[entity], bodies).items():
                for body in bodies[key]:
                    body.own[entity, key] = values

    def _placed(self, bodies: Mapping[int, list[Body]]) -> None:
        assert self._districts is not None
        by_id = self._districts.by_id
        certain = (Assignment.share.is_null() | (Assignment.share >= 1)) & (Assignment.method != "zip")
        told: dict[int, dict[str, set[int]]] = {}
        for some in parts(list(bodies)):
            query = Assignment.select(Assignment.site, Assignment.district).where(
                Assignment.site.in_(some) & standing() & certain
            )
            for site, key in tuples(self._db, query):
                district = by_id.get(key)
                while district is not None:
                    told.setdefault(site, {}).setdefault(district.chamber, set()).add(district.number)
                    district = by_id.get(district.parent) if district.parent is not None else None
        for site, chambers in told.items():
            bodies[site][0].districts[site] = {chamber: sorted(numbers) for chamber, numbers in chambers.items()}

    def _tags(self, found: Mapping[int, Body], owner: Any) -> None:
        query = Tagging.select(owner, Tag.name).join(Tag, on=(Tagging.tag == Tag.id)).where(owner.in_(list(found)))
        for key, name in tuples(self._db, query.order_by(Tagging.id)):
            found[key].tags.append(name)

    def _is_current(self, record: Table) -> bool:
        """Whether something holds today, or a column can tell when it ended."""
        return self._mapping.has(type(record).entity.name, "until") or not self._is_over(record["until"])

    def _is_over(self, until: str) -> bool:
        return bool(until) and (until == UNKNOWN or until < self._today[: len(until)])

    # ---------------------------------------------------------------- rows of files

    def _index_sources(self) -> None:
        """Which source rows are about which record: of each pair one number, in order."""
        undone = undone_by(self._db)
        found: dict[str, list[int]] = {name: [] for name in self._came}
        columns = (SourceRow.operation, SourceRow.entity, SourceRow.record, SourceRow.id)
        came = SourceRow.record.is_null(False) & SourceRow.outcome.not_in(("rejected", FOLDED))
        query = SourceRow.select(*columns).where(came)
        for operation, entity, record, key in streamed(self._db, query):
            if operation not in undone and entity in found:
                found[entity].append(record << _ID_BITS | key)
        for entity, pairs in found.items():
            self._came[entity] = array("Q", sorted(pairs))

    def _rows_of(self, entity: str, record: int) -> Iterator[int]:
        pairs = self._came[entity]
        place = bisect_left(pairs, record << _ID_BITS)
        while place < len(pairs) and pairs[place] >> _ID_BITS == record:
            yield pairs[place] & ((1 << _ID_BITS) - 1)
            place += 1

    def _sources(self, entity: str, found: Mapping[int, Body]) -> None:
        keys = [key for record in found for key in self._rows_of(entity, record)]
        columns = (SourceRow.record, SourceRow.operation, SourceRow.line, SourceRow.id, SourceRow.cells)
        rows = [
            row
            for some in parts(keys)
            for row in tuples(self._db, SourceRow.select(*columns).where(SourceRow.id.in_(some)))
        ]
        rows.sort(key=lambda row: (-row[1], row[2], row[3]))
        for record, operation, _, _, cells in rows:
            found[record].came.append(Came(operation, json.loads(cells)))


def _of(table: type[T], organizations: Sequence[int]) -> Any:
    link = table._meta.fields["organization"]
    return table.select().where(link.in_(organizations)).order_by(table.id)
