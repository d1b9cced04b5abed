"""The pages that commands and the report answer with: tables with the sentence that each means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from partners_crm.errors import CannotDecide
from partners_crm.plugins import Sheet
from partners_crm_associations import ladder, lanes, reach, rivals, ties
from partners_crm_associations.covering import Covered, covered
from partners_crm_associations.kinds import WHAT
from partners_crm_associations.reading import Associations
from partners_crm_associations.words import NO, STAFF, certainly, counted, joined, written_day

_WHAT = dict(WHAT)


def overview(on: Associations) -> tuple[Sheet, str]:
    """Every association on a line, and why the districts are missing where no map holds on the day."""
    try:
        found, why = covered(on, on.members), ""
    except CannotDecide as error:
        found, why = None, f"No districts are told: {error}."
    chambers = found.ours.chambers if found else ()
    silos = _silos_of_organizations(on)
    rows = []
    for key, members in on.members.items():
        certain = sum(members.values())
        own = silos_of(members, silos)
        row: list[Any] = [key, on.names[key], certain, len(members) - certain, len(on.shared[key]), own]
        if found:
            closing = found.closing(key)
            row += [each.theirs for each in found.beside(key)]
            row += [len(closing.certain), len(closing.possible)]
        rows.append((*row, on.standings.get(key, ladder.Standing()).text))
    some = f"{counted(len(rows), 'association')} on {written_day(on.context.as_of)}"
    note = f"{some}, with their members certain and possible, how many are ours, and the silos of their members."
    if found:
        note += (
            f" {' and '.join(found.ours.chamber_names[each] for each in chambers)}: districts with a member of theirs;"
            f" closes: of our {counted(found.gaps(), 'gap')} in all, those with a member of theirs who is not ours."
            f" {found.terms}"
        )
    columns = ("id", "association", "members", "possible", "ours", "silos")
    closes = ("closes", "possibly_closes") if found else ()
    return Sheet(
        title="Associations",
        columns=(*columns, *chambers, *closes, "posture"),
        rows=tuple(rows),
        note=note,
        private=("posture",),
    ), why


def silos_of(members: Mapping[int, bool], silos: Mapping[int, Sequence[str]]) -> int:
    """How many silos the members of an association are in."""
    return len({silo for key in members for silo in silos.get(key, ())})


def _silos_of_organizations(on: Associations) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for organization, silo, _ in on.silo_shares:
        found.setdefault(organization, []).append(on.silos[silo])
    return found


# -------------------------------------------------------------------- one association


def card(on: Associations, key: int) -> tuple[Sheet, ...]:
    """An association: its members, silos and districts beside ours, what it would close, and who is in it."""
    members, name = on.members[key], on.names[key]
    certain, ours = sum(members.values()), on.shared[key]
    possible = len(members) - certain
    standing = on.standings.get(key, ladder.Standing())
    own = [f"{issue}: {some[key].lane}" for issue, some in on.lanes.items() if key in some]
    about = Sheet(
        title=name,
        columns=("id", "association", "members", "possible", "ours", "not_ours", "posture", "lanes"),
        rows=((key, name, certain, possible, len(ours), len(members) - len(ours), standing.text, "; ".join(own)),),
        note=f"{name} has {counted(len(members), 'member')} on {written_day(on.context.as_of)},"
        f" {possible} of them possibly; {len(ours)} of them are members of this coalition.",
        private=("posture", "lanes"),
    )
    return (about, silo_sheet(on, key), *_district_sheets(on, key), member_sheet(on, key))


def silo_sheet(on: Associations, key: int) -> Sheet:
    """The silos of an association's members beside those of ours."""
    theirs = reach.silo_shares(on.members[key], on.silo_shares)
    ours = {each.silo: each for each in reach.silo_shares(on.ours, on.silo_shares)}
    everything = sum(each.weight for each in theirs) or 1.0
    all_ours = sum(each.weight for each in ours.values()) or 1.0
    rows = []
    for each in theirs:
        other = ours.get(each.silo)
        rows.append(
            (
                on.silos[each.silo],
                each.organizations,
                round(each.weight, 2),
                round(100 * each.weight / everything),
                other.organizations if other else 0,
                round(100 * other.weight / all_ours) if other else 0,
            )
        )
    missing = [label for silo, label in on.silos.items() if silo not in {each.silo for each in theirs}]
    none = f" Nobody of theirs is in {joined(missing)}." if missing else ""
    return Sheet(
        title="Silos",
        columns=("silo", "organizations", "weight", "percent", "ours", "percent_of_ours"),
        rows=tuple(rows),
        note="Weights of an organization add up to 1, so that they sum to organizations; percent is of all weights of"
        f" the group.{none}",
    )


