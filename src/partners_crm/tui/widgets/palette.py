"""The colours of the pictures, from the one legend; every state has its glyph as well."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from partners_crm.services.pictures.legend import COUNTS, DARK, GAP, LIGHT, POSSIBLE, STEPS
from partners_crm.tui.display import ink, mixed

FIELD = 0.45
"""How much of its red a gap has as an area: all of it would outshine what is covered."""
EDGE = 0.72
"""How much of its own colour a district has along its border."""


class Palette(NamedTuple):
    """How each step of the legend looks, by its code."""

    cells: dict[str, Any]
    """The style of a tile's characters."""
    heads: dict[str, Any]
    """The style of a tile's own number."""
    areas: dict[str, str]
    """The colour of a district on the true map."""
    edges: dict[str, str]
    """The same along its border."""


@lru_cache(maxsize=2)
def palette(dark: bool) -> Palette:
    """The palette on a dark or a light ground."""
    look = DARK if dark else LIGHT
    fore = {GAP.code: look.red, POSSIBLE.code: look.ink}
    back = {POSSIBLE.code: look.stripe}
    for step, (fill, on) in zip(COUNTS, look.counts, strict=True):
        fore[step.code], back[step.code] = on, fill
    areas = {GAP.code: mixed(look.red, look.paper, FIELD), **back}
    codes = [step.code for step in STEPS]
    return Palette(
        {code: ink(fore[code], back.get(code, "")) for code in codes},
        {code: ink(look.red if code == GAP.code else look.ink) for code in codes},
        areas,
        {code: mixed(areas[code], look.paper, EDGE) for code in codes},
    )
