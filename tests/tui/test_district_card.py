"""The card of a district and the list of gaps: who is in it, who would close it, and what opens from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from partners_crm.crm import Crm
from partners_crm.districts.tiles import Cell
from partners_crm.model import Site
from partners_crm.services.coverage import Rule
from partners_crm.services.coverage.explaining import explain
from partners_crm.services.coverage.gaps import gaps
from partners_crm.services.districts import decide
from partners_crm.tui.district_lines import district_card
from tests.conftest import NOW
from tests.tui.driving import drive, press, screen_text
from tests.tui.seeing import beside, covered, go_to, head, house_of, screen, text_of


def test_the_card_names_who_is_in_it_and_opens_them(coalition: Path) -> None:
    number = house_of(coalition)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", number))
        await press(pilot, "enter")
        text = text_of(pilot)
        assert f"House {number}: confirmed, 1 member" in head(pilot)
        assert (
            f"IN WORDS House {number} is covered: it has 1 organization that was a member on 24 November 2026" in text
        )
        assert "CERTAINLY IN IT" in text
        assert "rooftop" in text
        assert "member since 2020-03-01" in text
        assert "LAWMAKER" in text
        await press(pilot, "enter")
        assert "OVERVIEW" in screen_text(pilot.app)
        assert "Birch Homes" in screen_text(pilot.app).splitlines()[0]
        await press(pilot, "escape")
        assert "CERTAINLY IN IT" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert screen(pilot).cell == Cell("house", number)

    drive(coalition, script)


def test_the_card_of_a_gap_names_who_would_close_it(coalition: Path) -> None:
    number = house_of(coalition, (39.8, -89.65))

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", number))
        await press(pilot, "enter")
        text = text_of(pilot)
        assert f"House {number}: gap, no members" in head(pilot)
        assert "NEAREST MEMBERS" in text
        assert " km " in text
        assert "WAS A MEMBER HERE" in text
        assert "Dogwood" in text

    drive(coalition, script)


def test_the_card_of_a_doubtful_district_says_why(coalition: Path) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        doubtful = next(each for each in covered(pilot).possible if each.chamber == "house")
        await go_to(pilot, Cell("house", doubtful.number))
        await press(pilot, "enter")
        text = text_of(pilot)
        assert "POSSIBLY IN IT" in text
        assert "Cedar Kitchen" in text
        assert "of the area of ZIP 60647 lies here" in text

    drive(coalition, script)


def test_the_card_says_who_decided_on_a_district_and_why(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm, crm.changes("decide") as unit:
        site = next(each for each in crm.records(Site) if each.postal_code == "60647")
        decide(unit, site, 40, "house", "They showed the lease.", "", crm.today)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", 40))
        await press(pilot, "enter")
        assert "House 40: confirmed, 1 member" in head(pilot)
        lines = [" ".join(line.split()) for line in screen_text(pilot.app).splitlines()]
        assert any("service site" in line and "a person's decision" in line for line in lines)
        decided = next(line for line in lines if line.startswith("decided "))
        assert decided.startswith("decided They showed the lease. (")
        assert decided.endswith(f", {NOW.date()})")

    drive(coalition, script)


def test_the_card_keeps_what_does_not_count_apart(coalition: Path) -> None:
    """At level 2 a service site without a voter is there, and neither certain nor possible."""
    with Crm.open(coalition, clock=lambda: NOW) as crm:
        doubtful = next(each for each in crm.coverage().possible if each.chamber == "house")
        why = explain(crm.db, crm.today, Rule(level=2), "house", doubtful.number)
    sections = {each.title: each.rows for each in district_card(why, None).sections}
    assert [row.value for row in sections["Certainly in it"]] == ["nobody"]
    assert "Possibly in it" not in sections
    rows = sections["In it, but does not count"]
    assert rows[0].value == "Cedar Kitchen"
    assert any(row.label == "but" and "somebody who may vote for it" in row.value for row in rows)


def test_the_card_leads_to_everybody_in_the_district(coalition: Path) -> None:
    number = house_of(coalition)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", number))
        await press(pilot, "enter", "end", "enter")
        text = screen_text(pilot.app)
        assert f"district:il-2021:sldl:{number}" in text
        assert "1 organization " in text
        await press(pilot, "escape")
        assert "CERTAINLY IN IT" in screen_text(pilot.app)
        await press(pilot, "home", "enter")
        assert "this line is about no record" in text_of(pilot)

    drive(coalition, script)


def test_beside_the_picture_the_card_follows_the_cursor(coalition: Path) -> None:
    number = house_of(coalition)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", number))
        assert "Certainly in it" in screen_text(pilot.app)
        assert "Birch Homes" in screen_text(pilot.app)
        await go_to(pilot, Cell("house", house_of(coalition, (39.8, -89.65))))
        text = screen_text(pilot.app)
        assert "Nearest members" in text
        assert "Dogwood" in text

    drive(coalition, script, (140, 40))


def test_the_list_of_gaps_begins_with_the_cheapest_way(coalition: Path) -> None:
    with Crm.open(coalition, clock=lambda: NOW) as crm:
        report = gaps(crm.db, crm.today, crm.coverage().rule)
    assert [step.name for step in report.steps] == ["Dogwood", "Elm Street"]

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "f")
        text = text_of(pilot)
        assert f"{len(report.closings)} open districts: 4 can be closed by 2 organizations" in text
        assert "WIN THESE, IN THIS ORDER" in text
        assert f"closes {', '.join(report.steps[0].closes)}" in text
        lines = [line for line in screen_text(pilot.app).splitlines() if "may be in it" in line]
        assert lines, "what an address would settle comes first"
        await press(pilot, "enter")
        assert "Dogwood" in screen_text(pilot.app).splitlines()[0]

    drive(coalition, script)


def test_a_change_on_a_card_above_is_seen_in_the_answer(coalition: Path) -> None:
    number = house_of(coalition)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4")
        await go_to(pilot, Cell("house", number))
        assert covered(pilot).total("house") == (1, 118)
        await press(pilot, "enter", "u")
        assert "House" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert covered(pilot).total("house") == (0, 118)
        assert "0 of 118 House districts" in beside(pilot)

    drive(coalition, script)
