"""What your spreadsheet could not tell you: what is missing, odd or double in a coalition, with the rows behind it.

Each section is one sentence with its number, what to do about it, and a row for each record it counts. Everything is
read in a few questions for each section, whatever the number of records. Where the query language can say the same, the
section is the answer to its query, so that the list of that query has the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import (
    Affiliation,
    Change,
    Contact,
    ContactPoint,
    Membership,
    Organization,
    Role,
    Site,
    Table,
    Term,
)
from partners_crm.normalize.dates import UNKNOWN
from partners_crm.normalize.phones import format_phone
from partners_crm.normalize.text import few, ranges
from partners_crm.services.coverage import Coverage, coverage
from partners_crm.services.duplicates import possible_duplicates
from partners_crm.services.unplaced import unplaced
from partners_crm.store.health import snapshot
from partners_crm.store.journal import operation as operation_of
from partners_crm.store.maps import districts_of, map_for
from partners_crm.store.open import Handle
from partners_crm.store.queries.selecting import selection
from partners_crm.store.read import tuples

SCHEMA_VERSION = 1
"""Of the JSON of a first look."""
NAMED = 4
"""Names that the detail of a row lists."""


class Row(NamedTuple):
    """One record that a section counts."""

    entity: str
    """What its card is: "organization"; a district has a card of its own."""
    id: int
    title: str
    detail: str
    """What is known of the case, in words."""
    other: int | None = None
    """Of a possible duplicate: the id of the other record."""


@dataclass(frozen=True, slots=True)
class Section:
    """One thing the spreadsheet did not say."""

    key: str
    """As in `--section`."""
    title: str
    sentence: str
    """The number, and what it is a number of."""
    remedy: str
    """What to do about it; "" where there is nothing to do."""
    total: int
    """How many records were looked at."""
    rows: tuple[Row, ...]
    count: int
    """What was found; more than `rows` only where a list of pairs was cut."""
    listed: str = ""
    """The entity and the query that list the same records, as after `partners list`; "" where none does."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The page, section by section."""

    as_of: date
    operation: int | None
    """The operation whose records were looked at; None: the whole coalition."""
    scope: str
    """What was looked at, in words."""
    sections: tuple[Section, ...]

    def section(self, key: str) -> Section:
        """The section of a key.

        Raises:
            NotFound: there is none.
        """
        for each in self.sections:
            if each.key == key:
                return each
        raise NotFound(f"the first look has no section {key}", f"sections: {', '.join(KEYS)}")


def first_look(db: Handle, today: date, operation: int | None = None) -> FirstLook:
    """Everything that is missing, odd or double, in the whole coalition or in what one operation touched.

    Districts are always those of the whole coalition: an import adds to what covers them. It is one reading of one
    state, whatever is written meanwhile, so it cannot be asked inside a unit of work.

    Raises:
        NotFound: there is no such operation.
    """
    scope = "the whole coalition"
    if operation is not None:
        title = operation_of(db, operation).title
        scope = f"what operation {operation} touched ({title}), and every district of the coalition"
    with snapshot(db):
        look = _Look(db, today, operation)
        sections = [make(look) for make in _SECTIONS.values()]
    if operation is not None:
        # The query language knows no operations.
        sections = [replace(each, listed="") for each in sections]
    return FirstLook(today, operation, scope, tuple(sections))


