"""What queries know through this plugin: contested, competes-with and posture-today of organizations."""

from __future__ import annotations

from collections.abc import Iterable

from partners_crm.errors import Ambiguous, NotFound, QueryError
from partners_crm.plugins import PluginContext, QueryField
from partners_crm_associations import ladder, lanes, rivals
from partners_crm_associations.reading import Associations
from partners_crm_associations.words import MAYBE, NO, YES

UNKNOWN = "unknown"
ANSWERS = (YES, MAYBE, NO)
"""What contested can be beside an issue."""


def contested(context: PluginContext, value: str) -> Iterable[int]:
    """Our members between associations that want different things: certainly on any issue, possibly, or on one issue.

    Possibly: a tie or a lane that a date leaves open decides; who certainly is, on any issue, is not among them. On an
    issue both are found.

    Raises:
        QueryError: no lane is recorded on such an issue.
    """
    on = Associations(context)
    wanted = lanes.folded(value)
    if wanted in ANSWERS:
        torn = lanes.contested(on.shared, on.lanes)
        certain, every = {each.organization for each in torn if each.sure}, {each.organization for each in torn}
        return {YES: certain, MAYBE: every - certain, NO: set(on.ours) - every}[wanted]
    chosen = lanes.of_issue(on.lanes, value)
    if not chosen:
        raise QueryError(f"contested cannot be {value}", f"it can be: {', '.join((*ANSWERS, *on.lanes))}")
    return {each.organization for each in lanes.contested(on.shared, chosen)}


def issues(context: PluginContext) -> Iterable[str]:
    """What contested can be."""
    return (*ANSWERS, *Associations(context).lanes)


def competes_with(context: PluginContext, value: str) -> Iterable[int]:
    """Who competes with an organization.

    Raises:
        QueryError: nothing, or more than one, is called so.
    """
    try:
        body = context.record("organization", value)
    except (NotFound, Ambiguous) as error:
        raise QueryError(error.message, error.hint) from None
    return list(rivals.rivals(Associations(context).competitions, {body.id}))


def competitors(context: PluginContext) -> Iterable[str]:
    """The names of organizations that compete with any."""
    on = Associations(context)
    return sorted(on.names_of({key for link in on.competitions for key in (link.first, link.second)}).values())


def posture(context: PluginContext, value: str) -> Iterable[int]:
    """The bodies that stand on a step of the ladder on the day; unknown: those of which none is recorded.

    Raises:
        QueryError: there is no such step.
    """
    on = Associations(context)
    if lanes.folded(value) == UNKNOWN:
        return [key for key in on.bodies if key not in on.standings or not on.standings[key].level]
    level = ladder.level_of(value)
    if not level:
        raise QueryError(f"posture-today cannot be {value}", f"it can be: {', '.join((*ladder.LEVELS, UNKNOWN))}")
    return [key for key, now in on.standings.items() if now.level == level]


def levels(_context: PluginContext) -> Iterable[str]:
    """What posture can be."""
    return (*ladder.LEVELS, UNKNOWN)


QUERY_FIELDS = (
    QueryField(
        name="contested",
        entity="organization",
        label="contested",
        find=contested,
        values=issues,
        help="between associations that want different things: yes, possibly, no, or an issue",
    ),
    QueryField(
        name="competes-with",
        entity="organization",
        label="competes with",
        find=competes_with,
        values=competitors,
        help="competes with this organization for a line, a contract or a grant",
    ),
    QueryField(
        name="posture-today",
        entity="organization",
        label="posture today",
        find=posture,
        values=levels,
        help="the step of the ladder that an association or agency is on; posture:wary is who ever was",
    ),
)
