"""In which district a point lies, or a ZIP code may lie, without any coalition: for lists that come from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from partners_crm.districts.bulk import BULK_FROM, BulkIndex, bulk_available
from partners_crm.districts.index import DistrictIndex, Placement
from partners_crm.districts.maps import DistrictMap
from partners_crm.districts.uncertainty import MANUAL, ROOFTOP, ZIP9, radius_m
from partners_crm.errors import CannotDecide, FileRefused, InvalidValue
from partners_crm.model import Site
from partners_crm.normalize.text import fold, tidy
from partners_crm.services.formats import Formats
from partners_crm.services.importing.sheets import read_sheet

STATUSES = ("confirmed", "on_border", "near_border", "snapped", "outside", "unreadable")
"""What is known of a point, the most certain first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A point to be located."""

    id: str
    line: int
    """Line of the file it came from."""
    latitude: float | None
    """None where the file has no number there."""
    longitude: float | None
    match_level: int


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point lies."""

    asked: Asked
    districts: dict[str, int | None]
    """The number in each chamber of the map; None for none."""
    status: str
    """One of `STATUSES`."""
    border_m: float | None
    """Metres to the nearest other district, None beyond 2 km; the edge of the state is no border."""


def check_level(level: float) -> int:
    """Refuse a match level at which there is no point to look up.

    Raises:
        InvalidValue: it is lower or higher than a point can have.
    """
    if not ZIP9 <= level <= MANUAL or level != int(level):
        raise InvalidValue(
            "Match level", f"{level:g}", f"is none of a point: {ZIP9} to {MANUAL}", "ask for a ZIP code with --zip"
        )
    return int(level)


def read_points(path: Path, match_level: int = ROOFTOP, *, formats: Formats) -> list[Asked]:
    """The points of a file with the columns id, lat and lon, and perhaps one of match levels.

    A row whose level is none of a point cannot be read, like one whose latitude is no number.

    Raises:
        FileRefused: a column is missing, or the file cannot be read.
    """
    declared = Site.declarations()
    words = {fold(word) for name in ("latitude", "longitude") for word in (name, *declared[name].headers)}
    sheet = read_sheet(path, known=lambda header: fold(header) in words, formats=formats)
    folded = [fold(header) for header in sheet.headers]

    def column(name: str, words: Sequence[str], *, needed: bool = True) -> int | None:
        for word in (name, *words):
            if fold(word) in folded:
                return folded.index(fold(word))
        if needed:
            raise FileRefused(f"{path}: has no column {name}", f"its columns: {', '.join(sheet.headers)}")
        return None

    latitude, longitude = (column(name, declared[name].headers) for name in ("latitude", "longitude"))
    key, level = column("id", ("key", "number"), needed=False), column("match level", ("level",), needed=False)
    found = []
    for row in filter(lambda row: row.cells, sheet.rows()):
        cells = [tidy(cell) for cell in row.cells]

        def cell(place: int | None, cells: Sequence[str] = cells) -> str:
            return cells[place] if place is not None and place < len(cells) else ""

        own, known = match_level, True
        if cell(level):
            try:
                own = check_level(float(cell(level)))
            except (ValueError, InvalidValue):
                known = False
        place = (_number(cell(latitude)), _number(cell(longitude))) if known else (None, None)
        found.append(Asked(cell(key) or str(row.line), row.line, *place, own))
    return found


def locate(district_map: DistrictMap, points: Sequence[Asked]) -> list[Located]:
    """Locate points on a map; the answers are the same whether the extra `geo` is installed or not."""
    layers = {chamber: _placements(district_map, chamber, points) for chamber in district_map.borders}
    shift = district_map.info.border_shift_m
    return [
        _located(district_map, each, {chamber: some[place] for chamber, some in layers.items()}, shift)
        for place, each in enumerate(points)
    ]


def candidates(district_map: DistrictMap, zip_code: str) -> dict[str, list[tuple[int, float]]]:
    """The districts that the area of a ZIP code touches, each with its share of the area, by chamber.

    Raises:
        CannotDecide: the map knows no area of that ZIP code.
    """
    found: dict[str, list[tuple[int, float]]] = {}
    info = district_map.info
    for layer, areas in district_map.zips.items():
        parts = areas.get(zip_code[:5], ())
        if not parts:
            continue
        found[layer] = list(parts)
        chamber = info.chamber(layer)
        if chamber.nested_in:
            above: dict[int, float] = {}
            for number, share in parts:
                up = chamber.parent(number)
                if up is not None:
                    above[up] = above.get(up, 0.0) + share
            found[chamber.nested_in] = sorted(above.items(), key=lambda pair: (-pair[1], pair[0]))
    if not found:
        known = f"{len(next(iter(district_map.zips.values()), {})):,} ZIP codes are known: {info.zip_source}"
        raise CannotDecide(
            f"the map {info.code} does not know the area of ZIP {zip_code}", known if info.zip_source else ""
        )
    return found


def _placements(district_map: DistrictMap, chamber: str, points: Sequence[Asked]) -> list[Placement | None]:
    if len(points) >= BULK_FROM and bulk_available():
        bulk = BulkIndex(district_map, chamber)
        nowhere = float("nan")
        return bulk.placements(
            [nowhere if each.latitude is None else each.latitude for each in points],
            [nowhere if each.longitude is None else each.longitude for each in points],
        )
    index = DistrictIndex(district_map, chamber)
    return [
        None if each.latitude is None or each.longitude is None else index.locate(each.latitude, each.longitude)
        for each in points
    ]


def _located(district_map: DistrictMap, asked: Asked, found: dict[str, Placement | None], shift: float) -> Located:
    info = district_map.info
    numbers: dict[str, int | None] = {chamber.code: None for chamber in info.chambers}
    distances, statuses = [], []
    for layer, placement in found.items():
        statuses.append(_status(asked, placement, radius_m(asked.match_level) + shift))
        if placement is None:
            continue
        chamber = info.chamber(layer)
        numbers[layer] = placement.number
        if chamber.nested_in:
            numbers[chamber.nested_in] = chamber.parent(placement.number)
        if placement.border_m is not None:
            distances.append(placement.border_m)
    worst = max(statuses, key=STATUSES.index, default="outside")
    return Located(asked, numbers, worst, min(distances, default=None))


def _status(asked: Asked, placement: Placement | None, reach: float) -> str:
    if asked.latitude is None or asked.longitude is None:
        return "unreadable"
    if placement is None:
        return "outside"
    if placement.snapped_m is not None:
        return "snapped"
    if placement.on_border:
        return "on_border"
    near = placement.border_m is not None and placement.border_m <= reach
    return "near_border" if near else "confirmed"


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None
