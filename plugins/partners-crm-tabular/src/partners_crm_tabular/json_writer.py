"""Rows as JSON Lines: one object a line, everything outside ASCII escaped, so that it is safe everywhere."""

from __future__ import annotations

import json
from pathlib import Path

from partners_crm.plugins import Page, Written

_ENCODER = json.JSONEncoder(ensure_ascii=True)


def write_json_lines(page: Page, path: Path) -> Written:
    """Write an object for each row. What is not known is "" or null, as everywhere in JSON."""
    count = 0
    with path.open("w", encoding="ascii", newline="") as text:
        for row in page.rows:
            text.write(_ENCODER.encode({field.heading: row[field.name] for field in page.fields}) + "\n")
            count += 1
    return Written(rows=count)
