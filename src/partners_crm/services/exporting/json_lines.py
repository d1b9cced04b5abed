"""Records as JSON Lines: one object a line, everything outside ASCII escaped, so that it is safe everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from partners_crm.services.exporting.tables import Field

_ENCODER = json.JSONEncoder(ensure_ascii=True)


def line_of(value: Mapping[str, Any]) -> bytes:
    """One line."""
    return _ENCODER.encode(value).encode("ascii") + b"\n"


def write_json_lines(stream: BinaryIO, fields: Sequence[Field], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write an object for each row; gives their number. What is not known is "" or null, as everywhere in JSON."""
    count = 0
    for row in rows:
        stream.write(line_of({field.heading: row[field.name] for field in fields}))
        count += 1
    return count
