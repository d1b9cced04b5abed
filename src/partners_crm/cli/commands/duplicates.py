"""`partners duplicates`: records that may be one, and what becomes of them.

What opens a coalition is imported where one is opened: the score of a list in a file needs none.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from partners_crm.cli import exit_codes
from partners_crm.cli.merging import add_merge_arguments, run_merge
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, number, whole_number
from partners_crm.errors import ConfigError, InvalidValue

SCHEMA_VERSION = 1
SHOWN = 100
"""Pairs that are printed to be read."""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `duplicates`."""
    listed = parser.verb("list", "pairs of records that may be one, the likeliest first, with the evidence")
    _add_entity(listed)
    listed.add_argument("--limit", type=whole_number, metavar="N", help=f"pairs at most (default {SHOWN}; else all)")
    listed.add_argument("--min-score", type=number, metavar="P", help="the least probability (default 0.5)")
    scored = parser.verb("score", "score the pairs of a list in a file, or of the coalition", formats=("csv", "json"))
    scored.add_argument(
        "--csv", type=Path, action="append", metavar="FILE",
        help="a list of people or organizations; its columns are guessed",
    )  # fmt: skip
    scored.add_argument("--out", type=Path, metavar="FILE", help="write id1,id2,score there (default: print them)")
    scored.add_argument("--of", choices=("people", "organizations"), help="what the list is of (default: guessed)")
    scored.add_argument("--across", default="", metavar="COLUMN", help="compare only rows that differ in this column")
    scored.add_argument("--force", action="store_true", help="replace a file of that name")
    merged = parser.verb("merge", "make one record of two, without losing what the other says")
    add_merge_arguments(merged)
    dismissed = parser.verb("dismiss", "keep that two records are two: they are never proposed again")
    dismissed.add_argument("first", help="number, uid or name of one of them")
    dismissed.add_argument("second", help="the same of the other")
    _add_entity(dismissed)
    dismissed.add_argument("--reason", default="", metavar="TEXT", help="how it is known that they are two")
    dismissed.add_argument("--take-back", action="store_true", help="forget it: they may be proposed again")


def _add_entity(parser: Parser) -> None:
    parser.add_argument(
        "--entity", choices=("organizations", "contacts"), default="organizations", help="which records (organizations)"
    )


def run(options: argparse.Namespace) -> int:
    """Carry a verb of `duplicates` out."""
    verbs = {"list": _list, "score": _score, "merge": run_merge, "dismiss": _dismiss}
    return verbs[options.verb](options)


def _list(options: argparse.Namespace) -> int:
    from partners_crm.cli.coalition import to_read
    from partners_crm.services.duplicates import THRESHOLD, hundredths, possible_duplicates
    from partners_crm.services.listing import entity_of

    least = THRESHOLD if options.min_score is None else options.min_score
    if not 0 <= least <= 1:
        raise InvalidValue("--min-score", str(least), "does not lie between 0 and 1")
    limit = SHOWN if options.limit is None and options.format == "table" else options.limit
    if limit is not None and limit < 0:
        raise InvalidValue("--limit", str(limit), "is less than 0")
    with to_read(options) as crm:
        found = possible_duplicates(crm.db, entity_of(crm.db, options.entity), limit=limit, threshold=least)
    if options.format == "json":
        out_json(
            {
                "schema_version": SCHEMA_VERSION,
                "entity": options.entity,
                "threshold": THRESHOLD,
                "records": found.looked_at,
                "found": found.found,
                "dismissed": found.dismissed,
                "pairs": [
                    {
                        "first": {"id": each.first, "name": each.first_title},
                        "second": {"id": each.second, "name": each.second_title},
                        "score": round(each.score, 5),
                        "evidence": [
                            {"feature": one.feature, "words": one.words, "weight": round(one.weight, 3)}
                            for one in each.agreements
                        ],
                    }
                    for each in found.pairs
                ],
            }
        )
        return exit_codes.DONE
    rows = [
        (f"0.{hundredths(each.score):02}", each.first, each.first_title, each.second, each.second_title, each.why)
        for each in found.pairs
    ]
    labels = ("score", "id1", "name1", "id2", "name2", "evidence")
    if options.format == "csv":
        out_csv(labels, rows)
        return exit_codes.DONE
    out_table(labels, rows, frozenset({0, 1, 3}))
    pairs = "pair" if found.found == 1 else "pairs"
    out(f"{found.found:,} {pairs} of {found.looked_at:,} {options.entity} may be one and the same")
    if found.dismissed:
        more = "is" if found.dismissed == 1 else "are"
        out(f"{found.dismissed:,} more {more} known to be two: partners list distinct_pairs")
    if found.pairs:
        out("look at a pair: partners duplicates merge KEEP LOSE --dry-run")
    return exit_codes.DONE


