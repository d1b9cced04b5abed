"""JUnit and Markdown: valid for any text, plain text stays plain, and the same bytes every time."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.cli.formats import Case, Suite, junit, markdown_table, markdown_text
from partners_crm.normalize.text import show

ANY = st.text(st.characters(), max_size=30)  # lone surrogates and controls too
HOSTILE = "\x1b]0;title\x07<script>&'\"\ud800\ufffe|`\n\r\0"


def test_a_junit_file_counts_its_cases_by_state() -> None:
    cases = (
        Case("a", "rule", "passed"),
        Case("b", "rule", "failure", "no member"),
        Case("c", "rule", "skipped", "possible"),
        Case("d", "rule", "error", "broken"),
    )
    root = Xml.fromstring(junit([Suite("Rule", cases, (("map", "il-2021"),)), Suite("Other", ())]))
    assert root.attrib == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    first, second = root.findall("testsuite")
    assert first.attrib == {"name": "Rule", "tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert [(each.get("name"), [one.tag for one in each]) for each in first.findall("testcase")] == [
        ("a", []),
        ("b", ["failure"]),
        ("c", ["skipped"]),
        ("d", ["error"]),
    ]
    failure = first.find("testcase/failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("no member", "no member")
    assert [each.attrib for each in first.iter("property")] == [{"name": "map", "value": "il-2021"}]
    assert second.get("tests") == "0"


@given(ANY, ANY, ANY)
def test_a_junit_file_is_valid_ascii_and_holds_what_is_shown(name: str, message: str, value: str) -> None:
    text = junit([Suite(name, (Case(name, value, "failure", message),), ((value, message),))])
    assert text.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    root = Xml.fromstring(text)
    case = root.find("testsuite/testcase")
    failure = root.find("testsuite/testcase/failure")
    assert case is not None
    assert failure is not None
    assert (case.get("name"), case.get("classname")) == (show(name), show(value))
    assert failure.get("message") == show(message)


def test_a_hostile_text_acts_nowhere() -> None:
    assert "\x1b" not in junit([Suite(HOSTILE, (Case(HOSTILE, HOSTILE, "error", HOSTILE),))])
    table = markdown_table([HOSTILE], [[HOSTILE]])
    assert "<script" not in table
    assert "\x1b" not in table
    assert len(table.splitlines()) == 3


@given(st.lists(st.tuples(ANY, ANY), max_size=4))
def test_a_table_has_the_same_cells_in_every_line(rows: list[tuple[str, str]]) -> None:
    lines = markdown_table(["one", "two"], rows).split("\n")
    assert lines[1] == "|---|---|"
    assert lines[-1] == ""
    assert len(lines) == len(rows) + 3
    for line in [lines[0], *lines[2:-1]]:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3, line


def test_an_empty_cell_is_empty() -> None:
    assert markdown_table(["a", "b"], [[None, 3]]).splitlines()[2] == "|  | 3 |"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("117 of 118 House districts.", "117 of 118 House districts."),
        ("# Heading", r"\# Heading"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("   - item", r"\- item"),
        ("1. item", r"1\. item"),
        ("2) item", r"2\) item"),
        ("===", r"\==="),
        ("*bold* _it_ ~no~ `code`", r"\*bold\* \_it\_ \~no\~ \`code\`"),
        ("[link](https://example.org)", r"\[link\](https://example.org)"),
        ("a <b> & c", "a &lt;b&gt; &amp; c"),
        ("two\nlines", "two␊lines"),
        (r"back\slash", r"back\\slash"),
    ],
)
def test_a_line_of_markdown_is_plain_text(text: str, written: str) -> None:
    assert markdown_text(text) == written


def test_the_same_suites_are_the_same_bytes() -> None:
    suite = Suite("Rule", (Case("a", "b", "failure", "é"),))
    assert junit([suite]) == junit([suite])
    assert "&#233;" in junit([suite])
