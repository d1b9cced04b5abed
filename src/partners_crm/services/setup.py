"""Setting up a new coalition: its settings, the nine silos, its state's maps with their districts, and the seats."""

from __future__ import annotations

from partners_crm.districts.maps import MapInfo, bundled_maps, load_info, ocd_id, parent_number
from partners_crm.errors import NotFound
from partners_crm.model import District, DistrictMap, Seat, Setting, Silo
from partners_crm.model.silos import CANONICAL_SILOS
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle
from partners_crm.store.work import Changes, changes

TIME_ZONES = {"il": "America/Chicago"}
CHAMBER_NAMES = {"house": "House", "senate": "Senate"}


def states() -> tuple[str, ...]:
    """The states whose maps come with the program."""
    return tuple(sorted({load_info(code).state for code in bundled_maps()}))


def set_up(db: Handle, name: str, state: str, *, demo: str = "", by: str = "", clock: Clock = utc_now) -> None:
    """Write the first operation of a coalition.

    Raises:
        NotFound: no maps of that state come with the program.
    """
    infos = [info for code in bundled_maps() if (info := load_info(code)).state == state]
    if not infos:
        raise NotFound(f"no district maps of {state} come with the program", f"states: {', '.join(states())}")
    with changes(db, f"set up {name}", by=by, clock=clock) as unit:
        settings = {
            "name": name,
            "state": state,
            "time_zone": TIME_ZONES.get(state, "UTC"),
            "fiscal_year_start": "07-01",
            "demo": demo,
        }
        for key, value in settings.items():
            if value:
                unit.add(Setting, key=key, setting=value)
        for code, silo_name, label in CANONICAL_SILOS:
            unit.add(Silo, code=code, name=silo_name, label=label)
        for info in infos:
            install(unit, info)
        _add_seats(unit, infos[-1])


def install(unit: Changes, info: MapInfo) -> None:
    """Add a map and its districts; districts of the nesting chamber first, for the others to point to."""
    added = unit.add(
        DistrictMap,
        code=info.code,
        name=info.name,
        state=info.state,
        base_chamber=str(info.base),
        enacted=info.enacted,
        first_election=str(info.first_election),
        seated_from=info.seated_from,
        seated_until=info.seated_until,
        source=info.source,
        sha256=info.sha256,
        border_shift_m=info.border_shift_m,
    )
    parents: dict[int, int] = {}
    for chamber, number in info.counts.items():
        if chamber != info.base:
            for each in range(1, number + 1):
                parents[each] = _district(unit, added.id, info.state, str(chamber), each, None)
    for each in range(1, info.counts[info.base] + 1):
        parent = parent_number(info, each)
        _district(unit, added.id, info.state, str(info.base), each, parents[parent] if parent else None)


def _district(unit: Changes, map_id: int, state: str, chamber: str, number: int, parent: int | None) -> int:
    record = unit.add(
        District,
        map=map_id,
        chamber=chamber,
        number=number,
        name=f"{CHAMBER_NAMES[chamber]} {number}",
        ocd_id=ocd_id(state, chamber, number),
        parent=parent,
    )
    return record.id


def _add_seats(unit: Changes, info: MapInfo) -> None:
    for chamber, count in info.counts.items():
        for number in range(1, count + 1):
            unit.add(
                Seat,
                state=info.state,
                chamber=str(chamber),
                number=number,
                name=f"{CHAMBER_NAMES[str(chamber)]} {number}",
                ocd_id=ocd_id(info.state, str(chamber), number),
            )
