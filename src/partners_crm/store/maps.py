"""Which district map holds for a date, and what stands in it."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import Assignment, District, DistrictMap, Setting
from partners_crm.store.open import Handle
from partners_crm.store.read import records, tuples


class Placed(NamedTuple):
    """A district as it stands in the database."""

    id: int
    chamber: str
    number: int
    name: str
    ocd_id: str
    parent: int | None
    """Id of the district of another chamber it lies in."""


class Districts:
    """The districts of one map, by chamber: the chamber with borders first, each in the order of its numbers."""

    def __init__(self, rows: list[Placed], base: str) -> None:
        self.rows = sorted(rows, key=lambda each: (each.chamber != base, each.chamber, each.number))
        self.by_id = {each.id: each for each in self.rows}
        self.numbers: dict[str, list[int]] = {}
        """The numbers of each chamber."""
        self.names: dict[str, str] = {}
        """What the districts of each chamber are called: "House" for House 12."""
        for each in self.rows:
            self.numbers.setdefault(each.chamber, []).append(each.number)
            self.names.setdefault(each.chamber, each.name.rpartition(" ")[0] or each.name)
        nested = [(each, self.by_id[each.parent]) for each in self.rows if each.parent in self.by_id]
        self.nested_in = {each.chamber: up.chamber for each, up in nested}
        """The chamber that each nesting chamber lies in."""
        self.parents: dict[str, dict[int, int]] = {}
        """For each chamber that is nested, the number of the district that each of its own lies in."""
        for each, up in nested:
            self.parents.setdefault(each.chamber, {})[each.number] = up.number

    @property
    def chambers(self) -> tuple[str, ...]:
        """The codes of the chambers."""
        return tuple(self.numbers)

    @property
    def layers(self) -> tuple[str, ...]:
        """The chambers with borders of their own: sites are placed in these, and in the others by nesting."""
        return tuple(code for code in self.numbers if code not in self.nested_in.values())

    def ids(self) -> dict[tuple[str, int], int]:
        """The ids by (chamber, number)."""
        return {(each.chamber, each.number): each.id for each in self.rows}


def districts_of(db: Handle, district_map: DistrictMap) -> Districts:
    """The districts of a map."""
    query = District.select(
        District.id, District.chamber, District.number, District.name, District.ocd_id, District.parent
    ).where(District.map == district_map.id)
    return Districts([Placed(*row) for row in tuples(db, query)], district_map.base_chamber)


def standing() -> Any:
    """The condition on assignments that hold."""
    return Assignment.replaced_at == ""


def setting(db: Handle, key: str) -> str:
    """A setting of the coalition, "" when it is not set."""
    found = tuples(db, Setting.select(Setting.setting).where(Setting.key == key))
    return str(found[0][0]) if found else ""


def maps_of(db: Handle) -> list[DistrictMap]:
    """The maps of the coalition, by code."""
    return records(db, DistrictMap.select().order_by(DistrictMap.code))


def map_for(db: Handle, on: date, *, code: str = "", by: str = "seated") -> DistrictMap:
    """The map a question is about: the named one, else the coalition's pinned one, else the map of the date.

    `by` is "seated" (who represents a place on that day) or "election" (which seat is on the ballot of that year).

    Raises:
        NotFound: the named or pinned map is not in this database.
        CannotDecide: no map with boundaries holds for the date.
    """
    known = maps_of(db)
    codes = ", ".join(each.code for each in known) or "none"
    if wanted := code or setting(db, "map"):
        for each in known:
            if each.code == wanted:
                return each
        raise NotFound(f"there is no district map {wanted} in this coalition", f"maps here: {codes}")
    day = on.isoformat()
    if by == "election":
        begun = [each for each in known if each.first_election and each.first_election <= day[:4]]
        begun.sort(key=lambda each: each.first_election, reverse=True)
    else:
        begun = [each for each in known if each.seated_from and each.seated_from <= day]
        begun = [each for each in begun if not each.seated_until or day < each.seated_until]
        begun.sort(key=lambda each: each.seated_from, reverse=True)
    if begun:
        # A plan replaces the one before it on the day its lawmakers are seated, whatever that one says of its end.
        return begun[0]
    raise CannotDecide(
        f"no district map with boundaries holds on {day}",
        f"name one with --map ({codes}), or pin one: partners config set map CODE",
    )


def map_codes(db: Handle) -> list[str]:
    """The codes of the coalition's district maps."""
    return [code for (code,) in tuples(db, DistrictMap.select(DistrictMap.code).order_by(DistrictMap.code))]


def map_code_of(db: Handle, today: date) -> str:
    """The code of the district map that queries are asked on; "" where none holds."""
    try:
        return map_for(db, today).code
    except (CannotDecide, NotFound):
        return ""
