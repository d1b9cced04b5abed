"""Points by a geocoder that answers by itself: who is asked for, what is taken, and that a failure writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError, PluginError
from partners_crm.model import Assignment, Operation, Organization, Site
from partners_crm.services import records
from partners_crm.services.geocoding import Address, Found
from partners_crm.services.pointing import BATCH, PointsReport, find_points
from partners_crm.store.read import by_id, count, tuples
from partners_crm.store.read import records as select

PEORIA = Found(80, "12 WATER ST", 40.6936, -89.589)
ALTON = Found(100, "1 MAIN ST", 38.8906, -90.1843)


@dataclass
class Known:
    """A geocoder that knows some streets, and keeps what it was asked."""

    answers: dict[str, Found]
    name: str = "acme.streets"
    asked: list[tuple[str, ...]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def find(self, addresses: Sequence[Address]) -> Sequence[Found | None]:
        self.asked.append(tuple(each.street for each in addresses))
        self.meanwhile()
        return [self.answers.get(each.street) for each in addresses]


@pytest.fixture
def site(crm: Crm) -> Callable[..., Site]:
    """A site of an organization of its own."""

    def call(**values: Any) -> Site:
        with crm.changes("site") as unit:
            body = records.add(unit, Organization, name="A House")
            place = {"address": "12 Water St", "city": "Peoria", "state": "IL", "postal_code": "61602", **values}
            return records.add(unit, Site, organization=body.id, **place)

    return call


def ask(crm: Crm, geocoder: Known, **more: Any) -> PointsReport:
    report = find_points(crm.db, geocoder, plugin="acme", clock=lambda: NOW, **more)
    assert report.sites == report.asked + report.beyond + sum(number for _, number in report.left_out)
    told = (report.placed, report.unchanged, report.kept, report.not_found, report.meanwhile, len(report.refused))
    assert report.asked == sum(told)
    return report


def test_a_site_without_a_point_gets_one_and_is_placed(crm: Crm, site: Callable[..., Site]) -> None:
    here, unknown = site(), site(address="77 Nowhere Rd")
    report = ask(crm, Known({"12 Water St": PEORIA}))
    assert (report.placed, report.not_found, report.preview) == (1, 1, False)
    found = by_id(crm.db, Site, here.id)
    assert (found.latitude, found.longitude, found.match_level) == (40.6936, -89.589, 80)
    assert by_id(crm.db, Site, unknown.id).latitude is None
    written = tuples(
        crm.db, Operation.select(Operation.title, Operation.plugin).where(Operation.id == report.operation)
    )
    assert written == [("points from acme.streets", "acme")]
    assert count(crm.db, Assignment.select().where((Assignment.site == here.id) & (Assignment.replaced_at == "")))
    crm.undo()
    assert by_id(crm.db, Site, here.id).latitude is None


def test_a_worse_point_is_asked_for_again_and_a_better_one_stays(crm: Crm, site: Callable[..., Site]) -> None:
    point = {"latitude": 40.7, "longitude": -89.6}
    worse, street, roof = (site(**point, match_level=level) for level in (70, 80, 100))
    person = site(**point)
    report = ask(crm, Known({"12 Water St": PEORIA}))
    assert (report.placed, dict(report.left_out)) == (1, {"has a point": 3})
    assert by_id(crm.db, Site, worse.id).latitude == 40.6936
    again = ask(crm, Known({"12 Water St": PEORIA}))
    assert (again.asked, again.operation) == (0, None)
    everything = ask(crm, Known({"12 Water St": PEORIA}), replace=True)
    assert (everything.asked, everything.placed, everything.unchanged) == (4, 3, 1)
    assert {by_id(crm.db, Site, each.id).latitude for each in (street, roof, person)} == {40.6936}


def test_who_is_not_asked_for(crm: Crm, site: Callable[..., Site]) -> None:
    site(address="PO Box 12")
    site(kind="mailing")
    site(address="")
    site(city="", postal_code="")
    site(address="Town Hall")
    known = Known({})
    report = ask(crm, known)
    assert not known.asked
    assert (
        dict(report.left_out)
        == {
            "post office box": 1,
            "mailing address": 1,
            "no street": 1,
            "neither town nor ZIP code": 1,
            "no house number and street": 1,
        }
        or sum(number for _, number in report.left_out) == 5
    )


def test_a_preview_keeps_nothing(crm: Crm, site: Callable[..., Site]) -> None:
    here = site()
    before = len(crm.operations())
    report = ask(crm, Known({"12 Water St": PEORIA}), preview=True)
    assert (report.placed, report.operation, report.preview) == (1, None, True)
    assert report.changes
    assert by_id(crm.db, Site, here.id).latitude is None
    assert len(crm.operations()) == before


def test_a_point_that_is_no_place_is_refused_and_the_others_are_taken(crm: Crm, site: Callable[..., Site]) -> None:
    swapped, odd, well = site(), site(address="1 Main St", city="Alton"), site(address="2 Oak St")
    known = Known(
        {
            "12 Water St": Found(80, "", -89.589, 40.6936),
            "1 Main St": Found(81, "", ALTON.latitude, ALTON.longitude),
            "2 Oak St": PEORIA,
        }
    )
    report = ask(crm, known)
    assert report.placed == 1
    assert [each.site for each in report.refused] == [swapped.id, odd.id]
    assert "is no match level" in report.refused[1].reason
    assert by_id(crm.db, Site, swapped.id).latitude is None
    assert by_id(crm.db, Site, well.id).latitude == 40.6936


def test_what_was_changed_while_it_was_asked_is_left_alone(crm: Crm, site: Callable[..., Site]) -> None:
    moved, gone = site(), site(address="1 Main St", city="Alton")

    def change() -> None:
        with crm.changes("meanwhile") as unit:
            records.edit(unit, by_id(crm.db, Site, moved.id), address="99 Other St")
            records.remove(unit, by_id(crm.db, Site, gone.id))

    known = Known({"12 Water St": PEORIA, "1 Main St": ALTON}, meanwhile=change)
    report = ask(crm, known)
    assert (report.meanwhile, report.placed, report.operation) == (2, 0, None)
    assert by_id(crm.db, Site, moved.id).latitude is None


def test_a_geocoder_that_fails_half_way_writes_nothing(crm: Crm, site: Callable[..., Site]) -> None:
    for number in range(BATCH + 1):
        site(address=f"{number + 1} Water St")
    asked: list[int] = []

    class Failing:
        name = "acme.streets"

        def __init__(self, second: object) -> None:
            self.second = second

        def find(self, addresses: Sequence[Address]) -> Sequence[Found | None]:
            asked.append(len(addresses))
            if len(asked) % 2:
                return [PEORIA] * len(addresses)
            if isinstance(self.second, Exception):
                raise self.second
            return []

    before = len(crm.operations())
    with pytest.raises(PluginError):
        find_points(crm.db, Failing(PluginError("the plugin acme failed")), clock=lambda: NOW)
    with pytest.raises(PartnersError, match="answered 0 places for 1 addresses"):
        find_points(crm.db, Failing(None), clock=lambda: NOW)
    assert asked == [BATCH, 1] * 2
    assert len(crm.operations()) == before
    assert not select(crm.db, Site.select().where(Site.latitude.is_null(False)))


@given(limit=st.integers(0, 4) | st.none())
def test_the_limit_leaves_the_rest_for_another_time(
    blank_coalition: Any, tmp_path_factory: Any, limit: int | None
) -> None:
    path = tmp_path_factory.mktemp("limit") / "coalition.db"
    path.write_bytes(blank_coalition.read_bytes())
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        with crm.changes("sites") as unit:
            body = records.add(unit, Organization, name="A House")
            for number in range(3):
                records.add(unit, Site, organization=body.id, address=f"{number + 1} Water St", city="Peoria")
        known = Known({f"{number + 1} Water St": PEORIA for number in range(3)})
        report = ask(crm, known, limit=limit)
        expected = 3 if limit is None else min(limit, 3)
        assert (report.asked, report.placed, report.beyond) == (expected, expected, 3 - expected)
        assert [each for some in known.asked for each in some] == [f"{n + 1} Water St" for n in range(expected)]
