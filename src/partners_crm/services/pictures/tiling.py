"""Coverage as tiles: every district of a chamber one tile, the districts nested in it its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from partners_crm.districts.maps import MapInfo
from partners_crm.districts.tiles import GLYPH, Grid, Tile, grids, text_rows
from partners_crm.services.pictures.legend import by_district, mark, step_of, told
from partners_crm.services.pictures.markup import caption, document, fills, legend, legend_width, patterns, safe

if TYPE_CHECKING:
    from partners_crm.services.coverage import Coverage, DistrictCoverage

NAME = "tiles"
CELL, HALF = 60, 40
"""Width of a tile that is one cell, and of each cell of one that has several; all lengths are about pixels."""
HEAD, BODY = 17, 38
"""Heights of the strip with a tile's number, and of its cells."""
GUTTER, MARGIN = 7, 8
WORDS = 11
"""Height of the words below."""
STYLE = (
    ".tiles .cells{font-size:9px;stroke-width:3px}.tiles .h,.tiles .cells text+text{font-weight:700}"
    ".tiles .cells text+text{font-size:16px}.tiles .h,.tiles .cells .gap text+text{font-size:12px}"
    f"{fills(NAME)}"
)
"""The first text of a cell is its number, the second its count."""

Answers = Mapping[tuple[str, int], "DistrictCoverage"]


def tiles_svg(coverage: Coverage, info: MapInfo) -> str:
    """The tile picture as an SVG document, with the sentences it proves."""
    return picture(coverage, info, alone=True)


def picture(coverage: Coverage, info: MapInfo, *, alone: bool) -> str:
    """The tiles of every chamber as one SVG element: for a file, or for a page that has the style and the sentences."""
    answers = by_district(coverage)
    shown = shown_grids(coverage, info)
    parts, top, width = [patterns(NAME, WORDS)], float(MARGIN), legend_width(WORDS) + MARGIN
    for each in shown:
        if len(shown) > 1:
            words = safe(f"{each.chamber.name} districts")
            parts.append(f'<text class="left strong" x="{MARGIN}" y="{top + 13:g}" font-size="13">{words}</text>')
            top += 22
        body, wide, high = _grid(each, answers)
        left = max(MARGIN, (width - wide) / 2)
        parts.append(f'<g class="cells" transform="translate({left:g} {top:g})">\n{body}</g>\n')
        width, top = max(width, wide + 2 * MARGIN), top + high + 2 * GUTTER
    parts.append(legend(MARGIN, top, WORDS))
    top += WORDS * 1.4 + 4
    sentences = [coverage.sentence(chamber) for chamber in coverage.chambers]
    words, high = caption([*map(_key, shown), *(sentences if alone else ())], MARGIN, top, WORDS, width - 2 * MARGIN)
    title = f"Districts of {info.name} as tiles, on {coverage.as_of.isoformat()}"
    return document(NAME, (width, top + high), title, sentences, "".join([*parts, words]), alone=STYLE if alone else "")


def text_picture(coverage: Coverage, info: MapInfo) -> list[str]:
    """The tiles as lines of text, with a blank line between chambers; the legend is `legend.TEXT_LEGEND`."""
    answers = by_district(coverage)
    blank = " " * GLYPH
    lines: list[str] = []
    for each in shown_grids(coverage, info):
        lines += [""] * bool(lines)
        lines += text_rows(each, lambda *cell: mark(answers[cell]) if cell in answers else blank)
    return lines


def shown_grids(coverage: Coverage, info: MapInfo) -> list[Grid]:
    """The tiles of what a coverage answers for, undivided where it does not answer for the nested chamber."""
    found = []
    for each in grids(info):
        if each.nested is not None and each.nested.code in coverage.chambers:
            found.append(each)
        elif each.chamber.code in coverage.chambers:
            found.append(each.undivided())
    return found


def _key(grid: Grid) -> str:
    """How to read a tile."""
    name = grid.chamber.name
    order = "" if grid.placed else " Tiles follow the numbers, not the map."
    if grid.nested is None:
        return f"A tile is a {name} district: its number, and its members below.{order}"
    return (
        f"A tile is a {name} district, its number on top; in it its {grid.nested.name} districts, each with its number"
        f" and its members.{order}"
    )


def _grid(grid: Grid, answers: Answers) -> tuple[str, float, float]:
    """The tiles of a chamber, with their width and height."""
    wide = HALF * max((len(tile.cells) for tile in grid.tiles), default=1) if grid.nested else CELL
    high = HEAD + BODY if grid.nested else BODY
    corners = [(tile.column * (wide + GUTTER), tile.row * (high + GUTTER)) for tile in grid.tiles]
    tiles = "".join(
        f'<g transform="translate({x} {y})">{_tile(grid, tile, wide, high, answers)}</g>\n'
        for tile, (x, y) in zip(grid.tiles, corners, strict=True)
    )
    frames = "".join(f"M{x} {y}h{wide}v{high}h-{wide}z" for x, y in corners)
    tiles += f'<path class="box line" stroke-width="1" d="{frames}"/>'
    return tiles, grid.columns * (wide + GUTTER) - GUTTER, grid.rows * (high + GUTTER) - GUTTER


def _tile(grid: Grid, tile: Tile, wide: int, high: int, answers: Answers) -> str:
    each, parts = wide / len(tile.cells), []
    if grid.nested is not None:
        parts.append(_head(answers.get((grid.chamber.code, tile.number)), tile.number, wide))
    top = high - BODY
    for place, cell in enumerate(tile.cells):
        parts.append(_cell(answers.get(cell), cell.number, (place * each, top, each)))
    return "".join(parts)


def _head(district: DistrictCoverage | None, number: int, wide: int) -> str:
    """The strip of a tile: its number on paper, or marked as what it is where it is not covered."""
    covered = district is None or district.state == "confirmed"
    title = f"<title>{safe(told(district))}</title>" if district else ""
    look = "" if covered or district is None else f' class="{step_of(district).code}"'
    ground = "" if covered else f'<path d="M0 0h{wide}v{HEAD}H0z"/>'
    return f'<g{look}>{title}{ground}<text class="h" x="{wide / 2:g}" y="13">{number}</text></g>'


def _cell(district: DistrictCoverage | None, number: int, place: tuple[float, float, float]) -> str:
    """A district: its number above, and its count, or what it is instead, below; without an answer only the number."""
    x, y, wide = place
    ground = f'<path d="M{x:g} {y:g}h{wide:g}v{BODY}h-{wide:g}z"/>'
    middle = x + wide / 2
    if district is None:
        return f'<g class="paper">{ground}<text class="quiet" x="{middle:g}" y="{y + 11:g}">{number}</text></g>'
    return (
        f'<g class="{step_of(district).code}"><title>{safe(told(district))}</title>{ground}'
        f'<text x="{middle:g}" y="{y + 11:g}">{number}</text>'
        f'<text x="{middle:g}" y="{y + 29:g}">{_figure(district)}</text></g>'
    )


def _figure(district: DistrictCoverage) -> str:
    count = len(district.organizations)
    if district.state == "confirmed":
        return f"{count}"
    sign = {"possible": "?", "gap": "·"}[district.state]
    return f"{count}{sign}" if count else {"possible": "?", "gap": "gap"}[district.state]
