"""The duplicates of a list that lies in a file: its columns guessed, its pairs scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.normalize.addresses import spelled_out
from partners_crm.normalize.text import fold
from partners_crm.services.formats import Formats
from partners_crm.services.importing.sheets import read_sheet
from partners_crm.services.matching import columns as guessing
from partners_crm.services.matching.columns import Columns, Kind
from partners_crm.services.matching.people import People
from partners_crm.services.matching.weighing import Records, Weights

LISTED = 0.01
"""The least score of a pair that is listed."""
MOST = 1_000_000
"""Records of one list."""
_LOCAL = 7
"""Digits of a phone number that are compared: one list writes the area code, another leaves it out."""

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two records of a list that may be one."""

    first: str
    """Their ids."""
    second: str
    score: float
    """The probability that they are one."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What was found in a list."""

    kind: Kind
    records: int
    compared: int
    """Pairs."""
    columns: Columns
    pairs: tuple[ScoredPair, ...]
    """Those with a score of `LISTED` or more, the highest first."""


def score_file(path: Path, *, formats: Formats, kind: Kind | None = None, across: str = "") -> Scored:
    """Score the pairs of a list of people or of organizations.

    With `across` only records that differ in that column are compared: of two lists in one file, say.

    Raises:
        FileRefused: a fault of the file; or no column of it holds names.
        ConfigError: the path is a URL, or there is no column called as `across` says.
    """
    with read_sheet(path, known=guessing.is_known, formats=formats) as sheet:
        width = len(sheet.headers)
        rows = [row.cells + ("",) * (width - len(row.cells)) for row in sheet.rows() if row.cells and not row.marks]
        headers = sheet.headers
    if len(rows) > MOST:
        raise FileRefused(f"{path.name} has more than {MOST:,} rows", "score it in parts")
    lists: list[str] | None = None
    if across:
        wanted = next((place for place, header in enumerate(headers) if fold(header) == fold(across)), None)
        if wanted is None:
            raise ConfigError(f"{path.name} has no column {across}", f"its columns: {', '.join(headers)}")
        lists = [row[wanted] for row in rows]
    found = guessing.guess(headers, rows, kind)
    if found is None:
        raise FileRefused(
            f"{path.name} has no column with names", "call one of them name, or given name and family name"
        )
    records = people_of(rows, found) if found.kind == "people" else bodies_of(rows, found)
    pairs = sorted(records.pairs())
    if lists is not None:
        pairs = [pair for pair in pairs if lists[pair[0]] != lists[pair[1]]]
    scores = Weights(records).score(pairs)
    listed = sorted(((-score, pair) for score, pair in zip(scores, pairs, strict=True) if score >= LISTED))
    ids = [str(place) for place in range(1, len(rows) + 1)] if found.id is None else [row[found.id] for row in rows]
    scored = tuple(ScoredPair(ids[first], ids[second], -score) for score, (first, second) in listed)
    return Scored(found.kind, len(rows), len(pairs), found, scored)


def people_of(rows: Rows, columns: Columns) -> People:
    """The rows of a list of people as they are compared."""
    plain = {field: _cleaned(rows, columns[field][0], clean) for field, clean in _PLAIN.items() if columns[field]}
    if columns["person"] and "family" not in plain:
        from partners_crm.normalize.names import split_name  # most lists have both names apart

        names = [split_name(row[columns["person"][0]]) for row in rows]
        plain["given"] = [_joined(given) for given, _ in names]
        plain["family"] = [_joined(family) for _, family in names]
    if "street" in plain and "number" not in plain:
        plain["number"], plain["street"] = _apart(_cleaned(rows, columns["street"][0], spelled_out))
    several = {
        "mail": [_values(row, columns["mail"], str.casefold) for row in rows] if columns["mail"] else [],
        "phone": [_values(row, columns["phone"], _phone) for row in rows] if columns["phone"] else [],
        "organization": [_values(row, columns["name"], _joined) for row in rows] if columns["name"] else [],
    }
    return People(len(rows), plain, several)


def bodies_of(rows: Rows, columns: Columns) -> Records:
    """The rows of a list of organizations as they are compared."""
    from partners_crm.services.matching.bodies import Bodies, Body, name_of, place_of  # a list of people needs none

    def of(row: Sequence[str], field: str) -> str:
        return row[columns[field][0]] if columns[field] else ""

    texts = {columns.headers[place]: place for place in columns["text"]}
    bodies = []
    for row in rows:
        town = of(row, "city")
        names = [row[place] for field in ("name", "other name") for place in columns[field] if row[place].strip()]
        street = f"{of(row, 'number')} {of(row, 'street')}"
        bodies.append(
            Body(
                names=tuple(name for each in names if (name := name_of(each, fold(town))).words),
                places=(place_of(street, town, of(row, "zip")),),
                phones=_values(row, columns["phone"], _phone),
                mails=_values(row, columns["mail"], str.casefold),
                webs=_values(row, columns["web"], _domain),
                numbers={fold(columns.headers[place]): _values(row, (place,), _joined) for place in columns["key"]},
                texts={name: tuple(fold(row[place]).split()) for name, place in texts.items()},
            )
        )
    return Bodies(bodies)


def _cleaned(rows: Rows, place: int, clean: Callable[[str], str]) -> list[str]:
    """A column in the form it is compared in; values that stand in it often are cleaned once."""
    known: dict[str, str] = {}
    found = []
    for row in rows:
        raw = row[place]
        if (value := known.get(raw)) is None:
            value = known[raw] = clean(raw)
        found.append(value)
    return found


def _joined(text: str) -> str:
    return fold(text).replace(" ", "")


def _street(text: str) -> str:
    return spelled_out(text).replace(" ", "")


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _phone(text: str) -> str:
    digits = _digits(text.lower().partition("x")[0])
    return digits[-_LOCAL:] if len(digits) >= _LOCAL else ""


def _domain(text: str) -> str:
    bare = text.strip().casefold().partition("://")[2] or text.strip().casefold()
    return bare.removeprefix("www.").partition("/")[0]


def _apart(streets: Sequence[str]) -> tuple[list[str], list[str]]:
    """Numbers of houses and the streets behind them."""
    numbers, rests = [], []
    for text in streets:
        head, _, rest = text.partition(" ")
        number, street = (head, rest) if rest and head[0].isdigit() else ("", text)
        numbers.append(number)
        rests.append(street.replace(" ", ""))
    return numbers, rests


def _values(row: Sequence[str], places: Sequence[int], clean: Callable[[str], str]) -> frozenset[str]:
    return frozenset(value for place in places if (value := clean(row[place].strip())))


_PLAIN: dict[str, Callable[[str], str]] = {
    "given": _joined,
    "family": _joined,
    "number": _joined,
    "street": _street,
    "extra": _street,
    "city": _joined,
    "zip": lambda text: _joined(text)[:5],
    "state": _joined,
    "date": _digits,
    "key": _joined,
}
"""Of each field of a person, the form it is compared in."""


def lines_of(scored: Scored) -> Iterator[tuple[str, str, str]]:
    """The rows of the file that is written: ids and score."""
    for pair in scored.pairs:
        yield pair.first, pair.second, f"{pair.score:.5f}"
