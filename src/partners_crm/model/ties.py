"""How organizations and people are tied to the coalition, to associations and to each other's labels."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import choice, day, flag, link, note, text
from partners_crm.model.organizations import Organization
from partners_crm.model.people import Contact

MEMBERSHIP_STATUSES = (
    ("prospect", "Prospect"),
    ("invited", "Invited"),
    ("active", "Active member"),
    ("lapsed", "Lapsed"),
    ("closed", "Closed"),
)


POSTURES = (
    ("hostile", "Hostile"),
    ("wary", "Wary"),
    ("observing", "Observing"),
    ("consulting", "Consulting"),
    ("collaborating", "Collaborating"),
    ("co_leading", "Co-leading"),
)
"""The ladder, from its foot."""
TAKES_POSTURES = ("association", "agency")
"""The kinds of organization whose posture is recorded."""


class Membership(Table):
    """An organization's dated tie to this coalition."""

    entity = EntityInfo(
        "membership", "memberships", "status", "An organization's dated tie to this coalition.", searched=True
    )

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    status = choice(
        "Status",
        MEMBERSHIP_STATUSES,
        default="active",
        headers=("status", "membership status", "member status"),
    )
    tier = text("Tier", headers=("tier", "membership level", "membership type"))
    since = day("Since", headers=("member since", "joined", "join date", "since"), help="Empty: start unknown.")
    until = day("Until", headers=("member until", "lapsed on", "left", "end date"), help="The last day of the tie.")
    reason = text("Reason", help="Why it joined, left or was closed.")
    recruited_by = text("Recruited by", headers=("recruited by", "referred by"))
    recorded_on = day(
        "Recorded on", help="When the tie was first known; a membership of unknown start counts from here."
    )


class Affiliation(Table):
    """An organization's dated tie to a trade association."""

    entity = EntityInfo(
        "affiliation", "affiliations", "source", "An organization's dated tie to a trade association.", searched=True
    )

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    association = link("Association", Organization, required=True, on_delete="cascade")
    dues_paying = flag("Pays dues")
    source = text("Source", help="Where this was learned.")
    confirmed_on = day("Confirmed on")
    since = day("Since")
    until = day("Until")


class Posture(Table):
    """How an association or an agency stands toward the coalition, from a day on.

    The posture on a day is the newest one whose `since` is not after it.
    """

    entity = EntityInfo(
        "posture",
        "postures",
        "level",
        "How an association or an agency stands toward the coalition, from a day on.",
        searched=True,
        visibility="staff",
    )

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    level = choice("Posture", POSTURES, required=True, headers=("posture",), help="A rung of the ladder.")
    since = day("Since", help="Empty: as far back as is known.")
    evidence = text("Evidence", help="What shows it: a vote, a letter, a seat at the table.")
    reasons = note("Reasons", help="Why it stands so, as far as we know.")
    recorded_on = day("Recorded on")


class Tag(Table):
    """A word the coalition puts on records."""

    entity = EntityInfo(
        "tag", "tags", "name", "A word the coalition puts on organizations and contacts.", searched=True
    )

    name = text("Name", required=True, unique=True, headers=("tag", "tags", "labels"))


class Tagging(Table):
    """A tag on an organization or on a contact."""

    entity = EntityInfo("tagging", "taggings", "", "A tag on an organization or on a contact.")

    tag = link("Tag", Tag, required=True, on_delete="cascade")
    organization = link("Organization", Organization, on_delete="cascade")
    contact = link("Contact", Contact, on_delete="cascade")
