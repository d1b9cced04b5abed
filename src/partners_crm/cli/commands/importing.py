"""`partners import`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import back_up_daily, to_read, to_write
from partners_crm.cli.output import out, out_json, out_table, say
from partners_crm.cli.parsing import Parser, whole_number
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, PartnersError
from partners_crm.model import BY_NAME
from partners_crm.services.importing.planning import POLICIES
from partners_crm.services.importing.report import ImportReport, report_json
from partners_crm.services.importing.whole import WholeReport

if TYPE_CHECKING:
    from partners_crm.services.importing.applying import Options
    from partners_crm.services.importing.keeping import Kept

SHOWN = 20
"""Problems and remarks printed each; JSON holds all of them."""
STDIN = Path("/dev/stdin")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}

_FOR_LISTS = (
    "--no-create",
    "--not-members",
    "--map",
    "--encoding",
    "--delimiter",
    "--sheet",
    "--header-line",
    "--flags",
    "--as",
    "--mapping",
    "--guess",
    "--save-mapping",
    "--own",
    "--afresh",
)
"""Options about rows and columns, which a whole coalition has not: its lines say themselves what they are."""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `import`."""
    parser.add_argument(
        "files", type=_named, nargs="+", metavar="FILE", help="a CSV file, a workbook or JSON Lines; - for stdin"
    )
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
    reading.add_argument(
        "--as", dest="as", default="", metavar="FORMAT", help="read it as csv, xlsx, jsonl or a plugin's own"
    )
    meaning = parser.add_argument_group("what the columns mean")
    meaning.add_argument("--mapping", type=Path, metavar="FILE", help="a saved mapping")
    meaning.add_argument("--guess", action="store_true", help="guess anew, whatever was saved for these columns")
    meaning.add_argument("--save-mapping", type=Path, metavar="FILE", help="write the mapping to a file, to be edited")
    meaning.add_argument(
        "--own", action="append", default=[], metavar="COLUMN", help="make the column a field of the coalition's own"
    )
    meaning.add_argument("--afresh", action="store_true", help="look at rows that were imported before as well")
    parser.add_argument("--problems", type=Path, metavar="FILE", help="write the rejected rows to a CSV file")


def _named(text: str) -> Path:
    return STDIN if text == "-" else Path(text)


def run(options: argparse.Namespace) -> int:
    """Import files, one after the other, and say what became of every row."""
    # Reading a file loads what an option that is refused does not need.
    from partners_crm.services.importing.input_files import kept_pipes

    with kept_pipes(), to_read(options) if options.dry_run else to_write(options) as crm:
        whole = _check_files(options)
        _check_places(crm, options)
        done = _Done(crm, options)
        try:
            for path in options.files:
                done.take(path, is_whole=path in whole)
        except BaseException:
            # What went in before a file that is refused stays in, and is said.
            try:
                done.hand_over()
            except PartnersError as error:
                say(f"the rejected rows could not be written: {error}")
            raise
        done.hand_over()
        if done.wrote:
            back_up_daily(crm)  # the first import of a coalition is what would be missed most
    return exit_codes.FINDINGS if done.rejected else exit_codes.DONE


def _check_files(options: argparse.Namespace) -> set[Path]:
    """Look at every named file before one of them goes in; gives those that are whole coalitions.

    Raises:
        ConfigError: an option does not apply to one of them, or there is no such mapping.
        FileRefused: one of them is missing, or cannot be read.
    """
    from partners_crm.services.importing import mapping as mappings
    from partners_crm.services.importing.input_files import InputFile
    from partners_crm.services.importing.sheets import looks_whole

    if options.save_mapping is not None and len(options.files) > 1:
        raise ConfigError("--save-mapping is for one file", "import the others by themselves")
    if options.mapping is not None:
        mappings.headers_of(options.mapping)
    for path in options.files:
        InputFile(path).close()
    whole = {path for path in options.files if looks_whole(path)}
    given = [word for word in _FOR_LISTS if getattr(options, word.lstrip("-").replace("-", "_"))]
    if whole and given:
        name = min(whole)
        raise ConfigError(f"{given[0]} does not apply to {name}, which is a whole coalition", f"leave {given[0]} away")
    return whole


