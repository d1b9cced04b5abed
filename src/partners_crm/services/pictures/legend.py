"""How a district is marked in a picture: its step, in words, in characters and in colours.

Nothing is said by colour alone: a gap is hatched and dotted, a possible district striped and marked with `?`, and a
covered one carries its number of members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from partners_crm.services.coverage import Coverage, DistrictCoverage


class Step(NamedTuple):
    """One step of the legend."""

    code: str
    """gap, possible, or n1 to n4: the class of a district in a picture."""
    words: str
    """As the legend has it."""
    least: int
    """Members from which a confirmed district is on this step."""
    shade: str
    """One character, for a map whose characters are pixels."""


GAP = Step("gap", "gap", 0, "·")
POSSIBLE = Step("possible", "possible, not certain", 0, "?")
COUNTS = (
    Step("n1", "1 member", 0, "░"),
    Step("n2", "2 or 3", 2, "▒"),
    Step("n3", "4 to 9", 4, "▓"),
    Step("n4", "10 or more", 10, "█"),
)
STEPS = (GAP, POSSIBLE, *COUNTS)
"""The whole legend, in order."""

MANY = 99
"""The largest number that two characters hold."""
TEXT_LEGEND = "·· gap   ?? possible   1-99 members   ++ more"
"""The legend of the text tiles, in one line."""


class Colours(NamedTuple):
    """The colours of one look, as #rrggbb; figures stand in `on` of their step, everything else in `ink`."""

    paper: str
    ink: str
    quiet: str
    """Of words that matter less."""
    rule: str
    """Of lines and frames."""
    accent: str
    red: str
    """Of gaps: the hatch and its words."""
    stripe: str
    """Of possible districts."""
    counts: tuple[tuple[str, str], ...]
    """(fill, what is written on it) of n1 to n4: one blue, told apart by how dark it is."""


LIGHT = Colours(
    paper="#ffffff",
    ink="#1f2933",
    quiet="#586574",
    rule="#d5dbe1",
    accent="#1f6298",
    red="#b3261e",
    stripe="#c4d3e0",
    counts=(("#d9e8f5", "#1f2933"), ("#a8cbe8", "#1f2933"), ("#2f78b3", "#ffffff"), ("#123f6b", "#ffffff")),
)
DARK = Colours(
    paper="#16191d",
    ink="#dfe4ea",
    quiet="#9aa6b2",
    rule="#343b43",
    accent="#7db7e8",
    red="#ff8a80",
    stripe="#37434f",
    counts=(("#1d3a55", "#dfe4ea"), ("#2a5f8f", "#ffffff"), ("#6aaee0", "#10161c"), ("#cfe6fa", "#10161c")),
)


def step_of(district: DistrictCoverage) -> Step:
    """The step of a district."""
    if district.state != "confirmed":
        return POSSIBLE if district.state == "possible" else GAP
    count = len(district.organizations)
    return next(step for step in reversed(COUNTS) if count >= step.least)


def mark(district: DistrictCoverage) -> str:
    """Two characters for a district: `··`, `??` or the number of its members.

    Where a district needs several members, one that has too few of them keeps its number: `1·`, `1?`.
    """
    count = len(district.organizations)
    if district.state == "confirmed":
        return f"{count:2}" if count <= MANY else "++"
    sign = step_of(district).shade
    return f"{count}{sign}" if 0 < count < 10 else sign * 2


def told(district: DistrictCoverage) -> str:
    """A district in words: what it is called, its state, and how many are in it."""
    certain, doubtful = len(district.organizations), len(district.possible)
    words = [district.state, _members(certain)] if certain or district.state != "possible" else [district.state]
    if doubtful:
        words.append(f"{doubtful} not certain")
    return f"{district.name}: {', '.join(words)}"


def by_district(coverage: Coverage) -> dict[tuple[str, int], DistrictCoverage]:
    """The answers by (chamber, number)."""
    return {(each.chamber, each.number): each for each in coverage.districts}


def _members(count: int) -> str:
    return f"{count or 'no'} member{'' if count == 1 else 's'}"
