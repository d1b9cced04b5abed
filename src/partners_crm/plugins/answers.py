"""What plugins answer, consumed and checked inside the boundary, and what they are handed, sealed."""

from __future__ import annotations

import inspect
import math
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from partners_crm.errors import PartnersError
from partners_crm.plugins.failures import LOAD_STAGES, PluginFailed, PluginFailure

R = TypeVar("R")
FRAMES = 8
"""Frames of a failure that are kept, the last ones."""
MOST = 5_000_000
"""Things that a plugin may answer at once: whoever answers without end fails instead of filling the memory."""


MAX_ID = 2**63 - 1
"""The largest id that SQLite keeps."""
MAX_WHOLE = 10**18 - 1
"""The largest whole number of a cell: a longer one is a number of nothing, and Python refuses to write the longest."""


class Misfit(TypeError):
    """An answer is not what it should be; its text is ours, and says no more than kinds."""


def taken(result: object, kind: type[R] | tuple[type[R], ...], what: str) -> tuple[R, ...]:
    """Everything that a hook returned, consumed; to be called inside the boundary.

    Raises:
        Misfit: it is no list of what it should be.
    """
    if result is None:
        return ()
    _refuse_coroutine(result, f"{what} are")
    if isinstance(result, (str, bytes, Mapping)) or not isinstance(result, Iterable):
        raise Misfit(f"it answered {type(result).__name__} instead of a list of {what}")
    found: list[R] = []
    for each in result:
        if not isinstance(each, kind):
            raise Misfit(f"it answered a list with {type(each).__name__} in it, instead of {what}")
        found.append(each)
        if len(found) > MOST:
            raise Misfit(f"it answered more than {MOST:,} of {what}")
    return tuple(found)


def one(result: object, kind: type[R] | tuple[type[R], ...], what: str) -> R:
    """What a function returned, which has to be of a kind; to be called inside the boundary.

    Raises:
        Misfit: it is something else.
    """
    _refuse_coroutine(result, f"{what} is")
    if not isinstance(result, kind):
        raise Misfit(f"it answered {type(result).__name__} instead of {what}")
    return result


def plain(text: str) -> str:
    """A text that is nothing else: what a class derived from `str` overrides is not called outside the boundary."""
    return text if type(text) is str else str.__str__(text)


def cell_of(value: object) -> str | int | float | bool | None:
    """A cell of a table, as a plain text, number, yes or no, or None.

    Raises:
        Misfit: it is something else, or a number that cannot be written down.
    """
    if value is None or isinstance(value, (str, bool)):
        return plain(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return whole(value, "a cell with a number", -MAX_WHOLE, MAX_WHOLE)
    if isinstance(value, float):
        number = float.__float__(value)
        if not math.isfinite(number):
            raise Misfit("it answered a cell with a number that is none")
        return number
    raise Misfit(f"it answered a cell that is {type(value).__name__}, not a text or a number")


def whole(value: object, what: str, least: int, most: int) -> int:
    """A plain whole number between these two, which belong to it.

    Raises:
        Misfit: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise Misfit(f"it answered {what} that is no whole number")
    number = int.__int__(value)
    if not least <= number <= most:
        raise Misfit(f"it answered {what} that is too large or too small")
    return number


def _refuse_coroutine(result: object, what: str) -> None:
    if inspect.iscoroutine(result):
        result.close()
        raise Misfit(f"it is a coroutine: {what} asked for in a plain function, without async")


def sealed(value: Any) -> Any:
    """What a plugin is handed: containers that cannot be changed, all the way down."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: sealed(each) for name, each in value.items()})
    if isinstance(value, AbstractSet):
        return frozenset(value)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return tuple(sealed(each) for each in value)
    return value


def reason_of(error: BaseException, stage: str = "call") -> str:
    """Why a call failed, in one line.

    The words of an error may quote a record, so only ours are kept; while a plugin is loaded there is no record yet.
    """
    try:
        return _reason_of(error, stage)
    except BaseException:  # the error is the plugin's, and so may be everything about it
        return "it raised an error of which nothing can be told"


def _reason_of(error: BaseException, stage: str) -> str:
    if type(error) is Misfit:
        return str(error)
    if isinstance(error, SystemExit):
        return "it tried to end the program (SystemExit)"
    if isinstance(error, KeyboardInterrupt):
        return "it tried to interrupt the program (KeyboardInterrupt)"
    words = _words(error) if stage in LOAD_STAGES else ""
    return f"it raised {type(error).__name__}{f': {words}' if words else ''}"


def _words(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:300]
    except BaseException:  # the error is the plugin's, and so is the function that makes its text
        return ""


def where_in(error: BaseException) -> str:
    """The frames of an error, without values: file, line and function, the last one first."""
    try:
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        return "\n".join(f"{Path(each.filename).name}:{each.lineno} in {each.name}" for each in reversed(frames))
    except BaseException:  # to find the lines a loader of the plugin's may be asked
        return ""


def is_ours(error: BaseException) -> bool:
    """Whether an error is one of ours as we make them, which can be handed on: not one that a plugin derived."""
    kind = type(error)
    try:
        module = sys.modules.get(kind.__module__)
        is_known = kind.__module__.startswith("partners_crm.") and getattr(module, kind.__name__, None) is kind
        if not (is_known and isinstance(error, PartnersError)):
            return False
        said = vars(error)
        words = [said.get("message"), said.get("hint"), *(said[name] for name in ("field", "reason") if name in said)]
        is_whole = not isinstance(error, PluginFailed) or type(said.get("failure")) is PluginFailure
        return is_whole and all(type(each) is str for each in words)
    except BaseException:  # what is asked of it may be the plugin's own
        return False
