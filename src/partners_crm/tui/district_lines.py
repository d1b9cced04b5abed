"""A district as a card: why it is answered so, who would close it, and who holds its seat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from textual.content import Content

from partners_crm.services.cards import Card, Row, Section
from partners_crm.services.coverage import LEVEL_WORD, Coverage, DistrictCoverage
from partners_crm.services.coverage.explaining import Explanation, Witness
from partners_crm.services.coverage.gaps import Closing, GapReport, Present
from partners_crm.services.pictures.legend import told
from partners_crm.services.seats import Holder
from partners_crm.tui.display import joined, label, stacked, wrapped

KINDS = {"hq": "headquarters", "service": "service site"}
EVERYBODY = "all organizations"
"""The entity of the line that opens everybody in a district; no record is called so."""
NAMED = 12
"""Organizations of one kind that a gap of the list names."""
METER = 24
"""Cells of a full meter."""
EIGHTHS = ("", *"▏▎▍▌▋▊▉")
"""What ends a meter between two cells."""


def district_card(why: Explanation, closing: Closing | None, *, waiting: bool = False, beside: bool = False) -> Card:
    """The card of a district.

    Its title is the answer in short, its subtitle the whole sentence. `waiting`: who would close it is being read.
    `beside`: it is only looked at and opens nothing, and the sentences of the chambers above it name the terms.
    """
    each = why.district
    certain = [one for one in why.witnesses if one.certain]
    doubtful = [one for one in why.witnesses if one.counts and not one.certain]
    idle = [one for one in why.witnesses if not one.counts]
    sections = [
        Section("Certainly in it", _witnesses(certain) or (Row("", "nobody"),)),
        Section("Possibly in it", _witnesses(doubtful)),
        Section("In it, but does not count", _witnesses(idle)),
    ]
    if closing is not None:
        sections += _remedies(closing)
    elif waiting:
        sections.append(Section("Who would close it", (Row("", "looking…"),)))
    sections.append(Section("Lawmaker", (holder_row(why.lawmaker),)))
    if not beside:
        sections.append(Section("Everybody", (Row("here", "all organizations here, members or not", EVERYBODY),)))
    shown = tuple(section for section in sections if section.rows)
    return Card("district", each.number, each.ocd_id, 0, told(each), "" if beside else why.sentence, shown)


def spelled_out(card: Card) -> Card:
    """The card of a district with its sentence among the sections; what its last one opens stays last."""
    *others, last = card.sections
    return replace(card, sections=(*others, Section("In words", (Row("", card.subtitle),)), last))


def _witnesses(some: Sequence[Witness]) -> tuple[Row, ...]:
    """Each organization once, with its membership, then its sites, who decided on them and what is doubtful."""
    rows: list[Row] = []
    for (key, name), sites in groupby(some, lambda each: (each.organization, each.name)):
        rows.append(Row("organization", name, "organization", key))
        for place, each in enumerate(sites):
            if place == 0 and each.membership:
                since = each.membership.startswith("since")
                rows.append(Row("", f"member{'' if since else ','} {each.membership}", "organization", key))
            rows.append(Row(KINDS.get(each.kind, each.kind), _where(each), "organization", key))
            if each.decision:
                rows.append(Row("decided", each.decision, "organization", key))
            word = "not certain" if each.counts else "but"
            rows += [Row(word, doubt, "organization", key) for doubt in each.doubts]
    return tuple(rows)


def _where(each: Witness) -> str:
    known = LEVEL_WORD.get(each.match_level, f"match level {each.match_level}")
    border = "" if each.border_m is None else f", {_far(each.border_m)} from the border"
    return f"{each.place}; {known}{border}"


def _far(metres: float) -> str:
    return f"{metres:,.0f} m" if metres < 1000 else f"{metres / 1000:,.1f} km"


def _remedies(closing: Closing) -> list[Section]:
    return [
        Section("Nearest members", _near(closing)),
        Section("Was a member here", _named("lapsed", closing.lapsed)),
        Section("Prospects here", _named("prospect", closing.prospects)),
        Section("Never asked", _named("here", closing.others)),
        Section("Associations present", tuple(map(_present, closing.associations))),
    ]


def _near(closing: Closing) -> tuple[Row, ...]:
    return tuple(Row(f"{each.km:,.1f} km", each.name, "organization", each.organization) for each in closing.nearest)


def _named(word: str, some: Sequence[tuple[int, str]]) -> tuple[Row, ...]:
    return tuple(Row(word, name, "organization", key) for key, name in some)


def _present(each: Present) -> Row:
    count = f"{each.members} organization{'' if each.members == 1 else 's'}"
    return Row(count, each.name, "organization", each.association)


def holder_row(holder: Holder | None) -> Row:
    """Who holds a seat, on a line."""
    if holder is None or holder.status == "unknown":
        return Row("not known", "no term of the seat is known for the day")
    since = f"since {holder.since}" if holder.since else "since when is not known"
    if holder.status == "vacant":
        return Row("vacant", f"nobody holds the seat, {since}")
    words = ", ".join(filter(None, (holder.name, holder.party, since, f"until {holder.until}" if holder.until else "")))
    doubt = "" if holder.sure or holder.status == "elect" else " (not certain on the day)"
    return Row(holder.status, words + doubt, "contact", holder.contact)


# -------------------------------------------------------------------- the list of gaps


def gaps_card(report: GapReport) -> Card:
    """Every gap with its remedies, the organizations that close most of them first."""
    found = report.coverage
    count = len(report.closings)
    settled = sum(bool(one.ambiguous) for one in report.closings)
    steps = tuple(
        row
        for number, step in enumerate(report.steps, 1)
        for row in (
            Row(f"{number}. {step.status or 'never asked'}", step.name, "organization", step.organization),
            Row("", _does(step.closes, step.helps), "organization", step.organization),
        )
    )
    ways: list[str] = []
    title = f"{count} open district{'' if count == 1 else 's'}"
    if not count:
        title, first = "No gaps", Section("Nothing to close", (Row("", "every district has a certain member"),))
    elif steps:
        ways.append(f"{report.closable} can be closed by {_organizations(len(report.steps))}")
        first = Section("Win these, in this order", steps)
    else:
        first = Section("Win these", (Row("", "nobody who is known stands in any of them: look for prospects there"),))
    if settled:
        ways.append(f"{settled} hang{'s' if settled == 1 else ''} on an address")
    title += f": {', '.join(ways)}" if ways else ""
    chambers = " ".join(found.sentence(chamber) for chamber in found.chambers)
    # First what can be done something about.
    ranked = sorted(
        report.closings, key=lambda one: (not one.ambiguous, not (one.lapsed or one.prospects or one.others))
    )
    each = (Section(f"{one.district.name}: {one.district.state}", _rows(one)) for one in ranked)
    return Card("gaps", 0, "", 0, title, chambers, (first, *each))


def _rows(one: Closing) -> tuple[Row, ...]:
    rows = [
        *_named("may be in it", one.ambiguous[:NAMED]),
        *_named("was a member", one.lapsed[:NAMED]),
        *_named("prospect", one.prospects[:NAMED]),
        *_named("never asked", one.others[:NAMED]),
    ]
    left = sum(max(0, len(some) - NAMED) for some in (one.ambiguous, one.lapsed, one.prospects, one.others))
    if left:
        rows.append(Row("", f"and {left} more"))
    rows += [row._replace(label=f"{row.label} off") for row in _near(one)]
    rows += [row._replace(value=f"{row.value} (association)") for row in map(_present, one.associations)]
    row = holder_row(one.lawmaker)
    return (*rows, row._replace(label="lawmaker", value=row.value if row.id else f"{row.label}: {row.value}"))


def _does(closes: Sequence[str], helps: Sequence[str]) -> str:
    parts = [f"closes {', '.join(closes)}"] if closes else []
    parts += [f"helps {', '.join(helps)}, which need more"] if helps else []
    return "; ".join(parts)


def _organizations(count: int) -> str:
    return f"{count} organization{'' if count == 1 else 's'}"


# -------------------------------------------------------------------- beside the picture


def meters(found: Coverage, width: int) -> list[Content]:
    """A meter for each chamber, in lines of at most `width` cells."""
    names = [found.chamber_names[chamber] for chamber in found.chambers]
    wide = min(max(map(len, names), default=0), 12)
    room = max(3, min(METER, width - wide - 9))
    rows = []
    for chamber, name in zip(found.chambers, names, strict=True):
        confirmed, everything = found.total(chamber)
        full, part = divmod(8 * room * confirmed // everything if everything else 0, 8)
        bar = "█" * full + EIGHTHS[part]
        parts = [(f"{name[:wide]:{wide}} {confirmed:3}/{everything:<3} ", "bold"), (bar, "$accent")]
        rows.append(joined([*parts, ("░" * (room - len(bar)), "")]))
    return rows


def unassigned(found: Coverage, width: int) -> list[Content]:
    """How many members have no district, where there are any."""
    lost = len(found.unassigned)
    return (
        [label(line) for line in wrapped(f"{lost} of {found.members} members without a district", width)]
        if lost
        else []
    )


def sentences(found: Coverage, width: int, chambers: Iterable[str] = ()) -> list[Content]:
    """The figures as statements with their terms, wrapped."""
    return [
        label(line, "$foreground 80%")
        for chamber in chambers or found.chambers
        for line in wrapped(found.sentence(chamber), width)
    ]


def brief(district: DistrictCoverage, closing: Closing | None, lawmaker: Holder | None, width: int) -> list[Content]:
    """A district in the few lines there are beside the picture."""
    name, _, state = told(district).partition(": ")
    lines = [(name, "bold $accent"), (state, "")]
    lines += [(each, "") for _, each in district.organizations[:3]]
    lines += [(f"? {each}", "") for _, each in district.possible[:2]]
    left = max(0, len(district.organizations) - 3) + max(0, len(district.possible) - 2)
    lines += [(f"and {left} more", "")] if left else []
    if closing is not None:
        counts = (("lapsed", closing.lapsed), ("prospects", closing.prospects), ("never asked", closing.others))
        here = " · ".join(f"{word} {len(some)}" for word, some in counts if some)
        lines += [(here, "")] if here else []
        lines += [(f"{each.km:,.1f} km: {each.name}", "") for each in closing.nearest[:1]]
    if lawmaker is not None and lawmaker.name:
        lines.append((f"lawmaker {lawmaker.name}", ""))
    elif lawmaker is not None:
        lines.append((f"lawmaker {'not known' if lawmaker.status == 'unknown' else lawmaker.status}", ""))
    rows: list[Content] = []
    for text, style in lines:
        some = wrapped(text, width)
        rows += [label(line, style) for line in some[:2]]
    return rows


def under(*blocks: Sequence[Content]) -> Content:
    """Blocks of lines with a blank line between them."""
    rows: list[Content] = []
    for block in blocks:
        if block:
            rows += [label("")] if rows else []
            rows += block
    return stacked(rows)
