"""Whether what a plugin describes is sound: told by the declarations of the descriptions themselves."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from partners_crm.plugins.answers import Misfit

SLUG = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""What anything that a plugin offers may be called."""
MAX_TITLE = 120
"""Characters of a title or a label."""
_TITLES = ("title", "label", "about")
_MANY = ", ..."


def check(items: Iterable[object]) -> None:
    """Refuse descriptions that nothing could be done with.

    Raises:
        Misfit: a name is none or stands twice, a function is none, a text or a tuple is something else or holds it.
    """
    names: Counter[str] = Counter()
    for item in items:
        _check(item, type(item).__name__)
        names[str(getattr(item, "name", ""))] += 1
    twice = [name for name, times in names.items() if name and times > 1]
    if twice:
        raise Misfit(f"it describes {twice[0]} more than once")


def _check(item: object, path: str) -> None:
    if not is_dataclass(item) or isinstance(item, type):
        return
    declared = {each.name: str(each.type) for each in fields(item)}
    name = getattr(item, "name", None)
    if "name" in declared and (not isinstance(name, str) or SLUG.fullmatch(name) is None):
        raise Misfit(f"the name of a {path} is no word of small letters, digits, - and _")
    where = f"{path} {name}" if name else path
    for field, kind in declared.items():
        value = getattr(item, field)
        _check_field(f"{field} of {where}", kind, value, item)
        if kind.startswith("tuple[") and isinstance(value, tuple):
            described = [each for each in value if is_dataclass(each)]
            check(described)
    for each in fields(item):
        if each.name in _TITLES and each.default is MISSING and declared[each.name] == "str":
            _check_title(f"{each.name} of {where}", getattr(item, each.name))


def _check_field(where: str, kind: str, value: Any, item: object) -> None:
    """Whether a value fits its declared type, and everything in it where that is a tuple of many."""
    _check_kind(where, kind, value)
    if kind.startswith("tuple[") and kind.endswith(f"{_MANY}]"):
        for each in value:
            _check_element(where, kind[len("tuple[") : -len(f"{_MANY}]")], each, item)


def _check_kind(where: str, kind: str, value: Any) -> None:
    """Whether a value fits the first word of its declared type."""
    if value is None and "None" in kind:
        return
    if "Callable[" in kind:
        if not callable(value):
            raise Misfit(f"the {where} is no function")
    elif kind.startswith("tuple["):
        if not isinstance(value, tuple):
            raise Misfit(f"the {where} is {type(value).__name__} instead of a tuple: write a comma behind the last")
    elif kind == "bool":
        if not isinstance(value, bool):
            raise Misfit(f"the {where} is neither True nor False")
    elif kind == "int":
        if not isinstance(value, int):
            raise Misfit(f"the {where} is no whole number")
    elif kind == "str" and not isinstance(value, str):
        raise Misfit(f"the {where} is {type(value).__name__} instead of a text")


def _check_element(where: str, kind: str, value: Any, item: object) -> None:
    """Whether what a tuple holds is of its declared kind: a text, a tuple of such, or a description."""
    if kind == "str":
        if not isinstance(value, str):
            raise Misfit(f"the {where} holds something else than texts")
    elif kind.startswith("tuple["):
        inner = kind.removeprefix("tuple[").removesuffix("]").split(", ")
        if not isinstance(value, tuple) or len(value) != len(inner):
            raise Misfit(f"the {where} holds something else than tuples of {len(inner)}")
        for one, each in zip(inner, value, strict=True):
            _check_element(where, one, each, item)
    else:
        declared = _declared(kind, item)
        if declared is not None and not isinstance(value, declared):
            raise Misfit(f"the {where} holds {type(value).__name__} instead of {kind}")
        if isinstance(value, tuple):  # a named one: its fields are declared like those of a description
            for name, one in getattr(declared, "__annotations__", {}).items():
                each, inside = getattr(value, name), getattr(one, "__forward_arg__", one)
                _check_field(f"{name} of a {kind} in the {where}", str(inside), each, item)


def _declared(kind: str, item: object) -> type | None:
    """The class of that name where the description was declared."""
    for base in type(item).__mro__:
        found = getattr(sys.modules.get(base.__module__), kind, None)
        if isinstance(found, type):
            return found
    return None


def _check_title(where: str, value: str) -> None:
    if not value.strip():
        raise Misfit(f"the {where} is empty")
    if "\n" in value or len(value) > 4 * MAX_TITLE:
        raise Misfit(f"the {where} is no single line")
