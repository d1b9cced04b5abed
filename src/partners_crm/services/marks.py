"""Which mail addresses nobody may be written to: one rule for everything that adds or changes a way to reach somebody.

An address is suppressed where any contact point with it, in capitals or not, says "do not contact", or belongs to a
contact who says so. A phone is not: it may be the switchboard of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partners_crm.model import Contact, ContactPoint
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples


def suppressed_mails(db: Handle) -> set[str]:
    """Every mail address, in small letters, that is suppressed."""
    silent = ContactPoint.contact.in_(Contact.select(Contact.id).where(Contact.do_not_contact))
    mails = ContactPoint.select(ContactPoint.value).where(ContactPoint.kind == "email")
    return {value.lower() for (value,) in tuples(db, mails.where(ContactPoint.do_not_contact | silent)) if value}


def is_suppressed(db: Handle, mail: str) -> bool:
    """Whether a mail address is suppressed."""
    return bool(mail) and mail.lower() in suppressed_mails(db)


def is_silent(db: Handle, point: Mapping[str, Any]) -> bool:
    """Whether a contact point with these values has to say "do not contact", for its mail address is suppressed."""
    return point["kind"] == "email" and is_suppressed(db, str(point["value"] or ""))
