"""Setting up a new coalition: its settings, the nine silos, its state's maps with their districts, and the seats."""

from __future__ import annotations

from pathlib import Path

from partners_crm.districts.maps import MapInfo, bundled_maps, load_info, parse_map, read_map_file
from partners_crm.errors import ConfigError, NotFound
from partners_crm.model import Setting, Silo
from partners_crm.model.silos import CANONICAL_SILOS
from partners_crm.services.maps import install
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle
from partners_crm.store.work import changes

TIME_ZONES = {"il": "America/Chicago"}


def states() -> tuple[str, ...]:
    """The states whose maps come with the program."""
    return tuple(sorted({load_info(code).state for code in bundled_maps()}))


def maps_to_begin_with(state: str, file: Path | None) -> list[tuple[MapInfo, bytes | None]]:
    """The maps of a new coalition, each with its file where it does not come with the program; never empty.

    Raises:
        NotFound: no maps of the state come with the program, and no file was given.
        ConfigError: the file is a map of another state.
        FileRefused: the file is no map.
    """
    found: list[tuple[MapInfo, bytes | None]] = []
    for code in bundled_maps():
        info = load_info(code)
        if info.state == state:
            found.append((info, None))
    if file is not None:
        data = read_map_file(file)
        info = parse_map(data, str(file)).info
        if info.state != (state or info.state):
            raise ConfigError(f"{file} is a map of {info.state_name} ({info.state}), not of {state}", "name its state")
        found.append((info, data))
    if not found:
        raise NotFound(
            f"no district maps of {state} come with the program",
            f"states: {', '.join(states())}; or name a map file: partners init --map FILE",
        )
    return found


def set_up(
    db: Handle,
    name: str,
    maps: list[tuple[MapInfo, bytes | None]],
    *,
    demo: str = "",
    by: str = "",
    clock: Clock = utc_now,
) -> None:
    """Write the first operation of a coalition; `maps` are those of `maps_to_begin_with`."""
    state = maps[0][0].state
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
        for info, data in maps:
            install(unit, info, data)