def _score(options: argparse.Namespace) -> int:
    if options.csv is None and (options.of or options.across):
        raise ConfigError("--of and --across are about a list in a file", "name it: --csv FILE")
    if len(options.csv or ()) > 1:
        raise ConfigError(
            "one list at a time", "put both into one file, with a column that says which: --across COLUMN compares them"
        )
    options.csv = options.csv[0] if options.csv else None
    if options.out is not None:
        if options.format == "json":
            raise ConfigError("--out writes CSV", "leave --out away to print JSON")
        _refuse_taken(options)
    lines, words = _of_coalition(options) if options.csv is None else _of_file(options)
    say(words)
    if options.out is not None:
        _write(options.out, lines)
    elif options.format == "json":
        pairs = [{"id1": first, "id2": second, "score": float(score)} for first, second, score in lines]
        out_json({"schema_version": SCHEMA_VERSION, "pairs": pairs})
    else:
        out_csv(("id1", "id2", "score"), lines)
    return exit_codes.DONE


Lines = list[tuple[str, str, str]]
"""Two ids and a score, as they are written."""


def _of_file(options: argparse.Namespace) -> tuple[Lines, str]:
    from partners_crm.cli.plugins import registry_of
    from partners_crm.plugins.formats import formats_of
    from partners_crm.services.matching.tables import score_file

    formats = formats_of(registry_of(options))
    found = score_file(options.csv, formats=formats, kind=options.of, across=options.across)
    headers, used = found.columns.headers, found.columns.used
    by = ", ".join(headers[place] for places in used.values() for place in places)
    left = f"; left out: {', '.join(found.columns.left_out)}" if found.columns.left_out else ""
    lines = [(each.first, each.second, f"{each.score:.5f}") for each in found.pairs]
    pairs = f"{found.compared:,} {'pair' if found.compared == 1 else 'pairs'}"
    return lines, f"{found.records:,} {found.kind} compared in {pairs}, by {by}{left}"


def _of_coalition(options: argparse.Namespace) -> tuple[Lines, str]:
    from partners_crm.cli.coalition import to_read
    from partners_crm.model import Organization
    from partners_crm.services.duplicates import possible_duplicates
    from partners_crm.services.matching.tables import LISTED

    with to_read(options) as crm:
        found = possible_duplicates(crm.db, Organization, limit=None, threshold=LISTED)
    lines = [(str(each.first), str(each.second), f"{each.score:.5f}") for each in found.pairs]
    return lines, f"{found.looked_at:,} organizations compared"


def _refuse_taken(options: argparse.Namespace) -> None:
    from partners_crm.store.files import refuse_url

    path = options.out
    refuse_url(path)
    if path.exists() and options.csv is not None and options.csv.exists() and path.samefile(options.csv):
        raise ConfigError(f"{path} is the list itself", "name another file")
    if path.exists() and not options.force:
        raise ConfigError(f"{path} is there already", "name another file, or add --force")


def _write(path: Path, lines: Lines) -> None:
    import csv
    import io

    from partners_crm.normalize.neutral import neutral
    from partners_crm.store.files import write_whole

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id1", "id2", "score"))
    writer.writerows((neutral(first), neutral(second), score) for first, second, score in lines)
    write_whole(path, text.getvalue().encode())


def _dismiss(options: argparse.Namespace) -> int:
    from partners_crm.cli.coalition import to_write
    from partners_crm.services.duplicates import dismiss, take_back
    from partners_crm.services.listing import entity_of
    from partners_crm.store.read import title_of

    with to_write(options) as crm:
        table = entity_of(crm.db, options.entity)
        first, second = crm.find(table, options.first), crm.find(table, options.second)
        title = f"{title_of(first)} and {title_of(second)}"
        if options.take_back:
            with crm.changes(f"{title} may be one") as changes:
                take_back(changes, table, first.id, second.id)
            out(f"{title} may be proposed again")
        else:
            with crm.changes(f"{title} are two") as changes:
                dismiss(changes, table, first.id, second.id, options.reason)
            out(f"{title} are two: they are never proposed again")
    return exit_codes.DONE
