"""The silos beside each other: who of each stands in which district, who is in two of them, and which one is left out.

Which silos there are is the coalition's; nothing here counts on nine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from partners_crm.model import Organization, Silo, SiloShare
from partners_crm.services.coverage import Coverage, Rule, coverage_by_silo
from partners_crm.services.coverage.evidence import members
from partners_crm.store.open import Handle
from partners_crm.store.read import find, tuples


@dataclass(frozen=True, slots=True)
class SiloName:
    """A silo."""

    code: str
    name: str
    label: str
    """For a narrow column; its code where it has none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One district, silo by silo."""

    ocd_id: str
    number: int
    name: str
    members: tuple[int, ...]
    """Members that are certainly in it, in the order of the silos."""
    possible: tuple[int, ...]
    """Members that may be in it."""
    states: tuple[str, ...]
    """confirmed, possible or gap."""


@dataclass(frozen=True, slots=True)
class DistrictMatrix:
    """Every silo in every district of a chamber."""

    as_of: date
    map_code: str
    map_sha256: str
    chamber: str
    chamber_name: str
    rule: Rule
    """The terms; its silo says nothing."""
    association: str
    """Whose members; "" for the coalition."""
    silos: tuple[SiloName, ...]
    rows: tuple[Row, ...] = field(repr=False)

    @property
    def cells(self) -> int:
        """Silos times districts."""
        return len(self.rows) * len(self.silos)

    @property
    def filled(self) -> int:
        """Cells with a member for certain."""
        return sum(self.filled_of(place) for place in range(len(self.silos)))

    def filled_of(self, place: int) -> int:
        """Districts with a member of a silo for certain; `place` counts the silos from 0."""
        return sum(row.states[place] == "confirmed" for row in self.rows)


@dataclass(frozen=True, slots=True)
class SiloMatrix:
    """How many members each two silos share; a silo with itself has its own."""

    as_of: date
    association: str
    """Whose members; "" for the coalition."""
    members: int
    silos: tuple[SiloName, ...]
    shared: tuple[tuple[int, ...], ...]
    """By silo and silo, in their order; the same both ways."""


@dataclass(frozen=True, slots=True)
class SiloPart:
    """What a silo is in the coalition, or in an association."""

    code: str
    name: str
    label: str
    primary: int
    """Members whose largest weight it has."""
    any: int
    """Members with any weight in it."""
    weight: float
    """The sum of its members' weights."""
    share: float
    """Of all weights; 0 where there are none."""
    districts: tuple[tuple[str, int, int], ...]
    """(chamber, districts with a member of it for certain, all districts)."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How evenly the members spread over the silos."""

    as_of: date
    association: str
    """Whose members; "" for the coalition."""
    map_code: str
    chamber_names: dict[str, str]
    """What the districts of each chamber are called on the map; empty without a silo."""
    members: int
    in_no_silo: int
    parts: tuple[SiloPart, ...]
    weakest: tuple[str, ...]
    """Names of the silos with the smallest share; empty where no member is in a silo."""
    breadth: float | None
    """0: all in one silo; 1: the same weight in each. None for fewer than two silos, or no member in one."""


def silos_of(db: Handle) -> tuple[SiloName, ...]:
    """The silos of the coalition in their order."""
    query = Silo.select(Silo.code, Silo.name, Silo.label).order_by(Silo.id)
    return tuple(SiloName(code, name, label or code) for code, name, label in tuples(db, query))


def district_matrix(db: Handle, as_of: date, *, chamber: str = "", rule: Rule | None = None) -> DistrictMatrix:
    """Every silo in every district of a chamber, by default the map's first, under the terms of a rule.

    Raises:
        CannotDecide: no map with boundaries holds on the day, or the association has no members on it.
        NotFound, Ambiguous: there is no such map, or association, or the map has no such chamber.
        InvalidValue: a term is none.
    """
    rule = replace(rule or Rule(), chamber=chamber or "both")
    answers = coverage_by_silo(db, as_of, rule)
    silos = tuple(each for each in silos_of(db) if each.code in answers)
    if not answers:
        return DistrictMatrix(as_of, "", "", chamber, "", rule, "", (), ())
    one = next(iter(answers.values()))
    asked = chamber or one.chambers[0]
    columns = [answers[silo.code].of(asked) for silo in silos]
    rows = tuple(
        Row(
            cells[0].ocd_id,
            cells[0].number,
            cells[0].name,
            tuple(len(each.organizations) for each in cells),
            tuple(len(each.possible) for each in cells),
            tuple(each.state for each in cells),
        )
        for cells in zip(*columns, strict=True)
    )
    rule = replace(rule, chamber=asked)
    name = one.chamber_names[asked]
    return DistrictMatrix(as_of, one.map_code, one.map_sha256, asked, name, rule, one.association, silos, rows)


