"""The coverage page: the statements, both pictures and every district in one file that needs nothing else.

It loads nothing and runs nothing, and a policy in its head forbids both, so that it can be mailed, opened from a disk
and printed. The same coverage gives the same bytes: the time is in it only where the caller gives it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from partners_crm.districts.maps import Chamber, DistrictMap, MapInfo
from partners_crm.normalize.dates import written_day
from partners_crm.normalize.text import ranges
from partners_crm.services.pictures import mapping, markup, tiling
from partners_crm.services.pictures.legend import DARK, LIGHT, Colours, step_of
from partners_crm.services.pictures.markup import safe

if TYPE_CHECKING:
    from partners_crm.services.coverage import Coverage, DistrictCoverage

RENAMED = {"of": "members of", "map": "map asked for", "map_by": "map by"}
"""Terms of a rule that read otherwise among facts."""
EN_DASH = "–"
STATES = ("confirmed", "possible", "gap")
MEANING = (
    ("confirmed", "enough members stand in the district, on evidence that is certain."),
    ("possible", "members may stand in it: the evidence is a ZIP code, a stated district, or a point at a border."),
    ("gap", "nothing, or too little, reaches it."),
)


def coverage_page(coverage: Coverage, district_map: DistrictMap, coalition: str = "", *, note: str = "") -> str:
    """A coverage as one HTML page.

    `coalition` is whose coverage it is; `note` a line at the end, such as when and by whom the page was made.
    """
    info = district_map.info
    title = f"District coverage of {coalition or info.state_name}"
    sections = [
        _summary(coverage, info),
        _section("Every district the same size", tiling.picture(coverage, info, alone=False), "tiles-section"),
        *(
            _section(f"{info.chamber(code).name} districts on the map", picture, "map-section")
            for code, picture in _maps(coverage, district_map)
        ),
        *(_districts(coverage, info, code) for code in coverage.chambers),
        _unassigned(coverage),
        _terms(coverage, info, note),
    ]
    style = _style(info)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        '<meta name="color-scheme" content="light dark"/>\n<meta name="referrer" content="no-referrer"/>\n'
        f"<title>{safe(title)}, {coverage.as_of.isoformat()}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<header><h1>{safe(title)}</h1>\n<p>As of {_day(coverage)}, on the map {safe(info.name)}"
        f" ({safe(info.code)})</p></header>\n<main>\n{''.join(sections)}</main>\n</body>\n</html>\n"
    )


# ------------------------------------------------------------------ sections


def _maps(coverage: Coverage, district_map: DistrictMap) -> list[tuple[str, str]]:
    """(chamber, picture) of the chambers with borders of their own; of what is asked for, where none of them is."""
    own = [code for code in coverage.chambers if code in district_map.borders] or list(coverage.chambers)[:1]
    return [(code, mapping.picture(coverage, district_map, code, alone=False)) for code in own]


def _section(title: str, body: str, kind: str) -> str:
    return f'<section class="{kind}">\n<h2>{safe(title)}</h2>\n{body}</section>\n'


def _summary(coverage: Coverage, info: MapInfo) -> str:
    """For each chamber its figure, its statement and where it is not covered; then the members without a district."""
    parts = []
    for code in coverage.chambers:
        confirmed, everything = coverage.total(code)
        own = [each for each in coverage.districts if each.chamber == code]
        name = info.chamber(code).name
        parts.append(
            f'<article><h2>{safe(name)}</h2>\n<p class="figure"><strong>{confirmed}</strong> of {everything}</p>\n'
            f"{_meter(own)}<p>{safe(coverage.sentence(code))}</p>\n{_missing(own)}</article>\n"
        )
    count = len(coverage.unassigned)
    verb = "has" if count == 1 else "have"
    loose = "Every member has a district." if coverage.members else "There are no members."
    if count:
        loose = f"{count} of {coverage.members} members {verb} no district."
    return f'<section class="summary">\n<div class="chambers">\n{"".join(parts)}</div>\n<p>{loose}</p>\n</section>\n'


def _meter(own: Sequence[DistrictCoverage]) -> str:
    """The states of a chamber as parts of a bar; the words below say the same."""
    counts = [sum(each.state == state for each in own) for state in STATES]
    parts, left = [], 0.0
    for state, count in zip(STATES, counts, strict=True):
        wide = 300 * count / max(1, len(own))
        parts.append(f'<rect class="{state}" x="{left:.2f}" y="0" width="{wide:.2f}" height="8"/>')
        left += wide
    return (
        f'<svg class="meter" viewBox="0 0 300 8" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>\n'
    )


def _missing(own: Sequence[DistrictCoverage]) -> str:
    words = {"gap": "Gaps", "possible": "Possible, not certain"}
    lines = []
    for state in ("gap", "possible"):
        numbers = [each.number for each in own if each.state == state]
        which = f": {ranges(numbers, EN_DASH)}" if numbers else ""
        lines.append(f"<li><b>{words[state]}</b> {len(numbers)}{which}</li>")
    return f'<ul class="missing">{"".join(lines)}</ul>\n'


def _districts(coverage: Coverage, info: MapInfo, code: str) -> str:
    """Every district of a chamber as a table."""
    chamber = info.chamber(code)
    own = [each for each in coverage.districts if each.chamber == code]
    outer = info.chamber(chamber.nested_in).name if chamber.per else ""
    heads = ["District", outer, "State", "Members", "Possible", "Organizations"]
    row = "".join(f'<th scope="col"{_number_class(head)}>{safe(head)}</th>' for head in heads if head)
    rows = "".join(_row(each, chamber) for each in own)
    return (
        f'<section class="table">\n<h2>{safe(chamber.name)} districts and who is in them</h2>\n<table>\n'
        f"<thead><tr>{row}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )


def _row(district: DistrictCoverage, chamber: Chamber) -> str:
    outer = f'<td class="number">{chamber.parent(district.number)}</td>' if chamber.per else ""
    names = [f"<li>{_name(name)}</li>" for _, name in district.organizations]
    names += [f'<li class="doubt">{_name(name)} <i>(possible)</i></li>' for _, name in district.possible]
    return (
        f'<tr class="{step_of(district).code}"><th scope="row">{safe(district.name)}</th>{outer}'
        f'<td class="state"><span>{district.state}</span></td>'
        f'<td class="number">{len(district.organizations) or "–"}</td>'
        f'<td class="number">{len(district.possible) or "–"}</td>'
        f"<td>{f'<ul>{chr(10).join(names)}</ul>' if names else ''}</td></tr>\n"
    )


def _number_class(head: str) -> str:
    return ' class="number"' if head not in ("District", "State", "Organizations") else ""


def _unassigned(coverage: Coverage) -> str:
    """The members without a district; no section where there is none."""
    if not coverage.unassigned:
        return ""
    rows = "".join(f"<tr><td>{_name(name)}</td></tr>\n" for _, name in coverage.unassigned)
    return (
        '<section class="table">\n<h2>Members without a district</h2>\n'
        "<p>They count in no district until one of their sites has a point, a ZIP code or a stated district.</p>\n"
        f'<table>\n<thead><tr><th scope="col">Organization</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
        "</section>\n"
    )


def _terms(coverage: Coverage, info: MapInfo, note: str) -> str:
    """What the figures mean, under which rule and map they hold, and how to check that."""
    rule: Any = coverage.rule
    terms = [(RENAMED.get(each.name, each.name.replace("_", " ")), getattr(rule, each.name)) for each in fields(rule)]
    terms += [
        ("as of", coverage.as_of.isoformat()),
        ("members", f"{coverage.members}"),
        ("map", f"{info.code}, {info.name}" + (f", {info.law}" if info.law else "")),
        ("map sha256", coverage.map_sha256),
        ("largest border shift", f"{coverage.border_shift_m:g} m"),
        ("borders", info.source),
    ]
    rows = "".join(f"<div><dt>{safe(name)}</dt><dd>{safe(_value(value))}</dd></div>\n" for name, value in terms)
    words = "".join(f"<li><b>{state}</b>: {meaning}</li>" for state, meaning in MEANING)
    end = f"<p>{safe(note)}</p>\n" if note else ""
    return f'<section class="terms">\n<h2>Terms</h2>\n<ul>{words}</ul>\n<dl>\n{rows}</dl>\n{end}</section>\n'


def _value(value: object) -> str:
    return "–" if value in ("", None) else ("yes" if value else "no") if isinstance(value, bool) else f"{value}"


def _name(name: str) -> str:
    """A name from outside; letters that run leftwards turn nothing around them."""
    return f"<bdi>{safe(name)}</bdi>"


def _day(coverage: Coverage) -> str:
    day = coverage.as_of
    return f'<time datetime="{day.isoformat()}">{written_day(day)}</time>'


# --------------------------------------------------------------------- style


def _style(info: MapInfo) -> str:
    return "\n".join(
        (
            _LAYOUT,
            markup.style() + tiling.STYLE + mapping.style(info),
            _coloured(LIGHT),
            f"@media screen and (prefers-color-scheme:dark){{{_coloured(DARK)}}}",
            _PRINT,
        )
    )


def _coloured(colours: Colours) -> str:
    return (
        f":root{{--paper:{colours.paper};--ink:{colours.ink};--quiet:{colours.quiet};--rule:{colours.rule};"
        f"--accent:{colours.accent};--red:{colours.red};--stripe:{colours.stripe}}}"
    )


_LAYOUT = f"""
*{{box-sizing:border-box}}
html{{background:var(--paper);color:var(--ink);font:15px/1.5 {markup.FONT};-webkit-text-size-adjust:100%}}
body{{margin:0 auto;max-width:64rem;padding:2rem 1.25rem 3rem}}
h1{{font-size:1.7rem;line-height:1.2;margin:0}}
h2{{font-size:1.15rem;line-height:1.3;margin:0 0 .75rem}}
header p{{color:var(--quiet);margin:.35rem 0 0}}
section{{margin-top:2.75rem}}
.table{{overflow-x:auto}}
p{{margin:0 0 .6rem;max-width:44rem}}
.chambers{{display:grid;gap:1.5rem 2.5rem;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr))}}
.chambers h2{{color:var(--quiet);font-size:1rem;font-weight:600;margin:0}}
.figure{{color:var(--quiet);font-size:1.25rem;font-variant-numeric:tabular-nums;margin:0}}
.figure strong{{color:var(--ink);font-size:3rem;font-weight:700;letter-spacing:-.02em;line-height:1.15}}
.meter{{display:block;height:8px;margin:.35rem 0 .8rem;width:100%}}
.meter .confirmed{{fill:var(--accent)}}.meter .possible{{fill:var(--stripe)}}.meter .gap{{fill:var(--red)}}
ul{{list-style:none;margin:0;padding:0}}
.missing li,.terms li{{margin:0 0 .25rem}}
.missing b{{font-weight:600}}
svg.picture{{display:block;height:auto;margin:0 auto;max-width:54rem;width:100%}}
table{{border-collapse:collapse;font-size:.92rem;width:100%}}
th,td{{border-bottom:1px solid var(--rule);padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}}
thead th{{border-bottom:2px solid var(--rule);color:var(--quiet);font-weight:600;white-space:nowrap}}
tbody th{{font-weight:600;white-space:nowrap}}
.number{{font-variant-numeric:tabular-nums;padding-right:1.2rem;text-align:right;white-space:nowrap}}
.state{{white-space:nowrap}}
.gap .state span{{color:var(--red);font-weight:700}}
.possible .state span{{border-bottom:2px dotted var(--quiet)}}
td:last-child{{overflow-wrap:anywhere;padding-right:0;width:62%}}
td li{{display:inline}}
td li:not(:last-child)::after{{content:"\\a0\\b7 ";color:var(--quiet)}}
.doubt{{color:var(--quiet)}}
.doubt i{{font-size:.9em}}
dl{{margin:1rem 0}}
dl div{{border-bottom:1px solid var(--rule);display:grid;gap:0 1rem;grid-template-columns:11rem 1fr;padding:.25rem 0}}
dt{{color:var(--quiet)}}
dd{{margin:0;overflow-wrap:anywhere}}
@media (max-width:34rem){{dl div{{grid-template-columns:1fr}}}}"""
_PRINT = """@page{margin:15mm 14mm 17mm}
@page{@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif;color:#586574}}
@media print{
html{font-size:9.5pt}
body{max-width:none;padding:0}
section{margin-top:0;overflow:visible}
.summary{margin-top:8mm}
h1{font-size:17pt}
p,.missing li{margin-bottom:1mm}
.figure strong{font-size:26pt}
.tiles-section{break-inside:avoid;margin-top:7mm}
.map-section,.table{break-before:page}
.terms{break-inside:avoid;margin-top:8mm}
svg.picture{max-height:225mm;max-width:100%}
svg.tiles{max-height:138mm}
table{font-size:8.5pt;line-height:1.35}
th,td{padding-bottom:.8mm;padding-top:.8mm}
h2{break-after:avoid}
thead{display:table-header-group}
tr,article,dl div{break-inside:avoid}
svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}"""
