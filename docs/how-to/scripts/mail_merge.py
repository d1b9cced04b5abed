#!/usr/bin/env python3
"""Write the weekly mailing to members in the districts of a committee, as a CSV file for the mail service.

    python3 mail_merge.py OUT.csv DISTRICT... [--possible] [--db FILE]

DISTRICT is house:12 or senate:6; @committee.txt reads them from a file, one a line. The coalition is --db, else
PARTNERS_DB; it is only read. In a crontab, every Monday, after the unsubscribes of last week were taken in:
  0 8 * * 1  python3 $HOME/bin/mail_merge.py $HOME/mail/week.csv @$HOME/mail/committee.txt --db $HOME/coalition.db

Written are the people who work at a member that certainly stands in one of the districts (--possible: or may stand),
one row for each mail address: email, given_name, name, title, organization, districts, lawmakers. Nobody is written who
asked not to be contacted, and no address that anybody unsubscribed with, whoever else has it too. OUT.csv is replaced,
whole or not at all.

Prints how many people there are and what became of each of them; the numbers add up.

Exit codes: 0 written; 1 written, and nobody is in it; 2 usage, such as a district that the map does not have;
4 the coalition cannot be read, or the file not be written.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import Contact, ContactPoint, Organization, Role
from partners_crm.normalize.neutral import neutral
from partners_crm.normalize.text import show
from partners_crm.services.seats.holding import holders

COLUMNS = ("email", "given_name", "name", "title", "organization", "districts", "lawmakers")
District = tuple[str, int]


def district(text: str) -> District:
    """A district as it is named on the command line: house:12."""
    found = re.fullmatch(r"(house|senate):([1-9][0-9]{0,3})", text.strip().lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no district; write house:12 or senate:6")
    return found[1], int(found[2])


def holds(since: str, until: str, today: date) -> bool:
    """Whether a job is held on a day; of a partial date, 2026 or 2026-03, all of it counts."""
    day = today.isoformat()
    return (not since or since <= day[: len(since)]) and (not until or until >= day[: len(until)])


def members_in(crm: Crm, asked: Sequence[District], *, possible: bool) -> dict[int, list[District]]:
    """The members in some districts, by id, each with those of the districts it is in.

    Raises:
        ValueError: the map has no such district.
    """
    answers = {(each.chamber, each.number): each for each in crm.coverage().districts}
    if missing := [f"{chamber}:{number}" for chamber, number in asked if (chamber, number) not in answers]:
        raise ValueError(f"the map has no {', '.join(missing)}")
    found: dict[int, list[District]] = {}
    for each in dict.fromkeys(asked):
        answer = answers[each]
        for organization, _ in (*answer.organizations, *(answer.possible if possible else ())):
            found.setdefault(organization, []).append(each)
    return found


def merge(crm: Crm, inside: dict[int, list[District]]) -> tuple[list[tuple[str, ...]], Counter[str]]:
    """The rows of a mailing to the people of some organizations, and what became of how many people."""
    seats = holders(crm.db, crm.today)
    names = {each.id: each.name for each in crm.records(Organization) if each.id in inside}
    people = {each.id: each for each in crm.records(Contact)}
    silent = {key for key, person in people.items() if person.do_not_contact}
    addresses: dict[int, list[str]] = {}
    stopped = set()
    for point in crm.records(ContactPoint):
        address = point.value.lower()
        if point.kind != "email" or not address:
            continue
        if point.do_not_contact or point.contact in silent:
            stopped.add(address)
        if point.contact and point.status == "ok":
            addresses.setdefault(point.contact, []).append(point.value)

    jobs: dict[int, Role] = {}
    for role in sorted(crm.records(Role), key=lambda each: (not each.is_primary, each.id)):
        if role.organization in names and role.contact in people and holds(role.since, role.until, crm.today):
            jobs.setdefault(role.contact, role)

    rows: list[tuple[str, ...]] = []
    counts, written = Counter[str](), set()
    for key, role in sorted(jobs.items(), key=lambda item: people[item[0]].name.casefold()):
        own = addresses.get(key, [])
        usable = [address for address in own if address.lower() not in stopped]
        if key in silent or not usable:
            counts["do not contact" if key in silent else "unsubscribed" if own else "no address in use"] += 1
        elif usable[0].lower() in written:
            counts["shares an address that is written"] += 1
        else:
            written.add(usable[0].lower())
            counts["written"] += 1
            where = inside[role.organization]
            lawmakers = [seats[each].name for each in where if each in seats and seats[each].name]
            titles = "; ".join(f"{chamber.capitalize()} {number}" for chamber, number in where)
            person = people[key]
            cells = (usable[0], person.given_name, person.name, role.title, names[role.organization])
            rows.append((*cells, titles, "; ".join(lawmakers)))
    return rows, counts


def write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Put a CSV file in place, whole; nothing in it is a formula to a spreadsheet."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        writer.writerows([neutral(cell) for cell in row] for row in rows)
    draft.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="The mailing to a committee's districts.", fromfile_prefix_chars="@")
    parser.add_argument("out", type=Path, help="the CSV file to write")
    parser.add_argument("districts", type=district, nargs="+", help="house:12, senate:6, or @FILE with one a line")
    parser.add_argument("--possible", action="store_true", help="members that may stand in a district too")
    parser.add_argument("--db", default=os.environ.get("PARTNERS_DB"), help="the coalition (default: PARTNERS_DB)")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no such letter shows an escape
    if not options.db:
        parser.error("which coalition? name it with --db or PARTNERS_DB")
    os.umask(0o077)  # addresses are for you alone
    try:
        with Crm.open(options.db) as crm:
            inside = members_in(crm, options.districts, possible=options.possible)
            rows, counts = merge(crm, inside)
        write(options.out, rows)
    except ValueError as error:
        parser.error(str(error))
    except (PartnersError, OSError) as error:
        print(show(error), file=sys.stderr)
        return 4
    told = " + ".join(f"{number} {word}" for word, number in sorted(counts.items(), key=lambda pair: -pair[1]))
    print(show(f"{options.out}: {len(inside)} members in the districts"))
    print(f"people {counts.total()} = {told or '0 written'}")
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
