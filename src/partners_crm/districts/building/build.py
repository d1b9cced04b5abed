"""From the files of the Census Bureau to the bytes of a map, with a report of what was done and dropped."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from partners_crm.districts.building import arcs, checking, simplifying, tiles, zips
from partners_crm.districts.building.reading import WATER, Chapter, Polygons, read_chapter
from partners_crm.districts.calendar import Plan
from partners_crm.districts.maps import Arc, Areas, Chamber, MapInfo, dump_map, read_header
from partners_crm.errors import ConfigError, FileRefused


class LayerReport(NamedTuple):
    """What became of one file of districts."""

    chamber: str
    file: str
    districts: int
    water: int
    """Records of water that were left out."""
    vertices: int
    """In the file, each border counted on both sides."""
    seams: checking.Seams
    stored: bool
    """Whether the map holds its borders; else another chamber's make them."""
    points_before: int
    """Of the borders in stored units, each border once; 0 where none are stored."""
    points: int
    slivers: int
    """Pieces in a gap or an overlap that were given to one district."""
    rounding_m: float
    """Largest distance between the borders and what rounding to 1e-5 degrees makes of them."""
    simplified_m: float
    """Largest distance of a point left out from the simplified border."""
    zips: int


class Report(NamedTuple):
    """What was done and dropped."""

    layers: tuple[LayerReport, ...]
    nesting: float | None
    """Largest share by which a district differs from those it is made of; None where nothing was compared."""
    zips_read: int
    pictures: Mapping[str, tiles.Layout]
    """The tile picture of each chamber that has one of its own."""
    said: tuple[str, ...]
    """All this in sentences, and what else should be known."""


class Built(NamedTuple):
    """A new map."""

    data: bytes
    """Of its file."""
    info: MapInfo
    report: Report


class _Layer(NamedTuple):
    arcs: list[Arc]
    report: LayerReport


def build_map(
    files: Sequence[Path],
    plan: Plan,
    *,
    source: str = "",
    zips_file: Path | None = None,
    zip_source: str = "",
    tolerance_m: float = simplifying.TOLERANCE_M,
) -> Built:
    """A map from one file of districts for each of its chambers.

    A chamber whose districts are made of another's needs no file; where there is one, the nesting is held against it.

    Args:
        files: TIGER/Line zips or GeoJSON files, gzipped or not; the chamber is told by their fields.
        plan: What the map says of itself (`plan_from`).
        source: Where the borders come from, in words; by default told from the file names.
        zips_file: ZIP code areas (ZCTA) as GeoJSON or zipped shapefile.
        zip_source: Where those come from, in words.
        tolerance_m: Metres by which borders may be simplified; 0 keeps every point.

    Raises:
        FileRefused: a file cannot be read as districts of the plan, or a border would move more than 15 m.
        ConfigError: the tolerance is out of range, or shapely and pyshp are not installed.
    """
    _require(tolerance_m)
    chapters = _read(files, plan)
    chambers, lacking = _chambers(plan, chapters)
    said = [f"no file for the {chamber.name}: the map does not have it" for chamber in lacking]
    for chapter in chapters.values():
        checking.check_vintage(chapter, plan.code)
    seams = {code: checking.check_seams(chapter) for code, chapter in chapters.items()}
    base = chambers[0]
    made: Polygons = {}
    nesting = None
    if base.nested_in in {chamber.code for chamber in chambers}:
        made, nesting = checking.check_nesting(chapters[base.code], base, chapters.get(base.nested_in))
        stored = [base.code]
    else:
        stored = [chamber.code for chamber in chambers]
    layers = {code: _layer(chapters[code], seams[code], tolerance_m) for code in stored}
    areas = zips.read_zips(zips_file) if zips_file else None
    known = {code: zips.shares(areas.areas, chapters[code].polygons) if areas else Areas() for code in stored}
    pictures = _pictures(base, made, {code: chapters[code].polygons for code in stored})
    reports = [layers[code].report._replace(zips=len(known[code])) for code in stored]
    reports += [_unstored(chapter, seams[code]) for code, chapter in chapters.items() if code not in stored]
    shift = max(each.rounding_m + each.simplified_m for each in reports)
    header = plan._asdict() | {
        "chambers": chambers,
        "source": _plain(source or "; ".join(_source(chapters[each.chamber], plan.state_name) for each in reports)),
        "source_sha256": (*(chapters[each.chamber].sha256 for each in reports), *([areas.sha256] if areas else [])),
        "zip_source": _plain(zip_source or f"ZIP code areas of {zips_file.name}") if zips_file else "",
        "tolerance_m": tolerance_m,
        "border_shift_m": math.ceil(shift * 10) / 10,
        "tiles": {code: layout.tiles for code, layout in pictures.items()},
    }
    data = dump_map(header, {code: (layers[code].arcs, known[code]) for code in stored})
    info = read_header(data, plan.code)[0]
    report = Report(tuple(reports), nesting, len(areas.areas) if areas else 0, pictures, ())
    return Built(data, info, report._replace(said=(*said, *_sentences(info, plan, report))))