def silo_matrix(db: Handle, as_of: date, *, of: str = "") -> SiloMatrix:
    """How many members of the coalition, or of an association, each two silos share on a day.

    Raises:
        NotFound, Ambiguous: there is no such association, or more than one.
    """
    silos, own = silos_of(db), members(db, as_of, Rule(of=of))
    inside: dict[str, set[int]] = {silo.code: set() for silo in silos}
    for organization, weights in _weights(db).items():
        if organization in own:
            for code in weights:
                inside[code].add(organization)
    shared = tuple(tuple(len(inside[one.code] & inside[other.code]) for other in silos) for one in silos)
    return SiloMatrix(as_of, _association(db, of), len(own), silos, shared)


def balance(db: Handle, as_of: date, *, of: str = "") -> Balance:
    """How evenly the members of the coalition, or of an association, spread over the silos on a day.

    Raises:
        CannotDecide: no map with boundaries holds on the day.
        NotFound, Ambiguous: there is no such association, or more than one.
    """
    rule = Rule(of=of)
    silos, own = silos_of(db), members(db, as_of, rule)
    answers = coverage_by_silo(db, as_of, rule)
    weights = {key: some for key, some in _weights(db).items() if key in own}
    totals = {silo.code: sum(some.get(silo.code, 0.0) for some in weights.values()) for silo in silos}
    whole = sum(totals.values())
    first = [max(some, key=some.__getitem__) for some in weights.values()]
    parts = tuple(
        SiloPart(
            silo.code,
            silo.name,
            silo.label,
            first.count(silo.code),
            sum(silo.code in some for some in weights.values()),
            totals[silo.code],
            totals[silo.code] / whole if whole else 0.0,
            _covered(answers[silo.code]),
        )
        for silo in silos
    )
    least = min((part.share for part in parts), default=0.0)
    weakest = tuple(part.name for part in parts if part.share <= least) if whole else ()
    one = next(iter(answers.values()), None)
    map_code, names = (one.map_code, one.chamber_names) if one else ("", {})
    spread = breadth([part.share for part in parts])
    lost = len(own) - len(weights)
    return Balance(as_of, _association(db, of), map_code, names, len(own), lost, parts, weakest, spread)


def breadth(shares: Iterable[float]) -> float | None:
    """How evenly shares are spread, from 0 (all in one) to 1 (the same in each): (D1 - 1) / (S - 1).

    S is how many shares there are, D1 the effective number of them: exp(-sum p ln p), the Hill number of order 1
    (Hill 1973, Ecology 54). None for fewer than two shares, or where all are 0.
    """
    some = list(shares)
    whole = sum(some)
    if len(some) < 2 or whole <= 0:
        return None
    parts = [each / whole for each in some]
    effective = math.exp(-sum(part * math.log(part) for part in parts if part > 0))
    return min(1.0, max(0.0, (effective - 1) / (len(some) - 1)))


def _association(db: Handle, of: str) -> str:
    return find(db, Organization, of).name if of else ""


def _covered(answer: Coverage) -> tuple[tuple[str, int, int], ...]:
    return tuple((chamber, *answer.total(chamber)) for chamber in answer.chambers)


def _weights(db: Handle) -> dict[int, dict[str, float]]:
    """The weights of every organization by silo, the silos in their order; where one is not known, equal ones."""
    query = (
        SiloShare.select(SiloShare.organization, Silo.code, SiloShare.weight)
        .join(Silo, on=(SiloShare.silo == Silo.id))
        .order_by(Silo.id)
    )
    found: dict[int, dict[str, float | None]] = {}
    for organization, code, weight in tuples(db, query):
        found.setdefault(organization, {})[code] = weight
    return {key: _known(some) for key, some in found.items()}


def _known(weights: Mapping[str, float | None]) -> dict[str, float]:
    if any(weight is None for weight in weights.values()):
        return dict.fromkeys(weights, 1 / len(weights))
    return {code: weight or 0.0 for code, weight in weights.items()}
