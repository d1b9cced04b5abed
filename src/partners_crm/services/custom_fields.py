"""Fields that a coalition defines for itself: defining them, reading what is typed into them, and writing it.

A value is kept as the one text that stands for it (a number as "12.5", a date as "2011-07", yes or no, a choice as the
field spells it), so that what is read, shown, compared and exported is the same text. Nothing said is no value: unknown
is not "no".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from partners_crm.errors import Conflict, InvalidValue, NotFound
from partners_crm.model import CustomField, CustomValue, Table, is_private
from partners_crm.model.custom import OWNERS, choices_of, declared_of
from partners_crm.normalize.numbers import parse_number
from partners_crm.normalize.text import fold, reject_reason
from partners_crm.services import records
from partners_crm.services.values import yes_or_no
from partners_crm.store.custom import choice_of, fields_of, values_of
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, where
from partners_crm.store.work import Changes

__all__ = [
    "check_field",
    "check_value",
    "choices_of",
    "declared_of",
    "define",
    "fields_of",
    "guess_kind",
    "is_private",
    "key_of",
    "parted",
    "read_custom",
    "rename",
    "respell",
    "set_value",
    "set_values",
    "typed",
    "typed_values",
    "values_of",
]

MAX_KEY = 40
"""Letters of a key at most."""
MAX_CHOICES = 12
"""More different values of a column are no choice, but text."""
MIN_ROWS = 20
"""A column of fewer filled cells says too little about its choices."""
MAX_CHOICE = 40
"""Letters of a choice at most, where it is guessed."""
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[-+]?0\d")
"""A number that begins so is the name of something: a ZIP code, an account."""
_RESERVED = frozenset({"id", "uid", "version", "own", "entity"})


# -------------------------------------------------------------------- reading


def read_custom(field: CustomField, text: str) -> str:
    """The text that stands for what was typed; "" says nothing. Reading it again gives the same.

    Raises:
        InvalidValue: the text does not fit the field.
    """
    text = text.strip()
    if not text:
        return ""
    if reason := reject_reason(text):
        raise InvalidValue(field.label, text[:40], reason)
    if field.kind == "choice":
        chosen = choice_of(choices_of(field), text)
        if chosen is None:
            raise InvalidValue(field.label, text, "is not a choice", f"one of: {', '.join(choices_of(field))}")
        return chosen
    if field.kind == "yes_no":
        said = _yes_or_no(text)
        if not said:
            raise InvalidValue(field.label, text, "is neither yes nor no")
        return said
    if field.kind == "text":
        return text
    try:
        return parse_number(text) if field.kind == "number" else _parse_date(text)
    except InvalidValue as error:
        raise InvalidValue(field.label, text, error.reason, error.hint) from None


def typed(field: CustomField, text: str) -> str | float | int | bool:
    """A stored text as plain data: numbers are numbers, yes and no are true and false, the rest is text.

    So is what does not fit its field any more, because an undo brought the field of before back.
    """
    if field.kind == "number" and _is_number(text):
        number = float(parse_number(text))
        return int(number) if number.is_integer() else number
    return text == "yes" if field.kind == "yes_no" and _yes_or_no(text) == text else text


def typed_values(db: Handle, table: type[Table], ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """As `values_of`, each value as plain data."""
    fields = {field.key: field for field in fields_of(db, table)}
    if not fields:
        return {}
    found = values_of(db, table, ids)
    return {key: {name: typed(fields[name], text) for name, text in said.items()} for key, said in found.items()}


def parted(db: Handle, table: type[Table], texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed into the entity's own fields, and what into the coalition's."""
    keys = {field.key for field in fields_of(db, table)} - table.declarations().keys()
    own = {name: text for name, text in texts.items() if name in keys}
    return {name: text for name, text in texts.items() if name not in keys}, own


# -------------------------------------------------------------------- writing


def set_value(changes: Changes, field: CustomField, record: Table, text: str) -> None:
    """Let a record say something in a field; "" takes what it said away.

    Raises:
        NotFound: the field is gone.
        InvalidValue: the field is another entity's, or the text does not fit it.
    """
    if field.applies_to != type(record).entity.name:
        plural = OWNERS[field.applies_to].entity.plural
        raise InvalidValue(field.label, "", f"is a field of {plural}, not of {type(record).entity.plural}")
    set_values(changes, record, {field.key: text})


