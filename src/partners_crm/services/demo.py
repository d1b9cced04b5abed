"""The demo coalitions: written down as plain TOML, and built by the same verbs as everybody's data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partners_crm.errors import NotFound
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    District,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    Seat,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Tag,
    Tagging,
    Term,
)
from partners_crm.model.settings import DEMO_SIZES
from partners_crm.services import placing, records
from partners_crm.services.settings import change_setting
from partners_crm.store.clock import Clock
from partners_crm.store.maps import map_for
from partners_crm.store.open import Handle
from partners_crm.store.read import records as select
from partners_crm.store.work import Changes, changes

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_PARTS = (
    "site",
    "contact",
    "membership",
    "affiliation",
    "silos",
    "tags",
    "phones",
    "emails",
    "webs",
    "programs",
    "other_name",
    "identifier",
    "parent",
    "successor",
)


def description(size: str) -> dict[str, Any]:
    """The file of a demo coalition as plain data.

    Raises:
        NotFound: there is no such demo.
    """
    if size not in DEMO_SIZES:
        raise NotFound(f"there is no demo {size}", f"sizes: {', '.join(DEMO_SIZES)}")
    import tomllib  # only a demo is written in it

    return tomllib.loads((fixtures() / size / "coalition.toml").read_text("utf-8"))


def fixtures() -> Traversable:
    """The folder of the demo coalitions: packed into the wheel, or beside `src` in a checkout."""
    from importlib import resources  # it loads the compression libraries

    packed = resources.files("partners_crm") / "fixtures"
    return packed if packed.is_dir() else Path(__file__).parents[3] / "fixtures"


def fill(db: Handle, size: str, clock: Clock) -> None:
    """Write a demo coalition into a new database, as one operation."""
    plan = description(size)
    with changes(db, f"build the demo {size}", clock=clock) as unit:
        for key, value in plan.get("settings", {}).items():
            change_setting(unit, key, value)
        builder = _Builder(unit)
        for each in plan["organization"]:
            builder.organization(each)
        for each in plan["organization"]:
            builder.ties(each)
        for each in plan.get("term", ()):
            builder.term(each)


class _Builder:
    def __init__(self, unit: Changes) -> None:
        self.unit = unit
        self.organizations: dict[str, Organization] = {}
        self.people: dict[str, Contact] = {}
        self.tags: dict[str, Tag] = {}
        self.silos = {silo.code: silo for silo in select(unit.db, Silo.select())}

    def organization(self, each: Mapping[str, Any]) -> None:
        own = {key: value for key, value in each.items() if key not in _PARTS}
        body = records.add(self.unit, Organization, **own)
        self.organizations[body.name] = body
        owner = {"organization": body.id}
        for part, table in (
            ("other_name", OtherName),
            ("identifier", Identifier),
            ("membership", Membership),
        ):
            for values in each.get(part, ()):
                records.add(self.unit, table, **owner, **values)
        for code, weight in each.get("silos", {}).items():
            records.add(self.unit, SiloShare, **owner, silo=self.silos[code].id, weight=weight)
        for name in each.get("tags", ()):
            tag = self.tags.get(name) or records.add(self.unit, Tag, name=name)
            self.tags[name] = tag
            records.add(self.unit, Tagging, tag=tag.id, **owner)
        self._points(each, owner)
        for place in each.get("site", ()):
            self._site(body, place)
        for name in each.get("programs", ()):
            records.add(self.unit, ServiceLine, **owner, name=name, active=True)
        for person in each.get("contact", ()):
            self._contact(body, person)

    def ties(self, each: Mapping[str, Any]) -> None:
        """What points to other organizations, once all of them exist."""
        body = self.organizations[each["name"]]
        links = {name: self.organizations[each[name]].id for name in ("parent", "successor") if name in each}
        if links:
            records.edit(self.unit, body, **links)
        for tie in each.get("affiliation", ()):
            values = {key: value for key, value in tie.items() if key != "association"}
            association = self.organizations[tie["association"]].id
            records.add(self.unit, Affiliation, organization=body.id, association=association, **values)

    def term(self, each: Mapping[str, Any]) -> None:
        query = Seat.select().where((Seat.chamber == each["chamber"]) & (Seat.number == each["number"]))
        (seat,) = select(self.unit.db, query)
        values = {key: value for key, value in each.items() if key not in {"chamber", "number"}}
        records.add(self.unit, Term, seat=seat.id, **values)

    def _site(self, body: Organization, place: Mapping[str, Any]) -> None:
        parts = {"stated", "phones", "emails", "webs"}
        site = records.add(
            self.unit,
            Site,
            organization=body.id,
            **{key: value for key, value in place.items() if key not in parts},
        )
        self._points(place, {"site": site.id})
        stated = place.get("stated")
        if stated:
            chosen = map_for(self.unit.db, self.unit.at.date(), code=stated["map"])
            for number in stated["house"]:
                query = District.select().where(
                    (District.map == chosen.id) & (District.chamber == "house") & (District.number == number)
                )
                (district,) = select(self.unit.db, query)
                placing.state_district(self.unit, site, district.id)

    def _contact(self, body: Organization, person: Mapping[str, Any]) -> None:
        """A person of the same name in two organizations is the same one."""
        job = {key: person[key] for key in Role.declarations() if key in person}
        known = self.people.get(person["name"])
        if known is None:
            own = {key: person[key] for key in Contact.declarations() if key in person}
            known = self.people[person["name"]] = records.add(self.unit, Contact, **own)
            self._points(person, {"contact": known.id})
        records.add(self.unit, Role, contact=known.id, organization=body.id, **job)

    def _points(self, each: Mapping[str, Any], owner: Mapping[str, int]) -> None:
        for part, kind in (("phones", "phone"), ("emails", "email"), ("webs", "web")):
            for value in each.get(part, ()):
                values = {"raw": value} if isinstance(value, str) else dict(value)
                records.add(self.unit, ContactPoint, **owner, kind=kind, **values)
