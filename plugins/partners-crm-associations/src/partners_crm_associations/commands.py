"""The command: `partners associations VERB`, and the report of one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partners_crm.errors import Ambiguous, InvalidValue, NotFound
from partners_crm.plugins import Command, Option, Outcome, PluginContext, Report, Sheet, Verb
from partners_crm_associations import lanes, pages, writing
from partners_crm_associations.covering import covered
from partners_crm_associations.kinds import WHAT
from partners_crm_associations.ladder import LEVELS
from partners_crm_associations.reading import Associations
from partners_crm_associations.words import STAFF, joined

Options = Mapping[str, str]

OFFERED = 8
"""Names that are offered where nothing is called so."""
_KEY = Option(name="key", help="the number or the name of an association", is_word=True, required=True)
_ISSUE = Option(name="issue", help="only this issue, as lanes name it")
_TERMS = (
    Option(name="basis", help="which sites count", default="any", choices=("any", "hq", "service")),
    Option(name="min-match", help="match level that settles a district", default="80"),
    Option(name="chamber", help="the districts of which chamber", default="both"),
    Option(name="map", help="the district map (default: pinned, else of the date)"),
)


def association_of(on: Associations, text: str) -> int:
    """The association that a person means.

    Raises:
        NotFound, Ambiguous: nothing, or more than one, is called so, or it is no association.
    """
    key = _meant(on, on.names, text, "association")
    if key not in on.members:
        raise NotFound(
            f"{on.names_of([key])[key]} is no association with members on the day",
            "list them with: partners associations list",
        )
    return key


def body_of(on: Associations, text: str) -> tuple[int, str]:
    """(id, name) of the association or agency that a person means.

    Raises:
        NotFound, Ambiguous: nothing, or more than one, is called so, or it is neither.
    """
    key = _meant(on, on.bodies, text, "association or agency")
    name = on.names_of([key])[key]
    if key not in on.bodies:
        raise NotFound(f"{name} is no association or agency", "list them with: partners associations posture")
    return key, name


def _meant(on: Associations, names: Mapping[int, str], text: str, what: str) -> int:
    """An organization by how its name begins among some, else by its number or its whole name.

    Raises:
        NotFound, Ambiguous: nothing, or more than one, is called so; none but these are offered.
    """
    wanted = lanes.folded(text)
    called = {key: lanes.folded(name) for key, name in names.items()} if wanted else {}
    for some in (
        [key for key, name in called.items() if name == wanted],
        [key for key, name in called.items() if name.startswith(wanted)],
    ):
        if len(some) == 1:
            return some[0]
    try:
        return on.context.record("organization", text).id
    except (NotFound, Ambiguous):
        near = [key for key, name in called.items() if wanted in name] or list(names)
    offered = joined((f"{key} {names[key]}" for key in near), OFFERED)
    if any(name.startswith(wanted) for name in called.values()):
        raise Ambiguous(f"{text} stands for more than one {what}", f"use the number: {offered}")
    raise NotFound(f"no {what} is called {text}", f"there are: {offered}" if near else "")


# -------------------------------------------------------------------- the verbs


def show_list(context: PluginContext, _options: Options) -> Outcome:
    """Every association on a line."""
    on = Associations(context)
    sheet, why = pages.overview(on)
    return Outcome(sheets=(sheet,), notes=(*filter(None, [why]), *on.findings))


def show_one(context: PluginContext, options: Options) -> Outcome:
    """An association beside the coalition."""
    on = Associations(context)
    return _told(on, pages.card(on, association_of(on, options["key"])))


def show_overlap(context: PluginContext, options: Options) -> Outcome:
    """The members that associations share."""
    least = whole("min-shared", options["min-shared"], 1)
    on = Associations(context)
    return _told(on, pages.overlap_sheets(on, least, options["who"] == "all"))


def show_contested(context: PluginContext, options: Options) -> Outcome:
    """Our members between associations that want different things."""
    on = Associations(context)
    return _told(on, pages.contested_sheets(on, _issue_of(on, options)))


def show_reach(context: PluginContext, options: Options) -> Outcome:
    """The districts that associations would close."""
    on = Associations(context)
    keys = [association_of(on, options["key"])] if options["key"] else list(on.members)
    found = covered(on, keys, closes_only=True, **_terms(options))
    return _told(on, (pages.reach_sheet(on, found, keys),))


def show_posture(context: PluginContext, options: Options) -> Outcome:
    """The posture of everybody on the day, or the history of one."""
    on = Associations(context)
    if not options["key"]:
        return _told(on, (pages.postures_sheet(on),))
    return _told(on, (pages.history_sheet(on, *body_of(on, options["key"])),))


def record_posture(context: PluginContext, options: Options) -> Outcome:
    """Write a posture down."""
    key, _ = body_of(Associations(context), options["key"])
    said = writing.record_postures(
        context, [key], options["level"], options["since"], options["evidence"], options["reasons"]
    )
    return Outcome(notes=(said, writing.UNDO))


def show_favours(context: PluginContext, options: Options) -> Outcome:
    """Whether an ask for some organizations favours one side."""
    on = Associations(context)
    query, issue = options["query"], _issue_of(on, options)
    gaining = set(context.ids("organization", query))
    sheets = pages.favours_sheets(on, gaining, query, issue)
    return Outcome(sheets=sheets, notes=on.findings, findings=pages.favours_a_side(on, gaining, issue))


def record_competition(context: PluginContext, options: Options) -> Outcome:
    """Write down that two organizations compete."""
    one, other = (context.record("organization", options[name]).id for name in ("one", "other"))
    given = [options[name] for name in ("what", "resource", "fiscal-year", "note")]
    return Outcome(notes=(writing.record_competition(context, one, other, *given), writing.UNDO))


def show_unaffiliated(context: PluginContext, _options: Options) -> Outcome:
    """Our members in no association."""
    on = Associations(context)
    return _told(on, (pages.unaffiliated_sheet(on),))


def report(context: PluginContext, _options: Options) -> Outcome:
    """One page: associations, who shares most, who is contested, who is in none, what they would close."""
    on = Associations(context)
    overview, why = pages.overview(on)
    pairs, _ = pages.overlap_sheets(on, 1, everybody=False)
    return Outcome(
        sheets=(
            overview,
            pairs,
            *pages.contested_sheets(on, ""),
            pages.unaffiliated_sheet(on),
            pages.postures_sheet(on),
        ),
        notes=(*filter(None, [why]), *on.findings),
    )


def _told(on: Associations, sheets: tuple[Sheet, ...]) -> Outcome:
    """Tables, with what is wrong with records that were read for them."""
    return Outcome(sheets=sheets, notes=on.findings)


# -------------------------------------------------------------------- their options


def _issue_of(on: Associations, options: Options) -> str:
    """The issue that was asked for, "" for all.

    Raises:
        NotFound: no lane is recorded on it.
    """
    issue = options["issue"]
    if issue and not pages.has_issue(on, issue):
        raise NotFound(f"no lane is recorded on {issue}", f"issues with lanes: {', '.join(on.lanes) or 'none'}")
    return issue


def whole(name: str, text: str, least: int) -> int:
    """A whole number of an option.

    Raises:
        InvalidValue: it is none, or too small.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) < least:
        raise InvalidValue(name, text, "is not a whole number", f"{least} or more")
    return int(text)