def set_values(
    changes: Changes, record: Table, texts: Mapping[str, str], *, seen: Mapping[str, str] | None = None
) -> None:
    """Let a record say something in several fields, by key; what it says already is left alone.

    `seen` is what stood there when a person decided: another text by now is somebody else's, and a conflict. It reads
    what is stored, and so must not stand in a `together` block that adds it.

    Raises:
        NotFound: there is no such field, or not any more.
        InvalidValue: a text does not fit its field.
        Conflict: somebody else changed the value meanwhile.
    """
    if not texts:
        return
    table = type(record)
    owner = table.entity.name
    fields = {field.key: field for field in fields_of(changes.db, table)}
    standing = {value.field: value for value in where(changes.db, CustomValue, **{owner: record.id})}
    for key, text in texts.items():
        if (field := fields.get(key)) is None:
            known = ", ".join(fields)
            raise NotFound(f"{table.entity.plural} have no field {key}", f"of the coalition's own: {known or 'none'}")
        new, value = read_custom(field, text), standing.get(field.id)
        old = value.value if value is not None else ""
        if new == old:
            continue
        if seen is not None and old != seen.get(key, ""):
            raise Conflict(
                f"{field.label} of {owner} {record.id} was changed by somebody else meanwhile",
                "reload the record, look at the new value, and edit again",
            )
        if value is None:
            changes.add(CustomValue, field=field.id, **{owner: record.id}, value=new)
        elif new:
            changes.update(value, value=new)
        else:
            changes.delete(value)


# -------------------------------------------------------------------- defining


def key_of(label: str) -> str:
    """The key that a label suggests: `Board chair (2026)` gives `board_chair_2026`."""
    # What has no letter of the alphabet cannot be typed into a query.
    words = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")
    words = words if words[:1].isalpha() else f"field_{words}".rstrip("_")
    return words[:MAX_KEY].rstrip("_")


def define(
    changes: Changes,
    table: type[Table],
    label: str,
    kind: str,
    *,
    choices: Sequence[str] = (),
    visibility: str = "everyone",
    help: str = "",  # noqa: A002  # the word every face uses for it
    key: str = "",
) -> CustomField:
    """Add a field to organizations, contacts or sites; without `key` the label makes one.

    Raises:
        InvalidValue: the key is taken, a choice has no choices, or the entity cannot have fields.
    """
    return records.add(
        changes,
        CustomField,
        applies_to=table.entity.name,
        label=label.strip(),
        key=key or key_of(label),
        kind=kind,
        choices="\n".join(choices),
        visibility=visibility,
        help=help,
    )


def rename(changes: Changes, field: CustomField, label: str) -> CustomField:
    """Give a field another label; its key stays, for queries and mappings name it.

    Raises:
        InvalidValue: the label is empty.
        Conflict: somebody else renamed it meanwhile.
    """
    return records.edit(changes, field, label=label.strip())


def respell(changes: Changes, field: CustomField) -> None:
    """Spell every value of a field as it is spelled now that the field is of another kind, or has other choices."""
    for value in where(changes.db, CustomValue, field=field.id):
        if (text := read_custom(field, value.value)) != value.value:
            changes.update(value, value=text)


# -------------------------------------------------------------------- rules


def check_field(db: Handle, values: Mapping[str, Any], given: set[str], key: int | None) -> None:
    """Refuse a field that cannot be as `values` say.

    Raises:
        InvalidValue: its key is taken or cannot be typed, it has no choices, or what is stored does not fit.
    """
    if key is None or given & {"key", "applies_to"}:
        if values["applies_to"] not in OWNERS:
            raise InvalidValue("Of", values["applies_to"], "has no custom fields", f"one of: {', '.join(OWNERS)}")
        _check_key(db, str(values["key"]), OWNERS[values["applies_to"]], key)
    if key is None or given & {"kind", "choices"}:
        _check_choices(values)
    if key is not None and given & {"kind", "choices", "applies_to"}:
        _check_stored(db, by_id(db, CustomField, key), values)


def check_value(db: Handle, values: Mapping[str, Any], key: int | None) -> None:
    """Refuse a value whose record or text does not fit its field, or that is there already.

    Raises:
        InvalidValue: with the reason.
    """
    field = by_id(db, CustomField, int(values["field"]))
    owners = [name for name in OWNERS if values.get(name) is not None]
    if owners != [field.applies_to]:
        raise InvalidValue(
            "Owner", "", f"of a value of {field.label} must be one {field.applies_to}", f"{field.applies_to}=12"
        )
    same = where(db, CustomValue, field=field.id, **{owners[0]: values[owners[0]]})
    if any(other.id != key for other in same):
        raise InvalidValue(field.label, "", f"is there already: custom value {same[0].id}", "edit that one")
    text = str(values["value"])
    if (meant := read_custom(field, text)) != text:
        raise InvalidValue(field.label, text, "is not how it is kept", f"write it as {meant}")


