"""What an import has to know of the database: records by the keys under which a file may name them.

It is read with a handful of queries before the first row, never with one for each row.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from partners_crm.model import (
    Affiliation,
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
    Table,
    Tag,
    Tagging,
)
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.text import fold, name_key
from partners_crm.store.open import Handle
from partners_crm.store.read import MANY, by_ids, tuples


class Ref:
    """A record of a plan: one that is stored, or one that will be. `Known` gives one ref for each stored record."""

    __slots__ = ("id", "table")

    def __init__(self, table: type[Table], record_id: int | None) -> None:
        self.table = table
        self.id = record_id


def organization_key(name: str) -> str:
    """The key under which two spellings of an organization's name meet; a name of signs alone stands for itself."""
    return name_key(name) or " ".join(name.split())


class Known:
    """Records by their keys; what is planned is learnt as it is planned."""

    def __init__(self, db: Handle) -> None:
        self._db = db
        self._refs: dict[tuple[type[Table], int], Ref] = {}
        self._blocks: dict[tuple[type[Table], int], dict[int, Table]] = {}
        self.memberships: dict[Ref, dict[str, Any]] = {}
        """The newest membership of an organization: its values, stored or planned."""
        self.eins: dict[Ref, str] = {}
        self._organizations: dict[str, Ref] = {}
        self._numbers: dict[tuple[str, str], Ref] = {}
        self._sites: dict[tuple[Ref, str, str], Ref] = {}
        self._contacts: dict[tuple[Ref, str], Ref] = {}
        self._named: dict[tuple[str, str], Ref] = {}
        self._facts: set[tuple[Hashable, ...]] = set()
        self._read_organizations()
        self._read_places()
        self._read_people()
        self._read_facts()

    def record(self, ref: Ref) -> Table:
        """The stored record behind a ref, read a block of ids at a time."""
        assert ref.id is not None
        key = (ref.table, ref.id // MANY)
        block = self._blocks.get(key)
        if block is None:
            first = key[1] * MANY
            block = self._blocks[key] = by_ids(self._db, ref.table, range(first, first + MANY))
        return block[ref.id]

    def silos(self) -> dict[str, Ref]:
        """Silos by their folded code, name and label."""
        found: dict[str, Ref] = {}
        for key, *words in tuples(self._db, Silo.select(Silo.id, Silo.code, Silo.name, Silo.label)):
            for word in words:
                if word:
                    found.setdefault(fold(word.replace("_", " ")), self._ref(Silo, key))
        return found

    def organization(self, key: str) -> Ref | None:
        """The organization a name means."""
        return self._organizations.get(key)

    def learn_organization(self, key: str, ref: Ref) -> bool:
        """Remember a name of an organization; the first that had it keeps it. Returns whether it was new to it."""
        self._organizations.setdefault(key, ref)
        return self.is_new("name", ref, key)

    def organization_by_number(self, system: str, value: str) -> Ref | None:
        """The organization with an identifier."""
        return self._numbers.get((system, value))

    def learn_number(self, system: str, value: str, ref: Ref) -> None:
        """Remember a planned identifier."""
        self._numbers[system, value] = ref

    def site(self, organization: Ref, name: str, place: str) -> Ref | None:
        """The organization's site of that name at that place; a name or place that is not given fits any."""
        found = self._sites.get((organization, name, place))
        if found is None and not name and place:
            found = self._sites.get((organization, "*", place))
        if found is None and name and not place:
            found = self._sites.get((organization, name, "*"))
        return found

    def learn_site(self, organization: Ref, name: str, place: str, ref: Ref) -> None:
        """Remember a planned site."""
        self._sites[organization, name, place] = ref
        self._sites.setdefault((organization, "*", place), ref)
        self._sites.setdefault((organization, name, "*"), ref)

    def contact(self, organization: Ref, name: str) -> Ref | None:
        """The contact of that name who has a role in the organization."""
        return self._contacts.get((organization, name))

    def learn_contact(self, organization: Ref, name: str, ref: Ref) -> None:
        """Remember a planned contact."""
        self._contacts[organization, name] = ref

    def named(self, kind: str, name: str) -> Ref | None:
        """A tag by its name."""
        return self._named.get((kind, name))

    def learn_named(self, kind: str, name: str, ref: Ref) -> None:
        """Remember a planned tag."""
        self._named[kind, name] = ref

    def knows(self, *fact: Hashable) -> bool:
        """Whether a fact is known."""
        return fact in self._facts

    def is_new(self, *fact: Hashable) -> bool:
        """Whether a fact was not known; it is from now on."""
        if fact in self._facts:
            return False
        self._facts.add(fact)
        return True

    def _read_organizations(self) -> None:
        for key, name in tuples(self._db, Organization.select(Organization.id, Organization.name)):
            self.learn_organization(organization_key(name), self._ref(Organization, key))
        for key, name in tuples(self._db, OtherName.select(OtherName.organization, OtherName.name)):
            self.learn_organization(organization_key(name), self._ref(Organization, key))
            self._facts.add(("other name", self._ref(Organization, key), fold(name)))
        query = Identifier.select(Identifier.organization, Identifier.system, Identifier.value)
        for key, system, value in tuples(self._db, query):
            self._numbers[system, value] = self._ref(Organization, key)
            if system == "ein":
                self.eins[self._ref(Organization, key)] = value

    def _read_places(self) -> None:
        columns = (
            Site.id,
            Site.organization,
            Site.name,
            Site.street,
            Site.unit,
            Site.postal_code,
            Site.city,
            Site.kind,
        )
        for key, organization, name, street, unit, postal_code, city, kind in tuples(self._db, Site.select(*columns)):
            place = place_key(street, unit, postal_code, city)
            if kind == "hq":
                self._facts.add(("hq", self._ref(Organization, organization)))
            self.learn_site(self._ref(Organization, organization), fold(name), place, self._ref(Site, key))

    def _read_people(self) -> None:
        query = Role.select(Role.contact, Role.organization, Role.title, Contact.name).join(
            Contact, on=(Role.contact == Contact.id)
        )
        for contact, organization, title, name in tuples(self._db, query):
            owner, person = self._ref(Organization, organization), self._ref(Contact, contact)
            self._contacts.setdefault((owner, fold(name)), person)
            self._facts.add(("role", person, owner, fold(title)))

    def _read_facts(self) -> None:
        points = ContactPoint.select(
            ContactPoint.organization,
            ContactPoint.site,
            ContactPoint.contact,
            ContactPoint.kind,
            ContactPoint.value,
            ContactPoint.raw,
            ContactPoint.extension,
        )
        for organization, site, contact, kind, value, raw, extension in tuples(self._db, points):
            owners = ((Organization, organization), (Site, site), (Contact, contact))
            for table, key in owners:
                if key is not None:
                    self._facts.add(("point", self._ref(table, key), kind, value or fold(raw), extension))
        names = ("status", "tier", "since", "until", "reason", "recruited_by")
        ties = Membership.select(Membership.organization, *(Membership._meta.fields[name] for name in names))
        for key, *values in tuples(self._db, ties.order_by(Membership.id)):
            self.memberships[self._ref(Organization, key)] = dict(zip(names, values, strict=True))
        for (key,) in tuples(self._db, SiloShare.select(SiloShare.organization)):
            self._facts.add(("silo shares", self._ref(Organization, key)))
        lines = ServiceLine.select(ServiceLine.organization, ServiceLine.site, ServiceLine.name)
        for organization, site, name in tuples(self._db, lines):
            self._facts.add(
                (
                    "service line",
                    self._ref(Organization, organization),
                    None if site is None else self._ref(Site, site),
                    fold(name),
                )
            )
        for organization, association in tuples(
            self._db, Affiliation.select(Affiliation.organization, Affiliation.association)
        ):
            self._facts.add(
                ("affiliation", self._ref(Organization, organization), self._ref(Organization, association))
            )
        for key, name in tuples(self._db, Tag.select(Tag.id, Tag.name)):
            self._named["tag", fold(name)] = self._ref(Tag, key)
        tagged = Tagging.select(Tagging.organization, Tagging.tag).where(Tagging.organization.is_null(False))
        for organization, tag in tuples(self._db, tagged):
            self._facts.add(("tagging", self._ref(Organization, organization), self._ref(Tag, tag)))

    def _ref(self, table: type[Table], record_id: int) -> Ref:
        found = self._refs.get((table, record_id))
        if found is None:
            found = self._refs[table, record_id] = Ref(table, record_id)
        return found
