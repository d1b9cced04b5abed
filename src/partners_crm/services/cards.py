"""A record with everything around it, as titled sections of lines: for `partners show` and for the screen alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import (
    ENTITIES,
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    District,
    DistrictMap,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Posture,
    Role,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
)
from partners_crm.model.orm import peewee
from partners_crm.services.coverage import LEVEL_WORD
from partners_crm.services.source_rows import CameRow, rows_about
from partners_crm.services.values import show_value
from partners_crm.store.custom import fields_of, values_of
from partners_crm.store.maps import map_for, standing
from partners_crm.store.merges import folded_into
from partners_crm.store.open import Handle, faults
from partners_crm.store.read import by_id, by_ids, parts, records, title_of, tuples, where


class Row(NamedTuple):
    """One line of a card; the values are data as it is stored."""

    label: str
    value: str
    entity: str = ""
    """Singular name of the record the line is about, "" for none."""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of lines."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A record and what hangs on it."""

    entity: str
    id: int
    uid: str
    version: int
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    source_rows: tuple[CameRow, ...] = ()
    """The rows of files it came from, the newest first."""


_BROUGHT = 100
"""Records of a plugin's type that a card names."""


def for_everyone(db: Handle, card: Card) -> Card:
    """A card without its lines about records that are for staff."""
    hidden = {table.entity.name for table in db.entities if table.entity.visibility != "everyone"}
    sections = (
        Section(each.title, tuple(row for row in each.rows if row.entity not in hidden)) for each in card.sections
    )
    return replace(card, sections=tuple(each for each in sections if each.rows))


WARNING = "Do not contact"
"""Under the name of a contact who asked for it."""


def card(db: Handle, table: type[Table], record_id: int, today: date) -> Card:
    """The card of a record.

    Raises:
        NotFound: there is no such record.
    """
    record = by_id(db, table, record_id)
    sections = [Section("Overview", _declared(db, record)), Section("Own fields", _own_fields(db, record))]
    subtitle = ""
    if isinstance(record, Organization):
        subtitle, more = _organization(db, record, today)
        sections += more
    elif isinstance(record, Contact):
        subtitle = WARNING if record.do_not_contact else ""
        sections += _contact(db, record)
    elif isinstance(record, Site):
        sections += [
            Section("Districts", _districts(db, [record.id]).get(record.id, ())),
            Section("Reach", _points(db, "site", [record.id]).get(record.id, ())),
        ]
    sections += _brought(db, record)
    sections.append(Section("Merged into it", _merged(db, record)))
    came = rows_about(db, record)
    sections.append(Section("As it came", _as_it_came(came)))
    shown = tuple(section for section in sections if section.rows)
    return Card(table.entity.name, record.id, record.uid, record.version, title_of(record), subtitle, shown, came)


def site_line(site: Site) -> str:
    """A site on one line: its name and its address."""
    town = " ".join(filter(None, (site.city, site.state, site.postal_code)))
    where_it_is = ", ".join(filter(None, (site.street or site.address, site.unit, town)))
    return " - ".join(filter(None, (site.name, where_it_is))) or "place not known"


def _own_fields(db: Handle, record: Table) -> tuple[Row, ...]:
    """What the record says in the coalition's own fields."""
    table = type(record)
    fields = fields_of(db, table)
    said = values_of(db, table, [record.id]).get(record.id, {}) if fields else {}
    return tuple(
        Row(field.label, said[field.key], table.entity.name, record.id) for field in fields if field.key in said
    )


def _merged(db: Handle, record: Table) -> tuple[Row, ...]:
    """What was merged into the record, the last first, each with its values that were not taken."""
    rows = []
    for each in folded_into(db, type(record), record.id):
        number = f"{each.entity.replace('_', ' ')} {each.lost}"
        rows.append(Row("Merged from", f"{each.title} ({number}), operation {each.operation}"))
        rows.extend(Row("", f"not taken: {label}: {value}") for label, value in each.values)
    return tuple(rows)


