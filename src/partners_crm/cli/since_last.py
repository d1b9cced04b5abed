"""`--since-last` of `partners check` and of `partners coverage check`: what was lost and gained since the last run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path
from typing import Any

from partners_crm.cli.check_formats import CHECK_FORMATS, Line, Shown, lines_of, tally, whole, write
from partners_crm.cli.output import out, out_json, say
from partners_crm.cli.paths import data_folder
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.services import last_runs
from partners_crm.services.checks import Answer, Finding, Ran
from partners_crm.services.checks.coverage import covered, key_of
from partners_crm.services.coverage import SCHEMA_VERSION, Coverage, Rule
from partners_crm.services.last_runs import Run, Subject
from partners_crm.services.settings import zone
from partners_crm.services.times import local

COVERAGE = "coverage check"
"""Keeps the runs of that command apart from those of `partners check`."""
_NEVER = Run("", frozenset(), frozenset())
_STATE = {"finding": "gap", "doubt": "possible", "well": "confirmed"}
"""What a district is, by what is said of it now."""


def check_format(form: str) -> None:
    """Refuse a format that changes have not.

    Raises:
        ConfigError: there is no picture of a change.
    """
    if form not in CHECK_FORMATS:
        raise ConfigError(f"--since-last has no format {form}", f"one of: {', '.join(CHECK_FORMATS)}")


# -------------------------------------------------------------------- comparing with the last run


def against_last(crm: Crm, shown: Sequence[Shown], as_of: str) -> tuple[list[Shown], dict[Subject, Run]]:
    """What changed since the last run of each rule, and the runs to remember; `as_of` is a day that was named."""
    coalition = last_runs.coalition_uid(crm.db)
    known, word = last_runs.recall(_file(crm, coalition), coalition)
    if word:
        say(f"warning: {word}")
    at = crm.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found, runs = [], {}
    for each in shown:
        ran, answer = each.ran, each.ran.answer
        subject = Subject("" if ran.name == ran.kind else ran.name, ran.kind, ran.terms, as_of)
        before = known.get(subject, _NEVER)
        if not ran.answered:
            # Nothing is known of it now: the next run is compared with the last that was.
            is_same = answer.verdict == "undecided" and bool(before.undecided)
            found.append(Shown(ran, each.code, (), compared=True, still_undecided=is_same))
            if answer.verdict == "undecided":
                runs[subject] = replace(before, undecided=at)
            continue
        findings, doubts = (frozenset(one.key for one in some) for some in (answer.findings, answer.doubts))
        now = runs[subject] = Run(at, findings, doubts, answer.map)
        if before.at:
            since = local(before.at, zone(crm.db))
            note = _note(before.map, now.map)
            found.append(Shown(ran, each.code, _changes(answer, before, now), True, before.at, since, note))
        else:
            found.append(Shown(ran, each.code, each.lines, compared=True))
    return found, runs


def remember(crm: Crm, runs: Mapping[Subject, Run]) -> None:
    """Keep runs for the next ones to be compared with."""
    coalition = last_runs.coalition_uid(crm.db)
    if runs and (word := last_runs.remember(_file(crm, coalition), coalition, runs)):
        say(f"warning: {word}")


def _file(crm: Crm, coalition: str) -> Path:
    return last_runs.file_of(data_folder() / last_runs.FOLDER, crm.path, coalition)


def _changes(answer: Answer, before: Run, now: Run) -> tuple[Line, ...]:
    compared = last_runs.compare(before, now)
    standing = [Line("finding", each, "finding") for each in answer.findings]
    standing += [Line("doubt", each, "doubt") for each in answer.doubts if each.key not in now.findings]
    lost = [Line("lost", line.about, line.now) for line in standing if line.about.key in compared.lost]
    # What is only in doubt now was found before: that is a gain, and still needs its remedy.
    gained = [Line("gained", line.about, line.now) for line in standing if line.about.key in compared.gained]
    words = dict(answer.well)
    gone = compared.gained - now.findings - now.doubts
    known = [key for key in words if key in gone]
    gained += [Line("gained", Finding(key, words[key]), "well") for key in known]
    gained += [Line("gained", Finding(key, key), "well") for key in sorted(gone - words.keys())]
    return (*lost, *gained)


def _note(before: str, now: str) -> str:
    """What is said where a rule was answered on another map than the last time."""
    (old, _, _), (new, _, _) = before.partition(" "), now.partition(" ")
    if not old or not new or before == now:
        return ""
    if old == new:
        return f"the borders of the map {new} are others than in the last run"
    return f"answered on the map {new}; the last run was on {old}"


# -------------------------------------------------------------------- coverage check


def of_coverage(found: Mapping[str, Coverage], rule: Rule, code: int, today: date) -> Shown:
    """The answer to a coverage statement, by "", or of every silo, by its code, in the form of a rule that was run."""
    return whole(Ran(COVERAGE, COVERAGE, rule.text, covered(found, today)), code)


def write_coverage(shown: Shown, found: Mapping[str, Coverage], form: str) -> None:
    """Print what changed since the last run of a coverage statement, with the sentence that is proven now."""
    if form == "json":
        out_json(_as_json(shown, found))
    elif form == "table":
        lost, gained = tally(shown)
        out(f"{lost} lost, {gained} gained since {shown.since_words}")
        for line in filter(None, (shown.note, *lines_of(shown))):
            out(line)
        out(shown.ran.answer.statement)
    else:
        as_of = next((each.as_of.isoformat() for each in found.values()), "")
        write([shown], form, as_of=as_of, database="", code=shown.code)


def _as_json(shown: Shown, found: Mapping[str, Coverage]) -> dict[str, Any]:
    districts = {key_of(silo, each): (silo, each) for silo, answer in found.items() for each in answer.districts}
    sides: dict[str, list[dict[str, Any]]] = {"lost": [], "gained": []}
    for line in shown.lines:
        silo, each = districts.get(line.about.key, ("", None))
        about = {
            "silo": silo or None,
            "ocd_id": each and each.ocd_id,
            "state": _STATE[line.now] if each else None,
            "key": line.about.key,
            "text": line.about.text,
            "remedy": line.about.remedy,
        }
        sides["gained" if line.state == "gained" else "lost"].append(about)
    first = next(iter(found.values()), None)
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": first and first.as_of.isoformat(),
        "map": first and {"id": first.map_code, "sha256": first.map_sha256},
        "since": shown.since or None,
        "note": shown.note,
        "statements": [each.sentence(chamber) for each in found.values() for chamber in each.chambers],
        **sides,
    }
