"""Coverage as files to look at, to send and to print: SVG pictures, and one HTML page that needs nothing else.

- `legend` says how a district is marked, in words, glyphs and colours: for files and for the screen alike;
- `tiling` draws the tiles, every district the same size;
- `outlines` makes the true borders light enough to draw, and `mapping` draws them;
- `page` puts both on a page with the statements and every district.

The same coverage gives the same bytes. Whatever comes from outside goes through `markup`.
"""

from __future__ import annotations

from partners_crm.services.pictures.mapping import map_svg
from partners_crm.services.pictures.page import coverage_page
from partners_crm.services.pictures.tiling import text_picture, tiles_svg

__all__ = ["coverage_page", "map_svg", "text_picture", "tiles_svg"]
