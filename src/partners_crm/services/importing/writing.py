"""What a row adds to the records it is about: each method plans the steps of one kind of record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from partners_crm.errors import InvalidValue
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    CustomField,
    CustomValue,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    ServiceLine,
    Site,
    Table,
    Tag,
    Tagging,
)
from partners_crm.normalize.spelling import Difference, difference
from partners_crm.normalize.text import fold
from partners_crm.services.custom_fields import read_custom
from partners_crm.services.importing.comparing import compare, compare_own
from partners_crm.services.importing.identity import zip_of
from partners_crm.services.importing.keys import (
    name_clue,
    number_clue,
    organization_key,
    person_clue,
    personal_clue,
    point_clue,
    point_value,
    uid_clue,
)
from partners_crm.services.importing.known import Facts, Known, row_clue
from partners_crm.services.importing.prepare import Person, Prepared
from partners_crm.services.importing.steps import Batch, Defaulted, Ref, RowResult, Stated, Step
from partners_crm.services.records import blank, complete
from partners_crm.services.rows import Problem, Refusal

if TYPE_CHECKING:
    from partners_crm.services.importing.planning import Planner

_EMPTY = (None, "", False)


class RowWriter:
    """Plans the records of one row."""

    __slots__ = ("_steps", "batch", "known", "owner", "result", "row")

    def __init__(
        self, owner: Planner, known: Known, batch: Batch, steps: dict[Ref, Step], row: Prepared, result: RowResult
    ) -> None:
        self.owner = owner
        self.known = known
        self.batch = batch
        self.row = row
        self.result = result
        self._steps = steps

    # ---------------------------------------------------------------- the organization

    def organization(self, ref: Ref | None) -> Ref:
        """The organization of the row: filled in where it is known, else added."""
        row, known = self.row, self.known
        values = row.organization
        name = values["name"]
        if ref is None:
            ref = self._add(Organization, values, "organization")
            known.facts[ref] = Facts({name})
            self._learn(row.name_clue, ref)
        else:
            facts = known.facts[ref]
            # The uid of one that was merged into it leads here too, but gives it no other name.
            by_uid = ref.id is not None and known.record(ref)["uid"] == row.uid
            is_renamed = by_uid and self.owner.terms.policy == "update"
            named = values if is_renamed else {key: value for key, value in values.items() if key != "name"}
            self._fill(ref, named, "organization")
            if is_renamed:
                facts.names.add(name)
            elif organization_key(name) not in map(organization_key, facts.names):
                self._other_name(ref, name)
                self.wrote("organization", "name")
        for system, value in row.numbers:
            self._number(ref, system, value)
        for other in row.other_names:
            if fold(other) not in map(fold, known.facts[ref].names):
                self._other_name(ref, other)
        return ref

    def _other_name(self, ref: Ref, name: str) -> None:
        self.known.facts[ref].names.add(name)
        if self.known.is_new("other name", ref, fold(name)):
            self._add(OtherName, {"organization": ref, "name": name, "kind": "other"}, "other_name")
            self._learn(name_clue(name), ref)

    def _number(self, ref: Ref, system: str, value: str) -> None:
        numbers = self.known.facts[ref].numbers.setdefault(system, set())
        clue = number_clue(system, value)
        if clue not in numbers:
            numbers.add(clue)
            self._add(Identifier, {"organization": ref, "system": system, "value": value}, "identifier")
            self.wrote("", "member_id")
            self._learn(clue, ref)

    def membership(self, organization: Ref, *, is_new: bool) -> None:
        """Its tie to the coalition."""
        values, terms = self.row.membership, self.owner.terms
        tie = self.known.memberships.get(organization)
        if tie is None:
            if values.get("status") or values.get("since") or (is_new and terms.members):
                new = {"organization": organization, "recorded_on": terms.today.isoformat(), **values}
                self.known.memberships[organization] = self._add(Membership, new, "membership")
            return
        self._fill(tie, values, "membership")

    def site(self, organization: Ref) -> Ref | None:
        """The site of the row."""
        row, known = self.row, self.known
        if row.site is None:
            return None
        values = {**blank(Site), **row.site}
        name = fold(values["name"]) if values["name"] else ""
        ref = known.site(organization, name, row.place)
        if ref is None:
            # A file that names sites lists many for one organization; a file that does not gives the main address.
            if not values["kind"]:
                is_one_of_many = self.owner.tells_sites or known.knows("hq", organization)
                values["kind"] = "service" if is_one_of_many else "hq"
            values["organization"] = organization
            ref = self._add(Site, values, "site")
            known.learn_site(organization, name, row.place, ref)
            if values["kind"] == "hq":
                known.is_new("hq", organization)
        else:
            stated = {key: value for key, value in row.site.items() if key not in {"organization", "kind"}}
            self._fill(ref, stated, "site")
        facts = known.facts[organization]
        if row.town:
            facts.towns.add(row.town)
        if code := zip_of(row):
            facts.zips.add(code)
        for clue in row.places:
            facts.places.add(clue)
            self._learn(clue, organization)
        return ref

    # ---------------------------------------------------------------- people

    def person(self, organization: Ref, number: int) -> Ref | None:
        """One of the people of the row, with a role in the organization; None for one without a name."""
        person = self.row.people[number]
        name = person.contact.get("name", "")
        if not name:
            return None
        ref = self.known.contact(organization, fold(name)) or self._same_person(person)
        if ref is None:
            ref = self._add_contact(person)
        else:
            self._fill(ref, self._without_former(ref, person.contact), "contact")
        self.known.learn_contact(organization, fold(name), ref)
        self._role(ref, organization, person.role)
        self._mark(ref, person)
        return ref

    def lone_person(self, number: int) -> tuple[Ref, bool]:
        """A person of a row that names no organization, and whether it is a new one.

        Whoever may not be contacted is kept, known or not: that is what the mark is for.

        Raises:
            Refusal: nobody knows the person, and nothing is to be added.
        """
        person = self.row.people[number]
        name = person.contact.get("name", "")
        ref = next(iter(self.known.led_to(uid_clue(self.row.uid, of_person=True))), None) if self.row.uid else None
        if ref is None:
            ref = self._namesake(person) if name else None
        if ref is None and not name:
            by_point = [each for point in person.points for each in self.known.led_to(personal_clue(point))]
            ref = by_point[0] if by_point else None
        if ref is not None:
            self._fill(ref, self._without_former(ref, person.contact), "contact")
            self._mark(ref, person)
            return ref, False
        if not (self.owner.terms.create or person.do_not_contact or person.unsubscribed):
            column = self.owner.mapping.header("contact", "name")
            raise Refusal(column, name, "is not known, and nothing is to be added")
        if not name:
            person.contact = {**person.contact, "name": next((point["raw"] for point in person.points), "nobody")}
        ref = self._add_contact(person)
        self._mark(ref, person)
        return ref, True

    def _without_former(self, ref: Ref, values: dict[str, Any]) -> dict[str, Any]:
        """What a row says of a known person, without the name of one who was merged into that."""
        if not self.known.is_former(ref, fold(values.get("name", ""))):
            return values
        return {key: value for key, value in values.items() if key not in {"name", "given_name", "family_name"}}

    def _namesake(self, person: Person) -> Ref | None:
        """The contact of the name of a person without an organization, whom something else is shared with.

        A name alone is enough between two who have nothing else: no job, and no way to reach them.
        """
        name = person.contact["name"]
        named = self.known.led_to(person_clue(name))
        points = {(point["kind"], point_value(point)) for point in (*person.points, *self.row.points)}
        for ref in named:
            if not points.isdisjoint(self.known.reach.get(ref, ())):
                return ref
        if not points:
            for ref in named:
                if not self.known.reach.get(ref) and not self.known.works(ref):
                    return ref
        if named:
            reason = "is the name of a known contact with whom nothing else is shared; taken as another person"
            self._tell("contact", "name", name, reason, serious=True)
        return None

    def _same_person(self, person: Person) -> Ref | None:
        """The contact with the same name and the same mail address, wherever it works."""
        name = fold(person.contact.get("name", ""))
        named = self.known.led_to(person_clue(name)) if name else []
        for point in person.points:
            for ref in self.known.led_to(personal_clue(point)) if point["kind"] == "email" else ():
                if ref in named:
                    return ref
        return None

    def _add_contact(self, person: Person) -> Ref:
        ref = self._add(Contact, person.contact, "contact")
        self._learn(person_clue(person.contact["name"]), ref)
        return ref

    def _role(self, contact: Ref, organization: Ref, values: dict[str, Any]) -> None:
        roles = self.known.roles.setdefault((contact, organization), [])
        title = fold(values.get("title", ""))
        same = [role for role in roles if fold(self._now(role)["title"]) == title]
        untitled = [role for role in roles if not self._now(role)["title"]]
        # Under the policy `update` a title gives way to another one, but not to one of the same file.
        former = [role for role in roles if self.owner.may_replace(role, "title")]
        if roles and (not title or same or untitled or former):
            chosen = same or untitled or former[-1:] or roles[-1:]
            self._fill(chosen[0], values, "role")
        elif not roles or title:
            roles.append(self._add(Role, {**values, "contact": contact, "organization": organization}, "role"))

    def _mark(self, ref: Ref, person: Person) -> None:
        """Do not contact: never taken back, whatever the policy."""
        if person.do_not_contact and not self._now(ref)["do_not_contact"]:
            self._set(ref, {"do_not_contact": True})
            self.wrote("", "do_not_contact")

    # ---------------------------------------------------------------- ways to reach them

    def points(self, organization: Ref, site: Ref | None, people: Sequence[Ref | None]) -> None:
        """The phones, mail and web addresses of the row, each with whom it reaches."""
        row, place = self.row, site or organization
        for point in row.points:
            self._point(place, point, ("phone", "fax"), organization, row.is_silent)
        self.silence(organization)
        for point in row.webs:
            self._point(organization, point, ("web",), organization)
        for ref, person in zip(people, row.people, strict=True):
            owner = ref or place
            for point in person.points:
                self._point(owner, point, ("email", "contact_phone"), organization, self._is_suppressed(person, point))

    def points_of_person(self, ref: Ref, person: Person) -> None:
        """The phones and mail addresses of a person of whom the row names no organization."""
        for point in person.points:
            self._point(ref, point, ("email", "contact_phone"), None, self._is_suppressed(person, point))
        for point in self.row.points:
            self._point(ref, point, ("phone", "fax"), None, person.do_not_contact)

    def keep_marks(self, organization: Ref) -> None:
        """Of a known organization that is left alone: the marks of the row go in all the same.

        Whoever is marked is kept, with whatever is not to be used to reach them, known or not.
        """
        for person in self.row.people:
            if not (person.do_not_contact or person.unsubscribed):
                continue
            ref = None
            if name := person.contact.get("name", ""):
                ref = self.known.contact(organization, fold(name)) or self._same_person(person)
                if ref is None:
                    ref = self._add_contact(person)
                    self._role(ref, organization, person.role)
                self.known.learn_contact(organization, fold(name), ref)
                self._mark(ref, person)
            for point in person.points:
                if self._is_suppressed(person, point):
                    names, owner = ("email", "contact_phone"), ref or self._owner_of(organization, point)
                    self._point(owner, point, names, organization, suppressed=True)
        self.silence(organization)

    def keep_marks_of_refused(self) -> None:
        """Of a row that stays out: the marks go in where what they are about is known; nothing is added."""
        named = self.known.led_to(row_clue(self.row))
        for person in self.row.people:
            if person.do_not_contact:
                name = fold(person.contact.get("name", ""))
                refs = [self.known.contact(organization, name) for organization in named] if name else []
                for ref in filter(None, (*refs, self._same_person(person))):
                    self._mark(ref, person)
        if len(named) == 1:
            self.silence(named[0])

    def silence(self, organization: Ref) -> None:
        """Mark the known phones and mail addresses of a place of which the row says: do not contact.

        That are those the row names, or, where it names none, all of the organization and its sites.
        """
        if not self.row.is_silent:
            return
        told = {(point["kind"], point_value(point)) for point in self.row.points}
        found = [
            ref
            for (owner, kind, value, _), ref in self.known.points.items()
            if kind != "web" and self._belongs(owner, organization) and (not told or (kind, value) in told)
        ]
        for ref in found:
            if not self._now(ref)["do_not_contact"]:
                self._set(ref, {"do_not_contact": True})
                self._wrote_marks()
        if not found:
            reason = "says of a place not to contact it, and no way to reach it is known; kept in the source row"
            self._tell("", "do_not_contact", "", reason, serious=True)

    def _belongs(self, owner: Ref, organization: Ref) -> bool:
        """Whether a contact point of an owner is one of an organization's places."""
        if owner is organization or owner.table is not Site:
            return owner is organization
        of = self._now(owner)["organization"]
        return of is organization or (organization.id is not None and of == organization.id)

    def _owner_of(self, organization: Ref, point: Mapping[str, Any]) -> Ref:
        """The place of an organization that has a contact point already; the organization where none has."""
        wanted = point["kind"], point_value(point)
        for owner, kind, value, _ in self.known.points:
            if (kind, value) == wanted and self._belongs(owner, organization):
                return owner
        return organization

    def _is_suppressed(self, person: Person, point: Mapping[str, Any]) -> bool:
        return person.do_not_contact or (person.unsubscribed and point["kind"] == "email")

    def _point(
        self,
        owner: Ref,
        point: dict[str, Any],
        names: Iterable[str],
        organization: Ref | None,
        suppressed: bool = False,
    ) -> None:
        values = {**blank(ContactPoint), **point}
        kind, value = values["kind"], point_value(values)
        key = (owner, kind, value, values["extension"])
        if suppressed or (self.owner.suppressed and value.lower() in self.owner.suppressed):
            values["do_not_contact"] = True
        stored = self.known.points.get(key)
        if stored is None and organization is not None and owner.table is Site:
            # What is known of the organization need not be said of its site again.
            stored = self.known.points.get((organization, *key[1:]))
        if stored is None:
            values[owner.table.entity.name] = owner
            self.known.points[key] = self._add(ContactPoint, values, *names)
            if suppressed:
                self._wrote_marks()
            if clue := point_clue(kind, values["value"]):
                if organization is not None:
                    facts = self.known.facts[organization]
                    (facts.phones if kind == "phone" else facts.mails).add(clue)
                    self._learn(clue, organization)
                if owner.table is Contact:
                    self._learn(f"c{clue}", owner)
            if owner.table is Contact:
                self.known.reach.setdefault(owner, set()).add((kind, value))
            return
        now = self._now(stored)
        if values.get("do_not_contact") and not now["do_not_contact"]:
            self._set(stored, {"do_not_contact": True})
            self._wrote_marks()
        if values["status"] == "bounced" and now["status"] == "ok":
            self._set(stored, {"status": "bounced"})
            self.wrote("", "email_status")

    def _wrote_marks(self) -> None:
        for name in ("unsubscribed", "do_not_contact", "email_status"):
            self.wrote("", name)

    # ---------------------------------------------------------------- what it does, and with whom

    def programs(self, organization: Ref, site: Ref | None) -> None:
        """What it does at the site."""
        for name in self.row.programs:
            if self.known.is_new("service line", organization, site, fold(name)):
                values = {"organization": organization, "site": site, "name": name, "active": True}
                self._add(ServiceLine, values, "service_line")

    def associations(self, organization: Ref) -> None:
        """The trade associations it belongs to; a name with a slip of the pen is one that is known."""
        for name in self.row.associations:
            association = self._association(name)
            if association is not organization and self.known.is_new("affiliation", organization, association):
                values = {"organization": organization, "association": association, "source": self.owner.mapping.source}
                self._add(Affiliation, values, "association")

    def _association(self, name: str) -> Ref:
        known = self.known
        if led := known.led_to(name_clue(name)):
            return led[0]
        for other, record_id in self.owner.coalition.associations:
            # Which of the names of the file mean each other was settled before: `associations.meant`.
            if (how := difference(name, other)) <= Difference.SLIP:
                if how > Difference.NONE:
                    self._tell("", "association", name, f"was taken for {other}")
                return known.ref(Organization, record_id)
        ref = self._add(Organization, {"name": name, "kind": "association"}, "association")
        known.facts[ref] = Facts({name})
        self._learn(name_clue(name), ref)
        self.owner.planned_associations.append((name, ref))
        return ref

    def tags(self, organization: Ref | None, contact: Ref | None) -> None:
        """Tags of the organization; what the form of the row says is a tag of its person, where it has one."""
        owner = organization or contact
        for name in self.row.tags if owner is not None else ():
            self._tag(owner, name)
        for mark in sorted(self.row.marks):
            owner = contact or organization
            if owner is not None and mark != "hidden":
                self._tag(owner, "struck out" if mark == "struck" else mark.replace(":", " "))

    def _tag(self, owner: Ref | None, name: str) -> None:
        assert owner is not None
        tag = self.known.tag(fold(name))
        if tag is None:
            tag = self._add(Tag, {"name": name}, "tag")
            self.known.learn_tag(fold(name), tag)
        if self.known.is_new("tagging", owner, tag):
            self._add(Tagging, {"tag": tag, owner.table.entity.name: owner}, "tag")

    def own(self, organization: Ref | None, site: Ref | None, people: Sequence[Ref | None]) -> None:
        """The values of the coalition's own fields."""
        owners = {"organization": organization, "site": site, "contact": next((each for each in people if each), None)}
        for key, text in self.row.own.items():
            field = self.owner.coalition.own[key]
            owner = owners[field.applies_to]
            if owner is None:
                self._remark_own(
                    key, text, f"belongs to a {field.applies_to}, and the row names none; kept in the source row"
                )
                continue
            try:
                value = read_custom(field, text)
            except InvalidValue as error:
                self._remark_own(key, text, f"{error.reason}; kept in the source row")
                continue
            stored = self.known.own.get((str(field.id), owner))
            if stored is None:
                if value:
                    values = {"field": field.id, "value": value, owner.table.entity.name: owner}
                    self.known.own[str(field.id), owner] = self._add(CustomValue, values)
                    self.wrote("own", key)
            elif value:
                self._own_value(stored, field, value, text)

    def _own_value(self, stored: Ref, field: CustomField, value: str, text: str) -> None:
        """Compare a value of a field of the coalition's own with the one that is known."""
        now = self._now(stored)["value"]
        may_replace = self.owner.may_replace(stored, "value")
        self.owner.says(stored, "value")
        how = compare_own(field, value, now)
        if how != "same" and not (may_replace or (how == "finer" and self.owner.is_update)):
            self._remark_own(field.key, text, self._kept(now), serious=False)
        elif how != "same":
            self._set(stored, {"value": value})
            self.wrote("own", field.key, replaced=True)

    def _kept(self, now: Any) -> str:
        what = "an earlier row of the file says" if self.owner.is_update else "is known"
        return f"differs from what {what} ({now}), which was kept"

    def _remark_own(self, key: str, text: str, reason: str, *, serious: bool = True) -> None:
        column = self.owner.mapping.header("own", key)
        self.batch.remarks.append(Problem(self.row.line, column, text, reason, serious=serious))

    def state(self, site: Ref, district: int, chamber: str) -> None:
        """The file says in which district a site stands."""
        mapping = self.owner.mapping
        columns = mapping.columns("", chamber) or mapping.columns("", "district")
        self.batch.stated.append(Stated(site, district, self.result, columns))

    # ---------------------------------------------------------------- steps

    def wrote(self, kind: str, name: str = "", *, replaced: bool = False) -> None:
        """Remember that something of the columns of a target was written."""
        columns = self.owner.columns.get((kind, name))
        if columns:
            self.result.wrote |= columns
            if replaced:
                self.owner.replaced.update(columns & self.row.filled)

    def _learn(self, clue: str, ref: Ref) -> None:
        if self.known.learn_clue(clue, ref):
            self.batch.clues.append((clue, ref))

    def _add(self, table: type[Table], values: dict[str, Any], *names: str) -> Ref:
        """Plan a record; `names` say which columns of the row it comes from."""
        ref = Ref(table, None)
        step = Step(table, ref, values if table in _COMPLETE else complete(table, values))
        self.batch.steps.append(step)
        self._steps[ref] = step
        self.result.wrote |= self.owner.columns_of(names)
        if self.owner.is_update and table in _FILLED:
            for name, value in step.values.items():
                if value not in _EMPTY:
                    self.owner.says(ref, name)
        return ref

    def _now(self, ref: Ref) -> dict[str, Any]:
        """The values of a record as they will be, by what is planned so far."""
        step = self._steps.get(ref)
        if step is None:
            return self.known.record(ref).stored()
        if step.existing is None:
            return Defaulted(step.table, step.values)
        return {**step.existing.stored(), **step.values}

    def _set(self, ref: Ref, values: dict[str, Any]) -> None:
        step = self._steps.get(ref)
        if step is not None:
            step.values.update(values)
            return
        step = Step(ref.table, ref, values, self.known.record(ref))
        self.batch.steps.append(step)
        self._steps[ref] = step

    def _fill(self, ref: Ref, values: Mapping[str, Any], kind: str) -> None:
        """Write values where the record has none, or, under the policy `update`, where it has others.

        Where a value differs and what is there is kept, that is said. What was understood of an address stays.
        """
        now, owner = self._now(ref), self.owner
        new: dict[str, Any] = {}
        for name, value in values.items():
            if value in _EMPTY:
                continue
            may_replace = owner.may_replace(ref, name)
            owner.says(ref, name)
            known = now[name]
            if known == value:
                continue
            if known in _EMPTY:
                new[name] = value
                continue
            if ref.table.declarations()[name].derived or (name == "address" and _is_same_street(values, now)):
                continue
            how = compare(ref.table, name, value, known)
            if how != "same" and not (may_replace or (how == "finer" and owner.is_update)):
                self._tell(kind, name, str(value), self._kept(known))
            elif how != "same":
                new[name] = value
                self.wrote(kind, name, replaced=True)
        if new:
            self._set(ref, new)
            for name in new:
                self.wrote(kind, name)
            if kind == "site":
                self.wrote("site")

    def _tell(self, kind: str, name: str, value: str, reason: str, *, serious: bool = False) -> None:
        column = self.owner.mapping.header(kind, name)
        self.batch.remarks.append(Problem(self.row.line, column, value, reason, serious=serious))


_COMPLETE = frozenset({Site, ContactPoint})
"""Entities whose records are complete when their row was read."""


_FILLED = frozenset({Organization, Membership, Site, Contact, Role, CustomValue})
"""Entities of which a later row may say more."""


def _is_same_street(values: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two addresses are understood as one, however they are typed."""
    street = fold(now["street"])
    return bool(street) and street == fold(values.get("street", ""))
