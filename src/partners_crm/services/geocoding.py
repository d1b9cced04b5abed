"""From addresses to points: what any geocoder offers, and the batch files of the Census geocoder.

Nothing here touches the network. A geocoder is a plain object that a plugin brings; `apply_found` takes what it found.
The batch geocoder of the Census Bureau takes a file and gives one back: whoever may not let a program send addresses
away can do it by hand. The file has no header, at most 10,000 rows, and the columns id, street, city, state and ZIP.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from partners_crm.errors import ConfigError, FileRefused, PermissionRefused
from partners_crm.model import Site
from partners_crm.normalize.text import fold, reject_reason, tidy
from partners_crm.services import records
from partners_crm.services.formats import Formats
from partners_crm.services.importing.sheets import ReadOptions, Row, Sheet, read_sheet
from partners_crm.services.placing import ROOFTOP, indexes, is_no_place, look_outside
from partners_crm.services.rows import Problem, Refusal, kept_cells
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, is_key
from partners_crm.store.read import records as select
from partners_crm.store.work import Changes, Source, changes

STREET = 80
"""Match level of a point between two house numbers of a street, which is what the Census geocoder gives."""
BATCH_ROWS = 10_000
"""Rows of one file of the batch geocoder at most."""
ANSWER_COLUMNS = ("id", "address", "match", "type", "matched address", "lon, lat", "line", "side")
"""What the columns of an answer are; those behind the third are missing where nothing matched."""
_LIVE = re.compile(r"[=+\-@\t\r]")
_HOUSE = re.compile(r".*\d.*\s.*[^\W\d_].*")

Outcome = Literal["placed", "unchanged", "kept"]
"""What became of a site: its point was set; it was so already; it has a better point, which stays."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address to be found."""

    key: str
    """What the answer is known by: the number of the site."""
    street: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Found:
    """Where an address is."""

    match_level: int
    """How well the point is known: 100 rooftop, 80 street."""
    matched: str
    """The address that was matched, as the geocoder writes it."""
    latitude: float
    """Degrees north, WGS84."""
    longitude: float
    """Degrees east, WGS84."""


