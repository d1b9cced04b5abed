"""Sites in use that have no district under a map and could have one, each with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from partners_crm.model import Assignment, District, DistrictMap, Organization, Site
from partners_crm.normalize.dates import covers
from partners_crm.services.maps import has_borders, index_of
from partners_crm.services.placing import LOWEST_PLACED, ROOFTOP
from partners_crm.store.maps import districts_of, standing
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples


class Unplaced(NamedTuple):
    """A site without a district."""

    id: int
    organization: int
    name: str
    why: str
    """The nearest reason, in words, with what is known of the place."""


class Found(NamedTuple):
    """What became of the sites in use."""

    in_use: int
    """Sites that have a district or could have one."""
    sites: list[Unplaced]
    """Those that have none, by id."""


class _Site(NamedTuple):
    """What is known of where a site is."""

    id: int
    organization: int
    name: str
    kind: str
    address: str
    street: str
    city: str
    postal_code: str
    note: str
    latitude: float | None
    longitude: float | None
    match_level: int | None
    since: str
    until: str

    @property
    def point(self) -> tuple[float, float] | None:
        """Its point, where that is known as well as its street."""
        level = ROOFTOP if self.match_level is None else self.match_level
        if self.latitude is None or self.longitude is None or level < LOWEST_PLACED:
            return None
        return self.latitude, self.longitude


def unplaced(db: Handle, chosen: DistrictMap, today: date, among: Collection[int] | None = None) -> Found:
    """The sites in use that have no district under a map and could have one; with `among` only those of these ids.

    A mailing address counts where its organization has no other site: then nobody knows where it is. A point outside
    the map's state has no district, and needs none. Sites of archived organizations are left out.
    """
    query = (
        Assignment.select(Assignment.site)
        .join(District, on=(Assignment.district == District.id))
        .where((District.map == chosen.id) & standing())
    )
    placed = {site for (site,) in tuples(db, query.distinct())}
    indexes = []
    if has_borders(db, chosen):
        indexes = [index_of(db, chosen, layer) for layer in districts_of(db, chosen).layers]
    in_use, found = 0, []
    for site in _in_use(db, today):
        if among is not None and site.id not in among:
            continue
        if site.id not in placed:
            point = site.point
            if point is not None and indexes and all(index.locate(*point) is None for index in indexes):
                continue
            found.append(Unplaced(site.id, site.organization, site.name, _why(site)))
        in_use += 1
    return Found(in_use, found)


def _in_use(db: Handle, today: date) -> Iterator[_Site]:
    day = today.isoformat()
    where = (Site.address, Site.street, Site.city, Site.postal_code, Site.address_note)
    point = (Site.latitude, Site.longitude, Site.match_level)
    query = (
        Site.select(Site.id, Site.organization, Site.name, Site.kind, *where, *point, Site.since, Site.until)
        .join(Organization, on=(Site.organization == Organization.id))
        .where((Organization.archived_on == "") | (Organization.archived_on > day))
        .order_by(Site.id)
    )
    rows = [_Site._make(row) for row in tuples(db, query)]
    working = {site.organization for site in rows if site.kind != "mailing"}
    for site in rows:
        if site.kind == "mailing" and site.organization in working:
            continue
        if (site.since or site.until) and covers(site.since, site.until, day) == "no":
            continue
        yield site


def _why(site: _Site) -> str:
    """Why a site could not be placed."""
    where = ", ".join(filter(None, (site.address or site.street, site.city, site.postal_code)))
    if site.street.upper().startswith("PO BOX"):
        reason = "a post office box places nobody"
    elif site.kind == "mailing":
        reason = "only a mailing address is known"
    elif site.point is not None:
        reason = "not placed on this map yet (partners districts assign)"
    elif not where:
        reason = "no address, and no coordinates"
    elif site.note and not site.postal_code:
        reason = f"address not read, it {site.note}"
    elif not site.postal_code:
        reason = "no coordinates, and no ZIP"
    else:
        reason = f"no coordinates, and ZIP {site.postal_code} has no area on the map"
    return f"{reason}: {where}" if where else reason
