"""Queries on the entities people list: their relations as fields, and what a free word looks at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from partners_crm.errors import QueryError
from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    CustomField,
    CustomValue,
    Declared,
    District,
    DistrictMap,
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
from partners_crm.model.custom import choices_of, declared_of
from partners_crm.model.ties import MEMBERSHIP_STATUSES
from partners_crm.normalize.numbers import number_text
from partners_crm.normalize.text import fold
from partners_crm.store.custom import choice_of, fields_of, owner_of
from partners_crm.store.maps import standing
from partners_crm.store.open import Handle
from partners_crm.store.query import Compiler, Condition, Term, compared, condition, contains, parse, pick
from partners_crm.store.read import tuples

_DISTRICT = re.compile(r"(?:(?P<map>[a-z]{2}-\w+):)?(?P<chamber>[a-z]+):?(?P<number>\d{1,3})", re.IGNORECASE)
_CHAMBER_WORDS = {
    "sldl": "house",
    "hd": "house",
    "house": "house",
    "h": "house",
    "sldu": "senate",
    "sd": "senate",
    "senate": "senate",
    "s": "senate",
}


def selection(db: Handle, table: type[Table], text: str, *, map_code: str, today: date) -> Any:
    """A peewee select of the ids of an entity that a query means.

    Records that were archived are left out unless the query names `archived_on` or `is:archived`.

    Raises:
        QueryError: the query names an unknown field or value.
    """
    terms = parse(text)
    special, words = _compilers(db, table, map_code, today)
    query = table.select(table.id)
    for one in condition(table, terms, special, words, today):
        query = query.where(one)
    if "archived_on" in table.declarations() and not any(map(_asks_for_archived, terms)):
        query = query.where(table._meta.fields["archived_on"] == "")
    return query


def query_fields(db: Handle, table: type[Table], *, map_code: str, today: date) -> tuple[str, ...]:
    """Every field a query on the entity may name, relations first."""
    special, _ = _compilers(db, table, map_code, today)
    return (*special, *(name for name in table.declarations() if name not in special))


def taken_words(db: Handle, table: type[Table]) -> frozenset[str]:
    """What a query on the entity may name by itself, without the coalition's own fields."""
    special, _ = _built_in(db, table, "", date.min)
    things = _THINGS if table is Organization else ()
    return frozenset((*special, *table.declarations(), *things, "has", "is"))


def _asks_for_archived(term: Term) -> bool:
    return term.field == "archived_on" or (term.field == "is" and fold(term.value) == "archived")


def _compilers(db: Handle, table: type[Table], map_code: str, today: date) -> tuple[Mapping[str, Compiler], Compiler]:
    special, words = _built_in(db, table, map_code, today)
    own = {field.key: field for field in fields_of(db, table) if field.key not in table.declarations()}
    if not own:
        return special, words
    more = {key: _own_field(table, field, today) for key, field in own.items()}
    return {**more, **special, "has": lambda term: _has(term, table, own)}, words


def _built_in(db: Handle, table: type[Table], map_code: str, today: date) -> tuple[Mapping[str, Compiler], Compiler]:
    if table is Organization:
        return _organization_fields(db, map_code, today), _organization_words
    if table is Contact:
        return _contact_fields(), _contact_words
    title = table._meta.fields[table.entity.title or "uid"]
    return {}, lambda term: contains(title, term.value)


# -------------------------------------------------------------------- organizations


