"""What the tables of records show: listings of the coalition."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from partners_crm.crm import Crm
from partners_crm.services.listing import Column, Listing


class ListingSource:
    """The records of a listing."""

    def __init__(self, crm: Crm, listing: Listing) -> None:
        self._crm = crm
        self.listing = listing
        self.columns: Sequence[Column] = listing.columns

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first ids, read on the screen's own connection."""
        return self.listing.ids(self._crm.db, limit)

    def all_ids(self) -> array[int]:
        """All ids, read in a session of the calling thread."""
        with self._crm.session() as db:
            return self.listing.ids(db)

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The columns of a page."""
        return self.listing.rows(self._crm.db, ids)