def _as_it_came(came: Sequence[CameRow]) -> tuple[Row, ...]:
    """The rows of files, each under its place; cells as they were typed, empty ones left out."""
    rows = []
    for each in came:
        rows.append(Row("Row", each.place))
        rows.extend(Row("", f"{header}: {cell}") for header, cell in each.filled)
    return tuple(rows)


def _declared(db: Handle, record: Table) -> tuple[Row, ...]:
    rows = []
    entity, links = type(record).entity.name, type(record).links()
    for name, how in type(record).declarations().items():
        value = record[name]
        if value is None or value == "" or value is False:
            continue
        if name in links:
            target = by_ids(db, links[name], [value])
            shown = title_of(target[value]) if value in target else f"{value} (deleted)"
        else:
            shown = show_value(how, value)
        rows.append(Row(how.label, shown, entity, record.id))
    return tuple(rows)


def _organization(db: Handle, record: Organization, today: date) -> tuple[str, list[Section]]:
    key = record.id
    try:
        chosen = map_for(db, today)
        in_short, code = _district_line(db, key, chosen), chosen.code
    except (CannotDecide, NotFound):
        in_short, code = "", ""
    ties = _memberships(db, key)
    subtitle = " · ".join(filter(None, (ties[0].value if ties else "not a member", in_short, in_short and code)))
    return subtitle, [
        Section("Membership", ties),
        Section("Silos", _silos(db, key)),
        Section("Sites", _sites(db, key)),
        Section("Reach", _points(db, "organization", [key]).get(key, ())),
        Section("Contacts", _people(db, key)),
        Section("Programs", _programs(db, key)),
        Section("Associations", _affiliations(db, "organization", "association", key)),
        Section("Its members", _affiliations(db, "association", "organization", key)),
        Section("Posture", _postures(db, key)),
        Section("Also known as", _names(db, key)),
        Section("Tags", _tags(db, key)),
    ]


def _district_line(db: Handle, organization: int, chosen: DistrictMap) -> str:
    own = District.alias()
    query = (
        Assignment.select(own.chamber, own.number)
        .join(Site, on=(Assignment.site == Site.id))
        .join(District, on=(Assignment.district == District.id))
        .join(own, on=((own.id == District.id) | (own.id == District.parent)))
        .where((Site.organization == organization) & (own.map == chosen.id) & standing())
        .order_by(own.chamber, own.number)
    )
    numbers: dict[str, dict[str, None]] = {}
    for chamber, number in tuples(db, query):
        numbers.setdefault(chamber, {})[str(number)] = None
    short = {"house": "HD", "senate": "SD"}
    return " · ".join(f"{short.get(chamber, chamber)} {', '.join(some)}" for chamber, some in numbers.items())


def _memberships(db: Handle, organization: int) -> tuple[Row, ...]:
    labels = dict(Membership.declarations()["status"].choices)
    rows = []
    for tie in where(db, Membership, organization=organization):
        span = f"since {tie.since}" if tie.since else "start unknown"
        span += f", until {tie.until}" if tie.until else ""
        more = _listed(tie.tier, tie.reason, tie.recruited_by and f"recruited by {tie.recruited_by}", separator="; ")
        text = f"{labels.get(tie.status, tie.status)}, {span}" + (f" ({more})" if more else "")
        rows.append(Row("Status", text, "membership", tie.id))
    return tuple(rows)


def _postures(db: Handle, organization: int) -> tuple[Row, ...]:
    """How it stands toward the coalition, the newest first; one of unknown start stood before all others."""
    labels = dict(Posture.declarations()["level"].choices)
    rows = []
    found = where(db, Posture, organization=organization)
    for each in sorted(found, key=lambda one: (one.since, one.id), reverse=True):
        span = f"since {each.since}" if each.since else "start unknown"
        more = _listed(each.evidence, each.reasons, separator="; ")
        text = f"{labels.get(each.level, each.level)}, {span}" + (f" ({more})" if more else "")
        rows.append(Row("Posture", text, "posture", each.id))
    return tuple(rows)


