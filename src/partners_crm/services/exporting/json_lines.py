"""Lines of JSON: one object a line, everything outside ASCII escaped, so that it is safe everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=True)


def line_of(value: Mapping[str, Any]) -> bytes:
    """One line."""
    return _ENCODER.encode(value).encode("ascii") + b"\n"
