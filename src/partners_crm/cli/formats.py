"""What several commands write for other programs: JUnit for a build, Markdown for its summary page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from partners_crm.normalize.text import show

_ACTIVE = re.compile(r"[\\`*_\[\]|~$]")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_OPENING = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)]))")


@dataclass(frozen=True, slots=True)
class Case:
    """One test case of a JUnit file."""

    name: str
    classname: str
    state: Literal["passed", "failure", "skipped", "error"]
    """`failure`: what was asked does not hold; `skipped`: nobody can tell; `error`: it could not be asked."""
    message: str = ""
    """Why; not written for what passed."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One test suite of a JUnit file."""

    name: str
    cases: tuple[Case, ...]
    properties: tuple[tuple[str, str], ...] = ()


def junit(suites: Sequence[Suite]) -> str:
    """Suites as a JUnit file: the same bytes for the same suites, ASCII, valid whatever the texts hold.

    It names no time and no machine. Control characters, which XML forbids, are their pictures.
    """
    from xml.etree import ElementTree as Xml  # most commands print a table

    root = Xml.Element("testsuites", _counts([case for suite in suites for case in suite.cases]))
    for suite in suites:
        element = Xml.SubElement(root, "testsuite", {"name": show(suite.name), **_counts(suite.cases)})
        if suite.properties:
            held = Xml.SubElement(element, "properties")
            for name, value in suite.properties:
                Xml.SubElement(held, "property", {"name": show(name), "value": show(value)})
        for case in suite.cases:
            one = Xml.SubElement(element, "testcase", {"name": show(case.name), "classname": show(case.classname)})
            if case.state != "passed":
                # Some readers print the attribute, others the text.
                Xml.SubElement(one, case.state, {"message": show(case.message)}).text = show(case.message)
    Xml.indent(root)
    # ASCII with character references: no locale of a terminal or a pipe can break it.
    written: bytes = Xml.tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    states = [case.state for case in cases]
    return {
        "tests": str(len(states)),
        "failures": str(states.count("failure")),
        "errors": str(states.count("error")),
        "skipped": str(states.count("skipped")),
    }


def markdown_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of GitHub's Markdown; every cell is plain text there."""
    lines = [_row(headers), "|" + "---|" * len(headers), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def markdown_text(value: object) -> str:
    """One line of plain text: nothing in it is markup, HTML, a heading or an item of a list."""
    return _OPENING.sub(_escaped_opening, _plain(value))


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(value: object) -> str:
    text = "".join(_HTML.get(letter, letter) for letter in show(value))
    return _ACTIVE.sub(lambda found: "\\" + found[0], text)


def _escaped_opening(found: re.Match[str]) -> str:
    blanks, mark = found.groups()
    # Four blanks would be a block of code; a number is no list when its point is escaped.
    return f"{mark}\\" if mark.isdigit() else f"{blanks.strip()}\\{mark}"
