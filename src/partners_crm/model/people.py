"""People, their jobs, and the ways to reach people, places and organizations."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import choice, day, flag, link, note, text
from partners_crm.model.organizations import Organization, Site

POINT_KINDS = (("phone", "Phone"), ("email", "Email"), ("web", "Web"))
POINT_USES = (
    ("voice", "Voice"),
    ("fax", "Fax"),
    ("mobile", "Mobile"),
    ("tty", "TTY"),
)
POINT_STATUSES = (
    ("ok", "In use"),
    ("unreadable", "Kept as typed, not understood"),
    ("bounced", "Bounced"),
    ("former", "No longer in use"),
)


class Contact(Table):
    """A human being."""

    entity = EntityInfo(
        "contact", "contacts", "name", "A person; a job is a role, and a contact may have many.", searched=True
    )

    name = text(
        "Name",
        required=True,
        index=True,
        headers=(
            "contact",
            "contact name",
            "full name",
            "primary contact",
            "contact person",
            "executive director",
        ),
    )
    given_name = text("Given name", headers=("first name", "given name", "first"))
    family_name = text("Family name", headers=("last name", "family name", "surname", "last"))
    note = note("Note", headers=("contact note", "contact notes"))
    archived_on = day("Archived on", help="Put away on that day: kept, but out of every list.")
    do_not_contact = flag("Do not contact", help="Survives every import and merge.", added=True)


class Role(Table):
    """A dated job of a contact in an organization."""

    entity = EntityInfo("role", "roles", "title", "A job: who works where, as what, from when to when.", searched=True)

    contact = link("Contact", Contact, required=True, on_delete="cascade")
    organization = link("Organization", Organization, required=True, on_delete="cascade")
    title = text("Title", headers=("job title", "title", "position", "contact title", "role"))
    department = text("Department", headers=("department", "division of contact"))
    is_primary = flag("Primary contact", help="The first person to call.")
    speaks_for = flag("May speak for it")
    votes_for = flag("May vote for it")
    since = day("Since")
    until = day("Until", help="The last day of the job; empty while it lasts.")


class ContactPoint(Table):
    """A phone number, a mail address or a web address, as typed and as understood."""

    entity = EntityInfo(
        "contact_point",
        "contact_points",
        "raw",
        "A way to reach an organization, one of its sites or a contact.",
        searched=True,
    )

    organization = link("Organization", Organization, on_delete="cascade")
    site = link("Site", Site, on_delete="cascade")
    contact = link("Contact", Contact, on_delete="cascade")
    kind = choice("Kind", POINT_KINDS, default="phone")
    # It takes the name of peewee's Model.raw(sql), which no unbound table can use anyway.
    raw = text(  # type: ignore[assignment]
        "As typed", required=True, help="Never replaced by what was understood of it."
    )
    value = text("As understood", derived=True, help="E.164, a mail address or a URL; empty when not understood.")
    extension = text("Extension")
    use = choice("Use", POINT_USES)
    status = choice("Status", POINT_STATUSES, default="ok")
    problem = text("Problem", derived=True, help="Why it could not be understood.")
    do_not_contact = flag("Do not contact", help="Survives every import and merge.")
