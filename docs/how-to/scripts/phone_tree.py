#!/usr/bin/env python3
"""Write the call list of the phone tree: who could close which gap, shared out among the callers, as Markdown.

    python3 phone_tree.py [--chamber house|senate] [--caller NAME]... [--db FILE] > calls.md

The coalition is --db, else PARTNERS_DB; it is only read.

Prints a list for each caller (one list without --caller), an organization a line: whom to call and the phone, what to
ask, and every district that the call would close. Who closes most comes first; the callers take turns. To ask are
members that may stand in a district already (confirm), lapsed ones (win back), prospects (invite) and organizations
that were never asked (introduce us). Below stand the gaps that no call closes, with the member nearest to each, who may
know somebody. People and phones marked "do not contact" are left out.

Exit codes: 0 there is no gap; 1 there are, and the list is printed; 2 usage; 4 the coalition cannot be read, or no map
holds today.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import Contact, ContactPoint, Role, Site
from partners_crm.normalize.text import show
from partners_crm.services.coverage import Rule
from partners_crm.services.coverage.gaps import Closing, gaps

Call = tuple[str, list[str], int, str]
"""What to ask, the districts it closes, the organization and its name."""
COLUMNS = ("", "Organization", "Person", "Phone", "Ask", "Districts")


def cell(text: object) -> str:
    """Text from outside as text of Markdown: nothing in it is markup, HTML or the end of a cell."""
    return re.sub(r"([\\`*_\[\]#!|~<>&])", r"\\\1", show(text))


def table(rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)])


def calls_of(closings: Iterable[Closing]) -> list[Call]:
    """One call for each organization, those that close most first."""
    found: dict[int, Call] = {}
    for each in closings:
        asks = (
            ("confirm the address", each.ambiguous),
            ("win back", each.lapsed),
            ("invite", each.prospects),
            ("introduce us", each.others),
        )
        for ask, organizations in asks:
            for key, name in organizations:
                found.setdefault(key, (ask, [], key, name))[1].append(each.district.name)
    return sorted(found.values(), key=lambda call: (-len(call[1]), call[3].casefold(), call[2]))


def numbers_of(crm: Crm) -> tuple[dict[int, str], dict[int, str]]:
    """The person to call and the phone of each organization, by id; what is marked "do not contact" is left out."""
    people = {each.id: each.name for each in crm.records(Contact) if not each.do_not_contact}
    site_of = {each.id: each.organization for each in crm.records(Site)}
    person: dict[int, tuple[str, int]] = {}
    day = crm.today.isoformat()
    for role in sorted(crm.records(Role), key=lambda each: (not each.is_primary, each.id)):
        if role.contact in people and (not role.until or role.until >= day[: len(role.until)]):
            person.setdefault(role.organization, (people[role.contact], role.contact))
    direct: dict[int, str] = {}
    office: dict[int, str] = {}
    for point in sorted(crm.records(ContactPoint), key=lambda each: each.id):
        if point.kind == "phone" and point.status == "ok" and not point.do_not_contact and point.use != "fax":
            owner = point.organization or site_of.get(point.site or 0)
            if owner:
                office.setdefault(owner, point.raw)
            elif point.contact:
                direct.setdefault(point.contact, point.raw)
    phones = {key: direct[contact] for key, (_, contact) in person.items() if contact in direct}
    return {key: name for key, (name, _) in person.items()}, {**office, **phones}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="Who could close which gap, as call lists.")
    parser.add_argument("--chamber", choices=("house", "senate"), default="house", help="whose gaps (house)")
    parser.add_argument("--caller", action="append", metavar="NAME", help="somebody who makes calls; say it again")
    parser.add_argument("--db", default=os.environ.get("PARTNERS_DB"), help="the coalition (default: PARTNERS_DB)")
    options = parser.parse_args(arguments)
    if not options.db:
        parser.error("which coalition? name it with --db or PARTNERS_DB")
    try:
        with Crm.open(options.db) as crm:
            report = gaps(crm.db, crm.today, Rule(chamber=options.chamber))
            person, phone = numbers_of(crm)
            name, day = crm.name, crm.today.isoformat()
    except PartnersError as error:
        print(show(error), file=sys.stderr)
        return 4
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as a file of Markdown is, in every locale
    print(f"# Calls for {cell(name)}, {day}\n")
    print(f"{cell(report.coverage.sentence(options.chamber))}\n")
    calls = calls_of(report.closings)
    callers = options.caller or ["Everybody"]
    for place, caller in enumerate(callers):
        own = calls[place :: len(callers)]
        print(f"## {cell(caller)}: {len(own)} calls\n")
        rows = [
            ("☐", what, person.get(key, ""), phone.get(key, ""), ask, ", ".join(why)) for ask, why, key, what in own
        ]
        print(f"{table(rows)}\n" if rows else "Nobody to call.\n")
    alone = [each for each in report.closings if not (each.ambiguous or each.lapsed or each.prospects or each.others)]
    print(f"## {len(alone)} gaps that no call closes\n")
    for each in alone:
        near = each.nearest[0] if each.nearest else None
        who = f"nearest is {near.name}, {near.km:g} km away" if near else "no member is near"
        print(f"- {cell(each.district.name)}: {cell(who)}")
    return 1 if report.closings else 0


if __name__ == "__main__":
    sys.exit(main())
