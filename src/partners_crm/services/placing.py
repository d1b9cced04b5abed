"""Placing sites in districts: what is known of where a site stands becomes assignments, under every map.

An assignment is a fact. What takes its place is added beside it, and the old one says when; none is deleted. What a
person decided stands until a person decides otherwise. A mailing address and a post office box place nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from partners_crm.districts.coverage import MIN_SHARE
from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import Areas
from partners_crm.districts.uncertainty import radius_m
from partners_crm.errors import InvalidValue
from partners_crm.model import Assignment, District, DistrictMap, Site
from partners_crm.services.maps import borders_of, has_borders, index_of
from partners_crm.store.maps import Districts, districts_of, maps_of
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, records, tuples
from partners_crm.store.work import Changes

MANUAL = 110
"""Match level of a district that a person decided."""
ROOFTOP = 100
"""Match level of coordinates that a file or a person gives without saying how they were found."""
STATED = 75
"""Match level of a district that a file states: there is no point, so no border distance."""
LOWEST_PLACED = 75
"""A point known less well than this, by its ZIP code or its city, is no point: the area is asked."""
ZIP5 = 70
"""Match level of the area of a ZIP code."""
COMPUTED = ("point", "zip")
"""Methods whose assignments follow from the site."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A site that stands in other districts of a chamber than before."""

    site: int
    organization: int
    map: str
    chamber: str
    before: tuple[int, ...]
    """Numbers."""
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placing:
    """What became of the sites that were placed."""

    written: int
    """Assignments added or replaced."""
    kept: int
    """Sites under a map where a person decided."""
    moved: tuple[Moved, ...]
    """The sites that stood elsewhere before, map by map and chamber by chamber."""


def check_point(db: Handle, latitude: float, longitude: float) -> None:
    """Refuse a point that is no place: swapped, 0, 0 or off the earth. A place in another state has no district.

    Raises:
        InvalidValue: with the reason in words.
    """
    _, mistaken, reason = look_outside(latitude, longitude, indexes(db))
    if mistaken:
        raise InvalidValue("Latitude, longitude", f"{latitude:g}, {longitude:g}", reason)


def indexes(db: Handle) -> list[DistrictIndex]:
    """An index of every map whose borders are known."""
    return [index_of(db, each, districts_of(db, each).layers[0]) for each in maps_of(db) if has_borders(db, each)]


def look_outside(latitude: float, longitude: float, known: Sequence[DistrictIndex]) -> tuple[bool, bool, str]:
    """(no district of any map, and that is a mistake, why) of a point."""
    if not known or any(index.locate(latitude, longitude) is not None for index in known):
        return False, False, ""
    return True, *known[-1].explain_outside(latitude, longitude)


def is_no_place(site: Site) -> bool:
    """Whether mail goes there and nobody works there: a mailing address, or a post office box."""
    return site.kind == "mailing" or site.street.upper().startswith("PO BOX")


def place(changes: Changes, sites: Sequence[Site]) -> Placing:
    """Assign sites by their points, or by the areas of their ZIP codes, under every map."""
    return _place(changes, sites, ())


def _place(changes: Changes, sites: Sequence[Site], withdrawn: Sequence[Assignment]) -> Placing:
    db = changes.db
    known = _assignments(db, sites)
    written, kept = 0, 0
    moved: list[Moved] = []
    for district_map in maps_of(db):
        if not has_borders(db, district_map):
            continue
        districts = districts_of(db, district_map)
        for layer in districts.layers:
            placer = _Placer(db, district_map, districts, layer)
            for site in sites:
                present = known.get(site.id, [])
                if not present and not withdrawn:
                    written += _settle(changes, site, (), placer.wanted(site, stated=False))
                    continue
                present = [each for each in present if each.district in placer.own]
                before = [each.district for each in withdrawn if each.district in placer.own]
                if is_no_place(site):
                    stale = present
                    wanted: list[dict[str, Any]] = []
                elif decided := [each for each in present if each.method == "manual"]:
                    kept += 1
                    # The last decision stands, and what a file states waits behind it.
                    stale = [each for each in present if each.method in COMPUTED or each in decided[:-1]]
                    wanted = []
                else:
                    stale = [each for each in present if each.method in COMPUTED]
                    wanted = placer.wanted(site, stated=len(stale) < len(present))
                if count := _settle(changes, site, stale, wanted):
                    written += count
                    before += [each.district for each in stale]
                    moved += placer.moved(site, before, [each["district"] for each in wanted]) if before else ()
    return Placing(written, kept, tuple(moved))