def _brought(db: Handle, record: Table) -> list[Section]:
    """The records of plugins' types that link to a record, a section for each type."""
    sections = []
    for table in db.entities[len(ENTITIES) :]:
        rows: dict[int, Row] = {}
        for name, target in table.links().items():
            if target is not type(record):
                continue
            for each in records(
                db, table.select().where(table._meta.fields[name] == record.id).order_by(table.id).limit(_BROUGHT + 1)
            ):
                rows.setdefault(each.id, Row("", title_of(each), table.entity.name, each.id))
        shown = list(rows.values())[:_BROUGHT]
        if len(rows) > _BROUGHT:
            shown.append(Row("", "and more"))
        sections.append(Section(table.entity.plural.replace("_", " ").capitalize(), tuple(shown)))
    return sections


def _silos(db: Handle, organization: int) -> tuple[Row, ...]:
    query = (
        SiloShare.select(Silo.label, Silo.name, SiloShare.weight, SiloShare.id)
        .join(Silo, on=(SiloShare.silo == Silo.id))
        .where(SiloShare.organization == organization)
        .order_by(SiloShare.weight.desc(), Silo.id)
    )
    return tuple(
        Row(label, f"{name} {weight or 0:.0%}", "silo_share", key) for label, name, weight, key in tuples(db, query)
    )


def _sites(db: Handle, organization: int) -> tuple[Row, ...]:
    kinds = dict(Site.declarations()["kind"].choices)
    sites = where(db, Site, organization=organization)
    keys = [site.id for site in sites]
    districts, points = _districts(db, keys), _points(db, "site", keys)
    rows = []
    for site in sites:
        rows.append(Row(kinds.get(site.kind, site.kind), site_line(site), "site", site.id))
        if site.address_note:
            rows.append(Row("", f"address {site.address_note}", "site", site.id))
        rows.extend(districts.get(site.id, ()))
        rows.extend(point._replace(label=f"  {point.label}") for point in points.get(site.id, ()))
    return tuple(rows)


def _districts(db: Handle, sites: Sequence[int]) -> dict[int, tuple[Row, ...]]:
    """Where sites stand, by site: one line for each map and district, the newest map first."""
    parent = District.alias()
    found: dict[int, tuple[Row, ...]] = {}
    for some in parts(sites):
        query = (
            Assignment.select(Assignment, DistrictMap.code, District.name, parent.name.alias("nested_in"))
            .join(District, on=(Assignment.district == District.id))
            .join(DistrictMap, on=(District.map == DistrictMap.id))
            .join(parent, "LEFT OUTER JOIN", on=(District.parent == parent.id))
            .where(Assignment.site.in_(some) & (Assignment.replaced_at == ""))
            .order_by(
                DistrictMap.code.desc(),
                District.chamber,
                peewee.fn.COALESCE(Assignment.share, 1).desc(),
                District.number,
            )
        )
        with faults(db):
            rows = list(query.dicts().execute(db))
        for row in rows:
            place = _listed(row["name"], row["nested_in"])
            line = Row("", f"{row['code']}: {place} ({_how_placed(row)})", "site", row["site"])
            found[row["site"]] = (*found.get(row["site"], ()), line)
    return found


def _how_placed(row: Mapping[str, Any]) -> str:
    border = f"{row['border_m']:,.0f} m from {row['neighbour']}" if row["border_m"] is not None else ""
    if row["on_border"]:
        border = f"on the border with {row['neighbour']}"
    how = _METHOD_WORD.get(row["method"]) or LEVEL_WORD.get(row["match_level"], f"match level {row['match_level']}")
    share = f"possible, {row['share']:.0%}" if row["share"] is not None else ""
    snapped = f"moved {row['snapped_m']:,.0f} m to the edge" if row["snapped_m"] else ""
    return _listed(share, how, border, snapped, row["reason"])


_METHOD_WORD = {"stated": "stated in a file", "manual": "decided by a person", "zip": "area of the ZIP code"}
"""How an assignment was made, where that is no point of some match level."""


