"""What is done with districts by hand: maps taken in, every site placed anew, and decisions of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from partners_crm.districts.maps import MapInfo, bundled_maps, load_info, parse_map, read_map_file
from partners_crm.errors import Ambiguous, FileRefused, NotFound
from partners_crm.model import Assignment, District, DistrictMap, Organization, Site
from partners_crm.services import placing
from partners_crm.services.maps import borders_of, has_borders, install, is_current
from partners_crm.store.maps import Districts, districts_of, map_for, maps_of, setting
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, by_ids, find, records, tuples, where
from partners_crm.store.work import Changes


@dataclass(frozen=True, slots=True)
class KnownMap:
    """A map of the coalition, or one that could be."""

    code: str
    name: str
    chambers: tuple[tuple[str, int], ...]
    """(name, how many districts)."""
    nesting: str
    """The nesting rule in words; "" where nothing nests."""
    enacted: str
    first_election: str
    seated_from: str
    seated_until: str
    border_shift_m: float | None
    source: str
    sha256: str
    here: str
    """installed, bundled (not in this coalition), outdated (other borders come with the program), no borders."""
    pinned: bool
    sites: int
    """Sites that are placed on it."""


def known_maps(db: Handle) -> list[KnownMap]:
    """The maps of the coalition, and those of its state that come with the program, by code."""
    pin, state = setting(db, "map"), setting(db, "state")
    here = {each.code: each for each in maps_of(db)}
    found = [_known(db, each, pin) for each in here.values()]
    for code in bundled_maps():
        info = load_info(code)
        if code not in here and info.state == state:
            found.append(_bundled(info))
    return sorted(found, key=lambda each: each.code)


def _known(db: Handle, each: DistrictMap, pin: str) -> KnownMap:
    districts = districts_of(db, each)
    own = District.select(District.id).where(District.map == each.id)
    query = Assignment.select(Assignment.site).where((Assignment.replaced_at == "") & Assignment.district.in_(own))
    state = "installed" if is_current(each) else "outdated"
    return KnownMap(
        each.code,
        each.name,
        tuple((districts.names[chamber], len(some)) for chamber, some in districts.numbers.items()),
        _nesting(districts),
        each.enacted,
        each.first_election,
        each.seated_from,
        each.seated_until,
        each.border_shift_m,
        each.source,
        each.sha256,
        state if has_borders(db, each) else "no borders",
        each.code == pin,
        len(tuples(db, query.distinct())),
    )


def _bundled(info: MapInfo) -> KnownMap:
    rules = [f"{each.nested_in} = ({each.code} + {each.per - 1}) // {each.per}" for each in info.chambers if each.per]
    return KnownMap(
        info.code,
        info.name,
        tuple((each.name, each.districts) for each in info.chambers),
        "; ".join(rules),
        info.enacted,
        info.first_election,
        info.seated_from,
        info.seated_until,
        info.border_shift_m,
        info.source,
        info.sha256,
        "bundled",
        False,
        0,
    )


def _nesting(districts: Districts) -> str:
    rules = []
    for chamber, above in districts.nested_in.items():
        parents = districts.parents[chamber]
        per = max(1, round(len(parents) / max(1, len(districts.numbers[above]))))
        regular = all(up == (number + per - 1) // per for number, up in parents.items())
        rules.append(f"{above} = ({chamber} + {per - 1}) // {per}" if regular else f"{chamber} in {above}")
    return "; ".join(rules)


def take_in(unit: Changes, what: str) -> tuple[DistrictMap, placing.Placing]:
    """Install a map by its code or from its file, and place every site on it.

    Raises:
        NotFound: no map of that code comes with the program, and there is no such file.
        FileRefused: a district of the map has no borders; or as `services.maps.install`.
        Conflict: as that.
    """
    path = Path(what).expanduser()
    if what in bundled_maps():
        added = install(unit, load_info(what))
    elif path.suffix == ".map" or path.exists():
        data = read_map_file(path)
        borders = parse_map(data, what)
        if bare := borders.bare():
            first = ", ".join(f"{chamber} {number}" for chamber, number in bare[:5])
            raise FileRefused(f"{what}: districts without borders: {first}", "build the map again")
        added = install(unit, borders.info, data)
    else:
        raise NotFound(
            f"there is no map {what}", f"maps of this program: {', '.join(bundled_maps())}; or name a file FILE.map"
        )
    return added, place_all(unit)


def consequences(db: Handle, added: DistrictMap, today: date) -> list[str]:
    """What should be known of a map that was taken in: which days it answers for, and what it cannot place."""
    found = []
    if added.seated_from and not setting(db, "map"):
        until = f" until {added.seated_until}" if added.seated_until else ""
        found.append(f"questions about days from {added.seated_from} on{until} are answered on it")
        if map_for(db, today).id == added.id:
            found.append("that includes today: give it a later day, or pin another map, if it is only proposed")
    if not any(borders_of(db, added).zips.values()):
        here = {each.id for each in districts_of(db, added).rows}
        query = Assignment.select(Assignment.site, Assignment.district).where(
            (Assignment.method == "zip") & (Assignment.replaced_at == "")
        )
        lost = {site for site, district in tuples(db, query) if district not in here}
        if lost:
            found.append(
                f"it knows no areas of ZIP codes: {len(lost)} sites that are known by theirs alone stand nowhere on it"
                " (build it with --zips)"
            )
    return found


def place_all(unit: Changes) -> placing.Placing:
    """Place every site anew, on every map; what a person decided stands."""
    return placing.place(unit, records(unit.db, Site.select().order_by(Site.id)))


def decide(unit: Changes, site: Site, number: int, chamber: str, reason: str, code: str, today: date) -> Assignment:
    """Record the decision of a person where a site stands, on the named map or that of today.

    Raises:
        NotFound: the map has no such district.
        CannotDecide: no map holds today, and none was named.
        InvalidValue: there is no reason.
    """
    chosen = map_for(unit.db, today, code=code)
    districts = districts_of(unit.db, chosen)
    key = districts.ids().get((chamber, number))
    if key is None:
        raise NotFound(f"the map {chosen.code} has no {chamber} district {number}", "see: partners districts maps")
    return placing.decide(unit, site, key, reason)


def described(db: Handle, moved: tuple[placing.Moved, ...]) -> list[tuple[str, str, str]]:
    """(site, map, what changed) of each site that stands elsewhere than before: "Senate 27 -> 28"."""
    names = {each.code: districts_of(db, each).names for each in maps_of(db)}
    organizations = by_ids(db, Organization, {each.organization for each in moved})
    found = []
    for each in moved:
        chamber = names[each.map][each.chamber]
        before, after = (", ".join(map(str, some)) or "none" for some in (each.before, each.after))
        who = f"{organizations[each.organization].name} (site {each.site})"
        found.append((who, each.map, f"{chamber} {before} -> {after}"))
    return found


def site_of(db: Handle, key: str) -> Site:
    """A site by its number, or the one site that could be meant by the name of its organization.

    Raises:
        NotFound, Ambiguous: there is none, or more than one.
    """
    if key.isdecimal():
        return by_id(db, Site, int(key))
    organization = find(db, Organization, key)
    sites = [each for each in where(db, Site, organization=organization.id) if each.kind != "mailing"]
    if not sites:
        raise NotFound(f"{organization.name} has no site", f"add one: partners add site organization={organization.id}")
    if len(sites) > 1:
        numbers = ", ".join(f"{each.id} {each.name or each.address}" for each in sites)
        raise Ambiguous(f"{organization.name} has {len(sites)} sites", f"name one by its number: {numbers}")
    return sites[0]
