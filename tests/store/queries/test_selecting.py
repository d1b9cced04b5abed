"""Which records a query means, over fields, relations, dates, the journal and saved searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.store.queries.conftest import district_of

from partners_crm.crm import Crm
from partners_crm.errors import QueryError
from partners_crm.model import (
    Contact,
    ContactPoint,
    Identifier,
    Membership,
    Organization,
    Role,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
)

Found = Callable[..., list[str]]
ALPHA, NEAR, RIVER, QUIET = "Alpha Association", "Near West Homes", "River Table", "Quiet House"
EVERY = sorted([ALPHA, NEAR, RIVER, QUIET])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", EVERY),
        ("silo:housing", [NEAR]),
        ("silo:HO", [NEAR]),
        ("silo:housing,aging", [NEAR, RIVER]),
        ("silo:housing OR silo:aging", [NEAR, RIVER]),
        ("silo:housing silo:aging", [NEAR]),
        ("-silo:aging", [ALPHA, QUIET]),
        ("-(silo:housing OR kind:association)", [QUIET, RIVER]),
        ("NOT (silo:aging -silo:housing)", [ALPHA, NEAR, QUIET]),
        ("kind:provider (city:peoria OR tag:lobby)", [NEAR, RIVER]),
        ("silo_share.weight:>0.5", [NEAR, RIVER]),
        ("silo_share.weight:0.5..0.7", [NEAR]),
        # Of a membership the status is of today.
        ("status:active", [NEAR]),
        ("status:lapsed", [RIVER]),
        ("status:none", [ALPHA, QUIET]),
        ("-status:none", [NEAR, RIVER]),
        ("status:lapsed,none", [ALPHA, QUIET, RIVER]),
        ("membership:active", [NEAR]),
        ("membership.since:2009", [NEAR]),
        ("membership.since:<2009", [RIVER]),
        ("membership.until:2011", [RIVER]),
        ("status@2010-07:active", [NEAR]),
        ("status@2010-07:lapsed", [RIVER]),
        ("has:membership", [NEAR, RIVER]),
        # Other dated relations are of today unless their dates are asked for.
        ("association:alpha", [NEAR]),
        ("association@ever:alpha", [NEAR, RIVER]),
        ("association@2008:alpha", [NEAR, RIVER]),
        ("association@2004:alpha", []),
        ("affiliation.until:<2011", [RIVER]),
        ("city:alton", []),
        ("city@ever:alton", [NEAR]),
        ("site.until:2009", [NEAR]),
        ("has:contact", [NEAR]),
        ("has@ever:contact", [NEAR, RIVER]),
        ("role.title:counselor", []),
        ("role.title@2011:counselor", [RIVER]),
        ("city:chicago", [NEAR]),
        ("zip:606", [NEAR]),
        ("address:water", [RIVER]),
        ("site.kind:hq", [NEAR, RIVER]),
        ("site.beds:>10", [NEAR]),
        ("program:family", [NEAR]),
        ("program.silo:housing", [NEAR]),
        ("service_line.fiscal_year:2012", [NEAR]),
        ("identifier:36-123", [NEAR]),
        ("identifier:99", []),
        ("tag:food,lobby", [NEAR, RIVER]),
        ('tag:"lobby day, spring"', [NEAR]),
        ("other_name:nwh", [NEAR]),
        ("other_name.kind:acronym", [NEAR]),
        ("contact:reyes", [NEAR]),
        ("contact.email:dana", [NEAR]),
        ("phone:555-0142", [NEAR]),
        ("phone:3125550142", [NEAR]),
        ("email:west", [NEAR]),
        ("has:phone", [NEAR]),
        ("-has:phone,email", [ALPHA, QUIET, RIVER]),
        ("has:note", [NEAR, RIVER]),
        ("has:parent", [RIVER]),
        ("-has:parent", [ALPHA, NEAR, QUIET]),
        ("has:budget", [NEAR, RIVER]),
        ("has:site.beds", [NEAR]),
        ("has:district", [NEAR, RIVER]),
        ("parent:near", [RIVER]),
        ("parent.silo:housing", [RIVER]),
        ("-parent.silo:housing", [ALPHA, NEAR, QUIET]),
        ("organization_by_parent:river", [NEAR]),
        ("affiliation_by_association.organization:near", [ALPHA]),
        ("affiliations_by_association:1", [ALPHA]),
        ("sites:1", [NEAR, RIVER]),
        ("sites:0", [ALPHA, QUIET]),
        ("silos:>1", [NEAR]),
        ("silos:1..2", [NEAR, RIVER]),
        ("-sites:>0", [ALPHA, QUIET]),
        ("budget:>5000", [NEAR]),
        ("budget:1000..10000", [RIVER]),
        ("level:gold", [NEAR]),
        ("is:archived", ["Gone Kitchen"]),
        ("archived_on:2020", ["Gone Kitchen"]),
        ("(is:archived OR tag:food)", ["Gone Kitchen", RIVER]),
        ("added:2026-03", EVERY),
        ("added:<30d", []),
        ("changed:today", [RIVER]),
        ("changed:<7d", [RIVER]),
        ("-changed:<7d", [ALPHA, NEAR, QUIET]),
        ("by:ana", [RIVER]),
        ("by:cole by:ana", [RIVER]),
        ("site.added:>=2026-03-01", [NEAR, RIVER]),
        ("id:1", [ALPHA]),
        ("id:>1 id:..3", [NEAR, RIVER]),
        # Words: what begins so, in the record and in what hangs on it; a phrase stands as it is.
        ("hous", [NEAR, QUIET, RIVER]),
        ("reyes", [NEAR]),
        ("oak", [NEAR]),
        ("36-1234567", [NEAR]),
        ("nwh", [NEAR]),
        ("peoria", [RIVER]),
        ("food", [RIVER]),
        ("director", [NEAR]),
        ('"family services"', [NEAR]),
        ('"services family"', []),
        ('"10:30 group"', [NEAR]),
        ('"(OR housing)"', [NEAR]),
        ("done_soon", [RIVER]),
        ("called", [RIVER]),
        ("gold", [NEAR]),
        ("-hous", [ALPHA]),
        ("zzz", []),
    ],
)
def test_organizations(found: Found, query: str, names: list[str]) -> None:
    assert sorted(found(query)) == sorted(names)


@pytest.mark.parametrize(
    ("table", "query", "names"),
    [
        (Contact, "organization:near", ["Dana Reyes"]),
        (Contact, "organization:river", []),
        (Contact, "organization@ever:river", ["Zoë Muñoz"]),
        (Contact, "organization.silo:housing", ["Dana Reyes"]),
        (Contact, "organization.kind:association,provider", ["Dana Reyes"]),
        (Contact, "organization.site.city:chicago", ["Dana Reyes"]),
        (Contact, "organization.status:active", ["Dana Reyes"]),
        (Contact, "organization.budget:>5", ["Dana Reyes"]),
        (Contact, "title:director", ["Dana Reyes"]),
        (Contact, "role.since:<2003", ["Zoë Muñoz"]),
        (Contact, "tag:lobby", ["Dana Reyes"]),
        (Contact, "email:dana", ["Dana Reyes"]),
        (Contact, "is:do_not_contact", ["Zoë Muñoz"]),
        (Contact, "do_not_contact:no", ["Dana Reyes"]),
        (Contact, "munoz", ["Zoë Muñoz"]),
        (Contact, "homes", ["Dana Reyes"]),
        (Contact, "river", ["Zoë Muñoz"]),
        (Contact, "organizations:1", ["Dana Reyes"]),
        (Contact, "-has:organization", ["Zoë Muñoz"]),
        (Site, "organization:near city:chicago", [""]),
        (Site, "organization.silo:aging city:peoria", [""]),
        (Site, "beds:12", [""]),
        (Site, "homes alton", ["Annex"]),
        (Site, "zip:61602", [""]),
        (Site, "email:west", [""]),
        (Site, "since:<2005", ["Annex"]),
        (Role, "organization:near", ["Executive Director"]),
        (Role, "contact:dana is:primary", []),
        (Role, "reyes", ["Executive Director"]),
        (Membership, "organization.tag:food", ["lapsed"]),
        (Membership, "status:lapsed since:2008", ["lapsed"]),
        (Identifier, "organization.silo:housing", ["36-1234567"]),
        (ServiceLine, "silo:housing site.city:chicago", ["Family services"]),
        (SiloShare, "organization:river silo:aging", None),
        (Silo, "organization:near", ["Aging", "Housing"]),
        (Silo, "organizations:2", ["Aging"]),
        (Silo, "-has:organization code:mental", ["Mental health and substance abuse"]),
        (Tag, "organization:river", ["Food"]),
        (Tag, "contacts:>0", ["Lobby day, spring"]),
        (Tagging, "tag:food", None),
        (ContactPoint, "contact:dana", ["dana@example.org"]),
        (ContactPoint, "site.organization:near", ["west@example.org"]),
    ],
)
def test_every_other_entity(house: Crm, table: type[Table], query: str, names: list[str] | None) -> None:
    records: list[Any] = house.records(table, query)
    if names is None:
        assert len(records) == 1
    elif names == [""]:
        assert [each.name for each in records] == [""]
    else:
        assert sorted(str(each[table.entity.title]) for each in records) == sorted(names)


def test_sites_are_found_by_their_district_under_any_map(house: Crm) -> None:
    for chamber, code in (("house", "sldl"), ("senate", "sldu")):
        number = district_of(house, "chicago", chamber)
        for spelling in (
            f"{code}:{number}",
            f"{chamber}:{number}",
            f"{chamber[0]}d:{number:03}",
            f'"{chamber} {number}"',
        ):
            assert [each.name for each in house.organizations(f"district:{spelling}")] == [NEAR]
        assert [each.name for each in house.contacts(f"organization.district:{code}:{number}")] == ["Dana Reyes"]
        assert [each.city for each in house.records(Site, f"district:{code}:{number}")] == ["Chicago"]
    assert house.organizations("district:il-2011:sldl:9 OR -district:il-2011:sldl:9") == house.organizations()


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("colour:red", "organizations have no field colour", "known fields: "),
        ("nmae:x", "organizations have no field nmae", "did you mean: name"),
        ("site.colour:x", "sites have no field colour", "city"),
        ("house.city:x", "organizations have no relation house", "site"),
        ("parent.parent.parent.parent.name:x", "follows more than 3 relations", ""),
        ("kind:red", "kind cannot be red", "provider"),
        ("status:red", "status cannot be red", "lapsed"),
        ("silo:housin", "silo cannot be housin", "did you mean: housing"),
        ("silo:xq", "silo cannot be xq", "child_welfare"),
        ("tag:fod", "there is no tag called fod", "did you mean: Food"),
        ("tag:xqz", "there is no tag called xqz", "there are: Food"),
        ("association:alhpa", "there is no organization called alhpa", "Alpha Association"),
        ("program:zzz", "there is no service line called zzz", "Family services"),
        ("parent:xqz", "parent: there is no organization called xqz", ""),
        ("contact.tag:xqz", "there is no tag called xqz", ""),
        ("district:5", "district cannot be 5", "district:sldl:9"),
        ("district:sldu:99", "there is no senate district 99 on the map il-2021", ""),
        ("district:zz-9:sldu:9", "there is no district map zz-9", "il-2021"),
        ("membership.since:soon", "since cannot be soon", "a date is 2011"),
        ("sites:many", "sites cannot be many", "2..5"),
        ("budget:much", "budget cannot be much", "a number"),
        ("has:colour", "has cannot be colour", "site"),
        ("has:site.colour", "has cannot be site.colour", "city"),
        ("is:tall", "is cannot be tall", "archived"),
        ("changed:sometime", "changed cannot be sometime", "90d"),
        ("changed:9999", "9999 is too far away", ""),
        ("saved:none", "there is no saved search called none", "partners searches save"),
        ("archived_on:>", "archived_on cannot be >", "a date"),
    ],
)
def test_what_means_nothing_is_named(house: Crm, query: str, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as refused:
        house.organizations(query)
    assert message in refused.value.message
    assert hint in refused.value.hint
    for line in (refused.value.message, refused.value.hint):
        assert "\n" not in line


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status:l", [RIVER]),
        ("status:", EVERY),
        ("silo:hous", [NEAR]),
        ("silo:a", [NEAR, RIVER]),
        ("kind:pro", [NEAR, RIVER, QUIET]),
        ("tag:fo", [RIVER]),
        ("tag:foz", []),
        ("association:alp", [NEAR]),
        ("district:", EVERY),
        ("district:sl", [NEAR, RIVER]),
        ("district:sldl:", [NEAR, RIVER]),
        ("membership.since:20", [NEAR, RIVER]),
        ("membership.since:>", EVERY),
        ("budget:>", EVERY),
        ("sites:>", EVERY),
        ("has:si", EVERY),
        ("is:arch", ["Gone Kitchen"]),
        ("changed:>", EVERY),
        ("level:g", [NEAR]),
        ("site.ci", []),
        ('"family ser', [NEAR]),
        ("silo:housing OR", [NEAR]),
        ("(silo:housing OR tag:f", [NEAR, RIVER]),
        ("silo:housing -", [NEAR]),
        ("-status:", EVERY),
        ("silo:housing -status:", [NEAR]),
        ("-status:none,", [NEAR, RIVER]),
        ("-status:l", [ALPHA, NEAR, QUIET]),
        ("-changed:>", EVERY),
        ("-sites:>", EVERY),
        ("-district:sldl:", EVERY),
        ("-has:si", EVERY),
        ("-saved:", EVERY),
    ],
)
def test_what_is_being_typed_means_what_begins_so(found: Found, query: str, names: list[str]) -> None:
    assert sorted(found(query, typing=True)) == sorted(names)


@pytest.mark.parametrize(
    "query", ["tag:fod ", "status:x", "silo:xq", "colour:r", "has:colour", "level:x", "kind:q tag:f"]
)
def test_what_cannot_become_right_is_an_error_while_typing(house: Crm, query: str) -> None:
    with pytest.raises(QueryError):
        house.listing(Organization, query, typing=True)