def _check_key(db: Handle, key: str, table: type[Table], own: int | None) -> None:
    if not _KEY.fullmatch(key) or len(key) > MAX_KEY:
        raise InvalidValue(
            "Key", key, "cannot be typed in a query", f"a letter, then at most {MAX_KEY - 1} of a-z, 0-9 and _"
        )
    from partners_crm.services.listing import columns_of  # lists of records know their own fields from here
    from partners_crm.store.queries.fields import fixed_names

    plural = table.entity.plural
    if key in table.declarations() or key in _RESERVED:
        raise InvalidValue("Key", key, f"is a field of {plural} already", "give it another key")
    if key in {column.name for column in columns_of(table)}:
        raise InvalidValue("Key", key, f"is a column of {plural} already", "give it another key")
    if key in fixed_names(table, db.entities):
        raise InvalidValue("Key", key, f"means something in a query on {plural} already", "give it another key")
    for other in where(db, CustomField, key=key):
        if other.id != own:
            raise InvalidValue("Key", key, f"is the key of custom field {other.id} already", "give it another key")


def _check_choices(values: Mapping[str, Any]) -> None:
    if values["kind"] != "choice":
        return
    choices = choices_of(CustomField(kind="choice", choices=values["choices"]))
    if not choices:
        raise InvalidValue("Choices", "", "are missing: a choice needs something to choose from", "one a line")
    for choice, times in Counter(map(str.casefold, choices)).items():
        if times > 1:
            raise InvalidValue("Choices", choice, f"is there {times} times")


def _check_stored(db: Handle, field: CustomField, values: Mapping[str, Any]) -> None:
    """What is stored must fit the field as it will be."""
    stored = where(db, CustomValue, field=field.id)
    if stored and values["applies_to"] != field.applies_to:
        plural = OWNERS[field.applies_to].entity.plural
        raise InvalidValue("Of", values["applies_to"], f"cannot be: {len(stored):,} {plural} say something in it")
    after = CustomField(**{**field.stored(), **values})
    wrong = []
    for value in stored:
        try:
            read_custom(after, value.value)
        except InvalidValue as error:
            wrong.append((value.value, error.reason))
    if wrong:
        text, reason = wrong[0]
        name, shown = ("Kind", values["kind"]) if after.kind != field.kind else ("Choices", "")
        raise InvalidValue(
            name,
            shown,
            f"does not fit {len(wrong):,} of {len(stored):,} stored values: {text[:40]!r} {reason}",
            "change those first",
        )


# -------------------------------------------------------------------- guessing


def guess_kind(texts: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The kind of field that every filled cell of a column fits, and its choices: yes_no, number, date, choice or text.

    Only X marks are yes_no; only 0 and 1 are numbers, and so are years. What begins with a zero is no number, but a
    code.
    """
    seen = Counter(filter(None, (" ".join(text.split()) for text in texts)))
    if not seen:
        return "text", ()
    words = {text.lower() for text in seen}
    if all(map(_yes_or_no, words)) and not words <= {"0", "1"}:
        return "yes_no", ()
    if all(map(_is_number, seen)):
        return "number", ()
    if all(map(_is_date, seen)):
        return "date", ()
    spellings: dict[str, str] = {}
    for text, _ in seen.most_common():
        spellings.setdefault(text.casefold(), text)
    short = max(map(len, seen)) <= MAX_CHOICE
    if short and len(spellings) <= MAX_CHOICES and seen.total() >= MIN_ROWS:
        return "choice", tuple(sorted(spellings.values(), key=str.casefold))
    return "text", ()


def _yes_or_no(text: str) -> str:
    """Yes or no, "" for what is neither."""
    said = yes_or_no(text) if text.strip() else None
    return "" if said is None else "yes" if said else "no"


def _parse_date(text: str) -> str:
    from partners_crm.normalize.date_words import parse_date  # only forms and imports need it

    return parse_date(text)


def _is_number(text: str) -> bool:
    try:
        parse_number(text)
    except InvalidValue:
        return False
    return not _CODE.match(text)


def _is_date(text: str) -> bool:
    try:
        _parse_date(text)
    except InvalidValue:
        return False
    return True
