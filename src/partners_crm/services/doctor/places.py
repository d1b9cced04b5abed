"""Checks of the coalition's geography: the map of today, and sites that stand nowhere on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from partners_crm.districts.maps import bundled_maps, load_info
from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import Assignment, District, DistrictMap, Organization, Site
from partners_crm.normalize.dates import covers
from partners_crm.services.doctor.case import FINDING, Case, Finding, counted, listed
from partners_crm.services.maps import has_borders, index_of, is_current
from partners_crm.services.placing import LOWEST_PLACED, ROOFTOP
from partners_crm.store.journal import Recorded, changes_to
from partners_crm.store.maps import districts_of, map_for, setting
from partners_crm.store.read import records, tuples

WHERE_IT_STANDS = {"street", "city", "postal_code", "latitude", "longitude"}
"""The fields of a site that say where it is."""


def maps(case: Case) -> Iterator[Finding]:
    """Maps that are missing, differ or have ended, and sites that are placed on another map alone."""
    for _, finding in map_faults(case):
        yield finding
    try:
        chosen = map_for(case.db, case.today)
    except (CannotDecide, NotFound):
        return  # it is said above
    stale = [each for each in _without(case, chosen) if each.elsewhere]
    if stale:
        yield Finding(
            "maps",
            FINDING,
            f"{counted(len(stale), 'site has', 'sites have')} a district under another map and none under"
            f" {chosen.code}: {listed(stale, len(stale))}",
            "place every site anew: partners districts assign; or give each its point: partners edit site N"
            " latitude=LAT longitude=LON; or import a column with its district:"
            f" partners import FILE --map {chosen.code}",
        )


def map_faults(case: Case) -> Iterator[tuple[str, Finding]]:
    """What is wrong with the maps themselves, each with a key that stays the same from run to run."""
    db = case.db
    here = {each.code: each for each in records(db, DistrictMap.select().order_by(DistrictMap.code))}
    yield from _compared(case, here)
    try:
        chosen = map_for(db, case.today)
    except (CannotDecide, NotFound) as error:
        yield (
            "none",
            Finding("maps", FINDING, error.message, f"{error.hint}; take a pin away: partners config set map ''"),
        )
        return
    if chosen.seated_until and chosen.seated_until <= case.today.isoformat():
        yield (
            f"ended {chosen.code}",
            Finding(
                "maps",
                FINDING,
                f"the pinned map {chosen.code} ended on {chosen.seated_until}: every answer is of the past",
                "take the map of the day: partners config set map ''",
            ),
        )


def _compared(case: Case, here: dict[str, DistrictMap]) -> Iterator[tuple[str, Finding]]:
    bundled, state = bundled_maps(), setting(case.db, "state")
    for code in bundled:
        if load_info(code).state == state and code not in here:
            yield (
                f"missing {code}",
                Finding(
                    "maps",
                    FINDING,
                    f"the map {code} comes with the program and is not in this coalition",
                    f"take it in: partners districts install {code}",
                ),
            )
    for code, each in here.items():
        if not is_current(each):
            yield (
                f"borders {code}",
                Finding(
                    "maps",
                    FINDING,
                    f"the borders of the map {code} that come with the program are others than those sites were"
                    " placed by",
                    f"take them in, and place every site anew: partners districts install {code}",
                ),
            )
        elif not has_borders(case.db, each):
            yield (
                f"no borders {code}",
                Finding(
                    "maps",
                    FINDING,
                    f"the borders of the map {code} do not come with this program: no site can be placed on it",
                    "update partners-crm, or install its file: partners districts install FILE",
                ),
            )


def sites(case: Case) -> Iterator[Finding]:
    """Sites that no map has a district for and that could have one, and decisions about places that have moved."""
    yield from _moved_since(case)
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


def _moved_since(case: Case) -> Iterator[Finding]:
    query = (
        Assignment.select(Assignment.site, Assignment.version, Organization.id, Organization.name, District.name)
        .join(Site, on=(Assignment.site == Site.id))
        .join(Organization, on=(Site.organization == Organization.id))
        .join(District, on=(Assignment.district == District.id))
        .where((Assignment.method == "manual") & (Assignment.replaced_at == "") & (Site.version > Assignment.version))
        .order_by(Organization.name, Site.id)
    )
    moved = [
        f"{name} (organization {organization}, site {site}, {district})"
        for site, decided, organization, name, district in tuples(case.db, query)
        if any(
            each.operation > decided and WHERE_IT_STANDS & _differing(each)
            for each in changes_to(case.db, Site.entity.name, site)
        )
    ]
    if moved:
        yield Finding(
            "sites",
            FINDING,
            f"{counted(len(moved), 'district was', 'districts were')} decided by a person before the site moved:"
            f" {listed(moved, len(moved))}",
            "decide again: partners districts decide SITE DISTRICT --reason TEXT; or take it back: partners districts"
            " decide SITE --withdraw",
        )


def _differing(each: Recorded) -> set[str]:
    before, after = each.before or {}, each.after or {}
    return {name for name in after if name in before and before[name] != after[name]}


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
        .where((District.map == chosen.id) & (Assignment.replaced_at == ""))
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
    standing = Assignment.select(Assignment.site).where(Assignment.replaced_at == "")
    elsewhere = {site for (site,) in tuples(case.db, standing.distinct())}
    working = {key for (key,) in tuples(case.db, Site.select(Site.organization).where(Site.kind != "mailing"))}
    return [
        _Site(site, organization, name, site in elsewhere)
        for site, organization, name, kind, since, until, latitude, longitude, level in tuples(case.db, query)
        if not (kind == "mailing" and organization in working)
        and ((not since and not until) or covers(since, until, day) != "no")
        and not _outside(case, chosen, latitude, longitude, ROOFTOP if level is None else level)
    ]


def _outside(case: Case, chosen: DistrictMap, latitude: float | None, longitude: float | None, level: int) -> bool:
    if latitude is None or longitude is None or level < LOWEST_PLACED or not has_borders(case.db, chosen):
        return False
    layers = districts_of(case.db, chosen).layers
    return all(index_of(case.db, chosen, layer).locate(latitude, longitude) is None for layer in layers)
