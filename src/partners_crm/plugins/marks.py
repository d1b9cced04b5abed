"""The marks that pluggy knows our hooks by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from partners_crm.plugins.groups import API_VERSION, OLDEST_API, PROJECT, SCREEN_GROUP

F = TypeVar("F")

if TYPE_CHECKING:

    def hookimpl(function: F) -> F:
        """Mark a function of a plugin as the implementation of the hook of its name."""

    def hookspec(function: F) -> F:
        """Mark a function as the specification of a hook."""

else:
    hookimpl: Any = pluggy.HookimplMarker(PROJECT)
    hookspec: Any = pluggy.HookspecMarker(PROJECT)

__all__ = ["API_VERSION", "OLDEST_API", "PROJECT", "SCREEN_GROUP", "hookimpl", "hookspec"]
