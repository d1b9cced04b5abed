"""What screens with actions of plugins share: the menu behind `x`, keys that a plugin was given, palette and help."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding

from partners_crm.tui.plugged.bridge import scope_of
from partners_crm.tui.screens.base import MainScreen

if TYPE_CHECKING:  # the first paint does without plugins
    from partners_crm.plugins.blocks import Ref
    from partners_crm.plugins.policy import Owned


class PluginScreen(MainScreen):
    """A screen in whose scope plugins may offer actions."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("x", "offer", "What plugins offer to do with it", show=False, id="plugins.offer")
    ]

    @property
    def plugin_scope(self) -> str:
        """Where the person is, as actions name it: organizations."""
        return ""

    @property
    def plugin_owner(self) -> str:
        """The plugin whose actions alone are offered; "" for all."""
        return ""

    def plugin_refs(self) -> tuple[Ref, ...]:
        """The records that an action would be given: those that are marked, else the one under the cursor."""
        return ()

    def action_offer(self) -> None:
        """Let the person choose an action."""
        from partners_crm.tui.plugged.actions import offer

        offer(self.house, self.plugin_scope, self.plugin_refs(), self.plugin_owner)

    def run_offered(self, owned: Owned[Any]) -> None:
        """Run what a key stands for: an action on the records that are meant."""
        from partners_crm.tui.plugged.actions import run

        run(self.house, owned, self.plugin_refs())

    def on_key(self, event: events.Key) -> None:
        """A key that a plugin was given; a key of the core is left to the core."""
        if not event.character or not self.house.plugins.offered.keys or event.key in self.active_bindings:
            return
        where = scope_of(self.plugin_scope, self.plugin_owner)
        owned = self.house.plugins.of_key(where, event.character)
        if owned is not None:
            event.stop()
            event.prevent_default()
            self.run_offered(owned)

    def plugin_actions(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """What can be done here, for the palette."""
        for owned in self.house.plugins.actions(self.plugin_scope, self.plugin_owner):
            yield f"{owned.item.title} ({owned.owner.plugin})", partial(self.run_offered, owned)

    def plugin_keys(self) -> Sequence[Binding]:
        """The keys that plugins were given here, for the help."""
        where = scope_of(self.plugin_scope, self.plugin_owner)
        keys = self.house.plugins.offered.keys or {}
        return [
            Binding(
                key,
                "",
                f"{title_of(owned)} ({owned.owner.plugin})",
            )
            for (scope, key), owned in keys.items()
            if scope == where and self.house.plugins.is_shown(owned)
        ]


def title_of(owned: Owned[Any]) -> str:
    """What a person calls an action or a switch."""
    return str(getattr(owned.item, "title", "") or getattr(owned.item, "label", ""))