def _organization_fields(db: Handle, map_code: str, today: date) -> dict[str, Compiler]:
    own = Organization.id

    def of_site(field: Any) -> Compiler:
        return lambda term: own.in_(Site.select(Site.organization).where(contains(field, term.value)))

    def silo(term: Term) -> Condition:
        wanted = pick(term, _silos(db))
        return own.in_(SiloShare.select(SiloShare.organization).where(SiloShare.silo == wanted))

    def status(term: Term) -> Condition:
        names = {code: code for code, _ in MEMBERSHIP_STATUSES} | {label: code for code, label in MEMBERSHIP_STATUSES}
        wanted = pick(term, {**names, "none": "none"})
        open_ties = Membership.select(Membership.organization).where(
            (Membership.until == "")
            | (Membership.until.concat("~") >= today.isoformat())
            | (Membership.status != "active")
        )
        if wanted == "none":
            return own.not_in(Membership.select(Membership.organization))
        return own.in_(open_ties.where(Membership.status == wanted))

    def tag(term: Term) -> Condition:
        tagged = Tagging.select(Tagging.organization).join(Tag, on=(Tagging.tag == Tag.id))
        return own.in_(tagged.where(contains(Tag.name, term.value) & Tagging.organization.is_null(False)))

    def association(term: Term) -> Condition:
        named = Organization.alias()
        tied = Affiliation.select(Affiliation.organization).join(named, on=(Affiliation.association == named.id))
        return own.in_(tied.where(contains(named.name, term.value)))

    def program(term: Term) -> Condition:
        return own.in_(ServiceLine.select(ServiceLine.organization).where(contains(ServiceLine.name, term.value)))

    def identifier(term: Term) -> Condition:
        digits = Identifier.select(Identifier.organization).where(contains(Identifier.value, term.value))
        return own.in_(digits)

    def district(term: Term) -> Condition:
        inside = _sites_in(db, term, map_code)
        return own.in_(Site.select(Site.organization).where(Site.id.in_(inside)))

    return {
        "silo": silo,
        "district": district,
        "status": status,
        "tag": tag,
        "association": association,
        "program": program,
        "identifier": identifier,
        "city": of_site(Site.city),
        "zip": of_site(Site.postal_code),
        "address": of_site(Site.address),
        "has": lambda term: _has(term, Organization, {}),
        "is": lambda term: _is(term, Organization),
    }


_THINGS: Mapping[str, type[Table] | None] = {
    "site": Site,
    "contact": Role,
    "membership": Membership,
    "affiliation": Affiliation,
    "silo": SiloShare,
    "program": ServiceLine,
    "district": None,
    "phone": None,
    "email": None,
}
"""What an organization can have at all, with the entity that says so, where one does."""


def _has(term: Term, table: type[Table], fields: Mapping[str, CustomField]) -> Condition:
    """Records that have something at all, or that say something in a custom field."""
    things = _THINGS if table is Organization else {}
    found = pick(term, {**fields, **things})
    if isinstance(found, CustomField):
        return table.id.in_(_said(found, table))
    return _has_thing(term, found)


def _has_thing(term: Term, table: Any) -> Condition:
    own = Organization.id
    if table is not None:
        return own.in_(table.select(table.organization))
    if fold(term.value) == "district":
        placed = Site.select(Site.organization).where(Site.id.in_(Assignment.select(Assignment.site).where(standing())))
        return own.in_(placed)
    kind = fold(term.value)
    points = ContactPoint.select(ContactPoint.organization, ContactPoint.site).where(ContactPoint.kind == kind)
    direct = own.in_(points.select(ContactPoint.organization).where(ContactPoint.organization.is_null(False)))
    sited = Site.select(Site.organization).where(
        Site.id.in_(points.select(ContactPoint.site).where(ContactPoint.site.is_null(False)))
    )
    return direct | own.in_(sited)


def _organization_words(term: Term) -> Condition:
    own, word = Organization.id, term.value
    people = (
        Role.select(Role.organization)
        .join(Contact, on=(Role.contact == Contact.id))
        .where(contains(Contact.name, word))
    )
    return (
        contains(Organization.name, word)
        | own.in_(OtherName.select(OtherName.organization).where(contains(OtherName.name, word)))
        | own.in_(Site.select(Site.organization).where(contains(Site.name, word) | contains(Site.city, word)))
        | own.in_(people)
    )


# -------------------------------------------------------------------- contacts


