"""What a query means in plain words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import QueryError
from partners_crm.model import Contact, Membership, Organization, SiloShare, Site, Table

Sentence = Callable[..., str]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "all organizations that are not archived"),
        (
            'silo:housing district:sldu:5 -status:lapsed "family services"',
            (
                "organizations in the silo Housing, with a site in Senate district 5 (map il-2021), "
                "whose membership is not lapsed, that mention “family services”"
            ),
        ),
        ("silo:HO,ag", "organizations in the silo Housing or Aging"),
        ("silo:housing OR -tag:food", "organizations either in the silo Housing or without the tag “Food”"),
        ("-(silo:housing OR tag:food)", "organizations not in the silo Housing and without the tag “Food”"),
        ("-(silo:housing tag:food)", "organizations either not in the silo Housing or without the tag “Food”"),
        (
            "kind:provider (oak elm OR has:phone)",
            "organizations whose kind is Provider, either (that mention “oak” and that mention “elm”) or with a phone",
        ),
        ("status:none,active", "organizations without any membership or whose membership is active"),
        ("-status:none", "organizations with any membership"),
        ("status:Nóne.", "organizations without any membership"),
        ("status:_none,Active-member", "organizations without any membership or whose membership is active"),
        ("status:ACTIVE,invited", "organizations whose membership is active or invited"),
        ("status@2010:active", "organizations whose membership is active in 2010"),
        ("association:alpha", "organizations with an association called “alpha”"),
        ('association@ever:"alpha association"', "organizations with the association “Alpha Association” at any time"),
        ("tag:o", "organizations with a tag called “o”"),
        ("site.city:peoria", "organizations with a site whose city contains “peoria”"),
        ("-site.city:peoria", "organizations without a site whose city contains “peoria”"),
        ("membership.since:>2010", "organizations with a membership whose start is after 2010"),
        ("role.title:director", "organizations with a role whose title contains “director”"),
        ("parent:near", "organizations whose parent is an organization called “near”"),
        ("parent.silo:housing", "organizations whose parent is one in the silo Housing"),
        ("organization_by_parent:river", "organizations with an organization that names it as parent called “river”"),
        ("sites:>1", "organizations with more than 1 site"),
        ("sites:0,2..5", "organizations with 0 or from 2 to 5 sites"),
        ("-contacts:1", "organizations not with 1 contact"),
        ("has:phone,email -has:note", "organizations with a phone or an e-mail address, without a note"),
        ("phone:312", "organizations with a phone that contains “312”"),
        ("is:archived", "organizations that are archived"),
        ("-is:archived", "organizations that are not archived"),
        ("archived_on:2020", "organizations whose archived on is in 2020"),
        ("budget:>=5000,1..2", "organizations whose budget is at least 5000 or from 1 to 2"),
        ("level:gold", "organizations whose level is Gold"),
        ("changed:<7d", "organizations changed after 2026-11-18"),
        ("-added:2026-03-01", "organizations not added on 2026-03-01"),
        ("by:ana", "organizations written to by “ana”"),
        ("id:5", "organizations whose number is 5"),
        ("-note:x", "organizations whose note does not contain “x”"),
        ("-oak", "organizations that do not mention “oak”"),
        ("name:\x1b[31m", "organizations whose name contains “␛[31m”"),
    ],
)
def test_organizations(sentence: Sentence, query: str, words: str) -> None:
    assert sentence(query) == words


@pytest.mark.parametrize(
    ("table", "query", "words"),
    [
        (Contact, "organization.silo:housing", "contacts with an organization in the silo Housing"),
        (
            Contact,
            "organization.district:sldu:5",
            "contacts with an organization with a site in Senate district 5 (map il-2021)",
        ),
        (Contact, "organization:near", "contacts with an organization called “near”"),
        (Contact, "title:dir", "contacts with a role whose title contains “dir”"),
        (Contact, "organization.oak", None),
        (Contact, "do_not_contact:yes", "contacts marked “do not contact”"),
        (Contact, "-is:do_not_contact", "contacts not marked “do not contact”"),
        (
            Site,
            "organization:2 district:hd:5",
            "sites whose organization is the organization “Near West Homes”, in House district 5 (map il-2021)",
        ),
        (Site, "zip:606", "sites whose ZIP contains “606”"),
        (Site, "beds:..5", "sites whose beds is at most 5"),
        (SiloShare, "weight:>0.5", "silo shares whose weight is more than 0.5"),
        (
            Membership,
            "since:2010..2012 status:active",
            "memberships whose start is from 2010 to 2012, whose status is Active member",
        ),
        (Membership, "", "all memberships"),
    ],
)
def test_other_entities(sentence: Sentence, table: type[Table], query: str, words: str | None) -> None:
    assert sentence(query, table) == (words or f"contacts that mention “{query}”")


def test_a_query_that_does_not_run_has_no_sentence(sentence: Sentence, house: Crm) -> None:
    for query in ("tag:nope", "colour:red", "(a", "saved:nope"):
        with pytest.raises(QueryError):
            sentence(query)
        with pytest.raises(QueryError):
            house.listing(Organization, query)
