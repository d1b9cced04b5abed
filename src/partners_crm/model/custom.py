"""Fields that a coalition defines for itself, and what its records say in them."""

from __future__ import annotations

from typing import cast

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import Declared, Kind, Visibility, choice, link, note, text
from partners_crm.model.organizations import Organization, Site
from partners_crm.model.people import Contact

OWNERS: dict[str, type[Table]] = {table.entity.name: table for table in (Organization, Contact, Site)}
"""The entities that can have fields of the coalition's own, by name; a value links to its record by that name."""
FIELD_KINDS = (
    ("text", "Text"),
    ("number", "Number"),
    ("date", "Date"),
    ("choice", "Choice"),
    ("yes_no", "Yes or no"),
)
_KINDS: dict[str, Kind] = {"text": "text", "number": "decimal", "date": "day", "choice": "choice", "yes_no": "flag"}
"""The kind of a declared field that each is asked for, shown and queried like."""
VISIBILITIES = (("everyone", "Everyone"), ("staff", "Staff"), ("author", "Its author"))


class CustomField(Table):
    """A field that the coalition added to an entity."""

    entity = EntityInfo(
        "custom_field",
        "custom_fields",
        "label",
        "A field that the coalition added to an entity: Board chair.",
    )

    # Not `entity`: that says of every table what it is called.
    applies_to = choice(
        "Of",
        tuple((name, name.capitalize()) for name in OWNERS),
        default="organization",
        help="What has the field.",
    )
    key = text("Key", required=True, unique=True, help="Its name in commands, queries and files: board_chair.")
    label = text("Label", required=True, help="Its name on screens and cards: Board chair.")
    kind = choice("Kind", FIELD_KINDS, default="text")
    choices = note("Choices", help="Of a choice, what it can be: one a line.")
    visibility = choice("Visibility", VISIBILITIES, default="everyone", help="Who may see its values.")
    help = text("Help", help="One sentence for who fills it in.")


class CustomValue(Table):
    """What one record says in a field of the coalition's own."""

    entity = EntityInfo(
        "custom_value",
        "custom_values",
        "value",
        "What an organization, contact or site says in a custom field.",
        searched=True,
    )

    field = link("Field", CustomField, required=True, on_delete="cascade")
    organization = link("Organization", Organization, on_delete="cascade")
    contact = link("Contact", Contact, on_delete="cascade")
    site = link("Site", Site, on_delete="cascade")
    value = text("Value", required=True, help="A number as 12.5, a date as 2011-07-14, yes or no.")


def choices_of(field: CustomField) -> tuple[str, ...]:
    """What a choice can be, in the order of the field."""
    return tuple(filter(None, (" ".join(line.split()) for line in field.choices.splitlines())))


def declared_of(field: CustomField) -> Declared:
    """What the faces need to know of a custom field: the same as of any other."""
    choices = tuple((each, each) for each in choices_of(field)) if field.kind == "choice" else ()
    visibility = cast("Visibility", field.visibility)
    return Declared(_KINDS[field.kind], field.label, field.help, choices=choices, visibility=visibility)