def _contact_fields() -> dict[str, Compiler]:
    own = Contact.id

    def organization(term: Term) -> Condition:
        jobs = Role.select(Role.contact).join(Organization, on=(Role.organization == Organization.id))
        return own.in_(jobs.where(contains(Organization.name, term.value)))

    def point(kind: str) -> Compiler:
        def compiled(term: Term) -> Condition:
            points = ContactPoint.select(ContactPoint.contact).where(
                (ContactPoint.kind == kind) & ContactPoint.contact.is_null(False)
            )
            return own.in_(points.where(contains(ContactPoint.raw, term.value)))

        return compiled

    return {
        "organization": organization,
        "title": lambda term: own.in_(Role.select(Role.contact).where(contains(Role.title, term.value))),
        "email": point("email"),
        "phone": point("phone"),
        "is": lambda term: _is(term, Contact),
    }


def _contact_words(term: Term) -> Condition:
    jobs = Role.select(Role.contact).join(Organization, on=(Role.organization == Organization.id))
    return (
        contains(Contact.name, term.value)
        | Contact.id.in_(jobs.where(contains(Organization.name, term.value)))
        | Contact.id.in_(Role.select(Role.contact).where(contains(Role.title, term.value)))
    )


# -------------------------------------------------------------------- the coalition's own fields


def _own_field(table: type[Table], field: CustomField, today: date) -> Compiler:
    how = declared_of(field)

    def own(term: Term) -> Condition:
        return table.id.in_(_said(field, table).where(said(term)))

    def said(term: Term) -> Condition:
        value = CustomValue.value
        if field.kind == "choice":
            choices = choices_of(field)
            if (chosen := choice_of(choices, term.value)) is None:
                raise QueryError(f"{term.field} cannot be {term.value}", f"it can be: {', '.join(choices)}")
            return value == chosen
        if field.kind == "yes_no":
            return value == pick(term, {"yes": "yes", "no": "no", "true": "yes", "false": "no"})
        if field.kind == "number":
            return _number_compared(value, term, how, today)
        return compared(value, term, how, today) if field.kind == "date" else contains(value, term.value)

    return own


def _said(field: CustomField, table: type[Table]) -> Any:
    """The ids of the records that say something in a custom field."""
    owner = owner_of(table)
    return CustomValue.select(owner).where((CustomValue.field == field.id) & owner.is_null(False))


def _number_compared(value: Any, term: Term, how: Declared, today: date) -> Condition:
    # SQLite may read a long number one bit off: what is equal is decided by the texts, of which each number has one.
    made = compared(value.cast("REAL"), term, how, today)
    same = value == number_text(float(term.value.lstrip("<>=")))
    if term.value.startswith(("<=", ">=")):
        return made | same
    return made & ~same if term.value.startswith(("<", ">")) else same


# -------------------------------------------------------------------- shared


def _is(term: Term, table: Any) -> Condition:
    flags = {"do_not_contact": Contact.do_not_contact} if table is Contact else {}
    flag = pick(term, {"archived": None, **flags})
    return table.archived_on != "" if flag is None else flag == True  # noqa: E712  # an expression of a query


def _silos(db: Handle) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, code, name, label in tuples(db, Silo.select(Silo.id, Silo.code, Silo.name, Silo.label)):
        found[code] = number
        found.setdefault(name, number)
        if label:
            found.setdefault(label, number)
    return found


def _sites_in(db: Handle, term: Term, map_code: str) -> Any:
    """The ids of the sites in a district such as sldu:5, hd:9 or il-2011:sldl:9."""
    read = _DISTRICT.fullmatch(term.value)
    chamber = _CHAMBER_WORDS.get(read["chamber"].lower()) if read else None
    if read is None or chamber is None:
        raise QueryError(
            f"district cannot be {term.value}",
            "write district:sldl:9 for House 9, district:sldu:5 for Senate 5",
        )
    code = (read["map"] or map_code).lower()
    found = tuples(
        db,
        District.select(District.id)
        .join(DistrictMap, on=(District.map == DistrictMap.id))
        .where((DistrictMap.code == code) & (District.chamber == chamber) & (District.number == int(read["number"]))),
    )
    if not found:
        raise QueryError(f"there is no {chamber} district {int(read['number'])} on the map {code}")
    ((district,),) = found
    nested = District.select(District.id).where(District.parent == district)
    inside = (Assignment.district == district) | Assignment.district.in_(nested)
    return Assignment.select(Assignment.site).where(inside & standing())
