"""Points for sites by a geocoder that answers by itself: asked batch by batch, then written in one unit of work.

The geocoder is a plain object; nothing here knows who brought it, and whatever it raises goes through: then nothing
was written. No lock is held while it is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from partners_crm.errors import InvalidValue, PartnersError
from partners_crm.model import Site
from partners_crm.services.geocoding import STREET, Address, Found, Geocoder, address_of, apply_found, why_left_out
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids
from partners_crm.store.read import records as select
from partners_crm.store.work import changes

BATCH = 100
"""Addresses that a geocoder is asked for at once."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A point that was found and cannot be taken."""

    site: int
    reason: str


@dataclass(frozen=True, slots=True)
class PointsReport:
    """What a geocoder found, and what became of it."""

    geocoder: str
    sites: int
    """Sites looked at: left out + asked + beyond the limit."""
    left_out: tuple[tuple[str, int], ...]
    """(why, how many) were not asked for."""
    beyond: int
    """Sites that the limit left for another time."""
    asked: int
    """placed + unchanged + kept + not found + changed meanwhile + refused."""
    placed: int
    unchanged: int
    kept: int
    """Sites with a better point, which stays."""
    not_found: int
    meanwhile: int
    """Sites whose address was changed, or that were deleted, while the geocoder was asked."""
    refused: tuple[Refused, ...]
    """Points that are no place here."""
    changes: int
    operation: int | None
    """Id of the operation; None when nothing was written."""
    preview: bool


def find_points(
    db: Handle,
    geocoder: Geocoder,
    *,
    plugin: str = "",
    limit: int | None = None,
    replace: bool = False,
    preview: bool = False,
    by: str = "",
    clock: Clock = utc_now,
) -> PointsReport:
    """Ask a geocoder for the sites that have no point, or one that is worse than of their street.

    With `replace` every site that can be asked for is, and a point that is found replaces a better one; `limit` is
    how many are asked for at most.

    Raises:
        PartnersError: the geocoder failed; nothing was written.
        StoreError: the database refuses; nothing was written.
    """
    sites = select(db, Site.select().order_by(Site.id))
    why_not: Counter[str] = Counter()
    wanted: list[Address] = []
    for site in sites:
        if reason := _left_out(site, replace=replace):
            why_not[reason] += 1
        else:
            wanted.append(address_of(site))
    asked = wanted if limit is None else wanted[:limit]
    answers = list(_answers(geocoder, asked))
    counted: Counter[str] = Counter()
    refused: list[Refused] = []
    title = f"points from {geocoder.name}"
    with changes(db, title, by=by, plugin=plugin, clock=clock, keep=not preview) as unit:
        now = by_ids(db, Site, [int(each.key) for each, found in answers if found is not None])
        for address, found in answers:
            here = now.get(int(address.key))
            if found is None:
                counted["not found"] += 1
            elif here is None or address_of(here) != address:
                counted["meanwhile"] += 1
            else:
                try:
                    counted[apply_found(unit, here, found, replace=replace)] += 1
                except InvalidValue as error:
                    refused.append(Refused(int(address.key), str(error)))
        return PointsReport(
            geocoder=geocoder.name,
            sites=len(sites),
            left_out=tuple(sorted(why_not.items())),
            beyond=len(wanted) - len(asked),
            asked=len(asked),
            placed=counted["placed"],
            unchanged=counted["unchanged"],
            kept=counted["kept"],
            not_found=counted["not found"],
            meanwhile=counted["meanwhile"],
            refused=tuple(refused),
            changes=unit.count,
            operation=None if preview or not unit.count else unit.operation,
            preview=preview,
        )


def _left_out(site: Site, *, replace: bool) -> str:
    reason = why_left_out(site)
    if not reason and not replace and site.latitude is not None and site.longitude is not None:
        # A point without a level was given by a person.
        return "has a point" if site.match_level is None or site.match_level >= STREET else ""
    return reason


def _answers(geocoder: Geocoder, asked: Sequence[Address]) -> Iterator[tuple[Address, Found | None]]:
    for start in range(0, len(asked), BATCH):
        some = asked[start : start + BATCH]
        found = geocoder.find(some)
        if len(found) != len(some):
            raise PartnersError(
                f"the geocoder {geocoder.name} answered {len(found)} places for {len(some)} addresses",
                "nothing was written",
            )
        yield from zip(some, found, strict=True)
