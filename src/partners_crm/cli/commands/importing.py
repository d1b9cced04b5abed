"""`partners import`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import back_up_daily, to_read, to_write
from partners_crm.cli.output import out, out_json, out_table, say
from partners_crm.cli.parsing import Parser, whole_number
from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import BY_NAME
from partners_crm.services.importing.planning import POLICIES
from partners_crm.services.importing.report import ImportReport, report_json
from partners_crm.services.importing.whole import WholeReport

SHOWN = 20
"""Problems and remarks printed each; JSON holds all of them."""
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `import`."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a CSV file, a workbook or JSON Lines")
    parser.add_argument("--dry-run", action="store_true", help="do everything, print the result, keep nothing")
    known = "; ".join(f"{name}: {words}" for name, words in POLICIES.items())
    parser.add_argument("--policy", choices=POLICIES, default="fill", help=f"what becomes of what is known. {known}")
    parser.add_argument("--no-create", action="store_true", help="reject rows about what is not known")
    parser.add_argument("--not-members", action="store_true", help="new organizations are no members")
    parser.add_argument("--map", default="", metavar="CODE", help="the map that district columns are about")
    reading = parser.add_argument_group("how the file is read")
    reading.add_argument("--encoding", default="", help="the file's encoding, when the guess is wrong")
    reading.add_argument("--delimiter", choices=DELIMITERS, help="the file's delimiter, when the guess is wrong")
    reading.add_argument("--sheet", default="", metavar="NAME", help="the worksheet, by name or number")
    reading.add_argument(
        "--header-line", type=whole_number, default=0, metavar="N", help="the line of the header, when it is not found"
    )
    reading.add_argument("--flags", action="store_true", help="strike-out and colour of rows become tags")
    meaning = parser.add_argument_group("what the columns mean")
    meaning.add_argument("--mapping", type=Path, metavar="FILE", help="a saved mapping")
    meaning.add_argument("--guess", action="store_true", help="guess anew, whatever was saved for these columns")
    meaning.add_argument("--save-mapping", type=Path, metavar="FILE", help="write the mapping to a file, to be edited")
    meaning.add_argument(
        "--own", action="append", default=[], metavar="COLUMN", help="make the column a field of the coalition's own"
    )
    meaning.add_argument("--afresh", action="store_true", help="look at rows that were imported before as well")
    parser.add_argument("--problems", type=Path, metavar="FILE", help="write the rejected rows to a CSV file")


def run(options: argparse.Namespace) -> int:
    """Import files, one after the other, and say what became of every row."""
    is_json = options.format == "json"
    reports: list[ImportReport] = []
    found: list[dict[str, Any]] = []
    rejected = 0
    with to_read(options) if options.dry_run else to_write(options) as crm:
        try:
            for path in options.files:
                if _looks_whole(path):
                    loaded = _load(crm, path, options)
                    rejected += loaded.rejected
                    found.append({"schema_version": 2, **asdict(loaded)})
                    if not is_json:
                        _print_whole(loaded)
                else:
                    report = _import(crm, path, options)
                    rejected += report.rejected
                    reports.append(report)
                    mapping = _keep_mapping(crm, report, options.save_mapping)
                    found.append(report_json(report, mapping))
                    if not is_json:
                        _print(report, mapping)
        finally:
            # What went in before a file that is refused stays in, and is said.
            if is_json and found:
                out_json(found[0] if len(options.files) == 1 else found)
        if any(each["operation"] is not None for each in found):
            back_up_daily(crm)  # the first import of a coalition is what would be missed most
    if options.problems is not None:
        _write_problems(options.problems, reports)
    return exit_codes.FINDINGS if rejected else exit_codes.DONE


def _import(crm: Crm, path: Path, options: argparse.Namespace) -> ImportReport:
    from partners_crm.services.importing.applying import Options
    from partners_crm.services.importing.sheets import ReadOptions

    read = ReadOptions(
        encoding=options.encoding,
        delimiter=DELIMITERS.get(options.delimiter or "", ""),
        sheet=options.sheet,
        header_line=options.header_line,
        flags=options.flags,
    )
    chosen = Options(
        policy=options.policy,
        create=not options.no_create,
        members=not options.not_members,
        map_code=options.map,
        read=read,
        mapping=options.mapping,
        use_saved=not options.guess,
        own=tuple(options.own),
        afresh=options.afresh,
    )
    with _Bar(path.name) as progress:
        return crm.import_file(path, options=chosen, preview=options.dry_run, progress=progress)


def _keep_mapping(crm: Crm, report: ImportReport, named: Path | None) -> Path | None:
    """Save how the columns were read: where it is asked for, and for the next file with these columns; gives where."""
    from partners_crm.services.importing import mapping as mappings

    if named is not None:
        return mappings.save(report.mapping, named)
    if report.operation is not None and report.mapping.saved is None:
        try:
            return mappings.save(report.mapping, mappings.place_for(crm.path, report.file, report.mapping))
        except PartnersError as error:
            # The rows are in; that the next file must be guessed anew is no reason to say they are not.
            say(f"the meaning of the columns could not be saved: {error}")
    return report.mapping.saved


def _write_problems(path: Path, reports: list[ImportReport]) -> None:
    from partners_crm.services.importing.problems import write_problems

    count = write_problems(path, reports)
    if count:
        rows = "1 rejected row" if count == 1 else f"{count} rejected rows"
        say(f"{rows} written to {path}; correct and import it")


class _Bar:
    """A line on a terminal that says how far it is; silent where nobody looks."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_shown = False

    def __enter__(self) -> Callable[[str, int, int], None]:
        return self._put

    def __exit__(self, *_error: object) -> None:
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _put(self, stage: str, done: int, total: int) -> None:
        if sys.stderr is None or not sys.stderr.isatty():
            return
        share = f" of {total:,}" if total else ""
        filled = "#" * (20 * done // total) if total else ""
        bar = f" [{filled:<20}]" if total else ""
        self._is_shown = True
        sys.stderr.write(f"\r\x1b[K{stage}{bar} {done:,}{share} rows; Ctrl-C leaves everything as it was")
        sys.stderr.flush()


def _print(report: ImportReport, mapping: Path | None) -> None:
    would = "would be " if report.preview else ""
    out(f"{report.file}: {report.described}")
    for note in report.notes:
        out(f"  {note}")
    if report.headline:
        out(report.headline)
    left_out = f"; {report.left_out} left out (blank, totals, repeated headers)" if report.left_out else ""
    out(
        f"rows in {report.rows} = {report.new} {would}new + {report.changed} {would}changed + {report.same} same"
        f" + {report.rejected} rejected{left_out}"
    )
    if report.unchanged:
        out(f"  {report.unchanged} of the same were imported before, word for word; --afresh looks at them again")
    if report.changes:
        made = ", ".join(_counted(number, name) for name, number in report.records) or "nothing new"
        changed = "1 record" if report.filled == 1 else f"{report.filled} records"
        out(f"{report.changes} changes: {made}{f'; {changed} changed' if report.filled else ''}")
    elif not report.rows:
        out("0 changes: the file has a header and no rows")
    elif report.rejected == report.rows:
        out("0 changes: every row was rejected")
    else:
        known = "nothing was taken from it" if report.remarks else "everything in the file was known"
        out(f"0 changes: {known}")
    rows = [
        (
            each.header or "(no name)",
            each.meaning or "stays in the source rows",
            each.written,
            each.known,
            each.ignored,
            each.blank,
        )
        for each in report.columns
    ]
    out_table(["column", "meaning", "written", "known", "ignored", "blank"], rows, frozenset({2, 3, 4, 5}))
    if any(not each.target for each in report.columns):
        out("what means nothing stays in the source rows of the journal; --own COLUMN makes a field of it")
    if mapping is not None:
        out(f"the meaning of the columns is in {mapping}")
    _print_remarks(report)
    if report.operation is not None:
        out(f"operation {report.operation}; partners undo takes it back")


def _counted(number: int, plural: str) -> str:
    name = BY_NAME[plural].entity.name if number == 1 else plural
    return f"{number} {name.replace('_', ' ')}"


def _print_remarks(report: ImportReport) -> None:
    serious = [each for each in report.remarks if each.serious]
    others = [each for each in report.remarks if not each.serious]
    for title, problems in (("rejected", report.problems), ("look at it", serious), ("kept", others)):
        for problem in problems[:SHOWN]:
            say(f"{title}: {problem.described(report.file)}")
        if len(problems) > SHOWN:
            say(f"{title}: {len(problems) - SHOWN} more, all of them with --format json")


# -------------------------------------------------------------------- whole exports


def _looks_whole(path: Path) -> bool:
    from partners_crm.services.importing.sheets import looks_whole

    return looks_whole(path)


def _load(crm: Crm, path: Path, options: argparse.Namespace) -> WholeReport:
    from partners_crm.services.importing.whole import load_whole

    with _Bar(path.name) as put:
        return load_whole(
            crm.db,
            path,
            policy=options.policy,
            preview=options.dry_run,
            clock=crm.clock,
            progress=lambda done, total: put("loading", done, total),
        )


def _print_whole(report: WholeReport) -> None:
    would = "would be " if report.preview else ""
    left_out = f"; {report.left_out} lines of the journal left out" if report.left_out else ""
    out(f"{report.file}: a whole coalition")
    out(
        f"records in {report.rows} = {report.new} {would}new + {report.changed} {would}changed + {report.same} same"
        f" + {report.rejected} rejected{left_out}"
    )
    rows = [
        (each.entity.replace("_", " "), each.new, each.changed, each.same, each.rejected) for each in report.entities
    ]
    out_table(["records", "new", "changed", "same", "rejected"], rows, frozenset({1, 2, 3, 4}))
    for title, problems in (("rejected", report.problems), ("kept", report.remarks)):
        for problem in problems[:SHOWN]:
            say(f"{title}: {problem.described(report.file)}")
        if len(problems) > SHOWN:
            say(f"{title}: {len(problems) - SHOWN} more, all of them with --format json")
    if report.operation is not None:
        out(f"operation {report.operation}; partners undo takes it back")
