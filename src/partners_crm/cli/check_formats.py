"""The answers of rules as they are printed: words, JSON, CSV, JUnit, Markdown; whole, or what changed since a run."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from partners_crm.cli.exit_codes import DONE
from partners_crm.cli.output import FORMATS, out, out_csv, out_json
from partners_crm.normalize.text import ranges
from partners_crm.services.checks import Finding, Ran

CHECK_FORMATS = (*FORMATS, "junit", "markdown")
SCHEMA_VERSION = 1
_NUMBERED = re.compile(r"(.{0,60} )([1-9]\d{0,5})(: .+)")
_COLUMNS = ("rule", "check", "terms", "verdict", "state", "key", "text", "remedy", "statement")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said of a rule."""

    state: Literal["finding", "doubt", "lost", "gained"]
    about: Finding
    now: Literal["finding", "doubt", "well"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule that was run, and what is said of it."""

    ran: Ran
    code: int
    """Its own exit code."""
    lines: tuple[Line, ...]
    compared: bool = False
    """Whether only what changed since the last run is said."""
    since: str = ""
    """When that run was, UTC; "" where there is none to compare with."""
    since_words: str = ""
    """The same where the coalition is."""
    note: str = ""
    """What else has changed since then: the map."""
    still_undecided: bool = False
    """Whether it has no answer, and had none in that run."""

    @property
    def matters(self) -> bool:
        """Whether it is worth a line to somebody who wants quiet."""
        if self.compared and self.since and self.ran.answered:
            return bool(self.lines or self.note)
        return self.code != DONE and not self.still_undecided


def whole(ran: Ran, code: int) -> Shown:
    """A rule with all its findings and doubts."""
    found = [Line("finding", each, "finding") for each in ran.answer.findings]
    return Shown(ran, code, (*found, *(Line("doubt", each, "doubt") for each in ran.answer.doubts)))


def write(shown: Sequence[Shown], form: str, *, as_of: str, database: str, code: int) -> None:
    """Print rules in a format; `code` is the exit code of the run."""
    if form == "json":
        out_json(as_json(shown, as_of=as_of, database=database, code=code))
    elif form == "csv":
        out_csv(_COLUMNS, _rows(shown))
    elif form == "junit":
        sys.stdout.write(as_junit(shown, as_of))
    elif form == "markdown":
        sys.stdout.write(as_markdown(shown))
    else:
        _table(shown)


def verdict(shown: Shown) -> str:
    """The verdict of a rule in words: "2 findings, 1 doubt"."""
    answer = shown.ran.answer
    words = [_counted(len(answer.findings), "finding") if answer.findings else str(answer.verdict)]
    if answer.doubts:
        words.append(_counted(len(answer.doubts), "doubt"))
    return ", ".join(words)


def counts(shown: Sequence[Shown]) -> str:
    """How many rules there are of each verdict."""
    found = Counter(str(each.ran.answer.verdict) for each in shown)
    words = {"met": "met", "findings": "with findings", "undecided": "undecided", "failed": "failed"}
    named = ", ".join(f"{found[code]} {word}" for code, word in words.items() if found[code])
    return f"{_counted(len(shown), 'rule')}: {named}" if shown else "no rules"


# -------------------------------------------------------------------- words


def _table(shown: Sequence[Shown]) -> None:
    for each in shown:
        out(_headline(each))
        if not each.compared or not each.since or not each.ran.answered:
            out(f"  {each.ran.answer.statement}")
        for line in filter(None, (each.note, *lines_of(each))):
            out(f"  {line}")
    out(counts(shown))


def lines_of(shown: Shown) -> Iterator[str]:
    """What is said of a rule, line by line, each with what to do about it."""
    for (state, remedy), lines in groupby(shown.lines, key=lambda line: (line.state, line.about.remedy)):
        word = "" if state == "finding" else f"{state}: "
        for text in _gathered([line.about.text for line in lines]):
            yield f"{word}{text}"
        if remedy:  # what helps all of them is said once
            yield f"  -> {remedy}"


def tally(shown: Shown) -> tuple[int, int]:
    """How much was (lost, gained) since the last run."""
    states = [line.state for line in shown.lines]
    return states.count("lost"), states.count("gained")


def _gathered(texts: Sequence[str]) -> list[str]:
    """Texts in their order, those that say the same of numbered things as one: "House 1-4, 6: no member"."""
    found: dict[tuple[str, str], list[int]] = {}
    for text in texts:
        numbered = _NUMBERED.fullmatch(text)
        key = (numbered[1], numbered[3]) if numbered else (text, "")
        found.setdefault(key, []).append(int(numbered[2]) if numbered else 0)
    return [f"{begin}{ranges(sorted(numbers))}{end}" if end else begin for (begin, end), numbers in found.items()]


def _headline(shown: Shown) -> str:
    ran = shown.ran
    asked = ran.terms if ran.name == ran.kind else f"{ran.kind} {ran.terms}".strip()
    terms = f" ({asked})" if asked else ""
    if not shown.compared or not ran.answered:
        return f"{ran.name}{terms}: {verdict(shown)}"
    if not shown.since:
        return f"{ran.name}{terms}: {verdict(shown)}; there is no earlier run to compare with"
    lost, gained = tally(shown)
    change = f"{lost} lost, {gained} gained" if shown.lines else "nothing lost or gained"
    return f"{ran.name}{terms}: {change} since {shown.since_words}; now {verdict(shown)}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


# -------------------------------------------------------------------- for other programs


def as_json(shown: Sequence[Shown], *, as_of: str, database: str, code: int) -> dict[str, Any]:
    """Rules as plain data, the same for the same database and day."""
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": as_of,
        "database": database,
        "checks": [
            {
                "name": each.ran.name,
                "kind": each.ran.kind,
                "terms": each.ran.terms,
                "verdict": each.ran.answer.verdict,
                "statement": each.ran.answer.statement,
                **_said(each),
                "exit": each.code,
            }
            for each in shown
        ],
        "exit": code,
    }


def _said(shown: Shown) -> dict[str, Any]:
    if not shown.compared:
        return {"findings": _of(shown, "finding"), "doubts": _of(shown, "doubt")}
    if not shown.since:  # nothing was known: everything was lost since
        return {"since": None, "note": "", "lost": [_line(line) for line in shown.lines], "gained": []}
    return {"since": shown.since, "note": shown.note, "lost": _of(shown, "lost"), "gained": _of(shown, "gained")}


def _of(shown: Shown, state: str) -> list[dict[str, str]]:
    return [_line(line) for line in shown.lines if line.state == state]


def _line(line: Line) -> dict[str, str]:
    found = {"key": line.about.key, "text": line.about.text, "remedy": line.about.remedy}
    return found if line.state == line.now else {**found, "now": line.now}


def _rows(shown: Sequence[Shown]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for each in shown:
        ran = each.ran
        begin, end = (ran.name, ran.kind, ran.terms, ran.answer.verdict), ran.answer.statement
        # A rule with nothing to say is a row too.
        said: list[tuple[str, ...]] = [
            (line.state, line.about.key, line.about.text, line.about.remedy) for line in each.lines
        ]
        if each.note:
            said.append(("note", "", each.note, ""))
        rows += [(*begin, *words, end) for words in said or [("", "", "", "")]]
    return rows


def as_junit(shown: Sequence[Shown], as_of: str) -> str:
    """A suite for each rule: a finding fails, a doubt is skipped, what is well passes."""
    from partners_crm.cli.formats import Case, Suite, junit

    states: dict[str, Any] = {"finding": "failure", "doubt": "skipped", "well": "passed"}
    without: dict[str, Any] = {"met": "passed", "findings": "passed", "undecided": "skipped", "failed": "error"}
    suites = []
    for each in shown:
        ran = each.ran
        cases = [Case(line.about.key, ran.name, states[line.now], _message(line)) for line in each.lines]
        if not cases or ran.answer.verdict in {"undecided", "failed"}:
            cases.insert(0, Case(ran.kind, ran.name, without[ran.answer.verdict], ran.answer.statement))
        named = [("check", ran.kind), ("terms", ran.terms), ("as_of", as_of), ("statement", ran.answer.statement)]
        if each.note:
            named.append(("note", each.note))
        suites.append(Suite(ran.name, tuple(cases), tuple(named)))
    return junit(suites)


def _message(line: Line) -> str:
    return f"{line.about.text} -> {line.about.remedy}" if line.about.remedy else line.about.text


def as_markdown(shown: Sequence[Shown]) -> str:
    """A table of the rules, then one for what is said of each."""
    from partners_crm.cli.formats import markdown_table, markdown_text

    rows = [(each.ran.name, each.ran.kind, each.ran.terms, verdict(each), each.ran.answer.statement) for each in shown]
    parts = [
        f"{markdown_text(counts(shown))}\n",
        markdown_table(("Rule", "Check", "Terms", "Answer", "Statement"), rows),
    ]
    for each in shown:
        if each.compared and each.ran.answered:
            parts += [f"{markdown_text(line)}\n" for line in filter(None, (_headline(each), each.note))]
        if each.lines:
            parts.append(f"### {markdown_text(each.ran.name)}\n")
            said = [(line.state, line.about.text, line.about.remedy) for line in each.lines]
            parts.append(markdown_table(("State", "What", "What to do"), said))
    return "\n".join(parts)