class Geocoder(Protocol):
    """What a geocoder is: a plugin may bring any object that has these."""

    name: str

    def find(self, addresses: Sequence[Address]) -> Sequence[Found | None]:
        """Where each address is, in the same order; None for one that was not found, or found more than once."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written for a batch geocoder."""

    files: tuple[tuple[str, int], ...]
    """(path, rows) of each file."""
    sites: int
    """Sites looked at: written + left out."""
    written: int
    left_out: tuple[tuple[str, int], ...]
    """(why, how many)."""


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What the answers of a batch geocoder changed, or would change."""

    file: str
    rows: int
    """placed + unchanged + kept + not found + ties + problems."""
    placed: int
    unchanged: int
    kept: int
    """Sites with a better point, which stays."""
    not_found: int
    ties: int
    """Addresses that matched more than one place."""
    problems: tuple[Problem, ...]
    changes: int
    operation: int | None
    """Id of the operation; None when nothing was written."""
    preview: bool


def address_of(site: Site) -> Address:
    """The address of a site as a geocoder takes it: the street as understood, without the unit."""
    return Address(
        str(site.id), tidy(site.street or site.address), tidy(site.city), tidy(site.state), tidy(site.postal_code)
    )


def apply_found(unit: Changes, site: Site, found: Found, *, replace: bool = False) -> Outcome:
    """Give a site the point that was found; a better one stays, unless it is to be replaced.

    Raises:
        InvalidValue: the point is no place, or its level no level.
    """
    outcome = _outcome(site, found, replace=replace)
    if outcome == "placed":
        records.edit(unit, site, **_values(found))
    return outcome


def _outcome(site: Site, found: Found, *, replace: bool) -> Outcome:
    """What becomes of a site for which a point was found."""
    if site.latitude is not None and site.longitude is not None:
        level = ROOFTOP if site.match_level is None else site.match_level
        point = (site.latitude, site.longitude, site.match_level)
        if point == (found.latitude, found.longitude, found.match_level):
            return "unchanged"
        if level > found.match_level and not replace:
            return "kept"
    return "placed"


def _values(found: Found) -> dict[str, Any]:
    return {"latitude": found.latitude, "longitude": found.longitude, "match_level": found.match_level}


# -------------------------------------------------------------------- the batch file


def export_batch(db: Handle, path: Path, *, missing: bool = False) -> ExportReport:
    """Write the addresses of sites for the batch geocoder; `missing` takes those without a point alone.

    Beyond 10,000 rows there are several files: points.csv, points-2.csv, ...

    Raises:
        ConfigError: a file of that name is there.
        PermissionRefused, FileRefused: the folder or its disk refuses.
    """
    sites = select(db, Site.select().order_by(Site.id))
    left_out: Counter[str] = Counter()
    rows = []
    for site in sites:
        if reason := why_left_out(site, missing=missing):
            left_out[reason] += 1
        else:
            each = address_of(site)
            rows.append((each.key, each.street, each.city, each.state, each.postal_code[:5]))
    parts = [rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS)]
    files = [path if number == 1 else path.with_stem(f"{path.stem}-{number}") for number in range(1, len(parts) + 1)]
    for file in files:
        if file.exists():
            raise ConfigError(f"{file} is there already", "name another file, or delete it")
    for file, part in zip(files, parts, strict=True):
        _write(file, part)
    counts = tuple((str(file), len(part)) for file, part in zip(files, parts, strict=True))
    return ExportReport(counts, len(sites), len(rows), tuple(sorted(left_out.items())))


def why_left_out(site: Site, *, missing: bool = False) -> str:
    """Why a site's address is not asked for; "" where it is."""
    each = address_of(site)
    if site.kind == "mailing":
        return "mailing address"
    if is_no_place(site):
        return "post office box"
    if missing and site.latitude is not None and site.longitude is not None:
        return "has a point"
    if not each.street:
        return "no street"
    if not each.city and not each.postal_code:
        return "neither town nor ZIP code"
    parts = (each.street, each.city, each.state, each.postal_code)
    if not _HOUSE.fullmatch(each.street[:500]) or any(_LIVE.match(part) for part in parts):
        return "no house number and street"
    return ""


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    try:
        # Addresses of shelters are nobody else's business.
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text.getvalue())
    except PermissionError:
        raise PermissionRefused(f"{path} may not be written", "name a file in a folder of yours") from None
    except OSError as error:
        raise FileRefused(f"{path} cannot be written: {error.strerror}", "check the folder and its disk") from None


# -------------------------------------------------------------------- its answer


def import_answers(
    db: Handle,
    path: Path,
    *,
    formats: Formats,
    replace: bool = False,
    preview: bool = False,
    by: str = "",
    clock: Clock = utc_now,
) -> AnswerReport:
    """Take the points of an answer of the batch geocoder over, each at street level.

    Raises:
        FileRefused: a fault of the file; nothing was written.
        StoreError: the database refuses; nothing was written.
    """
    sheet = read_sheet(path, ReadOptions(delimiter=",", header_line=1), formats=formats)
    rows = list(_answers(sheet))
    source = Source(sheet.name, sheet.sha256)
    with changes(db, f"points from {sheet.name}", by=by, source=source, clock=clock, keep=not preview) as unit:
        taker = _Taker(unit, rows, replace=replace)
        kept = [taker.take(row) for row in rows]
        records.move(unit, taker.points)
        if unit.count:
            unit.keep_source_rows(kept)
        counted, problems = taker.counted, tuple(taker.problems)
        return AnswerReport(
            file=sheet.name,
            rows=len(rows),
            placed=counted["placed"],
            unchanged=counted["unchanged"],
            kept=counted["kept"],
            not_found=counted["no match"],
            ties=counted["tie"],
            problems=problems,
            changes=unit.count,
            operation=None if preview or not unit.count else unit.operation,
            preview=preview,
        )


