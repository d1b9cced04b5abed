"""What the Districts screen asks: its terms and what they can be, and the answer with what a picture of it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

from partners_crm.crm import Crm
from partners_crm.districts.maps import DistrictMap
from partners_crm.districts.tiles import Cell, Grid
from partners_crm.errors import CannotDecide, NotFound, PartnersError
from partners_crm.services.coverage import BASES, LEVEL_WORD, Coverage, DistrictCoverage, silo_codes
from partners_crm.services.coverage import Rule as CoverageRule
from partners_crm.services.coverage.explaining import Explanation, explain
from partners_crm.services.coverage.gaps import Closing, GapReport, gaps
from partners_crm.services.maps import borders_of
from partners_crm.services.pictures.legend import by_district
from partners_crm.services.pictures.tiling import shown_grids
from partners_crm.store.maps import districts_of, map_codes, map_for

MATCHES = (80, 100, 75, 70)
"""The match levels that a key goes through: the usual one first."""
LEVELS = (1, 2)
"""The coverage levels that are recorded: in the district at all; there with its headquarters or somebody who votes."""
BASIS_WORDS = {"any": "any site", "hq": "headquarters", "service": "service sites"}
TERMS = ("basis", "match", "level", "silo", "chamber", "map")
"""The terms that a key turns to their next value."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person has chosen to ask about."""

    basis: str = "any"
    match: int = 80
    level: int = 1
    silo: str = ""
    chamber: str = "both"
    map: str = ""
    """A map's code; "" for the map of the day."""
    day: str = ""
    """An ISO date; "" for today."""
    of: str = ""
    """Id of an association; "" for this coalition."""

    def rule(self, chamber: str, code: str) -> CoverageRule:
        """The rule of coverage under these terms, on a map."""
        return CoverageRule(
            chamber=chamber,
            basis=self.basis,
            silo=self.silo,
            min_match=self.match,
            level=self.level,
            map=code,
            of=self.of,
        )


class Choices(NamedTuple):
    """What the terms can be in this coalition."""

    silos: Sequence[str] = ()
    maps: Sequence[str] = ()
    own_map: str = ""
    """The map of the day; "" where none holds."""
    chambers: Mapping[str, str] = {}
    """What the districts of each chamber of the map are called."""

    def of(self, term: str) -> list[object]:
        """The values of a term, in the order of its key."""
        if term == "silo":
            return ["", *self.silos]
        if term == "map":
            return ["", *(code for code in self.maps if code != self.own_map)]
        if term == "chamber":
            return ["both", *self.chambers] if len(self.chambers) > 1 else ["both"]
        return list({"basis": BASES, "match": MATCHES, "level": LEVELS}[term])

    def after(self, terms: Terms, term: str) -> Terms:
        """The terms with the next value of one of them; a value that is gone by now gives way to the first."""
        values = self.of(term)
        here = getattr(terms, term)
        place = values.index(here) if here in values else -1
        found: Terms = replace(terms, **{term: values[(place + 1) % len(values)]})  # type: ignore[arg-type]
        return found


