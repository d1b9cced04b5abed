"""What `partners coverage explain`, `gaps`, `diff` and `snapshot` print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from itertools import zip_longest
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coverage_formats import code_of, listed, rule_json, unassigned
from partners_crm.cli.formats import markdown_table, markdown_text
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.crm import Crm
from partners_crm.normalize.text import ranges
from partners_crm.services.coverage import SCHEMA_VERSION, Coverage, Rule, comparing, explaining, snapshots
from partners_crm.services.coverage import gaps as closing
from partners_crm.services.seats import Holder
from partners_crm.store.maps import districts_of, map_for

NAMED = 3
"""Organizations named in a cell; JSON names all."""


def explain(crm: Crm, options: argparse.Namespace, rule: Rule, day: date) -> int:
    """Print why a district is judged so, in each chamber asked about that has one of that number."""
    chosen = map_for(crm.db, day, code=rule.map, by=rule.map_by)
    numbers = districts_of(crm.db, chosen).numbers
    chambers = [rule.chamber] if rule.chamber != "both" else [c for c in numbers if options.number in numbers[c]]
    found = [
        explaining.explain(crm.db, day, rule, chamber, options.number) for chamber in chambers or list(numbers)[:1]
    ]
    if options.format == "json":
        out_json({"schema_version": SCHEMA_VERSION, "districts": [_explained(each) for each in found]})
    elif options.format == "csv":
        rows = [
            (each.district.ocd_id, each.district.state, *_witness(one), "; ".join(one.doubts), *_terms(each))
            for each in found
            for one in each.witnesses
        ]
        rows += [
            (each.district.ocd_id, each.district.state, *[""] * (len(_WITNESS) + 1), *_terms(each))
            for each in found
            if not each.witnesses
        ]
        out_csv(["ocd_id", "state", *_WITNESS, "doubts", "map", "as_of", "statement"], rows)
    else:
        for place, each in enumerate(found):
            if place:
                out()
            _print_explained(each)
    states = {each.district.state for each in found}
    if "gap" in states:
        return exit_codes.FINDINGS
    return exit_codes.UNDECIDED if rule.strict and "possible" in states else exit_codes.DONE


def _terms(each: explaining.Explanation) -> tuple[str, str, str]:
    return each.coverage.map_code, each.coverage.as_of.isoformat(), each.sentence


_WITNESS = (
    "organization",
    "name",
    "site",
    "kind",
    "certain",
    "share",
    "method",
    "match_level",
    "border_m",
    "membership",
    "decision",
)


def _witness(one: explaining.Witness) -> tuple[object, ...]:
    values = (getattr(one, name) for name in _WITNESS)
    return tuple(("no", "yes")[value] if isinstance(value, bool) else value for value in values)


def _explained(each: explaining.Explanation) -> dict[str, Any]:
    found = each.coverage
    return {
        "ocd_id": each.district.ocd_id,
        "name": each.district.name,
        "state": each.district.state,
        "statement": each.sentence,
        "as_of": found.as_of.isoformat(),
        "map": {"id": found.map_code, "sha256": found.map_sha256},
        "rule": rule_json(found),
        "legislator": _holder(each.lawmaker),
        "witnesses": [asdict(one) for one in each.witnesses],
    }


def _print_explained(each: explaining.Explanation) -> None:
    out(each.sentence)
    for one in each.witnesses:
        out()
        word = "certain" if one.certain else "possible" if one.counts else "-"
        out(f"{word:<8}  {one.name} ({one.membership or 'no membership of ours'})")
        out(f"          {one.place}")
        out(f"          {_how(one)}")
        if one.decision:
            out(f"          {one.decision}")
        for doubt in one.doubts:
            out(f"          - {doubt}")
    out()
    out(f"Lawmaker: {_lawmaker(each.lawmaker)}")


def _how(one: explaining.Witness) -> str:
    from partners_crm.services.coverage import LEVEL_WORD

    words = {"zip": "by the area of its ZIP code", "stated": "stated in a file", "manual": "decided by a person"}
    how = words.get(one.method) or f"known by {LEVEL_WORD.get(one.match_level, f'match level {one.match_level}')}"
    border = "" if one.border_m is None else f", {one.border_m:,.0f} m from the nearest other district"
    kind = {"hq": "headquarters", "service": "service site"}.get(one.kind, one.kind)
    return f"{kind}, {how}{border}"


def _holder(holder: Holder | None) -> dict[str, Any] | None:
    return None if holder is None or holder.status in {"vacant", "unknown"} else asdict(holder)


def _lawmaker(holder: Holder | None) -> str:
    if holder is None or holder.status == "unknown":
        return "not known"
    if holder.status == "vacant":
        return f"nobody in {holder.source}, taken as vacant" if holder.source else "the seat is vacant"
    return ", ".join(filter(None, (holder.name, holder.party, holder.since and f"since {holder.since}")))


# -------------------------------------------------------------------- gaps


def gaps(crm: Crm, options: argparse.Namespace, rule: Rule, day: date) -> int:
    """Print who would close each gap: 0 there is none, 1 there are some."""
    found = closing.gaps(crm.db, day, rule)
    if options.format == "json":
        out_json(_gaps_json(found))
    elif options.format == "csv":
        out_csv(_REMEDIES, [(each.district.ocd_id, *row) for each in found.closings for row in _remedies(each)])
    elif options.format == "markdown":
        _gaps_markdown(found)
    else:
        _print_gaps(found)
    return code_of(found.coverage)


_REMEDIES = ("ocd_id", "district", "answer", "remedy", "id", "name", "detail")


def _remedies(each: closing.Closing) -> list[tuple[object, ...]]:
    head = (each.district.name, each.district.state)
    rows: list[tuple[object, ...]] = []
    for remedy, some in (
        ("confirm the place of", each.ambiguous),
        ("win back", each.lapsed),
        ("win", each.prospects),
        ("ask", each.others),
    ):
        rows += [(*head, remedy, key, name, "") for key, name in some]
    rows += [(*head, "nearest member", near.organization, near.name, f"{near.km} km") for near in each.nearest]
    rows += [
        (*head, "association there", one.association, one.name, f"{one.members} members") for one in each.associations
    ]
    return rows or [(*head, "", "", "", "nobody is known there")]


def _print_gaps(found: closing.GapReport) -> None:
    _statements(found.coverage)
    known = any(each.lawmaker is not None and each.lawmaker.status != "unknown" for each in found.closings)
    for each in found.closings:
        out()
        state = "" if each.district.state == "gap" else " (possible)"
        out(f"{each.district.name}{state}" + (f"   lawmaker: {_lawmaker(each.lawmaker)}" if known else ""))
        for label, text in (
            ("confirm", listed(each.ambiguous)),
            ("win back", listed(each.lapsed)),
            ("prospects", listed(each.prospects)),
            ("ask", listed(each.others)),
            ("associations", ", ".join(f"{one.name} ({one.members})" for one in each.associations[:NAMED])),
            ("nearest", ", ".join(f"{near.name} {near.km} km" for near in each.nearest)),
        ):
            if text:
                out(f"  {label:13} {text}")
    if found.steps:
        out()
        closable = found.closable
        who = "1 organization" if len(found.steps) == 1 else f"{len(found.steps)} organizations"
        out(f"{who} would close {closable} of {len(found.closings)}:")
        for place, step in enumerate(found.steps, 1):
            what = f"closes {', '.join(step.closes)}" if step.closes else f"helps {', '.join(step.helps)}"
            out(f"  {place:3}. {step.name}{f' ({step.status})' if step.status else ''}: {what}")
    elif found.closings:
        out()
        out("no organization outside the coalition is known to stand in any of them")
    if found.coverage.unassigned:
        names = listed(found.coverage.unassigned)
        out(f"{unassigned(found.coverage)}: {names} (partners check places says what to do)")
    if found.closings and not known:
        out("no lawmaker is known: partners seats load FILE reads a roster")


def _gaps_markdown(found: closing.GapReport) -> None:
    rows = [
        (each.district.name, *(str(cell) for cell in row[1:])) for each in found.closings for row in _remedies(each)
    ]
    lines = [markdown_text(found.coverage.sentence(chamber)) + "\n" for chamber in found.coverage.chambers]
    lines.append(markdown_table(("District", "Answer", "Remedy", "Id", "Organization", "Detail"), rows))
    sys.stdout.write("\n".join(lines))


def _gaps_json(found: closing.GapReport) -> dict[str, Any]:
    def pairs(some: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
        return [{"id": key, "name": name} for key, name in some]

    return {
        "schema_version": SCHEMA_VERSION,
        **_head(found.coverage),
        "gaps": [
            {
                "ocd_id": each.district.ocd_id,
                "chamber": each.district.chamber,
                "number": each.district.number,
                "state": each.district.state,
                "ambiguous": pairs(each.ambiguous),
                "nearest": [asdict(near) for near in each.nearest],
                "lapsed": pairs(each.lapsed),
                "prospects": pairs(each.prospects),
                "others": pairs(each.others),
                "associations": [asdict(one) for one in each.associations],
                "legislator": _holder(each.lawmaker),
            }
            for each in found.closings
        ],
        "steps": [asdict(step) for step in found.steps],
    }


# -------------------------------------------------------------------- diff and snapshot


def diff(crm: Crm, options: argparse.Namespace, rule: Rule, day: date) -> int:
    """Print how two answers differ: 0 nothing was lost, 1 a district is worse off."""
    found = comparing.diff(crm.db, day, rule, options.before, options.after)
    if options.format == "json":
        out_json(_diff_json(found))
    elif options.format == "csv":
        out_csv(["what", "ocd_id", "name", "before", "after", "left", "came"], _diff_rows(found))
    else:
        _print_diff(found, day, markdown=options.format == "markdown")
    return exit_codes.FINDINGS if found.lost else exit_codes.DONE


def _diff_rows(found: comparing.Diff) -> list[tuple[object, ...]]:
    """The statements of both sides, then every district whose answer differs, then every member that moves."""
    rows: list[tuple[object, ...]] = [
        ("statement", "", "", one, other, "", "")
        for one, other in zip_longest(found.before.statements, found.after.statements, fillvalue="")
    ]
    rows += [
        ("district", each.ocd_id, each.name, each.before, each.after, "; ".join(each.left), "; ".join(each.came))
        for each in found.changes
    ]
    return rows + [
        (
            f"member, {each.chamber}",
            "",
            each.name,
            ranges(each.before),
            ranges(each.after),
            "; ".join(each.lawmakers_before),
            "; ".join(each.lawmakers_after),
        )
        for each in found.movers
    ]


def _print_diff(found: comparing.Diff, today: date, *, markdown: bool) -> None:
    def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        if markdown:
            sys.stdout.write("\n" + markdown_table(headers, rows) + "\n")
        else:
            out_table(headers, rows)

    for side in (found.before, found.after):
        out(f"{side.label} ({side.as_of}, map {side.map_code}):")
        for statement in side.statements:
            out(f"  {statement}")
    out()
    only = {each.ocd_id for each in found.lost_their_only}
    out(f"{len(found.lost)} lost, {len(found.gained)} gained; {len(only)} lost their only member")
    if found.changes:
        rows = [
            (
                each.name,
                each.before or "not there",
                each.after or "not there",
                ", ".join(each.left[:NAMED]) + (" (its only member)" if each.ocd_id in only else ""),
                ", ".join(each.came[:NAMED]),
            )
            for each in found.changes
        ]
        table(("district", "before", "after", "left", "came"), rows)
    if found.movers:
        out()
        out(f"members that get another district ({len(found.movers)}), and who holds those numbers on {today}:")
        names = {"house": "HD", "senate": "SD"}
        moves = [
            (
                each.name,
                f"{names.get(each.chamber, each.chamber)} {ranges(each.before)} -> {ranges(each.after)}",
                ", ".join(filter(None, each.lawmakers_before)),
                ", ".join(filter(None, each.lawmakers_after)),
            )
            for each in found.movers
        ]
        table(("member", "district", "holds the old number", "holds the new number"), moves)


def _diff_json(found: comparing.Diff) -> dict[str, Any]:
    def side(each: snapshots.Answer) -> dict[str, Any]:
        return {
            "label": each.label,
            "as_of": each.as_of,
            "map": each.map_code,
            "rule": each.terms,
            "statements": list(each.statements),
        }

    return {
        "schema_version": SCHEMA_VERSION,
        "before": side(found.before),
        "after": side(found.after),
        "changes": [asdict(each) for each in found.changes],
        "lost": [each.ocd_id for each in found.lost],
        "gained": [each.ocd_id for each in found.gained],
        "lost_their_only": [each.ocd_id for each in found.lost_their_only],
        "movers": [asdict(each) for each in found.movers],
    }


def snapshot(crm: Crm, options: argparse.Namespace, rule: Rule, day: date) -> int:
    """Keep an answer under a name, or forget it."""
    if options.delete:
        with crm.changes(f"forget the coverage answer {options.name}") as unit:
            snapshots.forget(unit, options.name)
        if options.format == "json":
            out_json({"schema_version": SCHEMA_VERSION, "deleted": options.name})
        else:
            out(f"forgot {options.name}; partners undo brings it back")
        return exit_codes.DONE
    found = crm.coverage(rule, as_of=day)
    with crm.changes(f"keep the coverage answer {options.name}") as unit:
        made = snapshots.keep(unit, found, options.name)
    if options.format == "json":
        out_json({"schema_version": SCHEMA_VERSION, "snapshot": made.name, **_head(found)})
    elif options.format == "csv":
        out_csv(["snapshot", "as_of", "map", "statement"], [(made.name, made.as_of, made.map, made.statement)])
    else:
        out(f"kept {made.name}; compare with it: partners coverage diff {made.name!r}")
        _statements(found)
    return exit_codes.DONE


def _statements(found: Coverage) -> None:
    for chamber in found.chambers:
        out(found.sentence(chamber))


def _head(found: Coverage) -> dict[str, Any]:
    return {
        "as_of": found.as_of.isoformat(),
        "map": {"id": found.map_code, "sha256": found.map_sha256},
        "rule": rule_json(found),
        "statements": [found.sentence(chamber) for chamber in found.chambers],
    }
