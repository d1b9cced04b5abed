"""The legend: a step for every district, readable without colour, and colours that can be read."""

from __future__ import annotations

from itertools import pairwise

import pytest

from partners_crm.services.coverage import DistrictCoverage
from partners_crm.services.pictures.legend import DARK, LIGHT, MANY, STEPS, Colours, mark, step_of, told


def district(state: str, certain: int, doubtful: int = 0) -> DistrictCoverage:
    some = [(number, f"Works {number}") for number in range(certain + doubtful)]
    return DistrictCoverage("", "house", 7, "House 7", state, tuple(some[:certain]), tuple(some[certain:]))


@pytest.mark.parametrize(
    ("found", "code", "glyphs", "words"),
    [
        (district("gap", 0), "gap", "··", "House 7: gap, no members"),
        (district("gap", 1), "gap", "1·", "House 7: gap, 1 member"),
        (district("gap", 12), "gap", "··", "House 7: gap, 12 members"),
        (district("possible", 0, 2), "possible", "??", "House 7: possible, 2 not certain"),
        (district("possible", 1, 2), "possible", "1?", "House 7: possible, 1 member, 2 not certain"),
        (district("confirmed", 1), "n1", " 1", "House 7: confirmed, 1 member"),
        (district("confirmed", 3, 1), "n2", " 3", "House 7: confirmed, 3 members, 1 not certain"),
        (district("confirmed", 4), "n3", " 4", "House 7: confirmed, 4 members"),
        (district("confirmed", 9), "n3", " 9", "House 7: confirmed, 9 members"),
        (district("confirmed", 10), "n4", "10", "House 7: confirmed, 10 members"),
        (district("confirmed", MANY), "n4", "99", "House 7: confirmed, 99 members"),
        (district("confirmed", MANY + 1), "n4", "++", "House 7: confirmed, 100 members"),
    ],
)
def test_a_district_has_a_step_a_mark_and_words(found: DistrictCoverage, code: str, glyphs: str, words: str) -> None:
    assert step_of(found).code == code
    assert mark(found) == glyphs
    assert told(found) == words


def test_every_step_has_a_sign_of_its_own() -> None:
    assert len({step.shade for step in STEPS}) == len({step.code for step in STEPS}) == len(STEPS) == 6
    assert all(len(step.shade) == 1 for step in STEPS)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast of the Web Content Accessibility Guidelines, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_figures_can_be_read(colours: Colours) -> None:
    for ink in (colours.ink, colours.quiet, colours.accent, colours.red):
        assert contrast(ink, colours.paper) >= 4.5
    for fill, on in colours.counts:
        assert contrast(fill, on) >= 4.5
    # Steps next to each other differ for whoever sees no colour.
    for (one, _), (other, _) in pairwise(colours.counts):
        assert contrast(one, other) >= 1.3
