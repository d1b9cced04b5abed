"""Which meanings of columns are saved after an import, for the next file with the same columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from partners_crm.errors import ConfigError, PartnersError
from partners_crm.model import Contact, Organization, Site
from partners_crm.services import custom_fields
from partners_crm.services.importing import mapping as mappings
from partners_crm.services.importing.applying import Options
from partners_crm.services.importing.mapping import ColumnMapping, OwnField, save
from partners_crm.services.importing.report import ImportReport
from partners_crm.store.files import refuse_over
from partners_crm.store.open import Handle


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the meanings that an import used."""

    how: Literal["saved", "same", "stays", "failed", "not"]
    """Saved now; the same as saved before; guessed anew, and what was saved stays; could not be saved; not to be."""
    path: Path | None = None
    """Where those for these columns lie, if they do."""
    error: PartnersError | None = None
    """Why they could not be saved."""

    @property
    def told(self) -> str:
        """That in a few words; "" where there is nothing to say."""
        name = self.path.name if self.path is not None else ""
        words = {
            "saved": f"its columns are known from now on: {name}",
            "same": "its columns are read as saved",
            "stays": f"guessed anew; what was saved for its columns stays: {name}",
            "failed": f"how its columns are read could not be saved: {self.error}",
        }
        return words.get(self.how, "")


def keep(db: Handle, report: ImportReport, options: Options) -> Kept:
    """Save how an import read its columns, where that is not how it is saved; `options` are those it was asked for.

    Nothing is saved by a preview, where nothing was written, and where every row was rejected: the meanings may be why.
    A guess that was asked for never takes the place of what was saved. What cannot be saved is no error, for the rows
    are in.
    """
    mapping = report.mapping
    place = mappings.place_of(db.path, mapping.headers)
    if report.preview or report.operation is None or report.rejected == report.rows:
        return Kept("not", place)
    mapping = as_defined(db, mapping)
    try:
        if place is not None and _is_same(mappings.read(place, mapping.headers), mapping):
            return Kept("same", place)
        if place is not None and options.mapping is None and not options.use_saved:
            return Kept("stays", place)
        return Kept("saved", save(mapping, place or mappings.place_for(db.path, report.file, mapping)))
    except PartnersError as error:
        return Kept("failed", place, error)


def save_as(db: Handle, mapping: ColumnMapping, path: Path, *, read: Iterable[Path] = ()) -> Path:
    """Write a mapping to a file that somebody named, in place of another mapping at most.

    Raises:
        ConfigError: something else is there, or it is a file of `read`.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
    """
    check_place(db, path, read=read)
    return save(as_defined(db, mapping), path)


def check_place(db: Handle, path: Path, *, read: Iterable[Path] = ()) -> None:
    """Refuse a path that no mapping may be written to.

    Raises:
        ConfigError: something that is no mapping is there, it belongs to a coalition, or it is a file of `read`.
    """
    own = mappings.folder_of(db.path)
    # Its mappings lie there to be edited, and so to be written; a folder of that name beside another is not ours.
    is_ours = own.is_dir() and path.parent.is_dir() and path.parent.samefile(own)
    if is_ours and not path.is_symlink() and (not path.exists() or mappings.reads_as_mapping(path)):
        return
    if is_ours:
        raise ConfigError(f"{path} exists already", "name another file")
    refuse_over(
        path, db.path, replaces=mappings.reads_as_mapping, read=read, hint="it is no mapping: name another file"
    )


def as_defined(db: Handle, mapping: ColumnMapping) -> ColumnMapping:
    """A mapping that says of every own field of its columns what it is: as the coalition has it, where it does."""
    fields = {
        each.key: OwnField(
            each.key,
            each.label,
            table.entity.name,
            each.kind,
            tuple(custom_fields.choices_of(each)),
            each.visibility,
        )
        for table in (Organization, Contact, Site)
        for each in custom_fields.fields_of(db, table)
    }
    return mapping.defined(fields)


def _is_same(saved: ColumnMapping, mapping: ColumnMapping) -> bool:
    """Whether a mapping says the same as the saved one, whatever the reasons."""
    return saved.digest == mapping.digest and sorted(saved.own, key=_key) == sorted(mapping.own, key=_key)


def _key(field: OwnField) -> str:
    return field.key
