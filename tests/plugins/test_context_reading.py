"""What a plugin reads in bulk: plain values, what hangs on records, who is a member, what holds on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import NotFound
from partners_crm.plugins import PluginContext
from partners_crm.store import open as opening
from tests.services.coverage.test_judging import LOOP, PEORIA, member

DAY = date(2026, 11, 24)


@pytest.fixture
def context(crm: Crm, tmp_path: Path) -> Iterator[PluginContext]:
    with opening.session(crm.db):
        yield PluginContext(plugin="acme", today=DAY, as_of=DAY, data_dir=tmp_path / "acme", _db=crm.db)


def test_values_are_those_of_the_records_that_a_query_means(crm: Crm, context: PluginContext) -> None:
    loop, river = member(crm, "Loop", LOOP), member(crm, "River", PEORIA)
    assert context.values("organization", "", "id", "name") == ((loop.id, "Loop"), (river.id, "River"))
    assert context.values("organizations", "name:river", "name", "kind") == (("River", "provider"),)
    assert context.values("site", "", "organization", "kind") == ((loop.id, "hq"), (river.id, "hq"))


def test_what_was_put_away_is_in_no_query_and_has_its_values(crm: Crm, context: PluginContext) -> None:
    loop, river = member(crm, "Loop", LOOP), member(crm, "River", PEORIA)
    with context.changes("put away") as unit:
        unit.update(context.record("organization", loop.id), archived_on="2020")
    assert context.values("organization", "", "name") == (("River",),)
    assert context.values_of("organization", [river.id, loop.id, 987654321], "name") == {
        loop.id: ("Loop",),
        river.id: ("River",),
    }


def test_what_hangs_on_records_is_read_for_them_alone(crm: Crm, context: PluginContext) -> None:
    loop, river = member(crm, "Loop", LOOP), member(crm, "River", PEORIA)
    assert context.linked("membership", "organization", [river.id], "organization", "since") == ((river.id, "2020"),)
    both = context.linked("site", "organization", [river.id, loop.id], "organization")
    assert both == ((loop.id,), (river.id,))
    assert context.linked("site", "organization", [], "id") == ()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda each: each.values("organization", "", "colour"), "organizations have no field colour"),
        (lambda each: each.values_of("organization", [1], "colour"), "organizations have no field colour"),
        (lambda each: each.linked("site", "kind", [1], "id"), "sites have no link kind"),
        (lambda each: each.values("planet", "", "id"), "there are no planet"),
    ],
)
def test_what_there_is_not_is_named(context: PluginContext, ask: object, message: str) -> None:
    assert callable(ask)
    with pytest.raises(NotFound, match=message):
        ask(context)


def test_members_are_those_of_the_day(crm: Crm, context: PluginContext) -> None:
    loop = member(crm, "Loop", LOOP)
    with context.changes("a prospect") as unit:
        asked = unit.add("organization", name="Asked")
        unit.add("membership", organization=asked.id, status="prospect")
        begun = unit.add("organization", name="Begun")
        unit.add("membership", organization=begun.id, status="active", since="2026")
    assert context.members() == {loop.id: True, begun.id: False}


def test_what_holds_on_the_day() -> None:
    context = PluginContext(plugin="acme", today=DAY, as_of=DAY, data_dir=Path())
    assert context.holds("2020", "") == "yes"
    assert context.holds("2026", "") == "possible"
    assert context.holds("", "") == "possible"
    assert context.holds("", "", "2026-11-24") == "yes"
    assert context.holds("2020", "2026-11-23") == "no"


def test_coverage_of_groups_is_of_the_day(crm: Crm, context: PluginContext) -> None:
    loop = member(crm, "Loop", LOOP)
    found = context.coverage_of({"ours": context.members(), "nobody": {}}, chamber="house")
    assert found["ours"].total("house") == (1, 118)
    assert found["nobody"].total("house") == (0, 118)
    assert found["ours"].as_of == DAY
    assert [each for district in found["ours"].districts for each, _ in district.organizations] == [loop.id]
