"""What the cards and the list of organizations show of associations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from partners_crm.errors import CannotDecide
from partners_crm.plugins import Column, PluginContext, Tab, blocks
from partners_crm_associations import ladder, lanes, pages, reach, rivals, ties
from partners_crm_associations.covering import covered
from partners_crm_associations.reading import Associations, ties_of
from partners_crm_associations.views import competition_table, organization, wrong_cards
from partners_crm_associations.words import MAYBE, STAFF, counted, joined, with_possible, written_day

# -------------------------------------------------------------------- the card of an association


def association(context: PluginContext, record: Any) -> Iterable[blocks.Block]:
    """An association beside the coalition: members, districts, silos; none for who is no association."""
    if record.kind != "association":
        return []
    on = Associations(context)
    if record.id not in on.members:
        return []
    return [_about(on, record.id), _silos(on, record.id), _members(on, record.id)]


def _about(on: Associations, key: int) -> blocks.Card:
    members, ours = on.members[key], on.shared[key]
    certain = sum(members.values())
    lines = [
        blocks.Line(label="Members", value=with_possible(certain, len(members) - certain)),
        blocks.Line(label="Ours", value=f"{len(ours):,}"),
        blocks.Line(label="Not ours", value=f"{len(members) - len(ours):,}"),
    ]
    if on.context.show_private:
        lines.append(blocks.Line(label="Posture", value=on.standings.get(key, ladder.Standing()).text))
        wants = [f"{issue}: {own[key].lane}" for issue, own in on.lanes.items() if key in own]
        lines.append(blocks.Line(label="Lanes", value="; ".join(wants) or "none recorded"))
    try:
        found = covered(on, [key])
    except CannotDecide as error:
        return blocks.Card(title=f"On {written_day(on.context.as_of)}", lines=tuple(lines), words=str(error))
    for each in found.beside(key):
        theirs = with_possible(each.theirs, each.theirs_possible)
        value = f"{theirs} of {each.districts}, ours {with_possible(each.ours, each.ours_possible)}, both {each.both}"
        lines.append(blocks.Line(label=found.ours.chamber_names[each.chamber], value=value))
    words = found.reach_sentence(key, on.names[key])
    return blocks.Card(title=f"On {written_day(on.context.as_of)}", lines=tuple(lines), words=words)


def _silos(on: Associations, key: int) -> blocks.Bars:
    shares = reach.silo_shares(on.members[key], on.silo_shares)
    return blocks.Bars(
        bars=tuple(
            blocks.Bar(
                label=on.silos[each.silo],
                value=round(each.weight, 1),
                of=len(on.members[key]),
                note=counted(each.organizations, "organization"),
            )
            for each in shares
        ),
        title="Silos of its members, by weight",
    )


def _members(on: Associations, key: int) -> blocks.Table:
    sheet = pages.member_sheet(on, key)
    heads = ("Organization", "Certain", "Ours", "Other associations")
    return blocks.Table(
        headings=tuple(blocks.Heading(label=head) for head in heads),
        rows=tuple(blocks.TableRow(cells=row[1:], ref=organization(row[0])) for row in sheet.rows),
        title="Members",
        empty="Nobody is recorded: partners add affiliation organization=NAME association=NAME",
    )


# -------------------------------------------------------------------- the card of an organization


def affiliations(context: PluginContext, record: Any) -> Iterable[blocks.Block]:
    """The associations of an organization, what each wants, and who competes with it."""
    on = Associations(context)
    names = ("id", "association", "dues_paying", "since", "until", "confirmed_on")
    rows = context.linked("affiliation", "organization", [record.id], *names)
    drawn: list[blocks.Block] = []
    if rows:
        called = on.names_of({row[1] for row in rows})
        heads = ("Association", "Held", "Since", "Until", "Pays dues", "Confirmed")
        drawn.append(
            blocks.Table(
                headings=tuple(blocks.Heading(label=head) for head in heads),
                rows=tuple(
                    blocks.TableRow(
                        cells=(
                            called.get(association, ""),
                            on.dates.holds(
                                f"affiliation {key}", since, until, confirmed_on or context.today.isoformat()
                            ),
                            since or "not known",
                            until,
                            "yes" if dues_paying else "",
                            confirmed_on or blocks.Cell(text="never", tone="doubt"),
                        ),
                        ref=organization(association) if association in called else None,
                    )
                    for key, association, dues_paying, since, until, confirmed_on in rows
                ),
                title=f"Associations on {written_day(context.as_of)}",
            )
        )
    if context.show_private:
        drawn += _torn(on, record.id, rows)
        links = rivals.of(on.competitions, {record.id})
        if links:
            drawn.append(competition_table(on, links, f"Competes with. {STAFF}"))
    return [*drawn, *wrong_cards(on)] if drawn else []


def _torn(on: Associations, key: int, rows: tuple[tuple[Any, ...], ...]) -> list[blocks.Block]:
    members = ties.members_by_association(ties_of(on.context, [key])) if rows else {}
    found = lanes.contested(members, on.lanes)
    if not found:
        return []
    called = on.names_of({side.association for each in found for side in each.sides})
    lines = [
        blocks.Line(
            label=each.issue,
            value=blocks.Cell(
                text=" / ".join(f"{called.get(side.association, '')}: {side.lane}" for side in each.sides),
                tone="bad" if each.sure else "doubt",
            ),
        )
        for each in found
    ]
    return [blocks.Card(title=f"Contested. {STAFF}", lines=tuple(lines))]


def posture(context: PluginContext, record: Any) -> Iterable[blocks.Block]:
    """The posture of an association or agency, step by step, with what shows each; for staff only."""
    if not context.show_private:
        return []
    on = Associations(context)
    own = [each for each in on.postures if each.organization == record.id]
    if not own and record.kind not in {"association", "agency"}:
        return []
    now = ladder.on_day(own)
    steps = ladder.history(own)
    events = tuple(
        blocks.Event(
            day=step.recorded.since,
            text=blocks.Cell(
                text=_moved(step), tone="good" if step.change > 0 else "bad" if step.change < 0 else "plain"
            ),
            words="\n".join(filter(None, (step.recorded.evidence, step.recorded.reasons))),
            ref=blocks.Ref("posture", step.recorded.id),
        )
        for step in reversed(steps)
    )
    head = blocks.Card(title=f"{STAFF} On {written_day(context.as_of)}", words=now.text)
    empty = "No posture is recorded: choose “Record a posture”."
    return [head, blocks.Timeline(events=events, title="Posture by posture", empty=empty)]


def _moved(step: ladder.Step) -> str:
    words = ladder.steps_in_words(step.change)
    return f"{step.recorded.level} ({words})" if words else step.recorded.level


# -------------------------------------------------------------------- the list


def contested(context: PluginContext, ids: tuple[int, ...]) -> Mapping[int, blocks.Text]:
    """On which issues each of these organizations is contested; blank on a shared screen."""
    if not context.show_private or not ids:
        return {}
    torn = lanes.contested(ties.members_by_association(ties_of(context, ids)), Associations(context).lanes)
    issues: dict[int, list[str]] = {}
    sure: dict[int, bool] = {}
    for each in torn:
        # In words, for a list that is printed or exported has no tones.
        issues.setdefault(each.organization, []).append(each.issue if each.sure else f"{each.issue} ({MAYBE})")
        sure[each.organization] = sure.get(each.organization, False) or each.sure
    return {
        key: blocks.Cell(text=joined(some, 2), tone="bad" if sure[key] else "doubt") for key, some in issues.items()
    }


TABS = (
    Tab(name="association", entity="organization", title="Association", blocks=association),
    Tab(name="affiliations", entity="organization", title="Associations", blocks=affiliations),
    Tab(name="posture", entity="organization", title="Posture", blocks=posture, staff_only=True),
)
COLUMN = Column(name="contested", entity="organization", label="Contested", values=contested, width=18, staff_only=True)
