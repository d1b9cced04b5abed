"""Which district map holds for a date, and what stands in it."""

from __future__ import annotations

from datetime import date

from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import DistrictMap, Setting
from partners_crm.store.open import Handle
from partners_crm.store.read import records, tuples


def setting(db: Handle, key: str) -> str:
    """A setting of the coalition, "" when it is not set."""
    found = tuples(db, Setting.select(Setting.setting).where(Setting.key == key))
    return str(found[0][0]) if found else ""


def map_for(db: Handle, on: date, *, code: str = "", by: str = "seated") -> DistrictMap:
    """The map a question is about: the named one, else the coalition's pinned one, else the map of the date.

    `by` is "seated" (who represents a place on that day) or "election" (which seat is on the ballot of that year).

    Raises:
        NotFound: the named or pinned map is not in this database.
        CannotDecide: no map with boundaries holds for the date.
    """
    known = records(db, DistrictMap.select().order_by(DistrictMap.code))
    codes = ", ".join(each.code for each in known) or "none"
    if wanted := code or setting(db, "map"):
        for each in known:
            if each.code == wanted:
                return each
        raise NotFound(f"there is no district map {wanted} in this coalition", f"maps here: {codes}")
    day = on.isoformat()
    for each in known:
        if by == "election":
            later = [other.first_election for other in known if other.first_election > each.first_election]
            if each.first_election and each.first_election <= day[:4] and not any(y <= day[:4] for y in later):
                return each
        elif each.seated_from and each.seated_from <= day and (not each.seated_until or day < each.seated_until):
            return each
    raise CannotDecide(
        f"no district map with boundaries holds on {day}",
        f"name one with --map ({codes}), or pin one: partners config set map CODE",
    )


def map_codes(db: Handle) -> list[str]:
    """The codes of the coalition's district maps."""
    return [code for (code,) in tuples(db, DistrictMap.select(DistrictMap.code).order_by(DistrictMap.code))]
