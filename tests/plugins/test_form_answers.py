"""What was typed into a form: read, or refused with the question's name."""

from __future__ import annotations

import pytest

from partners_crm.errors import NotFound
from partners_crm.plugins.blocks import Input
from partners_crm.plugins.form_answers import read_answers

STEPS = (("wary", "Wary"), ("co-leading", "Co-leading"))
READ: list[tuple[Input, str, str]] = [
    # Question, what is typed, the answer.
    (Input(name="a", label="A"), "  two   words ", "two words"),
    (Input(name="a", label="A", kind="note"), "one\n  two \n", "one\n  two"),
    (Input(name="a", label="A", kind="day"), "7/14/2011", "2011-07-14"),
    (Input(name="a", label="A", kind="day"), "2011-07", "2011-07"),
    (Input(name="a", label="A", kind="day"), "", ""),
    (Input(name="a", label="A", kind="whole"), "1,250", "1250"),
    (Input(name="a", label="A", kind="whole"), "-07", "-7"),
    (Input(name="a", label="A", kind="flag"), "Yes", "yes"),
    (Input(name="a", label="A", kind="flag"), "no", ""),
    (Input(name="a", label="A", kind="flag"), "", ""),
    (Input(name="a", label="A", kind="choice", choices=STEPS), "WARY", "wary"),
    (Input(name="a", label="A", kind="choice", choices=STEPS), "co-leading", "co-leading"),
    (Input(name="a", label="A", kind="record", entity="organization"), "Near West", "Near West"),
]
WRONG: list[tuple[Input, str, str]] = [
    (Input(name="a", label="Reason", required=True), "  ", "Reason is required"),
    (Input(name="a", label="Consent", kind="flag", required=True), "no", "Consent is required"),
    (Input(name="a", label="Since", kind="day"), "2011-13", "date: '2011-13' is not a date: there is no month 13"),
    (Input(name="a", label="Members", kind="whole"), "3.5", "Members: '3.5' is not a whole number"),
    (Input(name="a", label="Members", kind="whole"), "٣", "Members: '٣' is not a whole number"),
    (Input(name="a", label="Open", kind="flag"), "perhaps", "Open: 'perhaps' is neither yes nor no"),
    (Input(name="a", label="Step", kind="choice", choices=STEPS), "kind", "Step: 'kind' is not among its choices"),
]


@pytest.mark.parametrize(("asked", "typed", "answer"), READ)
def test_an_answer_is_read(asked: Input, typed: str, answer: str) -> None:
    assert read_answers([asked], {"a": typed}) == ({"a": answer}, {})


@pytest.mark.parametrize(("asked", "typed", "words"), WRONG)
def test_an_answer_is_refused(asked: Input, typed: str, words: str) -> None:
    answers, wrong = read_answers([asked], {"a": typed})
    assert answers == {}
    assert wrong["a"].message == words


def test_a_record_is_looked_for() -> None:
    asked = Input(name="a", label="Association", kind="record", entity="organization")

    def find(entity: str, text: str) -> int:
        if text != "Near West":
            raise NotFound(f"no {entity} {text}")
        return 4

    assert read_answers([asked], {"a": "Near West"}, find) == ({"a": "4"}, {})
    answers, wrong = read_answers([asked], {"a": "Far East"}, find)
    assert (answers, wrong["a"].message) == ({}, "no organization Far East")
    assert read_answers([asked], {}, find) == ({"a": ""}, {})


def test_what_was_not_typed_is_empty_and_all_that_is_wrong_is_said() -> None:
    inputs = [
        Input(name="a", label="A", required=True),
        Input(name="b", label="B", kind="day"),
        Input(name="c", label="C"),
    ]
    answers, wrong = read_answers(inputs, {"b": "x"})
    assert answers == {"c": ""}
    assert set(wrong) == {"a", "b"}
