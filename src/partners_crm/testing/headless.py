"""The contracts of checks, reports, commands and words of the query language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from partners_crm.errors import QueryError
from partners_crm.plugins import (
    Answer,
    Command,
    Finding,
    Option,
    Outcome,
    PluginCheck,
    PluginContext,
    QueryField,
    Report,
    Verb,
)
from partners_crm.plugins.policy import Owned
from partners_crm.testing.contract import SLUG, Contract, every, only_ours
from partners_crm.testing.hostile import TEXTS
from partners_crm.testing.stage import Stage

_MOST = 200
"""Combinations of choices that are tried."""
_NONSENSE = ("", "\x00", "no such value", "-1", "9" * 40, *TEXTS)


class CheckContract(Contract):
    """What holds for every check."""

    hook = "checks"
    finds: ClassVar[Mapping[str, str] | None] = None
    """Terms under which it finds something in the demo coalition; None where there is nothing to find."""

    def test_its_terms_are_words_and_there_once(self, owned: Owned[PluginCheck]) -> None:
        names = [term.name for term in owned.item.terms]
        assert len(names) == len(set(names)), f"a term is there twice: {names}"
        every(names, lambda name: bool(SLUG.fullmatch(name)), "a term is no word of small letters and figures")
        for term in owned.item.terms:
            term.refuse(term.default)

    def test_it_answers_in_an_empty_coalition(self, empty_stage: Stage, owned: Owned[PluginCheck]) -> None:
        answer = asked(empty_stage, owned.item, {})
        assert answer.verdict != "failed", f"nothing to look at is no failure: {answer.statement}"

    def test_it_answers_the_same_twice(self, sample_stage: Stage) -> None:
        check = self.of(sample_stage).item
        assert asked(sample_stage, check, {}) == asked(sample_stage, check, {})

    def test_it_answers_under_each_of_its_terms(self, sample_stage: Stage) -> None:
        check = self.of(sample_stage).item
        for terms in terms_of(check):
            with only_ours(f"under {terms}"):
                asked(sample_stage, check, terms)

    def test_what_it_finds_is_told_apart(self, sample_stage: Stage) -> None:
        check = self.of(sample_stage).item
        answer = asked(sample_stage, check, self.finds or {})
        if self.finds is not None:
            assert answer.findings, f"it finds nothing under {dict(self.finds)}: {answer.statement}"
        for some in (answer.findings, answer.doubts):
            keys = [each.key for each in some]
            assert len(keys) == len(set(keys)), "two findings have one key: what is new since yesterday is told by it"


def terms_of(check: PluginCheck) -> Iterator[dict[str, str]]:
    """The default terms with one of them changed, for each value that a term can have."""
    for term in check.terms:
        values = term.allowed or (("0", "1", "365") if term.is_number else ())
        yield from ({term.name: value} for value in values)


def asked(stage: Stage, check: PluginCheck, terms: Mapping[str, str]) -> Answer:
    """What a check answers; the terms that are not named have their defaults."""
    given = {**{term.name: term.default for term in check.terms}, **terms}
    answer = stage.call(lambda context: check.run(context, MappingProxyType(given)))
    assert isinstance(answer, Answer), f"it answered {type(answer).__name__}, not an Answer"
    assert answer.statement.strip(), "an answer is a sentence with its terms: statement"
    for each in (*answer.findings, *answer.doubts):
        assert isinstance(each, Finding), f"a finding is {type(each).__name__}"
        assert each.key.strip(), "a finding has a key"
        assert each.text.strip(), "a finding says what is wrong"
    return answer


class ReportContract(Contract):
    """What holds for every report."""

    hook = "reports"
    options: ClassVar[Mapping[str, str]] = {}
    """What is given where an option is required."""

    def test_its_options_are_words(self, owned: Owned[Report]) -> None:
        check_options(owned.item.options)

    def test_it_answers_in_an_empty_coalition(self, empty_stage: Stage, owned: Owned[Report]) -> None:
        outcome_of(empty_stage, owned.item, given(owned.item.options, self.options))

    def test_it_answers_the_same_twice(self, sample_stage: Stage) -> None:
        report = self.of(sample_stage).item
        options = given(report.options, self.options)
        assert outcome_of(sample_stage, report, options) == outcome_of(sample_stage, report, options)

    def test_it_answers_each_choice_of_its_options(self, sample_stage: Stage) -> None:
        report = self.of(sample_stage).item
        for options in choices_of(report.options, self.options):
            with only_ours(f"with {options}"):
                outcome_of(sample_stage, report, options)

    def test_a_hostile_option_is_answered_in_words(self, sample_stage: Stage) -> None:
        report = self.of(sample_stage).item
        for options in hostile_options(report.options, self.options):
            with only_ours(f"with {options}"):
                outcome_of(sample_stage, report, options)


class CommandContract(Contract):
    """What holds for every command: for each of its verbs."""

    hook = "commands"
    options: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """By the name of a verb, what is given where one of its options is required."""

    def test_its_verbs_are_words_and_there_once(self, owned: Owned[Command]) -> None:
        names = [verb.name for verb in owned.item.verbs]
        assert names, "a command has at least one verb"
        assert len(names) == len(set(names)), f"a verb is there twice: {names}"
        every(names, lambda name: bool(SLUG.fullmatch(name)), "a verb is no word of small letters and figures")
        for verb in owned.item.verbs:
            assert verb.about.strip(), f"{verb.name} does not say what it does"
            check_options(verb.options)

    def test_a_question_answers_in_an_empty_coalition(self, empty_stage: Stage, owned: Owned[Command]) -> None:
        for verb in questions(owned.item):
            with only_ours(f"{verb.name} in an empty coalition"):
                outcome_of(empty_stage, verb, self.given_to(verb))

    def test_a_question_answers_the_same_twice(self, sample_stage: Stage) -> None:
        for verb in questions(self.of(sample_stage).item):
            first, second = (outcome_of(sample_stage, verb, self.given_to(verb)) for _ in range(2))
            assert first == second, f"{verb.name} answers two things"

    def test_a_hostile_option_is_answered_in_words(self, sample_stage: Stage) -> None:
        for verb in questions(self.of(sample_stage).item):
            for options in hostile_options(verb.options, self.options.get(verb.name, {})):
                with only_ours(f"{verb.name} with {options}"):
                    outcome_of(sample_stage, verb, options)

    def test_what_writes_is_one_operation_and_can_be_undone(self, sample_stage: Stage) -> None:
        for verb in self.of(sample_stage).item.verbs:
            if not verb.writes:
                continue
            before, count = sample_stage.everything(), sample_stage.operations
            outcome_of(sample_stage, verb, self.given_to(verb), writes=True)
            assert sample_stage.operations == count + 1, f"{verb.name}: write all of it in one `changes`"
            sample_stage.crm.undo()
            assert sample_stage.everything() == before, f"{verb.name}: an undo does not bring everything back"

    def given_to(self, verb: Verb) -> dict[str, str]:
        """Every option of a verb with a value."""
        return given(verb.options, self.options.get(verb.name, {}))


def questions(command: Command) -> list[Verb]:
    """The verbs that write nothing."""
    return [verb for verb in command.verbs if not verb.writes]


def check_options(options: tuple[Option, ...]) -> None:
    """Hold that options can be typed."""
    names = [option.name for option in options]
    assert len(names) == len(set(names)), f"an option is there twice: {names}"
    every(names, lambda name: bool(SLUG.fullmatch(name)), "an option is no word of small letters and figures")
    for option in options:
        assert option.help.strip(), f"{option.name} does not say what it is"
        is_choice = not option.choices or option.default in ("", *option.choices)
        assert is_choice, f"the default of {option.name} is none of its choices"


def given(options: tuple[Option, ...], values: Mapping[str, str]) -> dict[str, str]:
    """Every option with its value, as the core gives it."""
    found = {option.name: values.get(option.name, option.default) for option in options}
    missing = [option.name for option in options if option.required and not found[option.name]]
    assert not missing, f"{missing}: required, so say in `options` what the tests are to give"
    return found


def choices_of(options: tuple[Option, ...], values: Mapping[str, str]) -> list[dict[str, str]]:
    """Every combination of choices and flags, the first ones of them."""
    base = given(options, values)
    ways = [
        [(option.name, value) for value in (("", "yes") if option.is_flag else option.choices or (base[option.name],))]
        for option in options
    ]
    return [dict(some) for some, _ in zip(product(*ways), range(_MOST), strict=False)]


def hostile_options(options: tuple[Option, ...], values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The options with one of them hostile; one that has choices is held to them by the core."""
    base = given(options, values)
    for option in options:
        if not option.choices and not option.is_flag:
            yield from ({**base, option.name: text} for text in _NONSENSE)


