"""Legislative maps, their districts, where sites stand under each map, and the seats."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import choice, data, day, decimal, flag, link, text, whole
from partners_crm.model.organizations import Site
from partners_crm.model.people import Contact

CHAMBERS = (("house", "House"), ("senate", "Senate"))
PLACING_METHODS = (
    ("point", "Point in district"),
    ("zip", "Area of the ZIP code"),
    ("stated", "Stated in a file"),
    ("manual", "Decided by a person"),
)


class DistrictMap(Table):
    """A plan: which districts there are, and from when to when their lawmakers sit."""

    entity = EntityInfo(
        "district_map",
        "district_maps",
        "code",
        "A district plan, known by its code such as il-2021.",
        not_by_hand="maps come with the program, or by partners districts install",
    )

    code = text("Code", required=True, unique=True)
    name = text("Name", required=True)
    state = text("State")
    base_chamber = choice("Base chamber", CHAMBERS, default="house", help="The chamber whose borders come first.")
    enacted = day("Enacted")
    first_election = day("First election")
    seated_from = day("Seated from")
    seated_until = day("Seated until", help="Exclusive: the day the next map's lawmakers are seated.")
    source = text("Source")
    sha256 = text("SHA-256", help="Of the border figures.")
    border_shift_m = decimal("Border shift", help="Metres a border may lie off, by simplification.")


class MapFigure(Table):
    """The borders of a map that does not come with the program, so that they travel with the coalition."""

    entity = EntityInfo(
        "map_figure",
        "map_figures",
        "",
        "The borders of a map that does not come with the program.",
        not_by_hand="they come with their map",
    )

    map = link("Map", DistrictMap, required=True, on_delete="cascade")
    figures = data("Figures", help="The map file, in base 64.")


class District(Table):
    """A district of one chamber under one map."""

    entity = EntityInfo(
        "district",
        "districts",
        "name",
        "A district of one chamber under one map.",
        not_by_hand="districts come with their map",
    )

    map = link("Map", DistrictMap, required=True, on_delete="cascade")
    chamber = choice("Chamber", CHAMBERS, default="house")
    number = whole("Number")
    name = text("Name")
    ocd_id = text("OCD id", help="Open Civic Data division id; does not name the map.")
    parent = link("Nested in", "self", help="The district of the other chamber it lies in, where the map nests.")


class Assignment(Table):
    """The fact that a site stands, or may stand, in a district under that district's map."""

    entity = EntityInfo(
        "assignment",
        "assignments",
        "",
        "Where a site stands under one map, and how well that is known.",
        not_by_hand="it follows from its site: edit the site's latitude and longitude",
    )

    site = link("Site", Site, required=True, on_delete="cascade")
    district = link("District", District, required=True, on_delete="cascade")
    method = choice("Method", PLACING_METHODS, default="point")
    match_level = whole("Match level", help="How well the point is known; see the site's match level.")
    share = decimal("Share", help="Below 1 for a candidate among several: its share of the area.")
    border_m = decimal("Border distance", help="Metres to the nearest other district; empty when beyond 2 km.")
    neighbour = whole("Neighbour", help="Number of that nearest other district.")
    on_border = flag("On the border", help="The point lies on the line; the lower number was taken.")
    snapped_m = decimal("Snapped", help="Metres a point outside the state was moved to its edge.")
    computed_at = text("Computed at", help="UTC.")
    reason = text("Reason", added=True, help="Why a person decided so.")
    replaced_at = text("Replaced at", added=True, help="UTC: when a newer one took its place; empty while it holds.")


class Seat(Table):
    """A seat of a chamber: it stays when its holder, or the map, changes."""

    entity = EntityInfo(
        "seat",
        "seats",
        "name",
        "A seat of the legislature; fixed, whoever holds it.",
        not_by_hand="seats come with the state",
    )

    state = text("State")
    chamber = choice("Chamber", CHAMBERS, default="house")
    number = whole("Number")
    name = text("Name", required=True)
    ocd_id = text("OCD id")


class Term(Table):
    """Who holds a seat from when to when; without a contact the seat is vacant."""

    entity = EntityInfo("term", "terms", "status", "Who holds a seat, from when to when.")

    seat = link("Seat", Seat, required=True, on_delete="cascade")
    contact = link("Holder", Contact, on_delete="clear", help="Nobody: the seat is vacant.")
    status = choice(
        "Status",
        (
            ("elected", "Elected"),
            ("appointed", "Appointed"),
            ("elect", "Elected, not yet seated"),
            ("vacant", "Vacant"),
        ),
        default="elected",
    )
    party = text("Party")
    since = day("Since")
    until = day("Until")
    source = text("Source", added=True, help="The roster it was loaded from; empty for what a person entered.")