class _Look:
    """What several sections read of a coalition, once."""

    def __init__(self, db: Handle, today: date, operation: int | None) -> None:
        self.db = db
        self.today = today
        self.day = today.isoformat()
        self.touched = None if operation is None else _touched(db, operation)

    def among(self, entity: str) -> set[int] | None:
        """The ids of an entity that are looked at; None: all."""
        return None if self.touched is None else self.touched[entity]

    def chosen(self, table: type[Table], query: str) -> dict[int, str]:
        """The titles of the records that a query means, of those that are looked at, by id."""
        ids = selection(self.db, table, query, map_code="", today=self.today)
        title = table._meta.fields[table.entity.title]
        rows = tuples(self.db, table.select(table.id, title).where(table.id.in_(ids)))
        among = self.among(table.entity.name)
        return {key: name for key, name in rows if among is None or key in among}

    @cached_property
    def names(self) -> dict[int, str]:
        """Every organization's name."""
        return dict(tuples(self.db, Organization.select(Organization.id, Organization.name)))

    @cached_property
    def members(self) -> dict[int, str]:
        """The members that are looked at."""
        return self.chosen(Organization, "status:active")

    @cached_property
    def bodies(self) -> dict[int, str]:
        """The organizations that are looked at, without associations: those are often known by their name alone."""
        return self.chosen(Organization, _NO_ASSOCIATION)

    @cached_property
    def cities(self) -> dict[int, str]:
        """The city of each organization's first site that has one."""
        query = Site.select(Site.organization, Site.city).where(Site.city != "").order_by(Site.id.desc())
        return dict(tuples(self.db, query))

    @cached_property
    def contacts(self) -> dict[int, str]:
        """The contacts that are looked at, without lawmakers who have no job in an organization."""
        found = self.chosen(Contact, "")
        holders = {key for (key,) in tuples(self.db, Term.select(Term.contact).where(Term.contact.is_null(False)))}
        return {key: name for key, name in found.items() if key in self.employers or key not in holders}

    @cached_property
    def employers(self) -> dict[int, list[int]]:
        """The organizations that each contact has a job in, those of today first."""
        query = Role.select(Role.contact, Role.organization).order_by(Role.until, Role.is_primary.desc(), Role.id)
        found: dict[int, list[int]] = {}
        for contact, organization in tuples(self.db, query):
            found.setdefault(contact, []).append(organization)
        return found

    @cached_property
    def points(self) -> dict[int, list[tuple[str, str, str, str, str]]]:
        """(kind, value, extension, as typed, status) of every phone and mail address of a contact."""
        columns = (ContactPoint.kind, ContactPoint.value, ContactPoint.extension, ContactPoint.raw, ContactPoint.status)
        query = ContactPoint.select(ContactPoint.contact, *columns).where(
            ContactPoint.contact.is_null(False) & ContactPoint.kind.in_(("phone", "email"))
        )
        found: dict[int, list[tuple[str, str, str, str, str]]] = {}
        for contact, *rest in tuples(self.db, query.order_by(ContactPoint.id)):
            found.setdefault(contact, []).append((rest[0], rest[1], rest[2], rest[3], rest[4]))
        return found

    def workplace(self, contact: int) -> str:
        """Where a contact works, in words."""
        jobs = list(dict.fromkeys(self.names.get(key, "") for key in self.employers.get(contact, ())))
        return few(jobs, 2) if jobs else "in no organization"

    def reachable(self, contact: int, kind: str) -> list[tuple[str, str]]:
        """(value, extension) of the phones or mail addresses of a contact that are in use and understood."""
        return [
            (value, extension)
            for each, value, extension, _, status in self.points.get(contact, ())
            if each == kind and value and status == "ok"
        ]


def _touched(db: Handle, operation: int) -> dict[str, set[int]]:
    """The organizations, sites and contacts that an operation touched, or of which it touched something."""
    found: dict[str, set[int]] = {"organization": set(), "site": set(), "contact": set(), "contact_point": set()}
    query = Change.select(Change.entity).where(Change.operation == operation).distinct()
    entities = {entity for (entity,) in tuples(db, query)}
    for table in db.entities:
        name = table.entity.key
        if name not in entities:
            continue
        own = Change.select(Change.record).where((Change.operation == operation) & (Change.entity == name))
        owners = [each for each in ("organization", "site", "contact") if each in table.links()]
        columns = [table.id, *(table._meta.fields[each] for each in owners)]
        for key, *links in tuples(db, table.select(*columns).where(table.id.in_(own))):
            if name in found:
                found[name].add(key)
            for owner, link in zip(owners, links, strict=True):
                if link is not None:
                    found[owner].add(link)
    return found


# -------------------------------------------------------------------- words


def _counted(count: int, total: int, noun: str, one: str, many: str) -> str:
    """`3 of 650 organizations have no contact`; `one` is the verb of a single record."""
    return f"{count:,} of {total:,} {noun} {one if count == 1 else many}"


def _in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (row.title.casefold(), row.id)))


