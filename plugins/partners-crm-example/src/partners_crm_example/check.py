"""A check for `partners check`: that every member was visited lately."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from partners_crm.plugins import Answer, Finding, PluginCheck, PluginContext, RuleTerm
from partners_crm_example.visits import last_days, names

REMEDY = "visit it, and note it with: partners visits add"
LONG = 36_500
"""Days that a term can go back."""


def run(context: PluginContext, terms: Mapping[str, str]) -> Answer:
    """Judge every member under the terms."""
    days = min(int(terms["within"]), LONG)
    limit = (context.as_of - timedelta(days=days)).isoformat()
    last, called = last_days(context), names(context)
    findings: list[Finding] = []
    doubts: list[Finding] = []
    members = context.members()
    for organization, is_certain in sorted(members.items()):
        day = last.get(organization, "")
        # A date may be a month or a year: it is compared as far as it goes.
        if day > limit[: len(day)] or day == limit:
            continue
        # A key names nobody and stays the same from run to run; what is new since the last run is told by it.
        key = f"organization {organization}"
        said = f"last visited {day}" if day else "never visited"
        found = Finding(key, f"{called.get(organization, '')}: {said}", REMEDY)
        is_proven = is_certain and (not day or day < limit[: len(day)])
        (findings if is_proven else doubts).append(found)
    statement = f"Every member was visited in the {days} days before {context.as_of.isoformat()}."
    return Answer("findings" if findings else "met", statement, tuple(findings), tuple(doubts))


check = PluginCheck(
    name="visited",
    about="every member was visited lately",
    run=run,
    terms=(RuleTerm("within", "days in which a member has to have been visited", default="365", is_number=True),),
    by_default=False,  # it is asked where somebody made a rule of it, or names it
)
