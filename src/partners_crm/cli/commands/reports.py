"""`partners report`: pages about the coalition that are no check: they say how things are, and exit with 0."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read
from partners_crm.cli.formats import markdown_table, markdown_text
from partners_crm.cli.output import FORMATS, out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser, whole_number
from partners_crm.errors import InvalidValue
from partners_crm.normalize.dates import written_day
from partners_crm.services.first_look import KEYS, SCHEMA_VERSION, FirstLook, Row, Section, first_look

SHOWN = 5
"""Rows of each section where all sections are printed to be read."""
TITLE = "What your spreadsheet could not tell you"


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the reports."""
    verb = parser.verb("first-look", "what your spreadsheet could not tell you", formats=(*FORMATS, "markdown"))
    verb.add_argument("--section", choices=KEYS, metavar="KEY", help=f"one of: {', '.join(KEYS)}")
    verb.add_argument(
        "--limit",
        type=whole_number,
        metavar="N",
        help=f"rows of each section (default {SHOWN}; all with --section, in JSON and in CSV)",
    )
    verb.add_argument("--operation", type=whole_number, metavar="N", help="only what an operation touched, an import")


def run(options: argparse.Namespace) -> int:
    """Print a report."""
    limit = options.limit
    if limit is not None and limit < 0:
        raise InvalidValue("--limit", str(limit), "is less than 0")
    with to_read(options) as crm:
        found = first_look(crm.db, crm.today, options.operation)
    sections = (found.section(options.section),) if options.section else found.sections
    if limit is None and not options.section and options.format in {"table", "markdown"}:
        limit = SHOWN
    write = {"json": _json, "csv": _csv, "markdown": _markdown, "table": _table}[options.format]
    write(found, [(each, each.rows[:limit]) for each in sections])
    return exit_codes.DONE


Shown = list[tuple[Section, tuple[Row, ...]]]
"""Sections with the rows that are printed."""


def _head(found: FirstLook) -> str:
    return f"{TITLE}: {found.scope}, {written_day(found.as_of)}"


def _notes(found: FirstLook, section: Section, shown: int) -> Iterator[str]:
    """What is said of a section below its sentence."""
    if section.remedy:
        yield f"-> {section.remedy}"
    if section.listed and section.count:
        yield f"the same records: partners list {section.listed}"
    if len(section.rows) > shown:
        of = "" if found.operation is None else f" --operation {found.operation}"
        yield f"{len(section.rows) - shown:,} more: partners report first-look --section {section.key}{of}"


def _labels(section: Section) -> tuple[str, str, str]:
    entity = section.rows[0].entity.replace("_", " ") if section.rows else ""
    return entity, "name", "in detail"


def _table(found: FirstLook, sections: Shown) -> None:
    out(_head(found))
    for section, rows in sections:
        out()
        out(f"{section.title} ({section.key})")
        out(f"  {section.sentence}")
        for note in _notes(found, section, len(rows)):
            out(f"  {note}")
        if rows:
            out_table(_labels(section), [(row.id, row.title, row.detail) for row in rows], frozenset({0}))


def _markdown(found: FirstLook, sections: Shown) -> None:
    parts = [f"# {markdown_text(_head(found))}\n"]
    for section, rows in sections:
        parts.append(f"## {markdown_text(section.title)}\n")
        parts.append(f"{markdown_text(section.sentence)}\n")
        if notes := list(_notes(found, section, len(rows))):
            parts.append("".join(f"- {markdown_text(note.removeprefix('-> '))}\n" for note in notes))
        if rows:
            parts.append(markdown_table(_labels(section), [(row.id, row.title, row.detail) for row in rows]))
    sys.stdout.write("\n".join(parts))


def _csv(_found: FirstLook, sections: Shown) -> None:
    rows: list[tuple[Any, ...]] = []
    for section, some in sections:
        # A section that found nothing is a row too.
        for row in some or (Row("", 0, "", ""),):
            about = (section.key, section.count, section.total, section.sentence)
            rows.append((*about, row.entity, row.id or "", row.title, row.detail, row.other))
    out_csv(["section", "count", "total", "sentence", "entity", "id", "title", "detail", "other"], rows)


def _json(found: FirstLook, sections: Shown) -> None:
    out_json(
        {
            "schema_version": SCHEMA_VERSION,
            "as_of": found.as_of.isoformat(),
            "operation": found.operation,
            "scope": found.scope,
            "sections": [
                {
                    "key": section.key,
                    "title": section.title,
                    "sentence": section.sentence,
                    "remedy": section.remedy,
                    "count": section.count,
                    "total": section.total,
                    "list": section.listed or None,
                    "rows": [row._asdict() for row in rows],
                }
                for section, rows in sections
            ],
        }
    )