def _section(
    key: str, sentence: str, remedy: str, total: int, rows: Iterable[Row], *, listed: tuple[str, str] = ("", "")
) -> Section:
    found = _in_order(rows)
    entity, query = listed
    return Section(
        key, TITLES[key], f"{sentence}.", remedy if found else "", total, found, len(found), f"{entity} {query}".strip()
    )


# -------------------------------------------------------------------- districts and sites


def _districts(look: _Look) -> Section:
    key = "districts"
    try:
        found = coverage(look.db, look.today)
        ids = districts_of(look.db, map_for(look.db, look.today)).ids()
    except (CannotDecide, NotFound) as error:
        sentence = f"Which districts have a member cannot be said: {error.message}."
        return Section(key, TITLES[key], sentence, error.hint, 0, (), 0)
    rows = tuple(
        Row(
            "district",
            ids[each.chamber, each.number],
            each.name,
            f"possible: {few([name for _, name in each.organizations + each.possible], NAMED)}"
            if each.state == "possible"
            else "no member",
        )
        for each in found.districts
        if each.state != "confirmed"
    )
    sentence = " ".join(_without_member(found, chamber) for chamber in found.chambers)
    remedy = "see why, and who would close each: partners coverage gaps" if rows else ""
    return Section(key, TITLES[key], sentence, remedy, len(found.districts), rows, len(rows))


def _without_member(found: Coverage, chamber: str) -> str:
    """The numbers of a chamber, as in `2 of 59 Senate districts have no confirmed member: 5, 7; possible are 7`."""
    own = found.of(chamber)
    lost = [each.number for each in own if each.state != "confirmed"]
    perhaps = [each.number for each in own if each.state == "possible"]
    noun = f"{found.chamber_names[chamber]} districts"
    numbers = f": {ranges(lost)}" if lost else ""
    return f"{_counted(len(lost), len(own), noun, 'has', 'have')} no confirmed member{numbers}" + (
        f"; possible are {ranges(perhaps)}." if perhaps else "."
    )


def _sites(look: _Look) -> Section:
    key = "sites"
    try:
        chosen = map_for(look.db, look.today)
    except (CannotDecide, NotFound) as error:
        return Section(key, TITLES[key], f"No site can be placed: {error.message}.", error.hint, 0, (), 0)
    found = unplaced(look.db, chosen, look.today, look.among("site"))
    rows = [
        Row("site", each.id, _listed(look.names[each.organization], each.name, separator=", "), each.why)
        for each in found.sites
    ]
    return _section(
        key,
        _counted(len(rows), found.in_use, "sites", "has", "have") + f" no district on the map {chosen.code}",
        "give each its point: partners points export FILE for a geocoder, or partners edit site N latitude=LAT"
        " longitude=LON; a box needs a site where the organization works",
        found.in_use,
        rows,
    )


# -------------------------------------------------------------------- organizations


_NO_ASSOCIATION = "-kind:association"


def _no_contact(look: _Look) -> Section:
    query = f"{_NO_ASSOCIATION} -has:contact"
    found = look.chosen(Organization, query)
    told = look.chosen(Organization, "has:phone") | look.chosen(Organization, "has:email")
    rows = (
        Row("organization", key, name, _listed(look.cities.get(key, ""), "" if key in told else "no phone, no mail"))
        for key, name in found.items()
    )
    return _section(
        "no-contact",
        _counted(len(found), len(look.bodies), "organizations", "has", "have") + " nobody to talk to",
        "ask for a name; add it with n on the organization's card, or import a column of contacts",
        len(look.bodies),
        rows,
        listed=("organizations", query),
    )


def _no_silo(look: _Look) -> Section:
    query = f"{_NO_ASSOCIATION} -has:silo"
    found = look.chosen(Organization, query)
    return _section(
        "no-silo",
        _counted(len(found), len(look.bodies), "organizations", "is", "are") + " in no silo",
        "import a column with their silos, or add a silo share on the card",
        len(look.bodies),
        (Row("organization", key, name, look.cities.get(key, "")) for key, name in found.items()),
        listed=("organizations", query),
    )


