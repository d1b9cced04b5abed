"""Values of fields as people type and read them, by what each field declares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from partners_crm.errors import InvalidValue, NotFound
from partners_crm.model import Declared, Table
from partners_crm.normalize.text import fold
from partners_crm.store.custom import fields_of
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, find

TRUE_WORDS = frozenset(
    {"x", "xx", "y", "yes", "true", "1", "t", "ja", "wahr", "checked", "on", "✓", "✔", "☑", "✗", "✘", "☒", "*", "•"}
)
"""What people put where something holds, in small letters; a cross on a form is a mark."""
FALSE_WORDS = frozenset({"", "n", "no", "false", "0", "f", "nein", "falsch", "off", "unchecked", "☐"})
"""What they put where it does not."""


def yes_or_no(text: str) -> bool | None:
    """Whether a text says yes; None where it says neither yes nor no. Nothing said is no."""
    word = text.strip().lower()
    # The variant of a sign, as a picture or as a letter, says nothing: a heavy check mark may come with either.
    for each in (word, word.rstrip("\ufe0e\ufe0f")):
        if each in TRUE_WORDS:
            return True
        if each in FALSE_WORDS:
            return False
    folded = fold(word)
    return True if folded in TRUE_WORDS else False if folded and folded in FALSE_WORDS else None


def read_values(db: Handle, table: type[Table], texts: Mapping[str, str]) -> dict[str, Any]:
    """Typed values from what a person typed, field by field.

    Raises:
        NotFound: the entity has no such field, or a link names nothing.
        InvalidValue: a text does not fit its field.
    """
    declarations = table.declarations()
    values = {}
    for name, text in texts.items():
        how = declarations.get(name)
        if how is None or how.derived:
            known = [field for field, each in declarations.items() if not each.derived]
            own = [field.key for field in fields_of(db, table)]
            raise NotFound(f"{table.entity.name} has no field {name}", f"its fields: {', '.join([*known, *own])}")
        values[name] = read_value(db, table, name, how, text)
    return values


def read_value(db: Handle, table: type[Table], name: str, how: Declared, text: str) -> Any:
    """One typed value from text.

    Raises:
        InvalidValue: the text does not fit the field.
        NotFound: a link names nothing.
    """
    if how.kind == "link":
        if not text.strip():
            return None
        return find(db, cast("type[Table]", table._meta.fields[name].rel_model), text.strip()).id
    return read_plain(how, text)


def read_plain(how: Declared, text: str) -> Any:
    """One typed value of a field that is no link.

    Raises:
        InvalidValue: the text does not fit the field.
    """
    text = text if how.kind == "note" else text.strip()
    if how.kind == "choice":
        return _read_choice(how, text)
    if how.kind == "flag":
        return _read_flag(how, text)
    if how.kind in {"whole", "decimal"}:
        return _read_number(how, text)
    if how.kind == "day" and text:
        from partners_crm.normalize.date_words import parse_date  # only forms and imports need it

        try:
            return parse_date(text)
        except InvalidValue as error:
            raise InvalidValue(how.label, text, error.reason, error.hint) from None
    return text


def given_values(db: Handle, table: type[Table], values: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values from what a program gives: text is read as of a person, numbers, days and records are taken.

    Of a link: the record, its id, or what it is called. None is what is not known.

    Raises:
        NotFound: the entity has no such field, or a link names nothing.
        InvalidValue: a value does not fit its field.
    """
    declarations = table.declarations()
    found = {}
    for name, value in values.items():
        how = declarations.get(name)
        if how is None:
            raise NotFound(f"{table.entity.name} has no field {name}", f"its fields: {', '.join(declarations)}")
        if isinstance(value, str):
            found[name] = read_value(db, table, name, how, str(value))
        elif how.kind == "link":
            found[name] = _given_link(db, table.links()[name], how, value)
        else:
            found[name] = _given(how, value)
    return found


def _given_link(db: Handle, target: type[Table], how: Declared, value: Any) -> int | None:
    if isinstance(value, target):
        value = value.id
    if value is None:
        return None
    if type(value) is not int:
        raise InvalidValue(how.label, type(value).__name__, f"is no {target.entity.name.replace('_', ' ')} and no id")
    return by_id(db, target, value).id


def _given(how: Declared, value: Any) -> Any:
    """A value that is no text and no link, as its field stores it."""
    from decimal import Decimal  # lists, which only show values, do without

    if value is None:
        return None if how.kind in {"whole", "decimal"} else read_plain(how, "")
    if how.kind == "day" and isinstance(value, date):
        return read_plain(how, date(value.year, value.month, value.day).isoformat())
    if how.kind == "flag" and isinstance(value, bool):
        return bool(value)
    if how.kind in {"whole", "decimal"} and isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _read_number(how, str(value))
    raise InvalidValue(how.label, type(value).__name__, f"is not what a field of the kind {how.kind} takes")


def show_value(how: Declared, value: Any) -> str:
    """A value as a person reads it; links are numbers and are named by the caller."""
    if value is None:
        return ""
    if how.kind == "choice":
        return dict(how.choices).get(value, str(value))
    if how.kind == "flag":
        return "yes" if value else "no"
    if how.kind == "decimal":
        return f"{value:.10g}"
    if how.kind == "data":
        return f"{len(value):,} characters"
    return str(value)


def _read_choice(how: Declared, text: str) -> str:
    if not text:
        if how.required:
            raise InvalidValue(
                how.label, text, "must be chosen", f"one of: {', '.join(code for code, _ in how.choices)}"
            )
        return ""
    lowered = text.lower()
    for code, label in how.choices:
        if lowered in {code, label.lower()}:
            return code
    raise InvalidValue(how.label, text, "is not a choice", f"one of: {', '.join(code for code, _ in how.choices)}")


def _read_flag(how: Declared, text: str) -> bool:
    said = yes_or_no(text)
    if said is None:
        raise InvalidValue(how.label, text, "is neither yes nor no")
    return said


def _read_number(how: Declared, text: str) -> float | int | None:
    if not text:
        return None
    try:
        number = float(text) if how.kind == "decimal" else int(text)
    except ValueError:
        raise InvalidValue(how.label, text, "is not a number") from None
    if number != number or abs(number) >= 2**53:
        raise InvalidValue(how.label, text, "is out of range")
    return number
