"""Whether a value of a file says what is known already, in other words or more exactly."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from partners_crm.model import CustomField, Table
from partners_crm.normalize.addresses import parse_parts
from partners_crm.normalize.text import fold

Comparison = Literal["same", "finer", "other"]
"""A value means what is known, or less of it; means the same more exactly; or means something else."""
_NEAR = 1e-4
"""Degrees, some ten metres: two points as near are one."""
_PARTS = re.compile(r"[^\W\d_]+|\d+")


def compare(table: type[Table], name: str, value: Any, known: Any) -> Comparison:
    """How the value of a field in a file compares with the known one; neither is empty."""
    if isinstance(value, float) and isinstance(known, int | float):
        return "same" if abs(value - known) < _NEAR else "other"
    text, there = str(value).strip(), str(known).strip()
    if fold(text) == fold(there):
        return "same"
    if table.declarations()[name].kind == "day":
        return _by_beginning(text, there)
    if name == "postal_code":
        # 60629 and 60629-0721; of two extensions one is another place.
        return _by_beginning(text, there) if 5 in {len(text), len(there)} else "other"
    if name == "state":
        return "same" if _state(text) == _state(there) else "other"
    if name == "service_area":
        return "same" if _area(text) == _area(there) else "other"
    return "other"


def compare_own(field: CustomField, value: str, known: str) -> Comparison:
    """`compare` of the values of one of the coalition's own fields, as they are stored."""
    if fold(value) == fold(known):
        return "same"
    if field.kind == "date":
        return _by_beginning(value, known)
    if field.kind == "number":
        try:
            return "same" if Decimal(value) == Decimal(known) else "other"
        except InvalidOperation:
            return "other"
    return "other"


def _by_beginning(value: str, known: str) -> Comparison:
    if known.startswith(value):
        return "same"
    return "finer" if value.startswith(known) else "other"


def _state(text: str) -> str:
    return parse_parts("", "", "", text, "").state or fold(text)


def _area(text: str) -> str:
    """An area without what joins its parts; of numbers each stays by itself: House 80, 76 is House 80 and 76."""
    parts = [part for part in _PARTS.findall(fold(text)) if part != "and"]
    return "".join(f" {part} " if part.isdecimal() else part for part in parts)
