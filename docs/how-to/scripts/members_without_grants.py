#!/usr/bin/env python3
"""Join the members with a list of grants by EIN: who gets none, by silo and by district.

    python3 members_without_grants.py GRANTS.csv [--out MEMBERS.csv] [--db FILE]

GRANTS.csv comes from outside, such as a state's list of awards: comma separated, UTF-8, with a header and a column EIN
(or FEIN, Federal EIN, Tax ID). A row is a grant; everything else in it is left alone. The coalition is --db, else
PARTNERS_DB; it is only read.

Prints the sums of both sides, a line for each silo, and the House districts in which no member gets a grant. --out
writes a row for each member without a grant, or without a known EIN, which is no proof of anything: ask for it.

Exit codes: 0 every member with a known EIN gets a grant; 1 some get none; 2 usage; 3 the file cannot be read, or has no
such column; 4 the coalition cannot be read.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import Identifier, Silo
from partners_crm.normalize.neutral import neutral
from partners_crm.normalize.text import show
from partners_crm.services.listing import listing_json

EIN_HEADERS = {"ein", "fein", "federal ein", "tax id"}
Member = dict[str, Any]


def ein_of(text: str) -> str:
    """The nine digits of an EIN however it is typed; "" where there are not nine."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if re.fullmatch(r"[0-9]{9}", digits) else ""


def read_grants(path: Path) -> list[str]:
    """The EIN of each grant, "" where a row has none that can be read.

    Raises:
        ValueError: the file has no column of EINs, or is no such file.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, strict=True)
        header = [" ".join(re.findall(r"\w+", cell.lower())) for cell in next(rows, [])]
        places = [place for place, name in enumerate(header) if name in EIN_HEADERS]
        if len(places) != 1:
            raise ValueError(f"the header must have one column of {', '.join(sorted(EIN_HEADERS))}")
        return [ein_of(row[places[0]]) if len(row) > places[0] else "" for row in rows if any(row)]


def members_of(crm: Crm) -> list[Member]:
    """The members of today with their districts, silos and `eins`."""
    eins: dict[int, set[str]] = {}
    for each in crm.records(Identifier):
        if each.system == "ein" and ein_of(each.value):
            eins.setdefault(each.organization, set()).add(ein_of(each.value))
    found = listing_json(crm.db, crm.listing("organizations", "status:active"))
    return [{**row, "eins": eins.get(row["id"], set())} for row in found]


def print_answer(members: Sequence[Member], has_grant: Mapping[int, bool], silos: Iterable[tuple[str, str]]) -> None:
    """Print a line for each silo, and the districts where nobody gets a grant."""
    print(f"{'silo':<36} members  without a grant")
    for code, name in silos:
        inside = [row for row in members if code in row["silos"]]
        without = sum(not has_grant[row["id"]] for row in inside if row["eins"])
        print(f"{show(name, 36):<36} {len(inside):>7}  {without:>15}")
    by_district: dict[int, list[bool]] = {}
    for row in members:
        for number in row["house"]:
            by_district.setdefault(number, []).append(has_grant[row["id"]])
    bare = [str(number) for number, grants in sorted(by_district.items()) if not any(grants)]
    print(f"House districts with members and without a grant: {', '.join(bare) or 'none'}")


def write_members(path: Path, members: Iterable[Member], has_grant: Mapping[int, bool]) -> int:
    """Write who gets no grant, or has no EIN; returns how many."""
    rows = [row for row in members if not has_grant[row["id"]]]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(["organization", "why", "EIN", "silos", "house", "senate"])
        for row in rows:
            cells = [row["name"], "no grant" if row["eins"] else "no EIN known", "; ".join(sorted(row["eins"]))]
            cells += ["; ".join(map(str, row[name])) for name in ("silos", "house", "senate")]
            writer.writerow([neutral(cell) for cell in cells])
    return len(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="Which members get no grant, by silo and district.")
    parser.add_argument("grants", type=Path, help="a CSV file with a column EIN")
    parser.add_argument("--out", type=Path, help="write the members without a grant to this CSV file")
    parser.add_argument("--db", default=os.environ.get("PARTNERS_DB"), help="the coalition (default: PARTNERS_DB)")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no such letter shows an escape
    if not options.db:
        parser.error("which coalition? name it with --db or PARTNERS_DB")
    os.umask(0o077)  # what is written tells of people's work; it is for you alone
    try:
        grants = read_grants(options.grants)
    except (OSError, ValueError, csv.Error) as error:
        print(show(f"{options.grants} cannot be read: {error}"), file=sys.stderr)
        return 3
    try:
        with Crm.open(options.db) as crm:
            members = members_of(crm)
            silos = [(each.code, each.name) for each in crm.records(Silo)]
    except PartnersError as error:
        print(show(error), file=sys.stderr)
        return 4

    granted = {ein for ein in grants if ein}
    has_grant = {row["id"]: bool(row["eins"] & granted) for row in members}
    known = {ein for row in members for ein in row["eins"]}
    without = sum(not has_grant[row["id"]] for row in members if row["eins"])
    unknown = sum(not row["eins"] for row in members)
    print(
        f"grants {len(grants)} = {sum(ein in known for ein in grants)} to members"
        f" + {sum(bool(ein) and ein not in known for ein in grants)} to others + {grants.count('')} without an EIN"
    )
    print(f"members {len(members)} = {sum(has_grant.values())} with + {without} without + {unknown} of unknown EIN")
    print_answer(members, has_grant, silos)
    if options.out:
        print(show(f"{options.out}: {write_members(options.out, members, has_grant)} members"))
    return 1 if without else 0


if __name__ == "__main__":
    sys.exit(main())
