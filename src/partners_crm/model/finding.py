"""What the coalition keeps of its questions and answers about records: saved searches, and pairs that are not one."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import link, note, text
from partners_crm.model.organizations import Organization
from partners_crm.model.people import Contact


class SavedSearch(Table):
    """A query under a name: it is asked anew each time, and refuses when something it names is gone."""

    entity = EntityInfo(
        "saved_search", "saved_searches", "name", "A query under a name, asked anew each time.", searched=True
    )

    name = text("Name", required=True, unique=True)
    applies_to = text("Lists", required=True, help="The entity it lists, in the plural: organizations.")
    query = text("Query", help="As it is typed in the filter; an empty one lists all.")
    sort = text("Sorted by", help="A column, with a minus before it for the last first: -city. Empty: by name.")
    note = note("Note", help="What it is for.")


class DistinctPair(Table):
    """Two records that look like one and are not: they are never proposed as duplicates again."""

    entity = EntityInfo(
        "distinct_pair",
        "distinct_pairs",
        "reason",
        "Two organizations, or two contacts, that look like one and are not.",
        not_by_hand="use partners duplicates dismiss",
    )

    organization = link("Organization", Organization, on_delete="cascade")
    other_organization = link("Other organization", Organization, on_delete="cascade")
    contact = link("Contact", Contact, on_delete="cascade")
    other_contact = link("Other contact", Contact, on_delete="cascade")
    reason = text("Reason", help="How it is known that they are two.")
