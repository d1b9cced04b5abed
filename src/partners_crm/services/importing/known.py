"""What an import has to know of the database: the records that some rows of a file may be about.

It is read for a batch of rows, with a handful of queries: first who the rows may be about, by the keys of names,
numbers, phones, mail addresses and places, then everything known of them. What is planned is learnt as it is planned.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    CustomValue,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    ServiceLine,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
)
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.spelling import PERHAPS, likeness
from partners_crm.normalize.text import fold
from partners_crm.services.importing.keys import (
    name_clue,
    number_clue,
    person_clue,
    personal_clue,
    place_clue,
    point_clue,
    point_value,
    uid_clue,
)
from partners_crm.services.importing.prepare import Prepared
from partners_crm.services.importing.steps import Ref
from partners_crm.store.clues import Clues
from partners_crm.store.merges import all_survivors, former_titles
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, parts, records, streamed, tuples

NAMESAKES = 100
"""Organizations, or contacts, of one name that are told apart at most."""
MOST = 8
"""Organizations that one phone, place or mail address may lead to; more share a switchboard and prove nothing."""
TIE = ("status", "tier", "since", "until", "reason", "recruited_by")


@dataclass(slots=True)
class Facts:
    """What tells one organization from another: known of one that is stored, or planned."""

    names: set[str] = field(default_factory=set)
    """As spelled."""
    numbers: dict[str, set[str]] = field(default_factory=dict)
    """Numbers by system, folded as in the clue."""
    phones: set[str] = field(default_factory=set)
    mails: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    """Keys of places with a street."""
    towns: set[str] = field(default_factory=set)
    """Folded."""
    zips: set[str] = field(default_factory=set)
    """Of five digits."""


def most(clue: str) -> int:
    """How many records of a key are remembered: of a switchboard one more than proves anything."""
    return NAMESAKES if clue.startswith(("n:", "i:", "c:")) else MOST + 1


def fill(db: Handle, clues: Clues) -> None:
    """Learn the keys of everything that is stored."""
    clues.learn(_stored_clues(db))


def _stored_clues(db: Handle) -> Iterator[tuple[str, int]]:
    for key, name, uid in streamed(db, Organization.select(Organization.id, Organization.name, Organization.uid)):
        yield name_clue(name), key
        yield uid_clue(uid), key
    for key, name in streamed(db, OtherName.select(OtherName.organization, OtherName.name)):
        yield name_clue(name), key
    for key, system, value in streamed(
        db, Identifier.select(Identifier.organization, Identifier.system, Identifier.value)
    ):
        yield number_clue(system, value), key
    for key, name, uid in streamed(db, Contact.select(Contact.id, Contact.name, Contact.uid)):
        yield person_clue(name), key
        yield uid_clue(uid, of_person=True), key
    # What was merged into another record is known by its uid still.
    merged = all_survivors(db)
    for uid, key in merged.get(Organization.entity.name, {}).items():
        yield uid_clue(uid), key
    for uid, key in merged.get(Contact.entity.name, {}).items():
        yield uid_clue(uid, of_person=True), key
    for key, names in former_titles(db, Contact).items():
        for name in names:
            yield person_clue(name), key
    columns = (Site.organization, Site.street, Site.unit, Site.postal_code, Site.city)
    for key, *parts_of_place in streamed(db, Site.select(*columns)):
        if clue := place_clue(place_key(*parts_of_place)):
            yield clue, key
    yield from _stored_points(db)


def _stored_points(db: Handle) -> Iterator[tuple[str, int]]:
    understood = (ContactPoint.value != "") & ContactPoint.kind.in_(("phone", "email"))
    kind, value = ContactPoint.kind, ContactPoint.value
    own = ContactPoint.select(ContactPoint.organization, kind, value).where(ContactPoint.organization.is_null(False))
    sited = ContactPoint.select(Site.organization, kind, value).join(Site, on=(ContactPoint.site == Site.id))
    people = ContactPoint.select(Role.organization, kind, value).join(Role, on=(ContactPoint.contact == Role.contact))
    for query in (own, sited, people):
        for key, how, text in streamed(db, query.where(understood)):
            yield point_clue(how, text), key
    personal = ContactPoint.select(ContactPoint.contact, kind, value).where(
        ContactPoint.contact.is_null(False) & understood
    )
    for key, how, text in streamed(db, personal):
        yield f"c{point_clue(how, text)}", key


def row_clue(row: Prepared) -> str:
    """The key of the name of a row's organization; "" for none. A row that is refused early has none of its own."""
    name = row.organization.get("name", "")
    return row.name_clue or (name_clue(name) if name else "")


