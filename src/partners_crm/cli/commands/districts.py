"""`partners districts`: maps, where a point lies, and where sites stand."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import to_read, to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser, number, whole_number
from partners_crm.cli.paths import database
from partners_crm.districts.maps import MAGIC, DistrictMap, bundled_maps, load_info, load_map
from partners_crm.errors import ConfigError
from partners_crm.services import districts as service
from partners_crm.services import locating, placing
from partners_crm.services.maps import borders_of
from partners_crm.store.clock import utc_now
from partners_crm.store.files import refuse_url, write_whole
from partners_crm.store.maps import map_for

NO_NETWORK = "this program does not use the network: save it first, and name the file"
SHOWN = 30
"""Moves printed; JSON and CSV hold all of them."""


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the verbs of `districts`."""
    parser.verb("maps", "the maps of this coalition and those that could be taken in")
    install = parser.verb("install", "take a map in, or its new borders, and place every site on it")
    install.add_argument("map", metavar="MAP", help="the code of a map of the program, or a file FILE.map")
    _add_build(parser.verb("build-map", "build a map file from Census TIGER/Line or GeoJSON polygons"))
    locate = parser.verb("locate", "in which district points lie, or a ZIP code may lie")
    locate.add_argument("point", nargs="*", metavar="DEGREES", help="latitude and longitude of one point")
    locate.add_argument("--csv", type=Path, metavar="FILE", help="a file with the columns id, lat, lon")
    locate.add_argument("--zip", default="", metavar="CODE", help="the candidate districts of a ZIP code")
    locate.add_argument(
        "--map", default="", metavar="MAP", help="a map's code or file (default: your coalition's of today)"
    )
    locate.add_argument(
        "--match-level", type=whole_number, default=placing.ROOFTOP, metavar="N", help="how well the points are known"
    )
    parser.verb("assign", "place every site anew, and say what moved")
    decide = parser.verb("decide", "record a person's decision where a site stands")
    decide.add_argument("site", metavar="SITE", help="the number of a site, or the name of an organization with one")
    decide.add_argument(
        "number", type=whole_number, nargs="?", metavar="NUMBER", help="the district; none with --withdraw"
    )
    decide.add_argument("--chamber", choices=("house", "senate"), default="house")
    decide.add_argument("--reason", default="", help="how you know, such as: asked the director")
    decide.add_argument("--map", default="", metavar="CODE", help="the map (default: that of today)")
    decide.add_argument("--withdraw", action="store_true", help="take the decision back")


def run(options: argparse.Namespace) -> int:
    """Answer a question about districts, or change where sites stand."""
    runs = {
        "maps": _maps,
        "install": _install,
        "build-map": _build,
        "locate": _locate,
        "assign": _assign,
        "decide": _decide,
    }
    return runs[options.verb](options)


def _maps(options: argparse.Namespace) -> int:
    with to_read(options) as crm:
        found = service.known_maps(crm.db)
    if options.format == "json":
        out_json({"schema_version": 1, "maps": [asdict(each) for each in found]})
        return exit_codes.DONE
    headers = ["map", "chambers", "nesting", "first election", "seated", "border shift", "sites", "state"]
    rows = [
        (
            each.code,
            ", ".join(f"{count} {name}" for name, count in each.chambers),
            each.nesting,
            each.first_election,
            f"{each.seated_from or '?'} to {each.seated_until or 'now'}",
            "" if each.border_shift_m is None else f"{each.border_shift_m:g} m",
            each.sites,
            each.here + (", pinned" if each.pinned else ""),
        )
        for each in found
    ]
    if options.format == "csv":
        more = ["source", "sha256"]
        out_csv([*headers, *more], [(*row, each.source, each.sha256) for row, each in zip(rows, found, strict=True)])
    else:
        out_table(headers, rows, frozenset({5, 6}))
    return exit_codes.DONE


def _install(options: argparse.Namespace) -> int:
    refuse_url(Path(options.map), NO_NETWORK)
    with to_write(options) as crm:
        with crm.changes(f"install the map {options.map}") as unit:
            added, placed = service.take_in(unit, options.map)
            written = unit.count
        if options.format == "table":
            out(f"{added.code}: {'installed' if written else 'was here already, nothing changed'}")
            for word in service.consequences(crm.db, added, crm.today) if written else ():
                out(word)
        return _placed(options, placed, service.described(crm.db, placed.moved))


def _assign(options: argparse.Namespace) -> int:
    with to_write(options) as crm:
        with crm.changes("place every site anew") as unit:
            placed = service.place_all(unit)
        return _placed(options, placed, service.described(crm.db, placed.moved))


