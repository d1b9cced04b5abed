"""What a block holds to when it is made: one clear line for each thing that does not fit, without a value of a record.

A fault is a `Misfit`, a `TypeError`: the boundary keeps its words and puts the plugin's name before them.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any

from partners_crm.plugins.answers import Misfit
from partners_crm.plugins.describing import SLUG

MAX_ID = 2**63 - 1
"""The highest id of a record: SQLite's."""
MOST_PARTS = 50_000
"""Parts of a block that is laid out whole; tables, of which the rows in sight are, have any number."""


def put(block: object, name: str, value: object) -> None:
    """Set a field of a frozen block that is being made."""
    object.__setattr__(block, name, value)


def texts(block: object, *names: str) -> None:
    """Hold that fields are plain text."""
    for name in names:
        value = getattr(block, name)
        if not isinstance(value, str):
            raise Misfit(f"it gave {_of(block)} whose {name} is {_kind(value)}, not text")


def tuple_of(block: object, name: str, kind: Any, what: str) -> None:
    """Hold that a field is a sequence of some kind, and make a tuple of it."""
    value = getattr(block, name)
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise Misfit(f"it gave {_of(block)} whose {name} is {_kind(value)}, not a tuple of {what}")
    found = tuple(value)
    for place, each in enumerate(found, 1):
        if not isinstance(each, kind):
            raise Misfit(f"it gave {_of(block)} whose {name} has {_kind(each)} at {place}, not {what}")
    put(block, name, found)


def of_kind(block: object, name: str, kind: Any, what: str) -> None:
    """Hold that a field is of some kind."""
    value = getattr(block, name)
    if not isinstance(value, kind):
        raise Misfit(f"it gave {_of(block)} whose {name} is {_kind(value)}, not {what}")


def among(block: object, name: str, values: Iterable[str]) -> None:
    """Hold that a field is one of some words."""
    allowed = tuple(values)
    if getattr(block, name) not in allowed:
        raise Misfit(f"it gave {_of(block)} whose {name} is none of: {', '.join(allowed)}")


def number(block: object, name: str) -> None:
    """Hold that a field is a number from 0 up."""
    value = getattr(block, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value < 0:
        raise Misfit(f"it gave {_of(block)} whose {name} is no number from 0 up")


def record_id(block: object, name: str, least: int = 1) -> None:
    """Hold that a field is the id of a record, as the file can have it; 0 for none where that is allowed."""
    value = getattr(block, name)
    if type(value) is not int or not least <= value <= MAX_ID:
        raise Misfit(f"it gave {_of(block)} whose {name} is no id of a record: a whole number from {least} to 2^63-1")


def at_most(block: object, what: str, found: int) -> None:
    """Hold that a block that is laid out whole has no more parts than a person could ever look at."""
    if found > MOST_PARTS:
        raise Misfit(f"it gave {_of(block)} with {found:,} {what}: more than {MOST_PARTS:,}, so give a Table")


def as_long(block: object, what: str, place: int, found: int, wanted: int, of: str) -> None:
    """Hold that a row has as many cells as there are columns; places count from 1."""
    if found != wanted:
        raise Misfit(f"it gave {_of(block)} whose {what} {place} has {found} cells for {wanted} {of}")


def unique(block: object, what: str, keys: Iterable[str]) -> None:
    """Hold that no key occurs twice; "" is no key."""
    seen: dict[str, int] = {}
    for place, key in enumerate(keys, 1):
        if key and key in seen:
            raise Misfit(f"it gave {_of(block)} whose {what} {seen[key]} and {place} have the same key")
        seen[key] = place


def pairs(block: object, name: str) -> None:
    """Hold that a field is a sequence of (value, label) pairs of text, and make tuples of it."""
    found = getattr(block, name)
    if isinstance(found, (list, tuple)):
        found = tuple(tuple(pair) if isinstance(pair, (list, tuple)) else pair for pair in found)
        if all(isinstance(pair, tuple) and [type(each) for each in pair] == [str, str] for pair in found):
            put(block, name, found)
            return
    raise Misfit(f"it gave {_of(block)} whose {name} are not (value, label) pairs of text")


def named(block: object, value: str) -> None:
    """Hold that a name is one as everything that a plugin offers has."""
    if SLUG.fullmatch(value) is None:
        raise Misfit(f"it gave {_of(block)} whose name is no word of small letters, digits, - and _")


def _of(block: object) -> str:
    name = type(block).__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
