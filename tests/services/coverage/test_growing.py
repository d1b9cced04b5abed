"""A coalition that grows at random: more evidence never covers less, and every view of an answer says the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

from partners_crm.crm import Crm
from partners_crm.districts.maps import load_map
from partners_crm.model import Contact, District, DistrictMap, Membership, Organization, Role, Site
from partners_crm.services import placing, records
from partners_crm.services.coverage import Coverage, Rule
from partners_crm.services.coverage.explaining import explain
from partners_crm.services.coverage.gaps import gaps
from partners_crm.store.read import where
from partners_crm.store.work import Changes

RANK = {"gap": 0, "possible": 1, "confirmed": 2}
DAYS = (date(2026, 11, 24), date(2026, 11, 1), date(2024, 6, 1))


def test_a_growing_coalition(crm: Crm, scale: Callable[[int], int]) -> None:
    for seed in range(scale(20)):
        draw = Random(seed)
        for step in range(25):
            asked = [(some_rule(draw), draw.choice(DAYS)) for _ in range(2)]
            before = [crm.coverage(rule, as_of=day) for rule, day in asked]
            with crm.changes(f"{seed}.{step}") as unit:
                grow(unit, draw, f"{seed}.{step}")
            for (rule, day), old in zip(asked, before, strict=True):
                new = crm.coverage(rule, as_of=day)
                for was, now in zip(old.districts, new.districts, strict=True):
                    assert RANK[now.state] >= RANK[was.state], (seed, step, rule, now.name)
                if rule.chamber == "both":
                    senate_is_its_halves(new)
                explained_alike(crm, rule, day, draw.choice(new.districts))
        steps_close_what_they_say(crm, draw)


def some_rule(draw: Random) -> Rule:
    return Rule(
        chamber=draw.choice(["both", "house", "senate"]),
        basis=draw.choice(["any", "hq", "service"]),
        unit=draw.choice(["org", "family"]),
        min_count=draw.choice([1, 1, 2, 3]),
        min_match=draw.choice([80, 75, 70, 100, 0]),
        level=draw.choice([1, 2]),
        map=draw.choice(["", "il-2011"]),
    )


def grow(unit: Changes, draw: Random, name: str) -> None:
    """Add an organization, sometimes with a person, or another site of one that is there."""
    present = [each.id for each in where(unit.db, Organization)]
    key = draw.choice(present) if present and draw.random() < 0.4 else added(unit, draw, name, present)
    values: dict[str, Any] = {"organization": key, "kind": draw.choice(["hq", "service"])}
    borders = load_map("il-2021").borders["house"]
    if draw.random() < 0.7:
        place, spread = draw.randrange(len(borders.lon)), draw.choice([0.0001, 0.001, 0.02])
        values["latitude"] = borders.lat[place] / 1e5 + draw.gauss(0, spread)
        values["longitude"] = borders.lon[place] / 1e5 + draw.gauss(0, spread)
        values["match_level"] = draw.choice([None, 100, 80, 75, 110])
    else:
        values["postal_code"] = draw.choice(list(load_map("il-2021").zips["house"]))
    site = records.add(unit, Site, **values, since=draw.choice(["", "", "2026", "2025-01-01"]))
    if site.latitude is None and draw.random() < 0.5:
        (chosen,) = where(unit.db, DistrictMap, code="il-2021")
        placing.state_district(unit, site, draw.choice(where(unit.db, District, map=chosen.id)).id)


def added(unit: Changes, draw: Random, name: str, present: list[int]) -> int:
    parent = draw.choice(present) if present and draw.random() < 0.4 else None
    body = records.add(unit, Organization, name=f"House {name}", parent=parent)
    if draw.random() < 0.8:
        ended = {"since": draw.choice(["", "2020", "2026-11"]), "until": draw.choice(["", "2027", "2026"])}
        records.add(unit, Membership, organization=body.id, status=draw.choice(["active", "lapsed"]), **ended)
    if draw.random() < 0.5:
        person = records.add(unit, Contact, name=f"Person {name}")
        since = draw.choice(["", "2026", "2020"])
        records.add(unit, Role, contact=person.id, organization=body.id, votes_for=True, since=since)
    return int(body.id)


def senate_is_its_halves(found: Coverage) -> None:
    """Whoever is certain in a House district is so in its Senate district, which is covered no less."""
    house = {each.number: each for each in found.of("house")}
    for each in found.of("senate"):
        halves = house[2 * each.number - 1], house[2 * each.number]
        assert {key for half in halves for key in half.organizations} <= set(each.organizations)
        assert RANK[each.state] >= max(RANK[half.state] for half in halves)


def explained_alike(crm: Crm, rule: Rule, day: date, district: Any) -> None:
    """The witnesses of a district are those that the answer counts."""
    witnesses = explain(crm.db, day, rule, district.chamber, district.number).witnesses
    certain = {each.organization for each in witnesses if each.certain}
    assert certain == {key for key, _ in district.organizations}
    assert {each.organization for each in witnesses if each.counts} - certain == {key for key, _ in district.possible}


def steps_close_what_they_say(crm: Crm, draw: Random) -> None:
    """Who is named to close gaps closes them: with all of them won, so many more districts are confirmed."""
    rule = Rule(chamber="house", min_count=draw.choice([1, 2]), unit=draw.choice(["org", "family"]))
    report = gaps(crm.db, crm.today, rule)
    before = report.coverage.total("house")[0]
    with crm.changes("won") as unit:
        for step in report.steps:
            for tie in where(unit.db, Membership, organization=step.organization):
                records.remove(unit, tie)
            day = crm.today.isoformat()
            records.add(unit, Membership, organization=step.organization, since=day, recorded_on=day)
    assert crm.coverage(rule).total("house")[0] == before + report.closable
