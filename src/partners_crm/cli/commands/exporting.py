"""`partners export`."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from partners_crm.cli import exit_codes
from partners_crm.cli.brought import columns_named
from partners_crm.cli.coalition import to_read
from partners_crm.cli.output import out, out_json, say
from partners_crm.cli.parsing import Parser, day_of
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.services.exporting.records import Exported, export_to
from partners_crm.services.exporting.whole import WholeExported, export_all_to
from partners_crm.services.listing import entity_of

STDOUT = Path("-")
SHOWN = 20
"""Problems printed; JSON holds all of them."""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `export`."""
    parser.formats = ("table", "json")
    parser.add_argument("file", type=Path, help="where to: members.csv, members.xlsx, members.jsonl, or - for stdout")
    parser.add_argument("--where", default="", metavar="QUERY", help="which records, as in partners list")
    parser.add_argument(
        "--entity", default="", help="what to export: organizations (the default), contacts, sites, ..."
    )
    parser.add_argument("--columns", default="", metavar="A,B", help="the columns, in this order; without it all")
    parser.add_argument(
        "--as", dest="form", metavar="FORMAT", help="csv, xlsx, jsonl or a plugin's own, where the name does not say it"
    )
    parser.add_argument(
        "--excel", action="store_true", help="begin a CSV file with the mark by which Excel knows UTF-8"
    )
    parser.add_argument("--all", action="store_true", help="everything, as JSON Lines that partners import loads again")
    parser.add_argument(
        "--like", type=Path, metavar="MAPPING", help="the columns of your own spreadsheet, by the mapping saved for it"
    )
    parser.add_argument(
        "--map", default="", metavar="CODE", help="with --like: the map that district columns are about"
    )
    parser.add_argument(
        "--as-of", default="", metavar="DATE", help="with --like: what holds on that day (default: today)"
    )
    parser.add_argument("--with-history", action="store_true", help="with --all: the journal too, to read")
    parser.add_argument("--include-private", action="store_true", help="what not everyone may see, too")
    parser.add_argument("--force", action="store_true", help="replace a file of that name")


def run(options: argparse.Namespace) -> int:
    """Export records and say what was written."""
    _refuse_combinations(options)
    with to_read(options) as crm:
        if options.like is not None:
            return _like(crm, options)
        return _all(crm, options) if options.all else _some(crm, options)


def _refuse_combinations(options: argparse.Namespace) -> None:
    words = {"--where": options.where, "--entity": options.entity, "--columns": options.columns}
    words |= {"--like": options.like, "--map": options.map, "--as-of": options.as_of}
    given = [word for word, value in words.items() if value] + ["--excel"] * options.excel
    if options.all and given:
        raise ConfigError(f"--all exports everything: {given[0]} does not go with it", "leave one of them away")
    if options.all and options.form not in {None, "jsonl"}:
        raise ConfigError("--all is written as JSON Lines", "leave --as away, and name a file that ends in .jsonl")
    if options.with_history and not options.all:
        raise ConfigError("--with-history goes with --all", "partners export everything.jsonl --all --with-history")
    if options.like is None and (options.map or options.as_of):
        word = "--map" if options.map else "--as-of"
        raise ConfigError(f"{word} goes with --like", "name the mapping of your spreadsheet: --like MAPPING")
    if options.like is not None and (options.entity or options.columns):
        word = "--entity" if options.entity else "--columns"
        raise ConfigError(f"{word} does not go with --like", "the mapping says what the columns are")


def _some(crm: Crm, options: argparse.Namespace) -> int:
    table = entity_of(crm.db, options.entity or "organizations")
    columns = [name.strip() for name in options.columns.split(",") if name.strip()]
    chosen = {"columns": columns, "include_private": options.include_private, "excel": options.excel}
    chosen |= {"more_columns": columns_named(crm, columns)}
    if options.file == STDOUT:
        with _stdout() as stream:
            form = options.form or "csv"
            done = export_to(
                crm.db,
                stream,
                options.where,
                today=crm.today,
                table=table,
                form=form,
                formats=crm.formats,
                words=crm.words,
                **chosen,
            )
    else:
        form = options.form or ""
        done = crm.export(options.file, options.where, entity=table, form=form, force=options.force, **chosen)
    _say_some(crm, done, options)
    return exit_codes.FINDINGS if done.problems else exit_codes.DONE


