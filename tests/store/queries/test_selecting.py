"""Which records a query means, over fields, relations, dates, the journal and saved searches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.store.queries.conftest import district_of

from partners_crm.crm import Crm
from partners_crm.errors import QueryError
from partners_crm.model import (
    ENTITIES,
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
from partners_crm.store.queries.steps import steps

Found = Callable[..., list[str]]
KINDS = Organization.declarations()["kind"].choices
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
        ("status:none.", [ALPHA, QUIET]),
        ("status:_none", [ALPHA, QUIET]),
        ("status:Nóne", [ALPHA, QUIET]),
        ("membership.since:2009..2009", [NEAR]),
        ("sites:1..1", [NEAR, RIVER]),
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
        (Site, "assignment:zzz", []),
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
        ("hd:12", "organizations have no field hd", "write district:hd:12"),
        ("-sd:5,06", "organizations have no field sd", "write district:sd:5,sd:06"),
        ("il-2011:sldl:9", "organizations have no field il_2011", "write district:il-2011:sldl:9"),
        ("parent.house:3", "organizations have no field house", "write parent.district:house:3"),
        ("status:activ", "status cannot be activ", "did you mean: active; it can be: "),
        ("status:non", "status cannot be non", "did you mean: none"),
        ("membership.status:activ", "status cannot be activ", "did you mean: active"),
        ("level:glod", "level cannot be glod", "did you mean: Gold; it can be: Gold, Silver"),
        ("membership.since:2009..2007", "since cannot be 2009..2007: the range is turned round", "write 2007..2009"),
        ("sites:5..2", "sites cannot be 5..2: the range is turned round", "write 2..5"),
        ("budget:9..-1", "budget cannot be 9..-1: the range is turned round", "write -1..9"),
        ("id:3..2", "id cannot be 3..2: the range is turned round", "write 2..3"),
        ("changed:7d..30d", "changed cannot be 7d..30d: the range is turned round", "write 30d..7d"),
        ("silo_share.weight:0.7..0.5", "weight cannot be 0.7..0.5: the range is turned round", "write 0.5..0.7"),
        ("id:999", "id: there is no organization 999", "partners history"),
        ("-id:-1", "id: there is no organization -1", "partners history"),
        ("parent:999", "parent: there is no organization 999", "partners history"),
        ("site.organization:999", "organization: there is no organization 999", "partners history"),
    ],
)
def test_what_means_nothing_is_named(house: Crm, query: str, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as refused:
        house.organizations(query)
    assert message in refused.value.message
    assert hint in refused.value.hint
    for line in (refused.value.message, refused.value.hint):
        assert "\n" not in line


def hint_of(house: Crm, query: str, table: type[Table] = Organization) -> str:
    with pytest.raises(QueryError) as refused:
        house.listing(table, query)
    return refused.value.hint


def test_a_hint_names_each_thing_once(house: Crm) -> None:
    assert hint_of(house, "silo:housng") == "did you mean: housing"
    assert hint_of(house, 'silo:"Mentl helth and substance abuse"').split("; ")[0] == (
        "did you mean: mental_health_substance_abuse"
    )
    assert hint_of(house, "kind:xq") == "it can be: " + ", ".join(code for code, _ in KINDS)
    assert hint_of(house, "status:xq") == "it can be: prospect, invited, active, lapsed, closed, none"
    assert hint_of(house, "do_not_contact:perhaps", Contact) == "it can be: yes, no"


def test_an_association_is_proposed_only_of_what_is_one(house: Crm) -> None:
    for query in ("association@2010:nearr", "association:rivr", "-association:nearr"):
        assert hint_of(house, query) == "there are: Alpha Association"
    assert hint_of(house, "association@2010:alhpa") == "did you mean: Alpha Association"
    assert hint_of(house, "parent:nearr") == "did you mean: Near West Homes"
    assert hint_of(house, "funder:nearr") == "list them: partners list organizations"


def test_a_field_that_is_not_there_is_answered_with_a_dozen(house: Crm) -> None:
    for table in ENTITIES:
        for query in ("qqq:1", "qqq.name:1", "has:qqq"):
            _, _, listed = hint_of(house, query, table).rpartition(": ")
            names, _, more = listed.partition(" and ")
            known = names.split(", ")
            assert 1 <= len(known) <= 12
            assert more == "" or re.fullmatch(r"\d+ more", more)
    for query in ("qqq:1", "has:qqq"):
        assert "district" in hint_of(house, query)
        assert "budget, level and " in hint_of(house, query)
    assert hint_of(house, "hd:9", Contact) == "write organization.district:hd:9"
    assert hint_of(house, "hd:9", Site) == "write district:hd:9"
    assert hint_of(house, "hd:nine").startswith("known fields: name, ")


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.entity.plural)
def test_numbers_of_records_may_be_of_any_size(house: Crm, table: type[Table]) -> None:
    """Over every link, forth and back: refused in one line, or no record has it."""
    everyone = set(house.listing(table, "").ids(house.db))
    for name in ["id", *steps(table), *(f"{step}.id" for step in steps(table))]:
        for number in (2**63 - 1, 2**63, 10**20 - 1, 10**99):
            for typing in (False, True):
                query = f"{name}:{number}"
                try:
                    found = house.listing(table, query, typing=typing).ids(house.db)
                except QueryError:
                    continue
                # While it is typed, a number that is none does not choose yet.
                assert typing or not found, query
                assert not typing or set(found) <= everyone, query


def test_a_number_in_quotes_is_a_text(house: Crm) -> None:
    (near,) = house.organizations("homes")
    silo = house.records(Silo, "code:housing")[0]
    assert [each.id for each in house.records(SiloShare, f"silo:{silo.id}")] == [
        each.id for each in house.records(SiloShare, "silo:housing")
    ]
    for table, query in ((SiloShare, f'silo:"{silo.id}"'), (Site, f'organization:"{near.id}"')):
        with pytest.raises(QueryError, match=r"silo cannot be|called"):
            house.listing(table, query)


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
        ("membership.since:2009..2", [NEAR, RIVER]),
        ("sites:5..1", EVERY),
        ("-id:3..2", EVERY),
        ("status:no", [ALPHA, QUIET]),
        ("-status:no", [NEAR, RIVER]),
        ("id:99", []),
        ("parent:99", []),
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