def _district_sheets(on: Associations, key: int) -> tuple[Sheet, ...]:
    try:
        found = covered(on, [key])
    except CannotDecide as error:
        return (Sheet(title="Districts", columns=("chamber",), rows=(), note=f"No districts are told: {error}."),)
    figures = found.beside(key)
    beside = Sheet(
        title="Districts",
        columns=("chamber", "districts", "theirs", "theirs_possible", "ours", "ours_possible", "both"),
        rows=tuple(
            (each.chamber, each.districts, each.theirs, each.theirs_possible, each.ours, each.ours_possible, each.both)
            for each in figures
        ),
        note=" ".join(found.sentence(key, on.names[key], each.chamber) for each in figures),
    )
    return beside, reach_sheet(on, found, [key])


def member_sheet(on: Associations, key: int) -> Sheet:
    """Who is in an association, and whether it is ours."""
    members = on.members[key]
    names = on.names_of(members)
    several = ties.associations_by_member(on.members)
    order = sorted(names, key=lambda each: (names[each].casefold(), each))
    return Sheet(
        title="Members",
        columns=("id", "organization", "certain", "ours", "other_associations"),
        rows=tuple(
            (
                each,
                names[each],
                certainly(members[each]),
                ours_text(on, each),
                joined(on.names[other] for other in on.members if other in several[each] and other != key),
            )
            for each in order
        ),
    )


def ours_text(on: Associations, key: int) -> str:
    """Whether an organization is a member of the coalition, as a cell."""
    return certainly(on.ours[key]) if key in on.ours else NO


# -------------------------------------------------------------------- overlap


def overlap_sheets(on: Associations, least: int, everybody: bool) -> tuple[Sheet, ...]:
    """The pairs of associations that share members, and the matrix of those that share enough with any."""
    found = ties.overlap(on.members if everybody else on.shared)
    linked = found.linked(least)
    keys = [key for key in on.members if key in linked]
    whose = "organizations" if everybody else "members of ours"
    note = (
        f"Shared {whose} of each two associations on {written_day(on.context.as_of)}"
        f"{f', at least {least}' if least > 1 else ''}; possible is what a date leaves open."
    )
    pairs = Sheet(
        title="Shared members",
        columns=("id", "association", "other_id", "other", "shared", "possible"),
        rows=tuple(
            (one, on.names[one], other, on.names[other], len(shared.certain), len(shared.possible))
            for one, other, shared in found.sharing(least)
        ),
        note=note,
    )
    matrix = Sheet(
        title="Matrix",
        columns=("id", "association", *(str(key) for key in keys)),
        rows=tuple((one, on.names[one], *(found.between(one, other).count for other in keys)) for one in keys),
        note="Certain and possible together, by the ids of associations; an association with itself: all its members"
        f"{'' if everybody else ' who are ours'}.",
    )
    return pairs, matrix


# -------------------------------------------------------------------- contested, bridges, nobody's


