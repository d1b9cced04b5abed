"""A coalition with at least one record of every entity, and texts that a file could spoil."""

from __future__ import annotations

from typing import Any

from tests.made_maps import two_layers

from partners_crm.crm import Crm
from partners_crm.districts.maps import parse_map
from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    CustomField,
    CustomValue,
    DistinctPair,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Posture,
    Role,
    Rule,
    SavedSearch,
    Seat,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Snapshot,
    Table,
    Tag,
    Tagging,
    Term,
)
from partners_crm.model.record_types import RecordType, fields
from partners_crm.services import records
from partners_crm.services.maps import install
from partners_crm.services.record_types import install_types
from partners_crm.store.read import tuples, where

HOSTILE = "=1+1 \x1b]0;x\x07 \"quoted\", 'sólo' \u2028\u202e _x000D_ \U0001f3e1\r\nsecond\tline"

LANES = (
    RecordType(
        name="lane",
        plural="lanes",
        title="issue",
        about="Where an association stands on an issue.",
        fields={
            "organization": fields.link("Association", "organization", required=True, on_delete="cascade"),
            "issue": fields.text("Issue", required=True),
            "stance": fields.choice("Stance", (("for", "For"), ("against", "Against"))),
            "weight": fields.decimal("Weight"),
            "votes": fields.whole("Votes"),
            "open": fields.flag("Open"),
            "since": fields.day("Since"),
            "note": fields.note("Note"),
            "memo": fields.note("Memo", visibility="staff"),
            "before": fields.link("Before it", "self"),
        },
    ),
    RecordType(
        name="rivalry",
        plural="rivalries",
        about="Who competes with whom.",
        visibility="staff",
        fields={
            "lane": fields.link("Lane", "lane", required=True, on_delete="cascade"),
            "rival": fields.link("Rival", "organization"),
            "contract": fields.text("Contract"),
        },
    ),
)


def fill_everything(crm: Crm) -> None:
    """Give an empty coalition records of every entity, links in both directions and in a circle among them."""
    data = two_layers()
    install_types(crm.db, "associations", "1.0", LANES, clock=crm.clock)
    with crm.changes("everything") as unit:
        install(unit, parse_map(data, "made up").info, data)
        unit.update(where(crm.db, Silo, code="housing")[0], name="Housing and shelter")
        unit.add(Silo, code="arts", name="Arts", label="AR")

        def add(table: type[Table], **values: Any) -> Any:
            return records.add(unit, table, **values)

        home = add(Organization, name="Near West Homes", note=HOSTILE)
        union = add(Organization, name="-Union of Homes", kind="association")
        heir = add(Organization, name="'=Heir", parent=union.id, archived_on="2025-07")
        records.edit(unit, union, successor=heir.id)  # a circle over two kinds of links
        add(OtherName, organization=home.id, name="NWH", kind="acronym")
        add(Identifier, organization=home.id, system="ein", value="36-1234567")
        site = add(
            Site,
            organization=home.id,
            kind="hq",
            address="1840 W Invented Ave Apt 2",
            city="Chicago",
            postal_code="60612",
            latitude=41.8839,
            longitude=-87.627,
        )
        silo = where(crm.db, Silo, code="housing")[0]
        add(
            ServiceLine, organization=home.id, site=site.id, name="Shelter", silo=silo.id, fiscal_year=2012, active=True
        )
        add(SiloShare, organization=home.id, silo=silo.id, weight=1 / 3)
        dana = add(Contact, name="Dana Reyes", note="line one\nline two", do_not_contact=True)
        add(Role, contact=dana.id, organization=home.id, title="Director", is_primary=True, since="2011-07")
        add(ContactPoint, contact=dana.id, raw="dana@example.org", kind="email", do_not_contact=True)
        add(ContactPoint, organization=home.id, raw="312-555-0142 x12")
        add(Membership, organization=home.id, status="active", since="2011", recorded_on="2026-11-24")
        add(Affiliation, organization=home.id, association=union.id, source="@roster", dues_paying=True)
        tag = add(Tag, name="lobby day")
        add(Tagging, tag=tag.id, organization=home.id)
        seat = where(crm.db, Seat, chamber="house", number=5)[0]
        add(Term, seat=seat.id, contact=dana.id, party="Independent", since="2025-01-08")
        add(Rule, name="house", kind="coverage", terms="chamber=house")
        chair = add(CustomField, applies_to="organization", key="board_chair", label="Board chair", kind="text")
        beds = add(CustomField, applies_to="organization", key="beds", label="Beds", kind="number", visibility="staff")
        add(CustomValue, field=chair.id, organization=home.id, value="+Ansel")
        add(CustomValue, field=beds.id, organization=home.id, value="12.5")
        unit.add(Snapshot, name="before", as_of="2026-11-24", taken_at="2026-11-24T15:00:00Z", answer='{"ä": 1}' * 9000)
        add(SavedSearch, name="south side", applies_to="organizations", query="city:chicago", sort="-city")
        add(DistinctPair, organization=home.id, other_organization=union.id, reason="one is an association")
        add(Posture, organization=union.id, level="wary", since="2025-03", evidence="A letter", reasons=HOSTILE)
        lane, rivalry = crm.db.by_name["associations_lane"], crm.db.by_name["associations_rivalry"]
        first = add(
            lane, organization=union.id, issue="Rent", stance="for", weight=0.5, votes=3, open=True, note=HOSTILE
        )
        add(lane, organization=union.id, issue="Zoning", since="2025", memo="ours alone", before=first.id)
        add(rivalry, lane=first.id, rival=home.id, contract="City beds")
        assert where(crm.db, Assignment, site=site.id)
    assert missing_entities(crm) == []


def missing_entities(crm: Crm) -> list[str]:
    """Entities without a record: a new one has to be added above."""
    return [table.entity.name for table in crm.db.entities if not tuples(crm.db, table.select(table.id).limit(1))]