def _like(crm: Crm, options: argparse.Namespace) -> int:
    # It reads what the import reads, which other exports do not need.
    from partners_crm.services.exporting.own_columns import export_like, export_like_to

    chosen: dict[str, Any] = {
        "map_code": options.map,
        "include_private": options.include_private,
        "excel": options.excel,
    }
    chosen |= {"today": day_of(options.as_of) if options.as_of else crm.today, "formats": crm.formats}
    chosen["words"] = crm.words
    if options.file == STDOUT:
        if options.form not in {None, "csv"}:
            raise ConfigError("your own columns go to standard output as CSV alone", "name a file: members.xlsx")
        with _stdout() as stream:
            done = export_like_to(crm.db, stream, options.like, options.where, **chosen)
    else:
        form = options.form or ""
        done = export_like(crm.db, options.file, options.like, options.where, form=form, force=options.force, **chosen)
    _say_some(crm, done, options, f"{done.rows:,} {'row' if done.rows == 1 else 'rows'}")
    return exit_codes.FINDINGS if done.problems else exit_codes.DONE


def _say_some(crm: Crm, done: Exported, options: argparse.Namespace, counted: str = "") -> None:
    tell = say if done.file == "-" else out
    if options.format == "json" and done.file != "-":
        out_json({"schema_version": 1, **asdict(done)})
        return
    for problem in done.problems[:SHOWN]:
        say(problem.described(done.file))
    if len(done.problems) > SHOWN:
        say(f"and {len(done.problems) - SHOWN:,} more; --format json holds all of them")
    if not done.written:
        tell(f"{done.file}: not written: the format {done.format} cannot hold {len(done.problems):,} of its cells")
        return
    tell(f"{done.file}: {counted or _counted(crm, done.rows, done.entity)}, {len(done.columns)} columns")
    tell(done.means)
    if done.private:
        tell(f"left out, for not everyone may see it: {', '.join(done.private)} (--include-private takes it along)")
    if done.package:
        tell(f"described in {done.package}")


def _all(crm: Crm, options: argparse.Namespace) -> int:
    chosen = {"include_private": options.include_private, "with_history": options.with_history}
    if options.file == STDOUT:
        with _stdout() as stream:
            done = export_all_to(crm.db, stream, **chosen)
    else:
        done = crm.export_all(options.file, force=options.force, **chosen)
    if options.format == "json" and done.file != "-":
        out_json({"schema_version": 1, **asdict(done)})
    else:
        _say_all(crm, done)
    return exit_codes.DONE


def _say_all(crm: Crm, done: WholeExported) -> None:
    tell = say if done.file == "-" else out
    tell(f"{done.file}: {done.records:,} records")
    tell("  " + ", ".join(_counted(crm, number, name) for name, number in done.entities if number))
    if done.journal:
        tell("  journal: " + ", ".join(f"{number:,} {kind.replace('_', ' ')}s" for kind, number in done.journal))
    if done.left_out:
        words = [f"{number:,} of {name}" if number else name for name, number in done.left_out]
        tell(f"left out, for not everyone may see it: {', '.join(words)} (--include-private takes it along)")


def _counted(crm: Crm, number: int, name: str) -> str:
    entity = entity_of(crm.db, name).entity
    return f"{number:,} {entity.name if number == 1 else entity.plural}".replace("_", " ")


@contextmanager
def _stdout() -> Iterator[BinaryIO]:
    """Where an export goes that has no file: bytes as they are, or on a terminal lines that do nothing there."""
    if not sys.stdout.isatty():
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    held = io.BytesIO()
    yield held
    for line in held.getvalue().decode("utf-8").splitlines():
        out(line)
