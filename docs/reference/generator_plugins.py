"""Writes the reference of the plugin interface from the hook specifications and the descriptions, through cog."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from generator import cell

from partners_crm import plugins
from partners_crm.plugins import block_cells, context, groups, marks, screens, specs
from partners_crm.plugins import blocks as all_blocks
from partners_crm.services.importing import input_files

_WORDS = re.compile(r"\s+")
_METHODS = ("PluginContext", "PluginChanges", "InputFile")
"""Classes whose methods a plugin calls."""


def hooks() -> str:
    """Every hook: when it is called, how often, what a failure does, since when."""
    parts = []
    for group, title, names in (
        (specs.HeadlessHooks, groups.PROJECT, groups.HEADLESS_HOOKS),
        (specs.ScreenHooks, groups.SCREEN_GROUP, groups.SCREEN_HOOKS),
    ):
        parts += [f"### Group `{title}`", "", said(group), ""]
        for name in names:
            function = getattr(group, name)
            first, *rest = inspect.cleandoc(function.__doc__ or "").split("\n\n")
            answer = inspect.signature(function).return_annotation
            parts += [f"#### `{name}`", "", f"`{name}() -> {answer}`", "", line(first), ""]
            parts += [line(each) + "\n" for each in rest]
    return "\n".join(parts).rstrip()


def descriptions() -> str:
    """Every public name of `partners_crm.plugins`, with its fields or methods."""
    return "\n".join(part for name in sorted(plugins.__all__, key=str.lower) for part in public(name)).rstrip()


def public(name: str) -> Iterator[str]:
    """The section of a public name."""
    if name in {"blocks", "fields"}:
        return  # they have sections of their own
    found = getattr(plugins, name)
    yield f"### `{name}`\n"
    if comments().get(name) and not inspect.isfunction(found):
        yield f"{comments()[name]}\n"
    elif isinstance(found, type):
        yield f"{said(found)}\n"
        if is_dataclass(found):
            yield from table_of(found)
        elif issubclass(found, tuple):
            yield from rows_of(
                found, {each: found.__annotations__[each] for each in found._fields}, found._field_defaults
            )  # type: ignore[attr-defined]
        if name in _METHODS:
            yield from methods_of(found)
    elif inspect.isfunction(found):
        yield f"`{name}{inspect.signature(found)}`\n"
        yield f"{said(found)}\n"
    elif inspect.ismodule(found):
        yield f"{said(found)}\n"
        yield from constants_of(found)
    else:
        yield f"`{found!r}`\n"


def blocks() -> str:
    """Every block, and what blocks are made of."""
    names = [name for name, found in vars(all_blocks).items() if is_dataclass(found) and isinstance(found, type)]
    parts = [said(all_blocks), ""]
    whole = [each.__name__ for each in all_blocks.BLOCKS]
    for title, some in (
        ("The closed set", whole),
        ("What they are made of", [name for name in names if name not in whole]),
    ):
        parts += [f"### {title}", ""]
        for name in some:
            found = getattr(all_blocks, name)
            parts += [f"#### `blocks.{name}`", "", said(found), "", *table_of(found)]
    return "\n".join(parts).rstrip()


def aliases() -> str:
    """What the names of kinds stand for that are no class."""
    parts = ["| kind | stands for | about |", "|---|---|---|"]
    for module in (screens, block_cells, all_blocks, input_files):
        for node, after in pairwise([*ast.parse(inspect.getsource(module)).body, ast.Pass()]):
            names = [name for name in assigned(node) if name[0].isupper() and not name.isupper()]
            if names and isinstance(node, ast.Assign):
                parts.append(f"| `{names[0]}` | `{cell(ast.unparse(node.value))}` | {cell(below(after))} |")
    return "\n".join(parts)


def kinds_of_fields() -> str:
    """Every kind of field that a record type can have."""
    parts = ["| field | what it holds |", "|---|---|"]
    for name, found in vars(plugins.fields).items():
        if inspect.isfunction(found) and not name.startswith("_") and found.__module__ == plugins.fields.__name__:
            names = ", ".join(inspect.signature(found).parameters)
            parts.append(f"| `fields.{name}({names})` | {cell(line(inspect.getdoc(found) or ''))} |")
    return "\n".join(parts)


def fixtures() -> str:
    """Every fixture of `partners_crm.testing`."""
    from partners_crm.testing import fixtures as module

    parts = ["| fixture | what it is |", "|---|---|"]
    found = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]
    parts += [
        f"| `{node.name}` | {cell(line(ast.get_docstring(node) or ''))} |"
        for node in found
        if not node.name.startswith("_")
    ]
    return "\n".join(parts)


def stage() -> str:
    """What the fixtures `empty_stage` and `sample_stage` are."""
    from partners_crm.testing import Stage

    return "\n".join([said(Stage), "", *table_of(Stage), *methods_of(Stage)]).rstrip()


def contracts() -> str:
    """Every contract suite: what a subclass says, and what it holds."""
    from partners_crm import testing

    parts: list[str] = []
    for name in testing.__all__:
        found = getattr(testing, name)
        if not isinstance(found, type) or name == "Stage":
            continue
        tests = [each for each in dir(found) if each.startswith("test_")]
        parts += [f"### `{name}`", "", said(found), ""]
        if own := attributes_of(found):
            parts += ["| a subclass says | |", "|---|---|", *own, ""]
        if found.__bases__[0] is not object:
            inherited = {each for each in dir(found.__bases__[0]) if each.startswith("test_")}
            tests = [each for each in tests if each not in inherited]
        parts += ["Holds: " + "; ".join(each.removeprefix("test_").replace("_", " ") for each in tests) + ".", ""]
    return "\n".join(parts).rstrip()


def attributes_of(suite: type) -> list[str]:
    """What a subclass of a suite can say, as rows."""
    tree = ast.parse(inspect.getsource(suite)).body[0]
    assert isinstance(tree, ast.ClassDef), "the source of a class is one"
    docs = documented(tree)
    return [f"| `{name}` | {cell(docs[name])} |" for name in docs if name != "hook"]


# -------------------------------------------------------------------- classes


def table_of(found: Any) -> list[str]:
    """The fields of a dataclass as a table."""
    if not fields(found):
        return []
    defaults = {each.name: default_of(each) for each in fields(found)}
    kinds = {each.name: each.type for each in fields(found) if not each.name.startswith("_")}
    return rows_of(found, kinds, {name: text for name, text in defaults.items() if text is not MISSING})


def rows_of(found: type, kinds: dict[str, Any], defaults: dict[str, Any]) -> list[str]:
    """A table of fields: name, type, default and meaning."""
    about: dict[str, str] = {}
    for each in reversed(found.__mro__[:-1]):
        if each.__module__.startswith("partners_crm"):
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
            assert isinstance(tree, ast.ClassDef), "the source of a class is one"
            about |= documented(tree)
    rows = ["| field | kind | default | about |", "|---|---|---|---|"]
    for name, kind in kinds.items():
        default = shown(defaults[name]) if name in defaults else "required"
        words = str(getattr(kind, "__forward_arg__", kind))
        rows.append(f"| `{name}` | `{cell(words)}` | {cell(default)} | {cell(about.get(name, ''))} |")
    return [*rows, ""]


def shown(default: Any) -> str:
    """A default as it is written; nothing for a function."""
    value = dict(default) if isinstance(default, Mapping) else default
    return "" if callable(value) or value is None else f"`{value!r}`"


def documented(tree: ast.ClassDef) -> dict[str, str]:
    """What stands below each field of a class; "" where nothing does."""
    found: dict[str, str] = {}
    last = ""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
            found[last] = ""
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last:
            found[last] = line(str(node.value.value))
            last = ""
        else:
            last = ""
    return found


def default_of(each: Any) -> Any:
    """The default of a field; MISSING where it has none."""
    if each.default is not MISSING:
        return each.default
    return each.default_factory() if each.default_factory is not MISSING else MISSING


def methods_of(found: type) -> Iterator[str]:
    """The public methods of a class."""
    yield "| method | what it does |"
    yield "|---|---|"
    for name, member in vars(found).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"| `{name}` | {cell(said(member))} |"
        function = inspect.unwrap(member) if inspect.isfunction(member) else None
        if function is None or not function.__doc__:
            continue
        names = [str(each).partition(":")[0] for each in inspect.signature(function).parameters.values()]
        words = ", ".join(each for each in names if each != "self")
        yield f"| `{name}({words})` | {cell(line(inspect.getdoc(function) or ''))} |"
    yield ""


def constants_of(module: Any) -> Iterator[str]:
    """The constants of a module with their values."""
    yield "| name | value | about |"
    yield "|---|---|---|"
    for node, after in pairwise([*ast.parse(inspect.getsource(module)).body, ast.Pass()]):
        for name in filter(str.isupper, assigned(node)):
            whose = module.__name__.rpartition(".")[2]
            yield f"| `{whose}.{name}` | {getattr(module, name)} | {cell(below(after))} |"
    yield ""


def assigned(node: ast.stmt) -> list[str]:
    """The public names that a statement of a module gives a value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [each.id for each in targets if isinstance(each, ast.Name) and not each.id.startswith("_")]


def below(node: ast.stmt) -> str:
    """The text that a statement is; "" where it is none."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return line(str(node.value.value)) if is_text else ""  # type: ignore[attr-defined]  # it is a text


def said(found: Any) -> str:
    """A docstring as one line."""
    return line(inspect.getdoc(found) or "")


def line(text: str) -> str:
    """Text in one line; what is raised stands at its end."""
    text = re.sub(r"\n+Raises:\n\s*", " Raises ", inspect.cleandoc(text))
    return _WORDS.sub(" ", text).strip()


@cache
def comments() -> dict[str, str]:
    """What stands below each constant, and in each marker, that plugins can import, by its name."""
    found: dict[str, str] = {}
    for module in (groups, marks, input_files, screens, context):
        tree = ast.parse(inspect.getsource(module))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, line(ast.get_docstring(node) or ""))
        for node, after in pairwise(tree.body):
            for name in assigned(node):
                found[name] = below(after)
    return {name: f"{text[:1].upper()}{text[1:]}" for name, text in found.items()}