def _placed(options: argparse.Namespace, placed: placing.Placing, moved: list[tuple[str, str, str]]) -> int:
    """Say what became of the sites; of one that had no district before, nothing moved."""
    headers = ["site", "map", "district"]
    if options.format == "json":
        rows = [dict(zip(headers, row, strict=True)) for row in moved]
        out_json({"schema_version": 1, "written": placed.written, "kept": placed.kept, "moved": rows})
    elif options.format == "csv":
        out_csv(headers, moved)
    else:
        kept = f"; {placed.kept} decided by a person stand" if placed.kept else ""
        out(f"{placed.written} assignments written, {len(moved)} districts changed{kept}")
        if moved:
            out_table(headers, moved[:SHOWN])
        if len(moved) > SHOWN:
            out(f"{len(moved) - SHOWN} more: --format csv lists all")
    return exit_codes.DONE


def _decide(options: argparse.Namespace) -> int:
    with to_write(options) as crm:
        site = service.site_of(crm.db, options.site)
        if options.withdraw:
            chosen = map_for(crm.db, crm.today, code=options.map)
            with crm.changes(f"withdraw the decision where site {site.id} stands") as unit:
                placed = placing.withdraw(unit, site, chosen)
            return _placed(options, placed, service.described(crm.db, placed.moved))
        if options.number is None:
            raise ConfigError("which district?", f"partners districts decide {site.id} 12 --reason 'asked them'")
        with crm.changes(f"decide where site {site.id} stands") as unit:
            made = service.decide(unit, site, options.number, options.chamber, options.reason, options.map, crm.today)
        if options.format == "json":
            out_json({"schema_version": 1, "assignment": made.stored()})
        else:
            out(f"site {site.id} stands in {options.chamber} district {options.number}: {made.reason}")
    return exit_codes.DONE


# -------------------------------------------------------------------- locating


def _locate(options: argparse.Namespace) -> int:
    locating.check_level(options.match_level)
    asked = [bool(options.point), options.csv is not None, bool(options.zip)]
    if sum(asked) != 1:
        raise ConfigError("locate what?", "LATITUDE LONGITUDE, or --csv FILE, or --zip CODE")
    if options.zip:
        return _zip(options, _map(options))
    if options.csv is not None:
        refuse_url(options.csv, NO_NETWORK)
        from partners_crm.cli.plugins import registry_of  # a point in the command line needs no plugin
        from partners_crm.plugins.formats import formats_of

        points = locating.read_points(options.csv, options.match_level, formats=formats_of(registry_of(options)))
    else:
        points = [_point(options)]
    district_map = _map(options)
    return _located(options, district_map, locating.locate(district_map, points))


def _map(options: argparse.Namespace) -> DistrictMap:
    """The map that is asked about: of the program, of a file, or of the coalition; without any, that of today."""
    if options.map in bundled_maps():
        return load_map(options.map)
    if options.map.endswith(".map"):
        refuse_url(Path(options.map), NO_NETWORK)
        return load_map(Path(options.map))
    if not database(options.db).exists():
        today = utc_now().date().isoformat()
        known_now = [info.code for info in map(load_info, bundled_maps()) if info.holds(today)]
        if not options.map and len(known_now) == 1:
            say(f"on the map {known_now[0]}, which is in force today")
            return load_map(known_now[0])
        known = f"one of: {', '.join(bundled_maps())}; or a file FILE.map"
        raise ConfigError(f"there is no map {options.map}" if options.map else "on which map?", f"--map {known}")
    with to_read(options) as crm:
        return borders_of(crm.db, map_for(crm.db, crm.today, code=options.map))


def _point(options: argparse.Namespace) -> locating.Asked:
    try:
        latitude, longitude = map(float, options.point)
    except ValueError:
        raise ConfigError(f"{' '.join(options.point)} is no point", "write 41.88 -87.63") from None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ConfigError(f"{' '.join(options.point)} is no place on earth", "write latitude and longitude in degrees")
    return locating.Asked("1", 0, latitude, longitude, options.match_level)


def _located(options: argparse.Namespace, district_map: DistrictMap, found: list[locating.Located]) -> int:
    chambers = list(district_map.info.counts)
    headers = ["id", *chambers, "status", "border_m"]
    rows = [
        (
            each.asked.id,
            *(each.districts[chamber] for chamber in chambers),
            each.status,
            "" if each.border_m is None else f"{each.border_m:.1f}",
        )
        for each in found
    ]
    if options.format == "json":
        exact = [None if each.border_m is None else round(each.border_m, 1) for each in found]
        out_json([{**dict(zip(headers, row, strict=True)), "border_m": m} for row, m in zip(rows, exact, strict=True)])
    elif options.format == "csv":
        out_csv(headers, rows)
    else:
        out_table(headers, rows, frozenset({*range(1, len(chambers) + 1), len(headers) - 1}))
    unread = [each.asked for each in found if each.status == "unreadable"]
    for asked in unread[:SHOWN]:
        say(f"unreadable: line {asked.line}: {asked.id}: latitude, longitude or match level cannot be read")
    return exit_codes.FINDINGS if unread else exit_codes.DONE


