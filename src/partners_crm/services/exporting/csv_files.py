"""Rows as a CSV file: UTF-8, commas, every cell quoted, CRLF at the end of a row.

Quotes around every cell keep blanks and line breaks in every program, and a bare CR inside a cell; the line ends are
those of RFC 4180.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from partners_crm.normalize.neutral import neutral
from partners_crm.services.exporting.tables import Field, text_of

MARK = b"\xef\xbb\xbf"
"""Tells Excel that a CSV file is UTF-8; to other programs it is part of the first header: written on request alone."""


def write_csv(
    stream: BinaryIO, fields: Sequence[Field], rows: Iterable[Mapping[str, Any]], *, mark: bool = False
) -> int:
    """Write a header and the rows; gives the number of rows."""
    if mark:
        stream.write(MARK)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([field.heading for field in fields])
    count = 0
    for row in rows:
        writer.writerow([neutral(text_of(field, row[field.name])) for field in fields])
        count += 1
    text.flush()
    text.detach()
    return count
