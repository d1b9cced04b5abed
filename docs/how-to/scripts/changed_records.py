#!/usr/bin/env python3
"""Say what changed between two exports of everything, record by record, and which operations did it.

    python3 changed_records.py BEFORE.jsonl AFTER.jsonl [--since WHEN [--db FILE]]

BEFORE and AFTER are files of partners export FILE.jsonl --all, such as last month's and today's of nightly_export.sh.
They are compared by uid, so that it does not matter what a record is called or where it stands. --since adds the
operations that the coalition (--db, else PARTNERS_DB) knows of since a day (2026-11-01, 30d) or an operation (12).

Prints for each entity how many records were added, changed and deleted, then a line for each of them: what it is
called, and the fields with what they said before and after. A link is shown as what the record it points to is called.
In which districts sites stand (assignment) follows from the sites, and is counted alone.

Exit codes: 0 nothing changed; 1 something did; 2 usage; 3 a file is no such export; 4 the coalition cannot be read.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.normalize.text import show
from partners_crm.services.history import operation_before

Records = dict[tuple[str, str], dict[str, Any]]
"""By entity and uid."""
COUNTED_ALONE = {"assignment"}
FIELD = 80
"""Characters of a field that are shown."""


def read_export(path: Path) -> Records:
    """The records of an export.

    Raises:
        ValueError: it is none, or it was cut off.
    """
    found: Records = {}
    with path.open(encoding="utf-8") as stream:
        head = json.loads(stream.readline())
        if not isinstance(head, dict) or head.get("partners_crm") != "export" or head.get("schema_version") != 1:
            raise ValueError("the first line is not that of partners export FILE.jsonl --all")
        for line in stream:
            record = json.loads(line)
            if "journal" not in record:  # of an export --with-history
                found[record["entity"], record["uid"]] = record
    if len(found) != sum(head["entities"].values()):
        raise ValueError(f"it has {len(found)} of {sum(head['entities'].values())} records: it was cut off")
    return found


def called(record: dict[str, Any], names: dict[str, str]) -> str:
    """What a record is called, or what it belongs to."""
    own = next((str(record[field]) for field in ("name", "raw", "label", "value") if record.get(field)), "")
    links = (names.get(str(record.get(field) or ""), "") for field in ("organization", "contact", "site", "seat"))
    return " of ".join(filter(None, (own, next(filter(None, links), ""))))


def said(value: Any, names: dict[str, str]) -> str:
    """A value in words."""
    if value in ("", None):
        return "(empty)"
    word = names.get(value, value) if isinstance(value, str) else json.dumps(value)
    return show(word, FIELD)


def differences(before: Records, after: Records) -> tuple[Counter[tuple[str, str]], list[str]]:
    """How many records of an entity were added, changed or deleted, and a line for each."""
    names = {uid: called(record, {}) for (_, uid), record in {**before, **after}.items()}
    counts: Counter[tuple[str, str]] = Counter()
    lines = []
    for key in {**before, **after}:  # in the order of the files, the deleted ones where they were
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        what = "added" if old is None else "deleted" if new is None else "changed"
        counts[key[0], what] += 1
        if key[0] in COUNTED_ALONE:
            continue
        record = new or old or {}
        line = f'{what}  {key[0].replace("_", " ")} "{show(called(record, names))}"'
        if old and new:
            fields = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            line += "".join(
                f"; {each}: {said(old.get(each), names)} -> {said(new.get(each), names)}" for each in fields
            )
        lines.append(line)
    return counts, lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="What changed between two exports of everything.")
    parser.add_argument("before", type=Path, help="the older export")
    parser.add_argument("after", type=Path, help="the newer one")
    parser.add_argument("--since", metavar="WHEN", help="name the operations since a day, 30d, or an operation")
    parser.add_argument("--db", default=os.environ.get("PARTNERS_DB"), help="the coalition (default: PARTNERS_DB)")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no such letter shows an escape
    if options.since and not options.db:
        parser.error("whose operations? name the coalition with --db or PARTNERS_DB")
    both = []
    for path in (options.before, options.after):
        try:
            both.append(read_export(path))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            print(show(f"{path} is no export: {error}"), file=sys.stderr)
            return 3
    counts, lines = differences(*both)
    for entity in dict.fromkeys(entity for entity, _ in counts):
        told = ", ".join(f"{counts[entity, what]} {what}" for what in ("added", "changed", "deleted"))
        print(f"{entity.replace('_', ' ')}: {told}")
    for line in lines:
        print(line)
    if not counts:
        print("nothing changed")
    if options.since:
        try:
            with Crm.open(options.db) as crm:
                after = operation_before(crm.db, options.since, crm.today)
                done = [each for each in crm.operations() if each.id > after]
        except PartnersError as error:
            print(show(error), file=sys.stderr)
            return 4
        print(f"{len(done)} operations since {options.since}")
        for each in done:
            taken_back = f", taken back by {each.undone_by}" if each.undone_by else ""
            print(show(f"{each.id}  {each.at}  {each.actor}  {each.title}{taken_back}"))
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
