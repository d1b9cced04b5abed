"""The contracts of what a plugin shows: views, tabs, columns and actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import islice, product
from types import MappingProxyType
from typing import Any, ClassVar, get_args

import pytest

from partners_crm.errors import PartnersError
from partners_crm.normalize.text import show
from partners_crm.plugins import Action, Column, Open, PluginContext, Said, Selection, Show, Tab, View
from partners_crm.plugins.block_text import text_lines
from partners_crm.plugins.blocks import BLOCKS, Block, Cell, Form, Ref, Text
from partners_crm.plugins.policy import Owned
from partners_crm.testing.contract import SLUG, Contract, every, only_ours
from partners_crm.testing.hostile import TEXTS
from partners_crm.testing.stage import Stage

_WIDTHS = (140, 80, 20)
_MOST = 50
"""Records, selections or combinations of switches that are tried."""
_REPLIES = (Show, Open, Said, type(None))


def drawn(blocks: Iterable[Any]) -> tuple[Block, ...]:
    """The blocks, each of the closed set, drawn as text at several widths; what they say must be harmless."""
    found = tuple(blocks)
    for block in found:
        assert isinstance(block, BLOCKS), (
            f"{type(block).__name__} is none of the blocks: see partners_crm.plugins.blocks"
        )
    for width in _WIDTHS:
        for line in text_lines(found, width):
            assert show(line) == line, f"a line acts on a terminal: {line!r}"
    return found


def parts_of(value: Any) -> Iterator[Any]:
    """Every part of a block, however deep."""
    if is_dataclass(value) and not isinstance(value, type):
        yield value
        for each in fields(value):
            yield from parts_of(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from parts_of(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from parts_of(each)


def check_refs(stage: Stage, blocks: Sequence[Block]) -> None:
    """Hold that whatever stands for a record stands for one that is there."""
    refs = {part for block in blocks for part in parts_of(block) if isinstance(part, Ref)}
    for ref in refs:
        assert ref.id in stage.context.by_ids(ref.entity, [ref.id]), f"there is no {ref.entity} {ref.id}"


def selections(blocks: Sequence[Block]) -> Iterator[Selection]:
    """What a person could choose in some blocks: whatever stands for a record or has a key."""
    for place, block in enumerate(blocks):
        for part in parts_of(block):
            ref = getattr(part, "ref", None)
            key = getattr(part, "key", "")
            if ref is not None or key:
                yield Selection(block=place, ref=ref, key=key)


class ViewContract(Contract):
    """What holds for every view."""

    hook = "views"

    def test_its_switches_are_words(self, owned: Owned[View]) -> None:
        names = [choice.name for choice in owned.item.choices]
        assert len(names) == len(set(names)), f"a switch is there twice: {names}"
        for choice in owned.item.choices:
            assert SLUG.fullmatch(choice.name), f"{choice.name!r} is no word of small letters and figures"
            assert choice.values, f"the switch {choice.name} has nothing to choose"
            every(choice.values, lambda pair: all(isinstance(text, str) for text in pair), "a choice is no text")

    def test_it_draws_in_an_empty_coalition(self, empty_stage: Stage, owned: Owned[View]) -> None:
        for answers in switched(owned.item):
            assert shown(empty_stage, owned.item, answers), "say in a block why there is nothing, and what to do"

    def test_it_draws_under_each_switch(self, sample_stage: Stage) -> None:
        view = self.of(sample_stage).item
        for answers in switched(view):
            check_refs(sample_stage, shown(sample_stage, view, answers))

    def test_it_draws_the_same_twice(self, sample_stage: Stage) -> None:
        view = self.of(sample_stage).item
        answers = next(switched(view))
        assert shown(sample_stage, view, answers) == shown(sample_stage, view, answers)

    def test_hostile_text_survives(self, empty_stage: Stage, owned: Owned[View]) -> None:
        poison(empty_stage)
        for answers in switched(owned.item):
            shown(empty_stage, owned.item, answers)

    def test_its_forms_have_actions(self, sample_stage: Stage) -> None:
        view = self.of(sample_stage).item
        actions = {each.item.name for each in sample_stage.registry.actions()}
        for answers in switched(view):
            forms = [block for block in shown(sample_stage, view, answers) if isinstance(block, Form)]
            assert {form.action for form in forms} <= actions, "a form names an action that there is not"

    def test_a_selection_is_answered(self, sample_stage: Stage) -> None:
        view = self.of(sample_stage).item
        if view.select is None:
            pytest.skip("the view leaves Enter to the core, which opens the record")
        for answers in switched(view):
            blocks = shown(sample_stage, view, answers)
            for chosen in islice(selections(blocks), _MOST):
                with only_ours(f"{chosen}"):
                    replied(sample_stage, selected(sample_stage, view, chosen, answers))


def selected(stage: Stage, view: View, chosen: Selection, answers: Mapping[str, str]) -> Any:
    """What a view answers to a selection."""
    select = view.select
    assert select is not None, "asked only of a view that answers selections"
    return stage.call(lambda context: select(context, chosen, MappingProxyType(dict(answers))))


def switched(view: View) -> Iterator[dict[str, str]]:
    """The values of a view's switches, the defaults first."""
    ways = [[(choice.name, value) for value, _ in choice.values] for choice in view.choices]
    yield from map(dict, islice(product(*ways), _MOST))