def _zip(options: argparse.Namespace, district_map: DistrictMap) -> int:
    found = locating.candidates(district_map, options.zip)
    headers = ["zip", "chamber", "number", "share"]
    rows = [(options.zip, chamber, number, f"{share:.4f}") for chamber, some in found.items() for number, share in some]
    if options.format == "json":
        out_json(
            {
                "schema_version": 1,
                "zip": options.zip,
                "map": district_map.info.code,
                "shares": "of the land and water area, not of people",
                "source": district_map.info.zip_source,
                "candidates": {
                    chamber: [{"number": number, "share": round(share, 4)} for number, share in some]
                    for chamber, some in found.items()
                },
            }
        )
    elif options.format == "csv":
        out_csv(headers, rows)
    else:
        out(f"ZIP {options.zip} on the map {district_map.info.code}, by share of its area (not of people):")
        out_table(headers, rows, frozenset({2, 3}))
    return exit_codes.DONE


# -------------------------------------------------------------------- building


def _add_build(parser: Parser) -> None:
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a TIGER/Line zip or a GeoJSON file; one for each chamber"
    )
    parser.add_argument(
        "--code", required=True, help="what to call it: il-2021 of the calendar, or one such as ne-2021"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default CODE.map)")
    parser.add_argument("--name", default="", help="as people call it, such as: Nebraska 2021")
    parser.add_argument("--state-name", default="", metavar="NAME", help="of a state the calendar does not know")
    parser.add_argument(
        "--chamber",
        action="append",
        default=[],
        metavar="CODE[=NAME][:N]",
        help="such as senate=Legislature:49; by default what the files hold",
    )
    parser.add_argument(
        "--nests", type=whole_number, default=0, metavar="N", help="house districts that make one of the senate"
    )
    for name, what in (
        ("law", "its act"),
        ("enacted", "YYYY-MM-DD"),
        ("first-election", "YYYY"),
        ("seated-from", "YYYY-MM-DD"),
        ("seated-until", "YYYY-MM-DD, exclusive"),
    ):
        parser.add_argument(f"--{name}", default="", metavar=name.upper(), help=what)
    parser.add_argument("--source", default="", help="where the borders come from, in words")
    parser.add_argument("--zips", type=Path, metavar="FILE", help="ZIP code areas (ZCTA), for candidate districts")
    parser.add_argument("--zip-source", default="", help="where those come from, in words")
    parser.add_argument(
        "--tolerance", type=number, metavar="METRES", help="how far borders may be simplified; 0 not at all"
    )


def _refuse_other(target: Path) -> None:
    """Refuse to write over anything but a map: a coalition may have that name."""
    if target.exists() and not (target.is_file() and target.read_bytes()[:12] == MAGIC[:12]):
        raise ConfigError(f"{target} is there already, and is no map", "name another file with --out")


def _build(options: argparse.Namespace) -> int:
    from partners_crm.districts.building import build_map, plan_from  # the only verb that needs the extra `geo`

    target = options.out or Path(f"{options.code}.map")
    for path in (*options.files, *filter(None, [options.zips, options.out])):
        refuse_url(path, NO_NETWORK)
    names = ("name", "state_name", "nests", "law", "enacted", "first_election", "seated_from", "seated_until")
    _refuse_other(target)
    plan = plan_from(options.code, chambers=options.chamber, **{name: getattr(options, name) for name in names})
    more = {} if options.tolerance is None else {"tolerance_m": options.tolerance}
    built = build_map(
        options.files,
        plan,
        source=options.source,
        zips_file=options.zips,
        zip_source=options.zip_source,
        **more,
    )
    write_whole(target, built.data)
    info = built.info
    if options.format == "json":
        out_json(
            {
                "schema_version": 1,
                "file": str(target),
                "map": info.code,
                "sha256": info.sha256,
                "chambers": [each._asdict() for each in info.chambers],
                "border_shift_m": info.border_shift_m,
                "source_sha256": list(info.source_sha256),
                "said": list(built.report.said),
            }
        )
    elif options.format == "csv":
        out_csv(["file", "map", "sha256", "border_shift_m"], [(target, info.code, info.sha256, info.border_shift_m)])
    else:
        for sentence in built.report.said:
            out(sentence)
        out(f"wrote {target} ({len(built.data):,} bytes); take it in: partners districts install {target}")
    return exit_codes.DONE
