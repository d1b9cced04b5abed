"""Coverage on the true map: the districts as they are, and an inset where they are too small to be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from partners_crm.districts.geometry import rings_of
from partners_crm.districts.maps import OUTSIDE, Borders, Chamber, DistrictMap, MapInfo
from partners_crm.districts.raster import Window, borders_of, bounds, crowded, raster
from partners_crm.services.pictures.legend import by_district, step_of, told
from partners_crm.services.pictures.markup import caption, document, fills, legend, patterns, safe
from partners_crm.services.pictures.outlines import Box, Frame, arcs, laid, path, reaches, spots

if TYPE_CHECKING:
    from partners_crm.services.coverage import Coverage, DistrictCoverage

NAME = "outline"
LONG = 3000
"""Units of the longer side of the map: for Illinois one is 200 metres, and no coordinate has more than four digits."""
TOLERANCE = 1.0
"""Units by which borders are simplified: for Illinois 200 metres, and 40 in the inset."""
PIXEL = 25
"""Units of a pixel in which it is judged what is seen, and where a number has room."""
ROOM = 2
"""Pixels that a number needs on every side."""
WORDS, NUMBER = 56, 44
"""Heights of words, and of the numbers of districts."""
MARGIN = 40
STYLE = (
    ".outline .land{stroke-width:5px;fill-rule:evenodd;stroke-linejoin:round}"
    ".outline .edge{stroke-width:7px;stroke-opacity:.6}"
    f".outline .numbers{{font-size:{NUMBER}px;stroke-width:16px}}.outline .frame{{stroke-width:6px}}"
)


class _Subject(NamedTuple):
    """What is drawn: the districts of a chamber, in the state that a coverage gives them."""

    answers: Mapping[tuple[str, int], DistrictCoverage]
    chamber: Chamber
    borders: Borders

    def code(self, number: int) -> str:
        """The class of a district."""
        return step_of(self.answers[self.chamber.code, number]).code

    def is_edge(self, left: int, right: int) -> bool:
        """Whether a border is drawn heavier: one of the state, or of the chamber that this one is nested in."""
        nests = bool(self.chamber.per)
        return OUTSIDE in (left, right) or (nests and self.chamber.parent(left) != self.chamber.parent(right))


def map_svg(coverage: Coverage, district_map: DistrictMap, *, chamber: str = "") -> str:
    """The true map as an SVG document, with the sentence it proves.

    Without a chamber it is the first one of the map that the coverage answers for.

    Raises:
        NotFound: the map has no such chamber.
    """
    chosen = chamber or next(each for each in district_map.info.counts if each in coverage.chambers)
    return picture(coverage, district_map, chosen, alone=True)


def picture(coverage: Coverage, district_map: DistrictMap, chamber: str, *, alone: bool) -> str:
    """The true map as one SVG element: for a file, or for a page that has the style and the sentences."""
    info = district_map.info
    subject = _Subject(by_district(coverage), info.chamber(chamber), borders_of(district_map, chamber))
    main = frame_of(bounds(subject.borders))
    x, y, wide, high = _beside(main)
    window = crowded(subject.borders, main.window, _pixels(main.width, main.height), _pixels(wide, high))
    name = _name(info, chamber)
    parts = [patterns(name, WORDS), _districts(subject, main)]
    panel = None if window is None else Frame(window, x, y, wide, high)
    if panel is not None:
        parts.append(_inset(subject, main, panel))
    parts.append(_numbers(subject, main, () if panel is None else (main.box(panel.window),)))
    if main.width <= main.height:
        corner = (x, MARGIN if panel is None else y + high + 2 * WORDS)
        size = (x + wide + MARGIN, main.top + main.height + MARGIN)
    else:
        corner = (MARGIN if panel is None else x + wide + 2 * WORDS, y)
        size = (main.left + main.width + MARGIN, y + (12 * WORDS if panel is None else high) + MARGIN)
    parts.append(legend(*corner, WORDS, down=True))
    sentences = [coverage.sentence(chamber)]
    told_below = [_key(subject, info, inset=panel is not None), *(sentences if alone else ())]
    words, more = caption(told_below, MARGIN, size[1], WORDS, size[0] - 2 * MARGIN)
    title = f"{subject.chamber.name} districts of {info.name} on {coverage.as_of.isoformat()}"
    own = STYLE + fills(name) if alone else ""
    return document(f"{NAME} {name}", (size[0], size[1] + more), title, sentences, "".join([*parts, words]), alone=own)


def style(info: MapInfo) -> str:
    """The style of the pictures of every chamber, for a page that holds some of them."""
    return STYLE + "".join(fills(_name(info, chamber)) for chamber in info.counts)


def _name(info: MapInfo, chamber: str) -> str:
    """The class of a chamber's picture; a number, because a code comes from a file."""
    return f"{NAME}-{list(info.counts).index(chamber) + 1}"


