"""Reading a cell that is one field of a record, by the kind of the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Protocol

from partners_crm.errors import InvalidValue
from partners_crm.model import Declared
from partners_crm.normalize.text import fold
from partners_crm.services.importing import cells as reading
from partners_crm.services.importing.cells import Read, is_blank
from partners_crm.services.importing.targets import Target
from partners_crm.services.rows import Refusal
from partners_crm.services.values import read_plain


class Texts(Protocol):
    """A row that is being read."""

    epoch: Literal[1900, 1904]
    day_first: bool

    def told(self, column: str, text: str, read: Read) -> str:
        """What a cell was read as; what was repaired is remarked."""

    def remark(self, column: str, value: str, reason: str, *, serious: bool = False) -> None:
        """Say something about a cell."""

    def leave(self, number: int, value: str, reason: str, *, serious: bool = False) -> None:
        """Say of a cell that nothing was taken from it."""


class Plain(NamedTuple):
    """A column that is one field of a record."""

    number: int
    header: str
    record: tuple[str, int]
    """(entity, which of the people of the row)."""
    name: str
    how: Declared
    read: Callable[[Texts, Plain, str], Any]


def reader_of(target: Target, how: Declared) -> Callable[[Texts, Plain, str], Any]:
    """How a cell of a column becomes a value."""
    if how.kind == "note":
        return _as_it_is
    if how.kind == "day":
        return _read_day
    if how.kind == "flag":
        return _read_flag
    if how.kind != "text":
        return _read_status if target == Target("membership", "status") else _read_typed
    if target == Target("site", "postal_code"):
        return _read_postal_code
    if target.name in {"name", "given_name", "family_name"}:
        return _read_name
    return _as_it_is if target.name == "title" else _read_text


def _as_it_is(_row: Texts, _column: Plain, text: str) -> str:
    return text


def _read_text(_row: Texts, _column: Plain, text: str) -> str:
    return "" if is_blank(text) else text


def _read_postal_code(row: Texts, column: Plain, text: str) -> str:
    return "" if is_blank(text) else row.told(column.header, text, reading.postal_code(text))


def _read_name(row: Texts, column: Plain, text: str) -> str:
    plain = row.told(column.header, text, reading.plain_name(text))
    is_person = column.record[0] == "contact"
    if is_person and reading.is_nobody(plain, is_part=column.name != "name"):
        return ""
    if doubt := reading.doubtful_name(plain, is_person=is_person):
        row.remark(column.header, text, doubt, serious=True)
    if not is_blank(plain):
        return plain
    # Null and None are names of people; a row of stars may be that of an organization.
    return plain if (plain.isalpha() if is_person else len(plain) > 2 and not fold(plain)) else ""


def _read_day(row: Texts, column: Plain, text: str) -> str:
    if is_blank(text) or reading.is_no_day(text):
        return ""
    if serial := reading.serial_day(text, row.epoch):
        row.remark(column.header, text, f"was read as {serial}")
        return serial
    from partners_crm.normalize.date_words import parse_date  # only files with dates pay for it

    try:
        return parse_date(text, day_first=row.day_first)
    except InvalidValue as error:
        row.leave(column.number, text, error.reason)
        return ""


def _read_flag(row: Texts, column: Plain, text: str) -> bool | None:
    mark = reading.read_mark(text)
    if mark is None:
        row.leave(column.number, text, "is neither yes nor no", serious=True)
    return mark or None


def _read_status(row: Texts, column: Plain, text: str) -> Any:
    try:
        code = row.told(column.header, text, reading.status(text))
        return read_plain(column.how, code) if code else None
    except InvalidValue as error:
        raise Refusal(column.header, text, error.reason, error.hint) from None


def _read_typed(row: Texts, column: Plain, text: str) -> Any:
    if is_blank(text):
        return None
    try:
        return read_plain(column.how, text)
    except InvalidValue as error:
        if column.how.kind != "choice":
            raise Refusal(column.header, text, error.reason, error.hint) from None
        row.leave(column.number, text, error.reason, serious=True)
        return None
