"""The file formats that services are given: readers and writers as plain objects.

Nothing here knows where they come from. A registry of plugins makes them (`partners_crm.plugins`), each call of theirs
passes its boundary, and whoever calls a service hands them over as `formats`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from partners_crm.errors import ConfigError, PartnersError
from partners_crm.services.exporting.fields import Field
from partners_crm.services.importing.input_files import InputFile, Known, Progress, Reading, ReadOptions
from partners_crm.services.importing.signatures import signature
from partners_crm.services.rows import Problem

_NO_PLUGINS = "leave --no-plugins away, or turn on a plugin that does: partners plugins list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A table that is to be written: its columns, and its rows as values by the name of their column."""

    title: str
    """What the rows are, in the plural: organizations."""
    fields: Sequence[Field]
    """Its columns in order."""
    rows: Iterator[Mapping[str, Any]]
    """Values as JSON has them; a stream that is run through once."""
    as_of: date
    widths: Mapping[str, int] = field(default_factory=dict)
    """Characters that a column would like, by its name."""
    excel: bool = False
    """Whether a text file begins with a mark by which Excel knows UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a writer has written."""

    rows: int
    problems: tuple[Problem, ...] = ()
    """Cells that the format cannot hold; then the file is dropped."""
    described: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """How the datapackage.json of the folder describes the format: format, mediatype, encoding, dialect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads files of one format."""

    name: str
    """One short word: csv."""
    title: str
    """What people call the format: Comma-separated values."""
    recognizes: Callable[[InputFile, ReadOptions], bool]
    """Whether a file is of this format, by its first bytes and never by its name alone."""
    read: Callable[[InputFile, ReadOptions, Known, Progress | None], Reading]
    """The file as rows; raises `FileRefused` for a fault of the file."""
    yields: bool = False
    """Whether it steps back where another one recognizes a file too: most of what is text can be read as CSV."""
    owner: str = ""
    """The plugin that brought it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes files of one format."""

    name: str
    """One short word, as in `--as`: csv."""
    title: str
    suffixes: tuple[str, ...]
    """What files of the format are called, without the dot: csv."""
    write: Callable[[Page, Path], Written]
    """Writes a page into a file that is there and empty; raises `OSError` where its disk refuses."""
    streams: bool = True
    """Whether the file can be standard output."""
    takes_mark: bool = False
    """Whether it can begin with a mark for Excel."""
    is_described: bool = False
    """Whether the datapackage.json of the folder tells what the file holds."""
    keyed: bool = False
    """Whether a value is found by its header, which then may not repeat: JSON."""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Formats:
    """Every reader and writer there is, in the order of their names."""

    readers: tuple[Reader, ...] = ()
    writers: tuple[Writer, ...] = ()

    def reader(self, file: InputFile, options: ReadOptions) -> Reader:
        """The reader of the format that a person named, else the one that recognizes a file.

        Raises:
            ConfigError: there is none of that name, none at all, or more than one knows the file.
            FileRefused: none knows it.
            PartnersError: a reader failed to say, and no other one knows it.
        """
        if options.reader:
            return self._named(options.reader)
        if not self.readers:
            raise ConfigError(f"{file.path}: no plugin reads files here", _NO_PLUGINS)
        found: list[Reader] = []
        failed: list[PartnersError] = []
        for each in self.readers:
            try:
                if each.recognizes(file, options):
                    found.append(each)
            except PartnersError as error:
                failed.append(error)
        found = [each for each in found if not each.yields] or found
        if len(found) > 1:
            names = " and ".join(f"{each.owner} ({each.name})" for each in found)
            raise ConfigError(f"{file.path}: {names} both read such files", f"say which: --as {found[0].name}")
        if found:
            return found[0]
        known = signature(file.start)
        if known is not None:
            raise file.refused(known.said, known.hint)
        if failed:
            raise failed[0]
        raise file.refused("is binary, not a text file", "export the list as CSV and import that")

    def _named(self, name: str) -> Reader:
        for each in self.readers:
            if each.name == name:
                return each
        names = ", ".join(each.name for each in self.readers)
        raise ConfigError(f"nothing reads files as {name}", f"--as {names}" if names else _NO_PLUGINS)

    def writer(self, path: Path, named: str = "") -> Writer:
        """The writer of the named format, else of the suffix of a file.

        Raises:
            ConfigError: there is none, or there are several.
        """
        if not self.writers:
            raise ConfigError(f"{path}: no plugin writes files here", _NO_PLUGINS)
        suffix = path.suffix.lower().removeprefix(".")
        found = [each for each in self.writers if (named == each.name if named else suffix in each.suffixes)]
        if len(found) > 1:
            names = " and ".join(f"{each.owner} ({each.name})" for each in found)
            raise ConfigError(f"{path}: {names} both write such files", f"say which: --as {found[0].name}")
        if not found:
            names = ", ".join(each.name for each in self.writers)
            raise ConfigError(f"{path}: in which format?", f"--as {names}; or a name that ends so: members.csv")
        return found[0]


NONE = Formats()
"""No format at all: what a service has that was given none."""
