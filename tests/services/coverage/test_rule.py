"""The terms of a coverage statement: read back from their text, refused where they are none, and as options."""

from __future__ import annotations

import shlex
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.cli.commands.coverage import add_arguments, rule_of
from partners_crm.cli.parsing import Parser
from partners_crm.errors import InvalidValue, NotFound
from partners_crm.services.coverage.rule import (
    BASES,
    CHAMBERS,
    HIGHEST_MATCH,
    LEVELS,
    MAP_BY,
    TERMS,
    UNITS,
    Rule,
)

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
rules = st.builds(
    Rule,
    chamber=st.sampled_from(CHAMBERS),
    basis=st.sampled_from(BASES),
    silo=anything,
    of=anything,
    unit=st.sampled_from(UNITS),
    min_count=st.integers(1, 999_999_999),
    min_match=st.integers(0, HIGHEST_MATCH),
    level=st.sampled_from(LEVELS),
    map=anything,
    map_by=st.sampled_from(MAP_BY),
    strict=st.booleans(),
    max_unassigned=st.none() | st.integers(0, 999_999_999),
)


@given(rules)
def test_any_rule_reads_back_from_its_text(rule: Rule) -> None:
    rule.check()
    assert Rule.read(rule.text) == rule == Rule.of_terms(rule.as_terms())


@pytest.mark.parametrize("name", ["O'Hara", 'A "B" C', "two words", "back\\slash", "a=b", "#1 House", "$HOME", " "])
def test_a_name_reads_back_with_its_quotation_marks(name: str) -> None:
    assert Rule.read(Rule(of=name).text).of == name


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", Rule()),
        ("chamber=house min_count=2", Rule(chamber="house", min_count=2)),
        ('of="A02 Association of Caretakers"', Rule(of="A02 Association of Caretakers")),
        ("strict=yes max-unassigned=0", Rule(strict=True, max_unassigned=0)),
        ("strict=no max-unassigned= silo=", Rule()),
    ],
)
def test_what_people_write_is_read(text: str, rule: Rule) -> None:
    assert Rule.read(text) == rule


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour=red", "has no term colour"),
        ("chamber", "has no term chamber"),
        ("chamber=both basis=dream", "dream"),
        ("chamber=house chamber=senate", "twice"),
        ("min-count=2 min_count=3", "twice"),
        ("min-count=two", "not a whole number"),
        ("min-count=", "not a whole number"),
        ("min-count=0", "at least 1"),
        ("strict=perhaps", "strict.*one of: no, yes"),
        ("level=5", "level.*one of: 1, 2, 3, 4"),
        ('silo="housing', "cannot be read"),
        ("min-match=111", "no match level"),
        ("max-unassigned=-1", "not a whole number"),
        ("max-unassigned=1234567890", "not a whole number"),
    ],
)
def test_a_term_that_is_none_is_named(text: str, words: str) -> None:
    with pytest.raises((InvalidValue, NotFound), match=words):
        Rule.read(text)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(chamber="hous"), "chamber"),
        (Rule(basis=""), "basis"),
        (Rule(level=0), "level"),
        (Rule(min_match=-1), "min-match"),
        (Rule(min_count=-1), "at least 1"),
        (Rule(max_unassigned=-1), "must not be negative"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_refused(rule: Rule, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        rule.check()


def test_every_field_is_a_term_and_has_words() -> None:
    assert [term.field for term in TERMS] == [each.name for each in fields(Rule)]
    assert all(term.about for term in TERMS)
    assert Rule.of_terms({term.name: term.default for term in TERMS}) == Rule()


@given(rules)
def test_the_command_takes_the_options_of_any_rule(rule: Rule) -> None:
    parser = Parser(prog="coverage")
    add_arguments(parser, "coverage")
    words = shlex.split(rule.options)
    assert rule_of(parser.parse(["check", *words])) == rule
    assert (rule.options == "") is (rule == Rule())
