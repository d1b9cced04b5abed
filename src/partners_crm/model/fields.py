"""The kinds of field an entity can declare, and what each declaration tells the faces.

A field is declared once, by one of the functions below; the form, the list columns, the import mapping, the export
and the reference page all read the same `Declared`. Text that is not known is the empty string, never NULL; numbers
and links that are not known are NULL. Dates are ISO text that may be partial: "2011", "2011-07", "2011-07-14".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast, overload

from partners_crm.model.orm import peewee

Kind = Literal["text", "note", "data", "choice", "whole", "decimal", "flag", "day", "link"]
Visibility = Literal["everyone", "staff", "author"]
OnDelete = Literal["cascade", "clear"]
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the faces need to know of one field."""

    kind: Kind
    """How a value is read, checked and shown."""
    label: str
    """The name a person reads."""
    help: str = ""
    """One sentence for the form and the reference page."""
    headers: tuple[str, ...] = ()
    """Names seen in spreadsheets, folded (lower case, blanks between words)."""
    choices: Choices = ()
    """(stored value, shown label) pairs of a choice."""
    required: bool = False
    """An empty value is refused."""
    derived: bool = False
    """Computed from another field of the record: shown, never asked for."""
    visibility: Visibility = "everyone"
    """Who may see the value."""
    on_delete: OnDelete = "cascade"
    """For a link: what happens to this record when its target is deleted."""


def is_private(how: Declared) -> bool:
    """Whether the values of a field are not for everyone: they leave the coalition only when that is asked for."""
    return how.visibility != "everyone"


def declared(field: object) -> Declared | None:
    """What a field declares, or None for the bookkeeping fields (id, uid, version)."""
    return cast("Declared | None", getattr(field, "declared", None))


def _attach(field: Any, declaration: Declared) -> Any:
    field.declared = declaration
    return field


_ADDED: list[peewee.Node] = [peewee.SQL("DEFAULT ''")]
_ADDED_FLAG: list[peewee.Node] = [peewee.SQL("DEFAULT 0")]
"""SQLite adds a column that is never NULL only where the column has a default of its own."""


def text(
    label: str,
    *,
    help: str = "",  # noqa: A002  # the word every face uses for it
    headers: tuple[str, ...] = (),
    required: bool = False,
    derived: bool = False,
    unique: bool = False,
    index: bool = False,
    added: bool = False,
    visibility: Visibility = "everyone",
) -> peewee.TextField[str]:
    """One line of text; `added` to a table that was released already, so that the database knows its default too."""
    field = peewee.TextField(default="", unique=unique, index=index, constraints=_ADDED if added else None)
    how = Declared("text", label, help, headers, (), required, derived, visibility)
    return cast("peewee.TextField[str]", _attach(field, how))


def note(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    visibility: Visibility = "everyone",
) -> peewee.TextField[str]:
    """Text of any number of lines."""
    field = peewee.TextField(default="")
    return cast("peewee.TextField[str]", _attach(field, Declared("note", label, help, headers, visibility=visibility)))


def data(label: str, *, help: str = "") -> peewee.TextField[str]:  # noqa: A002
    """Text for the program alone: of it people see how much there is."""
    return cast("peewee.TextField[str]", _attach(peewee.TextField(default=""), Declared("data", label, help)))


def choice(
    label: str,
    choices: Choices,
    *,
    default: str = "",
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    required: bool = False,
    derived: bool = False,
) -> peewee.TextField[str]:
    """One of a fixed set of codes; `default` "" means that not knowing is allowed, unless one is `required`."""
    field = peewee.TextField(default=default)
    how = Declared("choice", label, help, headers, choices, required=required or bool(default), derived=derived)
    return cast("peewee.TextField[str]", _attach(field, how))


def day(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
) -> peewee.TextField[str]:
    """A date that may be a year or a month only; "" when it is not known."""
    field = peewee.TextField(default="")
    return cast("peewee.TextField[str]", _attach(field, Declared("day", label, help, headers)))


def whole(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    derived: bool = False,
) -> peewee.IntegerField[int | None]:
    """A whole number, NULL when it is not known."""
    field = peewee.IntegerField(null=True)
    how = Declared("whole", label, help, headers, derived=derived)
    return cast("peewee.IntegerField[int | None]", _attach(field, how))


def decimal(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    derived: bool = False,
) -> peewee.DoubleField[float | None]:
    """A number with a fraction, NULL when it is not known."""
    field = peewee.DoubleField(null=True)
    how = Declared("decimal", label, help, headers, derived=derived)
    return cast("peewee.DoubleField[float | None]", _attach(field, how))


def flag(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    derived: bool = False,
    added: bool = False,
) -> peewee.BooleanField[bool]:
    """Yes or no; no when nobody said yes. `added` as for a text."""
    field = peewee.BooleanField(default=False, constraints=_ADDED_FLAG if added else None)
    how = Declared("flag", label, help, headers, derived=derived)
    return cast("peewee.BooleanField[bool]", _attach(field, how))


@overload
def link(
    label: str,
    target: object,
    *,
    required: Literal[True],
    on_delete: OnDelete = ...,
    help: str = ...,
    derived: bool = ...,
) -> peewee.Field[int]: ...
@overload
def link(
    label: str,
    target: object,
    *,
    required: Literal[False] = ...,
    on_delete: OnDelete = ...,
    help: str = ...,
    derived: bool = ...,
) -> peewee.Field[int | None]: ...
def link(
    label: str,
    target: object,
    *,
    required: bool = False,
    on_delete: OnDelete = "clear",
    help: str = "",  # noqa: A002
    derived: bool = False,
) -> Any:
    """The id of another record; `target` is its entity, or "self".

    A link is a number and stays one: reading it never runs a query. The constraint is checked at the end of the unit
    of work, so that an undo may restore related records in any order.
    """
    field = cast("Any", peewee.ForeignKeyField)(
        target,
        null=not required,
        lazy_load=False,
        deferrable="INITIALLY DEFERRED",
        backref="+",
    )
    how = Declared("link", label, help, required=required, derived=derived, on_delete=on_delete)
    return _attach(field, how)
