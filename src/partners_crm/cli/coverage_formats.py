"""A coverage answer as it is printed: words, JSON, CSV, JUnit, Markdown, a picture, a page."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.output import FORMATS, out, out_csv, out_json, out_table
from partners_crm.crm import Crm
from partners_crm.normalize.text import few, ranges
from partners_crm.services.coverage import SCHEMA_VERSION, Coverage, DistrictCoverage

CHECK_FORMATS = (*FORMATS, "junit", "markdown", "svg", "map-svg", "html")
LINE = 100
"""Characters of a printed line of gaps."""
NAMED = 3
"""Organizations named for a possible district; JSON names all."""


def code_of(*found: Coverage) -> int:
    """The exit code of answers: a proven gap wins over what is undecided."""
    verdicts = {each.verdict for each in found}
    if "gaps" in verdicts:
        return exit_codes.FINDINGS
    return exit_codes.UNDECIDED if "undecided" in verdicts else exit_codes.DONE


def write(crm: Crm, found: Coverage, form: str) -> None:
    """Print an answer in a format."""
    if form == "table":
        report(found)
    elif form == "json":
        out_json(as_json(found))
    elif form == "csv":
        as_csv(found)
    elif form in {"junit", "markdown"}:
        sys.stdout.write(as_junit([found]) if form == "junit" else as_markdown(found))
    else:
        _draw(crm, found, form)


def _draw(crm: Crm, found: Coverage, form: str) -> None:
    from partners_crm.services.maps import borders_of
    from partners_crm.services.pictures import coverage_page, map_svg, tiles_svg
    from partners_crm.store.maps import map_for

    drawn = borders_of(crm.db, map_for(crm.db, found.as_of, code=found.map_code))
    if form == "html":
        text = coverage_page(found, drawn, crm.name)
    else:
        text = tiles_svg(found, drawn.info) if form == "svg" else map_svg(found, drawn)
    # Both say of themselves that they are UTF-8, whatever the terminal is.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))


def write_by_silo(found: Mapping[str, Coverage], form: str) -> None:
    """Print the answers of every silo in a format.

    Raises:
        ConfigError: there is no picture of several answers.
    """
    if form == "json":
        out_json({"schema_version": SCHEMA_VERSION, "silos": {code: as_json(each) for code, each in found.items()}})
    elif form == "csv":
        rows = [(code, *row) for code, each in found.items() for row in _rows(each)]
        out_csv(["silo", *_COLUMNS], rows)
    elif form == "junit":
        sys.stdout.write(as_junit(list(found.values())))
    elif form == "markdown":
        sys.stdout.write("\n".join(as_markdown(each) for each in found.values()))
    elif form == "table":
        _table_by_silo(found)
    else:
        from partners_crm.errors import ConfigError

        raise ConfigError(f"{form} shows one answer at a time", "name one silo, or none")


def report(found: Coverage) -> None:
    """Print coverage as words: the statement of each chamber, its gaps as ranges, and who may close which."""
    import textwrap

    for chamber in found.chambers:
        out(found.sentence(chamber))
        own = found.of(chamber)
        gaps = [each.number for each in own if each.state == "gap"]
        possible = [each for each in own if each.state == "possible"]
        if gaps:
            out("1 gap:" if len(gaps) == 1 else f"{len(gaps)} gaps:")
            for line in textwrap.wrap(ranges(gaps), LINE, initial_indent="  ", subsequent_indent="  "):
                out(line)
        if possible:
            out(f"{len(possible)} possible, not certain:")
            for each in possible:
                out(f"  {each.name}: {listed(each.possible)}")
        out()
    out(unassigned(found))
    if found.possible and not found.gaps and not found.why:
        out(f"no gap is proven, and {len(found.possible)} districts are only possible: --strict leaves that undecided")


def unassigned(found: Coverage) -> str:
    """How many members have no district."""
    verb = "has" if len(found.unassigned) == 1 else "have"
    return f"{len(found.unassigned)} of {found.members} members {verb} no district"


def as_json(found: Coverage) -> dict[str, Any]:
    """Coverage as plain data, the same for the same database and day."""
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": found.as_of.isoformat(),
        "map": {"id": found.map_code, "sha256": found.map_sha256, "border_shift_m": found.border_shift_m},
        "rule": rule_json(found),
        "verdict": found.verdict,
        "statements": [found.sentence(chamber) for chamber in found.chambers],
        "totals": {
            "members": found.members,
            "unassigned": len(found.unassigned),
            **{
                chamber: {
                    **dict(zip(("confirmed", "districts"), found.total(chamber), strict=True)),
                    **{
                        name: sum(each.state == state for each in found.of(chamber))
                        for name, state in (("possible", "possible"), ("gaps", "gap"))
                    },
                }
                for chamber in found.chambers
            },
            "possible": len(found.possible),
            "gaps": len(found.gaps),
        },
        "districts": [district_json(each) for each in found.districts],
        "unassigned": [{"id": key, "name": name} for key, name in found.unassigned],
    }


def rule_json(found: Coverage) -> dict[str, Any]:
    """Every term of the rule as plain data; `null` for what is not asked."""
    return {name: value if value != "" else None for name, value in found.rule.as_data().items()}


def district_json(each: DistrictCoverage) -> dict[str, Any]:
    """The answer for a district as plain data."""
    return {
        "ocd_id": each.ocd_id,
        "chamber": each.chamber,
        "number": each.number,
        "state": each.state,
        "count": len(each.organizations),
        "organizations": [{"id": key, "name": name} for key, name in each.organizations],
        "possible": [{"id": key, "name": name} for key, name in each.possible],
    }


_COLUMNS = (
    "ocd_id",
    "chamber",
    "number",
    "state",
    "confirmed",
    "possible",
    "map",
    "as_of",
    "unassigned",
    "verdict",
    "statement",
)


def as_csv(found: Coverage) -> None:
    """Print every district as a row; each row says what it is part of."""
    out_csv(_COLUMNS, _rows(found))


def _rows(found: Coverage) -> list[tuple[object, ...]]:
    statements = {chamber: found.sentence(chamber) for chamber in found.chambers}
    return [
        (
            each.ocd_id,
            each.chamber,
            each.number,
            each.state,
            len(each.organizations),
            len(each.possible),
            found.map_code,
            found.as_of.isoformat(),
            len(found.unassigned),
            found.verdict,
            statements[each.chamber],
        )
        for each in found.districts
    ]


def as_junit(answers: Sequence[Coverage]) -> str:
    """A testcase for each district: a gap fails, and what is possible is skipped, so that any CI shows it."""
    from partners_crm.cli.formats import Case, Suite, junit

    suites = []
    for found in answers:
        properties = (
            ("map", found.map_code),
            ("sha256", found.map_sha256),
            ("as_of", found.as_of.isoformat()),
            ("members", str(found.members)),
            ("unassigned", str(len(found.unassigned))),
            ("verdict", found.verdict),
        )
        for chamber in found.chambers:
            cases = []
            for each in found.of(chamber):
                if each.state == "confirmed":
                    cases.append(Case(each.name, each.ocd_id, "passed"))
                elif each.state == "gap":
                    cases.append(Case(each.name, each.ocd_id, "failure", "no member"))
                else:
                    message = f"possible, not certain: {listed(each.possible)}"
                    cases.append(Case(each.name, each.ocd_id, "skipped", message))
            if found.verdict == "undecided":
                cases.append(Case("the rule", chamber, "error", f"cannot decide: {found.why}"))
            suites.append(Suite(found.sentence(chamber), tuple(cases), (*properties, ("rule", found.rule.text))))
    return junit(suites)


def as_markdown(found: Coverage) -> str:
    """The sentences, then a table of the districts that are not covered for certain."""
    from partners_crm.cli.formats import markdown_table, markdown_text

    lines = [f"{markdown_text(found.sentence(chamber))}\n" for chamber in found.chambers]
    open_ones = [each for each in found.districts if each.state != "confirmed"]
    if open_ones:
        rows = [(each.name, each.state, listed(each.possible)) for each in open_ones]
        lines.append(markdown_table(("District", "Answer", "May be in it"), rows))
    lines.append(f"{unassigned(found)}.\n")
    lines.append(f"Map {found.map_code}, sha256 {found.map_sha256}.\n")
    return "\n".join(lines)


def _table_by_silo(found: Mapping[str, Coverage]) -> None:
    chambers = next(iter(found.values())).chambers if found else ()
    for chamber in chambers:
        rows = []
        filled = cells = 0
        for code, each in found.items():
            confirmed, everything = each.total(chamber)
            possible = sum(one.state == "possible" for one in each.of(chamber))
            filled, cells = filled + confirmed, cells + everything
            gaps = [one.number for one in each.of(chamber) if one.state == "gap"]
            rows.append((code, each.members, f"{confirmed}/{everything}", possible, len(gaps), ranges(gaps)))
        first = next(iter(found.values()))
        out(f"{filled:,} of {cells:,} cells of silo and {first.chamber_names[chamber]} district are filled.")
        out_table(
            ("silo", "members", "covered", "possible", "gaps", "districts without a member of it"),
            rows,
            frozenset({1, 2, 3, 4}),
        )
        out()
    for each in list(found.values())[:1]:
        out(f"Each row proves a sentence such as: {each.sentence(each.chambers[0])}")
    lost = {key for each in found.values() for key, _ in each.unassigned}
    out(f"{len(lost)} members with a silo have no district")


def listed(pairs: Sequence[tuple[int, str]]) -> str:
    """The first few names of (id, name) pairs, and how many more there are."""
    return few([name for _, name in pairs], NAMED)
