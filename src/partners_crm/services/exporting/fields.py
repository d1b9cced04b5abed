"""What a table that is written has for columns, and how a value becomes the text of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from partners_crm.normalize.neutral import neutral

FieldKind = Literal["text", "day", "choice", "whole", "decimal", "flag", "many"]
SEPARATOR = "; "
"""Between several values in one cell; the import splits there."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table."""

    name: str
    """As in `--columns`, and in the header where there is no other."""
    label: str
    kind: FieldKind
    """`many` is an array; in a cell its values are joined by `SEPARATOR`."""
    about: str = ""
    codes: tuple[str, ...] = ()
    """What a choice can be."""
    header: str | None = None
    """What stands above the column, or before the value in JSON, where it is not the name.

    Headers may repeat, names may not.
    """

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return self.name if self.header is None else neutral(self.header)


def text_of(field: Field, value: Any) -> str:
    """A value as the text of a cell, from which it can be read back; "" when it is not known."""
    if value is None or value == "":
        return ""
    if field.kind == "many":
        return SEPARATOR.join(map(str, value))
    if field.kind == "flag":
        return "yes" if value else "no"
    return value if type(value) is str else repr(value)
