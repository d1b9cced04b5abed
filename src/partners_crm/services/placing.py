"""Placing sites in districts: a point is assigned under every map of the coalition; only differences are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import load_map
from partners_crm.errors import InvalidValue
from partners_crm.model import Assignment, District, DistrictMap, Site
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, records, tuples
from partners_crm.store.work import Changes

ROOFTOP = 100
"""Match level of coordinates that a file or a person gives without saying how they were found."""
STATED = 75
"""Match level of a district that a file states: there is no point, so no border distance."""
LOWEST_PLACED = 75
"""A point known less well than this (a ZIP or a city centre) says nothing about one district."""


@lru_cache(maxsize=8)
def index_of(code: str) -> DistrictIndex:
    """The district index of a bundled map; built once in a process."""
    return DistrictIndex(load_map(code))


def placed_maps(db: Handle) -> list[DistrictMap]:
    """The maps of the coalition under which sites are placed, by code."""
    return records(db, DistrictMap.select().order_by(DistrictMap.code))


def districts_of(db: Handle, district_map: DistrictMap) -> dict[tuple[str, int], int]:
    """The district ids of a map, by (chamber, number)."""
    query = District.select(District.chamber, District.number, District.id).where(District.map == district_map.id)
    return {(chamber, number): key for chamber, number, key in tuples(db, query)}


def check_point(latitude: float, longitude: float, codes: Iterable[str]) -> None:
    """Refuse a point that is no place: swapped, 0, 0 or off the earth. A place in another state has no district.

    Raises:
        InvalidValue: with the reason in words.
    """
    _, mistaken, reason = look_outside(latitude, longitude, codes)
    if mistaken:
        raise InvalidValue("Latitude, longitude", f"{latitude:g}, {longitude:g}", reason)


def look_outside(latitude: float, longitude: float, codes: Iterable[str]) -> tuple[bool, bool, str]:
    """(no district of any map, and that is a mistake, why) of a point."""
    indexes = [index_of(code) for code in codes]
    if not indexes or any(index.locate(latitude, longitude) is not None for index in indexes):
        return False, False, ""
    return True, *indexes[-1].explain_outside(latitude, longitude)


def place(changes: Changes, sites: Sequence[Site]) -> int:
    """Assign sites by their points under every map; returns how many assignments were written.

    An assignment that a person decided or a file stated stands when the site has no point. A site whose point was
    taken away loses the assignments made from it.
    """
    db = changes.db
    known = _assignments(db, sites)
    written = 0
    for district_map in placed_maps(db):
        districts = districts_of(db, district_map)
        base = district_map.base_chamber
        index: DistrictIndex | None = None
        for site in sites:
            wanted: dict[str, Any] | None = None
            if site.latitude is not None and site.longitude is not None and _level(site) >= LOWEST_PLACED:
                index = index or index_of(district_map.code)
                found = index.locate(site.latitude, site.longitude)
                if found is not None:
                    wanted = {
                        "district": districts[base, found.number],
                        "method": "point",
                        "match_level": _level(site),
                        "border_m": None if found.border_m is None else round(found.border_m, 1),
                        "neighbour": found.neighbour,
                        "on_border": found.on_border,
                        "snapped_m": None if found.snapped_m is None else round(found.snapped_m, 1),
                    }
            here = set(districts.values())
            present = [each for each in known.get(site.id, []) if each.district in here and each.method == "point"]
            written += _settle(changes, site, present, wanted)
    return written


def state_district(changes: Changes, site: Site, district: int) -> bool:
    """Record that a file states the district of a site; returns whether that was new."""
    already = records(
        changes.db,
        Assignment.select().where((Assignment.site == site.id) & (Assignment.district == district)),
    )
    if already:
        return False
    changes.add(
        Assignment,
        site=site.id,
        district=district,
        method="stated",
        match_level=STATED,
        computed_at=_instant(changes),
    )
    return True


def _settle(changes: Changes, site: Site, present: list[Assignment], wanted: dict[str, Any] | None) -> int:
    if wanted is None:
        for each in present:
            changes.delete(each)
        return len(present)
    if not present:
        changes.add(Assignment, site=site.id, computed_at=_instant(changes), **wanted)
        return 1
    first = present[0]
    if all(first[name] == value for name, value in wanted.items()):
        return 0
    changes.update(first, computed_at=_instant(changes), **wanted)
    return 1


def _level(site: Site) -> int:
    return ROOFTOP if site.match_level is None else site.match_level


def _instant(changes: Changes) -> str:
    return changes.at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _assignments(db: Handle, sites: Sequence[Site]) -> dict[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = {}
    for some in parts([site.id for site in sites]):
        for each in records(db, Assignment.select().where(Assignment.site.in_(some)).order_by(Assignment.id)):
            found.setdefault(each.site, []).append(each)
    return found
