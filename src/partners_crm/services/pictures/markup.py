"""What the files share: text that cannot act in them, the style of a picture, its patterns and its legend."""

from __future__ import annotations

import html
from collections.abc import Iterable

from partners_crm.normalize.text import show
from partners_crm.services.pictures.legend import COUNTS, DARK, LIGHT, STEPS, Colours

FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","DejaVu Sans",sans-serif'

NARROW, BLANK = "ijltfr.,;:'()-", 0.34
"""Letters of little width; the width of a blank, in heights of its font."""


def safe(value: object) -> str:
    """A value as text of HTML and of SVG: what would act, or would not be seen, is shown."""
    return html.escape(show(value))


def style() -> str:
    """The style of the pictures, for light and dark; on paper always light."""
    lines = (
        f"svg.picture{{font-family:{FONT};font-variant-numeric:tabular-nums;text-anchor:middle}}",
        ".picture .left{text-anchor:start}.picture .strong{font-weight:700}",
        ".picture .gap text,.picture .possible text{paint-order:stroke;stroke-linejoin:round}",
        ".picture .line,.picture .edge,.picture .frame{fill:none;stroke-linejoin:round;stroke-linecap:round}",
        _coloured(LIGHT),
        f"@media screen and (prefers-color-scheme:dark){{{_coloured(DARK)}}}",
    )
    return "\n".join(lines)


def patterns(name: str, unit: float) -> str:
    """The hatch of gaps and the stripes of possible districts, in a picture whose figures are `unit` high."""
    step, thick = unit * 0.6, unit * 0.11
    gap = (
        f'<pattern id="{name}-gap" class="hatch" width="{step:g}" height="{step:g}" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><path class="paper" d="M0 0h{step:g}v{step:g}h-{step:g}z"/>'
        f'<path class="line" stroke-width="{thick:g}" d="M0 0v{step:g}"/></pattern>'
    )
    wide = unit * 0.5
    possible = (
        f'<pattern id="{name}-possible" class="stripes" width="{wide:g}" height="{wide:g}"'
        f' patternUnits="userSpaceOnUse"><path class="paper" d="M0 0h{wide:g}v{wide:g}h-{wide:g}z"/>'
        f'<path class="line" stroke-width="{wide / 2:g}" d="M{wide / 4:g} 0v{wide:g}"/></pattern>'
    )
    return f"<defs>{gap}{possible}</defs>"


def fills(name: str) -> str:
    """The style by which a picture uses its patterns."""
    return f".{name} .gap{{fill:url(#{name}-gap)}}.{name} .possible{{fill:url(#{name}-possible)}}"


def legend(left: float, top: float, unit: float, *, down: bool = False) -> str:
    """The steps in a line, or one below the other, beginning at a corner; `unit` is the height of a figure."""
    parts, x, y = [], left, top
    for step in STEPS:
        sign = {"gap": "gap", "possible": "?"}.get(step.code, "")
        sign = f'<text class="strong" x="{x + unit * 1.2:g}" y="{y + unit * 1.05:g}">{sign}</text>' if sign else ""
        parts.append(
            f'<g class="{step.code}"><path class="box" d="M{x:g} {y:g}h{unit * 2.4:g}v{unit * 1.4:g}H{x:g}z"/>'
            f"{sign}</g>"
            f'<text class="quiet left" x="{x + unit * 2.9:g}" y="{y + unit * 1.05:g}">{step.words}</text>'
        )
        if down:
            y += unit * 2
        else:
            x += unit * (4.4 + _ems(step.words))
    return f'<g class="legend" font-size="{unit:g}" stroke-width="{unit / 10:g}">{"".join(parts)}</g>'


def legend_width(unit: float) -> float:
    """How wide the legend is in a line."""
    return sum(unit * (4.4 + _ems(step.words)) for step in STEPS)


def caption(sentences: Iterable[str], left: float, top: float, unit: float, width: float) -> tuple[str, float]:
    """Sentences as lines of text that fit a width, and the height they take."""
    lines = [line for text in sentences for line in _wrapped(show(text), width / unit)]
    words = "".join(
        f'<text class="left" x="{left:g}" y="{top + unit * 1.5 * (number + 1):g}">{safe(line)}</text>'
        for number, line in enumerate(lines)
    )
    return f'<g class="caption" font-size="{unit:g}">{words}</g>', unit * 1.5 * (len(lines) + 0.5)


def _wrapped(text: str, width: float) -> list[str]:
    """Lines of whole words, each about as wide as `width` heights of its font at most."""
    lines: list[str] = []
    room = 0.0
    for word in text.split():
        if lines and _ems(word) + BLANK <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            room = width
        room -= _ems(word) + BLANK
    return lines


def document(name: str, size: tuple[float, float], title: str, about: Iterable[str], body: str, *, alone: str) -> str:
    """A picture as an SVG element; `alone` is its own style, with which it brings also the common one and its paper.

    `name` is its class, and the beginning of every id in it: what follows a blank is the part that ids have.
    """
    key = name.rpartition(" ")[2]
    wide, high = (f"{side:.0f}" for side in size)
    own = f'<style>{style()}{alone}</style><path class="paper" d="M0 0h{wide}v{high}H0z"/>' if alone else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture {name}" viewBox="0 0 {wide} {high}" role="img"'
        f' aria-labelledby="{key}-title {key}-about"><title id="{key}-title">{safe(title)}</title>'
        f'<desc id="{key}-about">{" ".join(safe(each) for each in about)}</desc>{own}\n{body}</svg>\n'
    )


def _ems(text: str) -> float:
    """About how wide a text is, in heights of its font."""
    return sum(0.38 if each in NARROW else 0.9 if each in "mwMW" else 0.63 for each in text)


def _coloured(colours: Colours) -> str:
    parts = [
        f".picture,.picture text{{fill:{colours.ink}}}.picture .quiet{{fill:{colours.quiet}}}",
        f".picture .paper{{fill:{colours.paper}}}.picture .box{{stroke:{colours.rule}}}",
        f".picture .hatch .line{{stroke:{colours.red}}}.picture .stripes .line{{stroke:{colours.stripe}}}",
        f".picture .gap text{{fill:{colours.red}}}",
        f".picture .gap text,.picture .possible text{{stroke:{colours.paper}}}",
        f".picture .edge{{stroke:{colours.ink}}}.picture .frame{{stroke:{colours.accent}}}",
        f".picture .land{{stroke:{colours.paper}}}",
        f".picture .land .gap,.picture .land .possible{{stroke:{colours.quiet};stroke-width:3px}}",
    ]
    for step, (fill, on) in zip(COUNTS, colours.counts, strict=True):
        parts.append(f".picture .{step.code}{{fill:{fill}}}.picture .{step.code} text{{fill:{on}}}")
    return "".join(parts)