def computed_on(db: Handle, maps: Sequence[int]) -> list[Assignment]:
    """What was ever computed of sites on maps, by their ids; what holds no more too."""
    own = District.select(District.id).where(District.map.in_(list(maps)))
    query = Assignment.select().where(Assignment.district.in_(own) & Assignment.method.in_(COMPUTED))
    return records(db, query.order_by(Assignment.id)) if maps else []


def assigned_since(db: Handle, sites: Iterable[int], operation: int) -> set[int]:
    """The sites, of those given, whose districts were changed after an operation."""
    found: set[int] = set()
    for some in parts(sorted(sites)):
        query = Assignment.select(Assignment.site).where(Assignment.site.in_(some) & (Assignment.version > operation))
        found |= {site for (site,) in tuples(db, query)}
    return found


def state_district(changes: Changes, site: Site, district: int) -> bool:
    """Record that a file states the district of a site; returns whether that was new.

    A stated district outweighs the area of the ZIP code, and what an earlier operation stated otherwise. A place where
    nobody works has none.
    """
    present = _assignments(changes.db, [site]).get(site.id, [])
    if is_no_place(site) or any(each.district == district and each.method != "zip" for each in present):
        return False
    if weaker := [each for each in present if each.method in {"zip", "stated"}]:
        own, agreeing = _related(changes.db, district)
        for each in weaker:
            otherwise = each.version != changes.operation and each.district not in agreeing
            if each.district in own and (each.method == "zip" or otherwise):
                replace(changes, [each])
    _add(changes, site, {"district": district, "method": "stated", "match_level": STATED})
    return True


def decide(changes: Changes, site: Site, district: int, reason: str) -> Assignment:
    """Record that a person decided where a site stands, under the map of the district; what was computed is replaced.

    What a file states stays behind the decision, and counts again when that is withdrawn.

    Raises:
        InvalidValue: without a reason nobody can judge the decision later; or mail goes there and nobody works there.
    """
    if is_no_place(site):
        raise InvalidValue(
            "Site", site.id, "is a mailing address or a box, which places nobody", "change its kind first"
        )
    if not reason.strip():
        raise InvalidValue("Reason", "", "must not be empty", "say how you know, such as: asked the director")
    own, _ = _related(changes.db, district)
    present = _assignments(changes.db, [site]).get(site.id, [])
    replace(changes, (each for each in present if each.district in own and each.method != "stated"))
    values = {"district": district, "method": "manual", "match_level": MANUAL, "reason": reason.strip()}
    return _add(changes, site, values)


def withdraw(changes: Changes, site: Site, district_map: DistrictMap) -> Placing:
    """Take back what a person decided of a site under a map; the site is placed by what is known of it.

    Raises:
        InvalidValue: nobody decided anything.
    """
    own = set(districts_of(changes.db, district_map).by_id)
    present = _assignments(changes.db, [site]).get(site.id, [])
    decided = [each for each in present if each.method == "manual" and each.district in own]
    if not decided:
        raise InvalidValue("Site", site.id, f"has no decision under {district_map.code}")
    replace(changes, decided)
    return _place(changes, [site], decided)


def replace(changes: Changes, old: Iterable[Assignment]) -> None:
    """Say of assignments that they hold no more."""
    for each in list(old):
        changes.update(each, replaced_at=_instant(changes))


_BLANK: dict[str, Any] = {
    "share": None,
    "border_m": None,
    "neighbour": None,
    "on_border": False,
    "snapped_m": None,
    "reason": "",
    "replaced_at": "",
}
"""What most assignments have; a row of every field is inserted without asking for defaults."""
_BY_ZIP = {**_BLANK, "method": "zip", "match_level": ZIP5}
"""What every candidate of a ZIP code has."""


