"""What has to hold between the records that hang on one, mended after two lists of them became one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from partners_crm.model import Assignment, District, Organization, Role, Silo, SiloShare, Site, Table
from partners_crm.services.records import PLACED_BY
from partners_crm.store.read import by_ids

if TYPE_CHECKING:
    from partners_crm.services.merging.working import Row, Working

__all__ = ["PLACED_BY", "REPLACED", "mend"]

REPLACED = "(now)"
"""Stands in a plan for the moment of the merge, which it does not know."""
_TELLING = ("manual", "stated")
"""Ways to place a site that do not follow from its point."""


def mend(work: Working) -> None:
    """Mend what a merge of two lists breaks, and say so."""
    if work.table is Organization:
        _one_primary(work)
        _one_headquarters(work)
        _whole_shares(work)
    if work.moved.get(Assignment):
        _one_placing(work)


def _both(work: Working, table: type[Table], link: str) -> tuple[list[Row], list[Row]]:
    """(the survivor's own records of an entity, those that come to it), as they will be."""
    moved = work.moved.get(table, {})
    rows = [(key, row) for key, row in work.now.get(table, {}).items() if row[link] == work.keep["id"]]
    return [row for key, row in rows if key not in moved], [row for key, row in rows if key in moved]


def _one_primary(work: Working) -> None:
    """One primary contact: the survivor's. Of a job that ended it stays a fact of the past."""
    own, coming = _both(work, Role, "organization")
    there = [row for row in own if row["is_primary"] and not row["until"]]
    if not there:
        return
    before = work.before[Role]
    was = [row for row in there if before[row["id"]]["is_primary"]]
    first = (was or there)[0]
    changed = [row for row in coming if row["is_primary"] and not row["until"] and row["contact"] != first["contact"]]
    # What was folded into a contact of the survivor may have made a primary one of it.
    promoted = [row for row in there if was and row not in was and row["contact"] != first["contact"]]
    for row in (*changed, *promoted):
        row["is_primary"] = False
    if changed:
        count = "the primary contact" if len(changed) == 1 else f"the {len(changed)} primary contacts"
        work.mended.append(f"one primary contact: the survivor's stays, {count} of the other comes as a contact")
    if promoted:
        words = "that of the other stays a contact" if len(promoted) == 1 else "those of the other stay contacts"
        work.mended.append(f"one primary contact: the survivor's stays, {words}")


def _one_headquarters(work: Working) -> None:
    """One headquarters: the survivor's. What was folded into it is no other one."""
    own, coming = _both(work, Site, "organization")
    there = [row for row in own if row["kind"] == "hq" and not row["until"]]
    changed = [row for row in coming if row["kind"] == "hq" and not row["until"]]
    if not there:
        return
    before = work.before[Site]
    was = [row for row in there if before[row["id"]]["kind"] == "hq"]
    promoted = [row for row in there if was and row not in was]
    for row in promoted:
        row["kind"] = before[row["id"]]["kind"]
    for row in changed:
        row["kind"] = "service"
    if changed:
        work.mended.append("one headquarters: the survivor's stays, that of the other comes as a service site")
    if promoted:
        work.mended.append("one headquarters: the survivor's stays, that of the other stays what it was here")


def _whole_shares(work: Working) -> None:
    """Weights that sum to 1: the survivor's where it is in all silos, else the mean of both records'."""
    own, coming = _both(work, SiloShare, "organization")
    before = work.before.get(SiloShare, {})
    mine = {row["silo"]: before[row["id"]]["weight"] for row in own}
    theirs = {row["silo"]: row["weight"] for row in before.values() if row["organization"] == work.lose["id"]}
    if not mine or not theirs:
        return
    if mine.keys() >= theirs.keys() and None not in mine.values():
        if mine != theirs:
            work.mended.append("silos: the survivor is in all of them, and its weights stay")
        return
    weights = _mean(mine, theirs)
    for row in (*own, *coming):
        row["weight"] = weights[row["silo"]]
    titles = by_ids(work.db, Silo, weights)
    words = ", ".join(
        f"{titles[silo].name} {'not known' if weight is None else f'{weight:.0%}'}"
        for silo, weight in sorted(weights.items(), key=lambda each: (-(each[1] or 0), each[0]))
    )
    work.mended.append(f"silos: the mean of what both records say: {words}")


def _mean(mine: dict[int, float | None], theirs: dict[int, float | None]) -> dict[int, float | None]:
    """The mean of two lists of weights, which sums to 1; what is known of the same silos fills what is not."""
    if None in mine.values() and None in theirs.values():
        return dict.fromkeys(mine.keys() | theirs.keys())
    if None in mine.values() and mine.keys() == theirs.keys():
        return dict(theirs)
    one, two = _parts(mine), _parts(theirs)
    return {silo: (one.get(silo, 0.0) + two.get(silo, 0.0)) / 2 for silo in one.keys() | two.keys()}


def _parts(weights: dict[int, float | None]) -> dict[int, float]:
    """Weights as parts of 1; where one is not known, equal ones."""
    known = {silo: weight for silo, weight in weights.items() if weight is not None}
    whole = sum(known.values())
    if len(known) < len(weights) or whole <= 0:
        return dict.fromkeys(weights, 1 / len(weights))
    return {silo: weight / whole for silo, weight in known.items()}


def _one_placing(work: Working) -> None:
    """Where a folded site stands, under one map and layer: the survivor's holds; what a person decided is not lost.

    What comes is kept as what held before, but where the survivor has nothing of that kind: then it holds, and the
    site is placed anew beside it.
    """
    now, moved, before = work.now[Assignment], work.moved[Assignment], work.before[Assignment]
    standing = {key: row for key, row in now.items() if not row["replaced_at"]}
    maps = _maps(work, (row["district"] for row in standing.values()))
    settled = {(row["site"], maps[row["district"]]) for key, row in standing.items() if key not in moved}
    told: dict[tuple[int, int, str], int] = {
        (row["site"], maps[row["district"]], row["method"]): row["site"]
        for key, row in standing.items()
        if key not in moved
    }
    replaced = False
    for key, row in standing.items():
        if key not in moved:
            continue
        place, came_from = (row["site"], maps[row["district"]]), before[key]["site"]
        is_first = row["method"] in _TELLING and told.setdefault((*place, row["method"]), came_from) == came_from
        if is_first or place not in settled:
            work.to_place.add(row["site"])
        else:
            row["replaced_at"], replaced = REPLACED, True
    if replaced:
        work.mended.append("districts: those of the survivor's sites hold; those of the folded ones are kept as before")


def _maps(work: Working, districts: Iterable[int]) -> dict[int, int]:
    """The map of each district."""
    return {key: record["map"] for key, record in by_ids(work.db, District, set(districts)).items()}
