#!/usr/bin/env python3
"""Take what the mail tool knows back in: who unsubscribed, and whose mail came back.

    python3 take_unsubscribes.py FILE.csv [--bounced FILE.csv] [--dry-run] [--db FILE]

Each file is an export of the mail tool: comma separated, UTF-8, with a header and a column of mail addresses, such as
Email, Email Address or Subscriber. Every row counts, so export the list of the unsubscribed alone, not all subscribers.
The coalition is --db, else PARTNERS_DB; it may be open in the terminal UI. Run it before the mailing of the week.

Wherever such an address is, a person's or an organization's, it is marked "do not contact" (--bounced: as bounced). All
of it is one operation: partners undo takes it back. Marks are only set, and never taken away, so that the same file
twice changes nothing. --dry-run writes nothing.

Prints how many addresses are newly marked, were marked before, and are nobody's, and lists the last.

Exit codes: 0 done; 1 done, and some addresses are nobody's; 2 usage; 3 a file cannot be read, nothing was written;
4 the coalition cannot be written to, nothing was written.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import ContactPoint
from partners_crm.normalize.text import show
from partners_crm.services import records

HEADERS = {"email", "e mail", "email address", "e mail address", "emailaddress", "subscriber"}
SHOWN = 20


def read_addresses(path: Path) -> list[str]:
    """The addresses of a file in small letters, each once.

    Raises:
        ValueError: there is no column of addresses, or a row has none.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, strict=True)
        header = [" ".join(re.findall(r"\w+", cell.lower())) for cell in next(rows, [])]
        places = [place for place, name in enumerate(header) if name in HEADERS]
        if len(places) != 1:
            raise ValueError(f"the header must have one column of {', '.join(sorted(HEADERS))}")
        found: dict[str, None] = {}
        for row in filter(any, rows):
            address = row[places[0]].strip().lower() if len(row) > places[0] else ""
            if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
                raise ValueError(f"line {rows.line_num}: {address!r} is no mail address")
            found[address] = None
        return list(found)


def mark(crm: Crm, wanted: Sequence[tuple[str, str, Any]], *, dry_run: bool) -> tuple[int, int, list[str]]:
    """Set (address, field, value) wherever the address is; (newly marked, marked before, addresses of nobody).

    Raises:
        PartnersError: the coalition cannot be written to, or somebody changed the same field at the same moment.
    """
    holders: dict[str, list[ContactPoint]] = {}
    for point in crm.records(ContactPoint):
        if point.kind == "email" and point.value:
            holders.setdefault(point.value.lower(), []).append(point)
    unknown = [address for address, _, _ in wanted if address not in holders]
    edits, new = [], 0
    for address, field, value in wanted:
        points = [point for point in holders.get(address, ()) if point[field] != value]
        new += bool(points)
        edits += [(point, field, value) for point in points]
    if edits and not dry_run:
        with crm.changes("take in what the mail tool knows") as changes:
            for point, field, value in edits:
                records.edit(changes, point, **{field: value})
    return new, len(wanted) - new - len(unknown), unknown


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="Mark addresses that unsubscribed, and those whose mail came back.")
    parser.add_argument("unsubscribed", type=Path, help="a CSV file of those who unsubscribed")
    parser.add_argument("--bounced", type=Path, help="a CSV file of those whose mail came back")
    parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")
    parser.add_argument("--db", default=os.environ.get("PARTNERS_DB"), help="the coalition (default: PARTNERS_DB)")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no such letter shows an escape
    if not options.db:
        parser.error("which coalition? name it with --db or PARTNERS_DB")
    wanted: list[tuple[str, str, Any]] = []
    for path, field, value in ((options.unsubscribed, "do_not_contact", True), (options.bounced, "status", "bounced")):
        try:
            found = read_addresses(path) if path else []
        except (OSError, ValueError, csv.Error) as error:
            print(show(f"{path} cannot be read: {error}"), file=sys.stderr)
            return 3
        wanted += [(address, field, value) for address in found]
    try:
        with Crm.open(options.db) as crm:
            new, before, unknown = mark(crm, wanted, dry_run=options.dry_run)
    except PartnersError as error:
        print(show(error), file=sys.stderr)
        return 4
    would = "to be" if options.dry_run else "newly"
    print(f"addresses {len(wanted)} = {new} {would} marked + {before} marked before + {len(unknown)} of nobody")
    for address in unknown[:SHOWN]:
        print(show(f"nobody has {address}"))
    if len(unknown) > SHOWN:
        print(f"and {len(unknown) - SHOWN} more")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
