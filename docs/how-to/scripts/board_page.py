#!/usr/bin/env python3
"""Write the page for the board: how the coalition grows, which districts it covers, which silo is left out.

    python3 board_page.py PAGE.html [--since YEAR] [--db FILE]

The coalition is --db, else PARTNERS_DB; it is only read. The page is one HTML file that loads nothing, to be opened,
sent or printed; it names no person. The same coalition on the same day gives the same bytes.

Prints the figures of the page in one line each.

Exit codes: 0 written; 2 usage; 4 the coalition cannot be read, no map holds today, or the page cannot be written.
"""

from __future__ import annotations

import argparse
import html
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.normalize.text import show
from partners_crm.services.coverage import Coverage
from partners_crm.services.growth import Growth, growth
from partners_crm.services.maps import borders_of
from partners_crm.services.pictures import tiles_svg
from partners_crm.services.silos import Balance, balance
from partners_crm.store.maps import map_for

STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right}"
    "td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}"
    ".growth rect{fill:#5b8db8}.growth text{fill:currentColor}"
)
BAR, HIGH = 44, 160
"""Width of a year, and height of the tallest bar, in pixels."""


def text(value: object) -> str:
    """Text from outside as text of HTML: nothing in it acts, or hides."""
    return html.escape(show(value))


def bars(grown: Growth) -> str:
    """Members at the end of each year as an SVG picture."""
    tallest = max((each.members for each in grown.periods), default=0) or 1
    parts = []
    for place, each in enumerate(grown.periods):
        high, left = HIGH * each.members / tallest, BAR * place
        parts.append(f'<rect x="{left + 4}" y="{HIGH + 20 - high:.1f}" width="{BAR - 8}" height="{high:.1f}"/>')
        for y, words in ((HIGH + 14 - high, each.members), (HIGH + 36, each.period)):
            parts.append(f'<text x="{left + BAR / 2}" y="{y:.1f}" text-anchor="middle">{text(words)}</text>')
    wide = BAR * max(1, len(grown.periods))
    return (
        f'<svg class="growth" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {HIGH + 44}" width="{wide}"'
        f' role="img" aria-label="Members at the end of each year" font-size="12">{"".join(parts)}</svg>'
    )


def table(headers: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A table of HTML."""
    lines = ["".join(f"<th>{text(each)}</th>" for each in headers)]
    lines += ["".join(f"<td>{text(each)}</td>" for each in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>"


def page(crm: Crm, covered: Coverage, grown: Growth, spread: Balance) -> str:
    """The page."""
    years = [(each.period, each.joined, each.left, each.members) for each in grown.periods]
    silos = [
        (part.name, part.any, f"{part.share:.1%}", *(reached for _, reached, _ in part.districts))
        for part in spread.parts
    ]
    drawn = borders_of(crm.db, map_for(crm.db, covered.as_of, code=covered.map_code))
    tiles = tiles_svg(covered, drawn.info)
    title = f"{text(crm.name)}, {crm.today.isoformat()}"
    weakest = f"<p>Weakest: {text(', '.join(spread.weakest))}.</p>" if spread.weakest else ""
    chambers = [spread.chamber_names[chamber] for chamber in spread.chamber_names]
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            f"<style>{STYLE}</style></head><body><h1>{title}</h1>",
            f"<h2>{grown.members} members</h2>",
            bars(grown),
            table(("Year", "Joined", "Left", "Members"), years),
            "<h2>Districts</h2>",
            *(f"<p>{text(covered.sentence(chamber))}</p>" for chamber in covered.chambers),
            tiles[tiles.index("<svg") :],
            "<h2>Silos</h2>",
            table(("Silo", "Members", "Share", *(f"{name} districts" for name in chambers)), silos),
            weakest,
            "</body></html>\n",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="The page for the board: growth, coverage and silos.")
    parser.add_argument("page", type=Path, help="the HTML file to write")
    parser.add_argument("--since", default="", metavar="YEAR", help="the first year that is shown (all)")
    parser.add_argument("--db", default=os.environ.get("PARTNERS_DB"), help="the coalition (default: PARTNERS_DB)")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows no such letter shows an escape
    if not options.db:
        parser.error("which coalition? name it with --db or PARTNERS_DB")
    if options.since and not (len(options.since) == 4 and options.since.isdecimal()):
        parser.error("--since is a year, such as 2019")
    draft = options.page.with_name(f"{options.page.name}.new")
    try:
        with Crm.open(options.db) as crm:
            covered, spread = crm.coverage(), balance(crm.db, crm.today)
            grown = growth(crm.db, crm.today, by="year", since=options.since)
            draft.write_text(page(crm, covered, grown, spread), "utf-8")
        draft.replace(options.page)
    except (PartnersError, OSError) as error:
        print(show(error), file=sys.stderr)
        return 4
    print(f"members: {grown.members} = {grown.before} before + {grown.joined} joined - {grown.left} left")
    for chamber in covered.chambers:
        print(show(covered.sentence(chamber)))
    print(show(f"weakest: {', '.join(spread.weakest) or 'no member is in a silo'}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