def contested_sheets(on: Associations, issue: str) -> tuple[Sheet, ...]:
    """Our members between associations that want different things, and those who could be a bridge."""
    lanes_here = lanes.of_issue(on.lanes, issue)
    torn = lanes.contested(on.shared, lanes_here)
    joint = lanes.bridges(on.shared, lanes_here)
    names = on.names_of({each.organization for each in torn} | {each.organization for each in joint})
    shared = ties.overlap(on.shared)
    sentences = [issue_sentence(on, name, own, lanes.rivalry(shared, own)) for name, own in lanes_here.items()]
    nothing = "No lane is recorded" + (f" on {issue}" if issue else "") + ": nobody can say who is contested."
    first = Sheet(
        title="Contested members",
        columns=("issue", "id", "organization", "lanes", "certain"),
        rows=tuple(
            (each.issue, each.organization, names[each.organization], sides_text(on, each), certainly(each.sure))
            for each in torn
            if each.organization in names
        ),
        note=f"{STAFF} {' '.join(sentences) or nothing}",
        private=("issue", "id", "organization", "lanes", "certain"),
    )
    second = Sheet(
        title="Bridges",
        columns=("id", "organization", "associations", "no_lane_known"),
        rows=tuple(
            (
                each.organization,
                names[each.organization],
                joined(on.names[key] for key in each.associations),
                joined(on.names[key] for key in each.unknown),
            )
            for each in joint
            if each.organization in names
        ),
        note=f"{STAFF} Our members in several associations that want nothing different"
        f"{f' on {joined(lanes_here)}' if issue else ''}, as far as lanes are recorded.",
        private=("id", "organization", "associations", "no_lane_known"),
    )
    return first, second


def issue_sentence(on: Associations, issue: str, own: Mapping[int, lanes.Lane], found: lanes.Rivalry) -> str:
    """How much rivalry an issue brings into the coalition, as a statement."""
    known = f"{counted(len(own), 'association')} of {len(on.members)} with a recorded lane"
    if not found.pairs:
        return f"{issue}: no two lanes in conflict ({known}, on {written_day(on.context.as_of)})."
    lie = "lies" if found.torn == 1 else "lie"
    return (
        f"{issue}: {counted(len(found.pairs), 'pair')} of associations in conflict; no rivalry {found.free:.0%}, for of"
        f" {counted(found.shared, 'shared member')} {found.torn:,} {lie} between such a pair ({known}, on"
        f" {written_day(on.context.as_of)})."
    )


def sides_text(on: Associations, each: lanes.Contested) -> str:
    """The associations that pull at a member, with what each wants: A01 beds / A02 grants."""
    return " / ".join(f"{on.names[side.association]}: {side.lane}" for side in each.sides)


def unaffiliated_sheet(on: Associations) -> Sheet:
    """Our members that no association speaks for."""
    found = ties.unaffiliated(on.ours, on.members)
    names = on.names_of([*found.certain, *found.possible])
    order = sorted(names, key=lambda key: (names[key].casefold(), key))
    maybe = f", and {len(found.possible):,} more possibly" if found.possible else ""
    return Sheet(
        title="Members in no association",
        columns=("id", "organization", "certain"),
        rows=tuple((key, names[key], certainly(key in set(found.certain))) for key in order),
        note=f"{len(found.certain)} of {counted(len(on.ours), 'member')} are in no association on"
        f" {written_day(on.context.as_of)}{maybe}: nobody speaks for them but us.",
    )


# -------------------------------------------------------------------- reach


def reach_sheet(on: Associations, found: Covered, keys: Sequence[int]) -> Sheet:
    """The districts that associations would close, with who is there."""
    names = found.district_names
    rows = []
    for key in keys:
        closing = found.closing(key)
        for what, some in (
            ("closes", closing.certain),
            ("possibly closes", closing.possible),
            ("settles", closing.settled),
        ):
            rows += [
                (key, on.names[key], names[each], what, joined(name for _, name in found.who(key, each)))
                for each in some
            ]
    one = len(keys) == 1
    note = found.reach_sentence(keys[0], on.names[keys[0]]) if one else found.together_sentence(keys)
    return Sheet(
        title="Districts they would close",
        columns=("id", "association", "district", "what", "organizations"),
        rows=tuple(rows),
        note=note,
    )


# -------------------------------------------------------------------- postures


