"""Taking an operation back, and bringing it again.

What nobody touched since is taken back in bulk: a handful of statements for each table and batch. Everything else is
looked at record by record, and is kept or refused with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from partners_crm.errors import Conflict, NotFound
from partners_crm.model import Assignment, DistrictMap, Site
from partners_crm.services import placing
from partners_crm.services.reversing import OutOfOrder, Reversal
from partners_crm.store import journal, record_types
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.journal import Done
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, parts, tuples
from partners_crm.store.work import Changes, changes


@dataclass(slots=True)
class UndoReport:
    """The answer of an undo in three buckets; every record of the operation is in one of them."""

    undone: Done
    operation: int | None = None
    """Id of the operation that took it back; None when nothing could be, or was to be."""
    reversed: int = 0
    """Records that are as they were before."""
    kept: list[str] = field(default_factory=list)
    """Values left alone because somebody edited them since."""
    refused: list[str] = field(default_factory=list)
    """Records that could not be put back, each with its reason."""
    preview: bool = False
    """Whether it was only asked what would happen."""


def last_standing(db: Handle) -> Done:
    """The newest operation that an undo would take back.

    Raises:
        NotFound: there is none.
    """
    ground = journal.verified_from(db)
    for done in journal.operations(db):
        if done.undoes is None and done.undone_by is None and done.changes and done.id > ground:
            return done
    raise NotFound("there is nothing to undo")


def last_undo(db: Handle) -> Done:
    """The undo that a redo would take back: the newest operation, when it is an undo that stands.

    Raises:
        NotFound: the newest operation is no undo.
    """
    for done in journal.operations(db):
        if done.undoes is None:
            break
        if done.undone_by is None and journal.operation(db, done.undoes).undoes is None:
            return done
    raise NotFound("there is nothing to redo", "a redo follows an undo, before anything else is changed")


def undo(
    db: Handle,
    number: int | None = None,
    *,
    by: str = "",
    clock: Clock = utc_now,
    preview: bool = False,
    careful: bool = False,
) -> UndoReport:
    """Take an operation back, by default the newest that stands. What was edited since is kept.

    With `preview` it is done and rolled back. With `careful` it is done one record at a time, from the last change to
    the first, which it comes to by itself where it has to.

    Raises:
        NotFound: there is no such operation, or nothing to undo.
        Conflict: it was undone already, or it set the coalition up or recovered it, or is older than that; or it took
            in a map that something hangs on since, or record types of a plugin that hold something since.
    """

    def choose() -> Done:
        return last_standing(db) if number is None else journal.operation(db, number)

    return _undo(db, choose, by, clock, preview=preview, careful=careful)


def redo(db: Handle, *, by: str = "", clock: Clock = utc_now, preview: bool = False) -> UndoReport:
    """Take the last undo back.

    Raises:
        NotFound: there is nothing to redo.
    """
    return _undo(db, lambda: last_undo(db), by, clock, preview=preview)


def _undo(
    db: Handle, choose: Callable[[], Done], by: str, clock: Clock, *, preview: bool, careful: bool = False
) -> UndoReport:
    try:
        return _attempt(db, choose, by, clock, preview=preview, careful=careful)
    except OutOfOrder:
        # Nothing was written. One at a time, from the last change to the first, no record waits for another.
        return _attempt(db, choose, by, clock, preview=preview, careful=True)


def _attempt(
    db: Handle, choose: Callable[[], Done], by: str, clock: Clock, *, preview: bool, careful: bool
) -> UndoReport:
    """Take back what `choose` names, which is asked under the lock: of two at once, the second finds the first done."""
    with changes(db, "", by=by, clock=clock, keep=not preview) as unit:
        done = choose()
        _refuse_ground(done, journal.verified_from(db))
        if done.undone_by is not None:
            raise Conflict(f"operation {done.id} was undone already, by operation {done.undone_by}")
        record_types.refuse_undo(db, done.id)
        unit.title, unit.undoes = _undo_title(db, done), done.id
        report = UndoReport(done, preview=preview)
        maps = journal.records_of(db, done.id, DistrictMap.entity.name, "insert")
        dropped = _drop_computed(unit, maps)
        reversal = Reversal(unit, done.id, report.kept, report.refused, dropped, careful=careful)
        reversal.run()
        _keep_maps_whole(db, maps, report)
        report.reversed = reversal.touched + len(dropped)
        _place_what_moved_since(unit, done.id)
        if unit.count and not preview:
            report.operation = unit.operation
    return report


def _drop_computed(unit: Changes, maps: Sequence[int]) -> set[tuple[str, int]]:
    """Drop where sites were found to stand, since, on maps that are about to go; it would follow from them again."""
    since = [each.id for each in placing.computed_on(unit.db, maps) if each.version != unit.undoes]
    for key in since:
        unit.remove(Assignment, key)
    return {(Assignment.entity.name, key) for key in since}


def _keep_maps_whole(db: Handle, maps: Iterable[int], report: UndoReport) -> None:
    """Refuse to take back the half of a map: with all of its districts it stays, or goes.

    Raises:
        Conflict: something hangs on the map since.
    """
    for key in maps:
        if report.refused:
            left = tuples(db, DistrictMap.select(DistrictMap.code).where(DistrictMap.id == key))
            if left:
                raise Conflict(
                    f"the map {left[0][0]} is in use: {report.refused[0]}",
                    "take that back first, or leave the map: another can be pinned beside it",
                )


def _place_what_moved_since(unit: Changes, number: int) -> None:
    """Place the sites of an operation anew where they, or their districts, were changed after it."""
    db = unit.db
    since = {site for (site,) in tuples(db, Site.select(Site.id).where(Site.version > number))}
    assigned = Assignment.select(Assignment.site).where(Assignment.version > number).distinct()
    since |= {site for (site,) in tuples(db, assigned)}
    if not since:
        return
    own = {
        site
        for action in ("insert", "update", "delete")
        for site in journal.records_of(db, number, Site.entity.name, action, since)
    }
    own |= since & journal.linked(db, number, Assignment.entity.name, "site")
    for some in parts(journal.records_of(db, number, Assignment.entity.name, "update")):
        query = Assignment.select(Assignment.site).where(Assignment.id.in_(some))
        own |= since & {site for (site,) in tuples(db, query)}
    there = by_ids(db, Site, own)
    if there:
        placing.place(unit, [there[key] for key in sorted(there)])


def _refuse_ground(done: Done, ground: int) -> None:
    """Refuse the operation every other stands on, and what is older: the first, or the one of a recovery."""
    if done.id == ground == 1:
        raise Conflict("the operation that set the coalition up cannot be undone", "delete the file instead")
    if done.id == ground:
        raise Conflict("the operation that recovered the coalition cannot be undone", "delete the file instead")
    if done.id < ground:
        raise Conflict(
            f"operation {done.id} is older than operation {ground}, which recovered the coalition: it cannot be undone",
            "correct by hand what it did wrong: partners edit",
        )


def _undo_title(db: Handle, done: Done) -> str:
    """What taking an operation back is called: an undo, or, when that is itself an undo, a redo, and so on in turn."""
    word, first = "undo", done
    while first.undoes is not None:
        word = "redo" if word == "undo" else "undo"
        first = journal.operation(db, first.undoes)
    return f"{word} {first.title}"