class Found:
    """An answer, and what a picture of it needs."""

    def __init__(self, coverage: Coverage, drawn: DistrictMap | None, trouble: str) -> None:
        self.coverage = coverage
        self.drawn = drawn
        """The map with its borders; None where they are not at hand."""
        self.trouble = trouble
        """Why there are no borders, "" where there are."""
        self.report: GapReport | None = None
        """Who closes the gaps; read when it is first asked for."""

    @cached_property
    def answers(self) -> dict[tuple[str, int], DistrictCoverage]:
        """The answers by (chamber, number)."""
        return by_district(self.coverage)

    @cached_property
    def grids(self) -> list[Grid]:
        """The tiles of the chambers answered for; none where the map is not at hand."""
        return [] if self.drawn is None else shown_grids(self.coverage, self.drawn.info)

    @cached_property
    def _closings(self) -> dict[Cell, Closing]:
        closings = self.report.closings if self.report else ()
        return {Cell(each.district.chamber, each.district.number): each for each in closings}

    def closing(self, cell: Cell) -> Closing | None:
        """Who closes a gap; None where it is none, or nobody has asked yet."""
        return self._closings.get(cell) if self.report else None

    def explain(self, crm: Crm, cell: Cell) -> Explanation:
        """Why a district is answered so.

        Raises:
            NotFound: the data changed, and there is no such district any more.
        """
        return explain(crm.db, self.coverage.as_of, self.coverage.rule, cell.chamber, cell.number)

    def ask_for_gaps(self, crm: Crm) -> GapReport:
        """Read who closes the gaps; slow, so it is asked once for an answer."""
        if self.report is None:
            self.report = gaps(crm.db, self.coverage.as_of, self.coverage.rule)
        return self.report


class Answer(NamedTuple):
    """What came of asking."""

    terms: Terms
    choices: Choices
    found: Found | None
    error: PartnersError | None


def ask(crm: Crm, terms: Terms) -> Answer:
    """Judge every district under terms; what stands in the way is part of the answer."""
    choices = Choices(silo_codes(crm.db), map_codes(crm.db))
    try:
        day = date.fromisoformat(terms.day) if terms.day else crm.today
        try:
            choices = choices._replace(own_map=map_for(crm.db, day).code)
        except (CannotDecide, NotFound):
            if not terms.map:
                raise
        chosen = map_for(crm.db, day, code=terms.map)
        choices = choices._replace(chambers=districts_of(crm.db, chosen).names)
        # Another map may have other chambers.
        chamber = terms.chamber if terms.chamber in choices.chambers else "both"
        terms = replace(terms, chamber=chamber)
        coverage = crm.coverage(terms.rule(chamber, chosen.code), as_of=day)
        try:
            found = Found(coverage, borders_of(crm.db, chosen), "")
        except PartnersError as error:
            found = Found(coverage, None, error.message)
    except PartnersError as error:
        return Answer(terms, choices, None, error)
    return Answer(terms, choices, found, None)


def described(terms: Terms, choices: Choices, today: date, *, wide: bool) -> list[tuple[str, str]]:
    """(key, value) of every term as the head shows it."""
    day = date.fromisoformat(terms.day) if terms.day else today
    match, level = LEVEL_WORD.get(terms.match, str(terms.match)), str(terms.level)
    names = choices.chambers
    chamber = names.get(terms.chamber) or (next(iter(names.values())) if len(names) == 1 else "both")
    basis = BASIS_WORDS[terms.basis]
    if not wide:
        match, basis = match.removesuffix(" level").removesuffix(" code"), basis.split(" ")[0]
    else:
        level = f"level {level}"
        chamber = "both chambers" if chamber == "both" else chamber
    silo = terms.silo or ("all silos" if wide else "all")
    when = f"{day.day} {day:%b %Y}"
    map_code = terms.map or choices.own_map or "none"
    return [
        ("b", basis),
        ("l", match),
        ("L", level),
        ("o", silo),
        ("c", chamber),
        ("w", map_code),
        ("t", when),
    ]


def terms_line(coverage: Coverage) -> str:
    """The terms of an answer on one line."""
    rule, day = coverage.rule, coverage.as_of
    match = LEVEL_WORD.get(rule.min_match, f"match level {rule.min_match}")
    parts = [
        f"{day.day} {day:%b %Y}",
        f"map {coverage.map_code}",
        BASIS_WORDS[rule.basis],
        match,
        "" if rule.level == 1 else f"level {rule.level}",
        rule.silo or "all silos",
        "" if rule.chamber == "both" else ", ".join(coverage.chamber_names.values()),
        f"members of {coverage.association}" if coverage.association else "",
    ]
    return " · ".join(filter(None, parts))