def shown(stage: Stage, view: View, answers: Mapping[str, str]) -> tuple[Block, ...]:
    """What a view draws."""
    return drawn(stage.call(lambda context: tuple(view.blocks(context, MappingProxyType(dict(answers))))))


def replied(stage: Stage, reply: Any) -> None:
    """Hold that the answer of a selection or an action is one."""
    assert isinstance(reply, _REPLIES), f"it answered {type(reply).__name__}: Show, Open, Said or None"
    if isinstance(reply, Show):
        assert reply.title.strip(), "what is shown has a title"
        check_refs(stage, drawn(reply.blocks))
    elif isinstance(reply, Said):
        assert reply.text.strip(), "say what was done"
    elif isinstance(reply, Open):
        stage.context.count(reply.entity, reply.query)
        assert not reply.id or reply.id in stage.context.by_ids(reply.entity, [reply.id]), "it opens what is not there"


def poison(stage: Stage) -> None:
    """Fill a coalition with organizations and people whose names are hostile."""
    with stage.context.changes("hostile names") as changes:
        for text in TEXTS:
            body = changes.add("organization", name=text, note=text)
            changes.add("contact", name=text, note=text)
            changes.add("site", organization=body.id, address=text.splitlines()[0], city=text.splitlines()[0])


class TabContract(Contract):
    """What holds for every tab of a card."""

    hook = "tabs"

    def test_it_draws_for_every_record(self, sample_stage: Stage) -> None:
        tab = self.of(sample_stage).item
        for record in sample_stage.context.records(tab.entity)[:_MOST]:
            check_refs(sample_stage, tabbed(sample_stage, tab, record))

    def test_it_draws_the_same_twice(self, sample_stage: Stage) -> None:
        tab = self.of(sample_stage).item
        for record in sample_stage.context.records(tab.entity)[:3]:
            assert tabbed(sample_stage, tab, record) == tabbed(sample_stage, tab, record)

    def test_hostile_text_survives(self, empty_stage: Stage, owned: Owned[Tab]) -> None:
        poison(empty_stage)
        for record in empty_stage.context.records(owned.item.entity)[:_MOST]:
            tabbed(empty_stage, owned.item, record)


def tabbed(stage: Stage, tab: Tab, record: Any) -> tuple[Block, ...]:
    """What a tab draws for a record."""
    return drawn(stage.call(lambda context: tuple(tab.blocks(context, record))))


class ColumnContract(Contract):
    """What holds for every column of a list."""

    hook = "columns"

    def test_nothing_is_asked_and_nothing_answered(self, empty_stage: Stage, owned: Owned[Column]) -> None:
        assert not texts(empty_stage, owned.item, ())

    def test_it_has_texts_for_a_page(self, sample_stage: Stage) -> None:
        column = self.of(sample_stage).item
        ids = sample_stage.context.ids(column.entity)
        found = texts(sample_stage, column, ids)
        assert set(found) <= set(ids), f"it answers for records that nobody asked for: {set(found) - set(ids)}"

    def test_a_page_is_its_rows(self, sample_stage: Stage) -> None:
        column = self.of(sample_stage).item
        ids = sample_stage.context.ids(column.entity)
        whole = texts(sample_stage, column, ids)
        for key in ids[:_MOST]:
            assert texts(sample_stage, column, (key,)).get(key) == whole.get(key), "a text depends on the other rows"

    def test_records_that_are_gone_are_blank(self, sample_stage: Stage) -> None:
        column = self.of(sample_stage).item
        texts(sample_stage, column, (987_654_321,))

    def test_hostile_text_survives(self, empty_stage: Stage, owned: Owned[Column]) -> None:
        poison(empty_stage)
        texts(empty_stage, owned.item, empty_stage.context.ids(owned.item.entity))


