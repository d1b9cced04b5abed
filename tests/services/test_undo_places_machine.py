"""Any row of moves, decisions, statements, undos and redos: every site has the districts that follow from it."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule
from tests.made_maps import two_layers
from tests.services.machine import Machine

from partners_crm.errors import Conflict, NotFound
from partners_crm.model import Assignment, District, DistrictMap, Organization, Site
from partners_crm.services import placing, records
from partners_crm.services.districts import decide, place_all, take_in
from partners_crm.store.read import where

PLACES = st.sampled_from(
    [
        {"latitude": 41.8839, "longitude": -87.6270, "match_level": None},
        {"latitude": 41.8839, "longitude": -87.6270, "match_level": 80},
        {"latitude": 40.6936, "longitude": -89.5890, "match_level": None},
        {"latitude": None, "longitude": None, "match_level": None},
        {"kind": "mailing"},
        {"kind": "service"},
        {"postal_code": "60647"},
        {"postal_code": ""},
        {"street": "PO Box 12"},
        {"street": "12 Water St"},
    ]
)
SOME = st.integers(0, 5)


class Places(Machine):
    """A coalition of a few sites, whose places change at random under three maps."""

    operations = Bundle("operations")

    def __init__(self) -> None:
        super().__init__()
        self.two = self.folder / "two.map"
        self.two.write_bytes(two_layers())

    @initialize(target=operations)
    def begin(self) -> int:
        return self.write("begin", lambda unit: records.add(unit, Organization, name="Root"))

    @rule(target=operations)
    def install(self) -> int:
        return self.write("install", lambda unit: take_in(unit, str(self.two)))

    @rule(target=operations, values=PLACES)
    def add(self, values: dict[str, Any]) -> int:
        body = self.pick(Organization, 0)
        return self.write("add", lambda unit: records.add(unit, Site, organization=body.id, **{"kind": "hq", **values}))

    @rule(target=operations, place=SOME, values=PLACES)
    def edit(self, place: int, values: dict[str, Any]) -> int:
        site = self.pick(Site, place)
        return 1 if site is None else self.write("edit", lambda unit: records.edit(unit, site, **values))

    @rule(target=operations, place=SOME)
    def delete(self, place: int) -> int:
        site = self.pick(Site, place)
        return 1 if site is None else self.write("delete", lambda unit: records.remove(unit, site))

    @rule(target=operations, place=SOME, number=st.integers(1, 6), chamber=st.sampled_from(["house", "senate"]))
    def decide(self, place: int, number: int, chamber: str) -> int:
        site, chosen = self.pick(Site, place), self.pick(DistrictMap, number)
        if site is None:
            return 1
        return self.write(
            "decide", lambda unit: decide(unit, site, number, chamber, "asked", chosen.code, self.crm.today)
        )

    @rule(target=operations, place=SOME, other=SOME)
    def withdraw(self, place: int, other: int) -> int:
        site, chosen = self.pick(Site, place), self.pick(DistrictMap, other)
        return 1 if site is None else self.write("withdraw", lambda unit: placing.withdraw(unit, site, chosen))

    @rule(target=operations, place=SOME, other=SOME)
    def state(self, place: int, other: int) -> int:
        site, district = self.pick(Site, place), self.pick(District, other)
        if site is None:
            return 1
        return self.write("state", lambda unit: placing.state_district(unit, site, district.id))

    @rule(target=operations, number=operations)
    def undo(self, number: int) -> int:
        try:
            report = self.crm.undo(number)
        except (Conflict, NotFound):
            return number
        return report.operation or number

    @rule(target=operations)
    def redo(self) -> int:
        try:
            return self.crm.redo().operation or 1
        except (Conflict, NotFound):
            return 1

    @invariant()
    def nothing_is_left_to_place(self) -> None:
        with self.crm.changes("anew") as unit:
            assert place_all(unit).written == 0

    @invariant()
    def a_place_is_told_once(self) -> None:
        districts = {each.id: each for each in self.crm.records(District)}
        standing = where(self.crm.db, Assignment, replaced_at="")
        told = [(each.site, each.district) for each in standing if each.method != "stated"]
        assert len(set(told)) == len(told)
        decided = [each for each in standing if each.method == "manual"]
        two = {each.id for each in where(self.crm.db, DistrictMap, code="il-two")}
        spoken = [
            (each.site, its.map, its.chamber if its.map in two else "")
            for each in decided
            for its in [districts[each.district]]
        ]
        assert len(set(spoken)) == len(spoken)

    @invariant()
    def nothing_dangles(self) -> None:
        assert self.crm.db.driver.execute("PRAGMA foreign_key_check").fetchall() == []


TestPlaces = Places.TestCase
TestPlaces.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
