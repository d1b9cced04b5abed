"""Why a record is in a list, or why it is not."""

from __future__ import annotations

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import NotFound, QueryError
from partners_crm.model import Contact, Organization, Site, Table
from partners_crm.store.indexed import around


def reasons(house: Crm, query: str, name: str, table: type[Table] = Organization) -> list[tuple[str, bool, str]]:
    record = house.find(table, name)
    found = house.why(table, query, record.id)
    assert found.is_listed == (record.id in house.listing(table, query).ids(house.db))
    return [(each.term, each.holds, each.evidence) for each in found.reasons]


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("silo:housing", "Near West Homes", ("silo:housing", True, "Housing 60 %")),
        ("silo:housing", "River Table", ("silo:housing", False, "Aging 100 %")),
        ("silo:housing", "Quiet House", ("silo:housing", False, "no silo")),
        ("-status:lapsed", "Near West Homes", ("-status:lapsed", True, "its membership is active member")),
        ("-status:lapsed", "River Table", ("-status:lapsed", False, "its membership is lapsed")),
        ("status:none", "Quiet House", ("status:none", True, "without a membership")),
        ("status:_nóne", "Quiet House", ("status:_nóne", True, "without a membership")),
        ("status:_nóne", "Near West Homes", ("status:_nóne", False, "its membership is active member")),
        ("status:active", "Quiet House", ("status:active", False, "without a membership")),
        ("oak", "Near West Homes", ("oak", True, "site: 1840 W Oak St, Chicago")),
        ("hous", "Quiet House", ("hous", True, "it says Quiet House")),
        ("reyes", "Near West Homes", ("reyes", True, "contact: Dana Reyes")),
        ("oak", "River Table", ("oak", False, "nothing here mentions it")),
        ("-oak", "River Table", ("-oak", True, "nothing here mentions it")),
        ("city:chicago", "Near West Homes", ("city:chicago", True, "1840 W Oak St, Chicago: city Chicago")),
        ("city:chicago", "River Table", ("city:chicago", False, "12 Water St, Peoria: city Peoria")),
        ("tag:food", "River Table", ("tag:food", True, "Food")),
        ("tag:food", "Near West Homes", ("tag:food", False, "Lobby day, spring")),
        ("association:alpha", "River Table", ("association:alpha", False, "no association")),
        ("association@ever:alpha", "River Table", ("association@ever:alpha", True, "Alpha Association")),
        ("kind:provider", "Alpha Association", ("kind:provider", False, "its kind is Trade association")),
        ("sites:>1", "Near West Homes", ("sites:>1", False, "1 site")),
        ("has:phone", "Near West Homes", ("has:phone", True, "(312) 555-0142")),
        ("-has:phone", "Near West Homes", ("-has:phone", False, "(312) 555-0142")),
        ("-has:phone", "River Table", ("-has:phone", True, "no phone")),
        ("role.title:dir", "Near West Homes", ("role.title:dir", True, "its role is Executive Director")),
        ("membership.since:2009", "Near West Homes", ("membership.since:2009", True, "active: start 2009-02")),
        ("program.silo:housing", "Near West Homes", ("program.silo:housing", True, "Housing")),
        ("parent:near", "River Table", ("parent:near", True, "Near West Homes")),
        ("budget:>5", "Near West Homes", ("budget:>5", True, "its budget is 1000000")),
        ("changed:<7d", "River Table", ("changed:<7d", True, "changed 2026-11-25")),
        ("changed:<7d", "Quiet House", ("changed:<7d", False, "changed 2026-03-01")),
        ("by:ana", "River Table", ("by:ana", True, "written to by Ben Cole, Ana Pavlova")),
        ("kind:provider", "Gone Kitchen", ("-is:archived", False, "archived on 2020-01-01")),
        ("is:archived", "Gone Kitchen", ("is:archived", True, "archived on 2020-01-01")),
    ],
)
def test_what_of_a_record_fulfils_a_term(house: Crm, query: str, name: str, expected: tuple[str, bool, str]) -> None:
    assert reasons(house, query, name)[-1] == expected


def test_each_term_has_its_reason(house: Crm) -> None:
    found = reasons(house, 'silo:housing (tag:food OR -tag:"lobby day, spring") oak', "Near West Homes")
    assert [(term, holds) for term, holds, _ in found] == [
        ("silo:housing", True),
        ("tag:food", False),
        ('-tag:"lobby day, spring"', False),
        ("oak", True),
    ]


def test_a_district_is_named(house: Crm) -> None:
    (site,) = house.records(Site, "city:chicago")
    listed = house.complete(Organization, "district:sldl:")
    assert listed
    for suggestion in house.complete(Organization, "district:"):
        for body in house.organizations(f"district:{suggestion.text}"):
            ((_, holds, evidence),) = reasons(house, f"district:{suggestion.text}", body.name)
            assert holds
            assert evidence.startswith(("House ", "Senate "))
    assert site.city == "Chicago"


def test_a_contact_is_told_by_its_organization(house: Crm) -> None:
    assert reasons(house, "organization.silo:housing homes", "Dana Reyes", Contact) == [
        ("organization.silo:housing", True, "Housing"),
        ("homes", True, "organization: Near West Homes"),
    ]


def test_a_long_text_is_shown_around_the_words() -> None:
    long = f"{'Notes of a visit. ' * 9}Called Zoë Muñoz–Peña about the food pantry. {'Nothing else came up. ' * 9}"
    for wanted in ("munoz", "zoe munoz", "munoz pena", "munozpena", "pena"):
        assert "Zoë Muñoz" in around(long, [wanted])
    assert around(long, ["zoe"]) == "… a visit. Called Zoë Muñoz–Peña about the food pantry. Nothing else …"
    assert around(long, ["nowhere"]).startswith("Notes of a visit.")
    assert around(long, []) == around(long, ["nowhere"])
    assert around(" Short\n text ", ["text"]) == "Short text"
    assert len(around("x" * 60_000, ["x"])) < 100


def test_an_empty_query_has_no_reasons(house: Crm) -> None:
    assert reasons(house, "", "River Table") == []


def test_what_does_not_run_or_is_not_there_is_refused(house: Crm) -> None:
    with pytest.raises(QueryError):
        house.why(Organization, "tag:nope", 1)
    with pytest.raises(NotFound):
        house.why(Organization, "oak", 999)
