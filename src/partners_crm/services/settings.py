"""The coalition's own settings, which live in its database and travel with it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.model import Setting
from partners_crm.store.clock import Clock
from partners_crm.store.maps import map_codes, setting
from partners_crm.store.open import Handle
from partners_crm.store.read import records, tuples

if TYPE_CHECKING:
    from partners_crm.store.work import Changes  # asking for a setting writes nothing


@dataclass(frozen=True, slots=True)
class Known:
    """A setting that exists."""

    label: str
    about: str
    default: str = ""
    fixed: bool = False
    """Set once, when the coalition is created."""


KNOWN: Mapping[str, Known] = {
    "name": Known("Name", "What the coalition is called."),
    "state": Known("State", "The state whose districts it covers, as two letters.", fixed=True),
    "map": Known("Pinned map", "The district map of every question, whatever its date; empty: the map of the date."),
    "time_zone": Known("Time zone", "In which instants are shown and today is decided.", "UTC"),
    "fiscal_year_start": Known("Fiscal year starts", "Month and day, such as 07-01.", "07-01"),
    "demo": Known("Demo", "Set on a demo coalition alone: which one it is.", fixed=True),
}
"""Every setting of a coalition, in the order it is listed."""


def all_settings(db: Handle) -> dict[str, str]:
    """Every known setting with its value, or its default."""
    stored = dict(tuples(db, Setting.select(Setting.key, Setting.setting)))
    return {key: str(stored.get(key, known.default)) for key, known in KNOWN.items()}


def change_setting(unit: Changes, key: str, value: str) -> None:
    """Set a setting.

    Raises:
        NotFound: there is no such setting, or the value names no map.
        InvalidValue: the value does not fit, or the setting is fixed.
    """
    known = KNOWN.get(key)
    if known is None:
        raise NotFound(f"there is no setting {key}", f"settings: {', '.join(KNOWN)}")
    if known.fixed:
        raise InvalidValue(known.label, value, "is set once, when the coalition is created")
    _check(unit.db, key, value.strip(), known)
    present = records(unit.db, Setting.select().where(Setting.key == key))
    if present:
        unit.update(present[0], setting=value.strip())
    else:
        unit.add(Setting, key=key, setting=value.strip())


def today(db: Handle, clock: Clock) -> date:
    """The present day where the coalition is."""
    return clock().astimezone(zone(db)).date()


def zone(db: Handle) -> zoneinfo.ZoneInfo:
    """The coalition's time zone; UTC where the machine does not know it."""
    try:
        return zoneinfo.ZoneInfo(setting(db, "time_zone") or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def _check(db: Handle, key: str, value: str, known: Known) -> None:
    if key == "name" and not value:
        raise InvalidValue(known.label, value, "must not be empty")
    if key == "map" and value:
        codes = map_codes(db)
        if value not in codes:
            raise NotFound(f"there is no district map {value} in this coalition", f"maps here: {', '.join(codes)}")
    if key == "time_zone":
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, IsADirectoryError):
            raise InvalidValue(known.label, value, "is no time zone", "for example America/Chicago") from None
    if key == "fiscal_year_start":
        try:
            datetime.strptime(f"2000-{value}", "%Y-%m-%d")
        except ValueError:
            raise InvalidValue(known.label, value, "is no month and day", "for example 07-01") from None
