"""What this plugin writes: postures and competitions, each as one operation that can be undone."""

from __future__ import annotations

from collections.abc import Sequence

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.plugins import PluginContext
from partners_crm_associations import ladder
from partners_crm_associations.kinds import COMPETITION
from partners_crm_associations.words import counted, joined

UNDO = "undo it with: partners undo"


def record_postures(
    context: PluginContext, bodies: Sequence[int], level: str, since: str = "", evidence: str = "", reasons: str = ""
) -> str:
    """Write down how bodies relate to the coalition, and say what was written; `since` is today if not given.

    Raises:
        InvalidValue: the level is no step of the ladder, the date is none, or a body has no posture.
        NotFound: a body is gone.
    """
    step = ladder.level_of(level)
    if not step:
        raise InvalidValue("posture", level, "is no step of the ladder", f"one of: {', '.join(ladder.LEVELS)}")
    names = _names(context, bodies)
    since = since.strip() or context.as_of.isoformat()
    called = joined(names.values(), 3)
    with context.changes(f"record the posture of {called}") as unit:
        for body in names:
            written = unit.add(
                "posture", organization=body, level=stored(step), since=since, evidence=evidence, reasons=reasons
            )
            since = str(written["since"])
    return f"recorded: {called} {'is' if len(names) == 1 else 'are'} {step} since {since}"


def stored(step: str) -> str:
    """A step as it is kept."""
    return step.replace("-", "_")


def record_competition(
    context: PluginContext, first: int, second: int, what: str, resource: str, fiscal_year: str = "", note: str = ""
) -> str:
    """Write down that two organizations compete, and say what was written.

    Raises:
        InvalidValue: it is one organization, or a value does not fit.
    """
    names = _names(context, [first, second])
    if first == second:
        raise InvalidValue("the other", names[first], "cannot compete with itself", "name the one it competes with")
    with context.changes(f"record that {names[first]} and {names[second]} compete") as unit:
        written = unit.add(
            COMPETITION,
            first=first,
            second=second,
            what=what or "line",
            resource=resource,
            fiscal_year=fiscal_year,
            since=context.as_of.isoformat(),
            note=note,
        )
    return f"recorded: {names[first]} and {names[second]} compete for {written['resource']}"


def end_competitions(context: PluginContext, ids: Sequence[int]) -> str:
    """Write down that competitions are over after the day, and say how many.

    Raises:
        NotFound: none of them is there any more.
    """
    found = context.by_ids(COMPETITION, ids)
    if not found:
        raise NotFound("these competitions are gone", "see partners history")
    day = context.as_of.isoformat()
    with context.changes(f"end {counted(len(found), 'competition')}") as unit:
        for record in found.values():
            unit.update(record, until=day)
    return f"the last day of {counted(len(found), 'competition')} is {day}"


def _names(context: PluginContext, ids: Sequence[int]) -> dict[int, str]:
    found = context.values_of("organization", ids, "name")
    for key in ids:
        if key not in found:
            raise NotFound(f"there is no organization {key}", "it may have been deleted: see partners history")
    return {key: found[key][0] for key in ids}
