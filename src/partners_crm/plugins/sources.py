"""What the source of a plugin says, read as text: its hooks, and what it declares of itself. Nothing is imported."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from partners_crm.plugins.groups import HOOKS, INFO_HOOK

MARK = "hookimpl"
_UNKNOWN = object()


@dataclass(frozen=True, slots=True)
class Source:
    """What the text of one module, or of some, says."""

    hooks: tuple[str, ...] = ()
    """Functions with `hookimpl` above them, and hooks that are imported from another module."""
    unmarked: tuple[str, ...] = ()
    """Functions with the name of a hook and no mark: they are never called."""
    info: Mapping[str, Any] | None = None
    """What `plugin_info` returns, as far as it is written out; None where it returns none, or it cannot be read."""
    whole: bool = True
    """Whether all of it could be read; without that, a hook that is not seen may be there all the same."""


def of_modules(places: Iterable[Path | None]) -> Source:
    """What some modules say together; None stands for one whose source is not there."""
    hooks: list[str] = []
    unmarked: list[str] = []
    info: Mapping[str, Any] | None = None
    whole = True
    for place in places:
        found = _read(place) if place is not None else Source(whole=False)
        hooks += found.hooks
        unmarked += found.unmarked
        info = info if info is not None else found.info
        whole = whole and found.whole
    return Source(tuple(dict.fromkeys(hooks)), tuple(dict.fromkeys(unmarked)), info, whole)


def place_of(module: str) -> Path | None:
    """The source of a module on the path, found without importing it or its package; None where there is no text."""
    first, *rest = module.partition(":")[0].split(".")
    try:
        spec = importlib.util.find_spec(first)
        for number in range(len(rest)):
            if spec is None:
                return None
            path: Sequence[str] = list(spec.submodule_search_locations or ())
            spec = PathFinder.find_spec(".".join((first, *rest[: number + 1])), path)
    except (ImportError, ValueError, AttributeError, OSError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _read(place: Path) -> Source:
    try:
        tree = ast.parse((place / "__init__.py" if place.is_dir() else place).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        # Python 3.11 raises a SystemError where two threads parse at once.
        return Source(whole=False)
    hooks: list[str] = []
    unmarked: list[str] = []
    info: Mapping[str, Any] | None = None
    whole = True
    for each in tree.body:
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if any(map(_is_mark, each.decorator_list)):
                hooks.append(each.name)
                info = _info(each) if each.name == INFO_HOOK else info
            elif each.name in HOOKS:
                unmarked.append(each.name)
        elif isinstance(each, ast.ImportFrom):
            names = [alias.asname or alias.name for alias in each.names]
            hooks += [name for name in names if name in HOOKS]
            whole = whole and "*" not in names
        elif isinstance(each, (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.Match)):
            whole = whole and _is_for_types(each)  # a hook may lie inside
    return Source(tuple(hooks), tuple(unmarked), info, whole)


def _is_mark(node: ast.expr) -> bool:
    inner = node.func if isinstance(node, ast.Call) else node
    return (isinstance(inner, ast.Name) and inner.id == MARK) or (
        isinstance(inner, ast.Attribute) and inner.attr == MARK
    )


def _is_for_types(node: ast.stmt) -> bool:
    """Whether it is the condition under which only type checkers read on."""
    return isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _info(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Mapping[str, Any] | None:
    """What the call that a function returns is given by name; what is not written out is left away."""
    for statement in function.body:
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Call):
            return _given(statement.value)
    return None


def _given(call: ast.Call) -> dict[str, Any]:
    values = {each.arg: _value(each.value) for each in call.keywords if each.arg}
    return {name: value for name, value in values.items() if value is not _UNKNOWN}


def _value(node: ast.expr) -> Any:
    """A literal; a tuple or a list of descriptions as a tuple of what each is given."""
    if isinstance(node, (ast.Tuple, ast.List)) and node.elts and all(isinstance(each, ast.Call) for each in node.elts):
        return tuple(_given(each) for each in node.elts if isinstance(each, ast.Call))
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return _UNKNOWN
