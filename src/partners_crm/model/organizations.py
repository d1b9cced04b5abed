"""Organizations, the names and numbers they go by, the places they work in and what they do there."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import choice, day, decimal, flag, link, note, text, whole
from partners_crm.model.silos import Silo

ORGANIZATION_KINDS = (
    ("provider", "Provider"),
    ("advocacy", "Advocacy group"),
    ("association", "Trade association"),
    ("agency", "Public agency"),
    ("funder", "Funder"),
    ("legislature", "Legislature"),
    ("committee", "Legislative committee"),
    ("coalition", "Coalition"),
    ("other", "Other"),
)

SITE_KINDS = (
    ("hq", "Headquarters"),
    ("service", "Service site"),
    ("mailing", "Mailing address"),
)

MATCH_LEVELS = (
    (110, "MANUAL"),
    (100, "ROOFTOP"),
    (80, "STREET"),
    (75, "ZIP9"),
    (70, "ZIP5"),
    (50, "CITY"),
    (10, "STATE"),
    (0, "NONE"),
)
"""How well a point is known, best first. Numbers follow the New York Senate's SAGE, whose HOUSE is ROOFTOP here."""


class Organization(Table):
    """Any body: a provider, an association, an agency, a legislature, a committee."""

    entity = EntityInfo(
        "organization",
        "organizations",
        "name",
        "Any body the coalition deals with; its kind says what it is.",
        searched=True,
    )

    name = text(
        "Name",
        required=True,
        index=True,
        headers=(
            "organization",
            "organization name",
            "organisation",
            "org",
            "org name",
            "agency",
            "agency name",
            "member",
            "member name",
            "member organization",
            "company",
            "account name",
            "provider",
            "legal name",
            "name",
        ),
    )
    kind = choice(
        "Kind",
        ORGANIZATION_KINDS,
        default="provider",
        headers=("kind", "organization type", "organization kind"),
    )
    parent = link("Part of", "self", help="The body this one is an affiliate, division or chapter of.")
    successor = link("Became", "self", help="The body that took this one over, after a merger or a new name.")
    note = note("Note", headers=("note", "notes", "comment", "comments", "remarks"))
    archived_on = day("Archived on", help="Put away on that day: kept, but out of every list.")


class OtherName(Table):
    """A further name of an organization: an acronym, a former or a trade name."""

    entity = EntityInfo(
        "other_name", "other_names", "name", "A further name an organization is known by.", searched=True
    )

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    name = text("Name", required=True, headers=("other name", "acronym", "dba", "also known as", "former name"))
    kind = choice(
        "Kind",
        (("acronym", "Acronym"), ("former", "Former name"), ("trade", "Trade name"), ("other", "Other")),
        default="other",
    )


class Identifier(Table):
    """A number a system knows an organization by: (EIN, 36-1234567)."""

    entity = EntityInfo(
        "identifier",
        "identifiers",
        "value",
        "A number some system knows the organization by, such as its EIN.",
        searched=True,
    )

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    system = text("System", required=True, help="Who issues the number: ein, uei, gata, or the name of a list.")
    value = text("Number", required=True, headers=("ein", "tax id", "fein", "federal ein"))


class Site(Table):
    """A place of an organization: its raw address, what was understood of it, and its point."""

    entity = EntityInfo("site", "sites", "name", "A place where an organization works or receives mail.", searched=True)

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    name = text("Name", headers=("site", "site name", "location", "location name", "facility", "program site"))
    kind = choice(
        "Kind",
        SITE_KINDS,
        default="service",
        help="A mailing address never counts for coverage.",
        headers=("site kind", "site type", "address type"),
    )
    address = text(
        "Address",
        help="As it was typed; never replaced by what was understood of it.",
        headers=(
            "address",
            "street",
            "street address",
            "address 1",
            "address line 1",
            "mailing address",
            "site address",
            "full address",
        ),
    )
    unit = text("Unit", headers=("unit", "suite", "address 2", "address line 2", "floor", "apt"))
    city = text("City", index=True, headers=("city", "town", "municipality"))
    state = text("State", headers=("state", "st", "province"))
    postal_code = text("ZIP", index=True, headers=("zip", "zip code", "zipcode", "postal code", "postcode", "zip5"))
    street = text("Street as understood", derived=True)
    address_note = text("Address problem", derived=True, help="Why the address could not be read; empty when it could.")
    latitude = decimal("Latitude", headers=("latitude", "lat", "y"), help="Degrees north, WGS84.")
    longitude = decimal("Longitude", headers=("longitude", "lon", "long", "lng", "x"), help="Degrees east, WGS84.")
    match_level = whole(
        "Match level",
        help="How well the point is known: 110 a person decided, 100 rooftop, 80 street, 70 ZIP, 50 city.",
        headers=("match level", "geocode level"),
    )
    service_area = text(
        "Service area",
        help="Where its clients live, in words. Never counts for coverage.",
        headers=("service area",),
    )
    since = day("Since", headers=("site since",))
    until = day("Until", headers=("site until",))


class ServiceLine(Table):
    """What an organization does, where, for which silo and with whose money."""

    entity = EntityInfo(
        "service_line",
        "service_lines",
        "name",
        "What is done at a site, for which silo and with whose money.",
        searched=True,
    )

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    site = link("Site", Site, on_delete="clear")
    name = text(
        "Program",
        required=True,
        headers=("program", "program name", "program model", "service", "service name"),
    )
    silo = link("Silo", Silo, on_delete="clear")
    funder = link("Funder", Organization, on_delete="clear")
    fiscal_year = whole("Fiscal year", help="The year it ends in: 2012 is July 2011 to June 2012 in Illinois.")
    active = flag("Active")


class SiloShare(Table):
    """How much of an organization belongs to a silo; the weights of one organization sum to 1."""

    entity = EntityInfo("silo_share", "silo_shares", "", "The weight of one silo in an organization's work.")

    organization = link("Organization", Organization, required=True, on_delete="cascade")
    silo = link("Silo", Silo, required=True, on_delete="cascade")
    weight = decimal("Weight", help="Between 0 and 1; an organization's weights sum to 1.")