def says_silence(row: Prepared) -> bool:
    """Whether a row says of somebody: do not contact."""
    return row.is_silent or any(person.do_not_contact or person.unsubscribed for person in row.people)


def clues_of(row: Prepared) -> Iterator[str]:
    """The keys by which a row may be about something that is known."""
    if clue := row_clue(row):
        yield clue
    if row.uid:
        yield uid_clue(row.uid)
        yield uid_clue(row.uid, of_person=True)
    yield from row.evidence
    for system, value in row.numbers:
        yield number_clue(system, value)
    for person in row.people:
        if name := person.contact.get("name"):
            yield person_clue(name)
        yield from filter(None, map(personal_clue, person.points))
    for name in row.associations:
        yield name_clue(name)


class Known:
    """The records that a batch of rows may be about."""

    def __init__(self, db: Handle, clues: Clues, rows: Sequence[Prepared]) -> None:
        self._db = db
        self._refs: dict[tuple[type[Table], int], Ref] = {}
        self._records: dict[type[Table], dict[int, Table]] = {}
        self._clues: dict[str, list[Ref]] = {}
        self._facts: set[tuple[Hashable, ...]] = set()
        self.facts: dict[Ref, Facts] = {}
        """By organization."""
        self.memberships: dict[Ref, Ref] = {}
        """The newest membership of an organization."""
        self.points: dict[tuple[Ref, str, str, str], Ref] = {}
        """Contact points by owner, kind, value and extension."""
        self.reach: dict[Ref, set[tuple[str, str]]] = {}
        """(kind, value) of the points of a contact."""
        self.roles: dict[tuple[Ref, Ref], list[Ref]] = {}
        """The jobs of a contact in an organization."""
        self.own: dict[tuple[str, Ref], Ref] = {}
        """Values of coalition-defined fields by key and owner."""
        self.shares: dict[Ref, list[Ref]] = {}
        """The silo shares of an organization."""
        self._former = former_titles(db, Contact)
        """The names of contacts that were merged into others, by the id of that which is there."""
        self._sites: dict[tuple[Ref, str, str], Ref] = {}
        self._contacts: dict[tuple[Ref, str], Ref] = {}
        self._tags: dict[str, Ref] = {}
        self._read(clues, rows)

    # ---------------------------------------------------------------- asking

    def record(self, ref: Ref) -> Table:
        """The stored record behind a ref."""
        assert ref.id is not None
        stored = self._records.setdefault(ref.table, {})
        if ref.id not in stored:
            stored.update(by_ids(self._db, ref.table, [ref.id]))
        return stored[ref.id]

    def ref(self, table: type[Table], record_id: int) -> Ref:
        """The ref of a stored record."""
        found = self._refs.get((table, record_id))
        if found is None:
            found = self._refs[table, record_id] = Ref(table, record_id)
        return found

    def led_to(self, clue: str) -> list[Ref]:
        """The organizations or contacts a key leads to."""
        return self._clues.get(clue, []) if clue else []

    def learn_clue(self, clue: str, ref: Ref) -> bool:
        """Remember that a key leads to a record; whether that was new."""
        if not clue:
            return False
        refs = self._clues.setdefault(clue, [])
        if ref in refs:
            return False
        refs.append(ref)
        return True

    def site(self, organization: Ref, name: str, place: str) -> Ref | None:
        """The organization's site of that name at that place; a name or place that is not given fits any."""
        found = self._sites.get((organization, name, place))
        if found is None and not name and place:
            found = self._sites.get((organization, "*", place))
        if found is None and name and not place:
            found = self._sites.get((organization, name, "*"))
        return found

    def learn_site(self, organization: Ref, name: str, place: str, ref: Ref) -> None:
        """Remember a site."""
        self._sites[organization, name, place] = ref
        self._sites.setdefault((organization, "*", place), ref)
        self._sites.setdefault((organization, name, "*"), ref)

    def works(self, contact: Ref) -> bool:
        """Whether a contact has a job anywhere; a planned one has not, for all that is known."""
        if contact.id is None:
            return any(person is contact for person, _ in self.roles)
        return bool(tuples(self._db, Role.select(Role.id).where(Role.contact == contact.id).limit(1)))

    def contact(self, organization: Ref, name: str) -> Ref | None:
        """The contact of that folded name who has a role in the organization."""
        return self._contacts.get((organization, name))

    def is_former(self, contact: Ref, name: str) -> bool:
        """Whether a folded name is that of a contact who was merged into this one, and not its own."""
        former = self._former.get(contact.id, ()) if contact.id is not None else ()
        return name in map(fold, former) and name != fold(self.record(contact)["name"])

    def learn_contact(self, organization: Ref, name: str, ref: Ref) -> None:
        """Remember a contact of an organization."""
        self._contacts.setdefault((organization, name), ref)

    def tag(self, name: str) -> Ref | None:
        """The tag of a folded name."""
        return self._tags.get(name)

    def learn_tag(self, name: str, ref: Ref) -> None:
        """Remember a tag."""
        self._tags[name] = ref

    def knows(self, *fact: Hashable) -> bool:
        """Whether a fact is known."""
        return fact in self._facts

    def is_new(self, *fact: Hashable) -> bool:
        """Whether a fact was not known; it is from now on."""
        if fact in self._facts:
            return False
        self._facts.add(fact)
        return True

    # ---------------------------------------------------------------- reading

    def _read(self, clues: Clues, rows: Sequence[Prepared]) -> None:
        # Of a refused row the marks count all the same.
        rows = [row for row in rows if row.refusal is None or says_silence(row)]
        wanted: set[str] = set()
        for row in rows:
            wanted.update(clues_of(row))
        organizations: set[int] = set()
        contacts: set[int] = set()
        found = clues.find(sorted(wanted))
        for clue, ids in found.items():
            if clue.startswith(("n:", "i:", "u:")):
                self._clues[clue] = [self.ref(Organization, key) for key in ids]
                organizations.update(ids)
        if found:
            organizations |= self._alike(rows, found)
        contacts |= self._namesakes(rows, found)
        for key, name in (
            tuples(self._db, Tag.select(Tag.id, Tag.name)) if any(row.tags or row.marks for row in rows) else ()
        ):
            self._tags[fold(name)] = self.ref(Tag, key)
        for some in parts(sorted(organizations)):
            self._organizations(some)
        for some in parts(sorted(contacts | self._people_of(organizations))):
            self._people(some)

    def _alike(self, rows: Sequence[Prepared], found: Mapping[str, list[int]]) -> set[int]:
        """The organizations with a name like that of a row which shares a phone, a mail or a street address with it.

        Those are few, while a switchboard leads to many: of the others only the names are read.
        """
        pairs = []
        for row in rows:
            name = row.organization.get("name", "")
            for clue in row.evidence if name else ():
                if (ids := found.get(clue)) and len(ids) <= MOST:
                    pairs += [(name, clue, key) for key in ids]
        names: dict[int, list[str]] = {}
        for some in parts(sorted({key for _, _, key in pairs})):
            own = Organization.select(Organization.id, Organization.name).where(Organization.id.in_(some))
            others = OtherName.select(OtherName.organization, OtherName.name).where(OtherName.organization.in_(some))
            for key, other in (*tuples(self._db, own), *tuples(self._db, others)):
                names.setdefault(key, []).append(other)
        wanted = set()
        for name, clue, key in pairs:
            if any(likeness(name, other) >= PERHAPS for other in names.get(key, ())):
                refs = self._clues.setdefault(clue, [])
                if (ref := self.ref(Organization, key)) not in refs:
                    refs.append(ref)
                wanted.add(key)
        return wanted

    def _namesakes(self, rows: Sequence[Prepared], found: Mapping[str, list[int]]) -> set[int]:
        """The contacts with the name and a mail address of a person of a row; without an organization, either."""
        wanted: set[int] = set()
        for row in rows:
            clue = uid_clue(row.uid, of_person=True)
            for key in found.get(clue, ()):
                self.learn_clue(clue, self.ref(Contact, key))
                wanted.add(key)
            for person in row.people:
                named = set(found.get(person_clue(person.contact["name"]), ())) if person.contact.get("name") else set()
                reached = {key for point in person.points for key in found.get(personal_clue(point), ())}
                chosen = named & reached if row.organization.get("name") else named | reached
                wanted |= chosen
                for clue in (person_clue(person.contact.get("name", "")), *map(personal_clue, person.points)):
                    for key in found.get(clue, ()):
                        if key in chosen:
                            self.learn_clue(clue, self.ref(Contact, key))
        return wanted

    def _keep(self, query: Any) -> Iterator[tuple[Ref, Table]]:
        """The records of a query with their refs, kept for `record`."""
        found: list[Table] = records(self._db, query)
        for record in found:
            table = type(record)
            self._records.setdefault(table, {})[record.id] = record
            yield self.ref(table, record.id), record

    def _organizations(self, ids: Sequence[int]) -> None:
        db = self._db
        for ref, record in self._keep(Organization.select().where(Organization.id.in_(ids))):
            self.facts[ref] = Facts({record["name"]})
        for key, name in tuples(
            db, OtherName.select(OtherName.organization, OtherName.name).where(OtherName.organization.in_(ids))
        ):
            owner = self.ref(Organization, key)
            self.facts[owner].names.add(name)
            self._facts.add(("other name", owner, fold(name)))
        columns = (Identifier.organization, Identifier.system, Identifier.value)
        for key, system, value in tuples(db, Identifier.select(*columns).where(Identifier.organization.in_(ids))):
            self.facts[self.ref(Organization, key)].numbers.setdefault(system, set()).add(number_clue(system, value))
        self._places(ids)
        ties = Membership.select().where(Membership.organization.in_(ids)).order_by(Membership.id)
        for ref, record in self._keep(ties):
            self.memberships[self.ref(Organization, record["organization"])] = ref
        for ref, record in self._keep(SiloShare.select().where(SiloShare.organization.in_(ids))):
            self.shares.setdefault(self.ref(Organization, record["organization"]), []).append(ref)
        lines = ServiceLine.select(ServiceLine.organization, ServiceLine.site, ServiceLine.name)
        for key, site, name in tuples(db, lines.where(ServiceLine.organization.in_(ids))):
            where = None if site is None else self.ref(Site, site)
            self._facts.add(("service line", self.ref(Organization, key), where, fold(name)))
        ties_out = Affiliation.select(Affiliation.organization, Affiliation.association)
        for key, association in tuples(db, ties_out.where(Affiliation.organization.in_(ids))):
            self._facts.add(("affiliation", self.ref(Organization, key), self.ref(Organization, association)))
        self._tagged(Organization, Tagging.organization, ids)
        self._own(Organization, CustomValue.organization, ids)

    def _places(self, ids: Sequence[int]) -> None:
        sites: list[int] = []
        for ref, record in self._keep(Site.select().where(Site.organization.in_(ids)).order_by(Site.id)):
            owner = self.ref(Organization, record["organization"])
            place = place_key(record["street"], record["unit"], record["postal_code"], record["city"])
            if record["kind"] == "hq":
                self._facts.add(("hq", owner))
            self.learn_site(owner, fold(record["name"]), place, ref)
            self._place_facts(owner, place, record["city"], record["postal_code"])
            sites.append(record.id)
        owned = {"organization": (Organization, ids), "site": (Site, sites)}
        for name, (table, keys) in owned.items():
            for some in parts(list(keys)):
                self._points(table, name, some)
        for some in parts(sites):
            self._own(Site, CustomValue.site, some)

    def _place_facts(self, owner: Ref, place: str, town: str, postal_code: str) -> None:
        facts = self.facts[owner]
        if clue := place_clue(place):
            facts.places.add(clue)
        if town:
            facts.towns.add(fold(town))
        if postal_code:
            facts.zips.add(postal_code[:5])

    def _points(self, table: type[Table], name: str, ids: Sequence[int]) -> None:
        field_of: Any = ContactPoint._meta.fields[name]
        for ref, record in self._keep(ContactPoint.select().where(field_of.in_(ids))):
            owner = self.ref(table, record[name])
            self.learn_point(owner, record.stored(), ref)
            if table is Organization:
                organization = owner
            elif table is Site:
                organization = self.ref(Organization, self.record(owner)["organization"])
            else:
                continue
            self._point_facts(organization, record["kind"], record["value"])

    def _point_facts(self, organization: Ref, kind: str, value: str) -> None:
        facts = self.facts.get(organization)
        if facts is not None and value:
            (facts.phones if kind == "phone" else facts.mails).add(point_clue(kind, value))

    def learn_point(self, owner: Ref, values: dict[str, Any], ref: Ref) -> None:
        """Remember a contact point by its owner, kind, value and extension."""
        value = point_value(values)
        self.points.setdefault((owner, values["kind"], value, values["extension"]), ref)
        if owner.table is Contact:
            self.reach.setdefault(owner, set()).add((values["kind"], value))

    def _people_of(self, organizations: set[int]) -> set[int]:
        found: set[int] = set()
        for some in parts(sorted(organizations)):
            query = Role.select().where(Role.organization.in_(some)).order_by(Role.id)
            for ref, record in self._keep(query):
                owner, person = self.ref(Organization, record["organization"]), self.ref(Contact, record["contact"])
                self.roles.setdefault((person, owner), []).append(ref)
                found.add(record["contact"])
        return found

    def _people(self, ids: Sequence[int]) -> None:
        employers: dict[Ref, list[Ref]] = {}
        for person, organization in self.roles:
            employers.setdefault(person, []).append(organization)
        for ref, record in self._keep(Contact.select().where(Contact.id.in_(ids))):
            for organization in employers.get(ref, ()):
                self.learn_contact(organization, fold(record["name"]), ref)
        for ref, organizations in employers.items():
            for name in self._former.get(ref.id or 0, ()):
                for organization in organizations:
                    self.learn_contact(organization, fold(name), ref)
        self._points(Contact, "contact", ids)
        for (owner, kind, value, _), ref in list(self.points.items()):
            for organization in employers.get(owner, ()):
                self._point_facts(organization, kind, value if self.record(ref)["value"] else "")
        self._tagged(Contact, Tagging.contact, ids)
        self._own(Contact, CustomValue.contact, ids)

    def _tagged(self, table: type[Table], owner: Any, ids: Sequence[int]) -> None:
        for key, tag in tuples(self._db, Tagging.select(owner, Tagging.tag).where(owner.in_(ids))):
            self._facts.add(("tagging", self.ref(table, key), self.ref(Tag, tag)))

    def _own(self, table: type[Table], owner: Any, ids: Sequence[int]) -> None:
        for ref, record in self._keep(CustomValue.select().where(owner.in_(ids))):
            self.own[str(record["field"]), self.ref(table, record[table.entity.name])] = ref
