"""The silos beside each other: counts that agree with coverage, shares, and a breadth between 0 and 1."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import CannotDecide, NotFound
from partners_crm.model import Affiliation, Membership, Organization, Silo, SiloShare, Site
from partners_crm.services import records
from partners_crm.services.silos import balance, breadth, district_matrix, silo_matrix, silos_of

TODAY = NOW.date()
CHICAGO = (41.8837, -87.6289)
PEORIA = (40.6936, -89.5890)


@pytest.fixture
def filled(crm: Crm) -> Crm:
    """Three members in two silos and one in none, one prospect, and an association of two of them."""
    with crm.changes("fill") as unit:
        codes = {silo.code: silo.id for silo in crm.records(Silo)}
        ours = records.add(unit, Organization, name="An Association", kind="association")
        for name, point, shares, status, in_it in (
            ("A", CHICAGO, {"housing": 1.0}, "active", True),
            ("B", PEORIA, {"housing": 0.6, "aging": 0.4}, "active", True),
            ("C", CHICAGO, {"aging": None, "housing": None}, "active", False),
            ("D", PEORIA, {}, "active", False),
            ("E", PEORIA, {"disability": 1.0}, "prospect", False),
        ):
            body = records.add(unit, Organization, name=name)
            records.add(unit, Membership, organization=body.id, status=status, since="2020-01-01")
            place = {"latitude": point[0], "longitude": point[1]}
            records.add(unit, Site, organization=body.id, kind="hq", **place)
            for code, weight in shares.items():
                records.add(unit, SiloShare, organization=body.id, silo=codes[code], weight=weight)
            if in_it:
                values = {"organization": body.id, "association": ours.id, "since": "2020-01-01"}
                records.add(unit, Affiliation, **values)
    return crm


def test_every_silo_in_every_district_agrees_with_coverage(filled: Crm) -> None:
    found = district_matrix(filled.db, TODAY)
    assert (found.chamber, len(found.rows), found.cells) == ("house", 118, 9 * 118)
    for place, silo in enumerate(found.silos):
        answer = filled.coverage(chamber="house", silo=silo.code)
        assert found.filled_of(place) == answer.total("house")[0]
        assert [row.states[place] for row in found.rows] == [each.state for each in answer.districts]
    places = [silo.code for silo in found.silos]
    counts = {row.number: dict(zip(places, row.members, strict=True)) for row in found.rows if any(row.members)}
    assert sorted(tuple(count.values()) for count in counts.values()) == sorted(
        tuple({"housing": h, "aging": a}.get(code, 0) for code in places) for h, a in ((2, 1), (1, 1))
    )
    assert found.filled == 4
    assert len(district_matrix(filled.db, TODAY, chamber="senate").rows) == 59


def test_members_in_two_silos(filled: Crm) -> None:
    found = silo_matrix(filled.db, TODAY)
    codes = [silo.code for silo in found.silos]
    housing, aging = codes.index("housing"), codes.index("aging")
    assert found.members == 4
    assert (found.shared[housing][housing], found.shared[aging][aging]) == (3, 2)
    assert found.shared[housing][aging] == found.shared[aging][housing] == 2
    assert sum(map(sum, found.shared)) == 3 + 2 + 2 + 2
    assert sum(map(sum, silo_matrix(filled.db, date(2019, 1, 1)).shared)) == 0


def test_the_balance_of_the_coalition_and_of_an_association(filled: Crm) -> None:
    found = balance(filled.db, TODAY)
    parts = {part.code: part for part in found.parts}
    assert (found.members, found.in_no_silo, len(found.parts)) == (4, 1, 9)
    assert (parts["housing"].primary, parts["housing"].any, parts["aging"].any) == (2, 3, 2)
    assert parts["housing"].weight == pytest.approx(2.1)
    assert parts["aging"].share == pytest.approx(0.3)
    assert parts["housing"].districts == (("house", 2, 118), ("senate", 2, 59))
    assert "Disability programs" in found.weakest
    assert len(found.weakest) == 7
    p, q = 0.7, 0.3
    assert found.breadth == pytest.approx((math.exp(-p * math.log(p) - q * math.log(q)) - 1) / 8)
    of = balance(filled.db, TODAY, of="an association")
    assert (of.association, of.members, of.in_no_silo) == ("An Association", 2, 0)
    assert {part.code: part.any for part in of.parts if part.any} == {"housing": 2, "aging": 1}
    with pytest.raises(NotFound):
        balance(filled.db, TODAY, of="nobody")


def test_the_silos_are_the_coalitions(filled: Crm) -> None:
    with filled.changes("a tenth one, and no other has members") as unit:
        added = records.add(unit, Silo, code="veterans", name="Veterans")
    assert silos_of(filled.db)[-1].label == "veterans"
    assert district_matrix(filled.db, TODAY).cells == 10 * 118
    assert len(balance(filled.db, TODAY).parts) == 10
    with filled.changes("two are left") as unit:
        for silo in filled.records(Silo):
            if silo.code not in {"housing", "aging"} and silo.id != added.id:
                records.remove(unit, silo)
        records.remove(unit, added)
    found = balance(filled.db, TODAY)
    assert found.weakest == ("Aging",)
    assert found.breadth == pytest.approx(math.exp(-0.7 * math.log(0.7) - 0.3 * math.log(0.3)) - 1)


def test_nobody_in_a_silo_is_no_balance_and_no_map_no_answer(crm: Crm) -> None:
    found = balance(crm.db, TODAY)
    assert (found.members, found.weakest, found.breadth) == (0, (), None)
    with pytest.raises(CannotDecide):
        district_matrix(crm.db, date(2009, 1, 1))


@given(st.lists(st.floats(0, 1e6), max_size=12))
def test_the_breadth_lies_between_0_and_1(shares: list[float]) -> None:
    found = breadth(shares)
    if len(shares) < 2 or sum(shares) <= 0:
        assert found is None
    else:
        assert found is not None
        assert 0 <= found <= 1


@given(st.integers(2, 30), st.floats(1e-3, 1e3))
def test_the_same_in_each_is_1_and_all_in_one_0(number: int, share: float) -> None:
    assert breadth([share] * number) == pytest.approx(1)
    assert breadth([share] + [0.0] * (number - 1)) == pytest.approx(0, abs=1e-12)
