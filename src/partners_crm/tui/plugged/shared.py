"""What is left out while others look at the screen: whatever is not for everyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from partners_crm.crm import Crm
from partners_crm.model import Table
from partners_crm.services.cards import Card, Section
from partners_crm.services.listing import Column, Listing
from partners_crm.store.custom import fields_of
from partners_crm.tui.screens.base import table_of

ALL = "everyone"


def shared_card(crm: Crm, card: Card) -> Card:
    """A card without lines about records and fields that are not for everyone."""
    table = table_of(crm, card.entity)
    hidden = {how.label for how in table.declarations().values() if how.visibility != ALL}
    hidden |= {field.label for field in fields_of(crm.db, table) if field.visibility != ALL}
    sections = []
    for section in card.sections:
        rows = tuple(
            row
            for row in section.rows
            if (row.entity in ("", card.entity) and row.label not in hidden)
            or (row.entity not in ("", card.entity) and is_for_all(table_of(crm, row.entity)))
        )
        if rows:
            sections.append(Section(section.title, rows))
    return replace(card, sections=tuple(sections))


def is_for_all(table: type[Table]) -> bool:
    """Whether everyone may see the records of an entity."""
    return table.entity.visibility == ALL


def shared_columns(listing: Listing) -> Sequence[Column]:
    """The columns of a list that are for everyone."""
    declared = listing.table.declarations()
    hidden = {name for name, how in declared.items() if how.visibility != ALL}
    hidden |= {key for key, field in listing.own.items() if field.visibility != ALL}
    return tuple(column for column in listing.columns if column.name not in hidden)