class _Placer:
    """What sites are given under one layer of a map."""

    def __init__(self, db: Handle, district_map: DistrictMap, districts: Districts, layer: str) -> None:
        self._db = db
        self._map = district_map
        self._districts = districts
        self._layer = layer
        self._ids = {number: key for (chamber, number), key in districts.ids().items() if chamber == layer}
        self._shift = district_map.border_shift_m or 0.0
        self._index: DistrictIndex | None = None
        self._areas: Areas | None = None
        above = districts.nested_in.get(layer, layer)
        self.own = {each.id for each in districts.rows if each.chamber in {layer, above}}
        """The districts that this layer answers for: its own, and those they are nested in."""

    def wanted(self, site: Site, *, stated: bool) -> list[dict[str, Any]]:
        """The assignments that follow from what is known of a site; `stated`, that a file names its district."""
        if is_no_place(site):
            return []
        level = ROOFTOP if site.match_level is None else site.match_level
        if site.latitude is not None and site.longitude is not None and level >= LOWEST_PLACED:
            return self._by_point(site.latitude, site.longitude, level)
        return [] if stated else self._by_zip(site.postal_code)

    def _by_point(self, latitude: float, longitude: float, level: int) -> list[dict[str, Any]]:
        if self._index is None:
            self._index = index_of(self._db, self._map, self._layer)
        found = self._index.locate(latitude, longitude)
        if found is None:
            return []
        reach = radius_m(level) + self._shift
        own = {
            "method": "point",
            "match_level": level,
            "district": self._ids[found.number],
            "border_m": None if found.border_m is None else round(found.border_m, 1),
            "neighbour": found.neighbour,
            "on_border": found.on_border,
            "snapped_m": None if found.snapped_m is None else round(found.snapped_m, 1),
            "share": None,
        }
        if level >= MANUAL or found.border_m is None or found.border_m > reach:
            return [own]
        shares = {number: round(share, 4) for number, share in self._index.candidates(latitude, longitude, reach)}
        del shares[found.number]
        others = [
            {**own, "district": self._ids[number], "border_m": None, "neighbour": None, "share": share}
            for number, share in shares.items()
        ]
        # Its own takes what rounding leaves: districts of one parent sum to the whole of it.
        return [{**own, "share": round(1 - sum(shares.values()), 4) if others else None}, *others]

    def _by_zip(self, postal_code: str) -> list[dict[str, Any]]:
        if not postal_code:
            return []
        if self._areas is None:
            self._areas = borders_of(self._db, self._map).zips.get(self._layer, {})
        return [
            {**_BY_ZIP, "district": self._ids[number], "share": round(share, 4)}
            for number, share in self._areas.get(postal_code[:5], ())
            if share >= MIN_SHARE
        ]

    def moved(self, site: Site, before: Iterable[int], after: Iterable[int]) -> list[Moved]:
        """How the districts of a site, by their ids, differ from those before, chamber by chamber."""
        found = []
        sides = (set(before), set(after))
        layers = [self._layer, *filter(None, [self._districts.nested_in.get(self._layer)])]
        for chamber in layers:
            old, new = (tuple(sorted(self._numbers(keys, chamber))) for keys in sides)
            if old != new:
                found.append(Moved(site.id, site.organization, self._map.code, chamber, old, new))
        return found

    def _numbers(self, keys: set[int], chamber: str) -> set[int]:
        numbers = set()
        for key in keys:
            each = self._districts.by_id[key]
            while each.chamber != chamber and each.parent is not None:
                each = self._districts.by_id[each.parent]
            if each.chamber == chamber:
                numbers.add(each.number)
        return numbers


def _settle(changes: Changes, site: Site, present: Sequence[Assignment], wanted: list[dict[str, Any]]) -> int:
    """Replace what does not follow from the site any more, and add what does; returns how many were written."""
    if not present:
        for values in wanted:
            _add(changes, site, values)
        return len(wanted)
    missing = list(wanted)
    outdated = []
    for each in present:
        same = next((one for one in missing if all(each[name] == value for name, value in one.items())), None)
        if same is None:
            outdated.append(each)
        else:
            missing.remove(same)
    replace(changes, outdated)
    for values in missing:
        _add(changes, site, values)
    return max(len(outdated), len(missing))


def _add(changes: Changes, site: Site, values: dict[str, Any]) -> Assignment:
    return changes.insert(Assignment, {**_BLANK, **values, "site": site.id, "computed_at": _instant(changes)})


def _related(db: Handle, district: int) -> tuple[set[int], set[int]]:
    """(the districts of the same map that speak of the same place, those of them that may hold along with it).

    The first are those of its chamber, and of those nested with it; the second itself, the one it is nested in, and
    those nested in it.
    """
    for each in maps_of(db):
        districts = districts_of(db, each)
        if district in districts.by_id:
            chamber = districts.by_id[district].chamber
            related = {chamber, districts.nested_in.get(chamber, chamber)}
            related |= {code for code, up in districts.nested_in.items() if up == chamber}
            up = districts.by_id[district].parent
            own = {row.id for row in districts.rows if row.chamber in related}
            return own, {row.id for row in districts.rows if district in {row.id, row.parent} or row.id == up}
    return set(), set()


def _instant(changes: Changes) -> str:
    return changes.at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _assignments(db: Handle, sites: Sequence[Site]) -> dict[int, list[Assignment]]:
    """The assignments that hold, by site."""
    found: dict[int, list[Assignment]] = {}
    for some in parts([site.id for site in sites]):
        query = Assignment.select().where(Assignment.site.in_(some) & (Assignment.replaced_at == ""))
        for each in records(db, query.order_by(Assignment.id)):
            found.setdefault(each.site, []).append(each)
    return found
