"""What plugins bring to the screens, as plain data: read once, in a thread, so that no screen meets code of a plugin.

A description may be of a class of the plugin's own, and its texts too: what these do when they are looked at is done
here, inside the boundary. Whoever raises is a failure with a name, and the others' things are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from partners_crm.model.record_types import own_name
from partners_crm.plugins.answers import Misfit, reason_of
from partners_crm.plugins.binding import bring_types, column_fault, refuse, usable
from partners_crm.plugins.failures import PluginFailed
from partners_crm.plugins.policy import Owned
from partners_crm.tui.plugged.bridge import Offered, RecordList, record_list
from partners_crm.tui.plugged.keys import assigned

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.model.record_types import RecordType
    from partners_crm.plugins.registry import PluginRegistry

T = TypeVar("T")
R = TypeVar("R")
OURS = "partners_crm."
"""What the modules of the classes begin with that plugins describe things by."""


def bring_all(registry: PluginRegistry, crm: Crm) -> None:
    """Bring the record types that a coalition holds up to date; a plugin whose own cannot be has no screens either."""
    said: set[str] = set()

    def say(word: str) -> None:
        if word not in said:
            said.add(word)  # one that others require is looked at again with each of them
            registry.word(word)

    for plugin, owned in _by_owner(registry.record_types()).items():
        try:
            bring_types(registry, crm.db, plugin=plugin, missing=False, say=say)
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            refuse(registry, owned[0], reason_of(error, "hooks"))


def offered(registry: PluginRegistry) -> Offered:
    """Everything that plugins bring to the screens; waits for each of them."""
    registry.load_screen()
    views, actions = sound(registry, registry.views(), plain), sound(registry, registry.actions(), plain)
    keys, clashes = assigned(views, actions)
    return Offered(
        views=views,
        tabs=sound(registry, registry.tabs(), plain),
        columns=usable(registry, sound(registry, registry.columns(), plain), column_fault),
        actions=actions,
        lists=tuple(each.item for each in sound(registry, registry.record_types(), _declared)),
        keys=keys,
        clashes=clashes,
        has_words=bool(registry.query_fields()),
    )


def sound(registry: PluginRegistry, items: Iterable[Owned[T]], made: Callable[[Owned[T]], R]) -> tuple[Owned[R], ...]:
    """What is made of each description, inside the boundary; a plugin with one that cannot be made has none."""
    return tuple(
        Owned(some[0].owner, each) for some in _by_owner(items).values() for each in _made_all(registry, some, made)
    )


def _made_all(registry: PluginRegistry, some: Sequence[Owned[T]], made: Callable[[Owned[T]], R]) -> Sequence[R]:
    kind = type(some[0].item).__name__
    try:
        return registry.boundary.call(
            some[0].owner,
            f"{kind.lower()}s",
            lambda: [made(each) for each in some],
            limit=registry.policy.limit,
            stage="hooks",
            refusals=False,
        )
    except PluginFailed:
        return ()  # it was told when it happened


def _by_owner(items: Iterable[Owned[T]]) -> Mapping[str, list[Owned[T]]]:
    found: dict[str, list[Owned[T]]] = {}
    for owned in items:
        found.setdefault(owned.owner.plugin, []).append(owned)
    return found


def _declared(owned: Owned[RecordType]) -> RecordList:
    plugin, item = owned.owner.plugin, owned.item
    plural, visibility = _plain(item.plural), _plain(item.visibility)
    return record_list(f"{own_name(plugin)}_{plural}", plugin, visibility)


def plain(owned: Owned[T]) -> T:
    """A description as one of our own classes with plain texts, numbers and tuples in it.

    Raises:
        Misfit: it has something that is none of what it should be.
    """
    found: T = _plain(owned.item)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in tuple.__iter__(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__int__(value)
    if is_dataclass(value) and not isinstance(value, type):
        kind = next((each for each in type(value).__mro__ if each.__module__.startswith(OURS)), None)
        if kind is None or not is_dataclass(kind):
            raise Misfit(f"it described something by {type(value).__name__}, which is none of our classes")
        return kind(**{each.name: _plain(getattr(value, each.name)) for each in fields(kind)})
    return value
