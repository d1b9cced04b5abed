"""What plugins return from the hooks that need no screen: frozen descriptions with the function that does the work.

Every function gets a `PluginContext` first. It is called in a thread of its own with a time limit, its result is
consumed there, and what it raises is a failure with the plugin's name on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from partners_crm.services.checks.check import Answer
from partners_crm.services.formats import Page, Written
from partners_crm.services.geocoding import Address, Found
from partners_crm.services.importing.input_files import InputFile, Known, Progress, Reading, ReadOptions
from partners_crm.services.rule_terms import RuleTerm

if TYPE_CHECKING:
    from partners_crm.plugins.context import PluginContext

SettingKind = Literal["text", "whole", "flag", "choice", "secret"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a plugin."""

    name: str
    """One word in lower case: `token`. People see it with the plugin's name in front: `acme.token`."""
    label: str
    kind: SettingKind = "text"
    """A `secret` is kept in a person's own folder, never in the coalition, and leaves in no export."""
    default: str = ""
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """What a plugin says of itself."""

    title: str
    """What people call it."""
    about: str
    """One sentence."""
    api: tuple[int, int] = (1, 1)
    """The first and the last version of the plugin interface that it fits."""
    requires: tuple[str, ...] = ()
    """Names of plugins without which it is not loaded; it may refer to their record types."""
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Reads files of one format into rows; the core finds out what they mean, plans and writes."""

    name: str
    title: str
    recognizes: Callable[[PluginContext, InputFile, ReadOptions], bool]
    """Whether a file is of this format: asked of its first bytes, `file.start`."""
    read: Callable[[PluginContext, InputFile, ReadOptions, Known, Progress | None], Reading]
    """The rows of a file; raises `FileRefused` for a fault of the file. The last argument is told how far it is.

    `Reading.records` is asked for rows later and more than once, some at a time, without the coalition.
    """
    yields: bool = False
    """Whether it steps back where another one recognizes a file too: most of what is text can be read as CSV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Writes a page of records into a file of one format."""

    name: str
    """As in `--as`: csv."""
    title: str
    suffixes: tuple[str, ...]
    write: Callable[[PluginContext, Page, Path], Written]
    """Writes into a file that is there and empty; an `OSError` of its disk is no failure of the plugin's."""
    streams: bool = True
    """Whether the file can go to standard output."""
    takes_mark: bool = False
    """Whether it can begin with a mark by which Excel knows UTF-8."""
    is_described: bool = False
    """Whether the datapackage.json of the folder tells what the file holds."""
    keyed: bool = False
    """Whether a value is found by its header, which then may not repeat: JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geocoder:
    """Finds where addresses are."""

    name: str
    title: str
    find: Callable[[PluginContext, Sequence[Address]], Iterable[Found | None]]
    """Where each address is, in the same order; None for one not found, or found more than once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginCheck:
    """A question that `partners check` asks again and again."""

    name: str
    about: str
    """What it proves."""
    run: Callable[[PluginContext, Mapping[str, str]], Answer]
    """Answers under the terms, all of them with their values as text."""
    terms: tuple[RuleTerm, ...] = ()
    by_default: bool = True
    """Whether it is run where nobody named it and no rule is saved for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option or word of a command or a report."""

    name: str
    """`issue` is typed as `--issue`; with `is_word` it is a word without dashes."""
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()
    is_flag: bool = False
    """Given or not: "yes" or ""."""
    is_word: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table that a report or a command answers with; the core prints it as a table, JSON or CSV."""

    title: str
    columns: tuple[str, ...]
    """Headers; in JSON the keys, as they stand here."""
    rows: tuple[tuple[Any, ...], ...]
    """Texts, numbers, yes or no, None for what is not known."""
    note: str = ""
    """The sentence that the table means, with its terms."""
    private: tuple[str, ...] = ()
    """Columns that are for staff only: a table marks them, JSON and CSV leave them out without --include-private.

    Where all of them are, so is the page.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command or a report answers: pages of rows, and whether there was something to find."""

    sheets: tuple[Sheet, ...] = ()
    notes: tuple[str, ...] = ()
    """Words for standard error: what was done, and how it is undone."""
    findings: bool = False
    """Whether it exits with 1: a proven finding."""
    undecided: bool = False
    """Whether it exits with 3: the question has no answer on the data at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page about the coalition: `partners report NAME`."""

    name: str
    title: str
    run: Callable[[PluginContext, Mapping[str, str]], Outcome]
    options: tuple[Option, ...] = ()
    private: bool = False
    """Whether it shows what is for staff only: it says so, and leaves with --include-private alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb of a command."""

    name: str
    about: str
    run: Callable[[PluginContext, Mapping[str, str]], Outcome]
    options: tuple[Option, ...] = ()
    writes: bool = False
    """Whether it changes the coalition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command beside those of the core: `partners NAME VERB`."""

    name: str
    about: str
    verbs: tuple[Verb, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryField:
    """A word that queries know beside the fields of an entity: `contested:yes`."""

    name: str
    entity: str
    """Whose queries know it: organization."""
    label: str
    find: Callable[[PluginContext, str], Iterable[int]]
    """The ids of the records that have a value; raises `QueryError` for a value that is none."""
    values: Callable[[PluginContext], Iterable[str]] | None = None
    """What can be asked for, for the completion."""
    help: str = ""


__all__ = [
    "Address",
    "Answer",
    "Command",
    "Exporter",
    "Found",
    "Geocoder",
    "Importer",
    "InputFile",
    "Known",
    "Option",
    "Outcome",
    "Page",
    "PluginCheck",
    "PluginInfo",
    "Progress",
    "QueryField",
    "ReadOptions",
    "Reading",
    "Report",
    "RuleTerm",
    "Setting",
    "Sheet",
    "Verb",
    "Written",
]
