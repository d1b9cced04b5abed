"""ZIP code areas: which districts each touches, with what share of its area.

The areas are the Census Bureau's ZCTAs, which leave out ZIP codes of post boxes. Shares are of land and water, not of
people. A part below PART_FLOOR of its area is left out: the edges of two sources differ by as much.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from partners_crm.districts.building.reading import Polygons, polygon, read_areas
from partners_crm.districts.maps import SHARES, Areas
from partners_crm.errors import FileRefused

PART_FLOOR = 0.002
"""Share of an area below which its part in a district is left out."""
INSIDE = 0.5
"""An area with less than this share inside the map is left out: most of what carries its code lies elsewhere."""

_FIELD = re.compile(r"ZCTA5(CE\d\d)?", re.IGNORECASE)


class ZipFile(NamedTuple):
    """The ZIP code areas of a file, on an equal-area projection."""

    sha256: str
    areas: dict[str, Any]


def read_zips(path: Path) -> ZipFile:
    """The ZIP code areas of a GeoJSON file or a zipped shapefile.

    Raises:
        FileRefused: the file is none of ZIP code areas, or a record is damaged or doubled.
    """
    read = read_areas(path)
    found: dict[str, Any] = {}
    for record in read.found:

        def refuse(reason: str, place: str = f"{read.word} {record.number}") -> FileRefused:
            return FileRefused(f"{path}: {place} {reason}")

        name = next((name for name in record.fields if _FIELD.fullmatch(name)), "")
        if not name:
            raise refuse("has none of ZCTA5, ZCTA5CE20, ZCTA5CE10")
        code = str(record.fields[name]).strip()
        if not re.fullmatch(r"[0-9]{5}", code):
            raise refuse(f"has the ZIP code {code!r}; five digits are needed")
        if code in found:
            raise refuse(f"is ZIP code {code}, which occurred before")
        found[code] = _flat(polygon(record.geometry, refuse))
    return ZipFile(read.sha256, found)


def zip_areas(path: Path, polygons: Polygons) -> Areas:
    """By ZIP code: the districts its area touches, largest share first.

    Shares are of the part inside the map and sum to 1; an area of which less than INSIDE lies in the map is left out.

    Raises:
        FileRefused: the file is none of ZIP code areas, or a record is damaged or doubled.
    """
    return shares(read_zips(path).areas, polygons)


def shares(areas: dict[str, Any], polygons: Polygons) -> Areas:
    """`zip_areas` of areas that were read already."""
    import numpy as np
    import shapely

    numbers = sorted(polygons)
    shapes = np.array([_flat(polygons[number]) for number in numbers])
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    found: Areas = {}
    for code, area in sorted(areas.items()):
        parts = {}
        for place in sorted(tree.query(area, predicate="intersects")):
            whole = shapely.contains(shapes[place], area)
            parts[numbers[place]] = area.area if whole else shapely.intersection(shapes[place], area).area
        if sum(parts.values()) >= INSIDE * area.area > 0:
            found[code] = _shares({number: size for number, size in parts.items() if size >= PART_FLOOR * area.area})
    return found


def _shares(parts: dict[int, float]) -> tuple[tuple[int, float], ...]:
    """Areas as shares in stored units that sum to the whole: what rounding leaves goes to the largest remainders."""
    total = sum(parts.values())
    exact = {number: size / total * SHARES for number, size in parts.items()}
    units = {number: int(share) for number, share in exact.items()}
    left = SHARES - sum(units.values())
    for number in sorted(exact, key=lambda number: (units[number] - exact[number], number))[:left]:
        units[number] += 1
    return tuple((number, units[number] / SHARES) for number in sorted(units, key=lambda each: (-units[each], each)))


def _flat(shape: Any) -> Any:
    """Degrees to the cylindrical equal-area projection: longitude, and the sine of latitude."""
    import numpy as np
    import shapely

    def project(points: Any) -> Any:
        return np.column_stack([np.radians(points[:, 0]), np.sin(np.radians(points[:, 1]))])

    return shapely.transform(shape, project)
