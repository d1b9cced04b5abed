"""Where the header of a table stands, what it says, and which rows below it are no data.

The rules are short on purpose: each says of a real habit of spreadsheets how it is known, and none of them throws a row
away. A row that is no data keeps its text and gets a mark.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from partners_crm.normalize.text import fold
from partners_crm.services.importing.input_files import Known, Merge, Row

LOOKED_AT = 25
"""Rows with text among which the header is looked for."""

_SUSPECT = re.compile(
    r"\s*(?:(?:grand |sub|net )?total|sum|number of|[*†‡§©]|note|source|page|print|export|generat|updat|last upd|as of"
    r"|revis|prepar|copyright)",
    re.IGNORECASE,
)
"""How a row that is no data may begin: a quick look before the two that follow."""
_TOTAL = re.compile(
    r"(?:(?:grand |sub ?|net )?totals?|number of|sums?)(?: number)?(?: of| for)?(?: all)?(?: \d+)*"
    r"(?: (?:members?|organizations?|agencies|providers|rows|records|sites|dues|count))?(?: \d+)*"
)
_NUMBER = re.compile(r"[\s$€£(+-]*[\d.,]+[\s%)]*|#\w+[/!?]*\w*[!?]?")
_FOOTNOTE = re.compile(
    r"\s*(?:[*†‡§]+(?:\s|[a-z=])|notes?\s*:|sources?\s*:|page \d+|printed\b|exported\b|generated\b|updated\b"
    r"|last updated\b|as of \S*\d|revised\b|prepared by\b|copyright\b|©)",
    re.IGNORECASE,
)


class Found(NamedTuple):
    """A row that may be the header."""

    place: int
    """Its place among the rows looked at."""
    known: int
    """How many of its cells the program knows."""
    filled: int
    """How many of its cells have text."""


def collapsed(cell: str) -> str:
    """A header in one line, with single blanks."""
    return " ".join(cell.split())


def find_header(rows: Sequence[Row], known: Known) -> Found:
    """The likeliest header among rows, each of which has text.

    It is the row with the most cells that the program knows. Where it knows none, it is the first one that is about as
    full as the rows are: a title is emptier.
    """
    counted = [(sum(map(known, {collapsed(cell) for cell in row.cells if cell.strip()})), _filled(row)) for row in rows]
    best = max(range(len(rows)), key=lambda place: (*counted[place], -place))
    if not counted[best][0]:
        fullness = Counter(filled for _, filled in counted)
        usual = min(fullness, key=lambda filled: (-fullness[filled], filled))
        enough = max(usual, 0.6 * max(fullness))
        best = next(place for place, (_, filled) in enumerate(counted) if filled >= enough)
    return Found(best, *counted[best])


def header_rows(rows: Sequence[Row], place: int, merged: Sequence[Merge]) -> tuple[int, int]:
    """(first, last) place of the header: two rows where cells merged across columns stand above names."""
    if place and rows[place - 1].line == rows[place].line - 1 and _groups(rows[place - 1], rows[place], merged):
        return place - 1, place
    below = rows[place + 1] if place + 1 < len(rows) else None
    if below is not None and below.line == rows[place].line + 1:
        spans = _groups(rows[place], below, merged)
        if spans and all(any(cell.strip() for cell in below.cells[left : right + 1]) for left, right in spans):
            return place, place + 1
    return place, place


def header_texts(rows: Sequence[Row], merged: Sequence[Merge]) -> tuple[str, ...]:
    """The headers of a header of one or two rows: `Director Phone` below a group `Director`."""
    names = [collapsed(cell) for cell in rows[-1].cells]
    if len(rows) > 1:
        groups = [collapsed(cell) for cell in rows[0].cells]
        width = max(len(names), len(groups), *(right + 1 for _, right in _groups(rows[0], rows[1], merged)))
        names += [""] * (width - len(names))
        groups += [""] * (width - len(groups))
        for left, right in _groups(rows[0], rows[1], merged):
            groups[left + 1 : right + 1] = [groups[left]] * (right - left)
        names = [
            name if group == name else f"{group} {name}".strip() for group, name in zip(groups, names, strict=True)
        ]
    return tuple(names)


def marker(headers: Sequence[str], header: Sequence[Row]) -> Callable[[Row, str], str]:
    """What says of a row with text, by its first text too, whether it is no data: total, header, footnote or ""."""
    repeated = {tuple(filter(None, map(collapsed, row.cells))) for row in header} | {tuple(filter(None, headers))}
    firsts = {next(iter(texts), "") for texts in repeated}
    named = sum(map(bool, headers))

    def mark(row: Row, first: str) -> str:
        if collapsed(first) in firsts and tuple(filter(None, map(collapsed, row.cells))) in repeated:
            return "header"
        # In a list of names alone, a name may be any text.
        if named > 1 and _SUSPECT.match(first):
            return _no_data(row, first)
        return ""

    return mark


def _no_data(row: Row, first: str) -> str:
    others = [cell for cell in row.cells if cell.strip()][1:]
    # Total Care is an organization, and has a town; the last row of a sum has numbers and nothing else.
    if len(first) <= 80 and _TOTAL.fullmatch(fold(first)) and all(_NUMBER.fullmatch(cell) for cell in others):
        return "total"
    return "footnote" if not others and _FOOTNOTE.match(first) else ""


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell.strip())


def _groups(row: Row, below: Row, merged: Sequence[Merge]) -> list[tuple[int, int]]:
    """(first, last) column of each group that a row names; none where the row is a title."""
    spans = [(left, right) for top, left, bottom, right in merged if top == bottom == row.line and right > left]
    spans = [span for span in spans if span[0] < len(row.cells) and row.cells[span[0]].strip()]
    if len(spans) == 1:
        # One text from the first column on is a title, and so is one above everything.
        left, right = spans[0]
        under = [column for column, cell in enumerate(below.cells) if cell.strip()]
        if not left or (under and left <= under[0] and under[-1] <= right):
            return []
    return sorted(spans)
