"""The views: overlap, contested members, reach, the ladder of postures, and competition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from partners_crm.errors import CannotDecide
from partners_crm.plugins import Choice, PluginContext, Selection, Show, View, blocks
from partners_crm_associations import ladder, lanes, pages, rivals, ties
from partners_crm_associations.covering import Covered, covered, states
from partners_crm_associations.kinds import COMPETITION, WHAT
from partners_crm_associations.reach import closing
from partners_crm_associations.reading import Associations
from partners_crm_associations.words import (
    STAFF,
    certainly,
    counted,
    joined,
    short,
    with_possible,
    with_short,
    written_day,
)

Answers = Mapping[str, str]
_WHAT = dict(WHAT)

NO_ASSOCIATION = (
    "No association has a member here. Record one: partners add affiliation organization=NAME association=NAME"
)
NO_LANE = (
    "No lane is recorded, so nobody can say who is contested. Record what each association wants first: choose “Lanes"
    " (associations)” on this screen and press n there. In a shell: partners add associations_lane association=NAME"
    " issue=ISSUE lane=LANE"
)
NO_BODY = "There is no association and no agency here. Add one: partners add organization name=NAME kind=association"
WRONG = "Records to mend"
NOT_SHOWN = "Not on a shared screen: this is for staff only."


def organization(key: int) -> blocks.Ref:
    """What stands for an organization."""
    return blocks.Ref("organization", key)


def wrong_cards(on: Associations) -> list[blocks.Card]:
    """What is wrong with records that were read, where anything is: each is named once."""
    return [blocks.Card(title=WRONG, words="\n".join(on.findings))] if on.findings else []


# -------------------------------------------------------------------- overlap


def overlap_blocks(context: PluginContext, answers: Answers) -> Iterable[blocks.Block]:
    """The matrix of shared members, with those that share enough with any other."""
    on = Associations(context)
    everybody, least = answers.get("who") == "all", int(answers.get("least") or 1)
    members = on.members if everybody else on.shared
    found = ties.overlap(members)
    linked = found.linked(least)
    keys = [key for key in on.members if key in linked]
    if not keys:
        words = NO_ASSOCIATION if not any(on.members.values()) else f"No two associations share {least} or more."
        return [blocks.Card(title="Shared members", words=words)]
    whose = "Shared" if everybody else "Ours, shared"
    matrix = blocks.Matrix(
        columns=tuple(blocks.Cell(text=short(on.names[key]), ref=organization(key)) for key in keys),
        rows=tuple(blocks.Cell(text=with_short(on.names[key]), ref=organization(key)) for key in keys),
        cells=tuple(tuple(_shared(found, one, other, least) for other in keys) for one in keys),
        title=f"{whose} on {written_day(context.as_of)}",
        corner="Association",
    )
    return [matrix, *wrong_cards(on)]


def _shared(found: ties.Overlap, one: int, other: int, least: int) -> blocks.Cell:
    shared = found.between(one, other)
    text = with_possible(len(shared.certain), len(shared.possible)) if shared.count else "."
    is_quiet = one == other or shared.count < least
    return blocks.Cell(text=text, tone="quiet" if is_quiet else "plain", key=f"{one} {other}")


def overlap_chosen(context: PluginContext, selection: Selection, answers: Answers) -> Show | None:
    """The members behind a cell."""
    pair = [int(text) for text in selection.key.split() if text.isdecimal()]
    if len(pair) != 2:
        return None
    on = Associations(context)
    one, other = pair
    if one not in on.members or other not in on.members:
        return None
    shared = ties.overlap(on.members if answers.get("who") == "all" else on.shared).between(one, other)
    names = on.names_of([*shared.certain, *shared.possible])
    possible = set(shared.possible)
    rows = tuple(
        blocks.TableRow(
            cells=(names[key], certainly(key not in possible), pages.ours_text(on, key)), ref=organization(key)
        )
        for key in sorted(names, key=lambda key: (names[key].casefold(), key))
    )
    title = on.names[one] if one == other else f"{on.names[one]} and {on.names[other]}"
    table = blocks.Table(
        headings=(blocks.Heading(label="Organization"), blocks.Heading(label="In both"), blocks.Heading(label="Ours")),
        rows=rows,
        title=f"Shared on {written_day(context.as_of)}",
    )
    return Show(title=title, blocks=(*_lanes_of(on, one, other), table))


def _lanes_of(on: Associations, one: int, other: int) -> tuple[blocks.Block, ...]:
    """What two associations want on each issue on which either has a lane."""
    rows = []
    for issue, own in on.lanes.items():
        if one in own or other in own:
            wants = [own[key].lane if key in own else "not known" for key in (one, other)]
            differ = one != other and lanes.conflict(own, one, other)
            what = blocks.Cell(text="differ", tone="bad") if differ else blocks.Cell(text="", tone="quiet")
            rows.append(blocks.TableRow(cells=(issue, *wants, what)))
    if not rows:
        return ()
    heads = ("Issue", on.names[one], on.names[other], "Lanes")
    return (
        blocks.Table(
            headings=tuple(blocks.Heading(label=head) for head in heads), rows=tuple(rows), title=f"Lanes. {STAFF}"
        ),
    )


# -------------------------------------------------------------------- contested


def contested_blocks(context: PluginContext, answers: Answers) -> Iterable[blocks.Block]:
    """Contested members issue by issue, or bridges, or those in no association."""
    on = Associations(context)
    what = answers.get("what") or "contested"
    if what == "none":
        return [*_unaffiliated(on), *wrong_cards(on)]
    if not context.show_private:
        return [blocks.Card(title="Contested members", words=NOT_SHOWN)]
    if what == "bridges":
        return [*_bridges(on), *wrong_cards(on)]
    if not on.lanes:
        return [blocks.Card(title="Contested members", words=NO_LANE), *wrong_cards(on)]
    shared = ties.overlap(on.shared)
    torn = lanes.contested(on.shared, on.lanes)
    names = on.names_of({each.organization for each in torn})
    drawn: list[blocks.Block] = []
    for issue, own in on.lanes.items():
        some = [each for each in torn if each.issue == issue and each.organization in names]
        words = pages.issue_sentence(on, issue, own, lanes.rivalry(shared, own))
        wants = tuple(
            blocks.Line(label=on.names.get(key, ""), value=blocks.Cell(text=lane.lane, ref=organization(key)))
            for key, lane in own.items()
            if key in on.names
        )
        drawn.append(blocks.Card(title=issue, lines=wants, words=words))
        drawn.append(
            blocks.Table(
                headings=(
                    blocks.Heading(label="Organization"),
                    blocks.Heading(label="Between"),
                    blocks.Heading(label="Certain"),
                ),
                rows=tuple(
                    blocks.TableRow(
                        cells=(names[each.organization], pages.sides_text(on, each), certainly(each.sure)),
                        ref=organization(each.organization),
                    )
                    for each in some
                ),
                title=f"Contested on {issue}",
                empty="Nobody of ours is between two lanes on this issue.",
            )
        )
    return [*drawn, *wrong_cards(on)]


def _bridges(on: Associations) -> list[blocks.Block]:
    found = lanes.bridges(on.shared, on.lanes)
    names = on.names_of(each.organization for each in found)
    heads = ("Organization", "Associations", "No lane known of")
    words = f"{STAFF} Members in several associations that want nothing different, as far as lanes are recorded."
    table = blocks.Table(
        headings=tuple(blocks.Heading(label=head) for head in heads),
        rows=tuple(
            blocks.TableRow(
                cells=(
                    names[each.organization],
                    joined(on.names[key] for key in each.associations),
                    blocks.Cell(
                        text=joined(on.names[key] for key in each.unknown), tone="doubt" if each.unknown else "plain"
                    ),
                ),
                ref=organization(each.organization),
            )
            for each in found
            if each.organization in names
        ),
        title=f"On {written_day(on.context.as_of)}",
        empty="Nobody of ours is in two associations without a conflict.",
    )
    return [blocks.Card(title="Bridges", words=words), table]


def _unaffiliated(on: Associations) -> list[blocks.Block]:
    sheet = pages.unaffiliated_sheet(on)
    table = blocks.Table(
        headings=(blocks.Heading(label="Organization"), blocks.Heading(label="Certain")),
        rows=tuple(blocks.TableRow(cells=(name, sure), ref=organization(key)) for key, name, sure in sheet.rows),
        title=f"On {written_day(on.context.as_of)}",
        empty="Every member of ours is in an association.",
    )
    return [blocks.Card(title=sheet.title, words=sheet.note), table]


# -------------------------------------------------------------------- reach


def reach_blocks(context: PluginContext, answers: Answers) -> Iterable[blocks.Block]:
    """Which association would close how many gaps, and how many would close each district."""
    on = Associations(context)
    if not on.members:
        return [blocks.Card(title="Districts they would close", words=NO_ASSOCIATION)]
    try:
        found = covered(on, on.members, closes_only=True, basis=answers.get("basis") or "any")
    except CannotDecide as error:
        return [blocks.Card(title="Districts they would close", words=f"{error.message}. {error.hint}")]
    order = sorted(
        on.members, key=lambda key: (-len(found.closing(key).certain), -len(found.closing(key).possible), on.names[key])
    )
    gaps = found.gaps()
    bars = blocks.Bars(
        bars=tuple(
            blocks.Bar(
                label=on.names[key],
                value=len(found.closing(key).certain),
                of=gaps,
                note=f"possibly {len(found.closing(key).possible)} more" if found.closing(key).possible else "",
                key=str(key),
            )
            for key in order
        ),
        title=f"Of our {counted(gaps, 'gap')}",
    )
    words = (
        f"Of our {counted(gaps, 'gap')}, those that members of an association who are not ours would close."
        f" {found.terms}\nIn the tiles below: {_TILES}"
    )
    return [
        blocks.Card(title="Districts they would close", words=words),
        bars,
        *_all_tiles(on, found),
        *wrong_cards(on),
    ]


_TILES = "# ours  ? possibly ours  1-9 associations that would close it  +? possibly one  . nobody"


def _all_tiles(on: Associations, found: Covered) -> list[blocks.Tiles]:
    ours = states(found.ours)
    counts: dict[tuple[str, int], int] = dict.fromkeys(ours, 0)
    maybe: set[tuple[str, int]] = set()
    for key in on.members:
        closes = found.closing(key)
        maybe.update(closes.possible)
        for each in (*closes.certain, *closes.settled):
            counts[each] += 1
    tiles = []
    for chamber in found.ours.chambers:
        values: dict[int, blocks.Cell] = {}
        for (own, number), state in ours.items():
            if own == chamber:
                values[number] = _tile(state, counts[own, number], (own, number) in maybe)
        tiles.append(
            blocks.Tiles(
                chamber=chamber,
                values=values,
                title=f"{found.ours.chamber_names[chamber]}: who would close a gap",
                legend=_TILES,
            )
        )
    return tiles


def _tile(state: str, count: int, maybe: bool) -> blocks.Cell:
    if state == "confirmed":
        return blocks.Cell(text="#", tone="quiet")
    if count:
        return blocks.Cell(text=str(count) if count < 10 else "9+")
    if state == "possible":
        return blocks.Cell(text="?")
    return blocks.Cell(text="+?" if maybe else ".")


def reach_chosen(context: PluginContext, selection: Selection, answers: Answers) -> Show | None:
    """One association: its districts beside ours, and who would close what."""
    on = Associations(context)
    key = int(selection.key) if selection.key.isdecimal() else 0
    if key not in on.members:
        return None
    found = covered(on, [key], basis=answers.get("basis") or "any")
    drawn: list[blocks.Block] = [
        blocks.Card(title=on.names[key], words=found.reach_sentence(key, on.names[key]), ref=organization(key)),
        closing_table(on, found, key),
        *(association_tiles(found, key, chamber) for chamber in found.ours.chambers),
    ]
    return Show(title=f"Reach of {on.names[key]}", blocks=tuple(drawn))


def closing_table(on: Associations, found: Covered, key: int) -> blocks.Table:
    """The districts that an association would close, with who is there."""
    sheet = pages.reach_sheet(on, found, [key])
    return blocks.Table(
        headings=(blocks.Heading(label="District"), blocks.Heading(label="What"), blocks.Heading(label="With")),
        rows=tuple(blocks.TableRow(cells=(district, what, who)) for _, _, district, what, who in sheet.rows),
        title="Districts it would close",
        empty="None: its members who are not ours are in no district that we lack.",
    )


def association_tiles(found: Covered, key: int, chamber: str) -> blocks.Tiles:
    """The districts of a chamber: ours, theirs, both, and those that they would close."""
    ours, theirs = states(found.ours), states(found.theirs[key])
    closes = closing(states(found.outside[key]), ours)
    certain, possible = {*closes.certain, *closes.settled}, set(closes.possible)
    values: dict[int, blocks.Cell] = {}
    for district, state in ours.items():
        if district[0] != chamber:
            continue
        if district in certain:
            cell = blocks.Cell(text="+")
        elif district in possible:
            cell = blocks.Cell(text="+?")
        elif state == "confirmed":
            cell = blocks.Cell(text="=" if theirs.get(district) == "confirmed" else "#", tone="quiet")
        else:
            cell = blocks.Cell(text="?" if state == "possible" else ".")
        values[district[1]] = cell
    return blocks.Tiles(
        chamber=chamber,
        values=values,
        title=f"{found.ours.chamber_names[chamber]}: ours and theirs",
        legend="# ours  = ours and theirs  + they would close it  +? possibly  ? possibly ours  . nobody",
    )


# -------------------------------------------------------------------- postures


def ladder_blocks(context: PluginContext, _answers: Answers) -> Iterable[blocks.Block]:
    """Associations and agencies on the ladder, lowest first; last those of whom nothing is known.

    Steps at the ends with nobody on them are left out of the board, and counted above it.
    """
    if not context.show_private:
        return [blocks.Card(title="Postures", words=NOT_SHOWN)]
    on = Associations(context)
    if not on.bodies:
        return [
            blocks.Card(
                title="Postures", words="There is no association and no agency: partners add organization kind="
            )
        ]
    standing: dict[str, list[blocks.Card]] = {level: [] for level in (*ladder.LEVELS, "unknown")}
    for key in sorted(on.bodies, key=lambda key: (on.bodies[key].casefold(), key)):
        now = on.standings.get(key, ladder.Standing())
        standing[now.level or "unknown"].append(_on_ladder(key, on.bodies[key], now))
    taken = [place for place, level in enumerate(ladder.LEVELS) if standing[level]]
    steps = ladder.LEVELS[taken[0] : taken[-1] + 1] if taken else ()
    board = blocks.Board(
        lanes=tuple(
            blocks.Lane(label=level, cards=tuple(standing[level]))
            for level in (*steps, *(["unknown"] if standing["unknown"] else []))
        ),
        title=f"Postures on {written_day(context.as_of)}",
    )
    words = f"{STAFF} {joined(f'{level} {len(cards):,}' for level, cards in standing.items())}."
    return [blocks.Card(title="The ladder", words=words), board, *wrong_cards(on)]


def _on_ladder(key: int, name: str, now: ladder.Standing) -> blocks.Card:
    lines = []
    if now.since:
        lines.append(blocks.Line(label="since", value=now.since))
    if now.change:
        tone = blocks.Cell(text=ladder.steps_in_words(now.change), tone="good" if now.change > 0 else "bad")
        lines.append(blocks.Line(label="moved", value=tone))
    if now.level and (not now.sure or now.perhaps):
        lines.append(blocks.Line(label="", value=blocks.Cell(text=now.text, tone="doubt")))
    return blocks.Card(title=name, lines=tuple(lines), ref=organization(key))


# -------------------------------------------------------------------- competition


def competition_blocks(context: PluginContext, _answers: Answers) -> Iterable[blocks.Block]:
    """Who competes with whom, for what; an entry can be marked and ended."""
    if not context.show_private:
        return [blocks.Card(title="Competition", words=NOT_SHOWN)]
    on = Associations(context)
    table = competition_table(on, on.competitions, f"Competitions on {written_day(context.as_of)}")
    return [blocks.Card(title="Competition", words=STAFF), table, *wrong_cards(on)]


def competition_table(on: Associations, links: Sequence[rivals.Link], title: str) -> blocks.Table:
    """Competitions as a table; each row stands for its record."""
    some = sorted(links, key=lambda link: (link.resource.casefold(), link.fiscal_year, link.id))
    names = on.names_of({key for link in some for key in (link.first, link.second)})
    heads = ("Line or contract", "One", "The other", "Year", "For what", "Certain", "Until", "Note")
    return blocks.Table(
        headings=tuple(blocks.Heading(label=head) for head in heads),
        rows=tuple(
            blocks.TableRow(
                cells=(
                    link.resource,
                    blocks.Cell(text=names.get(link.first, ""), ref=organization(link.first)),
                    blocks.Cell(text=names.get(link.second, ""), ref=organization(link.second)),
                    link.fiscal_year,
                    _WHAT.get(link.what, link.what),
                    certainly(link.sure),
                    link.until,
                    link.note.partition("\n")[0],
                ),
                ref=blocks.Ref(COMPETITION, link.id),
            )
            for link in some
        ),
        title=title,
        empty="No competition is recorded: mark two organizations and choose “Record that they compete”.",
    )


VIEWS = (
    View(
        name="overlap",
        title="Shared members",
        blocks=overlap_blocks,
        select=overlap_chosen,
        choices=(
            Choice(name="who", label="Count", values=(("ours", "our members"), ("all", "all organizations"))),
            Choice(
                name="least",
                label="At least",
                values=tuple((str(number), f"{number} shared") for number in (1, 2, 5, 10, 25)),
            ),
        ),
    ),
    View(
        name="contested",
        title="Contested members",
        blocks=contested_blocks,
        choices=(
            Choice(
                name="what",
                label="Show",
                values=(("contested", "contested"), ("bridges", "bridges"), ("none", "in no association")),
            ),
        ),
        staff_only=True,
    ),
    View(
        name="reach",
        title="Association reach",
        blocks=reach_blocks,
        select=reach_chosen,
        choices=(
            Choice(
                name="basis",
                label="Sites",
                values=(("any", "any site"), ("hq", "headquarters"), ("service", "service sites")),
            ),
        ),
    ),
    View(name="postures", title="Postures", blocks=ladder_blocks, staff_only=True),
    View(name="competition", title="Competition", blocks=competition_blocks, staff_only=True),
)