def _check_places(crm: Crm, options: argparse.Namespace) -> None:
    """Refuse what cannot be written in the end, before anything goes in."""
    from partners_crm.services.importing import keeping, problems

    if options.problems is not None:
        if options.save_mapping is not None and options.problems.absolute() == options.save_mapping.absolute():
            raise ConfigError(f"{options.problems} is named for the mapping and for the problems", "name two files")
        problems.check_place(options.problems, crm.path, options.files)
    if options.save_mapping is not None:
        keeping.check_place(crm.db, options.save_mapping, read=options.files)


class _Done:
    """What the files that were imported so far say."""

    def __init__(self, crm: Crm, options: argparse.Namespace) -> None:
        self._crm = crm
        self._options = options
        self._reports: list[ImportReport | WholeReport] = []
        self._found: list[dict[str, Any]] = []
        self._is_json = options.format == "json"

    @property
    def rejected(self) -> int:
        """Rows and lines that stayed out."""
        return sum(each.rejected for each in self._reports)

    @property
    def wrote(self) -> bool:
        """Whether the coalition is another one now."""
        return any(each.operation is not None for each in self._reports)

    def take(self, path: Path, *, is_whole: bool) -> None:
        """Import a file and say what became of it."""
        if is_whole:
            loaded = _load(self._crm, path, self._options)
            self._reports.append(loaded)
            self._found.append({"schema_version": 2, **asdict(loaded)})
            if not self._is_json:
                _print_whole(loaded)
            return
        chosen = _chosen(self._options)
        with _Bar(path.name) as progress:
            report = self._crm.import_file(path, options=chosen, preview=self._options.dry_run, progress=progress)
        self._reports.append(report)
        kept, mapping = _keep_mapping(self._crm, report, chosen, self._options)
        self._found.append(report_json(report, mapping))
        if not self._is_json:
            _print(report, mapping)
            if kept.how == "stays":
                out(kept.told)

    def hand_over(self) -> None:
        """Write what was rejected where that is wanted, and the reports as JSON."""
        if self._options.problems is not None and self._reports:
            _write_problems(self._options.problems, self._reports, self._crm, self._options.files)
        if self._is_json and self._found:
            out_json(self._found[0] if len(self._options.files) == 1 else self._found)


def _chosen(options: argparse.Namespace) -> Options:
    from partners_crm.services.importing.applying import Options
    from partners_crm.services.importing.sheets import ReadOptions

    read = ReadOptions(
        encoding=options.encoding,
        delimiter=DELIMITERS.get(options.delimiter or "", ""),
        sheet=options.sheet,
        header_line=options.header_line,
        flags=options.flags,
        reader=vars(options)["as"],
    )
    return Options(
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


def _keep_mapping(
    crm: Crm, report: ImportReport, chosen: Options, options: argparse.Namespace
) -> tuple[Kept, Path | None]:
    """Save how the columns were read, where it is asked for and for the next file with these columns; gives where."""
    from partners_crm.services.importing import keeping

    kept = keeping.keep(crm.db, report, chosen)
    if kept.how == "failed":
        # The rows are in; that the next file must be guessed anew is no reason to say they are not.
        say(kept.told)
    if options.save_mapping is not None:
        return kept, keeping.save_as(crm.db, report.mapping, options.save_mapping, read=options.files)
    return kept, kept.path if kept.how in {"saved", "same"} else report.mapping.saved


def _write_problems(path: Path, reports: Sequence[ImportReport | WholeReport], crm: Crm, read: Sequence[Path]) -> None:
    from partners_crm.services.importing.problems import write_problems

    count = write_problems(path, reports, crm.path, read)
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
        what = "partners undo takes it back" if report.changes else "it keeps the rows of the file, word for word"
        out(f"operation {report.operation}; {what}")


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
