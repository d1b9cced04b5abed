"""`export`: the records that a query means, into one file of the format that its suffix names.

The records are chosen and put into rows here; a writer of the format makes a file of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

from partners_crm.errors import ConfigError
from partners_crm.model import Organization, Table
from partners_crm.services.exporting import packages
from partners_crm.services.exporting.in_place import draft_of, streamed
from partners_crm.services.exporting.tables import Selected
from partners_crm.services.formats import Formats, Page, Writer, Written
from partners_crm.services.listing import OwnColumn
from partners_crm.services.rows import Problem
from partners_crm.services.settings import all_settings
from partners_crm.store.files import sha256_of
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Words, no_words
from partners_crm.store.read import one_state


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


def export(
    db: Handle,
    path: Path,
    query: str = "",
    *,
    today: date,
    formats: Formats,
    table: type[Table] = Organization,
    columns: Sequence[str] = (),
    form: str = "",
    excel: bool = False,
    include_private: bool = False,
    force: bool = False,
    words: Words = no_words,
    more_columns: Sequence[OwnColumn] = (),
) -> Exported:
    """Write the records that a query means into a file of mode 0600, whole or not at all.

    Beside a CSV file the datapackage.json of its folder tells what it holds; `excel` begins it with a mark by which
    Excel knows UTF-8. Nothing is written where the format cannot hold a text: see `Exported.problems`.

    Raises:
        QueryError, NotFound: the query or a column names something unknown.
        ConfigError: the format is not known or takes no mark, or something has the name already.
        FileRefused: what is called datapackage.json in the folder is none.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
        PartnersError: the writer failed.
    """
    writer = formats.writer(path, form)
    refuse_mark(excel, writer)
    with one_state(db), draft_of(path, db.path, force=force) as draft:
        chosen = Selected(
            db,
            table,
            query,
            today=today,
            columns=columns,
            include_private=include_private,
            words=words,
            more_columns=more_columns,
        )
        package = packages.read_package(path.parent) if writer.is_described else {}
        written = writer.write(_page(db, chosen, excel), draft.path)
        draft.kept = not written.problems
        size, digest = draft.path.stat().st_size, sha256_of(draft.path)
        done = _exported(str(path), writer, chosen, written.rows)
        if written.problems:
            return replace(done, written=False, problems=written.problems)
        if writer.is_described:
            resource = _resource(db, path, chosen, written, size, digest)
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
    formats: Formats,
    table: type[Table] = Organization,
    columns: Sequence[str] = (),
    form: str = "csv",
    excel: bool = False,
    include_private: bool = False,
    words: Words = no_words,
    more_columns: Sequence[OwnColumn] = (),
) -> Exported:
    """As `export`, of a format that needs no file, into a stream; nothing goes there before all of it is written.

    Raises:
        QueryError, NotFound: as `export`.
        ConfigError: the format needs a file, or takes no mark.
        StoreUnavailable: the folder for temporary files has no room.
        PartnersError: the writer failed.
    """
    writer = formats.writer(Path("-"), form)
    if not writer.streams:
        name = f"members.{writer.suffixes[0]}" if writer.suffixes else "members"
        raise ConfigError(f"the format {writer.name} needs a file", f"name one: {name}; or say --as csv")
    refuse_mark(excel, writer)
    with one_state(db):
        chosen = Selected(
            db,
            table,
            query,
            today=today,
            columns=columns,
            include_private=include_private,
            words=words,
            more_columns=more_columns,
        )
        written = streamed(writer, _page(db, chosen, excel), stream)
    done = _exported("-", writer, chosen, written.rows)
    return replace(done, written=not written.problems, problems=written.problems)


def refuse_mark(excel: bool, writer: Writer) -> None:
    """Refuse a mark in a format that takes none.

    Raises:
        ConfigError: it takes none.
    """
    if excel and not writer.takes_mark:
        raise ConfigError("the mark for Excel is for CSV files", "leave --excel away")


def _page(db: Handle, chosen: Selected, excel: bool) -> Page:
    listing = chosen.listing
    return Page(
        title=chosen.table.entity.plural,
        fields=chosen.fields,
        rows=chosen.rows(db),
        as_of=listing.today,
        widths={column.name: column.width for column in listing.columns},
        excel=excel,
    )


def _resource(db: Handle, path: Path, chosen: Selected, written: Written, size: int, sha256: str) -> dict[str, object]:
    plural = chosen.table.entity.plural.replace("_", " ").capitalize()
    return packages.resource_of(
        path,
        chosen.fields,
        title=f"{plural} of {all_settings(db)['name']}",
        means=chosen.means,
        described=written.described,
        rows=written.rows,
        size=size,
        sha256=sha256,
    )


def _exported(file: str, writer: Writer, chosen: Selected, rows: int) -> Exported:
    return Exported(
        file=file,
        format=writer.name,
        entity=chosen.table.entity.plural,
        query=chosen.listing.query,
        means=chosen.means,
        as_of=chosen.listing.today.isoformat(),
        rows=rows,
        columns=tuple(field.heading for field in chosen.fields),
        private=chosen.private,
        written=True,
    )
