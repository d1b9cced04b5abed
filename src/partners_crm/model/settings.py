"""Settings that belong to the coalition and so live in its database."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import text

DEMO_SIZES = ("tiny",)
"""The demo coalitions that come with the program; the setting `demo` of one of them names it."""


class Setting(Table):
    """One setting of the coalition."""

    entity = EntityInfo(
        "setting",
        "settings",
        "key",
        "A setting of the coalition: its name, state, time zone.",
        not_by_hand="use partners config set",
    )

    key = text("Key", required=True, unique=True)
    setting = text("Value")