def _terms(options: Options) -> dict[str, Any]:
    return {
        "basis": options["basis"],
        "min_match": whole("min-match", options["min-match"], 0),
        "chamber": options["chamber"],
        "map": options["map"],
    }


COMMAND = Command(
    name="associations",
    about="trade associations beside the coalition: members, overlap, contested members, reach, postures",
    verbs=(
        Verb(
            name="list", about="every association: members, ours, silos, districts, what it would close", run=show_list
        ),
        Verb(name="show", about="one association beside the coalition", run=show_one, options=(_KEY,)),
        Verb(
            name="overlap",
            about="the members that associations share",
            run=show_overlap,
            options=(
                Option(name="min-shared", help="only pairs that share so many", default="1"),
                Option(name="who", help="which members count", default="ours", choices=("ours", "all")),
            ),
        ),
        Verb(
            name="contested",
            about="our members between associations that want different things; for staff only",
            run=show_contested,
            options=(_ISSUE,),
        ),
        Verb(
            name="reach",
            about="the districts that associations would close, with who is there",
            run=show_reach,
            options=(Option(name="key", help="the number or the name of an association", is_word=True), *_TERMS),
        ),
        Verb(
            name="posture",
            about="how associations and agencies relate to us, or the history of one; for staff only",
            run=show_posture,
            options=(Option(name="key", help="the number or the name of a body", is_word=True),),
        ),
        Verb(
            name="record-posture",
            about="write a posture down",
            run=record_posture,
            options=(
                Option(name="key", help="the number or the name of a body", is_word=True, required=True),
                Option(name="level", help="the step of the ladder", is_word=True, required=True, choices=LEVELS),
                Option(name="since", help="since when (default: the day asked about)"),
                Option(name="evidence", help="what shows it: a call, a letter, a vote"),
                Option(name="reasons", help="why it is so"),
            ),
            writes=True,
        ),
        Verb(
            name="favours",
            about="whether an ask for some organizations favours one side (exit 1); for staff only",
            run=show_favours,
            options=(
                Option(name="query", help="who would gain, such as silo:housing", is_word=True, required=True),
                _ISSUE,
            ),
        ),
        Verb(
            name="record-competition",
            about="write down that two organizations compete",
            run=record_competition,
            options=(
                Option(name="one", help="the number or the name of one", is_word=True, required=True),
                Option(name="other", help="the number or the name of the other", is_word=True, required=True),
                Option(name="resource", help="what the line or contract is called", is_word=True, required=True),
                Option(name="what", help="for what", default="line", choices=tuple(value for value, _ in WHAT)),
                Option(name="fiscal-year", help="such as 2012, or 2011-2013"),
                Option(name="note", help="what else is known"),
            ),
            writes=True,
        ),
        Verb(name="unaffiliated", about="our members that no association speaks for", run=show_unaffiliated),
    ),
)

REPORT = Report(
    name="associations",
    title=f"Trade associations beside the coalition. {STAFF}",
    run=report,
    private=True,
)