def frame_of(whole: Window) -> Frame:
    """Where a window lies in the picture: in the corner, its longer side `LONG`."""
    high = LONG / max(1.0, whole.shape)
    return Frame(whole, MARGIN, MARGIN, high * whole.shape, high)


def _beside(main: Frame) -> Box:
    """The place of an inset: to the right of a high map, below a wide one."""
    if main.width <= main.height:
        return main.left + main.width + 2 * MARGIN, MARGIN, LONG * 0.5, LONG * 0.66
    return MARGIN, main.top + main.height + 2 * MARGIN, LONG * 0.6, LONG * 0.4


def _pixels(width: float, height: float) -> tuple[int, int]:
    return max(1, round(width / PIXEL)), max(1, round(height / PIXEL))


def _districts(subject: _Subject, frame: Frame, shown: Box | None = None) -> str:
    """The districts, then the heavier borders over them; with a box only those that reach into it."""
    drawn = laid(subject.borders, frame, TOLERANCE, shown)
    parts = []
    for number in range(1, subject.chamber.districts + 1):
        ways = rings_of(drawn, number)
        if shown is None or any(reaches(way, shown) for way in ways):
            title = safe(told(subject.answers[subject.chamber.code, number]))
            parts.append(f'<path class="{subject.code(number)}" d="{path(ways)}"><title>{title}</title></path>\n')
    edges = [way for left, right, way in arcs(drawn) if subject.is_edge(left, right)]
    near = (way for way in edges if shown is None or reaches(way, shown))
    return f'<g class="land">{"".join(parts)}</g><path class="edge" d="{path(near)}"/>\n'


def _numbers(subject: _Subject, frame: Frame, covered: Sequence[Box] = ()) -> str:
    """The numbers of the districts that have room for them, and do not lie under an inset's frame."""
    size = _pixels(frame.width, frame.height)
    found: dict[str, list[str]] = {}
    for number, (column, row, room) in sorted(spots(raster(subject.borders, frame.window, *size)).items()):
        x, y = frame.left + column * frame.width / size[0], frame.top + row * frame.height / size[1]
        under = any(left <= x <= left + wide and top <= y <= top + high for left, top, wide, high in covered)
        if room >= ROOM and not under:
            text = f'<text x="{x:.0f}" y="{y + NUMBER * 0.36:.0f}">{number}</text>'
            found.setdefault(subject.code(number), []).append(text)
    groups = "".join(f'<g class="{code}">{"".join(texts)}</g>' for code, texts in sorted(found.items()))
    return f'<g class="numbers">{groups}</g>\n'


def _inset(subject: _Subject, main: Frame, panel: Frame) -> str:
    """The window in its own frame, and the frame of where it lies on the map, with a line from one to the other."""
    box = (panel.left, panel.top, panel.width, panel.height)
    left, top, wide, high = main.box(panel.window)
    beside = main.width <= main.height
    ties = (
        f"M{left + wide:.0f} {top:.0f}L{panel.left:.0f} {panel.top:.0f}"
        f"M{left + wide:.0f} {top + high:.0f}L{panel.left:.0f} {panel.top + panel.height:.0f}"
        if beside
        else f"M{left:.0f} {top + high:.0f}L{panel.left:.0f} {panel.top:.0f}"
        f"M{left + wide:.0f} {top + high:.0f}L{panel.left + panel.width:.0f} {panel.top:.0f}"
    )
    place = " ".join(f"{side:.0f}" for side in box)
    return (
        f'<path class="frame" stroke-opacity=".5" d="{ties}"/>'
        f'<path class="frame" d="{_rectangle(left, top, wide, high)}"/>'
        f'<path class="paper" d="{_rectangle(*box)}"/>'
        f'<svg x="{box[0]:.0f}" y="{box[1]:.0f}" width="{box[2]:.0f}" height="{box[3]:.0f}" viewBox="{place}">'
        f"{_districts(subject, panel, box)}{_numbers(subject, panel)}</svg>"
        f'<path class="frame" d="{_rectangle(*box)}"/>\n'
    )


def _rectangle(left: float, top: float, wide: float, high: float) -> str:
    return f"M{left:.0f} {top:.0f}h{wide:.0f}v{high:.0f}h-{wide:.0f}z"


def _key(subject: _Subject, info: MapInfo, *, inset: bool) -> str:
    """How to read the map."""
    outer = f", heavy ones {info.chamber(subject.chamber.nested_in).name} districts" if subject.chamber.per else ""
    words = f"Thin lines part {subject.chamber.name} districts{outer}."
    return words + (" The framed part is drawn again, larger, because its districts are too small to see." * inset)
