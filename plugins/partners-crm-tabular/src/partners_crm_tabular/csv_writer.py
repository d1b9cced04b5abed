"""Rows as a CSV file: UTF-8, commas, every cell quoted, CRLF at the end of a row.

Quotes around every cell keep blanks and line breaks in every program, and a bare CR inside a cell; the line ends are
those of RFC 4180.
"""

from __future__ import annotations

import csv
from pathlib import Path

from partners_crm.plugins import Page, Written, neutral, text_of

_DIALECT = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True}


def write_csv(page: Page, path: Path) -> Written:
    """Write a header and the rows.

    With `page.excel` the file begins with a mark that tells Excel that it is UTF-8; to other programs it is part of
    the first header.
    """
    encoding = "utf-8-sig" if page.excel else "utf-8"
    count = 0
    with path.open("w", encoding=encoding, newline="") as text:
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow([field.heading for field in page.fields])
        for row in page.rows:
            writer.writerow([neutral(text_of(field, row[field.name])) for field in page.fields])
            count += 1
    described = {"format": "csv", "mediatype": "text/csv", "encoding": encoding, "dialect": _DIALECT}
    return Written(rows=count, described=described)