def _unknown_start(look: _Look) -> Section:
    query = Membership.select(
        Membership.organization, Membership.id, Membership.since, Membership.until, Membership.recorded_on
    ).where(Membership.status == "active")
    dated: set[int] = set()
    found: dict[int, Row] = {}
    for key, membership, since, until, recorded in tuples(look.db, query.order_by(Membership.id)):
        if key not in look.members or (until and until + "~" < look.day):
            continue
        if since and since != UNKNOWN:
            dated.add(key)
        else:
            counts = f"counts from {recorded[:10]}" if recorded else "counts as possible only"
            found[key] = Row("organization", key, look.members[key], f"{counts}; membership {membership}")
    rows = [row for key, row in found.items() if key not in dated]
    return _section(
        "unknown-start",
        _counted(len(rows), len(look.members), "members", "has", "have") + " an unknown start",
        "import a column with the day or the year, or: partners edit membership N since=2019",
        len(look.members),
        rows,
    )


def _contested(look: _Look) -> Section:
    query = Affiliation.select(Affiliation.organization, Affiliation.association, Affiliation.until)
    found: dict[int, list[str]] = {}
    for key, association, until in tuples(look.db, query.order_by(Affiliation.id)):
        if key in look.members and not (until and until + "~" < look.day):
            names = found.setdefault(key, [])
            if look.names[association] not in names:
                names.append(look.names[association])
    return _section(
        "contested",
        _counted(sum(len(names) > 1 for names in found.values()), len(look.members), "members", "is", "are")
        + " in two or more associations",
        "ask each who speaks for it on what; those who leave both ways are asked twice",
        len(look.members),
        (
            Row("organization", key, look.members[key], few(sorted(names, key=str.casefold), NAMED))
            for key, names in found.items()
            if len(names) > 1
        ),
    )


# -------------------------------------------------------------------- people


def _no_mail(look: _Look) -> Section:
    rows = []
    for key, name in look.contacts.items():
        if not look.reachable(key, "email"):
            rows.append(Row("contact", key, name, _listed(look.workplace(key), *_instead(look, key))))
    return _section(
        "no-mail",
        _counted(len(rows), len(look.contacts), "contacts", "has", "have") + " no mail address in use",
        "ask for it, and import a column with mail addresses; who has a phone can be called",
        len(look.contacts),
        rows,
    )


def _instead(look: _Look, contact: int) -> Iterator[str]:
    """What is known of a contact without a mail address in use."""
    for kind, value, _, raw, status in look.points.get(contact, ()):
        if kind == "email":
            words = {"bounced": "bounced", "former": "no longer in use"}.get(status, "not understood")
            yield f"{words}: {value or raw}"
    phones = look.reachable(contact, "phone")
    yield f"call {format_phone(*phones[0])}" if phones else "no phone either"


def _unreachable(look: _Look) -> Section:
    rows = [
        Row("contact", key, name, look.workplace(key))
        for key, name in look.contacts.items()
        if not look.reachable(key, "email") and not look.reachable(key, "phone")
    ]
    return _section(
        "unreachable",
        _counted(len(rows), len(look.contacts), "contacts", "has", "have") + " neither mail nor phone in use",
        "ask their organization",
        len(look.contacts),
        rows,
    )


def _do_not_contact(look: _Look) -> Section:
    query = "is:do_not_contact"
    found = look.chosen(Contact, query)
    everybody = look.chosen(Contact, "")
    return _section(
        "do-not-contact",
        _counted(len(found), len(everybody), "contacts", "asks", "ask") + " not to be contacted",
        "nothing to do: no import takes the mark away",
        len(everybody),
        (Row("contact", key, name, look.workplace(key)) for key, name in found.items()),
        listed=("contacts", query),
    )


# -------------------------------------------------------------------- phones and mail


def _odd(look: _Look) -> Section:
    query = "status:unreadable -kind:web"
    rows, total = _pointed(look, query, "-kind:web", lambda problem: problem or "not understood")
    return _section(
        "odd",
        _counted(len(rows), total, "phones and mail addresses", "is", "are") + " kept as typed and not understood",
        "write each as 312-555-0142 or name@example.org: e on its card",
        total,
        rows,
        listed=("contact_points", query),
    )


