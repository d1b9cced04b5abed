"""`export`: the records that a query means, into one file of the format that its suffix names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

from partners_crm.errors import ConfigError
from partners_crm.model import Organization, Table
from partners_crm.services.exporting import packages
from partners_crm.services.exporting.csv_files import write_csv
from partners_crm.services.exporting.in_place import draft_of
from partners_crm.services.exporting.json_lines import write_json_lines
from partners_crm.services.exporting.tables import Selected
from partners_crm.services.rows import Problem
from partners_crm.services.settings import all_settings
from partners_crm.store.files import sha256_of
from partners_crm.store.open import Handle
from partners_crm.store.read import one_state

FORMATS = ("csv", "xlsx", "jsonl")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported."""

    file: str
    """Where it lies; "-" for standard output."""
    format: str
    entity: str
    """Plural name."""
    query: str
    means: str
    """Which records these are and on what terms, in a sentence."""
    as_of: str
    rows: int
    columns: tuple[str, ...]
    private: tuple[str, ...]
    """Fields left out because not everyone may see them."""
    written: bool
    """False where the format cannot hold a value: then there is no file, and `problems` names the cells."""
    problems: tuple[Problem, ...] = ()
    size: int | None = None
    """Bytes."""
    sha256: str = ""
    package: str = ""
    """The datapackage.json that tells of it."""


def format_of(path: Path, named: str = "") -> str:
    """The format of an export: the named one, else by the suffix of the file.

    Raises:
        ConfigError: neither names one.
    """
    suffix = named or path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise ConfigError(
            f"{path}: in which format?", f"--as {', '.join(FORMATS)}; or a name that ends so: members.csv"
        )
    return suffix


def export(
    db: Handle,
    path: Path,
    query: str = "",
    *,
    today: date,
    table: type[Table] = Organization,
    columns: Sequence[str] = (),
    form: str = "",
    excel: bool = False,
    include_private: bool = False,
    force: bool = False,
) -> Exported:
    """Write the records that a query means into a file of mode 0600, whole or not at all.

    Beside a CSV file the datapackage.json of its folder tells what it holds; `excel` begins it with a mark by which
    Excel knows UTF-8. Nothing is written where a workbook cannot hold a text: see `Exported.problems`.

    Raises:
        QueryError, NotFound: the query or a column names something unknown.
        ConfigError: the format is not known or takes no mark, or something has the name already.
        FileRefused: what is called datapackage.json in the folder is none.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
    """
    form = format_of(path, form)
    _refuse_mark(excel, form)
    with one_state(db), draft_of(path, db.path, force=force) as draft:
        chosen = Selected(db, table, query, today=today, columns=columns, include_private=include_private)
        package = packages.read_package(path.parent) if form == "csv" else {}
        problems: tuple[Problem, ...] = ()
        if form == "xlsx":
            # Its libraries take longer to load than most exports take.
            from partners_crm.services.exporting.workbooks import write_workbook

            widths = {column.name: column.width for column in chosen.listing.columns}
            plural = table.entity.plural
            rows, problems = write_workbook(
                draft.path, plural, chosen.fields, chosen.rows(db), as_of=today, widths=widths
            )
            draft.kept = not problems
        else:
            with draft.path.open("wb") as stream:
                rows = _write(db, stream, chosen, form, excel)
        size, digest = draft.path.stat().st_size, sha256_of(draft.path)
        done = _exported(str(path), form, chosen, rows)
        if problems:
            return replace(done, written=False, problems=problems)
        if form == "csv":
            resource = packages.resource_of(
                path,
                chosen.fields,
                title=f"{table.entity.plural.replace('_', ' ').capitalize()} of {all_settings(db)['name']}",
                means=chosen.means,
                mark=excel,
                rows=rows,
                size=size,
                sha256=digest,
            )
            resource |= {"entity": table.entity.name, "query": query, "as_of": today.isoformat()}
            beside = path.parent / packages.NAME
            with draft_of(beside, db.path, force=True) as other:
                other.path.write_bytes(packages.with_resource(package, resource))
            done = replace(done, package=str(beside))
    return replace(done, size=size, sha256=digest)


def export_to(
    db: Handle,
    stream: BinaryIO,
    query: str = "",
    *,
    today: date,
    table: type[Table] = Organization,
    columns: Sequence[str] = (),
    form: str = "csv",
    excel: bool = False,
    include_private: bool = False,
) -> Exported:
    """As `export`, of CSV or JSON Lines, into a stream.

    Raises:
        QueryError, NotFound: as `export`.
        ConfigError: the format is a workbook, or takes no mark.
    """
    if form == "xlsx":
        raise ConfigError("a workbook needs a file", "name one: members.xlsx; or say --as csv")
    _refuse_mark(excel, form)
    with one_state(db):
        chosen = Selected(db, table, query, today=today, columns=columns, include_private=include_private)
        rows = _write(db, stream, chosen, form, excel)
    return _exported("-", form, chosen, rows)


def _refuse_mark(excel: bool, form: str) -> None:
    if excel and form != "csv":
        raise ConfigError("the mark for Excel is for CSV files", "leave --excel away")


def _write(db: Handle, stream: BinaryIO, chosen: Selected, form: str, excel: bool) -> int:
    if form == "csv":
        return write_csv(stream, chosen.fields, chosen.rows(db), mark=excel)
    return write_json_lines(stream, chosen.fields, chosen.rows(db))


def _exported(file: str, form: str, chosen: Selected, rows: int) -> Exported:
    return Exported(
        file=file,
        format=form,
        entity=chosen.table.entity.plural,
        query=chosen.listing.query,
        means=chosen.means,
        as_of=chosen.listing.today.isoformat(),
        rows=rows,
        columns=tuple(field.heading for field in chosen.fields),
        private=chosen.private,
        written=True,
    )
