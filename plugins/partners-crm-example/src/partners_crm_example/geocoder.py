"""A geocoder that needs no network: it looks addresses up in a file of points that somebody keeps, a gazetteer.

The file is CSV with the columns street, city, zip, latitude and longitude; the setting
`gazetteer` of the plugin names it.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.plugins import Address, Found, Geocoder, PluginContext

COLUMNS = ("street", "city", "zip", "latitude", "longitude")
ROOFTOP = 100
"""Match level of a point that somebody measured."""


def find(context: PluginContext, addresses: Sequence[Address]) -> list[Found | None]:
    """Where each address is, in the same order; None for one that is not in the file, or there with two points."""
    if not context.settings["gazetteer"]:
        raise ConfigError("no gazetteer is set", f"partners config set {context.plugin}.gazetteer FILE.csv")
    points = _points(Path(context.settings["gazetteer"]))
    found = []
    for each in addresses:
        some = points.get(_key(each.street, each.city, each.postal_code), set())
        found.append(next(iter(some)) if len(some) == 1 else None)
    return found


def _points(path: Path) -> dict[tuple[str, ...], set[Found]]:
    """The points of the file, by the address."""
    points: dict[tuple[str, ...], set[Found]] = {}
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise FileRefused(f"{path}: has not the columns {', '.join(COLUMNS)}", "add the header line")
            for row in rows:
                line = rows.line_num
                key = _key(row["street"], row["city"], row["zip"])
                matched = ", ".join((row["street"], row["city"], row["zip"]))
                place = Found(ROOFTOP, matched, float(row["latitude"]), float(row["longitude"]))
                points.setdefault(key, set()).add(place)
    except OSError as error:
        raise FileRefused(f"{path}: cannot be read: {error.strerror}", "check the setting gazetteer") from None
    except (ValueError, TypeError, csv.Error):
        raise FileRefused(f"{path}:{line}: is no row of five columns with a point", "mend the line") from None
    return points


def _key(street: str, city: str, postal_code: str) -> tuple[str, ...]:
    """An address without its case and blanks, and of the ZIP code the first five figures."""
    return (*("".join(text.casefold().split()) for text in (street, city)), postal_code.strip()[:5])


geocoder = Geocoder(name="gazetteer", title="Points of a file", find=find)
