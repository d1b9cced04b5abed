"""What the table of districts shows: a coverage answer, gaps first."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from partners_crm.services.coverage import Coverage, DistrictCoverage
from partners_crm.services.listing import Column
from partners_crm.services.pictures.legend import mark

NAMED = 4
"""Organizations that a row names."""


class CoverageSource:
    """The districts of a coverage answer, gaps first; a row's id is its place in the answer."""

    columns: Sequence[Column] = (
        Column("district", "District", 12),
        Column("state", "State", 10),
        Column("count", "Members", 7, "right"),
        Column("who", "Who", 20),
    )
    _ORDER = ("gap", "possible", "confirmed")

    def __init__(self, coverage: Coverage | None) -> None:
        districts = coverage.districts if coverage else ()
        self._districts = districts
        self._ids = array(
            "q", sorted(range(len(districts)), key=lambda place: self._ORDER.index(districts[place].state))
        )

    def district(self, place: int) -> DistrictCoverage:
        """The district of a row."""
        return self._districts[place]

    def place_of(self, chamber: str, number: int) -> int | None:
        """The row of a district; None where it is not answered for."""
        for place, each in enumerate(self._districts):
            if (each.chamber, each.number) == (chamber, number):
                return place
        return None

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first districts."""
        return self._ids[:limit]

    def all_ids(self) -> array[int]:
        """All districts."""
        return self._ids

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """What is known of each district."""
        found = {}
        for place in ids:
            each = self._districts[place]
            names = [*(name for _, name in each.organizations), *(f"? {name}" for _, name in each.possible)]
            found[place] = (each.name, each.state, mark(each), ", ".join(names[:NAMED]))
        return found
