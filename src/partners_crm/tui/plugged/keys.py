"""The keys that plugins would like: each is given where the core and no other plugin uses it; clashes are listed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from partners_crm.plugins.policy import Owned
from partners_crm.tui.plugged.bridge import by_scope, scope_of

if TYPE_CHECKING:
    from partners_crm.plugins.screens import Action, View

SIGNS = {
    "slash": "/", "question_mark": "?", "colon": ":", "full_stop": ".", "comma": ",", "minus": "-", "plus": "+",
    "equals_sign": "=", "left_square_bracket": "[", "right_square_bracket": "]", "space": " ",
}  # fmt: skip
"""The signs that Textual has names for and that the program binds."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A key that a plugin would like and does not get."""

    name: str
    """Whose it is and what: acme.dues."""
    scope: str
    key: str
    why: str


def assigned(
    views: Sequence[Owned[View]], actions: Sequence[Owned[Action]]
) -> tuple[Mapping[tuple[str, str], Owned[Any]], tuple[Clash, ...]]:
    """(what each key does by (scope, key), the keys that nobody got); who comes first by plugin and name has it."""
    wanted: dict[str, list[Owned[Any]]] = {
        scope_of(f"view:{view.item.name}", view.owner.plugin): [Owned(view.owner, each) for each in view.item.choices]
        for view in views
    }
    for scope, some in by_scope(actions).items():
        wanted.setdefault(scope, []).extend(some)
    keys: dict[tuple[str, str], Owned[Any]] = {}
    clashes = []
    for scope, items in wanted.items():
        core = _core_keys(scope)
        for owned in items:
            key = owned.item.key_hint
            if not key:
                continue
            if why := _why_not(key, core, keys.get((scope, key))):
                clashes.append(Clash(owned.full_name, scope, key, why))
            else:
                keys[scope, key] = owned
    return keys, tuple(clashes)


def _why_not(key: str, core: Mapping[str, str], other: Owned[Any] | None) -> str:
    if len(key) != 1 or not key.isascii() or not key.isprintable() or key.isspace() or key.isdigit():
        return "it is no single letter or sign"
    if key in core:
        return f"the program has it for: {core[key]}"
    return f"{other.full_name} has it" if other is not None else ""


def _core_keys(scope: str) -> Mapping[str, str]:
    """What each key does that the core has on the screen of a scope."""
    from partners_crm.tui.app import PartnersApp
    from partners_crm.tui.screens.base import MainScreen
    from partners_crm.tui.widgets.table import VirtualTable

    kinds: list[type[Any]] = [PartnersApp, MainScreen, VirtualTable, *_screens(scope)]
    found = {}
    for kind in kinds:
        for binding in _bindings(kind):
            for key in binding.key.split(","):
                found[SIGNS.get(key, key)] = binding.description
    return found


def _screens(scope: str) -> Iterable[type[Any]]:
    """The classes that draw a scope. Imported here: most scopes are of screens that are not open yet."""
    if " view:" in scope:
        from partners_crm.tui.screens.views import Views

        return (Views,)
    from partners_crm.tui.screens.card import CardScreen
    from partners_crm.tui.screens.records import Records

    return (Records, CardScreen)


def _bindings(kind: type[Any]) -> list[Binding]:
    return [
        each
        for base in kind.__mro__
        if base.__module__.startswith("partners_crm.")
        for each in vars(base).get("BINDINGS", ())
        if isinstance(each, Binding)
    ]