def _answers(sheet: Sheet) -> Iterator[Row]:
    """The rows of an answer, which has no header; one that somebody gave it is left out."""
    first = sheet.headers
    if not (first and fold(first[0]) in {"id", "record id", "record id number"}):
        yield Row(sheet.header_line, first)
    yield from filter(lambda row: row.cells, sheet.rows())


class _Taker:
    """Takes answers one by one; counts what becomes of them, and gathers the points for all to be placed together."""

    def __init__(self, unit: Changes, rows: Sequence[Row], *, replace: bool) -> None:
        self.replace = replace
        self.indexes = indexes(unit.db)
        keys = {int(text) for row in rows if is_key(text := _cell(row, 0))}
        self.sites = by_ids(unit.db, Site, keys)
        self.lines: dict[int, int] = {}
        """The line that spoke of a site first."""
        self.counted: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.points: list[tuple[Site, dict[str, Any]]] = []
        """Sites that are to have a point, with its fields."""

    def take(self, row: Row) -> tuple[int, str, str, Site | None, dict[str, str], None]:
        """Take an answer; gives the row as it is kept in the journal."""
        site, outcome, reason = None, "merged", ""
        try:
            site = self._site(row)
            what = self._take(row, site)
            self.counted[what] += 1
            reason = "" if what == "placed" else what
        except Refusal as refusal:
            self.problems.append(refusal.at(row.line))
            outcome, reason = "rejected", f"{refusal.column}: {refusal.reason}"
        return row.line, outcome, reason, site, kept_cells(ANSWER_COLUMNS, row.cells), None

    def _site(self, row: Row) -> Site:
        for number, cell in enumerate(row.cells):
            if reason := reject_reason(cell):
                raise Refusal(ANSWER_COLUMNS[min(number, 7)], "", reason, "mend the cell")
        text = _cell(row, 0)
        if not is_key(text):
            raise Refusal("id", text, "is no number of a site", "import the answer to an export of this coalition")
        key = int(text)
        if key not in self.sites:
            raise Refusal("id", text, "is no site here", "it was deleted, or the file is of another coalition")
        if key in self.lines:
            raise Refusal("id", text, f"was answered in line {self.lines[key]}", "leave one of the two out")
        self.lines[key] = row.line
        return self.sites[key]

    def _take(self, row: Row, site: Site) -> str:
        match = fold(_cell(row, 2))
        if match in {"no match", "tie"}:
            return match
        if match != "match":
            raise Refusal("match", _cell(row, 2), "is no answer", "it is Match, No_Match or Tie")
        if is_no_place(site):
            raise Refusal("id", _cell(row, 0), "is a mailing address now", "it places nobody")
        each = address_of(site)
        asked = fold(" ".join((each.street, each.city, each.state, each.postal_code[:5])))
        if fold(_cell(row, 1)) != asked:
            raise Refusal("address", _cell(row, 1), "is not the address of the site any more", "export it again")
        longitude, latitude = _point(_cell(row, 5))
        found = Found(STREET, _cell(row, 4), latitude, longitude)
        outcome = _outcome(site, found, replace=self.replace)
        if outcome == "placed":
            _, mistaken, reason = look_outside(latitude, longitude, self.indexes)
            if mistaken:
                raise Refusal("lon, lat", _cell(row, 5), reason)
            self.points.append((site, _values(found)))
        return outcome


def _cell(row: Row, number: int) -> str:
    return tidy(row.cells[number]) if number < len(row.cells) else ""


def _point(text: str) -> tuple[float, float]:
    """(longitude, latitude) of a cell: the longitude comes first."""
    first, comma, second = text.partition(",")
    try:
        longitude, latitude = float(first), float(second)
    except ValueError:
        comma = ""
    if not comma or not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise Refusal("lon, lat", text, "is no point", "it is longitude,latitude in degrees")
    return longitude, latitude