def texts(stage: Stage, column: Column, ids: tuple[int, ...]) -> dict[int, Text]:
    """What a column answers for a page of rows."""

    def work(context: PluginContext) -> Any:
        return column.values(context, ids)

    found = stage.call(work)
    assert isinstance(found, Mapping), f"it answered {type(found).__name__}: a text for each id, by id"
    for key, text in found.items():
        assert isinstance(key, int), f"a text is given by the id of its record, not by {key!r}"
        assert isinstance(text, (str, Cell)), f"id {key}: {type(text).__name__} is no text and no Cell"
    return dict(found)


class ActionContract(Contract):
    """What holds for every action."""

    hook = "actions"
    entity: ClassVar[str] = "organization"
    """Of the records that the tests choose."""
    answers: ClassVar[Mapping[str, str]] = {}
    """What the tests answer to its inputs; the rest has the values that the inputs begin with."""
    writes: ClassVar[bool] = True
    """Whether it changes the coalition; then all of it is one operation that an undo takes back."""

    def test_it_is_offered_somewhere(self, empty_stage: Stage, owned: Owned[Action]) -> None:
        assert owned.item.scopes, "say where it is offered: scopes = ('organizations',)"
        views = {f"view:{each.item.name}" for each in empty_stage.registry.views()}
        tables = empty_stage.crm.db.entities
        known = {name for table in tables for name in (table.entity.name, table.entity.plural)}
        for scope in owned.item.scopes:
            assert scope in known | views, f"{scope} is no list, no card and no view of the plugin"

    def test_its_inputs_are_words_and_there_once(self, owned: Owned[Action]) -> None:
        names = [each.name for each in owned.item.inputs]
        assert len(names) == len(set(names)), f"an input is there twice: {names}"

    def test_it_does_what_it_says_once(self, sample_stage: Stage) -> None:
        action = self.of(sample_stage).item
        refs = self._refs(sample_stage)
        before, count = sample_stage.everything(), sample_stage.operations
        replied(sample_stage, self._done(sample_stage, action, refs, self._answered(action)))
        if not self.writes:
            return
        assert sample_stage.operations == count + 1, "write all of it in one `changes`: it is one step for a person"
        assert sample_stage.everything() != before, "it changes nothing: writes = False where that is so"
        sample_stage.crm.undo()
        assert sample_stage.everything() == before, "an undo does not bring everything back"

    def test_without_records_it_ends_in_words(self, empty_stage: Stage, owned: Owned[Action]) -> None:
        with only_ours("without records"):
            replied(empty_stage, self._done(empty_stage, owned.item, (), self._answered(owned.item)))

    def test_records_that_are_gone_end_in_words(self, empty_stage: Stage, owned: Owned[Action]) -> None:
        gone = (Ref(self.entity, 987_654_321),)
        with only_ours("with a record that is gone"):
            replied(empty_stage, self._done(empty_stage, owned.item, gone, self._answered(owned.item)))

    def test_a_hostile_answer_is_kept_or_refused_in_words(self, sample_stage: Stage) -> None:
        action = self.of(sample_stage).item
        refs = self._refs(sample_stage)[:1]
        for each in action.inputs:
            for text in ("", *TEXTS):
                before = sample_stage.everything() if text in TEXTS[:3] else None
                try:
                    answers = {**self._answered(action), each.name: text}
                    replied(sample_stage, self._done(sample_stage, action, refs, answers))
                except PartnersError as error:
                    assert error.message.strip()
                    if before is not None:
                        assert sample_stage.everything() == before, "it refuses, but only after it wrote something"

    def _refs(self, stage: Stage) -> tuple[Ref, ...]:
        return tuple(Ref(self.entity, key) for key in stage.context.ids(self.entity)[:2])

    def _answered(self, action: Action) -> dict[str, str]:
        found = {each.name: self.answers.get(each.name, each.value) for each in action.inputs}
        missing = [each.name for each in action.inputs if each.required and not found[each.name]]
        assert not missing, f"{missing}: required, so say in `answers` what the tests are to answer"
        return found

    def _done(self, stage: Stage, action: Action, refs: tuple[Ref, ...], answers: Mapping[str, str]) -> Any:
        given = MappingProxyType(dict(answers))
        return stage.call(lambda context: action.run(context, refs, given), writes=self.writes)


assert get_args(Block) == BLOCKS, "the closed set is what the suites know"
