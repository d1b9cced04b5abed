"""The maps of a coalition: taking one in, and its borders, wherever they are kept.

The borders of a map that comes with the program stay with the program; those of any other lie in the database, so that
they travel with the coalition, are backed up with it, and go when the installation is undone.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from partners_crm.districts.index import DistrictIndex
from partners_crm.districts.maps import DistrictMap as Borders
from partners_crm.districts.maps import MapInfo, bundled_maps, load_info, load_map, ocd_id, parse_map
from partners_crm.errors import Conflict, FileRefused, NotFound
from partners_crm.model import District, DistrictMap, MapFigure, Seat
from partners_crm.store.maps import Districts, districts_of, setting
from partners_crm.store.open import Handle
from partners_crm.store.read import records, tuples, where
from partners_crm.store.work import Changes


def borders_of(db: Handle, district_map: DistrictMap) -> Borders:
    """The borders of a map of the coalition.

    Raises:
        NotFound: they neither come with this program nor lie in the database.
        FileRefused: they are damaged.
    """
    if _is_bundled(district_map):
        return _bundled(district_map.code)
    return _stored(_figures(db, district_map), district_map.code)


def index_of(db: Handle, district_map: DistrictMap, chamber: str) -> DistrictIndex:
    """The index of a chamber with borders; built once in a process.

    Raises:
        NotFound, FileRefused: as `borders_of`.
    """
    if _is_bundled(district_map):
        return _bundled_index(district_map.code, chamber)
    return _stored_index(_figures(db, district_map), district_map.code, chamber)


def has_borders(db: Handle, district_map: DistrictMap) -> bool:
    """Whether sites can be placed on a map."""
    return _is_bundled(district_map) or bool(
        tuples(db, MapFigure.select(MapFigure.id).where(MapFigure.map == district_map.id).limit(1))
    )


def is_current(district_map: DistrictMap) -> bool:
    """Whether the borders of a map are those that come with this program, or are no concern of it."""
    return not _is_bundled(district_map) or load_info(district_map.code).sha256 == district_map.sha256


def install(unit: Changes, info: MapInfo, data: bytes | None = None) -> DistrictMap:
    """Add a map with its districts; `data` is its file where it does not come with the program.

    Raises:
        Conflict: there is a map of that code, of other borders or of other districts.
        FileRefused: it is a map of another state.
    """
    state = setting(unit.db, "state")
    if info.state != state:
        raise FileRefused(
            f"{info.code} is a map of {info.state_name}, this coalition is in {state}", "take its own map"
        )
    if found := where(unit.db, DistrictMap, code=info.code):
        return _renew(unit, found[0], info, data)
    added = unit.add(DistrictMap, **_described(info))
    if data is not None:
        unit.add(MapFigure, map=added.id, figures=base64.b64encode(data).decode("ascii"))
    by_number: dict[tuple[str, int], int] = {}
    # Districts that others are nested in come first, for those to point to.
    for chamber in sorted(info.chambers, key=lambda each: bool(each.nested_in)):
        for number in range(1, chamber.districts + 1):
            up = chamber.parent(number)
            district = unit.add(
                District,
                map=added.id,
                chamber=chamber.code,
                number=number,
                name=f"{chamber.name} {number}",
                ocd_id=ocd_id(info.state, chamber.code, number),
                parent=None if up is None else by_number[chamber.nested_in, up],
            )
            by_number[chamber.code, number] = district.id
    _add_seats(unit, info)
    return added


def _renew(unit: Changes, present: DistrictMap, info: MapInfo, data: bytes | None) -> DistrictMap:
    """Take other borders of a map that is there: the same districts, drawn better."""
    districts = districts_of(unit.db, present)
    if _shape(districts) != _shape_of(info):
        raise Conflict(
            f"the map {info.code} is in this coalition with other districts", "give the new one a code of its own"
        )
    if data is not None and info.code in bundled_maps():
        raise Conflict(f"the map {info.code} comes with the program", "give the map of the file a code of its own")
    if data is not None:
        figures = base64.b64encode(data).decode("ascii")
        stored = where(unit.db, MapFigure, map=present.id)
        for figure in stored:
            unit.update(figure, figures=figures)
        if not stored:
            unit.add(MapFigure, map=present.id, figures=figures)
    return unit.update(present, **_described(info))


def _described(info: MapInfo) -> dict[str, object]:
    names = ("code", "name", "state", "enacted", "first_election", "seated_from", "seated_until", "source", "sha256")
    values = info._asdict()
    return {**{name: values[name] for name in names}, "base_chamber": info.base, "border_shift_m": info.border_shift_m}


def _shape(districts: Districts) -> object:
    return {code: len(some) for code, some in districts.numbers.items()}, districts.parents


def _shape_of(info: MapInfo) -> object:
    parents = {
        each.code: {number: each.parent(number) for number in range(1, each.districts + 1)}
        for each in info.chambers
        if each.nested_in
    }
    return info.counts, parents


def _add_seats(unit: Changes, info: MapInfo) -> None:
    """Seats are of the state: a map of more districts brings more, and one of fewer takes none away."""
    known = {(seat.chamber, seat.number) for seat in where(unit.db, Seat, state=info.state)}
    for chamber in info.chambers:
        for number in range(1, chamber.districts + 1):
            if (chamber.code, number) not in known:
                unit.add(
                    Seat,
                    state=info.state,
                    chamber=chamber.code,
                    number=number,
                    name=f"{chamber.name} {number}",
                    ocd_id=ocd_id(info.state, chamber.code, number),
                )


# -------------------------------------------------------------------- borders, read once


def _is_bundled(district_map: DistrictMap) -> bool:
    return district_map.code in bundled_maps()


def _figures(db: Handle, district_map: DistrictMap) -> str:
    found = records(db, MapFigure.select().where(MapFigure.map == district_map.id))
    if not found:
        raise NotFound(
            f"the borders of the map {district_map.code} do not come with this program",
            "update partners-crm, or install its file: partners districts install FILE",
        )
    return str(found[0].figures)


@lru_cache(maxsize=8)
def _bundled(code: str) -> Borders:
    return load_map(code)


@lru_cache(maxsize=4)
def _stored(figures: str, code: str) -> Borders:
    try:
        data = base64.b64decode(figures, validate=True)
    except (binascii.Error, ValueError):
        raise FileRefused(f"{code}: the borders in the database are damaged", "partners doctor says more") from None
    return parse_map(data, code)


@lru_cache(maxsize=16)
def _bundled_index(code: str, chamber: str) -> DistrictIndex:
    return DistrictIndex(_bundled(code), chamber)


@lru_cache(maxsize=8)
def _stored_index(figures: str, code: str, chamber: str) -> DistrictIndex:
    return DistrictIndex(_stored(figures, code), chamber)
