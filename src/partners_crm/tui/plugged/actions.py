"""Running what plugins offer to do: ask for its inputs, ask whether it is meant, call it, and do what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from partners_crm.errors import PartnersError
from partners_crm.plugins.blocks import Input, Ref
from partners_crm.plugins.boundary import LIMIT
from partners_crm.plugins.screens import Action, Open, Reply, Said, Show
from partners_crm.tui.plugged.answers import reply_of
from partners_crm.tui.plugged.bridge import scope_of
from partners_crm.tui.screens.base import table_of

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.plugins.context import PluginContext
    from partners_crm.plugins.policy import Owned
    from partners_crm.store.open import Handle
    from partners_crm.tui.app import PartnersApp
    from partners_crm.tui.blocks.page import BlockPage


class Answer(NamedTuple):
    """What a call answered, and whether it wrote something meanwhile."""

    reply: Reply
    wrote: bool


def offer(house: PartnersApp, scope: str, refs: Sequence[Ref], owner: str = "") -> None:
    """Let a person choose one of the actions of a scope, and run it on these records."""
    from partners_crm.tui.screens.question import Choose  # with the first question

    actions = house.plugins.actions(scope, owner)
    if not actions:
        hint = "they are still being loaded" if house.plugins.state == "loading" else "9 says which plugins there are"
        house.notice("no plugin offers anything to do here", hint)
        return

    def chosen(place: int | None) -> None:
        if place is not None:
            run(house, actions[place], refs)

    where = scope_of(scope, owner)
    names = [name_of(each, house.plugins.key_of(where, each.item)) for each in actions]
    count = f"With {len(refs):,} records" if len(refs) > 1 else "With this record" if refs else "Here"
    house.push_screen(Choose(count, names), chosen)


def name_of(owned: Owned[Action], key: str = "") -> str:
    """An action as it stands in menus: what it does, whose it is, its key."""
    mark = "! " if owned.item.dangerous else ""
    return f"{mark}{owned.item.title} ({owned.owner.plugin})" + (f"  {key}" if key else "")


def run(
    house: PartnersApp,
    owned: Owned[Action],
    refs: Sequence[Ref],
    answers: Mapping[str, str] | None = None,
    then: Callable[[], object] = lambda: None,
) -> None:
    """Run an action on records: its inputs are asked for, unless a form of its view has answered them already.

    `then` is told when the plugin has carried it out.
    """
    action, some = owned.item, tuple(refs)

    def asked(given: Mapping[str, str] | None) -> None:
        if given is not None:
            find_answers(house, action.inputs, given, confirm)

    def call_or_ask() -> None:
        if answers is not None:
            confirm(answers)
        elif action.inputs:
            from partners_crm.tui.screens.inputs import AskInputs

            house.push_screen(AskInputs(action.title, action.inputs), asked)
        else:
            confirm({})

    def confirm(given: Mapping[str, str]) -> None:
        if not action.confirm and not action.dangerous:
            call(given)
            return
        from partners_crm.tui.screens.question import Confirm

        question = (action.confirm or f"{action.title}?").replace("{count}", f"{len(some):,}")
        lines = [f"{owned.owner.plugin}: {action.title}"]
        if action.dangerous:
            lines.append("! Look twice: it changes much, or cannot be taken back.")
        if some:
            lines.append(f"{len(some):,} {'record' if len(some) == 1 else 'records'}")
        house.push_screen(Confirm(question, lines, action.title), lambda yes: call(given) if yes else None)

    def call(given: Mapping[str, str]) -> None:
        sealed, db = MappingProxyType(dict(given)), house.crm.db

        def done(answer: Answer) -> None:
            then()
            answered(house, owned, answer)

        house.plugins.ask(
            owned,
            lambda context: _called(db, lambda: action.run(context, some, sealed)),
            done,
            lambda error: _failed(house, error),
            limit=LIMIT,
            stale=lambda: _hidden(house),
        )

    call_or_ask()


def select(house: PartnersApp, owned: Owned[Any], work: Callable[[PluginContext], object], ref: Ref | None) -> None:
    """Let a view say what Enter does, and do it; where it says nothing, the record under the cursor is opened."""
    db = house.crm.db

    def done(answer: Answer) -> None:
        answered(house, owned, answer)
        if answer.reply is None and ref is not None:
            open_record(house, ref)

    house.plugins.ask(
        owned,
        lambda context: _called(db, lambda: work(context)),
        done,
        lambda error: _failed(house, error),
        stale=lambda: _hidden(house),
    )


def run_form(house: PartnersApp, plugin: str, message: BlockPage.Answered) -> None:
    """Run the action of a form with its answers; the records are those that are marked beside it."""
    found = [
        each
        for each in house.plugins.offered.actions
        if each.owner.plugin == plugin and each.item.name == message.action
    ]
    if found:
        refs = message.page.refs

        def taken() -> None:
            if message.page.is_mounted:
                message.page.taken(message.form)

        find_answers(
            house, message.form.inputs, message.answers, lambda given: run(house, found[0], refs, given, taken)
        )
    else:
        house.notice(f"{plugin} has no action {message.action} for this form", error=True)


def find_answers(
    house: PartnersApp,
    inputs: Sequence[Input],
    typed: Mapping[str, str],
    then: Callable[[Mapping[str, str]], object],
) -> None:
    """Find the records that answers name, in the background; `then` gets answers with their ids."""
    if not any(asked.kind == "record" for asked in inputs):
        then(typed)
        return

    def work(crm: Crm) -> Mapping[str, str]:
        from partners_crm.plugins.form_answers import read_answers
        from partners_crm.store.read import find

        answers, wrong = read_answers(
            inputs, typed, lambda entity, text: int(find(crm.db, table_of(crm, entity), text).id)
        )
        for error in wrong.values():
            raise error
        return answers

    house.background(work, then)


def _called(db: Handle, work: Callable[[], object]) -> Answer:
    """Inside the boundary: the reply, checked, and whether an operation was written."""
    from partners_crm.store.journal import newest

    before = newest(db)
    reply = reply_of(work())
    return Answer(reply, newest(db) != before)


def answered(house: PartnersApp, owned: Owned[Any], answer: Answer) -> None:
    """Do what a plugin answered: show blocks, open a record or a list, say what was done."""
    reply = answer.reply
    undo = "u takes it back" if answer.wrote else ""
    if isinstance(reply, Said):
        house.notice(reply.text, reply.hint or undo)
    elif answer.wrote:
        house.notice(f"{owned.owner.plugin} has changed something", undo)
    if answer.wrote or isinstance(reply, Said):
        house.changed()
    if isinstance(reply, Show):
        from partners_crm.tui.screens.shown import Shown

        house.push_screen(Shown(owned, reply))
    elif isinstance(reply, Open):
        go(house, reply)


def go(house: PartnersApp, place: Open) -> None:
    """Open a record, or the list of a query, once that is known to mean something."""
    try:
        table = table_of(house.crm, place.entity)
    except PartnersError as error:
        house.fault(error)
        return
    if place.id:
        open_record(house, Ref(table.entity.name, place.id))
        return

    def opened(_compiled: object) -> None:
        from partners_crm.tui.screens.records import Records

        house.push_screen(Records(table.entity.plural, place.query))

    # A query that means nothing is said; it never reaches the list, which asks for it on the screen's own thread.
    house.background(lambda crm: crm.listing(table, place.query), opened)


def open_record(house: PartnersApp, ref: Ref) -> None:
    """Open the card of a record."""
    from partners_crm.tui.screens.card import CardScreen

    try:
        table = table_of(house.crm, ref.entity)
    except PartnersError as error:
        house.fault(error)
    else:
        house.push_screen(CardScreen(table.entity.name, ref.id))


def _hidden(house: PartnersApp) -> None:
    """An answer came that was asked for before others looked on."""
    house.notice("a plugin answered what others should not see", "P shows what is for staff only again")
    house.changed()  # it may have written


def _failed(house: PartnersApp, error: PartnersError) -> None:
    house.fault(error)
    house.changed()  # it may have written before it failed
