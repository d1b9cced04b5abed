"""The coalition's own fields as they are read: which an entity has, and what its records say in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from partners_crm.model import CustomField, CustomValue, Table
from partners_crm.model.custom import OWNERS
from partners_crm.normalize.text import fold
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, tuples, where


def fields_of(db: Handle, table: type[Table]) -> tuple[CustomField, ...]:
    """The fields that the coalition added to an entity, oldest first."""
    if table.entity.name not in OWNERS:
        return ()
    return tuple(where(db, CustomField, applies_to=table.entity.name))


def values_of(db: Handle, table: type[Table], ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """What records say in their custom fields, as stored, by id and key; who says nothing is left out."""
    found: dict[int, dict[str, str]] = {}
    if table.entity.name not in OWNERS:
        return found
    owner = owner_of(table)
    query = CustomValue.select(owner, CustomField.key, CustomValue.value).join(
        CustomField, on=(CustomValue.field == CustomField.id)
    )
    for some in parts(list(ids)):
        for record, key, value in tuples(db, query.where(owner.in_(some)).order_by(CustomField.id)):
            found.setdefault(record, {})[key] = value
    return found


def owner_of(table: type[Table]) -> Any:
    """The link by which a value belongs to a record of an entity."""
    return CustomValue._meta.fields[table.entity.name]


def said_in(field: CustomField, table: type[Table]) -> Any:
    """What a record says in a custom field, as an expression of a query on its entity; NULL where it says nothing."""
    own = CustomValue.alias()
    link = getattr(own, table.entity.name)
    return own.select(own.value).where((own.field == field.id) & (link == table.id)).limit(1)


def choice_of(choices: Sequence[str], text: str) -> str | None:
    """The choice that a text means: the one spelled so, else the one that differs in case, accents or punctuation."""
    tidy = " ".join(text.split())
    if tidy in choices:
        return tidy
    for form in (str.casefold, fold):
        same = [each for each in choices if form(each) == form(tidy)]
        if len(same) == 1 and form(tidy):
            return same[0]
    return None