def outcome_of(stage: Stage, item: Report | Verb, options: Mapping[str, str], *, writes: bool = False) -> Outcome:
    """What a report or a verb answers."""
    outcome = stage.call(lambda context: item.run(context, MappingProxyType(dict(options))), writes=writes)
    assert isinstance(outcome, Outcome), f"it answered {type(outcome).__name__}, not an Outcome"
    assert outcome.sheets or outcome.notes, (
        "it answers nothing: give a sheet, with no rows if there are none, or a note"
    )
    for sheet in outcome.sheets:
        assert sheet.title.strip(), "a sheet has a title"
        assert len(sheet.columns) == len(set(sheet.columns)), f"a header is there twice: {sheet.columns}"
        for row in sheet.rows:
            assert len(row) == len(sheet.columns), f"a row of {len(row)} cells under {len(sheet.columns)} headers"
            every(row, lambda cell: cell is None or isinstance(cell, (str, int, float)), "a cell is no text or number")
    return outcome


class QueryFieldContract(Contract):
    """What holds for every word of the query language."""

    hook = "query_fields"
    finds: ClassVar[str] = ""
    """A value that some record of the demo coalition has; "" where there is none."""

    def test_it_answers_in_an_empty_coalition(self, empty_stage: Stage, owned: Owned[QueryField]) -> None:
        for value in values_of(empty_stage, owned.item):
            check_ids(empty_stage, owned.item, value, ids_of(empty_stage, owned.item, value))

    def test_it_finds_records_of_its_entity(self, sample_stage: Stage) -> None:
        word = self.of(sample_stage).item
        for value in values_of(sample_stage, word):
            check_ids(sample_stage, word, value, ids_of(sample_stage, word, value))

    def test_it_finds_something(self, sample_stage: Stage) -> None:
        if not self.finds:
            pytest.skip("nothing of the kind is in the demo coalition: finds = '...' names a value")
        word = self.of(sample_stage).item
        assert ids_of(sample_stage, word, self.finds), f"{word.name}:{self.finds} finds nothing"

    def test_a_value_that_is_none_is_refused_in_words(self, sample_stage: Stage) -> None:
        word = self.of(sample_stage).item
        for value in _NONSENSE:
            try:
                found = ids_of(sample_stage, word, value)
            except QueryError as error:
                assert error.message.strip()
            else:
                check_ids(sample_stage, word, value, found)


def values_of(stage: Stage, word: QueryField) -> tuple[str, ...]:
    """What can be asked for, as the completion offers it."""
    if word.values is None:
        return ()
    values = word.values

    def work(context: PluginContext) -> tuple[str, ...]:
        return tuple(values(context))

    found = stage.call(work)
    every(found, lambda value: isinstance(value, str) and bool(value), "a value to complete is no text")
    return found


def check_ids(stage: Stage, word: QueryField, value: str, found: set[int]) -> None:
    """Hold that what a word finds is there, put away or not."""
    gone = found - set(stage.context.by_ids(word.entity, found))
    assert not gone, f"{word.name}:{value} finds ids that no {word.entity} has: {sorted(gone)[:5]}"


def ids_of(stage: Stage, word: QueryField, value: str) -> set[int]:
    """What a word finds."""

    def work(context: PluginContext) -> list[Any]:
        return list(word.find(context, value))

    found = stage.call(work)
    every(found, lambda each: isinstance(each, int) and not isinstance(each, bool), "an id is no number")
    return set(found)


__all__ = ["CheckContract", "CommandContract", "QueryFieldContract", "ReportContract"]