def _points(db: Handle, owner: str, keys: Sequence[int]) -> dict[int, tuple[Row, ...]]:
    """Phones, mail and web addresses by their owner, a field of `ContactPoint`."""
    from partners_crm.normalize.phones import format_phone

    uses = dict(ContactPoint.declarations()["use"].choices)
    kinds = dict(ContactPoint.declarations()["kind"].choices)
    field = ContactPoint._meta.fields[owner]
    found: dict[int, tuple[Row, ...]] = {}
    for some in parts(keys):
        for point in records(db, ContactPoint.select().where(field.in_(some)).order_by(ContactPoint.id)):
            phone = point.kind == "phone" and point.value
            shown = format_phone(point.value, point.extension) if phone else point.value or point.raw
            doubt = {
                "unreadable": point.problem or "not understood",
                "bounced": "bounced",
                "former": "no longer in use",
            }.get(point.status, "")
            doubts = _listed(doubt, "do not contact" if point.do_not_contact else "", separator="; ")
            label = uses.get(point.use) or kinds.get(point.kind, point.kind)
            row = Row(label, shown + (f" ({doubts})" if doubts else ""), "contact_point", point.id)
            found[point[owner]] = (*found.get(point[owner], ()), row)
    return found


def _people(db: Handle, organization: int) -> tuple[Row, ...]:
    roles = where(db, Role, organization=organization)
    people = by_ids(db, Contact, [role.contact for role in roles])
    points = _points(db, "contact", list(people))
    rows = []
    for role in sorted(roles, key=lambda each: (bool(each.until), not each.is_primary, each.id)):
        person = people[role.contact]
        words = _listed(
            person.name,
            role.title,
            "primary" if role.is_primary else "",
            role.until and f"until {role.until}",
            WARNING.lower() if person.do_not_contact else "",
        )
        rows.append(Row("Contact", words, "contact", role.contact))
        rows.extend(point._replace(label=f"  {point.label}") for point in points.get(role.contact, ()))
    return tuple(rows)


def _programs(db: Handle, organization: int) -> tuple[Row, ...]:
    lines = where(db, ServiceLine, organization=organization)
    sites = by_ids(db, Site, [line.site for line in lines if line.site is not None])
    names: dict[str, dict[str, None]] = {}
    keys: dict[str, int] = {}
    for line in lines:
        place = sites.get(line.site) if line.site is not None else None
        names.setdefault(line.name, {})[place.name or site_line(place) if place else ""] = None
        keys.setdefault(line.name, line.id)
    return tuple(
        Row("Program", _listed(name, _listed(*places, separator="; "), separator=": "), "service_line", keys[name])
        for name, places in names.items()
    )


def _affiliations(db: Handle, own: str, other: str, key: int) -> tuple[Row, ...]:
    ties = where(db, Affiliation, **{own: key})
    named = by_ids(db, Organization, [tie[other] for tie in ties])
    label = "Association" if other == "association" else "Member"
    return tuple(
        Row(
            label,
            _listed(named[tie[other]].name, tie.since and f"since {tie.since}", tie.source),
            "affiliation",
            tie.id,
        )
        for tie in ties
    )


def _names(db: Handle, organization: int) -> tuple[Row, ...]:
    names = [
        Row(each.kind, each.name, "other_name", each.id) for each in where(db, OtherName, organization=organization)
    ]
    numbers = where(db, Identifier, organization=organization)
    return (*names, *(Row(each.system.upper(), each.value, "identifier", each.id) for each in numbers))


def _tags(db: Handle, organization: int) -> tuple[Row, ...]:
    query = (
        Tagging.select(Tag.name)
        .join(Tag, on=(Tagging.tag == Tag.id))
        .where(Tagging.organization == organization)
        .order_by(Tag.name)
    )
    names = _listed(*(name for (name,) in tuples(db, query)))
    return (Row("Tags", names),) if names else ()


def _contact(db: Handle, record: Contact) -> list[Section]:
    roles = where(db, Role, contact=record.id)
    places = by_ids(db, Organization, [role.organization for role in roles])
    jobs = tuple(
        Row(
            "Role",
            _listed(
                places[role.organization].name,
                role.title,
                role.since and f"since {role.since}",
                role.until and f"until {role.until}",
            ),
            "role",
            role.id,
        )
        for role in roles
    )
    return [Section("Organizations", jobs), Section("Reach", _points(db, "contact", [record.id]).get(record.id, ()))]


def _listed(*words: str, separator: str = ", ") -> str:
    return separator.join(filter(None, words))
