"""The fields of a record type, declared like the core's: the same names and arguments, and nothing of the database.

A field declared here is data: it can be written down, kept in a coalition, and become a column there.
"""

from __future__ import annotations

from dataclasses import dataclass

from partners_crm.model.fields import Choices, Declared, Kind, OnDelete, Visibility


@dataclass(frozen=True, slots=True)
class FieldDeclared:
    """One field of a record type."""

    how: Declared
    """What the faces need to know of it."""
    target: str = ""
    """Of a link, the entity it points to: one of the core's, a type of the same plugin by its short name, or one of a
    required plugin by its whole name."""
    unique: bool = False
    """Whether no two records may have the same value."""
    index: bool = False
    """Whether records are looked for by it often."""
    default: str = ""
    """Of a choice, what a new record has."""


def text(
    label: str,
    *,
    help: str = "",  # noqa: A002  # the word every face uses for it
    headers: tuple[str, ...] = (),
    required: bool = False,
    derived: bool = False,
    unique: bool = False,
    index: bool = False,
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """One line of text."""
    return FieldDeclared(
        Declared("text", label, help, headers, (), required, derived, visibility), unique=unique, index=index
    )


def note(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """Text of any number of lines."""
    return _plain("note", label, help, headers, visibility)


def choice(
    label: str,
    choices: Choices,
    *,
    default: str = "",
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    required: bool = False,
    derived: bool = False,
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """One of a fixed set of codes, (stored value, shown label) each.

    `default` "" means that not knowing is allowed, unless one is `required`.
    """
    pairs = tuple(tuple(pair) for pair in choices)
    how = Declared("choice", label, help, headers, pairs, required or bool(default), derived, visibility)  # type: ignore[arg-type]  # that they are pairs is asked of the whole type
    return FieldDeclared(how, default=default)


def day(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """A date that may be a year or a month only; "" when it is not known."""
    return _plain("day", label, help, headers, visibility)


def whole(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    derived: bool = False,
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """A whole number, None when it is not known."""
    return _plain("whole", label, help, headers, visibility, derived=derived)


def decimal(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    derived: bool = False,
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """A number with a fraction, None when it is not known."""
    return _plain("decimal", label, help, headers, visibility, derived=derived)


def flag(
    label: str,
    *,
    help: str = "",  # noqa: A002
    headers: tuple[str, ...] = (),
    derived: bool = False,
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """Yes or no; no when nobody said yes."""
    return _plain("flag", label, help, headers, visibility, derived=derived)


def link(
    label: str,
    target: str,
    *,
    required: bool = False,
    on_delete: OnDelete = "clear",
    help: str = "",  # noqa: A002
    derived: bool = False,
    visibility: Visibility = "everyone",
) -> FieldDeclared:
    """Another record; `target` names its entity (`FieldDeclared.target`), or is "self".

    `on_delete` says what becomes of this record when that one is deleted: it goes too ("cascade"), or stays and loses
    the link ("clear"), which a required link cannot.
    """
    how = Declared(
        "link",
        label,
        help,
        required=required,
        derived=derived,
        visibility=visibility,
        on_delete=on_delete,
    )
    return FieldDeclared(how, target=target)


def _plain(
    kind: Kind,
    label: str,
    helping: str,
    headers: tuple[str, ...],
    visibility: Visibility,
    *,
    derived: bool = False,
) -> FieldDeclared:
    return FieldDeclared(Declared(kind, label, helping, headers, derived=derived, visibility=visibility))