def _require(tolerance_m: float) -> None:
    if not 0 <= tolerance_m <= simplifying.LARGEST_SHIFT_M:
        raise ConfigError(
            f"borders cannot be simplified by {tolerance_m} m", f"from 0 to {simplifying.LARGEST_SHIFT_M:g} metres"
        )
    try:
        import shapefile  # noqa: F401
        import shapely  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"building a map needs {error.name}, which is not installed", "pip install 'partners-crm[geo]'"
        ) from None


def _read(files: Sequence[Path], plan: Plan) -> dict[str, Chapter]:
    """The files by chamber, those of house districts first."""
    found: dict[str, Chapter] = {}
    for path in files:
        chapter = read_chapter(path, plan.state)
        if chapter.chamber in found:
            raise FileRefused(f"{path}: is of the {chapter.chamber}, as {found[chapter.chamber].path} is")
        if plan.chambers and chapter.chamber not in {chamber.code for chamber in plan.chambers}:
            names = " and ".join(chamber.code for chamber in plan.chambers)
            raise FileRefused(f"{path}: is of the {chapter.chamber}; the map {plan.code} has {names}")
        found[chapter.chamber] = chapter
    if not found:
        raise ConfigError("a map needs a file of districts")
    return dict(sorted(found.items()))


def _chambers(plan: Plan, chapters: Mapping[str, Chapter]) -> tuple[tuple[Chamber, ...], list[Chamber]]:
    """The chambers of the map, counted, the one with borders first; and those of the plan that it cannot have."""
    planned = plan.chambers or tuple(Chamber(code, code.capitalize(), 0) for code in chapters)
    kept, lacking = [], []
    makes = {chamber.nested_in: chamber for chamber in planned if chamber.code in chapters and chamber.nested_in}
    for chamber in planned:
        count = chamber.districts
        if chamber.code in chapters:
            checking.check_count(chapters[chamber.code], count)
            count = len(chapters[chamber.code].polygons)
        elif chamber.code not in makes:
            lacking.append(chamber)
            continue
        if child := makes.get(chamber.code):
            whole, rest = divmod(len(chapters[child.code].polygons), child.per)
            count = count or whole
            if rest or whole != count:
                raise FileRefused(
                    f"{chapters[child.code].path}: {child.per * whole + rest} districts, {child.per} for each of the"
                    f" {chamber.name}, do not make {count}"
                )
        kept.append(chamber._replace(districts=count))
    codes = {chamber.code for chamber in kept}
    kept = [each if each.nested_in in codes else each._replace(nested_in="", per=0) for each in kept]
    return tuple(sorted(kept, key=lambda each: (each.code not in chapters, not each.nested_in))), lacking


def _layer(chapter: Chapter, seams: checking.Seams, tolerance_m: float) -> _Layer:
    found = arcs.faces(chapter.polygons)
    raw = arcs.cut(found)
    if lost := sorted(set(chapter.polygons) - {side for arc in raw for side in (arc.left, arc.right)}):
        raise FileRefused(f"{chapter.path}: {chapter.places[lost[0]]} (district {lost[0]}) is smaller than a metre")
    rounding = simplifying.rounding_shift_m(chapter.polygons, arcs.district_lines(raw))
    try:
        simple = simplifying.simplify(raw, tolerance_m)
    except FileRefused as error:
        raise FileRefused(f"{chapter.path}: {error.message}") from None
    moved = max(arc.shift_m for arc in simple)
    if rounding + moved > simplifying.LARGEST_SHIFT_M:
        raise FileRefused(
            f"{chapter.path}: a border would move {rounding + moved:.1f} m,"
            f" at most {simplifying.LARGEST_SHIFT_M:g} m are allowed",
            "give a smaller tolerance",
        )
    drawn = sorted((arc.left, arc.right, arc.units) for arc in simple)
    before, points = sum(len(arc.points) for arc in raw), sum(len(line) for _, _, line in drawn)
    report = _unstored(chapter, seams)._replace(
        stored=True,
        points_before=before,
        points=points,
        slivers=found.slivers,
        rounding_m=rounding,
        simplified_m=moved,
    )
    return _Layer(drawn, report)


