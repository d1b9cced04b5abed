"""What the tables of records show: listings of the coalition."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from partners_crm.crm import Crm
from partners_crm.services.listing import Column, Listing

if TYPE_CHECKING:
    from partners_crm.tui.plugged.columns import PluginColumns
    from partners_crm.tui.widgets.table import TableColumn


class ListingSource:
    """The records of a listing, in the columns a person chose."""

    def __init__(
        self, crm: Crm, listing: Listing, chosen: Sequence[str] = (), more: PluginColumns | None = None
    ) -> None:
        """`chosen` names columns of the listing and of `more`, in order; without it all of the listing are shown."""
        self._crm = crm
        self.listing = listing
        self.columns: Sequence[Column] = listing.columns
        self._more = more
        self._places: list[int] = []
        if chosen:
            known = (*listing.columns, *(more.columns if more is not None else ()))
            by_name = {column.name: place for place, column in enumerate(known)}
            self._places = [by_name[name] for name in chosen if name in by_name]
            self.columns = [known[place] for place in self._places]

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first ids, read on the screen's own connection."""
        return self.listing.ids(self._crm.db, limit)

    def all_ids(self) -> array[int]:
        """All ids, read in a session of the calling thread."""
        with self._crm.session() as db:
            return self.listing.ids(db)

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The columns of a page."""
        found = self.listing.rows(self._crm.db, ids)
        if not self._places:
            return found
        more = self._more.cells(tuple(found)) if self._more is not None and found else {}
        rows = {}
        for key, row in found.items():
            cells = (*row, *more.get(key, ()))
            rows[key] = tuple(cells[place] for place in self._places)
        return rows


class NoRows:
    """No records, under the columns of a list."""

    def __init__(self, columns: Sequence[TableColumn]) -> None:
        self.columns = columns

    def first_ids(self, _limit: int) -> Sequence[int]:
        """None."""
        return ()

    def all_ids(self) -> array[int]:
        """None."""
        return array("q")

    def rows(self, _ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """None."""
        return {}
