"""The demo coalition: every figure counted by hand, the rules of its data, and that it comes and goes whole."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, NotFound
from partners_crm.model import (
    ENTITIES,
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    District,
    DistrictMap,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    Seat,
    ServiceLine,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
    Term,
)
from partners_crm.model.settings import DEMO_SIZES
from partners_crm.normalize.dates import covers, ends, starts
from partners_crm.normalize.text import fold
from partners_crm.services import records
from partners_crm.services.coverage import Coverage
from partners_crm.services.demo import description
from partners_crm.store.read import count, tuples
from partners_crm.store.read import records as select

FIXTURES = Path(__file__).parents[2] / "fixtures"
TINY = FIXTURES / "tiny"
TOTALS: dict[str, Any] = tomllib.loads((TINY / "totals.toml").read_text("utf-8"))
PLAIN: dict[str, Any] = description("tiny")
ORGANIZATIONS: list[dict[str, Any]] = PLAIN["organization"]

PHONE = re.compile(r"\+1(217|309|312|618|630|708|773|815|847)55501\d\d")

RULES: dict[str, dict[str, Any]] = {
    "default": {},
    "hq": {"basis": "hq"},
    "min_match_100": {"min_match": 100},
    "min_count_2": {"min_count": 2},
    "min_count_2_family": {"min_count": 2, "unit": "family"},
}
"""Each table of coverage figures with the terms it was counted under."""


def build(path: Path) -> Crm:
    return Crm.demo(path, clock=lambda: NOW)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """The demo, built once; read, never written to."""
    with build(tmp_path_factory.mktemp("demo") / "demo.db") as crm:
        yield crm


def all_of(crm: Crm, table: type[Table]) -> list[Any]:
    return select(crm.db, table.select().order_by(table.id))


def numbers(found: Coverage, chamber: str, state: str) -> list[int]:
    return [each.number for each in found.districts if (each.chamber, each.state) == (chamber, state)]


def dump(crm: Crm) -> dict[str, list[dict[str, Any]]]:
    """Every record without what differs from one build to the next: its uid, and the instants."""
    return {
        table.entity.name: [
            {name: value for name, value in record.stored().items() if name not in {"uid", "computed_at"}}
            for record in all_of(crm, table)
        ]
        for table in ENTITIES
    }


# -------------------------------------------------------------------- the figures


def test_organizations_and_memberships_are_as_counted_by_hand(demo: Crm) -> None:
    organizations = demo.organizations()
    assert len(organizations) == TOTALS["organizations"] == 12
    assert Counter(each.kind for each in organizations) == TOTALS["kinds"]
    ties = all_of(demo, Membership)
    assert Counter(tie.status for tie in ties) == TOTALS["membership_statuses"]
    day = TOTALS["on"].isoformat()
    holding = [tie for tie in ties if covers(tie.since, tie.until, day, recorded_on=tie.recorded_on) == "yes"]
    assert sum(tie.status == "active" for tie in holding) == TOTALS["membership_statuses"]["active"]


def test_sites_and_people_are_as_counted_by_hand(demo: Crm) -> None:
    assert Counter(site.kind for site in all_of(demo, Site)) == TOTALS["sites"]
    roles = all_of(demo, Role)
    employers = Counter(role.contact for role in roles)
    day = TOTALS["on"].isoformat()
    assert {
        "contacts": len(all_of(demo, Contact)),
        "roles": len(roles),
        "in_two_organizations": sum(number == 2 for number in employers.values()),
        "past_roles": sum(covers(role.since, role.until, day) == "no" for role in roles),
    } == TOTALS["people"]


def test_ways_to_reach_them_are_as_counted_by_hand(demo: Crm) -> None:
    points = all_of(demo, ContactPoint)
    sites = {site.id: site.organization for site in all_of(demo, Site)}
    employers: dict[int, set[int]] = {}
    for role in all_of(demo, Role):
        employers.setdefault(role.contact, set()).add(role.organization)
    reached = {
        owner
        for point in points
        if point.kind == "email"
        for owner in (employers.get(point.contact, set()) | {point.organization, sites.get(point.site)})
    }
    assert {
        **Counter(point.kind for point in points),
        "with_extension": sum(bool(point.extension) for point in points),
        **{use: sum(point.use == use for point in points) for use in ("fax", "tty", "mobile")},
        "do_not_contact": sum(point.do_not_contact for point in points),
        "organizations_without_mail": sum(each.id not in reached for each in demo.organizations()),
    } == TOTALS["contact_points"]
    assert Counter(point.status for point in points) == TOTALS["contact_point_statuses"]


def test_ties_are_as_counted_by_hand(demo: Crm) -> None:
    organizations = demo.organizations()
    shares = Counter(share.organization for share in all_of(demo, SiloShare))
    counted = {
        table.entity.plural: count(demo.db, table.select())
        for table in (Membership, Affiliation, SiloShare, Tag, Tagging, OtherName, Identifier, ServiceLine)
    }
    assert {
        **counted,
        "parents": sum(each.parent is not None for each in organizations),
        "successors": sum(each.successor is not None for each in organizations),
        "organizations_of_two_silos": sum(number == 2 for number in shares.values()),
        "vacant_seats": sum(term.status == "vacant" and term.contact is None for term in all_of(demo, Term)),
    } == TOTALS["ties"]


@pytest.mark.parametrize("name", RULES)
def test_coverage_is_as_counted_by_hand(demo: Crm, name: str) -> None:
    found = demo.coverage(as_of=TOTALS["on"], **RULES[name])
    assert found.map_code == TOTALS["map"]
    assert found.members == TOTALS["coverage"]["members"]
    assert [title for _, title in found.unassigned] == TOTALS["coverage"]["unassigned"]
    assert {
        "house": numbers(found, "house", "confirmed"),
        "possible_house": numbers(found, "house", "possible"),
        "senate": numbers(found, "senate", "confirmed"),
        "possible_senate": numbers(found, "senate", "possible"),
    } == TOTALS["coverage"][name]


def test_no_table_of_coverage_figures_is_left_unchecked() -> None:
    assert {name for name, value in TOTALS["coverage"].items() if isinstance(value, dict)} == set(RULES)


# -------------------------------------------------------------------- the edge cases


def one(crm: Crm, name: str) -> Organization:
    return crm.find(Organization, name)


def test_the_merged_association_leads_to_the_one_that_took_it_over(demo: Crm) -> None:
    merged, successor = (
        one(demo, "A01 Association of Shelter Keepers"),
        one(demo, "A02 Association of Community Caretakers"),
    )
    assert merged.successor == successor.id
    assert one(demo, "Lantern Street Youth House").parent == one(demo, "Lantern Street Shelter").id
    assert not {merged.id, successor.id} & {tie.organization for tie in all_of(demo, Membership)}


def test_the_border_site_stands_some_metres_from_another_district(demo: Crm) -> None:
    (map_id,) = [each.id for each in all_of(demo, DistrictMap) if each.code == TOTALS["map"]]
    districts = {each.id: each for each in all_of(demo, District) if each.map == map_id}
    near = [
        (districts[each.district].number, each.neighbour)
        for each in all_of(demo, Assignment)
        if each.district in districts and each.border_m is not None and each.border_m < 15
    ]
    assert near == [(92, 93)]


def test_the_split_zip_is_stated_in_two_districts_and_has_no_point(demo: Crm) -> None:
    stated = [each for each in all_of(demo, Assignment) if each.method == "stated"]
    assert len(stated) == 2
    (site,) = [site for site in all_of(demo, Site) if site.id in {each.site for each in stated}]
    assert site.postal_code == "60506"
    assert site.latitude is None


def test_a_membership_of_unknown_start_is_in_doubt_before_it_was_recorded(demo: Crm) -> None:
    (tie,) = [tie for tie in all_of(demo, Membership) if tie.status == "active" and not tie.since]
    assert tie.organization == one(demo, "友邻之家").id
    assert covers(tie.since, tie.until, "2011-07-13", recorded_on=tie.recorded_on) == "possible"
    assert covers(tie.since, tie.until, "2011-07-14", recorded_on=tie.recorded_on) == "yes"


def test_the_vacant_seat_has_no_holder(demo: Crm) -> None:
    (term,) = all_of(demo, Term)
    seats = {seat.id: seat.name for seat in all_of(demo, Seat)}
    assert (seats[term.seat], term.status, term.contact) == ("House 93", "vacant", None)


# -------------------------------------------------------------------- the rules of the data


def test_phones_and_mail_are_nobodys(demo: Crm) -> None:
    for point in all_of(demo, ContactPoint):
        if point.kind == "phone":
            # The one that is not understood has no area code, and so no other form than the typed one.
            assert PHONE.fullmatch(point.value) or (not point.value and re.fullmatch(r"555-01\d\d", point.raw))
        elif point.kind == "email":
            assert point.value.endswith("@example.org")
        else:
            assert re.fullmatch(r"https://(www\.)?example\.org(/.*)?", point.value)


def test_phones_are_each_used_once(demo: Crm) -> None:
    lines = [
        re.sub(r"\D", "", point.value or point.raw)[-4:]
        for point in all_of(demo, ContactPoint)
        if point.kind == "phone"
    ]
    assert len(set(lines)) == len(lines)


def test_silo_weights_sum_to_one(demo: Crm) -> None:
    sums: Counter[int] = Counter()
    for share in all_of(demo, SiloShare):
        sums[share.organization] += share.weight
    assert sums
    assert all(abs(total - 1) <= 1e-9 for total in sums.values())


def test_the_senate_district_follows_from_the_house_district(demo: Crm) -> None:
    districts = {each.id: each for each in all_of(demo, District)}
    placed = [districts[each.district] for each in all_of(demo, Assignment)]
    assert placed
    for house in placed:
        assert house.chamber == "house"
        senate = districts[house.parent]
        assert (senate.chamber, senate.number, senate.map) == ("senate", (house.number + 1) // 2, house.map)


def test_every_point_lies_in_a_district_of_both_maps(demo: Crm) -> None:
    maps = {each.id: each.map for each in all_of(demo, District)}
    everything = {each.id for each in all_of(demo, DistrictMap)}
    assert len(everything) == 2
    for site in all_of(demo, Site):
        under = {maps[each.district] for each in all_of(demo, Assignment) if each.site == site.id}
        if site.latitude is not None:
            assert under == everything, site.address
            assert site.match_level in {80, 100}
        assert site.address_note == ""


@pytest.mark.parametrize("table", [Site, Role, Membership, Affiliation, Term])
def test_nothing_ends_before_it_starts(demo: Crm, table: type[Table]) -> None:
    for record in all_of(demo, table):
        if record.since and record.until:
            assert starts(record.since) <= ends(record.until)


def test_no_legislator_is_named_in_a_fixture(shared_data: Path) -> None:
    with (shared_data / "il_legislators_2026-08.csv").open(encoding="utf-8", newline="") as file:
        names = {fold(row["name"]) for row in csv.DictReader(file)}
    assert len(names) > 150
    # Folded, so that an accent or a capital letter hides nobody.
    for path in sorted(FIXTURES.rglob("*")):
        if path.is_file():
            text = f" {fold(path.read_text('utf-8', errors='replace'))} "
            assert [name for name in names if f" {name} " in text] == [], path


def test_every_word_of_the_file_is_understood(demo: Crm) -> None:
    """A misspelt key of a contact would be left out without a word; elsewhere it is refused."""
    known = {"phones", "emails", "webs", *Contact.declarations(), *Role.declarations()} - {"contact", "organization"}
    for each in ORGANIZATIONS:
        for person in each.get("contact", ()):
            assert set(person) <= known


# -------------------------------------------------------------------- building, opening, undoing


def test_two_builds_hold_the_same(demo: Crm, tmp_path: Path) -> None:
    with build(tmp_path / "demo.db") as crm:
        assert dump(crm) == dump(demo)


def test_the_second_opening_builds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    with build(path) as crm:
        assert crm.settings()["demo"] == "tiny"
        built = [done.uid for done in crm.operations()]
        with crm.changes("a note of the visitor") as unit:
            records.edit(unit, one(crm, "Metro East Rent Watch"), note="seen")
    with build(path) as crm:
        assert [done.uid for done in crm.operations()][1:] == built
        assert one(crm, "Metro East Rent Watch").note == "seen"


def test_a_fresh_demo_is_built_again(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    with build(path) as crm, crm.changes("a note of the visitor") as unit:
        records.edit(unit, one(crm, "Metro East Rent Watch"), note="seen")
    with Crm.demo(path, fresh=True, clock=lambda: NOW) as crm:
        assert len(crm.operations()) == 2
        assert one(crm, "Metro East Rent Watch").note == ""


def test_a_coalition_that_is_no_demo_is_refused_and_untouched(database: Path) -> None:
    before = database.read_bytes()
    for fresh in (False, True):
        with pytest.raises(ConfigError, match="no demo"):
            Crm.demo(database, fresh=fresh, clock=lambda: NOW)
    assert database.read_bytes() == before


def test_an_unknown_size_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="enormous"):
        Crm.demo(tmp_path / "demo.db", "enormous", clock=lambda: NOW)
    assert list(tmp_path.glob("demo.db*")) == []
    assert DEMO_SIZES == ("tiny",)


def test_the_demo_is_undone_whole(tmp_path: Path) -> None:
    with Crm.create(tmp_path / "blank.db", PLAIN["coalition"]["name"], demo="tiny", clock=lambda: NOW) as blank:
        before = {table: count(blank.db, table.select()) for table in ENTITIES}
    with build(tmp_path / "demo.db") as crm:
        full = dump(crm)
        report = crm.undo()
        assert report.kept == report.refused == []
        assert report.undone.title == "build the demo tiny"
        assert crm.organizations() == []
        assert {table: count(crm.db, table.select()) for table in ENTITIES} == before
        assert crm.settings()["map"] == ""
        crm.redo()
        assert {name: len(rows) for name, rows in dump(crm).items()} == {name: len(rows) for name, rows in full.items()}
        assert len(tuples(crm.db, Organization.select(Organization.id))) == TOTALS["organizations"]
