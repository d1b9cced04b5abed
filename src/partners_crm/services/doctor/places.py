"""Checks of the coalition's geography: the map of today, and sites that stand nowhere on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from partners_crm.districts.maps import bundled_maps, load_info
from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import Assignment, District, DistrictMap, Organization, Site
from partners_crm.normalize.dates import covers
from partners_crm.services.doctor.case import FINDING, Case, Finding, counted, listed
from partners_crm.services.placing import LOWEST_PLACED, ROOFTOP, index_of
from partners_crm.store.maps import map_for, setting
from partners_crm.store.read import records, tuples

ADD_A_MAP = (
    "add it from Python: with crm.changes('add a map') as unit: setup.install(unit, load_info({code!r})), where setup"
    " is partners_crm.services.setup and load_info is of partners_crm.districts.maps"
)


def maps(case: Case) -> Iterator[Finding]:
    """Maps that are missing, differ or have ended, and sites that are placed on another map alone."""
    db = case.db
    here = {each.code: each for each in records(db, DistrictMap.select().order_by(DistrictMap.code))}
    bundled = bundled_maps()
    yield from _compared(here, bundled, setting(db, "state"))
    try:
        chosen = map_for(db, case.today)
    except (CannotDecide, NotFound) as error:
        yield Finding("maps", FINDING, error.message, f"{error.hint}; take a pin away: partners config set map ''")
        return
    if chosen.seated_until and chosen.seated_until <= case.today.isoformat():
        yield Finding(
            "maps",
            FINDING,
            f"the pinned map {chosen.code} ended on {chosen.seated_until}: every answer is of the past",
            "take the map of the day: partners config set map ''",
        )
    stale = [each for each in _without(case, chosen) if each.elsewhere]
    if stale:
        yield Finding(
            "maps",
            FINDING,
            f"{counted(len(stale), 'site has', 'sites have')} a district under another map and none under"
            f" {chosen.code}: {listed(stale, len(stale))}",
            "give each its point, once more where it has one: partners edit site N latitude=LAT longitude=LON; or"
            f" import a column with its House district: partners import FILE --map {chosen.code}",
        )


def _compared(here: dict[str, DistrictMap], bundled: tuple[str, ...], state: str) -> Iterator[Finding]:
    for code in bundled:
        info = load_info(code)
        if info.state == state and code not in here:
            yield Finding(
                "maps",
                FINDING,
                f"the map {code} comes with the program and is not in this coalition",
                ADD_A_MAP.format(code=code),
            )
        elif code in here and here[code].sha256 != info.sha256:
            yield Finding(
                "maps",
                FINDING,
                f"the borders of the map {code} that come with the program are others than those sites were placed by",
                "give each site its point once more: partners edit site N latitude=LAT longitude=LON",
            )
    for code in here:
        if code not in bundled:
            yield Finding(
                "maps",
                FINDING,
                f"the borders of the map {code} do not come with this program: no site can be placed on it",
                "update partners-crm",
            )


def sites(case: Case) -> Iterator[Finding]:
    """Sites that no map has a district for and that could have one."""
    try:
        chosen = map_for(case.db, case.today)
    except (CannotDecide, NotFound):
        return  # the check of the maps says so
    lost = [each for each in _without(case, chosen) if not each.elsewhere]
    if lost:
        yield Finding(
            "sites",
            FINDING,
            f"{counted(len(lost), 'site has', 'sites have')} no district: {listed(lost, len(lost))}",
            f"give each its point: partners edit site {lost[0].site} latitude=LAT longitude=LON; or import a column"
            " with its House district. A post office box cannot be placed: add a site where the organization works",
        )


@dataclass(frozen=True, slots=True)
class _Site:
    """A site without a district under the map of today."""

    site: int
    organization: int
    name: str
    elsewhere: bool
    """Whether it has one under another map."""

    def __str__(self) -> str:
        return f"{self.name} (organization {self.organization}, site {self.site})"


def _without(case: Case, chosen: DistrictMap) -> list[_Site]:
    """The sites in use that have no district under a map and could have one, by organization.

    A mailing address counts where its organization has no other site: then nobody knows where it is. A point that lies
    outside the map's state has no district, and needs none.
    """
    day = case.today.isoformat()
    placed = (
        Assignment.select(Assignment.site)
        .join(District, on=(Assignment.district == District.id))
        .where(District.map == chosen.id)
    )
    query = (
        Site.select(
            Site.id,
            Site.organization,
            Organization.name,
            Site.kind,
            Site.since,
            Site.until,
            Site.latitude,
            Site.longitude,
            Site.match_level,
        )
        .join(Organization, on=(Site.organization == Organization.id))
        .where(Site.id.not_in(placed) & ((Organization.archived_on == "") | (Organization.archived_on > day)))
        .order_by(Organization.name, Site.id)
    )
    elsewhere = {site for (site,) in tuples(case.db, Assignment.select(Assignment.site).distinct())}
    working = {key for (key,) in tuples(case.db, Site.select(Site.organization).where(Site.kind != "mailing"))}
    return [
        _Site(site, organization, name, site in elsewhere)
        for site, organization, name, kind, since, until, latitude, longitude, level in tuples(case.db, query)
        if not (kind == "mailing" and organization in working)
        and ((not since and not until) or covers(since, until, day) != "no")
        and not _outside(chosen.code, latitude, longitude, ROOFTOP if level is None else level)
    ]


def _outside(code: str, latitude: float | None, longitude: float | None, level: int) -> bool:
    if latitude is None or longitude is None or level < LOWEST_PLACED or code not in bundled_maps():
        return False
    return index_of(code).locate(latitude, longitude) is None
