"""What the import screen says: what is to be read first, how the file was read, what the cursor is on."""

from __future__ import annotations

import re

from textual.content import Content

from partners_crm.errors import FileRefused, PartnersError
from partners_crm.tui.display import joined, label, stacked
from partners_crm.tui.screens.import_work import Number, Preview

BEGIN = "Enter reads the file and says what would happen. Nothing is written yet."
_SHEET_NAMES = re.compile(r'"([^"]+)"')


def refusal(error: PartnersError) -> Content:
    """What stands in the way, and what to do."""
    return stacked([label(error.message, "bold $error"), *([label(error.hint)] if error.hint else [])])


def headline(seen: Preview) -> Content:
    """What should be read first."""
    report = seen.report
    if report is None:
        if seen.error is None:
            return label(BEGIN)
        if seen.mapping is not None and isinstance(seen.error, FileRefused):
            hint = "Enter on a column says what it means; t says how the file is read."
            return stacked([label(seen.error.message, "bold $error"), label(hint)])
        return refusal(seen.error)
    lines = []
    if seen.headline:
        lines.append(label(seen.headline, "bold $warning"))
    counts = seen.told("new", "changed", "same", "rejected")
    if not report.preview:
        known = f"{seen.remembered[:1].upper()}{seen.remembered[1:]}." if seen.remembered else ""
        words = f"Imported as operation {report.operation}; u takes it back."
        lines.append(label(f"{words if report.operation else 'Nothing was written.'} {known}", "bold $accent"))
    elif not seen.rows:
        lines.append(label("The file has a header and no rows."))
    elif not seen.headline or seen.headline.startswith("MAJOR"):
        lines.append(label(f"{counts}. Nothing written; Ctrl+S imports.", "$accent"))
    return stacked(lines)


def how_read(seen: Preview) -> Content:
    """How the file was read, where there is room for it."""
    read = next((each for each in seen.numbers if each.key == "read"), None)
    lines = [label(f"· {each.why}") for each in (read.rows if read else ())]
    return stacked(lines)


def number_detail(number: Number) -> Content:
    """What a number counts."""
    more = number.count - len(number.rows)
    rest = f"  {more:,} more are not listed here; partners import --dry-run --format json names them all."
    listed = bool(number.rows) and more > 0 and number.key != "left"
    return joined([(f"{number.title}: ", "bold"), (number.sentence, ""), (rest if listed else "", "$foreground 70%")])


def column_detail(seen: Preview, place: int) -> Content:
    """A column in full: why it is taken for that, and what stands in it."""
    column = seen.columns[place]
    parts: list[tuple[object, str]] = [(column.name, "bold"), (f"  {column.reason}", "")]
    if column.replaced:
        parts.append((f"; takes the place of another value on {column.replaced:,} rows", "$warning"))
    if column.examples:
        parts.append((f"; such as: {' | '.join(column.examples)}", "$foreground 70%"))
    return joined(parts)


def sheets_in(seen: Preview) -> tuple[str, ...]:
    """Names of worksheets to complete from; any name or number can be typed."""
    said = [seen.described, *(each for each in seen.notes if each.startswith(("sheet not read", "sheets not read")))]
    return tuple(name for each in said if "sheet" in each for name in _SHEET_NAMES.findall(each))
