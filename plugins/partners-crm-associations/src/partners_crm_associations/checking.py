"""The check `affiliations`: whether what is known of associations is still so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from partners_crm.plugins import Answer, Finding, PluginCheck, PluginContext, RuleTerm
from partners_crm_associations.dating import Dates
from partners_crm_associations.words import counted, written_day

YEARS = "2"


def run(context: PluginContext, terms: Mapping[str, str]) -> Answer:
    """Every affiliation that holds and that nobody confirmed for so many years is a finding.

    One that nobody confirmed ever, and whose beginning is not known either, or of which a date cannot be read, cannot
    be told: it is a doubt. Where there are doubts, and not one is well, nothing is proven: the rule is undecided.
    """
    years, dates = int(terms["years"]), Dates(context)
    oldest = f"{context.as_of.year - years:04}{context.as_of.isoformat()[4:]}"
    names = ("id", "organization", "association", "since", "until", "confirmed_on")
    rows = [
        row
        for row in context.values("affiliation", "", *names)
        if dates.holds(f"affiliation {row[0]}", row[3], row[4], row[5] or context.today.isoformat()) != "no"
    ]
    read = {row[0]: tuple(day if dates.is_date(day) else "" for day in (row[3], row[5])) for row in rows}
    stale = [row for row in rows if read[row[0]][1] and _last_day(row[5]) < oldest]
    never = [
        row
        for row in rows
        for since, confirmed_on in [read[row[0]]]
        if not confirmed_on and (not since or _last_day(since) < oldest)
    ]
    called = _called(context, [*stale, *never])
    findings = tuple(
        Finding(
            f"affiliation {row[0]}",
            f"{called[row[1]]} in {called[row[2]]}: last confirmed {row[5]}",
            f"ask, then: partners edit affiliation {row[0]} confirmed_on={context.today.isoformat()}",
        )
        for row in stale
        if row[1] in called and row[2] in called
    )
    doubts = tuple(
        Finding(
            f"affiliation {row[0]}",
            f"{called[row[1]]} in {called[row[2]]}: {_never(dates, row[3], row[5])}",
            f"ask, then: partners edit affiliation {row[0]} confirmed_on={context.today.isoformat()}",
        )
        for row in never
        if row[1] in called and row[2] in called
    )
    day = written_day(context.as_of)
    held = f"{len(rows) - len(stale) - len(never)} of {counted(len(rows), 'affiliation')} that hold on {day}"
    statement = f"{held} were confirmed, or began, within {counted(years, 'year')}."
    is_proven = len(stale) + len(never) < len(rows) or not doubts
    verdict: Literal["findings", "met", "undecided"] = "findings" if findings else "met" if is_proven else "undecided"
    return Answer(verdict, statement, findings, doubts)


def _never(dates: Dates, since: str, confirmed_on: str) -> str:
    """Why it cannot be told whether an affiliation was confirmed."""
    named = {"since": since, "confirmed_on": confirmed_on}
    wrong = [f"{name} {text!r} is no date" for name, text in named.items() if not dates.is_date(text)]
    began = f", since {since}" if since and dates.is_date(since) else ""
    return "; ".join([f"never confirmed{began}" if not confirmed_on else "nobody knows when it was confirmed", *wrong])


def _last_day(partial: str) -> str:
    # The text of a year or a month sorts before its days: taken to its end, it is compared fairly.
    return f"{partial}-12-31"[:10] if len(partial) == 4 else f"{partial}-31"[:10]


def _called(context: PluginContext, rows: list[tuple[object, ...]]) -> dict[int, str]:
    ids = {key for row in rows for key in row[1:3] if isinstance(key, int)}
    return {key: name for key, (name,) in context.values_of("organization", ids, "name").items()}


CHECK = PluginCheck(
    name="affiliations",
    about="every affiliation that holds was confirmed, or began, within some years",
    run=run,
    terms=(RuleTerm("years", "years after which an affiliation is asked for again", YEARS, is_number=True),),
)