def postures_sheet(on: Associations) -> Sheet:
    """The posture of every association and agency on the day; of who has none, that it is not known."""
    bodies = on.bodies
    rows = []
    for key in sorted(bodies, key=lambda key: (bodies[key].casefold(), key)):
        now = on.standings.get(key, ladder.Standing())
        rows.append((key, bodies[key], now.text, now.since, ladder.steps_in_words(now.change)))
    unknown = sum(row[2] == "unknown" for row in rows)
    relate = "relates" if len(rows) == 1 else "relate"
    columns = ("id", "organization", "posture", "since", "change")
    return Sheet(
        title="Postures",
        columns=columns,
        rows=tuple(rows),
        note=f"{STAFF} How {counted(len(rows), 'association or agency', 'associations and agencies')} {relate} to us on"
        f" {written_day(on.context.as_of)}; unknown of {unknown}. The ladder: {joined(ladder.LEVELS)}.",
        private=columns,
    )


def history_sheet(on: Associations, key: int, name: str) -> Sheet:
    """The postures of one body, from the first one on."""
    steps = ladder.history(each for each in on.postures if each.organization == key)
    now = on.standings.get(key, ladder.Standing())
    columns = ("id", "posture", "since", "change", "evidence", "reasons")
    return Sheet(
        title=f"Posture of {name}",
        columns=columns,
        rows=tuple(
            (
                step.recorded.id,
                step.recorded.level,
                step.recorded.since,
                ladder.steps_in_words(step.change),
                step.recorded.evidence,
                step.recorded.reasons,
            )
            for step in steps
        ),
        note=f"{STAFF} {name} on {written_day(on.context.as_of)}: {now.text}.",
        private=columns,
    )


# -------------------------------------------------------------------- competition


def favours_sheets(on: Associations, gaining: set[int], query: str, issue: str) -> tuple[Sheet, ...]:
    """What an ask would do to competitions of which one side alone gains, and to the sides of an issue."""
    found = rivals.favours(on.competitions, gaining)
    names = on.names_of({key for each in found for key in (each.gains, each.loses)})
    columns = ("gains_id", "gains", "loses_id", "loses", "what", "resource", "fiscal_year", "certain")
    whose = f"{counted(len(gaining), 'organization')} of “{query}”"
    head = (
        f"An ask for the {whose} favours one side of {counted(len(found), 'competition')}."
        if found
        else f"No recorded competition has exactly one side among the {whose}."
    )
    first = Sheet(
        title="One side would gain",
        columns=columns,
        rows=tuple(
            (
                each.gains,
                names.get(each.gains, ""),
                each.loses,
                names.get(each.loses, ""),
                _WHAT.get(each.link.what, each.link.what),
                each.link.resource,
                each.link.fiscal_year,
                certainly(each.link.sure),
            )
            for each in found
        ),
        note=f"{STAFF} {head} Competitions on {written_day(on.context.as_of)}.",
        private=columns,
    )
    return (first, *(_sides_sheet(on, name, own, gaining) for name, own in lanes.of_issue(on.lanes, issue).items()))


def _sides_sheet(on: Associations, issue: str, own: Mapping[int, lanes.Lane], gaining: set[int]) -> Sheet:
    found = lanes.sides(own, on.members, gaining)
    columns = ("lane", "associations", "gain")
    return Sheet(
        title=f"Sides of {issue}",
        columns=columns,
        rows=tuple(
            (each.lane, joined(on.names[key] for key in each.associations), len(each.gaining)) for each in found
        ),
        note=f"{STAFF} Who of those that would gain is behind each lane on {issue}: {_balance(found)}.",
        private=columns,
    )


def _balance(found: Sequence[lanes.Side]) -> str:
    with_some = [side.lane for side in found if side.gaining]
    without = [side.lane for side in found if not side.gaining]
    if with_some and without:
        return f"it favours {joined(with_some)} and leaves {joined(without)} with nothing"
    return "every lane has somebody" if with_some else "no lane has anybody"


def favours_a_side(on: Associations, gaining: set[int], issue: str) -> bool:
    """Whether an ask favours one side of a competition, or of the named issue."""
    if rivals.favours(on.competitions, gaining):
        return True
    chosen = lanes.of_issue(on.lanes, issue) if issue else {}
    gains = [[bool(side.gaining) for side in lanes.sides(own, on.members, gaining)] for own in chosen.values()]
    return any(any(each) and not all(each) for each in gains)


def has_issue(on: Associations, issue: str) -> bool:
    """Whether any lane is recorded on an issue."""
    return bool(lanes.of_issue(on.lanes, issue))
