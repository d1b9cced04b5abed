"""Rows as a workbook (.xlsx): every cell is a text, so that nothing in it is computed, linked or rounded.

A workbook writes a control character as _x001B_, and a text that looks like that as _x005F_x001B_ (ECMA-376, part 1,
22.9.2.19, ST_Xstring). xlsxwriter does so but for forms that overlap, and takes text between <r> and </r> for markup;
`_cell` spells both out. calamine reads all of it back as it was; openpyxl does not read these forms.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it has no types
from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

from partners_crm.plugins import Page, Problem, Written, neutral, text_of

MAX_CELL = 32_767
"""UTF-16 units that a cell holds."""
MAX_ROWS = 1_048_576
MAX_NAME = 31
"""Characters in the name of a sheet."""
# XML 1.0 has no way to write these; line feed, tab and carriage return it has.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_OVERLAPPING = re.compile("_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_")
_HINT = "export it as CSV or JSON Lines"


def write_workbook(page: Page, path: Path) -> Written:
    """Write a workbook of one sheet over a file; the problems are the cells that no workbook can hold.

    Where there are such cells the file is not what was asked for. The same rows and day give the same bytes. A row at
    a time is in memory; xlsxwriter keeps the others beside the file meanwhile, in a folder of its own.
    """
    with TemporaryDirectory(prefix=f"{path.name}.", dir=path.parent) as folder:
        how = {"constant_memory": True, "tmpdir": folder}
        texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        book = Workbook(str(path), {**how, **texts})
        book.set_properties({"created": datetime.combine(page.as_of, time())})
        book.use_zip64()
        sheet = book.add_worksheet(page.title[:MAX_NAME])
        try:
            count, problems = _write(sheet, book.add_format({"bold": True}), page)
            book.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError that it hides
        finally:
            # It leaves its rows open when it fails.
            with suppress(OSError):
                sheet.row_data_fh.close()
    return Written(rows=count, problems=tuple(problems))


def _write(sheet: Any, bold: Any, page: Page) -> tuple[int, list[Problem]]:
    sheet.freeze_panes(1, 0)
    for number, field in enumerate(page.fields):
        sheet.set_column(number, number, page.widths.get(field.name, 16))
        sheet.write_string(0, number, field.heading, bold)
    problems: list[Problem] = []
    count = 0
    for row in page.rows:
        count += 1
        if count >= MAX_ROWS:
            continue
        for number, field in enumerate(page.fields):
            if text := neutral(text_of(field, row[field.name])):
                cell, reason = _cell(text)
                if reason:
                    problems.append(Problem(count + 1, field.heading, "", reason, _HINT))
                sheet.write_string(count, number, cell)
    if count >= MAX_ROWS:
        reason = f"and {count - MAX_ROWS + 1:,} rows more than a sheet holds"
        problems.append(Problem(MAX_ROWS + 1, "", "", reason, _HINT))
    sheet.autofilter(0, 0, min(count, MAX_ROWS - 1), max(len(page.fields) - 1, 0))
    return count, problems


def _cell(text: str) -> tuple[str, str]:
    """What to give to xlsxwriter for a text, and why no cell can hold it; "" when one can."""
    if found := _UNFIT.search(text):
        return "", f"holds the character U+{ord(found[0]):04X}, which a workbook cannot hold"
    if len(text) * 2 > MAX_CELL and (size := len(text.encode("utf-16-le")) // 2) > MAX_CELL:
        return "", f"holds {size:,} characters; a cell of a workbook holds {MAX_CELL:,}"
    if not (_OVERLAPPING.search(text) or text.startswith("<r>")):
        return text, ""
    # As markup of ours: references to the underscore keep xlsxwriter from escaping what is escaped already.
    spelt = _ESCAPE.sub("_x005F_", text).replace("\r", "_x000D_")
    for letter, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("_", "&#95;")):
        spelt = spelt.replace(letter, reference)
    markup = f'<r><t xml:space="preserve">{spelt}</t></r>'
    if len(markup.encode("utf-16-le")) // 2 > MAX_CELL:
        return "", "holds too many signs that a workbook spells out"
    return markup, ""