def _unsubscribed(look: _Look) -> Section:
    query = "do_not_contact:yes"
    rows, total = _pointed(look, query, "", lambda _problem: "not to be used")
    return _section(
        "unsubscribed",
        _counted(len(rows), total, "phones and addresses", "is", "are") + " unsubscribed",
        "nothing to do: no import takes the mark away",
        total,
        rows,
        listed=("contact_points", query),
    )


def _pointed(look: _Look, query: str, everything: str, words: Callable[[str], str]) -> tuple[list[Row], int]:
    """(rows, total) of the ways to reach somebody that a query means, and of all that are looked at."""
    found = look.chosen(ContactPoint, query)
    ids = selection(look.db, ContactPoint, query, map_code="", today=look.today)
    columns = (ContactPoint.kind, ContactPoint.problem, ContactPoint.organization, Site.organization)
    owners = (
        ContactPoint.select(ContactPoint.id, *columns, ContactPoint.contact, Contact.name)
        .left_outer_join(Site, on=(ContactPoint.site == Site.id))
        .switch(ContactPoint)
        .left_outer_join(Contact, on=(ContactPoint.contact == Contact.id))
        .where(ContactPoint.id.in_(ids))
    )
    kinds = dict(ContactPoint.declarations()["kind"].choices)
    rows = []
    for key, kind, problem, own, sited, contact, person in tuples(look.db, owners):
        if key in found:
            body = own if own is not None else sited
            whose = f"{person} (contact {contact})" if contact is not None else _named(look, body)
            rows.append(Row("contact_point", key, found[key], f"{kinds[kind].lower()} of {whose}: {words(problem)}"))
    return rows, len(look.chosen(ContactPoint, everything))


def _named(look: _Look, organization: int | None) -> str:
    return "nobody" if organization is None else f"{look.names[organization]} (organization {organization})"


# -------------------------------------------------------------------- duplicates


def _duplicates(look: _Look, table: type[Table]) -> Section:
    entity = table.entity
    key = f"duplicate-{entity.plural}"
    found = possible_duplicates(look.db, table, look.among(entity.name))
    rows = tuple(
        Row(
            entity.name,
            each.first,
            each.first_title,
            f"{each.second_title} ({entity.name} {each.second}): {each.why}",
            each.second,
        )
        for each in found.pairs
    )
    pairs = "pair" if found.found == 1 else "pairs"
    cut = f", of which the likeliest {len(rows):,} are listed" if found.found > len(rows) else ""
    sentence = f"{found.found:,} {pairs} of {found.looked_at:,} {entity.plural} may be one and the same{cut}."
    remedy = "look at both cards; keep one, and delete or archive the other: partners undo takes it back"
    return Section(key, TITLES[key], sentence, remedy if rows else "", found.looked_at, rows, found.found)


def _listed(*words: str, separator: str = "; ") -> str:
    return separator.join(filter(None, words))


_SECTIONS: dict[str, Callable[[_Look], Section]] = {
    "districts": _districts,
    "sites": _sites,
    "no-contact": _no_contact,
    "no-mail": _no_mail,
    "unreachable": _unreachable,
    "no-silo": _no_silo,
    "unknown-start": _unknown_start,
    "odd": _odd,
    "duplicate-organizations": lambda look: _duplicates(look, Organization),
    "duplicate-contacts": lambda look: _duplicates(look, Contact),
    "contested": _contested,
    "do-not-contact": _do_not_contact,
    "unsubscribed": _unsubscribed,
}
KEYS = tuple(_SECTIONS)
"""The keys of the sections, in the order of the page."""
TITLES = {
    "districts": "Districts without a member",
    "sites": "Sites without a district",
    "no-contact": "Organizations without a contact",
    "no-mail": "Contacts without mail",
    "unreachable": "Contacts nobody can reach",
    "no-silo": "Organizations without a silo",
    "unknown-start": "Members of unknown start",
    "odd": "Odd phones and mail",
    "duplicate-organizations": "Possible duplicates: organizations",
    "duplicate-contacts": "Possible duplicates: contacts",
    "contested": "In several associations",
    "do-not-contact": "Not to be contacted",
    "unsubscribed": "Unsubscribed addresses",
}
"""What each section is called."""
