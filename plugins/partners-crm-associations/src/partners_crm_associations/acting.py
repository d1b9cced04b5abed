"""What a person can do: record a posture, record or end a competition, and ask who competes."""

from __future__ import annotations

from collections.abc import Mapping

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.plugins import Action, PluginContext, Said, Show, blocks
from partners_crm_associations import ladder, rivals, writing
from partners_crm_associations.kinds import COMPETITION, WHAT
from partners_crm_associations.reading import Associations
from partners_crm_associations.views import NOT_SHOWN, competition_table, organization, wrong_cards
from partners_crm_associations.words import STAFF, counted, written_day

Answers = Mapping[str, str]


def chosen(refs: tuple[blocks.Ref, ...], entity: str = "organization") -> tuple[int, ...]:
    """The ids of the records of an entity among those that are chosen, in their order."""
    return tuple(dict.fromkeys(ref.id for ref in refs if ref.entity == entity))


def record_posture(context: PluginContext, refs: tuple[blocks.Ref, ...], answers: Answers) -> Said:
    """Write down the posture of the association or agency that is chosen, and say whose.

    Raises:
        NotFound: none is chosen.
        InvalidValue: more than one is: the form names none, so nobody could see whose posture it would be.
    """
    ids = chosen(refs)
    if not ids:
        raise NotFound("no association or agency is chosen", "choose one first")
    if len(ids) > 1:
        reason = f"is recorded of one association or agency at a time, and {len(ids):,} are chosen"
        raise InvalidValue("posture", "", reason, "choose one alone: marks count too")
    given = [answers.get(name, "") for name in ("level", "since", "evidence", "reasons")]
    return Said(text=writing.record_postures(context, ids, *given), hint="u undoes it")


def record_competition(context: PluginContext, refs: tuple[blocks.Ref, ...], answers: Answers) -> Said:
    """Write down that two organizations compete: those that are chosen, or one and the one that is named.

    Raises:
        InvalidValue: they are not two, or one with itself.
    """
    ids = [*chosen(refs), *(_id_of(answers.get(name, "")) for name in ("one", "other") if answers.get(name))]
    two = list(dict.fromkeys(ids))
    if len(ids) == 2:
        two = ids  # one that is named twice is refused by its name
    if len(two) != 2:
        raise InvalidValue("competition", "", f"needs two organizations, and has {len(two)}", "choose or name two")
    text = writing.record_competition(
        context,
        two[0],
        two[1],
        answers.get("what", ""),
        answers.get("resource", ""),
        answers.get("fiscal_year", ""),
        answers.get("note", ""),
    )
    return Said(text=text, hint="u undoes it")


def end_competition(context: PluginContext, refs: tuple[blocks.Ref, ...], _answers: Answers) -> Said:
    """Write down that the chosen competitions end today."""
    ids = chosen(refs, COMPETITION)
    if not ids:
        raise NotFound("no competition is chosen", "mark some with the space bar")
    return Said(text=writing.end_competitions(context, ids), hint="u undoes it")


def competitors(context: PluginContext, refs: tuple[blocks.Ref, ...], _answers: Answers) -> Show:
    """Who competes with the chosen organizations, and where an ask for them would favour one side."""
    ids = set(chosen(refs))
    title = f"Who competes with {counted(len(ids), 'organization')}"
    if not context.show_private:
        return Show(title=title, blocks=(blocks.Card(title=title, words=NOT_SHOWN),))
    on = Associations(context)
    favours = rivals.favours(on.competitions, ids)
    names = on.names_of({key for each in favours for key in (each.gains, each.loses)})
    if favours:
        words = f"An ask for them would favour one side of {counted(len(favours), 'competition')}."
    else:
        words = "No recorded competition has exactly one side among them."
    head = blocks.Card(title=f"{STAFF} On {written_day(context.as_of)}", words=words)
    table = blocks.Table(
        headings=tuple(blocks.Heading(label=text) for text in ("Would gain", "Would lose", "Line or contract", "Year")),
        rows=tuple(
            blocks.TableRow(
                cells=(
                    names.get(each.gains, ""),
                    names.get(each.loses, ""),
                    each.link.resource,
                    each.link.fiscal_year,
                ),
                ref=organization(each.loses) if each.loses in names else None,
            )
            for each in favours
        ),
        title="Where one side would gain",
        empty="Nowhere.",
    )
    every = competition_table(on, rivals.of(on.competitions, ids), "All their competitions")
    return Show(title=title, blocks=(head, table, every, *wrong_cards(on)))


def _id_of(text: str) -> int:
    """The id that a question about a record was answered with.

    Raises:
        InvalidValue: it is none.
    """
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise InvalidValue("organization", text, "is no number of a record")
    return int(text)


ACTIONS = (
    Action(
        name="record-posture",
        title="Record a posture",
        run=record_posture,
        staff_only=True,
        scopes=("organization", "view:postures"),
        key_hint="p",
        inputs=(
            blocks.Input(
                name="level",
                label="Posture",
                kind="choice",
                value="observing",
                choices=tuple((level, level) for level in ladder.LEVELS),
                required=True,
                help="Of the one association or agency that is chosen; the answer names it.",
            ),
            blocks.Input(name="since", label="Since", kind="day", help="A day, a month or a year; empty: today."),
            blocks.Input(
                name="evidence", label="Evidence", help="What shows it: a vote, a letter, a seat at the table."
            ),
            blocks.Input(name="reasons", label="Reasons", kind="note", help="Why it stands so, as far as we know."),
        ),
    ),
    Action(
        name="record-competition",
        title="Record that they compete",
        run=record_competition,
        staff_only=True,
        scopes=("organizations", "organization", "view:competition"),
        inputs=(
            blocks.Input(name="one", label="One", kind="record", entity="organization", help="Empty: who is chosen."),
            blocks.Input(
                name="other", label="The other", kind="record", entity="organization", help="Empty: who is chosen."
            ),
            blocks.Input(name="what", label="For what", kind="choice", value="line", choices=WHAT),
            blocks.Input(name="resource", label="Line or contract", required=True),
            blocks.Input(name="fiscal_year", label="Fiscal year", help="Such as 2012, or 2011-2013."),
            blocks.Input(name="note", label="Note", kind="note"),
        ),
    ),
    Action(
        name="end-competition",
        title="These competitions are over",
        run=end_competition,
        staff_only=True,
        scopes=("view:competition",),
        confirm="Is today the last day of {count} competitions?",
    ),
    Action(
        name="competitors",
        title="Who competes with these?",
        run=competitors,
        staff_only=True,
        scopes=("organizations", "organization"),
    ),
)