def _unstored(chapter: Chapter, seams: checking.Seams) -> LayerReport:
    return LayerReport(
        chapter.chamber,
        chapter.path.name,
        len(chapter.polygons),
        len(chapter.water),
        chapter.vertices,
        seams,
        stored=False,
        points_before=0,
        points=0,
        slivers=0,
        rounding_m=0.0,
        simplified_m=0.0,
        zips=0,
    )


def _pictures(base: Chamber, made: Polygons, stored: Mapping[str, Polygons]) -> dict[str, tiles.Layout]:
    """One picture of the chamber that others nest in, else one of each chamber."""
    chosen = {base.nested_in: made} if made else stored
    return {code: tiles.lay_out(polygons) for code, polygons in chosen.items()}


def _plain(text: str) -> str:
    """A text for the header, which holds only what can be printed."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _source(chapter: Chapter, state_name: str) -> str:
    """Where a file comes from, as far as its name tells."""
    side = "lower" if chapter.chamber == "house" else "upper"
    named = re.match(r"tl_(\d{4})_\d\d_sld[lu]\d{0,2}\b", chapter.path.name)
    origin = f"U.S. Census Bureau, TIGER/Line {named[1]}" if named else chapter.path.name
    return f"{origin}, state legislative districts ({side} chamber), {state_name}"


def _sentences(info: MapInfo, plan: Plan, report: Report) -> list[str]:
    said = []
    planned = {chamber.code: chamber.districts for chamber in plan.chambers}
    for layer in report.layers:
        name = info.chamber(layer.chamber).name
        counted = "" if planned.get(layer.chamber) else ", counted in the file"
        said.append(f"{layer.file}: {layer.districts} {name} districts{counted}; {layer.vertices:,} vertices")
        if layer.water:
            said.append(f"{layer.file}: {layer.water} record(s) of water ({WATER}) left out")
        said += _seams(layer)
        if layer.stored:
            said.append(
                f"{name}: {layer.points:,} of {layer.points_before:,} points kept; simplifying moved a border by at"
                f" most {layer.simplified_m:.1f} m, rounding by {layer.rounding_m:.1f} m"
            )
    base = info.chambers[0]
    if base.per:
        parent = info.chamber(base.nested_in)
        words = f"{base.per} {base.name} districts make one {parent.name} district"
        if report.nesting is None:
            said.append(f"{words}; no file of the {parent.name} to hold this against")
        else:
            said.append(f"{words}: at most {report.nesting:.3%} of a district's area differs")
    said += [
        f"{layer.zips} of {report.zips_read} ZIP code areas lie for the larger part in the map"
        for layer in report.layers
        if layer.stored and report.zips_read
    ]
    for code, layout in report.pictures.items():
        said.append(
            f"tile picture of the {info.chamber(code).name}: {max(x for _, x, _ in layout.tiles) + 1} columns,"
            f" {max(y for _, _, y in layout.tiles) + 1} rows; of {layout.pairs} pairs of neighbours"
            f" {layout.touching:.0%} touch, {layout.compass:.0%} keep their direction"
        )
    return said


def _seams(layer: LayerReport) -> list[str]:
    seams, said = layer.seams, []
    if seams.uneven:
        said.append(f"{layer.file}: the borders of {seams.uneven} districts have points that their neighbours lack")
    if seams.overlaps:
        said.append(f"{layer.file}: {seams.overlaps} overlap(s), {seams.overlap_m2:,.0f} m2 in all; each given to one")
    if seams.gaps:
        said.append(f"{layer.file}: {seams.gaps} gap(s), {seams.gap_m2:,.0f} m2 in all; each given to a neighbour")
    return said
